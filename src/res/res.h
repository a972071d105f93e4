/* SPDX-License-Identifier: ISC */
/* res.h - what the resource files share: words for their tables, settings, and the checks on addresses that several of
 * them make. */
#ifndef DC_RES_H
#define DC_RES_H

#include <pthread.h>

#include "api/call.h"
#include "base/ip.h"
#include "field/resource.h"

/* The views most members have: set at Creation, Returned, changed by Update (x-crud of the contract). */
#define V_R VIEW_ANSWER
#define V_CR (VIEW_CREATE | VIEW_ANSWER)
#define V_CRU (VIEW_CREATE | VIEW_UPDATE | VIEW_ANSWER)
#define V_RU (VIEW_UPDATE | VIEW_ANSWER)
#define V_C VIEW_CREATE
/* the same on the operator's side */
#define OP_R VIEW_OP_ANSWER
#define OP_CR (VIEW_OP_CREATE | VIEW_OP_ANSWER)
#define OP_CRU (VIEW_OP_CREATE | VIEW_OP_UPDATE | VIEW_OP_ANSWER)

/* What has a quota: so many of a project, of a global DC gateway (links), of a gateway or an interface (subnets). */
enum quota {
	QUOTA_CONNECTIONS,
	QUOTA_INTERFACES,
	QUOTA_GLOBAL_GATEWAYS,
	QUOTA_PEER_LINKS,
	QUOTA_VIRTUAL_GATEWAYS,
	QUOTA_LOCAL_SUBNETS,
	QUOTA_REMOTE_SUBNETS,
	QUOTA_GATEWAY_ROUTES,
	QUOTA_CONNECT_GATEWAYS,
	QUOTA_GLOBAL_EIPS,
	QUOTAS
};

/* Between which projects peer links may be ordered (project_pair.h). */
/* Which interfaces are held to their bandwidth: all, those with rate_limit, none. */
enum limit_policy { LIMIT_ALWAYS, LIMIT_ORDERED, LIMIT_NEVER };
enum link_policy { LINKS_NEVER, LINKS_LISTED, LINKS_ALL };

/* What the operator's configuration decides. */
struct res_settings {
	bool accept_unattached_vpc; /* a gateway may name a VPC that nobody attached yet */
	enum link_policy links_across_projects;
	enum limit_policy limit_bandwidth;
	int64_t access_keys_per_user;   /* that a user may have when the user makes one; -1: no limit */
	bool accept_unknown_global_eip; /* a global EIP may be bound that nobody entered yet */
	int64_t connect_gateway_asn;    /* of new connect gateways towards customers */
	int64_t quota[QUOTAS];          /* of projects without a number of their own (quota.h); -1: no limit */
	int64_t vrfs_per_instance, neighbours_per_instance;
	int64_t internal_asn_first, internal_asn_last; /* kept for links between gateways: refused in bgp_asn */
	struct ip_prefix router_ids;                   /* IPv4 block that router ids are taken from */
	struct ip_prefix link_block_v4, link_block_v6; /* blocks that links between gateways are numbered from */
	int64_t switchover_seconds;                    /* that a switchover test keeps an interface down at most */
	const char *region_id;
};
/* Where api_options.settings finds them. A reload puts others in their place; a call that has begun has a copy of its
 * own, so the old ones may be freed at once. */
struct res_holder {
	pthread_mutex_t lock;
	const struct res_settings *settings; /* guarded by lock */
};
void res_holder_init(struct res_holder *, const struct res_settings *);
void res_holder_set(struct res_holder *, const struct res_settings *);
const struct res_settings *res_holder_copy(struct res_holder *, struct arena *);
/* As they were when the call began. */
const struct res_settings *res_settings(const struct call *);
/* As they are now, where no call is: when an owner is rendered. In the transaction's arena. */
const struct res_settings *res_settings_of(struct tx *);

/* --- cidr.c: address rules of semantics.md sections 5.6 and 8 --- */

struct cidr_list {
	struct ip_prefix *v; /* networks, host bits cleared */
	size_t n;
};

/* Splits each string of the list on blanks and commas and reads the blocks. family IP_NONE takes both. Errors:
 * DC_E_ADDRESS for what is no block or of the other family, DC_E_CIDR_TWICE for a repetition; err->member is member. */
enum dc_code cidr_list_parse(const struct f_list *, enum ip_family family, const char *member, struct arena *,
    struct cidr_list *ret, struct dc_error *err);
/* The limit of blocks, before they are read: DC_E_REMOTE_SUBNETS. A body may hold more of them than could be compared
 * with one another in the time that a transaction has. */
enum dc_code cidr_check_quota(const struct f_list *, int64_t most, const char *member, struct dc_error *err);
/* DC_E_ADDRESS when a block is one that no customer can use (100.64/10, 127/8, 169.254/16, 224/3, non-unicast IPv6),
 * unless it lies inside link. */
enum dc_code cidr_check_customer(
    const struct cidr_list *, const struct ip_prefix *link, const char *member, struct dc_error *err);
/* First pair that overlaps; false when none does. */
bool cidr_overlap(
    const struct cidr_list *a, const struct cidr_list *b, struct ip_prefix *ret_a, struct ip_prefix *ret_b);

struct link_addresses {
	enum ip_family family;          /* IP_NONE: both addresses absent */
	struct ip_prefix local, remote; /* host addresses with the mask */
	struct ip_prefix subnet;
};
/* Both or none; family as wanted (IP_NONE: either); host/mask, same subnet, different hosts, usable ones. */
enum dc_code link_addresses_parse(const struct f_text *local, const struct f_text *remote, enum ip_family family,
    const char *local_member, const char *remote_member, struct link_addresses *ret, struct dc_error *err);
/* DC_E_ADDRESS for what an order may not have though older rows may: link-local addresses. Every device of a VRF has
 * that subnet, and the kernel adds to it as it likes. */
enum dc_code link_addresses_check(
    const struct link_addresses *, const char *local_member, const char *remote_member, struct dc_error *err);
enum dc_code cidr_check_link_local(const struct ip_addr *, const char *member, struct dc_error *err);

/* --- words --- */

/* Both without a value, or both with the same. */
bool text_is_same(const struct f_text *, const struct f_text *);
/* "" or absent counts as no value. */
const char *text_or_null(const struct f_text *);
/* DC_E_NOT_FOUND, naming member, when there is no such project. Of a create the engine has locked it. */
enum dc_code project_check(struct tx *, const char *project, const char *member, struct dc_error *err);
/* enterprise_project_id, description and name as the server fills them. */
void fill_common(struct f_text *name, struct f_text *description, struct f_text *enterprise_project_id);
/* A BGP password: DC_E_PARAM for what neither BIRD nor the kernel can hold. */
enum dc_code password_check(const struct f_text *, const char *member, struct dc_error *err);
/* A name that the contract restricts: letters and digits of ASCII, CJK ideographs (U+4E00 to U+9FA5), and _ . - */
enum dc_code name_check(const char *name, const char *member, struct dc_error *err);
/* locales, address: a display text in two languages */
struct localized {
	struct f_text en_us, zh_cn;
};
extern const struct field_table localized_table;

#endif

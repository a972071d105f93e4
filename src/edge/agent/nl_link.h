/* SPDX-License-Identifier: ISC */
/* nl_link.h - network devices of one namespace: reading them, and what VRFs and VLANs have in common.
 *
 * Ours is a device whose alias begins with "dcaas:". An alias cannot be set as the device is made, so each is also made
 * with a device group of our own: one with that group and no alias is half made, by a crash in between, and is ours
 * too. */
#ifndef DC_AGENT_NL_LINK_H
#define DC_AGENT_NL_LINK_H

#include <stdbool.h>

#include "edge/agent/fault.h"

#define LINK_MARK "dcaas:"
#define LINK_GROUP 0xdcaa5u
#define LINK_GROUP_LEAVING 0xdc000000u /* and 24 bits of a request: link_delete_group() */

struct nl;
struct nlmsghdr;

enum link_kind { LINK_OTHER = 0, LINK_VRF, LINK_VLAN, LINK_MACVLAN, LINK_VETH, LINK_KINDS };

struct link {
	uint32_t index, master, lower, group;
	char name[OP_NAME_MAX];
	char alias[OP_MARK_MAX]; /* longer ones are cut: not ours */
	enum link_kind kind;
	int32_t
	    lower_netns; /* the kernel's number here of the namespace that `lower` is in; -1: this one, or unknown */
	uint32_t table, vlan, mtu;
	bool up, carrier;
};

/* All of the namespace, by index; *links is a heap block that grows as it must. */
int link_dump(struct nl *, struct link **links, size_t *n, struct fault *);
int link_find(struct nl *, const char *name, struct link *ret, struct fault *); /* ENODEV when there is none */
int link_find_index(struct nl *, uint32_t index, struct link *ret, struct fault *);
/* As link_find, for a device of ours: EEXIST in words when it is another's. */
int link_find_ours(struct nl *, const char *name, struct link *ret, struct fault *);
/* As link_find_ours, before making one of that name: what is half made goes, and there is none then. */
int link_claim(struct nl *, const char *name, struct link *ret, struct fault *);
const struct link *link_by_index(const struct link *, size_t n, uint32_t index); /* of a list by index */

/* What a message of the kernel shows of a device: how it is now, that it is gone, or only that something is new. */
enum link_news { LINK_NO_NEWS, LINK_IS, LINK_GONE, LINK_UNCLEAR };
enum link_news link_parse_change(const struct nlmsghdr *, struct link *ret);

const char *link_kind_name(enum link_kind); /* as the kernel calls it; "" for LINK_OTHER */

bool link_is_ours(const struct link *);
bool link_is_half_made(const struct link *);
bool link_is_from_port(const struct link *); /* a VLAN or macvlan of ours */

int link_set_alias(struct nl *, const char *name, const char *alias, struct fault *);
int link_set_master(struct nl *, uint32_t index, uint32_t master, struct fault *);
int link_set_up(struct nl *, uint32_t index, struct fault *);
int link_set_mtu(struct nl *, uint32_t index, uint32_t mtu, struct fault *);
struct link_counts {
	uint64_t received_packets, received_bytes, sent_packets, sent_bytes;
};
int link_read_counts(struct nl *, uint32_t index, struct link_counts *ret, struct fault *);
/* Of devices that link_delete_group() is to delete together. */
int link_set_group(struct nl *, uint32_t index, uint32_t group, struct fault *);
int link_delete_group(struct nl *, uint32_t group, struct fault *);
int link_delete(struct nl *, uint32_t index, struct fault *); /* gone already is fine */

#endif

/* SPDX-License-Identifier: ISC */
/* direct_connect.h - connections: a customer's port, or one VLAN of a partner's. */
#ifndef DC_DIRECT_CONNECT_H
#define DC_DIRECT_CONNECT_H

#include "res/res.h"

struct direct_connect {
	struct f_text id, tenant_id, name, description, port_type;
	struct f_int bandwidth; /* Mbit/s */
	struct f_text location, peer_location, device_id, type, hosting_id;
	struct f_int vlan;
	struct f_text charge_mode;
	struct f_int apply_time, create_time;
	struct f_text provider_status;
	struct f_bool admin_state_up;
	struct f_text provider, order_id, product_id, spec_code;
	struct f_int period_type, period_num;
	struct f_text vgw_type, lag_id, signed_agreement_status;
	struct f_int signed_agreement_time;
	struct f_text enterprise_project_id, status;
	struct f_objects tags, locales;
	struct f_list support_feature;
	struct f_text ies_id, reason, email, onestop_product_id, building_line_product_id, last_onestop_product_id,
	    last_building_line_product_id;
	struct f_int modified_bandwidth, change_mode;
	struct f_text onestopdc_status, public_border_group;
	struct f_int auto_renew, ratio_95peak;
	struct f_text peer_port_type, peer_provider;
	/* the operator's */
	struct f_text port_id;            /* null: not cabled yet */
	struct f_text hosting_tenant_id;  /* of a hosted one: the project of the connection below it */
	struct f_text resource_tenant_id; /* of a partner's request only: the project that gets it */
	struct f_text spelling;           /* of ids, as they were sent */
};
extern const struct field_table direct_connect_table;
extern const struct resource direct_connect_resource;

/* What of a connection an interface has to look at. */
bool direct_connect_is_hosted(const struct direct_connect *);

/* Makes a new connection part of the hosting one that it names, which `project` must own (NULL: anybody may): checks
 * the VLAN and what is left of the bandwidth, copies what the line gives, and sets it to BUILD. envelope begins the
 * members' names in errors. */
enum dc_code direct_connect_host(
    struct tx *, struct direct_connect *, const char *project, const char *envelope, struct dc_error *err);
/* The bandwidth that the hosting connection has left for this one: its own less that of its other hosted ones. */
enum dc_code direct_connect_check_share(
    struct tx *, const struct direct_connect *, const char *envelope, struct dc_error *err);
/* An interface on the connection is up: a hosted one that was never used is ACTIVE from then on, by a due row. */
#define SHARE_IN_USE "share_in_use"
struct due; /* store/due.h */
enum dc_code direct_connect_in_use(struct tx *, const char *id, struct dc_error *err);
enum dc_code direct_connect_used(struct tx *, const struct due *, void *user, struct dc_error *err);
/* Members that an operator's and a partner's view share are computed for n rows: `reason` of a silent edge. */
enum dc_code direct_connect_embed(struct tx *, const struct call *, void *rows, size_t n, struct dc_error *err);
enum dc_code direct_connect_observed(struct tx *, const void *row, struct observed *ret, struct dc_error *err);

#endif

/* SPDX-License-Identifier: ISC */
/* inventory.h - what the operator describes: locations, edges, their ports, and the attachment of VPCs. */
#ifndef DC_INVENTORY_H
#define DC_INVENTORY_H

#include "res/res.h"

struct location {
	struct f_text id, name, description, region_id, site_code;
	struct f_objects locales, address;
	struct f_list available_port_speeds;
	struct f_objects provider_list;
	struct f_text latitude, longitude, public_border_group, city, location_type, support_region_type;
	struct f_int created_time, updated_time;
	struct f_text status; /* the same of all */
};
extern const struct field_table location_table;
extern const struct resource location_resource;

struct edge {
	struct f_text id, name, description, location_id;
	struct f_text device_id;      /* what tenants read as device_id: often the router's address */
	struct f_int report_interval; /* seconds between heartbeats */
	struct f_text token;          /* in the create's answer only */
	struct f_text token_hash;
	struct f_int created_time, updated_time;
	/* of the edge's newest report */
	struct f_text fabric; /* "linux", or "sim": simulated */
	struct f_bool held;
	struct f_text held_reason;
	struct f_text conflict;
	struct f_int revision; /* of the desired set that it holds */
	struct f_int key_room; /* BGP peers with a password that one gateway and family can have on it */
	struct f_int reported_time;
	struct f_text ports; /* JSON: devices that can be ports */
};
extern const struct field_table edge_table;
extern const struct resource edge_resource;

struct port {
	struct f_text id, edge_id, name, device;
	struct f_int created_time, updated_time;
};
extern const struct field_table port_table;
extern const struct resource port_resource;

/* What one VLAN of one port is taken by, UNIQUE (port_id, vlan): a virtual interface or an attachment; id is its
 * owner's. */
struct port_vlan {
	struct f_text id, port_id;
	struct f_int vlan;
};
extern const struct field_table port_vlan_table;

/* Claims a VLAN of a port, under the port's lock. VLAN 0 (the whole port) and all others exclude each other. member is
 * named in the error; zero and taken are the codes to use. */
enum dc_code port_claim(struct tx *, const char *port_id, int64_t vlan, const char *owner_id, const char *member,
    enum dc_code zero, enum dc_code taken, struct dc_error *err);
enum dc_code port_release(struct tx *, const char *owner_id, struct dc_error *err);

/* The row with this id; DC_E_NOT_FOUND (err untouched) when there is none. */
enum dc_code edge_get(struct tx *, const char *id, struct edge **ret, struct dc_error *err);
enum dc_code port_get(struct tx *, const char *id, struct port **ret, struct dc_error *err);
/* The location of an edge; *ret is NULL when it has none. */
enum dc_code edge_location(struct tx *, const struct edge *, struct location **ret, struct dc_error *err);

#endif

/* SPDX-License-Identifier: ISC */
/* sim_change.h - the changes that a request can ask of the simulated router, shared by sim_kernel.c and the files named
 * here. */
#ifndef DC_EDGE_SIM_CHANGE_H
#define DC_EDGE_SIM_CHANGE_H

#include "edge/sim_priv.h"

/* sim_kernel.c */
enum dc_code sim_refuse(struct dc_error *, const char *subject, const char *why);
/* The instance that a request is about. */
enum dc_code sim_enter(const struct sim *, uint32_t number, struct sim_instance **ret, struct dc_error *);

/* sim_links.c, sim_tables.c */
enum dc_code sim_netns_add(struct sim *, const struct op_instance *, struct dc_error *);
enum dc_code sim_netns_del(struct sim *, const struct op_instance *, struct dc_error *);
enum dc_code sim_vrf_add(struct sim *, const struct op_link *, struct dc_error *);
enum dc_code sim_vlan_add(struct sim *, const struct op_link *, struct dc_error *);
enum dc_code sim_veth_add(struct sim *, const struct op_veth *, struct dc_error *);
enum dc_code sim_link_up(struct sim *, const struct op_device *, struct dc_error *);
enum dc_code sim_link_del(struct sim *, const struct op_device *, struct dc_error *);
enum dc_code sim_addr_add(struct sim *, const struct op_addr *, struct dc_error *);
enum dc_code sim_addr_del(struct sim *, const struct op_addr *, struct dc_error *);
enum dc_code sim_route_add(struct sim *, const struct op_route *, struct dc_error *);
enum dc_code sim_route_del(struct sim *, const struct op_route *, struct dc_error *);
enum dc_code sim_filter_add(struct sim *, const struct op_filter *, struct dc_error *);
enum dc_code sim_neighbour_change(struct sim *, const struct op_neighbour *, bool add, struct dc_error *);
enum dc_code sim_rate_set(struct sim *, const struct op_rate *, struct dc_error *);
enum dc_code sim_rate_del(struct sim *, const struct op_device *, struct dc_error *);
enum dc_code sim_open_echo(struct sim *, const struct op_echo *, int *ret, struct dc_error *);
enum dc_code sim_line(const struct sim *, const struct op_line *, struct reply_line *ret, struct dc_error *);
enum dc_code sim_network_change(struct sim *, const struct op_network *, bool add, struct dc_error *);

#endif

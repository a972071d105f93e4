/* SPDX-License-Identifier: ISC */
/* plan_text.c - plans in words, for logs and golden files. */
#include "edge/plan.h"

const char *
plan_state_name(enum plan_state s)
{
	static const char *const names[] = {
	    [PLAN_THERE] = "there",
	    [PLAN_MISSING] = "missing",
	    [PLAN_WAITS] = "waits",
	    [PLAN_WRONG] = "wrong",
	    [PLAN_GONE] = "gone",
	};

	return names[s];
}

static const char *
op_name(enum agent_op op)
{
	static const char *const names[OP_LAST] = {
	    [OP_NETNS_ADD] = "netns-add",
	    [OP_NETNS_DEL] = "netns-del",
	    [OP_VRF_ADD] = "vrf-add",
	    [OP_VLAN_ADD] = "vlan-add",
	    [OP_VETH_ADD] = "veth-add",
	    [OP_LINK_UP] = "link-up",
	    [OP_LINK_DEL] = "link-del",
	    [OP_ADDR_ADD] = "addr-add",
	    [OP_ADDR_DEL] = "addr-del",
	    [OP_ROUTE_ADD] = "route-add",
	    [OP_ROUTE_DEL] = "route-del",
	    [OP_FILTER_ADD] = "filter-add",
	    [OP_NEIGHBOUR_ADD] = "neighbour-add",
	    [OP_NEIGHBOUR_DEL] = "neighbour-del",
	    [OP_NETWORK_ADD] = "network-add",
	    [OP_NETWORK_DEL] = "network-del",
	    [OP_RATE_SET] = "rate-set",
	    [OP_RATE_DEL] = "rate-del",
	};

	return names[op] != NULL ? names[op] : "?";
}

static const char *
route_text(const struct plan_step *s, struct arena *arena)
{
	char prefix[IP_TEXT_SIZE], via[IP_TEXT_SIZE] = "on-link";

	ip_format_prefix(&s->ask.route.prefix, prefix);
	if (s->ask.route.via.family != IP_NONE)
		ip_format_addr(&s->ask.route.via, via);
	return arena_printf(arena, "%s %u %s via=%s dev=%s table=%u proto=%u", op_name(s->op), s->instance, prefix, via,
	    s->ask.route.device, s->ask.route.table, s->ask.route.proto);
}

static const char *
neighbour_text(const struct plan_step *s, struct arena *arena)
{
	char local[IP_TEXT_SIZE], remote[IP_TEXT_SIZE];

	ip_format_addr(&s->ask.neighbour.local, local);
	ip_format_addr(&s->ask.neighbour.remote, remote);
	return arena_printf(arena, "%s %u %s local=%s dev=%s%s", op_name(s->op), s->instance, remote, local,
	    s->ask.neighbour.device, s->ask.neighbour.has_key != 0 ? " key" : "");
}

const char *
plan_step_text(const struct plan_step *s, struct arena *arena)
{
	char prefix[IP_TEXT_SIZE];

	if (s->op == OP_ROUTE_ADD || s->op == OP_ROUTE_DEL)
		return route_text(s, arena);
	if (s->op == OP_ADDR_ADD || s->op == OP_ADDR_DEL) {
		ip_format_prefix(&s->ask.addr.prefix, prefix);
		return arena_printf(arena, "%s %u %s dev=%s table=%u", op_name(s->op), s->instance, prefix,
		    s->ask.addr.device, s->ask.addr.table);
	}
	if (s->op == OP_NEIGHBOUR_ADD || s->op == OP_NEIGHBOUR_DEL)
		return neighbour_text(s, arena);
	if (s->op == OP_NETWORK_ADD || s->op == OP_NETWORK_DEL) {
		ip_format_prefix(&s->ask.network.prefix, prefix);
		return arena_printf(
		    arena, "%s %u %s table=%u", op_name(s->op), s->instance, prefix, s->ask.network.table);
	}
	if (s->op == OP_FILTER_ADD)
		return arena_printf(arena, "filter-add %u %s %s", s->instance, s->ask.filter.device,
		    s->ask.filter.is_customer != 0 ? "customer" : "inside");
	if (s->op == OP_RATE_SET)
		return arena_printf(arena, "rate-set %u %s in=%u out=%u burst=%u", s->instance, s->ask.rate.device,
		    s->ask.rate.ingress_kbit, s->ask.rate.egress_kbit, s->ask.rate.burst);
	if (s->op == OP_VRF_ADD)
		return arena_printf(
		    arena, "vrf-add %u %s table=%u", s->instance, s->ask.link.device, s->ask.link.table);
	if (s->op == OP_VLAN_ADD)
		return arena_printf(arena, "vlan-add %u %s port=%s vlan=%u vrf=%s", s->instance, s->ask.link.device,
		    s->ask.link.port, s->ask.link.vlan, s->ask.link.vrf);
	if (s->op == OP_VETH_ADD)
		return arena_printf(arena, "veth-add %u %s vrf=%s peer=%u %s vrf=%s", s->instance, s->ask.veth.device,
		    s->ask.veth.vrf, s->ask.veth.peer_instance, s->ask.veth.peer_device, s->ask.veth.peer_vrf);
	if (s->op == OP_LINK_UP || s->op == OP_LINK_DEL || s->op == OP_RATE_DEL)
		return arena_printf(arena, "%s %u %s", op_name(s->op), s->instance, s->ask.device.device);
	return arena_printf(arena, "%s %u", op_name(s->op), s->instance);
}

/* SPDX-License-Identifier: ISC */
#include "edge/agent/guard.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#include "edge/agent/netns.h"
#include "edge/agent/nl_link.h"
#include "edge/agent/nl_tc.h"

static struct tc_rule
rule_for(const struct ip_addr *local)
{
	bool six = local->family == IP_V6;

	return (struct tc_rule){.pref = six ? TC_GUARD_V6 : TC_GUARD_V4,
	    .protocol = six ? ETH_P_IPV6 : ETH_P_IP,
	    .dst = *local,
	    .verdict = TC_ACT_SHOT};
}

static int
op_guard_on(struct call *call, const void *request)
{
	const struct op_guard *op = request;
	struct tc_rule rule = rule_for(&op->local);
	struct fault *fault = &call->fault;
	struct netns *ns;
	struct link link;
	bool made;

	if (netns_get(call->host, op->instance, &ns, fault) != 0 ||
	    link_find_ours(ns->route, op->device, &link, fault) != 0)
		return fault->code;
	if (tc_hook(ns->route, link.index, &made, fault) != 0 || tc_add(ns->route, link.index, &rule, fault) != 0)
		return fault_prefix(fault, "closing an address on %s", op->device);
	return 0;
}

static int
op_guard_off(struct call *call, const void *request)
{
	const struct op_guard *op = request;
	struct tc_rule *rules, rule = rule_for(&op->local);
	struct fault *fault = &call->fault;
	struct netns *ns;
	struct link link;
	size_t n;
	int code = netns_get(call->host, op->instance, &ns, fault);

	if (code == 0)
		code = link_find_ours(ns->route, op->device, &link, fault);
	if (code == ENOENT || code == ENODEV)
		return 0;
	if (code != 0 || (code = tc_read(ns->route, link.index, call->arena, &rules, &n, fault)) != 0)
		return code;
	for (size_t i = 0; i < n; i++)
		if (rules[i].pref == rule.pref && ip_addr_equal(&rules[i].dst, &rule.dst) &&
		    tc_del(ns->route, link.index, rule.pref, rule.protocol, rules[i].handle, fault) != 0)
			return fault_prefix(fault, "opening an address on %s", op->device);
	return 0;
}

static const struct member members[] = {MEMBER(op_guard, INSTANCE, instance), MEMBER(op_guard, NAME, device),
    MEMBER(op_guard, ADDR, local), {MEMBER_END, 0}};

static const struct op_row rows[] = {
    {OP_GUARD_ON, op_guard_on, sizeof(struct op_guard), members},
    {OP_GUARD_OFF, op_guard_off, sizeof(struct op_guard), members},
};

const struct object guard_object = OBJECT(rows);

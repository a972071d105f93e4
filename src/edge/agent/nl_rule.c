/* SPDX-License-Identifier: ISC */
#include "edge/agent/nl_rule.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include "edge/agent/nl.h"

#define PREFERENCE 1000 /* the kernel's own, so that its rule and this one are the same */

static int
keep_rule(struct nl *nl, enum ip_family family, struct fault *fault)
{
	struct fib_rule_hdr *rule;
	struct nl_msg msg;

	nl_begin(&msg, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, sizeof(*rule));
	rule = msg.body;
	rule->family = nl_family(family);
	rule->table = RT_TABLE_UNSPEC; /* the device's VRF decides */
	rule->action = FR_ACT_TO_TBL;
	mnl_attr_put_u8(msg.h, FRA_L3MDEV, 1);
	mnl_attr_put_u8(msg.h, FRA_PROTOCOL, RTPROT_KERNEL);
	mnl_attr_put_u32(msg.h, FRA_PRIORITY, PREFERENCE);
	int code = nl_call(nl, &msg, fault);

	return code == 0 || code == EEXIST ? 0 : fault_prefix(fault, "rule of VRFs");
}

int
rule_keep(struct nl *nl, struct fault *fault)
{
	return keep_rule(nl, IP_V4, fault) != 0 ? fault->code : keep_rule(nl, IP_V6, fault);
}

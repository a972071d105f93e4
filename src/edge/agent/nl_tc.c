/* SPDX-License-Identifier: ISC */
#include "edge/agent/nl_tc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_gact.h>

#include "edge/agent/nl.h"

#define INGRESS TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS)
#define EGRESS TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS)

static void
begin_hook(struct nl_msg *msg, int type, int flags, uint32_t ifindex)
{
	struct tcmsg *tcm;

	nl_begin(msg, type, flags, sizeof(*tcm));
	tcm = msg->body;
	tcm->tcm_family = AF_UNSPEC;
	tcm->tcm_ifindex = (int)ifindex;
	tcm->tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
	tcm->tcm_parent = TC_H_CLSACT;
	mnl_attr_put_strz(msg->h, TCA_KIND, "clsact");
}

int
tc_hook(struct nl *nl, uint32_t ifindex, bool *made, struct fault *fault)
{
	struct nl_msg msg;

	begin_hook(&msg, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, ifindex);
	int code = nl_call(nl, &msg, fault);

	*made = code == 0;
	return code == 0 || code == EEXIST ? 0 : fault_prefix(fault, "clsact");
}

int
tc_unhook(struct nl *nl, uint32_t ifindex, struct fault *fault)
{
	struct nl_msg msg;

	begin_hook(&msg, RTM_DELQDISC, 0, ifindex);
	int code = nl_call(nl, &msg, fault);

	return code == 0 || code == ENOENT || code == EINVAL ? 0 : fault_prefix(fault, "clsact");
}

static void
begin_filter(struct nl_msg *msg, int type, int flags, uint32_t ifindex, uint32_t parent)
{
	struct tcmsg *tcm;

	nl_begin(msg, type, flags, sizeof(*tcm));
	tcm = msg->body;
	tcm->tcm_family = AF_UNSPEC;
	tcm->tcm_ifindex = (int)ifindex;
	tcm->tcm_parent = parent;
}

static void
put_kind(struct nl_msg *msg, uint16_t pref, uint16_t protocol, uint32_t handle, const char *kind)
{
	struct tcmsg *tcm = msg->body;

	tcm->tcm_info = TC_H_MAKE((uint32_t)pref << 16, htons(protocol));
	tcm->tcm_handle = handle;
	mnl_attr_put_strz(msg->h, TCA_KIND, kind);
}

static void
put_which(struct nl_msg *msg, uint16_t pref, uint16_t protocol, uint32_t handle)
{
	put_kind(msg, pref, protocol, handle, "flower");
}

static void
put_match(struct nl_msg *msg, const struct tc_rule *rule)
{
	/* In software always: what a network card does with a drop of nearly everything is its own affair. */
	mnl_attr_put_u32(msg->h, TCA_FLOWER_FLAGS, TCA_CLS_FLAGS_SKIP_HW);
	/* Flower looks behind the header only when it knows the protocol. */
	if (rule->vlan_zero || rule->dst.family != IP_NONE)
		mnl_attr_put_u16(msg->h, TCA_FLOWER_KEY_ETH_TYPE, htons(rule->protocol));
	if (rule->vlan_zero)
		mnl_attr_put_u16(msg->h, TCA_FLOWER_KEY_VLAN_ID, 0);
	if (rule->dst.family == IP_V4)
		nl_put_addr(msg, TCA_FLOWER_KEY_IPV4_DST, &rule->dst);
	if (rule->dst.family == IP_V6)
		nl_put_addr(msg, TCA_FLOWER_KEY_IPV6_DST, &rule->dst);
}

static void
put_verdict(struct nl_msg *msg, int verdict)
{
	struct tc_gact gact = {.action = verdict};
	struct nlattr *actions = mnl_attr_nest_start(msg->h, TCA_FLOWER_ACT);
	struct nlattr *first = mnl_attr_nest_start(msg->h, 1);

	mnl_attr_put_strz(msg->h, TCA_ACT_KIND, "gact");
	struct nlattr *options = mnl_attr_nest_start(msg->h, TCA_ACT_OPTIONS);

	mnl_attr_put(msg->h, TCA_GACT_PARMS, sizeof(gact), &gact);
	mnl_attr_nest_end(msg->h, options);
	mnl_attr_nest_end(msg->h, first);
	mnl_attr_nest_end(msg->h, actions);
}

int
tc_add(struct nl *nl, uint32_t ifindex, const struct tc_rule *rule, struct fault *fault)
{
	struct nl_msg msg;

	begin_filter(&msg, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, ifindex, INGRESS);
	put_which(&msg, rule->pref, rule->protocol, rule->handle);
	struct nlattr *options = mnl_attr_nest_start(msg.h, TCA_OPTIONS);

	put_match(&msg, rule);
	put_verdict(&msg, rule->verdict);
	mnl_attr_nest_end(msg.h, options);
	int code = nl_call(nl, &msg, fault);

	return code == 0 || code == EEXIST ? 0 : fault_prefix(fault, "filter");
}

int
tc_del(struct nl *nl, uint32_t ifindex, uint16_t pref, uint16_t protocol, uint32_t handle, struct fault *fault)
{
	struct nl_msg msg;

	begin_filter(&msg, RTM_DELTFILTER, 0, ifindex, INGRESS);
	put_which(&msg, pref, protocol, handle);
	int code = nl_call(nl, &msg, fault);

	/* EINVAL: the device has no clsact any more. */
	return code == 0 || code == ENOENT || code == EINVAL || code == ENODEV ? 0 : fault_prefix(fault, "filter");
}

static int
dump_filters(struct nl *nl, uint32_t ifindex, uint32_t parent, struct buf *out, struct fault *fault)
{
	struct nl_msg msg;

	begin_filter(&msg, RTM_GETTFILTER, 0, ifindex, parent);
	return nl_dump(nl, &msg, out, fault) == 0 ? 0 : fault_prefix(fault, "reading filters");
}

bool
tc_hook_is_empty(struct nl *nl, uint32_t ifindex)
{
	const uint32_t parents[] = {INGRESS, EGRESS};

	for (size_t i = 0; i < 2; i++) {
		_cleanup_buf_ struct buf filters = {0};
		struct fault ignored = {0};

		if (dump_filters(nl, ifindex, parents[i], &filters, &ignored) != 0 || nl_next(&filters, NULL) != NULL)
			return false;
	}
	return true;
}

static bool
parse_filter(const struct nlmsghdr *h, struct tc_rule *ret)
{
	const struct tcmsg *tcm = mnl_nlmsg_get_payload(h);
	const struct nlattr *table[TCA_MAX + 1], *key[TCA_FLOWER_MAX + 1];
	char kind[16];

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*tcm) || tcm->tcm_handle == 0)
		return false;
	nl_attrs(h, sizeof(*tcm), table, TCA_MAX);
	nl_text(table[TCA_KIND], kind, sizeof(kind));
	*ret = (struct tc_rule){.pref = (uint16_t)(TC_H_MAJ(tcm->tcm_info) >> 16),
	    .protocol = ntohs((uint16_t)TC_H_MIN(tcm->tcm_info)),
	    .handle = tcm->tcm_handle};
	if (strcmp(kind, "flower") != 0)
		return true;
	nl_nested(table[TCA_OPTIONS], key, TCA_FLOWER_MAX);
	ret->vlan_zero = key[TCA_FLOWER_KEY_VLAN_ID] != NULL && mnl_attr_get_u16(key[TCA_FLOWER_KEY_VLAN_ID]) == 0;
	(void)(nl_addr(key[TCA_FLOWER_KEY_IPV4_DST], AF_INET, &ret->dst) ||
	       nl_addr(key[TCA_FLOWER_KEY_IPV6_DST], AF_INET6, &ret->dst));
	return true;
}

int
tc_read(struct nl *nl, uint32_t ifindex, struct arena *arena, struct tc_rule **ret, size_t *n, struct fault *fault)
{
	_cleanup_buf_ struct buf filters = {0};
	size_t count = 0;

	if (dump_filters(nl, ifindex, INGRESS, &filters, fault) != 0)
		return fault->code;
	for (const struct nlmsghdr *h = NULL; (h = nl_next(&filters, h)) != NULL;)
		count++;
	*ret = arena_array(arena, count + 1, sizeof(**ret));
	*n = 0;
	for (const struct nlmsghdr *h = NULL; (h = nl_next(&filters, h)) != NULL;)
		if (h->nlmsg_type == RTM_NEWTFILTER && parse_filter(h, &(*ret)[*n]))
			++*n;
	return 0;
}

#define PROGRAM_HANDLE 1

int
tc_program_put(struct nl *nl, uint32_t ifindex, int program, const char *name, struct fault *fault)
{
	struct nl_msg msg;

	begin_filter(&msg, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_REPLACE, ifindex, INGRESS);
	put_kind(&msg, TC_PROGRAM, ETH_P_ALL, PROGRAM_HANDLE, "bpf");
	struct nlattr *options = mnl_attr_nest_start(msg.h, TCA_OPTIONS);

	mnl_attr_put_u32(msg.h, TCA_BPF_FD, (uint32_t)program);
	mnl_attr_put_strz(msg.h, TCA_BPF_NAME, name);
	mnl_attr_put_u32(msg.h, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
	mnl_attr_put_u32(msg.h, TCA_BPF_FLAGS_GEN, TCA_CLS_FLAGS_SKIP_HW);
	mnl_attr_nest_end(msg.h, options);
	return nl_call(nl, &msg, fault) == 0 ? 0 : fault_prefix(fault, "filter");
}

int
tc_program_get(struct nl *nl, uint32_t ifindex, uint32_t *id, struct fault *fault)
{
	_cleanup_buf_ struct buf answer = {.max = 65536};
	const struct nlattr *table[TCA_MAX + 1], *option[TCA_BPF_MAX + 1];
	struct nl_msg msg;

	*id = 0;
	begin_filter(&msg, RTM_GETTFILTER, 0, ifindex, INGRESS);
	put_kind(&msg, TC_PROGRAM, ETH_P_ALL, PROGRAM_HANDLE, "bpf");
	int code = nl_get(nl, &msg, &answer, fault);

	/* EINVAL: the device has no clsact, or another kind of filter there. */
	if (code == ENOENT || code == EINVAL || code == ENODEV)
		return 0;
	if (code != 0)
		return fault_prefix(fault, "reading the filter");
	const struct nlmsghdr *h = nl_next(&answer, NULL);

	if (h == NULL || h->nlmsg_type != RTM_NEWTFILTER)
		return 0;
	nl_attrs(h, sizeof(struct tcmsg), table, TCA_MAX);
	nl_nested(table[TCA_OPTIONS], option, TCA_BPF_MAX);
	if ((nl_u32(option[TCA_BPF_FLAGS]) & TCA_BPF_FLAG_ACT_DIRECT) != 0)
		*id = nl_u32(option[TCA_BPF_ID]);
	return 0;
}

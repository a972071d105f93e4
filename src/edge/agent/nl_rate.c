/* SPDX-License-Identifier: ISC */
#include "edge/agent/nl_rate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <linux/gen_stats.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_gact.h>

#include "edge/agent/bpf.h"
#include "edge/agent/nl.h"
#include "edge/agent/nl_tc.h"

#define ROOT_HANDLE 0xdca50000u
#define SHAPER_HANDLE 0xdca60000u
#define FIRST_BAND (ROOT_HANDLE | 1) /* what the router itself sends */
#define DATA_BAND (ROOT_HANDLE | 2)
#define BANDS 2
#define FILTER_HANDLE 1
#define TABLE_CELLS 256 /* of a rate table, which kernels of today ask for and do not read */
#define BYTES_PER_KBIT 125
#define TICK_NS 64
#define SHAPER_MS 5                  /* that the shaper sends in one go */
#define SHAPER_LEAST 16384           /* bytes; longer than any frame */
#define PRIORITY_OF_CONTROL 7        /* TC_PRIO_CONTROL: the routing daemon's packets */
#define ACTIONS_MAX TCA_ACT_MAX_PRIO /* of a message */

static uint64_t
bytes_per_second(uint32_t kbit)
{
	return (uint64_t)kbit * BYTES_PER_KBIT;
}

static uint32_t
at_most_u32(uint64_t v)
{
	return v < UINT32_MAX ? (uint32_t)v : UINT32_MAX;
}

/* As a policer holds its burst: the time that it takes at the rate. */
static uint32_t
ticks_of(uint32_t bytes, uint64_t per_second)
{
	return at_most_u32((uint64_t)bytes * 1000000000 / per_second / TICK_NS);
}

static struct tc_ratespec
ratespec(uint64_t per_second, uint16_t overhead)
{
	return (struct tc_ratespec){
	    .rate = at_most_u32(per_second), .linklayer = TC_LINKLAYER_ETHERNET, .overhead = overhead, .cell_log = 8};
}

static void
put_u64_above_u32(struct nl_msg *msg, uint16_t attribute, uint64_t v)
{
	if (v > UINT32_MAX)
		mnl_attr_put_u64(msg->h, attribute, v);
}

static void
begin_tc(struct nl_msg *msg, int type, int flags, uint32_t ifindex, uint32_t parent, uint32_t handle)
{
	struct tcmsg *tcm;

	nl_begin(msg, type, flags, sizeof(*tcm));
	tcm = msg->body;
	tcm->tcm_family = AF_UNSPEC;
	tcm->tcm_ifindex = (int)ifindex;
	tcm->tcm_parent = parent;
	tcm->tcm_handle = handle;
}

/* --- in --- */

static uint32_t
action_of(uint32_t ifindex)
{
	return RATE_ACTION_FIRST + (ifindex & (RATE_ACTION_LAST - RATE_ACTION_FIRST));
}

/* What comes in has lost its Ethernet header when it is measured. */
static void
put_policer(struct nl_msg *msg, uint16_t place, uint32_t ifindex, uint32_t kbit, uint32_t burst)
{
	static const uint32_t cells[TABLE_CELLS];
	uint64_t per_second = bytes_per_second(kbit);
	const struct tc_police police = {.index = action_of(ifindex),
	    .action = TC_ACT_PIPE,
	    .burst = ticks_of(burst, per_second),
	    .mtu = UINT32_MAX,
	    .rate = ratespec(per_second, ETH_HLEN)};
	struct nlattr *action = mnl_attr_nest_start(msg->h, place);

	mnl_attr_put_strz(msg->h, TCA_ACT_KIND, "police");
	struct nlattr *options = mnl_attr_nest_start(msg->h, TCA_ACT_OPTIONS);

	mnl_attr_put(msg->h, TCA_POLICE_TBF, sizeof(police), &police);
	mnl_attr_put(msg->h, TCA_POLICE_RATE, sizeof(cells), cells);
	put_u64_above_u32(msg, TCA_POLICE_RATE64, per_second);
	mnl_attr_put_u32(msg->h, TCA_POLICE_RESULT, (uint32_t)TC_ACT_UNSPEC); /* other filters may have a word, too */
	mnl_attr_nest_end(msg->h, options);
	mnl_attr_nest_end(msg->h, action);
}

static void
put_drop(struct nl_msg *msg, uint16_t place, uint32_t ifindex)
{
	const struct tc_gact drop = {.index = action_of(ifindex), .action = TC_ACT_SHOT};
	struct nlattr *action = mnl_attr_nest_start(msg->h, place);

	mnl_attr_put_strz(msg->h, TCA_ACT_KIND, "gact");
	struct nlattr *options = mnl_attr_nest_start(msg->h, TCA_ACT_OPTIONS);

	mnl_attr_put(msg->h, TCA_GACT_PARMS, sizeof(drop), &drop);
	mnl_attr_nest_end(msg->h, options);
	mnl_attr_nest_end(msg->h, action);
}

static void
begin_filter(struct nl_msg *msg, int type, int flags, uint32_t ifindex, uint32_t handle)
{
	struct tcmsg *tcm;

	begin_tc(msg, type, flags, ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS), handle);
	tcm = msg->body;
	tcm->tcm_info = TC_H_MAKE((uint32_t)TC_RATE << 16, htons(ETH_P_ALL));
}

/* Any filter of that preference. */
static int
del_policer(struct nl *nl, uint32_t ifindex, struct fault *fault)
{
	struct nl_msg msg;

	begin_filter(&msg, RTM_DELTFILTER, 0, ifindex, 0);
	int code = nl_call(nl, &msg, fault);

	/* EINVAL: the device has no clsact. */
	return code == 0 || code == ENOENT || code == EINVAL || code == ENODEV ? 0 : code;
}

static int
add_policer(struct nl *nl, uint32_t ifindex, uint32_t kbit, uint32_t burst, struct fault *fault)
{
	struct nl_msg msg;

	begin_filter(&msg, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, ifindex, FILTER_HANDLE);
	mnl_attr_put_strz(msg.h, TCA_KIND, "matchall");
	struct nlattr *options = mnl_attr_nest_start(msg.h, TCA_OPTIONS);
	struct nlattr *actions = mnl_attr_nest_start(msg.h, TCA_MATCHALL_ACT);

	put_policer(&msg, 1, ifindex, kbit, burst);
	put_drop(&msg, 2, ifindex);
	mnl_attr_nest_end(msg.h, actions);
	mnl_attr_put_u32(msg.h, TCA_MATCHALL_FLAGS, TCA_CLS_FLAGS_SKIP_HW);
	mnl_attr_nest_end(msg.h, options);
	return nl_call(nl, &msg, fault);
}

static void
begin_action(struct nl_msg *msg, int type, int flags)
{
	nl_begin(msg, type, flags, sizeof(struct tcamsg));
}

static int
change_policer(struct nl *nl, uint32_t ifindex, uint32_t kbit, uint32_t burst, struct fault *fault)
{
	struct nl_msg msg;

	begin_action(&msg, RTM_NEWACTION, NLM_F_REPLACE);
	struct nlattr *actions = mnl_attr_nest_start(msg.h, TCA_ACT_TAB);

	put_policer(&msg, 1, ifindex, kbit, burst);
	mnl_attr_nest_end(msg.h, actions);
	return nl_call(nl, &msg, fault);
}

struct action { /* as it is read back */
	char kind[16];
	struct tc_police police;
	uint64_t rate; /* bytes a second */
	uint32_t index, verdict, result;
	uint64_t bytes, packets;
	uint32_t bound;
};

static uint64_t
u64_of(const struct nlattr *a, uint64_t otherwise)
{
	return a != NULL && mnl_attr_get_payload_len(a) >= sizeof(uint64_t) ? mnl_attr_get_u64(a) : otherwise;
}

/* A copy of a struct in an attribute; zeros when it is shorter. */
static void
copy_of(const struct nlattr *a, void *to, size_t size)
{
	memset(to, 0, size);
	if (a != NULL && mnl_attr_get_payload_len(a) >= size)
		memcpy(to, mnl_attr_get_payload(a), size);
}

static void
parse_action_stats(const struct nlattr *nest, struct action *ret)
{
	const struct nlattr *table[TCA_STATS_MAX + 1];
	struct gnet_stats_basic basic = {0};

	nl_nested(nest, table, TCA_STATS_MAX);
	/* The kernel's struct is shorter than its alignment: 12 bytes. */
	copy_of(table[TCA_STATS_BASIC], &basic, offsetof(struct gnet_stats_basic, packets) + sizeof(basic.packets));
	ret->bytes = basic.bytes;
	ret->packets = u64_of(table[TCA_STATS_PKT64], basic.packets);
}

static void
parse_action(const struct nlattr *nest, struct action *ret)
{
	const struct nlattr *table[TCA_ACT_MAX + 1], *option[TCA_POLICE_MAX + 1];

	*ret = (struct action){0};
	nl_nested(nest, table, TCA_ACT_MAX);
	nl_text(table[TCA_ACT_KIND], ret->kind, sizeof(ret->kind));
	nl_nested(table[TCA_ACT_OPTIONS], option, TCA_POLICE_MAX);
	if (strcmp(ret->kind, "police") == 0) {
		copy_of(option[TCA_POLICE_TBF], &ret->police, sizeof(ret->police));
		ret->rate = u64_of(option[TCA_POLICE_RATE64], ret->police.rate.rate);
		ret->index = ret->police.index;
		ret->verdict = (uint32_t)ret->police.action;
		ret->result = nl_u32(option[TCA_POLICE_RESULT]);
		ret->bound = (uint32_t)ret->police.bindcnt;
	} else if (strcmp(ret->kind, "gact") == 0) {
		struct tc_gact gact;

		copy_of(option[TCA_GACT_PARMS], &gact, sizeof(gact));
		ret->index = gact.index;
		ret->verdict = (uint32_t)gact.action;
		ret->bound = (uint32_t)gact.bindcnt;
	}
	parse_action_stats(table[TCA_ACT_STATS], ret);
}

static void
put_action_name(struct nl_msg *msg, const char *kind, uint32_t index)
{
	struct nlattr *actions = mnl_attr_nest_start(msg->h, TCA_ACT_TAB);
	struct nlattr *first = mnl_attr_nest_start(msg->h, 1);

	mnl_attr_put_strz(msg->h, TCA_ACT_KIND, kind);
	if (index != 0)
		mnl_attr_put_u32(msg->h, TCA_ACT_INDEX, index);
	mnl_attr_nest_end(msg->h, first);
	mnl_attr_nest_end(msg->h, actions);
}

int
rate_has_policer(struct nl *nl, uint32_t ifindex, bool *ret, struct fault *fault)
{
	_cleanup_buf_ struct buf answer = {.max = 65536};
	const struct nlattr *table[TCA_MAX + 1];
	struct fault none = {0};
	struct nl_msg msg;
	char kind[16];

	*ret = false;
	begin_filter(&msg, RTM_GETTFILTER, 0, ifindex, FILTER_HANDLE);
	int code = nl_get(nl, &msg, &answer, &none);

	/* EINVAL: the device has no clsact, or another kind of filter there. */
	if (code == ENOENT || code == EINVAL || code == ENODEV)
		return 0;
	if (code != 0) {
		*fault = none;
		return fault_prefix(fault, "reading the policer");
	}
	const struct nlmsghdr *h = nl_next(&answer, NULL);

	if (h == NULL || h->nlmsg_type != RTM_NEWTFILTER)
		return 0;
	nl_attrs(h, sizeof(struct tcmsg), table, TCA_MAX);
	nl_text(table[TCA_KIND], kind, sizeof(kind));
	*ret = strcmp(kind, "matchall") == 0;
	return 0;
}

/* The kernel frees the actions of a filter a while after the filter. A filter that comes meanwhile takes them over as
 * they are, so that a new one is followed by a change, too. */
int
rate_police(struct nl *nl, uint32_t ifindex, uint32_t kbit, uint32_t burst, struct fault *fault)
{
	bool there;

	if (rate_has_policer(nl, ifindex, &there, fault) != 0)
		return fault->code;
	if (!there && (del_policer(nl, ifindex, fault) != 0 || add_policer(nl, ifindex, kbit, burst, fault) != 0))
		return fault_prefix(fault, "policer");
	return change_policer(nl, ifindex, kbit, burst, fault) == 0 ? 0 : fault_prefix(fault, "policer");
}

/* --- out --- */

int
rate_load_own_traffic(struct fault *fault)
{
	/* What came in by a device is passed on; all else is the router's own. */
	static const struct bpf_insn program[] = {
	    {.code = BPF_LDX | BPF_MEM | BPF_W,
		.dst_reg = 1,
		.src_reg = 1,
		.off = offsetof(struct __sk_buff, ingress_ifindex)},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0},
	    {.code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = 1, .off = 1},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = -1},
	    {.code = BPF_JMP | BPF_EXIT},
	};

	return bpf_program_load(program, sizeof(program) / sizeof(program[0]), "dcaas_own", fault);
}

static int
add_root(struct nl *nl, uint32_t ifindex, struct fault *fault)
{
	struct tc_prio_qopt bands = {.bands = BANDS};
	struct nl_msg msg;

	memset(bands.priomap, DATA_BAND - FIRST_BAND, sizeof(bands.priomap));
	bands.priomap[PRIORITY_OF_CONTROL] = 0;
	begin_tc(&msg, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, ifindex, TC_H_ROOT, ROOT_HANDLE);
	mnl_attr_put_strz(msg.h, TCA_KIND, "prio");
	mnl_attr_put(msg.h, TCA_OPTIONS, sizeof(bands), &bands);
	return nl_call(nl, &msg, fault);
}

static int
set_shaper(struct nl *nl, uint32_t ifindex, uint32_t kbit, uint32_t burst, struct fault *fault)
{
	uint64_t per_second = bytes_per_second(kbit), at_once = per_second * SHAPER_MS / 1000;
	const struct tc_tbf_qopt shaper = {.rate = ratespec(per_second, 0), .limit = burst};
	struct nl_msg msg;

	at_once = at_once < SHAPER_LEAST ? SHAPER_LEAST : at_once < burst ? at_once : burst;
	begin_tc(&msg, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, ifindex, DATA_BAND, SHAPER_HANDLE);
	mnl_attr_put_strz(msg.h, TCA_KIND, "tbf");
	struct nlattr *options = mnl_attr_nest_start(msg.h, TCA_OPTIONS);

	mnl_attr_put(msg.h, TCA_TBF_PARMS, sizeof(shaper), &shaper);
	mnl_attr_put_u32(msg.h, TCA_TBF_BURST, at_most_u32(at_once));
	put_u64_above_u32(&msg, TCA_TBF_RATE64, per_second);
	mnl_attr_nest_end(msg.h, options);
	return nl_call(nl, &msg, fault);
}

static int
put_first(struct nl *nl, uint32_t ifindex, int own_traffic, struct fault *fault)
{
	struct nl_msg msg;
	struct tcmsg *tcm;

	begin_tc(&msg, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_REPLACE, ifindex, ROOT_HANDLE, FILTER_HANDLE);
	tcm = msg.body;
	tcm->tcm_info = TC_H_MAKE((uint32_t)TC_PROGRAM << 16, htons(ETH_P_ALL));
	mnl_attr_put_strz(msg.h, TCA_KIND, "bpf");
	struct nlattr *options = mnl_attr_nest_start(msg.h, TCA_OPTIONS);

	mnl_attr_put_u32(msg.h, TCA_BPF_FD, (uint32_t)own_traffic);
	mnl_attr_put_strz(msg.h, TCA_BPF_NAME, "dcaas_own");
	mnl_attr_put_u32(msg.h, TCA_BPF_CLASSID, FIRST_BAND);
	mnl_attr_nest_end(msg.h, options);
	return nl_call(nl, &msg, fault);
}

int
rate_shape(struct nl *nl, uint32_t ifindex, uint32_t kbit, uint32_t burst, int own_traffic, struct fault *fault)
{
	int code = add_root(nl, ifindex, fault);
	bool there = code == EEXIST;

	if (code != 0 && !there)
		return fault_prefix(fault, "shaper");
	code = set_shaper(nl, ifindex, kbit, burst, fault);
	if (code == ENOENT && there)
		return fault_set(fault, EBUSY, "shaper: the device has a root queue that is not ours");
	if (code != 0 || put_first(nl, ifindex, own_traffic, fault) != 0)
		return fault_prefix(fault, "shaper");
	return 0;
}

int
rate_clear(struct nl *nl, uint32_t ifindex, struct fault *fault)
{
	struct nl_msg msg;

	begin_tc(&msg, RTM_DELQDISC, 0, ifindex, TC_H_ROOT, ROOT_HANDLE);
	int code = nl_call(nl, &msg, fault);

	/* EINVAL: the root queue has another handle. */
	if (code != 0 && code != ENOENT && code != EINVAL)
		return fault_prefix(fault, "shaper");
	return del_policer(nl, ifindex, fault) == 0 ? 0 : fault_prefix(fault, "policer");
}

/* --- reading --- */

struct reading {
	struct rate *v;
	uint32_t *ticks; /* of each policer's burst */
	size_t n, room;
	struct arena *arena;
};

static struct rate *
rate_for(struct reading *r, uint32_t index, uint32_t **ticks)
{
	for (size_t i = r->n; i-- > 0 && r->v[i].index >= index;) /* devices come in order, nearly */
		if (r->v[i].index == index) {
			*ticks = &r->ticks[i];
			return &r->v[i];
		}
	if (r->n == r->room) {
		size_t room = r->room == 0 ? 16 : 2 * r->room;
		struct rate *v = arena_array(r->arena, room, sizeof(*v));
		uint32_t *t = arena_array(r->arena, room, sizeof(*t));

		if (r->n > 0) {
			memcpy(v, r->v, r->n * sizeof(*v));
			memcpy(t, r->ticks, r->n * sizeof(*t));
		}
		r->v = v;
		r->ticks = t;
		r->room = room;
	}
	size_t at = r->n++;

	while (at > 0 && r->v[at - 1].index > index) {
		r->v[at] = r->v[at - 1];
		r->ticks[at] = r->ticks[at - 1];
		at--;
	}
	r->v[at] = (struct rate){.index = index};
	r->ticks[at] = 0;
	*ticks = &r->ticks[at];
	return &r->v[at];
}

static void
take_shaper(struct reading *r, const struct nlmsghdr *h)
{
	const struct tcmsg *tcm = mnl_nlmsg_get_payload(h);
	const struct nlattr *table[TCA_MAX + 1], *option[TCA_TBF_MAX + 1], *stats[TCA_STATS_MAX + 1];
	struct gnet_stats_queue queue;
	struct tc_tbf_qopt shaper;
	uint32_t *ticks;
	struct rate *rate;
	char kind[16];

	if (h->nlmsg_type != RTM_NEWQDISC || mnl_nlmsg_get_payload_len(h) < sizeof(*tcm) ||
	    (tcm->tcm_handle != ROOT_HANDLE && tcm->tcm_handle != SHAPER_HANDLE))
		return;
	rate = rate_for(r, (uint32_t)tcm->tcm_ifindex, &ticks);
	rate->has_queue = true;
	nl_attrs(h, sizeof(*tcm), table, TCA_MAX);
	nl_text(table[TCA_KIND], kind, sizeof(kind));
	if (tcm->tcm_parent != DATA_BAND || strcmp(kind, "tbf") != 0)
		return;
	nl_nested(table[TCA_OPTIONS], option, TCA_TBF_MAX);
	copy_of(option[TCA_TBF_PARMS], &shaper, sizeof(shaper));
	nl_nested(table[TCA_STATS2], stats, TCA_STATS_MAX);
	copy_of(stats[TCA_STATS_QUEUE], &queue, sizeof(queue));
	rate->egress_kbit = at_most_u32(u64_of(option[TCA_TBF_RATE64], shaper.rate.rate) / BYTES_PER_KBIT);
	rate->burst = shaper.limit;
	rate->drops[RATE_OUT_PACKETS] = queue.drops;
}

static bool
is_of_a_device(uint32_t index)
{
	return index > RATE_ACTION_FIRST && index <= RATE_ACTION_LAST;
}

static void
take_action(struct reading *r, const struct action *action)
{
	uint32_t *ticks;
	struct rate *rate;

	if (!is_of_a_device(action->index) || action->bound == 0)
		return;
	rate = rate_for(r, action->index - RATE_ACTION_FIRST, &ticks);
	if (strcmp(action->kind, "gact") == 0) {
		rate->drops[RATE_IN_PACKETS] = action->packets;
		rate->drops[RATE_IN_BYTES] = action->bytes;
	} else if (action->verdict == TC_ACT_PIPE && action->result == (uint32_t)TC_ACT_UNSPEC &&
		   action->police.rate.overhead == ETH_HLEN) {
		rate->ingress_kbit = at_most_u32(action->rate / BYTES_PER_KBIT);
		*ticks = action->police.burst;
	}
}

static int
read_shapers(struct nl *nl, struct reading *r, struct fault *fault)
{
	_cleanup_buf_ struct buf queues = {0};
	struct nl_msg msg;

	begin_tc(&msg, RTM_GETQDISC, 0, 0, 0, 0);
	if (nl_dump(nl, &msg, &queues, fault) != 0)
		return fault_prefix(fault, "reading queues");
	for (const struct nlmsghdr *h = NULL; (h = nl_next(&queues, h)) != NULL;)
		take_shaper(r, h);
	return 0;
}

static int
read_actions(struct nl *nl, const char *kind, struct reading *r, struct fault *fault)
{
	_cleanup_buf_ struct buf dump = {0};
	struct nl_msg msg;

	begin_action(&msg, RTM_GETACTION, 0);
	put_action_name(&msg, kind, 0);
	if (nl_dump(nl, &msg, &dump, fault) != 0)
		return fault_prefix(fault, "reading policers");
	for (const struct nlmsghdr *h = NULL; (h = nl_next(&dump, h)) != NULL;) {
		const struct nlattr *table[TCA_ROOT_MAX + 1], *each[ACTIONS_MAX + 1];
		struct action action;

		nl_attrs(h, sizeof(struct tcamsg), table, TCA_ROOT_MAX);
		nl_nested(table[TCA_ROOT_TAB], each, ACTIONS_MAX);
		for (unsigned i = 0; i <= ACTIONS_MAX; i++)
			if (each[i] != NULL) {
				parse_action(each[i], &action);
				take_action(r, &action);
			}
	}
	return 0;
}

int
rate_read(struct nl *nl, struct arena *arena, struct rate **ret, size_t *n, struct fault *fault)
{
	struct reading r = {.arena = arena};

	if (read_shapers(nl, &r, fault) != 0 || read_actions(nl, "police", &r, fault) != 0 ||
	    read_actions(nl, "gact", &r, fault) != 0)
		return fault->code;
	for (size_t i = 0; i < r.n; i++)
		if (r.v[i].ingress_kbit == 0 ||
		    ticks_of(r.v[i].burst, bytes_per_second(r.v[i].ingress_kbit)) != r.ticks[i])
			r.v[i].burst = 0;
	*ret = r.v;
	*n = r.n;
	return 0;
}

uint32_t
rate_of_action(const struct nlmsghdr *h)
{
	const struct nlattr *table[TCA_ROOT_MAX + 1], *each[2];
	struct action action;

	nl_attrs(h, sizeof(struct tcamsg), table, TCA_ROOT_MAX);
	nl_nested(table[TCA_ROOT_TAB], each, 1);
	parse_action(each[1] != NULL ? each[1] : each[0], &action);
	return is_of_a_device(action.index) ? action.index - RATE_ACTION_FIRST : 0;
}

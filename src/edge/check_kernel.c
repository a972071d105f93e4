/* SPDX-License-Identifier: ISC */
/* What the kernel can do is tried in a child with a network namespace of its own, so that nothing stays. */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_gact.h>
#include <net/if.h>

#include "edge/check_priv.h"

#define DEVICE "try0"
#define FILTER_PREFERENCE 1u
#define POLICER_PREFERENCE 2u

/* In the order in which they are tried: later ones need the device of the first. */
#define TRIALS(X)                                                                                                      \
	X(try_namespace, "kernel: network namespaces",                                                                 \
	    "Start dcaas-edge on a kernel with CONFIG_NET_NS, and outside of "                                         \
	    "containers that forbid them")                                                                             \
	X(try_veth, "kernel: veth pairs", "Load the module: `modprobe veth`")                                          \
	X(try_vlan, "kernel: 802.1Q", "Load the module: `modprobe 8021q`")                                             \
	X(try_vrf, "kernel: VRF", "Load the module: `modprobe vrf`")                                                   \
	X(try_macvlan, "kernel: macvlan", "Load the module: `modprobe macvlan`")                                       \
	X(try_ipv6, "kernel: IPv6", "Remove ipv6.disable=1 from the kernel's command line")                            \
	X(try_bpf, "kernel: cls_bpf", "Load the modules: `modprobe -a sch_ingress cls_bpf`")                           \
	X(try_police, "kernel: policing",                                                                              \
	    "Load the modules: `modprobe -a cls_matchall act_police act_gact`; bandwidths are not enforced without "   \
	    "them")                                                                                                    \
	X(try_shape, "kernel: shaping",                                                                                \
	    "Load the modules: `modprobe -a sch_prio sch_tbf`; bandwidths are not enforced without them")              \
	X(try_user_namespace, "kernel: user namespaces",                                                               \
	    "Set user.max_user_namespaces above 0, and on Debian kernel.unprivileged_userns_clone to 1")

struct trial {
	struct mnl_socket *netlink;
	char buffer[8192];
};

static struct nlmsghdr *
message(struct trial *t, int type, int flags)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(t->buffer);

	h->nlmsg_type = (uint16_t)type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	return h;
}

/* 0, or the kernel's errno. */
static int
ask(struct trial *t, const struct nlmsghdr *h)
{
	ssize_t n;

	if (mnl_socket_sendto(t->netlink, h, h->nlmsg_len) < 0 ||
	    (n = mnl_socket_recvfrom(t->netlink, t->buffer, sizeof(t->buffer))) < 0)
		return errno;
	return mnl_cb_run(t->buffer, (size_t)n, 0, mnl_socket_get_portid(t->netlink), NULL, NULL) < 0 ? errno : 0;
}

static int
try_namespace(struct trial *t)
{
	if (unshare(CLONE_NEWNET) != 0)
		return errno;
	t->netlink = mnl_socket_open(NETLINK_ROUTE);
	return t->netlink != NULL && mnl_socket_bind(t->netlink, 0, MNL_SOCKET_AUTOPID) == 0 ? 0 : errno;
}

/* A device of that kind; lower 0: none. number: of a VLAN or a routing table. */
static int
add_device(struct trial *t, const char *name, const char *kind, uint32_t lower, uint16_t attribute, uint32_t number)
{
	struct nlmsghdr *h = message(t, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	struct ifinfomsg *body = mnl_nlmsg_put_extra_header(h, sizeof(*body));
	struct nlattr *info, *data;

	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	if (lower != 0)
		mnl_attr_put_u32(h, IFLA_LINK, lower);
	info = mnl_attr_nest_start(h, IFLA_LINKINFO);
	mnl_attr_put_strz(h, IFLA_INFO_KIND, kind);
	if (attribute != 0) {
		data = mnl_attr_nest_start(h, IFLA_INFO_DATA);
		if (strcmp(kind, "vlan") == 0)
			mnl_attr_put_u16(h, attribute, (uint16_t)number);
		else
			mnl_attr_put_u32(h, attribute, number);
		mnl_attr_nest_end(h, data);
	}
	mnl_attr_nest_end(h, info);
	return ask(t, h);
}

static int
try_veth(struct trial *t)
{
	return add_device(t, DEVICE, "veth", 0, 0, 0);
}

static int
try_vlan(struct trial *t)
{
	return add_device(t, "try1", "vlan", if_nametoindex(DEVICE), IFLA_VLAN_ID, 5);
}

static int
try_vrf(struct trial *t)
{
	return add_device(t, "try2", "vrf", 0, IFLA_VRF_TABLE, 10);
}

static int
try_macvlan(struct trial *t)
{
	return add_device(t, "try3", "macvlan", if_nametoindex(DEVICE), IFLA_MACVLAN_MODE, MACVLAN_MODE_PRIVATE);
}

static int
try_ipv6(struct trial *t)
{
	struct nlmsghdr *h = message(t, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
	struct ifaddrmsg *body = mnl_nlmsg_put_extra_header(h, sizeof(*body));
	struct in6_addr address;

	inet_pton(AF_INET6, "fd00::1", &address);
	body->ifa_family = AF_INET6;
	body->ifa_prefixlen = 64;
	body->ifa_index = if_nametoindex(DEVICE);
	mnl_attr_put(h, IFA_LOCAL, sizeof(address), &address);
	return ask(t, h);
}

/* A program that lets everything pass; its descriptor, or -1. */
static int
load_program(void)
{
	static const struct bpf_insn program[] = {
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = -1},
	    {.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr attr = {0};

	attr.prog_type = BPF_PROG_TYPE_SCHED_CLS;
	attr.insns = (uint64_t)(uintptr_t)program;
	attr.insn_cnt = sizeof(program) / sizeof(program[0]);
	attr.license = (uint64_t)(uintptr_t) "";
	return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

static struct nlmsghdr *
tc_message(struct trial *t, int type, uint32_t parent, uint32_t handle, uint32_t info, const char *kind)
{
	struct nlmsghdr *h = message(t, type, NLM_F_CREATE | NLM_F_EXCL);
	struct tcmsg *body = mnl_nlmsg_put_extra_header(h, sizeof(*body));

	body->tcm_family = AF_UNSPEC;
	body->tcm_ifindex = (int)if_nametoindex(DEVICE);
	body->tcm_parent = parent;
	body->tcm_handle = handle;
	body->tcm_info = info;
	mnl_attr_put_strz(h, TCA_KIND, kind);
	return h;
}

static int
try_bpf(struct trial *t)
{
	struct nlmsghdr *h;
	struct nlattr *options;
	int program = load_program(), wrong = errno;

	if (program < 0)
		return wrong;
	if ((wrong = ask(t, tc_message(t, RTM_NEWQDISC, TC_H_CLSACT, TC_H_MAKE(TC_H_CLSACT, 0), 0, "clsact"))) != 0)
		return wrong;
	h = tc_message(t, RTM_NEWTFILTER, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS), 0,
	    TC_H_MAKE(FILTER_PREFERENCE << 16, htons(ETH_P_ALL)), "bpf");
	options = mnl_attr_nest_start(h, TCA_OPTIONS);
	mnl_attr_put_u32(h, TCA_BPF_FD, (uint32_t)program);
	mnl_attr_put_strz(h, TCA_BPF_NAME, "try");
	mnl_attr_put_u32(h, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
	mnl_attr_nest_end(h, options);
	return ask(t, h);
}

/* A policer whose excess the second action drops. */
static int
try_police(struct trial *t)
{
	static const uint32_t cells[256];
	const struct tc_police police = {.action = TC_ACT_PIPE,
	    .burst = 1000000,
	    .mtu = UINT32_MAX,
	    .rate = {.rate = 1000000, .linklayer = TC_LINKLAYER_ETHERNET, .cell_log = 8}};
	const struct tc_gact drop = {.action = TC_ACT_SHOT};
	struct nlattr *options, *actions, *action, *inner;
	struct nlmsghdr *h;
	int wrong = ask(t, tc_message(t, RTM_NEWQDISC, TC_H_CLSACT, TC_H_MAKE(TC_H_CLSACT, 0), 0, "clsact"));

	if (wrong != 0 && wrong != EEXIST)
		return wrong;
	h = tc_message(t, RTM_NEWTFILTER, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS), 0,
	    TC_H_MAKE(POLICER_PREFERENCE << 16, htons(ETH_P_ALL)), "matchall");
	options = mnl_attr_nest_start(h, TCA_OPTIONS);
	actions = mnl_attr_nest_start(h, TCA_MATCHALL_ACT);
	action = mnl_attr_nest_start(h, 1);
	mnl_attr_put_strz(h, TCA_ACT_KIND, "police");
	inner = mnl_attr_nest_start(h, TCA_ACT_OPTIONS);
	mnl_attr_put(h, TCA_POLICE_TBF, sizeof(police), &police);
	mnl_attr_put(h, TCA_POLICE_RATE, sizeof(cells), cells);
	mnl_attr_nest_end(h, inner);
	mnl_attr_nest_end(h, action);
	action = mnl_attr_nest_start(h, 2);
	mnl_attr_put_strz(h, TCA_ACT_KIND, "gact");
	inner = mnl_attr_nest_start(h, TCA_ACT_OPTIONS);
	mnl_attr_put(h, TCA_GACT_PARMS, sizeof(drop), &drop);
	mnl_attr_nest_end(h, inner);
	mnl_attr_nest_end(h, action);
	mnl_attr_nest_end(h, actions);
	mnl_attr_nest_end(h, options);
	return ask(t, h);
}

static int
try_shape(struct trial *t)
{
	const struct tc_tbf_qopt shaper = {
	    .rate = {.rate = 1000000, .linklayer = TC_LINKLAYER_ETHERNET}, .limit = 100000};
	const struct tc_prio_qopt bands = {.bands = 2};
	struct nlattr *options;
	struct nlmsghdr *h = tc_message(t, RTM_NEWQDISC, TC_H_ROOT, TC_H_MAKE(1 << 16, 0), 0, "prio");
	int wrong;

	mnl_attr_put(h, TCA_OPTIONS, sizeof(bands), &bands);
	if ((wrong = ask(t, h)) != 0)
		return wrong;
	h = tc_message(t, RTM_NEWQDISC, TC_H_MAKE(1 << 16, 2), TC_H_MAKE(2 << 16, 0), 0, "tbf");
	options = mnl_attr_nest_start(h, TCA_OPTIONS);
	mnl_attr_put(h, TCA_TBF_PARMS, sizeof(shaper), &shaper);
	mnl_attr_put_u32(h, TCA_TBF_BURST, 20000);
	mnl_attr_nest_end(h, options);
	return ask(t, h);
}

static int
try_user_namespace(struct trial *t)
{
	(void)t;
	return unshare(CLONE_NEWUSER) == 0 ? 0 : errno;
}

static const struct {
	int (*call)(struct trial *);
	const char *what, *remedy;
} trials[] = {
#define X(call, what, remedy) {call, what, remedy},
    TRIALS(X)
#undef X
};

#define TRIAL_COUNT (sizeof(trials) / sizeof(trials[0]))

/* The child: an errno of each, in their order. */
static void
perform(int to)
{
	struct trial t = {0};
	int result[TRIAL_COUNT];

	for (size_t i = 0; i < TRIAL_COUNT; i++)
		result[i] = i > 0 && t.netlink == NULL ? result[0] : trials[i].call(&t);
	_exit(write(to, result, sizeof(result)) == (ssize_t)sizeof(result) ? 0 : 1);
}

static bool
tried(int result[TRIAL_COUNT])
{
	int ends[2];
	ssize_t got;
	pid_t child;

	if (pipe(ends) != 0 || (child = fork()) < 0)
		return false;
	if (child == 0)
		perform(ends[1]);
	close(ends[1]);
	got = read(ends[0], result, TRIAL_COUNT * sizeof(result[0]));
	close(ends[0]);
	waitpid(child, NULL, 0);
	return got == (ssize_t)(TRIAL_COUNT * sizeof(result[0]));
}

void
check_kernel(struct check *c)
{
	struct utsname name;
	int result[TRIAL_COUNT];

	if (geteuid() != 0) {
		check_todo(c, "kernel", "it can be tried by root only. Run `dcaas-edge --check` as root");
		return;
	}
	if (!tried(result)) {
		check_todo(c, "kernel", "it could not be tried: %s", strerror(errno));
		return;
	}
	if (uname(&name) == 0)
		check_ok(c, "kernel", "%s %s", name.sysname, name.release);
	for (size_t i = 0; i < TRIAL_COUNT; i++) {
		if (result[i] == 0)
			check_ok(c, trials[i].what, "tried");
		else
			check_todo(c, trials[i].what, "%s. %s", strerror(result[i]), trials[i].remedy);
	}
}

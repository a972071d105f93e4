/* SPDX-License-Identifier: ISC */
#include "edge/agent/netns_setup.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>

#include "base/log.h"
#include "edge/agent/bird_process.h"
#include "edge/agent/bird_user.h"
#include "edge/agent/netns.h"
#include "edge/agent/nl.h"
#include "edge/agent/nl_link.h"
#include "edge/agent/nl_rule.h"

#define RENEW_MS 10000

#define KEY_MEMORY_PATH "/proc/sys/net/core/optmem_max"
#define KEY_MEMORY "1048576" /* bytes for the MD5 keys of one listener: 7,700 neighbours */
#define KEY_BYTES 136        /* struct tcp_md5sig_key, in Linux 6.1 and 6.18 */

#define BOTH(family, name) "/proc/sys/net/" family "/conf/all/" name, "/proc/sys/net/" family "/conf/default/" name

/* What forwarding between customers' VLANs needs, in each namespace: IPv6 addresses survive a link flap and are usable
 * at once; a session's listener is its VRF's alone; customers teach us routes by BGP and by nothing else (a new
 * namespace takes its IPv4 values from the host, so what matters is set). "default" is for devices to come. */
static const struct {
	const char *value;
	bool optional; /* not in every kernel */
	const char *path[2];
} sysctls[] = {
    {"1", false, {"/proc/sys/net/ipv4/ip_forward"}},
    {"0", false, {BOTH("ipv4", "rp_filter")}},
    {"0", false, {BOTH("ipv4", "accept_redirects")}},
    /* Who may have sockets for echo requests: the agent (echo.c). */
    {"0 0", false, {"/proc/sys/net/ipv4/ping_group_range"}},
    {"0", false, {BOTH("ipv4", "accept_source_route")}},
    {"0", false, {BOTH("ipv4", "send_redirects")}},
    {"0", false, {BOTH("ipv4", "proxy_arp")}},
    /* An address answers, and asks, on its own line alone: IPv6 is so by itself. */
    {"1", false, {BOTH("ipv4", "arp_ignore")}},
    {"2", false, {BOTH("ipv4", "arp_announce")}},
    {"1", false, {BOTH("ipv6", "forwarding")}},
    {"1", false, {BOTH("ipv6", "keep_addr_on_down")}},
    {"0", false, {BOTH("ipv6", "accept_dad")}},
    {"0", false, {BOTH("ipv6", "accept_ra")}},
    {"0", false, {BOTH("ipv6", "accept_redirects")}},
    /* These come with the VRF's part of the kernel. */
    {"0", true, {"/proc/sys/net/ipv4/tcp_l3mdev_accept", "/proc/sys/net/ipv4/udp_l3mdev_accept"}},
    /* Two VRFs never share a table. */
    {"1", true, {"/proc/sys/net/vrf/strict_mode"}},
    /* Before Linux 6.3 this counts cached IPv6 routes, and the default of 4096 is soon met. */
    {"1048576", true, {"/proc/sys/net/ipv6/route/max_size"}},
    /* Since Linux 6.8 each namespace has its own; before that the router's counts (see dcaas-edge.sysctl). */
    {KEY_MEMORY, true, {KEY_MEMORY_PATH}},
};

/* Devices that the kernel itself puts into every new namespace when the tunnels' modules are loaded. */
static const char *const fallback_devices[] = {
    "lo", "tunl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "sit0", "ip6tnl0", "ip6gre0"};

static int
write_sysctl(const char *path, const char *value, bool optional, struct fault *fault)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT && optional)
		return 0;
	if (fd < 0)
		return fault_errno(fault, "%s", path);
	ssize_t done = write(fd, value, strlen(value));

	if (done < 0)
		fault_errno(fault, "%s", path);
	close(fd);
	return done < 0 ? fault->code : 0;
}

static int
set_sysctls(struct fault *fault)
{
	for (size_t i = 0; i < sizeof(sysctls) / sizeof(sysctls[0]); i++)
		for (size_t k = 0; k < 2 && sysctls[i].path[k] != NULL; k++)
			if (write_sysctl(sysctls[i].path[k], sysctls[i].value, sysctls[i].optional, fault) != 0)
				return fault->code;
	return 0;
}

static uint32_t
read_number(const char *path)
{
	char text[24] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	return n <= 0 ? 0 : (uint32_t)strtoul(text, NULL, 10);
}

/* Where a new namespace has the setting, it gets our value there; else the router's own counts. */
uint32_t
netns_key_room(struct host *host)
{
	uint32_t bytes = read_number(KEY_MEMORY_PATH);
	struct fault ignored = {0};
	struct bird_user user;

	if (bird_user_find(host, 1, &user, &ignored) != 0 || bird_user_unshare(&user, &ignored) != 0)
		return bytes / KEY_BYTES;
	if (access(KEY_MEMORY_PATH, W_OK) == 0)
		bytes = (uint32_t)strtoul(KEY_MEMORY, NULL, 10);
	netns_leave(host);
	return bytes / KEY_BYTES;
}

/* lo up and marked; the mark is what makes the namespace ours. */
static int
set_loopback(struct nl *nl, struct fault *fault)
{
	struct nl_msg msg;
	struct ifinfomsg *ifi;

	nl_begin(&msg, RTM_NEWLINK, 0, sizeof(*ifi));
	ifi = msg.body;
	ifi->ifi_index = 1;
	ifi->ifi_flags = IFF_UP;
	ifi->ifi_change = IFF_UP;
	mnl_attr_put_strz(msg.h, IFLA_IFALIAS, NETNS_MARK);
	return nl_call(nl, &msg, fault);
}

/* To be run inside. */
static int
prepare(struct fault *fault)
{
	struct nl *nl = NULL;

	if (set_sysctls(fault) != 0 || nl_open(NETLINK_ROUTE, &nl, fault) != 0)
		return fault->code;
	int code = set_loopback(nl, fault);

	nl_close(nl);
	return code;
}

static int
make_netns(struct host *host, uint32_t number, struct fault *fault)
{
	struct bird_user user;

	if (bird_user_find(host, number, &user, fault) != 0 || netns_prepare_pin(fault) != 0 ||
	    bird_user_unshare(&user, fault) != 0)
		return fault->code;
	int code = prepare(fault);

	if (code == 0)
		code = netns_pin(number, fault);
	netns_leave(host);
	return code;
}

/* One that exists gets what it should have, also after changes of others. */
static int
renew_netns(struct host *host, struct netns *ns, struct fault *fault)
{
	struct link lo;

	if (netns_enter(ns, fault) != 0)
		return fault->code;
	int code = set_sysctls(fault);

	netns_leave(host);
	if (code != 0 || rule_keep(ns->route, fault) != 0 || link_find(ns->route, "lo", &lo, fault) != 0)
		return fault->code;
	return lo.up ? 0 : set_loopback(ns->route, fault);
}

/* A namespace that lost its name while the edge was away, but not its BIRD, gets the name back: its devices and
 * sessions are left alone. (Ended, that BIRD would leave a namespace which the kernel keeps for a while, VLANs and
 * all.) */
static bool
give_name_back(struct host *host, uint32_t number)
{
	uint32_t pid = daemon_stray(host, number);
	struct stat home, found;
	struct fault ignored = {0};
	char path[64];
	bool done = false;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/ns/net", pid);
	if (pid == 0 || (fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return false;
	if (fstat(fd, &found) == 0 && fstat(host->home, &home) == 0 && found.st_ino != home.st_ino &&
	    netns_prepare_pin(&ignored) == 0 && setns(fd, CLONE_NEWNET) == 0) {
		done = netns_pin(number, &ignored) == 0;
		netns_leave(host);
	}
	close(fd);
	return done;
}

static int
op_netns_add(struct call *call, const void *request)
{
	const struct op_instance *op = request;
	struct netns *ns;
	int code = netns_get(call->host, op->instance, &ns, &call->fault);
	if (code == 0)
		return renew_netns(call->host, ns, &call->fault);
	if (code != ENOENT)
		return code;
	if (give_name_back(call->host, op->instance) && netns_get(call->host, op->instance, &ns, &call->fault) == 0)
		return renew_netns(call->host, ns, &call->fault);
	daemon_end_strays(call->host, op->instance);
	return make_netns(call->host, op->instance, &call->fault);
}

static bool
is_fallback(const char *name)
{
	for (size_t i = 0; i < sizeof(fallback_devices) / sizeof(fallback_devices[0]); i++)
		if (strcmp(name, fallback_devices[i]) == 0)
			return true;
	return false;
}

static int
refuse_when_used(struct call *call, struct netns *ns)
{
	struct link *links;
	size_t n;
	uint32_t pid;

	if (daemon_find(call->host, ns, &pid, &call->fault) != 0)
		return call->fault.code;
	if (pid != 0)
		return fault_set(&call->fault, EBUSY, "namespace dcaas-%u: its BIRD runs (pid %u)", ns->number, pid);
	if (link_read(&ns->links, call->arena, &links, &n, &call->fault) != 0)
		return call->fault.code;
	for (size_t i = 0; i < n; i++)
		if (!is_fallback(links[i].name) && !link_is_half_made(&links[i]))
			return fault_set(
			    &call->fault, EBUSY, "namespace dcaas-%u: device %s is in it", ns->number, links[i].name);
	return 0;
}

static int
op_netns_del(struct call *call, const void *request)
{
	const struct op_instance *op = request;
	struct netns *ns;
	int code = netns_get(call->host, op->instance, &ns, &call->fault);

	if (code == ENOENT) /* perhaps the file alone is left */
		return netns_unpin(op->instance, false, &call->fault);
	if (code != 0 || (code = refuse_when_used(call, ns)) != 0)
		return code;
	netns_forget(call->host, op->instance);
	return netns_unpin(op->instance, true, &call->fault);
}

/* Its settings are ours, too: a forwarding switched off by hand would stop everybody's traffic and look well. */
static void
renew_in_time(struct host *host, struct netns *ns)
{
	struct fault fault = {0};

	if (ns->renewed.ms != 0 && monotonic_since(ns->renewed) < RENEW_MS)
		return;
	ns->renewed = monotonic_now();
	if (renew_netns(host, ns, &fault) != 0)
		dc_log(LOG_ERR, "agent", "instance=%u error=\"settings: %s\"", ns->number, fault.text);
}

static int
op_instances(struct call *call, const void *request)
{
	uint32_t *numbers;
	size_t n;

	(void)request;
	if (netns_numbers(call->host, call->arena, &numbers, &n, &call->fault) != 0)
		return call->fault.code;
	for (size_t i = 0; i < n; i++) {
		struct item_instance item = {.instance = numbers[i]};
		struct netns *ns;

		if (netns_get(call->host, numbers[i], &ns, &call->fault) != 0 ||
		    daemon_find(call->host, ns, &item.daemon, &call->fault) != 0)
			return call->fault.code;
		renew_in_time(call->host, ns);
		call_item(call, &item, sizeof(item));
	}
	return 0;
}

/* Without a signal to BIRD, which would notify its neighbours: those that know graceful restart keep their routes. */
static void
replace(struct host *host, struct netns *ns)
{
	uint32_t number = ns->number;
	struct fault fault = {0};

	daemon_end_all(ns);
	netns_forget(host, number);
	if (netns_unpin(number, true, &fault) != 0)
		dc_log(LOG_ERR, "agent", "instance=%u error=\"%s\"", number, fault.text);
	else
		dc_log(LOG_WARNING, "instance is made again", "instance=%u reason=\"its user namespace\"", number);
	bird_user_clear(host, number, true);
}

void
netns_replace_misfits(struct host *host)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct fault ignored = {0};
	struct bird_user user;
	uint32_t *numbers;
	struct netns *ns;
	size_t n;

	if (netns_numbers(host, arena, &numbers, &n, &ignored) != 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (bird_user_find(host, numbers[i], &user, &ignored) == 0 &&
		    netns_get(host, numbers[i], &ns, &ignored) == 0 && !bird_user_fits(&user, ns->fd))
			replace(host, ns);
}

static const struct op_row rows[] = {
    {OP_NETNS_ADD, op_netns_add, sizeof(struct op_instance), members_instance},
    {OP_NETNS_DEL, op_netns_del, sizeof(struct op_instance), members_instance},
    {OP_INSTANCES, op_instances, sizeof(struct op_none), members_none},
};

const struct object netns_object = OBJECT(rows);

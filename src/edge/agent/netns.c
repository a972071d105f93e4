/* SPDX-License-Identifier: ISC */
#include "edge/agent/netns.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>
#include <linux/if.h>
#include <linux/magic.h>
#include <linux/rtnetlink.h>

#include "base/log.h"
#include "edge/agent/bird_process.h"
#include "edge/agent/nl_link.h"
#include "edge/agent/nl.h"
#include "edge/agent/nl_rule.h"
#include "edge/agent/watch.h"

#define NETNS_DIR "/run/netns"
#define NETNS_PREFIX "dcaas-"
#define NETNS_PATH_MAX 40
#define RENEW_MS 10000
#define NETNS_MARK "dcaas:instance" /* alias of lo */

#define BOTH(family, name) "/proc/sys/net/" family "/conf/all/" name, "/proc/sys/net/" family "/conf/default/" name

/* What forwarding between customers' VLANs needs, in each namespace: IPv6 addresses survive a link flap and are usable
 * at once; a session's listener is its VRF's alone; customers teach us routes by BGP and by nothing else (a new
 * namespace takes its IPv4 values from the host, so what matters is said). "default" is for devices to come. */
static const struct {
	const char *value;
	bool optional; /* not in every kernel */
	const char *path[2];
} sysctls[] = {
    {"1", false, {"/proc/sys/net/ipv4/ip_forward"}},
    {"0", false, {BOTH("ipv4", "rp_filter")}},
    {"0", false, {BOTH("ipv4", "accept_redirects")}},
    {"0", false, {BOTH("ipv4", "accept_source_route")}},
    {"0", false, {BOTH("ipv4", "send_redirects")}},
    {"0", false, {BOTH("ipv4", "proxy_arp")}},
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
};

/* Devices that the kernel itself puts into every new namespace when the tunnels' modules are loaded. */
static const char *const fallback_devices[] = {
    "lo", "tunl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "sit0", "ip6tnl0", "ip6gre0"};

static void
pin_path(uint32_t number, char out[NETNS_PATH_MAX])
{
	snprintf(out, NETNS_PATH_MAX, NETNS_DIR "/" NETNS_PREFIX "%u", number);
}

int
netns_enter(const struct netns *ns, struct fault *fault)
{
	return setns(ns->fd, CLONE_NEWNET) == 0 ? 0 : fault_errno(fault, "entering namespace dcaas-%u", ns->number);
}

void
netns_leave(const struct host *host)
{
	if (setns(host->home, CLONE_NEWNET) == 0)
		return;
	dc_log(LOG_ERR, "agent", "error=\"cannot return to the router's own namespace: %s\"", strerror(errno));
	abort();
}

static void
netns_free(struct netns *ns)
{
	link_cache_close(&ns->links);
	nl_close(ns->watch);
	nl_close(ns->route);
	nl_close(ns->diag);
	if (ns->fd >= 0)
		close(ns->fd);
	free(ns);
}

static void
forget(struct host *host, size_t at)
{
	netns_free(host->netns[at]);
	host->netns[at] = host->netns[--host->netns_count];
}

/* Sockets of ours hold a namespace: it goes away only when they are closed. */
static void
forget_number(struct host *host, uint32_t number)
{
	for (size_t i = 0; i < host->netns_count; i++) {
		if (host->netns[i]->number == number) {
			forget(host, i);
			return;
		}
	}
}

void
netns_forget_all(struct host *host)
{
	while (host->netns_count > 0)
		forget(host, host->netns_count - 1);
	free(host->netns);
	host->netns = NULL;
}

static int
is_ours(const struct netns *ns, bool *ours, struct fault *fault)
{
	struct link lo;

	if (link_find(ns->route, "lo", &lo, fault) != 0)
		return fault->code;
	*ours = strcmp(lo.alias, NETNS_MARK) == 0;
	return 0;
}

static int
open_sockets(struct host *host, struct netns *ns, struct fault *fault)
{
	if (netns_enter(ns, fault) != 0)
		return fault->code;
	int code = nl_open(NETLINK_ROUTE, &ns->route, fault);

	if (code == 0)
		code = nl_open(NETLINK_SOCK_DIAG, &ns->diag, fault);
	if (code == 0)
		code = link_cache_open(&ns->links, ns->route, fault);
	if (code == 0)
		code = watch_open(host, true, &ns->watch, fault);
	netns_leave(host);
	return code;
}

/* Opens the pinned file; ENOENT when nothing is pinned there. */
static int
open_pin(uint32_t number, struct netns *ns, struct fault *fault)
{
	char path[NETNS_PATH_MAX];
	struct statfs fs;
	struct stat st;

	pin_path(number, path);
	ns->number = number;
	ns->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (ns->fd < 0 && errno != ENOENT && errno != EACCES)
		return fault_errno(fault, "%s", path);
	/* A file on which nothing is mounted is the rest of a crash between making and mounting. */
	if (ns->fd < 0 || fstatfs(ns->fd, &fs) != 0 || fs.f_type != NSFS_MAGIC || fstat(ns->fd, &st) != 0)
		return fault_set(fault, ENOENT, "there is no namespace dcaas-%u", number);
	ns->dev = st.st_dev;
	ns->ino = st.st_ino;
	return 0;
}

static int
netns_open(struct host *host, uint32_t number, struct netns **ret, struct fault *fault)
{
	struct netns *ns = calloc(1, sizeof(*ns));
	bool ours = false;

	if (ns == NULL)
		return fault_errno(fault, "namespace dcaas-%u", number);
	ns->fd = -1;
	if (open_pin(number, ns, fault) != 0 || open_sockets(host, ns, fault) != 0 || is_ours(ns, &ours, fault) != 0) {
		netns_free(ns);
		return fault->code;
	}
	if (!ours) {
		netns_free(ns);
		return fault_set(fault, EEXIST, "the namespace dcaas-%u exists and was not made by dcaas", number);
	}
	*ret = ns;
	return 0;
}

static bool
is_still_pinned(const struct netns *ns)
{
	char path[NETNS_PATH_MAX];
	struct stat st;

	pin_path(ns->number, path);
	return stat(path, &st) == 0 && st.st_dev == ns->dev && st.st_ino == ns->ino;
}

/* /run/netns as `ip netns` wants it: a mount of its own whose mounts spread, else an unpinned namespace would live on
 * in other mount namespaces. */
static int
make_folder(struct fault *fault)
{
	/* As `ip netns` makes it, whatever our umask is: others keep namespaces there, too. */
	if (mkdir(NETNS_DIR, 0755) == 0 ? chmod(NETNS_DIR, 0755) != 0 : errno != EEXIST)
		return fault_errno(fault, "%s", NETNS_DIR);
	if (mount("", NETNS_DIR, "none", MS_SHARED | MS_REC, NULL) == 0)
		return 0;
	if (errno != EINVAL)
		return fault_errno(fault, "%s", NETNS_DIR);
	if (mount(NETNS_DIR, NETNS_DIR, "none", MS_BIND | MS_REC, NULL) != 0 ||
	    mount("", NETNS_DIR, "none", MS_SHARED | MS_REC, NULL) != 0)
		return fault_errno(fault, "%s", NETNS_DIR);
	return 0;
}

static int
pin(const char *source, const char *path, struct fault *fault)
{
	int fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0444);

	if (fd < 0)
		return fault_errno(fault, "%s", path);
	close(fd);
	if (mount(source, path, "none", MS_BIND, NULL) == 0)
		return 0;
	fault_errno(fault, "pinning %s", path);
	unlink(path);
	return fault->code;
}

/* An operator's `ip netns del` unpins the name; the namespace itself, with its devices and BIRD, lives on, and would
 * hold its VLANs for ever. While it is open here it gets its name back, and nothing in it notices. */
static bool
pin_again(const struct netns *ns)
{
	char path[NETNS_PATH_MAX], source[NETNS_PATH_MAX];
	struct fault fault = {0};
	struct statfs fs;

	pin_path(ns->number, path);
	if (statfs(path, &fs) == 0 && fs.f_type == NSFS_MAGIC)
		return false; /* another one has the name */
	snprintf(source, sizeof(source), "/proc/thread-self/fd/%d", ns->fd);
	if (make_folder(&fault) != 0 || pin(source, path, &fault) != 0) {
		dc_log(LOG_ERR, "agent", "error=\"namespace dcaas-%u was unpinned: %s\"", ns->number, fault.text);
		return false;
	}
	dc_log(LOG_WARNING, "agent", "instance=%u pinned=again", ns->number);
	return true;
}

int
netns_get(struct host *host, uint32_t number, struct netns **ret, struct fault *fault)
{
	for (size_t i = 0; i < host->netns_count; i++) {
		if (host->netns[i]->number != number)
			continue;
		if (is_still_pinned(host->netns[i]) || pin_again(host->netns[i])) {
			*ret = host->netns[i];
			return 0;
		}
		forget(host, i);
		break;
	}
	struct netns **grown = reallocarray(host->netns, host->netns_count + 1, sizeof(struct netns *));

	if (grown == NULL)
		return fault_errno(fault, "namespace dcaas-%u", number);
	host->netns = grown;
	if (netns_open(host, number, &grown[host->netns_count], fault) != 0)
		return fault->code;
	*ret = grown[host->netns_count++];
	return 0;
}

/* 1..9999 from "dcaas-12"; 0 when the name is not of that form. */
static uint32_t
number_of(const char *name)
{
	uint32_t v = 0;
	size_t n = sizeof(NETNS_PREFIX) - 1;

	if (strncmp(name, NETNS_PREFIX, n) != 0 || name[n] < '1' || strlen(name + n) > 4)
		return 0;
	for (const char *p = name + n; *p != '\0'; p++) {
		if (*p < '0' || *p > '9')
			return 0;
		v = v * 10 + (uint32_t)(*p - '0');
	}
	return v;
}

static int
compare_numbers(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

int
netns_numbers(struct host *host, struct arena *arena, uint32_t **ret, size_t *n, struct fault *fault)
{
	uint32_t *numbers = arena_array(arena, 10000, sizeof(*numbers));
	size_t count = 0;

	for (size_t i = 0; i < host->netns_count; i++)
		if (!is_still_pinned(host->netns[i]))
			pin_again(host->netns[i]);
	DIR *dir = opendir(NETNS_DIR);

	for (const struct dirent *e; dir != NULL && count < 10000 && (e = readdir(dir)) != NULL;) {
		uint32_t number = number_of(e->d_name);
		struct fault ignored = {0};
		struct netns *ns;

		if (number != 0 && netns_get(host, number, &ns, &ignored) == 0)
			numbers[count++] = number;
	}
	if (dir != NULL)
		closedir(dir);
	else if (errno != ENOENT)
		return fault_errno(fault, "%s", NETNS_DIR);
	qsort(numbers, count, sizeof(*numbers), compare_numbers);
	*ret = numbers;
	*n = count;
	return 0;
}

/* Making one */

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

/* Pinned last, so that what is found under the name is whole. */
static int
make(struct host *host, uint32_t number, struct fault *fault)
{
	char path[NETNS_PATH_MAX];

	pin_path(number, path);
	if (make_folder(fault) != 0)
		return fault->code;
	if (unshare(CLONE_NEWNET) != 0)
		return fault_errno(fault, "a new network namespace");
	int code = prepare(fault);

	if (code == 0)
		code = pin("/proc/thread-self/ns/net", path, fault);
	netns_leave(host);
	return code;
}

/* One that exists gets what it should have, whatever happened to it meanwhile. */
static int
renew(struct host *host, struct netns *ns, struct fault *fault)
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

int
op_netns_add(struct call *call, const void *request)
{
	const struct op_instance *op = request;
	struct netns *ns;
	int code = netns_get(call->host, op->instance, &ns, &call->fault);

	if (code == 0)
		return renew(call->host, ns, &call->fault);
	if (code != ENOENT)
		return code;
	daemon_end_strays(call->host, op->instance);
	return make(call->host, op->instance, &call->fault);
}

/* Removing one */

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

int
op_netns_del(struct call *call, const void *request)
{
	const struct op_instance *op = request;
	char path[NETNS_PATH_MAX];
	struct netns *ns;
	int code = netns_get(call->host, op->instance, &ns, &call->fault);

	pin_path(op->instance, path);
	if (code == ENOENT) /* perhaps the file alone is left */
		return unlink(path) == 0 || errno == ENOENT ? 0 : fault_errno(&call->fault, "%s", path);
	if (code != 0 || (code = refuse_when_used(call, ns)) != 0)
		return code;
	forget_number(call->host, op->instance);
	if (umount2(path, MNT_DETACH) != 0)
		return fault_errno(&call->fault, "%s", path);
	return unlink(path) == 0 ? 0 : fault_errno(&call->fault, "%s", path);
}

/* Its settings are ours, too: a forwarding switched off by hand would stop everybody's traffic and look well. */
static void
renew_in_time(struct host *host, struct netns *ns)
{
	struct fault fault = {0};

	if (ns->renewed.ms != 0 && monotonic_since(ns->renewed) < RENEW_MS)
		return;
	ns->renewed = monotonic_now();
	if (renew(host, ns, &fault) != 0)
		dc_log(LOG_ERR, "agent", "instance=%u error=\"settings: %s\"", ns->number, fault.text);
}

int
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

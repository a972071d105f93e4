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
#include "edge/agent/nl.h"
#include "edge/agent/nl_link.h"
#include "edge/agent/watch.h"

#define NETNS_DIR "/run/netns"
#define NETNS_PREFIX "dcaas-"
#define NETNS_PATH_MAX 40

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
	filter_tables_close(&ns->filter);
	rate_cache_close(&ns->rates);
	nl_close(ns->watch);
	nl_close(ns->route);
	nl_close(ns->diag);
	if (ns->child.complaints >= 0)
		close(ns->child.complaints);
	if (ns->fd >= 0)
		close(ns->fd);
	free(ns);
}

static void
forget_at(struct host *host, size_t at)
{
	netns_free(host->netns[at]);
	host->netns[at] = host->netns[--host->netns_count];
}

/* Sockets of ours hold a namespace: it goes away only when they are closed. */
void
netns_forget(struct host *host, uint32_t number)
{
	for (size_t i = 0; i < host->netns_count; i++) {
		if (host->netns[i]->number == number) {
			forget_at(host, i);
			return;
		}
	}
}

void
netns_forget_all(struct host *host)
{
	while (host->netns_count > 0)
		forget_at(host, host->netns_count - 1);
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
		code = filter_tables_open(&ns->filter, ns->route, fault);
	if (code == 0)
		code = rate_cache_open(&ns->rates, ns->route, fault);
	if (code == 0)
		code = watch_open(host, true, &ns->watch, fault);
	if (code == 0)
		code = watch_too(host, ns->filter.watch, fault);
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
	ns->fd = ns->child.complaints = -1;
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
	/* As `ip netns` makes it, with any umask of ours: others keep namespaces there, too. */
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
pin_at(const char *source, const char *path, struct fault *fault)
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

int
netns_prepare_pin(struct fault *fault)
{
	return make_folder(fault);
}

int
netns_pin(uint32_t number, struct fault *fault)
{
	char path[NETNS_PATH_MAX];

	pin_path(number, path);
	return pin_at("/proc/thread-self/ns/net", path, fault);
}

int
netns_unpin(uint32_t number, bool mounted, struct fault *fault)
{
	char path[NETNS_PATH_MAX];

	pin_path(number, path);
	if (mounted && umount2(path, MNT_DETACH) != 0)
		return fault_errno(fault, "%s", path);
	return unlink(path) == 0 || (!mounted && errno == ENOENT) ? 0 : fault_errno(fault, "%s", path);
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
	if (make_folder(&fault) != 0 || pin_at(source, path, &fault) != 0) {
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
		forget_at(host, i);
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

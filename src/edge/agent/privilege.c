/* SPDX-License-Identifier: ISC */
#include "edge/agent/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define BIT(cap) (UINT64_C(1) << (cap))
#define CAPS_DAEMON (BIT(CAP_NET_ADMIN) | BIT(CAP_NET_RAW) | BIT(CAP_NET_BIND_SERVICE))
/* KILL: without it the kernel would not end the network half when the agent dies. What BIRD gets comes from its user
 * namespace, over which the agent's user has everything. */
#define CAPS_AGENT (BIT(CAP_NET_ADMIN) | BIT(CAP_SYS_ADMIN) | BIT(CAP_SETUID) | BIT(CAP_SETGID) | BIT(CAP_KILL))

static int
set_caps(uint64_t have, uint64_t inherit)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	for (int i = 0; i < 2; i++) {
		data[i].permitted = data[i].effective = (uint32_t)(have >> (32 * i));
		data[i].inheritable = (uint32_t)(inherit >> (32 * i));
	}
	return (int)syscall(SYS_capset, &header, data);
}

/* The bounding set: what no exec can bring back. A service manager may have limited it already, and with it the right
 * to limit it; the kernel answers EINVAL after the last capability that it knows. */
static int
limit_bounds(uint64_t keep)
{
	for (int cap = 0; cap < 64; cap++) {
		int there = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);

		if (there < 0)
			return errno == EINVAL && cap > CAP_AUDIT_READ ? 0 : -1;
		if (there && (keep & BIT(cap)) == 0 && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0)
			return -1;
	}
	return 0;
}

int
privilege_limit(void)
{
	if (limit_bounds(CAPS_AGENT) != 0 || prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 ||
	    setgroups(0, NULL) != 0)
		return -1;
	if (set_caps(CAPS_AGENT, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

int
privilege_limit_starter(void)
{
	return set_caps(BIT(CAP_SYS_ADMIN) | BIT(CAP_SETUID) | BIT(CAP_SETGID), 0);
}

int
privilege_enter_host_mounts(void)
{
	int host = open("/proc/1/ns/mnt", O_RDONLY | O_CLOEXEC), own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	struct stat there, here;
	int rc = host < 0 || own < 0 || fstat(host, &there) != 0 || fstat(own, &here) != 0 ? -1 : 0;

	if (rc == 0 && (there.st_dev != here.st_dev || there.st_ino != here.st_ino))
		rc = setns(host, CLONE_NEWNS);
	int code = errno;

	if (host >= 0)
		close(host);
	if (own >= 0)
		close(own);
	errno = code;
	return rc;
}

void
privilege_adjust_oom(int adjust)
{
	char text[16] = "";
	int fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC), own;
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	own = n > 0 ? (int)strtol(text, NULL, 10) : 0;
	adjust += own > 0 ? own : 0;
	snprintf(text, sizeof(text), "%d", adjust < 1000 ? adjust : 1000);
	if (fd >= 0 && pwrite(fd, text, strlen(text), 0) < 0)
		dprintf(STDERR_FILENO, "oom_score_adj: %s\n", strerror(errno));
	if (fd >= 0)
		close(fd);
}

static int
become(uid_t uid, gid_t gid, const gid_t *more)
{
	if (uid == 0) {
		errno = EINVAL;
		return -1;
	}
	if (setgroups(more != NULL, more) != 0 || setresgid(gid, gid, gid) != 0)
		return -1;
	return setresuid(uid, uid, uid);
}

int
privilege_drop(uid_t uid, gid_t gid, const gid_t *more)
{
	if (become(uid, gid, more) != 0 || set_caps(0, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

int
privilege_become_daemon(uid_t uid, gid_t gid, gid_t more)
{
	static const int kept[] = {CAP_NET_ADMIN, CAP_NET_RAW, CAP_NET_BIND_SERVICE};

	/* Entering a user namespace has filled the bounding set. */
	if (limit_bounds(CAPS_DAEMON) != 0 || prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || become(uid, gid, &more) != 0 ||
	    set_caps(CAPS_DAEMON, CAPS_DAEMON) != 0)
		return -1;
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, kept[i], 0, 0) != 0)
			return -1;
	return 0;
}

void
privilege_borrow(uid_t uid, gid_t gid)
{
	setfsgid(gid);
	setfsuid(uid);
}

void
privilege_return(void)
{
	setfsuid(0);
	setfsgid(0);
}

int
privilege_signal(uid_t uid, pid_t pid, int signal)
{
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(setresuid(uid, uid, uid) == 0 && kill(pid, signal) == 0 ? 0 : errno);
	if (child < 0)
		return errno;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
}

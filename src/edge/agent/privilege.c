/* SPDX-License-Identifier: ISC */
#include "edge/agent/privilege.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BIT(cap) (UINT64_C(1) << (cap))
#define CAPS_DAEMON (BIT(CAP_NET_ADMIN) | BIT(CAP_NET_RAW) | BIT(CAP_NET_BIND_SERVICE))
#define CAPS_AGENT (CAPS_DAEMON | BIT(CAP_SYS_ADMIN) | BIT(CAP_SETUID) | BIT(CAP_SETGID) | BIT(CAP_KILL))

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
 * to limit it; the kernel says EINVAL behind the last capability that it knows. */
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

static int
become(uid_t uid, gid_t gid)
{
	if (uid == 0) {
		errno = EINVAL;
		return -1;
	}
	if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0)
		return -1;
	return setresuid(uid, uid, uid);
}

int
privilege_drop(uid_t uid, gid_t gid)
{
	if (become(uid, gid) != 0 || set_caps(0, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

int
privilege_become_daemon(uid_t uid, gid_t gid)
{
	static const int kept[] = {CAP_NET_ADMIN, CAP_NET_RAW, CAP_NET_BIND_SERVICE};

	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || become(uid, gid) != 0 || set_caps(CAPS_DAEMON, CAPS_DAEMON) != 0)
		return -1;
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, kept[i], 0, 0) != 0)
			return -1;
	return 0;
}

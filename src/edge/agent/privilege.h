/* SPDX-License-Identifier: ISC */
/* privilege.h - what each process of the edge may do: the agent what op.h names, BIRD three capabilities in its
 * own user namespace, the unprivileged half nothing. What limits returns 0, or -1 with errno, and cannot be undone. */
#ifndef DC_AGENT_PRIVILEGE_H
#define DC_AGENT_PRIVILEGE_H

#include <sys/types.h>

/* The mount namespace of process 1, where this process is already or goes to. Needs CAP_SYS_PTRACE to find it, and
 * CAP_SYS_CHROOT and CAP_SYS_ADMIN to go there. 0, or -1 with errno. */
int privilege_enter_host_mounts(void);
/* The agent: root without all the other capabilities, for itself and all that it starts. */
int privilege_limit(void);
/* The unprivileged half: uid and gid, one more group unless NULL, nothing else; not to be looked into by others of that
 * uid. */
int privilege_drop(uid_t, gid_t, const gid_t *more);
/* BIRD, inside its user namespace and right before exec: uid, gid and one more group, with NET_ADMIN, NET_RAW and
 * NET_BIND_SERVICE that outlive exec. */
int privilege_become_daemon(uid_t, gid_t, gid_t more);

/* The starter: what it takes to become another user, and to enter a namespace. As privilege_limit(). */
int privilege_limit_starter(void);
/* The kernel out of memory ends a process the sooner the higher this is: relative to what the edge was started with, or
 * as it is when that was below 0. */
void privilege_adjust_oom(int adjust);

/* Between these two, files are reached with another's rights and no more. */
void privilege_borrow(uid_t, gid_t);
void privilege_return(void);
/* Sent with the rights of its user: were the number another process's by now, that one could be none of the router's.
 * 0, or an errno. */
int privilege_signal(uid_t, pid_t, int signal);

#endif

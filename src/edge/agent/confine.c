/* SPDX-License-Identifier: ISC */
#include "edge/agent/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAGE 65536u /* the largest of any machine */
#define LOWEST "/proc/sys/vm/mmap_min_addr"
#define NEW_NAMESPACES                                                                                                 \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

/* Of confine_program(): the lowest page that a process may have, where nothing else ever is. */
static uintptr_t program_at;

/* Of any daemon: memory, time, signals of its own, files and sockets that it may reach. */
static const char *const common[] = {"_llseek", "accept", "accept4", "access", "alarm", "arch_prctl", "bind", "brk",
    "capget", "chdir", "chmod", "clock_getres", "clock_getres_time64", "clock_gettime", "clock_gettime64",
    "clock_nanosleep", "clock_nanosleep_time64", "close", "close_range", "connect", "copy_file_range", "dup", "dup2",
    "dup3", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_pwait2", "epoll_wait", "eventfd",
    "eventfd2", "exit", "exit_group", "faccessat", "faccessat2", "fadvise64", "fadvise64_64", "fallocate", "fchdir",
    "fchmod", "fchmodat", "fchown", "fchown32", "fcntl", "fcntl64", "fdatasync", "flock", "fork", "fstat", "fstat64",
    "fstatat64", "fstatfs", "fstatfs64", "fsync", "ftruncate", "ftruncate64", "futex", "futex_time64", "futex_waitv",
    "get_robust_list", "getcpu", "getcwd", "getdents", "getdents64", "getegid", "getegid32", "geteuid", "geteuid32",
    "getgid", "getgid32", "getgroups", "getgroups32", "getitimer", "getpeername", "getpgid", "getpgrp", "getpid",
    "getppid", "getpriority", "getrandom", "getresgid", "getresgid32", "getresuid", "getresuid32", "getrlimit",
    "getrusage", "getsid", "getsockname", "getsockopt", "gettid", "gettimeofday", "getuid", "getuid32", "ioctl", "kill",
    "link", "linkat", "listen", "lseek", "lstat", "lstat64", "madvise", "membarrier", "memfd_create", "mincore",
    "mkdir", "mkdirat", "mlock", "mlock2", "mprotect", "msync", "munlock", "munmap", "nanosleep", "newfstatat", "open",
    "openat", "openat2", "pause", "pipe", "pipe2", "poll", "ppoll", "ppoll_time64", "prctl", "pread64", "preadv",
    "prlimit64", "pselect6", "pselect6_time64", "pwrite64", "pwritev", "read", "readahead", "readlink", "readlinkat",
    "readv", "recv", "recvfrom", "recvmmsg", "recvmmsg_time64", "recvmsg", "rename", "renameat", "renameat2",
    "restart_syscall", "rmdir", "rseq", "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigreturn",
    "rt_sigsuspend", "rt_sigtimedwait", "rt_sigtimedwait_time64", "sched_get_priority_max", "sched_get_priority_min",
    "sched_getaffinity", "sched_getattr", "sched_getparam", "sched_getscheduler", "sched_yield", "select", "send",
    "sendfile", "sendfile64", "sendmmsg", "sendmsg", "sendto", "set_robust_list", "set_tid_address", "setitimer",
    "setrlimit", "setsid", "setsockopt", "shutdown", "sigaltstack", "sigreturn", "socketpair", "splice", "stat",
    "stat64", "statfs", "statfs64", "statx", "sysinfo", "tgkill", "time", "timer_create", "timer_delete",
    "timer_settime", "timer_settime64", "timerfd_create", "timerfd_gettime", "timerfd_settime", "times", "truncate",
    "truncate64", "ugetrlimit", "umask", "uname", "unlink", "unlinkat", "utime", "utimensat", "vfork", "wait4",
    "waitid", "waitpid", "write", "writev", NULL};

/* To become another user, and to enter a namespace. The filter of what is started comes on top of the starter's. */
static const char *const becoming[] = {"capset", "seccomp", "setfsgid", "setfsgid32", "setfsuid", "setfsuid32",
    "setgroups", "setgroups32", "setns", "setresgid", "setresgid32", "setresuid", "setresuid32", NULL};
/* To make a namespace and to give it a name; to load what decides over frames (filter.h). */
static const char *const making[] = {"bpf", "mount", "umount2", "unshare", "signalfd", "signalfd4", NULL};
static const char *const executing[] = {"execve", "mount", "unshare", NULL};

/* What ends a process: nothing that goes wrong by chance leads there. */
static const char *const deadly[] = {"execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev", "bpf",
    "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "userfaultfd", "add_key",
    "request_key", "keyctl", "open_by_handle_at", "pivot_root", "chroot", "swapon", "reboot", NULL};

static const struct {
	const char *const *more[3];
} lists[] = {
    [CONFINE_AGENT] = {{becoming, making}},
    [CONFINE_STARTER] = {{becoming, executing}},
    [CONFINE_NETWORK] = {{NULL}},
    [CONFINE_BIRD] = {{NULL}},
};

static bool
is_in(const char *name, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strcmp(*list, name) == 0)
			return true;
	return false;
}

/* A call that this machine or this version of the library does not have is none to be allowed. */
static int
add(scmp_filter_ctx filter, uint32_t action, const char *name)
{
	int number = seccomp_syscall_resolve_name(name);

	return number == __NR_SCMP_ERROR ? 0 : seccomp_rule_add(filter, action, number, 0);
}

static int
add_all(scmp_filter_ctx filter, const char *const *list)
{
	int rc = 0;

	for (; rc == 0 && *list != NULL; list++)
		rc = add(filter, SCMP_ACT_ALLOW, *list);
	return rc;
}

static bool
may(enum confine_as who, const char *name)
{
	for (size_t i = 0; i < 3 && lists[who].more[i] != NULL; i++)
		if (is_in(name, lists[who].more[i]))
			return true;
	return false;
}

/* Those of the list that it may make after all are not deadly to it. */
static int
add_deadly(scmp_filter_ctx filter, enum confine_as who)
{
	/* Without the system call of that name (before Linux 4.14, and in valgrind) a filter ends a thread only. */
	const uint32_t end = seccomp_api_get() >= 3 ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_KILL;
	int rc = 0;

	for (size_t i = 0; rc == 0 && deadly[i] != NULL; i++)
		if (!may(who, deadly[i]) && !(who == CONFINE_BIRD && strcmp(deadly[i], "execve") == 0))
			rc = add(filter, end, deadly[i]);
	return rc;
}

/* Families that the edge and BIRD speak: no packets past the kernel's own rules, no exotic protocols. */
static int
add_sockets(scmp_filter_ctx filter)
{
	static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(families) / sizeof(families[0]); i++)
		rc = seccomp_rule_add(
		    filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, SCMP_A0_32(SCMP_CMP_EQ, (scmp_datum_t)families[i]));
	return rc;
}

/* Threads and processes, but no namespaces: the maker of a user namespace has all capabilities in it. The flags of
 * clone3 lie in memory, where no filter looks: answered that there is none, the C library uses clone. */
static int
add_clone(scmp_filter_ctx filter, bool any)
{
	const struct scmp_arg_cmp plain = SCMP_A0_64(SCMP_CMP_MASKED_EQ, (scmp_datum_t)NEW_NAMESPACES, 0);
	int rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);

	if (rc != 0)
		return rc;
	return any ? add(filter, SCMP_ACT_ALLOW, "clone")
		   : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, plain);
}

static int
add_memory(scmp_filter_ctx filter, bool any)
{
	static const int maps[] = {SCMP_SYS(mmap), SCMP_SYS(mmap2)};
	int rc = 0;

	if (any)
		return add(filter, SCMP_ACT_ALLOW, "mmap") != 0 || add(filter, SCMP_ACT_ALLOW, "mmap2") != 0 ||
			       add(filter, SCMP_ACT_ALLOW, "mremap") != 0
			   ? -EINVAL
			   : 0;
	for (size_t i = 0; rc == 0 && i < 2; i++) {
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, maps[i], 1, SCMP_A0_64(SCMP_CMP_EQ, 0));
		if (rc == 0)
			rc = seccomp_rule_add(
			    filter, SCMP_ACT_ALLOW, maps[i], 1, SCMP_A0_64(SCMP_CMP_GE, program_at + PAGE));
	}
	return rc != 0 ? rc
		       : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mremap), 1,
			     SCMP_A3_64(SCMP_CMP_MASKED_EQ, ~(scmp_datum_t)MREMAP_MAYMOVE, 0));
}

static int
fill(scmp_filter_ctx filter, enum confine_as who)
{
	int rc = add_all(filter, common);

	for (size_t i = 0; rc == 0 && i < 3 && lists[who].more[i] != NULL; i++)
		rc = add_all(filter, lists[who].more[i]);
	if (rc == 0 && who == CONFINE_BIRD)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(execve), 1, SCMP_A0_64(SCMP_CMP_EQ, program_at));
	if (rc != 0 || (rc = add_deadly(filter, who)) != 0 || (rc = add_sockets(filter)) != 0 ||
	    (rc = add_clone(filter, who == CONFINE_STARTER)) != 0)
		return rc;
	return add_memory(filter, who != CONFINE_BIRD);
}

int
confine(enum confine_as who)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int rc;

	if (filter == NULL)
		return ENOMEM;
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0); /* set long before */
	rc = fill(filter, who);
	if (rc == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	return -rc;
}

static uintptr_t
lowest_page(void)
{
	char text[24] = "";
	int fd = open(LOWEST, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	unsigned long least = n > 0 ? strtoul(text, NULL, 10) : 0;

	if (fd >= 0)
		close(fd);
	return least <= PAGE ? PAGE : (least + PAGE - 1) / PAGE * PAGE;
}

const char *
confine_program(const char *path)
{
	size_t size = strlen(path) + 1;
	void *at = (void *)(program_at = lowest_page());

	if (size > PAGE) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	if (mmap(at, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != at)
		return NULL;
	memcpy(at, path, size);
	return mprotect(at, PAGE, PROT_READ) == 0 ? at : NULL;
}

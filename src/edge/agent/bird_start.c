/* SPDX-License-Identifier: ISC */
#include "edge/agent/bird_start.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "edge/agent/bird_user.h"
#include "edge/agent/confine.h"
#include "edge/agent/privilege.h"

#define NETNS_PLACE (STDERR_FILENO + 1)
#define OOM_ADJUST 500                 /* the first to go: it is started again, and its routes stay meanwhile */
#define ADDRESSES (UINT64_C(16) << 30) /* beside its memory: libraries, stacks */

static const char *const bird_paths[] = {"/usr/sbin/bird", "/usr/local/sbin/bird"};

static _Noreturn void
give_up(const char *what)
{
	dprintf(STDERR_FILENO, "%s: %s", what, strerror(errno));
	_exit(127);
}

static void
set_limit(int which, rlim_t value)
{
	struct rlimit limit = {value, value}, old;

	if (getrlimit((__rlimit_resource_t)which, &old) == 0 && old.rlim_max < value)
		limit = (struct rlimit){old.rlim_max, old.rlim_max};
	setrlimit((__rlimit_resource_t)which, &limit);
}

static void
set_limits(const struct host *host)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0)
		set_limit(RLIMIT_NOFILE, files.rlim_max); /* one or two sockets per session */
	set_limit(RLIMIT_CORE, 0);                        /* it would hold passwords */
	set_limit(RLIMIT_DATA, host->bird_memory);
	set_limit(RLIMIT_AS, host->bird_memory + ADDRESSES); /* what confine_program() counts on */
}

static void
redirect(int words, int netns)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (dup2(words, STDERR_FILENO) < 0 || null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(null, STDOUT_FILENO) < 0 || dup2(netns, NETNS_PLACE) < 0)
		give_up("redirection");
	closefrom(NETNS_PLACE + 1);
}

/* Its folder is the network half's, which nobody else may pass through to it. */
static void
enter_folder(const struct host *host, uint32_t instance, const struct bird_user *user)
{
	char folder[PATH_MAX];
	int n = snprintf(folder, sizeof(folder), "%s/bird/%u", host->state_dir, instance);

	privilege_borrow(host->uid, user->group);
	if (n < 0 || n >= PATH_MAX || chdir(folder) != 0)
		give_up("its folder");
	privilege_return();
}

/* Names of network namespaces are for everybody to open, and on some kernels to put a device into. What is mounted and
 * taken away elsewhere still is so here, under the cover: nothing is kept from its end. */
static void
hide_namespaces(void)
{
	static const char folder[] = "/run/netns";

	if (unshare(CLONE_NEWNS) != 0 || mount("", "/", NULL, MS_SLAVE | MS_REC, NULL) != 0 ||
	    mount("none", folder, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0,size=4k") != 0)
		give_up("hiding the namespaces");
}

static void
leave_agent(void)
{
	sigset_t none;

	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGHUP, SIG_DFL); /* the agent may ignore it, and that would outlive exec */
	umask(022);              /* nobody else comes into its folder; the network half reads its log */
}

static const char *
find_program(void)
{
	for (size_t i = 0; i < sizeof(bird_paths) / sizeof(bird_paths[0]); i++)
		if (access(bird_paths[i], X_OK) == 0)
			return bird_paths[i];
	give_up(bird_paths[0]);
}

/* Names of its files have no path: it is in their folder, and can reach none above it. */
void
bird_start(const struct host *host, uint32_t instance, bool recover, int netns, int words)
{
	char *const argv[] = {(char[]){BIRD_NAME}, (char[]){"-f"}, (char[]){"-c"}, (char[]){"bird.conf"},
	    (char[]){"-s"}, (char[]){"run/bird.ctl"}, (char[]){"-P"}, (char[]){"run/bird.pid"},
	    recover ? (char[]){"-R"} : NULL, NULL};
	char *const env[] = {(char[]){"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}, (char[]){"LANG=C"}, NULL};
	struct bird_user user;
	struct fault fault = {0};

	redirect(words, netns);
	if (bird_user_find(host, instance, &user, &fault) != 0) {
		errno = fault.code;
		give_up("its user");
	}
	enter_folder(host, instance, &user);
	if (setns(NETNS_PLACE, CLONE_NEWNET) != 0)
		give_up("entering the namespace");
	hide_namespaces();
	privilege_adjust_oom(OOM_ADJUST);
	leave_agent();
	set_limits(host);
	if (bird_user_become(&user, NETNS_PLACE) != 0)
		give_up("changing to its user");
	close(NETNS_PLACE);
	const char *program = confine_program(find_program());

	if (program == NULL || (errno = confine(CONFINE_BIRD)) != 0)
		give_up("a filter of system calls");
	execve(program, argv, env);
	give_up("starting bird");
}

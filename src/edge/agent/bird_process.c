/* SPDX-License-Identifier: ISC */
#include "edge/agent/bird_process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "edge/agent/privilege.h"

#define BIRD_NAME "bird"
#define START_MS 7000 /* reading its configuration, and going into the background */
#define LOOK_MS 10

static const char *const bird_paths[] = {"/usr/sbin/bird", "/usr/local/sbin/bird"};

/* Files of the unprivileged half are opened, and its processes looked at, with its rights and no more. */
static void
as_user(const struct host *host)
{
	setfsgid(host->gid);
	setfsuid(host->uid);
}

static void
as_agent(void)
{
	setfsuid(0);
	setfsgid(0);
}

static int
file_path(const struct host *host, uint32_t instance, const char *name, char out[PATH_MAX], struct fault *fault)
{
	int n = snprintf(out, PATH_MAX, "%s/bird/%u/%s", host->state_dir, instance, name);

	return n > 0 && n < PATH_MAX ? 0 : fault_set(fault, ENAMETOOLONG, "the state folder's name is too long");
}

/* Finding */

/* At most max bytes of a small file, as a string. */
static bool
read_small(const char *path, char *out, size_t max)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t n = fd < 0 ? -1 : read(fd, out, max - 1);

	if (fd >= 0)
		close(fd);
	out[n < 0 ? 0 : n] = '\0';
	return n > 0;
}

static uint32_t
parse_pid(const char *text)
{
	uint32_t pid = 0;

	for (size_t i = 0; text[i] >= '0' && text[i] <= '9'; i++) {
		if (i >= 7)
			return 0;
		pid = pid * 10 + (uint32_t)(text[i] - '0');
	}
	return pid > 1 ? pid : 0;
}

static bool
is_bird_of(const struct host *host, const struct netns *ns, uint32_t pid)
{
	char path[64], name[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%u", pid);
	if (pid == 0 || stat(path, &st) != 0 || st.st_uid != host->uid)
		return false;
	snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	if (!read_small(path, name, sizeof(name)) || strcmp(name, BIRD_NAME "\n") != 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%u/ns/net", pid);
	return stat(path, &st) == 0 && st.st_dev == ns->dev && st.st_ino == ns->ino;
}

/* Its pid file may be gone, or not be written yet. */
static uint32_t
search(const struct host *host, const struct netns *ns)
{
	DIR *dir = opendir("/proc");
	uint32_t found = 0;

	for (const struct dirent *e; dir != NULL && found == 0 && (e = readdir(dir)) != NULL;) {
		uint32_t pid = parse_pid(e->d_name);

		if (is_bird_of(host, ns, pid))
			found = pid;
	}
	if (dir != NULL)
		closedir(dir);
	return found;
}

int
daemon_find(struct host *host, struct netns *ns, uint32_t *pid, struct fault *fault)
{
	char path[PATH_MAX], text[16];

	if (file_path(host, ns->number, "bird.pid", path, fault) != 0)
		return fault->code;
	as_user(host);
	*pid = read_small(path, text, sizeof(text)) ? parse_pid(text) : 0;
	if (!is_bird_of(host, ns, *pid))
		*pid = search(host, ns);
	as_agent();
	return 0;
}

/* Starting */

struct start {
	const struct host *host;
	const struct netns *ns;
	char config[PATH_MAX], control[PATH_MAX], pid[PATH_MAX];
	bool recover;
};

static _Noreturn void
give_up(const char *what)
{
	dprintf(STDERR_FILENO, "%s: %s", what, strerror(errno));
	_exit(127);
}

static void
set_limits(void)
{
	struct rlimit files, none = {0, 0};

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max; /* one or two sockets per session */
		setrlimit(RLIMIT_NOFILE, &files);
	}
	setrlimit(RLIMIT_CORE, &none); /* it would hold passwords */
}

static void
redirect(int words)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (dup2(words, STDERR_FILENO) < 0 || null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		give_up("redirection");
	closefrom(STDERR_FILENO + 1);
}

/* The child: becomes BIRD. Detached from all that is the agent's, so that it goes on without it. */
static _Noreturn void
become_bird(struct start *start, int words)
{
	char *const argv[] = {(char[]){BIRD_NAME}, (char[]){"-c"}, start->config, (char[]){"-s"}, start->control,
	    (char[]){"-P"}, start->pid, start->recover ? (char[]){"-R"} : NULL, NULL};
	char *const env[] = {(char[]){"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}, (char[]){"LANG=C"}, NULL};
	sigset_t none;

	if (setns(start->ns->fd, CLONE_NEWNET) != 0)
		give_up("entering the namespace");
	redirect(words);
	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGHUP, SIG_DFL); /* the agent may ignore it, and that would outlive exec */
	set_limits();
	umask(077);
	if (chdir("/") != 0 || privilege_become_daemon(start->host->uid, start->host->gid) != 0)
		give_up("changing to its user");
	for (size_t i = 0; i < sizeof(bird_paths) / sizeof(bird_paths[0]); i++)
		execve(bird_paths[i], argv, env);
	give_up("starting bird");
}

/* What it says before it is in the background, or dead. */
static void
listen_to(int fd, struct monotonic begun, char *out, size_t size)
{
	size_t len = 0;

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left = START_MS - monotonic_since(begun);
		char rest[128];

		if (left <= 0 || (poll(&p, 1, (int)left) < 0 && errno != EINTR))
			break;
		if (p.revents == 0)
			continue;
		bool full = len >= size - 1;
		ssize_t n = read(fd, full ? rest : out + len, full ? sizeof(rest) : size - 1 - len);

		if (n <= 0)
			break;
		if (!full)
			len += (size_t)n;
	}
	out[len] = '\0';
	while (len > 0 && out[len - 1] == '\n')
		out[--len] = '\0';
}

/* Its first process ends when the configuration is read and the second one is on its own. */
static int
wait_for_first(pid_t child, struct monotonic begun, const char *words, struct fault *fault)
{
	int status = 0;
	pid_t got;

	while ((got = waitpid(child, &status, WNOHANG)) == 0 && monotonic_since(begun) < START_MS)
		poll(NULL, 0, LOOK_MS);
	if (got == 0) {
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
		return fault_set(fault, ETIMEDOUT, "BIRD does not start: %s", words);
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return fault_set(
		    fault, ECHILD, "BIRD does not start: %s", words[0] != '\0' ? words : "it ended without a word");
	return 0;
}

static int
wait_until_found(struct host *host, struct netns *ns, struct monotonic begun, struct fault *fault)
{
	uint32_t pid;

	for (;;) {
		if (daemon_find(host, ns, &pid, fault) != 0)
			return fault->code;
		if (pid != 0)
			return 0;
		if (monotonic_since(begun) > START_MS)
			return fault_set(fault, ECHILD, "BIRD ended as soon as it was started");
		poll(NULL, 0, LOOK_MS);
	}
}

static int
run(struct host *host, struct netns *ns, struct start *start, struct fault *fault)
{
	struct monotonic begun = monotonic_now();
	char words[OP_TEXT_MAX / 2];
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return fault_errno(fault, "pipe");
	pid_t child = fork();

	if (child == 0)
		become_bird(start, ends[1]);
	int code = child < 0 ? fault_errno(fault, "fork") : 0;

	close(ends[1]);
	if (code == 0) {
		listen_to(ends[0], begun, words, sizeof(words));
		code = wait_for_first(child, begun, words, fault);
	}
	close(ends[0]);
	return code == 0 ? wait_until_found(host, ns, begun, fault) : code;
}

static int
op_daemon_start(struct call *call, const void *request)
{
	const struct op_daemon *op = request;
	struct host *host = call->host;
	struct fault *fault = &call->fault;
	struct start *start = arena_new_of(call->arena, struct start);
	struct netns *ns;
	uint32_t pid;

	if (netns_get(host, op->instance, &ns, fault) != 0 || daemon_find(host, ns, &pid, fault) != 0)
		return fault->code;
	if (pid != 0)
		return 0;
	start->host = host;
	start->ns = ns;
	start->recover = op->recover != 0;
	if (file_path(host, op->instance, "bird.conf", start->config, fault) != 0 ||
	    file_path(host, op->instance, "bird.ctl", start->control, fault) != 0 ||
	    file_path(host, op->instance, "bird.pid", start->pid, fault) != 0)
		return fault->code;
	return run(host, ns, start, fault);
}

static int
op_daemon_state(struct call *call, const void *request)
{
	const struct op_instance *op = request;
	struct reply_daemon *reply;
	struct netns *ns;
	int code = netns_get(call->host, op->instance, &ns, &call->fault);

	if (code != 0 && code != ENOENT)
		return code;
	reply = call_reply(call, sizeof(*reply));
	return code == ENOENT ? 0 : daemon_find(call->host, ns, &reply->pid, &call->fault);
}

/* Stopping */

/* Sent with the rights of its user: were the number another process's by now, that one could be none of the router's.
 */
static int
send_signal(const struct host *host, uint32_t pid, int signal, struct fault *fault)
{
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(privilege_drop(host->uid, host->gid) == 0 && kill((pid_t)pid, signal) == 0 ? 0 : errno);
	if (child < 0)
		return fault_errno(fault, "fork");
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return fault_errno(fault, "ending BIRD, pid %u", pid);
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : EIO;

	return code == 0 || code == ESRCH ? 0 : fault_set(fault, code, "ending BIRD, pid %u: %s", pid, strerror(code));
}

/* A BIRD of that instance's file, wherever it runs. */
static bool
is_bird_on(const struct host *host, uint32_t pid, const char *config)
{
	char path[64], line[PATH_MAX + 32];
	struct stat st;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/cmdline", pid);
	if (pid == 0 || (fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return false;
	n = fstat(fd, &st) == 0 && st.st_uid == host->uid ? read(fd, line, sizeof(line) - 1) : -1;
	close(fd);
	line[n < 0 ? 0 : n] = '\0';
	return n > 9 && memcmp(line, BIRD_NAME "\0-c\0", 8) == 0 && strcmp(line + 8, config) == 0;
}

void
daemon_end_strays(struct host *host, uint32_t instance)
{
	char config[PATH_MAX];
	struct fault ignored = {0};
	DIR *dir = opendir("/proc");

	if (file_path(host, instance, "bird.conf", config, &ignored) == 0)
		for (const struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
			uint32_t pid = parse_pid(e->d_name);

			as_user(host);
			bool stray = is_bird_on(host, pid, config);

			as_agent();
			if (stray)
				send_signal(host, pid, SIGKILL, &ignored);
		}
	if (dir != NULL)
		closedir(dir);
}

static int
op_daemon_stop(struct call *call, const void *request)
{
	const struct op_stop *op = request;
	struct host *host = call->host;
	struct fault *fault = &call->fault;
	struct netns *ns;
	uint32_t pid;
	int code = netns_get(host, op->instance, &ns, fault);

	if (code == ENOENT)
		return 0;
	if (code != 0 || (code = daemon_find(host, ns, &pid, fault)) != 0 || pid == 0)
		return code;
	return send_signal(host, pid, op->at_once != 0 ? SIGKILL : SIGTERM, fault);
}

static const struct member members[] = {MEMBER(op_daemon, INSTANCE, instance), {MEMBER_END, 0}};
static const struct member stop_members[] = {MEMBER(op_stop, INSTANCE, instance), {MEMBER_END, 0}};

static const struct op_row rows[] = {
    {OP_DAEMON_START, op_daemon_start, sizeof(struct op_daemon), members},
    {OP_DAEMON_STATE, op_daemon_state, sizeof(struct op_instance), members_instance},
    {OP_DAEMON_STOP, op_daemon_stop, sizeof(struct op_stop), stop_members},
};

const struct object bird_process_object = OBJECT(rows);

/* SPDX-License-Identifier: ISC */
#include "edge/agent/bird_process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "edge/agent/bird_start.h"
#include "edge/agent/bird_user.h"
#include "edge/agent/privilege.h"
#include "edge/agent/starter.h"

#define LOOK_MS 10
#define KILL_MS 2000

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
is_bird_of(uid_t uid, const struct netns *ns, uint32_t pid)
{
	char path[64], name[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%u", pid);
	if (pid == 0 || stat(path, &st) != 0 || st.st_uid != uid)
		return false;
	snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	if (!read_small(path, name, sizeof(name)) || strcmp(name, BIRD_NAME "\n") != 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%u/ns/net", pid);
	return stat(path, &st) == 0 && st.st_dev == ns->dev && st.st_ino == ns->ino;
}

static uint32_t
search(uid_t uid, const struct netns *ns)
{
	DIR *dir = opendir("/proc");
	uint32_t found = 0;

	for (const struct dirent *e; dir != NULL && found == 0 && (e = readdir(dir)) != NULL;) {
		uint32_t pid = parse_pid(e->d_name);

		if (is_bird_of(uid, ns, pid))
			found = pid;
	}
	if (dir != NULL)
		closedir(dir);
	return found;
}

/* Starting */

/* What it has written since. Nobody waits for it: neither side of the pipe does. */
static void
listen_to(struct bird_child *child)
{
	char rest[128];

	for (;;) {
		bool full = child->len >= sizeof(child->words) - 1;
		ssize_t n = read(child->complaints, full ? rest : child->words + child->len,
		    full ? sizeof(rest) : sizeof(child->words) - 1 - child->len);

		if (n <= 0)
			return;
		if (!full)
			child->len += (size_t)n;
	}
}

static void
stop_listening(struct bird_child *child)
{
	if (child->complaints >= 0)
		close(child->complaints);
	child->complaints = -1;
	child->starting = false;
}

void
daemon_reaped(struct host *host, pid_t pid)
{
	for (size_t i = 0; i < host->netns_count; i++) {
		struct bird_child *child = &host->netns[i]->child;

		if (child->pid != pid)
			continue;
		child->pid = 0;
		if (child->starting)
			listen_to(child);
		stop_listening(child);
		while (child->len > 0 && child->words[child->len - 1] == '\n')
			child->len--;
		child->words[child->len] = '\0';
		return;
	}
}

/* BIRD writes the file when it has read its configuration. */
static bool
has_started(const struct host *host, const struct netns *ns, const struct bird_user *user)
{
	struct fault ignored = {0};
	char path[PATH_MAX], text[16];

	if (file_path(host, ns->number, "run/bird.pid", path, &ignored) != 0)
		return true;
	privilege_borrow(host->uid, user->control);
	bool written = read_small(path, text, sizeof(text));

	privilege_return();
	return written;
}

static void
look_at_start(struct host *host, struct netns *ns, const struct bird_user *user)
{
	int status;

	if (!ns->child.starting)
		return;
	if (waitpid(ns->child.pid, &status, WNOHANG) == ns->child.pid) {
		daemon_reaped(host, ns->child.pid);
		return;
	}
	listen_to(&ns->child);
	if (has_started(host, ns, user))
		stop_listening(&ns->child);
}

static int
run(struct host *host, struct netns *ns, bool recover, struct fault *fault)
{
	struct bird_child *child = &ns->child;
	char pid_file[PATH_MAX];
	struct bird_user user;
	int ends[2];

	if (bird_user_find(host, ns->number, &user, fault) != 0 ||
	    file_path(host, ns->number, "run/bird.pid", pid_file, fault) != 0)
		return fault->code;
	privilege_borrow(host->uid, user.control);
	unlink(pid_file);
	privilege_return();
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
		return fault_errno(fault, "pipe");
	stop_listening(child);
	*child = (struct bird_child){.complaints = ends[0], .starting = true};
	child->pid = starter_bird(host, ns->number, recover, ns->fd, ends[1], fault);
	close(ends[1]);
	if (child->pid > 0)
		return 0;
	child->pid = 0;
	stop_listening(child);
	return fault->code;
}

int
daemon_find(struct host *host, struct netns *ns, uint32_t *pid, struct fault *fault)
{
	struct bird_user user;

	if (bird_user_find(host, ns->number, &user, fault) != 0)
		return fault->code;
	look_at_start(host, ns, &user);
	if (ns->child.starting)
		ns->bird = (uint32_t)ns->child.pid;
	else if (!is_bird_of(user.uid, ns, ns->bird))
		ns->bird = search(user.uid, ns);
	*pid = ns->bird;
	return 0;
}

static int
op_daemon_start(struct call *call, const void *request)
{
	const struct op_daemon *op = request;
	struct host *host = call->host;
	struct fault *fault = &call->fault;
	struct netns *ns;
	uint32_t pid;

	if (netns_get(host, op->instance, &ns, fault) != 0 || daemon_find(host, ns, &pid, fault) != 0)
		return fault->code;
	if (pid != 0)
		return 0;
	if (bird_user_keep_folder(host, op->instance, fault) != 0)
		return fault->code;
	return run(host, ns, op->recover != 0, fault);
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
	if (code == ENOENT)
		return 0;
	code = daemon_find(call->host, ns, &reply->pid, &call->fault);
	reply->starting = ns->child.starting;
	if (reply->pid == 0)
		memcpy(reply->words, ns->child.words, sizeof(reply->words));
	return code;
}

/* Stopping */

static int
send_signal(uid_t uid, uint32_t pid, int signal, struct fault *fault)
{
	int code = privilege_signal(uid, (pid_t)pid, signal);

	return code == 0 || code == ESRCH ? 0 : fault_set(fault, code, "ending BIRD, pid %u: %s", pid, strerror(code));
}

static bool
ends_within(uid_t uid, const struct netns *ns, uint32_t pid, int ms)
{
	struct monotonic begun = monotonic_now();

	for (;;) {
		bool runs = is_bird_of(uid, ns, pid);

		if (!runs || monotonic_since(begun) > ms)
			return !runs;
		poll(NULL, 0, LOOK_MS);
	}
}

/* Whose it is; 0 when it is no BIRD. */
static uid_t
owner_of_bird(uint32_t pid)
{
	char path[64], name[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	if (pid == 0 || !read_small(path, name, sizeof(name)) || strcmp(name, BIRD_NAME "\n") != 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/%u", pid);
	return stat(path, &st) == 0 ? st.st_uid : 0;
}

uint32_t
daemon_stray(struct host *host, uint32_t instance)
{
	struct fault ignored = {0};
	struct bird_user user;
	DIR *dir = opendir("/proc");
	uint32_t found = 0;

	if (bird_user_find(host, instance, &user, &ignored) == 0)
		for (const struct dirent *e; dir != NULL && found == 0 && (e = readdir(dir)) != NULL;) {
			uint32_t pid = parse_pid(e->d_name);

			if (owner_of_bird(pid) == user.uid)
				found = pid;
		}
	if (dir != NULL)
		closedir(dir);
	return found;
}

void
daemon_end_strays(struct host *host, uint32_t instance)
{
	struct fault ignored = {0};
	struct bird_user user;
	DIR *dir = opendir("/proc");

	if (bird_user_find(host, instance, &user, &ignored) == 0)
		for (const struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
			uint32_t pid = parse_pid(e->d_name);

			if (owner_of_bird(pid) == user.uid)
				send_signal(user.uid, pid, SIGKILL, &ignored);
		}
	if (dir != NULL)
		closedir(dir);
}

/* Those of an earlier version ran as the network half's user, those of other numbers in bird_ids as another. */
void
daemon_end_all(const struct netns *ns)
{
	struct fault ignored = {0};
	DIR *dir = opendir("/proc");

	if (ns->child.starting && ns->child.pid > 0)
		kill(ns->child.pid, SIGKILL);
	for (const struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
		uint32_t pid = parse_pid(e->d_name);
		uid_t owner = owner_of_bird(pid);

		if (owner == 0)
			continue;
		privilege_borrow(owner, owner);
		bool inside = is_bird_of(owner, ns, pid);

		privilege_return();
		if (inside && send_signal(owner, pid, SIGKILL, &ignored) == 0)
			ends_within(owner, ns, pid, KILL_MS);
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
	struct bird_user user;
	struct netns *ns;
	uint32_t pid;
	int code = netns_get(host, op->instance, &ns, fault);

	if (code == ENOENT)
		return 0;
	if (code != 0 || (code = bird_user_find(host, op->instance, &user, fault)) != 0 ||
	    (code = daemon_find(host, ns, &pid, fault)) != 0 || pid == 0)
		return code;
	/* One that has not changed its user yet is in the reach of the agent only. */
	if (ns->child.starting && kill(ns->child.pid, SIGKILL) == 0)
		return 0;
	return send_signal(user.uid, pid, op->at_once != 0 ? SIGKILL : SIGTERM, fault);
}

static const struct member members[] = {MEMBER(op_daemon, INSTANCE, instance), {MEMBER_END, 0}};
static const struct member stop_members[] = {MEMBER(op_stop, INSTANCE, instance), {MEMBER_END, 0}};

static const struct op_row rows[] = {
    {OP_DAEMON_START, op_daemon_start, sizeof(struct op_daemon), members},
    {OP_DAEMON_STATE, op_daemon_state, sizeof(struct op_instance), members_instance},
    {OP_DAEMON_STOP, op_daemon_stop, sizeof(struct op_stop), stop_members},
};

const struct object bird_process_object = OBJECT(rows);

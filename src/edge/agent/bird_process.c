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

#define START_MS 7000 /* reading its configuration, and going into the background */
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

int
daemon_find(struct host *host, struct netns *ns, uint32_t *pid, struct fault *fault)
{
	struct bird_user user;

	if (bird_user_find(host, ns->number, &user, fault) != 0)
		return fault->code;
	if (!is_bird_of(user.uid, ns, ns->bird))
		ns->bird = search(user.uid, ns);
	*pid = ns->bird;
	return 0;
}

/* Starting */

struct start {
	const char *pid_file; /* which it writes when it has read its configuration */
	const struct host *host;
	const struct bird_user *user;
	pid_t child;
	struct monotonic begun;
	char words[OP_TEXT_MAX / 2]; /* what it has printed */
	size_t len;
};

/* What it prints, for a moment. */
static void
listen_to(struct start *s, int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char rest[128];

	if (poll(&p, 1, LOOK_MS) <= 0)
		return;
	bool full = s->len >= sizeof(s->words) - 1;
	ssize_t n = read(fd, full ? rest : s->words + s->len, full ? sizeof(rest) : sizeof(s->words) - 1 - s->len);

	if (n <= 0)
		poll(NULL, 0, LOOK_MS); /* its end is seen by its process */
	else if (!full)
		s->len += (size_t)n;
}

static bool
has_started(const struct start *s)
{
	char text[16];

	privilege_borrow(s->host->uid, s->user->control);
	bool written = read_small(s->pid_file, text, sizeof(text));

	privilege_return();
	return written;
}

static int
refused(struct start *s, struct fault *fault)
{
	while (s->len > 0 && s->words[s->len - 1] == '\n')
		s->len--;
	s->words[s->len] = '\0';
	return fault_set(fault, ECHILD, "BIRD does not start: %s", s->len > 0 ? s->words : "it ended without a word");
}

static int
await_start(struct start *s, int fd, struct fault *fault)
{
	int status;

	for (;;) {
		bool ended = waitpid(s->child, &status, WNOHANG) == s->child;

		listen_to(s, fd);
		if (ended)
			return refused(s, fault);
		if (has_started(s))
			return 0;
		if (monotonic_since(s->begun) > START_MS)
			break;
	}
	kill(s->child, SIGKILL);
	waitpid(s->child, &status, 0);
	s->words[s->len] = '\0';
	return fault_set(fault, ETIMEDOUT, "BIRD does not start: %s", s->words);
}

static int
run(struct host *host, struct netns *ns, bool recover, struct fault *fault)
{
	char pid_file[PATH_MAX];
	struct bird_user user;
	struct start s = {.pid_file = pid_file, .host = host, .user = &user, .begun = monotonic_now()};
	int ends[2];

	if (bird_user_find(host, ns->number, &user, fault) != 0 ||
	    file_path(host, ns->number, "run/bird.pid", pid_file, fault) != 0)
		return fault->code;
	privilege_borrow(host->uid, user.control);
	unlink(pid_file);
	privilege_return();
	if (pipe2(ends, O_CLOEXEC) != 0)
		return fault_errno(fault, "pipe");
	s.child = starter_bird(host, ns->number, recover, ns->fd, ends[1], fault);
	int code = s.child < 0 ? fault->code : 0;

	close(ends[1]);
	if (code == 0)
		code = await_start(&s, ends[0], fault);
	close(ends[0]);
	if (code == 0)
		ns->bird = (uint32_t)s.child;
	return code;
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
	return code == ENOENT ? 0 : daemon_find(call->host, ns, &reply->pid, &call->fault);
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

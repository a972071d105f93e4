/* SPDX-License-Identifier: ISC */
#include "edge/agent/starter.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "edge/agent/bird_start.h"
#include "edge/agent/confine.h"
#include "edge/agent/privilege.h"

#define FDS_MAX 2
#define PLACES 64 /* descriptors are moved above these first, so that none is in another's place */
#define NETWORK_ADJUST 100

enum start_what { START_NETWORK, START_BIRD };

struct start_request {
	uint32_t what;
	uint32_t instance, recover;
};

struct starter {
	const struct host *host;
	const struct agent_options *options;
	sigset_t outer;
	int fd;
	pid_t agent;
};

/* The agent's side */

static int
send_request(int fd, const struct start_request *request, const int fds[FDS_MAX])
{
	char control[CMSG_SPACE(FDS_MAX * sizeof(int))] = {0};
	struct start_request copy = *request;
	struct iovec data = {&copy, sizeof(copy)};
	struct msghdr msg = {
	    .msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *head = CMSG_FIRSTHDR(&msg);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(FDS_MAX * sizeof(int));
	memcpy(CMSG_DATA(head), fds, FDS_MAX * sizeof(int));
	return sendmsg(fd, &msg, MSG_NOSIGNAL) == (ssize_t)sizeof(copy) ? 0 : -1;
}

static pid_t
ask(struct host *host, const struct start_request *request, const int fds[FDS_MAX], struct fault *fault)
{
	int32_t answer;
	ssize_t n = -1;

	if (send_request(host->starter, request, fds) == 0)
		do
			n = recv(host->starter, &answer, sizeof(answer), 0);
		while (n < 0 && errno == EINTR);
	if (n == (ssize_t)sizeof(answer) && answer > 0)
		return answer;
	if (n == (ssize_t)sizeof(answer))
		fault_set(fault, -answer, "a new process: %s", strerror(-answer));
	else
		fault_set(fault, EPIPE, "what starts programs does not answer");
	return -1;
}

pid_t
starter_network(struct host *host, int socket, int changes, struct fault *fault)
{
	const struct start_request request = {.what = START_NETWORK};
	const int fds[FDS_MAX] = {socket, changes};

	return ask(host, &request, fds, fault);
}

pid_t
starter_bird(struct host *host, uint32_t instance, bool recover, int netns, int words, struct fault *fault)
{
	const struct start_request request = {.what = START_BIRD, .instance = instance, .recover = recover};
	const int fds[FDS_MAX] = {netns, words};

	return ask(host, &request, fds, fault);
}

void
starter_close(struct host *host)
{
	if (host->starter >= 0)
		close(host->starter);
	host->starter = -1;
}

/* The starter itself */

static _Noreturn void
give_up(const char *what)
{
	dprintf(STDERR_FILENO, "starting the network half: %s: %s\n", what, strerror(errno));
	_exit(127);
}

/* This very program, also when another version has its name by now. By its name first: what runs it (valgrind) may be
 * the one that the kernel calls by that link. */
static void
execute_own(char *const *arguments)
{
	static const char link[] = "/proc/self/exe", deleted[] = " (deleted)";
	char path[PATH_MAX];
	ssize_t n = readlink(link, path, sizeof(path) - 1);
	size_t end = sizeof(deleted) - 1;

	path[n > 0 ? n : 0] = '\0';
	if (n > 0 && ((size_t)n < end || strcmp(path + n - end, deleted) != 0))
		execv(path, arguments);
	execv(link, arguments);
}

static void
become_network(const struct starter *s, const int fds[FDS_MAX])
{
	const struct agent_options *o = s->options;
	const int wanted[] = {fds[0], fds[1], o->handed};
	int high[3] = {-1, -1, -1};

	for (size_t i = 0; i < 3; i++)
		if (wanted[i] >= 0 && (high[i] = fcntl(wanted[i], F_DUPFD_CLOEXEC, PLACES)) < 0)
			give_up("its descriptors");
	for (int i = 0; i < 3; i++)
		if (high[i] >= 0 && dup2(high[i], AGENT_FD_SOCKET + i) < 0)
			give_up("its descriptors");
	closefrom(o->handed >= 0 ? AGENT_FD_HANDED + 1 : AGENT_FD_HANDED);
	privilege_adjust_oom(NETWORK_ADJUST);
	if (privilege_drop(o->uid, o->gid, &o->bird_first) != 0)
		give_up("giving up privileges");
	/* After the change of user, which clears it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != s->agent)
		_exit(127);
	signal(SIGHUP, SIG_IGN); /* until its loop runs */
	sigprocmask(SIG_SETMASK, &s->outer, NULL);
	execute_own(o->network);
	give_up("this program");
}

static _Noreturn void
become(const struct starter *s, const struct start_request *request, const int fds[FDS_MAX])
{
	if (request->what == START_BIRD)
		bird_start(s->host, request->instance, request->recover != 0, fds[0], fds[1]);
	become_network(s, fds);
	_exit(127);
}

/* The child's parent is the starter's own: the agent waits for it. */
static int32_t
start(const struct starter *s, const struct start_request *request, const int fds[FDS_MAX])
{
	/* BIRD is alone in a process-id namespace: a number of a process names a network namespace, too, and not every
	 * kernel asks who may put the other end of a veth pair there. */
	const int spaces = request->what == START_BIRD ? CLONE_NEWPID : 0;
	long pid = syscall(SYS_clone, CLONE_PARENT | spaces | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0)
		become(s, request, fds);
	return pid > 0 ? (int32_t)pid : -errno;
}

/* False: the agent is gone, or talks nonsense. */
static bool
take_request(int fd, struct start_request *request, int fds[FDS_MAX])
{
	char control[CMSG_SPACE(FDS_MAX * sizeof(int))];
	struct iovec data = {request, sizeof(*request)};
	struct msghdr msg = {
	    .msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	const struct cmsghdr *head;
	ssize_t n;

	do
		n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(*request) || (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 ||
	    (head = CMSG_FIRSTHDR(&msg)) == NULL || head->cmsg_type != SCM_RIGHTS ||
	    head->cmsg_len != CMSG_LEN(FDS_MAX * sizeof(int)))
		return false;
	memcpy(fds, CMSG_DATA(head), FDS_MAX * sizeof(int));
	return true;
}

static _Noreturn void
serve(const struct starter *s)
{
	struct start_request request;
	int fds[FDS_MAX], code;

	/* After the filter it would be too late to find that it cannot be put on. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != s->agent || privilege_limit() != 0 ||
	    privilege_limit_starter() != 0)
		_exit(1);
	if ((code = confine(CONFINE_STARTER)) != 0)
		dprintf(STDERR_FILENO, "a filter of system calls: %s\n", strerror(code));
	while (code == 0 && take_request(s->fd, &request, fds)) {
		int32_t answer = start(s, &request, fds);

		for (size_t i = 0; i < FDS_MAX; i++)
			close(fds[i]);
		if (send(s->fd, &answer, sizeof(answer), MSG_NOSIGNAL) != (ssize_t)sizeof(answer))
			break;
	}
	_exit(1);
}

int
starter_open(struct host *host, const struct agent_options *options, const sigset_t *outer, struct fault *fault)
{
	struct starter s = {.host = host, .options = options, .outer = *outer, .agent = getpid()};
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return fault_errno(fault, "a socket");
	fflush(NULL);
	host->starter_pid = fork();
	if (host->starter_pid == 0) {
		close(ends[0]);
		s.fd = ends[1];
		serve(&s);
	}
	close(ends[1]);
	host->starter = ends[0];
	return host->starter_pid > 0 ? 0 : fault_errno(fault, "a process that starts programs");
}

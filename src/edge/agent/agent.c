/* SPDX-License-Identifier: ISC */
/* The process has one thread and waits in one place (run, at the end): for a signal, or for a request. Each request is
 * answered before the next is read. */
#include "edge/agent/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "edge/agent/bird_process.h"
#include "edge/agent/confine.h"
#include "edge/agent/host.h"
#include "edge/agent/netns.h"
#include "edge/agent/netns_setup.h"
#include "edge/agent/nl.h"
#include "edge/agent/nl_link.h"
#include "edge/agent/privilege.h"
#include "edge/agent/starter.h"
#include "edge/agent/table.h"
#include "edge/agent/vlan.h"
#include "edge/agent/watch.h"

#define RESTART_FIRST_MS 100
#define RESTART_LAST_MS 5000
#define RAN_WELL_MS 10000 /* after that long the first wait counts again */
#define STOP_MS 5000
#define SEND_SECONDS 10
#define FILES_MAX 65536

enum { EXIT_ASKED = 0, EXIT_TROUBLE = 1, EXIT_MALFORMED = 2 };

struct agent_run {
	const struct agent_options *options;
	struct host host;
	sigset_t outer; /* signal mask that main() had */
	int signals;
	pid_t child; /* 0: none runs */
	int socket;  /* -1: none */
	bool hello;
	struct monotonic started;
	int64_t restart_ms; /* how long the next start waits */
	bool stopping;
	bool lost; /* the starter is */
	struct monotonic stop_begun;
	bool killed;
};

/* Setting up */

/* BIRD's limit, which only root may raise: one or two sockets per session. */
static void
raise_files(void)
{
	struct rlimit limit = {FILES_MAX, FILES_MAX}, old;

	if (getrlimit(RLIMIT_NOFILE, &old) == 0 && old.rlim_max < FILES_MAX && setrlimit(RLIMIT_NOFILE, &limit) != 0)
		dc_log(LOG_WARNING, "agent", "warning=\"cannot raise the limit of open files: %s\"", strerror(errno));
}

static int
open_signals(struct agent_run *run)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, &run->outer) != 0)
		return -1;
	run->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return run->signals < 0 ? -1 : 0;
}

/* Names of network namespaces are the router's owner's to use, and so they are made among the mounts of process 1. The
 * starter, which goes before, and what it starts stay in the mount namespace that a service manager gave them. */
static int
limit_agent(const struct agent_run *run, struct fault *fault)
{
	if (run->options->host_mounts && privilege_enter_host_mounts() != 0)
		return fault_errno(fault, "the mounts of process 1");
	return privilege_limit() == 0 ? 0 : fault_errno(fault, "giving up privileges");
}

static int
set_up_agent(struct agent_run *run)
{
	struct fault fault = {0};

	if (run->options->uid == 0 || run->options->state_dir[0] != '/') {
		dc_log(LOG_ERR, "agent", "error=\"needs a user other than root and an absolute state folder\"");
		return -1;
	}
	raise_files();
	run->host.uid = run->options->uid;
	run->host.gid = run->options->gid;
	run->host.bird_first = run->options->bird_first;
	run->host.bird_last = run->options->bird_last;
	run->host.bird_memory = run->options->bird_memory;
	run->host.ports = run->options->ports;
	run->host.state_dir = run->options->state_dir;
	run->host.home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (run->host.home < 0 || open_signals(run) != 0) {
		dc_log(LOG_ERR, "agent", "error=\"cannot set up: %s\"", strerror(errno));
		return -1;
	}
	if (starter_open(&run->host, run->options, &run->outer, &fault) != 0 || limit_agent(run, &fault) != 0 ||
	    nl_open(NETLINK_ROUTE, &run->host.route, &fault) != 0 ||
	    link_cache_open(&run->host.links, run->host.route, &fault) != 0 ||
	    watch_open_all(&run->host, &fault) != 0) {
		dc_log(LOG_ERR, "agent", "error=\"%s\"", fault.text);
		return -1;
	}
	int code = confine(CONFINE_AGENT);

	if (code != 0) {
		dc_log(LOG_ERR, "agent", "error=\"a filter of system calls: %s\"", strerror(code));
		return -1;
	}
	netns_replace_misfits(&run->host);
	vlan_remove_refused(&run->host);
	return 0;
}

static void
close_agent(struct agent_run *run)
{
	netns_forget_all(&run->host);
	link_cache_close(&run->host.links);
	watch_close_all(&run->host);
	run->host.route = nl_close(run->host.route);
	starter_close(&run->host);
	if (run->host.own_traffic >= 0)
		close(run->host.own_traffic);
	if (run->host.home >= 0)
		close(run->host.home);
	if (run->signals >= 0)
		close(run->signals);
	if (run->socket >= 0)
		close(run->socket);
	run->host.own_traffic = run->host.home = run->signals = run->socket = -1;
}

/* The other half */

static int
make_sockets(int ends[2])
{
	struct timeval wait = {.tv_sec = SEND_SECONDS};
	int size = 1 << 20;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return -1;
	(void)setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return setsockopt(ends[0], SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
}

/* The next start waits, longer each time, unless the last one ran for a while. */
static void
delay_start(struct agent_run *run)
{
	if (run->restart_ms == 0 || monotonic_since(run->started) > RAN_WELL_MS)
		run->restart_ms = RESTART_FIRST_MS;
	else
		run->restart_ms = run->restart_ms * 2 < RESTART_LAST_MS ? run->restart_ms * 2 : RESTART_LAST_MS;
	run->started = monotonic_now(); /* from here on: when it ended */
}

static void
start_network(struct agent_run *run)
{
	int ends[2] = {-1, -1}, changes = -1;
	struct fault fault = {0};

	run->started = monotonic_now();
	run->hello = false;
	run->child = -1;
	if (make_sockets(ends) != 0)
		fault_errno(&fault, "a socket");
	else if (watch_begin(&run->host, &changes, &fault) == 0)
		run->child = starter_network(&run->host, ends[1], changes, &fault);
	if (ends[1] >= 0)
		close(ends[1]);
	if (run->child > 0) {
		run->socket = ends[0];
		dc_log(LOG_INFO, "network half started", "pid=%d", (int)run->child);
		return;
	}
	dc_log(LOG_ERR, "agent", "error=\"cannot start the network half: %s\"", fault.text);
	if (ends[0] >= 0)
		close(ends[0]);
	run->child = 0;
	delay_start(run);
}

static void
kill_network(struct agent_run *run)
{
	if (run->child > 0)
		kill(run->child, SIGKILL);
}

static void
close_socket(struct agent_run *run)
{
	if (run->socket >= 0)
		close(run->socket);
	run->socket = -1;
}

static void
note_end(struct agent_run *run, int status)
{
	if (!run->stopping)
		dc_log(LOG_WARNING, "network half ended", "pid=%d %s=%d", (int)run->child,
		    WIFSIGNALED(status) ? "signal" : "status",
		    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	run->child = 0;
	close_socket(run);
	delay_start(run);
}

/* All that has ended: beside the network half the starter, without which nothing can be started any more, and each
 * BIRD that this agent has started. */
static void
reap(struct agent_run *run)
{
	int status;

	for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
		if (pid == run->child)
			note_end(run, status);
		run->lost = run->lost || pid == run->host.starter_pid;
		daemon_reaped(&run->host, pid);
	}
}

static void
take_signals(struct agent_run *run)
{
	struct signalfd_siginfo info;

	while (read(run->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGHUP && run->child > 0)
			kill(run->child, SIGHUP); /* it reads its credential again */
		if (info.ssi_signo == SIGHUP || info.ssi_signo == SIGCHLD || run->stopping)
			continue;
		run->stopping = true;
		run->stop_begun = monotonic_now();
		if (run->child > 0)
			kill(run->child, SIGTERM);
	}
	reap(run);
}

/* One request */

static bool
answer(struct agent_run *run, const void *packet, size_t size)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct call call = {.host = &run->host, .arena = arena, .fd = run->socket, .items = {.max = 1 << 20}};
	enum table_verdict verdict = table_check(packet, size, run->hello, &call.fault);

	if (verdict == TABLE_MALFORMED)
		return false;
	memcpy(&call.header, packet, sizeof(call.header));
	int code = verdict == TABLE_REFUSED ? EINVAL : table_operation(packet)(&call, packet);

	if (call.header.op == OP_HELLO && code == 0)
		run->hello = true;
	call_finish(&call, code);
	if (call.broken) /* it is dead, or does not listen any more */
		kill_network(run);
	return true;
}

/* False: what came is no request. */
static bool
serve(struct agent_run *run)
{
	_Alignas(max_align_t) char packet[REQUEST_MAX];
	struct iovec data = {packet, sizeof(packet)};
	struct msghdr msg = {.msg_iov = &data, .msg_iovlen = 1}; /* no room for descriptors: none are taken */
	ssize_t n = recvmsg(run->socket, &msg, MSG_DONTWAIT);
	bool fine = true;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0) { /* it has closed its end, and will be started again when it has ended */
		close_socket(run);
		return true;
	}
	if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		fine = false;
	else
		fine = answer(run, packet, (size_t)n);
	explicit_bzero(packet, sizeof(packet)); /* there may have been a key in it */
	return fine;
}

/* Milliseconds until something is to be done without being called; -1: never. */
static int
next_wait(const struct agent_run *run)
{
	int64_t left = -1;

	if (run->stopping && !run->killed)
		left = STOP_MS - monotonic_since(run->stop_begun);
	else if (run->child == 0 && !run->stopping)
		left = run->restart_ms - monotonic_since(run->started);
	else
		return -1;
	return left < 0 ? 0 : (int)left;
}

static void
act_on_time(struct agent_run *run)
{
	if (run->stopping && !run->killed && monotonic_since(run->stop_begun) >= STOP_MS) {
		dc_log(LOG_WARNING, "network half does not end", "pid=%d", (int)run->child);
		kill_network(run);
		run->killed = true;
	}
	if (!run->stopping && run->child == 0 && monotonic_since(run->started) >= run->restart_ms)
		start_network(run);
}

static int
serve_until_done(struct agent_run *run)
{
	start_network(run);
	while (!run->stopping || run->child > 0) {
		struct pollfd p[] = {{.fd = run->signals, .events = POLLIN}, {.fd = run->socket, .events = POLLIN},
		    {.fd = watch_descriptor(&run->host), .events = POLLIN}};

		if (poll(p, 3, next_wait(run)) < 0 && errno != EINTR)
			return EXIT_TROUBLE;
		if (p[0].revents != 0)
			take_signals(run);
		if (run->lost) {
			dc_log(LOG_ERR, "agent", "error=\"what starts programs has ended\"");
			return EXIT_TROUBLE;
		}
		if (run->socket >= 0 && p[1].revents != 0 && !serve(run)) {
			dc_log(LOG_ERR, "agent", "error=\"the network half sent what is no request\" pid=%d",
			    (int)run->child);
			return EXIT_MALFORMED;
		}
		if (watch_descriptor(&run->host) >= 0 && p[2].revents != 0)
			watch_tell(&run->host);
		act_on_time(run);
	}
	return EXIT_ASKED;
}

int
agent_network(void)
{
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ? errno : confine(CONFINE_NETWORK);
}

int
agent_run(const struct agent_options *options)
{
	struct agent_run run = {.options = options, .signals = -1, .socket = -1};
	int status;

	run.host = (struct host){.home = -1, .changes = -1, .wake = -1, .starter = -1, .own_traffic = -1};
	status = set_up_agent(&run) == 0 ? serve_until_done(&run) : EXIT_TROUBLE;

	if (run.child > 0) {
		kill_network(&run);
		waitpid(run.child, NULL, 0);
	}
	close_agent(&run);
	return status;
}

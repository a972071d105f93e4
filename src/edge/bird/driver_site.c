/* SPDX-License-Identifier: ISC */
#include "edge/bird/driver_site.h"

#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "edge/bird/control.h"

#define BIRD "/usr/sbin/bird" /* or what DCAAS_BIRD names */

struct agent agent;

static const char *
bird(void)
{
	const char *other = getenv("DCAAS_BIRD");

	return other != NULL ? other : BIRD;
}

const char *
in_dir(struct arena *a, const char *name)
{
	return arena_printf(a, "%s/bird/7/%s", agent.dir, name);
}

pid_t
running(void)
{
	_cleanup_arena_ struct arena *a = arena_new();
	FILE *f = fopen(in_dir(a, "run/bird.pid"), "r");
	int pid = 0;

	if (agent.played != 0)
		return agent.played;
	if (f == NULL)
		return 0;
	if (fscanf(f, "%d", &pid) != 1 || kill(pid, 0) != 0)
		pid = 0;
	fclose(f);
	return pid;
}

static enum dc_code
start_bird(const struct op_daemon *op, struct dc_error *err)
{
	_cleanup_arena_ struct arena *a = arena_new();
	int status = -1;

	if (running() != 0)
		return DC_OK;
	unlink(in_dir(a, "run/bird.pid"));
	pid_t child = fork();

	if (child == 0) {
		int null = open("/dev/null", O_WRONLY);
		struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};

		setrlimit(RLIMIT_FSIZE, &all); /* a full disk is the driver's only */

		dup2(null, STDERR_FILENO);
		if (chdir(in_dir(a, "")) == 0)
			execl(bird(), "bird", "-c", "bird.conf", "-s", "run/bird.ctl", "-P", "run/bird.pid",
			    op->recover ? "-R" : NULL, (char *)NULL);
		_exit(127);
	}
	waitpid(child, &status, 0);
	buf_printf(&agent.trace, "start%s%s ", op->recover ? "-R" : "", status == 0 ? "" : "-failed");
	return status == 0 ? DC_OK : dc_fail(err, DC_E_KERNEL, NULL, "BIRD did not start");
}

static void
wait_gone(pid_t pid)
{
	for (int i = 0; i < WAIT_MS / 10 && waitpid(pid, NULL, WNOHANG) == 0; i++)
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	assert_int_not_equal(kill(pid, 0), 0);
}

void
stop_bird(int signal_number)
{
	pid_t pid = agent.played != 0 ? 0 : running();

	if (pid == 0)
		return;
	kill(pid, signal_number);
	wait_gone(pid);
}

gid_t
agent_control_group(const struct agent *at)
{
	(void)at;
	return 0;
}

enum dc_code
agent_do(struct agent *at, enum agent_op op, void *request, size_t size, struct dc_error *err)
{
	assert_ptr_equal(at, &agent);
	assert_true(size > 0);
	if (op == OP_DAEMON_START)
		return start_bird(request, err);
	if (op == OP_TCP_RESET) {
		agent.resets++;
		return DC_OK;
	}
	assert_int_equal(op, OP_DAEMON_STOP);
	buf_puts(&agent.trace, ((struct op_stop *)request)->at_once ? "kill " : "stop ");
	stop_bird(((struct op_stop *)request)->at_once ? SIGKILL : SIGTERM);
	return DC_OK;
}

enum dc_code
agent_ask(struct agent *at, enum agent_op op, void *request, size_t size, void *reply, size_t reply_size,
    struct dc_error *err)
{
	assert_ptr_equal(at, &agent);
	assert_true(size > 0 && reply_size > 0 && request != NULL);
	(void)err;
	if (op == OP_DAEMON_STATE)
		((struct reply_daemon *)reply)->pid = (uint32_t)running();
	else
		assert_int_equal(op, OP_COUNTERS);
	return DC_OK;
}

/* Connections of all neighbours that site_fill() makes, in a state the test chose; none without one. */
enum dc_code
agent_list(struct agent *at, enum agent_op op, void *request, size_t size, size_t item_size, struct arena *a,
    void **items, size_t *n, struct dc_error *err)
{
	struct item_connection *c = arena_array(a, 8, sizeof(*c));

	assert_ptr_equal(at, &agent);
	assert_int_equal(op, OP_CONNECTIONS);
	assert_true(size == sizeof(struct op_instance) && item_size == sizeof(*c) && request != NULL);
	(void)err;
	*items = c;
	*n = agent.tcp_state == 0 ? 0 : 8;
	for (size_t i = 0; i < *n; i++) {
		char addr[32];

		c[i] =
		    (struct item_connection){.vrf = "dcr1", .state = agent.tcp_state, .has_key = agent.key_on_socket};
		snprintf(addr, sizeof(addr), "169.254.10.%zu", i * 4 + 1);
		assert_true(ip_parse_addr(addr, &c[i].local));
		snprintf(addr, sizeof(addr), "169.254.10.%zu", i * 4 + 2);
		assert_true(ip_parse_addr(addr, &c[i].remote));
	}
	return DC_OK;
}

static void
note_news(void *arg, uint32_t instance)
{
	((struct agent *)arg)->news += instance == 7;
}

static void
open_driver(void **state)
{
	struct dc_error err;
	struct routing *r;

	assert_int_equal(bird_open(&agent, agent.dir, agent.slow_after_ms, &r, &err), DC_OK);
	r->ops->start(r, agent.loop, note_news, &agent);
	*state = r;
}

/* Lets the driver live until something holds, at most ten seconds. */
bool
live_until(bool (*done)(void *), void *arg)
{
	struct monotonic begun = monotonic_now();
	bool is_done;

	/* What was true once may not be true a moment later: it is asked once for each look. */
	while (!(is_done = done(arg)) && monotonic_since(begun) < WAIT_MS) {
		event_base_loopexit(agent.loop, &(struct timeval){.tv_usec = 10000});
		event_base_dispatch(agent.loop);
	}
	return is_done;
}

static bool
is_over(void *arg)
{
	return monotonic_now().ms >= *(int64_t *)arg;
}

void
live(int64_t ms)
{
	int64_t end = monotonic_now().ms + ms;

	live_until(is_over, &end);
}

int
setup(void **state)
{

	if (access(bird(), X_OK) != 0)
		fail_msg("%s is needed: lab/deps.sh run installs it", bird());
	agent = (struct agent){.dir = "/tmp/dcaas-bird-XXXXXX", .trace = BUF_INIT(1 << 20)};
	assert_non_null(mkdtemp(agent.dir));
	assert_non_null(agent.loop = event_base_new());
	open_driver(state);
	return 0;
}

int
teardown(void **state)
{
	_cleanup_arena_ struct arena *a = arena_new();
	struct routing *r = *state;

	r->ops->close(r);
	event_base_free(agent.loop);
	stop_bird(SIGKILL);
	buf_free(&agent.trace);
	static const char *const names[] = {
	    "bird.conf", "bird.conf.new", "run/bird.ctl", "run/bird.pid", "run/bird.log", "bird.boot"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(in_dir(a, names[i]));
	rmdir(in_dir(a, "run"));
	rmdir(in_dir(a, ""));
	rmdir(arena_printf(a, "%s/bird", agent.dir));
	assert_int_equal(rmdir(agent.dir), 0);
	return 0;
}

void
site_fill(struct site *s, size_t n)
{
	memset(s, 0, sizeof(*s));
	s->vrf = (struct routing_vrf){.device = "dcr1", .table = 100001};
	assert_true(ip_parse_addr("10.255.0.1", &s->vrf.router_id));
	assert_true(n <= 8);
	for (unsigned char i = 0; i < n; i++) {
		struct routing_neighbour *p = &s->n[i];
		char addr[32];

		snprintf(s->text[i][0], 16, "p%u_4", i);
		snprintf(s->text[i][1], 16, "dcv%u", i);
		snprintf(s->text[i][2], 16, "bgp/%u", i);
		*p = (struct routing_neighbour){.name = s->text[i][0], .link = s->text[i][1], .key = s->text[i][2]};
		p->vrf = "dcr1";
		p->local_asn = 64512;
		p->remote_asn = 65001;
		p->route_limit = 100;
		p->password = "secret";
		snprintf(addr, sizeof(addr), "169.254.10.%d", i * 4 + 1);
		assert_true(ip_parse_addr(addr, &p->local));
		snprintf(addr, sizeof(addr), "169.254.10.%d", i * 4 + 2);
		assert_true(ip_parse_addr(addr, &p->remote));
	}
	s->d = (struct routing_desired){
	    .instance = 7, .vrf = &s->vrf, .vrf_count = 1, .neighbour = s->n, .neighbour_count = n};
}

struct routing_seen
seen_by(struct routing *r)
{
	struct routing_seen seen;

	assert_true(r->ops->seen(r, 7, &seen));
	return seen;
}

bool
is_settled(void *r)
{
	struct routing_seen seen;

	return !((struct routing *)r)->ops->seen(r, 7, &seen) || routing_settled(&seen);
}

/* Until the driver is through with it; the neighbours as they are seen then. */
const struct routing_session *
apply(struct routing *r, const struct site *s)
{
	buf_reset(&agent.trace);
	r->ops->set(r, &s->d);
	if (!live_until(is_settled, r))
		fail_msg("apply: %s", seen_by(r).why);
	return s->d.vrf_count == 0 ? NULL : seen_by(r).session;
}

bool
traced(const char *words)
{
	return strstr(buf_str(&agent.trace), words) != NULL;
}

bool
has_traced(void *words)
{
	return traced(words);
}

bool
runs(void *unused)
{
	(void)unused;
	return running() != 0;
}

struct question {
	struct buf answer;
	bool over;
};

static void
take_rows(void *arg, const struct control_reply *reply, const char *failure)
{
	struct question *q = arg;

	if (failure != NULL)
		fail_msg("%s", failure);
	for (size_t i = 0; i < reply->lines; i++)
		if (strstr(reply->line[i].text, " BGP ") != NULL)
			buf_printf(&q->answer, "%s\n", reply->line[i].text);
	q->over = true;
}

static bool
is_answered(void *arg)
{
	return ((struct question *)arg)->over;
}

static void
hung_up(void *arg)
{
	(void)arg;
}

/* The rows of BIRD's own list of BGP sessions. */
char *
protocols(struct arena *a)
{
	struct control *c = control_new(agent.loop, in_dir(a, "run"), hung_up, NULL);
	struct question q = {.answer = BUF_INIT(1 << 20)};
	char *rows;

	control_ask(c, "show protocols", WAIT_MS, take_rows, &q);
	assert_true(live_until(is_answered, &q));
	control_free(c);
	rows = arena_strdup(a, buf_str(&q.answer));
	buf_free(&q.answer);
	return rows;
}

/* What the driver sees of the first session when it looks the next time. */
struct look {
	struct routing *r;
	int64_t after;
};

static bool
has_looked(void *arg)
{
	const struct look *l = arg;
	int64_t now = monotonic_now().ms; /* before the age, so that a look is never taken for a later one */
	struct routing_seen seen = seen_by(l->r);

	return seen.age_ms >= 0 && now - seen.age_ms > l->after;
}

struct routing_session
look(struct routing *r)
{
	struct look l = {r, monotonic_now().ms};

	assert_true(live_until(has_looked, &l));
	assert_int_equal(seen_by(r).sessions, 1);
	return seen_by(r).session[0];
}

/* The edge ends, and another one begins; BIRD stays. */
struct routing *
reopen(void **state)
{
	struct routing *r = *state;
	pid_t pid = running();

	r->ops->close(r);
	open_driver(state);
	assert_int_equal(running(), pid);
	return *state;
}

/* Each question is answered with one session. */
static void
answer(int fd, const struct play *p, const char *line)
{
	char out[1024], device[128] = "";

	if (p->start != NULL)
		snprintf(device, sizeof(device), "1002-dc_device  Device     ---        up     %s  \n", p->start);
	if (strncmp(line, "show status", 11) == 0)
		snprintf(out, sizeof(out), "0013 Daemon is up and running\n");
	else if (strncmp(line, "show protocols all", 18) == 0)
		snprintf(out, sizeof(out),
		    "1002-%s\n1006-    Routes:         3 imported, 2 filtered, 5 exported, 1 preferred\n%s0000 \n",
		    p->row, p->detail != NULL ? p->detail : "");
	else if (strncmp(line, "show protocols", 14) == 0)
		snprintf(out, sizeof(out),
		    "2002-Name       Proto      Table      State  Since         Info\n%s1002-%s\n0000 \n", device,
		    p->row);
	else
		snprintf(out, sizeof(out), "0003 Reconfigured\n");
	send(fd, out, strlen(out), MSG_NOSIGNAL);
}

static void *
play(void *arg)
{
	struct play *p = arg;
	int fd = accept(p->listener, NULL, NULL);
	char line[512];
	size_t len = 0;

	send(fd, "0001 BIRD 2.0.12 ready.\n", 24, MSG_NOSIGNAL);
	while (len < sizeof(line) - 1 && recv(fd, line + len, 1, 0) == 1) {
		line[len + 1] = '\0';
		if (line[len++] != '\n')
			continue;
		answer(fd, p, line);
		len = 0;
	}
	close(fd);
	return NULL;
}

void
play_start(struct play *p, struct arena *a)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	mkdir(arena_printf(a, "%s/bird", agent.dir), 0700);
	mkdir(in_dir(a, ""), 0700);
	mkdir(in_dir(a, "run"), 0700);
	snprintf(at.sun_path, sizeof(at.sun_path), "%.60s/bird/7/run/bird.ctl", agent.dir);
	p->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(p->listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(p->listener, 1), 0);
	assert_int_equal(pthread_create(&p->thread, NULL, play, p), 0);
	agent.played = getpid();
}

void
play_end(struct play *p, void **state)
{
	((struct routing *)*state)->ops->close(*state); /* its connection ends, and with it the thread */
	assert_int_equal(pthread_join(p->thread, NULL), 0);
	close(p->listener);
	agent.played = 0;
	open_driver(state);
}

/* One session without a password, which the played daemon shows as up. */
void
play_established(struct play *p, struct site *s, struct routing *r, struct arena *a)
{
	site_fill(s, 1);
	s->n[0].password = NULL;
	play_start(p, a);
	apply(r, s);
	assert_true(look(r).established);
}

int
driver_tests(const void *tests, size_t n)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1); /* BIRD's second process becomes our child when its first ends */
	return _cmocka_run_group_tests("driver", tests, n, NULL, NULL);
}

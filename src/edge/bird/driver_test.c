/* SPDX-License-Identifier: ISC */
/* driver_test.c - the driver with a real BIRD (where installed) and an agent of the test's own, without privilege: the
 * VRFs do not exist, so no session comes up; what is looked at is what BIRD is given. Sessions are tested against a
 * BIRD that is played, and in the lab. */
#include "edge/routing.h"

#include <event2/event.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "edge/agent_client.h"
#include "edge/bird/control.h"

#define BIRD "/usr/sbin/bird"
#define WAIT_MS 10000

struct agent { /* of the test */
	char dir[64];
	struct buf trace; /* one word per call that matters */
	bool key_on_socket;
	uint32_t tcp_state;
	unsigned resets;
	pid_t played; /* pretend that a daemon runs */
	struct event_base *loop;
	unsigned news; /* calls back */
};

static struct agent agent;

static const char *
in_dir(struct arena *a, const char *name)
{
	return arena_printf(a, "%s/bird/7/%s", agent.dir, name);
}

static pid_t
running(void)
{
	_cleanup_arena_ struct arena *a = arena_new();
	FILE *f = fopen(in_dir(a, "bird.pid"), "r");
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
	unlink(in_dir(a, "bird.pid"));
	pid_t child = fork();

	if (child == 0) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, STDERR_FILENO);
		execl(BIRD, "bird", "-c", in_dir(a, "bird.conf"), "-s", in_dir(a, "bird.ctl"), "-P",
		    in_dir(a, "bird.pid"), op->recover ? "-R" : NULL, (char *)NULL);
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

static void
stop_bird(int signal_number)
{
	pid_t pid = agent.played != 0 ? 0 : running();

	if (pid == 0)
		return;
	kill(pid, signal_number);
	wait_gone(pid);
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
	buf_puts(&agent.trace, "stop ");
	stop_bird(SIGTERM);
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

	assert_int_equal(bird_open(&agent, agent.dir, &r, &err), DC_OK);
	r->ops->start(r, agent.loop, note_news, &agent);
	*state = r;
}

/* Lets the driver live until something holds, at most ten seconds. */
static bool
live_until(bool (*done)(void *), void *arg)
{
	struct monotonic begun = monotonic_now();

	while (!done(arg) && monotonic_since(begun) < WAIT_MS) {
		event_base_loopexit(agent.loop, &(struct timeval){.tv_usec = 10000});
		event_base_dispatch(agent.loop);
	}
	return done(arg);
}

static int
setup(void **state)
{

	if (access(BIRD, X_OK) != 0)
		fail_msg("%s is needed: lab/deps.sh run installs it", BIRD);
	agent = (struct agent){.dir = "/tmp/dcaas-bird-XXXXXX", .trace = BUF_INIT(1 << 20)};
	assert_non_null(mkdtemp(agent.dir));
	assert_non_null(agent.loop = event_base_new());
	open_driver(state);
	return 0;
}

static int
teardown(void **state)
{
	_cleanup_arena_ struct arena *a = arena_new();
	struct routing *r = *state;

	r->ops->close(r);
	event_base_free(agent.loop);
	stop_bird(SIGKILL);
	buf_free(&agent.trace);
	static const char *const names[] = {
	    "bird.conf", "bird.conf.new", "bird.ctl", "bird.pid", "bird.log", "bird.boot"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(in_dir(a, names[i]));
	rmdir(in_dir(a, ""));
	rmdir(arena_printf(a, "%s/bird", agent.dir));
	assert_int_equal(rmdir(agent.dir), 0);
	return 0;
}

struct site { /* one gateway with n neighbours */
	struct routing_vrf vrf;
	struct routing_neighbour n[8];
	char text[8][3][16];
	struct routing_desired d;
};

static void
site_fill(struct site *s, size_t n)
{
	memset(s, 0, sizeof(*s));
	s->vrf = (struct routing_vrf){.device = "dcr1", .table = 100001};
	assert_true(ip_parse_addr("10.255.0.1", &s->vrf.router_id));
	for (size_t i = 0; i < n; i++) {
		struct routing_neighbour *p = &s->n[i];
		char addr[32];

		snprintf(s->text[i][0], 16, "p%zu_4", i);
		snprintf(s->text[i][1], 16, "dcv%zu", i);
		snprintf(s->text[i][2], 16, "bgp/%zu", i);
		*p = (struct routing_neighbour){.name = s->text[i][0], .link = s->text[i][1], .key = s->text[i][2]};
		p->vrf = "dcr1";
		p->local_asn = 64512;
		p->remote_asn = 65001;
		p->route_limit = 100;
		p->password = "secret";
		snprintf(addr, sizeof(addr), "169.254.10.%zu", i * 4 + 1);
		assert_true(ip_parse_addr(addr, &p->local));
		snprintf(addr, sizeof(addr), "169.254.10.%zu", i * 4 + 2);
		assert_true(ip_parse_addr(addr, &p->remote));
	}
	s->d = (struct routing_desired){
	    .instance = 7, .vrf = &s->vrf, .vrf_count = 1, .neighbour = s->n, .neighbour_count = n};
}

static struct routing_seen
seen_by(struct routing *r)
{
	struct routing_seen seen;

	assert_true(r->ops->seen(r, 7, &seen));
	return seen;
}

static bool
is_settled(void *r)
{
	struct routing_seen seen;

	return !((struct routing *)r)->ops->seen(r, 7, &seen) || routing_settled(&seen);
}

/* Until the driver is through with it; the neighbours as they are seen then. */
static const struct routing_session *
apply(struct routing *r, const struct site *s)
{
	buf_reset(&agent.trace);
	r->ops->set(r, &s->d);
	if (!live_until(is_settled, r))
		fail_msg("apply: %s", seen_by(r).why);
	return s->d.vrf_count == 0 ? NULL : seen_by(r).session;
}

static bool
traced(const char *words)
{
	return strstr(buf_str(&agent.trace), words) != NULL;
}

static bool
runs(void *unused)
{
	(void)unused;
	return running() != 0;
}

/* The rows of BIRD's own list of BGP sessions. */
static char *
protocols(struct arena *a)
{
	struct control *c = control_new(in_dir(a, ""));
	_cleanup_buf_ struct buf out = BUF_INIT(1 << 20);
	struct control_reply r;
	struct dc_error err;

	if (control_ask(c, a, "show protocols", WAIT_MS, &r, &err) != DC_OK)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < r.lines; i++)
		if (strstr(r.line[i].text, " BGP ") != NULL)
			buf_printf(&out, "%s\n", r.line[i].text);
	control_free(c);
	return arena_strdup(a, buf_str(&out));
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
	struct routing_seen seen = seen_by(l->r);

	return seen.age_ms >= 0 && monotonic_now().ms - seen.age_ms > l->after;
}

static struct routing_session
look(struct routing *r)
{
	struct look l = {r, monotonic_now().ms};

	assert_true(live_until(has_looked, &l));
	assert_int_equal(seen_by(r).sessions, 1);
	return seen_by(r).session[0];
}

static void
a_first_apply_starts_bird(void **state)
{
	struct routing *r = *state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct site s;
	struct stat st;

	site_fill(&s, 2);
	s.n[1].password = NULL;
	const struct routing_session *results = apply(r, &s);

	assert_true(traced("start "));
	assert_null(results[0].refused);
	assert_string_equal(results[1].key, "bgp/1");
	assert_non_null(strstr(protocols(a), "p0_4"));
	assert_int_equal(stat(in_dir(a, "bird.conf"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void
a_second_apply_of_the_same_does_nothing(void **state)
{
	struct routing *r = *state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct site s;
	struct stat before, after;

	site_fill(&s, 2);
	apply(r, &s);
	assert_int_equal(stat(in_dir(a, "bird.conf"), &before), 0);
	apply(r, &s);
	assert_string_equal(buf_str(&agent.trace), "");
	assert_int_equal(stat(in_dir(a, "bird.conf"), &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
}

static void
a_refused_neighbour_takes_nobody_with_it(void **state)
{
	struct routing *r = *state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct site s;

	site_fill(&s, 5);
	s.n[1].remote_asn = 0;
	s.n[2].name = s.n[0].name;
	s.n[3].password = "has a \" in it";
	for (int round = 0; round < 2; round++) { /* at the start of BIRD, and while it runs */
		const struct routing_session *results = apply(r, &s);

		assert_null(results[0].refused);
		assert_non_null(results[1].refused);
		assert_non_null(strstr(results[1].refused, "Remote AS number"));
		assert_non_null(results[2].refused);
		assert_non_null(strstr(results[2].refused, "already defined"));
		assert_non_null(results[3].refused);
		assert_null(strstr(results[3].refused, "has a"));
		assert_null(results[4].refused);
		char *rows = protocols(a);

		assert_non_null(strstr(rows, "p0_4"));
		assert_null(strstr(rows, "p1_4"));
		assert_null(strstr(rows, "p3_4"));
		assert_non_null(strstr(rows, "p4_4"));
		s.n[4].remote_asn++;
	}
	s.n[1].remote_asn = 65007;
	const struct routing_session *results = apply(r, &s);

	assert_null(results[1].refused);
	assert_non_null(strstr(protocols(a), "p1_4"));
}

static void
a_vrf_that_is_gone_takes_its_neighbours(void **state)
{
	struct routing *r = *state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct site s;

	site_fill(&s, 2);
	apply(r, &s);
	s.d.neighbour_count = 0;
	apply(r, &s);
	assert_string_equal(protocols(a), "");
	s.d.vrf_count = 0;
	apply(r, &s);
	assert_true(traced("stop"));
	assert_int_equal(running(), 0);
	assert_int_not_equal(access(in_dir(a, "bird.conf"), F_OK), 0);
}

static void
a_killed_bird_is_started_again_to_recover(void **state)
{
	struct routing *r = *state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct site s;

	site_fill(&s, 1);
	apply(r, &s);
	assert_false(look(r).established);
	buf_reset(&agent.trace);
	stop_bird(SIGKILL);
	assert_true(live_until(runs, NULL));
	assert_true(traced("start-R "));
	assert_string_not_equal(look(r).state, "Down");
	assert_non_null(strstr(protocols(a), "p0_4"));
}

/* The edge ends, and another one begins; BIRD stays. */
static struct routing *
reopen(void **state)
{
	struct routing *r = *state;
	pid_t pid = running();

	r->ops->close(r);
	open_driver(state);
	assert_int_equal(running(), pid);
	return *state;
}

static void
an_edge_that_starts_anew_finds_bird_running(void **state)
{
	struct routing *r = *state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct site s;
	struct stat before, after;

	site_fill(&s, 2);
	apply(r, &s);
	assert_int_equal(stat(in_dir(a, "bird.conf"), &before), 0);
	r = reopen(state);
	apply(r, &s);
	assert_false(traced("start"));
	assert_int_equal(stat(in_dir(a, "bird.conf"), &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
}

static void
an_edge_that_starts_anew_loads_what_has_changed_meanwhile(void **state)
{
	struct routing *r = *state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct site s;

	site_fill(&s, 4);
	s.d.neighbour_count = 3;
	apply(r, &s);
	r = reopen(state);
	s.n[1].password = "another";
	s.d.neighbour_count = 4;
	apply(r, &s);
	assert_non_null(strstr(protocols(a), "p3_4"));
}

/* BIRD may run on the file that it was being given, or on the one before. */
static void
an_edge_that_ended_amidst_an_apply_trusts_no_file(void **state)
{
	struct routing *r = *state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct site s;

	site_fill(&s, 2);
	apply(r, &s);
	r = reopen(state);
	FILE *f = fopen(in_dir(a, "bird.conf.new"), "w");

	assert_non_null(f);
	fclose(f);
	apply(r, &s);
	assert_int_not_equal(access(in_dir(a, "bird.conf.new"), F_OK), 0);
}

/* A BIRD that is played: whatever is asked, one session. */
struct play {
	int listener;
	pthread_t thread;
	const char *row; /* of `show protocols` */
};

static void
answer(int fd, const struct play *p, const char *line)
{
	char out[512];

	if (strncmp(line, "show status", 11) == 0)
		snprintf(out, sizeof(out), "0013 Daemon is up and running\n");
	else if (strncmp(line, "show protocols all", 18) == 0)
		snprintf(out, sizeof(out),
		    "1002-%s\n1006-    Routes:         3 imported, 2 filtered, 5 exported, 1 preferred\n0000 \n",
		    p->row);
	else if (strncmp(line, "show protocols", 14) == 0)
		snprintf(out, sizeof(out),
		    "2002-Name       Proto      Table      State  Since         Info\n1002-%s\n0000 \n", p->row);
	else if (strncmp(line, "configure check", 15) == 0)
		snprintf(out, sizeof(out), "0020 Configuration OK\n");
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

static void
play_start(struct play *p, struct arena *a)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	mkdir(arena_printf(a, "%s/bird", agent.dir), 0700);
	mkdir(in_dir(a, ""), 0700);
	snprintf(at.sun_path, sizeof(at.sun_path), "%.60s/bird/7/bird.ctl", agent.dir);
	p->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(p->listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(p->listener, 1), 0);
	assert_int_equal(pthread_create(&p->thread, NULL, play, p), 0);
	agent.played = getpid();
}

static void
play_end(struct play *p, void **state)
{
	((struct routing *)*state)->ops->close(*state); /* its connection ends, and with it the thread */
	assert_int_equal(pthread_join(p->thread, NULL), 0);
	close(p->listener);
	agent.played = 0;
	open_driver(state);
}

static void
a_session_without_its_key_is_reset_and_never_up(void **state)
{
	struct routing *r = *state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct play p = {.row = "p0_4 BGP --- up 1795636667.802 Established "};
	struct site s;

	site_fill(&s, 1);
	play_start(&p, a);
	apply(r, &s);
	agent.tcp_state = 1;
	struct routing_session seen = look(r);

	assert_false(seen.established);
	assert_string_equal(seen.state, "Idle");
	assert_string_equal(seen.last_error, "a session without its MD5 key was reset");
	assert_int_equal(agent.resets, 1);
	agent.key_on_socket = true;
	seen = look(r);
	assert_true(seen.established);
	assert_int_equal(agent.resets, 1);
	assert_int_equal(seen.since, 1795636667802);
	assert_int_equal(seen.received, 5);
	assert_int_equal(seen.accepted, 3);
	assert_int_equal(seen.rejected, 2);
	assert_int_equal(seen.advertised, 5);
	play_end(&p, state);
}

/* One session without a password, which the played daemon shows as up. */
static void
play_established(struct play *p, struct site *s, struct routing *r, struct arena *a)
{
	site_fill(s, 1);
	s->n[0].password = NULL;
	play_start(p, a);
	apply(r, s);
	assert_true(look(r).established);
}

static void
since_tells_when_a_session_ceased_to_be_up(void **state)
{
	struct routing *r = *state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct play p = {.row = "p0_4 BGP --- up 1795636667.802 Established "};
	struct site s;

	play_established(&p, &s, r, a);
	p.row = "p0_4 BGP --- start 1795636700.000 Active  Received: Administrative shutdown";
	struct routing_session seen = look(r);

	assert_false(seen.established);
	assert_int_equal(seen.since, 1795636700000);
	assert_int_equal(seen.received, 0);
	assert_string_equal(seen.last_error, "Received: Administrative shutdown");
	p.row = "p0_4 BGP --- start 1795636800.000 Connect ";
	seen = look(r);
	assert_int_equal(seen.since, 1795636700000);
	assert_string_equal(seen.state, "Connect");
	play_end(&p, state);
}

/* BIRD puts how its next try fares in the place of what the other side said. */
static void
what_a_router_said_when_it_left_is_kept(void **state)
{
	struct routing *r = *state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct play p = {.row = "p0_4 BGP --- up 1795636667.802 Established "};
	struct site s;

	play_established(&p, &s, r, a);
	p.row = "p0_4 BGP --- start 1795636700.000 Idle  Received: Administrative shutdown";
	assert_string_equal(look(r).last_error, "Received: Administrative shutdown");
	p.row = "p0_4 BGP --- start 1795636701.000 Connect ";
	assert_string_equal(look(r).last_error, "Received: Administrative shutdown");
	p.row = "p0_4 BGP --- start 1795636703.000 Active  Socket: Connection refused";
	assert_string_equal(
	    look(r).last_error, "Received: Administrative shutdown; since then Socket: Connection refused");
	p.row = "p0_4 BGP --- up 1795636800.000 Established ";
	assert_string_equal(look(r).last_error, "");
	p.row = "p0_4 BGP --- start 1795636900.000 Active  Socket: Connection refused";
	assert_string_equal(look(r).last_error, "Socket: Connection refused");
	play_end(&p, state);
}

#define SYN_SENT 2
#define SYN_RECV 3

static struct routing_session
look_until(struct routing *r, const char *words)
{
	struct routing_session seen = look(r);

	for (int i = 0; i < 600 && strstr(seen.last_error, words) == NULL; i++) {
		usleep(100000);
		seen = look(r);
	}
	assert_non_null(strstr(seen.last_error, words));
	return seen;
}

/* The kernel says what BIRD has no word for. */
static void
a_handshake_that_does_not_end_is_told(void **state)
{
	struct routing *r = *state;
	_cleanup_arena_ struct arena *a = arena_new();
	const char *now = arena_printf(a, "%lld.000", (long long)(utc_now() / 1000));
	struct play p = {.row = arena_printf(a, "p0_4 BGP --- start %s Connect ", now)};
	struct routing_session seen;
	struct site s;

	site_fill(&s, 1);
	s.n[0].password = NULL;
	play_start(&p, a);
	apply(r, &s);
	agent.tcp_state = SYN_SENT;
	seen = look_until(r, "no answer on TCP port 179");
	agent.tcp_state = SYN_RECV;
	p.row = arena_printf(a, "p0_4 BGP --- start %s Active  Socket: Connection refused", now);
	seen = look_until(r, "TTL");
	assert_non_null(strstr(seen.last_error, "TTL security"));
	assert_non_null(strstr(seen.last_error, "; Socket: Connection refused"));
	agent.tcp_state = 1;
	p.row = arena_printf(a, "p0_4 BGP --- start %s OpenConfirm ", now);
	seen = look_until(r, "TTL security");
	p.row = "p0_4 BGP --- up 1795636667.802 Established ";
	seen = look(r);
	assert_true(seen.established);
	assert_string_equal(seen.last_error, "");
	agent.tcp_state = 0;
	play_end(&p, state);
}

/* `configure` would start it again: it must be in the file, and its address closed when its time is over. */
static void
a_neighbour_over_its_limit_is_kept_down(void **state)
{
	struct routing *r = *state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct play p = {.row = "p0_4 BGP --- down 1795636667.802 Automatic shutdown: Route limit exceeded"};
	struct site s;
	char text[16384];

	site_fill(&s, 2);
	s.d.neighbour_count = 1;
	play_start(&p, a);
	apply(r, &s);
	assert_string_equal(look(r).state, "Disabled");
	s.d.neighbour_count = 2;
	apply(r, &s);
	FILE *f = fopen(in_dir(a, "bird.conf"), "r");

	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	assert_non_null(strstr(text, "protocol bgp p0_4 {\n\tdisabled yes;"));
	assert_null(strstr(text, "protocol bgp p1_4 {\n\tdisabled yes;"));
	play_end(&p, state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	    T(a_first_apply_starts_bird),
	    T(a_second_apply_of_the_same_does_nothing),
	    T(a_refused_neighbour_takes_nobody_with_it),
	    T(a_vrf_that_is_gone_takes_its_neighbours),
	    T(a_killed_bird_is_started_again_to_recover),
	    T(an_edge_that_starts_anew_finds_bird_running),
	    T(an_edge_that_starts_anew_loads_what_has_changed_meanwhile),
	    T(an_edge_that_ended_amidst_an_apply_trusts_no_file),
	    T(a_session_without_its_key_is_reset_and_never_up),
	    T(since_tells_when_a_session_ceased_to_be_up),
	    T(what_a_router_said_when_it_left_is_kept),
	    T(a_handshake_that_does_not_end_is_told),
	    T(a_neighbour_over_its_limit_is_kept_down),
#undef T
	};

	prctl(PR_SET_CHILD_SUBREAPER, 1); /* BIRD's second process becomes our child when its first ends */
	return cmocka_run_group_tests(tests, NULL, NULL);
}

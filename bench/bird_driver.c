/* SPDX-License-Identifier: ISC */
/* bird_driver.c - what the BIRD driver costs beside BIRD itself: N neighbours in V VRFs, none of which has a router.
 *Adds one and takes it away again through the driver, and the same by `configure` alone with the files that the driver
 *wrote; then lets both be for some seconds. The agent is this program's own, without privilege.
 *
 *	bird_driver NEIGHBOURS VRFS SECONDS -> lines "NAME VALUE" */
#include <err.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "edge/agent_client.h"
#include "edge/bird/control.h"
#include "edge/routing.h"

#define ROUNDS 5
#define WAIT_MS 60000

struct agent {
	char dir[64];
	struct event_base *loop;
	struct routing *driver;
	struct arena *arena;
	struct routing_desired desired;
	bool over;
};

static struct agent bench;

static const char *
path(const char *name)
{
	return arena_printf(bench.arena, "%s/bird/1/%s", bench.dir, name);
}

static uint32_t
pid_of_bird(void)
{
	FILE *f = fopen(path("run/bird.pid"), "re");
	unsigned pid = 0;

	if (f == NULL)
		return 0;
	if (fscanf(f, "%u", &pid) != 1 || kill((pid_t)pid, 0) != 0)
		pid = 0;
	fclose(f);
	return pid;
}

static enum dc_code
start(struct dc_error *error)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		if (chdir(path("")) == 0)
			execlp("bird", "bird", "-c", "bird.conf", "-s", "run/bird.ctl", "-P", "run/bird.pid",
			    (char *)NULL);
		_exit(127);
	}
	waitpid(child, &status, 0);
	return status == 0 ? DC_OK : dc_fail(error, DC_E_KERNEL, NULL, "bird does not start");
}

enum dc_code
agent_do(struct agent *a, enum agent_op op, void *request, size_t size, struct dc_error *error)
{
	(void)a;
	(void)request;
	(void)size;
	return op == OP_DAEMON_START ? start(error) : DC_OK;
}

enum dc_code
agent_ask(struct agent *a, enum agent_op op, void *request, size_t size, void *reply, size_t reply_size,
    struct dc_error *error)
{
	(void)a;
	(void)request;
	(void)size;
	(void)error;
	memset(reply, 0, reply_size);
	if (op == OP_DAEMON_STATE)
		((struct reply_daemon *)reply)->pid = pid_of_bird();
	return DC_OK;
}

enum dc_code
agent_list(struct agent *a, enum agent_op op, void *request, size_t size, size_t item_size, struct arena *arena,
    void **items, size_t *n, struct dc_error *error)
{
	(void)a;
	(void)op;
	(void)request;
	(void)size;
	(void)error;
	*items = arena_alloc(arena, item_size);
	*n = 0;
	return DC_OK;
}

gid_t
agent_control_group(const struct agent *a)
{
	(void)a;
	return 0;
}

/* --- the site --- */

static struct ip_addr
address(unsigned n, unsigned host)
{
	struct ip_addr a = {.family = IP_V4};

	a.byte[0] = 10;
	a.byte[1] = (uint8_t)(64 + n / 16384);
	a.byte[2] = (uint8_t)(n / 64 % 256);
	a.byte[3] = (uint8_t)(n % 64 * 4 + host);
	return a;
}

static void
fill(unsigned neighbours, unsigned vrfs)
{
	struct routing_vrf *vrf = arena_array(bench.arena, vrfs, sizeof(*vrf));
	struct routing_neighbour *n = arena_array(bench.arena, neighbours + 1, sizeof(*n));
	struct ip_prefix *own = arena_array(bench.arena, (size_t)vrfs * (neighbours + 1), sizeof(*own));

	for (unsigned v = 0; v < vrfs; v++) {
		vrf[v].device = arena_printf(bench.arena, "dcr%u", v + 1);
		vrf[v].table = 100001 + v;
		vrf[v].router_id = address(0, 1);
		vrf[v].own = own + (size_t)v * (neighbours + 1);
	}
	for (unsigned i = 0; i <= neighbours; i++) {
		n[i].key = arena_printf(bench.arena, "bgp/%06u", i);
		n[i].name = arena_printf(bench.arena, "p%u_4", i);
		n[i].vrf = vrf[i % vrfs].device;
		n[i].link = arena_printf(bench.arena, "dcv%u", i);
		n[i].local = address(i, 1);
		n[i].remote = address(i, 2);
		n[i].local_asn = 64512;
		n[i].remote_asn = 65001;
		n[i].password = "a password";
		n[i].route_limit = 100;
	}
	bench.desired = (struct routing_desired){1, vrf, vrfs, n, neighbours};
}

/* The link subnets of those who are there. */
static void
set(unsigned neighbours)
{
	struct routing_vrf *vrf = (struct routing_vrf *)(uintptr_t)bench.desired.vrf;

	for (size_t v = 0; v < bench.desired.vrf_count; v++)
		vrf[v].own_count = 0;
	for (unsigned i = 0; i < neighbours; i++) {
		struct routing_vrf *in = &vrf[i % bench.desired.vrf_count];
		struct ip_prefix *own = (struct ip_prefix *)(uintptr_t)in->own;

		own[in->own_count++] = (struct ip_prefix){.addr = address(i, 0), .len = 30};
	}
	bench.desired.neighbour_count = neighbours;
	bench.driver->ops->set(bench.driver, &bench.desired);
}

/* --- measuring --- */

static double
ms_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void
until(bool (*done)(void))
{
	double begun = ms_now();

	while (!done() && ms_now() - begun < WAIT_MS)
		event_base_loop(bench.loop, EVLOOP_ONCE);
	if (!done())
		errx(1, "not done within a minute");
}

static bool
settled(void)
{
	struct routing_seen seen;

	return bench.driver->ops->seen(bench.driver, 1, &seen) && seen.set == seen.loaded;
}

static bool
over(void)
{
	return bench.over;
}

static int
compare(const void *a, const void *b)
{
	return *(const double *)a < *(const double *)b ? -1 : *(const double *)a > *(const double *)b;
}

static double
median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), compare);
	return v[n / 2];
}

/* Whether the program, found by PATH and run without a shell, ends well. */
static bool
runs(const char *program, const char *option, const char *from, const char *to)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execlp(program, program, option, from, to, (char *)NULL);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void
keep(const char *as)
{
	if (!runs("cp", "-f", path("bird.conf"), path(as)))
		errx(1, "bird.conf is not copied to %s", as);
}

static void
by_driver(unsigned n)
{
	double took[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		double begun = ms_now();

		set(n + 1);
		until(settled);
		took[i] = ms_now() - begun;
		if (i == 0)
			keep("more");
		set(n);
		until(settled);
		if (i == 0)
			keep("less");
	}
	printf("add_ms %.2f\n", median(took, ROUNDS));
}

static void
status(void *arg, const struct control_reply *reply, const char *failure)
{
	if (failure != NULL)
		errx(1, "%s", failure);
	if (strstr(control_words(reply), "Reconfiguration in") != NULL)
		control_ask(arg, "show status", WAIT_MS, status, arg);
	else
		bench.over = true;
}

static void
configured(void *arg, const struct control_reply *reply, const char *failure)
{
	if (failure != NULL || reply->code >= 8000)
		errx(1, "%s", failure != NULL ? failure : control_words(reply));
	if (reply->code == 3)
		bench.over = true;
	else
		control_ask(arg, "show status", WAIT_MS, status, arg);
}

static void
hung_up(void *arg)
{
	(void)arg;
}

static double
configure(struct control *c, const char *file)
{
	double begun = ms_now();

	bench.over = false;
	control_ask(c, arena_printf(bench.arena, "configure \"%s\"", path(file)), WAIT_MS, configured, c);
	until(over);
	return ms_now() - begun;
}

static void
raw(void)
{
	struct control *c = control_new(bench.loop, path("run"), hung_up, NULL);
	double took[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		took[i] = configure(c, "more");
		configure(c, "less");
	}
	printf("raw_ms %.2f\n", median(took, ROUNDS));
	control_free(c);
}

static double
own_ms(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

static double
ms_of(uint32_t pid)
{
	FILE *f = fopen(arena_printf(bench.arena, "/proc/%u/schedstat", pid), "re");
	unsigned long long ns = 0;

	if (f != NULL && fscanf(f, "%llu", &ns) != 1)
		ns = 0;
	if (f != NULL)
		fclose(f);
	return (double)ns / 1e6;
}

static void
idle(int seconds)
{
	uint32_t pid = pid_of_bird();
	double own = own_ms(), birds = ms_of(pid);
	struct rusage u;

	event_base_loopexit(bench.loop, &(struct timeval){.tv_sec = seconds});
	event_base_dispatch(bench.loop);
	getrusage(RUSAGE_SELF, &u);
	printf("idle_driver_percent %.2f\nidle_bird_percent %.2f\n", (own_ms() - own) / seconds / 10,
	    (ms_of(pid) - birds) / seconds / 10);
	printf("driver_mb %.1f\n", (double)u.ru_maxrss / 1024);
}

static void
note(void *arg, uint32_t instance)
{
	(void)arg;
	(void)instance;
}

static long
number(const char *text)
{
	const char *why = NULL;
	long long v = strtonum(text, 1, 100000, &why);

	if (why != NULL)
		errx(2, "%s: %s", text, why);
	return (long)v;
}

int
main(int argc, char **argv)
{
	struct dc_error error = {0};

	if (argc != 4)
		errx(2, "usage: bird_driver NEIGHBOURS VRFS SECONDS");
	log_init("bird_driver", LOG_CRIT);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	strlcpy(bench.dir, "/tmp/dcaas-bench-XXXXXX", sizeof(bench.dir));
	if (mkdtemp(bench.dir) == NULL || (bench.loop = event_base_new()) == NULL)
		err(1, "%s", bench.dir);
	bench.arena = arena_new();
	if (bird_open(&bench, bench.dir, 0, &bench.driver, &error) != DC_OK)
		errx(1, "%s", error.text);
	bench.driver->ops->start(bench.driver, bench.loop, note, NULL);
	fill((unsigned)number(argv[1]), (unsigned)number(argv[2]));
	set((unsigned)number(argv[1]));
	until(settled);
	by_driver((unsigned)number(argv[1]));
	raw();
	idle((int)number(argv[3]));
	kill((pid_t)pid_of_bird(), SIGKILL);
	bench.driver = bench.driver->ops->close(bench.driver);
	if (!runs("rm", "-rf", bench.dir, NULL))
		warnx("%s is left", bench.dir);
	return 0;
}

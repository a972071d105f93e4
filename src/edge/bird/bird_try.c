/* SPDX-License-Identifier: ISC */
/* bird_try.c - the driver and the agent without the rest of the edge, for test/lab/test_bird.py: commands come as lines
 * from a file (a FIFO), what happens goes to stdout. Usage: bird_try STATE_DIR UID COMMANDS */
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/log.h"
#include "edge/agent/agent.h"
#include "edge/agent_client.h"
#include "edge/routing.h"

#define INSTANCE 1
#define BIRD_FIRST 1900000000
#define WORDS_MAX 16
#define PEERS_MAX 256

struct
try {
	const char *state_dir, *commands;
	struct agent *agent;
	struct routing *routing;
	struct arena *arena; /* of what is desired */
	struct routing_vrf vrf[32];
	struct routing_neighbour peer[PEERS_MAX];
	struct routing_desired desired;
	char *shown[PEERS_MAX]; /* what was last printed of it */
	struct event_base *loop;
	FILE *in;
	uint64_t wish; /* that is not handed over yet; 0: none */
	bool leaving;  /* when it is */
	struct monotonic wished;
};

static struct ip_prefix
prefix(const char *text)
{
	struct ip_prefix p = {0};

	if (!ip_parse_prefix(text, &p))
		printf("bad prefix %s\n", text);
	return p;
}

static struct ip_addr
addr(const char *text)
{
	struct ip_addr a = {0};

	if (strcmp(text, "-") != 0 && !ip_parse_addr(text, &a))
		printf("bad address %s\n", text);
	return a;
}

static uint32_t
number(const char *text)
{
	return (uint32_t)strtoul(text, NULL, 10);
}

static void
told(const char *what, enum dc_code code, const struct dc_error *err)
{
	printf("%s %s %s\n", what, code == DC_OK ? "ok" : "failed", code == DC_OK ? "" : err->text);
}

static void
kernel(struct try *t, enum agent_op op, void *ask, size_t size, const char *what)
{
	struct dc_error err = {0};

	told(what, agent_do(t->agent, op, ask, size, &err), &err);
}

/* "vrf DEVICE TABLE ROUTER_ID OWN..." */
static void
do_vrf(struct try *t, char **w, size_t n)
{
	struct op_instance netns = {.instance = INSTANCE};
	struct op_link link = {.instance = INSTANCE, .table = number(w[2])};
	struct routing_vrf *v = &t->vrf[t->desired.vrf_count++];
	struct ip_prefix *own = arena_array(t->arena, n + 1, sizeof(*own));

	kernel(t, OP_NETNS_ADD, &netns, sizeof(netns), "netns");
	strlcpy(link.device, w[1], sizeof(link.device));
	snprintf(link.mark, sizeof(link.mark), "dcaas:00000000-0000-7000-8000-%012u", link.table);
	kernel(t, OP_VRF_ADD, &link, sizeof(link), "vrf");
	for (size_t i = 4; i < n; i++)
		own[i - 4] = prefix(w[i]);
	*v = (struct routing_vrf){.device = arena_strdup(t->arena, w[1]), .table = link.table, .router_id = addr(w[3])};
	v->own = own;
	v->own_count = n < 4 ? 0 : n - 4;
	v->internal_asn_first = 4290000000;
	v->internal_asn_last = 4294967294;
}

/* "vlan DEVICE PORT VLAN VRF TABLE ADDRESS..." */
static void
do_vlan(struct try *t, char **w, size_t n)
{
	struct op_link link = {.instance = INSTANCE, .vlan = number(w[3])};
	struct op_filter filter = {.instance = INSTANCE};
	struct op_device up = {.instance = INSTANCE};

	strlcpy(link.device, w[1], sizeof(link.device));
	strlcpy(link.port, w[2], sizeof(link.port));
	strlcpy(link.vrf, w[4], sizeof(link.vrf));
	snprintf(link.mark, sizeof(link.mark), "dcaas:00000000-0000-7000-8000-%012u", link.vlan);
	kernel(t, OP_VLAN_ADD, &link, sizeof(link), "vlan");
	strlcpy(filter.device, w[1], sizeof(filter.device));
	kernel(t, OP_FILTER_ADD, &filter, sizeof(filter), "filter");
	for (size_t i = 6; i < n; i++) {
		struct op_addr a = {.instance = INSTANCE, .table = number(w[5]), .prefix = prefix(w[i])};

		strlcpy(a.device, w[1], sizeof(a.device));
		kernel(t, OP_ADDR_ADD, &a, sizeof(a), "addr");
	}
	strlcpy(up.device, w[1], sizeof(up.device));
	kernel(t, OP_LINK_UP, &up, sizeof(up), "up");
}

/* "route TABLE PROTO PREFIX VIA DEVICE" */
static void
do_route(struct try *t, char **w, size_t n)
{
	struct op_route r = {
	    .instance = INSTANCE, .table = number(w[1]), .proto = number(w[2]), .prefix = prefix(w[3])};

	(void)n;
	r.via = addr(w[4]);
	strlcpy(r.device, w[5], sizeof(r.device));
	kernel(t, OP_ROUTE_ADD, &r, sizeof(r), "route");
}

/* "peer NAME VRF LINK LOCAL REMOTE LOCAL_AS REMOTE_AS LIMIT PASSWORD|- [link]": replaces one of that name */
static void
do_peer(struct try *t, char **w, size_t n)
{
	struct op_neighbour ask = {
	    .instance = INSTANCE, .local = addr(w[4]), .remote = addr(w[5]), .has_key = strcmp(w[9], "-") != 0};
	size_t i = 0;

	strlcpy(ask.device, w[3], sizeof(ask.device));
	kernel(t, OP_NEIGHBOUR_ADD, &ask, sizeof(ask), "neighbour");
	while (i < t->desired.neighbour_count && strcmp(t->peer[i].name, w[1]) != 0)
		i++;
	if (i == PEERS_MAX)
		return;
	if (i == t->desired.neighbour_count)
		t->desired.neighbour_count++;
	t->peer[i] = (struct routing_neighbour){
	    .key = arena_strdup(t->arena, w[1]),
	    .name = arena_strdup(t->arena, w[1]),
	    .vrf = arena_strdup(t->arena, w[2]),
	    .link = arena_strdup(t->arena, w[3]),
	    .local = addr(w[4]),
	    .remote = addr(w[5]),
	    .local_asn = number(w[6]),
	    .remote_asn = number(w[7]),
	    .route_limit = number(w[8]),
	    .password = strcmp(w[9], "-") == 0 ? NULL : arena_strdup(t->arena, w[9]),
	    .is_link = n > 10,
	};
}

/* "own VRF PREFIX...": more of the gateway's own */
static void
do_own(struct try *t, char **w, size_t n)
{
	for (size_t i = 0; i < t->desired.vrf_count; i++) {
		struct routing_vrf *v = &t->vrf[i];
		struct ip_prefix *own = arena_array(t->arena, v->own_count + n, sizeof(*own));

		if (strcmp(v->device, w[1]) != 0)
			continue;
		memcpy(own, v->own, v->own_count * sizeof(*own));
		for (size_t k = 2; k < n; k++)
			own[v->own_count++] = prefix(w[k]);
		v->own = own;
	}
}

/* "drops": what the filters of all devices have dropped */
static void
do_drops(struct try *t, char **w, size_t n)
{
	_cleanup_arena_ struct arena *a = arena_new();
	struct op_read ask = {.instance = INSTANCE};
	const struct item_filter *f;
	unsigned long long sum = 0;
	size_t filters = 0;
	void *items = NULL;

	(void)w;
	(void)n;
	agent_list(t->agent, OP_READ_FILTERS, &ask, sizeof(ask), sizeof(*f), a, &items, &filters, NULL);
	f = items;
	for (size_t i = 0; i < filters; i++)
		for (size_t k = 0; k < OP_DROPS; k++)
			sum += f[i].drops[k];
	printf("drops %llu\n", sum);
}

/* "unpeer NAME" */
static void
do_unpeer(struct try *t, char **w, size_t n)
{
	(void)n;
	for (size_t i = 0; i < t->desired.neighbour_count; i++)
		if (strcmp(t->peer[i].name, w[1]) == 0)
			t->peer[i] = t->peer[--t->desired.neighbour_count];
}

/* The driver takes neighbours sorted by key. */
static int
by_key(const void *a, const void *b)
{
	return strcmp(((const struct routing_neighbour *)a)->key, ((const struct routing_neighbour *)b)->key);
}

static void
tell_wish(struct try *t)
{
	struct routing_seen seen = {0};
	bool there = t->routing->ops->seen(t->routing, INSTANCE, &seen);
	struct dc_error err = {0};

	if (t->wish == 0 || (there && !routing_settled(&seen)))
		return;
	t->wish = 0;
	for (size_t i = 0; i < seen.sessions; i++)
		if (seen.session[i].refused != NULL)
			printf("refused %s %s\n", seen.session[i].key, seen.session[i].refused);
	printf("took %lld ms\n", (long long)monotonic_since(t->wished));
	told("apply", seen.why != NULL ? dc_fail(&err, DC_E_DAEMON, NULL, "%s", seen.why) : DC_OK, &err);
}

static void
do_apply(struct try *t, char **w, size_t n)
{
	(void)w;
	(void)n;
	qsort(t->peer, t->desired.neighbour_count, sizeof(t->peer[0]), by_key);
	t->wished = monotonic_now();
	t->wish = t->routing->ops->set(t->routing, &t->desired);
	tell_wish(t);
}

/* "down": no VRF any more. */
static void
do_down(struct try *t, char **w, size_t n)
{
	t->desired.vrf_count = t->desired.neighbour_count = 0;
	do_apply(t, w, n);
}

static void
leave(struct try *t)
{
	t->routing = t->routing->ops->close(t->routing);
	exit(0);
}

static void
do_exit(struct try *t, char **w, size_t n)
{
	(void)w;
	(void)n;
	t->leaving = true;
	if (t->wish == 0)
		leave(t);
}

static const struct {
	const char *word;
	size_t least;
	void (*run)(struct try *, char **, size_t);
} commands[] = {
    {"vrf", 4, do_vrf},
    {"vlan", 6, do_vlan},
    {"route", 6, do_route},
    {"peer", 10, do_peer},
    {"own", 3, do_own},
    {"unpeer", 2, do_unpeer},
    {"drops", 1, do_drops},
    {"apply", 1, do_apply},
    {"down", 1, do_down},
    {"exit", 1, do_exit},
};

static void
command(struct try *t, char *line)
{
	char *words[WORDS_MAX], *rest = line, *w;
	size_t n = 0;

	while (n < WORDS_MAX && (w = strsep(&rest, " ")) != NULL)
		if (*w != '\0')
			words[n++] = w;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (n >= commands[i].least && strcmp(words[0], commands[i].word) == 0)
			commands[i].run(t, words, n);
}

static void
look(struct try *t)
{
	_cleanup_arena_ struct arena *a = arena_new();
	struct routing_seen seen;

	if (!t->routing->ops->seen(t->routing, INSTANCE, &seen))
		return;
	for (size_t i = 0; i < seen.sessions && i < PEERS_MAX; i++) {
		const struct routing_session *s = &seen.session[i];
		char *text;

		if (!s->known)
			continue;
		text = arena_printf(a,
		    "session %s %s %s received=%lld accepted=%lld rejected=%lld advertised=%lld tcp=%s error=%s",
		    s->key, s->established ? "up" : "down", s->state, (long long)s->received, (long long)s->accepted,
		    (long long)s->rejected, (long long)s->advertised, s->tcp, s->last_error);
		if (t->shown[i] != NULL && strcmp(t->shown[i], text) == 0)
			continue;
		free(t->shown[i]);
		t->shown[i] = strdup(text);
		printf("%s\n", text);
	}
}

static void
on_news(void *arg, uint32_t instance)
{
	struct try *t = arg;

	(void)instance;
	tell_wish(t);
	if (t->leaving && t->wish == 0)
		leave(t);
	look(t);
}

static void
on_line(evutil_socket_t fd, short what, void *arg)
{
	struct try *t = arg;
	char line[1024];

	(void)fd;
	(void)what;
	if (fgets(line, sizeof(line), t->in) == NULL)
		return;
	line[strcspn(line, "\n")] = '\0';
	command(t, line);
}

static int
network(struct try *t)
{
	struct dc_error err;
	int commands_fd = open(t->commands, O_RDWR | O_CLOEXEC);
	struct event *on_command;

	prctl(PR_SET_NAME, "bird_try", 0, 0, 0);
	t->in = commands_fd < 0 ? NULL : fdopen(commands_fd, "r");
	if (t->in == NULL || agent_network() != 0 || (t->loop = event_base_new()) == NULL ||
	    (on_command = event_new(t->loop, commands_fd, EV_READ | EV_PERSIST, on_line, t)) == NULL ||
	    agent_connect(AGENT_FD_SOCKET, &t->agent, &err) != DC_OK ||
	    bird_open(t->agent, t->state_dir, 0, &t->routing, &err) != DC_OK)
		return 1;
	setvbuf(t->in, NULL, _IONBF, 0); /* the loop must see what is left */
	setvbuf(stdout, NULL, _IOLBF, 0);
	t->arena = arena_new();
	t->desired = (struct routing_desired){.instance = INSTANCE, .vrf = t->vrf, .neighbour = t->peer};
	t->routing->ops->start(t->routing, t->loop, on_news, t);
	event_add(on_command, NULL);
	printf("ready\n");
	event_base_dispatch(t->loop);
	return 0;
}

int
main(int argc, char **argv)
{
	static struct try t;

	if (argc != 4)
		return 2;
	log_init("bird_try", LOG_DEBUG);
	t.state_dir = argv[1];
	t.commands = argv[3];
	if (strcmp(argv[2], "--network") == 0)
		return network(&t);
	char *const half[] = {argv[0], argv[1], (char[]){"--network"}, argv[3], NULL};
	struct agent_options options = {.uid = number(argv[2]),
	    .gid = number(argv[2]),
	    .bird_first = BIRD_FIRST,
	    .bird_last = BIRD_FIRST + 9999,
	    .bird_memory = UINT64_C(1) << 30,
	    .ports = "*",
	    .network = half,
	    .handed = -1,
	    .state_dir = argv[1]};

	return agent_run(&options);
}

/* SPDX-License-Identifier: ISC */
/* edge_scale - what one change costs an edge that has many interfaces, on the simulated router: state, journal,
 * planner, apply and report, without the network between it and dcaasd.
 *
 *     edge_scale INTERFACES GATEWAYS FOLDER
 *
 * Prints a line for each piece of work: its name, and microseconds of processor time (the median of several). */
#include <err.h>
#include <event2/event.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "edge/apply.h"
#include "edge/report.h"

#define RUNS 9
#define PER_INTERFACE 4

struct bench {
	struct arena *arena;
	struct event_base *base;
	struct kernel *kernel;
	struct routing *routing;
	struct state *state;
	struct apply *apply;
	struct report *report;
	size_t interfaces, gateways;
	int64_t revision;
};

static double
processor_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void
put(struct wire_object *o, const char *key, const char *kind, int64_t revision, const char *body)
{
	*o = (struct wire_object){0};
	F_SET_TEXT(o->key, key);
	F_SET_TEXT(o->kind, kind);
	F_SET_INT(o->revision, revision);
	F_SET_BOOL(o->deleted, body == NULL);
	F_SET_TEXT(o->body, body);
}

static void
put_gateway(struct bench *b, struct wire_object *o, size_t g)
{
	put(o, arena_printf(b->arena, "vrf/%05zu", g), "vrf", b->revision,
	    arena_printf(b->arena,
		"{\"device\":\"dcr%zu\",\"mark\":\"00000000-0000-4000-8000-1%011zu\",\"table\":%zu,\"instance\":%zu,"
		"\"router_id\":\"10.0.%zu.%zu\",\"own\":[\"10.1.0.0/16\"]}",
		g, g, 100001 + g, g + 1, g / 256, g % 256));
}

/* The objects of interface i. asn: what a change of it changes. */
static void
put_interface(struct bench *b, struct wire_object *o, size_t i, bool deleted, int asn)
{
	size_t g = i % b->gateways, a = i / 16384, c = i / 64 % 256, d = i % 64 * 4;
	const char *vlan = arena_printf(b->arena, "vlan/%06zu", i);

	put(&o[0], vlan, "vlan", b->revision,
	    deleted ? NULL
		    : arena_printf(b->arena,
			  "{\"vrf\":\"vrf/%05zu\",\"device\":\"dcv%zu\",\"mark\":\"00000000-0000-4000-8000-2%011zu\","
			  "\"port\":\"trunk%zu\",\"vlan\":%zu,\"use\":\"customer\"}",
			  g, i, i, i / 4000, 1 + i % 4000));
	put(&o[1], arena_printf(b->arena, "addr/%06zu", i), "addr", b->revision,
	    deleted ? NULL
		    : arena_printf(
			  b->arena, "{\"link\":\"%s\",\"prefix\":\"172.%zu.%zu.%zu/30\"}", vlan, 16 + a, c, d + 1));
	put(&o[2], arena_printf(b->arena, "bgp/%06zu", i), "bgp", b->revision,
	    deleted ? NULL
		    : arena_printf(b->arena,
			  "{\"vrf\":\"vrf/%05zu\",\"link\":\"%s\",\"name\":\"p%zu_4\",\"local\":\"172.%zu.%zu.%zu\","
			  "\"remote\":\"172.%zu.%zu.%zu\",\"local_asn\":64512,\"remote_asn\":%d,\"route_limit\":100,"
			  "\"password\":\"bench-password-%zu\"}",
			  g, vlan, i, 16 + a, c, d + 1, 16 + a, c, d + 2, asn, i));
	put(&o[3], arena_printf(b->arena, "rate/%06zu", i), "rate", b->revision,
	    deleted ? NULL
		    : arena_printf(
			  b->arena, "{\"link\":\"%s\",\"ingress\":50000,\"egress\":50000,\"burst\":625000}", vlan));
}

static void
take(struct bench *b, struct wire_object *objects, size_t n, bool full)
{
	struct wire_desired d = {.objects = {GIVEN, n, objects}};
	struct dc_error error = {0};

	F_SET_TEXT(d.edge, "bench");
	F_SET_TEXT(d.epoch, "E");
	F_SET_INT(d.revision, b->revision);
	F_SET_BOOL(d.full, full);
	state_take(b->state, &d);
	if (state_save(b->state, &error) != DC_OK)
		errx(1, "%s", error.text);
}

/* Until nothing is left to do and to report. */
static void
settle(struct bench *b)
{
	struct report_ports ports = {0};
	struct dc_error error = {0};

	do {
		if (!apply_begin(b->apply, false, &error))
			errx(1, "%s", error.text);
		while (apply_continue(b->apply, 1000))
			;
	} while (apply_must_retry(b->apply));
	ports.port = apply_ports(b->apply, &ports.port_count);
	report_build(b->report, b->state, &ports, false, false);
	while (report_next(b->report) != NULL)
		;
	report_done(b->report, true);
	state_forget_told(b->state);
}

/* Times may pass between two pieces of work, and sessions come and go in it. */
static void
let_live(struct bench *b)
{
	event_base_loop(b->base, EVLOOP_NONBLOCK);
	arena_free(b->arena);
	b->arena = arena_new();
}

enum work { ADD, CHANGE, REMOVE, ADD_100, REMOVE_100, NOTHING, READ, SYNC, WORKS };

static const char *const names[WORKS] = {
    "add one", "change one", "remove one", "add 100", "remove 100", "resync without a change", "read all", "full sync"};

static void
work_on(struct bench *b, enum work work, int run)
{
	size_t n = work == ADD_100 || work == REMOVE_100 ? 100 : 1;
	struct wire_object *o = arena_array(b->arena, n * PER_INTERFACE, sizeof(*o));
	struct dc_error error = {0};

	b->revision++;
	for (size_t i = 0; i < n; i++)
		put_interface(b, &o[i * PER_INTERFACE], work == CHANGE ? (size_t)run : b->interfaces + i,
		    work == REMOVE || work == REMOVE_100, work == CHANGE ? 65100 + run : 65001);
	if (work == CHANGE) /* the neighbour alone */
		take(b, &o[2], 1, false);
	else if (work == READ) {
		if (!apply_begin(b->apply, true, &error))
			errx(1, "%s", error.text);
		while (apply_continue(b->apply, 1000))
			;
		return;
	} else if (work != NOTHING)
		take(b, o, n * PER_INTERFACE, false);
	settle(b);
}

static int
compare_double(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void
fill(struct bench *b)
{
	size_t n = b->gateways + b->interfaces * PER_INTERFACE;
	struct wire_object *o = arena_array(b->arena, n, sizeof(*o));

	b->revision++;
	for (size_t g = 0; g < b->gateways; g++)
		put_gateway(b, &o[g], g);
	for (size_t i = 0; i < b->interfaces; i++)
		put_interface(b, &o[b->gateways + i * PER_INTERFACE], i, false, 65001);
	take(b, o, n, true);
	settle(b);
}

static void
open_all(struct bench *b, const char *folder)
{
	struct dc_error error = {0};

	b->base = event_base_new();
	if (b->base == NULL || sim_open(NULL, &b->kernel, &b->routing, &error) != DC_OK ||
	    state_open(folder, &b->state, &error) != DC_OK)
		errx(1, "%s", error.text);
	b->apply = apply_new(b->state, b->kernel, b->routing);
	b->report = report_new("sim");
}

static void
ignore_news(void *arg, uint32_t instance)
{
	(void)apply_routing_changed(((struct bench *)arg)->apply, instance);
}

static void
close_all(struct bench *b)
{
	apply_free(b->apply);
	report_free(b->report);
	state_close(b->state);
	b->routing->ops->close(b->routing);
	b->kernel->ops->close(b->kernel);
	event_base_free(b->base);
	arena_free(b->arena);
}

/* Each piece of work by itself, and what it did is undone right after it. */
static void
measure(struct bench *b)
{
	static const struct {
		enum work work, undo;
	} pieces[] = {{ADD, REMOVE}, {CHANGE, CHANGE}, {ADD_100, REMOVE_100}, {NOTHING, NOTHING}, {READ, READ}};

	for (size_t k = 0; k < sizeof(pieces) / sizeof(pieces[0]); k++) {
		double us[2][RUNS];

		for (int run = 0; run < 2 * RUNS; run++) {
			double begun;

			let_live(b);
			begun = processor_us();
			work_on(b, run % 2 == 0 ? pieces[k].work : pieces[k].undo, run);
			us[run % 2][run / 2] = processor_us() - begun;
		}
		for (int side = 0; side < 2; side++) {
			enum work work = side == 0 ? pieces[k].work : pieces[k].undo;

			qsort(us[side], RUNS, sizeof(us[0][0]), compare_double);
			if (side == 0 || work != pieces[k].work)
				printf("%s %.0f\n", names[work], us[side][RUNS / 2]);
		}
	}
}

int
main(int argc, char **argv)
{
	struct bench b = {.arena = arena_new()};
	struct mallinfo2 before, after;
	double begun;

	if (argc != 4)
		errx(2, "usage: edge_scale INTERFACES GATEWAYS FOLDER");
	log_init("edge_scale", LOG_EMERG);
	b.interfaces = (size_t)strtonum(argv[1], 1, 100000, NULL);
	b.gateways = (size_t)strtonum(argv[2], 1, 9999, NULL);
	open_all(&b, argv[3]);
	b.routing->ops->start(b.routing, b.base, ignore_news, &b);
	let_live(&b);
	before = mallinfo2();
	begun = processor_us();
	fill(&b);
	printf("%s %.0f\n", names[SYNC], processor_us() - begun);
	let_live(&b);
	after = mallinfo2();
	measure(&b);
	printf("memory %zu\n", after.uordblks - before.uordblks);
	close_all(&b);
	return 0;
}

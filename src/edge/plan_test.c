/* SPDX-License-Identifier: ISC */
/* The planner against files: test/golden/plan/NAME.in holds what was wanted before ("have", made on the
 * simulated kernel), what somebody did to it by hand ("hand"), and what is wanted now ("want"); NAME.ok holds the
 * plan. Then the plan is carried out, and planning again must find nothing to do.
 *
 * UPDATE_GOLDEN=1 writes the .ok files again, to be read by a human before they are committed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <glob.h>

#include "edge/plan.h"
#include "edge/sim_priv.h"

#define WANTS_MAX 64
#define LINE_MAX_SIZE 1024

struct set {
	const struct want *want[WANTS_MAX];
	size_t n;
};

struct test {
	struct arena *arena;
	struct kernel *kernel;
	struct routing *routing;
	struct buf out;
};

static int
by_key(const void *a, const void *b)
{
	const struct want *const *x = a, *const *y = b;

	return strcmp((*x)->key, (*y)->key);
}

/* "vlan/1 vlan {...}", with "gone " before it when it is a tombstone; no body: one that was never known. */
static void
add_want(struct test *t, struct set *set, char *line)
{
	struct want *w = arena_new_of(t->arena, struct want);
	char *key, *kind;

	assert_true(set->n < WANTS_MAX);
	if (strncmp(line, "gone ", 5) == 0) {
		w->deleted = true;
		line += 5;
	}
	key = strsep(&line, " ");
	kind = strsep(&line, " ");
	assert_non_null(kind);
	w->key = arena_strdup(t->arena, key);
	w->kind = object_kind_parse(kind);
	if (line != NULL || !w->deleted)
		want_decode(w, arena_strdup(t->arena, line), t->arena);
	w->shut = w->shut_until > utc_now();
	set->want[set->n++] = w;
	qsort(set->want, set->n, sizeof(set->want[0]), by_key);
}

/* --- the simulated kernel --- */

static struct sim *
sim_of(struct test *t)
{
	return (struct sim *)((char *)t->kernel - offsetof(struct sim, kernel));
}

static struct seen
see(struct test *t)
{
	struct seen seen = {0};
	struct dc_error err;

	assert_int_equal(t->kernel->ops->read_ports(t->kernel, t->arena, &seen.port, &seen.port_count, &err), DC_OK);
	assert_int_equal(
	    t->kernel->ops->read_instances(t->kernel, t->arena, &seen.instance, &seen.instance_count, &err), DC_OK);
	seen.in = arena_array(t->arena, seen.instance_count + 1, sizeof(*seen.in));
	for (size_t i = 0; i < seen.instance_count; i++) {
		struct kernel_instance *in = arena_new_of(t->arena, struct kernel_instance);

		assert_int_equal(
		    t->kernel->ops->read_instance(t->kernel, seen.instance[i].instance, NULL, t->arena, in, &err),
		    DC_OK);
		seen.in[seen.in_count++].kernel = in;
	}
	return seen;
}

static void
plan_now(struct test *t, const struct set *set, struct plan *plan)
{
	struct seen seen = see(t);

	plan_make(set->want, set->n, &seen, t->arena, plan);
}

static void
carry_out(struct test *t, struct plan *plan)
{
	for (size_t i = 0; i < plan->steps; i++) {
		struct dc_error err = {0};
		struct plan_step *s = &plan->step[i];

		if (t->kernel->ops->change(t->kernel, s->op, &s->ask, s->size, &err) != DC_OK)
			fail_msg("%s: %s", plan_step_text(s, t->arena), err.text);
	}
}

/* "del 1 dcv1", "down 1 dcv1", "foreign 1 dcv1", "strip 1 dcv1 ADDRESS", "unroute 1 TABLE PREFIX",
 * "unfilter 1 dcv1", "unrate 1 dcv1" */
static void
by_hand(struct test *t, char *line)
{
	const char *what = strsep(&line, " ");
	struct sim_instance *in = sim_instance(sim_of(t), (uint32_t)strtonum(strsep(&line, " "), 1, 9999, NULL));
	char *device = strsep(&line, " ");
	struct dc_error err;

	assert_non_null(in);
	assert_non_null(device);
	if (strcmp(what, "foreign") == 0) {
		strlcpy(sim_link(in, device)->mark, "", OP_MARK_MAX);
	} else if (strcmp(what, "down") == 0) {
		sim_link(in, device)->up = 0;
	} else if (strcmp(what, "del") == 0) {
		struct op_device ask = {.instance = in->number};

		strlcpy(ask.device, device, sizeof(ask.device));
		assert_int_equal(t->kernel->ops->change(t->kernel, OP_LINK_DEL, &ask, sizeof(ask), &err), DC_OK);
	} else if (strcmp(what, "strip") == 0) {
		struct op_addr ask = {.instance = in->number};

		strlcpy(ask.device, device, sizeof(ask.device));
		assert_true(ip_parse_prefix(line, &ask.prefix));
		assert_int_equal(t->kernel->ops->change(t->kernel, OP_ADDR_DEL, &ask, sizeof(ask), &err), DC_OK);
	} else if (strcmp(what, "unroute") == 0) {
		struct op_route ask = {.instance = in->number,
		    .table = (uint32_t)strtonum(device, 1, 999999, NULL),
		    .proto = ROUTE_PROTO_STATIC};

		assert_true(ip_parse_prefix(line, &ask.prefix));
		assert_int_equal(t->kernel->ops->change(t->kernel, OP_ROUTE_DEL, &ask, sizeof(ask), &err), DC_OK);
	} else if (strcmp(what, "unfilter") == 0) {
		size_t at = 0;

		while (at < in->filters && strcmp(in->filter[at].device, device) != 0)
			at++;
		assert_true(at < in->filters);
		memmove(&in->filter[at], &in->filter[at + 1], (--in->filters - at) * sizeof(*in->filter));
	} else if (strcmp(what, "unrate") == 0) {
		struct op_device ask = {.instance = in->number};

		strlcpy(ask.device, device, sizeof(ask.device));
		assert_int_equal(t->kernel->ops->change(t->kernel, OP_RATE_DEL, &ask, sizeof(ask), &err), DC_OK);
	} else
		fail_msg("unknown deed %s", what);
}

/* --- the objects' texts --- */

static void
say_routing(struct test *t, const struct set *set, const struct plan *plan)
{
	struct routing_desired *d;
	size_t n;

	plan_routing(set->want, set->n, plan, NULL, 0, t->arena, &d, &n);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < d[i].vrf_count; k++)
			buf_printf(
			    &t->out, "runs %u %s own=%zu\n", d[i].instance, d[i].vrf[k].device, d[i].vrf[k].own_count);
		for (size_t k = 0; k < d[i].neighbour_count; k++)
			buf_printf(&t->out, "runs %u %s vrf=%s dev=%s%s%s\n", d[i].instance, d[i].neighbour[k].name,
			    d[i].neighbour[k].vrf, d[i].neighbour[k].link, d[i].neighbour[k].is_link ? " link" : "",
			    d[i].neighbour[k].password != NULL ? " md5" : "");
	}
}

static void
say_plan(struct test *t, const struct set *set, const struct plan *plan)
{
	for (size_t i = 0; i < plan->steps; i++) {
		if (i == plan->steps - plan->late)
			buf_puts(&t->out, "late\n");
		buf_printf(&t->out, "step %s for %s\n", plan_step_text(&plan->step[i], t->arena),
		    plan->step[i].key != NULL ? plan->step[i].key : "-");
	}
	for (size_t i = 0; i < set->n; i++) {
		const struct plan_verdict *v = &plan->verdict[i];

		buf_printf(&t->out, "is %s %s%s%s%s\n", set->want[i]->key, plan_state_name(v->state),
		    v->has_carrier ? v->carrier ? " carrier" : " no-carrier" : "", v->text != NULL ? ": " : "",
		    v->text != NULL ? v->text : "");
	}
	say_routing(t, set, plan);
}

/* --- one file --- */

static char *
read_file(struct arena *arena, const char *path)
{
	_cleanup_buf_ struct buf text = BUF_INIT(1 << 20);
	char part[4096];
	FILE *f = fopen(path, "re");
	size_t n;

	if (f == NULL)
		return NULL;
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		buf_add(&text, part, n);
	fclose(f);
	return arena_strdup(arena, buf_str(&text));
}

static void
run_lines(struct test *t, char *text, struct set *have, struct set *want)
{
	char *section = NULL, *line;
	struct plan plan;
	bool brought_about = false;

	while ((line = strsep(&text, "\n")) != NULL) {
		if (line[0] == '\0' || line[0] == '#')
			continue;
		if (line[0] != ' ') {
			section = line;
			if (strcmp(section, "have") != 0 && !brought_about) {
				plan_now(t, have, &plan);
				carry_out(t, &plan);
				brought_about = true;
			}
			continue;
		}
		line += strspn(line, " ");
		assert_non_null(section);
		if (strcmp(section, "have") == 0)
			add_want(t, have, line);
		else if (strcmp(section, "hand") == 0)
			by_hand(t, line);
		else
			add_want(t, want, line);
	}
}

static void
compare(struct test *t, const char *in_path)
{
	char *ok_path = arena_printf(t->arena, "%.*s.ok", (int)(strlen(in_path) - 3), in_path);
	const char *ok;

	if (getenv("UPDATE_GOLDEN") != NULL) {
		FILE *f = fopen(ok_path, "we");

		assert_non_null(f);
		fputs(buf_str(&t->out), f);
		fclose(f);
		return;
	}
	ok = read_file(t->arena, ok_path);
	assert_non_null(ok);
	if (strcmp(ok, buf_str(&t->out)) != 0)
		fail_msg("%s: the plan is\n%s", in_path, buf_str(&t->out));
}

static void
run_file(const char *path)
{
	struct test t = {.arena = arena_new(), .out = BUF_INIT(1 << 20)};
	struct set have = {0}, want = {0};
	struct dc_error err;
	struct plan plan;
	char *text;

	assert_int_equal(sim_open(NULL, &t.kernel, &t.routing, &err), DC_OK);
	text = read_file(t.arena, path);
	assert_non_null(text);
	run_lines(&t, text, &have, &want);
	plan_now(&t, &want, &plan);
	say_plan(&t, &want, &plan);
	compare(&t, path);
	carry_out(&t, &plan);
	plan_now(&t, &want, &plan);
	if (plan.steps != 0)
		fail_msg("%s: planned again, there is %s", path, plan_step_text(&plan.step[0], t.arena));
	t.kernel->ops->close(t.kernel);
	t.routing->ops->close(t.routing);
	buf_free(&t.out);
	arena_free(t.arena);
}

static void
plans_are_as_in_the_files_and_leave_nothing_to_do(void **state)
{
	glob_t files;

	(void)state;
	assert_int_equal(glob(GOLDEN "/*.in", 0, NULL, &files), 0);
	assert_true(files.gl_pathc >= 15);
	for (size_t i = 0; i < files.gl_pathc; i++)
		run_file(files.gl_pathv[i]);
	globfree(&files);
}

/* --- many objects --- */

#define MANY 2000

static struct want *
numbered(struct test *t, const char *kind, size_t i, const char *body)
{
	struct want *w = arena_new_of(t->arena, struct want);

	w->key = arena_printf(t->arena, "%s/%05zu", kind, i);
	w->kind = object_kind_parse(kind);
	assert_int_equal(want_decode(w, body, t->arena), DC_OK);
	return w;
}

static void
fill_many(struct test *t, const struct want **want, size_t *n)
{
	static const char vrf[] =
	    "{\"device\":\"dcr1\",\"mark\":\"00000000-0000-7000-8000-000000000001\",\"table\":100001,"
	    "\"instance\":1,\"router_id\":\"10.255.0.1\"}";

	for (size_t i = 0; i < MANY; i++) {
		want[(*n)++] = numbered(t, "vlan", i,
		    arena_printf(t->arena,
			"{\"vrf\":\"vrf/"
			"00000\",\"device\":\"dcv%zu\",\"mark\":\"00000000-0000-7000-8000-%012zu\",\"port\":\"eth0\","
			"\"vlan\":%zu,\"use\":\"customer\"}",
			i, i, i + 1));
		want[(*n)++] = numbered(t, "addr", i,
		    arena_printf(
			t->arena, "{\"link\":\"vlan/%05zu\",\"prefix\":\"10.%zu.%zu.1/30\"}", i, i / 250, i % 250));
	}
	want[(*n)++] = numbered(t, "vrf", 0, vrf);
	qsort(want, *n, sizeof(*want), by_key);
}

static void
one_more_among_many_is_four_steps_and_no_longer_to_plan_than_in_a_second(void **state)
{
	struct test t = {.arena = arena_new()};
	const struct want **want = arena_array(t.arena, 2 * MANY + 1, sizeof(*want));
	struct monotonic begun;
	struct seen seen;
	struct dc_error err;
	struct plan plan;
	size_t n = 0;

	(void)state;
	assert_int_equal(sim_open(NULL, &t.kernel, &t.routing, &err), DC_OK);
	fill_many(&t, want, &n);
	seen = see(&t);
	plan_make(want, n, &seen, t.arena, &plan);
	assert_int_equal(plan.steps, 4 * MANY + 2); /* namespace, VRF; device, filter, address, up of each */
	carry_out(&t, &plan);
	by_hand(&t, arena_strdup(t.arena, "del 1 dcv777"));
	begun = monotonic_now();
	seen = see(&t);
	plan_make(want, n, &seen, t.arena, &plan);
	assert_true(monotonic_since(begun) < 5000); /* on a loaded machine, under valgrind */
	assert_int_equal(plan.steps, 4);
	t.kernel->ops->close(t.kernel);
	t.routing->ops->close(t.routing);
	arena_free(t.arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plans_are_as_in_the_files_and_leave_nothing_to_do),
	    cmocka_unit_test(one_more_among_many_is_four_steps_and_no_longer_to_plan_than_in_a_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/* apply_look.c - which instances a run is about, what is seen there, and the plan that follows. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "edge/apply_priv.h"

/* What could not be written to disk is not begun: the other instances continue. */
static void
leave_unsaved(struct apply *a)
{
	size_t kept = 0;

	for (size_t i = 0; i < a->scope.n && !state_is_saved(a->state); i++) {
		if (state_unit_is_saved(a->state, a->scope.v[i]))
			a->scope.v[kept++] = a->scope.v[i];
		else
			number_set_add(&a->retry, a->scope.v[i]);
	}
	if (!state_is_saved(a->state))
		a->scope.n = kept;
}

/* What changed here or there, what was left undone; everything, when that is asked for. */
static void
choose_instances(struct apply *a)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const uint32_t *v;
	size_t n;

	v = state_units(a->state, !a->whole, arena, &n);
	number_set_add_all(&a->scope, v, n);
	state_units_taken(a->state);
	v = seen_stale(a->seen, arena, &n);
	number_set_add_all(&a->scope, v, n);
	if (a->phase == IDLE) {
		number_set_add_all(&a->scope, a->retry.v, a->retry.n);
		a->retry.n = 0;
	}
	if (a->whole) {
		v = a->routing->ops->instances(a->routing, arena, &n);
		number_set_add_all(&a->scope, v, n);
	}
	leave_unsaved(a);
}

/* --- looking and planning --- */

static void
retry_later(struct apply *a, uint32_t instance, const char *why)
{
	_cleanup_arena_ struct arena *arena = arena_new();

	number_set_add(&a->retry, instance);
	dc_log(LOG_ERR, "instance not read", "instance=%u error=%s", instance, log_quote(arena, why));
}

/* One that cannot be read is left out: what is there is not known, and nothing is done to it. */
static void
see_instance(struct apply *a, uint32_t instance, bool aside, struct seen *seen)
{
	const struct kernel_instance *kernel;
	struct dc_error err = {0};

	if (instance == 0)
		return;
	if (seen_read(a->seen, instance, &kernel, &err) != DC_OK) {
		number_set_add(&a->unknown, instance);
		a->failed++;
		retry_later(a, instance, err.text);
	} else if (kernel != NULL)
		seen->in[seen->in_count++] = (struct seen_instance){.kernel = kernel, .aside = aside};
}

static void
add_object(struct round *r, struct edge_object *o)
{
	r->object[r->n++] = o;
}

/* The far ends of links between two instances are needed to plan the near ones. */
static void
add_far_ends(struct apply *a, struct round *r, struct number_set *aside)
{
	size_t n = r->n;

	for (size_t i = 0; i < n; i++) {
		const struct want *w = r->object[i]->want;
		struct edge_object *far =
				       w->known && w->kind == OBJECT_VETH ? state_find(a->state, w->veth.peer) : NULL,
				   *vrf;

		if (far == NULL || number_set_has(&a->scope, far->home) || far->want->kind != OBJECT_VETH)
			continue;
		add_object(r, far);
		number_set_add(aside, far->home);
		vrf = far->want->known ? state_find(a->state, far->want->veth.vrf) : NULL;
		if (vrf != NULL)
			add_object(r, vrf);
	}
}

static int
compare_objects(const void *a, const void *b)
{
	return strcmp((*(struct edge_object *const *)a)->want->key, (*(struct edge_object *const *)b)->want->key);
}

/* Sorted by key, each once. */
static void
sort_objects(struct round *r)
{
	size_t kept = 0;

	qsort(r->object, r->n, sizeof(struct edge_object *), compare_objects);
	for (size_t i = 0; i < r->n; i++)
		if (kept == 0 || r->object[kept - 1] != r->object[i])
			r->object[kept++] = r->object[i];
	r->n = kept;
	r->want = arena_array(r->arena, kept + 1, sizeof(*r->want));
	for (size_t i = 0; i < kept; i++)
		r->want[i] = r->object[i]->want;
}

/* The objects of all instances of the run but those that cannot be read, and what they are compared with. */
static struct seen
gather(struct apply *a, struct round *r)
{
	struct number_set aside = {0};
	struct seen seen = seen_now(a->seen);
	size_t most = 0;

	a->unknown.n = 0;
	seen.in = arena_array(r->arena, a->scope.n + seen.instance_count + 1, sizeof(*seen.in));
	for (size_t i = 0; i < a->scope.n; i++) {
		const struct unit *u = state_unit(a->state, a->scope.v[i]);

		see_instance(a, a->scope.v[i], false, &seen);
		most += u != NULL ? u->n : 0;
	}
	r->object = arena_array(r->arena, 3 * most + 1, sizeof(struct edge_object *));
	for (size_t i = 0; i < a->scope.n; i++) {
		const struct unit *u = state_unit(a->state, a->scope.v[i]);

		for (size_t k = 0; u != NULL && !number_set_has(&a->unknown, u->instance) && k < u->n; k++)
			add_object(r, u->object[k]);
	}
	add_far_ends(a, r, &aside);
	for (size_t i = 0; i < aside.n; i++)
		see_instance(a, aside.v[i], true, &seen);
	sort_objects(r);
	free(aside.v);
	return seen;
}

/* Of the planned namespaces those are stopped that are of the run and have no VRF. */
static uint32_t *
known_instances(const struct apply *a, const struct seen *seen, struct arena *arena, size_t *n)
{
	size_t driven;
	const uint32_t *of_driver = a->routing->ops->instances(a->routing, arena, &driven);
	uint32_t *known = arena_array(arena, seen->in_count + driven + 1, sizeof(*known));

	*n = 0;
	for (size_t i = 0; i < seen->in_count; i++)
		if (!seen->in[i].aside)
			known[(*n)++] = seen->in[i].kernel->instance;
	for (size_t i = 0; i < driven; i++)
		if (number_set_has(&a->scope, of_driver[i]) && !number_set_has(&a->unknown, of_driver[i]))
			known[(*n)++] = of_driver[i];
	return known;
}

/* The far ends' own wishes do not go to the routing daemon here. */
static void
drop_asides(const struct apply *a, struct round *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->routings; i++)
		if (number_set_has(&a->scope, r->routing[i].instance))
			r->routing[kept++] = r->routing[i];
	r->routings = kept;
}

bool
apply_look(struct apply *a, struct dc_error *err)
{
	struct round r = {.arena = arena_new()};
	struct monotonic begun = monotonic_now();
	const uint32_t *known;
	struct seen seen;
	size_t known_n;

	if (seen_ask(a->seen, a->whole && a->phase == IDLE, err) != DC_OK) {
		arena_free(r.arena);
		return false;
	}
	choose_instances(a);
	seen = gather(a, &r);
	apply_judge_shut(a, &r);
	plan_make(r.want, r.n, &seen, r.arena, &r.plan);
	known = known_instances(a, &seen, r.arena, &known_n);
	plan_routing(r.want, r.n, &r.plan, known, known_n, r.arena, &r.routing, &r.routings);
	drop_asides(a, &r);
	arena_free(a->round.arena);
	a->round = r;
	a->read_ms = monotonic_since(begun);
	return true;
}

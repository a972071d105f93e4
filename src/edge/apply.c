/* SPDX-License-Identifier: ISC */
#include "edge/apply.h"

#include <stdlib.h>
#include <string.h>

#include <netinet/tcp.h>

#include "base/log.h"
#include "edge/observe.h"
#include "edge/seen.h"

#define RESET_SLACK_MS 2000 /* daemons show when a session came up as a time of day, to the second */
#define LEAVE_MS 2000       /* that a daemon gets to let go of neighbours before what they stand on goes */

enum phase { IDLE, FILTERS, BEFORE, STEPS, AFTER, LATE };

struct leave { /* an instance whose steps wait */
	uint32_t instance;
	struct monotonic since;
	bool waits; /* in this run */
};

struct numbers { /* of instances, ascending, each once; heap */
	uint32_t *v;
	size_t n, cap;
};

struct round { /* one look and what follows from it */
	struct arena *arena;
	struct edge_object **object; /* what was planned, sorted by key */
	const struct want **want;    /* same order */
	size_t n;
	struct plan plan;
	struct routing_desired *routing; /* of the instances of the run */
	size_t routings;
};

struct apply {
	struct state *state;
	struct kernel *kernel;
	struct routing *routing;
	struct seen_memory *seen;
	struct leave *leave;
	size_t leaves;
	enum phase phase;
	struct numbers scope;   /* the instances that this run is about; 0: objects that belong to none */
	struct numbers noted;   /* those whose sessions were noted as it began */
	struct numbers unknown; /* those that could not be read, at the last look */
	struct numbers retry;   /* those that the next apply covers in any case */
	bool whole;             /* the run is about all */
	struct round round;     /* the plan that is carried out, then the one that the statuses come from */
	size_t next;            /* step or instance of the phase */
	struct monotonic begun;
	int64_t revision, done, failed, wishes, held; /* of this run */
	int64_t read_ms, told_revision;
	bool record_due;
	struct apply_record record;
};

struct apply *
apply_new(struct state *state, struct kernel *kernel, struct routing *routing)
{
	struct apply *a = calloc(1, sizeof(*a));

	if (a == NULL)
		abort();
	a->state = state;
	a->kernel = kernel;
	a->routing = routing;
	a->seen = seen_memory_new(kernel);
	a->told_revision = -1;
	return a;
}

struct apply *
apply_free(struct apply *a)
{
	if (a != NULL) {
		arena_free(a->round.arena);
		seen_memory_free(a->seen);
		free(a->leave);
		free(a->scope.v);
		free(a->noted.v);
		free(a->unknown.v);
		free(a->retry.v);
		free(a);
	}
	return NULL;
}

/* --- which instances --- */

static size_t
numbers_place(const struct numbers *s, uint32_t v)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;

		if (s->v[middle] < v)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo;
}

static bool
numbers_have(const struct numbers *s, uint32_t v)
{
	size_t at = numbers_place(s, v);

	return at < s->n && s->v[at] == v;
}

static void
numbers_add(struct numbers *s, uint32_t v)
{
	size_t at = numbers_place(s, v);

	if (at < s->n && s->v[at] == v)
		return;
	if (s->n == s->cap) {
		s->cap = s->cap == 0 ? 16 : 2 * s->cap;
		if ((s->v = reallocarray(s->v, s->cap, sizeof(*s->v))) == NULL)
			abort();
	}
	memmove(&s->v[at + 1], &s->v[at], (s->n - at) * sizeof(*s->v));
	s->v[at] = v;
	s->n++;
}

static void
add_all(struct numbers *s, const uint32_t *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		numbers_add(s, v[i]);
}

/* What could not be written to disk is not begun: the other instances continue. */
static void
leave_unsaved(struct apply *a)
{
	size_t kept = 0;

	for (size_t i = 0; i < a->scope.n && !state_is_saved(a->state); i++) {
		if (state_unit_is_saved(a->state, a->scope.v[i]))
			a->scope.v[kept++] = a->scope.v[i];
		else
			numbers_add(&a->retry, a->scope.v[i]);
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
	add_all(&a->scope, v, n);
	state_units_taken(a->state);
	v = seen_stale(a->seen, arena, &n);
	add_all(&a->scope, v, n);
	if (a->phase == IDLE) {
		add_all(&a->scope, a->retry.v, a->retry.n);
		a->retry.n = 0;
	}
	if (a->whole) {
		v = a->routing->ops->instances(a->routing, arena, &n);
		add_all(&a->scope, v, n);
	}
	leave_unsaved(a);
}

/* --- looking and planning --- */

static void
retry_later(struct apply *a, uint32_t instance, const char *why)
{
	_cleanup_arena_ struct arena *arena = arena_new();

	numbers_add(&a->retry, instance);
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
		numbers_add(&a->unknown, instance);
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
add_far_ends(struct apply *a, struct round *r, struct numbers *aside)
{
	size_t n = r->n;

	for (size_t i = 0; i < n; i++) {
		const struct want *w = r->object[i]->want;
		struct edge_object *far =
				       w->known && w->kind == OBJECT_VETH ? state_find(a->state, w->veth.peer) : NULL,
				   *vrf;

		if (far == NULL || numbers_have(&a->scope, far->home) || far->want->kind != OBJECT_VETH)
			continue;
		add_object(r, far);
		numbers_add(aside, far->home);
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
	struct numbers aside = {0};
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

		for (size_t k = 0; u != NULL && !numbers_have(&a->unknown, u->instance) && k < u->n; k++)
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
		if (numbers_have(&a->scope, of_driver[i]) && !numbers_have(&a->unknown, of_driver[i]))
			known[(*n)++] = of_driver[i];
	return known;
}

/* The far ends' own wishes do not go to the routing daemon here. */
static void
drop_asides(const struct apply *a, struct round *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->routings; i++)
		if (numbers_have(&a->scope, r->routing[i].instance))
			r->routing[kept++] = r->routing[i];
	r->routings = kept;
}

static bool
look_and_plan(struct apply *a, struct dc_error *err)
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
	plan_make(r.want, r.n, &seen, r.arena, &r.plan);
	known = known_instances(a, &seen, r.arena, &known_n);
	plan_routing(r.want, r.n, &r.plan, known, known_n, r.arena, &r.routing, &r.routings);
	drop_asides(a, &r);
	arena_free(a->round.arena);
	a->round = r;
	a->read_ms = monotonic_since(begun);
	return true;
}

/* Which sessions are up now, to be compared with when the run is over. */
static void
note_sessions(struct apply *a)
{
	struct routing_seen seen = {0};
	uint32_t last = 0;

	a->noted.n = 0;
	add_all(&a->noted, a->scope.v, a->scope.n);
	for (size_t i = 0; i < a->round.n; i++) {
		struct edge_object *o = a->round.object[i];

		text_set(&o->step_error, NULL);
		o->before = o->session.established ? o->session.since : 0;
		if (o->before == 0)
			continue;
		if (o->instance != last && !a->routing->ops->seen(a->routing, o->instance, &seen))
			seen.loaded = 0;
		last = o->instance;
		o->ground = seen.loaded;
	}
}

bool
apply_begin(struct apply *a, bool whole, struct dc_error *err)
{
	a->begun = monotonic_now();
	a->revision = state_revision(a->state);
	a->done = a->failed = a->wishes = a->held = 0;
	a->scope.n = 0;
	a->whole = whole;
	if (!look_and_plan(a, err))
		return false;
	a->next = 0;
	a->phase = FILTERS;
	note_sessions(a);
	return true;
}

bool
apply_is_running(const struct apply *a)
{
	return a->phase != IDLE;
}

/* --- steps --- */

/* News is what did not fail like this before. What fails for the same object after its first step follows from that. */
static void
step_failed(struct apply *a, const struct plan_step *s, const char *why)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct edge_object *o = s->key != NULL ? state_find(a->state, s->key) : NULL;
	bool is_news =
	    o == NULL || (o->step_error == NULL && (o->logged_error == NULL || strcmp(o->logged_error, why) != 0));

	a->failed++;
	numbers_add(&a->retry, s->instance);
	if (o != NULL && is_news)
		text_set(&o->logged_error, why);
	if (o != NULL && o->step_error == NULL)
		text_set(&o->step_error, why);
	dc_log(is_news ? LOG_WARNING : LOG_DEBUG, "step failed", "step=%s error=%s",
	    log_quote(arena, plan_step_text(s, arena)), log_quote(arena, why));
}

static void
run_step(struct apply *a, struct plan_step *s)
{
	struct dc_error err = {0};

	seen_stepped(a->seen, s->op, s->instance);
	if (a->kernel->ops->change(a->kernel, s->op, &s->ask, s->size, &err) == DC_OK)
		a->done++;
	else
		step_failed(a, s, err.text);
}

/* Its steps, or some of them, are for a later run. */
static void
hold(struct apply *a, uint32_t instance)
{
	a->held++;
	numbers_add(&a->retry, instance);
}

/* --- the routing daemon --- */

static bool
has_daemon(const struct apply *a, uint32_t instance)
{
	struct seen seen = seen_now(a->seen);

	for (size_t i = 0; i < seen.instance_count; i++)
		if (seen.instance[i].instance == instance)
			return seen.instance[i].daemon != 0;
	return false;
}

static void
wish(struct apply *a, const struct routing_desired *d, struct routing_seen *ret)
{
	struct routing_seen before = {0};
	bool driven = a->routing->ops->seen(a->routing, d->instance, &before);
	uint64_t was = driven ? before.set : 0;

	*ret = before;
	if (!driven && d->vrf_count == 0 && !has_daemon(a, d->instance))
		return; /* there is nothing to be ended */
	a->wishes += a->routing->ops->set(a->routing, d) != was;
	if (!a->routing->ops->seen(a->routing, d->instance, ret))
		*ret = (struct routing_seen){.state = ROUTING_ABSENT};
}

/* A neighbour whose link is missing, deleted by somebody's hand perhaps, is taken out before the link is made again: it
 * would come up by itself as soon as the link is there, its address not closed while its key is put in place. Both
 * lists are sorted by key. */
static bool
loses_neighbour(const struct apply *a, const struct routing_desired *next)
{
	struct routing_seen seen;
	size_t n = a->routing->ops->seen(a->routing, next->instance, &seen) ? seen.sessions : 0;

	for (size_t i = 0, k = 0; i < n; i++) {
		const char *key = seen.session[i].key;

		while (k < next->neighbour_count && strcmp(next->neighbour[k].key, key) < 0)
			k++;
		if (k == next->neighbour_count || strcmp(next->neighbour[k].key, key) != 0)
			return true;
	}
	return false;
}

/* Instances with a step that deletes something. */
static bool
loses_something(const struct plan *plan, uint32_t instance)
{
	for (size_t i = 0; i < plan->deletions; i++)
		if (plan->step[i].instance == instance)
			return true;
	return false;
}

static struct leave *
leave_of(struct apply *a, uint32_t instance)
{
	struct leave *grown;

	for (size_t i = 0; i < a->leaves; i++)
		if (a->leave[i].instance == instance)
			return &a->leave[i];
	if ((grown = realloc(a->leave, (a->leaves + 1) * sizeof(*grown))) == NULL)
		abort();
	a->leave = grown;
	grown[a->leaves] = (struct leave){.instance = instance, .since = monotonic_now()};
	return &grown[a->leaves++];
}

static void
leave_end(struct apply *a, uint32_t instance)
{
	for (size_t i = 0; i < a->leaves; i++)
		if (a->leave[i].instance == instance)
			a->leave[i] = a->leave[--a->leaves];
}

static bool
can_let_go(const struct routing_seen *seen)
{
	return (seen->state == ROUTING_RUNNING || seen->state == ROUTING_CONFIGURING) && !routing_settled(seen);
}

/* Whether the steps of that instance are for a later run. */
static bool
is_held(const struct apply *a, uint32_t instance)
{
	for (size_t i = 0; i < a->leaves; i++)
		if (a->leave[i].instance == instance)
			return a->leave[i].waits;
	return false;
}

/* --- statuses --- */

static bool
has_strays(const struct plan *plan)
{
	for (size_t i = 0; i < plan->deletions; i++)
		if (plan->step[i].key == NULL)
			return true;
	return false;
}

/* A tombstone of something that this edge never knew is gone when nothing unknown is left here. */
static enum object_status
tombstone_status(const struct apply *a, const struct edge_object *o, const struct plan_verdict *v)
{
	if (v->state != PLAN_GONE)
		return o->step_error != NULL ? STATUS_ERROR : STATUS_PENDING;
	return !o->want->known && has_strays(&a->round.plan) ? STATUS_PENDING : STATUS_REMOVED;
}

/* Of a neighbour that nothing but its daemon keeps from being in place, or gone. */
static void
set_neighbour_status(const struct apply *a, struct edge_object *o)
{
	struct routing_seen seen;

	if (o->gone) {
		status_set(&o->now,
		    a->routing->ops->may_run(a->routing, o->instance, o->want->key) ? STATUS_PENDING : STATUS_REMOVED,
		    o->step_error);
		return;
	}
	if (!o->placed)
		return;
	if (o->neighbour_error != NULL)
		status_set(&o->now, STATUS_ERROR, o->neighbour_error);
	else if (o->changed != 0 && a->routing->ops->seen(a->routing, o->instance, &seen) && o->changed <= seen.loaded)
		status_set(&o->now, STATUS_APPLIED, NULL);
	else
		status_set(&o->now, STATUS_PENDING, NULL);
}

static void
set_status(struct apply *a, struct edge_object *o, const struct plan_verdict *v)
{
	bool is_neighbour = o->want->kind == OBJECT_BGP;

	state_note(a->state, o);
	if (v->state == PLAN_THERE)
		text_set(&o->logged_error, NULL);
	o->instance = v->instance;
	o->placed = is_neighbour && !o->want->deleted && v->state == PLAN_THERE;
	o->gone = false;
	if (o->want->deleted) {
		status_set(&o->now, tombstone_status(a, o, v), o->step_error);
		o->gone = is_neighbour && o->now.state == STATUS_REMOVED;
		set_neighbour_status(a, o);
		return;
	}
	o->now.has_carrier = v->has_carrier;
	o->now.carrier = v->carrier;
	o->now.exposed = v->exposed;
	if (v->drops != NULL)
		memcpy(o->now.drops, v->drops, sizeof(o->now.drops));
	if (v->state == PLAN_WRONG)
		status_set(&o->now, o->want->kind == OBJECT_UNKNOWN ? STATUS_UNSUPPORTED : STATUS_ERROR, v->text);
	else if (v->state == PLAN_WAITS)
		status_set(&o->now, STATUS_PENDING, v->text);
	else if (v->state != PLAN_THERE)
		status_set(&o->now, o->step_error != NULL ? STATUS_ERROR : STATUS_PENDING, o->step_error);
	else if (!is_neighbour)
		status_set(&o->now, STATUS_APPLIED, NULL);
	set_neighbour_status(a, o);
}

static void
set_statuses(struct apply *a)
{
	const struct plan *plan = &a->round.plan;

	for (size_t i = 0; i < plan->steps - plan->late; i++)
		numbers_add(&a->retry, plan->step[i].instance);
	observe_objects(a->state, a->routing, a->round.object, a->round.n, a->scope.v, a->scope.n);
	for (size_t i = 0; i < a->round.n; i++)
		set_status(a, a->round.object[i], &plan->verdict[i]);
}

static void
neighbours_changed(struct apply *a, uint32_t home, uint32_t instance)
{
	const struct unit *u = state_unit(a->state, home);

	for (size_t i = 0; u != NULL && i < u->n; i++) {
		struct edge_object *o = u->object[i];

		if (o->want->kind != OBJECT_BGP || (o->instance != instance && !o->gone))
			continue;
		set_neighbour_status(a, o);
		state_note(a->state, o);
	}
}

bool
apply_routing_changed(struct apply *a, uint32_t instance)
{
	struct routing_seen seen;
	bool there = a->routing->ops->seen(a->routing, instance, &seen);

	observe_instance(a->state, a->routing, instance);
	if (a->phase != IDLE)
		return false; /* statuses follow when it is over */
	neighbours_changed(a, instance, instance);
	neighbours_changed(a, 0, instance); /* tombstones that nobody knows where they belong */
	return a->held > 0 && (!there || !can_let_go(&seen));
}

bool
apply_routing_settled(const struct apply *a)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct routing_seen seen;
	size_t n;
	const uint32_t *instance = a->routing->ops->instances(a->routing, arena, &n);

	for (size_t i = 0; i < n; i++)
		if (a->routing->ops->seen(a->routing, instance[i], &seen) && !routing_settled(&seen))
			return false;
	return true;
}

/* --- the run --- */

static void
close_run(struct apply *a)
{
	bool nothing_new = a->done == 0 && a->wishes == 0;

	a->phase = IDLE;
	if (nothing_new && (a->failed == 0 || a->told_revision == a->revision))
		return; /* what failed before has failed again, or there was nothing to do */
	a->told_revision = a->revision;
	a->record = (struct apply_record){
	    .revision = a->revision,
	    .steps = a->done + a->failed,
	    .failed = a->failed,
	    .ms = monotonic_since(a->begun),
	    .shortest_uptime = -1,
	};
	a->record_due = true;
	dc_log(a->failed > 0 ? LOG_WARNING : LOG_INFO, "applied",
	    "revision=%lld instances=%zu steps=%lld wishes=%lld held=%lld failed=%lld ms=%lld read_ms=%lld",
	    (long long)a->revision, a->scope.n, (long long)a->done, (long long)a->wishes, (long long)a->held,
	    (long long)a->failed, (long long)a->record.ms, (long long)a->read_ms);
}

static void
finish(struct apply *a)
{
	set_statuses(a);
	close_run(a);
}

static void
enter_phase(struct apply *a, enum phase phase)
{
	a->phase = phase;
	a->next = 0;
}

/* The router cannot be read at all: everything that the run was about is for the next one. */
static void
read_back_failed(struct apply *a, const char *why)
{
	_cleanup_arena_ struct arena *arena = arena_new();

	dc_log(LOG_ERR, "router not read", "error=%s", log_quote(arena, why));
	a->failed++;
	add_all(&a->retry, a->scope.v, a->scope.n);
	close_run(a);
}

/* Filters first, so that sessions survive whose neighbours a filter has lost, or does not know yet: on an edge that is
 * new on this router, or after manual changes. */
static void
work_filters(struct apply *a)
{
	struct plan *plan = &a->round.plan;
	struct dc_error err = {0};

	while (a->next < plan->steps && !plan->step[a->next].early)
		a->next++;
	if (a->next < plan->steps) {
		run_step(a, &plan->step[a->next++]);
		return;
	}
	if (a->done + a->failed > 0 && !look_and_plan(a, &err)) {
		read_back_failed(a, err.text);
		return;
	}
	enter_phase(a, BEFORE);
}

static void
work_before(struct apply *a)
{
	const struct round *r = &a->round;
	const struct routing_desired *next = &r->routing[a->next];
	struct routing_seen seen;
	struct leave *leave;

	if (a->next == r->routings) {
		enter_phase(a, STEPS);
		return;
	}
	a->next++;
	if (!loses_something(&r->plan, next->instance) && !loses_neighbour(a, next)) {
		leave_end(a, next->instance);
		return;
	}
	wish(a, next, &seen);
	leave = leave_of(a, next->instance);
	leave->waits = can_let_go(&seen) && monotonic_since(leave->since) < LEAVE_MS;
	if (leave->waits)
		hold(a, next->instance);
}

static void
work_steps(struct apply *a)
{
	struct plan *plan = &a->round.plan;
	struct dc_error err = {0};

	if (a->next < plan->steps - plan->late) {
		struct plan_step *step = &plan->step[a->next++];

		if (!is_held(a, step->instance))
			run_step(a, step);
		return;
	}
	/* The kernel's present state counts, not the steps' results. */
	if (a->done + a->failed > 0 && !look_and_plan(a, &err)) {
		read_back_failed(a, err.text);
		return;
	}
	enter_phase(a, AFTER);
}

static void
work_after(struct apply *a)
{
	struct routing_seen seen;

	if (a->next == a->round.routings)
		enter_phase(a, LATE);
	else
		wish(a, &a->round.routing[a->next++], &seen);
}

/* A namespace goes when its daemon has gone. */
static void
work_late(struct apply *a)
{
	struct plan *plan = &a->round.plan;
	struct plan_step *step = &plan->step[plan->steps - plan->late + a->next];
	struct routing_seen seen;

	if (a->next == plan->late) {
		finish(a);
		return;
	}
	a->next++;
	if (a->routing->ops->seen(a->routing, step->instance, &seen) && seen.state != ROUTING_ABSENT)
		hold(a, step->instance);
	else
		run_step(a, step);
}

bool
apply_continue(struct apply *a, int64_t budget_ms)
{
	static void (*const work[])(struct apply *) = {
	    [FILTERS] = work_filters,
	    [BEFORE] = work_before,
	    [STEPS] = work_steps,
	    [AFTER] = work_after,
	    [LATE] = work_late,
	};
	struct monotonic begun = monotonic_now();

	while (a->phase != IDLE) {
		work[a->phase](a);
		if (monotonic_since(begun) >= budget_ms)
			break;
	}
	return a->phase != IDLE;
}

void
apply_abort(struct apply *a)
{
	if (a->phase == IDLE)
		return;
	add_all(&a->retry, a->scope.v, a->scope.n);
	close_run(a);
}

bool
apply_must_retry(const struct apply *a)
{
	return a->retry.n > 0;
}

const struct item_port *
apply_ports(const struct apply *a, size_t *n)
{
	return seen_ports(a->seen, n);
}

int64_t
apply_running_ms(const struct apply *a)
{
	return monotonic_since(a->begun);
}

int64_t
apply_read_ms(const struct apply *a)
{
	return a->read_ms;
}

/* --- the record --- */

static bool
was_reset(const struct edge_object *o)
{
	return !o->session.established || o->session.since > o->before + RESET_SLACK_MS;
}

static int64_t
uptime(const struct session *s, utc_ms now)
{
	return s->established && now > s->since ? (now - s->since) / 1000 : 0;
}

bool
apply_has_record(const struct apply *a)
{
	return a->record_due && a->phase == IDLE;
}

static void
prove(const struct edge_object *o, utc_ms now, struct apply_record *r)
{
	int64_t up;

	if (o->before == 0 || o->changed > o->ground || o->want->deleted)
		return;
	up = uptime(&o->session, now);
	r->shortest_uptime = r->watched++ == 0 || up < r->shortest_uptime ? up : r->shortest_uptime;
	if (was_reset(o) && (r->reset[r->reset_n] = strdup(o->want->key)) != NULL)
		r->reset_n++;
}

/* Sessions of instances that the run was not about had nothing to fear of it. */
bool
apply_take_record(struct apply *a, struct apply_record *ret)
{
	utc_ms now = utc_now();

	if (!apply_has_record(a))
		return false;
	a->record_due = false;
	*ret = a->record;
	if ((ret->reset = calloc(state_count(a->state) + 1, sizeof(*ret->reset))) == NULL)
		abort();
	for (size_t i = 0; i < a->noted.n; i++) {
		const struct unit *u = state_unit(a->state, a->noted.v[i]);

		for (size_t k = 0; u != NULL && k < u->n; k++)
			prove(u->object[k], now, ret);
	}
	return true;
}

/* --- whether a set would do harm --- */

static bool
is_wanted(const struct want *const *want, size_t n, const struct item_connection *c)
{
	for (size_t i = 0; i < n; i++) {
		const struct want_bgp *w = &want[i]->bgp;

		if (want[i]->kind == OBJECT_BGP && want[i]->known && !want[i]->deleted &&
		    ip_addr_equal(&w->local, &c->local) && ip_addr_equal(&w->remote, &c->remote))
			return true;
	}
	return false;
}

/* Sessions that run and that nobody in the set wants would end as soon as the daemon was given the set. */
static enum dc_code
would_end_session(struct apply *a, uint32_t instance, const struct want *const *want, size_t n, struct arena *arena,
    bool *ret, struct dc_error *err)
{
	const struct item_connection *c;
	size_t count;
	enum dc_code rc = a->kernel->ops->read_connections(a->kernel, instance, arena, &c, &count, err);

	for (size_t i = 0; rc == DC_OK && i < count; i++)
		*ret = *ret || (c[i].state == TCP_ESTABLISHED && !is_wanted(want, n, &c[i]));
	return rc;
}

enum dc_code
apply_would_harm(struct apply *a, const struct want *const *want, size_t n, bool *ret, struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct seen seen;
	struct plan plan;
	enum dc_code rc = seen_ask(a->seen, true, err);

	*ret = true;
	if (rc != DC_OK)
		return rc;
	seen = seen_now(a->seen);
	seen.in = arena_array(arena, seen.instance_count + 1, sizeof(*seen.in));
	*ret = false;
	for (size_t i = 0; rc == DC_OK && i < seen.instance_count; i++) {
		const struct kernel_instance *kernel;

		if ((rc = seen_read(a->seen, seen.instance[i].instance, &kernel, err)) == DC_OK && kernel != NULL) {
			seen.in[seen.in_count++] = (struct seen_instance){.kernel = kernel};
			rc = would_end_session(a, kernel->instance, want, n, arena, ret, err);
		}
	}
	if (rc != DC_OK)
		return rc;
	plan_make(want, n, &seen, arena, &plan);
	*ret = *ret || plan.deletions > 0;
	return DC_OK;
}

void
apply_record_clear(struct apply_record *r)
{
	for (size_t i = 0; i < r->reset_n; i++)
		free((char *)(uintptr_t)r->reset[i]);
	free(r->reset);
	*r = (struct apply_record){0};
}

/* SPDX-License-Identifier: ISC */
#include "edge/apply.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "edge/observe.h"

#define RESET_SLACK_MS 2000 /* daemons tell the time of day when a session came up, to the second */
#define LEAVE_MS 2000       /* that a daemon gets to let go of neighbours before what they stand on goes */

enum phase { IDLE, FILTERS, BEFORE, STEPS, AFTER, LATE };

struct round { /* one look and what follows from it */
	struct arena *arena;
	struct kernel_state seen;
	struct plan plan;
	struct routing_desired *routing;
	size_t routings;
};

struct leave { /* an instance whose steps wait */
	uint32_t instance;
	struct monotonic since;
	bool waits; /* in this run */
};

struct apply {
	struct state *state;
	struct kernel *kernel;
	struct routing *routing;
	struct leave *leave;
	size_t leaves;
	enum phase phase;
	struct round round; /* the plan that is carried out, then the one that the statuses come from */
	size_t next;        /* step or instance of the phase */
	struct monotonic begun;
	int64_t revision, done, failed, wishes, held; /* of this run */
	int64_t read_ms, told_revision;
	bool has_seen, must_retry, record_due;
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
	a->told_revision = -1;
	return a;
}

struct apply *
apply_free(struct apply *a)
{
	if (a != NULL) {
		arena_free(a->round.arena);
		free(a->leave);
		free(a);
	}
	return NULL;
}

/* --- looking and planning --- */

static uint32_t *
known_instances(const struct apply *a, const struct kernel_state *seen, struct arena *arena, size_t *n)
{
	size_t driven;
	const uint32_t *of_driver = a->routing->ops->instances(a->routing, arena, &driven);
	uint32_t *known = arena_array(arena, seen->instance_count + driven + 1, sizeof(*known));

	for (size_t i = 0; i < seen->instance_count; i++)
		known[(*n)++] = seen->instance[i].instance;
	for (size_t i = 0; i < driven; i++)
		known[(*n)++] = of_driver[i];
	return known;
}

static bool
look(struct apply *a, struct dc_error *err)
{
	struct round r = {.arena = arena_new()};
	const struct want *const *want = state_wants(a->state);
	struct monotonic begun = monotonic_now();
	size_t n = state_count(a->state), known_n = 0;
	const uint32_t *known;

	if (a->kernel->ops->read(a->kernel, r.arena, &r.seen, err) != DC_OK) {
		arena_free(r.arena);
		return false;
	}
	plan_make(want, n, &r.seen, r.arena, &r.plan);
	known = known_instances(a, &r.seen, r.arena, &known_n);
	plan_routing(want, n, &r.plan, known, known_n, r.arena, &r.routing, &r.routings);
	arena_free(a->round.arena);
	a->round = r;
	a->has_seen = true;
	a->read_ms = monotonic_since(begun);
	return true;
}

enum dc_code
apply_would_delete(struct kernel *kernel, const struct want *const *want, size_t n, bool *ret, struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct kernel_state seen;
	struct plan plan;
	enum dc_code rc = kernel->ops->read(kernel, arena, &seen, err);

	if (rc != DC_OK)
		return rc;
	plan_make(want, n, &seen, arena, &plan);
	*ret = plan.deletions > 0;
	return DC_OK;
}

/* Which sessions are up now, to be compared with when the run is over. */
static void
note_sessions(struct apply *a)
{
	struct routing_seen seen = {0};
	uint32_t last = 0;

	for (size_t i = 0; i < state_count(a->state); i++) {
		struct edge_object *o = state_object(a->state, i);

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
apply_begin(struct apply *a, struct dc_error *err)
{
	if (!look(a, err))
		return false;
	a->begun = monotonic_now();
	a->revision = state_revision(a->state);
	a->done = a->failed = a->wishes = a->held = 0;
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
	bool is_news = o == NULL || (o->step_error == NULL && (o->now.error == NULL || strcmp(o->now.error, why) != 0));

	a->failed++;
	if (o != NULL && o->step_error == NULL)
		text_set(&o->step_error, why);
	dc_log(is_news ? LOG_WARNING : LOG_DEBUG, "step failed", "step=%s error=%s",
	    log_quote(arena, plan_step_text(s, arena)), log_quote(arena, why));
}

static void
run_step(struct apply *a, struct plan_step *s)
{
	struct dc_error err = {0};

	if (a->kernel->ops->change(a->kernel, s->op, &s->ask, s->size, &err) == DC_OK)
		a->done++;
	else
		step_failed(a, s, err.text);
}

/* --- the routing daemon --- */

static bool
has_daemon(const struct kernel_state *seen, uint32_t instance)
{
	for (size_t i = 0; i < seen->instance_count; i++)
		if (seen->instance[i].instance == instance)
			return seen->instance[i].daemon != 0;
	return false;
}

static void
wish(struct apply *a, const struct routing_desired *d, struct routing_seen *ret)
{
	struct routing_seen before = {0};
	bool driven = a->routing->ops->seen(a->routing, d->instance, &before);
	uint64_t was = driven ? before.set : 0;

	*ret = before;
	if (!driven && d->vrf_count == 0 && !has_daemon(&a->round.seen, d->instance))
		return; /* there is nothing to be ended */
	a->wishes += a->routing->ops->set(a->routing, d) != was;
	if (!a->routing->ops->seen(a->routing, d->instance, ret))
		*ret = (struct routing_seen){.state = ROUTING_ABSENT};
}

static bool
loses_something(const struct plan *plan, uint32_t instance)
{
	for (size_t i = 0; i < plan->deletions; i++)
		if (plan->step[i].instance == instance)
			return true;
	return false;
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
	a->must_retry = a->failed > 0 || a->held > 0 || a->round.plan.steps > a->round.plan.late;
	observe_all(a->state, a->routing);
	for (size_t i = 0; i < state_count(a->state); i++)
		set_status(a, state_object(a->state, i), &a->round.plan.verdict[i]);
}

bool
apply_routing_changed(struct apply *a, uint32_t instance)
{
	struct routing_seen seen;
	bool there = a->routing->ops->seen(a->routing, instance, &seen);

	observe_instance(a->state, a->routing, instance);
	if (a->phase != IDLE)
		return false; /* statuses follow when it is over */
	for (size_t i = 0; i < state_count(a->state); i++) {
		struct edge_object *o = state_object(a->state, i);

		if (o->want->kind == OBJECT_BGP && (o->instance == instance || o->gone))
			set_neighbour_status(a, o);
	}
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
	    "revision=%lld steps=%lld wishes=%lld held=%lld failed=%lld ms=%lld read_ms=%lld", (long long)a->revision,
	    (long long)a->done, (long long)a->wishes, (long long)a->held, (long long)a->failed, (long long)a->record.ms,
	    (long long)a->read_ms);
}

static void
finish(struct apply *a)
{
	set_statuses(a);
	close_run(a);
}

static void
enter(struct apply *a, enum phase phase)
{
	a->phase = phase;
	a->next = 0;
}

static void
read_back_failed(struct apply *a, const char *why)
{
	_cleanup_arena_ struct arena *arena = arena_new();

	dc_log(LOG_ERR, "router not read", "error=%s", log_quote(arena, why));
	a->failed++;
	a->must_retry = true;
	close_run(a);
}

/* Filters first, so that sessions go on whose neighbours a filter has lost, or does not know yet: of an edge that is
 * new on this router, or after a hand's work. */
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
	if (a->done + a->failed > 0 && !look(a, &err)) {
		read_back_failed(a, err.text);
		return;
	}
	enter(a, BEFORE);
}

static void
work_before(struct apply *a)
{
	const struct round *r = &a->round;
	const struct routing_desired *next = &r->routing[a->next];
	struct routing_seen seen;
	struct leave *leave;

	if (a->next == r->routings) {
		enter(a, STEPS);
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
	a->held += leave->waits;
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
	/* What the kernel says now counts, not what the steps said. */
	if (a->done + a->failed > 0 && !look(a, &err)) {
		read_back_failed(a, err.text);
		return;
	}
	enter(a, AFTER);
}

static void
work_after(struct apply *a)
{
	struct routing_seen seen;

	if (a->next == a->round.routings)
		enter(a, LATE);
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
		a->held++;
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
	a->must_retry = true;
	close_run(a);
}

int64_t
apply_running_ms(const struct apply *a)
{
	return monotonic_since(a->begun);
}

bool
apply_must_retry(const struct apply *a)
{
	return a->must_retry;
}

int64_t
apply_read_ms(const struct apply *a)
{
	return a->read_ms;
}

const struct kernel_state *
apply_seen(const struct apply *a)
{
	return a->has_seen ? &a->round.seen : NULL;
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

bool
apply_has_record(const struct apply *a)
{
	return a->record_due && a->phase == IDLE;
}

bool
apply_take_record(struct apply *a, struct apply_record *ret)
{
	size_t n = state_count(a->state);
	utc_ms now = utc_now();

	if (!apply_has_record(a))
		return false;
	a->record_due = false;
	*ret = a->record;
	if ((ret->reset = calloc(n + 1, sizeof(*ret->reset))) == NULL)
		abort();
	for (size_t i = 0; i < n; i++)
		prove(state_object(a->state, i), now, ret);
	return true;
}

void
apply_record_clear(struct apply_record *r)
{
	for (size_t i = 0; i < r->reset_n; i++)
		free((char *)(uintptr_t)r->reset[i]);
	free(r->reset);
	*r = (struct apply_record){0};
}

/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "edge/apply_priv.h"

#define LEAVE_MS 2000 /* that a daemon gets to let go of neighbours before what they stand on goes */

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
		free(a->shut);
		free(a->scope.v);
		free(a->noted.v);
		free(a->unknown.v);
		free(a->retry.v);
		free(a);
	}
	return NULL;
}

bool
apply_begin(struct apply *a, bool whole, struct dc_error *err)
{
	a->begun = monotonic_now();
	a->revision = state_revision(a->state);
	a->done = a->failed = a->wishes = a->held = 0;
	a->scope.n = 0;
	a->whole = whole;
	if (!apply_look(a, err))
		return false;
	a->next = 0;
	a->phase = FILTERS;
	apply_note_sessions(a);
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
	number_set_add(&a->retry, s->instance);
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

	seen_stepped(a->seen, s->op, s->instance, &s->ask);
	if (a->kernel->ops->change(a->kernel, s->op, &s->ask, s->size, &err) == DC_OK)
		a->done++;
	else
		step_failed(a, s, err.text);
}

/* Devices of one instance that are deleted one after the other from this step on; returns how many. */
static size_t
gather_deletions(const struct apply *a, size_t first, struct op_devices *ret)
{
	const struct plan *plan = &a->round.plan;
	size_t n = 0;

	ret->instance = plan->step[first].instance;
	for (size_t i = first; i < plan->steps - plan->late && n < OP_DEVICES; i++, n++) {
		const struct plan_step *s = &plan->step[i];

		if (s->op != OP_LINK_DEL || s->instance != ret->instance)
			break;
		memcpy(ret->device[n], s->ask.device.device, sizeof(ret->device[n]));
	}
	return n;
}

/* The kernel needs as long for many as for one. The steps follow all the same: each finds its device gone. */
static void
delete_together(struct apply *a, size_t first)
{
	struct op_devices together = {0};

	if (a->kernel->ops->delete_together != NULL && first >= a->deleted &&
	    a->round.plan.step[first].op == OP_LINK_DEL) {
		size_t n = gather_deletions(a, first, &together);

		a->deleted = first + n;
		if (n > 1)
			a->kernel->ops->delete_together(a->kernel, &together);
	}
}

/* Its steps, or some of them, are for a later run. */
static void
hold(struct apply *a, uint32_t instance)
{
	a->held++;
	number_set_add(&a->retry, instance);
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

bool
apply_can_let_go(const struct routing_seen *seen)
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
	apply_set_statuses(a);
	close_run(a);
}

static void
enter_phase(struct apply *a, enum phase phase)
{
	a->phase = phase;
	a->next = a->deleted = 0;
}

/* The router cannot be read at all: everything that the run was about is for the next one. */
static void
read_back_failed(struct apply *a, const char *why)
{
	_cleanup_arena_ struct arena *arena = arena_new();

	dc_log(LOG_ERR, "router not read", "error=%s", log_quote(arena, why));
	a->failed++;
	number_set_add_all(&a->retry, a->scope.v, a->scope.n);
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
	if (a->done + a->failed > 0 && !apply_look(a, &err)) {
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
	leave->waits = apply_can_let_go(&seen) && monotonic_since(leave->since) < LEAVE_MS;
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

		if (is_held(a, step->instance))
			return;
		delete_together(a, a->next - 1);
		run_step(a, step);
		return;
	}
	/* The kernel's present state counts, not the steps' results. */
	if (a->done + a->failed > 0 && !apply_look(a, &err)) {
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
	number_set_add_all(&a->retry, a->scope.v, a->scope.n);
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

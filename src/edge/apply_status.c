/* SPDX-License-Identifier: ISC */
/* apply_status.c - the status of each object, after a run and when a daemon has news. */
#include <string.h>

#include "edge/apply_priv.h"
#include "edge/observe.h"

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

/* BFD is in place with its session's part of the configuration, which the statuses of neighbours show. */
static void
set_bfd_status(const struct apply *a, struct edge_object *o)
{
	const struct edge_object *bgp;

	if (o->want->kind != OBJECT_BFD || o->want->deleted || !o->placed)
		return;
	bgp = state_find(a->state, o->want->bfd.bgp);
	status_set(&o->now, bgp != NULL && bgp->now.state == STATUS_APPLIED ? STATUS_APPLIED : STATUS_PENDING, NULL);
}

/* Of one that can be measured: ping.c has its result. */
static void
set_ping_status(struct edge_object *o)
{
	if (!o->measured)
		status_set(&o->now, STATUS_PENDING, NULL);
	else
		status_set(&o->now, o->ping_error != NULL ? STATUS_ERROR : STATUS_APPLIED, o->ping_error);
}

void
apply_again(struct apply *a, uint32_t instance)
{
	number_set_add(&a->retry, instance);
}

void
apply_each_ping(struct apply *a, void (*visit)(void *arg, struct edge_object *), void *arg)
{
	for (size_t i = 0; i < a->round.n; i++) {
		struct edge_object *o = a->round.object[i];

		if (o->want->kind == OBJECT_PING && !o->want->deleted && !o->measured &&
		    a->round.plan.verdict[i].state == PLAN_THERE)
			visit(arg, o);
	}
}

static void
set_status(struct apply *a, struct edge_object *o, const struct plan_verdict *v)
{
	bool is_neighbour = o->want->kind == OBJECT_BGP;

	state_note(a->state, o);
	if (v->state == PLAN_THERE)
		text_set(&o->logged_error, NULL);
	o->instance = v->instance;
	o->placed = (is_neighbour || o->want->kind == OBJECT_BFD) && !o->want->deleted && v->state == PLAN_THERE;
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
	o->now.shut = o->want->shut && v->state == PLAN_THERE;
	if (v->drops != NULL)
		memcpy(
		    o->now.drops, v->drops, (o->want->kind == OBJECT_RATE ? RATE_DROPS : OP_DROPS) * sizeof(*v->drops));
	if (v->state == PLAN_WRONG)
		status_set(&o->now, o->want->kind == OBJECT_UNKNOWN ? STATUS_UNSUPPORTED : STATUS_ERROR, v->text);
	else if (v->state == PLAN_WAITS)
		status_set(&o->now, STATUS_PENDING, v->text);
	else if (v->state != PLAN_THERE)
		status_set(&o->now, o->step_error != NULL ? STATUS_ERROR : STATUS_PENDING, o->step_error);
	else if (o->want->kind == OBJECT_PING)
		set_ping_status(o);
	else if (o->want->kind == OBJECT_BFD)
		return; /* after its session */
	else if (!is_neighbour)
		status_set(&o->now, STATUS_APPLIED, NULL);
	set_neighbour_status(a, o);
}

void
apply_set_statuses(struct apply *a)
{
	const struct plan *plan = &a->round.plan;

	for (size_t i = 0; i < plan->steps - plan->late; i++)
		number_set_add(&a->retry, plan->step[i].instance);
	observe_objects(a->state, a->routing, a->round.object, a->round.n, a->scope.v, a->scope.n);
	for (size_t i = 0; i < a->round.n; i++)
		set_status(a, a->round.object[i], &plan->verdict[i]);
	for (size_t i = 0; i < a->round.n; i++)
		set_bfd_status(a, a->round.object[i]);
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
	for (size_t i = 0; u != NULL && i < u->n; i++) {
		set_bfd_status(a, u->object[i]);
		if (u->object[i]->want->kind == OBJECT_BFD)
			state_note(a->state, u->object[i]);
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
	return a->held > 0 && (!there || !apply_can_let_go(&seen));
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

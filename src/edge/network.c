/* SPDX-License-Identifier: ISC */
/* network.c - the loop: what dcaasd asks for is written to disk and applied, what is seen is reported, and both again
 * and again, because nobody trusts an event that could have been lost. */
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/notify.h"
#include "edge/intake.h"
#include "edge/network_priv.h"
#include "edge/observe.h"
#include "edge/question.h"

#define POLL_SECONDS 25
#define SLICE_MS 20           /* of an apply, then the loop looks around */
#define FINISH_MS 2000        /* that a running apply gets when there is something newer */
#define SHUT_LOOK_MS 60000    /* between two looks at the clock, which may be set */
#define PROOF_MS 1000         /* after an apply, before its record is taken: a reset shows a little later */
#define PROOF_MAX_MS 5000     /* and while a daemon has yet to take over its part */
#define WHOLE_MS 60000        /* between two looks at the whole router: no word of a change may be lost for longer */
#define LIGHT_MS 5500         /* between two looks at what the kernel announced, or what was read long ago */
#define CHANGE_MS 20          /* from word of a change to the look at it: changes seldom come alone */
#define CHANGE_GAP_MIN_MS 100 /* between two such looks, by what a look costs */
#define CHANGE_GAP_COST 10
#define CHANGE_GAP_RETRY 10 /* part of the wait after a failure: who fails may be the one that changes things */
#define RETRY_MIN_MS 500
#define RETRY_MAX_MS 10000
#define REPORT_INTERVAL_SECONDS 10 /* until dcaasd sends another */
#define REPORT_INTERVAL_MAX_SECONDS 3600
#define HELD_PAUSE_MS 1000
#define HELD_LOOK_MS 30000 /* an edge that holds asks for a snapshot so often: the store may be the right one again */
#define TROUBLE_LOG_MS 60000
#define STATUS_LOCKED 423 /* dcaasd: another process has our place */

void
network_timer(struct network *n, enum timer which, int64_t ms)
{
	struct timeval t = {ms / 1000, ms % 1000 * 1000};

	event_add(n->timer[which], &t);
}

/* --- disk --- */

/* What waits is not begun: the tenant and the router's log get the reason. */
static void
tell_unsaved(struct network *n, const char *why)
{
	_cleanup_arena_ struct arena *arena = arena_new();

	for (size_t i = 0; i < state_count(n->state); i++) {
		struct edge_object *o = state_object(n->state, i);

		if (o->now.state == STATUS_PENDING && !o->want->deleted) {
			status_set(&o->now, STATUS_ERROR, arena_printf(arena, "the router cannot save it: %s", why));
			state_note(n->state, o);
		}
	}
	if (n->unsaved && monotonic_since(n->unsaved_at) < TROUBLE_LOG_MS)
		return;
	n->unsaved = true;
	n->unsaved_at = monotonic_now();
	dc_log(LOG_ERR, "desired set not saved", "error=%s", log_quote(arena, why));
}

static bool
save(struct network *n)
{
	struct dc_error err = {0};

	if (state_is_saved(n->state) || state_lost(n->state) != NULL)
		return true;
	if (state_save(n->state, &err) != DC_OK) {
		tell_unsaved(n, err.text);
		return false;
	}
	if (n->unsaved)
		dc_log(LOG_INFO, "desired set saved", "objects=%zu", state_count(n->state));
	n->unsaved = false;
	return true;
}

/* It keeps asking: the other one may go. */
static void
hold_for_another(struct network *n)
{
	report_set_held(n->report, "another router reports with the credential of this edge, and was first");
	n->look = true;
}

static void
reported(void *arg, long status, const char *words)
{
	struct network *n = arg;
	const struct buf *part;

	if (status == STATUS_LOCKED)
		hold_for_another(n);
	if (status == 400 || status == 413) {
		network_report_refused(n, status, words);
		return;
	}
	if (status != 200 && status != 204) {
		network_report_lost(n, REPORT_RETRY_MAX_MS);
		return;
	}
	if ((part = report_next(n->report)) != NULL) {
		channel_report(n->channel, part);
		return;
	}
	report_done(n->report, true);
	n->report_retry_ms = 0;
	if (report_held(n->report) == NULL && !apply_is_running(n->apply)) {
		state_forget_told(n->state);
		save(n);
	}
	network_consider_report(n);
}

/* --- down: applying --- */

static void
take_record(struct network *n)
{
	struct apply_record record;

	if (apply_take_record(n->apply, &record))
		report_add_record(n->report, &record);
}

/* Sessions are looked at a little later than the daemon takes over what they run on. */
static void
on_proof(evutil_socket_t fd, short what, void *arg)
{
	struct network *n = arg;

	(void)fd;
	(void)what;
	if (!apply_has_record(n->apply))
		return;
	if (!apply_routing_settled(n->apply) && monotonic_since(n->applied_at) < PROOF_MAX_MS) {
		network_timer(n, TIMER_PROOF, PROOF_MS);
		return;
	}
	take_record(n);
	network_consider_report(n);
}

static void
look_again_later(struct network *n, bool failed)
{
	if (failed) {
		n->retry_ms = n->retry_ms == 0                 ? RETRY_MIN_MS
			      : n->retry_ms < RETRY_MAX_MS / 2 ? 2 * n->retry_ms
							       : RETRY_MAX_MS;
		network_timer(n, TIMER_READ_BACK, n->retry_ms);
		return;
	}
	n->retry_ms = 0;
	network_timer(n, TIMER_READ_BACK, LIGHT_MS);
}

static void
listen_for_changes(struct network *n)
{
	if (n->on_change != NULL)
		event_add(n->on_change, NULL);
}

/* The descriptor stays readable until the router is read: while an apply runs, and until a look that is due, nobody
 * waits for it. What an apply itself changed is seen by its last look. */
static void
on_change(evutil_socket_t fd, short what, void *arg)
{
	struct network *n = arg;
	int64_t gap = CHANGE_GAP_COST * apply_read_ms(n->apply) + n->retry_ms / CHANGE_GAP_RETRY, left;

	(void)fd;
	(void)what;
	if (apply_is_running(n->apply))
		return;
	left = (gap > CHANGE_GAP_MIN_MS ? gap : CHANGE_GAP_MIN_MS) - monotonic_since(n->applied_at);
	network_timer(n, TIMER_CHANGE, left > CHANGE_MS ? left : CHANGE_MS);
}

static void
begin_ping(void *arg, struct edge_object *o)
{
	struct network *n = arg;

	if (!pings_begin(n->pings, o))
		apply_again(n->apply, o->home);
}

static void
ping_done(void *arg)
{
	network_consider_report(arg);
}

static void
wait_for_shut(struct network *n)
{
	int64_t left = apply_shut_left(n->apply);

	if (left >= 0)
		network_timer(n, TIMER_SHUT, left < SHUT_LOOK_MS ? left : SHUT_LOOK_MS);
}

static void
apply_ended(struct network *n)
{
	n->applied = true;
	n->routing_known = n->routing_known || apply_routing_settled(n->apply);
	n->applied_at = monotonic_now();
	network_timer(n, TIMER_PROOF, PROOF_MS);
	look_again_later(n, apply_must_retry(n->apply));
	wait_for_shut(n);
	apply_each_ping(n->apply, begin_ping, n);
	listen_for_changes(n);
	network_consider_report(n);
}

static void
on_work(evutil_socket_t fd, short what, void *arg)
{
	struct network *n = arg;

	(void)fd;
	(void)what;
	if (!apply_is_running(n->apply))
		return;
	if (apply_continue(n->apply, SLICE_MS))
		network_timer(n, TIMER_WORK, 0);
	else
		apply_ended(n);
}

/* Nothing is touched before it is known, and on disk, what should be here. */
static void
start_apply(struct network *n)
{
	_cleanup_arena_ struct arena *arena = NULL;
	struct dc_error err = {0};
	bool whole;

	if (state_lost(n->state) != NULL || apply_is_running(n->apply))
		return;
	if (!save(n))
		network_consider_report(n); /* and what is on disk stays in force */
	take_record(n);                     /* of the run before */
	whole = !n->whole || monotonic_since(n->whole_at) >= WHOLE_MS;
	if (apply_begin(n->apply, whole, &err)) {
		n->whole = true;
		n->whole_at = whole ? monotonic_now() : n->whole_at;
		event_del(n->timer[TIMER_READ_BACK]);
		event_del(n->timer[TIMER_CHANGE]);
		network_timer(n, TIMER_WORK, 0);
		return;
	}
	arena = arena_new();
	dc_log(LOG_ERR, "router not read", "error=%s", log_quote(arena, err.text));
	look_again_later(n, true);
}

static void
on_read_back(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	start_apply(arg);
}

/* What a switchover test keeps away comes back at its time, with dcaasd or without. */
static void
on_shut(evutil_socket_t fd, short what, void *arg)
{
	struct network *n = arg;

	(void)fd;
	(void)what;
	if (apply_is_running(n->apply))
		return; /* its end looks again */
	apply_shut_over(n->apply);
	if (apply_shut_left(n->apply) == 0)
		start_apply(n);
	else
		wait_for_shut(n);
}

/* What runs borrows from the set: it ends before the set changes. */
static void
stop_apply(struct network *n)
{
	if (!apply_is_running(n->apply))
		return;
	while (apply_running_ms(n->apply) < FINISH_MS)
		if (!apply_continue(n->apply, SLICE_MS)) {
			apply_ended(n);
			return;
		}
	apply_abort(n->apply);
	n->applied_at = monotonic_now();
}

static void
take_set(struct network *n, const struct wire_desired *d)
{
	stop_apply(n);
	state_take(n->state, d);
	report_set_held(n->report, NULL);
	n->retry_ms = 0;
	dc_log(LOG_INFO, "desired set taken", "epoch=%s revision=%lld full=%d came=%zu objects=%zu",
	    state_epoch(n->state), (long long)state_revision(n->state), d->full.v, d->objects.n, state_count(n->state));
	start_apply(n);
}

static bool
is_harmless(struct network *n, const struct wire_desired *d, struct arena *arena)
{
	struct dc_error err = {0};
	bool harms = true;
	size_t count;
	const struct want *const *want = state_preview(n->state, d, arena, &count);

	if (apply_would_harm(n->apply, want, count, &harms, &err) != DC_OK)
		dc_log(LOG_ERR, "router not read", "error=%s", log_quote(arena, err.text));
	return !harms;
}

static void
take_interval(struct network *n, const struct wire_desired *d)
{
	if (d->report_interval.set == GIVEN && d->report_interval.v >= 1 &&
	    d->report_interval.v <= REPORT_INTERVAL_MAX_SECONDS)
		n->report_interval_ms = d->report_interval.v * 1000;
}

static int
desired(void *arg, const struct wire_desired *d)
{
	struct network *n = arg;
	_cleanup_arena_ struct arena *arena = arena_new();
	const struct intake_self self = {
	    .edge = state_edge(n->state),
	    .epoch = state_epoch(n->state),
	    .revision = state_revision(n->state),
	    .empty = state_is_empty(n->state),
	    .lost = state_lost(n->state) != NULL,
	};
	const char *why = NULL;
	enum intake intake = intake_decide(&self, d, arena, &why);

	n->trouble[0] = '\0';
	take_interval(n, d);
	if (intake == INTAKE_IF_HARMLESS)
		intake = is_harmless(n, d, arena) ? INTAKE_SNAPSHOT : INTAKE_HOLD;
	if (intake == INTAKE_CHANGES || intake == INTAKE_SNAPSHOT) {
		take_set(n, d);
		return 0;
	}
	if (intake == INTAKE_ANEW) {
		n->look = true;
		return HELD_PAUSE_MS;
	}
	report_set_held(n->report, why);
	network_consider_report(n);
	return HELD_PAUSE_MS;
}

/* --- the channel's other words --- */

static void
ask(void *arg, struct channel_poll *p)
{
	struct network *n = arg;

	p->epoch = state_epoch(n->state);
	p->boot = report_boot(n->report);
	if (!n->asked || n->look) {
		/* Everything, from any revision: the first time, because bodies of kinds that an older version
		 * did not know are not on disk. */
		n->asked = true;
		n->look = false;
		n->looked = monotonic_now();
		p->revision = 0;
		return;
	}
	p->revision = state_revision(n->state);
	p->wait_seconds = POLL_SECONDS;
}

static void
nothing(void *arg)
{
	struct network *n = arg;

	n->trouble[0] = '\0';
	n->look = report_held(n->report) != NULL && monotonic_since(n->looked) >= HELD_LOOK_MS;
}

static void
trouble(void *arg, long status, const char *words)
{
	struct network *n = arg;
	_cleanup_arena_ struct arena *arena = arena_new();
	char text[sizeof(n->trouble)];

	n->look = report_held(n->report) != NULL;
	if (status == 401 || status == 403) {
		report_set_held(n->report, "dcaasd refuses the credential of this edge");
		n->look = true;
	} else if (status == STATUS_LOCKED)
		hold_for_another(n);
	snprintf(text, sizeof(text), "%ld %s", status, words);
	if (strcmp(text, n->trouble) == 0 && monotonic_since(n->trouble_at) < TROUBLE_LOG_MS)
		return;
	strlcpy(n->trouble, text, sizeof(n->trouble));
	n->trouble_at = monotonic_now();
	dc_log(LOG_WARNING, "no answer of dcaasd", "status=%ld error=%s", status, log_quote(arena, words));
}

static void
take_question(void *arg, const struct wire_question *question)
{
	questions_ask(((struct network *)arg)->questions, question);
}

static void
question_answered(void *arg, const struct wire_answer *answer)
{
	channel_answer(((struct network *)arg)->channel, answer);
}

static const struct channel_events channel_events = {ask, take_question, desired, nothing, trouble, reported};

/* --- time and signals --- */

static void
routing_news(void *arg, uint32_t instance)
{
	struct network *n = arg;

	if (apply_routing_changed(n->apply, instance))
		network_timer(n, TIMER_READ_BACK, 0); /* what waited for the daemon */
	n->routing_known = n->routing_known || (n->applied && apply_routing_settled(n->apply));
	network_consider_report(n);
}

static void
on_stop(evutil_socket_t number, short what, void *arg)
{
	struct network *n = arg;

	(void)what;
	dc_log(LOG_INFO, "stopping", "signal=%d", (int)number);
	event_base_loopbreak(n->base);
}

/* The credential is read again for each request anyway; this only saves a pause. */
static void
on_reload(evutil_socket_t number, short what, void *arg)
{
	struct network *n = arg;

	(void)number;
	(void)what;
	dc_log(LOG_INFO, "reloaded", "token_file=%s", n->settings->token_file);
	channel_hurry(n->channel);
}

/* --- life --- */

static void
make_events(struct network *n)
{
	static const struct {
		event_callback_fn call;
		short flags;
		int64_t ms; /* 0: when asked */
	} timers[TIMERS] = {
	    [TIMER_PROOF] = {on_proof, 0, 0},
	    [TIMER_READ_BACK] = {on_read_back, 0, 0},
	    [TIMER_CHANGE] = {on_read_back, 0, 0},
	    [TIMER_WORK] = {on_work, 0, 0},
	    [TIMER_REPORT] = {network_on_report, 0, 0},
	    [TIMER_SHUT] = {on_shut, 0, 0},
	};

	for (int i = 0; i < TIMERS; i++) {
		if ((n->timer[i] = event_new(n->base, -1, timers[i].flags, timers[i].call, n)) == NULL)
			abort();
		if (timers[i].ms > 0)
			network_timer(n, (enum timer)i, timers[i].ms);
	}
	n->on_term = evsignal_new(n->base, SIGTERM, on_stop, n);
	n->on_int = evsignal_new(n->base, SIGINT, on_stop, n);
	n->on_hup = evsignal_new(n->base, SIGHUP, on_reload, n);
	if (n->on_term == NULL || n->on_int == NULL || n->on_hup == NULL)
		abort();
	event_add(n->on_term, NULL);
	event_add(n->on_int, NULL);
	event_add(n->on_hup, NULL);
}

/* Stops are held back (SIG_BLOCK) until the loop runs, so that one that comes early is not lost, and again when it has
 * ended, so that a second one does not cut the end short. */
static void
mask_stops(int how)
{
	sigset_t stops;

	sigemptyset(&stops);
	sigaddset(&stops, SIGTERM);
	sigaddset(&stops, SIGINT);
	sigprocmask(how, &stops, NULL);
}

static void
make_change_event(struct network *n)
{
	int fd = n->kernel->ops->changes(n->kernel);

	if (fd >= 0 && (n->on_change = event_new(n->base, fd, EV_READ, on_change, n)) == NULL)
		abort();
}

static void
free_events(struct network *n)
{
	for (int i = 0; i < TIMERS; i++)
		if (n->timer[i] != NULL)
			event_free(n->timer[i]);
	if (n->on_term != NULL)
		event_free(n->on_term);
	if (n->on_int != NULL)
		event_free(n->on_int);
	if (n->on_hup != NULL)
		event_free(n->on_hup);
	if (n->on_change != NULL)
		event_free(n->on_change);
}

static enum dc_code
open_all(struct network *n, struct dc_error *err)
{
	enum dc_code rc;

	if ((rc = state_open(n->settings->state_dir, &n->state, err)) != DC_OK)
		return rc;
	if ((n->base = event_base_new()) == NULL)
		return dc_fail(err, DC_E_IO, NULL, "libevent does not start");
	n->apply = apply_new(n->state, n->kernel, n->routing);
	n->pings = pings_new(n->base, n->kernel, n->state, ping_done, n);
	n->questions = questions_new(n->base, n->state, n->kernel, n->routing, question_answered, n);
	n->report = report_new(n->settings->sim ? "sim" : "linux");
	report_set_key_room(n->report, n->kernel->key_room);
	make_events(n);
	make_change_event(n);
	n->routing->ops->start(n->routing, n->base, routing_news, n);
	return channel_open(n->settings, n->base, &channel_events, n, &n->channel, err);
}

static void
close_all(struct network *n)
{
	channel_close(n->channel);
	free_events(n);
	pings_free(n->pings);
	apply_free(n->apply);
	report_free(n->report);
	state_close(n->state);
	n->routing->ops->close(n->routing);
	questions_free(n->questions);
	if (n->base != NULL)
		event_base_free(n->base);
	n->kernel->ops->close(n->kernel);
	libevent_global_shutdown();
}

int
network_run(const struct edge_settings *settings, struct kernel *kernel, struct routing *routing)
{
	struct network n = {
	    .settings = settings,
	    .kernel = kernel,
	    .routing = routing,
	    .report_interval_ms = REPORT_INTERVAL_SECONDS * 1000,
	    .begun = monotonic_now(),
	};
	struct dc_error err = {0};
	enum dc_code rc = open_all(&n, &err);

	signal(SIGPIPE, SIG_IGN);
	if (rc == DC_OK) {
		dc_log(LOG_INFO, "ready", "version=%s fabric=%s edge=%s", DCAAS_VERSION,
		    settings->sim ? "sim" : "linux", settings->device);
		notify_manager("READY=1");
		mask_stops(SIG_UNBLOCK);
		start_apply(&n);
		channel_start(n.channel);
		network_consider_report(&n);
		event_base_dispatch(n.base);
		mask_stops(SIG_BLOCK);
	} else {
		_cleanup_arena_ struct arena *arena = arena_new();

		dc_log(LOG_ERR, "start failed", "error=%s", log_quote(arena, err.text));
	}
	close_all(&n);
	return rc == DC_OK ? 0 : 1;
}

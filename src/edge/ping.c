/* SPDX-License-Identifier: ISC */
#include "edge/ping.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "edge/echo_message.h"

#define RUNS_MAX 32
#define LAST_WAIT_MS 1000 /* for answers, after the last request */

struct run {
	struct pings *of;
	struct run *next;
	char *key;
	int fd;
	struct event *timer;
	bool v4;
	uint32_t count, interval_ms, sent;
	uint64_t seen; /* a bit for each answer */
};

struct pings {
	struct event_base *base;
	struct kernel *kernel;
	struct state *state;
	void (*done)(void *arg);
	void *arg;
	struct run *first;
	size_t runs;
};

struct pings *
pings_new(struct event_base *base, struct kernel *kernel, struct state *state, void (*done)(void *arg), void *arg)
{
	struct pings *p = calloc(1, sizeof(*p));

	if (p == NULL)
		abort();
	*p = (struct pings){.base = base, .kernel = kernel, .state = state, .done = done, .arg = arg};
	return p;
}

static void
run_free(struct run *r)
{
	struct run **at = &r->of->first;

	while (*at != NULL && *at != r)
		at = &(*at)->next;
	if (*at != NULL) {
		*at = r->next;
		r->of->runs--;
	}
	if (r->timer != NULL)
		event_free(r->timer);
	if (r->fd >= 0)
		close(r->fd);
	free(r->key);
	free(r);
}

struct pings *
pings_free(struct pings *p)
{
	if (p != NULL) {
		while (p->first != NULL)
			run_free(p->first);
		free(p);
	}
	return NULL;
}

/* The object's result; it may have gone meanwhile. */
static void
finish(struct run *r, const char *error)
{
	struct pings *p = r->of;
	struct edge_object *o = state_find(p->state, r->key);

	if (o != NULL && o->want->kind == OBJECT_PING && !o->want->deleted)
		object_set_ping(p->state, o, r->sent, (uint32_t)__builtin_popcountll(r->seen), error);
	run_free(r);
	p->done(p->arg);
}

static void
wait_for(struct run *r, uint32_t ms)
{
	struct timeval t = {ms / 1000, ms % 1000 * 1000};

	event_add(r->timer, &t);
}

static void
send_request(struct run *r)
{
	echo_send(r->fd, r->v4, r->sent++);
	wait_for(r, r->sent < r->count ? r->interval_ms : LAST_WAIT_MS);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct run *r = arg;

	(void)fd;
	(void)what;
	if (r->sent > 0)
		echo_take(r->fd, r->v4, r->sent, &r->seen);
	if (r->sent < r->count)
		send_request(r);
	else
		finish(r, NULL);
}

static bool
is_running(const struct pings *p, const char *key)
{
	for (const struct run *r = p->first; r != NULL; r = r->next)
		if (strcmp(r->key, key) == 0)
			return true;
	return false;
}

static struct run *
run_new(struct pings *p, const struct edge_object *o)
{
	struct run *r = calloc(1, sizeof(*r));

	if (r == NULL || (r->key = strdup(o->want->key)) == NULL ||
	    (r->timer = event_new(p->base, -1, 0, on_timer, r)) == NULL)
		abort();
	r->of = p;
	r->fd = -1;
	r->v4 = o->want->ping.local.family == IP_V4;
	r->count = o->want->ping.count;
	r->interval_ms = o->want->ping.interval_ms;
	r->next = p->first;
	p->first = r;
	p->runs++;
	return r;
}

bool
pings_begin(struct pings *p, struct edge_object *o)
{
	const struct edge_object *link = state_find(p->state, o->want->ping.link);
	struct op_echo ask = {.instance = o->home, .local = o->want->ping.local, .remote = o->want->ping.remote};
	struct dc_error err = {0};
	struct run *r;

	if (o->measured || link == NULL || !link->want->known || is_running(p, o->want->key))
		return true;
	if (p->runs >= RUNS_MAX)
		return false;
	strlcpy(ask.device, want_link_device(link->want), sizeof(ask.device));
	r = run_new(p, o);
	if (p->kernel->ops->open_echo(p->kernel, &ask, &r->fd, &err) != DC_OK)
		finish(r, err.text);
	else
		wait_for(r, 0);
	return true;
}

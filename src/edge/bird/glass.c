/* SPDX-License-Identifier: ISC */
#include "edge/bird/glass.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define ROUTES_MS 4000 /* for an answer; a question waits for five seconds */
#define WAITING_MAX 8  /* questions of one instance at a time */
#define COMMAND_MAX 1024

struct asked { /* a question on its way */
	struct asked *next;
	struct instance *in;
	struct arena *arena;
	routing_told_routes *told;
	void *arg;
	const char *more; /* the second command: NULL for none */
	struct routing_route *route;
	size_t n;
	bool rejected; /* what the answer on its way brings */
};

struct glass {
	struct control *control;
	struct asked *first;
	size_t waiting;
};

static void
lost(void *arg)
{
	(void)arg; /* nobody waits; the next question connects again */
}

static struct glass *
glass_of(struct instance *in)
{
	_cleanup_arena_ struct arena *a = arena_new();

	if (in->glass == NULL) {
		in->glass = must(calloc(1, sizeof(*in->glass)));
		in->glass->control = control_new(in->driver->base, instance_path(in, a, "run"), lost, NULL);
	}
	return in->glass;
}

static void
asked_free(struct asked *q)
{
	struct glass *g = q->in->glass;
	struct asked **at = &g->first;

	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
	g->waiting--;
	arena_free(q->arena);
	free(q);
}

/* What was asked is no longer on the list when `told` is called: it may ask again. */
static void
answer(struct asked *q, const char *failure)
{
	struct asked copy = *q;

	q->arena = NULL;
	asked_free(q);
	copy.told(copy.arg, copy.route, failure == NULL ? copy.n : 0, failure);
	arena_free(copy.arena);
}

static void
add_routes(struct asked *q, const struct control_reply *reply)
{
	struct routing_route *found, *all;
	size_t n = bird_parse_routes(reply, q->arena, &found);

	for (size_t i = 0; i < n; i++)
		found[i].rejected = q->rejected;
	all = arena_array(q->arena, q->n + n + 1, sizeof(*all));
	if (q->n > 0)
		memcpy(all, q->route, q->n * sizeof(*all));
	memcpy(all + q->n, found, n * sizeof(*all));
	q->route = all;
	q->n += n;
}

static void
on_routes(void *arg, const struct control_reply *reply, const char *failure)
{
	struct asked *q = arg;

	if (failure != NULL) {
		answer(q, failure);
		return;
	}
	if (reply->code >= 8000) { /* BIRD refuses the command */
		answer(q, arena_printf(q->arena, "BIRD: %s", control_words(reply)));
		return;
	}
	add_routes(q, reply);
	if (q->more == NULL) {
		answer(q, NULL);
		return;
	}
	const char *more = q->more;

	q->more = NULL;
	q->rejected = true;
	control_ask(q->in->glass->control, more, ROUTES_MS, on_routes, q);
}

static void
put_condition(struct buf *out, const struct routing_query *query)
{
	const char *word = " where ";
	char text[IP_TEXT_SIZE];

	if (query->inside.addr.family != IP_NONE) {
		ip_format_prefix(&query->inside, text);
		buf_printf(out, "%snet ~ [ %s+ ]", word, text);
		word = " && ";
	}
	if (query->containing.family != IP_NONE) {
		ip_format_addr(&query->containing, text);
		buf_printf(out, "%s%s ~ net", word, text);
		word = " && ";
	}
	if (query->asn != 0) {
		buf_printf(out, "%sbgp_path ~ [= * %u * =]", word, query->asn);
		word = " && ";
	}
	if (query->has_community)
		buf_printf(out, "%s(%u, %u) ~ bgp_community", word, query->community[0], query->community[1]);
}

const char *
glass_command(const struct routing_neighbour *n, const struct routing_query *query, bool rejected, struct arena *a)
{
	_cleanup_buf_ struct buf out = BUF_INIT(COMMAND_MAX);

	buf_printf(&out, "show route table dc_t_%s_%u %s %s", n->vrf, (unsigned)n->remote.family,
	    query->which == ROUTES_ADVERTISED ? "export" : "protocol", n->name);
	put_condition(&out, query);
	buf_puts(&out, rejected ? " filtered all" : " all");
	return arena_strdup(a, buf_str(&out));
}

void
glass_ask(struct instance *in, const struct routing_neighbour *n, const struct routing_query *query,
    routing_told_routes *told, void *arg)
{
	struct glass *g = glass_of(in);
	struct asked *q;

	if (in->state != ROUTING_RUNNING && in->state != ROUTING_CONFIGURING) {
		told(arg, NULL, 0, "the routing daemon does not answer");
		return;
	}
	if (g->waiting == WAITING_MAX) {
		told(arg, NULL, 0, "too many questions wait for the routing daemon");
		return;
	}
	q = must(calloc(1, sizeof(*q)));
	*q = (struct asked){.next = g->first,
	    .in = in,
	    .arena = arena_new(),
	    .told = told,
	    .arg = arg,
	    .rejected = query->which == ROUTES_REJECTED};
	g->first = q;
	g->waiting++;
	if (query->which == ROUTES_RECEIVED)
		q->more = glass_command(n, query, true, q->arena);
	control_ask(g->control, glass_command(n, query, q->rejected, q->arena), ROUTES_MS, on_routes, q);
}

void
glass_drop(struct instance *in, const char *why)
{
	if (in->glass == NULL)
		return;
	control_drop(in->glass->control);
	while (in->glass->first != NULL)
		answer(in->glass->first, why);
}

void
glass_free(struct instance *in)
{
	if (in->glass == NULL)
		return;
	control_free(in->glass->control);
	while (in->glass->first != NULL)
		asked_free(in->glass->first);
	free(in->glass);
	in->glass = NULL;
}

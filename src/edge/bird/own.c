/* SPDX-License-Identifier: ISC */
/* own.c - the networks that no neighbour of a VRF may announce stand in tables that the filters ask (render.c). BIRD
 * does not run the filters again when such a table changes: it would, over every route of every session. Instead, for
 * each network that came or went, it is asked who holds a route inside it (came), or has one that was refused (went),
 * and these sessions alone are filtered again, out of what BIRD keeps of them. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "edge/bird/instance.h"

#define MANY 256 /* changes: all are filtered again */
#define CODE_ROUTE 1007

struct network { /* one that is refused in a VRF */
	char vrf[OP_NAME_MAX];
	struct ip_prefix prefix;
};

struct own {
	struct network *v; /* sorted, each once */
	size_t n;
};

static int
compare(const void *a, const void *b)
{
	const struct network *x = a, *y = b;
	int order = strcmp(x->vrf, y->vrf);

	if (order == 0)
		order = ip_addr_compare(&x->prefix.addr, &y->prefix.addr);
	return order != 0 ? order : (int)x->prefix.len - (int)y->prefix.len;
}

static void
add(struct own *own, const char *vrf, const struct ip_prefix *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		strlcpy(own->v[own->n].vrf, vrf, sizeof(own->v[own->n].vrf));
		own->v[own->n++].prefix = ip_network(&v[i]);
	}
}

static struct own *
gather(const struct routing_desired *d)
{
	struct own *own = must(calloc(1, sizeof(*own)));
	size_t room = 0, kept = 0;

	for (size_t i = 0; i < d->vrf_count; i++)
		room += d->vrf[i].own_count + d->vrf[i].linked_count;
	own->v = must(calloc(room + 1, sizeof(*own->v)));
	for (size_t i = 0; i < d->vrf_count; i++) {
		add(own, d->vrf[i].device, d->vrf[i].own, d->vrf[i].own_count);
		add(own, d->vrf[i].device, d->vrf[i].linked, d->vrf[i].linked_count);
	}
	qsort(own->v, own->n, sizeof(*own->v), compare);
	for (size_t i = 0; i < own->n; i++)
		if (kept == 0 || compare(&own->v[kept - 1], &own->v[i]) != 0)
			own->v[kept++] = own->v[i];
	own->n = kept;
	return own;
}

void
own_free(struct instance *in)
{
	if (in->own != NULL)
		free(in->own->v);
	free(in->own);
	in->own = NULL;
}

void
own_forget(struct instance *in)
{
	own_free(in);
	in->own = gather(&in->held);
}

/* --- asking --- */

static void
done(void *arg, const struct control_reply *reply, const char *failure)
{
	(void)reply;
	if (failure != NULL)
		process_lost(arg, failure);
}

/* "10.1.0.0/24  unicast [p1_4 2026-12-01] * (100) [AS65001i]", and alternatives that begin with blanks. */
static const char *
holder_of(const char *line, char *name, size_t size)
{
	const char *from = strchr(line, '['), *to = from == NULL ? NULL : strchr(from, ' ');

	if (to == NULL || (size_t)(to - from) > size)
		return NULL;
	strlcpy(name, from + 1, (size_t)(to - from));
	return name;
}

static void
on_routes(void *arg, const struct control_reply *reply, const char *failure)
{
	struct instance *in = arg;
	_cleanup_arena_ struct arena *a = arena_new();
	char name[64], last[64] = "";

	if (failure != NULL) {
		process_lost(in, failure);
		return;
	}
	for (size_t i = 0; i < reply->lines; i++) {
		if (reply->line[i].code != CODE_ROUTE || holder_of(reply->line[i].text, name, sizeof(name)) == NULL ||
		    strcmp(name, last) == 0 || instance_peer_by_name(in, name) == NULL)
			continue;
		strlcpy(last, name, sizeof(last));
		control_ask(in->control, arena_printf(a, "reload in %s", name), ASK_MS, done, in);
		dc_log(LOG_DEBUG, "bird-refilter", "instance=%u name=%s", in->number, name);
	}
}

static bool
has_family(const struct instance *in, const char *vrf, enum ip_family family)
{
	for (size_t i = 0; i < in->held.neighbour_count; i++)
		if (in->held.neighbour[i].remote.family == family && strcmp(in->held.neighbour[i].vrf, vrf) == 0)
			return true;
	return false;
}

static void
ask(struct instance *in, const struct network *n, bool came)
{
	_cleanup_arena_ struct arena *a = arena_new();
	char text[IP_TEXT_SIZE];

	if (!has_family(in, n->vrf, n->prefix.addr.family))
		return; /* there is no such table */
	ip_format_prefix(&n->prefix, text);
	control_ask(in->control,
	    arena_printf(a, "show route in %s table dc_t_%s_%u%s", text, n->vrf, (unsigned)n->prefix.addr.family,
		came ? "" : " filtered"),
	    ASK_MS, on_routes, in);
}

/* Calls for each network that one list has and the other has not; returns how many there are. */
static size_t
differ(struct instance *in, const struct own *before, const struct own *now, bool do_ask)
{
	size_t n = 0, i = 0, k = 0;

	while (i < before->n || k < now->n) {
		int order = i == before->n ? 1 : k == now->n ? -1 : compare(&before->v[i], &now->v[k]);

		if (order == 0) {
			i++;
			k++;
			continue;
		}
		n++;
		if (do_ask)
			ask(in, order < 0 ? &before->v[i] : &now->v[k], order > 0);
		i += order < 0;
		k += order > 0;
	}
	return n;
}

void
own_begin(struct instance *in)
{
	struct own *before = in->own, *now = gather(&in->held);

	in->own = now;
	if (before == NULL || differ(in, before, now, false) > MANY)
		control_ask(in->control, "reload in all", ASK_MS, done, in);
	else
		differ(in, before, now, true);
	if (before != NULL)
		free(before->v);
	free(before);
}

/* SPDX-License-Identifier: ISC */
#include "edge/bird/pace.h"

#include <string.h>

#define TURN_MS 1000        /* at least, between two changes */
#define SLOW_DOWN_MS 10000  /* at least, between two changes that only slow neighbours down */
#define ANSWER_AGE_MS 10000 /* an answer about held routes is good for so long */

static bool
is_long_down(const struct instance *in, const struct peer *p, int64_t now)
{
	return in->driver->slow_after_ms > 0 && now - p->hurried_at >= in->driver->slow_after_ms;
}

static bool
is_to_turn(const struct instance *in, const struct peer *p, int64_t now)
{
	return p->seen && !p->established && p->how == BIRD_RUN && !p->want->shut &&
	       is_long_down(in, p, now) != p->slow && now >= (p->slow ? in->next_turn : in->next_slow_down);
}

static bool
is_known_free(const struct peer *p, int64_t now)
{
	return p->held_at != 0 && now - p->held_at <= ANSWER_AGE_MS && !p->holds_routes;
}

bool
pace_asks(const struct instance *in, const struct peer *p)
{
	int64_t now = now_ms();

	return is_to_turn(in, p, now) && (p->held_at == 0 || now - p->held_at > ANSWER_AGE_MS);
}

void
pace_note(struct peer *p, bool holds_routes)
{
	p->holds_routes = holds_routes;
	p->held_at = now_ms();
}

bool
pace_due(const struct instance *in)
{
	int64_t now = now_ms();

	for (size_t i = 0; i < in->held.neighbour_count; i++)
		if (is_to_turn(in, in->peer[i], now) && is_known_free(in->peer[i], now))
			return true;
	return false;
}

void
pace_turn(struct instance *in, const struct bird_row *row, size_t rows)
{
	int64_t now = now_ms();
	bool turned = false;

	for (size_t i = 0; i < rows; i++) {
		struct peer *p = instance_peer_by_name(in, row[i].name);

		if (p == NULL || row[i].established || !is_to_turn(in, p, now) ||
		    (!row[i].down && !is_known_free(p, now)))
			continue;
		p->slow = !p->slow;
		turned = true;
	}
	in->next_turn = now + TURN_MS;
	if (turned)
		in->next_slow_down = now + SLOW_DOWN_MS;
}

void
pace_lost(struct peer *p)
{
	p->hurried_at = now_ms();
	p->held_at = 0;
}

void
pace_hurry(struct peer *p)
{
	pace_lost(p);
	if (!p->established)
		p->slow = false;
}

/* A neighbour's part of the file, from "protocol bgp NAME from" to the next line that begins with "}". */
static bool
is_slow_in(const char *text, const char *name, struct arena *a)
{
	const char *start = strstr(text, arena_printf(a, "\nprotocol bgp %s from ", name)), *end, *slow;

	if (start == NULL || (end = strstr(start, "\n}")) == NULL)
		return false;
	slow = strstr(start, BIRD_SLOW_LINES);
	return slow != NULL && slow < end;
}

void
pace_recall(struct instance *in, const char *text)
{
	_cleanup_arena_ struct arena *a = arena_new();

	for (size_t i = 0; i < in->held.neighbour_count; i++) {
		struct peer *p = in->peer[i];

		p->slow = text != NULL && is_slow_in(text, p->want->name, a);
		if (p->slow)
			p->hurried_at = now_ms() - in->driver->slow_after_ms;
	}
}

/* SPDX-License-Identifier: ISC */
/* lifecycle.c - the table (state, event) -> state. */
#include "res/lifecycle.h"

#include <string.h>

#include "base/log.h"
#include "reconcile/work.h"

const char *const life_names[] = {
#define X(id, name) name,
    LIFE_STATES(X)
#undef X
	"BUILD",
    "DELETED", NULL};

struct life_rule {
	enum life_state from;
	enum life_event event;
	enum life_state to;
};

static const struct life_rule rules[] = {
    {LIFE_PENDING_CREATE, EV_CHANGED, LIFE_PENDING_CREATE},
    {LIFE_PENDING_CREATE, EV_WAITING, LIFE_PENDING_CREATE},
    {LIFE_PENDING_CREATE, EV_UP, LIFE_ACTIVE},
    {LIFE_PENDING_CREATE, EV_NOT_UP, LIFE_DOWN},
    {LIFE_PENDING_CREATE, EV_FAILED, LIFE_ERROR},
    {LIFE_PENDING_CREATE, EV_REMOVE, LIFE_PENDING_DELETE},
    {LIFE_ACTIVE, EV_CHANGED, LIFE_PENDING_UPDATE},
    {LIFE_ACTIVE, EV_WAITING, LIFE_PENDING_UPDATE},
    {LIFE_ACTIVE, EV_UP, LIFE_ACTIVE},
    {LIFE_ACTIVE, EV_NOT_UP, LIFE_DOWN},
    {LIFE_ACTIVE, EV_FAILED, LIFE_ERROR},
    {LIFE_ACTIVE, EV_REMOVE, LIFE_PENDING_DELETE},
    {LIFE_DOWN, EV_CHANGED, LIFE_PENDING_UPDATE},
    {LIFE_DOWN, EV_WAITING, LIFE_PENDING_UPDATE},
    {LIFE_DOWN, EV_UP, LIFE_ACTIVE},
    {LIFE_DOWN, EV_NOT_UP, LIFE_DOWN},
    {LIFE_DOWN, EV_FAILED, LIFE_ERROR},
    {LIFE_DOWN, EV_REMOVE, LIFE_PENDING_DELETE},
    {LIFE_PENDING_UPDATE, EV_CHANGED, LIFE_PENDING_UPDATE},
    {LIFE_PENDING_UPDATE, EV_WAITING, LIFE_PENDING_UPDATE},
    {LIFE_PENDING_UPDATE, EV_UP, LIFE_ACTIVE},
    {LIFE_PENDING_UPDATE, EV_NOT_UP, LIFE_DOWN},
    {LIFE_PENDING_UPDATE, EV_FAILED, LIFE_ERROR},
    {LIFE_PENDING_UPDATE, EV_REMOVE, LIFE_PENDING_DELETE},
    {LIFE_ERROR, EV_CHANGED, LIFE_PENDING_UPDATE},
    {LIFE_ERROR, EV_WAITING, LIFE_PENDING_UPDATE},
    {LIFE_ERROR, EV_UP, LIFE_ACTIVE},
    {LIFE_ERROR, EV_NOT_UP, LIFE_DOWN},
    {LIFE_ERROR, EV_FAILED, LIFE_ERROR},
    {LIFE_ERROR, EV_REMOVE, LIFE_PENDING_DELETE},
    {LIFE_PENDING_DELETE, EV_REMOVE, LIFE_PENDING_DELETE},
    {LIFE_ACTIVE, EV_SHUT, LIFE_ADMIN_SHUTDOWN},
    {LIFE_DOWN, EV_SHUT, LIFE_ADMIN_SHUTDOWN},
    {LIFE_ADMIN_SHUTDOWN, EV_BROUGHT_BACK, LIFE_PENDING_UPDATE},
    {LIFE_ADMIN_SHUTDOWN, EV_REMOVE, LIFE_PENDING_DELETE},
    {LIFE_AUTHORIZATION, EV_ACCEPT, LIFE_PENDING_CREATE},
    {LIFE_AUTHORIZATION, EV_REJECT, LIFE_REJECTED},
    {LIFE_AUTHORIZATION, EV_REMOVE, LIFE_PENDING_DELETE},
    {LIFE_REJECTED, EV_REMOVE, LIFE_PENDING_DELETE},
};

static const char *const event_words[] = {
#define X(id, words) words,
    LIFE_EVENTS(X)
#undef X
};

#define RULES (sizeof(rules) / sizeof(rules[0]))

const struct life_move *
life_moves(struct arena *arena)
{
	struct life_move *all = arena_array(arena, RULES + 2, sizeof(*all));

	for (size_t i = 0; i < RULES; i++)
		all[i] =
		    (struct life_move){life_names[rules[i].from], event_words[rules[i].event], life_names[rules[i].to]};
	all[RULES] = (struct life_move){life_names[LIFE_PENDING_DELETE], "its edge has removed it", NULL};
	return all;
}

const struct life_move *
life_by_verdict(const char *const words[], const struct life_move *more, struct arena *arena)
{
	static const char *const on[] = {
	    [VERDICT_NONE] = "no edge is asked to have anything of it",
	    [VERDICT_APPLIED] = "its edges have read all of it back",
	    [VERDICT_WAITING] = "an edge has not read all of it back yet",
	    [VERDICT_FAILED] = "an edge could not do what was ordered",
	};
	size_t n = 0, verdicts = sizeof(on) / sizeof(on[0]);
	struct life_move *all;

	while (more != NULL && more[n].on != NULL)
		n++;
	all = arena_array(arena, verdicts + n + 1, sizeof(*all));
	for (size_t i = 0; i < verdicts; i++)
		all[i] = (struct life_move){NULL, on[i], words[i]};
	for (size_t i = 0; i < n; i++)
		all[verdicts + i] = more[i];
	return all;
}

bool
life_is(const struct f_text *status, enum life_state state)
{
	return status->set == GIVEN && strcmp(status->v, life_names[state]) == 0;
}

bool
life_move(struct f_text *status, enum life_event event, const char *kind, const char *id)
{
	for (size_t i = 0; i < RULES; i++) {
		if (rules[i].event != event || !life_is(status, rules[i].from))
			continue;
		if (rules[i].from != rules[i].to)
			dc_log(LOG_INFO, "status", "%s=%s from=%s to=%s", kind, id, status->v, life_names[rules[i].to]);
		F_SET_TEXT(*status, life_names[rules[i].to]);
		return true;
	}
	dc_log(LOG_WARNING, "status-refused", "%s=%s state=%s event=%d", kind, id,
	    status->set == GIVEN ? status->v : "none", (int)event);
	return false;
}

void
life_set(struct f_text *status, const char *to, const char *kind, const char *id)
{
	if (status->set == GIVEN && strcmp(status->v, to) == 0)
		return;
	dc_log(LOG_INFO, "status", "%s=%s from=%s to=%s", kind, id, status->set == GIVEN ? status->v : "none", to);
	F_SET_TEXT(*status, to);
}

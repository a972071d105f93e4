/* SPDX-License-Identifier: ISC */
/* states.c - the life of an instance: a table, and the one function that changes the state. doc/architecture.md shows
 * the table. */
#include <string.h>

#include "base/log.h"
#include "edge/bird/instance.h"

static void
loaded(struct instance *in)
{
	instance_wake(in, 0); /* a newer wish may have come meanwhile */
}

static void
found(struct instance *in)
{
	in->answered = true;
	in->silent_since = 0;
	in->look_due = true;
	if (!boot_same(in))
		boot_note(in);
	instance_wake(in, 0);
}

static void
mute(struct instance *in)
{
	in->silent_since = now_ms();
	look_blind(in, "BIRD does not answer");
}

static void
dead(struct instance *in)
{
	process_rest(in);
	look_blind(in, "BIRD is dead, and is started again");
}

static const struct rule {
	enum routing_state from;
	enum instance_event event;
	enum routing_state to;
	void (*act)(struct instance *); /* after the change */
} rules[] = {
    {ROUTING_ABSENT, EVENT_WANTED, ROUTING_STARTING, process_find},
    {ROUTING_ABSENT, EVENT_UNWANTED, ROUTING_STOPPING, process_end},
    {ROUTING_STARTING, EVENT_ANSWERED, ROUTING_RUNNING, found},
    {ROUTING_STARTING, EVENT_MUTE, ROUTING_SILENT, mute},
    {ROUTING_STARTING, EVENT_DEAD, ROUTING_BACKOFF, dead},
    {ROUTING_STARTING, EVENT_UNWANTED, ROUTING_STOPPING, process_end},
    {ROUTING_RUNNING, EVENT_LOADING, ROUTING_CONFIGURING, NULL},
    {ROUTING_RUNNING, EVENT_MUTE, ROUTING_SILENT, mute},
    {ROUTING_RUNNING, EVENT_DEAD, ROUTING_BACKOFF, dead},
    {ROUTING_RUNNING, EVENT_UNWANTED, ROUTING_STOPPING, process_end},
    {ROUTING_CONFIGURING, EVENT_LOADED, ROUTING_RUNNING, loaded},
    {ROUTING_CONFIGURING, EVENT_MUTE, ROUTING_SILENT, mute},
    {ROUTING_CONFIGURING, EVENT_DEAD, ROUTING_BACKOFF, dead},
    {ROUTING_CONFIGURING, EVENT_UNWANTED, ROUTING_STOPPING, process_end},
    {ROUTING_SILENT, EVENT_ANSWERED, ROUTING_RUNNING, found},
    {ROUTING_SILENT, EVENT_DEAD, ROUTING_BACKOFF, dead},
    {ROUTING_SILENT, EVENT_OVERDUE, ROUTING_STOPPING, process_hurt},
    {ROUTING_SILENT, EVENT_UNWANTED, ROUTING_STOPPING, process_end},
    {ROUTING_BACKOFF, EVENT_DUE, ROUTING_STARTING, process_start},
    {ROUTING_BACKOFF, EVENT_UNWANTED, ROUTING_STOPPING, process_end},
    {ROUTING_STOPPING, EVENT_DEAD, ROUTING_ABSENT, process_ended},
};

static const char *
event_name(enum instance_event e)
{
	static const char *const names[EVENTS] = {
	    [EVENT_WANTED] = "wanted",
	    [EVENT_UNWANTED] = "unwanted",
	    [EVENT_ANSWERED] = "answered",
	    [EVENT_MUTE] = "mute",
	    [EVENT_DEAD] = "dead",
	    [EVENT_DUE] = "due",
	    [EVENT_LOADING] = "loading",
	    [EVENT_LOADED] = "loaded",
	    [EVENT_OVERDUE] = "overdue",
	};

	return names[e];
}

static const struct rule *
rule_of(enum routing_state from, enum instance_event e)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].from == from && rules[i].event == e)
			return &rules[i];
	return NULL;
}

/* Configurations come and go all the time; what is wrong, and what ends it, is for everybody. */
static int
priority_of(const struct rule *r)
{
	if (r->event == EVENT_LOADING || r->event == EVENT_LOADED)
		return LOG_DEBUG;
	return r->to == ROUTING_BACKOFF || r->to == ROUTING_SILENT || r->event == EVENT_OVERDUE ? LOG_WARNING
												: LOG_NOTICE;
}

void
instance_happens(struct instance *in, enum instance_event e)
{
	const struct rule *r = rule_of(in->state, e);

	if (r == NULL) {
		dc_log(LOG_ERR, "bird-event-refused", "instance=%u state=%s event=%s", in->number,
		    routing_state_name(in->state), event_name(e));
		return;
	}
	dc_log(priority_of(r), "bird-state", "instance=%u from=%s to=%s event=%s", in->number,
	    routing_state_name(r->from), routing_state_name(r->to), event_name(e));
	in->state = r->to;
	instance_wake(in, 0);
	if (r->act != NULL)
		r->act(in);
}

/* SPDX-License-Identifier: ISC */
/* channel.h - HTTP to dcaasd, by libcurl on the event loop: one long poll, one report and one answer to a question at a
 * time.
 *
 * The poll goes round by itself: at once after an answer, after a growing and jittered pause when dcaasd is away (at
 * most RETRY_MS, so that it is noticed quickly when it is back), refuses us, or answers a poll that was to wait at once
 * and without news. The credential is read again for each request. */
#ifndef DC_EDGE_CHANNEL_H
#define DC_EDGE_CHANNEL_H

#include <event2/event.h>

#include "base/arena.h"
#include "base/buf.h"
#include "edge/settings.h"
#include "wire/object.h"

#define CHANNEL_RETRY_MS 800    /* longest pause while dcaasd does not answer */
#define CHANNEL_REFUSED_MS 3000 /* longest pause while it answers, but not what we want */

struct channel;

struct channel_poll {      /* what the next poll sends */
	const char *epoch; /* borrowed */
	const char *boot;  /* an uuid; borrowed */
	int64_t revision;
	int wait_seconds;
};

struct channel_events {
	void (*ask)(void *arg, struct channel_poll *);
	/* An operator's question about this moment: channel_answer() answers it, or nobody does. Borrowed. */
	void (*question)(void *arg, const struct wire_question *);
	/* An answer with news; borrowed until the return. Returns how long to pause before the next poll, in ms. */
	int (*desired)(void *arg, const struct wire_desired *);
	void (*nothing)(void *arg); /* an answer without news */
	/* Not an answer that we can use. status: of HTTP, 0: none came. Called each time; words borrowed. */
	void (*trouble)(void *arg, long status, const char *words);
	/* The report's end. status 0: it did not get through. words: why it was not taken; borrowed. */
	void (*reported)(void *arg, long status, const char *words);
};

enum dc_code channel_open(const struct edge_settings *, struct event_base *, const struct channel_events *, void *arg,
    struct channel **ret, struct dc_error *err);
struct channel *channel_close(struct channel *);

void channel_start(struct channel *);                          /* the first poll */
void channel_hurry(struct channel *);                          /* polls now, if it pauses */
bool channel_can_report(const struct channel *);               /* none is on its way */
void channel_report(struct channel *, const struct buf *body); /* copied */
/* Sends it when the answers before it are through; it is not sent again if it gets lost. */
void channel_answer(struct channel *, const struct wire_answer *);

#endif

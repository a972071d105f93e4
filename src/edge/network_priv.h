/* SPDX-License-Identifier: ISC */
/* network_priv.h - the inside of network.c, shared with network_report.c only. */
#ifndef DC_EDGE_NETWORK_PRIV_H
#define DC_EDGE_NETWORK_PRIV_H

#include "edge/apply.h"
#include "edge/channel.h"
#include "edge/network.h"
#include "edge/ping.h"
#include "edge/report.h"
#include "edge/state.h"

#define REPORT_RETRY_MAX_MS 2000

enum timer { TIMER_PROOF, TIMER_READ_BACK, TIMER_CHANGE, TIMER_WORK, TIMER_REPORT, TIMER_SHUT, TIMERS };

struct network {
	const struct edge_settings *settings;
	struct event_base *base;
	struct kernel *kernel;
	struct routing *routing;
	struct state *state;
	struct apply *apply;
	struct report *report;
	struct channel *channel;
	struct pings *pings;
	struct questions *questions;
	struct event *timer[TIMERS], *on_term, *on_int, *on_hup;
	struct event *on_change; /* waits when no apply runs and no look is due; NULL: no notices */

	bool asked; /* a first poll was made */
	bool look;  /* the next poll asks for a snapshot */
	struct monotonic looked;
	bool whole; /* the whole router was looked at */
	struct monotonic whole_at;
	bool applied;       /* a first apply is through */
	bool routing_known; /* and every daemon has taken it over, or is known not to */
	struct monotonic begun, applied_at, reported_at, minor_at;
	int64_t report_interval_ms;
	int retry_ms, report_retry_ms;
	bool report_failed; /* the last one; no other before the timer */
	char trouble[256];  /* as logged last */
	struct monotonic trouble_at;
	bool unsaved; /* the desired set could not be written, as logged last */
	struct monotonic unsaved_at;
};

void network_timer(struct network *, enum timer, int64_t ms);

/* network_report.c */
void network_consider_report(struct network *); /* sends the news, or arranges to be called again */
void network_report_lost(struct network *, int most_ms);
void network_report_refused(struct network *, long status, const char *words);
void network_on_report(evutil_socket_t, short what, void *);

#endif

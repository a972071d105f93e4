/* SPDX-License-Identifier: ISC */
/* report.h - what goes up to dcaasd: the first report whole, later ones with what changed. One is on its way at a time,
 * in parts of bounded size, one after the other; when a part is lost, or dcaasd asks, the next report is whole again.
 */
#ifndef DC_EDGE_REPORT_H
#define DC_EDGE_REPORT_H

#include "base/buf.h"
#include "edge/apply.h"
#include "edge/state.h"

struct report;

struct report *report_new(const char *fabric);
struct report *report_free(struct report *);

void report_add_record(struct report *, const struct apply_record *);
/* Kept until the next call; NULL: it does not hold. A change makes the next report full. */
/* What the router has memory for; 0: unknown. */
void report_set_key_room(struct report *, uint32_t neighbours);
void report_set_held(struct report *, const char *why);
const char *report_held(const struct report *);
const char *report_boot(const struct report *); /* distinguishes processes with the same credential */

struct report_ports { /* as they were read last */
	const struct item_port *port;
	size_t port_count;
};

struct report_need {
	bool major;   /* there is news of what the API shows */
	size_t minor; /* sessions with news of what only an operator looks at */
};

struct report_need report_need(const struct report *, const struct state *, const struct report_ports *);
/* Writes one; its content counts as reported unless report_done() reports a failure. minor: with the minor news. ports:
 * they are named even if they did not change. */
void report_build(struct report *, struct state *, const struct report_ports *, bool minor, bool ports);
/* The next part of it to send; borrowed until the next call. NULL: all were. */
const struct buf *report_next(struct report *);
/* What became of it: all of its parts were taken, or one was not, and the rest is void. */
void report_done(struct report *, bool taken);

#endif

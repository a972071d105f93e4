/* SPDX-License-Identifier: ISC */
/* log.h - one logfmt line per fact, to stderr. The journal gets the priority, too: `journalctl -p warning`.
 *
 *	log_info("edge", "msg=%s edge=%s", ...) is not the way: the message is words, the facts are key=value pairs:
 *	dc_log(LOG_INFO, "poll", "edge=%s revision=%lld", id, rev);
 *
 * Values that may hold blanks or quotes go through log_quote(). Secrets are never passed to these functions. */
#ifndef DC_LOG_H
#define DC_LOG_H

#include <stdbool.h>
#include <syslog.h> /* LOG_ERR .. LOG_DEBUG */

struct arena;

void log_init(const char *program, int max_priority);
/* Whether lines of this priority are written at all; for who would have to make their values. */
bool log_is_on(int priority);
/* event: a short fixed word or phrase for what happened. fmt: further logfmt pairs, may be "". A line is cut at 16 KiB:
 * what others may make long stands behind what must not be lost, or is shortened by the caller. */
void dc_log(int priority, const char *event, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* For what may not come to be: what this thread logs until log_unhold() is kept in the arena instead of written, but
 * for LOG_ERR and worse, which are so in any case. */
struct log_held;
struct log_held *log_hold(struct arena *);
void log_unhold(void);
/* It came to be: writes the lines, in their order. */
void log_write_held(const struct log_held *);
/* The text in double quotes with \" \\ and control characters escaped; from the arena. */
const char *log_quote(struct arena *, const char *);

#endif

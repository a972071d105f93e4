/* SPDX-License-Identifier: ISC */
/* kept.h - answers that were given, kept in memory while what they rest on stands (store/footing.h), and given again.
 *
 * Knows no resource and no caller: the key holds everything that the answer depends on beside its footing. An answer
 * leaves when its footing falls, after KEPT_ANSWER_MS (something else than this program may have changed a row), when
 * settings change (kept_forget()), or when there is no room: then the one that nobody has asked for longest. It may
 * hold passwords in clear, so it is wiped when it leaves. Safe to use from several threads. */
#ifndef DC_API_KEPT_H
#define DC_API_KEPT_H

#include "base/buf.h"
#include "store/footing.h"

#define KEPT_ANSWER_MS 10000

struct kept;

/* bytes: of all answers with what belongs to them. The store is borrowed. */
struct kept *kept_new(struct store *, size_t bytes);
struct kept *kept_free(struct kept *); /* NULL is fine; returns NULL */

/* Something that every answer may rest on and no footing notes (settings) is another one now. A number that was taken
 * before that was looked at does not keep an answer any more. */
uint64_t kept_epoch(const struct kept *);
void kept_forget(struct kept *);

/* The answer under this key, with this request's id in the place of that of the request that it was made for. False:
 * there is none. */
bool kept_get(struct kept *, const char *key, const char *request_id, struct buf *out, struct observed *);
/* Keeps an answer that was just made, for the request with this id; does nothing when it cannot be kept. */
void kept_put(struct kept *, uint64_t epoch, const char *key, const char *request_id, const struct footing *,
    const struct buf *out, const struct observed *);
/* Wipes those that are too old; now and then. */
void kept_sweep(struct kept *);

struct kept_stats {
	size_t answers, bytes;
	uint64_t given;
};
void kept_get_stats(struct kept *, struct kept_stats *ret);

#endif

/* SPDX-License-Identifier: ISC */
/* state_journal.h - what changed of the desired set since it was written whole: <dir>/journal.
 *
 * Order, which makes it safe to die at any write:
 *   1. The whole set is written beside the old one, synced, and takes its place. The old journal names the old set by
 *      its checksum, so nobody replays it on the new one.
 *   2. The first change after that begins a journal: it is written beside the old one with its head, which names the
 *      set, and its first change, synced, and takes its place.
 *   3. Each change is one record with its length and checksum at the end of the journal, synced before anything is
 *      acted upon. One that could not be written whole is cut off again.
 * A record that is cut at the journal's end was never acted upon, and is dropped with a word in the log. One that is
 * damaged before the end means that what should be here is not known.
 *
 * A new version of the format gets another number in the head; a journal of a number that is not known is as good as a
 * damaged one. */
#ifndef DC_EDGE_STATE_JOURNAL_H
#define DC_EDGE_STATE_JOURNAL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "wire/object.h"

struct journal;

struct journal *journal_new(const char *dir);
struct journal *journal_free(struct journal *);

/* The set with that checksum was written whole, and has that many bytes. */
void journal_begin(struct journal *, const char *hash, size_t size);
/* One change more, on disk when this returns DC_OK; else the journal is as before. */
enum dc_code journal_add(struct journal *, const struct wire_desired *, struct dc_error *err);
bool journal_is_full(const struct journal *); /* the next change should come with the whole set */
bool journal_is_lost(const struct journal *); /* it has to: there is no set that a change could belong to */

/* Gives each change of the journal of the set with that checksum, in order; then the journal continues there. */
enum dc_code journal_replay(struct journal *, const char *hash,
    enum dc_code (*take)(void *arg, struct wire_desired *, struct arena *, struct dc_error *), void *arg,
    struct dc_error *err);

#endif

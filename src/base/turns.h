/* SPDX-License-Identifier: ISC */
/* turns.h - a queue whose parties take turns: one item of each that waits in a round, in order within a party. However
 * much one puts into it, another waits for one item of each party at most.
 *
 * Without a lock: that of the queue's owner guards it. Items are the caller's, and hold a struct turn. */
#ifndef DC_TURNS_H
#define DC_TURNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct turn {
	uint64_t party;
	struct turn *next;
};

#define TURNS_BUCKETS 64

struct turn_party;
struct turns {
	struct turn_party *bucket[TURNS_BUCKETS];
	struct turn_party *last; /* of the round; the party after it is next */
	unsigned at_once;        /* items of one party that may be out (taken, not done); 0: no limit */
	size_t waiting;          /* items of all */
};

void turns_init(struct turns *, unsigned at_once);
void turns_fini(struct turns *); /* nothing may wait */

/* The party of this text: two texts share one by chance only, and then a turn. NULL: that of nobody. */
uint64_t turns_party(const char *text);

/* group: of parties, for turns_of_group(); 0: none. */
void turns_add(struct turns *, uint64_t party, uint64_t group, struct turn *);
/* The next one; NULL when there is none, or when each party that waits has at_once items out. */
struct turn *turns_take(struct turns *);
/* The item of this party that was taken is done. Required when there is a limit, allowed otherwise. */
void turns_done(struct turns *, uint64_t party);

/* Takes an item out of the queue for which `is` holds; NULL when there is none. */
struct turn *turns_remove(struct turns *, bool (*is)(const struct turn *));

/* Takes back the last item of the party that has the most waiting in the group; NULL when none has more than this. */
struct turn *turns_push_out(struct turns *, uint64_t group, size_t more_than);

/* Items that wait, of one party and of a group of them. */
size_t turns_of_party(const struct turns *, uint64_t party);
size_t turns_of_group(const struct turns *, uint64_t group);

#endif

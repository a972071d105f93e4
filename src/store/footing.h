/* SPDX-License-Identifier: ISC */
/* footing.h - what an answer rests on, so that it can be kept and given again while that stands.
 *
 * Each commit has a number. What it changed gets that number before anybody can see the change: every row that was
 * made, changed or removed, by its id and by each of its fixed columns (field.fixed), and its table as a whole. A
 * watched read notes which of those it looked at, and the number of the newest commit before it began. What it found
 * stands while nothing that it looked at has a higher number.
 *
 * So a client reads its own write, and nobody sees what was before a commit once somebody has seen what is after it:
 * while the commit is under way nothing stands that it changes. A read that began before a commit cannot be kept after
 * it, because its own number is the older one. The numbers are kept by hashes: two rows that share a place by chance
 * cost a look into the database, and no more.
 *
 * What an answer rests on beside rows must be noted too. tx_now(), and a statement on rows that go with rows of another
 * table (field_table.end) unless it names their guard, make a read one that is not kept. Who knows a way to ask again
 * later whether the same would be read leaves it with footing_rest(). */
#ifndef DC_STORE_FOOTING_H
#define DC_STORE_FOOTING_H

#include "store/store.h"

#define FOOTING_PLACES_MAX 512 /* more is not worth to be looked at each time */
#define FOOTING_RESTS_MAX 16

/* Something beside rows. */
struct footing_rest {
	bool (*stands)(const struct footing_rest *, utc_ms now);
	const void *source; /* for stands(); lives as long as the process */
	int64_t seen[3];    /* the same */
};

/* When what is answered was observed last: asked again at each answer. */
struct observed {
	int64_t (*age)(const struct observed *, utc_ms now); /* ms; -1: never. NULL: nothing was observed */
	const void *source;                                  /* for age(); lives as long as the process */
	int64_t seen;                                        /* the same */
};

struct footing {
	uint64_t since; /* number of the newest commit that was certainly seen */
	bool whole;     /* it was watched to the end */
	bool lost;      /* nobody can ask again for all that it rests on */
	size_t places, rests;
	uint32_t *place;
	struct footing_rest *rest;
	struct arena *arena;
};

/* Notes what the transaction reads from now on. The lists are in the arena. */
void footing_watch(struct tx *, struct footing *, struct arena *);
/* No longer: what was read since footing_watch() is the footing. */
void footing_end(struct tx *);
/* Notes nothing until footing_resume(), for a reader that notes its own reads. */
struct footing *footing_pause(struct tx *);
void footing_resume(struct tx *, struct footing *);
/* As if the row had been looked at. */
void footing_row(struct tx *, const struct field_table *, const char *id);
/* The same of a table whose name is all that is known. */
void footing_row_of(struct tx *, const char *sql, const char *id);
void footing_rest(struct tx *, const struct footing_rest *);
/* What is read cannot be kept. */
void footing_lose(struct tx *);

/* Whether what was read would be read again. */
bool footing_stands(struct store *, const struct footing *);

#endif

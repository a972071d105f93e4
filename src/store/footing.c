/* SPDX-License-Identifier: ISC */
/* footing.c - see footing.h. */
#include "store/footing_priv.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "store/row.h"
#include "store/store_priv.h"

#define SLOTS 65536

struct footing_numbers {
	atomic_uint_fast64_t newest;
	atomic_uint_fast64_t slot[SLOTS];
};

struct footing_changes {
	uint32_t *place;
	size_t n, cap;
};

struct footing_numbers *
footing_numbers_new(void)
{
	struct footing_numbers *numbers = calloc(1, sizeof(*numbers));

	if (numbers == NULL)
		abort(); /* as arenas do */
	return numbers;
}

struct footing_numbers *
footing_numbers_free(struct footing_numbers *numbers)
{
	free(numbers);
	return NULL;
}

uint64_t
footing_newest(const struct footing_numbers *numbers)
{
	return atomic_load(&numbers->newest);
}

/* FNV-1a */
static uint64_t
add_text(uint64_t hash, const char *text)
{
	for (; *text != '\0'; text++)
		hash = (hash ^ (uint8_t)*text) * UINT64_C(1099511628211);
	return (hash ^ 0xff) * UINT64_C(1099511628211); /* no byte of a text: "ab", "c" is not "a", "bc" */
}

static uint32_t
place_of_table(const char *sql)
{
	uint64_t hash = add_text(UINT64_C(14695981039346656037), sql);

	return (uint32_t)((hash ^ hash >> 32) % SLOTS);
}

static uint32_t
place_of_value(const char *sql, const char *column, const char *value)
{
	uint64_t hash = add_text(add_text(add_text(UINT64_C(14695981039346656037), sql), column), value);

	return (uint32_t)((hash ^ hash >> 32) % SLOTS);
}

/* --- what is read --- */

void
footing_watch(struct tx *tx, struct footing *f, struct arena *arena)
{
	*f = (struct footing){.since = tx->since,
	    .lost = tx->store->numbers == NULL,
	    .place = arena_array(arena, FOOTING_PLACES_MAX, sizeof(*f->place)),
	    .rest = arena_array(arena, FOOTING_RESTS_MAX, sizeof(*f->rest)),
	    .arena = arena};
	tx->footing = f;
	tx->told_time = false;
}

struct footing *
footing_pause(struct tx *tx)
{
	struct footing *f = tx->footing;

	if (f != NULL)
		f->lost = f->lost || tx->told_time;
	tx->footing = NULL;
	return f;
}

void
footing_end(struct tx *tx)
{
	struct footing *f = footing_pause(tx);

	if (f != NULL)
		f->whole = true;
}

void
footing_resume(struct tx *tx, struct footing *f)
{
	tx->footing = f;
}

void
footing_lose(struct tx *tx)
{
	if (tx->footing != NULL)
		tx->footing->lost = true;
}

static void
add_place(struct footing *f, uint32_t place)
{
	if (f->places == FOOTING_PLACES_MAX)
		f->lost = true;
	else
		f->place[f->places++] = place;
}

void
footing_row_of(struct tx *tx, const char *sql, const char *id)
{
	if (tx->footing != NULL)
		add_place(tx->footing, place_of_value(sql, "id", id));
}

void
footing_row(struct tx *tx, const struct field_table *table, const char *id)
{
	footing_row_of(tx, table->sql, id);
}

void
footing_rest(struct tx *tx, const struct footing_rest *rest)
{
	struct footing *f = tx->footing;

	if (f == NULL)
		return;
	if (f->rests == FOOTING_RESTS_MAX)
		f->lost = true;
	else
		f->rest[f->rests++] = *rest;
}

/* The column that distinguishes the rows best: the key, else one that is fixed. */
static const struct query_cond *
narrowest(const struct field_table *table, const struct query_cond *conds)
{
	const struct query_cond *found = NULL;

	for (const struct query_cond *c = conds; c->op != Q_OP_END; c++) {
		const struct field *f = field_find(table, c->column);
		bool named = (c->op == Q_OP_EQ && c->text != NULL) || c->op == Q_OP_IN;

		if (named && f == &table->fields[0])
			return c;
		if (named && f->fixed && found == NULL)
			found = c;
	}
	return found;
}

static void
note_value(struct footing *f, const struct field_table *table, const char *column, const char *value)
{
	bool key = strcmp(column, table->fields[0].name) == 0;

	add_place(f, place_of_value(table->sql, key ? "id" : column, value));
}

/* Where the row is that those of the condition go with. False: that is not known. */
static bool
note_guard(struct footing *f, const struct field_table *table, const struct query_cond *c)
{
	if (table->end != END_WITH_GUARD || c == NULL || c->op != Q_OP_EQ ||
	    strcmp(c->column, table->guard_column) != 0)
		return false;
	add_place(f, place_of_value(table->guarded_by, "id", c->text));
	return true;
}

void
footing_note(struct tx *tx, const struct field_table *table, const struct query_cond *conds)
{
	struct footing *f = tx->footing;
	const struct query_cond *c;

	if (f == NULL || f->lost)
		return;
	c = narrowest(table, conds);
	f->lost = table->end != END_ALONE && !note_guard(f, table, c);
	if (c == NULL)
		add_place(f, place_of_table(table->sql));
	else if (c->op == Q_OP_EQ)
		note_value(f, table, c->column, c->text);
	else
		for (size_t i = 0; c->list[i] != NULL && !f->lost; i++)
			note_value(f, table, c->column, c->list[i]);
}

/* --- what is written --- */

static void
add_change(struct tx *tx, uint32_t place)
{
	struct footing_changes *c = tx->changes;

	if (c == NULL)
		c = tx->changes = arena_new_of(tx->arena, struct footing_changes);
	for (size_t i = c->n; i > 0 && i + 4 > c->n; i--) /* the same row again, or the same table */
		if (c->place[i - 1] == place)
			return;
	if (c->n == c->cap) {
		size_t cap = c->cap == 0 ? 64 : 2 * c->cap;
		uint32_t *bigger = arena_array(tx->arena, cap, sizeof(*bigger));

		if (c->n > 0)
			memcpy(bigger, c->place, c->n * sizeof(*bigger));
		c->place = bigger;
		c->cap = cap;
	}
	c->place[c->n++] = place;
}

void
footing_changed_value(struct tx *tx, const struct field_table *table, const struct field *f, const char *value)
{
	if (value == NULL)
		return;
	add_change(tx, place_of_table(table->sql));
	add_change(tx, place_of_value(table->sql, f == &table->fields[0] ? "id" : f->name, value));
}

void
footing_changed(struct tx *tx, const struct field_table *table, const void *row)
{
	for (const struct field *f = table->fields; f->name != NULL; f++)
		if (f == &table->fields[0] || f->fixed)
			footing_changed_value(tx, table, f, field_to_text(f, row, tx->arena));
}

void
footing_begin_commit(struct footing_numbers *numbers, const struct footing_changes *changes)
{
	uint64_t number = atomic_load(&numbers->newest) + 1;

	for (size_t i = 0; changes != NULL && i < changes->n; i++)
		atomic_store(&numbers->slot[changes->place[i]], number);
}

void
footing_end_commit(struct footing_numbers *numbers)
{
	atomic_fetch_add(&numbers->newest, 1);
}

/* --- whether it stands --- */

bool
footing_stands(struct store *st, const struct footing *f)
{
	utc_ms now;

	if (f->lost || !f->whole)
		return false;
	for (size_t i = 0; i < f->places; i++)
		if (atomic_load(&st->numbers->slot[f->place[i]]) > f->since)
			return false;
	if (f->rests == 0)
		return true;
	now = store_time(st);
	for (size_t i = 0; i < f->rests; i++)
		if (!f->rest[i].stands(&f->rest[i], now))
			return false;
	return true;
}

/* SPDX-License-Identifier: ISC */
/* due.c - see due.h. */
#include "store/due.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/query.h"

#define ROUND_MAX 16 /* rows of one claim */

static const struct field due_fields[] = {
    {AT(due, id), .kind = F_TEXT},
    {AT(due, at), .kind = F_TIME},
    {AT(due, wanted), .kind = F_TIME},
    {AT(due, kind), .kind = F_TEXT},
    {AT(due, owner), .kind = F_TEXT},
    {AT(due, ref), .kind = F_TEXT},
    {AT(due, claim), .kind = F_TEXT},
    {AT(due, tries), .kind = F_INT},
    {.name = NULL},
};
const struct field_table due_table = {
    .name = "Due",
    .sql = "due",
    .size = sizeof(struct due),
    .fields = due_fields,
};

static const char *
id_of(struct tx *tx, const char *kind, const char *owner)
{
	return arena_printf(tx_arena(tx), "%s/%s", kind, owner);
}

enum dc_code
due_set(struct tx *tx, const char *kind, const char *owner, const char *ref, utc_ms at, struct dc_error *err)
{
	static const char *const key[] = {"id", NULL};
	struct due row = {0};

	F_SET_TEXT(row.id, id_of(tx, kind, owner));
	F_SET_INT(row.at, at);
	F_SET_INT(row.wanted, at);
	F_SET_TEXT(row.kind, kind);
	F_SET_TEXT(row.owner, owner);
	F_SET_TEXT(row.ref, ref);
	F_SET_INT(row.tries, 0);
	return query_upsert(tx, &due_table, key, &row, err);
}

enum dc_code
due_set_by(struct tx *tx, const char *kind, const char *owner, const char *ref, utc_ms at, struct dc_error *err)
{
	void *found;
	enum dc_code rc = query_get(tx, &due_table, Q(Q_EQ("id", id_of(tx, kind, owner))), &found, err);

	if (rc == DC_E_NOT_FOUND || (rc == DC_OK && ((const struct due *)found)->at.v > at))
		return due_set(tx, kind, owner, ref, at, err);
	return rc;
}

enum dc_code
due_clear(struct tx *tx, const char *kind, const char *owner, struct dc_error *err)
{
	return query_delete(tx, &due_table, Q(Q_EQ("id", id_of(tx, kind, owner))), NULL, err);
}

/* --- runner --- */

struct due_runner {
	struct store *store;
	const struct due_kind *kinds;
	void *user;
	atomic_bool busy;
};

/* One claimed row on its way. */
struct work {
	struct round *round;
	const char *id;
	struct dc_error why; /* of the failure */
};

/* What one transaction has claimed. */
struct round {
	struct due_runner *runner;
	struct arena *arena;
	char mark[UUID_TEXT_SIZE];
	struct work work[ROUND_MAX];
	size_t n;
	atomic_size_t left; /* rows whose work is not done yet */
};

struct due_runner *
due_runner_new(struct store *store, const struct due_kind *kinds, void *user)
{
	struct due_runner *r = calloc(1, sizeof(*r));

	if (r == NULL)
		abort(); /* as arenas do */
	r->store = store;
	r->kinds = kinds;
	r->user = user;
	return r;
}

struct due_runner *
due_runner_free(struct due_runner *r)
{
	free(r);
	return NULL;
}

bool
due_is_busy(const struct due_runner *r)
{
	return atomic_load(&r->busy);
}

static const struct due_kind *
kind_named(const struct due_runner *r, const char *name)
{
	for (const struct due_kind *k = r->kinds; k->name != NULL; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

static enum dc_code
stand_run(struct tx *tx, void *arg, struct dc_error *err)
{
	const struct due_runner *r = arg;
	void *found;
	enum dc_code rc = DC_OK;

	for (const struct due_kind *k = r->kinds; k->name != NULL; k++) {
		if (k->standing_ms == 0)
			continue;
		rc = query_get(tx, &due_table, Q(Q_EQ("id", id_of(tx, k->name, ""))), &found, err);
		if (rc == DC_E_NOT_FOUND)
			rc = due_set(tx, k->name, "", NULL, tx_now(tx) + k->standing_ms, err);
		if (rc != DC_OK)
			return rc;
	}
	return rc;
}

enum dc_code
due_stand(struct due_runner *r, struct dc_error *err)
{
	return store_submit_wait(r->store, stand_run, r, err);
}

static void
round_free(struct round *round)
{
	arena_free(round->arena);
	free(round);
}

static void begin_round(struct due_runner *);

/* The last of its round looks for more at once, if that was as much as a claim takes. */
static void
work_over(struct work *w)
{
	struct round *round = w->round;
	struct due_runner *r = round->runner;
	bool more = round->n == ROUND_MAX;

	if (atomic_fetch_sub(&round->left, 1) > 1)
		return;
	round_free(round);
	if (more)
		begin_round(r);
	else
		atomic_store(&r->busy, false);
}

/* The row, if it is still the one that was claimed; *ret NULL: it is not. */
static enum dc_code
get_claimed(struct tx *tx, const struct work *w, struct due **ret, struct dc_error *err)
{
	void *found = NULL;
	enum dc_code rc = query_get(tx, &due_table, Q(Q_EQ("id", w->id), Q_EQ("claim", w->round->mark)), &found, err);

	*ret = found;
	return rc == DC_E_NOT_FOUND ? DC_OK : rc;
}

static utc_ms
pause_after(int64_t tries)
{
	utc_ms pause = DUE_PAUSE_MIN_MS;

	for (int64_t i = 1; i < tries && pause < DUE_PAUSE_MAX_MS; i++)
		pause *= 2;
	return pause < DUE_PAUSE_MAX_MS ? pause : DUE_PAUSE_MAX_MS;
}

static enum dc_code
put_off_run(struct tx *tx, void *arg, struct dc_error *err)
{
	static const char *const columns[] = {"at", "claim", "tries", NULL};
	const struct work *w = arg;
	struct due *row;
	enum dc_code rc = get_claimed(tx, w, &row, err);

	if (rc != DC_OK || row == NULL)
		return rc;
	F_SET_INT(row->tries, row->tries.v + 1);
	F_SET_INT(row->at, tx_now(tx) + pause_after(row->tries.v));
	F_SET_NULL(row->claim);
	dc_log(LOG_WARNING, "due work failed", "id=%s tries=%lld again_ms=%lld error=%s",
	    log_quote(tx_arena(tx), w->id), (long long)row->tries.v, (long long)pause_after(row->tries.v),
	    log_quote(tx_arena(tx), w->why.text));
	return query_set(tx, &due_table, columns, row, Q(Q_EQ("id", w->id)), NULL, err);
}

static void
put_off_done(void *arg, enum dc_code rc, const struct dc_error *err)
{
	(void)rc; /* the lease ends by itself */
	(void)err;
	work_over(arg);
}

static enum dc_code
work_run(struct tx *tx, void *arg, struct dc_error *err)
{
	const struct work *w = arg;
	const struct due_runner *r = w->round->runner;
	const struct due_kind *kind;
	struct due *row;
	enum dc_code rc = get_claimed(tx, w, &row, err);

	if (rc != DC_OK || row == NULL)
		return rc;
	if ((kind = kind_named(r, row->kind.v)) == NULL)
		return dc_fail(err, DC_E_SYSTEM, NULL, "this program does not know the kind %s", row->kind.v);
	if ((rc = query_delete(tx, &due_table, Q(Q_EQ("id", w->id)), NULL, err)) != DC_OK)
		return rc;
	rc = kind->run(tx, row, r->user, err);
	return rc == DC_E_NOT_FOUND ? dc_fail(err, DC_E_SYSTEM, NULL, "what it is about was not found") : rc;
}

static void
work_done(void *arg, enum dc_code rc, const struct dc_error *err)
{
	struct work *w = arg;

	if (rc == DC_OK) {
		work_over(w);
		return;
	}
	w->why = *err;
	store_submit(w->round->runner->store, put_off_run, w, put_off_done);
}

static enum dc_code
claim_run(struct tx *tx, void *arg, struct dc_error *err)
{
	static const char *const columns[] = {"at", "claim", NULL};
	const struct query_page first = {.sort = "at", .limit = ROUND_MAX};
	struct round *round = arg;
	struct due *row;
	void *rows;
	size_t n;
	enum dc_code rc = query_list(tx, &due_table, Q(Q_LE_INT("at", tx_now(tx))), &first, &rows, &n, err);

	round->n = 0;
	row = rows;
	for (size_t i = 0; rc == DC_OK && i < n; i++, row++) {
		F_SET_INT(row->at, tx_now(tx) + DUE_LEASE_MS);
		F_SET_TEXT(row->claim, round->mark);
		rc = query_set(tx, &due_table, columns, row, Q(Q_EQ("id", row->id.v)), NULL, err);
		round->work[round->n++] = (struct work){round, arena_strdup(round->arena, row->id.v), {0}};
	}
	return rc;
}

static void
claim_done(void *arg, enum dc_code rc, const struct dc_error *err)
{
	struct round *round = arg;
	struct due_runner *r = round->runner;
	size_t n = round->n; /* the last work that is done frees the round */

	(void)err; /* a store that cannot be written is logged by itself */
	if (rc != DC_OK || n == 0) {
		round_free(round);
		atomic_store(&r->busy, false);
		return;
	}
	atomic_store(&round->left, n);
	for (size_t i = 0; i < n; i++)
		store_submit(r->store, work_run, &round->work[i], work_done);
}

static void
begin_round(struct due_runner *r)
{
	struct round *round = calloc(1, sizeof(*round));

	if (round == NULL)
		abort();
	round->runner = r;
	round->arena = arena_new();
	uuid_new(round->mark);
	store_submit(r->store, claim_run, round, claim_done);
}

static enum dc_code
look_run(struct tx *tx, void *arg, struct dc_error *err)
{
	const struct query_page first = {.sort = "at", .limit = 1};
	bool *due = arg;
	void *rows;
	size_t n;
	enum dc_code rc = query_list(tx, &due_table, Q(Q_LE_INT("at", tx_now(tx))), &first, &rows, &n, err);

	*due = rc == DC_OK && n > 0;
	return rc;
}

void
due_look(struct due_runner *r)
{
	struct dc_error why = {0};
	bool due = false;

	if (atomic_load(&r->busy) || store_read_wait(r->store, look_run, &due, &why) != DC_OK || !due)
		return;
	atomic_store(&r->busy, true);
	begin_round(r);
}

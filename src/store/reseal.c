/* SPDX-License-Identifier: ISC */
/* reseal.c - a new key for the secrets of a store that is in use (see base/seal.h).
 *
 * Each step runs alone: with SQLite's one writer, and on PostgreSQL under a lock that every writer takes. So what a job
 * sealed under the old key is committed, or lost, before a later job looks; and the job that finds nothing left under
 * the old key is the last that needs it. */
#include <string.h>

#include "store/sql.h"

#define BATCH 256 /* bounds how long other writers wait for one step */
#define UNKNOWN_BYTES 24

/* A column of secrets. */
struct column {
	const struct field_table *table;
	const struct field *field;
	const char *context;
};

/* A value in it; the first column of every table is its key. */
struct secret {
	const char *id, *text;
	struct secret *next;
};

typedef enum dc_code (*on_column)(struct tx *, const struct column *, void *arg, struct dc_error *err);

static enum dc_code
each_column(struct tx *tx, const struct field_table *const *tables, on_column run, void *arg, struct dc_error *err)
{
	for (const struct field_table *const *t = tables; t != NULL && *t != NULL; t++) {
		for (const struct field *f = (*t)->fields; (*t)->sql != NULL && f->name != NULL; f++) {
			struct column c = {*t, f, NULL};
			enum dc_code rc;

			if (f->kind != F_SECRET || !row_has_column(f))
				continue;
			c.context = arena_printf(tx->arena, "%s.%s", (*t)->sql, f->name);
			if ((rc = run(tx, &c, arg, err)) != DC_OK)
				return rc;
		}
	}
	return DC_OK;
}

/* At most limit values that do not begin with prefix. */
static enum dc_code
find(struct tx *tx, const struct column *c, const char *prefix, size_t limit, struct secret **ret, struct dc_error *err)
{
	STMT(g, tx);
	const char *key = c->table->fields[0].name;
	const char *sql = arena_printf(tx->arena,
	    "SELECT \"%s\", \"%s\" FROM \"%s\" WHERE \"%s\" IS NOT NULL AND substr(\"%s\", 1, $1) <> $2 LIMIT "
	    "$3" SQL_WALK,
	    key, c->field->name, c->table->sql, c->field->name, c->field->name);
	bool row;
	enum dc_code rc;

	if ((rc = tx->ops->prepare(tx, sql, &g.stmt, err)) != DC_OK)
		return rc;
	tx->ops->bind_int(g.stmt, 1, (int64_t)strlen(prefix));
	tx->ops->bind_text(g.stmt, 2, prefix);
	tx->ops->bind_int(g.stmt, 3, (int64_t)limit);
	while ((rc = tx->ops->step(g.stmt, &row, err)) == DC_OK && row) {
		struct secret *s = arena_new_of(tx->arena, struct secret);

		s->id = arena_strdup(tx->arena, tx->ops->get_text(g.stmt, 0));
		s->text = arena_strdup(tx->arena, tx->ops->get_text(g.stmt, 1));
		s->next = *ret;
		*ret = s;
	}
	return rc;
}

static enum dc_code
put(struct tx *tx, const struct column *c, const char *id, const char *plain, struct dc_error *err)
{
	STMT(g, tx);
	const char *sealed = seal_text(tx->store->seal, plain, c->context, tx->arena);
	const char *sql = arena_printf(tx->arena, "UPDATE \"%s\" SET \"%s\" = $1 WHERE \"%s\" = $2", c->table->sql,
	    c->field->name, c->table->fields[0].name);
	bool row;
	enum dc_code rc;

	if (sealed == NULL)
		return dc_fail(err, DC_E_SYSTEM, NULL, "%s cannot be sealed", c->context);
	if ((rc = tx->ops->prepare(tx, sql, &g.stmt, err)) != DC_OK)
		return rc;
	tx->ops->bind_text(g.stmt, 1, sealed);
	tx->ops->bind_text(g.stmt, 2, id);
	return tx->ops->step(g.stmt, &row, err);
}

/* --- rotation --- */

struct step {
	const char *prefix;
	size_t done; /* by this job */
};

static enum dc_code
reseal_column(struct tx *tx, const struct column *c, void *arg, struct dc_error *err)
{
	struct step *step = arg;
	struct secret *found = NULL;
	enum dc_code rc;

	if (step->done == BATCH)
		return DC_OK;
	if ((rc = find(tx, c, step->prefix, BATCH - step->done, &found, err)) != DC_OK)
		return rc;
	for (; found != NULL; found = found->next) {
		struct dc_error why = {0};
		const char *plain = seal_open_text(tx->store->seal, found->text, c->context, tx->arena, &why);

		if (plain == NULL)
			return dc_fail(err, DC_E_IO, NULL, "row %s: %s; the old key is kept", found->id, why.text);
		if ((rc = put(tx, c, found->id, plain, err)) != DC_OK)
			return rc;
		step->done++;
	}
	return DC_OK;
}

/* Seals some again. When there were none, the canary, after which the old key is needless. */
static enum dc_code
step_run(struct tx *tx, void *arg, struct dc_error *err)
{
	struct step *step = arg;
	enum dc_code rc;

	step->prefix = seal_prefix(tx->store->seal, tx->arena);
	step->done = 0;
	if ((rc = each_column(tx, tx->store->tables, reseal_column, step, err)) != DC_OK || step->done > 0)
		return rc;
	return store_renew_canary(tx, err);
}

static enum dc_code
finish(struct store *st, size_t *ret, struct dc_error *err)
{
	struct step step = {.done = 1};
	enum dc_code rc;

	while (step.done > 0) {
		if ((rc = store_submit_alone_wait(st, step_run, &step, err)) != DC_OK)
			return rc;
		*ret += step.done;
	}
	return seal_forget(st->seal, err);
}

/* fresh: with a new key, after what an earlier rotation has left. */
static enum dc_code
rotate(struct store *st, bool fresh, size_t *ret, struct dc_error *err)
{
	enum dc_code rc = DC_OK;

	if (!fresh && !seal_is_rotating(st->seal))
		return DC_OK;
	if (st->ops->claim != NULL && (rc = st->ops->claim(st, err)) != DC_OK)
		return rc;
	if (seal_is_rotating(st->seal))
		rc = finish(st, ret, err);
	if (fresh && rc == DC_OK && (rc = seal_rotate(st->seal, err)) == DC_OK)
		rc = finish(st, ret, err);
	if (st->ops->release != NULL)
		st->ops->release(st);
	return rc;
}

enum dc_code
store_finish_rotation(struct store *st, size_t *ret, struct dc_error *err)
{
	enum dc_code rc;

	*ret = 0;
	pthread_mutex_lock(&st->rotate_lock);
	rc = rotate(st, false, ret, err);
	pthread_mutex_unlock(&st->rotate_lock);
	return rc;
}

enum dc_code
store_rotate_key(struct store *st, size_t *ret, struct dc_error *err)
{
	enum dc_code rc;

	*ret = 0;
	pthread_mutex_lock(&st->rotate_lock);
	rc = rotate(st, true, ret, err);
	pthread_mutex_unlock(&st->rotate_lock);
	return rc;
}

void
store_get_key(struct store *st, struct store_key *ret)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const char *prefix = seal_prefix(st->seal, arena), *id = strchr(prefix, ':') + 1;

	snprintf(ret->id, sizeof(ret->id), "%.*s", (int)strcspn(id, ":"), id);
	ret->rotating = seal_is_rotating(st->seal);
}

enum dc_code
tx_check_key(struct tx *tx, struct dc_error *err)
{
	return seal_is_current(tx->store->seal)
		   ? DC_OK
		   : dc_fail(err, DC_E_AGAIN, NULL, "the key was rotated meanwhile: try again");
}

/* --- a lost key --- */

struct replacing {
	store_lost told;
	void *arg;
};

static enum dc_code
replace_column(struct tx *tx, const struct column *c, void *arg, struct dc_error *err)
{
	const struct replacing *r = arg;
	struct secret *found = NULL;
	enum dc_code rc;

	if ((rc = find(tx, c, seal_prefix(tx->store->seal, tx->arena), INT32_MAX, &found, err)) != DC_OK)
		return rc;
	for (; found != NULL; found = found->next) {
		uint8_t bytes[UNKNOWN_BYTES];
		char unknown[2 * UNKNOWN_BYTES + 1];

		random_bytes(bytes, sizeof(bytes));
		hex_encode(bytes, sizeof(bytes), unknown);
		if ((rc = put(tx, c, found->id, unknown, err)) != DC_OK)
			return rc;
		r->told(r->arg, c->table->sql, found->id);
	}
	return DC_OK;
}

enum dc_code
store_replace_secrets(
    struct tx *tx, const struct field_table *const *tables, store_lost told, void *arg, struct dc_error *err)
{
	struct replacing r = {told, arg};

	return each_column(tx, tables, replace_column, &r, err);
}

enum dc_code
store_forget_run(struct tx *tx, void *arg, struct dc_error *err)
{
	const struct forgetting *f = arg;
	enum dc_code rc;

	if ((rc = seal_open(f->options->key_path, true, &tx->store->seal, err)) != DC_OK ||
	    (rc = store_replace_secrets(tx, f->options->tables, f->told, f->arg, err)) != DC_OK ||
	    (rc = store_renew_canary(tx, err)) != DC_OK)
		return rc;
	return store_renew_epoch(tx, err);
}

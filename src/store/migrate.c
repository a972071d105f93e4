/* SPDX-License-Identifier: ISC */
/* migrate.c - what happens to a database between opening the file and the first job: migrations, key, epoch, and the
 * comparison of the schema with the field tables. All in one transaction, so that a refusal changes nothing. */
#include <string.h>

#include "base/log.h"
#include "store/row.h"

#define CANARY_PLAIN "dcaas"
#define CANARY_CONTEXT "store_meta.canary"
#define NAME_MAX_LEN 80

/* Both tables of our own; there from the first open on. */
static const char bootstrap[] =
    "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, name TEXT NOT NULL,"
    " applied_at BIGINT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS store_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);";

/* *ret stays NULL when there is no such key. */
static enum dc_code
meta_get(struct tx *tx, const char *key, const char **ret, struct dc_error *err)
{
	STMT(g, tx);
	bool row;
	enum dc_code rc;

	if ((rc = tx->ops->prepare(tx, "SELECT value FROM store_meta WHERE key = $1", &g.stmt, err)) != DC_OK)
		return rc;
	tx->ops->bind_text(g.stmt, 1, key);
	if ((rc = tx->ops->step(g.stmt, &row, err)) == DC_OK && row)
		*ret = arena_strdup(tx->arena, tx->ops->get_text(g.stmt, 0));
	return rc;
}

static enum dc_code
meta_set(struct tx *tx, const char *key, const char *value, struct dc_error *err)
{
	STMT(g, tx);
	bool row;
	enum dc_code rc;

	if ((rc = tx->ops->prepare(tx,
		 "INSERT INTO store_meta (key, value) VALUES ($1, $2)"
		 " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
		 &g.stmt, err)) != DC_OK)
		return rc;
	tx->ops->bind_text(g.stmt, 1, key);
	tx->ops->bind_text(g.stmt, 2, value);
	return tx->ops->step(g.stmt, &row, err);
}

static enum dc_code
schema_get_version(struct tx *tx, int64_t *ret, struct dc_error *err)
{
	STMT(g, tx);
	bool row;
	enum dc_code rc;

	if ((rc = tx->ops->prepare(tx, "SELECT COALESCE(max(version), 0) FROM schema_version", &g.stmt, err)) != DC_OK)
		return rc;
	if ((rc = tx->ops->step(g.stmt, &row, err)) == DC_OK)
		*ret = tx->ops->get_int(g.stmt, 0);
	return rc;
}

static enum dc_code
schema_note(struct tx *tx, const struct migration *m, struct dc_error *err)
{
	STMT(g, tx);
	bool row;
	enum dc_code rc;

	if ((rc = tx->ops->prepare(tx, "INSERT INTO schema_version (version, name, applied_at) VALUES ($1, $2, $3)",
		 &g.stmt, err)) != DC_OK)
		return rc;
	tx->ops->bind_int(g.stmt, 1, m->version);
	tx->ops->bind_text(g.stmt, 2, m->name);
	tx->ops->bind_int(g.stmt, 3, tx->now);
	return tx->ops->step(g.stmt, &row, err);
}

static int
newest(const struct migration *migrations)
{
	int last = 0;

	for (const struct migration *m = migrations; m->version != 0; m++)
		last = m->version;
	return last;
}

static enum dc_code
check_not_newer(
    struct tx *tx, const char *path, const struct migration *migrations, int64_t *version, struct dc_error *err)
{
	enum dc_code rc;

	if ((rc = tx->ops->script(tx, bootstrap, err)) != DC_OK || (rc = schema_get_version(tx, version, err)) != DC_OK)
		return rc;
	if (*version > newest(migrations))
		return dc_fail(err, DC_E_IO, NULL,
		    "%s has schema %lld, this program knows schemas up to %d: it needs a newer one", path,
		    (long long)*version, newest(migrations));
	return DC_OK;
}

static enum dc_code
migrate_from(struct tx *tx, const struct migration *migrations, int64_t version, bool *migrated, struct dc_error *err)
{
	struct dc_error why = {0};
	enum dc_code rc;

	for (const struct migration *m = migrations; m->version != 0; m++) {
		if (m->version <= version)
			continue;
		if ((rc = tx->ops->script(tx, m->sql, &why)) != DC_OK)
			return dc_fail(err, DC_E_IO, NULL, "migration %s: %s", m->name, why.text);
		if ((rc = schema_note(tx, m, err)) != DC_OK)
			return rc;
		/* A new database has no earlier schema. */
		dc_log(version == 0 ? LOG_DEBUG : LOG_INFO, "schema migrated", "migration=%s", m->name);
		*migrated = true;
	}
	return DC_OK;
}

enum dc_code
store_renew_canary(struct tx *tx, struct dc_error *err)
{
	const char *canary = seal_text(tx->store->seal, CANARY_PLAIN, CANARY_CONTEXT, tx->arena);

	return canary == NULL ? dc_fail(err, DC_E_SYSTEM, NULL, "sealing does not work")
			      : meta_set(tx, "canary", canary, err);
}

/* A database that is just being made gets epoch and canary; its key file may be made with it. */
static enum dc_code
settle_new(struct tx *tx, const struct store_options *options, struct dc_error *err)
{
	enum dc_code rc;

	if ((rc = seal_open(options->key_path, true, &tx->store->seal, err)) != DC_OK ||
	    (rc = store_renew_canary(tx, err)) != DC_OK)
		return rc;
	return store_renew_epoch(tx, err);
}

static enum dc_code
wrong_key(const struct store_options *options, const struct dc_error *why, struct dc_error *err)
{
	return dc_fail(err, DC_E_IO, NULL,
	    "%s; the passwords and secret keys in %s were sealed with the key file %s that it was made with, and only "
	    "they"
	    " depend on it: nothing else is lost. Put that key file back, or give up those secrets (dcaasd "
	    "--forget-secrets)",
	    why->text, store_name(options), options->key_path);
}

static enum dc_code
settle_known(struct tx *tx, const struct store_options *options, const char *epoch, struct dc_error *err)
{
	const char *canary = NULL;
	struct dc_error why = {0};
	enum dc_code rc;

	if ((rc = meta_get(tx, "canary", &canary, err)) != DC_OK)
		return rc;
	if (canary == NULL)
		return dc_fail(err, DC_E_IO, NULL, "%s is damaged: store_meta has no canary", store_name(options));
	if (seal_open(options->key_path, false, &tx->store->seal, &why) != DC_OK ||
	    seal_open_text(tx->store->seal, canary, CANARY_CONTEXT, tx->arena, &why) == NULL)
		return wrong_key(options, &why, err);
	snprintf(tx->store->epoch, sizeof(tx->store->epoch), "%s", epoch);
	return DC_OK;
}

static enum dc_code
settle_key_and_epoch(struct tx *tx, const struct store_options *options, struct dc_error *err)
{
	const char *epoch = NULL;
	enum dc_code rc;

	if ((rc = meta_get(tx, "epoch", &epoch, err)) != DC_OK)
		return rc;
	return epoch == NULL ? settle_new(tx, options, err) : settle_known(tx, options, epoch, err);
}

enum dc_code
store_renew_epoch(struct tx *tx, struct dc_error *err)
{
	uuid_new(tx->store->epoch);
	return meta_set(tx, "epoch", tx->store->epoch, err);
}

struct column {
	char name[NAME_MAX_LEN];
	bool integer;
	struct column *next;
};

static enum dc_code
read_columns(struct tx *tx, const char *table, struct column **ret, struct dc_error *err)
{
	STMT(g, tx);
	struct column *list = NULL;
	bool row;
	enum dc_code rc;

	if ((rc = tx->ops->prepare(tx, tx->ops->columns_sql, &g.stmt, err)) != DC_OK)
		return rc;
	tx->ops->bind_text(g.stmt, 1, table);
	while ((rc = tx->ops->step(g.stmt, &row, err)) == DC_OK && row) {
		struct column *c = arena_new_of(tx->arena, struct column);

		snprintf(c->name, sizeof(c->name), "%s", tx->ops->get_text(g.stmt, 0));
		c->integer = tx->ops->get_int(g.stmt, 1) != 0;
		c->next = list;
		list = c;
	}
	if (rc == DC_OK)
		*ret = list;
	return rc;
}

static const struct column *
column_find(const struct column *list, const char *name)
{
	while (list != NULL && strcmp(list->name, name) != 0)
		list = list->next;
	return list;
}

static enum dc_code
check_field(const struct field_table *table, const struct column *columns, const struct field *f, struct dc_error *err)
{
	const struct column *c = column_find(columns, f->name);

	if (c == NULL)
		return dc_fail(err, DC_E_IO, NULL, "schema: table %s lacks column %s", table->sql, f->name);
	if (c->integer != row_is_integer(f))
		return dc_fail(err, DC_E_IO, NULL, "schema: column %s of table %s must be %s", f->name, table->sql,
		    row_is_integer(f) ? "INTEGER" : "TEXT");
	return DC_OK;
}

/* Each constraint has its words for clients, and no words are without a constraint. */
static enum dc_code
check_constraints(struct tx *tx, const struct field_table *table, struct dc_error *err)
{
	const char **names = tx->ops->constraints(tx, table->sql);
	const struct constraint *c;
	size_t n;

	for (n = 0; names[n] != NULL; n++) {
		for (c = table->constraints; c != NULL && c->name != NULL && strcmp(c->name, names[n]) != 0; c++)
			;
		if (c == NULL || c->name == NULL)
			return dc_fail(err, DC_E_IO, NULL,
			    "schema: constraint %s of table %s is not known to the program", names[n], table->sql);
	}
	for (c = table->constraints; c != NULL && c->name != NULL; c++) {
		for (n = 0; names[n] != NULL && strcmp(c->name, names[n]) != 0; n++)
			;
		if (names[n] == NULL)
			return dc_fail(err, DC_E_IO, NULL, "schema: table %s lacks constraint %s", table->sql, c->name);
	}
	return DC_OK;
}

/* A keeper of what was read from a table must know when its rows go. */
static enum dc_code
check_ends(struct tx *tx, const struct field_table *table, struct dc_error *err)
{
	STMT(g, tx);
	bool row;
	enum dc_code rc;

	if ((rc = tx->ops->prepare(tx, tx->ops->ends_sql, &g.stmt, err)) != DC_OK)
		return rc;
	tx->ops->bind_text(g.stmt, 1, table->guarded_by != NULL ? table->guarded_by : "");
	tx->ops->bind_text(g.stmt, 2, table->guard_column != NULL ? table->guard_column : "");
	tx->ops->bind_text(g.stmt, 3, table->sql);
	if ((rc = tx->ops->step(g.stmt, &row, err)) != DC_OK)
		return rc;
	return row && tx->ops->get_int(g.stmt, 0) == (int64_t)table->end
		   ? DC_OK
		   : dc_fail(err, DC_E_IO, NULL,
			 "schema: rows of table %s go with others in another way than the program knows", table->sql);
}

static enum dc_code
check_table(struct tx *tx, const struct field_table *table, struct dc_error *err)
{
	struct column *columns = NULL;
	const struct field *f;
	enum dc_code rc;

	if ((rc = read_columns(tx, table->sql, &columns, err)) != DC_OK)
		return rc;
	if (columns == NULL)
		return dc_fail(err, DC_E_IO, NULL, "schema: table %s is missing", table->sql);
	for (f = table->fields; f->name != NULL; f++)
		if (row_has_column(f) && (rc = check_field(table, columns, f, err)) != DC_OK)
			return rc;
	for (const struct column *c = columns; c != NULL; c = c->next)
		if (strcmp(c->name, "guard") != 0 && ((f = field_find(table, c->name)) == NULL || !row_has_column(f)))
			return dc_fail(err, DC_E_IO, NULL, "schema: column %s of table %s is not known to the program",
			    c->name, table->sql);
	if (column_find(columns, "guard") == NULL)
		return dc_fail(err, DC_E_IO, NULL, "schema: table %s lacks column guard", table->sql);
	rc = check_constraints(tx, table, err);
	return rc == DC_OK ? check_ends(tx, table, err) : rc;
}

enum dc_code
store_prepare(struct tx *tx, const struct store_options *options, const struct migration *migrations, bool *migrated,
    struct dc_error *err)
{
	int64_t version = 0;
	enum dc_code rc;

	if ((rc = check_not_newer(tx, store_name(options), migrations, &version, err)) != DC_OK ||
	    (rc = settle_key_and_epoch(tx, options, err)) != DC_OK ||
	    (rc = migrate_from(tx, migrations, version, migrated, err)) != DC_OK)
		return rc;
	for (const struct field_table *const *t = options->tables; t != NULL && *t != NULL; t++)
		if ((*t)->sql != NULL && (rc = check_table(tx, *t, err)) != DC_OK)
			return rc;
	return DC_OK;
}

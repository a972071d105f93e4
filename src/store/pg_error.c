/* SPDX-License-Identifier: ISC */
/* pg_error.c - what PostgreSQL reports, as errors of the store. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/pg_priv.h"

static const char *
field_of(const PGresult *res, int code)
{
	const char *v = res != NULL ? PQresultErrorField(res, code) : NULL;

	return v != NULL ? v : "";
}

/* By its name: err->member. Of NOT NULL it is the column. */
static enum dc_code
constraint_fail(const PGresult *res, const char *state, struct dc_error *err)
{
	char column[96];

	snprintf(
	    column, sizeof(column), "%s.%s", field_of(res, PG_DIAG_TABLE_NAME), field_of(res, PG_DIAG_COLUMN_NAME));
	return dc_fail(err, DC_E_CONFLICT,
	    strcmp(state, "23502") == 0 ? column : field_of(res, PG_DIAG_CONSTRAINT_NAME), "%s",
	    field_of(res, PG_DIAG_MESSAGE_PRIMARY));
}

/* One message of libpq may have several lines. */
static void
log_lost(const char *what, const char *words)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	char *text = arena_strdup(arena, words);
	size_t len = strlen(text);

	while (len > 0 && text[len - 1] == '\n')
		text[--len] = '\0';
	dc_log(LOG_ERR, "database does not work", "what=%s error=%s", log_quote(arena, what), log_quote(arena, text));
}

enum dc_code
pg_fail_lost(PGconn *pg, const char *what, struct dc_error *err)
{
	log_lost(what, pg != NULL ? PQerrorMessage(pg) : "out of memory");
	return dc_fail(err, DC_E_DATABASE, NULL, "The database does not answer: try again");
}

static bool
begins_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static bool
is_one_of(const char *state, const char *const *list)
{
	while (*list != NULL && !begins_with(state, *list))
		list++;
	return *list != NULL;
}

enum dc_code
pg_fail(PGconn *pg, const PGresult *res, bool *again, struct dc_error *err)
{
	/* Serialization failure, deadlock. */
	static const char *const passing[] = {"40001", "40P01", NULL};
	/* Lost, no resources, the operator's intervention, the system's error. */
	static const char *const storage[] = {"08", "53", "57P", "58", NULL};
	static const char *const busy[] = {"55P03", "57014", "25P03", NULL};
	const char *state = field_of(res, PG_DIAG_SQLSTATE), *words = field_of(res, PG_DIAG_MESSAGE_PRIMARY);

	if (state[0] == '\0')
		return pg_fail_lost(pg, "the connection", err);
	if (is_one_of(state, passing)) {
		if (again != NULL)
			*again = true;
		return dc_fail(err, DC_E_UNAVAILABLE, NULL, "Too many changes at a time: try again");
	}
	if (begins_with(state, "23"))
		return constraint_fail(res, state, err);
	if (is_one_of(state, busy))
		return dc_fail(err, DC_E_UNAVAILABLE, NULL, "The database is busy: try again");
	if (is_one_of(state, storage)) {
		log_lost("a statement", words);
		return dc_fail(err, DC_E_DATABASE, NULL, "The database refuses to work: try again");
	}
	return dc_fail(err, DC_E_SYSTEM, NULL, "database: %s (%s)", words, state);
}

enum dc_code
store_check_database(const char *database, struct dc_error *err)
{
	char *why = NULL;
	PQconninfoOption *options = PQconninfoParse(database, &why);
	enum dc_code rc = DC_OK;

	/* libpq's words may repeat the text, and an error that names its member is shown with the member's value. */
	if (options == NULL)
		rc = dc_fail(err, DC_E_PARAM, NULL,
		    "[dcaasd] database must be sqlite or a connection string of PostgreSQL (postgresql://...)");
	for (const PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++)
		if (rc == DC_OK && o->val != NULL && strcmp(o->keyword, "password") == 0)
			rc = dc_fail(err, DC_E_PARAM, NULL,
			    "[dcaasd] database must have no password: write it into a file that passfile= or "
			    "PGPASSFILE "
			    "names");
	PQconninfoFree(options);
	PQfreemem(why);
	return rc;
}

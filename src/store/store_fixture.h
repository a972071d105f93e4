/* SPDX-License-Identifier: ISC */
/* store_fixture.h - for the store's tests: a folder of its own under /tmp, two tables, their migrations. With
 * DCAAS_TEST_DATABASE in the environment they are on that PostgreSQL, each test in a schema of its own. */
#ifndef DC_STORE_FIXTURE_H
#define DC_STORE_FIXTURE_H

#include "field/field.h"
#include "store/query.h"
#include "store/pg_priv.h"
#include "store/sqlite_priv.h"
#include "store/store_priv.h"

struct gate {
	struct f_text id, name;
};
extern const struct field_table gate_table;

struct port {
	struct f_text id, gate_id, name, kind;
	struct f_int vlan, made_at, revision;
	struct f_bool up;
	struct f_list tags;
	struct f_text secret;
};
extern const struct field_table port_table;
extern const struct field_table *const fixture_tables[];
extern const struct migration fixture_migrations[];

struct fixture {
	char folder[64];
	char db[96], key[96], copy[96];
	const char *database; /* NULL: SQLite */
	struct store *store;
	struct arena *arena;
	/* A write transaction on the test's own thread, where an assertion may fail; NULL: none. */
	struct tx *tx;
	struct sqlite_tx sqlite;
	struct pg_tx pg;
	struct dc_error err;
};

/* A folder, and no store yet. */
struct fixture *fixture_new(void);
struct fixture *fixture_free(struct fixture *);
enum dc_code fixture_open(struct fixture *);
void fixture_close(struct fixture *);
/* With the store open: begins and ends fx->tx. */
struct tx *fixture_begin(struct fixture *);
void fixture_end(struct fixture *);
/* What follows in the transaction may fail: fixture_undo() makes it as it was before. */
void fixture_try(struct fixture *);
void fixture_undo(struct fixture *);
/* The whole file in memory; free() it. */
char *fixture_read_file(const char *path, size_t *len);

struct gate *gate_new(struct arena *, const char *id, const char *name);
/* A row with all of its members set. */
struct port *port_new(struct arena *, const char *id, const char *gate_id, const char *name, int64_t vlan);

#endif

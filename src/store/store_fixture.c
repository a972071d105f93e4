/* SPDX-License-Identifier: ISC */
/* store_fixture.c - see store_fixture.h. */
#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "store/store_fixture.h"

static const struct field gate_fields[] = {
    {
	AT(gate, id),
	.kind = F_TEXT,
    },
    {
	AT(gate, name),
	.kind = F_TEXT,
    },
    {.name = NULL},
};
const struct field_table gate_table = {
    .name = "Gate", .sql = "gate", .size = sizeof(struct gate), .fields = gate_fields, .kept = true};

static const char *const port_kinds[] = {"copper", "fibre", NULL};
static const struct field port_fields[] = {
    {
	AT(port, id),
	.kind = F_TEXT,
    },
    {
	AT(port, gate_id),
	.kind = F_TEXT,
	.fixed = true,
    },
    {
	AT(port, name),
	.kind = F_TEXT,
    },
    {AT(port, kind), .kind = F_ENUM, .names = port_kinds},
    {
	AT(port, vlan),
	.kind = F_INT,
    },
    {
	AT(port, made_at),
	.kind = F_TIME,
    },
    {
	AT(port, revision),
	.kind = F_INT,
    },
    {
	AT(port, up),
	.kind = F_BOOL,
    },
    {
	AT(port, tags),
	.kind = F_LIST,
    },
    {
	AT(port, secret),
	.kind = F_SECRET,
    },
    {.name = NULL},
};
const struct field_table port_table = {.name = "Port",
    .sql = "port",
    .constraints =
	(const struct constraint[]){
	    {"port_gate_id_vlan_key", DC_E_VLAN_TAKEN, "port.vlan", "the gate has this VLAN already"},
	    {"port_gate_id_fkey", DC_E_NOT_FOUND, "port.gate_id", "the gate does not exist", DC_E_PARAM,
		"The gate has ports"},
	    {.name = "port_vlan"},
	    {.name = NULL},
	},
    .size = sizeof(struct port),
    .fields = port_fields};

const struct field_table *const fixture_tables[] = {&gate_table, &port_table, NULL};

const struct migration fixture_migrations[] = {
    {1, "0001_gate", "CREATE TABLE gate (id TEXT PRIMARY KEY, name TEXT NOT NULL, guard INTEGER NOT NULL DEFAULT 0);"},
    {2, "0002_port",
	"CREATE TABLE port (id TEXT PRIMARY KEY, gate_id TEXT NOT NULL REFERENCES gate (id), name TEXT, kind TEXT,"
	" vlan INTEGER, made_at BIGINT, revision BIGINT NOT NULL DEFAULT 0, up INTEGER, tags TEXT, secret TEXT,"
	" guard INTEGER NOT NULL DEFAULT 0, UNIQUE (gate_id, vlan),"
	" CONSTRAINT port_vlan CHECK (vlan BETWEEN 0 AND 4094));"},
    {0, NULL, NULL},
};

/* In a schema of the test's own. */
static void
use_postgresql(struct fixture *fx)
{
	const char *database = getenv("DCAAS_TEST_DATABASE"), *name = strrchr(fx->folder, '.') + 1;
	struct pg_conn *c;

	if (database == NULL)
		return;
	fx->database = arena_printf(fx->arena, "%s&options=-c%%20search_path%%3D%%22%s%%22", database, name);
	if (pg_conn_open(database, &c, &fx->err) != DC_OK ||
	    pg_run(c, arena_printf(fx->arena, "CREATE SCHEMA \"%s\"", name), NULL, NULL, &fx->err) != DC_OK)
		abort();
	pg_conn_close(c);
}

struct fixture *
fixture_new(void)
{
	struct fixture *fx = calloc(1, sizeof(*fx));

	if (fx == NULL)
		abort();
	snprintf(fx->folder, sizeof(fx->folder), "/tmp/store_test.XXXXXX");
	if (mkdtemp(fx->folder) == NULL)
		abort();
	snprintf(fx->db, sizeof(fx->db), "%s/db", fx->folder);
	snprintf(fx->key, sizeof(fx->key), "%s/key", fx->folder);
	snprintf(fx->copy, sizeof(fx->copy), "%s/copy", fx->folder);
	fx->arena = arena_new();
	use_postgresql(fx);
	return fx;
}

static void
remove_folder(const char *folder)
{
	DIR *d = opendir(folder);
	const struct dirent *e;
	char path[512];

	while (d != NULL && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.') {
			snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
			(void)unlink(path);
		}
	if (d != NULL)
		closedir(d);
	(void)rmdir(folder);
}

struct fixture *
fixture_free(struct fixture *fx)
{
	fixture_end(fx);
	fixture_close(fx);
	arena_free(fx->arena);
	remove_folder(fx->folder);
	free(fx);
	return NULL;
}

enum dc_code
fixture_open(struct fixture *fx)
{
	struct store_options options = {
	    .path = fx->db, .key_path = fx->key, .tables = fixture_tables, .database = fx->database};

	return store_open_with(&options, fixture_migrations, &fx->store, &fx->err);
}

void
fixture_close(struct fixture *fx)
{
	fx->store = store_close(fx->store);
}

static struct tx *
begin_pg(struct fixture *fx)
{
	struct pg_conn *c;

	if (pg_conn_open(fx->database, &c, &fx->err) != DC_OK ||
	    pg_run(c, "BEGIN ISOLATION LEVEL SERIALIZABLE", NULL, NULL, &fx->err) != DC_OK)
		abort();
	fx->pg = pg_tx_for(pg_of(fx->store), c, fx->arena, utc_now());
	return fx->tx = &fx->pg.tx;
}

struct tx *
fixture_begin(struct fixture *fx)
{
	if (fx->database != NULL)
		return begin_pg(fx);
	fx->sqlite = (struct sqlite_tx){
	    .tx = {.ops = &sqlite_tx_ops, .store = fx->store, .arena = fx->arena, .now = utc_now()},
	};
	if (conn_open(fx->db, CONN_WRITE, &fx->sqlite.conn, &fx->err) != DC_OK ||
	    conn_run(fx->sqlite.conn, "BEGIN IMMEDIATE", &fx->err) != DC_OK)
		abort();
	return fx->tx = &fx->sqlite.tx;
}

void
fixture_end(struct fixture *fx)
{
	if (fx->tx != NULL && fx->database != NULL && pg_run(fx->pg.conn, "COMMIT", NULL, NULL, &fx->err) != DC_OK)
		abort();
	if (fx->tx != NULL && fx->database == NULL && conn_run(fx->sqlite.conn, "COMMIT", &fx->err) != DC_OK)
		abort();
	fx->pg.conn = pg_conn_close(fx->pg.conn);
	fx->sqlite.conn = conn_close(fx->sqlite.conn);
	fx->tx = NULL;
}

void
fixture_try(struct fixture *fx)
{
	if (fx->tx->ops->script(fx->tx, "SAVEPOINT try", &fx->err) != DC_OK)
		abort();
}

void
fixture_undo(struct fixture *fx)
{
	if (fx->tx->ops->script(fx->tx, "ROLLBACK TO SAVEPOINT try", &fx->err) != DC_OK)
		abort();
	fx->tx->broken = DC_OK;
}

char *
fixture_read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *data;
	long size;

	if (f == NULL)
		return NULL;
	if (fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0 || (data = calloc(1, (size_t)size + 1)) == NULL)
		abort();
	rewind(f);
	*len = fread(data, 1, (size_t)size, f);
	fclose(f);
	return data;
}

struct gate *
gate_new(struct arena *arena, const char *id, const char *name)
{
	struct gate *g = arena_new_of(arena, struct gate);

	F_SET_TEXT(g->id, id);
	F_SET_TEXT(g->name, name);
	return g;
}

struct port *
port_new(struct arena *arena, const char *id, const char *gate_id, const char *name, int64_t vlan)
{
	struct port *p = arena_new_of(arena, struct port);
	const char **tags = arena_array(arena, 2, sizeof(*tags));

	tags[0] = "b, \"quoted\"";
	tags[1] = "a";
	F_SET_TEXT(p->id, id);
	F_SET_TEXT(p->gate_id, gate_id);
	F_SET_TEXT(p->name, name);
	F_SET_TEXT(p->kind, "fibre");
	F_SET_INT(p->vlan, vlan);
	F_SET_INT(p->made_at, 1785585600123);
	F_SET_INT(p->revision, 0);
	F_SET_BOOL(p->up, true);
	p->tags = (struct f_list){GIVEN, 2, tags};
	F_SET_TEXT(p->secret, "correct horse battery staple");
	return p;
}

/* SPDX-License-Identifier: ISC */
/* fuzz_report.c - what an edge reports: decoded, and folded into a store in which the edge has a few objects. For any
 * input the store stays consistent: no statement fails but by a constraint, nothing of another edge is touched, and
 * states are words of the contract. Every input is rolled back. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reconcile/edge.h"
#include "reconcile/work.h"
#include "res/inventory.h"
#include "res/registry.h"

#define OURS "01890000-0000-7000-8000-000000000001"
#define OTHERS "01890000-0000-7000-8000-000000000002"
#define INTERFACE "01890000-0000-7000-8000-0000000000aa"
#define BOOT "01890000-0000-7000-8000-0000000000bb"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	const char *id, *edge, *key, *kind;
	int64_t revision;
	bool deleted;
} objects[] = {
    {"01890000-0000-7000-8000-000000000011", OURS, "vrf/g1", "vrf", 1, false},
    {"01890000-0000-7000-8000-000000000012", OURS, "vlan/i1", "vlan", 2, false},
    {"01890000-0000-7000-8000-000000000013", OURS, "addr/p1", "addr", 3, true},
    {"01890000-0000-7000-8000-000000000014", OURS, "bgp/p1", "bgp", 3, false},
    {"01890000-0000-7000-8000-000000000015", OTHERS, "bgp/p2", "bgp", 3, false},
};

static char folder[] = "/tmp/dcaas-fuzz-report.XXXXXX";
static struct store *store;

static void
remove_folder(void)
{
	static const char *const files[] = {"db", "db-wal", "db-shm", "key"};
	char path[sizeof(folder) + 16];

	store_close(store);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		(void)unlink(path);
	}
	(void)rmdir(folder);
}

static const struct work_env work_env = {registry, NULL};
static struct store_engine engine;

static enum dc_code
add_edge(struct tx *tx, const char *id, struct dc_error *err)
{
	struct edge edge = {0};
	enum dc_code rc;

	F_SET_TEXT(edge.id, id);
	F_SET_TEXT(edge.name, "edge");
	F_SET_TEXT(edge.token_hash, id);
	F_SET_INT(edge.report_interval, 10);
	rc = query_insert(tx, &edge_table, &edge, err);
	return rc == DC_OK ? edge_rows_create(tx, id, 10, err) : rc;
}

static enum dc_code
fill(struct tx *tx, void *arg, struct dc_error *err)
{
	enum dc_code rc;

	(void)arg;
	if ((rc = add_edge(tx, OURS, err)) != DC_OK || (rc = add_edge(tx, OTHERS, err)) != DC_OK)
		return rc;
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]) && rc == DC_OK; i++) {
		struct edge_object row = {0};

		F_SET_TEXT(row.id, objects[i].id);
		F_SET_TEXT(row.edge_id, objects[i].edge);
		F_SET_TEXT(row.key, objects[i].key);
		F_SET_TEXT(row.kind, objects[i].kind);
		F_SET_TEXT(row.owner_kind, "virtual_interface");
		F_SET_TEXT(row.owner_id, INTERFACE);
		row.holder_kind = row.owner_kind;
		row.holder_id = row.owner_id;
		F_SET_INT(row.revision, objects[i].revision);
		F_SET_BOOL(row.deleted, objects[i].deleted);
		F_SET_TEXT(row.state, "pending");
		F_SET_INT(row.applied_revision, 0);
		rc = query_insert(tx, &edge_object_table, &row, err);
	}
	return rc;
}

static void
open_store(void)
{
	char db[sizeof(folder) + 16], key[sizeof(folder) + 16];
	const struct store_options options = {.path = db, .key_path = key, .tables = registry_tables};
	struct dc_error err = {0};

	if (mkdtemp(folder) == NULL)
		abort();
	work_engine(&work_env, &engine);
	snprintf(db, sizeof(db), "%s/db", folder);
	snprintf(key, sizeof(key), "%s/key", folder);
	atexit(remove_folder);
	if (store_open(&options, &store, &err) != DC_OK || store_submit_wait(store, fill, NULL, &err) != DC_OK) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	store_set_engine(store, &engine);
}

/* The other edge's object is as it was, and ours have states that there are. */
static enum dc_code
check_objects(struct tx *tx, struct dc_error *err)
{
	struct edge_object *row;
	void *rows;
	size_t n;
	enum dc_code rc = query_list(tx, &edge_object_table, Q_ALL, NULL, &rows, &n, err);

	if (rc != DC_OK)
		return rc;
	row = rows;
	for (size_t i = 0; i < n; i++)
		if (strcmp(row[i].edge_id.v, OTHERS) == 0 && strcmp(row[i].state.v, "pending") != 0)
			abort();
	for (size_t i = 0; i < n; i++) {
		bool known = false;

		for (const char *const *state = wire_object_states; *state != NULL; state++)
			known = known || strcmp(row[i].state.v, *state) == 0;
		if (!known || row[i].applied_revision.v > row[i].revision.v)
			abort();
	}
	return DC_OK;
}

static enum dc_code
check_sessions(struct tx *tx, struct dc_error *err)
{
	int64_t others;
	enum dc_code rc = query_count(tx, &edge_session_table, Q(Q_NE("edge_id", OURS)), &others, err);

	if (rc == DC_OK && others != 0)
		abort();
	return rc;
}

/* Folds twice: what was reported once may be reported again. Ends with a failure of its own, so that nothing stays. */
static enum dc_code
fold(struct tx *tx, void *arg, struct dc_error *err)
{
	enum edge_answer answer;
	enum dc_code rc;

	for (int times = 0; times < 2; times++) {
		struct edge_folded from, to = {0};

		do {
			from = to;
			if ((rc = edge_fold(tx, OURS, arg, &from, registry, &to, &answer, err)) != DC_OK)
				return rc;
		} while (!to.done);
		if ((rc = check_objects(tx, err)) != DC_OK || (rc = check_sessions(tx, err)) != DC_OK)
			return rc;
	}
	return dc_fail(err, DC_E_AGAIN, NULL, "rolled back");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct dc_error err = {0};
	enum dc_code rc = DC_E_AGAIN;
	json_t *json;
	void *row;

	if (store == NULL)
		open_store();
	if (field_parse((const char *)data, size, &json, &err) != DC_OK)
		return 0;
	if (field_decode(&wire_report_table, VIEW_WIRE, json, "", arena, &row, &err) == DC_OK)
		rc = store_submit_wait(store, fold, row, &err);
	json_decref(json);
	if (rc != DC_E_AGAIN && rc != DC_E_CONFLICT) {
		fprintf(stderr, "%s: %s\n", dc_code_name(rc), err.text);
		abort();
	}
	return 0;
}

/* SPDX-License-Identifier: ISC */
/* sqlite_priv.h - one connection to SQLite with its prepared statements: shared by sqlite.c (statements) and
 * sqlite_store.c (threads, groups) and sqlite_open.c (files). A connection is used by one thread at a time. */
#ifndef DC_SQLITE_PRIV_H
#define DC_SQLITE_PRIV_H

#include <sqlite3.h>

#include "store/store_priv.h"

struct conn;

struct sqlite_tx {
	struct tx tx; /* first: query.c hands us its address */
	struct conn *conn;
};

extern const struct tx_ops sqlite_tx_ops;

enum conn_kind {
	CONN_WRITE,   /* made when missing; WAL, synchronous=FULL, foreign keys */
	CONN_READ,    /* of a database that CONN_WRITE has opened; refuses writes */
	CONN_OFFLINE, /* an existing database that nobody else may have open */
};

enum dc_code conn_open(const char *path, enum conn_kind, struct conn **ret, struct dc_error *err);
struct conn *conn_close(struct conn *); /* NULL is fine; returns NULL */
sqlite3 *conn_db(struct conn *);
/* A statement without parameters and rows; prepared once. */
enum dc_code conn_run(struct conn *, const char *sql, struct dc_error *err);
/* Whether BEGIN is in force: some failures (disk full) end the transaction on their own. */
bool conn_in_transaction(struct conn *);
/* Turns the connection's last failure into an error. */
enum dc_code conn_fail(struct conn *, struct dc_error *err);

#endif

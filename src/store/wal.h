/* SPDX-License-Identifier: ISC */
/* wal.h - whether SQLite will find in the write-ahead log all that was committed to it. SQLite takes what stands behind
 * the first broken frame for the rest of an earlier use of the file, and opens without a word. Only files in store/
 * include it. */
#ifndef DC_STORE_WAL_H
#define DC_STORE_WAL_H

#include <stdbool.h>
#include <stdint.h>

struct wal_damage {
	uint32_t read; /* frames that SQLite will read */
	uint32_t lost; /* frames behind them that were committed, as far as it can be known */
	bool certain;  /* false: a write that a power cut tore, and that nobody was answered, looks the same */
};

/* Looks at PATH-wal and PATH-shm of a database that no process of this program has open. False when there is no log, or
 * nothing is wrong with it. */
bool wal_is_damaged(const char *path, struct wal_damage *ret);
/* Copies PATH-wal to PATH-wal.damaged, or, when there is one, to PATH-wal.damaged.2 to .9. False with errno when it
 * cannot be kept. */
bool wal_keep(const char *path);
/* Whether PATH-wal.damaged is there. */
bool wal_is_kept(const char *path);

#endif

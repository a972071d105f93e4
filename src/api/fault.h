/* SPDX-License-Identifier: ISC */
/* fault.h - faults that a tester orders of a server that is a test double: the next calls of an operation take longer,
 * are refused with any error, or are carried out and get no answer. Faults are in memory only; a restart forgets them.
 * The calls of edges are left alone. */
#ifndef DC_API_FAULT_H
#define DC_API_FAULT_H

#include <stdatomic.h>

#include "field/field.h"

#define FAULTS_MAX 64
#define FAULT_DELAY_MAX_MS 60000

struct fault {
	struct f_text id;
	struct f_text operation;             /* operationId, or "*" for every operation */
	struct f_text project_id;            /* calls of that project only */
	struct f_int times;                  /* calls that still suffer it */
	struct f_int delay_ms;               /* from the call's begin until it is carried out */
	struct f_text error_code, error_msg; /* the call is refused with them, and not carried out */
	struct f_int status;                 /* of that refusal; 0: what the code has */
	struct f_bool drop;                  /* the connection is closed in place of the answer */
};
extern const struct field_table fault_table;

/* All faults of a server. Any thread. */
struct faults;
struct faults *faults_new(void);
struct faults *faults_free(struct faults *); /* NULL is fine; returns NULL */
/* Whether there is one; costs nothing. NULL is fine. */
bool faults_any(struct faults *);
/* Takes a copy; sets the id. DC_E_QUOTA when there are FAULTS_MAX. */
enum dc_code faults_add(struct faults *, struct fault *, struct arena *, struct dc_error *err);
/* Copies of all, oldest first, from the arena. */
struct fault *faults_list(struct faults *, struct arena *, size_t *n);
/* id NULL: all. Whether there was one. */
bool faults_remove(struct faults *, const char *id);
/* The oldest fault of that call, a copy, with one time less left; NULL: none. project_id may be NULL. */
const struct fault *faults_take(struct faults *, const char *operation, const char *project_id, struct arena *);

#endif

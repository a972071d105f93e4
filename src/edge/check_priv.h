/* SPDX-License-Identifier: ISC */
/* check_priv.h - between the files of check.h: check.c (this machine), check_kernel.c and check_server.c. */
#ifndef DC_EDGE_CHECK_PRIV_H
#define DC_EDGE_CHECK_PRIV_H

#include <stdbool.h>
#include <time.h>

#include "base/arena.h"
#include "edge/check.h"

struct check {
	const struct edge_settings *settings;
	struct arena *arena;
	FILE *to;
	unsigned done, todo;
	time_t server_time; /* by the server's clock; 0: it was not reached */
};

/* One line each. */
void check_ok(struct check *, const char *what, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void check_todo(struct check *, const char *what, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

void check_kernel(struct check *); /* needs root */
void check_server(struct check *); /* sets server_time */

/* A setting that a row of dist/dcaas-edge.sysctl wants; the table is made from that file and ends with a NULL name. */
struct check_sysctl {
	const char *name;
	long long least;
};

extern const struct check_sysctl check_sysctls[];

#endif

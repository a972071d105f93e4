/* SPDX-License-Identifier: ISC */
/* filter_tables.h - an instance's filter as the agent holds it: the program, its tables, and which devices are known to
 * have it. After a start the agent takes over what an earlier one has left on the devices, with all rows. */
#ifndef DC_AGENT_FILTER_TABLES_H
#define DC_AGENT_FILTER_TABLES_H

#include <stdbool.h>

#include "base/clock.h"
#include "edge/agent/fault.h"
#include "edge/agent/nl_link.h"
#include "edge/filter/program.h"

struct nl;

struct filter_tables {
	struct nl *nl, *watch; /* nl is the namespace's; watch hears of filters and their hooks */
	bool open;             /* the rest is there */
	int table[FILTER_MAPS];
	int program;
	uint32_t id;    /* the kernel's number of the program */
	uint32_t *seen; /* heap: devices that had it when they were last asked, ascending */
	size_t seen_n;
	struct monotonic asked;
	struct monotonic swept; /* when rows of devices that are gone were last looked for */
};

/* Inside the namespace. nl: its socket, borrowed for good. */
int filter_tables_open(struct filter_tables *, struct nl *nl, struct fault *);
void filter_tables_close(struct filter_tables *); /* never opened is fine; what is on devices stays */

/* The program and its tables are there from now on: those that one of these devices has, or new ones. */
int filter_tables_have(struct filter_tables *, const struct link *, size_t n, struct fault *);
/* Whether a filter changed somewhere since the last call, for those who wait for changes. */
bool filter_tables_changed(struct filter_tables *);

/* Which of the devices have the program: one bool for each, in has. Asks the kernel for those alone of which a change
 * was heard, and now and then for all. */
int filter_tables_on(struct filter_tables *, const struct link *, size_t n, bool *has, struct fault *);
/* The same of one. */
int filter_tables_on_one(struct filter_tables *, const struct link *, bool *has, struct fault *);
int filter_tables_attach(struct filter_tables *, uint32_t ifindex, struct fault *);

#endif

/* SPDX-License-Identifier: ISC */
/* run_priv.h - for run.c, its print.c, delete.c and wait.c, and the tools only: a command under way. */
#ifndef DC_CLI_RUN_PRIV_H
#define DC_CLI_RUN_PRIV_H

#include "cli/answer.h"
#include "cli/run.h"

#define OUTPUT_MAX (512 << 20)

struct run {
	const struct spec *spec;
	const struct arguments *args;
	const struct settings *settings;
	struct arena *arena;
	struct client *client;
	struct names *names;
	struct look look;
	const char **ids; /* of the command, names resolved */
	struct dc_error *err;
};

/* One thing by the command that shows it; *thing is inside of *body, which is the caller's. The answer's status is the
 * server's, or 404 where the thing is not among those of another. DC_OK: there is an answer. */
enum dc_code run_show(struct run *, const struct command *show, const char *const *ids, struct http_answer *ret,
    json_t **body, json_t **thing);
/* The thing in an answer: a member of the body, or the body itself. */
json_t *run_thing(const struct command *, json_t *body);
/* "virtual interface office": what was typed at that place of the command's ids. */
const char *run_typed(const struct run *, size_t place);

/* --- delete.c --- */

enum dc_code run_delete(struct run *);
/* The ids for one of several that are deleted: what stands above it, and itself. */
const char *const *run_ids_for(struct run *, size_t place);

/* --- print.c --- */

/* Whole or not at all, as far as a pipe allows. */
enum dc_code run_put(struct run *, const struct buf *out);
void print_json(struct buf *out, const char *text);
bool print_is_for_programs(const struct look *);
/* The thing as it is asked for. text: the answer as it came; NULL: there is none. */
enum dc_code print_thing(
    struct run *, const struct command *, const struct http_answer *text, json_t *body, json_t *thing, struct buf *out);
enum dc_code print_list(struct run *, const struct listing *, struct buf *out);
/* In words, that a list is empty. */
void print_nothing(const struct run *, struct buf *out);

/* --- wait.c --- */

/* What is waited for: members as they shall be, or that it is gone. */
struct wish {
	const struct expectation *expect;
	size_t n;
	bool gone;
	bool was_there;            /* it was there before the first look */
	const char *idle;          /* status that is as good; NULL: none */
	int64_t timeout, interval; /* seconds; 0: the usual */
	const char *who;           /* for messages: "virtual interface office" */
};

/* DC_E_AGAIN: timed out, and what stands in the way. out takes the thing as it was last. show: the command that reads
 * it; ids: resolved. */
enum dc_code wait_for(
    struct run *, const struct command *show, const char *const *ids, const struct wish *, struct buf *out);
/* Until it is ACTIVE, after a change. */
enum dc_code wait_until_active(
    struct run *, const struct command *show, const char *const *ids, const char *who, struct buf *out);

/* --- tools --- */

enum dc_code tool_apply(struct run *); /* diff, too */
enum dc_code tool_export(struct run *);
enum dc_code tool_topology(struct run *, struct buf *out);
enum dc_code tool_events(struct run *, struct buf *out);

#endif

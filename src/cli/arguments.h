/* SPDX-License-Identifier: ISC */
/* arguments.h - the command line, read against the commands there are:
 *
 *	dcaas [options] NOUN VERB [ID ...] [options]
 *
 * Words and options may be shortened as long as they stay clear. Secrets come from files or standard input only. */
#ifndef DC_CLI_ARGUMENTS_H
#define DC_CLI_ARGUMENTS_H

#include "base/buf.h"
#include "cli/option.h"

struct expectation {
	const char *member;
	json_t *value; /* owned by the arguments */
};

struct arguments {
	const struct noun *noun;       /* NULL: none given */
	const struct command *command; /* NULL: none given */
	const char **ids;              /* command->ids_n of them */
	json_t *body;                  /* inside the envelope; NULL: the command has none */
	struct buf query;              /* percent-encoded, without '?' */
	struct expectation *expect;
	size_t expect_n;
	bool help, version, json, quiet, verbose, dry_run, watch, gone;
	bool single_page;                                                      /* the query asks for one certain page */
	const char *endpoint, *project, *profile, *config, *env, *ca, *marker; /* NULL: not given */
	const char *fields;                                                    /* id and what --fields asks for */
	const char *columns;                                                   /* names between commas */
	int64_t max_time, interval, timeout;                                   /* seconds; 0: not given */
	int64_t limit, page_size;                                              /* 0: not given */
};

/* argv without the program's name; kept as long as *ret. Reads files that options name, standard input for "-". On
 * DC_E_PARAM (and DC_E_IO for files) ret->noun and ret->command say how far it came. Always to be freed. */
enum dc_code arguments_read(
    const struct spec *, int argc, char **argv, struct arena *, struct arguments *ret, struct dc_error *err);
void arguments_free(struct arguments *);

/* The path of the call, percent-encoded. */
const char *arguments_path(const struct arguments *, const char *project, struct arena *);
/* The body of the call as JSON text in its envelope; NULL: none. hide: secrets come out as "***". */
char *arguments_body(const struct spec *, const struct arguments *, bool hide, struct arena *);

#endif

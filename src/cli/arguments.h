/* SPDX-License-Identifier: ISC */
/* arguments.h - the command line, read against the commands there are:
 *
 *	dcaas [options] NOUN VERB [NAME|ID ...] [options]
 *	dcaas [options] TOOL [WORD ...] [options]
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

/* A value for the query. */
struct filter {
	const char *member, *value;
	json_t *ref; /* resources whose id it is; NULL: none */
};

enum output { OUTPUT_TABLE, OUTPUT_WIDE, OUTPUT_JSON, OUTPUT_YAML, OUTPUT_VALUE, OUTPUT_NAME };

struct arguments {
	const struct noun *noun;       /* NULL: none given */
	const struct command *command; /* NULL: none given */
	const char **ids;              /* command->ids_n of them, and more last ones for a delete of several */
	size_t ids_n;                  /* all of them */
	const char **words;            /* of a tool */
	size_t words_n;
	const char **files; /* of --file */
	size_t files_n;
	json_t *body; /* inside the envelope; NULL: the command has none */
	struct filter *filters;
	size_t filters_n;
	enum output output;
	struct expectation *expect;
	size_t expect_n;
	bool help, version, quiet, verbose, dry_run, watch, gone, no_header, yes, wait, secrets;
	bool single_page;                                                      /* the query asks for one certain page */
	const char *endpoint, *project, *profile, *config, *env, *ca, *marker; /* NULL: not given */
	const char *fields;                                                    /* id and what --fields asks for */
	const char *columns;                                                   /* names between commas */
	int64_t max_time, interval, timeout;                                   /* seconds; 0: not given */
	int64_t limit, page_size;                                              /* 0: not given */
};

/* argv without the program's name; kept as long as *ret. Reads files that options name, standard input for "-". On
 * DC_E_PARAM (and DC_E_IO for files) ret->noun and ret->command show how far the reading came. Always to be freed. */
enum dc_code arguments_read(
    const struct spec *, int argc, char **argv, struct arena *, struct arguments *ret, struct dc_error *err);
void arguments_free(struct arguments *);

/* The query of the call, percent-encoded, without '?'. */
void arguments_query(const struct arguments *, struct buf *out);
/* The body of the call as JSON text in its envelope; NULL: none. hide: secrets come out as "***". */
char *arguments_body(const struct spec *, const struct arguments *, bool hide, struct arena *);

#endif

/* SPDX-License-Identifier: ISC */
/* client.h - calls of the API's commands: the key that signs them, the words of a refusal, lists page by page. */
#ifndef DC_CLI_CLIENT_H
#define DC_CLI_CLIENT_H

#include "cli/http.h"
#include "cli/settings.h"
#include "cli/spec.h"

struct client;

struct client_options {
	const struct spec *spec;
	const struct settings *settings; /* kept as long as the client */
	int64_t max_seconds;             /* of a call; 0: the usual */
	bool verbose;                    /* prints each call on standard error */
};

/* On DC_OK *ret is the caller's, to give to client_close(). */
enum dc_code client_open(const struct client_options *, struct client **ret, struct dc_error *err);
struct client *client_close(struct client *); /* NULL is fine; returns NULL */
const struct settings *client_settings(const struct client *);
/* Whether the settings have a key, and a project, for this command. */
bool client_may(const struct settings *, const struct command *);
/* The same, with the reason: DC_E_UNAUTHORIZED, or DC_E_PARAM for the project. */
enum dc_code client_check(const struct settings *, const struct command *, struct dc_error *err);

/* The path of a call, percent-encoded; ids for the command's places, in order. */
const char *client_path(const struct command *, const char *project, const char *const *ids, struct arena *);

struct request {
	const struct command *command;
	const char *path;  /* of client_path() */
	const char *query; /* "" when none */
	const char *body;  /* NULL: none */
};

/* DC_OK: there is an answer, of any status; its body is the caller's to buf_free(). */
enum dc_code client_call(struct client *, const struct request *, struct http_answer *ret, struct dc_error *err);
bool client_is_success(const struct http_answer *);
/* An answer that is no success, as an error in words. DC_E_UNAUTHORIZED, DC_E_NOT_FOUND, or DC_E_SYSTEM. */
enum dc_code client_refused(const struct http_answer *, struct dc_error *err);
/* A call that has to succeed. *ret is the body, the caller's to json_decref(); NULL when the answer has none. text:
 * NULL, or receives the answer as it came, the caller's to buf_free(). */
enum dc_code client_json(
    struct client *, const struct request *, struct http_answer *text, json_t **ret, struct dc_error *err);

/* How much of a list is read. */
struct list_limits {
	int64_t limit;      /* items at most; 0: all */
	int64_t page_size;  /* items of a call; 0: the most that the server gives */
	const char *marker; /* NULL: from the beginning */
	bool single_page;
};

struct listing {
	json_t *items; /* of all pages */
	json_t *last;  /* body of the last page */
	char *text;    /* of the only page; NULL when there were more */
	size_t n;      /* pages */
};

enum dc_code client_list(
    struct client *, const struct request *, const struct list_limits *, struct listing *ret, struct dc_error *err);
void listing_free(struct listing *);
/* The query of a page: request->query with limit and marker. */
void client_page_query(
    const struct request *, const struct list_limits *, size_t have, const char *marker, struct buf *out);

#endif

/* SPDX-License-Identifier: ISC */
/* http.h - signed calls over libcurl. One connection is kept for all calls of a program. */
#ifndef DC_CLI_HTTP_H
#define DC_CLI_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

struct http;

struct http_options {
	const char *endpoint; /* scheme://host[:port] */
	const char *ca;       /* NULL: the system's certificates */
	int64_t max_seconds;  /* of a call; 0: 60 */
};

struct http_request {
	const char *method;
	const char *path;                    /* percent-encoded */
	const char *query;                   /* "" when none */
	const char *body;                    /* JSON; NULL: none */
	const char *project_id;              /* X-Project-Id; NULL: none */
	const char *access_key, *secret_key; /* NULL: not signed */
};

struct http_answer {
	long status;
	struct buf body;
	char request_id[80];   /* X-Request-Id; "" when absent */
	char observed_age[32]; /* X-Dcaas-Observed-Age: seconds; "" when absent */
};

/* On DC_OK *ret is the caller's, to give to http_close(). */
enum dc_code http_open(const struct http_options *, struct http **ret, struct dc_error *err);
struct http *http_close(struct http *); /* NULL is fine; returns NULL */
/* DC_OK: there is an answer, of any status; its body is the caller's to buf_free(). DC_E_UNAVAILABLE: there is
 * none, and why. */
enum dc_code http_call(struct http *, const struct http_request *, struct http_answer *ret, struct dc_error *err);

#endif

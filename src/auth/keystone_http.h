/* SPDX-License-Identifier: ISC */
/* keystone_http.h - the requests to Keystone: dcaasd's own log-in, and the question whose a token is. Of one thread,
 * but for keystone_http_wake(). Certificates are checked, redirects are not followed, each request and answer is
 * bounded. */
#ifndef DC_KEYSTONE_HTTP_H
#define DC_KEYSTONE_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct keystone_http;

struct keystone_http_options {
	const char *url;     /* ends in "/v3" */
	const char *ca_file; /* NULL: the system's certificates */
	/* dcaasd's own user, by name, and the project that it logs in to. */
	const char *user, *user_domain, *project, *project_domain;
	const char *application_credential; /* its id, in place of the user; NULL: the user */
	const char *password_file;          /* first line: the password, or the secret; read at each log-in */
};

/* The options and what they point to outlive it. */
enum dc_code keystone_http_new(const struct keystone_http_options *, struct keystone_http **ret, struct dc_error *err);
/* Questions that are under way get no answer. NULL is fine; returns NULL. */
struct keystone_http *keystone_http_free(struct keystone_http *);

/* rc: DC_OK, and body is Keystone's answer; DC_E_NOT_FOUND: Keystone knows no such token; DC_E_UNAVAILABLE: it does not
 * answer, err has the words. All are valid during the call. */
typedef void (*keystone_http_done)(
    void *arg, enum dc_code rc, const char *body, size_t len, const struct dc_error *err);
/* Whether the text can be a token: what Keystone's consist of, and no longer than servers take in a header. */
bool keystone_http_can_ask(const char *token);
/* A token that can be one; it is copied. done may be called at once. */
void keystone_http_ask(struct keystone_http *, const char *token, keystone_http_done done, void *arg);
/* Carries on what is under way, then waits for more, so long at most. */
void keystone_http_step(struct keystone_http *, int ms);
/* Ends the wait; any thread. */
void keystone_http_wake(struct keystone_http *);
/* Whether the last request has failed for a reason that is Keystone's, or of dcaasd's own log-in; any thread. */
bool keystone_http_is_in_trouble(const struct keystone_http *);

#endif

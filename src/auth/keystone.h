/* SPDX-License-Identifier: ISC */
/* keystone.h - tokens that a Keystone (OpenStack Identity v3) has issued: who shows them, by Keystone's word.
 *
 * Nobody waits. What is known of a token is looked up in memory (keystone_look()); of others Keystone is asked on a
 * thread of its own (keystone_ask()). Callers that show the same token meanwhile share the answer, those of different
 * addresses take turns, and there is a place for so many only. A good token is known for cache_ms, so it works so much
 * longer at most once Keystone has revoked it; a refused one for some seconds. Tokens are wiped from memory once
 * Keystone has answered; what is kept has their SHA-256. */
#ifndef DC_KEYSTONE_H
#define DC_KEYSTONE_H

#include "auth/keystone_cache.h"
#include "auth/keystone_http.h"
#include "auth/keystone_token.h"

struct keystone_options {
	struct keystone_http_options http;
	struct keystone_roles roles;
	const char *public_url; /* for clients, in words and in the catalog; NULL: that of http */
	int64_t cache_ms;
};

struct keystone;

/* The options are borrowed; the store outlives it. */
enum dc_code keystone_open(
    const struct keystone_options *, struct store *, struct keystone **ret, struct dc_error *err);
/* Answers all who wait, and who ask from now on, with DC_E_UNAVAILABLE. NULL is fine. */
void keystone_quiesce(struct keystone *);
/* Nobody may ask or look any more. NULL is fine; returns NULL. */
struct keystone *keystone_close(struct keystone *);

/* What is known of a token; the result is in arena. */
enum keystone_look keystone_look(
    struct keystone *, const char *token, struct arena *, struct principal *ret, struct dc_error *err);
/* The same by credential_key of the identity. */
enum keystone_look keystone_look_again(
    struct keystone *, const char *hash, struct arena *, struct principal *ret, struct dc_error *err);

/* A question, in the caller's memory until done. */
struct keystone_ask {
	const char *token;
	uint64_t party;                      /* turns_party() of who asks */
	struct arena *arena;                 /* for the principal; nobody else uses it until done */
	void (*done)(struct keystone_ask *); /* exactly once, from any thread, possibly before keystone_ask() returns */
	enum dc_code rc;                     /* DC_OK: principal is set. DC_E_UNAUTHORIZED, DC_E_FORBIDDEN or
					      * DC_E_UNAVAILABLE: err has the words for the caller */
	struct dc_error err;
	struct principal principal;
	struct keystone_ask *next; /* keystone's own */
};
void keystone_ask(struct keystone *, struct keystone_ask *);

const char *keystone_url(const struct keystone *); /* for clients */
bool keystone_is_in_trouble(const struct keystone *);

#endif

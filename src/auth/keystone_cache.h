/* SPDX-License-Identifier: ISC */
/* keystone_cache.h - what Keystone has answered of tokens, by their SHA-256, for a bounded time. Tokens that it refused
 * have a place of their own, so that a flood of bad ones drives no good one out. Safe to use from several
 * threads. */
#ifndef DC_KEYSTONE_CACHE_H
#define DC_KEYSTONE_CACHE_H

#include "auth/cache.h"

struct keystone_cache;

enum keystone_look {
	KEYSTONE_UNKNOWN,
	KEYSTONE_KNOWN,
	KEYSTONE_REFUSED, /* err has the words */
};

/* life_ms: of a good token. */
struct keystone_cache *keystone_cache_new(int64_t life_ms);
struct keystone_cache *keystone_cache_free(struct keystone_cache *); /* NULL is fine; returns NULL */

/* The result is in arena. */
enum keystone_look keystone_cache_get(
    struct keystone_cache *, const char *hash, struct arena *, struct principal *ret, struct dc_error *err);
void keystone_cache_put(struct keystone_cache *, const char *hash, const struct principal *);
void keystone_cache_refuse(struct keystone_cache *, const char *hash, const struct dc_error *);

#endif

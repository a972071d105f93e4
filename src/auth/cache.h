/* SPDX-License-Identifier: ISC */
/* cache.h - identities kept in memory: the content of a credential's and its user's rows, by the generation of those
 * rows (tx_generation()), so that nothing is served from here once a commit that changed it has been answered. Safe to
 * use from several threads. Holds secret keys in clear, wiped when they are dropped. */
#ifndef DC_AUTH_CACHE_H
#define DC_AUTH_CACHE_H

#include "auth/identity.h"

/* A credential's row: the identity it stands for, and what a signature is checked with. */
struct principal {
	struct identity who;
	const char *secret_key; /* of an access key */
};
/* All that it points to, in the arena but for the key. */
struct principal principal_copy(const struct principal *, const char *key, struct arena *);

struct auth_cache *auth_cache_new(void);
struct auth_cache *auth_cache_free(struct auth_cache *); /* NULL is fine; returns NULL */

/* key: which row, as principal.who.credential_key. The cache may be NULL. A generation of 0 is that of a transaction
 * which sees more than was committed: it neither finds nor keeps anything. The result is in arena. */
bool auth_cache_get(
    struct auth_cache *, enum credential, const char *key, uint64_t generation, struct arena *, struct principal *ret);
void auth_cache_put(
    struct auth_cache *, enum credential, const char *key, uint64_t generation, const struct principal *);

#endif

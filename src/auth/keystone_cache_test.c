/* SPDX-License-Identifier: ISC */
/* keystone_cache_test.c - what is known of tokens is bounded, in time and in number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "auth/keystone_cache.h"

#define MANY 20000
#define KNOWN_MAX 10000
#define REFUSED_MAX 2000

static const char *
hash_of(int n, const char *kind, char hash[SHA256_HEX_SIZE])
{
	char text[32];

	snprintf(text, sizeof(text), "%s %d", kind, n);
	sha256_hex(text, strlen(text), hash);
	return hash;
}

static enum keystone_look
look(struct keystone_cache *c, int n, const char *kind, struct principal *p)
{
	static struct dc_error err;
	_cleanup_arena_ struct arena *arena = arena_new();
	char hash[SHA256_HEX_SIZE];
	enum keystone_look found = keystone_cache_get(c, hash_of(n, kind, hash), arena, p, &err);

	if (found == KEYSTONE_KNOWN) {
		assert_string_equal(p->who.user_name, "alice");
		assert_string_equal(p->who.credential_key, hash);
	} else if (found == KEYSTONE_REFUSED)
		assert_string_equal(err.text, "no");
	return found;
}

static void
put(struct keystone_cache *c, int n)
{
	const struct principal p = {.who = {.user_name = "alice", .role = ROLE_READER}};
	char hash[SHA256_HEX_SIZE];

	keystone_cache_put(c, hash_of(n, "good", hash), &p);
}

static void
refuse(struct keystone_cache *c, int n, const char *kind)
{
	struct dc_error err = {0};
	char hash[SHA256_HEX_SIZE];

	dc_fail(&err, DC_E_UNAUTHORIZED, NULL, "no");
	keystone_cache_refuse(c, hash_of(n, kind, hash), &err);
}

static void
a_flood_of_refused_tokens_drives_no_good_one_out(void **state)
{
	struct keystone_cache *c = keystone_cache_new(60000);
	struct principal p;
	int refused = 0;

	(void)state;
	for (int n = 0; n < 100; n++)
		put(c, n);
	for (int n = 0; n < MANY; n++)
		refuse(c, n, "bad");
	for (int n = 0; n < 100; n++)
		assert_int_equal(look(c, n, "good", &p), KEYSTONE_KNOWN);
	for (int n = 0; n < MANY; n++)
		refused += look(c, n, "bad", &p) == KEYSTONE_REFUSED;
	assert_in_range(refused, REFUSED_MAX - 1, REFUSED_MAX);
	keystone_cache_free(c);
}

static void
the_oldest_leave_when_there_are_too_many(void **state)
{
	struct keystone_cache *c = keystone_cache_new(60000);
	struct principal p;

	(void)state;
	for (int n = 0; n < MANY; n++)
		put(c, n);
	for (int n = 0; n < MANY - KNOWN_MAX; n++)
		assert_int_equal(look(c, n, "good", &p), KEYSTONE_UNKNOWN);
	for (int n = MANY - KNOWN_MAX; n < MANY; n++)
		assert_int_equal(look(c, n, "good", &p), KEYSTONE_KNOWN);
	keystone_cache_free(c);
}

static void
a_good_token_is_known_for_its_time_only(void **state)
{
	struct keystone_cache *c = keystone_cache_new(50);
	struct monotonic put_at = monotonic_now();
	struct principal p;

	(void)state;
	put(c, 1);
	while (look(c, 1, "good", &p) == KEYSTONE_KNOWN)
		usleep(1000);
	assert_true(monotonic_since(put_at) >= 50);
	keystone_cache_free(c);
}

static void
the_last_answer_counts(void **state)
{
	struct keystone_cache *c = keystone_cache_new(60000);
	struct principal p;

	(void)state;
	put(c, 1);
	refuse(c, 1, "good");
	assert_int_equal(look(c, 1, "good", &p), KEYSTONE_REFUSED);
	put(c, 1);
	assert_int_equal(look(c, 1, "good", &p), KEYSTONE_KNOWN);
	keystone_cache_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_flood_of_refused_tokens_drives_no_good_one_out),
	    cmocka_unit_test(the_oldest_leave_when_there_are_too_many),
	    cmocka_unit_test(a_good_token_is_known_for_its_time_only),
	    cmocka_unit_test(the_last_answer_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

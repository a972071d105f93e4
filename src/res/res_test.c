/* SPDX-License-Identifier: ISC */
/* What resources decide without a store: their tables, the numbering of links, names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "res/peer_link.h"
#include "res/registry.h"

static void
no_table_contradicts_itself(void **state)
{
	size_t n = 0;

	(void)state;
	for (const struct field_table *const *t = registry_tables; *t != NULL; t++, n++)
		field_table_assert(*t);
	for (const struct resource *const *r = registry; *r != NULL; r++) {
		field_table_assert((*r)->table);
		if ((*r)->parent != NULL)
			assert_non_null(field_find((*r)->table, (*r)->parent_column));
		if ((*r)->hidden != NULL)
			assert_non_null(field_find((*r)->table, (*r)->hidden));
	}
	assert_true(n > 20);
}

static void
check_view(const struct field_table *a, const struct field_table *b)
{
	assert_int_equal(a->end, b->end);
	for (const struct field *f = a->fields; f->name != NULL; f++) {
		const struct field *other = field_find(b, f->name);

		if (f->fixed && (other == NULL || !other->fixed))
			fail_msg("%s.%s is fixed in %s and not in %s", a->sql, f->name, a->name, b->name);
	}
}

/* What is kept of a row that was read through one table must fall by what is written through the other
 * (store/footing.h). */
static void
two_tables_of_the_same_rows_agree_on_what_is_fixed(void **state)
{
	size_t views = 0;

	(void)state;
	for (const struct resource *const *r = registry; *r != NULL; r++) {
		const struct field_table *table = (*r)->table;

		for (const struct field_table *const *t = registry_tables; *t != NULL && table->sql != NULL; t++)
			if (*t != table && (*t)->sql != NULL && strcmp((*t)->sql, table->sql) == 0) {
				check_view(table, *t);
				check_view(*t, table);
				views++;
			}
	}
	assert_true(views > 0);
}

static struct res_settings
blocks(const char *v4, const char *v6)
{
	struct res_settings settings = {0};

	assert_true(ip_parse_prefix(v4, &settings.link_block_v4));
	assert_true(ip_parse_prefix(v6, &settings.link_block_v6));
	return settings;
}

static void
check_ends(int64_t number, const char *near4, const char *far4, const char *near6, const char *far6)
{
	const struct res_settings settings = blocks("100.127.0.0/16", "fd64:6361:6173::/64");
	const char *wanted[2][2] = {{near4, near6}, {far4, far6}};
	_cleanup_arena_ struct arena *arena = arena_new();
	struct link_end end[2] = {0};
	struct ip_prefix address;
	char text[IP_TEXT_SIZE];

	peer_link_number_ends(&settings, number, end, arena);
	for (unsigned i = 0; i < 4; i++) {
		assert_true(link_end_address(&end[i / 2], i % 2, &address));
		ip_format_prefix(&address, text);
		assert_string_equal(text, wanted[i / 2][i % 2]);
		assert_true(ip_is_link_host(&address));
	}
}

static void
links_are_numbered_in_pairs_from_the_start_of_the_blocks_to_their_end(void **state)
{
	(void)state;
	check_ends(0, "100.127.0.0/31", "100.127.0.1/31", "fd64:6361:6173::/127", "fd64:6361:6173::1/127");
	check_ends(1, "100.127.0.2/31", "100.127.0.3/31", "fd64:6361:6173::2/127", "fd64:6361:6173::3/127");
	check_ends(128, "100.127.1.0/31", "100.127.1.1/31", "fd64:6361:6173::100/127", "fd64:6361:6173::101/127");
	check_ends(
	    32767, "100.127.255.254/31", "100.127.255.255/31", "fd64:6361:6173::fffe/127", "fd64:6361:6173::ffff/127");
}

static void
a_restricted_name_has_ascii_letters_digits_ideographs_and_three_marks(void **state)
{
	struct dc_error err;
	static const char *const good[] = {"", "a", "Az09_.-", "\xe4\xb8\x80", "\xe9\xbe\xa5", "gw-\xe7\xbd\x91"};
	static const char *const bad[] = {
	    " ", "a b", "a/b", "\xc3\xa9", "\xe4\xb7\xbf", "\xe9\xbe\xa6", "\xf0\x9f\x98\x80", "a\""};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(name_check(good[i], "x.name", &err), DC_OK);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(name_check(bad[i], "x.name", &err), DC_E_PARAM);
		assert_string_equal(err.member, "x.name");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_table_contradicts_itself),
	    cmocka_unit_test(two_tables_of_the_same_rows_agree_on_what_is_fixed),
	    cmocka_unit_test(links_are_numbered_in_pairs_from_the_start_of_the_blocks_to_their_end),
	    cmocka_unit_test(a_restricted_name_has_ascii_letters_digits_ideographs_and_three_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/* The desired set in memory and on disk, and which answers may change it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "edge/intake.h"
#include "edge/state.h"

#define SECRET "a-word-in-clear"
#define BODY_ADDR "{\"link\":\"vlan/a\",\"prefix\":\"192.0.2.1/30\"}"
#define BODY_BGP                                                                                                       \
	"{\"vrf\":\"vrf/a\",\"link\":\"vlan/a\",\"name\":\"p1_4\",\"local\":\"192.0.2.1\",\"remote\":\"192.0.2.2\","   \
	"\"local_asn\":64512,\"remote_asn\":65001,\"password\":\"" SECRET "\"}"

struct fixture {
	char dir[64];
	struct arena *arena;
	struct state *state;
	struct wire_object object[16];
	struct wire_desired d;
};

static void
reopen(struct fixture *f)
{
	struct dc_error err = {0};

	state_close(f->state);
	f->state = NULL;
	assert_int_equal(state_open(f->dir, &f->state, &err), DC_OK);
}

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	log_init("test", LOG_EMERG);
	strlcpy(f->dir, "/tmp/dcaas-state-XXXXXX", sizeof(f->dir));
	assert_non_null(mkdtemp(f->dir));
	strlcat(f->dir, "/state", sizeof(f->dir));
	f->arena = arena_new();
	reopen(f);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;
	static const char *const names[] = {"desired", "desired.new", "journal", "journal.new", "key", "lock"};

	state_close(f->state);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(arena_printf(f->arena, "%s/%s", f->dir, names[i]));
	rmdir(f->dir);
	*strrchr(f->dir, '/') = '\0';
	rmdir(f->dir);
	arena_free(f->arena);
	free(f);
	return 0;
}

static void
begin(struct fixture *f, const char *epoch, int64_t revision, bool full)
{
	f->d = (struct wire_desired){0};
	F_SET_TEXT(f->d.edge, "me");
	F_SET_TEXT(f->d.epoch, epoch);
	F_SET_INT(f->d.revision, revision);
	F_SET_BOOL(f->d.full, full);
	f->d.objects = (struct f_objects){GIVEN, 0, f->object};
}

static void
put(struct fixture *f, const char *key, const char *kind, int64_t revision, const char *body)
{
	struct wire_object *o = &f->object[f->d.objects.n++];

	*o = (struct wire_object){0};
	F_SET_TEXT(o->key, key);
	F_SET_TEXT(o->kind, kind);
	F_SET_INT(o->revision, revision);
	F_SET_BOOL(o->deleted, body == NULL);
	F_SET_TEXT(o->body, body);
}

static void
take_and_save(struct fixture *f)
{
	struct dc_error err = {0};

	state_take(f->state, &f->d);
	assert_int_equal(state_save(f->state, &err), DC_OK);
}

/* Two objects of revision 5 and 6, on disk. */
static void
fill(struct fixture *f)
{
	begin(f, "E", 6, true);
	put(f, "bgp/b", "bgp", 6, BODY_BGP);
	put(f, "addr/a", "addr", 5, BODY_ADDR);
	take_and_save(f);
}

static const char *
file_text(struct fixture *f, const char *name)
{
	char *text = arena_alloc(f->arena, 1 << 16);
	FILE *file = fopen(arena_printf(f->arena, "%s/%s", f->dir, name), "re");

	assert_non_null(file);
	assert_true(fread(text, 1, (1 << 16) - 1, file) > 0);
	fclose(file);
	return text;
}

static void
write_file(struct fixture *f, const char *name, const char *text)
{
	FILE *file = fopen(arena_printf(f->arena, "%s/%s", f->dir, name), "we");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void
a_new_edge_does_not_know_what_should_be_here(void **state)
{
	struct fixture *f = *state;

	assert_non_null(state_lost(f->state));
	assert_string_equal(state_epoch(f->state), "unknown");
	assert_int_equal(state_revision(f->state), 1);
	assert_int_equal(state_count(f->state), 0);
	assert_true(state_is_empty(f->state));
}

static void
what_was_saved_is_there_after_a_restart_with_its_password(void **state)
{
	struct fixture *f = *state;
	struct edge_object *o;

	fill(f);
	reopen(f);
	assert_null(state_lost(f->state));
	assert_string_equal(state_epoch(f->state), "E");
	assert_string_equal(state_edge(f->state), "me");
	assert_int_equal(state_revision(f->state), 6);
	assert_int_equal(state_count(f->state), 2);
	assert_string_equal(state_object(f->state, 0)->want->key, "addr/a");
	assert_non_null(o = state_find(f->state, "bgp/b"));
	assert_int_equal(o->revision, 6);
	assert_true(o->want->known);
	assert_string_equal(o->want->bgp.password, SECRET);
}

static void
two_cannot_have_one_folder(void **state)
{
	struct fixture *f = *state;
	struct state *second = NULL;
	struct dc_error err = {0};

	assert_int_equal(state_open(f->dir, &second, &err), DC_E_IO);
	assert_null(second);
	assert_non_null(strstr(err.text, "another dcaas-edge"));
	reopen(f);
}

static void
no_secret_is_on_disk_and_nobody_else_may_read(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	fill(f);
	assert_null(strstr(file_text(f, "desired"), SECRET));
	assert_non_null(strstr(file_text(f, "desired"), "v1:"));
	assert_int_equal(stat(arena_printf(f->arena, "%s/desired", f->dir), &st), 0);
	assert_int_equal(st.st_mode & 0077, 0);
	assert_int_equal(stat(arena_printf(f->arena, "%s/key", f->dir), &st), 0);
	assert_int_equal(st.st_mode & 0077, 0);
}

static void
every_single_damaged_byte_is_noticed(void **state)
{
	struct fixture *f = *state;
	const char *good;
	size_t len;

	fill(f);
	good = file_text(f, "desired");
	len = strlen(good);
	for (size_t i = 0; i < len; i += 7) {
		char *bad = arena_strdup(f->arena, good);

		bad[i] = bad[i] == 'x' ? 'y' : 'x';
		write_file(f, "desired", bad);
		reopen(f);
		assert_non_null(state_lost(f->state));
		assert_int_equal(state_count(f->state), 0);
	}
	for (size_t i = 0; i < len; i += 13) {
		write_file(f, "desired", arena_strndup(f->arena, good, i));
		reopen(f);
		assert_non_null(state_lost(f->state));
	}
	write_file(f, "desired", good);
	reopen(f);
	assert_null(state_lost(f->state));
}

static void
another_key_opens_nothing_and_the_set_counts_as_lost(void **state)
{
	struct fixture *f = *state;

	fill(f);
	assert_int_equal(unlink(arena_printf(f->arena, "%s/key", f->dir)), 0);
	reopen(f);
	assert_non_null(state_lost(f->state));
	assert_int_equal(state_count(f->state), 0);
}

static void
a_half_written_new_file_is_not_looked_at(void **state)
{
	struct fixture *f = *state;

	fill(f);
	write_file(f, "desired.new", "half of");
	reopen(f);
	assert_null(state_lost(f->state));
	assert_int_equal(state_count(f->state), 2);
}

static void
a_tombstone_keeps_what_it_was_until_it_is_reported_gone(void **state)
{
	struct fixture *f = *state;
	struct edge_object *o;

	fill(f);
	begin(f, "E", 7, false);
	put(f, "bgp/b", "bgp", 7, NULL);
	take_and_save(f);
	reopen(f);
	assert_non_null(o = state_find(f->state, "bgp/b"));
	assert_true(o->want->deleted && o->want->known);
	assert_string_equal(o->want->bgp.name, "p1_4");
	assert_int_equal(o->revision, 7);
	assert_false(state_is_empty(f->state));
	o->told = true;
	o->told_revision = 6; /* of what it was before */
	status_set(&o->told_status, STATUS_REMOVED, NULL);
	state_forget_told(f->state);
	assert_non_null(state_find(f->state, "bgp/b"));
	o->told_revision = 7;
	state_forget_told(f->state);
	assert_null(state_find(f->state, "bgp/b"));
	assert_int_equal(state_count(f->state), 1);
}

static void
what_a_snapshot_does_not_name_becomes_a_tombstone(void **state)
{
	struct fixture *f = *state;

	fill(f);
	begin(f, "E", 9, true);
	put(f, "addr/a", "addr", 5, BODY_ADDR);
	take_and_save(f);
	assert_true(state_find(f->state, "bgp/b")->want->deleted);
	assert_false(state_find(f->state, "addr/a")->want->deleted);
}

static void
an_object_that_comes_again_unchanged_keeps_what_is_known_of_it(void **state)
{
	struct fixture *f = *state;

	fill(f);
	status_set(&state_find(f->state, "addr/a")->now, STATUS_APPLIED, NULL);
	status_set(&state_find(f->state, "bgp/b")->now, STATUS_APPLIED, NULL);
	begin(f, "E", 8, true);
	put(f, "addr/a", "addr", 5, BODY_ADDR);
	put(f, "bgp/b", "bgp", 8, BODY_BGP);
	take_and_save(f);
	assert_int_equal(state_find(f->state, "addr/a")->now.state, STATUS_APPLIED);
	assert_int_equal(state_find(f->state, "bgp/b")->now.state, STATUS_PENDING);
}

/* Two databases number their revisions alike: after a restore, or with other secrets, the same number means other
 * words. */
static void
the_same_revision_of_another_database_is_taken_again(void **state)
{
	static const char other[] = "{\"link\":\"vlan/a\",\"prefix\":\"192.0.2.5/30\"}";
	struct fixture *f = *state;
	struct edge_object *o;

	fill(f);
	o = state_find(f->state, "addr/a");
	o->session.received = 7;
	o->told = true;
	begin(f, "F", 6, true);
	put(f, "bgp/b", "bgp", 6, BODY_BGP);
	put(f, "addr/a", "addr", 5, other);
	take_and_save(f);
	assert_non_null(o = state_find(f->state, "addr/a"));
	assert_non_null(strstr(o->body, "192.0.2.5/30"));
	assert_int_equal(o->session.received, 7);
	assert_false(o->told);
	reopen(f);
	assert_non_null(strstr(state_find(f->state, "addr/a")->body, "192.0.2.5/30"));
}

static void
an_object_that_comes_back_after_its_tombstone_is_wanted(void **state)
{
	struct fixture *f = *state;

	fill(f);
	begin(f, "E", 7, false);
	put(f, "addr/a", "addr", 7, NULL);
	take_and_save(f);
	begin(f, "E", 8, false);
	put(f, "addr/a", "addr", 8, BODY_ADDR);
	take_and_save(f);
	assert_false(state_find(f->state, "addr/a")->want->deleted);
	assert_true(state_find(f->state, "addr/a")->want->known);
}

static void
one_key_twice_counts_once_and_unknown_kinds_stay_without_a_body_on_disk(void **state)
{
	struct fixture *f = *state;

	begin(f, "E", 3, true);
	put(f, "addr/a", "addr", 1, BODY_ADDR);
	put(f, "addr/a", "addr", 2, BODY_ADDR);
	put(f, "tunnel/a", "tunnel", 3, "{\"psk\":\"" SECRET "\"}");
	take_and_save(f);
	assert_int_equal(state_count(f->state), 2);
	assert_null(strstr(file_text(f, "desired"), SECRET));
	reopen(f);
	assert_int_equal(state_find(f->state, "tunnel/a")->want->kind, OBJECT_UNKNOWN);
	assert_string_equal(state_find(f->state, "tunnel/a")->kind, "tunnel");
}

/* --- intake --- */

static enum intake
decide(struct fixture *f, const struct intake_self *self, const char **why)
{
	*why = NULL;
	return intake_decide(self, &f->d, f->arena, why);
}

static void
which_answers_are_taken(void **state)
{
	static const struct intake_self have = {"me", "E", 10, false, false}, nothing = {"me", "E", 10, true, false},
					lost = {NULL, "unknown", 1, true, true};
	static const struct {
		const struct intake_self *self;
		const char *epoch;
		int64_t revision;
		bool full;
		enum intake expected;
	} cases[] = {
	    {&have, "E", 11, false, INTAKE_CHANGES},
	    {&have, "E", 9, false, INTAKE_ANEW},
	    {&have, "F", 11, false, INTAKE_ANEW},
	    {&have, "E", 10, true, INTAKE_SNAPSHOT},
	    {&have, "E", 12, true, INTAKE_SNAPSHOT},
	    {&have, "E", 9, true, INTAKE_HOLD},
	    {&have, "F", 99, true, INTAKE_HOLD},
	    {&have, "F", 10, true, INTAKE_HOLD},
	    {&nothing, "F", 3, true, INTAKE_SNAPSHOT},
	    {&lost, "F", 3, true, INTAKE_IF_HARMLESS},
	    {&lost, "unknown", 3, false, INTAKE_ANEW},
	};
	struct fixture *f = *state;
	const char *why;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(f, cases[i].epoch, cases[i].revision, cases[i].full);
		assert_int_equal(decide(f, cases[i].self, &why), cases[i].expected);
		assert_int_equal(
		    why != NULL, cases[i].expected == INTAKE_HOLD || cases[i].expected == INTAKE_IF_HARMLESS);
	}
}

static void
the_operators_word_counts_for_exactly_what_is_here(void **state)
{
	static const struct intake_self have = {"me", "E", 10, false, false};
	struct fixture *f = *state;
	const char *why;

	begin(f, "F", 3, true);
	F_SET_TEXT(f->d.confirm_epoch, "E");
	F_SET_INT(f->d.confirm_revision, 10);
	assert_int_equal(decide(f, &have, &why), INTAKE_SNAPSHOT);
	F_SET_INT(f->d.confirm_revision, 9);
	assert_int_equal(decide(f, &have, &why), INTAKE_HOLD);
	F_SET_INT(f->d.confirm_revision, 10);
	F_SET_TEXT(f->d.confirm_epoch, "F");
	assert_int_equal(decide(f, &have, &why), INTAKE_HOLD);
}

static void
another_edges_credential_makes_the_edge_hold(void **state)
{
	static const struct intake_self have = {"me", "E", 10, false, false}, nothing = {"me", "E", 10, true, false};
	struct fixture *f = *state;
	const char *why;

	for (int full = 0; full <= 1; full++) {
		begin(f, "E", 12, full);
		F_SET_TEXT(f->d.edge, "another");
		assert_int_equal(decide(f, &have, &why), INTAKE_HOLD);
		assert_non_null(strstr(why, "another edge"));
		F_SET_TEXT(f->d.confirm_epoch, "E");
		F_SET_INT(f->d.confirm_revision, 10);
		assert_int_equal(decide(f, &have, &why), full ? INTAKE_SNAPSHOT : INTAKE_ANEW);
		F_SET_NULL(f->d.confirm_epoch);
		F_SET_TEXT(f->d.edge, "me");
		assert_int_equal(decide(f, &have, &why), full ? INTAKE_SNAPSHOT : INTAKE_CHANGES);
	}
	F_SET_TEXT(f->d.edge, "another");
	assert_int_equal(decide(f, &nothing, &why), INTAKE_SNAPSHOT);
}

static void
a_newer_protocol_makes_the_edge_hold(void **state)
{
	static const struct intake_self have = {"me", "E", 10, false, false};
	struct fixture *f = *state;
	const char *why;

	begin(f, "E", 11, true);
	F_SET_INT(f->d.version, WIRE_VERSION + 1);
	assert_int_equal(decide(f, &have, &why), INTAKE_HOLD);
	assert_non_null(strstr(why, "version"));
}

/* As the parts of one answer bring it: what changed while they came is there once more, and later. */
static void
of_one_key_twice_the_newest_counts(void **state)
{
	struct fixture *f = *state;

	begin(f, "E", 9, true);
	put(f, "addr/a", "addr", 5, BODY_ADDR);
	put(f, "bgp/b", "bgp", 6, BODY_BGP);
	put(f, "addr/c", "addr", 7, NULL);
	put(f, "addr/a", "addr", 8, NULL);
	put(f, "addr/c", "addr", 9, BODY_ADDR);
	take_and_save(f);
	assert_int_equal(state_count(f->state), 3);
	assert_true(state_find(f->state, "addr/a")->want->deleted);
	assert_false(state_find(f->state, "addr/c")->want->deleted);
	assert_int_equal(state_find(f->state, "addr/c")->revision, 9);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_new_edge_does_not_know_what_should_be_here),
	    TEST(what_was_saved_is_there_after_a_restart_with_its_password),
	    TEST(two_cannot_have_one_folder),
	    TEST(no_secret_is_on_disk_and_nobody_else_may_read),
	    TEST(every_single_damaged_byte_is_noticed),
	    TEST(another_key_opens_nothing_and_the_set_counts_as_lost),
	    TEST(a_half_written_new_file_is_not_looked_at),
	    TEST(a_tombstone_keeps_what_it_was_until_it_is_reported_gone),
	    TEST(what_a_snapshot_does_not_name_becomes_a_tombstone),
	    TEST(an_object_that_comes_again_unchanged_keeps_what_is_known_of_it),
	    TEST(the_same_revision_of_another_database_is_taken_again),
	    TEST(an_object_that_comes_back_after_its_tombstone_is_wanted),
	    TEST(one_key_twice_counts_once_and_unknown_kinds_stay_without_a_body_on_disk),
	    TEST(of_one_key_twice_the_newest_counts),
	    TEST(which_answers_are_taken),
	    TEST(the_operators_word_counts_for_exactly_what_is_here),
	    TEST(another_edges_credential_makes_the_edge_hold),
	    TEST(a_newer_protocol_makes_the_edge_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

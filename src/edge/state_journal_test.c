/* SPDX-License-Identifier: ISC */
/* What changed of the desired set, on disk: one record each, whole or not there, whenever the writer dies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "edge/state.h"

#define OBJECTS 12

struct fixture {
	char dir[64];
	struct arena *arena;
	struct state *state;
};

static const char *
path_of(struct fixture *f, const char *name)
{
	return arena_printf(f->arena, "%s/%s", f->dir, name);
}

static void
reopen(struct fixture *f)
{
	struct dc_error err = {0};

	f->state = state_close(f->state);
	assert_int_equal(state_open(f->dir, &f->state, &err), DC_OK);
}

static void
put_addr(struct fixture *f, struct wire_object *o, size_t n, int64_t revision)
{
	F_SET_TEXT(o->key, arena_printf(f->arena, "addr/%04zu", n));
	F_SET_TEXT(o->kind, "addr");
	F_SET_INT(o->revision, revision);
	F_SET_BOOL(o->deleted, false);
	F_SET_TEXT(o->body, arena_printf(f->arena, "{\"link\":\"vlan/a\",\"prefix\":\"192.0.2.%lld/30\"}",
				(long long)(revision % 200)));
}

static void
take(struct state *state, int64_t revision, bool full, struct wire_object *objects, size_t n)
{
	struct wire_desired d = {.objects = {GIVEN, n, objects}};

	F_SET_TEXT(d.edge, "me");
	F_SET_TEXT(d.epoch, "E");
	F_SET_INT(d.revision, revision);
	F_SET_BOOL(d.full, full);
	state_take(state, &d);
}

/* One object more, or one that differs. */
static void
change(struct fixture *f, size_t n, int64_t revision)
{
	struct wire_object o = {0};

	put_addr(f, &o, n, revision);
	take(f->state, revision, false, &o, 1);
}

static void
save(struct fixture *f)
{
	struct dc_error err = {0};

	assert_int_equal(state_save(f->state, &err), DC_OK);
}

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct wire_object objects[OBJECTS] = {0};

	assert_non_null(f);
	log_init("test", LOG_EMERG);
	strlcpy(f->dir, "/tmp/dcaas-journal-XXXXXX", sizeof(f->dir));
	assert_non_null(mkdtemp(f->dir));
	strlcat(f->dir, "/state", sizeof(f->dir));
	f->arena = arena_new();
	reopen(f);
	for (size_t i = 0; i < OBJECTS; i++)
		put_addr(f, &objects[i], i, 100);
	take(f->state, 100, true, objects, OBJECTS);
	save(f);
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
		unlink(path_of(f, names[i]));
	rmdir(f->dir);
	*strrchr(f->dir, '/') = '\0';
	rmdir(f->dir);
	arena_free(f->arena);
	free(f);
	return 0;
}

static size_t
read_file(struct fixture *f, const char *name, char **text)
{
	FILE *file = fopen(path_of(f, name), "re");
	size_t n;

	*text = arena_alloc(f->arena, 1 << 20);
	if (file == NULL)
		return 0;
	n = fread(*text, 1, 1 << 20, file);
	fclose(file);
	return n;
}

static void
write_file(struct fixture *f, const char *name, const char *text, size_t n)
{
	FILE *file = fopen(path_of(f, name), "we");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, n, file), n);
	fclose(file);
}

/* The set is known, and is one of the two that it may be. */
static void
assert_before_or_after(struct fixture *f, int64_t before, int64_t after)
{
	int64_t revision = state_revision(f->state);
	const struct edge_object *o = state_find(f->state, "addr/0003");

	assert_null(state_lost(f->state));
	assert_true(revision == before || revision == after);
	assert_int_equal(state_count(f->state), OBJECTS);
	assert_non_null(o);
	assert_int_equal(o->revision, revision);
}

static void
a_change_is_added_to_the_journal_and_the_whole_stays_as_it_is(void **state)
{
	struct fixture *f = *state;
	char *whole, *again;
	size_t n = read_file(f, "desired", &whole);

	for (int64_t revision = 101; revision < 120; revision++) {
		change(f, 3, revision);
		save(f);
	}
	change(f, OBJECTS, 120);
	save(f);
	assert_int_equal(read_file(f, "desired", &again), n);
	assert_memory_equal(whole, again, n);
	reopen(f);
	assert_null(state_lost(f->state));
	assert_int_equal(state_revision(f->state), 120);
	assert_int_equal(state_count(f->state), OBJECTS + 1);
	assert_int_equal(state_find(f->state, "addr/0003")->revision, 119);
	change(f, 4, 121);
	save(f);
	reopen(f);
	assert_int_equal(state_find(f->state, "addr/0004")->revision, 121);
}

static void
a_journal_that_outgrows_the_set_is_taken_into_it(void **state)
{
	struct fixture *f = *state;
	struct stat st;
	off_t most = 0;

	for (int64_t revision = 101; revision < 1800; revision++) {
		change(f, 3, revision);
		save(f);
		if (stat(path_of(f, "journal"), &st) == 0 && st.st_size > most)
			most = st.st_size;
	}
	assert_in_range(most, 200000, 400000);
	assert_int_equal(stat(path_of(f, "journal"), &st), 0);
	assert_true(st.st_size < most);
	reopen(f);
	assert_int_equal(state_revision(f->state), 1799);
	assert_int_equal(state_find(f->state, "addr/0003")->revision, 1799);
}

/* Saves in a process that dies when it writes the byte `limit` of a file. */
static void
save_and_die(struct fixture *f, size_t limit, size_t n, int64_t revision)
{
	pid_t child;
	int status;

	f->state = state_close(f->state);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct rlimit small = {limit, limit}, none = {0, 0};
		struct dc_error err = {0};

		setrlimit(RLIMIT_CORE, &none);
		if (state_open(f->dir, &f->state, &err) != DC_OK)
			_exit(2);
		change(f, n, revision);
		if (setrlimit(RLIMIT_FSIZE, &small) != 0)
			_exit(2);
		_exit(state_save(f->state, &err) == DC_OK ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGXFSZ : WEXITSTATUS(status) == 0);
	reopen(f);
}

static void
a_writer_that_dies_at_any_byte_leaves_the_set_as_before_or_after(void **state)
{
	struct fixture *f = *state;
	int64_t revision = 100;

	signal(SIGXFSZ, SIG_DFL);
	for (size_t limit = 0; limit < 2500; limit += 37) {
		save_and_die(f, limit, 3, revision + 1);
		assert_before_or_after(f, revision, revision + 1);
		revision = state_revision(f->state);
	}
	assert_true(revision > 100); /* some went through */
	/* And later changes continue from there. */
	change(f, 3, revision + 1);
	save(f);
	reopen(f);
	assert_int_equal(state_revision(f->state), revision + 1);
}

static void
a_tail_that_is_cut_is_dropped_and_the_next_change_stands_in_its_place(void **state)
{
	struct fixture *f = *state;
	size_t first, all;
	struct stat st;
	char *text;

	change(f, 3, 101);
	save(f);
	assert_int_equal(stat(path_of(f, "journal"), &st), 0);
	first = (size_t)st.st_size;
	change(f, 3, 102);
	save(f);
	all = read_file(f, "journal", &text);
	for (size_t n = first; n < all; n += 11) {
		write_file(f, "journal", text, n);
		reopen(f);
		assert_before_or_after(f, 101, 101);
	}
	/* Its length was written, and of its content only room. */
	memset(text + first + 100, 0, all - first - 100);
	write_file(f, "journal", text, all);
	reopen(f);
	assert_before_or_after(f, 101, 101);
	change(f, 3, 103);
	save(f);
	reopen(f);
	assert_before_or_after(f, 103, 103);
}

static void
damage_before_the_end_means_that_the_set_is_not_known(void **state)
{
	struct fixture *f = *state;
	char *text;
	size_t n;

	for (int64_t revision = 101; revision < 104; revision++) {
		change(f, 3, revision);
		save(f);
	}
	n = read_file(f, "journal", &text);
	text[200] ^= 1;
	write_file(f, "journal", text, n);
	reopen(f);
	assert_non_null(state_lost(f->state));
	assert_non_null(strstr(state_lost(f->state), "damaged"));
	assert_int_equal(state_count(f->state), 0);
	assert_true(state_is_empty(f->state));
}

static void
a_journal_of_an_earlier_set_is_not_replayed(void **state)
{
	struct fixture *f = *state;
	struct wire_object objects[OBJECTS] = {0};
	char *text;
	size_t n;

	change(f, 3, 101);
	save(f);
	n = read_file(f, "journal", &text);
	for (size_t i = 0; i < OBJECTS; i++)
		put_addr(f, &objects[i], i, 150);
	take(f->state, 150, true, objects, OBJECTS);
	save(f);
	write_file(f, "journal", text, n); /* as if the writer had died right after the whole */
	reopen(f);
	assert_before_or_after(f, 150, 150);
	change(f, 3, 151);
	save(f);
	reopen(f);
	assert_before_or_after(f, 151, 151);
}

static void
a_journal_of_another_version_is_refused_in_words(void **state)
{
	struct fixture *f = *state;

	write_file(f, "journal", "dcaas-edge-journal 2 x\n", 23);
	reopen(f);
	assert_non_null(state_lost(f->state));
	assert_non_null(strstr(state_lost(f->state), "version"));
}

static void
a_full_disk_loses_nothing_and_the_change_is_saved_when_there_is_room(void **state)
{
	struct fixture *f = *state;
	struct rlimit old, small;
	struct dc_error err = {0};
	struct stat st;
	off_t before;

	change(f, 3, 101);
	save(f);
	assert_int_equal(stat(path_of(f, "journal"), &st), 0);
	before = st.st_size;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = (struct rlimit){(rlim_t)before + 20, old.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	change(f, 3, 102);
	assert_int_equal(state_save(f->state, &err), DC_E_IO);
	assert_false(state_is_saved(f->state));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(stat(path_of(f, "journal"), &st), 0);
	assert_int_equal(st.st_size, before);
	save(f);
	reopen(f);
	assert_before_or_after(f, 102, 102);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_change_is_added_to_the_journal_and_the_whole_stays_as_it_is),
	    TEST(a_journal_that_outgrows_the_set_is_taken_into_it),
	    TEST(a_writer_that_dies_at_any_byte_leaves_the_set_as_before_or_after),
	    TEST(a_tail_that_is_cut_is_dropped_and_the_next_change_stands_in_its_place),
	    TEST(damage_before_the_end_means_that_the_set_is_not_known),
	    TEST(a_journal_of_an_earlier_set_is_not_replayed),
	    TEST(a_journal_of_another_version_is_refused_in_words),
	    TEST(a_full_disk_loses_nothing_and_the_change_is_saved_when_there_is_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/* What goes up: everything first, then what changed; and nothing counts as reported before dcaasd has accepted it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "edge/filter/program.h"
#include "edge/report.h"

#define BODY_ADDR "{\"link\":\"vlan/a\",\"prefix\":\"192.0.2.1/30\"}"
#define BODY_BGP                                                                                                       \
	"{\"vrf\":\"vrf/a\",\"link\":\"vlan/a\",\"name\":\"p1_4\",\"local\":\"192.0.2.1\",\"remote\":\"192.0.2.2\","   \
	"\"local_asn\":64512,\"remote_asn\":65001,\"password\":\"a-word\"}"

struct fixture {
	char dir[64];
	struct arena *arena;
	struct state *state;
	struct report *report;
	struct item_port port;
	struct report_ports seen;
	struct wire_report *said; /* the last one, decoded as dcaasd does */
};

static void
put(struct wire_object *o, const char *key, const char *kind, int64_t revision, const char *body)
{
	F_SET_TEXT(o->key, key);
	F_SET_TEXT(o->kind, kind);
	F_SET_INT(o->revision, revision);
	F_SET_BOOL(o->deleted, body == NULL);
	F_SET_TEXT(o->body, body);
}

static void
take(struct fixture *f, int64_t revision, bool full, struct wire_object *objects, size_t n)
{
	struct wire_desired d = {.objects = {GIVEN, n, objects}};

	F_SET_TEXT(d.epoch, "E");
	F_SET_INT(d.revision, revision);
	F_SET_BOOL(d.full, full);
	state_take(f->state, &d);
}

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct wire_object objects[2] = {0};
	struct dc_error err;

	assert_non_null(f);
	log_init("test", LOG_EMERG);
	strlcpy(f->dir, "/tmp/dcaas-report-XXXXXX", sizeof(f->dir));
	assert_non_null(mkdtemp(f->dir));
	assert_int_equal(state_open(f->dir, &f->state, &err), DC_OK);
	f->arena = arena_new();
	f->report = report_new("sim");
	strlcpy(f->port.device, "eth0", sizeof(f->port.device));
	f->port.carrier = 1;
	f->seen = (struct report_ports){.port = &f->port, .port_count = 1};
	put(&objects[0], "addr/a", "addr", 5, BODY_ADDR);
	put(&objects[1], "bgp/b", "bgp", 6, BODY_BGP);
	take(f, 6, true, objects, 2);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	unlink(arena_printf(f->arena, "%s/key", f->dir));
	unlink(arena_printf(f->arena, "%s/lock", f->dir));
	rmdir(f->dir);
	report_free(f->report);
	state_close(f->state);
	arena_free(f->arena);
	free(f);
	return 0;
}

static struct edge_object *
object(struct fixture *f, const char *key)
{
	struct edge_object *o = state_find(f->state, key);

	assert_non_null(o);
	state_note(f->state, o); /* a caller that asks for it changes it */
	return o;
}

/* One report, which is small enough for one part. */
static const char *
say(struct fixture *f, bool minor, bool ports)
{
	const struct buf *out;
	struct dc_error err = {0};
	const char *text;
	json_t *json;
	void *row;

	report_build(f->report, f->state, &f->seen, minor, ports);
	out = report_next(f->report);
	assert_non_null(out);
	assert_int_equal(field_parse(buf_str(out), out->len, &json, &err), DC_OK);
	if (field_decode(&wire_report_table, VIEW_WIRE, json, "", f->arena, &row, &err) != DC_OK)
		fail_msg("%s", err.text);
	json_decref(json);
	f->said = row;
	text = arena_strdup(f->arena, buf_str(out));
	assert_int_equal(f->said->part.v, 1);
	assert_true(f->said->last.v);
	assert_null(report_next(f->report));
	return text;
}

/* What was reported of an object; nothing: an empty row. */
static struct wire_object_state
said_of(struct fixture *f, const char *key)
{
	const struct wire_object_state *s = f->said->objects.v;

	for (size_t i = 0; i < f->said->objects.n; i++)
		if (strcmp(s[i].key.v, key) == 0)
			return s[i];
	return (struct wire_object_state){.state.v = "nothing", .error.v = "nothing", .revision.v = -1};
}

static void
session(struct fixture *f, bool established, int64_t received)
{
	struct session *s = &object(f, "bgp/b")->session;

	s->seen = true;
	s->established = established;
	s->received = received;
	strlcpy(s->state, established ? "Established" : "Connect", sizeof(s->state));
}

static bool
is_silent(struct fixture *f)
{
	struct report_need need = report_need(f->report, f->state, &f->seen);

	return !need.major && need.minor == 0;
}

/* Everything is reported and accepted. */
static void
settle(struct fixture *f)
{
	status_set(&object(f, "addr/a")->now, STATUS_APPLIED, NULL);
	status_set(&object(f, "bgp/b")->now, STATUS_APPLIED, NULL);
	session(f, true, 3);
	say(f, true, true);
	report_done(f->report, true);
	assert_true(is_silent(f));
}

static void
the_first_report_is_whole_and_the_next_is_empty(void **state)
{
	struct fixture *f = *state;

	assert_true(report_need(f->report, f->state, &f->seen).major);
	session(f, true, 3);
	say(f, false, false);
	assert_true(f->said->full.v);
	assert_int_equal(f->said->sequence.v, 1);
	assert_string_equal(f->said->fabric.v, "sim");
	assert_string_equal(f->said->epoch.v, "E");
	assert_int_equal(f->said->revision.v, 6);
	assert_int_equal(f->said->objects.n, 2);
	assert_int_equal(f->said->sessions.n, 1);
	assert_int_equal(f->said->ports.n, 1);
	report_done(f->report, true);
	assert_true(is_silent(f));
	say(f, false, false);
	assert_false(f->said->full.v);
	assert_int_equal(f->said->sequence.v, 2);
	assert_int_equal(f->said->objects.n, 0);
	assert_int_equal(f->said->sessions.n, 0);
	assert_int_not_equal(f->said->ports.set, GIVEN); /* none named is not "there are none" */
}

static void
no_password_goes_up(void **state)
{
	struct fixture *f = *state;

	session(f, true, 3);
	assert_null(strstr(say(f, true, true), "a-word"));
}

static void
only_what_changed_is_reported(void **state)
{
	struct fixture *f = *state;

	settle(f);
	status_set(&object(f, "addr/a")->now, STATUS_ERROR, "No such device");
	assert_true(report_need(f->report, f->state, &f->seen).major);
	say(f, false, false);
	assert_int_equal(f->said->objects.n, 1);
	assert_string_equal(said_of(f, "addr/a").state.v, "error");
	assert_string_equal(said_of(f, "addr/a").error.v, "No such device");
	assert_int_equal(said_of(f, "addr/a").revision.v, 5);
	assert_int_equal(f->said->sessions.n, 0);
}

static void
routes_are_news_at_once_and_words_of_a_session_wait(void **state)
{
	struct fixture *f = *state;
	struct session *s = &object(f, "bgp/b")->session;

	settle(f);
	strlcpy(s->last_error, "some words", sizeof(s->last_error));
	object(f, "bgp/b");
	assert_false(report_need(f->report, f->state, &f->seen).major);
	assert_int_equal(report_need(f->report, f->state, &f->seen).minor, 1);
	say(f, false, false);
	assert_int_equal(f->said->sessions.n, 0);
	report_done(f->report, true);
	say(f, true, false);
	assert_int_equal(f->said->sessions.n, 1);
	report_done(f->report, true);
	session(f, true, 4);
	assert_true(report_need(f->report, f->state, &f->seen).major);
	say(f, false, false);
	assert_int_equal(f->said->sessions.n, 1);
	assert_int_equal(((struct wire_session *)f->said->sessions.v)->received.v, 4);
}

/* They are counted for a whole instance: each step would make news of all its sessions. */
static void
refused_segments_are_news_when_they_have_doubled(void **state)
{
	struct fixture *f = *state;
	struct session *s = &object(f, "bgp/b")->session;
	unsigned news = 0;

	settle(f);
	for (s->md5_not_found = 1; s->md5_not_found <= 1000; s->md5_not_found++) {
		object(f, "bgp/b");
		if (report_need(f->report, f->state, &f->seen).minor == 0)
			continue;
		news++;
		say(f, true, false);
		report_done(f->report, true);
	}
	assert_int_equal(news, 9); /* 1, 3, 7, ... 511 */
}

static void
what_a_filter_dropped_is_reported_by_reason_and_waits(void **state)
{
	struct fixture *f = *state;
	struct status *s = &object(f, "addr/a")->now;

	settle(f);
	s->drops[FILTER_OURS] = 3;
	s->drops[FILTER_UNSIGNED] = 7;
	object(f, "addr/a");
	assert_false(report_need(f->report, f->state, &f->seen).major);
	assert_int_equal(report_need(f->report, f->state, &f->seen).minor, 1);
	say(f, false, false);
	assert_int_equal(f->said->objects.n, 0);
	report_done(f->report, true);
	say(f, true, false);
	assert_string_equal(said_of(f, "addr/a").detail.v, "{\"dropped\":{\"ours\":3,\"unsigned\":7}}");
	report_done(f->report, true);
	assert_true(is_silent(f));
}

static void
a_lost_report_makes_the_next_one_whole(void **state)
{
	struct fixture *f = *state;

	settle(f);
	status_set(&object(f, "addr/a")->now, STATUS_ERROR, "x");
	say(f, false, false);
	report_done(f->report, false);
	assert_true(report_need(f->report, f->state, &f->seen).major);
	say(f, false, false);
	assert_true(f->said->full.v);
	assert_int_equal(f->said->objects.n, 2);
}

static void
records_are_kept_until_they_are_taken(void **state)
{
	struct fixture *f = *state;
	struct apply_record r = {.revision = 6, .steps = 4, .ms = 7, .shortest_uptime = -1};
	struct wire_apply *a;

	settle(f);
	report_add_record(f->report, &r);
	assert_true(report_need(f->report, f->state, &f->seen).major);
	say(f, false, false);
	report_done(f->report, false);
	say(f, false, false);
	assert_int_equal(f->said->applies.n, 1);
	a = f->said->applies.v;
	assert_int_equal(a->steps.v, 4);
	assert_int_equal(a->watched.v, 0);
	assert_int_not_equal(a->shortest_uptime.set, GIVEN);
	report_add_record(f->report, &r); /* while that one is on its way */
	report_done(f->report, true);
	say(f, false, false);
	assert_int_equal(f->said->applies.n, 1);
	report_done(f->report, true);
	assert_true(is_silent(f));
}

static void
holding_is_reported_whole_and_revisions_of_another_history_mean_nothing(void **state)
{
	struct fixture *f = *state;

	settle(f);
	report_set_held(f->report, "another database");
	say(f, false, false);
	assert_true(f->said->full.v && f->said->held.v);
	assert_string_equal(f->said->held_reason.v, "another database");
	assert_int_equal(said_of(f, "addr/a").revision.v, 0);
	report_done(f->report, true);
	report_set_held(f->report, "another database");
	assert_true(is_silent(f));
	report_set_held(f->report, NULL);
	say(f, false, false);
	assert_true(f->said->full.v);
	assert_false(f->said->held.v);
	assert_int_equal(said_of(f, "addr/a").revision.v, 5);
}

static void
a_changed_port_is_reported_with_all_ports(void **state)
{
	struct fixture *f = *state;

	settle(f);
	f->port.carrier = 0;
	assert_true(report_need(f->report, f->state, &f->seen).major);
	say(f, false, false);
	assert_int_equal(f->said->ports.n, 1);
	assert_false(((struct wire_port *)f->said->ports.v)->carrier.v);
}

static void
a_new_wish_is_pending_by_itself_and_a_tombstone_is_reported_and_then_forgotten(void **state)
{
	struct fixture *f = *state;
	struct wire_object w = {0};

	settle(f);
	put(&w, "addr/a", "addr", 7, BODY_ADDR);
	take(f, 7, false, &w, 1);
	assert_true(is_silent(f)); /* dcaasd takes it for pending */
	w = (struct wire_object){0};
	put(&w, "addr/a", "addr", 8, NULL);
	take(f, 8, false, &w, 1);
	status_set(&object(f, "addr/a")->now, STATUS_REMOVED, NULL);
	say(f, false, false);
	assert_string_equal(said_of(f, "addr/a").state.v, "removed");
	assert_int_equal(said_of(f, "addr/a").revision.v, 8);
	report_done(f->report, true);
	state_forget_told(f->state);
	assert_null(state_find(f->state, "addr/a"));
}

#define MANY 700
#define PART_BYTES_MOST ((size_t)256 << 10)

static struct wire_report *
decode(struct fixture *f, const struct buf *text)
{
	struct dc_error err = {0};
	json_t *json;
	void *row;

	assert_int_equal(field_parse(buf_str(text), text->len, &json, &err), DC_OK);
	if (field_decode(&wire_report_table, VIEW_WIRE, json, "", f->arena, &row, &err) != DC_OK)
		fail_msg("%s", err.text);
	json_decref(json);
	return row;
}

/* Interfaces whose keys are far from those of what stands on them, all in error with long words. */
static void
take_many(struct fixture *f)
{
	struct wire_object *o = arena_array(f->arena, 2 * MANY, sizeof(*o));
	char words[4000];

	memset(words, '"', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	for (int i = 0; i < MANY; i++) {
		put(&o[2 * i], arena_printf(f->arena, "vlan/%d", i), "vlan", 7,
		    arena_printf(f->arena,
			"{\"vrf\":\"vrf/a\",\"device\":\"dcv%d\",\"mark\":\"00000000-0000-0000-0000-%012d\","
			"\"port\":\"eth0\",\"vlan\":1,\"use\":\"customer\"}",
			i + 1, i));
		put(&o[2 * i + 1], arena_printf(f->arena, "addr/%d", MANY - i), "addr", 7,
		    arena_printf(f->arena, "{\"link\":\"vlan/%d\",\"prefix\":\"192.0.2.1/30\"}", i));
	}
	take(f, 7, true, o, (size_t)2 * MANY);
	for (int i = 0; i < 2 * MANY; i++)
		status_set(&object(f, o[i].key.v)->now, STATUS_ERROR, words);
}

static void
a_long_report_comes_in_parts_of_bounded_size(void **state)
{
	struct fixture *f = *state;
	const struct wire_report *part = NULL;
	const struct buf *text;
	size_t objects = 0;
	int64_t n = 0;

	take_many(f);
	report_build(f->report, f->state, &f->seen, true, true);
	while ((text = report_next(f->report)) != NULL) {
		assert_false(text->failed);
		assert_in_range(text->len, 1, PART_BYTES_MOST);
		assert_true(part == NULL || !part->last.v);
		part = decode(f, text);
		assert_int_equal(part->part.v, ++n);
		assert_int_equal(part->sequence.v, 1);
		assert_true(part->full.v);
		assert_int_equal(part->ports.set == GIVEN, n == 1);
		assert_in_range(part->objects.n, 1, WIRE_PART_OBJECTS);
		objects += part->objects.n;
	}
	assert_true(part != NULL && part->last.v && n > 1);
	/* Two of an earlier set are tombstones now. */
	assert_int_equal(objects, 2 * MANY + 2);
	report_done(f->report, true);
	assert_true(is_silent(f));
}

static void
a_lost_part_makes_the_next_report_whole(void **state)
{
	struct fixture *f = *state;

	take_many(f);
	report_build(f->report, f->state, &f->seen, true, true);
	assert_non_null(report_next(f->report));
	assert_non_null(report_next(f->report));
	report_done(f->report, false);
	assert_null(report_next(f->report));
	report_build(f->report, f->state, &f->seen, true, true);
	assert_true(decode(f, report_next(f->report))->full.v);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_first_report_is_whole_and_the_next_is_empty),
	    TEST(no_password_goes_up),
	    TEST(only_what_changed_is_reported),
	    TEST(routes_are_news_at_once_and_words_of_a_session_wait),
	    TEST(refused_segments_are_news_when_they_have_doubled),
	    TEST(what_a_filter_dropped_is_reported_by_reason_and_waits),
	    TEST(a_lost_report_makes_the_next_one_whole),
	    TEST(records_are_kept_until_they_are_taken),
	    TEST(holding_is_reported_whole_and_revisions_of_another_history_mean_nothing),
	    TEST(a_changed_port_is_reported_with_all_ports),
	    TEST(a_long_report_comes_in_parts_of_bounded_size),
	    TEST(a_lost_part_makes_the_next_report_whole),
	    TEST(a_new_wish_is_pending_by_itself_and_a_tombstone_is_reported_and_then_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

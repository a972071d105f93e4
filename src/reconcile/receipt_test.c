/* SPDX-License-Identifier: ISC */
/* How old an edge's report is, with any change of the time of day. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "reconcile/edge.h"

#define DAY_MS INT64_C(86400000)

static struct edge_report
row_of(const char *id, utc_ms received)
{
	struct edge_report row = {0};

	F_SET_TEXT(row.id, id);
	F_SET_INT(row.report_interval, 1);
	if (received != 0)
		F_SET_INT(row.received_time, received);
	return row;
}

static void
wait_ms(long ms)
{
	const struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

static void
never_heard_of(void **state)
{
	struct edge_report row = row_of("never", 0);

	(void)state;
	assert_int_equal(edge_age(&row, utc_now()), -1);
	assert_true(edge_is_silent(&row, utc_now()));
}

static void
a_clock_set_back_or_forward_changes_no_age(void **state)
{
	utc_ms now = utc_now();
	struct edge_report row = row_of("edge", now);

	(void)state;
	edge_heard("edge", now);
	for (int64_t day = -1; day <= 1; day++) {
		int64_t age = edge_age(&row, now + day * DAY_MS);

		assert_in_range(age, 0, 60000);
		assert_false(edge_is_silent(&row, now + day * DAY_MS) && age <= 3000);
	}
	wait_ms(20);
	assert_true(edge_age(&row, now - DAY_MS) >= 20);
}

static void
of_an_edge_that_this_process_did_not_hear_the_time_of_day_counts(void **state)
{
	utc_ms now = utc_now();
	struct edge_report row = row_of("other", now - 5000);

	(void)state;
	assert_true(edge_age(&row, now) >= 5000);
	assert_true(edge_is_silent(&row, now));
}

/* It reports to another process over the same database now. */
static void
an_edge_that_another_process_hears_is_as_old_as_its_row(void **state)
{
	utc_ms now = utc_now();
	struct edge_report row = row_of("moved", now - 60000);

	(void)state;
	edge_heard("moved", now - 60000);
	assert_in_range(edge_age(&row, now), 0, 3000);
	wait_ms(1000);
	row = row_of("moved", now);
	assert_in_range(edge_age(&row, now), 0, 999); /* not since this process began to look */
	assert_false(edge_is_silent(&row, now));
	assert_true(edge_age(&row, now + 2000) >= 2000);
}

/* Heard of in what is the future now, and not since: its silence is as long as we look. */
static void
of_a_time_to_come_the_age_grows_from_when_we_looked_first(void **state)
{
	utc_ms now = utc_now();
	struct edge_report row = row_of("future", now + DAY_MS);
	int64_t first = edge_age(&row, now);

	(void)state;
	assert_true(first >= 0);
	wait_ms(20);
	assert_true(edge_age(&row, now) >= first + 20);
}

/* A reader of the row sees it as it was while the next report is being folded. */
static void
while_the_next_report_is_taken_the_edge_is_not_silent(void **state)
{
	utc_ms now = utc_now();
	struct edge_report row = row_of("busy", now - DAY_MS);

	(void)state;
	edge_heard("busy", now - DAY_MS); /* by a clock that was a day behind */
	edge_heard("busy", now);
	assert_in_range(edge_age(&row, now), 0, 3000);
	assert_false(edge_is_silent(&row, now));
}

/* The job that took the report was rolled back: its time is not the row's. */
static void
a_receipt_that_did_not_stay_does_not_count(void **state)
{
	utc_ms now = utc_now();
	struct edge_report row = row_of("rolled back", now - 5000);

	(void)state;
	edge_heard("rolled back", now);
	assert_true(edge_age(&row, now) >= 5000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(never_heard_of),
	    cmocka_unit_test(a_clock_set_back_or_forward_changes_no_age),
	    cmocka_unit_test(of_an_edge_that_this_process_did_not_hear_the_time_of_day_counts),
	    cmocka_unit_test(an_edge_that_another_process_hears_is_as_old_as_its_row),
	    cmocka_unit_test(while_the_next_report_is_taken_the_edge_is_not_silent),
	    cmocka_unit_test(of_a_time_to_come_the_age_grows_from_when_we_looked_first),
	    cmocka_unit_test(a_receipt_that_did_not_stay_does_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

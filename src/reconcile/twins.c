/* SPDX-License-Identifier: ISC */
/* twins.c - one credential on two routers: which of two processes speaks for the edge.
 *
 * A restart looks like this: a new boot speaks, the old one never again. Two processes look like this: a new boot
 * speaks, and then the old one answers a question that it was asked after that. A report of the old one alone proves
 * nothing, it may have been on its way when its process died; so the first is asked to report everything, and only
 * a full report counts. Then the old one has its place back, and the newcomer is refused: customers' traffic runs
 * over the router that was there first, more likely than over its clone.
 *
 * Who is refused may have the place when the other one has been silent for long, or when the operator renews the
 * credential. */
#include <string.h>

#include "base/log.h"
#include "reconcile/edge.h"

#define SILENT_INTERVALS 3
#define SILENT_LEAST_MS 60000 /* a restart takes less, in all its forms */

static bool
is(const struct f_text *boot, const char *other)
{
	return boot->set == GIVEN && other != NULL && strcmp(boot->v, other) == 0;
}

/* age: -1: never */
static bool
is_recent(const struct edge_report *row, int64_t age)
{
	int64_t most = SILENT_INTERVALS * 1000 * row->report_interval.v;

	return age >= 0 && age < (most > SILENT_LEAST_MS ? most : SILENT_LEAST_MS);
}

bool
twin_is_refused(const struct edge_report *row, const char *boot, utc_ms now)
{
	return is(&row->refused_boot, boot) && is_recent(row, edge_age(row, now));
}

bool
twin_is_heard(const struct edge_report *row, utc_ms now)
{
	return row->refused_boot.set == GIVEN && row->refused_time.set == GIVEN &&
	       is_recent(row, now - row->refused_time.v);
}

static enum dc_code
keep(struct tx *tx, const struct edge_report *row, struct dc_error *err)
{
	static const char *const columns[] = {"former_boot", "former_asked", "refused_boot", "refused_time", NULL};

	return query_set(tx, &edge_report_table, columns, row, Q(Q_EQ("id", row->id.v)), NULL, err);
}

static enum dc_code
refuse(struct tx *tx, struct edge_report *row, enum edge_answer *ret, struct dc_error *err)
{
	*ret = twin_is_heard(row, tx_now(tx)) ? EDGE_REFUSED : EDGE_REFUSED_FIRST;
	if (*ret == EDGE_REFUSED_FIRST) {
		tx_wake_edge(tx, row->id.v); /* a poll of its may be waiting */
		dc_log(LOG_WARNING, "one credential, two routers", "edge=%s taken=%s refused=%s", row->id.v,
		    row->boot.v, row->refused_boot.v);
	}
	F_SET_INT(row->refused_time, tx_now(tx));
	return keep(tx, row, err);
}

static void
give_back(struct edge_report *row)
{
	row->refused_boot = row->boot;
	F_SET_NULL(row->refused_time);
	row->former_boot = (struct f_text){NULLED, NULL};
	F_SET_NULL(row->former_asked);
}

static void
displace(struct edge_report *row, const char *boot)
{
	row->former_boot = row->boot;
	F_SET_BOOL(row->former_asked, false);
	if (is(&row->refused_boot, boot))
		row->refused_boot = (struct f_text){NULLED, NULL};
}

enum dc_code
twin_admit(struct tx *tx, struct edge_report *row, const struct wire_report *report, enum edge_answer *ret,
    struct dc_error *err)
{
	const char *boot = report->boot.v;
	bool says_all = report->full.v && report_part(report) == 1; /* or begins to */

	*ret = EDGE_TAKEN;
	if (is(&row->boot, boot))
		return DC_OK;
	if (twin_is_refused(row, boot, tx_now(tx)))
		return refuse(tx, row, ret, err);
	if (is(&row->former_boot, boot) && !(row->former_asked.v && says_all)) {
		*ret = EDGE_RESEND;
		F_SET_BOOL(row->former_asked, true);
		return keep(tx, row, err);
	}
	if (is(&row->former_boot, boot))
		give_back(row);
	else if (says_all)
		displace(row, boot);
	else
		*ret = EDGE_RESEND;
	return DC_OK;
}

enum dc_code
edge_forget_twin(struct tx *tx, const char *edge_id, struct dc_error *err)
{
	struct edge_report none = {0};

	F_SET_TEXT(none.id, edge_id);
	none.former_boot = none.refused_boot = (struct f_text){NULLED, NULL};
	F_SET_NULL(none.former_asked);
	F_SET_NULL(none.refused_time);
	return keep(tx, &none, err);
}

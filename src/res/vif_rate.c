/* SPDX-License-Identifier: ISC */
#include "res/vif_rate.h"

#include <string.h>

#include "res/vif_peer.h"
#include "res/virtual_interface.h"
#include "store/due.h"

#define MBIT_MAX 4000000 /* more than any connection has: a rate has 32 bits for kbit/s */
#define BURST_MS 100
#define BYTES_PER_MBIT_MS 125
#define BURST_LEAST (128 << 10)
#define BURST_MOST (64 << 20)
#define NEVER_MS INT64_C(3155760000000) /* a hundred years */
#define REVIEW_MOST 64                  /* interfaces in one transaction */

static const char *const words[] = {[LIMIT_ALWAYS] = "always", [LIMIT_ORDERED] = "ordered", [LIMIT_NEVER] = "never"};

static bool
is_limited(const struct virtual_interface *v, enum limit_policy policy)
{
	return policy == LIMIT_ALWAYS || (policy == LIMIT_ORDERED && v->rate_limit.set == GIVEN && v->rate_limit.v);
}

/* A burst that is too small holds TCP far below the rate. */
static int64_t
burst_of(int64_t mbit)
{
	int64_t bytes = mbit * BYTES_PER_MBIT_MS * BURST_MS;

	return bytes < BURST_LEAST ? BURST_LEAST : bytes > BURST_MOST ? BURST_MOST : bytes;
}

const char *
vif_rate_key(struct arena *arena, const char *vif_id)
{
	return arena_printf(arena, "rate/%s", vif_id);
}

void
vif_rate_put(struct tx *tx, struct work_view *work, const struct virtual_interface *v)
{
	struct arena *arena = tx_arena(tx);
	int64_t mbit = v->bandwidth.v < MBIT_MAX ? v->bandwidth.v : MBIT_MAX;
	struct wire_rate rate = {0};

	if (!is_limited(v, res_settings_of(tx)->limit_bandwidth))
		return;
	F_SET_TEXT(rate.link, vif_vlan_key(arena, v->id.v));
	F_SET_INT(rate.ingress, mbit * 1000);
	F_SET_INT(rate.egress, mbit * 1000);
	F_SET_INT(rate.burst, burst_of(mbit));
	work_put(work, v->edge_id.v, vif_rate_key(arena, v->id.v), OBJECT_RATE, &rate, NULL);
}

bool
vif_rate_is(const struct edge_object *o)
{
	return object_kind_parse(o->kind.v) == OBJECT_RATE;
}

const char *
vif_rate_fault(const struct edge_object *object, size_t n, struct arena *arena)
{
	for (size_t i = 0; i < n; i++)
		if (vif_rate_is(&object[i]) && !object[i].deleted.v && object_is_error(&object[i]))
			return arena_printf(arena, "the bandwidth is not enforced: %s",
			    object[i].error.set == GIVEN ? object[i].error.v : object[i].state.v);
	return NULL;
}

/* --- when another rule counts --- */

/* The row's ref. "always": all were rendered by that rule; "always 01890000-...": those up to that one. */
static enum dc_code
note(struct tx *tx, const char *last, struct dc_error *err)
{
	const char *word = words[res_settings_of(tx)->limit_bandwidth];

	return last == NULL
		   ? due_set(tx, RATE_REVIEW, "", word, tx_now(tx) + NEVER_MS, err)
		   : due_set(tx, RATE_REVIEW, "", arena_printf(tx_arena(tx), "%s %s", word, last), tx_now(tx), err);
}

/* Of a walk under the present rule, the last interface; "": it has ended; NULL: there was none. */
static const char *
walked(struct tx *tx, const struct due *due)
{
	const char *word = words[res_settings_of(tx)->limit_bandwidth], *ref = due->ref.set == GIVEN ? due->ref.v : "";
	size_t len = strlen(word);

	if (strncmp(ref, word, len) != 0)
		return NULL;
	return ref[len] == '\0' ? "" : ref[len] == ' ' ? ref + len + 1 : NULL;
}

enum dc_code
vif_rate_look(struct tx *tx, void *arg, struct dc_error *err)
{
	struct query_page one = {.limit = 1, .walk = true};
	const char *last = NULL;
	void *found;
	size_t n;
	enum dc_code rc = query_get(tx, &due_table, Q(Q_EQ("id", RATE_REVIEW "/")), &found, err);

	(void)arg;
	if (rc == DC_OK)
		last = walked(tx, found);
	else if (rc != DC_E_NOT_FOUND)
		return rc;
	if (last != NULL)
		return DC_OK;
	if ((rc = query_list(tx, &virtual_interface_table, Q_ALL, &one, &found, &n, err)) != DC_OK)
		return rc;
	return n == 0 ? note(tx, NULL, err) : due_set(tx, RATE_REVIEW, "", NULL, tx_now(tx), err);
}

enum dc_code
vif_rate_review(struct tx *tx, const struct due *due, void *user, struct dc_error *err)
{
	const char *last = walked(tx, due);
	struct query_page page = {.limit = REVIEW_MOST, .after = last, .walk = true};
	const struct virtual_interface *v;
	void *rows;
	size_t n;
	enum dc_code rc;

	(void)user;
	if (last != NULL && last[0] == '\0')
		return note(tx, NULL, err);
	if ((rc = query_list(tx, &virtual_interface_table, Q_ALL, &page, &rows, &n, err)) != DC_OK)
		return rc;
	v = rows;
	for (size_t i = 0; i < n; i++)
		tx_dirty(tx, &virtual_interface_resource, v[i].id.v);
	return note(tx, n == REVIEW_MOST ? v[n - 1].id.v : NULL, err);
}

/* SPDX-License-Identifier: ISC */
/* fuzz_desired.c - what dcaasd sends to an edge: decoded, checked, planned against an empty router, rendered for the
 * routing daemon. For any input the plan holds only names and numbers of ours. */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "edge/plan.h"
#include "edge/want.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
by_key(const void *a, const void *b)
{
	return strcmp((*(const struct want *const *)a)->key, (*(const struct want *const *)b)->key);
}

/* Sorted, each key once. */
static size_t
take_wants(const struct wire_desired *desired, const struct want ***ret, struct arena *arena)
{
	const struct wire_object *o = desired->objects.v;
	const struct want **want = arena_array(arena, desired->objects.n + 1, sizeof(*want));
	size_t n = 0, unique = 0;

	for (size_t i = 0; i < desired->objects.n; i++) {
		struct want *w = arena_new_of(arena, struct want);

		w->key = o[i].key.v;
		w->kind = object_kind_parse(o[i].kind.v);
		w->deleted = o[i].deleted.set == GIVEN && o[i].deleted.v;
		if (!w->deleted && w->kind != OBJECT_UNKNOWN)
			want_decode(w, o[i].body.set == GIVEN ? o[i].body.v : NULL, arena);
		want[n++] = w;
	}
	qsort(want, n, sizeof(*want), by_key);
	for (size_t i = 0; i < n; i++)
		if (unique == 0 || strcmp(want[unique - 1]->key, want[i]->key) != 0)
			want[unique++] = want[i];
	*ret = want;
	return unique;
}

static void
is_printable(const char *text)
{
	for (; text != NULL && *text != '\0'; text++)
		if (!isprint((unsigned char)*text) || *text == '"')
			abort();
}

static void
check_routing(const struct routing_desired *r)
{
	for (size_t i = 0; i < r->vrf_count; i++)
		is_printable(r->vrf[i].device);
	for (size_t i = 0; i < r->neighbour_count; i++) {
		is_printable(r->neighbour[i].name);
		is_printable(r->neighbour[i].password);
		is_printable(r->neighbour[i].link);
	}
}

static void
plan(const struct wire_desired *desired, struct arena *arena)
{
	struct seen seen = {0};
	struct routing_desired *routing;
	const struct want **want;
	size_t n = take_wants(desired, &want, arena), instances;
	struct plan made;

	plan_make((const struct want *const *)want, n, &seen, arena, &made);
	for (size_t i = 0; i < made.steps; i++)
		if (made.step[i].op < OP_NETNS_ADD || made.step[i].op > OP_LAST ||
		    made.step[i].size < sizeof(struct op_header))
			abort();
	plan_routing((const struct want *const *)want, n, &made, NULL, 0, arena, &routing, &instances);
	for (size_t i = 0; i < instances; i++)
		check_routing(&routing[i]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct dc_error err = {0};
	json_t *json;
	void *row;

	if (field_parse((const char *)data, size, &json, &err) != DC_OK)
		return 0;
	if (field_decode(&wire_desired_table, VIEW_WIRE, json, "desired", arena, &row, &err) == DC_OK)
		plan(row, arena);
	json_decref(json);
	return 0;
}

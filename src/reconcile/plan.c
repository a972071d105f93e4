/* SPDX-License-Identifier: ISC */
/* plan.c - see plan.h. */
#include "reconcile/plan.h"

#include <string.h>

#include "reconcile/differ.h"
#include "reconcile/work.h"

static const char *
or_nothing(const struct f_text *text)
{
	return text->set == GIVEN ? text->v : "";
}

static bool
is_same(const struct f_text *a, const struct f_text *b)
{
	return strcmp(or_nothing(a), or_nothing(b)) == 0;
}

/* NULL: in the end nothing is different. */
static const char *
action_of(const struct object_change *c)
{
	bool gone = c->after->deleted.v;

	if (c->before == NULL)
		return gone ? NULL : "add";
	if (gone)
		return "remove";
	return is_same(&c->before->body, &c->after->body) && is_same(&c->before->secret, &c->after->secret) ? NULL
													    : "change";
}

static const char *
session_action(const struct object_change *c)
{
	if (c->before == NULL)
		return "start";
	if (c->after->deleted.v)
		return "stop";
	return is_same(&c->before->secret, &c->after->secret) &&
		       wire_bgp_keeps_session(or_nothing(&c->before->body), or_nothing(&c->after->body))
		   ? "keep"
		   : "restart";
}

static void
write_change(const struct object_change *c, const char *action, bool kinds, bool edges, struct json *out)
{
	const struct edge_object *o = c->after;

	jw_object_begin(out);
	jw_member_string(out, "action", action);
	if (kinds)
		jw_member_string(out, "kind", o->kind.v);
	jw_member_string(out, "key", o->key.v);
	jw_member_string(out, "owner_kind", o->owner_kind.v);
	jw_member_string(out, "owner_id", o->owner_id.v);
	if (edges)
		jw_member_string(out, "edge_id", o->edge_id.v);
	jw_object_end(out);
}

void
plan_write(struct tx *tx, bool edges, struct json *out)
{
	jw_object_begin(out);
	jw_key(out, "objects");
	jw_array_begin(out);
	for (const struct object_change *c = work_changes(tx); c != NULL; c = c->next)
		if (action_of(c) != NULL)
			write_change(c, action_of(c), true, edges, out);
	jw_array_end(out);
	jw_key(out, "sessions");
	jw_array_begin(out);
	for (const struct object_change *c = work_changes(tx); c != NULL; c = c->next)
		if (action_of(c) != NULL && strcmp(c->after->kind.v, object_kind_name(OBJECT_BGP)) == 0)
			write_change(c, session_action(c), false, edges, out);
	jw_array_end(out);
	jw_object_end(out);
}

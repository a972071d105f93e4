/* SPDX-License-Identifier: ISC */
#include "edge/question.h"

#include <stdlib.h>
#include <string.h>

#define BODY_MAX ((size_t)1 << 20)
#define WORDS_MAX 1000

struct asking {
	const struct wire_question *question;
	struct state *state;
	struct kernel *kernel;
	struct routing *routing;
	struct arena *arena;
};

/* --- how an instance is --- */

static void
count_objects(struct asking *a, uint32_t number, struct wire_instance *to)
{
	const struct unit *u = state_unit(a->state, number);
	int64_t wanted = 0, applied = 0;

	for (size_t i = 0; u != NULL && i < u->n; i++) {
		wanted += !u->object[i]->want->deleted;
		applied += !u->object[i]->want->deleted && u->object[i]->now.state == STATUS_APPLIED;
	}
	F_SET_INT(to->wanted, wanted);
	F_SET_INT(to->applied, applied);
}

static void
say_daemon(struct asking *a, uint32_t number, struct wire_instance *to)
{
	struct routing_seen seen;
	int64_t established = 0;

	if (!a->routing->ops->seen(a->routing, number, &seen))
		return;
	F_SET_TEXT(to->daemon, routing_state_name(seen.state));
	F_SET_TEXT(to->why, arena_strndup(a->arena, seen.why, WORDS_MAX));
	if (seen.age_ms >= 0)
		F_SET_INT(to->age_ms, seen.age_ms);
	for (size_t i = 0; i < seen.sessions; i++)
		established += seen.session[i].known && seen.session[i].established;
	F_SET_INT(to->sessions, (int64_t)seen.sessions);
	F_SET_INT(to->established, established);
}

static enum dc_code
say_kernel(struct asking *a, uint32_t number, struct wire_instance *to, struct dc_error *err)
{
	struct kernel_instance in;
	int64_t devices = 0;
	enum dc_code rc = a->kernel->ops->read_instance(a->kernel, number, NULL, a->arena, &in, err);

	if (rc != DC_OK)
		return rc;
	for (size_t i = 0; i < in.link_count; i++)
		devices += in.link[i].mark[0] != '\0';
	F_SET_INT(to->devices, devices);
	F_SET_INT(to->addresses, (int64_t)in.addr_count);
	F_SET_INT(to->routes, (int64_t)in.route_count);
	return DC_OK;
}

static enum dc_code
answer_instance(struct asking *a, struct buf *body, struct dc_error *err)
{
	struct json json = JSON_INIT(body);
	struct wire_instance row = {0};
	const char *why = NULL;
	uint32_t number =
	    (uint32_t)strtonum(a->question->argument.set == GIVEN ? a->question->argument.v : "", 1, 9999, &why);
	enum dc_code rc;

	if (why != NULL)
		return dc_fail(err, DC_E_PARAM, "instance", "that is no number of an instance");
	F_SET_INT(row.instance, number);
	count_objects(a, number, &row);
	say_daemon(a, number, &row);
	if ((rc = say_kernel(a, number, &row, err)) != DC_OK)
		return rc;
	field_encode(&wire_instance_table, VIEW_WIRE, &row, NULL, &json);
	return DC_OK;
}

/* --- all kinds --- */

static const struct {
	const char *kind;
	enum dc_code (*answer)(struct asking *, struct buf *body, struct dc_error *);
} kinds[] = {
    {QUESTION_INSTANCE, answer_instance},
};

static enum dc_code
answer_kind(struct asking *a, struct buf *body, struct dc_error *err)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].kind, a->question->kind.v) == 0)
			return kinds[i].answer(a, body, err);
	return dc_fail(err, DC_E_PARAM, NULL, "this edge does not know the question");
}

void
question_answer(const struct wire_question *question, struct state *state, struct kernel *kernel,
    struct routing *routing, struct arena *arena, struct wire_answer *ret)
{
	struct asking a = {question, state, kernel, routing, arena};
	_cleanup_buf_ struct buf body = BUF_INIT(BODY_MAX);
	struct dc_error err = {0};

	*ret = (struct wire_answer){.id = question->id};
	if (answer_kind(&a, &body, &err) != DC_OK)
		F_SET_TEXT(ret->error, arena_strndup(arena, err.text, WORDS_MAX));
	else
		F_SET_TEXT(ret->body, arena_strdup(arena, buf_str(&body)));
}

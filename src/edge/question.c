/* SPDX-License-Identifier: ISC */
#include "edge/question.h"

#include <stdlib.h>
#include <string.h>

#define BODY_MAX ((size_t)1 << 20)
#define WORDS_MAX 1000

struct asking { /* one question; its arena lives until it is answered */
	struct asking *next;
	struct questions *all;
	struct arena *arena;
	const char *id, *argument;
	struct probe *probe; /* line: it is being looked at */
	size_t limit;        /* routes: of the page */
	struct ip_prefix after;
};

struct questions {
	struct event_base *base;
	struct state *state;
	struct kernel *kernel;
	struct routing *routing;
	questions_answered *answered;
	void *arg;
	struct asking *first;
};

static void
asking_free(struct asking *a)
{
	struct asking **at = &a->all->first;

	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	probe_free(a->probe);
	arena_free(a->arena);
	free(a);
}

static void
end_with(struct asking *a, const struct buf *body, const char *error)
{
	struct wire_answer answer = {.id = {GIVEN, a->id}};

	if (error == NULL && body->failed)
		error = "the answer is too long";
	if (error != NULL)
		F_SET_TEXT(answer.error, arena_strndup(a->arena, error, WORDS_MAX));
	else
		F_SET_TEXT(answer.body, arena_strdup(a->arena, buf_str(body)));
	a->all->answered(a->all->arg, &answer);
	asking_free(a);
}

/* --- how an instance is --- */

static void
count_objects(struct asking *a, uint32_t number, struct wire_instance *to)
{
	const struct unit *u = state_unit(a->all->state, number);
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

	if (!a->all->routing->ops->seen(a->all->routing, number, &seen))
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
	enum dc_code rc = a->all->kernel->ops->read_instance(a->all->kernel, number, NULL, a->arena, &in, err);

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
answer_instance(struct asking *a, struct dc_error *err)
{
	_cleanup_buf_ struct buf body = BUF_INIT(BODY_MAX);
	struct json json = JSON_INIT(&body);
	struct wire_instance row = {0};
	const char *why = NULL;
	uint32_t number = (uint32_t)strtonum(a->argument, 1, 9999, &why);
	enum dc_code rc;

	if (why != NULL)
		return dc_fail(err, DC_E_PARAM, "instance", "that is no number of an instance");
	F_SET_INT(row.instance, number);
	count_objects(a, number, &row);
	say_daemon(a, number, &row);
	if ((rc = say_kernel(a, number, &row, err)) != DC_OK)
		return rc;
	field_encode(&wire_instance_table, VIEW_WIRE, &row, NULL, &json);
	end_with(a, &body, NULL);
	return DC_OK;
}

/* --- routes of a neighbour --- */

static void
on_routes(void *arg, const struct routing_route *route, size_t n, const char *failure)
{
	struct asking *a = arg;
	_cleanup_buf_ struct buf body = BUF_INIT(BODY_MAX);

	if (failure == NULL)
		question_routes_put(route, n, a->limit, &a->after, a->arena, &body);
	end_with(a, &body, failure);
}

static enum dc_code
answer_routes(struct asking *a, struct dc_error *err)
{
	struct routing_query query;
	enum dc_code rc = question_routes_parse(a->argument, a->arena, &query, &a->limit, &a->after, err);

	if (rc == DC_OK)
		a->all->routing->ops->routes(a->all->routing, &query, on_routes, a);
	return rc;
}

/* --- a line --- */

static void
on_line(void *arg, const struct buf *body)
{
	end_with(arg, body, NULL);
}

static enum dc_code
answer_line(struct asking *a, struct dc_error *err)
{
	return probe_new(a->all->base, a->all->state, a->all->kernel, a->argument, on_line, a, &a->probe, err);
}

/* --- all kinds --- */

/* One that does not fail ends with end_with(), now or later. */
static const struct {
	const char *kind;
	enum dc_code (*answer)(struct asking *, struct dc_error *);
} kinds[] = {
    {QUESTION_INSTANCE, answer_instance},
    {QUESTION_ROUTES, answer_routes},
    {QUESTION_LINE, answer_line},
};

static enum dc_code
answer_kind(struct asking *a, const char *kind, struct dc_error *err)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].kind, kind) == 0)
			return kinds[i].answer(a, err);
	return dc_fail(err, DC_E_PARAM, NULL, "this edge does not know the question");
}

void
questions_ask(struct questions *all, const struct wire_question *question)
{
	struct asking *a = calloc(1, sizeof(*a));
	struct dc_error err = {0};

	if (a == NULL)
		abort();
	a->next = all->first;
	a->all = all;
	a->arena = arena_new();
	a->id = arena_strdup(a->arena, question->id.v);
	a->argument = question->argument.set == GIVEN ? arena_strdup(a->arena, question->argument.v) : "";
	all->first = a;
	if (answer_kind(a, question->kind.v, &err) != DC_OK)
		end_with(a, NULL, err.text);
}

struct questions *
questions_new(struct event_base *base, struct state *state, struct kernel *kernel, struct routing *routing,
    questions_answered *answered, void *arg)
{
	struct questions *all = calloc(1, sizeof(*all));

	if (all == NULL)
		abort();
	*all = (struct questions){base, state, kernel, routing, answered, arg, NULL};
	return all;
}

struct questions *
questions_free(struct questions *all)
{
	while (all != NULL && all->first != NULL)
		asking_free(all->first);
	free(all);
	return NULL;
}

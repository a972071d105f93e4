/* SPDX-License-Identifier: ISC */
#include "dcaasd/edge_routes.h"

#include "api/api.h"
#include "api/crud.h"
#include "reconcile/edge.h"
#include "reconcile/questions.h"

#define WAIT_MAX_SECONDS 60
#define STATUS_LOCKED 423 /* another process has the edge's place */

/* A query parameter that is a whole number; absent: 0. */
static enum dc_code
query_number(const struct call *call, const char *name, int64_t max, int64_t *ret, struct dc_error *err)
{
	const char *text = call_query(call, name, 0), *why = NULL;

	*ret = text != NULL ? strtonum(text, 0, max, &why) : 0;
	return why == NULL
		   ? DC_OK
		   : dc_fail(err, DC_E_PARAM, name, "%s must be a whole number from 0 to %lld", name, (long long)max);
}

/* Nothing is new but what somebody wants to know: the set as the edge has it, with no object. */
static bool
put_questions(struct call *call, const struct edge_poll *poll)
{
	struct wire_question *question;
	size_t n = question_take(call->who.edge_id, call->request_id, call->arena, &question);
	struct wire_desired d = {.questions = {GIVEN, n, question}};
	struct json out = JSON_INIT(&call->out);

	if (n == 0)
		return false;
	F_SET_INT(d.version, WIRE_VERSION);
	F_SET_TEXT(d.epoch, poll->epoch);
	F_SET_INT(d.revision, poll->revision);
	F_SET_BOOL(d.full, false);
	field_encode(&wire_desired_table, VIEW_WIRE, &d, NULL, &out);
	return true;
}

static enum dc_code
poll_desired(struct tx *tx, struct call *call, struct dc_error *err)
{
	struct edge_poll poll = {
	    .boot = call_query(call, "boot", 0),
	    .epoch = call_query(call, "epoch", 0),
	    .next = call_query(call, "next", 0),
	};
	int64_t seconds, parts, questions;
	enum edge_news news;
	enum dc_code rc;

	if ((rc = query_number(call, "revision", INT64_MAX, &poll.revision, err)) != DC_OK ||
	    (rc = query_number(call, "wait", WAIT_MAX_SECONDS, &seconds, err)) != DC_OK ||
	    (rc = query_number(call, "parts", 1, &parts, err)) != DC_OK ||
	    (rc = query_number(call, "questions", 1, &questions, err)) != DC_OK)
		return rc;
	poll.parts = parts == 1;
	if ((rc = edge_desired(tx, call->who.edge_id, &poll, &call->out, &news, err)) != DC_OK)
		return rc;
	if (news == EDGE_NEWS)
		return DC_OK;
	if (news == EDGE_NOT_FOR_YOU) {
		call->status = STATUS_LOCKED;
		return DC_OK;
	}
	if (questions == 1 && poll.epoch != NULL && put_questions(call, &poll))
		return DC_OK;
	if (seconds == 0 || call->waited) {
		call->status = 204;
		return DC_OK;
	}
	call->wait = true;
	call->wait_ms = seconds * 1000;
	call->wait_key = call->who.edge_id;
	return DC_OK;
}

static enum dc_code
take_report(struct tx *tx, struct call *call, struct dc_error *err)
{
	static const int status[] = {
	    [EDGE_TAKEN] = 204,
	    [EDGE_RESEND] = 409,
	    [EDGE_REFUSED] = STATUS_LOCKED,
	    [EDGE_REFUSED_FIRST] = STATUS_LOCKED,
	};
	static const struct edge_folded nothing;
	const struct edge_folded *from = call->progress != NULL ? call->progress : &nothing;
	struct edge_folded *to = arena_new_of(call->arena, struct edge_folded);
	enum edge_answer answer = EDGE_TAKEN;
	enum dc_code rc =
	    edge_fold(tx, call->who.edge_id, call->body, from, api_get_options(call->api)->resources, to, &answer, err);

	if (rc == DC_OK && answer == EDGE_REFUSED_FIRST)
		rc = event_add(tx, call, "refuse-second", "edge", call->who.edge_id, err);
	if (rc != DC_OK)
		return rc;
	call->status = status[answer];
	if (!to->done) {
		to->looked = arena_strdup(call->arena, to->looked);
		call->next = to;
	}
	return DC_OK;
}

static enum dc_code
take_answer(struct tx *tx, struct call *call, struct dc_error *err)
{
	const struct wire_answer *answer = call->body;
	bool elsewhere;

	(void)tx;
	(void)err;
	call->status = 204;
	if (!question_answer(call->who.edge_id, answer, &elsewhere))
		return DC_OK;
	if (elsewhere)
		store_say(api_get_options(call->api)->store,
		    question_answer_for_others(call->arena, call->who.edge_id, answer));
	else
		call_wake(call, answer->id.v);
	return DC_OK;
}

const struct route edge_channel_routes[] = {
    {M_GET, "/dcaas/v1/edge/desired", ROLE_NONE, ROUTE_EDGE | ROUTE_HIDDEN, .run = poll_desired,
	.operation = "PollDesired", .summary = "What the calling edge is asked to have; waits for a change."},
    {M_POST, "/dcaas/v1/edge/report", ROLE_NONE, ROUTE_EDGE | ROUTE_HIDDEN | ROUTE_WRITES, .view = VIEW_WIRE,
	.body_table = &wire_report_table, .envelope = "", .status = 204, .run = take_report,
	.operation = "ReportObserved",
	.summary = "What the calling edge observed; 409 asks for a full report, 423: another process has its place."},
    {M_POST, "/dcaas/v1/edge/answer", ROLE_NONE, ROUTE_EDGE | ROUTE_HIDDEN, .view = VIEW_WIRE,
	.body_table = &wire_answer_table, .envelope = "", .status = 204, .run = take_answer,
	.operation = "AnswerQuestion", .summary = "The calling edge's answer to a question that came with its poll."},
    {0},
};

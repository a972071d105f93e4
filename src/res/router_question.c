/* SPDX-License-Identifier: ISC */
#include "res/router_question.h"

#include <string.h>

#include "api/api.h"
#include "reconcile/edge.h"
#include "reconcile/questions.h"

enum dc_code
router_ask(struct tx *tx, struct call *call, const char *edge_id, const char *kind, const char *argument,
    const struct wire_answer **ret, struct dc_error *err)
{
	struct edge_report pulse;
	enum dc_code rc;

	if ((*ret = question_find_answer(call->request_id, call->arena)) != NULL)
		return DC_OK;
	if ((rc = edge_pulse_get(tx, edge_id, &pulse, err)) != DC_OK)
		return rc;
	if (edge_is_silent(&pulse, tx_now(tx)))
		return dc_fail(err, DC_E_UNAVAILABLE, NULL, "the edge is silent");
	if (call->waited) {
		question_end(call->request_id);
		return dc_fail(err, DC_E_UNAVAILABLE, NULL, "the edge did not answer within %d s", QUESTION_MS / 1000);
	}
	if (!question_ask(call->request_id, edge_id, kind, argument))
		return dc_fail(err, DC_E_UNAVAILABLE, NULL, "too many questions wait for the edge");
	store_say(api_get_options(call->api)->store,
	    question_for_others(call->arena, call->request_id, edge_id, kind, argument));
	call_wake(call, edge_id);
	call->wait = true;
	call->wait_ms = QUESTION_MS;
	call->wait_key = call->request_id;
	return DC_OK;
}

enum dc_code
router_answer(const struct call *call, const struct wire_answer *answer, const struct field_table *table,
    enum dc_code code, void **ret, struct dc_error *err)
{
	json_t *json;
	enum dc_code rc;

	if (answer->error.set == GIVEN)
		return dc_fail(err, code, NULL, "%s", answer->error.v);
	if (answer->body.set != GIVEN)
		return dc_fail(err, DC_E_SYSTEM, NULL, "the edge's answer is empty");
	if ((rc = field_parse(answer->body.v, strlen(answer->body.v), &json, err)) != DC_OK)
		return rc;
	rc = field_decode(table, VIEW_WIRE, json, "", call->arena, ret, err);
	json_decref(json);
	return rc;
}

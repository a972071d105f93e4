/* SPDX-License-Identifier: ISC */
#include "dcaasd/key_routes.h"

#include "api/api.h"
#include "api/crud.h"
#include "base/log.h"

struct rotated {
	struct store_key key;
	size_t sealed;
};

static void
fill_key(struct json *out, const void *arg)
{
	const struct store_key *key = arg;

	jw_member_string(out, "key_id", key->id);
	jw_member_bool(out, "rotating", key->rotating);
}

static enum dc_code
show_key(struct tx *tx, struct call *call, struct dc_error *err)
{
	struct store_key key;

	(void)tx;
	(void)err;
	store_get_key(api_get_options(call->api)->store, &key);
	call_answer(call, fill_key, &key);
	return DC_OK;
}

/* On the thread for long work: it is made of many transactions. The operator reads what is wrong with the file, which
 * an answer 500 would hide. */
static enum dc_code
rotate(struct call *call, struct dc_error *err)
{
	struct store *store = api_get_options(call->api)->store;
	struct rotated *done = arena_new_of(call->arena, struct rotated);
	struct dc_error why = {0};

	if (store_rotate_key(store, &done->sealed, &why) != DC_OK) {
		dc_log(LOG_ERR, "key not rotated", "request_id=%s error=%s", call->request_id,
		    log_quote(call->arena, why.text));
		return dc_fail(
		    err, DC_E_UNAVAILABLE, NULL, "The key was not rotated; all secrets can be read. %s", why.text);
	}
	store_get_key(store, &done->key);
	dc_log(
	    LOG_INFO, "key rotated", "key=%s sealed=%zu request_id=%s", done->key.id, done->sealed, call->request_id);
	call->prepared = done;
	return DC_OK;
}

static void
fill_rotated(struct json *out, const void *arg)
{
	const struct rotated *done = arg;

	fill_key(out, &done->key);
	jw_member_int(out, "sealed", (int64_t)done->sealed);
}

static enum dc_code
note_rotation(struct tx *tx, struct call *call, struct dc_error *err)
{
	const struct rotated *done = call->prepared;
	enum dc_code rc = event_add(tx, call, "rotate", "key", done->key.id, err);

	if (rc == DC_OK)
		call_answer(call, fill_rotated, done);
	return rc;
}

const struct route key_routes[] = {
    {M_GET, "/dcaas/v1/key", ROLE_OPERATOR, .run = show_key, .operation = "ShowKey",
	.summary = "Which key the secrets are sealed with."},
    {M_POST, "/dcaas/v1/key/rotate", ROLE_OPERATOR, ROUTE_WRITES, .run = note_rotation, .operation = "RotateKey",
	.summary = "Seal every secret with a new key, and drop the old one.", .prepare = rotate, .lane = LANE_LONG},
    {0},
};

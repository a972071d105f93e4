/* SPDX-License-Identifier: ISC */
#include "api/api_priv.h"

#include <inttypes.h>

#include "base/log.h"

#define LOGGED_METHOD_MAX 32 /* of what a client may make as long as a header may be */
#define LOGGED_PATH_MAX 1024
#define LOGGED_CREDENTIAL_MAX 64
#define BRIEF_ANSWER ((size_t)16 * 1024) /* it fits into what the kernel has room for */

/* What the client hears of an error: status, public code and words. */
struct words {
	int http;
	const char *api;
	const char *text;
};

static struct words
words_of(struct exchange *x, enum dc_code rc, const struct dc_error *err)
{
	const char *text = err != NULL && err->text[0] != '\0' ? err->text : dc_code_text(rc);
	int http = err != NULL && err->http != 0 ? err->http : dc_code_http(rc);

	if (x->ordered != NULL && x->ordered->error_code.set == GIVEN)
		return (struct words){
		    x->ordered->status.set == GIVEN ? (int)x->ordered->status.v : 400, x->ordered->error_code.v, text};
	if (http < 500 || rc == DC_E_UNAVAILABLE || rc == DC_E_DATABASE)
		return (struct words){http, dc_code_api(rc), text};
	/* What went wrong inside is for the log only. */
	dc_log(LOG_ERR, "call failed", "request_id=%s code=%s member=%s text=%s", x->call.request_id, dc_code_name(rc),
	    log_quote(x->call.arena, err != NULL ? err->member : ""), log_quote(x->call.arena, text));
	if (rc == DC_E_STORAGE)
		return (struct words){http, dc_code_api(rc), dc_code_text(rc)};
	return (struct words){500, dc_code_api(DC_E_SYSTEM), dc_code_text(DC_E_SYSTEM)};
}

void
answer_error(struct exchange *x, enum dc_code rc, const struct dc_error *err)
{
	struct words words = words_of(x, rc, err);
	struct json w = JSON_INIT(&x->call.out);

	call_reset_answer(&x->call);
	x->call.status = words.http;
	x->code = words.api;
	jw_object_begin(&w);
	jw_member_string(&w, "error_code", words.api);
	jw_member_string(&w, "error_msg", words.text);
	jw_member_string(&w, "request_id", x->call.request_id);
	jw_object_end(&w);
}

static void
log_call(const struct exchange *x, int status)
{
	const struct call *c = &x->call;
	const char *who = c->who.edge_id != NULL ? c->who.edge_id : c->who.user_name;

	if (!log_is_on(LOG_INFO))
		return;
	dc_log(LOG_INFO, "call",
	    "method=%s path=%s status=%d code=%s ms=%" PRId64 " request_id=%s who=%s address=%s credential=%s "
	    "statements=%u kept=%s",
	    log_quote(c->arena, arena_strndup(c->arena, x->method_text, LOGGED_METHOD_MAX)),
	    log_quote(c->arena, arena_strndup(c->arena, c->raw_path, LOGGED_PATH_MAX)), status,
	    x->code != NULL ? x->code : "-", monotonic_since(x->started), c->request_id,
	    who != NULL ? log_quote(c->arena, who) : "-", c->address != NULL ? c->address : "-",
	    c->who.credential_id != NULL
		? log_quote(c->arena, arena_strndup(c->arena, c->who.credential_id, LOGGED_CREDENTIAL_MAX))
		: "-",
	    x->statements, x->kept ? "yes" : "no");
}

/* Whether the client has what it asks for (RFC 9110, 13.1.2). A weak tag stands for the same text. */
static bool
has_it(const struct exchange *x)
{
	const char *tags = x->call.etag != NULL ? exchange_header(&x->call, "If-None-Match") : NULL;

	return tags != NULL && (strcmp(tags, "*") == 0 || strstr(tags, x->call.etag) != NULL);
}

static void
add_headers(struct MHD_Response *response, const struct exchange *x, size_t len)
{
	const struct call *c = &x->call;
	char age[32];
	int64_t ms;

	if (len > 0)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, c->etag != NULL ? "no-cache" : "no-store");
	if (c->etag != NULL)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, c->etag);
	MHD_add_response_header(response, "X-Request-Id", c->request_id);
	if (x->method == M_OPTIONS && c->route != NULL)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD, OPTIONS");
	if (x->repeated && x->code == NULL)
		MHD_add_response_header(response, "X-Dcaas-Repeated", "true");
	if (x->ignored != NULL)
		MHD_add_response_header(response, "X-Dcaas-Ignored-Members", x->ignored);
	if (c->subject_token != NULL)
		MHD_add_response_header(response, "X-Subject-Token", c->subject_token);
	if (c->observed.age != NULL && (ms = c->observed.age(&c->observed, store_time(c->api->options.store))) >= 0) {
		snprintf(age, sizeof(age), "%" PRId64 ".%03d", ms / 1000, (int)(ms % 1000));
		MHD_add_response_header(response, "X-Dcaas-Observed-Age", age);
	}
	if (x->fault != NULL || atomic_load(&c->api->stopping))
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
}

/* After a refusal, call.who names only the owner of the claimed credential. */
static enum standing
standing_of(const struct exchange *x, int status)
{
	const struct identity *who = &x->call.who;

	if (status == 401 || x->refusal != DC_OK || who->credential == CREDENTIAL_NONE)
		return PEER_STRANGER;
	return who->edge_id != NULL ? PEER_EDGE : PEER_KNOWN;
}

/* libmicrohttpd does not write to what lasts. */
static struct MHD_Response *
response_of(struct call *c, size_t len)
{
	if (len == 0)
		return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	if (c->lasting != NULL)
		return MHD_create_response_from_buffer(len, (void *)(uintptr_t)c->lasting, MHD_RESPMEM_PERSISTENT);
	return MHD_create_response_from_buffer(len, buf_steal(&c->out), MHD_RESPMEM_MUST_FREE);
}

enum MHD_Result
answer_queue(struct exchange *x)
{
	struct call *c = &x->call;
	int status = c->status != 0 ? c->status : c->route != NULL && c->route->status != 0 ? c->route->status : 200;
	size_t len = c->lasting != NULL ? strlen(c->lasting) : c->out.len;
	struct MHD_Response *response;
	enum MHD_Result rc;

	if (status == 200 && has_it(x)) {
		status = MHD_HTTP_NOT_MODIFIED;
		len = 0;
	}
	response = response_of(c, len);
	if (response == NULL)
		return MHD_NO;
	add_headers(response, x, len);
	log_call(x, status);
	peer_allow(x->peer, (int64_t)c->api->options.idle_seconds * 1000 + (int64_t)(len / SLOWEST_BYTES_PER_MS));
	if (x->ran || len > BRIEF_ANSWER || !peer_turn_briefly(x->peer, TURN_ANSWER, standing_of(x, status)))
		peer_turn(x->peer, TURN_ANSWER, standing_of(x, status));
	/* A connection without an answer is closed. */
	rc = x->ordered != NULL && x->ordered->drop.v ? MHD_NO
						      : MHD_queue_response(x->connection, (unsigned)status, response);
	MHD_destroy_response(response);
	return rc;
}

/* SPDX-License-Identifier: ISC */
#include "api/call.h"

#include "api/api_priv.h"
#include "api/quirk.h"
#include "auth/percent.h"

const char *
call_param(const struct call *call, const char *name)
{
	for (size_t i = 0; i < call->match.params; i++)
		if (strcmp(call->match.param[i].name, name) == 0)
			return call->match.param[i].value;
	return NULL;
}

const char *
call_id(const struct call *call)
{
	return call->match.params > 0 ? call->match.param[call->match.params - 1].value : NULL;
}

/* The query was checked as a whole when the call began, so decoding cannot fail here. */
static const char *
scan_query(const struct call *call, const char *name, size_t nth, size_t *count)
{
	const char *at = call->raw_query;

	*count = 0;
	while (*at != '\0') {
		size_t len = strcspn(at, "&");
		const char *equals = memchr(at, '=', len);
		size_t key_len = equals != NULL ? (size_t)(equals - at) : len;
		const char *key = percent_decode_text(at, key_len, call->arena);

		if (len > 0 && key != NULL && strcmp(key, name) == 0 && (*count)++ == nth)
			return equals == NULL ? "" : percent_decode_text(equals + 1, len - key_len - 1, call->arena);
		at += len;
		if (*at == '&')
			at++;
	}
	return NULL;
}

const char *
call_query(const struct call *call, const char *name, size_t nth)
{
	size_t count;

	return scan_query(call, name, nth, &count);
}

size_t
call_query_count(const struct call *call, const char *name)
{
	size_t count;

	scan_query(call, name, SIZE_MAX, &count);
	return count;
}

const char *
call_header(const struct call *call, const char *name)
{
	return exchange_header(call, name);
}

void
call_reset_answer(struct call *call)
{
	call->status = 0;
	buf_reset(&call->out);
	call->lasting = call->etag = NULL;
	call->subject_token = NULL;
	call->observed = (struct observed){0};
	call->next = NULL;
	call->wait = false;
	call->wait_ms = 0;
	call->wait_key = NULL;
}

bool
call_wait(struct call *call, const char *id)
{
	if (call->waited)
		return false;
	call->wait = true;
	call->wait_ms = CALL_WAIT_MS;
	call->wait_key = arena_strdup(call->arena, id);
	return true;
}

struct field_options
call_options(const struct call *call)
{
	return (struct field_options){
	    .hide_secrets = call->who.role < ROLE_MEMBER, .quirks = quirks_of(call->user_agent)};
}

void
call_answer_row(struct call *call, const void *row)
{
	call_answer_members(call, row, NULL);
}

void
call_answer_members(struct call *call, const void *row, const char *const *only)
{
	struct field_options options = call_options(call);
	struct json w = JSON_INIT(&call->out);

	options.only = only;
	field_encode(call->route->answer_table, VIEW_ANSWER, row, &options, &w);
}

void
call_answer(struct call *call, void (*fill)(struct json *, const void *arg), const void *arg)
{
	struct json w = JSON_INIT(&call->out);

	jw_object_begin(&w);
	if (fill != NULL)
		fill(&w, arg);
	jw_member_string(&w, "request_id", call->request_id);
	jw_object_end(&w);
}

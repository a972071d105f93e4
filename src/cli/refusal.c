/* SPDX-License-Identifier: ISC */
#include "cli/refusal.h"

#include <jansson.h>

#include "cli/text.h"

static const char *
text_at(json_t *body, const char *member, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(body, member));

	return text != NULL && text[0] != '\0' ? text : otherwise;
}

void
refusal_text(long status, const char *text, size_t len, const char *request_id, struct buf *out)
{
	json_t *body = json_loadb(text, len, 0, NULL);
	const char *code = text_at(body, "error_code", NULL);

	if (code != NULL) {
		text_safe(out, code);
		buf_puts(out, ": ");
	}
	text_safe(out, text_at(body, "error_msg", "the server gives no reason"));
	buf_printf(out, " (HTTP %ld", status);
	request_id = text_at(body, "request_id", request_id);
	if (request_id[0] != '\0') {
		buf_puts(out, ", request ");
		text_safe(out, request_id);
	}
	buf_puts(out, ")");
	json_decref(body);
}

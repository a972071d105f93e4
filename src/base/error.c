/* SPDX-License-Identifier: ISC */
#include "base/error.h"

#include <stdio.h>
#include <string.h>

static const struct {
	int http;
	const char *api;
	const char *text;
	const char *name;
} codes[] = {
#define X(name, http, api, text) {http, api, text, #name},
    DC_CODES(X)
#undef X
};

enum dc_code
dc_vfail(struct dc_error *err, enum dc_code code, const char *member, const char *fmt, va_list ap)
{
	if (err == NULL)
		return code;
	err->code = code;
	err->http = 0;
	snprintf(err->member, sizeof(err->member), "%s", member != NULL ? member : "");
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	return code;
}

enum dc_code
dc_fail(struct dc_error *err, enum dc_code code, const char *member, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	dc_vfail(err, code, member, fmt, ap);
	va_end(ap);
	return code;
}

enum dc_code
dc_missing(struct dc_error *err, enum dc_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	dc_vfail(err, code, NULL, fmt, ap);
	va_end(ap);
	if (err != NULL)
		err->http = 404;
	return code;
}

int
dc_code_http(enum dc_code code)
{
	return codes[code].http;
}

const char *
dc_code_api(enum dc_code code)
{
	return codes[code].api;
}

const char *
dc_code_text(enum dc_code code)
{
	return codes[code].text;
}

const char *
dc_code_name(enum dc_code code)
{
	return codes[code].name;
}

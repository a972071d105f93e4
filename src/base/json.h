/* SPDX-License-Identifier: ISC */
/* json.h - writes JSON straight into a buffer, no tree. The writer keeps track of commas; the caller of nesting.
 * (jansson, which reads, has the json_ names.)
 *
 *	jw_object_begin(&w); jw_key(&w, "id"); jw_string(&w, id); jw_object_end(&w); */
#ifndef DC_JSON_H
#define DC_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct json {
	struct buf *out;
	bool comma; /* the next value needs one before it */
};

#define JSON_INIT(buffer)                                                                                              \
	{                                                                                                              \
		.out = (buffer)                                                                                        \
	}

void jw_object_begin(struct json *);
void jw_object_end(struct json *);
void jw_array_begin(struct json *);
void jw_array_end(struct json *);
void jw_key(struct json *, const char *);
void jw_string(struct json *, const char *); /* UTF-8 as it is, escapes as RFC 8259; NULL writes null */
void jw_int(struct json *, int64_t);
void jw_bool(struct json *, bool);
void jw_null(struct json *);
/* A value that is JSON text already (from the store). NULL or "" writes null. */
void jw_raw(struct json *, const char *);

/* key and value in one call */
void jw_member_string(struct json *, const char *key, const char *value);
void jw_member_int(struct json *, const char *key, int64_t);
void jw_member_bool(struct json *, const char *key, bool);

#endif

/* json.h - writes JSON straight into a buffer, no tree. The writer keeps track of commas; the caller of nesting.
 *
 *	json_object_begin(&w); json_key(&w, "id"); json_string(&w, id); json_object_end(&w); */
#ifndef DC_JSON_H
#define DC_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct json {
	struct buf *out;
	bool comma; /* the next value needs one before it */
};

#define JSON_INIT(buffer) { .out = (buffer) }

void json_object_begin(struct json *);
void json_object_end(struct json *);
void json_array_begin(struct json *);
void json_array_end(struct json *);
void json_key(struct json *, const char *);
void json_string(struct json *, const char *); /* UTF-8 as it is, escapes as RFC 8259; NULL writes null */
void json_int(struct json *, int64_t);
void json_bool(struct json *, bool);
void json_null(struct json *);
/* A value that is JSON text already (from the store). NULL or "" writes null. */
void json_raw(struct json *, const char *);

/* key and value in one call */
void json_member_string(struct json *, const char *key, const char *value);
void json_member_int(struct json *, const char *key, int64_t);
void json_member_bool(struct json *, const char *key, bool);

#endif

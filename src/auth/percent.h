/* SPDX-License-Identifier: ISC */
/* percent.h - percent-encoding of URLs (RFC 3986), as the request signature and the router need it. */
#ifndef DC_PERCENT_H
#define DC_PERCENT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"

/* Bytes of text[0..len) with %XX decoded; a '%' that begins no escape stays as it is. Holds NUL when the text encodes
 * one, so *ret_len counts. '+' is never a blank. */
char *percent_decode(const char *text, size_t len, struct arena *, size_t *ret_len);
/* The same as text for people: NULL when an escape is broken, or the result holds NUL or is no UTF-8. */
char *percent_decode_text(const char *text, size_t len, struct arena *);
/* Unreserved characters (letters, digits, - _ . ~) and those in `keep` stay, all else becomes %XX in upper case. */
void percent_encode(struct buf *, const char *bytes, size_t len, const char *keep);

#endif

/* SPDX-License-Identifier: ISC */
/* clock.h - two kinds of time that the compiler keeps apart: points in UTC that people read, and a monotonic clock for
 * intervals. */
#ifndef DC_CLOCK_H
#define DC_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Milliseconds since 1970 in UTC. What the store holds and the API prints. */
typedef int64_t utc_ms;

struct monotonic {
	int64_t ms;
};

#define UTC_TEXT_SIZE 25 /* "2026-08-01T12:00:00.000Z" and NUL */

utc_ms utc_now(void);
/* RFC 3339 with exactly three digits of fraction and Z (shared contract of all clients). out holds UTC_TEXT_SIZE. */
void utc_format(utc_ms, char out[UTC_TEXT_SIZE]);
/* Reads RFC 3339 ("T" or blank, fraction optional, Z or offset, no zone means UTC). False when it is none. */
bool utc_parse(const char *, utc_ms *ret);

struct monotonic monotonic_now(void);
int64_t monotonic_since(struct monotonic earlier); /* milliseconds until now */

#endif

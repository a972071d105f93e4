/* SPDX-License-Identifier: ISC */
/* uuid.h - identifiers. UUIDv7 (RFC 9562) in lower case: sorted by id is sorted by creation; project ids are 32 hex
 * digits. */
#ifndef DC_UUID_H
#define DC_UUID_H

#include <stdbool.h>
#include <stddef.h>

#define UUID_TEXT_SIZE 37 /* 36 and NUL */
#define HEX32_TEXT_SIZE 33

/* A fresh UUIDv7. Within a process each is greater than the one before, also inside one millisecond. Thread-safe. */
void uuid_new(char out[UUID_TEXT_SIZE]);
/* 16 random bytes as 32 lower-case hex digits: project ids, request ids. */
void hex32_new(char out[HEX32_TEXT_SIZE]);
bool uuid_is_valid(const char *);  /* 8-4-4-4-12 hex digits of either case */
bool hex32_is_valid(const char *); /* 32 hex digits of either case */
/* len random bytes from the kernel; ends the process if there are none to be had. */
void random_bytes(void *out, size_t len);
/* Value of one hex digit of either case; -1 when it is none. */
int hex_value(char);
/* Lower-case hex of len bytes; out holds 2 * len + 1. */
void hex_encode(const void *, size_t len, char *out);
/* The reverse; text must be exactly 2 * len hex digits. */
bool hex_decode(const char *text, void *out, size_t len);

#endif

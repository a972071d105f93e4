/* SPDX-License-Identifier: ISC */
/* aksk.h - request signatures SDK-HMAC-SHA256: canonical request, signing, verifying. Needs base and GnuTLS only, so
 *that servers verify and our own clients sign with the same code.
 *
 *	CanonicalRequest = METHOD \n path \n query \n headers \n names \n hex(SHA256(body))
 *	StringToSign     = "SDK-HMAC-SHA256" \n X-Sdk-Date \n hex(SHA256(CanonicalRequest))
 *	Signature        = hex(HMAC-SHA256(secret key, StringToSign))
 *
 * Open Telekom Cloud's clients bind a signature to a scope: Authorization has Credential=AK/SCOPE instead of Access=AK.
 *
 *	Scope            = YYYYMMDD / region / service / "sdk_request"; region and service may be empty
 *	StringToSign     = "SDK-HMAC-SHA256" \n X-Sdk-Date \n Scope \n hex(SHA256(CanonicalRequest))
 *	Key              = HMAC of "sdk_request" under that of service under that of region under that of YYYYMMDD under
 *	                   "SDK" + secret key; it takes the secret key's place */
#ifndef DC_AKSK_H
#define DC_AKSK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"

#define AKSK_ALGORITHM "SDK-HMAC-SHA256"
/* Value of X-Sdk-Content-Sha256 from a client that leaves the body out of its signature. */
#define AKSK_UNSIGNED "UNSIGNED-PAYLOAD"
#define AKSK_DATE_SIZE 17 /* "20260801T120000Z" and NUL */
#define SHA256_HEX_SIZE 65

/* A request as it is on the wire. */
struct aksk_input {
	const char *method;
	const char *raw_path;              /* before '?' */
	const char *raw_query;             /* after '?', "" when none */
	const char *const *signed_headers; /* names in lower case, in the order they are signed in; NULL-terminated */
	const char *(*header)(void *arg, const char *name); /* value as sent, NULL when absent */
	void *header_arg;
	const void *body; /* de-chunked */
	size_t body_len;
	const char *date;    /* X-Sdk-Date */
	const char *scope;   /* NULL: the signature has none */
	const char *payload; /* what stands for the body instead of its hash: AKSK_UNSIGNED; NULL: nothing */
};

/* The parts of an Authorization header. */
struct aksk_claim {
	const char *access_key;
	const char *const *signed_headers; /* NULL-terminated */
	const char *signature;             /* 64 hex digits, lower case */
	const char *scope;                 /* as struct aksk_input has it */
};

/* Canonical request, from the arena. sorted_values: whether the values of a repeated query key are sorted, as all
 * clients but Java's do. DC_E_UNAUTHORIZED when a signed header is not in the request. */
enum dc_code aksk_canonical(
    const struct aksk_input *, bool sorted_values, struct arena *, const char **ret, struct dc_error *err);
/* Signature of the request under the secret key. */
enum dc_code aksk_sign(const struct aksk_input *, bool sorted_values, const char *secret_key, struct arena *,
    char out[SHA256_HEX_SIZE], struct dc_error *err);
/* For clients: the whole value of the Authorization header. */
enum dc_code aksk_authorization(const struct aksk_input *, const char *access_key, const char *secret_key,
    struct arena *, const char **ret, struct dc_error *err);

/* Takes an Authorization value apart. DC_E_UNAUTHORIZED for another algorithm or a wrong form. */
enum dc_code aksk_parse(const char *authorization, struct arena *, struct aksk_claim *ret, struct dc_error *err);
/* Compares in constant time, with sorted query values first and as sent then. The input's signed_headers are those of
 * the claim. X-Sdk-Date must be signed. */
enum dc_code aksk_verify(
    const struct aksk_input *, const struct aksk_claim *, const char *secret_key, struct arena *, struct dc_error *err);

bool aksk_parse_date(const char *, utc_ms *ret); /* YYYYMMDDTHHMMSSZ */
void aksk_format_date(utc_ms, char out[AKSK_DATE_SIZE]);

void sha256_hex(const void *, size_t len, char out[SHA256_HEX_SIZE]);

#endif

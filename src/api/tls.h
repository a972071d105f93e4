/* SPDX-License-Identifier: ISC */
/* tls.h - the certificate that HTTPS listeners show. The server reads it from two PEM files, may read it again while it
 * runs (open connections keep theirs), and can make one where there is none. */
#ifndef DC_TLS_H
#define DC_TLS_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/error.h"

struct tls;
struct gnutls_session_int;

/* Reads certificate chain and key (PEM) and checks that they belong together. *ret is the caller's, and outlives every
 * server that uses it. DC_E_PARAM with the file at fault and GnuTLS's words. */
enum dc_code tls_open(const char *certificate_path, const char *key_path, struct tls **ret, struct dc_error *err);
/* The same files again. On failure the old certificate stays in use. Any thread. */
enum dc_code tls_reload(struct tls *, struct dc_error *err);
struct tls *tls_close(struct tls *);

/* Of the certificate of the chain that ends first. */
struct tls_life {
	utc_ms begins, ends;
};
struct tls_life tls_get_life(struct tls *);
/* Whether a client that calls the server by this name, or IP address, accepts the certificate. */
bool tls_is_for(struct tls *, const char *name);

/* Makes an ECDSA P-256 key (0600) and a certificate that signs itself, for these names and IP addresses
 * (NULL-terminated): valid for ten years, for clients that trust exactly this one. A key that is there already is
 * used as it is: an earlier call was cut short. There must be no certificate. */
enum dc_code tls_self_signed(
    const char *certificate_path, const char *key_path, const char *const *names, struct dc_error *err);

#endif

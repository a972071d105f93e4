/* SPDX-License-Identifier: ISC */
/* tls_priv.h - what server.c takes from tls.c: one handshake's copy of the certificate. */
#ifndef DC_TLS_PRIV_H
#define DC_TLS_PRIV_H

#include <gnutls/abstract.h>

#include "api/tls.h"

/* Fresh copies that GnuTLS frees after the handshake (GNUTLS_CERT_RETR_DEINIT_ALL). 0, or -1. */
int tls_retrieve(struct tls *, gnutls_pcert_st **certs, unsigned *count, gnutls_privkey_t *key);

#endif

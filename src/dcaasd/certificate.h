/* SPDX-License-Identifier: ISC */
/* certificate.h - the certificate of the HTTPS listeners: the operator's own, or one that dcaasd makes at its first
 * start. */
#ifndef DC_CERTIFICATE_H
#define DC_CERTIFICATE_H

#include "api/tls.h"
#include "base/arena.h"
#include "dcaasd/settings.h"

/* Opens it, having made it where the settings name none and there is none. Logs names that a certificate of dcaasd's
 * own lacks. *ret is the caller's. */
enum dc_code certificate_open(const struct settings *, struct arena *, struct tls **ret, struct dc_error *err);

/* The file that the settings mean, and its key. In the arena, or the settings' own. */
void certificate_paths(const struct settings *, struct arena *, const char **certificate, const char **key);

/* Names and addresses by which clients may reach the server: tls_names, the address of listen_tls, or all of the
 * machine's when that is 0.0.0.0 or ::, the host's name and its full name. NULL-terminated, none twice. */
const char *const *certificate_names(const struct settings *, struct arena *);

#endif

/* SPDX-License-Identifier: ISC */
/* errors.h - which errors a call of the contract may be answered with: by the shape of its route, by its tables, and by
 * the rules of its own that the route names (route.errors). A test holds the server to that. */
#ifndef DC_API_ERRORS_H
#define DC_API_ERRORS_H

#include "api/route.h"
#include "base/json.h"

/* Of paths of the contract; other routes declare none. */
bool route_declares_errors(const struct route *);
/* Writes an array of the public codes, in the order of the catalogue. */
void route_write_errors(const struct route *, struct json *out);
/* Writes the catalogue: an array of objects with code, status and words. */
void errors_write_catalogue(struct json *out);

#endif

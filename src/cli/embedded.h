/* SPDX-License-Identifier: ISC */
/* embedded.h - the API's description as it was when this program was built; generated from the server's tables. */
#ifndef DC_CLI_EMBEDDED_H
#define DC_CLI_EMBEDDED_H

#include <stddef.h>

extern const unsigned char embedded_openapi[];
extern const size_t embedded_openapi_size;

#endif

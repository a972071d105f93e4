/* SPDX-License-Identifier: ISC */
/* refusal.h - the answer of a server that refuses a call, in words. */
#ifndef DC_CLI_REFUSAL_H
#define DC_CLI_REFUSAL_H

#include "base/buf.h"

/* One line for an answer that is no success: code, message, status, request id. text is its body. */
void refusal_text(long status, const char *text, size_t len, const char *request_id, struct buf *out);

#endif

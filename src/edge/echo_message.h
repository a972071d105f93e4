/* SPDX-License-Identifier: ISC */
/* echo_message.h - echo requests and their answers (RFC 792, RFC 4443) over a socket of kernel.h's open_echo(). */
#ifndef DC_EDGE_ECHO_MESSAGE_H
#define DC_EDGE_ECHO_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#define ECHO_MOST 64 /* requests over one socket */

/* A request that cannot be sent is one without an answer. */
void echo_send(int fd, bool v4, uint32_t sequence);
/* Answers that have come in, of requests 0 to sent - 1: sets their bits in *seen. */
void echo_take(int fd, bool v4, uint32_t sent, uint64_t *seen);

#endif

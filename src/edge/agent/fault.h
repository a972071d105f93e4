/* SPDX-License-Identifier: ISC */
/* fault.h - why an operation failed: errno and the words that the reply carries. */
#ifndef DC_AGENT_FAULT_H
#define DC_AGENT_FAULT_H

#include "edge/agent/op.h"

struct fault {
	int code; /* errno; 0: none */
	char text[OP_TEXT_MAX];
};

/* Fills the fault and returns code, which is never 0. */
int fault_set(struct fault *, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* As fault_set with errno, whose words follow the given ones. */
int fault_errno(struct fault *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Puts words in front of those that are there ("device x: File exists"); returns the code. */
int fault_prefix(struct fault *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif

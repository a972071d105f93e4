/* SPDX-License-Identifier: ISC */
#include "edge/agent/fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
fault_set(struct fault *fault, int code, const char *fmt, ...)
{
	va_list ap;

	fault->code = code == 0 ? EINVAL : code;
	va_start(ap, fmt);
	vsnprintf(fault->text, sizeof(fault->text), fmt, ap);
	va_end(ap);
	return fault->code;
}

static void
append(struct fault *fault, const char *text)
{
	size_t len = strlen(fault->text);

	snprintf(fault->text + len, sizeof(fault->text) - len, "%s%s", len > 0 ? ": " : "", text);
}

int
fault_errno(struct fault *fault, const char *fmt, ...)
{
	int code = errno;
	va_list ap;

	fault->code = code == 0 ? EIO : code;
	va_start(ap, fmt);
	vsnprintf(fault->text, sizeof(fault->text), fmt, ap);
	va_end(ap);
	append(fault, strerror(fault->code));
	return fault->code;
}

int
fault_prefix(struct fault *fault, const char *fmt, ...)
{
	char old[OP_TEXT_MAX];
	va_list ap;

	memcpy(old, fault->text, sizeof(old));
	va_start(ap, fmt);
	vsnprintf(fault->text, sizeof(fault->text), fmt, ap);
	va_end(ap);
	append(fault, old);
	return fault->code;
}

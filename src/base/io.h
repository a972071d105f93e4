/* SPDX-License-Identifier: ISC */
/* io.h - what files need beyond write(2). */
#ifndef DC_IO_H
#define DC_IO_H

#include <stdbool.h>
#include <stddef.h>

/* All of it, in as many writes as it takes. False with errno set when the file took no more. */
bool write_all(int fd, const char *data, size_t len);

#endif

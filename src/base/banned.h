/* SPDX-License-Identifier: ISC */
/* banned.h - calls that overrun, hide errors or keep hidden state do not compile. Included before every file. */
#ifndef DC_BANNED_H
#define DC_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Macros where the library counts what is written and the compiler is clang. */
#undef sprintf
#undef vsprintf

#pragma GCC poison strcpy strcat sprintf vsprintf atoi atol atoll atof strtok gets strncpy strncat

#endif

/* SPDX-License-Identifier: ISC */
#include "base/name.h"

#include <string.h>

#define ALPHA "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool
consists_of(const char *name, const char *letters)
{
	size_t len = strlen(name);

	return len > 0 && len < NAME_SIZE && strspn(name, letters) == len;
}

bool
name_is_ours(const char *name)
{
	return consists_of(name, ALPHA DIGITS "_") && strchr(ALPHA, name[0]) != NULL;
}

bool
name_is_port(const char *name)
{
	return consists_of(name, ALPHA DIGITS "_.-@") && name[0] != '.' && name[0] != '-';
}

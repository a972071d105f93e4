/* SPDX-License-Identifier: ISC */
/* identity_settings.h - the settings that choose who issues tokens (identity, keystone_...). */
#ifndef DC_IDENTITY_SETTINGS_H
#define DC_IDENTITY_SETTINGS_H

#include "auth/keystone.h"
#include "base/config.h"

#define KEYSTONE_URL_SIZE 256

struct identity_settings {
	bool by_keystone; /* identity = keystone */
	struct keystone_options keystone;
	char url[KEYSTONE_URL_SIZE], public_url[KEYSTONE_URL_SIZE]; /* that the options point to */
};

/* The strings are the config's. The error names the key. */
enum dc_code identity_settings_take(const struct config *, struct identity_settings *ret, struct dc_error *err);

#endif

/* SPDX-License-Identifier: ISC */
/* own_key.h - the access keys of the calling user: another view of the rows that the operator reads below
 * /dcaas/v1/access-keys. */
#ifndef DC_OWN_KEY_H
#define DC_OWN_KEY_H

#include "res/res.h"

extern const struct resource own_key_resource;

#endif

/* SPDX-License-Identifier: ISC */
/* attachment.h - what is attached behind gateways; see attachment_row.h for the row. */
#ifndef DC_ATTACHMENT_H
#define DC_ATTACHMENT_H

#include "res/attachment_row.h"

extern const struct resource attachment_resource;

#endif

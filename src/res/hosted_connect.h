/* SPDX-License-Identifier: ISC */
/* hosted_connect.h - the partner's view of the connections that are VLANs of a connection of the partner. */
#ifndef DC_HOSTED_CONNECT_H
#define DC_HOSTED_CONNECT_H

#include "field/resource.h"

extern const struct field_table hosted_connect_table;
extern const struct resource hosted_connect_resource;

#endif

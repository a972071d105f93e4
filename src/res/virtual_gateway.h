/* SPDX-License-Identifier: ISC */
/* virtual_gateway.h - where routes meet: one VRF on each edge that has one of its interfaces, with the VPC attached. */
#ifndef DC_VIRTUAL_GATEWAY_H
#define DC_VIRTUAL_GATEWAY_H

#include "res/gateway.h"
#include "res/virtual_gateway_row.h"

extern const struct resource virtual_gateway_resource;

#endif

/* virtual_interface.h - one customer VLAN on one connection, into one gateway (rows: vif_row.h). */
#ifndef DC_VIRTUAL_INTERFACE_H
#define DC_VIRTUAL_INTERFACE_H

#include "res/vif_row.h"

extern const struct resource virtual_interface_resource;

#endif

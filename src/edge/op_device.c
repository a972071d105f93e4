/* SPDX-License-Identifier: ISC */
#include "edge/op_device.h"

#include <stddef.h>

const char *
op_device(enum agent_op op, const void *request)
{
	if (op == OP_VLAN_ADD)
		return ((const struct op_link *)request)->device;
	if (op == OP_LINK_UP || op == OP_LINK_DEL || op == OP_RATE_DEL)
		return ((const struct op_device *)request)->device;
	if (op == OP_ADDR_ADD || op == OP_ADDR_DEL)
		return ((const struct op_addr *)request)->device;
	if (op == OP_FILTER_ADD)
		return ((const struct op_filter *)request)->device;
	if (op == OP_NEIGHBOUR_ADD || op == OP_NEIGHBOUR_DEL)
		return ((const struct op_neighbour *)request)->device;
	if (op == OP_RATE_SET)
		return ((const struct op_rate *)request)->device;
	if (op == OP_ROUTE_ADD || op == OP_ROUTE_DEL || op == OP_NETWORK_ADD || op == OP_NETWORK_DEL)
		return "";
	return NULL;
}

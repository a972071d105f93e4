/* SPDX-License-Identifier: ISC */
/* vlan.h - a customer's VLAN: an 802.1Q device made from the port straight into the instance's namespace; VLAN 0
 * (untagged) is a macvlan in passthru mode. The port itself is not changed. */
#ifndef DC_AGENT_VLAN_H
#define DC_AGENT_VLAN_H

#include "edge/agent/host.h"
#include "edge/agent/object.h"

/* At the start of an agent: those on ports that [edge] ports does not list any more go. */
void vlan_remove_refused(struct host *);

extern const struct object vlan_object;
extern const struct device_kind vlan_kind;

#endif

/* SPDX-License-Identifier: ISC */
/* port.h - devices of the router's own namespace, as customers' ports. They are never changed, but for one thing: a
 * port without an address from which VLANs of ours are made drops untagged frames, because the router would answer ARP
 * on it for any of its addresses, and so let customers reach them. The drop goes with the last VLAN. */
#ifndef DC_AGENT_PORT_H
#define DC_AGENT_PORT_H

#include "edge/agent/host.h"
#include "edge/agent/object.h"

/* Whether the router's owner lets it carry customers ([edge] ports). EPERM in words for the one who ordered. */
int port_check(const struct host *, const char *name, struct fault *);
/* Whether the router itself has an address on the port, or on the bridge or bond that the port is in. */
int port_is_exposed(struct host *, struct arena *, uint32_t index, bool *exposed, struct fault *);
/* Bring the drop in line with what is made from the port, after one more was made or one was removed (whole: a
 * macvlan). A port that is gone is fine. Both look at everything only when this one can have made a difference. */
int port_gained(struct call *, uint32_t index, bool whole);
int port_lost(struct call *, struct netns *, uint32_t index, bool whole);

extern const struct object port_object;

#endif

/* SPDX-License-Identifier: ISC */
/* netns_setup.h - the namespace of an instance as an object: made with the settings that forwarding needs, kept so, and
 * removed when nothing is in it any more. */
#ifndef DC_AGENT_NETNS_SETUP_H
#define DC_AGENT_NETNS_SETUP_H

#include "edge/agent/host.h"
#include "edge/agent/object.h"

/* For how many MD5 keys a listener in an instance has memory; 0: not to be told. */
uint32_t netns_key_room(struct host *);

extern const struct object netns_object;

#endif

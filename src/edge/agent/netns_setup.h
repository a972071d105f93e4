/* SPDX-License-Identifier: ISC */
/* netns_setup.h - the namespace of an instance as an object: made with the settings that forwarding needs, kept so, and
 * removed when nothing is in it any more. */
#ifndef DC_AGENT_NETNS_SETUP_H
#define DC_AGENT_NETNS_SETUP_H

#include "edge/agent/host.h"
#include "edge/agent/object.h"

/* For how many MD5 keys a listener in an instance has memory; 0: unknown. */
uint32_t netns_key_room(struct host *);
/* At the start of an agent: a namespace whose owner is not the user namespace that BIRD gets now (an earlier version
 * made it, or bird_ids was another) is given up with all that is in it, to be made again as it should be. */
void netns_replace_misfits(struct host *);

extern const struct object netns_object;

#endif

/* SPDX-License-Identifier: ISC */
/* netns_setup.h - the namespace of an instance as an object: made with the settings that forwarding needs, kept so, and
 * removed when nothing is in it any more. */
#ifndef DC_AGENT_NETNS_SETUP_H
#define DC_AGENT_NETNS_SETUP_H

#include "edge/agent/host.h"
#include "edge/agent/object.h"

extern const struct object netns_object;

#endif

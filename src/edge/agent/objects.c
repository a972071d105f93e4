/* SPDX-License-Identifier: ISC */
/* objects.c - the list of all objects. */
#include "edge/agent/addr.h"
#include "edge/agent/bird_process.h"
#include "edge/agent/counters.h"
#include "edge/agent/device.h"
#include "edge/agent/echo.h"
#include "edge/agent/filter.h"
#include "edge/agent/line.h"
#include "edge/agent/netns_setup.h"
#include "edge/agent/object.h"
#include "edge/agent/port.h"
#include "edge/agent/rate.h"
#include "edge/agent/route.h"
#include "edge/agent/session.h"
#include "edge/agent/sockets.h"
#include "edge/agent/veth.h"
#include "edge/agent/vlan.h"
#include "edge/agent/vrf.h"

const struct member members_none[] = {{MEMBER_END, 0}};
const struct member members_instance[] = {MEMBER(op_instance, INSTANCE, instance), {MEMBER_END, 0}};
const struct member members_read[] = {
    MEMBER(op_read, INSTANCE, instance), MEMBER(op_read, MAYBE_PORT, device), {MEMBER_END, 0}};

const struct object *const objects[] = {
    &session_object,
    &port_object,
    &netns_object,
    &device_object,
    &vrf_object,
    &vlan_object,
    &veth_object,
    &addr_object,
    &route_object,
    &filter_object,
    &rate_object,
    &sockets_object,
    &counters_object,
    &bird_process_object,
    &echo_object,
    &line_object,
    NULL,
};

const struct device_kind *const device_kinds[LINK_KINDS] = {
    [LINK_VRF] = &vrf_kind,
    [LINK_VLAN] = &vlan_kind,
    [LINK_MACVLAN] = &vlan_kind,
    [LINK_VETH] = &veth_kind,
};

/* SPDX-License-Identifier: ISC */
/* plan.h - what an order would do to edges, for a caller who only asks. */
#ifndef DC_PLAN_H
#define DC_PLAN_H

#include "base/json.h"
#include "store/store.h"

/* The value of "plan" in the answer of a dry run, after tx_settle():
 *
 *	{"objects": [{"action": "add", "kind": "vlan", "key": "vlan/<interface>", "owner_kind": "virtual_interface",
 *	              "owner_id": "..."}],
 *	 "sessions": [{"action": "restart", "key": "bgp/<peer>", "owner_kind": ..., "owner_id": ...}]}
 *
 * Actions of objects are add, change and remove. Actions of sessions are start, stop, restart (the neighbour notices)
 * and keep (BIRD takes the change over while the session stays up). edges: each row also has the edge_id. */
void plan_write(struct tx *, bool edges, struct json *out);

#endif

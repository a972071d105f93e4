/* SPDX-License-Identifier: ISC */
#include "edge/agent/line.h"

#include <string.h>

#include "edge/agent/netns.h"
#include "edge/agent/nl_link.h"
#include "edge/agent/nl_neigh.h"

static int
op_line(struct call *call, const void *request)
{
	const struct op_line *op = request;
	struct reply_line *reply;
	struct link_counts counts;
	struct neigh neigh;
	struct netns *ns;
	struct link link;

	if (netns_get(call->host, op->instance, &ns, &call->fault) != 0 ||
	    link_find_ours(ns->route, op->device, &link, &call->fault) != 0 ||
	    link_read_counts(ns->route, link.index, &counts, &call->fault) != 0 ||
	    neigh_find(ns->route, link.index, &op->remote, &neigh, &call->fault) != 0)
		return call->fault.code;
	reply = call_reply(call, sizeof(*reply));
	reply->received_packets = counts.received_packets;
	reply->received_bytes = counts.received_bytes;
	reply->sent_packets = counts.sent_packets;
	reply->sent_bytes = counts.sent_bytes;
	reply->neighbour = neigh.state;
	reply->has_hardware = neigh.has_address;
	memcpy(reply->hardware, neigh.address, sizeof(reply->hardware));
	return 0;
}

static const struct member members[] = {
    MEMBER(op_line, INSTANCE, instance), MEMBER(op_line, NAME, device), MEMBER(op_line, ADDR, remote), {MEMBER_END, 0}};

static const struct op_row rows[] = {
    {OP_LINE, op_line, sizeof(struct op_line), members},
};

const struct object line_object = OBJECT(rows);

/* SPDX-License-Identifier: ISC */
#include "edge/agent/session.h"

#include <errno.h>

#include "edge/agent/netns.h"
#include "edge/agent/netns_setup.h"
#include "edge/agent/nl.h"
#include "edge/agent/watch.h"

static int
op_hello(struct call *call, const void *request)
{
	const struct op_hello *op = request;
	struct reply_hello *reply;

	if (op->version != AGENT_VERSION)
		return fault_set(
		    &call->fault, EPROTO, "the agent speaks version %d, not %u", AGENT_VERSION, op->version);
	reply = call_reply(call, sizeof(*reply));
	reply->version = AGENT_VERSION;
	reply->started = !call->host->served;
	reply->key_room = netns_key_room(call->host);
	reply->control_group = call->host->bird_first;
	call->host->served = true;
	return 0;
}

static void
tell_of(struct call *call, uint32_t instance, bool changed)
{
	struct item_change item = {.instance = instance};

	if (changed)
		call_item(call, &item, sizeof(item));
}

static int
op_changes(struct call *call, const void *request)
{
	struct host *host = call->host;

	(void)request;
	watch_asked(host);
	tell_of(call, 0, nl_changed(host->watch));
	for (size_t i = 0; i < host->netns_count; i++) {
		struct netns *ns = host->netns[i];
		bool changed = nl_changed(ns->watch), filter_changed = filter_tables_changed(&ns->filter);

		tell_of(call, ns->number, changed || filter_changed);
	}
	return 0;
}

static const struct op_row rows[] = {
    {OP_HELLO, op_hello, sizeof(struct op_hello), members_none},
    {OP_CHANGES, op_changes, sizeof(struct op_none), members_none},
};

const struct object session_object = OBJECT(rows);

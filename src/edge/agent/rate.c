/* SPDX-License-Identifier: ISC */
#include "edge/agent/rate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "edge/agent/nl_rate.h"
#include "edge/agent/nl_tc.h"

#define BURST_LEAST 65536 /* of a frame that the kernel has put together of many */

static int
find(struct call *call, uint32_t instance, const char *device, struct netns **ns, struct link *ret)
{
	if (netns_get(call->host, instance, ns, &call->fault) != 0)
		return call->fault.code;
	return link_find_ours((*ns)->route, device, ret, &call->fault);
}

static int
have_own_traffic(struct host *host, struct fault *fault)
{
	if (host->own_traffic < 0)
		host->own_traffic = rate_load_own_traffic(fault);
	return host->own_traffic >= 0 ? 0 : fault->code;
}

static int
op_rate_set(struct call *call, const void *request)
{
	const struct op_rate *op = request;
	struct fault *fault = &call->fault;
	struct link link;
	struct netns *ns;
	bool hooked;

	if (op->ingress_kbit == 0 || op->egress_kbit == 0 || op->burst < BURST_LEAST)
		return fault_set(fault, EINVAL, "a rate of 0, or a burst below %d bytes", BURST_LEAST);
	if (find(call, op->instance, op->device, &ns, &link) != 0 || have_own_traffic(call->host, fault) != 0)
		return fault->code;
	if (tc_hook(ns->route, link.index, &hooked, fault) != 0 ||
	    rate_police(ns->route, link.index, op->ingress_kbit, op->burst, fault) != 0 ||
	    rate_shape(ns->route, link.index, op->egress_kbit, op->burst, call->host->own_traffic, fault) != 0)
		return fault_prefix(fault, "device %s", op->device);
	return 0;
}

static int
op_rate_del(struct call *call, const void *request)
{
	const struct op_device *op = request;
	struct link link;
	struct netns *ns;
	int code = find(call, op->instance, op->device, &ns, &link);

	if (code == ENOENT || code == ENODEV)
		return 0;
	if (code != 0)
		return code;
	return rate_clear(ns->route, link.index, &call->fault) == 0
		   ? 0
		   : fault_prefix(&call->fault, "device %s", op->device);
}

static int
compare_index(const void *key, const void *element)
{
	uint32_t x = *(const uint32_t *)key, y = ((const struct rate *)element)->index;

	return x < y ? -1 : x > y;
}

static void
tell(struct call *call, const struct link *link, const struct rate *rates, size_t n)
{
	const struct rate *rate = n == 0 ? NULL : bsearch(&link->index, rates, n, sizeof(*rates), compare_index);
	struct item_rate item = {0};

	if (rate == NULL || !link_is_ours(link))
		return;
	strlcpy(item.device, link->name, sizeof(item.device));
	item.ingress_kbit = rate->ingress_kbit;
	item.egress_kbit = rate->egress_kbit;
	item.burst = rate->burst;
	memcpy(item.drops, rate->drops, sizeof(item.drops));
	call_item(call, &item, sizeof(item));
}

static int
op_read_rates(struct call *call, const void *request)
{
	const struct op_read *op = request;
	struct fault *fault = &call->fault;
	const struct rate *rates;
	struct link *links;
	struct netns *ns;
	size_t n, rate_count;

	if (netns_get(call->host, op->instance, &ns, fault) != 0 ||
	    link_read(&ns->links, call->arena, &links, &n, fault) != 0 ||
	    rate_cache_read(&ns->rates, op->device[0] == '\0', &rates, &rate_count, fault) != 0)
		return fault->code;
	for (size_t i = 0; i < n; i++)
		if (op->device[0] == '\0' || strcmp(links[i].name, op->device) == 0)
			tell(call, &links[i], rates, rate_count);
	return 0;
}

static const struct member rate_members[] = {
    MEMBER(op_rate, INSTANCE, instance), MEMBER(op_rate, NAME, device), {MEMBER_END, 0}};
static const struct member device_members[] = {
    MEMBER(op_device, INSTANCE, instance), MEMBER(op_device, NAME, device), {MEMBER_END, 0}};

static const struct op_row rows[] = {
    {OP_RATE_SET, op_rate_set, sizeof(struct op_rate), rate_members},
    {OP_RATE_DEL, op_rate_del, sizeof(struct op_device), device_members},
    {OP_READ_RATES, op_read_rates, sizeof(struct op_read), members_read},
};

const struct object rate_object = OBJECT(rows);

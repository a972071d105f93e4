/* SPDX-License-Identifier: ISC */
#include "edge/agent/session.h"

#include <errno.h>
#include <string.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "edge/agent/netns.h"
#include "edge/agent/nl_rate.h"
#include "edge/agent/netns_setup.h"
#include "edge/agent/nl.h"
#include "edge/agent/nl_link.h"
#include "edge/agent/watch.h"

#define LOOPBACK 1

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
tell_of(struct call *call, uint32_t instance, const char *device)
{
	struct item_change item = {.instance = instance};

	strlcpy(item.device, device, sizeof(item.device));
	call_item(call, &item, sizeof(item));
}

#define DEVICES_MOST 64 /* when more have changed, all are read */

struct news { /* of one namespace */
	char name[DEVICES_MOST][OP_NAME_MAX];
	uint32_t index[DEVICES_MOST]; /* without a name: of the device that it is about */
	size_t n;
	bool all;
};

static void
add_news(struct news *news, uint32_t index, const char *name)
{
	for (size_t i = 0; i < news->n; i++)
		if (news->index[i] == index && strcmp(news->name[i], name) == 0)
			return;
	if (news->n == DEVICES_MOST || index == 0) {
		news->all = true;
		return;
	}
	news->index[news->n] = index;
	strlcpy(news->name[news->n++], name, OP_NAME_MAX);
}

/* Routes are read with each device; those over none, the unreachable defaults, are a part of their VRF. */
static void
hear_route(struct news *news, const struct nlmsghdr *h)
{
	const struct nlattr *table[RTA_MAX + 1];
	uint32_t oif;

	nl_attrs(h, sizeof(struct rtmsg), table, RTA_MAX);
	oif = nl_u32(table[RTA_OIF]);
	add_news(news, oif == LOOPBACK ? 0 : oif, "");
}

static void
hear(void *arg, const struct nlmsghdr *h)
{
	const void *body = mnl_nlmsg_get_payload(h);
	const struct nlattr *table[IFLA_MAX + 1];
	struct news *news = arg;
	char name[OP_NAME_MAX];

	switch (h->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		nl_attrs(h, sizeof(struct ifinfomsg), table, IFLA_MAX);
		nl_text(table[IFLA_IFNAME], name, sizeof(name));
		add_news(news, (uint32_t)((const struct ifinfomsg *)body)->ifi_index, name);
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		add_news(news, ((const struct ifaddrmsg *)body)->ifa_index, "");
		break;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		hear_route(news, h);
		break;
	case RTM_NEWTFILTER:
	case RTM_DELTFILTER:
	case RTM_NEWQDISC:
	case RTM_DELQDISC:
	case RTM_NEWCHAIN:
	case RTM_DELCHAIN:
		add_news(news, (uint32_t)((const struct tcmsg *)body)->tcm_ifindex, "");
		break;
	case RTM_NEWACTION:
	case RTM_DELACTION:
		add_news(news, rate_of_action(h), "");
		break;
	default:
		news->all = true;
	}
}

/* A device that is gone announces that with its name; what else was announced of it is of no interest then. */
static void
tell_devices(struct call *call, struct netns *ns, struct news *news)
{
	const struct link *links;
	struct fault ignored = {0};
	size_t n;

	if (link_peek(&ns->links, &links, &n, &ignored) != 0) {
		tell_of(call, ns->number, "");
		return;
	}
	for (size_t i = 0; i < news->n; i++) {
		const struct link *link = link_by_index(links, n, news->index[i]);

		if (news->name[i][0] != '\0')
			tell_of(call, ns->number, news->name[i]);
		else if (link != NULL)
			tell_of(call, ns->number, link->name);
	}
}

static void
tell_changes(struct call *call, struct netns *ns)
{
	struct news news = {0};
	bool heard = nl_heard(ns->watch, hear, &news, &news.all), filters = filter_tables_changed(&ns->filter);

	if (news.all || (filters && !heard))
		tell_of(call, ns->number, "");
	else
		tell_devices(call, ns, &news);
}

static int
op_changes(struct call *call, const void *request)
{
	struct host *host = call->host;

	(void)request;
	watch_asked(host);
	if (nl_changed(host->watch))
		tell_of(call, 0, "");
	for (size_t i = 0; i < host->netns_count; i++)
		tell_changes(call, host->netns[i]);
	return 0;
}

static const struct op_row rows[] = {
    {OP_HELLO, op_hello, sizeof(struct op_hello), members_none},
    {OP_CHANGES, op_changes, sizeof(struct op_none), members_none},
};

const struct object session_object = OBJECT(rows);

/* SPDX-License-Identifier: ISC */
#include "edge/agent/watch.h"

#include <errno.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <linux/rtnetlink.h>

#include "edge/agent/nl.h"

static const int groups[] = {
    RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_TC, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE};
#define GROUPS (sizeof(groups) / sizeof(groups[0]))
#define GROUPS_WITHOUT_ROUTES 4

int
watch_open_all(struct host *host, struct fault *fault)
{
	host->changes = epoll_create1(EPOLL_CLOEXEC);
	if (host->changes < 0)
		return fault_errno(fault, "epoll");
	return watch_open(host, false, &host->watch, fault);
}

void
watch_close_all(struct host *host)
{
	watch_end(host);
	host->watch = nl_close(host->watch);
	if (host->changes >= 0)
		close(host->changes);
	host->changes = -1;
}

int
watch_open(const struct host *host, bool with_routes, struct nl **ret, struct fault *fault)
{
	struct nl *nl = NULL;

	if (nl_open(NETLINK_ROUTE, &nl, fault) != 0)
		return fault->code;
	if (nl_only_routes_of(nl, ROUTE_PROTO_FIRST, ROUTE_PROTO_LAST, fault) != 0 ||
	    nl_join(nl, groups, with_routes ? GROUPS : GROUPS_WITHOUT_ROUTES, fault) != 0) {
		nl_close(nl);
		return fault->code;
	}
	if (watch_too(host, nl, fault) != 0) {
		nl_close(nl);
		return fault->code;
	}
	*ret = nl;
	return 0;
}

int
watch_too(const struct host *host, struct nl *nl, struct fault *fault)
{
	struct epoll_event event = {.events = EPOLLIN};

	if (epoll_ctl(host->changes, EPOLL_CTL_ADD, nl_descriptor(nl), &event) != 0)
		return fault_errno(fault, "epoll");
	return 0;
}

int
watch_begin(struct host *host, int *ret, struct fault *fault)
{
	watch_end(host);
	host->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (host->wake < 0)
		return fault_errno(fault, "eventfd");
	*ret = host->wake;
	return 0;
}

void
watch_end(struct host *host)
{
	if (host->wake >= 0)
		close(host->wake);
	host->wake = -1;
	host->woken = false;
}

int
watch_descriptor(const struct host *host)
{
	return host->wake >= 0 && !host->woken ? host->changes : -1;
}

/* The other half has the same descriptor and could fill it up: then it is awake, and nothing waits here. */
void
watch_tell(struct host *host)
{
	host->woken = eventfd_write(host->wake, 1) == 0 || errno == EAGAIN;
}

void
watch_asked(struct host *host)
{
	eventfd_t ignored;

	(void)eventfd_read(host->wake, &ignored);
	host->woken = false;
}

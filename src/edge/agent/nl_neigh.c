/* SPDX-License-Identifier: ISC */
#include "edge/agent/nl_neigh.h"

#include <errno.h>
#include <string.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "edge/agent/nl.h"

static void
parse_neigh(const struct nlmsghdr *h, struct neigh *ret)
{
	const struct ndmsg *nd = mnl_nlmsg_get_payload(h);
	const struct nlattr *table[NDA_MAX + 1];

	nl_attrs(h, sizeof(*nd), table, NDA_MAX);
	ret->state = nd->ndm_state;
	ret->has_address =
	    table[NDA_LLADDR] != NULL && mnl_attr_get_payload_len(table[NDA_LLADDR]) == sizeof(ret->address);
	if (ret->has_address)
		memcpy(ret->address, mnl_attr_get_payload(table[NDA_LLADDR]), sizeof(ret->address));
}

int
neigh_find(struct nl *nl, uint32_t index, const struct ip_addr *addr, struct neigh *ret, struct fault *fault)
{
	_cleanup_buf_ struct buf answer = {.max = 65536};
	struct nl_msg msg;
	struct ndmsg *nd;

	*ret = (struct neigh){0};
	nl_begin(&msg, RTM_GETNEIGH, 0, sizeof(*nd));
	nd = msg.body;
	nd->ndm_family = nl_family(addr->family);
	nd->ndm_ifindex = (int)index;
	nl_put_addr(&msg, NDA_DST, addr);
	if (nl_get(nl, &msg, &answer, fault) != 0) {
		if (fault->code != ENOENT)
			return fault_prefix(fault, "reading a neighbour");
		fault->code = 0;
		return 0;
	}
	const struct nlmsghdr *h = nl_next(&answer, NULL);

	if (h == NULL || h->nlmsg_type != RTM_NEWNEIGH || mnl_nlmsg_get_payload_len(h) < sizeof(*nd))
		return fault_set(fault, EPROTO, "no neighbour in the kernel's answer");
	parse_neigh(h, ret);
	return 0;
}

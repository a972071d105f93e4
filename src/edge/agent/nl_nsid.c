/* SPDX-License-Identifier: ISC */
#include "edge/agent/nl_nsid.h"

#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>

#include "edge/agent/nl.h"

int32_t
nl_nsid(struct nl *where, int which)
{
	_cleanup_buf_ struct buf answer = {.max = 4096};
	const struct nlattr *table[NETNSA_MAX + 1];
	struct fault ignored = {0};
	struct nl_msg msg;

	nl_begin(&msg, RTM_GETNSID, 0, sizeof(struct rtgenmsg));
	mnl_attr_put_u32(msg.h, NETNSA_FD, (uint32_t)which);
	if (nl_get(where, &msg, &answer, &ignored) != 0)
		return -1;
	const struct nlmsghdr *h = nl_next(&answer, NULL);

	if (h == NULL || h->nlmsg_type != RTM_NEWNSID)
		return -1;
	nl_attrs(h, sizeof(struct rtgenmsg), table, NETNSA_MAX);
	return table[NETNSA_NSID] == NULL ? -1 : (int32_t)nl_u32(table[NETNSA_NSID]);
}

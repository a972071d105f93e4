/* SPDX-License-Identifier: ISC */
/* Reading what the kernel sends, also when it is not what we think. */
#include <setjmp.h>
#include <sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <cmocka.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "edge/agent/counters.h"
#include "edge/agent/nl.h"
#include "edge/agent/op.h"

static struct nl_msg *
a_message(struct nl_msg *msg)
{
	nl_begin(msg, RTM_NEWLINK, 0, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(msg->h, IFLA_IFNAME, "dcv1");
	mnl_attr_put_u32(msg->h, IFLA_MASTER, 7);
	mnl_attr_put_u32(msg->h, 1000, 9); /* of a newer kernel */
	return msg;
}

static void
attributes_are_found_by_type_and_unknown_ones_are_skipped(void **state)
{
	const struct nlattr *table[IFLA_MAX + 1];
	struct nl_msg msg;
	char name[16];

	(void)state;
	nl_attrs(a_message(&msg)->h, sizeof(struct ifinfomsg), table, IFLA_MAX);
	nl_text(table[IFLA_IFNAME], name, sizeof(name));
	assert_string_equal(name, "dcv1");
	assert_int_equal(nl_u32(table[IFLA_MASTER]), 7);
	assert_null(table[IFLA_LINK]);
	assert_int_equal(nl_u32(table[IFLA_LINK]), 0);
}

static void
a_message_that_was_cut_gives_no_more_than_it_has(void **state)
{
	struct nl_msg msg;
	uint32_t whole = a_message(&msg)->h->nlmsg_len;

	(void)state;
	for (uint32_t len = NLMSG_HDRLEN; len <= whole; len++) {
		const struct nlattr *table[IFLA_MAX + 1];
		/* An allocation of just that size, so that a sanitizer sees a read beyond its end. */
		struct nlmsghdr *cut = malloc(len);

		assert_non_null(cut);
		memcpy(cut, msg.h, len);
		cut->nlmsg_len = len;
		nl_attrs(cut, sizeof(struct ifinfomsg), table, IFLA_MAX);
		assert_true(table[IFLA_MASTER] == NULL || nl_u32(table[IFLA_MASTER]) == 7);
		free(cut);
	}
}

static void
an_attribute_that_claims_more_than_there_is_is_ignored(void **state)
{
	const struct nlattr *table[IFLA_MAX + 1];
	struct nl_msg msg;
	struct nlattr *first;

	(void)state;
	a_message(&msg);
	first = mnl_nlmsg_get_payload_offset(msg.h, sizeof(struct ifinfomsg));
	for (uint16_t claim = 0; claim < sizeof(struct nlattr); claim++) {
		first->nla_len = claim;
		nl_attrs(msg.h, sizeof(struct ifinfomsg), table, IFLA_MAX);
		assert_null(table[IFLA_IFNAME]);
	}
	first->nla_len = UINT16_MAX;
	nl_attrs(msg.h, sizeof(struct ifinfomsg), table, IFLA_MAX);
	assert_null(table[IFLA_IFNAME]);
}

static void
text_is_cut_to_its_place_and_needs_no_end(void **state)
{
	const struct nlattr *table[IFLA_MAX + 1];
	struct nl_msg msg;
	char text[8];

	(void)state;
	nl_begin(&msg, RTM_NEWLINK, 0, sizeof(struct ifinfomsg));
	mnl_attr_put(msg.h, IFLA_IFALIAS, 12, "abcdefghijkl");
	nl_attrs(msg.h, sizeof(struct ifinfomsg), table, IFLA_MAX);
	nl_text(table[IFLA_IFALIAS], text, sizeof(text));
	assert_string_equal(text, "abcdefg");
	nl_text(NULL, text, sizeof(text));
	assert_string_equal(text, "");
}

static void
numbers_and_addresses_that_are_too_short_are_none(void **state)
{
	const struct nlattr *table[IFLA_MAX + 1];
	struct ip_addr addr;
	struct nl_msg msg;

	(void)state;
	nl_begin(&msg, RTM_NEWADDR, 0, sizeof(struct ifinfomsg));
	mnl_attr_put(msg.h, 1, 3, "\1\2\3");
	mnl_attr_put(msg.h, 2, 4, "\12\0\0\1");
	nl_attrs(msg.h, sizeof(struct ifinfomsg), table, IFLA_MAX);
	assert_int_equal(nl_u32(table[1]), 0);
	assert_int_equal(nl_addr(table[1], AF_INET, &addr), 0);
	assert_int_equal(nl_addr(table[2], AF_INET6, &addr), 0);
	assert_int_equal(nl_addr(table[2], AF_PACKET, &addr), 0);
	assert_int_equal(addr.family, IP_NONE);
	assert_int_equal(nl_addr(table[2], AF_INET, &addr), 1);
	assert_int_equal(addr.family, IP_V4);
	assert_memory_equal(addr.byte, "\12\0\0\1", 4);
}

static void
nested_attributes_are_read_and_none_is_empty(void **state)
{
	const struct nlattr *table[IFLA_MAX + 1], *info[IFLA_INFO_MAX + 1];
	struct nl_msg msg;
	struct nlattr *nest;
	char kind[16];

	(void)state;
	nl_begin(&msg, RTM_NEWLINK, 0, sizeof(struct ifinfomsg));
	nest = mnl_attr_nest_start(msg.h, IFLA_LINKINFO);
	mnl_attr_put_strz(msg.h, IFLA_INFO_KIND, "vrf");
	mnl_attr_nest_end(msg.h, nest);
	nl_attrs(msg.h, sizeof(struct ifinfomsg), table, IFLA_MAX);
	nl_nested(table[IFLA_LINKINFO], info, IFLA_INFO_MAX);
	nl_text(info[IFLA_INFO_KIND], kind, sizeof(kind));
	assert_string_equal(kind, "vrf");
	nl_nested(NULL, info, IFLA_INFO_MAX);
	assert_null(info[IFLA_INFO_KIND]);
}

/* What a watch hears */

static void
change_route(struct nl *nl, int type, uint8_t protocol)
{
	const struct ip_addr prefix = {.family = IP_V4, .byte = {10, 9, 8, 0}};
	struct fault fault = {0};
	struct nl_msg msg;
	struct rtmsg *rtm;

	nl_begin(&msg, type, type == RTM_NEWROUTE ? NLM_F_CREATE : 0, sizeof(*rtm));
	rtm = msg.body;
	rtm->rtm_family = AF_INET;
	rtm->rtm_dst_len = 24;
	rtm->rtm_table = RT_TABLE_MAIN;
	rtm->rtm_protocol = protocol;
	rtm->rtm_scope = RT_SCOPE_LINK;
	rtm->rtm_type = RTN_UNICAST;
	nl_put_addr(&msg, RTA_DST, &prefix);
	mnl_attr_put_u32(msg.h, RTA_OIF, 1);
	if (nl_call(nl, &msg, &fault) != 0)
		fail_msg("%s", fault.text);
}

static void
set_loopback_up(struct nl *nl)
{
	struct fault fault = {0};
	struct nl_msg msg;
	struct ifinfomsg *ifi;

	nl_begin(&msg, RTM_NEWLINK, 0, sizeof(*ifi));
	ifi = msg.body;
	ifi->ifi_index = 1;
	ifi->ifi_flags = ifi->ifi_change = IFF_UP;
	if (nl_call(nl, &msg, &fault) != 0)
		fail_msg("%s", fault.text);
}

/* In a network namespace of its own; the last test, for the process stays there. */
static void
a_watch_hears_of_our_routes_and_of_no_others(void **state)
{
	const int groups[] = {RTNLGRP_LINK, RTNLGRP_IPV4_ROUTE};
	struct nl *nl = NULL, *watch = NULL;
	struct fault fault = {0};

	(void)state;
	assert_true(unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0);
	assert_int_equal(nl_open(NETLINK_ROUTE, &nl, &fault), 0);
	assert_int_equal(nl_open(NETLINK_ROUTE, &watch, &fault), 0);
	assert_int_equal(nl_only_routes_of(watch, ROUTE_PROTO_FIRST, ROUTE_PROTO_LAST, &fault), 0);
	assert_int_equal(nl_join(watch, groups, 2, &fault), 0);
	assert_false(nl_changed(watch));
	set_loopback_up(nl);
	assert_true(nl_changed(watch));
	assert_false(nl_changed(watch));
	for (uint8_t protocol = ROUTE_PROTO_FIRST - 1; protocol <= ROUTE_PROTO_LAST + 1; protocol++) {
		bool ours = protocol >= ROUTE_PROTO_FIRST && protocol <= ROUTE_PROTO_LAST;

		change_route(nl, RTM_NEWROUTE, protocol);
		assert_int_equal(nl_changed(watch), ours);
		change_route(nl, RTM_DELROUTE, protocol);
		assert_int_equal(nl_changed(watch), ours);
	}
	nl_close(watch);
	nl_close(nl);
}

/* The kernel's counters, which are text */

static const char netstat[] = "TcpExt: SyncookiesSent TCPMD5NotFound TCPMD5Unexpected TCPMD5Failure Last\n"
			      "TcpExt: 1 22 333 18446744073709551615 5\n"
			      "IpExt: InNoRoutes TCPMD5Failure\n"
			      "IpExt: 7 8\n";

static void
a_counter_is_found_by_group_and_name(void **state)
{
	(void)state;
	assert_int_equal(counters_value(netstat, "TcpExt", "TCPMD5NotFound"), 22);
	assert_int_equal(counters_value(netstat, "TcpExt", "TCPMD5Unexpected"), 333);
	assert_true(counters_value(netstat, "TcpExt", "TCPMD5Failure") == UINT64_MAX);
	assert_int_equal(counters_value(netstat, "IpExt", "TCPMD5Failure"), 8);
	assert_int_equal(counters_value(netstat, "TcpExt", "Last"), 5);
}

static void
a_counter_that_is_not_there_is_zero(void **state)
{
	(void)state;
	assert_int_equal(counters_value(netstat, "TcpExt", "TCPMD5"), 0);
	assert_int_equal(counters_value(netstat, "Tcp", "Last"), 0);
	assert_int_equal(counters_value("", "TcpExt", "Last"), 0);
	assert_int_equal(counters_value("TcpExt: Last", "TcpExt", "Last"), 0);
	assert_int_equal(counters_value("TcpExt: A Last\nTcpExt: 1\n", "TcpExt", "Last"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(attributes_are_found_by_type_and_unknown_ones_are_skipped),
	    cmocka_unit_test(a_message_that_was_cut_gives_no_more_than_it_has),
	    cmocka_unit_test(an_attribute_that_claims_more_than_there_is_is_ignored),
	    cmocka_unit_test(text_is_cut_to_its_place_and_needs_no_end),
	    cmocka_unit_test(numbers_and_addresses_that_are_too_short_are_none),
	    cmocka_unit_test(nested_attributes_are_read_and_none_is_empty),
	    cmocka_unit_test(a_counter_is_found_by_group_and_name),
	    cmocka_unit_test(a_counter_that_is_not_there_is_zero),
	    cmocka_unit_test(a_watch_hears_of_our_routes_and_of_no_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

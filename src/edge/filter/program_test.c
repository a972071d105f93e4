/* SPDX-License-Identifier: ISC */
/* The program runs here in an interpreter (test_machine.h), against frames made by hand: from the network header
 * on, with the protocol that the kernel has found before it. That the kernel takes the program, and that both agree, is
 * test/lab's to show. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#include "edge/filter/program.h"
#include "edge/filter/test_machine.h"

/* --- frames --- */

#define SYN 0x02
#define SYN_ACK 0x12
#define ACK 0x10

static const uint8_t md5_option[] = {19, 18, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 1, 1};

static void
put_v4(struct frame *f, const char *from, const char *to, uint8_t protocol, size_t options)
{
	*f = (struct frame){.protocol = ETH_P_IP, .len = 20 + options};
	f->data[0] = (uint8_t)(0x40 | (5 + options / 4));
	memset(f->data + 20, 1, options);
	f->data[8] = 255;
	f->data[9] = protocol;
	assert_int_equal(inet_pton(AF_INET, from, f->data + 12), 1);
	assert_int_equal(inet_pton(AF_INET, to, f->data + 16), 1);
}

static void
put_v6(struct frame *f, const char *from, const char *to, uint8_t next)
{
	*f = (struct frame){.protocol = ETH_P_IPV6, .len = 40};
	f->data[0] = 0x60;
	f->data[6] = next;
	f->data[7] = 255;
	assert_int_equal(inet_pton(AF_INET6, from, f->data + 8), 1);
	assert_int_equal(inet_pton(AF_INET6, to, f->data + 24), 1);
}

static void
put_tcp(struct frame *f, uint16_t port, uint8_t flags, const void *options, size_t size)
{
	uint8_t *tcp = f->data + f->len;

	memset(tcp, 0, 20);
	tcp[2] = (uint8_t)(port >> 8);
	tcp[3] = (uint8_t)port;
	tcp[12] = (uint8_t)((20 + size) / 4 << 4);
	tcp[13] = flags;
	if (size > 0)
		memcpy(tcp + 20, options, size);
	f->len += 20 + size;
}

static struct frame
tcp(const char *from, const char *to, uint16_t port, uint8_t flags, const void *options, size_t size)
{
	struct frame f;

	if (strchr(from, ':') != NULL)
		put_v6(&f, from, to, 6);
	else
		put_v4(&f, from, to, 6, 0);
	put_tcp(&f, port, flags, options, size);
	return f;
}

static int
bgp(uint32_t ifindex, const char *from, const char *to, uint8_t flags, bool signs)
{
	struct frame f = tcp(from, to, 179, flags, md5_option, signs ? sizeof(md5_option) : 0);

	return verdict(ifindex, &f);
}

static int
udp(uint32_t ifindex, const char *from, const char *to)
{
	struct frame f;

	if (strchr(from, ':') != NULL)
		put_v6(&f, from, to, 17);
	else
		put_v4(&f, from, to, 17, 0);
	f.len += 8;
	return verdict(ifindex, &f);
}

/* --- BGP --- */

static void
test_a_neighbour_with_a_key_opens_only_with_the_option(void **state)
{
	(void)state;
	assert_int_equal(bgp(CUSTOMER, "169.254.10.2", "169.254.10.1", SYN, false), FILTER_UNSIGNED);
	assert_int_equal(bgp(CUSTOMER, "169.254.10.2", "169.254.10.1", SYN, true), PASSES);
	assert_int_equal(bgp(CUSTOMER, "fd00:10::2", "fd00:10::1", SYN, false), FILTER_UNSIGNED);
	assert_int_equal(bgp(CUSTOMER, "fd00:10::2", "fd00:10::1", SYN, true), PASSES);
	assert_int_equal(bgp(CUSTOMER, "fe80::2", "fe80::1", SYN, false), FILTER_UNSIGNED);
	assert_int_equal(bgp(CUSTOMER, "fe80::2", "fe80::1", SYN, true), PASSES);
}

/* With FIN, ECN or any other flag: SYN without ACK opens a connection. */
static void
test_only_what_opens_a_connection_needs_the_option(void **state)
{
	(void)state;
	for (unsigned flags = 0; flags < 256; flags++)
		assert_int_equal(bgp(CUSTOMER, "169.254.10.2", "169.254.10.1", (uint8_t)flags, false),
		    (flags & (SYN | ACK)) == SYN ? FILTER_UNSIGNED : PASSES);
}

static void
test_a_neighbour_without_a_key_opens_as_it_likes(void **state)
{
	(void)state;
	assert_int_equal(bgp(OTHER_LINE, "169.254.20.2", "169.254.20.1", SYN, false), PASSES);
	assert_int_equal(bgp(OTHER_LINE, "fd00:20::2", "fd00:20::1", SYN, false), PASSES);
}

static void
test_port_179_is_for_neighbours_of_the_device_alone(void **state)
{
	(void)state;
	/* signed or not, to the own line's address and to another's */
	for (int signs = 0; signs < 2; signs++) {
		assert_int_equal(bgp(CUSTOMER, "192.0.2.1", "169.254.10.1", SYN, signs), FILTER_STRANGER);
		assert_int_equal(bgp(CUSTOMER, "169.254.10.2", "169.254.20.1", SYN, signs), FILTER_STRANGER);
		assert_int_equal(bgp(CUSTOMER, "169.254.10.2", "10.10.0.1", SYN, signs), FILTER_STRANGER);
		assert_int_equal(bgp(VPC, "10.10.0.5", "169.254.10.1", SYN, signs), FILTER_STRANGER);
		assert_int_equal(bgp(VPC, "10.10.0.5", "10.10.0.1", SYN, signs), FILTER_STRANGER);
		assert_int_equal(bgp(VPC, "169.254.10.2", "169.254.10.1", SYN, signs), FILTER_STRANGER);
		assert_int_equal(bgp(CUSTOMER, "2001:db8::1", "fd00:10::1", SYN, signs), FILTER_STRANGER);
		assert_int_equal(bgp(VPC, "2001:db8::1", "fe80::1234", SYN, signs), FILTER_STRANGER);
		assert_int_equal(bgp(CUSTOMER, "fe80::2", "fe80::77", SYN, signs), FILTER_STRANGER);
	}
	assert_int_equal(bgp(VPC, "10.10.0.5", "169.254.10.1", ACK, false), FILTER_STRANGER);
}

/* A customer's own sessions with hosts behind the gateway are the customer's affair. */
static void
test_bgp_that_goes_through_passes(void **state)
{
	(void)state;
	assert_int_equal(bgp(CUSTOMER, "192.0.2.1", "10.10.0.77", SYN, false), PASSES);
	assert_int_equal(bgp(VPC, "10.10.0.77", "192.0.2.1", SYN, false), PASSES);
	assert_int_equal(bgp(CUSTOMER, "2001:db8::1", "fd00:aaaa::7", SYN, false), PASSES);
}

static void
test_other_ports_and_protocols_pass(void **state)
{
	struct frame f = tcp("169.254.10.2", "169.254.10.1", 22, SYN, NULL, 0);

	(void)state;
	assert_int_equal(verdict(CUSTOMER, &f), PASSES);
	assert_int_equal(udp(CUSTOMER, "169.254.10.2", "169.254.10.1"), PASSES);
	assert_int_equal(udp(CUSTOMER, "fd00:10::2", "fd00:10::1"), PASSES);
	f = (struct frame){.protocol = ETH_P_ARP, .len = 28};
	assert_int_equal(verdict(CUSTOMER, &f), PASSES);
}

static void
test_ipv4_options_hide_nothing(void **state)
{
	struct frame f;

	(void)state;
	for (size_t options = 0; options <= 40; options += 4) {
		put_v4(&f, "169.254.10.2", "169.254.10.1", 6, options);
		put_tcp(&f, 179, SYN, NULL, 0);
		assert_int_equal(verdict(CUSTOMER, &f), FILTER_UNSIGNED);
		put_v4(&f, "169.254.10.2", "169.254.10.1", 6, options);
		put_tcp(&f, 179, SYN, md5_option, sizeof(md5_option));
		assert_int_equal(verdict(CUSTOMER, &f), PASSES);
	}
}

static void
test_fragments_of_tcp_pass_only_from_a_neighbour_without_a_key(void **state)
{
	static const uint16_t offsets[] = {0x2000, 0x2001, 0x0001, 0x1fff};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct frame f = tcp("169.254.10.2", "169.254.10.1", 22, SYN, md5_option, sizeof(md5_option));

		f.data[6] = (uint8_t)(offsets[i] >> 8);
		f.data[7] = (uint8_t)offsets[i];
		assert_int_equal(verdict(CUSTOMER, &f), FILTER_FRAGMENT);
		assert_int_equal(inet_pton(AF_INET, "10.10.0.1", f.data + 16), 1); /* ours, elsewhere */
		assert_int_equal(verdict(CUSTOMER, &f), FILTER_FRAGMENT);
		assert_int_equal(inet_pton(AF_INET, "10.10.0.77", f.data + 16), 1); /* not ours */
		assert_int_equal(verdict(CUSTOMER, &f), PASSES);
		f = tcp("169.254.20.2", "169.254.20.1", 179, SYN, NULL, 0);
		f.data[6] = (uint8_t)(offsets[i] >> 8);
		f.data[7] = (uint8_t)offsets[i];
		assert_int_equal(verdict(OTHER_LINE, &f), PASSES);
	}
	struct frame f = tcp("169.254.10.2", "169.254.10.1", 179, SYN, md5_option, sizeof(md5_option));

	f.data[6] = 0x40; /* "do not fragment" is none */
	assert_int_equal(verdict(CUSTOMER, &f), PASSES);
	put_v4(&f, "169.254.10.2", "169.254.10.1", 17, 0);
	f.data[6] = 0x20;
	assert_int_equal(verdict(CUSTOMER, &f), PASSES);
}

static void
test_ipv6_fragments_of_tcp_are_dropped_and_others_pass(void **state)
{
	struct frame f;

	(void)state;
	for (unsigned next = 0; next < 256; next++) {
		put_v6(&f, "fd00:10::2", "fd00:10::1", 44);
		f.data[40] = (uint8_t)next;
		f.len += 8;
		put_tcp(&f, 179, SYN, md5_option, sizeof(md5_option));
		assert_int_equal(verdict(CUSTOMER, &f), next == 17 || next == 58 ? PASSES : FILTER_FRAGMENT);
	}
	put_v6(&f, "fd00:10::2", "fd00:aaaa::7", 44);
	f.data[40] = 6;
	f.len += 8;
	assert_int_equal(verdict(CUSTOMER, &f), PASSES); /* it goes through */
	put_v6(&f, "fd00:20::2", "fd00:20::1", 44);
	f.data[40] = 6;
	f.len += 8;
	assert_int_equal(verdict(OTHER_LINE, &f), PASSES);
}

static void
test_ipv6_extension_headers_to_us_are_dropped(void **state)
{
	static const uint8_t extensions[] = {0, 43, 50, 51, 60, 135, 139, 140};
	struct frame f;

	(void)state;
	for (size_t i = 0; i < sizeof(extensions); i++) {
		put_v6(&f, "fd00:10::2", "fd00:10::1", extensions[i]);
		f.data[40] = 6;
		f.len += 8;
		put_tcp(&f, 179, SYN, NULL, 0);
		assert_int_equal(verdict(CUSTOMER, &f), FILTER_FRAGMENT);
		put_v6(&f, "fe80::9", "ff02::16", extensions[i]); /* reports of groups come so */
		f.len += 8;
		assert_int_equal(verdict(CUSTOMER, &f), PASSES);
		put_v6(&f, "2001:db8::9", "fd00:aaaa::7", extensions[i]);
		f.len += 8;
		assert_int_equal(verdict(CUSTOMER, &f), PASSES);
	}
}

/* The kernel takes tags with VLAN 0 off after the filter, one after the other. The first one it has taken off before:
 * `protocol` names what follows the tag, and the frame looks as it does without a tag. */
static void
test_a_second_tag_is_dropped(void **state)
{
	struct frame f = tcp("169.254.10.2", "169.254.10.1", 179, SYN, md5_option, sizeof(md5_option));

	(void)state;
	f.protocol = ETH_P_8021Q;
	assert_int_equal(verdict(CUSTOMER, &f), FILTER_TAGGED);
	f.protocol = ETH_P_8021AD;
	assert_int_equal(verdict(CUSTOMER, &f), FILTER_TAGGED);
}

static void
test_a_device_without_a_row_lets_nothing_in(void **state)
{
	struct frame f = tcp("192.0.2.1", "192.0.2.2", 22, SYN, NULL, 0);

	(void)state;
	assert_int_equal(act(NOBODYS, &f), TC_ACT_SHOT);
}

/* A packet that ends too early cannot be known to be harmless. */
static void
test_headers_that_are_cut_off_do_not_pass(void **state)
{
	(void)state;
	for (size_t len = 0; len < 60; len++) {
		struct frame f = tcp("169.254.10.2", "169.254.10.1", 179, SYN, md5_option, sizeof(md5_option));

		f.len = len;
		assert_int_equal(verdict(CUSTOMER, &f), len < 20   ? FILTER_TAGGED
							: len < 40 ? FILTER_FRAGMENT
								   : FILTER_UNSIGNED);
	}
}

/* Network cards put a frame into several pieces as they like. */
static void
test_a_frame_in_pieces_is_read_whole(void **state)
{
	(void)state;
	for (size_t linear = 1; linear < 60; linear++) {
		struct frame f = tcp("169.254.10.2", "169.254.10.1", 179, SYN, md5_option, sizeof(md5_option));

		f.linear = linear;
		assert_int_equal(verdict(CUSTOMER, &f), PASSES);
		f = tcp("169.254.10.2", "169.254.10.1", 179, SYN, NULL, 0);
		f.linear = linear;
		assert_int_equal(verdict(CUSTOMER, &f), FILTER_UNSIGNED);
	}
}

/* --- options --- */

/* tcp_parse_md5sig_option of net/ipv4/tcp_input.c, in Linux 6.1. */
static bool
kernel_finds(const uint8_t *p, int length)
{
	while (length >= 18) {
		int code = *p++, size;

		if (code == 0)
			return false;
		if (code == 1) {
			length--;
			continue;
		}
		size = *p++;
		if (size < 2 || size > length)
			return false;
		if (code == 19)
			return size == 18;
		p += size - 2;
		length -= size;
	}
	return false;
}

static void
test_the_option_is_found_exactly_where_the_kernel_finds_it(void **state)
{
	static const uint8_t alphabet[] = {0, 1, 2, 3, 4, 8, 10, 17, 18, 19, 20, 30};
	unsigned seed = 1, found = 0;

	(void)state;
	for (int i = 0; i < 40000; i++) {
		size_t size = (size_t)(rand_r(&seed) % 11) * 4;
		uint8_t options[40];

		for (size_t k = 0; k < sizeof(options); k++)
			options[k] = alphabet[(size_t)rand_r(&seed) % sizeof(alphabet)];
		/* Most often it would be found nowhere. */
		size_t at = (size_t)rand_r(&seed) % 24;

		for (size_t k = 0; k < at && i % 2 == 0; k++)
			options[k] = 1;
		if (i % 3 != 0) {
			options[at] = 19;
			options[at + 1] = 18;
		}
		struct frame f = tcp("169.254.10.2", "169.254.10.1", 179, SYN, options, size);
		bool there = kernel_finds(options, (int)size);

		found += there;
		assert_int_equal(verdict(CUSTOMER, &f), there ? PASSES : FILTER_UNSIGNED);
	}
	assert_true(found > 1000);
}

/* --- sources --- */

static void
test_sources_that_are_never_a_customers_are_dropped(void **state)
{
	static const struct {
		const char *from, *to;
		int verdict;
	} cases[] = {
	    {"0.0.0.0", "10.10.0.77", FILTER_NEVER},
	    {"0.1.2.3", "10.10.0.77", FILTER_NEVER},
	    {"127.0.0.1", "10.10.0.77", FILTER_NEVER},
	    {"224.0.0.1", "10.10.0.77", FILTER_NEVER},
	    {"240.0.0.1", "10.10.0.77", FILTER_NEVER},
	    {"255.255.255.255", "10.10.0.77", FILTER_NEVER},
	    {"1.0.0.1", "10.10.0.77", PASSES},
	    {"126.0.0.1", "10.10.0.77", PASSES},
	    {"128.0.0.1", "10.10.0.77", PASSES},
	    {"223.255.255.1", "10.10.0.77", PASSES},
	    {"10.10.0.77", "10.10.0.78", FILTER_OTHER_LINK}, /* the VPC's own subnet */
	    {"10.10.200.1", "10.10.0.77", FILTER_NETWORK},
	    {"10.11.0.1", "10.10.0.77", PASSES},
	    {"10.10.0.1", "10.10.0.77", FILTER_OURS},
	    {"169.254.10.1", "10.10.0.77", FILTER_OURS},
	    {"169.254.20.1", "10.10.0.77", FILTER_OURS},
	    {"169.254.10.2", "10.10.0.77", PASSES},
	    {"169.254.20.2", "10.10.0.77", FILTER_OTHER_LINK},
	    {"::", "fd00:aaaa::7", FILTER_NEVER},
	    {"::", "ff02::1:ff00:1", PASSES}, /* whether an address is free */
	    {"::", "ff05::1", FILTER_NEVER},
	    {"::1", "fd00:aaaa::7", FILTER_NEVER},
	    {"::2", "fd00:aaaa::7", PASSES},
	    {"ff02::1", "fd00:aaaa::7", FILTER_NEVER},
	    {"::ffff:10.0.0.1", "fd00:aaaa::7", FILTER_NEVER},
	    {"fd00:aaaa::1", "fd00:aaaa::7", FILTER_NETWORK},
	    {"fd00:10::1", "fd00:aaaa::7", FILTER_OURS},
	    {"fd00:10::2", "fd00:aaaa::7", PASSES},
	    {"fd00:20::2", "fd00:aaaa::7", FILTER_OTHER_LINK},
	    {"2001:db8::1", "fd00:aaaa::7", PASSES},
	    {"fe80::2", "fe80::1", PASSES},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (udp(CUSTOMER, cases[i].from, cases[i].to) != cases[i].verdict)
			fail_msg("%s to %s: %d", cases[i].from, cases[i].to, udp(CUSTOMER, cases[i].from, cases[i].to));
}

static void
test_inside_only_our_own_addresses_are_dropped(void **state)
{
	(void)state;
	assert_int_equal(udp(VPC, "169.254.10.1", "192.0.2.1"), FILTER_OURS);
	assert_int_equal(udp(VPC, "10.10.0.1", "192.0.2.1"), FILTER_OURS);
	assert_int_equal(udp(VPC, "fd00:10::1", "2001:db8::1"), FILTER_OURS);
	assert_int_equal(udp(VPC, "10.10.0.77", "192.0.2.1"), PASSES);
	assert_int_equal(udp(VPC, "10.10.200.1", "192.0.2.1"), PASSES);
	assert_int_equal(udp(VPC, "fd00:aaaa::1", "2001:db8::1"), PASSES);
}

/* --- what a policer does not see --- */

static int
bfd(const char *from, const char *to, uint16_t port)
{
	struct frame f;

	if (strchr(from, ':') != NULL)
		put_v6(&f, from, to, 17);
	else
		put_v4(&f, from, to, 17, 0);
	f.data[f.len + 2] = (uint8_t)(port >> 8);
	f.data[f.len + 3] = (uint8_t)port;
	f.len += 32;
	return act(CUSTOMER, &f);
}

static int
discovery(const char *from, const char *to, uint8_t type)
{
	struct frame f;

	put_v6(&f, from, to, 58);
	f.data[f.len] = type;
	f.len += 24;
	return act(CUSTOMER, &f);
}

static void
test_bgp_and_bfd_between_neighbours_pass_at_once_and_others_as_data(void **state)
{
	struct frame f = tcp("169.254.10.2", "169.254.10.1", 179, ACK, NULL, 0);

	(void)state;
	assert_int_equal(act(CUSTOMER, &f), TC_ACT_OK);
	f = tcp("169.254.10.2", "169.254.10.1", 40001, ACK, NULL, 0);
	assert_int_equal(act(CUSTOMER, &f), TC_ACT_UNSPEC);
	f.data[20] = 0; /* from port 179: we have opened it */
	f.data[21] = 179;
	assert_int_equal(act(CUSTOMER, &f), TC_ACT_OK);
	assert_int_equal(inet_pton(AF_INET, "192.0.2.9", f.data + 12), 1);
	assert_int_equal(act(CUSTOMER, &f), TC_ACT_UNSPEC);
	f = tcp("192.0.2.1", "10.10.0.77", 179, ACK, NULL, 0); /* it goes through */
	assert_int_equal(act(CUSTOMER, &f), TC_ACT_UNSPEC);
	assert_int_equal(bfd("169.254.10.2", "169.254.10.1", 3784), TC_ACT_OK);
	assert_int_equal(bfd("169.254.10.2", "169.254.10.1", 4784), TC_ACT_OK);
	assert_int_equal(bfd("fd00:10::2", "fd00:10::1", 3784), TC_ACT_OK);
	assert_int_equal(bfd("169.254.10.2", "169.254.10.1", 3785), TC_ACT_UNSPEC);
	assert_int_equal(bfd("192.0.2.1", "169.254.10.1", 3784), TC_ACT_UNSPEC);
	assert_int_equal(bfd("169.254.10.2", "10.10.0.77", 3784), TC_ACT_UNSPEC);
	assert_int_equal(bfd("fd00:10::2", "fd00:aaaa::7", 3784), TC_ACT_UNSPEC);
}

static void
test_a_fragment_of_udp_passes_as_data(void **state)
{
	struct frame f;

	(void)state;
	put_v4(&f, "169.254.10.2", "169.254.10.1", 17, 0);
	f.data[6] = 0x20;
	f.data[22] = 3784 >> 8;
	f.data[23] = 3784 & 255;
	f.len += 32;
	assert_int_equal(act(CUSTOMER, &f), TC_ACT_UNSPEC);
}

static void
test_arp_and_neighbour_discovery_pass_at_once(void **state)
{
	struct frame f = {.protocol = ETH_P_ARP, .len = 28};

	(void)state;
	assert_int_equal(act(CUSTOMER, &f), TC_ACT_OK);
	for (unsigned type = 0; type < 256; type++) {
		int wanted = type >= 133 && type <= 137 ? TC_ACT_OK : TC_ACT_UNSPEC;

		assert_int_equal(discovery("fe80::2", "ff02::1:ff00:1", (uint8_t)type), wanted);
		assert_int_equal(discovery("fd00:10::2", "fd00:10::1", (uint8_t)type), wanted);
		assert_int_equal(discovery("fe80::2", "fe80::1", (uint8_t)type), wanted);
		assert_int_equal(discovery("fd00:10::2", "fd00:aaaa::7", (uint8_t)type), TC_ACT_UNSPEC);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_neighbour_with_a_key_opens_only_with_the_option),
	    cmocka_unit_test(test_only_what_opens_a_connection_needs_the_option),
	    cmocka_unit_test(test_a_neighbour_without_a_key_opens_as_it_likes),
	    cmocka_unit_test(test_port_179_is_for_neighbours_of_the_device_alone),
	    cmocka_unit_test(test_bgp_that_goes_through_passes),
	    cmocka_unit_test(test_other_ports_and_protocols_pass),
	    cmocka_unit_test(test_ipv4_options_hide_nothing),
	    cmocka_unit_test(test_fragments_of_tcp_pass_only_from_a_neighbour_without_a_key),
	    cmocka_unit_test(test_ipv6_fragments_of_tcp_are_dropped_and_others_pass),
	    cmocka_unit_test(test_ipv6_extension_headers_to_us_are_dropped),
	    cmocka_unit_test(test_a_second_tag_is_dropped),
	    cmocka_unit_test(test_a_device_without_a_row_lets_nothing_in),
	    cmocka_unit_test(test_headers_that_are_cut_off_do_not_pass),
	    cmocka_unit_test(test_a_frame_in_pieces_is_read_whole),
	    cmocka_unit_test(test_the_option_is_found_exactly_where_the_kernel_finds_it),
	    cmocka_unit_test(test_sources_that_are_never_a_customers_are_dropped),
	    cmocka_unit_test(test_inside_only_our_own_addresses_are_dropped),
	    cmocka_unit_test(test_bgp_and_bfd_between_neighbours_pass_at_once_and_others_as_data),
	    cmocka_unit_test(test_a_fragment_of_udp_passes_as_data),
	    cmocka_unit_test(test_arp_and_neighbour_discovery_pass_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/* The program runs here in an interpreter of what it uses of eBPF, against frames made by hand: from the network header
 * on, with the protocol that the kernel has found before it. That the kernel takes the program, and that both agree, is
 * test/lab's to show. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#include "base/ip.h"
#include "edge/filter/program.h"

enum { MAP_FD = 70, CUSTOMER = 11, OTHER_LINE = 12, VPC = 13, NOBODYS = 14, TABLE = 100001 };

/* --- tables --- */

static struct filter_device customer, other_line, vpc;

static const struct {
	const char *prefix;
	struct filter_link row;
} links[] = {
    {"169.254.10.1/32", {FILTER_IS_OURS, CUSTOMER}},
    {"169.254.10.0/30", {FILTER_IS_SUBNET, CUSTOMER}},
    {"169.254.20.1/32", {FILTER_IS_OURS, OTHER_LINE}},
    {"169.254.20.0/30", {FILTER_IS_SUBNET, OTHER_LINE}},
    {"10.10.0.1/32", {FILTER_IS_OURS, VPC}},
    {"10.10.0.0/24", {FILTER_IS_SUBNET, VPC}},
    {"fd00:10::1/128", {FILTER_IS_OURS, CUSTOMER}},
    {"fd00:10::/64", {FILTER_IS_SUBNET, CUSTOMER}},
    {"fd00:20::1/128", {FILTER_IS_OURS, OTHER_LINE}},
    {"fd00:20::/64", {FILTER_IS_SUBNET, OTHER_LINE}},
};

static const struct {
	uint32_t ifindex;
	const char *local, *remote;
	struct filter_neighbour row;
} neighbours[] = {
    {CUSTOMER, "169.254.10.1", "169.254.10.2", {1}},
    {CUSTOMER, "fd00:10::1", "fd00:10::2", {1}},
    {CUSTOMER, "fe80::1", "fe80::2", {1}},
    {OTHER_LINE, "169.254.20.1", "169.254.20.2", {0}},
    {OTHER_LINE, "fd00:20::1", "fd00:20::2", {0}},
};

static bool
matches(const char *prefix, const struct filter_prefix_key *key, unsigned *len)
{
	struct ip_prefix p, asked = {.len = key->bits - FILTER_PREFIX_BITS};

	assert_true(ip_parse_prefix(prefix, &p));
	asked.addr.family = key->family == 4 ? IP_V4 : IP_V6;
	memcpy(asked.addr.byte, key->addr, 16);
	*len = p.len;
	return key->table == TABLE && ip_contains(&p, &asked);
}

static void *
find_link(const struct filter_prefix_key *key)
{
	const void *best = NULL;
	unsigned best_len = 0, len;

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (matches(links[i].prefix, key, &len) && len >= best_len) {
			best = &links[i].row;
			best_len = len;
		}
	return (void *)(uintptr_t)best;
}

static void *
find_network(const struct filter_prefix_key *key)
{
	static struct filter_network there = {1};
	unsigned len;

	return matches("10.10.0.0/16", key, &len) || matches("fd00:aaaa::/48", key, &len) ? &there : NULL;
}

static void *
find_neighbour(const struct filter_neighbour_key *key)
{
	for (size_t i = 0; i < sizeof(neighbours) / sizeof(neighbours[0]); i++) {
		struct filter_neighbour_key k = {.ifindex = neighbours[i].ifindex};
		struct ip_addr local, remote;

		assert_true(ip_parse_addr(neighbours[i].local, &local));
		assert_true(ip_parse_addr(neighbours[i].remote, &remote));
		k.family = local.family;
		memcpy(k.local, local.byte, sizeof(k.local));
		memcpy(k.remote, remote.byte, sizeof(k.remote));
		if (memcmp(&k, key, sizeof(k)) == 0)
			return (void *)(uintptr_t)&neighbours[i].row;
	}
	return NULL;
}

static void *
find(uint64_t map, const void *key)
{
	if (map == MAP_FD + FILTER_LINKS)
		return find_link(key);
	if (map == MAP_FD + FILTER_NETWORKS)
		return find_network(key);
	if (map == MAP_FD + FILTER_NEIGHBOURS)
		return find_neighbour(key);
	assert_int_equal(map, MAP_FD + FILTER_DEVICES);
	switch (*(const uint32_t *)key) {
	case CUSTOMER:
		return &customer;
	case OTHER_LINE:
		return &other_line;
	case VPC:
		return &vpc;
	default:
		return NULL;
	}
}

/* --- the machine --- */

struct frame {
	uint8_t data[512]; /* from the network header on */
	size_t len;
	uint16_t protocol; /* of what is there, ETH_P_... */
	size_t linear;     /* what lies in the first piece; 0: all */
};

struct machine {
	uint64_t r[11];
	uint8_t stack[512];
	struct __sk_buff context;
	struct frame frame;
};

static uint64_t
read_frame(struct machine *m)
{
	size_t offset = m->r[2], size = m->r[4], linear = m->frame.linear > 0 ? m->frame.linear : m->frame.len;
	uint8_t *to = (uint8_t *)(uintptr_t)m->r[3];

	assert_int_equal(m->r[5], BPF_HDR_START_NET);
	assert_true(to >= m->stack && to + size <= m->stack + sizeof(m->stack) && size > 0);
	if (offset + size > linear) {
		memset(to, 0, size);
		return (uint64_t)-14;
	}
	memcpy(to, m->frame.data + offset, size);
	return 0;
}

static void
run_call(struct machine *m, int helper)
{
	if (helper == BPF_FUNC_map_lookup_elem)
		m->r[0] = (uintptr_t)find(m->r[1], (const void *)(uintptr_t)m->r[2]);
	else if (helper == BPF_FUNC_skb_load_bytes_relative)
		m->r[0] = read_frame(m);
	else if (helper == BPF_FUNC_skb_pull_data) {
		m->frame.linear = 0;
		m->r[0] = 0;
	} else
		fail_msg("helper %d", helper);
	for (int i = 1; i <= 5; i++)
		m->r[i] = 0xdeadbeef; /* the kernel leaves nothing in them */
}

static void
run_load(struct machine *m, const struct bpf_insn *i)
{
	const void *at = (const uint8_t *)(uintptr_t)m->r[i->src_reg] + i->off;
	uint64_t v = 0;

	switch (BPF_SIZE(i->code)) {
	case BPF_B:
		v = *(const uint8_t *)at;
		break;
	case BPF_H:
		v = *(const uint16_t *)at;
		break;
	case BPF_W:
		v = *(const uint32_t *)at;
		break;
	default:
		v = *(const uint64_t *)at;
	}
	m->r[i->dst_reg] = v;
}

static void
run_store(struct machine *m, const struct bpf_insn *i)
{
	uint8_t *at = (uint8_t *)(uintptr_t)m->r[i->dst_reg] + i->off;
	uint64_t v = BPF_CLASS(i->code) == BPF_ST ? (uint64_t)i->imm : m->r[i->src_reg];
	static const size_t sizes[] = {4, 2, 1, 8};

	if (BPF_MODE(i->code) == BPF_ATOMIC) {
		assert_int_equal(i->imm, BPF_ADD);
		*(uint64_t *)(void *)at += v;
		return;
	}
	assert_true(at >= m->stack && at + sizes[BPF_SIZE(i->code) >> 3] <= m->stack + sizeof(m->stack));
	memcpy(at, &v, sizes[BPF_SIZE(i->code) >> 3]); /* little-endian machines only, as the build is */
}

static void
run_alu(struct machine *m, const struct bpf_insn *i)
{
	uint64_t *d = &m->r[i->dst_reg], v = BPF_SRC(i->code) == BPF_X ? m->r[i->src_reg] : (uint64_t)i->imm;

	switch (BPF_OP(i->code)) {
	case BPF_MOV:
		*d = v;
		break;
	case BPF_ADD:
		*d += v;
		break;
	case BPF_SUB:
		*d -= v;
		break;
	case BPF_AND:
		*d &= v;
		break;
	case BPF_LSH:
		*d <<= v;
		break;
	case BPF_RSH:
		*d >>= v;
		break;
	default:
		fail_msg("arithmetic 0x%x", i->code);
	}
}

static bool
jumps(const struct machine *m, const struct bpf_insn *i)
{
	uint64_t d = m->r[i->dst_reg], v = BPF_SRC(i->code) == BPF_X ? m->r[i->src_reg] : (uint64_t)i->imm;

	if (BPF_CLASS(i->code) == BPF_JMP32) {
		d = (uint32_t)d;
		v = (uint32_t)v;
	}
	switch (BPF_OP(i->code)) {
	case BPF_JA:
		return true;
	case BPF_JEQ:
		return d == v;
	case BPF_JNE:
		return d != v;
	case BPF_JGT:
		return d > v;
	case BPF_JGE:
		return d >= v;
	case BPF_JLT:
		return d < v;
	default:
		fail_msg("jump 0x%x", i->code);
		return false;
	}
}

static int
run(struct machine *m, const struct bpf_insn *insn, size_t n)
{
	m->r[1] = (uintptr_t)&m->context;
	m->r[10] = (uintptr_t)(m->stack + sizeof(m->stack));
	for (size_t at = 0, steps = 0; at < n && steps < 2000; at++, steps++) {
		const struct bpf_insn *i = &insn[at];

		if (i->code == (BPF_JMP | BPF_EXIT))
			return (int)m->r[0];
		if (i->code == (BPF_JMP | BPF_CALL))
			run_call(m, i->imm);
		else if (i->code == (BPF_LD | BPF_DW | BPF_IMM)) {
			assert_int_equal(i->src_reg, BPF_PSEUDO_MAP_FD);
			m->r[i->dst_reg] = (uint64_t)i->imm;
			at++;
		} else if (BPF_CLASS(i->code) == BPF_LDX)
			run_load(m, i);
		else if (BPF_CLASS(i->code) == BPF_ST || BPF_CLASS(i->code) == BPF_STX)
			run_store(m, i);
		else if (BPF_CLASS(i->code) == BPF_ALU64)
			run_alu(m, i);
		else if (jumps(m, i))
			at += (size_t)i->off;
	}
	fail_msg("the program does not end");
	return 0;
}

enum { PASSES = -1 };

/* What becomes of the frame on that device: PASSES, or the reason by which it is counted. */
static int
verdict(uint32_t ifindex, const struct frame *frame)
{
	static const int maps[FILTER_MAPS] = {MAP_FD, MAP_FD + 1, MAP_FD + 2, MAP_FD + 3};
	struct bpf_insn insn[FILTER_PROGRAM_MAX];
	struct machine m = {.frame = *frame};
	struct filter_device *row[] = {&customer, &other_line, &vpc};
	int reason = PASSES, counted = 0;

	customer = (struct filter_device){.table = TABLE, .role = FILTER_CUSTOMER};
	other_line = customer;
	vpc = (struct filter_device){.table = TABLE, .role = FILTER_INSIDE};
	m.context.ifindex = ifindex;
	m.context.protocol = htons(frame->protocol);
	m.context.len = (uint32_t)frame->len;
	int given = run(&m, insn, filter_program(maps, insn));

	for (size_t d = 0; d < 3; d++)
		for (int i = 0; i < FILTER_REASON_COUNT; i++)
			if (row[d]->drops[i] > 0) {
				assert_int_equal(row[d]->drops[i], 1);
				reason = i;
				counted++;
			}
	assert_true(given == TC_ACT_UNSPEC || given == TC_ACT_SHOT);
	assert_int_equal(counted, given == TC_ACT_SHOT);
	return reason;
}

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
	static const int maps[FILTER_MAPS] = {MAP_FD, MAP_FD + 1, MAP_FD + 2, MAP_FD + 3};
	struct bpf_insn insn[FILTER_PROGRAM_MAX];
	struct machine m = {.frame = tcp("192.0.2.1", "192.0.2.2", 22, SYN, NULL, 0)};

	(void)state;
	m.context.ifindex = NOBODYS;
	m.context.protocol = htons(ETH_P_IP);
	assert_int_equal(run(&m, insn, filter_program(maps, insn)), TC_ACT_SHOT);
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <linux/pkt_cls.h>

#include "base/ip.h"
#include "edge/filter/program.h"
#include "edge/filter/test_machine.h"

enum { MAP_FD = 70, TABLE = 100001 };

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

int
act(uint32_t ifindex, const struct frame *frame)
{
	static const int maps[FILTER_MAPS] = {MAP_FD, MAP_FD + 1, MAP_FD + 2, MAP_FD + 3};
	struct bpf_insn insn[FILTER_PROGRAM_MAX];
	struct machine m = {.frame = *frame};

	customer = (struct filter_device){.table = TABLE, .role = FILTER_CUSTOMER};
	other_line = customer;
	vpc = (struct filter_device){.table = TABLE, .role = FILTER_INSIDE};
	m.context.ifindex = ifindex;
	m.context.protocol = htons(frame->protocol);
	m.context.len = (uint32_t)frame->len;
	return run(&m, insn, filter_program(maps, insn));
}

int
verdict(uint32_t ifindex, const struct frame *frame)
{
	struct filter_device *row[] = {&customer, &other_line, &vpc};
	int reason = PASSES, counted = 0, given = act(ifindex, frame);

	for (size_t d = 0; d < 3; d++)
		for (int i = 0; i < FILTER_REASON_COUNT; i++)
			if (row[d]->drops[i] > 0) {
				assert_int_equal(row[d]->drops[i], 1);
				reason = i;
				counted++;
			}
	assert_true(given == TC_ACT_UNSPEC || given == TC_ACT_OK || given == TC_ACT_SHOT);
	assert_int_equal(counted, given == TC_ACT_SHOT);
	return reason;
}

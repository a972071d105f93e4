/* SPDX-License-Identifier: ISC */
/* The program from top to bottom, which is also the order of its checks:
 *
 *   1. the device: r7 is its row from here on
 *   2. the IP header, onto the stack
 *   3. the source
 *   4. TCP to port 179, and what may hide it, is checked further; so is what may belong to the adjacency; everything
 *      else passes
 *   5. the destination: other than ours passes
 *   6. the neighbour
 *   7. the SYN's options
 *
 * Registers that last: r6 the frame, r7 the device's row, r8 where the TCP header begins (0: it cannot be
 * seen; MAY_BE, IS_DISCOVERY: it is no TCP to port 179), r9 the
 * family. The frame is read from its network header on, wherever tags have left that. */
#include "edge/filter/program.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <netinet/in.h>

#define BGP_PORT 179
#define BFD_PORT 3784
#define BFD_MULTIHOP_PORT 4784
#define DISCOVERY_FIRST 133 /* ICMPv6: router solicitation ... redirect */
#define DISCOVERY_LAST 137
#define MAY_BE 1       /* of the adjacency, when its addresses are the adjacency's */
#define IS_DISCOVERY 2 /* when it is for us */
#define V4_SIZE 20
#define V6_SIZE 40
#define TCP_SIZE 20
#define UDP_SIZE 8
#define OPTIONS_MAX 40
#define MD5_KIND 19
#define MD5_SIZE 18 /* RFC 2385: kind, length, 16 bytes */
#define SYN 0x02
#define ACK 0x10
#define JUMPS_MAX 256

/* On the stack, from its top. */
enum {
	AT_IFINDEX = -4,
	AT_IP = -48, /* the longer header */
	AT_TCP = AT_IP - 24,
	AT_OPTIONS = AT_TCP - OPTIONS_MAX,
	AT_SOURCE = AT_OPTIONS - 32,
	AT_NEIGHBOUR = AT_SOURCE - (int)sizeof(struct filter_neighbour_key),
};
static_assert(sizeof(struct filter_prefix_key) <= 32, "the key has its place on the stack");

enum label {
	PASS,
	CONTROL,
	V4,
	V6,
	SOURCE,
	NETWORKS,
	DELIVERY,
	DELIVERY_V6,
	V4_TCP,
	TCP_HEADER,
	UDP_HEADER,
	DISCOVERY,
	TO_NEIGHBOUR,
	UNSEEN,
	LOCAL,
	LOCAL_V6,
	NEIGHBOUR,
	DROP, /* and its reason */
	LABELS = DROP + (int)FILTER_REASON_COUNT,
};

/* Where a packet goes that is dropped for that reason. */
static unsigned
drop(enum filter_reason reason)
{
	return (unsigned)DROP + (unsigned)reason;
}

struct program {
	struct bpf_insn *insn;
	size_t n;
	size_t at[LABELS];
	struct {
		size_t insn;
		unsigned label;
	} jump[JUMPS_MAX];
	size_t jumps;
};

const char *
filter_reason_name(enum filter_reason reason)
{
	static const char *const names[] = {
#define X(id, name) name,
	    FILTER_REASONS(X)
#undef X
	};

	return names[reason];
}

/* --- instructions --- */

static void
put(struct program *p, unsigned code, unsigned dst, unsigned src, int off, int imm)
{
	assert(p->n < FILTER_PROGRAM_MAX);
	p->insn[p->n++] = (struct bpf_insn){
	    .code = (uint8_t)code, .dst_reg = dst & 15, .src_reg = src & 15, .off = (int16_t)off, .imm = imm};
}

static void
set(struct program *p, unsigned dst, int value)
{
	put(p, BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, value);
}

static void
copy(struct program *p, unsigned dst, unsigned src)
{
	put(p, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}

static void
alu(struct program *p, unsigned op, unsigned dst, int value)
{
	put(p, BPF_ALU64 | op | BPF_K, dst, 0, 0, value);
}

static void
load(struct program *p, unsigned size, unsigned dst, unsigned src, int off)
{
	put(p, BPF_LDX | BPF_MEM | size, dst, src, off, 0);
}

static void
store(struct program *p, unsigned size, int off, unsigned src)
{
	put(p, BPF_STX | BPF_MEM | size, BPF_REG_10, src, off, 0);
}

static void
store_value(struct program *p, unsigned size, int off, int value)
{
	put(p, BPF_ST | BPF_MEM | size, BPF_REG_10, 0, off, value);
}

static void
label(struct program *p, unsigned which)
{
	p->at[which] = p->n;
}

/* Jumps are all forward; their distance is filled in at the end. */
static void
jump(struct program *p, unsigned op, unsigned dst, int value, unsigned to)
{
	assert(p->jumps < JUMPS_MAX);
	p->jump[p->jumps].insn = p->n;
	p->jump[p->jumps++].label = to;
	put(p, BPF_JMP | op | BPF_K, dst, 0, 0, value);
}

static void
jump_reg(struct program *p, unsigned op, unsigned dst, unsigned src, unsigned to)
{
	jump(p, op, dst, 0, to);
	p->insn[p->n - 1].code = (uint8_t)(BPF_JMP | op | BPF_X);
	p->insn[p->n - 1].src_reg = src & 15;
}

static void
resolve(struct program *p)
{
	for (size_t i = 0; i < p->jumps; i++)
		p->insn[p->jump[i].insn].off = (int16_t)(p->at[p->jump[i].label] - p->jump[i].insn - 1);
}

static void
call(struct program *p, int helper)
{
	put(p, BPF_JMP | BPF_CALL, 0, 0, 0, helper);
}

static void
give(struct program *p, int verdict)
{
	set(p, BPF_REG_0, verdict);
	put(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* r0: the row of the key at that place of the stack, or 0. */
static void
look_up(struct program *p, int map, int key)
{
	put(p, BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, map);
	put(p, 0, 0, 0, 0, 0);
	copy(p, BPF_REG_2, BPF_REG_10);
	alu(p, BPF_ADD, BPF_REG_2, key);
	call(p, BPF_FUNC_map_lookup_elem);
}

/* Reads from the network header on, r8 is the distance from it; r0 is 0 when it could. size 0: r9 has it. */
static void
read_once(struct program *p, int size, int to)
{
	copy(p, BPF_REG_1, BPF_REG_6);
	copy(p, BPF_REG_2, BPF_REG_8);
	copy(p, BPF_REG_3, BPF_REG_10);
	alu(p, BPF_ADD, BPF_REG_3, to);
	if (size > 0)
		set(p, BPF_REG_4, size);
	else
		copy(p, BPF_REG_4, BPF_REG_9);
	set(p, BPF_REG_5, BPF_HDR_START_NET);
	call(p, BPF_FUNC_skb_load_bytes_relative);
}

/* The helper sees only the first piece of a frame that lies in several: those are put together, and it tries again. */
static void
read_header(struct program *p, int size, int to, unsigned fails)
{
	read_once(p, size, to);
	size_t done = p->n;

	put(p, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 0, 0);
	copy(p, BPF_REG_1, BPF_REG_6);
	load(p, BPF_W, BPF_REG_2, BPF_REG_6, offsetof(struct __sk_buff, len));
	call(p, BPF_FUNC_skb_pull_data);
	read_once(p, size, to);
	jump(p, BPF_JNE, BPF_REG_0, 0, fails);
	p->insn[done].off = (int16_t)(p->n - done - 1);
}

/* Copies an address on the stack; what an IPv4 address leaves of 16 bytes is zero. */
static void
copy_addr(struct program *p, int to, int from, int size)
{
	for (int i = 0; i < 16; i += 4) {
		if (i < size) {
			load(p, BPF_W, BPF_REG_1, BPF_REG_10, from + i);
			store(p, BPF_W, to + i, BPF_REG_1);
		} else
			store_value(p, BPF_W, to + i, 0);
	}
}

/* --- 1, 2: device and header --- */

static void
find_device(struct program *p, const int map[FILTER_MAPS])
{
	copy(p, BPF_REG_6, BPF_REG_1);
	load(p, BPF_W, BPF_REG_1, BPF_REG_6, offsetof(struct __sk_buff, ifindex));
	store(p, BPF_W, AT_IFINDEX, BPF_REG_1);
	look_up(p, map[FILTER_DEVICES], AT_IFINDEX);
	put(p, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0, 2, 0);
	give(p, TC_ACT_SHOT); /* nobody's device: there is no row to count in */
	copy(p, BPF_REG_7, BPF_REG_0);
}

static void
sort_by_protocol(struct program *p)
{
	load(p, BPF_W, BPF_REG_8, BPF_REG_6, offsetof(struct __sk_buff, protocol));
	jump(p, BPF_JEQ, BPF_REG_8, htons(ETH_P_IP), V4);
	jump(p, BPF_JEQ, BPF_REG_8, htons(ETH_P_IPV6), V6);
	jump(p, BPF_JEQ, BPF_REG_8, htons(ETH_P_ARP), CONTROL);
	jump(p, BPF_JEQ, BPF_REG_8, htons(ETH_P_8021Q), drop(FILTER_TAGGED));
	jump(p, BPF_JEQ, BPF_REG_8, htons(ETH_P_8021AD), drop(FILTER_TAGGED));
	jump(p, BPF_JA, 0, 0, PASS);
}

/* The next step: with the family, the source's key but for its address, and the role compared. */
static void
begin_source(struct program *p, int family, int header, int size, int from, int addr_size)
{
	set(p, BPF_REG_9, family);
	set(p, BPF_REG_8, 0);
	read_header(p, size, header, drop(FILTER_TAGGED));
	copy_addr(p, AT_SOURCE + (int)offsetof(struct filter_prefix_key, addr), header + from, addr_size);
	store_value(p, BPF_W, AT_SOURCE, FILTER_PREFIX_BITS + 8 * addr_size);
	load(p, BPF_W, BPF_REG_1, BPF_REG_7, offsetof(struct filter_device, role));
	jump(p, BPF_JEQ, BPF_REG_1, FILTER_INSIDE, SOURCE);
}

/* --- 3: the source --- */

/* 0/8, 127/8, 224/3. */
static void
check_v4(struct program *p)
{
	label(p, V4);
	begin_source(p, 4, AT_IP, V4_SIZE, 12, 4);
	load(p, BPF_B, BPF_REG_1, BPF_REG_10, AT_IP + 12);
	jump(p, BPF_JEQ, BPF_REG_1, 0, drop(FILTER_NEVER));
	jump(p, BPF_JEQ, BPF_REG_1, 127, drop(FILTER_NEVER));
	jump(p, BPF_JGE, BPF_REG_1, 224, drop(FILTER_NEVER));
	jump(p, BPF_JA, 0, 0, SOURCE);
}

/* ::, but for a router that looks whether its address is free (RFC 4862: from :: to a group on the link); ::1;
 * multicast; IPv4-mapped. */
static void
check_v6(struct program *p)
{
	label(p, V6);
	begin_source(p, 6, AT_IP, V6_SIZE, 8, 16);
	load(p, BPF_B, BPF_REG_1, BPF_REG_10, AT_IP + 8);
	jump(p, BPF_JEQ, BPF_REG_1, 0xff, drop(FILTER_NEVER));
	for (int i = 8; i < 16; i += 4) {
		load(p, BPF_W, BPF_REG_1, BPF_REG_10, AT_IP + i);
		jump(p, BPF_JNE, BPF_REG_1, 0, SOURCE);
	}
	load(p, BPF_W, BPF_REG_2, BPF_REG_10, AT_IP + 16);
	jump(p, BPF_JEQ, BPF_REG_2, (int)htonl(0xffff), drop(FILTER_NEVER));
	p->insn[p->n - 1].code = BPF_JMP32 | BPF_JEQ | BPF_K; /* its sign would be extended */
	jump(p, BPF_JNE, BPF_REG_2, 0, SOURCE);
	load(p, BPF_W, BPF_REG_2, BPF_REG_10, AT_IP + 20);
	jump(p, BPF_JEQ, BPF_REG_2, (int)htonl(1), drop(FILTER_NEVER));
	jump(p, BPF_JNE, BPF_REG_2, 0, SOURCE);
	load(p, BPF_H, BPF_REG_1, BPF_REG_10, AT_IP + 24);
	jump(p, BPF_JNE, BPF_REG_1, htons(0xff02), drop(FILTER_NEVER));
}

static void
check_source(struct program *p, const int map[FILTER_MAPS])
{
	label(p, SOURCE);
	load(p, BPF_W, BPF_REG_1, BPF_REG_7, offsetof(struct filter_device, table));
	store(p, BPF_W, AT_SOURCE + (int)offsetof(struct filter_prefix_key, table), BPF_REG_1);
	store(p, BPF_W, AT_SOURCE + (int)offsetof(struct filter_prefix_key, family), BPF_REG_9);
	look_up(p, map[FILTER_LINKS], AT_SOURCE);
	load(p, BPF_W, BPF_REG_2, BPF_REG_7, offsetof(struct filter_device, role));
	jump(p, BPF_JEQ, BPF_REG_0, 0, NETWORKS);
	load(p, BPF_W, BPF_REG_1, BPF_REG_0, offsetof(struct filter_link, class));
	jump(p, BPF_JEQ, BPF_REG_1, FILTER_IS_OURS, drop(FILTER_OURS));
	jump(p, BPF_JEQ, BPF_REG_2, FILTER_INSIDE, DELIVERY);
	load(p, BPF_W, BPF_REG_1, BPF_REG_0, offsetof(struct filter_link, ifindex));
	load(p, BPF_W, BPF_REG_3, BPF_REG_10, AT_IFINDEX);
	jump_reg(p, BPF_JNE, BPF_REG_1, BPF_REG_3, drop(FILTER_OTHER_LINK));
	jump(p, BPF_JA, 0, 0, DELIVERY);
	label(p, NETWORKS);
	jump(p, BPF_JEQ, BPF_REG_2, FILTER_INSIDE, DELIVERY);
	look_up(p, map[FILTER_NETWORKS], AT_SOURCE);
	jump(p, BPF_JNE, BPF_REG_0, 0, drop(FILTER_NETWORK));
}

/* --- 4: what may be BGP --- */

static void
check_delivery(struct program *p)
{
	label(p, DELIVERY);
	jump(p, BPF_JEQ, BPF_REG_9, 6, DELIVERY_V6);
	load(p, BPF_B, BPF_REG_2, BPF_REG_10, AT_IP + 9);
	load(p, BPF_H, BPF_REG_1, BPF_REG_10, AT_IP + 6);
	load(p, BPF_B, BPF_REG_8, BPF_REG_10, AT_IP);
	alu(p, BPF_AND, BPF_REG_8, 15);
	alu(p, BPF_LSH, BPF_REG_8, 2);
	alu(p, BPF_AND, BPF_REG_1, htons(0x3fff)); /* more to come, or not the first */
	jump(p, BPF_JEQ, BPF_REG_2, IPPROTO_TCP, V4_TCP);
	jump(p, BPF_JNE, BPF_REG_2, IPPROTO_UDP, PASS);
	jump(p, BPF_JEQ, BPF_REG_1, 0, UDP_HEADER);
	jump(p, BPF_JA, 0, 0, PASS);
	label(p, V4_TCP);
	jump(p, BPF_JNE, BPF_REG_1, 0, UNSEEN);
	jump(p, BPF_JA, 0, 0, TCP_HEADER);
}

static void
check_delivery_v6(struct program *p)
{
	static const int extensions[] = {
	    IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_ESP, IPPROTO_AH, IPPROTO_DSTOPTS, IPPROTO_MH, 139, 140};

	label(p, DELIVERY_V6);
	set(p, BPF_REG_8, V6_SIZE);
	load(p, BPF_B, BPF_REG_1, BPF_REG_10, AT_IP + 6);
	jump(p, BPF_JEQ, BPF_REG_1, IPPROTO_TCP, TCP_HEADER);
	jump(p, BPF_JEQ, BPF_REG_1, IPPROTO_UDP, UDP_HEADER);
	jump(p, BPF_JEQ, BPF_REG_1, IPPROTO_ICMPV6, DISCOVERY);
	for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++)
		jump(p, BPF_JEQ, BPF_REG_1, extensions[i], UNSEEN);
	jump(p, BPF_JNE, BPF_REG_1, IPPROTO_FRAGMENT, PASS);
	read_header(p, 8, AT_TCP, UNSEEN);
	load(p, BPF_B, BPF_REG_1, BPF_REG_10, AT_TCP);
	jump(p, BPF_JEQ, BPF_REG_1, IPPROTO_UDP, PASS);
	jump(p, BPF_JEQ, BPF_REG_1, IPPROTO_ICMPV6, PASS);
	jump(p, BPF_JA, 0, 0, UNSEEN);
}

/* What cannot be read passes as data. */
static void
check_bfd(struct program *p)
{
	label(p, UDP_HEADER);
	read_header(p, UDP_SIZE, AT_TCP, PASS);
	load(p, BPF_H, BPF_REG_1, BPF_REG_10, AT_TCP + 2);
	jump(p, BPF_JEQ, BPF_REG_1, htons(BFD_PORT), TO_NEIGHBOUR);
	jump(p, BPF_JEQ, BPF_REG_1, htons(BFD_MULTIHOP_PORT), TO_NEIGHBOUR);
	jump(p, BPF_JA, 0, 0, PASS);
}

static void
check_discovery(struct program *p)
{
	label(p, DISCOVERY);
	read_header(p, UDP_SIZE, AT_TCP, PASS);
	load(p, BPF_B, BPF_REG_1, BPF_REG_10, AT_TCP);
	jump(p, BPF_JLT, BPF_REG_1, DISCOVERY_FIRST, PASS);
	jump(p, BPF_JGT, BPF_REG_1, DISCOVERY_LAST, PASS);
	load(p, BPF_H, BPF_REG_1, BPF_REG_10, AT_IP + 24);
	jump(p, BPF_JEQ, BPF_REG_1, htons(0xff02), CONTROL);
	set(p, BPF_REG_8, IS_DISCOVERY);
	jump(p, BPF_JA, 0, 0, LOCAL);
}

static void
check_port(struct program *p)
{
	label(p, TCP_HEADER);
	read_header(p, TCP_SIZE, AT_TCP, UNSEEN);
	load(p, BPF_H, BPF_REG_1, BPF_REG_10, AT_TCP + 2);
	jump(p, BPF_JEQ, BPF_REG_1, htons(BGP_PORT), LOCAL);
	load(p, BPF_H, BPF_REG_1, BPF_REG_10, AT_TCP);
	jump(p, BPF_JNE, BPF_REG_1, htons(BGP_PORT), PASS);
	label(p, TO_NEIGHBOUR);
	set(p, BPF_REG_8, MAY_BE);
	jump(p, BPF_JA, 0, 0, LOCAL);
	label(p, UNSEEN);
	set(p, BPF_REG_8, 0);
}

/* --- 5, 6: to whom, and from whom --- */

/* The family decides which header has the addresses; both paths end with the neighbour's key whole. */
static void
check_local(struct program *p, const int map[FILTER_MAPS])
{
	const int source = AT_SOURCE + (int)offsetof(struct filter_prefix_key, addr);
	const int local = AT_NEIGHBOUR + (int)offsetof(struct filter_neighbour_key, local);
	const int remote = AT_NEIGHBOUR + (int)offsetof(struct filter_neighbour_key, remote);

	label(p, LOCAL);
	copy_addr(p, remote, source, 16); /* it was the source until now */
	jump(p, BPF_JEQ, BPF_REG_9, 6, LOCAL_V6);
	copy_addr(p, source, AT_IP + 16, 4);
	copy_addr(p, local, AT_IP + 16, 4);
	size_t known = p->n;

	put(p, BPF_JMP | BPF_JA, 0, 0, 0, 0);
	label(p, LOCAL_V6);
	copy_addr(p, source, AT_IP + 24, 16);
	copy_addr(p, local, AT_IP + 24, 16);
	load(p, BPF_H, BPF_REG_1, BPF_REG_10, AT_IP + 24);
	alu(p, BPF_AND, BPF_REG_1, htons(0xffc0));
	jump(p, BPF_JEQ, BPF_REG_1, htons(0xfe80), NEIGHBOUR);
	p->insn[known].off = (int16_t)(p->n - known - 1);
	look_up(p, map[FILTER_LINKS], AT_SOURCE);
	jump(p, BPF_JEQ, BPF_REG_0, 0, PASS);
	load(p, BPF_W, BPF_REG_1, BPF_REG_0, offsetof(struct filter_link, class));
	jump(p, BPF_JNE, BPF_REG_1, FILTER_IS_OURS, PASS);
}

/* Only who opens a connection has to be looked at: what belongs to one the kernel checks by itself. */
static void
check_neighbour(struct program *p, const int map[FILTER_MAPS])
{
	label(p, NEIGHBOUR);
	jump(p, BPF_JEQ, BPF_REG_8, IS_DISCOVERY, CONTROL);
	load(p, BPF_W, BPF_REG_1, BPF_REG_10, AT_IFINDEX);
	store(p, BPF_W, AT_NEIGHBOUR, BPF_REG_1);
	store(p, BPF_W, AT_NEIGHBOUR + (int)offsetof(struct filter_neighbour_key, family), BPF_REG_9);
	look_up(p, map[FILTER_NEIGHBOURS], AT_NEIGHBOUR);
	put(p, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0, 3, 0);
	jump(p, BPF_JEQ, BPF_REG_8, 0, drop(FILTER_FRAGMENT));
	jump(p, BPF_JEQ, BPF_REG_8, MAY_BE, PASS);
	jump(p, BPF_JA, 0, 0, drop(FILTER_STRANGER));
	jump(p, BPF_JEQ, BPF_REG_8, MAY_BE, CONTROL);
	load(p, BPF_W, BPF_REG_1, BPF_REG_0, offsetof(struct filter_neighbour, has_key));
	jump(p, BPF_JEQ, BPF_REG_1, 0, CONTROL);
	jump(p, BPF_JEQ, BPF_REG_8, 0, drop(FILTER_FRAGMENT));
	load(p, BPF_B, BPF_REG_1, BPF_REG_10, AT_TCP + 13);
	alu(p, BPF_AND, BPF_REG_1, SYN | ACK);
	jump(p, BPF_JNE, BPF_REG_1, SYN, CONTROL);
}

/* --- 7: options --- */

/* r9: their length. */
static void
read_options(struct program *p)
{
	load(p, BPF_B, BPF_REG_9, BPF_REG_10, AT_TCP + 12);
	alu(p, BPF_RSH, BPF_REG_9, 4);
	alu(p, BPF_LSH, BPF_REG_9, 2);
	jump(p, BPF_JLT, BPF_REG_9, TCP_SIZE + MD5_SIZE, drop(FILTER_UNSIGNED));
	alu(p, BPF_SUB, BPF_REG_9, TCP_SIZE);
	for (int i = 0; i < OPTIONS_MAX; i += 8)
		store_value(p, BPF_DW, AT_OPTIONS + i, 0);
	alu(p, BPF_ADD, BPF_REG_8, TCP_SIZE);
	read_header(p, 0, AT_OPTIONS, drop(FILTER_UNSIGNED));
}

/* As the kernel does it (tcp_parse_md5sig_option): what it would not find is not there. r2: where the next option
 * begins. An option of that length can begin at the first 23 bytes only. */
static void
check_options(struct program *p)
{
	read_options(p);
	set(p, BPF_REG_2, 0);
	for (int i = 0; i <= OPTIONS_MAX - MD5_SIZE; i++) {
		size_t other = p->n, padding, kind;

		put(p, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_2, 0, 0, i);
		jump(p, BPF_JLT, BPF_REG_9, i + MD5_SIZE, drop(FILTER_UNSIGNED));
		load(p, BPF_B, BPF_REG_1, BPF_REG_10, AT_OPTIONS + i);
		jump(p, BPF_JEQ, BPF_REG_1, 0, drop(FILTER_UNSIGNED));
		set(p, BPF_REG_2, i + 1);
		padding = p->n;
		put(p, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_1, 0, 0, 1);
		load(p, BPF_B, BPF_REG_2, BPF_REG_10, AT_OPTIONS + i + 1);
		jump(p, BPF_JLT, BPF_REG_2, 2, drop(FILTER_UNSIGNED));
		kind = p->n;
		put(p, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_1, 0, 2, MD5_KIND);
		jump(p, BPF_JEQ, BPF_REG_2, MD5_SIZE, CONTROL);
		jump(p, BPF_JA, 0, 0, drop(FILTER_UNSIGNED));
		assert(p->n == kind + 3);
		alu(p, BPF_ADD, BPF_REG_2, i);
		jump_reg(p, BPF_JGT, BPF_REG_2, BPF_REG_9, drop(FILTER_UNSIGNED));
		p->insn[padding].off = (int16_t)(p->n - padding - 1);
		p->insn[other].off = (int16_t)(p->n - other - 1);
	}
	jump(p, BPF_JA, 0, 0, drop(FILTER_UNSIGNED));
}

/* --- the ends --- */

static void
put_ends(struct program *p)
{
	label(p, PASS);
	give(p, TC_ACT_UNSPEC); /* other filters may have a word, too */
	label(p, CONTROL);
	give(p, TC_ACT_OK);
	for (int i = 0; i < FILTER_REASON_COUNT; i++) {
		label(p, drop((enum filter_reason)i));
		set(p, BPF_REG_1, 1);
		put(p, BPF_STX | BPF_ATOMIC | BPF_DW, BPF_REG_7, BPF_REG_1,
		    (int)(offsetof(struct filter_device, drops) + (size_t)i * sizeof(uint64_t)), BPF_ADD);
		give(p, TC_ACT_SHOT);
	}
}

size_t
filter_program(const int map[FILTER_MAPS], struct bpf_insn out[FILTER_PROGRAM_MAX])
{
	struct program p = {.insn = out};

	find_device(&p, map);
	sort_by_protocol(&p);
	check_v4(&p);
	check_v6(&p);
	check_source(&p, map);
	check_delivery(&p);
	check_delivery_v6(&p);
	check_bfd(&p);
	check_discovery(&p);
	check_port(&p);
	check_local(&p, map);
	check_neighbour(&p, map);
	check_options(&p);
	put_ends(&p);
	resolve(&p);
	return p.n;
}

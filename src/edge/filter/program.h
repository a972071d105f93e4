/* SPDX-License-Identifier: ISC */
/* program.h - the program that every frame passes on its way into a device of ours, as eBPF instructions, and the
 * tables that it looks into. Pure: rules in, instructions out; src/edge/agent loads them.
 *
 * One program and four tables serve all devices of an instance:
 *
 *   devices      ifindex -> the VRF's table, whose device it is, and what was dropped there
 *   links        (VRF's table, prefix) -> whose it is: addresses of devices and their subnets, longest first
 *   networks     (VRF's table, prefix): networks of the gateway, longest first
 *   neighbours   (ifindex, our address, its address) -> whether its key is ordered
 *
 * What is dropped, in this order:
 *
 *   a device that is not in the table; a frame that has a VLAN tag of its own behind the first one (the kernel takes
 *   off any number of tags with VLAN 0);
 *   on all devices a source that is an address of ours; on a customer's device, too, a source that can be none, one
 *   inside the networks of the gateway, and one inside the link subnet of another device;
 *   TCP to port 179 of an address of ours from anybody but a neighbour of that device; TCP to an address of ours in
 *   fragments, unless it comes from a neighbour without a key (a later fragment has no port); from a neighbour with a
 *   key a SYN without ACK and without the MD5 option (RFC 2385), found as the kernel finds it; IPv6 extension headers
 *   to an address of ours, behind which TCP may be.
 *
 * What passes and belongs to the adjacency itself passes at once (TC_ACT_OK), so that a policer behind this program
 * does not see it: ARP; neighbour discovery and router discovery to a group on the link or to an address of ours; TCP
 * from or to port 179 and BFD (RFC 5881, RFC 5883) between the two addresses of a neighbour. All else is for the
 * filters behind.
 *
 * So a connection that the kernel's listener sees carries the option, whenever its key comes or goes: without a key
 * there the kernel refuses the option, with one it checks it. A link-local destination is always an address of ours.
 *
 * The cost per packet is one look into `devices` and, on a customer's device, one each into `links` and
 * `networks`, however many neighbours and networks there are. */
#ifndef DC_FILTER_PROGRAM_H
#define DC_FILTER_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

#include <linux/bpf.h>

enum filter_map { FILTER_DEVICES, FILTER_LINKS, FILTER_NETWORKS, FILTER_NEIGHBOURS, FILTER_MAPS };

/* Why a packet was dropped; each device counts by these. */
#define FILTER_REASONS(X)                                                                                              \
	X(FILTER_TAGGED, "tagged")         /* a second VLAN tag, or no whole IP header */                              \
	X(FILTER_OURS, "ours")             /* an address of ours as its source */                                      \
	X(FILTER_NEVER, "never")           /* a source that can be none */                                             \
	X(FILTER_NETWORK, "network")       /* a source inside the gateway's networks */                                \
	X(FILTER_OTHER_LINK, "other_link") /* a source inside another device's link subnet */                          \
	X(FILTER_STRANGER, "stranger")     /* BGP from somebody who is no neighbour of the device */                   \
	X(FILTER_UNSIGNED, "unsigned")     /* BGP without the MD5 option that was ordered */                           \
	X(FILTER_FRAGMENT, "fragment")     /* TCP to us in fragments, or hidden behind extension headers */

enum filter_reason {
#define X(id, name) id,
	FILTER_REASONS(X)
#undef X
	    FILTER_REASON_COUNT
};

enum filter_role {
	FILTER_INSIDE,   /* towards a VPC or another gateway */
	FILTER_CUSTOMER, /* a customer's */
};

struct filter_device { /* value of FILTER_DEVICES; its key is the ifindex, 32 bits */
	uint32_t table;
	uint32_t role;
	uint64_t drops[FILTER_REASON_COUNT];
};

enum filter_class {
	FILTER_IS_OURS = 1, /* an address of the router */
	FILTER_IS_SUBNET,   /* the subnet of a device */
};

#define FILTER_PREFIX_BITS 64 /* of the key before the address, which are always compared */

struct filter_prefix_key { /* of FILTER_LINKS and FILTER_NETWORKS, longest-prefix tables; those have one prefix once */
	uint32_t bits;     /* FILTER_PREFIX_BITS and the prefix's length */
	uint32_t table, family; /* family: 4 or 6 */
	uint8_t addr[16];
};

struct filter_link { /* value of FILTER_LINKS */
	uint32_t class, ifindex;
};

struct filter_network { /* value of FILTER_NETWORKS */
	uint32_t there;
};

struct filter_neighbour_key {
	uint32_t ifindex;
	uint32_t family;
	uint8_t local[16], remote[16];
};

struct filter_neighbour {
	uint32_t has_key; /* 1: connections must be signed */
};

#define FILTER_PROGRAM_MAX 1024

/* Writes the program for tables behind these descriptors; returns the number of instructions. */
size_t filter_program(const int map[FILTER_MAPS], struct bpf_insn out[FILTER_PROGRAM_MAX]);

const char *filter_reason_name(enum filter_reason);

#endif

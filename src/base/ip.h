/* SPDX-License-Identifier: ISC */
/* ip.h - addresses and prefixes of both families, and the set questions that validation asks about them. */
#ifndef DC_IP_H
#define DC_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ip_family { IP_NONE = 0, IP_V4 = 4, IP_V6 = 6 };

struct ip_addr {
	enum ip_family family;
	uint8_t byte[16]; /* network order; an IPv4 address uses the first four */
};

/* An address with a mask length. As a host address ("10.0.0.1/30") the host bits stay; ip_network() clears them. */
struct ip_prefix {
	struct ip_addr addr;
	unsigned len;
};

#define IP_TEXT_SIZE 50 /* longest prefix and NUL */

const char *ip_family_name(enum ip_family); /* "ipv4", "ipv6" */
unsigned ip_bits(enum ip_family);           /* 32 or 128 */
bool ip_parse_addr(const char *, struct ip_addr *ret);
/* "address/length", length mandatory and within the family. Zone ids, blanks and IPv4-mapped text are refused. */
bool ip_parse_prefix(const char *, struct ip_prefix *ret);
void ip_format_addr(const struct ip_addr *, char out[IP_TEXT_SIZE]);
void ip_format_prefix(const struct ip_prefix *, char out[IP_TEXT_SIZE]); /* RFC 5952 for IPv6 */

struct ip_prefix ip_network(const struct ip_prefix *); /* host bits cleared */
bool ip_addr_equal(const struct ip_addr *, const struct ip_addr *);
bool ip_prefix_equal(const struct ip_prefix *, const struct ip_prefix *); /* compares networks and lengths */
/* a contains b: b is equal to or more specific than a. False across families. */
bool ip_contains(const struct ip_prefix *a, const struct ip_prefix *b);
bool ip_overlaps(const struct ip_prefix *a, const struct ip_prefix *b);
/* A usable unicast host address inside its own subnet: not the network or broadcast address (IPv4, except /31,
 * RFC 3021), not the subnet-router anycast address (IPv6, except /127, RFC 6164); /32 and /128 are none. */
bool ip_is_link_host(const struct ip_prefix *);
int ip_addr_compare(const struct ip_addr *, const struct ip_addr *);

#endif

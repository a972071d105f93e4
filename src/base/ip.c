/* SPDX-License-Identifier: ISC */
#include "base/ip.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

const char *
ip_family_name(enum ip_family family)
{
	return family == IP_V4 ? "ipv4" : family == IP_V6 ? "ipv6" : "none";
}

unsigned
ip_bits(enum ip_family family)
{
	return family == IP_V4 ? 32 : family == IP_V6 ? 128 : 0;
}

static size_t
ip_bytes(enum ip_family family)
{
	return ip_bits(family) / 8;
}

/* ::ffff:a.b.c.d is an IPv4 address in other clothes: what it would mean on a wire is never what was meant. */
static bool
is_mapped(const struct ip_addr *a)
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	return a->family == IP_V6 && memcmp(a->byte, mapped, sizeof(mapped)) == 0;
}

bool
ip_parse_addr(const char *text, struct ip_addr *ret)
{
	struct ip_addr a = {0};

	if (inet_pton(AF_INET, text, a.byte) == 1)
		a.family = IP_V4;
	else if (inet_pton(AF_INET6, text, a.byte) == 1)
		a.family = IP_V6;
	else
		return false;
	if (is_mapped(&a))
		return false;
	*ret = a;
	return true;
}

/* 0..128 without sign, blanks or leading zeros. */
static bool
parse_length(const char *s, unsigned *ret)
{
	unsigned v = 0;
	size_t n = 0;

	for (; s[n] >= '0' && s[n] <= '9' && n < 3; n++)
		v = v * 10 + (unsigned)(s[n] - '0');
	if (n == 0 || s[n] != '\0' || (n > 1 && s[0] == '0'))
		return false;
	*ret = v;
	return true;
}

bool
ip_parse_prefix(const char *text, struct ip_prefix *ret)
{
	char address[IP_TEXT_SIZE];
	const char *slash = strchr(text, '/');
	struct ip_prefix p;

	if (slash == NULL || (size_t)(slash - text) >= sizeof(address))
		return false;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	if (!ip_parse_addr(address, &p.addr) || !parse_length(slash + 1, &p.len) || p.len > ip_bits(p.addr.family))
		return false;
	*ret = p;
	return true;
}

void
ip_format_addr(const struct ip_addr *a, char out[IP_TEXT_SIZE])
{
	out[0] = '\0';
	if (a->family == IP_V4)
		inet_ntop(AF_INET, a->byte, out, IP_TEXT_SIZE);
	else if (a->family == IP_V6)
		inet_ntop(AF_INET6, a->byte, out, IP_TEXT_SIZE);
}

void
ip_format_prefix(const struct ip_prefix *p, char out[IP_TEXT_SIZE])
{
	ip_format_addr(&p->addr, out);
	size_t n = strlen(out);

	snprintf(out + n, IP_TEXT_SIZE - n, "/%u", p->len);
}

struct ip_prefix
ip_network(const struct ip_prefix *p)
{
	struct ip_prefix net = *p;

	for (unsigned i = 0; i < ip_bytes(p->addr.family); i++) {
		unsigned kept = p->len > i * 8 ? p->len - i * 8 : 0;

		if (kept < 8)
			net.addr.byte[i] &= (uint8_t)(0xff00u >> kept);
	}
	return net;
}

bool
ip_addr_equal(const struct ip_addr *a, const struct ip_addr *b)
{
	return a->family == b->family && memcmp(a->byte, b->byte, ip_bytes(a->family)) == 0;
}

int
ip_addr_compare(const struct ip_addr *a, const struct ip_addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->byte, b->byte, ip_bytes(a->family));
}

bool
ip_prefix_equal(const struct ip_prefix *a, const struct ip_prefix *b)
{
	struct ip_prefix na = ip_network(a), nb = ip_network(b);

	return a->len == b->len && ip_addr_equal(&na.addr, &nb.addr);
}

bool
ip_contains(const struct ip_prefix *a, const struct ip_prefix *b)
{
	if (a->addr.family != b->addr.family || b->len < a->len)
		return false;
	struct ip_prefix na = ip_network(a), cut = *b;

	cut.len = a->len;
	cut = ip_network(&cut);
	return ip_addr_equal(&na.addr, &cut.addr);
}

bool
ip_overlaps(const struct ip_prefix *a, const struct ip_prefix *b)
{
	return ip_contains(a, b) || ip_contains(b, a);
}

static bool
is_unicast(const struct ip_addr *a)
{
	static const uint8_t zero[16] = {0};

	if (memcmp(a->byte, zero, ip_bytes(a->family)) == 0)
		return false;
	if (a->family == IP_V4)
		return a->byte[0] != 0 && a->byte[0] != 127 && a->byte[0] < 224;
	struct ip_addr loopback = {IP_V6, {0}};

	loopback.byte[15] = 1;
	return a->byte[0] != 0xff && !ip_addr_equal(a, &loopback);
}

bool
ip_is_link_host(const struct ip_prefix *p)
{
	unsigned bits = ip_bits(p->addr.family);

	if (p->len == 0 || p->len >= bits || !is_unicast(&p->addr))
		return false;
	if (p->len == bits - 1) /* RFC 3021, RFC 6164 */
		return true;
	struct ip_prefix net = ip_network(p), last = net;

	if (ip_addr_equal(&net.addr, &p->addr))
		return false;
	if (p->addr.family == IP_V6)
		return true;
	for (unsigned i = p->len; i < bits; i++)
		last.addr.byte[i / 8] |= (uint8_t)(0x80u >> i % 8);
	return !ip_addr_equal(&last.addr, &p->addr);
}

/* SPDX-License-Identifier: ISC */
/* cidr.c - address rules that several resources share (semantics.md sections 5.6 and 8). */
#include "res/res.h"

static bool
is_separator(char c)
{
	return c == ' ' || c == ',' || c == '\t';
}

static size_t
count_words(const struct f_list *list)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		for (const char *p = list->v[i]; *p != '\0'; p++)
			if (!is_separator(*p) && (p == list->v[i] || is_separator(p[-1])))
				n++;
	return n;
}

enum dc_code
cidr_check_quota(const struct f_list *list, int64_t most, const char *member, struct dc_error *err)
{
	size_t n = list->set == GIVEN ? count_words(list) : 0;

	return (int64_t)n <= most ? DC_OK
				  : dc_fail(err, DC_E_REMOTE_SUBNETS, member,
					"%s: %zu blocks are more than the quota of %lld", member, n, (long long)most);
}

static enum dc_code
add_block(const char *word, enum ip_family family, const char *member, struct cidr_list *out, struct dc_error *err)
{
	struct ip_prefix block;

	if (!ip_parse_prefix(word, &block))
		return dc_fail(err, DC_E_ADDRESS, member, "%s: \"%.60s\" is not a CIDR block", member, word);
	if (family != IP_NONE && block.addr.family != family)
		return dc_fail(
		    err, DC_E_ADDRESS, member, "%s: \"%s\" is not an %s block", member, word, ip_family_name(family));
	block = ip_network(&block);
	for (size_t i = 0; i < out->n; i++)
		if (ip_prefix_equal(&out->v[i], &block))
			return dc_fail(err, DC_E_CIDR_TWICE, member, "%s: \"%s\" occurs twice", member, word);
	out->v[out->n++] = block;
	return DC_OK;
}

enum dc_code
cidr_list_parse(const struct f_list *list, enum ip_family family, const char *member, struct arena *arena,
    struct cidr_list *ret, struct dc_error *err)
{
	struct cidr_list out = {0};
	enum dc_code rc;

	if (list->set == GIVEN)
		out.v = arena_array(arena, count_words(list) + 1, sizeof(*out.v));
	for (size_t i = 0; list->set == GIVEN && i < list->n; i++) {
		const char *p = list->v[i];
		size_t words = 0;

		while (*p != '\0') {
			const char *start;

			while (is_separator(*p))
				p++;
			for (start = p; *p != '\0' && !is_separator(*p);)
				p++;
			if (p == start)
				break;
			words++;
			if ((rc = add_block(
				 arena_strndup(arena, start, (size_t)(p - start)), family, member, &out, err)) != DC_OK)
				return rc;
		}
		if (words == 0)
			return dc_fail(err, DC_E_ADDRESS, member, "%s: an empty string is not a CIDR block", member);
	}
	*ret = out;
	return DC_OK;
}

enum dc_code
cidr_check_customer(
    const struct cidr_list *list, const struct ip_prefix *link, const char *member, struct dc_error *err)
{
	static const char *const never4[] = {"100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"};
	struct ip_prefix unicast, unique_local, block;
	char text[IP_TEXT_SIZE];

	ip_parse_prefix("2000::/3", &unicast);
	ip_parse_prefix("fc00::/7", &unique_local);
	for (size_t i = 0; i < list->n; i++) {
		const struct ip_prefix *p = &list->v[i];
		bool refused = false;

		if (link != NULL && ip_contains(link, p))
			continue; /* the link's own subnet always belongs into the list */
		if (p->addr.family == IP_V4) {
			for (size_t k = 0; k < sizeof(never4) / sizeof(never4[0]); k++)
				if (ip_parse_prefix(never4[k], &block) && ip_contains(&block, p))
					refused = true;
		} else if (p->len > 0)
			refused = !ip_contains(&unicast, p) && !ip_contains(&unique_local, p);
		if (refused) {
			ip_format_prefix(p, text);
			return dc_fail(
			    err, DC_E_ADDRESS, member, "%s: %s cannot be used on the customer's side", member, text);
		}
	}
	return DC_OK;
}

bool
cidr_overlap(const struct cidr_list *a, const struct cidr_list *b, struct ip_prefix *ret_a, struct ip_prefix *ret_b)
{
	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < b->n; k++)
			if (ip_overlaps(&a->v[i], &b->v[k])) {
				*ret_a = a->v[i];
				*ret_b = b->v[k];
				return true;
			}
	return false;
}

const char *
text_or_null(const struct f_text *t)
{
	return t->set == GIVEN && t->v[0] != '\0' ? t->v : NULL;
}

static enum dc_code
parse_host(const char *text, enum ip_family family, const char *member, struct ip_prefix *ret, struct dc_error *err)
{
	if (!ip_parse_prefix(text, ret))
		return dc_fail(
		    err, DC_E_ADDRESS, member, "%s: \"%.60s\" is not an address with a mask length", member, text);
	if (family != IP_NONE && ret->addr.family != family)
		return dc_fail(
		    err, DC_E_ADDRESS, member, "%s: \"%s\" is not an %s address", member, text, ip_family_name(family));
	if (!ip_is_link_host(ret))
		return dc_fail(
		    err, DC_E_ADDRESS, member, "%s: \"%s\" is not a usable host address of its subnet", member, text);
	return DC_OK;
}

/* An address that can be had on a link: unicast, not loopback, not "this network". */
static bool
is_unicast(const struct ip_addr *a)
{
	static const char *const never[] = {"0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3", "::/8", "ff00::/8"};
	struct ip_prefix host = {*a, ip_bits(a->family)}, block;

	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (ip_parse_prefix(never[i], &block) && ip_contains(&block, &host))
			return false;
	return true;
}

enum dc_code
link_addresses_parse(const struct f_text *local, const struct f_text *remote, enum ip_family family,
    const char *local_member, const char *remote_member, struct link_addresses *ret, struct dc_error *err)
{
	const char *l = text_or_null(local), *r = text_or_null(remote);
	struct link_addresses out = {0};
	enum dc_code rc;

	if (l == NULL && r == NULL) {
		*ret = out;
		return DC_OK;
	}
	if (l == NULL || r == NULL)
		return dc_fail(err, DC_E_ADDRESS, l == NULL ? local_member : remote_member,
		    "%s is missing: both gateway addresses or neither must be given",
		    l == NULL ? local_member : remote_member);
	if ((rc = parse_host(l, family, local_member, &out.local, err)) != DC_OK ||
	    (rc = parse_host(r, family == IP_NONE ? out.local.addr.family : family, remote_member, &out.remote, err)) !=
		DC_OK)
		return rc;
	if (!is_unicast(&out.local.addr) || !is_unicast(&out.remote.addr))
		return dc_fail(err, DC_E_ADDRESS, is_unicast(&out.local.addr) ? remote_member : local_member,
		    "%s is not a unicast address", is_unicast(&out.local.addr) ? remote_member : local_member);
	out.subnet = ip_network(&out.local);
	if (!ip_prefix_equal(&out.subnet, &(struct ip_prefix){ip_network(&out.remote).addr, out.remote.len}))
		return dc_fail(err, DC_E_ADDRESS, remote_member, "%s and %s are not in one subnet with the same mask",
		    local_member, remote_member);
	if (ip_addr_equal(&out.local.addr, &out.remote.addr))
		return dc_fail(
		    err, DC_E_ADDRESS, remote_member, "%s and %s are the same address", local_member, remote_member);
	out.family = out.local.addr.family;
	*ret = out;
	return DC_OK;
}

enum dc_code
cidr_check_link_local(const struct ip_addr *a, const char *member, struct dc_error *err)
{
	struct ip_prefix host = {*a, ip_bits(a->family)}, block;

	ip_parse_prefix("fe80::/10", &block);
	return ip_contains(&block, &host) ? dc_fail(err, DC_E_ADDRESS, member,
						"%s: a link-local address (fe80::/10) is not served: use a global "
						"or unique local one",
						member)
					  : DC_OK;
}

enum dc_code
link_addresses_check(
    const struct link_addresses *link, const char *local_member, const char *remote_member, struct dc_error *err)
{
	enum dc_code rc;

	if (link->family == IP_NONE)
		return DC_OK;
	rc = cidr_check_link_local(&link->local.addr, local_member, err);
	return rc == DC_OK ? cidr_check_link_local(&link->remote.addr, remote_member, err) : rc;
}

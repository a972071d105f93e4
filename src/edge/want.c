/* SPDX-License-Identifier: ISC */
#include "edge/want.h"

#include <string.h>

#include "base/name.h"
#include "base/uuid.h"
#include "edge/agent/op.h"

#define INSTANCE_MAX 9999
#define ASN_MAX 4294967295
#define ROUTE_LIMIT_MAX 10000000
#define BURST_LEAST 65536
#define PING_COUNT_MAX 60 /* ping.c has a bit for each */

struct reading {
	struct want *want;
	struct arena *arena;
	struct dc_error err;
};

static bool
bad(struct reading *r, const char *member, const char *rule)
{
	dc_fail(&r->err, DC_E_PROTOCOL, member, "%s %s", member, rule);
	return false;
}

static bool
take_name(struct reading *r, const char *member, const struct f_text *text, const char **ret)
{
	if (text->set != GIVEN || !name_is_ours(text->v))
		return bad(r, member, "is not a name of at most 15 letters, digits and '_' that begins with a letter");
	*ret = text->v;
	return true;
}

static bool
take_port(struct reading *r, const struct f_text *text, const char **ret)
{
	if (text->set != GIVEN || !name_is_port(text->v))
		return bad(r, "port", "is not a name of at most 15 letters, digits, '_', '.', '-' and '@'");
	*ret = text->v;
	return true;
}

static bool
take_mark(struct reading *r, const struct f_text *text, const char **ret)
{
	if (text->set != GIVEN || !uuid_is_valid(text->v))
		return bad(r, "mark", "is not a UUID");
	*ret = arena_printf(r->arena, "dcaas:%s", text->v);
	return true;
}

static bool
take_key(struct reading *r, const char *member, const struct f_text *text, const char **ret)
{
	if (text->set != GIVEN || text->v[0] == '\0')
		return bad(r, member, "is not the key of an object");
	*ret = text->v;
	return true;
}

static bool
take_number(struct reading *r, const char *member, const struct f_int *number, int64_t lo, int64_t hi, uint32_t *ret)
{
	if (number->set != GIVEN || number->v < lo || number->v > hi) {
		dc_fail(&r->err, DC_E_PROTOCOL, member, "%s is not a number from %lld to %lld", member, (long long)lo,
		    (long long)hi);
		return false;
	}
	*ret = (uint32_t)number->v;
	return true;
}

static bool
take_addr(struct reading *r, const char *member, const struct f_text *text, struct ip_addr *ret)
{
	return text->set == GIVEN && ip_parse_addr(text->v, ret) ? true : bad(r, member, "is not an address");
}

static bool
take_prefix(struct reading *r, const char *member, const char *text, struct ip_prefix *ret)
{
	return text != NULL && ip_parse_prefix(text, ret) ? true : bad(r, member, "is not a prefix");
}

static bool
take_prefixes(struct reading *r, const char *member, const struct f_list *list, struct ip_prefix **ret, size_t *n)
{
	*ret = arena_array(r->arena, list->n + 1, sizeof(**ret));
	for (size_t i = 0; list->set == GIVEN && i < list->n; i++)
		if (!take_prefix(r, member, list->v[i], &(*ret)[(*n)++]))
			return false;
	return true;
}

static bool
read_internal_asn(struct reading *r, const struct wire_vrf *w, struct want_vrf *to)
{
	if (w->internal_asn_first.set != GIVEN && w->internal_asn_last.set != GIVEN)
		return true;
	if (!take_number(r, "internal_asn_first", &w->internal_asn_first, 1, ASN_MAX, &to->internal_asn_first) ||
	    !take_number(r, "internal_asn_last", &w->internal_asn_last, 1, ASN_MAX, &to->internal_asn_last))
		return false;
	return to->internal_asn_first <= to->internal_asn_last ? true
							       : bad(r, "internal_asn_last", "is before the first");
}

static bool
read_vrf(struct reading *r, const void *row)
{
	const struct wire_vrf *w = row;
	struct want_vrf *to = &r->want->vrf;

	if (!take_name(r, "device", &w->device, &to->device) || !take_mark(r, &w->mark, &to->mark) ||
	    !take_number(r, "table", &w->table, TABLE_FIRST, TABLE_LAST, &to->table) ||
	    !take_number(r, "instance", &w->instance, 1, INSTANCE_MAX, &to->instance) ||
	    !take_addr(r, "router_id", &w->router_id, &to->router_id))
		return false;
	if (to->router_id.family != IP_V4)
		return bad(r, "router_id", "is not an IPv4 address");
	if (!take_prefixes(r, "own", &w->own, &to->own, &to->own_count) ||
	    !take_prefixes(r, "linked", &w->linked, &to->linked, &to->linked_count))
		return false;
	return read_internal_asn(r, w, to);
}

static bool
read_vlan(struct reading *r, const void *row)
{
	const struct wire_vlan *w = row;
	struct want_vlan *to = &r->want->vlan;

	to->is_customer = w->use.set != GIVEN || strcmp(w->use.v, "vpc") != 0;
	return take_key(r, "vrf", &w->vrf, &to->vrf) && take_name(r, "device", &w->device, &to->device) &&
	       take_mark(r, &w->mark, &to->mark) && take_port(r, &w->port, &to->port) &&
	       take_number(r, "vlan", &w->vlan, 0, 4094, &to->vlan);
}

static bool
read_veth(struct reading *r, const void *row)
{
	const struct wire_veth *w = row;
	struct want_veth *to = &r->want->veth;

	return take_key(r, "vrf", &w->vrf, &to->vrf) && take_name(r, "device", &w->device, &to->device) &&
	       take_mark(r, &w->mark, &to->mark) && take_key(r, "peer", &w->peer, &to->peer);
}

static bool
read_addr(struct reading *r, const void *row)
{
	const struct wire_addr *w = row;

	return take_key(r, "link", &w->link, &r->want->addr.link) &&
	       take_prefix(r, "prefix", w->prefix.v, &r->want->addr.prefix);
}

static const struct {
	const char *name;
	uint32_t proto;
} route_classes[] = {
    {"vpc", ROUTE_PROTO_VPC},
    {"static", ROUTE_PROTO_STATIC},
    {"link", ROUTE_PROTO_LINK},
    {"eip", ROUTE_PROTO_EIP},
};

static bool
read_route(struct reading *r, const void *row)
{
	const struct wire_route *w = row;
	struct want_route *to = &r->want->route;

	if (!take_key(r, "vrf", &w->vrf, &to->vrf) || !take_key(r, "link", &w->link, &to->link) ||
	    !take_prefix(r, "prefix", w->prefix.v, &to->prefix))
		return false;
	if (w->via.set == GIVEN && !take_addr(r, "via", &w->via, &to->via))
		return false;
	if (to->via.family != IP_NONE && to->via.family != to->prefix.addr.family)
		return bad(r, "via", "is of another family than the prefix");
	to->prefix = ip_network(&to->prefix);
	if (w->shut_until.set == GIVEN)
		r->want->shut_until = w->shut_until.v;
	for (size_t i = 0; w->class.set == GIVEN && i < sizeof(route_classes) / sizeof(route_classes[0]); i++)
		if (strcmp(w->class.v, route_classes[i].name) == 0)
			to->proto = route_classes[i].proto;
	return to->proto != 0 ? true : bad(r, "class", "is not one that this edge knows");
}

static bool
password_is_good(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~' || text[i] == '"')
			return false;
	return len > 0 && len <= OP_KEY_MAX;
}

static bool
read_bgp(struct reading *r, const void *row)
{
	const struct wire_bgp *w = row;
	struct want_bgp *to = &r->want->bgp;

	if (!take_key(r, "vrf", &w->vrf, &to->vrf) || !take_key(r, "link", &w->link, &to->link) ||
	    !take_name(r, "name", &w->name, &to->name) || !take_addr(r, "local", &w->local, &to->local) ||
	    !take_addr(r, "remote", &w->remote, &to->remote) ||
	    !take_number(r, "local_asn", &w->local_asn, 1, ASN_MAX, &to->local_asn) ||
	    !take_number(r, "remote_asn", &w->remote_asn, 1, ASN_MAX, &to->remote_asn))
		return false;
	if (to->local.family != to->remote.family || ip_addr_equal(&to->local, &to->remote))
		return bad(r, "remote", "is not another address of the same family as local");
	if (w->route_limit.set == GIVEN &&
	    !take_number(r, "route_limit", &w->route_limit, 0, ROUTE_LIMIT_MAX, &to->route_limit))
		return false;
	/* The text ends in BIRD's file: this is the last gate, for all that the API let through. */
	if (w->password.set == GIVEN && !password_is_good(w->password.v))
		return bad(r, "password", "is not 1 to 80 printable ASCII characters without a quote");
	to->password = w->password.set == GIVEN ? w->password.v : NULL;
	to->is_link = w->class.set == GIVEN && strcmp(w->class.v, "link") == 0;
	to->is_uplink = w->class.set == GIVEN && strcmp(w->class.v, "uplink") == 0;
	if (w->class.set == GIVEN && !to->is_link && !to->is_uplink)
		return bad(r, "class", "is not one that this edge knows");
	if (w->shut_until.set == GIVEN)
		r->want->shut_until = w->shut_until.v;
	to->accept_default = to->is_link && w->default_route.set == GIVEN && w->default_route.v;
	return true;
}

/* What this edge cannot do is, for it, of an unknown kind. */
static bool
not_supported(struct reading *r, const char *words)
{
	r->want->kind = OBJECT_UNKNOWN;
	dc_fail(&r->err, DC_E_PROTOCOL, NULL, "%s", words);
	return false;
}

static bool
read_bfd(struct reading *r, const void *row)
{
	const struct wire_bfd *w = row;
	struct want_bfd *to = &r->want->bfd;

	if (w->bgp.set != GIVEN)
		return not_supported(r, "this edge has BFD for BGP sessions only");
	if (w->local_disc.set == GIVEN || w->remote_disc.set == GIVEN)
		return not_supported(r, "BIRD chooses its discriminators by itself");
	return take_key(r, "link", &w->link, &to->link) && take_key(r, "bgp", &w->bgp, &to->bgp) &&
	       take_number(r, "min_rx", &w->min_rx, 10, 60000, &to->min_rx_ms) &&
	       take_number(r, "min_tx", &w->min_tx, 10, 60000, &to->min_tx_ms) &&
	       take_number(r, "multiplier", &w->multiplier, 1, 255, &to->multiplier);
}

static bool
read_ping(struct reading *r, const void *row)
{
	const struct wire_ping *w = row;
	struct want_ping *to = &r->want->ping;

	if (!take_key(r, "link", &w->link, &to->link) || !take_addr(r, "local", &w->local, &to->local) ||
	    !take_addr(r, "remote", &w->remote, &to->remote) ||
	    !take_number(r, "count", &w->count, 1, PING_COUNT_MAX, &to->count) ||
	    !take_number(r, "interval", &w->interval, 10, 1000, &to->interval_ms))
		return false;
	return to->local.family == to->remote.family ? true : bad(r, "remote", "is of another family than local");
}

static bool
read_rate(struct reading *r, const void *row)
{
	const struct wire_rate *w = row;
	struct want_rate *to = &r->want->rate;

	return take_key(r, "link", &w->link, &to->link) &&
	       take_number(r, "ingress", &w->ingress, 1, UINT32_MAX, &to->ingress_kbit) &&
	       take_number(r, "egress", &w->egress, 1, UINT32_MAX, &to->egress_kbit) &&
	       take_number(r, "burst", &w->burst, BURST_LEAST, INT32_MAX, &to->burst);
}

static enum dc_code
refuse_body(struct reading *r)
{
	r->want->bad = arena_strdup(r->arena, r->err.text);
	return r->err.code;
}

const char *
want_link_vrf(const struct want *w)
{
	return w->kind == OBJECT_VETH ? w->veth.vrf : w->vlan.vrf;
}

const char *
want_link_device(const struct want *w)
{
	return w->kind == OBJECT_VETH ? w->veth.device : w->vlan.device;
}

const char *
want_link_mark(const struct want *w)
{
	return w->kind == OBJECT_VETH ? w->veth.mark : w->vlan.mark;
}

static struct ip_prefix *
copy_prefixes(const struct ip_prefix *v, size_t n, struct arena *arena)
{
	return n == 0 ? NULL : arena_memdup(arena, v, n * sizeof(*v));
}

static void
copy_body(struct want *w, struct arena *arena)
{
	const struct {
		enum object_kind kind;
		const char **text[4];
	} texts[] = {
	    {OBJECT_VRF, {&w->vrf.device, &w->vrf.mark}},
	    {OBJECT_VLAN, {&w->vlan.vrf, &w->vlan.device, &w->vlan.mark, &w->vlan.port}},
	    {OBJECT_VETH, {&w->veth.vrf, &w->veth.device, &w->veth.mark, &w->veth.peer}},
	    {OBJECT_ADDR, {&w->addr.link}},
	    {OBJECT_ROUTE, {&w->route.vrf, &w->route.link}},
	    {OBJECT_BGP, {&w->bgp.vrf, &w->bgp.link, &w->bgp.name, &w->bgp.password}},
	    {OBJECT_BFD, {&w->bfd.link, &w->bfd.bgp}},
	    {OBJECT_PING, {&w->ping.link}},
	    {OBJECT_RATE, {&w->rate.link}},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		for (size_t k = 0; texts[i].kind == w->kind && k < 4 && texts[i].text[k] != NULL; k++)
			*texts[i].text[k] = arena_strdup(arena, *texts[i].text[k]);
	if (w->kind == OBJECT_VRF) {
		w->vrf.own = copy_prefixes(w->vrf.own, w->vrf.own_count, arena);
		w->vrf.linked = copy_prefixes(w->vrf.linked, w->vrf.linked_count, arena);
	}
}

struct want
want_copy(const struct want *from, struct arena *arena)
{
	struct want copy = *from;

	copy.key = arena_strdup(arena, from->key);
	copy.bad = arena_strdup(arena, from->bad);
	if (copy.known)
		copy_body(&copy, arena);
	return copy;
}

static bool (*const readers[OBJECT_UNKNOWN])(struct reading *, const void *) = {
    [OBJECT_VRF] = read_vrf,
    [OBJECT_VLAN] = read_vlan,
    [OBJECT_VETH] = read_veth,
    [OBJECT_ADDR] = read_addr,
    [OBJECT_ROUTE] = read_route,
    [OBJECT_BGP] = read_bgp,
    [OBJECT_BFD] = read_bfd,
    [OBJECT_PING] = read_ping,
    [OBJECT_RATE] = read_rate,
};

enum object_kind
want_kind(const char *name)
{
	enum object_kind kind = object_kind_parse(name);

	return kind != OBJECT_UNKNOWN && readers[kind] == NULL ? OBJECT_UNKNOWN : kind;
}

enum dc_code
want_decode(struct want *ret, const char *body, struct arena *arena)
{
	struct reading r = {.want = ret, .arena = arena};
	json_t *json;
	void *row;
	enum dc_code rc;

	if (ret->kind == OBJECT_UNKNOWN) {
		dc_fail(&r.err, DC_E_PROTOCOL, "kind", "this edge does not know the kind");
		return refuse_body(&r);
	}
	if (body == NULL) {
		dc_fail(&r.err, DC_E_PROTOCOL, "body", "the object has no body");
		return refuse_body(&r);
	}
	if (field_parse(body, strlen(body), &json, &r.err) != DC_OK)
		return refuse_body(&r);
	rc = field_decode(object_kind_table(ret->kind), VIEW_WIRE, json, "", arena, &row, &r.err);
	json_decref(json);
	if (rc != DC_OK || !readers[ret->kind](&r, row))
		return refuse_body(&r);
	ret->known = true;
	return DC_OK;
}

/* SPDX-License-Identifier: ISC */
#include "edge/bird/render.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/name.h"
#include "edge/agent/op.h"

#define TEXT_MAX (32u << 20)
/* What a customer may have us keep, counted before policy. Above the route limit, which counts accepted routes. */
#define RECEIVE_FACTOR 4u
#define RECEIVE_LEAST 1000u

struct writer {
	struct buf text;
	struct arena *arena;
	size_t *owner; /* in the arena */
	size_t lines, room;
	size_t counted; /* bytes of text whose lines have an owner */
};

bool
bird_password_fits(const char *password)
{
	size_t len = strlen(password);

	if (len == 0 || len > 80)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (password[i] < 0x20 || password[i] > 0x7e || password[i] == '"')
			return false;
	}
	return true;
}

/* Keywords of BIRD's with a digit in them start with "ipv" or are short; ours have a digit and no such start. */
bool
bird_name_fits(const char *name)
{
	return name_is_ours(name) && strpbrk(name, "0123456789") != NULL && strncmp(name, "dc_", 3) != 0 &&
	       strncmp(name, "ipv", 3) != 0;
}

static bool
path_fits(const char *path)
{
	if (path[0] == '\0' || strlen(path) > 1000)
		return false;
	for (const char *p = path; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || *p == '"' || *p == 0x7f)
			return false;
	}
	return true;
}

/* Lines that came in since the last call belong to owner. */
static void
own_lines(struct writer *w, size_t owner)
{
	for (; w->counted < w->text.len; w->counted++) {
		if (w->text.data[w->counted] != '\n')
			continue;
		if (w->lines == w->room) {
			size_t room = w->room == 0 ? 256 : w->room * 2;
			size_t *more = arena_array(w->arena, room, sizeof(*more));

			if (w->lines > 0)
				memcpy(more, w->owner, w->lines * sizeof(*more));
			w->owner = more;
			w->room = room;
		}
		w->owner[w->lines++] = owner;
	}
}

static void
put_head(struct buf *out, uint32_t instance, const char *log_path)
{
	buf_puts(out, "# Written by dcaas-edge; changes are lost.\n");
	buf_printf(out, "log \"%s\" 1048576 \"%s.1\" all;\n", log_path, log_path);
	/* Protocols have their gateway's; BIRD wants one of its own, where the namespace may have no address to take it
	 * from. */
	buf_printf(out, "router id 0.0.%u.%u;\n", instance >> 8 & 255u, instance & 255u);
	/* Seconds since 1970, in any time zone. */
	buf_puts(out, "timeformat protocol \"%s.%3f\";\ntimeformat route \"%s.%3f\";\n");
	buf_puts(out, "graceful restart wait 10;\n");
	buf_puts(out, "protocol device dc_device { scan time 5; }\n");
	/* Set on what a link brought: not for other links. Stays in this process. */
	buf_puts(out, "attribute int dc_link;\n");
	/* Why a route is refused: BIRD keeps refused routes with what the filter sets on them. */
	buf_puts(out, "attribute int dc_why;\n");
	buf_puts(out,
	    "function dc_never_4() {\n"
	    "\treturn net ~ [ 0.0.0.0/8+, 100.64.0.0/10+, 127.0.0.0/8+, 169.254.0.0/16+, 224.0.0.0/3+ ];\n}\n");
	buf_puts(out, "function dc_never_6() {\n\treturn !(net ~ [ ::/0, 2000::/3+, fc00::/7+ ]);\n}\n");
}

static const char *
default_net(unsigned family)
{
	return family == 4 ? "0.0.0.0/0" : "::/0";
}

static int
compare_prefix(const void *a, const void *b)
{
	const struct ip_prefix *x = a, *y = b;
	int order = ip_addr_compare(&x->addr, &y->addr);

	return order != 0 ? order : (int)x->len - (int)y->len;
}

size_t
bird_networks(const struct ip_prefix *all, size_t all_n, unsigned family, struct arena *arena, struct ip_prefix **ret)
{
	struct ip_prefix *own = arena_array(arena, all_n + 1, sizeof(*own));
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < all_n; i++)
		if ((unsigned)all[i].addr.family == family)
			own[n++] = ip_network(&all[i]);
	qsort(own, n, sizeof(*own), compare_prefix);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || compare_prefix(&own[kept - 1], &own[i]) != 0)
			own[kept++] = own[i];
	*ret = own;
	return kept;
}

/* What nobody may announce, nor a part of it, is a table that the filters ask and not a part of their text: one network
 * more would have BIRD run the filters over every route of every session again. Who holds a route inside a new one is
 * found by load.c. */
static void
put_networks(
    struct writer *w, const char *what, const char *device, const struct ip_prefix *all, size_t all_n, unsigned family)
{
	struct buf *out = &w->text;
	struct ip_prefix *network;
	size_t n = bird_networks(all, all_n, family, w->arena, &network);
	char text[IP_TEXT_SIZE];

	buf_printf(out, "roa%u table dc_%s_%s_%u;\n", family, what, device, family);
	buf_printf(out, "protocol static dc_s_%s_%s_%u {\n\troa%u { table dc_%s_%s_%u; };\n", what, device, family,
	    family, what, device, family);
	for (size_t i = 0; i < n; i++) {
		ip_format_prefix(&network[i], text);
		buf_printf(out, "\troute %s max %d as 1;\n", text, family == 4 ? 32 : 128);
	}
	buf_puts(out, "}\n");
}

__attribute__((format(printf, 3, 4))) static void
put_refusal(struct buf *out, enum routing_reason why, const char *format, ...)
{
	va_list args;

	buf_puts(out, "\tif ");
	va_start(args, format);
	buf_vprintf(out, format, args);
	va_end(args);
	buf_printf(out, " then { dc_why = %d; return false; }\n", (int)why);
}

/* Of one family's neighbours: what is taken from a customer and from a link, and what they get. The words of two
 * neighbours differ in numbers only, so that BIRD reads them in a time that grows with their count and not with its
 * square. */
static void
put_import(struct buf *out, const char *device, unsigned family)
{
	buf_printf(out, "function dc_ok_%s_%u() {\n", device, family);
	put_refusal(out, ROUTING_WHY_OWN, "roa_check(dc_own_%s_%u, net, 1) != ROA_UNKNOWN", device, family);
	put_refusal(out, ROUTING_WHY_NEVER, "dc_never_%u()", family);
	/* RFC 8326: a line that is about to be taken away is the last choice. */
	buf_puts(out, "\tif (65535, 0) ~ bgp_community then bgp_local_pref = 0;\n\treturn true;\n}\n");
	buf_printf(out, "function dc_in_%s_%u(int dc_remote; int dc_local) {\n", device, family);
	put_refusal(out, ROUTING_WHY_FIRST_AS, "bgp_path.first != dc_remote");
	put_refusal(out, ROUTING_WHY_LOOP, "dc_local ~ bgp_path");
	put_refusal(out, ROUTING_WHY_LINKED, "roa_check(dc_linked_%s_%u, net, 1) != ROA_UNKNOWN", device, family);
	buf_printf(out, "\treturn dc_ok_%s_%u();\n}\n", device, family);
	buf_printf(out, "function dc_lin_%s_%u() {\n\tdc_link = 1;\n\treturn dc_ok_%s_%u();\n}\n", device, family,
	    device, family);
}

static void
put_export(struct buf *out, const struct routing_vrf *vrf, unsigned family)
{
	const char *d = vrf->device;

	buf_printf(out, "filter dc_out_%s_%u {\n\tif krt_source = %u || krt_source = %u then accept;\n", d, family,
	    ROUTE_PROTO_VPC, ROUTE_PROTO_LINK);
	buf_puts(out, "\tif source = RTS_BGP && defined(dc_link) then {\n");
	if (vrf->internal_asn_last != 0)
		buf_printf(out, "\t\tbgp_path.delete([ %u..%u ]);\n", vrf->internal_asn_first, vrf->internal_asn_last);
	buf_puts(out, "\t\taccept;\n\t}\n\treject;\n}\n");
	buf_printf(out, "filter dc_lout_%s_%u {\n", d, family);
	buf_printf(out, "\tif krt_source = %u || krt_source = %u then accept;\n", ROUTE_PROTO_VPC, ROUTE_PROTO_STATIC);
	buf_puts(out, "\tif source = RTS_BGP && !defined(dc_link) then accept;\n\treject;\n}\n");
}

/* Whom a session is with: its template and its export filter. */
static const struct policy {
	const char *template, *export;
} policies[] = {
#define POLICY_CUSTOMER 0
    {"c", "out"},
    {"l", "lout"},
#define POLICY_UPLINK 2
    {"u", "uout"},
};
#define POLICIES (sizeof(policies) / sizeof(policies[0]))

static const struct policy *
policy_of(const struct routing_neighbour *n)
{
	return &policies[n->is_uplink ? POLICY_UPLINK : n->is_link ? 1 : POLICY_CUSTOMER];
}

/* The import table lets BIRD apply a changed policy without asking the neighbour: one that cannot refresh routes
 * (RFC 2918) would be reset. */
static void
put_template(struct buf *out, const char *device, unsigned family, const struct policy *p)
{
	buf_printf(out, "template bgp dc_%s_%s_%u {\n\tvrf \"%s\";\n", p->template, device, family, device);
	/* A route that has been here is refused by the filter: BIRD itself drops it without counting it. */
	if (p == &policies[POLICY_CUSTOMER])
		buf_puts(out, "\tallow local as;\n");
	/* The defaults take tens of seconds to come up, or back. */
	buf_puts(
	    out, "\tconnect delay time 1;\n\tconnect retry time 3;\n\terror wait time 1, 4;\n\terror forget time 5;\n");
	/* Long-lived graceful restart (RFC 9494) would keep a dead neighbour's routes for as long as it asked, up to
	 * half a year; an ordinary restart is a little over an hour at most. A hold time of 0 would keep them for
	 * ever. */
	buf_puts(out, "\thold time 90;\n\tmin hold time " BIRD_HOLD_LEAST ";\n\tgraceful restart on;\n"
		      "\tlong lived graceful restart off;\n");
	buf_printf(out,
	    "\tipv%u {\n\t\ttable dc_t_%s_%u;\n\t\timport table on;\n\t\timport keep filtered on;\n\t\trpki reload "
	    "off;\n"
	    "\t\texport filter dc_%s_%s_%u;\n\t};\n}\n",
	    family, device, family, p->export, device, family);
}

static void
put_policy(struct writer *w, const struct routing_vrf *vrf, unsigned family, bool has_uplink)
{
	put_networks(w, "own", vrf->device, vrf->own, vrf->own_count, family);
	put_networks(w, "linked", vrf->device, vrf->linked, vrf->linked_count, family);
	put_import(&w->text, vrf->device, family);
	put_export(&w->text, vrf, family);
	if (has_uplink)
		buf_printf(&w->text, "filter dc_uout_%s_%u {\n\tif krt_source = %u then accept;\n\treject;\n}\n",
		    vrf->device, family, ROUTE_PROTO_EIP);
	for (size_t i = 0; i < POLICIES; i++)
		if (i != POLICY_UPLINK || has_uplink)
			put_template(&w->text, vrf->device, family, &policies[i]);
}

/* Kernel routes of ours are learnt above BGP's preference, or BGP would hide them. The default "persist off" takes
 * BIRD's routes away together with the protocol; with -R they outlive a crash. A route of BIRD's own that a hand
 * deleted comes back with the next scan: BIRD takes the kernel's word of it for an echo. */
static void
put_kernel(struct buf *out, const struct routing_vrf *vrf, unsigned family)
{
	buf_printf(out,
	    "protocol kernel dc_k_%s_%u {\n\tvrf \"%s\";\n\tkernel table %u;\n\tlearn;\n\tscan time 10;\n"
	    "\tgraceful restart on;\n",
	    vrf->device, family, vrf->device, vrf->table);
	/* Lines that bring the same route equally well share the traffic. */
	buf_puts(out, "\tmerge paths on;\n");
	buf_printf(out, "\tipv%u {\n\t\ttable dc_t_%s_%u;\n\t\timport filter {\n", family, vrf->device, family);
	buf_printf(out, "\t\t\tif krt_source ~ [ %u, %u, %u, %u ] then { preference = 200; accept; }\n",
	    ROUTE_PROTO_VPC, ROUTE_PROTO_STATIC, ROUTE_PROTO_LINK, ROUTE_PROTO_EIP);
	buf_puts(out, "\t\t\treject;\n\t\t};\n\t\texport where source = RTS_BGP;\n\t};\n}\n");
}

static bool
has_family(const struct routing_desired *d, const struct routing_vrf *vrf, unsigned family, bool uplink)
{
	for (size_t i = 0; i < d->neighbour_count; i++) {
		const struct routing_neighbour *n = &d->neighbour[i];

		if ((unsigned)n->remote.family == family && strcmp(n->vrf, vrf->device) == 0 &&
		    (!uplink || n->is_uplink))
			return true;
	}
	return false;
}

/* BFD has one process of its own for a VRF, which hears nobody else's packets. */
static void
put_bfd(struct buf *out, const struct routing_desired *d, const struct routing_vrf *vrf)
{
	for (size_t i = 0; i < d->neighbour_count; i++)
		if (d->neighbour[i].bfd.multiplier > 0 && strcmp(d->neighbour[i].vrf, vrf->device) == 0) {
			buf_printf(out, "\nprotocol bfd dc_b_%s {\n\tvrf \"%s\";\n}\n", vrf->device, vrf->device);
			return;
		}
}

/* A family without a neighbour needs no table: an idle kernel protocol still scans. */
static void
put_vrf(struct writer *w, const struct routing_desired *d, const struct routing_vrf *vrf)
{
	struct buf *out = &w->text;

	for (unsigned family = 4; family <= 6; family += 2) {
		if (!has_family(d, vrf, family, false))
			continue;
		buf_printf(out, "\nipv%u table dc_t_%s_%u;\n", family, vrf->device, family);
		put_policy(w, vrf, family, has_family(d, vrf, family, true));
		put_kernel(out, vrf, family);
	}
	put_bfd(out, d, vrf);
}

uint32_t
bird_receive_limit(uint32_t route_limit)
{
	uint64_t received = (uint64_t)route_limit * RECEIVE_FACTOR;

	return received < RECEIVE_LEAST ? RECEIVE_LEAST : received > UINT32_MAX ? UINT32_MAX : (uint32_t)received;
}

/* The check of the next hop's device keeps a customer from steering the VPC's traffic to another customer's router in
 * the VRF. */
static void
put_channel(struct buf *out, const struct routing_neighbour *n)
{
	unsigned family = (unsigned)n->remote.family;

	buf_printf(out, "\tipv%u {\n", family);
	if (n->route_limit > 0)
		buf_printf(out, "\t\treceive limit %u action disable;\n\t\timport limit %u action disable;\n",
		    bird_receive_limit(n->route_limit), n->route_limit);
	if (n->is_uplink) {
		buf_puts(out, "\t\timport none;\n\t};\n");
		return;
	}
	buf_printf(out, "\t\timport where ifname = \"%s\"", n->link);
	if (n->is_link && !n->accept_default)
		buf_printf(out, " && net != %s", default_net(family));
	if (n->is_link)
		buf_printf(out, " && dc_lin_%s_%u();\n\t};\n", n->vrf, family);
	else
		buf_printf(out, " && dc_in_%s_%u(%u, %u);\n\t};\n", n->vrf, family, n->remote_asn, n->local_asn);
}

static bool
is_link_local(const struct ip_addr *a)
{
	return a->family == IP_V6 && a->byte[0] == 0xfe && (a->byte[1] & 0xc0) == 0x80;
}

static void
put_neighbour(struct buf *out, const struct routing_vrf *vrf, const struct routing_neighbour *n, enum bird_how how)
{
	char local[IP_TEXT_SIZE], remote[IP_TEXT_SIZE], id[IP_TEXT_SIZE];

	ip_format_addr(&n->local, local);
	ip_format_addr(&n->remote, remote);
	ip_format_addr(&vrf->router_id, id);
	buf_printf(out, "protocol bgp %s from dc_%s_%s_%u {\n", n->name, policy_of(n)->template, n->vrf,
	    (unsigned)n->remote.family);
	if (how == BIRD_DISABLED || n->shut)
		buf_puts(out, "\tdisabled yes;\n");
	if (how == BIRD_SLOW)
		buf_puts(out, BIRD_SLOW_LINES);
	buf_printf(out, "\trouter id %s;\n", id);
	buf_printf(out, "\tlocal %s as %u;\n\tneighbor %s as %u;\n", local, n->local_asn, remote, n->remote_asn);
	if (is_link_local(&n->remote))
		buf_printf(out, "\tinterface \"%s\";\n", n->link);
	if (n->password != NULL)
		buf_printf(out, "\tpassword \"%s\";\n", n->password);
	if (n->bfd.multiplier > 0)
		buf_printf(out, "\tbfd { min rx interval %u ms; min tx interval %u ms; multiplier %u; };\n",
		    n->bfd.min_rx_ms, n->bfd.min_tx_ms, n->bfd.multiplier);
	put_channel(out, n);
	buf_puts(out, "}\n");
}

static const struct routing_vrf *
vrf_of(const struct routing_desired *d, const struct routing_neighbour *n)
{
	for (size_t i = 0; i < d->vrf_count; i++) {
		if (strcmp(d->vrf[i].device, n->vrf) == 0)
			return &d->vrf[i];
	}
	return NULL;
}

static enum dc_code
check_vrfs(const struct routing_desired *d, const char *log_path, struct dc_error *err)
{
	if (!path_fits(log_path))
		return dc_fail(err, DC_E_DAEMON, NULL, "the log's path cannot be written into BIRD's configuration");
	for (size_t i = 0; i < d->vrf_count; i++) {
		if (!name_is_ours(d->vrf[i].device) || d->vrf[i].router_id.family != IP_V4)
			return dc_fail(
			    err, DC_E_DAEMON, NULL, "VRF %zu has a name or router id that BIRD cannot take", i);
	}
	return DC_OK;
}

static void
put_all(struct writer *w, const struct routing_desired *d, const enum bird_how *how, const char *log_path,
    const char **block)
{
	put_head(&w->text, d->instance, log_path);
	for (size_t i = 0; i < d->vrf_count; i++)
		put_vrf(w, d, &d->vrf[i]);
	own_lines(w, 0);
	for (size_t i = 0; i < d->neighbour_count; i++) {
		const struct routing_vrf *vrf = vrf_of(d, &d->neighbour[i]);

		if (how[i] == BIRD_OMIT || vrf == NULL)
			continue;
		buf_puts(&w->text, "\n");
		own_lines(w, 0);
		size_t start = w->text.len;

		put_neighbour(&w->text, vrf, &d->neighbour[i], how[i]);
		own_lines(w, i + 1);
		if (!w->text.failed)
			block[i] = arena_strndup(w->arena, w->text.data + start, w->text.len - start);
	}
}

enum dc_code
bird_render(const struct routing_desired *d, const enum bird_how *how, const char *log_path, struct arena *arena,
    struct bird_config *ret, struct dc_error *err)
{
	struct writer w = {.text = BUF_INIT(TEXT_MAX), .arena = arena};
	const char **block = arena_array(arena, d->neighbour_count + 1, sizeof(*block));

	if (check_vrfs(d, log_path, err) != DC_OK)
		return DC_E_DAEMON;
	put_all(&w, d, how, log_path, block);
	if (w.text.failed) {
		buf_free(&w.text);
		return dc_fail(err, DC_E_DAEMON, NULL, "the configuration of instance %u is too large", d->instance);
	}
	*ret = (struct bird_config){
	    .text = arena_strndup(arena, w.text.data, w.text.len),
	    .len = w.text.len,
	    .line_owner = w.owner,
	    .lines = w.lines,
	    .block = block,
	};
	buf_free(&w.text);
	return DC_OK;
}

long
bird_error_owner(const struct bird_config *config, const char *error, const char **words)
{
	/* The path may hold colons: what counts is the first ":LINE:COLUMN " of digits. */
	*words = error;
	for (const char *p = strchr(error, ':'); p != NULL; p = strchr(p + 1, ':')) {
		size_t line = 0;
		const char *q = p + 1;

		for (; isdigit((unsigned char)*q) && line < 100000000; q++)
			line = line * 10 + (size_t)(*q - '0');
		if (q == p + 1 || *q != ':')
			continue;
		const char *column = q + 1;
		size_t digits = strspn(column, "0123456789");

		if (digits == 0 || column[digits] != ' ')
			continue;
		*words = column + digits + 1;
		if (line == 0 || line > config->lines || config->line_owner[line - 1] == 0)
			return -1;
		return (long)config->line_owner[line - 1] - 1;
	}
	return -1;
}

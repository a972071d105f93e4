/* SPDX-License-Identifier: ISC */
#include "res/uplink.h"

#include <string.h>

#include "base/uuid.h"
#include "reconcile/objects.h"
#include "res/lifecycle.h"

/* One family of an attachment. */
struct uplink {
	const char *session; /* id */
	const char *hop;
	struct ip_prefix local;
	char digit; /* of its name */
};

static bool
uplink_of(const struct attachment *a, unsigned f, struct uplink *ret)
{
	const struct f_text *local = f == 0 ? &a->local_ip : &a->local_ipv6;
	const struct f_text *hop = f == 0 ? &a->next_hop : &a->next_hop_ipv6;
	const struct f_text *session = f == 0 ? &a->session_v4 : &a->session_v6;

	*ret = (struct uplink){.session = session->v, .hop = text_or_null(hop), .digit = f == 0 ? '4' : '6'};
	return a->bgp_asn.set == GIVEN && ret->hop != NULL && ret->session != NULL && text_or_null(local) != NULL &&
	       ip_parse_prefix(local->v, &ret->local);
}

static void
new_id(struct f_text *to, struct arena *arena)
{
	char id[UUID_TEXT_SIZE];

	uuid_new(id);
	F_SET_TEXT(*to, arena_strdup(arena, id));
}

void
uplink_fill(struct attachment *a, struct arena *arena)
{
	if (text_or_null(&a->bgp_md5) == NULL)
		F_SET_NULL(a->bgp_md5); /* "" means none */
	if (a->bgp_asn.set != GIVEN || a->session_v4.set == GIVEN)
		return;
	new_id(&a->session_v4, arena);
	new_id(&a->session_v6, arena);
}

enum dc_code
uplink_check(struct call *call, const struct attachment *a, const struct gateway *gw, struct dc_error *err)
{
	struct uplink u;
	enum dc_code rc;

	if (a->bgp_asn.set != GIVEN)
		return DC_OK;
	if ((rc = password_check(&a->bgp_md5, "attachment.bgp_md5", err)) != DC_OK ||
	    (rc = gateway_check_asn(res_settings(call), a->bgp_asn.v, "attachment.bgp_asn", err)) != DC_OK)
		return rc;
	if (a->bgp_asn.v == gw->bgp_asn)
		return dc_fail(err, DC_E_SAME_ASN, "attachment.bgp_asn",
		    "attachment.bgp_asn: %lld is the AS number of the gateway itself", (long long)gw->bgp_asn);
	return uplink_of(a, 0, &u) || uplink_of(a, 1, &u)
		   ? DC_OK
		   : dc_fail(err, DC_E_ADDRESS, "attachment.next_hop",
			 "attachment.next_hop or next_hop_ipv6 is missing: bgp_asn is the next hop's");
}

void
uplink_put(
    struct work_view *work, struct arena *arena, const struct attachment *a, const struct gateway *gw, int64_t number)
{
	for (unsigned f = 0; f < 2; f++) {
		struct wire_bgp bgp = {0};
		char local[IP_TEXT_SIZE];
		struct uplink u;

		if (!uplink_of(a, f, &u))
			continue;
		ip_format_addr(&u.local.addr, local);
		F_SET_TEXT(bgp.vrf, gateway_key(arena, gw->id));
		F_SET_TEXT(bgp.link, arena_printf(arena, "vlan/%s", a->id.v));
		F_SET_TEXT(bgp.name, arena_printf(arena, "u%lld_%c", (long long)number, u.digit));
		F_SET_TEXT(bgp.local, local);
		F_SET_TEXT(bgp.remote, u.hop);
		F_SET_INT(bgp.local_asn, gw->bgp_asn);
		bgp.remote_asn = a->bgp_asn;
		F_SET_TEXT(bgp.class, "uplink");
		work_put(work, a->edge_id.v, arena_printf(arena, "bgp/%s", u.session), OBJECT_BGP, &bgp, a->bgp_md5.v);
	}
}

enum dc_code
uplink_judge(struct tx *tx, struct attachment *a, struct dc_error *err)
{
	for (unsigned f = 0; f < 2 && strcmp(a->status.v, "ACTIVE") == 0; f++) {
		const struct edge_session *s;
		struct uplink u;
		void *row = NULL;
		enum dc_code rc;

		if (!uplink_of(a, f, &u))
			continue;
		rc = query_get(tx, &edge_session_table, Q(Q_EQ("id", u.session)), &row, err);
		if (rc != DC_OK && rc != DC_E_NOT_FOUND)
			return rc;
		s = row;
		if (s != NULL && s->established.v)
			continue;
		life_set(&a->status, "DOWN", "attachment", a->id.v);
		F_SET_TEXT(
		    a->reason, arena_printf(tx_arena(tx), "no session with %s%s%.150s", u.hop,
				   s != NULL && s->last_error.set == GIVEN && s->last_error.v[0] != '\0' ? ": " : "",
				   s != NULL && s->last_error.set == GIVEN ? s->last_error.v : ""));
	}
	return DC_OK;
}

enum dc_code
uplink_forget(struct tx *tx, const struct attachment *a, struct dc_error *err)
{
	return query_delete(tx, &edge_session_table, Q(Q_EQ("owner_id", a->id.v)), NULL, err);
}

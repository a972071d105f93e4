/* SPDX-License-Identifier: ISC */
#include "res/vif_detection.h"

#include <string.h>

#include "api/crud.h"
#include "res/lifecycle.h"
#include "res/switchover.h"
#include "res/vif_peer.h"

#define MULTIPLIER 5 /* without an order */
#define INTERVAL_MS 1000
#define BFD_INTERVAL_MAX_MS 1000

static const char *const ha_types[] = {"nqa", "bfd", NULL};
static const char *const ha_modes[] = {
    "auto_single", "auto_multi", "static_single", "static_multi", "enhance_nqa", NULL};

#define DISCLAIM(m, words)                                                                                             \
	{                                                                                                              \
		AT(vif_extend_attribute, m), .kind = F_INT, .min = 1, .max = 16384, .nullable = true, .may = V_RU,     \
					     .doc = words                                                              \
	}

const struct field_table vif_extend_attribute_table = {
    .name = "VifExtendAttribute",
    .size = sizeof(struct vif_extend_attribute),
    .fields =
	(const struct field[]){
	    {AT(vif_extend_attribute, ha_type), .kind = F_ENUM, .names = ha_types, .nullable = true, .may = V_RU,
		.doc = "Kind of detection: the one that is on."},
	    {AT(vif_extend_attribute, ha_mode), .kind = F_ENUM, .names = ha_modes, .nullable = true, .may = V_RU,
		.doc = "Mode of detection: static ones are BFD's, enhance_nqa is NQA's."},
	    {AT(vif_extend_attribute, detect_multiplier), .kind = F_INT, .min = 3, .max = 20, .nullable = true,
		.may = V_RU, .doc = "Lost packets that count as down."},
	    {AT(vif_extend_attribute, min_rx_interval), .kind = F_INT, .min = 200, .max = 5000, .nullable = true,
		.may = V_RU, .doc = "Shortest interval of reception in ms; of BFD at most 1000."},
	    {AT(vif_extend_attribute, min_tx_interval), .kind = F_INT, .min = 200, .max = 5000, .nullable = true,
		.may = V_RU, .doc = "Shortest interval of sending in ms; of BFD at most 1000."},
	    DISCLAIM(remote_disclaim, "Far discriminator, IPv4."),
	    DISCLAIM(local_disclaim, "Own discriminator, IPv4."),
	    DISCLAIM(ipv6_remote_disclaim, "Far discriminator, IPv6."),
	    DISCLAIM(ipv6_local_disclaim, "Own discriminator, IPv6."),
	    {0},
	},
};

/* --- what is on --- */

/* NULL: nothing. */
static const char *
type_of(const struct virtual_interface *v)
{
	return v->enable_bfd.v ? "bfd" : v->enable_nqa.v ? "nqa" : NULL;
}

enum dc_code
vif_detection_check(const struct virtual_interface *old, const struct virtual_interface *v, struct dc_error *err)
{
	if (v->enable_bfd.v && v->enable_nqa.v)
		return dc_fail(err, DC_E_PARAM, "virtual_interface.enable_bfd",
		    "virtual_interface.enable_bfd and enable_nqa exclude each other");
	if (old == NULL || type_of(old) == NULL || type_of(v) == NULL || strcmp(type_of(old), type_of(v)) == 0)
		return DC_OK;
	return v->enable_bfd.v ? dc_fail(err, DC_E_PARAM, "virtual_interface.enable_bfd",
				     "virtual_interface.enable_bfd: NQA is on: switch it off first")
			       : dc_fail(err, DC_E_PARAM, "virtual_interface.enable_nqa",
				     "virtual_interface.enable_nqa: BFD is on: switch it off first");
}

enum dc_code
vif_detection_switch(
    struct tx *tx, const struct virtual_interface *old, struct virtual_interface *v, struct dc_error *err)
{
	static const char *const columns[] = {"enable_bfd", "enable_nqa", NULL};
	const struct vif_peer peers = {.enable_bfd = v->enable_bfd, .enable_nqa = v->enable_nqa};

	if (old->enable_bfd.v == v->enable_bfd.v && old->enable_nqa.v == v->enable_nqa.v)
		return DC_OK;
	if (type_of(v) == NULL)
		v->extend_attribute = (struct f_objects){.set = NULLED};
	return query_set(tx, &vif_peer_table, columns, &peers, Q(Q_EQ("vif_id", v->id.v)), NULL, err);
}

/* --- parameters --- */

static enum dc_code
fail(struct dc_error *err, const char *member, const char *words)
{
	const char *path = member;

	return dc_fail(err, DC_E_PARAM, path, "extend_attribute.%s %s", member, words);
}

static bool
is_static(const struct vif_extend_attribute *a)
{
	return strncmp(a->ha_mode.v, "static_", strlen("static_")) == 0;
}

static enum dc_code
check_mode(const struct vif_extend_attribute *a, const char *type, struct dc_error *err)
{
	bool bfd = strcmp(type, "bfd") == 0;

	if (strcmp(a->ha_type.v, type) != 0)
		return fail(err, "ha_type", bfd ? "must be bfd: BFD is on" : "must be nqa: NQA is on");
	if (bfd && strcmp(a->ha_mode.v, "enhance_nqa") == 0)
		return fail(err, "ha_mode", "enhance_nqa is a mode of NQA, and BFD is on");
	return !bfd && is_static(a)
		   ? fail(err, "ha_mode", "static_single and static_multi are modes of BFD, and NQA is on")
		   : DC_OK;
}

static enum dc_code
check_intervals(const struct vif_extend_attribute *a, struct dc_error *err)
{
	bool bfd = strcmp(a->ha_type.v, "bfd") == 0;

	if (bfd && a->min_rx_interval.v > BFD_INTERVAL_MAX_MS)
		return fail(err, "min_rx_interval", "must be at most 1000 for BFD");
	return bfd && a->min_tx_interval.v > BFD_INTERVAL_MAX_MS
		   ? fail(err, "min_tx_interval", "must be at most 1000 for BFD")
		   : DC_OK;
}

/* A static mode has both discriminators of each family that has a peer. */
static enum dc_code
check_discriminators(const struct vif_extend_attribute *a, const struct vif_peer *peer, size_t n, struct dc_error *err)
{
	for (size_t i = 0; is_static(a) && i < n; i++) {
		bool v6 = vif_peer_is_v6(&peer[i]);
		const struct f_int *local = v6 ? &a->ipv6_local_disclaim : &a->local_disclaim;
		const struct f_int *remote = v6 ? &a->ipv6_remote_disclaim : &a->remote_disclaim;

		if (local->set != GIVEN)
			return fail(err, v6 ? "ipv6_local_disclaim" : "local_disclaim", "is needed in a static mode");
		if (remote->set != GIVEN)
			return fail(err, v6 ? "ipv6_remote_disclaim" : "remote_disclaim", "is needed in a static mode");
	}
	return DC_OK;
}

/* What the interface has, or what is used while nothing is set. */
static struct vif_extend_attribute
attribute_of(const struct virtual_interface *v)
{
	struct vif_extend_attribute a = {0};

	if (v->extend_attribute.set == GIVEN && v->extend_attribute.n > 0)
		a = *(const struct vif_extend_attribute *)v->extend_attribute.v;
	if (a.ha_type.set != GIVEN)
		F_SET_TEXT(a.ha_type, type_of(v));
	if (a.ha_mode.set != GIVEN)
		F_SET_TEXT(a.ha_mode, "auto_single");
	if (a.detect_multiplier.set != GIVEN)
		F_SET_INT(a.detect_multiplier, MULTIPLIER);
	if (a.min_rx_interval.set != GIVEN)
		F_SET_INT(a.min_rx_interval, INTERVAL_MS);
	if (a.min_tx_interval.set != GIVEN)
		F_SET_INT(a.min_tx_interval, INTERVAL_MS);
	return a;
}

static enum dc_code
check(struct tx *tx, const struct virtual_interface *v, const struct vif_extend_attribute *a, struct dc_error *err)
{
	struct vif_peer *peer;
	size_t n;
	enum dc_code rc;

	if ((rc = check_mode(a, type_of(v), err)) != DC_OK || (rc = check_intervals(a, err)) != DC_OK ||
	    (rc = vif_peers_of(tx, v->id.v, &peer, &n, err)) != DC_OK)
		return rc;
	return check_discriminators(a, peer, n, err);
}

static enum dc_code
write_attribute(
    struct tx *tx, struct call *call, struct virtual_interface *v, struct vif_extend_attribute *a, struct dc_error *err)
{
	static const char *const columns[] = {"extend_attribute", "update_time", NULL};
	enum dc_code rc;

	v->extend_attribute = (struct f_objects){GIVEN, 1, a};
	F_SET_INT(v->update_time, tx_now(tx));
	if ((rc = query_set(tx, &virtual_interface_table, columns, v, Q(Q_EQ("id", v->id.v)), NULL, err)) != DC_OK ||
	    (rc = event_add_for(tx, call, v->tenant_id.v, "update", "virtual_interface", v->id.v, err)) != DC_OK)
		return rc;
	tx_dirty(tx, call->route->res, v->id.v);
	return tx_settle(tx, err);
}

static void
answer(struct call *call, const struct vif_extend_attribute *a)
{
	struct json w = JSON_INIT(&call->out);
	struct field_options options = call_options(call);

	jw_object_begin(&w);
	jw_key(&w, "extend_attribute");
	field_encode(&vif_extend_attribute_table, VIEW_ANSWER, a, &options, &w);
	jw_member_string(&w, "request_id", call->request_id);
	jw_object_end(&w);
}

enum dc_code
vif_detection_update(struct tx *tx, struct call *call, struct dc_error *err)
{
	struct virtual_interface *v;
	struct vif_extend_attribute a;
	void *row;
	enum dc_code rc;

	if ((rc = crud_load_locked(tx, call, call->route->res, call_id(call), &row, err)) != DC_OK)
		return rc;
	v = row;
	if (life_is(&v->status, LIFE_PENDING_DELETE))
		return dc_fail(err, DC_E_VIF_STATE, NULL, "the interface is being deleted");
	if ((rc = switchover_check_idle(v, err)) != DC_OK)
		return rc;
	if (type_of(v) == NULL)
		return dc_fail(err, DC_E_PARAM, "extend_attribute",
		    "extend_attribute: neither enable_bfd nor enable_nqa of the interface is on, so there is nothing "
		    "to set");
	a = attribute_of(v);
	field_merge(&vif_extend_attribute_table, VIEW_UPDATE, &a, call->body);
	if ((rc = check(tx, v, &a, err)) != DC_OK || (rc = write_attribute(tx, call, v, &a, err)) != DC_OK)
		return rc;
	answer(call, &a);
	return DC_OK;
}

/* --- on the edge --- */

static void
put_bfd(struct tx *tx, struct work_view *work, const struct virtual_interface *v, const struct vif_peer *p,
    struct wire_bfd *bfd)
{
	const struct vif_extend_attribute a = attribute_of(v);
	bool v6 = vif_peer_is_v6(p);

	bfd->min_rx = a.min_rx_interval;
	bfd->min_tx = a.min_tx_interval;
	bfd->multiplier = a.detect_multiplier;
	if (is_static(&a)) {
		bfd->local_disc = v6 ? a.ipv6_local_disclaim : a.local_disclaim;
		bfd->remote_disc = v6 ? a.ipv6_remote_disclaim : a.remote_disclaim;
	}
	work_put(work, v->edge_id.v, arena_printf(tx_arena(tx), "bfd/%s", p->id.v), OBJECT_BFD, bfd, NULL);
}

void
vif_detection_put(struct tx *tx, struct work_view *work, const struct virtual_interface *v, const struct vif_peer *p,
    const char *local, const char *remote, const char *bgp)
{
	const struct vif_extend_attribute a = attribute_of(v);
	struct arena *arena = tx_arena(tx);
	struct wire_bfd bfd = {0};
	struct wire_nqa nqa = {0};

	F_SET_TEXT(bfd.vrf, gateway_key(arena, p->gateway_id.v));
	F_SET_TEXT(bfd.link, vif_vlan_key(arena, v->id.v));
	F_SET_TEXT(bfd.local, local);
	F_SET_TEXT(bfd.remote, remote);
	F_SET_TEXT(bfd.bgp, bgp);
	if (v->enable_bfd.v)
		put_bfd(tx, work, v, p, &bfd);
	if (!v->enable_nqa.v)
		return;
	nqa = (struct wire_nqa){
	    .vrf = bfd.vrf, .link = bfd.link, .local = bfd.local, .remote = bfd.remote, .bgp = bfd.bgp};
	/* Whole seconds, as the contract has it. */
	F_SET_INT(nqa.interval, (a.min_tx_interval.v + 999) / 1000 * 1000);
	nqa.multiplier = a.detect_multiplier;
	work_put(work, v->edge_id.v, arena_printf(arena, "nqa/%s", p->id.v), OBJECT_NQA, &nqa, NULL);
}

bool
vif_detection_is(const struct edge_object *o)
{
	enum object_kind kind = object_kind_parse(o->kind.v);

	return kind == OBJECT_BFD || kind == OBJECT_NQA;
}

const char *
vif_detection_fault(const struct edge_object *object, size_t n, struct arena *arena)
{
	for (size_t i = 0; i < n; i++)
		if (vif_detection_is(&object[i]) && !object[i].deleted.v && object_is_error(&object[i]))
			return work_error(&object[i], arena);
	return NULL;
}

/* SPDX-License-Identifier: ISC */
/* sim_links.c - namespaces and devices of the simulated router. Refuses what a kernel would. */
#include <stdlib.h>
#include <string.h>

#include "edge/sim_array.h"
#include "edge/sim_change.h"

static int
compare_link(const void *a, const void *b)
{
	return strcmp(((const struct item_link *)a)->device, ((const struct item_link *)b)->device);
}

struct sim_instance *
sim_instance(const struct sim *s, uint32_t number)
{
	for (size_t i = 0; i < s->instances; i++)
		if (s->instance[i]->number == number)
			return s->instance[i];
	return NULL;
}

struct item_link *
sim_link(const struct sim_instance *in, const char *device)
{
	struct item_link key = {0};
	bool found;
	size_t at;

	strlcpy(key.device, device, sizeof(key.device));
	at = sorted_place(in->link, in->links, sizeof(key), &key, compare_link, &found);
	return found ? &in->link[at] : NULL;
}

bool
sim_port_carrier(const struct sim *s, const char *port)
{
	return !sim_names(s->options.no_carrier, port);
}

static bool
port_is_known(const struct sim *s, const char *port)
{
	for (size_t i = 0; i < s->asked_n; i++)
		if (strcmp(s->asked[i], port) == 0)
			return true;
	return sim_names(s->options.ports, port);
}

/* A port appears as it is asked for, and stays. */
static void
ask_port(struct sim *s, const char *port)
{
	char name[OP_NAME_MAX];

	if (port_is_known(s, port))
		return;
	strlcpy(name, port, sizeof(name));
	s->ports_changed = true;
	s->asked = sorted_insert(s->asked, &s->asked_n, sizeof(name), s->asked_n, name);
}

/* --- namespaces --- */

enum dc_code
sim_netns_add(struct sim *s, const struct op_instance *r, struct dc_error *err)
{
	struct sim_instance *in;

	(void)err;
	if (sim_instance(s, r->instance) != NULL)
		return DC_OK;
	if ((in = calloc(1, sizeof(*in))) == NULL)
		abort();
	in->number = r->instance;
	s->instance = sorted_insert(s->instance, &s->instances, sizeof(struct sim_instance *), s->instances, &in);
	return DC_OK;
}

void
sim_instance_free(struct sim_instance *in)
{
	sim_forget_neighbours(in);
	free(in->link);
	free(in->addr);
	free(in->route);
	free(in->filter);
	free(in->allowed);
	free(in->network);
	free(in->rate);
	free(in);
}

enum dc_code
sim_netns_del(struct sim *s, const struct op_instance *r, struct dc_error *err)
{
	for (size_t i = 0; i < s->instances; i++) {
		struct sim_instance *in = s->instance[i];

		if (in->number != r->instance)
			continue;
		if (in->links > 0 || in->vrfs > 0)
			return sim_refuse(err, "namespace", "Device or resource busy");
		sim_instance_free(in);
		sorted_remove(s->instance, &s->instances, sizeof(struct sim_instance *), i);
		return DC_OK;
	}
	return DC_OK;
}

/* --- links --- */

static void
add_link(struct sim *s, struct sim_instance *in, struct item_link *l)
{
	bool found;
	size_t at;

	l->ifindex = ++s->next_index;
	at = sorted_place(in->link, in->links, sizeof(*l), l, compare_link, &found);
	in->link = sorted_insert(in->link, &in->links, sizeof(*l), at, l);
}

static bool
table_is_taken(const struct sim_instance *in, uint32_t table)
{
	for (size_t i = 0; i < in->links; i++)
		if (in->link[i].is_vrf && in->link[i].table == table)
			return true;
	return false;
}

enum dc_code
sim_vrf_add(struct sim *s, const struct op_link *r, struct dc_error *err)
{
	struct item_link l = {.table = r->table, .is_vrf = 1, .up = 1, .carrier = 1};
	struct sim_instance *in;
	struct item_link *there;
	enum dc_code rc = sim_enter(s, r->instance, &in, err);

	if (rc != DC_OK)
		return rc;
	if ((there = sim_link(in, r->device)) != NULL) {
		if (!there->is_vrf || there->table != r->table || strcmp(there->mark, r->mark) != 0)
			return sim_refuse(err, r->device, "File exists");
		there->up = 1;
		return DC_OK;
	}
	if (table_is_taken(in, r->table))
		return sim_refuse(err, r->device, "the table belongs to another VRF");
	strlcpy(l.device, r->device, sizeof(l.device));
	strlcpy(l.mark, r->mark, sizeof(l.mark));
	add_link(s, in, &l);
	return DC_OK;
}

static bool
vlan_is_taken(const struct sim *s, const char *port, uint32_t vlan)
{
	for (size_t i = 0; i < s->instances; i++) {
		const struct sim_instance *in = s->instance[i];

		for (size_t k = 0; k < in->links; k++)
			if (in->link[k].is_vlan && in->link[k].vlan == vlan && strcmp(in->link[k].port, port) == 0)
				return true;
	}
	return false;
}

static bool
is_that_vlan(const struct item_link *l, const struct op_link *r)
{
	return l->is_vlan && l->vlan == r->vlan && strcmp(l->port, r->port) == 0 && strcmp(l->vrf, r->vrf) == 0 &&
	       strcmp(l->mark, r->mark) == 0;
}

enum dc_code
sim_vlan_add(struct sim *s, const struct op_link *r, struct dc_error *err)
{
	struct item_link l = {.vlan = r->vlan, .is_vlan = 1};
	struct sim_instance *in;
	struct item_link *there;
	enum dc_code rc = sim_enter(s, r->instance, &in, err);

	if (rc != DC_OK)
		return rc;
	if ((there = sim_link(in, r->device)) != NULL)
		return is_that_vlan(there, r) ? DC_OK : sim_refuse(err, r->device, "File exists");
	if ((there = sim_link(in, r->vrf)) == NULL || !there->is_vrf)
		return sim_refuse(err, r->vrf, "No such device");
	if (vlan_is_taken(s, r->port, r->vlan))
		return sim_refuse(err, r->device, "another device has that VLAN of the port");
	strlcpy(l.device, r->device, sizeof(l.device));
	strlcpy(l.mark, r->mark, sizeof(l.mark));
	strlcpy(l.vrf, r->vrf, sizeof(l.vrf));
	strlcpy(l.port, r->port, sizeof(l.port));
	ask_port(s, r->port);
	add_link(s, in, &l);
	return DC_OK;
}

static enum dc_code
find_vrf(const struct sim *s, uint32_t instance, const char *device, struct sim_instance **ret, struct dc_error *err)
{
	const struct item_link *vrf;
	enum dc_code rc = sim_enter(s, instance, ret, err);

	if (rc != DC_OK)
		return rc;
	vrf = sim_link(*ret, device);
	return vrf != NULL && vrf->is_vrf ? DC_OK : sim_refuse(err, device, "No such device");
}

static struct item_link
veth_end(const char *device, const char *mark, const char *vrf, uint32_t peer_instance, const char *peer)
{
	struct item_link l = {.is_veth = 1, .up = 1, .carrier = 1, .peer_instance = peer_instance};

	strlcpy(l.device, device, sizeof(l.device));
	strlcpy(l.mark, mark, sizeof(l.mark));
	strlcpy(l.vrf, vrf, sizeof(l.vrf));
	strlcpy(l.peer, peer, sizeof(l.peer));
	return l;
}

enum dc_code
sim_veth_add(struct sim *s, const struct op_veth *r, struct dc_error *err)
{
	struct item_link near = veth_end(r->device, r->mark, r->vrf, r->peer_instance, r->peer_device);
	struct item_link far = veth_end(r->peer_device, r->peer_mark, r->peer_vrf, r->instance, r->device);
	struct sim_instance *in, *peer_in;
	const struct item_link *there;
	enum dc_code rc;

	if ((rc = find_vrf(s, r->instance, r->vrf, &in, err)) != DC_OK ||
	    (rc = find_vrf(s, r->peer_instance, r->peer_vrf, &peer_in, err)) != DC_OK)
		return rc;
	if ((there = sim_link(in, r->device)) != NULL && there->is_veth && strcmp(there->peer, r->peer_device) == 0)
		return DC_OK;
	if (there != NULL || sim_link(peer_in, r->peer_device) != NULL)
		return sim_refuse(err, r->device, "File exists");
	add_link(s, in, &near);
	add_link(s, peer_in, &far);
	return DC_OK;
}

enum dc_code
sim_link_up(struct sim *s, const struct op_device *r, struct dc_error *err)
{
	struct sim_instance *in;
	struct item_link *l;
	enum dc_code rc = sim_enter(s, r->instance, &in, err);

	if (rc != DC_OK)
		return rc;
	if ((l = sim_link(in, r->device)) == NULL)
		return sim_refuse(err, r->device, "No such device");
	l->up = 1;
	return DC_OK;
}

/* What stands on a device goes with it. */
static void
drop_from(struct sim_instance *in, const char *device)
{
	for (size_t i = in->addrs; i-- > 0;)
		if (strcmp(in->addr[i].device, device) == 0)
			sorted_remove(in->addr, &in->addrs, sizeof(*in->addr), i);
	for (size_t i = in->routes; i-- > 0;)
		if (strcmp(in->route[i].device, device) == 0)
			sorted_remove(in->route, &in->routes, sizeof(*in->route), i);
	for (size_t i = in->filters; i-- > 0;)
		if (strcmp(in->filter[i].device, device) == 0)
			sorted_remove(in->filter, &in->filters, sizeof(*in->filter), i);
	for (size_t i = in->allowed_n; i-- > 0;)
		if (strcmp(in->allowed[i].device, device) == 0)
			sorted_remove(in->allowed, &in->allowed_n, sizeof(*in->allowed), i);
	for (size_t i = in->rates; i-- > 0;)
		if (strcmp(in->rate[i].device, device) == 0)
			sorted_remove(in->rate, &in->rates, sizeof(*in->rate), i);
}

static void
remove_link(struct sim_instance *in, struct item_link *l)
{
	for (size_t i = 0; l->is_vrf && i < in->links; i++)
		if (strcmp(in->link[i].vrf, l->device) == 0)
			in->link[i].vrf[0] = '\0';
	drop_from(in, l->device);
	sorted_remove(in->link, &in->links, sizeof(*l), (size_t)(l - in->link));
}

enum dc_code
sim_link_del(struct sim *s, const struct op_device *r, struct dc_error *err)
{
	struct sim_instance *in, *peer_in;
	struct item_link *l, *peer;
	enum dc_code rc = sim_enter(s, r->instance, &in, err);

	if (rc != DC_OK || (l = sim_link(in, r->device)) == NULL)
		return rc;
	/* The other end of a pair goes, too. */
	if (l->is_veth && (peer_in = sim_instance(s, l->peer_instance)) != NULL &&
	    (peer = sim_link(peer_in, l->peer)) != NULL) {
		remove_link(peer_in, peer);
		l = sim_link(in, r->device);
	}
	if (l != NULL)
		remove_link(in, l);
	return DC_OK;
}

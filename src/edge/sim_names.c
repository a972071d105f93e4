/* SPDX-License-Identifier: ISC */
/* sim_names.c - what the lists of the options name: by the names on the router, by ids of the API, by addresses. */
#include <string.h>
#include <strings.h>

#include "edge/sim_priv.h"

#define SEPARATORS " ,"

bool
sim_next(const char **list, char ret[SIM_NAME_MAX])
{
	const char *at = *list + strspn(*list, SEPARATORS);
	size_t n = strcspn(at, SEPARATORS);

	strlcpy(ret, at, n + 1 < SIM_NAME_MAX ? n + 1 : SIM_NAME_MAX);
	*list = at + n;
	return n > 0;
}

bool
sim_names(const char *list, const char *name)
{
	char entry[SIM_NAME_MAX];

	while (sim_next(&list, entry))
		if (strcmp(entry, name) == 0)
			return true;
	return false;
}

/* "dcaas:<id>" and "bgp/<id>" name their owner behind the separator. */
static bool
is_id(const char *entry, const char *text, char separator)
{
	const char *at = strchr(text, separator);

	return at != NULL && at[1] != '\0' && strcasecmp(entry, at + 1) == 0;
}

static bool
is_addr(const char *entry, const struct ip_addr *addr)
{
	struct ip_addr parsed;

	return ip_parse_addr(entry, &parsed) && ip_addr_equal(&parsed, addr);
}

static bool
is_link(const char *entry, const struct item_link *l)
{
	return l != NULL && (strcmp(entry, l->device) == 0 || is_id(entry, l->mark, ':'));
}

static bool
is_session(const char *entry, const struct sim_instance *in, const struct sim_neighbour *n)
{
	return strcmp(entry, n->name) == 0 || is_id(entry, n->key, '/') || is_addr(entry, &n->local) ||
	       is_addr(entry, &n->remote) || is_link(entry, sim_link(in, n->link)) ||
	       is_link(entry, sim_link(in, n->vrf));
}

bool
sim_lists_session(const char *list, const struct sim_instance *in, const struct sim_neighbour *n)
{
	char entry[SIM_NAME_MAX];

	while (sim_next(&list, entry))
		if (is_session(entry, in, n))
			return true;
	return false;
}

bool
sim_lists_change(
    const char *list, const struct sim_instance *in, const char *device, const char *mark, const struct ip_addr *addr)
{
	char entry[SIM_NAME_MAX];

	while (sim_next(&list, entry)) {
		if (strcmp(entry, device) == 0 || is_id(entry, mark, ':') || (addr != NULL && is_addr(entry, addr)) ||
		    (in != NULL && is_link(entry, sim_link(in, device))))
			return true;
	}
	return false;
}

static bool
is_session_here(const struct sim *s, const char *entry)
{
	for (size_t i = 0; i < s->instances; i++) {
		const struct sim_instance *in = s->instance[i];

		for (size_t k = 0; k < in->neighbours; k++)
			if (is_session(entry, in, &in->neighbour[k]))
				return true;
	}
	return false;
}

static bool
is_here(const struct sim *s, const char *entry)
{
	for (size_t i = 0; i < s->instances; i++) {
		const struct sim_instance *in = s->instance[i];

		for (size_t k = 0; k < in->links; k++)
			if (is_link(entry, &in->link[k]))
				return true;
		for (size_t k = 0; k < in->addrs; k++)
			if (is_addr(entry, &in->addr[k].prefix.addr))
				return true;
	}
	return is_session_here(s, entry);
}

enum dc_code
sim_check_names(const struct sim *s, const char *key, const char *list, bool sessions_only, struct dc_error *err)
{
	char entry[SIM_NAME_MAX];

	while (sim_next(&list, entry)) {
		if (sessions_only && !is_session_here(s, entry))
			return dc_fail(
			    err, DC_E_PARAM, key, "%s: the simulated router has no session \"%s\"", key, entry);
		if (!sessions_only && !is_here(s, entry))
			return dc_fail(err, DC_E_PARAM, key, "%s: the simulated router has no \"%s\"", key, entry);
	}
	return DC_OK;
}

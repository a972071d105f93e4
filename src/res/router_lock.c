/* SPDX-License-Identifier: ISC */
#include "res/router_lock.h"

#include "res/gateway.h"
#include "res/peer_link_row.h"
#include "res/virtual_gateway_row.h"

static enum dc_code
want_links(struct tx *tx, const char *router, struct lock_set *set, struct dc_error *err)
{
	const struct peer_link *link;
	void *rows;
	size_t n;
	enum dc_code rc = query_list(tx, &peer_link_table, Q(Q_EQ("peer_gateway_id", router)), NULL, &rows, &n, err);

	link = rows;
	for (size_t i = 0; rc == DC_OK && i < n; i++) {
		lock_want(set, &gateway_table, link[i].global_dc_gateway_id.v);
		lock_want(set, &peer_link_table, link[i].id.v);
	}
	return rc;
}

enum dc_code
router_want_locks(struct tx *tx, const char *router, struct lock_set *set, struct dc_error *err)
{
	const struct virtual_gateway *gw;
	void *rows;
	size_t n;
	enum dc_code rc;

	if (router == NULL)
		return DC_OK;
	if ((rc = want_links(tx, router, set, err)) != DC_OK)
		return rc;
	rc = query_list(tx, &virtual_gateway_table, Q(Q_EQ("enterprise_router_id", router)), NULL, &rows, &n, err);
	gw = rows;
	for (size_t i = 0; rc == DC_OK && i < n; i++)
		lock_want(set, &gateway_table, gw[i].id.v);
	return rc;
}

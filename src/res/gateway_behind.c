/* SPDX-License-Identifier: ISC */
/* gateway_behind.c - what is attached behind a gateway. */
#include "res/gateway.h"

enum dc_code
attachments_of(struct tx *tx, const struct gateway *gw, const char *edge_id, struct attachment **ret, size_t *n,
    struct dc_error *err)
{
	const char *column = gw->kind->attachments;
	const struct query_cond *cond;
	void *rows;
	enum dc_code rc;

	*ret = NULL;
	*n = 0;
	if (column == NULL || gw->behind == NULL)
		return DC_OK;
	cond = edge_id == NULL
		   ? Q(Q_EQ(column, gw->behind), Q_EQ("tenant_id", gw->tenant_id), Q_NE("status", "PENDING_DELETE"))
		   : Q(Q_EQ(column, gw->behind), Q_EQ("tenant_id", gw->tenant_id), Q_NE("status", "PENDING_DELETE"),
			 Q_EQ("edge_id", edge_id));
	if ((rc = query_list(tx, &attachment_table, cond, NULL, &rows, n, err)) == DC_OK)
		*ret = rows;
	return rc;
}

enum dc_code
attachment_prefixes(struct tx *tx, const struct attachment *a, size_t n, struct cidr_list *ret, struct dc_error *err)
{
	struct cidr_list one, all = {0};
	size_t most = 0;

	for (size_t i = 0; i < n; i++)
		most += a[i].prefixes.n;
	all.v = arena_array(tx_arena(tx), most + 1, sizeof(*all.v));
	for (size_t i = 0; i < n; i++) {
		enum dc_code rc =
		    cidr_list_parse(&a[i].prefixes, IP_NONE, "attachment.prefixes", tx_arena(tx), &one, err);

		if (rc != DC_OK)
			return rc;
		for (size_t k = 0; k < one.n && all.n < most; k++)
			all.v[all.n++] = one.v[k];
	}
	*ret = all;
	return DC_OK;
}

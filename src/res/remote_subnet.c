#include "res/remote_subnet.h"

#include "store/query.h"

/* Row of remote_subnet: UNIQUE (gateway_id, prefix): a static route of one VRF has one owner. */
struct remote_subnet {
	struct f_text id, peer_id, gateway_id, prefix;
};

const struct field_table remote_subnet_table = {
    .name = "RemoteSubnet",
    .sql = "remote_subnet",
    .size = sizeof(struct remote_subnet),
    .fields =
	(const struct field[]){
	    {AT(remote_subnet, id), .kind = F_UUID, .doc = "Identifier of the row."},
	    {AT(remote_subnet, peer_id), .kind = F_UUID, .doc = "Peer."},
	    {AT(remote_subnet, gateway_id), .kind = F_UUID, .doc = "Gateway."},
	    {AT(remote_subnet, prefix), .kind = F_TEXT, .max = 64, .doc = "Network."},
	    {0},
	},
};

enum dc_code
remote_subnets_take(struct tx *tx, const char *peer_id, const char *gateway_id, const struct cidr_list *remote,
    const char *member, struct dc_error *err)
{
	for (size_t i = 0; i < remote->n; i++) {
		struct remote_subnet row = {0};
		char id[UUID_TEXT_SIZE], text[IP_TEXT_SIZE];
		int64_t taken;
		enum dc_code rc;

		ip_format_prefix(&remote->v[i], text);
		if ((rc = query_count(tx, &remote_subnet_table, Q(Q_EQ("gateway_id", gateway_id), Q_EQ("prefix", text)),
			 &taken, err)) != DC_OK)
			return rc;
		if (taken > 0)
			return dc_fail(err, DC_E_CIDR_TWICE, member,
			    "%s: %s is behind another static peer of the gateway already", member, text);
		uuid_new(id);
		F_SET_TEXT(row.id, id);
		F_SET_TEXT(row.peer_id, peer_id);
		F_SET_TEXT(row.gateway_id, gateway_id);
		F_SET_TEXT(row.prefix, text);
		if ((rc = query_insert(tx, &remote_subnet_table, &row, err)) != DC_OK)
			return rc;
	}
	return DC_OK;
}

enum dc_code
remote_subnets_release(struct tx *tx, const char *peer_id, struct dc_error *err)
{
	return query_delete(tx, &remote_subnet_table, Q(Q_EQ("peer_id", peer_id)), NULL, err);
}

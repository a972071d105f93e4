/* SPDX-License-Identifier: ISC */
#include "edge/agent/sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>

#include "edge/agent/netns.h"
#include "edge/agent/nl.h"
#include "edge/agent/nl_link.h"
#include "edge/agent/vrf.h"

#define BGP_PORT 179

/* struct tcp_diag_md5sig of <linux/tcp.h>, which cannot be included beside <netinet/tcp.h>. */
struct md5_entry {
	uint8_t family, prefix_len;
	uint16_t key_len;
	uint32_t addr[4];
	uint8_t key[80];
};

struct place { /* whose sockets */
	struct netns *ns;
	struct link vrf;
};

static int
find_place(struct call *call, uint32_t instance, const char *vrf, struct place *ret)
{
	if (netns_get(call->host, instance, &ret->ns, &call->fault) != 0)
		return call->fault.code;
	return vrf_find(ret->ns, vrf, &ret->vrf, &call->fault);
}

/* A socket belongs to a VRF by the device that it is bound to: the VRF itself or one in it. */
static bool
is_in_place(const struct place *at, uint32_t bound)
{
	struct fault ignored = {0};
	struct link link;

	if (bound == at->vrf.index)
		return true;
	return bound != 0 && link_find_index(at->ns->route, bound, &link, &ignored) == 0 &&
	       link.master == at->vrf.index;
}

/* ext: what is asked beyond the socket's state; keys come along with EXT_KEYS. */
enum { EXT_NONE = 0, EXT_KEYS = 1 << (INET_DIAG_INFO - 1) };

/* Lets the kernel give only sockets whose far address is that one: a program of one condition, which ends behind itself
 * when it is met and four bytes further when it is not. */
static void
put_remote(struct nl_msg *msg, const struct ip_addr *remote)
{
	struct inet_diag_bc_op op = {.code = INET_DIAG_BC_D_COND};
	struct inet_diag_hostcond cond = {.family = nl_family(remote->family), .port = -1};
	size_t addr_size = ip_bits(remote->family) / 8, size = sizeof(op) + sizeof(cond) + addr_size;
	char filter[sizeof(op) + sizeof(cond) + sizeof(remote->byte)];

	op.yes = (uint8_t)size;
	op.no = (uint16_t)(size + 4);
	cond.prefix_len = (uint8_t)ip_bits(remote->family);
	memcpy(filter, &op, sizeof(op));
	memcpy(filter + sizeof(op), &cond, sizeof(cond));
	memcpy(filter + sizeof(op) + sizeof(cond), remote->byte, addr_size);
	mnl_attr_put(msg->h, INET_DIAG_REQ_BYTECODE, size, filter);
}

/* remote: NULL for any. */
static int
dump_sockets(struct nl *nl, enum ip_family family, uint8_t ext, uint32_t states, uint16_t sport, uint16_t dport,
    const struct ip_addr *remote, struct buf *out, struct fault *fault)
{
	struct inet_diag_req_v2 *req;
	struct nl_msg msg;

	nl_begin(&msg, SOCK_DIAG_BY_FAMILY, 0, sizeof(*req));
	req = msg.body;
	req->sdiag_family = nl_family(family);
	req->sdiag_protocol = IPPROTO_TCP;
	req->idiag_ext = ext;
	req->idiag_states = states;
	req->id.idiag_sport = htons(sport);
	req->id.idiag_dport = htons(dport);
	if (remote != NULL)
		put_remote(&msg, remote);
	return nl_dump(nl, &msg, out, fault) == 0 ? 0 : fault_prefix(fault, "reading sockets");
}

static const struct inet_diag_msg *
socket_of(const struct nlmsghdr *h)
{
	return h->nlmsg_type == SOCK_DIAG_BY_FAMILY && mnl_nlmsg_get_payload_len(h) >= sizeof(struct inet_diag_msg)
		   ? mnl_nlmsg_get_payload(h)
		   : NULL;
}

/* Keys */

static bool
is_for(const struct md5_entry *e, const struct ip_addr *remote)
{
	return e->family == nl_family(remote->family) && e->prefix_len == ip_bits(remote->family) &&
	       memcmp(e->addr, remote->byte, ip_bits(remote->family) / 8) == 0;
}

/* All keys of a socket, in the kernel's form; *size is their bytes, 0 when there are none. */
static const uint8_t *
keys_of(const struct nlmsghdr *h, size_t *size)
{
	const struct nlattr *table[INET_DIAG_MAX + 1];
	const uint8_t *data;

	*size = 0;
	nl_attrs(h, sizeof(struct inet_diag_msg), table, INET_DIAG_MAX);
	if (table[INET_DIAG_MD5SIG] == NULL)
		return NULL;
	data = mnl_attr_get_payload(table[INET_DIAG_MD5SIG]);
	/* The kernel puts them last, and the attribute's own length has 16 bits: too few for 655 neighbours. */
	*size = (size_t)((const uint8_t *)h + h->nlmsg_len - data);
	return data;
}

/* The socket's key for that neighbour; false when there is none. */
static bool
find_key(const struct nlmsghdr *h, const struct ip_addr *remote, struct md5_entry *ret)
{
	size_t size;

	for (const uint8_t *data = keys_of(h, &size); size >= sizeof(*ret);
	     data += sizeof(*ret), size -= sizeof(*ret)) {
		memcpy(ret, data, sizeof(*ret));
		if (is_for(ret, remote))
			return true;
	}
	return false;
}

/* Connections */

static bool
is_between(const struct inet_diag_msg *s, const struct op_tcp *op)
{
	size_t size = ip_bits(op->local.family) / 8;

	return s->idiag_family == nl_family(op->local.family) && memcmp(s->id.idiag_src, op->local.byte, size) == 0 &&
	       memcmp(s->id.idiag_dst, op->remote.byte, size) == 0;
}

#define CONNECTED (((1u << (TCP_CLOSING + 1)) - 1) & ~((1u << TCP_LISTEN) | (1u << TCP_TIME_WAIT) | (1u << TCP_CLOSE)))

/* Calls visit for each connection between the two addresses in the VRF. */
static int
each_connection(struct call *call, const struct op_tcp *op, const struct place *at,
    int (*visit)(struct call *, const struct place *, const struct op_tcp *, const struct nlmsghdr *))
{
	for (int side = 0; side < 2; side++) {
		_cleanup_buf_ struct buf sockets = {0};
		int code = dump_sockets(at->ns->diag, op->local.family, EXT_KEYS, CONNECTED, side == 0 ? BGP_PORT : 0,
		    side == 0 ? 0 : BGP_PORT, &op->remote, &sockets, &call->fault);

		for (const struct nlmsghdr *h = NULL; code == 0 && (h = nl_next(&sockets, h)) != NULL;) {
			const struct inet_diag_msg *s = socket_of(h);

			if (s != NULL && is_between(s, op) && is_in_place(at, s->id.idiag_if))
				code = visit(call, at, op, h);
		}
		if (sockets.data != NULL)
			explicit_bzero(sockets.data, sockets.len);
		if (code != 0)
			return code;
	}
	return 0;
}

/* The one that matters of several: two that collide end as one that is established. */
static int
rank(uint32_t state)
{
	return state == TCP_ESTABLISHED ? 3 : state == TCP_SYN_SENT || state == TCP_SYN_RECV ? 2 : state != 0;
}

static int
note_state(struct call *call, const struct place *at, const struct op_tcp *op, const struct nlmsghdr *h)
{
	const struct inet_diag_msg *s = mnl_nlmsg_get_payload(h);
	struct reply_tcp *reply = call->reply;
	struct md5_entry key;
	bool has_key = find_key(h, &op->remote, &key);

	(void)at;
	explicit_bzero(&key, sizeof(key));
	if (rank(s->idiag_state) > rank(reply->state)) {
		reply->state = s->idiag_state;
		reply->has_key = has_key;
	} else if (rank(s->idiag_state) == rank(reply->state) && !has_key)
		reply->has_key = 0;
	return 0;
}

static int
check(const struct op_tcp *op, struct fault *fault)
{
	if (op->local.family != op->remote.family)
		return fault_set(fault, EINVAL, "two addresses of two families");
	return 0;
}

static int
op_tcp_state(struct call *call, const void *request)
{
	const struct op_tcp *op = request;
	struct place at;

	if (check(op, &call->fault) != 0 || find_place(call, op->instance, op->vrf, &at) != 0)
		return call->fault.code;
	call_reply(call, sizeof(struct reply_tcp));
	return each_connection(call, op, &at, note_state);
}

/* The VRF that a socket is bound to, or whose device it is bound to; NULL: none of ours. */
static const struct link *
vrf_of(const struct link *links, size_t n, uint32_t bound)
{
	const struct link *link = link_by_index(links, n, bound);

	if (link != NULL && link->kind != LINK_VRF)
		link = link_by_index(links, n, link->master);
	return link != NULL && link->kind == LINK_VRF && link_is_ours(link) ? link : NULL;
}

static void
tell_connection(struct call *call, const struct nlmsghdr *h, const struct link *links, size_t n)
{
	const struct inet_diag_msg *s = socket_of(h);
	const struct link *vrf = s == NULL ? NULL : vrf_of(links, n, s->id.idiag_if);
	struct item_connection item = {0};
	struct md5_entry key;

	if (vrf == NULL || (s->idiag_family != AF_INET && s->idiag_family != AF_INET6))
		return;
	item.local.family = item.remote.family = s->idiag_family == AF_INET ? IP_V4 : IP_V6;
	strlcpy(item.vrf, vrf->name, sizeof(item.vrf));
	memcpy(item.local.byte, s->id.idiag_src, ip_bits(item.local.family) / 8);
	memcpy(item.remote.byte, s->id.idiag_dst, ip_bits(item.remote.family) / 8);
	item.state = s->idiag_state;
	item.has_key = find_key(h, &item.remote, &key);
	explicit_bzero(&key, sizeof(key));
	call_item(call, &item, sizeof(item));
}

static int
op_connections(struct call *call, const void *request)
{
	const struct op_instance *op = request;
	struct link *links;
	struct netns *ns;
	size_t n;

	if (netns_get(call->host, op->instance, &ns, &call->fault) != 0 ||
	    link_read(&ns->links, call->arena, &links, &n, &call->fault) != 0)
		return call->fault.code;
	for (int side = 0; side < 4; side++) {
		_cleanup_buf_ struct buf sockets = {0};
		int code = dump_sockets(ns->diag, side < 2 ? IP_V4 : IP_V6, EXT_KEYS, CONNECTED,
		    side % 2 == 0 ? BGP_PORT : 0, side % 2 == 0 ? 0 : BGP_PORT, NULL, &sockets, &call->fault);

		for (const struct nlmsghdr *h = NULL; code == 0 && (h = nl_next(&sockets, h)) != NULL;)
			tell_connection(call, h, links, n);
		if (sockets.data != NULL)
			explicit_bzero(sockets.data, sockets.len);
		if (code != 0)
			return code;
	}
	return 0;
}

static int
destroy(struct call *call, const struct place *at, const struct op_tcp *op, const struct nlmsghdr *h)
{
	const struct inet_diag_msg *s = mnl_nlmsg_get_payload(h);
	struct inet_diag_req_v2 *req;
	struct nl_msg msg;

	(void)op;
	nl_begin(&msg, SOCK_DESTROY, 0, sizeof(*req));
	req = msg.body;
	req->sdiag_family = s->idiag_family;
	req->sdiag_protocol = IPPROTO_TCP;
	req->idiag_states = 1u << s->idiag_state;
	req->id = s->id;
	int code = nl_call(at->ns->diag, &msg, &call->fault);

	return code == 0 || code == ENOENT ? 0 : fault_prefix(&call->fault, "ending a connection");
}

static int
op_tcp_reset(struct call *call, const void *request)
{
	const struct op_tcp *op = request;
	struct place at;

	if (check(op, &call->fault) != 0 || find_place(call, op->instance, op->vrf, &at) != 0)
		return call->fault.code;
	return each_connection(call, op, &at, destroy);
}

static const struct member tcp[] = {MEMBER(op_tcp, INSTANCE, instance), MEMBER(op_tcp, NAME, vrf),
    MEMBER(op_tcp, ADDR, local), MEMBER(op_tcp, ADDR, remote), {MEMBER_END, 0}};

static const struct op_row rows[] = {
    {OP_TCP_STATE, op_tcp_state, sizeof(struct op_tcp), tcp},
    {OP_CONNECTIONS, op_connections, sizeof(struct op_instance), members_instance},
    {OP_TCP_RESET, op_tcp_reset, sizeof(struct op_tcp), tcp},
};

const struct object sockets_object = OBJECT(rows);

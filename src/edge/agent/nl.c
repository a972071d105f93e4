/* SPDX-License-Identifier: ISC */
#include "edge/agent/nl.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>

#define RECEIVE_MAX (1u << 20) /* a listener with its keys is one message: 100 bytes each */
#define DUMP_MAX ((size_t)64 << 20)
#define DUMP_TRIES 8
#define WATCH_MAX 100000 /* packets at one look */
#define ANSWER_SECONDS 5 /* the kernel answers at once or not at all */

struct nl {
	struct mnl_socket *socket;
	uint32_t sequence;
	char receive[RECEIVE_MAX];
};

static int
set_up_socket(struct nl *nl)
{
	int on = 1, size = 4 << 20;
	struct timeval wait = {.tv_sec = ANSWER_SECONDS};
	int fd = mnl_socket_get_fd(nl->socket);

	(void)mnl_socket_setsockopt(nl->socket, NETLINK_EXT_ACK, &on, sizeof(on));
	(void)mnl_socket_setsockopt(nl->socket, NETLINK_CAP_ACK, &on, sizeof(on));
	(void)mnl_socket_setsockopt(nl->socket, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) != 0)
		return -1;
	return mnl_socket_bind(nl->socket, 0, MNL_SOCKET_AUTOPID);
}

int
nl_open(int protocol, struct nl **ret, struct fault *fault)
{
	struct nl *nl = calloc(1, sizeof(*nl));

	if (nl == NULL)
		return fault_errno(fault, "netlink");
	nl->socket = mnl_socket_open2(protocol, SOCK_CLOEXEC);
	if (nl->socket == NULL || set_up_socket(nl) != 0) {
		fault_errno(fault, "netlink socket");
		nl_close(nl);
		return fault->code;
	}
	*ret = nl;
	return 0;
}

int
nl_join(struct nl *nl, const int *groups, size_t n, struct fault *fault)
{
	for (size_t i = 0; i < n; i++) {
		int group = groups[i];

		if (mnl_socket_setsockopt(nl->socket, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) != 0)
			return fault_errno(fault, "netlink group");
	}
	return 0;
}

/* One notification is one message, and a filter sees it from its header on. Loads are big-endian, the header is not. */
int
nl_only_routes_of(struct nl *nl, uint8_t first, uint8_t last, struct fault *fault)
{
	const uint32_t type = offsetof(struct nlmsghdr, nlmsg_type);
	const uint32_t protocol = NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_protocol);
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, type),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWROUTE), 1, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 0, 3),
	    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, protocol),
	    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, first, 0, 2),
	    BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last, 1, 0),
	    BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	    BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	if (setsockopt(nl_descriptor(nl), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) != 0)
		return fault_errno(fault, "netlink filter");
	return 0;
}

int
nl_descriptor(const struct nl *nl)
{
	return mnl_socket_get_fd(nl->socket);
}

bool
nl_changed(struct nl *watch)
{
	bool changed = false;

	for (int i = 0; i < WATCH_MAX; i++) {
		ssize_t n = recv(mnl_socket_get_fd(watch->socket), watch->receive, 1, MSG_DONTWAIT | MSG_TRUNC);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != ENOBUFS)
			return changed || (errno != EAGAIN && errno != EWOULDBLOCK);
		changed = true;
	}
	return true;
}

bool
nl_heard(struct nl *watch, void (*visit)(void *arg, const struct nlmsghdr *), void *arg, bool *lost)
{
	bool heard = false;

	for (int i = 0; i < WATCH_MAX; i++) {
		ssize_t n =
		    recv(mnl_socket_get_fd(watch->socket), watch->receive, sizeof(watch->receive), MSG_DONTWAIT);
		int left = (int)n;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != ENOBUFS)
			return heard;
		heard = true;
		*lost = *lost || n < 0;
		for (const struct nlmsghdr *h = (const void *)watch->receive; n > 0 && mnl_nlmsg_ok(h, left);
		     h = mnl_nlmsg_next(h, &left))
			visit(arg, h);
	}
	*lost = true;
	return true;
}

bool
nl_each_change(struct nl *watch, void (*take)(void *arg, const struct nlmsghdr *), void *arg)
{
	for (int i = 0; i < WATCH_MAX; i++) {
		ssize_t n =
		    recv(mnl_socket_get_fd(watch->socket), watch->receive, sizeof(watch->receive), MSG_DONTWAIT);
		int left = (int)n;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK;
		for (const struct nlmsghdr *h = (const void *)watch->receive; mnl_nlmsg_ok(h, left);
		     h = mnl_nlmsg_next(h, &left))
			take(arg, h);
	}
	return false;
}

struct nl *
nl_close(struct nl *nl)
{
	if (nl == NULL)
		return NULL;
	if (nl->socket != NULL)
		mnl_socket_close(nl->socket);
	free(nl);
	return NULL;
}

void
nl_begin(struct nl_msg *msg, int type, int flags, size_t body_size)
{
	memset(msg->data, 0, sizeof(msg->data));
	msg->h = mnl_nlmsg_put_header(msg->data);
	msg->h->nlmsg_type = (uint16_t)type;
	msg->h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	msg->body = mnl_nlmsg_put_extra_header(msg->h, body_size);
}

uint8_t
nl_family(enum ip_family family)
{
	return family == IP_V6 ? AF_INET6 : AF_INET;
}

void
nl_put_addr(struct nl_msg *msg, uint16_t attribute, const struct ip_addr *addr)
{
	mnl_attr_put(msg->h, attribute, ip_bits(addr->family) / 8, addr->byte);
}

static int
send_message(struct nl *nl, struct nl_msg *msg, struct fault *fault)
{
	msg->h->nlmsg_seq = ++nl->sequence;
	if (mnl_socket_sendto(nl->socket, msg->h, msg->h->nlmsg_len) < 0)
		return fault_errno(fault, "netlink send");
	return 0;
}

/* The extended acknowledgement's words, "" when there are none. */
static void
ack_words(const struct nlmsghdr *h, const struct nlmsgerr *e, char *out, size_t size)
{
	const struct nlattr *table[NLMSGERR_ATTR_MAX + 1];
	size_t skip = sizeof(*e);

	out[0] = '\0';
	if ((h->nlmsg_flags & NLM_F_ACK_TLVS) == 0)
		return;
	if ((h->nlmsg_flags & NLM_F_CAPPED) == 0)
		skip += e->msg.nlmsg_len - sizeof(e->msg);
	if (skip > mnl_nlmsg_get_payload_len(h))
		return;
	nl_attrs(h, skip, table, NLMSGERR_ATTR_MAX);
	nl_text(table[NLMSGERR_ATTR_MSG], out, size);
}

/* An NLMSG_ERROR: 0 when it is an acknowledgement. */
static int
read_error(const struct nlmsghdr *h, struct fault *fault)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);
	char words[OP_TEXT_MAX];

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*e))
		return fault_set(fault, EPROTO, "netlink: short answer");
	if (e->error == 0)
		return 0;
	ack_words(h, e, words, sizeof(words));
	if (words[0] != '\0')
		return fault_set(fault, -e->error, "%s (%s)", words, strerror(-e->error));
	return fault_set(fault, -e->error, "%s", strerror(-e->error));
}

enum step { STEP_MORE, STEP_DONE, STEP_FAILED };

/* One message of the answer. */
static enum step
take_message(struct nl *nl, const struct nlmsghdr *h, struct buf *out, bool dump, bool *changed, struct fault *fault)
{
	if (h->nlmsg_seq != nl->sequence || h->nlmsg_pid != mnl_socket_get_portid(nl->socket))
		return STEP_MORE; /* of an earlier request that was given up */
	if (h->nlmsg_flags & NLM_F_DUMP_INTR)
		*changed = true;
	if (h->nlmsg_type == NLMSG_ERROR)
		return read_error(h, fault) == 0 ? STEP_DONE : STEP_FAILED;
	if (h->nlmsg_type == NLMSG_DONE) {
		int code = 0;

		if (mnl_nlmsg_get_payload_len(h) >= sizeof(code))
			memcpy(&code, mnl_nlmsg_get_payload(h), sizeof(code));
		if (code < 0) {
			fault_set(fault, -code, "%s", strerror(-code));
			return STEP_FAILED;
		}
		return STEP_DONE;
	}
	if (out != NULL) {
		static const char zero[NLMSG_ALIGNTO];

		buf_add(out, h, h->nlmsg_len);
		buf_add(out, zero, NLMSG_ALIGN(h->nlmsg_len) - h->nlmsg_len);
	}
	return out != NULL && !dump && (h->nlmsg_flags & NLM_F_MULTI) == 0 ? STEP_DONE : STEP_MORE;
}

static int
receive_answer(struct nl *nl, struct buf *out, bool dump, bool *changed, struct fault *fault)
{
	for (;;) {
		ssize_t got = mnl_socket_recvfrom(nl->socket, nl->receive, sizeof(nl->receive));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fault_errno(fault, "netlink receive");
		int left = (int)got;

		for (const struct nlmsghdr *h = (const void *)nl->receive; mnl_nlmsg_ok(h, left);
		     h = mnl_nlmsg_next(h, &left)) {
			enum step step = take_message(nl, h, out, dump, changed, fault);

			if (step == STEP_FAILED)
				return fault->code;
			if (step == STEP_DONE)
				return 0;
		}
	}
}

int
nl_call(struct nl *nl, struct nl_msg *msg, struct fault *fault)
{
	bool changed = false;

	msg->h->nlmsg_flags |= NLM_F_ACK;
	if (send_message(nl, msg, fault) != 0)
		return fault->code;
	return receive_answer(nl, NULL, false, &changed, fault);
}

int
nl_get(struct nl *nl, struct nl_msg *msg, struct buf *out, struct fault *fault)
{
	bool changed = false;

	buf_reset(out);
	if (send_message(nl, msg, fault) != 0)
		return fault->code;
	if (receive_answer(nl, out, false, &changed, fault) != 0)
		return fault->code;
	return out->failed ? fault_set(fault, ENOMEM, "netlink: answer too large") : 0;
}

int
nl_dump(struct nl *nl, struct nl_msg *msg, struct buf *out, struct fault *fault)
{
	msg->h->nlmsg_flags |= NLM_F_DUMP;
	for (int i = 0; i < DUMP_TRIES; i++) {
		bool changed = false;

		out->max = DUMP_MAX;
		buf_reset(out);
		if (send_message(nl, msg, fault) != 0)
			return fault->code;
		if (receive_answer(nl, out, true, &changed, fault) != 0) {
			/* The kernel sizes a dump's packets by the reads before it: now it knows that ours are large.
			 */
			if (fault->code == EMSGSIZE && i == 0)
				continue;
			return fault->code;
		}
		if (out->failed)
			return fault_set(fault, ENOMEM, "netlink: dump too large");
		if (!changed)
			return 0;
	}
	return fault_set(fault, EAGAIN, "netlink: what is read keeps changing");
}

const struct nlmsghdr *
nl_next(const struct buf *dump, const struct nlmsghdr *h)
{
	const char *next = h == NULL ? dump->data : (const char *)h + NLMSG_ALIGN(h->nlmsg_len);

	if (dump->data == NULL || next + sizeof(*h) > dump->data + dump->len)
		return NULL;
	return (const void *)next;
}

static void
sort(const struct nlattr *a, const struct nlattr **table, unsigned max)
{
	unsigned type = mnl_attr_get_type(a);

	if (type <= max)
		table[type] = a;
}

static size_t
align(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

static void
sort_all(const struct nlattr *first, size_t left, const struct nlattr **table, unsigned max)
{
	memset(table, 0, (max + 1) * sizeof(*table));
	for (const struct nlattr *a = first; mnl_attr_ok(a, (int)left); a = mnl_attr_next(a)) {
		size_t size = align(a->nla_len);

		sort(a, table, max);
		if (size >= left)
			return;
		left -= size;
	}
}

void
nl_attrs(const struct nlmsghdr *h, size_t body_size, const struct nlattr **table, unsigned max)
{
	size_t size = mnl_nlmsg_get_payload_len(h), skip = align(body_size);

	sort_all(mnl_nlmsg_get_payload_offset(h, body_size), size > skip ? size - skip : 0, table, max);
}

void
nl_nested(const struct nlattr *nest, const struct nlattr **table, unsigned max)
{
	if (nest == NULL)
		memset(table, 0, (max + 1) * sizeof(*table));
	else
		sort_all(mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest), table, max);
}

uint32_t
nl_u32(const struct nlattr *a)
{
	return a != NULL && mnl_attr_get_payload_len(a) >= sizeof(uint32_t) ? mnl_attr_get_u32(a) : 0;
}

void
nl_text(const struct nlattr *a, char *out, size_t size)
{
	size_t len = a == NULL ? 0 : strnlen(mnl_attr_get_payload(a), mnl_attr_get_payload_len(a));

	if (len >= size)
		len = size - 1;
	if (len > 0)
		memcpy(out, mnl_attr_get_payload(a), len);
	out[len] = '\0';
}

int
nl_addr(const struct nlattr *a, uint8_t family, struct ip_addr *ret)
{
	enum ip_family f = family == AF_INET ? IP_V4 : family == AF_INET6 ? IP_V6 : IP_NONE;

	*ret = (struct ip_addr){0};
	if (a == NULL || f == IP_NONE || mnl_attr_get_payload_len(a) < ip_bits(f) / 8)
		return 0;
	ret->family = f;
	memcpy(ret->byte, mnl_attr_get_payload(a), ip_bits(f) / 8);
	return 1;
}

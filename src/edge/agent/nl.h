/* SPDX-License-Identifier: ISC */
/* nl.h - one netlink socket and its conversations: a request and its acknowledgement, or a dump collected whole.
 *
 * A socket belongs to the namespace in which it was opened, for good. Requests are built in a struct nl_msg on the
 * caller's stack; everything put into one is bounded (names, addresses, keys), so NL_MSG_MAX cannot be passed. */
#ifndef DC_AGENT_NL_H
#define DC_AGENT_NL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libmnl/libmnl.h>
#include <linux/netlink.h>

#include "base/buf.h"
#include "base/ip.h"
#include "edge/agent/fault.h"

#define NL_MSG_MAX 2048

struct nl;

struct nl_msg {
	_Alignas(struct nlmsghdr) char data[NL_MSG_MAX];
	struct nlmsghdr *h;
	void *body; /* the struct behind the header */
};

/* protocol: NETLINK_ROUTE or NETLINK_SOCK_DIAG. */
int nl_open(int protocol, struct nl **ret, struct fault *);
struct nl *nl_close(struct nl *); /* NULL is fine; returns NULL */

/* From now on the socket hears of changes in these groups (RTNLGRP_...) of its namespace. */
int nl_join(struct nl *, const int *groups, size_t n, struct fault *);
/* Before joining: of messages about routes only those of these protocols get through; the kernel drops the rest before
 * the rest costs memory or time. */
int nl_only_routes_of(struct nl *, uint8_t first, uint8_t last, struct fault *);
int nl_descriptor(const struct nl *); /* to be waited for */
/* Whether something changed since the last time; also when the kernel had more messages than the socket holds. What is
 * read after this call is as new as its answer: the kernel announces a change before the change's own request is
 * answered. */
bool nl_changed(struct nl *watch);
/* The same, with each message of what changed. False: some may be lost, and all has to be read again. */
bool nl_each_change(struct nl *watch, void (*take)(void *arg, const struct nlmsghdr *), void *arg);
/* As nl_changed, with each message; *lost: the kernel had more messages than the socket holds. */
bool nl_heard(struct nl *watch, void (*visit)(void *arg, const struct nlmsghdr *), void *arg, bool *lost);

/* Begins a message: header, and a zeroed struct of that size after the header. */
void nl_begin(struct nl_msg *, int type, int flags, size_t body_size);
void nl_put_addr(struct nl_msg *, uint16_t attribute, const struct ip_addr *);
uint8_t nl_family(enum ip_family); /* AF_INET, AF_INET6 */

/* Sends and waits for the acknowledgement; a refusal becomes the fault, in the kernel's words when it has any. */
int nl_call(struct nl *, struct nl_msg *, struct fault *);
/* As nl_call, but the one message of the answer goes to out (which is emptied first). */
int nl_get(struct nl *, struct nl_msg *, struct buf *out, struct fault *);
/* Asks for a dump and collects its messages in out; begins again when the kernel reports a change in between. */
int nl_dump(struct nl *, struct nl_msg *, struct buf *out, struct fault *);
/* The messages of a dump, one after the other: NULL first, NULL at the end. */
const struct nlmsghdr *nl_next(const struct buf *, const struct nlmsghdr *);

/* Sorts attributes by type into table[0..max] (NULL where absent). */
void nl_attrs(const struct nlmsghdr *, size_t body_size, const struct nlattr **table, unsigned max);
void nl_nested(const struct nlattr *, const struct nlattr **table, unsigned max);
/* Bounded copies of an attribute; absent or too short ones give 0, "" and false. */
uint32_t nl_u32(const struct nlattr *);
void nl_text(const struct nlattr *, char *out, size_t size);
int nl_addr(const struct nlattr *, uint8_t family, struct ip_addr *ret); /* 1 when it was one */

#endif

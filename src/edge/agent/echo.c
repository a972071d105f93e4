/* SPDX-License-Identifier: ISC */
/* echo.c - a "ping socket" of the kernel, which sends echo requests and receives their answers and nothing else. It is
 * bound to a device and connected to one address before the network half gets it. */
#include "edge/agent/echo.h"

#include <errno.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "edge/agent/netns.h"

static socklen_t
fill_address(const struct ip_addr *addr, struct sockaddr_storage *to)
{
	struct sockaddr_in *four = (struct sockaddr_in *)(void *)to;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)to;

	memset(to, 0, sizeof(*to));
	if (addr->family == IP_V4) {
		four->sin_family = AF_INET;
		memcpy(&four->sin_addr, addr->byte, sizeof(four->sin_addr));
		return sizeof(*four);
	}
	six->sin6_family = AF_INET6;
	memcpy(&six->sin6_addr, addr->byte, sizeof(six->sin6_addr));
	return sizeof(*six);
}

/* To be run inside. */
static int
open_socket(const struct op_echo *op, struct fault *fault)
{
	bool v4 = op->local.family == IP_V4;
	struct sockaddr_storage address;
	socklen_t size;
	int fd = socket(
	    v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);

	if (fd < 0) {
		fault_errno(fault, "a socket for echo requests");
		return -1;
	}
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, op->device, (socklen_t)strlen(op->device) + 1) != 0)
		fault_errno(fault, "binding to %s", op->device);
	size = fill_address(&op->local, &address);
	if (fault->code == 0 && bind(fd, (struct sockaddr *)&address, size) != 0)
		fault_errno(fault, "the source of echo requests");
	size = fill_address(&op->remote, &address);
	if (fault->code == 0 && connect(fd, (struct sockaddr *)&address, size) != 0)
		fault_errno(fault, "the destination of echo requests");
	if (fault->code == 0)
		return fd;
	close(fd);
	return -1;
}

static int
op_echo(struct call *call, const void *request)
{
	const struct op_echo *op = request;
	struct netns *ns;
	struct link link;
	int fd;

	if (op->local.family != op->remote.family)
		return fault_set(&call->fault, EINVAL, "two addresses of different families");
	if (netns_get(call->host, op->instance, &ns, &call->fault) != 0 ||
	    link_find_ours(ns->route, op->device, &link, &call->fault) != 0 || netns_enter(ns, &call->fault) != 0)
		return call->fault.code;
	fd = open_socket(op, &call->fault);
	netns_leave(call->host);
	if (fd < 0)
		return call->fault.code;
	call_pass(call, fd);
	return 0;
}

static const struct member members[] = {MEMBER(op_echo, INSTANCE, instance), MEMBER(op_echo, NAME, device),
    MEMBER(op_echo, ADDR, local), MEMBER(op_echo, ADDR, remote), {MEMBER_END, 0}};

static const struct op_row rows[] = {
    {OP_ECHO, op_echo, sizeof(struct op_echo), members},
};

const struct object echo_object = OBJECT(rows);

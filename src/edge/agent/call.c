/* SPDX-License-Identifier: ISC */
#include "edge/agent/host.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
send_packet(struct call *call, const void *packet, size_t size)
{
	struct iovec part = {.iov_base = (void *)(uintptr_t)packet, .iov_len = size};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	ssize_t sent = -1;

	if (call->broken)
		return;
	if (call->passes) {
		control.head = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
		memcpy(CMSG_DATA(&control.head), &call->passed, sizeof(int));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
	}
	do
		sent = sendmsg(call->fd, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	call->broken = sent < 0;
}

static void
send_items(struct call *call, bool more)
{
	struct reply *reply = (struct reply *)(void *)call->items.data;

	reply->h = call->header;
	reply->more = more;
	reply->count = call->item_count;
	send_packet(call, reply, call->items.len);
	buf_reset(&call->items);
	call->item_count = 0;
}

void *
call_reply(struct call *call, size_t size)
{
	call->reply = arena_alloc(call->arena, size);
	call->reply_size = size;
	return call->reply;
}

void
call_item(struct call *call, const void *item, size_t size)
{
	static const struct reply head;

	if (call->items.len == 0)
		buf_add(&call->items, &head, sizeof(head));
	buf_add(&call->items, item, size);
	if (++call->item_count == OP_BATCH_MAX)
		send_items(call, true);
}

static void
send_failure(struct call *call)
{
	struct reply reply = {.h = call->header, .code = call->fault.code};

	strlcpy(reply.text, call->fault.text, sizeof(reply.text));
	send_packet(call, &reply, sizeof(reply));
}

static void
send_success(struct call *call)
{
	struct reply plain = {.h = call->header};

	if (call->reply != NULL) {
		memcpy(call->reply, &plain.h, sizeof(plain.h));
		send_packet(call, call->reply, call->reply_size);
	} else if (call->items.len > 0)
		send_items(call, false);
	else
		send_packet(call, &plain, sizeof(plain));
}

void
call_pass(struct call *call, int fd)
{
	call->passes = true;
	call->passed = fd;
}

void
call_finish(struct call *call, int code)
{
	if (code != 0) {
		call->fault.code = code;
		send_failure(call);
	} else
		send_success(call);
	buf_free(&call->items);
	if (call->passes)
		close(call->passed);
}

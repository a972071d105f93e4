/* SPDX-License-Identifier: ISC */
#include "edge/agent_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"

#define KEYS_LEAST 1000 /* of one gateway and family */
#define ANSWER_SECONDS 10
#define ITEM_SIZE_MAX 256
#define PACKET_MAX (sizeof(struct reply) + (size_t)OP_BATCH_MAX * ITEM_SIZE_MAX)

struct agent {
	uint32_t key_room;
	int fd;
	uint32_t sequence;
	gid_t control_group;
	char *packet; /* PACKET_MAX, aligned for any type */
};

/* This process cannot work without the agent, and it is restarted together with a new agent. */
static _Noreturn void
end_without_agent(const char *why)
{
	dc_log(LOG_ERR, "agent lost", "error=\"%s\"", why);
	exit(1);
}

static void
send_op(struct agent *a, enum agent_op op, void *request, size_t size)
{
	struct op_header header = {.op = (uint32_t)op, .sequence = ++a->sequence};
	ssize_t sent;

	memcpy(request, &header, sizeof(header));
	do
		sent = send(a->fd, request, size, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent != (ssize_t)size)
		end_without_agent(sent < 0 ? strerror(errno) : "a request went out cut");
}

static int
passed_fd(struct msghdr *message)
{
	const struct cmsghdr *c = CMSG_FIRSTHDR(message);
	int fd = -1;

	if (c != NULL && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof(fd)))
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

/* One packet of the answer; how many bytes it has. passed: a descriptor that came with it, or -1; NULL: none may. */
static size_t
receive_packet_with(struct agent *a, struct reply *head, int *passed)
{
	struct iovec part = {.iov_base = a->packet, .iov_len = PACKET_MAX};
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t n;

	if (passed != NULL) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
	}
	do
		n = recvmsg(a->fd, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (passed != NULL)
		*passed = n < 0 ? -1 : passed_fd(&message);
	if (n == 0)
		end_without_agent("it closed the socket");
	if (n < 0)
		end_without_agent(errno == EAGAIN ? "it does not answer" : strerror(errno));
	if ((size_t)n < sizeof(*head))
		end_without_agent("its answer is cut");
	memcpy(head, a->packet, sizeof(*head));
	if (head->h.sequence != a->sequence)
		end_without_agent("its answer is to another request");
	head->text[sizeof(head->text) - 1] = '\0';
	return (size_t)n;
}

static size_t
receive_packet(struct agent *a, struct reply *head)
{
	return receive_packet_with(a, head, NULL);
}

static enum dc_code
read_code(const struct reply *head, struct dc_error *err)
{
	return head->code == 0 ? DC_OK : dc_fail(err, DC_E_KERNEL, NULL, "%s", head->text);
}

enum dc_code
agent_do(struct agent *a, enum agent_op op, void *request, size_t size, struct dc_error *err)
{
	struct reply head;

	send_op(a, op, request, size);
	receive_packet(a, &head);
	return read_code(&head, err);
}

enum dc_code
agent_ask_fd(struct agent *a, enum agent_op op, void *request, size_t size, int *ret, struct dc_error *err)
{
	struct reply head;
	enum dc_code rc;
	int fd;

	send_op(a, op, request, size);
	receive_packet_with(a, &head, &fd);
	if ((rc = read_code(&head, err)) != DC_OK)
		return rc;
	if (fd < 0)
		return dc_fail(err, DC_E_KERNEL, NULL, "the agent's answer brings no descriptor");
	*ret = fd;
	return DC_OK;
}

enum dc_code
agent_ask(
    struct agent *a, enum agent_op op, void *request, size_t size, void *reply, size_t reply_size, struct dc_error *err)
{
	struct reply head;
	size_t n;

	send_op(a, op, request, size);
	n = receive_packet(a, &head);
	if (read_code(&head, err) != DC_OK)
		return DC_E_KERNEL;
	if (n != reply_size)
		end_without_agent("its answer has another size");
	memcpy(reply, a->packet, reply_size);
	return DC_OK;
}

enum dc_code
agent_list(struct agent *a, enum agent_op op, void *request, size_t size, size_t item_size, struct arena *arena,
    void **items, size_t *n, struct dc_error *err)
{
	_cleanup_buf_ struct buf all = {.max = (size_t)1 << 30};
	struct reply head;
	size_t count = 0;

	send_op(a, op, request, size);
	do {
		size_t got = receive_packet(a, &head);

		if (read_code(&head, err) != DC_OK)
			return DC_E_KERNEL;
		if (head.count > OP_BATCH_MAX || got != sizeof(head) + head.count * item_size)
			end_without_agent("its answer has another size");
		buf_add(&all, a->packet + sizeof(head), head.count * item_size);
		count += head.count;
	} while (head.more != 0);
	if (all.failed)
		return dc_fail(err, DC_E_SYSTEM, NULL, "the kernel has too many objects to be read");
	*items = count == 0 ? NULL : arena_memdup(arena, all.data, all.len);
	*n = count;
	return DC_OK;
}

uint32_t
agent_key_room(const struct agent *a)
{
	return a->key_room;
}

static enum dc_code
say_hello(struct agent *a, struct dc_error *err)
{
	struct op_hello hello = {.version = AGENT_VERSION};
	struct reply_hello reply;
	enum dc_code code = agent_ask(a, OP_HELLO, &hello, sizeof(hello), &reply, sizeof(reply), err);

	if (code != DC_OK)
		return code;
	dc_log(LOG_INFO, "agent found", "version=%u new=%u key_room=%u", reply.version, reply.started, reply.key_room);
	a->key_room = reply.key_room;
	a->control_group = reply.control_group;
	if (a->key_room < KEYS_LEAST)
		dc_log(LOG_WARNING, "little memory for keys",
		    "neighbours=%u setting=net.core.optmem_max error=\"more neighbours with a password in one gateway "
		    "do "
		    "not come up; see 60-dcaas-edge.conf of sysctl.d\"",
		    a->key_room);
	return DC_OK;
}

enum dc_code
agent_connect(int fd, struct agent **ret, struct dc_error *err)
{
	struct timeval wait = {.tv_sec = ANSWER_SECONDS};
	struct agent *a = calloc(1, sizeof(*a));
	enum dc_code code;

	if (a == NULL || (a->packet = malloc(PACKET_MAX)) == NULL) {
		agent_close(a);
		return dc_fail(err, DC_E_SYSTEM, NULL, "no memory for the agent's answers");
	}
	a->fd = fd;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) != 0)
		code = dc_fail(err, DC_E_IO, NULL, "the agent's socket: %s", strerror(errno));
	else
		code = say_hello(a, err);
	if (code != DC_OK) {
		agent_close(a);
		return code;
	}
	*ret = a;
	return DC_OK;
}

struct agent *
agent_close(struct agent *a)
{
	if (a == NULL)
		return NULL;
	if (a->fd > 0)
		close(a->fd);
	free(a->packet);
	free(a);
	return NULL;
}

gid_t
agent_control_group(const struct agent *a)
{
	return a->control_group;
}

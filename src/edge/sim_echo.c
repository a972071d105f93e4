/* SPDX-License-Identifier: ISC */
/* sim_echo.c - customers' routers that answer echo requests, or do not: those of sessions that are down do not, nor
 * does anybody on a port without carrier. */
#include <linux/neighbour.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "edge/sim_change.h"

#define PACKETS 100 /* made up */
#define PACKET_BYTES 100

struct sim_echo {
	struct sim_echo *next;
	int fd;
	struct op_echo ask;
};

enum dc_code
sim_open_echo(struct sim *s, const struct op_echo *ask, int *ret, struct dc_error *err)
{
	struct sim_echo *e = calloc(1, sizeof(*e));
	int pair[2];

	if (e == NULL)
		abort();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0) {
		free(e);
		return dc_fail(err, DC_E_KERNEL, NULL, "no socket for echo requests (simulated)");
	}
	e->fd = pair[0];
	e->ask = *ask;
	e->next = s->echo;
	s->echo = e;
	*ret = pair[1];
	return DC_OK;
}

/* Whether the fault `down` names the router, or its session. */
static bool
is_down(const struct sim *s, const struct sim_instance *in, const struct item_link *link, const struct op_echo *ask)
{
	for (size_t i = 0; i < in->neighbours; i++)
		if (strcmp(in->neighbour[i].link, ask->device) == 0 &&
		    ip_addr_equal(&in->neighbour[i].remote, &ask->remote) &&
		    sim_lists_session(s->options.down, in, &in->neighbour[i]))
			return true;
	return sim_lists_change(s->options.down, in, ask->device, link->mark, &ask->remote);
}

static bool
answers(const struct sim *s, const struct op_echo *ask)
{
	const struct sim_instance *in = sim_instance(s, ask->instance);
	const struct item_link *link = in != NULL ? sim_link(in, ask->device) : NULL;

	return link != NULL && link->up && sim_addr(in, ask->device, &ask->local) != NULL &&
	       sim_port_carrier(s, link->port) && !is_down(s, in, link, ask);
}

/* False: the other side has closed it. */
static bool
answer_all(const struct sim *s, struct sim_echo *e)
{
	unsigned char message[64];
	ssize_t n;

	while ((n = recv(e->fd, message, sizeof(message), 0)) > 0) {
		message[0] = e->ask.local.family == IP_V4 ? 0 : 129;
		if (answers(s, &e->ask))
			(void)!send(e->fd, message, (size_t)n, MSG_NOSIGNAL);
	}
	return n != 0;
}

void
sim_answer_echoes(struct sim *s)
{
	for (struct sim_echo **at = &s->echo; *at != NULL;) {
		struct sim_echo *e = *at;

		if (answer_all(s, e)) {
			at = &e->next;
			continue;
		}
		*at = e->next;
		close(e->fd);
		free(e);
	}
}

void
sim_close_echoes(struct sim *s)
{
	while (s->echo != NULL) {
		struct sim_echo *e = s->echo;

		s->echo = e->next;
		close(e->fd);
		free(e);
	}
}

/* A router that answers is known, and has sent some packets. */
enum dc_code
sim_line(const struct sim *s, const struct op_line *ask, struct reply_line *ret, struct dc_error *err)
{
	static const uint8_t hardware[6] = {0x02, 0, 0, 0, 0, 1}; /* locally administered */
	const struct sim_instance *in = sim_instance(s, ask->instance);
	const struct item_link *link = in != NULL ? sim_link(in, ask->device) : NULL;
	struct op_echo echo = {.instance = ask->instance, .remote = ask->remote};
	bool is_there;

	if (link == NULL)
		return dc_fail(err, DC_E_KERNEL, NULL, "there is no device %s (simulated)", ask->device);
	strlcpy(echo.device, ask->device, sizeof(echo.device));
	is_there = link->up && sim_port_carrier(s, link->port) && !is_down(s, in, link, &echo);
	*ret = (struct reply_line){.received_packets = is_there ? PACKETS : 0,
	    .received_bytes = is_there ? PACKETS * PACKET_BYTES : 0,
	    .sent_packets = PACKETS,
	    .sent_bytes = PACKETS * PACKET_BYTES,
	    .neighbour = is_there ? NUD_REACHABLE : NUD_FAILED,
	    .has_hardware = is_there};
	memcpy(ret->hardware, hardware, sizeof(hardware));
	return DC_OK;
}

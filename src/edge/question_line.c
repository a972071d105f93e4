/* SPDX-License-Identifier: ISC */
/* question_line.c - what an interface's device and the customer's router do at this moment. Echo requests make the
 * kernel look for the router by ARP or neighbour discovery; what it has found is read a second later, or at the first
 * answer. */
#include <event2/event.h>
#include <linux/neighbour.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "edge/echo_message.h"
#include "edge/question.h"

#define TICK_MS 100
#define TICKS 10
#define TICKS_BETWEEN 4 /* two requests */
#define BODY_MAX 4096

struct far_router {
	struct ip_addr local, remote;
	int fd; /* -1: no socket */
	uint32_t sent;
	uint64_t seen;
};

struct probe {
	struct kernel *kernel;
	struct event *timer;
	probe_done *done;
	void *arg;
	uint32_t instance;
	char device[OP_NAME_MAX];
	struct far_router router[2];
	size_t routers;
	int ticks;
};

void
probe_free(struct probe *p)
{
	if (p == NULL)
		return;
	if (p->timer != NULL)
		event_free(p->timer);
	for (size_t i = 0; i < p->routers; i++)
		if (p->router[i].fd >= 0)
			close(p->router[i].fd);
	free(p);
}

/* --- the answer --- */

static const char *
neighbour_name(uint32_t state)
{
	if (state == 0)
		return "none";
	if ((state & NUD_FAILED) != 0)
		return "failed";
	return (state & NUD_INCOMPLETE) != 0 ? "incomplete" : "known";
}

static void
fill_router(
    struct probe *p, struct far_router *far, struct arena *arena, struct wire_line *line, struct wire_line_router *to)
{
	struct op_line ask = {.instance = p->instance, .remote = far->remote};
	struct reply_line seen = {0};
	struct dc_error ignored = {0};
	const uint8_t *h = seen.hardware;
	char text[IP_TEXT_SIZE];

	strlcpy(ask.device, p->device, sizeof(ask.device));
	ip_format_addr(&far->remote, text);
	F_SET_TEXT(to->address, arena_strdup(arena, text));
	F_SET_BOOL(to->answered, far->seen != 0);
	F_SET_TEXT(to->neighbour, "none");
	if (p->kernel->ops->read_line(p->kernel, &ask, &seen, &ignored) != DC_OK)
		return;
	F_SET_TEXT(to->neighbour, neighbour_name(seen.neighbour));
	if (seen.has_hardware)
		F_SET_TEXT(to->hardware_address,
		    arena_printf(arena, "%02x:%02x:%02x:%02x:%02x:%02x", h[0], h[1], h[2], h[3], h[4], h[5]));
	F_SET_INT(line->received_packets, (int64_t)(seen.received_packets & INT64_MAX));
	F_SET_INT(line->received_bytes, (int64_t)(seen.received_bytes & INT64_MAX));
	F_SET_INT(line->sent_packets, (int64_t)(seen.sent_packets & INT64_MAX));
	F_SET_INT(line->sent_bytes, (int64_t)(seen.sent_bytes & INT64_MAX));
}

static void
finish(struct probe *p)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	_cleanup_buf_ struct buf body = BUF_INIT(BODY_MAX);
	struct json json = JSON_INIT(&body);
	struct wire_line_router router[2] = {{.address = {0}}};
	struct wire_line line = {.routers = {GIVEN, p->routers, router}};

	F_SET_TEXT(line.device, p->device);
	for (size_t i = 0; i < p->routers; i++)
		fill_router(p, &p->router[i], arena, &line, &router[i]);
	field_encode(&wire_line_table, VIEW_WIRE, &line, NULL, &json);
	p->done(p->arg, &body);
}

/* --- the look --- */

static bool
all_have_answered(struct probe *p)
{
	bool all = true;

	for (size_t i = 0; i < p->routers; i++) {
		struct far_router *far = &p->router[i];

		if (far->fd >= 0)
			echo_take(far->fd, far->local.family == IP_V4, far->sent, &far->seen);
		all = all && far->seen != 0;
	}
	return all;
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct probe *p = arg;

	(void)fd;
	(void)what;
	if (all_have_answered(p) || p->ticks == TICKS) {
		finish(p);
		return;
	}
	for (size_t i = 0; i < p->routers && p->ticks % TICKS_BETWEEN == 0; i++)
		if (p->router[i].fd >= 0)
			echo_send(p->router[i].fd, p->router[i].local.family == IP_V4, p->router[i].sent++);
	p->ticks++;
	event_add(p->timer, &(struct timeval){.tv_usec = TICK_MS * 1000});
}

static void
add_router(struct probe *p, const struct f_text *local, const struct f_text *remote)
{
	struct op_echo ask = {.instance = p->instance};
	struct far_router *far = &p->router[p->routers];
	struct dc_error ignored = {0};

	if (local->set != GIVEN || remote->set != GIVEN || !ip_parse_addr(local->v, &far->local) ||
	    !ip_parse_addr(remote->v, &far->remote))
		return;
	strlcpy(ask.device, p->device, sizeof(ask.device));
	ask.local = far->local;
	ask.remote = far->remote;
	far->fd = -1;
	if (p->kernel->ops->open_echo(p->kernel, &ask, &far->fd, &ignored) != DC_OK)
		far->fd = -1;
	p->routers++;
}

static enum dc_code
read_query(const char *argument, struct arena *arena, const struct wire_line_query **ret, struct dc_error *err)
{
	json_t *json;
	void *row;
	enum dc_code rc = field_parse(argument, strlen(argument), &json, err);

	if (rc != DC_OK)
		return rc;
	rc = field_decode(&wire_line_query_table, VIEW_WIRE, json, "", arena, &row, err);
	json_decref(json);
	*ret = row;
	return rc;
}

enum dc_code
probe_new(struct event_base *base, struct state *state, struct kernel *kernel, const char *argument, probe_done *done,
    void *arg, struct probe **ret, struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const struct wire_line_query *query = NULL;
	const struct edge_object *link;
	struct probe *p;
	enum dc_code rc = read_query(argument, arena, &query, err);

	if (rc != DC_OK)
		return rc;
	link = state_find(state, query->link.v);
	if (link == NULL || link->want->deleted || !link->want->known || link->want->kind != OBJECT_VLAN)
		return dc_fail(err, DC_E_NOT_FOUND, "link", "this router has no such line");
	if ((p = calloc(1, sizeof(*p))) == NULL || (p->timer = event_new(base, -1, 0, on_tick, p)) == NULL)
		abort();
	p->kernel = kernel;
	p->done = done;
	p->arg = arg;
	p->instance = link->home;
	strlcpy(p->device, want_link_device(link->want), sizeof(p->device));
	add_router(p, &query->local, &query->remote);
	add_router(p, &query->local_v6, &query->remote_v6);
	event_add(p->timer, &(struct timeval){0});
	*ret = p;
	return DC_OK;
}

/* SPDX-License-Identifier: ISC */
/* agent_client.h - the unprivileged half's side of op.h: typed calls over the SEQPACKET pair, one at a time, blocking
 * (the agent answers within milliseconds; a time-out of 10 s or a closed socket ends the process, and the agent or
 * systemd starts it again). Errors come back as DC_E_KERNEL with the kernel's words. */
#ifndef DC_AGENT_CLIENT_H
#define DC_AGENT_CLIENT_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "edge/agent/op.h"

struct agent;

/* Takes over fd (the socket that the agent left open for its child). */
enum dc_code agent_connect(int fd, struct agent **ret, struct dc_error *err);
struct agent *agent_close(struct agent *);
uint32_t agent_key_room(const struct agent *); /* as reply_hello has it */
/* What the routing daemons are to read gets this group; 0: there is none. */
gid_t agent_control_group(const struct agent *);

/* Requests without a reply body: op's struct filled but for its header. */
enum dc_code agent_do(struct agent *, enum agent_op, void *request, size_t size, struct dc_error *err);
/* Requests with one fixed reply struct. */
enum dc_code agent_ask(
    struct agent *, enum agent_op, void *request, size_t size, void *reply, size_t reply_size, struct dc_error *err);
/* Requests whose reply brings a descriptor, which is the caller's. */
enum dc_code agent_ask_fd(struct agent *, enum agent_op, void *request, size_t size, int *ret, struct dc_error *err);
/* Requests whose reply is a list: *items gets an arena array of *n structs of item_size. */
enum dc_code agent_list(struct agent *, enum agent_op, void *request, size_t size, size_t item_size, struct arena *,
    void **items, size_t *n, struct dc_error *err);

#endif

/* SPDX-License-Identifier: ISC */
/* session_key.c - the second line: the filter lets no connection in that does not sign, and still a session counts only
 * when its socket has the key. */
#include <string.h>

#include "base/log.h"
#include "edge/bird/instance.h"

#define VERIFY_MS 30000 /* a session that had its key is looked at again */

static void
on_restart(void *arg, const struct control_reply *reply, const char *failure)
{
	(void)reply;
	if (failure != NULL)
		process_lost(arg, failure);
}

/* A kernel may be built without the means to end a connection (INET_DIAG_DESTROY); BIRD always can. */
static void
reset(struct instance *in, struct peer *p)
{
	_cleanup_arena_ struct arena *a = arena_new();
	struct op_tcp ask = {.instance = in->number, .local = p->want->local, .remote = p->want->remote};

	strlcpy(ask.vrf, p->want->vrf, sizeof(ask.vrf));
	dc_log(LOG_WARNING, "session-without-key", "instance=%u name=%s", in->number, p->want->name);
	agent_do(in->driver->agent, OP_TCP_RESET, &ask, sizeof(ask), NULL);
	control_ask(in->control, arena_printf(a, "restart %s", p->want->name), ASK_MS, on_restart, in);
	connections_free(&in->connections); /* they are others now */
}

enum session_key
session_key(struct instance *in, struct peer *p, int64_t born)
{
	bool known = p->verified == born;
	const struct item_connection *c;

	if (p->want->password == NULL || (known && now_ms() - p->verified_at < VERIFY_MS))
		return SESSION_SAFE;
	/* As they are now that BIRD calls it Established: one reading serves all that came up meanwhile. */
	if (!connections_refresh(&in->connections, in->driver->agent, in->number) ||
	    (c = connections_find(&in->connections, p->want)) == NULL)
		return SESSION_UNSURE; /* gone since BIRD was asked, or not to be known */
	if (c->has_key != 0) {
		p->verified = born;
		p->verified_at = now_ms();
		return SESSION_SAFE;
	}
	p->verified = 0;
	reset(in, p);
	return SESSION_RESET;
}

/* SPDX-License-Identifier: ISC */
/* session_key.c - the second line: the filter lets no connection in that does not sign, and still a session counts only
 * when its socket has the key. */
#include <string.h>

#include "base/log.h"
#include "edge/bird/instance.h"

#define VERIFY_MS 30000 /* a session that had its key is looked at again */

/* A kernel may be built without the means to end a connection (INET_DIAG_DESTROY); BIRD always can. */
static void
reset(struct instance *in, struct arena *a, struct peer *p)
{
	struct op_tcp ask = {.instance = in->number, .local = p->want->local, .remote = p->want->remote};
	struct control_reply r;

	strlcpy(ask.vrf, p->want->vrf, sizeof(ask.vrf));
	dc_log(LOG_WARNING, "session-without-key", "instance=%u name=%s", in->number, p->want->name);
	agent_do(in->driver->agent, OP_TCP_RESET, &ask, sizeof(ask), NULL);
	daemon_ask(in, a, arena_printf(a, "restart %s", p->want->name), ASK_MS, &r, NULL);
	connections_free(&in->connections); /* they are others now */
}

enum session_key
session_key(struct instance *in, struct arena *a, struct peer *p, utc_ms since)
{
	bool known = p->verified == since;
	const struct item_connection *c;

	if (p->want->password == NULL || (known && now_ms() - p->verified_at < VERIFY_MS))
		return SESSION_SAFE;
	/* As they are now that BIRD calls it Established: one reading serves all that came up meanwhile. */
	if (!connections_refresh(&in->connections, in->driver->agent, in->number) ||
	    (c = connections_find(&in->connections, p->want)) == NULL)
		return SESSION_UNSURE; /* gone since BIRD was asked, or not to be known */
	if (c->has_key != 0) {
		p->verified = since;
		p->verified_at = now_ms();
		return SESSION_SAFE;
	}
	p->verified = 0;
	reset(in, a, p);
	return SESSION_RESET;
}

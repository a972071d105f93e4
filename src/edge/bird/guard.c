/* SPDX-License-Identifier: ISC */
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "edge/bird/instance.h"

#define SETTLE_MAX 40
#define POLL_BUDGET_MS 100
#define VERIFY_MS 30000 /* a session that had its key is looked at again */

static void
fill(struct op_guard *ask, const struct instance *in, const struct peer *p)
{
	ask->instance = in->number;
	strlcpy(ask->device, p->guard_link, sizeof(ask->device));
	ask->local = p->guard_local;
}

static bool
same_guard(const struct peer *a, const struct peer *b)
{
	return strcmp(a->guard_link, b->guard_link) == 0 && ip_addr_equal(&a->guard_local, &b->guard_local);
}

static void
open_now(struct instance *in, struct peer *p)
{
	struct op_guard ask = {0};

	p->guarded = false;
	for (size_t i = 0; i < in->held.neighbour_count; i++) {
		if (in->peer[i] != p && in->peer[i]->guarded && same_guard(in->peer[i], p))
			return; /* another neighbour at the same address still needs it */
	}
	fill(&ask, in, p);
	/* It fails when the device is gone, and the filter with it. */
	agent_do(in->driver->agent, OP_GUARD_OFF, &ask, sizeof(ask), NULL);
}

static void
aim(struct peer *p)
{
	strlcpy(p->guard_link, p->want->link, sizeof(p->guard_link));
	p->guard_local = p->want->local;
}

void
guard_doubt(struct peer *p)
{
	aim(p);
	p->guarded = true;
}

enum dc_code
guard_close(struct instance *in, struct peer *p, struct dc_error *err)
{
	struct op_guard ask = {0};

	if (p->guarded &&
	    (strcmp(p->guard_link, p->want->link) != 0 || !ip_addr_equal(&p->guard_local, &p->want->local)))
		open_now(in, p); /* it has moved */
	aim(p);
	fill(&ask, in, p);
	enum dc_code code = agent_do(in->driver->agent, OP_GUARD_ON, &ask, sizeof(ask), err);

	p->guarded = code == DC_OK;
	return code;
}

/* What one listener holds, read once for all who wait for their key on it: a listener with hundreds of neighbours has
 * the key of one that does not answer only now and then, while BIRD tries. */
struct keys {
	const char *vrf;
	enum ip_family family;
	struct item_key *v;
	size_t n;
};

/* One round of guard_poll(). */
struct round {
	struct instance *in;
	struct arena *arena; /* its own, for it holds keys */
	struct keys *keys;
	size_t n;
};

static const struct keys *
keys_of(struct round *r, const struct peer *p)
{
	struct op_md5 ask = {.instance = r->in->number, .remote = p->want->remote};
	struct keys *k;
	void *items;

	for (size_t i = 0; i < r->n; i++)
		if (r->keys[i].family == p->want->remote.family && strcmp(r->keys[i].vrf, p->want->vrf) == 0)
			return &r->keys[i];
	k = &r->keys[r->n++];
	*k = (struct keys){.vrf = p->want->vrf, .family = p->want->remote.family};
	strlcpy(ask.vrf, p->want->vrf, sizeof(ask.vrf));
	if (agent_list(r->in->driver->agent, OP_LISTENER_KEYS, &ask, sizeof(ask), sizeof(*k->v), r->arena, &items,
		&k->n, NULL) == DC_OK)
		k->v = items;
	else
		k->n = 0;
	return k;
}

/* "A key" is not enough, it must be this one: with the old one still there a neighbour without a key got in. */
static bool
key_is_in_place(struct round *r, const struct peer *p)
{
	const struct keys *k = keys_of(r, p);
	size_t len = strlen(p->want->password);

	for (size_t i = 0; i < k->n; i++)
		if (ip_addr_equal(&k->v[i].remote, &p->want->remote))
			return k->v[i].key_len == len && memcmp(k->v[i].key, p->want->password, len) == 0;
	return false;
}

static bool
may_open(struct round *r, const struct peer *p)
{
	if (p->how != BIRD_RUN || p->want->password == NULL || p->block == NULL)
		return true; /* nothing listens for it, or nothing is to be protected */
	return key_is_in_place(r, p);
}

static void
round_end(struct round *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->keys[i].n > 0)
			explicit_bzero(r->keys[i].v, r->keys[i].n * sizeof(*r->keys[i].v));
	arena_free(r->arena);
}

static size_t
closed_count(const struct instance *in)
{
	size_t closed = 0;

	for (size_t i = 0; i < in->held.neighbour_count; i++)
		closed += in->peer[i]->guarded;
	return closed;
}

size_t
guard_poll(struct instance *in, struct arena *a)
{
	size_t closed = closed_count(in), n = in->held.neighbour_count;
	struct round r = {.in = in};
	int64_t begun = now_ms();

	if (closed == 0)
		return 0;
	if ((in->configuring || in->starting) && (daemon_answers(in, a, NULL) != DC_OK || in->configuring))
		return closed; /* the key that is there may be of before */
	r.arena = arena_new();
	r.keys = arena_array(r.arena, n, sizeof(*r.keys));
	for (size_t i = 0; i < n && now_ms() - begun < POLL_BUDGET_MS; i++) {
		struct peer *p = in->peer[in->next_guard++ % n];

		if (!p->guarded || !may_open(&r, p))
			continue;
		open_now(in, p);
		closed--;
	}
	round_end(&r);
	return closed;
}

void
guard_wait(struct instance *in, struct arena *a, int ms)
{
	struct monotonic start = monotonic_now();

	while (guard_poll(in, a) > 0 && monotonic_since(start) < ms)
		nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
}

static const struct peer *
guarded_in(const struct instance *in, const char *vrf, enum ip_family family)
{
	for (size_t i = 0; i < in->held.neighbour_count; i++) {
		const struct peer *p = in->peer[i];

		if (p->guarded && p->want->remote.family == family && strcmp(p->want->vrf, vrf) == 0)
			return p;
	}
	return NULL;
}

static bool
waits_at(struct instance *in, const struct peer *p)
{
	struct op_md5 ask = {.instance = in->number, .remote = p->want->remote};
	struct reply_md5 reply = {0};

	strlcpy(ask.vrf, p->want->vrf, sizeof(ask.vrf));
	return agent_ask(in->driver->agent, OP_MD5_LISTENER, &ask, sizeof(ask), &reply, sizeof(reply), NULL) != DC_OK ||
	       reply.waiting != 0;
}

/* Whether no connection waits for BIRD at the listeners whose neighbours are guarded. */
static bool
none_waits(struct instance *in)
{
	static const enum ip_family families[] = {IP_V4, IP_V6};

	for (size_t i = 0; i < in->held.vrf_count * 2; i++) {
		const struct peer *p = guarded_in(in, in->held.vrf[i / 2].device, families[i % 2]);

		if (p != NULL && waits_at(in, p))
			return false;
	}
	return true;
}

/* Each round trip takes BIRD once through its loop, where it accepts one connection or more. Others may keep coming on
 * addresses that are open; those that stood in the queue (of 9) when ours was closed are through after so many rounds.
 */
enum dc_code
guard_settle(struct instance *in, struct arena *a, struct dc_error *err)
{
	for (int i = 0; i < SETTLE_MAX; i++) {
		if (daemon_answers(in, a, err) != DC_OK)
			return DC_E_DAEMON;
		if (i >= 1 && none_waits(in))
			break;
	}
	return DC_OK;
}

/* A kernel may be built without the means to end a connection (INET_DIAG_DESTROY); BIRD always can. */
static void
restart_guarded(struct instance *in, struct arena *a, struct peer *p)
{
	struct control_reply r;

	guard_close(in, p, NULL);
	if (guard_settle(in, a, NULL) == DC_OK)
		daemon_ask(in, a, arena_printf(a, "restart %s", p->want->name), ASK_MS, &r, NULL);
}

static void
reset(struct instance *in, struct arena *a, struct peer *p)
{
	struct op_tcp ask = {.instance = in->number, .local = p->want->local, .remote = p->want->remote};

	strlcpy(ask.vrf, p->want->vrf, sizeof(ask.vrf));
	dc_log(LOG_WARNING, "session-without-key", "instance=%u name=%s", in->number, p->want->name);
	agent_do(in->driver->agent, OP_TCP_RESET, &ask, sizeof(ask), NULL);
	restart_guarded(in, a, p);
	connections_free(&in->connections); /* they are others now */
}

enum session_key
guard_session(struct instance *in, struct arena *a, struct peer *p, utc_ms since)
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

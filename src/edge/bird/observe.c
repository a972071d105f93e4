/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "edge/bird/instance.h"

#define SINCE_SLACK_MS                                                                                                 \
	500                /* a session cannot be lost and be back in less: connect delay and error wait are a second  \
			    */
#define COUNT_BUDGET_MS 60 /* of one call, for routes of sessions that are up */
#define COUNT_AGE_MS 400   /* counts younger than this are good */
#define TCP_AGE_MS 1500
#define COUNTERS_AGE_MS 1000
#define HALF_OPEN_MS 3000 /* the last step of a handshake takes no longer */
#define HALF_OPEN_AGE_MS 10000
#define NO_ANSWER_MS 5000 /* a router that is there answers within one */
#define NO_ANSWER "no answer on TCP port 179: passive, filtered or another password"
#define NOT_HEARD "the router there does not hear our answers: TTL security (GTSM) there, or a filter"

enum dc_code
observe_rows(struct instance *in, struct arena *a, struct bird_row **row, size_t *n, struct dc_error *err)
{
	struct control_reply r;

	if (daemon_ask(in, a, "show protocols", ASK_MS, &r, err) != DC_OK)
		return DC_E_DAEMON;
	if (r.code != 0) {
		control_drop(in->control);
		return dc_fail(err, DC_E_DAEMON, NULL, "BIRD's `show protocols`: %s", control_words(&r));
	}
	*n = bird_parse_protocols(&r, a, row);
	for (size_t i = 0; i < *n; i++) {
		struct peer *p = (*row)[i].limit ? instance_peer_by_name(in, (*row)[i].name) : NULL;

		if (p != NULL)
			limit_hit(&p->limit, now_ms());
	}
	return DC_OK;
}

static const char *
tcp_name(uint32_t state)
{
	static const char *const names[] = {"none", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2",
	    "TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING", "SYN_RECV"};

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "unknown";
}

static const char *
tcp_of(const struct instance *in, const struct peer *p)
{
	const struct item_connection *c;

	if (p->established)
		return "ESTABLISHED";
	if (in->connections.at == 0)
		return "unknown";
	c = connections_find(&in->connections, p->want);
	return tcp_name(c != NULL ? c->state : 0);
}

static void
count_routes(struct instance *in, struct arena *a, struct peer *p)
{
	struct bird_counts counts;
	struct control_reply r;

	if (daemon_ask(in, a, arena_printf(a, "show protocols all %s", p->want->name), ASK_MS, &r, NULL) != DC_OK)
		return;
	p->counted_at = now_ms();
	if (bird_parse_counts(&r, &counts))
		p->counts = counts;
}

/* In turn, as many as the time allows: at a millisecond each some hundred sessions are all counted within two seconds.
 */
static void
count_in_turn(struct instance *in, struct arena *a)
{
	int64_t start = now_ms();
	size_t n = in->held.neighbour_count;

	for (size_t i = 0; i < n && now_ms() - start < COUNT_BUDGET_MS && !in->suspect; i++) {
		struct peer *p = in->peer[in->next_count % n];

		in->next_count = (in->next_count + 1) % n;
		if (p->established && now_ms() - p->counted_at >= COUNT_AGE_MS)
			count_routes(in, a, p);
	}
}

/* BIRD lists protocols much as they stand in its file: the search begins behind the one that was found last. */
static const struct bird_row *
row_of(const struct bird_row *row, size_t n, const char *name, size_t *next)
{
	for (size_t i = 0; i < n; i++) {
		const struct bird_row *r = &row[(*next + i) % n];

		if (strcmp(r->name, name) != 0)
			continue;
		*next = (size_t)(r - row) + 1;
		return r;
	}
	return NULL;
}

/* BIRD makes its times of day from its monotonic clock anew at each question: the same moment may differ by some
 * milliseconds (30 were seen), which is no other session. */
static utc_ms
steady(const struct peer *p, utc_ms since)
{
	return p->established && since >= p->since - SINCE_SLACK_MS && since <= p->since + SINCE_SLACK_MS ? p->since
													  : since;
}

/* `since` is when it came up, or ceased to be up; what BIRD does in between while it is down does not count. */
static void
note_state(struct instance *in, struct arena *a, struct peer *p, bool established, utc_ms since)
{
	if (established && (!p->established || p->since != since)) {
		p->since = since;
		p->counts = (struct bird_counts){0};
		p->established = true;
		count_routes(in, a, p);
	} else if (!established && (p->established || !p->seen)) {
		p->since = p->established && since < p->since ? utc_now() : since;
		p->counts = (struct bird_counts){0};
		p->established = false;
	}
	p->seen = true;
}

/* A customer's word on why the session ends counts more than how the tries fare after it, which BIRD puts in its place
 * within a second. */
static void
note_farewell(struct peer *p, const struct bird_row *r)
{
	if (r->established)
		p->farewell[0] = '\0';
	else if (strncmp(r->error, "Received: ", 10) == 0)
		snprintf(p->farewell, sizeof(p->farewell), "%s", r->error);
}

#define NO_KEY_MEMORY "Kernel MD5 auth failed"

/* BIRD forgets why it stopped one as soon as its file says that it is disabled. */
static const char *
error_of(const struct peer *p, const struct bird_row *r, enum session_key key, struct arena *a)
{
	if (p->limit.disabled)
		return arena_printf(
		    a, "more routes than its limit of %u; tried again after a while", p->want->route_limit);
	if (strstr(r->error, NO_KEY_MEMORY) != NULL)
		return "no kernel memory for another key: net.core.optmem_max of the router is too small";
	if (key == SESSION_RESET)
		return "a session without its MD5 key was reset";
	if (p->farewell[0] == '\0' || strcmp(p->farewell, r->error) == 0)
		return r->error;
	return r->error[0] == '\0' ? arena_strdup(a, p->farewell)
				   : arena_printf(a, "%s; since then %s", p->farewell, r->error);
}

/* BIRD has no word for a handshake that does not end: its own, and one whose last step the other side does not take. */
static const char *
silence_of(struct peer *p, const struct routing_session *s, struct arena *a)
{
	bool opens = strcmp(s->tcp, "ESTABLISHED") == 0 && strncmp(s->state, "Open", 4) == 0;
	int64_t now = now_ms();

	if (opens || strcmp(s->tcp, "SYN_RECV") == 0) {
		if (now - p->half_open_until > HALF_OPEN_AGE_MS)
			p->half_open = now;
		p->half_open_until = now;
	}
	if (s->established) {
		p->half_open = p->half_open_until = 0;
		return s->last_error;
	}
	if (p->half_open_until - p->half_open >= HALF_OPEN_MS && now - p->half_open_until <= HALF_OPEN_AGE_MS)
		return s->last_error[0] == '\0' ? NOT_HEARD : arena_printf(a, "%s; %s", NOT_HEARD, s->last_error);
	return strcmp(s->tcp, "SYN_SENT") == 0 && s->last_error[0] == '\0' && utc_now() - p->since >= NO_ANSWER_MS
		   ? NO_ANSWER
		   : s->last_error;
}

static void
fill(struct instance *in, struct arena *a, struct peer *p, const struct bird_row *row, struct routing_session *s)
{
	static const struct bird_row none = {.state = "Down", .error = ""};
	const struct bird_row *r = row == NULL ? &none : row;
	utc_ms since = r->established ? steady(p, r->since) : r->since;
	enum session_key key = r->established ? session_key(in, a, p, since) : SESSION_SAFE;
	bool up = r->established && key == SESSION_SAFE;

	note_state(in, a, p, up, since == 0 || key != SESSION_SAFE ? utc_now() : since);
	note_farewell(p, r);
	*s = (struct routing_session){
	    .key = arena_strdup(a, p->key),
	    .established = up,
	    .state = p->limit.disabled     ? "Disabled"
		     : key != SESSION_SAFE ? "Idle"
					   : r->state,
	    .since = p->since,
	    .last_error = error_of(p, r, key, a),
	    .md5 = p->want->password != NULL,
	    .md5_failures = in->counters.md5_failure,
	    .md5_not_found = in->counters.md5_not_found,
	    .md5_unexpected = in->counters.md5_unexpected,
	};
}

static void
fill_counts(const struct peer *p, struct routing_session *s)
{
	s->accepted = p->counts.imported;
	s->rejected = p->counts.filtered;
	s->received = s->accepted + s->rejected;
	s->advertised = p->counts.exported;
}

static void
read_counters(struct instance *in)
{
	struct op_instance ask = {.instance = in->number};
	struct reply_counters reply = {0};

	if (in->counters_at != 0 && now_ms() - in->counters_at < COUNTERS_AGE_MS)
		return;
	in->counters_at = now_ms();
	if (agent_ask(in->driver->agent, OP_COUNTERS, &ask, sizeof(ask), &reply, sizeof(reply), NULL) == DC_OK)
		in->counters = reply;
}

static bool
some_are_down(const struct instance *in)
{
	for (size_t i = 0; i < in->held.neighbour_count; i++)
		if (!in->peer[i]->established)
			return true;
	return false;
}

enum dc_code
observe_sessions(
    struct instance *in, struct arena *a, struct routing_session **ret, size_t *ret_n, struct dc_error *err)
{
	size_t n = in->held.neighbour_count;
	struct routing_session *s = arena_array(a, n + 1, sizeof(*s));
	struct bird_row *row;
	size_t rows, next = 0;

	in->connections.fresh = false;
	if (observe_rows(in, a, &row, &rows, err) != DC_OK)
		return DC_E_DAEMON;
	read_counters(in);
	for (size_t i = 0; i < n; i++)
		fill(in, a, in->peer[i], row_of(row, rows, in->peer[i]->want->name, &next), &s[i]);
	count_in_turn(in, a);
	if (some_are_down(in) && (in->connections.at == 0 || now_ms() - in->connections.at >= TCP_AGE_MS))
		connections_refresh(&in->connections, in->driver->agent, in->number);
	for (size_t i = 0; i < n; i++) {
		fill_counts(in->peer[i], &s[i]);
		s[i].tcp = tcp_of(in, in->peer[i]);
		s[i].last_error = silence_of(in->peer[i], &s[i], a);
	}
	*ret = s;
	*ret_n = n;
	return DC_OK;
}

/* SPDX-License-Identifier: ISC */
/* look.c - what BIRD shows of the sessions: the list of all, then in detail those that came up, those that ended with a
 * reason, and some of the others in turn. What is shown to the rest of the edge changes when the look is over. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/log.h"
#include "edge/bird/instance.h"
#include "edge/bird/pace.h"

/* A session cannot be lost and be back in less: connect delay and error wait are a second. BIRD makes its times of day
 * from its monotonic clock at each question: the same moment differs by some milliseconds (30 were seen). */
#define BORN_SLACK_MS 500
#define LOOK_MIN_MS 500 /* between two looks, by the sessions to be looked at */
#define LOOK_MAX_MS 2000
#define LOOK_MS_EACH 2
#define COUNT_BUDGET_MS 20 /* of a look, for routes of sessions that stay up */
#define COUNT_AGE_MS 400   /* counts younger than this are good */
#define COUNT_MOST 200
#define TCP_AGE_MS 1500
#define COUNTERS_AGE_MS 1000
#define HALF_OPEN_MS 3000 /* the last step of a handshake takes no longer */
#define HALF_OPEN_AGE_MS 10000
#define SLOW_AGE_MS 150000 /* the same of a neighbour that is tried once a minute */
#define NO_ANSWER_MS 5000  /* a router that is there answers within one */
#define NO_ANSWER "no answer on TCP port 179: passive, filtered or another password"
#define NOT_HEARD "the router there does not hear our answers: TTL security (GTSM) there, or a filter"

struct look {
	struct arena *arena;
	const char **name; /* of those that are asked about in detail: the list may change meanwhile */
	size_t names, next, needed;
	int64_t begun;
};

/* --- words --- */

/* BIRD's words that mean little to who reads them. */
static const char *
explained(const char *error)
{
	static const struct {
		const char *said, *means;
	} table[] = {
	    {"Unacceptable hold time",
		"the router there asks for a hold time of 0 or of less than " BIRD_HOLD_LEAST " s"},
	    {"Kernel MD5 auth failed",
		"no kernel memory for another key, net.core.optmem_max of the router is too small"},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strstr(error, table[i].said) != NULL)
			return table[i].means;
	return NULL;
}

static void
put_error(struct buf *out, const char *error)
{
	const char *means = explained(error);

	buf_puts(out, error);
	if (means != NULL)
		buf_printf(out, ": %s", means);
}

static void
put_time(struct buf *out, utc_ms at)
{
	time_t seconds = (time_t)(at / 1000);
	char text[32];
	struct tm tm;

	if (gmtime_r(&seconds, &tm) != NULL && strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm) > 0)
		buf_printf(out, " (%s UTC)", text);
}

/* What ended the last session, and how the tries fare since. */
static void
put_cause(struct buf *out, const struct peer *p)
{
	if (p->cause[0] == '\0') {
		put_error(out, p->error);
		return;
	}
	put_error(out, p->cause);
	if (p->error[0] == '\0' || strcmp(p->error, p->cause_row) == 0)
		return;
	put_time(out, p->cause_at);
	buf_puts(out, "; since then ");
	put_error(out, p->error);
}

/* BIRD has no word for a handshake that does not end: its own, and one whose last step the other side does not take. */
static const char *
silence_of(struct peer *p, const char *tcp, int64_t now)
{
	bool opens = strcmp(tcp, "ESTABLISHED") == 0 && strncmp(p->state, "Open", 4) == 0;
	int64_t age = p->slow ? SLOW_AGE_MS : HALF_OPEN_AGE_MS;

	if (opens || strcmp(tcp, "SYN_RECV") == 0) {
		if (now - p->half_open_until > age)
			p->half_open = now;
		p->half_open_until = now;
	}
	if (p->half_open_until - p->half_open >= HALF_OPEN_MS && now - p->half_open_until <= age)
		return NOT_HEARD;
	if (p->error[0] != '\0' || p->cause[0] != '\0')
		p->unanswered = false;
	else if (strcmp(tcp, "SYN_SENT") == 0)
		p->unanswered = now - p->down_at >= NO_ANSWER_MS;
	else if (!p->slow) /* between two slow tries the last one counts */
		p->unanswered = false;
	return p->unanswered ? NO_ANSWER : NULL;
}

/* BIRD forgets why it stopped one as soon as its file disables the session. */
static void
put_limit(struct buf *out, const struct peer *p)
{
	if (p->limit_received)
		buf_printf(out, "more routes sent than the %u that are kept for it, refused ones counted",
		    bird_receive_limit(p->want->route_limit));
	else
		buf_printf(out, "more routes than its limit of %u", p->want->route_limit);
	buf_puts(out, "; tried again after a while");
}

static void
put_words(struct peer *p, const char *tcp, int64_t now)
{
	_cleanup_buf_ struct buf out = BUF_INIT(4 * WORDS_MAX);
	const char *silence;

	if (p->established) {
		p->half_open = p->half_open_until = 0;
		p->words[0] = '\0';
		return;
	}
	silence = silence_of(p, tcp, now);
	if (p->limit.disabled)
		put_limit(&out, p);
	else if (p->keyless)
		buf_puts(&out, "a session without its MD5 key was reset");
	else {
		buf_puts(&out, silence != NULL ? silence : "");
		if (silence != NULL && (p->error[0] != '\0' || p->cause[0] != '\0'))
			buf_puts(&out, "; ");
		put_cause(&out, p);
	}
	strlcpy(p->words, buf_str(&out), sizeof(p->words));
}

/* --- what is shown --- */

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

static const char *
state_of(const struct peer *p)
{
	return p->limit.disabled ? "Disabled" : p->keyless ? "Idle" : p->state != NULL ? p->state : "Down";
}

static void
show_one(struct instance *in, struct peer *p, struct routing_session *s, int64_t now)
{
	const char *tcp = tcp_of(in, p);

	put_words(p, tcp, now);
	*s = (struct routing_session){
	    .key = p->key,
	    .refused = p->refused,
	    .changed = p->changed,
	    .known = p->seen,
	    .established = p->established,
	    .state = state_of(p),
	    .since = p->since,
	    .accepted = p->counts.imported,
	    .rejected = p->counts.filtered,
	    .received = p->counts.imported + p->counts.filtered,
	    .advertised = p->counts.exported,
	    .last_error = p->words,
	    .tcp = tcp,
	    .md5 = p->want->password != NULL,
	    .md5_failures = in->counters.md5_failure,
	    .md5_not_found = in->counters.md5_not_found,
	    .md5_unexpected = in->counters.md5_unexpected,
	};
}

void
look_show(struct instance *in)
{
	int64_t now = now_ms();

	for (size_t i = 0; i < in->held.neighbour_count; i++)
		show_one(in, in->peer[i], &in->shown[i], now);
}

/* Nothing is known of the sessions; what is not seen is not called up. */
void
look_blind(struct instance *in, const char *why)
{
	in->shown_at = now_ms();
	for (size_t i = 0; i < in->held.neighbour_count; i++) {
		struct peer *p = in->peer[i];

		if (p->established || !p->seen) {
			p->since = utc_now();
			p->down_at = now_ms();
		}
		p->seen = true;
		p->established = false;
		p->state = "Down";
		p->counts = (struct bird_counts){0};
		strlcpy(p->error, why, sizeof(p->error));
	}
	connections_free(&in->connections);
	look_show(in);
	instance_news(in);
}

/* --- BIRD's list --- */

size_t
look_rows(struct instance *in, const struct control_reply *reply, struct arena *a, struct bird_row **row)
{
	size_t n = bird_parse_protocols(reply, a, row);
	utc_ms start = bird_parse_start(reply);

	for (size_t i = 0; i < n; i++) {
		struct bird_row *r = &(*row)[i];
		struct peer *p = r->limit ? instance_peer_by_name(in, r->name) : NULL;
		int64_t born = r->since - start;

		/* The same stop as before, still listed after its time is over, is no other one. */
		if (p == NULL || p->limit.disabled ||
		    (p->limit.wait != 0 && llabs(born - p->limit_born) <= BORN_SLACK_MS))
			continue;
		p->limit_born = born;
		p->limit_received = false;
		p->ask_detail = true;
		limit_hit(&p->limit, now_ms());
	}
	return n;
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

static bool
is_same_session(const struct peer *p, int64_t born)
{
	return p->established && llabs(born - p->born) <= BORN_SLACK_MS;
}

/* `since` is when it came up, or ceased to be up; what BIRD does in between while it is down does not count, and
 * neither does a step of the router's clock. */
static void
note_state(struct peer *p, bool established, utc_ms since, int64_t born)
{
	if (established && !is_same_session(p, born)) {
		p->since = since;
		p->born = born;
		p->counts = (struct bird_counts){0};
		p->counted_at = 0;
		p->established = true;
	} else if (!established && (p->established || !p->seen)) {
		p->since = since == 0 || (p->established && since < p->since) ? utc_now() : since;
		p->down_at = now_ms();
		p->counts = (struct bird_counts){0};
		if (p->established) {
			p->established = false;
			pace_lost(p);
		}
	}
	p->seen = true;
}

/* How the next try fares ("Socket: Connection refused") comes in the place of what ended a session within a second:
 * that is kept. */
static void
note_cause(struct peer *p, const struct bird_row *r, bool was_up)
{
	bool is_try = strncmp(r->error, "Socket: ", 8) == 0;

	/* A change of pace starts the protocol again, and BIRD forgets how the last try fared. */
	if (r->error[0] != '\0' || !p->slow || r->established)
		strlcpy(p->error, r->error, sizeof(p->error));
	if (r->established) {
		p->cause[0] = p->cause_row[0] = '\0';
		return;
	}
	if (r->error[0] == '\0' || (is_try && !was_up) || strcmp(p->cause_row, r->error) == 0)
		return;
	strlcpy(p->cause_row, r->error, sizeof(p->cause_row));
	strlcpy(p->cause, r->error, sizeof(p->cause));
	p->cause_at = utc_now();
	p->ask_detail = p->ask_detail || r->farewell;
}

static void
note(struct instance *in, struct peer *p, const struct bird_row *row, utc_ms start)
{
	static const struct bird_row none = {.state = "Down", .error = ""};
	const struct bird_row *r = row == NULL ? &none : row;
	int64_t born = r->since - start;
	bool was_up = p->established;
	enum session_key key =
	    r->established ? session_key(in, p, is_same_session(p, born) ? p->born : born) : SESSION_SAFE;

	p->state = r->state;
	p->keyless = key == SESSION_RESET;
	note_state(p, r->established && key == SESSION_SAFE, key != SESSION_SAFE ? 0 : r->since, born);
	if (key != SESSION_SAFE)
		p->state = "Idle";
	note_cause(p, r, was_up);
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

/* --- a look --- */

void
look_drop(struct instance *in)
{
	if (in->look == NULL)
		return;
	arena_free(in->look->arena);
	free(in->look);
	in->look = NULL;
}

static bool
is_news(const struct routing_session *a, const struct routing_session *b, bool same_words)
{
	return a->known != b->known || a->established != b->established || a->since != b->since ||
	       a->received != b->received || a->accepted != b->accepted || a->advertised != b->advertised ||
	       a->refused != b->refused || strcmp(a->state, b->state) != 0 || strcmp(a->tcp, b->tcp) != 0 ||
	       !same_words;
}

static bool
show_news(struct instance *in)
{
	int64_t now = now_ms();
	bool news = false;

	for (size_t i = 0; i < in->held.neighbour_count; i++) {
		struct routing_session before = in->shown[i];
		char words[WORDS_MAX];

		strlcpy(words, in->peer[i]->words, sizeof(words));
		show_one(in, in->peer[i], &in->shown[i], now);
		news = news || is_news(&before, &in->shown[i], strcmp(words, in->peer[i]->words) == 0);
	}
	return news;
}

static void
end(struct instance *in)
{
	int64_t begun = in->look->begun, wait = LOOK_MS_EACH * (int64_t)in->held.neighbour_count;
	bool first = in->shown_at == 0;

	look_drop(in);
	if (some_are_down(in) && (in->connections.at == 0 || now_ms() - in->connections.at >= TCP_AGE_MS))
		connections_refresh(&in->connections, in->driver->agent, in->number);
	in->shown_at = begun;
	in->next_look = begun + (wait < LOOK_MIN_MS ? LOOK_MIN_MS : wait > LOOK_MAX_MS ? LOOK_MAX_MS : wait);
	if (show_news(in) || first)
		instance_news(in);
	instance_wake(in, in->next_look > now_ms() ? in->next_look - now_ms() : 0);
}

static void on_detail(void *, const struct control_reply *, const char *);

static void
ask_next(struct instance *in)
{
	_cleanup_arena_ struct arena *a = arena_new();
	struct look *l = in->look;

	if (l->next == l->names || (l->next >= l->needed && now_ms() - l->begun > COUNT_BUDGET_MS)) {
		end(in);
		return;
	}
	control_ask(in->control, arena_printf(a, "show protocols all %s", l->name[l->next]), ASK_MS, on_detail, in);
}

static void
note_detail(struct peer *p, const struct control_reply *reply)
{
	_cleanup_arena_ struct arena *a = arena_new();
	struct bird_counts counts;
	struct bird_detail detail;

	p->counted_at = now_ms();
	if (p->established && bird_parse_counts(reply, &counts))
		p->counts = counts;
	bird_parse_detail(reply, a, &detail);
	pace_note(p, detail.holds_routes);
	if (!p->ask_detail)
		return;
	p->ask_detail = false;
	p->limit_received = detail.receive_limit;
	if (detail.message != NULL && p->cause[0] != '\0') {
		_cleanup_buf_ struct buf cause = BUF_INIT(CAUSE_MAX - 1);

		buf_printf(&cause, "%s, in its words: %s", p->cause_row, detail.message);
		if (!cause.failed)
			strlcpy(p->cause, buf_str(&cause), sizeof(p->cause));
	}
}

static void
on_detail(void *arg, const struct control_reply *reply, const char *failure)
{
	struct instance *in = arg;
	struct peer *p;

	if (failure != NULL) {
		process_lost(in, failure);
		return;
	}
	p = instance_peer_by_name(in, in->look->name[in->look->next++]);
	if (p != NULL)
		note_detail(p, reply);
	ask_next(in);
}

static void
add_name(struct look *l, const struct peer *p)
{
	l->name[l->names++] = arena_strdup(l->arena, p->want->name);
}

/* Those with news first, and as many of the others as the time allows, who take turns. */
static void
choose(struct instance *in)
{
	struct look *l = in->look;
	size_t n = in->held.neighbour_count;
	int64_t now = now_ms();

	l->name = arena_array(l->arena, n + COUNT_MOST + 1, sizeof(*l->name));
	for (size_t i = 0; i < n; i++)
		if (in->peer[i]->ask_detail || (l->names < COUNT_MOST && pace_asks(in, in->peer[i])) ||
		    (in->peer[i]->established && in->peer[i]->counted_at == 0))
			add_name(l, in->peer[i]);
	l->needed = l->names;
	for (size_t i = 0; i < n && l->names < l->needed + COUNT_MOST; i++) {
		struct peer *p = in->peer[in->next_count % n];

		in->next_count = (in->next_count + 1) % n;
		if (p->established && p->counted_at != 0 && now - p->counted_at >= COUNT_AGE_MS)
			add_name(l, p);
	}
}

static void
on_list(void *arg, const struct control_reply *reply, const char *failure)
{
	struct instance *in = arg;
	struct bird_row *row;
	size_t rows, next = 0;
	utc_ms start;

	if (failure != NULL) {
		process_lost(in, failure);
		return;
	}
	rows = look_rows(in, reply, in->look->arena, &row);
	start = bird_parse_start(reply);
	in->connections.fresh = false;
	read_counters(in);
	for (size_t i = 0; i < in->held.neighbour_count; i++)
		note(in, in->peer[i], row_of(row, rows, in->peer[i]->want->name, &next), start);
	choose(in);
	ask_next(in);
}

void
look_begin(struct instance *in)
{
	in->look = must(calloc(1, sizeof(*in->look)));
	in->look->arena = arena_new();
	in->look->begun = now_ms();
	control_ask(in->control, "show protocols", ASK_MS, on_list, in);
}

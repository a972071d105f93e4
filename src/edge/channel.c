/* SPDX-License-Identifier: ISC */
#include "edge/channel.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/uuid.h"

#define ANSWER_MAX ((size_t)64 << 20)      /* dcaasd answers no more */
#define PARTS_MAX ((size_t)256 << 20)      /* all parts of an answer together */
#define BUFFER_KEPT_MAX ((size_t)64 << 10) /* from one request to the next */
#define CONNECT_MS 3000L
#define GRACE_SECONDS 10 /* without a byte, beyond the wait that we asked for */
#define REPORT_SECONDS 30
#define TRANSFER_SECONDS 3600L /* a line may be slow, but not that slow */
#define FIRST_PAUSE_MS 50
#define WORDS_MAX 512
#define ANSWER_SECONDS 5   /* nobody waits longer */
#define ANSWERS_MAX 64     /* that wait to be sent; more are dropped */
#define EARLY_MS 1000      /* a poll that was to wait and is answered sooner, without news, is nothing to go round on */
#define EARLY_PAUSE_MS 400 /* the first pause after such a one */

struct transfer { /* one of the three kinds of requests; its easy handle is used again and again */
	CURL *curl;
	bool busy;
	struct curl_slist *headers;
	struct buf answer, body;
	char why[CURL_ERROR_SIZE];
	struct monotonic sent;
};

/* An answer that comes in parts: those that are here. */
struct answer {
	struct arena *arena; /* of all that came; NULL: nothing did */
	char *asked;         /* URL of the first part; heap, of the poll as long as it lives */
	struct part {
		const struct wire_desired *desired;
		struct part *before;
	} * newest;
	size_t objects, bytes;
};

struct channel {
	const struct edge_settings *settings;
	struct event_base *base;
	const struct channel_events *events;
	void *arg;
	CURLM *multi;
	struct event *timer; /* libcurl's */
	struct event *next;  /* the next poll */
	int pause_ms;        /* the last one; 0: all is well */
	int wait_seconds;    /* that the poll which is on its way asked for */
	bool waits;          /* the poll that is on its way asked to wait for news */
	int64_t known;       /* the revision that it sent */
	struct transfer poll, report, said;
	struct buf to_say[ANSWERS_MAX]; /* answers that wait, the oldest first */
	size_t to_say_n;
	struct answer answer; /* of the poll */
};

struct watch { /* a socket of libcurl's */
	struct event *event;
	struct channel *channel;
};

/* --- libcurl on libevent --- */

static void look_for_ends(struct channel *);

static void
on_socket(evutil_socket_t fd, short what, void *arg)
{
	struct channel *c = ((struct watch *)arg)->channel;
	int mask = ((what & EV_READ) != 0 ? CURL_CSELECT_IN : 0) | ((what & EV_WRITE) != 0 ? CURL_CSELECT_OUT : 0),
	    left;

	curl_multi_socket_action(c->multi, fd, mask, &left);
	look_for_ends(c);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct channel *c = arg;
	int left;

	(void)fd;
	(void)what;
	curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &left);
	look_for_ends(c);
}

static void
watch_free(struct watch *w)
{
	if (w != NULL) {
		event_free(w->event);
		free(w);
	}
}

static int
socket_changed(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct channel *c = arg;
	short events = EV_PERSIST;
	struct watch *w;

	(void)easy;
	watch_free(socket_arg);
	curl_multi_assign(c->multi, fd, NULL);
	if (what == CURL_POLL_REMOVE)
		return 0;
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		events |= EV_READ;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		events |= EV_WRITE;
	if ((w = calloc(1, sizeof(*w))) == NULL)
		abort();
	w->channel = c;
	if ((w->event = event_new(c->base, fd, events, on_socket, w)) == NULL)
		abort();
	event_add(w->event, NULL);
	curl_multi_assign(c->multi, fd, w);
	return 0;
}

static void
start_channel_timer(struct event *timer, int64_t ms)
{
	struct timeval t = {ms / 1000, ms % 1000 * 1000};

	event_add(timer, &t);
}

static int
timer_changed(CURLM *multi, long ms, void *arg)
{
	struct channel *c = arg;

	(void)multi;
	if (ms < 0)
		event_del(c->timer);
	else
		start_channel_timer(c->timer, ms);
	return 0;
}

/* --- requests --- */

static size_t
take_answer(char *data, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;

	buf_add(&t->answer, data, size * n);
	return t->answer.failed ? 0 : size * n;
}

static bool
transfer_open(struct channel *c, struct transfer *t)
{
	t->answer.max = ANSWER_MAX;
	t->body.max = ANSWER_MAX;
	if ((t->curl = curl_easy_init()) == NULL)
		return false;
	curl_easy_setopt(t->curl, CURLOPT_ERRORBUFFER, t->why);
	curl_easy_setopt(t->curl, CURLOPT_PRIVATE, t);
	curl_easy_setopt(t->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(t->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(t->curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl_easy_setopt(t->curl, CURLOPT_TIMEOUT, TRANSFER_SECONDS);
	curl_easy_setopt(t->curl, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(t->curl, CURLOPT_TCP_KEEPIDLE, 10L);
	curl_easy_setopt(t->curl, CURLOPT_TCP_KEEPINTVL, 5L);
	curl_easy_setopt(t->curl, CURLOPT_USERAGENT, "dcaas-edge/" DCAAS_VERSION);
	curl_easy_setopt(t->curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(t->curl, CURLOPT_WRITEFUNCTION, take_answer);
	curl_easy_setopt(t->curl, CURLOPT_WRITEDATA, t);
	if (c->settings->ca_file != NULL)
		curl_easy_setopt(t->curl, CURLOPT_CAINFO, c->settings->ca_file);
	return true;
}

static void
transfer_close(struct channel *c, struct transfer *t)
{
	if (t->curl == NULL)
		return;
	if (t->busy)
		curl_multi_remove_handle(c->multi, t->curl);
	curl_easy_cleanup(t->curl);
	curl_slist_free_all(t->headers);
	buf_free(&t->answer);
	buf_free(&t->body);
}

/* A large one was the exception. */
static void
empty(struct buf *b)
{
	if (b->cap > BUFFER_KEPT_MAX)
		buf_free(b);
	else
		buf_reset(b);
}

static bool
start_transfer(struct channel *c, struct transfer *t, const char *url, long seconds, struct arena *arena)
{
	struct dc_error err = {0};
	const char *token;
	char *header;

	if (edge_settings_token(c->settings, arena, &token, &err) != DC_OK) {
		c->events->trouble(c->arg, 0, err.text);
		return false;
	}
	header = arena_printf(arena, "X-Dcaas-Edge-Token: %s", token);
	curl_slist_free_all(t->headers);
	t->headers = curl_slist_append(NULL, header);
	explicit_bzero(header, strlen(header));
	t->headers = curl_slist_append(t->headers, "Expect:");
	t->headers = curl_slist_append(t->headers, "Content-Type: application/json");
	empty(&t->answer);
	t->why[0] = '\0';
	curl_easy_setopt(t->curl, CURLOPT_URL, url);
	curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, t->headers);
	/* Progress counts, not the whole: a line that brings two bytes a second brings all of them in the end. */
	curl_easy_setopt(t->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(t->curl, CURLOPT_LOW_SPEED_TIME, seconds);
	t->sent = monotonic_now();
	t->busy = curl_multi_add_handle(c->multi, t->curl) == CURLM_OK;
	return t->busy;
}

/* Its body is t->body. */
static bool
post(struct channel *c, struct transfer *t, const char *what, long seconds, struct arena *arena)
{
	curl_easy_setopt(t->curl, CURLOPT_POST, 1L);
	curl_easy_setopt(t->curl, CURLOPT_POSTFIELDS, t->body.data);
	curl_easy_setopt(t->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body.len);
	return start_transfer(
	    c, t, arena_printf(arena, "%s/dcaas/v1/edge/%s", c->settings->server, what), seconds, arena);
}

static void
wait_for_next(struct channel *c, int ms)
{
	start_channel_timer(c->next, ms);
}

/* Pauses grow, and differ between edges, so that a dcaasd that comes back is not met by all of them at once. */
static void
poll_later(struct channel *c, int most)
{
	uint32_t random;

	random_bytes(&random, sizeof(random));
	c->pause_ms = c->pause_ms == 0 ? FIRST_PAUSE_MS : 2 * c->pause_ms;
	if (c->pause_ms > most)
		c->pause_ms = most;
	wait_for_next(c, c->pause_ms / 2 + (int)(random % (uint32_t)(c->pause_ms / 2 + 1)));
}

static const char *
escaped(struct channel *c, const char *text, struct arena *arena)
{
	char *escaped = curl_easy_escape(c->poll.curl, text, 0);
	const char *copy;

	if (escaped == NULL)
		abort();
	copy = arena_strdup(arena, escaped);
	curl_free(escaped);
	return copy;
}

static void
forget_parts(struct channel *c)
{
	free(c->answer.asked);
	arena_free(c->answer.arena);
	c->answer = (struct answer){0};
}

/* What a new poll asks. */
static const char *
first_url(struct channel *c, struct arena *arena)
{
	struct channel_poll p = {0};
	const char *url;

	c->events->ask(c->arg, &p);
	c->waits = p.wait_seconds > 0;
	c->wait_seconds = p.wait_seconds;
	c->known = p.revision;
	url = arena_printf(arena, "%s/dcaas/v1/edge/desired?boot=%s&epoch=%s&revision=%lld&wait=%d&parts=1&questions=1",
	    c->settings->server, p.boot, escaped(c, p.epoch, arena), (long long)p.revision, p.wait_seconds);
	if ((c->answer.asked = strdup(url)) == NULL)
		abort();
	return url;
}

static void
poll_now(evutil_socket_t fd, short what, void *arg)
{
	struct channel *c = arg;
	_cleanup_arena_ struct arena *arena = arena_new();
	const struct part *newest = c->answer.newest;
	const char *url;

	(void)fd;
	(void)what;
	if (c->poll.busy)
		return;
	if (newest == NULL)
		forget_parts(c);
	url = newest == NULL
		  ? first_url(c, arena)
		  : arena_printf(arena, "%s&next=%s", c->answer.asked, escaped(c, newest->desired->next.v, arena));
	if (start_transfer(c, &c->poll, url, c->wait_seconds + GRACE_SECONDS, arena))
		return;
	forget_parts(c);
	poll_later(c, CHANNEL_REFUSED_MS);
}

/* --- answers --- */

static void
poll_failed(struct channel *c, long status, const char *words)
{
	forget_parts(c);
	c->events->trouble(c->arg, status, words);
	poll_later(c, status == 0 ? CHANNEL_RETRY_MS : CHANNEL_REFUSED_MS);
}

/* The next poll: at once, unless dcaasd answered one that was to wait before there was any news. */
static void
go_round(struct channel *c, bool news, int pause_ms)
{
	if (news || !c->waits || monotonic_since(c->poll.sent) >= EARLY_MS) {
		c->pause_ms = 0;
		wait_for_next(c, pause_ms);
		return;
	}
	if (c->pause_ms < EARLY_PAUSE_MS / 2)
		c->pause_ms = EARLY_PAUSE_MS / 2;
	poll_later(c, CHANNEL_REFUSED_MS);
}

/* A part that does not follow the one before is no part of this answer; the first part always begins a new answer. */
static bool
follows(const struct answer *a, const struct wire_desired *d)
{
	const struct wire_desired *before = a->newest != NULL ? a->newest->desired : NULL;

	if (d->part.set != GIVEN || d->part.v <= 1)
		return true;
	return before != NULL && d->part.v == before->part.v + 1 && d->full.v == before->full.v &&
	       strcmp(d->epoch.v, before->epoch.v) == 0;
}

/* All parts as one answer: the last one's, with the objects of all. */
static const struct wire_desired *
join(const struct answer *a)
{
	struct wire_desired *whole = arena_memdup(a->arena, a->newest->desired, sizeof(*whole));
	struct wire_object *objects = arena_array(a->arena, a->objects + 1, sizeof(*objects));
	size_t at = a->objects;

	if (a->newest->before == NULL)
		return a->newest->desired;
	for (const struct part *p = a->newest; p != NULL; p = p->before) {
		at -= p->desired->objects.n;
		if (p->desired->objects.n > 0)
			memcpy(&objects[at], p->desired->objects.v, p->desired->objects.n * sizeof(*objects));
	}
	whole->objects = (struct f_objects){GIVEN, a->objects, objects};
	return whole;
}

static enum dc_code
decode_part(struct channel *c, struct wire_desired **ret, struct dc_error *err)
{
	struct answer *a = &c->answer;
	json_t *json;
	void *row;
	enum dc_code rc;

	if (a->arena == NULL)
		a->arena = arena_new();
	a->bytes += c->poll.answer.len;
	if (a->bytes > PARTS_MAX)
		return dc_fail(err, DC_E_PARAM, NULL, "it is larger than %zu bytes", PARTS_MAX);
	if ((rc = field_parse(buf_str(&c->poll.answer), c->poll.answer.len, &json, err)) != DC_OK)
		return rc;
	rc = field_decode(&wire_desired_table, VIEW_WIRE, json, "", a->arena, &row, err);
	json_decref(json);
	if (rc != DC_OK)
		return rc;
	*ret = row;
	return follows(a, *ret) ? DC_OK
				: dc_fail(err, DC_E_PARAM, "part", "part %lld does not follow the one before",
				      (long long)(*ret)->part.v);
}

static void
add_answer_part(struct answer *a, const struct wire_desired *d)
{
	struct part *p = arena_new_of(a->arena, struct part);

	if (d->part.set != GIVEN || d->part.v <= 1) {
		a->newest = NULL;
		a->objects = 0;
	}
	*p = (struct part){d, a->newest};
	a->newest = p;
	a->objects += d->objects.n;
}

static void
take_desired(struct channel *c)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct wire_desired *d = NULL;
	struct dc_error err = {0};

	if (decode_part(c, &d, &err) != DC_OK) {
		poll_failed(c, 200, arena_printf(arena, "the answer cannot be read: %s", err.text));
		return;
	}
	for (size_t i = 0; d->questions.set == GIVEN && i < d->questions.n; i++)
		c->events->question(c->arg, &((const struct wire_question *)d->questions.v)[i]);
	if (d->questions.set == GIVEN && d->questions.n > 0 && d->objects.n == 0 && !d->full.v) {
		forget_parts(c);
		go_round(c, true, 0);
		return;
	}
	add_answer_part(&c->answer, d);
	if (d->part.set == GIVEN && d->next.set == GIVEN) {
		wait_for_next(c, 0);
		return;
	}
	go_round(c, d->revision.v > c->known, c->events->desired(c->arg, join(&c->answer)));
	forget_parts(c);
}

static void
poll_ended(struct channel *c, CURLcode result, long status)
{
	if (result != CURLE_OK)
		poll_failed(c, 0, c->poll.why[0] != '\0' ? c->poll.why : curl_easy_strerror(result));
	else if (status == 200)
		take_desired(c);
	else if (status == 204) {
		forget_parts(c);
		c->events->nothing(c->arg);
		go_round(c, false, 0);
	} else
		poll_failed(c, status, "dcaasd does not answer the poll");
}

/* dcaasd's words about a report that it refuses. */
static const char *
refusal(const struct transfer *t, struct arena *arena)
{
	struct dc_error err = {0};
	const char *words;
	json_t *json;

	if (field_parse(buf_str(&t->answer), t->answer.len, &json, &err) != DC_OK)
		return "";
	words = json_string_value(json_object_get(json, "error_msg"));
	words = arena_strndup(arena, words != NULL ? words : "", WORDS_MAX);
	json_decref(json);
	return words;
}

static void
report_ended(struct channel *c, CURLcode result, long status)
{
	_cleanup_arena_ struct arena *arena = arena_new();

	empty(&c->report.body);
	if (result == CURLE_OK)
		c->events->reported(c->arg, status, status >= 400 ? refusal(&c->report, arena) : "");
	else
		c->events->reported(c->arg, 0, c->report.why[0] != '\0' ? c->report.why : curl_easy_strerror(result));
}

/* What became of an answer is nothing to us: the caller has it, or has gone. */
static void
say_next(struct channel *c)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct transfer *t = &c->said;

	empty(&t->body);
	if (c->to_say_n == 0)
		return;
	buf_add(&t->body, c->to_say[0].data, c->to_say[0].len);
	buf_free(&c->to_say[0]);
	memmove(&c->to_say[0], &c->to_say[1], --c->to_say_n * sizeof(c->to_say[0]));
	post(c, t, "answer", ANSWER_SECONDS, arena);
}

static void
look_for_ends(struct channel *c)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(c->multi, &left)) != NULL) {
		CURLcode result = m->data.result;
		struct transfer *t = NULL;
		long status = 0;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t);
		curl_easy_getinfo(m->easy_handle, CURLINFO_RESPONSE_CODE, &status);
		curl_multi_remove_handle(c->multi, m->easy_handle);
		t->busy = false;
		if (t == &c->poll)
			poll_ended(c, result, status);
		else if (t == &c->said)
			say_next(c);
		else
			report_ended(c, result, status);
		if (!t->busy)
			empty(&t->answer);
	}
}

/* --- the interface --- */

enum dc_code
channel_open(const struct edge_settings *settings, struct event_base *base, const struct channel_events *events,
    void *arg, struct channel **ret, struct dc_error *err)
{
	struct channel *c = calloc(1, sizeof(*c));

	if (c == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		abort();
	c->settings = settings;
	c->base = base;
	c->events = events;
	c->arg = arg;
	c->multi = curl_multi_init();
	c->timer = evtimer_new(base, on_timer, c);
	c->next = evtimer_new(base, poll_now, c);
	if (c->multi == NULL || c->timer == NULL || c->next == NULL || !transfer_open(c, &c->poll) ||
	    !transfer_open(c, &c->report) || !transfer_open(c, &c->said)) {
		channel_close(c);
		return dc_fail(err, DC_E_IO, NULL, "libcurl does not start");
	}
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, socket_changed);
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, timer_changed);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
	*ret = c;
	return DC_OK;
}

struct channel *
channel_close(struct channel *c)
{
	if (c == NULL)
		return NULL;
	transfer_close(c, &c->poll);
	transfer_close(c, &c->report);
	transfer_close(c, &c->said);
	for (size_t i = 0; i < c->to_say_n; i++)
		buf_free(&c->to_say[i]);
	forget_parts(c);
	curl_multi_cleanup(c->multi);
	if (c->timer != NULL)
		event_free(c->timer);
	if (c->next != NULL)
		event_free(c->next);
	free(c);
	curl_global_cleanup();
	return NULL;
}

void
channel_start(struct channel *c)
{
	wait_for_next(c, 0);
}

void
channel_hurry(struct channel *c)
{
	c->pause_ms = 0;
	if (!c->poll.busy)
		wait_for_next(c, 0);
}

bool
channel_can_report(const struct channel *c)
{
	return !c->report.busy;
}

void
channel_report(struct channel *c, const struct buf *body)
{
	_cleanup_arena_ struct arena *arena = arena_new();

	buf_reset(&c->report.body);
	buf_add(&c->report.body, body->data, body->len);
	if (!post(c, &c->report, "report", REPORT_SECONDS, arena))
		c->events->reported(c->arg, 0, "the request cannot be sent");
}

void
channel_answer(struct channel *c, const struct wire_answer *answer)
{
	struct buf text = BUF_INIT(ANSWER_MAX);
	struct json json = JSON_INIT(&text);

	if (c->to_say_n == ANSWERS_MAX)
		return;
	field_encode(&wire_answer_table, VIEW_WIRE, answer, NULL, &json);
	c->to_say[c->to_say_n++] = text;
	if (!c->said.busy)
		say_next(c);
}

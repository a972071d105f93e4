/* SPDX-License-Identifier: ISC */
/* keystone_http.c - a question needs dcaasd's own token. Those that come before there is one wait for the log-in; when
 * Keystone no longer takes that token, one more log-in is tried for the question, and no third. */
#include "auth/keystone_http.h"

#include <curl/curl.h>
#include <errno.h>
#include <jansson.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

#define ANSWER_MAX ((size_t)512 << 10)
#define CONNECT_MS 3000L
#define REQUEST_MS 8000L
#define PAUSE_MS 1000      /* after a time-out, in which all are refused at once */
#define EARLY_MS 60000     /* our own token is renewed so long before its end */
#define LEAST_LIFE_MS 5000 /* of our own token, even when the clocks differ */
#define PASSWORD_MAX 1024
#define TOKEN_MAX 2048 /* characters; Fernet tokens have some hundred */
#define UNAVAILABLE "The token cannot be checked now: "
#define LOGIN_WORDS "dcaasd's own log-in at Keystone fails"
#define SILENT_WORDS "Keystone does not answer"

struct request {
	struct keystone_http *http;
	CURL *easy; /* NULL: it waits for the log-in */
	char *token;
	keystone_http_done done; /* NULL: it is the log-in */
	void *arg;
	bool again; /* asked with a second token of ours */
	struct curl_slist *headers;
	struct buf body, answer;
	char why[CURL_ERROR_SIZE];
	TAILQ_ENTRY(request) entry;
};
TAILQ_HEAD(requests, request);

struct keystone_http {
	const struct keystone_http_options *options;
	CURLM *multi;
	struct requests all; /* the log-in, too */
	char *token;         /* ours; NULL: none */
	int64_t token_until; /* monotonic ms */
	bool logging_in;
	int64_t paused_until; /* monotonic ms */
	struct dc_error why;  /* of the pause */
	atomic_bool trouble;
};

enum dc_code
keystone_http_new(const struct keystone_http_options *options, struct keystone_http **ret, struct dc_error *err)
{
	struct keystone_http *h = calloc(1, sizeof(*h));

	if (h == NULL)
		abort(); /* as arenas do */
	h->options = options;
	TAILQ_INIT(&h->all);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || (h->multi = curl_multi_init()) == NULL) {
		free(h);
		return dc_fail(err, DC_E_IO, NULL, "libcurl does not start");
	}
	curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, 16L);
	*ret = h;
	return DC_OK;
}

static void
free_wiped(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

static void
wipe(struct buf *b)
{
	if (b->data != NULL)
		explicit_bzero(b->data, b->len);
	buf_free(b);
}

/* What the transfer holds; the question may be sent once more. */
static void
request_end(struct request *r)
{
	if (r->easy != NULL) {
		curl_multi_remove_handle(r->http->multi, r->easy);
		curl_easy_cleanup(r->easy);
		r->easy = NULL;
	}
	for (struct curl_slist *h = r->headers; h != NULL; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	curl_slist_free_all(r->headers);
	r->headers = NULL;
	wipe(&r->body);
	buf_free(&r->answer);
}

static void
request_free(struct request *r)
{
	TAILQ_REMOVE(&r->http->all, r, entry);
	request_end(r);
	free_wiped(r->token);
	free(r);
}

struct keystone_http *
keystone_http_free(struct keystone_http *h)
{
	struct request *r;

	if (h == NULL)
		return NULL;
	while ((r = TAILQ_FIRST(&h->all)) != NULL)
		request_free(r);
	free_wiped(h->token);
	curl_multi_cleanup(h->multi);
	curl_global_cleanup();
	free(h);
	return NULL;
}

static struct request *
request_new(struct keystone_http *h)
{
	struct request *r = calloc(1, sizeof(*r));

	if (r == NULL)
		abort();
	r->http = h;
	r->answer.max = ANSWER_MAX;
	r->body.max = ANSWER_MAX;
	TAILQ_INSERT_TAIL(&h->all, r, entry);
	return r;
}

/* RFC 6750, b64token. */
bool
keystone_http_can_ask(const char *token)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/=";
	size_t len = strspn(token, letters);

	return token[len] == '\0' && len > 0 && len <= TOKEN_MAX;
}

/* --- how it went --- */

static void
log_trouble(struct keystone_http *h, const char *why)
{
	_cleanup_arena_ struct arena *arena = arena_new();

	if (why == NULL && atomic_exchange(&h->trouble, false))
		dc_log(LOG_NOTICE, "Keystone answers again", "url=%s", log_quote(arena, h->options->url));
	else if (why != NULL && !atomic_exchange(&h->trouble, true))
		dc_log(LOG_WARNING, "Keystone does not answer", "url=%s error=%s", log_quote(arena, h->options->url),
		    log_quote(arena, why));
}

static void
answer(struct request *r, enum dc_code rc, const struct dc_error *err)
{
	r->done(r->arg, rc, buf_str(&r->answer), r->answer.len, err);
	request_free(r);
}

/* The log has the cause, the caller of the API what is of use to it. */
static void
set_trouble(struct keystone_http *h, const char *words, const char *cause)
{
	log_trouble(h, cause);
	dc_fail(&h->why, DC_E_UNAVAILABLE, NULL, UNAVAILABLE "%s", words);
}

/* Nobody waits again for what has just taken its whole time. */
static void
pause_for(struct keystone_http *h, const char *words, const char *cause)
{
	set_trouble(h, words, cause);
	h->paused_until = monotonic_now().ms + PAUSE_MS;
}

static void
fail(struct request *r, const char *words, const char *cause)
{
	set_trouble(r->http, words, cause);
	answer(r, DC_E_UNAVAILABLE, &r->http->why);
}

/* --- requests --- */

static size_t
take_answer(char *data, size_t size, size_t n, void *arg)
{
	struct request *r = arg;

	buf_add(&r->answer, data, size * n);
	return r->answer.failed ? 0 : size * n;
}

static void
add_header(struct request *r, const char *name, const char *value)
{
	char *line;
	struct curl_slist *longer;

	if (asprintf(&line, "%s: %s", name, value) < 0 || (longer = curl_slist_append(r->headers, line)) == NULL)
		abort();
	r->headers = longer;
	free_wiped(line);
}

static void
send_request(struct request *r, const char *query)
{
	const struct keystone_http_options *o = r->http->options;
	char *url;

	if (asprintf(&url, "%s/auth/tokens%s", o->url, query) < 0 || (r->easy = curl_easy_init()) == NULL)
		abort();
	curl_easy_setopt(r->easy, CURLOPT_URL, url);
	free(url);
	curl_easy_setopt(r->easy, CURLOPT_HTTPHEADER, r->headers);
	curl_easy_setopt(r->easy, CURLOPT_PRIVATE, r);
	curl_easy_setopt(r->easy, CURLOPT_ERRORBUFFER, r->why);
	curl_easy_setopt(r->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(r->easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(r->easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(r->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(r->easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl_easy_setopt(r->easy, CURLOPT_TIMEOUT_MS, REQUEST_MS);
	curl_easy_setopt(r->easy, CURLOPT_USERAGENT, "dcaasd/" DCAAS_VERSION);
	curl_easy_setopt(r->easy, CURLOPT_WRITEFUNCTION, take_answer);
	curl_easy_setopt(r->easy, CURLOPT_WRITEDATA, r);
	if (o->ca_file != NULL)
		curl_easy_setopt(r->easy, CURLOPT_CAINFO, o->ca_file);
	if (r->done == NULL) {
		curl_easy_setopt(r->easy, CURLOPT_POST, 1L);
		curl_easy_setopt(r->easy, CURLOPT_POSTFIELDS, r->body.data);
		curl_easy_setopt(r->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len);
	}
	curl_multi_add_handle(r->http->multi, r->easy);
}

/* --- our own log-in --- */

static bool
read_password(const char *path, char line[PASSWORD_MAX])
{
	FILE *f = fopen(path, "re");

	line[0] = '\0';
	if (f == NULL)
		return false;
	setvbuf(f, NULL, _IONBF, 0); /* no copy of it stays behind */
	if (fgets(line, PASSWORD_MAX, f) == NULL)
		line[0] = '\0';
	fclose(f);
	line[strcspn(line, "\r\n")] = '\0';
	errno = EINVAL;
	return line[0] != '\0';
}

static void
write_domain(struct json *out, const char *name)
{
	jw_key(out, "domain");
	jw_object_begin(out);
	jw_member_string(out, "name", name);
	jw_object_end(out);
}

static void
write_method(struct json *out, const char *method)
{
	jw_key(out, "methods");
	jw_array_begin(out);
	jw_string(out, method);
	jw_array_end(out);
	jw_key(out, method);
	jw_object_begin(out);
}

static void
write_user(struct json *out, const struct keystone_http_options *o, const char *password)
{
	write_method(out, "password");
	jw_key(out, "user");
	jw_object_begin(out);
	jw_member_string(out, "name", o->user);
	write_domain(out, o->user_domain);
	jw_member_string(out, "password", password);
	jw_object_end(out);
	jw_object_end(out);
}

static void
write_credential(struct json *out, const struct keystone_http_options *o, const char *secret)
{
	write_method(out, "application_credential");
	jw_member_string(out, "id", o->application_credential);
	jw_member_string(out, "secret", secret);
	jw_object_end(out);
}

/* An application credential has its project already. */
static void
write_login(struct buf *body, const struct keystone_http_options *o, const char *password)
{
	struct json out = JSON_INIT(body);

	jw_object_begin(&out);
	jw_key(&out, "auth");
	jw_object_begin(&out);
	jw_key(&out, "identity");
	jw_object_begin(&out);
	if (o->application_credential != NULL)
		write_credential(&out, o, password);
	else
		write_user(&out, o, password);
	jw_object_end(&out);
	if (o->application_credential == NULL) {
		jw_key(&out, "scope");
		jw_object_begin(&out);
		jw_key(&out, "project");
		jw_object_begin(&out);
		jw_member_string(&out, "name", o->project);
		write_domain(&out, o->project_domain);
		jw_object_end(&out);
		jw_object_end(&out);
	}
	jw_object_end(&out);
	jw_object_end(&out);
}

/* All that wait for the log-in. */
static void
fail_waiting(struct keystone_http *h)
{
	struct request *r = TAILQ_FIRST(&h->all), *next;

	for (; r != NULL; r = next) {
		next = TAILQ_NEXT(r, entry);
		if (r->easy == NULL && r->done != NULL)
			answer(r, DC_E_UNAVAILABLE, &h->why);
	}
}

static void
log_in(struct keystone_http *h)
{
	const struct keystone_http_options *o = h->options;
	char password[PASSWORD_MAX], cause[DC_ERROR_TEXT_MAX], room[8 * PASSWORD_MAX] = "";
	struct request *r;

	if (h->logging_in)
		return;
	if (!read_password(o->password_file, password)) {
		snprintf(cause, sizeof(cause), "%s: %s", o->password_file, strerror(errno));
		pause_for(h, LOGIN_WORDS, cause);
		fail_waiting(h);
		return;
	}
	h->logging_in = true;
	r = request_new(h);
	buf_add(&r->body, room, sizeof(room)); /* so that it does not grow, and leave copies behind */
	buf_reset(&r->body);
	write_login(&r->body, o, password);
	explicit_bzero(password, sizeof(password));
	add_header(r, "Content-Type", "application/json");
	add_header(r, "Accept", "application/json");
	send_request(r, "?nocatalog");
}

/* By Keystone's clock, which may differ from ours: how long the token lives, not until when. */
static int64_t
life_of(const char *body, size_t len)
{
	json_t *json = json_loadb(body, len, 0, NULL), *token = json_object_get(json, "token");
	const char *issued = json_string_value(json_object_get(token, "issued_at"));
	const char *expires = json_string_value(json_object_get(token, "expires_at"));
	utc_ms from, until;
	int64_t life = 0;

	if (issued != NULL && expires != NULL && utc_parse(issued, &from) && utc_parse(expires, &until))
		life = until - from;
	json_decref(json);
	return life;
}

static void
send_question(struct request *r)
{
	add_header(r, "X-Auth-Token", r->http->token);
	add_header(r, "X-Subject-Token", r->token);
	add_header(r, "Accept", "application/json");
	send_request(r, "?nocatalog");
}

static void
send_waiting(struct keystone_http *h)
{
	struct request *r;

	TAILQ_FOREACH(r, &h->all, entry)
	if (r->easy == NULL)
		send_question(r);
}

static void
login_failed(struct request *r, const char *words, const char *cause)
{
	struct keystone_http *h = r->http;

	pause_for(h, words, cause);
	request_free(r);
	fail_waiting(h);
}

static void
login_ended(struct request *r, long status)
{
	struct keystone_http *h = r->http;
	struct curl_header *subject = NULL;
	char cause[80];
	int64_t life;

	h->logging_in = false;
	if (status != 201) {
		snprintf(cause, sizeof(cause), "POST /auth/tokens is answered with status %ld", status);
		login_failed(r, LOGIN_WORDS, cause);
		return;
	}
	if (curl_easy_header(r->easy, "X-Subject-Token", 0, CURLH_HEADER, -1, &subject) != CURLHE_OK ||
	    !keystone_http_can_ask(subject->value)) {
		login_failed(r, LOGIN_WORDS, "POST /auth/tokens is answered without a token");
		return;
	}
	free_wiped(h->token);
	if ((h->token = strdup(subject->value)) == NULL)
		abort();
	life = life_of(buf_str(&r->answer), r->answer.len) - EARLY_MS;
	h->token_until = monotonic_now().ms + (life > LEAST_LIFE_MS ? life : LEAST_LIFE_MS);
	request_free(r);
	send_waiting(h);
}

/* --- questions --- */

/* dcaasd's token has ended before its time: Keystone's keys were changed, or it was revoked. */
static void
ask_again(struct request *r)
{
	struct keystone_http *h = r->http;

	request_end(r);
	r->again = true;
	h->token_until = 0;
	log_in(h);
}

static void
question_ended(struct request *r, long status)
{
	char cause[80];

	if (status == 200) {
		log_trouble(r->http, NULL);
		answer(r, DC_OK, NULL);
	} else if (status == 404) {
		log_trouble(r->http, NULL);
		answer(r, DC_E_NOT_FOUND, NULL);
	} else if (status == 401 && !r->again) {
		ask_again(r);
	} else {
		snprintf(cause, sizeof(cause), "GET /auth/tokens is answered with status %ld", status);
		fail(r, status == 401 || status == 403 ? "Keystone does not let dcaasd check tokens" : "Keystone fails",
		    cause);
	}
}

/* Rather than this one question. */
static bool
is_about_keystone(CURLcode result)
{
	return result == CURLE_COULDNT_CONNECT || result == CURLE_COULDNT_RESOLVE_HOST ||
	       result == CURLE_OPERATION_TIMEDOUT || result == CURLE_PEER_FAILED_VERIFICATION;
}

static void
ended(struct request *r, CURLcode result)
{
	long status = 0;
	const char *why = r->why[0] != '\0' ? r->why : curl_easy_strerror(result);

	curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
	if (result == CURLE_OK && r->done == NULL)
		login_ended(r, status);
	else if (result == CURLE_OK)
		question_ended(r, status);
	else if (r->done != NULL) {
		if (is_about_keystone(result))
			r->http->paused_until = monotonic_now().ms + PAUSE_MS;
		fail(r, SILENT_WORDS, r->answer.failed ? "the answer is too long" : why);
	} else {
		r->http->logging_in = false;
		login_failed(r, SILENT_WORDS, why);
	}
}

void
keystone_http_ask(struct keystone_http *h, const char *token, keystone_http_done done, void *arg)
{
	struct request *r = request_new(h);

	r->done = done;
	r->arg = arg;
	if (monotonic_now().ms < h->paused_until) {
		answer(r, DC_E_UNAVAILABLE, &h->why);
		return;
	}
	if ((r->token = strdup(token)) == NULL)
		abort();
	if (h->token != NULL && monotonic_now().ms < h->token_until)
		send_question(r);
	else
		log_in(h);
}

void
keystone_http_step(struct keystone_http *h, int ms)
{
	struct CURLMsg *message;
	struct request *r;
	int running, left;

	curl_multi_perform(h->multi, &running);
	while ((message = curl_multi_info_read(h->multi, &left)) != NULL) {
		CURLcode result = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &r);
		ended(r, result);
	}
	curl_multi_poll(h->multi, NULL, 0, ms, NULL);
}

void
keystone_http_wake(struct keystone_http *h)
{
	curl_multi_wakeup(h->multi);
}

bool
keystone_http_is_in_trouble(const struct keystone_http *h)
{
	return atomic_load(&h->trouble);
}

/* SPDX-License-Identifier: ISC */
#include "cli/http.h"

#include <curl/curl.h>
#include <strings.h>

#include "auth/aksk.h"

#define ANSWER_MAX (256 << 20)
#define CONNECT_SECONDS 10L
#define MAX_SECONDS 60
#define HEADERS_MAX 8

struct http {
	CURL *curl;
	const char *endpoint, *host; /* host with port, as in the Host header */
	char why[CURL_ERROR_SIZE];
};

static size_t
take_body(char *data, size_t size, size_t n, void *arg)
{
	struct http_answer *a = arg;

	buf_add(&a->body, data, size * n);
	return a->body.failed ? 0 : size * n;
}

/* "Name: value\r\n" into out, when it is that header. */
static void
take_value(const char *line, size_t len, const char *name, char *out, size_t size)
{
	size_t n = strlen(name);

	if (len <= n || strncasecmp(line, name, n) != 0)
		return;
	for (line += n, len -= n; len > 0 && (line[0] == ' ' || line[0] == '\t'); len--)
		line++;
	while (len > 0 && (unsigned char)line[len - 1] <= ' ')
		len--;
	snprintf(out, size, "%.*s", (int)len, line);
}

static size_t
take_header(char *line, size_t size, size_t n, void *arg)
{
	struct http_answer *a = arg;

	take_value(line, size * n, "X-Request-Id:", a->request_id, sizeof(a->request_id));
	take_value(line, size * n, "X-Dcaas-Observed-Age:", a->observed_age, sizeof(a->observed_age));
	return size * n;
}

struct http *
http_close(struct http *h)
{
	if (h != NULL) {
		curl_easy_cleanup(h->curl);
		free(h);
		curl_global_cleanup();
	}
	return NULL;
}

/* What stays the same in every call. Redirects are not followed: the signature would not hold there. */
static void
set_up(struct http *h, const struct http_options *o)
{
	CURL *c = h->curl;

	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, h->why);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)(o->max_seconds != 0 ? o->max_seconds : MAX_SECONDS));
	curl_easy_setopt(c, CURLOPT_USERAGENT, "dcaas/" DCAAS_VERSION);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
	if (o->ca != NULL)
		curl_easy_setopt(c, CURLOPT_CAINFO, o->ca);
}

enum dc_code
http_open(const struct http_options *o, struct http **ret, struct dc_error *err)
{
	struct http *h;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return dc_fail(err, DC_E_UNAVAILABLE, NULL, "libcurl does not start");
	h = calloc(1, sizeof(*h));
	if (h == NULL || (h->curl = curl_easy_init()) == NULL) {
		http_close(h);
		return dc_fail(err, DC_E_UNAVAILABLE, NULL, "libcurl does not start");
	}
	h->endpoint = o->endpoint;
	h->host = strstr(o->endpoint, "://") + 3;
	set_up(h, o);
	*ret = h;
	return DC_OK;
}

/* --- headers --- */

struct headers {
	size_t n;
	const char *name[HEADERS_MAX + 1]; /* lower case, sorted */
	const char *value[HEADERS_MAX];
};

static void
add_header(struct headers *h, const char *name, const char *value)
{
	h->name[h->n] = name;
	h->value[h->n++] = value;
}

static const char *
header_value(void *arg, const char *name)
{
	const struct headers *h = arg;

	for (size_t i = 0; i < h->n; i++) {
		if (strcmp(h->name[i], name) == 0)
			return h->value[i];
	}
	return NULL;
}

/* All headers of ours are signed. */
static enum dc_code
sign(const struct http_request *r, struct headers *h, struct arena *arena, const char **ret, struct dc_error *err)
{
	const struct aksk_input input = {
	    .method = r->method,
	    .raw_path = r->path,
	    .raw_query = r->query,
	    .signed_headers = h->name,
	    .header = header_value,
	    .header_arg = h,
	    .body = r->body != NULL ? r->body : "",
	    .body_len = r->body != NULL ? strlen(r->body) : 0,
	    .date = header_value(h, "x-sdk-date"),
	};

	return aksk_authorization(&input, r->access_key, r->secret_key, arena, ret, err);
}

/* A POST or PUT without one declares an empty body. */
static bool
sends_body(const struct http_request *r)
{
	return strcmp(r->method, "POST") == 0 || strcmp(r->method, "PUT") == 0;
}

static enum dc_code
make_headers(const struct http *http, const struct http_request *r, struct arena *arena, struct curl_slist **ret,
    struct dc_error *err)
{
	struct headers h = {0};
	char date[AKSK_DATE_SIZE];
	const char *authorization = NULL;
	enum dc_code rc;

	aksk_format_date(utc_now(), date);
	if (r->body != NULL || sends_body(r))
		add_header(&h, "content-type", "application/json");
	add_header(&h, "host", http->host);
	if (r->project_id != NULL)
		add_header(&h, "x-project-id", r->project_id);
	add_header(&h, "x-sdk-date", date);
	if (r->access_key != NULL && (rc = sign(r, &h, arena, &authorization, err)) != DC_OK)
		return rc;
	if (authorization != NULL)
		add_header(&h, "authorization", authorization);
	*ret = curl_slist_append(*ret, "Expect:");
	for (size_t i = 0; i < h.n; i++)
		*ret = curl_slist_append(*ret, arena_printf(arena, "%s: %s", h.name[i], h.value[i]));
	return DC_OK;
}

/* --- a call --- */

static void
set_body(CURL *c, const struct http_request *r)
{
	const char *body = r->body != NULL ? r->body : "";

	curl_easy_setopt(c, CURLOPT_HTTPGET, 1L);
	if (r->body != NULL || sends_body(r)) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
	}
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, r->method);
}

static enum dc_code
perform(struct http *h, struct http_answer *a, struct dc_error *err)
{
	CURLcode rc;

	h->why[0] = '\0';
	curl_easy_setopt(h->curl, CURLOPT_WRITEDATA, a);
	curl_easy_setopt(h->curl, CURLOPT_HEADERDATA, a);
	rc = curl_easy_perform(h->curl);
	if (a->body.failed)
		return dc_fail(err, DC_E_UNAVAILABLE, NULL, "%s: the answer is too large", h->endpoint);
	if (rc != CURLE_OK)
		return dc_fail(err, DC_E_UNAVAILABLE, NULL, "%s: %s", h->endpoint,
		    h->why[0] != '\0' ? h->why : curl_easy_strerror(rc));
	curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &a->status);
	return DC_OK;
}

enum dc_code
http_call(struct http *h, const struct http_request *r, struct http_answer *ret, struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct http_answer answer = {.body = BUF_INIT(ANSWER_MAX)};
	struct curl_slist *headers = NULL;
	enum dc_code rc = make_headers(h, r, arena, &headers, err);

	if (rc == DC_OK) {
		curl_easy_setopt(h->curl, CURLOPT_URL,
		    arena_printf(arena, "%s%s%s%s", h->endpoint, r->path, r->query[0] != '\0' ? "?" : "", r->query));
		curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, headers);
		set_body(h->curl, r);
		rc = perform(h, &answer, err);
	}
	curl_slist_free_all(headers);
	if (rc == DC_OK)
		*ret = answer;
	else
		buf_free(&answer.body);
	return rc;
}

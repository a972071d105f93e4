/* SPDX-License-Identifier: ISC */
#include "dcaasd/service_routes.h"

#include <pthread.h>

#include "api/api.h"
#include "dcaasd/health.h"

/* Of the edges that have reported: others may be either. */
static const char *
fabric_of(const struct health_state *h)
{
	if (h->real == 0)
		return h->simulated == 0 ? "none" : "simulated";
	return h->simulated == 0 ? "real" : "partly simulated";
}

static const char *
status_of(const struct health_state *h)
{
	return h->failing ? "failing" : h->reasons > 0 ? "degraded" : "ok";
}

static void
fill_health(struct json *out, const void *arg)
{
	const struct health_state *h = arg;

	if (h->failing) { /* an error like any other, for clients that look no further */
		jw_member_string(out, "error_code", dc_code_api(DC_E_STORAGE));
		jw_member_string(out, "error_msg", dc_code_text(DC_E_STORAGE));
	}
	jw_member_string(out, "status", status_of(h));
	jw_key(out, "reasons");
	jw_array_begin(out);
	for (size_t i = 0; i < h->reasons; i++)
		jw_string(out, h->reason[i]);
	jw_array_end(out);
	jw_member_string(out, "version", DCAAS_VERSION);
	jw_member_string(out, "fabric", fabric_of(h));
	jw_member_int(out, "edges", h->edges);
	jw_member_int(out, "edges_held", h->held);
	jw_member_int(out, "edges_silent", h->silent);
	jw_member_int(out, "objects_in_error", h->objects_in_error);
}

static enum dc_code
show_health(struct tx *tx, struct call *call, struct dc_error *err)
{
	const struct shared *shared = api_get_options(call->api)->user;
	struct health_state state;

	(void)tx;
	(void)err;
	health_get(shared->health, &state);
	call_answer(call, fill_health, &state);
	if (state.failing)
		call->status = dc_code_http(DC_E_STORAGE);
	return DC_OK;
}

static void
fill_load(struct json *out, const void *arg)
{
	const struct api_load *load = arg;

	jw_member_int(out, "connections", (int64_t)load->connections);
	jw_member_int(out, "calls_running", (int64_t)load->running);
	jw_member_int(out, "calls_queued", (int64_t)load->queued);
	jw_member_int(out, "calls_waiting", (int64_t)load->waiting);
	jw_member_int(out, "calls_left", (int64_t)load->left);
}

static enum dc_code
show_load(struct tx *tx, struct call *call, struct dc_error *err)
{
	const struct shared *shared = api_get_options(call->api)->user;
	struct api_load all = {0}, one;

	(void)tx;
	(void)err;
	for (size_t i = 0; i < shared->api_n; i++) {
		api_get_load(shared->api[i], &one);
		all.connections += one.connections;
		all.running += one.running;
		all.queued += one.queued;
		all.waiting += one.waiting;
		all.left += one.left;
	}
	call_answer(call, fill_load, &all);
	return DC_OK;
}

/* The same in all the program's life: written once, for anybody may ask. */
static struct {
	pthread_mutex_t lock;
	struct buf text;
	char etag[SHA256_HEX_SIZE + 2]; /* with its quotes */
} openapi = {.lock = PTHREAD_MUTEX_INITIALIZER, .text = {.max = 16 << 20}};

static void
write_openapi(const struct api *api)
{
	struct json out = JSON_INIT(&openapi.text);
	char hash[SHA256_HEX_SIZE];

	api_openapi(api_get_options(api)->routes, &out);
	sha256_hex(openapi.text.data, openapi.text.len, hash);
	snprintf(openapi.etag, sizeof(openapi.etag), "\"%s\"", hash);
}

static enum dc_code
show_openapi(struct tx *tx, struct call *call, struct dc_error *err)
{
	(void)tx;
	(void)err;
	pthread_mutex_lock(&openapi.lock);
	if (openapi.text.len == 0)
		write_openapi(call->api);
	pthread_mutex_unlock(&openapi.lock);
	call->lasting = openapi.text.data;
	call->etag = openapi.etag;
	return DC_OK;
}

const struct route service_routes[] = {
    {M_GET, "/health", ROLE_NONE, ROUTE_OPEN | ROUTE_PROBED | ROUTE_NO_FAULTS, .run = show_health,
	.operation = "ShowHealth",
	.summary = "Whether the server works, and whether its routers are real or simulated."},
    {M_GET, "/dcaas/v1/load", ROLE_OPERATOR, .run = show_load, .operation = "ShowLoad",
	.summary =
	    "What the server is busy with: connections, and calls that run, stand in a queue, or wait for news."},
    {M_GET, "/dcaas/v1/openapi.json", ROLE_NONE, ROUTE_OPEN | ROUTE_DOCUMENT, .run = show_openapi,
	.operation = "ShowOpenapi", .summary = "This API as an OpenAPI document."},
    {0},
};

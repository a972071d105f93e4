#include "dcaasd/service_routes.h"

#include <string.h>

#include "api/api.h"
#include "reconcile/objects.h"

struct health {
	size_t edges, real, simulated, held, silent;
};

/* An edge that was not heard of for three report intervals says nothing that can be relied on. */
static bool
is_silent(const struct edge_report *r, utc_ms now)
{
	return r->received_time.set != GIVEN || now - r->received_time.v > 3 * 1000 * r->report_interval.v;
}

/* Of the edges that have reported: others may be either. */
static const char *
fabric_of(const struct health *h)
{
	if (h->real == 0)
		return h->simulated == 0 ? "none" : "simulated";
	return h->simulated == 0 ? "real" : "partly simulated";
}

static void
fill_health(struct json *out, const void *arg)
{
	const struct health *h = arg;

	jw_member_string(out, "status", "ok");
	jw_member_string(out, "version", DCAAS_VERSION);
	jw_member_string(out, "fabric", fabric_of(h));
	jw_member_int(out, "edges", (int64_t)h->edges);
	jw_member_int(out, "edges_held", (int64_t)h->held);
	jw_member_int(out, "edges_silent", (int64_t)h->silent);
}

static enum dc_code
show_health(struct tx *tx, struct call *call, struct dc_error *err)
{
	struct health h = {0};
	void *rows;
	enum dc_code rc = query_list(tx, &edge_report_table, Q_ALL, NULL, &rows, &h.edges, err);

	if (rc != DC_OK)
		return rc;
	for (size_t i = 0; i < h.edges; i++) {
		const struct edge_report *r = (const struct edge_report *)rows + i;

		if (r->fabric.set == GIVEN)
			*(strcmp(r->fabric.v, "sim") == 0 ? &h.simulated : &h.real) += 1;
		h.held += r->held.v;
		h.silent += is_silent(r, tx_now(tx));
	}
	call_answer(call, fill_health, &h);
	return DC_OK;
}

static enum dc_code
show_openapi(struct tx *tx, struct call *call, struct dc_error *err)
{
	struct json out = JSON_INIT(&call->out);

	(void)tx;
	(void)err;
	api_openapi(api_get_options(call->api)->routes, &out);
	return DC_OK;
}

const struct route service_routes[] = {
    {M_GET, "/health", ROLE_NONE, ROUTE_OPEN, .run = show_health, .operation = "ShowHealth",
	.summary = "Whether the server works, and whether its routers are real or simulated."},
    {M_GET, "/dcaas/v1/openapi.json", ROLE_NONE, ROUTE_OPEN, .run = show_openapi, .operation = "ShowOpenapi",
	.summary = "This API as an OpenAPI document."},
    {0},
};

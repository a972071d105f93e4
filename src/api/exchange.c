/* SPDX-License-Identifier: ISC */
/* One exchange: route, identity, project, role, body, transaction, answer; in this order. */
#include "api/api_priv.h"
#include "api/client_token.h"
#include "api/crud.h"

#include "auth/percent.h"
#include "auth/projects.h"
#include "auth/tables.h"

#define VALUES_MAX ((size_t)400000)

/* Ids that nobody has to be unable to guess: one call of the kernel for many. */
static void
write_request_id(char out[HEX32_TEXT_SIZE])
{
	static _Thread_local struct {
		unsigned char bytes[64][16];
		size_t left;
	} pool;

	if (pool.left == 0) {
		random_bytes(pool.bytes, sizeof(pool.bytes));
		pool.left = sizeof(pool.bytes) / sizeof(pool.bytes[0]);
	}
	hex_encode(pool.bytes[--pool.left], sizeof(pool.bytes[0]), out);
}

struct exchange *
exchange_new(struct api *api, struct MHD_Connection *connection, const char *raw_target)
{
	struct exchange *x = calloc(1, sizeof(*x));
	char *path, *query;

	if (x == NULL)
		return NULL;
	x->connection = connection;
	x->started = monotonic_now();
	x->body.max = BODY_MAX;
	x->call.api = api;
	x->call.arena = arena_new();
	x->call.out.max = ANSWER_MAX;
	x->call.user_agent = "";
	write_request_id(x->call.request_id);
	path = arena_strdup(x->call.arena, header_origin_form(raw_target, x->call.arena));
	if ((query = strchr(path, '?')) != NULL)
		*query++ = '\0';
	x->call.raw_path = path;
	x->call.raw_query = query != NULL ? query : "";
	x->method_text = "";
	return x;
}

struct exchange *
exchange_free(struct exchange *x)
{
	if (x == NULL)
		return NULL;
	buf_free(&x->call.out);
	buf_free(&x->body);
	arena_free(x->call.arena);
	free(x);
	return NULL;
}

const char *
exchange_header(const struct call *call, const char *name)
{
	const struct exchange *x = (const struct exchange *)call;

	for (size_t i = 0; i < x->header_n; i++)
		if ((x->headers[i].name[0] | 0x20) == (name[0] | 0x20) && strcasecmp(x->headers[i].name, name) == 0)
			return x->headers[i].value;
	return NULL;
}

static const char *
auth_header(void *arg, const char *name)
{
	return exchange_header(arg, name);
}

static struct auth_request
auth_request_of(struct tx *tx, struct exchange *x)
{
	return (struct auth_request){.method = x->method_text,
	    .raw_path = x->call.raw_path,
	    .raw_query = x->call.raw_query,
	    .header = auth_header,
	    .header_arg = &x->call,
	    .body = x->call.body_bytes,
	    .body_len = x->call.body_len,
	    .now = tx_now(tx),
	    .vouched = x->vouched ? &x->ask.principal : NULL};
}

enum dc_code
exchange_identify(struct tx *tx, struct exchange *x, struct dc_error *err)
{
	const struct auth_request in = auth_request_of(tx, x);
	struct call *c = &x->call;

	return auth_identify(tx, &c->api->options.auth, &in, c->arena, &c->who, err);
}

static enum dc_code
check_project(struct tx *tx, struct call *c, struct dc_error *err)
{
	const struct project_scope scope = {.domain_id = c->who.domain_id, .project_id = c->who.project_id};
	const char *kept;

	if (!route_in_project(c->route))
		return DC_OK;
	c->project = call_param(c, "project_id");
	/* Some calls of Terraform's provider leave it out: the caller's only one is the one that the client has. */
	if (c->project != NULL && c->project[0] == '\0' && c->who.project_id != NULL)
		c->project = c->who.project_id;
	if (c->project == NULL || c->project[0] == '\0' || c->project[0] == '{')
		return dc_fail(err, DC_E_FORBIDDEN, "project_id",
		    "The client sent no project id: set it in the client's credentials");
	if ((kept = crud_normal_id(&project_table, c->project, c->arena)) != NULL)
		c->project = kept;
	if (c->who.domain_scoped && c->who.role != ROLE_OPERATOR)
		return dc_fail(err, DC_E_FORBIDDEN, "project_id", "The token is scoped to a domain, not to a project");
	return projects_check(tx, &scope, c->who.role, c->project, err);
}

static enum role
role_needed(const struct route *r)
{
	if (route_is_operators(r))
		return r->role == ROLE_NONE ? ROLE_OPERATOR : r->role;
	if ((r->flags & ROUTE_WRITES) && r->role < ROLE_MEMBER && route_in_project(r))
		return ROLE_MEMBER;
	return r->role == ROLE_NONE ? ROLE_READER : r->role;
}

static enum dc_code
check_role(const struct call *c, struct dc_error *err)
{
	enum role needed = role_needed(c->route);

	if (c->route->flags & ROUTE_EDGE)
		return c->who.edge_id != NULL ? DC_OK
					      : dc_fail(err, DC_E_FORBIDDEN, NULL, "The call is for edges only");
	if (c->who.role < needed)
		return dc_fail(err, DC_E_FORBIDDEN, NULL, "The call needs the role %s", role_names[needed - 1]);
	return DC_OK;
}

/* Whether the one who calls may. What that rests on, the answer rests on. */
static enum dc_code
authorize(struct tx *tx, struct exchange *x, struct dc_error *err)
{
	struct call *c = &x->call;
	enum dc_code rc;

	kept_watch(tx, x);
	rc = c->who.edge_id == NULL ? check_project(tx, c, err) : DC_OK;
	return rc == DC_OK ? check_role(c, err) : rc;
}

/* Of a call that was identified before, and has waited since: for the writer, for the worker, or for news. */
static enum dc_code
admit_again(struct tx *tx, struct exchange *x, struct dc_error *err)
{
	struct call *c = &x->call;
	enum dc_code rc;

	if (c->route->flags & ROUTE_OPEN)
		return DC_OK;
	rc = auth_again(tx, &c->api->options.auth, c->arena, &c->who, err);
	return rc == DC_OK ? authorize(tx, x, err) : rc;
}

/* Who calls, and whether the call is for them. */
static enum dc_code
admit(struct tx *tx, struct exchange *x, struct dc_error *err)
{
	enum dc_code rc;

	if (x->call.route->flags & ROUTE_OPEN)
		return DC_OK;
	if (x->identified)
		return admit_again(tx, x, err);
	rc = exchange_identify(tx, x, err);
	return rc == DC_OK ? authorize(tx, x, err) : rc;
}

/* A body of another type would be refused as broken JSON, or be mistaken for JSON. */
static enum dc_code
check_encoding(const struct exchange *x, struct dc_error *err)
{
	const char *encoding = exchange_header(&x->call, "Content-Encoding");

	if (encoding == NULL || x->call.body_len == 0)
		return DC_OK;
	encoding += strspn(encoding, " \t");
	return encoding[0] == '\0' || strcasecmp(encoding, "identity") == 0
		   ? DC_OK
		   : dc_fail(err, DC_E_REQUEST, "Content-Encoding",
			 "The body's Content-Encoding %.40s is not served: send the body as it is", encoding);
}

/* Only the media type counts: clients add charsets of many spellings. None at all is taken as JSON. */
static enum dc_code
check_media_type(const struct exchange *x, struct dc_error *err)
{
	const char *type = exchange_header(&x->call, "Content-Type");
	size_t len;

	if (type == NULL || (x->method != M_POST && x->method != M_PUT))
		return DC_OK;
	type += strspn(type, " \t");
	len = strcspn(type, "; \t");
	if (len == 0 || (len == strlen("application/json") && strncasecmp(type, "application/json", len) == 0))
		return DC_OK;
	return dc_fail(err, DC_E_REQUEST, "Content-Type", "The body must be application/json");
}

/* A tree takes a hundred times the bytes of the text "[],[],[]". No honest client sends that much, and no edge. */
static enum dc_code
check_size(const struct exchange *x, struct dc_error *err)
{
	const char *bytes = x->call.body_bytes;
	size_t values = 0;

	for (size_t i = 0; i < x->call.body_len; i++)
		values += bytes[i] == ',' || bytes[i] == '[' || bytes[i] == '{';
	return values <= VALUES_MAX ? DC_OK
				    : dc_fail(err, DC_E_BODY, NULL, "The body holds more than %zu values", VALUES_MAX);
}

static enum dc_code
decode_body(struct exchange *x, struct dc_error *err)
{
	struct call *c = &x->call;
	const struct route *r = c->route;
	const struct field_table *table = r->body_table != NULL ? r->body_table : r->res != NULL ? r->res->table : NULL;
	const char *envelope = r->envelope != NULL ? r->envelope : r->res != NULL ? r->res->name : "", *bytes;
	json_t *json = NULL;
	void *row = NULL;
	enum dc_code rc;

	if ((rc = check_encoding(x, err)) != DC_OK || (rc = check_media_type(x, err)) != DC_OK || r->view == 0 ||
	    table == NULL)
		return rc;
	if ((rc = check_size(x, err)) != DC_OK)
		return rc;
	if (c->body_len == 0 && envelope[0] == '\0' && !field_table_requires(table, r->view)) {
		c->body = arena_alloc(c->arena, table->size); /* no member is present, and none is required */
		return DC_OK;
	}
	bytes = c->body_len > 0 ? c->body_bytes : "";
	if ((rc = field_parse(bytes, c->body_len, &json, err)) != DC_OK)
		return rc;
	if (envelope[0] != '\0')
		rc = field_decode_in(table, r->view, json, envelope, c->arena, &row, err);
	else
		rc = field_decode(table, r->view, json, "", c->arena, &row, err);
	if (rc == DC_OK && (r->flags & ROUTE_EDGE) == 0)
		x->ignored = field_ignored(table, r->view, json, envelope, c->arena);
	json_decref(json);
	c->body = row;
	return rc;
}

/* The caller asks what would become of an order. Only of resources: a token that is rolled back is of no use. */
static bool
is_dry(const struct exchange *x)
{
	const char *asked = exchange_header(&x->call, "X-Dcaas-Dry-Run");

	return asked != NULL && strcasecmp(asked, "true") == 0 && x->call.route->res != NULL &&
	       (x->call.route->flags & ROUTE_WRITES);
}

/* What the order would do to edges, as a member of its answer. A deletion has no other answer. */
static enum dc_code
add_plan(struct tx *tx, struct call *c, struct dc_error *err)
{
	struct buf *out = &c->out;
	struct json w = JSON_INIT(out);
	enum dc_code rc = tx_settle(tx, err);

	if (rc != DC_OK || c->api->options.plan == NULL)
		return rc;
	if (out->len == 0) {
		c->status = 200;
		buf_puts(out, "{");
	} else {
		out->data[--out->len] = '\0'; /* the brace behind the other members */
		buf_puts(out, ",");
	}
	buf_puts(out, "\"plan\":");
	c->api->options.plan(tx, crud_is_operator(c), &w);
	buf_puts(out, "}");
	return DC_OK;
}

/* An order that was sent before, with the same client token, has its answer. */
static enum dc_code
run_write(struct tx *tx, struct exchange *x, struct dc_error *err)
{
	struct call *c = &x->call;
	bool dry = is_dry(x), repeated = false;
	const char *token = NULL;
	enum dc_code rc;

	if (!dry && (rc = client_token_find(tx, c, &token, &repeated, err)) != DC_OK)
		return rc;
	x->repeated = repeated;
	if (repeated)
		return DC_OK;
	if (dry)
		tx_make_dry(tx);
	rc = c->route->run(tx, c, err);
	if (dry && rc == DC_OK && !c->wait)
		return add_plan(tx, c, err);
	if (rc == DC_OK && token != NULL && !c->wait && c->next == NULL)
		rc = client_token_keep(tx, c, token, err);
	return rc;
}

/* What a tester has ordered for this call. A delay ends with the call's deadline, at which the call runs again. */
static enum dc_code
suffer(struct exchange *x, struct dc_error *err)
{
	struct call *c = &x->call;
	const struct fault *f;

	if (!x->fault_asked && faults_any(c->api->options.faults) &&
	    (c->route->flags & (ROUTE_EDGE | ROUTE_NO_FAULTS)) == 0)
		x->ordered = faults_take(c->api->options.faults, c->route->operation, c->project, c->arena);
	x->fault_asked = true;
	f = x->ordered;
	if (f == NULL)
		return DC_OK;
	c->wait = f->delay_ms.set == GIVEN && !c->waited;
	c->wait_ms = f->delay_ms.v;
	if (c->wait || f->error_code.set != GIVEN)
		return DC_OK;
	return dc_fail(
	    err, DC_E_PARAM, NULL, "%s", f->error_msg.set == GIVEN ? f->error_msg.v : "A tester ordered this");
}

static enum dc_code
run_route(struct tx *tx, struct exchange *x, struct dc_error *err)
{
	bool reads = !(x->call.route->flags & ROUTE_WRITES);
	struct cost cost = {0};
	unsigned before = tx_statements(tx);
	enum dc_code rc;

	call_reset_answer(&x->call);
	if ((rc = suffer(x, err)) != DC_OK || x->call.wait)
		return rc;
	if (reads)
		cost = cost_begin(x);
	rc = reads ? x->call.route->run(tx, &x->call, err) : run_write(tx, x, err);
	if (reads)
		cost_end(&cost);
	if (rc == DC_OK && reads)
		kept_keep(tx, x);
	x->statements = tx_statements(tx) - before;
	return rc;
}

static enum dc_code
run_job(struct tx *tx, void *arg, struct dc_error *err)
{
	struct exchange *x = arg;
	enum dc_code rc = admit_again(tx, x, err);

	return rc == DC_OK ? run_route(tx, x, err) : rc;
}

static enum dc_code
admit_job(struct tx *tx, void *arg, struct dc_error *err)
{
	return admit(tx, arg, err);
}

/* A read does all in one transaction. */
static enum dc_code
read_job(struct tx *tx, void *arg, struct dc_error *err)
{
	struct exchange *x = arg;
	enum dc_code rc;

	if ((rc = admit(tx, x, err)) != DC_OK || (rc = decode_body(x, err)) != DC_OK)
		return rc;
	return run_route(tx, x, err);
}

/* store_done of the route's run. */
static void
ran(void *arg, enum dc_code rc, const struct dc_error *err)
{
	struct exchange *x = arg;
	struct dc_error own = {0};

#ifdef DC_CHECK_ANSWERS
	if (kept_check_again(x, rc)) {
		exchange_run(x);
		return;
	}
#endif
	if (rc == DC_OK && x->call.wait && !x->call.waited)
		wait_add(x);
	else if (rc == DC_OK && x->call.next != NULL && atomic_load(&x->call.api->stopping))
		exchange_finish(x, dc_fail(&own, DC_E_UNAVAILABLE, NULL, "The server is stopping"), &own);
	else if (rc == DC_OK && x->call.next != NULL) {
		x->call.progress = x->call.next;
		exchange_run(x);
	} else
		exchange_finish(x, rc, err);
}

static uint64_t
wakes_so_far(struct api *api)
{
	uint64_t wakes;

	pthread_mutex_lock(&api->wait_lock);
	wakes = api->wakes;
	pthread_mutex_unlock(&api->wait_lock);
	return wakes;
}

static void
run_by(struct exchange *x, store_run job)
{
	struct store *store = x->call.api->options.store;

	x->wakes_seen = wakes_so_far(x->call.api);
	if (x->call.route->flags & ROUTE_WRITES)
		store_submit_for(store, exchange_party(x), job, x, ran);
	else
		store_read_for(store, exchange_party(x), job, x, ran);
}

void
exchange_no_place(struct exchange *x)
{
	struct dc_error err = {0};
	enum dc_code rc = dc_fail(&err, DC_E_UNAVAILABLE, NULL, "Too many calls of this kind: try again");

	exchange_finish(x, rc, &err);
}

void
exchange_run(struct exchange *x)
{
	if ((x->call.route->flags & ROUTE_WRITES) || !cost_is_high(x))
		run_by(x, run_job);
	else if (!worker_add(x, LANE_READ, NULL))
		exchange_no_place(x);
}

static bool
is_stopping(const struct exchange *x, enum dc_code *rc, struct dc_error *err)
{
	if (!atomic_load(&x->call.api->stopping)) /* a full queue takes longer than a stop may */
		return false;
	*rc = dc_fail(err, DC_E_UNAVAILABLE, NULL, "The server is stopping");
	return true;
}

void
exchange_read(struct exchange *x)
{
	struct dc_error err = {0};
	enum dc_code rc;

	if (!x->call.waited && is_stopping(x, &rc, &err))
		exchange_finish(x, rc, &err);
	else
		run_by(x, run_job);
}

static enum dc_code
admit_again_job(struct tx *tx, void *arg, struct dc_error *err)
{
	struct exchange *x = arg;

	return admit_again(tx, x, err);
}

void
exchange_prepare(struct exchange *x)
{
	struct dc_error err = {0};
	enum dc_code rc;

	if (!is_stopping(x, &rc, &err))
		rc = store_read_wait(x->call.api->options.store, admit_again_job, x, &err);
	if (rc == DC_OK && (rc = x->call.route->prepare(&x->call, &err)) == DC_OK)
		exchange_run(x);
	else
		exchange_finish(x, rc, &err);
}

static void
queue_for_prepare(struct exchange *x)
{
	const struct route *r = x->call.route;
	const char *name = NULL;
	enum route_lane lane = r->queue != NULL ? r->queue(&x->call, &name) : r->lane;

	if (!worker_add(x, lane, name))
		exchange_no_place(x);
}

/* store_done of admit_job. */
static void
admitted(void *arg, enum dc_code rc, const struct dc_error *err)
{
	struct exchange *x = arg;
	struct dc_error own = {0};

	if (rc == DC_OK) {
		rc = decode_body(x, &own);
		err = &own;
	}
	if (rc != DC_OK)
		exchange_finish(x, rc, err);
	else if (x->call.route->prepare == NULL)
		exchange_run(x);
	else
		queue_for_prepare(x);
}

enum dc_code
exchange_claim(struct tx *tx, struct exchange *x, struct dc_error *err)
{
	const struct auth_request in = auth_request_of(tx, x);
	struct call *c = &x->call;
	enum dc_code rc = auth_claim(tx, &c->api->options.auth, &in, c->arena, &c->who, err);

	/* A credential that is proof itself is judged in whole; of others, only that it is not an edge's. */
	if (rc == DC_OK && (c->who.credential == CREDENTIAL_TOKEN || c->who.credential == CREDENTIAL_EDGE ||
			       (c->route->flags & ROUTE_EDGE)))
		rc = authorize(tx, x, err);
	return rc;
}

/* What the head contains before any route looks at it. */
enum dc_code
exchange_head(struct exchange *x, const char *version, struct dc_error *err)
{
	const char *length = exchange_header(&x->call, "Content-Length");
	struct call *c = &x->call;
	enum dc_code rc;

	if ((x->fault = header_fault(x, version)) != NULL)
		return dc_fail(err, DC_E_REQUEST, NULL, "%s", x->fault);
	if (percent_decode_text(c->raw_query, strlen(c->raw_query), c->arena) == NULL)
		return dc_fail(err, DC_E_REQUEST, NULL, "The query holds a broken or forbidden escape");
	if ((rc = route_find(c->api->routes, x->method, c->raw_path, c->arena, &c->match, err)) != DC_OK)
		return rc;
	c->route = c->match.route;
	return body_announced(x, length != NULL ? strtoull(length, NULL, 10) : 0, err);
}

/* Whether the server is well is known in memory, and is answered so when the database hangs. */
static bool
is_answered_at_once(struct exchange *x)
{
	struct dc_error err = {0};
	enum dc_code rc;

	if ((x->call.route->flags & (ROUTE_OPEN | ROUTE_PROBED)) != (ROUTE_OPEN | ROUTE_PROBED))
		return false;
	rc = store_glance(x->call.api->options.store, x->call.arena, read_job, x, &err);
	if (rc == DC_E_AGAIN)
		return false;
	ran(x, rc, &err);
	return true;
}

/* From who calls to the answer. */
static void
begin(struct exchange *x)
{
	struct call *c = &x->call;
	const struct api_options *o = &c->api->options;

	if (o->settings != NULL)
		c->settings = o->settings(o->user, c->arena);
	if (is_answered_at_once(x))
		return;
	if ((c->route->flags & ROUTE_WRITES) || c->route->prepare != NULL || cost_is_high(x))
		store_read_for(c->api->options.store, exchange_party(x), admit_job, x, admitted);
	else
		run_by(x, read_job);
}

void
exchange_with_body(struct exchange *x)
{
	struct dc_error err = {0};
	enum dc_code rc = DC_OK;

	if (is_stopping(x, &rc, &err))
		exchange_finish(x, rc, &err);
	else
		begin(x);
}

/* From what is kept. */
static bool
is_answered(struct exchange *x)
{
#ifdef DC_CHECK_ANSWERS
	(void)kept_check_begin(x);
	return false;
#else
	if (!kept_answers(x))
		return false;
	exchange_finish(x, DC_OK, NULL);
	return true;
#endif
}

void
exchange_start(struct exchange *x)
{
	struct call *c = &x->call;
	struct dc_error err = {0};
	bool brief;

	atomic_fetch_add(&c->api->begun, 1);
	atomic_fetch_add(&c->api->running, 1);
	atomic_store(&x->phase, PHASE_RUNNING);
	peer_allow(x->peer, 0);
	brief = peer_turn_briefly(x->peer, TURN_SERVER, PEER_STRANGER);
	c->body_bytes = buf_str(&x->body);
	c->body_len = x->body.len;
	if (exchange_header(c, "User-Agent") != NULL)
		c->user_agent = exchange_header(c, "User-Agent");
	if (atomic_load(&c->api->stopping)) {
		exchange_finish(x, dc_fail(&err, DC_E_UNAVAILABLE, NULL, "The server is stopping"), &err);
		return;
	}
	if (x->refusal != DC_OK) {
		exchange_finish(x, x->refusal, x->refused);
		return;
	}
	if (x->method == M_OPTIONS) {
		c->status = 204;
		exchange_finish(x, DC_OK, NULL);
		return;
	}
	vouch_look(x);
	if (brief && !faults_any(c->api->options.faults) && is_answered(x))
		return;
	x->ran = true;
	if (!peer_run(x->peer))
		exchange_finish(x,
		    dc_fail(&err, DC_E_UNAVAILABLE, NULL, "Too many calls from this address at a time: try again"),
		    &err);
	else if (vouch_asks(x))
		return;
	else if (c->body_len <= LONG_BODY)
		begin(x);
	else if (!worker_add(x, LANE_BODY, NULL))
		exchange_no_place(x);
}

bool
exchange_is_left(const struct exchange *x)
{
	const struct route *r = x->call.route;

	return x->peer != NULL && atomic_load(&x->peer->left) &&
	       ((r->flags & ROUTE_WRITES) == 0 || (r->flags & ROUTE_FOR_ANSWER) != 0);
}

/* The answer is for the log: it is written to a connection that nobody reads, which closes it. */
void
exchange_leave(struct exchange *x)
{
	struct dc_error err = {0};
	enum dc_code rc = dc_fail(&err, DC_E_UNAVAILABLE, NULL, "The client has left");

	exchange_finish(x, rc, &err);
}

/* A server that does not stop has nobody who waits; one that stops a moment later looks again soon. */
void
exchange_count_down(struct api *api, atomic_size_t *count)
{
	if (!atomic_load(&api->stopping)) {
		atomic_fetch_sub(count, 1);
		return;
	}
	pthread_mutex_lock(&api->lock);
	atomic_fetch_sub(count, 1);
	pthread_cond_broadcast(&api->changed);
	pthread_mutex_unlock(&api->lock);
}

/* The exchange may be freed by libmicrohttpd's thread as soon as the phase is DONE and its connection runs. */
void
exchange_finish(struct exchange *x, enum dc_code rc, const struct dc_error *err)
{
	struct api *api = x->call.api;
	struct MHD_Connection *connection = x->connection;

	if (rc == DC_E_UNAUTHORIZED)
		event_refused(&x->call);
	if (rc != DC_OK)
		answer_error(x, rc, err);
	else if (x->call.out.failed)
		answer_error(x, DC_E_SYSTEM, NULL);
	if (atomic_exchange(&x->phase, PHASE_DONE) == PHASE_SUSPENDED)
		MHD_resume_connection(connection);
	exchange_count_down(api, &api->running);
}

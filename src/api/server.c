/* SPDX-License-Identifier: ISC */
/* libmicrohttpd: connections in, whole requests to exchange.c, answers out. */
#include "api/api_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/tls_priv.h"
#include "base/log.h"

#define HEADER_MEMORY ((size_t)40 * 1024) /* per connection: 32 KiB of request header and what libmicrohttpd needs */
#define BACKLOG 1024
#define THREADS_MAX 4

static void
on_connection(
    void *cls, struct MHD_Connection *connection, void **socket_context, enum MHD_ConnectionNotificationCode what)
{
	struct api *api = cls;
	const union MHD_ConnectionInfo *fd, *from;
	struct peer *peer;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
		from = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
		if (fd == NULL ||
		    (peer = peer_begin(api, fd->connect_fd, from != NULL ? from->client_addr : NULL)) == NULL)
			return;
		peer_allow(peer, (int64_t)api->options.idle_seconds * 2000);
		*socket_context = peer;
	} else if (*socket_context != NULL) {
		*socket_context = peer_end(*socket_context);
	}
}

/* The request line is here: the raw target, before libmicrohttpd decodes it (%00 would end it, %2F become a slash).
 * What is returned becomes the request's context. */
static void *
on_target(void *cls, const char *target, struct MHD_Connection *connection)
{
	struct api *api = cls;
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct exchange *x = exchange_new(api, connection, target);

	if (x == NULL)
		return NULL;
	x->peer = info != NULL ? info->socket_context : NULL;
	if (x->peer != NULL && x->peer->address[0] != '\0')
		x->call.address = arena_strdup(x->call.arena, x->peer->address);
	peer_heard(x->peer);
	peer_allow(x->peer, (int64_t)api->options.idle_seconds * 1000);
	return x;
}

static void
on_completed(void *cls, struct MHD_Connection *connection, void **context, enum MHD_RequestTerminationCode why)
{
	struct api *api = cls;
	struct exchange *x = *context;

	(void)connection;
	(void)why;
	if (x == NULL)
		return;
	body_drop(x);
	/* The next request of a kept connection: idle until it comes, then as long as the first had. */
	peer_allow(x->peer, (int64_t)api->options.idle_seconds * 2000);
	peer_turn(x->peer, TURN_CLIENT, PEER_STRANGER);
	if (atomic_load(&x->phase) != PHASE_NEW)
		exchange_count_down(api, &api->begun);
	*context = exchange_free(x);
}

struct collected {
	struct exchange *x;
	size_t max;
	struct header_lines lines;
};

static enum MHD_Result
collect_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct collected *c = cls;

	(void)kind;
	header_line(&c->lines, name, value != NULL ? value : "");
	if (c->x->header_n < c->max) {
		c->x->headers[c->x->header_n].name = arena_strdup(c->x->call.arena, name);
		c->x->headers[c->x->header_n++].value = header_value(c->x, value != NULL ? value : "");
	}
	return MHD_YES;
}

/* Copies the header, so that other threads may read it while the connection is suspended. start: of the request, as
 * libmicrohttpd received it. */
static void
collect_headers(struct exchange *x, const char *start)
{
	const union MHD_ConnectionInfo *size =
	    MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	int n = MHD_get_connection_values(x->connection, MHD_HEADER_KIND, NULL, NULL);
	struct collected c = {.x = x, .max = n > 0 ? (size_t)n : 0};

	x->headers = arena_array(x->call.arena, c.max + 1, sizeof(*x->headers));
	MHD_get_connection_values(x->connection, MHD_HEADER_KIND, collect_header, &c);
	x->broken_lines = c.lines.broken || (size != NULL && !header_lines_end(&c.lines, start + size->header_size));
}

/* Answers before the body was read: libmicrohttpd closes the connection behind that. */
static enum MHD_Result
refuse(struct exchange *x)
{
	exchange_start(x);
	return answer_queue(x);
}

static void
set_refusal(struct exchange *x, enum dc_code rc, const struct dc_error *err)
{
	x->refusal = rc;
	x->refused = arena_memdup(x->call.arena, err, sizeof(*err));
	body_drop(x);
}

static unsigned long long
announced(const struct exchange *x)
{
	const char *length = exchange_header(&x->call, "Content-Length");

	return length != NULL ? strtoull(length, NULL, 10) : 0;
}

/* The header is whole. Refuses one that can be read in two ways, and before the body is sent, when the client waits for
 * that, a body that will not be taken. */
static enum MHD_Result
on_header(struct exchange *x, const char *method, const char *version)
{
	struct dc_error err = {0};
	enum dc_code rc;

	x->headers_seen = true;
	x->method_text = arena_strdup(x->call.arena, method);
	x->method = method_parse(method);
	collect_headers(x, method);
	peer_allow(x->peer, (int64_t)x->call.api->options.idle_seconds * 1000);
	if ((rc = exchange_head(x, version, &err)) == DC_OK)
		return MHD_YES;
	set_refusal(x, rc, &err);
	if (x->fault == NULL && exchange_header(&x->call, "Expect") == NULL && announced(x) <= DRAIN_MAX)
		return MHD_YES;
	return refuse(x);
}

/* Keeps the part, or drops it when the body is refused: the answer can only be given at the end. */
static enum MHD_Result
on_body(struct exchange *x, const char *data, size_t len)
{
	struct dc_error err = {0};
	enum dc_code rc;

	if (x->refusal == DC_OK && (rc = body_add(x, data, len, &err)) != DC_OK)
		set_refusal(x, rc, &err);
	if (x->refusal == DC_OK)
		return MHD_YES;
	x->dropped += len;
	return x->dropped > DRAIN_MAX ? MHD_NO : MHD_YES;
}

/* The request is whole. The first call starts the exchange, the second, which libmicrohttpd makes at once, suspends the
 * connection until exchange_finish(). Suspended by the first it would still be about to read, and once resumed would
 * find that a client has closed its sending side, and take that for a client that has gone: no answer to an order that
 * was carried out. */
static enum MHD_Result
on_whole(struct exchange *x)
{
	enum phase expected = PHASE_RUNNING;
	struct MHD_Connection *connection = x->connection;

	if (atomic_load(&x->phase) == PHASE_NEW) {
		exchange_start(x);
		return atomic_load(&x->phase) == PHASE_DONE ? answer_queue(x) : MHD_YES;
	}
	MHD_suspend_connection(connection);
	if (!atomic_compare_exchange_strong(&x->phase, &expected, PHASE_SUSPENDED))
		MHD_resume_connection(connection); /* it was finished in between, and nobody else resumes it */
	return MHD_YES;
}

static enum MHD_Result
on_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
    const char *data, size_t *data_len, void **context)
{
	struct exchange *x = *context;
	size_t len = *data_len;

	(void)cls;
	(void)connection;
	(void)url;
	if (x == NULL)
		return MHD_NO;
	if (!x->headers_seen || len > 0)
		peer_heard(x->peer);
	if (!x->headers_seen)
		return on_header(x, method, version);
	if (len > 0) {
		*data_len = 0;
		return on_body(x, data, len);
	}
	return atomic_load(&x->phase) == PHASE_DONE ? answer_queue(x) : on_whole(x);
}

static void on_log(void *cls, const char *fmt, va_list args) __attribute__((format(printf, 2, 0)));

static void
on_log(void *cls, const char *fmt, va_list args)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	char text[512];

	(void)cls;
	vsnprintf(text, sizeof(text), fmt, args);
	text[strcspn(text, "\n")] = '\0';
	dc_log(LOG_DEBUG, "http", "text=%s", log_quote(arena, text)); /* it may hold what a client sent */
}

/* A bound, listening socket of our own, so that errors are reported in words. */
static enum dc_code
listen_on(const char *address, uint16_t port, int *ret, struct dc_error *err)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	bool six = strchr(address, ':') != NULL;
	int fd, on = 1;

	if (inet_pton(six ? AF_INET6 : AF_INET, address, six ? (void *)&v6.sin6_addr : (void *)&v4.sin_addr) != 1)
		return dc_fail(err, DC_E_PARAM, "address", "%s is no IP address", address);
	fd = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return dc_fail(err, DC_E_IO, NULL, "socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, six ? (const struct sockaddr *)&v6 : (const struct sockaddr *)&v4,
		six ? sizeof(v6) : sizeof(v4)) != 0 ||
	    listen(fd, BACKLOG) != 0) {
		dc_fail(err, DC_E_IO, NULL, "listening on %s port %u: %s", address, port, strerror(errno));
		close(fd);
		return DC_E_IO;
	}
	*ret = fd;
	return DC_OK;
}

static uint16_t
port_of(int fd)
{
	struct sockaddr_storage any = {0};
	socklen_t len = sizeof(any);

	if (getsockname(fd, (struct sockaddr *)&any, &len) != 0)
		return 0;
	if (any.ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)(const void *)&any)->sin6_port);
	return ntohs(((const struct sockaddr_in *)(const void *)&any)->sin_port);
}

/* GnuTLS asks for the certificate of one handshake; libmicrohttpd has made the connection the session's pointer. */
static int
on_handshake(gnutls_session_t session, const struct gnutls_cert_retr_st *info, gnutls_pcert_st **certs, unsigned *count,
    gnutls_ocsp_data_st **ocsp, unsigned *ocsp_count, gnutls_privkey_t *key, unsigned *flags)
{
	const union MHD_ConnectionInfo *context =
	    MHD_get_connection_info(gnutls_session_get_ptr(session), MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	const struct peer *peer = context != NULL ? context->socket_context : NULL;

	(void)info;
	*ocsp = NULL;
	*ocsp_count = 0;
	*flags = GNUTLS_CERT_RETR_DEINIT_ALL;
	return peer != NULL ? tls_retrieve(peer->api->options.tls, certs, count, key) : -1;
}

/* Ours are the limits (peer.c): libmicrohttpd's are above them, for those that are being closed. */
unsigned
api_descriptors(unsigned max_connections)
{
	return max_connections + edge_places(max_connections) + max_connections / 16 + 16;
}

/* libmicrohttpd's pool has two threads at least. */
static struct MHD_OptionItem
pool_option(unsigned threads)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	long n = threads > 0 ? (long)threads : cores > THREADS_MAX ? THREADS_MAX : cores;

	return (struct MHD_OptionItem){n > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, (intptr_t)n, NULL};
}

static struct MHD_Daemon *
start_daemon(struct api *api)
{
	const struct api_options *o = &api->options;
	const struct MHD_OptionItem https[] = {
	    {MHD_OPTION_HTTPS_CERT_CALLBACK2, 0, (void *)(uintptr_t)on_handshake},
	    {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
	    {MHD_OPTION_END, 0, NULL},
	};
	const struct MHD_OptionItem http[] = {{MHD_OPTION_END, 0, NULL}};
	const struct MHD_OptionItem pool[] = {pool_option(o->threads), {MHD_OPTION_END, 0, NULL}};

	return MHD_start_daemon(MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_ALLOW_SUSPEND_RESUME |
				    MHD_USE_ITC | MHD_USE_ERROR_LOG | (o->tls != NULL ? MHD_USE_TLS : 0),
	    0, NULL, NULL, on_request, api, MHD_OPTION_EXTERNAL_LOGGER, on_log, api, MHD_OPTION_ARRAY,
	    o->tls != NULL ? https : http, MHD_OPTION_ARRAY, pool, MHD_OPTION_LISTEN_SOCKET, api->listen_fd,
	    MHD_OPTION_URI_LOG_CALLBACK, on_target, api, MHD_OPTION_NOTIFY_COMPLETED, on_completed, api,
	    MHD_OPTION_NOTIFY_CONNECTION, on_connection, api, MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEADER_MEMORY,
	    MHD_OPTION_CONNECTION_LIMIT, api_descriptors(o->max_connections), MHD_OPTION_CONNECTION_TIMEOUT,
	    o->idle_seconds, MHD_OPTION_END);
}

static void
free_server(struct api *api)
{
	if (api->listen_fd >= 0)
		close(api->listen_fd);
	pthread_mutex_destroy(&api->lock);
	pthread_mutex_destroy(&api->wait_lock);
	pthread_mutex_destroy(&api->peer_lock);
	pthread_cond_destroy(&api->changed);
	pthread_cond_destroy(&api->wait_changed);
	peers_fini(api);
	route_index_free(api->routes);
	free(api);
}

static struct api *
new_api(const struct api_options *o)
{
	struct api *api = calloc(1, sizeof(*api));

	if (api == NULL)
		return NULL;
	api->options = *o;
	api->routes = route_index_new(o->routes);
	if (api->options.max_connections == 0)
		api->options.max_connections = 1000;
	if (api->options.idle_seconds == 0)
		api->options.idle_seconds = 30;
	api->listen_fd = o->listen_fd;
	pthread_mutex_init(&api->lock, NULL);
	pthread_mutex_init(&api->wait_lock, NULL);
	pthread_mutex_init(&api->peer_lock, NULL);
	cond_init(&api->changed);
	cond_init(&api->wait_changed);
	peers_init(api);
	return api;
}

enum dc_code
api_start(const struct api_options *o, struct api **ret, struct dc_error *err)
{
	struct api *api = new_api(o);
	enum dc_code rc;

	if (api == NULL)
		return dc_fail(err, DC_E_SYSTEM, NULL, "out of memory");
	if (api->listen_fd >= 0)
		fcntl(api->listen_fd, F_SETFL, fcntl(api->listen_fd, F_GETFL) | O_NONBLOCK);
	else if ((rc = listen_on(o->address, o->port, &api->listen_fd, err)) != DC_OK) {
		free_server(api);
		return rc;
	}
	api->port = port_of(api->listen_fd);
	if (wait_start(api) != 0) {
		free_server(api);
		return dc_fail(err, DC_E_SYSTEM, NULL, "the server's threads do not start");
	}
	if (worker_start(api) != 0) {
		wait_stop(api);
		free_server(api);
		return dc_fail(err, DC_E_SYSTEM, NULL, "the server's threads do not start");
	}
	*ret = api;
	return DC_OK;
}

enum dc_code
api_serve(struct api *api, struct dc_error *err)
{
	if ((api->daemon = start_daemon(api)) == NULL)
		return dc_fail(err, DC_E_SYSTEM, NULL, "the HTTP server does not start");
	return DC_OK;
}

uint16_t
api_port(const struct api *api)
{
	return api->port;
}

void
api_get_load(struct api *api, struct api_load *ret)
{
	pthread_mutex_lock(&api->peer_lock);
	ret->connections = api->peer_n;
	ret->left = api->left_n;
	pthread_mutex_unlock(&api->peer_lock);
	pthread_mutex_lock(&api->wait_lock);
	ret->waiting = api->waiting_n;
	pthread_mutex_unlock(&api->wait_lock);
	ret->queued = worker_queued(api);
	pthread_mutex_lock(&api->lock);
	ret->running = api->running > ret->waiting ? api->running - ret->waiting : 0;
	pthread_mutex_unlock(&api->lock);
}

const struct api_options *
api_get_options(const struct api *api)
{
	return &api->options;
}

void
api_quiesce(struct api *api)
{
	atomic_store(&api->stopping, true);
	if (api->daemon != NULL)
		MHD_quiesce_daemon(api->daemon);
	close(api->listen_fd);
	api->listen_fd = -1;
	wait_finish_all(api);
}

/* Who has not sent the whole request has no order here: it is not waited for. Calls that run are, however long: the
 * store would wait for them too. */
void
api_drain(struct api *api, int64_t until)
{
	pthread_mutex_lock(&api->lock);
	while (atomic_load(&api->running) > 0 || (atomic_load(&api->begun) > 0 && monotonic_now().ms < until)) {
		int64_t soon = monotonic_now().ms + 100;

		cond_wait_until(
		    &api->changed, &api->lock, soon < until || atomic_load(&api->running) > 0 ? soon : until);
	}
	pthread_mutex_unlock(&api->lock);
}

struct api *
api_free(struct api *api)
{
	if (api == NULL)
		return NULL;
	wait_stop(api); /* its thread looks into the lanes */
	worker_stop(api);
	if (api->daemon != NULL)
		MHD_stop_daemon(api->daemon);
	free_server(api);
	return NULL;
}

/* SPDX-License-Identifier: ISC */
/* bare_http.c - the least that libmicrohttpd can do: one body for every request. bare_http BODY_FILE PORT_FILE
 * [THREADS]
 *
 * The yardstick for GET of one resource: same library, same threading mode, same body and headers, but no routing, no
 * authentication, no store. Ends on SIGTERM or SIGINT. */
#include <err.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct body {
	char *text;
	size_t size;
};

static enum MHD_Result
answer(void *arg, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
    const char *upload, size_t *upload_size, void **seen)
{
	static int first;
	const struct body *body = arg;
	struct MHD_Response *response;
	enum MHD_Result result;

	(void)url, (void)method, (void)version, (void)upload, (void)upload_size;
	if (*seen == NULL) {
		*seen = &first;
		return MHD_YES;
	}
	response = MHD_create_response_from_buffer(body->size, body->text, MHD_RESPMEM_MUST_COPY);
	MHD_add_response_header(response, "Content-Type", "application/json");
	MHD_add_response_header(response, "X-Request-Id", "00000000000000000000000000000000");
	result = MHD_queue_response(connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return result;
}

static struct body
read_body(const char *path)
{
	static char text[1 << 23];
	FILE *file = fopen(path, "re");
	struct body body = {text, 0};

	if (file == NULL)
		err(1, "%s", path);
	body.size = fread(text, 1, sizeof(text), file);
	fclose(file);
	return body;
}

static void
write_port(const char *path, struct MHD_Daemon *daemon)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
	FILE *file = fopen(path, "we");

	if (file == NULL || info == NULL || fprintf(file, "%u\n", info->port) < 0 || fclose(file) != 0)
		err(1, "%s", path);
}

int
main(int argc, char **argv)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	unsigned threads = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 1;
	struct MHD_Daemon *daemon;
	struct body body;
	sigset_t ends;
	int which;

	if (argc < 3)
		errx(2, "usage: bare_http BODY_FILE PORT_FILE [THREADS]");
	body = read_body(argv[1]);
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, answer, &body, MHD_OPTION_SOCK_ADDR,
	    &at, MHD_OPTION_THREAD_POOL_SIZE, threads, MHD_OPTION_CONNECTION_LIMIT, 4096u, MHD_OPTION_END);
	if (daemon == NULL)
		errx(1, "libmicrohttpd does not start");
	write_port(argv[2], daemon);
	sigwait(&ends, &which);
	MHD_stop_daemon(daemon);
	return 0;
}

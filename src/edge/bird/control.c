/* SPDX-License-Identifier: ISC */
#include "edge/bird/control.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

#define REPLY_MAX (64u << 20) /* "show protocols all" of a large instance is a few MB */
#define LINE_CODE 4

struct control {
	char *dir;
	int timeout_ms; /* of the exchange that goes on */
	int fd;         /* -1: none */
};

struct control *
control_new(const char *dir)
{
	struct control *c = calloc(1, sizeof(*c));

	if (c == NULL || (c->dir = strdup(dir)) == NULL)
		abort();
	c->fd = -1;
	return c;
}

void
control_drop(struct control *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

struct control *
control_free(struct control *c)
{
	if (c == NULL)
		return NULL;
	control_drop(c);
	free(c->dir);
	free(c);
	return NULL;
}

bool
control_connected(const struct control *c)
{
	return c->fd >= 0;
}

const char *
control_words(const struct control_reply *r)
{
	return r->lines == 0 ? "" : r->line[r->lines - 1].text;
}

/* "DDDD-text" (more follow), " text" (of the same code), "DDDD text" (the last). Returns 1 for the last, -1 for none.
 */
static int
split_line(char *line, unsigned *code, bool first, const char **text)
{
	if (line[0] == ' ') {
		*text = line + 1;
		return first ? -1 : 0;
	}
	if (line[0] == '+') { /* asynchronous, of other sessions' doing: no part of the reply */
		*text = NULL;
		return 0;
	}
	unsigned value = 0;

	for (int i = 0; i < LINE_CODE; i++) {
		if (line[i] < '0' || line[i] > '9')
			return -1;
		value = value * 10 + (unsigned)(line[i] - '0');
	}
	if (line[LINE_CODE] != '-' && line[LINE_CODE] != ' ')
		return -1;
	*code = value;
	*text = line + LINE_CODE + 1;
	return line[LINE_CODE] == ' ';
}

int
control_split(char *text, size_t len, struct arena *arena, struct control_reply *ret)
{
	size_t lines = 0, n = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\0')
			return -1;
		lines += text[i] == '\n';
	}
	if (lines == 0)
		return 0;
	struct control_line *line = arena_array(arena, lines, sizeof(*line));
	unsigned code = 0;

	for (char *p = text, *end; (end = memchr(p, '\n', len - (size_t)(p - text))) != NULL; p = end + 1) {
		const char *words;

		*end = '\0';
		int last = split_line(p, &code, n == 0, &words);

		if (last < 0)
			return -1;
		if (words != NULL)
			line[n++] = (struct control_line){code, words};
		if (last) {
			*ret = (struct control_reply){line, n, code};
			return 1;
		}
	}
	return 0;
}

/* Whether the gathered bytes end with a reply's last line: cheap, so that long replies are split only once. */
static bool
looks_whole(const char *text, size_t len)
{
	if (len < LINE_CODE + 2 || text[len - 1] != '\n')
		return false;
	const char *before = memrchr(text, '\n', len - 1);
	const char *line = before == NULL ? text : before + 1;

	return len - (size_t)(line - text) > LINE_CODE && line[0] >= '0' && line[0] <= '9' && line[LINE_CODE] == ' ';
}

static enum dc_code
lost(struct control *c, struct dc_error *err, const char *why)
{
	control_drop(c);
	return dc_fail(err, DC_E_DAEMON, NULL, "BIRD's control socket: %s", why);
}

static int
wait_for(struct control *c, short events, struct monotonic start)
{
	for (;;) {
		int64_t left = c->timeout_ms - monotonic_since(start);
		struct pollfd p = {.fd = c->fd, .events = events};

		if (left <= 0)
			return 0;
		int n = poll(&p, 1, (int)left);

		if (n >= 0 || errno != EINTR)
			return n;
	}
}

static enum dc_code
gather(struct control *c, struct arena *arena, struct monotonic start, struct control_reply *ret, struct dc_error *err)
{
	_cleanup_buf_ struct buf in = BUF_INIT(REPLY_MAX);
	char chunk[16384];

	for (;;) {
		if (wait_for(c, POLLIN, start) <= 0)
			return lost(c, err, "no answer in time");
		ssize_t n = recv(c->fd, chunk, sizeof(chunk), MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			return lost(c, err, n == 0 ? "closed" : strerror(errno));
		buf_add(&in, chunk, (size_t)n);
		if (in.failed)
			return lost(c, err, "an endless answer");
		if (!looks_whole(in.data, in.len))
			continue;
		char *text = arena_memdup(arena, in.data, in.len + 1); /* may hold a NUL, which is no reply */

		if (control_split(text, in.len, arena, ret) != 1)
			return lost(c, err, "an answer that is none of BIRD's");
		return DC_OK;
	}
}

static enum dc_code
send_line(struct control *c, const char *command, struct monotonic start, struct dc_error *err)
{
	_cleanup_buf_ struct buf out = BUF_INIT(8192);

	buf_puts(&out, command);
	buf_putc(&out, '\n');
	if (out.failed || strchr(command, '\n') != NULL)
		return dc_fail(err, DC_E_DAEMON, NULL, "a command that is no line");
	for (size_t sent = 0; sent < out.len;) {
		ssize_t n = send(c->fd, out.data + sent, out.len - sent, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n >= 0) {
			sent += (size_t)n;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return lost(c, err, strerror(errno));
		if (wait_for(c, POLLOUT, start) <= 0)
			return lost(c, err, "takes no command");
	}
	return DC_OK;
}

/* A path in sockaddr_un has 108 bytes; through the folder's descriptor it is always short enough. */
static int
connect_in(const char *dir)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int folder = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (folder < 0)
		return -1;
	snprintf(to.sun_path, sizeof(to.sun_path), "/proc/self/fd/%d/bird.ctl", folder);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		int saved = errno;

		close(fd);
		errno = saved;
		fd = -1;
	}
	int saved = errno;

	close(folder);
	errno = saved;
	return fd;
}

static enum dc_code
connect_to(struct control *c, struct arena *arena, struct monotonic start, struct dc_error *err)
{
	struct control_reply hello;

	if (c->fd >= 0)
		return DC_OK;
	if ((c->fd = connect_in(c->dir)) < 0)
		return lost(c, err, strerror(errno));
	if (gather(c, arena, start, &hello, err) != DC_OK)
		return DC_E_DAEMON;
	if (hello.code != 1)
		return lost(c, err, "greets like no BIRD");
	return DC_OK;
}

enum dc_code
control_ask(struct control *c, struct arena *arena, const char *command, int timeout_ms, struct control_reply *ret,
    struct dc_error *err)
{
	struct monotonic start = monotonic_now();

	c->timeout_ms = timeout_ms;
	if (connect_to(c, arena, start, err) != DC_OK || send_line(c, command, start, err) != DC_OK)
		return DC_E_DAEMON;
	return gather(c, arena, start, ret, err);
}

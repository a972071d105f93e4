/* SPDX-License-Identifier: ISC */
#include "edge/bird/control.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"

#define REPLY_MAX (64u << 20) /* "show protocols all" of a large instance is a few MB */
#define LINE_CODE 4
#define COMMAND_MAX 8192

struct ask {
	struct ask *next;
	control_told *told;
	void *arg;
	int timeout_ms;
	char line[]; /* with its newline */
};

struct control {
	struct event_base *base;
	char *dir;
	void (*lost)(void *);
	void *lost_arg;
	int fd; /* -1: none */
	bool greeted;
	struct ask *first, **last; /* the first one is on its way when `flying` */
	bool flying;
	const char *failure; /* to be reported from the loop */
	struct buf in;
	struct event *readable; /* NULL: not connected */
	struct event *timer;    /* of the one on its way; also reports a failure */
};

static void on_timer(evutil_socket_t, short, void *);

struct control *
control_new(struct event_base *base, const char *dir, void (*lost)(void *), void *arg)
{
	struct control *c = calloc(1, sizeof(*c));

	if (c == NULL || (c->dir = strdup(dir)) == NULL || (c->timer = event_new(base, -1, 0, on_timer, c)) == NULL)
		abort();
	c->base = base;
	c->lost = lost;
	c->lost_arg = arg;
	c->fd = -1;
	c->last = &c->first;
	c->in = (struct buf)BUF_INIT(REPLY_MAX);
	return c;
}

static void
hang_up(struct control *c)
{
	if (c->readable != NULL)
		event_free(c->readable);
	c->readable = NULL;
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->greeted = false;
	buf_free(&c->in);
	c->in = (struct buf)BUF_INIT(REPLY_MAX);
}

static struct ask *
take_first(struct control *c)
{
	struct ask *ask = c->first;

	if ((c->first = ask->next) == NULL)
		c->last = &c->first;
	return ask;
}

void
control_drop(struct control *c)
{
	hang_up(c);
	event_del(c->timer);
	c->flying = false;
	c->failure = NULL;
	while (c->first != NULL)
		free(take_first(c));
}

struct control *
control_free(struct control *c)
{
	if (c == NULL)
		return NULL;
	control_drop(c);
	event_free(c->timer);
	free(c->dir);
	free(c);
	return NULL;
}

bool
control_busy(const struct control *c)
{
	return c->first != NULL;
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

/* --- an exchange --- */

static void
fail_soon(struct control *c, const char *why)
{
	c->failure = why;
	event_del(c->timer);
	event_active(c->timer, 0, 0);
}

static void
send_first(struct control *c)
{
	size_t len = strlen(c->first->line);
	ssize_t n;

	do
		n = send(c->fd, c->first->line, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	/* One line at a time has room in any socket. */
	if (n != (ssize_t)len)
		fail_soon(c, n < 0 && errno != EAGAIN ? strerror(errno) : "takes no command");
}

static void on_readable(evutil_socket_t, short, void *);

static bool
connect_to(struct control *c)
{
	if ((c->fd = connect_in(c->dir)) < 0)
		return false;
	if ((c->readable = event_new(c->base, c->fd, EV_READ | EV_PERSIST, on_readable, c)) == NULL)
		abort();
	event_add(c->readable, NULL);
	return true;
}

static void
begin(struct control *c)
{
	int ms;

	if (c->flying || c->first == NULL)
		return;
	c->flying = true;
	ms = c->first->timeout_ms;
	event_add(c->timer, &(struct timeval){ms / 1000, ms % 1000 * 1000});
	if (c->greeted)
		send_first(c);
	else if (c->fd < 0 && !connect_to(c))
		fail_soon(c, strerror(errno));
}

void
control_ask(struct control *c, const char *command, int timeout_ms, control_told *told, void *arg)
{
	size_t len = strlen(command);
	struct ask *ask = malloc(sizeof(*ask) + len + 2);

	if (ask == NULL)
		abort();
	*ask = (struct ask){.told = told, .arg = arg, .timeout_ms = timeout_ms};
	memcpy(ask->line, command, len);
	memcpy(ask->line + len, "\n", 2);
	*c->last = ask;
	c->last = &ask->next;
	if (len > COMMAND_MAX || strchr(command, '\n') != NULL) {
		c->flying = true;
		fail_soon(c, "a command that is no line");
		return;
	}
	begin(c);
}

static void
fail_all(struct control *c, const char *why)
{
	struct ask *all = c->first;
	struct buf words = BUF_INIT(1024);

	c->first = NULL; /* who asks again from its call is another one */
	c->last = &c->first;
	control_drop(c);
	if (all == NULL)
		c->lost(c->lost_arg);
	buf_printf(&words, "BIRD's control socket: %s", why);
	for (struct ask *ask = all, *next; ask != NULL; ask = next) {
		next = ask->next;
		ask->told(ask->arg, NULL, buf_str(&words));
		free(ask);
	}
	buf_free(&words);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct control *c = arg;

	(void)fd;
	(void)what;
	fail_all(c, c->failure != NULL ? c->failure : "no answer in time");
}

static void
greeted(struct control *c, const struct control_reply *hello)
{
	if (hello->code != 1) {
		fail_all(c, "greets like no BIRD");
		return;
	}
	c->greeted = true;
	if (c->flying)
		send_first(c);
}

static void
answered(struct control *c, const struct control_reply *reply)
{
	struct ask *ask = take_first(c);

	event_del(c->timer);
	c->flying = false;
	ask->told(ask->arg, reply, NULL);
	free(ask);
	begin(c);
}

/* A whole reply is in. */
static void
take_reply(struct control *c)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	char *text = arena_memdup(arena, c->in.data, c->in.len + 1); /* may hold a NUL, which is no reply */
	struct control_reply reply;
	int whole = control_split(text, c->in.len, arena, &reply);

	buf_reset(&c->in);
	if (whole != 1)
		fail_all(c, "an answer that is none of BIRD's");
	else if (!c->greeted)
		greeted(c, &reply);
	else if (c->flying)
		answered(c, &reply);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct control *c = arg;
	char chunk[16384];
	ssize_t n = recv(fd, chunk, sizeof(chunk), MSG_DONTWAIT);

	(void)what;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		fail_all(c, n == 0 ? "closed" : strerror(errno));
		return;
	}
	buf_add(&c->in, chunk, (size_t)n);
	if (c->in.failed)
		fail_all(c, "an endless answer");
	else if (looks_whole(c->in.data, c->in.len))
		take_reply(c);
}

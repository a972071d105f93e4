/* SPDX-License-Identifier: ISC */
#include "edge/bird/control.h"

#include <event2/event.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* A daemon that accepts, sends a given text in pieces, and reads nothing but commands' newlines. */
struct daemon {
	char dir[128];
	int listener;
	pthread_t thread;
	const char *const
	    *say;     /* [0] is the greeting, then one per command; NULL ends: it hangs up. "" : it keeps silent */
	size_t piece; /* bytes per send */
};

static bool
say(int fd, const char *text, size_t piece)
{
	for (size_t len = strlen(text); len > 0;) {
		size_t n = len < piece ? len : piece;

		if (send(fd, text, n, MSG_NOSIGNAL) != (ssize_t)n)
			return false;
		text += n;
		len -= n;
	}
	return true;
}

static bool
await_command(int fd)
{
	char c;

	while (recv(fd, &c, 1, 0) == 1) {
		if (c == '\n')
			return true;
	}
	return false;
}

static void *
serve(void *arg)
{
	struct daemon *d = arg;
	int fd = accept(d->listener, NULL, NULL);

	for (const char *const *text = d->say; fd >= 0 && *text != NULL; text++) {
		if (text != d->say && !await_command(fd))
			break;
		if (!say(fd, *text, d->piece))
			break;
	}
	if (fd >= 0)
		close(fd);
	return NULL;
}

/* In a folder of the test's own. */
static void
daemon_start(struct daemon *d, const char *const *text, size_t piece)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	*d = (struct daemon){.dir = "/tmp/dcaas-control-XXXXXX", .say = text, .piece = piece};
	assert_non_null(mkdtemp(d->dir));
	snprintf(at.sun_path, sizeof(at.sun_path), "%.90s/bird.ctl", d->dir);
	assert_true((d->listener = socket(AF_UNIX, SOCK_STREAM, 0)) >= 0);
	assert_int_equal(bind(d->listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(d->listener, 4), 0);
	assert_int_equal(pthread_create(&d->thread, NULL, serve, d), 0);
}

static void
daemon_end(struct daemon *d)
{
	char path[160];

	assert_int_equal(pthread_join(d->thread, NULL), 0);
	close(d->listener);
	snprintf(path, sizeof(path), "%s/bird.ctl", d->dir);
	unlink(path);
	assert_int_equal(rmdir(d->dir), 0);
}

struct exchange {
	struct event_base *loop;
	struct arena *arena;
	struct control_reply reply;
	bool over, answered;
	char failure[128];
};

static void
told(void *arg, const struct control_reply *reply, const char *failure)
{
	struct exchange *e = arg;
	struct control_line *line;

	assert_true((reply == NULL) != (failure == NULL));
	e->over = true;
	e->answered = failure == NULL;
	strlcpy(e->failure, failure != NULL ? failure : "", sizeof(e->failure));
	if (reply != NULL) {
		e->reply = *reply;
		line = arena_memdup(e->arena, reply->line, reply->lines * sizeof(*line));
		for (size_t i = 0; i < reply->lines; i++)
			line[i].text = arena_strdup(e->arena, line[i].text);
		e->reply.line = line;
	}
	event_base_loopbreak(e->loop);
}

static void
lost(void *arg)
{
	(void)arg;
}

/* Whether there was an answer. */
static bool
ask(struct control *c, struct exchange *e, const char *command, int timeout_ms)
{
	e->over = false;
	control_ask(c, command, timeout_ms, told, e);
	assert_false(e->over); /* never before control_ask() returns */
	event_base_dispatch(e->loop);
	assert_true(e->over);
	return e->answered;
}

static struct exchange
exchange_new(void)
{
	return (struct exchange){.loop = event_base_new(), .arena = arena_new()};
}

static void
exchange_end(struct exchange *e, struct control *c)
{
	control_free(c);
	arena_free(e->arena);
	event_base_free(e->loop);
}

static void
replies_are_gathered_from_any_pieces(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < 80; piece += 7) {
		struct exchange e = exchange_new();
		static const char *const whole[] = {"0001 BIRD 2.0.12 ready.\n",
		    "2002-Name Proto\n1002-a x\n b y\n1006-detail\n \n0000 \n",
		    "0002-Reading configuration from x\n0003 Reconfigured\n",
		    "8002 /x/bird.conf.new:3:1 syntax error\n", NULL};
		struct daemon d;

		daemon_start(&d, whole, piece);
		struct control *c = control_new(e.loop, d.dir, lost, NULL);

		assert_true(ask(c, &e, "show protocols", 5000));
		assert_int_equal(e.reply.code, 0);
		assert_int_equal(e.reply.lines, 6);
		assert_int_equal(e.reply.line[1].code, 1002);
		assert_string_equal(e.reply.line[2].text, "b y");
		assert_int_equal(e.reply.line[2].code, 1002);
		assert_true(ask(c, &e, "configure", 5000));
		assert_int_equal(e.reply.code, 3);
		assert_true(ask(c, &e, "configure check \"x\"", 5000));
		assert_int_equal(e.reply.code, 8002);
		assert_string_equal(control_words(&e.reply), "/x/bird.conf.new:3:1 syntax error");
		exchange_end(&e, c);
		daemon_end(&d);
	}
}

static void
silence_ends_with_the_time_out_and_the_connection(void **state)
{
	(void)state;
	static const char *const text[] = {"0001 BIRD ready.\n", "", "", NULL};
	struct exchange e = exchange_new();
	struct daemon d;

	daemon_start(&d, text, 100);
	struct control *c = control_new(e.loop, d.dir, lost, NULL);

	assert_false(ask(c, &e, "show status", 100));
	assert_string_equal(e.failure, "BIRD's control socket: no answer in time");
	assert_false(control_connected(c));
	exchange_end(&e, c);
	daemon_end(&d);
}

/* "Reply so far" that trickles must not stretch the time-out for ever: it is for the whole exchange. */
static void
an_unfinished_reply_ends_with_the_time_out(void **state)
{
	(void)state;
	static const char *const text[] = {"0001 BIRD ready.\n", "1002-a\n1002-b\n0000", "", NULL};
	struct exchange e = exchange_new();
	struct daemon d;

	daemon_start(&d, text, 3);
	struct control *c = control_new(e.loop, d.dir, lost, NULL);

	assert_false(ask(c, &e, "show protocols", 100));
	exchange_end(&e, c);
	daemon_end(&d);
}

static void
who_greets_otherwise_is_not_believed(void **state)
{
	(void)state;
	static const char *const greetings[] = {"9001 no\n", "220 mail\n", "0001-\n", "\n\n", " x\n0001 y\n"};

	for (size_t i = 0; i < sizeof(greetings) / sizeof(greetings[0]); i++) {
		const char *text[] = {greetings[i], NULL};
		struct exchange e = exchange_new();
		struct daemon d;

		daemon_start(&d, text, 100);
		struct control *c = control_new(e.loop, d.dir, lost, NULL);

		assert_false(ask(c, &e, "show status", 200));
		assert_false(control_connected(c));
		exchange_end(&e, c);
		daemon_end(&d);
	}
}

static void
a_reply_with_a_nul_is_none(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	char text[] = "1002-a\0b\n0000 \n";
	struct control_reply r;

	assert_int_equal(control_split(text, sizeof(text) - 1, a, &r), -1);
}

static void
a_missing_daemon_is_reported(void **state)
{
	(void)state;
	struct exchange e = exchange_new();
	struct control *c = control_new(e.loop, "/nonexistent/folder", lost, NULL);

	assert_false(ask(c, &e, "show status", 100));
	assert_string_equal(e.failure, "BIRD's control socket: No such file or directory");
	exchange_end(&e, c);
}

/* A path in a socket's address has 108 bytes; a state folder may be deeper. */
static void
a_long_path_is_reached(void **state)
{
	(void)state;
	static const char *const text[] = {"0001 BIRD ready.\n", "0013 Daemon is up and running\n", NULL};
	struct exchange e = exchange_new();
	struct daemon d;

	daemon_start(&d, text, 100);
	char *deep = arena_printf(e.arena, "%s/%0*d", d.dir, 200, 0),
	     *link = arena_printf(e.arena, "%s/bird.ctl", deep);

	assert_int_equal(mkdir(deep, 0700), 0);
	assert_int_equal(symlink("../bird.ctl", link), 0);
	struct control *c = control_new(e.loop, deep, lost, NULL);

	assert_true(ask(c, &e, "show status", 5000));
	assert_int_equal(e.reply.code, 13);
	unlink(link);
	rmdir(deep);
	exchange_end(&e, c);
	daemon_end(&d);
}

static void
a_command_is_one_line(void **state)
{
	(void)state;
	struct exchange e = exchange_new();
	struct control *c = control_new(e.loop, "/nonexistent/folder", lost, NULL);

	assert_false(ask(c, &e, "show status\ndown", 1000));
	assert_string_equal(e.failure, "BIRD's control socket: a command that is no line");
	exchange_end(&e, c);
}

static void
count(void *arg, const struct control_reply *reply, const char *failure)
{
	unsigned *counted = arg;

	(void)failure;
	*counted += reply != NULL ? 1 : 100;
}

static void
commands_wait_their_turn_and_fail_together(void **state)
{
	(void)state;
	static const char *const text[] = {"0001 BIRD ready.\n", "0000 \n", "0000 \n", "", "", NULL};
	struct exchange e = exchange_new();
	struct daemon d;
	unsigned counted = 0;

	daemon_start(&d, text, 100);
	struct control *c = control_new(e.loop, d.dir, lost, NULL);

	control_ask(c, "show status", 5000, count, &counted);
	assert_true(ask(c, &e, "show status", 5000));
	assert_int_equal(counted, 1);
	assert_false(control_busy(c));
	control_ask(c, "show status", 100, count, &counted);
	assert_false(ask(c, &e, "show status", 100));
	assert_int_equal(counted, 101);
	assert_string_equal(e.failure, "BIRD's control socket: no answer in time");
	exchange_end(&e, c);
	daemon_end(&d);
}

static void
hung_up(void *arg)
{
	struct exchange *e = arg;

	e->over = true;
	event_base_loopbreak(e->loop);
}

static void
a_connection_that_ends_by_itself_is_reported(void **state)
{
	(void)state;
	static const char *const text[] = {"0001 BIRD ready.\n", "0000 \n", NULL};
	struct exchange e = exchange_new();
	struct daemon d;

	daemon_start(&d, text, 100);
	struct control *c = control_new(e.loop, d.dir, hung_up, &e);

	assert_true(ask(c, &e, "show status", 5000));
	e.over = false;
	event_base_dispatch(e.loop);
	assert_true(e.over);
	assert_false(control_connected(c));
	exchange_end(&e, c);
	daemon_end(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(replies_are_gathered_from_any_pieces),
	    cmocka_unit_test(silence_ends_with_the_time_out_and_the_connection),
	    cmocka_unit_test(an_unfinished_reply_ends_with_the_time_out),
	    cmocka_unit_test(who_greets_otherwise_is_not_believed),
	    cmocka_unit_test(a_reply_with_a_nul_is_none),
	    cmocka_unit_test(a_missing_daemon_is_reported),
	    cmocka_unit_test(a_long_path_is_reached),
	    cmocka_unit_test(a_command_is_one_line),
	    cmocka_unit_test(commands_wait_their_turn_and_fail_together),
	    cmocka_unit_test(a_connection_that_ends_by_itself_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "edge/bird/control.h"

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

/* A daemon that accepts, sends what it is told to in pieces, and reads nothing but commands' newlines. */
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

static void
replies_are_gathered_whatever_the_pieces(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < 80; piece += 7) {
		_cleanup_arena_ struct arena *a = arena_new();
		static const char *const whole[] = {"0001 BIRD 2.0.12 ready.\n",
		    "2002-Name Proto\n1002-a x\n b y\n1006-detail\n \n0000 \n",
		    "0002-Reading configuration from x\n0003 Reconfigured\n",
		    "8002 /x/bird.conf.new:3:1 syntax error\n", NULL};
		struct daemon d;
		struct control_reply r;
		struct dc_error err;

		daemon_start(&d, whole, piece);
		struct control *c = control_new(d.dir);

		assert_int_equal(control_ask(c, a, "show protocols", 5000, &r, &err), DC_OK);
		assert_int_equal(r.code, 0);
		assert_int_equal(r.lines, 6);
		assert_int_equal(r.line[1].code, 1002);
		assert_string_equal(r.line[2].text, "b y");
		assert_int_equal(r.line[2].code, 1002);
		assert_int_equal(control_ask(c, a, "configure", 5000, &r, &err), DC_OK);
		assert_int_equal(r.code, 3);
		assert_int_equal(control_ask(c, a, "configure check \"x\"", 5000, &r, &err), DC_OK);
		assert_int_equal(r.code, 8002);
		assert_string_equal(control_words(&r), "/x/bird.conf.new:3:1 syntax error");
		control_free(c);
		daemon_end(&d);
	}
}

static void
silence_ends_with_the_time_out_and_the_connection(void **state)
{
	(void)state;
	static const char *const text[] = {"0001 BIRD ready.\n", "", "", NULL};
	_cleanup_arena_ struct arena *a = arena_new();
	struct daemon d;
	struct control_reply r;
	struct dc_error err;

	daemon_start(&d, text, 100);
	struct control *c = control_new(d.dir);

	assert_int_equal(control_ask(c, a, "show status", 100, &r, &err), DC_E_DAEMON);
	assert_string_equal(err.text, "BIRD's control socket: no answer in time");
	assert_false(control_connected(c));
	control_free(c);
	daemon_end(&d);
}

/* "Reply so far" that trickles must not stretch the time-out for ever: it is for the whole exchange. */
static void
an_unfinished_reply_ends_with_the_time_out(void **state)
{
	(void)state;
	static const char *const text[] = {"0001 BIRD ready.\n", "1002-a\n1002-b\n0000", "", NULL};
	_cleanup_arena_ struct arena *a = arena_new();
	struct daemon d;
	struct control_reply r;
	struct dc_error err;

	daemon_start(&d, text, 3);
	struct control *c = control_new(d.dir);

	assert_int_equal(control_ask(c, a, "show protocols", 100, &r, &err), DC_E_DAEMON);
	control_free(c);
	daemon_end(&d);
}

static void
who_greets_otherwise_is_not_believed(void **state)
{
	(void)state;
	static const char *const greetings[] = {"9001 no\n", "220 mail\n", "0001-\n", "\n\n", " x\n0001 y\n"};

	for (size_t i = 0; i < sizeof(greetings) / sizeof(greetings[0]); i++) {
		const char *text[] = {greetings[i], NULL};
		_cleanup_arena_ struct arena *a = arena_new();
		struct daemon d;
		struct control_reply r;
		struct dc_error err;

		daemon_start(&d, text, 100);
		struct control *c = control_new(d.dir);

		assert_int_equal(control_ask(c, a, "show status", 200, &r, &err), DC_E_DAEMON);
		assert_false(control_connected(c));
		control_free(c);
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
a_missing_daemon_is_told(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct control *c = control_new("/nonexistent/folder");
	struct control_reply r;
	struct dc_error err;

	assert_int_equal(control_ask(c, a, "show status", 100, &r, &err), DC_E_DAEMON);
	assert_string_equal(err.text, "BIRD's control socket: No such file or directory");
	control_free(c);
}

/* A path in a socket's address has 108 bytes; a state folder may be deeper. */
static void
a_long_path_is_reached(void **state)
{
	(void)state;
	static const char *const text[] = {"0001 BIRD ready.\n", "0013 Daemon is up and running\n", NULL};
	_cleanup_arena_ struct arena *a = arena_new();
	struct daemon d;
	struct control_reply r;
	struct dc_error err;

	daemon_start(&d, text, 100);
	char *deep = arena_printf(a, "%s/%0*d", d.dir, 200, 0), *link = arena_printf(a, "%s/bird.ctl", deep);

	assert_int_equal(mkdir(deep, 0700), 0);
	assert_int_equal(symlink("../bird.ctl", link), 0);
	struct control *c = control_new(deep);

	assert_int_equal(control_ask(c, a, "show status", 5000, &r, &err), DC_OK);
	assert_int_equal(r.code, 13);
	control_free(c);
	unlink(link);
	rmdir(deep);
	daemon_end(&d);
}

static void
a_command_is_one_line(void **state)
{
	(void)state;
	static const char *const text[] = {"0001 BIRD ready.\n", NULL};
	_cleanup_arena_ struct arena *a = arena_new();
	struct daemon d;
	struct control_reply r;
	struct dc_error err;

	daemon_start(&d, text, 100);
	struct control *c = control_new(d.dir);

	assert_int_equal(control_ask(c, a, "show status\ndown", 1000, &r, &err), DC_E_DAEMON);
	assert_string_equal(err.text, "a command that is no line");
	control_free(c);
	daemon_end(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(replies_are_gathered_whatever_the_pieces),
	    cmocka_unit_test(silence_ends_with_the_time_out_and_the_connection),
	    cmocka_unit_test(an_unfinished_reply_ends_with_the_time_out),
	    cmocka_unit_test(who_greets_otherwise_is_not_believed),
	    cmocka_unit_test(a_reply_with_a_nul_is_none),
	    cmocka_unit_test(a_missing_daemon_is_told),
	    cmocka_unit_test(a_long_path_is_reached),
	    cmocka_unit_test(a_command_is_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/* What a service manager hears, and that nobody needs one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/notify.h"

/* A manager's socket; name "@..." is an abstract one. */
static int
manager(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	memcpy(address.sun_path, name, strlen(name));
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (const struct sockaddr *)&address,
			     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
	    0);
	return fd;
}

static void
assert_hears(int fd, const char *wanted)
{
	char heard[64] = "";

	assert_int_equal(recv(fd, heard, sizeof(heard) - 1, 0), strlen(wanted));
	assert_string_equal(heard, wanted);
}

static void
a_manager_hears_at_a_path_and_at_an_abstract_name(void **state)
{
	char dir[] = "/tmp/dcaas-notify-XXXXXX", path[64], name[64];
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/socket", dir);
	snprintf(name, sizeof(name), "@%s", dir);
	const char *const places[] = {path, name};

	for (int i = 0; i < 2; i++) {
		fd = manager(places[i]);
		setenv("NOTIFY_SOCKET", places[i], 1);
		notify_manager("READY=1");
		assert_hears(fd, "READY=1");
		close(fd);
	}
	unlink(path);
	rmdir(dir);
}

static void
without_a_manager_nothing_happens(void **state)
{
	static const char *const wrong[] = {"", "relative", "/nowhere/at/all"};

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	notify_manager("READY=1");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		setenv("NOTIFY_SOCKET", wrong[i], 1);
		notify_manager("READY=1");
	}
}

/* One line of the log as it comes out of standard error, a pipe; journal: $JOURNAL_STREAM names that pipe. */
static void
log_line(bool journal, int priority, char *out, size_t size)
{
	int pipe_fd[2], kept = dup(STDERR_FILENO);
	struct stat st;
	char stream[64];
	ssize_t n;

	assert_int_equal(pipe(pipe_fd), 0);
	assert_int_equal(fstat(pipe_fd[1], &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
	    (unsigned long long)st.st_ino + (journal ? 0 : 1));
	setenv("JOURNAL_STREAM", stream, 1);
	dup2(pipe_fd[1], STDERR_FILENO);
	log_init("test", LOG_DEBUG);
	dc_log(priority, "word", "a=1");
	dup2(kept, STDERR_FILENO);
	n = read(pipe_fd[0], out, size - 1);
	assert_true(n > 0);
	out[n] = '\0';
	close(pipe_fd[0]);
	close(pipe_fd[1]);
	close(kept);
}

static void
the_journal_gets_the_priority_of_a_line_and_others_do_not(void **state)
{
	char line[256];

	(void)state;
	log_line(true, LOG_WARNING, line, sizeof(line));
	assert_int_equal(strncmp(line, "<4>time=", 8), 0);
	assert_non_null(strstr(line, " event=word a=1\n"));
	log_line(true, LOG_ERR, line, sizeof(line));
	assert_int_equal(strncmp(line, "<3>time=", 8), 0);
	log_line(false, LOG_WARNING, line, sizeof(line));
	assert_int_equal(strncmp(line, "time=", 5), 0);
}

/* What comes out of standard error meanwhile. */
static size_t
written(void (*act)(void *arg), void *arg, char *out, size_t size)
{
	int pipe_fd[2], kept = dup(STDERR_FILENO);
	ssize_t n;

	assert_int_equal(pipe(pipe_fd), 0);
	dup2(pipe_fd[1], STDERR_FILENO);
	act(arg);
	dup2(kept, STDERR_FILENO);
	close(pipe_fd[1]);
	n = read(pipe_fd[0], out, size - 1);
	assert_true(n >= 0);
	out[n] = '\0';
	close(pipe_fd[0]);
	close(kept);
	return (size_t)n;
}

struct holding {
	struct arena *arena;
	struct log_held *lines;
};

static void
hold_some(void *arg)
{
	struct holding *h = arg;

	h->lines = log_hold(h->arena);
	dc_log(LOG_INFO, "first", "a=1");
	dc_log(LOG_ERR, "grave", "a=2");
	dc_log(LOG_WARNING, "second", "a=3");
	log_unhold();
}

static void
say_them(void *arg)
{
	const struct holding *h = arg;

	log_write_held(h->lines);
}

static void
lines_are_held_until_their_content_is_true(void **state)
{
	struct holding h = {.arena = arena_new()};
	char text[1024];

	(void)state;
	unsetenv("JOURNAL_STREAM");
	log_init("test", LOG_INFO);
	assert_true(written(hold_some, &h, text, sizeof(text)) > 0);
	assert_non_null(strstr(text, "event=grave"));
	assert_null(strstr(text, "event=first"));
	assert_null(strstr(text, "event=second"));
	assert_true(written(say_them, &h, text, sizeof(text)) > 0);
	assert_non_null(strstr(text, "event=first a=1\n"));
	assert_true(strstr(text, "event=first") < strstr(text, "event=second a=3\n"));
	assert_null(strstr(text, "grave"));
	arena_free(h.arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_manager_hears_at_a_path_and_at_an_abstract_name),
	    cmocka_unit_test(without_a_manager_nothing_happens),
	    cmocka_unit_test(lines_are_held_until_their_content_is_true),
	    cmocka_unit_test(the_journal_gets_the_priority_of_a_line_and_others_do_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

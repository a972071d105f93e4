/* SPDX-License-Identifier: ISC */
#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/io.h"

#define LINE_BYTES_MAX 16384 /* what a line begins with takes less than a hundred */

struct held_line {
	const char *text;
	size_t len;
	struct held_line *next;
};

struct log_held {
	struct arena *arena;
	struct held_line *first, **end;
};

static _Thread_local struct log_held *held; /* NULL: lines are written */
static const char *log_program = "dcaas";
static int log_max = LOG_INFO;
static bool log_to_journal;

/* Whether standard error is the journal's stream, systemd.exec(5): then it takes a priority before the line. */
static bool
stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char mine[64];
	struct stat st;

	if (stream == NULL || fstat(STDERR_FILENO, &st) != 0)
		return false;
	snprintf(mine, sizeof(mine), "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	return strcmp(stream, mine) == 0;
}

void
log_init(const char *program, int max_priority)
{
	log_program = program;
	log_max = max_priority;
	log_to_journal = stderr_is_journal();
}

bool
log_is_on(int priority)
{
	return priority <= log_max;
}

static const char *
level_name(int priority)
{
	switch (priority) {
	case LOG_EMERG:
	case LOG_ALERT:
	case LOG_CRIT:
	case LOG_ERR:
		return "error";
	case LOG_WARNING:
		return "warning";
	case LOG_NOTICE:
	case LOG_INFO:
		return "info";
	default:
		return "debug";
	}
}

/* Cut when they are too long: an empty line would hide the values. */
static void add_facts(struct buf *line, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

static void
add_facts(struct buf *line, const char *fmt, va_list ap)
{
	char facts[LINE_BYTES_MAX - 256];

	vsnprintf(facts, sizeof(facts), fmt, ap);
	buf_puts(line, facts);
}

struct log_held *
log_hold(struct arena *arena)
{
	held = arena_new_of(arena, struct log_held);
	held->arena = arena;
	held->end = &held->first;
	return held;
}

void
log_unhold(void)
{
	held = NULL;
}

/* A program that cannot log cannot report that either. */
static void
write_line(const char *text, size_t len)
{
	(void)write_all(STDERR_FILENO, text, len);
}

void
log_write_held(const struct log_held *lines)
{
	for (const struct held_line *l = lines->first; l != NULL; l = l->next)
		write_line(l->text, l->len);
}

static void
keep_line(const char *text, size_t len)
{
	struct held_line *l = arena_new_of(held->arena, struct held_line);

	l->text = arena_strndup(held->arena, text, len);
	l->len = len;
	*held->end = l;
	held->end = &l->next;
}

/* One write per line, so that lines of several threads and processes never mix. */
void
dc_log(int priority, const char *event, const char *fmt, ...)
{
	if (!log_is_on(priority))
		return;
	struct buf line = BUF_INIT(LINE_BYTES_MAX);
	char now[UTC_TEXT_SIZE];
	va_list ap;

	utc_format(utc_now(), now);
	if (log_to_journal)
		buf_printf(&line, "<%d>", priority);
	buf_printf(&line, "time=%s level=%s program=%s event=", now, level_name(priority), log_program);
	buf_printf(&line, strchr(event, ' ') != NULL ? "\"%s\"" : "%s", event);
	if (fmt[0] != '\0') {
		buf_putc(&line, ' ');
		va_start(ap, fmt);
		add_facts(&line, fmt, ap);
		va_end(ap);
	}
	buf_putc(&line, '\n');
	if (held != NULL && priority > LOG_ERR)
		keep_line(buf_str(&line), line.len);
	else
		write_line(buf_str(&line), line.len);
	buf_free(&line);
}

const char *
log_quote(struct arena *arena, const char *text)
{
	if (text == NULL)
		return "\"\"";
	size_t len = strlen(text), n = 0;
	char *out = arena_alloc(arena, len * 4 + 3);

	out[n++] = '"';
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '"' || c == '\\') {
			out[n++] = '\\';
			out[n++] = (char)c;
		} else if (c < 0x20 || c == 0x7f) {
			n += (size_t)snprintf(out + n, 5, "\\x%02x", c);
		} else {
			out[n++] = (char)c;
		}
	}
	out[n++] = '"';
	return out;
}

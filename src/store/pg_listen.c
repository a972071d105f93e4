/* SPDX-License-Identifier: ISC */
/* pg_listen.c - what other processes commit wakes the calls that wait here.
 *
 * A transaction notifies the channel of each id that it wakes, and the database delivers that after its commit, to
 * every connection that listens: nothing is lost while the connection lives. Each second without news it is asked for
 * an answer, so that one which died unheard is found. While there was none something may have been missed, so the first
 * thing after a new one is to wake everybody. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "store/pg_priv.h"

#define LOOK_MS 1000
#define ANSWER_MS 5000
#define PART_MAX 7000 /* a notification has less than 8000 bytes */
#define SPEAKERS_MAX 64

struct saying {
	char *text;
	struct saying *next;
};

/* A text of another process, as far as it has come: its parts follow one another. */
struct speaker {
	char instance[17];
	struct buf text;
};

struct pg_listener {
	struct pg_store *store;
	struct pg_conn *conn; /* NULL: lost */
	atomic_int pid;
	int wake; /* eventfd: there is something to send, or the end has come */
	atomic_bool stop;
	pthread_t thread;
	pthread_mutex_t lock;
	struct saying *first, **end; /* under the lock */
	struct speaker speaker[SPEAKERS_MAX];
	size_t speakers;
};

static enum dc_code
listen_to(struct pg_listener *l, struct dc_error *err)
{
	enum dc_code rc = pg_conn_open(l->store->database, &l->conn, err);

	if (rc != DC_OK)
		return rc;
	pg_conn_set_limit(l->conn, ANSWER_MS);
	rc = pg_run(l->conn,
	    "LISTEN " PG_CHANNEL "; LISTEN " PG_CHANNEL_SAY "; SELECT pg_advisory_lock_shared(" PG_LOCK_SERVE ")", NULL,
	    NULL, err);
	if (rc != DC_OK)
		l->conn = pg_conn_close(l->conn);
	else
		atomic_store(&l->pid, PQbackendPID(pg_conn_handle(l->conn)));
	return rc;
}

/* NULL: there are more than anybody has. */
static struct speaker *
speaker_of(struct pg_listener *l, const char *payload)
{
	char instance[sizeof(l->speaker[0].instance)];
	struct speaker *s;

	snprintf(instance, sizeof(instance), "%s", payload);
	for (size_t i = 0; i < l->speakers; i++)
		if (strcmp(l->speaker[i].instance, instance) == 0)
			return &l->speaker[i];
	if (l->speakers == SPEAKERS_MAX) { /* those that have ended are among them */
		while (l->speakers > 0)
			buf_free(&l->speaker[--l->speakers].text);
	}
	s = &l->speaker[l->speakers++];
	*s = (struct speaker){.text = BUF_INIT(STORE_SAY_MAX + 1)};
	memcpy(s->instance, instance, sizeof(instance));
	return s;
}

/* part: "+N TEXT" when others follow, ".N TEXT" for the last. They come in one transaction, of which the database
 * delivers each text once: the number makes them differ. */
static void
hear_part(struct pg_listener *l, const char *payload, const char *part)
{
	struct speaker *s = speaker_of(l, payload);

	buf_puts(&s->text, part + strcspn(part, " ") + 1);
	if (part[0] == '+')
		return;
	if (!s->text.failed)
		store_tell_heard(&l->store->store, buf_str(&s->text));
	buf_free(&s->text);
	s->text = (struct buf)BUF_INIT(STORE_SAY_MAX + 1);
}

/* "INSTANCE ID", or "INSTANCE PART" */
static void
hear(struct pg_listener *l, const char *channel, const char *payload)
{
	size_t len = strlen(l->store->instance);
	struct wake wake = {.edge_id = payload + len + 1};

	if (strlen(payload) <= len + 1 || strncmp(payload, l->store->instance, len) == 0)
		return; /* its own */
	if (strcmp(channel, PG_CHANNEL_SAY) == 0)
		hear_part(l, payload, payload + len + 1);
	else
		store_tell(&l->store->store, &wake);
}

static void
hear_all(struct pg_listener *l)
{
	PGnotify *n;

	while (l->conn != NULL && (n = PQnotifies(pg_conn_handle(l->conn))) != NULL) {
		hear(l, n->relname, n->extra);
		PQfreemem(n);
	}
}

static void
lose(struct pg_listener *l)
{
	l->conn = pg_conn_close(l->conn);
	dc_log(LOG_WARNING, "database: news of other servers are missed", "channel=%s", PG_CHANNEL);
}

/* Something can be read, or a second has passed. */
static void
look(struct pg_listener *l, bool readable)
{
	const struct wake everybody = {0};
	struct dc_error err = {0};

	if (l->conn == NULL) {
		if (listen_to(l, &err) != DC_OK)
			return;
		dc_log(LOG_NOTICE, "database: news of other servers are heard", "channel=%s", PG_CHANNEL);
		store_tell(&l->store->store, &everybody);
		return;
	}
	if (readable ? PQconsumeInput(pg_conn_handle(l->conn)) == 0
		     : pg_run(l->conn, "SELECT 1", NULL, NULL, &err) != DC_OK) {
		lose(l);
		return;
	}
	hear_all(l);
}

static struct saying *
take_sayings(struct pg_listener *l)
{
	struct saying *first;

	pthread_mutex_lock(&l->lock);
	first = l->first;
	l->first = NULL;
	l->end = &l->first;
	pthread_mutex_unlock(&l->lock);
	return first;
}

/* No character of UTF-8 is torn. */
static size_t
part_length(const char *text)
{
	size_t len = strnlen(text, PART_MAX);

	while (len > 0 && text[len] != '\0' && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

static void
put_part(struct pg_listener *l, size_t nth, const char *text, size_t len, struct buf *sql)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const char *part = arena_printf(
	    arena, "%s %c%zu %.*s", l->store->instance, text[len] != '\0' ? '+' : '.', nth, (int)len, text);
	char *quoted = PQescapeLiteral(pg_conn_handle(l->conn), part, strlen(part));

	if (quoted != NULL)
		buf_printf(sql, "SELECT pg_notify('" PG_CHANNEL_SAY "', %s);", quoted);
	else
		sql->failed = true;
	PQfreemem(quoted);
}

/* In one transaction: all of it arrives, in its order, or nothing. */
static void
say(struct pg_listener *l, const char *text)
{
	_cleanup_buf_ struct buf sql = BUF_INIT(4 * STORE_SAY_MAX);

	if (l->conn == NULL)
		return;
	for (size_t nth = 0; nth == 0 || *text != '\0'; nth++) {
		size_t len = part_length(text);

		put_part(l, nth, text, len, &sql);
		text += len;
	}
	if (!sql.failed && pg_run(l->conn, buf_str(&sql), NULL, NULL, NULL) != DC_OK && pg_conn_is_lost(l->conn))
		lose(l);
}

static void
say_all(struct pg_listener *l)
{
	struct saying *s, *next;

	for (s = take_sayings(l); s != NULL; s = next) {
		next = s->next;
		if (!atomic_load(&l->stop))
			say(l, s->text);
		free(s->text);
		free(s);
	}
	hear_all(l); /* what came with the answers */
}

void
pg_listener_say(struct pg_listener *l, const char *text)
{
	struct saying *s = calloc(1, sizeof(*s));

	if (s == NULL || (s->text = strdup(text)) == NULL)
		abort(); /* as arenas do */
	pthread_mutex_lock(&l->lock);
	*l->end = s;
	l->end = &s->next;
	pthread_mutex_unlock(&l->lock);
	(void)!eventfd_write(l->wake, 1);
}

static void *
listener_main(void *arg)
{
	struct pg_listener *l = arg;

	for (;;) {
		struct pollfd p[2] = {{.fd = l->wake, .events = POLLIN}, {.fd = -1, .events = POLLIN}};
		eventfd_t any;
		int n;

		if (l->conn != NULL)
			p[1].fd = PQsocket(pg_conn_handle(l->conn));
		n = poll(p, 2, LOOK_MS);
		if (atomic_load(&l->stop))
			break;
		if (n > 0 && p[0].revents != 0) {
			(void)!eventfd_read(l->wake, &any);
			say_all(l);
		}
		if (n == 0 || (n > 0 && p[1].revents != 0 && l->conn != NULL))
			look(l, n > 0);
	}
	say_all(l);
	return NULL;
}

enum dc_code
pg_listener_start(struct pg_store *self, struct dc_error *err)
{
	struct pg_listener *l = calloc(1, sizeof(*l));
	sigset_t all, before;
	enum dc_code rc;
	int n;

	if (l == NULL)
		abort();
	l->store = self;
	l->end = &l->first;
	pthread_mutex_init(&l->lock, NULL);
	if ((l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0)
		rc = dc_fail(err, DC_E_IO, NULL, "eventfd: %s", strerror(errno));
	else
		rc = listen_to(l, err);
	if (rc != DC_OK) {
		if (l->wake >= 0)
			close(l->wake);
		free(l);
		return rc;
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	n = pthread_create(&l->thread, NULL, listener_main, l);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (n != 0) {
		pg_conn_close(l->conn);
		close(l->wake);
		free(l);
		return dc_fail(err, DC_E_IO, NULL, "the store's listener cannot be started: %s", strerror(n));
	}
	pthread_setname_np(l->thread, "store-listener");
	self->listener = l;
	return DC_OK;
}

struct pg_listener *
pg_listener_stop(struct pg_listener *l)
{
	if (l == NULL)
		return NULL;
	atomic_store(&l->stop, true);
	(void)!eventfd_write(l->wake, 1);
	pthread_join(l->thread, NULL);
	pg_conn_close(l->conn);
	close(l->wake);
	while (l->speakers > 0)
		buf_free(&l->speaker[--l->speakers].text);
	pthread_mutex_destroy(&l->lock);
	free(l);
	return NULL;
}

int
pg_listener_pid(struct pg_listener *l)
{
	return atomic_load(&l->pid);
}

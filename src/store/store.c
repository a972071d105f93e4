/* SPDX-License-Identifier: ISC */
/* store.c - what every backend shares: the public calls, a transaction's accessors, waking of edges, blocking forms. */
#include <assert.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "store/lock.h"
#include "store/store.h"
#include "store/store_priv.h"

void
store_init(struct store *st, const struct store_ops *ops)
{
	st->ops = ops;
	st->holder = -1;
	atomic_store(&st->generation, 1);
	pthread_mutex_init(&st->watch_lock, NULL);
	pthread_mutex_init(&st->rotate_lock, NULL);
	pthread_mutex_init(&st->writes_lock, NULL);
}

void
store_fini(struct store *st)
{
	store_drop_lock(st);
	seal_close(st->seal);
	pthread_mutex_destroy(&st->writes_lock);
	pthread_mutex_destroy(&st->rotate_lock);
	pthread_mutex_destroy(&st->watch_lock);
}

struct store *
store_close(struct store *st)
{
	if (st != NULL)
		st->ops->close(st);
	return NULL;
}

void
store_hurry(struct store *st)
{
	if (st->ops->hurry != NULL)
		st->ops->hurry(st);
}

void
store_submit(struct store *st, store_run run, void *arg, store_done done)
{
	st->ops->submit(st, 0, run, arg, done);
}

void
store_submit_for(struct store *st, uint64_t party, store_run run, void *arg, store_done done)
{
	st->ops->submit(st, party, run, arg, done);
}

void
store_read(struct store *st, store_run run, void *arg, store_done done)
{
	st->ops->read(st, 0, run, arg, done);
}

void
store_read_for(struct store *st, uint64_t party, store_run run, void *arg, store_done done)
{
	st->ops->read(st, party, run, arg, done);
}

static struct stmt *
glance_find(struct tx *tx, const struct shape *shape)
{
	(void)tx;
	(void)shape;
	return NULL;
}

static enum dc_code
glance_prepare(struct tx *tx, const char *sql, struct stmt **ret, struct dc_error *err)
{
	(void)sql;
	(void)ret;
	tx->broken = DC_E_AGAIN;
	return dc_fail(err, DC_E_AGAIN, NULL, "this is not known in memory");
}

static struct stmt *
glance_finish(struct stmt *s)
{
	return s; /* there never is one */
}

enum dc_code
store_glance(struct store *st, struct arena *arena, store_run run, void *arg, struct dc_error *err)
{
	static const struct tx_ops ops = {.find = glance_find, .prepare = glance_prepare, .finish = glance_finish};
	struct tx tx = {.ops = &ops, .store = st, .arena = arena, .now = store_time(st)};

	return tx_run(&tx, run, arg, err);
}

/* The blocking forms: a job whose done() wakes the thread that waits for it. */
struct waiting {
	store_run run;
	void *arg;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool finished;
	enum dc_code rc;
	struct dc_error *err;
};

static enum dc_code
waiting_run(struct tx *tx, void *arg, struct dc_error *err)
{
	struct waiting *w = arg;

	return w->run(tx, w->arg, err);
}

static void
waiting_done(void *arg, enum dc_code rc, const struct dc_error *err)
{
	struct waiting *w = arg;

	pthread_mutex_lock(&w->lock);
	w->rc = rc;
	if (rc != DC_OK && w->err != NULL && err != NULL)
		*w->err = *err;
	w->finished = true;
	pthread_cond_signal(&w->cond);
	pthread_mutex_unlock(&w->lock);
}

static enum dc_code
wait_for(struct store *st, void (*how)(struct store *, store_run, void *, store_done), store_run run, void *arg,
    struct dc_error *err)
{
	struct waiting w = {
	    .run = run, .arg = arg, .lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER, .err = err};

	how(st, waiting_run, &w, waiting_done);
	pthread_mutex_lock(&w.lock);
	while (!w.finished)
		pthread_cond_wait(&w.cond, &w.lock);
	pthread_mutex_unlock(&w.lock);
	pthread_mutex_destroy(&w.lock);
	pthread_cond_destroy(&w.cond);
	return w.rc;
}

enum dc_code
store_submit_wait(struct store *st, store_run run, void *arg, struct dc_error *err)
{
	return wait_for(st, store_submit, run, arg, err);
}

static void
submit_alone(struct store *st, store_run run, void *arg, store_done done)
{
	st->ops->submit(st, STORE_ALONE, run, arg, done);
}

enum dc_code
store_submit_alone_wait(struct store *st, store_run run, void *arg, struct dc_error *err)
{
	return wait_for(st, submit_alone, run, arg, err);
}

enum dc_code
store_read_wait(struct store *st, store_run run, void *arg, struct dc_error *err)
{
	return wait_for(st, store_read, run, arg, err);
}

void
store_watch(struct store *st, store_wake wake, void *arg)
{
	pthread_mutex_lock(&st->watch_lock);
	st->wake = wake;
	st->wake_arg = arg;
	pthread_mutex_unlock(&st->watch_lock);
}

/* Under the lock, so that after store_watch(st, NULL, NULL) the old watcher is not called any more. */
void
store_tell(struct store *st, const struct wake *wakes)
{
	if (wakes == NULL)
		return;
	pthread_mutex_lock(&st->watch_lock);
	for (const struct wake *w = wakes; st->wake != NULL && w != NULL; w = w->next)
		st->wake(st->wake_arg, w->edge_id);
	pthread_mutex_unlock(&st->watch_lock);
}

void
store_hear(struct store *st, store_heard heard, void *arg)
{
	pthread_mutex_lock(&st->watch_lock);
	st->heard = heard;
	st->heard_arg = arg;
	pthread_mutex_unlock(&st->watch_lock);
}

void
store_tell_heard(struct store *st, const char *text)
{
	pthread_mutex_lock(&st->watch_lock);
	if (st->heard != NULL)
		st->heard(st->heard_arg, text);
	pthread_mutex_unlock(&st->watch_lock);
}

void
store_say(struct store *st, const char *text)
{
	if (st->ops->say != NULL && strlen(text) <= STORE_SAY_MAX)
		st->ops->say(st, text);
}

void
wake_add(struct wake **list, const char *edge_id, struct arena *arena)
{
	struct wake *w;

	for (w = *list; w != NULL; w = w->next)
		if (strcmp(w->edge_id, edge_id) == 0)
			return;
	w = arena_new_of(arena, struct wake);
	w->edge_id = arena_strdup(arena, edge_id);
	w->next = *list;
	*list = w;
}

void
tx_wake_edge(struct tx *tx, const char *edge_id)
{
	wake_add(&tx->wakes, edge_id, tx->arena);
}

void
tx_wake(struct tx *tx, const char *id)
{
	wake_add(&tx->wakes, id, tx->arena);
}

void
store_set_engine(struct store *st, const struct store_engine *engine)
{
	st->engine = engine;
}

const struct store_engine *
tx_engine(const struct tx *tx)
{
	return tx->store->engine;
}

void
tx_dirty(struct tx *tx, const struct resource *res, const char *id)
{
	if (tx->store->engine != NULL)
		tx->store->engine->dirty(tx, res, id, false);
}

void
tx_made(struct tx *tx, const struct resource *res, const char *id)
{
	if (tx->store->engine != NULL)
		tx->store->engine->dirty(tx, res, id, true);
}

void *
tx_row(struct tx *tx, const struct resource *res, const char *id)
{
	return tx->work != NULL ? tx->store->engine->row(tx, res, id) : NULL;
}

enum dc_code
tx_settle(struct tx *tx, struct dc_error *err)
{
	return tx->work != NULL ? tx->store->engine->settle(tx, err) : DC_OK;
}

void **
tx_work(struct tx *tx)
{
	return &tx->work;
}

void
tx_make_dry(struct tx *tx)
{
	tx->dry = true;
}

bool
tx_is_dry(const struct tx *tx)
{
	return tx->dry;
}

uint64_t
tx_generation(struct tx *tx)
{
	if (tx->kept_changed)
		return 0;
	return tx->generation != 0 ? tx->generation : atomic_load(&tx->store->generation);
}

struct arena *
tx_arena(struct tx *tx)
{
	return tx->arena;
}

/* Another time would have read something else. */
utc_ms
tx_now(struct tx *tx)
{
	tx->told_time = tx->told_time || tx->footing != NULL;
	return tx->now;
}

unsigned
tx_statements(struct tx *tx)
{
	return tx->statements;
}

const char *
tx_epoch(struct tx *tx)
{
	return tx->epoch != NULL ? tx->epoch : tx->store->epoch;
}

void
stmt_guard_end(struct stmt_guard *g)
{
	g->ops->finish(g->stmt);
}

enum dc_code
tx_run(struct tx *tx, store_run run, void *arg, struct dc_error *err)
{
	enum dc_code rc = run(tx, arg, err);

	if (rc == DC_OK && tx->broken == DC_OK)
		rc = tx_settle(tx, err);
	if (rc == DC_OK && tx->broken != DC_OK)
		return dc_fail(err, DC_E_SYSTEM, NULL, "a job went on after a statement had failed with %s",
		    dc_code_name(tx->broken));
	return rc;
}

utc_ms
store_now(struct store *st, utc_ms now)
{
	utc_ms newest = atomic_load(&st->newest);

	do {
		if (now <= newest && newest - now <= STORE_CLOCK_HOLD_MS)
			return newest;
	} while (!atomic_compare_exchange_weak(&st->newest, &newest, now));
	return now;
}

utc_ms
store_time(struct store *st)
{
	return store_now(st, utc_now() + atomic_load(&st->clock_offset));
}

void
store_note_write(struct store *st, const struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = NULL;
	bool failing = err != NULL, changed;

	if (failing && err->code != DC_E_STORAGE && err->code != DC_E_DATABASE && err->code != DC_E_IO)
		return; /* about what was written, not about where */
	pthread_mutex_lock(&st->writes_lock);
	changed = st->writes.failing != failing;
	st->writes.failing = failing;
	snprintf(st->writes.why, sizeof(st->writes.why), "%s", failing ? err->text : "");
	pthread_mutex_unlock(&st->writes_lock);
	if (!changed)
		return;
	arena = arena_new();
	dc_log(failing ? LOG_ERR : LOG_NOTICE, failing ? "writes fail" : "writes work again", "error=%s",
	    failing ? log_quote(arena, err->text) : "-");
}

void
store_get_writes(struct store *st, struct store_writes *ret)
{
	pthread_mutex_lock(&st->writes_lock);
	*ret = st->writes;
	pthread_mutex_unlock(&st->writes_lock);
}

void
store_get_stats(struct store *st, struct store_stats *ret)
{
	ret->commits = atomic_load(&st->commits);
	ret->jobs = atomic_load(&st->jobs);
	ret->reads = atomic_load(&st->reads);
}

/* --- which backend --- */

#define HOLDER_WAIT_MS 2000 /* a tool has the lock while it opens, and a server that stops for a moment more */

const char *
store_name(const struct store_options *options)
{
	return options->database != NULL ? options->database : options->path;
}

enum dc_code
store_open_with(
    const struct store_options *options, const struct migration *migrations, struct store **ret, struct dc_error *err)
{
	return options->database != NULL ? pg_open_store(options, migrations, ret, err)
					 : sqlite_open_store(options, migrations, ret, err);
}

enum dc_code
store_open(const struct store_options *options, struct store **ret, struct dc_error *err)
{
	return store_open_with(options, options->database != NULL ? store_migrations_pg : store_migrations, ret, err);
}

enum dc_code
store_backup(const struct store_options *options, const char *to, struct dc_error *err)
{
	if (options->database != NULL)
		return dc_fail(err, DC_E_POLICY, NULL,
		    "the database is on PostgreSQL: copy it with pg_dump, and keep a copy of the key file %s with it",
		    options->key_path);
	return sqlite_backup(options->path, to, err);
}

enum dc_code
store_new_epoch(const struct store_options *options, struct dc_error *err)
{
	return options->database != NULL ? pg_new_epoch(options, err) : sqlite_new_epoch(options->path, err);
}

enum dc_code
store_forget_secrets(const struct store_options *options, store_lost told, void *arg, struct dc_error *err)
{
	if (access(options->key_path, F_OK) == 0)
		return dc_fail(err, DC_E_IO, NULL,
		    "key file %s is there: if it is not the one that the secrets were sealed with, move it away first",
		    options->key_path);
	return options->database != NULL ? pg_forget_secrets(options, told, arg, err)
					 : sqlite_forget_secrets(options, told, arg, err);
}

enum dc_code
store_take_lock(struct store *st, const struct store_options *options, struct dc_error *err)
{
	char holder[256];
	enum dc_code rc = lock_take(options->path, options->serves ? HOLDER_WAIT_MS : 0, &st->holder, err);

	if (rc != DC_OK || st->holder >= 0 || !options->serves)
		return rc;
	(void)store_get_holder(options, holder, sizeof(holder));
	holder[strcspn(holder, "\n")] = '\0';
	return dc_fail(err, DC_E_IO, NULL, "%s is served by another dcaasd already (%s)", options->path, holder);
}

void
store_drop_lock(struct store *st)
{
	if (st->holder >= 0)
		close(st->holder);
	st->holder = -1;
}

bool
store_get_holder(const struct store_options *options, char *text, size_t size)
{
	return lock_read(options->path, text, size);
}

void
store_set_holder(struct store *st, const char *text)
{
	if (st->holder >= 0)
		lock_write(st->holder, text);
}

bool
store_log_was_damaged(struct store *st)
{
	return st->ops->log_was_damaged(st);
}

void
store_probe(struct store *st, store_done done, void *arg)
{
	store_submit(st, st->ops->probe, arg, done);
}

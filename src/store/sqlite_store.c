/* SPDX-License-Identifier: ISC */
/* sqlite_store.c - the store on SQLite at work: one writer thread with group commit, reader connections. How it is
 * opened, copied and changed offline is sqlite_open.c.
 *
 * The writer takes what is queued into one transaction, each job in a SAVEPOINT, and commits once: one fsync for all.
 * While a group commits the next one gathers, so the group's size follows the load without a timer. Readers have
 * connections of their own (WAL: neither side waits for the other), made when needed and kept, up to a few. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "store/footing_priv.h"
#include "store/sqlite_plan.h"
#include "store/sqlite_store_priv.h"
#include "store/wal.h"

/* Bounds of how long the first job of a group waits for the last: of one party, and where others wait too. */
#define GROUP_MAX 128
#define GROUP_MS 40
#define GROUP_SHARED_MS 10

struct job {
	struct turn turn; /* first: turns_take() hands us its address */
	store_run run;
	void *arg;
	store_done done;
	struct job *next;
	struct arena *arena;
	struct wake *wakes;
	const struct footing_changes *changes;
	bool dry; /* it was only tried: nothing of it stays */
	const struct log_held *lines;
	enum dc_code rc;
	struct dc_error err;
};

struct job_list {
	struct job *first, **end;
	size_t n;
	bool shared; /* by several parties */
	int64_t begun;
};

static void
jobs_init(struct job_list *l)
{
	*l = (struct job_list){.end = &l->first, .begun = monotonic_now().ms};
}

static void
jobs_append(struct job_list *l, struct job *job)
{
	job->next = NULL;
	l->shared = l->shared || (l->first != NULL && l->first->turn.party != job->turn.party);
	*l->end = job;
	l->end = &job->next;
	l->n++;
}

static struct job *
jobs_pop(struct job_list *l)
{
	struct job *job = l->first;

	if (job != NULL) {
		if ((l->first = job->next) == NULL)
			l->end = &l->first;
		l->n--;
	}
	return job;
}

static struct job *
job_new(store_run run, void *arg, store_done done)
{
	struct job *job = calloc(1, sizeof(*job));

	if (job == NULL)
		abort(); /* as arenas do: no caller could answer without memory */
	job->run = run;
	job->arg = arg;
	job->done = done;
	job->arena = arena_new();
	return job;
}

static void
job_finish(struct job *job)
{
	if (job->rc == DC_OK && !job->dry && job->lines != NULL)
		log_write_held(job->lines);
	job->done(job->arg, job->rc, &job->err);
	arena_free(job->arena);
	free(job);
}

struct sqlite_tx
sqlite_tx_for(struct sqlite_store *self, struct conn *conn, struct arena *arena, utc_ms now)
{
	return (struct sqlite_tx){
	    .tx = {.ops = &sqlite_tx_ops,
		.store = &self->store,
		.arena = arena,
		.now = now,
		.kept_changed = conn == self->writer && self->kept_changed,
		.since = footing_newest(self->store.numbers)},
	    .conn = conn,
	};
}

static void
job_run_once(struct sqlite_store *self, struct job *job, utc_ms now)
{
	struct sqlite_tx stx = sqlite_tx_for(self, self->writer, job->arena, now);

	job->err = (struct dc_error){0};
	/* Nothing that it reports has happened before the commit. */
	job->lines = log_hold(job->arena);
	job->rc = tx_run(&stx.tx, job->run, job->arg, &job->err);
	log_unhold();
	job->dry = stx.tx.dry;
	job->wakes = job->dry ? NULL : stx.tx.wakes;
	job->changes = job->dry ? NULL : stx.tx.changes;
	self->kept_changed = self->kept_changed || stx.tx.kept_changed;
}

#ifdef DC_RUN_TWICE
/* DCAAS_RUN_ONCE in the environment: as in every other build, so that a test can compare. */
static bool
jobs_run_twice(void)
{
	return getenv("DCAAS_RUN_ONCE") == NULL;
}

/* The disk may fail the one run and not the other. */
static bool
is_of_the_disk(enum dc_code rc)
{
	return rc == DC_E_IO || rc == DC_E_STORAGE;
}

/* From its start, as after a serialization failure: with an arena of its own, so that what the first run left behind in
 * its input is memory that was freed. A job that ends otherwise the second time did not start from its inputs. */
static void
job_run_again(struct sqlite_store *self, struct job *job, utc_ms now)
{
	enum dc_code first = job->rc;

	if (!jobs_run_twice() || is_of_the_disk(first) || !conn_in_transaction(self->writer) ||
	    conn_run(self->writer, "ROLLBACK TO job", NULL) != DC_OK)
		return;
	arena_free(job->arena);
	job->arena = arena_new();
	job_run_once(self, job, now);
	if (job->rc == first || is_of_the_disk(job->rc))
		return;
	dc_log(LOG_CRIT, "bug: a job that ran twice ended in two ways", "first=%s second=%s", dc_code_name(first),
	    dc_code_name(job->rc));
	abort();
}
#endif

/* Runs one job in its SAVEPOINT. A job that fails leaves no trace. */
static void
job_run(struct sqlite_store *self, struct job *job, utc_ms now)
{
	atomic_fetch_add(&self->store.jobs, 1);
	if ((job->rc = conn_run(self->writer, "SAVEPOINT job", &job->err)) != DC_OK)
		return;
	job_run_once(self, job, now);
#ifdef DC_RUN_TWICE
	job_run_again(self, job, now);
#endif
	if (job->rc == DC_E_STORAGE)
		store_note_write(&self->store, &job->err);
	if (!conn_in_transaction(self->writer))
		return; /* the group is lost, and group_commit() reports that */
	/* Better no group at all than one with half a job in it. */
	if (((job->rc != DC_OK || job->dry) && conn_run(self->writer, "ROLLBACK TO job", NULL) != DC_OK) ||
	    conn_run(self->writer, "RELEASE job", NULL) != DC_OK)
		(void)conn_run(self->writer, "ROLLBACK", NULL);
}

/* Jobs that arrive while the group runs still join it. */
static struct job *
group_next(struct sqlite_store *self, const struct job_list *group)
{
	struct turn *next;

	if (group->n >= GROUP_MAX ||
	    (group->n > 0 && monotonic_now().ms - group->begun >= (group->shared ? GROUP_SHARED_MS : GROUP_MS)))
		return NULL;
	pthread_mutex_lock(&self->lock);
	next = turns_take(&self->queue);
	pthread_mutex_unlock(&self->lock);
	return (struct job *)next;
}

/* All jobs that had succeeded fail with the group; those that failed alone keep their own reason. */
static void
group_fail(struct job_list *group, const struct dc_error *err)
{
	for (struct job *job = group->first; job != NULL; job = job->next)
		if (job->rc == DC_OK) {
			job->rc = err->code;
			job->err = *err;
		}
}

static bool
group_has_success(const struct job_list *group)
{
	for (const struct job *job = group->first; job != NULL; job = job->next)
		if (job->rc == DC_OK)
			return true;
	return false;
}

/* The database ended the transaction by itself, as it does on a full disk: for the reason that some job got. */
static void
group_given_up(struct sqlite_store *self, struct job_list *group)
{
	struct dc_error err = {0};

	dc_fail(&err, DC_E_IO, NULL, "the database gave up the transaction that this change was part of");
	for (const struct job *job = group->first; job != NULL; job = job->next)
		if (job->rc == DC_E_STORAGE)
			err = job->err;
	store_note_write(&self->store, &err);
	group_fail(group, &err);
}

static void
group_commit(struct sqlite_store *self, struct job_list *group)
{
	struct dc_error err = {0};
	enum dc_code rc;

	if (!conn_in_transaction(self->writer)) {
		group_given_up(self, group);
		return;
	}
	if (!group_has_success(group)) {
		(void)conn_run(self->writer, "ROLLBACK", NULL);
		return;
	}
	for (const struct job *job = group->first; job != NULL; job = job->next)
		if (job->rc == DC_OK)
			footing_begin_commit(self->store.numbers, job->changes);
	rc = conn_run(self->writer, "COMMIT", &err);
	footing_end_commit(self->store.numbers);
	if (rc == DC_OK) {
		atomic_fetch_add(&self->store.commits, 1);
		store_note_write(&self->store, NULL);
		return;
	}
	store_note_write(&self->store, &err);
	if (conn_in_transaction(self->writer))
		(void)conn_run(self->writer, "ROLLBACK", NULL);
	if (err.code == DC_E_CONFLICT)
		dc_fail(&err, DC_E_SYSTEM, NULL, "a constraint was checked as late as COMMIT");
	group_fail(group, &err);
}

/* One list for the group, so that an edge that several jobs changed is woken once. */
static void
group_wake(struct sqlite_store *self, const struct job_list *group)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct wake *all = NULL;

	for (const struct job *job = group->first; job != NULL; job = job->next)
		if (job->rc == DC_OK)
			for (const struct wake *w = job->wakes; w != NULL; w = w->next)
				wake_add(&all, w->edge_id, arena);
	store_tell(&self->store, all);
}

static void
group_run(struct sqlite_store *self)
{
	struct job_list group;
	struct job *job;
	struct dc_error begin_err = {0};
	enum dc_code begun = conn_run(self->writer, "BEGIN IMMEDIATE", &begin_err);
	utc_ms now = store_now(&self->store, utc_now());

	jobs_init(&group);
	while ((begun != DC_OK || conn_in_transaction(self->writer)) && (job = group_next(self, &group)) != NULL) {
		if (begun == DC_OK)
			job_run(self, job, now);
		jobs_append(&group, job);
	}
	if (begun == DC_OK) {
		group_commit(self, &group);
	} else {
		store_note_write(&self->store, &begin_err);
		group_fail(&group, &begin_err);
	}
	/* Also after a COMMIT that failed: nobody knows then what the disk has. */
	if (self->kept_changed)
		atomic_fetch_add(&self->store.generation, 1);
	self->kept_changed = false;
	group_wake(self, &group);
	while ((job = jobs_pop(&group)) != NULL)
		job_finish(job);
}

static void *
writer_main(void *arg)
{
	struct sqlite_store *self = arg;

	pthread_mutex_lock(&self->lock);
	for (;;) {
		while (self->queue.waiting == 0 && self->restore == NULL && !self->stopping)
			pthread_cond_wait(&self->more, &self->lock);
		if (self->queue.waiting == 0 && self->restore == NULL)
			break;
		bool restore = self->restore != NULL;

		pthread_mutex_unlock(&self->lock);
		if (restore)
			sqlite_restore_run(self);
		else
			group_run(self);
		pthread_mutex_lock(&self->lock);
	}
	pthread_mutex_unlock(&self->lock);
	return NULL;
}

static void
refuse(void *arg, store_done done)
{
	struct dc_error err = {0};

	dc_fail(&err, DC_E_UNAVAILABLE, NULL, "the store is closing");
	done(arg, DC_E_UNAVAILABLE, &err);
}

static void
sqlite_submit(struct store *st, uint64_t party, store_run run, void *arg, store_done done)
{
	struct sqlite_store *self = sqlite_of(st);
	struct job *job = job_new(run, arg, done);
	bool closing;

	pthread_mutex_lock(&self->lock);
	if (!(closing = self->stopping)) {
		turns_add(&self->queue, party, 0, &job->turn);
		pthread_cond_signal(&self->more);
	}
	pthread_mutex_unlock(&self->lock);
	if (closing) {
		arena_free(job->arena);
		free(job);
		refuse(arg, done);
	}
}

static enum dc_code
reader_take(struct sqlite_store *self, struct conn **ret, struct dc_error *err)
{
	struct conn *c = NULL;
	enum dc_code rc;

	pthread_mutex_lock(&self->lock);
	if (self->n_idle > 0)
		c = self->idle[--self->n_idle];
	pthread_mutex_unlock(&self->lock);
	if (c == NULL) {
		if ((rc = conn_open(self->path, CONN_READ, &c, err)) != DC_OK)
			return rc;
#ifdef DC_CHECK_PLANS
		plan_record(conn_db(c), PLAN_READS);
#endif
	}
	*ret = c;
	return DC_OK;
}

static void
reader_give(struct sqlite_store *self, struct conn *c)
{
	pthread_mutex_lock(&self->lock);
	if (self->n_idle < READERS_KEPT) {
		self->idle[self->n_idle++] = c;
		c = NULL;
	}
	pthread_mutex_unlock(&self->lock);
	conn_close(c);
}

static enum dc_code
read_run(struct sqlite_store *self, struct conn *c, struct arena *arena, store_run run, void *arg, struct dc_error *err)
{
	struct sqlite_tx stx = sqlite_tx_for(self, c, arena, store_now(&self->store, utc_now()));
	enum dc_code rc;

	if ((rc = conn_run(c, "BEGIN DEFERRED", err)) != DC_OK)
		return rc;
	rc = tx_run(&stx.tx, run, arg, err);
	/* Nothing was written: how the transaction ends does not matter, only that it does. */
	if (conn_in_transaction(c))
		(void)conn_run(c, "ROLLBACK", NULL);
	return rc;
}

static void
sqlite_read(struct store *st, uint64_t party, store_run run, void *arg, store_done done)
{
	struct sqlite_store *self = sqlite_of(st);
	_cleanup_arena_ struct arena *arena = arena_new();
	struct conn *c;
	struct dc_error err = {0};
	enum dc_code rc;

	(void)party; /* nobody waits */
	atomic_fetch_add(&st->reads, 1);
	if (self->snapshots)
		pthread_rwlock_rdlock(&self->reads_lock);
	if ((rc = reader_take(self, &c, &err)) == DC_OK) {
		rc = read_run(self, c, arena, run, arg, &err);
		reader_give(self, c);
	}
	if (self->snapshots)
		pthread_rwlock_unlock(&self->reads_lock);
	done(arg, rc, &err);
}

static void
sqlite_free(struct sqlite_store *self)
{
	while (self->n_idle > 0)
		conn_close(self->idle[--self->n_idle]);
	conn_close(self->writer);
	turns_fini(&self->queue);
	sqlite_snapshots_fini(self);
	pthread_cond_destroy(&self->more);
	pthread_mutex_destroy(&self->lock);
	store_fini(&self->store);
	footing_numbers_free(self->store.numbers);
	free(self->path);
	free(self);
}

void
sqlite_close_store(struct store *st)
{
	struct sqlite_store *self = sqlite_of(st);

	if (self->running) {
		pthread_mutex_lock(&self->lock);
		self->stopping = true;
		pthread_cond_signal(&self->more);
		pthread_mutex_unlock(&self->lock);
		pthread_join(self->thread, NULL);
	}
#ifdef DC_CHECK_PLANS
	if (getenv("DCAAS_GROUPS") != NULL) /* for bench/run.py */
		dc_log(LOG_WARNING, "store closed", "jobs=%llu commits=%llu",
		    (unsigned long long)atomic_load(&st->jobs), (unsigned long long)atomic_load(&st->commits));
#endif
	if (self->writer != NULL)
		(void)sqlite3_wal_checkpoint_v2(conn_db(self->writer), NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	sqlite_free(self);
}

/* A page of its own header is all that changes: a value that nobody reads. */
static enum dc_code
probe_run(struct tx *tx, void *arg, struct dc_error *err)
{
	char sql[64];
	uint32_t any;

	(void)arg;
	random_bytes(&any, sizeof(any));
	snprintf(sql, sizeof(sql), "PRAGMA user_version = %u", any & 0x7fffffff);
	return tx->ops->script(tx, sql, err);
}

static bool
log_was_damaged(struct store *st)
{
	const struct sqlite_store *self = sqlite_of(st);

	return self->damaged || wal_is_kept(self->path);
}

static const struct store_ops sqlite_store_ops = {
    .submit = sqlite_submit,
    .read = sqlite_read,
    .take = sqlite_snapshot_take,
    .restore = sqlite_snapshot_restore,
    .close = sqlite_close_store,
    .probe = probe_run,
    .log_was_damaged = log_was_damaged,
};

struct sqlite_store *
sqlite_new(const char *path)
{
	struct sqlite_store *self = calloc(1, sizeof(*self));

	if (self == NULL || (self->path = strdup(path)) == NULL)
		abort();
	store_init(&self->store, &sqlite_store_ops);
	self->store.numbers = footing_numbers_new();
	pthread_mutex_init(&self->lock, NULL);
	pthread_cond_init(&self->more, NULL);
	turns_init(&self->queue, 0);
	sqlite_snapshots_init(self);
	return self;
}

/* Signals are for the main thread. */
enum dc_code
sqlite_start_writer(struct sqlite_store *self, struct dc_error *err)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&self->thread, NULL, writer_main, self);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0)
		return dc_fail(err, DC_E_IO, NULL, "the store's writer cannot be started: %s", strerror(rc));
	pthread_setname_np(self->thread, "store-writer");
	self->running = true;
#ifdef DC_RUN_TWICE
	dc_log(LOG_DEBUG, "store", "jobs=%s", jobs_run_twice() ? "twice" : "once");
#endif
	return DC_OK;
}

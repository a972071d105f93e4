/* SPDX-License-Identifier: ISC */
/* pg_store.c - the store on PostgreSQL at work: threads, each with a connection of its own, for writes and for reads.
 *
 * A job that writes is one SERIALIZABLE transaction, so it ends as if the jobs of all processes had run one after
 * another, and needs no lock of rows. Where that does not work out the database refuses one of those that met, and it
 * runs again: alone, under a lock that every transaction of jobs takes in its shared form. So a job runs twice at most,
 * however many meet, and those that do not meet run side by side (doc/decisions/postgresql.md).
 *
 * Jobs of one party run one after another: of one project they nearly always meet.
 *
 * A connection that broke before COMMIT costs nothing: the job runs again on a new one. Whether a COMMIT that got no
 * answer was carried out nobody knows, and the job fails with those words. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/pg_priv.h"
#include "store/query.h"

#define TRIES_MAX 8        /* alone, too: somebody else writes to the database */
#define PAUSE_MS 1000      /* between two attempts to connect */
#define READ_LIMIT_MS 3000 /* who reads waits for an answer, and a stop for who reads */

/* The lock comes first: what is seen is what was committed before it was taken. */
static const char begin_first[] =
    "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE; LOCK TABLE store_turn IN ROW SHARE MODE; EXECUTE dcaas_look";
static const char begin_alone[] =
    "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE; LOCK TABLE store_turn IN EXCLUSIVE MODE; EXECUTE dcaas_look";
static const char begin_read[] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; EXECUTE dcaas_look";

struct job {
	struct turn turn; /* first: turns_take() hands us its address */
	store_run run;
	void *arg;
	store_done done;
	struct arena *arena;
	const struct log_held *lines;
	const struct wake *wakes;
	bool dry; /* it was only tried: nothing of it stays */
	enum dc_code rc;
	struct dc_error err;
};

/* What came of one run of a job. */
enum outcome {
	DONE,
	AGAIN, /* others were in its way */
	LOST,  /* the connection broke, and nothing is committed */
};

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
job_free(struct job *job)
{
	arena_free(job->arena);
	free(job);
}

/* --- connections --- */

/* Without waiting for a database of which another thread has just found that it is away. */
static enum dc_code
may_connect(struct pg_store *self, struct dc_error *err)
{
	enum dc_code rc = DC_OK;

	pthread_mutex_lock(&self->lock);
	if (self->next_attempt > monotonic_now().ms || (self->next_attempt > 0 && atomic_load(&self->hurry))) {
		*err = self->down;
		rc = err->code;
	}
	pthread_mutex_unlock(&self->lock);
	return rc;
}

static void
note_attempt(struct pg_store *self, const struct dc_error *err)
{
	pthread_mutex_lock(&self->lock);
	self->next_attempt = err != NULL ? monotonic_now().ms + PAUSE_MS : 0;
	if (err != NULL)
		self->down = *err;
	pthread_mutex_unlock(&self->lock);
}

static enum dc_code
connect_worker(struct pg_worker *w, struct dc_error *err)
{
	enum dc_code rc;

	if (w->conn != NULL && pg_conn_is_lost(w->conn))
		w->conn = pg_conn_close(w->conn);
	if (w->conn != NULL)
		return DC_OK;
	if ((rc = may_connect(w->store, err)) != DC_OK)
		return rc;
	if ((rc = pg_conn_open(w->store->database, &w->conn, err)) == DC_OK &&
	    (rc = pg_run(w->conn, "PREPARE dcaas_look AS " PG_LOOK, NULL, NULL, err)) != DC_OK)
		w->conn = pg_conn_close(w->conn);
	if (rc == DC_OK) {
		pg_conn_set_hurry(w->conn, &w->store->hurry);
		if (w->reads)
			pg_conn_set_limit(w->conn, READ_LIMIT_MS);
		else
			pg_conn_set_recorded(w->conn);
	}
	note_attempt(w->store, rc != DC_OK ? err : NULL);
	return rc;
}

/* --- a transaction --- */

struct pg_tx
pg_tx_for(struct pg_store *self, struct pg_conn *conn, struct arena *arena, utc_ms now)
{
	return (struct pg_tx){
	    .tx = {.ops = &pg_tx_ops, .store = &self->store, .arena = arena, .now = now},
	    .conn = conn,
	};
}

/* From the answer to PG_LOOK. */
static enum dc_code
take_look(struct pg_store *self, const PGresult *res, struct pg_tx *ptx, struct dc_error *err)
{
	int64_t now = strtoll(PQgetvalue(res, 0, 3), NULL, 10);
	int schema = (int)strtol(PQgetvalue(res, 0, 2), NULL, 10);

	if (schema != self->schema)
		return dc_fail(err, DC_E_UNAVAILABLE, NULL,
		    "The database has schema %d, this server works with schema %d: replace it with the newer version",
		    schema, self->schema);
	atomic_store(&self->store.clock_offset, now - utc_now());
	ptx->tx.now = store_now(&self->store, now);
	ptx->tx.generation = (uint64_t)strtoll(PQgetvalue(res, 0, 0), NULL, 10) + 1;
	snprintf(ptx->epoch, sizeof(ptx->epoch), "%s", PQgetvalue(res, 0, 1));
	ptx->tx.epoch = ptx->epoch;
	return DC_OK;
}

static enum dc_code
begin(struct pg_worker *w, const char *how, struct pg_tx *ptx, struct dc_error *err)
{
	PGresult *res;
	enum dc_code rc = pg_run(w->conn, how, &res, &ptx->again, err);

	if (rc != DC_OK)
		return rc;
	rc = take_look(w->store, res, ptx, err);
	PQclear(res);
	return rc;
}

static void
roll_back(struct pg_worker *w)
{
	if (w->conn != NULL && !pg_conn_is_lost(w->conn))
		(void)pg_run(w->conn, "ROLLBACK", NULL, NULL, NULL);
}

/* --- jobs that write --- */

#ifdef DC_RUN_TWICE
static bool
jobs_run_twice(void)
{
	return getenv("DCAAS_RUN_ONCE") == NULL;
}
#endif

static void
run_once(struct job *job, struct pg_tx *ptx)
{
	job->err = (struct dc_error){0};
	job->lines = log_hold(job->arena);
	job->rc = tx_run(&ptx->tx, job->run, job->arg, &job->err);
	log_unhold();
	job->dry = ptx->tx.dry;
	job->wakes = ptx->tx.wakes;
}

#ifdef DC_RUN_TWICE
/* Each run has an arena of its own, so that what the one before left behind in its input is memory that was freed. */
static void
fresh_arena(struct job *job, struct pg_tx *ptx, utc_ms now)
{
	struct pg_tx fresh;

	arena_free(job->arena);
	job->arena = arena_new();
	fresh = pg_tx_for(pg_of(ptx->tx.store), ptx->conn, job->arena, now);
	fresh.tx.generation = ptx->tx.generation;
	memcpy(fresh.epoch, ptx->epoch, sizeof(fresh.epoch));
	*ptx = fresh;
	ptx->tx.epoch = ptx->epoch;
}
#endif

static enum dc_code
run_job(struct pg_worker *w, struct job *job, struct pg_tx *ptx)
{
#ifdef DC_RUN_TWICE
	enum dc_code rc;

	if (jobs_run_twice()) {
		if ((rc = pg_run(w->conn, "SAVEPOINT job", NULL, &ptx->again, &job->err)) != DC_OK)
			return job->rc = rc;
		run_once(job, ptx);
		if (ptx->again || pg_conn_is_lost(w->conn))
			return job->rc;
		if ((rc = pg_run(w->conn, "ROLLBACK TO SAVEPOINT job", NULL, &ptx->again, &job->err)) != DC_OK)
			return job->rc = rc;
		fresh_arena(job, ptx, ptx->tx.now);
	}
#endif
	(void)w;
	run_once(job, ptx);
	return job->rc;
}

static enum dc_code
notify(struct pg_tx *ptx, const struct wake *wakes, struct dc_error *err)
{
	const struct pg_store *self = pg_of(ptx->tx.store);
	enum dc_code rc = DC_OK;

	for (const struct wake *wake = wakes; wake != NULL && rc == DC_OK; wake = wake->next) {
		STMT(g, &ptx->tx);
		bool row;

		if ((rc = ptx->tx.ops->prepare(&ptx->tx, "SELECT pg_notify('" PG_CHANNEL "', $1)", &g.stmt, err)) !=
		    DC_OK)
			break;
		ptx->tx.ops->bind_text(g.stmt, 1, arena_printf(ptx->tx.arena, "%s %s", self->instance, wake->edge_id));
		rc = ptx->tx.ops->step(g.stmt, &row, err);
	}
	return rc;
}

/* What others are to know of the change is part of its transaction. */
static enum dc_code
before_commit(struct pg_worker *w, struct job *job, struct pg_tx *ptx)
{
	enum dc_code rc = notify(ptx, job->wakes, &job->err);

	if (rc == DC_OK && ptx->tx.kept_changed)
		rc = pg_run(w->conn, "UPDATE store_meta SET value = (value::bigint + 1)::text WHERE key = 'generation'",
		    NULL, &ptx->again, &job->err);
	return rc;
}

static enum outcome
commit(struct pg_worker *w, struct job *job, struct pg_tx *ptx)
{
	struct store *st = &w->store->store;
	PGresult *res = NULL;

	if ((job->rc = pg_run(w->conn, "COMMIT", &res, &ptx->again, &job->err)) == DC_OK) {
		if (strcmp(PQcmdStatus(res), "COMMIT") != 0)
			job->rc = dc_fail(&job->err, DC_E_SYSTEM, NULL, "the database rolled the change back");
		PQclear(res);
	} else if (pg_conn_is_lost(w->conn))
		job->rc = dc_fail(&job->err, DC_E_DATABASE, NULL,
		    "The database was lost during the change: whether it was made is not known");
	if (ptx->again)
		return AGAIN;
	if (job->rc == DC_OK) {
		atomic_fetch_add(&st->commits, 1);
		store_note_write(st, NULL);
	}
	if (job->rc == DC_OK || pg_conn_is_lost(w->conn))
		store_tell(st, job->wakes);
	return DONE;
}

/* One run, in a transaction. */
static enum outcome
attempt(struct pg_worker *w, struct job *job, bool alone)
{
	struct pg_tx ptx = pg_tx_for(w->store, w->conn, job->arena, 0);

	if ((job->rc = begin(w, alone ? begin_alone : begin_first, &ptx, &job->err)) == DC_OK &&
	    run_job(w, job, &ptx) == DC_OK && !job->dry && (job->rc = before_commit(w, job, &ptx)) == DC_OK)
		return commit(w, job, &ptx);
	if (pg_conn_is_lost(w->conn))
		return LOST;
	roll_back(w);
	/* A constraint that no client's order breaks: another job was as far at the same time. */
	return ptx.again || (job->rc == DC_E_CONFLICT && !alone) ? AGAIN : DONE;
}

static void
run_write(struct pg_worker *w, struct job *job)
{
	bool alone = job->turn.party == STORE_ALONE;
	unsigned lost = 0;

	atomic_fetch_add(&w->store->store.jobs, 1);
	for (unsigned tries = 0; tries < TRIES_MAX; tries++) {
		enum outcome outcome;

		if ((job->rc = connect_worker(w, &job->err)) != DC_OK)
			break;
		if ((outcome = attempt(w, job, alone)) == DONE || (outcome == LOST && lost++ > 0))
			break;
		alone = alone || outcome == AGAIN;
		arena_free(job->arena);
		job->arena = arena_new();
		job->lines = NULL;
		job->wakes = NULL;
	}
	if (job->rc == DC_E_DATABASE)
		store_note_write(&w->store->store, &job->err);
	if (job->rc == DC_OK && !job->dry && job->lines != NULL)
		log_write_held(job->lines);
	job->done(job->arg, job->rc, &job->err);
}

/* --- jobs that read --- */

/* What needs nothing of the database works without it: how the server is. */
static void
read_nothing(struct pg_worker *w, struct job *job)
{
	struct dc_error why = job->err;
	struct pg_tx ptx = pg_tx_for(w->store, NULL, job->arena, store_time(&w->store->store));

	ptx.tx.ops = &pg_tx_unreachable_ops;
	ptx.tx.kept_changed = true; /* no generation is known */
	ptx.why = &why;
	job->err = (struct dc_error){0};
	job->rc = tx_run(&ptx.tx, job->run, job->arg, &job->err);
}

static enum outcome
read_attempt(struct pg_worker *w, struct job *job)
{
	struct pg_tx ptx = pg_tx_for(w->store, w->conn, job->arena, 0);

	job->err = (struct dc_error){0};
	if ((job->rc = begin(w, begin_read, &ptx, &job->err)) == DC_OK)
		job->rc = tx_run(&ptx.tx, job->run, job->arg, &job->err);
	return pg_conn_is_lost(w->conn) ? LOST : DONE;
}

static void
run_read(struct pg_worker *w, struct job *job)
{
	struct monotonic began = monotonic_now();
	enum outcome outcome = LOST;

	atomic_fetch_add(&w->store->store.reads, 1);
	/* Again after a connection that was broken, but not after one that did not answer. */
	for (unsigned tries = 0; tries < 2 && outcome == LOST && monotonic_since(began) < READ_LIMIT_MS / 2; tries++) {
		if (tries > 0) {
			arena_free(job->arena);
			job->arena = arena_new();
		}
		if ((job->rc = connect_worker(w, &job->err)) != DC_OK) {
			read_nothing(w, job);
			break;
		}
		outcome = read_attempt(w, job);
	}
	job->done(job->arg, job->rc, &job->err);
	/* Nothing was written: the one who reads need not wait for the end of the transaction. */
	roll_back(w);
}

/* --- threads --- */

static void *
worker_main(void *arg)
{
	struct pg_worker *w = arg;
	struct pg_store *self = w->store;
	struct turns *queue = w->reads ? &self->reads : &self->writes;

	pthread_mutex_lock(&self->lock);
	for (;;) {
		struct job *job = (struct job *)turns_take(queue);
		uint64_t party;

		if (job == NULL && self->stopping && queue->waiting == 0)
			break;
		if (job == NULL) {
			pthread_cond_wait(&self->more, &self->lock);
			continue;
		}
		party = job->turn.party;
		pthread_mutex_unlock(&self->lock);
		if (w->reads)
			run_read(w, job);
		else
			run_write(w, job);
		job_free(job);
		pthread_mutex_lock(&self->lock);
		turns_done(queue, party);
		pthread_cond_broadcast(&self->more);
	}
	pthread_mutex_unlock(&self->lock);
	w->conn = pg_conn_close(w->conn);
	return NULL;
}

static void
queue_job(struct store *st, struct turns *queue, uint64_t party, struct job *job)
{
	struct pg_store *self = pg_of(st);
	struct dc_error err = {0};
	bool closing;

	pthread_mutex_lock(&self->lock);
	if (!(closing = self->stopping)) {
		turns_add(queue, party, 0, &job->turn);
		pthread_cond_broadcast(&self->more);
	}
	pthread_mutex_unlock(&self->lock);
	if (!closing)
		return;
	dc_fail(&err, DC_E_UNAVAILABLE, NULL, "the store is closing");
	job->done(job->arg, DC_E_UNAVAILABLE, &err);
	job_free(job);
}

static void
pg_submit(struct store *st, uint64_t party, store_run run, void *arg, store_done done)
{
	queue_job(st, &pg_of(st)->writes, party, job_new(run, arg, done));
}

static void
pg_read(struct store *st, uint64_t party, store_run run, void *arg, store_done done)
{
	queue_job(st, &pg_of(st)->reads, party, job_new(run, arg, done));
}

/* A record in the database's log, that nobody reads. */
static enum dc_code
probe_run(struct tx *tx, void *arg, struct dc_error *err)
{
	(void)arg;
	return tx->ops->script(tx, "SELECT pg_logical_emit_message(true, 'dcaas', '')", err);
}

static bool
log_was_damaged(struct store *st)
{
	(void)st; /* the database's own affair */
	return false;
}

static void
pg_hurry(struct store *st)
{
	atomic_store(&pg_of(st)->hurry, true);
}

static void
pg_say(struct store *st, const char *text)
{
	if (pg_of(st)->listener != NULL)
		pg_listener_say(pg_of(st)->listener, text);
}

/* --- the only process --- */

static void
release(struct store *st)
{
	pg_of(st)->claim = pg_conn_close(pg_of(st)->claim);
}

/* Nobody else opens the database while the connection has the lock. */
static enum dc_code
claim(struct store *st, struct dc_error *err)
{
	struct pg_store *self = pg_of(st);
	char others[400];
	PGresult *res;
	int64_t n;
	enum dc_code rc;

	snprintf(others, sizeof(others), PG_OTHERS "%d", self->listener != NULL ? pg_listener_pid(self->listener) : 0);
	if ((rc = pg_conn_open(self->database, &self->claim, err)) != DC_OK)
		return rc;
	if ((rc = pg_run(self->claim, "SELECT pg_advisory_lock(" PG_LOCK_OPEN ")", NULL, NULL, err)) != DC_OK ||
	    (rc = pg_run(self->claim, others, &res, NULL, err)) != DC_OK) {
		release(st);
		return rc;
	}
	n = strtoll(PQgetvalue(res, 0, 0), NULL, 10);
	PQclear(res);
	if (n == 0)
		return DC_OK;
	release(st);
	return dc_fail(err, DC_E_POLICY, NULL,
	    "%lld other dcaasd use the database and would not know the new key: stop them, and give them the key file "
	    "before they start again",
	    (long long)n);
}

static const struct store_ops pg_store_ops = {
    .submit = pg_submit,
    .read = pg_read,
    .close = pg_close_store,
    .hurry = pg_hurry,
    .probe = probe_run,
    .log_was_damaged = log_was_damaged,
    .say = pg_say,
    .claim = claim,
    .release = release,
};

/* --- its life --- */

struct pg_store *
pg_new(const struct store_options *options)
{
	struct pg_store *self = calloc(1, sizeof(*self));
	unsigned char bytes[8];

	if (self == NULL || (self->database = strdup(options->database)) == NULL)
		abort();
	store_init(&self->store, &pg_store_ops);
	self->store.tables = options->tables;
	pthread_mutex_init(&self->lock, NULL);
	pthread_cond_init(&self->more, NULL);
	turns_init(&self->writes, 1);
	turns_init(&self->reads, 0);
	random_bytes(bytes, sizeof(bytes));
	hex_encode(bytes, sizeof(bytes), self->instance);
	return self;
}

/* Signals are for the main thread. */
enum dc_code
pg_start_workers(struct pg_store *self, unsigned connections, struct dc_error *err)
{
	sigset_t all, before;
	int rc = 0;

	if ((self->worker = calloc(connections, sizeof(*self->worker))) == NULL)
		abort();
	/* Long reads of one party leave a thread to others. */
	self->reads.at_once = connections / 2 > 1 ? connections / 2 - 1 : 1;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (rc == 0 && self->workers < connections) {
		struct pg_worker *w = &self->worker[self->workers];

		w->store = self;
		w->reads = self->workers % 2 == 1;
		if ((rc = pthread_create(&w->thread, NULL, worker_main, w)) == 0) {
			pthread_setname_np(w->thread, w->reads ? "store-reader" : "store-writer");
			self->workers++;
		}
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc == 0 ? DC_OK : dc_fail(err, DC_E_IO, NULL, "the store's threads cannot be started: %s", strerror(rc));
}

void
pg_close_store(struct store *st)
{
	struct pg_store *self = pg_of(st);

	pthread_mutex_lock(&self->lock);
	self->stopping = true;
	atomic_store(&self->hurry, true);
	pthread_cond_broadcast(&self->more);
	pthread_mutex_unlock(&self->lock);
	while (self->workers > 0)
		pthread_join(self->worker[--self->workers].thread, NULL);
	pg_listener_stop(self->listener);
	release(st);
	turns_fini(&self->writes);
	turns_fini(&self->reads);
	pthread_cond_destroy(&self->more);
	pthread_mutex_destroy(&self->lock);
	store_fini(st);
	free(self->worker);
	free(self->database);
	free(self);
}

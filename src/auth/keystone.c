/* SPDX-License-Identifier: ISC */
/* keystone.c - a check is what is found out of one token, for all who have shown it meanwhile. It waits in a queue, is
 * asked at Keystone by our thread, and when the token is good, its project is looked for in the store, and written
 * there when it is new. The lock guards the checks and the queue; callers' done() is called without it. */
#include "auth/keystone.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "auth/keystone_project.h"
#include "base/log.h"
#include "base/turns.h"

#define FAILED "Incorrect IAM authentication information: "
#define BUCKETS 512
#define AT_ONCE 16 /* questions at Keystone */
#define WAIT_MAX ((size_t)1024)
#define WAIT_OF_PARTY ((size_t)256)
#define WAIT_MS 10000 /* in the queue */
#define STEP_MS 1000  /* the thread looks for its end at least so often */

struct check {
	struct turn turn; /* while it is queued */
	struct keystone *keystone;
	char hash[SHA256_HEX_SIZE];
	char *token;               /* NULL: Keystone has answered */
	struct keystone_ask *asks; /* who waits */
	int64_t since;             /* monotonic ms */
	struct arena *arena;       /* of what follows */
	struct keystone_token said;
	bool same;  /* the project's rows are there */
	bool again; /* they were to be made once already */
	struct check *next;
};

struct keystone {
	const struct keystone_options *options;
	struct store *store;
	struct keystone_cache *cache;
	struct keystone_http *http; /* of the thread */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct check *bucket[BUCKETS];
	size_t at_store; /* checks whose project is looked for, or written */
	struct turns queue;
	size_t asked; /* at Keystone at this moment; of the thread */
	bool quiet, end;
};

/* --- the checks --- */

static struct check **
place_of(struct keystone *k, const char *hash)
{
	struct check **at = &k->bucket[turns_party(hash) % BUCKETS];

	while (*at != NULL && strcmp((*at)->hash, hash) != 0)
		at = &(*at)->next;
	return at;
}

static void
forget_token(struct check *c)
{
	if (c->token != NULL)
		explicit_bzero(c->token, strlen(c->token));
	free(c->token);
	c->token = NULL;
}

static struct check *
check_new(struct keystone *k, const char *token, const char *hash)
{
	struct check *c = calloc(1, sizeof(*c));

	if (c == NULL || (c->token = strdup(token)) == NULL)
		abort(); /* as arenas do */
	c->keystone = k;
	c->since = monotonic_now().ms;
	memcpy(c->hash, hash, sizeof(c->hash));
	c->arena = arena_new_small();
	return c;
}

static void
check_free(struct check *c)
{
	forget_token(c);
	arena_free(c->arena);
	free(c);
}

static void
tell(
    struct keystone_ask *asks, enum dc_code rc, const struct dc_error *err, const struct principal *p, const char *hash)
{
	struct keystone_ask *next;

	for (struct keystone_ask *a = asks; a != NULL; a = next) {
		next = a->next; /* it is its owner's again once it has its answer */
		a->rc = rc;
		if (rc == DC_OK)
			a->principal = principal_copy(p, arena_strdup(a->arena, hash), a->arena);
		else
			a->err = *err;
		a->done(a);
	}
}

/* Its end. Who asks from now on finds the result in the cache, or begins another check. */
static void
end(struct check *c, enum dc_code rc, const struct dc_error *err, const struct principal *p)
{
	struct keystone *k = c->keystone;
	struct keystone_ask *asks;

	if (rc == DC_OK)
		keystone_cache_put(k->cache, c->hash, p);
	else if (rc != DC_E_UNAVAILABLE)
		keystone_cache_refuse(k->cache, c->hash, err);
	pthread_mutex_lock(&k->lock);
	*place_of(k, c->hash) = c->next;
	asks = c->asks;
	pthread_mutex_unlock(&k->lock);
	tell(asks, rc, err, p, c->hash);
	check_free(c);
}

static void
end_refused(struct check *c, enum dc_code rc, const char *words)
{
	struct dc_error err = {0};

	end(c, dc_fail(&err, rc, "X-Auth-Token", "%s", words), &err, NULL);
}

/* --- once Keystone has answered --- */

static void
end_good(struct check *c)
{
	const struct keystone_token *t = &c->said;
	const struct principal p = {.who = {
					.role = t->role,
					.project_id = t->project_id,
					.domain_id = t->domain_id,
					.user_id = t->user_id,
					.user_name = t->user_name,
					.credential = CREDENTIAL_TOKEN,
					.credential_id = t->audit_id,
					.credential_row = t->audit_id,
					.until = t->until,
				    }};

	end(c, DC_OK, NULL, &p);
}

static enum dc_code
look_run(struct tx *tx, void *arg, struct dc_error *err)
{
	struct check *c = arg;

	return keystone_project_look(tx, &c->said, &c->same, err);
}

static enum dc_code
keep_run(struct tx *tx, void *arg, struct dc_error *err)
{
	return keystone_project_keep(tx, &((struct check *)arg)->said, err);
}

static void looked(void *arg, enum dc_code rc, const struct dc_error *err);

/* The end of what the store does for the check. */
static void
end_at_store(struct check *c, enum dc_code rc, const struct dc_error *err)
{
	struct keystone *k = c->keystone;

	if (rc == DC_OK)
		end_good(c);
	else {
		dc_log(LOG_WARNING, "project not recorded", "project=%s error=%s",
		    c->said.project_id != NULL ? c->said.project_id : "-", log_quote(c->arena, err->text));
		end_refused(c, DC_E_UNAVAILABLE, "The token's project cannot be recorded now: try again");
	}
	pthread_mutex_lock(&k->lock);
	k->at_store--;
	pthread_cond_broadcast(&k->changed);
	pthread_mutex_unlock(&k->lock);
}

/* Another server over the same database may have made the same rows meanwhile: one more look. */
static void
kept(void *arg, enum dc_code rc, const struct dc_error *err)
{
	struct check *c = arg;

	if (rc != DC_OK && rc != DC_E_UNAVAILABLE && rc != DC_E_STORAGE && !c->again) {
		c->again = true;
		store_read(c->keystone->store, look_run, c, looked);
	} else
		end_at_store(c, rc, err);
}

static void
looked(void *arg, enum dc_code rc, const struct dc_error *err)
{
	struct check *c = arg;

	if (rc == DC_OK && !c->same)
		store_submit(c->keystone->store, keep_run, c, kept);
	else
		end_at_store(c, rc, err);
}

static void
take_good(struct check *c)
{
	struct keystone *k = c->keystone;

	pthread_mutex_lock(&k->lock);
	k->at_store++;
	pthread_mutex_unlock(&k->lock);
	store_read(k->store, look_run, c, looked);
}

static void
answered(void *arg, enum dc_code rc, const char *body, size_t len, const struct dc_error *err)
{
	struct check *c = arg;
	struct dc_error own = {0};

	c->keystone->asked--;
	forget_token(c);
	if (rc == DC_E_NOT_FOUND) {
		end_refused(c, DC_E_UNAUTHORIZED, FAILED "Keystone does not know the token, or has ended it");
		return;
	}
	if (rc != DC_OK) {
		end_refused(c, DC_E_UNAVAILABLE, err->text);
		return;
	}
	rc = keystone_token_read(body, len, &c->keystone->options->roles, c->arena, &c->said, &own);
	if (rc == DC_OK)
		take_good(c);
	else if (rc == DC_E_FORBIDDEN)
		end_refused(c, rc, own.text);
	else {
		dc_log(LOG_WARNING, "Keystone's answer is not understood", "error=%s", log_quote(c->arena, own.text));
		end_refused(
		    c, DC_E_UNAVAILABLE, "The token cannot be checked now: Keystone's answer is not understood");
	}
}

/* --- the thread --- */

static struct check *
check_of(struct turn *turn)
{
	return (struct check *)(void *)((char *)turn - offsetof(struct check, turn));
}

static struct check *
take_next(struct keystone *k, bool *ends)
{
	struct turn *turn = NULL;

	pthread_mutex_lock(&k->lock);
	*ends = k->end;
	if (!*ends && k->asked < AT_ONCE)
		turn = turns_take(&k->queue);
	pthread_mutex_unlock(&k->lock);
	return turn != NULL ? check_of(turn) : NULL;
}

static void *
thread_main(void *arg)
{
	struct keystone *k = arg;
	struct check *c;
	bool ends;

	for (;;) {
		while ((c = take_next(k, &ends)) != NULL) {
			if (monotonic_now().ms - c->since > WAIT_MS) {
				end_refused(
				    c, DC_E_UNAVAILABLE, "The token cannot be checked now: Keystone is too slow");
				continue;
			}
			k->asked++;
			keystone_http_ask(k->http, c->token, answered, c);
		}
		if (ends)
			return NULL;
		keystone_http_step(k->http, STEP_MS);
	}
}

static int
thread_start(struct keystone *k)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&k->thread, NULL, thread_main, k);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

enum dc_code
keystone_open(const struct keystone_options *options, struct store *store, struct keystone **ret, struct dc_error *err)
{
	struct keystone *k = calloc(1, sizeof(*k));
	enum dc_code rc;
	int error;

	if (k == NULL)
		abort();
	k->options = options;
	k->store = store;
	if ((rc = keystone_http_new(&options->http, &k->http, err)) != DC_OK) {
		free(k);
		return rc;
	}
	k->cache = keystone_cache_new(options->cache_ms);
	pthread_mutex_init(&k->lock, NULL);
	pthread_cond_init(&k->changed, NULL);
	turns_init(&k->queue, 0);
	if ((error = thread_start(k)) == 0) {
		*ret = k;
		return DC_OK;
	}
	k->cache = keystone_cache_free(k->cache);
	k->http = keystone_http_free(k->http);
	free(k);
	return dc_fail(err, DC_E_IO, NULL, "no thread for Keystone: %s", strerror(error));
}

void
keystone_quiesce(struct keystone *k)
{
	struct dc_error err = {0};
	struct keystone_ask *all = NULL, *last;

	if (k == NULL)
		return;
	pthread_mutex_lock(&k->lock);
	k->quiet = true;
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct check *c = k->bucket[i]; c != NULL; c = c->next) {
			if ((last = c->asks) == NULL)
				continue;
			while (last->next != NULL)
				last = last->next;
			last->next = all;
			all = c->asks;
			c->asks = NULL;
		}
	pthread_mutex_unlock(&k->lock);
	dc_fail(&err, DC_E_UNAVAILABLE, NULL, "The server is stopping");
	tell(all, DC_E_UNAVAILABLE, &err, NULL, NULL);
}

static bool
is_any(const struct turn *turn)
{
	(void)turn;
	return true;
}

/* Those that the thread has left: nobody waits for them. */
static void
drop_checks(struct keystone *k)
{
	while (turns_remove(&k->queue, is_any) != NULL)
		;
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct check *c; (c = k->bucket[i]) != NULL;) {
			k->bucket[i] = c->next;
			check_free(c);
		}
}

struct keystone *
keystone_close(struct keystone *k)
{
	if (k == NULL)
		return NULL;
	pthread_mutex_lock(&k->lock);
	k->end = true;
	pthread_mutex_unlock(&k->lock);
	keystone_http_wake(k->http);
	pthread_join(k->thread, NULL);
	k->http = keystone_http_free(k->http);
	pthread_mutex_lock(&k->lock);
	while (k->at_store > 0)
		pthread_cond_wait(&k->changed, &k->lock);
	pthread_mutex_unlock(&k->lock);
	drop_checks(k);
	turns_fini(&k->queue);
	k->cache = keystone_cache_free(k->cache);
	pthread_cond_destroy(&k->changed);
	pthread_mutex_destroy(&k->lock);
	free(k);
	return NULL;
}

/* --- who asks --- */

enum keystone_look
keystone_look(struct keystone *k, const char *token, struct arena *arena, struct principal *ret, struct dc_error *err)
{
	char hash[SHA256_HEX_SIZE];

	if (!keystone_http_can_ask(token)) {
		dc_fail(err, DC_E_UNAUTHORIZED, "X-Auth-Token", FAILED "decrypt token fail");
		return KEYSTONE_REFUSED;
	}
	auth_token_hash(token, hash);
	return keystone_cache_get(k->cache, hash, arena, ret, err);
}

enum keystone_look
keystone_look_again(
    struct keystone *k, const char *hash, struct arena *arena, struct principal *ret, struct dc_error *err)
{
	return keystone_cache_get(k->cache, hash, arena, ret, err);
}

/* Under the lock. NULL: it waits. */
static const char *
join(struct keystone *k, struct keystone_ask *a, const char *hash)
{
	struct check **at = place_of(k, hash), *c = *at;

	if (k->quiet)
		return "The server is stopping";
	if (c == NULL && (k->queue.waiting >= WAIT_MAX || turns_of_party(&k->queue, a->party) >= WAIT_OF_PARTY))
		return "Too many tokens wait for Keystone: try again";
	if (c == NULL) {
		*at = c = check_new(k, a->token, hash);
		turns_add(&k->queue, a->party, 0, &c->turn);
	}
	a->next = c->asks;
	c->asks = a;
	return NULL;
}

void
keystone_ask(struct keystone *k, struct keystone_ask *a)
{
	char hash[SHA256_HEX_SIZE];
	const char *refused;

	auth_token_hash(a->token, hash);
	pthread_mutex_lock(&k->lock);
	refused = join(k, a, hash);
	pthread_mutex_unlock(&k->lock);
	if (refused == NULL) {
		keystone_http_wake(k->http);
		return;
	}
	a->rc = dc_fail(&a->err, DC_E_UNAVAILABLE, "X-Auth-Token", "%s", refused);
	a->done(a);
}

const char *
keystone_url(const struct keystone *k)
{
	return k->options->public_url != NULL ? k->options->public_url : k->options->http.url;
}

bool
keystone_is_in_trouble(const struct keystone *k)
{
	return keystone_http_is_in_trouble(k->http);
}

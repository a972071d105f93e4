/* SPDX-License-Identifier: ISC */
/* Long polls: exchanges whose run() had nothing to answer yet wait here, suspended, until api_wake() or their deadline.
 */
#include "api/api_priv.h"

#include <time.h>

#define SWEEP_MS 500

int
cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;
	int rc;

	if ((rc = pthread_condattr_init(&attr)) != 0)
		return rc;
	if ((rc = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC)) == 0)
		rc = pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
	return rc;
}

void
cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t ms)
{
	struct timespec ts = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	pthread_cond_timedwait(cond, lock, &ts);
}

static int64_t
deadline_of(const struct exchange *x)
{
	return x->started.ms + x->call.wait_ms;
}

/* Takes one that is to be run again off the list. */
static struct exchange *
take_due(struct api *api, int64_t now)
{
	for (struct exchange **at = &api->waiting; *at != NULL; at = &(*at)->wait_next) {
		struct exchange *x = *at;

		if (x->woken || deadline_of(x) <= now) {
			*at = x->wait_next;
			api->waiting_n--;
			x->call.waited = deadline_of(x) <= now || atomic_load(&api->stopping);
			return x;
		}
	}
	return NULL;
}

static int64_t
next_deadline(const struct api *api, int64_t latest)
{
	for (const struct exchange *x = api->waiting; x != NULL; x = x->wait_next)
		if (deadline_of(x) < latest)
			latest = deadline_of(x);
	return latest;
}

/* Takes one whose client has left off the list. */
static struct exchange *
take_left(struct api *api)
{
	struct exchange **at = &api->waiting, *x;

	pthread_mutex_lock(&api->wait_lock);
	while ((x = *at) != NULL && !exchange_is_left(x))
		at = &x->wait_next;
	if (x != NULL) {
		*at = x->wait_next;
		api->waiting_n--;
	}
	pthread_mutex_unlock(&api->wait_lock);
	return x;
}

void
wait_drop_left(struct api *api)
{
	struct exchange *x;

	while ((x = take_left(api)) != NULL)
		exchange_leave(x);
}

static void *
wait_main(void *arg)
{
	struct api *api = arg;
	int64_t sweep = monotonic_now().ms + SWEEP_MS;

	pthread_mutex_lock(&api->wait_lock);
	while (!api->wait_end) {
		int64_t now = monotonic_now().ms;
		struct exchange *x = take_due(api, now);

		if (x == NULL && sweep > now) {
			cond_wait_until(&api->wait_changed, &api->wait_lock, next_deadline(api, sweep));
			continue;
		}
		pthread_mutex_unlock(&api->wait_lock);
		if (x != NULL) {
			peer_turn(x->peer, TURN_SERVER, PEER_STRANGER);
			exchange_run(x);
		}
		if (sweep <= now) {
			if (peer_sweep(api)) {
				wait_drop_left(api);
				worker_drop_left(api);
			}
			if (api->options.kept != NULL)
				kept_sweep(api->options.kept);
			sweep = now + SWEEP_MS;
		}
		pthread_mutex_lock(&api->wait_lock);
	}
	pthread_mutex_unlock(&api->wait_lock);
	return NULL;
}

int
wait_start(struct api *api)
{
	return pthread_create(&api->wait_thread, NULL, wait_main, api);
}

uint32_t
text_hash(const char *text)
{
	uint32_t hash = 2166136261U;

	for (; text != NULL && *text != '\0'; text++)
		hash = (hash ^ (uint8_t)*text) * 16777619U;
	return hash;
}

/* Whether the key was woken between a run that found nothing (when `seen` wakes had been) and now. */
static bool
woken_since(const struct api *api, uint64_t seen, const char *key)
{
	if (api->wakes - seen > WAKES_KEPT)
		return true;
	for (; seen < api->wakes; seen++)
		if (api->woken_keys[seen % WAKES_KEPT] == text_hash(key))
			return true;
	return false;
}

void
wait_add(struct exchange *x)
{
	struct api *api = x->call.api;

	peer_turn(x->peer, TURN_WAIT, PEER_STRANGER);
	pthread_mutex_lock(&api->wait_lock);
	x->woken = woken_since(api, x->wakes_seen, x->call.wait_key) || atomic_load(&api->stopping);
	x->wait_next = api->waiting;
	api->waiting = x;
	api->waiting_n++;
	pthread_cond_signal(&api->wait_changed);
	pthread_mutex_unlock(&api->wait_lock);
}

void
api_wake(struct api *api, const char *key)
{
	bool any = false;

	pthread_mutex_lock(&api->wait_lock);
	if (key != NULL)
		api->woken_keys[api->wakes++ % WAKES_KEPT] = text_hash(key);
	else
		api->wakes += WAKES_KEPT + 1; /* more than woken_since() can look back */
	for (struct exchange *x = api->waiting; x != NULL; x = x->wait_next)
		if (x->call.wait_key != NULL && (key == NULL || strcmp(x->call.wait_key, key) == 0))
			any = x->woken = true;
	if (any)
		pthread_cond_signal(&api->wait_changed);
	pthread_mutex_unlock(&api->wait_lock);
}

void
call_wake(struct call *call, const char *key)
{
	const struct api_options *o = &call->api->options;

	if (o->wake != NULL)
		o->wake(o->user, key);
	else
		api_wake(call->api, key);
}

void
wait_finish_all(struct api *api)
{
	pthread_mutex_lock(&api->wait_lock);
	for (struct exchange *x = api->waiting; x != NULL; x = x->wait_next)
		x->woken = true;
	pthread_cond_signal(&api->wait_changed);
	pthread_mutex_unlock(&api->wait_lock);
}

void
wait_stop(struct api *api)
{
	pthread_mutex_lock(&api->wait_lock);
	api->wait_end = true;
	pthread_cond_signal(&api->wait_changed);
	pthread_mutex_unlock(&api->wait_lock);
	pthread_join(api->wait_thread, NULL);
}

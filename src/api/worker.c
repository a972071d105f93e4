/* One thread for what takes its time before a transaction (password hashes). Its queue is short: who floods it is told
 * to come again, and nobody else waits. */
#include "api/api_priv.h"

#define WORK_MAX 64

static struct exchange *
take(struct api *api)
{
	struct exchange *x = api->work_first;

	if (x != NULL) {
		api->work_first = x->work_next;
		if (api->work_first == NULL)
			api->work_last = &api->work_first;
		api->work_n--;
	}
	return x;
}

static void *
work_main(void *arg)
{
	struct api *api = arg;
	struct exchange *x;

	pthread_mutex_lock(&api->work_lock);
	while ((x = take(api)) != NULL || !api->work_end) {

		if (x == NULL) {
			pthread_cond_wait(&api->work_changed, &api->work_lock);
			continue;
		}
		pthread_mutex_unlock(&api->work_lock);
		exchange_prepare(x);
		pthread_mutex_lock(&api->work_lock);
	}
	pthread_mutex_unlock(&api->work_lock);
	return NULL;
}

int
worker_start(struct api *api)
{
	api->work_last = &api->work_first;
	return pthread_create(&api->work_thread, NULL, work_main, api);
}

bool
worker_add(struct exchange *x)
{
	struct api *api = x->call.api;
	bool room;

	pthread_mutex_lock(&api->work_lock);
	room = api->work_n < WORK_MAX;
	if (room) {
		x->work_next = NULL;
		*api->work_last = x;
		api->work_last = &x->work_next;
		api->work_n++;
		pthread_cond_signal(&api->work_changed);
	}
	pthread_mutex_unlock(&api->work_lock);
	return room;
}

void
worker_stop(struct api *api)
{
	pthread_mutex_lock(&api->work_lock);
	api->work_end = true;
	pthread_cond_signal(&api->work_changed);
	pthread_mutex_unlock(&api->work_lock);
	pthread_join(api->work_thread, NULL);
}

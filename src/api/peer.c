#include "api/api_priv.h"

#include <sys/socket.h>

void
peer_begin(struct api *api, struct peer *peer, int fd)
{
	peer->api = api;
	peer->fd = fd;
	pthread_mutex_lock(&api->peer_lock);
	peer->prev = NULL;
	peer->next = api->peers;
	if (api->peers != NULL)
		api->peers->prev = peer;
	api->peers = peer;
	pthread_mutex_unlock(&api->peer_lock);
}

void
peer_end(struct api *api, struct peer *peer)
{
	pthread_mutex_lock(&api->peer_lock);
	if (peer->next != NULL)
		peer->next->prev = peer->prev;
	if (peer->prev != NULL)
		peer->prev->next = peer->next;
	else
		api->peers = peer->next;
	pthread_mutex_unlock(&api->peer_lock);
}

void
peer_allow(struct api *api, struct peer *peer, int64_t ms)
{
	if (peer == NULL)
		return;
	pthread_mutex_lock(&api->peer_lock);
	peer->deadline = ms > 0 ? monotonic_now().ms + ms : 0;
	pthread_mutex_unlock(&api->peer_lock);
}

/* shutdown() makes libmicrohttpd see the end of the stream and close. The lock keeps the number from being another
 * connection's by then: peer_end() comes before the close. */
void
peer_sweep(struct api *api)
{
	int64_t now = monotonic_now().ms;

	pthread_mutex_lock(&api->peer_lock);
	for (struct peer *p = api->peers; p != NULL; p = p->next)
		if (p->deadline != 0 && p->deadline <= now) {
			p->deadline = 0;
			shutdown(p->fd, SHUT_RDWR);
		}
	pthread_mutex_unlock(&api->peer_lock);
}

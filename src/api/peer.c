#include "api/api_priv.h"

#include <arpa/inet.h>
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
peer_address(struct peer *peer, const struct sockaddr *address)
{
	const struct sockaddr_in6 *v6 = (const void *)address;
	const struct sockaddr_in *v4 = (const void *)address;
	const void *bytes;
	bool six;

	if (address == NULL || (address->sa_family != AF_INET && address->sa_family != AF_INET6))
		return;
	six = address->sa_family == AF_INET6 && !IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr);
	if (address->sa_family == AF_INET)
		bytes = &v4->sin_addr;
	else
		bytes = six ? &v6->sin6_addr.s6_addr[0] : &v6->sin6_addr.s6_addr[12];
	if (inet_ntop(six ? AF_INET6 : AF_INET, bytes, peer->address, sizeof(peer->address)) == NULL)
		peer->address[0] = '\0';
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

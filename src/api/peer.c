/* SPDX-License-Identifier: ISC */
/* Connections as places: each has one, there are only so many, of one address and of all. When there is none left, who
 * has kept us waiting longest gives its place to who comes. Strangers do so first, then callers that are known, edges
 * never; nor a connection whose call runs.
 *
 * The server hears of the end of a connection through libmicrohttpd, but not always: its epoll is edge-triggered, and a
 * client's last words and its end that come as one are one edge. Such connections are looked for (peer_sweep). Polling
 * all of them each time would find them too, and costs nine tenths of the speed as soon as a thousand are open. */
#include "api/api_priv.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/log.h"

#define SLICE 512                    /* looked at in one go */
#define EDGES_KEPT_MS (3600 * 1000L) /* an address is known for its edge */

/* --- addresses --- */

/* An IPv6 customer has a /64 at least: its addresses are one. */
static void
key_of(const struct sockaddr *from, uint8_t key[ADDRESS_KEY_SIZE])
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)from;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)from;

	memset(key, 0, ADDRESS_KEY_SIZE);
	if (from == NULL)
		return;
	if (from->sa_family == AF_INET) {
		key[10] = key[11] = 0xff;
		memcpy(key + 12, &v4->sin_addr, 4);
	} else if (from->sa_family == AF_INET6) {
		memcpy(key, &v6->sin6_addr, IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr) ? 16 : 8);
	}
}

/* FNV-1a from a start of our own, so that nobody outside can choose addresses that meet. */
static size_t
bucket_of(const struct api *api, const uint8_t key[ADDRESS_KEY_SIZE])
{
	uint32_t hash = api->address_seed;

	for (size_t i = 0; i < ADDRESS_KEY_SIZE; i++)
		hash = (hash ^ key[i]) * 16777619U;
	return hash % ADDRESS_BUCKETS;
}

static void
lists_init(struct idle_peers *idle)
{
	TAILQ_INIT(&idle->strangers);
	TAILQ_INIT(&idle->known);
}

static struct address *
address_get(struct api *api, const struct sockaddr *from)
{
	uint8_t key[ADDRESS_KEY_SIZE];
	struct address **at, *a;

	key_of(from, key);
	at = &api->addresses[bucket_of(api, key)];
	for (a = *at; a != NULL; a = a->next)
		if (memcmp(a->key, key, sizeof(key)) == 0)
			break;
	if (a == NULL && (a = calloc(1, sizeof(*a))) != NULL) {
		memcpy(a->key, key, sizeof(key));
		lists_init(&a->idle);
		a->next = *at;
		*at = a;
	}
	if (a != NULL)
		a->users++;
	return a;
}

/* An address that had an edge is remembered for a while. */
static void
address_put(struct api *api, struct address *a, int64_t now)
{
	struct address **at;

	if (--a->users > 0 || a->edge_until > now)
		return;
	for (at = &api->addresses[bucket_of(api, a->key)]; *at != a; at = &(*at)->next)
		;
	*at = a->next;
	free(a);
}

static void
forget_edges(struct api *api, int64_t now)
{
	for (size_t i = 0; i < ADDRESS_BUCKETS; i++)
		for (struct address **at = &api->addresses[i], *a; (a = *at) != NULL;)
			if (a->users == 0 && a->edge_until <= now) {
				*at = a->next;
				free(a);
			} else {
				at = &a->next;
			}
}

void
peers_init(struct api *api)
{
	api->address_seed = arc4random();
	TAILQ_INIT(&api->peers);
	lists_init(&api->idle);
}

void
peers_fini(struct api *api)
{
	forget_edges(api, INT64_MAX);
}

/* --- places --- */

static struct peers *
list_of(struct idle_peers *idle, const struct peer *peer)
{
	return peer->standing == PEER_STRANGER ? &idle->strangers : &idle->known;
}

static bool
is_servers(enum peer_turn turn)
{
	return turn == TURN_SERVER || turn == TURN_WAIT;
}

/* Can be asked for its place from now on, after all who can be already. */
static void
idle_join(struct peer *peer)
{
	if (peer->idle || peer->dropped || peer->standing == PEER_EDGE)
		return;
	peer->idle = true;
	TAILQ_INSERT_TAIL(list_of(&peer->api->idle, peer), peer, of_all);
	TAILQ_INSERT_TAIL(list_of(&peer->from->idle, peer), peer, of_address);
}

static void
idle_leave(struct peer *peer)
{
	if (!peer->idle)
		return;
	peer->idle = false;
	TAILQ_REMOVE(list_of(&peer->api->idle, peer), peer, of_all);
	TAILQ_REMOVE(list_of(&peer->from->idle, peer), peer, of_address);
}

/* shutdown() makes libmicrohttpd see the end of the stream and close. The lock keeps the number from being another
 * connection's by then: peer_end() comes before the close. */
static void
drop(struct peer *peer)
{
	idle_leave(peer);
	if (!peer->dropped) {
		peer->dropped = true;
		peer->api->peer_n--;
		peer->from->n--;
	}
	shutdown(peer->fd, SHUT_RDWR);
}

/* Takes it from each holder but the server. */
static bool
take_turn(struct peer *peer)
{
	enum peer_turn turn = atomic_load(&peer->turn);

	return !is_servers(turn) && atomic_compare_exchange_strong(&peer->turn, &turn, TURN_NOBODY);
}

static struct peer *
first_of_all(struct api *api)
{
	struct peer *peer;

	for (peer = TAILQ_FIRST(&api->idle.strangers); peer != NULL; peer = TAILQ_NEXT(peer, of_all))
		if (take_turn(peer))
			return peer;
	for (peer = TAILQ_FIRST(&api->idle.known); peer != NULL; peer = TAILQ_NEXT(peer, of_all))
		if (take_turn(peer))
			return peer;
	return NULL;
}

static struct peer *
first_of_address(const struct address *from)
{
	struct peer *peer;

	for (peer = TAILQ_FIRST(&from->idle.strangers); peer != NULL; peer = TAILQ_NEXT(peer, of_address))
		if (take_turn(peer))
			return peer;
	for (peer = TAILQ_FIRST(&from->idle.known); peer != NULL; peer = TAILQ_NEXT(peer, of_address))
		if (take_turn(peer))
			return peer;
	return NULL;
}

/* peer: first_of_...(); NULL: nobody can be asked, and false. */
static bool
make_room(struct api *api, struct peer *peer)
{
	if (peer == NULL)
		return false;
	drop(peer);
	api->made_room++;
	return true;
}

static bool
has_place(struct api *api, const struct address *from, int64_t now)
{
	size_t most =
	    api->options.max_connections + (from->edge_until > now ? edge_places(api->options.max_connections) : 0);

	if (api->options.max_per_address > 0 && from->n >= api->options.max_per_address &&
	    !make_room(api, first_of_address(from)))
		return false;
	return api->peer_n < most || make_room(api, first_of_all(api));
}

static void
write_address(const struct sockaddr *from, char text[INET6_ADDRSTRLEN])
{
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)from;
	uint8_t key[ADDRESS_KEY_SIZE];

	if (from == NULL || (from->sa_family != AF_INET && from->sa_family != AF_INET6))
		return;
	key_of(from, key);
	if (from->sa_family == AF_INET || IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
		(void)inet_ntop(AF_INET, key + 12, text, INET6_ADDRSTRLEN);
	else
		(void)inet_ntop(AF_INET6, &v6->sin6_addr, text, INET6_ADDRSTRLEN);
}

/* Who has lost its place does not get it back. */
static void
set_turn(struct peer *peer, enum peer_turn turn)
{
	enum peer_turn now = atomic_load(&peer->turn);

	while (now != TURN_NOBODY && !atomic_compare_exchange_weak(&peer->turn, &now, turn))
		;
}

static void
set_running(struct peer *peer, bool runs)
{
	peer->from->running += runs;
	peer->from->running -= peer->runs;
	peer->runs = runs;
}

struct peer *
peer_begin(struct api *api, int fd, const struct sockaddr *from)
{
	struct peer *peer = calloc(1, sizeof(*peer));
	int64_t now = monotonic_now().ms;

	if (peer == NULL)
		return NULL;
	peer->api = api;
	peer->fd = fd;
	write_address(from, peer->address);
	pthread_mutex_lock(&api->peer_lock);
	if ((peer->from = address_get(api, from)) == NULL) {
		pthread_mutex_unlock(&api->peer_lock);
		free(peer);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&api->peers, peer, every);
	if (has_place(api, peer->from, now)) {
		api->peer_n++;
		peer->from->n++;
		idle_join(peer);
	} else {
		peer->dropped = true;
		shutdown(fd, SHUT_RDWR);
	}
	pthread_mutex_unlock(&api->peer_lock);
	return peer;
}

struct peer *
peer_end(struct peer *peer)
{
	struct api *api = peer->api;

	pthread_mutex_lock(&api->peer_lock);
	idle_leave(peer);
	set_running(peer, false);
	if (!peer->dropped) {
		api->peer_n--;
		peer->from->n--;
	}
	TAILQ_REMOVE(&api->peers, peer, every);
	address_put(api, peer->from, monotonic_now().ms);
	pthread_mutex_unlock(&api->peer_lock);
	free(peer);
	return NULL;
}

void
peer_allow(struct peer *peer, int64_t ms)
{
	if (peer != NULL)
		atomic_store(&peer->deadline, ms > 0 ? monotonic_now().ms + ms : 0);
}

void
peer_heard(struct peer *peer)
{
	if (peer != NULL)
		atomic_fetch_add(&peer->heard, 1);
}

bool
peer_turn_briefly(struct peer *peer, enum peer_turn turn, enum standing standing)
{
	if (peer == NULL)
		return true;
	if (standing > peer->standing || peer->standing == PEER_EDGE) /* only this connection's own thread raises it */
		return false;
	set_turn(peer, turn);
	return true;
}

void
peer_turn(struct peer *peer, enum peer_turn turn, enum standing standing)
{
	if (peer == NULL)
		return;
	pthread_mutex_lock(&peer->api->peer_lock);
	idle_leave(peer);
	set_turn(peer, turn);
	set_running(peer, turn == TURN_SERVER);
	if (standing > peer->standing)
		peer->standing = standing;
	if (peer->standing == PEER_EDGE)
		peer->from->edge_until = monotonic_now().ms + EDGES_KEPT_MS;
	if (!is_servers(turn))
		idle_join(peer);
	pthread_mutex_unlock(&peer->api->peer_lock);
}

bool
peer_run(struct peer *peer)
{
	unsigned most;
	bool room;

	if (peer == NULL)
		return true;
	pthread_mutex_lock(&peer->api->peer_lock);
	idle_leave(peer);
	most = peer->api->options.max_calls_per_address;
	/* Edges beside tenants' clients have some of their own. */
	if (peer->from->edge_until > 0 && peer->from->edge_until > monotonic_now().ms)
		most += edge_places(most);
	room = peer->from->running < most;
	set_turn(peer, TURN_SERVER);
	set_running(peer, true);
	pthread_mutex_unlock(&peer->api->peer_lock);
	return room;
}

/* --- what nobody waits for any more --- */

/* A client may close its side once it has sent all. One that has closed it, with nothing left to read, in the middle of
 * a request or between two, is gone; unless libmicrohttpd is about to read, so it is looked at twice. Who has closed it
 * while its call runs or waits may still read the answer, but a client that wants one does not do that: it has left,
 * and what is done for the answer alone is given up. */
static bool
is_gone(struct peer *peer, short seen)
{
	unsigned heard = atomic_load(&peer->heard);
	enum peer_turn turn = atomic_load(&peer->turn);
	bool before = peer->ended && heard == peer->heard_then;
	bool closed = (seen & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
	int unread = 0;

	peer->ended = closed && (is_servers(turn) ||
				    (turn == TURN_CLIENT && ioctl(peer->fd, FIONREAD, &unread) == 0 && unread == 0));
	peer->heard_then = heard;
	if (peer->ended && before && is_servers(turn))
		atomic_store(&peer->left, true);
	return peer->ended && before && turn == TURN_CLIENT;
}

static bool
is_late(const struct peer *peer, int64_t now)
{
	int64_t deadline = atomic_load(&peer->deadline);

	return deadline != 0 && deadline <= now;
}

/* The lock is not kept for all at once: calls wait for it. */
static size_t
sweep_slice(struct api *api, size_t most, int64_t now, size_t *left)
{
	struct peer *peer[SLICE];
	struct pollfd fd[SLICE];
	size_t n = 0;

	pthread_mutex_lock(&api->peer_lock);
	for (; n < SLICE && n < most && (peer[n] = TAILQ_FIRST(&api->peers)) != NULL; n++) {
		fd[n] = (struct pollfd){.fd = peer[n]->fd, .events = POLLRDHUP};
		TAILQ_REMOVE(&api->peers, peer[n], every);
		TAILQ_INSERT_TAIL(&api->peers, peer[n], every);
	}
	if (poll(fd, n, 0) >= 0)
		for (size_t i = 0; i < n; i++) {
			if (is_late(peer[i], now) || is_gone(peer[i], fd[i].revents)) {
				atomic_store(&peer[i]->deadline, 0);
				drop(peer[i]);
			}
			*left += atomic_load(&peer[i]->left);
		}
	pthread_mutex_unlock(&api->peer_lock);
	return n;
}

bool
peer_sweep(struct api *api)
{
	int64_t now = monotonic_now().ms;
	size_t unseen = 0, left = 0, made_room;
	const struct peer *peer;

	pthread_mutex_lock(&api->peer_lock);
	TAILQ_FOREACH(peer, &api->peers, every)
	unseen++;
	made_room = api->made_room;
	api->made_room = 0;
	forget_edges(api, now);
	pthread_mutex_unlock(&api->peer_lock);
	if (made_room > 0)
		dc_log(LOG_WARNING, "connections closed to make room", "n=%zu", made_room);
	for (size_t n; unseen > 0 && (n = sweep_slice(api, unseen, now, &left)) > 0;)
		unseen -= n;
	pthread_mutex_lock(&api->peer_lock);
	api->left_n = left;
	pthread_mutex_unlock(&api->peer_lock);
	return left > 0;
}

/* SPDX-License-Identifier: ISC */
/* Who gives up a place, and for whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>

#include "api/api_priv.h"

#define MOST 32 /* 32 / 16 + 8 more for edges */
#define OF_ADDRESS 8

/* One connection: our end, and the other one. */
struct pair {
	struct peer *peer;
	int ours, other;
};

static int
setup(void **state)
{
	struct api *api = calloc(1, sizeof(*api));

	api->options.max_connections = MOST;
	api->options.max_per_address = OF_ADDRESS;
	pthread_mutex_init(&api->peer_lock, NULL);
	peers_init(api);
	*state = api;
	return 0;
}

static int
teardown(void **state)
{
	struct api *api = *state;

	peers_fini(api);
	pthread_mutex_destroy(&api->peer_lock);
	free(api);
	return 0;
}

static struct pair
come(struct api *api, const char *text)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	bool six = strchr(text, ':') != NULL;
	struct pair p;
	int ends[2];

	assert_int_equal(
	    inet_pton(six ? AF_INET6 : AF_INET, text, six ? (void *)&v6.sin6_addr : (void *)&v4.sin_addr), 1);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	p.ours = ends[0];
	p.other = ends[1];
	p.peer =
	    peer_begin(api, p.ours, six ? (const struct sockaddr *)(void *)&v6 : (const struct sockaddr *)(void *)&v4);
	assert_non_null(p.peer);
	return p;
}

/* The other end sees what the one at it would see. */
static bool
is_open(const struct pair *p)
{
	char byte;

	return recv(p->other, &byte, 1, MSG_DONTWAIT) != 0;
}

static void
go(struct pair *p)
{
	p->peer = peer_end(p->peer);
	close(p->ours);
	close(p->other);
}

static void
of_one_address_the_oldest_goes(void **state)
{
	struct pair p[OF_ADDRESS + 1], other = come(*state, "192.0.2.2");

	for (size_t i = 0; i <= OF_ADDRESS; i++)
		p[i] = come(*state, "192.0.2.1");
	assert_false(is_open(&p[0]));
	for (size_t i = 1; i <= OF_ADDRESS; i++)
		assert_true(is_open(&p[i]));
	assert_true(is_open(&other));
	for (size_t i = 0; i <= OF_ADDRESS; i++)
		go(&p[i]);
	go(&other);
}

static void
a_64_is_one_address_and_a_mapped_one_is_ipv4(void **state)
{
	static const char *const same[][2] = {
	    {"2001:db8:0:1::1", "2001:db8:0:1:ffff::2"}, {"192.0.2.1", "::ffff:192.0.2.1"}};
	static const char *const others[][2] = {
	    {"2001:db8:0:1::1", "2001:db8:0:2::1"}, {"::ffff:192.0.2.1", "::ffff:192.0.2.2"}};

	for (size_t i = 0; i < 2; i++) {
		struct pair a = come(*state, same[i][0]), b = come(*state, same[i][1]), c = come(*state, others[i][0]),
			    d = come(*state, others[i][1]);

		assert_ptr_equal(a.peer->from, b.peer->from);
		assert_ptr_not_equal(c.peer->from, d.peer->from);
		go(&a), go(&b), go(&c), go(&d);
	}
}

static struct pair
come_from(struct api *api, const char *block, unsigned n)
{
	char text[INET_ADDRSTRLEN];

	snprintf(text, sizeof(text), "%s.%u", block, n);
	return come(api, text);
}

static void
strangers_go_before_known_callers(void **state)
{
	struct pair p[MOST], more[MOST];

	for (unsigned i = 0; i < MOST; i++)
		p[i] = come_from(*state, "192.0.2", i);
	peer_turn(p[0].peer, TURN_CLIENT, PEER_KNOWN);
	for (unsigned i = 0; i < MOST; i++)
		more[i] = come_from(*state, "198.51.100", i);
	assert_true(is_open(&p[0]));
	for (size_t i = 1; i < MOST; i++)
		assert_false(is_open(&p[i]));
	assert_false(is_open(&more[0])); /* the last to come found no older stranger */
	assert_true(is_open(&more[1]));
	for (size_t i = 0; i < MOST; i++) {
		go(&p[i]);
		go(&more[i]);
	}
}

static void
calls_that_run_and_edges_keep_their_places(void **state)
{
	struct pair p[MOST], late, edge;

	for (unsigned i = 0; i < MOST; i++) {
		p[i] = come_from(*state, "192.0.2", i);
		peer_turn(p[i].peer, i == 0 ? TURN_CLIENT : TURN_SERVER, i == 0 ? PEER_EDGE : PEER_STRANGER);
	}
	late = come(*state, "198.51.100.1");
	assert_false(is_open(&late));
	edge = come(*state, "192.0.2.0"); /* from where an edge calls */
	assert_true(is_open(&edge));
	peer_turn(p[1].peer, TURN_ANSWER, PEER_STRANGER);
	go(&late);
	go(&edge);
	late = come(*state, "198.51.100.1");
	assert_true(is_open(&late));
	assert_false(is_open(&p[1]));
	go(&late);
	for (size_t i = 0; i < MOST; i++) {
		assert_int_equal(is_open(&p[i]), i != 1);
		go(&p[i]);
	}
}

static void
a_call_that_runs_for_a_moment_keeps_its_place_and_the_next_one_goes(void **state)
{
	struct pair p[OF_ADDRESS], late;

	for (size_t i = 0; i < OF_ADDRESS; i++)
		p[i] = come(*state, "192.0.2.1");
	assert_true(peer_turn_briefly(p[0].peer, TURN_SERVER, PEER_STRANGER));
	late = come(*state, "192.0.2.1");
	assert_true(is_open(&p[0]) && is_open(&late));
	assert_false(is_open(&p[1]));
	assert_true(peer_turn_briefly(p[0].peer, TURN_ANSWER, PEER_STRANGER));
	go(&late);
	late = come(*state, "192.0.2.1");
	assert_true(is_open(&p[0]));
	go(&late);
	/* A better standing, and an edge's, are the others' business, too. */
	assert_false(peer_turn_briefly(p[2].peer, TURN_ANSWER, PEER_KNOWN));
	peer_turn(p[2].peer, TURN_CLIENT, PEER_EDGE);
	assert_false(peer_turn_briefly(p[2].peer, TURN_SERVER, PEER_STRANGER));
	/* A connection that lost its place stays without one, also when it is used again. */
	assert_true(peer_turn_briefly(p[1].peer, TURN_SERVER, PEER_STRANGER));
	assert_int_equal(atomic_load(&p[1].peer->turn), TURN_NOBODY);
	for (size_t i = 0; i < OF_ADDRESS; i++)
		go(&p[i]);
}

static void
who_has_left_in_the_middle_is_closed_by_the_second_look(void **state)
{
	struct pair between = come(*state, "192.0.2.1"), running = come(*state, "192.0.2.2"),
		    unread = come(*state, "192.0.2.3"), talking = come(*state, "192.0.2.4"),
		    here = come(*state, "192.0.2.5");
	struct pair *const leaving[] = {&between, &running, &unread, &talking};

	peer_turn(running.peer, TURN_SERVER, PEER_STRANGER);
	assert_int_equal(send(unread.other, "x", 1, 0), 1);
	for (size_t i = 0; i < sizeof(leaving) / sizeof(leaving[0]); i++)
		shutdown(leaving[i]->other, SHUT_WR);
	peer_sweep(*state);
	assert_true(is_open(&between));
	peer_heard(talking.peer);
	peer_sweep(*state);
	assert_false(is_open(&between));
	assert_true(is_open(&running) && is_open(&unread) && is_open(&talking) && is_open(&here));
	peer_sweep(*state);
	assert_false(is_open(&talking));
	go(&between), go(&running), go(&unread), go(&talking), go(&here);
}

static void
who_is_late_is_closed(void **state)
{
	struct pair a = come(*state, "192.0.2.1"), b = come(*state, "192.0.2.1");

	atomic_store(&a.peer->deadline, 1);
	peer_allow(b.peer, 100000);
	peer_sweep(*state);
	assert_false(is_open(&a));
	assert_true(is_open(&b));
	go(&a);
	go(&b);
}

static void
all_places_come_back(void **state)
{
	struct api *api = *state;
	struct pair p[MOST * 2];

	for (unsigned i = 0; i < MOST * 2; i++)
		p[i] = come_from(api, i % 2 ? "192.0.2" : "198.51.100", i);
	assert_int_equal(api->peer_n, MOST);
	for (size_t i = 0; i < MOST * 2; i++)
		go(&p[i]);
	assert_int_equal(api->peer_n, 0);
	assert_true(TAILQ_EMPTY(&api->peers) && TAILQ_EMPTY(&api->idle.strangers) && TAILQ_EMPTY(&api->idle.known));
	for (size_t i = 0; i < ADDRESS_BUCKETS; i++)
		assert_null(api->addresses[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(of_one_address_the_oldest_goes, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_64_is_one_address_and_a_mapped_one_is_ipv4, setup, teardown),
	    cmocka_unit_test_setup_teardown(strangers_go_before_known_callers, setup, teardown),
	    cmocka_unit_test_setup_teardown(calls_that_run_and_edges_keep_their_places, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		a_call_that_runs_for_a_moment_keeps_its_place_and_the_next_one_goes, setup, teardown),
	    cmocka_unit_test_setup_teardown(who_has_left_in_the_middle_is_closed_by_the_second_look, setup, teardown),
	    cmocka_unit_test_setup_teardown(who_is_late_is_closed, setup, teardown),
	    cmocka_unit_test_setup_teardown(all_places_come_back, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

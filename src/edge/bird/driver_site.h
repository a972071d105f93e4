/* SPDX-License-Identifier: ISC */
/* driver_site.h - for the tests of the BIRD driver: an agent of the test's own without privilege, one gateway with
 * neighbours, and either the real BIRD or one that is played. The VRFs do not exist, so no session of the real one
 * comes up. */
#ifndef DC_BIRD_DRIVER_SITE_H
#define DC_BIRD_DRIVER_SITE_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "edge/agent_client.h"
#include "edge/routing.h"

#define WAIT_MS 10000

struct agent { /* of the test */
	char dir[64];
	struct buf trace; /* one word per call that matters */
	bool key_on_socket;
	uint32_t tcp_state;
	unsigned resets;
	int64_t slow_after_ms; /* of the next driver that is opened */
	pid_t played;          /* pretend that a daemon runs */
	struct event_base *loop;
	unsigned news; /* calls back */
};

extern struct agent agent;

const char *in_dir(struct arena *, const char *name); /* of the instance */
pid_t running(void);                                  /* 0: none */
void stop_bird(int signal_number);

int setup(void **state); /* state: the driver */
int teardown(void **state);
struct routing *reopen(void **state); /* the edge ends, and another one begins; BIRD stays */

struct site { /* one gateway with n neighbours */
	struct routing_vrf vrf;
	struct routing_neighbour n[8];
	char text[8][3][16];
	struct routing_desired d;
};

void site_fill(struct site *, size_t n);
/* Until the driver is through with it; the neighbours as they are seen then. */
const struct routing_session *apply(struct routing *, const struct site *);
struct routing_seen seen_by(struct routing *);
/* What the driver sees of the first session when it looks the next time. */
struct routing_session look(struct routing *);

/* Lets the driver live until something holds, at most ten seconds. */
bool live_until(bool (*done)(void *), void *arg);
void live(int64_t ms);
bool is_settled(void *routing);
bool traced(const char *words);
bool has_traced(void *words);
bool runs(void *unused);
char *protocols(struct arena *); /* the rows of BIRD's own list of BGP sessions */

/* A played BIRD: each question is answered with one session. */
struct play {
	int listener;
	pthread_t thread;
	const char *row;    /* of `show protocols` */
	const char *start;  /* when BIRD started, as its list has it; NULL: it is not in the list */
	const char *detail; /* more lines of `show protocols all`; NULL: none */
};

void play_start(struct play *, struct arena *);
void play_end(struct play *, void **state);
/* One session without a password, which the played daemon shows as up. */
void play_established(struct play *, struct site *, struct routing *, struct arena *);

#define DRIVER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int driver_tests(const void *tests, size_t n); /* runs them: struct CMUnitTest */

#endif

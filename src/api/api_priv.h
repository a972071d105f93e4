/* SPDX-License-Identifier: ISC */
/* api_priv.h - inside of the HTTP server: one exchange (request and answer) and the threads around it. For files in
 * api/.
 *
 * Threads: each of libmicrohttpd's polls its connections and begins their exchanges; the store's writer ends those that
 * write; the wait thread (wait.c) runs long polls again; the lanes' (worker.c) do what takes its time. An exchange
 * belongs to one of them at a time; it is handed on by the queues' locks and by `phase`. */
#ifndef DC_API_PRIV_H
#define DC_API_PRIV_H

#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>

#include "api/api.h"
#include "api/fault.h"
#include "api/kept.h"
#include "auth/keystone.h"
#include "base/clock.h"
#include "base/turns.h"

#define BODY_MAX ((size_t)12 * 1024 * 1024)
#define DRAIN_MAX ((size_t)64 * 1024 * 1024) /* read and dropped so that the client hears of 413 */
#define ANSWER_MAX ((size_t)64 * 1024 * 1024)
#define WAKES_KEPT 256
#define SLOWEST_BYTES_PER_MS 16
#define LONG_BODY ((size_t)64 * 1024) /* hashing and decoding more is not for the threads of the HTTP server */
#define ADDRESS_KEY_SIZE 16
#define ADDRESS_BUCKETS 1024

/* --- peer.c: connections --- */

/* What its calls have shown of the caller. */
enum standing { PEER_STRANGER = 0, PEER_KNOWN, PEER_EDGE };
/* Who is to do something next. */
enum peer_turn {
	TURN_CLIENT,
	TURN_SERVER, /* a call runs, or stands in a queue */
	TURN_WAIT,   /* a call waits for news */
	TURN_ANSWER,
	TURN_NOBODY, /* it has lost its place */
};

/* By what a large body is sent: each has a part of the memory. body.c */
enum body_kind { BODY_OPEN = 0, BODY_TOKEN, BODY_SIGNED, BODY_EDGE, BODY_KINDS };

TAILQ_HEAD(peers, peer);

/* Those that give their place to others, in the order in which they do. */
struct idle_peers {
	struct peers strangers, known;
};

struct address {
	uint8_t key[ADDRESS_KEY_SIZE]; /* IPv4 as mapped; of IPv6 the /64 */
	size_t users, n;               /* n: those that have a place */
	size_t running;                /* those whose turn is TURN_SERVER */
	int64_t edge_until;            /* monotonic ms: an edge calls from here */
	struct idle_peers idle;
	size_t body_bytes[BODY_KINDS];
	struct address *next;
};

/* One connection. The lock is api->peer_lock. */
struct peer {
	struct api *api;
	int fd;
	char address[INET6_ADDRSTRLEN]; /* "": not known. IPv4 in IPv6 is IPv4 */
	/* Monotonic ms; 0: none. libmicrohttpd's idle time-out lets a byte now and then pass. */
	_Atomic int64_t deadline;
	atomic_uint heard; /* grows with what the client sends */
	unsigned heard_then;
	bool ended;       /* at the last sweep */
	atomic_bool left; /* while its call runs or waits */
	bool idle, dropped;
	bool runs;              /* it is counted as one of its address */
	enum standing standing; /* grows under the lock */
	_Atomic enum peer_turn turn;
	struct address *from;
	TAILQ_ENTRY(peer) every, of_all, of_address;
};

enum phase { PHASE_NEW, PHASE_RUNNING, PHASE_SUSPENDED, PHASE_DONE };

struct http_header {
	const char *name, *value;
};

struct exchange {
	struct call call; /* first: call_header() finds the exchange by it */
	struct MHD_Connection *connection;
	struct peer *peer;
	const char *method_text;
	enum method method;
	struct http_header *headers;
	size_t header_n;
	struct buf body;
	enum body_kind kind; /* once kind_known: when it is large */
	bool headers_seen, kind_known, broken_lines, ran;
	size_t dropped; /* bytes of a body that is refused */
	/* Known before the request is whole: the body is not kept, and the answer is this. DC_OK: not refused. */
	enum dc_code refusal;
	const struct dc_error *refused;
	const char *fault; /* of the header, in words: nothing after the header is read. NULL: none */
	_Atomic enum phase phase;
	struct monotonic started;
	const char *code;            /* of the error, for the log; NULL: none */
	const char *ignored;         /* members of the body without an effect; NULL: none */
	const struct fault *ordered; /* fault that the call suffers; NULL: none */
	bool fault_asked;
	bool repeated;       /* the answer is that of an order before, with the same client token */
	unsigned statements; /* of the route's transaction, for the log */
	/* wait.c */
	struct exchange *wait_next;
	uint64_t wakes_seen;
	bool woken;
	/* worker.c */
	struct turn turn;
	/* vouch.c */
	struct keystone_ask ask;
	bool vouched; /* ask.principal is who calls */
	/* kept_call.c */
	bool identified;      /* who calls is known */
	bool kept;            /* the answer was */
	const char *kept_key; /* what it is kept under; NULL: it is not */
	uint64_t kept_epoch;
	struct footing footing;
#ifdef DC_CHECK_ANSWERS
	const char *expected; /* NULL: nothing */
	unsigned looks;
#endif
};

#define LANE_THREADS_MAX 4

struct lane {
	enum route_lane kind;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct turns queue;
	pthread_t thread[LANE_THREADS_MAX];
	unsigned threads;
	bool end;
};

struct api {
	struct api_options options;
	struct route_index *routes;
	struct MHD_Daemon *daemon;
	int listen_fd;
	uint16_t port;
	atomic_bool stopping;

	atomic_size_t begun;   /* exchanges that were started, and that libmicrohttpd has not completed */
	atomic_size_t running; /* of them: not answered yet */
	pthread_mutex_t lock;  /* of who waits for those two to become none, while the server stops */
	pthread_cond_t changed;

	pthread_mutex_t wait_lock;
	pthread_cond_t wait_changed;
	pthread_t wait_thread;
	struct exchange *waiting;
	size_t waiting_n;
	/* api_wake() counted, with hashes of the last keys, so that none is lost between a run and its registration. */
	uint64_t wakes;
	uint32_t woken_keys[WAKES_KEPT];
	bool wait_end;

	struct lane lane[LANES];
	size_t lanes; /* started */

	pthread_mutex_t peer_lock;
	struct peers peers;     /* each is looked at in turn */
	size_t peer_n;          /* that have a place */
	struct idle_peers idle; /* of all addresses */
	size_t made_room;       /* closed for that, since the last sweep */
	size_t left_n;          /* whose clients have left while a call runs or waits, at the last sweep */
	size_t body_bytes[BODY_KINDS];
	struct address *addresses[ADDRESS_BUCKETS];
	uint32_t address_seed;
};

/* exchange.c: from the whole request to the answer. After exchange_start() the phase shows when. */
struct exchange *exchange_new(struct api *, struct MHD_Connection *, const char *raw_target);
struct exchange *exchange_free(struct exchange *);
/* The head is whole: the route, and whether a body may come. */
enum dc_code exchange_head(struct exchange *, const char *version, struct dc_error *err);
/* The caller, as far as the head shows; for a body that is too large to be read from anybody. */
enum dc_code exchange_claim(struct tx *, struct exchange *, struct dc_error *err);
void exchange_start(struct exchange *);
enum dc_code exchange_identify(struct tx *, struct exchange *, struct dc_error *err);
/* Runs the route again (long poll), or for the first time after it was admitted; the caller is identified again. */
void exchange_run(struct exchange *);
/* On a lane's thread: route->prepare and what follows; a long read. */
void exchange_prepare(struct exchange *);
void exchange_read(struct exchange *);
/* What exchange_start() leaves for a lane when the body is large, or Keystone was asked. */
void exchange_with_body(struct exchange *);
/* Answers that there is no place in a lane. */
void exchange_no_place(struct exchange *);
/* Whether the client has left, so that nobody reads the answer and nothing else was asked for. */
bool exchange_is_left(const struct exchange *);
/* Ends such a call. */
void exchange_leave(struct exchange *);
void exchange_finish(struct exchange *, enum dc_code rc, const struct dc_error *err);
/* One less; the server may be freed right after. */
void exchange_count_down(struct api *, atomic_size_t *count);
const char *exchange_header(const struct call *, const char *name);

/* vouch.c: what is known of the token, for who looks at the identity next. */
void vouch_look(struct exchange *);
/* Whether Keystone has to be asked first: it is, and the exchange goes to LANE_TOKEN with its answer, or ends. */
bool vouch_asks(struct exchange *);

/* kept_call.c: whether the answer is there already. */
bool kept_answers(struct exchange *);
/* Around the run of a read whose answer may be kept: from its authorization on, and when it has succeeded. */
void kept_watch(struct tx *, struct exchange *);
void kept_keep(struct tx *, struct exchange *);
#ifdef DC_CHECK_ANSWERS
/* In place of kept_answers(): remembers the answer, and the call continues. After its run: whether to run it once more,
 * because the answers differ; aborts when they still differ then. */
bool kept_check_begin(struct exchange *);
bool kept_check_again(struct exchange *, enum dc_code rc);
#endif

/* body.c. An error refuses the body: body_drop() it. */
enum dc_code body_announced(struct exchange *, unsigned long long length, struct dc_error *err);
enum dc_code body_add(struct exchange *, const char *, size_t len, struct dc_error *err);
void body_drop(struct exchange *);

/* header.c */
/* Why the header, with these headers, is refused, in words; NULL: it is not. version: of the request line. */
const char *header_fault(const struct exchange *, const char *version);
/* libmicrohttpd's strings, still where it received them: each header is one line, and the lines follow each other. */
struct header_lines {
	const char *at; /* end of the last one's value; NULL: none yet */
	bool broken;
};
void header_line(struct header_lines *, const char *name, const char *value);
/* Whether the last line was the last before `end` of the header. */
bool header_lines_end(const struct header_lines *, const char *end);
/* A copy of a header's value without trailing blanks, which are not part of it (RFC 9110, 5.5). */
const char *header_value(const struct exchange *, const char *value);
/* The target's path and query; of one in absolute form, what follows the authority (RFC 9112, 3.2.2). */
const char *header_origin_form(const char *target, struct arena *);

/* answer.c */
void answer_error(struct exchange *, enum dc_code rc, const struct dc_error *err);
enum MHD_Result answer_queue(struct exchange *);

/* FNV-1a. Two texts that share one cost a run or an event too many or too few, no more. wait.c */
uint32_t text_hash(const char *);

/* wait.c */
int wait_start(struct api *);
void wait_add(struct exchange *);
void wait_drop_left(struct api *);  /* ends reads whose client has left */
void wait_finish_all(struct api *); /* each waiting call is run once more, with waited set */
void wait_stop(struct api *);

/* worker.c */
int worker_start(struct api *);
/* name: see route->queue; NULL: in the caller's. False: there is no place. */
bool worker_add(struct exchange *, enum route_lane, const char *name);
void worker_stop(struct api *);
/* Ends calls that stand in a queue, that are of no use without their answer, and whose client has left. */
void worker_drop_left(struct api *);
size_t worker_queued(struct api *);
/* In whose name a call takes its turn: its project's, else the caller's, else the address's. */
uint64_t exchange_party(const struct exchange *);

/* cost.c */
bool cost_is_high(const struct exchange *); /* a read; its route and parameters are known */
struct cost {
	uint32_t key;
	bool measured; /* by the thread's processor time, else by the clock on the wall */
	int64_t at;    /* us */
};
/* Around a read, on one thread. */
struct cost cost_begin(const struct exchange *);
void cost_end(const struct cost *);

/* peer.c. A peer may be NULL. */
void peers_init(struct api *);
void peers_fini(struct api *);
/* NULL: no memory. When there is no place, the connection is shut down at once. */
struct peer *peer_begin(struct api *, int fd, const struct sockaddr *from);
struct peer *peer_end(struct peer *);
void peer_allow(struct peer *, int64_t ms); /* from now; 0: no limit */
void peer_heard(struct peer *);             /* the client has sent something */
void peer_turn(struct peer *, enum peer_turn, enum standing);
/* The call that it has sent is looked at, or answered, within a moment: without the lock, and it stays where it is
 * among those who wait. False: the others have to be asked. */
bool peer_turn_briefly(struct peer *, enum peer_turn, enum standing);
/* The call that it has sent runs from now on. False: as many run for its address as may. */
bool peer_run(struct peer *);
/* Shuts down those whose time is over, and those that are gone. True: some clients have left while their calls run or
 * wait. */
bool peer_sweep(struct api *);
/* Beyond max_connections, for addresses that edges call from. */
static inline unsigned
edge_places(unsigned max_connections)
{
	return max_connections / 16 + 8;
}

/* pthread_cond_t by the monotonic clock. */
int cond_init(pthread_cond_t *);
/* Waits on cond at most until this monotonic ms. */
void cond_wait_until(pthread_cond_t *, pthread_mutex_t *, int64_t ms);

#endif

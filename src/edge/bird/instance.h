/* SPDX-License-Identifier: ISC */
/* instance.h - what the BIRD driver holds of one instance; inside of bird/ only.
 *
 * `held` is a copy of what is desired, `peer[i]` what is known of held.neighbour[i]; the latter lives on from one apply
 * to the next, found by its key. `loaded` is the text that BIRD runs on, as far as we know: NULL after a start of ours,
 * when the daemon may run on anything; what can be told is then found in its file.
 *
 * The folder: bird.conf (what BIRD has taken over, or was started with), bird.conf.new (what it is being given; one
 * that is left over may have been taken over or not), bird.ctl, bird.pid, bird.log, and bird.boot: the kernel's boot id
 * when BIRD was started.
 */
#ifndef DC_BIRD_INSTANCE_H
#define DC_BIRD_INSTANCE_H

#include "edge/agent_client.h"
#include "edge/bird/connections.h"
#include "edge/bird/control.h"
#include "edge/bird/limit.h"
#include "edge/bird/parse.h"
#include "edge/bird/render.h"

#define FAREWELL_MAX 64

struct peer {
	char *key;
	const struct routing_neighbour *want; /* in held */
	enum bird_how how;
	char *block;         /* its text in what BIRD runs on; NULL: none, or unknown */
	char *wish;          /* its text in what was set last */
	uint64_t changed;    /* the wish that made it so */
	const char *refused; /* words, in held's arena; NULL: fine */
	struct limit limit;

	bool seen; /* the rest is known */
	bool established;
	utc_ms since;
	int64_t half_open, half_open_until; /* monotonic ms: its connections have stood half open between these */
	char farewell[FAREWELL_MAX];        /* what the other side said when it ended the session; "": nothing since */
	utc_ms verified;                    /* the session that was `since` then has its key */
	int64_t verified_at, counted_at;    /* monotonic ms */
	struct bird_counts counts;
};

struct instance {
	struct bird_driver *driver;
	uint32_t number;
	char *dir;
	struct control *control;
	struct arena *arena; /* of held */
	struct routing_desired held;
	struct peer **peer;    /* one per held.neighbour; in the arena, the peers on the heap */
	struct peer **by_name; /* the same, sorted by protocol name */

	uint64_t set, loaded_set;     /* wishes */
	char *wish;                   /* text of the last one, nobody left out */
	char *why;                    /* what keeps it from that; NULL: nothing */
	bool due;                     /* the wish is to be brought in at once */
	bool ending;                  /* it is to be stopped and forgotten */
	struct arena *seen_arena;     /* of the rest */
	struct routing_session *seen; /* one per neighbour held */
	size_t seen_n;
	int64_t seen_at; /* monotonic ms; 0: never */
	int64_t next_look;

	char *loaded;
	bool again; /* an apply is due: a wait after a route limit is over, or the daemon had to start with less */
	bool configuring;                  /* BIRD has not finished with the last one */
	int64_t silent_since, ask_after;   /* monotonic ms: it runs and does not answer; 0: it does */
	bool suspect;                      /* its socket failed */
	bool starting, answered;           /* since its last start of ours */
	int64_t started, next_start, pace; /* monotonic ms; wait between starts */
	int64_t next_try;                  /* of an apply that is due */

	struct reply_counters counters;
	int64_t counters_at;
	struct connections connections;
	size_t next_count; /* whose routes are counted next */
};

struct bird_driver {
	struct routing routing;
	struct agent *agent;
	char *state_dir;
	struct instance **instance;
	size_t count;
	uint64_t wishes;
	struct event *tick, *soon;
	routing_changed *changed;
	void *changed_arg;
};

int64_t now_ms(void); /* monotonic */

/* driver.c */
struct instance *instance_find(struct bird_driver *, uint32_t number);
const char *instance_path(const struct instance *, struct arena *, const char *file);
struct peer *instance_peer_by_name(const struct instance *, const char *name);
/* Takes over what is desired; what is known of neighbours that stay is kept. */
void instance_hold(struct instance *, const struct routing_desired *);

/* files.c: in the instance's folder. */
enum dc_code file_write(const struct instance *, const char *name, const char *text, size_t len, struct dc_error *);
enum dc_code file_rename(const struct instance *, const char *from, const char *to, struct dc_error *);
/* The whole file in the arena; NULL when it cannot be read. */
const char *file_read(const struct instance *, struct arena *, const char *name);
bool file_exists(const struct instance *, const char *name);
enum dc_code folder_make(const struct bird_driver *, const struct instance *, struct dc_error *);
void folder_clear(const struct instance *);
/* Whether BIRD was started since the router was; boot_note() says that it is now. */
bool boot_same(const struct instance *);
void boot_note(const struct instance *);

/* daemon.c */
/* 0: none runs. False when the agent cannot tell. */
bool daemon_pid(struct instance *, uint32_t *ret);
#define ASK_MS 2000 /* for an answer */
/* A command to BIRD. One that was silent is left alone for a while, so that nobody waits for it again and again. */
enum dc_code daemon_ask(
    struct instance *, struct arena *, const char *command, int timeout_ms, struct control_reply *, struct dc_error *);
/* Running and answering, else DC_E_DAEMON. */
enum dc_code daemon_answers(struct instance *, struct arena *, struct dc_error *);
/* Starts BIRD with this configuration; returns before it answers. */
enum dc_code daemon_start(struct instance *, const struct bird_config *, struct dc_error *);
/* The same with no neighbour, for when BIRD does not take the configuration; the next apply brings them one by one. */
enum dc_code daemon_start_bare(struct instance *, struct arena *, struct dc_error *);
/* Until it answers; at most a few seconds, and not when it has ended. */
enum dc_code daemon_await(struct instance *, struct arena *, struct dc_error *);
enum dc_code daemon_stop(struct instance *, struct dc_error *);
/* Starts a dead one again, at a growing pace. */
void daemon_tick(struct instance *);

/* session_key.c */
enum session_key { SESSION_SAFE, SESSION_UNSURE, SESSION_RESET };
/* Whether a session that BIRD calls Established has its key; one without is reset. */
enum session_key session_key(struct instance *, struct arena *, struct peer *, utc_ms since);

/* apply.c: brings BIRD to what is held. */
enum dc_code apply_held(struct instance *, struct dc_error *);
/* The configuration as it would be now. */
enum dc_code apply_render(struct instance *, struct arena *, struct bird_config *, struct dc_error *);
/* BIRD runs on this from now on. */
void apply_loaded(struct instance *, const struct bird_config *);

/* observe.c */
enum dc_code observe_rows(struct instance *, struct arena *, struct bird_row **, size_t *, struct dc_error *);
enum dc_code observe_sessions(
    struct instance *, struct arena *, struct routing_session **, size_t *, struct dc_error *);

#endif

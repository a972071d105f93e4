/* SPDX-License-Identifier: ISC */
/* instance.h - what the BIRD driver holds of one instance; inside of bird/ only.
 *
 * `held` is a copy of what was set, `peer[i]` what is known of held.neighbour[i]; the latter lives on from one wish to
 * the next, found by its key. `loaded` is the text that BIRD runs on, as far as we know: NULL after a start of ours,
 * when the daemon may run on anything; its file then shows what it may run on.
 *
 * The folder, which BIRD runs in and cannot write to: bird.conf (what BIRD has taken over, or was started with),
 * bird.conf.new (what it is being given; one that is left over may have been taken over or not), and bird.boot: the
 * kernel's boot id when BIRD was started. Below run/, which is BIRD's: bird.ctl, bird.pid, bird.log. */
#ifndef DC_BIRD_INSTANCE_H
#define DC_BIRD_INSTANCE_H

#include "edge/agent_client.h"
#include "edge/bird/connections.h"
#include "edge/bird/control.h"
#include "edge/bird/limit.h"
#include "edge/bird/parse.h"
#include "edge/bird/render.h"

#define BIRD_LOG "run/bird.log"
#define CAUSE_MAX 240
#define WORDS_MAX 480
#define ASK_MS 2000   /* for an answer */
#define START_MS 8000 /* from BIRD's start to its first answer */
#define AGAIN_MS 2000 /* between tries of what failed */

struct peer {
	char *key;
	const struct routing_neighbour *want; /* in held */
	uint64_t changed;                     /* the wish that last changed its part */
	char *wish;                           /* its part as it was set last */
	enum bird_how how;
	char *block;   /* its part of what BIRD runs on; NULL: none, or unknown */
	char *refused; /* words; NULL: fine */
	struct limit limit;
	int64_t limit_born; /* of the stop that was counted */
	bool limit_received;

	bool seen; /* the rest is known */
	bool established;
	utc_ms since;
	int64_t born;                       /* when its session came up, in ms since BIRD's start */
	int64_t down_at;                    /* monotonic ms */
	int64_t half_open, half_open_until; /* monotonic ms: its connections have stood half open between these */
	const char *state;                  /* BIRD's */
	bool slow;                          /* tried once a minute: pace.h */
	int64_t hurried_at;                 /* monotonic ms; tried often from then on */
	bool holds_routes;                  /* for a graceful restart, as BIRD showed at held_at */
	int64_t held_at;                    /* monotonic ms; 0: it was not asked */
	bool unanswered;                    /* nobody answered its last try */
	bool keyless;                       /* it came up without its key */
	char error[CAUSE_MAX];              /* BIRD's of now */
	char cause[CAUSE_MAX];              /* what ended its last session; "": nothing since it was up */
	char cause_row[CAUSE_MAX];          /* the same as BIRD's list had it */
	utc_ms cause_at;
	bool ask_detail;                 /* about the cause, or the limit */
	int64_t verified;                /* the session that was `born` then has its key */
	int64_t verified_at, counted_at; /* monotonic ms */
	struct bird_counts counts;
	char words[WORDS_MAX]; /* of what is shown */
};

enum instance_event {
	EVENT_WANTED,   /* it has a VRF */
	EVENT_UNWANTED, /* it has none */
	EVENT_ANSWERED,
	EVENT_MUTE,    /* it runs, and an answer did not come in time */
	EVENT_DEAD,    /* no process is left */
	EVENT_DUE,     /* the time to start it has come */
	EVENT_LOADING, /* a configuration is on its way */
	EVENT_LOADED,  /* BIRD has taken it over, or has refused it */
	EVENT_OVERDUE, /* it was silent for too long */
	EVENTS
};

struct load;  /* load.c: a configuration on its way */
struct glass; /* glass.c: questions about routes */
struct look;  /* look.c: a look at the sessions */

struct instance {
	struct bird_driver *driver;
	uint32_t number;
	char *dir;
	struct control *control;
	struct event *timer;
	enum routing_state state; /* assigned in states.c only */

	struct arena *arena; /* of held */
	struct routing_desired held;
	struct peer **peer;            /* one per held.neighbour; in the arena, the peers on the heap */
	struct peer **by_name;         /* the same, sorted by protocol name */
	struct routing_session *shown; /* one per held.neighbour; heap */
	int64_t shown_at;              /* monotonic ms; 0: never */

	uint64_t set, loaded_set;     /* wishes */
	char *wish;                   /* text of the last one, nobody left out; NULL: none */
	struct routing_desired *next; /* set while a configuration is on its way; in next_arena */
	struct arena *next_arena;
	bool wanted;
	char *why;  /* what keeps it from the wish; NULL: nothing */
	bool again; /* the same is to be loaded again: a limit's wait is over, or it had to start with less */
	int64_t next_try;

	char *loaded;
	struct own *own;     /* own.c: networks that BIRD's filters know */
	struct load *load;   /* NULL: none is on its way */
	struct look *look;   /* NULL: none runs */
	struct glass *glass; /* NULL: nobody has asked yet */
	int64_t next_look;
	int64_t next_turn, next_slow_down; /* monotonic ms: pace.c */
	bool look_due;                     /* after a change */

	bool answered;                     /* since its last start of ours */
	int64_t started, next_start, pace; /* monotonic ms; wait between starts */
	int64_t silent_since, stopping_since;

	struct reply_counters counters;
	int64_t counters_at;
	struct connections connections;
	size_t next_count; /* whose routes are counted next */
};

struct bird_driver {
	struct routing routing;
	struct agent *agent;
	char *state_dir;
	int64_t slow_after_ms; /* 0: never */
	struct instance **instance;
	size_t count;
	uint64_t wishes;
	struct event_base *base;
	routing_changed *changed;
	void *changed_arg;
};

int64_t now_ms(void); /* monotonic */
void *must(void *);   /* memory that there must be */
/* A secret on the heap replaced, or wiped and freed (NULL). */
void secret_set(char **, const char *);
void words_set(char **, const char *);

/* states.c: the life of an instance. */
void instance_happens(struct instance *, enum instance_event);

/* driver.c */
const char *instance_path(const struct instance *, struct arena *, const char *file);
void instance_wake(struct instance *, int64_t ms); /* work is looked for then at the latest */
void instance_news(struct instance *);             /* what is shown has changed */
void instance_forget(struct instance *);           /* from the loop's own call only */

/* held.c */
struct peer *instance_peer_by_name(const struct instance *, const char *name);
/* Takes over what is wanted; what is known of neighbours that stay is kept. wish: instance_wish() of it, or NULL. */
void instance_hold(struct instance *, const struct routing_desired *, const struct bird_config *wish);
void instance_drop_all(struct instance *); /* frees it */
/* The text as it were if nobody were left out: what two wishes are compared by. */
enum dc_code instance_wish(const struct routing_desired *, struct arena *, struct bird_config *, struct dc_error *);

/* files.c: in the instance's folder. */
enum dc_code file_write(const struct instance *, const char *name, const char *text, size_t len, struct dc_error *);
enum dc_code file_rename(const struct instance *, const char *from, const char *to, struct dc_error *);
/* The whole file in the arena; NULL when it cannot be read. */
const char *file_read(const struct instance *, struct arena *, const char *name);
bool file_exists(const struct instance *, const char *name);
void file_remove(const struct instance *, const char *name);
enum dc_code folder_make(const struct bird_driver *, const struct instance *, struct dc_error *);
void folder_clear(const struct instance *);
/* Whether BIRD was started since the router was; boot_note() notes a start. */
bool boot_same(const struct instance *);
void boot_note(const struct instance *);

/* process.c: its process */
void process_find(struct instance *);  /* starts it unless it runs */
void process_start(struct instance *); /* with the file that is there when none can be written */
void process_rest(struct instance *);  /* sees when it may be started again */
void process_end(struct instance *);   /* asks it to end */
void process_ended(struct instance *); /* forgets an instance that nobody wants */
void process_hurt(struct instance *);  /* one that was silent is ended, and started again */
void process_work(struct instance *);  /* what is due while it does not run, or does not answer */
/* Its socket has failed: it is dead, or silent. All commands on their way have failed. */
void process_lost(struct instance *, const char *why);

/* session_key.c */
enum session_key { SESSION_SAFE, SESSION_UNSURE, SESSION_RESET };
/* Whether a session that BIRD calls Established has its key; one without is reset. */
enum session_key session_key(struct instance *, struct peer *, int64_t born);

/* load.c: brings BIRD to what is held. */
void load_begin(struct instance *);
void load_drop(struct instance *); /* it was on its way and is void */
bool load_due(const struct instance *);
/* Which sessions are fine, as far as is known without BIRD. */
void load_judge(struct instance *);
/* The configuration as it would be now. */
enum dc_code load_render(struct instance *, struct arena *, struct bird_config *, struct dc_error *);
/* BIRD runs on this from now on; NULL: on something unknown. */
void load_note(struct instance *, const struct bird_config *);

/* own.c: what no neighbour may announce has changed: the routes of each neighbour concerned are filtered again. */
void own_begin(struct instance *);  /* BIRD has taken over what is held */
void own_forget(struct instance *); /* BIRD was started again: it filters all by itself */
void own_free(struct instance *);

/* look.c: what BIRD shows of the sessions. */
void look_begin(struct instance *);
void look_drop(struct instance *);
/* The list is in: limits that were hit are noted. */
size_t look_rows(struct instance *, const struct control_reply *, struct arena *, struct bird_row **);
void look_blind(struct instance *, const char *why); /* nothing can be seen */
void look_show(struct instance *);                   /* what is shown, of all that is known */

#endif

/* SPDX-License-Identifier: ISC */
/* control.h - BIRD's control socket on the event loop: commands wait in a queue, one is on its way, and each gets its
 * reply, or words why there is none, by a call from the loop. Nothing here waits. After a failure the connection is
 * gone, all commands in the queue have failed with it, and the next command makes a new connection. */
#ifndef DC_BIRD_CONTROL_H
#define DC_BIRD_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

/* A reply of BIRD's: lines of rows and tables, then one that ends it. Codes: 0xxx done, 1xxx rows, 8xxx run-time error,
 * 9xxx the command does not parse. */
struct control_line {
	unsigned code;
	const char *text; /* without code and separator */
};

struct control_reply {
	const struct control_line *line;
	size_t lines;  /* the last one ends the reply */
	unsigned code; /* of the last one */
};

struct control;
struct event_base;

/* reply: valid during the call. failure: NULL, or words when there is no daemon, no answer in time, or an answer that
 * is none; an error reply (8xxx, 9xxx) is a reply. control_ask() may be called from here, control_free() not.
 */
typedef void control_told(void *arg, const struct control_reply *reply, const char *failure);

/* dir: the folder that holds bird.ctl (any length: the socket is reached through a descriptor of the folder). Connects
 * at the first command. lost: called when a connection ends while nobody waits for an answer. */
struct control *control_new(struct event_base *, const char *dir, void (*lost)(void *arg), void *arg);
struct control *control_free(struct control *); /* nobody is called any more */
/* command: one line without its newline. timeout_ms: for the exchange, from when it is its turn. */
void control_ask(struct control *, const char *command, int timeout_ms, control_told *, void *arg);
bool control_busy(const struct control *);
bool control_connected(const struct control *);
/* The daemon is another one now: hangs up, and everybody in the queue fails without being called. */
void control_drop(struct control *);

/* The reply's last words, for errors: the text of its last line. */
const char *control_words(const struct control_reply *);

/* Whether the bytes gathered so far hold a whole reply, for tests and fuzzing: splits text (changed in place) into
 * lines. 1: whole, *ret filled; 0: more to come; -1: no reply of BIRD's. */
int control_split(char *text, size_t len, struct arena *, struct control_reply *ret);

#endif

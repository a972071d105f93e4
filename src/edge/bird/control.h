/* SPDX-License-Identifier: ISC */
/* control.h - BIRD's control socket: one command, one reply. Blocking, with a short time-out for the whole exchange;
 * after a failure the connection is gone and the next command makes a new one. */
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

/* dir: the folder that holds bird.ctl (any length: the socket is reached through a descriptor of the folder). Connects
 * at the first command. */
struct control *control_new(const char *dir);
struct control *control_free(struct control *);
/* command: one line without its newline. timeout_ms: for the whole exchange. DC_E_DAEMON with words when there is no
 * daemon, no answer in time, or an answer that is none; a reply that says error (8xxx, 9xxx) is a reply and DC_OK. */
enum dc_code control_ask(struct control *, struct arena *, const char *command, int timeout_ms,
    struct control_reply *ret, struct dc_error *);
bool control_connected(const struct control *);
void control_drop(struct control *); /* the daemon was started anew */

/* The reply's last words, for errors: the text of its last line. */
const char *control_words(const struct control_reply *);

/* Tells whether bytes gathered so far hold a whole reply, for tests and fuzzing: splits text (changed in place) into
 * lines. 1: whole, *ret filled; 0: more to come; -1: no reply of BIRD's. */
int control_split(char *text, size_t len, struct arena *, struct control_reply *ret);

#endif

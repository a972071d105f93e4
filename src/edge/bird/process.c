/* SPDX-License-Identifier: ISC */
/* process.c - the process of an instance: found, started, watched while it does not answer, ended. */
#include <string.h>

#include "base/log.h"
#include "edge/bird/glass.h"
#include "edge/bird/instance.h"
#include "edge/bird/pace.h"

#define PACE_FIRST_MS 1000
#define PACE_MAX_MS 30000
#define SILENT_REST_MS 1000
#define SILENT_MAX_MS 30000 /* then it is ended, and started again */
#define LIVED_MS 60000      /* who ran this long is started again at once */
#define TERM_MS 5000        /* that it gets to end by itself */
#define LOOK_MS 20

/* False when the agent does not know. */
static bool
ask_state(const struct instance *in, struct reply_daemon *ret)
{
	struct op_instance ask = {.instance = in->number};

	return agent_ask(in->driver->agent, OP_DAEMON_STATE, &ask, sizeof(ask), ret, sizeof(*ret), NULL) == DC_OK;
}

static bool
is_dead(const struct instance *in)
{
	struct reply_daemon reply = {0};

	return ask_state(in, &reply) && reply.pid == 0;
}

/* --- starting --- */

/* With -R BIRD keeps the routes that the one before left in the kernel; after the router's own start there are none,
 * and it would announce nothing until its wait is over. */
static enum dc_code
launch(struct instance *in, struct dc_error *err)
{
	struct op_daemon ask = {.instance = in->number, .recover = boot_same(in)};

	control_drop(in->control);
	in->started = now_ms();
	in->next_start = in->started + in->pace;
	enum dc_code code = agent_do(in->driver->agent, OP_DAEMON_START, &ask, sizeof(ask), err);

	if (code != DC_OK)
		return code;
	in->answered = false;
	dc_log(LOG_NOTICE, "bird-start", "instance=%u recover=%u", in->number, ask.recover);
	return DC_OK;
}

/* A disk that is full must not keep a dead BIRD dead: it starts with the file that is there. */
static enum dc_code
write_file(struct instance *in, const struct bird_config *config, bool *written, struct dc_error *err)
{
	_cleanup_arena_ struct arena *a = arena_new();
	enum dc_code code = file_write(in, "bird.conf.new", config->text, config->len, err);

	if (code == DC_OK)
		code = file_rename(in, "bird.conf.new", "bird.conf", err);
	*written = code == DC_OK;
	if (code == DC_OK || !file_exists(in, "bird.conf"))
		return code;
	file_remove(in, "bird.conf.new"); /* half of a file: BIRD was never given it */
	dc_log(LOG_ERR, "bird-file-not-written", "instance=%u error=%s", in->number, log_quote(a, err->text));
	return DC_OK;
}

static enum dc_code
start_with(struct instance *in, const struct bird_config *config, struct dc_error *err)
{
	bool written;
	enum dc_code code = write_file(in, config, &written, err);

	if (code == DC_OK)
		code = launch(in, err);
	if (code != DC_OK)
		return code;
	load_note(in, written ? config : NULL);
	if (written)
		own_forget(in);
	else
		own_free(in);
	in->again = in->again || !written;
	return DC_OK;
}

/* With no neighbour, for when BIRD does not take the configuration; they are tried one by one afterwards. */
static enum dc_code
start_bare(struct instance *in, struct arena *a, struct dc_error *err)
{
	struct bird_config config;

	for (size_t i = 0; i < in->held.neighbour_count; i++)
		in->peer[i]->how = BIRD_OMIT;
	if (load_render(in, a, &config, err) != DC_OK)
		return DC_E_DAEMON;
	in->loaded_set = 0;
	return start_with(in, &config, err);
}

static enum dc_code
start(struct instance *in, struct dc_error *err)
{
	_cleanup_arena_ struct arena *a = arena_new();
	struct bird_config config;
	enum dc_code code = folder_make(in->driver, in, err);
	bool failed_before = in->started != 0 && !in->answered;

	if (code != DC_OK)
		return code;
	for (size_t i = 0; i < in->held.neighbour_count; i++)
		pace_hurry(in->peer[i]);
	load_judge(in);
	if (failed_before)
		return start_bare(in, a, err);
	if ((code = load_render(in, a, &config, err)) != DC_OK)
		return code;
	return start_with(in, &config, err) == DC_OK ? DC_OK : start_bare(in, a, err);
}

static void
start_failed(struct instance *in, const char *why)
{
	_cleanup_arena_ struct arena *a = arena_new();

	dc_log(LOG_ERR, "bird-start-failed", "instance=%u reason=%s", in->number, log_quote(a, why));
	words_set(&in->why, why);
	instance_happens(in, EVENT_DEAD);
}

void
process_start(struct instance *in)
{
	struct dc_error err = {0};

	if (start(in, &err) != DC_OK)
		start_failed(in, err.text);
}

/* After a start of ours BIRD may run already. */
void
process_find(struct instance *in)
{
	struct reply_daemon reply = {0};

	in->started = now_ms();
	in->answered = true; /* what it does not take is not known yet */
	if (!ask_state(in, &reply) || reply.pid == 0)
		process_start(in);
}

void
process_rest(struct instance *in)
{
	load_drop(in);
	look_drop(in);
	glass_drop(in, "BIRD has ended");
	control_drop(in->control);
	if (in->started != 0 && now_ms() - in->started > LIVED_MS)
		in->pace = 0;
	else
		in->pace = in->pace == 0 ? PACE_FIRST_MS : in->pace * 2 > PACE_MAX_MS ? PACE_MAX_MS : in->pace * 2;
	if (in->next_start < now_ms())
		in->next_start = now_ms();
}

/* --- ending --- */

static void
tell_to_end(struct instance *in, bool at_once)
{
	_cleanup_arena_ struct arena *a = arena_new();
	struct op_stop ask = {.instance = in->number, .at_once = at_once};
	struct dc_error err = {0};

	if (agent_do(in->driver->agent, OP_DAEMON_STOP, &ask, sizeof(ask), &err) != DC_OK)
		dc_log(LOG_ERR, "bird-not-stopped", "instance=%u error=%s", in->number, log_quote(a, err.text));
}

void
process_end(struct instance *in)
{
	load_drop(in);
	look_drop(in);
	glass_drop(in, "BIRD ends");
	control_drop(in->control);
	in->stopping_since = now_ms();
	tell_to_end(in, in->silent_since != 0);
	look_blind(in, "BIRD ends");
}

void
process_hurt(struct instance *in)
{
	dc_log(LOG_ERR, "bird-silent", "instance=%u ms=%lld", in->number, (long long)(now_ms() - in->silent_since));
	process_end(in);
	look_blind(in, "BIRD did not answer, and is started again");
}

void
process_ended(struct instance *in)
{
	in->silent_since = 0;
	if (in->wanted) {
		instance_happens(in, EVENT_WANTED);
		return;
	}
	folder_clear(in);
	instance_forget(in);
}

/* --- watching --- */

void
process_lost(struct instance *in, const char *why)
{
	if (in->state == ROUTING_STARTING || in->state == ROUTING_STOPPING || in->state == ROUTING_ABSENT ||
	    in->state == ROUTING_BACKOFF)
		return;
	dc_log(LOG_DEBUG, "bird-lost", "instance=%u reason=\"%s\"", in->number, why);
	load_drop(in);
	look_drop(in);
	if (is_dead(in))
		instance_happens(in, EVENT_DEAD);
	else if (in->state != ROUTING_SILENT)
		instance_happens(in, EVENT_MUTE);
}

/* One that ended before it answered: it did not take its configuration, and has printed the reason. */
static void
died(struct instance *in)
{
	_cleanup_arena_ struct arena *a = arena_new();
	struct reply_daemon reply = {0};

	if (in->state != ROUTING_STARTING || in->answered) {
		instance_happens(in, EVENT_DEAD);
		return;
	}
	(void)ask_state(in, &reply);
	start_failed(in, arena_printf(a, "BIRD does not start: %s",
			     reply.words[0] != '\0' ? reply.words : "it ended without a word"));
}

static void
told(void *arg, const struct control_reply *reply, const char *failure)
{
	struct instance *in = arg;

	if (failure == NULL && reply->code < 8000) {
		instance_happens(in, EVENT_ANSWERED);
		return;
	}
	if (is_dead(in)) {
		died(in);
		return;
	}
	if (in->state == ROUTING_STARTING && now_ms() - in->started > START_MS)
		instance_happens(in, EVENT_MUTE);
	instance_wake(in, in->state == ROUTING_SILENT ? SILENT_REST_MS : LOOK_MS);
}

static void
work_silent(struct instance *in)
{
	if (now_ms() - in->silent_since > SILENT_MAX_MS) {
		instance_happens(in, EVENT_OVERDUE);
		return;
	}
	if (!control_busy(in->control))
		control_ask(in->control, "show status", ASK_MS, told, in);
	instance_wake(in, SILENT_REST_MS);
}

static void
work_stopping(struct instance *in)
{
	if (is_dead(in)) {
		instance_happens(in, EVENT_DEAD);
		return;
	}
	if (now_ms() - in->stopping_since > TERM_MS) {
		in->stopping_since = now_ms();
		tell_to_end(in, true);
	}
	instance_wake(in, LOOK_MS);
}

void
process_work(struct instance *in)
{
	switch (in->state) {
	case ROUTING_STARTING:
		if (!control_busy(in->control))
			control_ask(in->control, "show status", ASK_MS, told, in);
		break;
	case ROUTING_SILENT:
		work_silent(in);
		break;
	case ROUTING_BACKOFF:
		if (now_ms() >= in->next_start)
			instance_happens(in, EVENT_DUE);
		else
			instance_wake(in, in->next_start - now_ms());
		break;
	case ROUTING_STOPPING:
		work_stopping(in);
		break;
	case ROUTING_ABSENT:
	case ROUTING_RUNNING:
	case ROUTING_CONFIGURING:
		break;
	}
}

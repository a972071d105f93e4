/* SPDX-License-Identifier: ISC */
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "edge/bird/instance.h"

#define START_WAIT_MS 8000
#define PACE_FIRST_MS 1000
#define PACE_MAX_MS 30000
#define SILENT_REST_MS 5000
#define SILENT_MAX_MS 30000 /* then it is ended, and started again */
#define LIVED_MS 60000      /* who ran this long is started again at once */

bool
daemon_pid(struct instance *in, uint32_t *ret)
{
	struct op_instance ask = {.instance = in->number};
	struct reply_daemon reply = {0};

	if (agent_ask(in->driver->agent, OP_DAEMON_STATE, &ask, sizeof(ask), &reply, sizeof(reply), NULL) != DC_OK)
		return false;
	*ret = reply.pid;
	return true;
}

enum dc_code
daemon_ask(struct instance *in, struct arena *a, const char *command, int timeout_ms, struct control_reply *r,
    struct dc_error *err)
{
	int64_t begun = now_ms();

	if (begun < in->ask_after)
		return dc_fail(err, DC_E_DAEMON, NULL, "BIRD does not answer");
	if (control_ask(in->control, a, command, timeout_ms, r, err) == DC_OK) {
		in->silent_since = in->ask_after = 0;
		return DC_OK;
	}
	in->suspect = true;
	if (now_ms() - begun < timeout_ms)
		return DC_E_DAEMON; /* it was told at once */
	if (in->silent_since == 0)
		in->silent_since = begun;
	in->ask_after = now_ms() + SILENT_REST_MS;
	return DC_E_DAEMON;
}

enum dc_code
daemon_answers(struct instance *in, struct arena *a, struct dc_error *err)
{
	struct control_reply r;

	if (daemon_ask(in, a, "show status", ASK_MS, &r, err) != DC_OK)
		return DC_E_DAEMON;
	in->suspect = in->starting = false;
	in->answered = true;
	in->configuring = bird_parse_configuring(&r);
	return DC_OK;
}

/* With -R BIRD keeps the routes that the one before left in the kernel; after the router's own start there are none,
 * and it would announce nothing until its wait is over. */
static enum dc_code
launch(struct instance *in, struct dc_error *err)
{
	struct op_daemon ask = {.instance = in->number, .recover = boot_same(in)};

	control_drop(in->control);
	in->started = now_ms();
	in->silent_since = in->ask_after = 0;
	in->next_start = in->started + in->pace;
	enum dc_code code = agent_do(in->driver->agent, OP_DAEMON_START, &ask, sizeof(ask), err);

	if (code != DC_OK)
		return code;
	boot_note(in);
	in->starting = true;
	in->answered = false;
	dc_log(LOG_NOTICE, "bird-start", "instance=%u recover=%u", in->number, ask.recover);
	return DC_OK;
}

enum dc_code
daemon_start(struct instance *in, const struct bird_config *config, struct dc_error *err)
{
	enum dc_code code = folder_make(in->driver, in, err);

	if (code != DC_OK)
		return code;
	if ((code = file_write(in, "bird.conf.new", config->text, config->len, err)) != DC_OK ||
	    (code = file_rename(in, "bird.conf.new", "bird.conf", err)) != DC_OK)
		return code;
	if ((code = launch(in, err)) != DC_OK)
		return code;
	apply_loaded(in, config);
	return DC_OK;
}

enum dc_code
daemon_start_bare(struct instance *in, struct arena *a, struct dc_error *err)
{
	struct bird_config config;

	for (size_t i = 0; i < in->held.neighbour_count; i++)
		in->peer[i]->how = BIRD_OMIT;
	if (apply_render(in, a, &config, err) != DC_OK)
		return DC_E_DAEMON;
	in->again = true;
	return daemon_start(in, &config, err);
}

enum dc_code
daemon_await(struct instance *in, struct arena *a, struct dc_error *err)
{
	struct monotonic start = monotonic_now();
	uint32_t pid;

	while (daemon_answers(in, a, err) != DC_OK) {
		if (daemon_pid(in, &pid) && pid == 0) {
			in->starting = false;
			return dc_fail(err, DC_E_DAEMON, NULL, "BIRD ended right after its start");
		}
		if (monotonic_since(start) > START_WAIT_MS) {
			if (in->silent_since == 0)
				in->silent_since = start.ms;
			return dc_fail(err, DC_E_DAEMON, NULL, "BIRD does not answer");
		}
		in->ask_after = 0;
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	}
	return DC_OK;
}

enum dc_code
daemon_stop(struct instance *in, struct dc_error *err)
{
	struct op_instance ask = {.instance = in->number};

	control_drop(in->control);
	return agent_do(in->driver->agent, OP_DAEMON_STOP, &ask, sizeof(ask), err);
}

static void
restart(struct instance *in)
{
	_cleanup_arena_ struct arena *a = arena_new();
	struct bird_config config;
	struct dc_error err = {0};

	if (in->started != 0 && now_ms() - in->started > LIVED_MS)
		in->pace = 0;
	else
		in->pace = in->pace == 0 ? PACE_FIRST_MS : in->pace * 2 > PACE_MAX_MS ? PACE_MAX_MS : in->pace * 2;
	dc_log(LOG_WARNING, "bird-dead", "instance=%u", in->number);
	enum dc_code code;

	if (in->started != 0 && !in->answered)
		code = daemon_start_bare(in, a, &err);
	else if ((code = apply_render(in, a, &config, &err)) == DC_OK)
		code = daemon_start(in, &config, &err);
	if (code != DC_OK)
		dc_log(LOG_ERR, "bird-start-failed", "instance=%u reason=%s", in->number, log_quote(a, err.text));
}

/* One whose socket is gone is as good as silent; one that was just started may not have it yet. */
static void
note_silence(struct instance *in)
{
	if (in->silent_since == 0 && (in->started == 0 || now_ms() - in->started > START_WAIT_MS))
		in->silent_since = now_ms();
}

/* The socket failed: the daemon is dead, or still starting, or busy. Only a dead one is started. */
void
daemon_tick(struct instance *in)
{
	_cleanup_arena_ struct arena *a = arena_new();
	uint32_t pid;

	if (!in->suspect && !in->starting)
		return;
	if (!daemon_pid(in, &pid))
		return;
	if (pid == 0) {
		in->starting = false;
		if (now_ms() >= in->next_start)
			restart(in);
		return;
	}
	if (daemon_answers(in, a, NULL) == DC_OK)
		dc_log(LOG_NOTICE, "bird-answers", "instance=%u pid=%u", in->number, pid);
	else
		note_silence(in);
	if (in->silent_since != 0 && now_ms() - in->silent_since > SILENT_MAX_MS) {
		dc_log(LOG_ERR, "bird-silent", "instance=%u pid=%u", in->number, pid);
		daemon_stop(in, NULL);
	}
}

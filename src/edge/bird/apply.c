/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/name.h"
#include "edge/bird/instance.h"

#define DONE 3 /* reply codes of `configure` */
#define IN_PROGRESS 4
#define QUEUED 5
#define CHECKED 20
#define CONFIGURE_MS 15000 /* to read a configuration */
#define CONFIGURE_WAIT_MS 3000

static void
refuse(struct instance *in, struct peer *p, const char *words)
{
	p->how = BIRD_OMIT;
	p->refused = arena_strdup(in->arena, words);
}

static bool
vrf_known(const struct instance *in, const char *device)
{
	for (size_t i = 0; i < in->held.vrf_count; i++) {
		if (strcmp(in->held.vrf[i].device, device) == 0)
			return true;
	}
	return false;
}

/* What is wrong with a neighbour before BIRD is asked; NULL: nothing. */
static const char *
fault_of(const struct instance *in, const struct routing_neighbour *n)
{
	if (n->password != NULL && !bird_password_fits(n->password))
		return "the MD5 password must be 1 to 80 printable ASCII characters without '\"'";
	if (!bird_name_fits(n->name))
		return "the session's name is none that BIRD takes";
	if (!vrf_known(in, n->vrf))
		return "the session's VRF is not in this instance";
	if (!name_is_ours(n->link))
		return "the session's device name cannot be written into BIRD's configuration";
	if (n->local.family == IP_NONE || n->local.family != n->remote.family)
		return "the session's two addresses are not of one family";
	return NULL;
}

static void
judge(struct instance *in)
{
	for (size_t i = 0; i < in->held.neighbour_count; i++) {
		struct peer *p = in->peer[i];
		const char *fault = fault_of(in, p->want);

		p->refused = NULL;
		p->how = p->limit.disabled ? BIRD_DISABLED : BIRD_RUN;
		if (fault != NULL)
			refuse(in, p, fault);
	}
}

enum dc_code
apply_render(struct instance *in, struct arena *a, struct bird_config *config, struct dc_error *err)
{
	enum bird_how *how = arena_array(a, in->held.neighbour_count + 1, sizeof(*how));

	for (size_t i = 0; i < in->held.neighbour_count; i++)
		how[i] = in->peer[i]->how;
	return bird_render(&in->held, how, instance_path(in, a, "bird.log"), a, config, err);
}

static void
keep(char **at, const char *text)
{
	if (*at != NULL)
		explicit_bzero(*at, strlen(*at));
	free(*at);
	*at = text == NULL ? NULL : strdup(text);
	if (text != NULL && *at == NULL)
		abort();
}

void
apply_loaded(struct instance *in, const struct bird_config *config)
{
	keep(&in->loaded, config == NULL ? NULL : config->text);
	for (size_t i = 0; i < in->held.neighbour_count; i++)
		keep(&in->peer[i]->block, config == NULL ? NULL : config->block[i]);
}

/* Writes bird.conf.new and has BIRD check it, leaving out one refused neighbour after the other. */
static enum dc_code
check(struct instance *in, struct arena *a, struct bird_config *config, struct dc_error *err)
{
	const char *command = arena_printf(a, "configure check \"%s\"", instance_path(in, a, "bird.conf.new"));
	enum dc_code code;

	for (size_t round = 0; round <= in->held.neighbour_count; round++) {
		struct control_reply r;
		const char *words;

		if ((code = apply_render(in, a, config, err)) != DC_OK ||
		    (code = file_write(in, "bird.conf.new", config->text, config->len, err)) != DC_OK ||
		    (code = daemon_ask(in, a, command, CONFIGURE_MS, &r, err)) != DC_OK)
			return code;
		if (r.code == CHECKED)
			return DC_OK;
		long owner = bird_error_owner(config, control_words(&r), &words);

		if (owner < 0)
			return dc_fail(err, DC_E_DAEMON, NULL, "BIRD refuses the configuration: %s", words);
		refuse(in, in->peer[owner], arena_printf(a, "BIRD refuses the session: %s", words));
		dc_log(LOG_ERR, "session-refused", "instance=%u name=%s reason=%s", in->number,
		    in->peer[owner]->want->name, log_quote(a, words));
	}
	return dc_fail(err, DC_E_DAEMON, NULL, "BIRD refuses the configuration whatever is left out");
}

/* Until BIRD says that it is done. Longer waits go on in the tick. */
static enum dc_code
await_done(struct instance *in, struct arena *a, struct dc_error *err)
{
	struct monotonic start = monotonic_now();

	in->configuring = true;
	while (in->configuring && monotonic_since(start) < CONFIGURE_WAIT_MS) {
		if (daemon_answers(in, a, err) != DC_OK)
			return DC_E_DAEMON;
		if (in->configuring)
			nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);
	}
	return DC_OK;
}

static enum dc_code
configure(struct instance *in, struct arena *a, struct dc_error *err)
{
	const char *command = arena_printf(a, "configure \"%s\"", instance_path(in, a, "bird.conf.new"));
	struct control_reply r;
	enum dc_code code = daemon_ask(in, a, command, CONFIGURE_MS, &r, err);

	if (code != DC_OK)
		return code;
	if (r.code != DONE && r.code != IN_PROGRESS && r.code != QUEUED)
		return dc_fail(err, DC_E_DAEMON, NULL, "BIRD did not take the configuration: %s", control_words(&r));
	if ((code = file_rename(in, "bird.conf.new", "bird.conf", err)) != DC_OK)
		return code;
	return r.code == DONE ? DC_OK : await_done(in, a, err);
}

/* After a start of ours BIRD may run already: what it runs on stands in its file, unless we ended just when it was
 * given another. A neighbour whose part is there as it should be is not touched. */
static void
recall(struct instance *in, struct arena *a, const struct bird_config *config)
{
	const char *text = file_exists(in, "bird.conf.new") ? NULL : file_read(in, a, "bird.conf"), *at = text;

	if (text == NULL)
		return;
	if (strcmp(text, config->text) == 0) {
		apply_loaded(in, config);
		return;
	}
	for (size_t i = 0; i < in->held.neighbour_count; i++) {
		const char *found = config->block[i] == NULL ? NULL : strstr(at, config->block[i]);

		if (found == NULL && config->block[i] != NULL)
			found = strstr(text, config->block[i]); /* it stood before the last one */
		if (found == NULL)
			continue;
		keep(&in->peer[i]->block, config->block[i]);
		at = found + strlen(config->block[i]);
	}
}

static enum dc_code
change(struct instance *in, struct arena *a, struct dc_error *err)
{
	struct bird_config config;
	struct bird_row *row;
	size_t rows;
	enum dc_code code;

	/* `configure` starts again whatever a limit has stopped, so those are found first and written as disabled. */
	if ((code = observe_rows(in, a, &row, &rows, err)) != DC_OK)
		return code;
	judge(in);
	if ((code = apply_render(in, a, &config, err)) != DC_OK)
		return code;
	if (in->loaded == NULL)
		recall(in, a, &config);
	if (!in->again && in->loaded != NULL && strcmp(in->loaded, config.text) == 0)
		return DC_OK;
	if ((code = check(in, a, &config, err)) != DC_OK || (code = configure(in, a, err)) != DC_OK)
		return code;
	apply_loaded(in, &config);
	in->again = false;
	return DC_OK;
}

/* Started with the whole configuration; when BIRD does not take that, with no neighbour, and each is tried after. */
static enum dc_code
start(struct instance *in, struct arena *a, struct dc_error *err)
{
	struct bird_config config;
	enum dc_code code;

	judge(in);
	if ((code = apply_render(in, a, &config, err)) != DC_OK)
		return code;
	if (daemon_start(in, &config, err) == DC_OK && daemon_await(in, a, err) == DC_OK)
		return DC_OK;
	if ((code = daemon_start_bare(in, a, err)) != DC_OK)
		return code;
	return daemon_await(in, a, err);
}

/* One that runs but does not answer has just been started, or is busy: it is waited for. */
static enum dc_code
revive(struct instance *in, struct arena *a, struct dc_error *err)
{
	uint32_t pid;

	if (!daemon_pid(in, &pid))
		return dc_fail(err, DC_E_DAEMON, NULL, "whether BIRD runs cannot be told");
	if (pid != 0 && in->silent_since != 0)
		return DC_E_DAEMON; /* told already */
	return pid == 0 ? start(in, a, err) : daemon_await(in, a, err);
}

enum dc_code
apply_held(struct instance *in, struct dc_error *err)
{
	_cleanup_arena_ struct arena *a = arena_new();
	enum dc_code code = folder_make(in->driver, in, err);

	if (code != DC_OK)
		return code;
	judge(in);
	if (daemon_answers(in, a, err) != DC_OK && (code = revive(in, a, err)) != DC_OK)
		return code;
	return change(in, a, err);
}

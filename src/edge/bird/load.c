/* SPDX-License-Identifier: ISC */
/* load.c - brings BIRD to what is held. In this order, each step begun by the answer to the one before:
 *
 *  1. the list of sessions: those that a limit has stopped are written as disabled, for `configure` starts each session
 * that was stopped by other means;
 *  2. the file is written beside the old one, and BIRD takes it over or refuses it whole: the neighbour at the line
 * that it names is left out, and the rest is given again;
 *  3. BIRD reports that it is done; the file takes the old one's name;
 *  4. each neighbour that holds a route which the gateway's own networks have come to cover, or lost one that they
 * covered, has its routes filtered again; no other neighbour. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/name.h"
#include "edge/bird/instance.h"
#include "edge/bird/pace.h"

#define DONE 3 /* reply codes of `configure` */
#define IN_PROGRESS 4
#define QUEUED 5
#define CONFIGURE_MS 15000 /* to read a configuration */

struct load {
	struct arena *arena;
	struct bird_config config;
	uint64_t wish;
	size_t refusals;
	bool given; /* BIRD may have taken it over */
};

static void
refuse(struct peer *p, const char *words)
{
	p->how = BIRD_OMIT;
	words_set(&p->refused, words);
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

void
load_judge(struct instance *in)
{
	for (size_t i = 0; i < in->held.neighbour_count; i++) {
		struct peer *p = in->peer[i];
		const char *fault = fault_of(in, p->want);

		words_set(&p->refused, NULL);
		p->how = p->limit.disabled ? BIRD_DISABLED : BIRD_RUN;
		if (fault != NULL)
			refuse(p, fault);
	}
}

enum dc_code
load_render(struct instance *in, struct arena *a, struct bird_config *config, struct dc_error *err)
{
	enum bird_how *how = arena_array(a, in->held.neighbour_count + 1, sizeof(*how));

	for (size_t i = 0; i < in->held.neighbour_count; i++)
		how[i] = in->peer[i]->how == BIRD_RUN && in->peer[i]->slow ? BIRD_SLOW : in->peer[i]->how;
	return bird_render(&in->held, how, BIRD_LOG, a, config, err);
}

void
load_note(struct instance *in, const struct bird_config *config)
{
	secret_set(&in->loaded, config == NULL ? NULL : config->text);
	for (size_t i = 0; i < in->held.neighbour_count; i++)
		secret_set(&in->peer[i]->block, config == NULL ? NULL : config->block[i]);
}

bool
load_due(const struct instance *in)
{
	return in->load == NULL && in->wish != NULL && now_ms() >= in->next_try &&
	       (in->set != in->loaded_set || in->again || pace_due(in));
}

void
load_drop(struct instance *in)
{
	struct load *l = in->load;

	if (l == NULL)
		return;
	in->load = NULL;
	if (l->given)
		load_note(in, NULL);
	arena_free(l->arena);
	free(l);
}

/* A wish that came meanwhile is taken over. */
static void
end(struct instance *in)
{
	load_drop(in);
	if (in->next != NULL) {
		instance_hold(in, in->next, NULL);
		in->next = NULL;
		in->next_try = 0;
	}
	look_show(in);
	instance_happens(in, EVENT_LOADED);
	instance_news(in);
}

static void
fail(struct instance *in, const char *words)
{
	_cleanup_arena_ struct arena *a = arena_new();

	dc_log(LOG_ERR, "bird-load-failed", "instance=%u reason=%s", in->number, log_quote(a, words));
	words_set(&in->why, words);
	in->next_try = now_ms() + AGAIN_MS;
	end(in);
}

static void
succeed(struct instance *in)
{
	in->loaded_set = in->load->wish;
	in->load->given = false;
	in->again = false;
	in->look_due = true;
	words_set(&in->why, NULL);
	own_begin(in);
	end(in);
}

/* --- 3. --- */

static void
taken(struct instance *in)
{
	struct dc_error err;

	load_note(in, &in->load->config);
	in->load->given = false;
	if (file_rename(in, "bird.conf.new", "bird.conf", &err) != DC_OK)
		fail(in, err.text);
	else
		succeed(in);
}

static void
on_status(void *arg, const struct control_reply *reply, const char *failure)
{
	struct instance *in = arg;

	if (failure != NULL)
		process_lost(in, failure);
	else if (bird_parse_configuring(reply))
		control_ask(in->control, "show status", ASK_MS, on_status, in);
	else
		taken(in);
}

/* --- 2. --- */

static void give(struct instance *);

static void
refused(struct instance *in, const char *error)
{
	struct load *l = in->load;
	struct dc_error err;
	const char *words;
	long owner = bird_error_owner(&l->config, error, &words);

	l->given = false;
	if (owner < 0 || l->refusals++ > in->held.neighbour_count) {
		fail(in, arena_printf(l->arena, "BIRD refuses the configuration: %s", words));
		return;
	}
	refuse(in->peer[owner], arena_printf(l->arena, "BIRD refuses the session: %s", words));
	dc_log(LOG_ERR, "session-refused", "instance=%u name=%s reason=%s", in->number, in->peer[owner]->want->name,
	    log_quote(l->arena, words));
	if (load_render(in, l->arena, &l->config, &err) != DC_OK)
		fail(in, err.text);
	else
		give(in);
}

static void
on_configured(void *arg, const struct control_reply *reply, const char *failure)
{
	struct instance *in = arg;

	if (failure != NULL)
		process_lost(in, failure);
	else if (reply->code == DONE)
		taken(in);
	else if (reply->code == IN_PROGRESS || reply->code == QUEUED)
		control_ask(in->control, "show status", ASK_MS, on_status, in);
	else
		refused(in, control_words(reply));
}

static void
give(struct instance *in)
{
	struct load *l = in->load;
	struct dc_error err;

	if (file_write(in, "bird.conf.new", l->config.text, l->config.len, &err) != DC_OK) {
		fail(in, err.text);
		return;
	}
	l->given = true;
	control_ask(in->control, "configure \"bird.conf.new\"", CONFIGURE_MS, on_configured, in);
}

/* After a start of ours BIRD may run already: what it runs on stands in its file, unless we ended just when it was
 * given another. A neighbour whose part is there as it should be is not touched. */
static void
recall(struct instance *in)
{
	const struct bird_config *config = &in->load->config;
	const char *text = file_exists(in, "bird.conf.new") ? NULL : file_read(in, in->load->arena, "bird.conf"),
		   *at = text;

	if (text == NULL)
		return;
	if (strcmp(text, config->text) == 0) {
		load_note(in, config);
		return;
	}
	for (size_t i = 0; i < in->held.neighbour_count; i++) {
		const char *found = config->block[i] == NULL ? NULL : strstr(at, config->block[i]);

		if (found == NULL && config->block[i] != NULL)
			found = strstr(text, config->block[i]); /* it stood before the last one */
		if (found == NULL)
			continue;
		secret_set(&in->peer[i]->block, config->block[i]);
		at = found + strlen(config->block[i]);
	}
}

/* --- 1. --- */

/* A pace changes only while its session is down: of sessions that are up both files show the same. */
static const char *
running_text(const struct instance *in)
{
	return file_read(in, in->load->arena, file_exists(in, "bird.conf.new") ? "bird.conf.new" : "bird.conf");
}

static void
on_rows(void *arg, const struct control_reply *reply, const char *failure)
{
	struct instance *in = arg;
	struct load *l = in->load;
	struct bird_row *row;
	struct dc_error err;

	if (failure != NULL) {
		process_lost(in, failure);
		return;
	}
	size_t rows = look_rows(in, reply, l->arena, &row);

	if (in->loaded == NULL)
		pace_recall(in, running_text(in));
	load_judge(in); /* limits may have been hit meanwhile */
	pace_turn(in, row, rows);
	if (load_render(in, l->arena, &l->config, &err) != DC_OK) {
		fail(in, err.text);
		return;
	}
	if (in->loaded == NULL)
		recall(in);
	if (!in->again && in->loaded != NULL && strcmp(in->loaded, l->config.text) == 0)
		succeed(in);
	else
		give(in);
}

void
load_begin(struct instance *in)
{
	struct load *l = must(calloc(1, sizeof(*l)));

	l->arena = arena_new();
	l->wish = in->set;
	in->load = l;
	instance_happens(in, EVENT_LOADING);
	control_ask(in->control, "show protocols", ASK_MS, on_rows, in);
}

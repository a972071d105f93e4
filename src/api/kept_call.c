/* SPDX-License-Identifier: ISC */
/* kept_call.c - calls that are answered from memory (kept.h): who may be, by what key, and what is kept of others.
 *
 * Who calls is found out first, from what is known of callers in memory, so a credential that was taken back is refused
 * as ever. Whether that caller may read what the path names was decided when the answer was made, for the same
 * identity, and rests on the same rows. */
#include "api/api_priv.h"

#include "api/crud.h"
#include "api/quirk.h"

#ifdef DC_CHECK_ANSWERS
#include <unistd.h>

#include "base/log.h"
#endif

/* Shows and lists are made of nothing but what footings know, and the settings. */
static bool
is_kept(const struct exchange *x)
{
	const struct route *r = x->call.route;

	return x->call.api->options.kept != NULL && x->method == M_GET && x->call.body_len == 0 &&
	       (r->run == crud_show || r->run == crud_list);
}

static const char *
or_none(const char *text)
{
	return text != NULL ? text : "-";
}

/* All of the request and of its caller that an answer can depend on. None of it has a blank. */
static const char *
key_of(const struct exchange *x)
{
	const struct call *c = &x->call;
	const struct identity *who = &c->who;
	char first[32];
	const char *const part[] = {
	    first, or_none(who->project_id), or_none(who->domain_id), or_none(who->user_id), c->raw_path, c->raw_query};
	size_t len[sizeof(part) / sizeof(part[0])], size = 0;
	char *key, *at;

	snprintf(first, sizeof(first), "%d %d %u", who->role, who->domain_scoped, quirks_of(c->user_agent));
	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++)
		size += (len[i] = strlen(part[i])) + 1;
	key = at = arena_alloc(c->arena, size);
	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
		memcpy(at, part[i], len[i]);
		at += len[i];
		*at++ = ' ';
	}
	at[-1] = '\0';
	return key;
}

static enum dc_code
look(struct tx *tx, void *arg, struct dc_error *err)
{
	struct exchange *x = arg;
	struct call *c = &x->call;
	enum dc_code rc = exchange_identify(tx, x, err);

	if (rc != DC_OK)
		return rc;
	x->identified = true;
	if (c->who.edge_id != NULL)
		return DC_E_AGAIN;
	x->kept_key = key_of(x);
	call_reset_answer(c);
	return kept_get(c->api->options.kept, x->kept_key, c->request_id, &c->out, &c->observed) ? DC_OK : DC_E_AGAIN;
}

bool
kept_answers(struct exchange *x)
{
	struct api *api = x->call.api;
	struct dc_error err = {0};

	if (!is_kept(x))
		return false;
	x->kept_epoch = kept_epoch(api->options.kept);
	if (store_glance(api->options.store, x->call.arena, look, x, &err) != DC_OK)
		return false;
	x->kept = true;
	return true;
}

void
kept_watch(struct tx *tx, struct exchange *x)
{
	if (!is_kept(x) || x->call.who.edge_id != NULL)
		return;
	x->kept_key = key_of(x);
	footing_watch(tx, &x->footing, x->call.arena);
}

void
kept_keep(struct tx *tx, struct exchange *x)
{
	struct call *c = &x->call;

	if (x->kept_key == NULL)
		return;
	footing_end(tx);
	if (c->status == 0 && !c->wait && c->next == NULL)
		kept_put(c->api->options.kept, x->kept_epoch, x->kept_key, c->request_id, &x->footing, &c->out,
		    &c->observed);
}

#ifdef DC_CHECK_ANSWERS
#define LOOKS 3

bool
kept_check_begin(struct exchange *x)
{
	if (!kept_answers(x))
		return false;
	x->expected = arena_strdup(x->call.arena, buf_str(&x->call.out));
	x->looks = 0;
	return true;
}

/* What is wrong with the server, not with the answer. */
static bool
is_of_the_server(enum dc_code rc)
{
	return rc == DC_E_IO || rc == DC_E_STORAGE || rc == DC_E_DATABASE || rc == DC_E_UNAVAILABLE ||
	       rc == DC_E_SYSTEM;
}

/* Between the two, a commit may have changed the answer, or the caller's credential: then it is not given any more.
 * What rests on the time may have changed and changed back, so it is looked at more than once. */
bool
kept_check_again(struct exchange *x, enum dc_code rc)
{
	struct call *c = &x->call;
	const char *made, *key = x->kept_key;

	if (x->expected == NULL || is_of_the_server(rc))
		return false;
	made = rc == DC_OK ? arena_strdup(c->arena, buf_str(&c->out)) : "";
	if (strcmp(made, x->expected) == 0)
		return false;
	if (++x->looks < LOOKS) {
		usleep(20000);
		if (kept_answers(x)) {
			x->expected = arena_strdup(c->arena, buf_str(&c->out));
			return true;
		}
		x->kept_key = key;
		x->expected = NULL;
		return true;
	}
	dc_log(LOG_CRIT, "bug: an answer was kept that is not so any more", "code=%s key=%s\nkept: %s\nmade: %s",
	    dc_code_name(rc), key, x->expected, made);
	abort();
}
#endif

/* SPDX-License-Identifier: ISC */
/* state_disk.c - the set on disk: saved whole or by its changes, and loaded at the start. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "edge/state_file.h"
#include "edge/state_journal.h"
#include "edge/state_priv.h"

#define EPOCH_UNKNOWN "unknown"
#define WHOLE_PART 2 /* of the set: as many changes are saved with the whole */

static void
put_wire(const struct edge_object *o, struct wire_object *to)
{
	F_SET_TEXT(to->key, o->want->key);
	F_SET_TEXT(to->kind, o->kind);
	F_SET_INT(to->revision, o->revision);
	F_SET_BOOL(to->deleted, o->want->deleted);
	F_SET_TEXT(to->body, o->body);
}

static struct wire_desired
to_wire(const struct state *s, struct edge_object *const *object, size_t n, bool full, struct arena *arena)
{
	struct wire_object *objects = arena_array(arena, n + 1, sizeof(*objects));
	struct wire_desired d = {.objects = {GIVEN, n, objects}};

	F_SET_INT(d.version, WIRE_VERSION);
	F_SET_TEXT(d.edge, s->edge);
	F_SET_TEXT(d.epoch, s->epoch);
	F_SET_INT(d.revision, s->revision);
	F_SET_BOOL(d.full, full);
	for (size_t i = 0; i < n; i++)
		put_wire(object[i], &objects[i]);
	return d;
}

static enum dc_code
save_whole(struct state *s, struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct wire_desired d = to_wire(s, s->object, s->n, true, arena);
	char hash[FILE_HASH_SIZE];
	size_t size;
	enum dc_code rc = file_save(s->dir, &d, hash, &size, err);

	if (rc == DC_OK)
		journal_begin(s->journal, hash, size);
	return rc;
}

static enum dc_code
save_changes(struct state *s, struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct wire_desired d = to_wire(s, s->list[LIST_UNSAVED].v, s->list[LIST_UNSAVED].n, false, arena);

	return journal_add(s->journal, &d, err);
}

enum dc_code
state_save(struct state *s, struct dc_error *err)
{
	bool whole = s->save_whole || journal_is_full(s->journal) || s->list[LIST_UNSAVED].n > s->n / WHOLE_PART;
	enum dc_code rc = whole ? save_whole(s, err) : save_changes(s, err);

	/* A journal that is too long is better than none. */
	if (rc != DC_OK && whole && !s->save_whole && !journal_is_lost(s->journal))
		rc = save_changes(s, err);

	if (rc != DC_OK)
		return rc;
	state_list_clear(s, LIST_UNSAVED);
	s->save_whole = false;
	s->saved = true;
	return DC_OK;
}

static enum dc_code
open_bodies(struct state *s, struct wire_desired *d, struct arena *arena, struct dc_error *err)
{
	struct wire_object *w = d->objects.v;
	enum dc_code rc;

	for (size_t i = 0; i < d->objects.n; i++)
		if (w[i].body.set == GIVEN &&
		    (rc = body_open(s->seal, want_kind(w[i].kind.v), w[i].body.v, arena, &w[i].body.v, err)) != DC_OK)
			return rc;
	return DC_OK;
}

static enum dc_code
take_saved(void *arg, struct wire_desired *d, struct arena *arena, struct dc_error *err)
{
	struct state *s = arg;
	enum dc_code rc = open_bodies(s, d, arena, err);

	if (rc == DC_OK)
		state_take(s, d);
	return rc;
}

static enum dc_code
load_all(struct state *s, bool *missing, struct arena *arena, struct dc_error *err)
{
	char hash[FILE_HASH_SIZE];
	struct wire_desired *d = NULL;
	enum dc_code rc = file_load(s->dir, arena, &d, hash, err);

	*missing = rc == DC_OK && d == NULL;
	if (rc != DC_OK || d == NULL || (rc = take_saved(s, d, arena, err)) != DC_OK)
		return rc;
	return journal_replay(s->journal, hash, take_saved, s, err);
}

static void
forget_all(struct state *s)
{
	while (s->n > 0)
		state_forget_object(s, s->object[s->n - 1]);
	s->wanted = 0;
	free(s->edge);
	free(s->epoch);
	s->edge = s->epoch = NULL;
}

static void
load_set(struct state *s)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct dc_error err = {0};
	bool missing;
	enum dc_code rc = load_all(s, &missing, arena, &err);

	if (rc == DC_OK && !missing) {
		state_list_clear(s, LIST_UNSAVED);
		s->saved = true;
		s->save_whole = false;
		dc_log(LOG_INFO, "desired set loaded", "epoch=%s revision=%lld objects=%zu", s->epoch,
		    (long long)s->revision, s->n);
		return;
	}
	forget_all(s);
	s->lost = text_copy(missing ? "there is no desired set on disk yet" : err.text);
	s->epoch = text_copy(EPOCH_UNKNOWN);
	s->revision = 1;
	if (rc != DC_OK)
		dc_log(LOG_ERR, "desired set lost", "error=%s", log_quote(arena, err.text));
}

/* Two that look after one router would undo each other's work. The lock ends with the process, however that ends. */
static enum dc_code
lock(struct state *s, struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const char *path = arena_printf(arena, "%s/lock", s->dir);

	if ((s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0)
		return dc_fail(err, DC_E_IO, "state_dir", "%s: %s", path, strerror(errno));
	if (flock(s->lock, LOCK_EX | LOCK_NB) == 0)
		return DC_OK;
	return dc_fail(err, DC_E_IO, "state_dir", "%s: %s", s->dir,
	    errno == EWOULDBLOCK ? "another dcaas-edge is at work with it" : strerror(errno));
}

enum dc_code
state_open(const char *dir, struct state **ret, struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct state *s;
	enum dc_code rc;

	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return dc_fail(err, DC_E_IO, "state_dir", "%s: %s", dir, strerror(errno));
	if ((s = calloc(1, sizeof(*s))) == NULL)
		abort();
	s->dir = text_copy(dir);
	s->journal = journal_new(dir);
	s->lock = -1;
	if ((rc = lock(s, err)) != DC_OK ||
	    (rc = seal_open(arena_printf(arena, "%s/key", dir), true, &s->seal, err)) != DC_OK) {
		state_close(s);
		return rc;
	}
	load_set(s);
	*ret = s;
	return DC_OK;
}

struct state *
state_close(struct state *s)
{
	if (s != NULL) {
		for (size_t i = 0; i < s->n; i++)
			object_free(s->object[i]);
		for (enum list l = 0; l < LISTS; l++)
			free(s->list[l].v);
		free(s->object);
		units_free(s);
		journal_free(s->journal);
		free(s->edge);
		free(s->epoch);
		free(s->lost);
		free(s->dir);
		if (s->lock >= 0)
			close(s->lock);
		seal_close(s->seal);
		free(s);
	}
	return NULL;
}

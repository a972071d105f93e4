/* SPDX-License-Identifier: ISC */
#include "edge/state_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "edge/state_file.h"

#define HEAD "dcaas-edge-journal 1 "
#define HEAD_LEN (sizeof(HEAD) - 1)
#define HASH_HEX (FILE_HASH_SIZE - 1)
#define LENGTH_DIGITS 10
#define RECORD_HEAD (LENGTH_DIGITS + 1 + HASH_HEX + 1) /* "0000001234 <sha256>\n" */
#define FULL_LEAST ((size_t)256 << 10) /* bytes; a small set is cheap to write, but not with each change */

struct journal {
	char *dir;
	char hash[FILE_HASH_SIZE]; /* of the set that it belongs to; "": none is known */
	bool begun;                /* the file on disk is of that set */
	size_t size;               /* bytes that are good */
	size_t set_size;
};

struct journal *
journal_new(const char *dir)
{
	struct journal *j = calloc(1, sizeof(*j));

	if (j == NULL || (j->dir = strdup(dir)) == NULL)
		abort();
	return j;
}

struct journal *
journal_free(struct journal *j)
{
	if (j != NULL) {
		free(j->dir);
		free(j);
	}
	return NULL;
}

void
journal_begin(struct journal *j, const char *hash, size_t size)
{
	strlcpy(j->hash, hash, sizeof(j->hash));
	j->begun = false;
	j->size = 0;
	j->set_size = size;
}

bool
journal_is_full(const struct journal *j)
{
	return j->hash[0] == '\0' || (j->size > FULL_LEAST && j->size > j->set_size);
}

bool
journal_is_lost(const struct journal *j)
{
	return j->hash[0] == '\0';
}

/* --- writing --- */

static void
write_record(struct buf *out, const struct buf *body)
{
	char hash[FILE_HASH_SIZE];

	hash_text(body->data, body->len, hash);
	buf_printf(out, "%0*zu %s\n", LENGTH_DIGITS, body->len, hash);
	buf_add(out, body->data, body->len);
}

static bool
write_from(const char *path, const struct buf *text, size_t at)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool ok = fd >= 0 && ftruncate(fd, (off_t)at) == 0 && lseek(fd, 0, SEEK_END) == (off_t)at &&
		  write_all(fd, text->data, text->len) && fdatasync(fd) == 0;
	int saved = errno;

	/* What is behind the good part would stand before what comes next. */
	if (!ok && fd >= 0)
		(void)!ftruncate(fd, (off_t)at);
	if (fd >= 0)
		close(fd);
	errno = saved;
	return ok;
}

static bool
begin_file(struct journal *j, const char *path, struct buf *record, struct arena *arena)
{
	const char *fresh = arena_printf(arena, "%s.new", path);
	_cleanup_buf_ struct buf text = BUF_INIT(DESIRED_MAX);

	buf_printf(&text, HEAD "%s\n", j->hash);
	buf_add(&text, record->data, record->len);
	if (text.failed || !write_from(fresh, &text, 0) || rename(fresh, path) != 0 || !sync_folder(j->dir))
		return false;
	j->begun = true;
	j->size = text.len;
	return true;
}

static bool
append_record(struct journal *j, const char *path, const struct buf *record)
{
	if (!write_from(path, record, j->size))
		return false;
	j->size += record->len;
	return true;
}

enum dc_code
journal_add(struct journal *j, const struct wire_desired *change, struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const char *path = arena_printf(arena, "%s/journal", j->dir);
	_cleanup_buf_ struct buf body = BUF_INIT(DESIRED_MAX), record = BUF_INIT(DESIRED_MAX);
	struct json out = JSON_INIT(&body);

	field_encode(&wire_desired_table, VIEW_WIRE, change, NULL, &out);
	buf_putc(&body, '\n');
	write_record(&record, &body);
	if (body.failed || record.failed)
		return dc_fail(err, DC_E_IO, NULL, "the change is too large for %s", path);
	if (!(j->begun ? append_record(j, path, &record) : begin_file(j, path, &record, arena)))
		return dc_fail(err, DC_E_IO, NULL, "%s: %s", path, strerror(errno));
	return DC_OK;
}

/* --- reading --- */

static bool
is_of(const char *text, size_t len, const char *hash)
{
	return len > HEAD_LEN + HASH_HEX && strncmp(text + HEAD_LEN, hash, HASH_HEX) == 0 &&
	       text[HEAD_LEN + HASH_HEX] == '\n';
}

enum record { RECORD_GOOD, RECORD_CUT, RECORD_DAMAGED };

/* The record there: its body and its whole length. One that does not end in the file, or that nothing follows, was
 * being written when the writer died. */
static enum record
read_record(const char *text, size_t len, const char **body, size_t *body_len)
{
	char hash[FILE_HASH_SIZE];
	size_t n = 0;

	if (len < RECORD_HEAD)
		return RECORD_CUT;
	for (size_t i = 0; i < LENGTH_DIGITS; i++) {
		if (text[i] < '0' || text[i] > '9')
			return RECORD_DAMAGED;
		n = 10 * n + (size_t)(text[i] - '0');
	}
	if (n > len - RECORD_HEAD)
		return RECORD_CUT;
	*body = text + RECORD_HEAD;
	*body_len = n;
	hash_text(*body, n, hash);
	if (strncmp(text + LENGTH_DIGITS + 1, hash, HASH_HEX) == 0)
		return RECORD_GOOD;
	return n == len - RECORD_HEAD ? RECORD_CUT : RECORD_DAMAGED;
}

struct replay {
	enum dc_code (*take)(void *arg, struct wire_desired *, struct arena *, struct dc_error *);
	void *arg;
};

static enum dc_code
replay_record(const struct replay *r, const char *body, size_t len, struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	json_t *json;
	void *row;
	enum dc_code rc = field_parse(body, len, &json, err);

	if (rc != DC_OK)
		return rc;
	rc = field_decode(&wire_desired_table, VIEW_WIRE, json, "", arena, &row, err);
	json_decref(json);
	return rc == DC_OK ? r->take(r->arg, row, arena, err) : rc;
}

static enum dc_code
replay_records(
    struct journal *j, const struct replay *r, const char *path, const struct buf *file, struct dc_error *err)
{
	j->size = HEAD_LEN + HASH_HEX + 1;
	while (j->size < file->len) {
		const char *body;
		size_t len;
		enum record found = read_record(file->data + j->size, file->len - j->size, &body, &len);
		enum dc_code rc;

		if (found == RECORD_DAMAGED)
			return dc_fail(err, DC_E_IO, NULL, "%s is damaged at byte %zu", path, j->size);
		if (found == RECORD_CUT) {
			dc_log(LOG_WARNING, "journal cut", "dropped=%zu kept=%zu", file->len - j->size, j->size);
			return DC_OK; /* the next change is written over it */
		}
		if ((rc = replay_record(r, body, len, err)) != DC_OK)
			return rc;
		j->size += RECORD_HEAD + len;
	}
	return DC_OK;
}

enum dc_code
journal_replay(struct journal *j, const char *hash,
    enum dc_code (*take)(void *arg, struct wire_desired *, struct arena *, struct dc_error *), void *arg,
    struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const char *path = arena_printf(arena, "%s/journal", j->dir);
	_cleanup_buf_ struct buf file = BUF_INIT(DESIRED_MAX);
	const struct replay r = {take, arg};
	bool missing;
	enum dc_code rc;

	journal_begin(j, hash, 0);
	if ((rc = read_whole(path, &file, &missing, err)) != DC_OK || missing)
		return rc;
	if (file.len < HEAD_LEN || strncmp(buf_str(&file), HEAD, HEAD_LEN) != 0)
		return dc_fail(err, DC_E_IO, NULL, "%s is not a journal of this version", path);
	if (!is_of(file.data, file.len, hash))
		return DC_OK; /* of an earlier set, which has taken it in */
	j->begun = true;
	return replay_records(j, &r, path, &file, err);
}

/* SPDX-License-Identifier: ISC */
/* state_file.c - the desired set on disk: one line with a checksum, then a wire_desired as JSON, its secrets sealed. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gnutls/crypto.h>

#include "base/io.h"
#include "base/uuid.h"
#include "edge/state_file.h"

#define HEAD "dcaas-edge 1 sha256:"
#define HEAD_LEN (sizeof(HEAD) - 1)
#define HASH_BYTES 32
#define HASH_HEX (2 * HASH_BYTES)
#define CONTEXT "edge.desired"

void
hash_text(const char *text, size_t len, char hex[FILE_HASH_SIZE])
{
	uint8_t hash[HASH_BYTES];

	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, text, len, hash) != 0)
		memset(hash, 0, sizeof(hash));
	hex_encode(hash, sizeof(hash), hex);
}

/* --- secrets in bodies --- */

typedef const char *secret_fn(struct seal *, const char *, struct arena *, struct dc_error *);

static const char *
seal_one(struct seal *seal, const char *plain, struct arena *arena, struct dc_error *err)
{
	(void)err;
	return seal_text(seal, plain, CONTEXT, arena);
}

static const char *
open_one(struct seal *seal, const char *sealed, struct arena *arena, struct dc_error *err)
{
	return seal_open_text(seal, sealed, CONTEXT, arena, err);
}

static bool
has_secrets(const struct field_table *table)
{
	for (const struct field *f = table->fields; f->name != NULL; f++)
		if (f->kind == F_SECRET)
			return true;
	return false;
}

static enum dc_code
each_secret(struct seal *seal, const struct field_table *table, void *row, secret_fn *how, struct arena *arena,
    struct dc_error *err)
{
	for (const struct field *f = table->fields; f->name != NULL; f++) {
		struct f_text *text;

		if (f->kind != F_SECRET || field_presence(f, row) != GIVEN)
			continue;
		text = field_ptr(f, row);
		if ((text->v = how(seal, text->v, arena, err)) == NULL)
			return DC_E_IO;
	}
	return DC_OK;
}

static enum dc_code
rewrite(struct seal *seal, enum object_kind kind, const char *body, secret_fn *how, struct arena *arena,
    const char **ret, struct dc_error *err)
{
	const struct field_table *table = object_kind_table(kind);
	_cleanup_buf_ struct buf text = BUF_INIT(1 << 20);
	struct json out = JSON_INIT(&text);
	json_t *json;
	void *row;
	enum dc_code rc;

	if (table == NULL || !has_secrets(table)) {
		*ret = body;
		return DC_OK;
	}
	if ((rc = field_parse(body, strlen(body), &json, err)) != DC_OK)
		return rc;
	rc = field_decode(table, VIEW_WIRE, json, "", arena, &row, err);
	json_decref(json);
	if (rc != DC_OK || (rc = each_secret(seal, table, row, how, arena, err)) != DC_OK)
		return rc;
	field_encode(table, VIEW_WIRE, row, NULL, &out);
	if (text.failed)
		return dc_fail(err, DC_E_IO, NULL, "the object is too large");
	*ret = arena_strdup(arena, buf_str(&text));
	return DC_OK;
}

enum dc_code
body_seal(struct seal *seal, enum object_kind kind, const char *body, struct arena *arena, const char **ret,
    struct dc_error *err)
{
	return rewrite(seal, kind, body, seal_one, arena, ret, err);
}

enum dc_code
body_open(struct seal *seal, enum object_kind kind, const char *body, struct arena *arena, const char **ret,
    struct dc_error *err)
{
	return rewrite(seal, kind, body, open_one, arena, ret, err);
}

/* --- reading --- */

enum dc_code
read_whole(const char *path, struct buf *out, bool *missing, struct dc_error *err)
{
	char part[16384];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n = 0;

	*missing = fd < 0 && errno == ENOENT;
	if (fd < 0)
		return *missing ? DC_OK : dc_fail(err, DC_E_IO, NULL, "%s: %s", path, strerror(errno));
	while ((n = read(fd, part, sizeof(part))) > 0)
		buf_add(out, part, (size_t)n);
	if (n < 0)
		dc_fail(err, DC_E_IO, NULL, "%s: %s", path, strerror(errno));
	close(fd);
	if (n < 0)
		return DC_E_IO;
	return out->failed ? dc_fail(err, DC_E_IO, NULL, "%s is too large", path) : DC_OK;
}

enum dc_code
file_load(
    const char *dir, struct arena *arena, struct wire_desired **ret, char hash[FILE_HASH_SIZE], struct dc_error *err)
{
	const char *path = arena_printf(arena, "%s/desired", dir), *text;
	_cleanup_buf_ struct buf whole = BUF_INIT(DESIRED_MAX);
	size_t head = HEAD_LEN + HASH_HEX + 1;
	bool missing;
	json_t *json;
	void *row;
	enum dc_code rc;

	*ret = NULL;
	if ((rc = read_whole(path, &whole, &missing, err)) != DC_OK || missing)
		return rc;
	text = buf_str(&whole);
	if (whole.len <= head || strncmp(text, HEAD, HEAD_LEN) != 0 || text[head - 1] != '\n')
		return dc_fail(err, DC_E_IO, NULL, "%s is not a desired set of this version", path);
	hash_text(text + head, whole.len - head, hash);
	if (strncmp(text + HEAD_LEN, hash, HASH_HEX) != 0)
		return dc_fail(err, DC_E_IO, NULL, "%s is damaged: its checksum does not match", path);
	if ((rc = field_parse(text + head, whole.len - head, &json, err)) != DC_OK)
		return rc;
	rc = field_decode(&wire_desired_table, VIEW_WIRE, json, "", arena, &row, err);
	json_decref(json);
	if (rc == DC_OK)
		*ret = row;
	return rc;
}

/* --- writing --- */

static bool
write_synced(const char *path, const char *head, const struct buf *body)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool ok;
	int saved;

	if (fd < 0)
		return false;
	ok = write_all(fd, head, strlen(head)) && write_all(fd, body->data, body->len) && fsync(fd) == 0;
	saved = errno;
	close(fd);
	errno = saved;
	return ok;
}

bool
sync_folder(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

enum dc_code
file_save(
    const char *dir, const struct wire_desired *desired, char hash[FILE_HASH_SIZE], size_t *size, struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const char *path = arena_printf(arena, "%s/desired", dir), *fresh = arena_printf(arena, "%s.new", path);
	_cleanup_buf_ struct buf body = BUF_INIT(DESIRED_MAX);
	struct json out = JSON_INIT(&body);

	field_encode(&wire_desired_table, VIEW_WIRE, desired, NULL, &out);
	buf_putc(&body, '\n');
	if (body.failed)
		return dc_fail(err, DC_E_IO, NULL, "the desired set is too large for %s", path);
	hash_text(body.data, body.len, hash);
	*size = body.len;
	if (!write_synced(fresh, arena_printf(arena, HEAD "%s\n", hash), &body) || rename(fresh, path) != 0 ||
	    !sync_folder(dir))
		return dc_fail(err, DC_E_IO, NULL, "%s: %s", path, strerror(errno));
	return DC_OK;
}

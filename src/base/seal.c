/* SPDX-License-Identifier: ISC */
/* seal.c - see seal.h. A line of the key file is "v1:" key id ":" key, both in hex. The id is random, not derived from
 * the key, so that it may stand beside every sealed value. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "base/io.h"
#include "base/seal.h"
#include "base/uuid.h"

#define KEY_BYTES 32
#define KEY_ID_BYTES 4
#define KEY_ID_HEX (2 * KEY_ID_BYTES)
#define KEY_HEX (2 * KEY_BYTES)
#define NONCE_BYTES 12
#define TAG_BYTES 16
#define PREFIX "v1:"
#define PREFIX_LEN (sizeof(PREFIX) - 1)
#define LINE_LEN (PREFIX_LEN + KEY_ID_HEX + 1 + KEY_HEX) /* and a newline */
#define FILED_MAX 2
#define KNOWN_MAX 8
#define PATH_LEN_MAX 4096

struct key {
	char id[KEY_ID_HEX + 1];
	uint8_t bytes[KEY_BYTES];
};

struct seal {
	char *path;
	pthread_mutex_t lock;      /* for the keys: a rotation changes them while others seal and open */
	struct key key[KNOWN_MAX]; /* the first seals */
	size_t filed;              /* of them in the file */
	size_t
	    n; /* and those that are dropped from it: who began to read before that may still come upon their values */
};

static void
fd_closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
#define _cleanup_fd_ __attribute__((cleanup(fd_closep)))

/* The new name itself must be on disk before anything is sealed. */
static bool
sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_LEN_MAX] = ".";
	_cleanup_fd_ int fd = -1;

	if (slash != NULL)
		snprintf(folder, sizeof(folder), "%.*s", slash == path ? 1 : (int)(slash - path), path);
	return (fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0 && fsync(fd) == 0;
}

static void
key_new(struct key *ret)
{
	uint8_t id[KEY_ID_BYTES];

	random_bytes(id, sizeof(id));
	hex_encode(id, sizeof(id), ret->id);
	random_bytes(ret->bytes, KEY_BYTES);
}

static bool
write_line(int fd, const struct key *key)
{
	char hex[KEY_HEX + 1], line[LINE_LEN + 2];
	bool ok;

	hex_encode(key->bytes, KEY_BYTES, hex);
	snprintf(line, sizeof(line), PREFIX "%s:%s\n", key->id, hex);
	ok = write_all(fd, line, strlen(line));
	explicit_bzero(hex, sizeof(hex));
	explicit_bzero(line, sizeof(line));
	return ok;
}

static bool
write_keys(const char *path, const struct key *keys, size_t n)
{
	_cleanup_fd_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool ok = fd >= 0;

	for (size_t i = 0; i < n; i++)
		ok = ok && write_line(fd, &keys[i]);
	return ok && fsync(fd) == 0;
}

/* Written under another name first: a crash leaves a whole file or the one before. replace false: a key that is there
 * stays. */
static enum dc_code
key_file_write(const char *path, const struct key *keys, size_t n, bool replace, struct dc_error *err)
{
	char temporary[PATH_LEN_MAX];
	bool ok;
	int saved;

	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.new", path) >= sizeof(temporary))
		return dc_fail(err, DC_E_IO, NULL, "key file: the path is too long");
	(void)unlink(temporary);
	ok = write_keys(temporary, keys, n) &&
	     (replace ? rename(temporary, path) == 0 : link(temporary, path) == 0 || errno == EEXIST) &&
	     sync_folder(path);
	saved = errno;
	(void)unlink(temporary);
	if (!ok)
		return dc_fail(err, DC_E_IO, NULL, "key file %s: cannot be written: %s", path, strerror(saved));
	return DC_OK;
}

static enum dc_code
key_create(const char *path, struct dc_error *err)
{
	struct key key;
	enum dc_code rc;

	key_new(&key);
	rc = key_file_write(path, &key, 1, false, err);
	explicit_bzero(&key, sizeof(key));
	return rc;
}

static enum dc_code
key_check_file(const char *path, int fd, struct dc_error *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return dc_fail(err, DC_E_IO, NULL, "key file %s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return dc_fail(err, DC_E_IO, NULL, "key file %s is not a regular file", path);
	if ((st.st_mode & 077) != 0)
		return dc_fail(err, DC_E_IO, NULL, "key file %s is open to others (mode %03o); give it mode 600", path,
		    (unsigned)(st.st_mode & 0777));
	return DC_OK;
}

static bool
key_parse(char *line, struct key *ret)
{
	if (strlen(line) != LINE_LEN || strncmp(line, PREFIX, PREFIX_LEN) != 0 || line[PREFIX_LEN + KEY_ID_HEX] != ':')
		return false;
	line[PREFIX_LEN + KEY_ID_HEX] = '\0';
	strlcpy(ret->id, line + PREFIX_LEN, sizeof(ret->id));
	return strspn(ret->id, "0123456789abcdef") == KEY_ID_HEX &&
	       hex_decode(line + PREFIX_LEN + KEY_ID_HEX + 1, ret->bytes, KEY_BYTES);
}

/* One line, or two with different keys. */
static bool
keys_parse(char *text, struct seal *ret)
{
	char *line;

	while ((line = strsep(&text, "\n")) != NULL) {
		if (line[0] == '\0' && text == NULL)
			break;
		if (ret->n == FILED_MAX || !key_parse(line, &ret->key[ret->n]))
			return false;
		ret->filed = ++ret->n;
	}
	return ret->n == 1 || (ret->n == 2 && strcmp(ret->key[0].id, ret->key[1].id) != 0);
}

static enum dc_code
keys_read(struct seal *ret, struct dc_error *err)
{
	_cleanup_fd_ int fd = open(ret->path, O_RDONLY | O_CLOEXEC);
	char text[FILED_MAX * (LINE_LEN + 1) + 2];
	ssize_t n;
	enum dc_code rc;
	bool ok;

	if (fd < 0)
		return dc_fail(
		    err, DC_E_IO, NULL, "key file %s %s", ret->path, errno == ENOENT ? "is missing" : strerror(errno));
	if ((rc = key_check_file(ret->path, fd, err)) != DC_OK)
		return rc;
	if ((n = read(fd, text, sizeof(text) - 1)) < 0)
		return dc_fail(err, DC_E_IO, NULL, "key file %s: %s", ret->path, strerror(errno));
	text[n] = '\0';
	ok = strlen(text) == (size_t)n && keys_parse(text, ret);
	explicit_bzero(text, sizeof(text));
	return ok ? DC_OK : dc_fail(err, DC_E_IO, NULL, "key file %s does not hold a key", ret->path);
}

enum dc_code
seal_open(const char *path, bool create, struct seal **ret, struct dc_error *err)
{
	struct seal *s;
	enum dc_code rc;

	if (create && access(path, F_OK) != 0 && (rc = key_create(path, err)) != DC_OK)
		return rc;
	if ((s = calloc(1, sizeof(*s))) == NULL || (s->path = strdup(path)) == NULL) {
		free(s);
		return dc_fail(err, DC_E_IO, NULL, "out of memory");
	}
	pthread_mutex_init(&s->lock, NULL);
	if ((rc = keys_read(s, err)) != DC_OK) {
		seal_close(s);
		return rc;
	}
	*ret = s;
	return DC_OK;
}

struct seal *
seal_close(struct seal *s)
{
	if (s != NULL) {
		pthread_mutex_destroy(&s->lock);
		free(s->path);
		explicit_bzero(s, sizeof(*s));
		free(s);
	}
	return NULL;
}

static void
push_key(struct seal *s, const struct key *key)
{
	if (s->n < KNOWN_MAX)
		s->n++;
	memmove(&s->key[1], &s->key[0], (s->n - 1) * sizeof(s->key[0]));
	s->key[0] = *key;
}

enum dc_code
seal_rotate(struct seal *s, struct dc_error *err)
{
	struct key keys[FILED_MAX];
	enum dc_code rc = DC_OK;

	pthread_mutex_lock(&s->lock);
	if (s->filed != 1)
		rc = dc_fail(err, DC_E_CONFLICT, NULL, "key file %s: the last rotation is not finished", s->path);
	key_new(&keys[0]);
	keys[1] = s->key[0];
	if (rc == DC_OK && (rc = key_file_write(s->path, keys, 2, true, err)) == DC_OK) {
		push_key(s, &keys[0]);
		s->filed = 2;
	}
	pthread_mutex_unlock(&s->lock);
	explicit_bzero(keys, sizeof(keys));
	return rc;
}

enum dc_code
seal_forget(struct seal *s, struct dc_error *err)
{
	enum dc_code rc = DC_OK;

	pthread_mutex_lock(&s->lock);
	if (s->filed == 2 && (rc = key_file_write(s->path, s->key, 1, true, err)) == DC_OK)
		s->filed = 1;
	pthread_mutex_unlock(&s->lock);
	return rc;
}

bool
seal_is_rotating(struct seal *s)
{
	bool rotating;

	pthread_mutex_lock(&s->lock);
	rotating = s->filed > 1;
	pthread_mutex_unlock(&s->lock);
	return rotating;
}

bool
seal_is_current(struct seal *s)
{
	struct seal *now = NULL;
	bool same = seal_open(s->path, false, &now, NULL) == DC_OK;

	pthread_mutex_lock(&s->lock);
	same = same && strcmp(now->key[0].id, s->key[0].id) == 0;
	pthread_mutex_unlock(&s->lock);
	seal_close(now);
	return same;
}

const char *
seal_prefix(struct seal *s, struct arena *arena)
{
	const char *prefix;

	pthread_mutex_lock(&s->lock);
	prefix = arena_printf(arena, PREFIX "%s:", s->key[0].id);
	pthread_mutex_unlock(&s->lock);
	return prefix;
}

/* A copy: the current key (id NULL), or the one of that id. */
static bool
key_copy(struct seal *s, const char *id, struct key *ret)
{
	bool found = false;

	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->n && !found; i++)
		if ((found = id == NULL || strncmp(id, s->key[i].id, KEY_ID_HEX) == 0))
			*ret = s->key[i];
	pthread_mutex_unlock(&s->lock);
	return found;
}

/* A handle per call: one may not be used by two threads, and an AES key schedule is cheaper than a lock. */
static bool
cipher_open(struct key *key, gnutls_aead_cipher_hd_t *ret)
{
	gnutls_datum_t datum = {key->bytes, KEY_BYTES};
	bool ok = gnutls_aead_cipher_init(ret, GNUTLS_CIPHER_AES_256_GCM, &datum) == 0;

	explicit_bzero(key->bytes, KEY_BYTES);
	return ok;
}

const char *
seal_text(struct seal *s, const char *plain, const char *context, struct arena *arena)
{
	size_t len, room;
	uint8_t *raw;
	gnutls_aead_cipher_hd_t cipher;
	gnutls_datum_t in, out;
	struct key key = {0};
	const char *text = NULL;

	if (plain == NULL)
		return NULL;
	len = strlen(plain);
	room = len + TAG_BYTES;
	raw = arena_alloc(arena, NONCE_BYTES + room);
	random_bytes(raw, NONCE_BYTES);
	if (!key_copy(s, NULL, &key) || !cipher_open(&key, &cipher))
		return NULL;
	if (gnutls_aead_cipher_encrypt(cipher, raw, NONCE_BYTES, context, strlen(context), TAG_BYTES, plain, len,
		raw + NONCE_BYTES, &room) == 0) {
		in = (gnutls_datum_t){raw, (unsigned)(NONCE_BYTES + room)};
		if (gnutls_base64_encode2(&in, &out) == 0) {
			text = arena_printf(arena, PREFIX "%s:%.*s", key.id, (int)out.size, (const char *)out.data);
			gnutls_free(out.data);
		}
	}
	gnutls_aead_cipher_deinit(cipher);
	return text;
}

static const char *
decrypt(struct key *key, const gnutls_datum_t *raw, const char *context, struct arena *arena)
{
	gnutls_aead_cipher_hd_t cipher;
	size_t len;
	char *plain;
	int rc;

	if (raw->size < NONCE_BYTES + TAG_BYTES || !cipher_open(key, &cipher))
		return NULL;
	len = raw->size - NONCE_BYTES - TAG_BYTES;
	plain = arena_alloc(arena, len + 1);
	rc = gnutls_aead_cipher_decrypt(cipher, raw->data, NONCE_BYTES, context, strlen(context), TAG_BYTES,
	    raw->data + NONCE_BYTES, raw->size - NONCE_BYTES, plain, &len);
	gnutls_aead_cipher_deinit(cipher);
	return rc == 0 ? plain : NULL;
}

const char *
seal_open_text(struct seal *s, const char *sealed, const char *context, struct arena *arena, struct dc_error *err)
{
	const char *body, *plain = NULL;
	gnutls_datum_t text, raw;
	struct key key = {0};

	if (strncmp(sealed, PREFIX, PREFIX_LEN) != 0 || strlen(sealed) <= PREFIX_LEN + KEY_ID_HEX ||
	    sealed[PREFIX_LEN + KEY_ID_HEX] != ':') {
		dc_fail(err, DC_E_IO, NULL, "%s does not hold a sealed value", context);
		return NULL;
	}
	if (!key_copy(s, sealed + PREFIX_LEN, &key)) {
		dc_fail(err, DC_E_IO, NULL, "%s was sealed under another key (%.*s, ours is %.*s)", context, KEY_ID_HEX,
		    sealed + PREFIX_LEN, KEY_ID_HEX, seal_prefix(s, arena) + PREFIX_LEN);
		return NULL;
	}
	body = sealed + PREFIX_LEN + KEY_ID_HEX + 1;
	text.size = (unsigned)strlen(body);
	text.data = arena_memdup(arena, body, text.size + 1);
	if (gnutls_base64_decode2(&text, &raw) == 0) {
		plain = decrypt(&key, &raw, context, arena);
		gnutls_free(raw.data);
	}
	explicit_bzero(&key, sizeof(key));
	if (plain == NULL)
		dc_fail(err, DC_E_IO, NULL, "%s: a sealed value was altered or belongs elsewhere", context);
	return plain;
}

/* seal.c - see seal.h. The key file is one line, "v1:" key id ":" key, both in hex. The id is random, not derived from
 * the key, so that it may stand beside every sealed value. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "base/uuid.h"
#include "base/seal.h"

#define KEY_BYTES 32
#define KEY_ID_BYTES 4
#define KEY_ID_HEX (2 * KEY_ID_BYTES)
#define KEY_HEX (2 * KEY_BYTES)
#define NONCE_BYTES 12
#define TAG_BYTES 16
#define PREFIX "v1:"
#define PREFIX_LEN (sizeof(PREFIX) - 1)
#define FILE_LEN (PREFIX_LEN + KEY_ID_HEX + 1 + KEY_HEX) /* and a newline */

struct seal {
	char id[KEY_ID_HEX + 1];
	uint8_t key[KEY_BYTES];
};

static void
fd_closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
#define _cleanup_fd_ __attribute__((cleanup(fd_closep)))

static bool
write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

/* The new name itself must be on disk before anything is sealed. */
static bool
sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[4096] = ".";
	_cleanup_fd_ int fd = -1;

	if (slash != NULL)
		snprintf(folder, sizeof(folder), "%.*s", slash == path ? 1 : (int)(slash - path), path);
	return (fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0 && fsync(fd) == 0;
}

static bool
write_key_line(const char *path)
{
	_cleanup_fd_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	uint8_t random[KEY_ID_BYTES + KEY_BYTES];
	char id[KEY_ID_HEX + 1], key[KEY_HEX + 1], line[FILE_LEN + 2];
	bool ok;

	if (fd < 0)
		return false;
	random_bytes(random, sizeof(random));
	hex_encode(random, KEY_ID_BYTES, id);
	hex_encode(random + KEY_ID_BYTES, KEY_BYTES, key);
	snprintf(line, sizeof(line), PREFIX "%s:%s\n", id, key);
	ok = write_all(fd, line, strlen(line)) && fsync(fd) == 0;
	explicit_bzero(random, sizeof(random));
	explicit_bzero(key, sizeof(key));
	explicit_bzero(line, sizeof(line));
	return ok;
}

/* Written under another name first: a crash leaves a whole key or none. Never replaces a key that is there. */
static enum dc_code
key_create(const char *path, struct dc_error *err)
{
	char temporary[4096];
	bool ok;
	int saved;

	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.new", path) >= sizeof(temporary))
		return dc_fail(err, DC_E_IO, NULL, "key file: the path is too long");
	(void)unlink(temporary);
	ok = write_key_line(temporary) && (link(temporary, path) == 0 || errno == EEXIST) && sync_folder(path);
	saved = errno;
	(void)unlink(temporary);
	if (!ok)
		return dc_fail(err, DC_E_IO, NULL, "key file %s: cannot be created: %s", path, strerror(saved));
	return DC_OK;
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
key_parse(char *line, size_t len, struct seal *ret)
{
	if (len > 0 && line[len - 1] == '\n')
		len--;
	line[len] = '\0';
	if (len != FILE_LEN || strncmp(line, PREFIX, PREFIX_LEN) != 0 || line[PREFIX_LEN + KEY_ID_HEX] != ':')
		return false;
	line[PREFIX_LEN + KEY_ID_HEX] = '\0';
	strlcpy(ret->id, line + PREFIX_LEN, sizeof(ret->id));
	return strspn(ret->id, "0123456789abcdef") == KEY_ID_HEX &&
	    hex_decode(line + PREFIX_LEN + KEY_ID_HEX + 1, ret->key, KEY_BYTES);
}

static enum dc_code
key_read(const char *path, struct seal *ret, struct dc_error *err)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char line[FILE_LEN + 3];
	ssize_t n;
	enum dc_code rc;
	bool ok;

	if (fd < 0)
		return dc_fail(err, DC_E_IO, NULL, "key file %s %s", path,
		    errno == ENOENT ? "is missing" : strerror(errno));
	if ((rc = key_check_file(path, fd, err)) != DC_OK)
		return rc;
	if ((n = read(fd, line, sizeof(line) - 1)) < 0)
		return dc_fail(err, DC_E_IO, NULL, "key file %s: %s", path, strerror(errno));
	ok = key_parse(line, (size_t)n, ret);
	explicit_bzero(line, sizeof(line));
	if (!ok)
		return dc_fail(err, DC_E_IO, NULL, "key file %s does not hold a key", path);
	return DC_OK;
}

enum dc_code
seal_open(const char *path, bool create, struct seal **ret, struct dc_error *err)
{
	struct seal *s;
	enum dc_code rc;

	if (create && access(path, F_OK) != 0 && (rc = key_create(path, err)) != DC_OK)
		return rc;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return dc_fail(err, DC_E_IO, NULL, "out of memory");
	if ((rc = key_read(path, s, err)) != DC_OK) {
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
		explicit_bzero(s, sizeof(*s));
		free(s);
	}
	return NULL;
}

/* A handle per call: one may not be used by two threads, and an AES key schedule is cheaper than a lock. */
static bool
cipher_open(const struct seal *s, gnutls_aead_cipher_hd_t *ret)
{
	uint8_t copy[KEY_BYTES];
	gnutls_datum_t key = { copy, KEY_BYTES };
	bool ok;

	memcpy(copy, s->key, KEY_BYTES);
	ok = gnutls_aead_cipher_init(ret, GNUTLS_CIPHER_AES_256_GCM, &key) == 0;
	explicit_bzero(copy, sizeof(copy));
	return ok;
}

const char *
seal_text(struct seal *s, const char *plain, const char *context, struct arena *arena)
{
	size_t len, room;
	uint8_t *raw;
	gnutls_aead_cipher_hd_t cipher;
	gnutls_datum_t in, out;
	const char *text = NULL;

	if (plain == NULL)
		return NULL;
	len = strlen(plain);
	room = len + TAG_BYTES;
	raw = arena_alloc(arena, NONCE_BYTES + room);
	random_bytes(raw, NONCE_BYTES);
	if (!cipher_open(s, &cipher))
		return NULL;
	if (gnutls_aead_cipher_encrypt(cipher, raw, NONCE_BYTES, context, strlen(context), TAG_BYTES, plain, len,
		raw + NONCE_BYTES, &room) == 0) {
		in = (gnutls_datum_t) { raw, (unsigned)(NONCE_BYTES + room) };
		if (gnutls_base64_encode2(&in, &out) == 0) {
			text = arena_printf(arena, PREFIX "%s:%.*s", s->id, (int)out.size, (const char *)out.data);
			gnutls_free(out.data);
		}
	}
	gnutls_aead_cipher_deinit(cipher);
	return text;
}

static const char *
decrypt(struct seal *s, const gnutls_datum_t *raw, const char *context, struct arena *arena)
{
	gnutls_aead_cipher_hd_t cipher;
	size_t len;
	char *plain;
	int rc;

	if (raw->size < NONCE_BYTES + TAG_BYTES || !cipher_open(s, &cipher))
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

	if (strncmp(sealed, PREFIX, PREFIX_LEN) != 0 || strlen(sealed) <= PREFIX_LEN + KEY_ID_HEX ||
	    sealed[PREFIX_LEN + KEY_ID_HEX] != ':') {
		dc_fail(err, DC_E_IO, NULL, "%s does not hold a sealed value", context);
		return NULL;
	}
	if (strncmp(sealed + PREFIX_LEN, s->id, KEY_ID_HEX) != 0) {
		dc_fail(err, DC_E_IO, NULL, "%s was sealed under another key (%.*s, ours is %s)", context, KEY_ID_HEX,
		    sealed + PREFIX_LEN, s->id);
		return NULL;
	}
	body = sealed + PREFIX_LEN + KEY_ID_HEX + 1;
	text.size = (unsigned)strlen(body);
	text.data = arena_memdup(arena, body, text.size + 1);
	if (gnutls_base64_decode2(&text, &raw) == 0) {
		plain = decrypt(s, &raw, context, arena);
		gnutls_free(raw.data);
	}
	if (plain == NULL)
		dc_fail(err, DC_E_IO, NULL, "%s: a sealed value was altered or belongs elsewhere", context);
	return plain;
}

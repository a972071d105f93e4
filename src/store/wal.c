/* SPDX-License-Identifier: ISC */
/* wal.c - the format is that of https://www.sqlite.org/walformat.html: a header of 32 bytes, then frames of 24 bytes
 * and a page. A frame counts when its salts are the header's and its checksum, which continues from frame to frame, is
 * right; a commit is a frame with the database's size in it. */
#include "store/wal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"

#define MAGIC 0x377f0682u /* the lowest bit: words of the checksum are big-endian */
#define HEADER 32
#define FRAME_HEADER 24
#define PAGE_MAX 65536u
#define INDEX_HEADER 48 /* twice at the beginning of the -shm file; behind them the number of frames copied back */
#define INDEX_VERSION 3007000u
#define KEPT_MAX 9

struct sum {
	uint32_t a, b;
};

struct log {
	int fd;
	bool header_ok, big_endian;
	uint32_t page;
	unsigned char salt[8];
	struct sum sum;
	unsigned char *frame; /* FRAME_HEADER + page */
};

/* What the processes that had the database open knew; not on disk, but there after a crash of theirs. */
struct index {
	bool known;
	uint32_t frames, copied; /* committed, and of these copied back into the database */
	unsigned char salt[8];
};

static uint32_t
big(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t
native(const unsigned char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint32_t
word(const struct log *log, const unsigned char *p)
{
	return log->big_endian ? big(p) : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static void
add(const struct log *log, struct sum *sum, const unsigned char *p, size_t len)
{
	for (size_t i = 0; i < len; i += 8) {
		sum->a += word(log, p + i) + sum->b;
		sum->b += word(log, p + i + 4) + sum->a;
	}
}

static bool
read_at(int fd, void *out, size_t len, off_t at)
{
	return pread(fd, out, len, at) == (ssize_t)len;
}

static bool
is_page_size(uint32_t size)
{
	return size >= 512 && size <= PAGE_MAX && (size & (size - 1)) == 0;
}

static void
read_header(struct log *log)
{
	unsigned char h[HEADER];

	if (!read_at(log->fd, h, sizeof(h), 0))
		return;
	log->big_endian = (big(h) & 1) != 0;
	log->page = big(h + 8);
	memcpy(log->salt, h + 16, sizeof(log->salt));
	add(log, &log->sum, h, 24);
	log->header_ok = (big(h) & ~1u) == MAGIC && is_page_size(log->page) && log->sum.a == big(h + 24) &&
			 log->sum.b == big(h + 28);
}

static bool
read_frame(const struct log *log, uint32_t n)
{
	size_t len = FRAME_HEADER + log->page;

	return read_at(log->fd, log->frame, len, HEADER + (off_t)len * n);
}

static bool
is_ours(const struct log *log)
{
	return big(log->frame) != 0 && memcmp(log->frame + 8, log->salt, sizeof(log->salt)) == 0;
}

static bool
is_commit(const struct log *log)
{
	return big(log->frame + 4) != 0;
}

static bool
sum_is_right(struct log *log)
{
	add(log, &log->sum, log->frame, 8);
	add(log, &log->sum, log->frame + FRAME_HEADER, log->page);
	return log->sum.a == big(log->frame + 16) && log->sum.b == big(log->frame + 20);
}

/* Frames up to the last commit that SQLite will find, and behind the first broken one the number of commits and the
 * last of them. A broken commit at the end is a write that a crash cut short: that is how logs end. */
static void
walk(struct log *log, uint32_t *good, uint32_t *commits_lost, uint32_t *last_lost)
{
	uint32_t n = 0;

	*good = *commits_lost = *last_lost = 0;
	for (; log->header_ok && read_frame(log, n) && is_ours(log) && sum_is_right(log); n++)
		if (is_commit(log))
			*good = n + 1;
	for (uint32_t broken = n; read_frame(log, n) && is_ours(log); n++)
		if (n > broken && is_commit(log)) {
			++*commits_lost;
			*last_lost = n + 1;
		}
}

static void
read_index(const char *path, struct index *ret)
{
	unsigned char h[2 * INDEX_HEADER + 4];
	char name[PATH_MAX];
	int fd;

	ret->known = false;
	if ((size_t)snprintf(name, sizeof(name), "%s-shm", path) >= sizeof(name) ||
	    (fd = open(name, O_RDONLY | O_CLOEXEC)) < 0)
		return;
	if (read_at(fd, h, sizeof(h), 0) && memcmp(h, h + INDEX_HEADER, INDEX_HEADER) == 0 &&
	    native(h) == INDEX_VERSION && h[12] == 1) {
		ret->known = true;
		ret->frames = native(h + 16);
		memcpy(ret->salt, h + 32, sizeof(ret->salt));
		ret->copied = native(h + 2 * INDEX_HEADER);
	}
	close(fd);
}

/* What others knew to be committed and not copied back, and is not there. */
static bool
index_is_ahead(const struct index *index, const struct log *log, uint32_t good)
{
	if (!index->known || index->frames <= index->copied || index->frames <= good)
		return false;
	return !log->header_ok || memcmp(index->salt, log->salt, sizeof(index->salt)) == 0;
}

/* Without its header the log's page size and salts are taken from those who knew it, else from its first frame. */
static void
guess_header(struct log *log, const struct index *index)
{
	unsigned char first[FRAME_HEADER];

	if (!is_page_size(log->page))
		log->page = 4096;
	if (index->known)
		memcpy(log->salt, index->salt, sizeof(log->salt));
	else if (read_at(log->fd, first, sizeof(first), HEADER))
		memcpy(log->salt, first + 8, sizeof(log->salt));
}

static bool
judge(struct log *log, const struct index *index, struct wal_damage *ret)
{
	uint32_t good = 0, commits_lost = 0, last_lost = 0;
	bool ahead;

	if (log->fd >= 0) {
		read_header(log);
		if (!log->header_ok)
			guess_header(log, index);
		if ((log->frame = malloc(FRAME_HEADER + log->page)) == NULL)
			abort();
		walk(log, &good, &commits_lost, &last_lost);
		free(log->frame);
	}
	ahead = index_is_ahead(index, log, good);
	if (ahead && index->frames > last_lost)
		last_lost = index->frames;
	*ret = (struct wal_damage){good, last_lost > good ? last_lost - good : 0, ahead || commits_lost > 1};
	return ahead || commits_lost > 0;
}

static bool
log_path(const char *path, const char *end, char out[PATH_MAX])
{
	return (size_t)snprintf(out, PATH_MAX, "%s-wal%s", path, end) < PATH_MAX;
}

bool
wal_is_damaged(const char *path, struct wal_damage *ret)
{
	struct log log = {.fd = -1};
	struct index index;
	char name[PATH_MAX];
	bool damaged;

	if (access(path, F_OK) != 0 || !log_path(path, "", name))
		return false;
	read_index(path, &index); /* before the log, which a tool may be writing to */
	log.fd = open(name, O_RDONLY | O_CLOEXEC);
	damaged = judge(&log, &index, ret);
	if (log.fd >= 0)
		close(log.fd);
	return damaged;
}

static bool
copy(int from, int to)
{
	char part[65536];
	ssize_t n;

	while ((n = read(from, part, sizeof(part))) > 0)
		if (!write_all(to, part, (size_t)n))
			return false;
	return n == 0 && fsync(to) == 0;
}

static int
open_new(const char *path, char name[PATH_MAX])
{
	char end[16] = ".damaged";
	int fd = -1;

	for (int i = 2;
	     log_path(path, end, name) && (fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) < 0 &&
	     errno == EEXIST && i <= KEPT_MAX;
	     i++)
		snprintf(end, sizeof(end), ".damaged.%d", i);
	return fd;
}

bool
wal_keep(const char *path)
{
	char from_name[PATH_MAX], to_name[PATH_MAX];
	int from, to, saved;
	bool ok;

	if (!log_path(path, "", from_name) || (to = open_new(path, to_name)) < 0)
		return false;
	from = open(from_name, O_RDONLY | O_CLOEXEC);
	ok = (from < 0 && errno == ENOENT) || (from >= 0 && copy(from, to)); /* gone: an empty file remembers it */
	saved = errno;
	if (from >= 0)
		close(from);
	close(to);
	if (!ok)
		(void)unlink(to_name);
	errno = saved;
	return ok;
}

bool
wal_is_kept(const char *path)
{
	char name[PATH_MAX];

	return log_path(path, ".damaged", name) && access(name, F_OK) == 0;
}

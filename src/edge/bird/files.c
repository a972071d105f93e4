/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "edge/bird/instance.h"

#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define BOOT_ID_MAX 64
#define FILE_MAX (32 << 20)

static enum dc_code
failed(struct dc_error *err, const struct instance *in, const char *name)
{
	return dc_fail(err, DC_E_IO, NULL, "%s/%s: %s", in->dir, name, strerror(errno));
}

/* For BIRD to read. */
static bool
share(const struct instance *in, int fd)
{
	gid_t group = agent_control_group(in->driver->agent);

	return (group == 0 || fchown(fd, (uid_t)-1, group) == 0) && fchmod(fd, 0640) == 0;
}

/* A new file each time, so that a program that had the old file open does not read the new passwords. */
enum dc_code
file_write(const struct instance *in, const char *name, const char *text, size_t len, struct dc_error *err)
{
	enum dc_code code = DC_OK;
	int dir = open(in->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return failed(err, in, "");
	unlinkat(dir, name, 0);
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 || !share(in, fd) || !write_all(fd, text, len))
		code = failed(err, in, name);
	if (fd >= 0 && close(fd) != 0 && code == DC_OK)
		code = failed(err, in, name);
	close(dir);
	return code;
}

const char *
file_read(const struct instance *in, struct arena *a, const char *name)
{
	int fd = open(instance_path(in, a, name), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	char *text = NULL;
	size_t len = 0;
	ssize_t n = 0;

	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size <= FILE_MAX) {
		text = arena_alloc(a, (size_t)st.st_size + 1);
		while (len < (size_t)st.st_size && (n = read(fd, text + len, (size_t)st.st_size - len)) > 0)
			len += (size_t)n;
	}
	if (fd >= 0)
		close(fd);
	return n < 0 ? NULL : text;
}

bool
file_exists(const struct instance *in, const char *name)
{
	_cleanup_arena_ struct arena *a = arena_new();

	return access(instance_path(in, a, name), F_OK) == 0;
}

enum dc_code
file_rename(const struct instance *in, const char *from, const char *to, struct dc_error *err)
{
	_cleanup_arena_ struct arena *a = arena_new();

	if (rename(instance_path(in, a, from), instance_path(in, a, to)) != 0)
		return failed(err, in, to);
	return DC_OK;
}

void
file_remove(const struct instance *in, const char *name)
{
	_cleanup_arena_ struct arena *a = arena_new();

	unlink(instance_path(in, a, name));
}

enum dc_code
folder_make(const struct bird_driver *d, const struct instance *in, struct dc_error *err)
{
	_cleanup_arena_ struct arena *a = arena_new();
	const char *parent = arena_printf(a, "%s/bird", d->state_dir);

	if (mkdir(parent, 0700) != 0 && errno != EEXIST)
		return dc_fail(err, DC_E_IO, NULL, "%s: %s", parent, strerror(errno));
	if (mkdir(in->dir, 0700) != 0 && errno != EEXIST)
		return failed(err, in, "");
	/* The agent gives them the owners that BIRD needs when it starts it. */
	if (mkdir(instance_path(in, a, "run"), 0700) != 0 && errno != EEXIST)
		return failed(err, in, "run");
	return DC_OK;
}

void
folder_clear(const struct instance *in)
{
	static const char *const names[] = {"bird.conf", "bird.conf.new", "bird.boot", "run/bird.ctl", "run/bird.pid",
	    "run/bird.log", "run/bird.log.1"};
	_cleanup_arena_ struct arena *a = arena_new();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(instance_path(in, a, names[i]));
	rmdir(instance_path(in, a, "run"));
	rmdir(in->dir);
}

static size_t
read_small(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n = fd < 0 ? -1 : read(fd, out, size);

	if (fd >= 0)
		close(fd);
	return n < 0 ? 0 : (size_t)n;
}

bool
boot_same(const struct instance *in)
{
	_cleanup_arena_ struct arena *a = arena_new();
	char now[BOOT_ID_MAX], then[BOOT_ID_MAX];
	size_t n = read_small(BOOT_ID, now, sizeof(now));

	return n > 0 && read_small(instance_path(in, a, "bird.boot"), then, sizeof(then)) == n &&
	       memcmp(now, then, n) == 0;
}

void
boot_note(const struct instance *in)
{
	char now[BOOT_ID_MAX];
	size_t n = read_small(BOOT_ID, now, sizeof(now));

	file_write(in, "bird.boot", now, n, NULL);
}

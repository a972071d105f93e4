/* SPDX-License-Identifier: ISC */
#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define RETRY_MS 20

static bool
lock_path(const char *path, char out[PATH_MAX])
{
	return (size_t)snprintf(out, PATH_MAX, "%s.lock", path) < PATH_MAX;
}

/* root, who helps out, must not leave a file that the server's user cannot open. */
static void
give_to_owner(const char *path, int fd)
{
	struct stat database;

	if (geteuid() == 0 && stat(path, &database) == 0)
		(void)!fchown(fd, database.st_uid, database.st_gid);
}

/* A lock of the open file, not of the process: closing another descriptor of the file does not drop it. */
static bool
try_lock(int fd)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	return fcntl(fd, F_OFD_SETLK, &whole) == 0;
}

enum dc_code
lock_take(const char *path, int64_t wait_ms, int *ret, struct dc_error *err)
{
	const struct timespec pause = {.tv_nsec = RETRY_MS * 1000000};
	struct monotonic began = monotonic_now();
	char name[PATH_MAX];
	int fd;

	*ret = -1;
	if (!lock_path(path, name))
		return dc_fail(err, DC_E_IO, NULL, "%s: %s", path, strerror(ENAMETOOLONG));
	if ((fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0)
		return dc_fail(err, DC_E_IO, NULL, "%s: %s", name, strerror(errno));
	give_to_owner(path, fd);
	while (!try_lock(fd)) {
		if (errno != EAGAIN && errno != EACCES) {
			dc_fail(err, DC_E_IO, NULL, "%s: %s", name, strerror(errno));
			close(fd);
			return DC_E_IO;
		}
		if (monotonic_since(began) >= wait_ms) {
			close(fd);
			return DC_OK;
		}
		nanosleep(&pause, NULL);
	}
	*ret = fd;
	return DC_OK;
}

void
lock_write(int fd, const char *text)
{
	size_t len = strlen(text);

	if (pwrite(fd, text, len, 0) == (ssize_t)len)
		(void)!ftruncate(fd, (off_t)len);
}

bool
lock_read(const char *path, char *text, size_t size)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char name[PATH_MAX];
	ssize_t n = 0;
	bool held;
	int fd;

	text[0] = '\0';
	if (!lock_path(path, name) || (fd = open(name, O_RDONLY | O_CLOEXEC)) < 0)
		return false;
	held = fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
	if (held && (n = pread(fd, text, size - 1, 0)) >= 0)
		text[n] = '\0';
	close(fd);
	return held;
}

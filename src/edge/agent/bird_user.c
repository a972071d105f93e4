/* SPDX-License-Identifier: ISC */
#include "edge/agent/bird_user.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/nsfs.h>

#include "base/io.h"
#include "edge/agent/privilege.h"

int
bird_user_find(const struct host *host, uint32_t instance, struct bird_user *ret, struct fault *fault)
{
	if (instance == 0 || instance > host->bird_last - host->bird_first)
		return fault_set(fault, EUSERS, "[edge] bird_ids has no number for instance %u", instance);
	*ret = (struct bird_user){host->bird_first + instance, host->bird_first + instance, host->bird_first};
	return 0;
}

/* Folders */

/* As the network half, and in one more group: the owner of a folder may give it a group of the owner's. */
static int
keep_one(const struct host *host, const char *path, gid_t group, mode_t mode, struct fault *fault)
{
	struct stat st;
	int fd = -1, code = 0;

	privilege_borrow(host->uid, group);
	if ((mkdir(path, 0700) != 0 && errno != EEXIST) ||
	    (fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0 || fstat(fd, &st) != 0)
		code = fault_errno(fault, "%s", path);
	else if ((st.st_gid != group && fchown(fd, (uid_t)-1, group) != 0) ||
		 ((st.st_mode & 07777) != mode && fchmod(fd, mode) != 0))
		code = fault_errno(fault, "%s", path);
	privilege_return();
	if (fd >= 0)
		close(fd);
	return code;
}

/* Another user's BIRD could not replace them. Those without run/ are an earlier version's. */
void
bird_user_clear(const struct host *host, uint32_t instance, bool boot)
{
	static const char *const names[] = {"bird.boot", "run/bird.pid", "run/bird.ctl", "run/bird.log",
	    "run/bird.log.1", "bird.pid", "bird.ctl", "bird.log", "bird.log.1"};
	char path[PATH_MAX];

	privilege_borrow(host->uid, host->gid);
	for (size_t i = boot ? 0 : 1; i < sizeof(names) / sizeof(names[0]); i++) {
		int n = snprintf(path, sizeof(path), "%s/bird/%u/%s", host->state_dir, instance, names[i]);

		if (n > 0 && n < PATH_MAX)
			unlink(path);
	}
	privilege_return();
}

/* An earlier version's, or those of another user before bird_ids was changed. */
static bool
has_files_of_another(const struct host *host, const char *own, uid_t uid)
{
	static const char *const names[] = {"run/bird.pid", "run/bird.log", "bird.pid", "bird.log"};
	char path[PATH_MAX];
	bool found = false;
	struct stat st;

	privilege_borrow(host->uid, host->gid);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int n = snprintf(path, sizeof(path), "%s/%s", own, names[i]);

		found = found || (n > 0 && n < PATH_MAX && lstat(path, &st) == 0 && st.st_uid != uid);
	}
	privilege_return();
	return found;
}

int
bird_user_keep_folder(const struct host *host, uint32_t instance, struct fault *fault)
{
	char parent[PATH_MAX], own[PATH_MAX], run[PATH_MAX];
	struct bird_user user;
	int n;

	if (bird_user_find(host, instance, &user, fault) != 0)
		return fault->code;
	snprintf(parent, sizeof(parent), "%s/bird", host->state_dir);
	snprintf(own, sizeof(own), "%s/bird/%u", host->state_dir, instance);
	n = snprintf(run, sizeof(run), "%s/bird/%u/run", host->state_dir, instance);
	if (n < 0 || n >= PATH_MAX)
		return fault_set(fault, ENAMETOOLONG, "the state folder's name is too long");
	if (keep_one(host, parent, host->gid, 0700, fault) != 0 || keep_one(host, own, user.group, 0750, fault) != 0 ||
	    keep_one(host, run, user.control, 0770, fault) != 0)
		return fault->code;
	if (has_files_of_another(host, own, user.uid))
		bird_user_clear(host, instance, false);
	return 0;
}

/* The namespaces */

static int
write_map(pid_t pid, const char *file, const char *map)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, map, strlen(map));

	if (fd >= 0)
		close(fd);
	return n == (ssize_t)strlen(map) ? 0 : -1;
}

/* In a process of its own: a process that has made a user namespace cannot go back. Reports when it is there, and waits
 * for its end: the network namespace is handed over as a descriptor. */
static _Noreturn void
hold_namespaces(int to)
{
	char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec data = {(char[]){"x"}, 1};
	struct msghdr msg = {
	    .msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *head = CMSG_FIRSTHDR(&msg);
	char byte;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		_exit(errno);
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	if (fd < 0 || sendmsg(to, &msg, MSG_NOSIGNAL) != 1)
		_exit(errno);
	_exit(read(to, &byte, 1) < 0 ? errno : 0);
}

/* -1: it has ended instead. */
static int
take_namespace(int from)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec data = {&byte, 1};
	struct msghdr msg = {
	    .msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	const struct cmsghdr *head;
	int fd = -1;

	if (recvmsg(from, &msg, MSG_CMSG_CLOEXEC) == 1 && (head = CMSG_FIRSTHDR(&msg)) != NULL &&
	    head->cmsg_type == SCM_RIGHTS && head->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	return fd;
}

/* Exit status of a child that ends by itself. */
static int
status_of(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return EIO;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
}

static int
map_and_enter(const struct bird_user *user, pid_t child, int from, struct fault *fault)
{
	char uids[64], gids[128];
	int code = 0, netns = take_namespace(from);

	if (netns < 0)
		return ENOENT; /* the child's status is the reason */
	snprintf(uids, sizeof(uids), "%u %u 1\n", user->uid, user->uid);
	snprintf(gids, sizeof(gids), "%u %u 1\n%u %u 1\n", user->group, user->group, user->control, user->control);
	if (write_map(child, "uid_map", uids) != 0 || write_map(child, "gid_map", gids) != 0)
		code = fault_errno(fault, "the users of a new user namespace");
	else if (setns(netns, CLONE_NEWNET) != 0)
		code = fault_errno(fault, "a new network namespace");
	close(netns);
	return code;
}

int
bird_user_unshare(const struct bird_user *user, struct fault *fault)
{
	int ends[2], code, why;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return fault_errno(fault, "a new network namespace");
	pid_t child = fork();

	if (child == 0) {
		close(ends[0]);
		hold_namespaces(ends[1]);
	}
	close(ends[1]);
	code = child < 0 ? fault_errno(fault, "a new network namespace") : map_and_enter(user, child, ends[0], fault);
	close(ends[0]);
	why = child < 0 ? 0 : status_of(child);
	if (code == ENOENT && why != 0)
		return fault_set(fault, why, "a new user namespace with a network namespace: %s", strerror(why));
	return code;
}

/* Becoming */

static int
enter_owner(int netns)
{
	int fd = ioctl(netns, NS_GET_USERNS);

	if (fd < 0 || setns(fd, CLONE_NEWUSER) != 0)
		return -1;
	return close(fd);
}

int
bird_user_become(const struct bird_user *user, int netns)
{
	if (enter_owner(netns) != 0)
		return -1;
	return privilege_become_daemon(user->uid, user->control, user->group);
}

bool
bird_user_fits(const struct bird_user *user, int netns)
{
	pid_t child = fork();

	if (child == 0)
		_exit(bird_user_become(user, netns) == 0 ? 0 : 3);
	return child < 0 || status_of(child) != 3;
}

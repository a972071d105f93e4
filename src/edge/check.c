/* SPDX-License-Identifier: ISC */
#include "edge/check.h"

#include <errno.h>
#include <fnmatch.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <unistd.h>

#include "edge/bird_ids.h"
#include "edge/check_priv.h"

#define DISK_LEAST_MB 256
#define CLOCK_OFF_SECONDS 5
#define BIRD_OLDEST 2000012 /* 2.0.12 */
#define BIRD_FIRST_UNKNOWN 3000000
#define FS_TMPFS 0x01021994
#define FS_RAMFS 0x858458f6

static void line(struct check *, const char *state, const char *what, const char *fmt, va_list)
    __attribute__((format(printf, 4, 0)));

static void
line(struct check *c, const char *state, const char *what, const char *fmt, va_list words)
{
	fprintf(c->to, "%-5s %s: ", state, what);
	vfprintf(c->to, fmt, words);
	fputc('\n', c->to);
	fflush(c->to);
	c->done++;
}

void
check_ok(struct check *c, const char *what, const char *fmt, ...)
{
	va_list words;

	va_start(words, fmt);
	line(c, "ok", what, fmt, words);
	va_end(words);
}

void
check_todo(struct check *c, const char *what, const char *fmt, ...)
{
	va_list words;

	va_start(words, fmt);
	line(c, "todo", what, fmt, words);
	va_end(words);
	c->todo++;
}

/* --- kernel settings --- */

static void
check_sysctl(struct check *c, const struct check_sysctl *wanted)
{
	char *path = arena_printf(c->arena, "/proc/sys/%s", wanted->name);
	FILE *file;
	long long value;
	int found;

	for (char *p = path + strlen("/proc/sys/"); *p != '\0'; p++)
		if (*p == '.')
			*p = '/';
	/* A container, or a namespace, does not show every setting; the machine that it is on does. */
	if ((file = fopen(path, "re")) == NULL) {
		check_todo(c, wanted->name,
		    "the kernel does not show it here. Look at it on the machine below this one: it "
		    "must be at least %lld",
		    wanted->least);
		return;
	}
	found = fscanf(file, "%lld", &value);
	fclose(file);
	if (found == 1 && value >= wanted->least)
		check_ok(c, wanted->name, "%lld", value);
	else
		check_todo(c, wanted->name,
		    "%lld, and must be at least %lld. Put sysctl.d/60-dcaas-edge.conf in place and run "
		    "`systemctl restart systemd-sysctl`",
		    found == 1 ? value : -1, wanted->least);
}

static void
check_settings_of_kernel(struct check *c)
{
	for (const struct check_sysctl *s = check_sysctls; s->name != NULL; s++)
		check_sysctl(c, s);
}

/* --- BIRD --- */

/* What `bird --version` prints; false when it cannot be started. */
static bool
bird_says(const char *path, char *out, size_t size)
{
	int ends[2], status;
	size_t n = 0;
	ssize_t got;
	pid_t child;

	if (pipe(ends) != 0 || (child = fork()) < 0)
		return false;
	if (child == 0) {
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		execl(path, "bird", "--version", (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	while (n + 1 < size && (got = read(ends[0], out + n, size - n - 1)) > 0)
		n += (size_t)got;
	close(ends[0]);
	out[n] = '\0';
	return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void
check_bird(struct check *c)
{
	const char *path = access("/usr/sbin/bird", X_OK) == 0 ? "/usr/sbin/bird" : "/usr/local/sbin/bird";
	char said[256], *number;
	unsigned major = 0, minor = 0, patch = 0, version;

	if (!bird_says(path, said, sizeof(said)) || (number = strpbrk(said, "0123456789")) == NULL ||
	    sscanf(number, "%u.%u.%u", &major, &minor, &patch) < 2) {
		check_todo(c, "BIRD", "%s cannot be started. Install BIRD 2 (Debian package bird2)", path);
		return;
	}
	version = major * 1000000 + minor * 1000 + patch;
	number[strcspn(number, " \n")] = '\0';
	if (version >= BIRD_OLDEST && version < BIRD_FIRST_UNKNOWN)
		check_ok(c, "BIRD", "%s in %s", number, path);
	else
		check_todo(c, "BIRD", "%s in %s. Install BIRD 2, at least 2.0.12; BIRD 3 was not tried", number, path);
}

/* --- devices --- */

struct device {
	const char *name;
	bool up, has_address;
};

static bool
is_global(const struct sockaddr *address)
{
	static const uint8_t link_local[2] = {0xfe, 0x80};

	if (address == NULL || (address->sa_family != AF_INET && address->sa_family != AF_INET6))
		return false;
	return address->sa_family == AF_INET || memcmp(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr,
						    link_local, sizeof(link_local)) != 0;
}

static size_t
read_devices(struct check *c, struct device *out, size_t max)
{
	struct ifaddrs *all, *i;
	size_t n = 0, k;

	if (getifaddrs(&all) != 0)
		return 0;
	for (i = all; i != NULL; i = i->ifa_next) {
		if ((i->ifa_flags & IFF_LOOPBACK) != 0 || (i->ifa_flags & IFF_BROADCAST) == 0)
			continue;
		for (k = 0; k < n && strcmp(out[k].name, i->ifa_name) != 0; k++)
			;
		if (k == n && n < max)
			out[n++] = (struct device){.name = arena_strdup(c->arena, i->ifa_name)};
		if (k < n) {
			out[k].up = (i->ifa_flags & IFF_RUNNING) != 0;
			out[k].has_address = out[k].has_address || is_global(i->ifa_addr);
		}
	}
	freeifaddrs(all);
	return n;
}

/* The devices without an address of the router's own are those that can be ports. */
static bool
matches(struct check *c, const char *list, const char *name)
{
	char *rest = arena_strdup(c->arena, list);

	for (char *pattern; (pattern = strsep(&rest, " ")) != NULL;)
		if (pattern[0] != '\0' && fnmatch(pattern, name, 0) == 0)
			return true;
	return false;
}

/* A word of [edge] ports that no device has is a mistake, or a device that is not there yet. */
static void
check_words_of_ports(struct check *c, const struct device *device, size_t n)
{
	char *rest = arena_strdup(c->arena, c->settings->ports);

	for (char *pattern; (pattern = strsep(&rest, " ")) != NULL;) {
		size_t i = 0;

		while (i < n && fnmatch(pattern, device[i].name, 0) != 0)
			i++;
		if (pattern[0] != '\0' && strcmp(pattern, "*") != 0 && i == n)
			check_todo(c, "ports", "no Ethernet device is called %s. Correct [edge] ports", pattern);
	}
}

static void
check_ports(struct check *c)
{
	struct device device[64];
	size_t n = read_devices(c, device, sizeof(device) / sizeof(device[0]));
	const char *list = "";

	check_words_of_ports(c, device, n);
	for (size_t i = 0; i < n; i++)
		if (!device[i].has_address && matches(c, c->settings->ports, device[i].name))
			list = arena_printf(c->arena, "%s%s%s%s", list, list[0] != '\0' ? ", " : "", device[i].name,
			    device[i].up ? "" : " (no carrier)");
	if (list[0] != '\0')
		check_ok(c, "ports", "%s", list);
	else
		check_todo(c, "ports",
		    "each Ethernet device that [edge] ports allows has an address of the router's own, or there is "
		    "none. "
		    "Customers and VPCs need a device without one");
}

/* --- user and files --- */

static const struct passwd *
find_user(const char *name)
{
	const char *why = NULL;
	long long number = strtonum(name, 0, 4294967294, &why);

	return why == NULL ? getpwuid((uid_t)number) : getpwnam(name);
}

static void
check_user(struct check *c)
{
	const struct edge_settings *s = c->settings;
	const struct passwd *user = s->user != NULL ? find_user(s->user) : NULL;
	struct stat st;

	if (s->user == NULL)
		check_todo(c, "user", "[edge] user is not set. Set it to an unprivileged user, dcaas-edge");
	else if (user == NULL)
		check_todo(c, "user", "there is no user %s. Run systemd-sysusers, or set [edge] user", s->user);
	else if (user->pw_uid == 0)
		check_todo(c, "user", "%s is root. Set [edge] user to an unprivileged user, dcaas-edge", s->user);
	else
		check_ok(c, "user", "%s", user->pw_name);
	if (user != NULL && stat(s->state_dir, &st) == 0 && st.st_uid != user->pw_uid)
		check_todo(c, "state_dir", "%s belongs to another user. Run `chown -R %s: %s`", s->state_dir,
		    user->pw_name, s->state_dir);
}

static void
check_ids(struct check *c)
{
	const struct edge_settings *s = c->settings;
	const struct passwd *user = s->user != NULL ? find_user(s->user) : NULL;
	struct dc_error err = {0};

	if (bird_ids_check(s, user != NULL ? user->pw_uid : 0, user != NULL ? user->pw_gid : 0, &err) != DC_OK)
		check_todo(c, "bird_ids", "%s. Choose numbers that belong to nobody", err.text);
	else
		check_ok(c, "bird_ids", "%u to %u belong to nobody else", s->bird_first, s->bird_last);
}

static void
check_token(struct check *c)
{
	const struct edge_settings *s = c->settings;
	struct dc_error err = {0};
	struct stat st;
	const char *token;

	if (edge_settings_token(s, c->arena, &token, &err) != DC_OK)
		check_todo(c, "credential",
		    "%s. Write what `dcaas edge create` or `dcaas edge-token renew` printed into that file", err.text);
	else if (stat(s->token_file, &st) == 0 && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		check_todo(c, "credential", "other users may use %s. Run `chmod 600 %s`", s->token_file, s->token_file);
	else
		check_ok(c, "credential", "%s", s->token_file);
}

/* --- disk and clock --- */

static void
check_disk(struct check *c)
{
	char *folder = arena_strdup(c->arena, c->settings->state_dir), *slash;
	struct statfs fs;
	unsigned long long mb;

	/* The next one above that is there. */
	while (statfs(folder, &fs) != 0 && errno == ENOENT && (slash = strrchr(folder, '/')) != NULL && slash != folder)
		*slash = '\0';
	if (statfs(folder, &fs) != 0) {
		check_todo(c, "disk", "%s: %s. Make the folder, or set [edge] state_dir", folder, strerror(errno));
		return;
	}
	mb = (unsigned long long)fs.f_bavail * (unsigned long long)fs.f_bsize >> 20;
	if (fs.f_type == FS_TMPFS || fs.f_type == FS_RAMFS)
		check_todo(c, "disk",
		    "%s is in memory, and a boot empties it. Set [edge] state_dir to a folder on a disk", folder);
	else if (mb < DISK_LEAST_MB || (fs.f_files > 0 && fs.f_ffree == 0))
		check_todo(
		    c, "disk", "%s has %llu MB left. Make room: the edge needs %d MB", folder, mb, DISK_LEAST_MB);
	else
		check_ok(c, "disk", "%s has %llu MB left", folder, mb);
}

static void
check_clock(struct check *c)
{
	struct timex t = {0};
	long long off = c->server_time != 0 ? (long long)(time(NULL) - c->server_time) : 0;
	bool steered = adjtimex(&t) >= 0 && (t.status & STA_UNSYNC) == 0;

	if (off < -CLOCK_OFF_SECONDS || off > CLOCK_OFF_SECONDS)
		check_todo(c, "clock", "%lld s %s the server's. Run `timedatectl set-ntp true` on both",
		    off < 0 ? -off : off, off < 0 ? "behind" : "before");
	else if (c->server_time != 0)
		check_ok(c, "clock", "as the server's%s", steered ? ", steered" : ", not steered by NTP");
	else if (steered)
		check_ok(c, "clock", "steered; not compared with the server's, which was not reached");
	else
		check_todo(
		    c, "clock", "nothing steers it, and the server was not reached. Run `timedatectl set-ntp true`");
}

unsigned
check_machine(const struct edge_settings *settings, FILE *to)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct check c = {.settings = settings, .arena = arena, .to = to};

	if (!settings->sim) {
		check_kernel(&c);
		check_settings_of_kernel(&c);
		check_bird(&c);
		check_ports(&c);
		check_user(&c);
		check_ids(&c);
	}
	check_token(&c);
	check_disk(&c);
	check_server(&c);
	check_clock(&c);
	if (c.todo == 0)
		fprintf(to, "%u lines, all ok\n", c.done);
	else
		fprintf(to, "%u lines, %u to do\n", c.done, c.todo);
	return c.todo;
}

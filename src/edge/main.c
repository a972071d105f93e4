/* SPDX-License-Identifier: ISC */
/* main.c - dcaas-edge: command line, and the two halves. On Linux the agent stays privileged and runs the network half
 * as its child; with the simulated fabric there is no privilege and no agent. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "edge/agent/agent.h"
#include "edge/agent_client.h"
#include "edge/bird_ids.h"
#include "edge/check.h"
#include "edge/network.h"
#include "edge/settings.h"

#define CONFIG_PATH "/etc/dcaas/edge.conf"
#define ID_MAX 4294967294
#define NEIGHBOURS_LEAST 16384
#define NETLINK_BUFFER_LEAST (8 << 20)

static void
usage(FILE *to)
{
	fprintf(to, "usage: dcaas-edge [-c FILE] [--host-mounts] [-n | --check | --keys | -V] [--fabric sim|linux]\n"
		    "  -c FILE        configuration (INI); without it " CONFIG_PATH "\n"
		    "  -n             check the configuration and end\n"
		    "  --check        look whether this machine can be that edge; prints what is to be done\n"
		    "  --fabric NAME  linux: this router; sim: a simulated one, which needs no privilege\n"
		    "  --host-mounts  for a service manager that gives this program mounts of its own: the agent uses "
		    "those of process 1\n"
		    "  --keys         print the configuration's keys with their defaults\n"
		    "  -V             print the version\n");
}

static void
print_keys(void)
{
	for (const struct config_key *k = edge_settings_keys; k->section != NULL; k++)
		printf("[%s] %s = %s\n    %s\n", k->section, k->key, k->fallback != NULL ? k->fallback : "", k->doc);
}

static int
start_failed(const struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();

	dc_log(LOG_ERR, "start failed", "error=%s", log_quote(arena, err->text));
	return 1;
}

/* Of a setting. */
static int
refused(const struct edge_settings *s, struct dc_error *err)
{
	config_locate(s->config, "edge", err);
	return start_failed(err);
}

enum command {
	COMMAND_RUN,
	COMMAND_NETWORK,
	COMMAND_CHECK,
	COMMAND_MACHINE,
	COMMAND_KEYS,
	COMMAND_VERSION,
	COMMAND_HELP,
	COMMAND_WRONG
};

struct options {
	char *program, *config;
	const char *fabric; /* NULL: as in the file */
	bool host_mounts;
	enum command command;
};

struct identity {
	uid_t uid;
	gid_t gid;
};

static enum dc_code
find_user(const char *name, struct identity *ret, struct dc_error *err)
{
	const char *why = NULL;
	long long number = strtonum(name, 0, ID_MAX, &why);
	const struct passwd *p;

	if (why == NULL) {
		p = getpwuid((uid_t)number);
		*ret = (struct identity){(uid_t)number, p != NULL ? p->pw_gid : (gid_t)number};
		return DC_OK;
	}
	if ((p = getpwnam(name)) == NULL)
		return dc_fail(err, DC_E_PARAM, "user", "[edge] user: there is no user %s", name);
	*ret = (struct identity){p->pw_uid, p->pw_gid};
	return DC_OK;
}

static enum dc_code
make_state_dir(const char *path, const struct identity *id, struct dc_error *err)
{
	if (mkdir(path, 0700) == 0 && (geteuid() != 0 || chown(path, id->uid, id->gid) == 0))
		return DC_OK;
	return errno == EEXIST ? DC_OK : dc_fail(err, DC_E_IO, "state_dir", "%s: %s", path, strerror(errno));
}

static int
run_sim(const struct edge_settings *s, const struct identity *id)
{
	struct dc_error err = {0};
	struct kernel *kernel;
	struct routing *routing;

	if (geteuid() == 0 && id->uid != 0 &&
	    (setgroups(0, NULL) != 0 || setgid(id->gid) != 0 || setuid(id->uid) != 0)) {
		dc_fail(&err, DC_E_IO, "user", "[edge] user: %s", strerror(errno));
		return refused(s, &err);
	}
	if (sim_open(s->sim_options, &kernel, &routing, &err) != DC_OK)
		return start_failed(&err);
	return network_run(s, kernel, routing);
}

/* The program that the agent has started: without privilege, its descriptors in their places. */
static int
run_network_half(const struct edge_settings *s)
{
	struct dc_error err = {0};
	struct agent *agent;
	struct kernel *kernel;
	struct routing *routing;
	int status;

	if (agent_connect(AGENT_FD_SOCKET, &agent, &err) != DC_OK ||
	    linux_kernel_open(agent, AGENT_FD_CHANGES, &kernel, &err) != DC_OK ||
	    bird_open(agent, s->state_dir, s->slow_retry_after * 1000, &routing, &err) != DC_OK)
		return start_failed(&err);
	status = network_run(s, kernel, routing);
	agent_close(agent);
	return status;
}

/* The configuration as root has read it, for the network half, which may have no right to read the file. Nobody can
 * change it. -1 with errno. */
static int
copy_config(const char *path)
{
	int from = open(path, O_RDONLY | O_CLOEXEC), to = memfd_create("edge.conf", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	char chunk[4096];
	ssize_t n = -1;

	while (from >= 0 && to >= 0 && (n = read(from, chunk, sizeof(chunk))) > 0)
		if (write(to, chunk, (size_t)n) != n)
			break;
	if (from >= 0)
		close(from);
	if (n == 0 && fcntl(to, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
		return to;
	if (to >= 0)
		close(to);
	return -1;
}

/* What all instances have of the kernel together. Where it keeps a value to itself (in a container) there is nothing to
 * report. */
static void
warn_of_small_settings(void)
{
	static const struct {
		const char *path, *event, *words;
		long least;
	} settings[] = {
	    {"/proc/sys/net/ipv4/neigh/default/gc_thresh3", "neighbour table small", "all customers share it",
		NEIGHBOURS_LEAST},
	    {"/proc/sys/net/ipv6/neigh/default/gc_thresh3", "neighbour table small", "all customers share it",
		NEIGHBOURS_LEAST},
	    {"/proc/sys/net/core/rmem_default", "netlink buffer small",
		"routing daemons lose the kernel's news when many devices change at once", NETLINK_BUFFER_LEAST},
	};

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		FILE *file = fopen(settings[i].path, "re");
		long value;

		if (file == NULL)
			continue;
		if (fscanf(file, "%ld", &value) == 1 && value < settings[i].least)
			dc_log(LOG_WARNING, settings[i].event,
			    "value=%ld setting=%s error=\"%s; see 60-dcaas-edge.conf of sysctl.d\"", value,
			    settings[i].path, settings[i].words);
		fclose(file);
	}
}

static int
run_linux(struct edge_settings *s, const struct identity *id, const struct options *o)
{
	char *const network[] = {o->program, (char[]){"--network-half"}, (char[]){"-c"}, o->config, NULL};
	struct agent_options options = {.uid = id->uid,
	    .gid = id->gid,
	    .bird_first = s->bird_first,
	    .bird_last = s->bird_last,
	    .bird_memory = s->bird_memory,
	    .ports = s->ports,
	    .network = network,
	    .host_mounts = o->host_mounts,
	    .state_dir = s->state_dir};
	struct dc_error err = {0};

	if (geteuid() != 0)
		dc_fail(
		    &err, DC_E_PARAM, NULL, "the linux fabric must be started as root: its agent keeps what it needs");
	else if (id->uid == 0)
		dc_fail(&err, DC_E_PARAM, "user", "[edge] user must name an unprivileged user");
	else if (s->state_dir[0] != '/')
		dc_fail(&err, DC_E_PARAM, "state_dir", "[edge] state_dir must be an absolute path");
	else if ((options.handed = copy_config(o->config)) < 0)
		dc_fail(&err, DC_E_IO, NULL, "%s: %s", o->config, strerror(errno));
	else if (bird_ids_check(s, id->uid, id->gid, &err) == DC_OK) {
		warn_of_small_settings();
		return agent_run(&options);
	}
	return refused(s, &err);
}

static int
run_edge(struct edge_settings *s, const struct options *o)
{
	struct identity id = {geteuid(), getegid()};
	struct dc_error err = {0};

	if ((s->user != NULL && find_user(s->user, &id, &err) != DC_OK) ||
	    make_state_dir(s->state_dir, &id, &err) != DC_OK)
		return refused(s, &err);
	return s->sim ? run_sim(s, &id) : run_linux(s, &id, o);
}

static struct options
read_arguments(int argc, char **argv)
{
	static const struct option longs[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"fabric", required_argument, NULL, 'f'},
	    {"check", no_argument, NULL, 'm'},
	    {"host-mounts", no_argument, NULL, 'M'},
	    {"keys", no_argument, NULL, 'k'},
	    {"network-half", no_argument, NULL, 'N'}, /* for the agent's use */
	    {"version", no_argument, NULL, 'V'},
	    {"help", no_argument, NULL, 'h'},
	    {0},
	};
	static char usual[] = CONFIG_PATH;
	struct options o = {.program = argv[0], .config = usual};

	for (int option; (option = getopt_long(argc, argv, "c:nVh", longs, NULL)) != -1;) {
		if (option == 'c')
			o.config = optarg;
		else if (option == 'f')
			o.fabric = optarg;
		else if (option == 'M')
			o.host_mounts = true;
		else
			o.command = option == 'n'   ? COMMAND_CHECK
				    : option == 'm' ? COMMAND_MACHINE
				    : option == 'k' ? COMMAND_KEYS
				    : option == 'N' ? COMMAND_NETWORK
				    : option == 'V' ? COMMAND_VERSION
				    : option == 'h' ? COMMAND_HELP
						    : COMMAND_WRONG;
		if (o.command == COMMAND_WRONG)
			return o;
	}
	if (optind < argc)
		o.command = COMMAND_WRONG;
	return o;
}

/* They wait until there is somebody to take them: the agent, or the network half's loop. */
static void
hold_stops(void)
{
	sigset_t stops;

	sigemptyset(&stops);
	sigaddset(&stops, SIGTERM);
	sigaddset(&stops, SIGINT);
	sigprocmask(SIG_BLOCK, &stops, NULL);
}

/* In the agent's child only: these descriptors are nothing else there. */
static FILE *
handed_config(void)
{
	FILE *file = lseek(AGENT_FD_HANDED, 0, SEEK_SET) == 0 ? fdopen(AGENT_FD_HANDED, "r") : NULL;

	if (file == NULL)
		errx(1, "--network-half is for the agent's use");
	return file;
}

static int
with_settings(const struct options *o)
{
	struct edge_settings *settings = NULL;
	struct dc_error error = {0};
	FILE *file = NULL;
	int status = 0;

	if (o->command == COMMAND_RUN || o->command == COMMAND_NETWORK)
		hold_stops();
	if (o->command == COMMAND_NETWORK) {
		prctl(PR_SET_NAME, "dcaas-edge", 0, 0, 0);
		if ((errno = agent_network()) != 0)
			err(1, "a filter of system calls");
		file = handed_config();
	}
	log_init("dcaas-edge", LOG_INFO);
	if (edge_settings_load(o->config, file, o->fabric, &settings, &error) != DC_OK)
		errx(1, "%s", error.text);
	if (file != NULL)
		fclose(file);
	log_init("dcaas-edge", settings->log_priority);
	umask(077);
	if (o->command == COMMAND_CHECK)
		puts("configuration is good");
	else if (o->command == COMMAND_MACHINE)
		status = check_machine(settings, stdout) == 0 ? 0 : 1;
	else
		status = o->command == COMMAND_NETWORK ? run_network_half(settings) : run_edge(settings, o);
	edge_settings_free(settings);
	return status;
}

int
main(int argc, char **argv)
{
	const struct options o = read_arguments(argc, argv);

	switch (o.command) {
	case COMMAND_KEYS:
		print_keys();
		return 0;
	case COMMAND_VERSION:
		puts("dcaas-edge " DCAAS_VERSION);
		return 0;
	case COMMAND_HELP:
		usage(stdout);
		return 0;
	case COMMAND_WRONG:
		usage(stderr);
		return 2;
	case COMMAND_RUN:
	case COMMAND_NETWORK:
	case COMMAND_CHECK:
	case COMMAND_MACHINE:
		break;
	}
	return with_settings(&o);
}

/* SPDX-License-Identifier: ISC */
/* agent_try: drives an agent by hand or by a test. The network half reads commands from standard input, one a line
 * ("vrf-add instance=1 device=dcr1 mark=dcaas:x table=100001"), and answers with lines that begin with "+" (an item or
 * value) and one last line, "ok" or "error ...". At the end of the input the agent is asked to end.
 *
 *	agent_try UID GID STATE_DIR <commands
 *
 * Beside the operations of op.h: "raw SIZE OP" sends so many zero bytes with that number, "garbled MEMBER" a request
 *whose member is no string or address, "die" kills the network half, "privileges" shows what both halves may do, "read
 *PATH" whether the network half can read that file, "await MS" waits that long for word of a change. For measuring:
 *"clock" prints microseconds, "rename FROM TO" puts a prepared file in place, "bird SOCKET LINE" waits for the daemon's
 *whole answer. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/ip.h"
#include "base/log.h"
#include "edge/agent/agent.h"
#include "edge/agent/op.h"
#include "edge/agent_client.h"
#include "edge/filter/program.h"

#define LINE_SIZE 1024
#define STOP_MS 5000 /* then it is killed */
#define BIRD_FIRST 1900000000

enum kind { NONE, NUMBER, NAME, NAMES, MARK, ADDR, PREFIX, KEY };

struct member {
	const char *name;
	enum kind kind;
	size_t offset, length; /* length: of a key, where its length goes; of names, their room */
};

#define N(type, m)                                                                                                     \
	{                                                                                                              \
#m, NUMBER, offsetof(struct type, m), 0                                                                \
	}
#define T(type, m)                                                                                                     \
	{                                                                                                              \
#m, NAME, offsetof(struct type, m), 0                                                                  \
	}
#define K(type, m)                                                                                                     \
	{                                                                                                              \
#m, MARK, offsetof(struct type, m), 0                                                                  \
	}
#define A(type, m)                                                                                                     \
	{                                                                                                              \
#m, ADDR, offsetof(struct type, m), 0                                                                  \
	}
#define P(type, m)                                                                                                     \
	{                                                                                                              \
#m, PREFIX, offsetof(struct type, m), 0                                                                \
	}

static const struct member none[] = {{NULL}};
static const struct member hello[] = {N(op_hello, version), {NULL}};
static const struct member instance[] = {N(op_instance, instance), {NULL}};
static const struct member links[] = {N(op_link, instance), T(op_link, device), K(op_link, mark), N(op_link, table),
    T(op_link, port), N(op_link, vlan), T(op_link, vrf), {NULL}};
static const struct member veth[] = {N(op_veth, instance), T(op_veth, device), K(op_veth, mark), T(op_veth, vrf),
    N(op_veth, peer_instance), T(op_veth, peer_device), K(op_veth, peer_mark), T(op_veth, peer_vrf), {NULL}};
static const struct member device[] = {N(op_device, instance), T(op_device, device), {NULL}};
static const struct member devices[] = {N(op_devices, instance),
    {"devices", NAMES, offsetof(struct op_devices, device), sizeof(((struct op_devices *)0)->device)}, {NULL}};
static const struct member addr[] = {
    N(op_addr, instance), T(op_addr, device), N(op_addr, table), P(op_addr, prefix), {NULL}};
static const struct member route[] = {N(op_route, instance), N(op_route, table), N(op_route, proto),
    P(op_route, prefix), A(op_route, via), T(op_route, device), {NULL}};
static const struct member filter[] = {N(op_filter, instance), T(op_filter, device), N(op_filter, is_customer), {NULL}};
static const struct member neighbour[] = {N(op_neighbour, instance), T(op_neighbour, device), A(op_neighbour, local),
    A(op_neighbour, remote), N(op_neighbour, has_key), {NULL}};
static const struct member networks[] = {N(op_network, instance), N(op_network, table), P(op_network, prefix), {NULL}};
static const struct member rate[] = {N(op_rate, instance), T(op_rate, device), N(op_rate, ingress_kbit),
    N(op_rate, egress_kbit), N(op_rate, burst), {NULL}};
static const struct member tcp[] = {N(op_tcp, instance), T(op_tcp, vrf), A(op_tcp, local), A(op_tcp, remote), {NULL}};
static const struct member read_of[] = {N(op_read, instance), T(op_read, device), {NULL}};
static const struct member start[] = {N(op_daemon, instance), N(op_daemon, recover), {NULL}};

/* Printing */

static void
print_port(const void *item)
{
	const struct item_port *p = item;

	printf("+ port %s carrier=%u exposed=%u up=%u vlans=%u\n", p->device, p->carrier, p->exposed, p->up, p->vlans);
}

static void
print_change(const void *item)
{
	const struct item_change *c = item;

	printf("+ change %u device=%s\n", c->instance, c->device);
}

static void
print_instance(const void *item)
{
	const struct item_instance *i = item;

	printf("+ instance %u daemon=%u\n", i->instance, i->daemon);
}

static void
print_link(const void *item)
{
	const struct item_link *l = item;

	printf("+ link %s mark=%s vrf=%s port=%s peer=%s peer_instance=%u ifindex=%u table=%u vlan=%u is_vrf=%u "
	       "is_vlan=%u "
	       "is_veth=%u up=%u carrier=%u\n",
	    l->device, l->mark, l->vrf, l->port, l->peer, l->peer_instance, l->ifindex, l->table, l->vlan, l->is_vrf,
	    l->is_vlan, l->is_veth, l->up, l->carrier);
}

static void
print_addr(const void *item)
{
	const struct item_addr *a = item;
	char text[IP_TEXT_SIZE];

	ip_format_prefix(&a->prefix, text);
	printf("+ addr %s device=%s subnet_route=%u\n", text, a->device, a->subnet_route);
}

static void
print_route(const void *item)
{
	const struct item_route *r = item;
	char prefix[IP_TEXT_SIZE], via[IP_TEXT_SIZE] = "";

	ip_format_prefix(&r->prefix, prefix);
	if (r->via.family != IP_NONE)
		ip_format_addr(&r->via, via);
	printf("+ route %s table=%u proto=%u via=%s device=%s unreachable=%u\n", prefix, r->table, r->proto, via,
	    r->device, r->unreachable);
}

static void
print_hello(const void *reply)
{
	const struct reply_hello *r = reply;

	printf("+ hello version=%u started=%u\n", r->version, r->started);
}

static void
print_rate(const void *item)
{
	const struct item_rate *r = item;

	printf("+ rate %s in=%u out=%u burst=%u in_packets=%llu in_bytes=%llu out_packets=%llu\n", r->device,
	    r->ingress_kbit, r->egress_kbit, r->burst, (unsigned long long)r->drops[RATE_IN_PACKETS],
	    (unsigned long long)r->drops[RATE_IN_BYTES], (unsigned long long)r->drops[RATE_OUT_PACKETS]);
}

static void
print_filter(const void *item)
{
	const struct item_filter *f = item;

	printf("+ filter %s is_customer=%u", f->device, f->is_customer);
	for (int i = 0; i < OP_DROPS; i++)
		printf(" %s=%llu", filter_reason_name((enum filter_reason)i), (unsigned long long)f->drops[i]);
	puts("");
}

static void
print_neighbour(const void *item)
{
	const struct item_neighbour *n = item;
	char local[IP_TEXT_SIZE], remote[IP_TEXT_SIZE];

	ip_format_addr(&n->local, local);
	ip_format_addr(&n->remote, remote);
	printf("+ neighbour %s device=%s local=%s has_key=%u\n", remote, n->device, local, n->has_key);
}

static void
print_network(const void *item)
{
	const struct item_network *n = item;
	char text[IP_TEXT_SIZE];

	ip_format_prefix(&n->prefix, text);
	printf("+ network %s table=%u\n", text, n->table);
}

static void
print_connection(const void *item)
{
	const struct item_connection *c = item;
	char local[IP_TEXT_SIZE], remote[IP_TEXT_SIZE];

	ip_format_addr(&c->local, local);
	ip_format_addr(&c->remote, remote);
	printf("+ connection %s vrf=%s local=%s state=%u has_key=%u\n", remote, c->vrf, local, c->state, c->has_key);
}

static void
print_tcp(const void *reply)
{
	const struct reply_tcp *r = reply;

	printf("+ tcp state=%u has_key=%u\n", r->state, r->has_key);
}

static void
print_counters(const void *reply)
{
	const struct reply_counters *r = reply;

	printf("+ counters failure=%llu not_found=%llu unexpected=%llu\n", (unsigned long long)r->md5_failure,
	    (unsigned long long)r->md5_not_found, (unsigned long long)r->md5_unexpected);
}

static void
print_daemon(const void *reply)
{
	const struct reply_daemon *r = reply;

	printf("+ daemon pid=%u starting=%u\n", r->pid, r->starting);
}

/* Commands */

static const struct command {
	const char *name;
	enum agent_op op;
	size_t size;
	const struct member *members;
	size_t item, reply; /* one of them, or none */
	void (*print)(const void *);
} commands[] = {
    {"hello", OP_HELLO, sizeof(struct op_hello), hello, 0, sizeof(struct reply_hello), print_hello},
    {"ports", OP_PORTS, sizeof(struct op_none), none, sizeof(struct item_port), 0, print_port},
    {"changes", OP_CHANGES, sizeof(struct op_none), none, sizeof(struct item_change), 0, print_change},
    {"netns-add", OP_NETNS_ADD, sizeof(struct op_instance), instance, 0, 0, NULL},
    {"netns-del", OP_NETNS_DEL, sizeof(struct op_instance), instance, 0, 0, NULL},
    {"instances", OP_INSTANCES, sizeof(struct op_none), none, sizeof(struct item_instance), 0, print_instance},
    {"read-links", OP_READ_LINKS, sizeof(struct op_read), read_of, sizeof(struct item_link), 0, print_link},
    {"read-addrs", OP_READ_ADDRS, sizeof(struct op_read), read_of, sizeof(struct item_addr), 0, print_addr},
    {"read-routes", OP_READ_ROUTES, sizeof(struct op_instance), instance, sizeof(struct item_route), 0, print_route},
    {"vrf-add", OP_VRF_ADD, sizeof(struct op_link), links, 0, 0, NULL},
    {"vlan-add", OP_VLAN_ADD, sizeof(struct op_link), links, 0, 0, NULL},
    {"veth-add", OP_VETH_ADD, sizeof(struct op_veth), veth, 0, 0, NULL},
    {"link-up", OP_LINK_UP, sizeof(struct op_device), device, 0, 0, NULL},
    {"link-del", OP_LINK_DEL, sizeof(struct op_device), device, 0, 0, NULL},
    {"links-del", OP_LINKS_DEL, sizeof(struct op_devices), devices, 0, 0, NULL},
    {"addr-add", OP_ADDR_ADD, sizeof(struct op_addr), addr, 0, 0, NULL},
    {"addr-del", OP_ADDR_DEL, sizeof(struct op_addr), addr, 0, 0, NULL},
    {"route-add", OP_ROUTE_ADD, sizeof(struct op_route), route, 0, 0, NULL},
    {"route-del", OP_ROUTE_DEL, sizeof(struct op_route), route, 0, 0, NULL},
    {"filter-add", OP_FILTER_ADD, sizeof(struct op_filter), filter, 0, 0, NULL},
    {"read-filters", OP_READ_FILTERS, sizeof(struct op_read), read_of, sizeof(struct item_filter), 0, print_filter},
    {"neighbour-add", OP_NEIGHBOUR_ADD, sizeof(struct op_neighbour), neighbour, 0, 0, NULL},
    {"neighbour-del", OP_NEIGHBOUR_DEL, sizeof(struct op_neighbour), neighbour, 0, 0, NULL},
    {"read-neighbours", OP_READ_NEIGHBOURS, sizeof(struct op_read), read_of, sizeof(struct item_neighbour), 0,
	print_neighbour},
    {"rate-set", OP_RATE_SET, sizeof(struct op_rate), rate, 0, 0, NULL},
    {"rate-del", OP_RATE_DEL, sizeof(struct op_device), device, 0, 0, NULL},
    {"read-rates", OP_READ_RATES, sizeof(struct op_read), read_of, sizeof(struct item_rate), 0, print_rate},
    {"network-add", OP_NETWORK_ADD, sizeof(struct op_network), networks, 0, 0, NULL},
    {"network-del", OP_NETWORK_DEL, sizeof(struct op_network), networks, 0, 0, NULL},
    {"read-networks", OP_READ_NETWORKS, sizeof(struct op_instance), instance, sizeof(struct item_network), 0,
	print_network},
    {"tcp-state", OP_TCP_STATE, sizeof(struct op_tcp), tcp, 0, sizeof(struct reply_tcp), print_tcp},
    {"connections", OP_CONNECTIONS, sizeof(struct op_instance), instance, sizeof(struct item_connection), 0,
	print_connection},
    {"tcp-reset", OP_TCP_RESET, sizeof(struct op_tcp), tcp, 0, 0, NULL},
    {"counters", OP_COUNTERS, sizeof(struct op_instance), instance, 0, sizeof(struct reply_counters), print_counters},
    {"daemon-start", OP_DAEMON_START, sizeof(struct op_daemon), start, 0, 0, NULL},
    {"daemon-begin", OP_DAEMON_START, sizeof(struct op_daemon), start, 0, 0, NULL},
    {"daemon-state", OP_DAEMON_STATE, sizeof(struct op_instance), instance, 0, sizeof(struct reply_daemon),
	print_daemon},
    {"daemon-stop", OP_DAEMON_STOP, sizeof(struct op_stop), instance, 0, 0, NULL},
};

static _Noreturn void
usage_error(const char *what)
{
	printf("error usage: %s\n", what);
	fflush(stdout);
	_exit(64);
}

static uint32_t
number(const char *text)
{
	const char *why;
	long long v = strtonum(text, 0, UINT32_MAX, &why);

	if (why != NULL)
		usage_error(text);
	return (uint32_t)v;
}

static void
put(char *request, const struct member *m, char *value)
{
	uint32_t v;
	void *at = request + m->offset;

	switch (m->kind) {
	case NUMBER:
		v = number(value);
		memcpy(at, &v, sizeof(v));
		return;
	case NAME:
		strlcpy(at, value, OP_NAME_MAX);
		return;
	case NAMES: {
		char *names = at;

		for (const char *one; (one = strsep(&value, ",")) != NULL && names < request + m->offset + m->length;
		     names += OP_NAME_MAX)
			strlcpy(names, one, OP_NAME_MAX);
		return;
	}
	case MARK:
		strlcpy(at, value, OP_MARK_MAX);
		return;
	case ADDR:
		if (!ip_parse_addr(value, at))
			usage_error(value);
		return;
	case PREFIX:
		if (!ip_parse_prefix(value, at))
			usage_error(value);
		return;
	case KEY:
		v = (uint32_t)strlen(value);
		memcpy(at, value, v < OP_KEY_MAX ? v : OP_KEY_MAX);
		memcpy(request + m->length, &v, sizeof(v));
		return;
	case NONE:
		break;
	}
	usage_error(value);
}

static void
put_pair(char *request, const struct command *c, char *pair)
{
	char *value = pair;
	const char *name = strsep(&value, "=");

	if (value == NULL)
		usage_error(pair);
	for (const struct member *m = c->members; m->name != NULL; m++) {
		if (strcmp(m->name, name) == 0) {
			put(request, m, value);
			return;
		}
	}
	usage_error(name);
}

/* The agent does not wait for it. */
static enum dc_code
stop(struct agent *agent, struct op_stop *request, struct dc_error *err)
{
	struct monotonic begun = monotonic_now();
	struct op_instance look = {.instance = request->instance};
	struct reply_daemon reply = {0};
	enum dc_code code;

	while ((code = agent_do(agent, OP_DAEMON_STOP, request, sizeof(*request), err)) == DC_OK &&
	       (code = agent_ask(agent, OP_DAEMON_STATE, &look, sizeof(look), &reply, sizeof(reply), err)) == DC_OK &&
	       reply.pid != 0) {
		request->at_once = monotonic_since(begun) > STOP_MS;
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	}
	return code;
}

/* As little as for its end. */
static enum dc_code
start_and_wait(struct agent *agent, struct op_daemon *request, struct dc_error *err)
{
	struct op_instance look = {.instance = request->instance};
	struct reply_daemon reply = {.starting = 1};
	enum dc_code code = agent_do(agent, OP_DAEMON_START, request, sizeof(*request), err);

	while (code == DC_OK && reply.starting != 0) {
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
		code = agent_ask(agent, OP_DAEMON_STATE, &look, sizeof(look), &reply, sizeof(reply), err);
	}
	if (code == DC_OK && reply.pid == 0)
		return dc_fail(err, DC_E_KERNEL, NULL, "BIRD does not start: %s", reply.words);
	return code;
}

static enum dc_code
ask(struct agent *agent, const struct command *c, void *request, struct arena *arena, struct dc_error *err)
{
	enum dc_code code;

	if (c->op == OP_DAEMON_STOP)
		return stop(agent, request, err);
	if (c->op == OP_DAEMON_START && strcmp(c->name, "daemon-begin") != 0)
		return start_and_wait(agent, request, err);
	if (c->item > 0) {
		void *items;
		size_t n;

		if ((code = agent_list(agent, c->op, request, c->size, c->item, arena, &items, &n, err)) != DC_OK)
			return code;
		for (size_t i = 0; i < n; i++)
			c->print((const char *)items + i * c->item);
		return DC_OK;
	}
	if (c->reply > 0) {
		void *reply = arena_alloc(arena, c->reply);

		if ((code = agent_ask(agent, c->op, request, c->size, reply, c->reply, err)) == DC_OK)
			c->print(reply);
		return code;
	}
	return agent_do(agent, c->op, request, c->size, err);
}

static void
run_command(struct agent *agent, const struct command *c, char *rest)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	char *request = arena_alloc(arena, c->size);
	struct dc_error err = {0};

	for (char *pair; (pair = strsep(&rest, " ")) != NULL;)
		if (pair[0] != '\0')
			put_pair(request, c, pair);
	if (ask(agent, c, request, arena, &err) == DC_OK)
		printf("ok\n");
	else
		printf("error %s\n", err.text);
}

/* What is not in the table */

/* The agent ends at this, and the network half with it. */
static void
send_bytes(int fd, const void *data, size_t size)
{
	char byte;

	if (send(fd, data, size, MSG_NOSIGNAL) != (ssize_t)size)
		usage_error("send");
	if (recv(fd, &byte, 1, 0) <= 0)
		pause();
	printf("error it was answered\n");
}

static void
run_raw(int fd, char *rest)
{
	size_t size = number(strsep(&rest, " "));
	char *data = calloc(1, size + sizeof(struct op_header));
	uint32_t op = rest == NULL ? 0 : number(rest);

	if (data == NULL)
		usage_error("memory");
	memcpy(data, &op, sizeof(op));
	send_bytes(fd, data, size);
	free(data);
}

static void
run_garbled(int fd, const char *member)
{
	struct op_addr request = {.h.op = OP_ADDR_ADD, .instance = 1, .device = "x", .prefix = {{.family = IP_V4}, 24}};
	uint32_t family = 5;

	if (strcmp(member, "device") == 0)
		memset(request.device, 'x', sizeof(request.device));
	else if (strcmp(member, "family") == 0)
		memcpy(&request.prefix.addr.family, &family, sizeof(family));
	else if (strcmp(member, "length") == 0)
		request.prefix.len = 33;
	else
		usage_error(member);
	send_bytes(fd, &request, sizeof(request));
}

static void
show_status(const char *who, pid_t pid)
{
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if ((file = fopen(path, "r")) == NULL)
		usage_error(path);
	while (fgets(line, sizeof(line), file) != NULL) {
		char *value = line;
		const char *name = strsep(&value, "\t");

		if (strncmp(name, "Cap", 3) == 0 || strcmp(name, "Uid:") == 0 || strcmp(name, "Gid:") == 0 ||
		    strcmp(name, "NoNewPrivs:") == 0 || strcmp(name, "Groups:") == 0)
			printf("+ %s %s %s", who, name, value);
	}
	fclose(file);
}

static void
run_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	printf("+ clock %lld\nok\n", (long long)t.tv_sec * 1000000 + t.tv_nsec / 1000);
}

static void
run_rename(char *rest)
{
	const char *from = strsep(&rest, " ");

	printf(rest != NULL && rename(from, rest) == 0 ? "ok\n" : "error %s\n", strerror(errno));
}

/* The last line of an answer is "DDDD words"; the greeting is one, too. */
static bool
read_answer(FILE *daemon, char *line, size_t size)
{
	while (fgets(line, (int)size, daemon) != NULL)
		if (strspn(line, "0123456789") == 4 && line[4] == ' ')
			return true;
	return false;
}

static void
run_bird(char *rest)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	const char *path = strsep(&rest, " ");
	char line[LINE_SIZE] = "no answer\n";
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	FILE *daemon = fd < 0 ? NULL : fdopen(fd, "r+");

	strlcpy(at.sun_path, path, sizeof(at.sun_path));
	if (daemon == NULL || connect(fd, (const struct sockaddr *)&at, sizeof(at)) < 0)
		usage_error(path);
	if (read_answer(daemon, line, sizeof(line)) && fprintf(daemon, "%s\n", rest) > 0 && fflush(daemon) == 0 &&
	    read_answer(daemon, line, sizeof(line)) && line[0] == '0')
		printf("+ bird %sok\n", line);
	else
		printf("error %s", line);
	fclose(daemon);
}

/* Waits until the agent reports a change. */
static void
run_await(int changes, char *rest)
{
	struct pollfd p = {.fd = changes, .events = POLLIN};

	printf(poll(&p, 1, (int)number(rest)) == 1 ? "ok\n" : "error nothing changed\n");
}

static void
run_line(struct agent *agent, int fd, int changes, char *line)
{
	char *rest = line;
	const char *name = strsep(&rest, " ");

	printf("> %s\n", name);
	fflush(stdout);
	if (strcmp(name, "die") == 0)
		raise(SIGKILL);
	else if (strcmp(name, "raw") == 0)
		run_raw(fd, rest);
	else if (strcmp(name, "garbled") == 0)
		run_garbled(fd, rest);
	else if (strcmp(name, "await") == 0 && rest != NULL)
		run_await(changes, rest);
	else if (strcmp(name, "clock") == 0)
		run_clock();
	else if (strcmp(name, "rename") == 0 && rest != NULL)
		run_rename(rest);
	else if (strcmp(name, "bird") == 0 && rest != NULL)
		run_bird(rest);
	else if (strcmp(name, "privileges") == 0) {
		show_status("agent", getppid());
		show_status("network", getpid());
		printf("ok\n");
	} else if (strcmp(name, "read") == 0) {
		int file = open(rest, O_RDONLY | O_CLOEXEC);

		printf(file >= 0 ? "ok\n" : "error %s\n", strerror(errno));
		if (file >= 0)
			close(file);
	} else {
		const struct command *c = commands;

		while (c < commands + sizeof(commands) / sizeof(commands[0]) && strcmp(c->name, name) != 0)
			c++;
		if (c == commands + sizeof(commands) / sizeof(commands[0]))
			usage_error(name);
		run_command(agent, c, rest);
	}
	fflush(stdout);
}

/* Byte by byte: what is not read yet is for the next network half. */
static bool
read_line(char *line, size_t size)
{
	size_t n = 0;
	char c;

	while (read(STDIN_FILENO, &c, 1) == 1) {
		if (c == '\n') {
			line[n] = '\0';
			return true;
		}
		if (n + 1 >= size)
			usage_error("the line is too long");
		line[n++] = c;
	}
	return false;
}

static int
network(void)
{
	struct agent *agent = NULL;
	struct dc_error err = {0};
	char line[LINE_SIZE];

	prctl(PR_SET_NAME, "agent_try", 0, 0, 0);
	if ((errno = agent_network()) != 0 || agent_connect(AGENT_FD_SOCKET, &agent, &err) != DC_OK)
		usage_error(err.text);
	while (read_line(line, sizeof(line)))
		if (line[0] != '\0' && line[0] != '#')
			run_line(agent, AGENT_FD_SOCKET, AGENT_FD_CHANGES, line);
	if (write(AGENT_FD_HANDED, "", 1) != 1)
		return 1;
	for (;;)
		pause(); /* until the agent ends it */
}

static int
supervise(pid_t agent, int done)
{
	char byte;
	int status;

	/* The end of this pipe is closed when all that hold it are gone, too. */
	if (read(done, &byte, 1) == 1)
		kill(agent, SIGTERM);
	if (waitpid(agent, &status, 0) != agent)
		return 70;
	printf("agent %s=%d\n", WIFEXITED(status) ? "status" : "signal",
	    WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	return 0;
}

int
main(int argc, char **argv)
{
	char *const half[] = {argv[0], (char[]){"--network"}, NULL};
	struct agent_options options = {.network = half, .bird_memory = UINT64_C(1) << 30};
	int pipe_ends[2];
	pid_t agent;

	log_init("agent_try", LOG_INFO);
	if (argc == 2 && strcmp(argv[1], "--network") == 0)
		return network();
	if (argc != 4)
		usage_error("agent_try UID GID STATE_DIR");
	options.uid = number(argv[1]);
	options.gid = number(argv[2]);
	options.bird_first = BIRD_FIRST;
	options.bird_last = BIRD_FIRST + 9999;
	options.state_dir = argv[3];
	options.ports = getenv("AGENT_TRY_PORTS") != NULL ? getenv("AGENT_TRY_PORTS") : "*";
	if (pipe2(pipe_ends, O_CLOEXEC) != 0 || (agent = fork()) < 0)
		usage_error(strerror(errno));
	if (agent == 0) {
		close(pipe_ends[0]);
		options.handed = pipe_ends[1]; /* closed when the input ends */
		exit(agent_run(&options));
	}
	close(pipe_ends[1]);
	return supervise(agent, pipe_ends[0]);
}

/* SPDX-License-Identifier: ISC */
#include "edge/agent/counters.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "edge/agent/netns.h"

#define NETSTAT_MAX 65536

/* The next word of a line: *at after it, its length returned; 0 at the line's end. */
static size_t
next_word(const char **at, const char **word)
{
	size_t n;

	*at += strspn(*at, " ");
	*word = *at;
	n = strcspn(*at, " \n");
	*at += n;
	return n;
}

static bool
begins_with(const char *line, const char *group)
{
	size_t n = strlen(group);

	return strncmp(line, group, n) == 0 && line[n] == ':';
}

static const char *
next_line(const char *line)
{
	const char *end = strchr(line, '\n');

	return end == NULL ? NULL : end + 1;
}

static uint64_t
value_below(const char *names, const char *values, const char *name)
{
	const char *word, *value;
	size_t n;

	while ((n = next_word(&names, &word)) > 0 && next_word(&values, &value) > 0)
		if (n == strlen(name) && memcmp(word, name, n) == 0)
			return strtoumax(value, NULL, 10);
	return 0;
}

uint64_t
counters_value(const char *netstat, const char *group, const char *name)
{
	for (const char *names = netstat, *values; names != NULL && (values = next_line(names)) != NULL;
	     names = next_line(values))
		if (begins_with(names, group) && begins_with(values, group))
			return value_below(names, values, name);
	return 0;
}

/* To be run inside. */
static int
read_netstat(char *text, size_t size, struct fault *fault)
{
	int fd = open("/proc/thread-self/net/netstat", O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = 0;

	while (fd >= 0 && len < size - 1 && (n = read(fd, text + len, size - 1 - len)) > 0)
		len += (size_t)n;
	if (fd < 0 || n < 0)
		fault_errno(fault, "/proc/net/netstat");
	text[len] = '\0';
	if (fd >= 0)
		close(fd);
	return fault->code;
}

static int
op_counters(struct call *call, const void *request)
{
	const struct op_instance *op = request;
	char *text = arena_alloc(call->arena, NETSTAT_MAX);
	struct reply_counters *reply;
	struct netns *ns;

	if (netns_get(call->host, op->instance, &ns, &call->fault) != 0 || netns_enter(ns, &call->fault) != 0)
		return call->fault.code;
	call->fault.code = 0;
	int code = read_netstat(text, NETSTAT_MAX, &call->fault);

	netns_leave(call->host);
	if (code != 0)
		return code;
	reply = call_reply(call, sizeof(*reply));
	reply->md5_failure = counters_value(text, "TcpExt", "TCPMD5Failure");
	reply->md5_not_found = counters_value(text, "TcpExt", "TCPMD5NotFound");
	reply->md5_unexpected = counters_value(text, "TcpExt", "TCPMD5Unexpected");
	return 0;
}

static const struct op_row rows[] = {
    {OP_COUNTERS, op_counters, sizeof(struct op_instance), members_instance},
};

const struct object counters_object = OBJECT(rows);

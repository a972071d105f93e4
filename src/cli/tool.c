/* SPDX-License-Identifier: ISC */
#include "cli/tool.h"

#define TOOL(name, k, words)                                                                                           \
	{                                                                                                              \
		.noun = name, .verb = "", .kind = k, .method = "", .path = "", .summary = words                        \
	}

const struct command tools[] = {
    TOOL("apply", COMMAND_APPLY, "Create what a file describes and is missing; change what differs."),
    TOOL("diff", COMMAND_DIFF, "Print what apply would do; the exit status is 6 when that is something."),
    TOOL("export", COMMAND_EXPORT, "Print what there is as a file for apply."),
    TOOL("topology", COMMAND_TOPOLOGY, "Draw connections, interfaces, peers, gateways and links with their states."),
    TOOL("events", COMMAND_EVENTS, "Print what happened, the newest last."),
    TOOL("doctor", COMMAND_DOCTOR, "Find out why an interface does not work, and what to do."),
    {0},
};

const struct command *
tool_find(const char *name)
{
	for (const struct command *t = tools; t->noun != NULL; t++) {
		if (strcmp(t->noun, name) == 0)
			return t;
	}
	return NULL;
}

bool
tool_is(const struct command *c)
{
	return c != NULL && c->kind >= COMMAND_APPLY;
}

const char *
tool_form(const struct command *c)
{
	if (c->kind == COMMAND_DOCTOR)
		return " NAME";
	if (c->kind == COMMAND_EXPORT)
		return " [RESOURCE [NAME ...]]";
	return c->kind == COMMAND_APPLY || c->kind == COMMAND_DIFF ? " -f FILE" : "";
}

bool
tool_takes_words(const struct command *c)
{
	return c->kind == COMMAND_EXPORT;
}

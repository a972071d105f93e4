/* SPDX-License-Identifier: ISC */
/* object.h - a kernel object as the agent's tables see it: the requests that it answers, and what one kind of device
 * has of its own. Each object is a file, and a line in objects.c. */
#ifndef DC_AGENT_OBJECT_H
#define DC_AGENT_OBJECT_H

#include "edge/agent/host.h"
#include "edge/agent/netns.h"
#include "edge/agent/nl_link.h"

/* How a member of a request is checked before anything is done. */
enum member_check {
	MEMBER_END = 0,
	MEMBER_INSTANCE,
	MEMBER_NAME, /* of a device of ours */
	MEMBER_MAYBE_NAME,
	MEMBER_MAYBE_NAMES, /* OP_DEVICES of them */
	MEMBER_PORT,        /* of a device of the router's own */
	MEMBER_MAYBE_PORT,
	MEMBER_MARK,
	MEMBER_ADDR,
	MEMBER_MAYBE_ADDR,
	MEMBER_PREFIX,
};

struct member {
	enum member_check check;
	size_t offset;
};

#define MEMBER(type, check, name)                                                                                      \
	{                                                                                                              \
		MEMBER_##check, offsetof(struct type, name)                                                            \
	}

extern const struct member members_none[], members_instance[], members_read[]; /* of op_none, op_instance, op_read */

struct op_row { /* one request */
	enum agent_op op;
	operation *run;
	size_t size;
	const struct member *members; /* MEMBER_END is the last */
};

struct object {
	const struct op_row *row;
	size_t rows;
};

#define OBJECT(rows)                                                                                                   \
	{                                                                                                              \
		rows, sizeof(rows) / sizeof((rows)[0])                                                                 \
	}

extern const struct object *const objects[]; /* NULL is the last */

/* A list of devices that is being read, for the kinds' own parts of it. */
struct device_list {
	struct netns *ns;
	struct link *link, *port; /* port: devices of the router's own namespace */
	size_t links, ports;
	void *own[LINK_KINDS]; /* what begin() of the kind left there */
};

/* Functions that are NULL have nothing to do. All but fill() return 0, or an errno with call->fault filled. */
struct device_kind {
	/* Before the first device of the kind in a list: reads what its items need. */
	int (*begin)(struct call *, const struct device_list *, void **own);
	/* The kind's part of an item; the device may be another's. */
	void (*fill)(
	    struct call *, const struct device_list *, const void *own, const struct link *, struct item_link *);
	/* What is brought in line before one of ours goes up. */
	int (*before_up)(struct call *, struct netns *, const struct link *);
	int (*before_delete)(struct call *, struct netns *, const struct link *);
	int (*after_delete)(struct call *, struct netns *, const struct link *);
};

extern const struct device_kind *const device_kinds[LINK_KINDS]; /* NULL: nothing of its own */

#endif

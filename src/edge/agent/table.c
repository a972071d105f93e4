/* SPDX-License-Identifier: ISC */
#include "edge/agent/table.h"

#include <errno.h>
#include <string.h>

#include "base/name.h"
#include "edge/agent/nl_link.h"
#include "edge/agent/object.h"

#define INSTANCE_LAST 9999

static enum table_verdict
check_name(const char *text, bool empty_is_fine, bool fits(const char *), struct fault *fault)
{
	if (memchr(text, '\0', OP_NAME_MAX) == NULL)
		return TABLE_MALFORMED;
	if ((text[0] == '\0' && empty_is_fine) || fits(text))
		return TABLE_FINE;
	if (text[0] == '\0')
		fault_set(fault, EINVAL, "a name is missing");
	else
		fault_set(fault, EINVAL, "that is no name of a device");
	return TABLE_REFUSED;
}

static enum table_verdict
check_names(const char *names, struct fault *fault)
{
	enum table_verdict worst = TABLE_FINE;

	for (size_t i = 0; i < OP_DEVICES; i++) {
		enum table_verdict verdict = check_name(names + i * OP_NAME_MAX, true, name_is_ours, fault);

		if (verdict > worst)
			worst = verdict;
	}
	return worst;
}

static enum table_verdict
check_mark(const char *text, struct fault *fault)
{
	if (memchr(text, '\0', OP_MARK_MAX) == NULL)
		return TABLE_MALFORMED;
	if (strncmp(text, LINK_MARK, sizeof(LINK_MARK) - 1) != 0 || text[sizeof(LINK_MARK) - 1] == '\0') {
		fault_set(fault, EINVAL, "that is no mark of ours");
		return TABLE_REFUSED;
	}
	return TABLE_FINE;
}

/* The family is read as a number: what another process wrote need not be one of the enum. */
static enum table_verdict
check_addr(const struct ip_addr *a, bool none_is_fine)
{
	uint32_t family;

	memcpy(&family, &a->family, sizeof(family));
	return family == IP_V4 || family == IP_V6 || (family == IP_NONE && none_is_fine) ? TABLE_FINE : TABLE_MALFORMED;
}

static enum table_verdict
check_prefix(const struct ip_prefix *p)
{
	if (check_addr(&p->addr, false) != TABLE_FINE)
		return TABLE_MALFORMED;
	return p->len <= ip_bits(p->addr.family) ? TABLE_FINE : TABLE_MALFORMED;
}

static enum table_verdict
check_instance(const uint32_t *number, struct fault *fault)
{
	if (*number >= 1 && *number <= INSTANCE_LAST)
		return TABLE_FINE;
	fault_set(fault, EINVAL, "there is no instance %u", *number);
	return TABLE_REFUSED;
}

static enum table_verdict
check_member(const struct member *m, const char *packet, struct fault *fault)
{
	const void *at = packet + m->offset;

	switch (m->check) {
	case MEMBER_END:
		return TABLE_FINE;
	case MEMBER_INSTANCE:
		return check_instance(at, fault);
	case MEMBER_NAME:
	case MEMBER_MAYBE_NAME:
		return check_name(at, m->check == MEMBER_MAYBE_NAME, name_is_ours, fault);
	case MEMBER_MAYBE_NAMES:
		return check_names(at, fault);
	case MEMBER_PORT:
	case MEMBER_MAYBE_PORT:
		return check_name(at, m->check == MEMBER_MAYBE_PORT, name_is_port, fault);
	case MEMBER_MARK:
		return check_mark(at, fault);
	case MEMBER_ADDR:
	case MEMBER_MAYBE_ADDR:
		return check_addr(at, m->check == MEMBER_MAYBE_ADDR);
	case MEMBER_PREFIX:
		return check_prefix(at);
	}
	return TABLE_MALFORMED;
}

static const struct op_row *
find_row(uint32_t op)
{
	for (const struct object *const *object = objects; *object != NULL; object++)
		for (size_t i = 0; i < (*object)->rows; i++)
			if ((*object)->row[i].op == op)
				return &(*object)->row[i];
	return NULL;
}

enum table_verdict
table_check(const void *packet, size_t size, bool hello, struct fault *fault)
{
	const struct op_header *header = packet;
	enum table_verdict worst = TABLE_FINE;
	const struct op_row *row;

	if (size < sizeof(*header) || (row = find_row(header->op)) == NULL || row->size != size)
		return TABLE_MALFORMED;
	if ((header->op == OP_HELLO) == hello) /* first, and once */
		return TABLE_MALFORMED;
	for (const struct member *m = row->members; m->check != MEMBER_END; m++) {
		enum table_verdict verdict = check_member(m, packet, fault);

		if (verdict > worst)
			worst = verdict;
	}
	return worst;
}

operation *
table_operation(const void *packet)
{
	const struct op_row *row = find_row(((const struct op_header *)packet)->op);

	return row != NULL ? row->run : NULL;
}

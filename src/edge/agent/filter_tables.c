/* SPDX-License-Identifier: ISC */
#include "edge/agent/filter_tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/rtnetlink.h>

#include "edge/agent/bpf.h"
#include "edge/agent/nl.h"
#include "edge/agent/nl_tc.h"

#define NAME "dcaas"
#define ASK_MS 30000 /* of all devices, also without news */
#define ROWS_MAX (1u << 20)

static const struct bpf_table shapes[FILTER_MAPS] = {
    [FILTER_DEVICES] = {BPF_MAP_TYPE_HASH, sizeof(uint32_t), sizeof(struct filter_device), ROWS_MAX, BPF_F_NO_PREALLOC,
	"dcaas_devices"},
    [FILTER_LINKS] = {BPF_MAP_TYPE_LPM_TRIE, sizeof(struct filter_prefix_key), sizeof(struct filter_link), ROWS_MAX,
	BPF_F_NO_PREALLOC, "dcaas_links"},
    [FILTER_NETWORKS] = {BPF_MAP_TYPE_LPM_TRIE, sizeof(struct filter_prefix_key), sizeof(struct filter_network),
	ROWS_MAX, BPF_F_NO_PREALLOC, "dcaas_networks"},
    [FILTER_NEIGHBOURS] = {BPF_MAP_TYPE_HASH, sizeof(struct filter_neighbour_key), sizeof(struct filter_neighbour),
	ROWS_MAX, BPF_F_NO_PREALLOC, "dcaas_neighbour"},
};

int
filter_tables_open(struct filter_tables *t, struct nl *nl, struct fault *fault)
{
	const int group = RTNLGRP_TC;

	t->nl = nl;
	if (nl_open(NETLINK_ROUTE, &t->watch, fault) != 0)
		return fault->code;
	return nl_join(t->watch, &group, 1, fault);
}

static void
close_tables(const int table[FILTER_MAPS])
{
	for (size_t i = 0; i < FILTER_MAPS; i++)
		if (table[i] >= 0)
			close(table[i]);
}

void
filter_tables_close(struct filter_tables *t)
{
	nl_close(t->watch);
	free(t->seen);
	if (t->open) {
		close_tables(t->table);
		close(t->program);
	}
	*t = (struct filter_tables){0};
}

/* --- program and tables --- */

static int
load_program(const int table[FILTER_MAPS], struct bpf_program_info *info, int *ret, struct fault *fault)
{
	struct bpf_insn insn[FILTER_PROGRAM_MAX];
	size_t n = filter_program(table, insn);

	*ret = bpf_program_load(insn, n, NAME, fault);
	if (*ret < 0)
		return fault->code;
	if (bpf_program_info(*ret, info, fault) == 0)
		return 0;
	close(*ret);
	return fault->code;
}

/* The program that the device has, when it is one of ours with tables of this shape; -1: it has none. */
static int
find_program(struct filter_tables *t, uint32_t ifindex, struct bpf_program_info *info, struct fault *fault)
{
	uint32_t id;
	int fd;

	if (tc_program_get(t->nl, ifindex, &id, fault) != 0 || id == 0 || (fd = bpf_program_by_id(id, fault)) < 0)
		return -1;
	if (bpf_program_info(fd, info, fault) == 0 && strcmp(info->name, NAME) == 0 &&
	    bpf_program_tables(fd, shapes, FILTER_MAPS, t->table, fault) == 0)
		return fd;
	close(fd);
	return -1;
}

static int
make_tables(struct filter_tables *t, struct fault *fault)
{
	for (size_t i = 0; i < FILTER_MAPS; i++)
		t->table[i] = -1;
	for (size_t i = 0; i < FILTER_MAPS; i++)
		if ((t->table[i] = bpf_table_new(&shapes[i], fault)) < 0) {
			close_tables(t->table);
			return fault->code;
		}
	return 0;
}

int
filter_tables_have(struct filter_tables *t, const struct link *link, size_t n, struct fault *fault)
{
	struct bpf_program_info old = {0}, own;
	struct fault ignored = {0};
	int found = -1;

	if (t->open)
		return 0;
	for (size_t i = 0; i < n && found < 0; i++)
		if (link_is_ours(&link[i]) && link[i].master != 0)
			found = find_program(t, link[i].index, &old, &ignored);
	if (found < 0 && make_tables(t, fault) != 0)
		return fault->code;
	if (load_program(t->table, &own, &t->program, fault) != 0) {
		close_tables(t->table);
		if (found >= 0)
			close(found);
		return fault->code;
	}
	/* The same one again: what has it keeps it. */
	if (found >= 0 && memcmp(old.tag, own.tag, sizeof(own.tag)) == 0) {
		close(t->program);
		t->program = found;
		own = old;
	} else if (found >= 0)
		close(found);
	t->id = own.id;
	t->open = true;
	return 0;
}

/* --- devices --- */

static int
compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static uint32_t *
find_seen(const struct filter_tables *t, uint32_t ifindex)
{
	return t->seen_n == 0 ? NULL : bsearch(&ifindex, t->seen, t->seen_n, sizeof(*t->seen), compare);
}

static void
hear(void *arg, const struct nlmsghdr *h)
{
	struct filter_tables *t = arg;
	const struct tcmsg *tcm = mnl_nlmsg_get_payload(h);
	uint32_t *seen;

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*tcm) || (seen = find_seen(t, (uint32_t)tcm->tcm_ifindex)) == NULL)
		return;
	memmove(seen, seen + 1, (size_t)(t->seen + t->seen_n - seen - 1) * sizeof(*seen));
	t->seen_n--;
}

bool
filter_tables_changed(struct filter_tables *t)
{
	bool lost = false, heard = nl_heard(t->watch, hear, t, &lost);

	if (lost)
		t->seen_n = 0;
	return heard;
}

int
filter_tables_on(struct filter_tables *t, const struct link *link, size_t n, bool *has, struct fault *fault)
{
	uint32_t *now = reallocarray(NULL, n + 1, sizeof(*now));
	size_t count = 0;

	if (now == NULL)
		return fault_errno(fault, "filters");
	filter_tables_changed(t);
	if (monotonic_since(t->asked) > ASK_MS) {
		t->seen_n = 0;
		t->asked = monotonic_now();
	}
	for (size_t i = 0; i < n; i++) {
		uint32_t id = 0;

		has[i] = find_seen(t, link[i].index) != NULL;
		if (!has[i] && link_is_ours(&link[i]) && link[i].master != 0) {
			if (tc_program_get(t->nl, link[i].index, &id, fault) != 0) {
				free(now);
				return fault->code;
			}
			has[i] = id == t->id;
		}
		if (has[i])
			now[count++] = link[i].index;
	}
	qsort(now, count, sizeof(*now), compare);
	free(t->seen);
	t->seen = now;
	t->seen_n = count;
	return 0;
}

int
filter_tables_on_one(struct filter_tables *t, const struct link *link, bool *has, struct fault *fault)
{
	uint32_t id = 0, *grown;
	size_t at = 0;

	filter_tables_changed(t);
	*has = find_seen(t, link->index) != NULL;
	if (*has || !link_is_ours(link) || link->master == 0)
		return 0;
	if (tc_program_get(t->nl, link->index, &id, fault) != 0)
		return fault->code;
	*has = id == t->id;
	if (!*has)
		return 0;
	if ((grown = reallocarray(t->seen, t->seen_n + 1, sizeof(*grown))) == NULL)
		return fault_errno(fault, "filters");
	t->seen = grown;
	while (at < t->seen_n && grown[at] < link->index)
		at++;
	memmove(&grown[at + 1], &grown[at], (t->seen_n - at) * sizeof(*grown));
	grown[at] = link->index;
	t->seen_n++;
	return 0;
}

int
filter_tables_attach(struct filter_tables *t, uint32_t ifindex, struct fault *fault)
{
	bool made;

	if (tc_hook(t->nl, ifindex, &made, fault) != 0)
		return fault->code;
	return tc_program_put(t->nl, ifindex, t->program, NAME, fault);
}

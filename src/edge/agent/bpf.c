/* SPDX-License-Identifier: ISC */
#include "edge/agent/bpf.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BATCH 512
/* The kernel fills its stock of rows in the background, and refuses many updates at once with ENOMEM. */
#define MEMORY_TRIES 20
#define MEMORY_WAIT_NS 2000000
#define KEY_MAX 40
#define VALUE_MAX 8
#define TABLES_MAX 8
#define ROWS_MAX ((size_t)64 << 20) /* bytes of a table */

static int
ask(enum bpf_cmd command, union bpf_attr *attr)
{
	long code;

	do
		code = syscall(SYS_bpf, command, attr, sizeof(*attr));
	while (code < 0 && errno == EINTR);
	return (int)code;
}

static uint64_t
pointer(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

int
bpf_table_new(const struct bpf_table *t, struct fault *fault)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = t->kind;
	attr.key_size = t->key;
	attr.value_size = t->value;
	attr.max_entries = t->max;
	attr.map_flags = t->flags;
	strlcpy(attr.map_name, t->name, sizeof(attr.map_name));
	int fd = ask(BPF_MAP_CREATE, &attr);

	if (fd < 0)
		fault_errno(fault, "table %s of the filter", t->name);
	return fd;
}

int
bpf_program_load(const struct bpf_insn *insn, size_t n, const char *name, struct fault *fault)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_SCHED_CLS;
	attr.insns = pointer(insn);
	attr.insn_cnt = (uint32_t)n;
	attr.license = pointer("GPL");
	strlcpy(attr.prog_name, name, sizeof(attr.prog_name));
	int fd = ask(BPF_PROG_LOAD, &attr);

	if (fd < 0)
		fault_errno(fault, "the kernel does not take the filter's program");
	return fd;
}

int
bpf_program_by_id(uint32_t id, struct fault *fault)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_id = id;
	int fd = ask(BPF_PROG_GET_FD_BY_ID, &attr);

	if (fd < 0)
		fault_errno(fault, "eBPF program %u", id);
	return fd;
}

static int
read_info(int fd, void *info, size_t size, struct fault *fault)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = (uint32_t)size;
	attr.info.info = pointer(info);
	return ask(BPF_OBJ_GET_INFO_BY_FD, &attr) == 0 ? 0 : fault_errno(fault, "reading about the filter");
}

int
bpf_program_info(int fd, struct bpf_program_info *ret, struct fault *fault)
{
	struct bpf_prog_info info = {0};

	if (read_info(fd, &info, sizeof(info), fault) != 0)
		return fault->code;
	*ret = (struct bpf_program_info){.id = info.id};
	memcpy(ret->tag, info.tag, sizeof(ret->tag));
	strlcpy(ret->name, info.name, sizeof(ret->name));
	return 0;
}

/* -1: it is not the one. */
static int
open_table(uint32_t id, const struct bpf_table *want, struct fault *fault)
{
	struct bpf_map_info info = {0};
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.map_id = id;
	if ((fd = ask(BPF_MAP_GET_FD_BY_ID, &attr)) < 0)
		return -1;
	if (read_info(fd, &info, sizeof(info), fault) == 0 && strcmp(info.name, want->name) == 0 &&
	    info.type == want->kind && info.key_size == want->key && info.value_size == want->value)
		return fd;
	close(fd);
	return -1;
}

int
bpf_program_tables(int fd, const struct bpf_table *table, size_t n, int *ret, struct fault *fault)
{
	uint32_t id[TABLES_MAX] = {0};
	struct bpf_prog_info info = {.nr_map_ids = TABLES_MAX, .map_ids = pointer(id)};
	size_t found = 0;

	if (read_info(fd, &info, sizeof(info), fault) != 0)
		return fault->code;
	for (size_t i = 0; i < n; i++) {
		ret[i] = -1;
		for (size_t k = 0; k < info.nr_map_ids && k < TABLES_MAX && ret[i] < 0; k++)
			ret[i] = open_table(id[k], &table[i], fault);
		found += ret[i] >= 0;
	}
	if (found == n)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (ret[i] >= 0)
			close(ret[i]);
	return fault_set(fault, ENOENT, "the filter's program has other tables");
}

int
bpf_put(int table, const void *key, const void *value, struct fault *fault)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)table;
	attr.key = pointer(key);
	attr.value = pointer(value);
	attr.flags = BPF_ANY;
	for (int i = 0; i < MEMORY_TRIES; i++) {
		if (ask(BPF_MAP_UPDATE_ELEM, &attr) == 0)
			return 0;
		if (errno != ENOMEM)
			break;
		nanosleep(&(struct timespec){.tv_nsec = MEMORY_WAIT_NS}, NULL);
		errno = ENOMEM;
	}
	return fault_errno(fault, "table of the filter");
}

int
bpf_del(int table, const void *key, struct fault *fault)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)table;
	attr.key = pointer(key);
	return ask(BPF_MAP_DELETE_ELEM, &attr) == 0 || errno == ENOENT ? 0 : fault_errno(fault, "table of the filter");
}

int
bpf_get(int table, const void *key, void *value, struct fault *fault)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)table;
	attr.key = pointer(key);
	attr.value = pointer(value);
	return ask(BPF_MAP_LOOKUP_ELEM, &attr) == 0 ? 0 : fault_errno(fault, "table of the filter");
}

static size_t
rounded(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

static void
add(struct buf *out, const void *what, size_t size)
{
	static const char zero[8];

	buf_add(out, what, size);
	buf_add(out, zero, rounded(size) - size);
}

static void
add_rows(struct buf *out, const char *keys, const char *values, uint32_t n, size_t key, size_t value)
{
	for (uint32_t i = 0; i < n; i++) {
		add(out, keys + i * key, key);
		add(out, values + i * value, value);
	}
}

/* Nobody but this process changes the tables, so no row is missed or doubled. */
int
bpf_read(int table, size_t key, size_t value, struct buf *out, struct fault *fault)
{
	char keys[BATCH * KEY_MAX] = {0}, values[BATCH * VALUE_MAX] = {0}, from[KEY_MAX] = {0}, next[KEY_MAX] = {0};
	bool first = true, more = true;

	out->max = ROWS_MAX;
	buf_reset(out);
	if (key > KEY_MAX || value > VALUE_MAX)
		return fault_set(fault, EINVAL, "rows of the filter's table are too large");
	while (more) {
		union bpf_attr attr;

		memset(&attr, 0, sizeof(attr));
		attr.batch.map_fd = (uint32_t)table;
		attr.batch.in_batch = first ? 0 : pointer(from);
		attr.batch.out_batch = pointer(next);
		attr.batch.keys = pointer(keys);
		attr.batch.values = pointer(values);
		attr.batch.count = BATCH;
		more = ask(BPF_MAP_LOOKUP_BATCH, &attr) == 0;
		if (!more && errno != ENOENT)
			return fault_errno(fault, "reading the filter's tables");
		add_rows(out, keys, values, attr.batch.count, key, value);
		memcpy(from, next, sizeof(from));
		first = false;
	}
	return out->failed ? fault_set(fault, ENOMEM, "the filter's tables are too large") : 0;
}

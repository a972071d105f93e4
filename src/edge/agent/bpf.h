/* SPDX-License-Identifier: ISC */
/* bpf.h - eBPF programs and tables: bpf(2), one call each; CAP_SYS_ADMIN and CAP_NET_ADMIN are what it needs.
 * Everything is held by descriptors; what nothing holds any more is gone. */
#ifndef DC_AGENT_BPF_H
#define DC_AGENT_BPF_H

#include <stddef.h>
#include <stdint.h>

#include <linux/bpf.h>

#include "base/buf.h"
#include "edge/agent/fault.h"

struct bpf_table {
	uint32_t kind; /* BPF_MAP_TYPE_... */
	uint32_t key, value, max, flags;
	const char *name; /* at most 15 characters */
};

/* Descriptors (close-on-exec), or -1 with the fault. */
int bpf_table_new(const struct bpf_table *, struct fault *);
int bpf_program_load(const struct bpf_insn *, size_t n, const char *name, struct fault *);
int bpf_program_by_id(uint32_t id, struct fault *);

/* What distinguishes programs: the kernel's number, and a digest of its instructions. */
struct bpf_program_info {
	uint32_t id;
	uint8_t tag[BPF_TAG_SIZE];
	char name[BPF_OBJ_NAME_LEN];
};
int bpf_program_info(int fd, struct bpf_program_info *ret, struct fault *);
/* The tables that a program looks into, found by their names: n descriptors in fd, or none. ENOENT when one of that
 * name and shape is not among them. */
int bpf_program_tables(int fd, const struct bpf_table *, size_t n, int *ret, struct fault *);

int bpf_put(int table, const void *key, const void *value, struct fault *);
int bpf_del(int table, const void *key, struct fault *);              /* not there: fine */
int bpf_get(int table, const void *key, void *value, struct fault *); /* ENOENT */
/* All rows: key and value one behind the other, each rounded up to 8 bytes. */
int bpf_read(int table, size_t key, size_t value, struct buf *out, struct fault *);

#endif

/* SPDX-License-Identifier: ISC */
/* xstate.c - lets user-mode Linux run on processors whose register state is larger than it knows (those with AMX). Such
 * a kernel hands back the 2,696 bytes that it has room for, and the host refuses any but the whole state: EFAULT, and a
 * panic in the first process. Preloaded into linux.uml, this completes what the kernel sets with what the host has. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

#ifndef NT_X86_XSTATE
#define NT_X86_XSTATE 0x202
#endif

typedef long ptrace_fn(enum __ptrace_request, ...);

/* One kernel, one processor, one thread: a buffer of its own is enough. */
static _Alignas(64) unsigned char whole[64 * 1024];

static long
set_state(ptrace_fn *next, pid_t pid, void *kind, const struct iovec *given)
{
	struct iovec all = {.iov_base = whole, .iov_len = sizeof(whole)};

	if (next(PTRACE_GETREGSET, pid, kind, &all) != 0)
		return -1;
	memcpy(whole, given->iov_base, given->iov_len < all.iov_len ? given->iov_len : all.iov_len);
	return next(PTRACE_SETREGSET, pid, kind, &all);
}

long
ptrace(enum __ptrace_request request, ...)
{
	static ptrace_fn *next;
	va_list args;
	pid_t pid;
	void *addr, *data;

	va_start(args, request);
	pid = va_arg(args, pid_t);
	addr = va_arg(args, void *);
	data = va_arg(args, void *);
	va_end(args);
	if (next == NULL)
		*(void **)&next = dlsym(RTLD_NEXT, "ptrace");
	if (request == PTRACE_SETREGSET && (unsigned long)addr == NT_X86_XSTATE)
		return set_state(next, pid, addr, data);
	return next(request, pid, addr, data);
}

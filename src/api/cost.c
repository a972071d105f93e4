/* SPDX-License-Identifier: ISC */
/* What reads cost. The threads of the HTTP server carry out what is short; a read that took long, of this route and
 * project, is taken for long for a while, and runs on a thread for that, where projects take turns.
 *
 * Long is what uses much processor, not what waits for a core. To ask the kernel for a thread's processor time costs as
 * much as a tenth of a short read, so a read is timed by the clock on the wall, and only one that was long by that is
 * measured the next time. */
#include "api/api_priv.h"

#include <time.h>

#define LONG_US 3000
#define LONG_FOR_S 60
#define SLOTS 4096

/* Which read it is (upper half) and until when it is long, monotonic seconds (lower). Another one in its place makes a
 * read short by mistake, which costs one run in the wrong place. */
static _Atomic uint64_t slots[SLOTS];

static uint32_t
key_of(const struct exchange *x)
{
	const char *project = call_param(&x->call, "project_id");
	uint64_t party = turns_party(project) ^ turns_party(x->call.route->path);

	return (uint32_t)(party ^ party >> 32);
}

bool
cost_is_high(const struct exchange *x)
{
	uint32_t key = key_of(x);
	uint64_t slot = atomic_load_explicit(&slots[key % SLOTS], memory_order_relaxed);

	return slot >> 32 == key && (uint32_t)slot > (uint32_t)(monotonic_now().ms / 1000);
}

/* Reads that were long by the clock on the wall: their keys. */
static _Atomic uint32_t suspects[SLOTS];

static int64_t
clock_us(clockid_t clock)
{
	struct timespec ts;

	return clock_gettime(clock, &ts) == 0 ? ts.tv_sec * INT64_C(1000000) + ts.tv_nsec / 1000 : 0;
}

struct cost
cost_begin(const struct exchange *x)
{
	uint32_t key = key_of(x);
	bool measured = atomic_load_explicit(&suspects[key % SLOTS], memory_order_relaxed) == key;

	return (struct cost){key, measured, clock_us(measured ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC)};
}

void
cost_end(const struct cost *begun)
{
	int64_t us = clock_us(begun->measured ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC) - begun->at;
	uint32_t slot = begun->key % SLOTS;

	if (!begun->measured) {
		if (us >= LONG_US)
			atomic_store_explicit(&suspects[slot], begun->key, memory_order_relaxed);
		return;
	}
	if (us >= LONG_US)
		atomic_store_explicit(&slots[slot],
		    (uint64_t)begun->key << 32 | (uint32_t)(monotonic_now().ms / 1000 + LONG_FOR_S),
		    memory_order_relaxed);
	else
		atomic_store_explicit(&suspects[slot], 0, memory_order_relaxed);
}

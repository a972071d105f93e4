/* What reads cost. The threads of the HTTP server carry out what is short; a read that took long, of this route and
 * project, is taken for long for a while, and runs on a thread for that, where projects take turns. */
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

/* Of this thread alone: a core that others take makes no read long. */
int64_t
cost_clock(void)
{
	struct timespec ts;

	return clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts) == 0 ? ts.tv_sec * INT64_C(1000000) + ts.tv_nsec / 1000 : 0;
}

void
cost_note(const struct exchange *x, int64_t us)
{
	uint32_t key = key_of(x);

	if (us >= LONG_US)
		atomic_store_explicit(&slots[key % SLOTS],
		    (uint64_t)key << 32 | (uint32_t)(monotonic_now().ms / 1000 + LONG_FOR_S), memory_order_relaxed);
}

/* SPDX-License-Identifier: ISC */
/* apply_harm.c - whether a set would do harm. */
#include <netinet/tcp.h>

#include "edge/apply_priv.h"

static bool
is_wanted(const struct want *const *want, size_t n, const struct item_connection *c)
{
	for (size_t i = 0; i < n; i++) {
		const struct want_bgp *w = &want[i]->bgp;

		if (want[i]->kind == OBJECT_BGP && want[i]->known && !want[i]->deleted &&
		    ip_addr_equal(&w->local, &c->local) && ip_addr_equal(&w->remote, &c->remote))
			return true;
	}
	return false;
}

/* Sessions that run and that nobody in the set wants would end as soon as the daemon was given the set. */
static enum dc_code
would_end_session(struct apply *a, uint32_t instance, const struct want *const *want, size_t n, struct arena *arena,
    bool *ret, struct dc_error *err)
{
	const struct item_connection *c;
	size_t count;
	enum dc_code rc = a->kernel->ops->read_connections(a->kernel, instance, arena, &c, &count, err);

	for (size_t i = 0; rc == DC_OK && i < count; i++)
		*ret = *ret || (c[i].state == TCP_ESTABLISHED && !is_wanted(want, n, &c[i]));
	return rc;
}

enum dc_code
apply_would_harm(struct apply *a, const struct want *const *want, size_t n, bool *ret, struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct seen seen;
	struct plan plan;
	enum dc_code rc = seen_ask(a->seen, true, err);

	*ret = true;
	if (rc != DC_OK)
		return rc;
	seen = seen_now(a->seen);
	seen.in = arena_array(arena, seen.instance_count + 1, sizeof(*seen.in));
	*ret = false;
	for (size_t i = 0; rc == DC_OK && i < seen.instance_count; i++) {
		const struct kernel_instance *kernel;

		if ((rc = seen_read(a->seen, seen.instance[i].instance, &kernel, err)) == DC_OK && kernel != NULL) {
			seen.in[seen.in_count++] = (struct seen_instance){.kernel = kernel};
			rc = would_end_session(a, kernel->instance, want, n, arena, ret, err);
		}
	}
	if (rc != DC_OK)
		return rc;
	plan_make(want, n, &seen, arena, &plan);
	*ret = *ret || plan.deletions > 0;
	return DC_OK;
}

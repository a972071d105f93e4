/* SPDX-License-Identifier: ISC */
/* fuzz_target.c - request targets: routing, parameters of the query, and the canonical form that signatures are made
 * of. The first line is the method and the raw path, the second the raw query, the third an Authorization value. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "auth/aksk.h"
#include "auth/percent.h"
#include "res/registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *
header(void *arg, const char *name)
{
	(void)name;
	return arg;
}

static void
find(enum method method, const char *path, struct arena *arena)
{
	struct route_index *index = route_index_new(registry_routes(NULL, arena));
	struct route_match match;
	struct dc_error err = {0};

	bool found = route_find(index, method, path, arena, &match, &err) == DC_OK;

	route_index_free(index);
	if (!found)
		return;
	for (size_t i = 0; i < match.params; i++)
		if (strchr(match.param[i].value, '/') != NULL)
			abort(); /* a parameter is one segment */
}

/* Of a query that passed the check at the call's begin, every part can be read. */
static void
parameters(const char *query, struct arena *arena)
{
	static const char *const names[] = {"limit", "marker", "name", "fields", ""};
	const struct call call = {.arena = arena, .raw_query = query};

	if (percent_decode_text(query, strlen(query), arena) == NULL)
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t n = call_query_count(&call, names[i]);

		for (size_t k = 0; k < n; k++)
			if (call_query(&call, names[i], k) == NULL)
				abort();
		if (call_query(&call, names[i], n) != NULL)
			abort();
	}
}

static void
signature(const char *path, const char *query, char *authorization, struct arena *arena)
{
	struct aksk_input in = {.method = "GET",
	    .raw_path = path,
	    .raw_query = query,
	    .header = header,
	    .header_arg = authorization,
	    .body = "",
	    .date = "20260801T120000Z"};
	char mac[SHA256_HEX_SIZE];
	struct aksk_claim claim;
	struct dc_error err = {0};

	if (aksk_parse(authorization, arena, &claim, &err) != DC_OK)
		return;
	in.signed_headers = claim.signed_headers;
	if (aksk_verify(&in, &claim, "secret", arena, &err) == DC_OK &&
	    aksk_sign(&in, true, "secret", arena, mac, &err) != DC_OK)
		abort(); /* accepted, but cannot be signed */
}

static char *
line(char **rest)
{
	char *begin = *rest, *end = strchr(begin, '\n');

	*rest = end != NULL ? end + 1 : begin + strlen(begin);
	if (end != NULL)
		*end = '\0';
	return begin;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	char *text = arena_strndup(arena, (const char *)data, size), *rest = text, *first = line(&rest),
	     *query = line(&rest), *path = strchr(first, ' ');

	if (path == NULL)
		return 0;
	*path++ = '\0';
	parameters(query, arena);
	find(method_parse(first), path, arena);
	signature(path, query, line(&rest), arena);
	return 0;
}

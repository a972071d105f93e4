/* fuzz_target.c - request targets: routing, and the canonical form that signatures are made of. The first line is the
 * method and the raw path, the second the raw query, the third an Authorization value. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/route.h"
#include "auth/aksk.h"
#include "res/registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *
header(void *arg, const char *name)
{
	(void)name;
	return arg;
}

static void
find(const struct route *const *tables, enum method method, const char *path, struct arena *arena)
{
	struct route_match match;
	struct dc_error err = {0};

	if (route_find(tables, method, path, arena, &match, &err) != DC_OK)
		return;
	for (size_t i = 0; i < match.params; i++)
		if (strchr(match.param[i].value, '/') != NULL)
			abort(); /* a parameter is one segment */
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
	find(registry_routes(NULL, arena), method_parse(first), path, arena);
	signature(path, query, line(&rest), arena);
	return 0;
}

/* SPDX-License-Identifier: ISC */
/* delete.c - the end of one thing, or of several. */
#include <unistd.h>

#include "cli/run_priv.h"

const char *
run_typed(const struct run *r, size_t i)
{
	const struct command *c = r->args->command;

	return arena_printf(r->arena, "%s %s", c->resource != NULL ? c->resource->title : c->noun, r->args->ids[i]);
}

/* Asks who sits at a terminal; a script is not asked. */
static enum dc_code
ask(struct run *r)
{
	const struct arguments *a = r->args;
	char answer[8] = "";

	if (a->yes || isatty(STDIN_FILENO) != 1 || isatty(STDERR_FILENO) != 1)
		return DC_OK;
	fprintf(stderr, "Delete ");
	for (size_t i = a->command->ids_n - 1; i < a->ids_n; i++)
		fprintf(stderr, "%s%s", i >= a->command->ids_n ? ", " : "", run_typed(r, i));
	fprintf(stderr, "? [y/N] ");
	if (fgets(answer, sizeof(answer), stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y'))
		return DC_OK;
	return dc_fail(r->err, DC_E_PARAM, NULL, "nothing is deleted");
}

/* ids for one of those that are deleted: what stands above, and itself. */
const char *const *
run_ids_for(struct run *r, size_t i)
{
	size_t n = r->args->command->ids_n;
	const char **ids = arena_array(r->arena, n + 1, sizeof(*ids));

	for (size_t k = 0; k + 1 < n; k++)
		ids[k] = r->ids[k];
	ids[n - 1] = r->ids[i];
	return ids;
}

static enum dc_code
delete_one(struct run *r, size_t i)
{
	struct request request = {.command = r->args->command, .query = ""};
	json_t *body;
	enum dc_code rc;

	request.path = client_path(request.command, r->settings->project_id, run_ids_for(r, i), r->arena);
	if ((rc = client_json(r->client, &request, NULL, &body, r->err)) != DC_OK)
		return rc;
	json_decref(body);
	if (r->look.terminal && !r->args->quiet)
		fprintf(
		    stderr, "%s is deleted%s\n", run_typed(r, i), r->args->wait ? ", waiting until it is gone" : "");
	return DC_OK;
}

static enum dc_code
wait_for_end(struct run *r, size_t i)
{
	_cleanup_buf_ struct buf out = BUF_INIT(OUTPUT_MAX);
	const struct command *c = r->args->command;
	const struct command *show = spec_beside(r->spec, c, "show");
	const struct wish wish = {.gone = true, .was_there = true, .timeout = r->args->timeout, .who = run_typed(r, i)};

	return wait_for(r, show, run_ids_for(r, i), &wish, &out);
}

/* Each is tried; the first failure is the command's, the others are printed. */
enum dc_code
run_delete(struct run *r)
{
	enum dc_code rc = ask(r), first = rc;
	bool *done = arena_array(r->arena, r->args->ids_n + 1, sizeof(*done));

	if (rc != DC_OK)
		return rc;
	for (size_t i = r->args->command->ids_n - 1; i < r->args->ids_n; i++) {
		rc = delete_one(r, i);
		done[i] = rc == DC_OK;
		if (rc == DC_OK)
			continue;
		if (r->args->ids_n == r->args->command->ids_n)
			return rc;
		fprintf(stderr, "dcaas: %s: %s\n", run_typed(r, i), r->err->text);
		*r->err = (struct dc_error){0};
		first = first == DC_OK ? rc : first;
	}
	for (size_t i = r->args->command->ids_n - 1; r->args->wait && i < r->args->ids_n; i++) {
		if (done[i] && (rc = wait_for_end(r, i)) != DC_OK)
			return rc;
	}
	return first == DC_OK ? DC_OK : dc_fail(r->err, first, NULL, "%s", "");
}

/* SPDX-License-Identifier: ISC */
/* main.c - dcaas, the command line: an ordinary client of the API, whose commands come from the API's description. */
#include "cli/arguments.h"
#include "cli/completion_names.h"
#include "cli/embedded.h"
#include "cli/help.h"
#include "cli/run.h"
#include "cli/text.h"

enum exit_status {
	STATUS_DONE,
	STATUS_REFUSED,
	STATUS_USAGE,
	STATUS_NO_ANSWER,
	STATUS_AUTHENTICATION,
	STATUS_TIMED_OUT,
	STATUS_DIFFERENT
};

/* In words where none have been printed yet. Names that others chose may be in them. */
static enum exit_status
tell(enum dc_code rc, const struct dc_error *err)
{
	_cleanup_buf_ struct buf line = BUF_INIT(8192);

	if (rc == DC_OK)
		return STATUS_DONE;
	text_safe(&line, err->text);
	if (line.len > 0)
		fprintf(stderr, "dcaas: %s\n", buf_str(&line));
	if (rc == DC_E_PARAM || rc == DC_E_IO)
		return STATUS_USAGE;
	if (rc == DC_E_UNAVAILABLE)
		return STATUS_NO_ANSWER;
	if (rc == DC_E_UNAUTHORIZED)
		return STATUS_AUTHENTICATION;
	if (rc == DC_E_AGAIN)
		return STATUS_TIMED_OUT;
	return rc == DC_E_CONFLICT ? STATUS_DIFFERENT : STATUS_REFUSED;
}

static enum exit_status
help(const struct spec *spec, const struct arguments *args)
{
	if (args->command != NULL)
		help_command(spec, args->command, stdout);
	else if (args->noun != NULL)
		help_noun(args->noun, stdout);
	else
		help_all(spec, stdout);
	return STATUS_DONE;
}

/* Where to look further, after a mistake. */
static void
hint(const struct arguments *args)
{
	if (args->command != NULL)
		fprintf(stderr, "see dcaas %s%s%s --help\n", args->command->noun,
		    args->command->verb[0] != '\0' ? " " : "", args->command->verb);
	else if (args->noun != NULL)
		fprintf(stderr, "see dcaas %s help\n", args->noun->name);
	else
		fputs("see dcaas help\n", stderr);
}

static enum dc_code
perform(const struct spec *spec, const struct arguments *args, struct arena *arena, struct dc_error *err)
{
	const struct settings_options options = {
	    .endpoint = args->endpoint,
	    .project = args->project,
	    .ca = args->ca,
	    .env = args->env,
	    .config = args->config,
	    .profile = args->profile,
	};
	struct settings settings;
	enum dc_code rc = settings_load(&options, arena, &settings, err);

	return rc == DC_OK ? run_command(spec, args, &settings, err) : rc;
}

static enum exit_status
run(const struct spec *spec, int argc, char **argv)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct arguments args;
	struct dc_error err = {0};
	enum dc_code rc = arguments_read(spec, argc, argv, arena, &args, &err);
	enum exit_status status;

	if (rc != DC_OK) {
		status = tell(rc, &err);
		hint(&args);
	} else if (args.version) {
		puts("dcaas " DCAAS_VERSION);
		status = STATUS_DONE;
	} else if (args.help) {
		status = help(spec, &args);
	} else if (args.command == NULL) {
		if (args.noun != NULL)
			help_noun(args.noun, stderr);
		else
			help_short(stderr);
		status = STATUS_USAGE;
	} else {
		status = tell(perform(spec, &args, arena, &err), &err);
	}
	arguments_free(&args);
	return status;
}

static enum exit_status
script(int argc, char **argv)
{
	struct dc_error err = {0};

	if (argc != 1) {
		help_short(stderr);
		return STATUS_USAGE;
	}
	return tell(completion_script(argv[0], stdout, &err), &err);
}

int
main(int argc, char **argv)
{
	struct spec *spec = NULL;
	struct dc_error err = {0};
	enum exit_status status = STATUS_DONE;

	text_init();
	if (argc > 1 && strcmp(argv[1], "completion") == 0)
		return (int)script(argc - 2, argv + 2);
	if (spec_read((const char *)embedded_openapi, embedded_openapi_size, &spec, &err) != DC_OK)
		return (int)tell(DC_E_PROTOCOL, &err);
	if (argc > 2 && strcmp(argv[1], "complete") == 0 && strcmp(argv[2], "--") == 0)
		completion_offer(spec, argc - 3, argv + 3, completion_ask, spec, stdout);
	else
		status = run(spec, argc - 1, argv + 1);
	spec_free(spec);
	return (int)status;
}

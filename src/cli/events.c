/* SPDX-License-Identifier: ISC */
/* `dcaas events`: what happened, by whom and when, the newest last. An operator sees all events, a tenant those of the
 * project. */
#include <time.h>

#include "cli/run_priv.h"
#include "cli/text.h"

#define NEWEST 50
#define CELL_MAX 65536

struct trail {
	struct run *run;
	json_t *members; /* which member is what */
	bool operator_side;
	struct table *table;
};

static json_t *
value_of(const struct trail *t, json_t *event, const char *what)
{
	return json_object_get(event, json_string_value(json_object_get(t->members, what)));
}

/* In the time zone of who reads it: the day only where it is not today. */
static void
put_time(const struct trail *t, const char *text, struct buf *out)
{
	utc_ms when;
	time_t seconds, now = (time_t)(t->run->look.now / 1000);
	struct tm then, today;
	char words[32];

	if (text == NULL || !utc_parse(text, &when) || !t->run->look.terminal) {
		text_safe(out, text != NULL ? text : "-");
		return;
	}
	seconds = (time_t)(when / 1000);
	localtime_r(&seconds, &then);
	localtime_r(&now, &today);
	bool same = then.tm_yday == today.tm_yday && then.tm_year == today.tm_year;

	strftime(words, sizeof(words), same ? "%H:%M:%S" : "%d %b %H:%M", &then);
	buf_puts(out, words);
}

static void
put_cell(struct trail *t, const char *text)
{
	_cleanup_buf_ struct buf cell = BUF_INIT(CELL_MAX);

	text_safe(&cell, text != NULL && text[0] != '\0' ? text : "-");
	table_cell(t->table, buf_str(&cell));
}

/* "virtual interface office", as far as it is known by name. */
static void
put_thing(struct trail *t, json_t *event)
{
	_cleanup_buf_ struct buf cell = BUF_INIT(CELL_MAX);
	json_t *kind = value_of(t, event, "kind");
	const char *id = json_string_value(value_of(t, event, "thing"));
	const struct resource_words *resource = spec_resource(t->run->spec, json_string_value(kind));
	struct names_place place = {.operator_side = t->operator_side, .resources = json_pack("[O]", kind)};
	const char *name = id != NULL && resource != NULL ? names_of(t->run->names, &place, id) : NULL;
	json_t *count = value_of(t, event, "count");

	text_safe(&cell, resource != NULL ? resource->title : json_is_string(kind) ? json_string_value(kind) : "-");
	if (name != NULL || id != NULL)
		buf_putc(&cell, ' ');
	if (name != NULL)
		text_safe(&cell, name);
	else if (id != NULL && t->run->look.terminal)
		buf_printf(&cell, "%.13s", id);
	else if (id != NULL)
		text_safe(&cell, id);
	if (json_integer_value(count) > 1)
		buf_printf(&cell, " (%lld times)", (long long)json_integer_value(count));
	json_decref(place.resources);
	table_cell(t->table, buf_str(&cell));
}

static void
put_event(struct trail *t, json_t *event)
{
	_cleanup_buf_ struct buf when = BUF_INIT(CELL_MAX);

	put_time(t, json_string_value(value_of(t, event, "time")), &when);
	table_cell(t->table, buf_str(&when));
	put_cell(t, json_string_value(value_of(t, event, "who")));
	put_cell(t, json_string_value(value_of(t, event, "action")));
	put_thing(t, event);
	put_cell(t, json_string_value(value_of(t, event, "from")));
}

enum dc_code
tool_events(struct run *r, struct buf *out)
{
	static const char *const titles[] = {"TIME", "WHO", "ACTION", "WHAT", "FROM"};
	bool operator_side = r->settings->admin_access_key != NULL || r->settings->project_id == NULL;
	const struct command *list = spec_trail(r->spec, operator_side);
	const struct request request = {.command = list,
	    .path = list != NULL ? client_path(list, r->settings->project_id, NULL, r->arena) : "",
	    .query = "sort_dir=desc"};
	const struct list_limits newest = {.limit = r->args->limit != 0 ? r->args->limit : NEWEST};
	struct trail t = {
	    .run = r, .operator_side = operator_side, .table = table_new(sizeof(titles) / sizeof(titles[0]), r->arena)};
	struct listing l;
	enum dc_code rc;

	if (list == NULL)
		return dc_fail(r->err, DC_E_PROTOCOL, NULL, "the API has no list of events");
	if ((rc = client_check(r->settings, list, r->err)) != DC_OK ||
	    (rc = client_list(r->client, &request, &newest, &l, r->err)) != DC_OK)
		return rc;
	t.members = list->resource->trail;
	table_titled(t.table);
	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		table_color_cell(t.table, titles[i], COLOR_TITLE);
	for (size_t i = json_array_size(l.items); i > 0; i--)
		put_event(&t, json_array_get(l.items, i - 1));
	table_write(t.table, &(struct table_look){.indent = "", .width = r->look.width, .color = r->look.color}, out);
	listing_free(&l);
	return DC_OK;
}

/* SPDX-License-Identifier: ISC */
#include "edge/bird/parse.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define CODE_ROW 1002
#define CODE_DETAIL 1006
#define CODE_STATUS 13
#define LIMIT_WORDS "Route limit exceeded"
#define FAREWELL_WORDS "Received: Administrative"

static const char *const bgp_states[] = {
    "Idle", "Connect", "Active", "OpenSent", "OpenConfirm", "Established", "Close"};

/* Cuts the next word off *p; NULL at the end. */
static char *
word(char **p)
{
	char *start = *p + strspn(*p, " ");
	size_t len = strcspn(start, " ");

	if (len == 0)
		return NULL;
	*p = start + len;
	if (**p != '\0')
		*(*p)++ = '\0';
	return start;
}

/* "1795636667.802" */
utc_ms
bird_parse_time(const char *text)
{
	int64_t seconds = 0, ms = 0;
	int digits = 0;

	for (; isdigit((unsigned char)*text) && seconds < 100000000000; text++)
		seconds = seconds * 10 + (*text - '0');
	if (*text++ != '.')
		return 0;
	for (; isdigit((unsigned char)*text) && digits < 3; text++, digits++)
		ms = ms * 10 + (*text - '0');
	return digits == 3 ? seconds * 1000 + ms : 0;
}

static const char *
state_of(const char *text)
{
	for (size_t i = 0; i < sizeof(bgp_states) / sizeof(bgp_states[0]); i++) {
		if (strcmp(text, bgp_states[i]) == 0)
			return bgp_states[i];
	}
	return NULL;
}

static char *
trimmed(char *text)
{
	size_t len;

	text += strspn(text, " ");
	for (len = strlen(text); len > 0 && text[len - 1] == ' '; len--)
		text[len - 1] = '\0';
	return text;
}

/* "NAME BGP --- STATE SINCE INFO"; INFO is "Established", "Active  Socket: Connection refused", or of a stopped
 * protocol its last error, alone or (for the moment before it starts again) after "Idle". */
static bool
parse_row(char *line, struct arena *arena, struct bird_row *ret)
{
	char *rest = line;
	char *name = word(&rest), *kind = word(&rest), *table = word(&rest), *state = word(&rest), *since = word(&rest);

	if (name == NULL || kind == NULL || table == NULL || state == NULL || since == NULL || strcmp(kind, "BGP") != 0)
		return false;
	char *info = trimmed(rest), *after = arena_strdup(arena, info);
	const char *first = word(&after), *bgp = first == NULL ? NULL : state_of(first);

	*ret = (struct bird_row){.name = name, .since = bird_parse_time(since)};
	ret->down = strcmp(state, "down") == 0 || strcmp(state, "stop") == 0 || strcmp(state, "flush") == 0;
	ret->state = ret->down || bgp == NULL ? "Down" : bgp;
	ret->established = strcmp(state, "up") == 0 && bgp != NULL && strcmp(bgp, "Established") == 0;
	ret->error = bgp == NULL ? info : trimmed(after);
	ret->limit = ret->down && strstr(info, LIMIT_WORDS) != NULL;
	ret->farewell = strstr(info, FAREWELL_WORDS) != NULL;
	return true;
}

size_t
bird_parse_protocols(const struct control_reply *r, struct arena *arena, struct bird_row **ret)
{
	struct bird_row *row = arena_array(arena, r->lines + 1, sizeof(*row));
	size_t n = 0;

	for (size_t i = 0; i < r->lines; i++) {
		if (r->line[i].code == CODE_ROW && parse_row(arena_strdup(arena, r->line[i].text), arena, &row[n]))
			n++;
	}
	*ret = row;
	return n;
}

utc_ms
bird_parse_start(const struct control_reply *r)
{
	_cleanup_arena_ struct arena *arena = arena_new();

	for (size_t i = 0; i < r->lines; i++) {
		char *rest;

		if (r->line[i].code != CODE_ROW || strstr(r->line[i].text, " Device ") == NULL)
			continue;
		rest = arena_strdup(arena, r->line[i].text);
		for (int skip = 0; skip < 4; skip++) /* name, kind, table, state */
			word(&rest);
		return bird_parse_time(rest + strspn(rest, " "));
	}
	return 0;
}

/* What stands behind a word that begins a line; NULL: something else does. */
static const char *
after_word(const char *line, const char *start)
{
	size_t len = strlen(start);

	line += strspn(line, " ");
	return strncmp(line, start, len) == 0 ? line + len + strspn(line + len, " ") : NULL;
}

/* "  Message:        going home", "    Receive limit:  1000 [HIT]" */
void
bird_parse_detail(const struct control_reply *r, struct arena *arena, struct bird_detail *ret)
{
	*ret = (struct bird_detail){0};
	for (size_t i = 0; i < r->lines; i++) {
		const char *words;

		if (r->line[i].code != CODE_DETAIL)
			continue;
		if ((words = after_word(r->line[i].text, "Message:")) != NULL && words[0] != '\0')
			ret->message = arena_strdup(arena, words);
		if ((words = after_word(r->line[i].text, "Receive limit:")) != NULL && strstr(words, "[HIT]") != NULL)
			ret->receive_limit = true;
		if (after_word(r->line[i].text, "Neighbor graceful restart active") != NULL)
			ret->holds_routes = true;
	}
}

static int64_t
count_before(const char *text, const char *what)
{
	const char *at = strstr(text, what);
	int64_t value = 0, unit = 1;

	if (at == NULL || at == text || at[-1] != ' ')
		return 0;
	for (at -= 2; at >= text && isdigit((unsigned char)*at) && unit < 1000000000000; at--, unit *= 10)
		value += (*at - '0') * unit;
	return value;
}

/* "    Routes:         1 imported, 2 filtered, 1 exported, 1 preferred"; of a channel without filtered routes kept, or
 * whose table is not fed, some are missing. */
bool
bird_parse_counts(const struct control_reply *r, struct bird_counts *ret)
{
	for (size_t i = 0; i < r->lines; i++) {
		const char *text = r->line[i].text + strspn(r->line[i].text, " ");

		if (r->line[i].code != CODE_DETAIL || strncmp(text, "Routes:", 7) != 0)
			continue;
		*ret = (struct bird_counts){
		    .imported = count_before(text, "imported"),
		    .filtered = count_before(text, "filtered"),
		    .exported = count_before(text, "exported"),
		};
		return true;
	}
	return false;
}

bool
bird_parse_configuring(const struct control_reply *r)
{
	return r->code == CODE_STATUS && strstr(control_words(r), "Reconfiguration") != NULL;
}

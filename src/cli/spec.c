/* SPDX-License-Identifier: ISC */
#include "cli/spec.h"

#include <ctype.h>

#include "cli/word.h"

#define OPERATOR_SIDE "/dcaas/v1/"
#define PROJECT_SEGMENT "/{project_id}/"

struct spec {
	struct arena *arena;
	json_t *root;
	struct command *commands; /* sorted by noun, then in the order of verbs */
	size_t commands_n;
	struct noun *nouns;
	size_t nouns_n;
	struct resource_words *resources;
	size_t resources_n;
};

/* --- words --- */

static bool
ends_with(const char *word, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len > n && strncmp(word + len - n, end, n) == 0;
}

/* English, as far as names of resources go. */
static char *
singular(struct arena *arena, const char *word)
{
	static const char *const hissing[] = {"sses", "shes", "ches", "xes"};
	size_t len = strlen(word);

	if (ends_with(word, len, "ies"))
		return arena_printf(arena, "%.*sy", (int)(len - 3), word);
	for (size_t i = 0; i < sizeof(hissing) / sizeof(hissing[0]); i++) {
		if (ends_with(word, len, hissing[i]))
			return arena_strndup(arena, word, len - 2);
	}
	return arena_strndup(arena, word, ends_with(word, len, "s") && !ends_with(word, len, "ss") ? len - 1 : len);
}

/* "ListVifPeers" -> "list-vif-peers" */
static char *
hyphened(struct arena *arena, const char *operation)
{
	char *out = arena_alloc(arena, 2 * strlen(operation) + 1), *to = out;

	for (const char *c = operation; *c != '\0'; c++) {
		if (isupper((unsigned char)*c) && c != operation)
			*to++ = '-';
		*to++ = (char)tolower((unsigned char)*c);
	}
	*to = '\0';
	return out;
}

/* --- operations --- */

static json_t *
json_content(json_t *holder)
{
	return json_object_get(json_object_get(json_object_get(holder, "content"), "application/json"), "schema");
}

/* The answer of success: the one status of the 200s. */
static json_t *
success(json_t *operation)
{
	const char *status;
	json_t *response;

	json_object_foreach(json_object_get(operation, "responses"), status, response)
	{
		if (status[0] == '2')
			return json_content(response);
	}
	return NULL;
}

/* A body with one member, an object, is an envelope around it. */
static void
take_body(const struct spec *s, json_t *operation, struct command *c)
{
	json_t *schema = schema_of(s, json_content(json_object_get(operation, "requestBody")));
	const char *name;
	json_t *member;

	c->body = schema;
	json_object_foreach(schema_properties(schema), name, member)
	{
		json_t *inner = schema_of(s, member);

		if (json_object_size(schema_properties(schema)) == 1 && schema_properties(inner) != NULL) {
			c->body = inner;
			c->envelope = name;
		}
	}
}

/* The thing is the one object or array beside request_id and page_info. */
static void
take_answer(const struct spec *s, json_t *operation, struct command *c)
{
	json_t *schema = schema_of(s, success(operation));
	const char *name;
	json_t *member;

	c->answer = schema;
	json_object_foreach(schema_properties(schema), name, member)
	{
		json_t *inner = schema_of(s, member);

		if (strcmp(name, "page_info") == 0)
			continue;
		if (schema_type(inner) == SCHEMA_ARRAY) {
			c->kind = COMMAND_LIST;
			c->answer = schema_of(s, json_object_get(inner, "items"));
			c->member = name;
			return;
		}
		if (schema_properties(inner) != NULL) {
			c->answer = inner;
			c->member = name;
			return;
		}
	}
}

static bool
is_project(const struct command *c, const char *parameter)
{
	return c->in_project && strcmp(parameter, "project_id") == 0;
}

static void
take_parameters(const struct spec *s, json_t *operation, struct command *c)
{
	json_t *list = json_object_get(operation, "parameters"), *item;
	struct parameter *ids = arena_array(s->arena, json_array_size(list) + 1, sizeof(*ids));
	struct parameter *query = arena_array(s->arena, json_array_size(list) + 1, sizeof(*query));
	size_t i;

	json_array_foreach(list, i, item)
	{
		const char *in = json_string_value(json_object_get(item, "in"));
		struct parameter p = {
		    .name = json_string_value(json_object_get(item, "name")),
		    .doc = schema_doc(item),
		    .schema = schema_of(s, json_object_get(item, "schema")),
		    .ref = schema_ref(item),
		    .required = json_is_true(json_object_get(item, "required")),
		};

		if (in == NULL || p.name == NULL)
			continue;
		if (strcmp(in, "path") == 0 && is_project(c, p.name))
			c->project_ref = p.ref;
		else if (strcmp(in, "path") == 0)
			ids[c->ids_n++] = p;
		if (strcmp(in, "query") == 0)
			query[c->query_n++] = p;
		c->paged |= strcmp(in, "query") == 0 && strcmp(p.name, "marker") == 0;
	}
	c->ids = ids;
	c->query = query;
}

static bool
take_name(const struct spec *s, json_t *operation, struct command *c)
{
	const char *id = json_string_value(json_object_get(operation, "operationId"));
	char *words = id != NULL ? hyphened(s->arena, id) : NULL, *hyphen = words != NULL ? strchr(words, '-') : NULL;

	if (hyphen == NULL)
		return false;
	*hyphen = '\0';
	c->verb = words;
	c->noun = c->kind == COMMAND_LIST || strcmp(words, "list") == 0 ? singular(s->arena, hyphen + 1) : hyphen + 1;
	return true;
}

/* As the document has them, or as the name of the operation makes them. False: it is none. */
static bool
take_words(const struct spec *s, json_t *operation, struct command *c)
{
	const char *given = json_string_value(json_object_get(operation, "x-dcaas-command"));
	const char *blank = given != NULL ? strchr(given, ' ') : NULL;

	if (blank != NULL) {
		c->noun = arena_strndup(s->arena, given, (size_t)(blank - given));
		c->verb = arena_strdup(s->arena, blank + 1);
		return true;
	}
	return given == NULL && take_name(s, operation, c);
}

/* Whether the path has a place for each of the ids, and none that would stay open; the project's fills itself. */
static bool
is_filled(const struct command *c)
{
	size_t places = 0;

	for (const char *at = strchr(c->path, '{'); at != NULL; at = strchr(at, '{')) {
		if (!c->in_project || strncmp(at, "{project_id}", strlen("{project_id}")) != 0)
			places++;
		if ((at = strchr(at, '}')) == NULL)
			return false;
	}
	return places == c->ids_n;
}

/* --- resources --- */

static void
add_resources(struct spec *s)
{
	json_t *tags = json_object_get(s->root, "tags"), *tag;
	size_t i;

	s->resources = arena_array(s->arena, json_array_size(tags) + 1, sizeof(*s->resources));
	json_array_foreach(tags, i, tag)
	{
		struct resource_words r = {
		    .name = json_string_value(json_object_get(tag, "x-dcaas-resource")),
		    .title = json_string_value(json_object_get(tag, "name")),
		    .shorts = json_object_get(tag, "x-dcaas-short"),
		    .identity = json_object_get(tag, "x-dcaas-identity"),
		    .topology = json_object_get(tag, "x-dcaas-topology"),
		    .idle = json_string_value(json_object_get(tag, "x-dcaas-idle")),
		    .trail = json_object_get(tag, "x-dcaas-trail"),
		};

		if (r.name != NULL && r.title != NULL)
			s->resources[s->resources_n++] = r;
	}
}

static const struct resource_words *
resource_of(const struct spec *s, json_t *operation)
{
	const char *title = json_string_value(json_array_get(json_object_get(operation, "tags"), 0));

	for (size_t i = 0; title != NULL && i < s->resources_n; i++) {
		if (strcmp(s->resources[i].title, title) == 0)
			return &s->resources[i];
	}
	return NULL;
}

const struct resource_words *
spec_resources(const struct spec *s, size_t *n)
{
	*n = s->resources_n;
	return s->resources;
}

const struct resource_words *
spec_resource(const struct spec *s, const char *name)
{
	for (size_t i = 0; name != NULL && i < s->resources_n; i++) {
		if (strcmp(s->resources[i].name, name) == 0)
			return &s->resources[i];
	}
	return NULL;
}

/* --- commands --- */

static void
add_wait(struct spec *s, struct command show)
{
	show.verb = "wait";
	show.kind = COMMAND_WAIT;
	show.summary = "Read it until its members are as wanted, or until it is gone.";
	s->commands[s->commands_n++] = show;
}

static void
add_operation(struct spec *s, const char *path, const char *method, json_t *operation)
{
	struct command c = {.path = path, .summary = json_string_value(json_object_get(operation, "summary"))};
	json_t *security = json_object_get(operation, "security");
	char *upper = arena_strdup(s->arena, method);

	for (char *m = upper; *m != '\0'; m++)
		*m = (char)toupper((unsigned char)*m);
	c.method = upper;
	c.in_project = strstr(path, PROJECT_SEGMENT) != NULL;
	c.operator_side = strncmp(path, OPERATOR_SIDE, strlen(OPERATOR_SIDE)) == 0 && !c.in_project;
	c.open = json_is_array(security) && json_array_size(security) == 0;
	if (c.summary == NULL)
		c.summary = "";
	c.resource = resource_of(s, operation);
	c.document = json_is_true(json_object_get(operation, "x-dcaas-document"));
	if (json_is_true(json_object_get(operation, "x-dcaas-refused")))
		return;
	take_answer(s, operation, &c);
	take_body(s, operation, &c);
	take_parameters(s, operation, &c);
	if (!is_filled(&c) || !take_words(s, operation, &c))
		return;
	s->commands[s->commands_n++] = c;
	if (strcmp(c.verb, "show") == 0 && c.ids_n > 0)
		add_wait(s, c);
}

/* The member of a list's items that holds things of the resource. */
static const char *
member_with(const struct command *list, const char *resource)
{
	const char *member;
	json_t *of;

	json_object_foreach(schema_properties(list->answer), member, of)
	{
		if (schema_type(of) == SCHEMA_ARRAY && schema_lists(schema_ref(of), resource))
			return member;
	}
	return NULL;
}

/* Whether things of the resource are made by a command of this noun; NULL: of any. */
static bool
has_create(const struct spec *s, const struct resource_words *r, const char *noun)
{
	for (size_t i = 0; i < s->commands_n; i++) {
		const struct command *c = &s->commands[i];

		if (c->resource == r && strcmp(c->verb, "create") == 0 && (noun == NULL || strcmp(c->noun, noun) == 0))
			return true;
	}
	return false;
}

/* A list that stands beside the call which makes the things: one elsewhere shows them otherwise. */
static bool
has_list(const struct spec *s, const struct resource_words *r)
{
	for (size_t i = 0; i < s->commands_n; i++) {
		const struct command *c = &s->commands[i];

		if (c->resource == r && c->kind == COMMAND_LIST &&
		    (has_create(s, r, c->noun) || !has_create(s, r, NULL)))
			return true;
	}
	return false;
}

/* list, show and wait of a resource whose things come inside of those of another. */
static void
add_inside(struct spec *s, const struct resource_words *r, const struct command *holder, const char *member)
{
	struct parameter *id = arena_new_of(s->arena, struct parameter);
	struct command list = *holder;
	char *noun = arena_strdup(s->arena, r->name);

	for (char *c = noun; *c != '\0'; c++)
		*c = *c == '_' ? '-' : *c;
	*id = (struct parameter){.name = arena_printf(s->arena, "%s_id", r->name), .required = true};
	id->ref = json_object_get(json_object_get(schema_properties(holder->answer), member), "x-dcaas-ref");
	list.noun = noun;
	list.resource = r;
	list.inside = member;
	list.answer = schema_of(
	    s, json_object_get(schema_of(s, json_object_get(schema_properties(holder->answer), member)), "items"));
	list.query = NULL;
	list.query_n = 0;
	list.summary = arena_printf(s->arena, "List each %s.", r->title);
	s->commands[s->commands_n++] = list;
	list.verb = "show";
	list.kind = COMMAND_CALL;
	list.ids = id;
	list.ids_n = 1;
	list.summary = arena_printf(s->arena, "Read one %s.", r->title);
	s->commands[s->commands_n++] = list;
	add_wait(s, list);
}

static void
add_all_inside(struct spec *s)
{
	size_t n = s->commands_n;

	for (size_t r = 0; r < s->resources_n; r++) {
		for (size_t i = 0; i < n && !has_list(s, &s->resources[r]); i++) {
			const struct command *c = &s->commands[i];
			const char *member = c->kind == COMMAND_LIST && c->ids_n == 0 && c->inside == NULL
						 ? member_with(c, s->resources[r].name)
						 : NULL;

			if (member != NULL)
				add_inside(s, &s->resources[r], c, member);
		}
	}
}

static const char *const methods[] = {"get", "post", "put", "patch", "delete"};
#define METHODS_N (sizeof(methods) / sizeof(methods[0]))

static void
add_path(struct spec *s, const char *path, json_t *item)
{
	for (size_t i = 0; i < METHODS_N; i++) {
		json_t *operation = json_object_get(item, methods[i]);

		if (operation != NULL)
			add_operation(s, path, methods[i], operation);
	}
}

/* --- order --- */

static int
verb_rank(const char *verb)
{
	static const char *const first[] = {"list", "show", "create", "update", "delete"};
	int n = (int)(sizeof(first) / sizeof(first[0])), i = 0;

	while (i < n && strcmp(first[i], verb) != 0)
		i++;
	return strcmp(verb, "wait") == 0 ? n + 1 : i;
}

static int
compare_commands(const void *a, const void *b)
{
	const struct command *x = a, *y = b;
	int order = strcmp(x->noun, y->noun);

	if (order == 0)
		order = verb_rank(x->verb) - verb_rank(y->verb);
	return order != 0 ? order : strcmp(x->verb, y->verb);
}

static void
group_by_noun(struct spec *s)
{
	s->nouns = arena_array(s->arena, s->commands_n + 1, sizeof(*s->nouns));
	for (size_t i = 0; i < s->commands_n; i++) {
		struct command *c = &s->commands[i];
		struct noun *last = s->nouns_n > 0 ? &s->nouns[s->nouns_n - 1] : NULL;

		if (last == NULL || strcmp(last->name, c->noun) != 0) {
			last = &s->nouns[s->nouns_n++];
			*last = (struct noun){.name = c->noun, .commands = c, .operator_side = true};
		}
		last->n++;
		last->operator_side = last->operator_side && c->operator_side;
	}
}

/* "bind-global-eips" is a verb of what "list-global-eips" lists. */
static void
join_plurals(struct spec *s)
{
	for (size_t i = 0; i < s->commands_n; i++) {
		const char *one = singular(s->arena, s->commands[i].noun);

		for (size_t k = 0; k < s->commands_n; k++)
			if (s->commands[k].resource == s->commands[i].resource && s->commands[i].resource != NULL &&
			    strcmp(s->commands[k].noun, one) == 0)
				s->commands[i].noun = s->commands[k].noun;
	}
}

static void
add_paths(struct spec *s, json_t *paths)
{
	const char *path;
	json_t *item;

	s->commands = arena_array(
	    s->arena, 2 * METHODS_N * json_object_size(paths) + 3 * s->resources_n + 1, sizeof(*s->commands));
	json_object_foreach(paths, path, item) add_path(s, path, item);
	add_all_inside(s);
	join_plurals(s);
	qsort(s->commands, s->commands_n, sizeof(*s->commands), compare_commands);
	group_by_noun(s);
}

enum dc_code
spec_read(const char *text, size_t len, struct spec **ret, struct dc_error *err)
{
	struct arena *arena = arena_new();
	struct spec *s = arena_new_of(arena, struct spec);
	json_error_t wrong;

	s->arena = arena;
	s->root = json_loadb(text, len, 0, &wrong);
	if (!json_is_object(json_object_get(s->root, "paths"))) {
		spec_free(s);
		return dc_fail(err, DC_E_PROTOCOL, NULL, "the API's description is no OpenAPI document");
	}
	add_resources(s);
	add_paths(s, json_object_get(s->root, "paths"));
	*ret = s;
	return DC_OK;
}

json_t *
spec_schemas(const struct spec *s)
{
	return json_object_get(json_object_get(s->root, "components"), "schemas");
}

struct spec *
spec_free(struct spec *s)
{
	if (s != NULL) {
		json_decref(s->root);
		arena_free(s->arena);
	}
	return NULL;
}

const struct noun *
spec_nouns(const struct spec *s, size_t *n)
{
	*n = s->nouns_n;
	return s->nouns;
}

const struct command *
noun_command(const struct noun *noun, const char *verb)
{
	for (size_t i = 0; i < noun->n; i++) {
		if (strcmp(noun->commands[i].verb, verb) == 0)
			return &noun->commands[i];
	}
	return NULL;
}

const struct command *
spec_command(const struct spec *s, const char *resource, const char *verb, bool operator_side)
{
	const struct command *found = NULL;

	for (size_t i = 0; resource != NULL && i < s->commands_n; i++) {
		const struct command *c = &s->commands[i];

		if (c->resource == NULL || strcmp(c->resource->name, resource) != 0 || strcmp(c->verb, verb) != 0)
			continue;
		if (found == NULL || (found->operator_side != operator_side && c->operator_side == operator_side))
			found = c;
	}
	return found;
}

const struct command *
spec_beside(const struct spec *s, const struct command *of, const char *verb)
{
	for (size_t i = 0; i < s->nouns_n; i++) {
		const struct command *c =
		    strcmp(s->nouns[i].name, of->noun) == 0 ? noun_command(&s->nouns[i], verb) : NULL;

		if (c != NULL && c->resource == of->resource)
			return c;
	}
	return of->resource != NULL ? spec_command(s, of->resource->name, verb, of->operator_side) : NULL;
}

const struct command *
spec_trail(const struct spec *s, bool operator_side)
{
	for (size_t i = 0; i < s->commands_n; i++) {
		const struct command *c = &s->commands[i];

		if (c->kind == COMMAND_LIST && c->resource != NULL && c->resource->trail != NULL &&
		    c->operator_side == operator_side)
			return c;
	}
	return NULL;
}

/* --- nouns by the words that people use --- */

/* Of two nouns of one resource a short word means the tenant's, and the one that is listed. */
static bool
is_better(const struct noun *noun, const struct noun *than)
{
	bool listed = noun_command(noun, "list") != NULL;

	if (than == NULL || than->operator_side != noun->operator_side)
		return than == NULL || than->operator_side;
	return listed && noun_command(than, "list") == NULL;
}

static const struct noun *
by_short(const struct spec *s, const char *word)
{
	const struct noun *found = NULL;

	for (size_t i = 0; i < s->nouns_n; i++) {
		const struct resource_words *r = s->nouns[i].commands[0].resource;

		if (r != NULL && schema_lists(r->shorts, word) && is_better(&s->nouns[i], found))
			found = &s->nouns[i];
	}
	return found;
}

static const struct noun *
by_name(const struct spec *s, const char *word)
{
	for (size_t i = 0; i < s->nouns_n; i++) {
		if (word_match(word, s->nouns[i].name) == WORD_SAME)
			return &s->nouns[i];
	}
	return NULL;
}

enum dc_code
spec_noun(const struct spec *s, const char *word, const struct noun **ret, struct dc_error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const char **names = arena_array(arena, s->nouns_n + 1, sizeof(*names)), *one = singular(arena, word);
	size_t found;
	enum dc_code rc;

	if ((*ret = by_name(s, word)) != NULL || (*ret = by_short(s, word)) != NULL ||
	    (*ret = by_name(s, one)) != NULL || (*ret = by_short(s, one)) != NULL)
		return DC_OK;
	for (size_t i = 0; i < s->nouns_n; i++)
		names[i] = s->nouns[i].name;
	if ((rc = word_find(word, names, s->nouns_n, "resource", &found, err)) == DC_OK)
		*ret = &s->nouns[found];
	return rc;
}

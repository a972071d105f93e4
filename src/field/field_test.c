/* SPDX-License-Identifier: ISC */
#include "field/field.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct tag {
	struct f_text key, value;
};

struct port {
	struct f_text id, name, mode, project, secret, kindly;
	struct f_int vlan, asn, created_time;
	struct f_bool up;
	struct f_list groups;
	struct f_objects where, tags;
	struct f_text detail;
};

static const char *const modes[] = {"static", "bgp", "old", NULL};
static const char *const modes_in[] = {"static", "bgp", NULL};

#define V_ALL (VIEW_CREATE | VIEW_UPDATE | VIEW_ANSWER)

static const struct field_table tag_table = {
    .name = "Tag",
    .size = sizeof(struct tag),
    .fields =
	(const struct field[]){
	    {AT(tag, key), .kind = F_TEXT, .min = 1, .max = 5, .may = V_ALL, .must = VIEW_CREATE, .doc = "Key."},
	    {AT(tag, value), .kind = F_TEXT, .max = 5, .may = V_ALL, .doc = "Value."},
	    {0},
	},
};

static const struct field_table port_table = {
    .name = "Port",
    .sql = "port",
    .size = sizeof(struct port),
    .at_least_one = true,
    .fields =
	(const struct field[]){
	    {AT(port, id), .kind = F_UUID, .may = VIEW_CREATE | VIEW_ANSWER, .must = VIEW_ANSWER, .doc = "Id."},
	    {AT(port, name), .kind = F_TEXT, .min = 1, .max = 4, .may = V_ALL, .must = VIEW_CREATE, .doc = "Name."},
	    {AT(port, mode), .kind = F_ENUM, .names = modes, .in_names = modes_in, .fold = true, .may = V_ALL,
		.fallback = "\"bgp\"", .doc = "Mode."},
	    {AT(port, project), .kind = F_HEX32, .may = VIEW_CREATE | VIEW_ANSWER, .doc = "Project."},
	    {AT(port, secret), .kind = F_SECRET, .min = 1, .max = 8, .may = V_ALL, .doc = "Secret."},
	    {AT(port, kindly), .kind = F_TEXT, .may = VIEW_ANSWER, .doc = "Answer only."},
	    {AT(port, vlan), .kind = F_INT, .max = 3999, .may = V_ALL, .must = VIEW_CREATE, .doc = "VLAN."},
	    {AT(port, asn), .kind = F_INT, .min = 1, .max = 4294967295, .quoted = true, .code = DC_E_ASN, .may = V_ALL,
		.out_unlimited = true, .doc = "AS number."},
	    {AT(port, created_time), .kind = F_TIME, .may = VIEW_ANSWER | VIEW_CREATE, .doc = "Created."},
	    {AT(port, up), .kind = F_BOOL, .may = V_ALL, .fallback = "true", .doc = "Up."},
	    {AT(port, groups), .kind = F_LIST, .max = 6, .min_items = 1, .max_items = 3, .may = V_ALL,
		.doc = "Groups."},
	    {AT(port, where), .kind = F_OBJECT, .of = &tag_table, .may = V_ALL, .nullable = true, .doc = "Where."},
	    {AT(port, tags), .kind = F_OBJECTS, .of = &tag_table, .max_items = 2, .may = V_ALL, .doc = "Tags."},
	    {AT(port, detail), .kind = F_JSON, .may = VIEW_ANSWER, .doc = "Detail."},
	    {0},
	},
};

static enum dc_code
body(enum field_view view, const char *text, struct arena *a, struct port **ret, struct dc_error *err)
{
	void *row = NULL;
	json_t *json = NULL;
	enum dc_code code = field_parse(text, strlen(text), &json, err);

	if (code == DC_OK)
		code = field_decode_in(&port_table, view, json, "port", a, &row, err);
	json_decref(json);
	*ret = row;
	return code;
}

static void
the_table_agrees_with_itself(void **state)
{
	(void)state;
	field_table_assert(&port_table);
}

static void
every_kind_is_read(void **state)
{
	struct dc_error err = {0};
	struct port *p;

	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	assert_int_equal(
	    body(VIEW_CREATE,
		"{\"port\":{\"id\":\"0190F2D4-0000-7000-8000-00000000000A\",\"name\":"
		"\"\xc3\xa4\xc3\xb6\xc3\xbc\xe2\x82\xac\","
		"\"mode\":\"STATIC\",\"project\":\"0123456789ABCDEF0123456789abcdef\",\"secret\":\"s\",\"vlan\":3999,"
		"\"asn\":\"65000\","
		"\"created_time\":\"2026-08-01T12:00:00Z\",\"up\":false,\"groups\":[\"b\",\"a\"],\"where\":{\"key\":"
		"\"k\"},"
		"\"tags\":[{\"key\":\"1\",\"value\":\"x\"},{\"key\":\"2\"}],\"unknown\":{\"deep\":[1]}},\"more\":1}",
		a, &p, &err),
	    DC_OK);
	assert_string_equal(p->id.v, "0190f2d4-0000-7000-8000-00000000000a");
	assert_string_equal(p->mode.v, "static");
	assert_string_equal(p->project.v, "0123456789abcdef0123456789abcdef");
	assert_int_equal(p->vlan.v, 3999);
	assert_int_equal(p->asn.v, 65000);
	assert_int_equal(p->created_time.v, 1785585600000);
	assert_false(p->up.v);
	assert_int_equal(p->groups.n, 2);
	assert_string_equal(p->groups.v[0], "b");
	assert_string_equal(((struct tag *)p->tags.v)[1].key.v, "2");
	assert_int_equal(((struct tag *)p->tags.v)[1].value.set, ABSENT);
	assert_int_equal(p->kindly.set, ABSENT);
}

/* Each row: a create body's members, the member and the rule that the error must name. */
static const struct {
	const char *members, *member, *rule;
	enum dc_code code;
} wrong[] = {
    {"\"vlan\":1", "port.name", "is required", DC_E_PARAM},
    {"\"name\":null,\"vlan\":1", "port.name", "is required", DC_E_PARAM},
    {"\"name\":1,\"vlan\":1", "port.name", "must be a string", DC_E_PARAM},
    {"\"name\":\"\",\"vlan\":1", "port.name", "1 to 4 characters", DC_E_PARAM},
    {"\"name\":\"12345\",\"vlan\":1", "port.name", "1 to 4 characters", DC_E_PARAM},
    {"\"name\":\"a\\u0007\",\"vlan\":1", "port.name", "control characters", DC_E_PARAM},
    {"\"name\":\"a\\u0085\",\"vlan\":1", "port.name", "control characters", DC_E_PARAM},
    {"\"name\":\"a\"", "port.vlan", "is required", DC_E_PARAM},
    {"\"name\":\"a\",\"vlan\":4000", "port.vlan", "whole number from 0 to 3999", DC_E_PARAM},
    {"\"name\":\"a\",\"vlan\":-1", "port.vlan", "whole number from 0 to 3999", DC_E_PARAM},
    {"\"name\":\"a\",\"vlan\":1.5", "port.vlan", "whole number from 0 to 3999", DC_E_PARAM},
    {"\"name\":\"a\",\"vlan\":4000.0", "port.vlan", "whole number from 0 to 3999", DC_E_PARAM},
    {"\"name\":\"a\",\"vlan\":-0.1", "port.vlan", "whole number from 0 to 3999", DC_E_PARAM},
    {"\"name\":\"a\",\"vlan\":\"1\"", "port.vlan", "whole number from 0 to 3999", DC_E_PARAM},
    {"\"name\":\"a\",\"vlan\":99999999999999999999", "port.vlan", "whole number from 0 to 3999", DC_E_PARAM},
    {"\"name\":\"a\",\"vlan\":1e300,\"asn\":99999999999999999999", "port.vlan", "whole number from 0 to 3999",
	DC_E_PARAM},
    {"\"name\":\"a\",\"vlan\":true", "port.vlan", "whole number from 0 to 3999", DC_E_PARAM},
    {"\"name\":\"a\",\"vlan\":1,\"asn\":0", "port.asn", "from 1 to 4294967295", DC_E_ASN},
    {"\"name\":\"a\",\"vlan\":1,\"asn\":\"x\"", "port.asn", "from 1 to 4294967295", DC_E_ASN},
    {"\"name\":\"a\",\"vlan\":1,\"asn\":\"\"", "port.asn", "from 1 to 4294967295", DC_E_ASN},
    {"\"name\":\"a\",\"vlan\":1,\"mode\":\"old\"", "port.mode", "must be static or bgp", DC_E_PARAM},
    {"\"name\":\"a\",\"vlan\":1,\"id\":\"x\"", "port.id", "UUID", DC_E_PARAM},
    {"\"name\":\"a\",\"vlan\":1,\"project\":\"0123\"", "port.project", "32 hexadecimal digits", DC_E_PARAM},
    {"\"name\":\"a\",\"vlan\":1,\"up\":\"yes\"", "port.up", "true or false", DC_E_PARAM},
    {"\"name\":\"a\",\"vlan\":1,\"created_time\":\"now\"", "port.created_time", "a time", DC_E_PARAM},
    {"\"name\":\"a\",\"vlan\":1,\"groups\":\"x\"", "port.groups", "a list", DC_E_PARAM},
    {"\"name\":\"a\",\"vlan\":1,\"groups\":[]", "port.groups", "1 to 3 items", DC_E_PARAM},
    {"\"name\":\"a\",\"vlan\":1,\"groups\":[\"1\",\"2\",\"3\",\"4\"]", "port.groups", "1 to 3 items", DC_E_PARAM},
    {"\"name\":\"a\",\"vlan\":1,\"groups\":[\"a\",7]", "port.groups[1]", "a string", DC_E_PARAM},
    {"\"name\":\"a\",\"vlan\":1,\"groups\":[\"1234567\"]", "port.groups[0]", "0 to 6 characters", DC_E_PARAM},
    {"\"name\":\"a\",\"vlan\":1,\"where\":[]", "port.where", "an object", DC_E_PARAM},
    {"\"name\":\"a\",\"vlan\":1,\"where\":{}", "port.where.key", "is required", DC_E_PARAM},
    {"\"name\":\"a\",\"vlan\":1,\"tags\":{}", "port.tags", "a list of objects", DC_E_PARAM},
    {"\"name\":\"a\",\"vlan\":1,\"tags\":[1]", "port.tags[0]", "an object", DC_E_PARAM},
    {"\"name\":\"a\",\"vlan\":1,\"tags\":[{\"key\":\"a\"},{\"key\":\"\"}]", "port.tags[1].key", "1 to 5 characters",
	DC_E_PARAM},
};

static void
a_broken_rule_names_the_member_and_the_rule(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		_cleanup_arena_ struct arena *a = arena_new();
		struct dc_error err = {0};
		struct port *p;
		const char *text = arena_printf(a, "{\"port\":{%s}}", wrong[i].members);

		assert_int_equal(body(VIEW_CREATE, text, a, &p, &err), wrong[i].code);
		assert_null(p);
		assert_string_equal(err.member, wrong[i].member);
		if (strstr(err.text, wrong[i].rule) == NULL || strstr(err.text, wrong[i].member) == NULL)
			fail_msg("\"%s\" does not say \"%s\"", err.text, wrong[i].rule);
	}
}

static void
what_is_no_json_object_is_refused(void **state)
{
	static const struct {
		const char *text, *word;
	} bad[] = {{"", "empty"}, {"[]", "JSON object"}, {"{", "string or '}' expected"}, {"{}", "the member port"},
	    {"{\"port\":null}", "the member port"}, {"{\"port\":[]}", "must be an object"},
	    {"{\"port\":{}} x", "not valid JSON"},
	    {"{\"port\":{\"name\":\"a\",\"vlan\":1,\"vlan\":2}}", "\"vlan\" occurs twice"},
	    {"{\"port\":{\"secret\":\"hunter2", "not valid JSON"},
	    {"{\"port\":{\"name\":\"a\\u0000b\"}}", "\\u0000 is not allowed"},
	    {"{\"port\":{\"name\":\"\xff\"}}", "not valid JSON"}};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		_cleanup_arena_ struct arena *a = arena_new();
		struct dc_error err = {0};
		struct port *p;

		assert_int_equal(body(VIEW_CREATE, bad[i].text, a, &p, &err), DC_E_BODY);
		if (strstr(err.text, bad[i].word) == NULL)
			fail_msg("\"%s\" does not say \"%s\"", err.text, bad[i].word);
		assert_null(strstr(err.text, "hunter2"));
	}
}

static void
deep_nesting_is_refused_not_followed(void **state)
{
	(void)state;
	char *text = malloc(200001);
	json_t *json = NULL;
	struct dc_error err = {0};

	memset(text, '[', 200000);
	text[200000] = '\0';
	memcpy(text, "{\"a\":", 5);
	assert_int_equal(field_parse(text, 200000, &json, &err), DC_E_BODY);
	free(text);
}

static void
an_update_takes_its_members_only_and_needs_one(void **state)
{
	struct dc_error err = {0};
	struct port *old, *patch;

	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	assert_int_equal(
	    body(VIEW_CREATE, "{\"port\":{\"name\":\"a\",\"vlan\":1,\"groups\":[\"x\"]}}", a, &old, &err), DC_OK);
	assert_int_equal(body(VIEW_UPDATE, "{\"port\":{\"project\":\"zz\"}}", a, &patch, &err), DC_E_PARAM);
	assert_non_null(strstr(err.text, "at least one member"));
	assert_int_equal(
	    body(VIEW_UPDATE, "{\"port\":{\"name\":\"a\",\"groups\":[\"x\"],\"vlan\":null}}", a, &patch, &err), DC_OK);
	assert_false(field_merge(&port_table, VIEW_UPDATE, old, patch));
	assert_int_equal(body(VIEW_UPDATE, "{\"port\":{\"groups\":[\"y\"],\"tags\":[]}}", a, &patch, &err), DC_OK);
	assert_true(field_merge(&port_table, VIEW_UPDATE, old, patch));
	assert_string_equal(old->groups.v[0], "y");
	assert_string_equal(old->name.v, "a");
	assert_int_equal(old->tags.set, GIVEN);
	assert_true(field_equal(&port_table, VIEW_ANSWER, old, old));
	assert_false(field_equal(&port_table, VIEW_ANSWER, old, patch));
}

static void
defaults_fill_what_is_absent_only(void **state)
{
	struct dc_error err = {0};
	struct port *p;

	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	assert_int_equal(
	    body(VIEW_CREATE, "{\"port\":{\"name\":\"a\",\"vlan\":1,\"mode\":\"static\"}}", a, &p, &err), DC_OK);
	field_defaults(&port_table, a, p);
	assert_string_equal(p->mode.v, "static");
	assert_true(p->up.v);
	assert_int_equal(p->secret.set, ABSENT);
}

static const char *
encoded(const struct port *p, const struct field_options *options, struct arena *a)
{
	struct buf b = BUF_INIT(10000);
	struct json w = JSON_INIT(&b);

	field_encode(&port_table, VIEW_ANSWER, p, options, &w);
	const char *text = arena_strdup(a, buf_str(&b));

	buf_free(&b);
	return text;
}

static void
answers_have_every_member_in_table_order(void **state)
{
	struct dc_error err = {0};
	struct port *p;

	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	assert_int_equal(body(VIEW_CREATE,
			     "{\"port\":{\"name\":\"a\",\"vlan\":1,\"secret\":\"pw\",\"where\":{\"key\":\"k\"},"
			     "\"created_time\":\"2026-08-01T12:00:00Z\"}}",
			     a, &p, &err),
	    DC_OK);
	F_SET_TEXT(p->detail, "{\"x\":[1]}");
	assert_string_equal(encoded(p, NULL, a),
	    "{\"id\":null,\"name\":\"a\",\"mode\":null,\"project\":null,\"secret\":\"pw\","
	    "\"kindly\":null,\"vlan\":1,\"asn\":null,\"created_time\":\"2026-08-01T12:00:00.000Z\",\"up\":null,"
	    "\"groups\":null,"
	    "\"where\":{\"key\":\"k\",\"value\":null},\"tags\":[],\"detail\":{\"x\":[1]}}");
	static const char *const only[] = {"secret", "vlan", NULL};

	assert_string_equal(encoded(p, &(struct field_options){.hide_secrets = true, .only = only}, a),
	    "{\"id\":null,\"secret\":null,\"vlan\":1}");
}

static void
every_member_survives_its_text_form(void **state)
{
	struct dc_error err = {0};
	struct port *p, back = {0};

	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	assert_int_equal(body(VIEW_CREATE,
			     "{\"port\":{\"name\":\"\xc3\xa4\\\"\",\"vlan\":7,\"secret\":\"pw\",\"up\":false,"
			     "\"groups\":[\"a\",\"\"],"
			     "\"tags\":[{\"key\":\"k\",\"value\":\"\"},{\"key\":\"l\"}],\"where\":{\"key\":\"k\"},"
			     "\"created_time\":\"2026-08-01T12:00:00Z\"}}",
			     a, &p, &err),
	    DC_OK);
	for (const struct field *f = port_table.fields; f->name != NULL; f++)
		assert_true(field_from_text(f, &back, field_to_text(f, p, a), a));
	assert_true(field_equal(&port_table, VIEW_ANSWER, p, &back));
	assert_int_equal(((struct tag *)back.tags.v)[1].value.set, ABSENT);
	assert_int_equal(back.asn.set, NULLED);
	assert_false(field_from_text(field_find(&port_table, "groups"), &back, "[1", a));
	assert_false(field_from_text(field_find(&port_table, "vlan"), &back, "seven", a));
}

static void
query_values_are_checked_by_kind(void **state)
{
	static const struct {
		const char *field, *value, *text; /* text NULL: refused */
	} cases[] = {{"vlan", "12", "12"}, {"vlan", "012", "12"}, {"vlan", "x", NULL}, {"up", "True", "true"},
	    {"up", "1", NULL}, {"id", "0190F2D4-0000-7000-8000-00000000000A", "0190f2d4-0000-7000-8000-00000000000a"},
	    {"id", "x", NULL}, {"mode", "BGP", "bgp"}, {"mode", "rip", NULL}, {"name", "", ""}, {"name", "12345", NULL},
	    {"created_time", "2026-08-01T12:00:00Z", "1785585600000"}, {"created_time", "today", NULL}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_arena_ struct arena *a = arena_new();
		struct dc_error err = {0};
		const char *text = NULL;
		enum dc_code code =
		    field_check_query(field_find(&port_table, cases[i].field), cases[i].value, a, &text, &err);

		assert_int_equal(code, cases[i].text != NULL ? DC_OK : DC_E_PARAM);
		if (cases[i].text != NULL)
			assert_string_equal(text, cases[i].text);
	}
}

static void
schemas_show_what_the_engine_checks(void **state)
{
	struct buf b = BUF_INIT(100000);
	struct json w = JSON_INIT(&b);

	(void)state;
	field_schema(&port_table, VIEW_CREATE, &w);
	json_t *s = json_loads(buf_str(&b), JSON_REJECT_DUPLICATES, NULL);

	assert_non_null(s);
	json_t *members = json_object_get(s, "properties");

	assert_int_equal(json_array_size(json_object_get(s, "required")), 2);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(members, "vlan"), "maximum")), 3999);
	assert_int_equal(json_array_size(json_object_get(json_object_get(members, "mode"), "enum")), 2);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(members, "groups"), "maxItems")), 3);
	assert_null(json_object_get(members, "kindly"));
	json_decref(s);
	buf_free(&b);
}

static void
members_that_are_passed_over_are_named(void **state)
{
	static const struct {
		const char *body, *ignored;
	} cases[] = {
	    {"{\"port\":{\"name\":\"a\",\"vlan\":1}}", NULL},
	    {"{\"port\":{\"name\":\"a\",\"vlam\":1,\"nothing\":null}}", "port.vlam"},
	    {"{\"port\":{\"detail\":\"of answers only\"},\"more\":[]}", "port.detail, more"},
	    {"{\"port\":{\"tags\":[{\"key\":\"a\"},{\"kee\":\"b\"}],\"where\":{\"x\":{\"y\":1}}}}",
		"port.tags[1].kee, port.where.x"},
	    {"{\"port\":{\"a\\r\\nb: c,d\":1}}", "port.a??b:?c?d"},
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *json = json_loads(cases[i].body, 0, NULL);
		const char *ignored = field_ignored(&port_table, VIEW_CREATE, json, "port", a);

		if (cases[i].ignored == NULL)
			assert_null(ignored);
		else
			assert_string_equal(ignored, cases[i].ignored);
		json_decref(json);
	}
	arena_free(a);
}

static void
of_many_ignored_members_the_first_are_named(void **state)
{
	struct arena *a = arena_new();
	json_t *json = json_object();
	const char *ignored;

	(void)state;
	for (int i = 0; i < 1000; i++)
		json_object_set_new(json, arena_printf(a, "m%d", i), json_true());
	ignored = field_ignored(&port_table, VIEW_CREATE, json, "", a);
	assert_true(strlen(ignored) < 200);
	assert_string_equal(ignored + strlen(ignored) - strlen(", m15, ..."), ", m15, ...");
	json_decref(json);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_table_agrees_with_itself),
	    cmocka_unit_test(every_kind_is_read),
	    cmocka_unit_test(a_broken_rule_names_the_member_and_the_rule),
	    cmocka_unit_test(what_is_no_json_object_is_refused),
	    cmocka_unit_test(deep_nesting_is_refused_not_followed),
	    cmocka_unit_test(an_update_takes_its_members_only_and_needs_one),
	    cmocka_unit_test(defaults_fill_what_is_absent_only),
	    cmocka_unit_test(answers_have_every_member_in_table_order),
	    cmocka_unit_test(every_member_survives_its_text_form),
	    cmocka_unit_test(query_values_are_checked_by_kind),
	    cmocka_unit_test(members_that_are_passed_over_are_named),
	    cmocka_unit_test(of_many_ignored_members_the_first_are_named),
	    cmocka_unit_test(schemas_show_what_the_engine_checks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

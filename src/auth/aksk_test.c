/* SPDX-License-Identifier: ISC */
/* The published vectors, and what must not verify. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "auth/aksk.h"

struct vector {
	json_t *json;
	const char *drop_header; /* name not found */
	const char *date;
	struct arena *arena;
};

static const char *
text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	assert_non_null(value);
	return value;
}

static const char *
vector_header(void *arg, const char *name)
{
	const struct vector *v = arg;
	const json_t *value = json_object_get(json_object_get(v->json, "headers"), name);

	if (v->drop_header != NULL && strcmp(name, v->drop_header) == 0)
		return NULL;
	return strcmp(name, "x-sdk-date") == 0 ? v->date : json_string_value(value);
}

static const char *const *
names_of(struct arena *arena, const char *list)
{
	char *copy = arena_strdup(arena, list), *name;
	const char **names = arena_array(arena, 32, sizeof(*names));

	for (size_t n = 0; n < 31 && (name = strsep(&copy, ";")) != NULL; n++)
		names[n] = name;
	return names;
}

static struct aksk_input
input_of(struct vector *v)
{
	const char *body = text(v->json, "body");

	return (struct aksk_input){.method = text(v->json, "method"),
	    .raw_path = text(v->json, "path"),
	    .raw_query = text(v->json, "query"),
	    .signed_headers = names_of(v->arena, text(v->json, "signed")),
	    .header = vector_header,
	    .header_arg = v,
	    .body = body,
	    .body_len = strlen(body),
	    .date = v->date};
}

static json_t *
load_vectors(void)
{
	json_error_t error;
	json_t *all = json_load_file(GOLDEN_DIR "/signature-vectors.json", 0, &error);

	if (all == NULL)
		fail_msg("%s: %s", error.source, error.text);
	return all;
}

static void
each_vector_has_its_canonical_request_and_signature(void **state)
{
	json_t *all = load_vectors(), *json;
	size_t i;

	(void)state;
	assert_true(json_array_size(json_object_get(all, "vectors")) >= 8);
	json_array_foreach(json_object_get(all, "vectors"), i, json)
	{
		_cleanup_arena_ struct arena *arena = arena_new();
		struct vector v = {json, NULL, text(all, "date"), arena};
		struct aksk_input in = input_of(&v);
		bool sorted = json_object_get(json, "sortvals") == NULL;
		struct aksk_claim claim = {text(all, "ak"), in.signed_headers, text(json, "signature")};
		char signature[SHA256_HEX_SIZE];
		const char *canonical;
		struct dc_error err;

		assert_int_equal(aksk_canonical(&in, sorted, arena, &canonical, &err), DC_OK);
		assert_string_equal(canonical, text(json, "canonical"));
		assert_int_equal(aksk_sign(&in, sorted, text(all, "sk"), arena, signature, &err), DC_OK);
		assert_string_equal(signature, text(json, "signature"));
		assert_int_equal(aksk_verify(&in, &claim, text(all, "sk"), arena, &err), DC_OK);
	}
	json_decref(all);
}

static void
repeated_values_verify_sorted_and_as_sent(void **state)
{
	static const char sorted[] = "19cb0c579b8faec865942653504e355ff1f642233a4b5f0f1e87a2f2c3dcd297";
	_cleanup_arena_ struct arena *arena = arena_new();
	json_t *all = load_vectors();
	struct vector v = {json_array_get(json_object_get(all, "vectors"), 2), NULL, text(all, "date"), arena};
	struct aksk_input in = input_of(&v);
	struct aksk_claim claim = {text(all, "ak"), in.signed_headers, sorted};
	struct dc_error err;

	(void)state;
	assert_string_equal(text(v.json, "id"), "V2j");
	assert_int_equal(aksk_verify(&in, &claim, text(all, "sk"), arena, &err), DC_OK);
	json_decref(all);
}

/* Vector V3 (a POST with a body), changed in one way each. */
static enum dc_code
verify_changed(const char *sk, const char *body, const char *date, const char *drop, const char *signature,
    const char *signed_headers)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	json_t *all = load_vectors();
	struct vector v = {json_array_get(json_object_get(all, "vectors"), 3), drop, text(all, "date"), arena};
	struct aksk_input in;
	struct aksk_claim claim;
	struct dc_error err = {0};
	enum dc_code rc;

	assert_string_equal(text(v.json, "id"), "V3");
	if (date != NULL)
		v.date = date;
	in = input_of(&v);
	if (body != NULL) {
		in.body = body;
		in.body_len = strlen(body);
	}
	if (signed_headers != NULL)
		in.signed_headers = names_of(arena, signed_headers);
	claim = (struct aksk_claim){
	    text(all, "ak"), in.signed_headers, signature != NULL ? signature : text(v.json, "signature")};
	rc = aksk_verify(&in, &claim, sk != NULL ? sk : text(all, "sk"), arena, &err);
	json_decref(all);
	return rc;
}

static void
anything_changed_does_not_verify(void **state)
{
	(void)state;
	assert_int_equal(verify_changed(NULL, NULL, NULL, NULL, NULL, NULL), DC_OK);
	assert_int_equal(verify_changed("SKEXAMPLE00000000000000000000000000000002", NULL, NULL, NULL, NULL, NULL),
	    DC_E_UNAUTHORIZED);
	assert_int_equal(verify_changed(NULL, "{\"virtual_gateway\":{}}", NULL, NULL, NULL, NULL), DC_E_UNAUTHORIZED);
	assert_int_equal(verify_changed(NULL, NULL, "20260801T120001Z", NULL, NULL, NULL), DC_E_UNAUTHORIZED);
	assert_int_equal(verify_changed(NULL, NULL, NULL, "x-project-id", NULL, NULL), DC_E_UNAUTHORIZED);
	assert_int_equal(verify_changed(NULL, NULL, NULL, NULL,
			     "797cd05e3ae63e6a780ec07dcbf9040e6b5dc58ab08702748b98c8f73ccebf25", NULL),
	    DC_E_UNAUTHORIZED);
	assert_int_equal(verify_changed(NULL, NULL, NULL, NULL, NULL, "content-type;host"), DC_E_UNAUTHORIZED);
}

static enum dc_code
parse(struct arena *arena, const char *value, struct aksk_claim *claim)
{
	struct dc_error err = {0};

	return aksk_parse(value, arena, claim, &err);
}

#define HEX64 "65b5000c84604893d788987f1b408cea05992fc7bedc0e84d586208154c1956c"

static void
authorization_is_parsed_with_and_without_blanks(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct aksk_claim c;

	(void)state;
	assert_int_equal(
	    parse(arena, "SDK-HMAC-SHA256 Access=AK, SignedHeaders=host;x-sdk-date, Signature=" HEX64, &c), DC_OK);
	assert_string_equal(c.access_key, "AK");
	assert_string_equal(c.signed_headers[0], "host");
	assert_string_equal(c.signed_headers[1], "x-sdk-date");
	assert_null(c.signed_headers[2]);
	assert_string_equal(c.signature, HEX64);
	assert_int_equal(parse(arena,
			     "SDK-HMAC-SHA256 Access=AK,SignedHeaders=x-sdk-date,Signature="
			     "65B5000C84604893D788987F1B408CEA05992FC7BEDC0E84D586208154C1956C",
			     &c),
	    DC_OK);
	assert_string_equal(c.signature, HEX64);
}

static void
malformed_authorization_is_refused(void **state)
{
	static const char *const wrong[] = {"", "Basic dTpw", "SDK-HMAC-SHA256",
	    "SDK-HMAC-SHA256 Access=, SignedHeaders=a, Signature=" HEX64,
	    "SDK-HMAC-SHA256 Access=AK, SignedHeaders=, Signature=" HEX64,
	    "SDK-HMAC-SHA256 Access=AK, SignedHeaders=a;;b, Signature=" HEX64,
	    "SDK-HMAC-SHA256 Access=AK, SignedHeaders=a, Signature=" HEX64 "0",
	    "SDK-HMAC-SHA256 Access=AK, SignedHeaders=a, Signature=" HEX64 ", x",
	    "SDK-HMAC-SHA256 Access=AK, SignedHeaders=a, Signature=zz", "SDK-HMAC-SHA256 SignedHeaders=a, Access=AK",
	    "V11-HMAC-SHA256 Credential=AK/20260801/r/s, SignedHeaders=a, Signature=" HEX64};
	_cleanup_arena_ struct arena *arena = arena_new();
	struct aksk_claim c;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(parse(arena, wrong[i], &c), DC_E_UNAUTHORIZED);
}

static void
dates_are_read_strictly_and_written_back(void **state)
{
	static const char *const wrong[] = {"", "20260801T120000", "2026-08-01T12:00Z", "20261301T120000Z",
	    "20260800T120000Z", "20260801T240000Z", "20260801X120000Z", "2026080 T120000Z"};
	char out[AKSK_DATE_SIZE];
	utc_ms when;

	(void)state;
	assert_true(aksk_parse_date("20260801T120000Z", &when));
	assert_true(when == 1785585600000);
	aksk_format_date(when, out);
	assert_string_equal(out, "20260801T120000Z");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(aksk_parse_date(wrong[i], &when));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_vector_has_its_canonical_request_and_signature),
	    cmocka_unit_test(repeated_values_verify_sorted_and_as_sent),
	    cmocka_unit_test(anything_changed_does_not_verify),
	    cmocka_unit_test(authorization_is_parsed_with_and_without_blanks),
	    cmocka_unit_test(malformed_authorization_is_refused),
	    cmocka_unit_test(dates_are_read_strictly_and_written_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

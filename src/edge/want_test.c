/* SPDX-License-Identifier: ISC */
/* What comes from dcaasd is checked once, here: a body that breaks a rule is an error in words, with any content. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/uuid.h"
#include "edge/want.h"

#define MARK "\"mark\":\"01a21458-852f-7254-bd65-fe37d00dcaf8\""
#define VRF                                                                                                            \
	"{\"device\":\"dcr1\"," MARK                                                                                   \
	",\"table\":100001,\"instance\":1,\"router_id\":\"10.255.0.1\",\"own\":[\"10.1.0.0/16\"]}"
#define VLAN "{\"vrf\":\"vrf/a\",\"device\":\"dcv1\"," MARK ",\"port\":\"eth0\",\"vlan\":100,\"use\":\"customer\"}"
#define VETH "{\"vrf\":\"vrf/a\",\"device\":\"dcl1a\"," MARK ",\"peer\":\"veth/b\"}"
#define ADDR "{\"link\":\"vlan/a\",\"prefix\":\"192.0.2.1/30\"}"
#define ROUTE                                                                                                          \
	"{\"vrf\":\"vrf/a\",\"link\":\"vlan/a\",\"prefix\":\"172.16.0.1/"                                              \
	"16\",\"via\":\"192.0.2.2\",\"class\":\"static\"}"
#define BGP                                                                                                            \
	"{\"vrf\":\"vrf/a\",\"link\":\"vlan/a\",\"name\":\"p1_4\",\"local\":\"192.0.2.1\",\"remote\":\"192.0.2.2\","   \
	"\"local_asn\":64512,\"remote_asn\":4294967295,\"password\":\"word\",\"route_limit\":100}"

#define RATE "{\"link\":\"vlan/a\",\"ingress\":50000,\"egress\":50000,\"burst\":625000}"

static const struct {
	enum object_kind kind;
	const char *body;
} good[] = {{OBJECT_VRF, VRF}, {OBJECT_VLAN, VLAN}, {OBJECT_VETH, VETH}, {OBJECT_ADDR, ADDR}, {OBJECT_ROUTE, ROUTE},
    {OBJECT_BGP, BGP}, {OBJECT_RATE, RATE}};

#define GOOD (sizeof(good) / sizeof(good[0]))

static bool
decodes(struct arena *arena, enum object_kind kind, const char *body, struct want *w)
{
	enum dc_code rc;

	*w = (struct want){.key = "k", .kind = kind};
	rc = want_decode(w, body, arena);
	assert_int_equal(rc == DC_OK, w->known);
	assert_true(w->known == (w->bad == NULL));
	return w->known;
}

static void
good_bodies_are_taken(void **state)
{
	struct arena *arena = arena_new();
	struct want w;

	(void)state;
	for (size_t i = 0; i < GOOD; i++)
		assert_true(decodes(arena, good[i].kind, good[i].body, &w));
	assert_true(decodes(arena, OBJECT_BGP, BGP, &w));
	assert_int_equal(w.bgp.remote_asn, 4294967295);
	assert_string_equal(w.bgp.password, "word");
	assert_false(w.bgp.is_link);
	assert_true(decodes(arena, OBJECT_VLAN, VLAN, &w));
	assert_string_equal(w.vlan.mark, "dcaas:01a21458-852f-7254-bd65-fe37d00dcaf8");
	arena_free(arena);
}

static void
the_host_bits_of_a_route_are_cleared_and_those_of_an_address_stay(void **state)
{
	struct arena *arena = arena_new();
	char text[IP_TEXT_SIZE];
	struct want w;

	(void)state;
	assert_true(decodes(arena, OBJECT_ROUTE, ROUTE, &w));
	ip_format_prefix(&w.route.prefix, text);
	assert_string_equal(text, "172.16.0.0/16");
	assert_true(decodes(arena, OBJECT_ADDR, ADDR, &w));
	ip_format_prefix(&w.addr.prefix, text);
	assert_string_equal(text, "192.0.2.1/30");
	arena_free(arena);
}

/* A body with one member's text replaced by another. */
static const char *
with(struct arena *arena, const char *body, const char *from, const char *to)
{
	const char *at = strstr(body, from);

	assert_non_null(at);
	return arena_printf(arena, "%.*s%s%s", (int)(at - body), body, to, at + strlen(from));
}

static void
each_broken_rule_is_reported_with_its_member(void **state)
{
	static const struct {
		enum object_kind kind;
		const char *body, *from, *to, *member;
	} bad[] = {
	    {OBJECT_VRF, VRF, "dcr1", "a-name-too-long-x", "device"},
	    {OBJECT_VRF, VRF, "dcr1", "", "device"},
	    {OBJECT_VRF, VRF, "dcr1", "../etc", "device"},
	    {OBJECT_VRF, VRF, "dcr1", "a b", "device"},
	    {OBJECT_VRF, VRF, "dcr1", "dcr-1", "device"},
	    {OBJECT_VRF, VRF, "dcr1", "1dcr", "device"},
	    {OBJECT_VRF, VRF, "\"dcr1\"", "\"d\\n\"", "device"},
	    {OBJECT_VRF, VRF, "\"dcr1\"", "7", "device"},
	    {OBJECT_VRF, VRF, "01a21458-852f", "zza21458-852f", "mark"},
	    {OBJECT_VRF, VRF, "100001", "254", "table"},
	    {OBJECT_VRF, VRF, "100001", "99999999999999999999", "table"},
	    {OBJECT_VRF, VRF, "100001", "\"100001\"", "table"},
	    {OBJECT_VRF, VRF, "\"instance\":1", "\"instance\":0", "instance"},
	    {OBJECT_VRF, VRF, "\"instance\":1", "\"instance\":10000", "instance"},
	    {OBJECT_VRF, VRF, "10.255.0.1", "::1", "router_id"},
	    {OBJECT_VRF, VRF, "10.255.0.1", "10.255.0", "router_id"},
	    {OBJECT_VRF, VRF, "10.1.0.0/16", "10.1.0.0", "own"},
	    {OBJECT_VRF, VRF, "[\"10.1.0.0/16\"]", "\"10.1.0.0/16\"", "own"},
	    {OBJECT_VRF, VRF, "\"own\"", "\"internal_asn_first\":5,\"own\"", "internal_asn_last"},
	    {OBJECT_VRF, VRF, "\"own\"", "\"internal_asn_first\":5,\"internal_asn_last\":4,\"own\"",
		"internal_asn_last"},
	    {OBJECT_VLAN, VLAN, "vrf/a", "", "vrf"},
	    {OBJECT_VLAN, VLAN, "100", "4095", "vlan"},
	    {OBJECT_VLAN, VLAN, "100", "-1", "vlan"},
	    {OBJECT_VLAN, VLAN, "eth0", "eth0/../x", "port"},
	    {OBJECT_VLAN, VLAN, "\"port\":\"eth0\",", "", "port"},
	    {OBJECT_VETH, VETH, "veth/b", "", "peer"},
	    {OBJECT_ADDR, ADDR, "192.0.2.1/30", "192.0.2.1/33", "prefix"},
	    {OBJECT_RATE, RATE, "\"ingress\":50000", "\"ingress\":0", "ingress"},
	    {OBJECT_RATE, RATE, "\"egress\":50000", "\"egress\":4294967296", "egress"},
	    {OBJECT_RATE, RATE, "625000", "65535", "burst"},
	    {OBJECT_ADDR, ADDR, "192.0.2.1/30", "192.0.2.1", "prefix"},
	    {OBJECT_ROUTE, ROUTE, "static", "other", "class"},
	    {OBJECT_ROUTE, ROUTE, "\"192.0.2.2\"", "\"fd00::1\"", "via"},
	    {OBJECT_ROUTE, ROUTE, "\"192.0.2.2\"", "\"192.0.2.2/30\"", "via"},
	    {OBJECT_BGP, BGP, "p1_4", "p1 { }", "name"},
	    {OBJECT_BGP, BGP, "\"remote\":\"192.0.2.2\"", "\"remote\":\"fd00::2\"", "remote"},
	    {OBJECT_BGP, BGP, "\"remote\":\"192.0.2.2\"", "\"remote\":\"192.0.2.1\"", "remote"},
	    {OBJECT_BGP, BGP, "4294967295", "4294967296", "remote_asn"},
	    {OBJECT_BGP, BGP, "64512", "0", "local_asn"},
	    {OBJECT_BGP, BGP, "\"word\"", "\"wo\\\"rd\"", "password"},
	    {OBJECT_BGP, BGP, "\"word\"", "\"wo\\nrd\"", "password"},
	    {OBJECT_BGP, BGP, "\"word\"", "\"w\xc3\xb6rd\"", "password"},
	    {OBJECT_BGP, BGP, "\"word\"", "\"\"", "password"},
	    {OBJECT_BGP, BGP, "\"word\"",
		"\"123456789012345678901234567890123456789012345678901234567890123456789012345678901\"", "password"},
	    {OBJECT_BGP, BGP, "\"route_limit\":100", "\"route_limit\":-1", "route_limit"},
	    {OBJECT_BGP, BGP, "\"route_limit\":100", "\"class\":\"spy\"", "class"},
	};
	struct arena *arena = arena_new();
	struct want w;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *body = with(arena, bad[i].body, bad[i].from, bad[i].to);

		if (decodes(arena, bad[i].kind, body, &w))
			fail_msg("taken: %s", body);
		if (strstr(w.bad, bad[i].member) == NULL)
			fail_msg("%s does not name %s in %s", w.bad, bad[i].member, body);
	}
	arena_free(arena);
}

static void
an_error_never_repeats_a_password(void **state)
{
	struct arena *arena = arena_new();
	struct want w;

	(void)state;
	assert_false(decodes(arena, OBJECT_BGP, with(arena, BGP, "\"word\"", "\"top \\\" secret\""), &w));
	assert_null(strstr(w.bad, "secret"));
	assert_false(decodes(arena, OBJECT_BGP, with(arena, BGP, "\"word\"", "{\"secret\":1}"), &w));
	assert_null(strstr(w.bad, "secret"));
	arena_free(arena);
}

static void
what_is_no_object_is_refused(void **state)
{
	static const char *const bodies[] = {
	    "", "null", "[]", "7", "\"x\"", "{", "{}", "{\"a\":1,\"a\":2}", "{}{}", "nonsense"};
	struct arena *arena = arena_new();
	struct want w;

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		for (size_t k = 0; k < GOOD; k++)
			assert_false(decodes(arena, good[k].kind, bodies[i], &w));
	assert_false(decodes(arena, OBJECT_VRF, NULL, &w));
	assert_false(decodes(arena, OBJECT_UNKNOWN, VRF, &w));
	arena_free(arena);
}

static uint32_t
below(uint32_t n)
{
	uint32_t r;

	random_bytes(&r, sizeof(r));
	return r % n;
}

/* Bodies with a few bytes changed, taken away or doubled: refused or taken, with what was taken in range. */
static void
damaged_bodies_do_no_harm(void **state)
{
	static const char letters[] = "{}[]\",:\\0123456789.-/eE+ nulltruefalse\x01\xff";
	struct want w;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct arena *arena = arena_new();
		size_t which = below(GOOD);
		char *body = arena_strdup(arena, good[which].body);
		size_t len = strlen(body);

		for (uint32_t changes = 1 + below(3); changes > 0; changes--)
			body[below((uint32_t)len)] = letters[below(sizeof(letters) - 1)];
		if (decodes(arena, good[which].kind, body, &w) && w.kind == OBJECT_VLAN) {
			assert_true(w.vlan.vlan <= 4094);
			assert_true(strlen(w.vlan.device) < 16 && strlen(w.vlan.port) < 16);
		}
		arena_free(arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_bodies_are_taken),
	    cmocka_unit_test(the_host_bits_of_a_route_are_cleared_and_those_of_an_address_stay),
	    cmocka_unit_test(each_broken_rule_is_reported_with_its_member),
	    cmocka_unit_test(an_error_never_repeats_a_password),
	    cmocka_unit_test(what_is_no_object_is_refused),
	    cmocka_unit_test(damaged_bodies_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "res/session_advice.h"

#include <jansson.h>
#include <string.h>

#include "base/ip.h"
#include "wire/object.h"

#define NO_ANSWER "no answer on TCP port 179" /* the edge's words for silence */

/* Both ends of the session as text, for the advice. */
struct ends {
	const char *local, *remote;
	int64_t local_asn, remote_asn;
};

static struct ends
ends_of(const struct session_facts *f, struct arena *arena)
{
	const struct wire_bgp *w;
	struct dc_error ignored = {0};
	struct ends ends = {"the gateway's address", "the customer's router", 0, f->peer->bgp_asn.v};
	json_t *json;
	void *row;

	if (f->bgp == NULL || f->bgp->body.set != GIVEN ||
	    field_parse(f->bgp->body.v, strlen(f->bgp->body.v), &json, &ignored) != DC_OK)
		return ends;
	if (field_decode(&wire_bgp_table, VIEW_WIRE, json, "", arena, &row, &ignored) == DC_OK) {
		w = row;
		ends = (struct ends){w->local.v, w->remote.v, w->local_asn.v, w->remote_asn.v};
	}
	json_decref(json);
	return ends;
}

/* How many packets the filter of the interface's device has dropped for that reason. */
static int64_t
dropped(const struct session_facts *f, const char *reason)
{
	json_t *detail = f->drops != NULL ? json_loads(f->drops, 0, NULL) : NULL;
	int64_t n = json_integer_value(json_object_get(json_object_get(detail, "dropped"), reason));

	json_decref(detail);
	return n;
}

static bool
has_password(const struct session_facts *f)
{
	return f->peer->bgp_md5.set == GIVEN && f->peer->bgp_md5.v[0] != '\0';
}

/* BIRD's words, and what they ask for. %1: the customer's router, %2: our address, %3: its AS, %4: ours. */
static const struct {
	const char *said, *advice;
} table[] = {
    {"Received: Bad peer AS", "Configure %2 with remote AS %4 on the customer's router: it expects another AS there."},
    {"Bad peer AS", "The customer's router has another AS than the ordered one: set its AS to %3, or order its AS."},
    {"Received: Connection rejected",
	"The customer's router refuses %2: configure it as a BGP neighbour with remote AS %4 there."},
    {"Connection refused",
	"The customer's router runs no BGP for this neighbour: configure %2 with remote AS %4 there, and start it."},
    {"Connection reset", "The customer's router drops the connection: configure %2 as its neighbour, with remote AS "
			 "%4, without TTL security."},
    {"Unacceptable hold time", "Set the hold time of the customer's router to 3 s or more."},
    {"Hold timer expired",
	"Keepalives do not arrive: look for loss on the line, a filter of TCP 179, and an MTU that differs."},
    {"Administrative shutdown", "The customer's router has the session shut down: enable it there."},
    {"Administratively shut down", "The session is shut down: enable it."},
    {"Cease", "The customer's router ended the session. Its own log has the reason."},
    {"no kernel memory", "Ask the operator to raise net.core.optmem_max on the router."},
    {"TTL security", "Switch TTL security (GTSM) off on the customer's router, or remove the filter of TCP 179."},
    {"route limit", "Announce fewer routes, or order a higher route limit. The session is tried again by itself."},
    {"than its limit", "Announce fewer routes, or order a higher route limit. The session is tried again by itself."},
    {"that are kept for it",
	"Announce fewer routes, or order a higher route limit. The session is tried again by itself."},
    {"No route to host",
	"The customer's router does not answer ARP or neighbour discovery for %1: check its address on this VLAN."},
};

static const char *
filled(const char *advice, const struct ends *e, struct arena *arena)
{
	struct buf out = BUF_INIT(2048);
	const char *text;

	for (const char *p = advice; *p != '\0'; p++) {
		if (p[0] != '%') {
			buf_add(&out, p, 1);
			continue;
		}
		p++;
		if (*p == '1' || *p == '2')
			buf_puts(&out, *p == '1' ? e->remote : e->local);
		else
			buf_printf(&out, "%lld", (long long)(*p == '3' ? e->remote_asn : e->local_asn));
	}
	text = arena_strdup(arena, buf_str(&out));
	buf_free(&out);
	return text;
}

/* The first cause counts: the words that follow show how later tries fared. */
static const char *
advice_for(const char *error, const struct ends *e, struct arena *arena)
{
	const char *first = NULL, *advice = NULL;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const char *at = strstr(error, table[i].said);

		if (at != NULL && (first == NULL || at < first)) {
			first = at;
			advice = table[i].advice;
		}
	}
	return advice != NULL ? filled(advice, e, arena) : NULL;
}

/* A side without the right password is silence on the line: which side it is, the filter and the kernel count. */
static const char *
password_words(const struct session_facts *f, struct arena *arena, const char **advice)
{
	const struct edge_session *s = f->session;
	int64_t is_unsigned = dropped(f, "unsigned");

	if (has_password(f) && is_unsigned > 0) {
		*advice = "Set the ordered MD5 password for this neighbour on the customer's router.";
		return arena_printf(arena,
		    "%lld connections of the customer's router came without an MD5 signature, which is ordered",
		    (long long)is_unsigned);
	}
	if (has_password(f) && s->md5_failures.v > 0) {
		*advice = "Set the same MD5 password on both sides: correct the customer's router, or order the "
			  "password anew.";
		return "connections come in with another MD5 password than the ordered one";
	}
	if (!has_password(f) && s->md5_unexpected.v > 0) {
		*advice = "Order the MD5 password of the customer's router, or remove it there.";
		return "connections come in with an MD5 signature, and no password is ordered";
	}
	return NULL;
}

static const char *
silent_words(const struct session_facts *f, const struct ends *e, struct arena *arena, const char **advice)
{
	*advice = arena_printf(arena,
	    has_password(f)
		? "Check that %s is configured as a BGP neighbour on the customer's router with the ordered MD5 "
		  "password, "
		  "and that no filter drops TCP port 179."
		: "Check that %s is configured as a BGP neighbour on the customer's router, that it uses no MD5 "
		  "password, and that no filter drops TCP port 179.",
	    e->local);
	return arena_printf(
	    arena, "%s does not answer on TCP port 179%s", e->remote, f->answers ? ", and answers echo requests" : "");
}

/* BIRD keeps the error of an earlier try while the present one waits for an answer: the router was not there yet, or
 * ran no BGP yet, and is silent by now. */
static const char *
last_error(const struct session_facts *f)
{
	const struct edge_session *s = f->session;
	const char *error = s->last_error.set == GIVEN ? s->last_error.v : "";
	bool waits = s->tcp.set == GIVEN && strcmp(s->tcp.v, "SYN_SENT") == 0;

	if (strstr(error, NO_ANSWER) != NULL || (f->is_there && strstr(error, "No route to host") != NULL))
		return "";
	return waits && f->is_there && strncmp(error, "Socket: ", 8) == 0 ? "" : error;
}

const char *
session_words(const struct session_facts *f, struct arena *arena, const char **advice)
{
	struct ends e = ends_of(f, arena);
	const char *error, *words;

	if (f->session == NULL) {
		*advice = "Wait some seconds. If it stays so, ask the operator to look at the edge.";
		return "the router has reported nothing of the BGP session yet";
	}
	error = last_error(f);
	*advice = advice_for(error, &e, arena);
	if (*advice != NULL)
		return arena_printf(arena, "the BGP session is down: %s", error);
	if ((words = password_words(f, arena, advice)) != NULL)
		return words;
	if (error[0] == '\0')
		return silent_words(f, &e, arena, advice);
	*advice = "The words are those of the routing daemon. The customer's router has the other half in its log.";
	return arena_printf(arena, "the BGP session is down: %s", error);
}

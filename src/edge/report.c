/* SPDX-License-Identifier: ISC */
#include "edge/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/uuid.h"
#include "edge/filter/program.h"
#include "edge/observe.h"

#define WORDS_MAX 1000             /* bytes of a text; dcaasd takes 1024 characters */
#define PART_MAX ((size_t)2 << 20) /* bytes; far more than WIRE_PART_BYTES, so that no escape can matter */
#define RESETS_TOLD 1000           /* of one apply: further ones add nothing */
#define PORT_BYTES 64              /* about */
#define ITEM_BYTES 160             /* about, without its texts */
#define DETAIL_MAX 1024            /* bytes that dcaasd takes */
#define RECORDS_MAX 64             /* that wait for a report; the oldest go first */

struct report {
	uint32_t key_room;
	char boot[UUID_TEXT_SIZE];
	const char *fabric;
	int64_t sequence;
	bool full;
	char *held;
	struct apply_record record[RECORDS_MAX];
	size_t records, records_sent; /* the first ones are in the report that is on its way */
	struct item_port *told_port;  /* heap */
	size_t told_ports;
	struct buf *part; /* heap; of the report that is on its way */
	size_t parts, parts_given;
};

struct report *
report_new(const char *fabric)
{
	struct report *r = calloc(1, sizeof(*r));

	if (r == NULL)
		abort();
	uuid_new(r->boot);
	r->fabric = fabric;
	r->full = true;
	return r;
}

static void
drop_records(struct report *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		apply_record_clear(&r->record[i]);
	memmove(r->record, r->record + n, (r->records - n) * sizeof(*r->record));
	r->records -= n;
}

static void
drop_parts(struct report *r)
{
	for (size_t i = 0; i < r->parts; i++)
		buf_free(&r->part[i]);
	free(r->part);
	r->part = NULL;
	r->parts = r->parts_given = 0;
}

struct report *
report_free(struct report *r)
{
	if (r != NULL) {
		drop_records(r, r->records);
		drop_parts(r);
		free(r->told_port);
		free(r->held);
		free(r);
	}
	return NULL;
}

void
report_add_record(struct report *r, const struct apply_record *record)
{
	if (r->records == RECORDS_MAX) {
		drop_records(r, 1);
		r->records_sent -= r->records_sent > 0;
	}
	r->record[r->records++] = *record;
}

void
report_set_key_room(struct report *r, uint32_t neighbours)
{
	r->key_room = neighbours;
}

void
report_set_held(struct report *r, const char *why)
{
	_cleanup_arena_ struct arena *arena = NULL;

	if ((why == NULL) == (r->held == NULL) && (why == NULL || strcmp(why, r->held) == 0))
		return;
	text_set(&r->held, why);
	r->full = true;
	arena = arena_new();
	if (why != NULL)
		dc_log(LOG_WARNING, "held", "reason=%s", log_quote(arena, why));
	else
		dc_log(LOG_INFO, "held no more", "boot=%s", r->boot);
}

const char *
report_held(const struct report *r)
{
	return r->held;
}

const char *
report_boot(const struct report *r)
{
	return r->boot;
}

/* --- what is new --- */

static bool
ports_are_told(const struct report *r, const struct report_ports *seen)
{
	if (seen == NULL || seen->port_count != r->told_ports)
		return seen == NULL;
	for (size_t i = 0; i < seen->port_count; i++)
		if (strcmp(seen->port[i].device, r->told_port[i].device) != 0 ||
		    seen->port[i].carrier != r->told_port[i].carrier ||
		    seen->port[i].exposed != r->told_port[i].exposed)
			return false;
	return true;
}

static bool
object_is_told(const struct edge_object *o)
{
	if (o->told && o->told_revision == o->revision)
		return status_equal(&o->now, &o->told_status);
	/* dcaasd takes a new wish for pending by itself. */
	return o->now.state == STATUS_PENDING && o->now.error == NULL && !o->now.has_carrier;
}

/* Counts go along with other news, and by themselves now and then. */
static bool
drops_are_told(const struct edge_object *o)
{
	return !o->told || memcmp(o->now.drops, o->told_status.drops, sizeof(o->now.drops)) == 0;
}

/* A session's news count once its neighbour is one that we were asked for, and still are. */
static enum session_change
session_news(const struct edge_object *o)
{
	static const struct session never;

	if (o->want->deleted || o->want->kind != OBJECT_BGP || !o->session.seen)
		return SESSION_SAME;
	return session_compare(&o->session, o->told_session != NULL ? o->told_session : &never);
}

struct report_need
report_need(const struct report *r, const struct state *state, const struct report_ports *seen)
{
	struct report_need need = {.major = r->full || r->records > r->records_sent || !ports_are_told(r, seen)};
	struct edge_object *const *object;
	size_t n;

	n = state_news(state, &object);
	for (size_t i = 0; i < n; i++) {
		const struct edge_object *o = object[i];
		enum session_change c = session_news(o);

		need.major = need.major || c == SESSION_MAJOR || !object_is_told(o);
		need.minor += c == SESSION_MINOR;
		need.minor += !drops_are_told(o);
	}
	return need;
}

/* --- writing --- */

static const char *
status_word(enum object_status s)
{
	static const char *const words[] = {
	    [STATUS_PENDING] = "pending",
	    [STATUS_APPLIED] = "applied",
	    [STATUS_ERROR] = "error",
	    [STATUS_REMOVED] = "removed",
	    [STATUS_UNSUPPORTED] = "unsupported",
	};

	return words[s];
}

/* Texts of the kernel, the routing daemon and others as dcaasd takes them: short, in one line. What was cut inside a
 * character is mended by the JSON writer. */
static const char *
in_one_line(struct arena *arena, const char *text)
{
	char *copy;

	if (text == NULL)
		return NULL;
	copy = arena_strndup(arena, text, WORDS_MAX);
	for (unsigned char *c = (unsigned char *)copy; *c != '\0'; c++) {
		if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0) /* a control character of two bytes */
			c[0] = c[1] = ' ';
		if (*c < 0x20 || *c == 0x7f)
			*c = ' ';
	}
	return copy;
}

static const char *
drop_name(enum object_kind kind, int i)
{
	static const char *const of_rate[] = {
	    [RATE_IN_PACKETS] = "in_packets", [RATE_IN_BYTES] = "in_bytes", [RATE_OUT_PACKETS] = "out_packets"};

	return kind == OBJECT_RATE ? of_rate[i] : filter_reason_name((enum filter_reason)i);
}

static void
put_drops(struct json *json, enum object_kind kind, const uint64_t drops[OP_DROPS])
{
	jw_key(json, "dropped");
	jw_object_begin(json);
	for (int i = 0; i < (kind == OBJECT_RATE ? RATE_DROPS : OP_DROPS); i++)
		if (drops[i] > 0)
			jw_member_int(json, drop_name(kind, i), (int64_t)(drops[i] & INT64_MAX));
	jw_object_end(json);
}

/* What else the operator may want to see; NULL: nothing. */
static const char *
detail_of(enum object_kind kind, const struct status *s, struct arena *arena)
{
	_cleanup_buf_ struct buf text = BUF_INIT(DETAIL_MAX);
	struct json json = JSON_INIT(&text);
	bool dropped = false;

	for (int i = 0; i < OP_DROPS; i++)
		dropped = dropped || s->drops[i] > 0;
	if (!dropped && !s->exposed && !s->shut && s->sent == 0)
		return NULL;
	jw_object_begin(&json);
	if (s->exposed)
		jw_member_bool(&json, "exposed", true);
	if (s->sent > 0) {
		jw_member_int(&json, "sent", s->sent);
		jw_member_int(&json, "received", s->received);
	}
	if (s->shut)
		jw_member_bool(&json, "shut", true); /* WIRE_DETAIL_SHUT */
	if (dropped)
		put_drops(&json, kind, s->drops);
	jw_object_end(&json);
	return arena_strdup(arena, buf_str(&text));
}

static void
put_object(const struct report *r, struct edge_object *o, struct wire_object_state *to, struct arena *arena)
{
	F_SET_TEXT(to->key, o->want->key);
	/* What is here belongs to another history than the store's: its revisions mean nothing there. */
	F_SET_INT(to->revision, r->held != NULL ? 0 : o->revision);
	F_SET_TEXT(to->state, status_word(o->now.state));
	F_SET_TEXT(to->error, in_one_line(arena, o->now.error));
	if (o->now.has_carrier)
		F_SET_BOOL(to->carrier, o->now.carrier);
	F_SET_TEXT(to->detail, detail_of(o->want->kind, &o->now, arena));
	o->told = true;
	o->told_revision = o->revision;
	status_copy(&o->told_status, &o->now);
}

/* As many as dcaasd takes. */
static int64_t
count(int64_t n)
{
	return n < 0 ? 0 : n > INT32_MAX ? INT32_MAX : n;
}

static void
put_session(struct edge_object *o, struct wire_session *to, struct arena *arena)
{
	const struct session *s = &o->session;

	F_SET_TEXT(to->key, o->want->key);
	F_SET_BOOL(to->established, s->established);
	F_SET_TEXT(to->state, in_one_line(arena, s->state));
	if (s->since != 0)
		F_SET_INT(to->since, s->since);
	F_SET_INT(to->uptime, s->established && utc_now() > s->since ? (utc_now() - s->since) / 1000 : 0);
	F_SET_INT(to->received, count(s->received));
	F_SET_INT(to->accepted, count(s->accepted));
	F_SET_INT(to->rejected, count(s->rejected));
	F_SET_INT(to->advertised, count(s->advertised));
	F_SET_TEXT(to->last_error, in_one_line(arena, s->last_error));
	F_SET_TEXT(to->tcp, s->tcp);
	F_SET_BOOL(to->md5, s->md5);
	F_SET_INT(to->md5_failures, (int64_t)(s->md5_failures & INT64_MAX));
	F_SET_INT(to->md5_not_found, (int64_t)(s->md5_not_found & INT64_MAX));
	F_SET_INT(to->md5_unexpected, (int64_t)(s->md5_unexpected & INT64_MAX));
	if (o->told_session == NULL && (o->told_session = malloc(sizeof(*o->told_session))) == NULL)
		abort();
	*o->told_session = o->session;
}

static bool
session_is_due(const struct report *r, const struct edge_object *o, bool minor)
{
	enum session_change c = session_news(o);

	if (r->full)
		return o->want->kind == OBJECT_BGP && !o->want->deleted && o->session.seen;
	return c == SESSION_MAJOR || (minor && c == SESSION_MINOR);
}

/* What an interface or a link is made of stands together, so that dcaasd looks at it once: objects go by the device
 * that they are on. */
static const char *
group_key(const struct want *w)
{
	if (!w->known)
		return w->key;
	if (w->kind == OBJECT_ADDR)
		return w->addr.link;
	if (w->kind == OBJECT_ROUTE)
		return w->route.link;
	if (w->kind == OBJECT_BFD)
		return w->bfd.link;
	if (w->kind == OBJECT_PING)
		return w->ping.link;
	if (w->kind == OBJECT_RATE)
		return w->rate.link;
	return w->kind == OBJECT_BGP ? w->bgp.link : w->key;
}

static int
compare_groups(const void *a, const void *b)
{
	const struct want *x = (*(struct edge_object *const *)a)->want, *y = (*(struct edge_object *const *)b)->want;
	int c = strcmp(group_key(x), group_key(y));

	return c != 0 ? c : strcmp(x->key, y->key);
}

static struct edge_object **
in_groups(const struct report *r, const struct state *state, struct arena *arena, size_t *ret_n)
{
	struct edge_object *const *news;
	size_t n = r->full ? state_count(state) : state_news(state, &news);
	struct edge_object **object = arena_array(arena, n + 1, sizeof(struct edge_object *));

	for (size_t i = 0; i < n; i++)
		object[i] = r->full ? state_object(state, i) : news[i];
	qsort(object, n, sizeof(struct edge_object *), compare_groups);
	*ret_n = n;
	return object;
}

/* Without what has been reported the list of news is as short as possible. */
static bool
is_news(const struct edge_object *o)
{
	return !object_is_told(o) || !drops_are_told(o) || session_news(o) != SESSION_SAME;
}

/* --- parts --- */

/* A part that is being filled; `said` has what all parts of the report have in common. */
struct filling {
	struct report *report;
	struct arena *arena;
	struct wire_report said;
	struct wire_object_state object[WIRE_PART_OBJECTS];
	struct wire_session session[WIRE_PART_OBJECTS];
	struct wire_apply apply[RECORDS_MAX];
	size_t objects, sessions, applies, bytes; /* bytes: about */
};

static void
add_part(struct report *r, const struct buf *text)
{
	r->part = reallocarray(r->part, r->parts + 1, sizeof(*r->part));
	if (r->part == NULL)
		abort();
	r->part[r->parts++] = *text;
}

static void
end_part(struct filling *f, bool last)
{
	struct buf text = BUF_INIT(PART_MAX);
	struct json json = JSON_INIT(&text);

	F_SET_INT(f->said.part, (int64_t)f->report->parts + 1);
	F_SET_BOOL(f->said.last, last);
	f->said.objects = (struct f_objects){GIVEN, f->objects, f->object};
	f->said.sessions = (struct f_objects){GIVEN, f->sessions, f->session};
	f->said.applies = (struct f_objects){GIVEN, f->applies, f->apply};
	field_encode(&wire_report_table, VIEW_WIRE, &f->said, NULL, &json);
	add_part(f->report, &text);
	f->said.ports = (struct f_objects){0};
	f->objects = f->sessions = f->applies = f->bytes = 0;
}

/* Room for something of about so many bytes; a part that has none is ended. */
static void
make_room(struct filling *f, size_t bytes)
{
	bool full = f->objects == WIRE_PART_OBJECTS || f->sessions == WIRE_PART_OBJECTS;

	if (full || (f->bytes > 0 && f->bytes + bytes > WIRE_PART_BYTES))
		end_part(f, false);
	f->bytes += bytes;
}

static size_t
length(const char *text)
{
	return text != NULL ? strlen(text) : 0;
}

static void
fill_objects(struct filling *f, const struct state *state, bool minor)
{
	size_t n;
	struct edge_object **object = in_groups(f->report, state, f->arena, &n);

	for (size_t i = 0; i < n; i++) {
		struct edge_object *o = object[i];
		bool says = f->report->full || !object_is_told(o) || (minor && !drops_are_told(o));
		bool has_session = session_is_due(f->report, o, minor);

		if (!says && !has_session)
			continue;
		make_room(f, 2 * (ITEM_BYTES + strlen(o->want->key)) + length(o->now.error));
		memset(&f->object[f->objects], 0, sizeof(f->object[0]));
		memset(&f->session[f->sessions], 0, sizeof(f->session[0]));
		if (says)
			put_object(f->report, o, &f->object[f->objects++], f->arena);
		if (has_session)
			put_session(o, &f->session[f->sessions++], f->arena);
	}
}

static void
put_ports(struct report *r, const struct report_ports *seen, struct wire_report *to, struct arena *arena)
{
	size_t n = seen->port_count < WIRE_PORTS_MAX ? seen->port_count : WIRE_PORTS_MAX;
	struct wire_port *port = arena_array(arena, n + 1, sizeof(*port));

	for (size_t i = 0; i < n; i++) {
		F_SET_TEXT(port[i].device, seen->port[i].device);
		F_SET_BOOL(port[i].carrier, seen->port[i].carrier != 0);
		F_SET_BOOL(port[i].exposed, seen->port[i].exposed != 0);
	}
	to->ports = (struct f_objects){GIVEN, n, port};
	free(r->told_port);
	if ((r->told_port = calloc(seen->port_count + 1, sizeof(*r->told_port))) == NULL)
		abort();
	if (seen->port_count > 0)
		memcpy(r->told_port, seen->port, seen->port_count * sizeof(*r->told_port));
	r->told_ports = seen->port_count;
}

static void
fill_ports(struct filling *f, const struct report_ports *seen, bool ports)
{
	if (seen == NULL || !(f->report->full || ports || !ports_are_told(f->report, seen)))
		return;
	make_room(f, seen->port_count * PORT_BYTES);
	put_ports(f->report, seen, &f->said, f->arena);
}

static void
put_record(const struct apply_record *a, struct wire_apply *to, struct arena *arena)
{
	size_t n = a->reset_n < RESETS_TOLD ? a->reset_n : RESETS_TOLD;
	const char **reset = arena_array(arena, n + 1, sizeof(*reset));

	for (size_t k = 0; k < n; k++)
		reset[k] = arena_strdup(arena, a->reset[k]);
	*to = (struct wire_apply){.reset = {GIVEN, n, reset}};
	F_SET_INT(to->revision, a->revision);
	F_SET_INT(to->steps, count((int64_t)a->steps));
	F_SET_INT(to->failed, count((int64_t)a->failed));
	F_SET_INT(to->ms, count((int64_t)a->ms));
	F_SET_INT(to->watched, count((int64_t)a->watched));
	if (a->shortest_uptime >= 0)
		F_SET_INT(to->shortest_uptime, a->shortest_uptime);
}

static void
fill_records(struct filling *f)
{
	const struct report *r = f->report;

	for (size_t i = 0; i < r->records; i++) {
		size_t bytes = ITEM_BYTES;

		for (size_t k = 0; k < r->record[i].reset_n && k < RESETS_TOLD; k++)
			bytes += strlen(r->record[i].reset[k]) + 3;
		make_room(f, bytes);
		put_record(&r->record[i], &f->apply[f->applies++], f->arena);
	}
}

void
report_build(struct report *r, struct state *state, const struct report_ports *seen, bool minor, bool ports)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct filling *f = arena_new_of(arena, struct filling);
	struct wire_report *w = &f->said;

	drop_parts(r);
	f->report = r;
	f->arena = arena;
	F_SET_INT(w->version, WIRE_VERSION);
	F_SET_TEXT(w->boot, r->boot);
	F_SET_INT(w->sequence, ++r->sequence);
	F_SET_BOOL(w->full, r->full);
	F_SET_TEXT(w->fabric, r->fabric);
	F_SET_TEXT(w->epoch, state_epoch(state));
	F_SET_INT(w->revision, state_revision(state));
	F_SET_BOOL(w->held, r->held != NULL);
	F_SET_TEXT(w->held_reason, in_one_line(arena, r->held));
	F_SET_TEXT(w->agent_version, DCAAS_VERSION);
	if (r->key_room > 0)
		F_SET_INT(w->key_room, r->key_room);
	fill_ports(f, seen, ports);
	fill_records(f);
	fill_objects(f, state, minor);
	end_part(f, true);
	state_sift_news(state, is_news);
	r->records_sent = r->records;
	r->full = false;
}

const struct buf *
report_next(struct report *r)
{
	if (r->parts_given > 0)
		buf_free(&r->part[r->parts_given - 1]);
	return r->parts_given < r->parts ? &r->part[r->parts_given++] : NULL;
}

void
report_done(struct report *r, bool taken)
{
	if (taken)
		drop_records(r, r->records_sent);
	else
		r->full = true;
	r->records_sent = 0;
	drop_parts(r);
}

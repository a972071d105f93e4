/* SPDX-License-Identifier: ISC */
#include "reconcile/questions.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/store.h"

#define QUESTIONS_MAX 64          /* of one edge */
#define KEPT_MS (2 * QUESTION_MS) /* the caller has gone by then */

struct question {
	struct question *next;
	char *id, *edge_id, *kind, *argument;
	char *poll_id;      /* that it was handed out to; NULL: to none */
	char *error, *body; /* of the answer */
	bool answered;
	bool elsewhere; /* another process has asked */
	struct monotonic asked;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct question *first; /* under the lock */

static char *
copy(const char *text)
{
	char *c = text != NULL ? strdup(text) : NULL;

	if (text != NULL && c == NULL)
		abort();
	return c;
}

static void
question_free(struct question *q)
{
	free(q->id);
	free(q->edge_id);
	free(q->kind);
	free(q->argument);
	free(q->poll_id);
	free(q->error);
	free(q->body);
	free(q);
}

static void
drop(const char *id)
{
	for (struct question **at = &first; *at != NULL;) {
		struct question *q = *at;

		if ((id != NULL && strcmp(q->id, id) == 0) || monotonic_since(q->asked) > KEPT_MS) {
			*at = q->next;
			question_free(q);
		} else
			at = &q->next;
	}
}

static struct question *
find(const char *id)
{
	for (struct question *q = first; q != NULL; q = q->next)
		if (strcmp(q->id, id) == 0)
			return q;
	return NULL;
}

static size_t
count_of(const char *edge_id)
{
	size_t n = 0;

	for (const struct question *q = first; q != NULL; q = q->next)
		n += !q->answered && strcmp(q->edge_id, edge_id) == 0;
	return n;
}

static void
add(const char *id, const char *edge_id, const char *kind, const char *argument, bool elsewhere)
{
	struct question *q = calloc(1, sizeof(*q));

	if (q == NULL)
		abort();
	q->id = copy(id);
	q->edge_id = copy(edge_id);
	q->kind = copy(kind);
	q->argument = copy(argument);
	q->elsewhere = elsewhere;
	q->asked = monotonic_now();
	q->next = first;
	first = q;
}

static bool
ask(const char *id, const char *edge_id, const char *kind, const char *argument, bool elsewhere)
{
	bool asked = true;

	pthread_mutex_lock(&lock);
	drop(NULL);
	if (find(id) == NULL) {
		asked = count_of(edge_id) < QUESTIONS_MAX;
		if (asked)
			add(id, edge_id, kind, argument, elsewhere);
	}
	pthread_mutex_unlock(&lock);
	return asked;
}

bool
question_ask(const char *id, const char *edge_id, const char *kind, const char *argument)
{
	return ask(id, edge_id, kind, argument, false);
}

static bool
is_for(const struct question *q, const char *edge_id, const char *poll_id)
{
	return !q->answered && strcmp(q->edge_id, edge_id) == 0 && monotonic_since(q->asked) < QUESTION_MS &&
	       (q->poll_id == NULL || strcmp(q->poll_id, poll_id) == 0);
}

size_t
question_take(const char *edge_id, const char *poll_id, struct arena *arena, struct wire_question **ret)
{
	struct wire_question *out = arena_array(arena, QUESTIONS_MAX, sizeof(*out));
	size_t n = 0;

	pthread_mutex_lock(&lock);
	for (struct question *q = first; q != NULL && n < QUESTIONS_MAX; q = q->next) {
		if (!is_for(q, edge_id, poll_id))
			continue;
		F_SET_TEXT(out[n].id, arena_strdup(arena, q->id));
		F_SET_TEXT(out[n].kind, arena_strdup(arena, q->kind));
		F_SET_TEXT(out[n].argument, arena_strdup(arena, q->argument));
		F_SET_INT(out[n].left_ms, QUESTION_MS - monotonic_since(q->asked));
		if (q->poll_id == NULL)
			q->poll_id = copy(poll_id);
		n++;
	}
	pthread_mutex_unlock(&lock);
	*ret = out;
	return n;
}

bool
question_answer(const char *edge_id, const struct wire_answer *answer, bool *elsewhere)
{
	struct question *q;
	bool awaited;

	pthread_mutex_lock(&lock);
	q = find(answer->id.v);
	awaited = q != NULL && strcmp(q->edge_id, edge_id) == 0;
	*elsewhere = awaited && q->elsewhere && !q->answered;
	if (awaited && !q->answered) {
		q->error = answer->error.set == GIVEN ? copy(answer->error.v) : NULL;
		q->body = answer->body.set == GIVEN ? copy(answer->body.v) : NULL;
		q->answered = true;
	}
	pthread_mutex_unlock(&lock);
	return awaited;
}

const struct wire_answer *
question_find_answer(const char *id, struct arena *arena)
{
	struct wire_answer *answer = NULL;
	const struct question *q;

	pthread_mutex_lock(&lock);
	q = find(id);
	if (q != NULL && q->answered) {
		answer = arena_new_of(arena, struct wire_answer);
		F_SET_TEXT(answer->id, arena_strdup(arena, q->id));
		F_SET_TEXT(answer->error, arena_strdup(arena, q->error));
		F_SET_TEXT(answer->body, arena_strdup(arena, q->body));
	}
	pthread_mutex_unlock(&lock);
	return answer;
}

void
question_end(const char *id)
{
	pthread_mutex_lock(&lock);
	drop(id);
	pthread_mutex_unlock(&lock);
}

/* --- several processes --- */

/* No text of ours has it. */
#define SEPARATOR "\x1f"

const char *
question_for_others(struct arena *arena, const char *id, const char *edge_id, const char *kind, const char *argument)
{
	return arena_printf(
	    arena, "ask" SEPARATOR "%s" SEPARATOR "%s" SEPARATOR "%s" SEPARATOR "%s", id, edge_id, kind, argument);
}

static const char *
text_of(const struct f_text *t)
{
	return t->set == GIVEN && strstr(t->v, SEPARATOR) == NULL ? t->v : "";
}

const char *
question_answer_for_others(struct arena *arena, const char *edge_id, const struct wire_answer *a)
{
	const char *body = text_of(&a->body), *error = text_of(&a->error);

	if (strlen(body) + strlen(error) > STORE_SAY_MAX - 200) {
		body = "";
		error = "the answer is too long to pass between servers: ask for fewer";
	}
	return arena_printf(
	    arena, "answer" SEPARATOR "%s" SEPARATOR "%s" SEPARATOR "%s" SEPARATOR "%s", a->id.v, edge_id, error, body);
}

#define PARTS 5

/* False: it is not of our making. */
static bool
split(char *text, const char *parts[PARTS])
{
	size_t n = 0;

	for (char *at = text; at != NULL && n < PARTS; n++) {
		char *end = strstr(at, SEPARATOR);

		parts[n] = at;
		if (end != NULL)
			*end++ = '\0';
		at = end;
	}
	return n == PARTS;
}

void
question_hear(const char *text, struct arena *arena, const char **wake)
{
	const char *part[PARTS];
	struct wire_answer answer = {0};
	bool elsewhere;

	*wake = NULL;
	if (!split(arena_strdup(arena, text), part))
		return;
	if (strcmp(part[0], "ask") == 0) {
		if (ask(part[1], part[2], part[3], part[4], true))
			*wake = part[2];
		return;
	}
	F_SET_TEXT(answer.id, part[1]);
	if (part[3][0] != '\0')
		F_SET_TEXT(answer.error, part[3]);
	if (part[4][0] != '\0')
		F_SET_TEXT(answer.body, part[4]);
	if (question_answer(part[2], &answer, &elsewhere))
		*wake = part[1];
}

/* SPDX-License-Identifier: ISC */
#include "api/fault.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/uuid.h"

#define IN VIEW_OP_CREATE
#define OUT VIEW_ANSWER

const struct field_table fault_table = {
    .name = "Fault",
    .size = sizeof(struct fault),
    .columns =
	(const struct field_column[]){
	    {.member = "operation"},
	    {.member = "times"},
	    {.title = "delay", .member = "delay_ms"},
	    {.title = "code", .member = "error_code"},
	    {.member = "drop"},
	    {.member = NULL},
	},
    .fields =
	(const struct field[]){
	    {AT(fault, id), .kind = F_UUID, .may = OUT, .must = OUT, .doc = "Identifier."},
	    {AT(fault, operation), .kind = F_TEXT, .may = IN | OUT, .must = IN | OUT, .min = 1, .max = 64,
		.doc = "Operation whose next calls suffer the fault; * for every operation.",
		.example = "CreateVirtualInterface"},
	    {AT(fault, project_id), .kind = F_HEX32, .may = IN | OUT, .nullable = true,
		.doc = "Only calls of this project.", .ref = "project"},
	    {AT(fault, times), .kind = F_INT, .may = IN | OUT, .must = OUT, .min = 1, .max = 1000000, .fallback = "1",
		.doc = "Calls that still suffer the fault."},
	    {AT(fault, delay_ms), .kind = F_INT, .may = IN | OUT, .nullable = true, .min = 1, .max = FAULT_DELAY_MAX_MS,
		.doc = "Milliseconds from the beginning of the call until the server carries it out."},
	    {AT(fault, error_code), .kind = F_TEXT, .may = IN | OUT, .nullable = true, .min = 1, .max = 32,
		.doc = "The call is refused with this code, and not carried out.", .example = "DC.1019"},
	    {AT(fault, error_msg), .kind = F_TEXT, .may = IN | OUT, .nullable = true, .min = 1, .max = 256,
		.doc = "Words of that refusal.", .example = "the quota is used up"},
	    {AT(fault, status), .kind = F_INT, .may = IN | OUT, .nullable = true, .min = 400, .max = 599,
		.doc = "HTTP status of that refusal; without it 400."},
	    {AT(fault, drop), .kind = F_BOOL, .may = IN | OUT, .must = OUT, .fallback = "false",
		.doc = "Whether the server closes the connection in place of the answer, also after the call was "
		       "carried out."},
	    {0},
	},
};

struct entry {
	char id[UUID_TEXT_SIZE];
	char *operation, *project_id, *error_code, *error_msg;
	struct fault row; /* numbers and presence; its texts are those above */
};

struct faults {
	pthread_mutex_t lock;
	atomic_size_t n;
	struct entry *entry[FAULTS_MAX];
};

struct faults *
faults_new(void)
{
	struct faults *f = calloc(1, sizeof(*f));

	if (f == NULL || pthread_mutex_init(&f->lock, NULL) != 0)
		abort(); /* as arenas do */
	return f;
}

static void
entry_free(struct entry *e)
{
	free(e->operation);
	free(e->project_id);
	free(e->error_code);
	free(e->error_msg);
	free(e);
}

struct faults *
faults_free(struct faults *f)
{
	if (f == NULL)
		return NULL;
	faults_remove(f, NULL);
	pthread_mutex_destroy(&f->lock);
	free(f);
	return NULL;
}

bool
faults_any(struct faults *f)
{
	return f != NULL && atomic_load(&f->n) > 0;
}

static char *
copy(const struct f_text *text)
{
	char *made = text->set == GIVEN ? strdup(text->v) : NULL;

	if (text->set == GIVEN && made == NULL)
		abort();
	return made;
}

enum dc_code
faults_add(struct faults *f, struct fault *row, struct arena *arena, struct dc_error *err)
{
	struct entry *e = calloc(1, sizeof(*e));
	enum dc_code rc = DC_OK;

	if (e == NULL)
		abort();
	uuid_new(e->id);
	F_SET_TEXT(row->id, arena_strdup(arena, e->id));
	e->operation = copy(&row->operation);
	e->project_id = copy(&row->project_id);
	e->error_code = copy(&row->error_code);
	e->error_msg = copy(&row->error_msg);
	e->row = *row;
	pthread_mutex_lock(&f->lock);
	if (f->n < FAULTS_MAX)
		f->entry[f->n++] = e;
	else
		rc = dc_fail(err, DC_E_QUOTA, NULL, "There are %d faults already", FAULTS_MAX);
	pthread_mutex_unlock(&f->lock);
	if (rc != DC_OK)
		entry_free(e);
	return rc;
}

static struct f_text
text_of(const char *text, struct arena *arena)
{
	struct f_text ret;

	F_SET_TEXT(ret, arena_strdup(arena, text));
	return ret;
}

static struct fault
row_of(const struct entry *e, struct arena *arena)
{
	struct fault row = e->row;

	row.id = text_of(e->id, arena);
	row.operation = text_of(e->operation, arena);
	row.project_id = text_of(e->project_id, arena);
	row.error_code = text_of(e->error_code, arena);
	row.error_msg = text_of(e->error_msg, arena);
	return row;
}

struct fault *
faults_list(struct faults *f, struct arena *arena, size_t *n)
{
	struct fault *rows = arena_array(arena, FAULTS_MAX, sizeof(*rows));

	pthread_mutex_lock(&f->lock);
	*n = f->n;
	for (size_t i = 0; i < *n; i++)
		rows[i] = row_of(f->entry[i], arena);
	pthread_mutex_unlock(&f->lock);
	return rows;
}

/* The others keep their order. The lock is held. */
static void
take_out(struct faults *f, size_t i)
{
	entry_free(f->entry[i]);
	memmove(&f->entry[i], &f->entry[i + 1], (f->n - i - 1) * sizeof(struct entry *));
	f->n--;
}

bool
faults_remove(struct faults *f, const char *id)
{
	bool found = false;

	pthread_mutex_lock(&f->lock);
	for (size_t i = f->n; i-- > 0;)
		if (id == NULL || strcmp(f->entry[i]->id, id) == 0) {
			take_out(f, i);
			found = true;
		}
	pthread_mutex_unlock(&f->lock);
	return found;
}

static bool
is_meant(const struct entry *e, const char *operation, const char *project_id)
{
	if (strcmp(e->operation, "*") != 0 && strcmp(e->operation, operation) != 0)
		return false;
	return e->project_id == NULL || (project_id != NULL && strcmp(e->project_id, project_id) == 0);
}

const struct fault *
faults_take(struct faults *f, const char *operation, const char *project_id, struct arena *arena)
{
	struct fault *taken = NULL;

	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; taken == NULL && i < f->n; i++) {
		struct entry *e = f->entry[i];

		if (!is_meant(e, operation, project_id))
			continue;
		taken = arena_new_of(arena, struct fault);
		*taken = row_of(e, arena);
		if (--e->row.times.v == 0)
			take_out(f, i);
	}
	pthread_mutex_unlock(&f->lock);
	return taken;
}

/* SPDX-License-Identifier: ISC */
#include "auth/keystone_project.h"

#include <string.h>

#include "auth/tables.h"
#include "base/log.h"
#include "store/query.h"

#define NAME_MAX_LENGTH 64

/* What is there, and the names that the rows are to have. */
struct rows {
	struct domain_row domain;
	struct project_row project;
	bool has_domain, has_project;
	const char *domain_name, *project_name;
};

/* The characters of UTF-8, as the database counts them. */
static size_t
characters(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

/* The wanted name, which the row may have already; the id, where another row has it. */
static enum dc_code
name_for(struct tx *tx, const struct field_table *table, const struct query_cond *same_name, const struct f_text *now,
    const char *id, const char *wanted, const char **ret, struct dc_error *err)
{
	int64_t taken = 0;
	enum dc_code rc;

	*ret = wanted;
	if (now->v != NULL && strcmp(now->v, wanted) == 0)
		return DC_OK;
	if ((rc = query_count_to(tx, table, same_name, 1, &taken, err)) != DC_OK)
		return rc;
	if (taken > 0 || characters(wanted) > NAME_MAX_LENGTH)
		*ret = id;
	return DC_OK;
}

static bool
is_elsewhere(const struct rows *r, const struct keystone_token *t)
{
	return r->has_project && strcmp(r->project.domain_id.v, t->domain_id) != 0;
}

static enum dc_code
load(struct tx *tx, const struct keystone_token *t, struct rows *r, struct dc_error *err)
{
	enum dc_code rc = auth_find(tx, &domain_table, Q(Q_EQ("id", t->domain_id)), &r->domain, &r->has_domain, err);

	if (rc == DC_OK)
		rc = name_for(tx, &domain_table, Q(Q_EQ("name", t->domain_name)), &r->domain.name, t->domain_id,
		    t->domain_name, &r->domain_name, err);
	if (rc != DC_OK || t->project_id == NULL)
		return rc;
	rc = auth_find(tx, &project_table, Q(Q_EQ("id", t->project_id)), &r->project, &r->has_project, err);
	if (rc != DC_OK || is_elsewhere(r, t))
		return rc;
	return name_for(tx, &project_table, Q(Q_EQ("domain_id", t->domain_id), Q_EQ("name", t->project_name)),
	    &r->project.name, t->project_id, t->project_name, &r->project_name, err);
}

static bool
domain_is_same(const struct rows *r)
{
	return r->has_domain && strcmp(r->domain.name.v, r->domain_name) == 0;
}

/* No name: no project, or one that is an operator's. */
static bool
project_is_same(const struct rows *r)
{
	return r->project_name == NULL || (r->has_project && strcmp(r->project.name.v, r->project_name) == 0);
}

enum dc_code
keystone_project_look(struct tx *tx, const struct keystone_token *t, bool *same, struct dc_error *err)
{
	struct rows r = {0};
	enum dc_code rc = load(tx, t, &r, err);

	*same = rc == DC_OK && domain_is_same(&r) && project_is_same(&r);
	return rc;
}

static const char *const name_only[] = {"name", NULL};

static enum dc_code
keep_domain(struct tx *tx, const struct keystone_token *t, struct rows *r, struct dc_error *err)
{
	F_SET_TEXT(r->domain.name, r->domain_name);
	if (r->has_domain)
		return query_set(tx, &domain_table, name_only, &r->domain, Q(Q_EQ("id", t->domain_id)), NULL, err);
	F_SET_TEXT(r->domain.id, t->domain_id);
	F_SET_TEXT(r->domain.description, "");
	F_SET_INT(r->domain.create_time, tx_now(tx));
	return query_insert(tx, &domain_table, &r->domain, err);
}

static enum dc_code
keep_project(struct tx *tx, const struct keystone_token *t, struct rows *r, struct dc_error *err)
{
	F_SET_TEXT(r->project.name, r->project_name);
	if (r->has_project)
		return query_set(tx, &project_table, name_only, &r->project, Q(Q_EQ("id", t->project_id)), NULL, err);
	F_SET_TEXT(r->project.id, t->project_id);
	F_SET_TEXT(r->project.domain_id, t->domain_id);
	F_SET_TEXT(r->project.description, "");
	F_SET_INT(r->project.create_time, tx_now(tx));
	dc_log(
	    LOG_INFO, "project known", "project=%s name=%s", t->project_id, log_quote(tx_arena(tx), r->project_name));
	return query_insert(tx, &project_table, &r->project, err);
}

enum dc_code
keystone_project_keep(struct tx *tx, const struct keystone_token *t, struct dc_error *err)
{
	struct rows r = {0};
	enum dc_code rc;

	if (t->project_id != NULL && (rc = query_lock(tx, &project_table, t->project_id, err)) != DC_OK)
		return rc;
	if ((rc = load(tx, t, &r, err)) != DC_OK ||
	    (!domain_is_same(&r) && (rc = keep_domain(tx, t, &r, err)) != DC_OK))
		return rc;
	return project_is_same(&r) ? DC_OK : keep_project(tx, t, &r, err);
}

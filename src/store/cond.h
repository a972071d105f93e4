/* SPDX-License-Identifier: ISC */
/* cond.h - conditions of queries (query.h): columns with values, joined by AND, ended by Q_END. */
#ifndef DC_COND_H
#define DC_COND_H

#include <stdbool.h>
#include <stdint.h>

enum query_op { Q_OP_END = 0, Q_OP_EQ, Q_OP_NE, Q_OP_LT, Q_OP_GT, Q_OP_LE, Q_OP_GE, Q_OP_IN, Q_OP_NULL, Q_OP_NOT_NULL };

struct query_cond {
	const char *column;
	enum query_op op;
	const char *text;        /* value; NULL with num */
	int64_t num;             /* value when text is NULL and op takes one */
	const char *const *list; /* Q_OP_IN: NULL-terminated texts; an empty list matches nothing */
	bool sift; /* only leaves rows out: no index is looked for, so that the rows come in their order without a sort
		    */
};

#define Q_EQ(c, v)                                                                                                     \
	{                                                                                                              \
		.column = (c), .op = Q_OP_EQ, .text = (v)                                                              \
	}
#define Q_NE(c, v)                                                                                                     \
	{                                                                                                              \
		.column = (c), .op = Q_OP_NE, .text = (v)                                                              \
	}
#define Q_EQ_INT(c, v)                                                                                                 \
	{                                                                                                              \
		.column = (c), .op = Q_OP_EQ, .num = (v)                                                               \
	}
#define Q_NE_INT(c, v)                                                                                                 \
	{                                                                                                              \
		.column = (c), .op = Q_OP_NE, .num = (v)                                                               \
	}
#define Q_GT_INT(c, v)                                                                                                 \
	{                                                                                                              \
		.column = (c), .op = Q_OP_GT, .num = (v)                                                               \
	}
#define Q_LE_INT(c, v)                                                                                                 \
	{                                                                                                              \
		.column = (c), .op = Q_OP_LE, .num = (v)                                                               \
	}
#define Q_LT_INT(c, v)                                                                                                 \
	{                                                                                                              \
		.column = (c), .op = Q_OP_LT, .num = (v)                                                               \
	}
#define Q_IN(c, l)                                                                                                     \
	{                                                                                                              \
		.column = (c), .op = Q_OP_IN, .list = (l)                                                              \
	}
#define Q_IS_NULL(c)                                                                                                   \
	{                                                                                                              \
		.column = (c), .op = Q_OP_NULL                                                                         \
	}
#define Q_NOT_NULL(c)                                                                                                  \
	{                                                                                                              \
		.column = (c), .op = Q_OP_NOT_NULL                                                                     \
	}
#define Q_END                                                                                                          \
	{                                                                                                              \
		.op = Q_OP_END                                                                                         \
	}
#define Q(...) ((const struct query_cond[]){__VA_ARGS__, Q_END})
#define Q_ALL ((const struct query_cond[]){Q_END})

#endif

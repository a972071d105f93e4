/* SPDX-License-Identifier: ISC */
#include "cli/table.h"

#include "cli/text.h"

#define GAP 2

struct table {
	struct arena *arena;
	size_t columns, cells, cap;
	const char **cell;
	size_t *width; /* of each column */
	bool *right;
};

struct table *
table_new(size_t columns, struct arena *arena)
{
	struct table *t = arena_new_of(arena, struct table);

	t->arena = arena;
	t->columns = columns;
	t->width = arena_array(arena, columns + 1, sizeof(*t->width));
	t->right = arena_array(arena, columns + 1, sizeof(*t->right));
	return t;
}

void
table_right(struct table *t, size_t column)
{
	t->right[column] = true;
}

void
table_cell(struct table *t, const char *safe)
{
	size_t column = t->cells % t->columns, width = text_width(safe);

	if (t->cells == t->cap) {
		size_t cap = t->cap > 0 ? 2 * t->cap : 64;
		const char **more = arena_array(t->arena, cap, sizeof(*more));

		if (t->cells > 0)
			memcpy(more, t->cell, t->cells * sizeof(*more));
		t->cell = more;
		t->cap = cap;
	}
	t->cell[t->cells++] = arena_strdup(t->arena, safe);
	if (width > t->width[column])
		t->width[column] = width;
}

static void
blanks(struct buf *out, size_t n)
{
	while (n-- > 0)
		buf_putc(out, ' ');
}

static void
write_row(const struct table *t, const char *const *row, struct buf *out)
{
	for (size_t i = 0; i < t->columns; i++) {
		size_t pad = t->width[i] - text_width(row[i]);
		bool last = i + 1 == t->columns;

		if (t->right[i])
			blanks(out, pad);
		buf_puts(out, row[i]);
		if (!t->right[i] && !last)
			blanks(out, pad);
		if (!last)
			blanks(out, GAP);
	}
}

void
table_write(const struct table *t, const char *indent, struct buf *out)
{
	for (size_t i = 0; t->columns > 0 && i + t->columns <= t->cells; i += t->columns) {
		buf_puts(out, indent);
		write_row(t, t->cell + i, out);
		while (out->len > 0 && out->data[out->len - 1] == ' ')
			out->data[--out->len] = '\0';
		buf_putc(out, '\n');
	}
}

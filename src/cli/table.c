/* SPDX-License-Identifier: ISC */
#include "cli/table.h"

#include "cli/text.h"

#define GAP 2
#define LEAST 5       /* no column is cut below that */
#define NOTE_INDENT 2 /* of words below a row */
#define NOTE_LEAST 30 /* a line of words below a row is not broken into less */
#define NO_NOTE SIZE_MAX

struct cell {
	const char *text;
	enum table_color color;
};

struct table {
	struct arena *arena;
	size_t columns, cells, cap;
	struct cell *cell;
	size_t *width; /* of each column */
	bool *right;
	size_t note; /* column; NO_NOTE: none */
	bool titled;
};

struct table *
table_new(size_t columns, struct arena *arena)
{
	struct table *t = arena_new_of(arena, struct table);

	t->arena = arena;
	t->columns = columns;
	t->note = NO_NOTE;
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
table_note(struct table *t, size_t column)
{
	t->note = column;
}

void
table_titled(struct table *t)
{
	t->titled = true;
}

void
table_color_cell(struct table *t, const char *safe, enum table_color color)
{
	size_t column = t->cells % t->columns, width = text_width(safe);

	if (t->cells == t->cap) {
		size_t cap = t->cap > 0 ? 2 * t->cap : 64;
		struct cell *more = arena_array(t->arena, cap, sizeof(*more));

		if (t->cells > 0)
			memcpy(more, t->cell, t->cells * sizeof(*more));
		t->cell = more;
		t->cap = cap;
	}
	t->cell[t->cells++] = (struct cell){arena_strdup(t->arena, safe), color};
	if (width > t->width[column])
		t->width[column] = width;
}

void
table_cell(struct table *t, const char *safe)
{
	table_color_cell(t, safe, COLOR_NONE);
}

/* --- how wide --- */

static size_t
total(const struct table *t, const size_t *width, size_t without)
{
	size_t sum = 0, shown = 0;

	for (size_t i = 0; i < t->columns; i++) {
		if (i == without)
			continue;
		sum += width[i];
		shown++;
	}
	return sum + (shown > 0 ? (shown - 1) * GAP : 0);
}

/* Takes from the widest columns until the line fits, or until there is nothing more to take. */
static void
shrink(const struct table *t, size_t *width, size_t without, size_t line)
{
	while (total(t, width, without) > line) {
		size_t widest = t->columns;

		for (size_t i = 0; i < t->columns; i++) {
			if (i != without && !t->right[i] && width[i] > LEAST &&
			    (widest == t->columns || width[i] > width[widest]))
				widest = i;
		}
		if (widest == t->columns)
			return;
		width[widest]--;
	}
}

/* --- notes --- */

static const char *
note_of(const struct table *t, const struct cell *row)
{
	const char *text = t->note != NO_NOTE ? row[t->note].text : "-";

	return strcmp(text, "-") != 0 && text[0] != '\0' ? text : NULL;
}

static bool
has_notes(const struct table *t)
{
	for (size_t i = t->titled ? t->columns : 0; i + t->columns <= t->cells; i += t->columns) {
		if (note_of(t, t->cell + i) != NULL)
			return true;
	}
	return false;
}

/* Bytes of a line of so many columns, up to a blank where there is one. */
static size_t
line_len(const char *text, size_t columns)
{
	size_t best = 0, at = 0;

	while (text[at] != '\0') {
		_cleanup_buf_ struct buf part = BUF_INIT(4096);
		size_t word = at + strspn(text + at, " ");

		word += strcspn(text + word, " ");
		buf_add(&part, text, word);
		if (part.failed || text_width(buf_str(&part)) > columns)
			break;
		best = at = word;
	}
	return best > 0 ? best : at + strspn(text + at, " ") + strcspn(text + at + strspn(text + at, " "), " ");
}

static void
blanks(struct buf *out, size_t n)
{
	while (n-- > 0)
		buf_putc(out, ' ');
}

static void
write_note(const struct table_look *l, const char *text, struct buf *out)
{
	size_t room = l->width > strlen(l->indent) + NOTE_INDENT + NOTE_LEAST
			  ? l->width - strlen(l->indent) - NOTE_INDENT
			  : NOTE_LEAST;

	while (text[0] != '\0') {
		size_t len = line_len(text, room);

		buf_puts(out, l->indent);
		blanks(out, NOTE_INDENT);
		buf_add(out, text, len);
		buf_putc(out, '\n');
		text += len;
		text += strspn(text, " ");
	}
}

/* --- lines --- */

void
table_put_colored(struct buf *out, const char *safe, enum table_color which, bool color)
{
	static const char *const codes[] = {"", "\033[32m", "\033[31m", "\033[33m", "\033[1m"};

	if (!color || which == COLOR_NONE) {
		buf_puts(out, safe);
		return;
	}
	buf_puts(out, codes[which]);
	buf_puts(out, safe);
	buf_puts(out, "\033[0m");
}

static void
write_cell(const struct cell *c, size_t width, bool right, bool last, const struct table_look *l, struct buf *out)
{
	_cleanup_buf_ struct buf cut = BUF_INIT(1 << 20);
	size_t pad;

	text_cut(&cut, c->text, width);
	pad = width - text_width(buf_str(&cut));
	if (right)
		blanks(out, pad);
	table_put_colored(out, buf_str(&cut), c->color, l->color);
	if (!last)
		blanks(out, GAP + (right ? 0 : pad));
}

static void
write_row(const struct table *t, const struct cell *row, const size_t *width, size_t without,
    const struct table_look *l, struct buf *out)
{
	size_t last = t->columns - 1;

	if (last == without && last > 0)
		last--;
	buf_puts(out, l->indent);
	for (size_t i = 0; i < t->columns; i++) {
		if (i != without)
			write_cell(&row[i], width[i], t->right[i], i == last, l, out);
	}
	while (out->len > 0 && out->data[out->len - 1] == ' ')
		out->data[--out->len] = '\0';
	buf_putc(out, '\n');
}

void
table_write(const struct table *t, const struct table_look *l, struct buf *out)
{
	size_t *width = arena_memdup(t->arena, t->width, (t->columns + 1) * sizeof(*width)), without = NO_NOTE;
	size_t line = l->width > strlen(l->indent) ? l->width - strlen(l->indent) : 0;

	if (l->width > 0 && t->note != NO_NOTE && (total(t, width, NO_NOTE) > line || !has_notes(t)))
		without = t->note;
	if (l->width > 0)
		shrink(t, width, without, line);
	for (size_t i = 0; t->columns > 0 && i + t->columns <= t->cells; i += t->columns) {
		const char *note = without != NO_NOTE && (i > 0 || !t->titled) ? note_of(t, t->cell + i) : NULL;

		write_row(t, t->cell + i, width, without, l, out);
		if (note != NULL)
			write_note(l, note, out);
	}
}

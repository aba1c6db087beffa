// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include "base/clock.h"
#include "cli/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    GAP = 2,         /* blanks between two columns */
    WRAP_LEAST = 20, /* columns; a narrower last column is not wrapped */
    ROWS_STEP = 64,
};

struct cell {
    char *text;
    unsigned width;
    enum cli_tone tone;
};

struct cli_table {
    const struct cli_column *columns;
    size_t column_count;
    struct cell *cells;
    size_t count, cap;
    bool failed; /* memory ran out */
};

/* ---- where it goes ---- */

static bool
wants_colour(FILE *to)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

    return isatty(fileno(to)) && !(no && *no) && term && *term && strcmp(term, "dumb") != 0;
}

struct cli_out
cli_out_of(FILE *to)
{
    struct cli_out out = {.to = to, .colour = wants_colour(to), .now_ms = hf_clock_wall_ms()};
    struct winsize size;

    if (isatty(fileno(to)) && ioctl(fileno(to), TIOCGWINSZ, &size) == 0)
        out.columns = size.ws_col;
    return out;
}

static void
put(const struct cli_out *out, enum cli_tone tone, const char *text, size_t len)
{
    static const char *const codes[CLI_TONE_COUNT] = {
        [CLI_GOOD] = "32", [CLI_WARN] = "33", [CLI_BAD] = "31", [CLI_BOLD] = "1", [CLI_DIM] = "2",
    };
    bool coloured = out->colour && codes[tone];

    if (coloured)
        fprintf(out->to, "\033[%sm", codes[tone]);
    fwrite(text, 1, len, out->to);
    if (coloured)
        fputs("\033[m", out->to);
}

static HF_PRINTF(1, 0) char *
format(const char *fmt, va_list args)
{
    char *text = NULL, *clean;

    if (vasprintf(&text, fmt, args) < 0)
        return NULL;
    clean = cli_text_clean(text);
    free(text);
    return clean;
}

void
cli_line(const struct cli_out *out, enum cli_tone tone, const char *fmt, ...)
{
    HF_AUTO_FREE char *text = NULL;
    va_list args;

    va_start(args, fmt);
    text = format(fmt, args);
    va_end(args);
    if (text)
        put(out, tone, text, strlen(text));
    fputc('\n', out->to);
}

/* ---- cells ---- */

struct cli_table *
cli_table_new(const struct cli_column *columns, size_t count)
{
    struct cli_table *t = calloc(1, sizeof *t);

    if (t) {
        t->columns = columns;
        t->column_count = count;
    }
    return t;
}

void
cli_table_free(struct cli_table *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->count; i++)
        free(t->cells[i].text);
    free(t->cells);
    free(t);
}

static bool
has_room(struct cli_table *t)
{
    struct cell *more;

    if (t->count < t->cap)
        return true;
    more = reallocarray(t->cells, t->cap + ROWS_STEP, sizeof *more);
    if (!more)
        return false;
    t->cells = more;
    t->cap += ROWS_STEP;
    return true;
}

/* Takes text. */
static void
add_cell(struct cli_table *t, enum cli_tone tone, char *text)
{
    if (text && !*text) {
        free(text);
        text = strdup("-");
    }
    if (!text || !t || !has_room(t)) {
        free(text);
        if (t)
            t->failed = true;
        return;
    }
    t->cells[t->count++] = (struct cell){text, cli_text_width(text), tone};
}

void
cli_cell(struct cli_table *t, enum cli_tone tone, const char *fmt, ...)
{
    va_list args;
    char *text;

    va_start(args, fmt);
    text = format(fmt, args);
    va_end(args);
    add_cell(t, tone, text);
}

void
cli_cell_text(struct cli_table *t, enum cli_tone tone, const char *text)
{
    add_cell(t, tone, cli_text_clean(text ? text : ""));
}

/* ---- printing ---- */

static void
measure(const struct cli_table *t, unsigned widths[CLI_COLUMNS_MAX])
{
    for (size_t i = 0; i < t->column_count; i++)
        widths[i] = t->columns[i].title ? cli_text_width(t->columns[i].title) : 0;
    for (size_t i = 0; i < t->count; i++) {
        size_t column = i % t->column_count;

        if (t->cells[i].width > widths[column])
            widths[column] = t->cells[i].width;
    }
}

static void
blanks(const struct cli_out *out, unsigned count)
{
    fprintf(out->to, "%*s", (int)count, "");
}

/* Breaks at blanks where there are some. */
static void
put_wrapped(const struct cli_out *out, const struct cell *c, unsigned indent)
{
    const char *rest = c->text;

    while (*rest) {
        size_t fits = cli_text_fit(rest, out->columns - indent), len = fits;

        if (rest[fits]) {
            while (len > 0 && rest[len] != ' ')
                len--;
            if (len == 0)
                len = fits;
        }
        put(out, c->tone, rest, len);
        rest += len;
        while (*rest == ' ')
            rest++;
        if (*rest) {
            fputc('\n', out->to);
            blanks(out, indent);
        }
    }
}

static void
put_row(const struct cli_table *t, const struct cli_out *out, const struct cell *cells,
        const unsigned widths[CLI_COLUMNS_MAX])
{
    unsigned at = 0;

    for (size_t i = 0; i < t->column_count; i++) {
        const struct cell *c = &cells[i];
        bool last = i + 1 == t->column_count;
        unsigned pad = widths[i] - c->width;

        if (t->columns[i].right)
            blanks(out, pad);
        if (last && out->columns >= at + WRAP_LEAST)
            put_wrapped(out, c, at);
        else
            put(out, c->tone, c->text, strlen(c->text));
        if (!last)
            blanks(out, (t->columns[i].right ? 0 : pad) + GAP);
        at += widths[i] + GAP;
    }
    fputc('\n', out->to);
}

static void
put_titles(const struct cli_table *t, const struct cli_out *out,
           const unsigned widths[CLI_COLUMNS_MAX])
{
    struct cell cells[CLI_COLUMNS_MAX];

    if (!t->columns[0].title)
        return;
    for (size_t i = 0; i < t->column_count; i++)
        cells[i] = (struct cell){(char *)(uintptr_t)t->columns[i].title,
                                 cli_text_width(t->columns[i].title), CLI_BOLD};
    put_row(t, out, cells, widths);
}

int
cli_table_print(const struct cli_table *t, const struct cli_out *out, const char *none,
                struct hf_error *err)
{
    unsigned widths[CLI_COLUMNS_MAX];

    if (!t || t->failed || !t->column_count)
        return hf_error_nomem(err);
    if (t->count < t->column_count) {
        cli_line(out, CLI_PLAIN, "%s", none);
        return 0;
    }
    measure(t, widths);
    put_titles(t, out, widths);
    for (size_t i = 0; i + t->column_count <= t->count; i += t->column_count)
        put_row(t, out, &t->cells[i], widths);
    return 0;
}

/* ---- facts ---- */

struct cli_table *
cli_facts_new(void)
{
    static const struct cli_column columns[] = {{NULL, false}, {NULL, false}};

    return cli_table_new(columns, HF_LEN(columns));
}

void
cli_fact(struct cli_table *t, const char *what, enum cli_tone tone, const char *fmt, ...)
{
    va_list args;
    char *text;

    cli_cell_text(t, CLI_DIM, what);
    va_start(args, fmt);
    text = format(fmt, args);
    va_end(args);
    add_cell(t, tone, text);
}

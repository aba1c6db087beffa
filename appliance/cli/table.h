// SPDX-License-Identifier: Apache-2.0
/*
 * What people read: lines and tables. Columns are as wide as what is in them; on a terminal the
 * last one is wrapped, elsewhere nothing is wrapped or cut. All text goes through cli_text_add().
 */
#pragma once

#include "base/cleanup.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum cli_tone { CLI_PLAIN, CLI_GOOD, CLI_WARN, CLI_BAD, CLI_BOLD, CLI_DIM, CLI_TONE_COUNT };

struct cli_out {
    FILE *to;
    unsigned columns; /* of the terminal; 0: nothing is wrapped */
    bool colour;
    int64_t now_ms; /* wall clock that ages are told by */
};

/* stdout as it is: colour only on a terminal that is not dumb and without NO_COLOR (no-color.org).
 */
struct cli_out cli_out_of(FILE *to);

/* A line. Memory that runs out shows as a line that is missing. */
void cli_line(const struct cli_out *out, enum cli_tone tone, const char *fmt, ...) HF_PRINTF(3, 4);

enum { CLI_COLUMNS_MAX = 10 };

struct cli_column {
    const char *title; /* the first one NULL: no line of titles */
    bool right;        /* numbers */
};

struct cli_table; /* cells, row by row */

/* NULL without memory, which cli_table_print() tells. columns outlives the table. */
struct cli_table *cli_table_new(const struct cli_column *columns, size_t count);
void cli_table_free(struct cli_table *t);
HF_DEFINE_AUTO(struct cli_table, cli_table, cli_table_free)

/* The next cell. An empty one is shown as `-`. */
void cli_cell(struct cli_table *t, enum cli_tone tone, const char *fmt, ...) HF_PRINTF(3, 4);
/* The same; NULL is an empty one. */
void cli_cell_text(struct cli_table *t, enum cli_tone tone, const char *text);

/* Where there are no rows it prints none instead, a whole line. Errors: no memory. */
HF_MUST int cli_table_print(const struct cli_table *t, const struct cli_out *out, const char *none,
                            struct hf_error *err);

/* A table of two columns without titles: what, and how it is. */
struct cli_table *cli_facts_new(void);
void cli_fact(struct cli_table *t, const char *what, enum cli_tone tone, const char *fmt, ...)
    HF_PRINTF(4, 5);

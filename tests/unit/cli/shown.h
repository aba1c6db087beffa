// SPDX-License-Identifier: Apache-2.0
/* Output of the command line as a string. */
#pragma once

#include "cli/table.h"
#include "unit.h"

#include <stdlib.h>

struct shown {
    struct cli_out out;
    char *text;
    size_t len;
};

static inline void
shown_begin(struct shown *s, unsigned columns)
{
    *s = (struct shown){.out = {.columns = columns, .now_ms = 1764126000000}};
    s->out.to = open_memstream(&s->text, &s->len);
    assert_non_null(s->out.to);
}

/* The text since the beginning, which is as good as its next call. */
static inline const char *
shown_text(struct shown *s)
{
    assert_int_equal(fflush(s->out.to), 0);
    return s->text;
}

static inline void
shown_end(struct shown *s)
{
    fclose(s->out.to);
    free(s->text);
}

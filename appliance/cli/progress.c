// SPDX-License-Identifier: Apache-2.0
/* One line on stderr that changes. */
#include "cli/cli.h"

#include "base/text.h"
#include "cli/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

static char last[512]; /* one at a time */

/* Where each text is a line of its own, a count that goes down is no news. */
static bool
is_news(const char *text, const char *before)
{
    static const char digits[] = "0123456789.";

    for (;;) {
        text += strspn(text, digits);
        before += strspn(before, digits);
        if (*text != *before)
            return true;
        if (!*text)
            return false;
        text++;
        before++;
    }
}

void
cli_progress(struct cli *c, const char *fmt, ...)
{
    char text[sizeof last];
    HF_AUTO_FREE char *clean = NULL;
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (c->told.columns > 1 ? strcmp(text, last) == 0 : !is_news(text, last))
        return;
    memcpy(last, text, sizeof last);
    clean = cli_text_clean(text);
    if (!clean)
        return;
    if (c->told.columns > 1)
        fprintf(c->told.to, "\r\033[K%.*s", (int)cli_text_fit(clean, c->told.columns - 1), clean);
    else
        fprintf(c->told.to, "%s\n", clean);
    fflush(c->told.to);
}

void
cli_progress_end(struct cli *c)
{
    if (last[0] && c->told.columns > 1)
        fputs("\r\033[K", c->told.to);
    fflush(c->told.to);
    last[0] = '\0';
}

bool
cli_pause_ms(int ms)
{
    struct timespec left = {ms / 1000, (long)(ms % 1000) * 1000000};

    while (!cli_interrupted() && nanosleep(&left, &left) < 0 && errno == EINTR)
        ;
    return !cli_interrupted();
}

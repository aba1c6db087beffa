// SPDX-License-Identifier: Apache-2.0
#include "update/parts.h"

#include "base/clock.h"
#include "base/text.h"

#include <string.h>
#include <time.h>

enum { LOOK_MS = 500, MS_A_SECOND = 1000, BOOT_MS = 10 * 60 * 1000 };

/* What has been said of this trial; false where nothing has, and what was said before stays. */
static bool
read_word(const struct update *u, struct hf_daemon_word *word)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_DAEMON_TEXT_MAX);
    struct hf_daemon_word w;

    if (update_read(u, HF_DAEMON_WORD, &text, NULL) < 0 || !text.data ||
        hf_daemon_word_parse(text.data, text.len, &w, NULL) < 0 ||
        strcmp(w.operation, u->progress.operation) != 0 ||
        strcmp(w.version, u->progress.version) != 0)
        return false;
    *word = w;
    return true;
}

/* A machine that has just started may need minutes until its containers work, through no fault of
 * the new holdfastd. */
static int64_t
patience_ms(const struct update *u)
{
    int64_t most_ms = u->options->patience_s * MS_A_SECOND, up_ms = hf_clock_mono_ms();

    return !u->started_here && up_ms < BOOT_MS && BOOT_MS - up_ms > most_ms ? BOOT_MS - up_ms
                                                                            : most_ms;
}

int
update_await(const struct update *u, struct hf_error *err)
{
    static const struct timespec look = {.tv_nsec = (long)LOOK_MS * 1000000};
    int64_t most_ms = patience_ms(u), until_ms = hf_clock_mono_ms() + most_ms;
    struct hf_daemon_word w = {.reason = "it said nothing"};

    do {
        bool said = read_word(u, &w);

        if (said && w.mood == HF_DAEMON_WELL)
            return 0;
        if (said && w.mood == HF_DAEMON_BAD)
            return hf_error_set(err, HF_ERROR_CONFLICT, "%s", w.reason);
        (void)nanosleep(&look, NULL);
    } while (hf_clock_mono_ms() < until_ms);
    return hf_error_set(err, HF_ERROR_TIMEOUT, "it did not say within %lld s that all is well: %s",
                        (long long)(most_ms / MS_A_SECOND), w.reason);
}

// SPDX-License-Identifier: Apache-2.0
#include "network/trial.h"

#include <string.h>

static enum trial_effect
on_trial(const struct trial *t, enum trial_event event, const char *id, const char *boot,
         int64_t now_s)
{
    bool is_over = strcmp(t->boot, boot) != 0 || now_s >= t->until_s;

    switch (event) {
    case TRIAL_ASKED:
        return TRIAL_REFUSE_BUSY;
    case TRIAL_CONFIRMED:
        return !is_over && strcmp(t->id, id) == 0 ? TRIAL_KEEP : TRIAL_REFUSE_NONE;
    default:
        return is_over ? TRIAL_TAKE_BACK : TRIAL_NOTHING;
    }
}

enum trial_effect
trial_step(const struct trial *t, enum trial_event event, const char *id, const char *boot,
           int64_t now_s)
{
    if (*t->id)
        return on_trial(t, event, id, boot, now_s);
    switch (event) {
    case TRIAL_ASKED:
        return TRIAL_BEGIN;
    case TRIAL_CONFIRMED:
        return TRIAL_REFUSE_NONE;
    default:
        return TRIAL_NOTHING;
    }
}

// SPDX-License-Identifier: Apache-2.0
/*
 * A change of the network is on trial until somebody confirms it from the new address; else the old
 * settings come back. Pure: what is to be done next, from what is written down and what happens.
 *
 *                  settled               on trial
 *     ASKED        begin                 refuse
 *     CONFIRMED    refuse                keep, where it is this one; else refuse
 *     TICK         -                     take back when its time is over
 *     STARTED      -                     take back after a boot, or when its time is over
 *
 * Time is CLOCK_BOOTTIME, which no clock that is set moves, and ends with the boot.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { TRIAL_ID_SIZE = 40, TRIAL_S = 120 };

struct trial {
    char id[TRIAL_ID_SIZE];   /* "": settled */
    char boot[TRIAL_ID_SIZE]; /* in which it began */
    int64_t until_s;
};

enum trial_event { TRIAL_ASKED, TRIAL_CONFIRMED, TRIAL_TICK, TRIAL_STARTED };

enum trial_effect {
    TRIAL_NOTHING,
    TRIAL_BEGIN,     /* write down what is there and that it is on trial; then put the new ones */
    TRIAL_KEEP,      /* write down that it is settled */
    TRIAL_TAKE_BACK, /* put what was there; then write down that it is settled */
    TRIAL_REFUSE_BUSY,
    TRIAL_REFUSE_NONE /* there is nothing, or something else, to confirm */
};

/* id is of ASKED and CONFIRMED. */
enum trial_effect trial_step(const struct trial *t, enum trial_event event, const char *id,
                             const char *boot, int64_t now_s);

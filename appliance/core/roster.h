// SPDX-License-Identifier: Apache-2.0
/*
 * Which devices the processor has heard, remembered for it: it forgets them when it restarts, and a
 * device that fell silent before that would never be missed. Now and then all that it knows are
 * listed (a survey); one that was known and is not listed is silent once that has been so for as
 * long as a silence must last. That begins to count when it is first missed, so that no device is
 * called silent that just had no time to speak since the restart. Bounded: the one heard longest
 * ago makes room. Pure.
 */
#pragma once

#include "base/error.h"
#include "model/alarm.h"

enum { ROSTER_MAX = 1024, ROSTER_TEXT_MAX = 256 * 1024 };

struct roster_entry {
    char device[HF_ALARM_SUBJECT_SIZE];
    int64_t last_ms;   /* when it was heard; wall clock */
    int64_t missed_ms; /* first survey without it since; monotonic, 0: it was in the last one */
    bool listed;       /* in the survey under way */
};

struct roster {
    struct roster_entry *list; /* capacity ROSTER_MAX, made when first needed */
    size_t count;
    char topic[HF_FILTER_MAX + 1]; /* the setting that says what a device is */
    bool changed;                  /* since it was last saved */
    bool grown;                    /* by a device that was not known, and one that still fits */
};

void roster_done(struct roster *r);

/* A survey: begin, each device that is listed, end. Devices by another topic are not these. */
void roster_begin(struct roster *r, const char *topic);
void roster_list(struct roster *r, const char *device, int64_t last_ms);
void roster_end(struct roster *r, int64_t mono_ms);

/* It has been heard since the last survey. */
void roster_heard(struct roster *r, const char *device);

/* The one at i, where it has been missing for that long; else NULL. */
const struct roster_entry *roster_silent(const struct roster *r, size_t i, int64_t after_ms,
                                         int64_t mono_ms);

/* For the store; the caller frees *ret_text. */
HF_MUST int roster_save(const struct roster *r, char **ret_text, struct hf_error *err);
/* What cannot be read is as good as none. */
void roster_load(struct roster *r, const char *text);

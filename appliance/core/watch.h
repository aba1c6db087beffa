// SPDX-License-Identifier: Apache-2.0
/*
 * What the owner keeps an eye on: guards, alarms, silent devices. A step a second; all of it is the
 * owner thread's.
 */
#pragma once

#include "core/alarm.h"
#include "core/guard.h"
#include "core/roster.h"

struct hf_core;

enum {
    WATCH_NOTES_MAX = 16,
    WATCH_ENDED_MAX = 16,
    WATCH_SILENT_MAX = 16, /* devices with an alarm of their own; more are one alarm together */
    WATCH_DATA_DIR_SIZE = 256
};

/* Something that happened, and is news for a while. */
struct watch_note {
    int64_t until_ms; /* monotonic; 0: free */
    struct alarm_condition condition;
};

/* What went so that a disk has room again, as long as it is that full. */
struct watch_room {
    bool under_way;     /* the keeper is at it */
    bool nothing_left;  /* when it was tried last */
    int64_t next_ms;    /* not before; monotonic */
    int64_t logs_at_ms; /* the same of logs */
    int64_t logs, log_bytes, images;
    char passed[HF_DIGEST_SIZE]; /* the last image that did not go; those behind it are tried */
};

struct watch_silence {
    struct {
        char device[HF_ALARM_SUBJECT_SIZE];
        int64_t last_ms; /* wall clock; 0: before our time */
    } list[WATCH_SILENT_MAX];
    size_t count;
    int64_t total;   /* as the processor counts them */
    int64_t missing; /* of those that it has forgotten */
};

struct watch {
    struct alarm_table table;
    struct alarm_set now;
    struct hf_alarm ended[WATCH_ENDED_MAX]; /* cleared, and not yet stored */
    size_t ended_count;
    int64_t save_at_ms;  /* not before, after a failure */
    int64_t count_at_ms; /* when counts are stored next */
    bool save_failed;

    enum guard_level disks[HF_DISKS_MAX], inodes[HF_DISKS_MAX];
    struct watch_room room[HF_DISKS_MAX];
    char room_audit[HF_TEXT_SIZE]; /* what the audit log has not taken yet; "": nothing */
    int64_t room_audit_ms;         /* when that is tried again */
    enum guard_level memory, pressure, temperature, flash;
    struct guard_day written;
    double written_day; /* NaN: not known */

    int64_t dropped_at_ms, queue_dropped_at_ms; /* monotonic; 0: never */
    int64_t uplink_away_at_ms;                  /* since when; 0: it is not */
    struct watch_note notes[WATCH_NOTES_MAX];
    struct watch_silence silence;
    int64_t ask_silent_at_ms;
    struct roster roster;
    int64_t surveyed_ms;                /* monotonic; 0: never */
    int64_t roster_saved_ms;            /* monotonic; when it was tried last */
    char data_dir[WATCH_DATA_DIR_SIZE]; /* of the engine; "": not known yet */
};

/* alarms.c: takes over what was active; before the owner runs. */
HF_MUST int hf_core_watch_start(struct hf_core *core, struct hf_error *err);

/* alarms.c: one step with all that is known now; stores what changed. */
void hf_core_watch(struct hf_core *core, int64_t now_ms);

/* alarms.c: an alarm for something that happened just now (drift, say): it is cleared when it has
 * not come again for ten minutes. Owner thread. */
void hf_core_raise(struct hf_core *core, enum hf_alarm_kind kind, const char *subject, bool bad,
                   const char *cause, const char *advice);

/* written.c: what was written to the disk in a day, over a restart. */
void hf_core_load_written(struct hf_core *core, int64_t now_ms);
HF_MUST int hf_core_save_written(struct hf_core *core, struct hf_error *err);

/* conditions.c: all that is wrong now, into core->watch.now. */
void hf_core_conditions(struct hf_core *core, int64_t now_ms);

/* room.c: has the keeper make room where a disk is about to be full; what has gone, to be added to
 * a sentence. Owner thread. */
void hf_core_make_room(struct hf_core *core, int64_t now_ms);
void hf_core_room_text(const struct hf_core *core, size_t disk, char *out, size_t size);

/* silence.c: asks for the silent devices where there may be some; takes the answer. */
void hf_core_ask_silent(struct hf_core *core, int64_t now_ms);
HF_MUST int hf_core_silent_question(struct hf_core *core, char **ret_body, struct hf_error *err);
void hf_core_silent_answer(struct hf_core *core, const struct hf_json *answer);

/* survey.c: a survey of the devices that the processor knows, page by page. */
struct hf_survey_page {
    char path[512]; /* what to ask for; its cursor follows from the answer before */
    const struct hf_json *answer;
    char cursor[HF_ALARM_SUBJECT_SIZE];
    bool first, last;
};
void hf_core_survey_path(struct hf_survey_page *p); /* any thread */
void hf_core_survey_page(struct hf_core *core, struct hf_survey_page *p);
/* Begins one where it is time; adds who has been missing too long to those who are silent. */
void hf_core_survey(struct hf_core *core, int64_t now_ms);
/* Before the owner runs; and once an hour, in the store's transaction of then. */
void hf_core_load_roster(struct hf_core *core);
HF_MUST int hf_core_save_roster(struct hf_core *core, int64_t now_ms, struct hf_error *err);

// SPDX-License-Identifier: Apache-2.0
/*
 * The table of alarms. Whoever looks says what is wrong now (conditions); the table makes alarms of
 * it that do not flicker: a condition must last before it is raised, and be away before it is
 * cleared; one that comes back in between is the same alarm, counted once more. Pure: no clock, no
 * store.
 *
 *   state     condition there                        condition away
 *   (none)    → PENDING (RAISED where it need not last)
 *   PENDING   raise_after over → RAISED              → (none)
 *   RAISED    stays; severity and cause follow       → LEAVING
 *   LEAVING   → RAISED, count + 1                    clear_after over → (none), cleared
 *
 * What was active before a restart is RAISED again, and may take a grace time to be seen: right
 * after a start nothing is known of the services yet.
 */
#pragma once

#include "model/alarm.h"

enum { ALARMS_MAX = 64 /* active at once; a condition more is not raised */ };

/* Something that is wrong now. */
struct alarm_condition {
    enum hf_alarm_kind kind;
    char subject[HF_ALARM_SUBJECT_SIZE];
    bool bad;
    char cause[HF_TEXT_SIZE];
    char advice[HF_TEXT_SIZE];
};

struct alarm_set {
    struct alarm_condition list[ALARMS_MAX];
    size_t count;
};

/* Adds a condition, or makes the one of the same kind and subject worse; more than fit are left
 * out. */
void alarm_set_add(struct alarm_set *set, enum hf_alarm_kind kind, const char *subject, bool bad,
                   const char *cause, const char *advice);

enum alarm_state { ALARM_NONE, ALARM_PENDING, ALARM_IS_RAISED, ALARM_LEAVING };

struct alarm_slot {
    enum alarm_state state;
    int64_t since_ms;      /* of PENDING and LEAVING; monotonic */
    bool unsaved;          /* differs from what the store has by more than last_ms and count */
    bool counted;          /* differs by those */
    struct hf_alarm alarm; /* id 0 while PENDING */
};

struct alarm_table {
    struct alarm_slot slots[ALARMS_MAX];
    int64_t next_id;
};

/* next_id: above every id that was ever given. */
void alarm_init(struct alarm_table *t, int64_t next_id);

/* Takes over an active alarm of before a restart. */
void alarm_restore(struct alarm_table *t, const struct hf_alarm *a, int64_t mono_ms);

/* One step with all that is wrong now. Slots that have become unsaved are to be stored. A cleared
 * alarm goes to cleared (at most ALARMS_MAX, those are to be stored too) and out of the table;
 * returns how many. mono_ms counts from the machine's boot. */
size_t alarm_step(struct alarm_table *t, const struct alarm_set *now, int64_t mono_ms,
                  int64_t wall_ms, struct hf_alarm cleared[ALARMS_MAX]);

/* The active alarm of that id, or NULL. */
struct alarm_slot *alarm_find(struct alarm_table *t, int64_t id);

/* For the picture of everything. */
void alarm_summary(const struct alarm_table *t, struct hf_alarms_view *ret);

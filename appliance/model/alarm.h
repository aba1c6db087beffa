// SPDX-License-Identifier: Apache-2.0
/* Alarms, as they are kept and shown. */
#pragma once

#include "model/view.h"
#include "json/json.h"

enum hf_alarm_kind {
    HF_ALARM_SERVICE_UNHEALTHY,
    HF_ALARM_CRASH_LOOP,
    HF_ALARM_OUT_OF_MEMORY,
    HF_ALARM_LIMIT_NOT_ENFORCED,
    HF_ALARM_OVERCOMMIT,
    HF_ALARM_DISK_FULL,
    HF_ALARM_INODES_FULL,
    HF_ALARM_MEMORY_PRESSURE,
    HF_ALARM_TEMPERATURE,
    HF_ALARM_FLASH_WEAR,
    HF_ALARM_FLASH_RATE,
    HF_ALARM_MESSAGES_DROPPED,
    HF_ALARM_RECORDS_DROPPED,
    HF_ALARM_QUARANTINE,
    HF_ALARM_UPLINK_AWAY,
    HF_ALARM_UPLINK_REFUSED,
    HF_ALARM_DEVICE_SILENT,
    HF_ALARM_CLOCK_UNSYNCHRONISED,
    HF_ALARM_ENGINE_UNREACHABLE,
    HF_ALARM_STORE_RECOVERED,
    HF_ALARM_DRIFT,
    HF_ALARM_ENGINE_SETUP,
    HF_ALARM_ANONYMOUS_DEVICES,
    HF_ALARM_CERTIFICATE_ENDS,
    HF_ALARM_KIND_COUNT
};

/* The words of the API, e.g. "disk_full"; the kind of a word, -1 where it is none. */
const char *hf_alarm_kind_name(enum hf_alarm_kind kind);
int hf_alarm_kind_of(const char *name);

/* What has happened to an alarm and is still to be told. */
enum hf_alarm_event {
    HF_ALARM_RAISED,
    HF_ALARM_ACKNOWLEDGED,
    HF_ALARM_CLEARED,
    HF_ALARM_EVENT_COUNT
};

/* "raised", "acknowledged", "cleared". */
const char *hf_alarm_event_name(enum hf_alarm_event event);

/* Who is told. */
enum hf_alarm_listener { HF_ALARM_TO_CLOUD, HF_ALARM_TO_WEBHOOK, HF_ALARM_LISTENER_COUNT };

/* Bits of hf_alarm.untold. */
#define HF_ALARM_UNTOLD(listener, event)                                                           \
    (1U << ((unsigned)(listener) * HF_ALARM_EVENT_COUNT + (unsigned)(event)))

enum { HF_ALARM_SUBJECT_SIZE = 132 /* a device's id has 128 bytes */ };

/* Times are of the wall clock. */
struct hf_alarm {
    int64_t id; /* grows */
    enum hf_alarm_kind kind;
    char subject[HF_ALARM_SUBJECT_SIZE]; /* service, mount point, device …; "": the box */
    bool bad;                            /* severity: bad, else warn */
    char cause[HF_TEXT_SIZE];
    char advice[HF_TEXT_SIZE];
    int64_t raised_ms;
    int64_t last_ms; /* when it was last so */
    int64_t count;   /* how often it came, without having been away for long */
    char acknowledged_by[HF_NAME_SIZE];
    int64_t acknowledged_ms; /* 0: nobody has */
    int64_t cleared_ms;      /* 0: it is active */
    unsigned untold;
};

/* As record, webhook and API have it (openapi.yaml, Alarm). */
struct hf_json *hf_alarm_json(const struct hf_alarm *a);

// SPDX-License-Identifier: Apache-2.0
#include "model/alarm.h"

#include "base/text.h"

#include <string.h>

static const char *const names[HF_ALARM_KIND_COUNT] = {
    [HF_ALARM_SERVICE_UNHEALTHY] = "service_unhealthy",
    [HF_ALARM_CRASH_LOOP] = "crash_loop",
    [HF_ALARM_OUT_OF_MEMORY] = "out_of_memory",
    [HF_ALARM_LIMIT_NOT_ENFORCED] = "limit_not_enforced",
    [HF_ALARM_OVERCOMMIT] = "overcommit",
    [HF_ALARM_DISK_FULL] = "disk_full",
    [HF_ALARM_INODES_FULL] = "inodes_full",
    [HF_ALARM_MEMORY_PRESSURE] = "memory_pressure",
    [HF_ALARM_TEMPERATURE] = "temperature",
    [HF_ALARM_FLASH_WEAR] = "flash_wear",
    [HF_ALARM_FLASH_RATE] = "flash_rate",
    [HF_ALARM_MESSAGES_DROPPED] = "messages_dropped",
    [HF_ALARM_RECORDS_DROPPED] = "records_dropped",
    [HF_ALARM_QUARANTINE] = "quarantine",
    [HF_ALARM_UPLINK_AWAY] = "uplink_away",
    [HF_ALARM_UPLINK_REFUSED] = "uplink_refused",
    [HF_ALARM_DEVICE_SILENT] = "device_silent",
    [HF_ALARM_CLOCK_UNSYNCHRONISED] = "clock_unsynchronised",
    [HF_ALARM_ENGINE_UNREACHABLE] = "engine_unreachable",
    [HF_ALARM_STORE_RECOVERED] = "store_recovered",
    [HF_ALARM_DRIFT] = "drift",
    [HF_ALARM_ENGINE_SETUP] = "engine_setup",
    [HF_ALARM_ANONYMOUS_DEVICES] = "anonymous_devices",
    [HF_ALARM_CERTIFICATE_ENDS] = "certificate_ends",
};

const char *
hf_alarm_kind_name(enum hf_alarm_kind kind)
{
    return names[kind];
}

int
hf_alarm_kind_of(const char *name)
{
    for (int i = 0; i < HF_ALARM_KIND_COUNT; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

const char *
hf_alarm_event_name(enum hf_alarm_event event)
{
    static const char *const events[HF_ALARM_EVENT_COUNT] = {
        [HF_ALARM_RAISED] = "raised",
        [HF_ALARM_ACKNOWLEDGED] = "acknowledged",
        [HF_ALARM_CLEARED] = "cleared",
    };

    return events[event];
}

struct hf_json *
hf_alarm_json(const struct hf_alarm *a)
{
    struct hf_json *o = hf_json_object();
    char id[24];

    hf_text_put(id, sizeof id, "%lld", (long long)a->id);
    hf_json_put_string(o, "id", id);
    hf_json_put_string(o, "kind", hf_alarm_kind_name(a->kind));
    hf_json_put_string(o, "subject", a->subject);
    hf_json_put_string(o, "severity", a->bad ? "bad" : "warn");
    hf_json_put_string(o, "cause", a->cause);
    hf_json_put_string(o, "advice", a->advice);
    hf_json_put_time(o, "raised", a->raised_ms);
    hf_json_put_time(o, "last", a->last_ms);
    hf_json_put_int(o, "count", a->count);
    if (a->acknowledged_ms) {
        struct hf_json *by = hf_json_object();

        hf_json_put_string(by, "by", a->acknowledged_by);
        hf_json_put_time(by, "at", a->acknowledged_ms);
        hf_json_put(o, "acknowledged", by);
    } else {
        hf_json_put_null(o, "acknowledged");
    }
    hf_json_put_time(o, "cleared", a->cleared_ms);
    return o;
}

// SPDX-License-Identifier: Apache-2.0
/* Alarms: what is watched, and who is told beside the cloud. */
#include "model/settings_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const int64_t UPLINK_AWAY_S_DEFAULT = 900; /* longer than a router takes to come back */
static const int64_t SECONDS_MOST = 31536000;     /* a year */
static const char AT[] = "/alarms";

/* A value is read in its unit; what is allowed, and what is meant where nothing is said. A card of
 * 32 GB for some 20 TB lasts 5 years at 10 GB a day. */
static const struct {
    const char *name;
    double least, most;
    struct hf_threshold otherwise;
} thresholds[HF_GUARD_COUNT] = {
    [HF_GUARD_DISK] = {"disk_percent", 1, 100, {85, 95}},
    [HF_GUARD_MEMORY] = {"memory_percent", 1, 100, {85, 95}},
    [HF_GUARD_TEMPERATURE] = {"temperature_c", 0, 150, {75, 85}},
    [HF_GUARD_FLASH] = {"flash_bytes_per_day", 1e6, 1e15, {10e9, 50e9}},
};

void
hf_alarm_settings_init(struct hf_alarm_settings *a)
{
    *a = (struct hf_alarm_settings){.uplink_away_s = UPLINK_AWAY_S_DEFAULT, .make_room = true};
    for (int i = 0; i < HF_GUARD_COUNT; i++)
        a->thresholds[i] = thresholds[i].otherwise;
}

static int
parse_webhook(const struct hf_json *v, struct hf_alarm_settings *a, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {{"url", HF_JSON_STRING, true},
                                                  {"token", HF_JSON_STRING, false}};
    static const char at[] = "/alarms/webhook";
    const char *token;

    a->webhook_url[0] = a->webhook_token[0] = '\0';
    if (hf_json_is_null(v))
        return 0;
    if (hf_json_check(v, at, fields, HF_LEN(fields), err) < 0 ||
        hf_settings_check_url(hf_json_string(v, "url"), "/alarms/webhook/url", err) < 0 ||
        hf_check_text(v, "token", HF_WEBHOOK_TOKEN_SIZE - 1, at, err) < 0)
        return -1;
    token = hf_json_string(v, "token");
    if (token && strcmp(token, HF_SECRET_MASK) == 0)
        return hf_wrong(err, at, "token",
                        "'" HF_SECRET_MASK "' stands for a token that is kept, and there is none: "
                        "send the token itself, or leave it out");
    if (token && strpbrk(token, " \t"))
        return hf_wrong(err, at, "token", "must have no blanks");
    snprintf(a->webhook_url, sizeof a->webhook_url, "%s", hf_json_string(v, "url"));
    snprintf(a->webhook_token, sizeof a->webhook_token, "%s", token ? token : "");
    return 0;
}

/* [warn, bad] */
static int
parse_threshold(const struct hf_json *v, int kind, struct hf_threshold *ret, struct hf_error *err)
{
    const struct hf_json *first = hf_json_first(v);
    double least = thresholds[kind].least, most = thresholds[kind].most;
    struct hf_threshold t = {hf_json_as_number(first, NAN),
                             hf_json_as_number(first ? hf_json_next(first) : NULL, NAN)};
    char must[128];

    if (!v)
        return 0;
    if (hf_json_count(v) == 2 && t.warn >= least && t.bad <= most && t.warn <= t.bad) {
        *ret = t;
        return 0;
    }
    snprintf(must, sizeof must, "must be [warn, bad], two rising numbers from %.15g to %.15g",
             least, most);
    return hf_wrong(err, "/alarms/thresholds", thresholds[kind].name, must);
}

static int
parse_thresholds(const struct hf_json *v, struct hf_alarm_settings *a, struct hf_error *err)
{
    struct hf_json_field fields[HF_GUARD_COUNT];

    for (int i = 0; i < HF_GUARD_COUNT; i++)
        fields[i] = (struct hf_json_field){thresholds[i].name, HF_JSON_ARRAY, false};
    if (hf_json_check(v, "/alarms/thresholds", fields, HF_GUARD_COUNT, err) < 0)
        return -1;
    for (int i = 0; i < HF_GUARD_COUNT; i++)
        if (parse_threshold(hf_json_get(v, thresholds[i].name), i, &a->thresholds[i], err) < 0)
            return -1;
    return 0;
}

int
hf_parse_alarms(const struct hf_json *v, struct hf_alarm_settings *a, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"webhook", HF_JSON_ANY, false},       {"silent_after_s", HF_JSON_INT, false},
        {"uplink_away_s", HF_JSON_INT, false}, {"make_room", HF_JSON_BOOL, false},
        {"thresholds", HF_JSON_OBJECT, false},
    };
    const struct hf_json *webhook = hf_json_get(v, "webhook"), *t = hf_json_get(v, "thresholds");

    if (hf_json_check(v, AT, fields, HF_LEN(fields), err) < 0 ||
        hf_check_range(v, "silent_after_s", 0, SECONDS_MOST, AT, err) < 0 ||
        hf_check_range(v, "uplink_away_s", 0, SECONDS_MOST, AT, err) < 0 ||
        (webhook && parse_webhook(webhook, a, err) < 0) || (t && parse_thresholds(t, a, err) < 0))
        return -1;
    a->silent_after_s = hf_json_int(v, "silent_after_s", a->silent_after_s);
    a->uplink_away_s = hf_json_int(v, "uplink_away_s", a->uplink_away_s);
    a->make_room = hf_json_bool(v, "make_room", a->make_room);
    return 0;
}

struct hf_json *
hf_print_alarms(const struct hf_alarm_settings *a, bool masked)
{
    struct hf_json *o = hf_json_object(), *all = hf_json_object();

    if (*a->webhook_url) {
        struct hf_json *webhook = hf_json_object();

        hf_json_put_string(webhook, "url", a->webhook_url);
        if (*a->webhook_token)
            hf_json_put_string(webhook, "token", masked ? HF_SECRET_MASK : a->webhook_token);
        hf_json_put(o, "webhook", webhook);
    } else {
        hf_json_put_null(o, "webhook");
    }
    hf_json_put_int(o, "silent_after_s", a->silent_after_s);
    hf_json_put_int(o, "uplink_away_s", a->uplink_away_s);
    hf_json_put_bool(o, "make_room", a->make_room);
    for (int i = 0; i < HF_GUARD_COUNT; i++) {
        struct hf_json *pair = hf_json_array();

        hf_json_add_number(pair, a->thresholds[i].warn);
        hf_json_add_number(pair, a->thresholds[i].bad);
        hf_json_put(all, thresholds[i].name, pair);
    }
    hf_json_put(o, "thresholds", all);
    return o;
}

int
hf_unmask_alarms(const struct hf_json *alarms, const struct hf_alarm_settings *have,
                 struct hf_error *err)
{
    const struct hf_json *webhook = hf_json_get(alarms, "webhook");
    const char *token = hf_json_string(webhook, "token");

    if (!token || strcmp(token, HF_SECRET_MASK) != 0 || !*have->webhook_token)
        return 0;
    hf_json_set((struct hf_json *)(uintptr_t)webhook, "token",
                hf_json_of_string(have->webhook_token));
    return hf_json_string(webhook, "token") ? 0 : hf_error_nomem(err);
}

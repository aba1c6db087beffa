// SPDX-License-Identifier: Apache-2.0
/* Lanes, rules and devices: what is made of topics. The processor compiles the rules and looks
 * deeper; what is refused here is what can be seen without it. */
#include "model/settings_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    SELECT_MAX = 32,
    FIELD_NAME_MAX = 64,
    UNIT_MAX = 32,
    INTERVAL_MS_MAX = 24 * 3600 * 1000,
    WINDOW_MS_LEAST = 100,
    AGGREGATES_MAX = 4,
    WHERE_SIZE = 64
};

static const char *const lanes[] = {"alarm", "normal", "bulk", NULL};

/* ---- lanes ---- */

int
hf_check_lanes(const struct hf_json *list, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"filter", HF_JSON_STRING, true},
        {"lane", HF_JSON_STRING, true},
    };
    size_t i = 0;

    if (hf_json_count(list) > HF_LANE_FILTERS_MAX)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/lanes", "/lanes: at most %d",
                               HF_LANE_FILTERS_MAX);
    for (const struct hf_json *l = hf_json_first(list); l; l = hf_json_next(l), i++) {
        char where[WHERE_SIZE];

        snprintf(where, sizeof where, "/lanes/%zu", i);
        if (hf_json_check(l, where, fields, HF_LEN(fields), err) < 0 ||
            hf_check_filter(l, "filter", where, err) < 0 ||
            hf_check_word(l, "lane", lanes, where, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- rules ---- */

static int
check_number(const struct hf_json *o, const char *member, bool negative, const char *where,
             struct hf_error *err)
{
    double value = hf_json_number(o, member, 0);

    if (!isfinite(value) || (!negative && value < 0))
        return hf_wrong(err, where, member, negative ? "must be finite" : "must be 0 or more");
    return 0;
}

static int
check_select(const struct hf_json *select, const char *where, struct hf_error *err)
{
    size_t count = hf_json_count(select);

    if (count < 1 || count > SELECT_MAX)
        return hf_error_set_at(err, HF_ERROR_INVALID, where, "%s: must have 1 to %d fields", where,
                               SELECT_MAX);
    for (const struct hf_json *f = hf_json_first(select); f; f = hf_json_next(f)) {
        const char *name = hf_json_key(f);

        if (!*name || strlen(name) > FIELD_NAME_MAX)
            return hf_error_set_at(err, HF_ERROR_INVALID, where,
                                   "%s: a field's name has 1 to %d bytes", where, FIELD_NAME_MAX);
        if (!hf_json_as_string(f))
            return hf_wrong(err, where, name, "must be a JSON pointer such as /temperature");
        if (hf_check_pointer(select, name, where, err) < 0)
            return -1;
    }
    return 0;
}

static int
check_scale(const struct hf_json *scale, const char *where, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"field", HF_JSON_STRING, false},
        {"factor", HF_JSON_NUMBER, false},
        {"offset", HF_JSON_NUMBER, false},
        {"unit", HF_JSON_STRING, false},
    };

    if (hf_json_check(scale, where, fields, HF_LEN(fields), err) < 0 ||
        hf_check_pointer(scale, "field", where, err) < 0 ||
        check_number(scale, "factor", true, where, err) < 0 ||
        check_number(scale, "offset", true, where, err) < 0)
        return -1;
    return hf_check_text(scale, "unit", UNIT_MAX, where, err);
}

static int
check_deadband(const struct hf_json *deadband, const char *where, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"field", HF_JSON_STRING, false},
        {"delta", HF_JSON_NUMBER, true},
    };

    if (hf_json_check(deadband, where, fields, HF_LEN(fields), err) < 0 ||
        hf_check_pointer(deadband, "field", where, err) < 0)
        return -1;
    return check_number(deadband, "delta", false, where, err);
}

static int
check_window(const struct hf_json *window, const char *where, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"ms", HF_JSON_INT, true},
        {"field", HF_JSON_STRING, false},
        {"of", HF_JSON_ARRAY, true},
    };
    static const char *const known[] = {"min", "max", "mean", "count"};
    const struct hf_json *of;
    unsigned seen = 0;

    if (hf_json_check(window, where, fields, HF_LEN(fields), err) < 0 ||
        hf_check_pointer(window, "field", where, err) < 0 ||
        hf_check_range(window, "ms", WINDOW_MS_LEAST, INTERVAL_MS_MAX, where, err) < 0)
        return -1;
    of = hf_json_get(window, "of");
    for (const struct hf_json *a = hf_json_first(of); a; a = hf_json_next(a)) {
        const char *name = hf_json_as_string(a);
        unsigned bit = 0;

        for (size_t i = 0; i < HF_LEN(known); i++)
            if (name && strcmp(known[i], name) == 0)
                bit = 1U << i;
        if (!bit || seen & bit)
            return hf_wrong(err, where, "of",
                            "must be min, max, mean and count, each at most once");
        seen |= bit;
    }
    return seen ? 0 : hf_wrong(err, where, "of", "must name at least one of min, max, mean, count");
}

static int
check_parts(const struct hf_json *rule, const char *where, struct hf_error *err)
{
    static const struct {
        const char *name;
        int (*check)(const struct hf_json *part, const char *where, struct hf_error *err);
    } parts[] = {
        {"select", check_select},
        {"scale", check_scale},
        {"deadband", check_deadband},
        {"window", check_window},
    };

    for (size_t i = 0; i < HF_LEN(parts); i++) {
        const struct hf_json *part = hf_json_get(rule, parts[i].name);
        char below[WHERE_SIZE + 16];

        snprintf(below, sizeof below, "%s/%s", where, parts[i].name);
        if (part && parts[i].check(part, below, err) < 0)
            return -1;
    }
    return 0;
}

static int
check_rule(const struct hf_json *rule, const char *where, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"filter", HF_JSON_STRING, true},        {"drop", HF_JSON_BOOL, false},
        {"decode", HF_JSON_STRING, false},       {"topic", HF_JSON_STRING, false},
        {"lane", HF_JSON_STRING, false},         {"select", HF_JSON_OBJECT, false},
        {"scale", HF_JSON_OBJECT, false},        {"deadband", HF_JSON_OBJECT, false},
        {"min_interval_ms", HF_JSON_INT, false}, {"window", HF_JSON_OBJECT, false},
    };
    static const char *const decodes[] = {"json", "number", "text", "binary", NULL};
    const char *topic;

    if (hf_json_check(rule, where, fields, HF_LEN(fields), err) < 0 ||
        hf_check_filter(rule, "filter", where, err) < 0 ||
        hf_check_word(rule, "decode", decodes, where, err) < 0 ||
        hf_check_word(rule, "lane", lanes, where, err) < 0 ||
        hf_check_text(rule, "topic", HF_FILTER_MAX, where, err) < 0 ||
        hf_check_range(rule, "min_interval_ms", 1, INTERVAL_MS_MAX, where, err) < 0)
        return -1;
    topic = hf_json_string(rule, "topic");
    if (topic && strpbrk(topic, "+#"))
        return hf_wrong(err, where, "topic", "is a topic and has no '+' or '#'");
    if (hf_json_bool(rule, "drop", false) && hf_json_count(rule) > 2)
        return hf_wrong(err, where, "drop", "stands alone: what is dropped needs nothing else");
    return check_parts(rule, where, err);
}

int
hf_settings_check_rules(const struct hf_json *rules, const char *pointer, struct hf_error *err)
{
    size_t i = 0;

    if (hf_json_count(rules) > HF_RULES_MAX)
        return hf_error_set_at(err, HF_ERROR_INVALID, pointer, "%s: at most %d", pointer,
                               HF_RULES_MAX);
    for (const struct hf_json *r = hf_json_first(rules); r; r = hf_json_next(r), i++) {
        char where[WHERE_SIZE];

        snprintf(where, sizeof where, "%s/%zu", pointer, i);
        if (check_rule(r, where, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- devices ---- */

int
hf_check_device_topic(const struct hf_json *devices, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {{"topic", HF_JSON_STRING, true}};
    unsigned ids = 0;
    const char *level;

    if (hf_json_check(devices, "/devices", fields, HF_LEN(fields), err) < 0 ||
        hf_check_filter(devices, "topic", "/devices", err) < 0)
        return -1;
    for (level = hf_json_string(devices, "topic"); level;) {
        size_t len = strcspn(level, "/");

        ids += len == 2 && strncmp(level, "ID", 2) == 0;
        level = level[len] ? level + len + 1 : NULL;
    }
    if (ids != 1)
        return hf_wrong(err, "/devices", "topic",
                        "must have one level 'ID', which names the device, as in +/ID/#");
    return 0;
}

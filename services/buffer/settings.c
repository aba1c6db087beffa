// SPDX-License-Identifier: Apache-2.0
#include "buffer/settings.h"

#include "common/topic.h"

#include <stdio.h>
#include <string.h>

static const int64_t MAX_BYTES_DEFAULT = 1024LL * 1024 * 1024;
static const int64_t MAX_BYTES_LEAST = 16LL * 1024 * 1024;
static const int64_t BYTES_MOST = 1LL << 50;
static const int64_t AGE_MOST_S = 10LL * 366 * 24 * 3600; /* ten years */

const char *const hf_when_full_names[HF_WHEN_FULL_COUNT] = {"hold", "drop_oldest",
                                                            "drop_lower_first"};

static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
static const char sink_plain[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

static int
read_gateway(const struct hf_json *doc, struct hf_buffer_settings *s, struct hf_error *err)
{
    const char *name = hf_json_string(doc, "gateway");

    if (!name || !*name || strlen(name) >= HF_GATEWAY_MAX || strspn(name, plain) != strlen(name))
        return hf_error_set_at(err, HF_ERROR_INVALID, "/gateway", "settings: gateway is no name");
    snprintf(s->gateway, sizeof s->gateway, "%s", name);
    name = hf_json_get(doc, "restored") ? hf_json_string(doc, "restored") : "";
    if (!name || strlen(name) >= HF_RESTORED_MAX || strspn(name, plain) != strlen(name))
        return hf_error_set_at(err, HF_ERROR_INVALID, "/restored", "settings: restored is no name");
    snprintf(s->restored, sizeof s->restored, "%s", name);
    return 0;
}

static int
read_number(const struct hf_json *doc, const char *member, int64_t least, int64_t most,
            int64_t otherwise, int64_t *ret_value, struct hf_error *err)
{
    const struct hf_json *v = hf_json_get(doc, member);
    int64_t value = v ? hf_json_as_int(v, -1) : otherwise;
    char pointer[32];

    if (value < least || value > most) {
        snprintf(pointer, sizeof pointer, "/%s", member);
        return hf_error_set_at(err, HF_ERROR_INVALID, pointer,
                               "settings: %s is a whole number from %lld to %lld", member,
                               (long long)least, (long long)most);
    }
    *ret_value = value;
    return 0;
}

static int
read_policy(const struct hf_json *doc, struct hf_buffer_settings *s, struct hf_error *err)
{
    const struct hf_json *v = hf_json_get(doc, "when_full");
    const char *text = v ? hf_json_as_string(v) : hf_when_full_names[HF_WHEN_FULL_HOLD];

    for (int i = 0; text && i < HF_WHEN_FULL_COUNT; i++) {
        if (strcmp(text, hf_when_full_names[i]) != 0)
            continue;
        s->when_full = (enum hf_when_full)i;
        return 0;
    }
    return hf_error_set_at(err, HF_ERROR_INVALID, "/when_full",
                           "settings: when_full is hold, drop_oldest or drop_lower_first");
}

static int
read_limits(const struct hf_json *doc, struct hf_buffer_settings *s, struct hf_error *err)
{
    int64_t max_age_s = 0;

    if (read_number(doc, "window_ms", 0, HF_WINDOW_MAX_MS, HF_WINDOW_DEFAULT_MS, &s->window_ms,
                    err) < 0 ||
        read_number(doc, "max_bytes", MAX_BYTES_LEAST, BYTES_MOST, MAX_BYTES_DEFAULT, &s->max_bytes,
                    err) < 0 ||
        read_number(doc, "max_age_s", 0, AGE_MOST_S, 0, &max_age_s, err) < 0 ||
        read_number(doc, "keep_free_bytes", 0, BYTES_MOST, 0, &s->keep_free_bytes, err) < 0)
        return -1;
    s->max_age_ms = max_age_s * 1000;
    return read_policy(doc, s, err);
}

/* "processor" is what the quarantine says where no sink refused a record. */
static const char *
sink_wrong(const struct hf_buffer_settings *s, const char *name)
{
    if (!name || !*name || strlen(name) >= HF_SINK_NAME_SIZE || *name < 'a' || *name > 'z' ||
        strspn(name, sink_plain) != strlen(name))
        return "the name of a sink is 1 to 32 of a-z, 0-9 and -, beginning with a letter";
    if (strcmp(name, "processor") == 0)
        return "a sink cannot be called processor";
    for (size_t i = 0; i < s->sink_count; i++)
        if (strcmp(s->sinks[i], name) == 0)
            return "a sink is there twice";
    return NULL;
}

static int
read_sinks(const struct hf_json *doc, struct hf_buffer_settings *s, struct hf_error *err)
{
    const struct hf_json *sinks = hf_json_get(doc, "sinks");

    if (!sinks)
        return 0;
    if (!hf_json_is_array(sinks) || hf_json_count(sinks) > HF_SINKS_MAX)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/sinks",
                               "settings: sinks is a list of at most %d names", HF_SINKS_MAX);
    for (const struct hf_json *v = hf_json_first(sinks); v; v = hf_json_next(v)) {
        const char *name = hf_json_as_string(v);
        const char *wrong = sink_wrong(s, name);
        char pointer[32];

        if (wrong) {
            snprintf(pointer, sizeof pointer, "/sinks/%zu", s->sink_count);
            return hf_error_set_at(err, HF_ERROR_INVALID, pointer, "settings: %s", wrong);
        }
        snprintf(s->sinks[s->sink_count++], HF_SINK_NAME_SIZE, "%s", name);
    }
    return 0;
}

static int
read_lane(const struct hf_json *v, const char *pointer, struct hf_lane_rule *ret_rule,
          struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"filter", HF_JSON_STRING, true},
        {"lane", HF_JSON_STRING, true},
    };
    struct hf_lane_rule rule = {0};
    struct hf_error wrong;

    if (hf_json_check(v, pointer, fields, HF_LEN(fields), err) < 0)
        return hf_error_wrap(err, "settings");
    if (hf_topic_filter_check(hf_json_string(v, "filter"), &wrong) < 0)
        return hf_error_set_at(err, HF_ERROR_INVALID, pointer, "settings: %s", wrong.message);
    if (!hf_lane_parse(hf_json_string(v, "lane"), &rule.lane))
        return hf_error_set_at(err, HF_ERROR_INVALID, pointer,
                               "settings: lane is alarm, normal or bulk");
    rule.filter = strdup(hf_json_string(v, "filter"));
    if (!rule.filter)
        return hf_error_nomem(err);
    *ret_rule = rule;
    return 0;
}

static int
read_lanes(const struct hf_json *doc, struct hf_buffer_settings *s, struct hf_error *err)
{
    const struct hf_json *lanes = hf_json_get(doc, "lanes");

    if (!lanes)
        return 0;
    if (!hf_json_is_array(lanes) || hf_json_count(lanes) > HF_LANE_RULES_MAX)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/lanes",
                               "settings: lanes is a list of at most %d filters",
                               HF_LANE_RULES_MAX);
    s->lanes = calloc(hf_json_count(lanes) + 1, sizeof *s->lanes);
    if (!s->lanes)
        return hf_error_nomem(err);
    for (const struct hf_json *v = hf_json_first(lanes); v; v = hf_json_next(v)) {
        char pointer[32];

        snprintf(pointer, sizeof pointer, "/lanes/%zu", s->lane_count);
        if (read_lane(v, pointer, &s->lanes[s->lane_count], err) < 0)
            return -1;
        s->lane_count++;
    }
    return 0;
}

int
hf_buffer_settings_read(const struct hf_json *doc, struct hf_buffer_settings **ret_settings,
                        struct hf_error *err)
{
    HF_AUTO(hf_buffer_settings) struct hf_buffer_settings *s = calloc(1, sizeof *s);

    if (!s)
        return hf_error_nomem(err);
    atomic_init(&s->refs, 1);
    if (!hf_json_is_object(doc))
        return hf_error_set(err, HF_ERROR_INVALID, "settings: expected an object");
    if (read_gateway(doc, s, err) < 0 || read_limits(doc, s, err) < 0 ||
        read_sinks(doc, s, err) < 0 || read_lanes(doc, s, err) < 0)
        return -1;
    *ret_settings = hf_steal(&s);
    return 0;
}

struct hf_buffer_settings *
hf_buffer_settings_ref(struct hf_buffer_settings *s)
{
    atomic_fetch_add(&s->refs, 1);
    return s;
}

void
hf_buffer_settings_unref(struct hf_buffer_settings *s)
{
    if (!s || atomic_fetch_sub(&s->refs, 1) != 1)
        return;
    for (size_t i = 0; i < s->lane_count; i++)
        free(s->lanes[i].filter);
    free(s->lanes);
    free(s);
}

enum hf_lane
hf_buffer_settings_lane(const struct hf_buffer_settings *s, const char *topic, size_t len)
{
    for (size_t i = 0; i < s->lane_count; i++)
        if (hf_topic_matches(s->lanes[i].filter, topic, len))
            return s->lanes[i].lane;
    return HF_LANE_NORMAL;
}

// SPDX-License-Identifier: Apache-2.0
#include "processor/rulefields.h"

#include "base/text.h"
#include "common/topic.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    INTERVAL_MAX_MS = 7 * 24 * 3600 * 1000, /* a week */
    WINDOW_LEAST_MS = 100,
    WINDOW_MAX_MS = 24 * 3600 * 1000,
    NAME_MAX_BYTES = 128,
    UNIT_MAX_BYTES = 32,
};

struct place {
    const char *pointer; /* where the rule stands */
    struct hf_error *err;
};

static int HF_PRINTF(3, 4)
wrong(const struct place *p, const char *member, const char *fmt, ...)
{
    char pointer[HF_ERROR_POINTER_MAX], text[HF_ERROR_MESSAGE_MAX / 2];
    va_list args;

    snprintf(pointer, sizeof pointer, "%s%s", p->pointer, member);
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return hf_error_set_at(p->err, HF_ERROR_INVALID, pointer, "%s", text);
}

/* A pointer member of one of the calculations, where it is there. */
static int
read_field(const struct hf_rule *r, const struct hf_json *v, const char *member, const char **field,
           const struct place *p)
{
    struct hf_error err;

    *field = hf_json_string(v, "field");
    if (!*field && r->selects)
        return wrong(p, member, "select makes an object: say which field of it");
    if (*field && r->decode != HF_DECODE_AS_IT_IS && r->decode != HF_DECODE_JSON)
        return wrong(p, member, "only JSON has fields: leave out field, or decode as json");
    if (*field && hf_pointer_check(*field, &err) < 0)
        return wrong(p, member, "%s", err.message);
    return 0;
}

static int
check_members(const struct hf_json *v, const char *member, const struct hf_json_field *fields,
              size_t count, const struct place *p)
{
    char pointer[HF_ERROR_POINTER_MAX];

    snprintf(pointer, sizeof pointer, "%s%s", p->pointer, member);
    return hf_json_check(v, pointer, fields, count, p->err);
}

static bool
needs_number(const struct hf_rule *r)
{
    return r->scales || r->deadband || r->window_ms;
}

static int
read_scale(struct hf_rule *r, const struct place *p)
{
    static const struct hf_json_field fields[] = {{"field", HF_JSON_STRING, false},
                                                  {"factor", HF_JSON_NUMBER, false},
                                                  {"offset", HF_JSON_NUMBER, false},
                                                  {"unit", HF_JSON_STRING, false}};
    const struct hf_json *v = hf_json_get(r->doc, "scale");

    if (!v)
        return 0;
    if (check_members(v, "/scale", fields, HF_LEN(fields), p) < 0 ||
        read_field(r, v, "/scale/field", &r->scale_field, p) < 0)
        return -1;
    r->scales = true;
    r->factor = hf_json_number(v, "factor", 1);
    r->offset = hf_json_number(v, "offset", 0);
    r->unit = hf_json_string(v, "unit");
    if (!isfinite(r->factor) || r->factor == 0)
        return wrong(p, "/scale/factor", "a factor is a number other than 0");
    if (!isfinite(r->offset))
        return wrong(p, "/scale/offset", "an offset is a number");
    if (r->unit && (!*r->unit || strlen(r->unit) > UNIT_MAX_BYTES))
        return wrong(p, "/scale/unit", "a unit has 1 to %d bytes", UNIT_MAX_BYTES);
    return 0;
}

static int
read_deadband(struct hf_rule *r, const struct place *p)
{
    static const struct hf_json_field fields[] = {{"field", HF_JSON_STRING, false},
                                                  {"delta", HF_JSON_NUMBER, true}};
    const struct hf_json *v = hf_json_get(r->doc, "deadband");

    if (!v)
        return 0;
    if (check_members(v, "/deadband", fields, HF_LEN(fields), p) < 0 ||
        read_field(r, v, "/deadband/field", &r->deadband_field, p) < 0)
        return -1;
    r->deadband = true;
    r->delta = hf_json_number(v, "delta", 0);
    if (!isfinite(r->delta) || r->delta < 0)
        return wrong(p, "/deadband/delta", "a deadband is a number, 0 or more");
    return 0;
}

static int
read_of(struct hf_rule *r, const struct hf_json *of, const struct place *p)
{
    static const char *const names[] = {"min", "max", "mean", "count"};

    for (const struct hf_json *v = hf_json_first(of); v; v = hf_json_next(v)) {
        const char *name = hf_json_as_string(v);
        size_t i = 0;

        while (i < HF_LEN(names) && (!name || strcmp(name, names[i]) != 0))
            i++;
        if (i == HF_LEN(names))
            return wrong(p, "/window/of", "expected any of min, max, mean and count");
        r->window_of |= 1U << i;
    }
    if (of && !r->window_of)
        return wrong(p, "/window/of", "a window gives at least one of min, max, mean and count");
    if (!of)
        r->window_of = HF_OF_MIN | HF_OF_MAX | HF_OF_MEAN | HF_OF_COUNT;
    return 0;
}

static int
read_window(struct hf_rule *r, const struct place *p)
{
    static const struct hf_json_field fields[] = {
        {"field", HF_JSON_STRING, false}, {"ms", HF_JSON_INT, true}, {"of", HF_JSON_ARRAY, false}};
    const struct hf_json *v = hf_json_get(r->doc, "window");

    if (!v)
        return 0;
    if (check_members(v, "/window", fields, HF_LEN(fields), p) < 0 ||
        read_field(r, v, "/window/field", &r->window_field, p) < 0)
        return -1;
    r->window_ms = hf_json_int(v, "ms", 0);
    if (r->window_ms < WINDOW_LEAST_MS || r->window_ms > WINDOW_MAX_MS)
        return wrong(p, "/window/ms", "a window is %d to %d ms long", WINDOW_LEAST_MS,
                     WINDOW_MAX_MS);
    return read_of(r, hf_json_get(v, "of"), p);
}

static int
read_select(struct hf_rule *r, const struct place *p)
{
    const struct hf_json *v = hf_json_get(r->doc, "select");
    struct hf_error err;

    if (!v)
        return 0;
    if (r->decode != HF_DECODE_AS_IT_IS && r->decode != HF_DECODE_JSON)
        return wrong(p, "/select", "only JSON has fields: leave out select, or decode as json");
    if (hf_json_count(v) == 0 || hf_json_count(v) > HF_SELECT_MAX)
        return wrong(p, "/select", "select has 1 to %d fields", HF_SELECT_MAX);
    for (v = hf_json_first(v); v; v = hf_json_next(v)) {
        struct hf_select *s = &r->select[r->selects++];

        s->name = hf_json_key(v);
        s->pointer = hf_json_as_string(v);
        if (!*s->name || strlen(s->name) > NAME_MAX_BYTES)
            return wrong(p, "/select", "a field's name has 1 to %d bytes", NAME_MAX_BYTES);
        if (!s->pointer)
            return wrong(p, "/select", "'%s': expected a JSON pointer as text", s->name);
        if (hf_pointer_check(s->pointer, &err) < 0)
            return wrong(p, "/select", "'%s': %s", s->name, err.message);
    }
    return 0;
}

static unsigned
wildcards(const char *filter)
{
    unsigned n = 0;

    for (; *filter; filter++)
        n += *filter == '+' || *filter == '#';
    return n;
}

/* {1} to {8} and {topic}; all else is meant as it stands and must be part of a topic. */
static int
check_topic(const struct hf_rule *r, const struct place *p)
{
    unsigned used = 0, known = wildcards(r->filter);
    const char *t = r->topic;

    if (!*t || strlen(t) > HF_TOPIC_FILTER_MAX)
        return wrong(p, "/topic", "a topic has 1 to %d bytes", HF_TOPIC_FILTER_MAX);
    if (*t == '$')
        return wrong(p, "/topic", "topics that begin with '$' are the gateway's own");
    if (strpbrk(t, "+#"))
        return wrong(p, "/topic", "a topic has no '+' and '#': {1} is the first wildcard");
    for (; *t; t++) {
        if (*t == '}')
            return wrong(p, "/topic", "'}' without '{'");
        if (*t != '{')
            continue;
        if (t[1] >= '1' && t[1] <= '0' + HF_CAPTURES_MAX && t[2] == '}') {
            if ((unsigned)(t[1] - '0') > known)
                return wrong(p, "/topic", "{%c}: the filter has %u wildcards", t[1], known);
            t += 2;
        } else if (strncmp(t, "{topic}", 7) == 0) {
            t += 6;
        } else {
            return wrong(p, "/topic", "expected {1} to {%d} or {topic} at '%s'", HF_CAPTURES_MAX,
                         t);
        }
        if (++used > HF_CAPTURES_MAX)
            return wrong(p, "/topic", "at most %d of {n} and {topic}", HF_CAPTURES_MAX);
    }
    return 0;
}

static int
read_names(struct hf_rule *r, const struct place *p)
{
    static const char *const decodes[HF_DECODE_COUNT] = {"", "json", "number", "text", "binary"};
    const char *decode = hf_json_string(r->doc, "decode"), *lane = hf_json_string(r->doc, "lane");
    struct hf_error err;

    r->filter = hf_json_string(r->doc, "filter");
    r->topic = hf_json_string(r->doc, "topic");
    if (hf_topic_filter_check(r->filter, &err) < 0)
        return wrong(p, "/filter", "%s", err.message);
    if (lane && !hf_lane_parse(lane, &r->lane))
        return wrong(p, "/lane", "expected alarm, normal or bulk");
    for (int i = HF_DECODE_JSON; decode && i < HF_DECODE_COUNT; i++)
        if (strcmp(decode, decodes[i]) == 0)
            r->decode = (enum hf_decode)i;
    if (decode && r->decode == HF_DECODE_AS_IT_IS)
        return wrong(p, "/decode", "expected json, number, text or binary");
    return r->topic ? check_topic(r, p) : 0;
}

static int
read_interval(struct hf_rule *r, const struct place *p)
{
    if (!hf_json_get(r->doc, "min_interval_ms"))
        return 0;
    r->min_interval_ms = hf_json_int(r->doc, "min_interval_ms", 0);
    if (r->min_interval_ms < 1 || r->min_interval_ms > INTERVAL_MAX_MS)
        return wrong(p, "/min_interval_ms", "an interval is 1 to %d ms", INTERVAL_MAX_MS);
    return 0;
}

int
hf_rule_read_fields(struct hf_rule *r, const char *pointer, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"filter", HF_JSON_STRING, true},        {"drop", HF_JSON_BOOL, false},
        {"decode", HF_JSON_STRING, false},       {"topic", HF_JSON_STRING, false},
        {"lane", HF_JSON_STRING, false},         {"select", HF_JSON_OBJECT, false},
        {"scale", HF_JSON_OBJECT, false},        {"deadband", HF_JSON_OBJECT, false},
        {"min_interval_ms", HF_JSON_INT, false}, {"window", HF_JSON_OBJECT, false},
    };
    const struct place p = {pointer, err};

    if (hf_json_check(r->doc, pointer, fields, HF_LEN(fields), err) < 0)
        return -1;
    r->drop = hf_json_bool(r->doc, "drop", false);
    if (read_names(r, &p) < 0 || read_select(r, &p) < 0 || read_scale(r, &p) < 0 ||
        read_deadband(r, &p) < 0 || read_interval(r, &p) < 0 || read_window(r, &p) < 0)
        return -1;
    if (r->drop && hf_json_count(r->doc) > 2)
        return wrong(&p, "/drop", "what is dropped is not changed: leave out the rest");
    if (needs_number(r) && (r->decode == HF_DECODE_TEXT || r->decode == HF_DECODE_BINARY))
        return wrong(&p, "/decode", "scale, deadband and window need a number");
    return 0;
}

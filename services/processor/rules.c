// SPDX-License-Identifier: Apache-2.0
#include "processor/rules.h"

#include "common/topic.h"
#include "processor/rulefields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
rule_done(struct hf_rule *r)
{
    hf_json_free(r->doc);
    free(r->text);
}

void
hf_rules_free(struct hf_rules *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->count; i++)
        rule_done(&r->rules[i]);
    free(r);
}

/* Keeps a copy of the rule, so that it outlives the settings that it came with. */
static int
read_rule(const struct hf_json *v, size_t index, int64_t now_ms, struct hf_rule *r,
          struct hf_error *err)
{
    char pointer[HF_ERROR_POINTER_MAX];

    snprintf(pointer, sizeof pointer, "/rules/%zu", index);
    if (hf_json_print(v, &r->text, err) < 0 ||
        hf_json_parse(r->text, strlen(r->text), &r->doc, err) < 0 ||
        hf_rule_read_fields(r, pointer, err) < 0)
        return hf_error_wrap(err, "rule %zu", index + 1);
    r->since_ms = now_ms;
    return 0;
}

int
hf_rules_read(const struct hf_json *array, int64_t now_ms, struct hf_rules **ret_rules,
              struct hf_error *err)
{
    HF_AUTO(hf_rules) struct hf_rules *r = NULL;
    size_t count = array ? hf_json_count(array) : 0;

    if (array && !hf_json_is_array(array))
        return hf_error_set_at(err, HF_ERROR_INVALID, "/rules", "rules: expected an array");
    if (count > HF_RULES_MAX)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/rules", "rules: %zu of them, at most %d",
                               count, HF_RULES_MAX);
    r = calloc(1, sizeof *r + count * sizeof r->rules[0]);
    if (!r)
        return hf_error_nomem(err);
    for (const struct hf_json *v = hf_json_first(array); v && r->count < count;
         v = hf_json_next(v)) {
        r->count++;
        if (read_rule(v, r->count - 1, now_ms, &r->rules[r->count - 1], err) < 0)
            return -1;
    }
    *ret_rules = hf_steal(&r);
    return 0;
}

struct hf_rule *
hf_rules_match(struct hf_rules *r, const char *topic, size_t len)
{
    for (size_t i = 0; i < r->count; i++)
        if (hf_topic_matches(r->rules[i].filter, topic, len))
            return &r->rules[i];
    return NULL;
}

void
hf_rules_places(const struct hf_rules *old, const struct hf_rules *new,
                int ret_places[HF_RULES_MAX])
{
    bool taken[HF_RULES_MAX] = {false};

    for (size_t i = 0; i < old->count; i++) {
        ret_places[i] = -1;
        for (size_t k = 0; k < new->count &&ret_places[i] < 0; k++) {
            if (taken[k] || strcmp(old->rules[i].text, new->rules[k].text) != 0)
                continue;
            taken[k] = true;
            ret_places[i] = (int)k;
        }
    }
}

void
hf_rules_inherit(const struct hf_rules *old, struct hf_rules *new, int ret_places[HF_RULES_MAX])
{
    hf_rules_places(old, new, ret_places);
    for (size_t i = 0; i < old->count; i++) {
        if (ret_places[i] < 0)
            continue;
        new->rules[ret_places[i]].numbers = old->rules[i].numbers;
        new->rules[ret_places[i]].since_ms = old->rules[i].since_ms;
    }
}

/* What the n-th wildcard (from 1) of the filter stands for in the topic that it matches. */
static struct hf_slice
capture(const char *filter, const char *topic, size_t len, unsigned wanted)
{
    const char *end = topic + len;

    for (unsigned n = 0; *filter; filter++) {
        size_t level = strcspn(filter, "/");
        const char *slash = memchr(topic, '/', (size_t)(end - topic));
        const char *stop = slash ? slash : end;

        n += *filter == '+' || *filter == '#';
        if (*filter == '#' || (*filter == '+' && n == wanted))
            return (struct hf_slice){topic, (size_t)((*filter == '#' ? end : stop) - topic)};
        filter += level;
        topic = slash ? slash + 1 : end;
        if (!*filter)
            break;
    }
    return (struct hf_slice){end, 0};
}

int
hf_rule_topic(const struct hf_rule *r, const char *topic, size_t len, struct hf_buf *out,
              struct hf_error *err)
{
    for (const char *p = r->topic; *p;) {
        size_t plain = strcspn(p, "{");
        struct hf_slice s = {topic, len};

        if (hf_buf_add(out, p, plain, err) < 0)
            return -1;
        p += plain;
        if (!*p)
            break;
        if (p[1] != 't')
            s = capture(r->filter, topic, len, (unsigned)(p[1] - '0'));
        if (hf_buf_add(out, s.data, s.len, err) < 0)
            return -1;
        p = strchr(p, '}') + 1;
    }
    if (out->len == 0)
        return hf_error_set(err, HF_ERROR_INVALID, "its new topic would be empty");
    return 0;
}

/* The names of its members say it. */
int
hf_rule_put_action(const struct hf_rule *r, struct hf_buf *out, struct hf_error *err)
{
    const char *before = "\"";

    for (const struct hf_json *v = hf_json_first(r->doc); v; v = hf_json_next(v)) {
        const char *name = hf_json_key(v), *value = hf_json_as_string(v);
        bool says = strcmp(name, "decode") == 0 || strcmp(name, "lane") == 0;

        if (strcmp(name, "filter") == 0 || (strcmp(name, "drop") == 0 && !r->drop))
            continue;
        if (hf_buf_addf(out, err, "%s%s%s%s", before, name, says ? " " : "", says ? value : "") < 0)
            return -1;
        before = ", ";
    }
    return hf_buf_adds(out, *before == '"' ? "\"pass\"" : "\"", err);
}

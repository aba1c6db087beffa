// SPDX-License-Identifier: Apache-2.0
/* The processor's rules, as api/record-path.md has them: read, checked, and ready to be applied. */
#pragma once

#include "common/lane.h"
#include "processor/value.h"
#include "json/json.h"

enum {
    HF_RULES_MAX = 256,
    HF_SELECT_MAX = 32,
    HF_CAPTURES_MAX = 8 /* wildcards that a new topic may use, and places where it uses one */
};

enum hf_decode {
    HF_DECODE_AS_IT_IS,
    HF_DECODE_JSON,
    HF_DECODE_NUMBER,
    HF_DECODE_TEXT,
    HF_DECODE_BINARY,
    HF_DECODE_COUNT
};

enum { HF_OF_MIN = 1, HF_OF_MAX = 2, HF_OF_MEAN = 4, HF_OF_COUNT = 8 };

struct hf_rule_numbers {
    uint64_t matched, dropped, quarantined, out;
};

struct hf_select {
    const char *name;
    const char *pointer;
};

struct hf_rule {
    struct hf_json *doc; /* the rule itself; all texts below are its */
    char *text;          /* by which it is known again when the settings change */
    const char *filter;
    bool drop;
    enum hf_decode decode;
    const char *topic; /* NULL: as it came */
    enum hf_lane lane;
    struct hf_select select[HF_SELECT_MAX];
    size_t selects;
    bool scales;
    const char *scale_field; /* NULL: the number itself; so with the other fields */
    double factor, offset;
    const char *unit;
    bool deadband;
    const char *deadband_field;
    double delta;
    int64_t min_interval_ms;
    int64_t window_ms; /* 0: none */
    const char *window_field;
    unsigned window_of;
    int64_t since_ms; /* wall; windows that began before are partial */
    struct hf_rule_numbers numbers;
};

struct hf_rules {
    size_t count;
    struct hf_rule rules[];
};

/* Reads an array of rules; NULL reads as none. The error's pointer begins with `/rules`. */
HF_MUST int hf_rules_read(const struct hf_json *array, int64_t now_ms, struct hf_rules **ret_rules,
                          struct hf_error *err);
void hf_rules_free(struct hf_rules *r);
HF_DEFINE_AUTO(struct hf_rules, hf_rules, hf_rules_free)

/* The first rule whose filter matches, or NULL. */
struct hf_rule *hf_rules_match(struct hf_rules *r, const char *topic, size_t len);

/* For each of the old rules, which of the new ones is the same text: its index, or -1. */
void hf_rules_places(const struct hf_rules *old, const struct hf_rules *new,
                     int ret_places[HF_RULES_MAX]);

/* The same, and hands numbers and beginning of the old ones on to those. */
void hf_rules_inherit(const struct hf_rules *old, struct hf_rules *new,
                      int ret_places[HF_RULES_MAX]);

/* Appends the new topic of a rule that has one: {n} is the n-th wildcard, {topic} the whole. */
HF_MUST int hf_rule_topic(const struct hf_rule *r, const char *topic, size_t len,
                          struct hf_buf *out, struct hf_error *err);

/* Appends what the rule does, as one JSON string for people: `decode number, lane alarm`. */
HF_MUST int hf_rule_put_action(const struct hf_rule *r, struct hf_buf *out, struct hf_error *err);

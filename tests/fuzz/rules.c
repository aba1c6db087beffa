// SPDX-License-Identifier: Apache-2.0
/* The processor's rules, and behind a zero byte a payload that they are made to work on. */
#include "processor/apply.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char topic[] = "a/b/c";

static bool
take(void *ctx, const struct hf_record *r)
{
    (void)ctx;
    if (!r->topic_len || r->topic_len > HF_RECORD_TOPIC_MAX || (r->payload_len && !r->payload))
        __builtin_trap();
    return true;
}

/* Twice, so that a deadband, an interval and a window have something to compare with. */
static void
work(struct hf_rules *consume_rules, const char *payload, size_t len)
{
    enum { STEP_MS = 700, TIMES = 2, LATER_MS = 100000 };
    struct hf_record in = {
        .topic = topic, .topic_len = sizeof topic - 1, .payload = payload, .payload_len = len};
    struct hf_moment end = {.wall_ms = LATER_MS, .mono_ms = LATER_MS};
    struct hf_verdict verdict;
    struct hf_apply a;

    if (hf_apply_init(&a, consume_rules, NULL) < 0)
        __builtin_trap();
    for (int i = 0; i < TIMES; i++) {
        in.time_ms += STEP_MS;
        hf_apply_message(&a, &in, in.time_ms, 0, take, NULL, &verdict);
        if (verdict.rule >= (int)a.rules->count || (verdict.quarantined && !*verdict.reason))
            __builtin_trap();
    }
    (void)hf_apply_due(&a, &end, take, NULL);
    (void)hf_apply_end(&a, NULL, &end, take, NULL);
    hf_apply_done(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    HF_AUTO_BUF struct hf_buf said = HF_BUF_INIT(1 << 20);
    struct hf_rules *rules = NULL;
    const char *text = (const char *)data, *payload = memchr(text, '\0', size);
    size_t len = payload ? (size_t)(payload - text) : size;

    if (hf_json_parse(text, len, &doc, NULL) < 0 || hf_rules_read(doc, 0, &rules, NULL) < 0)
        return 0;
    if (rules->count > HF_RULES_MAX)
        __builtin_trap();
    for (size_t i = 0; i < rules->count; i++)
        if (hf_rule_put_action(&rules->rules[i], &said, NULL) < 0)
            break;
    work(rules, payload ? payload + 1 : "", payload ? size - len - 1 : 0);
    return 0;
}

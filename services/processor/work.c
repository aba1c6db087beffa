// SPDX-License-Identifier: Apache-2.0
#include "processor/work.h"

#include "base/clock.h"
#include "base/log.h"
#include "processor/apply.h"
#include "processor/devices.h"
#include "processor/dryrun.h"
#include "processor/recent.h"

#include <pthread.h>
#include <string.h>

static const char default_pattern[] = "+/ID/#";
static const char canary_topic[] = "holdfast/canary";
enum { SILENT_AFTER_S_MAX = 365 * 24 * 3600 };

struct hf_work {
    pthread_mutex_t lock;
    /* All guarded by lock. */
    struct hf_apply apply;
    struct hf_rules *coming; /* to take over between two batches; NULL for none */
    struct hf_devices devices;
    struct hf_recent recent;
    uint64_t dropped, quarantined, canaries;
    int64_t silent_after_ms; /* 0: never */
};

int
hf_work_new(struct hf_work **ret_work, struct hf_error *err)
{
    HF_AUTO(hf_work) struct hf_work *w = calloc(1, sizeof *w);
    struct hf_rules *none = NULL;

    if (!w)
        return hf_error_nomem(err);
    pthread_mutex_init(&w->lock, NULL);
    if (hf_rules_read(NULL, 0, &none, err) < 0 || hf_apply_init(&w->apply, none, err) < 0 ||
        hf_devices_init(&w->devices, err) < 0 ||
        hf_devices_set_pattern(&w->devices, default_pattern, err) < 0)
        return -1;
    *ret_work = hf_steal(&w);
    return 0;
}

void
hf_work_free(struct hf_work *w)
{
    if (!w)
        return;
    hf_apply_done(&w->apply);
    hf_devices_done(&w->devices);
    hf_recent_done(&w->recent);
    hf_rules_free(w->coming);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

/* ---- settings ---- */

static int
read_settings(const struct hf_json *settings, const char **pattern, struct hf_rules **ret_rules,
              struct hf_error *err)
{
    static const struct hf_json_field fields[] = {{"gateway", HF_JSON_STRING, false},
                                                  {"instance", HF_JSON_STRING, false},
                                                  {"revision", HF_JSON_STRING, false},
                                                  {"rules", HF_JSON_ARRAY, false},
                                                  {"devices", HF_JSON_OBJECT, false}};
    static const struct hf_json_field device_fields[] = {{"topic", HF_JSON_STRING, false},
                                                         {"silent_after_s", HF_JSON_INT, false}};
    const struct hf_json *devices = hf_json_get(settings, "devices");

    if (hf_json_check(settings, "", fields, HF_LEN(fields), err) < 0 ||
        (devices &&
         hf_json_check(devices, "/devices", device_fields, HF_LEN(device_fields), err) < 0))
        return -1;
    if (hf_json_string(devices, "topic"))
        *pattern = hf_json_string(devices, "topic");
    if (hf_devices_check_pattern(*pattern, err) < 0)
        return -1;
    return hf_rules_read(hf_json_get(settings, "rules"), hf_clock_wall_ms(), ret_rules, err);
}

int
hf_work_set(struct hf_work *w, const struct hf_json *settings, struct hf_error *err)
{
    HF_AUTO(hf_rules) struct hf_rules *rules = NULL;
    const char *pattern = default_pattern;
    int64_t silent_after_s = hf_json_int(hf_json_get(settings, "devices"), "silent_after_s", 0);
    int rc;

    if (silent_after_s < 0 || silent_after_s > SILENT_AFTER_S_MAX)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/devices/silent_after_s",
                               "silent_after_s is 0 to %d", SILENT_AFTER_S_MAX);
    if (read_settings(settings, &pattern, &rules, err) < 0)
        return -1;
    pthread_mutex_lock(&w->lock);
    rc = hf_devices_set_pattern(&w->devices, pattern, err);
    if (rc == 0) {
        struct hf_rules *old = w->coming;

        w->silent_after_ms = silent_after_s * 1000;
        w->coming = rules;
        rules = old;
    }
    pthread_mutex_unlock(&w->lock);
    return rc;
}

/* ---- the pump's ---- */

struct batch {
    struct hf_buf *frames;
    size_t count;
};

static bool
on_record(void *ctx, const struct hf_record *r)
{
    struct batch *b = ctx;
    struct hf_error err;

    if (hf_record_encode(r, b->frames, &err) < 0)
        hf_log_error("event=record-lost bytes=%zu reason=\"%s\"", r->payload_len, err.message);
    else
        b->count++;
    return b->frames->len < HF_PUMP_BATCH_BYTES;
}

static bool
is_canary(const struct hf_record *r)
{
    return r->topic_len == strlen(canary_topic) &&
           memcmp(r->topic, canary_topic, r->topic_len) == 0;
}

size_t
hf_work_take(void *ctx, const struct hf_record *in, struct hf_buf *frames)
{
    struct hf_work *w = ctx;
    struct batch b = {.frames = frames};
    struct hf_verdict verdict;
    int64_t mono = hf_clock_mono_ms();

    pthread_mutex_lock(&w->lock);
    if (is_canary(in)) {
        w->canaries++;
        pthread_mutex_unlock(&w->lock);
        (void)on_record(&b, in);
        return b.count;
    }
    hf_devices_hear(&w->devices, in, mono);
    hf_recent_keep(&w->recent, in);
    hf_apply_message(&w->apply, in, mono, 0, on_record, &b, &verdict);
    w->dropped += verdict.dropped;
    w->quarantined += verdict.quarantined;
    pthread_mutex_unlock(&w->lock);
    return b.count;
}

/* Time first, so that a window that is over is whole, also where its rule goes now. */
size_t
hf_work_due(void *ctx, bool ending, struct hf_buf *frames, int *wait_ms)
{
    struct hf_work *w = ctx;
    struct batch b = {.frames = frames};
    const struct hf_moment now = {
        .wall_ms = hf_clock_wall_ms(), .mono_ms = hf_clock_mono_ms(), .synced = hf_clock_synced()};
    bool all;

    pthread_mutex_lock(&w->lock);
    all = hf_apply_due(&w->apply, &now, on_record, &b);
    if (all && (w->coming || ending))
        all = hf_apply_end(&w->apply, ending ? NULL : w->coming, &now, on_record, &b);
    if (all && w->coming)
        hf_apply_swap(&w->apply, hf_steal(&w->coming));
    if (w->apply.look_ms - now.wall_ms < *wait_ms)
        *wait_ms = (int)(w->apply.look_ms - now.wall_ms);
    pthread_mutex_unlock(&w->lock);
    if (*wait_ms < 0 || !all)
        *wait_ms = 0;
    return b.count;
}

/* ---- looking ---- */

void
hf_work_get_numbers(struct hf_work *w, struct hf_work_numbers *ret_numbers)
{
    pthread_mutex_lock(&w->lock);
    *ret_numbers = (struct hf_work_numbers){
        .dropped = w->dropped,
        .quarantined = w->quarantined,
        .canaries = w->canaries,
        .states_forgotten = w->apply.states.evicted,
        .devices_forgotten = w->devices.table.evicted,
        .devices = w->devices.table.count,
        .devices_silent = hf_devices_silent(&w->devices, w->silent_after_ms, hf_clock_mono_ms()),
        .rules = w->apply.rules->count,
    };
    pthread_mutex_unlock(&w->lock);
}

static int
put_rule(const struct hf_rule *r, struct hf_buf *out, struct hf_error *err)
{
    const struct hf_rule_numbers *n = &r->numbers;

    if (hf_buf_adds(out, "{\"filter\":", err) < 0 ||
        hf_value_put_string(out, r->filter, strlen(r->filter), err) < 0 ||
        hf_buf_adds(out, ",\"action\":", err) < 0 || hf_rule_put_action(r, out, err) < 0)
        return -1;
    return hf_buf_addf(out, err,
                       ",\"matched\":%llu,\"dropped\":%llu,\"quarantined\":%llu,\"out\":%llu}",
                       (unsigned long long)n->matched, (unsigned long long)n->dropped,
                       (unsigned long long)n->quarantined, (unsigned long long)n->out);
}

static int
put_rules(const struct hf_rules *rules, struct hf_buf *out, struct hf_error *err)
{
    if (hf_buf_adds(out, "{\"rules\":[", err) < 0)
        return -1;
    for (size_t i = 0; i < rules->count; i++)
        if ((i && hf_buf_add(out, ",", 1, err) < 0) || put_rule(&rules->rules[i], out, err) < 0)
            return -1;
    return hf_buf_adds(out, "]}", err);
}

int
hf_work_print_rules(struct hf_work *w, struct hf_buf *out, struct hf_error *err)
{
    int rc;

    pthread_mutex_lock(&w->lock);
    rc = put_rules(w->apply.rules, out, err);
    pthread_mutex_unlock(&w->lock);
    return rc;
}

int
hf_work_print_devices(struct hf_work *w, const struct hf_devices_page *page, struct hf_buf *out,
                      struct hf_error *err)
{
    int rc;

    pthread_mutex_lock(&w->lock);
    rc = hf_devices_print(&w->devices, page, hf_clock_mono_ms(), out, err);
    pthread_mutex_unlock(&w->lock);
    return rc;
}

int
hf_work_print_silent(struct hf_work *w, const struct hf_json *request, struct hf_buf *out,
                     struct hf_error *err)
{
    static const struct hf_json_field fields[] = {{"known", HF_JSON_ARRAY, false}};
    const struct hf_json *known = hf_json_get(request, "known");
    int rc;

    if (hf_json_check(request, "", fields, HF_LEN(fields), err) < 0)
        return -1;
    if (hf_json_count(known) > HF_DEVICES_SILENT_MAX)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/known", "at most %d devices",
                               HF_DEVICES_SILENT_MAX);
    pthread_mutex_lock(&w->lock);
    rc = hf_devices_print_silent(&w->devices, w->silent_after_ms, hf_clock_mono_ms(), known, out,
                                 err);
    pthread_mutex_unlock(&w->lock);
    return rc;
}

int
hf_work_dry_run(struct hf_work *w, const struct hf_json *request, struct hf_buf *out,
                struct hf_error *err)
{
    static const struct hf_json_field fields[] = {{"rules", HF_JSON_ARRAY, true}};
    struct hf_rules *rules = NULL;
    struct hf_recent messages;
    int rc;

    if (hf_json_check(request, "", fields, HF_LEN(fields), err) < 0 ||
        hf_rules_read(hf_json_get(request, "rules"), 0, &rules, err) < 0)
        return -1;
    pthread_mutex_lock(&w->lock);
    rc = hf_recent_copy(&w->recent, &messages, err);
    pthread_mutex_unlock(&w->lock);
    if (rc < 0) {
        hf_rules_free(rules);
        return -1;
    }
    rc = hf_dry_run(&messages, rules, out, err);
    hf_recent_done(&messages);
    return rc;
}

// SPDX-License-Identifier: Apache-2.0
/*
 * The processor's work: rules, devices and the newest messages, behind one lock. The pump's thread
 * hands messages in; settings and questions come from others. New rules take over between two
 * batches, when the open windows of the rules that go are in a batch.
 */
#pragma once

#include "common/pump.h"
#include "json/json.h"

struct hf_work;
struct hf_devices_page;

struct hf_work_numbers {
    uint64_t dropped, quarantined; /* messages, by all rules since start */
    uint64_t canaries;
    uint64_t states_forgotten, devices_forgotten;
    uint64_t devices, devices_silent, rules; /* gauges */
};

HF_MUST int hf_work_new(struct hf_work **ret_work, struct hf_error *err);
void hf_work_free(struct hf_work *w);
HF_DEFINE_AUTO(struct hf_work, hf_work, hf_work_free)

/* Takes rules and devices of settings.json, all or nothing. */
HF_MUST int hf_work_set(struct hf_work *w, const struct hf_json *settings, struct hf_error *err);

/* For hf_pump_options; ctx is the work. A canary of holdfastd's is handed on as it is: no rule sees
 * it, and it is no device's. */
size_t hf_work_take(void *ctx, const struct hf_record *in, struct hf_buf *frames);
size_t hf_work_due(void *ctx, bool ending, struct hf_buf *frames, int *wait_ms);

void hf_work_get_numbers(struct hf_work *w, struct hf_work_numbers *ret_numbers);

/* The answers of the API (api/record-path.md). */
HF_MUST int hf_work_print_rules(struct hf_work *w, struct hf_buf *out, struct hf_error *err);
HF_MUST int hf_work_print_devices(struct hf_work *w, const struct hf_devices_page *page,
                                  struct hf_buf *out, struct hf_error *err);
HF_MUST int hf_work_print_silent(struct hf_work *w, const struct hf_json *request,
                                 struct hf_buf *out, struct hf_error *err);
HF_MUST int hf_work_dry_run(struct hf_work *w, const struct hf_json *request, struct hf_buf *out,
                            struct hf_error *err);

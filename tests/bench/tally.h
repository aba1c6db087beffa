// SPDX-License-Identifier: Apache-2.0
/* What arrived of numbered messages (tests/checker), in memory, by run: how many, how late. */
#pragma once

#include "json/json.h"

#include <stdint.h>

struct hf_tally;

HF_MUST int hf_tally_new(struct hf_tally **ret_tally, struct hf_error *err);
void hf_tally_free(struct hf_tally *t);
HF_DEFINE_AUTO(struct hf_tally, hf_tally, hf_tally_free)

/* Thread-safe, all of them. Lines are those of api/uplink.md. */
void hf_tally_lines(struct hf_tally *t, const char *lines, size_t len);
void hf_tally_payload(struct hf_tally *t, const char *payload, size_t len);

/* {"distinct","duplicated","first_ns","last_ns","p50_ms","p99_ms","max_ms"}; times are
 * CLOCK_MONOTONIC of arrival, latencies from the first publishing. Zeros for a run never seen. */
struct hf_json *hf_tally_report(struct hf_tally *t, const char *run);

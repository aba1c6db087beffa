// SPDX-License-Identifier: Apache-2.0
/* All sinks that are configured. One thread configures; any may look and test. */
#pragma once

#include "forwarder/worker.h"

struct hf_sinks;

HF_MUST int hf_sinks_new(struct hf_sinks **ret_sinks, struct hf_error *err);
void hf_sinks_free(struct hf_sinks *s); /* stops all */
HF_DEFINE_AUTO(struct hf_sinks, hf_sinks, hf_sinks_free)

/* Starts what is new, stops what is gone, and both for what changed; the rest goes on undisturbed.
 * Takes the list over. -1: at least one could not be started; the others run. */
HF_MUST int hf_sinks_configure(struct hf_sinks *s, const struct hf_worker_common *common,
                               struct hf_sink_list *consume, struct hf_error *err);

/* Copies up to HF_SINKS_MAX views; returns their count. */
size_t hf_sinks_look(struct hf_sinks *s, struct hf_worker_view *out);

/* Tries the way of one with a record of its own. HF_ERROR_NOT_FOUND; HF_ERROR_THROTTLED while
 * another test is under way. */
HF_MUST int hf_sinks_test(struct hf_sinks *s, const char *name, struct hf_sink_steps *ret_steps,
                          struct hf_error *err);

/* The same for settings that are not in use. */
HF_MUST int hf_sinks_try(struct hf_sinks *s, const struct hf_sink_settings *settings,
                         struct hf_sink_steps *ret_steps, struct hf_error *err);

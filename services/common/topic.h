// SPDX-License-Identifier: Apache-2.0
/* MQTT topic filters (MQTT 3.1.1, 4.7). */
#pragma once

#include "base/error.h"

#include <stdbool.h>

enum { HF_TOPIC_FILTER_MAX = 1024 }; /* bytes of a filter in our settings and requests */

/* Whether filter matches the topic of len bytes: `+` stands for one level, `#` for all that follow
 * and the level before; neither, where it comes first, for a topic that begins with `$`. The filter
 * was checked before. */
bool hf_topic_matches(const char *filter, const char *topic, size_t len);

/* HF_ERROR_INVALID where the text is no filter: says which level is wrong and why. */
HF_MUST int hf_topic_filter_check(const char *filter, struct hf_error *err);

// SPDX-License-Identifier: Apache-2.0
/* The record that tries a way out. It was never in the buffer and is in no books. */
#pragma once

#include "forwarder/leased.h"

/* Makes an empty b a batch of one record with the topic `holdfast/test`. It is alone in an epoch of
 * its own (api/uplink.md), so that whoever counts numbers misses none. b is to be done with also
 * where this fails. */
HF_MUST int hf_trial_record(struct hf_leased *b, const char *gateway, struct hf_error *err);

// SPDX-License-Identifier: Apache-2.0
/* Who a device is by its certificate. That the gateway's authority has issued it, and that it has
 * not ended, mosquitto has seen by then (config.c); whether it still counts the accounts say. */
#pragma once

#include "broker/fleet.h"

/* Why not, or NULL and the account. certificate is an X509, and the callee's from here on;
 * user_or_null is the user name that came with it. */
const char *hf_badge_objection(const struct hf_fleet *fleet, void *consume_certificate,
                               const char *user_or_null, struct hf_fleet_device **ret_device);

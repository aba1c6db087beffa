// SPDX-License-Identifier: Apache-2.0
/*
 * The gateway's ear on the broker: the services' status messages and a round trip of its own every
 * HF_BUS_PING_MS. One thread, which sleeps until there is something to do.
 */
#pragma once

#include "base/error.h"
#include "model/view.h"

#include <stdint.h>

enum {
    HF_BUS_PING_MS = 5000,
    HF_BUS_PAYLOAD_MAX = 4096, /* larger status messages are ignored */
    HF_BUS_BACKOFF_MAX_MS = 5000,
    HF_BUS_CANARY_MAX = 128
};

/* As a device's message to here comes to a processor, which hands it on whatever its rules are
 * (api/record-path.md). */
#define HF_BUS_CANARY_TOPIC "field/holdfast/canary"

struct hf_bus;

/* Called on the bus thread; must not block and must not call hf_bus_free(). Any may be NULL. */
struct hf_bus_callbacks {
    void *context;
    /* status->seen is true and status->mono_ms is now; service may be one that nobody knows. */
    void (*status)(void *context, const char *service, const struct hf_service_status *status);
    /* connected and subscribed */
    void (*connected)(void *context);
    /* Was connected, or could not connect: why. Not called again for the same reason until
     * connected. */
    void (*lost)(void *context, const char *reason);
    /* A ping came back. */
    void (*round_trip)(void *context);
};

/* Starts the thread; it waits for a target. */
HF_MUST int hf_bus_new(const struct hf_bus_callbacks *callbacks, struct hf_bus **ret_bus,
                       struct hf_error *err);

/* Ends the thread; no callback runs after it. NULL is fine. */
void hf_bus_free(struct hf_bus *bus);
HF_DEFINE_AUTO(struct hf_bus, hf_bus, hf_bus_free)

/* Where the broker's internal listener is now. Another target drops the connection there is; the
 * same one changes nothing. address "" or NULL: nowhere, wait. Thread-safe, does not block. */
HF_MUST int hf_bus_set_target(struct hf_bus *bus, const char *address, uint16_t port,
                              const char *user, const char *password, struct hf_error *err);

/* Publishes payload, at most HF_BUS_CANARY_MAX bytes, to HF_BUS_CANARY_TOPIC with QoS 1, as soon as
 * there is a connection; in place of one that waits for that. Thread-safe, does not block. */
void hf_bus_send_canary(struct hf_bus *bus, const char *payload);

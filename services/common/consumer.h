// SPDX-License-Identifier: Apache-2.0
/*
 * A persistent MQTT session (QoS 1) that acknowledges only when told to: the owner gathers many
 * messages, makes them safe, and then calls hf_consumer_ack(), which sends all acknowledgements in
 * one write. After a loss of the connection the broker delivers again whatever was not
 * acknowledged.
 *
 * A client of our own and not libmosquitto, which reads a message in four calls of the kernel and
 * writes each acknowledgement by itself, two calls more: with messages of 200 bytes that was most
 * of what a processor cost.
 *
 * Its MQTT keep-alive is 0, so that a service that is stopped for a while is not taken for dead. A
 * dead peer is noticed by TCP keepalive; the broker never drops a silent session.
 *
 * One thread owns a consumer; hf_consumer_set_account() may be called from any.
 */
#pragma once

#include "common/conf.h"
#include "common/env.h"

#include <stdbool.h>
#include <stddef.h>

struct hf_message {
    const char *topic, *payload; /* borrowed; not NUL-terminated */
    size_t topic_len, len;
    bool retained; /* a stored message given again, not a new one */
};

struct hf_consumer_options {
    struct hf_address broker;
    struct hf_account account;
    const char *client_id, *filter; /* borrowed */
    /* Called for each message; returns false when no more are wanted in this gathering. */
    bool (*on_message)(void *ctx, const struct hf_message *m);
    void *ctx;
};

struct hf_consumer;

HF_MUST int hf_consumer_new(const struct hf_consumer_options *options,
                            struct hf_consumer **ret_consumer, struct hf_error *err);
void hf_consumer_free(struct hf_consumer *c);
HF_DEFINE_AUTO(struct hf_consumer, hf_consumer, hf_consumer_free)

/* Used from the next connection on. */
void hf_consumer_set_account(struct hf_consumer *c, const struct hf_account *account);

/* Connects where need be (with backoff), waits up to wait_ms for a message, and reads on until
 * nothing more has arrived or on_message has enough. Returns early when the service is to stop. */
void hf_consumer_gather(struct hf_consumer *c, int wait_ms);

/* Acknowledges all that was gathered. A lost connection is found by the next gathering. */
void hf_consumer_ack(struct hf_consumer *c);

/* Whether the broker has confirmed the subscription on the present connection. */
bool hf_consumer_subscribed(const struct hf_consumer *c);

// SPDX-License-Identifier: Apache-2.0
/*
 * Says on the bus how the service is: a retained `status/<service>` every HF_STATUS_PERIOD_MS and
 * at once when its state changes, on a connection of its own (client and user NAME-status, with the
 * account's password: the broker lets a user have one session) whose last will says "gone". Runs in
 * its own thread, so that a busy service still shows that it lives; a broker that is away is waited
 * for and is no error.
 */
#pragma once

#include "common/conf.h"
#include "common/env.h"
#include "json/json.h"

enum { HF_STATUS_PERIOD_MS = 2000, HF_STATUS_REASON_MAX = 256 };

enum hf_state { HF_STATE_STARTING, HF_STATE_OK, HF_STATE_DEGRADED, HF_STATE_COUNT };

struct hf_status_view {
    enum hf_state state;
    char reason[HF_STATUS_REASON_MAX]; /* why not ok */
    struct hf_json *root;              /* for members beside the common ones */
    struct hf_json *numbers;
};

struct hf_status_options {
    const char *service;
    struct hf_address broker;
    struct hf_account account;
    /* Fills the view; called often, from the status thread. */
    void (*look)(void *ctx, struct hf_status_view *view);
    /* Topics to hear on the same connection, NULL-terminated, or NULL. */
    const char *const *topics;
    void (*on_message)(void *ctx, const char *topic, const char *payload, size_t len);
    void *ctx;
};

struct hf_status;

HF_MUST int hf_status_start(const struct hf_status_options *options, struct hf_status **ret_status,
                            struct hf_error *err);

/* Says "gone" and ends the thread. NULL is allowed. */
void hf_status_stop(struct hf_status *s);
HF_DEFINE_AUTO(struct hf_status, hf_status, hf_status_stop)

/* Used from the next connection on. */
void hf_status_set_account(struct hf_status *s, const struct hf_account *account);

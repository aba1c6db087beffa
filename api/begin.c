// SPDX-License-Identifier: Apache-2.0
#include "api/begin.h"

#include "api/codec.h"
#include "api/server.h"
#include "base/clock.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    WAIT_MOST_S = 30, /* shorter than what proxies and clients give up after */
    LOOK_MS = 500     /* where no change is seen: the end of an operation is one */
};

static const char OPERATIONS_PATH[] = "/api/v1/operations/";

/* ---- Prefer ---- */

/* The seconds of "wait=N" in a list of preferences; 0 for none. */
static int
preferred_wait(const char *list)
{
    while (list && *list) {
        list += strspn(list, ", \t");
        if (strncasecmp(list, "wait", 4) == 0) {
            const char *value = list + 4 + strspn(list + 4, " \t");
            size_t digits;

            value += *value == '=';
            value += strspn(value, " \t\"");
            digits = strspn(value, "0123456789");
            if (digits > 0 && digits < 6 && (size_t)(value - list) > 4) {
                int seconds = (int)strtol(value, NULL, 10);

                return seconds < WAIT_MOST_S ? seconds : WAIT_MOST_S;
            }
        }
        list += strcspn(list, ",");
    }
    return 0;
}

static bool
has_ended(const struct hf_operation *operation)
{
    return operation->state == HF_OPERATION_SUCCEEDED || operation->state == HF_OPERATION_FAILED;
}

static uint64_t
changes(struct hf_core *core)
{
    const struct hf_snapshot *snapshot = hf_core_snapshot(core);
    uint64_t n = snapshot->changes;

    hf_snapshot_unref(snapshot);
    return n;
}

static void
wait_for_end(struct hf_exchange *x, struct hf_operation *operation, int64_t until_ms)
{
    struct hf_core *core = x->api->config->core;

    for (;;) {
        uint64_t seen = changes(core);
        int64_t left_ms = until_ms - hf_clock_mono_ms();

        if (hf_core_operation(core, operation->id, operation, NULL) < 0 || has_ended(operation) ||
            left_ms <= 0 || hf_streams_stopping(&x->api->streams))
            return;
        hf_core_wait_change(core, seen, left_ms < LOOK_MS ? (int)left_ms : LOOK_MS);
    }
}

void
hf_prefer_wait(struct hf_exchange *x, struct hf_operation *operation)
{
    int seconds = preferred_wait(hf_exchange_header(x, "Prefer"));
    char applied[16];

    /* A preference may be left aside: where too many wait already, this one does not. */
    if (seconds <= 0 || hf_streams_enter(&x->api->streams, HF_STREAM_WAIT, NULL) < 0)
        return;
    wait_for_end(x, operation, hf_clock_mono_ms() + (int64_t)seconds * 1000);
    hf_streams_leave(&x->api->streams, HF_STREAM_WAIT);
    snprintf(applied, sizeof applied, "wait=%d", seconds);
    hf_reply_header(x, "Preference-Applied", applied);
}

/* ---- Idempotency-Key ---- */

static void
add_part(struct hf_sha256 *h, const char *text)
{
    hf_sha256_add(h, text ? text : "", text ? strlen(text) + 1 : 1);
}

static void
digest_request(const struct hf_exchange *x, char out[HF_DIGEST_SIZE])
{
    struct hf_sha256 h;

    hf_sha256_begin(&h);
    add_part(&h, x->method);
    add_part(&h, x->path);
    add_part(&h, x->query);
    add_part(&h, hf_exchange_header(x, "If-Match"));
    hf_sha256_add(&h, x->body.data ? x->body.data : "", x->body.len);
    hf_sha256_end(&h, out);
}

static int
check_key(const char *key, struct hf_error *err)
{
    size_t len = strlen(key);

    for (size_t i = 0; i < len; i++)
        if (key[i] <= ' ' || key[i] > '~')
            len = 0;
    if (len == 0 || len >= HF_ONCE_KEY_SIZE)
        return hf_error_set(err, HF_ERROR_MALFORMED,
                            "Idempotency-Key is 1 to %d visible characters of ASCII",
                            HF_ONCE_KEY_SIZE - 1);
    return 0;
}

static int
begin_once(struct hf_exchange *x, hf_begin *begin, const void *context,
           struct hf_operation *ret_operation, struct hf_error *err)
{
    const char *key = hf_exchange_header(x, "Idempotency-Key");
    char request[HF_DIGEST_SIZE];
    uint64_t ticket = 0;
    bool again = false;
    int rc;

    if (!key)
        return begin(x, context, ret_operation, err);
    digest_request(x, request);
    if (check_key(key, err) < 0 || hf_once_begin(&x->api->once, x->session.user, key, request,
                                                 &again, ret_operation, &ticket, err) < 0)
        return -1;
    if (again) {
        /* As it is now; as it was then where it is no longer kept. */
        (void)!hf_core_operation(x->api->config->core, ret_operation->id, ret_operation, NULL);
        hf_reply_header(x, "Idempotency-Replayed", "true");
        return 0;
    }
    rc = begin(x, context, ret_operation, err);
    hf_once_end(&x->api->once, ticket, rc < 0 ? NULL : ret_operation);
    return rc;
}

int
hf_reply_begun(struct hf_exchange *x, hf_begin *begin, const void *context, struct hf_error *err)
{
    struct hf_operation operation;
    char location[sizeof OPERATIONS_PATH + HF_ID_SIZE];

    if (begin_once(x, begin, context, &operation, err) < 0)
        return -1;
    hf_prefer_wait(x, &operation);
    snprintf(location, sizeof location, "%s%s", OPERATIONS_PATH, operation.id);
    hf_reply_header(x, "Location", location);
    return hf_reply_json(x, has_ended(&operation) ? 200 : 202, hf_codec_operation(&operation), err);
}

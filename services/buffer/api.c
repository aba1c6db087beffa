// SPDX-License-Identifier: Apache-2.0
#include "buffer/api.h"

#include "base/text.h"
#include "common/record.h"
#include "common/stop.h"
#include "json/json.h"

#include <stdio.h>
#include <string.h>

enum {
    LEASE_BYTES = 1024 * 1024, /* when the forwarder does not say */
    LEASE_BYTES_MAX = 4 * 1024 * 1024,
    LEASE_LINES_MAX = LEASE_BYTES_MAX + 8 * HF_RECORD_BODY_MAX, /* one block is always given */
    LEASE_WAIT_MAX_MS = 20000,
    ACK_BODY_MAX = 4096,
    /* Leases wait in slices, so that a stop is not held up. */
    WAIT_SLICE_MS = 500,
};

static void
refuse(struct hf_request *q, enum hf_error_class class, const char *why)
{
    struct hf_error err;

    hf_error_set(&err, class, "%s", why);
    hf_request_answer_error(q, &err);
}

static void
take_records(struct hf_buffer_api *api, struct hf_request *q)
{
    HF_AUTO_BUF struct hf_buf body = HF_BUF_INIT(HF_RECORD_BODY_MAX);
    char answer[96];
    struct hf_error err = {0};
    uint64_t first = 0, last = 0;
    size_t count;

    if (hf_request_body(q, &body, &err) < 0 ||
        hf_record_count(body.data ? body.data : "", body.len, &count, &err) < 0) {
        hf_request_answer_error(q, &err);
        return;
    }
    if (count == 0) {
        refuse(q, HF_ERROR_MALFORMED, "no record in the body");
        return;
    }
    if (hf_owner_append(api->owner, body.data, body.len, count, &first, &last, &err) < 0) {
        hf_request_answer_error(q, &err);
        return;
    }
    snprintf(answer, sizeof answer, "{\"first\":\"%llu\",\"last\":\"%llu\"}",
             (unsigned long long)first, (unsigned long long)last);
    hf_request_answer(q, 200, "application/json", NULL, answer, strlen(answer));
}

static int
lease_in_slices(struct hf_buffer_api *api, uint64_t max_bytes, uint64_t wait_ms,
                struct hf_lease *lease, struct hf_buf *lines, struct hf_error *err)
{
    int rc;

    do {
        uint64_t slice = wait_ms < WAIT_SLICE_MS ? wait_ms : WAIT_SLICE_MS;

        rc = hf_owner_lease(api->owner, max_bytes, (int64_t)slice, lease, lines, err);
        wait_ms -= slice;
    } while (rc == 0 && wait_ms > 0 && !hf_stopping());
    return rc;
}

static void
give_lease(struct hf_buffer_api *api, struct hf_request *q)
{
    HF_AUTO_BUF struct hf_buf lines = HF_BUF_INIT(LEASE_LINES_MAX);
    HF_AUTO_BUF struct hf_buf no_body = HF_BUF_INIT(0);
    struct hf_owner_view view;
    struct hf_error err = {0};
    struct hf_lease lease;
    uint64_t max_bytes, wait_ms;
    char headers[512];
    int rc;

    if (!hf_request_number(q, "max_bytes", LEASE_BYTES, &max_bytes) || max_bytes == 0 ||
        max_bytes > LEASE_BYTES_MAX || !hf_request_number(q, "wait_ms", 0, &wait_ms) ||
        wait_ms > LEASE_WAIT_MAX_MS) {
        refuse(q, HF_ERROR_MALFORMED, "max_bytes is 1 to 4194304 and wait_ms 0 to 20000");
        return;
    }
    if (hf_request_body(q, &no_body, &err) < 0) {
        hf_request_answer_error(q, &err);
        return;
    }
    rc = lease_in_slices(api, max_bytes, wait_ms, &lease, &lines, &err);
    if (rc < 0) {
        hf_request_answer_error(q, &err);
        return;
    }
    if (rc == 0) {
        hf_request_answer_status(q, 204);
        return;
    }
    hf_owner_look(api->owner, &view);
    snprintf(headers, sizeof headers,
             "Holdfast-First: %llu\r\nHoldfast-Last: %llu\r\nHoldfast-Count: %llu\r\n"
             "Holdfast-Epoch: %s\r\nIdempotency-Key: %s/%s/%llu-%llu\r\n",
             (unsigned long long)lease.first, (unsigned long long)lease.last,
             (unsigned long long)lease.count, lease.epoch, view.settings.gateway, lease.epoch,
             (unsigned long long)lease.first, (unsigned long long)lease.last);
    hf_request_answer(q, 200, "application/x-ndjson", headers, lines.data, lines.len);
}

static int
read_span(const struct hf_json *doc, uint64_t *ret_first, uint64_t *ret_last, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"epoch", HF_JSON_STRING, true},
        {"first", HF_JSON_STRING, true},
        {"last", HF_JSON_STRING, true},
    };

    if (hf_json_check(doc, "", fields, HF_LEN(fields), err) < 0)
        return -1;
    if (!hf_text_u64(hf_json_string(doc, "first"), ret_first) ||
        !hf_text_u64(hf_json_string(doc, "last"), ret_last))
        return hf_error_set(err, HF_ERROR_MALFORMED, "first and last are numbers, as strings");
    return 0;
}

static void
take_ack(struct hf_buffer_api *api, struct hf_request *q)
{
    HF_AUTO_BUF struct hf_buf body = HF_BUF_INIT(ACK_BODY_MAX);
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_error err = {0};
    uint64_t first = 0, last = 0;

    if (hf_request_body(q, &body, &err) < 0 ||
        hf_json_parse(body.data ? body.data : "", body.len, &doc, &err) < 0 ||
        read_span(doc, &first, &last, &err) < 0 ||
        hf_owner_ack(api->owner, hf_json_string(doc, "epoch"), first, last, &err) < 0) {
        hf_request_answer_error(q, &err);
        return;
    }
    hf_request_answer(q, 200, "application/json", NULL, "{}", 2);
}

void
hf_buffer_api_handle(void *ctx, struct hf_request *q)
{
    static const struct {
        const char *path;
        bool for_processor;
        void (*handle)(struct hf_buffer_api *api, struct hf_request *q);
    } routes[] = {
        {"/v1/records", true, take_records},
        {"/v1/lease", false, give_lease},
        {"/v1/ack", false, take_ack},
    };
    struct hf_buffer_api *api = ctx;
    struct hf_buffer_tokens tokens;

    pthread_mutex_lock(&api->lock);
    tokens = api->tokens;
    pthread_mutex_unlock(&api->lock);
    for (size_t i = 0; i < HF_LEN(routes); i++) {
        if (!hf_request_is(q, "POST", routes[i].path))
            continue;
        if (!hf_request_bears(q, routes[i].for_processor ? tokens.processor : tokens.forwarder))
            refuse(q, HF_ERROR_UNAUTHORIZED, "the token is not the one for this");
        else
            routes[i].handle(api, q);
        return;
    }
    refuse(q, HF_ERROR_NOT_FOUND, "there is nothing here");
}

// SPDX-License-Identifier: Apache-2.0
/* A bundle in as many pieces as it takes: each says at which byte it begins, and what has come is
 * asked for where a connection broke. The words are those of tus 1.0 and of the HTTP working
 * group's draft on resumable uploads. */
#include "api/handlers.h"

#include "api/server.h"
#include "base/text.h"

#include <stdio.h>

enum { PIECE_MS = 6 * 3600 * 1000, NUMBER_SIZE = 24 };

static const char BUNDLE_PATH[] = "/api/v1/releases/bundle";

static struct hf_json *
describe(const struct hf_intake_view *v)
{
    struct hf_json *o = hf_json_object();

    hf_json_put_string(o, "state", hf_intake_state_name(v->state));
    hf_json_put_string(o, "actor", v->actor);
    hf_json_put_string(o, "name", *v->name ? v->name : NULL);
    hf_json_put_string(o, "id", *v->id ? v->id : NULL);
    hf_json_put_int(o, "offset", (int64_t)v->offset);
    hf_json_put_int(o, "length", (int64_t)v->length);
    hf_json_put_int(o, "layer_bytes", (int64_t)v->layers_size);
    hf_json_put_int(o, "layer_bytes_done", (int64_t)v->layers_done);
    hf_json_put_time(o, "started", v->started_ms);
    hf_json_put_time(o, "finished", v->finished_ms);
    hf_json_put_string(o, "detail", v->error.message);
    return o;
}

static void
put_offset(struct hf_exchange *x, struct hf_intake_view *v)
{
    char number[NUMBER_SIZE];

    hf_intake_look(x->api->config->intake, v);
    snprintf(number, sizeof number, "%llu", (unsigned long long)v->offset);
    hf_reply_header(x, "Upload-Offset", number);
    snprintf(number, sizeof number, "%llu", (unsigned long long)v->length);
    hf_reply_header(x, "Upload-Length", number);
}

static int
read_number(const struct hf_exchange *x, const char *name, uint64_t *ret, struct hf_error *err)
{
    const char *text = hf_exchange_header(x, name);

    if (text && hf_text_u64(text, ret) && *ret <= INT64_MAX)
        return 0;
    return hf_error_set(err, HF_ERROR_MALFORMED, "%s is missing or no number of bytes", name);
}

int
hf_handle_bundle(struct hf_exchange *x, struct hf_error *err)
{
    struct hf_intake_view v;

    put_offset(x, &v);
    return hf_reply_json(x, 200, describe(&v), err);
}

int
hf_handle_bundle_begin(struct hf_exchange *x, struct hf_error *err)
{
    const struct hf_api_config *config = x->api->config;
    char what[96];
    uint64_t length = 0;
    struct hf_intake_view v;

    if (read_number(x, "Upload-Length", &length, err) < 0)
        return -1;
    snprintf(what, sizeof what, "began to upload a bundle of %llu bytes",
             (unsigned long long)length);
    if (hf_intake_begin(config->intake, length, x->session.user, err) < 0)
        return -1;
    if (hf_core_audit(config->core, x->session.user, what, err) < 0) {
        (void)!hf_intake_cancel(config->intake, x->session.user, NULL);
        return -1;
    }
    hf_reply_header(x, "Location", BUNDLE_PATH);
    put_offset(x, &v);
    return hf_reply_json(x, 201, describe(&v), err);
}

static int
take_piece(void *context, const void *data, size_t len, struct hf_error *err)
{
    return hf_intake_write(context, data, len, err);
}

int
hf_handle_bundle_piece(struct hf_exchange *x, struct hf_error *err)
{
    struct hf_intake *in = x->api->config->intake;
    struct hf_intake_view v;
    uint64_t offset = 0;
    int rc;

    if (read_number(x, "Upload-Offset", &offset, err) < 0 || hf_intake_open(in, offset, err) < 0)
        return -1;
    rc = hf_exchange_pass_body(x, HF_INTAKE_BYTES_MAX, PIECE_MS, take_piece, in, err);
    hf_intake_close(in);
    if (rc < 0)
        return -1;
    put_offset(x, &v);
    hf_reply(x, 204, NULL, "no-store", NULL, 0);
    return 0;
}

int
hf_handle_bundle_cancel(struct hf_exchange *x, struct hf_error *err)
{
    if (hf_intake_cancel(x->api->config->intake, x->session.user, err) < 0)
        return -1;
    hf_reply(x, 204, NULL, "no-store", NULL, 0);
    return 0;
}

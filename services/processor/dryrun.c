// SPDX-License-Identifier: Apache-2.0
#include "processor/dryrun.h"

#include "processor/apply.h"

#include <string.h>

struct outcome {
    struct hf_verdict verdict;
    struct hf_buf out; /* JSON objects with commas between */
};

struct run {
    struct hf_apply apply;
    struct outcome outcomes[HF_RECENT_MAX];
    int rc; /* of the first thing that failed */
    struct hf_error *err;
};

static int
put_record(const struct hf_record *r, struct hf_buf *b, struct hf_error *err)
{
    static const char *const lanes[HF_LANE_COUNT] = {
        ",\"lane\":null,", /* the buffer decides */
        ",\"lane\":\"alarm\",", ",\"lane\":\"normal\",", ",\"lane\":\"bulk\","};

    if (hf_buf_adds(b, b->len ? ",{\"topic\":" : "{\"topic\":", err) < 0 ||
        hf_value_put_string(b, r->topic, r->topic_len, err) < 0 ||
        hf_buf_adds(b, lanes[r->lane], err) < 0)
        return -1;
    if (hf_value_put_payload(b, r->payload, r->payload_len, err) < 0)
        return -1;
    return hf_buf_add(b, "}", 1, err);
}

static bool
on_record(void *ctx, const struct hf_record *r)
{
    struct run *run = ctx;

    if (!r->reason && run->rc == 0)
        run->rc = put_record(r, &run->outcomes[run->apply.tag].out, run->err);
    return true;
}

static int
put_outcome(const struct hf_record *in, const struct outcome *o, struct hf_buf *out,
            struct hf_error *err)
{
    const struct hf_verdict *v = &o->verdict;

    if (hf_buf_adds(out, "{\"topic\":", err) < 0 ||
        hf_value_put_string(out, in->topic, in->topic_len, err) < 0 ||
        hf_buf_adds(out, ",\"in\":{", err) < 0 ||
        hf_value_put_payload(out, in->payload, in->payload_len, err) < 0 ||
        hf_buf_addf(out, err, "},\"out\":[%s],\"dropped\":%s,\"quarantined\":",
                    o->out.len ? o->out.data : "", v->dropped ? "true" : "false") < 0)
        return -1;
    if (v->quarantined ? hf_value_put_string(out, v->reason, strlen(v->reason), err) < 0
                       : hf_buf_adds(out, "null", err) < 0)
        return -1;
    return v->rule < 0 ? hf_buf_adds(out, ",\"rule\":null}", err)
                       : hf_buf_addf(out, err, ",\"rule\":%d}", v->rule);
}

static int
try_all(struct run *run, const struct hf_recent *messages, struct hf_buf *out, struct hf_error *err)
{
    struct hf_moment end = {.wall_ms = 0};

    for (size_t i = 0; i < messages->count; i++) {
        const struct hf_record *in = hf_recent_at(messages, i);

        run->outcomes[i].out = HF_BUF_INIT(HF_DRY_RUN_ANSWER_MAX);
        hf_apply_message(&run->apply, in, in->time_ms, (uint32_t)i, on_record, run,
                         &run->outcomes[i].verdict);
        end = (struct hf_moment){.wall_ms = in->time_ms, .synced = in->synced};
    }
    (void)hf_apply_end(&run->apply, NULL, &end, on_record, run);
    if (run->rc < 0 || hf_buf_adds(out, "{\"results\":[", err) < 0)
        return -1;
    for (size_t i = 0; i < messages->count; i++)
        if ((i && hf_buf_add(out, ",", 1, err) < 0) ||
            put_outcome(hf_recent_at(messages, i), &run->outcomes[i], out, err) < 0)
            return -1;
    return hf_buf_adds(out, "]}", err);
}

int
hf_dry_run(const struct hf_recent *messages, struct hf_rules *consume_rules, struct hf_buf *out,
           struct hf_error *err)
{
    struct run *run = calloc(1, sizeof *run);
    int rc;

    if (!run) {
        hf_rules_free(consume_rules);
        return hf_error_nomem(err);
    }
    run->err = err;
    rc = hf_apply_init(&run->apply, consume_rules, err);
    if (rc == 0)
        rc = try_all(run, messages, out, err);
    hf_apply_done(&run->apply);
    for (size_t i = 0; i < HF_RECENT_MAX; i++)
        hf_buf_done(&run->outcomes[i].out);
    free(run);
    return rc;
}

// SPDX-License-Identifier: Apache-2.0
#include "forwarder/trial.h"

#include "base/clock.h"
#include "base/text.h"
#include "json/json.h"

#include <stdio.h>

enum { EPOCH_BYTES = 4 };

static int
add_line(struct hf_leased *b, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *line = hf_json_object();
    HF_AUTO_FREE char *text = NULL;
    struct hf_json *payload = hf_json_object();

    hf_json_put_string(line, "gateway", b->gateway);
    hf_json_put_string(line, "epoch", b->epoch);
    hf_json_put_int(line, "seq", 1);
    hf_json_put_time(line, "time", hf_clock_wall_ms());
    hf_json_put_bool(line, "synced", hf_clock_synced());
    hf_json_put_string(line, "topic", "holdfast/test");
    hf_json_put_bool(payload, "test", true);
    hf_json_put(line, "payload", payload);
    if (hf_json_print(line, &text, err) < 0 || hf_buf_adds(&b->answer.body, text, err) < 0)
        return -1;
    return hf_buf_adds(&b->answer.body, "\n", err);
}

int
hf_trial_record(struct hf_leased *b, const char *gateway, struct hf_error *err)
{
    unsigned char epoch[EPOCH_BYTES];

    if (hf_leased_init(b, err) < 0)
        return -1;
    hf_random(epoch, sizeof epoch);
    hf_text_hex(epoch, sizeof epoch, b->epoch);
    snprintf(b->gateway, sizeof b->gateway, "%s", gateway);
    snprintf(b->lane, sizeof b->lane, "normal");
    snprintf(b->first, sizeof b->first, "1");
    snprintf(b->last, sizeof b->last, "1");
    snprintf(b->key, sizeof b->key, "%s/%s/1-1", b->gateway, b->epoch);
    if (add_line(b, err) < 0)
        return -1;
    b->count = 1;
    b->raw_bytes = b->answer.body.len;
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
/* Records as frames ('f') and as lines: whatever is taken must make lines that can be read back. */
#include "common/record.h"
#include "buffer/batch.h"
#include "common/line.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct hf_batch *b)
{
    HF_AUTO_BUF struct hf_buf line = HF_BUF_INIT(64 << 20);
    HF_AUTO_BUF struct hf_buf work = HF_BUF_INIT(HF_RECORD_TOPIC_MAX);

    for (size_t i = 0; i < b->count; i++) {
        const struct hf_spool_record *r = &b->records[i];
        HF_AUTO(hf_json) struct hf_json *doc = NULL;
        const char *topic;
        struct hf_line l;
        size_t len;

        hf_buf_clear(&line);
        if (hf_buf_adds(&line, "{\"gateway\":\"g\",\"epoch\":\"0a1b2c3d\",\"seq\":1", NULL) < 0 ||
            hf_buf_add(&line, r->tail, r->tail_len, NULL) < 0)
            __builtin_trap();
        if (r->lane == HF_LANE_UNSAID || !hf_line_read(line.data, line.len, &l) ||
            hf_line_topic(&l, &work, &topic, &len, NULL) < 0 || len != r->topic_len ||
            memcmp(topic, r->topic, len) != 0 ||
            memchr(line.data, '\n', line.len) != line.data + line.len - 1)
            __builtin_trap();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hf_buffer_settings settings; /* all in lane normal */
    HF_AUTO_BATCH struct hf_batch b = HF_BATCH_INIT;
    HF_AUTO_BUF struct hf_buf pending = HF_BUF_INIT(HF_RECORD_BODY_MAX);
    struct hf_ndjson lines;
    size_t at = 0;
    int rc = 0;

    if (size < 2)
        return 0;
    /* In two pieces, cut where the second byte says. */
    const char *body = (const char *)data + 2;
    const size_t ends[] = {data[1] % (size - 1), size - 2};

    hf_ndjson_init(&lines, NULL, 0, 1000, true);
    for (size_t i = 0; i < HF_LEN(ends) && rc == 0; i++) {
        if (hf_buf_add(&pending, body + at, ends[i] - at, NULL) < 0)
            break;
        at = ends[i];
        rc = data[0] == 'f' ? hf_batch_feed_frames(&b, &pending, &settings, NULL)
                            : hf_batch_feed_lines(&b, &lines, &pending, i == 1, &settings, NULL);
    }
    hf_ndjson_done(&lines);
    hf_batch_finish(&b);
    check(&b);
    return 0;
}

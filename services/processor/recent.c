// SPDX-License-Identifier: Apache-2.0
#include "processor/recent.h"

#include <stdlib.h>
#include <string.h>

static size_t
size_of(const struct hf_record *r)
{
    return r->topic_len + r->payload_len;
}

static void
drop_oldest(struct hf_recent *r)
{
    struct hf_record *oldest = &r->records[r->first];

    r->bytes -= size_of(oldest);
    free((void *)(uintptr_t)oldest->topic);
    *oldest = (struct hf_record){.time_ms = 0};
    r->first = (r->first + 1) % HF_RECENT_MAX;
    r->count--;
}

void
hf_recent_done(struct hf_recent *r)
{
    while (r->count)
        drop_oldest(r);
}

static bool
keep(struct hf_recent *r, const struct hf_record *record)
{
    size_t size = size_of(record);
    char *text;

    if (size > HF_RECENT_BYTES)
        return true;
    while (r->count == HF_RECENT_MAX || r->bytes + size > HF_RECENT_BYTES)
        drop_oldest(r);
    text = malloc(size + 1);
    if (!text)
        return false;
    memcpy(text, record->topic, record->topic_len);
    if (record->payload_len)
        memcpy(text + record->topic_len, record->payload, record->payload_len);
    r->records[(r->first + r->count) % HF_RECENT_MAX] = (struct hf_record){
        .time_ms = record->time_ms,
        .synced = record->synced,
        .topic = text,
        .topic_len = record->topic_len,
        .payload = text + record->topic_len,
        .payload_len = record->payload_len,
    };
    r->count++;
    r->bytes += size;
    return true;
}

void
hf_recent_keep(struct hf_recent *r, const struct hf_record *record)
{
    (void)keep(r, record); /* without memory it is not remembered, and nothing else happens */
}

int
hf_recent_copy(const struct hf_recent *r, struct hf_recent *ret_copy, struct hf_error *err)
{
    *ret_copy = (struct hf_recent){.count = 0};
    for (size_t i = 0; i < r->count; i++) {
        if (keep(ret_copy, hf_recent_at(r, i)))
            continue;
        hf_recent_done(ret_copy);
        return hf_error_nomem(err);
    }
    return 0;
}

const struct hf_record *
hf_recent_at(const struct hf_recent *r, size_t i)
{
    return &r->records[(r->first + i) % HF_RECENT_MAX];
}

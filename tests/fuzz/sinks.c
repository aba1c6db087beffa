// SPDX-License-Identifier: Apache-2.0
/* The forwarder's settings.json, and its credentials.json behind a zero byte. */
#include "forwarder/settings.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct hf_sink_settings *s)
{
    if (!*s->name || !s->url || !*s->url || s->max_bytes_per_s < 0 || s->linger_ms < 0 ||
        s->inflight < 0 || s->type >= HF_SINK_TYPE_COUNT || s->format >= HF_FORMAT_COUNT ||
        s->encoding >= HF_ENCODING_COUNT || !s->source ||
        (s->batch_bytes &&
         (s->batch_bytes < HF_SINK_BATCH_MIN || s->batch_bytes > HF_SINK_BATCH_MAX)))
        __builtin_trap();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_AUTO(hf_json) struct hf_json *settings = NULL, *credentials = NULL;
    const char *text = (const char *)data, *second = memchr(text, '\0', size);
    size_t first_len = second ? (size_t)(second - text) : size;
    struct hf_sink_list list = {.count = 0};

    if (hf_json_parse(text, first_len, &settings, NULL) < 0)
        return 0;
    if (second)
        (void)!hf_json_parse(second + 1, size - first_len - 1, &credentials, NULL);
    if (hf_sink_list_read(settings, credentials, &list, NULL) < 0)
        return 0;
    if (list.count > HF_SINKS_MAX)
        __builtin_trap();
    for (size_t i = 0; i < list.count; i++)
        check(&list.sinks[i]);
    hf_sink_list_done(&list);
    return 0;
}

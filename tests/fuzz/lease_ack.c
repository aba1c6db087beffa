// SPDX-License-Identifier: Apache-2.0
/* What is asked of the buffer. The first byte says which of the readers gets the rest. */
#include "buffer/asks.h"

#include <string.h>

enum { TEXTS = 7 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_ack(const char *text, size_t len)
{
    struct hf_ack_ask a;

    if (hf_ack_ask_read(text, len, &a, NULL) < 0)
        return;
    for (size_t i = 0; i < a.refused_count; i++)
        if (a.refused[i].seq < a.first || a.refused[i].seq > a.last || !a.refused[i].reason)
            __builtin_trap();
    if (a.lane == HF_LANE_UNSAID || a.first > a.last || !*a.sink)
        __builtin_trap();
    hf_ack_ask_done(&a);
}

/* Parameters are given a line each; an empty line is one that is absent. */
static void
read_parameters(char *text, bool lease)
{
    const char *t[TEXTS] = {NULL};
    struct hf_lease_ask l;
    struct hf_look_ask k;

    for (size_t i = 0; i < TEXTS && text; i++) {
        char *line = strsep(&text, "\n");

        t[i] = *line ? line : NULL;
    }
    if (lease) {
        if (hf_lease_ask_read(&(struct hf_lease_texts){t[0], t[1], t[2], t[3], t[4], t[5]}, &l,
                              NULL) == 0 &&
            (!*l.sink || l.max_bytes == 0 || l.max_bytes > HF_LEASE_BYTES_MAX || l.wait_ms < 0 ||
             l.lease_ms < 1))
            __builtin_trap();
    } else if (hf_look_ask_read(&(struct hf_look_texts){t[0], t[1], t[2], t[3], t[4], t[5], t[6]},
                                &k, NULL) == 0 &&
               (k.limit < 1 || k.limit > HF_LOOK_LIMIT_MAX)) {
        __builtin_trap();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_AUTO_FREE char *text = NULL;
    struct hf_extend_ask extend;
    struct hf_drop_ask drop;
    struct hf_ids_ask ids;

    if (!size)
        return 0;
    text = strndup((const char *)data + 1, size - 1);
    switch (data[0]) {
    case 'a':
        read_ack((const char *)data + 1, size - 1);
        break;
    case 'e':
        (void)!hf_extend_ask_read((const char *)data + 1, size - 1, &extend, NULL);
        break;
    case 'd':
        (void)!hf_drop_ask_read((const char *)data + 1, size - 1, &drop, NULL);
        break;
    case 'i':
        if (hf_ids_ask_read((const char *)data + 1, size - 1, &ids, NULL) == 0)
            free(ids.ids);
        break;
    default:
        read_parameters(text, data[0] == 'l');
    }
    return 0;
}

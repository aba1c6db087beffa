// SPDX-License-Identifier: Apache-2.0
#include "buffer/holders.h"

#include "base/text.h"

#include <string.h>

static struct hf_holder *
find(const struct hf_holders *h, const char *sink, enum hf_lane lane)
{
    for (size_t i = 0; i < HF_HOLDERS_MAX; i++) {
        const struct hf_holder *one = &h->all[i];

        if (one->lane == lane && strcmp(one->sink, sink) == 0)
            return (struct hf_holder *)one;
    }
    return NULL;
}

bool
hf_holders_may(const struct hf_holders *h, const char *sink, enum hf_lane lane, const char *name,
               int64_t now_ms)
{
    const struct hf_holder *one = find(h, sink, lane);

    return !one || now_ms >= one->until_ms || strcmp(one->name, name) == 0;
}

/* A free place, or the one whose time is over for longest: of sinks that are no more. */
static struct hf_holder *
place(struct hf_holders *h)
{
    struct hf_holder *best = &h->all[0];

    for (size_t i = 0; i < HF_HOLDERS_MAX; i++) {
        if (!*h->all[i].sink)
            return &h->all[i];
        if (h->all[i].until_ms < best->until_ms)
            best = &h->all[i];
    }
    return best;
}

void
hf_holders_take(struct hf_holders *h, const char *sink, enum hf_lane lane, const char *name,
                int64_t until_ms)
{
    struct hf_holder *one = find(h, sink, lane);

    if (!one)
        one = place(h);
    hf_text_put(one->sink, sizeof one->sink, "%s", sink);
    hf_text_put(one->name, sizeof one->name, "%s", name);
    one->lane = lane;
    one->until_ms = until_ms;
}

bool
hf_holders_extend(struct hf_holders *h, const char *sink, enum hf_lane lane, int64_t now_ms,
                  int64_t until_ms)
{
    struct hf_holder *one = find(h, sink, lane);

    if (!one || now_ms >= one->until_ms)
        return false;
    one->until_ms = until_ms;
    return true;
}

void
hf_holders_end(struct hf_holders *h, const char *sink, enum hf_lane lane)
{
    struct hf_holder *one = find(h, sink, lane);

    if (one)
        *one = (struct hf_holder){0};
}

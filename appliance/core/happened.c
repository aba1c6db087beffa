// SPDX-License-Identifier: Apache-2.0
#include "core/happened.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

const char *
hf_happening_kind_name(enum hf_happening_kind kind)
{
    static const char *const names[HF_HAPPENING_KIND_COUNT] = {
        [HF_HAPPENED_SERVICE] = "service", [HF_HAPPENED_HEALTH] = "health",
        [HF_HAPPENED_BUFFER] = "buffer",   [HF_HAPPENED_UPLINK] = "uplink",
        [HF_HAPPENED_ENGINE] = "engine",   [HF_HAPPENED_RELEASE] = "release",
        [HF_HAPPENED_UPGRADE] = "upgrade", [HF_HAPPENED_ALARMS] = "alarms",
    };

    return names[kind];
}

/* What is compared, of one picture. */
struct comparison {
    struct hf_happenings *h;
    int64_t at_ms;
};

static void
compare(const struct comparison *c, enum hf_happening_kind kind, const char *subject,
        const char *from, const char *to)
{
    struct hf_happening *one;

    if (strcmp(from, to) == 0)
        return;
    one = &c->h->ring[c->h->newest % HF_HAPPENINGS_KEPT];
    *one = (struct hf_happening){.n = ++c->h->newest, .at_ms = c->at_ms, .kind = kind};
    hf_text_put(one->subject, sizeof one->subject, "%s", subject);
    hf_text_put(one->from, sizeof one->from, "%s", from);
    hf_text_put(one->to, sizeof one->to, "%s", to);
    hf_text_whole(one->from);
    hf_text_whole(one->to);
}

static void
compare_service(const struct comparison *c, const struct hf_snapshot *before,
                const struct hf_service_view *now)
{
    const struct hf_service_view *then = hf_snapshot_service(before, now->spec.service);

    if (!then)
        return;
    compare(c, HF_HAPPENED_SERVICE, now->spec.service, hf_lifecycle_name(then->lifecycle),
            hf_lifecycle_name(now->lifecycle));
    compare(c, HF_HAPPENED_HEALTH, now->spec.service, hf_health_name(then->health),
            hf_health_name(now->health));
}

static const char *
engine_word(const struct hf_snapshot *s)
{
    static const char *const words[] = {[HF_ENGINE_STARTING] = "starting",
                                        [HF_ENGINE_OK] = "ok",
                                        [HF_ENGINE_UNREACHABLE] = "unreachable"};

    return words[s->gateway.engine.state];
}

static const char *
buffer_word(const struct hf_snapshot *s)
{
    if (!s->buffer.known)
        return "unknown";
    return s->buffer.ok ? "ok" : "degraded";
}

static const char *
upgrade_word(const struct hf_snapshot *s)
{
    return s->upgrade.record.n ? hf_upgrade_state_name(s->upgrade.record.state) : "none";
}

static const char *
uplink_word(const struct hf_snapshot *s)
{
    return s->uplink.state[0] ? s->uplink.state : "unknown";
}

static void
compare_alarms(const struct comparison *c, const struct hf_snapshot *before,
               const struct hf_snapshot *now)
{
    char from[16], to[16];

    snprintf(from, sizeof from, "%d", before->alarms.active);
    snprintf(to, sizeof to, "%d", now->alarms.active);
    compare(c, HF_HAPPENED_ALARMS, "", from, to);
}

void
hf_happened(struct hf_happenings *h, const struct hf_snapshot *before,
            const struct hf_snapshot *now)
{
    const struct comparison c = {h, now->at_ms};

    if (!before)
        return;
    compare(&c, HF_HAPPENED_ENGINE, "", engine_word(before), engine_word(now));
    for (size_t i = 0; i < now->service_count; i++)
        compare_service(&c, before, &now->services[i]);
    compare(&c, HF_HAPPENED_BUFFER, "", buffer_word(before), buffer_word(now));
    compare(&c, HF_HAPPENED_UPLINK, "", uplink_word(before), uplink_word(now));
    compare(&c, HF_HAPPENED_RELEASE, "", before->has_release ? before->release.name : "",
            now->has_release ? now->release.name : "");
    compare(&c, HF_HAPPENED_UPGRADE, "", upgrade_word(before), upgrade_word(now));
    compare_alarms(&c, before, now);
}

size_t
hf_happenings_after(const struct hf_happenings *h, uint64_t n, struct hf_happening *ret, size_t max,
                    uint64_t *ret_missed)
{
    uint64_t kept = h->newest < HF_HAPPENINGS_KEPT ? h->newest : HF_HAPPENINGS_KEPT;
    uint64_t first = h->newest - kept; /* the n before the oldest that is kept */
    size_t count = 0;

    *ret_missed = n < first ? first - n : 0;
    for (uint64_t i = n < first ? first : n; i < h->newest && count < max; i++)
        ret[count++] = h->ring[i % HF_HAPPENINGS_KEPT];
    return count;
}

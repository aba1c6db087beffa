// SPDX-License-Identifier: Apache-2.0
/* Asks own services whether they work, at the owner's tick: what is asked at one is heard at the
 * next, so that asking wakes nobody. */
#include "base/text.h"
#include "core/internal.h"
#include "model/own.h"

enum { PAUSE_MS = 5000 };

static int
begin(struct service *s, const struct hf_json *own, int64_t now, struct hf_error *err)
{
    const char *address = s->machine.container.address;
    const struct hf_json *health = hf_json_get(own, "health");
    const struct hf_json *http = hf_json_get(health, "http");

    s->asked_ms = now;
    if (!http)
        return hf_probe_begin(&s->asking, address, (uint16_t)hf_json_int(health, "tcp", 0), NULL,
                              now, err);
    return hf_probe_begin(&s->asking, address, (uint16_t)hf_json_int(http, "port", 0),
                          hf_json_string(http, "path"), now, err);
}

/* Where it has just been started it is asked at once. */
static bool
is_due(const struct service *s, int64_t now)
{
    return s->asked_ms == 0 || now - s->asked_ms >= PAUSE_MS ||
           s->asked_ms < s->machine.running_since_ms;
}

static void
ask(struct service *s, const struct hf_json *own, int64_t now)
{
    struct hf_error err = {0};
    enum hf_probe_end end = HF_PROBE_BAD;

    if (s->asking.under_way || begin(s, own, now, &err) == 0)
        end = hf_probe_step(&s->asking, now, &err);
    if (end == HF_PROBE_UNDER_WAY)
        return;
    s->probe = (struct hf_probe_result){.at_ms = s->asked_ms, .ok = end == HF_PROBE_GOOD};
    if (!s->probe.ok)
        hf_text_put(s->probe.why, sizeof s->probe.why, "%s", err.message);
}

void
hf_core_probe(struct hf_core *core, int64_t now)
{
    for (size_t i = hf_service_count; core->has_release && i < core->service_count; i++) {
        const struct hf_json *own = core->release.services[i].own;
        enum hf_own_health kind = hf_own_health_kind(own);
        struct service *s = &core->services[i];

        if ((kind != HF_OWN_HEALTH_TCP && kind != HF_OWN_HEALTH_HTTP) ||
            s->machine.state != HF_LIFECYCLE_RUNNING || !*s->machine.container.address)
            hf_probe_end(&s->asking);
        else if (s->asking.under_way || is_due(s, now))
            ask(s, own, now);
    }
}

void
hf_core_end_probes(struct hf_core *core)
{
    for (size_t i = 0; i < core->service_count; i++)
        hf_probe_end(&core->services[i].asking);
}

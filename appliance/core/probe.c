// SPDX-License-Identifier: Apache-2.0
/* Asks own services whether they work, one after the other, on a thread of its own. */
#include "path/probe.h"

#include "base/clock.h"
#include "base/text.h"
#include "core/internal.h"
#include "model/own.h"

enum { PAUSE_MS = 5000 };

static bool
is_asked(const struct hf_json *own)
{
    enum hf_own_health kind = hf_own_health_kind(own);

    return kind == HF_OWN_HEALTH_TCP || kind == HF_OWN_HEALTH_HTTP;
}

bool
hf_core_has_probes(const struct hf_core *core)
{
    for (size_t i = hf_service_count; core->has_release && i < core->service_count; i++)
        if (is_asked(core->release.services[i].own))
            return true;
    return false;
}

static int
ask(const struct hf_json *own, const char *address, struct hf_error *err)
{
    const struct hf_json *health = hf_json_get(own, "health");
    const struct hf_json *http = hf_json_get(health, "http");

    if (http)
        return hf_probe_http(address, (uint16_t)hf_json_int(http, "port", 0),
                             hf_json_string(http, "path"), err);
    return hf_probe_tcp(address, (uint16_t)hf_json_int(health, "tcp", 0), err);
}

static void
ask_one(struct hf_core *core, size_t index, const struct hf_json *own, const char *address)
{
    struct hf_probe_result result = {.at_ms = hf_clock_mono_ms()};
    struct hf_error err = {0};

    result.ok = ask(own, address, &err) == 0;
    if (!result.ok)
        hf_text_put(result.why, sizeof result.why, "%s", err.message);
    mailbox_probe(&core->mail, index, &result);
}

void *
hf_core_prober(void *worker)
{
    struct worker *w = worker;
    struct hf_core *core = w->core;

    do {
        const struct hf_snapshot *s = hf_core_snapshot(core);

        for (size_t i = hf_service_count; i < s->service_count && !worker_stopping(w); i++)
            if (is_asked(s->release.services[i].own) && *s->services[i].address)
                ask_one(core, i, s->release.services[i].own, s->services[i].address);
        hf_snapshot_unref(s);
    } while (worker_pause(w, PAUSE_MS));
    return NULL;
}

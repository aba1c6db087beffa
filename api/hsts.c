// SPDX-License-Identifier: Apache-2.0
#include "api/hsts.h"

#include "api/guard.h"
#include "api/server.h"
#include "base/clock.h"

enum { HTTPS_PORT = 443 };

static const int64_t LEFT_LEAST_MS = INT64_C(8) * 24 * 3600 * 1000;

const char *
hf_hsts_line(const struct hf_hsts_facts *f)
{
    if (f->port != HTTPS_PORT || !f->named)
        return "";
    if (f->others_listen || !f->clock_synced || f->left_ms < LEFT_LEAST_MS)
        return "Strict-Transport-Security: max-age=0\r\n";
    return "Strict-Transport-Security: max-age=86400\r\n";
}

static bool
others_listen(const struct hf_snapshot *s)
{
    for (size_t i = 0; i < s->service_count; i++)
        if (s->services[i].spec.own && s->services[i].spec.port_count > 0)
            return true;
    return false;
}

const char *
hf_hsts(const struct hf_exchange *x)
{
    const struct hf_api_config *config = x->api->config;
    struct hf_hsts_facts facts = {.port = config->listen_port};
    const char *host = hf_exchange_header(x, "Host");
    const struct hf_snapshot *snapshot;
    char bare[HF_GUARD_HOST_SIZE];

    /* On another port nothing needs to be looked at. */
    if (facts.port != HTTPS_PORT || !host || !hf_guard_host_of(host, bare))
        return "";
    facts.named = hf_certificates_name(config->certificates, bare);
    facts.left_ms = hf_certificates_site_ends_ms(config->certificates) - hf_clock_wall_ms();
    snapshot = hf_core_snapshot(config->core);
    facts.clock_synced = snapshot->gateway.host.clock_synced;
    facts.others_listen = others_listen(snapshot);
    hf_snapshot_unref(snapshot);
    return hf_hsts_line(&facts);
}

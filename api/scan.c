// SPDX-License-Identifier: Apache-2.0
/* Known vulnerabilities of what runs. */
#include "api/handlers.h"

#include "api/server.h"
#include "base/clock.h"

#include <stdio.h>
#include <string.h>

enum { UPLOAD_MS = 10 * 60 * 1000 };

/* The section of the configuration that is in force. */
static int
read_settings(struct hf_exchange *x, struct hf_scan_settings *ret, struct hf_error *err)
{
    HF_AUTO_FREE char *text = NULL;
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    int64_t revision;

    if (hf_core_config(x->api->config->core, &text, &revision, err) < 0 ||
        hf_json_parse(text, strlen(text), &doc, err) < 0)
        return -1;
    return hf_scan_settings_read(hf_json_get(doc, "scan"), ret, err);
}

/* ret_targets has room for all services. */
static size_t
read_targets(struct hf_exchange *x, struct hf_scan_target *ret_targets, bool *ret_synced)
{
    const struct hf_snapshot *snapshot = hf_core_snapshot(x->api->config->core);
    size_t count = snapshot->service_count;

    for (size_t i = 0; i < count; i++) {
        const struct hf_service_view *v = &snapshot->services[i];
        struct hf_scan_target *t = &ret_targets[i];

        memcpy(t->service, v->spec.service, sizeof t->service);
        memcpy(t->container_id, v->container_id, sizeof t->container_id);
        memcpy(t->image_id, v->spec.image.image_id, sizeof t->image_id);
    }
    *ret_synced = snapshot->gateway.host.clock_synced;
    hf_snapshot_unref(snapshot);
    return count;
}

static int
reply_report(struct hf_exchange *x, struct hf_error *err)
{
    HF_AUTO_FREE struct hf_scan_target *targets = calloc(HF_SERVICES_MAX, sizeof *targets);
    struct hf_scan_clock clock = {.wall_ms = hf_clock_wall_ms()};
    struct hf_scan_settings settings;
    struct hf_json *report;
    size_t count;
    int rc;

    if (!targets)
        return hf_error_nomem(err);
    if (read_settings(x, &settings, err) < 0)
        return -1;
    count = read_targets(x, targets, &clock.synced);
    rc = hf_scanner_report(x->api->config->scanner, targets, count, &settings, clock, NULL, &report,
                           err);
    hf_scan_settings_done(&settings);
    return rc < 0 ? -1 : hf_reply_json(x, 200, report, err);
}

int
hf_handle_scan(struct hf_exchange *x, struct hf_error *err)
{
    return reply_report(x, err);
}

/* ---- new data ---- */

static int
take_piece(void *context, const void *data, size_t len, struct hf_error *err)
{
    return hf_scan_upload_add(context, data, len, err);
}

static int
take_data(struct hf_exchange *x, bool older, struct hf_scan_data_info *ret_info,
          struct hf_error *err)
{
    HF_AUTO(hf_scan_upload) struct hf_scan_upload *upload = NULL;

    if (hf_scan_upload_begin(x->api->config->scanner, &upload, err) < 0 ||
        hf_exchange_pass_body(x, HF_SCAN_DATA_MAX, UPLOAD_MS, take_piece, upload, err) < 0)
        return -1;
    return hf_scan_upload_end(upload, older, ret_info, err);
}

int
hf_handle_scan_data(struct hf_exchange *x, struct hf_error *err)
{
    uint64_t older = 0;
    const struct hf_query_field fields[] = {
        {.name = "older", .is_bool = true, .ret_value = &older},
    };
    struct hf_scan_data_info info;
    char created[HF_RFC3339_SIZE], what[sizeof info.suite + 160];

    if (hf_query_read(x->query, fields, HF_LEN(fields), err) < 0 ||
        take_data(x, older, &info, err) < 0)
        return -1;
    hf_clock_rfc3339(info.created_ms, created);
    snprintf(what, sizeof what, "took scan data of %s from %s (%u packages, %u vulnerabilities)",
             info.suite, created, info.packages, info.vulnerabilities);
    if (hf_core_audit(x->api->config->core, x->session.user, what, err) < 0)
        return -1;
    return reply_report(x, err);
}

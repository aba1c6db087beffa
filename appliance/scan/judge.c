// SPDX-License-Identifier: Apache-2.0
#include "scan/judge.h"

#include "base/clock.h"
#include "base/text.h"

#include <string.h>

void
hf_finding_id(const struct hf_finding *f, char out[HF_FINDING_ID_SIZE])
{
    hf_text_put(out, HF_FINDING_ID_SIZE, "%s/%s", f->packages->source, f->fixed);
}

int64_t
hf_scan_now(const struct hf_scan_data_info *info, int64_t wall_ms)
{
    return wall_ms > info->created_ms ? wall_ms : info->created_ms;
}

/* ---- acceptance ---- */

static const struct hf_json *
acceptance_of(const struct hf_scan_settings *s, const char *id)
{
    const struct hf_json *a = hf_json_first(s->accept);

    while (a && strcmp(hf_json_string(a, "id"), id) != 0)
        a = hf_json_next(a);
    return a;
}

static bool
is_expired(const struct hf_json *acceptance, int64_t now_ms)
{
    int64_t expires_ms;

    return !hf_clock_parse(hf_json_string(acceptance, "expires"), &expires_ms) ||
           now_ms >= expires_ms;
}

static bool
is_accepted(const struct hf_scan_settings *s, const char *id, int64_t now_ms)
{
    const struct hf_json *a = acceptance_of(s, id);

    return a && !is_expired(a, now_ms);
}

/* ---- verdict ---- */

enum hf_verdict
hf_finding_judge(const struct hf_finding *f, const struct hf_scan_settings *s, int64_t now_ms,
                 enum hf_severity *ret_severity)
{
    char id[HF_FINDING_ID_SIZE];
    size_t left = f->omitted;

    /* The worst first: those that are not named are none of them worse. */
    *ret_severity = f->omitted ? f->known[f->known_count - 1].severity : HF_SEVERITY_UNKNOWN;
    for (size_t i = 0; i < f->known_count; i++) {
        if (is_accepted(s, f->known[i].id, now_ms))
            continue;
        left++;
        if (f->known[i].severity > *ret_severity)
            *ret_severity = f->known[i].severity;
    }
    hf_finding_id(f, id);
    if (is_accepted(s, id, now_ms) || (f->known_count > 0 && left == 0)) {
        *ret_severity = f->known_count > 0 ? f->known[0].severity : HF_SEVERITY_UNKNOWN;
        return HF_VERDICT_ACCEPT;
    }
    return s->policy[*ret_severity];
}

enum hf_verdict
hf_scan_judge(const struct hf_scan_result *r, const struct hf_scan_settings *s, int64_t now_ms)
{
    enum hf_verdict worst = r->omitted ? s->policy[HF_SEVERITY_UNKNOWN] : HF_VERDICT_NONE;

    for (size_t i = 0; i < r->count; i++) {
        enum hf_severity severity;
        enum hf_verdict v = hf_finding_judge(&r->findings[i], s, now_ms, &severity);

        if (v > worst)
            worst = v;
    }
    return worst;
}

/* ---- printing ---- */

static void
put_acceptance(struct hf_json *o, const struct hf_scan_settings *s, const char *id, int64_t now_ms)
{
    const struct hf_json *a = acceptance_of(s, id);
    struct hf_json *copy = hf_json_copy(a);

    if (!a) {
        hf_json_put_null(o, "acceptance");
        return;
    }
    hf_json_remove(copy, "id");
    hf_json_put_bool(copy, "expired", is_expired(a, now_ms));
    hf_json_put(o, "acceptance", copy);
}

static struct hf_json *
print_known(const struct hf_scan_known *k, const struct hf_scan_settings *s, int64_t now_ms)
{
    struct hf_json *o = hf_json_object();

    hf_json_put_string(o, "id", k->id);
    hf_json_put_string(o, "severity", hf_severity_name(k->severity));
    if (k->remote == HF_SCAN_REMOTE_UNKNOWN)
        hf_json_put_null(o, "remote");
    else
        hf_json_put_bool(o, "remote", k->remote == HF_SCAN_REMOTE_YES);
    put_acceptance(o, s, k->id, now_ms);
    return o;
}

static struct hf_json *
print_finding(const struct hf_finding *f, const struct hf_scan_settings *s, int64_t now_ms)
{
    struct hf_json *o = hf_json_object(), *packages = hf_json_array(), *known = hf_json_array();
    char id[HF_FINDING_ID_SIZE];
    enum hf_severity severity;
    enum hf_verdict verdict = hf_finding_judge(f, s, now_ms, &severity);

    hf_finding_id(f, id);
    for (size_t i = 0; i < f->package_count; i++)
        hf_json_add_string(packages, f->packages[i].name);
    for (size_t i = 0; i < f->known_count; i++)
        hf_json_add(known, print_known(&f->known[i], s, now_ms));
    hf_json_put_string(o, "id", id);
    hf_json_put_string(o, "source", f->packages->source);
    hf_json_put(o, "packages", packages);
    hf_json_put_string(o, "installed", f->packages->source_version);
    hf_json_put_string(o, "fixed", f->fixed);
    hf_json_put_string(o, "severity", hf_severity_name(severity));
    hf_json_put_string(o, "verdict", hf_verdict_name(verdict));
    put_acceptance(o, s, id, now_ms);
    hf_json_put(o, "vulnerabilities", known);
    hf_json_put_int(o, "omitted", (int64_t)f->omitted);
    return o;
}

struct hf_json *
hf_scan_print_result(const struct hf_scan_result *r, const struct hf_scan_settings *s,
                     int64_t now_ms)
{
    struct hf_json *o = hf_json_object(), *findings = hf_json_array();

    for (size_t i = 0; i < r->count; i++)
        hf_json_add(findings, print_finding(&r->findings[i], s, now_ms));
    hf_json_put_int(o, "packages", (int64_t)r->checked);
    hf_json_put_int(o, "not_covered", (int64_t)(r->sbom->count - r->checked + r->sbom->foreign));
    hf_json_put_string(o, "verdict", hf_verdict_name(hf_scan_judge(r, s, now_ms)));
    hf_json_put(o, "findings", findings);
    hf_json_put_int(o, "omitted", (int64_t)r->omitted);
    return o;
}

struct hf_json *
hf_scan_print_info(const struct hf_scan_data_info *info, int64_t now_ms)
{
    struct hf_json *o = hf_json_object();

    hf_json_put_string(o, "suite", info->suite);
    hf_json_put_string(o, "distro", info->distro);
    hf_json_put_time(o, "created", info->created_ms);
    hf_json_put_int(o, "age_s", (now_ms - info->created_ms) / 1000);
    hf_json_put_int(o, "packages", info->packages);
    hf_json_put_int(o, "vulnerabilities", info->vulnerabilities);
    hf_json_put_bool(o, "rated", info->has_vulnerabilities);
    hf_json_put_string(o, "digest", info->digest);
    return o;
}

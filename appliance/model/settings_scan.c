// SPDX-License-Identifier: Apache-2.0
/* Known vulnerabilities: what is done about them, and which are accepted until when. */
#include "model/settings_parts.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

enum { ACCEPT_MAX = 64, ID_MAX = 224, REASON_MAX = 256 };

static const char AT[] = "/scan";
/* An id is what GET /scan shows: of a vulnerability, or of a finding ("openssl/3.5.1-1+deb13u2").
 */
static const char ID_CHARACTERS[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.:~/";
static const char *const actions[] = {"warn", "block", NULL};

void
hf_scan_settings_init(struct hf_scan_settings *s)
{
    *s = (struct hf_scan_settings){.accept = hf_json_array()};
    for (int i = 0; i < HF_SEVERITY_COUNT; i++)
        s->policy[i] = HF_VERDICT_WARN;
}

void
hf_scan_settings_done(struct hf_scan_settings *scan)
{
    hf_json_free(scan->accept);
    scan->accept = NULL;
}

static int
parse_policy(const struct hf_json *v, struct hf_scan_settings *s, struct hf_error *err)
{
    struct hf_json_field fields[HF_SEVERITY_COUNT];

    for (int i = 0; i < HF_SEVERITY_COUNT; i++)
        fields[i] = (struct hf_json_field){hf_severity_name(i), HF_JSON_STRING, false};
    if (hf_json_check(v, "/scan/policy", fields, HF_SEVERITY_COUNT, err) < 0)
        return -1;
    for (int i = 0; i < HF_SEVERITY_COUNT; i++) {
        const char *action = hf_json_string(v, hf_severity_name(i));

        if (hf_check_word(v, hf_severity_name(i), actions, "/scan/policy", err) < 0)
            return -1;
        if (action)
            s->policy[i] = strcmp(action, "block") == 0 ? HF_VERDICT_BLOCK : HF_VERDICT_WARN;
    }
    return 0;
}

static int
check_acceptance(const struct hf_json *v, const char *at, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {{"id", HF_JSON_STRING, true},
                                                  {"reason", HF_JSON_STRING, true},
                                                  {"expires", HF_JSON_STRING, true}};
    const char *id;
    int64_t expires_ms;

    if (hf_json_check(v, at, fields, HF_LEN(fields), err) < 0 ||
        hf_check_text(v, "id", ID_MAX, at, err) < 0 ||
        hf_check_text(v, "reason", REASON_MAX, at, err) < 0)
        return -1;
    id = hf_json_string(v, "id");
    if (strspn(id, ID_CHARACTERS) != strlen(id))
        return hf_wrong(err, at, "id",
                        "must be the id of a vulnerability ('CVE-2026-11') or of a finding "
                        "('openssl/3.5.1-1+deb13u2')");
    if (!hf_clock_parse(hf_json_string(v, "expires"), &expires_ms))
        return hf_wrong(err, at, "expires", "must be a time (RFC 3339), e.g. 2027-01-31T00:00:00Z");
    return 0;
}

static int
check_accept(const struct hf_json *list, struct hf_error *err)
{
    const struct hf_json *v = hf_json_first(list);
    char at[48];

    if (hf_json_count(list) > ACCEPT_MAX)
        return hf_wrong(err, AT, "accept", "must have at most 64 members");
    for (size_t i = 0; v; v = hf_json_next(v), i++) {
        snprintf(at, sizeof at, "/scan/accept/%zu", i);
        if (check_acceptance(v, at, err) < 0)
            return -1;
        for (const struct hf_json *o = hf_json_first(list); o != v; o = hf_json_next(o))
            if (strcmp(hf_json_string(o, "id"), hf_json_string(v, "id")) == 0)
                return hf_wrong(err, at, "id", "is there twice");
    }
    return 0;
}

int
hf_parse_scan(const struct hf_json *v, struct hf_scan_settings *s, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {{"policy", HF_JSON_OBJECT, false},
                                                  {"accept", HF_JSON_ARRAY, false}};
    const struct hf_json *policy = hf_json_get(v, "policy"), *accept = hf_json_get(v, "accept");
    struct hf_json *copy;

    if (hf_json_check(v, AT, fields, HF_LEN(fields), err) < 0 ||
        (policy && parse_policy(policy, s, err) < 0) || (accept && check_accept(accept, err) < 0))
        return -1;
    if (!accept)
        return 0;
    copy = hf_json_copy(accept);
    if (!copy)
        return hf_error_nomem(err);
    hf_json_free(s->accept);
    s->accept = copy;
    return 0;
}

struct hf_json *
hf_print_scan(const struct hf_scan_settings *s)
{
    struct hf_json *o = hf_json_object(), *policy = hf_json_object();

    for (int i = 0; i < HF_SEVERITY_COUNT; i++)
        hf_json_put_string(policy, hf_severity_name(i), hf_verdict_name(s->policy[i]));
    hf_json_put(o, "policy", policy);
    hf_json_put(o, "accept", hf_json_copy(s->accept));
    return o;
}

int
hf_scan_settings_read(const struct hf_json *section, struct hf_scan_settings *ret_scan,
                      struct hf_error *err)
{
    struct hf_scan_settings s;

    hf_scan_settings_init(&s);
    if (!s.accept)
        return hf_error_nomem(err);
    if (section && hf_parse_scan(section, &s, err) < 0) {
        hf_scan_settings_done(&s);
        return -1;
    }
    *ret_scan = s;
    return 0;
}

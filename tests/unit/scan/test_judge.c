// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "base/clock.h"
#include "scan/judge.h"

#include <string.h>

static int64_t
at(const char *text)
{
    int64_t ms = 0;

    assert_true(hf_clock_parse(text, &ms));
    return ms;
}

static struct hf_scan_settings
settings_of(const char *section)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_scan_settings s;
    struct hf_error err = {0};

    assert_int_equal(hf_json_parse(section, strlen(section), &doc, &err), 0);
    if (hf_scan_settings_read(doc, &s, &err) < 0)
        fail_msg("%s", err.message);
    return s;
}

static const struct hf_scan_package package = {.name = "libssl3t64",
                                               .version = "3.5.1-1",
                                               .source = "openssl",
                                               .source_version = "3.5.1-1",
                                               .distro = "debian-13"};
static struct hf_scan_known known[] = {
    {"CVE-2026-1", HF_SEVERITY_HIGH, HF_SCAN_REMOTE_YES},
    {"CVE-2026-2", HF_SEVERITY_LOW, HF_SCAN_REMOTE_UNKNOWN},
};
static struct hf_finding finding = {.packages = &package,
                                    .package_count = 1,
                                    .fixed = "3.5.1-1+deb13u2",
                                    .known = known,
                                    .known_count = 2};

#define UNTIL(id)                                                                                  \
    "{\"id\":\"" id "\",\"reason\":\"no way in\",\"expires\":\"2027-01-31T00:00:00Z\"}"
#define BLOCK_HIGH "\"policy\":{\"high\":\"block\"}"

static void
verdicts_follow_policy_and_acceptance(void **state)
{
    static const struct {
        const char *section, *now;
        enum hf_verdict verdict;
        enum hf_severity severity;
    } rows[] = {
        {"{}", "2026-11-26T00:00:00Z", HF_VERDICT_WARN, HF_SEVERITY_HIGH},
        {"{" BLOCK_HIGH "}", "2026-11-26T00:00:00Z", HF_VERDICT_BLOCK, HF_SEVERITY_HIGH},
        {"{" BLOCK_HIGH ",\"accept\":[" UNTIL("CVE-2026-1") "]}", "2026-11-26T00:00:00Z",
         HF_VERDICT_WARN, HF_SEVERITY_LOW},
        {"{" BLOCK_HIGH ",\"accept\":[" UNTIL("CVE-2026-1") "]}", "2027-01-31T00:00:00Z",
         HF_VERDICT_BLOCK, HF_SEVERITY_HIGH},
        {"{\"accept\":[" UNTIL("CVE-2026-1") "," UNTIL("CVE-2026-2") "]}", "2027-01-30T23:59:59Z",
         HF_VERDICT_ACCEPT, HF_SEVERITY_HIGH},
        {"{\"accept\":[" UNTIL("openssl/3.5.1-1+deb13u2") "]}", "2026-11-26T00:00:00Z",
         HF_VERDICT_ACCEPT, HF_SEVERITY_HIGH},
        {"{\"accept\":[" UNTIL("openssl/3.5.1-1+deb13u1") "]}", "2026-11-26T00:00:00Z",
         HF_VERDICT_WARN, HF_SEVERITY_HIGH},
        {"{\"accept\":[" UNTIL("openssl/3.5.1-1+deb13u2") "]}", "2027-02-01T00:00:00Z",
         HF_VERDICT_WARN, HF_SEVERITY_HIGH},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        struct hf_scan_settings s = settings_of(rows[i].section);
        enum hf_severity severity;
        enum hf_verdict verdict = hf_finding_judge(&finding, &s, at(rows[i].now), &severity);

        if (verdict != rows[i].verdict || severity != rows[i].severity)
            fail_msg("row %zu: %s, %s", i, hf_verdict_name(verdict), hf_severity_name(severity));
        hf_scan_settings_done(&s);
    }
}

/* Nobody has accepted what is not named. */
static void
what_is_only_counted_is_not_accepted(void **state)
{
    struct hf_scan_settings s =
        settings_of("{\"accept\":[" UNTIL("CVE-2026-1") "," UNTIL("CVE-2026-2") "]}");
    struct hf_finding more = finding;
    enum hf_severity severity;

    (void)state;
    more.omitted = 1;
    assert_int_equal(hf_finding_judge(&more, &s, at("2026-11-26T00:00:00Z"), &severity),
                     HF_VERDICT_WARN);
    assert_int_equal(severity, HF_SEVERITY_LOW);
    hf_scan_settings_done(&s);
}

static void
nothing_known_is_not_rated(void **state)
{
    struct hf_scan_settings s = settings_of("{\"policy\":{\"unknown\":\"block\"}}");
    struct hf_finding bare = finding;
    const struct hf_sbom sbom = {0};
    struct hf_scan_result r = {.sbom = &sbom, .findings = &bare, .count = 1};
    enum hf_severity severity;

    (void)state;
    bare.known_count = 0;
    assert_int_equal(hf_finding_judge(&bare, &s, 0, &severity), HF_VERDICT_BLOCK);
    assert_int_equal(severity, HF_SEVERITY_UNKNOWN);
    assert_int_equal(hf_scan_judge(&r, &s, 0), HF_VERDICT_BLOCK);
    r.count = 0;
    assert_int_equal(hf_scan_judge(&r, &s, 0), HF_VERDICT_NONE);
    r.omitted = 1;
    assert_int_equal(hf_scan_judge(&r, &s, 0), HF_VERDICT_BLOCK);
    hf_scan_settings_done(&s);
}

static void
a_clock_before_the_data_is_wrong(void **state)
{
    const struct hf_scan_data_info info = {.created_ms = at("2026-11-20T08:00:00Z")};

    (void)state;
    assert_int_equal(hf_scan_now(&info, 0), info.created_ms);
    assert_int_equal(hf_scan_now(&info, info.created_ms + 5), info.created_ms + 5);
}

static void
a_result_prints_the_same_always(void **state)
{
    struct hf_scan_settings s = settings_of("{\"accept\":[" UNTIL("CVE-2026-2") "]}");
    struct hf_sbom sbom = {.count = 3, .foreign = 2};
    const struct hf_scan_result r = {.sbom = &sbom, .findings = &finding, .count = 1, .checked = 1};
    HF_AUTO(hf_json) struct hf_json *o = hf_scan_print_result(&r, &s, at("2027-02-01T00:00:00Z"));
    HF_AUTO_FREE char *text = NULL;

    (void)state;
    assert_int_equal(hf_json_print(o, &text, NULL), 0);
    assert_string_equal(
        text,
        "{\"packages\":1,\"not_covered\":4,\"verdict\":\"warn\",\"findings\":[{"
        "\"id\":\"openssl/3.5.1-1+deb13u2\",\"source\":\"openssl\",\"packages\":[\"libssl3t64\"],"
        "\"installed\":\"3.5.1-1\",\"fixed\":\"3.5.1-1+deb13u2\",\"severity\":\"high\","
        "\"verdict\":\"warn\",\"acceptance\":null,\"vulnerabilities\":[{\"id\":\"CVE-2026-1\","
        "\"severity\":\"high\",\"remote\":true,\"acceptance\":null},{\"id\":\"CVE-2026-2\","
        "\"severity\":\"low\",\"remote\":null,\"acceptance\":{\"reason\":\"no way in\","
        "\"expires\":\"2027-01-31T00:00:00Z\",\"expired\":true}}],\"omitted\":0}],\"omitted\":0}");
    hf_scan_settings_done(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts_follow_policy_and_acceptance),
        cmocka_unit_test(what_is_only_counted_is_not_accepted),
        cmocka_unit_test(nothing_known_is_not_rated),
        cmocka_unit_test(a_clock_before_the_data_is_wrong),
        cmocka_unit_test(a_result_prints_the_same_always),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "base/cleanup.h"
#include "supervisor/own_health.h"

static void
what_is_asked_and_what_comes_of_it(void **state)
{
    static const struct {
        enum hf_own_health kind;
        int64_t at_ms; /* of the last answer; it runs since 100000 */
        bool ok;
        int64_t now_ms;
        enum hf_health health;
        const char *reason;
    } rows[] = {
        {HF_OWN_HEALTH_NONE, 0, false, 100001, HF_HEALTH_HEALTHY, ""},
        {HF_OWN_HEALTH_TCP, 0, false, 100001, HF_HEALTH_STARTING, "has not answered yet"},
        {HF_OWN_HEALTH_TCP, 99000, true, 100001, HF_HEALTH_STARTING, "has not answered yet"},
        {HF_OWN_HEALTH_TCP, 101000, true, 102000, HF_HEALTH_HEALTHY, ""},
        {HF_OWN_HEALTH_HTTP, 101000, false, 102000, HF_HEALTH_STARTING, "has not answered yet"},
        {HF_OWN_HEALTH_HTTP, 140000, false, 141000, HF_HEALTH_UNREACHABLE, "answers 503"},
        {HF_OWN_HEALTH_HTTP, 140000, true, 141000, HF_HEALTH_HEALTHY, ""},
        {HF_OWN_HEALTH_HTTP, 140000, true, 140000 + HF_OWN_FRESH_MS, HF_HEALTH_UNREACHABLE,
         "could not be asked whether it works"},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        struct hf_probe_result probe = {rows[i].at_ms, rows[i].ok, "answers 503"};
        struct hf_health_verdict v;

        hf_own_health_judge(rows[i].kind, &probe, 100000, rows[i].now_ms, &v);
        if (v.health != rows[i].health)
            fail_msg("row %zu: %s", i, hf_health_name(v.health));
        assert_string_equal(v.reason, rows[i].reason);
        assert_int_equal(*v.advice != '\0', *v.reason != '\0'); /* every reason says what to do */
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked_and_what_comes_of_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

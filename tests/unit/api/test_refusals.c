// SPDX-License-Identifier: Apache-2.0
/* What did not come about, for the audit log, and that nobody can fill it so. */
#include "unit.h"

#include "call.h"
#include "world.h"

#include "api/refusals.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

static const char RESTART[] = "/api/v1/services/broker/restart";

/* ---- how often ---- */

static const int routes[2 * HF_REFUSALS_MAX]; /* only their addresses count */

static struct hf_refusal
refusal(const char *who, const char *from, int route, int64_t at_ms)
{
    struct hf_refusal one = {.what = &routes[route], .status = 403, .at_ms = at_ms};

    hf_text_put(one.who, sizeof one.who, "%s", who);
    hf_text_put(one.from, sizeof one.from, "%s", from);
    return one;
}

static bool
told(struct hf_refusals *r, struct hf_refusal one)
{
    return hf_refusals_tell(r, &one);
}

static void
the_same_is_told_once_in_ten_minutes(void **state)
{
    struct hf_refusal failed = refusal("eve", "10.0.0.7", 0, 5000);
    struct hf_refusals r;

    (void)state;
    failed.status = 500;
    hf_refusals_init(&r);
    assert_true(told(&r, refusal("eve", "10.0.0.7", 0, 1000)));
    for (int64_t at = 1000; at < 1000 + HF_REFUSALS_AGAIN_MS; at += 7000)
        assert_false(told(&r, refusal("eve", "10.0.0.7", 0, at)));
    assert_true(told(&r, refusal("ann", "10.0.0.7", 0, 2000)));
    assert_true(told(&r, refusal("eve", "10.0.0.8", 0, 3000)));
    assert_true(told(&r, refusal("eve", "10.0.0.7", 1, 4000)));
    assert_true(told(&r, failed));
    assert_true(told(&r, refusal("eve", "10.0.0.7", 0, 1000 + HF_REFUSALS_AGAIN_MS)));
    hf_refusals_done(&r);
}

static void
what_is_always_another_is_told_once_a_second(void **state)
{
    struct hf_refusals r;
    int64_t now = 1000;
    int first = 0, later = 0;

    (void)state;
    hf_refusals_init(&r);
    for (int i = 0; i < 2 * HF_REFUSALS_MAX; i++)
        first += told(&r, refusal("eve", "10.0.0.7", i, now));
    assert_int_equal(first, HF_REFUSALS_MAX);
    for (int i = 0; i < 1000; i++) {
        char from[HF_ADDRESS_SIZE];

        snprintf(from, sizeof from, "10.0.1.%d", i);
        now += 10;
        later += told(&r, refusal("eve", from, 0, now));
    }
    assert_int_equal(later, 10 * 1000 / HF_REFUSALS_APART_MS);
    hf_refusals_done(&r);
}

/* ---- what is told ---- */

static void
ask(const char *method, const char *path, const char *body, int status)
{
    char len[24];
    struct call c = {.headers = {"Host", "10.0.0.1", "Cookie", call_cookie, "Content-Length", len,
                                 "Content-Type", "application/json"},
                     .body = body};

    snprintf(len, sizeof len, "%zu", strlen(body));
    if (!*body)
        c.headers[6] = NULL;
    world_not_done[0] = '\0';
    call_serve(&c, method, path, "", status);
    hf_buf_done(&c.out);
}

static void
what_did_not_come_about_is_told(void **state)
{
    (void)state;
    world_command_error = HF_ERROR_CONFLICT;
    ask("POST", RESTART, "", 409);
    assert_string_equal(world_not_done,
                        "admin: tried, as admin, POST /api/v1/services/broker/restart: no -> "
                        "refused 409");
    ask("POST", RESTART, "", 409);
    assert_string_equal(world_not_done, ""); /* once */
    world_command_error = HF_ERROR_NO_SPACE;
    ask("POST", RESTART, "", 507);
    assert_string_equal(world_not_done,
                        "admin: tried, as admin, POST /api/v1/services/broker/restart: no -> "
                        "failed 507");
    world_command_error = HF_ERROR_NONE;
}

/* A slip of the hand, a question, what only looks, and what identity itself has written down. */
static void
what_is_no_deed_is_not_told(void **state)
{
    (void)state;
    ask("POST", RESTART, "{}", 400);
    assert_string_equal(world_not_done, "");
    ask("POST", "/api/v1/tokens", "{\"name\":\"x\"}", 422);
    assert_string_equal(world_not_done, "");
    ask("GET", "/api/v1/services/nobody", "", 404);
    assert_string_equal(world_not_done, "");
    ask("POST", "/api/v1/session/reauth", "{\"password\":\"wrong password\"}", 403);
    assert_string_equal(world_not_done, "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_is_told_once_in_ten_minutes),
        cmocka_unit_test(what_is_always_another_is_told_once_a_second),
        cmocka_unit_test_setup_teardown(what_did_not_come_about_is_told, call_set_up,
                                        call_tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_deed_is_not_told, call_set_up, call_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

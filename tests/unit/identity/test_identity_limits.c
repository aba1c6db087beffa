// SPDX-License-Identifier: Apache-2.0
/* Throttling, sessions and codes, on a clock of the test's own. */
#include "unit.h"

#include "base/clock.h"
#include "identity/code.h"
#include "identity/session.h"
#include "identity/throttle.h"

#include <stdio.h>
#include <string.h>

enum { SECOND = 1000, HOUR = 3600 * SECOND };

static const struct hf_account admin = {.user = "admin", .role = HF_ROLE_ADMIN};

/* ---- throttling ---- */

static void
wrong_guesses_wait_longer_each_time(void **state)
{
    static struct hf_throttle t;
    int64_t now = 1000, last = 0, wait;

    (void)state;
    memset(&t, 0, sizeof t);
    for (int i = 0; i < HF_THROTTLE_FREE; i++)
        assert_int_equal(hf_throttle_begin(&t, "10.0.0.9", "admin", now), 0);
    for (int i = 0; i < 12; i++) {
        wait = hf_throttle_begin(&t, "10.0.0.9", "admin", now);
        assert_true(wait > last || wait == HF_THROTTLE_MAX_MS);
        assert_true(hf_throttle_begin(&t, "10.0.0.9", "admin", now + wait - 1) > 0);
        now += wait;
        assert_int_equal(hf_throttle_begin(&t, "10.0.0.9", "admin", now), 0);
        last = wait;
    }
    assert_int_equal(last, HF_THROTTLE_MAX_MS);
    now += HF_THROTTLE_FORGET_MS;
    for (int i = 0; i < HF_THROTTLE_FREE; i++)
        assert_int_equal(hf_throttle_begin(&t, "10.0.0.9", "admin", now), 0);
}

static void
owner_is_not_locked_out_by_others(void **state)
{
    static struct hf_throttle t;
    char address[32];
    int64_t now = 1000;

    (void)state;
    memset(&t, 0, sizeof t);
    for (int i = 0; i < 100; i++) {
        snprintf(address, sizeof address, "10.0.0.%d", i % 50);
        (void)!hf_throttle_begin(&t, address, "admin", now += 10);
    }
    assert_true(hf_throttle_begin(&t, "10.0.0.1", "admin", now) > 0);
    assert_int_equal(hf_throttle_begin(&t, "192.168.1.2", "admin", now), 0);
    hf_throttle_right(&t, "192.168.1.2", "admin");
    assert_int_equal(hf_throttle_begin(&t, "192.168.1.2", "admin", now), 0);
}

static void
account_delay_counts_from_ones_own_guess(void **state)
{
    static struct hf_throttle t;
    char address[32];
    int64_t now = 1000, wait;

    (void)state;
    memset(&t, 0, sizeof t);
    assert_int_equal(hf_throttle_begin(&t, "192.168.1.2", "admin", now), 0);
    for (int i = 0; i < 60; i++) {
        snprintf(address, sizeof address, "10.0.0.%d", i);
        assert_int_equal(hf_throttle_begin(&t, address, "admin", now), 0);
    }
    wait = hf_throttle_begin(&t, "192.168.1.2", "admin", now);
    assert_int_equal(wait, HF_THROTTLE_ACCOUNT_MAX_MS);
    for (int i = 0; i < 60; i++) { /* others going on does not prolong it */
        snprintf(address, sizeof address, "10.0.1.%d", i);
        assert_int_equal(hf_throttle_begin(&t, address, "admin", now + SECOND), 0);
    }
    assert_int_equal(hf_throttle_begin(&t, "192.168.1.2", "admin", now + wait), 0);
}

static void
many_addresses_do_not_wash_the_count_away(void **state)
{
    static struct hf_throttle t;
    char address[32];
    int64_t now = 1000;
    int passed = 0;

    (void)state;
    memset(&t, 0, sizeof t);
    for (int i = 0; i < 8; i++)
        (void)!hf_throttle_begin(&t, "10.9.9.9", "admin", now += HF_THROTTLE_MAX_MS);
    for (int i = 0; i < 3 * HF_THROTTLE_ADDRESSES; i++) {
        snprintf(address, sizeof address, "10.1.%d.%d", i / 250, i % 250);
        passed += hf_throttle_begin(&t, address, "admin", now) == 0;
    }
    assert_int_equal(passed, HF_THROTTLE_ADDRESSES - 1);
    assert_true(hf_throttle_begin(&t, "10.9.9.9", "admin", now) > 0);
}

static void
undone_guess_does_not_count(void **state)
{
    static struct hf_throttle t;

    (void)state;
    memset(&t, 0, sizeof t);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(hf_throttle_begin(&t, "10.0.0.9", "admin", 1000), 0);
        hf_throttle_undo(&t, "10.0.0.9", "admin");
    }
}

/* ---- sessions ---- */

static struct hf_live_session *
add(struct hf_sessions *s, const char *token, int64_t wall, int64_t mono)
{
    char hash[HF_TOKEN_HASH_SIZE], evicted[HF_TOKEN_HASH_SIZE];

    hf_token_hash(token, hash);
    return hf_sessions_add(s, hash, &admin, wall, mono, evicted);
}

static bool
alive(struct hf_sessions *s, const char *token, int64_t mono)
{
    char hash[HF_TOKEN_HASH_SIZE];

    hf_token_hash(token, hash);
    return hf_sessions_find(s, hash, mono) != NULL;
}

static void
idle_sessions_end(void **state)
{
    static struct hf_sessions s;

    (void)state;
    memset(&s, 0, sizeof s);
    add(&s, "a", 5000, 0);
    assert_true(alive(&s, "a", 12LL * HOUR - 1));
    assert_false(alive(&s, "a", 12LL * HOUR));
    assert_false(alive(&s, "a", 0));
}

static void
used_sessions_end_after_a_week(void **state)
{
    static struct hf_sessions s;
    struct hf_live_session *l;

    (void)state;
    memset(&s, 0, sizeof s);
    l = add(&s, "a", 5000, 0);
    for (int64_t now = 0; now < 7LL * 24 * HOUR; now += HOUR) {
        assert_true(alive(&s, "a", now));
        l->used_ms = now;
    }
    assert_false(alive(&s, "a", 7LL * 24 * HOUR));
}

static void
sixty_fifth_session_takes_the_idlest_place(void **state)
{
    static struct hf_sessions s;
    char token[16], hash[HF_TOKEN_HASH_SIZE], evicted[HF_TOKEN_HASH_SIZE];

    (void)state;
    memset(&s, 0, sizeof s);
    for (int i = 0; i < HF_SESSIONS_MAX; i++) {
        snprintf(token, sizeof token, "t%d", i);
        add(&s, token, 0, i)->used_ms = i == 5 ? -10 : i;
    }
    hf_token_hash("new", hash);
    hf_sessions_add(&s, hash, &admin, 0, 100, evicted);
    hf_token_hash("t5", hash);
    assert_string_equal(evicted, hash);
    assert_false(alive(&s, "t5", 100));
    assert_true(alive(&s, "t4", 100));
    assert_true(alive(&s, "new", 100));
}

/* pain 1: a wall clock that jumps back to 1970, or on to the true date, over a restart. */
static void
pain_01_saved_session_survives_clock_jumps(void **state)
{
    static struct hf_sessions s, after;
    struct hf_session_record r;
    struct hf_live_session *l;
    const int64_t wall = 1764000000000;

    (void)state;
    memset(&s, 0, sizeof s);
    l = add(&s, "a", wall, 1000);
    l->used_ms = 1000 + HOUR;
    hf_session_record(l, wall + HOUR, 1000 + HOUR, &r);

    memset(&after, 0, sizeof after); /* an hour later, rebooted, clock right */
    hf_sessions_load(&after, &r, wall + 2LL * HOUR, 50);
    assert_true(alive(&after, "a", 50 + 11LL * HOUR - 1));
    assert_false(alive(&after, "a", 50 + 11LL * HOUR));

    memset(&after, 0, sizeof after); /* clock lost */
    hf_sessions_load(&after, &r, 0, 50);
    assert_true(alive(&after, "a", 50 + HOUR));
    assert_false(alive(&after, "a", 50 + 12LL * HOUR));

    memset(&after, 0, sizeof after); /* long away */
    hf_sessions_load(&after, &r, wall + 14LL * HOUR, 50);
    assert_false(alive(&after, "a", 50));

    r.expires_ms = INT64_MAX / 2; /* a record that promises too much */
    memset(&after, 0, sizeof after);
    hf_sessions_load(&after, &r, 0, 0);
    assert_true(after.list[0].end_ms <= 7LL * 24 * HOUR);
}

/* pain 1: saved in 1970, before the clock was ever set; by the next start it is. */
static void
pain_01_session_of_1970_outlives_the_first_ntp(void **state)
{
    static struct hf_sessions s, after;
    struct hf_session_record r;
    struct hf_live_session *l;
    const int64_t wall_1970 = 20 * 1000, wall_now = 1795700000000;

    (void)state;
    memset(&s, 0, sizeof s);
    l = add(&s, "a", wall_1970, 1000);
    hf_session_record(l, wall_1970 + HOUR, 1000 + HOUR, &r);
    memset(&after, 0, sizeof after);
    hf_sessions_load(&after, &r, wall_now, 50);
    assert_true(alive(&after, "a", 51));
    assert_true(after.list[0].end_ms <= 50 + 7LL * 24 * HOUR); /* and not for longer than it had */

    /* Set years on while we ran: saved again, it has the same time left. */
    hf_session_record(l, wall_now, 1000 + 2LL * HOUR, &r);
    assert_int_equal(r.seen_ms,
                     wall_now - 2LL * HOUR); /* when it was used, not when it was saved */
    memset(&after, 0, sizeof after);
    hf_sessions_load(&after, &r, wall_now + HOUR, 50);
    assert_true(alive(&after, "a", 50 + 9LL * HOUR - 1));
    assert_false(alive(&after, "a", 50 + 9LL * HOUR));
}

static void
pain_01_a_jump_is_told_from_a_drift(void **state)
{
    const int64_t wall = 1795700000000;

    (void)state;
    assert_false(hf_clock_jumped(wall, 1000, wall + HOUR, 1000 + HOUR));
    assert_false(hf_clock_jumped(wall, 1000, wall + HOUR + 5000, 1000 + HOUR));
    assert_true(hf_clock_jumped(20000, 1000, wall, 2000));
    assert_true(hf_clock_jumped(wall, 1000, 20000, 2000));
}

/* ---- codes and passwords ---- */

static void
codes_are_compared_without_case_and_dashes(void **state)
{
    char code[HF_SETUP_CODE_SIZE], hash[HF_CODE_HASH_SIZE], other[HF_CODE_HASH_SIZE], typed[32];

    (void)state;
    hf_setup_code_make(code);
    assert_int_equal(strlen(code), 14);
    assert_int_equal(hf_setup_code_hash(code, hash, NULL), 0);
    assert_int_equal(hf_setup_code_hash(code, other, NULL), 0);
    assert_string_not_equal(hash, other);
    assert_true(hf_setup_code_verify(code, hash));
    assert_true(hf_setup_code_verify(code, other));
    snprintf(typed, sizeof typed, " %.4s%.4s %.4s ", code, code + 5, code + 10);
    for (char *c = typed; *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
    assert_true(hf_setup_code_verify(typed, hash));
    code[0] = code[0] == '2' ? '3' : '2';
    assert_false(hf_setup_code_verify(code, hash));
    assert_false(hf_setup_code_verify("", hash));
    assert_false(hf_setup_code_verify(code, ""));
    assert_int_equal(hf_setup_code_hash("ABCD-EFGH-JKM", hash, NULL), -1);
    assert_int_equal(hf_setup_code_hash("ABCD-EFGH-JKM1", hash, NULL), -1);
    assert_int_equal(hf_setup_code_hash("ABCD-EFGH-JKMNP", hash, NULL), -1);
}

static void
password_rules(void **state)
{
    char longest[HF_PASSWORD_MAX + 2];
    struct hf_error err = {0};

    (void)state;
    memset(longest, 'x', sizeof longest);
    longest[HF_PASSWORD_MAX + 1] = '\0';
    assert_int_equal(hf_password_check("nine char", NULL, &err), -1);
    assert_string_equal(err.pointer, "/password");
    assert_int_equal(err.class, HF_ERROR_INVALID);
    assert_int_equal(hf_password_check("ten chars!", NULL, &err), 0);
    assert_int_equal(hf_password_check("äöüßäöüßä", NULL, &err), -1); /* 18 bytes, 9 characters */
    assert_int_equal(hf_password_check("\xff\xfe 123456789", NULL, &err), -1);
    assert_int_equal(hf_password_check("Pump-House-3", "pump-house-3", &err), -1);
    assert_int_equal(hf_password_check(longest, NULL, &err), -1);
    longest[HF_PASSWORD_MAX] = '\0';
    assert_int_equal(hf_password_check(longest, NULL, &err), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_guesses_wait_longer_each_time),
        cmocka_unit_test(owner_is_not_locked_out_by_others),
        cmocka_unit_test(account_delay_counts_from_ones_own_guess),
        cmocka_unit_test(many_addresses_do_not_wash_the_count_away),
        cmocka_unit_test(undone_guess_does_not_count),
        cmocka_unit_test(idle_sessions_end),
        cmocka_unit_test(used_sessions_end_after_a_week),
        cmocka_unit_test(sixty_fifth_session_takes_the_idlest_place),
        cmocka_unit_test(pain_01_saved_session_survives_clock_jumps),
        cmocka_unit_test(pain_01_session_of_1970_outlives_the_first_ntp),
        cmocka_unit_test(pain_01_a_jump_is_told_from_a_drift),
        cmocka_unit_test(codes_are_compared_without_case_and_dashes),
        cmocka_unit_test(password_rules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

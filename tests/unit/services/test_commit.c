// SPDX-License-Identifier: Apache-2.0
#include "common/commit.h"

#include "common/record.h"
#include "unit.h"

#include <string.h>

/* A buffer that refuses a batch for one word in it. */
struct buffer {
    struct hf_buf taken; /* payloads, one letter each */
    struct hf_buf quarantined;
    unsigned calls;
    unsigned away; /* so many calls before it answers */
    bool refuses_reasons;
};

static int
take(void *ctx, const char *frames, size_t len, size_t count, int64_t *ret_left,
     struct hf_error *err)
{
    struct buffer *b = ctx;
    struct hf_record r;
    size_t at = 0, seen = 0;

    b->calls++;
    *ret_left = 7;
    if (b->away && b->away--)
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "not now");
    while (hf_record_decode(frames, len, &at, &r, err) > 0) {
        seen++;
        if (*r.payload == '!' && (!r.reason_len || b->refuses_reasons))
            return hf_error_set(err, HF_ERROR_MALFORMED, "it has a '!'");
    }
    assert_int_equal(seen, count);
    for (at = 0; hf_record_decode(frames, len, &at, &r, err) > 0;)
        assert_int_equal(hf_buf_add(r.reason_len ? &b->quarantined : &b->taken, r.payload, 1, err),
                         0);
    return 0;
}

static void
hear(void *owner, const char *reason)
{
    snprintf(owner, 64, "%s", reason);
}

static void
make_frames(struct hf_buf *frames, const char *payloads)
{
    for (size_t i = 0; payloads[i]; i++) {
        const struct hf_record r = {
            .time_ms = 1, .topic = "a", .topic_len = 1, .payload = payloads + i, .payload_len = 1};

        assert_int_equal(hf_record_encode(&r, frames, NULL), 0);
    }
}

static struct buffer
try(const char *payloads, struct buffer b, struct hf_commit *c)
{
    HF_AUTO_BUF struct hf_buf frames = HF_BUF_INIT(HF_RECORD_BODY_MAX);
    static char said[64];

    b.taken = b.quarantined = HF_BUF_INIT(4096);
    *c = (struct hf_commit){.commit = take, .ctx = &b, .say = hear, .owner = said};
    make_frames(&frames, payloads);
    assert_true(hf_commit_frames(c, frames.data, frames.len, strlen(payloads)));
    assert_string_equal(said, "");
    c->ctx = NULL;
    return b;
}

static void
done(struct buffer *b)
{
    hf_buf_done(&b->taken);
    hf_buf_done(&b->quarantined);
}

static void
a_batch_that_is_taken_goes_once(void **state)
{
    struct hf_commit c;
    struct buffer b = try("abcdef", (struct buffer){0}, &c);

    (void)state;
    assert_string_equal(b.taken.data, "abcdef");
    assert_int_equal(b.calls, 1);
    assert_int_equal(c.window_left_ms, 7);
    done(&b);
}

static void
what_is_refused_holds_up_nothing(void **state)
{
    struct hf_commit c;
    struct buffer b = try("ab!cde!fghijklmnop!", (struct buffer){0}, &c);

    (void)state;
    assert_string_equal(b.taken.data, "abcdefghijklmnop");
    assert_string_equal(b.quarantined.data, "!!!");
    assert_int_equal(c.refused, 0);
    done(&b);
}

static void
what_is_refused_with_its_reason_too_is_counted(void **state)
{
    struct hf_commit c;
    struct buffer b = try("ab!c", (struct buffer){.refuses_reasons = true}, &c);

    (void)state;
    assert_string_equal(b.taken.data, "abc");
    assert_int_equal(c.refused, 1);
    done(&b);
}

static void
a_buffer_that_is_away_is_waited_for(void **state)
{
    struct hf_commit c;
    struct buffer b = try("abc", (struct buffer){.away = 2}, &c);

    (void)state;
    assert_string_equal(b.taken.data, "abc");
    assert_int_equal(b.calls, 3);
    done(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_that_is_taken_goes_once),
        cmocka_unit_test(what_is_refused_holds_up_nothing),
        cmocka_unit_test(what_is_refused_with_its_reason_too_is_counted),
        cmocka_unit_test(a_buffer_that_is_away_is_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

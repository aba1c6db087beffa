// SPDX-License-Identifier: Apache-2.0
#include "sealed.h"

#include <stdlib.h>

enum { CHUNK_ON_DISK = HF_SEAL_CHUNK + HF_SEAL_CHUNK_MORE };

static void
make(struct hf_buf *file, const void *plain, size_t len)
{
    HF_AUTO(hf_seal) struct hf_seal *s = sealed_begin(file);
    const char *from = plain;

    while (len > 0) { /* in odd pieces */
        size_t n = len < 70001 ? len : 70001;

        assert_int_equal(hf_seal_add(s, from, n, NULL), 0);
        from += n;
        len -= n;
    }
    assert_int_equal(hf_seal_end(s, NULL), 0);
}

static int
keep_plain(void *context, const void *data, size_t len, struct hf_error *err)
{
    struct sealed_reader *r = context;

    return hf_buf_add(&r->out, data, len, err);
}

/* Reads it in pieces of so many bytes; the class of the error, whose message has text. */
static enum hf_error_class
read_it(const void *file, size_t len, size_t step, struct sealed_reader *r, const char *text)
{
    const struct hf_unseal_ops ops = {.context = r, .key = sealed_key, .sink = keep_plain};
    HF_AUTO(hf_unseal) struct hf_unseal *u = NULL;
    struct hf_error err = {0};
    const char *from = file;
    int rc = 0;

    assert_int_equal(hf_unseal_new(&ops, &u, NULL), 0);
    while (len > 0 && rc == 0) {
        size_t n = len < step ? len : step;
        HF_AUTO_FREE char *exact = malloc(n); /* a byte too far is seen */

        memcpy(exact, from, n);
        rc = hf_unseal_add(u, exact, n, &err);
        from += n;
        len -= n;
    }
    if (rc == 0)
        rc = hf_unseal_end(u, &err);
    if (rc < 0 && (!err.message[0] || (text && !strstr(err.message, text))))
        fail_msg("no '%s' in '%s'", text ? text : "", err.message);
    return rc < 0 ? err.class : HF_ERROR_NONE;
}

static void
expect_refused(const struct hf_buf *file, const char *text)
{
    struct sealed_reader r = {.secret = RIGHT_KEY, .out = HF_BUF_INIT(SEALED_MAX)};

    assert_int_equal(read_it(file->data, file->len, file->len ? file->len : 1, &r, text),
                     HF_ERROR_INVALID);
    hf_buf_done(&r.out);
}

static void
fill(struct hf_buf *b, size_t len)
{
    unsigned seed = 5;

    assert_non_null(hf_buf_reserve(b, len + 1));
    for (size_t i = 0; i < len; i++)
        b->data[i] = (char)rand_r(&seed);
    b->len = len;
}

static void
what_goes_in_comes_out(void **state)
{
    static const size_t sizes[] = {0,
                                   1,
                                   HF_SEAL_CHUNK - 1,
                                   HF_SEAL_CHUNK,
                                   HF_SEAL_CHUNK + 1,
                                   3 * HF_SEAL_CHUNK,
                                   3 * HF_SEAL_CHUNK + 500};
    static const size_t steps[] = {1, 53, 4096, HF_SEAL_CHUNK, 1000000};

    (void)state;
    for (size_t i = 0; i < HF_LEN(sizes); i++) {
        HF_AUTO_BUF struct hf_buf plain = HF_BUF_INIT(SEALED_MAX), file = HF_BUF_INIT(SEALED_MAX);
        size_t chunks = sizes[i] ? (sizes[i] + HF_SEAL_CHUNK - 1) / HF_SEAL_CHUNK : 1;

        fill(&plain, sizes[i]);
        make(&file, plain.data, sizes[i]);
        assert_int_equal(file.len, HF_SEAL_HEAD_SIZE + sizes[i] + chunks * HF_SEAL_CHUNK_MORE);
        for (size_t k = 0; k < HF_LEN(steps); k++) {
            struct sealed_reader r = {.secret = RIGHT_KEY, .out = HF_BUF_INIT(SEALED_MAX)};

            assert_int_equal(read_it(file.data, file.len, steps[k], &r, NULL), HF_ERROR_NONE);
            assert_int_equal(r.keys, 1);
            assert_int_equal(r.out.len, sizes[i]);
            assert_true(sizes[i] == 0 || memcmp(r.out.data, plain.data, sizes[i]) == 0);
            hf_buf_done(&r.out);
        }
    }
}

static void
nothing_of_it_can_be_read_in_the_file(void **state)
{
    static const char secret[] = "a secret that stands in clear";
    HF_AUTO_BUF struct hf_buf file = HF_BUF_INIT(SEALED_MAX);

    (void)state;
    make(&file, secret, sizeof secret);
    assert_null(memmem(file.data, file.len, secret, 8));
}

static void
another_passphrase_opens_nothing(void **state)
{
    struct sealed_reader r = {.secret = RIGHT_KEY + 1, .out = HF_BUF_INIT(SEALED_MAX)};
    HF_AUTO_BUF struct hf_buf file = HF_BUF_INIT(SEALED_MAX);

    (void)state;
    make(&file, "text", 4);
    assert_int_equal(read_it(file.data, file.len, file.len, &r, "not the passphrase"),
                     HF_ERROR_INVALID);
    assert_int_equal(r.out.len, 0);
}

/* Every byte of the head and of the first one's proof, and a sample of all others. */
static void
each_byte_is_proven(void **state)
{
    HF_AUTO_BUF struct hf_buf plain = HF_BUF_INIT(SEALED_MAX), file = HF_BUF_INIT(SEALED_MAX);
    unsigned tried = 0;

    (void)state;
    fill(&plain, 2 * HF_SEAL_CHUNK + 100);
    make(&file, plain.data, plain.len);
    for (size_t i = 0; i < file.len; i += i < 100 || i + 120 > file.len ? 1 : 509) {
        file.data[i] ^= (char)(1 << (i % 8));
        expect_refused(&file, NULL);
        file.data[i] ^= (char)(1 << (i % 8));
        tried++;
    }
    assert_true(tried > 300);
}

static void
a_cut_is_seen(void **state)
{
    HF_AUTO_BUF struct hf_buf plain = HF_BUF_INIT(SEALED_MAX), file = HF_BUF_INIT(SEALED_MAX);
    size_t whole;

    (void)state;
    fill(&plain, 3 * HF_SEAL_CHUNK);
    make(&file, plain.data, plain.len);
    whole = file.len;
    for (size_t chunks = 0; chunks < 3; chunks++) /* at each border */
        for (int more = -1; more <= 1; more++) {
            file.len = HF_SEAL_HEAD_SIZE + chunks * CHUNK_ON_DISK + (size_t)(1 + more);
            expect_refused(&file, NULL);
        }
    for (file.len = 0; file.len < HF_SEAL_HEAD_SIZE + 2; file.len++)
        expect_refused(&file, file.len == 0 ? "no backup" : "its end is missing");
    file.len = HF_SEAL_HEAD_SIZE + CHUNK_ON_DISK;
    expect_refused(&file, "its end is missing");
    file.len = whole - 1;
    expect_refused(&file, "damaged");
    file.len = whole;
    assert_int_equal(hf_buf_add(&file, "x", 1, NULL), 0);
    expect_refused(&file, NULL);
}

static void
chunks_in_another_order_are_seen(void **state)
{
    HF_AUTO_BUF struct hf_buf plain = HF_BUF_INIT(SEALED_MAX), file = HF_BUF_INIT(SEALED_MAX);
    HF_AUTO_BUF struct hf_buf mixed = HF_BUF_INIT(SEALED_MAX);
    static const char orders[][5] = {{1, 0, 2, 3}, {0, 2, 1, 3}, {0, 1, 1, 3}, {0, 3}, {0, 2, 3}};
    static const unsigned char lengths[] = {4, 4, 4, 2, 3};

    (void)state;
    fill(&plain, 4 * HF_SEAL_CHUNK);
    make(&file, plain.data, plain.len);
    for (size_t i = 0; i < HF_LEN(orders); i++) {
        hf_buf_clear(&mixed);
        assert_int_equal(hf_buf_add(&mixed, file.data, HF_SEAL_HEAD_SIZE, NULL), 0);
        for (size_t k = 0; k < lengths[i]; k++)
            assert_int_equal(
                hf_buf_add(&mixed,
                           file.data + HF_SEAL_HEAD_SIZE + (size_t)orders[i][k] * CHUNK_ON_DISK,
                           CHUNK_ON_DISK, NULL),
                0);
        expect_refused(&mixed, NULL);
    }
}

/* No key is made, which would take memory and time that the file says. */
static void
a_head_that_asks_for_too_much(void **state)
{
    static const struct {
        size_t at;
        unsigned char value;
        const char *text;
    } cases[] = {{0, 'X', "no backup"},       {7, 'X', "no backup"},
                 {8, 2, "of format 2"},       {8, 0, "of format 0"},
                 {9, 0, "asks for 0 passes"}, {9, 5, "asks for 5 passes"},
                 {9, 255, "asks for 255"},    {12, 1, "over 84992 KiB"},
                 {13, 255, "at most"},        {11, 0, "asks for 2 passes"}};
    HF_AUTO_BUF struct hf_buf file = HF_BUF_INIT(SEALED_MAX);

    (void)state;
    make(&file, "text", 4);
    for (size_t i = 0; i < HF_LEN(cases); i++) {
        struct sealed_reader r = {.secret = RIGHT_KEY, .out = HF_BUF_INIT(SEALED_MAX)};
        char before = file.data[cases[i].at];

        file.data[cases[i].at] = (char)cases[i].value;
        assert_int_equal(read_it(file.data, file.len, 1, &r, cases[i].text), HF_ERROR_INVALID);
        assert_int_equal(r.keys, 0);
        file.data[cases[i].at] = before;
        hf_buf_done(&r.out);
    }
}

static int
full(void *context, const void *data, size_t len, struct hf_error *err)
{
    int *left = context;

    (void)data, (void)len;
    return (*left)-- > 0 ? 0 : hf_error_set(err, HF_ERROR_NO_SPACE, "full");
}

static void
what_its_taker_says_ends_it(void **state)
{
    unsigned char key[HF_SEAL_KEY_SIZE];
    char much[2 * HF_SEAL_CHUNK] = "";

    (void)state;
    sealed_key_of(&sealed_kdf, RIGHT_KEY, key);
    for (int at = 0; at < 3; at++) {
        HF_AUTO(hf_seal) struct hf_seal *s = NULL;
        struct hf_error err = {0};
        int left = at;

        if (hf_seal_new(&sealed_kdf, key, full, &left, &s, &err) == 0 &&
            hf_seal_add(s, much, sizeof much, &err) == 0)
            assert_int_equal(hf_seal_end(s, &err), -1);
        assert_int_equal(err.class, HF_ERROR_NO_SPACE);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_in_comes_out),
        cmocka_unit_test(nothing_of_it_can_be_read_in_the_file),
        cmocka_unit_test(another_passphrase_opens_nothing),
        cmocka_unit_test(each_byte_is_proven),
        cmocka_unit_test(a_cut_is_seen),
        cmocka_unit_test(chunks_in_another_order_are_seen),
        cmocka_unit_test(a_head_that_asks_for_too_much),
        cmocka_unit_test(what_its_taker_says_ends_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

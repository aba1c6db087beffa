// SPDX-License-Identifier: Apache-2.0
#include "import/hasher.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

enum { ALL = 1 << 20, PIECE = 256 * 1024 };

/* Step bytes at a time, each from a buffer that is changed as soon as it was added. */
static void
hash(struct hf_hasher *h, const char *data, size_t len, size_t step)
{
    char *passing = malloc(step);

    assert_non_null(passing);
    for (size_t at = 0; at < len; at += step) {
        size_t n = len - at < step ? len - at : step;

        memcpy(passing, data + at, n);
        hf_hasher_add(h, passing, n);
        memset(passing, 'x', n);
    }
    free(passing);
}

static void
hashes_all_however_it_comes(void **state)
{
    static const size_t lens[] = {0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, ALL - 5, ALL};
    static const size_t steps[] = {4099, 65536, PIECE, ALL};
    char found[HF_DIGEST_SIZE], expected[HF_DIGEST_SIZE];
    struct hf_hasher *h = NULL;
    char *data = malloc(ALL);

    (void)state;
    assert_non_null(data);
    for (size_t i = 0; i < ALL; i++)
        data[i] = (char)(i * 2654435761U >> 13);
    assert_int_equal(hf_hasher_new(&h, NULL), 0);
    for (size_t i = 0; i < HF_LEN(lens); i++)
        for (size_t k = 0; k < HF_LEN(steps); k++) {
            hf_hasher_begin(h);
            hash(h, data, lens[i], steps[k]);
            hf_hasher_end(h, found);
            hf_sha256_of(data, lens[i], expected);
            assert_string_equal(found, expected);
        }
    hf_hasher_free(h);
    free(data);
}

static void
what_was_given_up_does_not_count(void **state)
{
    char found[HF_DIGEST_SIZE], expected[HF_DIGEST_SIZE];
    char *data = calloc(1, ALL);
    struct hf_hasher *h = NULL;

    (void)state;
    assert_non_null(data);
    assert_int_equal(hf_hasher_new(&h, NULL), 0);
    hash(h, data, ALL - 7, 65536);
    hf_hasher_begin(h);
    hash(h, "abc", 3, 3);
    hf_hasher_end(h, found);
    hf_sha256_of("abc", 3, expected);
    assert_string_equal(found, expected);
    hf_hasher_begin(h);
    hash(h, data, ALL - 7, 65536);
    hf_hasher_free(h);
    free(data);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_all_however_it_comes),
        cmocka_unit_test(what_was_given_up_does_not_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

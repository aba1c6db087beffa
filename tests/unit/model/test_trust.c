// SPDX-License-Identifier: Apache-2.0
/* Signatures that minisign 0.11 made of "a release\n", and what may run. */
#include "unit.h"

#include "model/trust.h"

#include <stdio.h>
#include <string.h>

#define KEY_A "RWTF1O453dndpKIE5PVQvUF4+6muWhCQsJ6G+0jrh63qkBBV+HhJMOs9"
#define KEY_B "RWRVG4AQdHExy6ParEQIMyYcEfKzmp7XmUKTr1Uq0ElOqWdPTmtJR10h"
#define ID_A "A4DDD9DD39EED4C5"
#define ID_B "CB31717410801B55"
#define UNTRUSTED "untrusted comment: signature from minisign secret key\n"
#define TRUSTED "trusted comment: holdfast 1.2.3\n"
#define SIGNATURE_A                                                                                \
    "RUTF1O453dndpM+euRsiqpLJu+jeJwJoPNkM8RSwl8KNaAvYHFbOPIQA2LavaJBJF26Zan4xkgTuLIhPYPim5TYyRO"   \
    "wz4h/6qgg=\n"
#define GLOBAL_A                                                                                   \
    "pI5lv5JSRzMsE3Ja6Jl4/+GPVk7EMTwkGTJN0zzGTHuu4tuULqwGOM+v8VunnxJNWo8tUHIODJBxoxVuNX8TBg==\n"
#define SIGNATURE_B                                                                                \
    "RURVG4AQdHExy7U11rHuL/zQd74PUV4omRplyMn4haHYooDrxSl7cCOVcJ7O9hHClJKE6zqg7p08R3i7IUs1ka+opH"   \
    "qaj44PEgU=\n"
#define GLOBAL_B                                                                                   \
    "5zKaHW4kjFjbIvoru1JN3T0GntEOGrrstMHqTs+ShK9ah/Iwr1xyyQXWKjXs9LvxEA6TeBVFm2CGSW2XDtBICw==\n"
#define LEGACY                                                                                     \
    "RWTF1O453dndpGCbGYSzuvcz7QyMPE5jXtIZplpsiXMcKki6+nWJ0/aOABk1bSWefxKRcwtFdp8cq2voKpzQs4jry5"   \
    "9n6XSE8A8=\n"
#define LEGACY_GLOBAL                                                                              \
    "NHpWABjqYRVgSMioF1F2H0q4sk7m+Dh4Yhb+a3tk9GssilPZX0VvWz8WwZbRkaHVrRuZVomRenl0ialPLNSbCA==\n"
#define BY_A UNTRUSTED SIGNATURE_A TRUSTED GLOBAL_A
#define BY_B UNTRUSTED SIGNATURE_B TRUSTED GLOBAL_B

static const char file[] = "a release\n";

static int
check(const char *keys, const char *data, const char *signature, char *ret_comment,
      struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *list = NULL;
    struct hf_slice text = {signature, signature ? strlen(signature) : 0};

    assert_int_equal(hf_json_parse(keys, strlen(keys), &list, NULL), 0);
    return hf_trust_check_signature(list, (struct hf_slice){data, strlen(data)}, text, ret_comment,
                                    err);
}

static void
taken(const char *keys, const char *signature, const char *comment)
{
    char said[HF_MINISIGN_COMMENT_MAX + 1] = "?";
    struct hf_error err = {0};

    if (check(keys, file, signature, said, &err) < 0)
        fail_msg("%s", err.message);
    assert_string_equal(said, comment);
}

static void
refused(const char *keys, const char *data, const char *signature, const char *says)
{
    char said[HF_MINISIGN_COMMENT_MAX + 1] = "?";
    struct hf_error err = {0};

    if (check(keys, data, signature, said, &err) == 0)
        fail_msg("taken, where it should be said: %s", says);
    if (!strstr(err.message, says))
        fail_msg("'%s' does not say '%s'", err.message, says);
    assert_string_equal(said, "?");
}

static void
any_of_the_keys_will_do(void **state)
{
    (void)state;
    taken("[\"" KEY_A "\"]", BY_A, "holdfast 1.2.3");
    taken("[\"" KEY_A "\",\"" KEY_B "\"]", BY_B, "holdfast 1.2.3");
    taken("[\"" KEY_B "\",\"" KEY_A "\"]", BY_A, "holdfast 1.2.3");
}

/* As a text editor of another system may have left it; the untrusted comment is anybody's. */
static void
line_ends_and_the_untrusted_comment_are_free(void **state)
{
    (void)state;
    taken("[\"" KEY_A "\"]", "untrusted comment: \n" SIGNATURE_A TRUSTED GLOBAL_A,
          "holdfast 1.2.3");
    taken("[\"" KEY_B "\"]",
          "untrusted comment: x\r\n"
          "RURVG4AQdHExy7U11rHuL/zQd74PUV4omRplyMn4haHYooDrxSl7cCOVcJ7O9hHClJKE6zqg7p08R3i7IUs1"
          "ka+opHqaj44PEgU=\r\ntrusted comment: holdfast 1.2.3\r\n"
          "5zKaHW4kjFjbIvoru1JN3T0GntEOGrrstMHqTs+ShK9ah/Iwr1xyyQXWKjXs9LvxEA6TeBVFm2CGSW2XDtBI"
          "Cw==",
          "holdfast 1.2.3");
}

/* Where no -t is given, it has tabulators. */
static void
the_comment_that_minisign_makes_is_taken(void **state)
{
    (void)state;
    taken("[\"" KEY_A "\"]",
          UNTRUSTED "RUTF1O453dndpM+euRsiqpLJu+jeJwJoPNkM8RSwl8KNaAvYHFbOPIQA2Lav"
                    "aJBJF26Zan4xkgTuLIhPYPim5TYyROwz4h/6qgg=\n"
                    "trusted comment: timestamp:1795684024\tfile:file\thashed\n"
                    "+w8kxR7R4iAAQ5MW1sclNyxvYwtzQ4kuOLi+bC00HB9IcsEl7PLTJee9yzS4"
                    "hk7DQJkazrRRAgIUzu81NnocCA==\n",
          "timestamp:1795684024\tfile:file\thashed");
}

static void
without_a_key_nothing_is_asked(void **state)
{
    (void)state;
    taken("[]", NULL, "");
    taken("[]", "nonsense", "");
}

static void
what_is_not_signed_by_a_key_is_refused_with_its_id(void **state)
{
    (void)state;
    refused("[\"" KEY_A "\"]", file, NULL, "it is not signed");
    refused("[\"" KEY_A "\"]", file, "", "line 1");
    refused("[\"" KEY_A "\"]", file, BY_B, "signed by key " ID_B ", which is none of the keys");
    refused("[\"" KEY_A "\"]", "a relaase\n", BY_A, "by key " ID_A " is not of this file");
    refused("[\"" KEY_A "\"]", "", BY_A, "is not of this file");
    refused("[\"" KEY_A "\"]", file,
            UNTRUSTED SIGNATURE_A "trusted comment: holdfast 1.2.4\n" GLOBAL_A,
            "comment was changed after key " ID_A);
    refused("[\"" KEY_A "\"]", file, UNTRUSTED SIGNATURE_A TRUSTED GLOBAL_B, "comment was changed");
    refused("[\"" KEY_A "\"]", file, UNTRUSTED LEGACY TRUSTED LEGACY_GLOBAL, "legacy form");
}

/* The id of A with the signature and key of B: an id is only a name. */
static void
an_id_proves_nothing(void **state)
{
    struct hf_minisign_key a, b;
    const struct hf_slice data = {file, sizeof file - 1}, text = {BY_A, sizeof BY_A - 1};
    struct hf_error err;

    (void)state;
    assert_int_equal(hf_minisign_key_parse(KEY_A, &a, &err), 0);
    assert_int_equal(hf_minisign_key_parse(KEY_B, &b, &err), 0);
    memcpy(b.id, a.id, sizeof b.id);
    assert_int_equal(hf_minisign_verify(text, data, &b, 1, NULL, &err), -1);
    assert_non_null(strstr(err.message, "is not of this file"));
    assert_int_equal(hf_minisign_verify(text, data, &a, 1, NULL, &err), 0);
}

static void
a_text_that_is_no_signature_is_refused_by_its_line(void **state)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"", "line 1"},
        {"comment: x\n" SIGNATURE_A TRUSTED GLOBAL_A, "line 1"},
        {UNTRUSTED, "line 2"},
        {UNTRUSTED "AAAA\n" TRUSTED GLOBAL_A, "line 2"},
        {UNTRUSTED " " SIGNATURE_A TRUSTED GLOBAL_A, "line 2"},
        {UNTRUSTED SIGNATURE_A, "line 3"},
        {UNTRUSTED SIGNATURE_A GLOBAL_A, "line 3"},
        {UNTRUSTED SIGNATURE_A "trusted comment: \x1b[2J\n" GLOBAL_A, "line 3"},
        {UNTRUSTED SIGNATURE_A "trusted comment: \xff\n" GLOBAL_A, "line 3"},
        {UNTRUSTED SIGNATURE_A TRUSTED, "line 4"},
        {UNTRUSTED SIGNATURE_A TRUSTED "pI5l\n", "line 4"},
        {BY_A "\n", "line 5"},
        {BY_A BY_A, "line 5"},
        {UNTRUSTED "RVTF1O453dndpM+euRsiqpLJu+jeJwJoPNkM8RSwl8KNaAvYHFbOPIQA2LavaJBJF26Zan4xkgTuL"
                   "IhPYPim5TYyROwz4h/6qgg=\n" TRUSTED GLOBAL_A,
         "unknown kind"},
    };
    char comment[HF_MINISIGN_TEXT_MAX + 2];

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++)
        refused("[\"" KEY_A "\"]", file, rows[i].text, rows[i].says);
    memset(comment, 'x', sizeof comment - 1);
    comment[sizeof comment - 1] = '\0';
    refused("[\"" KEY_A "\"]", file, comment, "more than 4096 bytes");
}

static void
keys_are_read_whole(void **state)
{
    static const struct {
        const char *keys, *pointer, *says;
    } rows[] = {
        {"[\"" KEY_A "\",\"" KEY_A "\"]", "/release_keys/1", "there already"},
        {"[\"" KEY_A " \"]", "/release_keys/0", "not a public key"},
        {"[\"\"]", "/release_keys/0", "not a public key"},
        {"[null]", "/release_keys/0", "not a public key"},
        /* a secret key's place is not here, and a signature is no key */
        {"[\"RUTF1O453dndpKIE5PVQvUF4+6muWhCQsJ6G+0jrh63qkBBV+HhJMOs9\"]", "/release_keys/0",
         "not a public key"},
        {"[1,2,3,4,5,6,7,8,9]", "/release_keys", "at most 8"},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        HF_AUTO(hf_json) struct hf_json *list = NULL;
        struct hf_error err = {0};

        assert_int_equal(hf_json_parse(rows[i].keys, strlen(rows[i].keys), &list, NULL), 0);
        assert_int_equal(hf_trust_check_keys(list, "/release_keys", &err), -1);
        assert_string_equal(err.pointer, rows[i].pointer);
        if (!strstr(err.message, rows[i].says))
            fail_msg("'%s' does not say '%s'", err.message, rows[i].says);
    }
}

/* ---- what may run ---- */

static const struct hf_release release = {.name = "holdfast",
                                          .version = "1.4.0",
                                          .counter = 7,
                                          .min_holdfastd = "1.2.0",
                                          .settings_schema = 2};

static void
an_older_release_is_refused(void **state)
{
    struct hf_error err = {0};

    (void)state;
    assert_int_equal(hf_release_check_floor(&release, 0, &err), 0);
    assert_int_equal(hf_release_check_floor(&release, 7, &err), 0);
    assert_int_equal(hf_release_check_floor(&release, 8, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    assert_string_equal(err.pointer, "/counter");
    assert_non_null(
        strstr(err.message, "holdfast 1.4.0 has the counter 7, and this gateway has run 8"));
}

static void
a_release_for_a_newer_holdfastd_is_refused(void **state)
{
    struct hf_error err = {0};

    (void)state;
    assert_int_equal(hf_release_check_fit(&release, "1.2.0", 2, &err), 0);
    assert_int_equal(hf_release_check_fit(&release, "1.10.0", 3, &err), 0);
    assert_int_equal(hf_release_check_fit(&release, "1.2.0-rc.1", 2, &err), -1);
    assert_string_equal(err.pointer, "/min_holdfastd");
    assert_int_equal(hf_release_check_fit(&release, "1.2.0", 1, &err), -1);
    assert_string_equal(err.pointer, "/settings_schema");
}

/* But one that brings it for this host. */
static void
a_release_that_brings_its_holdfastd_fits(void **state)
{
    struct hf_release brings = release;
    struct hf_error err = {0};

    (void)state;
    strcpy(brings.daemon.version, "1.4.0");
    assert_int_equal(hf_release_check_fit(&brings, "1.1.0", 1, &err), -1);
    strcpy(brings.daemon.package, "1.4.0-1");
    assert_int_equal(hf_release_check_fit(&brings, "1.1.0", 1, &err), 0);
    assert_int_equal(hf_release_check_fit(&brings, "1.4.0", 1, &err), -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_of_the_keys_will_do),
        cmocka_unit_test(line_ends_and_the_untrusted_comment_are_free),
        cmocka_unit_test(the_comment_that_minisign_makes_is_taken),
        cmocka_unit_test(without_a_key_nothing_is_asked),
        cmocka_unit_test(what_is_not_signed_by_a_key_is_refused_with_its_id),
        cmocka_unit_test(an_id_proves_nothing),
        cmocka_unit_test(a_text_that_is_no_signature_is_refused_by_its_line),
        cmocka_unit_test(keys_are_read_whole),
        cmocka_unit_test(an_older_release_is_refused),
        cmocka_unit_test(a_release_that_brings_its_holdfastd_fits),
        cmocka_unit_test(a_release_for_a_newer_holdfastd_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

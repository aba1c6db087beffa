// SPDX-License-Identifier: Apache-2.0
/* Lists of tags and release artifacts, as registries say them and as they should not. */
#include "unit.h"

#include "base/buf.h"
#include "model/artifact.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- tags ---- */

static bool
page(struct hf_tags *t, const char *tags)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_TAGS_PAGE_MAX);
    struct hf_error err = {0};
    bool more = false;

    assert_int_equal(hf_buf_addf(&text, &err, "{\"name\":\"r\",\"tags\":%s}", tags), 0);
    if (hf_tags_add(t, text.data, text.len, &more, &err) < 0)
        fail_msg("%s", err.message);
    return more;
}

static void
the_newest_versions_come_first(void **state)
{
    struct hf_tags t = {0};

    (void)state;
    assert_true(page(&t, "[\"1.10.0\",\"1.2.0\",\"1.9.0\",\"latest\",\"v2.0.0\",\"1.10.0-rc.1\"]"));
    assert_int_equal(t.count, 4);
    assert_string_equal(t.newest[0], "1.10.0");
    assert_string_equal(t.newest[1], "1.10.0-rc.1");
    assert_string_equal(t.newest[2], "1.9.0");
    assert_string_equal(t.newest[3], "1.2.0");
}

static void
of_many_the_oldest_are_left_out(void **state)
{
    struct hf_tags t = {0};

    (void)state;
    (void)page(&t, "[\"0.0.1\",\"0.0.2\",\"0.0.3\",\"0.0.4\",\"0.0.5\",\"0.0.6\",\"0.0.7\","
                   "\"0.0.8\",\"0.0.9\"]");
    assert_int_equal(t.count, HF_TAGS_NEWEST_MAX);
    assert_string_equal(t.newest[0], "0.0.9");
    assert_string_equal(t.newest[HF_TAGS_NEWEST_MAX - 1], "0.0.2");
    (void)page(&t, "[\"0.0.0\",\"0.0.5\",\"1.0.0\"]");
    assert_string_equal(t.newest[0], "1.0.0");
    assert_string_equal(t.newest[HF_TAGS_NEWEST_MAX - 1], "0.0.3");
}

/* Some registries know no pages and begin anew; some say null of an empty repository. */
static void
the_list_ends(void **state)
{
    struct hf_tags t = {0};

    (void)state;
    assert_true(page(&t, "[\"1.0.0\",\"1.1.0\"]"));
    assert_string_equal(t.last, "1.1.0");
    assert_false(page(&t, "[\"1.0.0\",\"1.1.0\"]"));
    assert_int_equal(t.count, 2);
    assert_true(page(&t, "[\"1.2.0\"]"));
    assert_false(page(&t, "[]"));
    assert_false(page(&t, "null"));
    assert_string_equal(t.newest[0], "1.2.0");
}

static void
no_list(const char *text, enum hf_error_class class, const char *why)
{
    struct hf_tags t = {0};
    struct hf_error err = {0};
    bool more;

    assert_int_equal(hf_tags_add(&t, text, strlen(text), &more, &err), -1);
    assert_int_equal(err.class, class);
    assert_non_null(strstr(err.message, why));
}

static void
what_is_no_list_of_tags_is_said(void **state)
{
    HF_AUTO_BUF struct hf_buf many = HF_BUF_INIT(HF_TAGS_PAGE_MAX);
    struct hf_error err;

    (void)state;
    no_list("", HF_ERROR_UPSTREAM, "no list of tags");
    no_list("<html>", HF_ERROR_UPSTREAM, "no list of tags");
    no_list("[]", HF_ERROR_UPSTREAM, "no list of tags");
    no_list("{\"tags\":{}}", HF_ERROR_UPSTREAM, "no list of tags");
    no_list("{\"tags\":[1]}", HF_ERROR_UPSTREAM, "one that is none");
    no_list("{\"tags\":[\"../../x\"]}", HF_ERROR_UPSTREAM, "one that is none");
    no_list("{\"tags\":[\"a&last=b\"]}", HF_ERROR_UPSTREAM, "one that is none");
    assert_int_equal(hf_buf_adds(&many, "{\"tags\":[\"1.0.0\"", &err), 0);
    for (int i = 0; i < HF_TAGS_MAX; i++)
        assert_int_equal(hf_buf_addf(&many, &err, ",\"t%04d\"", i), 0);
    assert_int_equal(hf_buf_adds(&many, "]}", &err), 0);
    no_list(many.data, HF_ERROR_TOO_LARGE, "more than 1000 tags");
}

/* ---- the artifact ---- */

#define DIGEST(c) "sha256:" c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c
#define TYPE "application/vnd.holdfast.release.v1"
#define LAYER(type, c, size)                                                                       \
    "{\"mediaType\":\"" type "\",\"digest\":\"" DIGEST(c) "\",\"size\":" size "}"
#define ARTIFACT(layers) "{\"artifactType\":\"" TYPE "+json\",\"layers\":[" layers "]}"

static void
an_artifact_names_release_and_signature(void **state)
{
    static const char text[] = ARTIFACT(LAYER(TYPE "+json", "01", "12") "," LAYER(
        TYPE ".minisig", "02", "300") "," LAYER("application/spdx+json", "03", "9999999"));
    struct hf_artifact a;
    struct hf_error err = {0};

    (void)state;
    if (hf_artifact_parse(text, strlen(text), &a, &err) < 0)
        fail_msg("%s", err.message);
    assert_string_equal(a.release.digest, DIGEST("01"));
    assert_int_equal(a.release.size, 12);
    assert_string_equal(a.signature.digest, DIGEST("02"));
}

static void
no_artifact(const char *text, const char *why)
{
    struct hf_artifact a;
    struct hf_error err = {0};

    assert_int_equal(hf_artifact_parse(text, strlen(text), &a, &err), -1);
    assert_int_equal(err.class, HF_ERROR_INVALID);
    assert_non_null(strstr(err.message, why));
}

static void
what_is_no_release_is_said(void **state)
{
    (void)state;
    no_artifact("garbage", "artifactType is not");
    no_artifact("{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"layers\":[]}",
                "artifactType is not");
    no_artifact(ARTIFACT(""), "has no release file");
    no_artifact(ARTIFACT(LAYER(TYPE "+json", "01", "12") "," LAYER(TYPE "+json", "02", "12")),
                "has two release files");
    no_artifact(ARTIFACT(LAYER(TYPE "+json", "01", "262145")), "at most 262144 are taken");
    no_artifact(ARTIFACT(LAYER(TYPE "+json", "01", "0")), "no digest or no size");
    no_artifact(ARTIFACT(LAYER(TYPE "+json", "01", "12") "," LAYER(TYPE ".minisig", "02", "2001")),
                "at most 2000 are taken");
    no_artifact("{\"artifactType\":\"" TYPE "+json\",\"layers\":[{\"mediaType\":\"" TYPE
                "+json\",\"digest\":\"sha256:../../x\",\"size\":1}]}",
                "no digest or no size");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_versions_come_first),
        cmocka_unit_test(of_many_the_oldest_are_left_out),
        cmocka_unit_test(the_list_ends),
        cmocka_unit_test(what_is_no_list_of_tags_is_said),
        cmocka_unit_test(an_artifact_names_release_and_signature),
        cmocka_unit_test(what_is_no_release_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

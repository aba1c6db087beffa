// SPDX-License-Identifier: Apache-2.0
#include "cli/groups.h"
#include "cli/text.h"
#include "shown.h"

#include <string.h>

static struct hf_json *
json(const char *text)
{
    struct hf_json *doc = NULL;
    struct hf_error err = {0};

    if (hf_json_parse(text, strlen(text), &doc, &err) < 0)
        fail_msg("%s", err.message);
    return doc;
}

/* Words that are parted by "|". NULL wanted: refused with said. */
static void
assert_patch(const char *words, const char *wanted, const char *said)
{
    HF_AUTO(hf_json) struct hf_json *patch = hf_json_object();
    HF_AUTO_FREE char *text = NULL;
    HF_AUTO_FREE char *copy = strdup(words);
    struct hf_error err = {0};
    char *save = NULL;
    int rc = 0;

    for (char *w = strtok_r(copy, "|", &save); w && rc == 0; w = strtok_r(NULL, "|", &save))
        rc = cli_patch_add(patch, w, &err);
    if (wanted) {
        assert_int_equal(rc, 0);
        assert_int_equal(hf_json_print(patch, &text, NULL), 0);
        assert_string_equal(text, wanted);
    } else {
        assert_int_equal(rc, -1);
        assert_non_null(strstr(err.message, said));
        assert_int_equal(cli_exit_of(err.class), CLI_USAGE);
    }
}

static void
assignments_become_a_merge_patch(void **state)
{
    (void)state;
    assert_patch("buffer.window_ms=1000", "{\"buffer\":{\"window_ms\":1000}}", NULL);
    assert_patch("/buffer/window_ms=1000|buffer.max_age_s=5|name=press-hall-3",
                 "{\"buffer\":{\"window_ms\":1000,\"max_age_s\":5},\"name\":\"press-hall-3\"}",
                 NULL);
    assert_patch("/limits/a~1b~0/cpus=0.5", "{\"limits\":{\"a/b~\":{\"cpus\":0.5}}}", NULL);
    assert_patch("rules=[]|uplink=null|upgrade.freeze=true",
                 "{\"rules\":[],\"uplink\":null,\"upgrade\":{\"freeze\":true}}", NULL);
    assert_patch("name=", "{\"name\":\"\"}", NULL);
    assert_patch("name=a=b", "{\"name\":\"a=b\"}", NULL);
    assert_patch("name=\"12\"", "{\"name\":\"12\"}", NULL);
    assert_patch("uplink={\"url\":\"https://a/\"}", "{\"uplink\":{\"url\":\"https://a/\"}}", NULL);
    assert_patch("name", NULL, "say PATH=VALUE");
    assert_patch("=1", NULL, "say PATH=VALUE");
    assert_patch("buffer..x=1", NULL, "is no place");
    assert_patch("buffer.=1", NULL, "is no place");
    assert_patch("/=1", NULL, "is no place");
    assert_patch("a.b=1|a.b=2", NULL, "said twice");
    assert_patch("a=1|a.b=2", NULL, "said twice");
    assert_patch("a.b=1|a=2", NULL, "said twice");
    assert_patch("name=\xff", NULL, "no text");
}

static void
places_are_found(void **state)
{
    HF_AUTO(hf_json)
    struct hf_json *doc = json("{\"a\":{\"b\":[{\"c\":7},8]},\"x/y\":1,\"d.e\":2}");

    (void)state;
    assert_int_equal(hf_json_as_int(cli_at(doc, "a.b.0.c"), 0), 7);
    assert_int_equal(hf_json_as_int(cli_at(doc, "/a/b/1"), 0), 8);
    assert_int_equal(hf_json_as_int(cli_at(doc, "/x~1y"), 0), 1);
    assert_int_equal(hf_json_as_int(cli_at(doc, "/d.e"), 0), 2);
    assert_ptr_equal(cli_at(doc, "/"), doc);
    assert_null(cli_at(doc, "a.b.2"));
    assert_null(cli_at(doc, "a.b.x"));
    assert_null(cli_at(doc, "a..b"));
    assert_null(cli_at(doc, "nonsense"));
}

static void
differences_are_shown(void **state)
{
    HF_AUTO(hf_json)
    struct hf_json *before =
        json("{\"buffer\":{\"window_ms\":50,\"gone\":1},\"rules\":[1],\"name\":\"a\"}");
    HF_AUTO(hf_json)
    struct hf_json *after =
        json("{\"buffer\":{\"window_ms\":1000,\"new\\u001b\":true},\"rules\":[1,2],\"name\":\"a\","
             "\"effects\":[{\"service\":\"buffer\",\"change\":\"memory 64 MB → 96 "
             "MB\",\"how\":\"live\"}]}");
    struct shown s;

    (void)state;
    shown_begin(&s, 0);
    assert_int_equal(cli_show_difference(&s.out, before, after, NULL), 0);
    assert_string_equal(shown_text(&s), "PATH               BEFORE  AFTER\n"
                                        "/buffer/window_ms  50      1000\n"
                                        "/buffer/gone       1       -\n"
                                        "/buffer/new\\x1b    -       true\n"
                                        "/rules             [1]     [1,2]\n"
                                        "buffer: memory 64 MB → 96 MB, while it runs\n");
    shown_end(&s);
    shown_begin(&s, 0);
    assert_int_equal(cli_show_difference(&s.out, before, before, NULL), 0);
    assert_non_null(strstr(shown_text(&s), "Nothing differs"));
    shown_end(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(assignments_become_a_merge_patch),
        cmocka_unit_test(places_are_found),
        cmocka_unit_test(differences_are_shown),
    };

    cli_text_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

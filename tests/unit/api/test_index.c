// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "api/index.h"

#include <string.h>

enum { PAGE_MAX = 4096 };

static const struct hf_sentence CALM = {
    .level = "ok", .eyebrow = "All is well", .title = "All data delivered.", .detail = ""};
static const struct hf_sentence HOSTILE = {.level = "warn",
                                           .eyebrow = "R&D",
                                           .title = "<script>alert('1')</script>",
                                           .detail = "\"{title}\" -->"};

static void
filled(const char *page, const struct hf_sentence *sentence, const char *wanted)
{
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(PAGE_MAX);
    bool is_filled = false;

    assert_int_equal(
        hf_index_fill((struct hf_slice){page, strlen(page)}, sentence, &out, &is_filled, NULL), 0);
    assert_true(is_filled);
    assert_string_equal(out.data, wanted);
}

static void
what_is_in_the_comment_becomes_markup(void **state)
{
    (void)state;
    filled(
        "<!--x--><div><!--sentence<h1 class={level}>{eyebrow}: {title}</h1>{detail}{no}--></div>",
        &CALM, "<!--x--><div><h1 class=ok>All is well: All data delivered.</h1>{no}</div>");
    filled("<!--sentence{level-->{title}", &CALM, "{level{title}");
}

static void
words_stay_words(void **state)
{
    (void)state;
    filled("<p><!--sentence{eyebrow} {title} {detail}--></p>", &HOSTILE,
           "<p>R&amp;D &lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &quot;{title}&quot; "
           "--&gt;</p>");
}

static void
other_pages_stay_as_they_are(void **state)
{
    static const char *const pages[] = {"", "<p>{title}</p>", "<!--sentence{title}", "<!--sentenc"};

    (void)state;
    for (size_t i = 0; i < HF_LEN(pages); i++) {
        HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(PAGE_MAX);
        bool is_filled = true;

        assert_int_equal(hf_index_fill((struct hf_slice){pages[i], strlen(pages[i])}, &CALM, &out,
                                       &is_filled, NULL),
                         0);
        assert_false(is_filled);
        assert_int_equal(out.len, 0);
    }
}

static void
what_does_not_fit_is_an_error(void **state)
{
    static const char page[] = "<p><!--sentence{title}--></p>";
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(0);
    struct hf_error err = {0};
    bool is_filled = false;

    (void)state;
    for (out.max = 0; out.max < strlen("<p>All data delivered.</p>"); out.max++) {
        hf_buf_done(&out);
        assert_int_equal(
            hf_index_fill((struct hf_slice){page, sizeof page - 1}, &CALM, &out, &is_filled, &err),
            -1);
        assert_int_equal(err.class, HF_ERROR_TOO_LARGE);
        assert_false(is_filled);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_in_the_comment_becomes_markup),
        cmocka_unit_test(words_stay_words),
        cmocka_unit_test(other_pages_stay_as_they_are),
        cmocka_unit_test(what_does_not_fit_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
#include "import/layer.h"

#include "made.h"

/* One layer, step bytes at a time. */
static int
look(const struct hf_buf *layer, const struct hf_buf *unpacked, bool gzip, size_t step,
     struct hf_error *err)
{
    const struct hf_layer_limits limits = {.size = layer->len, .unpacked_max = UINT64_MAX};
    HF_AUTO(hf_layer) struct hf_layer *l = NULL;
    char diff_id[HF_DIGEST_SIZE];

    hf_sha256_of(unpacked->data, unpacked->len, diff_id);
    assert_int_equal(hf_layer_new(gzip, diff_id, &limits, &l, NULL), 0);
    for (size_t at = 0; at < layer->len; at += step)
        if (hf_layer_feed(l, layer->data + at, layer->len - at < step ? layer->len - at : step,
                          err) < 0)
            return -1;
    return hf_layer_end(l, err);
}

struct entry {
    const char *name;
    char type;
    const char *link, *content;
};

#define DIR(name) {name, '5', "", ""}
#define FILE_(name) {name, '0', "", "x"}
#define SYMLINK(name, to) {name, '2', to, ""}
#define HARD(name, to) {name, '1', to, ""}

static const struct {
    const char *why; /* NULL: taken */
    struct entry entries[5];
} rows[] = {
    {NULL, {DIR("./"), DIR("./etc/"), FILE_("./etc/a"), DIR("etc")}},
    {NULL, {SYMLINK("bin", "usr/bin"), SYMLINK("a/b/c", "../../x"), SYMLINK("abs", "/etc")}},
    {NULL, {FILE_("a"), HARD("b", "./a"), {"pipe", '6', "", ""}, FILE_("/abs")}},
    {NULL, {{"x", 'x', "", "15 path=dir/ab\n"}, FILE_("cut"), FILE_("cut")}},
    {NULL, {{"L", 'L', "", "long/name"}, FILE_("cut"), FILE_("cut")}},
    {NULL, {{"g", 'g', "", "12 comment=x\n"}, FILE_("a")}},
    {"'../a' has '..' in its path", {FILE_("../a")}},
    {"'a/../b' has '..' in its path", {FILE_("a/../b")}},
    {"'/..' has '..' in its path", {DIR("/..")}},
    {"'../../e' has '..' in its path", {{"x", 'x', "", "16 path=../../e\n"}, FILE_("a")}},
    {"'../l' has '..' in its path", {{"L", 'L', "", "../l"}, FILE_("a")}},
    {"hard link that leads out", {HARD("a", "../../etc/passwd")}},
    {"hard link that leads out", {{"K", 'K', "", "../x"}, HARD("a", "b")}},
    {"symbolic link that leads out", {SYMLINK("a", "../x")}},
    {"symbolic link that leads out", {SYMLINK("a/b", "x/../../../y")}},
    {"symbolic link that leads out", {{"x", 'x', "", "17 linkpath=../x\n"}, SYMLINK("a", "b")}},
    {"'l/x' lies behind a symbolic link", {SYMLINK("l", "/etc"), FILE_("l/x")}},
    {"'l/d/x' lies behind a symbolic link", {SYMLINK("./l", "etc"), FILE_("l/d/x")}},
    {"'d' is a device", {{"d", '3', "", ""}}},
    {"'d' is a device", {{"d", '4', "", ""}}},
    {"'a' is there twice", {FILE_("a"), FILE_("a")}},
    {"'./a' is there twice", {FILE_("a"), FILE_("./a")}},
    {"'a' is there twice", {DIR("a"), FILE_("a")}},
    {"'a/' is there twice", {SYMLINK("a", "b"), DIR("a/")}},
    {"is a sparse file", {{"s", 'S', "", ""}}},
    {"has a sparse file", {{"x", 'x', "", "22 GNU.sparse.major=1\n"}, FILE_("a")}},
    {"of a kind that is not known", {{"v", 'V', "", ""}}},
    {"has a content, which its kind never has", {{"d", '5', "", "x"}}},
    {"is a folder with a content", {FILE_("d/")}},
    {"has no name", {{"./", '0', "", ""}}},
    {"an entry has two names", {{"L", 'L', "", "a"}, {"x", 'x', "", "9 path=b\n"}, FILE_("c")}},
    {"a pax header is damaged", {{"x", 'x', "", "99 path=b\n"}, FILE_("c")}},
    {"a pax header is damaged", {{"x", 'x', "", "9 path:b\n"}, FILE_("c")}},
    {"a pax size is no number", {{"x", 'x', "", "11 size=-1\n"}, FILE_("c")}},
    {"its archive is cut off", {FILE_("c"), {"x", 'x', "", "9 path=b\n"}}},
};

static void
entries_are_judged_however_they_come(void **state)
{
    static const size_t steps[] = {1, 100, 512, 100000};

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows) * HF_LEN(steps); i++) {
        const char *why = rows[i / HF_LEN(steps)].why;
        HF_AUTO_BUF struct hf_buf tar = HF_BUF_INIT(1 << 20);
        struct hf_error err = {0};
        int rc;

        for (const struct entry *e = rows[i / HF_LEN(steps)].entries; e->name; e++)
            made_entry(&tar, e->name, e->type, e->link, e->content);
        made_end(&tar);
        rc = look(&tar, &tar, false, steps[i % HF_LEN(steps)], &err);
        if (rc != (why ? -1 : 0) || (why && !strstr(err.message, why)))
            fail_msg("row %zu: %d '%s', not '%s'", i / HF_LEN(steps), rc, err.message,
                     why ? why : "");
    }
}

static void
an_archive_without_its_end(void **state)
{
    HF_AUTO_BUF struct hf_buf tar = HF_BUF_INIT(1 << 20);
    struct hf_error err = {0};

    (void)state;
    made_entry(&tar, "a", '0', "", "content");
    assert_int_equal(look(&tar, &tar, false, 512, &err), 0); /* as Go's reader takes it */
    tar.len -= 1;
    assert_int_equal(look(&tar, &tar, false, 512, &err), -1);
    assert_string_equal(err.message, "its archive is cut off");
    tar.len += 1;
    tar.data[0] ^= 1;
    assert_int_equal(look(&tar, &tar, false, 512, &err), -1);
    assert_string_equal(err.message, "a header has a wrong checksum");
    memset(tar.data, 0, HF_TAR_BLOCK);
    made_entry(&tar, "behind", '0', "", "");
    assert_int_equal(look(&tar, &tar, false, 512, &err), -1);
    assert_string_equal(err.message, "its archive goes on after its end");
}

static void
sizes_of_any_length(void **state)
{
    static const uint64_t sizes[] = {0, 1, (UINT64_C(1) << 33) - 1, UINT64_C(1) << 33, INT64_MAX};
    char block[HF_TAR_BLOCK];
    struct hf_tar_header h;

    (void)state;
    for (size_t i = 0; i < HF_LEN(sizes); i++) {
        hf_tar_put(block, "a", sizes[i]);
        assert_int_equal(hf_tar_read(block, &h, NULL), 0);
        assert_true(h.size == sizes[i]);
    }
    memset(block + 124, 0xff, 12); /* -1 in base 256 */
    made_seal(block);
    assert_int_equal(hf_tar_read(block, &h, NULL), -1);
    memset(block + 124, '9', 12);
    made_seal(block);
    assert_int_equal(hf_tar_read(block, &h, NULL), -1);
}

static void
gzip_streams(void **state)
{
    HF_AUTO_BUF struct hf_buf tar = HF_BUF_INIT(1 << 20), half = HF_BUF_INIT(1 << 20);
    HF_AUTO_BUF struct hf_buf one = HF_BUF_INIT(1 << 20), two = HF_BUF_INIT(1 << 20);
    struct hf_error err = {0};

    (void)state;
    made_entry(&tar, "a", '0', "", "content");
    assert_int_equal(hf_buf_add(&half, tar.data, tar.len, NULL), 0);
    made_gzip(&half, &two);
    hf_buf_clear(&half);
    made_end(&tar);
    made_end(&half);
    made_gzip(&half, &two); /* a second member of the same stream */
    made_gzip(&tar, &one);
    for (size_t step = 1; step < 200; step += 13) {
        assert_int_equal(look(&one, &tar, true, step, &err), 0);
        assert_int_equal(look(&two, &tar, true, step, &err), 0);
        for (size_t cut = 1; cut < one.len; cut++) {
            const struct hf_buf part = {.data = one.data, .len = one.len - cut};

            assert_int_equal(look(&part, &tar, true, step, &err), -1);
            assert_string_equal(err.message, "its gzip stream is cut off");
        }
    }
    assert_int_equal(hf_buf_adds(&one, "more", NULL), 0);
    assert_int_equal(look(&one, &tar, true, 7, &err), -1);
    assert_non_null(strstr(err.message, "its gzip stream is damaged"));
    assert_int_equal(look(&tar, &tar, true, 7, &err), -1);
    assert_non_null(strstr(err.message, "its gzip stream is damaged"));
    assert_int_equal(look(&two, &half, true, 7, &err), -1);
    assert_non_null(strstr(err.message, "but the image's configuration says"));
}

static void
what_unpacks_to_too_much_ends_early(void **state)
{
    static char zeros[1 << 16];
    HF_AUTO(hf_layer) struct hf_layer *bomb = NULL, *full = NULL;
    struct hf_layer_limits limits = {.size = 1000, .unpacked_max = UINT64_MAX};
    struct hf_error err = {0};
    char block[HF_TAR_BLOCK];
    int rc = 0;

    (void)state;
    hf_tar_put(block, "zeros", UINT64_C(1) << 40);
    assert_int_equal(hf_layer_new(false, "sha256:", &limits, &bomb, NULL), 0);
    assert_int_equal(hf_layer_feed(bomb, block, sizeof block, &err), 0);
    while (rc == 0)
        rc = hf_layer_feed(bomb, zeros, sizeof zeros, &err);
    assert_non_null(strstr(err.message, "decompression bomb"));
    assert_true(hf_layer_unpacked(bomb) < UINT64_C(68) << 20);
    limits = (struct hf_layer_limits){.size = UINT64_C(1) << 40, .unpacked_max = 100000};
    assert_int_equal(hf_layer_new(false, "sha256:", &limits, &full, NULL), 0);
    assert_int_equal(hf_layer_feed(full, block, sizeof block, &err), 0);
    assert_int_equal(hf_layer_feed(full, zeros, sizeof zeros, &err), 0);
    assert_int_equal(hf_layer_feed(full, zeros, sizeof zeros, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NO_SPACE);
}

static void
names_are_found_among_many(void **state)
{
    struct hf_names n;
    char name[32];

    (void)state;
    hf_names_init(&n);
    for (int i = 0; i < 20000; i++) {
        snprintf(name, sizeof name, "dir/%d", i);
        assert_int_equal(hf_names_find(&n, name, strlen(name)), HF_NAME_NONE);
        assert_int_equal(
            hf_names_add(&n, name, strlen(name), i % 2 ? HF_NAME_SYMLINK : HF_NAME_FOLDER, NULL),
            0);
    }
    for (int i = 0; i < 20000; i++) {
        snprintf(name, sizeof name, "dir/%d", i);
        assert_int_equal(hf_names_find(&n, name, strlen(name)),
                         i % 2 ? HF_NAME_SYMLINK : HF_NAME_FOLDER);
    }
    n.count = HF_NAMES_MAX;
    assert_int_equal(hf_names_add(&n, "x", 1, HF_NAME_OTHER, NULL), -1);
    hf_names_done(&n);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_judged_however_they_come),
        cmocka_unit_test(an_archive_without_its_end),
        cmocka_unit_test(sizes_of_any_length),
        cmocka_unit_test(gzip_streams),
        cmocka_unit_test(what_unpacks_to_too_much_ends_early),
        cmocka_unit_test(names_are_found_among_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
#include "sealed.h"

#include "backup/reader.h"

static const char MANIFEST[] =
    "{\"gateway\":\"hf-1a2b3c4d\",\"name\":\"press-hall-3\",\"version\":\"0.1.0\","
    "\"created\":\"2026-11-26T03:01:33.000Z\",\"schema\":7,\"records\":true}";
static const char LINES[] =
    "{\"gateway\":\"hf-1a2b3c4d\",\"epoch\":\"9f2c11ab\",\"seq\":17,\"time\":\"2026-11-24T03:01:33."
    "123Z\",\"synced\":true,\"topic\":\"sensors/7/"
    "temp\",\"payload\":{\"t\":21.500000000000000001}}\n"
    "{\"gateway\":\"hf-1a2b3c4d\",\"epoch\":\"9f2c11ab\",\"seq\":18,\"time\":\"2026-11-24T03:01:33."
    "130Z\",\"synced\":true,\"topic\":\"$holdfast/gap\",\"payload\":{\"reason\":\"full\"}}\n"
    "{\"gateway\":\"hf-1a2b3c4d\",\"epoch\":\"9f2c11ab\",\"seq\":19,\"time\":\"2026-11-24T03:01:33."
    "131Z\",\"synced\":false,\"topic\":\"door/2\",\"text\":\"open\"}\n";

struct piece {
    int part; /* enum hf_backup_part; 0 ends the list */
    const char *text;
};

/* A file of these parts; without the end where cut is set. */
static void
make(struct hf_buf *file, const struct piece *pieces, bool cut)
{
    HF_AUTO(hf_seal) struct hf_seal *s = sealed_begin(file);

    for (; pieces->part; pieces++)
        assert_int_equal(hf_pack_put(s, (enum hf_backup_part)pieces->part, pieces->text,
                                     strlen(pieces->text), NULL),
                         0);
    assert_int_equal(cut ? hf_seal_end(s, NULL) : hf_pack_finish(s, NULL), 0);
}

static int
keep_records(void *context, const void *data, size_t len, struct hf_error *err)
{
    struct sealed_reader *r = context;

    assert_int_equal(((const char *)data)[len - 1], '\n');
    return hf_buf_add(&r->out, data, len, err);
}

/* 0, or -1 with an error that has text. */
static int
read_it(const struct hf_buf *file, size_t step, struct sealed_reader *to,
        struct hf_backup_reader **ret, const char *text)
{
    const struct hf_backup_reader_ops ops = {to, sealed_key, keep_records};
    HF_AUTO(hf_backup_reader) struct hf_backup_reader *r = NULL;
    struct hf_error err = {0};
    int rc = 0;

    assert_int_equal(hf_backup_reader_new(&ops, 7, &r, NULL), 0);
    for (size_t at = 0; at < file->len && rc == 0; at += step)
        rc = hf_backup_reader_add(r, file->data + at, file->len - at < step ? file->len - at : step,
                                  &err);
    if (rc == 0)
        rc = hf_backup_reader_end(r, &err);
    if (rc == 0) {
        *ret = hf_steal(&r);
        return 0;
    }
    assert_int_equal(err.class, HF_ERROR_INVALID);
    if (!text || !strstr(err.message, text))
        fail_msg("no '%s' in '%s'", text ? text : "success", err.message);
    return -1;
}

static void
expect_refused(const struct piece *pieces, bool cut, const char *text)
{
    struct sealed_reader to = {.secret = RIGHT_KEY, .out = HF_BUF_INIT(SEALED_MAX)};
    HF_AUTO_BUF struct hf_buf file = HF_BUF_INIT(SEALED_MAX);
    struct hf_backup_reader *r = NULL;

    make(&file, pieces, cut);
    if (read_it(&file, 4096, &to, &r, text) == 0)
        fail_msg("taken, and not refused with '%s'", text);
    hf_buf_done(&to.out);
}

static void
all_parts_come_out(void **state)
{
    const struct piece pieces[] = {{HF_BACKUP_MANIFEST, MANIFEST},
                                   {HF_BACKUP_STATE, "{\"account\":[]}"},
                                   {HF_BACKUP_CONFIG, "{}"},
                                   {HF_BACKUP_RELEASE, "{}"},
                                   {HF_BACKUP_SIGNATURE, ""},
                                   {HF_BACKUP_RECORDS_NORMAL, LINES},
                                   {0, NULL}};
    static const size_t steps[] = {1, 7, 100000};
    HF_AUTO_BUF struct hf_buf file = HF_BUF_INIT(SEALED_MAX);

    (void)state;
    make(&file, pieces, false);
    for (size_t i = 0; i < HF_LEN(steps); i++) {
        struct sealed_reader to = {.secret = RIGHT_KEY, .out = HF_BUF_INIT(SEALED_MAX)};
        HF_AUTO(hf_backup_reader) struct hf_backup_reader *r = NULL;
        const struct hf_backup_manifest *m;
        uint64_t left_out = 0;

        assert_int_equal(read_it(&file, steps[i], &to, &r, NULL), 0);
        m = hf_backup_reader_manifest(r);
        assert_string_equal(m->gateway, "hf-1a2b3c4d");
        assert_string_equal(m->name, "press-hall-3");
        assert_true(m->records && m->schema == 7 && m->created_ms == 1795662093000);
        assert_string_equal(hf_backup_reader_text(r, HF_BACKUP_STATE), "{\"account\":[]}");
        assert_string_equal(hf_backup_reader_text(r, HF_BACKUP_RELEASE), "{}");
        assert_null(hf_backup_reader_text(r, HF_BACKUP_SITE_PEM));
        assert_int_equal(hf_backup_reader_records(r, &left_out), 2);
        assert_int_equal(left_out, 1);
        assert_string_equal(
            to.out.data,
            "{\"lane\":\"normal\",\"time\":\"2026-11-24T03:01:33.123Z\",\"synced\":true,\"topic\":"
            "\"sensors/7/temp\",\"payload\":{\"t\":21.500000000000000001}}\n"
            "{\"lane\":\"normal\",\"time\":\"2026-11-24T03:01:33.131Z\",\"synced\":false,\"topic\":"
            "\"door/2\",\"text\":\"open\"}\n");
        hf_buf_done(&to.out);
    }
}

static void
parts_that_are_missing_or_in_disorder(void **state)
{
    const struct piece manifest = {HF_BACKUP_MANIFEST, MANIFEST},
                       state_part = {HF_BACKUP_STATE, "{}"};
    const struct piece none = {0, NULL};

    (void)state;
    expect_refused((struct piece[]){none}, false, "says nothing of the gateway");
    expect_refused((struct piece[]){manifest, none}, false, "says nothing of the gateway");
    expect_refused((struct piece[]){manifest, state_part, none}, false,
                   "says nothing of the gateway");
    expect_refused((struct piece[]){manifest, state_part, none}, true, "a part of it is missing");
    expect_refused((struct piece[]){state_part, none}, false, "in disorder");
    expect_refused((struct piece[]){manifest, manifest, none}, false, "in disorder");
    expect_refused((struct piece[]){manifest, {HF_BACKUP_RELEASE, "{}"}, state_part, none}, false,
                   "in disorder");
    expect_refused((struct piece[]){manifest, {HF_BACKUP_PART_COUNT, "x"}, none}, false,
                   "does not know");
    expect_refused((struct piece[]){manifest, {HF_BACKUP_STATE, "\xff"}, none}, false, "no text");
}

static void
a_manifest_that_says_too_little_or_too_much(void **state)
{
    static const struct {
        const char *from, *to, *text;
    } cases[] = {
        {"\"schema\":7", "\"schema\":8", "newer"},
        {"\"schema\":7", "\"schema\":0", "its schema"},
        {"\"schema\":7", "\"schema\":x", "its contents"},
        {"hf-1a2b3c4d", "hf-1a2b3c4", "gateway's id"},
        {"hf-1a2b3c4d", "hf-1a2b3c4X", "gateway's id"},
        {"2026-11-26T", "2026-13-26T", "its time"},
        {"\"version\"", "\"vision\"", "its version"},
        {"\"name\"", "\"nam\"", "its name"},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(cases); i++) {
        const char *at = strstr(MANIFEST, cases[i].from);
        char text[512];

        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - MANIFEST), MANIFEST, cases[i].to,
                 at + strlen(cases[i].from));
        expect_refused((struct piece[]){{HF_BACKUP_MANIFEST, text}, {0, NULL}}, false,
                       cases[i].text);
    }
    expect_refused((struct piece[]){{HF_BACKUP_MANIFEST, ""}, {0, NULL}}, false, "its contents");
}

static void
records_that_are_none(void **state)
{
    static const char *const lines[] = {
        "x\n",
        "\n",
        "{}\n",
        "{\"gateway\":\"g\",\"epoch\":\"9f2c11ab\",\"seq\":1,\"topic\":\"a\",\"payload\":1}\n",
        "{\"gateway\":\"g\",\"epoch\":\"9f2c11ab\",\"seq\":1,\"time\":\"2026-11-24T03:01:33.123Z\","
        "\"synced\":true,\"topic\":\"a\",\"payload\":1}x\n",
        "{\"gateway\":\"g\",\"epoch\":\"9f2c11ab\",\"seq\":1,\"time\":\"2026-11-24T03:01:33.123Z\","
        "\"synced\":true,\"topic\":\"a\",\"payload\":1",
        "{\"gateway\":\"g\",\"epoch\":\"9f2c11ab\",\"seq\":,\"time\":\"2026-11-24T03:01:33.123Z\","
        "\"synced\":true,\"topic\":\"a\",\"payload\":1}\n",
        "{\"gateway\":\"g\",\"epoch\":\"9f2c11ab\",\"seq\":1,\"time\":\"2026-11-24T03:01:33.123Z\","
        "\"synced\":null,\"topic\":\"a\",\"payload\":1}\n",
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(lines); i++)
        expect_refused((struct piece[]){{HF_BACKUP_MANIFEST, MANIFEST},
                                        {HF_BACKUP_STATE, "{}"},
                                        {HF_BACKUP_RECORDS_BULK, lines[i]},
                                        {0, NULL}},
                       false, "record");
}

/* Lengths that lie are found before anything is taken by them. */
static void
hostile_lengths(void **state)
{
    static const unsigned char heads[][5] = {
        {1, 0xff, 0xff, 0xff, 0xff}, {1, 0, 0, 1, 1}, {1, 1, 0, 1, 0}};
    static const char filler[4096] = "";

    (void)state;
    for (size_t i = 0; i < HF_LEN(heads); i++) {
        struct sealed_reader to = {.secret = RIGHT_KEY, .out = HF_BUF_INIT(SEALED_MAX)};
        HF_AUTO_BUF struct hf_buf file = HF_BUF_INIT(SEALED_MAX);
        struct hf_seal *s = sealed_begin(&file);
        struct hf_backup_reader *r = NULL;

        assert_int_equal(hf_seal_add(s, heads[i], sizeof heads[i], NULL), 0);
        assert_int_equal(hf_seal_end(s, NULL), 0);
        hf_seal_free(s);
        assert_int_equal(read_it(&file, 1000, &to, &r, "too long"), -1);
    }
    { /* and a part that never ends */
        struct sealed_reader to = {.secret = RIGHT_KEY, .out = HF_BUF_INIT(SEALED_MAX)};
        HF_AUTO_BUF struct hf_buf file = HF_BUF_INIT(SEALED_MAX);
        struct hf_seal *s = sealed_begin(&file);
        struct hf_backup_reader *r = NULL;

        assert_int_equal(hf_pack_begin(s, HF_BACKUP_MANIFEST, NULL), 0);
        for (int i = 0; i < 3; i++)
            assert_int_equal(hf_pack_add(s, filler, sizeof filler, NULL), 0);
        assert_int_equal(hf_pack_end(s, NULL), 0);
        assert_int_equal(hf_pack_finish(s, NULL), 0);
        hf_seal_free(s);
        assert_int_equal(read_it(&file, 1000, &to, &r, "too long"), -1);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_parts_come_out),
        cmocka_unit_test(parts_that_are_missing_or_in_disorder),
        cmocka_unit_test(a_manifest_that_says_too_little_or_too_much),
        cmocka_unit_test(records_that_are_none),
        cmocka_unit_test(hostile_lengths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

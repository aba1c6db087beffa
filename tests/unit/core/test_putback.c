// SPDX-License-Identifier: Apache-2.0
/* What is done after a restore: a whole owner, with a buffer that answers as it is told to. */
#include "box.h"

#include "base/file.h"
#include "core/internal.h"
#include "path/peer_server.h"
#include "store/backup.h"

#include <limits.h>
#include <unistd.h>

enum { BUFFER_PORT = 8081 };

/* They would go to the same buffer. */
static const char no_alarms[] =
    "{\"broker\":{\"anonymous\":false},"
    "\"alarms\":{\"make_room\":false,\"thresholds\":{\"disk_percent\":[99,100]}}}";
static const char FILE_NAME[] = "restore-0011223344556677.records";

struct after {
    struct box *box;
    struct peer_server buffer;
    char token[HF_STORE_SECRET_SIZE], place[80], path[PATH_MAX], leftover[PATH_MAX];
};

static void
write_file(const char *path, const char *text)
{
    assert_int_equal(hf_file_replace(path, text, strlen(text), 0600, (uid_t)-1, (gid_t)-1, NULL),
                     0);
}

static int
restored(void **state)
{
    struct after *a = calloc(1, sizeof *a);
    unsigned pid = (unsigned)getpid();
    char kept[128];

    assert_int_equal(setup((void **)&a->box), 0);
    snprintf(a->box->engine.lease_address, sizeof a->box->engine.lease_address, "127.%u.%u.%u",
             1 + (pid >> 16) % 250, (pid >> 8) & 255, 1 + (pid & 255) % 254);
    assert_int_equal(hf_store_open(a->box->dir, &a->box->store, NULL), 0);
    assert_int_equal(hf_store_secret(a->box->store, "buffer.holdfastd", a->token, NULL), 0);
    snprintf(kept, sizeof kept, "{\"file\":\"%s\"}", FILE_NAME);
    assert_int_equal(hf_store_keep(a->box->store, hf_store_kept_records, 1, kept, NULL), 0);
    assert_int_equal(hf_store_keep(a->box->store, hf_store_kept_mark, 1, "00112233", NULL), 0);
    hf_store_free(a->box->store);
    snprintf(a->path, sizeof a->path, "%s/%s", a->box->dir, FILE_NAME);
    snprintf(a->leftover, sizeof a->leftover, "%s/restore-ffff.records", a->box->dir);
    write_file(a->leftover, "x\n");
    snprintf(a->place, sizeof a->place, "%s:%d", a->box->engine.lease_address, BUFFER_PORT);
    a->box->settings = no_alarms;
    a->buffer.token = a->token;
    a->buffer.listen = a->place;
    a->buffer.status = 200;
    a->buffer.body = "{}";
    peer_server_start(&a->buffer);
    *state = a;
    return 0;
}

static int
leave(void **state)
{
    struct after *a = *state;

    assert_int_equal(teardown((void **)&a->box), 0);
    peer_server_stop(&a->buffer);
    free(a);
    return 0;
}

static int
find_kept(struct hf_store *store, void *context, struct hf_error *err)
{
    HF_AUTO_FREE char *text = NULL;
    int64_t at_ms;

    (void)context;
    return hf_store_kept(store, hf_store_kept_records, &at_ms, &text, err);
}

static void
wait_until_done(struct after *a)
{
    int64_t deadline = hf_clock_mono_ms() + PATIENCE_MS;
    struct hf_error err = {0};

    while (hf_core_run(a->box->core, find_kept, NULL, &err) == 0 || access(a->path, F_OK) == 0) {
        assert_true(hf_clock_mono_ms() < deadline);
        usleep(10000);
    }
    assert_int_equal(err.class, HF_ERROR_NOT_FOUND);
}

static int
newest_audit(struct hf_store *store, void *context, struct hf_error *err)
{
    struct hf_audit_entry e[8];
    size_t count = 0;

    if (hf_store_audit_list(store, 0, e, 8, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (strstr(e[i].what, context))
            return 0;
    return hf_error_set(err, HF_ERROR_NOT_FOUND, "none");
}

static void
expect_audit(struct after *a, const char *text)
{
    int64_t deadline = hf_clock_mono_ms() + PATIENCE_MS;

    while (hf_core_run(a->box->core, newest_audit, (void *)(uintptr_t)text, NULL) < 0) {
        if (hf_clock_mono_ms() > deadline)
            fail_msg("no '%s' in the audit log", text);
        usleep(10000);
    }
}

static void
records_go_to_the_buffer(void **state)
{
    struct after *a = *state;

    write_file(a->path,
               "{\"lane\":\"alarm\",\"topic\":\"a\"}\n{\"lane\":\"bulk\",\"topic\":\"b\"}\n");
    start(a->box);
    wait_until_done(a);
    assert_string_equal(peer_server_last(&a->buffer)->url, "/v1/records");
    assert_string_equal(
        peer_server_last(&a->buffer)->asked,
        "{\"lane\":\"alarm\",\"topic\":\"a\"}\n{\"lane\":\"bulk\",\"topic\":\"b\"}\n");
    expect_audit(a, "put 2 records of the backup into the buffer; it refused 0");
    assert_int_equal(access(a->leftover, F_OK), -1);
}

/* What the buffer is told, so that its numbers are new. */
static void
the_buffer_hears_of_it(void **state)
{
    struct after *a = *state;
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(65536);
    char path[PATH_MAX];

    write_file(a->path, "{\"topic\":\"a\"}\n");
    start(a->box);
    snprintf(path, sizeof path, "%s/services/buffer/settings.json",
             a->box->core->config.placement.run_dir);
    assert_int_equal(hf_file_read(path, &text, NULL), 0);
    assert_non_null(strstr(text.data, "\"restored\":\"00112233\""));
    wait_until_done(a);
}

static void
a_buffer_that_is_away_is_waited_for(void **state)
{
    struct after *a = *state;
    int64_t deadline = hf_clock_mono_ms() + PATIENCE_MS;

    a->buffer.status = 503;
    write_file(a->path, "{\"topic\":\"a\"}\n");
    start(a->box);
    while (atomic_load(&a->buffer.requests) < 2) {
        assert_true(hf_clock_mono_ms() < deadline);
        usleep(10000);
    }
    assert_int_equal(access(a->path, F_OK), 0);
    a->buffer.status = 200;
    wait_until_done(a);
    expect_audit(a, "put 1 records");
}

/* One that the buffer refuses for good holds up no other. */
static void
what_is_refused_is_counted(void **state)
{
    struct after *a = *state;

    a->buffer.status = 422;
    write_file(a->path, "{\"topic\":\"a\"}\n{\"topic\":\"b\"}\n{\"topic\":\"c\"}\n");
    start(a->box);
    wait_until_done(a);
    assert_int_equal(atomic_load(&a->buffer.requests), 4); /* together, then each */
    assert_string_equal(peer_server_last(&a->buffer)->asked, "{\"topic\":\"c\"}\n");
    expect_audit(a, "put 0 records of the backup into the buffer; it refused 3");
}

/* A stop in between: the next start goes on where this one was. */
static void
a_start_in_the_middle_goes_on(void **state)
{
    struct after *a = *state;
    char kept[128];

    write_file(a->path, "{\"topic\":\"a\"}\n{\"topic\":\"b\"}\n");
    assert_int_equal(hf_store_open(a->box->dir, &a->box->store, NULL), 0);
    snprintf(kept, sizeof kept, "{\"file\":\"%s\",\"offset\":14,\"records\":1,\"refused\":0}",
             FILE_NAME);
    assert_int_equal(hf_store_keep(a->box->store, hf_store_kept_records, 1, kept, NULL), 0);
    hf_store_free(a->box->store);
    start(a->box);
    wait_until_done(a);
    assert_string_equal(peer_server_last(&a->buffer)->asked, "{\"topic\":\"b\"}\n");
    expect_audit(a, "put 2 records");
}

static void
batches_are_whole_lines(void **state)
{
    struct after *a = *state;
    HF_AUTO_BUF struct hf_buf all = HF_BUF_INIT(4 * 1024 * 1024),
                              got = HF_BUF_INIT(8 * 1024 * 1024);
    HF_AUTO_BUF struct hf_buf lines = HF_BUF_INIT(16 * 1024 * 1024);
    uint64_t offset = 0;
    unsigned batches = 0;

    write_file(a->path, "{}\n");
    start(a->box);
    wait_until_done(a);
    for (int i = 0; i < 20000; i++)
        assert_int_equal(hf_buf_addf(&all, NULL, "{\"n\":%d,\"pad\":\"0123456789\"}\n", i), 0);
    { /* one that is longer than a batch */
        char *to = hf_buf_reserve(&all, 600001);

        assert_non_null(to);
        memset(to, 'x', 600000);
        to[600000] = '\n';
        all.len += 600001;
    }
    assert_int_equal(hf_file_replace(a->path, all.data, all.len, 0600, (uid_t)-1, (gid_t)-1, NULL),
                     0);
    for (;;) {
        assert_int_equal(putback_read(a->path, offset, &lines, NULL), 0);
        if (lines.len == 0)
            break;
        assert_int_equal(lines.data[lines.len - 1], '\n');
        assert_int_equal(hf_buf_add(&got, lines.data, lines.len, NULL), 0);
        offset += lines.len;
        batches++;
    }
    assert_true(batches >= 4);
    assert_int_equal(got.len, all.len);
    assert_memory_equal(got.data, all.data, all.len);
    write_file(a->path, "no end");
    assert_int_equal(putback_read(a->path, 0, &lines, NULL), -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(records_go_to_the_buffer, restored, leave),
        cmocka_unit_test_setup_teardown(the_buffer_hears_of_it, restored, leave),
        cmocka_unit_test_setup_teardown(a_buffer_that_is_away_is_waited_for, restored, leave),
        cmocka_unit_test_setup_teardown(what_is_refused_is_counted, restored, leave),
        cmocka_unit_test_setup_teardown(a_start_in_the_middle_goes_on, restored, leave),
        cmocka_unit_test_setup_teardown(batches_are_whole_lines, restored, leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

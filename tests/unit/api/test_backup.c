// SPDX-License-Identifier: Apache-2.0
/* A backup over the interface, and its way back. */
#include "unit.h"

#include "call.h"
#include "tempdir.h"
#include "world.h"
#include "world_backup.h"

#include "api/server.h"
#include "base/file.h"
#include "path/path.h"
#include "path/peer_server.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char PASSPHRASE[] = "gr\xc3\xbc\xc3\x9f Gott 7 %";
static const char ENCODED[] = "gr%C3%BC%c3%9f Gott 7 %25";
static const char LINE[] =
    "{\"gateway\":\"hf-1a2b3c4d\",\"epoch\":\"9f2c11ab\",\"seq\":17,\"time\":\"2026-11-24T03:01:33."
    "123Z\",\"synced\":true,\"topic\":\"sensors/7/temp\",\"payload\":{\"t\":21.5}}\n";

static struct hf_api_config config;
static void *dir;
static int restarts;

static void
count_restart(void)
{
    restarts++;
}

static int
set_up(void **state)
{
    if (call_set_up(state) != 0 || tempdir_make(&dir) < 0)
        return -1;
    config = *call_common.config;
    config.state_dir = dir;
    config.restart = count_restart;
    call_common.config = &config;
    restarts = 0;
    world_restored[0] = '\0';
    world_restore_error = HF_ERROR_NONE;
    return 0;
}

static int
tear_down(void **state)
{
    tempdir_drop(&dir);
    return call_tear_down(state);
}

/* ---- asking ---- */

/* The body of a chunked answer; true where it has an end. */
static bool
unchunk(const struct call *c, struct hf_buf *body)
{
    const char *at = strstr(c->out.data, "\r\n\r\n") + 4, *end = c->out.data + c->out.len;

    while (at < end) {
        char *behind;
        size_t len = strtoul(at, &behind, 16);

        if (len == 0)
            return true;
        assert_int_equal(hf_buf_add(body, behind + 2, len, NULL), 0);
        at = behind + 2 + len + 2;
    }
    return false;
}

static bool
back_up(const char *body, int status, const char *text, struct hf_buf *file)
{
    char length[24];
    struct call c = {.headers = {"Host", "10.0.0.1", "Cookie", call_cookie, "Content-Type",
                                 "application/json", "Content-Length", length, "Accept-Encoding",
                                 "gzip"},
                     .body = body,
                     .writes_left = 1000};
    bool whole = false;

    snprintf(length, sizeof length, "%zu", strlen(body));
    call_serve(&c, "POST", "/api/v1/backup", "", status);
    if (text && !call_has(&c, text))
        fail_msg("%s: no '%s' in %s", body, text, c.out.data);
    if (file)
        whole = unchunk(&c, file);
    hf_buf_done(&c.out);
    return whole;
}

static void
make_file(bool records, struct hf_buf *file)
{
    char body[128];

    snprintf(body, sizeof body, "{\"passphrase\":\"%s\",\"buffer\":%s}", PASSPHRASE,
             records ? "true" : "false");
    *file = HF_BUF_INIT(1024 * 1024);
    assert_true(back_up(body, 200, "Content-Disposition: attachment; filename=\"holdfast-", file));
}

/* who: a header and its value. */
static void
put_back(const struct hf_buf *file, const char *passphrase, const char *const who[2], int status,
         const char *text)
{
    char length[24];
    struct call c = {.headers = {"Host", "10.0.0.1", "Content-Type", "application/octet-stream",
                                 "Content-Length", length, who[0], who[1],
                                 passphrase ? "Holdfast-Passphrase" : NULL, passphrase},
                     .body = file->data,
                     .body_len = file->len};

    snprintf(length, sizeof length, "%zu", file->len);
    call_serve(&c, "POST", "/api/v1/restore", "", status);
    if (text && !call_has(&c, text))
        fail_msg("restore: no '%s' in %s", text, c.out.data);
    hf_buf_done(&c.out);
}

static const char *const admin[2] = {"Cookie", call_cookie};

static unsigned
files_left(char name[NAME_MAX + 1])
{
    DIR *d = opendir(dir);
    unsigned count = 0;

    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) {
        if (e->d_name[0] == '.')
            continue;
        strcpy(name, e->d_name);
        count++;
    }
    closedir(d);
    return count;
}

/* ---- */

static void
there_and_back(void **state)
{
    HF_AUTO_BUF struct hf_buf file = HF_BUF_INIT(1);
    char name[NAME_MAX + 1];

    (void)state;
    make_file(false, &file);
    assert_non_null(strstr(world_audit, "took a backup, without"));
    assert_memory_equal(file.data, "HFBACKUP", 8);
    assert_null(memmem(file.data, file.len, "a secret", 8));
    put_back(&file, ENCODED, admin, 200,
             "{\"gateway\":\"hf-1a2b3c4d\",\"name\":\"press-hall-3\",\"version\":\"" HF_VERSION);
    assert_string_equal(world_restored,
                        "admin|" WORLD_BACKUP_STATE "|" WORLD_BACKUP_CONFIG "|{\"name\":\"r\"}|-");
    assert_false(world_restored_unclaimed);
    assert_int_equal(restarts, 1);
    assert_int_equal(files_left(name), 0);
}

static void
records_come_along(void **state)
{
    struct peer_server buffer = {.token = WORLD_TOKEN};
    HF_AUTO_BUF struct hf_buf file = HF_BUF_INIT(1), text = HF_BUF_INIT(65536);
    char name[NAME_MAX + 1], path[PATH_MAX], kept[NAME_MAX + 32];

    (void)state;
    peer_server_start(&buffer);
    buffer.status = 200;
    buffer.body = LINE;
    world_reach(buffer.port);
    make_file(true, &file);
    assert_int_equal(buffer.requests, 4); /* its status, and each lane */
    assert_string_equal(peer_server_last(&buffer)->url, "/v1/export?lane=bulk");
    put_back(&file, ENCODED, admin, 200, "\"records\":3,\"records_left_out\":0,");
    assert_int_equal(files_left(name), 1);
    snprintf(kept, sizeof kept, "|{\"file\":\"%s\"}", name);
    assert_non_null(strstr(world_restored, kept));
    snprintf(path, sizeof path, "%s/%s", (const char *)dir, name);
    assert_int_equal(hf_file_read(path, &text, NULL), 0);
    assert_non_null(strstr(text.data,
                           "{\"lane\":\"alarm\",\"time\":\"2026-11-24T03:01:33.123Z\",\"synced\":"
                           "true,\"topic\":\"sensors/7/temp\",\"payload\":{\"t\":21.5}}\n"
                           "{\"lane\":\"normal\","));
    world_leave();
    peer_server_stop(&buffer);
}

/* From its second answer on it says much, and breaks off. */
static void *
break_off(void *context)
{
    struct peer_server *p = context;

    while (atomic_load(&p->requests) < 2)
        usleep(1000);
    p->chunks = 2000;
    p->cut = true;
    return NULL;
}

/* An answer that broke off is no backup, and a restore sees that. */
static void
a_buffer_that_breaks_off(void **state)
{
    static const char body[] = "{\"passphrase\":\"correct horse\",\"buffer\":true}";
    struct peer_server buffer = {.token = WORLD_TOKEN};
    HF_AUTO_BUF struct hf_buf file = HF_BUF_INIT(1024 * 1024);
    char name[NAME_MAX + 1];
    pthread_t thread;

    (void)state;
    back_up(body, 503, "buffer", NULL);
    peer_server_start(&buffer);
    world_reach(buffer.port);
    buffer.body = "{}";
    buffer.status = 503;
    back_up(body, 503, "buffer", NULL);
    buffer.status = 500;
    back_up(body, 502, "buffer", NULL);
    buffer.status = 200;
    buffer.body = LINE;
    buffer.silent_ms = 300;
    buffer.requests = 0;
    assert_int_equal(pthread_create(&thread, NULL, break_off, &buffer), 0);
    assert_false(back_up(body, 200, NULL, &file));
    pthread_join(thread, NULL);
    assert_true(file.len > 65536);
    put_back(&file, "correct horse", admin, 422, "its end is missing");
    assert_int_equal(files_left(name), 0);
    assert_string_equal(world_restored, "");
    world_leave();
    peer_server_stop(&buffer);
}

static void
what_is_asked_wrongly(void **state)
{
    HF_AUTO_BUF struct hf_buf file = HF_BUF_INIT(1);

    (void)state;
    back_up("{\"passphrase\":\"too short\"}", 422, "\"pointer\":\"/passphrase\"", NULL);
    back_up("{\"passphrase\":7}", 422, "\"pointer\":\"/passphrase\"", NULL);
    back_up("{}", 422, "\"pointer\":\"/passphrase\"", NULL);
    make_file(false, &file);
    put_back(&file, NULL, admin, 400, "Holdfast-Passphrase");
    put_back(&file, "%zz", admin, 400, "Holdfast-Passphrase");
    put_back(&file, "another passphrase", admin, 422, "not the passphrase");
    file.data[20] ^= 1;
    put_back(&file, ENCODED, admin, 422, "not the passphrase");
    file.data[20] ^= 1;
    file.len--;
    put_back(&file, ENCODED, admin, 422, NULL);
    file.len++;
    world_restore_error = HF_ERROR_NO_SPACE;
    put_back(&file, ENCODED, admin, 507, NULL);
    world_restore_error = HF_ERROR_CONFLICT;
    put_back(&file, ENCODED, admin, 409, NULL);
    assert_string_equal(world_restored, "");
    assert_int_equal(restarts, 0);
}

static int
keep(void *context, const struct hf_account *a, struct hf_error *err)
{
    (void)context, (void)a, (void)err;
    return 0;
}

/* A new box: who has it may, and nobody else. */
static void
before_a_claim_by_the_setup_code(void **state)
{
    static const struct hf_identity_ops ops = {.claim = keep};
    static const struct hf_identity_start nothing = {0};
    HF_AUTO(hf_identity) struct hf_identity *fresh = NULL;
    HF_AUTO_BUF struct hf_buf file = HF_BUF_INIT(1);
    char code[HF_SETUP_CODE_SIZE];
    const char *by_code[2] = {"Holdfast-Setup-Code", code};

    (void)state;
    make_file(false, &file);
    assert_int_equal(hf_identity_new(&ops, &nothing, &fresh, NULL), 0);
    config.identity = fresh;
    put_back(&file, ENCODED, (const char *const[2]){"X-Nothing", "1"}, 401, "Holdfast-Setup-Code");
    put_back(&file, ENCODED, admin, 401, NULL);
    strcpy(code, "AAAA-AAAA-AAAA");
    put_back(&file, ENCODED, by_code, 403, "not the setup code");
    assert_string_equal(world_restored, "");
    assert_true(hf_identity_setup_code(fresh, code));
    put_back(&file, ENCODED, by_code, 200, NULL);
    assert_true(world_restored_unclaimed);
    assert_memory_equal(world_restored, "setup code|", 11);
    assert_int_equal(restarts, 1);
    config.identity = NULL;
}

/* ---- a factory reset ---- */

static void
reset(const char *body, int status, const char *text)
{
    char length[24];
    struct call c = {.headers = {"Host", "10.0.0.1", "Cookie", call_cookie, "Content-Type",
                                 "application/json", "Content-Length", length},
                     .body = body,
                     .writes_left = 1000};

    snprintf(length, sizeof length, "%zu", strlen(body));
    call_serve(&c, "POST", "/api/v1/gateway/reset", "", status);
    if (text && !call_has(&c, text))
        fail_msg("%s: no '%s' in %s", body, text, c.out.data);
    hf_buf_done(&c.out);
}

static void
a_reset_is_said_and_begun(void **state)
{
    (void)state;
    reset("{\"data\":\"wipe\"}", 422, "/gateway");
    reset("{\"data\":\"all\",\"gateway\":\"hf-1a2b3c4d\"}", 422, "/data");
    reset("{\"data\":\"wipe\",\"gateway\":\"hf-1a2b3c4e\"}", 422, "no other one is reset");
    world_restore_error = HF_ERROR_NO_SPACE;
    reset("{\"data\":\"wipe\",\"gateway\":\"hf-1a2b3c4d\"}", 507, NULL);
    world_restore_error = HF_ERROR_NONE;
    assert_string_equal(world_restored, "");
    assert_int_equal(restarts, 0);
    reset("{\"data\":\"wipe\",\"gateway\":\"hf-1a2b3c4d\"}", 202,
          "\"removes\":{\"accounts\":2,\"tokens\":1,\"device_accounts\":3,\"revisions\":4},"
          "\"records\":null");
    assert_string_equal(world_restored, "wipe|admin|factory reset, the data wiped");
    assert_int_equal(restarts, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(there_and_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(records_come_along, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_buffer_that_breaks_off, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_asked_wrongly, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reset_is_said_and_begun, set_up, tear_down),
        cmocka_unit_test_setup_teardown(before_a_claim_by_the_setup_code, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

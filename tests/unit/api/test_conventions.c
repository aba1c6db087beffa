// SPDX-License-Identifier: Apache-2.0
/* What holds for many operations: keys, waiting, compression, streams taken up again, problems. */
#include "unit.h"

#include "call.h"
#include "tempdir.h"
#include "world.h"

#include "api/gzip.h"
#include "api/hsts.h"
#include "api/once.h"
#include "api/server.h"
#include "api/targz.h"
#include "base/file.h"
#include "base/text.h"
#include "identity/certificate.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>

static const char RESTART[] = "/api/v1/services/broker/restart";

/* ---- HSTS ---- */

static void
hsts_locks_nobody_out(void **state)
{
    static const int64_t day = 24 * 3600 * 1000;
    static const char yes[] = "Strict-Transport-Security: max-age=86400\r\n";
    static const char no_more[] = "Strict-Transport-Security: max-age=0\r\n";
    static const struct {
        struct hf_hsts_facts facts;
        const char *line;
    } cases[] = {
        {{443, true, 60 * day, true, false}, yes},
        {{8443, true, 60 * day, true, false}, ""}, /* port 443 may be nobody's */
        {{443, false, 60 * day, true, false}, ""}, /* the own certificate, or an address */
        {{443, true, 7 * day, true, false}, no_more},
        {{443, true, 60 * day, false, false}, no_more},
        {{443, true, 60 * day, true, true}, no_more}, /* it may speak HTTP */
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(cases); i++)
        assert_string_equal(hf_hsts_line(&cases[i].facts), cases[i].line);
}

static bool
says_hsts(const char *host)
{
    struct call c = {.headers = {"Host", host, "Cookie", call_cookie}};
    bool says;

    call_serve(&c, "GET", "/api/v1/health", "", 200);
    says = call_has(&c, "\r\nStrict-Transport-Security: max-age=86400\r\n");
    hf_buf_done(&c.out);
    return says;
}

static void
hsts_is_for_names_of_the_site(void **state)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(65536);
    const struct hf_api_config *before = call_common.config;
    struct hf_api_config on_443 = *before;
    struct hf_certificate_info info;
    struct hf_certificate site;
    void *dir = NULL;

    (void)state;
    on_443.listen_port = 443;
    call_common.config = &on_443;
    world_snapshot.gateway.host.clock_synced = true;
    assert_int_equal(tempdir_make(&dir), 0);
    assert_int_equal(hf_certificate_ensure(dir, "gw7", &site, NULL), 0);
    assert_int_equal(hf_file_read(site.pem_path, &text, NULL), 0);
    assert_false(says_hsts("press-hall-3"));
    assert_int_equal(
        hf_certificates_replace(on_443.certificates, text.data, text.data, &info, NULL), 0);
    assert_true(says_hsts("gw7"));
    assert_false(says_hsts("10.0.0.1"));
    assert_int_equal(hf_certificates_remove(on_443.certificates, NULL), 0);
    assert_false(says_hsts("press-hall-3"));
    tempdir_drop(&dir);
    call_common.config = before;
}

/* ---- Idempotency-Key ---- */

static void
post(const char *path, const char *name, const char *value, int status, const char *text)
{
    struct call c = {.headers = {"Host", "10.0.0.1", "Cookie", call_cookie, name, value}};

    call_serve(&c, "POST", path, "", status);
    if (text && !call_has(&c, text))
        fail_msg("POST %s: no '%s' in %s", path, text, c.out.data);
    hf_buf_done(&c.out);
}

static void
a_key_begins_one_operation(void **state)
{
    (void)state;
    post(RESTART, "Idempotency-Key", "k1", 202, "\"kind\":\"restart\"");
    /* Another one would be refused now. */
    world_command_error = HF_ERROR_CONFLICT;
    post(RESTART, "Idempotency-Key", "k1", 202, "Idempotency-Replayed: true\r\n");
    post(RESTART, "Idempotency-Key", "k2", 409, NULL);
    world_command_error = HF_ERROR_NONE;
    /* What was refused was not begun. */
    post(RESTART, "Idempotency-Key", "k2", 202, "Location: /api/v1/operations/aaaa");
    post("/api/v1/services/broker/stop", "Idempotency-Key", "k1", 422, "another request");
    post(RESTART, "Idempotency-Key", "", 400, "visible");
    post(RESTART, "Idempotency-Key", "a b", 400, "visible");
}

static void
keys_give_way(void **state)
{
    struct hf_operation begun = {.id = "1"}, got;
    struct hf_once o;
    uint64_t ticket;
    bool again;
    char key[16];

    (void)state;
    hf_once_init(&o);
    for (int i = 0; i < 3 * HF_ONCE_MAX; i++) {
        snprintf(key, sizeof key, "k%d", i);
        assert_int_equal(hf_once_begin(&o, "admin", key, "r", &again, &got, &ticket, NULL), 0);
        assert_false(again);
        hf_once_end(&o, ticket, &begun);
    }
    assert_int_equal(hf_once_begin(&o, "admin", key, "r", &again, &got, &ticket, NULL), 0);
    assert_true(again);
    assert_string_equal(got.id, "1");
    /* Of somebody else it is another one. */
    assert_int_equal(hf_once_begin(&o, "other", key, "r", &again, &got, &ticket, NULL), 0);
    assert_false(again);
    hf_once_end(&o, ticket, NULL);
    assert_int_equal(hf_once_begin(&o, "admin", "k0", "r", &again, &got, &ticket, NULL), 0);
    assert_false(again);
    hf_once_done(&o);
}

static void
what_is_under_way_does_not_give_way(void **state)
{
    struct hf_error err = {0};
    struct hf_operation got;
    struct hf_once o;
    uint64_t ticket;
    bool again;
    char key[16];

    (void)state;
    hf_once_init(&o);
    for (int i = 0; i < HF_ONCE_MAX; i++) {
        snprintf(key, sizeof key, "k%d", i);
        assert_int_equal(hf_once_begin(&o, "admin", key, "r", &again, &got, &ticket, NULL), 0);
    }
    assert_int_equal(hf_once_begin(&o, "admin", key, "r", &again, &got, &ticket, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    assert_int_equal(hf_once_begin(&o, "admin", "new", "r", &again, &got, &ticket, &err), -1);
    assert_int_equal(err.class, HF_ERROR_UNAVAILABLE);
    hf_once_done(&o);
}

/* ---- Prefer ---- */

static void
waiting_for_the_end(void **state)
{
    (void)state;
    world_operation_state = HF_OPERATION_SUCCEEDED;
    post(RESTART, "Prefer", "respond-async, wait=10", 200, "Preference-Applied: wait=10\r\n");
    post(RESTART, "Prefer", "wait=9999", 200, "Preference-Applied: wait=30\r\n");
    post(RESTART, "Prefer", "wait=0", 202, NULL);
    post(RESTART, "Prefer", "wait", 202, NULL);
    post(RESTART, "Prefer", "waiting=5, wait=x", 202, NULL);
    world_operation_state = HF_OPERATION_RUNNING;
    post(RESTART, "Prefer", "wait=1", 202, "Preference-Applied: wait=1\r\n");
    world_operation_state = HF_OPERATION_QUEUED;
}

/* ---- compression ---- */

static void
inflate_body(const struct call *c, char *out, size_t size)
{
    const char *body = strstr(c->out.data, "\r\n\r\n") + 4;
    z_stream z = {.next_in = (unsigned char *)(uintptr_t)body,
                  .avail_in = (uInt)(c->out.len - (size_t)(body - c->out.data)),
                  .next_out = (unsigned char *)out,
                  .avail_out = (uInt)size - 1};

    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    out[z.total_out] = '\0';
    inflateEnd(&z);
}

static void
compressed(void **state)
{
    static char whole[128 * 1024];
    struct call gzip = {.headers = {"Host", "10.0.0.1", "Cookie", call_cookie, "Accept-Encoding",
                                    "deflate, gzip;q=0.5"}};
    struct call refused = {
        .headers = {"Host", "10.0.0.1", "Cookie", call_cookie, "Accept-Encoding", "gzip;q=0, br"}};
    struct call tagged = {
        .headers = {"Host", "10.0.0.1", "Cookie", call_cookie, "Accept-Encoding", "gzip"}};

    (void)state;
    call_serve(&gzip, "GET", "/api/v1/services", "", 200);
    assert_true(call_has(&gzip, "Content-Encoding: gzip\r\n"));
    assert_true(call_has(&gzip, "Vary: Accept-Encoding\r\n"));
    inflate_body(&gzip, whole, sizeof whole);
    assert_int_equal(strncmp(whole, "{\"services\":[{\"name\":\"broker\"", 29), 0);
    assert_true(strlen(whole) > 3 * gzip.out.len);
    call_serve(&refused, "GET", "/api/v1/services", "", 200);
    assert_false(call_has(&refused, "Content-Encoding"));
    assert_true(call_has(&refused, "Vary: Accept-Encoding\r\n"));
    call_serve(&tagged, "GET", "/api/v1/config", "", 200);
    assert_false(call_has(&tagged, "Content-Encoding"));
    hf_buf_done(&gzip.out);
    hf_buf_done(&refused.out);
    hf_buf_done(&tagged.out);
}

static void
lists(void **state)
{
    static const char *const yes[] = {"gzip", "br, GZIP", "gzip;q=0.5", "gzip;q=1, br;q=0",
                                      "br;q=0,gzip ; q=0.001"};
    static const char *const no[] = {
        "", "br", "gzip;q=0", "gzip; q=0.000", "xgzip, gzipx", "br;q=1, gzip;q=0, x"};

    (void)state;
    for (size_t i = 0; i < HF_LEN(yes); i++)
        if (!hf_reply_lists(yes[i], "gzip"))
            fail_msg("'%s' has it", yes[i]);
    for (size_t i = 0; i < HF_LEN(no); i++)
        if (hf_reply_lists(no[i], "gzip"))
            fail_msg("'%s' has it not", no[i]);
    assert_false(hf_reply_lists(NULL, "gzip"));
}

/* Three writes for each chunk; the reader that goes away in the middle costs nothing. */
static void
compressed_in_pieces(void **state)
{
    (void)state;
    for (int writes = 1; writes < 8; writes++) {
        struct call c = {
            .headers = {"Host", "10.0.0.1", "Cookie", call_cookie, "Accept-Encoding", "gzip"},
            .writes_left = writes};

        call_serve(&c, "GET", "/api/v1/history", "", 200);
        assert_true(call_has(&c, "Content-Encoding: gzip\r\n"));
        assert_int_equal(c.closed, writes < 5);
        hf_buf_done(&c.out);
    }
}

/* ---- streams ---- */

/* The events of a stream that is taken up at last, until so many writes have been made. */
static void
stream(const char *last, int writes, const char *text, const char *never)
{
    struct call c = {
        .headers = {"Host", "10.0.0.1", "Cookie", call_cookie, last ? "Last-Event-ID" : NULL, last},
        .writes_left = writes};

    call_serve(&c, "GET", "/api/v1/events", "", 200);
    if (text && !call_has(&c, text))
        fail_msg("%s: no '%s' in %s", last, text, c.out.data);
    if (never && call_has(&c, never))
        fail_msg("%s: '%s' in %s", last, never, c.out.data);
    hf_buf_done(&c.out);
}

static void
taken_up_again(void **state)
{
    char start[32], id[64];

    (void)state;
    world_snapshot.happened = 10;
    snprintf(start, sizeof start, "%llx", (unsigned long long)world_snapshot.gateway.started_ms);
    snprintf(id, sizeof id, "id: %s-10\nevent: state\n", start);
    stream(NULL, 2, id, "event: change");
    snprintf(id, sizeof id, "%s-8", start);
    stream(id, 4, "-9\nevent: change\ndata: {\"at\":\"2026-11-24T03:01:33.123Z\",",
           "event: missed");
    stream(id, 4, "\"what\":\"health\",\"service\":\"buffer\",\"from\":\"starting\"", "-8\n");
    stream(id, 4, "-10\nevent: state\n", NULL);
    snprintf(id, sizeof id, "%s-0", start);
    stream(id, 3, "event: missed\ndata: {\"reason\":\"too_old\",\"changes\":2}\n\n", NULL);
    stream(id, 4, "-3\nevent: change", NULL);
    snprintf(id, sizeof id, "%s-11", start);
    stream(id, 3, "data: {\"reason\":\"restarted\",\"changes\":null}\n\n", "event: change");
    stream("1-10", 3, "\"restarted\"", "event: change");
    stream("nonsense", 3, "\"restarted\"", "event: change");
    snprintf(id, sizeof id, "%s-x", start);
    stream(id, 3, "\"restarted\"", NULL);
    world_snapshot.happened = 0;
}

/* ---- problems ---- */

static void
problems_have_a_page(void **state)
{
    (void)state;
    call_expect("GET", "/api/v1/nothing", "", 404, "\"type\":\"/api/docs/problems#not-found\"");
    call_expect("GET", "/api/docs/problems", "", 200, "id=\"not-found\"");
    call_expect("GET", "/api/docs", "", 200, "Content-Type: text/html");
    call_expect("GET", "/api/docs/reference.css", "", 200, "Content-Type: text/css");
    call_expect("GET", "/api/docs/nothing", "", 404, NULL);
    call_expect("GET", "/api/docsx", "", 404, NULL);
    call_expect("POST", "/api/docs", "", 405, NULL);
    world_command_error = HF_ERROR_INTERNAL;
    post(RESTART, "X", "", 500, "\"type\":\"/api/docs/problems#internal-server-error\"");
    world_command_error = HF_ERROR_NO_SPACE;
    post(RESTART, "X", "", 507, "\"type\":\"/api/docs/problems#insufficient-storage\"");
    world_command_error = HF_ERROR_NONE;
}

/* ---- archives ---- */

static bool
take(void *context, const void *data, size_t len)
{
    return hf_buf_add(context, data, len, NULL) == 0;
}

/* Block by block; the integration test gives one to tar. */
static void
an_archive(void **state)
{
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(4096);
    HF_AUTO(hf_targz) struct hf_targz *t = hf_targz_new(take, &out, 1000);
    struct call c = {.out = HF_BUF_INIT(4096)};
    static char tar[8192];

    (void)state;
    assert_true(hf_targz_add(t, "a/b.txt", "hello", 5));
    assert_true(hf_targz_add(t, "empty", "", 0));
    assert_true(hf_targz_end(t));
    assert_int_equal(hf_buf_adds(&c.out, "\r\n\r\n", NULL), 0);
    assert_int_equal(hf_buf_add(&c.out, out.data, out.len, NULL), 0);
    inflate_body(&c, tar, sizeof tar);
    assert_string_equal(tar, "a/b.txt");
    assert_string_equal(tar + 124, "00000000005");
    assert_string_equal(tar + 512, "hello");
    assert_string_equal(tar + 1024, "empty");
    hf_buf_done(&c.out);
}

static void
an_archive_that_nobody_takes(void **state)
{
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(16);
    HF_AUTO(hf_targz) struct hf_targz *t = hf_targz_new(take, &out, 1000);

    (void)state;
    assert_true(hf_targz_add(t, "a", "hello", 5));
    assert_false(hf_targz_end(t));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hsts_locks_nobody_out),
        cmocka_unit_test(hsts_is_for_names_of_the_site),
        cmocka_unit_test(a_key_begins_one_operation),
        cmocka_unit_test(keys_give_way),
        cmocka_unit_test(what_is_under_way_does_not_give_way),
        cmocka_unit_test(waiting_for_the_end),
        cmocka_unit_test(lists),
        cmocka_unit_test(compressed),
        cmocka_unit_test(compressed_in_pieces),
        cmocka_unit_test(taken_up_again),
        cmocka_unit_test(problems_have_a_page),
        cmocka_unit_test(an_archive),
        cmocka_unit_test(an_archive_that_nobody_takes),
    };

    return cmocka_run_group_tests(tests, call_set_up, call_tear_down);
}

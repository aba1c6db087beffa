// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "api/server.h"
#include "call.h"
#include "scan/datakit.h"
#include "world.h"

#include <stdio.h>
#include <string.h>

static const char PATH[] = "/api/v1/scan/data";
static char folder[64];
static struct hf_scanner *scanner;
static struct hf_api_config config;

/* No image has an SBOM here. */
static int
archive(void *ctx, const char *id, const char *path, struct hf_buf *tar, struct hf_error *err)
{
    (void)ctx, (void)id, (void)path, (void)tar;
    return hf_error_set(err, HF_ERROR_NOT_FOUND, "none");
}

static const struct hf_engine_ops ops = {.archive = archive};

static int
set_up(void **state)
{
    char dir[96];

    if (call_set_up(state) != 0)
        return -1;
    strcpy(folder, "/tmp/hf-scan-api-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(dir, sizeof dir, "%s/scan", folder);
    config = *call_common.config;
    call_common.config = &config;
    assert_int_equal(hf_scanner_new(dir, &ops, NULL, &scanner, NULL), 0);
    config.scanner = scanner;
    return 0;
}

static int
tear_down(void **state)
{
    char command[96];

    hf_scanner_free(scanner);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return call_tear_down(state) != 0 || system(command) != 0 ? -1 : 0;
}

/* announced: the Content-Length, NULL for that of body. */
static void
put(const char *query, const char *type, const char *body, const char *announced, int status,
    const char *text)
{
    char length[24];
    struct call c = {.headers = {"Host", "10.0.0.1", "Cookie", call_cookie, "Content-Type", type,
                                 "Content-Length", announced ? announced : length},
                     .body = body};

    snprintf(length, sizeof length, "%zu", strlen(body));
    call_serve(&c, "PUT", PATH, query, status);
    if (text && !call_has(&c, text))
        fail_msg("PUT: no '%s' in %s", text, c.out.data);
    hf_buf_done(&c.out);
}

static const char FILE_TYPE[] = "application/octet-stream";

static void
each_service_is_named_with_what_is_wrong(void **state)
{
    (void)state;
    call_expect("GET", "/api/v1/scan", "", 200,
                "{\"data\":null,\"problem\":\"there is no scan data yet\",");
    call_expect("GET", "/api/v1/scan", "", 200,
                "{\"service\":\"broker\",\"image_id\":\"sha256:00000000000000000000000000000000000"
                "00000000000000000000000000002\",\"problem\":\"its image has no SBOM");
    call_expect("GET", "/api/v1/scan", "x=1", 400, NULL);
}

static void
data_is_taken_whole_and_noted(void **state)
{
    HF_AUTO_FREE char *text = data_of(DATA_HEAD "p openssl 3.5.1-1\n");
    HF_AUTO_BUF struct hf_buf large = HF_BUF_INIT(HF_SCAN_DATA_MAX);
    HF_AUTO_FREE char *many = NULL;

    (void)state;
    put("", FILE_TYPE, text, NULL, 200, "{\"data\":{\"suite\":\"trixie-security\"");
    assert_string_equal(world_audit, "admin: took scan data of trixie-security from "
                                     "2026-11-20T08:00:00.000Z (1 packages, 0 vulnerabilities)");
    /* More than one piece. */
    assert_int_equal(hf_buf_adds(&large, DATA_HEAD, NULL), 0);
    for (int i = 100; i < 3000; i++)
        assert_int_equal(hf_buf_addf(&large, NULL, "p a%04d 1\n", i), 0);
    many = data_of(large.data);
    put("", FILE_TYPE, many, NULL, 200, "\"packages\":2900,");
}

static void
what_is_no_data_changes_nothing(void **state)
{
    HF_AUTO_FREE char *text = data_of(DATA_HEAD "p openssl 3.5.1-1\n");
    HF_AUTO_FREE char *old = data_of("holdfast-scan-data 1\nsuite s\ndistro d\n"
                                     "created 2026-11-19T08:00:00Z\nvulnerabilities no\n");

    (void)state;
    put("", FILE_TYPE, text, NULL, 200, NULL);
    world_audit[0] = '\0';
    put("", "application/json", text, NULL, 415, "application/octet-stream");
    put("", FILE_TYPE, "", NULL, 422, NULL);
    put("", FILE_TYPE, "holdfast-scan-data 1\n", NULL, 422, "line 2");
    put("", FILE_TYPE, text, "99999", 400, "did not come as announced");
    put("", FILE_TYPE, text, "33554433", 413, NULL);
    put("", FILE_TYPE, text, "x", 400, NULL);
    put("older=maybe", FILE_TYPE, text, NULL, 400, NULL);
    put("", FILE_TYPE, old, NULL, 409, "older=true");
    assert_string_equal(world_audit, "");
    call_expect("GET", "/api/v1/scan", "", 200, "{\"data\":{\"suite\":\"trixie-security\"");
    put("older=true", FILE_TYPE, old, NULL, 200, "{\"data\":{\"suite\":\"s\"");
}

/* The connection cannot be used on where the body was not read. */
static void
a_refused_body_closes(void **state)
{
    struct call c = {.headers = {"Host", "10.0.0.1", "Cookie", call_cookie, "Content-Type",
                                 FILE_TYPE, "Content-Length", "33554433"},
                     .body = ""};

    (void)state;
    call_serve(&c, "PUT", PATH, "", 413);
    assert_true(call_has(&c, "Connection: close"));
    hf_buf_done(&c.out);
}

static void
a_body_that_was_taken_leaves_the_connection(void **state)
{
    HF_AUTO_FREE char *text = data_of(DATA_HEAD);
    char length[24];
    struct call c = {.headers = {"Host", "10.0.0.1", "Cookie", call_cookie, "Content-Type",
                                 FILE_TYPE, "Content-Length", length},
                     .body = text};

    (void)state;
    snprintf(length, sizeof length, "%zu", strlen(text));
    call_serve(&c, "PUT", PATH, "", 200);
    assert_false(call_has(&c, "Connection: close"));
    hf_buf_done(&c.out);
}

static void
only_put(void **state)
{
    (void)state;
    call_expect("GET", PATH, "", 405, "Allow: PUT, OPTIONS\r\n");
    call_expect("PUT", "/api/v1/scan", "", 405, "Allow: GET, HEAD, OPTIONS\r\n");
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(each_service_is_named_with_what_is_wrong),
        T(data_is_taken_whole_and_noted),
        T(what_is_no_data_changes_nothing),
        T(a_refused_body_closes),
        T(a_body_that_was_taken_leaves_the_connection),
        T(only_put),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

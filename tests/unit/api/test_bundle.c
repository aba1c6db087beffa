// SPDX-License-Identifier: Apache-2.0
/* A bundle over the API: what is said of it, in which order it comes, and who may send it. */
#include "unit.h"

#include "api/server.h"
#include "call.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char PATH[] = "/api/v1/releases/bundle";
static struct hf_api_config config;
static struct hf_intake *intake;
static const char *refused;

/* ---- an intake whose engine has all images ---- */

static int
examine(void *context, const char *release, const char *signature, struct hf_release *ret_release,
        struct hf_error *err)
{
    (void)context, (void)release, (void)signature;
    if (refused)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/signature", "%s", refused);
    *ret_release = (struct hf_release){.name = "holdfast", .version = "1.2.3"};
    return 0;
}

static int
admit(void *context, const char *release, const char *signature, const char *actor,
      char ret_id[HF_DIGEST_TEXT_SIZE], struct hf_error *err)
{
    (void)context, (void)release, (void)signature, (void)actor, (void)err;
    memset(ret_id, 'a', HF_DIGEST_TEXT_SIZE - 1);
    ret_id[HF_DIGEST_TEXT_SIZE - 1] = '\0';
    return 0;
}

static void
note(void *context, const char *actor, const char *what)
{
    (void)context, (void)actor, (void)what;
}

static int
set_up(void **state)
{
    const struct hf_intake_config c = {.ops = {.examine = examine, .admit = admit, .note = note}};

    if (call_set_up(state) != 0)
        return -1;
    config = *call_common.config;
    call_common.config = &config;
    refused = NULL;
    assert_int_equal(hf_intake_new(&c, &intake, NULL), 0);
    config.intake = intake;
    return 0;
}

static int
tear_down(void **state)
{
    hf_intake_stop(intake);
    return hf_intake_free(intake) ? call_tear_down(state) : -1;
}

/* ---- asking ---- */

/* The body is taken for text: it has no NUL. */
static void
ask(const char *method, const char *header, const char *value, const char *body, int status,
    const char *text)
{
    char length[24];
    struct call c = {.headers = {"Host", "10.0.0.1", "Cookie", call_cookie, header, value,
                                 body ? "Content-Type" : NULL, "application/octet-stream",
                                 "Content-Length", length},
                     .body = body};

    snprintf(length, sizeof length, "%zu", body ? strlen(body) : 0);
    call_serve(&c, method, PATH, "", status);
    if (!call_has(&c, text))
        fail_msg("%s: no '%s' in %s", method, text, c.out.data);
    hf_buf_done(&c.out);
}

static void
begin(const char *length, int status, const char *text)
{
    ask("POST", "Upload-Length", length, NULL, status, text);
}

static void
send_at(const char *offset, const char *body, int status, const char *text)
{
    ask("PATCH", "Upload-Offset", offset, body, status, text);
}

/* Until it has ended. */
static void
comes_to(const char *text)
{
    struct hf_intake_view v;

    do {
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
        hf_intake_look(intake, &v);
    } while (v.state == HF_INTAKE_HEAD || v.state == HF_INTAKE_IMAGES);
    call_expect("GET", PATH, "", 200, text);
}

/* ---- tests ---- */

static void
pieces_come_one_after_the_other(void **state)
{
    (void)state;
    call_expect("GET", PATH, "", 200, "\"state\":\"none\"");
    send_at("0", "x", 404, "no bundle is being uploaded");
    begin("4000", 201, "Location: /api/v1/releases/bundle\r\n");
    call_expect("GET", PATH, "", 200, "Upload-Offset: 0\r\nUpload-Length: 4000\r\n");
    call_expect("GET", PATH, "", 200, "\"state\":\"head\",\"actor\":\"admin\",\"name\":null");
    send_at("0", "12345", 204, "Upload-Offset: 5\r\n");
    send_at("4", "12345", 409, "the next byte of the bundle is 5, not 4");
    send_at("5", "6", 204, "Upload-Offset: 6\r\n");
    begin("4000", 409, "a bundle of admin is on its way");
    ask("DELETE", NULL, NULL, NULL, 204, "");
    call_expect("GET", PATH, "", 200, "it was given up by admin");
    ask("DELETE", NULL, NULL, NULL, 404, "no bundle is on its way");
    begin("1", 201, "\"length\":1,");
}

static void
what_is_no_bundle_is_said_to_who_sends_it(void **state)
{
    char garbage[600];

    (void)state;
    memset(garbage, 'x', sizeof garbage - 1);
    garbage[sizeof garbage - 1] = '\0';
    begin("4000", 201, "");
    send_at("0", garbage, 204, "Upload-Offset: 599\r\n");
    comes_to("\"state\":\"failed\"");
    send_at("599", "x", 422, "this is no bundle");
}

static void
lengths_and_offsets_are_numbers(void **state)
{
    (void)state;
    begin(NULL, 400, "Upload-Length is missing or no number of bytes");
    begin("-1", 400, "Upload-Length is missing or no number of bytes");
    begin("99999999999999999999", 400, "Upload-Length is missing or no number of bytes");
    begin("34359738369", 413, "at most 32 GiB");
    begin("10", 201, "");
    send_at(NULL, "x", 400, "Upload-Offset is missing");
    send_at("0", "more than ten bytes", 422, "more comes than the 10 bytes");
    call_expect("PUT", PATH, "", 405, "Allow: GET, HEAD, POST, PATCH, DELETE, OPTIONS\r\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pieces_come_one_after_the_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_bundle_is_said_to_who_sends_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(lengths_and_offsets_are_numbers, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

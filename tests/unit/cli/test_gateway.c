// SPDX-License-Identifier: Apache-2.0
/* What is kept of a gateway, how it is named, and what it says. */
#include "cli/cli.h"
#include "cli/sse.h"
#include "cli/text.h"
#include "shown.h"
#include "tempdir.h"

#include <string.h>

#define HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
static const char FINGERPRINT[] = "SHA256:00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:"
                                  "13:14:15:16:17:18:19:1A:1B:1C:1D:"
                                  "1E:1F";

static void
addresses_are_read_as_people_write_them(void **state)
{
    static const struct {
        const char *text, *url;
    } rows[] = {
        {"https://press-hall-3.local:8443", "https://press-hall-3.local:8443"},
        {"https://press-hall-3.local/", "https://press-hall-3.local:443"},
        {"Press-Hall-3.local", "https://press-hall-3.local:8443"},
        {"192.0.2.7", "https://192.0.2.7:8443"},
        {"192.0.2.7:9000", "https://192.0.2.7:9000"},
        {"https://[2001:db8::7]:8443", "https://[2001:db8::7]:8443"},
        {"http://192.0.2.7", NULL},
        {"https://ann:secret@192.0.2.7", NULL},
        {"https://192.0.2.7/api/v1", NULL},
        {"https://192.0.2.7?x=1", NULL},
        {"https://", NULL},
        {"https://a b", NULL},
        {"https://../etc/passwd", NULL},
        {"ftp://192.0.2.7", NULL},
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        char url[CLI_URL_MAX];
        struct hf_error err = {0};
        int rc = cli_url_parse(rows[i].text, url, &err);

        if (rc != (rows[i].url ? 0 : -1))
            fail_msg("'%s': %s", rows[i].text, err.message);
        if (rows[i].url)
            assert_string_equal(url, rows[i].url);
        else
            assert_int_equal(err.class, HF_ERROR_INVALID);
    }
}

static void
fingerprints_are_read_as_people_copy_them(void **state)
{
    static const char *const good[] = {FINGERPRINT, FINGERPRINT + 7, HEX, "sha256:" HEX};
    static const char *const bad[] = {"",      "SHA256:", HEX "00",    "SHA256:AA:BB",
                                      "0" HEX, "x" HEX,   "SHA1:" HEX, " " HEX};
    char out[CLI_FINGERPRINT_SIZE];

    (void)state;
    for (size_t i = 0; i < HF_LEN(good); i++) {
        assert_int_equal(cli_fingerprint_parse(good[i], out, NULL), 0);
        assert_string_equal(out, FINGERPRINT);
    }
    for (size_t i = 0; i < HF_LEN(bad); i++)
        assert_int_equal(cli_fingerprint_parse(bad[i], out, NULL), -1);
}

/* ---- profiles ---- */

static const char URL[] = "https://press-hall-3.local:8443";
static const char NAME[] = "press-hall-3.local_8443.json";

static void
profiles_are_kept_for_nobody_else(void **state)
{
    struct cli_profile p, again;
    char dir[PATH_MAX], url[CLI_URL_MAX];

    snprintf(dir, sizeof dir, "%s/a/holdfast", (char *)*state);
    assert_int_equal(cli_profile_load(dir, URL, &p, NULL), 0); /* nothing yet */
    assert_string_equal(p.fingerprint, "");
    snprintf(p.fingerprint, sizeof p.fingerprint, "%s", FINGERPRINT);
    snprintf(p.session, sizeof p.session, "%s", "5e551011");
    assert_int_equal(cli_profile_save(&p, NULL), 0);
    assert_int_equal(tempdir_mode(dir, NAME), 0600);
    assert_int_equal(tempdir_mode(dir, ""), 0700);
    assert_int_equal(cli_profile_load(dir, URL, &again, NULL), 0);
    assert_string_equal(again.fingerprint, FINGERPRINT);
    assert_string_equal(again.session, "5e551011");
    assert_string_equal(again.token, "");
    assert_int_equal(cli_profile_load(dir, "https://press-hall-3.local:8444", &again, NULL), 0);
    assert_string_equal(again.session, ""); /* another port is another gateway */
    assert_int_equal(cli_profile_default(dir, url, NULL), 0);
    assert_string_equal(url, "");
    assert_int_equal(cli_profile_set_default(dir, URL, NULL), 0);
    assert_int_equal(cli_profile_default(dir, url, NULL), 0);
    assert_string_equal(url, URL);
}

static void
a_profile_that_is_not_good_is_not_used(void **state)
{
    static const char *const bad[] = {
        "",
        "{",
        "{\"url\":\"https://other:8443\",\"fingerprint\":\"" HEX "\"}",
        "{\"url\":\"https://press-hall-3.local:8443\",\"fingerprint\":\"\"}",
        "{\"url\":\"https://press-hall-3.local:8443\",\"fingerprint\":\"" HEX "\",\"x\":1}",
        "{\"url\":\"https://press-hall-3.local:8443\",\"fingerprint\":\"" HEX
        "\",\"session\":\"a\\r\\nHost: evil\"}",
    };
    struct cli_profile p;
    struct hf_error err = {0};

    for (size_t i = 0; i < HF_LEN(bad); i++) {
        tempdir_write(*state, NAME, bad[i], strlen(bad[i]));
        assert_int_equal(chmod(tempdir_path(*state, NAME), 0600), 0);
        assert_int_equal(cli_profile_load(*state, URL, &p, &err), -1);
        assert_int_equal(cli_exit_of(err.class), CLI_LOCAL);
        assert_non_null(strstr(err.message, "Remove it and log in again"));
    }
    assert_int_equal(chmod(tempdir_path(*state, NAME), 0640), 0);
    assert_int_equal(cli_profile_load(*state, URL, &p, &err), -1);
    assert_non_null(strstr(err.message, "can be read by others"));
}

/* ---- events ---- */

struct heard {
    char text[256];
};

static int
hear(void *context, const char *name, const char *data, size_t len, struct hf_error *err)
{
    struct heard *h = context;

    (void)err;
    assert_int_equal(strlen(data), len);
    snprintf(h->text + strlen(h->text), sizeof h->text - strlen(h->text), "%s(%s)", name, data);
    return strcmp(name, "end") == 0;
}

/* As one piece, and byte by byte. */
static void
assert_events(const char *stream, const char *wanted, int rc_wanted)
{
    for (size_t step = strlen(stream); step >= 1; step = step > 1 ? 1 : 0) {
        struct heard h = {""};
        struct cli_sse sse;
        int rc = 0;

        cli_sse_begin(&sse, 32, hear, &h);
        for (size_t i = 0; i < strlen(stream) && rc == 0; i += step)
            rc = cli_sse_take(&sse, stream + i, step, NULL);
        cli_sse_done(&sse);
        assert_string_equal(h.text, wanted);
        assert_int_equal(rc, rc_wanted);
    }
}

static void
events_are_read_however_they_come(void **state)
{
    (void)state;
    assert_events("id: 1\nevent: line\ndata: {}\n\n", "line({})", 0);
    assert_events("data:a\r\ndata:\r\ndata: b\r\n\r\nevent: x\r\rdata:c\r\r",
                  "message(a\n\nb)message(c)", 0);
    assert_events(":comment\n\nevent: end\ndata: x\n\ndata: y\n\n", "end(x)", 1);
    assert_events("data: cut", "", 0);
    assert_events("data: 0123456789012345678901234567890123456789\n\n", "", -1);
    assert_events("data: 01234567890123456789\ndata: 01234567890123456789\n\n", "", -1);
}

/* ---- refusals ---- */

static const char *
refused(struct shown *s, int status, const char *body, const char *path, enum cli_exit exit)
{
    static struct cli_args args;
    struct cli c = {.args = &args};
    struct cli_request r = {.method = "POST", .path = path};
    CLI_AUTO_ANSWER struct cli_answer a = {
        .status = status, .is_problem = true, .body = HF_BUF_INIT(4096), .retry_after_s = 7};
    struct hf_error err = {0};

    shown_begin(s, 0);
    c.out = c.told = s->out;
    snprintf(c.profile.url, sizeof c.profile.url, "%s", URL);
    assert_int_equal(hf_buf_adds(&a.body, body, NULL), 0);
    assert_int_equal(cli_refused(&c, &r, &a, &err), -1);
    cli_tell(&c, &err);
    assert_int_equal(c.exit, exit);
    return shown_text(s);
}

static void
refusals_say_what_where_and_what_to_do(void **state)
{
    struct shown s;

    (void)state;
    assert_string_equal(
        refused(&s, 422,
                "{\"type\":\"about:blank\",\"title\":\"Unprocessable Content\",\"status\":422,"
                "\"detail\":\"no\\u001b[2J\",\"errors\":[{\"pointer\":\"/buffer/window_ms\","
                "\"detail\":\"at most 5000\"}]}",
                "/config", CLI_REFUSED),
        "holdfast: Unprocessable Content: no\\x1b[2J\n"
        "  at /buffer/window_ms: at most 5000\n"
        "  Try again in 7 s.\n");
    shown_end(&s);
    assert_non_null(
        strstr(refused(&s, 401, "{\"title\":\"Unauthorized\",\"detail\":\"log in first\"}",
                       "/services", CLI_SIGNED_OUT),
               "Log in first: 'holdfast login'"));
    shown_end(&s);
    assert_string_equal(
        refused(&s, 404, "{\"title\":\"Not Found\",\"detail\":\"there is no such path\"}",
                "/users?limit=1", CLI_REFUSED),
        "holdfast: this gateway has no POST /users: it is older than this command\n");
    shown_end(&s);
    assert_non_null(
        strstr(refused(&s, 500, "<html>", "/users", CLI_UNREACHABLE), "is it a Holdfast gateway?"));
    shown_end(&s);
    assert_non_null(strstr(refused(&s, 409, "{\"errors\":[7,{\"pointer\":8}]}", "/x", CLI_REFUSED),
                           "holdfast: Refused: \n"));
    shown_end(&s);
}

static void
a_password_and_lines_of_a_file_are_pointed_to(void **state)
{
    struct shown s;

    (void)state;
    assert_non_null(strstr(refused(&s, 403, "{\"type\":\"/api/docs/problems#password-needed\"}",
                                   "/tokens", CLI_REFUSED),
                           "the password is to be shown again"));
    shown_end(&s);
    assert_null(
        strstr(refused(&s, 403, "{\"detail\":\"the setup code is wrong\"}", "/claim", CLI_REFUSED),
               "login"));
    shown_end(&s);
    assert_non_null(
        strstr(refused(&s, 422, "{\"errors\":[{\"line\":3,\"column\":7,\"detail\":\"no name\"}]}",
                       "/devices/accounts/import", CLI_REFUSED),
               "\n  line 3, column 7: no name\n"));
    shown_end(&s);
}

static void
names_stay_within_their_segment(void **state)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(CLI_PATH_MAX);

    (void)state;
    assert_int_equal(hf_buf_adds(&path, "/services/", NULL), 0);
    assert_int_equal(cli_path_add(&path, "../x?y#z%/ü", NULL), 0);
    assert_int_equal(cli_query_add(&path, "topic", "a/+/#", NULL), 0);
    assert_int_equal(cli_query_add(&path, "limit", "1&x=2", NULL), 0);
    assert_string_equal(path.data,
                        "/services/..%2Fx%3Fy%23z%25%2F%C3%BC?topic=a%2F%2B%2F%23&limit=1"
                        "%26x%3D2");
    assert_int_equal(cli_path_add(&path, "..", NULL), -1);
    assert_int_equal(cli_path_add(&path, "", NULL), -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read_as_people_write_them),
        cmocka_unit_test(fingerprints_are_read_as_people_copy_them),
        with_tempdir(profiles_are_kept_for_nobody_else),
        with_tempdir(a_profile_that_is_not_good_is_not_used),
        cmocka_unit_test(events_are_read_however_they_come),
        cmocka_unit_test(refusals_say_what_where_and_what_to_do),
        cmocka_unit_test(a_password_and_lines_of_a_file_are_pointed_to),
        cmocka_unit_test(names_stay_within_their_segment),
    };

    unsetenv("HOLDFAST_TOKEN");
    cli_text_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

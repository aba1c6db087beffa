// SPDX-License-Identifier: Apache-2.0
/* What is secret in a file, for those only who have the passphrase. */
#include "provision/provision.h"
#include "provision/sealed.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char PASSPHRASE[] = "correct horse battery";
static struct hf_json_faults faults;

/* A document with text's secrets sealed, and what has been sealed; the caller frees both. */
static char *
sealed_text(const char *text, struct hf_json **ret_sealed)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    HF_AUTO_FREE char *value = NULL;
    char *printed = NULL;

    assert_int_equal(hf_json_parse(text, strlen(text), &doc, NULL), 0);
    assert_int_equal(hf_provision_part(doc, ret_sealed, NULL), 0);
    assert_int_equal(hf_provision_seal(*ret_sealed, PASSPHRASE, &value, NULL), 0);
    hf_json_put_string(doc, "sealed", value);
    assert_int_equal(hf_json_print(doc, &printed, NULL), 0);
    return printed;
}

static struct hf_error
refused(const char *text, const char *passphrase)
{
    const struct hf_provision_with with = {.passphrase = passphrase};
    struct hf_provision p;
    struct hf_error err = {0};

    assert_int_equal(hf_provision_parse(text, strlen(text), &with, &p, &faults, &err), -1);
    return err;
}

static void
secrets_are_sealed_and_opened(void **state)
{
    static const char text[] =
        "{\"format\":1,\"name\":\"press-hall-3\",\"buffer\":{\"window_ms\":70},"
        "\"uplink\":{\"url\":\"https://in.example\",\"token\":\"t0k3n\"},"
        "\"registry\":{\"host\":\"r.example\",\"password\":\"r3g\"},"
        "\"own\":{\"secrets\":{\"a\":{\"k\":\"0wn\"}}},\"setup_code\":\"7KQM-X3PA-92HV\"}";
    const struct hf_provision_with with = {.passphrase = PASSPHRASE};
    HF_AUTO(hf_json) struct hf_json *sealed = NULL;
    HF_AUTO_FREE char *file = sealed_text(text, &sealed);
    struct hf_provision p;
    struct hf_error err = {0};

    (void)state;
    assert_int_equal(hf_json_count(sealed), 4);
    assert_null(strstr(file, "t0k3n"));
    assert_null(strstr(file, "r3g"));
    assert_null(strstr(file, "0wn"));
    assert_null(strstr(file, "7KQM"));
    assert_non_null(strstr(file, "press-hall-3"));
    if (hf_provision_parse(file, strlen(file), &with, &p, &faults, &err) < 0)
        fail_msg("%s", err.message);
    assert_string_equal(hf_json_string(hf_settings_sink(&p.settings, "uplink"), "token"), "t0k3n");
    assert_string_equal(p.settings.registry.password, "r3g");
    assert_string_equal(p.setup_code, "7KQM-X3PA-92HV");
    assert_int_equal(p.settings.buffer.window_ms, 70);
    hf_provision_done(&p);
}

static void
nothing_else_opens_it(void **state)
{
    HF_AUTO(hf_json) struct hf_json *sealed = NULL;
    HF_AUTO_FREE char *file =
        sealed_text("{\"format\":1,\"setup_code\":\"7KQM-X3PA-92HV\"}", &sealed);
    char *at = strstr(file, "\"sealed\":\"") + 10;

    (void)state;
    assert_string_equal(refused(file, "wrong horse battery").pointer, "/sealed");
    assert_non_null(strstr(faults.list[0].message, "another passphrase"));
    assert_string_equal(refused(file, NULL).pointer, "/sealed");
    assert_non_null(strstr(faults.list[0].message, "--provision-passphrase"));
    at[strlen(at) / 2] = at[strlen(at) / 2] == 'A' ? 'B' : 'A';
    assert_non_null(strstr(refused(file, PASSPHRASE).message, "was changed"));
    *at = '!';
    assert_non_null(strstr(refused(file, PASSPHRASE).message, "base64"));
    assert_non_null(strstr(refused("{\"format\":1,\"sealed\":7}", PASSPHRASE).message, "string"));
}

static void
what_is_not_sealed_is_looked_at_all_the_same(void **state)
{
    HF_AUTO(hf_json) struct hf_json *sealed = NULL;
    HF_AUTO_FREE char *file =
        sealed_text("{\"format\":1,\"name\":\"A\",\"setup_code\":\"7KQM-X3PA-92HV\"}", &sealed);
    const struct hf_provision_with with = {.leave_sealed = true};
    struct hf_provision p;

    (void)state;
    (void)refused(file, "wrong horse battery");
    assert_int_equal(faults.count, 2);
    assert_int_equal(hf_provision_parse(file, strlen(file), &with, &p, &faults, NULL), -1);
    assert_int_equal(faults.count, 1);
    assert_string_equal(faults.list[0].pointer, "/name");
}

static void
what_is_wrong_in_it_is_where_it_is(void **state)
{
    HF_AUTO(hf_json) struct hf_json *sealed = NULL;
    HF_AUTO_FREE char *file =
        sealed_text("{\"format\":1,\"uplink\":{\"url\":\"ftp://x\",\"token\":\"a\"}}", &sealed);

    (void)state;
    assert_string_equal(refused(file, PASSPHRASE).pointer, "/uplink/url");
    assert_int_equal(faults.count, 1);
    assert_int_equal(faults.list[0].place.column, 13); /* of "sealed" */
}

static void
nothing_is_said_twice(void **state)
{
    HF_AUTO(hf_json) struct hf_json *members = hf_json_object(), *format = hf_json_object();
    HF_AUTO_FREE char *value = NULL, *other = NULL;
    char text[4096];

    (void)state;
    hf_json_put_string(members, "name", "press-hall-3");
    hf_json_put_int(format, "format", 1);
    assert_int_equal(hf_provision_seal(members, PASSPHRASE, &value, NULL), 0);
    assert_int_equal(hf_provision_seal(format, PASSPHRASE, &other, NULL), 0);
    snprintf(text, sizeof text, "{\"format\":1,\"name\":\"a\",\"sealed\":\"%s\"}", value);
    assert_non_null(strstr(refused(text, PASSPHRASE).message, "unsealed too"));
    snprintf(text, sizeof text, "{\"format\":1,\"sealed\":\"%s\"}", other);
    assert_non_null(strstr(refused(text, PASSPHRASE).message, "must not have 'format'"));
    assert_int_equal(hf_provision_seal(members, "short", &other, NULL), -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_are_sealed_and_opened),
        cmocka_unit_test(nothing_else_opens_it),
        cmocka_unit_test(what_is_not_sealed_is_looked_at_all_the_same),
        cmocka_unit_test(what_is_wrong_in_it_is_where_it_is),
        cmocka_unit_test(nothing_is_said_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

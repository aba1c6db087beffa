// SPDX-License-Identifier: Apache-2.0
/* The command line of holdfastd, and its file. */
#include "tempdir.h"
#include "unit.h"

#include "options.h"

static int
parse(const char *a, const char *b, const char *c, struct hf_options *o, struct hf_error *err)
{
    char *argv[] = {(char *)"holdfastd", (char *)(uintptr_t)a, (char *)(uintptr_t)b,
                    (char *)(uintptr_t)c, NULL};
    int argc = 1;

    while (argv[argc])
        argc++;
    return hf_options_parse(argc, argv, o, err);
}

static void
a_file_counts_until_something_behind_it_does(void **state)
{
    static const char text[] = "# as a package has it\n"
                               "listen 127.0.0.1:9443\n"
                               "http-redirect [::1]:9080\n"
                               "field-bind 10.0.0.1:1884\n"
                               "field-tls-port 8885\n"
                               "bundle /usr/share/holdfast/holdfast.bundle\n"
                               "release-key /usr/share/holdfast/release.pub\n";
    char config[PATH_MAX + 16];
    struct hf_options o;

    tempdir_write(*state, "conf", text, sizeof text - 1);
    snprintf(config, sizeof config, "--config=%s", tempdir_path(*state, "conf"));
    assert_int_equal(parse(config, NULL, NULL, &o, NULL), 0);
    assert_string_equal(o.listen.address, "127.0.0.1");
    assert_int_equal(o.listen.port, 9443);
    assert_string_equal(o.http_redirect.address, "::1");
    assert_int_equal(o.field.port, 1884);
    assert_int_equal(o.field_tls_port, 8885);
    assert_string_equal(o.bundle_path, "/usr/share/holdfast/holdfast.bundle");
    assert_string_equal(o.key_path, "/usr/share/holdfast/release.pub");
    hf_options_done(&o);
    assert_int_equal(parse(config, "--listen=0.0.0.0:443", "--bundle=/x", &o, NULL), 0);
    assert_int_equal(o.listen.port, 443);
    assert_string_equal(o.bundle_path, "/x");
    assert_int_equal(o.field.port, 1884);
    hf_options_done(&o);
}

static void
what_is_wrong_is_said(void **state)
{
    char config[PATH_MAX + 16];
    struct hf_options o;
    struct hf_error err;

    tempdir_write(*state, "conf", "\nlisten 8443\n", 13);
    snprintf(config, sizeof config, "--config=%s", tempdir_path(*state, "conf"));
    assert_int_equal(parse(config, NULL, NULL, &o, &err), -1);
    assert_non_null(
        strstr(err.message, "/conf', line 2: --listen '8443': give an address and a port"));
    tempdir_write(*state, "conf", "state /tmp\n", 11);
    assert_int_equal(parse(config, NULL, NULL, &o, &err), -1);
    assert_non_null(strstr(err.message, "line 1: 'state' is no setting here; there are: listen,"));
    tempdir_write(*state, "conf", "", 0);
    assert_int_equal(parse(config, config, NULL, &o, &err), -1);
    assert_non_null(strstr(err.message, "one file is all it reads"));
    assert_int_equal(parse(config, "--state=here", NULL, &o, &err), -1);
    assert_non_null(strstr(err.message, "need absolute paths"));
    assert_int_equal(parse("--config=/none/conf", NULL, NULL, &o, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NOT_FOUND);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(a_file_counts_until_something_behind_it_does),
        with_tempdir(what_is_wrong_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
#include "provision/provision.h"

#include "base/file.h"
#include "tempdir.h"

#define HASH                                                                                       \
    "$argon2id$v=19$m=19456,t=2,p=1$OKji5TVm9RoQVpZv6Y84IQ"                                        \
    "$aJABQwWXJP6qaGGwgbd1+VatDx4+bSiBNd44XUxqbYg"

static void
write_file(const char *dir, const char *text)
{
    mkdir(tempdir_path(dir, "holdfast"), 0755);
    tempdir_write(dir, "holdfast/provision.json", text, strlen(text));
}

static struct hf_json_faults faults;
static const struct hf_provision_with plain;

static struct hf_provision
accepted(const char *dir, const char *text)
{
    struct hf_provision p;
    struct hf_error err = {0};

    write_file(dir, text);
    if (hf_provision_read(dir, &plain, &p, &faults, &err) < 0)
        fail_msg("%s", err.message);
    return p;
}

static struct hf_error
refused(const char *dir)
{
    struct hf_provision p = {.file_hash = "untouched"};
    struct hf_error err = {0};

    assert_int_equal(hf_provision_read(dir, &plain, &p, &faults, &err), -1);
    assert_string_equal(p.file_hash, "untouched");
    assert_non_null(strstr(err.message, "provision.json"));
    return err;
}

static void
assert_refused(const char *dir, const char *text, enum hf_error_class class, const char *pointer,
               const char *says)
{
    struct hf_error err;

    write_file(dir, text);
    err = refused(dir);
    if (err.class != class || strcmp(err.pointer, pointer) != 0 || !strstr(err.message, says))
        fail_msg("%s gave class %d at '%s': %s", text, err.class, err.pointer, err.message);
}

static void
whole_file_is_read(void **state)
{
    struct hf_provision p =
        accepted(*state, "{\"format\":1,\"name\":\"yard-2\",\"uplink\":{\"url\":\"https://a.b/c\","
                         "\"token\":\"t\"},\"buffer\":{\"window_ms\":200},"
                         "\"admin\":{\"password_hash\":\"" HASH "\"}}");

    assert_string_equal(p.settings.name, "yard-2");
    assert_string_equal(hf_json_string(hf_settings_sink(&p.settings, "uplink"), "url"),
                        "https://a.b/c");
    assert_string_equal(hf_json_string(hf_settings_sink(&p.settings, "uplink"), "token"), "t");
    assert_int_equal(p.settings.buffer.window_ms, 200);
    assert_string_equal(p.password_hash, HASH);
    assert_string_equal(p.setup_code, "");
    assert_int_equal(strlen(p.file_hash), 64);
    hf_provision_done(&p);
}

static void
sinks_lanes_rules_and_devices_are_settings_too(void **state)
{
    struct hf_provision p = accepted(
        *state, "{\"format\":1,\"uplink\":{\"url\":\"https://a.b/c\"},"
                "\"sinks\":[{\"name\":\"plant\",\"type\":\"mqtt\",\"url\":\"mqtts://m.b\"}],"
                "\"lanes\":[{\"filter\":\"alarms/#\",\"lane\":\"alarm\"}],"
                "\"rules\":[{\"filter\":\"a/+\",\"decode\":\"number\"}],"
                "\"devices\":{\"topic\":\"+/+/ID\"},"
                "\"broker\":{\"max_devices\":20,\"max_device_sessions\":2000,"
                "\"session_days\":90},\"registry\":{\"host\":\"r.example:5000\"},\"release_keys\":["
                "\"RWTF1O453dndpKIE5PVQvUF4+6muWhCQsJ6G+0jrh63qkBBV+HhJMOs9\"]}");

    assert_int_equal(p.settings.broker.max_devices, 20);
    assert_string_equal(p.settings.registry.host, "r.example:5000");
    assert_int_equal(hf_json_count(p.settings.release_keys), 1);
    assert_non_null(hf_settings_sink(&p.settings, "uplink"));
    assert_string_equal(hf_json_string(hf_settings_sink(&p.settings, "plant"), "url"),
                        "mqtts://m.b");
    assert_int_equal(hf_json_count(p.settings.lanes), 1);
    assert_int_equal(hf_json_count(p.settings.rules), 1);
    assert_string_equal(p.settings.device_topic, "+/+/ID");
    hf_provision_done(&p);
    assert_refused(*state, "{\"format\":1,\"rules\":[{\"filter\":\"a/#/b\"}]}", HF_ERROR_INVALID,
                   "/rules/0/filter", "filter");
    assert_refused(*state, "{\"format\":1,\"sinks\":[{\"name\":\"x\"}]}", HF_ERROR_INVALID,
                   "/sinks/0/type", "must be https or mqtt");
}

static void
absent_settings_keep_their_value(void **state)
{
    struct hf_json *sink = hf_json_object();
    struct hf_settings base;
    struct hf_provision p;

    hf_settings_init(&base);
    hf_json_put_string(sink, "name", "uplink");
    hf_json_put_string(sink, "url", "https://kept/");
    hf_json_add(base.sinks, sink);
    write_file(*state, "{\"format\":1,\"setup_code\":\"7kqm x3pa-92hv\"}");
    assert_int_equal(hf_provision_read(*state, &(const struct hf_provision_with){.base = &base}, &p,
                                       &faults, NULL),
                     0);
    assert_string_equal(hf_json_string(hf_settings_sink(&p.settings, "uplink"), "url"),
                        "https://kept/");
    assert_string_equal(p.settings.name, base.name);
    assert_string_equal(p.setup_code, "7KQM-X3PA-92HV");
    hf_provision_done(&p);
    hf_settings_done(&base);
}

static void
a_certificate_comes_with_its_key(void **state)
{
    struct hf_provision p;

    write_file(*state, "{\"format\":1,\"certificate\":{\"certificate\":\"C\",\"key\":\"K\"}}");
    assert_int_equal(hf_provision_read(*state, &plain, &p, &faults, NULL), 0);
    assert_string_equal(p.certificate, "C");
    assert_string_equal(p.key, "K");
    hf_provision_done(&p);
    assert_null(p.key);
    assert_refused(*state, "{\"format\":1,\"certificate\":{\"certificate\":\"C\"}}",
                   HF_ERROR_INVALID, "/certificate/key", "");
}

static void
hash_is_of_the_file(void **state)
{
    struct hf_provision a = accepted(*state, "{\"format\":1}");
    struct hf_provision b = accepted(*state, "{\"format\":1}");
    struct hf_provision c = accepted(*state, "{\"format\": 1}");

    assert_string_equal(a.file_hash, b.file_hash);
    assert_string_not_equal(a.file_hash, c.file_hash);
    hf_provision_done(&a);
    hf_provision_done(&b);
    hf_provision_done(&c);
}

static void
example_is_accepted(void **state)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_PROVISION_FILE_MAX);
    struct hf_provision p;

    assert_int_equal(hf_file_read(EXAMPLE_FILE, &text, NULL), 0);
    p = accepted(*state, text.data);
    assert_string_equal(p.settings.name, "pump-house-3");
    hf_provision_done(&p);
}

static void
wrong_fields_are_named(void **state)
{
    const char *d = *state;

    assert_refused(d, "{}", HF_ERROR_INVALID, "/format", "missing");
    assert_refused(d, "{\"format\":2}", HF_ERROR_INVALID, "/format", "must be 1");
    assert_refused(d, "[1]", HF_ERROR_INVALID, "", "object");
    assert_refused(d, "{\"format\":1,\"nmae\":\"x\"}", HF_ERROR_INVALID, "/nmae", "unknown field");
    assert_refused(d, "{\"format\":1,\"name\":\"Two Words\"}", HF_ERROR_INVALID, "/name", "name");
    assert_refused(d, "{\"format\":1,\"uplink\":{\"url\":\"ftp://x\"}}", HF_ERROR_INVALID,
                   "/uplink/url", "https://");
    assert_refused(d, "{\"format\":1,\"uplink\":{\"url\":\"https://x\",\"x\":1}}", HF_ERROR_INVALID,
                   "/uplink/x", "unknown field");
    assert_refused(d, "{\"format\":1,\"buffer\":{\"window_ms\":-1}}", HF_ERROR_INVALID,
                   "/buffer/window_ms", "must be");
    assert_refused(d, "{\"format\":1,\"admin\":{}}", HF_ERROR_INVALID, "/admin/password_hash",
                   "missing");
    assert_refused(d, "{\"format\":1,\"setup_code\":\"0000-0000-0000\"}", HF_ERROR_INVALID,
                   "/setup_code", "XXXX");
    assert_refused(d,
                   "{\"format\":1,\"setup_code\":\"7KQM-X3PA-92HV\","
                   "\"admin\":{\"password_hash\":\"" HASH "\"}}",
                   HF_ERROR_INVALID, "/setup_code", "not together");
}

static void
weak_or_costly_hashes_are_refused(void **state)
{
    static const char *const hashes[] = {
        "plain password",
        "$argon2i$v=19$m=19456,t=2,p=1$OKji5TVm9RoQVpZv6Y84IQ$"
        "aJABQwWXJP6qaGGwgbd1+VatDx4+bSiBNd44XUxqbYg",
        "$argon2id$v=19$m=4096,t=2,p=1$OKji5TVm9RoQVpZv6Y84IQ$"
        "aJABQwWXJP6qaGGwgbd1+VatDx4+bSiBNd44XUxqbYg",
        "$argon2id$v=19$m=999999,t=2,p=1$OKji5TVm9RoQVpZv6Y84IQ$"
        "aJABQwWXJP6qaGGwgbd1+VatDx4+bSiBNd44XUxqbYg",
        "$argon2id$v=19$m=19456,t=99,p=1$OKji5TVm9RoQVpZv6Y84IQ$"
        "aJABQwWXJP6qaGGwgbd1+VatDx4+bSiBNd44XUxqbYg",
        "$argon2id$v=19$m=19456,t=2,p=1$OKji5TVm9RoQVpZv6Y84IQ",
        "$argon2id$v=19$m=19456,t=2,p=1$OKji5TVm9RoQVpZv6Y84IQ$short",
        "$argon2id$v=19$m=19456,t=2,p=1$OKji5TVm9RoQVpZv6Y84IQ$"
        "aJABQwWXJP6qaGGwgbd1+VatDx4+bSiBNd44XUxqbYgXX",
    };
    char text[512];

    for (size_t i = 0; i < HF_LEN(hashes); i++) {
        snprintf(text, sizeof text, "{\"format\":1,\"admin\":{\"password_hash\":\"%s\"}}",
                 hashes[i]);
        assert_refused(*state, text, HF_ERROR_INVALID, "/admin/password_hash", "password_hash: m");
    }
}

static void
half_written_file_says_where(void **state)
{
    static const char whole[] = "{\n  \"format\": 1,\n  \"name\": \"yard\"\n}\n";
    char part[sizeof whole];

    for (size_t len = 0; len < sizeof whole - 3; len++) {
        struct hf_error err;

        snprintf(part, sizeof part, "%.*s", (int)len, whole);
        write_file(*state, part);
        err = refused(*state);
        assert_int_equal(err.class, HF_ERROR_MALFORMED);
        assert_non_null(strstr(err.message, "write it again"));
        if (len)
            assert_non_null(strstr(err.message, "line "));
    }
}

static void
trailing_bytes_and_deep_nesting_are_refused(void **state)
{
    char *deep = calloc(1, 20001);

    assert_non_null(deep);
    memset(deep, '[', 10000);
    memset(deep + 10000, ']', 10000);
    assert_refused(*state, "{\"format\":1} x", HF_ERROR_MALFORMED, "", "line 1, column 14");
    assert_refused(*state, deep, HF_ERROR_MALFORMED, "", "nested deeper");
    free(deep);
}

static void
size_is_bounded(void **state)
{
    char *text = malloc(HF_PROVISION_FILE_MAX + 2);
    struct hf_provision p;

    assert_non_null(text);
    memset(text, ' ', HF_PROVISION_FILE_MAX + 1);
    memcpy(text, "{\"format\":1}", 12);
    text[HF_PROVISION_FILE_MAX] = '\0';
    p = accepted(*state, text);
    hf_provision_done(&p);
    text[HF_PROVISION_FILE_MAX] = ' ';
    text[HF_PROVISION_FILE_MAX + 1] = '\0';
    assert_refused(*state, text, HF_ERROR_TOO_LARGE, "", "larger than");
    free(text);
}

static void
links_and_pipes_are_refused(void **state)
{
    const char *dir = *state;
    struct hf_provision p;
    struct hf_error err = {0};

    assert_int_equal(hf_provision_read(dir, &plain, &p, &faults, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NOT_FOUND);
    assert_int_equal(hf_provision_read(tempdir_path(dir, "none"), &plain, &p, &faults, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NOT_FOUND);

    assert_int_equal(mkdir(tempdir_path(dir, "holdfast"), 0755), 0);
    assert_int_equal(refused(dir).class, HF_ERROR_NOT_FOUND);
    tempdir_write(dir, "real.json", "{\"format\":1}", 12);
    assert_int_equal(symlink("../real.json", tempdir_path(dir, "holdfast/provision.json")), 0);
    assert_int_equal(refused(dir).class, HF_ERROR_INVALID);
    assert_int_equal(unlink(tempdir_path(dir, "holdfast/provision.json")), 0);
    assert_int_equal(mkfifo(tempdir_path(dir, "holdfast/provision.json"), 0600), 0);
    assert_int_equal(refused(dir).class, HF_ERROR_INVALID);
    assert_int_equal(unlink(tempdir_path(dir, "holdfast/provision.json")), 0);
    assert_int_equal(rmdir(tempdir_path(dir, "holdfast")), 0);

    assert_int_equal(mkdir(tempdir_path(dir, "real"), 0755), 0);
    tempdir_write(dir, "real/provision.json", "{\"format\":1}", 12);
    assert_int_equal(symlink("real", tempdir_path(dir, "holdfast")), 0);
    assert_int_equal(hf_provision_read(dir, &plain, &p, &faults, &err), -1);
    assert_int_equal(err.class, HF_ERROR_INVALID);
}

/* ---- recovery ---- */

static void
write_recovery(const char *dir, const char *text)
{
    mkdir(tempdir_path(dir, "holdfast"), 0755);
    tempdir_write(dir, "holdfast/recovery.json", text, strlen(text));
}

static void
recovery_says_who_gets_in(void **state)
{
    struct hf_recovery r;
    char first[HF_PROVISION_HASH_SIZE];

    write_recovery(*state, "{\"format\":1,\"setup_code\":\"7kqm x3pa 92hv\"}");
    assert_int_equal(hf_recovery_read(*state, "hf-00000001", &r, &faults, NULL), 0);
    assert_string_equal(r.setup_code, "7KQM-X3PA-92HV");
    assert_string_equal(r.password_hash, "");
    assert_int_equal(strlen(r.file_hash), 64);
    memcpy(first, r.file_hash, sizeof first);
    write_recovery(*state, "{\"format\":1,\"gateway\":\"hf-00000001\","
                           "\"admin\":{\"password_hash\":\"" HASH "\"}}");
    assert_int_equal(hf_recovery_read(*state, "hf-00000001", &r, &faults, NULL), 0);
    assert_string_equal(r.setup_code, "");
    assert_string_equal(r.password_hash, HASH);
    assert_string_not_equal(r.file_hash, first);
    assert_false(r.reset);
    hf_recovery_done(&r);
    assert_string_equal(r.password_hash, "");
}

static void
recovery_may_reset_and_names_which(void **state)
{
    struct hf_recovery r;

    write_recovery(*state, "{\"format\":1,\"gateway\":\"hf-00000001\",\"reset\":\"keep\"}");
    assert_int_equal(hf_recovery_read(*state, "hf-00000001", &r, &faults, NULL), 0);
    assert_true(r.reset && !r.wipe);
    assert_string_equal(r.setup_code, "");
    write_recovery(*state, "{\"format\":1,\"gateway\":\"hf-00000001\",\"reset\":\"wipe\","
                           "\"setup_code\":\"7kqm x3pa 92hv\"}");
    assert_int_equal(hf_recovery_read(*state, "hf-00000001", &r, &faults, NULL), 0);
    assert_true(r.reset && r.wipe);
    assert_string_equal(r.setup_code, "7KQM-X3PA-92HV");
    hf_recovery_done(&r);
}

static void
wrong_recovery_is_refused(void **state)
{
    static const struct {
        const char *text;
        enum hf_error_class class;
        const char *pointer;
    } cases[] = {
        {"", HF_ERROR_MALFORMED, ""},
        {"{\"format\":1,\"setup_", HF_ERROR_MALFORMED, ""},
        {"{\"format\":1}", HF_ERROR_INVALID, "/setup_code"},
        {"{\"format\":2,\"setup_code\":\"7KQM-X3PA-92HV\"}", HF_ERROR_INVALID, "/format"},
        {"{\"format\":1,\"setup_code\":\"7KQM\"}", HF_ERROR_INVALID, "/setup_code"},
        {"{\"format\":1,\"name\":\"x\",\"setup_code\":\"7KQM-X3PA-92HV\"}", HF_ERROR_INVALID,
         "/name"},
        {"{\"format\":1,\"admin\":{\"password_hash\":\"x\"}}", HF_ERROR_INVALID,
         "/admin/password_hash"},
        {"{\"format\":1,\"gateway\":\"hf-00000002\",\"setup_code\":\"7KQM-X3PA-92HV\"}",
         HF_ERROR_INVALID, "/gateway"},
        {"{\"format\":1,\"setup_code\":\"7KQM-X3PA-92HV\",\"admin\":{\"password_hash\":\"" HASH
         "\"}}",
         HF_ERROR_INVALID, "/setup_code"},
        {"{\"format\":1,\"reset\":\"wipe\"}", HF_ERROR_INVALID, "/gateway"},
        {"{\"format\":1,\"reset\":\"all\",\"gateway\":\"hf-00000001\"}", HF_ERROR_INVALID,
         "/reset"},
        {"{\"format\":1,\"reset\":true,\"gateway\":\"hf-00000001\"}", HF_ERROR_INVALID, "/reset"},
        {"{\"format\":1,\"reset\":\"wipe\",\"gateway\":\"hf-00000002\"}", HF_ERROR_INVALID,
         "/gateway"},
    };
    struct hf_recovery r = {.file_hash = "untouched"};
    struct hf_error err = {0};

    assert_int_equal(hf_recovery_read(*state, "hf-00000001", &r, &faults, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NOT_FOUND);
    for (size_t i = 0; i < HF_LEN(cases); i++) {
        write_recovery(*state, cases[i].text);
        assert_int_equal(hf_recovery_read(*state, "hf-00000001", &r, &faults, &err), -1);
        if (err.class != cases[i].class || strcmp(err.pointer, cases[i].pointer) != 0)
            fail_msg("%s gave class %d at '%s': %s", cases[i].text, err.class, err.pointer,
                     err.message);
        assert_non_null(strstr(err.message, "recovery.json"));
    }
    assert_string_equal(r.file_hash, "untouched");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(whole_file_is_read),
        with_tempdir(sinks_lanes_rules_and_devices_are_settings_too),
        with_tempdir(absent_settings_keep_their_value),
        with_tempdir(hash_is_of_the_file),
        with_tempdir(a_certificate_comes_with_its_key),
        with_tempdir(example_is_accepted),
        with_tempdir(wrong_fields_are_named),
        with_tempdir(weak_or_costly_hashes_are_refused),
        with_tempdir(half_written_file_says_where),
        with_tempdir(trailing_bytes_and_deep_nesting_are_refused),
        with_tempdir(size_is_bounded),
        with_tempdir(links_and_pipes_are_refused),
        with_tempdir(recovery_says_who_gets_in),
        with_tempdir(recovery_may_reset_and_names_which),
        with_tempdir(wrong_recovery_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

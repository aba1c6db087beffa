// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "model/spec.h"
#include "release.h"

#include "base/file.h"

#include <stdio.h>
#include <string.h>

static void
parse(const char *text, const struct hf_release_host *host, struct hf_release *r)
{
    struct hf_error err = {0};

    if (hf_release_parse(text, strlen(text), host, r, &err) < 0)
        fail_msg("%s", err.message);
}

static void
refused(const char *text, const char *pointer, const char *says)
{
    struct hf_release r = {.name = "untouched"};
    struct hf_error err = {0};

    if (hf_release_parse(text, strlen(text), &on_amd64, &r, &err) == 0)
        fail_msg("taken: %s", text);
    if (strcmp(err.pointer, pointer) != 0 || !strstr(err.message, says))
        fail_msg("'%s' at '%s', not '%s' at '%s'", err.message, err.pointer, says, pointer);
    assert_string_equal(r.name, "untouched");
}

/* text with the first `from` in it made `to`. */
static const char *
edited(const char *text, const char *from, const char *to)
{
    static char out[2 * HF_NOTES_MAX];
    const char *at = strstr(text, from);

    assert_non_null(at);
    snprintf(out, sizeof out, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    return out;
}

#define OWN_SERVICE                                                                                \
    "\"adapter\":{\"limits\":{\"cpus\":0.5,\"memory_bytes\":33554432,\"pids\":16}," IMAGES(        \
        "adapter") ",\"user\":20001}"

#define DAEMON_OF(version, system, package, size)                                                  \
    "\"daemon\":{\"platforms\":{\"amd64\":{\"" system "\":{\"digest\":\"" SHA                      \
    "\",\"package\":\"" package "\",\"size\":" size "}}},\"version\":\"" version "\"},"
#define BRINGING(daemon) RELEASE_OF(daemon "\"format\":1,\"min_holdfastd\":\"1.2.0\",", BUILT_IN)

static void
holdfastd_is_taken_for_this_system(void **state)
{
    struct hf_release_host host = on_amd64;
    struct hf_release r;

    (void)state;
    host.system = "debian13";
    parse(BRINGING(DAEMON_OF("1.2.3", "debian13", "1.2.3-1~deb13u1", "9")), &host, &r);
    assert_string_equal(r.daemon.version, "1.2.3");
    assert_string_equal(r.daemon.package, "1.2.3-1~deb13u1");
    assert_string_equal(r.daemon.digest, SHA);
    assert_int_equal(r.daemon.size, 9);
    hf_release_done(&r);
    host.system = "debian12";
    parse(BRINGING(DAEMON_OF("1.2.3", "debian13", "1.2.3-1~deb13u1", "9")), &host, &r);
    assert_string_equal(r.daemon.version, "1.2.3");
    assert_string_equal(r.daemon.package, "");
    hf_release_done(&r);
    parse(BRINGING(DAEMON_OF("1.2.3", "debian13", "1.2.3-1~deb13u1", "9")), &on_amd64, &r);
    assert_string_equal(r.daemon.package, "");
    hf_release_done(&r);
    refused(BRINGING(DAEMON_OF("1.1.9", "debian13", "1-1", "9")), "/daemon/version",
            "not older than /min_holdfastd");
    refused(BRINGING(DAEMON_OF("1.2", "debian13", "1-1", "9")), "/daemon/version", "exact");
    refused(BRINGING(DAEMON_OF("1.2.3", "debian13", "1:1-1", "9")),
            "/daemon/platforms/amd64/debian13/package", "version of a Debian package");
    refused(BRINGING(DAEMON_OF("1.2.3", "debian13", "../1", "9")),
            "/daemon/platforms/amd64/debian13/package", "version of a Debian package");
    refused(BRINGING(DAEMON_OF("1.2.3", "debian13", "1-1", "4194305")),
            "/daemon/platforms/amd64/debian13/size", "4194304");
    refused(BRINGING(DAEMON_OF("1.2.3", "trixie", "1-1", "9")), "/daemon/platforms/amd64",
            "version of Debian");
    refused(BRINGING("\"daemon\":{\"platforms\":{},\"version\":\"1.2.3\",\"x\":1},"), "/daemon/x",
            "");
    refused(BRINGING("\"daemon\":{\"platforms\":{\"mips\":{}},\"version\":\"1.2.3\"},"),
            "/daemon/platforms/mips", "");
}

static void
a_canonical_release_survives_parse_and_print(void **state)
{
    static const char *const texts[] = {
        RELEASE(BUILT_IN),
        RELEASE(OWN_SERVICE "," BUILT_IN),
        RELEASE_OF("\"format\":1,\"min_holdfastd\":\"0.1.0-rc.1\",", BUILT_IN),
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(texts); i++) {
        HF_AUTO_FREE char *printed = NULL;
        struct hf_release r;

        parse(texts[i], &on_amd64, &r);
        assert_int_equal(hf_release_print(&r, &printed, NULL), 0);
        assert_string_equal(printed, texts[i]);
        hf_release_done(&r);
    }
}

/* However it is written, one release has one text. */
static void
print_is_the_same_for_other_orders_blanks_and_numbers(void **state)
{
    static const char loose[] =
        "\n{ \"version\": \"1.2.3\", \"format\": 1.0, \"counter\": 7e0, \"name\": \"holdfast\",\n"
        "  \"created\": \"2026-11-24T03:01:33Z\", \"settings_schema\": 1,\n"
        "  \"services\": {" SERVICE("processor") ", " SERVICE("forwarder") ",\n" SERVICE(
            "broker") "," SERVICE("buffer") " },\n  \"min_holdfastd\": \"0.1\\u002e0\" }\n";
    HF_AUTO_FREE char *printed = NULL;
    struct hf_release r;

    (void)state;
    parse(loose, &on_amd64, &r);
    assert_int_equal(hf_release_print(&r, &printed, NULL), 0);
    assert_string_equal(printed, RELEASE(BUILT_IN));
    hf_release_done(&r);
}

static void
images_are_those_of_the_host(void **state)
{
    const char *text =
        edited(RELEASE(BUILT_IN), "\"arm64\":{\"config\":\"" SHA "\",\"layers\":[" LAYER,
               "\"arm64\":{\"config\":\"sha256:1123456789abcdef0123456789abcdef0123456789"
               "abcdef0123456789abcdef\",\"layers\":[" LAYER "," LAYER);
    const struct hf_release_host arm = {.platform = "arm64", .registry = "localhost"};
    char arm_layers[HF_DIGEST_SIZE];
    struct hf_release r;
    const struct hf_release_service *s = &r.services[0];

    (void)state;
    parse(text, &arm, &r);
    assert_string_equal(s->image.image, "localhost/holdfast/broker@" SHA);
    assert_memory_equal(s->image.image_id, "sha256:1123", 11);
    assert_string_equal(s->image.tag, "1.2.3");
    assert_int_equal(s->layer_count, 2);
    assert_string_equal(s->layers[1].digest, SHA);
    assert_int_equal(s->layers[1].size, 100);
    assert_int_equal(strlen(s->image.layers), HF_DIGEST_SIZE - 1);
    memcpy(arm_layers, s->image.layers, sizeof arm_layers);
    hf_release_done(&r);
    parse(text, &on_amd64, &r);
    assert_string_equal(s->image.image_id, SHA);
    assert_int_equal(s->layer_count, 1);
    assert_string_not_equal(s->image.layers, arm_layers);
    hf_release_done(&r);
}

static void
the_registry_is_put_before_them(void **state)
{
    const struct hf_release_host nowhere = {.platform = "amd64", .registry = ""};
    struct hf_release r;
    const struct hf_release_image *image = &r.services[0].image;

    (void)state;
    parse(RELEASE(BUILT_IN), &nowhere, &r);
    assert_false(hf_release_image_is_placed(image));
    hf_release_set_registry(&r, "registry.example:5000");
    assert_string_equal(image->image, "registry.example:5000/holdfast/broker@" SHA);
    assert_true(hf_release_image_is_placed(image));
    hf_release_set_registry(&r, "");
    assert_false(hf_release_image_is_placed(image));
    hf_release_done(&r);
}

/* As many as Docker stacks, and one more. */
static void
layers_are_bounded(void **state)
{
    char layers[(HF_LAYERS_MAX + 1) * sizeof LAYER] = LAYER;
    struct hf_release r;

    (void)state;
    for (int i = 1; i < HF_LAYERS_MAX; i++)
        strcat(layers, "," LAYER);
    parse(edited(RELEASE(BUILT_IN), LAYER, layers), &on_amd64, &r);
    assert_int_equal(r.services[0].layer_count, HF_LAYERS_MAX);
    hf_release_done(&r);
    strcat(layers, "," LAYER);
    refused(edited(RELEASE(BUILT_IN), LAYER, layers), "/services/broker/platforms/amd64/layers",
            "1 to 125");
}

static void
repositories_are_those_of_the_distribution_spec(void **state)
{
    static const char *const names[] = {"b", "a/b.c_d__e-f---g/0", "a/b/c.d"};
    struct hf_release r;

    (void)state;
    for (size_t i = 0; i < HF_LEN(names); i++) {
        parse(edited(RELEASE(BUILT_IN), "holdfast/broker", names[i]), &on_amd64, &r);
        assert_string_equal(r.services[0].image.repository, names[i]);
        hf_release_done(&r);
    }
}

static void
a_host_of_another_platform_is_told(void **state)
{
    const char *text = edited(RELEASE(BUILT_IN), "\"arm64\":" PLATFORM, "\"amd64\":" PLATFORM);
    const struct hf_release_host other = {.platform = "", .registry = ""};
    struct hf_release r;
    struct hf_error err = {0};

    (void)state;
    refused(text, "", "is there twice");
    refused(edited(RELEASE(BUILT_IN), "\"amd64\":" PLATFORM ",", ""),
            "/services/broker/platforms/amd64", "this gateway is of that platform");
    refused(edited(RELEASE(BUILT_IN), "\"arm64\"", "\"mips\""), "/services/broker/platforms/mips",
            "allowed here: amd64, arm64");
    text = RELEASE(BUILT_IN);
    assert_int_equal(hf_release_parse(text, strlen(text), &other, &r, &err), -1);
    assert_true(*hf_release_platform()); /* of every machine that this is built on */
}

static void
release_limits_go_over_the_defaults(void **state)
{
    static const struct hf_placement placement = {
        .instance = "t", .run_dir = "/run/t", .field_address = "0.0.0.0", .field_port = 1883};
    struct hf_release r;
    struct hf_spec s;

    (void)state;
    parse(edited(RELEASE(BUILT_IN), "\"broker\":{",
                 "\"broker\":{\"limits\":{\"memory_bytes\":50331648,\"cpus\":0.25},"),
          &on_amd64, &r);
    assert_int_equal(hf_spec_make(&placement, &r, 0, &s, NULL), 0);
    assert_int_equal(s.limits.memory_bytes, 50331648);
    assert_int_equal(s.limits.nano_cpus, 250000000);
    assert_int_equal(s.limits.pids, 32);
    assert_int_equal(hf_spec_make(&placement, &r, 1, &s, NULL), 0);
    assert_int_equal(s.limits.memory_bytes, 64 << 20);
    hf_release_done(&r);
}

static void
only_exact_pins_are_taken(void **state)
{
    static const struct {
        const char *from, *to, *pointer, *says;
    } rows[] = {
        {"\"tag\":\"1.2.3\"", "\"tag\":\"latest\"", "/services/broker/tag",
         "'latest': this tag moves"},
        {"\"tag\":\"1.2.3\"", "\"tag\":\"\"", "/services/broker/tag", "no tag"},
        {"\"tag\":\"1.2.3\"", "\"tag\":\"2\"", "/services/broker/tag", "may move"},
        {"\"tag\":\"1.2.3\"", "\"tag\":\"2.0\"", "/services/broker/tag", "may move"},
        {",\"tag\":\"1.2.3\"", "", "/services/broker/tag", "is missing"},
        {"\"tag\":\"1.2.3\"", "\"tag\":\"1.2.3\",\"pull\":true", "/services/broker/pull",
         "unknown"},
        {"holdfast/broker", "holdfast/broker:1.2.3", "/services/broker/repository", "the tag into"},
        {"holdfast/broker", "holdfast/broker@" SHA, "/services/broker/repository",
         "digests belong"},
        {"holdfast/broker", "ghcr.io/holdfast/broker", "/services/broker/repository", "host"},
        {"holdfast/broker", "localhost/broker", "/services/broker/repository", "host"},
        {"holdfast/broker", "../broker", "/services/broker/repository", "host"},
        {"holdfast/broker", "holdfast//broker", "/services/broker/repository", "path"},
        {"holdfast/broker", "holdfast/broker/", "/services/broker/repository", "path"},
        {"holdfast/broker", "holdfast/a.-b", "/services/broker/repository", "path"},
        {"holdfast/broker", "holdfast/a___b", "/services/broker/repository", "path"},
        {"holdfast/broker", "holdfast/-a", "/services/broker/repository", "path"},
        {"holdfast/broker", "holdfast/a..b", "/services/broker/repository", "path"},
        {"holdfast/broker", "Holdfast/broker", "/services/broker/repository", "path"},
        {"holdfast/broker", "", "/services/broker/repository", "path"},
        {"\"config\":\"" SHA "\",", "", "/services/broker/platforms/amd64/config", "is missing"},
        {"\"config\":\"sha256:0", "\"config\":\"sha256:", "/services/broker/platforms/amd64/config",
         "64 hex digits"},
        {"\"config\":\"sha256:0", "\"config\":\"sha256:A",
         "/services/broker/platforms/amd64/config", "64 hex digits"},
        {"\"manifest\":\"sha256", "\"manifest\":\"sha512",
         "/services/broker/platforms/amd64/manifest", "64 hex digits"},
        {"\"manifest\":", "\"scan\":\"none\",\"manifest\":",
         "/services/broker/platforms/amd64/scan", "64 hex digits"},
        {"\"layers\":[" LAYER "]", "\"layers\":[]", "/services/broker/platforms/amd64/layers",
         "1 to 125"},
        {LAYER, LAYER ",{\"digest\":\"" SHA "\",\"size\":0}",
         "/services/broker/platforms/amd64/layers/1/size", "must be 1 to"},
        {LAYER, "{\"digest\":\"sha256:1\",\"size\":1}",
         "/services/broker/platforms/amd64/layers/0/digest", "64 hex digits"},
        {LAYER, "{\"digest\":\"" SHA "\"}", "/services/broker/platforms/amd64/layers/0/size",
         "is missing"},
        {"\"tag\"", "\"limits\":{\"swap\":1},\"tag\"", "/services/broker/limits/swap", "unknown"},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++)
        refused(edited(RELEASE(BUILT_IN), rows[i].from, rows[i].to), rows[i].pointer, rows[i].says);
}

static void
what_it_says_of_itself_is_exact(void **state)
{
    static const struct {
        const char *from, *to, *pointer, *says;
    } rows[] = {
        {"\"format\":1", "\"format\":2", "/format", "must be 1"},
        {"\"name\":\"holdfast\"", "\"name\":\"Hold fast\"", "/name", "lower-case"},
        {"\"version\":\"1.2.3\"", "\"version\":\"1.2\"", "/version", "exact version"},
        {"\"version\":\"1.2.3\"", "\"version\":\"v1.2.3\"", "/version", "exact version"},
        {"2026-11-24T03:01:33Z", "2026-11-24T03:01:33+01:00", "/created", "UTC"},
        {"2026-11-24T03:01:33Z", "2026-13-24T03:01:33Z", "/created", "UTC"},
        {"2026-11-24T03:01:33Z", "now", "/created", "UTC"},
        {"\"counter\":7", "\"counter\":0", "/counter", "must be 1 to"},
        {"\"counter\":7", "\"counter\":1.5", "/counter", "whole number"},
        {"\"counter\":7,", "", "/counter", "is missing"},
        {"\"settings_schema\":1", "\"settings_schema\":-1", "/settings_schema", "must be 1 to"},
        {"\"min_holdfastd\":\"0.1.0\"", "\"min_holdfastd\":\"newest\"", "/min_holdfastd", "exact"},
        {"\"format\":1", "\"format\":1,\"notes\":\"a\\u0007b\"", "/notes", "control characters"},
        {"\"format\":1", "\"format\":1,\"signed\":true", "/signed", "unknown field"},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++)
        refused(edited(RELEASE(BUILT_IN), rows[i].from, rows[i].to), rows[i].pointer, rows[i].says);
}

static void
notes_are_bounded(void **state)
{
    char notes[HF_NOTES_MAX + 2], member[HF_NOTES_MAX + 64];
    struct hf_release r;

    (void)state;
    memset(notes, 'n', sizeof notes - 1);
    notes[sizeof notes - 1] = '\0';
    snprintf(member, sizeof member, "\"format\":1,\"notes\":\"%s\"", notes);
    refused(edited(RELEASE(BUILT_IN), "\"format\":1", member), "/notes", "at most 16384");
    notes[HF_NOTES_MAX] = '\0';
    snprintf(member, sizeof member, "\"format\":1,\"notes\":\"%s\"", notes);
    parse(edited(RELEASE(BUILT_IN), "\"format\":1", member), &on_amd64, &r);
    assert_string_equal(hf_release_notes(&r), notes);
    hf_release_done(&r);
}

static void
the_example_in_api_is_read(void **state)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_RELEASE_TEXT_MAX);
    struct hf_release r;

    (void)state;
    assert_int_equal(hf_file_read(EXAMPLE_FILE, &text, NULL), 0);
    parse(text.data, &on_amd64, &r);
    assert_string_equal(r.version, "1.4.2");
    assert_int_equal(strncmp(r.services[4].image.image, "registry.example:5000/plant/", 28), 0);
    assert_true(*r.services[4].scan && !*r.services[4].sbom && *r.services[0].sbom);
    hf_release_done(&r);
}

static void
a_missing_or_unknown_service_is_named(void **state)
{
    (void)state;
    refused(RELEASE(SERVICE("broker") "," SERVICE("buffer") "," SERVICE("processor")),
            "/services/forwarder", "every gateway has it");
    refused(RELEASE(BUILT_IN "," SERVICE("miner")), "/services/miner/user", "is missing");
}

/* In the file that somebody looks at, not in the canonical form. */
static void
an_error_says_the_line(void **state)
{
    static const char text[] =
        "{\n \"format\": 1, \"name\": \"x\",\n \"version\": \"1.2.3\", \"counter\": 1,\n"
        " \"created\": \"2026-11-24T03:01:33Z\", \"min_holdfastd\": \"0.1.0\",\n"
        " \"settings_schema\": 1,\n \"services\": {\n"
        "  \"broker\": {\n   \"repository\": \"b\",\n   \"tag\": \"latest\",\n"
        "   \"platforms\": {}\n  }\n }\n}\n";

    (void)state;
    refused(text, "/services/broker/tag", "line 9: /services/broker/tag: 'latest'");
    refused(edited(text, "latest", "1.2.3"), "/services/broker/platforms/amd64",
            "line 10: /services/broker/platforms/amd64: is missing");
    refused(edited(text, "\"broker\"", "\"buffer\""), "/services/broker",
            "line 6: /services/broker: is missing");
    refused(edited(text, "\"counter\"", "\"count\""), "/count", "line 3: /count: unknown field");
    refused(edited(text, "\"b\",", "\"b\""), "", "line 9");
    refused("[]", "", "line 1: the document: must be an object");
}

static void
exact_tags_are_told_from_moving_ones(void **state)
{
    static const char *const exact[] = {"1.2.3", "v1.2.3", "1.2.3-rc.1", "2026.11.2"};
    static const char *const moving[] = {"",       "latest", "2",   "2.0",   "v2",
                                         "stable", "a b",    "rc1", "-1.2.3"};
    const char *why;

    (void)state;
    for (size_t i = 0; i < HF_LEN(exact); i++)
        assert_true(hf_tag_is_exact(exact[i], &why));
    for (size_t i = 0; i < HF_LEN(moving); i++) {
        assert_false(hf_tag_is_exact(moving[i], &why));
        assert_non_null(why);
    }
}

/* Each is older than the next (Semantic Versioning 2.0.0 §11.4). */
static void
versions_have_an_order(void **state)
{
    static const char *const rising[] = {
        "0.9.9",      "1.0.0-alpha",  "1.0.0-alpha.1", "1.0.0-alpha.-x", "1.0.0-alpha.beta",
        "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",     "1.0.0",
        "1.0.1",      "1.2.0",        "1.10.0",        "10.0.0",
    };
    static const char *const none[] = {"",           "1",        "1.2",     "1.2.3.4", "01.2.3",
                                       "1.2.3-",     "1.2.3-01", "1.2.3+b", "v1.2.3",  "1.2.x",
                                       "1.2.3-a..b", "1.2.3 ",   "-1.2.3"};

    (void)state;
    for (size_t i = 0; i < HF_LEN(rising); i++) {
        assert_true(hf_version_is_exact(rising[i]));
        for (size_t j = 0; j < HF_LEN(rising); j++) {
            int order = hf_version_compare(rising[i], rising[j]);

            if (i < j ? order >= 0 : i == j ? order != 0 : order <= 0)
                fail_msg("%s and %s: %d", rising[i], rising[j], order);
        }
    }
    for (size_t i = 0; i < HF_LEN(none); i++)
        if (hf_version_is_exact(none[i]))
            fail_msg("'%s' was taken", none[i]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holdfastd_is_taken_for_this_system),
        cmocka_unit_test(a_canonical_release_survives_parse_and_print),
        cmocka_unit_test(print_is_the_same_for_other_orders_blanks_and_numbers),
        cmocka_unit_test(images_are_those_of_the_host),
        cmocka_unit_test(the_registry_is_put_before_them),
        cmocka_unit_test(layers_are_bounded),
        cmocka_unit_test(repositories_are_those_of_the_distribution_spec),
        cmocka_unit_test(a_host_of_another_platform_is_told),
        cmocka_unit_test(release_limits_go_over_the_defaults),
        cmocka_unit_test(only_exact_pins_are_taken),
        cmocka_unit_test(what_it_says_of_itself_is_exact),
        cmocka_unit_test(notes_are_bounded),
        cmocka_unit_test(the_example_in_api_is_read),
        cmocka_unit_test(a_missing_or_unknown_service_is_named),
        cmocka_unit_test(an_error_says_the_line),
        cmocka_unit_test(exact_tags_are_told_from_moving_ones),
        cmocka_unit_test(versions_have_an_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "engine/create.h"
#include "engine/inspect.h"

#include <stdio.h>
#include <string.h>

#define ID "4f1e0c9d2b7a86530e1d2c3b4a5968778695a4b3c2d1e0f9081726354453627f"
#define CONFIG "sha256:aaaa"
#define MANIFEST "sha256:bbbb"

static const struct support all = {true, true, true, true};
static const struct support none;

static struct hf_spec
spec_of(void)
{
    struct hf_spec s = {
        .instance = "hf",
        .service = "broker",
        .container = "hf-broker",
        .image = {"registry/broker@" MANIFEST, "0.1.0", CONFIG},
        .uid = 10001,
        .memory_bytes = 64 << 20,
        .nano_cpus = 1000000000,
        .pids = 32,
        .hash = "cafe",
        .networks = {{.network = "hf-bus"}},
        .network_count = 1,
    };

    return s;
}

/* What Docker says of a container made from spec_of(), with the host configuration given. */
static struct hf_json *
described_as(const char *name, const char *network, const char *image, const char *state,
             const char *host)
{
    struct hf_spec spec = spec_of();
    struct hf_json *doc = NULL;
    struct hf_error err = {0};
    char limits[LIMITS_TEXT_SIZE];
    char text[8192];

    hf_inspect_limits_of_spec(&spec, &all, limits);
    snprintf(text, sizeof text,
             "{\"Id\":\"" ID
             "\",\"Name\":\"/%s\",\"Image\":\"%s\",\"RestartCount\":3,\"State\":%s,\"Config\":{"
             "\"User\":\"10001:10001\",\"Labels\":{\"io.holdfast.instance\":\"hf\","
             "\"io.holdfast.service\":\"broker\",\"io.holdfast.spec\":\"cafe\","
             "\"io.holdfast.image\":\"registry/broker@" MANIFEST "\","
             "\"io.holdfast.image-id\":\"" CONFIG "\",\"io.holdfast.limits\":\"%s\"}},"
             "\"HostConfig\":%s,\"NetworkSettings\":{\"Networks\":{\"%s\":{\"IPAddress\":"
             "\"172.20.0.2\"}}}}",
             name, image, state, limits, host, network);
    if (hf_json_parse(text, strlen(text), &doc, &err) < 0)
        fail_msg("%s", err.message);
    return doc;
}

static struct hf_json *
described(const char *image, const char *state, const char *host)
{
    return described_as("hf-broker", "hf-bus", image, state, host);
}

static const char running[] =
    "{\"Status\":\"running\",\"Pid\":4711,\"ExitCode\":0,\"OOMKilled\":false,"
    "\"StartedAt\":\"2026-11-24T03:01:33.123456789Z\",\"FinishedAt\":\"0001-01-01T00:00:00Z\"}";

#define HOST_BUT(memory, pids, caps, restart)                                                      \
    "{\"Memory\":" memory ",\"MemorySwap\":67108864,\"NanoCpus\":1000000000,\"PidsLimit\":" pids   \
    ",\"ReadonlyRootfs\":true,\"Privileged\":false,\"CapDrop\":[\"ALL\"],\"CapAdd\":" caps         \
    ",\"SecurityOpt\":[\"no-new-privileges\"],\"RestartPolicy\":{\"Name\":\"" restart "\"}}"

static const char host[] = HOST_BUT("67108864", "32", "null", "unless-stopped");

static struct hf_container
read_back(const char *image, const char *state, const char *host_config)
{
    HF_AUTO(hf_json) struct hf_json *doc = described(image, state, host_config);
    struct hf_container c;
    struct hf_error err = {0};

    if (hf_inspect_container(doc, "hf", &all, &c, &err) < 0)
        fail_msg("%s", err.message);
    return c;
}

static void
container_is_read_whole(void **state)
{
    struct hf_container c = read_back(CONFIG, running, host);

    (void)state;
    assert_string_equal(c.id, ID);
    assert_string_equal(c.service, "broker");
    assert_string_equal(c.spec_hash, "cafe");
    assert_string_equal(c.image_id, CONFIG);
    assert_string_equal(c.bus_address, "172.20.0.2");
    assert_int_equal(c.state, HF_CONTAINER_RUNNING);
    assert_int_equal(c.pid, 4711);
    assert_int_equal(c.restart_count, 3);
    assert_int_equal(c.started_ms, 1795489293123);
    assert_int_equal(c.finished_ms, 0);
    assert_false(c.limits_differ);
}

static void
states_of_docker_are_known(void **state)
{
    static const struct {
        const char *name;
        enum hf_container_state state;
    } rows[] = {
        {"created", HF_CONTAINER_CREATED},       {"running", HF_CONTAINER_RUNNING},
        {"restarting", HF_CONTAINER_RESTARTING}, {"paused", HF_CONTAINER_PAUSED},
        {"exited", HF_CONTAINER_EXITED},         {"dead", HF_CONTAINER_DEAD},
        {"removing", HF_CONTAINER_DEAD},         {"", HF_CONTAINER_DEAD},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        char text[128];

        snprintf(text, sizeof text, "{\"Status\":\"%s\",\"ExitCode\":139,\"OOMKilled\":true}",
                 rows[i].name);
        struct hf_container c = read_back(CONFIG, text, host);
        assert_int_equal(c.state, rows[i].state);
        assert_int_equal(c.exit_code, 139);
        assert_true(c.oom_killed);
    }
}

static void
manifest_digest_stands_for_the_pinned_image(void **state)
{
    (void)state;
    assert_string_equal(read_back(MANIFEST, running, host).image_id, CONFIG);
    assert_string_equal(read_back("sha256:cccc", running, host).image_id, "sha256:cccc");
}

static void
every_change_by_hand_is_noticed(void **state)
{
    static const char *const changed[] = {
        HOST_BUT("33554432", "32", "null", "unless-stopped"),
        HOST_BUT("67108864", "33", "null", "unless-stopped"),
        HOST_BUT("67108864", "null", "null", "unless-stopped"),
        HOST_BUT("67108864", "32", "[\"NET_RAW\"]", "unless-stopped"),
        HOST_BUT("67108864", "32", "null", "no"),
        "{}",
        "null",
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(changed); i++)
        if (!read_back(CONFIG, running, changed[i]).limits_differ)
            fail_msg("row %zu was not noticed", i);
}

static void
what_the_kernel_does_not_enforce_is_left_out(void **state)
{
    struct hf_spec spec = spec_of();
    char wanted[LIMITS_TEXT_SIZE];
    char found[LIMITS_TEXT_SIZE];
    HF_AUTO(hf_json)
    struct hf_json *doc =
        described(CONFIG, running,
                  "{\"Memory\":0,\"MemorySwap\":-1,\"ReadonlyRootfs\":true,\"Privileged\":false,"
                  "\"CapDrop\":[\"ALL\"],\"SecurityOpt\":[\"no-new-privileges\"],"
                  "\"RestartPolicy\":{\"Name\":\"unless-stopped\"}}");

    (void)state;
    hf_inspect_limits_of_spec(&spec, &none, wanted);
    hf_inspect_limits_of_container(doc, &none, found);
    assert_string_equal(wanted, found);
}

static void
nonsense_is_refused(void **state)
{
    static const char *const bad[] = {
        "{}",
        "[]",
        "{\"Id\":7,\"Image\":\"x\",\"State\":{}}",
        "{\"Id\":\"" ID "0\",\"Image\":\"x\",\"State\":{}}", /* too long */
        "{\"Id\":\"" ID "\",\"Image\":\"x\"}",
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(bad); i++) {
        HF_AUTO(hf_json) struct hf_json *doc = NULL;
        struct hf_container c;
        struct hf_error err = {0};

        assert_int_equal(hf_json_parse(bad[i], strlen(bad[i]), &doc, &err), 0);
        assert_int_equal(hf_inspect_container(doc, "hf", &all, &c, &err), -1);
        assert_int_equal(err.class, HF_ERROR_UPSTREAM);
    }
}

static void
host_paths_with_a_colon_cannot_be_mounted(void **state)
{
    struct hf_spec spec = spec_of();
    struct hf_error err = {0};
    char *body = NULL;

    (void)state;
    spec.mounts[0] = (struct hf_mount){HF_MOUNT_BIND, "/a:b", "/c", true, 0};
    spec.mount_count = 1;
    assert_int_equal(hf_create_body(&spec, CONFIG, &all, &body, &err), -1);
    assert_int_equal(err.class, HF_ERROR_INVALID);
    assert_null(body);
}

static void
a_container_that_is_not_on_its_networks_differs(void **state)
{
    HF_AUTO(hf_json)
    struct hf_json *doc = described_as("hf-broker", "hf-field", CONFIG, running, host);
    struct hf_container c;
    struct hf_error err;

    (void)state;
    assert_int_equal(hf_inspect_container(doc, "hf", &all, &c, &err), 0);
    assert_true(c.limits_differ);
}

static void
our_labels_under_another_name_are_not_our_container(void **state)
{
    HF_AUTO(hf_json) struct hf_json *doc = described_as("dbg", "hf-bus", CONFIG, running, host);
    struct hf_container c;
    struct hf_error err;

    (void)state;
    assert_int_equal(hf_inspect_container(doc, "hf", &all, &c, &err), 0);
    assert_string_equal(c.service, "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_container_that_is_not_on_its_networks_differs),
        cmocka_unit_test(our_labels_under_another_name_are_not_our_container),
        cmocka_unit_test(container_is_read_whole),
        cmocka_unit_test(states_of_docker_are_known),
        cmocka_unit_test(manifest_digest_stands_for_the_pinned_image),
        cmocka_unit_test(every_change_by_hand_is_noticed),
        cmocka_unit_test(what_the_kernel_does_not_enforce_is_left_out),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(host_paths_with_a_colon_cannot_be_mounted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

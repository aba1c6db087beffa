// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "engine/create.h"
#include "engine/inspect.h"
#include "engine/support.h"

#include <stdio.h>
#include <string.h>

#define ID "4f1e0c9d2b7a86530e1d2c3b4a5968778695a4b3c2d1e0f9081726354453627f"
#define CONFIG "sha256:aaaa"
#define MANIFEST "sha256:bbbb"

static const struct support all = {true, true, true, true, false};
static const struct support none;

static struct hf_spec
spec_of(void)
{
    struct hf_spec s = {
        .instance = "hf",
        .service = "broker",
        .container = "hf-broker",
        .image = {.image = "registry/broker@" MANIFEST, .tag = "0.1.0", .image_id = CONFIG},
        .uid = 10001,
        .limits = {.memory_bytes = 64 << 20,
                   .memory_reservation_bytes = 32 << 20,
                   .nano_cpus = 1000000000,
                   .pids = 32,
                   .log_bytes = 3 << 20,
                   .oom_score_adj = -300},
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

    hf_inspect_hardening_of_spec(&spec, limits);
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
    ",\"MemoryReservation\":33554432,\"OomScoreAdj\":-300,\"LogConfig\":{\"Config\":{"             \
    "\"max-size\":\"1048576\",\"max-file\":\"3\"}},\"ReadonlyRootfs\":true,\"Privileged\":false,"  \
    "\"CapDrop\":[\"ALL\"],\"CapAdd\":" caps                                                       \
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
    static const struct {
        const char *host;
        bool makes_anew;
    } rows[] = {
        {HOST_BUT("33554432", "32", "null", "unless-stopped"), false},
        {HOST_BUT("67108864", "33", "null", "unless-stopped"), false},
        {HOST_BUT("67108864", "null", "null", "unless-stopped"), false},
        {HOST_BUT("67108864", "32", "[\"CAP_NET_RAW\"]", "unless-stopped"), true},
        {HOST_BUT("67108864", "32", "null", "no"), true},
        {"{}", true},
        {"null", true},
    };
    struct hf_spec spec = spec_of();

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        struct hf_container c = read_back(CONFIG, running, rows[i].host);

        if (c.limits_differ != rows[i].makes_anew)
            fail_msg("row %zu: made anew %d", i, c.limits_differ);
        if (!rows[i].makes_anew && hf_limits_live_equal(&spec.limits, &c.limits))
            fail_msg("row %zu was not noticed", i);
    }
    assert_true(hf_limits_live_equal(&spec.limits, &(struct hf_limits){0}));
}

static void
swap_on_top_of_memory_is_no_limit(void **state)
{
    struct hf_spec spec = spec_of();
    HF_AUTO(hf_json)
    struct hf_json *doc = described(CONFIG, running,
                                    "{\"Memory\":67108864,\"MemorySwap\":134217728,"
                                    "\"PidsLimit\":32,\"NanoCpus\":1000000000}");
    struct support no_swap = all;
    struct hf_limits l;

    (void)state;
    hf_inspect_limits(doc, &all, &l);
    assert_int_equal(l.memory_bytes, -1);
    assert_false(hf_limits_live_equal(&spec.limits, &l));
    no_swap.swap = false;
    hf_inspect_limits(doc, &no_swap, &l);
    assert_int_equal(l.memory_bytes, 67108864);
}

static void
what_the_kernel_does_not_enforce_is_left_out(void **state)
{
    HF_AUTO(hf_json)
    struct hf_json *doc = described(CONFIG, running, "{\"Memory\":0,\"MemorySwap\":-1}");
    struct hf_spec spec = spec_of();
    struct hf_limits l;

    (void)state;
    hf_inspect_limits(doc, &none, &l);
    assert_true(hf_limits_live_equal(&spec.limits, &l));
    hf_inspect_limits(doc, &all, &l);
    assert_false(hf_limits_live_equal(&spec.limits, &l));
}

static void
a_relaxed_container_is_read_back_as_it_was_made(void **state)
{
    struct hf_spec spec = spec_of();
    HF_AUTO(hf_json)
    struct hf_json *doc =
        described(CONFIG, running,
                  "{\"Privileged\":false,\"CapDrop\":[\"ALL\"],\"CapAdd\":[\"CAP_SYS_TIME\","
                  "\"CAP_NET_RAW\"],\"Devices\":[{\"PathOnHost\":\"/dev/ttyS0\"}],"
                  "\"RestartPolicy\":{\"Name\":\"unless-stopped\"},\"OomScoreAdj\":500,"
                  "\"LogConfig\":{\"Config\":{\"max-size\":\"1048576\",\"max-file\":\"3\"}}}");
    char made[LIMITS_TEXT_SIZE], found[LIMITS_TEXT_SIZE];

    (void)state;
    spec.limits.oom_score_adj = 500;
    spec.writable_root = spec.new_privileges = true;
    strcpy(spec.capabilities[0], "NET_RAW");
    strcpy(spec.capabilities[1], "SYS_TIME");
    spec.capability_count = 2;
    strcpy(spec.devices[0], "/dev/ttyS0");
    spec.device_count = 1;
    hf_inspect_hardening_of_spec(&spec, made);
    hf_inspect_hardening_of_container(doc, found);
    assert_string_equal(made, found);
}

static void
warnings_name_what_to_do(void **state)
{
    static const struct {
        const char *warning, *says;
    } rows[] = {
        {"WARNING: No memory limit support", "cgroup_enable=memory"},
        {"WARNING: No swap limit support", "swapaccount=1"},
        {"Your kernel does not support swap limit capabilities or the cgroup is not mounted. "
         "Memory "
         "limited without swap.",
         "swapaccount=1"},
        {"WARNING: No cpu cfs quota support", "CONFIG_CFS_BANDWIDTH"},
        {"Your kernel does not support pids limit capabilities or the cgroup is not mounted. PIDs "
         "limit discarded.",
         "CONFIG_CGROUP_PIDS"},
        {"Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight "
         "discarded.",
         "BFQ"},
        {"WARNING: bridge-nf-call-iptables is disabled", "bridge-nf-call-iptables is disabled"},
    };
    char text[256];

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        hf_support_explain(rows[i].warning, text, sizeof text);
        if (!strstr(text, rows[i].says))
            fail_msg("row %zu: %s", i, text);
    }
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
        cmocka_unit_test(swap_on_top_of_memory_is_no_limit),
        cmocka_unit_test(a_relaxed_container_is_read_back_as_it_was_made),
        cmocka_unit_test(warnings_name_what_to_do),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(host_paths_with_a_colon_cannot_be_mounted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

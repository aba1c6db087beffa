// SPDX-License-Identifier: Apache-2.0
/* The bodies that engine/ makes go through, and none that differs in what matters. */
#include "tempdir.h"

#include "base/text.h"
#include "dockerguard/body.h"
#include "engine/create.h"
#include "engine/inspect.h"
#include "engine/update.h"
#include "model/spec.h"
#include "release.h"

#include <string.h>

enum { ADAPTER = 4 };

#define OWN                                                                                        \
    ",\"adapter\":{" IMAGES("x") ",\"user\":20001,\"limits\":{\"memory_bytes\":33554432,"          \
                                 "\"cpus\":0.5,\"pids\":16},\"command\":[\"/bin/a\",\"-v\"],"      \
                                 "\"env\":{\"LEVEL\":\"1\"},\"secrets\":[\"api-key\"],"            \
                                 "\"volumes\":[{\"name\":\"data\",\"target\":\"/data\"}],"         \
                                 "\"tmpfs\":[{\"target\":\"/tmp\",\"size_bytes\":1048576}],"       \
                                 "\"networks\":[\"plant\",\"bus\",\"egress\"],"                    \
                                 "\"ports\":[{\"port\":502,\"container_port\":1502}],"             \
                                 "\"relaxations\":{\"capabilities\":[\"SYS_TIME\",\"NET_RAW\"],"   \
                                 "\"devices\":[\"/dev/ttyS0\"],\"writable_root\":true,"            \
                                 "\"new_privileges\":true,\"binds\":[{\"source\":\"/srv/x\","      \
                                 "\"target\":\"/x\",\"read_only\":false}]}}"

static const struct support all = {true, true, true, true, true};
static const struct support none;

/* The one for own services: what OWN has is allowed. */
static struct hf_dguard_policy
policy_of(const char *run_dir, bool relaxed)
{
    struct hf_dguard_policy p = {.instance = "hf", .run_dir = run_dir};

    if (relaxed) {
        p.binds = (struct hf_dguard_list){{"/srv/x"}, 1};
        p.devices = (struct hf_dguard_list){{"/dev/ttyS0"}, 1};
        p.capabilities = (struct hf_dguard_list){{"NET_RAW", "SYS_TIME"}, 2};
        p.ports = (struct hf_dguard_ports){{{500, 510}}, 1};
        p.new_privileges = true;
    }
    p.kept_ports = (struct hf_dguard_ports){{{8443, 8443}}, 1};
    return p;
}

/* As engine/ makes it for a service of the release. */
static struct hf_json *
body_of(const char *run_dir, size_t index, const struct support *support, char name[64])
{
    static const char text[] = RELEASE(BUILT_IN OWN);
    const struct hf_placement placement = {"hf", run_dir, "0.0.0.0", 1883, 8883, HF_FIELD_BOTH};
    HF_AUTO_FREE char *body = NULL;
    struct hf_release r;
    struct hf_spec spec;
    struct hf_json *doc = NULL;
    struct hf_error err = {0};

    if (hf_release_parse(text, strlen(text), &on_amd64, &r, &err) < 0 ||
        hf_spec_make(&placement, &r, index, &spec, &err) < 0 ||
        hf_create_body(&spec, spec.image.image_id, support, &body, &err) < 0 ||
        hf_json_parse(body, strlen(body), &doc, &err) < 0)
        fail_msg("%s", err.message);
    hf_text_put(name, 64, "%s", spec.container);
    hf_release_done(&r);
    return doc;
}

static void
allowed(const struct hf_dguard_policy *p, const char *name, const struct hf_json *body)
{
    struct hf_dguard_needs needs;
    struct hf_error err = {0};

    if (hf_dguard_check_create(p, name, body, &needs, &err) < 0)
        fail_msg("%s: %s", name, err.message);
    assert_true(needs.network_count <= 1);
}

static void
refused(const struct hf_dguard_policy *p, const char *name, const struct hf_json *body,
        const char *what)
{
    struct hf_dguard_needs needs;
    struct hf_error err = {0};

    if (hf_dguard_check_create(p, name, body, &needs, &err) == 0)
        fail_msg("%s is allowed", what);
    if (err.class != HF_ERROR_FORBIDDEN || !err.message[0])
        fail_msg("%s: class %d, '%s'", what, err.class, err.message);
}

/* ---- what is made goes through ---- */

static void
all_that_is_made_is_allowed(void **state)
{
    struct hf_dguard_policy strict = policy_of(*state, false), relaxed = policy_of(*state, true);
    const struct support *const supports[] = {&all, &none};

    for (size_t s = 0; s < HF_LEN(supports); s++)
        for (size_t i = 0; i <= ADAPTER; i++) {
            char name[64];
            HF_AUTO(hf_json) struct hf_json *body = body_of(*state, i, supports[s], name);

            allowed(i == ADAPTER ? &relaxed : &strict, name, body);
        }
}

static void
what_it_stands_on_is_named(void **state)
{
    struct hf_dguard_policy p = policy_of(*state, false);
    struct hf_dguard_needs needs;
    char name[64];
    HF_AUTO(hf_json) struct hf_json *body = body_of(*state, 0, &all, name);

    assert_int_equal(hf_dguard_check_create(&p, name, body, &needs, NULL), 0);
    assert_int_equal(needs.network_count, 1);
    assert_string_equal(needs.networks[0], "hf-field");
    assert_int_equal(needs.volume_count, 1);
    assert_string_equal(needs.volumes[0], "hf-broker-data");
}

/* A release and the configuration alone give nothing. */
static void
each_relaxation_takes_its_option(void **state)
{
    char name[64];
    HF_AUTO(hf_json) struct hf_json *body = body_of(*state, ADAPTER, &all, name);
    struct hf_dguard_policy p = policy_of(*state, true);

    p.binds.items[0] = "/srv/y";
    refused(&p, name, body, "a bind");
    p = policy_of(*state, true);
    p.binds.items[0] = "/srv/xx";
    refused(&p, name, body, "a bind beside an allowed one");
    p = policy_of(*state, true);
    p.devices.items[0] = "/dev/ttyS1";
    refused(&p, name, body, "a device");
    p = policy_of(*state, true);
    p.capabilities.count = 1;
    refused(&p, name, body, "a capability");
    p = policy_of(*state, true);
    p.new_privileges = false;
    refused(&p, name, body, "new privileges");
    p = policy_of(*state, true);
    p.ports.items[0].first = 503;
    refused(&p, name, body, "a port below 1024");
    p = policy_of(*state, true);
    p.kept_ports.items[0] = (struct hf_dguard_range){502, 502};
    refused(&p, name, body, "a port that is kept");
}

/* ---- what is changed does not ---- */

static struct hf_json *
parsed(const char *text)
{
    struct hf_json *doc = NULL;
    struct hf_error err;

    if (hf_json_parse(text, strlen(text), &doc, &err) < 0)
        fail_msg("%s: %s", text, err.message);
    return doc;
}

/* Puts value where pointer leads: "/HostConfig/Privileged". */
static void
put_at(struct hf_json *doc, const char *pointer, const char *value)
{
    char part[64];
    const char *at = pointer;

    for (;;) {
        size_t len = strcspn(at + 1, "/");

        snprintf(part, sizeof part, "%.*s", (int)len, at + 1);
        at += 1 + len;
        if (!*at)
            break;
        doc = (struct hf_json *)(uintptr_t)hf_json_get(doc, part);
        assert_non_null(doc);
    }
    if (value)
        hf_json_set(doc, part, parsed(value));
    else
        hf_json_remove(doc, part);
}

static void
nothing_forbidden_goes_through(void **state)
{
    static const struct {
        const char *at, *value; /* NULL: it is left out */
    } rows[] = {
        {"/Image", "\"broker:latest\""},
        {"/Image", "\"sha256:abc\""},
        {"/Image", "\"x@sha256:abc\""},
        {"/Image", NULL},
        {"/User", "\"0:0\""},
        {"/User", "\"00:00\""},
        {"/User", "\"root\""},
        {"/User", "\"\""},
        {"/User", "\"10001\""},
        {"/User", "\"10001:0\""},
        {"/User", "\"0:10001\""},
        {"/User", "\"10001:10002\""},
        {"/User", "\"4294967296:4294967296\""},
        {"/User", NULL},
        {"/Labels", "{}"},
        {"/Labels/io.holdfast.instance", "\"other\""},
        {"/Labels/io.holdfast.service", "\"buffer\""},
        {"/Labels/com.example", "\"x\""},
        {"/Labels", NULL},
        {"/Entrypoint", "[\"/bin/sh\"]"},
        {"/Volumes", "{\"/x\":{}}"},
        {"/Hostname", "\"x\""},
        {"/Cmd", "\"sh -c x\""},
        {"/Env", "[\"=x\"]"},
        {"/Env", "[\"PATH\"]"},
        {"/Env", "[7]"},
        {"/StopTimeout", "-1"},
        {"/StopTimeout", "100000"},
        {"/ExposedPorts", "{\"1883/udp\":{}}"},
        {"/ExposedPorts", "{\"x/tcp\":{}}"},
        {"/ExposedPorts", "{\"1/tcp\":{\"x\":1}}"},
        {"/NetworkingConfig/EndpointsConfig", "{\"host\":{}}"},
        {"/NetworkingConfig/EndpointsConfig", "{\"hf-bus\":{}}"}, /* not that of NetworkMode */
        {"/NetworkingConfig/EndpointsConfig", "{\"hf-field\":{\"IPAMConfig\":{}}}"},
        {"/NetworkingConfig/EndpointsConfig", "{\"hf-field\":{\"Aliases\":[\"a b\"]}}"},
        {"/NetworkingConfig", NULL},
        {"/HostConfig", "{}"},
        {"/HostConfig", NULL},
        {"/hostconfig", "{\"Privileged\":true}"}, /* Docker takes any case */
        {"/HostConfig/Privileged", "true"},
        {"/HostConfig/Privileged", NULL},
        {"/HostConfig/privileged", "true"},
        {"/HostConfig/CapDrop", "[]"},
        {"/HostConfig/CapDrop", "[\"ALL\",\"x\"]"},
        {"/HostConfig/CapDrop", "[\"NET_RAW\"]"},
        {"/HostConfig/CapDrop", NULL},
        {"/HostConfig/CapAdd", "[\"SYS_ADMIN\"]"},
        {"/HostConfig/CapAdd", "[\"ALL\"]"},
        {"/HostConfig/CapAdd", "[\"NET_RAW\"]"},
        {"/HostConfig/CapabilityAdd", "[\"NET_RAW\"]"},
        {"/HostConfig/SecurityOpt", "[]"},
        {"/HostConfig/SecurityOpt", "[\"no-new-privileges\",\"seccomp=unconfined\"]"},
        {"/HostConfig/SecurityOpt", "[\"apparmor=unconfined\"]"},
        {"/HostConfig/SecurityOpt", "[\"no-new-privileges:false\"]"},
        {"/HostConfig/SecurityOpt", NULL},
        {"/HostConfig/Devices", "[{\"PathOnHost\":\"/dev/sda\",\"PathInContainer\":\"/dev/sda\","
                                "\"CgroupPermissions\":\"rw\"}]"},
        {"/HostConfig/DeviceCgroupRules", "[\"a *:* rwm\"]"},
        {"/HostConfig/DeviceRequests", "[{\"Count\":-1}]"},
        {"/HostConfig/NetworkMode", "\"host\""},
        {"/HostConfig/NetworkMode", "\"bridge\""},
        {"/HostConfig/NetworkMode", "\"default\""},
        {"/HostConfig/NetworkMode", "\"\""},
        {"/HostConfig/NetworkMode", "\"container:hf-broker\""},
        {"/HostConfig/NetworkMode", "\"other-net\""},
        {"/HostConfig/NetworkMode", NULL},
        {"/HostConfig/PidMode", "\"host\""},
        {"/HostConfig/IpcMode", "\"host\""},
        {"/HostConfig/UTSMode", "\"host\""},
        {"/HostConfig/UsernsMode", "\"host\""},
        {"/HostConfig/CgroupnsMode", "\"host\""},
        {"/HostConfig/CgroupParent", "\"/\""},
        {"/HostConfig/Cgroup", "\"x\""},
        {"/HostConfig/Runtime", "\"x\""},
        {"/HostConfig/Sysctls", "{\"kernel.core_pattern\":\"|/x\"}"},
        {"/HostConfig/VolumesFrom", "[\"other\"]"},
        {"/HostConfig/VolumeDriver", "\"x\""},
        {"/HostConfig/GroupAdd", "[\"0\"]"},
        {"/HostConfig/MaskedPaths", "[]"},
        {"/HostConfig/ReadonlyPaths", "[]"},
        {"/HostConfig/Links", "[\"other:x\"]"},
        {"/HostConfig/ExtraHosts", "[\"x:1.2.3.4\"]"},
        {"/HostConfig/PublishAllPorts", "true"},
        {"/HostConfig/Ulimits", "[]"},
        {"/HostConfig/StorageOpt", "{}"},
        {"/HostConfig/OomKillDisable", "true"},
        {"/HostConfig/OomScoreAdj", "-1000"},
        {"/HostConfig/OomScoreAdj", "1001"},
        {"/HostConfig/AutoRemove", "true"},
        {"/HostConfig/Init", "true"},
        {"/HostConfig/RestartPolicy", "{\"Name\":\"always\"}"},
        {"/HostConfig/RestartPolicy", NULL},
        {"/HostConfig/LogConfig/Type", "\"syslog\""},
        {"/HostConfig/LogConfig/Config", "{\"max-size\":\"1\"}"},
        {"/HostConfig/LogConfig/Config/syslog-address", "\"tcp://x\""},
        {"/HostConfig/LogConfig", NULL},
        {"/HostConfig/Memory", "0"},
        {"/HostConfig/Memory", "-1"},
        {"/HostConfig/Memory", NULL},
        {"/HostConfig/MemorySwap", "-1"},
        {"/HostConfig/MemorySwap", "1"},
        {"/HostConfig/MemoryReservation", "-1"},
        {"/HostConfig/PidsLimit", "-1"},
        {"/HostConfig/PidsLimit", "0"},
        {"/HostConfig/PidsLimit", NULL},
        {"/HostConfig/NanoCpus", "0"},
        {"/HostConfig/BlkioWeight", "1001"},
        {"/HostConfig/CpuRealtimeRuntime", "1"},
        {"/HostConfig/Dns", "[\"1.2.3.4\"]"},
        {"/HostConfig/DnsOptions", "[\"debug\"]"},
        {"/HostConfig/PortBindings",
         "{\"1883/udp\":[{\"HostIp\":\"0.0.0.0\",\"HostPort\":\"1\"}]}"},
        {"/HostConfig/PortBindings", "{\"1883/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"1\"}]}"},
        {"/HostConfig/PortBindings", "{\"1883/tcp\":[{\"HostIp\":\"::\",\"HostPort\":\"1-9\"}]}"},
        {"/HostConfig/PortBindings", "{\"1883/tcp\":[{\"HostIp\":\"::\",\"HostPort\":\"0\"}]}"},
        {"/HostConfig/PortBindings", "{\"1883/tcp\":[{\"HostIp\":\"::\",\"HostPort\":\"22\"}]}"},
        {"/HostConfig/PortBindings", "{\"1883/tcp\":[{\"HostIp\":\"::\",\"HostPort\":\"1023\"}]}"},
        {"/HostConfig/PortBindings", "{\"1883/tcp\":[{\"HostIp\":\"::\",\"HostPort\":\"8443\"}]}"},
        {"/HostConfig/PortBindings", "{\"1883/tcp\":[{\"HostIp\":\"::\",\"HostPort\":\"65536\"}]}"},
        {"/HostConfig/PortBindings", "{\"1883/tcp\":[]}"},
        {"/HostConfig/Tmpfs", "{\"/proc\":\"rw,nosuid,nodev,noexec,mode=1777,size=1\"}"},
        {"/HostConfig/Tmpfs", "{\"/t\":\"rw,exec,suid,dev\"}"},
        {"/HostConfig/Tmpfs", "{\"/t\":\"rw,nosuid,nodev,noexec,mode=1777,size=1,exec\"}"},
    };
    struct hf_dguard_policy p = policy_of(*state, false);

    for (size_t i = 0; i < HF_LEN(rows); i++) {
        char name[64];
        HF_AUTO(hf_json) struct hf_json *body = body_of(*state, 0, &all, name);

        allowed(&p, name, body);
        put_at(body, rows[i].at, rows[i].value);
        refused(&p, name, body, rows[i].at);
    }
}

#define DEVICE "\"device\":\"/\""
#define VOLUME_WITH(options)                                                                       \
    ("[{\"Type\":\"volume\",\"Source\":\"hf-a\",\"Target\":\"/x\",\"VolumeOptions\":{" options     \
     "}}]")

static void
no_place_of_the_host_is_mounted(void **state)
{
    static const char *const binds[] = {
        "[\"/:/x:ro\"]",
        "[\"/etc:/x:ro\"]",
        "[\"/run/docker.sock:/x:rw\"]",
        "[\"/var/run/docker.sock:/run/docker.sock:rw\"]",
        "[\"/srv/x:/x:rw\"]",
        "[\"etc:/x:ro\"]",
        "[\"hf-broker-data:/data:rw\"]",
        "[\"RUN:/run/holdfast:ro\"]",
        "[\"RUN/services:/run/holdfast:ro\"]",
        "[\"RUN/services/buffer:/run/holdfast:ro\"]",
        "[\"RUN/services/broker:/run/holdfast:rw\"]",
        "[\"RUN/services/broker:/run/holdfast\"]",
        "[\"RUN/services/broker:/etc:ro\"]",
        "[\"RUN/services/broker:/run/holdfast:ro,shared\"]",
        "[\"RUN/services/../services/broker:/run/holdfast:ro\"]",
        "[\"RUN/services/broker/../../../etc:/run/holdfast:ro\"]",
        "[\"RUN/services/broker:/run/holdfast:ro:ro\"]",
        "[7]",
    };
    static const char *const mounts[] = {
        "[{\"Type\":\"bind\",\"Source\":\"/etc\",\"Target\":\"/x\"}]",
        "[{\"Type\":\"bind\",\"Source\":\"hf-a\",\"Target\":\"/x\"}]",
        "[{\"Type\":\"npipe\",\"Source\":\"hf-a\",\"Target\":\"/x\"}]",
        "[{\"Type\":\"volume\",\"Source\":\"other\",\"Target\":\"/x\"}]",
        "[{\"Type\":\"volume\",\"Source\":\"\",\"Target\":\"/x\"}]",
        "[{\"Type\":\"volume\",\"Source\":\"hf-a\",\"Target\":\"/proc/x\"}]",
        "[{\"Type\":\"volume\",\"Source\":\"hf-a\",\"Target\":\"/x/../proc\"}]",
        "[{\"Type\":\"volume\",\"Source\":\"hf-a\",\"Target\":\"/x\",\"BindOptions\":{}}]",
        VOLUME_WITH("\"DriverConfig\":{\"Name\":\"local\",\"Options\":{\"o\":\"bind\"," DEVICE
                    "}}"),
        VOLUME_WITH("\"Labels\":{}"),
    };
    struct hf_dguard_policy p = policy_of(*state, false);
    char name[64];

    for (size_t i = 0; i < HF_LEN(binds) + HF_LEN(mounts); i++) {
        bool is_bind = i < HF_LEN(binds);
        const char *text = is_bind ? binds[i] : mounts[i - HF_LEN(binds)];
        HF_AUTO(hf_json) struct hf_json *body = body_of(*state, 0, &all, name);
        const char *run = strstr(text, "RUN");
        char value[512];

        snprintf(value, sizeof value, "%.*s%s%s", run ? (int)(run - text) : (int)strlen(text), text,
                 run ? (const char *)*state : "", run ? run + 3 : "");
        put_at(body, is_bind ? "/HostConfig/Binds" : "/HostConfig/Mounts", value);
        refused(&p, name, body, value);
    }
}

/* Whatever stands in a member is looked at. */
static void
no_member_may_be_anything(void **state)
{
    static const char *const objects[] = {NULL, "HostConfig"};
    struct hf_dguard_policy p = policy_of(*state, true);

    for (size_t o = 0; o < HF_LEN(objects); o++) {
        char name[64], at[128];
        HF_AUTO(hf_json) struct hf_json *whole = body_of(*state, ADAPTER, &all, name);
        const struct hf_json *object = objects[o] ? hf_json_get(whole, objects[o]) : whole;

        for (const struct hf_json *v = hf_json_first(object); v; v = hf_json_next(v)) {
            HF_AUTO(hf_json) struct hf_json *body = hf_json_copy(whole);

            snprintf(at, sizeof at, "%s%s/%s", objects[o] ? "/" : "", objects[o] ? objects[o] : "",
                     hf_json_key(v));
            allowed(&p, name, body);
            put_at(body, at, "{\"x\":[\"/etc\"]}");
            refused(&p, name, body, at);
            put_at(body, at, "[[\"/etc\"],7]");
            refused(&p, name, body, at);
            put_at(body, at, "null");
            refused(&p, name, body, at);
        }
    }
}

static void
names_are_this_gateways(void **state)
{
    static const char *const names[] = {"",         "broker",       "hf",          "hf-",
                                        "hfbroker", "other-broker", "hf-broker/x", "hf-bröker"};
    struct hf_dguard_policy p = policy_of(*state, false);
    char name[64];
    HF_AUTO(hf_json) struct hf_json *body = body_of(*state, 0, &all, name);

    for (size_t i = 0; i < HF_LEN(names); i++)
        refused(&p, names[i], body, names[i]);
}

/* ---- the small ones ---- */

static void
judged(int (*check)(const struct hf_dguard_policy *p, const struct hf_json *body,
                    struct hf_error *err),
       const char *text, bool good)
{
    static const struct hf_dguard_policy p = {.instance = "hf", .run_dir = "/run/hf"};
    HF_AUTO(hf_json) struct hf_json *body = parsed(text);
    struct hf_error err = {0};
    int rc = check(&p, body, &err);

    if ((rc == 0) != good || (rc < 0 && err.class != HF_ERROR_FORBIDDEN))
        fail_msg("%s: %d %s", text, rc, err.message);
}

#define LABELS "\"Labels\":{\"io.holdfast.instance\":\"hf\"}"

static void
networks_and_volumes_are_plain_ones_of_this_gateway(void **state)
{
    static const char *const bad_networks[] = {
        "{}",
        "{\"Name\":\"x\",\"Driver\":\"bridge\",\"Internal\":true," LABELS "}",
        "{\"Name\":\"hf-a\",\"Driver\":\"host\",\"Internal\":true," LABELS "}",
        "{\"Name\":\"hf-a\",\"Driver\":\"macvlan\",\"Internal\":true," LABELS "}",
        "{\"Name\":\"hf-a\",\"Driver\":\"bridge\",\"Internal\":true,\"Labels\":{}}",
        "{\"Name\":\"hf-a\",\"Driver\":\"bridge\",\"Internal\":true,\"Options\":{}," LABELS "}",
        "{\"Name\":\"hf-a\",\"Driver\":\"bridge\",\"Internal\":true,\"ConfigFrom\":{}," LABELS "}",
        "{\"Name\":\"hf-a\",\"Driver\":\"bridge\",\"Internal\":true,\"IPAM\":{}," LABELS "}",
    };
    static const char *const bad_volumes[] = {
        "{\"Name\":\"x\"," LABELS "}",
        "{\"Name\":\"hf-a\"}",
        "{\"Name\":\"hf-a\",\"Driver\":\"local\"," LABELS "}",
        ("{\"Name\":\"hf-a\",\"DriverOpts\":{\"type\":\"none\",\"o\":\"bind\"," DEVICE "}," LABELS
         "}"),
        "{\"Name\":\"hf-a\",\"driveropts\":{" DEVICE "}," LABELS "}",
    };

    (void)state;
    judged(hf_dguard_check_network,
           "{\"Name\":\"hf-a\",\"CheckDuplicate\":true,\"Driver\":\"bridge\",\"Internal\":"
           "false," LABELS "}",
           true);
    judged(hf_dguard_check_volume, "{\"Name\":\"hf-a.data\"," LABELS "}", true);
    for (size_t i = 0; i < HF_LEN(bad_networks); i++)
        judged(hf_dguard_check_network, bad_networks[i], false);
    for (size_t i = 0; i < HF_LEN(bad_volumes); i++)
        judged(hf_dguard_check_volume, bad_volumes[i], false);
}

static int
connect_check(const struct hf_dguard_policy *p, const struct hf_json *body, struct hf_error *err)
{
    (void)p;
    return hf_dguard_check_connect(body, err);
}

static void
networks_are_joined_by_what_is_named(void **state)
{
    (void)state;
    judged(connect_check,
           "{\"Container\":\"0123abcd\",\"EndpointConfig\":{\"Aliases\":[\"buffer\"]}}", true);
    judged(connect_check, "{\"Container\":\"a/b\",\"EndpointConfig\":{}}", false);
    judged(connect_check, "{\"Container\":\"a\",\"EndpointConfig\":{\"IPAddress\":\"1.2.3.4\"}}",
           false);
    judged(connect_check, "{\"Container\":\"a\"}", false);
    judged(hf_dguard_check_disconnect, "{\"Container\":\"hf-broker\",\"Force\":true}", true);
    judged(hf_dguard_check_disconnect, "{\"Container\":\"other\",\"Force\":true}", false);
    judged(hf_dguard_check_disconnect, "{\"Container\":\"hf-broker\"}", false);
}

static int
update_check(const struct hf_dguard_policy *p, const struct hf_json *body, struct hf_error *err)
{
    (void)p;
    return hf_dguard_check_update(body, err);
}

static void
an_update_is_of_limits_alone(void **state)
{
    struct hf_limits limits = {.memory_bytes = 33554432,
                               .memory_reservation_bytes = 16777216,
                               .nano_cpus = 500000000,
                               .pids = 16,
                               .io_weight = 200};
    HF_AUTO(hf_json) struct hf_json *body = hf_json_object();
    HF_AUTO_FREE char *text = NULL;

    (void)state;
    hf_update_put(body, &limits, &all);
    assert_int_equal(hf_json_print(body, &text, NULL), 0);
    judged(update_check, text, true);
    put_at(body, "/RestartPolicy", "{\"Name\":\"always\"}");
    assert_int_equal(hf_dguard_check_update(body, NULL), -1);
    judged(update_check, "{}", false);
    judged(update_check, "{\"Memory\":1,\"MemorySwap\":-1,\"PidsLimit\":1}", false);
    judged(update_check, "{\"Memory\":1,\"MemorySwap\":1,\"PidsLimit\":-1}", false);
    judged(update_check, "{\"Memory\":1,\"MemorySwap\":1,\"PidsLimit\":1,\"Devices\":[]}", false);
}

static void
labels_are_those_of_the_engine(void **state)
{
    (void)state;
    assert_string_equal(HF_DGUARD_LABEL_INSTANCE, LABEL_INSTANCE);
    assert_string_equal(HF_DGUARD_LABEL_SERVICE, LABEL_SERVICE);
    assert_memory_equal(LABEL_LIMITS, HF_DGUARD_LABELS, strlen(HF_DGUARD_LABELS));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(all_that_is_made_is_allowed),
        with_tempdir(what_it_stands_on_is_named),
        with_tempdir(each_relaxation_takes_its_option),
        with_tempdir(nothing_forbidden_goes_through),
        with_tempdir(no_place_of_the_host_is_mounted),
        with_tempdir(no_member_may_be_anything),
        with_tempdir(names_are_this_gateways),
        cmocka_unit_test(networks_and_volumes_are_plain_ones_of_this_gateway),
        cmocka_unit_test(networks_are_joined_by_what_is_named),
        cmocka_unit_test(an_update_is_of_limits_alone),
        cmocka_unit_test(labels_are_those_of_the_engine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

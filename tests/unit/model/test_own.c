// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "model/limits.h"
#include "model/own.h"
#include "model/settings.h"
#include "model/spec.h"
#include "release.h"

#include <stdio.h>
#include <string.h>

#define PIN IMAGES("x")
#define LIMITS "\"user\":20001,\"limits\":{\"memory_bytes\":33554432,\"cpus\":0.5,\"pids\":16}"
#define OWN(more) "{" PIN "," LIMITS more "}"
#define WITH(own) RELEASE(BUILT_IN own)

static const struct hf_placement placement = {
    .instance = "t",
    .run_dir = "/run/t",
    .field_address = "0.0.0.0",
    .field_port = 1883,
};

static void
parse(const char *text, struct hf_release *r)
{
    struct hf_error err = {0};

    if (hf_release_parse(text, strlen(text), &on_amd64, r, &err) < 0)
        fail_msg("%s", err.message);
}

static void
refused(const char *text, const char *pointer, const char *says)
{
    struct hf_release r;
    struct hf_error err = {0};

    if (hf_release_parse(text, strlen(text), &on_amd64, &r, &err) == 0)
        fail_msg("taken: %s", text);
    if (strcmp(err.pointer, pointer) != 0 || !strstr(err.message, says))
        fail_msg("'%s' at '%s', not '%s' at '%s'", err.message, err.pointer, says, pointer);
}

static const char whole[] = WITH(",\"adapter\":" OWN(
    ",\"title\":\"Adapter\",\"command\":[\"/bin/a\",\"-v\"],\"env\":{\"LEVEL\":\"1\"},"
    "\"secrets\":[\"api-key\"],\"volumes\":[{\"name\":\"data\",\"target\":\"/data\"}],"
    "\"tmpfs\":[{\"target\":\"/tmp\",\"size_bytes\":1048576}],"
    "\"networks\":[\"plant\",\"bus\",\"egress\"],"
    "\"ports\":[{\"port\":502,\"container_port\":1502}],"
    "\"bus\":{\"write\":[\"uplink/plc/#\"],\"read\":[\"field/plc/+\"]},"
    "\"health\":{\"tcp\":1502},\"depends_on\":[\"broker\",\"driver\"],\"stop_timeout_s\":3,"
    "\"relaxations\":{\"capabilities\":[\"SYS_TIME\",\"NET_RAW\"],"
    "\"devices\":[\"/dev/ttyS0\"],\"writable_root\":true,"
    "\"binds\":[{\"source\":\"/srv/x\",\"target\":\"/x\",\"read_only\":true}]}") ",\"driver\""
                                                                                 ":" OWN(""));

static void
an_own_service_is_read_and_printed_whole(void **state)
{
    struct hf_release r, again;
    HF_AUTO_FREE char *text = NULL, *twice = NULL;
    struct hf_error err;

    (void)state;
    parse(whole, &r);
    assert_int_equal(r.count, 6);
    assert_string_equal(r.services[4].name, "adapter");
    assert_int_equal(hf_release_index(&r, "driver"), 5);
    assert_int_equal(hf_own_health_kind(r.services[4].own), HF_OWN_HEALTH_TCP);
    assert_int_equal(hf_release_print(&r, &text, &err), 0);
    parse(text, &again);
    assert_int_equal(hf_release_print(&again, &twice, &err), 0);
    assert_string_equal(text, twice);
    hf_release_done(&r);
    hf_release_done(&again);
}

static void
its_container_is_hardened_but_for_what_is_written(void **state)
{
    struct hf_release r;
    struct hf_spec s, bare;
    struct hf_error err;

    (void)state;
    parse(whole, &r);
    assert_int_equal(hf_spec_make(&placement, &r, 4, &s, &err), 0);
    assert_string_equal(s.container, "t-adapter");
    assert_string_equal(s.networks[0].network, "t-egress"); /* carries the port */
    assert_int_equal(s.network_count, 3);
    assert_int_equal(s.ports[0].host_port, 502);
    assert_string_equal(s.mounts[0].source, "/run/t/services/adapter");
    assert_string_equal(s.mounts[1].source, "t-adapter.data");
    assert_int_equal(s.mount_count, 4);
    assert_string_equal(s.capabilities[0], "NET_RAW");
    assert_true(s.writable_root && !s.new_privileges);
    assert_int_equal(s.uid, 20001);
    assert_int_equal(s.limits.memory_bytes, 33554432);
    assert_int_equal(s.limits.memory_reservation_bytes, 16777216);
    assert_int_equal(s.limits.nano_cpus, 500000000);

    assert_int_equal(hf_spec_make(&placement, &r, 5, &bare, &err), 0);
    assert_false(bare.writable_root || bare.new_privileges);
    assert_int_equal(bare.capability_count + bare.device_count + bare.port_count, 0);
    assert_int_equal(bare.network_count, 0);
    assert_int_equal(bare.mount_count, 1);
    assert_true(bare.limits.oom_score_adj > 0);
    hf_release_done(&r);
}

static void
bad_own_services_are_refused_with_place_and_reason(void **state)
{
    static const struct {
        const char *text, *pointer, *says;
    } rows[] = {
        {WITH(",\"A\":" OWN("")), "/services", "lower-case"},
        {WITH(",\"a-status\":" OWN("")), "/services", "-status"},
        {WITH(",\"holdfastd\":" OWN("")), "/services", "gateway itself"},
        {WITH(",\"a\":{" PIN ",\"user\":1}"), "/services/a/limits", "missing"},
        {WITH(",\"a\":{" PIN ",\"user\":1,\"limits\":{\"cpus\":1,\"pids\":9}}"),
         "/services/a/limits/memory_bytes", "missing"},
        {WITH(",\"a\":{" PIN ",\"user\":0,\"limits\":{\"memory_bytes\":8388608,\"cpus\":1,"
              "\"pids\":9}}"),
         "/services/a/user", "root"},
        {WITH(",\"a\":" OWN(",\"privileged\":true")), "/services/a/privileged", "unknown"},
        {WITH(",\"a\":" OWN(",\"networks\":[\"lease\"]")), "/services/a/networks", "'lease'"},
        {WITH(",\"a\":" OWN(",\"ports\":[{\"port\":80,\"container_port\":80}]")),
         "/services/a/ports", "internal"},
        {WITH(",\"a\":" OWN(",\"bus\":{}")), "/services/a/bus", "network 'bus'"},
        {WITH(",\"a\":" OWN(",\"networks\":[\"bus\"],\"bus\":{\"read\":[\"#\"]}")),
         "/services/a/bus/read", "below field/"},
        {WITH(",\"a\":" OWN(",\"networks\":[\"bus\"],\"bus\":{\"write\":[\"status/b\"]}")),
         "/services/a/bus/write", "below uplink/"},
        {WITH(",\"a\":" OWN(",\"health\":{\"bus\":true}")), "/services/a/health/bus", "account"},
        {WITH(",\"a\":" OWN(",\"health\":{}")), "/services/a/health", "one of"},
        {WITH(",\"a\":" OWN(",\"volumes\":[{\"name\":\"x\",\"target\":\"/run/holdfast/y\"}"
                            "]")),
         "/services/a/volumes/0/target", "not below"},
        {WITH(",\"a\":" OWN(",\"volumes\":[{\"name\":\"x\",\"target\":\"/a/../b\"}]")),
         "/services/a/volumes/0/target", "absolute"},
        {WITH(",\"a\":" OWN(",\"tmpfs\":[{\"target\":\"/t\",\"size_bytes\":65536},"
                            "{\"target\":\"/t\",\"size_bytes\":65536}]")),
         "/services/a", "mounted at '/t'"},
        {WITH(",\"a\":" OWN(",\"relaxations\":{\"capabilities\":[\"SYS_ADMIN\"]}")),
         "/services/a/relaxations/capabilities", "SYS_ADMIN"},
        {WITH(",\"a\":" OWN(",\"relaxations\":{\"devices\":[\"/etc/shadow\"]}")),
         "/services/a/relaxations/devices", "/dev/"},
        {WITH(",\"a\":" OWN(",\"env\":{\"1X\":\"y\"}")), "/services/a/env/1X", "variable"},
        {WITH(",\"a\":" OWN(",\"secrets\":[\"../x\"]")), "/services/a/secrets", "files"},
        {WITH(",\"a\":" OWN(",\"depends_on\":[\"b\"]")), "/services/a/depends_on",
         "no service 'b'"},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++)
        refused(rows[i].text, rows[i].pointer, rows[i].says);
}

static void
services_that_wait_in_a_circle_are_refused_with_the_circle(void **state)
{
    (void)state;
    refused(WITH(",\"a\":" OWN(",\"depends_on\":[\"b\"]") ",\"b\":" OWN(
                ",\"depends_on\":[\"broker\",\"c\"]") ",\"c\":" OWN(",\"depends_on\":["
                                                                    "\"b\"]")),
            "/services/b/depends_on", "b → c → b");
    refused(WITH(",\"a\":" OWN(",\"depends_on\":[\"a\"]")), "/services/a/depends_on", "a → a");
}

static void
a_port_has_one_owner(void **state)
{
#define PORT ",\"networks\":[\"egress\"],\"ports\":[{\"port\":502,\"container_port\":1}]"
    (void)state;
    refused(WITH(",\"a\":" OWN(PORT) ",\"b\":" OWN(PORT)), "/services/b/ports", "published twice");
}

/* ---- limits ---- */

static void
limits_that_can_change_live_make_no_other_container(void **state)
{
    struct hf_release r;
    struct hf_spec s, other;
    struct hf_limits l;
    struct hf_error err;
    char change[HF_CHANGE_SIZE];
    bool live;

    (void)state;
    parse(WITH(""), &r);
    assert_int_equal(hf_spec_make(&placement, &r, 0, &s, &err), 0);
    other = s;
    l = s.limits;
    l.memory_bytes = 96 << 20;
    l.pids = 64;
    hf_spec_set_limits(&other, &l);
    assert_string_equal(s.hash, other.hash);
    assert_false(hf_limits_live_equal(&other.limits, &s.limits));
    hf_limits_change(&s.limits, &other.limits, change, &live);
    assert_string_equal(change, "memory 64 MB → 96 MB, pids 32 → 64");
    assert_true(live);

    l = s.limits;
    l.log_bytes *= 2;
    hf_spec_set_limits(&other, &l);
    assert_string_not_equal(s.hash, other.hash);
    hf_limits_change(&s.limits, &other.limits, change, &live);
    assert_string_equal(change, "log 3 MB → 6 MB");
    assert_false(live);
    hf_release_done(&r);
}

static void
the_buffer_dies_last(void **state)
{
    struct hf_release r;
    struct hf_spec buffer, other;
    struct hf_error err;

    (void)state;
    parse(whole, &r);
    assert_int_equal(
        hf_spec_make(&placement, &r, (size_t)hf_service_index("buffer"), &buffer, &err), 0);
    for (size_t i = 0; i < r.count; i++) {
        assert_int_equal(hf_spec_make(&placement, &r, i, &other, &err), 0);
        if (strcmp(other.service, "buffer") != 0)
            assert_true(buffer.limits.oom_score_adj < other.limits.oom_score_adj);
        if (other.own)
            assert_true(other.limits.oom_score_adj > 400); /* before every built-in one */
    }
    hf_release_done(&r);
}

/* ---- configuration ---- */

static void
change(struct hf_settings *s, const char *patch)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_settings fresh = {0};
    struct hf_error err = {0};

    assert_int_equal(hf_json_parse(patch, strlen(patch), &doc, &err), 0);
    if (hf_settings_patch(s, doc, &fresh, &err) < 0)
        fail_msg("%s", err.message);
    hf_settings_done(s);
    *s = fresh;
}

static void
secrets_of_own_services_are_never_shown(void **state)
{
    HF_AUTO_FREE char *shown = NULL;
    struct hf_settings s;
    struct hf_error err;

    (void)state;
    hf_settings_init(&s);
    change(&s, "{\"own\":{\"secrets\":{\"adapter\":{\"key\":\"hush-hush\"}},\"ports\":[502],"
               "\"binds\":[\"/srv/x\"]}}");
    assert_int_equal(hf_settings_show(&s, &shown, &err), 0);
    assert_null(strstr(shown, "hush-hush"));
    assert_non_null(strstr(shown, "\"key\":\"***\""));
    change(&s, "{\"own\":{\"secrets\":{\"adapter\":{\"key\":\"***\"}}}}");
    assert_string_equal(hf_settings_own_secret(&s, "adapter", "key"), "hush-hush");
    assert_true(hf_settings_allow_port(&s, 502));
    assert_false(hf_settings_allow_port(&s, 503));
    assert_true(hf_settings_allow_bind(&s, "/srv/x/y"));
    assert_false(hf_settings_allow_bind(&s, "/srv/xy"));
    hf_settings_done(&s);
}

static void
configured_limits_go_over_the_defaults(void **state)
{
    struct hf_limits l = {.memory_bytes = 64 << 20, .memory_reservation_bytes = 32 << 20};
    struct hf_settings s;

    (void)state;
    hf_settings_init(&s);
    change(&s, "{\"limits\":{\"buffer\":{\"memory_bytes\":16777216,\"io_weight\":null,"
               "\"cpus\":0.25},\"allow_overcommit\":true}}");
    hf_limits_apply(hf_settings_limits(&s, "buffer"), &l);
    assert_int_equal(l.memory_bytes, 16777216);
    assert_int_equal(l.memory_reservation_bytes, 16777216); /* comes down with it */
    assert_int_equal(l.nano_cpus, 250000000);
    assert_true(hf_settings_allow_overcommit(&s));
    assert_null(hf_settings_limits(&s, "broker"));
    hf_settings_done(&s);
}

static void
bad_limits_are_refused(void **state)
{
    static const struct {
        const char *patch, *pointer;
    } rows[] = {
        {"{\"limits\":{\"buffer\":{\"memory_bytes\":1}}}", "/limits/buffer/memory_bytes"},
        {"{\"limits\":{\"buffer\":{\"memory_bytes\":\"1G\"}}}", "/limits/buffer/memory_bytes"},
        {"{\"limits\":{\"buffer\":{\"cpus\":0}}}", "/limits/buffer/cpus"},
        {"{\"limits\":{\"buffer\":{\"swap\":1}}}", "/limits/buffer/swap"},
        {"{\"limits\":{\"buffer\":7}}", "/limits/buffer"},
        {"{\"limits\":{\"Buffer\":{}}}", "/limits"},
        {"{\"limits\":{\"allow_overcommit\":1}}", "/limits/allow_overcommit"},
        {"{\"limits\":{\"buffer\":{\"memory_bytes\":9000000,"
         "\"memory_reservation_bytes\":9000001}}}",
         "/limits/buffer/memory_reservation_bytes"},
        {"{\"own\":{\"ports\":[0]}}", "/own/ports"},
        {"{\"own\":{\"binds\":[\"relative\"]}}", "/own/binds"},
    };
    struct hf_settings s;

    (void)state;
    hf_settings_init(&s);
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        HF_AUTO(hf_json) struct hf_json *doc = NULL;
        struct hf_settings fresh = {0};
        struct hf_error err = {0};

        assert_int_equal(hf_json_parse(rows[i].patch, strlen(rows[i].patch), &doc, &err), 0);
        assert_int_equal(hf_settings_patch(&s, doc, &fresh, &err), -1);
        assert_string_equal(err.pointer, rows[i].pointer);
    }
    hf_settings_done(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_own_service_is_read_and_printed_whole),
        cmocka_unit_test(its_container_is_hardened_but_for_what_is_written),
        cmocka_unit_test(bad_own_services_are_refused_with_place_and_reason),
        cmocka_unit_test(services_that_wait_in_a_circle_are_refused_with_the_circle),
        cmocka_unit_test(a_port_has_one_owner),
        cmocka_unit_test(limits_that_can_change_live_make_no_other_container),
        cmocka_unit_test(the_buffer_dies_last),
        cmocka_unit_test(secrets_of_own_services_are_never_shown),
        cmocka_unit_test(configured_limits_go_over_the_defaults),
        cmocka_unit_test(bad_limits_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

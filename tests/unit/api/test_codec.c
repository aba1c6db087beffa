// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "world.h"

#include "api/codec.h"
#include "api/state.h"

#include <math.h>
#include <string.h>

static void
assert_json(struct hf_json *consume, const char *expected)
{
    HF_AUTO(hf_json) struct hf_json *doc = consume;
    HF_AUTO_FREE char *text = NULL;

    assert_int_equal(hf_json_print(doc, &text, NULL), 0);
    assert_string_equal(text, expected);
}

#define DIGEST_1 "sha256:0000000000000000000000000000000000000000000000000000000000000001"
#define DIGEST_2 "sha256:0000000000000000000000000000000000000000000000000000000000000002"

static void
running_service(void **state)
{
    struct hf_service_view *v = &world_snapshot.services[0];

    (void)state;
    world_fill(&world_snapshot);
    assert_json(
        hf_codec_service(&world_snapshot, v),
        "{\"name\":\"broker\",\"title\":\"Title of "
        "broker\",\"own\":false,\"depends_on\":[],\"desired\":\"running\","
        "\"state\":\"running\",\"health\":\"healthy\",\"reason\":\"\",\"advice\":\"\","
        "\"since\":\"2026-11-24T03:00:33.123Z\",\"uptime_s\":60,\"restarts\":0,\"exit_code\":null,"
        "\"oom_killed\":false,\"stale_since\":null,\"container\":{\"id\":\"c0\",\"name\":"
        "\"holdfast-broker\"},"
        "\"image\":{\"repository\":\"127.0.0.1:5000/holdfast/broker\",\"tag\":\"0.1.0\","
        "\"digest\":\"" DIGEST_1 "\",\"id\":\"" DIGEST_2 "\"},"
        "\"limits\":{\"memory_bytes\":67108864,\"memory_reservation_bytes\":33554432,\"cpus\":1,"
        "\"pids\":32,\"io_weight\":null,\"log_bytes\":3145728,\"oom_score_adj\":100,"
        "\"relaxations\":[]},"
        "\"usage\":{\"memory_bytes\":4096,\"cpu_percent\":1.24,\"pids\":3,\"throttled_percent\":0,"
        "\"memory_peak_bytes\":0,\"net_rx_bytes\":0,\"net_tx_bytes\":0,\"io_read_bytes\":0,"
        "\"io_write_bytes\":null,\"psi\":{\"cpu\":0,\"memory\":1.5,\"io\":0}},"
        "\"user\":\"10001:10001\",\"read_only\":true,\"hardening\":{\"user\":\"10001:10001\","
        "\"read_only\":true,\"cap_drop\":[\"ALL\"],\"cap_add\":[],\"devices\":[],"
        "\"no_new_privileges\":true},\"mounts\":[{\"kind\":\"bind\",\"source\":"
        "\"/run/holdfast/services/broker\",\"path\":\"/run/holdfast\",\"read_only\":true,"
        "\"size_bytes\":null},{\"kind\":\"tmpfs\",\"source\":\"\",\"path\":\"/tmp\","
        "\"read_only\":false,\"size_bytes\":4194304},{\"kind\":\"volume\",\"source\":"
        "\"holdfast-broker-data\",\"path\":\"/data\",\"read_only\":false,"
        "\"size_bytes\":null}],"
        "\"ports\":[{\"host\":\"0.0.0.0:1883\",\"container\":1883}],"
        "\"volumes\":[{\"name\":\"holdfast-broker-data\",\"path\":\"/data\"}],"
        "\"networks\":[\"field\",\"bus\"],\"numbers\":{\"clients\":9007199254740993},"
        "\"rates\":{\"in\":12.5,\"out\":0}}");
}

/* Nothing is known of it: no release, no container, no reading. */
static void
unknown_service(void **state)
{
    static const struct hf_snapshot empty = {.at_ms = 1000};
    static const struct hf_service_view v = {
        .spec.service = "buffer", .has_exit_code = true, .exit_code = 137, .oom_killed = true};

    (void)state;
    assert_json(
        hf_codec_service(&empty, &v),
        "{\"name\":\"buffer\",\"title\":\"\",\"own\":false,\"depends_on\":[],\"desired\":"
        "\"stopped\",\"state\":\"absent\","
        "\"health\":\"starting\",\"reason\":\"\",\"advice\":\"\",\"since\":null,"
        "\"uptime_s\":null,\"restarts\":0,\"exit_code\":137,\"oom_killed\":true,\"stale_since\":"
        "null,"
        "\"container\":null,\"image\":null,"
        "\"limits\":{\"memory_bytes\":0,\"memory_reservation_bytes\":0,\"cpus\":0,\"pids\":0,"
        "\"io_weight\":null,\"log_bytes\":0,\"oom_score_adj\":0,\"relaxations\":[]},"
        "\"usage\":null,\"user\":\"\","
        "\"read_only\":true,\"hardening\":{\"user\":\"0:0\",\"read_only\":true,\"cap_drop\":["
        "\"ALL\"],\"cap_add\":[],\"devices\":[],\"no_new_privileges\":true},\"mounts\":[],"
        "\"ports\":[],\"volumes\":[],\"networks\":[],\"numbers\":{},"
        "\"rates\":{\"in\":0,\"out\":0}}");
}

static void
gateway(void **state)
{
    (void)state;
    world_fill(&world_snapshot);
    strcpy(world_snapshot.gateway.engine.warnings[0], "no memory limit");
    world_snapshot.gateway.engine.warning_count = 1;
    assert_json(
        hf_codec_gateway(&world_snapshot, WORLD_FINGERPRINT),
        "{\"id\":\"hf-1a2b3c4d\",\"name\":\"press-hall-3\",\"version\":\"" HF_VERSION "\","
        "\"started\":\"2026-11-24T02:01:33.123Z\",\"time\":\"2026-11-24T03:01:33.123Z\","
        "\"clock_synced\":false,\"claimed\":true,\"fingerprint\":\"SHA256:AA:BB\","
        "\"engine\":{\"state\":\"ok\",\"version\":\"\",\"api_version\":\"\",\"detail\":\"\","
        "\"stale_since\":null,\"warnings\":[\"no memory limit\"]},"
        "\"host\":{\"hostname\":\"\",\"cpu_percent\":0,\"load1\":0,\"memory_used_bytes\":0,"
        "\"memory_total_bytes\":0,\"disk_used_bytes\":0,\"disk_total_bytes\":0,"
        "\"temperature_c\":null,\"uptime_s\":0,\"cgroup\":\"v1\",\"cores\":0,"
        "\"disks\":[{\"mount\":\"/var\",\"used_bytes\":9,\"total_bytes\":10,\"inodes_used\":1,"
        "\"inodes_total\":2}],\"psi\":null,\"flash\":{\"life_percent_used\":null,\"device\":\"\"},"
        "\"clock\":{\"synchronised\":false,\"floor\":null,\"zone\":\"\"}},"
        "\"daemon\":{\"rss_bytes\":0,\"cpu_percent\":0},\"field\":{\"address\":\"\",\"port\":0,"
        "\"tls_port\":null}}");
}

static void
records(void **state)
{
    struct hf_buffer_view b = {.known = true, .ok = true, .held = 17, .drain_s = -1, .full_s = 5};
    struct hf_uplink_view u = {
        .state = "away", .last_status = 503, .attempt = 2, .away_since_ms = 1};

    (void)state;
    assert_json(hf_codec_buffer(&b),
                "{\"state\":\"ok\",\"reason\":\"\",\"held\":17,\"oldest\":null,\"in_per_s\":0,"
                "\"out_per_s\":0,\"disk_bytes\":0,\"disk_limit_bytes\":0,\"accepted\":0,"
                "\"delivered\":0,\"dropped\":0,\"quarantined\":0,\"epoch\":\"\",\"window_ms\":0,"
                "\"drain_s\":null,"
                "\"full_s\":5,\"updated\":null}");
    assert_json(hf_codec_uplink(&u),
                "{\"state\":\"away\",\"url\":\"\",\"last_success\":null,\"last_error\":\"\","
                "\"last_status\":503,\"next_try\":null,\"attempt\":2,"
                "\"away_since\":\"1970-01-01T00:00:00.001Z\"}");
}

static void
check_rate(const char *text, double a_day)
{
    HF_AUTO(hf_json) struct hf_json *from = NULL, *flash = NULL;

    assert_int_equal(hf_json_parse(text, strlen(text), &from, NULL), 0);
    flash = hf_codec_flash(from, &world_snapshot);
    assert_true(hf_json_number(flash, "written_bytes_per_day", 0) == a_day);
}

static void
flash(void **state)
{
    static const char text[] = "{\"written_bytes\":3000,\"since_ms\":1795402893123,"
                               "\"for_ms\":86400000,"
                               "\"payload_bytes\":1000,\"commits\":2,\"checkpoints\":1}";
    HF_AUTO(hf_json) struct hf_json *from = NULL;

    (void)state;
    world_fill(&world_snapshot);
    assert_int_equal(hf_json_parse(text, strlen(text), &from, NULL), 0);
    world_snapshot.gateway.host.device_written_bytes = 100000;
    world_snapshot.gateway.host.uptime_s = 43200;
    world_snapshot.buffer.rated_endurance_bytes = 146100000;
    /* 200 kB a day by all of them: 146.1 MB last two years */
    assert_json(hf_codec_flash(from, &world_snapshot),
                "{\"since\":\"2026-11-23T03:01:33.123Z\",\"written_bytes\":3000,"
                "\"payload_bytes\":1000,\"commits\":2,\"checkpoints\":1,"
                "\"written_bytes_per_day\":3000,\"write_amplification\":3,"
                "\"device_written_bytes\":100000,\"device_written_bytes_per_day\":200000,"
                "\"rated_endurance_bytes\":146100000,\"expected_years\":2}");
    /* by the time that passed, however the clock was set meanwhile */
    check_rate("{\"written_bytes\":3000,\"since_ms\":1000,\"for_ms\":43200000}", 6000);
    check_rate("{\"written_bytes\":3000,\"since_ms\":4000000000000,\"for_ms\":43200000}", 6000);
    /* nothing is known, and nothing is made up */
    world_snapshot.gateway.host.device_written_bytes = -1;
    world_snapshot.buffer.rated_endurance_bytes = 0;
    assert_json(hf_codec_flash(NULL, &world_snapshot),
                "{\"since\":null,\"written_bytes\":0,\"payload_bytes\":0,\"commits\":0,"
                "\"checkpoints\":0,\"written_bytes_per_day\":null,\"write_amplification\":null,"
                "\"device_written_bytes\":null,\"device_written_bytes_per_day\":null,"
                "\"rated_endurance_bytes\":null,\"expected_years\":null}");
}

/* A text that was cut to its field's size may end inside a character. */
static void
cut_character(void **state)
{
    struct hf_uplink_view u = {.state = "away", .last_error = "gr\xc3\xbc\xc3"};
    HF_AUTO(hf_json) struct hf_json *doc = hf_codec_uplink(&u);

    (void)state;
    assert_string_equal(hf_json_string(doc, "last_error"), "gr\xc3\xbc");
}

static void
health(void **state)
{
    struct hf_snapshot *s = &world_snapshot;

    (void)state;
    world_fill(s);
    assert_string_equal(hf_codec_health(s), "ok");
    s->services[1].health = HF_HEALTH_STARTING;
    assert_string_equal(hf_codec_health(s), "starting");
    s->services[0].health = HF_HEALTH_WAITING;
    assert_string_equal(hf_codec_health(s), "degraded");
    s->services[0].wanted = s->services[1].wanted = false;
    assert_string_equal(hf_codec_health(s), "ok");
    s->gateway.engine.state = HF_ENGINE_UNREACHABLE;
    assert_string_equal(hf_codec_health(s), "degraded");
    s->gateway.engine.state = HF_ENGINE_STARTING;
    assert_string_equal(hf_codec_health(s), "starting");
}

static void
state_is_made_once(void **state)
{
    struct hf_state_cache cache;
    struct hf_state_text *a = NULL, *b = NULL, *c = NULL;

    (void)state;
    world_fill(&world_snapshot);
    hf_state_cache_init(&cache, hf_codec_state);
    assert_int_equal(hf_state_cache_get(&cache, &world_snapshot, WORLD_FINGERPRINT, &a, NULL), 0);
    assert_int_equal(hf_state_cache_get(&cache, &world_snapshot, WORLD_FINGERPRINT, &b, NULL), 0);
    assert_ptr_equal(a, b);
    world_snapshot.version++;
    assert_int_equal(hf_state_cache_get(&cache, &world_snapshot, WORLD_FINGERPRINT, &c, NULL), 0);
    assert_ptr_not_equal(a, c);
    assert_int_equal(a->len, strlen(a->json));
    assert_null(strchr(a->json, '\n'));
    hf_state_text_unref(a);
    hf_state_text_unref(b);
    hf_state_text_unref(c);
    hf_state_cache_done(&cache);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(running_service), cmocka_unit_test(unknown_service),
        cmocka_unit_test(gateway),         cmocka_unit_test(records),
        cmocka_unit_test(flash),           cmocka_unit_test(cut_character),
        cmocka_unit_test(health),          cmocka_unit_test(state_is_made_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

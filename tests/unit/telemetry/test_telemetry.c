// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "tempdir.h"

#include "base/file.h"
#include "telemetry/telemetry.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { PID = 4711 };

/* A root that can be switched from one captured tree to the next, as time does. */
struct stage {
    char folder[64];
    char root[96];
    struct hf_telemetry *t;
};

static void
show(struct stage *s, const char *tree)
{
    char target[512];

    snprintf(target, sizeof target, "%s/%s", HF_FIXTURES, tree);
    (void)unlink(s->root);
    assert_int_equal(symlink(target, s->root), 0);
}

static void
open_stage(struct stage *s, const char *tree)
{
    struct hf_error err;

    snprintf(s->folder, sizeof s->folder, "/tmp/hf-telemetry-XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    snprintf(s->root, sizeof s->root, "%s/root", s->folder);
    show(s, tree);
    assert_int_equal(hf_telemetry_new(s->root, &s->t, &err), 0);
}

static void
close_stage(struct stage *s)
{
    hf_telemetry_free(s->t);
    (void)unlink(s->root);
    (void)rmdir(s->folder);
}

static void
near(double value, double expected)
{
    if (fabs(value - expected) > 0.01)
        fail_msg("%f is not %f", value, expected);
}

static void
check_service(const char *version, int64_t working_set)
{
    struct stage s;
    struct hf_usage u;
    char tree[32];

    snprintf(tree, sizeof tree, "%s/first", version);
    open_stage(&s, tree);
    hf_telemetry_service(s.t, 2, PID, 5000, &u);
    assert_true(u.known);
    assert_int_equal(u.memory_bytes, working_set);
    assert_int_equal(u.pids, 7);
    near(u.cpu_percent, 0);

    snprintf(tree, sizeof tree, "%s/second", version);
    show(&s, tree);
    hf_telemetry_service(s.t, 2, PID, 6000, &u); /* 250 ms of CPU in 1 s; 5 of 20 periods */
    near(u.cpu_percent, 25);
    near(u.throttled_percent, 25);

    hf_telemetry_service(s.t, 3, PID, 7000, &u); /* another slot has no sample yet */
    near(u.cpu_percent, 0);
    hf_telemetry_service(s.t, 2, 0, 7000, &u);
    assert_false(u.known);
    hf_telemetry_service(s.t, 2, PID, 8000, &u); /* and a forgotten one has none any more */
    assert_true(u.known);
    near(u.cpu_percent, 0);
    close_stage(&s);
}

static void
cgroup_v1_is_read(void **state)
{
    (void)state;
    check_service("v1", 9437184 - 4866048);
}

static void
cgroup_v2_is_read(void **state)
{
    (void)state;
    check_service("v2", 9437184 - 3379200);
}

static void
part_of_a_tree_is_enough(void **state)
{
    struct stage s;
    struct hf_usage u;

    (void)state;
    open_stage(&s, "nested");
    hf_telemetry_service(s.t, 0, PID, 1, &u);
    assert_true(u.known);
    assert_int_equal(u.memory_bytes, 1048576);
    assert_int_equal(u.pids, 0);
    close_stage(&s);
}

static void
process_that_is_gone_is_unknown(void **state)
{
    struct stage s;
    struct hf_usage u;

    (void)state;
    open_stage(&s, "v2/first");
    hf_telemetry_service(s.t, 0, 99, 1, &u);
    assert_false(u.known);
    hf_telemetry_service(s.t, 0, PID, 2, &u);
    assert_true(u.known);
    show(&s, "nested"); /* the cgroup has gone, the slot remembers it */
    hf_telemetry_service(s.t, 0, PID, 3, &u);
    assert_false(u.known);
    close_stage(&s);
}

static void
host_is_read(void **state)
{
    static const char *const versions[] = {"v1", "v2"};

    (void)state;
    for (int v = 0; v < 2; v++) {
        struct stage s;
        struct hf_host_view h;
        char tree[32];

        snprintf(tree, sizeof tree, "%s/first", versions[v]);
        open_stage(&s, tree);
        hf_telemetry_host(s.t, "/", 1000, &h);
        near(h.cpu_percent, 0);
        near(h.daemon_cpu_percent, 0);
        snprintf(tree, sizeof tree, "%s/second", versions[v]);
        show(&s, tree);
        hf_telemetry_host(s.t, "/", 2000, &h);
        near(h.cpu_percent, 30);
        near(h.daemon_cpu_percent, 100.0 * 50 / (double)sysconf(_SC_CLK_TCK));
        near(h.load1, 0.52);
        assert_string_equal(h.hostname, "gw-hall-3");
        assert_int_equal(h.cgroup_version, v + 1);
        assert_int_equal(h.cores, 4);
        assert_int_equal(h.uptime_s, 350735);
        assert_int_equal(h.memory_total_bytes, 3884384LL * 1024);
        assert_int_equal(h.memory_used_bytes, 1000000LL * 1024);
        assert_int_equal(h.daemon_rss_bytes, 2100 * sysconf(_SC_PAGESIZE));
        assert_true(h.disk_total_bytes > h.disk_used_bytes && h.disk_used_bytes > 0);
        assert_true(h.has_temperature);
        near(h.temperature_c, 52.614);
        close_stage(&s);
    }
}

static void
nonsense_is_unknown_and_harmless(void **state)
{
    struct stage s;
    struct hf_usage u;
    struct hf_host_view h;

    (void)state;
    open_stage(&s, "broken");
    hf_telemetry_service(s.t, 0, 1, 1, &u);
    assert_false(u.known);
    hf_telemetry_service(s.t, 0, 2, 2, &u);
    assert_false(u.known);
    hf_telemetry_service(s.t, 0, 3, 3, &u); /* read at two moments: cache above usage */
    assert_true(u.known);
    assert_int_equal(u.memory_bytes, 0);
    hf_telemetry_host(s.t, "/no/such/path", 4, &h);
    assert_int_equal(h.cores, 0);
    assert_int_equal(h.memory_total_bytes, 0);
    assert_int_equal(h.disk_total_bytes, 0);
    assert_false(h.has_temperature);
    close_stage(&s);
}

static void
this_machine_is_read(void **state)
{
    struct hf_telemetry *t = NULL;
    struct hf_host_view h;
    struct hf_usage u;
    struct hf_error err;

    (void)state;
    assert_int_equal(hf_telemetry_new("", &t, &err), 0);
    hf_telemetry_host(t, "/", 1000, &h);
    assert_true(h.cores > 0 && h.memory_total_bytes > 0 && h.uptime_s > 0 && h.hostname[0]);
    assert_true(h.daemon_rss_bytes > 0);
    hf_telemetry_service(t, 0, getpid(), 1000, &u); /* known or not, as the machine has it */
    hf_telemetry_free(t);
}

/* The seventh number of the disk, also where the path is on a partition of it. */
static void
what_was_written_to_the_disk_is_counted(void **state)
{
    static const char disk[] = "10 0 80 5 20 0 4096 7 0 0 0\n";
    const char *root = *state;
    struct hf_telemetry *t = NULL;
    char link_path[PATH_MAX];
    struct hf_host_view h;
    struct stat st;

    assert_int_equal(stat(root, &st), 0);
    assert_int_equal(hf_telemetry_new(root, &t, NULL), 0);
    hf_telemetry_host(t, root, 1, &h);
    assert_int_equal(h.device_written_bytes, -1);

    assert_int_equal(hf_file_mkdirs(tempdir_path(root, "sys/dev/block"), 0700, NULL), 0);
    assert_int_equal(hf_file_mkdirs(tempdir_path(root, "sys/block/mmcblk0/p2"), 0700, NULL), 0);
    tempdir_write(root, "sys/block/mmcblk0/stat", disk, sizeof disk - 1);
    tempdir_write(root, "sys/block/mmcblk0/p2/partition", "2\n", 2);
    tempdir_write(root, "sys/block/mmcblk0/p2/stat", "1 1 1 1 1 1 1 1\n", 16);
    snprintf(link_path, sizeof link_path, "%s/sys/dev/block/%u:%u", root, major(st.st_dev),
             minor(st.st_dev));
    assert_int_equal(symlink("../../block/mmcblk0/p2", link_path), 0);
    hf_telemetry_host(t, root, 2, &h);
    assert_int_equal(h.device_written_bytes, 4096 * 512);

    tempdir_write(root, "sys/block/mmcblk0/stat", "10 0 80\n", 8);
    hf_telemetry_host(t, root, 3, &h);
    assert_int_equal(h.device_written_bytes, -1);
    hf_telemetry_free(t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cgroup_v1_is_read),
        cmocka_unit_test(cgroup_v2_is_read),
        cmocka_unit_test(part_of_a_tree_is_enough),
        cmocka_unit_test(process_that_is_gone_is_unknown),
        cmocka_unit_test(host_is_read),
        cmocka_unit_test(nonsense_is_unknown_and_harmless),
        cmocka_unit_test(this_machine_is_read),
        with_tempdir(what_was_written_to_the_disk_is_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

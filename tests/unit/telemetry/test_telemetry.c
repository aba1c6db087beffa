// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "tempdir.h"

#include "base/file.h"
#include "telemetry/telemetry.h"

#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define ID "4f1e0c9d2b7a86530e1d2c3b4a5968778695a4b3c2d1e0f9081726354453627f"
#define V2_CONTAINER "sys/fs/cgroup/system.slice/docker-" ID ".scope/"
#define V1_CPU "sys/fs/cgroup/cpu,cpuacct/docker/" ID "/cpuacct.usage"
#define V1_MEMORY "sys/fs/cgroup/memory/docker/" ID "/memory.usage_in_bytes"

enum { PID = 4711 };

/* A folder whose files change in place from one captured tree to the next, as the kernel's do below
 * whoever keeps them open. */
struct stage {
    char folder[64];
    struct hf_telemetry *t;
};

static const char *copy_from, *copy_to; /* nftw() has no context */

static int
copy_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(1 << 20);
    char to[PATH_MAX];
    FILE *f;

    (void)ftw;
    snprintf(to, sizeof to, "%s%s", copy_to, path + strlen(copy_from));
    if (type == FTW_D)
        return hf_file_mkdirs(to, 0700, NULL);
    assert_true(S_ISREG(st->st_mode));
    assert_int_equal(hf_file_read(path, &text, NULL), 0);
    f = fopen(to, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text.data ? text.data : "", 1, text.len, f), text.len);
    return fclose(f);
}

static void
show(struct stage *s, const char *tree)
{
    char from[512];

    snprintf(from, sizeof from, "%s/%s", HF_FIXTURES, tree);
    copy_from = from;
    copy_to = s->folder;
    assert_int_equal(nftw(from, copy_one, 16, FTW_PHYS), 0);
}

static void
open_stage(struct stage *s, const char *tree)
{
    struct hf_error err;

    snprintf(s->folder, sizeof s->folder, "/tmp/hf-telemetry-XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    show(s, tree);
    assert_int_equal(hf_telemetry_new(s->folder, &s->t, &err), 0);
}

static void
close_stage(struct stage *s)
{
    hf_telemetry_free(s->t);
    nftw(s->folder, tempdir_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void
host_now(struct stage *s, const char *disk, int64_t now_ms, struct hf_host_view *h)
{
    hf_telemetry_host(s->t, &disk, 1, now_ms, h);
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
    /* The cgroup has gone, the slot has it open: the kernel gives nothing any more. */
    tempdir_write(s.folder, V2_CONTAINER "cpu.stat", "", 0);
    hf_telemetry_service(s.t, 0, PID, 3, &u);
    assert_false(u.known);
    show(&s, "v2/first"); /* and another container has got the number */
    hf_telemetry_service(s.t, 0, PID, 4, &u);
    assert_true(u.known);
    near(u.cpu_percent, 0);
    close_stage(&s);
}

/* In all, since the container began. */
static void
uses_cpu(const struct stage *s, int64_t micros)
{
    char text[64];
    int len = snprintf(text, sizeof text, "usage_usec %lld\n", (long long)micros);

    tempdir_write(s->folder, V2_CONTAINER "cpu.stat", text, (size_t)len);
}

static void
page_cache_is_counted_again_when_memory_moved_or_time_passed(void **state)
{
    enum { MB = 1000000 };
    static const struct {
        const char *usage, *cache;
        int64_t at_ms, working_set;
    } reads[] = {
        {"64000000", "inactive_file 4000000\n", 1, 60 * MB},
        {"64900000", "inactive_file 5000000\n", 1001,
         60 * MB + 900000}, /* moved by less than a 64th */
        {"66000000", "inactive_file 6000000\n", 2001, 60 * MB},
        {"32000000", "inactive_file 7000000\n", 3001, 25 * MB},
        {"32000000", "inactive_file 8000000\n", 13000, 25 * MB},
        {"32000000", "inactive_file 9000000\n", 13001, 23 * MB},
    };
    struct stage s;
    struct hf_usage u;

    (void)state;
    open_stage(&s, "v2/first");
    for (size_t i = 0; i < HF_LEN(reads); i++) {
        tempdir_write(s.folder, V2_CONTAINER "memory.current", reads[i].usage,
                      strlen(reads[i].usage));
        tempdir_write(s.folder, V2_CONTAINER "memory.stat", reads[i].cache, strlen(reads[i].cache));
        uses_cpu(&s, 2000000 + 10000 * (int64_t)i);
        hf_telemetry_service(s.t, 0, PID, reads[i].at_ms, &u);
        assert_int_equal(u.memory_bytes, reads[i].working_set);
    }
    close_stage(&s);
}

static void
set_zone(const struct stage *s, const char *target)
{
    assert_int_equal(mkdir(tempdir_path(s->folder, "etc"), 0755), 0);
    assert_int_equal(symlink(target, tempdir_path(s->folder, "etc/localtime")), 0);
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
        host_now(&s, "/", 1000, &h);
        near(h.cpu_percent, 0);
        near(h.daemon_cpu_percent, 0);
        snprintf(tree, sizeof tree, "%s/second", versions[v]);
        show(&s, tree);
        if (v == 1)
            set_zone(&s, "../usr/share/zoneinfo/Europe/Berlin");
        host_now(&s, "/", 10999, &h);
        near(h.cpu_percent, 30);
        near(h.daemon_cpu_percent, 0);
        host_now(&s, "/", 11000, &h);
        near(h.daemon_cpu_percent, 100.0 * 50 / (double)sysconf(_SC_CLK_TCK) / 10);
        near(h.load1, 0.52);
        assert_string_equal(h.hostname, "gw-hall-3");
        assert_string_equal(h.zone, v == 0 ? "UTC" : "Europe/Berlin");
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
    host_now(&s, "/no/such/path", 4, &h);
    assert_int_equal(h.cores, 0);
    assert_int_equal(h.memory_total_bytes, 0);
    assert_int_equal(h.disk_total_bytes, 0);
    assert_false(h.has_temperature);
    close_stage(&s);
}

static void
this_machine_is_read(void **state)
{
    const char *const disk = "/";
    struct hf_telemetry *t = NULL;
    struct hf_host_view h;
    struct hf_usage u;
    struct hf_error err;

    (void)state;
    assert_int_equal(hf_telemetry_new("", &t, &err), 0);
    hf_telemetry_host(t, &disk, 1, 1000, &h);
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
    static const char later[] = "10 0 80 5 20 0 6096 7 0 0 0\n";
    const char *root = *state;
    struct hf_telemetry *t = NULL;
    char link_path[PATH_MAX];
    struct hf_host_view h;
    struct stat st;

    assert_int_equal(stat(root, &st), 0);
    assert_int_equal(hf_telemetry_new(root, &t, NULL), 0);
    hf_telemetry_host(t, &root, 1, 1, &h);
    assert_int_equal(h.device_written_bytes, -1);
    hf_telemetry_free(t);

    assert_int_equal(hf_file_mkdirs(tempdir_path(root, "sys/dev/block"), 0700, NULL), 0);
    assert_int_equal(hf_file_mkdirs(tempdir_path(root, "sys/block/mmcblk0/p2"), 0700, NULL), 0);
    tempdir_write(root, "sys/block/mmcblk0/stat", disk, sizeof disk - 1);
    tempdir_write(root, "sys/block/mmcblk0/p2/partition", "2\n", 2);
    tempdir_write(root, "sys/block/mmcblk0/p2/stat", "1 1 1 1 1 1 1 1\n", 16);
    snprintf(link_path, sizeof link_path, "%s/sys/dev/block/%u:%u", root, major(st.st_dev),
             minor(st.st_dev));
    assert_int_equal(symlink("../../block/mmcblk0/p2", link_path), 0);
    assert_int_equal(hf_telemetry_new(root, &t, NULL), 0);
    hf_telemetry_host(t, &root, 1, 1000, &h);
    assert_int_equal(h.device_written_bytes, 4096 * 512);
    near(h.device_written_per_s, -1);
    tempdir_write(root, "sys/block/mmcblk0/stat", later, sizeof later - 1);
    hf_telemetry_host(t, &root, 1, 3000, &h);
    near(h.device_written_per_s, 2000 * 512 / 2.0);

    tempdir_write(root, "sys/block/mmcblk0/stat", "10 0 80\n", 8);
    hf_telemetry_host(t, &root, 1, 4000, &h);
    assert_int_equal(h.device_written_bytes, -1);
    hf_telemetry_free(t);
}

static void
check_flash(const char *root, int percent, const char *device)
{
    struct hf_telemetry *t = NULL;
    struct hf_host_view h;

    assert_int_equal(hf_telemetry_new(root, &t, NULL), 0);
    hf_telemetry_host(t, &root, 1, 1, &h);
    assert_int_equal(h.flash_percent_used, percent);
    assert_string_equal(h.flash_device, device);
    hf_telemetry_free(t);
}

/* Two numbers, of which the worse counts; what says nothing, or nonsense, is not known. */
static void
the_wear_of_an_emmc_is_read(void **state)
{
    static const char card[] = "sys/class/mmc_host/mmc0/mmc0:0001";
    const char *root = *state;
    char life[96];

    snprintf(life, sizeof life, "%s/life_time", card);
    check_flash(root, -1, "");
    assert_int_equal(hf_file_mkdirs(tempdir_path(root, card), 0700, NULL), 0);
    check_flash(root, -1, "");
    tempdir_write(root, life, "0x01 0x03\n", 10);
    check_flash(root, 30, "mmc0:0001");
    tempdir_write(root, "sys/class/mmc_host/mmc0/mmc0:0001/name", "DG4016\n", 7);
    tempdir_write(root, life, "0x0b 0x01\n", 10);
    check_flash(root, 110, "DG4016");
    tempdir_write(root, life, "0x00 0x00\n", 10);
    check_flash(root, -1, "");
    tempdir_write(root, life, "worn\n", 5);
    check_flash(root, -1, "");
}

/* Of two paths on one file system the first counts; each has its own mount point. */
static void
each_file_system_counts_once(void **state)
{
    const char *root = *state;
    const char *const paths[] = {root, root, "", "/dev/shm"};
    struct hf_telemetry *t = NULL;
    struct hf_host_view h;

    assert_int_equal(hf_telemetry_new(root, &t, NULL), 0);
    hf_telemetry_host(t, paths, HF_LEN(paths), 1, &h);
    assert_int_equal(h.disk_count, 2);
    assert_string_equal(h.disks[1].mount, "/dev/shm");
    assert_true(h.disks[0].total_bytes >= h.disks[0].used_bytes + h.disks[0].free_bytes);
    assert_int_equal(h.disk_total_bytes, h.disks[0].total_bytes);
    hf_telemetry_free(t);
}

static void
network_and_io_of_a_container_are_counted(void **state)
{
    static const char *const versions[] = {"v1", "v2"};

    (void)state;
    for (int v = 0; v < 2; v++) {
        struct hf_usage u;
        struct stage s;
        char tree[32];

        snprintf(tree, sizeof tree, "%s/first", versions[v]);
        open_stage(&s, tree);
        hf_telemetry_service(s.t, 0, PID, 1000, &u);
        assert_int_equal(u.net_rx_bytes, 100000 + 5000); /* two networks; loopback is no traffic */
        assert_int_equal(u.net_tx_bytes, 40000 + 700);
        assert_int_equal(u.io_read_bytes, 4096 + 8192);
        assert_int_equal(u.io_write_bytes, 1048576);
        assert_int_equal(u.memory_peak_bytes, 12582912);
        near(u.net_rx_per_s, -1);
        assert_int_equal(u.has_pressure, v);
        if (v)
            near(u.pressure.memory, 1.5);
        snprintf(tree, sizeof tree, "%s/second", versions[v]);
        show(&s, tree);
        hf_telemetry_service(s.t, 0, PID, 3000, &u);
        near(u.net_rx_per_s, 1000);
        near(u.net_tx_per_s, 500);
        near(u.io_read_per_s, 0);
        near(u.io_write_per_s, 4096);
        close_stage(&s);
    }
}

/* What it has used up to then, as the kernel of that version says it. */
static void
uses_in_all(const struct stage *s, int version, int64_t micros)
{
    char text[32];

    if (version == 2) {
        uses_cpu(s, micros);
        return;
    }
    snprintf(text, sizeof text, "%lld000\n", (long long)micros);
    tempdir_write(s->folder, V1_CPU, text, strlen(text));
}

/* Of one that uses less than 5 ms of CPU only that is read, until ten seconds have passed. */
static void
quiet_service_is_left_alone(void **state)
{
    static const char *const memory[] = {V1_MEMORY, V2_CONTAINER "memory.current"};

    (void)state;
    for (int version = 1; version <= 2; version++) {
        struct hf_usage u;
        struct stage s;
        char tree[32];

        snprintf(tree, sizeof tree, "v%d/first", version);
        open_stage(&s, tree);
        hf_telemetry_service(s.t, 0, PID, 1000, &u);
        snprintf(tree, sizeof tree, "v%d/second", version);
        show(&s, tree);
        uses_in_all(&s, version, 1500000 + 4000);
        hf_telemetry_service(s.t, 0, PID, 2000, &u);
        assert_true(u.known);
        near(u.cpu_percent, 0.4);
        assert_int_equal(u.net_rx_bytes, 100000 + 5000);
        near(u.net_rx_per_s, -1);
        uses_in_all(&s, version, 1500000 + 5000);
        hf_telemetry_service(s.t, 0, PID, 3000, &u);
        near(u.cpu_percent, 0.1);
        near(u.net_rx_per_s, 1000); /* over the two seconds since they were read */
        near(u.io_write_per_s, 4096);
        near(u.throttled_percent, version == 1 ? 25 : 0);
        assert_int_equal(u.pids, 7);

        tempdir_write(s.folder, memory[version - 1], "99000000\n", 9);
        hf_telemetry_service(s.t, 0, PID, 10999, &u);
        near(u.cpu_percent, 0);
        near(u.net_rx_per_s, 1000);
        assert_true(u.memory_bytes < 10000000);
        hf_telemetry_service(s.t, 0, PID, 11000, &u);
        near(u.net_rx_per_s, 0);
        assert_true(u.memory_bytes > 90000000);
        uses_in_all(&s, version, 1500000 + 9000);
        hf_telemetry_service(s.t, 0, PID, 12000, &u);
        near(u.cpu_percent, 0.4);
        close_stage(&s);
    }
}

static void
pressure_of_the_host_is_read_where_it_is(void **state)
{
    struct hf_host_view h;
    struct stage s;

    (void)state;
    open_stage(&s, "v2/first");
    host_now(&s, "/", 1000, &h);
    assert_true(h.has_pressure);
    near(h.pressure.cpu, 2.25);
    near(h.pressure.memory, 0);
    near(h.pressure.io, 11.4);
    close_stage(&s);
    open_stage(&s, "v1/first");
    host_now(&s, "/", 1000, &h);
    assert_false(h.has_pressure);
    close_stage(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cgroup_v1_is_read),
        cmocka_unit_test(cgroup_v2_is_read),
        cmocka_unit_test(part_of_a_tree_is_enough),
        cmocka_unit_test(process_that_is_gone_is_unknown),
        cmocka_unit_test(page_cache_is_counted_again_when_memory_moved_or_time_passed),
        cmocka_unit_test(host_is_read),
        cmocka_unit_test(nonsense_is_unknown_and_harmless),
        cmocka_unit_test(this_machine_is_read),
        with_tempdir(the_wear_of_an_emmc_is_read),
        with_tempdir(each_file_system_counts_once),
        cmocka_unit_test(network_and_io_of_a_container_are_counted),
        cmocka_unit_test(quiet_service_is_left_alone),
        cmocka_unit_test(pressure_of_the_host_is_read_where_it_is),
        with_tempdir(what_was_written_to_the_disk_is_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

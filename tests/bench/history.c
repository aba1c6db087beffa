// SPDX-License-Identifier: Apache-2.0
/*
 * Three days of history for a gateway whose holdfastd is stopped, by the daemon's own code: a row
 * an hour, as it would have kept them. Prints what a row costs:
 *
 *     rows=72 row_bytes=… written_bytes=…      written_bytes: to the disk, for each row
 *
 * usage: holdfast-history STATE-DIR SERVICE...
 */
#include "core/history.h"
#include "base/clock.h"
#include "store/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    HOURS = 72,
    HOUR_MINUTES = 60,
    MINUTE_MS = 60 * 1000,
    NAME_SIZE = 2 * HF_NAME_SIZE,
    LINE_SIZE = 128
};

static const char *const of_service[] = {"memory_bytes",  "cpu_percent",  "throttled_percent",
                                         "net_rx_per_s",  "net_tx_per_s", "io_read_per_s",
                                         "io_write_per_s"};
static const char *const of_gateway[] = {
    "host.cpu_percent",   "host.memory_bytes", "host.load1",
    "host.temperature_c", "host.disk_bytes",   "host.written_bytes_per_s",
    "buffer.held",        "buffer.in_per_s",   "buffer.out_per_s"};

/* Between 0 and 1, uneven as measurements are. */
static double
noise(void)
{
    static uint32_t seed = 1;

    seed = seed * UINT32_C(1664525) + UINT32_C(1013904223);
    return (double)seed / UINT32_MAX;
}

static void
put_minute(struct hf_history_ring *h, char **services, int count)
{
    char name[NAME_SIZE];

    for (int i = 0; i < count; i++)
        for (size_t k = 0; k < HF_LEN(of_service); k++) {
            snprintf(name, sizeof name, "%s.%s", services[i], of_service[k]);
            history_put(h, name, (k == 0 ? 1e7 : 1e3) * (1 + noise() / 10));
        }
    for (size_t k = 0; k < HF_LEN(of_gateway); k++)
        history_put(h, of_gateway[k], 1e4 * (1 + noise() / 10));
}

static int64_t
written_bytes(void)
{
    FILE *f = fopen("/proc/self/io", "re");
    char line[LINE_SIZE];
    int64_t bytes = 0;

    while (f && fgets(line, sizeof line, f))
        (void)sscanf(line, "write_bytes: %" SCNd64, &bytes);
    if (f)
        fclose(f);
    return bytes;
}

static int
keep_hour(struct hf_history_ring *h, struct hf_store *store, int64_t ended_ms, size_t *ret_bytes,
          struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf data = HF_BUF_INIT(HISTORY_SAVE_MAX);
    size_t points;

    if (history_save(h, &data, &points, err) < 0 ||
        hf_store_add_history(store, ended_ms, points, data.data, data.len, ended_ms, err) < 0)
        return -1;
    history_saved(h, points);
    *ret_bytes = data.len;
    return 0;
}

static int
fill(struct hf_history_ring *h, struct hf_store *store, char **services, int count,
     struct hf_error *err)
{
    int64_t now_ms = hf_clock_wall_ms(), mono_ms = MINUTE_MS, before = written_bytes();
    size_t bytes = 0;

    history_begin(h, mono_ms);
    for (int hour = HOURS - 1; hour >= 0; hour--) {
        for (int i = 0; i < HOUR_MINUTES; i++) {
            put_minute(h, services, count);
            history_begin(h, mono_ms += MINUTE_MS);
        }
        if (keep_hour(h, store, now_ms - (int64_t)hour * HOUR_MINUTES * MINUTE_MS, &bytes, err) < 0)
            return -1;
    }
    printf("rows=%d row_bytes=%zu written_bytes=%" PRId64 "\n", HOURS, bytes,
           (written_bytes() - before) / HOURS);
    return 0;
}

int
main(int argc, char **argv)
{
    static struct hf_history_ring history;
    struct hf_store *store = NULL;
    struct hf_error err;
    int rc;

    if (argc < 3) {
        fputs("usage: holdfast-history STATE-DIR SERVICE...\n", stderr);
        return 2;
    }
    history_init(&history);
    rc = hf_store_open(argv[1], &store, &err);
    if (rc == 0)
        rc = fill(&history, store, argv + 2, argc - 2, &err);
    if (rc < 0)
        fprintf(stderr, "holdfast-history: %s\n", err.message);
    hf_store_free(store);
    history_done(&history);
    return rc < 0;
}

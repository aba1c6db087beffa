// SPDX-License-Identifier: Apache-2.0
#include "model/limits.h"

#include "base/text.h"
#include "model/settings_parts.h"

#include <math.h>
#include <string.h>

static const int64_t MIB = 1024LL * 1024;
static const int64_t MEMORY_LEAST = 8 * MIB; /* Docker takes no less than 6 MiB */
static const int64_t MEMORY_MOST = 1024LL * 1024 * MIB;
static const int64_t LOG_LEAST = 64LL * 1024 * HF_LOG_FILES;
static const int64_t LOG_MOST = 1024 * MIB;
static const double CPUS_LEAST = 0.05;
static const double CPUS_MOST = 256;
static const double NANO = 1e9;

enum { PIDS_LEAST = 4, PIDS_MOST = 32768 };

static int
check_types(const struct hf_json *v, const char *pointer, bool complete, struct hf_error *err)
{
    const struct hf_json_field fields[] = {
        {"memory_bytes", HF_JSON_ANY, complete}, {"memory_reservation_bytes", HF_JSON_ANY, false},
        {"cpus", HF_JSON_ANY, complete},         {"pids", HF_JSON_ANY, complete},
        {"io_weight", HF_JSON_ANY, false},       {"log_bytes", HF_JSON_ANY, false},
    };

    return hf_json_check(v, pointer, fields, HF_LEN(fields), err);
}

/* null stands for the default, where there is one. */
static int
check_whole(const struct hf_json *v, const char *member, int64_t least, int64_t most, bool complete,
            const char *pointer, struct hf_error *err)
{
    const struct hf_json *value = hf_json_get(v, member);

    if (!value || (hf_json_is_null(value) && !complete))
        return 0;
    if (hf_json_int(v, member, -1) == -1)
        return hf_wrong(err, pointer, member, "must be a whole number");
    return hf_check_range(v, member, least, most, pointer, err);
}

static int
check_cpus(const struct hf_json *v, bool complete, const char *pointer, struct hf_error *err)
{
    const struct hf_json *value = hf_json_get(v, "cpus");
    double cpus = hf_json_number(v, "cpus", NAN);

    if (!value || (hf_json_is_null(value) && !complete))
        return 0;
    if (cpus >= CPUS_LEAST && cpus <= CPUS_MOST)
        return 0;
    return hf_wrong(err, pointer, "cpus", "must be 0.05 to 256 processors, e.g. 0.5");
}

int
hf_limits_check(const struct hf_json *v, const char *pointer, bool complete, struct hf_error *err)
{
    int64_t memory;

    if (check_types(v, pointer, complete, err) < 0 ||
        check_whole(v, "memory_bytes", MEMORY_LEAST, MEMORY_MOST, complete, pointer, err) < 0 ||
        check_whole(v, "memory_reservation_bytes", MIB, MEMORY_MOST, false, pointer, err) < 0 ||
        check_cpus(v, complete, pointer, err) < 0 ||
        check_whole(v, "pids", PIDS_LEAST, PIDS_MOST, complete, pointer, err) < 0 ||
        check_whole(v, "io_weight", HF_IO_WEIGHT_LEAST, HF_IO_WEIGHT_MOST, false, pointer, err) <
            0 ||
        check_whole(v, "log_bytes", LOG_LEAST, LOG_MOST, false, pointer, err) < 0)
        return -1;
    memory = hf_json_int(v, "memory_bytes", 0);
    if (memory && hf_json_int(v, "memory_reservation_bytes", 0) > memory)
        return hf_wrong(err, pointer, "memory_reservation_bytes",
                        "must not be more than memory_bytes");
    return 0;
}

void
hf_limits_apply(const struct hf_json *v, struct hf_limits *l)
{
    double cpus = hf_json_number(v, "cpus", 0);

    l->memory_bytes = hf_json_int(v, "memory_bytes", l->memory_bytes);
    l->memory_reservation_bytes =
        hf_json_int(v, "memory_reservation_bytes", l->memory_reservation_bytes);
    l->pids = hf_json_int(v, "pids", l->pids);
    l->io_weight = hf_json_int(v, "io_weight", l->io_weight);
    l->log_bytes = hf_json_int(v, "log_bytes", l->log_bytes);
    if (cpus > 0)
        l->nano_cpus = llround(cpus * NANO);
    if (l->memory_reservation_bytes > l->memory_bytes)
        l->memory_reservation_bytes = l->memory_bytes;
}

static bool
is_equal(int64_t want, int64_t is)
{
    return want == 0 || is == 0 || want == is;
}

bool
hf_limits_live_equal(const struct hf_limits *want, const struct hf_limits *is)
{
    return is_equal(want->memory_bytes, is->memory_bytes) &&
           is_equal(want->memory_reservation_bytes, is->memory_reservation_bytes) &&
           is_equal(want->nano_cpus, is->nano_cpus) && is_equal(want->pids, is->pids) &&
           is_equal(want->io_weight, is->io_weight);
}

/* ---- for people ---- */

static void
add_change(char out[HF_CHANGE_SIZE], const char *what, const char *from, const char *to)
{
    size_t used = strlen(out);

    hf_text_put(out + used, HF_CHANGE_SIZE - used, "%s%s %s → %s", used ? ", " : "", what, from,
                to);
}

static void
add_bytes(char out[HF_CHANGE_SIZE], const char *what, int64_t from, int64_t to)
{
    char a[24], b[24];

    if (from == to)
        return;
    hf_text_put(a, sizeof a, "%.4g MB", (double)from / (double)MIB);
    hf_text_put(b, sizeof b, "%.4g MB", (double)to / (double)MIB);
    add_change(out, what, a, b);
}

static void
add_number(char out[HF_CHANGE_SIZE], const char *what, double from, double to)
{
    char a[24], b[24];

    if (from == to)
        return;
    hf_text_put(a, sizeof a, "%.6g", from);
    hf_text_put(b, sizeof b, "%.6g", to);
    add_change(out, what, a, b);
}

void
hf_limits_change(const struct hf_limits *from, const struct hf_limits *to, char out[HF_CHANGE_SIZE],
                 bool *ret_live)
{
    out[0] = '\0';
    add_bytes(out, "memory", from->memory_bytes, to->memory_bytes);
    add_bytes(out, "reservation", from->memory_reservation_bytes, to->memory_reservation_bytes);
    add_number(out, "cpus", (double)from->nano_cpus / NANO, (double)to->nano_cpus / NANO);
    add_number(out, "pids", (double)from->pids, (double)to->pids);
    add_number(out, "io weight", (double)from->io_weight, (double)to->io_weight);
    add_bytes(out, "log", from->log_bytes, to->log_bytes);
    *ret_live = from->log_bytes == to->log_bytes && from->oom_score_adj == to->oom_score_adj;
}

// SPDX-License-Identifier: Apache-2.0
#include "core/history.h"

#include "base/clock.h"
#include "base/text.h"

#include <math.h>
#include <string.h>

enum {
    NAME_SIZE = sizeof((struct hf_history_series *)0)->name,
    POINTS_10M = 600,
    POINTS_6H = 2160,
    POINTS_3D = 4320,
    POINTS_ALL = POINTS_10M + POINTS_6H + POINTS_3D,
    MINUTE_S = 60,
    UNKNOWN = 0,
    ZERO = 1,
    SIGN = 0x8000,
    MANTISSA = 512, /* 9 bits */
    EXPONENT_BIAS = 16,
    CODE_MOST = 0x7fff
};

static const struct {
    const char *name;
    size_t points, first; /* first: where its values begin in a series */
    int interval_s;
} tiers[HF_HISTORY_RANGE_COUNT] = {
    [HF_HISTORY_10M] = {"10m", POINTS_10M, 0, 1},
    [HF_HISTORY_6H] = {"6h", POINTS_6H, POINTS_10M, 10},
    [HF_HISTORY_3D] = {"3d", POINTS_3D, POINTS_10M + POINTS_6H, MINUTE_S},
};

struct mean {
    double sum;
    unsigned count;
};

struct history_series {
    char name[NAME_SIZE];
    double now;              /* of the second that is being filled; NaN: nothing put yet */
    struct mean ten, minute; /* being filled */
    uint16_t codes[POINTS_ALL];
};

const char *
hf_history_range_name(enum hf_history_range range)
{
    return tiers[range].name;
}

int
hf_history_interval_s(enum hf_history_range range)
{
    return tiers[range].interval_s;
}

/* ---- a value in 16 bits ---- */

uint16_t
history_code(double value)
{
    int exponent;
    double fraction; /* 0.5 to 1 */
    long code;

    if (isnan(value))
        return UNKNOWN;
    fraction = frexp(fabs(value), &exponent);
    code = (long)(exponent - 1 + EXPONENT_BIAS) * MANTISSA + lround((2 * fraction - 1) * MANTISSA);
    if (isinf(value) || code > CODE_MOST)
        code = CODE_MOST;
    if (fraction == 0 || code <= ZERO)
        return ZERO;
    return (uint16_t)(code | (value < 0 ? SIGN : 0));
}

double
history_value(uint16_t code)
{
    int size = code & CODE_MOST;
    double value;

    if (size <= ZERO)
        return size == ZERO ? 0 : (double)NAN;
    value = ldexp(1 + (double)(size % MANTISSA) / MANTISSA, size / MANTISSA - EXPONENT_BIAS);
    return code & SIGN ? -value : value;
}

/* ---- filling ---- */

void
history_init(struct hf_history_ring *h)
{
    memset(h, 0, sizeof *h);
    pthread_mutex_init(&h->lock, NULL);
}

void
history_done(struct hf_history_ring *h)
{
    for (size_t i = 0; i < h->series_count; i++)
        free(h->series[i]);
    pthread_mutex_destroy(&h->lock);
}

/* Callers ask in the same order each second: the next one is nearly always the right one. */
static struct history_series *
series_of(struct hf_history_ring *h, const char *name)
{
    struct history_series *s;

    for (size_t n = 0; n < h->series_count; n++) {
        size_t i = (h->cursor + n) % h->series_count;

        if (strcmp(h->series[i]->name, name) == 0) {
            h->cursor = i + 1;
            return h->series[i];
        }
    }
    if (h->series_count == HISTORY_SERIES_MAX)
        return NULL;
    s = calloc(1, sizeof *s); /* all of it UNKNOWN */
    if (!s || !hf_text_put(s->name, sizeof s->name, "%s", name)) {
        free(s);
        return NULL;
    }
    s->now = NAN;
    h->series[h->series_count++] = s;
    h->cursor = h->series_count;
    return s;
}

static void
store(struct hf_history_ring *h, enum hf_history_range tier, struct history_series *s, double value)
{
    s->codes[tiers[tier].first + h->tiers[tier].next] = history_code(value);
}

static void
advance(struct hf_history_ring *h, enum hf_history_range tier)
{
    struct history_tier *t = &h->tiers[tier];

    t->next = (t->next + 1) % tiers[tier].points;
    if (t->count < tiers[tier].points)
        t->count++;
    if (tier == HF_HISTORY_3D && h->unsaved < POINTS_3D)
        h->unsaved++;
}

static void
add_to(struct mean *m, double value)
{
    if (isnan(value))
        return;
    m->sum += value;
    m->count++;
}

static double
take_mean(struct mean *m)
{
    double value = m->count ? m->sum / m->count : (double)NAN;

    *m = (struct mean){0};
    return value;
}

/* The second is over. */
static void
close_second(struct hf_history_ring *h)
{
    bool ten = (h->second + 1) % tiers[HF_HISTORY_6H].interval_s == 0;
    bool minute = (h->second + 1) % MINUTE_S == 0;

    for (size_t i = 0; i < h->series_count; i++) {
        struct history_series *s = h->series[i];

        store(h, HF_HISTORY_10M, s, s->now);
        add_to(&s->ten, s->now);
        add_to(&s->minute, s->now);
        s->now = NAN;
        if (ten)
            store(h, HF_HISTORY_6H, s, take_mean(&s->ten));
        if (minute)
            store(h, HF_HISTORY_3D, s, take_mean(&s->minute));
    }
    advance(h, HF_HISTORY_10M);
    if (ten)
        advance(h, HF_HISTORY_6H);
    if (minute)
        advance(h, HF_HISTORY_3D);
    h->second++;
}

void
history_begin(struct hf_history_ring *h, int64_t mono_ms)
{
    int64_t second = mono_ms / 1000;
    const int64_t all_s = (int64_t)POINTS_3D * MINUTE_S;

    pthread_mutex_lock(&h->lock);
    if (h->second == 0 || second - h->second > all_s)
        h->second = second;
    while (h->second < second)
        close_second(h);
    pthread_mutex_unlock(&h->lock);
}

void
history_put(struct hf_history_ring *h, const char *name, double value)
{
    struct history_series *s;

    pthread_mutex_lock(&h->lock);
    s = series_of(h, name);
    if (s)
        s->now = value;
    pthread_mutex_unlock(&h->lock);
}

/* ---- reading ---- */

static bool
is_wanted(const struct hf_history_query *q, const char *name)
{
    if (q->name_count == 0)
        return true;
    for (size_t i = 0; i < q->name_count; i++)
        if (strcmp(q->names[i], name) == 0)
            return true;
    return false;
}

static void
copy_points(const struct hf_history_ring *h, enum hf_history_range tier,
            const struct history_series *s, size_t count, uint16_t *out)
{
    size_t points = tiers[tier].points;
    size_t from = (h->tiers[tier].next + points - count) % points;

    for (size_t k = 0; k < count; k++)
        out[k] = s->codes[tiers[tier].first + (from + k) % points];
}

static int
copy_all(const struct hf_history_ring *h, const struct hf_history_query *q, struct hf_history *ret,
         struct hf_error *err)
{
    size_t wanted = 0, count = h->tiers[q->range].count;

    if (q->most && q->most < count)
        count = q->most;
    for (size_t i = 0; i < h->series_count; i++)
        wanted += is_wanted(q, h->series[i]->name);
    ret->points = count;
    ret->series = calloc(wanted + 1, sizeof *ret->series);
    ret->codes = calloc(wanted * count + 1, sizeof *ret->codes);
    if (!ret->series || !ret->codes) {
        hf_history_done(ret);
        return hf_error_nomem(err);
    }
    for (size_t i = 0; i < h->series_count; i++) {
        struct hf_history_series *to = &ret->series[ret->series_count];

        if (!is_wanted(q, h->series[i]->name))
            continue;
        memcpy(to->name, h->series[i]->name, sizeof to->name);
        to->codes = ret->codes + ret->series_count * count;
        copy_points(h, q->range, h->series[i], count, to->codes);
        ret->series_count++;
    }
    return 0;
}

int
history_read(struct hf_history_ring *h, const struct hf_history_query *q,
             struct hf_history *ret_history, struct hf_error *err)
{
    int64_t interval_s = tiers[q->range].interval_s, end_s;
    int rc;

    *ret_history = (struct hf_history){.range = q->range};
    pthread_mutex_lock(&h->lock);
    /* Means begin at multiples of their length. */
    end_s = h->second / interval_s * interval_s;
    rc = copy_all(h, q, ret_history, err);
    pthread_mutex_unlock(&h->lock);
    if (rc == 0 && ret_history->points)
        ret_history->end_ms = hf_clock_wall_ms() - (hf_clock_mono_ms() - end_s * 1000);
    return rc;
}

void
hf_history_done(struct hf_history *history)
{
    free(history->series);
    free(history->codes);
    *history = (struct hf_history){0};
}

double
hf_history_value(const struct hf_history_series *s, size_t i)
{
    return history_value(s->codes[i]);
}

/* ---- bytes ---- */

/*
 *   u8 version · u16 points · for each series: u8 length of its name · name · differences
 *
 * A difference of two codes is folded (0, -1, 1, -2 … become 0, 1, 2, 3 …) and written in groups of
 * 7 bits, the lowest first, the top bit saying that more follow. A difference of 0 is followed by a
 * byte that says how many further zeros it stands for.
 */
enum { VERSION = 1, HEAD_BYTES = 3, RUN_MOST = 255, GROUP_BITS = 7, GROUP_MORE = 0x80 };

static int
put_byte(struct hf_buf *out, unsigned value, struct hf_error *err)
{
    unsigned char byte = (unsigned char)value;

    return hf_buf_add(out, &byte, 1, err);
}

static int
put_difference(struct hf_buf *out, int difference, struct hf_error *err)
{
    unsigned folded = difference < 0 ? (unsigned)(-difference) * 2 - 1 : (unsigned)difference * 2;

    for (; folded >= GROUP_MORE; folded >>= GROUP_BITS)
        if (put_byte(out, folded | GROUP_MORE, err) < 0)
            return -1;
    return put_byte(out, folded, err);
}

static int
put_points(struct hf_buf *out, const uint16_t *codes, size_t points, struct hf_error *err)
{
    int before = 0;

    for (size_t i = 0; i < points;) {
        int difference = codes[i] - before;
        size_t run = 0;

        before = codes[i++];
        if (put_difference(out, difference, err) < 0)
            return -1;
        if (difference != 0)
            continue;
        while (i < points && codes[i] == before && run < RUN_MOST)
            i++, run++;
        if (put_byte(out, (unsigned)run, err) < 0)
            return -1;
    }
    return 0;
}

static int
save(const struct hf_history_ring *h, uint16_t *codes, struct hf_buf *out, struct hf_error *err)
{
    size_t points = h->unsaved;

    if (put_byte(out, VERSION, err) < 0 || put_byte(out, points & 0xff, err) < 0 ||
        put_byte(out, (unsigned)points >> 8, err) < 0)
        return -1;
    for (size_t i = 0; i < h->series_count; i++) {
        const struct history_series *s = h->series[i];
        size_t len = strlen(s->name);

        copy_points(h, HF_HISTORY_3D, s, points, codes);
        if (put_byte(out, (unsigned)len, err) < 0 || hf_buf_add(out, s->name, len, err) < 0 ||
            put_points(out, codes, points, err) < 0)
            return -1;
    }
    return 0;
}

int
history_save(struct hf_history_ring *h, struct hf_buf *out, size_t *ret_points,
             struct hf_error *err)
{
    HF_AUTO_FREE uint16_t *codes = calloc(POINTS_3D, sizeof *codes);
    int rc = 0;

    if (!codes)
        return hf_error_nomem(err);
    pthread_mutex_lock(&h->lock);
    *ret_points = h->unsaved;
    if (h->unsaved)
        rc = save(h, codes, out, err);
    pthread_mutex_unlock(&h->lock);
    return rc;
}

void
history_saved(struct hf_history_ring *h, size_t points)
{
    pthread_mutex_lock(&h->lock);
    h->unsaved -= points < h->unsaved ? points : h->unsaved;
    pthread_mutex_unlock(&h->lock);
}

struct bytes {
    const unsigned char *at, *end;
};

static bool
get_difference(struct bytes *b, int *ret_difference)
{
    unsigned folded = 0, shift = 0, byte;

    do {
        if (b->at == b->end || shift > 2 * GROUP_BITS)
            return false;
        byte = *b->at++;
        folded |= (byte & ~(unsigned)GROUP_MORE) << shift;
        shift += GROUP_BITS;
    } while (byte & GROUP_MORE);
    *ret_difference = folded & 1 ? -(int)(folded / 2) - 1 : (int)(folded / 2);
    return true;
}

static bool
get_points(struct bytes *b, size_t points, uint16_t *codes)
{
    int code = 0;

    for (size_t i = 0; i < points;) {
        int difference;
        size_t run = 1;

        if (!get_difference(b, &difference))
            return false;
        code += difference;
        if (code < 0 || code > UINT16_MAX)
            return false;
        if (difference == 0) {
            if (b->at == b->end)
                return false;
            run += *b->at++;
        }
        for (; run && i < points; run--)
            codes[i++] = (uint16_t)code;
    }
    return true;
}

static bool
get_name(struct bytes *b, char name[NAME_SIZE])
{
    size_t len = *b->at++;

    if (len == 0 || len >= NAME_SIZE || len > (size_t)(b->end - b->at))
        return false;
    memcpy(name, b->at, len);
    name[len] = '\0';
    b->at += len;
    return strlen(name) == len;
}

static void
skip_minutes(struct hf_history_ring *h, size_t minutes)
{
    for (size_t k = 0; k < minutes; k++) {
        for (size_t i = 0; i < h->series_count; i++)
            store(h, HF_HISTORY_3D, h->series[i], (double)NAN);
        advance(h, HF_HISTORY_3D);
    }
    h->unsaved = 0;
}

/* Into the points that were just skipped. */
static void
fill_back(struct hf_history_ring *h, struct history_series *s, const uint16_t *codes, size_t points)
{
    size_t from = (h->tiers[HF_HISTORY_3D].next + POINTS_3D - points) % POINTS_3D;

    for (size_t k = 0; k < points; k++)
        s->codes[tiers[HF_HISTORY_3D].first + (from + k) % POINTS_3D] = codes[k];
}

size_t
history_load(struct hf_history_ring *h, const void *data, size_t len)
{
    HF_AUTO_FREE uint16_t *codes = calloc(POINTS_3D, sizeof *codes);
    struct bytes b = {data, (const unsigned char *)data + len};
    size_t points;

    if (!codes || len < HEAD_BYTES || b.at[0] != VERSION)
        return 0;
    points = b.at[1] | (size_t)b.at[2] << 8;
    b.at += HEAD_BYTES;
    if (points == 0 || points > POINTS_3D)
        return 0;
    skip_minutes(h, points);
    while (b.at < b.end) {
        char name[NAME_SIZE];
        struct history_series *s;

        if (!get_name(&b, name) || !get_points(&b, points, codes))
            break;
        s = series_of(h, name);
        if (s)
            fill_back(h, s, codes, points);
    }
    return points;
}

void
history_gap(struct hf_history_ring *h, int64_t minutes)
{
    if (minutes > 0)
        skip_minutes(h, minutes < POINTS_3D ? (size_t)minutes : POINTS_3D);
}

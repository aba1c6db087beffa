// SPDX-License-Identifier: Apache-2.0
#include "processor/devices.h"

#include "base/text.h"
#include "common/topic.h"
#include "processor/value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double rate_time_ms = 60000; /* over which the rate is smoothed */

struct device {
    struct hf_lru_node node;
    int64_t first_ms, last_ms; /* wall */
    int64_t begin_ms;          /* monotonic, of the first message */
    int64_t heard_ms;          /* monotonic */
    uint64_t messages;
    double rate; /* messages a ms, at heard_ms */
    char *text;  /* last topic and behind it the last value */
    size_t topic_len, last_len, size;
    bool cut;
};

static void
free_device(struct hf_lru_node *n)
{
    free(((struct device *)n)->text);
}

int
hf_devices_init(struct hf_devices *d, struct hf_error *err)
{
    const struct hf_lru_options options = {
        .node_size = sizeof(struct device),
        .max = HF_DEVICES_MAX,
        .max_key_bytes = (size_t)HF_DEVICES_MAX * HF_DEVICE_ID_MAX,
        .on_free = free_device,
    };

    *d = (struct hf_devices){.level = 0};
    return hf_lru_init(&d->table, &options, err);
}

void
hf_devices_done(struct hf_devices *d)
{
    if (d->table.buckets)
        hf_lru_done(&d->table);
}

static int
read_pattern(const char *pattern, struct hf_devices *d, struct hf_error *err)
{
    unsigned found = 0, level = 0;
    char *to = d->filter;

    if (strlen(pattern) >= sizeof d->filter)
        return hf_error_set(err, HF_ERROR_INVALID, "a device topic has less than %d bytes",
                            HF_DEVICE_PATTERN_MAX);
    for (const char *p = pattern;; level++) {
        size_t len = strcspn(p, "/");
        bool is_id = len == 2 && memcmp(p, "ID", 2) == 0;

        if (is_id) {
            found++;
            d->level = level;
        }
        memcpy(to, is_id ? "+" : p, is_id ? 1 : len);
        to += is_id ? 1 : len;
        *to++ = p[len];
        if (!p[len])
            break;
        p += len + 1;
    }
    if (found != 1)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "exactly one level of a device topic is ID, as in +/ID/#");
    return hf_topic_filter_check(d->filter, err);
}

int
hf_devices_check_pattern(const char *pattern, struct hf_error *err)
{
    struct hf_devices probe;

    if (read_pattern(pattern, &probe, err) < 0) {
        char text[HF_ERROR_MESSAGE_MAX];

        memcpy(text, err->message, sizeof text);
        return hf_error_set_at(err, HF_ERROR_INVALID, "/devices/topic", "devices: %s", text);
    }
    return 0;
}

int
hf_devices_set_pattern(struct hf_devices *d, const char *pattern, struct hf_error *err)
{
    struct hf_devices probe = {.level = 0};

    if (read_pattern(pattern, &probe, err) < 0)
        return -1;
    if (strcmp(probe.filter, d->filter) == 0 && probe.level == d->level)
        return 0;
    while (d->table.oldest)
        hf_lru_remove(&d->table, d->table.oldest);
    memcpy(d->filter, probe.filter, sizeof d->filter);
    d->level = probe.level;
    return 0;
}

static bool
find_id(const struct hf_devices *d, const struct hf_record *r, struct hf_slice *ret_id)
{
    const char *p = r->topic, *end = p + r->topic_len, *slash;

    if (!*d->filter || !hf_topic_matches(d->filter, p, r->topic_len))
        return false;
    for (unsigned i = 0; i < d->level; i++)
        p = (const char *)memchr(p, '/', (size_t)(end - p)) + 1;
    slash = memchr(p, '/', (size_t)(end - p));
    *ret_id = (struct hf_slice){p, (size_t)((slash ? slash : end) - p)};
    return ret_id->len && ret_id->len <= HF_DEVICE_ID_MAX;
}

/* At most max bytes of text, without half a character at its end. */
static size_t
cut_text(const char *text, size_t len, size_t max)
{
    if (len <= max)
        return len;
    while (max && ((unsigned char)text[max] & 0xc0) == 0x80)
        max--;
    return max;
}

static void
keep_last(struct device *v, const struct hf_record *r)
{
    size_t topic = cut_text(r->topic, r->topic_len, HF_DEVICE_TOPIC_MAX);
    size_t last = cut_text(r->payload, r->payload_len, HF_DEVICE_LAST_MAX);

    if (topic + last > v->size) {
        char *text = realloc(v->text, topic + last);

        if (!text)
            return; /* the last one but this stays */
        v->text = text;
        v->size = topic + last;
    }
    memcpy(v->text, r->topic, topic);
    if (last)
        memcpy(v->text + topic, r->payload, last);
    v->topic_len = topic;
    v->last_len = last;
    v->cut = last < r->payload_len;
}

static double
rate_at(const struct device *v, int64_t mono_ms)
{
    return v->rate * exp((double)(v->heard_ms - mono_ms) / rate_time_ms);
}

void
hf_devices_hear(struct hf_devices *d, const struct hf_record *r, int64_t mono_ms)
{
    struct device *v;
    struct hf_slice id;

    if (!find_id(d, r, &id))
        return;
    v = (struct device *)hf_lru_find(&d->table, id.data, id.len);
    if (!v) {
        v = (struct device *)hf_lru_add(&d->table, id.data, id.len);
        if (!v)
            return;
        v->first_ms = r->time_ms;
        v->begin_ms = mono_ms;
    }
    v->rate = (mono_ms > v->heard_ms ? rate_at(v, mono_ms) : v->rate) + 1 / rate_time_ms;
    v->heard_ms = mono_ms;
    v->last_ms = r->time_ms;
    v->messages++;
    keep_last(v, r);
}

/* ---- showing ---- */

static bool
is_quiet(const struct device *v, int64_t mono_ms)
{
    int64_t still = mono_ms - v->heard_ms, patience;

    if (v->messages < 2)
        return still > HF_DEVICE_QUIET_ALONE_MS;
    patience = (v->heard_ms - v->begin_ms) / (int64_t)(v->messages - 1) * HF_DEVICE_QUIET_INTERVALS;
    return still > (patience > HF_DEVICE_QUIET_MIN_MS ? patience : HF_DEVICE_QUIET_MIN_MS);
}

static size_t
count_quiet(const struct hf_devices *d, int64_t mono_ms)
{
    size_t count = 0;

    for (const struct hf_lru_node *n = d->table.oldest; n; n = n->newer)
        count += is_quiet((const struct device *)n, mono_ms);
    return count;
}

static int
by_id(const void *a, const void *b)
{
    const struct hf_lru_node *const *x = (const struct hf_lru_node *const *)a;
    const struct hf_lru_node *const *y = (const struct hf_lru_node *const *)b;

    return strcmp((*x)->key, (*y)->key);
}

static int
put_device(const struct device *v, int64_t mono_ms, struct hf_buf *out, struct hf_error *err)
{
    double rate = rate_at(v, mono_ms) * 1000;

    if (hf_buf_adds(out, "{\"device\":", err) < 0 ||
        hf_value_put_string(out, v->node.key, v->node.key_len, err) < 0 ||
        hf_buf_addf(out, err,
                    ",\"last_seen_ms\":%lld,\"first_seen_ms\":%lld,\"messages\":%llu,"
                    "\"rate_per_s\":%.3f,\"quiet\":%s,\"topic\":",
                    (long long)v->last_ms, (long long)v->first_ms, (unsigned long long)v->messages,
                    rate, is_quiet(v, mono_ms) ? "true" : "false") < 0 ||
        hf_value_put_string(out, v->text ? v->text : "", v->topic_len, err) < 0 ||
        hf_buf_adds(out, ",\"last\":{", err) < 0 ||
        hf_value_put_payload(out, v->text ? v->text + v->topic_len : "", v->last_len, err) < 0)
        return -1;
    return hf_buf_adds(out, v->cut ? ",\"cut\":true}}" : "}}", err);
}

/* Those of the page and the ones behind it, sorted; the caller frees. */
static const struct hf_lru_node **
sorted(const struct hf_devices *d, const struct hf_devices_page *page, int64_t mono_ms,
       size_t *ret_count)
{
    const struct hf_lru_node **list =
        (const struct hf_lru_node **)calloc(d->table.count + 1, sizeof(void *));
    size_t count = 0;

    if (!list)
        return NULL;
    for (const struct hf_lru_node *n = d->table.oldest; n; n = n->newer)
        if (strcmp(n->key, page->cursor) > 0 && strcasestr(n->key, page->search) &&
            (!page->quiet || is_quiet((const struct device *)n, mono_ms)))
            list[count++] = n;
    qsort((void *)list, count, sizeof(void *), by_id);
    *ret_count = count;
    return list;
}

int
hf_devices_print(const struct hf_devices *d, const struct hf_devices_page *page, int64_t mono_ms,
                 struct hf_buf *out, struct hf_error *err)
{
    size_t count = 0;
    HF_AUTO_FREE const struct hf_lru_node **list = sorted(d, page, mono_ms, &count);
    size_t shown = count < page->limit ? count : page->limit;

    if (!list)
        return hf_error_nomem(err);
    if (hf_buf_adds(out, "{\"devices\":[", err) < 0)
        return -1;
    for (size_t i = 0; i < shown; i++)
        if ((i && hf_buf_add(out, ",", 1, err) < 0) ||
            put_device((const struct device *)list[i], mono_ms, out, err) < 0)
            return -1;
    if (hf_buf_adds(out, "],\"next\":", err) < 0)
        return -1;
    if (shown && shown < count) {
        const struct hf_lru_node *last = list[shown - 1];

        if (hf_value_put_string(out, last->key, last->key_len, err) < 0)
            return -1;
    } else if (hf_buf_adds(out, "null", err) < 0) {
        return -1;
    }
    return hf_buf_addf(out, err, ",\"total\":%zu,\"quiet\":%zu,\"forgotten\":%llu}", d->table.count,
                       count_quiet(d, mono_ms), (unsigned long long)d->table.evicted);
}

/* ---- silence ---- */

/* The table has them by when they were heard last: the silent ones come first. */
static bool
is_silent(const struct hf_lru_node *n, int64_t after_ms, int64_t mono_ms)
{
    return after_ms && mono_ms - ((const struct device *)n)->heard_ms >= after_ms;
}

size_t
hf_devices_silent(const struct hf_devices *d, int64_t after_ms, int64_t mono_ms)
{
    size_t count = 0;

    for (const struct hf_lru_node *n = d->table.oldest; n && is_silent(n, after_ms, mono_ms);
         n = n->newer)
        count++;
    return count;
}

/* Without hf_lru_find(), which would count as hearing it. */
static bool
was_heard(const struct hf_devices *d, const char *id, int64_t after_ms, int64_t mono_ms)
{
    for (const struct hf_lru_node *n = d->table.newest; n && !is_silent(n, after_ms, mono_ms);
         n = n->older)
        if (strcmp(n->key, id) == 0)
            return true;
    return false;
}

static int
put_heard(const struct hf_devices *d, int64_t after_ms, int64_t mono_ms,
          const struct hf_json *known, struct hf_buf *out, struct hf_error *err)
{
    const char *comma = "";

    for (const struct hf_json *k = hf_json_first(known); k; k = hf_json_next(k)) {
        const char *id = hf_json_as_string(k);

        if (!id || !was_heard(d, id, after_ms, mono_ms))
            continue;
        if (hf_buf_adds(out, comma, err) < 0 || hf_value_put_string(out, id, strlen(id), err) < 0)
            return -1;
        comma = ",";
    }
    return 0;
}

int
hf_devices_print_silent(struct hf_devices *d, int64_t after_ms, int64_t mono_ms,
                        const struct hf_json *known, struct hf_buf *out, struct hf_error *err)
{
    size_t shown = 0;

    if (hf_buf_adds(out, "{\"silent\":[", err) < 0)
        return -1;
    for (const struct hf_lru_node *n = d->table.oldest;
         n && shown < HF_DEVICES_SILENT_MAX && is_silent(n, after_ms, mono_ms); n = n->newer)
        if (hf_buf_adds(out, shown++ ? ",{\"device\":" : "{\"device\":", err) < 0 ||
            hf_value_put_string(out, n->key, n->key_len, err) < 0 ||
            hf_buf_addf(out, err, ",\"last_seen_ms\":%lld}",
                        (long long)((const struct device *)n)->last_ms) < 0)
            return -1;
    if (hf_buf_adds(out, "],\"heard\":[", err) < 0 ||
        put_heard(d, after_ms, mono_ms, known, out, err) < 0)
        return -1;
    return hf_buf_addf(out, err, "],\"total\":%zu}", hf_devices_silent(d, after_ms, mono_ms));
}

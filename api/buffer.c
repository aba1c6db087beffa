// SPDX-License-Identifier: Apache-2.0
/* The buffer's whole account: what it last said by itself, and what it says when asked. */
#include "api/handlers.h"

#include "api/codec.h"
#include "api/peer.h"
#include "api/server.h"
#include "base/clock.h"

#include <math.h>
#include <string.h>

static const double DAY_MS = 86400000.0;
static const double DAY_S = 86400.0;
static const double YEAR_DAYS = 365.25;
enum { RATE_LEAST_MS = 60000 /* a rate over less than this is noise */ };

static struct hf_json *
encode_books(const struct hf_json *from)
{
    struct hf_json *o = hf_json_object();

    hf_peer_count(o, "accepted", from, "accepted");
    hf_peer_count(o, "delivered", from, "delivered");
    hf_peer_count(o, "held", from, "held");
    hf_peer_count(o, "dropped", from, "dropped");
    hf_peer_count(o, "quarantined", from, "quarantined");
    return o;
}

static struct hf_json *
encode_lane(const struct hf_json *from)
{
    struct hf_json *o = hf_json_object();

    hf_peer_text(o, "lane", from);
    hf_peer_count(o, "held", from, "held");
    hf_peer_count(o, "bytes", from, "bytes");
    hf_peer_time(o, "oldest", from, "oldest_ms");
    return o;
}

static struct hf_json *
encode_sink(const struct hf_json *from)
{
    struct hf_json *o = encode_books(from);

    hf_peer_text(o, "sink", from);
    hf_peer_time(o, "oldest", from, "oldest_ms");
    hf_peer_count(o, "leased", from, "leased");
    return o;
}

static struct hf_json *
encode_disk(const struct hf_json *from)
{
    struct hf_json *o = hf_json_object();

    hf_peer_count(o, "bytes", from, "bytes");
    hf_peer_count(o, "limit_bytes", from, "limit");
    hf_peer_count(o, "free_bytes", from, "free");
    hf_peer_count(o, "keep_free_bytes", from, "keep_free");
    hf_peer_count(o, "blocks", from, "blocks");
    hf_peer_count(o, "raw_bytes", from, "raw_bytes");
    hf_peer_count(o, "stored_bytes", from, "stored_bytes");
    return o;
}

static struct hf_json *
encode_dropped(const struct hf_json *from)
{
    struct hf_json *o = hf_json_object();

    hf_peer_text(o, "topic", from);
    hf_peer_text(o, "reason", from);
    hf_peer_count(o, "records", from, "records");
    return o;
}

static struct hf_json *
encode_topic(const struct hf_json *from)
{
    struct hf_json *o = hf_json_object();

    hf_peer_text(o, "topic", from);
    hf_peer_text(o, "lane", from);
    hf_peer_count(o, "held", from, "held");
    return o;
}

/* ---- flash ---- */

static void
put_measure_or_null(struct hf_json *o, const char *member, bool known, double value)
{
    if (known && isfinite(value) && value >= 0)
        hf_json_put_number(o, member, round(value * 100) / 100);
    else
        hf_json_put_null(o, member);
}

static void
put_positive_or_null(struct hf_json *o, const char *member, int64_t value, int64_t least)
{
    if (value >= least)
        hf_json_put_int(o, member, value);
    else
        hf_json_put_null(o, member);
}

struct hf_json *
hf_codec_flash(const struct hf_json *from, const struct hf_snapshot *s)
{
    const struct hf_host_view *h = &s->gateway.host;
    struct hf_json *o = hf_json_object();
    int64_t passed_ms = hf_json_int(from, "for_ms", 0); /* since_ms is by a clock that was set */
    double written = (double)hf_json_int(from, "written_bytes", 0);
    double payload = (double)hf_json_int(from, "payload_bytes", 0);
    bool rated = s->buffer.rated_endurance_bytes > 0;
    bool device = h->device_written_bytes >= 0 && h->uptime_s * 1000 >= RATE_LEAST_MS;
    bool buffer = passed_ms >= RATE_LEAST_MS;
    double by_buffer = buffer ? written * DAY_MS / (double)passed_ms : 0;
    double by_all = device ? (double)h->device_written_bytes * DAY_S / (double)h->uptime_s : 0;
    /* All that is written wears the card; where that is not known, at least what we write. */
    double wear = by_all > by_buffer ? by_all : by_buffer;

    hf_peer_time(o, "since", from, "since_ms");
    hf_peer_count(o, "written_bytes", from, "written_bytes");
    hf_peer_count(o, "payload_bytes", from, "payload_bytes");
    hf_peer_count(o, "commits", from, "commits");
    hf_peer_count(o, "checkpoints", from, "checkpoints");
    put_measure_or_null(o, "written_bytes_per_day", buffer, by_buffer);
    put_measure_or_null(o, "write_amplification", payload > 0, written / payload);
    put_positive_or_null(o, "device_written_bytes", h->device_written_bytes, 0);
    put_measure_or_null(o, "device_written_bytes_per_day", device, by_all);
    put_positive_or_null(o, "rated_endurance_bytes", s->buffer.rated_endurance_bytes, 1);
    put_measure_or_null(o, "expected_years", rated && wear > 0,
                        (double)s->buffer.rated_endurance_bytes / wear / YEAR_DAYS);
    return o;
}

static struct hf_json *
encode_detail(const struct hf_json *from, const struct hf_snapshot *s)
{
    struct hf_json *o = hf_json_object();

    hf_peer_text(o, "policy", from);
    hf_peer_time(o, "last_commit", from, "last_commit_ms");
    hf_peer_count(o, "waiting", from, "waiting");
    hf_peer_time(o, "newest", from, "newest_ms");
    hf_json_put(o, "books", encode_books(hf_json_get(from, "books")));
    hf_peer_list(o, "lanes", hf_json_get(from, "lanes"), encode_lane);
    hf_peer_list(o, "sinks", hf_json_get(from, "sinks"), encode_sink);
    hf_json_put(o, "disk", encode_disk(hf_json_get(from, "disk")));
    hf_json_put(o, "flash", hf_codec_flash(hf_json_get(from, "flash"), s));
    hf_peer_list(o, "dropped", hf_json_get(from, "dropped"), encode_dropped);
    hf_peer_list(o, "topics", hf_json_get(from, "topics"), encode_topic);
    return o;
}

int
hf_handle_buffer(struct hf_exchange *x, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *status = NULL;
    const struct hf_snapshot *snapshot;
    struct hf_error away;
    struct hf_json *o;

    /* An account without its details is better than none: the buffer may just be restarting. */
    if (hf_peer_ask(x, HF_PATH_BUFFER, "/v1/status", NULL, &status, &away) == 0 &&
        !hf_json_is_object(hf_json_get(status, "books")))
        return hf_peer_nonsense(HF_PATH_BUFFER, "books", err);
    snapshot = hf_core_snapshot(x->api->config->core);
    o = hf_codec_buffer(&snapshot->buffer);
    if (status)
        hf_json_put(o, "detail", encode_detail(status, snapshot));
    else
        hf_json_put_null(o, "detail");
    hf_snapshot_unref(snapshot);
    return hf_reply_json(x, 200, o, err);
}

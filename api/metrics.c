// SPDX-License-Identifier: Apache-2.0
/*
 * /metrics: the newest picture as numbers, so that it never waits for anything. Labels are names of
 * services, file systems and states, of which there are few; what a service says by itself has at
 * most HF_NUMBERS_MAX names.
 */
#include "api/handlers.h"

#include "api/openmetrics.h"
#include "api/server.h"
#include "base/text.h"

#include <math.h>
#include <string.h>

enum { METRICS_MAX = 512 * 1024 /* twelve services with all they may say take 60 KiB */ };

static const char OPENMETRICS_TYPE[] = "application/openmetrics-text; version=1.0.0; charset=utf-8";
static const char CLASSIC_TYPE[] = "text/plain; version=0.0.4; charset=utf-8";

static const double PERCENT = 0.01, MILLISECONDS = 0.001, NANO = 1e-9;

/* Negative is not known, 0 too where a time or limit is meant. */
static double
known(int64_t value)
{
    return value < 0 ? NAN : (double)value;
}

static double
set(int64_t value)
{
    return value > 0 ? (double)value : NAN;
}

static double
seconds_of(int64_t wall_ms)
{
    return set(wall_ms) * MILLISECONDS;
}

/* Text that was cut to a field's size may end inside a character. */
static const char *
label_text(const char *text, char out[HF_TEXT_SIZE])
{
    hf_text_put(out, HF_TEXT_SIZE, "%s", text);
    hf_text_whole(out);
    return out;
}

static void
one(struct hf_metrics *m, const struct hf_metric *family, double value)
{
    hf_metrics_begin(m, family);
    hf_metrics_add(m, value, NULL);
}

/* ---- services ---- */

static double
running(const struct hf_service_view *v)
{
    return v->lifecycle == HF_LIFECYCLE_RUNNING;
}

static double
wanted(const struct hf_service_view *v)
{
    return v->wanted;
}

static double
healthy(const struct hf_service_view *v)
{
    return v->health == HF_HEALTH_HEALTHY;
}

static double
restarts(const struct hf_service_view *v)
{
    return known(v->restarts);
}

static double
started(const struct hf_service_view *v)
{
    return seconds_of(v->started_ms);
}

static double
memory(const struct hf_service_view *v)
{
    return v->usage.known ? known(v->usage.memory_bytes) : NAN;
}

static double
memory_peak(const struct hf_service_view *v)
{
    return v->usage.known ? known(v->usage.memory_peak_bytes) : NAN;
}

static double
memory_limit(const struct hf_service_view *v)
{
    return set(v->spec.limits.memory_bytes);
}

static double
cpu(const struct hf_service_view *v)
{
    return v->usage.known ? v->usage.cpu_percent * PERCENT : NAN;
}

static double
cpu_limit(const struct hf_service_view *v)
{
    return set(v->spec.limits.nano_cpus) * NANO;
}

static double
throttled(const struct hf_service_view *v)
{
    return v->usage.known ? v->usage.throttled_percent * PERCENT : NAN;
}

static double
processes(const struct hf_service_view *v)
{
    return v->usage.known ? known(v->usage.pids) : NAN;
}

static double
processes_limit(const struct hf_service_view *v)
{
    return set(v->spec.limits.pids);
}

static double
received(const struct hf_service_view *v)
{
    return v->usage.known ? known(v->usage.net_rx_bytes) : NAN;
}

static double
sent(const struct hf_service_view *v)
{
    return v->usage.known ? known(v->usage.net_tx_bytes) : NAN;
}

static double
read_bytes(const struct hf_service_view *v)
{
    return v->usage.known ? known(v->usage.io_read_bytes) : NAN;
}

static double
written_bytes(const struct hf_service_view *v)
{
    return v->usage.known ? known(v->usage.io_write_bytes) : NAN;
}

static double
rate_in(const struct hf_service_view *v)
{
    return v->rate_in;
}

static double
rate_out(const struct hf_service_view *v)
{
    return v->rate_out;
}

static const struct service_metric {
    struct hf_metric family;
    double (*value)(const struct hf_service_view *v);
} service_metrics[] = {
    {{"holdfast_service_up", "Whether its container runs.", NULL, HF_METRIC_GAUGE}, running},
    {{"holdfast_service_wanted", "Whether it is meant to run.", NULL, HF_METRIC_GAUGE}, wanted},
    {{"holdfast_service_healthy", "Whether it does its work.", NULL, HF_METRIC_GAUGE}, healthy},
    {{"holdfast_service_restarts", "Restarts of its container.", NULL, HF_METRIC_COUNTER},
     restarts},
    {{"holdfast_service_start_time_seconds", "When its container started, Unix time.", "seconds",
      HF_METRIC_GAUGE},
     started},
    {{"holdfast_service_memory_bytes", "Memory in use, without inactive page cache.", "bytes",
      HF_METRIC_GAUGE},
     memory},
    {{"holdfast_service_memory_peak_bytes", "Most memory it has had, with page cache.", "bytes",
      HF_METRIC_GAUGE},
     memory_peak},
    {{"holdfast_service_memory_limit_bytes", "Memory it may take.", "bytes", HF_METRIC_GAUGE},
     memory_limit},
    {{"holdfast_service_cpu_ratio", "CPU in use; 1 is one core.", "ratio", HF_METRIC_GAUGE}, cpu},
    {{"holdfast_service_cpu_limit_ratio", "CPU it may take; 1 is one core.", "ratio",
      HF_METRIC_GAUGE},
     cpu_limit},
    {{"holdfast_service_cpu_throttled_ratio", "Share of time in which its CPU was throttled.",
      "ratio", HF_METRIC_GAUGE},
     throttled},
    {{"holdfast_service_processes", "Processes and threads.", NULL, HF_METRIC_GAUGE}, processes},
    {{"holdfast_service_processes_limit", "Processes and threads it may have.", NULL,
      HF_METRIC_GAUGE},
     processes_limit},
    {{"holdfast_service_network_receive_bytes", "Received since its start, without loopback.",
      "bytes", HF_METRIC_COUNTER},
     received},
    {{"holdfast_service_network_transmit_bytes", "Sent since its start, without loopback.", "bytes",
      HF_METRIC_COUNTER},
     sent},
    {{"holdfast_service_io_read_bytes", "Read from disks since its start.", "bytes",
      HF_METRIC_COUNTER},
     read_bytes},
    {{"holdfast_service_io_written_bytes", "Written to disks since its start.", "bytes",
      HF_METRIC_COUNTER},
     written_bytes},
    {{"holdfast_service_in_per_second", "Records or messages that came in.", NULL, HF_METRIC_GAUGE},
     rate_in},
    {{"holdfast_service_out_per_second", "Records or messages that went out.", NULL,
      HF_METRIC_GAUGE},
     rate_out},
};

/* One sample for each word, 1 for the one that is. */
static void
add_words(struct hf_metrics *m, const char *service, const char *label,
          const char *(*name)(unsigned word), unsigned count, unsigned is)
{
    for (unsigned i = 0; i < count; i++)
        hf_metrics_add(
            m, i == is,
            (const struct hf_label[HF_METRIC_LABELS_MAX]){{"service", service}, {label, name(i)}});
}

static const char *
lifecycle_word(unsigned i)
{
    return hf_lifecycle_name((enum hf_lifecycle)i);
}

static const char *
health_word(unsigned i)
{
    return hf_health_name((enum hf_health)i);
}

static void
put_words(struct hf_metrics *m, const struct hf_snapshot *s)
{
    static const struct hf_metric state = {
        "holdfast_service_state", "1 for the state its container is in.", NULL, HF_METRIC_GAUGE};
    static const struct hf_metric health = {
        "holdfast_service_health", "1 for what is thought of its work.", NULL, HF_METRIC_GAUGE};

    hf_metrics_begin(m, &state);
    for (size_t i = 0; i < s->service_count; i++)
        add_words(m, s->services[i].spec.service, "state", lifecycle_word, HF_LIFECYCLE_COUNT,
                  s->services[i].lifecycle);
    hf_metrics_begin(m, &health);
    for (size_t i = 0; i < s->service_count; i++)
        add_words(m, s->services[i].spec.service, "health", health_word, HF_HEALTH_COUNT,
                  s->services[i].health);
}

static void
put_numbers(struct hf_metrics *m, const struct hf_snapshot *s)
{
    static const struct hf_metric family = {"holdfast_service_number",
                                            "What a service last said of itself, by name.", NULL,
                                            HF_METRIC_GAUGE};

    hf_metrics_begin(m, &family);
    for (size_t i = 0; i < s->service_count; i++) {
        const struct hf_service_view *v = &s->services[i];

        for (size_t k = 0; k < v->status.number_count; k++) {
            char name[HF_TEXT_SIZE];

            hf_metrics_add(m, (double)v->status.numbers[k].value,
                           (const struct hf_label[HF_METRIC_LABELS_MAX]){
                               {"service", v->spec.service},
                               {"number", label_text(v->status.numbers[k].name, name)}});
        }
    }
}

static void
put_services(struct hf_metrics *m, const struct hf_snapshot *s)
{
    for (size_t i = 0; i < HF_LEN(service_metrics); i++) {
        hf_metrics_begin(m, &service_metrics[i].family);
        for (size_t k = 0; k < s->service_count; k++)
            hf_metrics_add(m, service_metrics[i].value(&s->services[k]),
                           (const struct hf_label[HF_METRIC_LABELS_MAX]){
                               {"service", s->services[k].spec.service}});
    }
    put_words(m, s);
    put_numbers(m, s);
}

/* ---- the host ---- */

static void
put_disks(struct hf_metrics *m, const struct hf_host_view *h)
{
    static const struct hf_metric families[] = {
        {"holdfast_host_disk_used_bytes", "Taken of a file system.", "bytes", HF_METRIC_GAUGE},
        {"holdfast_host_disk_size_bytes", "Size of a file system.", "bytes", HF_METRIC_GAUGE},
        {"holdfast_host_inodes_used", "Inodes taken of a file system.", NULL, HF_METRIC_GAUGE},
        {"holdfast_host_inodes", "Inodes of a file system.", NULL, HF_METRIC_GAUGE},
    };

    for (size_t f = 0; f < HF_LEN(families); f++) {
        hf_metrics_begin(m, &families[f]);
        for (size_t i = 0; i < h->disk_count; i++) {
            const struct hf_disk_view *d = &h->disks[i];
            const int64_t values[HF_LEN(families)] = {d->used_bytes, d->total_bytes, d->inodes_used,
                                                      d->inodes_total};
            char mount[HF_TEXT_SIZE];

            hf_metrics_add(m, known(values[f]),
                           (const struct hf_label[HF_METRIC_LABELS_MAX]){
                               {"mount", label_text(d->mount, mount)}});
        }
    }
}

static void
put_pressure(struct hf_metrics *m, const struct hf_host_view *h)
{
    static const struct hf_metric family = {
        "holdfast_host_pressure_ratio",
        "Share of the last 10 s in which somebody had to wait for it.", "ratio", HF_METRIC_GAUGE};

    hf_metrics_begin(m, &family);
    if (!h->has_pressure)
        return;
    hf_metrics_add(m, h->pressure.cpu * PERCENT,
                   (const struct hf_label[HF_METRIC_LABELS_MAX]){{"resource", "cpu"}});
    hf_metrics_add(m, h->pressure.memory * PERCENT,
                   (const struct hf_label[HF_METRIC_LABELS_MAX]){{"resource", "memory"}});
    hf_metrics_add(m, h->pressure.io * PERCENT,
                   (const struct hf_label[HF_METRIC_LABELS_MAX]){{"resource", "io"}});
}

static void
put_host(struct hf_metrics *m, const struct hf_host_view *h)
{
    const struct {
        struct hf_metric family;
        double value;
    } all[] = {
        {{"holdfast_host_cpu_ratio", "CPU in use, of all cores.", "ratio", HF_METRIC_GAUGE},
         h->cpu_percent * PERCENT},
        {{"holdfast_host_cores", "Cores.", NULL, HF_METRIC_GAUGE}, known(h->cores)},
        {{"holdfast_host_load1", "Load average of a minute.", NULL, HF_METRIC_GAUGE}, h->load1},
        {{"holdfast_host_memory_used_bytes", "Memory in use.", "bytes", HF_METRIC_GAUGE},
         known(h->memory_used_bytes)},
        {{"holdfast_host_memory_size_bytes", "Memory there is.", "bytes", HF_METRIC_GAUGE},
         known(h->memory_total_bytes)},
        {{"holdfast_host_temperature_celsius", "Of the CPU.", "celsius", HF_METRIC_GAUGE},
         h->has_temperature ? h->temperature_c : NAN},
        {{"holdfast_host_uptime_seconds", "Since the host booted.", "seconds", HF_METRIC_GAUGE},
         known(h->uptime_s)},
        {{"holdfast_host_clock_synchronised", "Whether the clock is.", NULL, HF_METRIC_GAUGE},
         h->clock_synced},
        {{"holdfast_host_device_written_bytes", "Written to the disk with the state since boot.",
          "bytes", HF_METRIC_COUNTER},
         known(h->device_written_bytes)},
        {{"holdfast_host_flash_life_used_ratio", "Of the life of the flash, rounded up to tens.",
          "ratio", HF_METRIC_GAUGE},
         known(h->flash_percent_used) * PERCENT},
        {{"holdfast_daemon_memory_bytes", "Resident memory of holdfastd.", "bytes",
          HF_METRIC_GAUGE},
         known(h->daemon_rss_bytes)},
        {{"holdfast_daemon_cpu_ratio", "CPU that holdfastd uses; 1 is one core.", "ratio",
          HF_METRIC_GAUGE},
         h->daemon_cpu_percent * PERCENT},
    };

    for (size_t i = 0; i < HF_LEN(all); i++)
        one(m, &all[i].family, all[i].value);
    put_disks(m, h);
    put_pressure(m, h);
}

/* ---- records ---- */

static void
put_buffer(struct hf_metrics *m, const struct hf_buffer_view *b, int64_t broker_dropped)
{
    const struct {
        struct hf_metric family;
        double value;
    } all[] = {
        {{"holdfast_buffer_ok", "Whether the buffer says that it is.", NULL, HF_METRIC_GAUGE},
         b->ok},
        {{"holdfast_buffer_held_records", "Records not yet delivered.", NULL, HF_METRIC_GAUGE},
         known(b->held)},
        {{"holdfast_buffer_quarantined_records", "Records refused for good.", NULL,
          HF_METRIC_GAUGE},
         known(b->quarantined)},
        {{"holdfast_buffer_accepted_records", "Records ever stored.", NULL, HF_METRIC_COUNTER},
         known(b->accepted)},
        {{"holdfast_buffer_delivered_records", "Records that every sink acknowledged.", NULL,
          HF_METRIC_COUNTER},
         known(b->delivered)},
        {{"holdfast_buffer_dropped_records", "Records given up.", NULL, HF_METRIC_COUNTER},
         known(b->dropped)},
        {{"holdfast_buffer_disk_bytes", "Taken on disk.", "bytes", HF_METRIC_GAUGE},
         known(b->disk_bytes)},
        {{"holdfast_buffer_disk_limit_bytes", "What it may take on disk.", "bytes",
          HF_METRIC_GAUGE},
         set(b->disk_limit_bytes)},
        {{"holdfast_buffer_oldest_time_seconds", "When the oldest record held was taken.",
          "seconds", HF_METRIC_GAUGE},
         seconds_of(b->oldest_ms)},
        {{"holdfast_buffer_full_seconds", "Until it is full at this rate.", "seconds",
          HF_METRIC_GAUGE},
         known(b->full_s)},
        {{"holdfast_buffer_drain_seconds", "Until it is empty at this rate.", "seconds",
          HF_METRIC_GAUGE},
         known(b->drain_s)},
    };

    for (size_t i = 0; i < HF_LEN(all); i++)
        one(m, &all[i].family, b->known ? all[i].value : NAN);
    one(m,
        &(const struct hf_metric){"holdfast_broker_dropped_messages",
                                  "Messages that the broker acknowledged and could not keep.", NULL,
                                  HF_METRIC_COUNTER},
        known(broker_dropped));
}

/* The forwarder says of all sinks together what it does; which is which, GET /sinks says. */
static void
put_sinks(struct hf_metrics *m, const struct hf_snapshot *s)
{
    static const struct {
        const char *number;
        struct hf_metric family;
    } all[] = {
        {"sinks", {"holdfast_sinks", "Sinks there are.", NULL, HF_METRIC_GAUGE}},
        {"delivered",
         {"holdfast_sinks_delivered_records", "Records that sinks acknowledged, of all sinks.",
          NULL, HF_METRIC_COUNTER}},
        {"refused",
         {"holdfast_sinks_refused_records", "Records that sinks refused for good.", NULL,
          HF_METRIC_COUNTER}},
        {"batches",
         {"holdfast_sinks_batches", "Requests that sinks took.", NULL, HF_METRIC_COUNTER}},
        {"failures", {"holdfast_sinks_failures", "Requests that failed.", NULL, HF_METRIC_COUNTER}},
        {"bytes_out", {"holdfast_sinks_sent_bytes", "Sent to sinks.", "bytes", HF_METRIC_COUNTER}},
    };
    const struct hf_service_view *forwarder = hf_snapshot_service(s, "forwarder");

    for (size_t i = 0; i < HF_LEN(all); i++)
        one(m, &all[i].family,
            forwarder ? known(hf_status_number(&forwarder->status, all[i].number, -1)) : NAN);
}

static void
put_uplink(struct hf_metrics *m, const struct hf_uplink_view *u)
{
    static const char *const states[] = {"unset", "idle",    "delivering",
                                         "away",  "refused", "unknown"};
    static const struct hf_metric state = {"holdfast_uplink_state",
                                           "1 for how the way to the sinks is, the worst of them.",
                                           NULL, HF_METRIC_GAUGE};

    hf_metrics_begin(m, &state);
    for (size_t i = 0; i < HF_LEN(states); i++)
        hf_metrics_add(m, strcmp(states[i], u->state) == 0,
                       (const struct hf_label[HF_METRIC_LABELS_MAX]){{"state", states[i]}});
    one(m,
        &(const struct hf_metric){"holdfast_uplink_success_time_seconds",
                                  "When a sink last acknowledged records.", "seconds",
                                  HF_METRIC_GAUGE},
        seconds_of(u->last_success_ms));
    one(m,
        &(const struct hf_metric){"holdfast_uplink_away_time_seconds", "Since when it is away.",
                                  "seconds", HF_METRIC_GAUGE},
        seconds_of(u->away_since_ms));
}

/* ---- the gateway ---- */

static void
put_release(struct hf_metrics *m, const struct hf_snapshot *s)
{
    static const struct hf_metric release = {"holdfast_release", "The release that is in force.",
                                             NULL, HF_METRIC_INFO};
    static const struct hf_metric upgrade = {
        "holdfast_upgrade_state", "1 for where the last upgrade is.", NULL, HF_METRIC_GAUGE};
    char name[HF_TEXT_SIZE], version[HF_TEXT_SIZE];

    hf_metrics_begin(m, &release);
    if (s->has_release)
        hf_metrics_add(m, 1,
                       (const struct hf_label[HF_METRIC_LABELS_MAX]){
                           {"name", label_text(s->release.name, name)},
                           {"version", label_text(s->release.version, version)}});
    one(m,
        &(const struct hf_metric){"holdfast_release_number",
                                  "Counter of the release that is in force.", NULL,
                                  HF_METRIC_GAUGE},
        s->has_release ? (double)s->release.counter : NAN);
    hf_metrics_begin(m, &upgrade);
    for (unsigned i = 0; s->upgrade.record.n && i < HF_UPGRADE_STATE_COUNT; i++)
        hf_metrics_add(m, i == s->upgrade.record.state,
                       (const struct hf_label[HF_METRIC_LABELS_MAX]){
                           {"state", hf_upgrade_state_name((enum hf_upgrade_state)i)}});
}

static void
put_gateway(struct hf_metrics *m, const struct hf_snapshot *s, int streams)
{
    static const struct hf_metric build = {"holdfast_build", "This holdfastd.", NULL,
                                           HF_METRIC_INFO};
    const struct {
        struct hf_metric family;
        double value;
    } all[] = {
        {{"holdfast_start_time_seconds", "When holdfastd started, Unix time.", "seconds",
          HF_METRIC_GAUGE},
         seconds_of(s->gateway.started_ms)},
        {{"holdfast_engine_up", "Whether the container engine answers.", NULL, HF_METRIC_GAUGE},
         s->gateway.engine.state == HF_ENGINE_OK},
        {{"holdfast_event_streams", "Event streams that are open; one for each browser.", NULL,
          HF_METRIC_GAUGE},
         streams},
        {{"holdfast_alarms_active", "Alarms that are.", NULL, HF_METRIC_GAUGE}, s->alarms.active},
        {{"holdfast_alarms_unacknowledged", "Active alarms that nobody has seen.", NULL,
          HF_METRIC_GAUGE},
         s->alarms.unacknowledged},
        {{"holdfast_alarms_bad", "Whether an active one is bad, not only a warning.", NULL,
          HF_METRIC_GAUGE},
         s->alarms.bad},
    };

    hf_metrics_begin(m, &build);
    hf_metrics_add(m, 1,
                   (const struct hf_label[HF_METRIC_LABELS_MAX]){{"version", HF_VERSION},
                                                                 {"gateway", s->gateway.id}});
    for (size_t i = 0; i < HF_LEN(all); i++)
        one(m, &all[i].family, all[i].value);
}

int
hf_metrics_of(const struct hf_snapshot *s, int streams, bool classic, struct hf_buf *out,
              struct hf_error *err)
{
    struct hf_metrics m = {.out = out, .classic = classic};

    put_gateway(&m, s, streams);
    put_host(&m, &s->gateway.host);
    put_services(&m, s);
    put_buffer(&m, &s->buffer, s->broker.queue_dropped);
    put_sinks(&m, s);
    put_uplink(&m, &s->uplink);
    put_release(&m, s);
    return hf_metrics_end(&m, err);
}

/* The older form only for who asks for plain text and not for OpenMetrics. */
static bool
wants_classic(const struct hf_exchange *x)
{
    const char *accept = hf_exchange_header(x, "Accept");

    return accept && strstr(accept, "text/plain") && !strstr(accept, "openmetrics");
}

int
hf_handle_metrics(struct hf_exchange *x, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(METRICS_MAX);
    const struct hf_snapshot *snapshot = hf_core_snapshot(x->api->config->core);
    bool classic = wants_classic(x);
    int streams = hf_streams_open(&x->api->streams, HF_STREAM_EVENTS);
    int rc = hf_metrics_of(snapshot, streams, classic, &out, err);

    hf_snapshot_unref(snapshot);
    if (rc < 0)
        return -1;
    hf_reply_header(x, "Vary", "Accept, Accept-Encoding");
    hf_reply(x, 200, classic ? CLASSIC_TYPE : OPENMETRICS_TYPE, "no-store", out.data, out.len);
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
/*
 * All that somebody far away needs to tell what is wrong, as one file. It is made of what this
 * interface says anyway, which holds no secret, and of the logs; it comes as it is read, so that it
 * takes little memory, and a part that cannot be had is named in errors.txt and holds up nothing.
 */
#include "api/handlers.h"

#include "api/peer.h"
#include "api/server.h"
#include "api/targz.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

enum {
    PART_MAX = 2 * 1024 * 1024, /* of what a handler says */
    LOG_LINES = 20000,          /* of a service, and as many of its containers before */
    INCIDENTS_MAX = 50,         /* with their logs and curves; of all there is a line */
    ERRORS_MAX = 16 * 1024,
    HOST_MAX = 64 * 1024,
    NAME_SIZE = 100,
    DEADLINE_MS = 120 * 1000
};

static const char FILE_TYPE[] = "application/gzip";

struct bundle {
    struct hf_exchange *x;
    struct hf_targz *tar;
    struct hf_buf errors;
    int64_t deadline_ms;
    bool gone; /* the reader */

    /* Of the log that is being written. */
    const char *folder;
    const char *service;
    struct hf_buf log;
    unsigned part;
};

static bool
is_cancelled(void *context)
{
    const struct bundle *b = context;

    return b->gone || hf_streams_stopping(&b->x->api->streams) ||
           hf_clock_mono_ms() > b->deadline_ms;
}

static bool
send_out(void *context, const void *data, size_t len)
{
    struct bundle *b = context;

    b->gone = b->gone || !hf_reply_piece(b->x, data, len);
    return !b->gone;
}

static void
add_file(struct bundle *b, const char *name, const void *data, size_t len)
{
    if (!b->gone)
        b->gone = !hf_targz_add(b->tar, name, data, len);
}

static void
note_error(struct bundle *b, const char *name, const char *reason)
{
    (void)!hf_buf_addf(&b->errors, NULL, "%s: %s\n", name, reason);
}

/* ---- what the interface says ---- */

static const char *
no_header(void *context, const char *name, size_t *ret_count)
{
    (void)context, (void)name;
    if (ret_count)
        *ret_count = 0;
    return NULL;
}

static bool
no_body(void *context, void *data, size_t len)
{
    (void)context, (void)data;
    return len == 0;
}

static bool
keep(void *context, const void *data, size_t len)
{
    return hf_buf_add(context, data, len, NULL) == 0;
}

static void
stay_open(void *context)
{
    (void)context;
}

struct question {
    const char *name; /* of the file */
    hf_handler *handler;
    const char *query;
};

/* Asks a handler as a client would; ret_answer gets its whole answer. Returns where the body begins
 * in it, NULL on failure. */
static const char *
ask(const struct bundle *b, const struct question *q, const char *param, struct hf_buf *ret_answer,
    struct hf_error *err)
{
    struct hf_exchange inner = {
        .api = b->x->api,
        .wire = {.context = ret_answer,
                 .header = no_header,
                 .read = no_body,
                 .write = keep,
                 .close_after = stay_open},
        .method = "GET",
        .path = "",
        .query = q->query,
        .peer = b->x->peer,
        .http10 = true, /* no chunks */
        .session = b->x->session,
    };
    const char *body;

    hf_text_put(inner.param, sizeof inner.param, "%s", param);
    if (q->handler(&inner, err) < 0)
        return NULL;
    hf_reply_done(&inner);
    body = ret_answer->data ? strstr(ret_answer->data, "\r\n\r\n") : NULL;
    if (inner.status == 200 && body)
        return body + 4;
    hf_error_set(err, HF_ERROR_INTERNAL, "it is too long");
    return NULL;
}

static void
add_answer(struct bundle *b, const struct question *q, const char *param)
{
    HF_AUTO_BUF struct hf_buf answer = HF_BUF_INIT(PART_MAX);
    struct hf_error err = {0};
    const char *body = ask(b, q, param, &answer, &err);

    if (body)
        add_file(b, q->name, body, answer.len - (size_t)(body - answer.data));
    else
        note_error(b, q->name, err.message);
}

static void
add_answers(struct bundle *b)
{
    static const struct question all[] = {
        {"gateway.json", hf_handle_gateway, ""},
        {"services.json", hf_handle_services, ""},
        {"config.json", hf_handle_config, ""},
        {"config-revisions.json", hf_handle_revisions, ""},
        {"release.json", hf_handle_release, ""},
        {"releases.json", hf_handle_releases, ""},
        {"upgrade.json", hf_handle_upgrade, ""},
        {"alarms.json", hf_handle_alarms, "state=all&limit=500"},
        {"incidents.json", hf_handle_incidents, "limit=200"},
        {"operations.json", hf_handle_operations, "limit=100"},
        {"audit.json", hf_handle_audit, "limit=500"},
        {"buffer.json", hf_handle_buffer, ""},
        {"uplink.json", hf_handle_uplink, ""},
        {"sinks.json", hf_handle_sinks, ""},
        {"rules.json", hf_handle_rules, ""},
        {"devices.json", hf_handle_devices, "limit=500"},
        {"scan.json", hf_handle_scan, ""},
        {"history-6h.json", hf_handle_history, "range=6h"},
        {"metrics.txt", hf_handle_metrics, ""},
    };

    for (size_t i = 0; i < HF_LEN(all) && !is_cancelled(b); i++)
        add_answer(b, &all[i], "");
}

/* Each with its log and its curve. */
static void
add_incidents(struct bundle *b)
{
    HF_AUTO_FREE struct hf_incident *list = calloc(INCIDENTS_MAX, sizeof *list);
    const struct hf_incident_filter filter = {.kind = -1};
    struct hf_error err = {0};
    size_t count = 0;

    if (!list || hf_core_incidents(b->x->api->config->core, &filter, list, INCIDENTS_MAX, &count,
                                   &err) < 0) {
        note_error(b, "incidents/", err.message);
        return;
    }
    for (size_t i = 0; i < count && !is_cancelled(b); i++) {
        char name[NAME_SIZE], n[24];
        const struct question q = {name, hf_handle_incident, ""};

        snprintf(n, sizeof n, "%lld", (long long)list[i].n);
        snprintf(name, sizeof name, "incidents/%s.json", n);
        add_answer(b, &q, n);
    }
}

/* ---- the host ---- */

static void
add_host(struct bundle *b)
{
    static const char *const files[] = {"/etc/os-release", "/proc/meminfo", "/proc/loadavg",
                                        "/proc/cmdline"};
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(HOST_MAX);
    struct utsname u;

    if (uname(&u) == 0)
        (void)!hf_buf_addf(&out, NULL, "%s %s %s %s\n", u.sysname, u.release, u.version, u.machine);
    for (size_t i = 0; i < HF_LEN(files); i++) {
        struct hf_error err = {0};

        if (hf_buf_addf(&out, &err, "\n== %s\n", files[i]) < 0 ||
            hf_file_read(files[i], &out, &err) < 0)
            note_error(b, files[i], err.message);
    }
    add_file(b, "host.txt", out.data ? out.data : "", out.len);
}

/* ---- logs ---- */

static void
flush_log(struct bundle *b)
{
    char name[NAME_SIZE];

    if (b->log.len == 0)
        return;
    snprintf(name, sizeof name, "%s/%.63s-%03u.log", b->folder, b->service, b->part++);
    add_file(b, name, b->log.data, b->log.len);
    hf_buf_clear(&b->log);
}

static bool
add_line(void *context, const struct hf_log_line *line)
{
    struct bundle *b = context;
    char time[HF_RFC3339_SIZE];

    hf_clock_rfc3339(line->time_ms, time);
    if (b->log.len + strlen(line->text) + sizeof time + 8 > HF_TARGZ_PART_MAX)
        flush_log(b);
    (void)!hf_buf_addf(&b->log, NULL, "%s %c %s\n", time, line->is_stderr ? 'e' : 'o', line->text);
    return !is_cancelled(b);
}

static void
begin_log(struct bundle *b, const char *folder, const char *service)
{
    b->folder = folder;
    b->service = service;
    b->part = 0;
}

static void
add_log(struct bundle *b, const char *service)
{
    const struct hf_api_config *config = b->x->api->config;
    char container[HF_HASH_SIZE] = "";
    struct hf_error err = {0};

    begin_log(b, "logs", service);
    if (hf_service_container(b->x, service, container, &err) < 0 ||
        (container[0] && config->engine_ops->logs(config->engine, container, LOG_LINES, false,
                                                  add_line, is_cancelled, b, &err) < 0))
        note_error(b, service, err.message);
    flush_log(b);
    begin_log(b, "logs-before", service);
    if (hf_archive_read(hf_core_archive(config->core), service, LOG_LINES, add_line, is_cancelled,
                        b, &err) < 0)
        note_error(b, service, err.message);
    flush_log(b);
}

static void
add_logs(struct bundle *b)
{
    const struct hf_snapshot *snapshot = hf_core_snapshot(b->x->api->config->core);

    for (size_t i = 0; i < snapshot->service_count && !is_cancelled(b); i++)
        add_log(b, snapshot->services[i].spec.service);
    hf_snapshot_unref(snapshot);
}

/* ---- the whole ---- */

/* False where it is cut off: then the answer must not look whole. */
static bool
write_all(struct bundle *b)
{
    add_answers(b);
    add_incidents(b);
    add_host(b);
    add_logs(b);
    add_file(b, "errors.txt", b->errors.data ? b->errors.data : "", b->errors.len);
    return !is_cancelled(b) && hf_targz_end(b->tar);
}

static void
send_bundle(struct hf_exchange *x)
{
    struct bundle b = {.x = x,
                       .errors = HF_BUF_INIT(ERRORS_MAX),
                       .log = HF_BUF_INIT(HF_TARGZ_PART_MAX),
                       .deadline_ms = hf_clock_mono_ms() + DEADLINE_MS};

    b.tar = hf_targz_new(send_out, &b, hf_clock_wall_ms());
    if (b.tar && hf_reply_begin(x, FILE_TYPE) && write_all(&b))
        hf_reply_end(x);
    hf_targz_free(b.tar);
    hf_buf_done(&b.errors);
    hf_buf_done(&b.log);
}

int
hf_handle_diagnostics(struct hf_exchange *x, struct hf_error *err)
{
    const struct hf_snapshot *snapshot;
    char disposition[2 * HF_NAME_SIZE + 64];

    if (hf_streams_enter(&x->api->streams, HF_STREAM_EXPORT, err) < 0)
        return -1;
    if (!x->head && hf_peer_audit(x, err, "took a diagnostic bundle") < 0) {
        hf_streams_leave(&x->api->streams, HF_STREAM_EXPORT);
        return -1;
    }
    snapshot = hf_core_snapshot(x->api->config->core);
    snprintf(disposition, sizeof disposition,
             "attachment; filename=\"holdfast-%s-diagnostics.tar.gz\"", snapshot->gateway.name);
    hf_snapshot_unref(snapshot);
    hf_reply_header(x, "Content-Disposition", disposition);
    send_bundle(x);
    hf_streams_leave(&x->api->streams, HF_STREAM_EXPORT);
    return 0;
}

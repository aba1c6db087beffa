// SPDX-License-Identifier: Apache-2.0
/* holdfast-buffer: holds records on disk until they are delivered. */
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "buffer/api.h"
#include "buffer/owner.h"
#include "buffer/settings.h"
#include "common/conf.h"
#include "common/env.h"
#include "common/httpd.h"
#include "common/pump.h"
#include "common/status.h"
#include "common/stop.h"

#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum {
    /* A waiting lease holds one: eight sinks, each with one that waits and one that works, the
     * processor, what looks, and exports. */
    HTTP_THREADS = 28,
    SETTINGS_POLL_MS = 1000,
    /* Memory goes back to the system when it is freed, and threads have no heaps of their own: a
     * batch of 4 MiB must not stay with each of them for ever. */
    MALLOC_ARENAS = 1,
    MALLOC_MAP_BYTES = 64 * 1024,
    MALLOC_TRIM_BYTES = 128 * 1024,
};

struct service {
    struct hf_conf credentials;
    struct hf_conf settings;
    struct hf_address broker;
    struct hf_account account;
    struct hf_buffer_api api;
    struct hf_owner *owner;
    struct hf_pump *pump;
    struct hf_status *status;
    char wrong[HF_STATUS_REASON_MAX]; /* guarded by api.lock */
};

static int
read_credentials(struct service *s, const struct hf_json *doc, struct hf_error *err)
{
    static const char *const names[HF_WHO_COUNT] = {
        [HF_WHO_PROCESSOR] = "processor",
        [HF_WHO_FORWARDER] = "forwarder",
        [HF_WHO_HOLDFASTD] = "holdfastd",
    };
    const struct hf_json *tokens = hf_json_get(doc, "tokens");
    struct hf_buffer_tokens read;

    if (hf_conf_account(doc, &s->account, err) < 0)
        return -1;
    for (int i = 0; i < HF_WHO_COUNT; i++)
        hf_conf_text(tokens, names[i], read.of[i], sizeof read.of[i]);
    hf_buffer_api_set_tokens(&s->api, &read);
    return 0;
}

/* What keeps the settings from being those of the files; shown until they are mended. */
static void
remember_wrong(struct service *s)
{
    const char *wrong = *s->settings.wrong ? s->settings.wrong : s->credentials.wrong;

    pthread_mutex_lock(&s->api.lock);
    hf_text_put(s->wrong, sizeof s->wrong, "%s", wrong);
    pthread_mutex_unlock(&s->api.lock);
}

static void
put_numbers(struct hf_json *to, const struct hf_owner_view *v)
{
    const struct hf_books *b = &v->status.books;

    hf_json_put_int(to, "accepted", (int64_t)b->accepted);
    hf_json_put_int(to, "delivered", (int64_t)b->delivered);
    hf_json_put_int(to, "dropped", (int64_t)b->dropped);
    hf_json_put_int(to, "quarantined", (int64_t)b->quarantined);
    hf_json_put_int(to, "held", (int64_t)b->held);
    hf_json_put_int(to, "oldest_ms", v->status.oldest_ms);
    hf_json_put_int(to, "disk_bytes", v->status.disk_bytes);
    hf_json_put_int(to, "disk_limit", v->max_bytes);
    hf_json_put_int(to, "stored_bytes", (int64_t)v->status.stored_bytes);
    hf_json_put_int(to, "last_commit_ms", v->last_commit_ms);
    hf_json_put_int(to, "commit_ms", v->commit_ms);
    hf_json_put_int(to, "commit_max_ms", v->commit_max_ms);
    hf_json_put_int(to, "waiting", (int64_t)v->waiting);
    hf_json_put_int(to, "window_ms", v->window_ms);
    hf_json_put_int(to, "sinks", (int64_t)v->status.sink_count);
}

static void
look(void *ctx, struct hf_status_view *view)
{
    struct service *s = ctx;
    struct hf_pump_numbers pump;
    struct hf_owner_view v;

    hf_owner_look(s->owner, &v);
    hf_pump_get_numbers(s->pump, &pump);
    view->state = v.open ? HF_STATE_OK : HF_STATE_STARTING;
    (void)hf_owner_state(&v, view->reason, sizeof view->reason);
    if (!*view->reason) {
        pthread_mutex_lock(&s->api.lock);
        hf_text_put(view->reason, sizeof view->reason, "%s", s->wrong);
        pthread_mutex_unlock(&s->api.lock);
    }
    if (*view->reason)
        view->state = HF_STATE_DEGRADED;
    hf_json_put_string(view->root, "epoch", v.status.books.epoch);
    hf_json_put_int(view->numbers, "subscribed", pump.subscribed);
    put_numbers(view->numbers, &v);
}

/* Records that other processors published as uplink/#. */
static int
commit_from_bus(void *ctx, const char *frames, size_t len, size_t count, int64_t *ret_window_left,
                struct hf_error *err)
{
    HF_AUTO_BATCH struct hf_batch batch = HF_BATCH_INIT;
    HF_AUTO(hf_buffer_settings) struct hf_buffer_settings *settings = NULL;
    struct service *s = ctx;
    uint64_t first, last;

    (void)count;
    settings = hf_owner_settings(s->owner);
    if (hf_batch_from_frames(&batch, frames, len, settings, err) < 0)
        return -1;
    if (hf_owner_append(s->owner, &batch, &first, &last, err) < 0)
        return -1;
    *ret_window_left = hf_owner_window_left(s->owner);
    return 0;
}

static void *
run_pump(void *arg)
{
    hf_pump_run(arg);
    return NULL;
}

static int
follow_settings(struct service *s, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    HF_AUTO(hf_buffer_settings) struct hf_buffer_settings *read = NULL;
    int rc = hf_conf_poll(&s->settings, &doc, err);

    if (rc <= 0)
        return rc;
    if (hf_buffer_settings_read(doc, &read, err) < 0) {
        hf_conf_refuse(&s->settings, err);
        return -1;
    }
    hf_owner_configure(s->owner, read);
    hf_log_info("event=settings-taken window_ms=%lld sinks=%zu", (long long)read->window_ms,
                read->sink_count);
    return 0;
}

static int
follow_credentials(struct service *s, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    int rc = hf_conf_poll(&s->credentials, &doc, err);

    if (rc <= 0)
        return rc;
    if (read_credentials(s, doc, err) < 0) {
        hf_conf_refuse(&s->credentials, err);
        return -1;
    }
    hf_pump_set_account(s->pump, &s->account);
    hf_status_set_account(s->status, &s->account);
    return 0;
}

static void
follow_conf(struct service *s)
{
    while (!hf_stop_sleep(SETTINGS_POLL_MS)) {
        struct hf_error err = {0};

        if (follow_settings(s, &err) < 0)
            hf_log_error("event=conf-wrong reason=\"%s\"", err.message);
        if (follow_credentials(s, &err) < 0)
            hf_log_error("event=conf-wrong reason=\"%s\"", err.message);
        remember_wrong(s);
    }
}

/* HTTP only on the address that the others know as ours, which is on the lease network. */
static int
start_http(struct service *s, struct hf_httpd **ret_httpd, struct hf_error *err)
{
    struct hf_address own;
    char ip[HF_IP_MAX], listen[HF_IP_MAX + 8];

    if (hf_address_parse(hf_env_buffer(), &own, err) < 0 || hf_address_await(&own, ip, err) < 0)
        return -1;
    snprintf(listen, sizeof listen, "%s:%d", ip, own.port);
    return hf_httpd_start(&(struct hf_httpd_options){.listen = listen,
                                                     .threads = HTTP_THREADS,
                                                     .handle = hf_buffer_api_handle,
                                                     .ctx = &s->api},
                          ret_httpd, err);
}

static int
start_bus(struct service *s, struct hf_error *err)
{
    const struct hf_pump_options pump = {
        .consumer = {.broker = s->broker,
                     .account = s->account,
                     .client_id = "buffer",
                     .filter = "uplink/#"},
        .strip = "uplink/",
        .commit = commit_from_bus,
        .ctx = s,
    };
    const struct hf_status_options status = {
        .service = "buffer",
        .broker = s->broker,
        .account = s->account,
        .look = look,
        .ctx = s,
    };

    if (hf_pump_new(&pump, &s->pump, err) < 0)
        return -1;
    return hf_status_start(&status, &s->status, err);
}

static int
serve(struct service *s, struct hf_error *err)
{
    HF_AUTO(hf_httpd) struct hf_httpd *httpd = NULL;
    pthread_t pump;
    int rc;

    if (start_http(s, &httpd, err) < 0)
        return hf_stopping() ? 0 : -1;
    if (start_bus(s, err) < 0)
        return -1;
    rc = pthread_create(&pump, NULL, run_pump, s->pump);
    if (rc)
        return hf_error_errno(err, rc, "cannot start the bus thread");
    hf_log_info("event=ready version=%s", HF_VERSION);
    follow_conf(s);
    pthread_join(pump, NULL);
    hf_status_stop(hf_steal(&s->status));
    return 0;
}

/* A disk that is full is a state and not the end; anything else that is wrong with it is. */
static int
prove_disk(struct hf_error *err)
{
    if (hf_file_prove_writable(hf_env_data_dir(), err) == 0)
        return 0;
    if (err->class != HF_ERROR_NO_SPACE)
        return hf_error_wrap(err, "volume %s is not writable", hf_env_data_dir());
    hf_log_error("event=disk-full reason=\"%s\"", err->message);
    return 0;
}

/* Waits for settings that can be used: the first ones may be wrong and mended later. */
static int
first_settings(struct service *s, struct hf_buffer_settings **ret_settings)
{
    for (;;) {
        HF_AUTO(hf_json) struct hf_json *doc = NULL;
        struct hf_error err = {0};

        if (hf_conf_wait(&s->settings, &doc) < 0)
            return -1;
        if (hf_buffer_settings_read(doc, ret_settings, &err) == 0)
            return 0;
        hf_conf_refuse(&s->settings, &err);
        hf_log_error("event=conf-wrong reason=\"%s\"", err.message);
    }
}

static int
run(struct service *s, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *credentials = NULL;
    HF_AUTO(hf_buffer_settings) struct hf_buffer_settings *first = NULL;
    int rc;

    if (hf_stop_init(err) < 0 || prove_disk(err) < 0 ||
        hf_address_parse(hf_env_broker(), &s->broker, err) < 0)
        return -1;
    if (hf_conf_wait(&s->credentials, &credentials) < 0 || first_settings(s, &first) < 0)
        return 0;
    if (hf_owner_start(hf_env_data_dir(), first, &s->owner, err) < 0)
        return -1;
    hf_buffer_api_init(&s->api, s->owner);
    rc = read_credentials(s, credentials, err);
    if (rc == 0)
        rc = serve(s, err);
    hf_owner_stop(hf_steal(&s->owner));
    hf_pump_free(hf_steal(&s->pump));
    hf_buffer_api_done(&s->api);
    return rc;
}

int
main(void)
{
    static struct service s = {
        .credentials = HF_CONF_INIT("credentials.json"),
        .settings = HF_CONF_INIT("settings.json"),
    };
    struct hf_error err = {0};

    (void)mallopt(M_ARENA_MAX, MALLOC_ARENAS);
    (void)mallopt(M_MMAP_THRESHOLD, MALLOC_MAP_BYTES);
    (void)mallopt(M_TRIM_THRESHOLD, MALLOC_TRIM_BYTES);
    if (run(&s, &err) == 0) {
        hf_log_info("event=stopped");
        return 0;
    }
    hf_log_error("event=failed reason=\"%s\"", err.message);
    return 1;
}

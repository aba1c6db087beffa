// SPDX-License-Identifier: Apache-2.0
/* holdfast-buffer: holds records on disk until they are delivered. */
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "buffer/api.h"
#include "buffer/owner.h"
#include "common/conf.h"
#include "common/env.h"
#include "common/httpd.h"
#include "common/pump.h"
#include "common/status.h"
#include "common/stop.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum {
    HTTP_THREADS = 6,
    SETTINGS_POLL_MS = 1000,
    STALLED_MS = 5000, /* a commit that takes longer is said */
    RESOLVE_RETRY_MS = 1000,
    WINDOW_DEFAULT_MS = 50,
    WINDOW_MAX_MS = 5000,
};

static const int64_t MAX_BYTES_DEFAULT = 1024LL * 1024 * 1024;
static const int64_t MAX_BYTES_LEAST = 16LL * 1024 * 1024;

struct service {
    struct hf_conf credentials;
    struct hf_conf settings;
    struct hf_address broker;
    struct hf_account account;
    struct hf_buffer_api api;
    struct hf_owner *owner;
    struct hf_pump *pump;
    struct hf_status *status;
};

static bool
name_is_plain(const char *name)
{
    return *name && strlen(name) < HF_GATEWAY_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
               strlen(name);
}

static int
read_settings(const struct hf_json *doc, struct hf_owner_settings *ret, struct hf_error *err)
{
    const char *gateway = hf_json_string(doc, "gateway");
    struct hf_owner_settings s = {
        .window_ms = hf_json_int(doc, "window_ms", WINDOW_DEFAULT_MS),
        .max_bytes = hf_json_int(doc, "max_bytes", MAX_BYTES_DEFAULT),
    };

    if (!gateway || !name_is_plain(gateway))
        return hf_error_set_at(err, HF_ERROR_INVALID, "/gateway", "settings: gateway is no name");
    if (s.window_ms < 0 || s.window_ms > WINDOW_MAX_MS)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/window_ms",
                               "settings: window_ms is 0 to %d", WINDOW_MAX_MS);
    if (s.max_bytes < MAX_BYTES_LEAST)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/max_bytes",
                               "settings: max_bytes is at least %lld", (long long)MAX_BYTES_LEAST);
    snprintf(s.gateway, sizeof s.gateway, "%s", gateway);
    *ret = s;
    return 0;
}

static int
read_credentials(struct service *s, const struct hf_json *doc, struct hf_error *err)
{
    const struct hf_json *tokens = hf_json_get(doc, "tokens");
    struct hf_buffer_tokens read;

    if (hf_conf_account(doc, &s->account, err) < 0)
        return -1;
    hf_conf_text(tokens, "processor", read.processor, sizeof read.processor);
    hf_conf_text(tokens, "forwarder", read.forwarder, sizeof read.forwarder);
    pthread_mutex_lock(&s->api.lock);
    s->api.tokens = read;
    pthread_mutex_unlock(&s->api.lock);
    return 0;
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
    if (v.oldest_wait_ms > STALLED_MS)
        snprintf(view->reason, sizeof view->reason, "buffer has not committed for %lld s",
                 (long long)(v.oldest_wait_ms / 1000));
    else if (*v.full)
        snprintf(view->reason, sizeof view->reason, "%s", v.full);
    else if (*v.alarm)
        snprintf(view->reason, sizeof view->reason, "%s", v.alarm);
    if (*view->reason)
        view->state = HF_STATE_DEGRADED;
    hf_json_put_string(view->root, "epoch", v.books.epoch);
    hf_json_put_int(view->numbers, "subscribed", pump.subscribed);
    hf_json_put_int(view->numbers, "accepted", (int64_t)v.books.accepted);
    hf_json_put_int(view->numbers, "delivered", (int64_t)v.books.delivered);
    hf_json_put_int(view->numbers, "dropped", (int64_t)v.books.dropped);
    hf_json_put_int(view->numbers, "held", (int64_t)v.books.held);
    hf_json_put_int(view->numbers, "oldest_ms", v.books.oldest_ms);
    hf_json_put_int(view->numbers, "disk_bytes", v.disk_bytes);
    hf_json_put_int(view->numbers, "disk_limit", v.settings.max_bytes);
    hf_json_put_int(view->numbers, "last_commit_ms", v.last_commit_ms);
    hf_json_put_int(view->numbers, "waiting", (int64_t)v.waiting);
    hf_json_put_int(view->numbers, "window_ms", v.settings.window_ms);
}

/* Records that other processors published as uplink/#. */
static int
commit_from_bus(void *ctx, const char *frames, size_t len, size_t count, struct hf_error *err)
{
    struct service *s = ctx;
    uint64_t first, last;

    return hf_owner_append(s->owner, frames, len, count, &first, &last, err);
}

static void *
run_pump(void *arg)
{
    hf_pump_run(arg);
    return NULL;
}

static void
follow_conf(struct service *s)
{
    while (!hf_stop_sleep(SETTINGS_POLL_MS)) {
        HF_AUTO(hf_json) struct hf_json *credentials = NULL;
        HF_AUTO(hf_json) struct hf_json *settings = NULL;
        struct hf_owner_settings read;
        struct hf_error err = {0};
        int rc = hf_conf_poll(&s->settings, &settings, &err);

        if (rc > 0)
            rc = read_settings(settings, &read, &err);
        if (rc == 0 && settings)
            hf_owner_configure(s->owner, &read);
        if (rc == 0)
            rc = hf_conf_poll(&s->credentials, &credentials, &err);
        if (rc > 0 && (rc = read_credentials(s, credentials, &err)) == 0) {
            hf_pump_set_account(s->pump, &s->account);
            hf_status_set_account(s->status, &s->account);
        }
        if (rc < 0)
            hf_log_error("event=conf-wrong reason=\"%s\"", err.message);
    }
}

/* HTTP only on the address that the others know as ours, which is on the lease network. */
static int
start_http(struct service *s, struct hf_httpd **ret_httpd, struct hf_error *err)
{
    struct hf_address own;
    char ip[HF_IP_MAX], listen[HF_IP_MAX + 8];
    bool said = false;

    if (hf_address_parse(hf_env_buffer(), &own, err) < 0)
        return -1;
    while (hf_address_resolve(&own, ip, err) < 0) {
        if (!said)
            hf_log_info("event=waiting-for-own-address reason=\"%s\"", err->message);
        said = true;
        if (hf_stop_sleep(RESOLVE_RETRY_MS))
            return -1;
    }
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

static int
run(struct service *s, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *credentials = NULL;
    HF_AUTO(hf_json) struct hf_json *settings = NULL;
    struct hf_owner_settings first;
    int rc;

    if (hf_stop_init(err) < 0 || prove_disk(err) < 0 ||
        hf_address_parse(hf_env_broker(), &s->broker, err) < 0)
        return -1;
    if (hf_conf_wait(&s->credentials, &credentials) < 0 ||
        hf_conf_wait(&s->settings, &settings) < 0)
        return 0;
    if (read_credentials(s, credentials, err) < 0 || read_settings(settings, &first, err) < 0 ||
        hf_owner_start(hf_env_data_dir(), &first, &s->owner, err) < 0)
        return -1;
    s->api.owner = s->owner;
    rc = serve(s, err);
    hf_owner_stop(hf_steal(&s->owner));
    hf_pump_free(hf_steal(&s->pump));
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

    pthread_mutex_init(&s.api.lock, NULL);
    if (run(&s, &err) == 0) {
        hf_log_info("event=stopped");
        return 0;
    }
    hf_log_error("event=failed reason=\"%s\"", err.message);
    return 1;
}

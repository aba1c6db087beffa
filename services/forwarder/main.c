// SPDX-License-Identifier: Apache-2.0
/* holdfast-forwarder: delivers what the buffer holds to every sink. */
#include "base/log.h"
#include "common/conf.h"
#include "common/env.h"
#include "common/status.h"
#include "common/stop.h"
#include "forwarder/api.h"

#include <arpa/inet.h>
#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum {
    SETTINGS_POLL_MS = 1000,
    HTTP_THREADS = 3, /* holdfastd alone asks, and a test takes a while */
    /* Batches come and go by the megabyte: their memory goes back to the system at once. */
    MALLOC_ARENAS = 1,
    MALLOC_OWN_BYTES = 128 * 1024,
};

struct service {
    struct hf_conf_pair conf;
    struct hf_address broker;
    struct hf_address buffer;
    struct hf_account account;
    struct hf_sinks *sinks;
    struct hf_forwarder_api api;
    struct hf_status *status;
    pthread_mutex_t lock;
    struct hf_httpd *httpd; /* NULL while it cannot listen */
    /* Guarded by lock; what is wrong with new settings, and why nobody can ask us. "": nothing. */
    char conf_error[HF_STATUS_REASON_MAX], http_error[HF_STATUS_REASON_MAX];
};

static int
configure(struct service *s, struct hf_error *err)
{
    struct hf_worker_common common = {0};
    struct hf_sink_list list = {0};
    char token[HF_SECRET_MAX];
    const char *instance = hf_json_string(s->conf.settings, "instance");

    if (hf_conf_account(s->conf.credentials, &s->account, err) < 0 ||
        hf_sink_list_read(s->conf.settings, s->conf.credentials, &list, err) < 0)
        return -1;
    snprintf(common.buffer_url, sizeof common.buffer_url, "http://%s:%d", s->buffer.host,
             s->buffer.port);
    hf_conf_text(s->conf.credentials, "buffer_token", common.buffer_token,
                 sizeof common.buffer_token);
    hf_conf_text(hf_json_get(s->conf.credentials, "tokens"), "holdfastd", token, sizeof token);
    snprintf(common.holder, sizeof common.holder, "forwarder");
    if (instance && strspn(instance, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789-_.") == strlen(instance))
        snprintf(common.holder, sizeof common.holder, "forwarder%s%.32s", *instance ? "-" : "",
                 instance);
    hf_forwarder_api_configure(&s->api, token, hf_json_string(s->conf.settings, "gateway"));
    hf_webhook_configure(&s->api.webhook, s->conf.settings, s->conf.credentials);
    hf_log_info("event=configured sinks=%zu", list.count);
    return hf_sinks_configure(s->sinks, &common, &list, err);
}

/* The worst of all sinks, for who wants one word: unset where there is none. */
static const char *
overall(const struct hf_worker_view *views, size_t count, const struct hf_worker_view **ret_worst)
{
    static const char *const names[] = {"unset", "idle", "delivering", "away", "refused"};
    int worst = 0;

    *ret_worst = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct hf_worker_view *v = &views[i];
        int rank = 1;

        if (v->away_since_ms)
            rank = v->refused ? 4 : 3;
        else if (v->state == HF_WORKER_DELIVERING)
            rank = 2;
        if (rank > worst) {
            worst = rank;
            *ret_worst = v;
        }
    }
    return names[worst];
}

static void
put_sums(struct hf_json *numbers, const struct hf_worker_view *views, size_t count)
{
    uint64_t delivered = 0, refused = 0, requests = 0, failures = 0, bytes = 0;
    int64_t last_success_ms = 0;

    for (size_t i = 0; i < count; i++) {
        delivered += views[i].delivered;
        refused += views[i].quarantined;
        requests += views[i].requests;
        failures += views[i].failures;
        bytes += views[i].bytes_out;
        if (views[i].last_success_ms > last_success_ms)
            last_success_ms = views[i].last_success_ms;
    }
    hf_json_put_int(numbers, "sinks", (int64_t)count);
    hf_json_put_int(numbers, "delivered", (int64_t)delivered);
    hf_json_put_int(numbers, "refused", (int64_t)refused);
    hf_json_put_int(numbers, "batches", (int64_t)(requests - failures));
    hf_json_put_int(numbers, "failures", (int64_t)failures);
    hf_json_put_int(numbers, "bytes_out", (int64_t)bytes);
    hf_json_put_int(numbers, "last_success_ms", last_success_ms);
}

static void
look(void *ctx, struct hf_status_view *view)
{
    struct service *s = ctx;
    HF_AUTO_FREE struct hf_worker_view *views = calloc(HF_SINKS_MAX, sizeof *views);
    size_t count = views ? hf_sinks_look(s->sinks, views) : 0;
    const struct hf_worker_view *worst;

    view->state = HF_STATE_OK;
    hf_json_put_string(view->root, "uplink", overall(views, count, &worst));
    pthread_mutex_lock(&s->lock);
    snprintf(view->reason, sizeof view->reason, "%s",
             *s->conf_error ? s->conf_error : s->http_error);
    pthread_mutex_unlock(&s->lock);
    for (size_t i = 0; i < count && !*view->reason; i++) {
        if (*views[i].buffer_error)
            snprintf(view->reason, sizeof view->reason, "%s", views[i].buffer_error);
        else if (views[i].refused)
            snprintf(view->reason, sizeof view->reason, "sink %s: %.200s", views[i].name,
                     views[i].last_error);
    }
    if (*view->reason)
        view->state = HF_STATE_DEGRADED;
    hf_json_put_string(view->root, "last_error", worst ? worst->last_error : "");
    hf_json_put_int(view->numbers, "attempt", worst ? worst->attempt : 0);
    hf_json_put_int(view->numbers, "last_status", worst ? worst->last_status : 0);
    hf_json_put_int(view->numbers, "next_try_ms", worst ? worst->next_try_ms : 0);
    put_sums(view->numbers, views, count);
}

static void
set_conf_error(struct service *s, const struct hf_error *err)
{
    if (err)
        hf_log_error("event=conf-wrong reason=\"%s\"", err->message);
    pthread_mutex_lock(&s->lock);
    snprintf(s->conf_error, sizeof s->conf_error, "%.*s", HF_STATUS_REASON_MAX - 1,
             err ? err->message : "");
    pthread_mutex_unlock(&s->lock);
}

/* Our address as the buffer sees it: the one on the network that only the record path has. */
static int
find_own_address(const struct hf_address *buffer, char ret_ip[HF_IP_MAX], struct hf_error *err)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)buffer->port)};
    socklen_t len = sizeof a;
    HF_AUTO_CLOSE int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (hf_address_resolve(buffer, ret_ip, err) < 0)
        return -1;
    if (fd < 0 || inet_pton(AF_INET, ret_ip, &a.sin_addr) != 1 ||
        connect(fd, (struct sockaddr *)&a, sizeof a) < 0 ||
        getsockname(fd, (struct sockaddr *)&a, &len) < 0 ||
        !inet_ntop(AF_INET, &a.sin_addr, ret_ip, HF_IP_MAX))
        return hf_error_errno(err, errno, "no way to the buffer");
    return 0;
}

static int
start_http(struct service *s, struct hf_error *err)
{
    struct hf_address own;
    char ip[HF_IP_MAX], listen[HF_IP_MAX + 8];

    if (hf_address_parse(hf_env_forwarder(), &own, err) < 0 ||
        find_own_address(&s->buffer, ip, err) < 0)
        return -1;
    snprintf(listen, sizeof listen, "%s:%d", ip, own.port);
    return hf_httpd_start(&(struct hf_httpd_options){.listen = listen,
                                                     .threads = HTTP_THREADS,
                                                     .handle = hf_forwarder_api_handle,
                                                     .ctx = &s->api},
                          &s->httpd, err);
}

/* A container may start before the name of the buffer is known, and a port become free later.
 * Delivering does not wait for who looks on. */
static void
tend_http(struct service *s)
{
    struct hf_error err = {0};

    if (s->httpd)
        return;
    if (start_http(s, &err) < 0 && strcmp(s->http_error, err.message) != 0)
        hf_log_error("event=not-to-be-asked reason=\"%s\"", err.message);
    pthread_mutex_lock(&s->lock);
    snprintf(s->http_error, sizeof s->http_error, "%.*s", HF_STATUS_REASON_MAX - 1,
             s->httpd ? "" : err.message);
    pthread_mutex_unlock(&s->lock);
}

static void
follow_conf(struct service *s)
{
    while (!hf_stop_sleep(SETTINGS_POLL_MS)) {
        struct hf_error err = {0};
        int rc = hf_conf_pair_poll(&s->conf, &err);

        if (rc > 0) {
            rc = configure(s, &err);
            hf_status_set_account(s->status, &s->account);
            if (rc == 0)
                set_conf_error(s, NULL);
            else
                hf_conf_pair_refuse(&s->conf, &err);
        }
        if (rc < 0)
            set_conf_error(s, &err);
        tend_http(s);
    }
}

static int
serve(struct service *s, struct hf_error *err)
{
    const struct hf_status_options status = {
        .service = "forwarder",
        .broker = s->broker,
        .account = s->account,
        .look = look,
        .ctx = s,
    };

    if (hf_status_start(&status, &s->status, err) < 0)
        return -1;
    tend_http(s);
    hf_log_info("event=ready version=%s", HF_VERSION);
    follow_conf(s);
    hf_status_stop(hf_steal(&s->status));
    hf_httpd_stop(hf_steal(&s->httpd));
    return 0;
}

static int
run(struct service *s, struct hf_error *err)
{
    if (hf_stop_init(err) < 0 || hf_address_parse(hf_env_broker(), &s->broker, err) < 0 ||
        hf_address_parse(hf_env_buffer(), &s->buffer, err) < 0)
        return -1;
    if (hf_conf_pair_wait(&s->conf) < 0)
        return 0;
    if (hf_sinks_new(&s->sinks, err) < 0)
        return -1;
    s->api.sinks = s->sinks;
    /* Wrong settings are a state and not the end: it is said, and new ones are taken. */
    if (configure(s, err) < 0)
        set_conf_error(s, err);
    return serve(s, err);
}

int
main(void)
{
    static struct service s;
    struct hf_error err = {0};
    int rc;

    mallopt(M_ARENA_MAX, MALLOC_ARENAS);
    mallopt(M_MMAP_THRESHOLD, MALLOC_OWN_BYTES);
    mallopt(M_TRIM_THRESHOLD, MALLOC_OWN_BYTES);
    s.conf = HF_CONF_PAIR_INIT;
    pthread_mutex_init(&s.lock, NULL);
    pthread_mutex_init(&s.api.lock, NULL);
    hf_webhook_init(&s.api.webhook);
    rc = run(&s, &err);
    hf_sinks_free(s.sinks);
    if (rc < 0)
        hf_log_error("event=failed reason=\"%s\"", err.message);
    else
        hf_log_info("event=stopped");
    hf_conf_pair_done(&s.conf);
    return rc < 0 ? 1 : 0;
}

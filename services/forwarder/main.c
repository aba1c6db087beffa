// SPDX-License-Identifier: Apache-2.0
/* holdfast-forwarder: delivers what the buffer holds to the uplink. */
#include "base/log.h"
#include "common/conf.h"
#include "common/env.h"
#include "common/http.h"
#include "common/status.h"
#include "common/stop.h"
#include "forwarder/deliver.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { SETTINGS_POLL_MS = 1000 };

struct service {
    struct hf_conf credentials;
    struct hf_conf settings;
    struct hf_json *credentials_doc;
    struct hf_json *settings_doc;
    struct hf_address broker;
    struct hf_account account;
    struct hf_deliver *deliver;
    struct hf_status *status;
};

static int
read_conf(const struct service *s, struct hf_deliver_settings *ret, struct hf_error *err)
{
    const struct hf_json *uplink = hf_json_get(s->settings_doc, "uplink");
    const char *url = hf_json_string(uplink, "url");
    const char *pem = hf_json_string(uplink, "ca_pem");

    *ret = (struct hf_deliver_settings){0};
    hf_conf_text(s->settings_doc, "gateway", ret->gateway, sizeof ret->gateway);
    hf_conf_text(s->credentials_doc, "buffer_token", ret->buffer_token, sizeof ret->buffer_token);
    hf_conf_text(s->credentials_doc, "uplink_token", ret->uplink_token, sizeof ret->uplink_token);
    if (!*ret->gateway || strpbrk(ret->gateway, "\r\n /"))
        return hf_error_set_at(err, HF_ERROR_INVALID, "/gateway", "settings: gateway is no name");
    if (url && strlen(url) >= sizeof ret->url)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/uplink/url",
                               "settings: the uplink's address is too long");
    hf_conf_text(uplink, "url", ret->url, sizeof ret->url);
    if (pem && *pem && !(ret->ca_pem = strdup(pem)))
        return hf_error_nomem(err);
    return 0;
}

static int
configure(struct service *s, struct hf_error *err)
{
    struct hf_deliver_settings settings;
    char url[HF_URL_MAX];

    if (hf_conf_account(s->credentials_doc, &s->account, err) < 0 ||
        read_conf(s, &settings, err) < 0)
        return -1;
    hf_http_safe_url(settings.url, url, sizeof url);
    hf_log_info("event=configured uplink=\"%s\"", url);
    hf_deliver_configure(s->deliver, &settings);
    return 0;
}

static void
look(void *ctx, struct hf_status_view *view)
{
    static const char *const names[HF_UPLINK_COUNT] = {"unset", "idle", "delivering", "away",
                                                       "refused"};
    struct service *s = ctx;
    struct hf_deliver_view v;

    hf_deliver_look(s->deliver, &v);
    view->state = HF_STATE_OK;
    if (*v.buffer_error)
        snprintf(view->reason, sizeof view->reason, "%s", v.buffer_error);
    else if (v.uplink == HF_UPLINK_REFUSED)
        snprintf(view->reason, sizeof view->reason, "%s", v.last_error);
    if (*view->reason)
        view->state = HF_STATE_DEGRADED;
    hf_json_put_string(view->root, "uplink", names[v.uplink]);
    hf_json_put_string(view->root, "last_error", v.last_error);
    hf_json_put_int(view->numbers, "delivered", (int64_t)v.delivered);
    hf_json_put_int(view->numbers, "batches", (int64_t)v.batches);
    hf_json_put_int(view->numbers, "failures", (int64_t)v.failures);
    hf_json_put_int(view->numbers, "attempt", v.attempt);
    hf_json_put_int(view->numbers, "last_status", v.last_status);
    hf_json_put_int(view->numbers, "last_success_ms", v.last_success_ms);
    hf_json_put_int(view->numbers, "next_try_ms", v.next_try_ms);
}

/* Reads one of the two files again if it is new; the tree of before stays where it is wrong. */
static int
renew(struct hf_conf *conf, struct hf_json **doc, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *read = NULL;
    int rc = hf_conf_poll(conf, &read, err);

    if (rc > 0) {
        hf_json_free(*doc);
        *doc = hf_steal(&read);
    }
    return rc;
}

static void
follow_conf(struct service *s)
{
    while (!hf_stop_sleep(SETTINGS_POLL_MS)) {
        struct hf_error err = {0};
        int credentials = renew(&s->credentials, &s->credentials_doc, &err);
        int settings = credentials < 0 ? -1 : renew(&s->settings, &s->settings_doc, &err);
        int rc = settings;

        if (settings >= 0 && (credentials > 0 || settings > 0)) {
            rc = configure(s, &err);
            hf_status_set_account(s->status, &s->account);
        }
        if (rc < 0)
            hf_log_error("event=conf-wrong reason=\"%s\"", err.message);
    }
}

static void *
run_deliver(void *arg)
{
    hf_deliver_run(arg);
    return NULL;
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
    pthread_t thread;
    int rc;

    if (hf_status_start(&status, &s->status, err) < 0)
        return -1;
    rc = pthread_create(&thread, NULL, run_deliver, s->deliver);
    if (rc)
        return hf_error_errno(err, rc, "cannot start delivering");
    hf_log_info("event=ready version=%s", HF_VERSION);
    follow_conf(s);
    pthread_join(thread, NULL);
    hf_status_stop(hf_steal(&s->status));
    return 0;
}

static int
run(struct service *s, struct hf_error *err)
{
    struct hf_address buffer;
    char url[HF_HOST_MAX + 32];

    if (hf_stop_init(err) < 0 || hf_address_parse(hf_env_broker(), &s->broker, err) < 0 ||
        hf_address_parse(hf_env_buffer(), &buffer, err) < 0)
        return -1;
    snprintf(url, sizeof url, "http://%s:%d", buffer.host, buffer.port);
    if (hf_conf_wait(&s->credentials, &s->credentials_doc) < 0 ||
        hf_conf_wait(&s->settings, &s->settings_doc) < 0)
        return 0;
    if (hf_deliver_new(url, &s->deliver, err) < 0 || configure(s, err) < 0)
        return -1;
    return serve(s, err);
}

int
main(void)
{
    static struct service s = {
        .credentials = HF_CONF_INIT("credentials.json"),
        .settings = HF_CONF_INIT("settings.json"),
    };
    struct hf_error err = {0};
    int rc = run(&s, &err);

    if (rc < 0)
        hf_log_error("event=failed reason=\"%s\"", err.message);
    else
        hf_log_info("event=stopped");
    hf_deliver_free(s.deliver);
    hf_json_free(s.credentials_doc);
    hf_json_free(s.settings_doc);
    return rc < 0 ? 1 : 0;
}

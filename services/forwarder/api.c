// SPDX-License-Identifier: Apache-2.0
#include "forwarder/api.h"

#include "json/json.h"

#include <stdio.h>
#include <string.h>

enum { BODY_MAX = 128 * 1024 /* a sink with its certificates; holdfastd takes half of that */ };

static struct hf_json *
sink_as_json(const struct hf_worker_view *v)
{
    static const char *const states[HF_WORKER_STATE_COUNT] = {"idle", "delivering", "away",
                                                              "refused", "half-open"};
    static const char *const circuits[HF_CIRCUIT_STATE_COUNT] = {"closed", "open", "half-open"};
    struct hf_json *o = hf_json_object();

    hf_json_put_string(o, "sink", v->name);
    hf_json_put_string(o, "type", hf_sink_type_name(v->type));
    hf_json_put_string(o, "url", v->url);
    hf_json_put_string(o, "state", states[v->state]);
    hf_json_put_string(o, "circuit", circuits[v->circuit]);
    hf_json_put_int(o, "attempt", v->attempt);
    hf_json_put_int(o, "last_status", v->last_status);
    hf_json_put_string(o, "last_error", *v->last_error ? v->last_error : v->buffer_error);
    hf_json_put_int(o, "last_success_ms", v->last_success_ms);
    hf_json_put_int(o, "next_try_ms", v->next_try_ms);
    hf_json_put_int(o, "away_since_ms", v->away_since_ms);
    hf_json_put_int(o, "delivered", (int64_t)v->delivered);
    hf_json_put_int(o, "refused", (int64_t)v->quarantined);
    hf_json_put_int(o, "unacknowledged", (int64_t)v->unacknowledged);
    hf_json_put_int(o, "requests", (int64_t)v->requests);
    hf_json_put_int(o, "failures", (int64_t)v->failures);
    hf_json_put_int(o, "bytes_out", (int64_t)v->bytes_out);
    hf_json_put_int(o, "latency_ms", v->latency_ms);
    hf_json_put_int(o, "batch_bytes", v->batch_bytes);
    return o;
}

static void
give_sinks(struct hf_forwarder_api *api, struct hf_request *q)
{
    HF_AUTO(hf_json) struct hf_json *doc = hf_json_object();
    HF_AUTO_FREE struct hf_worker_view *views = calloc(HF_SINKS_MAX, sizeof *views);
    struct hf_json *array = hf_json_array();
    size_t count = views ? hf_sinks_look(api->sinks, views) : 0;

    for (size_t i = 0; i < count; i++)
        hf_json_add(array, sink_as_json(&views[i]));
    hf_json_put(doc, "sinks", array);
    hf_request_answer_json(q, doc);
}

static void
give_steps(struct hf_request *q, const struct hf_sink_steps *steps)
{
    HF_AUTO(hf_json) struct hf_json *doc = hf_json_object();
    struct hf_json *array = hf_json_array();

    for (size_t i = 0; i < steps->count; i++) {
        struct hf_json *step = hf_json_object();

        hf_json_put_string(step, "step", steps->steps[i].step);
        hf_json_put_bool(step, "ok", steps->steps[i].ok);
        hf_json_put_int(step, "ms", steps->steps[i].ms);
        hf_json_put_string(step, "detail", steps->steps[i].detail);
        hf_json_add(array, step);
    }
    hf_json_put(doc, "steps", array);
    hf_request_answer_json(q, doc);
}

/* As a sink that is in settings.json alone, with its secrets in credentials.json. */
static int
read_settings(struct hf_forwarder_api *api, const struct hf_json *asked,
              struct hf_sink_list *ret_list, struct hf_error *err)
{
    const struct hf_json *sink = hf_json_get(asked, "settings");
    const struct hf_json *its = hf_json_get(asked, "secrets");
    HF_AUTO(hf_json) struct hf_json *settings = hf_json_object();
    HF_AUTO(hf_json) struct hf_json *credentials = hf_json_object();
    struct hf_json *sinks = hf_json_array(), *secrets = hf_json_object();
    const char *name = hf_json_string(sink, "name");
    char gateway[HF_GATEWAY_MAX];

    pthread_mutex_lock(&api->lock);
    memcpy(gateway, api->gateway, sizeof gateway);
    pthread_mutex_unlock(&api->lock);
    hf_json_put_string(settings, "gateway", gateway);
    hf_json_add(sinks, hf_json_copy(sink));
    hf_json_put(settings, "sinks", sinks);
    if (name && its)
        hf_json_put(secrets, name, hf_json_copy(its));
    hf_json_put(credentials, "sinks", secrets);
    return hf_sink_list_read(settings, credentials, ret_list, err);
}

static int
test_settings(struct hf_forwarder_api *api, const struct hf_json *asked,
              struct hf_sink_steps *ret_steps, struct hf_error *err)
{
    struct hf_sink_list list = {0};
    int rc;

    if (read_settings(api, asked, &list, err) < 0)
        return -1;
    rc = hf_sinks_try(api->sinks, &list.sinks[0], ret_steps, err);
    hf_sink_list_done(&list);
    return rc;
}

static int
read_test(struct hf_request *q, struct hf_json **ret_asked, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {{"sink", HF_JSON_STRING, false},
                                                  {"settings", HF_JSON_OBJECT, false},
                                                  {"secrets", HF_JSON_OBJECT, false}};
    HF_AUTO_BUF struct hf_buf body = HF_BUF_INIT(BODY_MAX);
    HF_AUTO(hf_json) struct hf_json *doc = NULL;

    if (hf_request_body(q, &body, err) < 0 ||
        hf_json_parse(body.data ? body.data : "", body.len, &doc, err) < 0 ||
        hf_json_check(doc, "", fields, HF_LEN(fields), err) < 0)
        return -1;
    if (!hf_json_get(doc, "sink") == !hf_json_get(doc, "settings"))
        return hf_error_set_at(err, HF_ERROR_INVALID, "/sink",
                               "say which sink, or give the settings of one");
    *ret_asked = hf_steal(&doc);
    return 0;
}

static void
test_sink(struct hf_forwarder_api *api, struct hf_request *q)
{
    HF_AUTO(hf_json) struct hf_json *asked = NULL;
    struct hf_sink_steps steps = {0};
    struct hf_error err = {0};
    const char *name;
    int rc = read_test(q, &asked, &err);

    name = hf_json_string(asked, "sink");
    if (rc == 0)
        rc = name ? hf_sinks_test(api->sinks, name, &steps, &err)
                  : test_settings(api, asked, &steps, &err);
    if (rc < 0)
        hf_request_answer_error(q, &err);
    else
        give_steps(q, &steps);
}

static void
tell_webhook(struct hf_forwarder_api *api, struct hf_request *q)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_WEBHOOK_BODY_MAX);
    HF_AUTO(hf_json) struct hf_json *request = NULL;
    struct hf_error err = {0};

    if (hf_request_body(q, &text, &err) < 0 ||
        hf_json_parse(text.data ? text.data : "", text.len, &request, &err) < 0 ||
        hf_webhook_post(&api->webhook, request, &err) < 0)
        hf_request_answer_error(q, &err);
    else
        hf_request_answer(q, 200, "application/json", NULL, "{}", 2);
}

void
hf_forwarder_api_configure(struct hf_forwarder_api *api, const char *token, const char *gateway)
{
    pthread_mutex_lock(&api->lock);
    snprintf(api->token, sizeof api->token, "%s", token);
    snprintf(api->gateway, sizeof api->gateway, "%s", gateway);
    pthread_mutex_unlock(&api->lock);
}

void
hf_forwarder_api_handle(void *ctx, struct hf_request *q)
{
    struct hf_forwarder_api *api = ctx;
    char token[HF_SECRET_MAX];

    pthread_mutex_lock(&api->lock);
    memcpy(token, api->token, sizeof token);
    pthread_mutex_unlock(&api->lock);
    if (!hf_request_bears(q, token))
        hf_request_refuse(q, HF_ERROR_UNAUTHORIZED, "the token is wrong");
    else if (hf_request_is(q, "GET", "/v1/sinks"))
        give_sinks(api, q);
    else if (hf_request_is(q, "POST", "/v1/sinks/test"))
        test_sink(api, q);
    else if (hf_request_is(q, "POST", "/v1/webhook"))
        tell_webhook(api, q);
    else
        hf_request_refuse(q, HF_ERROR_NOT_FOUND, "there is nothing here");
}

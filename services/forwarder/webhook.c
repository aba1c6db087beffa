// SPDX-License-Identifier: Apache-2.0
#include "forwarder/webhook.h"

#include "common/http.h"

#include <stdio.h>
#include <string.h>

enum {
    KEY_MAX = 128,
    CONNECT_MS = 5000,
    TIMEOUT_MS = 8000, /* less than holdfastd waits for us */
    ANSWER_MAX = 4096
};

void
hf_webhook_init(struct hf_webhook *w)
{
    *w = (struct hf_webhook){.url = ""};
    pthread_mutex_init(&w->lock, NULL);
}

void
hf_webhook_configure(struct hf_webhook *w, const struct hf_json *settings,
                     const struct hf_json *credentials)
{
    pthread_mutex_lock(&w->lock);
    hf_conf_text(hf_json_get(settings, "alarms_webhook"), "url", w->url, sizeof w->url);
    hf_conf_text(credentials, "alarms_webhook_token", w->token, sizeof w->token);
    pthread_mutex_unlock(&w->lock);
}

static int
send_body(struct hf_webhook *w, const char *key, const char *body, struct hf_error *err)
{
    HF_AUTO(hf_http) struct hf_http *http = NULL;
    char url[HF_WEBHOOK_URL_MAX], token[HF_SECRET_MAX], header[KEY_MAX + 32];
    const char *const headers[] = {header, NULL};
    struct hf_http_request request = {
        .url = url,
        .content_type = "application/json",
        .bearer = token,
        .headers = headers,
        .body = body,
        .body_len = strlen(body),
        .connect_timeout_ms = CONNECT_MS,
        .timeout_ms = TIMEOUT_MS,
    };
    struct hf_http_response answer;
    int rc;

    pthread_mutex_lock(&w->lock);
    memcpy(url, w->url, sizeof url);
    memcpy(token, w->token, sizeof token);
    pthread_mutex_unlock(&w->lock);
    if (!*url)
        return hf_error_set(err, HF_ERROR_NOT_FOUND, "no webhook is set");
    snprintf(header, sizeof header, "Idempotency-Key: %s", key);
    if (hf_http_new(&http, err) < 0)
        return -1;
    hf_http_response_init(&answer, ANSWER_MAX);
    answer.cut = true;
    rc = hf_http_post(http, &request, &answer, err);
    if (rc == 0 && (answer.status < 200 || answer.status > 299))
        rc = hf_http_problem(&answer, "the webhook", err);
    hf_http_response_done(&answer);
    return rc;
}

int
hf_webhook_post(struct hf_webhook *w, const struct hf_json *request, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {{"key", HF_JSON_STRING, true},
                                                  {"body", HF_JSON_OBJECT, true}};
    HF_AUTO_FREE char *body = NULL;
    const char *key;

    if (hf_json_check(request, "", fields, HF_LEN(fields), err) < 0)
        return -1;
    key = hf_json_string(request, "key");
    if (strlen(key) > KEY_MAX || strpbrk(key, "\r\n"))
        return hf_error_set_at(err, HF_ERROR_INVALID, "/key", "a key has at most %d characters",
                               KEY_MAX);
    if (hf_json_print(hf_json_get(request, "body"), &body, err) < 0)
        return -1;
    return send_body(w, key, body, err);
}

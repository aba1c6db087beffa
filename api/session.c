// SPDX-License-Identifier: Apache-2.0
#include "api/handlers.h"

#include "api/codec.h"
#include "api/server.h"
#include "base/log.h"
#include "model/settings.h"

#include <stdio.h>
#include <string.h>

enum { COOKIE_SIZE = HF_TOKEN_SIZE + 96 };

static void
set_cookie(struct hf_exchange *x, const char *token, const char *more)
{
    char cookie[COOKIE_SIZE];

    snprintf(cookie, sizeof cookie,
             "__Host-holdfast=%s; Path=/; HttpOnly; Secure; SameSite=Strict%s", token, more);
    hf_reply_header(x, "Set-Cookie", cookie);
    explicit_bzero(cookie, sizeof cookie);
}

static int
welcome(struct hf_exchange *x, int status, const struct hf_login *login, struct hf_error *err)
{
    set_cookie(x, login->token, "");
    x->session = login->session;
    return hf_reply_json(x, status, hf_codec_session(&login->session), err);
}

int
hf_handle_claim_state(struct hf_exchange *x, struct hf_error *err)
{
    const struct hf_api_config *config = x->api->config;
    const struct hf_snapshot *snapshot = hf_core_snapshot(config->core);
    struct hf_json *o = hf_json_object();
    char fingerprint[HF_FINGERPRINT_SIZE];

    hf_certificates_fingerprint(config->certificates, fingerprint);
    hf_json_put_bool(o, "claimed", hf_identity_claimed(config->identity));
    hf_json_put_string(o, "name", snapshot->gateway.name);
    hf_json_put_string(o, "fingerprint", fingerprint);
    hf_snapshot_unref(snapshot);
    return hf_reply_json(x, 200, o, err);
}

int
hf_handle_claim(struct hf_exchange *x, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"setup_code", HF_JSON_STRING, true},
        {"password", HF_JSON_STRING, true},
        {"name", HF_JSON_STRING, false},
    };
    const struct hf_api_config *config = x->api->config;
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_login login = {0};
    struct hf_error late = {0};
    const char *name;

    if (hf_exchange_json(x, fields, HF_LEN(fields), &doc, err) < 0)
        return -1;
    name = hf_json_string(doc, "name");
    if (name && hf_settings_check_name(name, "/name", err) < 0)
        return -1;
    if (hf_identity_claim(config->identity, hf_json_string(doc, "setup_code"),
                          hf_json_string(doc, "password"), x->peer, &login, err) < 0) {
        x->retry_after_s = login.retry_after_s;
        return -1;
    }
    /* The gateway is claimed from here on; a name that could not be kept is no reason to say no. */
    if (hf_core_claimed(config->core, name, &late) < 0)
        hf_log_error("event=claim-name-lost reason=\"%s\"", late.message);
    return welcome(x, 201, &login, err);
}

int
hf_handle_login(struct hf_exchange *x, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"user", HF_JSON_STRING, true},
        {"password", HF_JSON_STRING, true},
    };
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_login login = {0};

    if (hf_exchange_json(x, fields, HF_LEN(fields), &doc, err) < 0)
        return -1;
    if (hf_identity_login(x->api->config->identity, hf_json_string(doc, "user"),
                          hf_json_string(doc, "password"), x->peer, &login, err) < 0) {
        x->retry_after_s = login.retry_after_s;
        return -1;
    }
    return welcome(x, 200, &login, err);
}

int
hf_handle_logout(struct hf_exchange *x, struct hf_error *err)
{
    (void)err;
    if (x->token[0])
        hf_identity_logout(x->api->config->identity, x->token);
    set_cookie(x, "", "; Max-Age=0");
    hf_reply(x, 204, NULL, "no-store", NULL, 0);
    return 0;
}

int
hf_handle_session(struct hf_exchange *x, struct hf_error *err)
{
    return hf_reply_json(x, 200, hf_codec_session(&x->session), err);
}

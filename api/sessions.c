// SPDX-License-Identifier: Apache-2.0
#include "api/handlers.h"

#include "api/server.h"

int
hf_handle_reauth(struct hf_exchange *x, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {{"password", HF_JSON_STRING, true}};
    const struct hf_actor actor = {&x->session, x->peer};
    HF_AUTO(hf_json) struct hf_json *doc = NULL;

    if (hf_exchange_json(x, fields, HF_LEN(fields), &doc, err) < 0 ||
        hf_identity_prove(x->api->config->identity, &actor, hf_json_string(doc, "password"),
                          &x->retry_after_s, err) < 0)
        return -1;
    hf_reply(x, 204, NULL, "no-store", NULL, 0);
    return 0;
}

static struct hf_json *
encode(const struct hf_session_info *s)
{
    struct hf_json *o = hf_json_object();

    hf_json_put_string(o, "id", s->id);
    hf_json_put_string(o, "user", s->user);
    hf_json_put_string(o, "role", hf_role_name(s->role));
    hf_json_put_string(o, "address", s->address[0] ? s->address : NULL);
    hf_json_put_time(o, "created", s->created_ms);
    hf_json_put_time(o, "used", s->used_ms);
    hf_json_put_time(o, "expires", s->expires_ms);
    hf_json_put_bool(o, "current", s->current);
    return o;
}

int
hf_handle_sessions(struct hf_exchange *x, struct hf_error *err)
{
    const struct hf_actor actor = {&x->session, x->peer};
    struct hf_json *o = hf_json_object(), *all = hf_json_array();
    struct hf_session_info list[HF_SESSIONS_MAX];
    size_t count;

    hf_identity_sessions(x->api->config->identity, &actor, list, &count);
    for (size_t i = 0; i < count; i++)
        hf_json_add(all, encode(&list[i]));
    hf_json_put(o, "sessions", all);
    return hf_reply_json(x, 200, o, err);
}

int
hf_handle_session_end(struct hf_exchange *x, struct hf_error *err)
{
    const struct hf_actor actor = {&x->session, x->peer};

    if (hf_identity_end_session(x->api->config->identity, &actor, x->param, err) < 0)
        return -1;
    hf_reply(x, 204, NULL, "no-store", NULL, 0);
    return 0;
}

int
hf_handle_sessions_end(struct hf_exchange *x, struct hf_error *err)
{
    const struct hf_actor actor = {&x->session, x->peer};

    if (hf_identity_end_sessions(x->api->config->identity, &actor, err) < 0)
        return -1;
    hf_reply(x, 204, NULL, "no-store", NULL, 0);
    return 0;
}

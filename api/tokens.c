// SPDX-License-Identifier: Apache-2.0
#include "api/handlers.h"

#include "api/server.h"

#include <string.h>

static struct hf_json *
encode(const struct hf_token *t)
{
    struct hf_json *o = hf_json_object();

    hf_json_put_string(o, "id", t->id);
    hf_json_put_string(o, "user", t->user);
    hf_json_put_string(o, "name", t->name);
    hf_json_put_string(o, "role", hf_role_name(t->role));
    hf_json_put_time(o, "created", t->created_ms);
    hf_json_put_time(o, "expires", t->expires_ms);
    hf_json_put_time(o, "used", t->used_ms);
    return o;
}

int
hf_handle_tokens(struct hf_exchange *x, struct hf_error *err)
{
    const struct hf_actor actor = {&x->session, x->peer};
    struct hf_json *o = hf_json_object(), *all = hf_json_array();
    struct hf_token list[HF_TOKENS_MAX];
    size_t count;

    hf_identity_tokens(x->api->config->identity, &actor, list, &count);
    for (size_t i = 0; i < count; i++)
        hf_json_add(all, encode(&list[i]));
    hf_json_put(o, "tokens", all);
    return hf_reply_json(x, 200, o, err);
}

int
hf_handle_token_add(struct hf_exchange *x, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"name", HF_JSON_STRING, true},
        {"role", HF_JSON_STRING, true},
        {"days", HF_JSON_INT, true},
    };
    const struct hf_actor actor = {&x->session, x->peer};
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    char text[HF_API_TOKEN_SIZE];
    struct hf_json *o;
    struct hf_token token;
    enum hf_role role;
    int64_t days;

    if (hf_exchange_json(x, fields, HF_LEN(fields), &doc, err) < 0 ||
        hf_role_read(hf_json_string(doc, "role"), "/role", &role, err) < 0)
        return -1;
    days = hf_json_int(doc, "days", 0);
    if (days < 1 || days > HF_API_TOKEN_DAYS_MAX)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/days", "/days: must be 1 to %d",
                               HF_API_TOKEN_DAYS_MAX);
    if ((role == HF_ROLE_ADMIN && x->session.role == HF_ROLE_ADMIN &&
         hf_exchange_need_proof(x, err) < 0) ||
        hf_identity_add_token(x->api->config->identity, &actor, hf_json_string(doc, "name"), role,
                              (int)days, text, &token, err) < 0)
        return -1;
    o = encode(&token);
    hf_json_put_string(o, "token", text);
    explicit_bzero(text, sizeof text);
    return hf_reply_json(x, 201, o, err);
}

int
hf_handle_token_revoke(struct hf_exchange *x, struct hf_error *err)
{
    const struct hf_actor actor = {&x->session, x->peer};

    if (hf_identity_revoke_token(x->api->config->identity, &actor, x->param, err) < 0)
        return -1;
    hf_reply(x, 204, NULL, "no-store", NULL, 0);
    return 0;
}

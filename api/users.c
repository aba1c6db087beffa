// SPDX-License-Identifier: Apache-2.0
#include "api/handlers.h"

#include "api/server.h"

#include <stdio.h>

static struct hf_json *
encode(const struct hf_user *u)
{
    struct hf_json *o = hf_json_object();

    hf_json_put_string(o, "name", u->name);
    hf_json_put_string(o, "role", hf_role_name(u->role));
    hf_json_put_bool(o, "disabled", u->disabled);
    hf_json_put_time(o, "created", u->created_ms);
    hf_json_put_int(o, "sessions", u->sessions);
    hf_json_put_int(o, "tokens", u->tokens);
    return o;
}

int
hf_handle_users(struct hf_exchange *x, struct hf_error *err)
{
    struct hf_json *o = hf_json_object(), *all = hf_json_array();
    struct hf_user list[HF_ACCOUNTS_MAX];
    size_t count;

    hf_identity_users(x->api->config->identity, list, &count);
    for (size_t i = 0; i < count; i++)
        hf_json_add(all, encode(&list[i]));
    hf_json_put(o, "users", all);
    return hf_reply_json(x, 200, o, err);
}

int
hf_handle_user(struct hf_exchange *x, struct hf_error *err)
{
    struct hf_user user;

    if (hf_identity_user(x->api->config->identity, x->param, &user, err) < 0)
        return -1;
    return hf_reply_json(x, 200, encode(&user), err);
}

int
hf_handle_user_add(struct hf_exchange *x, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"name", HF_JSON_STRING, true},
        {"password", HF_JSON_STRING, true},
        {"role", HF_JSON_STRING, true},
    };
    const struct hf_actor actor = {&x->session, x->peer};
    char location[sizeof "/api/v1/users/" + HF_NAME_SIZE];
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_user user;
    enum hf_role role;

    if (hf_exchange_json(x, fields, HF_LEN(fields), &doc, err) < 0 ||
        hf_role_read(hf_json_string(doc, "role"), "/role", &role, err) < 0 ||
        hf_identity_add_user(x->api->config->identity, &actor, hf_json_string(doc, "name"),
                             hf_json_string(doc, "password"), role, &user, err) < 0)
        return -1;
    snprintf(location, sizeof location, "/api/v1/users/%s", user.name);
    hf_reply_header(x, "Location", location);
    return hf_reply_json(x, 201, encode(&user), err);
}

int
hf_handle_user_change(struct hf_exchange *x, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"password", HF_JSON_STRING, false},
        {"role", HF_JSON_STRING, false},
        {"disabled", HF_JSON_BOOL, false},
    };
    const struct hf_actor actor = {&x->session, x->peer};
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_user_change change = {0};
    struct hf_user user;
    const char *role;

    if (hf_exchange_json(x, fields, HF_LEN(fields), &doc, err) < 0)
        return -1;
    role = hf_json_string(doc, "role");
    change.password = hf_json_string(doc, "password");
    change.has_role = role != NULL;
    change.has_disabled = hf_json_get(doc, "disabled") != NULL;
    change.disabled = hf_json_bool(doc, "disabled", false);
    if ((role && hf_role_read(role, "/role", &change.role, err) < 0) ||
        hf_identity_change_user(x->api->config->identity, &actor, x->param, &change, &user, err) <
            0)
        return -1;
    return hf_reply_json(x, 200, encode(&user), err);
}

int
hf_handle_user_remove(struct hf_exchange *x, struct hf_error *err)
{
    const struct hf_actor actor = {&x->session, x->peer};

    if (hf_identity_remove_user(x->api->config->identity, &actor, x->param, err) < 0)
        return -1;
    hf_reply(x, 204, NULL, "no-store", NULL, 0);
    return 0;
}

int
hf_handle_password(struct hf_exchange *x, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"current", HF_JSON_STRING, true},
        {"new", HF_JSON_STRING, true},
    };
    const struct hf_actor actor = {&x->session, x->peer};
    HF_AUTO(hf_json) struct hf_json *doc = NULL;

    if (hf_exchange_json(x, fields, HF_LEN(fields), &doc, err) < 0 ||
        hf_identity_set_password(x->api->config->identity, &actor, hf_json_string(doc, "current"),
                                 hf_json_string(doc, "new"), &x->retry_after_s, err) < 0)
        return -1;
    hf_reply(x, 204, NULL, "no-store", NULL, 0);
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
/* Accounts of devices. A password that was made here is shown in the answer that made it, and never
 * again; a hash never. */
#include "api/handlers.h"

#include "api/server.h"
#include "base/text.h"
#include "identity/device.h"

#include <stdio.h>
#include <string.h>

enum { PAGE_MAX = 500, PAGE_DEFAULT = 100 };

/* ---- showing ---- */

static struct hf_json *
encode_topics(const char *topics)
{
    struct hf_json *list = hf_json_array();

    for (const char *at = topics; *at;) {
        char one[HF_DEVICE_TOPICS_SIZE];
        size_t len = strcspn(at, " ");

        hf_text_put(one, sizeof one, "%.*s", (int)len, at);
        hf_json_add_string(list, one);
        at += len;
        at += *at == ' ';
    }
    return list;
}

struct hf_json *
hf_encode_device_account(const struct hf_device_account *a)
{
    struct hf_json *o = hf_json_object();

    hf_json_put_string(o, "name", a->name);
    hf_json_put_bool(o, "enabled", a->enabled);
    hf_json_put_string(o, "description", a->description);
    hf_json_put(o, "publish", encode_topics(a->publish));
    hf_json_put(o, "subscribe", encode_topics(a->subscribe));
    hf_json_put_time(o, "created", a->created_ms);
    hf_json_put_time(o, "password_set", a->password_ms);
    if (*a->certificate) {
        struct hf_json *c = hf_json_object();

        hf_json_put_string(c, "fingerprint", a->certificate);
        hf_json_put_time(c, "issued", a->certificate_ms);
        hf_json_put_time(c, "not_after", a->certificate_ends_ms);
        hf_json_put(o, "certificate", c);
    } else {
        hf_json_put_null(o, "certificate");
    }
    return o;
}

/* password: NULL where it was given and not made. */
static int
reply_secret(struct hf_exchange *x, int status, const struct hf_device_account *a,
             const char *password, struct hf_error *err)
{
    struct hf_json *o = hf_json_object();

    hf_json_put(o, "account", hf_encode_device_account(a));
    hf_json_put_string(o, "password", password);
    return hf_reply_json(x, status, o, err);
}

/* One more than asked for is read, to know whether there are more. */
static struct hf_json *
encode_page(const struct hf_device_account *devices, size_t count, size_t limit,
            const struct hf_device_totals *totals)
{
    struct hf_json *o = hf_json_object(), *list = hf_json_array();
    size_t shown = count > limit ? limit : count;

    for (size_t i = 0; i < shown; i++)
        hf_json_add(list, hf_encode_device_account(&devices[i]));
    hf_json_put(o, "accounts", list);
    hf_json_put_string(o, "next", shown < count ? devices[shown - 1].name : NULL);
    hf_json_put_int(o, "total", (int64_t)totals->accounts);
    hf_json_put_int(o, "enabled", (int64_t)totals->enabled);
    hf_json_put_bool(o, "anonymous", totals->anonymous);
    return o;
}

int
hf_handle_device_accounts(struct hf_exchange *x, struct hf_error *err)
{
    uint64_t limit = PAGE_DEFAULT;
    char after[HF_DEVICE_NAME_SIZE] = "", search[HF_DEVICE_NAME_SIZE] = "";
    const struct hf_device_filter filter = {after, search};
    const struct hf_query_field fields[] = {
        {.name = "limit", .min = 1, .max = PAGE_MAX, .ret_value = &limit},
        {.name = "cursor", .ret_text = after, .text_size = sizeof after},
        {.name = "search", .ret_text = search, .text_size = sizeof search},
    };
    HF_AUTO_FREE struct hf_device_account *devices = NULL;
    struct hf_device_totals totals;
    size_t count;

    if (hf_query_read(x->query, fields, HF_LEN(fields), err) < 0)
        return -1;
    devices = calloc((size_t)limit + 1, sizeof *devices);
    if (!devices)
        return hf_error_nomem(err);
    if (hf_core_devices(x->api->config->core, &filter, devices, (size_t)limit + 1, &count, &totals,
                        err) < 0)
        return -1;
    return hf_reply_json(x, 200, encode_page(devices, count, (size_t)limit, &totals), err);
}

int
hf_handle_device_account(struct hf_exchange *x, struct hf_error *err)
{
    struct hf_device_account a;

    if (hf_core_device(x->api->config->core, x->param, &a, err) < 0)
        return -1;
    return hf_reply_json(x, 200, hf_encode_device_account(&a), err);
}

/* ---- reading what somebody wants ---- */

/* Hashes the password of doc, or makes one into made ("" where it was given). */
static int
read_password(const struct hf_json *doc, char made[HF_DEVICE_MADE_SIZE],
              char hash[HF_DEVICE_HASH_SIZE], struct hf_error *err)
{
    const char *password = hf_json_string(doc, "password");

    made[0] = '\0';
    if (password)
        return hf_device_check_password(password, "/password", err) < 0
                   ? -1
                   : hf_device_password_hash(password, false, hash, err);
    hf_device_password_make(made);
    return hf_device_password_hash(made, true, hash, err);
}

static int
read_description(const struct hf_json *doc, char out[HF_DEVICE_DESCRIPTION_SIZE],
                 struct hf_error *err)
{
    const char *text = hf_json_string(doc, "description");

    if (!text)
        return 0;
    if (hf_device_check_description(text, "/description", err) < 0)
        return -1;
    hf_text_put(out, HF_DEVICE_DESCRIPTION_SIZE, "%s", text);
    return 0;
}

/* ---- changing ---- */

static int
read_account(const struct hf_json *doc, struct hf_device_account *a, struct hf_error *err)
{
    const char *name = hf_json_string(doc, "name");

    *a = (struct hf_device_account){.enabled = hf_json_bool(doc, "enabled", true)};
    if (hf_device_check_name(name, "/name", err) < 0)
        return -1;
    hf_text_put(a->name, sizeof a->name, "%s", name);
    hf_text_put(a->publish, sizeof a->publish, "%s", HF_DEVICE_PUBLISH_DEFAULT);
    if (hf_device_read_topics(doc, "publish", "", a->name, a->publish, err) < 0 ||
        hf_device_read_topics(doc, "subscribe", "", a->name, a->subscribe, err) < 0)
        return -1;
    return read_description(doc, a->description, err);
}

int
hf_handle_device_account_add(struct hf_exchange *x, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"name", HF_JSON_STRING, true},         {"password", HF_JSON_STRING, false},
        {"publish", HF_JSON_ARRAY, false},      {"subscribe", HF_JSON_ARRAY, false},
        {"description", HF_JSON_STRING, false}, {"enabled", HF_JSON_BOOL, false},
    };
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    char made[HF_DEVICE_MADE_SIZE], location[HF_DEVICE_NAME_SIZE + 40];
    struct hf_device_account a;
    int rc;

    if (hf_exchange_json(x, fields, HF_LEN(fields), &doc, err) < 0 ||
        read_account(doc, &a, err) < 0 || read_password(doc, made, a.password_hash, err) < 0 ||
        hf_core_add_devices(x->api->config->core, &a, 1, x->session.user, err) < 0)
        return -1;
    snprintf(location, sizeof location, "/api/v1/devices/accounts/%s", a.name);
    hf_reply_header(x, "Location", location);
    rc = reply_secret(x, 201, &a, *made ? made : NULL, err);
    explicit_bzero(made, sizeof made);
    return rc;
}

/* null goes back to the default (RFC 7396). */
static struct hf_json *
with_defaults(const struct hf_json *patch)
{
    HF_AUTO(hf_json) struct hf_json *doc = hf_json_copy(patch);
    struct hf_json *publish = hf_json_array();

    hf_json_add_string(publish, HF_DEVICE_PUBLISH_DEFAULT);
    if (hf_json_is_null(hf_json_get(doc, "publish")))
        hf_json_set(doc, "publish", hf_steal(&publish));
    if (hf_json_is_null(hf_json_get(doc, "subscribe")))
        hf_json_set(doc, "subscribe", hf_json_array());
    if (hf_json_is_null(hf_json_get(doc, "description")))
        hf_json_set(doc, "description", hf_json_of_string(""));
    if (hf_json_is_null(hf_json_get(doc, "enabled"))) {
        hf_json_remove(doc, "enabled");
        hf_json_put_bool(doc, "enabled", true);
    }
    hf_json_free(publish);
    return hf_steal(&doc);
}

int
hf_handle_device_account_patch(struct hf_exchange *x, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"publish", HF_JSON_ARRAY, false},
        {"subscribe", HF_JSON_ARRAY, false},
        {"description", HF_JSON_STRING, false},
        {"enabled", HF_JSON_BOOL, false},
    };
    char publish[HF_DEVICE_TOPICS_SIZE], subscribe[HF_DEVICE_TOPICS_SIZE];
    char description[HF_DEVICE_DESCRIPTION_SIZE];
    HF_AUTO(hf_json) struct hf_json *patch = NULL, *doc = NULL;
    struct hf_device_change change = {.enabled = NULL};
    bool enabled;
    struct hf_device_account a;

    if (hf_json_parse(x->body.data ? x->body.data : "", x->body.len, &patch, err) < 0)
        return hf_error_wrap(err, "the body is no JSON");
    doc = with_defaults(patch);
    if (hf_json_check(doc, "", fields, HF_LEN(fields), err) < 0 ||
        hf_device_read_topics(doc, "publish", "", x->param, publish, err) < 0 ||
        hf_device_read_topics(doc, "subscribe", "", x->param, subscribe, err) < 0 ||
        read_description(doc, description, err) < 0)
        return -1;
    enabled = hf_json_bool(doc, "enabled", true);
    change.publish = hf_json_get(doc, "publish") ? publish : NULL;
    change.subscribe = hf_json_get(doc, "subscribe") ? subscribe : NULL;
    change.description = hf_json_get(doc, "description") ? description : NULL;
    change.enabled = hf_json_get(doc, "enabled") ? &enabled : NULL;
    if (hf_core_change_device(x->api->config->core, x->param, &change, x->session.user, &a, err) <
        0)
        return -1;
    return hf_reply_json(x, 200, hf_encode_device_account(&a), err);
}

int
hf_handle_device_account_delete(struct hf_exchange *x, struct hf_error *err)
{
    if (hf_core_delete_device(x->api->config->core, x->param, x->session.user, err) < 0)
        return -1;
    hf_reply(x, 204, NULL, "no-store", NULL, 0);
    return 0;
}

int
hf_handle_device_account_password(struct hf_exchange *x, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {{"password", HF_JSON_STRING, false}};
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    char made[HF_DEVICE_MADE_SIZE], hash[HF_DEVICE_HASH_SIZE];
    const struct hf_device_change change = {.password_hash = hash};
    struct hf_device_account a;
    int rc;

    if (hf_exchange_header(x, "Content-Type") &&
        hf_exchange_json(x, fields, HF_LEN(fields), &doc, err) < 0)
        return -1;
    if (read_password(doc, made, hash, err) < 0 ||
        hf_core_change_device(x->api->config->core, x->param, &change, x->session.user, &a, err) <
            0)
        return -1;
    rc = reply_secret(x, 200, &a, *made ? made : NULL, err);
    explicit_bzero(made, sizeof made);
    return rc;
}

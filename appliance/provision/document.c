// SPDX-License-Identifier: Apache-2.0
/* What a provisioning file may say. */
#include "provision/parts.h"

#include "base/text.h"
#include "provision/host.h"

#include <stdio.h>
#include <string.h>

enum { FORMAT = 1 };

int
hf_provision_format(const struct hf_json *doc, struct hf_error *err)
{
    if (hf_json_int(doc, "format", 0) == FORMAT)
        return 0;
    return hf_error_set_at(err, HF_ERROR_INVALID, "/format",
                           "/format: must be %d, the only format that this version knows", FORMAT);
}

/* What stands in the document as in the settings is read by them. */
static int
read_settings(const struct hf_json *doc, struct hf_settings *s, struct hf_error *err)
{
    static const char *const members[] = {
        "name", "uplink", "sinks",  "buffer",   "lanes",        "rules",      "devices", "limits",
        "own",  "alarms", "broker", "registry", "release_keys", "stick_keys", "upgrade", "scan"};
    HF_AUTO(hf_json) struct hf_json *part = hf_json_object();

    if (!part)
        return hf_error_nomem(err);
    for (size_t i = 0; i < HF_LEN(members); i++)
        if (hf_json_get(doc, members[i]))
            hf_json_put(part, members[i], hf_json_copy(hf_json_get(doc, members[i])));
    if (!hf_json_is_object(part)) /* a copy failed */
        return hf_error_nomem(err);
    return hf_settings_parse(part, s, err);
}

/* ---- who gets in ---- */

int
hf_provision_access(const struct hf_json *doc, char password_hash[HF_PASSWORD_HASH_SIZE],
                    char setup_code[HF_SETUP_CODE_SIZE], struct hf_error *err)
{
    static const struct hf_json_field fields[] = {{"password_hash", HF_JSON_STRING, true}};
    const struct hf_json *admin = hf_json_get(doc, "admin");
    const char *code = hf_json_string(doc, "setup_code");

    if (admin && code)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/setup_code",
                               "/setup_code: not together with /admin: a gateway with an admin "
                               "password needs no setup code");
    if (admin) {
        const char *hash;

        if (hf_json_check(admin, "/admin", fields, HF_LEN(fields), err) < 0)
            return -1;
        hash = hf_json_string(admin, "password_hash");
        if (hf_password_hash_check(hash, "/admin/password_hash", err) < 0)
            return -1;
        snprintf(password_hash, HF_PASSWORD_HASH_SIZE, "%s", hash);
    }
    if (code && !hf_setup_code_normalise(code, setup_code))
        return hf_error_set_at(err, HF_ERROR_INVALID, "/setup_code",
                               "/setup_code: must look like XXXX-XXXX-XXXX, of the characters %s",
                               hf_setup_code_alphabet);
    return 0;
}

/* ---- certificates ---- */

/* An error of a certificate alone, as one of what has it: "/key" of /certificate. */
static int
wrong_in(struct hf_error *err, const char *pointer, const struct hf_error *why)
{
    size_t len = strlen(why->pointer);
    const char *message = why->message;

    if (strncmp(message, why->pointer, len) == 0 && strncmp(message + len, ": ", 2) == 0)
        message += len + 2;
    return hf_error_set_at(err, why->class, pointer, "%s: %s", pointer, message);
}

static int
check_authorities(const struct hf_json *o, const char *at, const struct hf_provision_x509 *x509,
                  struct hf_error *err)
{
    const char *pem = hf_json_string(o, "ca_pem");
    char pointer[HF_ERROR_POINTER_MAX];
    struct hf_error why = {0};

    if (!pem || !*pem || x509->authorities(pem, &why) == 0)
        return 0;
    hf_text_put(pointer, sizeof pointer, "%s/ca_pem", at);
    return wrong_in(err, pointer, &why);
}

static int
check_client(const struct hf_json *sink, const char *at, const struct hf_provision_x509 *x509,
             struct hf_error *err)
{
    const char *certificate = hf_json_string(sink, "client_cert_pem");
    const char *key = hf_json_string(sink, "client_key_pem");
    char pointer[HF_ERROR_POINTER_MAX];
    struct hf_error why = {0};

    if (!certificate || !key || x509->client(certificate, key, &why) == 0)
        return 0;
    hf_text_put(pointer, sizeof pointer, "%s/%s", at,
                strcmp(why.pointer, "/key") == 0 ? "client_key_pem" : "client_cert_pem");
    return wrong_in(err, pointer, &why);
}

static int
check_certificates(const struct hf_json *doc, const struct hf_provision_x509 *x509,
                   struct hf_error *err)
{
    const struct hf_json *own = hf_json_get(doc, "certificate"), *sinks = hf_json_get(doc, "sinks");
    struct hf_error why = {0};
    size_t i = 0;

    if (own &&
        x509->server(hf_json_string(own, "certificate"), hf_json_string(own, "key"), &why) < 0)
        return wrong_in(
            err, strcmp(why.pointer, "/key") == 0 ? "/certificate/key" : "/certificate/certificate",
            &why);
    if (check_authorities(hf_json_get(doc, "uplink"), "/uplink", x509, err) < 0 ||
        check_authorities(hf_json_get(doc, "registry"), "/registry", x509, err) < 0)
        return -1;
    for (const struct hf_json *s = hf_json_first(sinks); s; s = hf_json_next(s), i++) {
        char at[32];

        hf_text_put(at, sizeof at, "/sinks/%zu", i);
        if (check_authorities(s, at, x509, err) < 0 || check_client(s, at, x509, err) < 0)
            return -1;
    }
    return 0;
}

static int
read_certificate(const struct hf_json *v, struct hf_provision *p, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"certificate", HF_JSON_STRING, true},
        {"key", HF_JSON_STRING, true},
    };

    if (!v)
        return 0;
    if (hf_json_check(v, "/certificate", fields, HF_LEN(fields), err) < 0)
        return -1;
    p->certificate = strdup(hf_json_string(v, "certificate"));
    p->key = strdup(hf_json_string(v, "key"));
    return p->certificate && p->key ? 0 : hf_error_nomem(err);
}

/* ---- devices ---- */

static int
read_device(const struct hf_json *v, const char *at, struct hf_device_row *row,
            struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"name", HF_JSON_STRING, true},         {"password", HF_JSON_STRING, true},
        {"publish", HF_JSON_ARRAY, false},      {"subscribe", HF_JSON_ARRAY, false},
        {"description", HF_JSON_STRING, false},
    };
    const char *name, *password, *description;
    char pointer[HF_ERROR_POINTER_MAX];

    if (hf_json_check(v, at, fields, HF_LEN(fields), err) < 0)
        return -1;
    name = hf_json_string(v, "name");
    password = hf_json_string(v, "password");
    description = hf_json_string(v, "description");
    hf_text_put(pointer, sizeof pointer, "%s/name", at);
    if (hf_device_check_name(name, pointer, err) < 0)
        return -1;
    hf_text_put(pointer, sizeof pointer, "%s/password", at);
    if (hf_device_check_password(password, pointer, err) < 0)
        return -1;
    hf_text_put(pointer, sizeof pointer, "%s/description", at);
    if (description && hf_device_check_description(description, pointer, err) < 0)
        return -1;
    hf_text_put(row->name, sizeof row->name, "%s", name);
    hf_text_put(row->password, sizeof row->password, "%s", password);
    hf_text_put(row->description, sizeof row->description, "%s", description ? description : "");
    hf_text_put(row->publish, sizeof row->publish, "%s", HF_DEVICE_PUBLISH_DEFAULT);
    return hf_device_read_topics(v, "publish", at, row->name, row->publish, err) < 0
               ? -1
               : hf_device_read_topics(v, "subscribe", at, row->name, row->subscribe, err);
}

static int
read_devices(const struct hf_json *list, struct hf_provision *p, struct hf_error *err)
{
    size_t count = hf_json_count(list);

    if (!count)
        return 0;
    if (count > HF_PROVISION_DEVICES_MAX)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/device_accounts",
                               "/device_accounts: at most %d; import more when it runs",
                               HF_PROVISION_DEVICES_MAX);
    p->devices = calloc(count, sizeof *p->devices);
    if (!p->devices)
        return hf_error_nomem(err);
    for (const struct hf_json *v = hf_json_first(list); v; v = hf_json_next(v)) {
        struct hf_device_row *row = &p->devices[p->device_count];
        char at[HF_ERROR_POINTER_MAX];

        hf_text_put(at, sizeof at, "/device_accounts/%zu", p->device_count);
        if (read_device(v, at, row, err) < 0)
            return -1;
        for (size_t i = 0; i < p->device_count; i++)
            if (strcmp(p->devices[i].name, row->name) == 0) {
                hf_text_put(at + strlen(at), sizeof at - strlen(at), "/name");
                return hf_error_set_at(err, HF_ERROR_INVALID, at, "%s: is there twice", at);
            }
        p->device_count++;
    }
    return 0;
}

/* ---- the host, the stick ---- */

static int
read_host(const struct hf_json *doc, struct hf_provision *p, struct hf_error *err)
{
    const struct hf_json *network = hf_json_get(doc, "network"), *time = hf_json_get(doc, "time");
    const struct hf_json *ssh = hf_json_get(doc, "ssh");

    if ((network && hf_host_check_network(network, err) < 0) ||
        (time && hf_host_check_time(time, err) < 0) || (ssh && hf_host_check_ssh(ssh, err) < 0))
        return -1;
    p->network = hf_json_copy(network);
    p->time = hf_json_copy(time);
    p->ssh = hf_json_copy(ssh);
    return !network == !p->network && !time == !p->time && !ssh == !p->ssh ? 0
                                                                           : hf_error_nomem(err);
}

/* A path of plain names. */
static bool
is_path(const char *text)
{
    size_t len = strlen(text);

    return len >= 1 && len < HF_PROVISION_BUNDLE_SIZE && text[0] != '/' && text[0] != '.' &&
           text[len - 1] != '/' && !strstr(text, "//") && !strstr(text, "/.") &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/") ==
               len;
}

static int
read_release(const struct hf_json *v, struct hf_provision *p, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"bundle", HF_JSON_STRING, false},
        {"id", HF_JSON_STRING, false},
    };
    const char *bundle, *id;

    if (!v)
        return 0;
    if (hf_json_check(v, "/release", fields, HF_LEN(fields), err) < 0)
        return -1;
    bundle = hf_json_string(v, "bundle");
    id = hf_json_string(v, "id");
    if (bundle && id)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/release/id",
                               "/release/id: not together with /release/bundle");
    if (id &&
        (strlen(id) != HF_DIGEST_TEXT_SIZE - 1 || strspn(id, "0123456789abcdef") != strlen(id)))
        return hf_error_set_at(err, HF_ERROR_INVALID, "/release/id",
                               "/release/id: must be the id of a release, 32 hex digits, as GET "
                               "/api/v1/releases has it");
    if (id) {
        hf_text_put(p->release_id, sizeof p->release_id, "%s", id);
        return 0;
    }
    if (!bundle)
        return 0;
    if (!is_path(bundle))
        return hf_error_set_at(err, HF_ERROR_INVALID, "/release/bundle",
                               "/release/bundle: must be a path below the folder holdfast of the "
                               "stick, of letters, digits, '.', '_', '-' and '/'");
    hf_text_put(p->bundle, sizeof p->bundle, "%s", bundle);
    return 0;
}

/* ---- the whole ---- */

int
hf_provision_take(const struct hf_json *doc, const struct hf_provision_x509 *x509,
                  struct hf_provision *p, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"format", HF_JSON_INT, true},
        {"name", HF_JSON_STRING, false},
        {"uplink", HF_JSON_OBJECT, false},
        {"sinks", HF_JSON_ARRAY, false},
        {"buffer", HF_JSON_OBJECT, false},
        {"lanes", HF_JSON_ARRAY, false},
        {"rules", HF_JSON_ARRAY, false},
        {"devices", HF_JSON_OBJECT, false},
        {"limits", HF_JSON_OBJECT, false},
        {"own", HF_JSON_OBJECT, false},
        {"alarms", HF_JSON_OBJECT, false},
        {"broker", HF_JSON_OBJECT, false},
        {"registry", HF_JSON_OBJECT, false},
        {"release_keys", HF_JSON_ARRAY, false},
        {"stick_keys", HF_JSON_ARRAY, false},
        {"upgrade", HF_JSON_OBJECT, false},
        {"scan", HF_JSON_OBJECT, false},
        {"admin", HF_JSON_OBJECT, false},
        {"setup_code", HF_JSON_STRING, false},
        {"certificate", HF_JSON_OBJECT, false},
        {"device_accounts", HF_JSON_ARRAY, false},
        {"network", HF_JSON_OBJECT, false},
        {"time", HF_JSON_OBJECT, false},
        {"ssh", HF_JSON_OBJECT, false},
        {"release", HF_JSON_OBJECT, false},
        {"wipe", HF_JSON_BOOL, false},
        {"sealed", HF_JSON_STRING, false}, /* opened before, or passed over */
    };

    if (hf_json_check(doc, "", fields, HF_LEN(fields), err) < 0)
        return -1;
    if (hf_provision_format(doc, err) < 0 || read_settings(doc, &p->settings, err) < 0 ||
        read_certificate(hf_json_get(doc, "certificate"), p, err) < 0 ||
        hf_provision_access(doc, p->password_hash, p->setup_code, err) < 0 ||
        read_devices(hf_json_get(doc, "device_accounts"), p, err) < 0 ||
        read_host(doc, p, err) < 0 || read_release(hf_json_get(doc, "release"), p, err) < 0)
        return -1;
    p->wipe = hf_json_bool(doc, "wipe", false);
    return x509 ? check_certificates(doc, x509, err) : 0;
}

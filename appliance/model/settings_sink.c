// SPDX-License-Identifier: Apache-2.0
/* Sinks: where records go. */
#include "model/settings_parts.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum {
    NAME_TEXT_MAX = 32,
    HEADER_NAME_MAX = 64,
    HOST_MAX = 253, /* RFC 1035, 2.3.4 */
    USER_MAX = 255,
    CLIENT_ID_MAX = 128,
    INFLIGHT_MAX = 1000,
    LINGER_MS_MAX = 60000,
    BATCH_BYTES_LEAST = 16 * 1024,
    BATCH_BYTES_MOST = 4 * 1024 * 1024, /* the most that a lease holds */
    RATE_LEAST = 1024,                  /* below it a single record takes longer than any timeout */
    RATE_MOST = 1000000000,
    SECRET_MAX = 4096, /* tokens may be signed documents */
    HEADER_VALUE_MAX = 400,
    PORT_MAX = 65535
};

const char *const hf_sink_secrets[] = {"token",          "password",       "header_value",
                                       "client_key_pem", "proxy_password", NULL};

static const char CERTIFICATE[] = "-----BEGIN CERTIFICATE-----";
static const char PRIVATE_KEY[] = "-----BEGIN ";

/* ---- addresses ---- */

/* What stands behind the host, NULL where there is none. */
static const char *
port_of(const char *host)
{
    size_t len = strcspn(host, "/?");
    const char *end = *host == '[' ? memchr(host, ']', len) : host;
    const char *colon = end ? memchr(end, ':', (size_t)(host + len - end)) : NULL;

    return colon && colon + 1 < host + len ? colon + 1 : NULL;
}

/* A name or an IPv4 address, or an IPv6 one in brackets; and a port that is one, or none. */
static bool
is_authority(const char *host)
{
    size_t len = strcspn(host, "/?"), name = strcspn(host, ":/?");
    const char *port = port_of(host);
    unsigned long number = 0;

    if (*host == '[') {
        const char *end = memchr(host, ']', len);

        if (!end || strspn(host + 1, "0123456789abcdefABCDEF:.") != (size_t)(end - host - 1))
            return false;
        name = (size_t)(end - host) + 1;
    }
    if (name == len)
        return name > 0;
    if (!port || (size_t)(port - host) != name + 1)
        return false;
    for (const char *c = port; c < host + len; c++) {
        if (!isdigit((unsigned char)*c) || number > PORT_MAX)
            return false;
        number = number * 10 + (unsigned long)(*c - '0');
    }
    return number >= 1 && number <= PORT_MAX;
}

static int
check_address(const char *url, const char *secure, const char *open, const char *pointer,
              struct hf_error *err)
{
    size_t s = strlen(secure), o = strlen(open);
    const char *host = strncmp(url, secure, s) == 0 ? url + s
                       : strncmp(url, open, o) == 0 ? url + o
                                                    : NULL;

    if (strlen(url) >= HF_URL_SIZE)
        return hf_error_set_at(err, HF_ERROR_INVALID, pointer, "%s: longer than %d characters",
                               pointer, HF_URL_SIZE - 1);
    if (!host || !*host || *host == '/' || *host == ':')
        return hf_error_set_at(err, HF_ERROR_INVALID, pointer, "%s: must be %shost… (or %shost…)",
                               pointer, secure, open);
    for (const char *c = host; *c && *c != '/'; c++)
        if (*c == '@')
            return hf_error_set_at(err, HF_ERROR_INVALID, pointer,
                                   "%s: no user or password in the URL; use the other members",
                                   pointer);
    if (!is_authority(host))
        return hf_error_set_at(err, HF_ERROR_INVALID, pointer,
                               "%s: must have a host, and at most a port from 1 to %d behind it",
                               pointer, PORT_MAX);
    for (const char *c = url; *c; c++)
        if (!isgraph((unsigned char)*c) || *c == '"' || *c == '<' || *c == '>' || *c == '#')
            return hf_error_set_at(err, HF_ERROR_INVALID, pointer,
                                   "%s: a URL has no blanks, quotes, brackets or '#'", pointer);
    return 0;
}

int
hf_settings_check_url(const char *url, const char *pointer, struct hf_error *err)
{
    return check_address(url, "https://", "http://", pointer, err);
}

static int
check_url(const struct hf_json *sink, bool mqtt, const char *pointer, struct hf_error *err)
{
    const char *proxy = hf_json_string(sink, "proxy");
    char where[HF_ERROR_POINTER_MAX];

    snprintf(where, sizeof where, "%s/url", pointer);
    if (mqtt)
        return check_address(hf_json_string(sink, "url"), "mqtts://", "mqtt://", where, err);
    if (hf_settings_check_url(hf_json_string(sink, "url"), where, err) < 0)
        return -1;
    snprintf(where, sizeof where, "%s/proxy", pointer);
    if (!proxy || check_address(proxy, "http://", "http://", where, err) < 0)
        return proxy ? -1 : 0;
    if (strcspn(proxy + 7, "/?") != strlen(proxy + 7) || !port_of(proxy + 7))
        return hf_error_set_at(err, HF_ERROR_INVALID, where, "%s: must be http://host:port", where);
    return 0;
}

/* ---- one sink ---- */

static int
check_secrets(const struct hf_json *sink, const char *pointer, struct hf_error *err)
{
    const char *token = hf_json_string(sink, "token");

    if (token && strpbrk(token, " \t"))
        return hf_wrong(err, pointer, "token", "must have no blanks");
    for (const char *const *name = hf_sink_secrets; *name; name++) {
        const char *value = hf_json_string(sink, *name);

        if (value && strcmp(value, HF_SECRET_MASK) == 0)
            return hf_wrong(err, pointer, *name,
                            "'" HF_SECRET_MASK "' stands for a secret that is kept, and there is "
                            "none: send the secret itself, or leave it out");
        if (strcmp(*name, "client_key_pem") != 0 &&
            hf_check_text(sink, *name,
                          strcmp(*name, "header_value") == 0 ? HEADER_VALUE_MAX : SECRET_MAX,
                          pointer, err) < 0)
            return -1;
    }
    return 0;
}

static int
check_tls(const struct hf_json *sink, const char *pointer, struct hf_error *err)
{
    if (hf_check_pem(sink, "ca_pem", CERTIFICATE, pointer, err) < 0 ||
        hf_check_pem(sink, "client_cert_pem", CERTIFICATE, pointer, err) < 0 ||
        hf_check_pem(sink, "client_key_pem", PRIVATE_KEY, pointer, err) < 0 ||
        hf_check_text(sink, "server_name", HOST_MAX, pointer, err) < 0)
        return -1;
    if (!hf_json_get(sink, "client_cert_pem") != !hf_json_get(sink, "client_key_pem"))
        return hf_wrong(err, pointer, "client_cert_pem",
                        "goes together with client_key_pem: give both or none");
    return 0;
}

/* RFC 9110, 5.6.2; and none that the forwarder sets itself. */
static int
check_header(const struct hf_json *sink, const char *pointer, struct hf_error *err)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char *const ours[] = {"host",
                                       "content-type",
                                       "content-length",
                                       "connection",
                                       "transfer-encoding",
                                       "content-encoding",
                                       "idempotency-key",
                                       "authorization",
                                       "holdfast-gateway"};
    const char *name = hf_json_string(sink, "header_name");

    if (!name != !hf_json_get(sink, "header_value"))
        return hf_wrong(err, pointer, "header_name",
                        "goes together with header_value: give both or none");
    if (!name)
        return 0;
    if (!*name || strlen(name) > HEADER_NAME_MAX || name[strspn(name, token)])
        return hf_wrong(err, pointer, "header_name", "must be the name of an HTTP header");
    for (size_t i = 0; i < HF_LEN(ours); i++)
        if (strcasecmp(name, ours[i]) == 0)
            return hf_wrong(err, pointer, "header_name",
                            "is a header that the gateway sets itself");
    return 0;
}

static int
check_https(const struct hf_json *sink, const char *pointer, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"name", HF_JSON_STRING, true},
        {"type", HF_JSON_STRING, true},
        {"url", HF_JSON_STRING, true},
        {"token", HF_JSON_STRING, false},
        {"format", HF_JSON_STRING, false},
        {"encoding", HF_JSON_STRING, false},
        {"header_name", HF_JSON_STRING, false},
        {"header_value", HF_JSON_STRING, false},
        {"ca_pem", HF_JSON_STRING, false},
        {"client_cert_pem", HF_JSON_STRING, false},
        {"client_key_pem", HF_JSON_STRING, false},
        {"server_name", HF_JSON_STRING, false},
        {"proxy", HF_JSON_STRING, false},
        {"proxy_user", HF_JSON_STRING, false},
        {"proxy_password", HF_JSON_STRING, false},
        {"max_bytes_per_s", HF_JSON_INT, false},
        {"batch_bytes", HF_JSON_INT, false},
        {"linger_ms", HF_JSON_INT, false},
    };
    static const char *const formats[] = {"ndjson", "cloudevents", NULL};
    static const char *const encodings[] = {"zstd", "gzip", "identity", NULL};

    if (hf_json_check(sink, pointer, fields, HF_LEN(fields), err) < 0 ||
        hf_check_word(sink, "format", formats, pointer, err) < 0 ||
        hf_check_word(sink, "encoding", encodings, pointer, err) < 0 ||
        hf_check_text(sink, "proxy_user", USER_MAX, pointer, err) < 0 ||
        hf_check_range(sink, "batch_bytes", BATCH_BYTES_LEAST, BATCH_BYTES_MOST, pointer, err) <
            0 ||
        hf_check_range(sink, "linger_ms", 0, LINGER_MS_MAX, pointer, err) < 0)
        return -1;
    return check_header(sink, pointer, err);
}

static bool
is_template(const char *topic)
{
    for (const char *c = topic; *c; c++)
        if (*c == '+' || *c == '#' ||
            (*c == '{' && strncmp(c, "{gateway}", 9) != 0 && strncmp(c, "{topic}", 7) != 0))
            return false;
    return true;
}

static int
check_mqtt(const struct hf_json *sink, const char *pointer, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"name", HF_JSON_STRING, true},
        {"type", HF_JSON_STRING, true},
        {"url", HF_JSON_STRING, true},
        {"version", HF_JSON_STRING, false},
        {"client_id", HF_JSON_STRING, false},
        {"user", HF_JSON_STRING, false},
        {"password", HF_JSON_STRING, false},
        {"topic", HF_JSON_STRING, false},
        {"payload", HF_JSON_STRING, false},
        {"inflight", HF_JSON_INT, false},
        {"ca_pem", HF_JSON_STRING, false},
        {"client_cert_pem", HF_JSON_STRING, false},
        {"client_key_pem", HF_JSON_STRING, false},
        {"server_name", HF_JSON_STRING, false},
        {"max_bytes_per_s", HF_JSON_INT, false},
    };
    static const char *const versions[] = {"3.1.1", "5", NULL};
    static const char *const payloads[] = {"record", "payload", NULL};
    const char *topic = hf_json_string(sink, "topic");

    if (hf_json_check(sink, pointer, fields, HF_LEN(fields), err) < 0 ||
        hf_check_word(sink, "version", versions, pointer, err) < 0 ||
        hf_check_word(sink, "payload", payloads, pointer, err) < 0 ||
        hf_check_text(sink, "client_id", CLIENT_ID_MAX, pointer, err) < 0 ||
        hf_check_text(sink, "user", USER_MAX, pointer, err) < 0 ||
        hf_check_text(sink, "topic", HF_FILTER_MAX, pointer, err) < 0 ||
        hf_check_range(sink, "inflight", 1, INFLIGHT_MAX, pointer, err) < 0)
        return -1;
    if (topic && !is_template(topic))
        return hf_wrong(err, pointer, "topic",
                        "is published to: no '+' or '#', and no braces but {gateway} and {topic}");
    if (hf_json_get(sink, "password") && !hf_json_get(sink, "user"))
        return hf_wrong(err, pointer, "user", "is missing: there is a password");
    return 0;
}

static int
check_sink_name(const struct hf_json *sink, const char *pointer, struct hf_error *err)
{
    const char *name = hf_json_string(sink, "name");
    size_t len = name ? strlen(name) : 0;

    if (len < 1 || len > NAME_TEXT_MAX || !islower((unsigned char)*name) ||
        name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")])
        return hf_wrong(err, pointer, "name",
                        "must have 1 to 32 of a-z, 0-9 and '-', beginning with a letter");
    if (strcmp(name, "processor") == 0)
        return hf_wrong(err, pointer, "name", "'processor' is taken: the quarantine uses it");
    return 0;
}

int
hf_settings_check_sink(const struct hf_json *sink, const char *pointer, struct hf_error *err)
{
    const char *type = hf_json_string(sink, "type");
    bool mqtt = type && strcmp(type, "mqtt") == 0;

    if (!hf_json_is_object(sink))
        return hf_error_set_at(err, HF_ERROR_INVALID, pointer, "%s: must be an object", pointer);
    if (!mqtt && (!type || strcmp(type, "https") != 0))
        return hf_wrong(err, pointer, "type", "must be https or mqtt");
    if ((mqtt ? check_mqtt : check_https)(sink, pointer, err) < 0 ||
        check_sink_name(sink, pointer, err) < 0 || check_url(sink, mqtt, pointer, err) < 0 ||
        check_secrets(sink, pointer, err) < 0 || check_tls(sink, pointer, err) < 0)
        return -1;
    if (hf_json_int(sink, "max_bytes_per_s", 0) == 0)
        return 0;
    return hf_check_range(sink, "max_bytes_per_s", RATE_LEAST, RATE_MOST, pointer, err);
}

static const struct hf_json *
find(const struct hf_json *sinks, const char *name)
{
    for (const struct hf_json *s = hf_json_first(sinks); s; s = hf_json_next(s)) {
        const char *its = hf_json_string(s, "name");

        if (its && strcmp(its, name) == 0)
            return s;
    }
    return NULL;
}

const struct hf_json *
hf_settings_sink(const struct hf_settings *s, const char *name)
{
    return find(s->sinks, name);
}

int
hf_check_sinks(const struct hf_json *sinks, struct hf_error *err)
{
    size_t i = 0;

    if (hf_json_count(sinks) > HF_SINKS_MAX)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/sinks", "/sinks: at most %d", HF_SINKS_MAX);
    for (const struct hf_json *s = hf_json_first(sinks); s; s = hf_json_next(s), i++) {
        char pointer[32];

        snprintf(pointer, sizeof pointer, "/sinks/%zu", i);
        if (hf_settings_check_sink(s, pointer, err) < 0)
            return -1;
        if (find(sinks, hf_json_string(s, "name")) != s)
            return hf_wrong(err, pointer, "name", "is there twice");
    }
    return 0;
}

/* ---- the short form ---- */

static int
check_uplink(const struct hf_json *uplink, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"url", HF_JSON_STRING, true},
        {"token", HF_JSON_STRING, false},
        {"ca_pem", HF_JSON_STRING, false},
    };
    const char *url, *token;

    if (hf_json_check(uplink, "/uplink", fields, HF_LEN(fields), err) < 0)
        return -1;
    url = hf_json_string(uplink, "url");
    token = hf_json_string(uplink, "token");
    if (*url && hf_settings_check_url(url, "/uplink/url", err) < 0)
        return -1;
    if (token && *token && hf_check_text(uplink, "token", SECRET_MAX, "/uplink", err) < 0)
        return -1; /* by what a sink's token is checked with, or the sink could not be read again */
    if (token && (strpbrk(token, " \t") || strcmp(token, HF_SECRET_MASK) == 0))
        return hf_error_set_at(err, HF_ERROR_INVALID, "/uplink/token",
                               "/uplink/token: at most %d characters, no blanks, not '%s'",
                               SECRET_MAX, HF_SECRET_MASK);
    return hf_check_pem(uplink, "ca_pem", CERTIFICATE, "/uplink", err);
}

static struct hf_json *
sink_of_uplink(const struct hf_json *uplink)
{
    struct hf_json *sink = hf_json_object();
    const char *token = hf_json_string(uplink, "token"), *pem = hf_json_string(uplink, "ca_pem");

    hf_json_put_string(sink, "name", HF_SINK_UPLINK);
    hf_json_put_string(sink, "type", "https");
    hf_json_put_string(sink, "url", hf_json_string(uplink, "url"));
    if (token && *token)
        hf_json_put_string(sink, "token", token);
    if (pem)
        hf_json_put_string(sink, "ca_pem", pem);
    return sink;
}

int
hf_put_uplink(struct hf_json **sinks, const struct hf_json *uplink, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *list = hf_json_array();
    bool wanted, put = false;

    if (check_uplink(uplink, err) < 0)
        return -1;
    wanted = *hf_json_string(uplink, "url");
    for (const struct hf_json *s = hf_json_first(*sinks); s; s = hf_json_next(s)) {
        if (s != find(*sinks, HF_SINK_UPLINK)) {
            hf_json_add(list, hf_json_copy(s));
        } else if (wanted) {
            hf_json_add(list, sink_of_uplink(uplink));
            put = true;
        }
    }
    if (wanted && !put)
        hf_json_add(list, sink_of_uplink(uplink));
    if (hf_json_count(list) > HF_SINKS_MAX)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/uplink",
                               "/uplink: there are %d sinks already, and no more may be",
                               HF_SINKS_MAX);
    hf_json_free(*sinks);
    *sinks = hf_steal(&list);
    return 0;
}

/* ---- masks ---- */

struct hf_json *
hf_mask_sinks(const struct hf_json *sinks)
{
    struct hf_json *list = hf_json_array();

    for (const struct hf_json *s = hf_json_first(sinks); s; s = hf_json_next(s)) {
        struct hf_json *shown = hf_json_copy(s);

        for (const char *const *name = hf_sink_secrets; *name; name++)
            if (hf_json_get(shown, *name))
                hf_json_set(shown, *name, hf_json_of_string(HF_SECRET_MASK));
        hf_json_add(list, shown);
    }
    return list;
}

int
hf_unmask_sinks(struct hf_json *sinks, const struct hf_json *have, struct hf_error *err)
{
    for (const struct hf_json *s = hf_json_first(sinks); s; s = hf_json_next(s)) {
        const char *name = hf_json_string(s, "name");
        const struct hf_json *before = name ? find(have, name) : NULL;

        for (const char *const *secret = hf_sink_secrets; *secret; secret++) {
            const char *value = hf_json_string(s, *secret);
            const char *kept = hf_json_string(before, *secret);

            if (!value || !kept || strcmp(value, HF_SECRET_MASK) != 0)
                continue;
            hf_json_set((struct hf_json *)(uintptr_t)s, *secret, hf_json_of_string(kept));
            if (!hf_json_string(s, *secret))
                return hf_error_nomem(err);
        }
    }
    return 0;
}

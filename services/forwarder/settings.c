// SPDX-License-Identifier: Apache-2.0
#include "forwarder/settings.h"

#include "base/text.h"
#include "common/conf.h"
#include "common/http.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    NAME_MAX_BYTES = 256, /* host and user names */
    SECRET_MAX = 8192,    /* tokens may be JWTs */
    PEM_MAX = 64 * 1024,
    LINGER_MAX_MS = 60000,
    RATE_MIN = 1024, /* below it a single record takes longer than any timeout */
    INFLIGHT = 100,
    INFLIGHT_MAX = 1000,
    POINTER_MAX = 96,
};

#define AT(member) offsetof(struct hf_sink_settings, member)

struct text_member {
    const char *name;
    size_t at;
    size_t max;
};

static const struct text_member plain_texts[] = {
    {"url", AT(url), HF_HTTP_URL_MAX - 1},
    {"ca_pem", AT(ca_pem), PEM_MAX},
    {"client_cert_pem", AT(client_cert_pem), PEM_MAX},
    {"server_name", AT(server_name), NAME_MAX_BYTES - 1},
    {"header_name", AT(header_name), 64},
    {"proxy", AT(proxy), HF_HTTP_URL_MAX - 1},
    {"proxy_user", AT(proxy_user), NAME_MAX_BYTES - 1},
    {"client_id", AT(client_id), NAME_MAX_BYTES - 1},
    {"user", AT(user), NAME_MAX_BYTES - 1},
    {"topic", AT(topic), 1024},
};

static const struct text_member secret_texts[] = {
    {"token", AT(token), SECRET_MAX},
    {"password", AT(password), SECRET_MAX},
    {"header_value", AT(header_value), 400},
    {"client_key_pem", AT(client_key_pem), PEM_MAX},
    {"proxy_password", AT(proxy_password), SECRET_MAX},
};

static const char *const type_names[HF_SINK_TYPE_COUNT] = {"https", "mqtt"};
static const char *const format_names[HF_FORMAT_COUNT] = {"ndjson", "cloudevents"};
static const char *const encoding_names[HF_ENCODING_COUNT] = {"identity", "gzip", "zstd"};

const char *
hf_sink_type_name(enum hf_sink_type type)
{
    return type_names[type];
}

static char **
text_at(struct hf_sink_settings *s, const struct text_member *m)
{
    return (char **)((char *)s + m->at);
}

void
hf_sink_settings_done(struct hf_sink_settings *s)
{
    for (size_t i = 0; i < HF_LEN(plain_texts); i++)
        free(*text_at(s, &plain_texts[i]));
    for (size_t i = 0; i < HF_LEN(secret_texts); i++)
        free(*text_at(s, &secret_texts[i]));
    free(s->source);
    *s = (struct hf_sink_settings){0};
}

void
hf_sink_list_done(struct hf_sink_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        hf_sink_settings_done(&l->sinks[i]);
    l->count = 0;
}

/* Where one sink stands, for its errors. */
struct place {
    char pointer[POINTER_MAX];
    struct hf_error *err;
};

static int
wrong(const struct place *p, const char *member, const char *what)
{
    char pointer[POINTER_MAX + 32];

    snprintf(pointer, sizeof pointer, "%s/%s", p->pointer, member);
    return hf_error_set_at(p->err, HF_ERROR_INVALID, pointer, "settings: %s: %s", pointer, what);
}

static int
copy_texts(const struct hf_json *from, const struct text_member *members, size_t count,
           const struct place *p, struct hf_sink_settings *s)
{
    for (size_t i = 0; i < count; i++) {
        const char *text = hf_json_string(from, members[i].name);

        if (text && strlen(text) > members[i].max)
            return wrong(p, members[i].name, "it is too long");
        *text_at(s, &members[i]) = strdup(text ? text : "");
        if (!*text_at(s, &members[i]))
            return hf_error_nomem(p->err);
    }
    return 0;
}

/* One of the names, or the first where absent. */
static int
choose(const struct hf_json *doc, const char *member, const char *const *names, int count,
       const struct place *p, int *ret_choice)
{
    const char *text = hf_json_string(doc, member);

    *ret_choice = 0;
    if (!text)
        return 0;
    for (int i = 0; i < count; i++) {
        if (strcmp(text, names[i]) == 0) {
            *ret_choice = i;
            return 0;
        }
    }
    return wrong(p, member, "it is none of the values that are allowed there");
}

static int
read_range(const struct hf_json *doc, const char *member, int64_t otherwise, int64_t least,
           int64_t most, const struct place *p, int64_t *ret_value)
{
    int64_t value = hf_json_int(doc, member, otherwise);

    if (hf_json_get(doc, member) && value != 0 && (value < least || value > most))
        return wrong(p, member, "it is out of range");
    *ret_value = value ? value : otherwise;
    return 0;
}

/* RFC 9110 §5.6.2: a header's name; those that frame the request are not for settings. */
static bool
is_header_name(const char *name)
{
    static const char *const ours[] = {"Host",          "Content-Length",    "Content-Type",
                                       "Connection",    "Transfer-Encoding", "Content-Encoding",
                                       "Authorization", "Idempotency-Key",   "Holdfast-Gateway"};

    for (const char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("!#$%&'*+-.^_`|~", *c))
            return false;
    for (size_t i = 0; i < HF_LEN(ours); i++)
        if (strcasecmp(name, ours[i]) == 0)
            return false;
    return true;
}

static bool
is_one_line(const char *text)
{
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7F)
            return false;
    return true;
}

static bool
is_name(const char *name)
{
    size_t len = strlen(name);

    return len >= 1 && len <= HF_SINK_NAME_MAX && name[0] >= 'a' && name[0] <= 'z' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len &&
           strcmp(name, "processor") != 0; /* who refuses records, too */
}

static int
check_url(const struct hf_sink_settings *s, const struct place *p)
{
    static const char *const schemes[HF_SINK_TYPE_COUNT][2] = {{"https", "http"},
                                                               {"mqtts", "mqtt"}};
    struct hf_http_url url;
    bool ours;

    if (hf_http_url_parse(s->url, &url, NULL) < 0)
        return wrong(p, "url", "it is no address like scheme://host:port/path");
    ours = strcmp(url.scheme, schemes[s->type][0]) == 0 ||
           strcmp(url.scheme, schemes[s->type][1]) == 0;
    hf_http_url_done(&url);
    if (!ours)
        return wrong(p, "url",
                     s->type == HF_SINK_MQTT ? "it begins with mqtts:// or mqtt://"
                                             : "it begins with https:// or http://");
    if (url.user)
        return wrong(p, "url", "no user or password here: they belong to the secrets");
    return 0;
}

static int
check_proxy(const struct hf_sink_settings *s, const struct place *p)
{
    struct hf_http_url url;
    bool ok;

    if (!*s->proxy)
        return 0;
    if (hf_http_url_parse(s->proxy, &url, NULL) < 0)
        return wrong(p, "proxy", "it is no address like http://host:port");
    ok = strcmp(url.scheme, "http") == 0 && url.port && !url.user;
    hf_http_url_done(&url);
    return ok ? 0 : wrong(p, "proxy", "it is http://host:port, its user apart from it");
}

/* Only the placeholders of the contract, and what MQTT takes as a topic name. */
static bool
is_topic_template(const char *topic)
{
    for (const char *c = topic; *c; c++) {
        if (*c == '+' || *c == '#')
            return false;
        if (*c == '{' && strncmp(c, "{gateway}", 9) != 0 && strncmp(c, "{topic}", 7) != 0)
            return false;
    }
    return hf_text_utf8(topic, strlen(topic));
}

static int
check_https(const struct hf_sink_settings *s, const struct place *p)
{
    if (check_proxy(s, p) < 0)
        return -1;
    if (!is_header_name(s->header_name))
        return wrong(p, "header_name", "it is no header that may be set here");
    if (!is_one_line(s->token) || !is_one_line(s->header_value))
        return wrong(p, "token", "the token or the header's value has control characters in it");
    return 0;
}

static int
finish_mqtt(struct hf_sink_settings *s, const struct place *p)
{
    if (!*s->topic) {
        free(s->topic);
        s->topic = strdup("{gateway}/{topic}");
    }
    if (!*s->client_id) {
        free(s->client_id);
        if (asprintf(&s->client_id, "holdfast-%s", s->gateway) < 0)
            s->client_id = NULL;
    }
    if (!s->topic || !s->client_id)
        return hf_error_nomem(p->err);
    if (!is_topic_template(s->topic))
        return wrong(p, "topic", "a topic without + and #, with {gateway} and {topic} in it");
    if (*s->password && !*s->user)
        return wrong(p, "user", "there is a password without a user");
    return 0;
}

static int
read_numbers(const struct hf_json *doc, const struct place *p, struct hf_sink_settings *s)
{
    if (read_range(doc, "max_bytes_per_s", 0, RATE_MIN, INT64_C(1) << 40, p, &s->max_bytes_per_s) <
            0 ||
        read_range(doc, "batch_bytes", 0, HF_SINK_BATCH_MIN, HF_SINK_BATCH_MAX, p,
                   &s->batch_bytes) < 0 ||
        read_range(doc, "linger_ms", 0, 0, LINGER_MAX_MS, p, &s->linger_ms) < 0)
        return -1;
    return read_range(doc, "inflight", INFLIGHT, 1, INFLIGHT_MAX, p, &s->inflight);
}

static int
read_choices(const struct hf_json *doc, const struct place *p, struct hf_sink_settings *s)
{
    static const char *const versions[] = {"3.1.1", "5"}, *const payloads[] = {"record", "payload"};
    int type, format, encoding, version, payload;

    if (choose(doc, "type", type_names, HF_SINK_TYPE_COUNT, p, &type) < 0 ||
        choose(doc, "format", format_names, HF_FORMAT_COUNT, p, &format) < 0 ||
        choose(doc, "encoding", encoding_names, HF_ENCODING_COUNT, p, &encoding) < 0 ||
        choose(doc, "version", versions, HF_LEN(versions), p, &version) < 0 ||
        choose(doc, "payload", payloads, HF_LEN(payloads), p, &payload) < 0)
        return -1;
    s->type = (enum hf_sink_type)type;
    s->format = (enum hf_sink_format)format;
    s->encoding = (enum hf_sink_encoding)encoding;
    s->version5 = version == 1;
    s->payload_only = payload == 1;
    return 0;
}

static int
print_source(const struct hf_json *doc, const struct hf_json *secrets, struct hf_sink_settings *s,
             struct hf_error *err)
{
    HF_AUTO_FREE char *plain = NULL, *secret = NULL;

    if (hf_json_print(doc, &plain, err) < 0 ||
        (secrets && hf_json_print(secrets, &secret, err) < 0))
        return -1;
    if (asprintf(&s->source, "%s\n%s\n%s", s->gateway, plain, secret ? secret : "") < 0) {
        s->source = NULL;
        return hf_error_nomem(err);
    }
    return 0;
}

static const struct hf_json_field sink_fields[] = {
    {"name", HF_JSON_STRING, true},         {"type", HF_JSON_STRING, true},
    {"url", HF_JSON_STRING, true},          {"format", HF_JSON_STRING, false},
    {"encoding", HF_JSON_STRING, false},    {"header_name", HF_JSON_STRING, false},
    {"ca_pem", HF_JSON_STRING, false},      {"client_cert_pem", HF_JSON_STRING, false},
    {"server_name", HF_JSON_STRING, false}, {"proxy", HF_JSON_STRING, false},
    {"proxy_user", HF_JSON_STRING, false},  {"max_bytes_per_s", HF_JSON_INT, false},
    {"batch_bytes", HF_JSON_INT, false},    {"linger_ms", HF_JSON_INT, false},
    {"version", HF_JSON_STRING, false},     {"client_id", HF_JSON_STRING, false},
    {"user", HF_JSON_STRING, false},        {"topic", HF_JSON_STRING, false},
    {"payload", HF_JSON_STRING, false},     {"inflight", HF_JSON_INT, false},
};

static int
read_sink(const struct hf_json *doc, const struct hf_json *secrets, const struct place *p,
          struct hf_sink_settings *s)
{
    const char *name = hf_json_string(doc, "name");

    if (hf_json_check(doc, p->pointer, sink_fields, HF_LEN(sink_fields), p->err) < 0)
        return hf_error_wrap(p->err, "settings: %s", p->pointer);
    if (!is_name(name))
        return wrong(p, "name",
                     "1 to 32 of a-z, 0-9 and -, beginning with a letter, and not processor");
    snprintf(s->name, sizeof s->name, "%s", name);
    secrets = hf_json_get(secrets, name);
    if (copy_texts(doc, plain_texts, HF_LEN(plain_texts), p, s) < 0 ||
        copy_texts(secrets, secret_texts, HF_LEN(secret_texts), p, s) < 0 ||
        read_choices(doc, p, s) < 0 || read_numbers(doc, p, s) < 0 || check_url(s, p) < 0)
        return -1;
    if (*s->client_cert_pem && !*s->client_key_pem)
        return wrong(p, "client_cert_pem", "its key is not among the secrets");
    if ((s->type == HF_SINK_MQTT ? finish_mqtt(s, p) : check_https(s, p)) < 0)
        return -1;
    return print_source(doc, secrets, s, p->err);
}

static bool
is_known(const struct hf_sink_list *l, const char *name)
{
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->sinks[i].name, name) == 0)
            return true;
    return false;
}

static int
read_all(const struct hf_json *sinks, const struct hf_json *secrets, const char *gateway,
         struct hf_sink_list *l, struct hf_error *err)
{
    struct place p = {.err = err};

    for (const struct hf_json *v = hf_json_first(sinks); v; v = hf_json_next(v)) {
        struct hf_sink_settings *s = &l->sinks[l->count];

        snprintf(p.pointer, sizeof p.pointer, "/sinks/%zu", l->count);
        if (l->count == HF_SINKS_MAX)
            return hf_error_set_at(err, HF_ERROR_INVALID, "/sinks",
                                   "settings: there are more than %d sinks", HF_SINKS_MAX);
        if (is_known(l, hf_json_string(v, "name") ? hf_json_string(v, "name") : ""))
            return wrong(&p, "name", "another sink has the same");
        l->count++; /* what was read of it is freed with the rest */
        *s = (struct hf_sink_settings){0};
        snprintf(s->gateway, sizeof s->gateway, "%s", gateway);
        if (read_sink(v, secrets, &p, s) < 0)
            return -1;
    }
    return 0;
}

int
hf_sink_list_read(const struct hf_json *settings, const struct hf_json *credentials,
                  struct hf_sink_list *ret_list, struct hf_error *err)
{
    const struct hf_json *sinks = hf_json_get(settings, "sinks");
    const char *gateway = hf_json_string(settings, "gateway");
    struct hf_sink_list *l;

    if (!gateway || !*gateway || strlen(gateway) >= HF_GATEWAY_MAX || !is_one_line(gateway) ||
        strpbrk(gateway, " /+#"))
        return hf_error_set_at(err, HF_ERROR_INVALID, "/gateway", "settings: gateway is no name");
    if (sinks && !hf_json_is_array(sinks))
        return hf_error_set_at(err, HF_ERROR_INVALID, "/sinks", "settings: sinks is a list");
    l = calloc(1, sizeof *l);
    if (!l)
        return hf_error_nomem(err);
    if (read_all(sinks, hf_json_get(credentials, "sinks"), gateway, l, err) < 0) {
        hf_sink_list_done(l);
        free(l);
        return -1;
    }
    *ret_list = *l;
    free(l);
    return 0;
}

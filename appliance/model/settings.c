// SPDX-License-Identifier: Apache-2.0
#include "model/settings.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const int64_t MAX_BYTES_DEFAULT = 1024LL * 1024 * 1024;
static const int64_t MAX_BYTES_LEAST = 16LL * 1024 * 1024;
static const int64_t MAX_BYTES_MOST = 1024LL * 1024 * 1024 * 1024;

void
hf_settings_init(struct hf_settings *s)
{
    *s = (struct hf_settings){
        .name = "holdfast",
        .buffer_window_ms = HF_WINDOW_MS_DEFAULT,
        .buffer_max_bytes = MAX_BYTES_DEFAULT,
    };
}

void
hf_settings_done(struct hf_settings *s)
{
    free(s->uplink_ca_pem);
    s->uplink_ca_pem = NULL;
}

int
hf_settings_copy(const struct hf_settings *from, struct hf_settings *to, struct hf_error *err)
{
    char *pem = NULL;

    if (from->uplink_ca_pem && !(pem = strdup(from->uplink_ca_pem)))
        return hf_error_nomem(err);
    hf_settings_done(to);
    *to = *from;
    to->uplink_ca_pem = pem;
    return 0;
}

/* ---- checks ---- */

int
hf_settings_check_name(const char *name, const char *pointer, struct hf_error *err)
{
    size_t len = strlen(name);
    bool fine = len >= 1 && len <= 63 && name[0] != '-' && name[len - 1] != '-';

    for (size_t i = 0; fine && i < len; i++)
        fine = islower((unsigned char)name[i]) || isdigit((unsigned char)name[i]) || name[i] == '-';
    if (!fine)
        return hf_error_set_at(err, HF_ERROR_INVALID, pointer,
                               "%s: a name has 1 to 63 lower-case letters, digits and dashes and "
                               "neither begins nor ends with a dash (RFC 1123)",
                               pointer);
    return 0;
}

int
hf_settings_check_url(const char *url, const char *pointer, struct hf_error *err)
{
    const char *host = strncmp(url, "https://", 8) == 0  ? url + 8
                       : strncmp(url, "http://", 7) == 0 ? url + 7
                                                         : NULL;

    if (strlen(url) >= HF_URL_SIZE)
        return hf_error_set_at(err, HF_ERROR_INVALID, pointer, "%s: longer than %d characters",
                               pointer, HF_URL_SIZE - 1);
    if (!host || !*host || *host == '/' || *host == ':')
        return hf_error_set_at(err, HF_ERROR_INVALID, pointer,
                               "%s: must be https://host/… (or http://host/…)", pointer);
    for (const char *c = url; *c; c++)
        if (!isgraph((unsigned char)*c) || *c == '"' || *c == '<' || *c == '>' || *c == '#')
            return hf_error_set_at(err, HF_ERROR_INVALID, pointer,
                                   "%s: a URL has no blanks, quotes, brackets or '#'", pointer);
    for (const char *c = host; *c && *c != '/'; c++)
        if (*c == '@')
            return hf_error_set_at(err, HF_ERROR_INVALID, pointer,
                                   "%s: no user or password in the URL; use 'token'", pointer);
    return 0;
}

static int
check_range(int64_t value, int64_t least, int64_t most, const char *pointer, struct hf_error *err)
{
    if (value < least || value > most)
        return hf_error_set_at(err, HF_ERROR_INVALID, pointer, "%s: must be %lld to %lld", pointer,
                               (long long)least, (long long)most);
    return 0;
}

/* ---- parts of the document ---- */

static int
parse_uplink(const struct hf_json *v, struct hf_settings *s, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"url", HF_JSON_STRING, true},
        {"token", HF_JSON_STRING, false},
        {"ca_pem", HF_JSON_STRING, false},
    };
    const char *url, *token, *pem;

    if (hf_json_check(v, "/uplink", fields, HF_LEN(fields), err) < 0)
        return -1;
    url = hf_json_string(v, "url");
    token = hf_json_string(v, "token");
    pem = hf_json_string(v, "ca_pem");
    if (*url && hf_settings_check_url(url, "/uplink/url", err) < 0)
        return -1;
    if (token && (strlen(token) >= HF_SECRET_SIZE || strpbrk(token, " \r\n\t")))
        return hf_error_set_at(err, HF_ERROR_INVALID, "/uplink/token",
                               "/uplink/token: at most %d characters, no blanks",
                               HF_SECRET_SIZE - 1);
    if (pem && (strlen(pem) > HF_PEM_MAX || !strstr(pem, "-----BEGIN CERTIFICATE-----")))
        return hf_error_set_at(err, HF_ERROR_INVALID, "/uplink/ca_pem",
                               "/uplink/ca_pem: must be PEM certificates, at most %d bytes",
                               HF_PEM_MAX);

    snprintf(s->uplink_url, sizeof s->uplink_url, "%s", url);
    snprintf(s->uplink_token, sizeof s->uplink_token, "%s", token ? token : "");
    free(s->uplink_ca_pem);
    s->uplink_ca_pem = pem ? strdup(pem) : NULL;
    return pem && !s->uplink_ca_pem ? hf_error_nomem(err) : 0;
}

static int
parse_buffer(const struct hf_json *v, struct hf_settings *s, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"window_ms", HF_JSON_INT, false},
        {"max_bytes", HF_JSON_INT, false},
    };

    if (hf_json_check(v, "/buffer", fields, HF_LEN(fields), err) < 0)
        return -1;
    s->buffer_window_ms = hf_json_int(v, "window_ms", s->buffer_window_ms);
    s->buffer_max_bytes = hf_json_int(v, "max_bytes", s->buffer_max_bytes);
    if (check_range(s->buffer_window_ms, 0, HF_WINDOW_MS_MAX, "/buffer/window_ms", err) < 0)
        return -1;
    return check_range(s->buffer_max_bytes, MAX_BYTES_LEAST, MAX_BYTES_MOST, "/buffer/max_bytes",
                       err);
}

static int
parse_into(const struct hf_json *doc, struct hf_settings *s, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"name", HF_JSON_STRING, false},
        {"uplink", HF_JSON_OBJECT, false},
        {"buffer", HF_JSON_OBJECT, false},
    };
    const struct hf_json *uplink, *buffer;
    const char *name;

    if (hf_json_check(doc, "", fields, HF_LEN(fields), err) < 0)
        return -1;
    name = hf_json_string(doc, "name");
    if (name) {
        if (hf_settings_check_name(name, "/name", err) < 0)
            return -1;
        snprintf(s->name, sizeof s->name, "%s", name);
    }
    uplink = hf_json_get(doc, "uplink");
    if (uplink && parse_uplink(uplink, s, err) < 0)
        return -1;
    buffer = hf_json_get(doc, "buffer");
    return buffer ? parse_buffer(buffer, s, err) : 0;
}

int
hf_settings_parse(const struct hf_json *doc, struct hf_settings *ret_settings, struct hf_error *err)
{
    struct hf_settings s = {0};

    if (hf_settings_copy(ret_settings, &s, err) < 0)
        return -1;
    if (parse_into(doc, &s, err) < 0) {
        hf_settings_done(&s);
        return -1;
    }
    hf_settings_done(ret_settings);
    *ret_settings = s;
    return 0;
}

int
hf_settings_print(const struct hf_settings *s, char **ret_text, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = hf_json_object();
    struct hf_json *buffer = hf_json_object();

    hf_json_put_string(doc, "name", s->name);
    if (*s->uplink_url) {
        struct hf_json *uplink = hf_json_object();

        hf_json_put_string(uplink, "url", s->uplink_url);
        if (*s->uplink_token)
            hf_json_put_string(uplink, "token", s->uplink_token);
        if (s->uplink_ca_pem)
            hf_json_put_string(uplink, "ca_pem", s->uplink_ca_pem);
        hf_json_put(doc, "uplink", uplink);
    }
    hf_json_put_int(buffer, "window_ms", s->buffer_window_ms);
    hf_json_put_int(buffer, "max_bytes", s->buffer_max_bytes);
    hf_json_put(doc, "buffer", buffer);
    return hf_json_print(doc, ret_text, err);
}

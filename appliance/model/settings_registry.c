// SPDX-License-Identifier: Apache-2.0
/* Where images are fetched from, and how. */
#include "base/text.h"
#include "model/settings_parts.h"

#include <string.h>

enum { PORT_MOST = 65535 };

static const int64_t CHECK_HOURS_MOST = 720; /* a month */
static const int64_t RATE_LEAST = 16384;     /* below it a layer takes days */
static const int64_t RATE_MOST = 10000000000;
static const char AT[] = "/registry";
static const char HTTP[] = "http://";

/* Docker takes the first part of a name for a host only where it has a dot or a port, or is
 * localhost. */
static bool
is_host(const char *text)
{
    size_t name = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-");
    uint64_t port = 0;

    if (strlen(text) >= HF_REGISTRY_SIZE || !name || strchr(".-", text[0]) ||
        strchr(".-", text[name - 1]))
        return false;
    if (!text[name])
        return memchr(text, '.', name) || strcmp(text, "localhost") == 0;
    return text[name] == ':' && hf_text_u64(text + name + 1, &port) && port >= 1 &&
           port <= PORT_MOST;
}

static int
check_host(const struct hf_json *v, const char *member, struct hf_error *err)
{
    const char *host = hf_json_string(v, member);

    if (!host || !*host || is_host(host))
        return 0;
    return hf_wrong(err, AT, member,
                    "must be a host name with a dot in it, or a host and its port, such as "
                    "registry.example.com or 10.0.0.5:5000; \"\" for none");
}

static int
check_optional(const struct hf_json *v, const char *member, size_t size, struct hf_error *err)
{
    const char *text = hf_json_string(v, member);

    return text && *text ? hf_check_text(v, member, size - 1, AT, err) : 0;
}

/* Of the registry or of the proxy. */
static int
check_login(const struct hf_json *v, const char *user_member, const char *password_member,
            struct hf_error *err)
{
    const char *user = hf_json_string(v, user_member);
    const char *password = hf_json_string(v, password_member);

    if (check_optional(v, user_member, HF_REGISTRY_USER_SIZE, err) < 0 ||
        check_optional(v, password_member, HF_SECRET_SIZE, err) < 0)
        return -1;
    if (user && strchr(user, ':'))
        return hf_wrong(err, AT, user_member, "must have no ':' (RFC 7617)");
    if (password && strcmp(password, HF_SECRET_MASK) == 0)
        return hf_wrong(err, AT, password_member,
                        "'" HF_SECRET_MASK "' stands for a password that is kept, and there is "
                        "none: send the password itself, or leave it out");
    return 0;
}

static int
check_proxy(const struct hf_json *v, struct hf_error *err)
{
    const char *proxy = hf_json_string(v, "proxy");

    if (!proxy || !*proxy ||
        (strncmp(proxy, HTTP, sizeof HTTP - 1) == 0 && is_host(proxy + sizeof HTTP - 1) &&
         strchr(proxy + sizeof HTTP - 1, ':')))
        return 0;
    return hf_wrong(err, AT, "proxy",
                    "must be http://host:port, such as http://proxy.example.com:3128, its user "
                    "apart from it; \"\" for none");
}

static int
check_account(const struct hf_json *v, struct hf_error *err)
{
    const char *ca = hf_json_string(v, "ca_pem");

    if (check_login(v, "user", "password", err) < 0 ||
        check_login(v, "proxy_user", "proxy_password", err) < 0 || check_proxy(v, err) < 0 ||
        (ca && *ca && hf_check_pem(v, "ca_pem", "-----BEGIN CERTIFICATE-----", AT, err) < 0))
        return -1;
    if (ca && strlen(ca) >= HF_PEM_MAX)
        return hf_wrong(err, AT, "ca_pem", "is too long");
    return 0;
}

static void
take(const struct hf_json *v, const char *member, char *out, size_t size)
{
    const char *text = hf_json_string(v, member);

    if (text)
        hf_text_put(out, size, "%s", text);
}

void
hf_registry_settings_init(struct hf_registry_settings *r)
{
    *r = (struct hf_registry_settings){.release_repository = "holdfast/release"};
}

static int
check_releases(const struct hf_json *v, struct hf_error *err)
{
    const char *repository = hf_json_string(v, "release_repository");
    const char *fault = repository ? hf_repository_fault(repository) : NULL;

    if (fault)
        return hf_wrong(err, AT, "release_repository", fault);
    return hf_check_range(v, "check_hours", 0, CHECK_HOURS_MOST, AT, err);
}

int
hf_parse_registry(const struct hf_json *v, struct hf_registry_settings *r, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"host", HF_JSON_STRING, false},           {"ca_pem", HF_JSON_STRING, false},
        {"user", HF_JSON_STRING, false},           {"password", HF_JSON_STRING, false},
        {"token_host", HF_JSON_STRING, false},     {"max_bytes_per_s", HF_JSON_INT, false},
        {"check_hours", HF_JSON_INT, false},       {"release_repository", HF_JSON_STRING, false},
        {"proxy", HF_JSON_STRING, false},          {"proxy_user", HF_JSON_STRING, false},
        {"proxy_password", HF_JSON_STRING, false},
    };
    int64_t rate;

    if (hf_json_check(v, AT, fields, HF_LEN(fields), err) < 0 || check_host(v, "host", err) < 0 ||
        check_host(v, "token_host", err) < 0 || check_account(v, err) < 0 ||
        check_releases(v, err) < 0)
        return -1;
    rate = hf_json_int(v, "max_bytes_per_s", r->max_bytes_per_s);
    if (rate && (rate < RATE_LEAST || rate > RATE_MOST))
        return hf_wrong(err, AT, "max_bytes_per_s",
                        "must be 16384 to 10000000000, or 0 for no bound");
    r->max_bytes_per_s = rate;
    take(v, "host", r->host, sizeof r->host);
    take(v, "ca_pem", r->ca_pem, sizeof r->ca_pem);
    take(v, "user", r->user, sizeof r->user);
    take(v, "password", r->password, sizeof r->password);
    take(v, "token_host", r->token_host, sizeof r->token_host);
    take(v, "proxy", r->proxy, sizeof r->proxy);
    take(v, "proxy_user", r->proxy_user, sizeof r->proxy_user);
    take(v, "proxy_password", r->proxy_password, sizeof r->proxy_password);
    take(v, "release_repository", r->release_repository, sizeof r->release_repository);
    r->check_hours = hf_json_int(v, "check_hours", r->check_hours);
    return 0;
}

static void
put_secret(struct hf_json *o, const char *member, const char *secret, bool masked)
{
    hf_json_put_string(o, member, masked && *secret ? HF_SECRET_MASK : secret);
}

struct hf_json *
hf_print_registry(const struct hf_registry_settings *r, bool masked)
{
    struct hf_json *o = hf_json_object();

    hf_json_put_string(o, "host", r->host);
    hf_json_put_string(o, "ca_pem", r->ca_pem);
    hf_json_put_string(o, "user", r->user);
    put_secret(o, "password", r->password, masked);
    hf_json_put_string(o, "token_host", r->token_host);
    hf_json_put_string(o, "proxy", r->proxy);
    hf_json_put_string(o, "proxy_user", r->proxy_user);
    put_secret(o, "proxy_password", r->proxy_password, masked);
    hf_json_put_int(o, "max_bytes_per_s", r->max_bytes_per_s);
    hf_json_put_string(o, "release_repository", r->release_repository);
    hf_json_put_int(o, "check_hours", r->check_hours);
    return o;
}

static int
unmask(const struct hf_json *registry, const char *member, const char *have, struct hf_error *err)
{
    const char *secret = hf_json_string(registry, member);

    if (!secret || strcmp(secret, HF_SECRET_MASK) != 0 || !*have)
        return 0;
    hf_json_set((struct hf_json *)(uintptr_t)registry, member, hf_json_of_string(have));
    return hf_json_string(registry, member) ? 0 : hf_error_nomem(err);
}

int
hf_unmask_registry(const struct hf_json *registry, const struct hf_registry_settings *have,
                   struct hf_error *err)
{
    return unmask(registry, "password", have->password, err) < 0
               ? -1
               : unmask(registry, "proxy_password", have->proxy_password, err);
}

// SPDX-License-Identifier: Apache-2.0
/* Limits by service, and what an operator's own services may have. */
#include "base/text.h"
#include "model/limits.h"
#include "model/own_parts.h"
#include "model/settings_parts.h"

#include <string.h>

enum { PORTS_MAX = 64, BINDS_MAX = 16, SECRETS_MAX = 64, SECRET_MOST = 4096, PORT_MOST = 65535 };

static const char overcommit[] = "allow_overcommit";

/* ---- limits ---- */

int
hf_check_limits(const struct hf_json *limits, struct hf_error *err)
{
    static const struct hf_json_field one[] = {{overcommit, HF_JSON_BOOL, true}};
    char at[HF_ERROR_POINTER_MAX];

    for (const struct hf_json *v = hf_json_first(limits); v; v = hf_json_next(v)) {
        const char *name = hf_json_key(v);

        if (strcmp(name, overcommit) == 0) {
            HF_AUTO(hf_json) struct hf_json *alone = hf_json_object();

            hf_json_put(alone, overcommit, hf_json_copy(v));
            if (hf_json_check(alone, "/limits", one, HF_LEN(one), err) < 0)
                return -1;
            continue;
        }
        if (!hf_own_is_label(name, HF_OWN_NAME_MAX))
            return hf_error_set_at(err, HF_ERROR_INVALID, "/limits",
                                   "/limits: '%.40s' is neither a service nor allow_overcommit",
                                   name);
        hf_text_put(at, sizeof at, "/limits/%s", name);
        if (hf_limits_check(v, at, false, err) < 0)
            return -1;
    }
    return 0;
}

bool
hf_settings_allow_overcommit(const struct hf_settings *s)
{
    return hf_json_bool(s->limits, overcommit, false);
}

const struct hf_json *
hf_settings_limits(const struct hf_settings *s, const char *service)
{
    return hf_json_get(s->limits, service);
}

/* ---- own services ---- */

static int
check_ports(const struct hf_json *ports, struct hf_error *err)
{
    if (hf_json_count(ports) > PORTS_MAX)
        return hf_wrong(err, "/own", "ports", "must have at most 64 ports");
    for (const struct hf_json *p = hf_json_first(ports); p; p = hf_json_next(p))
        if (hf_json_as_int(p, 0) < 1 || hf_json_as_int(p, 0) > PORT_MOST)
            return hf_wrong(err, "/own", "ports", "must have numbers of 1 to 65535");
    return 0;
}

static int
check_binds(const struct hf_json *binds, struct hf_error *err)
{
    if (hf_json_count(binds) > BINDS_MAX)
        return hf_wrong(err, "/own", "binds", "must have at most 16 paths");
    for (const struct hf_json *b = hf_json_first(binds); b; b = hf_json_next(b))
        if (!hf_own_is_path(hf_json_as_string(b)))
            return hf_wrong(err, "/own", "binds",
                            "must have absolute paths of the host without '..', ':' and ','");
    return 0;
}

static int
check_secrets(const struct hf_json *secrets, struct hf_error *err)
{
    char at[HF_ERROR_POINTER_MAX];
    size_t count = 0;

    for (const struct hf_json *v = hf_json_first(secrets); v; v = hf_json_next(v)) {
        hf_text_put(at, sizeof at, "/own/secrets/%s", hf_json_key(v));
        if (!hf_own_is_label(hf_json_key(v), HF_OWN_NAME_MAX) || !hf_json_is_object(v))
            return hf_wrong(err, "/own", "secrets",
                            "must be an object by service of objects by name");
        for (const struct hf_json *s = hf_json_first(v); s; s = hf_json_next(s), count++)
            if (!hf_json_as_string(s) || !*hf_json_as_string(s) ||
                strlen(hf_json_as_string(s)) > SECRET_MOST)
                return hf_wrong(err, at, hf_json_key(s), "must be a text of 1 to 4096 bytes");
    }
    return count <= SECRETS_MAX ? 0 : hf_wrong(err, "/own", "secrets", "must be at most 64");
}

int
hf_check_own(const struct hf_json *own, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"ports", HF_JSON_ARRAY, false},
        {"binds", HF_JSON_ARRAY, false},
        {"secrets", HF_JSON_OBJECT, false},
    };

    if (!own)
        return 0;
    if (hf_json_check(own, "/own", fields, HF_LEN(fields), err) < 0 ||
        check_ports(hf_json_get(own, "ports"), err) < 0 ||
        check_binds(hf_json_get(own, "binds"), err) < 0)
        return -1;
    return check_secrets(hf_json_get(own, "secrets"), err);
}

struct hf_json *
hf_mask_own(const struct hf_json *own)
{
    struct hf_json *copy = hf_json_copy(own);
    struct hf_json *secrets = hf_json_object();

    if (!hf_json_get(own, "secrets")) {
        hf_json_free(secrets);
        return copy;
    }
    for (const struct hf_json *v = hf_json_first(hf_json_get(own, "secrets")); v;
         v = hf_json_next(v)) {
        struct hf_json *masked = hf_json_object();

        for (const struct hf_json *s = hf_json_first(v); s; s = hf_json_next(s))
            hf_json_put_string(masked, hf_json_key(s), HF_SECRET_MASK);
        hf_json_put(secrets, hf_json_key(v), masked);
    }
    hf_json_set(copy, "secrets", secrets);
    return copy;
}

/* The tree is of a document that was just merged, and so is ours to change. */
static struct hf_json *mutable(const struct hf_json *v)
{
    return (struct hf_json *)(uintptr_t)v;
}

int
hf_unmask_own(const struct hf_json *own, const struct hf_json *have, struct hf_error *err)
{
    const struct hf_json *kept = hf_json_get(have, "secrets");

    for (const struct hf_json *v = hf_json_first(hf_json_get(own, "secrets")); v;
         v = hf_json_next(v)) {
        const struct hf_json *old = hf_json_get(kept, hf_json_key(v));

        for (const struct hf_json *o = hf_json_first(old); o; o = hf_json_next(o)) {
            const char *name = hf_json_key(o), *text = hf_json_string(v, name);

            if (!text || strcmp(text, HF_SECRET_MASK) != 0)
                continue;
            hf_json_set(mutable(v), name, hf_json_copy(o));
            if (!hf_json_string(v, name))
                return hf_error_nomem(err);
        }
    }
    return 0;
}

/* ---- what they may have ---- */

bool
hf_settings_allow_port(const struct hf_settings *s, int64_t port)
{
    for (const struct hf_json *p = hf_json_first(hf_json_get(s->own, "ports")); p;
         p = hf_json_next(p))
        if (hf_json_as_int(p, 0) == port)
            return true;
    return false;
}

bool
hf_settings_allow_bind(const struct hf_settings *s, const char *source)
{
    for (const struct hf_json *b = hf_json_first(hf_json_get(s->own, "binds")); b;
         b = hf_json_next(b)) {
        const char *allowed = hf_json_as_string(b);
        size_t len = strlen(allowed);

        if (strncmp(source, allowed, len) == 0 && (!source[len] || source[len] == '/'))
            return true;
    }
    return false;
}

const char *
hf_settings_own_secret(const struct hf_settings *s, const char *service, const char *name)
{
    return hf_json_string(hf_json_get(hf_json_get(s->own, "secrets"), service), name);
}

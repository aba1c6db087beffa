// SPDX-License-Identifier: Apache-2.0
/* The small bodies, and what several have in common. */
#include "dockerguard/body.h"

#include "base/text.h"
#include "dockerguard/parts.h"

#include <string.h>

enum { ALIASES_MAX = 4, WEIGHT_LEAST = 10, WEIGHT_MOST = 1000 };

/* ---- parts ---- */

static int
positive(const struct hf_json *v, const char *pointer, const char *member, struct hf_error *err)
{
    char at[HF_ERROR_POINTER_MAX];

    if (!hf_json_get(v, member) || hf_json_int(v, member, 0) > 0)
        return 0;
    hf_text_put(at, sizeof at, "%s/%s", pointer, member);
    return hf_dguard_refuse(err, at, "must be above 0, which would be no limit");
}

int
hf_dguard_limits(const struct hf_json *v, const char *pointer, struct hf_error *err)
{
    static const char *const members[] = {"Memory", "MemorySwap", "PidsLimit", "NanoCpus"};
    char at[HF_ERROR_POINTER_MAX];
    int64_t weight = hf_json_int(v, "BlkioWeight", WEIGHT_LEAST);

    for (size_t i = 0; i < HF_LEN(members); i++)
        if (positive(v, pointer, members[i], err) < 0)
            return -1;
    hf_text_put(at, sizeof at, "%s/MemorySwap", pointer);
    if (hf_json_int(v, "MemorySwap", 0) != hf_json_int(v, "Memory", 0))
        return hf_dguard_refuse(err, at, "must be what Memory is");
    hf_text_put(at, sizeof at, "%s/MemoryReservation", pointer);
    if (hf_json_int(v, "MemoryReservation", 0) < 0)
        return hf_dguard_refuse(err, at, "must not be below 0");
    hf_text_put(at, sizeof at, "%s/BlkioWeight", pointer);
    if (weight < WEIGHT_LEAST || weight > WEIGHT_MOST)
        return hf_dguard_refuse(err, at, "must be 10 to 1000");
    return 0;
}

int
hf_dguard_labels(const struct hf_dguard_policy *p, const struct hf_json *labels,
                 const char *pointer, struct hf_error *err)
{
    const char *instance = hf_json_string(labels, HF_DGUARD_LABEL_INSTANCE);

    for (const struct hf_json *v = hf_json_first(labels); v; v = hf_json_next(v))
        if (!hf_json_as_string(v) ||
            strncmp(hf_json_key(v), HF_DGUARD_LABELS, strlen(HF_DGUARD_LABELS)) != 0)
            return hf_dguard_refuse(err, pointer, "must have texts named io.holdfast.…");
    if (!instance || strcmp(instance, p->instance) != 0)
        return hf_dguard_refuse(err, pointer, "must have this gateway's " HF_DGUARD_LABEL_INSTANCE);
    return 0;
}

int
hf_dguard_strings(const struct hf_json *v, const char *pointer, const char *member, size_t max,
                  bool (*test)(const struct hf_dguard_policy *p, const char *text),
                  const struct hf_dguard_policy *p, const char *must, struct hf_error *err)
{
    const struct hf_json *list = hf_json_get(v, member);
    char at[HF_ERROR_POINTER_MAX];
    size_t count = 0;

    hf_text_put(at, sizeof at, "%s/%s", pointer, member);
    for (const struct hf_json *i = hf_json_first(list); i; i = hf_json_next(i)) {
        const char *text = hf_json_as_string(i);

        if (!text || ++count > max || !test(p, text))
            return hf_dguard_refuse(err, at, must);
    }
    return 0;
}

static bool
is_alias(const struct hf_dguard_policy *p, const char *text)
{
    (void)p;
    return hf_dguard_is_ref(text);
}

int
hf_dguard_endpoint(const struct hf_json *v, const char *pointer, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {{"Aliases", HF_JSON_ARRAY, false}};

    if (hf_json_check(v, pointer, fields, HF_LEN(fields), err) < 0)
        return -1;
    return hf_dguard_strings(v, pointer, "Aliases", ALIASES_MAX, is_alias, NULL,
                             "must have names of hosts", err);
}

/* ---- bodies ---- */

/* Of a member that is not allowed hf_json_check() says INVALID; here that is FORBIDDEN. */
static int
forbidden(int rc, struct hf_error *err)
{
    if (rc < 0 && err && err->class == HF_ERROR_INVALID)
        err->class = HF_ERROR_FORBIDDEN;
    return rc;
}

int
hf_dguard_check_update(const struct hf_json *body, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {HF_DGUARD_LIMIT_FIELDS(true)};
    int rc = hf_json_check(body, "", fields, HF_LEN(fields), err);

    return forbidden(rc < 0 ? rc : hf_dguard_limits(body, "", err), err);
}

static int
network(const struct hf_dguard_policy *p, const struct hf_json *body, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"Name", HF_JSON_STRING, true},   {"CheckDuplicate", HF_JSON_BOOL, false},
        {"Driver", HF_JSON_STRING, true}, {"Internal", HF_JSON_BOOL, true},
        {"Labels", HF_JSON_OBJECT, true},
    };

    if (hf_json_check(body, "", fields, HF_LEN(fields), err) < 0)
        return -1;
    if (!hf_dguard_is_ours(p, hf_json_string(body, "Name")))
        return hf_dguard_refuse(err, "/Name", "must begin with this gateway's instance and a dash");
    if (strcmp(hf_json_string(body, "Driver"), "bridge") != 0)
        return hf_dguard_refuse(err, "/Driver", "must be bridge");
    return hf_dguard_labels(p, hf_json_get(body, "Labels"), "/Labels", err);
}

int
hf_dguard_check_network(const struct hf_dguard_policy *p, const struct hf_json *body,
                        struct hf_error *err)
{
    return forbidden(network(p, body, err), err);
}

static int
volume(const struct hf_dguard_policy *p, const struct hf_json *body, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"Name", HF_JSON_STRING, true},
        {"Labels", HF_JSON_OBJECT, true},
    };

    if (hf_json_check(body, "", fields, HF_LEN(fields), err) < 0)
        return -1;
    if (!hf_dguard_is_ours(p, hf_json_string(body, "Name")))
        return hf_dguard_refuse(err, "/Name", "must begin with this gateway's instance and a dash");
    return hf_dguard_labels(p, hf_json_get(body, "Labels"), "/Labels", err);
}

int
hf_dguard_check_volume(const struct hf_dguard_policy *p, const struct hf_json *body,
                       struct hf_error *err)
{
    return forbidden(volume(p, body, err), err);
}

static int
connection(const struct hf_json *body, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"Container", HF_JSON_STRING, true},
        {"EndpointConfig", HF_JSON_OBJECT, true},
    };

    if (hf_json_check(body, "", fields, HF_LEN(fields), err) < 0)
        return -1;
    if (!hf_dguard_is_ref(hf_json_string(body, "Container")))
        return hf_dguard_refuse(err, "/Container", "must be an id or a name");
    return hf_dguard_endpoint(hf_json_get(body, "EndpointConfig"), "/EndpointConfig", err);
}

int
hf_dguard_check_connect(const struct hf_json *body, struct hf_error *err)
{
    return forbidden(connection(body, err), err);
}

/* By name: of a container that is gone Docker keeps only that. */
static int
disconnection(const struct hf_dguard_policy *p, const struct hf_json *body, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"Container", HF_JSON_STRING, true},
        {"Force", HF_JSON_BOOL, true},
    };

    if (hf_json_check(body, "", fields, HF_LEN(fields), err) < 0)
        return -1;
    if (!hf_dguard_is_ours(p, hf_json_string(body, "Container")))
        return hf_dguard_refuse(err, "/Container",
                                "must begin with this gateway's instance and a dash");
    return 0;
}

int
hf_dguard_check_disconnect(const struct hf_dguard_policy *p, const struct hf_json *body,
                           struct hf_error *err)
{
    return forbidden(disconnection(p, body, err), err);
}

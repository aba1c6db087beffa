// SPDX-License-Identifier: Apache-2.0
#include "model/trust.h"

#include "base/text.h"

#include <string.h>

/* ---- keys ---- */

static int
wrong_key(struct hf_error *err, const char *pointer, size_t index, const char *why)
{
    char at[HF_ERROR_POINTER_MAX];

    hf_text_put(at, sizeof at, "%s/%zu", pointer, index);
    return hf_error_set_at(err, HF_ERROR_INVALID, at, "%s: %s", at, why);
}

static int
read_keys(const struct hf_json *list, const char *pointer, struct hf_minisign_key *keys,
          size_t *ret_count, struct hf_error *err)
{
    size_t count = 0;

    if (hf_json_count(list) > HF_RELEASE_KEYS_MAX)
        return hf_error_set_at(err, HF_ERROR_INVALID, pointer, "%s: at most %d keys", pointer,
                               HF_RELEASE_KEYS_MAX);
    for (const struct hf_json *v = hf_json_first(list); v; v = hf_json_next(v)) {
        const char *text = hf_json_as_string(v);
        struct hf_error local;

        if (hf_minisign_key_parse(text ? text : "", &keys[count], &local) < 0)
            return wrong_key(err, pointer, count, local.message);
        for (size_t i = 0; i < count; i++)
            if (memcmp(keys[i].id, keys[count].id, sizeof keys[i].id) == 0)
                return wrong_key(err, pointer, count, "a key of that id is there already");
        count++;
    }
    *ret_count = count;
    return 0;
}

int
hf_trust_check_keys(const struct hf_json *keys, const char *pointer, struct hf_error *err)
{
    struct hf_minisign_key parsed[HF_RELEASE_KEYS_MAX];
    size_t count = 0;

    return read_keys(keys, pointer, parsed, &count, err);
}

/* ---- signatures ---- */

int
hf_trust_check_signature(const struct hf_json *keys, struct hf_slice file,
                         struct hf_slice signature, char ret_comment[HF_MINISIGN_COMMENT_MAX + 1],
                         struct hf_error *err)
{
    struct hf_minisign_key parsed[HF_RELEASE_KEYS_MAX];
    size_t count = 0;

    if (read_keys(keys, "/release_keys", parsed, &count, err) < 0)
        return -1;
    if (count == 0) {
        ret_comment[0] = '\0';
        return 0;
    }
    if (!signature.data)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "it is not signed, and this gateway takes only releases that one of "
                            "its release_keys has signed");
    return hf_minisign_verify(signature, file, parsed, count, ret_comment, err);
}

/* ---- the rest ---- */

int
hf_release_check_floor(const struct hf_release *r, int64_t floor, struct hf_error *err)
{
    if (r->counter >= floor)
        return 0;
    return hf_error_set_at(err, HF_ERROR_CONFLICT, "/counter",
                           "release %s %s has the counter %lld, and this gateway has run %lld: it "
                           "goes back to an older one only where that is asked for",
                           r->name, r->version, (long long)r->counter, (long long)floor);
}

int
hf_release_check_fit(const struct hf_release *r, const char *holdfastd, int64_t settings_schema,
                     struct hf_error *err)
{
    if (*r->daemon.package && hf_version_compare(r->daemon.version, holdfastd) > 0)
        return 0;
    if (hf_version_compare(holdfastd, r->min_holdfastd) < 0)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/min_holdfastd",
                               "release %s %s needs holdfastd %s or newer, and this is %s: update "
                               "holdfastd first",
                               r->name, r->version, r->min_holdfastd, holdfastd);
    if (r->settings_schema > settings_schema)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/settings_schema",
                               "release %s %s needs settings of schema %lld, and this holdfastd "
                               "has %lld: update holdfastd first",
                               r->name, r->version, (long long)r->settings_schema,
                               (long long)settings_schema);
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
#include "dockerguard/query.h"

#include "base/text.h"
#include "json/json.h"

#include <ctype.h>
#include <string.h>

enum { VALUE_MAX = 1024, DIGITS_MAX = 19 };

static int
hex_value(char c)
{
    if (isdigit((unsigned char)c))
        return c - '0';
    return isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : -1;
}

int
hf_dguard_decode(const char *text, size_t len, char *out, size_t size, struct hf_error *err)
{
    size_t written = 0;

    for (size_t i = 0; i < len; i++) {
        int c = (unsigned char)text[i];

        if (c == '%') {
            int high = len - i > 2 ? hex_value(text[i + 1]) : -1;
            int low = len - i > 2 ? hex_value(text[i + 2]) : -1;

            if (high < 0 || low < 0)
                return hf_error_set(err, HF_ERROR_MALFORMED, "the target has a %% that is none");
            c = high * 16 + low;
            i += 2;
        }
        if (c < ' ' || c >= 0x7f)
            return hf_error_set(err, HF_ERROR_MALFORMED, "the target has a byte that is no text");
        if (written + 1 >= size)
            return hf_error_set(err, HF_ERROR_TOO_LARGE, "the target is too long");
        out[written++] = (char)c;
    }
    out[written] = '\0';
    return 0;
}

/* ---- filters ---- */

static bool
is_one_of(const char *text, const char *const *list, size_t count)
{
    for (size_t i = 0; text && i < count; i++)
        if (strcmp(text, list[i]) == 0)
            return true;
    return false;
}

/* Whether the member is an array with at least one text, each of the list. */
static bool
lists_only(const struct hf_json *doc, const char *member, const char *const *list, size_t count)
{
    const struct hf_json *array = hf_json_get(doc, member);

    if (!hf_json_is_array(array) || !hf_json_first(array))
        return false;
    for (const struct hf_json *v = hf_json_first(array); v; v = hf_json_next(v))
        if (!is_one_of(hf_json_as_string(v), list, count))
            return false;
    return true;
}

static bool
is_label_filter(const struct hf_dguard_policy *p, const struct hf_json *doc)
{
    char label[VALUE_MAX];
    const char *const list[] = {label};

    hf_text_put(label, sizeof label, HF_DGUARD_LABEL_INSTANCE "=%s", p->instance);
    return hf_json_count(doc) == 1 && lists_only(doc, "label", list, 1);
}

/* Not exec and the like: their events carry command lines of other people's containers. */
static bool
is_event_filter(const struct hf_json *doc)
{
    static const char *const types[] = {"container", "network", "volume"};
    static const char *const events[] = {"create", "start",   "die",    "stop",   "oom",
                                         "pause",  "unpause", "update", "rename", "destroy"};

    return hf_json_count(doc) == 2 && lists_only(doc, "type", types, HF_LEN(types)) &&
           lists_only(doc, "event", events, HF_LEN(events));
}

static bool
is_filter(const struct hf_dguard_policy *p, enum hf_dguard_form form, const char *value)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;

    if (hf_json_parse(value, strlen(value), &doc, NULL) < 0 || !hf_json_is_object(doc))
        return false;
    return form == HF_DGUARD_FORM_LABEL ? is_label_filter(p, doc) : is_event_filter(doc);
}

/* ---- parameters ---- */

static bool
is_allowed(const struct hf_dguard_policy *p, const struct hf_dguard_parameter *parameter,
           const char *value)
{
    switch (parameter->form) {
    case HF_DGUARD_FORM_EXACT:
        return strcmp(value, parameter->exact) == 0;
    case HF_DGUARD_FORM_DIGITS:
        return hf_dguard_is_digits(value, DIGITS_MAX);
    case HF_DGUARD_FORM_NAME:
        return hf_dguard_is_ours(p, value);
    default:
        return is_filter(p, parameter->form, value);
    }
}

static int
put_encoded(struct hf_buf *out, const char *text, struct hf_error *err)
{
    for (const char *c = text; *c; c++) {
        int rc = isalnum((unsigned char)*c) || strchr("-._~", *c)
                     ? hf_buf_add(out, c, 1, err)
                     : hf_buf_addf(out, err, "%%%02X", (unsigned char)*c);

        if (rc < 0)
            return -1;
    }
    return 0;
}

/* One of "name=value" in query, from *at on, which moves behind it; false at the end. */
static bool
next_pair(const char *query, size_t *at, const char **ret_pair, size_t *ret_len)
{
    if (!query[*at])
        return false;
    ++*at; /* '?' or '&' */
    *ret_pair = query + *at;
    *ret_len = strcspn(*ret_pair, "&");
    *at += *ret_len;
    return true;
}

/* Whether each pair is one of the parameters, and none is there twice. */
static int
check_names(const struct hf_dguard_parameter *parameters, const char *query, struct hf_error *err)
{
    unsigned seen = 0;
    const char *pair;
    size_t at = 0, len;

    while (next_pair(query, &at, &pair, &len)) {
        size_t name = strcspn(pair, "=&");
        bool known = false;

        for (unsigned i = 0; i < HF_DGUARD_PARAMETERS_MAX && parameters[i].name; i++)
            if (strlen(parameters[i].name) == name && name < len &&
                strncmp(pair, parameters[i].name, name) == 0 && !(seen & 1U << i)) {
                known = true;
                seen |= 1U << i;
            }
        if (!known)
            return hf_error_set(err, HF_ERROR_FORBIDDEN, "the parameter '%.*s' is not allowed here",
                                (int)(len < 60 ? len : 60), pair);
    }
    return 0;
}

/* The raw value of a parameter that is there once at most. */
static bool
find_value(const char *query, const char *name, const char **ret_value, size_t *ret_len)
{
    const char *pair;
    size_t at = 0, len, name_len = strlen(name);

    while (next_pair(query, &at, &pair, &len)) {
        if (strncmp(pair, name, name_len) != 0 || pair[name_len] != '=')
            continue;
        *ret_value = pair + name_len + 1;
        *ret_len = len - name_len - 1;
        return true;
    }
    return false;
}

int
hf_dguard_query(const struct hf_dguard_policy *p, const struct hf_dguard_parameter *parameters,
                const char *query, struct hf_buf *out, char *name, size_t name_size,
                struct hf_error *err)
{
    if (check_names(parameters, query, err) < 0)
        return -1;
    for (size_t i = 0; i < HF_DGUARD_PARAMETERS_MAX && parameters[i].name; i++) {
        char value[VALUE_MAX] = "";
        const char *raw;
        size_t len;

        if (!find_value(query, parameters[i].name, &raw, &len)) {
            if (!parameters[i].required)
                continue;
            return hf_error_set(err, HF_ERROR_FORBIDDEN, "the parameter '%s' must be there",
                                parameters[i].name);
        }
        if (hf_dguard_decode(raw, len, value, sizeof value, err) < 0)
            return -1;
        if (!is_allowed(p, &parameters[i], value))
            return hf_error_set(err, HF_ERROR_FORBIDDEN,
                                "the parameter '%s' must not be '%.100s' here", parameters[i].name,
                                value);
        if (parameters[i].form == HF_DGUARD_FORM_NAME)
            hf_text_put(name, name_size, "%s", value);
        if (hf_buf_addf(out, err, "%c%s=", out->len ? '&' : '?', parameters[i].name) < 0 ||
            put_encoded(out, value, err) < 0)
            return -1;
    }
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
#include "json/raw.h"

#include "base/clock.h"
#include "base/text.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const double EXACT_INT_MAX = 9007199254740991.0; /* 2^53 - 1 */

/* ---- reading ---- */

void
hf_json_free(struct hf_json *doc)
{
    cJSON_Delete(raw(doc));
}

bool
hf_json_is_object(const struct hf_json *v)
{
    return cJSON_IsObject(raw(v));
}

bool
hf_json_is_array(const struct hf_json *v)
{
    return cJSON_IsArray(raw(v));
}

bool
hf_json_is_null(const struct hf_json *v)
{
    return cJSON_IsNull(raw(v));
}

const struct hf_json *
hf_json_get(const struct hf_json *object, const char *member)
{
    return wrapped(cJSON_GetObjectItemCaseSensitive(raw(object), member));
}

const char *
hf_json_as_string(const struct hf_json *v)
{
    return cJSON_GetStringValue(raw(v));
}

const char *
hf_json_string(const struct hf_json *object, const char *member)
{
    return hf_json_as_string(hf_json_get(object, member));
}

bool
hf_json_bool(const struct hf_json *object, const char *member, bool otherwise)
{
    const cJSON *v = raw(hf_json_get(object, member));

    return cJSON_IsBool(v) ? cJSON_IsTrue(v) : otherwise;
}

static bool
is_int(const cJSON *v)
{
    return cJSON_IsNumber(v) && floor(v->valuedouble) == v->valuedouble &&
           fabs(v->valuedouble) <= EXACT_INT_MAX;
}

int64_t
hf_json_as_int(const struct hf_json *v, int64_t otherwise)
{
    return is_int(raw(v)) ? (int64_t)raw(v)->valuedouble : otherwise;
}

int64_t
hf_json_int(const struct hf_json *object, const char *member, int64_t otherwise)
{
    return hf_json_as_int(hf_json_get(object, member), otherwise);
}

double
hf_json_as_number(const struct hf_json *v, double otherwise)
{
    return cJSON_IsNumber(raw(v)) ? raw(v)->valuedouble : otherwise;
}

double
hf_json_number(const struct hf_json *object, const char *member, double otherwise)
{
    return hf_json_as_number(hf_json_get(object, member), otherwise);
}

const struct hf_json *
hf_json_first(const struct hf_json *v)
{
    return v ? wrapped(raw(v)->child) : NULL;
}

const struct hf_json *
hf_json_next(const struct hf_json *v)
{
    return v ? wrapped(raw(v)->next) : NULL;
}

const char *
hf_json_key(const struct hf_json *v)
{
    return v ? raw(v)->string : NULL;
}

size_t
hf_json_count(const struct hf_json *v)
{
    size_t count = 0;

    for (const struct hf_json *c = hf_json_first(v); c; c = hf_json_next(c))
        count++;
    return count;
}

/* ---- checking ---- */

static bool
has_type(const cJSON *v, enum hf_json_type type)
{
    switch (type) {
    case HF_JSON_OBJECT:
        return cJSON_IsObject(v);
    case HF_JSON_ARRAY:
        return cJSON_IsArray(v);
    case HF_JSON_STRING:
        return cJSON_IsString(v);
    case HF_JSON_INT:
        return is_int(v);
    case HF_JSON_NUMBER:
        return cJSON_IsNumber(v);
    case HF_JSON_BOOL:
        return cJSON_IsBool(v);
    default:
        return true;
    }
}

static const char *const type_names[HF_JSON_TYPE_COUNT] = {
    [HF_JSON_OBJECT] = "an object", [HF_JSON_ARRAY] = "an array",
    [HF_JSON_STRING] = "a string",  [HF_JSON_INT] = "a whole number",
    [HF_JSON_NUMBER] = "a number",  [HF_JSON_BOOL] = "true or false",
    [HF_JSON_ANY] = "any value",
};

static int
unknown_field(const char *pointer, const char *name, const struct hf_json_field *fields,
              size_t count, struct hf_error *err)
{
    char where[HF_ERROR_POINTER_MAX];
    HF_AUTO_BUF struct hf_buf allowed = HF_BUF_INIT(HF_ERROR_MESSAGE_MAX);

    for (size_t i = 0; i < count; i++)
        if (hf_buf_addf(&allowed, NULL, "%s%s", i ? ", " : "", fields[i].name) < 0)
            break;
    hf_text_put(where, sizeof where, "%s", pointer);
    hf_json_pointer_add(where, name);
    return hf_error_set_at(err, HF_ERROR_INVALID, where, "%s: unknown field; allowed here: %s",
                           where, allowed.data ? allowed.data : "none");
}

static const struct hf_json_field *
field_named(const char *name, const struct hf_json_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    return NULL;
}

int
hf_json_check(const struct hf_json *v, const char *pointer, const struct hf_json_field *fields,
              size_t count, struct hf_error *err)
{
    char where[HF_ERROR_POINTER_MAX];

    if (!hf_json_is_object(v))
        return hf_error_set_at(err, HF_ERROR_INVALID, pointer, "%s: must be an object",
                               *pointer ? pointer : "the document");
    for (const struct hf_json *m = hf_json_first(v); m; m = hf_json_next(m)) {
        const struct hf_json_field *field = field_named(hf_json_key(m), fields, count);

        if (!field)
            return unknown_field(pointer, hf_json_key(m), fields, count, err);
        if (!has_type(raw(m), field->type)) {
            snprintf(where, sizeof where, "%s/%s", pointer, field->name);
            return hf_error_set_at(err, HF_ERROR_INVALID, where, "%s: must be %s", where,
                                   type_names[field->type]);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (fields[i].required && !hf_json_get(v, fields[i].name)) {
            snprintf(where, sizeof where, "%s/%s", pointer, fields[i].name);
            return hf_error_set_at(err, HF_ERROR_INVALID, where, "%s: is missing; it must be %s",
                                   where, type_names[fields[i].type]);
        }
    }
    return 0;
}

/* ---- whole trees ---- */

struct hf_json *
hf_json_copy(const struct hf_json *v)
{
    return v ? wrapped(cJSON_Duplicate(raw(v), true)) : NULL;
}

struct hf_json *
hf_json_of_string(const char *text)
{
    return wrapped(cJSON_CreateString(text));
}

/* Where a member of that name is, it keeps its place. Takes item, also on failure. */
static bool
put_in_place(cJSON *object, const char *name, cJSON *item)
{
    bool done = false;

    if (object && item)
        done = cJSON_GetObjectItemCaseSensitive(object, name)
                   ? cJSON_ReplaceItemInObjectCaseSensitive(object, name, item)
                   : cJSON_AddItemToObject(object, name, item);
    if (!done)
        cJSON_Delete(item);
    return done;
}

/* The algorithm of RFC 7396, section 2. As deep as a parsed document may be. */
static cJSON *
merge(const cJSON *v, const cJSON *patch) // NOLINT(misc-no-recursion): depth is bounded by parse
{
    cJSON *target;

    if (!cJSON_IsObject(patch))
        return cJSON_Duplicate(patch, true);
    target = cJSON_IsObject(v) ? cJSON_Duplicate(v, true) : cJSON_CreateObject();
    for (const cJSON *m = patch->child; target && m; m = m->next) {
        if (cJSON_IsNull(m)) {
            cJSON_DeleteItemFromObjectCaseSensitive(target, m->string);
        } else if (!put_in_place(target, m->string,
                                 merge(cJSON_GetObjectItemCaseSensitive(target, m->string), m))) {
            cJSON_Delete(target);
            return NULL;
        }
    }
    return target;
}

struct hf_json *
hf_json_merge(const struct hf_json *v, const struct hf_json *patch)
{
    return wrapped(merge(raw(v), raw(patch)));
}

/* ---- writing ---- */

struct hf_json *
hf_json_object(void)
{
    return wrapped(cJSON_CreateObject());
}

struct hf_json *
hf_json_array(void)
{
    return wrapped(cJSON_CreateArray());
}

/* A parent that lost a child to an allocation failure must not be printed as if it were whole. */
static void
mark_incomplete(cJSON *parent)
{
    if (parent)
        parent->type = cJSON_Invalid;
}

void
hf_json_put(struct hf_json *object, const char *member, struct hf_json *consume)
{
    if (!object || !consume || !cJSON_AddItemToObject(raw(object), member, raw(consume))) {
        hf_json_free(consume);
        mark_incomplete(raw(object));
    }
}

void
hf_json_set(struct hf_json *object, const char *member, struct hf_json *consume)
{
    if (!put_in_place(raw(object), member, raw(consume)))
        mark_incomplete(raw(object));
}

void
hf_json_remove(struct hf_json *object, const char *member)
{
    cJSON_DeleteItemFromObjectCaseSensitive(raw(object), member);
}

void
hf_json_drop(struct hf_json *parent, const struct hf_json *child)
{
    cJSON_Delete(cJSON_DetachItemViaPointer(raw(parent), raw(child)));
}

void
hf_json_put_string(struct hf_json *object, const char *member, const char *text)
{
    hf_json_put(object, member, wrapped(text ? cJSON_CreateString(text) : cJSON_CreateNull()));
}

/* cJSON prints 15 digits of a number past 2^31; raw text keeps all of them. */
void
hf_json_put_int(struct hf_json *object, const char *member, int64_t value)
{
    char text[24];

    snprintf(text, sizeof text, "%lld", (long long)value);
    hf_json_put(object, member, wrapped(cJSON_CreateRaw(text)));
}

void
hf_json_put_number(struct hf_json *object, const char *member, double value)
{
    hf_json_put(object, member,
                wrapped(isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull()));
}

void
hf_json_put_bool(struct hf_json *object, const char *member, bool value)
{
    hf_json_put(object, member, wrapped(cJSON_CreateBool(value)));
}

void
hf_json_put_null(struct hf_json *object, const char *member)
{
    hf_json_put(object, member, wrapped(cJSON_CreateNull()));
}

void
hf_json_put_time(struct hf_json *object, const char *member, int64_t wall_ms)
{
    char time[HF_RFC3339_SIZE];

    if (wall_ms)
        hf_clock_rfc3339(wall_ms, time);
    hf_json_put_string(object, member, wall_ms ? time : NULL);
}

void
hf_json_add(struct hf_json *array, struct hf_json *consume)
{
    if (!array || !consume || !cJSON_AddItemToArray(raw(array), raw(consume))) {
        hf_json_free(consume);
        mark_incomplete(raw(array));
    }
}

void
hf_json_add_string(struct hf_json *array, const char *text)
{
    hf_json_add(array, wrapped(cJSON_CreateString(text)));
}

void
hf_json_add_number(struct hf_json *array, double value)
{
    hf_json_add(array, wrapped(isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull()));
}

int
hf_json_print(const struct hf_json *v, char **ret_text, struct hf_error *err)
{
    char *text = v ? cJSON_PrintUnformatted(raw(v)) : NULL;

    if (!text)
        return hf_error_nomem(err);
    *ret_text = text;
    return 0;
}

int
hf_json_print_lines(const struct hf_json *v, char **ret_text, struct hf_error *err)
{
    char *text = v ? cJSON_Print(raw(v)) : NULL;

    if (!text)
        return hf_error_nomem(err);
    *ret_text = text;
    return 0;
}

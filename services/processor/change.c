// SPDX-License-Identifier: Apache-2.0
#include "processor/change.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

static int
bad(struct hf_error *err, const char *what)
{
    return hf_error_set(err, HF_ERROR_INVALID, "%s", what);
}

static bool
needs_number(const struct hf_rule *r)
{
    return r->scales || r->deadband || r->window_ms;
}

static bool
needs_json(const struct hf_rule *r)
{
    return r->decode == HF_DECODE_JSON || r->selects || r->scale_field || r->deadband_field ||
           r->window_field;
}

static int
decode(const struct hf_rule *rule, const struct hf_record *in, struct hf_change *c,
       struct hf_error *err)
{
    const struct hf_slice raw = {in->payload_len ? in->payload : "", in->payload_len};

    hf_buf_clear(c->json);
    c->payload = raw;
    if (needs_json(rule)) {
        if (!hf_json_compact(raw.data, raw.len, c->json))
            return bad(err, "the payload is not JSON");
    } else if (rule->decode == HF_DECODE_NUMBER || needs_number(rule)) {
        c->payload = hf_value_trim(raw);
        return hf_value_is_number(c->payload) ? 0 : bad(err, "the payload is not a number");
    } else if (rule->decode == HF_DECODE_TEXT) {
        if (!hf_text_utf8(raw.data, raw.len))
            return bad(err, "the payload is not UTF-8 text");
        if (hf_value_put_string(c->json, raw.data, raw.len, err) < 0)
            return hf_error_wrap(err, "as text");
    } else if (rule->decode == HF_DECODE_BINARY) {
        if (hf_value_put_base64(c->json, raw.data, raw.len, err) < 0)
            return hf_error_wrap(err, "as base64");
    } else {
        return 0;
    }
    c->payload = (struct hf_slice){c->json->data, c->json->len};
    return 0;
}

/* What was written to next becomes the payload. */
static void
step(struct hf_change *c)
{
    struct hf_buf *done = c->next;

    c->next = c->json;
    c->json = done;
    c->payload = (struct hf_slice){done->data, done->len};
}

static int
select_fields(const struct hf_rule *rule, struct hf_change *c, struct hf_error *err)
{
    hf_buf_clear(c->next);
    for (size_t i = 0; i < rule->selects; i++) {
        const struct hf_select *s = &rule->select[i];
        struct hf_slice value;

        if (!hf_value_find(c->payload, s->pointer, &value))
            return hf_error_set(err, HF_ERROR_INVALID, "select: the payload has no %s", s->pointer);
        if (hf_buf_add(c->next, i ? "," : "{", 1, err) < 0 ||
            hf_value_put_string(c->next, s->name, strlen(s->name), err) < 0 ||
            hf_buf_add(c->next, ":", 1, err) < 0 ||
            hf_buf_add(c->next, value.data, value.len, err) < 0)
            return -1;
    }
    if (hf_buf_add(c->next, "}", 1, err) < 0)
        return -1;
    step(c);
    return 0;
}

/* The number at field, or the payload itself. */
static int
number_at(const struct hf_change *c, const char *field, const char *what, struct hf_slice *text,
          double *number, struct hf_error *err)
{
    *text = c->payload;
    if (field && !hf_value_find(c->payload, field, text))
        return hf_error_set(err, HF_ERROR_INVALID, "%s: the payload has no %s", what, field);
    if (hf_value_number(*text, number))
        return 0;
    if (hf_value_is_number(*text))
        return hf_error_set(err, HF_ERROR_INVALID,
                            "%s: the number has more digits than can be calculated with", what);
    return hf_error_set(err, HF_ERROR_INVALID, "%s: %s is not a number", what,
                        field ? field : "the payload");
}

static int
put_scaled(const struct hf_rule *rule, double value, struct hf_buf *out, struct hf_error *err)
{
    if (!rule->unit)
        return hf_value_put_number(out, value, err);
    if (hf_buf_adds(out, "{\"value\":", err) < 0 || hf_value_put_number(out, value, err) < 0 ||
        hf_buf_adds(out, ",\"unit\":", err) < 0 ||
        hf_value_put_string(out, rule->unit, strlen(rule->unit), err) < 0)
        return -1;
    return hf_buf_add(out, "}", 1, err);
}

static int
scale(const struct hf_rule *rule, struct hf_change *c, double *ret_value, struct hf_error *err)
{
    const char *begin = c->payload.data, *end = begin + c->payload.len;
    struct hf_slice text;
    double value = 0;

    if (number_at(c, rule->scale_field, "scale", &text, &value, err) < 0)
        return -1;
    value = value * rule->factor + rule->offset;
    if (!isfinite(value))
        return bad(err, "scale: the result is beyond what a number holds");
    hf_buf_clear(c->next);
    if (hf_buf_add(c->next, begin, (size_t)(text.data - begin), err) < 0 ||
        put_scaled(rule, value, c->next, err) < 0 ||
        hf_buf_add(c->next, text.data + text.len, (size_t)(end - text.data) - text.len, err) < 0)
        return -1;
    step(c);
    *ret_value = value;
    return 0;
}

static bool
same_field(const char *a, const char *b)
{
    return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

/* A field that was scaled is looked at as the number that it became, with or without a unit. */
static int
look_at(const struct hf_rule *rule, const struct hf_change *c, const char *field, const char *what,
        double scaled, double *ret_number, struct hf_error *err)
{
    struct hf_slice text;

    *ret_number = scaled;
    if (rule->scales && same_field(field, rule->scale_field))
        return 0;
    return number_at(c, field, what, &text, ret_number, err);
}

int
hf_change_payload(const struct hf_rule *rule, const struct hf_record *in, struct hf_change *c,
                  struct hf_error *err)
{
    double scaled = 0;

    if (decode(rule, in, c, err) < 0 || (rule->selects && select_fields(rule, c, err) < 0) ||
        (rule->scales && scale(rule, c, &scaled, err) < 0))
        return -1;
    if (rule->deadband &&
        look_at(rule, c, rule->deadband_field, "deadband", scaled, &c->deadband, err) < 0)
        return -1;
    if (rule->window_ms &&
        look_at(rule, c, rule->window_field, "window", scaled, &c->window, err) < 0)
        return -1;
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
#include "bus/status.h"

#include "json/json.h"

#include <stdio.h>
#include <string.h>

static const char *const states[] = {"starting", "ok", "degraded", "gone"};

/* Cuts between characters, and makes control characters blanks: the text goes to logs and people.
 */
static void
copy_text(const char *from, char *to, size_t size)
{
    size_t len = from ? strlen(from) : 0;

    if (len >= size) {
        len = size - 1;
        while (len && ((unsigned char)from[len] & 0xc0) == 0x80)
            len--;
    }
    for (size_t i = 0; i < len; i++)
        to[i] = (char)((unsigned char)from[i] < 0x20 || from[i] == 0x7f ? ' ' : from[i]);
    to[len] = '\0';
}

static bool
is_number_name(const char *name)
{
    size_t len = strlen(name);

    return len && len < sizeof((struct hf_number *)0)->name &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

static void
copy_numbers(const struct hf_json *numbers, struct hf_service_status *s)
{
    if (!hf_json_is_object(numbers))
        return;
    for (const struct hf_json *n = hf_json_first(numbers); n; n = hf_json_next(n)) {
        int64_t value = hf_json_as_int(n, INT64_MIN);
        struct hf_number *to = &s->numbers[s->number_count];

        if (s->number_count == HF_NUMBERS_MAX)
            return;
        if (value == INT64_MIN || !is_number_name(hf_json_key(n)))
            continue;
        snprintf(to->name, sizeof to->name, "%s", hf_json_key(n));
        to->value = value;
        s->number_count++;
    }
}

static bool
is_known_state(const char *state)
{
    for (size_t i = 0; state && i < HF_LEN(states); i++)
        if (strcmp(states[i], state) == 0)
            return true;
    return false;
}

int
hf_status_parse(const char *service, const char *payload, size_t len,
                struct hf_service_status *ret_status, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_service_status s = {.seen = true};
    const char *named, *state;

    if (hf_json_parse(payload, len, &doc, err) < 0)
        return -1;
    named = hf_json_string(doc, "service");
    state = hf_json_string(doc, "state");
    if (!hf_json_is_object(doc) || !is_known_state(state))
        return hf_error_set_at(err, HF_ERROR_INVALID, "/state",
                               "/state: must be starting, ok, degraded or gone");
    if (named && strcmp(named, service) != 0)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/service",
                               "/service: is not the service of the topic");
    s.gone = strcmp(state, "gone") == 0;
    s.busy = hf_json_bool(doc, "busy", false);
    copy_text(state, s.state, sizeof s.state);
    copy_text(hf_json_string(doc, "reason"), s.reason, sizeof s.reason);
    copy_text(hf_json_string(doc, "version"), s.version, sizeof s.version);
    copy_text(hf_json_string(doc, "epoch"), s.epoch, sizeof s.epoch);
    copy_text(hf_json_string(doc, "uplink"), s.uplink, sizeof s.uplink);
    copy_text(hf_json_string(doc, "last_error"), s.last_error, sizeof s.last_error);
    copy_numbers(hf_json_get(doc, "numbers"), &s);
    *ret_status = s;
    return 0;
}

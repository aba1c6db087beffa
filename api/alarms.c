// SPDX-License-Identifier: Apache-2.0
#include "api/handlers.h"

#include "api/server.h"
#include "base/text.h"

#include <string.h>

enum { ALARMS_MOST = 500, ALARMS_DEFAULT = 100, ID_MOST = 999999999999999999 };

/* One more than asked for was read, to know whether there are more. */
static struct hf_json *
encode_page(const struct hf_alarm *alarms, size_t count, size_t limit)
{
    struct hf_json *o = hf_json_object(), *list = hf_json_array();
    size_t shown = count < limit ? count : limit;
    char next[24];

    for (size_t i = 0; i < shown; i++)
        hf_json_add(list, hf_alarm_json(&alarms[i]));
    hf_json_put(o, "alarms", list);
    hf_text_put(next, sizeof next, "%lld", shown ? (long long)alarms[shown - 1].id : 0);
    hf_json_put_string(o, "next", shown < count ? next : NULL);
    return o;
}

/* *ret_kind, which filter then points to; "": any. */
static int
read_kind(const char *word, enum hf_alarm_kind *ret_kind, struct hf_alarm_filter *filter,
          struct hf_error *err)
{
    int kind = hf_alarm_kind_of(word);

    if (!*word)
        return 0;
    if (kind < 0)
        return hf_error_set(err, HF_ERROR_MALFORMED, "'kind' is none of the words known here");
    *ret_kind = (enum hf_alarm_kind)kind;
    filter->kind = ret_kind;
    return 0;
}

int
hf_handle_alarms(struct hf_exchange *x, struct hf_error *err)
{
    static const char *const states[] = {"active", "all", NULL};
    uint64_t limit = ALARMS_DEFAULT, before = 0;
    char state[8] = "active", kind[HF_NAME_SIZE] = "";
    const struct hf_query_field fields[] = {
        {.name = "state", .ret_text = state, .text_size = sizeof state, .words = states},
        {.name = "kind", .ret_text = kind, .text_size = sizeof kind},
        {.name = "limit", .min = 1, .max = ALARMS_MOST, .ret_value = &limit},
        {.name = "cursor", .min = 1, .max = ID_MOST, .ret_value = &before},
    };
    HF_AUTO_FREE struct hf_alarm *alarms = NULL;
    struct hf_alarm_filter filter = {.kind = NULL};
    enum hf_alarm_kind of_kind;
    size_t count = 0;

    if (hf_query_read(x->query, fields, HF_LEN(fields), err) < 0 ||
        read_kind(kind, &of_kind, &filter, err) < 0)
        return -1;
    filter.active_only = strcmp(state, "active") == 0;
    filter.before = (int64_t)before;
    alarms = calloc((size_t)limit + 1, sizeof *alarms);
    if (!alarms)
        return hf_error_nomem(err);
    if (hf_core_alarms(x->api->config->core, &filter, alarms, (size_t)limit + 1, &count, err) < 0)
        return -1;
    return hf_reply_json(x, 200, encode_page(alarms, count, (size_t)limit), err);
}

int
hf_handle_acknowledge(struct hf_exchange *x, struct hf_error *err)
{
    struct hf_alarm alarm;
    uint64_t id;

    if (!hf_text_u64(x->param, &id) || id == 0 || id > ID_MOST)
        return hf_error_set(err, HF_ERROR_NOT_FOUND, "there is no alarm '%s'", x->param);
    if (hf_core_acknowledge(x->api->config->core, (int64_t)id, x->session.user, &alarm, err) < 0)
        return -1;
    return hf_reply_json(x, 200, hf_alarm_json(&alarm), err);
}

// SPDX-License-Identifier: Apache-2.0
#include "api/handlers.h"

#include "api/codec.h"
#include "api/server.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum {
    INCIDENTS_MOST = 200,
    INCIDENTS_DEFAULT = 50,
    DETAIL_JSON_MAX = 256 * 1024 /* far above what one incident may hold */
};

static const char *const kinds[] = {"exit",  "oom",     "crash_loop", "unhealthy",
                                    "drift", "upgrade", NULL};

static void
put_id(struct hf_json *o, const char *member, int64_t n)
{
    char text[24];

    snprintf(text, sizeof text, "%lld", (long long)n);
    hf_json_put_string(o, member, text);
}

static void
put_image(struct hf_json *o, const struct hf_incident *i)
{
    struct hf_json *image;

    if (!i->image_digest[0]) {
        hf_json_put_null(o, "image");
        return;
    }
    image = hf_json_object();
    hf_json_put_string(image, "tag", i->image_tag);
    hf_json_put_string(image, "digest", i->image_digest);
    hf_json_put(o, "image", image);
}

static struct hf_json *
encode(const struct hf_incident *i)
{
    struct hf_json *o = hf_json_object();

    put_id(o, "id", i->n);
    hf_json_put_string(o, "service", i->service);
    hf_json_put_string(o, "kind", hf_incident_kind_name(i->kind));
    hf_json_put_time(o, "at", i->at_ms);
    hf_json_put_time(o, "last", i->last_ms);
    hf_json_put_int(o, "times", i->times);
    hf_json_put_string(o, "found", i->found);
    hf_json_put_string(o, "done", i->done);
    if (i->has_exit_code)
        hf_json_put_int(o, "exit_code", i->exit_code);
    else
        hf_json_put_null(o, "exit_code");
    hf_json_put_bool(o, "oom_killed", i->oom_killed);
    if (i->uptime_s >= 0)
        hf_json_put_int(o, "uptime_s", i->uptime_s);
    else
        hf_json_put_null(o, "uptime_s");
    hf_json_put_int(o, "restarts", i->restarts);
    put_image(o, i);
    hf_json_put_int(o, "log_lines", i->log_lines);
    return o;
}

/* One more than asked for was read, to know whether there are more. */
static struct hf_json *
encode_page(const struct hf_incident *list, size_t count, size_t limit)
{
    struct hf_json *o = hf_json_object(), *array = hf_json_array();
    size_t shown = count > limit ? limit : count;

    for (size_t i = 0; i < shown; i++)
        hf_json_add(array, encode(&list[i]));
    hf_json_put(o, "incidents", array);
    if (shown < count)
        put_id(o, "next", list[shown - 1].n);
    else
        hf_json_put_null(o, "next");
    return o;
}

static int
kind_of(const char *word)
{
    for (int i = 0; kinds[i]; i++)
        if (strcmp(kinds[i], word) == 0)
            return i;
    return -1;
}

int
hf_handle_incidents(struct hf_exchange *x, struct hf_error *err)
{
    uint64_t limit = INCIDENTS_DEFAULT, before = 0;
    char service[HF_NAME_SIZE] = "", kind[16] = "";
    const struct hf_query_field fields[] = {
        {.name = "service", .ret_text = service, .text_size = sizeof service},
        {.name = "kind", .ret_text = kind, .text_size = sizeof kind, .words = kinds},
        {.name = "limit", .min = 1, .max = INCIDENTS_MOST, .ret_value = &limit},
        {.name = "cursor", .min = 1, .max = 999999999999999999, .ret_value = &before},
    };
    HF_AUTO_FREE struct hf_incident *list = NULL;
    struct hf_incident_filter filter;
    size_t count = 0;

    if (hf_query_read(x->query, fields, HF_LEN(fields), err) < 0)
        return -1;
    list = calloc((size_t)limit + 1, sizeof *list);
    if (!list)
        return hf_error_nomem(err);
    filter = (struct hf_incident_filter){
        .before = (int64_t)before, .service = *service ? service : NULL, .kind = kind_of(kind)};
    if (hf_core_incidents(x->api->config->core, &filter, list, (size_t)limit + 1, &count, err) < 0)
        return -1;
    return hf_reply_json(x, 200, encode_page(list, count, (size_t)limit), err);
}

/* Log and curve are kept as the JSON that is shown. */
static int
reply_detail(struct hf_exchange *x, const struct hf_incident *incident, const char *log,
             const char *curve, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(DETAIL_JSON_MAX);
    HF_AUTO(hf_json) struct hf_json *o = encode(incident);
    HF_AUTO_FREE char *head = NULL;

    if (hf_json_print(o, &head, err) < 0 || hf_buf_add(&out, head, strlen(head) - 1, err) < 0 ||
        hf_buf_adds(&out, ",\"log\":", err) < 0 || hf_buf_adds(&out, log, err) < 0 ||
        hf_buf_adds(&out, ",\"curve\":", err) < 0 || hf_buf_adds(&out, curve, err) < 0 ||
        hf_buf_adds(&out, "}", err) < 0)
        return -1;
    hf_reply_json_text(x, 200, out.data, out.len);
    return 0;
}

int
hf_handle_incident(struct hf_exchange *x, struct hf_error *err)
{
    HF_AUTO_FREE char *log = NULL;
    HF_AUTO_FREE char *curve = NULL;
    struct hf_incident incident;
    uint64_t n;

    if (!hf_text_u64(x->param, &n) || n > INT64_MAX)
        return hf_error_set(err, HF_ERROR_NOT_FOUND, "there is no incident '%.32s'", x->param);
    if (hf_core_incident(x->api->config->core, (int64_t)n, &incident, &log, &curve, err) < 0)
        return -1;
    return reply_detail(x, &incident, log, curve, err);
}

// SPDX-License-Identifier: Apache-2.0
/* Who did what. */
#include "api/handlers.h"

#include "api/peer.h"
#include "api/server.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AUDIT_MAX = 500, AUDIT_DEFAULT = 100, ID_MOST = 999999999999999999 };

struct audit_page {
    struct hf_audit_filter filter;
    struct hf_audit_entry *entries;
    size_t max, count;
};

static int
read_audit(struct hf_store *store, void *context, struct hf_error *err)
{
    struct audit_page *p = context;

    return hf_store_audit_list(store, &p->filter, p->entries, p->max, &p->count, err);
}

static void
put_number_text(struct hf_json *o, const char *member, int64_t n)
{
    char text[24];

    snprintf(text, sizeof text, "%lld", (long long)n);
    hf_json_put_string(o, member, text);
}

static void
put_problem(struct hf_json *o, int status)
{
    char type[HF_PROBLEM_TYPE_SIZE];

    hf_problem_type(status, type);
    hf_json_put_string(o, "problem", status ? type : NULL);
}

/* What is kept was made by us; where it is damaged nothing is told of it. */
static void
put_changes(struct hf_json *o, const char *kept)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    const struct hf_json *changes;

    if (kept)
        (void)!hf_json_parse(kept, strlen(kept), &doc, NULL);
    changes = hf_json_get(doc, "changes");
    hf_json_put(o, "changes", hf_json_is_array(changes) ? hf_json_copy(changes) : hf_json_array());
    hf_json_put_int(o, "omitted", hf_json_int(doc, "omitted", 0));
}

/* One entry more than asked for was read, to know whether there are more. */
static struct hf_json *
encode_page(const struct audit_page *p)
{
    struct hf_json *o = hf_json_object(), *list = hf_json_array();
    size_t shown = p->count < p->max ? p->count : p->max - 1;

    for (size_t i = 0; i < shown; i++) {
        const struct hf_audit_entry *e = &p->entries[i];
        struct hf_json *one = hf_json_object();

        put_number_text(one, "id", e->n);
        hf_json_put_time(one, "at", e->at_ms);
        hf_json_put_string(one, "who", e->who);
        hf_json_put_string(one, "from", *e->from ? e->from : NULL);
        hf_json_put_string(one, "what", e->what);
        hf_json_put_string(one, "result", hf_audit_results[e->result]);
        put_problem(one, e->status);
        put_changes(one, e->changes);
        hf_json_add(list, one);
    }
    hf_json_put(o, "entries", list);
    if (shown < p->count)
        put_number_text(o, "next", p->entries[shown - 1].n);
    else
        hf_json_put_null(o, "next");
    return o;
}

int
hf_handle_audit(struct hf_exchange *x, struct hf_error *err)
{
    uint64_t limit = AUDIT_DEFAULT, before = 0;
    char from[HF_TIME_TEXT_SIZE] = "", to[HF_TIME_TEXT_SIZE] = "";
    char who[HF_NAME_SIZE] = "", text[HF_NAME_SIZE] = "", result[HF_NAME_SIZE] = "";
    const struct hf_query_field fields[] = {
        {.name = "who", .ret_text = who, .text_size = sizeof who},
        {.name = "text", .ret_text = text, .text_size = sizeof text},
        {.name = "result",
         .ret_text = result,
         .text_size = sizeof result,
         .words = hf_audit_results},
        {.name = "from", .ret_text = from, .text_size = sizeof from},
        {.name = "to", .ret_text = to, .text_size = sizeof to},
        {.name = "limit", .min = 1, .max = AUDIT_MAX, .ret_value = &limit},
        {.name = "cursor", .min = 1, .max = ID_MOST, .ret_value = &before},
    };
    HF_AUTO_FREE struct hf_audit_entry *entries = NULL;
    struct audit_page page;
    int rc;

    if (hf_query_read(x->query, fields, HF_LEN(fields), err) < 0)
        return -1;
    page = (struct audit_page){.filter = {.before = (int64_t)before,
                                          .who = who,
                                          .text = text,
                                          .result = result,
                                          .with_changes = true},
                               .max = (size_t)limit + 1};
    if (hf_query_time("from", from, &page.filter.from_ms, err) < 0 ||
        hf_query_time("to", to, &page.filter.to_ms, err) < 0)
        return -1;
    entries = calloc(page.max, sizeof *entries);
    if (!entries)
        return hf_error_nomem(err);
    page.entries = entries;
    if (hf_core_run(x->api->config->core, read_audit, &page, err) < 0)
        return -1;
    rc = hf_reply_json(x, 200, encode_page(&page), err);
    hf_audit_entries_done(entries, page.count);
    return rc;
}

// SPDX-License-Identifier: Apache-2.0
/* Records that a sink or the processor refused for good, and what a person decides. */
#include "api/handlers.h"

#include "api/peer.h"
#include "api/server.h"
#include "base/log.h"

#include <string.h>

enum { PAGE = 50, IDS_MAX = 1000, ID_TEXT_MAX = 20 };

static struct hf_json *
encode_item(const struct hf_json *from)
{
    struct hf_json *o = hf_json_object();
    int64_t status = hf_json_int(from, "status", 0);
    const char *seq = hf_json_string(from, "seq");
    const char *time = hf_json_string(from, "time");

    hf_peer_text(o, "id", from);
    hf_peer_text(o, "sink", from);
    hf_json_put_string(o, "seq", seq && *seq && strcmp(seq, "0") != 0 ? seq : NULL);
    hf_peer_text(o, "epoch", from);
    hf_peer_time(o, "at", from, "at_ms");
    hf_json_put_string(o, "time", time && *time ? time : NULL);
    hf_peer_text(o, "topic", from);
    if (status > 0)
        hf_json_put_int(o, "status", status);
    else
        hf_json_put_null(o, "status");
    hf_peer_text(o, "reason", from);
    hf_peer_copy(o, "record", from);
    return o;
}

int
hf_handle_quarantine(struct hf_exchange *x, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *answer = NULL;
    struct hf_json *o;

    if (hf_peer_ask_page(x, HF_PATH_BUFFER, "/v1/quarantine", HF_PEER_ALL, PAGE, &answer, err) < 0)
        return -1;
    if (!hf_json_is_array(hf_json_get(answer, "items")))
        return hf_peer_nonsense(HF_PATH_BUFFER, "items", err);
    o = hf_json_object();
    hf_peer_list(o, "items", hf_json_get(answer, "items"), encode_item);
    hf_json_put_string(o, "next", hf_json_string(answer, "next"));
    hf_peer_count(o, "total", answer, "total");
    hf_peer_count(o, "bytes", answer, "bytes");
    return hf_reply_json(x, 200, o, err);
}

static int
check_ids(const struct hf_json *ids, struct hf_error *err)
{
    size_t count = hf_json_count(ids);

    for (const struct hf_json *i = hf_json_first(ids); i; i = hf_json_next(i)) {
        const char *id = hf_json_as_string(i);
        size_t len = id ? strlen(id) : 0;

        if (len < 1 || len > ID_TEXT_MAX || id[strspn(id, "0123456789")])
            return hf_error_set_at(err, HF_ERROR_INVALID, "/ids",
                                   "/ids: an id is text of 1 to %d digits", ID_TEXT_MAX);
    }
    if (count < 1 || count > IDS_MAX)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/ids", "/ids: must have 1 to %d ids",
                               IDS_MAX);
    return 0;
}

static int
read_choice(const struct hf_exchange *x, struct hf_json **ret_doc, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"ids", HF_JSON_ARRAY, false},
        {"all", HF_JSON_BOOL, false},
    };
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    const struct hf_json *ids;

    if (hf_exchange_json(x, fields, HF_LEN(fields), &doc, err) < 0)
        return -1;
    ids = hf_json_get(doc, "ids");
    if (!ids == !hf_json_get(doc, "all"))
        return hf_error_set_at(err, HF_ERROR_INVALID, "/ids",
                               "/ids: say either which ones, or \"all\": true");
    if (!ids && !hf_json_bool(doc, "all", false))
        return hf_error_set_at(err, HF_ERROR_INVALID, "/all", "/all: must be true");
    if (ids && check_ids(ids, err) < 0)
        return -1;
    *ret_doc = hf_steal(&doc);
    return 0;
}

static int
decide(struct hf_exchange *x, const char *verb, const char *path, struct hf_error *err)
{
    struct hf_json *choice = NULL, *o;
    HF_AUTO(hf_json) struct hf_json *answer = NULL;
    struct hf_error late;
    int64_t count;

    if (read_choice(x, &choice, err) < 0)
        return -1;
    count = (int64_t)hf_json_count(hf_json_get(choice, "ids"));
    if (hf_peer_audit(x, err, "asked to %s %s%.0lld quarantined records", verb, count ? "" : "all",
                      (long long)count) < 0) {
        hf_json_free(choice);
        return -1;
    }
    if (hf_peer_ask(x, HF_PATH_BUFFER, path, choice, &answer, err) < 0)
        return -1;
    count = hf_json_int(answer, "count", -1);
    if (count < 0)
        return hf_peer_nonsense(HF_PATH_BUFFER, "count", err);
    if (hf_peer_audit(x, &late, "quarantine: %s %lld records", verb, (long long)count) < 0)
        hf_log_error("event=audit-not-kept error=\"%s\"", late.message);
    o = hf_json_object();
    hf_json_put_int(o, "count", count);
    return hf_reply_json(x, 200, o, err);
}

int
hf_handle_quarantine_replay(struct hf_exchange *x, struct hf_error *err)
{
    return decide(x, "replay", "/v1/quarantine/replay", err);
}

int
hf_handle_quarantine_drop(struct hf_exchange *x, struct hf_error *err)
{
    return decide(x, "drop", "/v1/quarantine/drop", err);
}

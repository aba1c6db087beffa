// SPDX-License-Identifier: Apache-2.0
/* Who publishes, and what the rules make of it: asked of the processor. */
#include "api/handlers.h"

#include "api/peer.h"
#include "api/server.h"

enum { PAGE = 100 };

static struct hf_json *
encode_device(const struct hf_json *from)
{
    struct hf_json *o = hf_json_object();

    hf_peer_text(o, "device", from);
    hf_peer_time(o, "last_seen", from, "last_seen_ms");
    hf_peer_time(o, "first_seen", from, "first_seen_ms");
    hf_peer_count(o, "messages", from, "messages");
    hf_peer_number(o, "rate_per_s", from);
    hf_json_put_bool(o, "quiet", hf_json_bool(from, "quiet", false));
    hf_peer_text(o, "topic", from);
    hf_peer_copy(o, "last", from);
    return o;
}

int
hf_handle_devices(struct hf_exchange *x, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *answer = NULL;
    struct hf_json *o;

    if (hf_peer_ask_page(x, HF_PATH_PROCESSOR, "/v1/devices", HF_PEER_QUIET, PAGE, &answer, err) <
        0)
        return -1;
    if (!hf_json_is_array(hf_json_get(answer, "devices")))
        return hf_peer_nonsense(HF_PATH_PROCESSOR, "devices", err);
    o = hf_json_object();
    hf_peer_list(o, "devices", hf_json_get(answer, "devices"), encode_device);
    hf_json_put_string(o, "next", hf_json_string(answer, "next"));
    hf_peer_count(o, "total", answer, "total");
    hf_peer_count(o, "quiet", answer, "quiet");
    hf_peer_count(o, "forgotten", answer, "forgotten");
    return hf_reply_json(x, 200, o, err);
}

static struct hf_json *
encode_rule(const struct hf_json *from)
{
    struct hf_json *o = hf_json_object();

    hf_peer_text(o, "filter", from);
    hf_peer_text(o, "action", from);
    hf_peer_count(o, "matched", from, "matched");
    hf_peer_count(o, "dropped", from, "dropped");
    hf_peer_count(o, "quarantined", from, "quarantined");
    hf_peer_count(o, "out", from, "out");
    return o;
}

int
hf_handle_rules(struct hf_exchange *x, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *answer = NULL;
    struct hf_json *o;

    if (hf_peer_ask(x, HF_PATH_PROCESSOR, "/v1/rules", NULL, &answer, err) < 0)
        return -1;
    if (!hf_json_is_array(hf_json_get(answer, "rules")))
        return hf_peer_nonsense(HF_PATH_PROCESSOR, "rules", err);
    o = hf_json_object();
    hf_peer_list(o, "rules", hf_json_get(answer, "rules"), encode_rule);
    return hf_reply_json(x, 200, o, err);
}

static struct hf_json *
encode_result(const struct hf_json *from)
{
    struct hf_json *o = hf_json_object();

    hf_peer_text(o, "topic", from);
    hf_peer_copy(o, "in", from);
    hf_peer_copy(o, "out", from);
    hf_json_put_bool(o, "dropped", hf_json_bool(from, "dropped", false));
    hf_peer_copy(o, "quarantined", from);
    hf_peer_copy(o, "rule", from);
    return o;
}

int
hf_handle_dry_run(struct hf_exchange *x, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {{"rules", HF_JSON_ARRAY, true}};
    struct hf_json *asked = NULL, *o;
    HF_AUTO(hf_json) struct hf_json *answer = NULL;

    if (hf_exchange_json(x, fields, HF_LEN(fields), &asked, err) < 0)
        return -1;
    if (hf_settings_check_rules(hf_json_get(asked, "rules"), "/rules", err) < 0) {
        hf_json_free(asked);
        return -1;
    }
    if (hf_peer_ask(x, HF_PATH_PROCESSOR, "/v1/dry-run", asked, &answer, err) < 0)
        return -1;
    if (!hf_json_is_array(hf_json_get(answer, "results")))
        return hf_peer_nonsense(HF_PATH_PROCESSOR, "results", err);
    o = hf_json_object();
    hf_peer_list(o, "results", hf_json_get(answer, "results"), encode_result);
    return hf_reply_json(x, 200, o, err);
}

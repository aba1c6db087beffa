// SPDX-License-Identifier: Apache-2.0
#include "dockerguard/link.h"

#include "base/text.h"

#include <string.h>

enum { ID_HEX = 64 };

#define ASKED_INIT {.text = HF_BUF_INIT(HF_DGUARD_ASKED_MAX)}

static bool
has_label(const struct hf_dguard_link *l, const struct hf_json *labels)
{
    const char *instance = hf_json_string(labels, HF_DGUARD_LABEL_INSTANCE);

    return instance && strcmp(instance, l->server->policy.instance) == 0;
}

static int
not_ours(const char *kind, const char *name, struct hf_error *err)
{
    return hf_error_set(err, HF_ERROR_FORBIDDEN, "%s '%.100s' is not this gateway's", kind, name);
}

/* Asks of an object; *ret_doc is NULL where Docker has another answer than a description. */
static int
describe(struct hf_dguard_link *l, const char *before, const char *ref, const char *after,
         struct hf_dguard_asked *asked, struct hf_json **ret_doc, struct hf_error *err)
{
    if (hf_dguard_ask(l, before, ref, after, asked, err) < 0)
        return -1;
    if (asked->status != 200)
        return 0;
    if (hf_json_parse(asked->text.data ? asked->text.data : "", asked->text.len, ret_doc, err) <
        0) {
        hf_error_wrap(err, "Docker's answer is not what it should be");
        if (err)
            err->class = HF_ERROR_UPSTREAM;
        return -1;
    }
    return 0;
}

/* What Docker said to us is what it would have said to the call: there is none, or an error. */
static int
hand_on(struct hf_dguard_link *l, const struct hf_dguard_asked *asked)
{
    (void)hf_dguard_link_answer(l, asked->status, asked->text.data, asked->text.len);
    return 1;
}

/* ---- containers ---- */

static const struct hf_json *
labels_of(const struct hf_json *container)
{
    return hf_json_get(hf_json_get(container, "Config"), "Labels");
}

/* Ours, of which id gets the id: a name may be another container's in a moment. 1 where it is
 * answered. */
static int
own_container(struct hf_dguard_link *l, const char *ref, char id[HF_DGUARD_REF_SIZE],
              struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_dguard_asked asked = ASKED_INIT;
    const char *said;
    int rc = describe(l, "/containers/", ref, "/json", &asked, &doc, err);

    if (rc == 0 && !doc)
        rc = hand_on(l, &asked);
    hf_buf_done(&asked.text);
    if (rc != 0)
        return rc;
    said = hf_json_string(doc, "Id");
    if (!has_label(l, labels_of(doc)))
        return not_ours("container", ref, err);
    if (!hf_dguard_is_ref(said) || strlen(said) != ID_HEX)
        return hf_error_set(err, HF_ERROR_UPSTREAM, "Docker does not say the container's id");
    hf_text_put(id, HF_DGUARD_REF_SIZE, "%s", said);
    return 0;
}

/* Its description is the answer, so that looking costs one call. What others run has its secrets
 * in there. */
static int
seen_container(struct hf_dguard_link *l, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_dguard_asked asked = ASKED_INIT;
    int rc = describe(l, "/containers/", l->call.ref, "/json", &asked, &doc, err);
    const char *name = hf_json_string(doc, "Name");

    if (rc == 0 && doc && !has_label(l, labels_of(doc)) &&
        !(name && name[0] == '/' && hf_dguard_is_ours(&l->server->policy, name + 1)))
        rc = not_ours("container", l->call.ref, err);
    if (rc == 0)
        rc = hand_on(l, &asked);
    hf_buf_done(&asked.text);
    return rc;
}

/* One that is gone may have left its name on a network. */
static int
absent_or_own(struct hf_dguard_link *l, const char *ref, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_dguard_asked asked = ASKED_INIT;
    int rc = describe(l, "/containers/", ref, "/json", &asked, &doc, err);

    if (rc == 0 && doc && !has_label(l, labels_of(doc)))
        rc = not_ours("container", ref, err);
    else if (rc == 0 && !doc && asked.status != 404)
        rc = hand_on(l, &asked);
    hf_buf_done(&asked.text);
    return rc;
}

/* ---- networks and volumes ---- */

/* Docker finds networks by a part of their id, too: the name has to be the one. */
static int
own_thing(struct hf_dguard_link *l, const char *kind, const char *name, bool may_be_absent,
          struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_dguard_asked asked = ASKED_INIT;
    char before[16];
    const char *said;
    int rc;

    hf_text_put(before, sizeof before, "/%ss/", kind);
    rc = describe(l, before, name, "", &asked, &doc, err);
    said = hf_json_string(doc, "Name");
    if (rc == 0 && doc &&
        (!said || strcmp(said, name) != 0 || !has_label(l, hf_json_get(doc, "Labels"))))
        rc = not_ours(kind, name, err);
    else if (rc == 0 && !doc && !(may_be_absent && asked.status == 404))
        rc = hand_on(l, &asked);
    hf_buf_done(&asked.text);
    return rc;
}

static int
own_needs(struct hf_dguard_link *l, const struct hf_dguard_needs *needs, struct hf_error *err)
{
    int rc = 0;

    for (size_t i = 0; i < needs->network_count && rc == 0; i++)
        rc = own_thing(l, "network", needs->networks[i], false, err);
    for (size_t i = 0; i < needs->volume_count && rc == 0; i++)
        rc = own_thing(l, "volume", needs->volumes[i], true, err);
    return rc;
}

/* ---- a call ---- */

static int
check_object(struct hf_dguard_link *l, struct hf_error *err)
{
    char id[HF_DGUARD_REF_SIZE];
    int rc;

    switch (l->call.object) {
    case HF_DGUARD_OBJECT_CONTAINER:
        rc = own_container(l, l->call.ref, id, err);
        if (rc == 0)
            memcpy(l->call.ref, id, sizeof id);
        return rc;
    case HF_DGUARD_OBJECT_CONTAINER_SEEN:
        return seen_container(l, err);
    case HF_DGUARD_OBJECT_NETWORK:
        return own_thing(l, "network", l->call.ref, false, err);
    case HF_DGUARD_OBJECT_VOLUME:
        return own_thing(l, "volume", l->call.ref, false, err);
    default:
        return 0;
    }
}

static int
check_named(struct hf_dguard_link *l, struct hf_json *body, struct hf_error *err)
{
    const char *container = hf_json_string(body, "Container");
    char id[HF_DGUARD_REF_SIZE];
    int rc;

    if (l->call.body == HF_DGUARD_BODY_DISCONNECT)
        return absent_or_own(l, container, err);
    if (l->call.body != HF_DGUARD_BODY_CONNECT)
        return 0;
    rc = own_container(l, container, id, err);
    if (rc == 0)
        hf_json_set(body, "Container", hf_json_of_string(id));
    return rc;
}

int
hf_dguard_owner_check(struct hf_dguard_link *l, struct hf_json *body,
                      const struct hf_dguard_needs *needs, struct hf_error *err)
{
    int rc = check_object(l, err);

    if (rc == 0)
        rc = check_named(l, body, err);
    return rc == 0 ? own_needs(l, needs, err) : rc;
}

// SPDX-License-Identifier: Apache-2.0
#include "receiver/event.h"

#include "json/json.h"

#include <stdio.h>
#include <string.h>

enum { ID_MAX = 192 };

/* The end of the object that begins at text; NULL where it has none. Brackets are counted here, and
 * the content is checked afterwards. */
static const char *
object_end(const char *text, const char *end)
{
    size_t depth = 0;
    bool string = false;

    for (const char *at = text; at < end; at++) {
        if (string && *at == '\\')
            at++;
        else if (*at == '"')
            string = !string;
        else if (!string && (*at == '{' || *at == '['))
            depth++;
        else if (!string && (*at == '}' || *at == ']') && --depth == 0)
            return at + 1;
    }
    return NULL;
}

/* The data is what a device sent and may hold what our strict parser refuses in the envelope; it
 * comes last, so the two are read apart. */
struct parts {
    struct hf_json *envelope;
    const char *member; /* of the line */
    const char *data;
    size_t len;
};

static int
split(const char *text, size_t len, struct parts *p, struct hf_error *err)
{
    static const char data[] = ",\"data\":", binary[] = ",\"data_base64\":";
    HF_AUTO_BUF struct hf_buf head = HF_BUF_INIT(len + 2);
    const char *at = memmem(text, len, data, sizeof data - 1);
    size_t skip = sizeof data - 1;

    p->member = "payload";
    if (!at) {
        at = memmem(text, len, binary, sizeof binary - 1);
        skip = sizeof binary - 1;
        p->member = "base64";
    }
    if (!at)
        return hf_error_set(err, HF_ERROR_MALFORMED, "it has no data");
    p->data = at + skip;
    p->len = (size_t)(text + len - 1 - p->data);
    if (hf_buf_add(&head, text, (size_t)(at - text), err) < 0 || hf_buf_adds(&head, "}", err) < 0)
        return -1;
    return hf_json_parse(head.data, head.len, &p->envelope, err);
}

static int
check(const struct hf_json *e, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"specversion", HF_JSON_STRING, true},
        {"id", HF_JSON_STRING, true},
        {"source", HF_JSON_STRING, true},
        {"type", HF_JSON_STRING, true},
        {"time", HF_JSON_STRING, true},
        {"clocksynced", HF_JSON_BOOL, true},
        {"datacontenttype", HF_JSON_STRING, true},
        {"subject", HF_JSON_STRING, true},
    };

    if (hf_json_check(e, "", fields, HF_LEN(fields), err) < 0)
        return -1;
    if (strcmp(hf_json_string(e, "specversion"), "1.0") != 0)
        return hf_error_set(err, HF_ERROR_INVALID, "its specversion is not 1.0");
    return 0;
}

static int
write_line(struct parts *p, struct hf_buf *lines, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *topic = hf_json_array();
    HF_AUTO_FREE char *quoted = NULL;
    char id[ID_MAX];
    const char *epoch = NULL, *seq = NULL;

    if (check(p->envelope, err) < 0)
        return -1;
    snprintf(id, sizeof id, "%s", hf_json_string(p->envelope, "id"));
    for (char *at = id; *at; at++) {
        if (*at == '/' && !epoch)
            epoch = at + 1;
        else if (*at == '/')
            seq = at + 1;
        if (*at == '/')
            *at = '\0';
    }
    if (!epoch || !seq)
        return hf_error_set(err, HF_ERROR_INVALID, "its id is not gateway/epoch/seq");
    if (strcmp(hf_json_string(p->envelope, "datacontenttype"), "text/plain") == 0)
        p->member = "text";
    hf_json_add_string(topic, hf_json_string(p->envelope, "subject"));
    if (hf_json_print(topic, &quoted, err) < 0)
        return -1;
    quoted[strlen(quoted) - 1] = '\0'; /* the brackets */
    return hf_buf_addf(lines, err,
                       "{\"gateway\":\"%s\",\"epoch\":\"%s\",\"seq\":%s,\"time\":\"%s\","
                       "\"synced\":%s,\"topic\":%s,\"%s\":%.*s}\n",
                       id, epoch, seq, hf_json_string(p->envelope, "time"),
                       hf_json_bool(p->envelope, "clocksynced", false) ? "true" : "false",
                       quoted + 1, p->member, (int)p->len, p->data);
}

static int
add_event(const char *text, size_t len, struct hf_buf *lines, struct hf_error *err)
{
    struct parts p = {0};
    int rc = split(text, len, &p, err);

    if (rc == 0)
        rc = write_line(&p, lines, err);
    hf_json_free(p.envelope);
    return rc;
}

int
hf_event_lines(const char *text, size_t len, struct hf_buf *lines, struct hf_error *err)
{
    const char *at = text, *end = text + len;

    if (len < 2 || *at++ != '[' || end[-1] != ']')
        return hf_error_set(err, HF_ERROR_MALFORMED, "no array of events");
    for (size_t number = 1; at < end - 1; number++) {
        const char *next = *at == '{' ? object_end(at, end) : NULL;

        if (!next)
            return hf_error_set(err, HF_ERROR_MALFORMED, "event %zu: no object", number);
        if (add_event(at, (size_t)(next - at), lines, err) < 0)
            return hf_error_wrap(err, "event %zu", number);
        at = next;
        if (*at == ',' && at[1] == '{')
            at++;
        else if (at != end - 1)
            return hf_error_set(err, HF_ERROR_MALFORMED, "event %zu: what follows?", number);
    }
    return 0;
}

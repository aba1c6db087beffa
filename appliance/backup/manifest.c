// SPDX-License-Identifier: Apache-2.0
#include "backup/manifest.h"

#include "base/clock.h"
#include "base/text.h"
#include "json/json.h"

#include <string.h>

int
hf_backup_manifest_print(const struct hf_backup_manifest *m, struct hf_buf *out,
                         struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *o = hf_json_object();
    HF_AUTO_FREE char *text = NULL;

    hf_json_put_string(o, "gateway", m->gateway);
    hf_json_put_string(o, "name", m->name);
    hf_json_put_string(o, "version", m->version);
    hf_json_put_time(o, "created", m->created_ms);
    hf_json_put_int(o, "schema", m->schema);
    hf_json_put_bool(o, "records", m->records);
    if (hf_json_print(o, &text, err) < 0)
        return -1;
    return hf_buf_adds(out, text, err);
}

static int
wrong(const char *member, struct hf_error *err)
{
    return hf_error_set(err, HF_ERROR_INVALID, "the backup does not say its %s", member);
}

static bool
is_gateway(const char *id)
{
    return id && strlen(id) == 11 && strncmp(id, "hf-", 3) == 0 &&
           strspn(id + 3, "0123456789abcdef") == 8;
}

int
hf_backup_manifest_parse(const char *text, size_t len, int64_t schema,
                         struct hf_backup_manifest *ret_manifest, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_backup_manifest m = {0};
    const char *version, *name, *created;

    if (hf_json_parse(text, len, &doc, NULL) < 0 || !hf_json_is_object(doc))
        return wrong("contents", err);
    version = hf_json_string(doc, "version");
    if (!version || !hf_text_put(m.version, sizeof m.version, "%s", version))
        return wrong("version", err);
    m.schema = hf_json_int(doc, "schema", 0);
    if (m.schema < 1)
        return wrong("schema", err);
    if (m.schema > schema)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "the backup was made by Holdfast %.40s, which keeps things in a newer "
                            "way (%lld) than this version, " HF_VERSION ", knows (%lld): bring "
                            "this gateway to that version first",
                            m.version, (long long)m.schema, (long long)schema);
    name = hf_json_string(doc, "name");
    if (!name || !hf_text_put(m.name, sizeof m.name, "%s", name))
        return wrong("name", err);
    if (!is_gateway(hf_json_string(doc, "gateway")))
        return wrong("gateway's id", err);
    hf_text_put(m.gateway, sizeof m.gateway, "%s", hf_json_string(doc, "gateway"));
    created = hf_json_string(doc, "created");
    if (!created || !hf_clock_parse(created, &m.created_ms))
        return wrong("time", err);
    m.records = hf_json_bool(doc, "records", false);
    *ret_manifest = m;
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
#include "about.h"

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "base/way_in.h"
#include "json/json.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { ADDRESSES_MAX = 16, URL_SIZE = 64 };

static struct hf_json *
addresses_json(uint16_t port)
{
    struct in_addr ways[ADDRESSES_MAX];
    size_t count = hf_ways_in(ways, ADDRESSES_MAX);
    struct hf_json *list = hf_json_array();

    for (size_t i = 0; i < count; i++) {
        char text[INET_ADDRSTRLEN], url[URL_SIZE];

        inet_ntop(AF_INET, &ways[i], text, sizeof text);
        hf_text_put(url, sizeof url, "https://%s:%u", text, (unsigned)port);
        hf_json_add_string(list, url);
    }
    return list;
}

struct hf_json *
hf_about_json(const struct hf_snapshot *shown, struct hf_certificates *certificates, uint16_t port)
{
    char fingerprint[HF_FINGERPRINT_SIZE];
    struct hf_json *o = hf_json_object();

    hf_certificates_fingerprint(certificates, fingerprint);
    hf_json_put_string(o, "name", shown->gateway.name);
    hf_json_put_int(o, "port", port);
    hf_json_put_string(o, "fingerprint", fingerprint);
    hf_json_put(o, "addresses", addresses_json(port));
    return o;
}

bool
hf_about_write(const char *run_dir, const char *name, const char *text)
{
    char path[HF_PATH_SIZE];
    struct hf_error err = {0};

    if (hf_text_put(path, sizeof path, "%s/%s", run_dir, name) &&
        hf_file_replace(path, text, strlen(text), 0644, (uid_t)-1, (gid_t)-1, &err) == 0)
        return true;
    hf_log_warn("event=not-told file=%s error=\"%s\"", name, err.message);
    return false;
}

void
hf_about_tell(struct hf_about *a, const char *run_dir, struct hf_core *core,
              struct hf_certificates *certificates, uint16_t port)
{
    const struct hf_snapshot *shown = hf_core_snapshot(core);
    HF_AUTO(hf_json) struct hf_json *doc = hf_about_json(shown, certificates, port);
    char *text = NULL;

    hf_snapshot_unref(shown);
    if (hf_json_print(doc, &text, NULL) < 0)
        return;
    if ((!a->told || strcmp(a->told, text) != 0) && hf_about_write(run_dir, "gateway.json", text))
        hf_about_write(run_dir, "gateway.changed", "");
    free(a->told);
    a->told = text;
}

void
hf_about_done(struct hf_about *a)
{
    free(a->told);
    a->told = NULL;
}

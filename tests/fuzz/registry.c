// SPDX-License-Identifier: Apache-2.0
/* What a registry answers: a manifest, a configuration, a challenge; and where the last one sends
 * to. */
#include "fetch/transfer.h"
#include "import/manifest.h"
#include "model/sha256.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
manifest(const char *text, size_t size)
{
    static struct hf_manifest m;
    static struct hf_image_config c;

    if (hf_manifest_parse(text, size, &m, NULL) == 0)
        for (size_t i = 0; i < m.layer_count; i++)
            if (!hf_sha256_is_digest(m.layers[i].digest) ||
                m.layers[i].size > HF_IMPORT_LAYER_BYTES_MAX)
                __builtin_trap();
    if (hf_image_config_parse(text, size, "amd64", &c, NULL) == 0)
        for (size_t i = 0; i < c.diff_id_count; i++)
            if (!hf_sha256_is_digest(c.diff_ids[i]))
                __builtin_trap();
}

/* A password never goes to another host, and not in the clear. */
static void
challenge(const char *text, size_t size)
{
    static const char ask[] = "{\"host\":\"reg.example\",\"repository\":\"a\",\"kind\":\"tags\","
                              "\"stall_ms\":1}";
    struct hf_challenge c = {0};
    struct hf_fetch_request r;
    char url[HF_FETCH_URL_SIZE];

    (void)hf_challenge_parse(text, size, &c);
    if (strnlen(c.realm, sizeof c.realm) == sizeof c.realm ||
        strnlen(c.service, sizeof c.service) == sizeof c.service)
        __builtin_trap();
    if (hf_fetch_request_parse(ask, strlen(ask), &r, NULL) < 0)
        return;
    if (hf_fetch_token_url(&r, &c, url, NULL) == 0 &&
        (!hf_fetch_is_at(url, "reg.example") || strncasecmp(url, "https://reg.example", 19) != 0))
        __builtin_trap();
    hf_fetch_request_done(&r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    manifest((const char *)data, size);
    challenge((const char *)data, size);
    return 0;
}

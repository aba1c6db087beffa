// SPDX-License-Identifier: Apache-2.0
/* The gateway's configuration, and a merge patch on it behind a zero byte: what is taken, printed
 * and taken again is the same, and what is shown has no secret in it. */
#include "model/settings.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_same_again(const struct hf_settings *s)
{
    HF_AUTO_FREE char *first = NULL, *second = NULL;
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_settings again;

    if (hf_settings_print(s, &first, NULL) < 0)
        return; /* too large to be kept */
    hf_settings_init(&again);
    if (hf_json_parse(first, strlen(first), &doc, NULL) < 0 ||
        hf_settings_parse(doc, &again, NULL) < 0 || hf_settings_print(&again, &second, NULL) < 0 ||
        strcmp(first, second) != 0)
        __builtin_trap();
    hf_settings_done(&again);
}

static void
check_secrets(const struct hf_settings *s)
{
    HF_AUTO_FREE char *shown = NULL;
    HF_AUTO(hf_json) struct hf_json *doc = NULL;

    if (hf_settings_show(s, &shown, NULL) < 0 ||
        hf_json_parse(shown, strlen(shown), &doc, NULL) < 0)
        __builtin_trap();
    for (const struct hf_json *k = hf_json_first(hf_json_get(doc, "sinks")); k; k = hf_json_next(k))
        for (const char *const *name = hf_sink_secrets; *name; name++) {
            const char *secret = hf_json_string(k, *name);

            if (secret && strcmp(secret, HF_SECRET_MASK) != 0)
                __builtin_trap();
        }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL, *patch = NULL;
    const char *text = (const char *)data, *second = memchr(text, '\0', size);
    size_t len = second ? (size_t)(second - text) : size;
    struct hf_settings s, changed = {.sinks = NULL};

    hf_settings_init(&s);
    if (hf_json_parse(text, len, &doc, NULL) == 0 && hf_settings_parse(doc, &s, NULL) == 0) {
        check_same_again(&s);
        check_secrets(&s);
        if (second && hf_json_parse(second + 1, size - len - 1, &patch, NULL) == 0 &&
            hf_settings_patch(&s, patch, &changed, NULL) == 0) {
            check_same_again(&changed);
            check_secrets(&changed);
        }
    }
    hf_settings_done(&s);
    hf_settings_done(&changed);
    return 0;
}

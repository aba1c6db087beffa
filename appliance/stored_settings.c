// SPDX-License-Identifier: Apache-2.0
#include "stored_settings.h"

#include "base/log.h"

#include <string.h>

int
hf_stored_settings(struct hf_store *store, struct hf_settings *s, bool *ret_usable,
                   struct hf_error *err)
{
    HF_AUTO_FREE char *text = NULL;
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_error why = {0};
    int64_t revision;

    hf_settings_init(s);
    *ret_usable = true;
    if (hf_store_settings(store, &text, &revision, &why) < 0) {
        if (why.class == HF_ERROR_NOT_FOUND)
            return 0;
        if (err)
            *err = why;
        return -1;
    }
    *ret_usable = hf_json_parse(text, strlen(text), &doc, &why) == 0 &&
                  hf_settings_parse_kept(doc, s, &why) == 0;
    if (!*ret_usable)
        hf_log_warn("event=stored-settings-unusable error=\"%s\"", why.message);
    return 0;
}

int
hf_current_settings(struct hf_store *store, struct hf_settings *s, struct hf_error *err)
{
    bool usable;

    return hf_stored_settings(store, s, &usable, err);
}

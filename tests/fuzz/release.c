// SPDX-License-Identifier: Apache-2.0
/* A release file: what is taken keeps its promises and has one canonical form; what is refused has
 * its line. */
#include "model/release.h"

#include <stdlib.h>
#include <string.h>

static const struct hf_release_host host = {.platform = "amd64",
                                            .registry = "registry.example:5000"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct hf_release *r)
{
    if (r->count < hf_service_count || r->count > HF_SERVICES_MAX || r->counter < 1 ||
        !hf_version_is_exact(r->version) || !hf_version_is_exact(r->min_holdfastd))
        __builtin_trap();
    for (size_t i = 0; i < r->count; i++) {
        const struct hf_release_service *s = &r->services[i];
        const char *why;

        if (strlen(s->image.image_id) != HF_DIGEST_SIZE - 1 || !s->layer_count ||
            !hf_tag_is_exact(s->image.tag, &why) || !hf_release_image_is_placed(&s->image) ||
            strncmp(s->image.image, "registry.example:5000/", 22) != 0 ||
            strlen(strchr(s->image.image, '@') + 1) != HF_DIGEST_SIZE - 1)
            __builtin_trap();
    }
}

static char *
canonical(const char *text, size_t len)
{
    struct hf_release r;
    struct hf_error err = {0};
    char *printed;

    if (hf_release_parse(text, len, &host, &r, &err) < 0) {
        if (err.class == HF_ERROR_INVALID && strncmp(err.message, "line ", 5) != 0)
            __builtin_trap();
        return NULL;
    }
    check(&r);
    if (hf_release_print(&r, &printed, NULL) < 0)
        __builtin_trap();
    hf_release_done(&r);
    return printed;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_AUTO_FREE char *once = canonical((const char *)data, size), *twice = NULL;

    if (!once)
        return 0;
    twice = canonical(once, strlen(once));
    if (!twice || strcmp(once, twice) != 0)
        __builtin_trap();
    return 0;
}

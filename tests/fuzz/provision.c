// SPDX-License-Identifier: Apache-2.0
/* A stick's files: what is taken is good by itself, and what is wrong has a place in the text. */
#include "provision/provision.h"
#include "identity/given.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct hf_json_faults faults;

static void
check_faults(const char *text, size_t size)
{
    size_t lines = 1;

    for (size_t i = 0; i < size; i++)
        lines += text[i] == '\n';
    for (size_t i = 0; i < faults.count; i++) {
        const struct hf_json_fault *f = &faults.list[i];

        if (!f->place.line || f->place.line > lines || !f->place.column || !*f->message)
            __builtin_trap();
        if (i && f->place.line < f[-1].place.line)
            __builtin_trap();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct hf_provision_x509 x509 = {hf_given_server, hf_given_client,
                                                  hf_given_authorities};
    const struct hf_provision_with with = {.x509 = &x509, .leave_sealed = true};
    const char *text = (const char *)data;
    HF_AUTO_FREE char *printed = NULL;
    struct hf_provision p;
    struct hf_recovery r;

    if (hf_recovery_parse(text, size, "hf-00000001", &r, &faults, NULL) == 0)
        hf_recovery_done(&r);
    check_faults(text, size);
    if (hf_provision_parse(text, size, &with, &p, &faults, NULL) < 0) {
        check_faults(text, size);
        return 0;
    }
    if (faults.count || (*p.password_hash && *p.setup_code) || strlen(p.file_hash) != 64)
        __builtin_trap();
    (void)!hf_settings_print(&p.settings, &printed, NULL);
    hf_provision_done(&p);
    return 0;
}

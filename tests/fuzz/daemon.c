// SPDX-License-Identifier: Apache-2.0
/* What holdfastd and holdfast-update say to each other: read by root, and by who must not believe
 * it. */
#include "model/daemon.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was taken is written so that it is taken again. */
static void
read_request(const char *text, size_t size)
{
    struct hf_daemon_request r, again;
    HF_AUTO_FREE char *printed = NULL;

    if (hf_daemon_request_parse(text, size, &r, NULL) < 0)
        return;
    if (strspn(r.operation, "0123456789abcdef") != strlen(r.operation) ||
        hf_daemon_request_print(&r, &printed, NULL) < 0 ||
        hf_daemon_request_parse(printed, strlen(printed), &again, NULL) < 0 ||
        strcmp(r.release, again.release) != 0)
        __builtin_trap();
    hf_daemon_request_done(&again);
    hf_daemon_request_done(&r);
}

static void
check_reason(const char *reason)
{
    for (; *reason; reason++)
        if ((unsigned char)*reason < 0x20)
            __builtin_trap();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct hf_daemon_progress p;
    struct hf_daemon_word w;

    read_request(text, size);
    if (hf_daemon_word_parse(text, size, &w, NULL) == 0)
        check_reason(w.reason);
    if (hf_daemon_progress_parse(text, size, &p, NULL) == 0)
        check_reason(p.reason);
    return 0;
}

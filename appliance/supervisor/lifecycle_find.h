// SPDX-License-Identifier: Apache-2.0
/* What a look brought to light. Private to the folder. */
#pragma once

#include "supervisor/lifecycle.h"

/* What the exits that were just counted were to people. */
struct hf_exits {
    int64_t by_engine; /* that the engine itself followed by a restart */
    bool ended;        /* and one that it did not */
    bool crash_loop;   /* it has become one by these */
};

/* Into m->finding, with m->container still as it was before the look and `is` as it is now. The
 * first that holds: crash loop, out of memory, exit, drift. */
void hf_lifecycle_find(struct hf_lifecycle_machine *m, const struct hf_container *is,
                       const struct hf_exits *exits, int64_t now_ms);

/* What the machine does about it, once it has decided. */
void hf_lifecycle_say_done(struct hf_lifecycle_machine *m, int64_t now_ms);

/* "exited with code 139 (SIGSEGV)", "out of memory (limit 64 MB, peak 63 MB)". */
void hf_lifecycle_describe_exit(const struct hf_lifecycle_machine *m, char *out, size_t size);

// SPDX-License-Identifier: Apache-2.0
/* What the kernel lets this process do from now on. */
#pragma once

#include "base/error.h"

/* Only the system calls that passing on takes, in all threads begun after it: no program, no
 * process, no socket but Unix ones, no file's content, no memory to run code from. Any other call
 * is the end of the process (SIGSYS). Wants PR_SET_NO_NEW_PRIVS. */
HF_MUST int hf_dguard_confine(struct hf_error *err);

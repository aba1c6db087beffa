// SPDX-License-Identifier: Apache-2.0
/*
 * A line of authorized_keys as sshd(8) has it, but without options: TYPE BASE64 [COMMENT]. What is
 * in the base64 is looked at too (RFC 4253 §6.6, RFC 5656 §3.1, RFC 8709 §4, OpenSSH PROTOCOL.u2f),
 * so that nothing gets into the file that sshd might read in another way.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>

enum { HF_SSH_KEY_MAX = 4096, HF_SSH_RSA_BITS_MIN = 2048, HF_SSH_FINGERPRINT_SIZE = 51 };

/* INVALID with a message that begins with a verb ("must …"), about no pointer. */
HF_MUST int hf_ssh_key_check(const char *line, struct hf_error *err);

/* Of a checked one, as ssh-keygen -l shows it: SHA256 and base64 without padding. */
void hf_ssh_key_fingerprint(const char *line, char out[HF_SSH_FINGERPRINT_SIZE]);

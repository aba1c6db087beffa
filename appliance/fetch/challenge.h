// SPDX-License-Identifier: Apache-2.0
/* What a registry wants to be told before it answers: WWW-Authenticate (RFC 9110 §11.6.1), Bearer
 * as the distribution project's token specification has it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { HF_CHALLENGE_REALM_SIZE = 512, HF_CHALLENGE_SERVICE_SIZE = 256 };

struct hf_challenge {
    bool basic;
    bool bearer;
    char realm[HF_CHALLENGE_REALM_SIZE]; /* of Bearer: where tokens are given */
    char service[HF_CHALLENGE_SERVICE_SIZE];
};

/* Adds the challenges of one field value; other schemes are passed over. Of two Bearers the first
 * counts. False where it cannot be read; what stood before that is kept. */
bool hf_challenge_parse(const char *text, size_t len, struct hf_challenge *c);

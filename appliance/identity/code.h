// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "identity/identity.h"

/* A new random code. */
void hf_setup_code_make(char out[HF_SETUP_CODE_SIZE]);

/* Whether typed is the code that hash was made of; in constant time. */
bool hf_setup_code_verify(const char *typed, const char *hash);

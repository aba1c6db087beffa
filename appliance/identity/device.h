// SPDX-License-Identifier: Apache-2.0
/* Passwords of devices: made here, and hashed as the broker takes them. */
#pragma once

#include "model/device.h"

enum { HF_DEVICE_MADE_SIZE = 25 };

/* A new password of 120 random bits. */
void hf_device_password_make(char out[HF_DEVICE_MADE_SIZE]);

/* `$7$rounds$salt$hash`: PBKDF2-HMAC-SHA512 as mosquitto_passwd writes it. made: nobody has chosen
 * it, so that more rounds would protect nothing. */
HF_MUST int hf_device_password_hash(const char *password, bool made, char out[HF_DEVICE_HASH_SIZE],
                                    struct hf_error *err);

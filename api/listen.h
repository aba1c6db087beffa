// SPDX-License-Identifier: Apache-2.0
/* Opening a listening TCP socket, with an error that says what to do. */
#pragma once

#include "base/error.h"

#include <stdint.h>

/* Binds and listens. address is an IP literal. option is what the operator can change, for the
 * message, e.g. "--listen". Errors: INVALID (no address), CONFLICT (taken, not ours, not allowed).
 * The socket is the caller's. */
HF_MUST int hf_listen(const char *address, uint16_t port, const char *option, int *ret_fd,
                      struct hf_error *err);

// SPDX-License-Identifier: Apache-2.0
/*
 * A plain-HTTP listener that only leads to HTTPS. It is a thread of its own that serves one
 * connection after the other for a bounded time, so that nothing it is sent can hold up the rest.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hf_redirect;

/* Whether host (of a Host header) is ours. Called from the listener's thread. */
typedef bool hf_redirect_check(void *context, const char *host);

/* Listens; errors as hf_listen(). https_port is where to lead to. */
HF_MUST int hf_redirect_start(const char *address, uint16_t port, uint16_t https_port,
                              hf_redirect_check *check, void *context,
                              struct hf_redirect **ret_redirect, struct hf_error *err);
void hf_redirect_stop(struct hf_redirect *redirect);

/* Makes the whole answer to a request head (NUL-terminated) into out; returns its length. */
size_t hf_redirect_answer(const char *request, uint16_t https_port, hf_redirect_check *check,
                          void *context, char *out, size_t size);

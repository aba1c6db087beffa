// SPDX-License-Identifier: Apache-2.0
/* The socket that holdfastd comes to. */
#pragma once

#include "dockerguard/options.h"

/* The one that the service manager passed (sd_listen_fds(3)), or a new one at o->listen, in the
 * place of what a process that is gone left there. INVALID where there is neither. */
HF_MUST int hf_dguard_listen(const struct hf_dguard_options *o, int *ret_fd, struct hf_error *err);

/* Serves each connection in a thread of its own, HF_DGUARD_CONNECTIONS_MAX at once; more wait.
 * Comes back only with an error. */
enum { HF_DGUARD_CONNECTIONS_MAX = 64 };
HF_MUST int hf_dguard_accept(const struct hf_dguard_server *server, int listen_fd,
                             struct hf_error *err);

// SPDX-License-Identifier: Apache-2.0
/* The first two steps of a test: the name, and a TCP connection that is closed again. */
#pragma once

#include "forwarder/sink.h"

/* Adds the steps resolve, with the address, and connect; false where one failed. */
bool hf_probe_tcp(const char *host, int port, int timeout_ms, struct hf_sink_steps *steps);

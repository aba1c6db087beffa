// SPDX-License-Identifier: Apache-2.0
/* The parts of an own service's description, each checked in its own file. Private to the folder.
 */
#pragma once

#include "model/own.h"

#include <stddef.h>

/* Lower-case letters, digits and dashes, begins with a letter. */
bool hf_own_is_label(const char *text, size_t max);

/* An absolute path without "..", "//" and what Docker gives a meaning to. */
bool hf_own_is_path(const char *text);

/* own_program.c: command, env, secrets, depends_on. */
HF_MUST int hf_own_check_program(const struct hf_json *v, const char *pointer,
                                 struct hf_error *err);

/* own_places.c: volumes, tmpfs, and relaxations with devices and binds. */
HF_MUST int hf_own_check_places(const struct hf_json *v, const char *pointer, struct hf_error *err);
HF_MUST int hf_own_check_relaxations(const struct hf_json *v, const char *pointer,
                                     struct hf_error *err);

/* own_network.c: networks, ports, bus, health. */
HF_MUST int hf_own_check_network(const struct hf_json *v, const char *pointer,
                                 struct hf_error *err);

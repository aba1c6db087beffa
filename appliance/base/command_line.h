// SPDX-License-Identifier: Apache-2.0
/* Long options, as our daemons have them: no other arguments, and a message that says what is
 * wrong. */
#pragma once

#include "base/buf.h"

#include <getopt.h>
#include <stdbool.h>

/* Hands each option to take(), with its value in optarg. May be called again. INVALID with what to
 * do, or what take() says. */
HF_MUST int hf_command_line_read(int argc, char **argv, const struct option *table,
                                 int (*take)(int which, void *context, struct hf_error *err),
                                 void *context, struct hf_error *err);

/* The same of a file: an option a line, NAME VALUE or NAME=VALUE; a line that begins with '#' says
 * nothing. text (empty) gets what the values are in. The error names file and line. */
HF_MUST int hf_command_line_file(const char *path, const struct option *table,
                                 int (*take)(int which, void *context, struct hf_error *err),
                                 void *context, struct hf_buf *text, struct hf_error *err);

/* Name of a gateway on its machine: 1 to 32 lower-case letters, digits and dashes. */
HF_MUST int hf_command_line_instance(const char *name, struct hf_error *err);

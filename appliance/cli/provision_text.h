// SPDX-License-Identifier: Apache-2.0
#pragma once

/* README.txt of a stick. */
extern const char cli_provision_text[];

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the images promise, read back from the images themselves.
exec "$(dirname "$0")/../../image/verify" "${HF_BUILD:-$(dirname "$0")/../../build}"

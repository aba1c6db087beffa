// SPDX-License-Identifier: Apache-2.0
/* Numbers and times as people say them; the same words as the dashboard's. Each returns a text of
 * its own, so that several fit into one printf. */
#pragma once

#include "base/cleanup.h"

#include <stdint.h>

struct cli_word {
    char text[48];
};

/* 8808038 → "8.4 MB"; steps of 1024. */
struct cli_word cli_bytes(double bytes);
/* "8.4 MB of 64 MB" */
struct cli_word cli_bytes_of(double used, double total);
/* Records a second: "154/s", "2/min" below a tenth. */
struct cli_word cli_rate(double per_second);
/* The two largest units at most: "14 s", "2 h 10 min", "19 days". Negative: "". */
struct cli_word cli_duration(int64_t seconds);
/* RFC 3339 → "2026-11-24 03:01:33" by the clock of this machine; "" for NULL and what is none. */
struct cli_word cli_time(const char *rfc3339);
/* How long before now_ms: "14 s"; "" for NULL and what is none. */
struct cli_word cli_age(const char *rfc3339, int64_t now_ms);
/* The first 12 digits of a digest or an id, without "sha256:". */
struct cli_word cli_short(const char *digest);

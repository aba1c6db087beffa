// SPDX-License-Identifier: Apache-2.0
/*
 * Strict-Transport-Security (RFC 6797), where it helps and locks nobody out. A browser that has
 * heard it takes no plain HTTP of that name any more, on no port, and no way past a warning. So it
 * is said for a name of the site's certificate alone, since the own one may have to be clicked
 * past; on port 443 alone, where a browser looks that is kept from port 80; not where an own
 * service has a port, which may be one of plain HTTP; and not when the certificate is about to end.
 * And for a day at a time: a certificate may be removed.
 */
#pragma once

#include "api/exchange.h"

struct hf_hsts_facts {
    uint16_t port;      /* that HTTPS is served on */
    bool named;         /* the site's certificate is for the host that was asked for */
    int64_t left_ms;    /* until it ends */
    bool clock_synced;  /* else left_ms may be wrong */
    bool others_listen; /* an own service has a port of the host */
};

/* The header line, or "": where it is not to be said, and what was said before is to be forgotten,
 * max-age is 0. */
const char *hf_hsts_line(const struct hf_hsts_facts *facts);

/* For an answer. */
const char *hf_hsts(const struct hf_exchange *x);

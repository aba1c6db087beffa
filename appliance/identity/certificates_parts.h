// SPDX-License-Identifier: Apache-2.0
/* Inside identity: the files of certificates.h. */
#pragma once

#include "identity/certificates.h"
#include "identity/x509.h"

#include <pthread.h>

enum { HF_CERTIFICATES_NAME_SIZE = 64 };

struct hf_certificates {
    char dir[PATH_MAX];
    char own_path[PATH_MAX], site_path[PATH_MAX];
    pthread_mutex_t changing;     /* one change after the other; taken before mutex */
    pthread_mutex_t mutex;        /* of what is in force */
    struct hf_pem_pair own, site; /* site.cert NULL for none */
    /* Kept, since making it takes pages of OpenSSL into memory and it is asked for again and again.
     */
    X509 *fingerprint_of; /* a reference; NULL: not made yet */
    char fingerprint[HF_FINGERPRINT_SIZE];
    /* Under changing. Neither is there where it could not be made, or nobody has asked for it. */
    struct hf_pem_pair ca, broker;
    char in_vain[HF_CERTIFICATES_NAME_SIZE]; /* a name that no certificate could be made for */
    int64_t tend_at_ms;                      /* monotonic; not before */
    struct hf_x509_due suited;               /* at the last look they lacked nothing of this */
    int64_t suited_until_ms;                 /* monotonic */
};

/* Under changing: makes it where it is not there. */
HF_MUST int hf_certificates_have_ca(struct hf_certificates *c, struct hf_error *err);
/* Under changing. */
HF_MUST int hf_certificates_renew_broker(struct hf_certificates *c, const char *name,
                                         struct hf_error *err);

/* RFC 4514, cut to size. */
void hf_x509_put_dn(const X509_NAME *name, char *out, size_t size);

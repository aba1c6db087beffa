// SPDX-License-Identifier: Apache-2.0
#include "broker/badge.h"

#include "base/text.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

enum { NAME_SIZE = 65, FINGERPRINT_SIZE = 2 * EVP_MAX_MD_SIZE + 1 };

struct badge {
    char name[NAME_SIZE];
    char fingerprint[FINGERPRINT_SIZE];
};

/* The one common name, whole. */
static bool
read_badge(const X509 *cert, struct badge *ret)
{
    const X509_NAME *subject = X509_get_subject_name(cert);
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    int n = X509_NAME_get_text_by_NID(subject, NID_commonName, ret->name, sizeof ret->name);

    if (n <= 0 || (size_t)n != strlen(ret->name) || !X509_digest(cert, EVP_sha256(), hash, &len))
        return false;
    hf_text_hex(hash, len, ret->fingerprint);
    return true;
}

const char *
hf_badge_objection(const struct hf_fleet *fleet, void *consume_certificate,
                   const char *user_or_null, struct hf_fleet_device **ret_device)
{
    struct hf_fleet_device *device;
    struct badge badge;
    bool readable = read_badge(consume_certificate, &badge);

    X509_free(consume_certificate);
    if (!readable)
        return "its certificate names nobody";
    device = hf_fleet_find(fleet, badge.name);
    if (!device)
        return "its certificate is for no account that is enabled";
    if (strcmp(device->certificate, badge.fingerprint) != 0)
        return "its certificate no longer counts";
    if (user_or_null && strcmp(user_or_null, badge.name) != 0)
        return "the user name is not the name in its certificate";
    *ret_device = device;
    return NULL;
}

// SPDX-License-Identifier: Apache-2.0
#include "identity/given.h"

#include "identity/pem.h"

static int
check(const char *certificates, const char *key,
      int (*look)(const struct hf_pem_pair *p, struct hf_error *err), struct hf_error *err)
{
    struct hf_pem_pair pair = {0};
    int rc;

    if (hf_pem_read_pair(certificates, key, &pair, err) < 0)
        return -1;
    rc = look(&pair, err);
    hf_pem_pair_done(&pair);
    return rc;
}

int
hf_given_server(const char *certificates, const char *key, struct hf_error *err)
{
    return check(certificates, key, hf_pem_check, err);
}

int
hf_given_client(const char *certificates, const char *key, struct hf_error *err)
{
    return check(certificates, key, hf_pem_check_dates, err);
}

int
hf_given_authorities(const char *certificates, struct hf_error *err)
{
    return hf_pem_check_authorities(certificates, err);
}

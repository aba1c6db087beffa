// SPDX-License-Identifier: Apache-2.0
/*
 * The bodies that engine/ writes, member by member: what it never writes is refused, known to
 * Docker or not. Docker reads names of members whatever their case; here they count as they are
 * written, so another case is another member.
 *
 * All of these: FORBIDDEN with the place and what must be there.
 */
#pragma once

#include "dockerguard/policy.h"
#include "json/json.h"

enum { HF_DGUARD_NEEDS_MAX = 16 };

/* What a body names and Docker has to be asked about. Borrowed from the body. */
struct hf_dguard_needs {
    const char *networks[HF_DGUARD_NEEDS_MAX]; /* must be there and be this gateway's */
    size_t network_count;
    const char *volumes[HF_DGUARD_NEEDS_MAX]; /* must be this gateway's where they are there */
    size_t volume_count;
};

/* POST /containers/create?name=…; looks at the places of the host that are to be mounted. */
HF_MUST int hf_dguard_check_create(const struct hf_dguard_policy *p, const char *name,
                                   const struct hf_json *body, struct hf_dguard_needs *ret_needs,
                                   struct hf_error *err);

/* POST /containers/{id}/update */
HF_MUST int hf_dguard_check_update(const struct hf_json *body, struct hf_error *err);

/* POST /networks/create */
HF_MUST int hf_dguard_check_network(const struct hf_dguard_policy *p, const struct hf_json *body,
                                    struct hf_error *err);

/* POST /volumes/create: no driver and no options, by which a volume can be a folder of the host. */
HF_MUST int hf_dguard_check_volume(const struct hf_dguard_policy *p, const struct hf_json *body,
                                   struct hf_error *err);

/* POST /networks/{name}/connect and /disconnect; whose the container is has to be asked. */
HF_MUST int hf_dguard_check_connect(const struct hf_json *body, struct hf_error *err);
HF_MUST int hf_dguard_check_disconnect(const struct hf_dguard_policy *p, const struct hf_json *body,
                                       struct hf_error *err);

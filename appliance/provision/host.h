// SPDX-License-Identifier: Apache-2.0
/*
 * What a provisioning file says of the host that the gateway runs on:
 *
 *     "network": { "interfaces": [{ "name", "address": "192.0.2.10/24", "router", "dns": [address]
 * }] } "time":    { "zone": "Europe/Berlin", "servers": [host] }
 *
 * An interface without a name is every wired one, without an address it asks by DHCP. The files
 * that systemd reads are written by holdfast-stick (stick_host.h), which is root; holdfastd is not.
 */
#pragma once

#include "base/buf.h"
#include "json/json.h"

enum { HF_INTERFACES_MAX = 8, HF_HOST_ADDRESSES_MAX = 4, HF_ZONE_SIZE = 65 };

/* Both INVALID with JSON pointer. */
HF_MUST int hf_host_check_network(const struct hf_json *network, struct hf_error *err);
HF_MUST int hf_host_check_time(const struct hf_json *time, struct hf_error *err);

/* Appends what systemd.network(5) has of the nth of the checked interfaces, and timesyncd.conf(5)
 * of the servers. */
HF_MUST int hf_host_write_interface(const struct hf_json *interface, struct hf_buf *out,
                                    struct hf_error *err);
HF_MUST int hf_host_write_servers(const struct hf_json *time, struct hf_buf *out,
                                  struct hf_error *err);

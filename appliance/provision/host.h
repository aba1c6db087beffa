// SPDX-License-Identifier: Apache-2.0
/*
 * What a provisioning file says of the host that the gateway runs on:
 *
 *     "network": { "interfaces": [{ "name", "address": "192.0.2.10/24", "router", "dns": [address]
 * }] } "time":    { "zone": "Europe/Berlin", "servers": [host] }
 *     "ssh":     { "keys": ["ssh-ed25519 AAAA… me@desk"] }
 *
 * An interface without a name is every wired one, without an address it asks by DHCP. The files
 * that systemd reads are written by holdfast-stick and holdfast-network, which are root; holdfastd
 * is not.
 */
#pragma once

#include "base/buf.h"
#include "json/json.h"

enum { HF_INTERFACES_MAX = 8, HF_HOST_ADDRESSES_MAX = 4, HF_ZONE_SIZE = 65, HF_SSH_KEYS_MAX = 16 };

/* All INVALID with JSON pointer. */
HF_MUST int hf_host_check_network(const struct hf_json *network, struct hf_error *err);
HF_MUST int hf_host_check_time(const struct hf_json *time, struct hf_error *err);
HF_MUST int hf_host_check_ssh(const struct hf_json *ssh, struct hf_error *err);

/* Appends what systemd.network(5) has of the nth of the checked interfaces, and timesyncd.conf(5)
 * of the servers. */
HF_MUST int hf_host_write_interface(const struct hf_json *interface, struct hf_buf *out,
                                    struct hf_error *err);
HF_MUST int hf_host_write_servers(const struct hf_json *time, struct hf_buf *out,
                                  struct hf_error *err);

/* Whether a request that arrived at the address local shows that the network works: it is one that
 * the settings name; where an interface asks by DHCP, any that the settings of before do not name.
 * before may be NULL. */
bool hf_host_confirms(const struct hf_json *network, const struct hf_json *before,
                      const char *local);

/* ---- links.c ---- */

enum { HF_HOST_LINKS_MAX = 32 };

struct hf_host_link {
    char name[16];
    bool managed; /* by systemd-networkd */
};

/* The wired ones of the system below root (""), at most max. */
size_t hf_host_links(const char *root, struct hf_host_link *ret_links, size_t max);
/* CONFLICT with pointer where one that the settings name is not there or not networkd's. */
HF_MUST int hf_host_check_links(const struct hf_json *network, const struct hf_host_link *links,
                                size_t count, struct hf_error *err);

/* ---- ssh.c, system.c: below etc, for those who are root ---- */

#define HF_HOST_OURS "20-holdfast-" /* what our files begin with */
enum { HF_HOST_SAID_MAX = 16384 };

/* The checked settings, in place of ours that are there. *ret_changed becomes true where anything
 * was another one. A failure may leave some of them: it is to be done again. */
HF_MUST int hf_host_put_network(const struct hf_json *network, const char *etc, bool *ret_changed,
                                struct hf_error *err);
/* NOT_FOUND where the system has no such time zone. */
HF_MUST int hf_host_put_time(const struct hf_json *time, const char *etc, bool *ret_changed,
                             struct hf_error *err);
/* holdfast/ssh_keys, as authorized_keys: the checked keys, in place of those that are there; no
 * file where there are none (NULL too). */
HF_MUST int hf_host_put_ssh(const struct hf_json *ssh_or_null, const char *etc, bool *ret_changed,
                            struct hf_error *err);
/* What was put last; NULL where nothing was. The caller's. */
struct hf_json *hf_host_network(const char *etc);
/* { "zone", "servers" }, as it is there. */
struct hf_json *hf_host_time(const char *etc);

/* Our files of the network as they are, and back. */
HF_MUST int hf_host_save_network(const char *etc, struct hf_json **ret_files, struct hf_error *err);
HF_MUST int hf_host_restore_network(const struct hf_json *files, const char *etc, bool *ret_changed,
                                    struct hf_error *err);

/* Lets systemd read what has changed. */
void hf_host_reload(void);
/* Runs a program of the system to its end; where it is not installed nothing happens. */
void hf_host_run(const char *const *argv);

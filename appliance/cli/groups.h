// SPDX-License-Identifier: Apache-2.0
/* The groups of commands, a file each, and how they read what the gateway says. */
#pragma once

#include "cli/cli.h"

extern const struct cli_group cli_group_gateway, cli_group_services, cli_group_records,
    cli_group_devices, cli_group_releases, cli_group_config, cli_group_backup, cli_group_network,
    cli_group_reset, cli_group_accounts, cli_group_certificate, cli_group_session,
    cli_group_provision;

/* ---- read.c: members of documents in which anything may be missing ---- */

/* "" where absent. */
const char *cli_text(const struct hf_json *object, const char *member);
/* 0 where absent. */
long long cli_int(const struct hf_json *object, const char *member);
double cli_number(const struct hf_json *object, const char *member);
/* The strings of an array, joined; the caller frees it; NULL without memory. */
char *cli_join(const struct hf_json *array, const char *separator);
/* good for healthy and its like, bad for failed …, warn for what is between, plain for the rest. */
enum cli_tone cli_tone_of(const char *state);
/* A cell with a payload in one of the three ways it may be written. */
void cli_cell_payload(struct cli_table *t, const struct hf_json *record);
/* "more: --cursor …" where there is a next page. */
void cli_next(const struct cli_out *out, const struct hf_json *doc);

/* ---- download.c ---- */

/* Puts a good answer into the file at path, which it replaces when all has come, or to stdout for
 * "-". UPSTREAM past max bytes. */
HF_MUST int cli_download(struct cli *c, const struct cli_request *r, const char *path, uint64_t max,
                         struct hf_error *err);

/* ---- upload.c, plan.c, set.c: commands with a file of their own ---- */

cli_run cli_upload;
cli_run cli_plan, cli_apply, cli_rollback;
cli_show cli_show_plan;
cli_run cli_config_set, cli_config_restore;
cli_run cli_provision_new, cli_provision_check, cli_provision_seal;
/* A release's id: as it stands where it is one, else of the only release with that name, version or
 * beginning. */
HF_MUST int cli_release_id(struct cli *c, const char *word, char out[33], struct hf_error *err);
/* What differs between two documents, and `effects` of the second. */
HF_MUST int cli_show_difference(const struct cli_out *out, const struct hf_json *before,
                                const struct hf_json *after, struct hf_error *err);

/* ---- patch.c ---- */

/* "buffer.window_ms=1000", "/buffer/window_ms=1000" (RFC 6901), "name=press-hall-3": puts the value
 * at its place into a merge patch (RFC 7396). What reads as JSON is JSON, else a text. Errors:
 * INVALID; where two of them contradict each other too. */
HF_MUST int cli_patch_add(struct hf_json *patch, const char *assignment, struct hf_error *err);

/* What is at a place, written as above; NULL where there is none. Lists count from 0. */
const struct hf_json *cli_at(const struct hf_json *doc, const char *path);

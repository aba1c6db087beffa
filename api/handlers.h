// SPDX-License-Identifier: Apache-2.0
/* The operations of openapi.yaml, one function each; see router.h for the contract. */
#pragma once

#include "api/router.h"

/* session.c */
int hf_handle_claim_state(struct hf_exchange *x, struct hf_error *err);
int hf_handle_claim(struct hf_exchange *x, struct hf_error *err);
int hf_handle_login(struct hf_exchange *x, struct hf_error *err);
int hf_handle_logout(struct hf_exchange *x, struct hf_error *err);
int hf_handle_session(struct hf_exchange *x, struct hf_error *err);

/* sessions.c */
int hf_handle_reauth(struct hf_exchange *x, struct hf_error *err);
int hf_handle_sessions(struct hf_exchange *x, struct hf_error *err);
int hf_handle_session_end(struct hf_exchange *x, struct hf_error *err);
int hf_handle_sessions_end(struct hf_exchange *x, struct hf_error *err);

/* users.c */
int hf_handle_users(struct hf_exchange *x, struct hf_error *err);
int hf_handle_user_add(struct hf_exchange *x, struct hf_error *err);
int hf_handle_user(struct hf_exchange *x, struct hf_error *err);
int hf_handle_user_change(struct hf_exchange *x, struct hf_error *err);
int hf_handle_user_remove(struct hf_exchange *x, struct hf_error *err);
int hf_handle_password(struct hf_exchange *x, struct hf_error *err);

/* tokens.c */
int hf_handle_tokens(struct hf_exchange *x, struct hf_error *err);
int hf_handle_token_add(struct hf_exchange *x, struct hf_error *err);
int hf_handle_token_revoke(struct hf_exchange *x, struct hf_error *err);

/* certificate.c */
int hf_handle_certificate(struct hf_exchange *x, struct hf_error *err);
int hf_handle_certificate_put(struct hf_exchange *x, struct hf_error *err);
int hf_handle_certificate_delete(struct hf_exchange *x, struct hf_error *err);
int hf_handle_certificate_ca(struct hf_exchange *x, struct hf_error *err);

/* device_accounts.c; the result is the caller's */
struct hf_json *hf_encode_device_account(const struct hf_device_account *a);

/* device_certificate.c */
int hf_handle_device_certificate(struct hf_exchange *x, struct hf_error *err);
int hf_handle_device_certificate_delete(struct hf_exchange *x, struct hf_error *err);

/* backup.c */
int hf_handle_backup(struct hf_exchange *x, struct hf_error *err);

/* network.c */
int hf_handle_network(struct hf_exchange *x, struct hf_error *err);
int hf_handle_network_change(struct hf_exchange *x, struct hf_error *err);
int hf_handle_network_confirm(struct hf_exchange *x, struct hf_error *err);

/* reset.c */
int hf_handle_reset_view(struct hf_exchange *x, struct hf_error *err);
int hf_handle_reset(struct hf_exchange *x, struct hf_error *err);

/* restore.c */
int hf_handle_restore(struct hf_exchange *x, struct hf_error *err);

/* gateway.c */
int hf_handle_health(struct hf_exchange *x, struct hf_error *err);
int hf_handle_gateway(struct hf_exchange *x, struct hf_error *err);
int hf_handle_release(struct hf_exchange *x, struct hf_error *err);
int hf_handle_uplink(struct hf_exchange *x, struct hf_error *err);

/* releases.c */
int hf_handle_releases(struct hf_exchange *x, struct hf_error *err);
int hf_handle_release_add(struct hf_exchange *x, struct hf_error *err);
int hf_handle_known_release(struct hf_exchange *x, struct hf_error *err);
int hf_handle_release_forget(struct hf_exchange *x, struct hf_error *err);
int hf_handle_plan(struct hf_exchange *x, struct hf_error *err);
int hf_handle_apply(struct hf_exchange *x, struct hf_error *err);
int hf_handle_rollback(struct hf_exchange *x, struct hf_error *err);
int hf_handle_bundle(struct hf_exchange *x, struct hf_error *err);
int hf_handle_bundle_begin(struct hf_exchange *x, struct hf_error *err);
int hf_handle_bundle_piece(struct hf_exchange *x, struct hf_error *err);
int hf_handle_bundle_cancel(struct hf_exchange *x, struct hf_error *err);
int hf_handle_registry_check(struct hf_exchange *x, struct hf_error *err);
int hf_handle_upgrade(struct hf_exchange *x, struct hf_error *err);

/* history.c */
int hf_handle_history(struct hf_exchange *x, struct hf_error *err);

/* alarms.c */
int hf_handle_alarms(struct hf_exchange *x, struct hf_error *err);
int hf_handle_acknowledge(struct hf_exchange *x, struct hf_error *err);

/* buffer.c */
int hf_handle_buffer(struct hf_exchange *x, struct hf_error *err);

/* records.c */
int hf_handle_records(struct hf_exchange *x, struct hf_error *err);
int hf_handle_export(struct hf_exchange *x, struct hf_error *err);
int hf_handle_drop(struct hf_exchange *x, struct hf_error *err);

/* quarantine.c */
int hf_handle_quarantine(struct hf_exchange *x, struct hf_error *err);
int hf_handle_quarantine_replay(struct hf_exchange *x, struct hf_error *err);
int hf_handle_quarantine_drop(struct hf_exchange *x, struct hf_error *err);

/* sinks.c */
int hf_handle_sinks(struct hf_exchange *x, struct hf_error *err);
int hf_handle_sink_test(struct hf_exchange *x, struct hf_error *err);
int hf_handle_sink_try(struct hf_exchange *x, struct hf_error *err);

/* processing.c */
int hf_handle_devices(struct hf_exchange *x, struct hf_error *err);
int hf_handle_rules(struct hf_exchange *x, struct hf_error *err);
int hf_handle_dry_run(struct hf_exchange *x, struct hf_error *err);

/* device_accounts.c */
int hf_handle_device_accounts(struct hf_exchange *x, struct hf_error *err);
int hf_handle_device_account(struct hf_exchange *x, struct hf_error *err);
int hf_handle_device_account_add(struct hf_exchange *x, struct hf_error *err);
int hf_handle_device_account_patch(struct hf_exchange *x, struct hf_error *err);
int hf_handle_device_account_delete(struct hf_exchange *x, struct hf_error *err);
int hf_handle_device_account_password(struct hf_exchange *x, struct hf_error *err);

/* device_import.c */
int hf_handle_device_import(struct hf_exchange *x, struct hf_error *err);

/* config.c */
int hf_handle_config(struct hf_exchange *x, struct hf_error *err);
int hf_handle_config_put(struct hf_exchange *x, struct hf_error *err);
int hf_handle_config_patch(struct hf_exchange *x, struct hf_error *err);
int hf_handle_revision_restore(struct hf_exchange *x, struct hf_error *err);
int hf_handle_audit(struct hf_exchange *x, struct hf_error *err);

/* revisions.c */
int hf_handle_revisions(struct hf_exchange *x, struct hf_error *err);
int hf_handle_revision_diff(struct hf_exchange *x, struct hf_error *err);

/* What a JSON number can say exactly. */
#define HF_REVISION_NUMBER_MAX UINT64_C(9007199254740991)
/* The one that the path names. NOT_FOUND where it can name none. */
HF_MUST int hf_revision_of(struct hf_exchange *x, int64_t *ret_revision, struct hf_error *err);

/* events.c */
int hf_handle_events(struct hf_exchange *x, struct hf_error *err);

/* metrics.c */
int hf_handle_metrics(struct hf_exchange *x, struct hf_error *err);

/* All metrics of a picture, in the older form of Prometheus where classic is set; streams: how many
 * event streams are open. */
HF_MUST int hf_metrics_of(const struct hf_snapshot *s, int streams, bool classic,
                          struct hf_buf *out, struct hf_error *err);

/* diagnostics.c */
int hf_handle_diagnostics(struct hf_exchange *x, struct hf_error *err);

/* scan.c */
int hf_handle_scan(struct hf_exchange *x, struct hf_error *err);
int hf_handle_scan_data(struct hf_exchange *x, struct hf_error *err);

/* services.c */
int hf_handle_services(struct hf_exchange *x, struct hf_error *err);
int hf_handle_service(struct hf_exchange *x, struct hf_error *err);
int hf_handle_restart(struct hf_exchange *x, struct hf_error *err);
int hf_handle_start(struct hf_exchange *x, struct hf_error *err);
int hf_handle_stop(struct hf_exchange *x, struct hf_error *err);

/* The id of the container of service name, "" where it has none; NOT_FOUND. */
HF_MUST int hf_service_container(struct hf_exchange *x, const char *name, char ret_id[HF_HASH_SIZE],
                                 struct hf_error *err);

/* logs.c */
int hf_handle_logs(struct hf_exchange *x, struct hf_error *err);

/* log_download.c */
int hf_handle_log_download(struct hf_exchange *x, struct hf_error *err);

/* incidents.c */
int hf_handle_incidents(struct hf_exchange *x, struct hf_error *err);
int hf_handle_incident(struct hf_exchange *x, struct hf_error *err);

/* operations.c */
int hf_handle_operations(struct hf_exchange *x, struct hf_error *err);
int hf_handle_operation(struct hf_exchange *x, struct hf_error *err);
int hf_handle_operation_cancel(struct hf_exchange *x, struct hf_error *err);

/* static.c: the dashboard, and the contract itself */
int hf_handle_openapi(struct hf_exchange *x, struct hf_error *err);
void hf_static_serve(struct hf_exchange *x);
/* Whether path is of the reference, which is below /api/docs. */
bool hf_static_is_docs(const char *path);

// SPDX-License-Identifier: Apache-2.0
/* The parts of the settings, each checked in its own file. Private to the folder. */
#pragma once

#include "model/settings.h"

/* settings_check.c: of single values; the error says pointer/member. */
HF_MUST int hf_check_range(const struct hf_json *o, const char *member, int64_t least, int64_t most,
                           const char *pointer, struct hf_error *err);
/* One of words, NULL-terminated; absent is fine. */
HF_MUST int hf_check_word(const struct hf_json *o, const char *member, const char *const *words,
                          const char *pointer, struct hf_error *err);
/* At most max bytes, at least one, no control characters; absent is fine. */
HF_MUST int hf_check_text(const struct hf_json *o, const char *member, size_t max,
                          const char *pointer, struct hf_error *err);
HF_MUST int hf_check_pem(const struct hf_json *o, const char *member, const char *begin,
                         const char *pointer, struct hf_error *err);
/* Whether text is an MQTT topic filter (MQTT 3.1.1, 4.7), or "". */
bool hf_is_filter(const char *text);
/* An MQTT topic filter. */
HF_MUST int hf_check_filter(const struct hf_json *o, const char *member, const char *pointer,
                            struct hf_error *err);
/* A JSON pointer (RFC 6901) of at most 128 bytes; absent is fine. */
HF_MUST int hf_check_pointer(const struct hf_json *o, const char *member, const char *pointer,
                             struct hf_error *err);
int hf_wrong(struct hf_error *err, const char *pointer, const char *member, const char *must);

/* settings_sink.c */
HF_MUST int hf_check_sinks(const struct hf_json *sinks, struct hf_error *err);
/* Puts the sink that "uplink" is short for into sinks, or takes it out where its url is "". */
HF_MUST int hf_put_uplink(struct hf_json **sinks, const struct hf_json *uplink,
                          struct hf_error *err);
/* A copy of sinks with masks in the place of secrets. */
struct hf_json *hf_mask_sinks(const struct hf_json *sinks);
/* Puts the secrets of the sinks in have in the place of masks in sinks. */
HF_MUST int hf_unmask_sinks(struct hf_json *sinks, const struct hf_json *have,
                            struct hf_error *err);

/* settings_own.c; the latter two as those of sinks. */
HF_MUST int hf_check_limits(const struct hf_json *limits, struct hf_error *err);
HF_MUST int hf_check_own(const struct hf_json *own, struct hf_error *err);
struct hf_json *hf_mask_own(const struct hf_json *own);
HF_MUST int hf_unmask_own(const struct hf_json *own, const struct hf_json *have,
                          struct hf_error *err);

/* settings_rules.c */
HF_MUST int hf_check_lanes(const struct hf_json *lanes, struct hf_error *err);
HF_MUST int hf_check_device_topic(const struct hf_json *devices, struct hf_error *err);

/* settings_upgrade.c: defaults; reading; printing. */
void hf_upgrade_settings_init(struct hf_upgrade_settings *u);
HF_MUST int hf_parse_upgrade(const struct hf_json *v, struct hf_upgrade_settings *u,
                             struct hf_error *err);
struct hf_json *hf_print_upgrade(const struct hf_upgrade_settings *u);

/* settings_alarms.c: defaults; reading; printing, masked for people or with the secret. */
void hf_alarm_settings_init(struct hf_alarm_settings *a);
HF_MUST int hf_parse_alarms(const struct hf_json *v, struct hf_alarm_settings *a,
                            struct hf_error *err);
struct hf_json *hf_print_alarms(const struct hf_alarm_settings *a, bool masked);
/* Puts the token that is kept in the place of its mask. */
HF_MUST int hf_unmask_alarms(const struct hf_json *alarms, const struct hf_alarm_settings *have,
                             struct hf_error *err);

/* settings_scan.c: defaults; reading; printing. */
void hf_scan_settings_init(struct hf_scan_settings *s);
HF_MUST int hf_parse_scan(const struct hf_json *v, struct hf_scan_settings *s,
                          struct hf_error *err);
struct hf_json *hf_print_scan(const struct hf_scan_settings *s);

/* settings_registry.c: as those of alarms. */
void hf_registry_settings_init(struct hf_registry_settings *r);
HF_MUST int hf_parse_registry(const struct hf_json *v, struct hf_registry_settings *r,
                              struct hf_error *err);
struct hf_json *hf_print_registry(const struct hf_registry_settings *r, bool masked);
/* Puts the password that is kept in the place of its mask. */
HF_MUST int hf_unmask_registry(const struct hf_json *registry,
                               const struct hf_registry_settings *have, struct hf_error *err);

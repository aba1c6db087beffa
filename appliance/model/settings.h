// SPDX-License-Identifier: Apache-2.0
/*
 * The configuration of a gateway: one document, kept as numbered revisions.
 *
 *     { "name", "sinks": [sink], "buffer": {…}, "lanes": [{"filter","lane"}], "rules": [rule],
 *       "devices": {"topic"}, "limits": {SERVICE: limits, "allow_overcommit"}, "own": {…},
 *       "alarms": {…}, "broker": {…}, "registry": {"host","ca_pem","user","password",
 *       "token_host","proxy","proxy_user","proxy_password","max_bytes_per_s",
 *       "release_repository","check_hours"},
 *       "release_keys": [public key], "stick_keys": [public key], "upgrade": {…}, "scan": {…} }
 *
 * Limits are as model/limits.h has them, each member over its default. "own" says what the own
 * services of a release may have: "ports" of the host, "binds" (folders of the host, with all below
 * them), and "secrets": {SERVICE: {NAME: value}}.
 * Sinks, rules and lanes are as api/record-path.md has them, a sink with its secrets in it. On the
 * way in there is also "uplink": {"url","token","ca_pem"}, short for the https sink named "uplink".
 * A release must be signed by one of release_keys, where there are any (model/trust.h); the files
 * of a stick by one of stick_keys, once the gateway is claimed. Every member may be absent, unknown
 * ones are refused.
 */
#pragma once

#include "base/error.h"
#include "model/release.h"
#include "model/scan.h"
#include "model/window.h"
#include "json/json.h"

enum {
    HF_URL_SIZE = 512,
    HF_SECRET_SIZE = 512, /* of a secret made on the box, and more than enough */
    HF_PEM_MAX = 16384,
    HF_WINDOW_MS_DEFAULT = 50,
    HF_WINDOW_MS_MAX = 5000,
    HF_SINKS_MAX = 8,
    HF_LANE_FILTERS_MAX = 64,
    HF_RULES_MAX = 256,  /* as many as the processor takes (services/processor/rules.h) */
    HF_FILTER_MAX = 256, /* bytes of an MQTT filter or topic in settings */
    HF_SETTINGS_TEXT_MAX = 60 * 1024, /* printed; what is shown can be sent back in one request */
    /* Raised when services must understand what older ones did not. 2: devices by TLS, and accounts
     * with a certificate, where an older broker refuses all accounts. */
    HF_SETTINGS_SCHEMA = 2,
    HF_SETTINGS_SCHEMA_TLS = 2
};

/* The name that "uplink" is short for, and what a secret that is set is shown as. */
#define HF_SINK_UPLINK "uplink"
#define HF_SECRET_MASK "***"

enum hf_when_full {
    HF_WHEN_FULL_HOLD,
    HF_WHEN_FULL_DROP_OLDEST,
    HF_WHEN_FULL_DROP_LOWER_FIRST,
    HF_WHEN_FULL_COUNT
};

/* "hold", "drop_oldest", "drop_lower_first". */
const char *hf_when_full_name(enum hf_when_full w);

struct hf_buffer_settings {
    int64_t window_ms;             /* durability window */
    int64_t max_bytes;             /* most bytes that records take on disk */
    int64_t max_age_s;             /* older records are dropped; 0: never */
    int64_t keep_free_bytes;       /* of the file system */
    int64_t rated_endurance_bytes; /* of the card; 0: not known */
    enum hf_when_full when_full;
};

/* What is watched against damage (core/guard.h). */
enum hf_guard_kind {
    HF_GUARD_DISK,   /* percent used, of space and of inodes */
    HF_GUARD_MEMORY, /* percent of the host's that programs cannot have */
    HF_GUARD_TEMPERATURE,
    HF_GUARD_FLASH, /* bytes written in a day */
    HF_GUARD_COUNT
};

struct hf_threshold {
    double warn, bad;
};

enum { HF_WEBHOOK_TOKEN_SIZE = 4097 };

struct hf_alarm_settings {
    char webhook_url[HF_URL_SIZE]; /* "": none */
    char webhook_token[HF_WEBHOOK_TOKEN_SIZE];
    int64_t silent_after_s; /* a device that says nothing for so long is silent; 0: never */
    int64_t uplink_away_s;  /* so long away is an alarm; 0: never */
    bool make_room;         /* old logs and images go when a disk is about to be full */
    struct hf_threshold thresholds[HF_GUARD_COUNT];
};

/* Whether devices may come by TLS: beside plain MQTT, or alone. */
enum hf_broker_tls { HF_BROKER_TLS_OFF, HF_BROKER_TLS_ON, HF_BROKER_TLS_ONLY, HF_BROKER_TLS_COUNT };

/* "off", "on", "only". */
const char *hf_broker_tls_name(enum hf_broker_tls tls);

/* Which devices may come, and what they may take of the broker. */
struct hf_broker_settings {
    enum hf_broker_tls tls;
    bool anonymous;              /* those without an account too */
    int64_t max_devices;         /* connected at once */
    int64_t address_connections; /* of one address; 0: no bound */
    int64_t max_device_sessions; /* left behind by devices */
    int64_t session_days;        /* after which one ends whose client stayed away */
};

/* How a release is applied. */
struct hf_upgrade_settings {
    bool freeze;           /* none is */
    int64_t gate_s;        /* so long must a new release do well */
    int64_t switch_s;      /* within so long must a service do its work */
    int64_t max_backlog;   /* a switch waits until fewer records are held; 0: it does not */
    int64_t busy_wait_s;   /* so long may a busy service hold up its switch */
    int64_t config_gate_s; /* so long must other settings do well; 0: nobody watches */
    struct hf_windows windows;
};

/* What is done about known vulnerabilities: by severity, but for those that somebody accepts until
 * a time. */
struct hf_scan_settings {
    enum hf_verdict policy[HF_SEVERITY_COUNT]; /* HF_VERDICT_WARN or _BLOCK */
    struct hf_json *accept;                    /* array of {id, reason, expires}, owned, checked */
};

enum { HF_REGISTRY_USER_SIZE = 256, HF_REGISTRY_PROXY_SIZE = HF_REGISTRY_SIZE + 7 };

/* Where images are fetched from, and how. */
struct hf_registry_settings {
    char host[HF_REGISTRY_SIZE];            /* and port; "": none */
    char ca_pem[HF_PEM_MAX];                /* "": the system's authorities */
    char user[HF_REGISTRY_USER_SIZE];       /* "": nobody */
    char password[HF_SECRET_SIZE];          /* or token in its place */
    char token_host[HF_REGISTRY_SIZE];      /* gives tokens for it; "": the registry's own host */
    char proxy[HF_REGISTRY_PROXY_SIZE];     /* "http://host:port"; "": none */
    char proxy_user[HF_REGISTRY_USER_SIZE]; /* "": nobody */
    char proxy_password[HF_SECRET_SIZE];
    int64_t max_bytes_per_s;                     /* 0: as fast as it goes */
    char release_repository[HF_REPOSITORY_SIZE]; /* in which releases are */
    int64_t check_hours; /* between two looks for new ones; 0: only when somebody asks */
};

struct hf_settings {
    char name[HF_NAME_SIZE]; /* of the gateway: a host name label (RFC 1123) */
    struct hf_buffer_settings buffer;
    struct hf_alarm_settings alarms;
    struct hf_broker_settings broker;
    struct hf_upgrade_settings upgrade;
    struct hf_scan_settings scan;
    struct hf_registry_settings registry;
    char device_topic[HF_FILTER_MAX + 1]; /* a filter whose level "ID" names the device */
    /* Arrays, owned, checked; never NULL after hf_settings_init() unless out of memory. */
    struct hf_json *sinks, *lanes, *rules, *release_keys, *stick_keys;
    struct hf_json *limits, *own; /* objects, the same */
};

void hf_settings_init(struct hf_settings *s); /* defaults, name "holdfast" */
void hf_settings_done(struct hf_settings *s);
HF_MUST int hf_settings_copy(const struct hf_settings *from, struct hf_settings *to,
                             struct hf_error *err);

/* The sink of that name, or NULL. */
const struct hf_json *hf_settings_sink(const struct hf_settings *s, const char *name);

/* The limits that are set for a service, or NULL. */
const struct hf_json *hf_settings_limits(const struct hf_settings *s, const char *service);
bool hf_settings_allow_overcommit(const struct hf_settings *s);

/* What own services may have. */
bool hf_settings_allow_port(const struct hf_settings *s, int64_t port);
bool hf_settings_allow_bind(const struct hf_settings *s, const char *source);
const char *hf_settings_own_secret(const struct hf_settings *s, const char *service,
                                   const char *name); /* NULL where it is not set */

/* The section "scan" of a document, over the defaults; NULL for none. On success ret_scan is the
 * caller's. */
HF_MUST int hf_scan_settings_read(const struct hf_json *section, struct hf_scan_settings *ret_scan,
                                  struct hf_error *err);
void hf_scan_settings_done(struct hf_scan_settings *scan);

/* The members of a sink that are secrets, NULL-terminated. */
extern const char *const hf_sink_secrets[];

/* Checks, with a JSON pointer in the error below prefix. */
HF_MUST int hf_settings_check_name(const char *name, const char *pointer, struct hf_error *err);
HF_MUST int hf_settings_check_url(const char *url, const char *pointer, struct hf_error *err);

/* Checks one sink as it would stand in a document, its secrets in it. */
HF_MUST int hf_settings_check_sink(const struct hf_json *sink, const char *pointer,
                                   struct hf_error *err);

/* Reads a document. Absent members keep what ret_settings has: call hf_settings_init() first. On
 * failure ret_settings is as it was. */
HF_MUST int hf_settings_parse(const struct hf_json *doc, struct hf_settings *ret_settings,
                              struct hf_error *err);

/* The same of a document that was kept: one of before broker.anonymous let devices in without an
 * account, and goes on doing so. */
HF_MUST int hf_settings_parse_kept(const struct hf_json *doc, struct hf_settings *ret_settings,
                                   struct hf_error *err);

/* Checks a list of rules alone, in shape; pointer is where it stands. */
HF_MUST int hf_settings_check_rules(const struct hf_json *rules, const char *pointer,
                                    struct hf_error *err);

/* The whole document, with secrets: for the store. TOO_LARGE past HF_SETTINGS_TEXT_MAX. */
HF_MUST int hf_settings_print(const struct hf_settings *s, char **ret_text, struct hf_error *err);

/* The same for people: each secret that is set reads HF_SECRET_MASK. */
HF_MUST int hf_settings_show(const struct hf_settings *s, char **ret_text, struct hf_error *err);

/* Whether a service reads anything that differs; where that cannot be told, it does. */
bool hf_settings_touch_services(const struct hf_settings *a, const struct hf_settings *b);

enum { HF_SETTINGS_DIFF_MAX = 200 };

/* Object: "changes", at most HF_SETTINGS_DIFF_MAX of {path, before, after}, null where there is
 * nothing, and "omitted", how many more there are. Of a secret it says that it differs, and masks
 * both. */
HF_MUST int hf_settings_diff(const struct hf_settings *a, const struct hf_settings *b,
                             struct hf_json **ret_diff, struct hf_error *err);
/* The same as an entry of the audit log keeps it: hf_changes_print(). */
HF_MUST int hf_settings_print_changes(const struct hf_settings *a, const struct hf_settings *b,
                                      char **ret_text, struct hf_error *err);

/* A whole document in the place of s: what is absent or null goes back to the default,
 * HF_SECRET_MASK keeps what s has there. Otherwise as hf_settings_patch(). */
HF_MUST int hf_settings_replace(const struct hf_settings *s, const struct hf_json *whole,
                                struct hf_settings *ret_settings, struct hf_error *err);

/* What comes of a merge patch (RFC 7396) on s: absent members stay, null goes back to the default,
 * HF_SECRET_MASK keeps the secret of the sink of that name. s is not changed; on success
 * ret_settings, which the caller has zeroed, is the caller's. */
HF_MUST int hf_settings_patch(const struct hf_settings *s, const struct hf_json *patch,
                              struct hf_settings *ret_settings, struct hf_error *err);

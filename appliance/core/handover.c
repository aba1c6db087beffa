// SPDX-License-Identifier: Apache-2.0
/*
 * What each service is given at run time: credentials.json and settings.json in a folder of its own
 * below the run folder (a tmpfs), which its container sees read-only. Only its uid and our group
 * may read them. They are replaced one after the other, so both carry the same `revision`, made of
 * the contents of both: a service that sees two different ones waits for the other file. The broker
 * has a third one, `devices`, which its plugin reads while it runs (services/broker/fleet.h), and
 * where devices may come by TLS `tls.pem` (key and certificates) and `ca.pem`.
 */
#include "base/file.h"
#include "base/text.h"
#include "core/internal.h"
#include "model/digest.h"
#include "model/own.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The service's user reads, our group writes: so it takes no power over other people's files. */
enum { FILE_MODE = 0440, FOLDER_MODE = 0570, ALL_FOLDERS_MODE = 0755 };

/* The broker knows these; each service knows its own. */
static const char *const bus_accounts[] = {"broker", "processor", "buffer", "forwarder",
                                           "holdfastd"};

static int
put_secret(struct hf_core *core, struct hf_json *object, const char *member, const char *name,
           struct hf_error *err)
{
    char secret[HF_STORE_SECRET_SIZE];

    if (hf_store_secret(core->config.store, name, secret, err) < 0)
        return -1;
    hf_json_put_string(object, member, secret);
    return 0;
}

static int
put_bus(struct hf_core *core, struct hf_json *object, const char *service, struct hf_error *err)
{
    struct hf_json *bus = hf_json_object();
    char name[HF_NAME_SIZE];

    hf_text_put(name, sizeof name, "bus.%s", service);
    hf_json_put_string(bus, "user", service);
    if (put_secret(core, bus, "password", name, err) < 0) {
        hf_json_free(bus);
        return -1;
    }
    hf_json_put(object, "bus", bus);
    return 0;
}

/* An account for each own service that has one, and what it may do. */
static int
put_own_accounts(struct hf_core *core, struct hf_json *object, struct hf_json *accounts,
                 struct hf_error *err)
{
    struct hf_json *rights = NULL;
    char name[HF_NAME_SIZE];

    for (size_t i = hf_service_count; core->has_release && i < core->service_count; i++) {
        const struct hf_release_service *s = &core->release.services[i];
        const struct hf_json *bus = hf_json_get(s->own, "bus");

        if (!bus)
            continue;
        if (!rights) {
            rights = hf_json_object();
            hf_json_put(object, "own", rights);
        }
        hf_json_put(rights, s->name, hf_json_copy(bus));
        hf_text_put(name, sizeof name, "bus.%s", s->name);
        if (put_secret(core, accounts, s->name, name, err) < 0)
            return -1;
    }
    return 0;
}

static int
put_broker_accounts(struct hf_core *core, struct hf_json *object, struct hf_error *err)
{
    struct hf_json *accounts = hf_json_object();
    char name[HF_NAME_SIZE];

    hf_json_put(object, "accounts", accounts);
    for (size_t i = 0; i < HF_LEN(bus_accounts); i++) {
        hf_text_put(name, sizeof name, "bus.%s", bus_accounts[i]);
        if (put_secret(core, accounts, bus_accounts[i], name, err) < 0)
            return -1;
    }
    return put_own_accounts(core, object, accounts, err);
}

/* Who may call the service, each with a secret of its own. */
static int
put_tokens(struct hf_core *core, struct hf_json *object, const char *service, struct hf_error *err)
{
    static const char *const callers[] = {"processor", "forwarder", "holdfastd"};
    bool everybody = strcmp(service, "buffer") == 0;
    struct hf_json *tokens = hf_json_object();
    char name[HF_NAME_SIZE];

    hf_json_put(object, "tokens", tokens);
    for (size_t i = 0; i < HF_LEN(callers); i++) {
        if (!everybody && strcmp(callers[i], "holdfastd") != 0)
            continue;
        hf_text_put(name, sizeof name, "%s.%s", service, callers[i]);
        if (put_secret(core, tokens, callers[i], name, err) < 0)
            return -1;
    }
    return 0;
}

static void
put_sink_secrets(const struct hf_settings *s, struct hf_json *object)
{
    struct hf_json *sinks = hf_json_object();

    for (const struct hf_json *k = hf_json_first(s->sinks); k; k = hf_json_next(k)) {
        struct hf_json *secrets = hf_json_object();

        for (const char *const *name = hf_sink_secrets; *name; name++)
            if (hf_json_get(k, *name))
                hf_json_put(secrets, *name, hf_json_copy(hf_json_get(k, *name)));
        hf_json_put(sinks, hf_json_string(k, "name"), secrets);
    }
    hf_json_put(object, "sinks", sinks);
}

static int
fill_credentials(struct hf_core *core, const char *service, struct hf_json *object,
                 struct hf_error *err)
{
    char name[HF_NAME_SIZE];

    if (strcmp(service, "broker") == 0)
        return put_broker_accounts(core, object, err);
    if (put_bus(core, object, service, err) < 0 || put_tokens(core, object, service, err) < 0)
        return -1;
    if (strcmp(service, "buffer") == 0)
        return 0;
    if (strcmp(service, "forwarder") == 0) {
        put_sink_secrets(&core->settings, object);
        if (*core->settings.alarms.webhook_token)
            hf_json_put_string(object, "alarms_webhook_token", core->settings.alarms.webhook_token);
    }
    hf_text_put(name, sizeof name, "buffer.%s", service);
    return put_secret(core, object, "buffer_token", name, err);
}

static void
fill_buffer(const struct hf_settings *s, struct hf_json *object)
{
    struct hf_json *sinks = hf_json_array();

    hf_json_put_int(object, "window_ms", s->buffer.window_ms);
    hf_json_put_int(object, "max_bytes", s->buffer.max_bytes);
    hf_json_put_int(object, "max_age_s", s->buffer.max_age_s);
    hf_json_put_int(object, "keep_free_bytes", s->buffer.keep_free_bytes);
    hf_json_put_string(object, "when_full", hf_when_full_name(s->buffer.when_full));
    for (const struct hf_json *k = hf_json_first(s->sinks); k; k = hf_json_next(k))
        hf_json_add_string(sinks, hf_json_string(k, "name"));
    hf_json_put(object, "sinks", sinks);
    hf_json_put(object, "lanes", hf_json_copy(s->lanes));
}

static void
fill_processor(const struct hf_settings *s, struct hf_json *object)
{
    struct hf_json *devices = hf_json_object();

    hf_json_put(object, "rules", hf_json_copy(s->rules));
    hf_json_put_string(devices, "topic", s->device_topic);
    if (s->alarms.silent_after_s) /* a processor of before this was known refuses what it does not
                                     know */
        hf_json_put_int(devices, "silent_after_s", s->alarms.silent_after_s);
    hf_json_put(object, "devices", devices);
}

/* Secrets are in credentials.json. */
static void
fill_forwarder(const struct hf_settings *s, struct hf_json *object)
{
    struct hf_json *sinks = hf_json_array();

    for (const struct hf_json *k = hf_json_first(s->sinks); k; k = hf_json_next(k)) {
        struct hf_json *open = hf_json_copy(k);

        for (const char *const *name = hf_sink_secrets; *name; name++)
            hf_json_remove(open, *name);
        hf_json_add(sinks, open);
    }
    hf_json_put(object, "sinks", sinks);
    if (*s->alarms.webhook_url) {
        struct hf_json *webhook = hf_json_object();

        hf_json_put_string(webhook, "url", s->alarms.webhook_url);
        hf_json_put(object, "alarms_webhook", webhook);
    }
}

static void
fill_broker(const struct hf_settings *s, struct hf_json *object)
{
    hf_json_put_int(object, "max_devices", s->broker.max_devices);
    hf_json_put_int(object, "connections_per_address", s->broker.address_connections);
    hf_json_put_int(object, "max_device_sessions", s->broker.max_device_sessions);
    hf_json_put_int(object, "session_days", s->broker.session_days);
    if (s->broker.tls != HF_BROKER_TLS_OFF)
        hf_json_put_string(object, "tls", hf_broker_tls_name(s->broker.tls));
}

static void
fill_settings(const struct hf_core *core, const char *service, struct hf_json *object)
{
    hf_json_put_string(object, "gateway", core->gateway_id);
    hf_json_put_string(object, "instance", core->config.placement.instance);
    if (strcmp(service, "buffer") == 0) {
        fill_buffer(&core->settings, object);
        if (*core->restored)
            hf_json_put_string(object, "restored", core->restored);
    } else if (strcmp(service, "processor") == 0)
        fill_processor(&core->settings, object);
    else if (strcmp(service, "forwarder") == 0)
        fill_forwarder(&core->settings, object);
    else if (strcmp(service, "broker") == 0)
        fill_broker(&core->settings, object);
}

static int
write_text(const char *folder, const char *name, const char *text, uid_t uid, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf old = HF_BUF_INIT(HF_JSON_TEXT_MAX);
    char path[PATH_MAX];

    hf_text_put(path, sizeof path, "%s/%s", folder, name);
    if (hf_file_read(path, &old, NULL) == 0 && old.data && strcmp(old.data, text) == 0)
        return 0; /* a new file would make the service read it again */
    return hf_file_replace(path, text, strlen(text), FILE_MODE, uid, getegid(), err);
}

static int
put_revision(struct hf_json *credentials, struct hf_json *settings, struct hf_error *err)
{
    HF_AUTO_FREE char *first = NULL, *second = NULL;
    char revision[HF_DIGEST_TEXT_SIZE];

    if (hf_json_print(credentials, &first, err) < 0 || hf_json_print(settings, &second, err) < 0)
        return -1;
    hf_digest((const char *const[]){first, second}, 2, revision);
    hf_json_put_string(credentials, "revision", revision);
    hf_json_put_string(settings, "revision", revision);
    return 0;
}

static int
write_document(const char *folder, const char *name, const struct hf_json *doc, uid_t uid,
               struct hf_error *err)
{
    HF_AUTO_FREE char *text = NULL;

    if (hf_json_print(doc, &text, err) < 0)
        return -1;
    return write_text(folder, name, text, uid, err);
}

static int
make_folder(const char *folder, uid_t uid, struct hf_error *err)
{
    struct stat st;

    if (hf_file_mkdirs(folder, FOLDER_MODE, err) < 0)
        return -1;
    if (stat(folder, &st) == 0 && st.st_uid == uid && st.st_gid == getegid())
        return 0;
    if (chown(folder, uid, getegid()) < 0)
        return hf_error_errno(err, errno, "cannot give '%s' to uid %u", folder, (unsigned)uid);
    return 0;
}

/* ---- own services ---- */

static void
delete_other_secrets(const char *folder, const struct hf_json *names)
{
    DIR *dir = opendir(folder);

    if (!dir)
        return;
    for (const struct dirent *d = readdir(dir); d;
         d = readdir(dir)) // NOLINT(concurrency-mt-unsafe)
        if (!hf_own_lists(names, d->d_name))
            (void)unlinkat(dirfd(dir), d->d_name, 0);
    closedir(dir);
}

static int
write_secrets(struct hf_core *core, const char *folder, const struct hf_release_service *s,
              uid_t uid, struct hf_error *err)
{
    const struct hf_json *names = hf_json_get(s->own, "secrets");
    char secrets[PATH_MAX];

    hf_text_put(secrets, sizeof secrets, "%s/secrets", folder);
    if (!names) {
        delete_other_secrets(secrets, NULL);
        return 0;
    }
    if (make_folder(secrets, uid, err) < 0)
        return -1;
    delete_other_secrets(secrets, names);
    for (const struct hf_json *n = hf_json_first(names); n; n = hf_json_next(n)) {
        const char *name = hf_json_as_string(n);
        const char *value = hf_settings_own_secret(&core->settings, s->name, name);

        if (value && write_text(secrets, name, value, uid, err) < 0)
            return -1;
    }
    return 0;
}

static int
hand_over_to_own(struct hf_core *core, size_t index, struct hf_error *err)
{
    const struct hf_release_service *s = &core->release.services[index];
    HF_AUTO(hf_json) struct hf_json *credentials = hf_json_object();
    HF_AUTO(hf_json) struct hf_json *settings = hf_json_object();
    uid_t uid = core->services[index].spec.uid;
    char folder[PATH_MAX];

    hf_text_put(folder, sizeof folder, "%s/services/%s", core->config.placement.run_dir, s->name);
    if (make_folder(folder, uid, err) < 0 || write_secrets(core, folder, s, uid, err) < 0)
        return -1;
    if (hf_json_get(s->own, "bus") && put_bus(core, credentials, s->name, err) < 0)
        return -1;
    fill_settings(core, s->name, settings);
    if (write_document(folder, "credentials.json", credentials, uid, err) < 0)
        return -1;
    return write_document(folder, "settings.json", settings, uid, err);
}

static int
write_devices(struct hf_core *core, const char *folder, uid_t uid, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_DEVICE_FILE_MAX);

    if (hf_core_devices_text(core, &text, err) < 0)
        return -1;
    return write_text(folder, "devices", text.data, uid, err);
}

/* A key that nobody needs any more does not lie about. */
static int
remove_certificate(const char *folder, struct hf_error *err)
{
    static const char *const names[] = {"tls.pem", "ca.pem"};

    for (size_t i = 0; i < HF_LEN(names); i++) {
        char path[PATH_MAX];

        hf_text_put(path, sizeof path, "%s/%s", folder, names[i]);
        if (unlink(path) < 0 && errno != ENOENT)
            return hf_error_errno(err, errno, "cannot remove '%s'", path);
    }
    return 0;
}

/* A full disk is waited for. What else is wrong with files of certificates must not keep the
 * gateway from starting: the broker says what it lacks. */
static int
without_certificate(const struct hf_error *why, struct hf_error *err)
{
    hf_log_error("event=no-certificate-for-broker error=\"%s\"", why->message);
    if (why->class != HF_ERROR_NO_SPACE)
        return 0;
    if (err)
        *err = *why;
    return -1;
}

static int
write_certificate(struct hf_core *core, const char *folder, uid_t uid, struct hf_error *err)
{
    const struct hf_certificate_ops *ops = core->config.certificates;
    HF_AUTO_BUF struct hf_buf pem = HF_BUF_INIT(HF_JSON_TEXT_MAX);
    HF_AUTO_BUF struct hf_buf ca = HF_BUF_INIT(HF_JSON_TEXT_MAX);
    struct hf_error why = {0};
    int rc;

    if (!ops || core->settings.broker.tls == HF_BROKER_TLS_OFF)
        return remove_certificate(folder, err);
    rc = ops->for_broker(core->config.certificates_context, core->settings.name, &pem, &ca, &why);
    if (rc < 0)
        return without_certificate(&why, err);
    /* The authority first: what is to be known by it comes then. */
    rc = write_text(folder, "ca.pem", ca.data, uid, err);
    if (rc == 0)
        rc = write_text(folder, "tls.pem", pem.data, uid, err);
    if (pem.data)
        explicit_bzero(pem.data, pem.len);
    return rc;
}

/* What the broker reads beside the other two: with those it may start. */
static int
write_broker_files(struct hf_core *core, const char *folder, uid_t uid, struct hf_error *err)
{
    if (write_devices(core, folder, uid, err) < 0)
        return -1;
    return write_certificate(core, folder, uid, err);
}

static int
hand_over_to(struct hf_core *core, size_t index, struct hf_error *err)
{
    const char *service = core->services[index].name;
    HF_AUTO(hf_json) struct hf_json *credentials = hf_json_object();
    HF_AUTO(hf_json) struct hf_json *settings = hf_json_object();
    uid_t uid = hf_service_uid(index);
    char folder[PATH_MAX];

    hf_text_put(folder, sizeof folder, "%s/services/%s", core->config.placement.run_dir, service);
    if (make_folder(folder, uid, err) < 0)
        return -1;
    if (strcmp(service, "broker") == 0 && write_broker_files(core, folder, uid, err) < 0)
        return -1;
    if (fill_credentials(core, service, credentials, err) < 0)
        return -1;
    fill_settings(core, service, settings);
    if (put_revision(credentials, settings, err) < 0)
        return -1;
    if (write_document(folder, "credentials.json", credentials, uid, err) < 0)
        return -1;
    return write_document(folder, "settings.json", settings, uid, err);
}

int
hf_core_hand_over(struct hf_core *core, struct hf_error *err)
{
    char folder[PATH_MAX];

    /* holdfast-docker has to see that what is in there is a folder. */
    hf_text_put(folder, sizeof folder, "%s/services", core->config.placement.run_dir);
    if (hf_file_mkdirs(folder, ALL_FOLDERS_MODE, err) < 0)
        return -1;
    core->config.engine_ops->use_registry(core->config.engine, &core->settings.registry);
    for (size_t i = 0; i < hf_service_count; i++)
        if (hand_over_to(core, i, err) < 0)
            return hf_error_wrap(err, "hand over to '%s'", core->services[i].name);
    for (size_t i = hf_service_count; core->has_release && i < core->service_count; i++)
        if (hand_over_to_own(core, i, err) < 0)
            return hf_error_wrap(err, "hand over to '%s'", core->services[i].name);
    return 0;
}

static int
hand_over_certificate(struct hf_core *core, void *context, struct hf_error *err)
{
    uid_t uid = hf_service_uid((size_t)hf_service_index("broker"));
    char folder[PATH_MAX];

    (void)context;
    hf_text_put(folder, sizeof folder, "%s/services/broker", core->config.placement.run_dir);
    if (write_certificate(core, folder, uid, err) == 0)
        return 0;
    core->hand_over_due = true;
    return hf_error_wrap(err, "hand the broker its certificate");
}

int
hf_core_broker_certificate(struct hf_core *core, struct hf_error *err)
{
    return mailbox_call(&core->mail, hand_over_certificate, NULL, err);
}

void
hf_core_hand_over_devices(struct hf_core *core)
{
    int index = hf_service_index("broker");
    struct hf_error err = {0};
    char folder[PATH_MAX];

    hf_text_put(folder, sizeof folder, "%s/services/broker", core->config.placement.run_dir);
    if (write_devices(core, folder, hf_service_uid((size_t)index), &err) == 0)
        return;
    core->hand_over_due = true;
    hf_log_error("event=hand-over-failed error=\"%s\"", err.message);
}

void
hf_core_hand_over_again(struct hf_core *core)
{
    struct hf_error err = {0};

    if (!core->hand_over_due)
        return;
    core->hand_over_due = hf_core_hand_over(core, &err) < 0;
    if (core->hand_over_due)
        hf_log_error("event=hand-over-failed error=\"%s\"", err.message);
}

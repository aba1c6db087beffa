// SPDX-License-Identifier: Apache-2.0
/*
 * What each service is given at run time: credentials.json and settings.json in a folder of its own
 * below the run folder (a tmpfs), which its container sees read-only. Only its uid may read them.
 */
#include "base/file.h"
#include "base/text.h"
#include "core/internal.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

enum { FILE_MODE = 0400, FOLDER_MODE = 0550 };

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
    return 0;
}

static int
put_buffer_tokens(struct hf_core *core, struct hf_json *object, struct hf_error *err)
{
    struct hf_json *tokens = hf_json_object();

    hf_json_put(object, "tokens", tokens);
    if (put_secret(core, tokens, "processor", "buffer.processor", err) < 0)
        return -1;
    return put_secret(core, tokens, "forwarder", "buffer.forwarder", err);
}

static int
fill_credentials(struct hf_core *core, const char *service, struct hf_json *object,
                 struct hf_error *err)
{
    if (strcmp(service, "broker") == 0)
        return put_broker_accounts(core, object, err);
    if (put_bus(core, object, service, err) < 0)
        return -1;
    if (strcmp(service, "buffer") == 0)
        return put_buffer_tokens(core, object, err);
    if (strcmp(service, "forwarder") == 0) {
        if (*core->settings.uplink_token)
            hf_json_put_string(object, "uplink_token", core->settings.uplink_token);
        return put_secret(core, object, "buffer_token", "buffer.forwarder", err);
    }
    return put_secret(core, object, "buffer_token", "buffer.processor", err);
}

static void
fill_settings(const struct hf_core *core, const char *service, struct hf_json *object)
{
    const struct hf_settings *s = &core->settings;

    hf_json_put_string(object, "gateway", core->gateway_id);
    hf_json_put_string(object, "instance", core->config.placement.instance);
    if (strcmp(service, "buffer") == 0) {
        hf_json_put_int(object, "window_ms", s->buffer_window_ms);
        hf_json_put_int(object, "max_bytes", s->buffer_max_bytes);
    }
    if (strcmp(service, "forwarder") == 0 && *s->uplink_url) {
        struct hf_json *uplink = hf_json_object();

        hf_json_put_string(uplink, "url", s->uplink_url);
        if (s->uplink_ca_pem)
            hf_json_put_string(uplink, "ca_pem", s->uplink_ca_pem);
        hf_json_put(object, "uplink", uplink);
    }
}

static int
write_document(const char *folder, const char *name, const struct hf_json *doc, uid_t uid,
               struct hf_error *err)
{
    HF_AUTO_FREE char *text = NULL;
    HF_AUTO_BUF struct hf_buf old = HF_BUF_INIT(HF_JSON_TEXT_MAX);
    char path[PATH_MAX];

    if (hf_json_print(doc, &text, err) < 0)
        return -1;
    hf_text_put(path, sizeof path, "%s/%s", folder, name);
    if (hf_file_read(path, &old, NULL) == 0 && old.data && strcmp(old.data, text) == 0)
        return 0; /* a new file would make the service read it again */
    return hf_file_replace(path, text, strlen(text), FILE_MODE, uid, uid, err);
}

static int
hand_over_to(struct hf_core *core, size_t index, struct hf_error *err)
{
    const char *service = hf_service_names[index];
    HF_AUTO(hf_json) struct hf_json *credentials = hf_json_object();
    HF_AUTO(hf_json) struct hf_json *settings = hf_json_object();
    uid_t uid = hf_service_uid(index);
    char folder[PATH_MAX];

    hf_text_put(folder, sizeof folder, "%s/services/%s", core->config.placement.run_dir, service);
    if (hf_file_mkdirs(folder, FOLDER_MODE, err) < 0)
        return -1;
    if (chown(folder, uid, uid) < 0)
        return hf_error_errno(err, errno, "cannot give '%s' to uid %u", folder, (unsigned)uid);
    if (fill_credentials(core, service, credentials, err) < 0)
        return -1;
    fill_settings(core, service, settings);
    if (write_document(folder, "settings.json", settings, uid, err) < 0)
        return -1;
    return write_document(folder, "credentials.json", credentials, uid, err);
}

int
hf_core_hand_over(struct hf_core *core, struct hf_error *err)
{
    for (size_t i = 0; i < hf_service_count; i++)
        if (hand_over_to(core, i, err) < 0)
            return hf_error_wrap(err, "hand over to '%s'", hf_service_names[i]);
    return 0;
}

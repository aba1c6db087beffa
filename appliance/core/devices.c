// SPDX-License-Identifier: Apache-2.0
/*
 * Accounts of devices. What the store has is what is true; the broker's file is made of it, after
 * each change and at each start. A change that would not fit the file is not made.
 */
#include "base/clock.h"
#include "base/text.h"
#include "core/internal.h"
#include "model/changes.h"

#include <string.h>

enum { PAGE = 100 };

/* ---- the broker's file ---- */

static int
write_page(const struct hf_device_account *page, size_t count, struct hf_buf *text, size_t *written,
           struct hf_error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!page[i].enabled)
            continue;
        if (hf_device_write(&page[i], text, err) < 0)
            return -1;
        ++*written;
    }
    return 0;
}

static int
write_text(const struct hf_core *core, struct hf_buf *text, struct hf_error *err)
{
    HF_AUTO_FREE struct hf_device_account *page = calloc(PAGE, sizeof *page);
    char after[HF_DEVICE_NAME_SIZE] = "";
    size_t count, written = 0;

    if (!page)
        return hf_error_nomem(err);
    if (hf_buf_addf(text, err, "holdfast-devices 1\nanonymous %s\n",
                    core->settings.broker.anonymous ? "yes" : "no") < 0)
        return -1;
    do {
        if (hf_store_devices(core->config.store, &(struct hf_device_filter){after, ""}, page, PAGE,
                             &count, err) < 0 ||
            write_page(page, count, text, &written, err) < 0)
            return -1;
        if (count)
            memcpy(after, page[count - 1].name, sizeof after);
    } while (count == PAGE);
    return hf_buf_addf(text, err, "end %zu\n", written);
}

int
hf_core_devices_text(const struct hf_core *core, struct hf_buf *text, struct hf_error *err)
{
    if (write_text(core, text, err) == 0)
        return 0;
    if (err && err->class == HF_ERROR_TOO_LARGE)
        return hf_error_set(err, HF_ERROR_TOO_LARGE,
                            "the accounts of devices have more than %d KiB together: shorten "
                            "their topics, or delete some",
                            HF_DEVICE_FILE_MAX / 1024);
    return -1;
}

/* ---- reading ---- */

struct listing {
    const struct hf_device_filter *filter;
    struct hf_device_account *devices;
    size_t max, *ret_count;
    struct hf_device_totals *ret_totals;
};

static int
list(struct hf_core *core, void *context, struct hf_error *err)
{
    const struct listing *l = context;

    l->ret_totals->anonymous = core->settings.broker.anonymous;
    if (hf_store_device_count(core->config.store, &l->ret_totals->accounts, &l->ret_totals->enabled,
                              err) < 0)
        return -1;
    return hf_store_devices(core->config.store, l->filter, l->devices, l->max, l->ret_count, err);
}

int
hf_core_devices(struct hf_core *core, const struct hf_device_filter *filter,
                struct hf_device_account *ret_devices, size_t max, size_t *ret_count,
                struct hf_device_totals *ret_totals, struct hf_error *err)
{
    struct listing l = {filter, ret_devices, max, ret_count, ret_totals};

    return mailbox_call(&core->mail, list, &l, err);
}

/* ---- changing ---- */

struct work {
    struct hf_core *core;
    const char *name, *actor;
    struct hf_device_account *devices; /* to add, or where the changed one goes */
    size_t count;
    const struct hf_device_change *change;
};

static int
get(struct hf_core *core, void *context, struct hf_error *err)
{
    const struct work *w = context;

    return hf_store_device(core->config.store, w->name, w->devices, err);
}

int
hf_core_device(struct hf_core *core, const char *name, struct hf_device_account *ret_device,
               struct hf_error *err)
{
    struct work w = {.name = name, .devices = ret_device};

    return mailbox_call(&core->mail, get, &w, err);
}

/* What is to be in force fits the file, and is audited. */
static int
seal(const struct work *w, const char *what, const struct hf_json *changes, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_DEVICE_FILE_MAX);
    HF_AUTO_FREE char *values = NULL;

    if (hf_core_devices_text(w->core, &text, err) < 0 ||
        hf_changes_print(changes, 0, &values, err) < 0)
        return -1;
    hf_log_info("event=audit who=%s what=\"%s\"", w->actor, what);
    return hf_store_audit_note(
        w->core->config.store,
        &(struct hf_audit_note){.who = w->actor, .what = what, .changes = values}, err);
}

/* What an account was and is; before or after is NULL where there is none. */
static void
note_values(struct hf_json *changes, const struct hf_device_account *before,
            const struct hf_device_account *after)
{
    const struct hf_device_account none = {.enabled = false};
    const struct hf_device_account *a = before ? before : &none, *b = after ? after : &none;
    const struct {
        const char *path, *before, *after;
    } texts[] = {
        {"/publish", a->publish, b->publish},
        {"/subscribe", a->subscribe, b->subscribe},
        {"/description", a->description, b->description},
        {"/certificate", a->certificate, b->certificate},
    };

    for (size_t i = 0; i < HF_LEN(texts); i++)
        hf_changes_text(changes, texts[i].path, *texts[i].before ? texts[i].before : NULL,
                        *texts[i].after ? texts[i].after : NULL);
    hf_changes_bool(changes, "/enabled", before ? &before->enabled : NULL,
                    after ? &after->enabled : NULL);
    if (before && after && strcmp(before->password_hash, after->password_hash) != 0)
        hf_changes_secret(changes, "/password", true, true);
}

/* Of one account what it is, of many who they are. */
static void
note_added(struct hf_json *changes, const struct work *w)
{
    if (w->count == 1) {
        note_values(changes, NULL, w->devices);
        return;
    }
    for (size_t i = 0; i < w->count; i++) {
        char path[HF_DEVICE_NAME_SIZE + 1];

        hf_text_put(path, sizeof path, "/%s", w->devices[i].name);
        hf_changes_text(changes, path, NULL, w->devices[i].publish);
    }
}

/* NOT_FOUND is what is wanted. */
static int
check_free(struct hf_store *store, const char *name, struct hf_error *err)
{
    struct hf_device_account have;
    struct hf_error why = {0};

    if (hf_store_device(store, name, &have, &why) == 0)
        return hf_error_set_at(err, HF_ERROR_CONFLICT, "/name",
                               "there is an account of a device '%s' already", name);
    if (why.class == HF_ERROR_NOT_FOUND)
        return 0;
    if (err)
        *err = why;
    return -1;
}

static int
check_room(const struct work *w, struct hf_error *err)
{
    size_t have, enabled;

    if (hf_store_device_count(w->core->config.store, &have, &enabled, err) < 0)
        return -1;
    if (have + w->count > HF_DEVICE_ACCOUNTS_MAX)
        return hf_error_set(err, HF_ERROR_CONFLICT,
                            "a gateway has at most %d accounts of devices: delete some",
                            HF_DEVICE_ACCOUNTS_MAX);
    return 0;
}

static int
write_added(struct hf_store *store, void *context, struct hf_error *err)
{
    const struct work *w = context;
    HF_AUTO(hf_json) struct hf_json *changes = hf_json_array();
    int64_t now = hf_clock_wall_ms();
    char what[HF_TEXT_SIZE];

    if (check_room(w, err) < 0)
        return -1;
    for (size_t i = 0; i < w->count; i++) {
        w->devices[i].created_ms = w->devices[i].password_ms = now;
        if (check_free(store, w->devices[i].name, err) < 0 ||
            hf_store_save_device(store, &w->devices[i], err) < 0)
            return -1;
    }
    if (w->count == 1)
        hf_text_put(what, sizeof what, "added the account of device '%s'", w->devices[0].name);
    else
        hf_text_put(what, sizeof what, "added the accounts of %zu devices", w->count);
    note_added(changes, w);
    return seal(w, what, changes, err);
}

static void
say_change(const struct hf_device_change *c, const char *name, char what[HF_TEXT_SIZE])
{
    const struct {
        const void *is;
        const char *text;
    } parts[] = {
        {c->password_hash, "a new password"},
        {c->certificate, c->certificate && *c->certificate->fingerprint
                             ? "a certificate"
                             : "no certificate any more"},
        {c->enabled, c->enabled && *c->enabled ? "enabled" : "disabled"},
        {c->publish, "other topics to publish"},
        {c->subscribe, "other topics to subscribe to"},
        {c->description, "another description"},
    };
    const char *comma = "";

    hf_text_put(what, HF_TEXT_SIZE, "changed the account of device '%s': ", name);
    for (size_t i = 0; i < HF_LEN(parts); i++) {
        size_t used = strlen(what);

        if (!parts[i].is)
            continue;
        hf_text_put(what + used, HF_TEXT_SIZE - used, "%s%s", comma, parts[i].text);
        comma = ", ";
    }
}

static int
bind(struct hf_device_account *a, const struct hf_device_binding *b, struct hf_error *err)
{
    if (!*b->fingerprint && !*a->certificate)
        return hf_error_set(err, HF_ERROR_NOT_FOUND, "device '%s' has no certificate", a->name);
    hf_text_put(a->certificate, sizeof a->certificate, "%s", b->fingerprint);
    a->certificate_ms = hf_clock_wall_ms();
    a->certificate_ends_ms = b->ends_ms;
    return 0;
}

static int
put_change(struct hf_device_account *a, const struct hf_device_change *c, struct hf_error *err)
{
    if (c->password_hash) {
        hf_text_put(a->password_hash, sizeof a->password_hash, "%s", c->password_hash);
        a->password_ms = hf_clock_wall_ms();
        a->certificate[0] = '\0';
    }
    if (c->certificate && bind(a, c->certificate, err) < 0)
        return -1;
    if (c->publish)
        hf_text_put(a->publish, sizeof a->publish, "%s", c->publish);
    if (c->subscribe)
        hf_text_put(a->subscribe, sizeof a->subscribe, "%s", c->subscribe);
    if (c->description)
        hf_text_put(a->description, sizeof a->description, "%s", c->description);
    if (c->enabled)
        a->enabled = *c->enabled;
    return 0;
}

static int
write_changed(struct hf_store *store, void *context, struct hf_error *err)
{
    const struct work *w = context;
    const struct hf_device_change *c = w->change;
    HF_AUTO(hf_json) struct hf_json *changes = hf_json_array();
    struct hf_device_account before, *a = w->devices;
    char what[HF_TEXT_SIZE];

    if (hf_store_device(store, w->name, a, err) < 0)
        return -1;
    before = *a;
    if (put_change(a, c, err) < 0)
        return -1;
    if (!c->password_hash && !c->certificate && !c->enabled && !c->publish && !c->subscribe &&
        !c->description)
        return 0;
    say_change(c, w->name, what);
    note_values(changes, &before, a);
    return hf_store_save_device(store, a, err) < 0 ? -1 : seal(w, what, changes, err);
}

static int
write_deleted(struct hf_store *store, void *context, struct hf_error *err)
{
    const struct work *w = context;
    HF_AUTO(hf_json) struct hf_json *changes = hf_json_array();
    struct hf_device_account before;
    char what[HF_TEXT_SIZE];

    if (hf_store_device(store, w->name, &before, err) < 0 ||
        hf_store_delete_device(store, w->name, err) < 0)
        return -1;
    hf_text_put(what, sizeof what, "deleted the account of device '%s'", w->name);
    note_values(changes, &before, NULL);
    return seal(w, what, changes, err);
}

static int
change(struct hf_core *core, struct work *w, hf_store_work *write, struct hf_error *err)
{
    w->core = core;
    if (hf_store_transaction(core->config.store, write, w, err) < 0)
        return -1;
    hf_core_hand_over_devices(core);
    return 0;
}

static int
add(struct hf_core *core, void *context, struct hf_error *err)
{
    return change(core, context, write_added, err);
}

static int
alter(struct hf_core *core, void *context, struct hf_error *err)
{
    return change(core, context, write_changed, err);
}

static int delete(struct hf_core *core, void *context, struct hf_error *err)
{
    return change(core, context, write_deleted, err);
}

int
hf_core_add_devices(struct hf_core *core, struct hf_device_account *devices, size_t count,
                    const char *actor, struct hf_error *err)
{
    struct work w = {.devices = devices, .count = count, .actor = actor};

    return mailbox_call(&core->mail, add, &w, err);
}

int
hf_core_change_device(struct hf_core *core, const char *name, const struct hf_device_change *change,
                      const char *actor, struct hf_device_account *ret_device, struct hf_error *err)
{
    struct work w = {.name = name, .devices = ret_device, .change = change, .actor = actor};

    return mailbox_call(&core->mail, alter, &w, err);
}

int
hf_core_delete_device(struct hf_core *core, const char *name, const char *actor,
                      struct hf_error *err)
{
    struct work w = {.name = name, .actor = actor};

    return mailbox_call(&core->mail, delete, &w, err);
}

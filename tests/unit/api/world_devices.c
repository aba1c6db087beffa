// SPDX-License-Identifier: Apache-2.0
/* Accounts of devices, kept in memory and sorted by name. */
#include "unit.h"

#include "world.h"

#include "base/text.h"

#include <string.h>

enum { WORLD_DEVICES_MAX = 64 };

static struct hf_device_account devices[WORLD_DEVICES_MAX];
static size_t device_count;

static size_t
place_of(const char *name)
{
    size_t i = 0;

    while (i < device_count && strcmp(devices[i].name, name) < 0)
        i++;
    return i;
}

static bool
is_there(const char *name)
{
    size_t i = place_of(name);

    return i < device_count && strcmp(devices[i].name, name) == 0;
}

static int
not_found(const char *name, struct hf_error *err)
{
    return hf_error_set(err, HF_ERROR_NOT_FOUND, "there is no account of a device '%s'", name);
}

int
hf_core_devices(struct hf_core *core, const struct hf_device_filter *filter,
                struct hf_device_account *ret_devices, size_t max, size_t *ret_count,
                struct hf_device_totals *ret_totals, struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    size_t from = 0;

    (void)core;
    (void)err;
    while (from < device_count && strcmp(devices[from].name, filter->after) <= 0)
        from++;
    *ret_count = 0;
    for (; from < device_count && *ret_count < max; from++)
        if (strcasestr(devices[from].name, filter->search))
            ret_devices[(*ret_count)++] = devices[from];
    *ret_totals = (struct hf_device_totals){.accounts = device_count,
                                            .anonymous = world_settings.broker.anonymous};
    for (size_t i = 0; i < device_count; i++)
        ret_totals->enabled += devices[i].enabled;
    return 0;
}

int
hf_core_device(struct hf_core *core, const char *name, struct hf_device_account *ret_device,
               struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    (void)core;
    if (!is_there(name))
        return not_found(name, err);
    *ret_device = devices[place_of(name)];
    return 0;
}

int
hf_core_add_devices(struct hf_core *core, struct hf_device_account *added, size_t count,
                    const char *actor, struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    (void)core;
    if (device_count + count > WORLD_DEVICES_MAX)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "there is no room");
    for (size_t i = 0; i < count; i++)
        if (is_there(added[i].name))
            return hf_error_set_at(err, HF_ERROR_CONFLICT, "/name", "'%s' is there already",
                                   added[i].name);
    for (size_t i = 0; i < count; i++) {
        size_t at = place_of(added[i].name);

        added[i].created_ms = added[i].password_ms = 1000;
        memmove(devices + at + 1, devices + at, (device_count++ - at) * sizeof *devices);
        devices[at] = added[i];
    }
    hf_text_put(world_audit, sizeof world_audit, "%s: added %zu", actor, count);
    return 0;
}

int
hf_core_change_device(struct hf_core *core, const char *name, const struct hf_device_change *change,
                      const char *actor, struct hf_device_account *ret_device, struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    struct hf_device_account *a = &devices[place_of(name)];

    (void)core;
    if (!is_there(name))
        return not_found(name, err);
    if (change->password_hash)
        hf_text_put(a->password_hash, sizeof a->password_hash, "%s", change->password_hash);
    if (change->password_hash)
        a->certificate[0] = '\0';
    if (change->certificate && !*change->certificate->fingerprint && !*a->certificate)
        return hf_error_set(err, HF_ERROR_NOT_FOUND, "'%s' has no certificate", name);
    if (change->certificate) {
        hf_text_put(a->certificate, sizeof a->certificate, "%s", change->certificate->fingerprint);
        a->certificate_ends_ms = change->certificate->ends_ms;
    }
    if (change->publish)
        hf_text_put(a->publish, sizeof a->publish, "%s", change->publish);
    if (change->subscribe)
        hf_text_put(a->subscribe, sizeof a->subscribe, "%s", change->subscribe);
    if (change->description)
        hf_text_put(a->description, sizeof a->description, "%s", change->description);
    if (change->enabled)
        a->enabled = *change->enabled;
    hf_text_put(world_audit, sizeof world_audit, "%s: changed %s", actor, name);
    *ret_device = *a;
    return 0;
}

int
hf_core_delete_device(struct hf_core *core, const char *name, const char *actor,
                      struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    size_t at = place_of(name);

    (void)core;
    if (!is_there(name))
        return not_found(name, err);
    memmove(devices + at, devices + at + 1, (--device_count - at) * sizeof *devices);
    hf_text_put(world_audit, sizeof world_audit, "%s: deleted %s", actor, name);
    return 0;
}

/* Without a store: the import asks it directly. */
int
hf_store_device(struct hf_store *st, const char *name, struct hf_device_account *ret_device,
                struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    assert_null(st);
    return hf_core_device(NULL, name, ret_device, err);
}

void
world_forget_devices(void)
{
    device_count = 0;
}

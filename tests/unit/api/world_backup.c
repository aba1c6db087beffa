// SPDX-License-Identifier: Apache-2.0
/* Stands in for core/backup.c and reset.c: a gateway with a state of a few bytes, and a restore or
 * reset that is noted. */
#include "world_backup.h"
#include "world.h"

#include "base/buf.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

char world_restored[4096];
bool world_restored_unclaimed;
enum hf_error_class world_restore_error;

int
hf_core_schema(void)
{
    return 7;
}

int
hf_core_backup(struct hf_core *core, struct hf_core_backup *ret_backup, struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    (void)core;
    *ret_backup = (struct hf_core_backup){.state = HF_BUF_INIT(1024)};
    ret_backup->settings = strdup(WORLD_BACKUP_CONFIG);
    ret_backup->release = strdup("{\"name\":\"r\"}");
    ret_backup->signature = strdup("");
    return hf_buf_adds(&ret_backup->state, WORLD_BACKUP_STATE, err);
}

void
hf_core_backup_done(struct hf_core_backup *b)
{
    hf_buf_done(&b->state);
    free(b->settings);
    free(b->release);
    free(b->signature);
    *b = (struct hf_core_backup){0};
}

int
hf_core_restore(struct hf_core *core, const struct hf_core_restore *r,
                struct hf_core_restored *ret_restored, struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    (void)core;
    if (world_restore_error != HF_ERROR_NONE)
        return hf_error_set(err, world_restore_error, "no");
    hf_text_put(world_restored, sizeof world_restored, "%s|%s|%s|%s|%s", r->who, r->state,
                r->settings, r->release ? r->release : "-", r->records ? r->records : "-");
    world_restored_unclaimed = r->unclaimed;
    *ret_restored = (struct hf_core_restored){.has_release = r->release != NULL,
                                              .release = {.id = "1", .name = "r 1.0.0"}};
    return 0;
}

int
hf_core_reset_view(struct hf_core *core, struct hf_core_reset_view *ret_view, struct hf_error *err)
{
    (void)core;
    if (world_fails(err))
        return -1;
    *ret_view = (struct hf_core_reset_view){
        .counts = {.accounts = 2, .tokens = 1, .device_accounts = 3, .revisions = 4},
        .records = -1,
    };
    return 0;
}

int
hf_core_reset(struct hf_core *core, bool wipe, const char *who, const char *what,
              struct hf_error *err)
{
    (void)core;
    if (world_fails(err))
        return -1;
    if (world_restore_error != HF_ERROR_NONE)
        return hf_error_set(err, world_restore_error, "no");
    hf_text_put(world_restored, sizeof world_restored, "%s|%s|%s", wipe ? "wipe" : "keep", who,
                what);
    return 0;
}

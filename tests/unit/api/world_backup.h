// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/backup.h"
#include "core/reset.h"

#define WORLD_BACKUP_STATE "{\"account\":[\"a secret hash\"]}"
#define WORLD_BACKUP_CONFIG "{\"name\":\"hall\"}"

/* What the last restore was given: who|state|settings|release|records. */
extern char world_restored[4096];
extern bool world_restored_unclaimed;
/* What hf_core_restore() fails with; NONE: it succeeds. */
extern enum hf_error_class world_restore_error;

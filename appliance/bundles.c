// SPDX-License-Identifier: Apache-2.0
#include "bundles.h"

#include "base/log.h"
#include "core/releases.h"
#include "engine/engine.h"

#include <string.h>

static int
examine(void *context, const char *release, const char *signature, struct hf_release *ret_release,
        struct hf_error *err)
{
    return hf_core_examine(context, release, signature, ret_release, err);
}

static int
admit(void *context, const char *release, const char *signature, const char *actor,
      char ret_id[HF_DIGEST_TEXT_SIZE], struct hf_error *err)
{
    const struct hf_admission asked = {release, signature, "bundle", NULL, actor};
    struct hf_known_release known;

    if (hf_core_admit(context, &asked, &known, NULL, err) < 0)
        return -1;
    memcpy(ret_id, known.release.id, HF_DIGEST_TEXT_SIZE);
    return 0;
}

static bool
wants_daemon(void *context, const struct hf_release_daemon *d)
{
    return hf_core_wants_daemon(context, d);
}

static int
keep_daemon(void *context, const struct hf_release_daemon *d, struct hf_slice file,
            struct hf_error *err)
{
    return hf_core_keep_daemon(context, d, file, err);
}

static void
note(void *context, const char *actor, const char *what)
{
    struct hf_error err;

    if (hf_core_audit(context, actor, what, &err) < 0)
        hf_log_error("event=audit-not-kept error=\"%s\"", err.message);
}

int
hf_bundles_new(struct hf_core *core, struct hf_engine *engine, struct hf_intake **ret_intake,
               struct hf_error *err)
{
    const struct hf_intake_config config = {
        .ops = {.examine = examine,
                .admit = admit,
                .wants_daemon = wants_daemon,
                .keep_daemon = keep_daemon,
                .note = note,
                .context = core},
        .engine_ops = &hf_docker_ops,
        .engine = engine,
    };

    return hf_intake_new(&config, ret_intake, err);
}

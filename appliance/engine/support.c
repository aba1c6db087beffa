// SPDX-License-Identifier: Apache-2.0
#include "engine/support.h"

#include "base/text.h"

#include <limits.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

bool
hf_support_io_weight(const char *root)
{
    static const char *const files[] = {
        "/sys/fs/cgroup/blkio/blkio.weight",
        /* The root of a v2 hierarchy has no weight; this group is on every systemd host. */
        "/sys/fs/cgroup/system.slice/io.weight",
        "/sys/fs/cgroup/system.slice/io.bfq.weight",
    };
    char path[PATH_MAX];

    for (size_t i = 0; i < HF_LEN(files); i++) {
        hf_text_put(path, sizeof path, "%s%s", root, files[i]);
        if (access(path, F_OK) == 0)
            return true;
    }
    return false;
}

/* ---- in words ---- */

static const char memory_advice[] =
    "memory limits are not enforced. Add cgroup_enable=memory cgroup_memory=1 to the kernel's "
    "command line (Raspberry Pi: /boot/firmware/cmdline.txt) and restart the box";
static const char swap_advice[] =
    "a service can be swapped out. Add swapaccount=1 to the kernel's command line and restart the "
    "box, or run without swap";
static const char cpu_advice[] =
    "CPU limits are not enforced. It takes a kernel with CONFIG_CFS_BANDWIDTH";
static const char pids_advice[] =
    "a service can fill the box with processes. It takes a kernel with CONFIG_CGROUP_PIDS";
static const char io_advice[] =
    "shares of the disk are not enforced. They take the I/O scheduler BFQ or CONFIG_BLK_CGROUP_"
    "IOCOST";

/* In this order: "memory" is in most of them. */
static const struct {
    const char *needle, *advice;
} known[] = {
    {"swap", swap_advice},           {"cfs", cpu_advice},
    {"pids", pids_advice},           {"blkio weight", io_advice},
    {"I/O weight", io_advice},       {"io.weight", io_advice},
    {"kernel memory", NULL},         {"oom kill", NULL},
    {"memory limit", memory_advice}, {"memory soft limit", memory_advice},
};

void
hf_support_explain(const char *warning, char *out, size_t size)
{
    static const char prefix[] = "WARNING: ";

    if (strncasecmp(warning, prefix, sizeof prefix - 1) == 0)
        warning += sizeof prefix - 1;
    for (size_t i = 0; i < HF_LEN(known); i++) {
        if (!strcasestr(warning, known[i].needle))
            continue;
        if (known[i].advice)
            hf_text_put(out, size, "%.90s: %s", warning, known[i].advice);
        else
            hf_text_put(out, size, "%s", warning);
        return;
    }
    hf_text_put(out, size, "%s", warning);
}

/* ---- kept ---- */

static void
forget(struct hf_engine *e, const char *service)
{
    size_t kept = 0;

    for (size_t i = 0; i < e->said_count; i++)
        if (strcmp(e->said[i].service, service) != 0)
            e->said[kept++] = e->said[i];
    e->said_count = kept;
}

void
hf_support_keep(struct hf_engine *e, const char *service, const struct hf_json *answer)
{
    const struct hf_json *list = hf_json_get(answer, "Warnings");

    pthread_mutex_lock(&e->lock);
    forget(e, service);
    for (const struct hf_json *v = hf_json_first(list); v; v = hf_json_next(v)) {
        const char *text = hf_json_as_string(v);
        struct said *s = &e->said[e->said_count];

        if (!text || !*text || e->said_count == SAID_MAX)
            continue;
        hf_text_put(s->service, sizeof s->service, "%s", service);
        hf_support_explain(text, s->text, sizeof s->text);
        e->said_count++;
    }
    pthread_mutex_unlock(&e->lock);
}

void
hf_support_add(struct hf_engine_info *info, const char *text)
{
    for (size_t i = 0; i < info->warning_count; i++)
        if (strcmp(info->warnings[i], text) == 0)
            return;
    if (info->warning_count == HF_ENGINE_WARNINGS_MAX)
        return;
    hf_text_put(info->warnings[info->warning_count], sizeof info->warnings[0], "%s", text);
    info->warning_count++;
}

void
hf_support_tell(struct hf_engine *e, const struct hf_json *info_warnings,
                struct hf_engine_info *info)
{
    for (const struct hf_json *v = hf_json_first(info_warnings); v; v = hf_json_next(v)) {
        const char *text = hf_json_as_string(v);
        char explained[sizeof info->warnings[0]];

        if (!text)
            continue;
        hf_support_explain(text, explained, sizeof explained);
        hf_support_add(info, explained);
    }
    pthread_mutex_lock(&e->lock);
    for (size_t i = 0; i < e->said_count; i++)
        hf_support_add(info, e->said[i].text);
    pthread_mutex_unlock(&e->lock);
}

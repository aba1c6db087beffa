// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "telemetry/internal.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

/* ---- file systems ---- */

/* The highest folder above path that is on the same file system. */
static void
find_mount(const char *path, dev_t device, char out[HF_TEXT_SIZE])
{
    char at[PATH_MAX];
    struct stat st;

    if (!realpath(path, at))
        hf_text_put(at, sizeof at, "%s", path);
    hf_text_put(out, HF_TEXT_SIZE, "%s", at);
    while (strcmp(at, "/") != 0) {
        char *slash = strrchr(at, '/');

        if (!slash)
            return;
        slash[slash == at] = '\0';
        if (stat(at, &st) < 0 || st.st_dev != device)
            return;
        hf_text_put(out, HF_TEXT_SIZE, "%s", at);
    }
}

/* What the kernel keeps for root counts as used by nobody and free for nobody: as df(1) has it. */
static bool
read_disk(const char *path, struct hf_disk_view *ret)
{
    struct statvfs fs;

    if (statvfs(path, &fs) < 0)
        return false;
    ret->total_bytes = (int64_t)(fs.f_blocks * fs.f_frsize);
    ret->used_bytes = (int64_t)((fs.f_blocks - fs.f_bfree) * fs.f_frsize);
    ret->free_bytes = (int64_t)(fs.f_bavail * fs.f_frsize);
    ret->inodes_total = (int64_t)fs.f_files;
    ret->inodes_used = (int64_t)(fs.f_files - fs.f_ffree);
    return true;
}

/* Where that is moves only with a mount, which has another device. */
static void
name_mount(struct hf_telemetry *t, size_t index, const char *path, dev_t device,
           char out[HF_TEXT_SIZE])
{
    struct mount *m = &t->mounts[index];

    if (m->device != device || strcmp(m->path, path) != 0) {
        find_mount(path, device, m->point);
        m->device = hf_text_put(m->path, sizeof m->path, "%s", path) ? device : 0;
    }
    memcpy(out, m->point, HF_TEXT_SIZE);
}

void
hf_disk_read(struct hf_telemetry *t, const char *const *paths, size_t count,
             struct hf_host_view *ret)
{
    dev_t seen[HF_DISKS_MAX] = {0};

    for (size_t i = 0; i < count && ret->disk_count < HF_DISKS_MAX; i++) {
        struct hf_disk_view *d = &ret->disks[ret->disk_count];
        struct stat st;
        size_t k = 0;

        if (!*paths[i] || stat(paths[i], &st) < 0)
            continue;
        while (k < ret->disk_count && seen[k] != st.st_dev)
            k++;
        if (k == ret->disk_count) {
            if (!read_disk(paths[i], d))
                continue;
            name_mount(t, ret->disk_count, paths[i], st.st_dev, d->mount);
            seen[ret->disk_count++] = st.st_dev;
        }
        ret->disks[k].holds_state |= i == HF_DISK_STATE;
        ret->disks[k].holds_engine |= i == HF_DISK_ENGINE;
    }
    if (ret->disk_count) {
        ret->disk_used_bytes = ret->disks[0].used_bytes;
        ret->disk_total_bytes = ret->disks[0].total_bytes;
    }
}

/* ---- the device below ---- */

/* A partition counts for its disk, which is the folder above it. What has no device of its own
 * (overlay, btrfs, tmpfs) is not known. */
void
hf_disk_find(struct hf_telemetry *t, const char *path)
{
    char file[PATH_MAX], device[sizeof t->device];
    struct stat st;
    bool is_partition;

    t->device_found = true;
    if (stat(path, &st) < 0 || !hf_text_put(device, sizeof device, "%s/sys/dev/block/%u:%u",
                                            t->root, major(st.st_dev), minor(st.st_dev)))
        return;
    hf_text_put(file, sizeof file, "%s/partition", device);
    is_partition = access(file, F_OK) == 0;
    hf_text_put(file, sizeof file, "%s%s", device, is_partition ? "/.." : "");
    if (access(file, F_OK) == 0)
        hf_text_put(t->device, sizeof t->device, "%s", file);
}

/* /sys/block/…/stat: the seventh number is sectors written. */
void
hf_disk_read_device(struct hf_telemetry *t, int64_t now_ms, struct hf_host_view *ret)
{
    enum { SECTORS_WRITTEN = 6, FIELD_COUNT, SECTOR_BYTES = 512 };
    int64_t v[FIELD_COUNT], passed_ms = now_ms - t->device_at_ms;
    char text[256];

    if (!hf_kernel_reread(&t->files[FILE_DEVICE_STAT], t->device, "stat", text, sizeof text) ||
        hf_kernel_numbers(text, v, FIELD_COUNT) != FIELD_COUNT)
        return;
    ret->device_written_bytes = v[SECTORS_WRITTEN] * SECTOR_BYTES;
    if (t->device_at_ms && passed_ms > 0 && ret->device_written_bytes >= t->device_written)
        ret->device_written_per_s =
            (double)(ret->device_written_bytes - t->device_written) * 1000.0 / (double)passed_ms;
    t->device_written = ret->device_written_bytes;
    t->device_at_ms = now_ms;
}

/* eMMC (JESD84-B51, EXT_CSD 268 and 269): two numbers, of the two kinds of cells; 0x01 is up to
 * 10 % of the life used, 0x0a up to 100 %, 0x0b more than that, 0x00 not said. */
static bool
read_life(const char *folder, struct hf_host_view *ret)
{
    enum { STEP_PERCENT = 10, KINDS = 2, WORST = 0x0b };
    char path[PATH_MAX], text[64], name[HF_NAME_SIZE];
    unsigned long worst = 0;
    const char *base;
    char *at = text;

    if (!hf_text_put(path, sizeof path, "%s/life_time", folder) ||
        !hf_kernel_read(path, text, sizeof text))
        return false;
    for (int i = 0; i < KINDS; i++) {
        unsigned long kind = strtoul(at, &at, 16);

        worst = kind > worst ? kind : worst;
    }
    if (worst == 0 || worst > WORST)
        return false;
    ret->flash_percent_used = (int)worst * STEP_PERCENT;
    base = strrchr(folder, '/');
    hf_text_put(ret->flash_device, sizeof ret->flash_device, "%s", base ? base + 1 : folder);
    if (hf_text_put(path, sizeof path, "%s/name", folder) &&
        hf_kernel_read(path, name, sizeof name))
        hf_text_put(ret->flash_device, sizeof ret->flash_device, "%.*s", (int)strcspn(name, "\n"),
                    name);
    return true;
}

/* Cards of one host are folders named as it: mmc0/mmc0:0001. */
static bool
read_cards(const char *host, const char *prefix, struct hf_host_view *ret)
{
    DIR *cards = opendir(host);
    const struct dirent *entry;
    char path[PATH_MAX];
    bool found = false;

    while (cards && !found && (entry = readdir(cards)))
        found = strncmp(entry->d_name, prefix, strlen(prefix)) == 0 && strchr(entry->d_name, ':') &&
                hf_text_put(path, sizeof path, "%s/%s", host, entry->d_name) &&
                read_life(path, ret);
    if (cards)
        closedir(cards);
    return found;
}

/* The device with the state, where it says so; else any eMMC of the board. NVMe and SATA say
 * nothing of it in sysfs. */
void
hf_disk_read_wear(const struct hf_telemetry *t, struct hf_host_view *ret)
{
    char path[PATH_MAX];
    const struct dirent *entry;
    bool found = *t->device && hf_text_put(path, sizeof path, "%s/device", t->device) &&
                 read_life(path, ret);
    DIR *hosts = NULL;

    hf_text_put(path, sizeof path, "%s/sys/class/mmc_host", t->root);
    if (!found)
        hosts = opendir(path);
    while (hosts && !found && (entry = readdir(hosts)))
        found =
            entry->d_name[0] != '.' &&
            hf_text_put(path, sizeof path, "%s/sys/class/mmc_host/%s", t->root, entry->d_name) &&
            read_cards(path, entry->d_name, ret);
    if (hosts)
        closedir(hosts);
}

// SPDX-License-Identifier: Apache-2.0
/* What is mounted into a container. */
#include "base/text.h"
#include "dockerguard/parts.h"
#include "dockerguard/place.h"

#include <string.h>

enum { BIND_MAX = 2 * 256 + 8, TMPFS_MAX = 4, BINDS_MAX = 8, BYTES_DIGITS = 12 };

static int
refuse(struct hf_error *err, const char *member, const char *must)
{
    char at[HF_ERROR_POINTER_MAX];

    hf_text_put(at, sizeof at, "/HostConfig/%s", member);
    return hf_dguard_refuse(err, at, must);
}

static bool
is_below(const char *path, const char *folder)
{
    size_t len = strlen(folder);

    return strncmp(path, folder, len) == 0 && (!path[len] || path[len] == '/');
}

/* Not where the kernel has something of its own. */
static bool
is_target(const char *path)
{
    return hf_dguard_is_path(path) && !is_below(path, "/proc") && !is_below(path, "/sys") &&
           !is_below(path, "/dev");
}

/* ---- folders of the host ---- */

/* What holdfastd hands to that service. */
static bool
is_run_folder(const struct hf_dguard_policy *p, const char *source, const char *target,
              const char *mode, const char *service)
{
    char ours[BIND_MAX];

    hf_text_put(ours, sizeof ours, "%s/services/%s", p->run_dir, service);
    return strcmp(source, ours) == 0 && strcmp(target, "/run/holdfast") == 0 &&
           strcmp(mode, "ro") == 0;
}

static bool
is_allowed(const struct hf_dguard_policy *p, const char *source)
{
    for (size_t i = 0; i < p->binds.count; i++)
        if (is_below(source, p->binds.items[i]))
            return true;
    return false;
}

/* "source:target:mode" */
static int
check_bind(const struct hf_dguard_policy *p, const char *bind, const char *service,
           struct hf_error *err)
{
    char text[BIND_MAX];
    char *target, *mode;

    if (!bind || !hf_text_put(text, sizeof text, "%s", bind) || !(target = strchr(text, ':')) ||
        !(mode = strchr(target + 1, ':')))
        return refuse(err, "Binds", "must have texts such as /a:/b:ro");
    *target++ = '\0';
    *mode++ = '\0';
    if (!hf_dguard_is_path(text) || !is_target(target) ||
        (strcmp(mode, "ro") != 0 && strcmp(mode, "rw") != 0))
        return refuse(err, "Binds",
                      "must have two clean absolute paths and ro or rw each, and none below /proc, "
                      "/sys or /dev");
    if (!is_run_folder(p, text, target, mode, service) && !is_allowed(p, text))
        return refuse(err, "Binds",
                      "must have the service's own run folder (--run-dir), and folders of the host "
                      "only that --allow-bind names");
    if (hf_dguard_place_check(text, err) < 0)
        return hf_error_wrap(err, "/HostConfig/Binds");
    return 0;
}

static int
check_binds(const struct hf_dguard_policy *p, const struct hf_json *binds, const char *service,
            struct hf_error *err)
{
    if (hf_json_count(binds) > BINDS_MAX)
        return refuse(err, "Binds", "must have at most 8 folders");
    for (const struct hf_json *v = hf_json_first(binds); v; v = hf_json_next(v))
        if (check_bind(p, hf_json_as_string(v), service, err) < 0)
            return -1;
    return 0;
}

/* ---- volumes ---- */

static int
check_mount(const struct hf_dguard_policy *p, const struct hf_json *v,
            struct hf_dguard_needs *needs, struct hf_error *err)
{
    static const char at[] = "/HostConfig/Mounts";
    static const struct hf_json_field fields[] = {
        {"Type", HF_JSON_STRING, true},           {"Source", HF_JSON_STRING, true},
        {"Target", HF_JSON_STRING, true},         {"ReadOnly", HF_JSON_BOOL, false},
        {"VolumeOptions", HF_JSON_OBJECT, false},
    };
    static const struct hf_json_field options[] = {{"NoCopy", HF_JSON_BOOL, false}};
    const struct hf_json *given = hf_json_get(v, "VolumeOptions");

    if (hf_json_check(v, at, fields, HF_LEN(fields), err) < 0 ||
        (given && hf_json_check(given, "/HostConfig/Mounts/VolumeOptions", options, HF_LEN(options),
                                err) < 0))
        return -1;
    if (strcmp(hf_json_string(v, "Type"), "volume") != 0)
        return hf_dguard_refuse(err, at, "must have named volumes only");
    if (!hf_dguard_is_ours(p, hf_json_string(v, "Source")))
        return hf_dguard_refuse(err, at, "must have volumes of this gateway only");
    if (!is_target(hf_json_string(v, "Target")))
        return hf_dguard_refuse(err, at,
                                "must have clean absolute targets, none below /proc, /sys or /dev");
    if (needs->volume_count == HF_DGUARD_NEEDS_MAX)
        return hf_dguard_refuse(err, at, "must have at most 16 volumes");
    needs->volumes[needs->volume_count++] = hf_json_string(v, "Source");
    return 0;
}

/* ---- memory ---- */

static bool
is_tmpfs_options(const char *text)
{
    static const char fixed[] = ",nosuid,nodev,noexec,mode=1777,size=";

    if (!text || (strncmp(text, "rw", 2) != 0 && strncmp(text, "ro", 2) != 0) ||
        strncmp(text + 2, fixed, sizeof fixed - 1) != 0)
        return false;
    return hf_dguard_is_digits(text + 2 + sizeof fixed - 1, BYTES_DIGITS);
}

static int
check_tmpfs(const struct hf_json *tmpfs, struct hf_error *err)
{
    if (hf_json_count(tmpfs) > TMPFS_MAX)
        return refuse(err, "Tmpfs", "must have at most 4");
    for (const struct hf_json *v = hf_json_first(tmpfs); v; v = hf_json_next(v))
        if (!is_target(hf_json_key(v)) || !is_tmpfs_options(hf_json_as_string(v)))
            return refuse(err, "Tmpfs",
                          "must have clean absolute paths with nosuid,nodev,noexec,mode=1777 and a "
                          "size");
    return 0;
}

int
hf_dguard_mounts(const struct hf_dguard_policy *p, const struct hf_json *host, const char *service,
                 struct hf_dguard_needs *needs, struct hf_error *err)
{
    for (const struct hf_json *v = hf_json_first(hf_json_get(host, "Mounts")); v;
         v = hf_json_next(v))
        if (check_mount(p, v, needs, err) < 0)
            return -1;
    if (check_tmpfs(hf_json_get(host, "Tmpfs"), err) < 0)
        return -1;
    return check_binds(p, hf_json_get(host, "Binds"), service, err);
}

// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "model/own_parts.h"
#include "model/settings_parts.h"
#include "model/spec.h"

#include <ctype.h>
#include <string.h>

enum { VOLUMES_MAX = 4, TMPFS_MAX = 2, BINDS_MAX = 4, LABEL_MAX = 32 };

static const int64_t TMPFS_LEAST = 64LL * 1024;
static const int64_t TMPFS_MOST = 256LL * 1024 * 1024;

bool
hf_own_is_path(const char *text)
{
    size_t len = text ? strlen(text) : 0;

    if (len < 2 || len >= HF_PATH_SIZE || text[0] != '/' || text[len - 1] == '/')
        return false;
    if (strstr(text, "//") || strstr(text, "/../") || strstr(text, "/./") ||
        strcmp(text + len - 2, "/.") == 0 || (len > 2 && strcmp(text + len - 3, "/..") == 0))
        return false;
    for (const char *c = text; *c; c++)
        if (iscntrl((unsigned char)*c) || strchr(":,\"\\", *c))
            return false;
    return true;
}

/* Where the gateway or the kernel has something of its own. */
static bool
is_reserved(const char *target)
{
    static const char *const places[] = {"/run/holdfast", "/proc", "/sys", "/dev"};

    for (size_t i = 0; i < HF_LEN(places); i++) {
        size_t len = strlen(places[i]);

        if (strncmp(target, places[i], len) == 0 && (!target[len] || target[len] == '/'))
            return true;
    }
    return strcmp(target, "/run") == 0;
}

static int
check_target(const struct hf_json *v, const char *pointer, struct hf_error *err)
{
    const char *target = hf_json_string(v, "target");

    if (!hf_own_is_path(target) || is_reserved(target))
        return hf_wrong(err, pointer, "target",
                        "must be an absolute path without '..', ':' and ',', and not below "
                        "/run/holdfast, /proc, /sys or /dev");
    return 0;
}

static int
check_volume(const struct hf_json *v, const char *pointer, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"name", HF_JSON_STRING, true},
        {"target", HF_JSON_STRING, true},
        {"read_only", HF_JSON_BOOL, false},
    };

    if (hf_json_check(v, pointer, fields, HF_LEN(fields), err) < 0)
        return -1;
    if (!hf_own_is_label(hf_json_string(v, "name"), LABEL_MAX))
        return hf_wrong(err, pointer, "name", "must be lower-case letters, digits and dashes");
    return check_target(v, pointer, err);
}

static int
check_tmpfs(const struct hf_json *v, const char *pointer, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"target", HF_JSON_STRING, true},
        {"size_bytes", HF_JSON_INT, true},
    };

    if (hf_json_check(v, pointer, fields, HF_LEN(fields), err) < 0 ||
        hf_check_range(v, "size_bytes", TMPFS_LEAST, TMPFS_MOST, pointer, err) < 0)
        return -1;
    return check_target(v, pointer, err);
}

/* Whether it may be there is the configuration's to say: see core/own.c. */
static int
check_bind(const struct hf_json *v, const char *pointer, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"source", HF_JSON_STRING, true},
        {"target", HF_JSON_STRING, true},
        {"read_only", HF_JSON_BOOL, true},
    };

    if (hf_json_check(v, pointer, fields, HF_LEN(fields), err) < 0)
        return -1;
    if (!hf_own_is_path(hf_json_string(v, "source")))
        return hf_wrong(err, pointer, "source",
                        "must be an absolute path without '..', ':' and ','");
    return check_target(v, pointer, err);
}

static int
check_each(const struct hf_json *list, size_t most, const char *pointer, const char *member,
           int (*check)(const struct hf_json *v, const char *pointer, struct hf_error *err),
           struct hf_error *err)
{
    char at[HF_ERROR_POINTER_MAX], must[48];
    size_t i = 0;

    hf_text_put(must, sizeof must, "must have at most %zu", most);
    if (hf_json_count(list) > most)
        return hf_wrong(err, pointer, member, must);
    for (const struct hf_json *v = hf_json_first(list); v; v = hf_json_next(v)) {
        hf_text_put(at, sizeof at, "%s/%s/%zu", pointer, member, i++);
        if (check(v, at, err) < 0)
            return -1;
    }
    return 0;
}

/* Two mounts at one place: the second would hide the first. */
static int
check_distinct(const struct hf_json *v, const char *pointer, struct hf_error *err)
{
    const struct hf_json *lists[] = {
        hf_json_get(v, "volumes"),
        hf_json_get(v, "tmpfs"),
        hf_json_get(hf_json_get(v, "relaxations"), "binds"),
    };
    const char *seen[HF_SPEC_MOUNTS_MAX];
    size_t count = 0;

    for (size_t k = 0; k < HF_LEN(lists); k++)
        for (const struct hf_json *m = hf_json_first(lists[k]); m; m = hf_json_next(m)) {
            const char *target = hf_json_string(m, "target");

            for (size_t i = 0; i < count; i++)
                if (strcmp(seen[i], target) == 0)
                    return hf_error_set_at(err, HF_ERROR_INVALID, pointer,
                                           "%s: two things are mounted at '%s'", pointer, target);
            seen[count++] = target;
        }
    return 0;
}

int
hf_own_check_places(const struct hf_json *v, const char *pointer, struct hf_error *err)
{
    if (check_each(hf_json_get(v, "volumes"), VOLUMES_MAX, pointer, "volumes", check_volume, err) <
        0)
        return -1;
    return check_each(hf_json_get(v, "tmpfs"), TMPFS_MAX, pointer, "tmpfs", check_tmpfs, err);
}

/* ---- relaxations ---- */

/* Those that do not give away the host: with SYS_ADMIN, SYS_MODULE, SYS_RAWIO, SYS_PTRACE, MKNOD or
 * DAC_READ_SEARCH a container is none any more. */
static const char *const capabilities[] = {
    "AUDIT_WRITE",      "CHOWN",     "DAC_OVERRIDE", "FOWNER", "FSETID", "IPC_LOCK",   "KILL",
    "NET_BIND_SERVICE", "NET_ADMIN", "NET_RAW",      "SETGID", "SETUID", "SYS_CHROOT", "SYS_NICE",
    "SYS_RESOURCE",     "SYS_TIME",  "WAKE_ALARM",
};

static int
check_capabilities(const struct hf_json *list, const char *pointer, struct hf_error *err)
{
    if (hf_json_count(list) > HF_SPEC_RELAXATIONS_MAX)
        return hf_wrong(err, pointer, "capabilities", "must have at most 4");
    for (const struct hf_json *v = hf_json_first(list); v; v = hf_json_next(v)) {
        const char *name = hf_json_as_string(v);
        bool known = false;

        for (size_t i = 0; name && !known && i < HF_LEN(capabilities); i++)
            known = strcmp(capabilities[i], name) == 0;
        if (!known)
            return hf_wrong(err, pointer, "capabilities",
                            "must be names such as NET_RAW (capabilities(7)); those that give the "
                            "host away, such as SYS_ADMIN, are never given");
    }
    return 0;
}

static int
check_devices(const struct hf_json *list, const char *pointer, struct hf_error *err)
{
    if (hf_json_count(list) > HF_SPEC_RELAXATIONS_MAX)
        return hf_wrong(err, pointer, "devices", "must have at most 4");
    for (const struct hf_json *v = hf_json_first(list); v; v = hf_json_next(v)) {
        const char *path = hf_json_as_string(v);

        if (!hf_own_is_path(path) || strncmp(path, "/dev/", 5) != 0)
            return hf_wrong(err, pointer, "devices", "must be paths such as /dev/ttyUSB0");
    }
    return 0;
}

int
hf_own_check_relaxations(const struct hf_json *v, const char *pointer, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"capabilities", HF_JSON_ARRAY, false},  {"devices", HF_JSON_ARRAY, false},
        {"binds", HF_JSON_ARRAY, false},         {"writable_root", HF_JSON_BOOL, false},
        {"new_privileges", HF_JSON_BOOL, false}, {"root", HF_JSON_BOOL, false},
    };
    const struct hf_json *r = hf_json_get(v, "relaxations");
    char at[HF_ERROR_POINTER_MAX];

    hf_text_put(at, sizeof at, "%s/relaxations", pointer);
    if (r && (hf_json_check(r, at, fields, HF_LEN(fields), err) < 0 ||
              check_capabilities(hf_json_get(r, "capabilities"), at, err) < 0 ||
              check_devices(hf_json_get(r, "devices"), at, err) < 0 ||
              check_each(hf_json_get(r, "binds"), BINDS_MAX, at, "binds", check_bind, err) < 0))
        return -1;
    return check_distinct(v, pointer, err);
}

// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "telemetry/internal.h"
#include "telemetry/kernel_file.h"

#include <stdio.h>
#include <string.h>

static const char *const controller_names[CONTROLLER_COUNT] = {
    [MEMORY] = "memory",
    [CPU] = "cpu",
    [CPUACCT] = "cpuacct",
    [PIDS] = "pids",
};

/* ---- where the trees are ---- */

/* Whether a comma-separated list has the word. */
static bool
has_word(const char *list, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = strstr(list, word); at; at = strstr(at + 1, word))
        if ((at == list || at[-1] == ',') &&
            (at[len] == '\0' || at[len] == ',' || at[len] == '\n' || at[len] == ' '))
            return true;
    return false;
}

static void
set_hierarchy(struct hf_telemetry *t, enum controller c, const char *mount, const char *shown)
{
    struct hierarchy *h = &t->hierarchies[c];

    if (h->mount[0])
        return; /* the first mount is as good as any other */
    if (!hf_text_put(h->mount, sizeof h->mount, "%s%s", t->root, mount) ||
        !hf_text_put(h->shown, sizeof h->shown, "%s", shown))
        h->mount[0] = '\0';
}

/* A line of proc(5) mountinfo: id parent dev root mount options [fields…] - type source super. */
static void
take_mount(struct hf_telemetry *t, char *line, char v2_mount[256], char v2_shown[256])
{
    char shown[256];
    char mount[256];
    char type[32];
    char super[256];
    const char *tail = strstr(line, " - ");

    if (!tail || sscanf(line, "%*s %*s %*s %255s %255s", shown, mount) != 2 ||
        sscanf(tail, " - %31s %*s %255s", type, super) != 2)
        return;
    if (strcmp(type, "cgroup2") == 0 && !v2_mount[0]) {
        hf_text_put(v2_mount, 256, "%s", mount);
        hf_text_put(v2_shown, 256, "%s", shown);
    }
    if (strcmp(type, "cgroup") != 0)
        return;
    for (int c = 0; c < CONTROLLER_COUNT; c++)
        if (has_word(super, controller_names[c]))
            set_hierarchy(t, (enum controller)c, mount, shown);
}

void
hf_cgroup_find(struct hf_telemetry *t)
{
    HF_AUTO_FCLOSE FILE *f = NULL;
    HF_AUTO_FREE char *line = NULL;
    char path[PATH_MAX];
    char v2_mount[256] = "";
    char v2_shown[256] = "";
    size_t size = 0;

    t->cgroup_version = 0;
    memset(t->hierarchies, 0, sizeof t->hierarchies);
    hf_text_put(path, sizeof path, "%s/proc/self/mountinfo", t->root);
    f = fopen(path, "re");
    if (!f)
        return;
    while (getline(&line, &size, f) > 0)
        take_mount(t, line, v2_mount, v2_shown);
    if (t->hierarchies[MEMORY].mount[0] || t->hierarchies[CPU].mount[0]) {
        t->cgroup_version = 1; /* also where a v2 tree without controllers stands beside it */
        return;
    }
    if (!v2_mount[0])
        return;
    t->cgroup_version = 2;
    for (int c = 0; c < CONTROLLER_COUNT; c++)
        set_hierarchy(t, (enum controller)c, v2_mount, v2_shown);
}

/* ---- where a process is ---- */

/* The path of a process is told from the root of the whole tree; of that, a mount may show a part
 * only (holdfastd in a container). */
static bool
place(const struct hierarchy *h, const char *path, char *out, size_t size)
{
    size_t shown = strlen(h->shown);

    if (!h->mount[0])
        return false;
    if (strcmp(h->shown, "/") != 0 && strncmp(path, h->shown, shown) == 0 &&
        (path[shown] == '/' || path[shown] == '\0'))
        path += shown;
    return hf_text_put(out, size, "%s%s", h->mount, path);
}

/* A line of /proc/<pid>/cgroup: number:controllers:path; v2 is `0::path`. */
static void
take_membership(const struct hf_telemetry *t, struct slot *s, char *line)
{
    char *controllers = strchr(line, ':');
    char *path = controllers ? strchr(controllers + 1, ':') : NULL;

    if (!path)
        return;
    *path++ = '\0';
    controllers++;
    for (int c = 0; c < CONTROLLER_COUNT; c++) {
        bool here = t->cgroup_version == 2 ? controllers[0] == '\0'
                                           : has_word(controllers, controller_names[c]);

        if (here && !place(&t->hierarchies[c], path, s->folders[c], sizeof s->folders[c]))
            s->folders[c][0] = '\0';
    }
}

static bool
settle(struct hf_telemetry *t, struct slot *s, pid_t pid)
{
    char path[PATH_MAX];
    char text[TELEMETRY_TEXT_MAX];
    char *rest = NULL;

    *s = (struct slot){0};
    hf_text_put(path, sizeof path, "%s/proc/%d/cgroup", t->root, (int)pid);
    if (!hf_kernel_read(path, text, sizeof text))
        return false;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        take_membership(t, s, line);
    s->pid = pid;
    return true;
}

/* ---- reading ---- */

static bool
read_text(const struct slot *s, enum controller c, const char *file, char *out, size_t size)
{
    char path[PATH_MAX];

    return s->folders[c][0] && hf_text_put(path, sizeof path, "%s/%s", s->folders[c], file) &&
           hf_kernel_read(path, out, size);
}

static bool
read_number(const struct slot *s, enum controller c, const char *file, int64_t *ret_value)
{
    char path[PATH_MAX];

    return s->folders[c][0] && hf_text_put(path, sizeof path, "%s/%s", s->folders[c], file) &&
           hf_kernel_number(path, ret_value);
}

/* Working set: what the kernel cannot simply drop, the number that the out-of-memory killer is near
 * to. The page cache that nobody used lately is taken off. */
static bool
read_memory(const struct slot *s, bool v2, struct hf_usage *ret)
{
    char text[TELEMETRY_TEXT_MAX];
    int64_t usage;
    int64_t inactive = 0;

    if (!read_number(s, MEMORY, v2 ? "memory.current" : "memory.usage_in_bytes", &usage))
        return false;
    if (read_text(s, MEMORY, "memory.stat", text, sizeof text) &&
        !hf_kernel_field(text, v2 ? "inactive_file" : "total_inactive_file", &inactive))
        inactive = 0;
    ret->memory_bytes = usage > inactive ? usage - inactive : 0;
    return true;
}

static bool
read_cpu(const struct slot *s, bool v2, struct cpu_sample *ret)
{
    char text[TELEMETRY_TEXT_MAX];
    int64_t micros;

    *ret = (struct cpu_sample){0};
    if (read_text(s, CPU, "cpu.stat", text, sizeof text)) {
        if (!hf_kernel_field(text, "nr_periods", &ret->periods) ||
            !hf_kernel_field(text, "nr_throttled", &ret->throttled))
            ret->periods = ret->throttled = 0;
        if (v2 && hf_kernel_field(text, "usage_usec", &micros)) {
            ret->used_ns = micros * NANO_PER_MICRO;
            return true;
        }
    }
    return !v2 && read_number(s, CPUACCT, "cpuacct.usage", &ret->used_ns);
}

double
hf_cgroup_percent(int64_t used_ns, int64_t passed_ms)
{
    if (passed_ms <= 0 || used_ns <= 0)
        return 0;
    return 100.0 * (double)used_ns / ((double)passed_ms * NANO_PER_MS);
}

static void
compare(const struct cpu_sample *was, const struct cpu_sample *is, struct hf_usage *ret)
{
    int64_t periods = is->periods - was->periods;
    int64_t throttled = is->throttled - was->throttled;

    if (was->at_ms == 0)
        return;
    ret->cpu_percent = hf_cgroup_percent(is->used_ns - was->used_ns, is->at_ms - was->at_ms);
    if (periods > 0 && throttled > 0)
        ret->throttled_percent = 100.0 * (double)throttled / (double)periods;
}

void
hf_telemetry_service(struct hf_telemetry *t, size_t slot, pid_t pid, int64_t now_ms,
                     struct hf_usage *ret_usage)
{
    struct slot *s = &t->slots[slot];
    bool v2 = t->cgroup_version == 2;
    struct cpu_sample cpu;

    *ret_usage = (struct hf_usage){0};
    if (pid <= 0 || (s->pid != pid && !settle(t, s, pid)) || !read_memory(s, v2, ret_usage) ||
        !read_cpu(s, v2, &cpu)) {
        *s = (struct slot){0};
        return;
    }
    cpu.at_ms = now_ms;
    compare(&s->last, &cpu, ret_usage);
    s->last = cpu;
    if (!read_number(s, PIDS, "pids.current", &ret_usage->pids))
        ret_usage->pids = 0;
    ret_usage->known = true;
}

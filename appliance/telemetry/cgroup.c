// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "telemetry/internal.h"

#include <stdio.h>
#include <string.h>

static const char *const controller_names[CONTROLLER_COUNT] = {
    [MEMORY] = "memory", [CPU] = "cpu", [CPUACCT] = "cpuacct", [PIDS] = "pids", [BLKIO] = "blkio",
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

bool
hf_cgroup_settle(struct hf_telemetry *t, struct slot *s, pid_t pid)
{
    char path[PATH_MAX];
    char text[TELEMETRY_TEXT_MAX];
    char *rest = NULL;

    hf_text_put(s->process, sizeof s->process, "%s/proc/%d", t->root, (int)pid);
    hf_text_put(path, sizeof path, "%s/proc/%d/cgroup", t->root, (int)pid);
    if (!hf_kernel_read(path, text, sizeof text))
        return false;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        take_membership(t, s, line);
    s->pid = pid;
    return true;
}

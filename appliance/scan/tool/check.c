// SPDX-License-Identifier: Apache-2.0
#include "tool/tool.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "scan/judge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SETTINGS_TEXT_MAX = 64 * 1024, SHOWN_MAX = 4 };

static int
read_settings(const char *path, struct hf_scan_settings *ret, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(SETTINGS_TEXT_MAX);
    HF_AUTO(hf_json) struct hf_json *doc = NULL;

    if (path && (hf_file_read(path, &text, err) < 0 ||
                 hf_json_parse(text.data ? text.data : "", text.len, &doc, err) < 0))
        return -1;
    return hf_scan_settings_read(doc, ret, err);
}

static int
read_sbom(const char *argument, char name[HF_NAME_SIZE], struct hf_sbom *ret, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_SBOM_TEXT_MAX);
    const char *equals = strchr(argument, '=');

    if (!equals || !hf_text_put(name, HF_NAME_SIZE, "%.*s", (int)(equals - argument), argument))
        return hf_error_set(err, HF_ERROR_INVALID, "'%s' is not NAME=SBOM", argument);
    if (hf_file_read(equals + 1, &text, err) < 0)
        return -1;
    if (hf_sbom_read(text.data ? text.data : "", text.len, ret, err) < 0)
        return hf_error_wrap(err, "%s", equals + 1);
    return 0;
}

/* ---- the table ---- */

static void
print_finding(const char *name, const struct hf_finding *f, const struct hf_scan_settings *s,
              int64_t now_ms)
{
    enum hf_severity severity;
    enum hf_verdict verdict = hf_finding_judge(f, s, now_ms, &severity);
    size_t shown = f->known_count < SHOWN_MAX ? f->known_count : SHOWN_MAX;
    size_t more = f->known_count - shown + f->omitted;

    printf("%-16s %-20s %-24s %-24s %-8s %-6s", name, f->packages->source,
           f->packages->source_version, f->fixed, hf_severity_name(severity),
           hf_verdict_name(verdict));
    for (size_t i = 0; i < shown; i++)
        printf(" %s", f->known[i].id);
    if (more > 0)
        printf(" and %zu more", more);
    putchar('\n');
}

static void
print_all(char names[][HF_NAME_SIZE], const struct hf_scan_result *results, size_t count,
          const struct hf_scan_settings *s, const struct hf_scan_data_info *info, int64_t now_ms,
          bool *ret_blocked)
{
    char created[HF_RFC3339_SIZE];

    hf_clock_rfc3339(info->created_ms, created);
    printf("%s of %s: %u source packages, %u vulnerabilities%s\n", info->suite, created,
           info->packages, info->vulnerabilities,
           info->has_vulnerabilities ? "" : " (nobody was asked: findings are not rated)");
    printf("%-16s %-20s %-24s %-24s %-8s %-6s\n", "image", "source", "installed", "fixed",
           "severity", "policy");
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < results[i].count; k++)
            print_finding(names[i], &results[i].findings[k], s, now_ms);
        if (hf_scan_judge(&results[i], s, now_ms) == HF_VERDICT_BLOCK)
            *ret_blocked = true;
    }
    for (size_t i = 0; i < count; i++)
        printf("%-16s %zu packages compared, %zu not covered, %zu findings\n", names[i],
               results[i].checked,
               results[i].sbom->count - results[i].checked + results[i].sbom->foreign,
               results[i].count + results[i].omitted);
}

static int
compare(const struct tool_options *o, char names[][HF_NAME_SIZE], const struct hf_sbom *sboms,
        size_t count, const struct hf_scan_settings *s, bool *ret_blocked, struct hf_error *err)
{
    HF_AUTO_FCLOSE FILE *data = fopen(o->data, "re");
    HF_AUTO_FREE const struct hf_sbom **list =
        (const struct hf_sbom **)calloc(count + 1, sizeof *list);
    HF_AUTO_FREE struct hf_scan_result *results = calloc(count + 1, sizeof *results);
    struct hf_scan_data_info info;

    if (!data)
        return hf_error_errno(err, errno, "cannot read '%s'", o->data);
    if (!list || !results)
        return hf_error_nomem(err);
    for (size_t i = 0; i < count; i++)
        list[i] = &sboms[i];
    if (hf_scan_find(data, list, count, &info, results, err) < 0)
        return hf_error_wrap(err, "%s", o->data);
    print_all(names, results, count, s, &info, hf_scan_now(&info, hf_clock_wall_ms()), ret_blocked);
    for (size_t i = 0; i < count; i++)
        hf_scan_result_done(&results[i]);
    return 0;
}

int
tool_check(const struct tool_options *o, char *const *sboms, size_t count, bool *ret_blocked,
           struct hf_error *err)
{
    HF_AUTO_FREE char(*names)[HF_NAME_SIZE] = calloc(count, sizeof *names);
    HF_AUTO_FREE struct hf_sbom *read = calloc(count, sizeof *read);
    struct hf_scan_settings s;
    int rc = 0;

    if (!o->data)
        return hf_error_set(err, HF_ERROR_INVALID, "check needs --data; see --help");
    if (!names || !read)
        return hf_error_nomem(err);
    if (read_settings(o->settings, &s, err) < 0)
        return hf_error_wrap(err, "--settings");
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = read_sbom(sboms[i], names[i], &read[i], err);
    if (rc == 0)
        rc = compare(o, names, read, count, &s, ret_blocked, err);
    for (size_t i = 0; i < count; i++)
        hf_sbom_done(&read[i]);
    hf_scan_settings_done(&s);
    return rc;
}

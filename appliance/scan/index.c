// SPDX-License-Identifier: Apache-2.0
#include "scan/index_parts.h"

#include "base/clock.h"
#include "scan/names.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { GROWS_BY = 4096 };

int
hf_scan_index_new(struct hf_scan_index **ret_index, struct hf_error *err)
{
    struct hf_scan_index *index = calloc(1, sizeof *index);

    if (!index)
        return hf_error_nomem(err);
    *ret_index = index;
    return 0;
}

void
hf_scan_index_free(struct hf_scan_index *index)
{
    if (!index)
        return;
    for (size_t i = 0; i < index->vulnerability_count; i++)
        free(index->vulnerabilities[i].text);
    free(index->vulnerabilities);
    free(index->entries);
    free(index);
}

int
hf_foreign_line(FILE *in, char **line, size_t *size, unsigned long *number, const char *what,
                struct hf_error *err)
{
    ssize_t len = getline(line, size, in);

    if (len < 0)
        return ferror(in) ? hf_error_set(err, HF_ERROR_INTERNAL, "%s cannot be read", what) : 0;
    ++*number;
    if (strlen(*line) != (size_t)len || len > HF_FOREIGN_LINE_MAX)
        return hf_error_set(err, HF_ERROR_INVALID, "%s has in line %lu a NUL or more than 1 MiB",
                            what, *number);
    if ((*line)[len - 1] == '\n')
        (*line)[len - 1] = '\0';
    return 1;
}

/* ---- Packages ---- */

struct stanza {
    char package[HF_PACKAGE_NAME_SIZE];
    char version[HF_DEBIAN_VERSION_MAX + 1];
    char source[HF_PACKAGE_NAME_SIZE];
    char source_version[HF_DEBIAN_VERSION_MAX + 1]; /* where it is not that of the package */
};

static int
add_entry(struct hf_scan_index *index, const struct stanza *s, struct hf_error *err)
{
    struct hf_index_entry *e;

    if (index->count % GROWS_BY == 0) {
        struct hf_index_entry *more;

        if (index->count >= HF_INDEX_MAX)
            return hf_error_set(err, HF_ERROR_TOO_LARGE, "the suite has more than %d packages",
                                HF_INDEX_MAX);
        more = reallocarray(index->entries, index->count + GROWS_BY, sizeof *more);
        if (!more)
            return hf_error_nomem(err);
        index->entries = more;
    }
    e = &index->entries[index->count++];
    memcpy(e->source, *s->source ? s->source : s->package, sizeof e->source);
    memcpy(e->fixed, *s->source_version ? s->source_version : s->version, sizeof e->fixed);
    index->sorted = false;
    return 0;
}

/* "openssl" or "openssl (3.5.1-1)" */
static bool
read_source(char *value, struct stanza *s)
{
    char *open = strchr(value, ' ');
    size_t len;

    if (!open)
        return hf_scan_name(value, s->source, sizeof s->source);
    *open++ = '\0';
    len = strlen(open);
    if (len < 3 || open[0] != '(' || open[len - 1] != ')')
        return false;
    open[len - 1] = '\0';
    return hf_scan_name(value, s->source, sizeof s->source) &&
           hf_scan_version(open + 1, s->source_version, sizeof s->source_version);
}

/* False where a field that counts cannot be read. */
static bool
read_field(char *line, struct stanza *s)
{
    if (strncmp(line, "Package: ", 9) == 0)
        return hf_scan_name(line + 9, s->package, sizeof s->package);
    if (strncmp(line, "Version: ", 9) == 0)
        return hf_scan_version(line + 9, s->version, sizeof s->version);
    if (strncmp(line, "Source: ", 8) == 0)
        return read_source(line + 8, s);
    return true;
}

static int
end_stanza(struct hf_scan_index *index, struct stanza *s, unsigned long number,
           struct hf_error *err)
{
    static const struct stanza none;

    if (memcmp(s, &none, sizeof none) == 0)
        return 0;
    if (!*s->package || !*s->version)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "the Packages file has before line %lu no package and version", number);
    if (add_entry(index, s, err) < 0)
        return -1;
    *s = none;
    return 0;
}

int
hf_scan_index_packages(struct hf_scan_index *index, FILE *in, struct hf_error *err)
{
    HF_AUTO_FREE char *line = NULL;
    struct stanza s = {0};
    unsigned long number = 0;
    size_t size = 0;
    int rc;

    while ((rc = hf_foreign_line(in, &line, &size, &number, "the Packages file", err)) > 0) {
        if (!*line && end_stanza(index, &s, number, err) < 0)
            return -1;
        if (!read_field(line, &s))
            return hf_error_set(err, HF_ERROR_INVALID,
                                "the Packages file has in line %lu something that is no name or "
                                "version: '%.80s'",
                                number, line);
    }
    return rc < 0 ? -1 : end_stanza(index, &s, number, err);
}

/* ---- order ---- */

static int
by_source(const void *a, const void *b)
{
    const struct hf_index_entry *left = a, *right = b;
    int order = strcmp(left->source, right->source);

    return order != 0 ? order : hf_debian_version_compare(left->fixed, right->fixed);
}

void
hf_scan_index_sort(struct hf_scan_index *index)
{
    size_t kept = 0;

    if (index->sorted || index->count == 0)
        return;
    qsort(index->entries, index->count, sizeof *index->entries, by_source);
    for (size_t i = 1; i < index->count; i++) {
        if (strcmp(index->entries[kept].source, index->entries[i].source) != 0)
            kept++;
        index->entries[kept] = index->entries[i];
    }
    index->count = kept + 1;
    index->sorted = true;
}

static int
by_name(const void *key, const void *entry)
{
    return strcmp(key, ((const struct hf_index_entry *)entry)->source);
}

const struct hf_index_entry *
hf_scan_index_find(const struct hf_scan_index *index, const char *source)
{
    return index->count > 0
               ? bsearch(source, index->entries, index->count, sizeof *index->entries, by_name)
               : NULL;
}

/* ---- writing ---- */

struct writer {
    FILE *out;
    struct hf_digest_stream digest;
    uint32_t packages, vulnerabilities;
};

static void
put(struct writer *w, const char *first, const char *second, const char *third)
{
    const char *const parts[] = {first, second, *third ? " " : "", third, "\n"};

    for (size_t i = 0; i < HF_LEN(parts); i++) {
        fputs(parts[i], w->out); /* looked at once, at the end */
        hf_digest_add(&w->digest, parts[i], strlen(parts[i]));
    }
}

static void
put_head(struct writer *w, const struct hf_scan_index *index, const struct hf_scan_data_info *info)
{
    char created[HF_RFC3339_SIZE];

    hf_clock_rfc3339(info->created_ms, created);
    put(w, "holdfast-scan-data ", "1", "");
    put(w, "suite ", info->suite, "");
    put(w, "distro ", info->distro, "");
    put(w, "created ", created, "");
    put(w, "vulnerabilities ", index->has_vulnerabilities ? "yes" : "no", "");
}

static int
by_line(const void *a, const void *b)
{
    const struct hf_index_vulnerability *left = a, *right = b;
    int order = strcmp(left->source, right->source);

    return order != 0 ? order : strcmp(left->text, right->text);
}

/* The same may stand there several times. */
static size_t
put_vulnerabilities(struct writer *w, const struct hf_scan_index *index, const char *source,
                    size_t at)
{
    const struct hf_index_vulnerability *list = index->vulnerabilities;

    for (; at < index->vulnerability_count && strcmp(list[at].source, source) == 0; at++) {
        if (at > 0 && by_line(&list[at - 1], &list[at]) == 0)
            continue;
        put(w, "v ", list[at].text, "");
        w->vulnerabilities++;
    }
    return at;
}

int
hf_scan_index_write(struct hf_scan_index *index, const struct hf_scan_data_info *info, FILE *out,
                    struct hf_error *err)
{
    struct writer w = {.out = out};
    char digest[HF_DIGEST_TEXT_SIZE];
    size_t at = 0;

    hf_scan_index_sort(index);
    if (index->vulnerability_count > 0)
        qsort(index->vulnerabilities, index->vulnerability_count, sizeof *index->vulnerabilities,
              by_line);
    hf_digest_begin(&w.digest);
    put_head(&w, index, info);
    for (size_t i = 0; i < index->count; i++) {
        put(&w, "p ", index->entries[i].source, index->entries[i].fixed);
        w.packages++;
        at = put_vulnerabilities(&w, index, index->entries[i].source, at);
    }
    hf_digest_end(&w.digest, digest);
    fprintf(out, "end %" PRIu32 " %" PRIu32 " %s\n", w.packages, w.vulnerabilities, digest);
    if (fflush(out) != 0 || ferror(out))
        return hf_error_set(err, HF_ERROR_NO_SPACE,
                            "the scan data cannot be written: is the disk "
                            "full?");
    return 0;
}

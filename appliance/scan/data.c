// SPDX-License-Identifier: Apache-2.0
#include "scan/data.h"

#include "base/clock.h"
#include "base/text.h"
#include "scan/names.h"

#include <stdlib.h>
#include <string.h>

static const char MAGIC[] = "holdfast-scan-data 1";

struct reader {
    FILE *in;
    const struct hf_scan_data_sink *sink;
    struct hf_scan_data_info info;
    struct hf_digest_stream *digest;
    size_t bytes;
    unsigned long line_number;
    char source[HF_PACKAGE_NAME_SIZE]; /* of the package before, "" for none */
    char line[HF_SCAN_LINE_MAX + 2];   /* without its line end */
    struct hf_error *err;
};

static int
wrong(const struct reader *r, const char *what)
{
    return hf_error_set(r->err, HF_ERROR_INVALID, "the scan data has in line %lu %s",
                        r->line_number, what);
}

/* The digest is of what stands before the last line, so that each line joins it when the next one
 * is asked for. */
static int
next_line(struct reader *r)
{
    size_t len = strlen(r->line);

    if (r->line_number > 0) {
        r->line[len] = '\n';
        hf_digest_add(r->digest, r->line, len + 1);
    }
    r->line_number++;
    r->line[0] = '\0';
    if (!fgets(r->line, sizeof r->line, r->in)) {
        r->line[0] = '\0';
        return ferror(r->in) ? hf_error_set(r->err, HF_ERROR_INTERNAL,
                                            "the scan data cannot be read: the disk says no")
                             : wrong(r, "its end, but it is not whole: get it again");
    }
    len = strlen(r->line);
    r->bytes += len;
    if (r->bytes > HF_SCAN_DATA_MAX)
        return hf_error_set(r->err, HF_ERROR_TOO_LARGE, "the scan data is larger than %d MiB",
                            HF_SCAN_DATA_MAX / 1024 / 1024);
    if (len == 0 || r->line[len - 1] != '\n')
        return wrong(r, "a NUL, no line end, or more than 16 KiB");
    r->line[len - 1] = '\0';
    return 0;
}

/* ---- head ---- */

/* What stands behind the word that the line begins with, or NULL. */
static const char *
behind(const struct reader *r, const char *word)
{
    size_t len = strlen(word);

    return strncmp(r->line, word, len) == 0 && r->line[len] == ' ' ? r->line + len + 1 : NULL;
}

static const char *
head_line(struct reader *r, const char *word)
{
    const char *value;

    if (next_line(r) < 0)
        return NULL;
    value = behind(r, word);
    if (!value)
        hf_error_set(r->err, HF_ERROR_INVALID, "the scan data must have in line %lu '%s'",
                     r->line_number, word);
    return value;
}

static int
read_head(struct reader *r)
{
    struct hf_scan_data_info *info = &r->info;
    const char *value;

    if (next_line(r) < 0)
        return -1;
    if (strcmp(r->line, MAGIC) != 0)
        return hf_error_set(r->err, HF_ERROR_INVALID,
                            "this is no scan data of version 1: its first line is not '%s'", MAGIC);
    value = head_line(r, "suite");
    if (!value || !hf_scan_word(value, info->suite, sizeof info->suite))
        return value ? wrong(r, "no name of a suite") : -1;
    value = head_line(r, "distro");
    if (!value || !hf_scan_word(value, info->distro, sizeof info->distro))
        return value ? wrong(r, "no name of a distribution") : -1;
    value = head_line(r, "created");
    if (!value || !hf_clock_parse(value, &info->created_ms))
        return value ? wrong(r, "no time (RFC 3339)") : -1;
    value = head_line(r, "vulnerabilities");
    if (!value || (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0))
        return value ? wrong(r, "neither 'yes' nor 'no'") : -1;
    info->has_vulnerabilities = value[0] == 'y';
    return r->sink && r->sink->head ? r->sink->head(r->sink->context, info, r->err) : 0;
}

/* ---- body ---- */

/* Cuts off the next word, NULL where there is none or it is empty. */
static char *
word(char **rest)
{
    char *begin = *rest;
    size_t len = begin ? strcspn(begin, " ") : 0;

    if (len == 0)
        return NULL;
    *rest = begin[len] ? begin + len + 1 : NULL;
    begin[len] = '\0';
    return begin;
}

/* The words of a line stand in a copy: the line itself is still to be hashed. */
static int
take_package(struct reader *r, char *rest)
{
    char source[HF_PACKAGE_NAME_SIZE], fixed[HF_DEBIAN_VERSION_MAX + 1];
    const char *name = word(&rest), *version = word(&rest);

    if (!name || !version || rest || !hf_scan_name(name, source, sizeof source) ||
        !hf_scan_version(version, fixed, sizeof fixed))
        return wrong(r, "no package and version");
    if (strcmp(r->source, source) >= 0)
        return wrong(r, "a package out of order");
    memcpy(r->source, source, sizeof source);
    r->info.packages++;
    return r->sink && r->sink->package ? r->sink->package(r->sink->context, source, fixed, r->err)
                                       : 0;
}

static bool
severity_of(const char *text, enum hf_severity *ret)
{
    static const char letters[] = "?LMH";
    const char *at = text[0] && !text[1] ? strchr(letters, text[0]) : NULL;

    if (at)
        *ret = (enum hf_severity)(at - letters);
    return at;
}

static bool
remote_of(const char *text, enum hf_scan_remote *ret)
{
    static const char letters[] = "?NR";
    const char *at = text[0] && !text[1] ? strchr(letters, text[0]) : NULL;

    if (at)
        *ret = (enum hf_scan_remote)(at - letters);
    return at;
}

static bool
are_versions(const char *text)
{
    char one[HF_DEBIAN_VERSION_MAX + 1];

    while (*text) {
        size_t len = strcspn(text, " ");

        if (len >= sizeof one)
            return false;
        memcpy(one, text, len);
        one[len] = '\0';
        if (!hf_debian_version_valid(one))
            return false;
        text += len;
        if (!*text)
            break;
        text++; /* and behind a blank there must be one more */
        if (!*text)
            return false;
    }
    return true;
}

static int
take_vulnerability(struct reader *r, char *rest)
{
    struct hf_scan_vulnerability v;
    const char *id = word(&rest), *severity = word(&rest), *remote = word(&rest);
    const char *unstable = word(&rest);

    if (!r->source[0] || !r->info.has_vulnerabilities)
        return wrong(r, "a vulnerability where none can be");
    if (!unstable || !hf_scan_id(id, v.id, sizeof v.id) || !severity_of(severity, &v.severity) ||
        !remote_of(remote, &v.remote))
        return wrong(r, "no vulnerability with severity, reach and version");
    v.unstable = strcmp(unstable, "-") == 0 ? "" : unstable;
    v.others = rest ? rest : "";
    if ((*v.unstable && !hf_debian_version_valid(v.unstable)) || !are_versions(v.others))
        return wrong(r, "something that is no version");
    r->info.vulnerabilities++;
    return r->sink && r->sink->vulnerability ? r->sink->vulnerability(r->sink->context, &v, r->err)
                                             : 0;
}

static int
read_end(struct reader *r)
{
    char end[sizeof "end 4294967295 4294967295 " + HF_DIGEST_TEXT_SIZE];

    hf_digest_end(r->digest, r->info.digest);
    hf_text_put(end, sizeof end, "end %u %u %s", r->info.packages, r->info.vulnerabilities,
                r->info.digest);
    if (strcmp(r->line, end) != 0)
        return wrong(r, "an end that does not fit what stands before it: the file is damaged, or "
                        "was changed; get it again");
    if (fgetc(r->in) != EOF)
        return wrong(r, "its end, but more follows");
    return 0;
}

static int
read_body(struct reader *r)
{
    char copy[sizeof r->line];

    for (;;) {
        if (next_line(r) < 0)
            return -1;
        if (strncmp(r->line, "end ", 4) == 0)
            return read_end(r);
        memcpy(copy, r->line, strlen(r->line) + 1);
        if (behind(r, "p")) {
            if (take_package(r, copy + 2) < 0)
                return -1;
        } else if (behind(r, "v")) {
            if (take_vulnerability(r, copy + 2) < 0)
                return -1;
        } else {
            return wrong(r, "neither a package nor a vulnerability");
        }
    }
}

int
hf_scan_data_read(FILE *in, const struct hf_scan_data_sink *sink,
                  struct hf_scan_data_info *ret_info, struct hf_error *err)
{
    HF_AUTO_FREE struct reader *r = calloc(1, sizeof *r);
    struct hf_digest_stream digest;

    if (!r)
        return hf_error_nomem(err);
    hf_digest_begin(&digest);
    r->digest = &digest;
    r->in = in;
    r->sink = sink;
    r->err = err;
    if (read_head(r) < 0 || read_body(r) < 0)
        return -1;
    *ret_info = r->info;
    return 0;
}

bool
hf_scan_affects(const struct hf_scan_vulnerability *v, const char *version)
{
    size_t len = strlen(version);

    if (*v->unstable && hf_debian_version_compare(version, v->unstable) >= 0)
        return false;
    for (const char *at = v->others; *at;) {
        size_t one = strcspn(at, " ");

        if (one == len && memcmp(at, version, len) == 0)
            return false;
        at += one;
        at += *at == ' ';
    }
    return true;
}

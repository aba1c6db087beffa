// SPDX-License-Identifier: Apache-2.0
/*
 * debsecan's data, as security-tracker.debian.org has it below /tracker/debsecan/release/1/:
 *
 *     VERSION 1
 *     CVE-2026-11,,what it is
 *     …
 *                                      an empty line
 *     openssl,0,SHRF,3.5.4-1,3.5.1-1+deb13u2 3.0.17-1~deb12u3
 *     …
 *                                      an empty line, and what we do not need
 *
 * A line of the second part has the package, the number of a line of the first one, flags (source
 * or binary package; urgency; remotely exploitable; fix available), the version of unstable from
 * which on it is corrected, and all other versions that do not have it.
 */
#include "scan/index_parts.h"

#include "base/buf.h"
#include "base/text.h"
#include "scan/names.h"

#include <stdlib.h>
#include <string.h>

enum { GROWS_BY = 4096, NAMES_MAX = 4 * 1024 * 1024, FLAGS = 4 };

static const char WHAT[] = "debsecan's data";

struct reading {
    struct hf_scan_index *index;
    FILE *in;
    char *line;
    size_t size;
    unsigned long number;
    char (*names)[HF_SCAN_ID_SIZE];
    size_t name_count;
    struct hf_error *err;
};

static int
wrong(const struct reading *r, const char *what)
{
    return hf_error_set(r->err, HF_ERROR_INVALID, "%s has in line %lu %s", WHAT, r->number, what);
}

static int
next(struct reading *r)
{
    return hf_foreign_line(r->in, &r->line, &r->size, &r->number, WHAT, r->err);
}

static int
add_name(struct reading *r)
{
    char *comma = strchr(r->line, ',');

    if (comma)
        *comma = '\0';
    if (r->name_count % GROWS_BY == 0) {
        void *more = r->name_count < NAMES_MAX
                         ? reallocarray(r->names, r->name_count + GROWS_BY, sizeof *r->names)
                         : NULL;

        if (!more)
            return hf_error_nomem(r->err);
        r->names = more;
    }
    if (!comma || !hf_scan_id(r->line, r->names[r->name_count], sizeof r->names[0]))
        return wrong(r, "no name of a vulnerability");
    r->name_count++;
    return 0;
}

static int
read_names(struct reading *r)
{
    int rc = next(r);

    if (rc < 0)
        return -1;
    if (rc == 0 || strcmp(r->line, "VERSION 1") != 0)
        return hf_error_set(r->err, HF_ERROR_INVALID,
                            "this is not debsecan's data: its first line is not 'VERSION 1'");
    while ((rc = next(r)) > 0 && *r->line)
        if (add_name(r) < 0)
            return -1;
    return rc > 0 || rc < 0 ? rc : wrong(r, "its end, but it is not whole");
}

/* ---- packages ---- */

/* Cuts off what stands before the next comma; NULL where there is none. */
static char *
cell(char **rest)
{
    char *begin = *rest, *comma = strchr(begin, ',');

    if (!comma)
        return NULL;
    *comma = '\0';
    *rest = comma + 1;
    return begin;
}

static bool
flags_of(const char *flags, char *ret_severity, char *ret_remote)
{
    if (strlen(flags) != FLAGS || !strchr("SB ", flags[0]) || !strchr("LMH ", flags[1]) ||
        !strchr("?R ", flags[2]) || !strchr("F ", flags[3]))
        return false;
    *ret_severity = (char)(flags[1] == ' ' ? '?' : flags[1]);
    *ret_remote = (char)(flags[2] == ' ' ? 'N' : flags[2]);
    return true;
}

/* Of the other versions those that can be told apart: below the one of the suite. */
static int
add_others(struct hf_buf *text, char *others, const char *fixed, struct hf_error *err)
{
    char *state = NULL;

    for (char *one = strtok_r(others, " ", &state); one; one = strtok_r(NULL, " ", &state))
        if (hf_debian_version_valid(one) && hf_debian_version_compare(one, fixed) < 0 &&
            hf_buf_addf(text, err, " %s", one) < 0)
            return -1;
    return 0;
}

static int
keep(struct reading *r, const char *source, struct hf_buf *text)
{
    struct hf_scan_index *index = r->index;
    struct hf_index_vulnerability *v;

    if (index->vulnerability_count % GROWS_BY == 0) {
        v = reallocarray(index->vulnerabilities, index->vulnerability_count + GROWS_BY, sizeof *v);
        if (!v)
            return hf_error_nomem(r->err);
        index->vulnerabilities = v;
    }
    v = &index->vulnerabilities[index->vulnerability_count];
    v->text = hf_buf_take(text);
    if (!v->text)
        return hf_error_nomem(r->err);
    hf_text_put(v->source, sizeof v->source, "%s", source);
    index->vulnerability_count++;
    return 0;
}

static int
read_package(struct reading *r)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_SCAN_LINE_MAX - 2);
    char *rest = r->line;
    const char *source = cell(&rest), *number = source ? cell(&rest) : NULL;
    const char *flags = number ? cell(&rest) : NULL, *unstable = flags ? cell(&rest) : NULL;
    const struct hf_index_entry *entry;
    struct hf_scan_vulnerability v;
    char severity, remote;
    uint64_t n;

    if (!unstable || !hf_text_u64(number, &n) || n >= r->name_count ||
        !flags_of(flags, &severity, &remote))
        return wrong(r, "no package with the number of a vulnerability and four flags");
    entry = flags[0] == 'B' ? NULL : hf_scan_index_find(r->index, source);
    if (!entry)
        return 0;
    if (*unstable && !hf_debian_version_valid(unstable))
        return wrong(r, "something that is no version");
    v = (struct hf_scan_vulnerability){.unstable = unstable, .others = rest};
    if (hf_scan_affects(&v, entry->fixed))
        return 0;
    if (*unstable && hf_debian_version_compare(unstable, entry->fixed) >= 0)
        unstable = "";
    if (hf_buf_addf(&text, r->err, "%s %c %c %s", r->names[n], severity, remote,
                    *unstable ? unstable : "-") < 0 ||
        add_others(&text, rest, entry->fixed, r->err) < 0)
        return hf_error_wrap(r->err, "%s, line %lu", WHAT, r->number);
    return keep(r, entry->source, &text);
}

static int
read_packages(struct reading *r)
{
    int rc;

    while ((rc = next(r)) > 0 && *r->line)
        if (read_package(r) < 0)
            return -1;
    return rc > 0 || rc < 0 ? rc : wrong(r, "its end, but it is not whole");
}

int
hf_scan_index_debsecan(struct hf_scan_index *index, FILE *in, struct hf_error *err)
{
    struct reading r = {.index = index, .in = in, .err = err};
    int rc;

    hf_scan_index_sort(index);
    rc = read_names(&r) < 0 || read_packages(&r) < 0 ? -1 : 0;
    free(r.names);
    free(r.line);
    if (rc == 0)
        index->has_vulnerabilities = true;
    return rc;
}

// SPDX-License-Identifier: Apache-2.0
#include "scan/find.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* The results as they grow, and which of them the package that was read last has findings in. */
struct pass {
    struct hf_scan_result *results;
    size_t count;
    size_t *begun;               /* for each result: its findings of the last package begin there */
    char distro[HF_DISTRO_SIZE]; /* of the data */
};

void
hf_scan_result_done(struct hf_scan_result *result)
{
    for (size_t i = 0; i < result->count; i++)
        free(result->findings[i].known);
    free(result->findings);
    *result = (struct hf_scan_result){0};
}

/* The index of the first package of that source, or count. */
static size_t
first_of(const struct hf_sbom *sbom, const char *source)
{
    size_t low = 0, high = sbom->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(sbom->packages[middle].source, source) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static size_t
same_source(const struct hf_sbom *sbom, size_t from)
{
    const struct hf_scan_package *first = &sbom->packages[from];
    size_t to = from + 1;

    while (to < sbom->count && strcmp(sbom->packages[to].source, first->source) == 0 &&
           strcmp(sbom->packages[to].source_version, first->source_version) == 0 &&
           strcmp(sbom->packages[to].distro, first->distro) == 0)
        to++;
    return to;
}

/* "debian-13" is also that of "debian-13.2", as some scanners write it. */
static bool
of_distro(const struct hf_scan_package *p, const char *distro)
{
    size_t len = strlen(distro);

    return strncmp(p->distro, distro, len) == 0 && (!p->distro[len] || p->distro[len] == '.');
}

static int
add_finding(struct hf_scan_result *r, size_t from, size_t to, const char *fixed,
            struct hf_error *err)
{
    struct hf_finding *more;

    if (r->count >= HF_FINDINGS_MAX) {
        r->omitted++;
        return 0;
    }
    more = reallocarray(r->findings, r->count + 1, sizeof *more);
    if (!more)
        return hf_error_nomem(err);
    r->findings = more;
    more += r->count++;
    *more = (struct hf_finding){.packages = &r->sbom->packages[from], .package_count = to - from};
    hf_text_put(more->fixed, sizeof more->fixed, "%s", fixed);
    return 0;
}

static int
look_for(const struct pass *p, size_t which, const char *source, const char *fixed,
         struct hf_error *err)
{
    struct hf_scan_result *r = &p->results[which];
    size_t at = first_of(r->sbom, source);

    p->begun[which] = r->count;
    while (at < r->sbom->count && strcmp(r->sbom->packages[at].source, source) == 0) {
        size_t end = same_source(r->sbom, at);
        const struct hf_scan_package *first = &r->sbom->packages[at];

        if (of_distro(first, p->distro) &&
            hf_debian_version_compare(first->source_version, fixed) < 0 &&
            add_finding(r, at, end, fixed, err) < 0)
            return -1;
        at = end;
    }
    return 0;
}

static int
on_head(void *context, const struct hf_scan_data_info *info, struct hf_error *err)
{
    struct pass *p = context;

    (void)err;
    memcpy(p->distro, info->distro, sizeof p->distro);
    return 0;
}

static int
on_package(void *context, const char *source, const char *fixed, struct hf_error *err)
{
    const struct pass *p = context;

    for (size_t i = 0; i < p->count; i++)
        if (look_for(p, i, source, fixed, err) < 0)
            return -1;
    return 0;
}

/* Keeps the worst where there are too many. */
static int
add_known(struct hf_finding *f, const struct hf_scan_vulnerability *v, struct hf_error *err)
{
    struct hf_scan_known *more;
    size_t at;

    if (f->known_count == HF_FINDING_KNOWN_MAX) {
        f->omitted++;
        if (f->known[f->known_count - 1].severity >= v->severity)
            return 0;
        f->known_count--;
    }
    more = reallocarray(f->known, f->known_count + 1, sizeof *more);
    if (!more)
        return hf_error_nomem(err);
    f->known = more;
    for (at = f->known_count; at > 0 && more[at - 1].severity < v->severity; at--)
        more[at] = more[at - 1];
    f->known_count++;
    more[at] = (struct hf_scan_known){.severity = v->severity, .remote = v->remote};
    hf_text_put(more[at].id, sizeof more[at].id, "%s", v->id);
    return 0;
}

static int
on_vulnerability(void *context, const struct hf_scan_vulnerability *v, struct hf_error *err)
{
    const struct pass *p = context;

    for (size_t i = 0; i < p->count; i++) {
        struct hf_scan_result *r = &p->results[i];

        for (size_t k = p->begun[i]; k < r->count; k++) {
            struct hf_finding *f = &r->findings[k];

            if (hf_scan_affects(v, f->packages->source_version) && add_known(f, v, err) < 0)
                return -1;
        }
    }
    return 0;
}

static size_t
of_that_distro(const struct hf_sbom *sbom, const char *distro)
{
    size_t checked = 0;

    for (size_t i = 0; i < sbom->count; i++)
        checked += of_distro(&sbom->packages[i], distro);
    return checked;
}

int
hf_scan_find(FILE *data, const struct hf_sbom *const *sboms, size_t count,
             struct hf_scan_data_info *ret_info, struct hf_scan_result *ret_results,
             struct hf_error *err)
{
    HF_AUTO_FREE size_t *begun = calloc(count + 1, sizeof *begun);
    struct pass p = {.results = ret_results, .count = count, .begun = begun};
    const struct hf_scan_data_sink sink = {&p, on_head, on_package, on_vulnerability};
    int rc;

    if (!begun)
        return hf_error_nomem(err);
    for (size_t i = 0; i < count; i++)
        ret_results[i] = (struct hf_scan_result){.sbom = sboms[i]};
    rc = hf_scan_data_read(data, &sink, ret_info, err);
    for (size_t i = 0; i < count; i++) {
        if (rc < 0)
            hf_scan_result_done(&ret_results[i]);
        else
            ret_results[i].checked = of_that_distro(sboms[i], ret_info->distro);
    }
    return rc;
}

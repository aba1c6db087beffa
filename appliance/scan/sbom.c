// SPDX-License-Identifier: Apache-2.0
#include "scan/sbom.h"

#include "scan/purl.h"
#include "json/json.h"

#include <stdlib.h>
#include <string.h>

enum { GROWS_BY = 64 };

void
hf_sbom_done(struct hf_sbom *sbom)
{
    free(sbom->packages);
    *sbom = (struct hf_sbom){0};
}

static int
grow(struct hf_sbom *s, size_t count, struct hf_error *err)
{
    struct hf_scan_package *more;

    if (count > HF_SBOM_PACKAGES_MAX)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "the SBOM names more than %d packages",
                            HF_SBOM_PACKAGES_MAX);
    more = reallocarray(s->packages, count, sizeof *more);
    if (!more)
        return hf_error_nomem(err);
    s->packages = more;
    return 0;
}

static int
add_purl(struct hf_sbom *s, const char *purl, struct hf_error *err)
{
    struct hf_scan_package p;

    if (!hf_purl_read(purl, &p)) {
        s->foreign++;
        return 0;
    }
    if (s->count % GROWS_BY == 0 && (grow(s, s->count + GROWS_BY, err) < 0 || !s->packages))
        return -1;
    s->packages[s->count++] = p;
    return 0;
}

/* ---- the two forms ---- */

static int
read_spdx(const struct hf_json *doc, struct hf_sbom *s, struct hf_error *err)
{
    const struct hf_json *package = hf_json_first(hf_json_get(doc, "packages"));

    for (; package; package = hf_json_next(package)) {
        const struct hf_json *ref = hf_json_first(hf_json_get(package, "externalRefs"));

        for (; ref; ref = hf_json_next(ref)) {
            const char *type = hf_json_string(ref, "referenceType");
            const char *purl = hf_json_string(ref, "referenceLocator");

            if (type && purl && strcmp(type, "purl") == 0 && add_purl(s, purl, err) < 0)
                return -1;
        }
    }
    return 0;
}

static int
read_cyclonedx(const struct hf_json *doc, struct hf_sbom *s, struct hf_error *err)
{
    const struct hf_json *component = hf_json_first(hf_json_get(doc, "components"));

    for (; component; component = hf_json_next(component)) {
        const char *purl = hf_json_string(component, "purl");

        if (purl && add_purl(s, purl, err) < 0)
            return -1;
    }
    return 0;
}

static int
read_document(const struct hf_json *doc, struct hf_sbom *s, struct hf_error *err)
{
    const char *spdx = hf_json_string(doc, "spdxVersion");
    const char *cyclonedx = hf_json_string(doc, "bomFormat");

    if (spdx && strncmp(spdx, "SPDX-2.", 7) == 0)
        return read_spdx(doc, s, err);
    if (cyclonedx && strcmp(cyclonedx, "CycloneDX") == 0)
        return read_cyclonedx(doc, s, err);
    return hf_error_set(err, HF_ERROR_INVALID,
                        "the SBOM is neither SPDX 2 (\"spdxVersion\": \"SPDX-2.3\") nor CycloneDX "
                        "(\"bomFormat\": \"CycloneDX\")");
}

/* ---- order ---- */

static int
by_source(const void *a, const void *b)
{
    const struct hf_scan_package *left = a, *right = b;
    int order = strcmp(left->source, right->source);

    if (order == 0)
        order = strcmp(left->source_version, right->source_version);
    if (order == 0)
        order = strcmp(left->distro, right->distro);
    if (order == 0)
        order = strcmp(left->name, right->name);
    return order != 0 ? order : strcmp(left->version, right->version);
}

static void
sort(struct hf_sbom *s)
{
    size_t kept = 0;

    if (s->count == 0)
        return;
    qsort(s->packages, s->count, sizeof *s->packages, by_source);
    for (size_t i = 1; i < s->count; i++)
        if (by_source(&s->packages[kept], &s->packages[i]) != 0)
            s->packages[++kept] = s->packages[i];
    s->count = kept + 1;
}

int
hf_sbom_read(const char *text, size_t len, struct hf_sbom *ret_sbom, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_sbom s = {0};

    if (len > HF_SBOM_TEXT_MAX)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "the SBOM is larger than %d KiB",
                            HF_SBOM_TEXT_MAX / 1024);
    if (hf_json_parse(text, len, &doc, err) < 0)
        return hf_error_wrap(err, "the SBOM");
    if (read_document(doc, &s, err) < 0) {
        hf_sbom_done(&s);
        return -1;
    }
    sort(&s);
    *ret_sbom = s;
    return 0;
}

int
hf_sbom_add(struct hf_sbom *sbom, const struct hf_sbom *more, struct hf_error *err)
{
    if (more->count > 0) {
        if (grow(sbom, sbom->count + more->count, err) < 0)
            return -1;
        memcpy(sbom->packages + sbom->count, more->packages, more->count * sizeof *more->packages);
        sbom->count += more->count;
        sort(sbom);
    }
    sbom->foreign += more->foreign;
    return 0;
}

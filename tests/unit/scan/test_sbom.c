// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "scan/sbom.h"

#include "base/buf.h"

#include <string.h>

#define SPDX(purls) "{\"spdxVersion\":\"SPDX-2.3\",\"packages\":[" purls "]}"
#define REF(purl)                                                                                  \
    "{\"externalRefs\":[{\"referenceType\":\"purl\",\"referenceLocator\":\"" purl "\"}]}"

static struct hf_sbom
read_text(const char *text)
{
    struct hf_sbom s = {0};
    struct hf_error err = {0};

    if (hf_sbom_read(text, strlen(text), &s, &err) < 0)
        fail_msg("%s", err.message);
    return s;
}

static void
says(const struct hf_scan_package *p, const char *name, const char *version, const char *source,
     const char *source_version, const char *distro)
{
    assert_string_equal(p->name, name);
    assert_string_equal(p->version, version);
    assert_string_equal(p->source, source);
    assert_string_equal(p->source_version, source_version);
    assert_string_equal(p->distro, distro);
}

static void
spdx_names_packages_by_their_sources(void **state)
{
    struct hf_sbom s = read_text(SPDX("{\"name\":\"our own\"}," REF(
        "pkg:deb/debian/"
        "libssl3t64@3.5.1-1%2Bb2?arch=amd64&"
        "distro=debian-13&upstream=openssl%403.5."
        "1-1") "," REF("pkg:deb/debian/"
                       "bash@1:5.2-1?upstream="
                       "bash#sub/path") "," REF("pkg:deb/debian/"
                                                "civetweb@1.16%2Bdfsg-3?arch=source&distro=debian-"
                                                "13.2") "," REF("pkg:"
                                                                "deb/"
                                                                "debian"
                                                                "/bash@"
                                                                "1:5.2-"
                                                                "1?"
                                                                "upstre"
                                                                "am="
                                                                "bas"
                                                                "h")));

    (void)state;
    assert_int_equal(s.count, 3);
    says(&s.packages[0], "bash", "1:5.2-1", "bash", "1:5.2-1", "");
    says(&s.packages[1], "civetweb", "1.16+dfsg-3", "civetweb", "1.16+dfsg-3", "debian-13.2");
    says(&s.packages[2], "libssl3t64", "3.5.1-1+b2", "openssl", "3.5.1-1", "debian-13");
    assert_int_equal(s.foreign, 0);
    hf_sbom_done(&s);
}

static void
cyclonedx_does_so_too(void **state)
{
    struct hf_sbom s = read_text("{\"bomFormat\":\"CycloneDX\",\"components\":[{\"name\":\"x\"},"
                                 "{\"purl\":\"pkg:npm/left-pad@1.3.0\"},"
                                 "{\"purl\":\"pkg:deb/debian/zlib1g@1:1.3.1-1?upstream=zlib\"}]}");

    (void)state;
    assert_int_equal(s.count, 1);
    assert_int_equal(s.foreign, 1);
    says(&s.packages[0], "zlib1g", "1:1.3.1-1", "zlib", "1:1.3.1-1", "");
    hf_sbom_done(&s);
}

/* Not covered, and said so: what is half understood must not count as checked. */
static void
what_cannot_be_understood_is_foreign(void **state)
{
    static const char *const wrong[] = {
        REF("pkg:deb/ubuntu/bash@5.2-1"),
        REF("pkg:deb/debian/bash"),
        REF("pkg:deb/debian/@5.2"),
        REF("pkg:deb/debian/bash@"),
        REF("pkg:deb/debian/bash@5%2"),
        REF("pkg:deb/debian/bash@5%00"),
        REF("pkg:deb/debian/ba%20sh@5"),
        REF("pkg:deb/debian/bash@5?upstream=BASH"),
        REF("pkg:deb/debian/bash@5?upstream=bash%40x"),
        REF("pkg:deb/debian/bash@5?distro=0123456789012345678901234567890123456789"),
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(wrong); i++) {
        char text[512];
        struct hf_sbom s;

        snprintf(text, sizeof text, SPDX("%s"), wrong[i]);
        s = read_text(text);
        if (s.count != 0 || s.foreign != 1)
            fail_msg("%s was taken", wrong[i]);
        hf_sbom_done(&s);
    }
}

static void
what_is_no_sbom_is_refused(void **state)
{
    static const struct {
        const char *text;
        enum hf_error_class class;
    } rows[] = {
        {"", HF_ERROR_MALFORMED},
        {"{", HF_ERROR_MALFORMED},
        {"[]", HF_ERROR_INVALID},
        {"{}", HF_ERROR_INVALID},
        {"{\"spdxVersion\":\"SPDX-3.0\"}", HF_ERROR_INVALID},
        {"{\"bomFormat\":7}", HF_ERROR_INVALID},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        struct hf_sbom s;
        struct hf_error err = {0};

        assert_int_equal(hf_sbom_read(rows[i].text, strlen(rows[i].text), &s, &err), -1);
        assert_int_equal(err.class, rows[i].class);
    }
}

static void
too_many_packages_are_refused(void **state)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_SBOM_TEXT_MAX);
    struct hf_sbom s;
    struct hf_error err = {0};

    (void)state;
    assert_int_equal(hf_buf_adds(&text, "{\"bomFormat\":\"CycloneDX\",\"components\":[{}", &err),
                     0);
    for (int i = 0; i <= HF_SBOM_PACKAGES_MAX; i++)
        assert_int_equal(hf_buf_addf(&text, &err, ",{\"purl\":\"pkg:deb/debian/p%d@1\"}", i), 0);
    assert_int_equal(hf_buf_adds(&text, "]}", &err), 0);
    assert_int_equal(hf_sbom_read(text.data, text.len, &s, &err), -1);
    assert_int_equal(err.class, HF_ERROR_TOO_LARGE);
}

static void
documents_of_one_image_are_put_together(void **state)
{
    struct hf_sbom a = read_text(SPDX(REF("pkg:deb/debian/zz@1") "," REF("pkg:deb/debian/bb@1")));
    struct hf_sbom b = read_text(
        SPDX(REF("pkg:deb/debian/bb@1") "," REF("pkg:deb/debian/aa@1") "," REF("pkg:x/y@1")));
    struct hf_error err;

    (void)state;
    assert_int_equal(hf_sbom_add(&a, &b, &err), 0);
    assert_int_equal(a.count, 3);
    assert_int_equal(a.foreign, 1);
    assert_string_equal(a.packages[0].name, "aa");
    assert_string_equal(a.packages[2].name, "zz");
    hf_sbom_done(&a);
    hf_sbom_done(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spdx_names_packages_by_their_sources),
        cmocka_unit_test(cyclonedx_does_so_too),
        cmocka_unit_test(what_cannot_be_understood_is_foreign),
        cmocka_unit_test(what_is_no_sbom_is_refused),
        cmocka_unit_test(too_many_packages_are_refused),
        cmocka_unit_test(documents_of_one_image_are_put_together),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

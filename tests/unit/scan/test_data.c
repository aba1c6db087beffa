// SPDX-License-Identifier: Apache-2.0
#include "datakit.h"

#include "scan/find.h"

struct told {
    char text[512];
};

static int
on_package(void *context, const char *source, const char *fixed, struct hf_error *err)
{
    struct told *t = context;

    (void)err;
    strcat(strcat(strcat(strcat(t->text, source), "="), fixed), "\n");
    return 0;
}

static int
on_vulnerability(void *context, const struct hf_scan_vulnerability *v, struct hf_error *err)
{
    struct told *t = context;

    (void)err;
    sprintf(t->text + strlen(t->text), "%s %d %d [%s] [%s]\n", v->id, v->severity, v->remote,
            v->unstable, v->others);
    return 0;
}

static int
read_data(char *text, struct told *t, struct hf_scan_data_info *info, struct hf_error *err)
{
    const struct hf_scan_data_sink sink = {t, NULL, on_package, on_vulnerability};
    HF_AUTO_FCLOSE FILE *f = data_file(text);

    return hf_scan_data_read(f, t ? &sink : NULL, info, err);
}

static const char BODY[] = DATA_HEAD "p glibc 2.41-12+deb13u1\n"
                                     "v CVE-2026-1 H R 2.41-13 2.36-9+deb12u9 2.41-12\n"
                                     "v TEMP-1-A2 ? ? -\n"
                                     "p openssl 3.5.1-1+deb13u2\n"
                                     "v CVE-2026-2 L N - 3.5.1-1\n";

static void
whole_data_is_told_line_by_line(void **state)
{
    HF_AUTO_FREE char *text = data_of(BODY);
    struct hf_scan_data_info info;
    struct told t = {""};
    struct hf_error err = {0};

    (void)state;
    if (read_data(text, &t, &info, &err) < 0)
        fail_msg("%s", err.message);
    assert_string_equal(t.text, "glibc=2.41-12+deb13u1\n"
                                "CVE-2026-1 3 2 [2.41-13] [2.36-9+deb12u9 2.41-12]\n"
                                "TEMP-1-A2 0 0 [] []\n"
                                "openssl=3.5.1-1+deb13u2\n"
                                "CVE-2026-2 1 1 [] [3.5.1-1]\n");
    assert_string_equal(info.suite, "trixie-security");
    assert_string_equal(info.distro, "debian-13");
    assert_int_equal(info.created_ms, 1795161600000);
    assert_true(info.has_vulnerabilities);
    assert_int_equal(info.packages, 2);
    assert_int_equal(info.vulnerabilities, 3);
}

/* As a stick gives it back, or a flash cell: each byte counts. */
static void
every_cut_and_every_changed_byte_is_seen(void **state)
{
    HF_AUTO_FREE char *whole = data_of(BODY);
    size_t len = strlen(whole);

    (void)state;
    for (size_t i = 0; i < len; i++) {
        struct hf_scan_data_info info;
        struct hf_error err = {0};
        char saved = whole[i];

        whole[i] = '\0';
        if (i > 0 && read_data(whole, NULL, &info, &err) == 0)
            fail_msg("cut at %zu is not seen", i);
        whole[i] = (char)(saved ^ 1);
        if (read_data(whole, NULL, &info, &err) == 0)
            fail_msg("a changed byte at %zu is not seen", i);
        assert_int_equal(err.class, HF_ERROR_INVALID);
        whole[i] = saved;
    }
}

static void
what_is_out_of_form_is_named_by_its_line(void **state)
{
    static const struct {
        const char *body, *text;
    } rows[] = {
        {"holdfast-scan-data 2\n", "no scan data of version 1"},
        {"holdfast-scan-data 1\nsuite x\ndistro d\ncreated now\n", "line 4 no time"},
        {"holdfast-scan-data 1\ndistro x\n", "line 2 'suite'"},
        {DATA_HEAD "v CVE-1 H R -\n", "line 6 a vulnerability where none can be"},
        {DATA_HEAD "p b-b 1\np a-a 1\n", "line 7 a package out of order"},
        {DATA_HEAD "p b-b 1\np b-b 1\n", "line 7 a package out of order"},
        {DATA_HEAD "p b-b 1 2\n", "line 6 no package and version"},
        {DATA_HEAD "p B 1\n", "line 6 no package and version"},
        {DATA_HEAD "p b-b x1\n", "line 6 no package and version"},
        {DATA_HEAD "p b-b 1\nv CVE-1 X R -\n", "line 7 no vulnerability"},
        {DATA_HEAD "p b-b 1\nv CVE-1 H X -\n", "line 7 no vulnerability"},
        {DATA_HEAD "p b-b 1\nv cve H R -\n", "line 7 no vulnerability"},
        {DATA_HEAD "p b-b 1\nv CVE-1 H R\n", "line 7 no vulnerability"},
        {DATA_HEAD "p b-b 1\nv CVE-1 H R - 1 x\n", "line 7 something that is no version"},
        {DATA_HEAD "p b-b 1\nv CVE-1 H R - 1 \n", "line 7 something that is no version"},
        {DATA_HEAD "q\n", "line 6 neither"},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        HF_AUTO_FREE char *text = data_of(rows[i].body);
        struct hf_scan_data_info info;
        struct hf_error err = {0};

        assert_int_equal(read_data(text, NULL, &info, &err), -1);
        if (err.class != HF_ERROR_INVALID || !strstr(err.message, rows[i].text))
            fail_msg("%s: '%s'", rows[i].text, err.message);
    }
}

static void
what_follows_the_end_is_refused(void **state)
{
    HF_AUTO_FREE char *whole = data_of(BODY);
    HF_AUTO_BUF struct hf_buf more = HF_BUF_INIT(4096);
    struct hf_scan_data_info info;
    struct hf_error err = {0};

    (void)state;
    assert_int_equal(hf_buf_addf(&more, &err, "%s\n", whole), 0);
    assert_int_equal(read_data(more.data, NULL, &info, &err), -1);
    assert_non_null(strstr(err.message, "more follows"));
}

static void
a_line_without_an_end_ends(void **state)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_SCAN_DATA_MAX);
    struct hf_scan_data_info info;
    struct hf_error err = {0};

    (void)state;
    assert_int_equal(hf_buf_adds(&text, DATA_HEAD "p b-b 1\nv CVE-1 H R -", &err), 0);
    for (int i = 0; i < HF_SCAN_LINE_MAX / 2; i++)
        assert_int_equal(hf_buf_adds(&text, " 1", &err), 0);
    assert_int_equal(hf_buf_adds(&text, "\nend", &err), 0);
    assert_int_equal(read_data(text.data, NULL, &info, &err), -1);
    assert_non_null(strstr(err.message, "more than 16 KiB"));
}

static void
who_is_affected(void **state)
{
    const struct hf_scan_vulnerability v = {.unstable = "2.0-3", .others = "1.0-1 1.5-1"};
    const struct hf_scan_vulnerability none = {.unstable = "", .others = ""};

    (void)state;
    assert_true(hf_scan_affects(&v, "1.0-0"));
    assert_false(hf_scan_affects(&v, "1.0-1"));
    assert_true(hf_scan_affects(&v, "1.0-11"));
    assert_false(hf_scan_affects(&v, "1.5-1"));
    assert_true(hf_scan_affects(&v, "1.5"));
    assert_true(hf_scan_affects(&v, "2.0-2"));
    assert_false(hf_scan_affects(&v, "2.0-3"));
    assert_false(hf_scan_affects(&v, "3"));
    assert_true(hf_scan_affects(&none, "9"));
}

/* ---- findings ---- */

static struct hf_sbom
sbom_of(const char *purls)
{
    struct hf_sbom s;
    char text[2048];

    snprintf(text, sizeof text, "{\"bomFormat\":\"CycloneDX\",\"components\":[%s]}", purls);
    assert_int_equal(hf_sbom_read(text, strlen(text), &s, NULL), 0);
    return s;
}

#define P(name, version, more)                                                                     \
    "{\"purl\":\"pkg:deb/debian/" name "@" version "?distro=debian-13" more "\"}"

static void
older_packages_are_found(void **state)
{
    HF_AUTO_FREE char *text = data_of(BODY);
    HF_AUTO_FCLOSE FILE *f = data_file(text);
    struct hf_sbom old = sbom_of(P("libc6", "2.41-12", "&upstream=glibc") "," P(
        "libc-bin", "2.41-12", "&upstream=glibc") "," P("libssl3t64", "3.5.1-1%2Bdeb13u1",
                                                        "&upstream=openssl") "," P("zlib1g", "1",
                                                                                   ""));
    struct hf_sbom fresh =
        sbom_of(P("libc6", "2.41-12%2Bdeb13u1", "&upstream=glibc") "," P("openssl", "3.5.2-1", ""));
    struct hf_sbom other = sbom_of("{\"purl\":\"pkg:deb/debian/openssl@3.0?distro=debian-12\"},"
                                   "{\"purl\":\"pkg:deb/debian/openssl@3.0?distro=debian-130\"},"
                                   "{\"purl\":\"pkg:deb/debian/openssl@3.0?distro=debian-13.1\"},"
                                   "{\"purl\":\"pkg:deb/debian/openssl@3.1\"}");
    const struct hf_sbom *sboms[] = {&old, &fresh, &other};
    struct hf_scan_result r[3];
    struct hf_scan_data_info info;
    struct hf_error err = {0};

    (void)state;
    assert_int_equal(hf_scan_find(f, sboms, 3, &info, r, &err), 0);
    assert_int_equal(r[0].count, 2);
    assert_int_equal(r[0].checked, 4);
    assert_string_equal(r[0].findings[0].packages[0].source, "glibc");
    assert_int_equal(r[0].findings[0].package_count, 2);
    assert_string_equal(r[0].findings[0].fixed, "2.41-12+deb13u1");
    /* CVE-2026-1 is not in 2.41-12. */
    assert_int_equal(r[0].findings[0].known_count, 1);
    assert_string_equal(r[0].findings[0].known[0].id, "TEMP-1-A2");
    assert_string_equal(r[0].findings[1].known[0].id, "CVE-2026-2");
    assert_int_equal(r[1].count, 0);
    assert_int_equal(r[1].checked, 2);
    assert_int_equal(r[2].count, 1);
    assert_int_equal(r[2].checked, 1);
    for (int i = 0; i < 3; i++)
        hf_scan_result_done(&r[i]);
    hf_sbom_done(&old);
    hf_sbom_done(&fresh);
    hf_sbom_done(&other);
}

/* What is not whole says nothing, however much of it was read. */
static void
damaged_data_finds_nothing(void **state)
{
    HF_AUTO_FREE char *text = data_of(BODY);
    struct hf_sbom old = sbom_of(P("glibc", "1", ""));
    const struct hf_sbom *sboms[] = {&old};
    struct hf_scan_result r[1];
    struct hf_scan_data_info info;
    struct hf_error err = {0};
    FILE *f;

    (void)state;
    text[strlen(text) - 2] ^= 1;
    f = data_file(text);
    assert_int_equal(hf_scan_find(f, sboms, 1, &info, r, &err), -1);
    assert_non_null(strstr(err.message, "damaged"));
    fclose(f);
    hf_sbom_done(&old);
}

static void
the_worst_vulnerabilities_are_named_and_all_counted(void **state)
{
    HF_AUTO_BUF struct hf_buf body = HF_BUF_INIT(65536);
    HF_AUTO_FREE char *text = NULL;
    struct hf_sbom old = sbom_of(P("glibc", "1", ""));
    const struct hf_sbom *sboms[] = {&old};
    struct hf_scan_result r[1];
    struct hf_scan_data_info info;
    const struct hf_finding *found;
    FILE *f;

    (void)state;
    assert_int_equal(hf_buf_adds(&body, DATA_HEAD "p glibc 2\n", NULL), 0);
    for (int i = 0; i < HF_FINDING_KNOWN_MAX; i++)
        assert_int_equal(hf_buf_addf(&body, NULL, "v CVE-1-%d L R -\n", i), 0);
    assert_int_equal(
        hf_buf_adds(&body, "v CVE-2-1 H R -\nv CVE-2-2 ? R -\nv CVE-2-3 M R -\n", NULL), 0);
    text = data_of(body.data);
    f = data_file(text);
    assert_int_equal(hf_scan_find(f, sboms, 1, &info, r, NULL), 0);
    found = &r[0].findings[0];
    assert_int_equal(found->known_count, HF_FINDING_KNOWN_MAX);
    assert_int_equal(found->omitted, 3);
    assert_string_equal(found->known[0].id, "CVE-2-1");
    assert_string_equal(found->known[1].id, "CVE-2-3");
    assert_string_equal(found->known[2].id, "CVE-1-0");
    fclose(f);
    hf_scan_result_done(&r[0]);
    hf_sbom_done(&old);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_data_is_told_line_by_line),
        cmocka_unit_test(every_cut_and_every_changed_byte_is_seen),
        cmocka_unit_test(what_is_out_of_form_is_named_by_its_line),
        cmocka_unit_test(what_follows_the_end_is_refused),
        cmocka_unit_test(a_line_without_an_end_ends),
        cmocka_unit_test(who_is_affected),
        cmocka_unit_test(older_packages_are_found),
        cmocka_unit_test(damaged_data_finds_nothing),
        cmocka_unit_test(the_worst_vulnerabilities_are_named_and_all_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

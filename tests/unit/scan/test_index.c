// SPDX-License-Identifier: Apache-2.0
/* Scan data from what Debian publishes. */
#include "datakit.h"

#include "scan/index.h"

static const char PACKAGES[] = "Package: libssl3t64\n"
                               "Source: openssl (3.5.1-1+deb13u2)\n"
                               "Version: 3.5.1-1+deb13u2+b1\n"
                               "Description: one\n of many lines\n"
                               "\n"
                               "Package: openssl\n"
                               "Version: 3.5.1-1+deb13u1\n"
                               "\n\n"
                               "Package: libc6\n"
                               "Source: glibc\n"
                               "Version: 2.41-12+deb13u1\n";

static const char DEBSECAN[] = "VERSION 1\n"
                               "CVE-2026-1,,in glibc, of old\n"
                               "CVE-2026-2,,rated high\n"
                               "TEMP-0000000-ABCDEF,,not corrected\n"
                               "\n"
                               "bash,0,S ? ,1,\n"
                               "glibc,0,SM?F,2.41-13,2.41-12+deb13u1 2.36-9 9.9\n"
                               "openssl,1,SHR ,,3.5.1-1+deb13u2 3.0.17-1~deb12u3\n"
                               "openssl,1,SHR ,,3.5.1-1+deb13u2 3.0.17-1~deb12u3\n"
                               "openssl,2,SL  ,3.6-1,3.0.17-1~deb12u3\n"
                               "openssl,0,S   ,1.1-1,\n"
                               "openssl,0,BH  ,,3.5.1-1+deb13u2\n"
                               "\n"
                               "openssl,libssl3t64\n";

static int
packages(struct hf_scan_index *index, const char *text, struct hf_error *err)
{
    HF_AUTO_FCLOSE FILE *f = data_file((char *)(uintptr_t)text);

    return hf_scan_index_packages(index, f, err);
}

static int
debsecan(struct hf_scan_index *index, const char *text, struct hf_error *err)
{
    HF_AUTO_FCLOSE FILE *f = data_file((char *)(uintptr_t)text);

    return hf_scan_index_debsecan(index, f, err);
}

static char *
written(struct hf_scan_index *index)
{
    const struct hf_scan_data_info info = {
        .suite = "trixie-security", .distro = "debian-13", .created_ms = 1795161600000};
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    struct hf_error err = {0};

    if (hf_scan_index_write(index, &info, out, &err) < 0)
        fail_msg("%s", err.message);
    fclose(out);
    return text;
}

static void
the_newest_of_each_source_is_written(void **state)
{
    HF_AUTO(hf_scan_index) struct hf_scan_index *index = NULL;
    HF_AUTO_FREE char *text = NULL, *expected = NULL;
    struct hf_error err = {0};

    (void)state;
    assert_int_equal(hf_scan_index_new(&index, &err), 0);
    assert_int_equal(packages(index, PACKAGES, &err), 0);
    text = written(index);
    expected = data_of("holdfast-scan-data 1\nsuite trixie-security\ndistro debian-13\n"
                       "created 2026-11-20T08:00:00.000Z\nvulnerabilities no\n"
                       "p glibc 2.41-12+deb13u1\np openssl 3.5.1-1+deb13u2\n");
    assert_string_equal(text, expected);
}

/* What cannot tell one installed version from another is left out, and what the suite has not
 * corrected. */
static void
vulnerabilities_are_those_that_are_corrected(void **state)
{
    HF_AUTO(hf_scan_index) struct hf_scan_index *index = NULL;
    HF_AUTO_FREE char *text = NULL;
    HF_AUTO_FCLOSE FILE *f = NULL;
    struct hf_scan_data_info info;
    struct hf_error err = {0};

    (void)state;
    assert_int_equal(hf_scan_index_new(&index, &err), 0);
    assert_int_equal(packages(index, PACKAGES, &err), 0);
    if (debsecan(index, DEBSECAN, &err) < 0)
        fail_msg("%s", err.message);
    text = written(index);
    if (!strstr(text, "vulnerabilities yes\n"
                      "p glibc 2.41-12+deb13u1\n"
                      "v CVE-2026-1 M ? - 2.36-9\n"
                      "p openssl 3.5.1-1+deb13u2\n"
                      "v CVE-2026-1 ? N 1.1-1\n"
                      "v CVE-2026-2 H R - 3.0.17-1~deb12u3\n"
                      "end 2 3 "))
        fail_msg("%s", text);
    f = data_file(text);
    assert_int_equal(hf_scan_data_read(f, NULL, &info, &err), 0);
}

static void
a_wrong_packages_file_is_refused(void **state)
{
    static const char *const wrong[] = {
        "Package: a b\nVersion: 1\n",
        "Package: ab\nVersion: 1 2\n",
        "Package: ab\n\n",
        "Version: 1\n",
        "Package: ab\nVersion: 1\nSource: cd (x)\n",
        "Package: ab\nVersion: 1\nSource: cd (1\n",
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(wrong); i++) {
        HF_AUTO(hf_scan_index) struct hf_scan_index *index = NULL;
        struct hf_error err = {0};

        assert_int_equal(hf_scan_index_new(&index, &err), 0);
        if (packages(index, wrong[i], &err) == 0)
            fail_msg("taken: %s", wrong[i]);
        assert_int_equal(err.class, HF_ERROR_INVALID);
        assert_non_null(strstr(err.message, "line"));
    }
}

static void
wrong_debsecan_data_is_refused(void **state)
{
    static const char *const wrong[] = {
        "VERSION 2\n",
        "VERSION 1\nCVE-1,,x\n",
        "VERSION 1\nCVE-1\n\n",
        "VERSION 1\ncve,,x\n\n\n",
        "VERSION 1\nCVE-1,,x\n\nopenssl,0,S   ,1,\n",
        "VERSION 1\nCVE-1,,x\n\nopenssl,1,S   ,1,\n\n",
        "VERSION 1\nCVE-1,,x\n\nopenssl,0,S  ,1,\n\n",
        "VERSION 1\nCVE-1,,x\n\nopenssl,0,SX  ,1,\n\n",
        "VERSION 1\nCVE-1,,x\n\nopenssl,0,S   ,1\n\n",
        "VERSION 1\nCVE-1,,x\n\nopenssl,0,S   ,a,\n\n",
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(wrong); i++) {
        HF_AUTO(hf_scan_index) struct hf_scan_index *index = NULL;
        struct hf_error err = {0};

        assert_int_equal(hf_scan_index_new(&index, &err), 0);
        assert_int_equal(packages(index, PACKAGES, &err), 0);
        if (debsecan(index, wrong[i], &err) == 0)
            fail_msg("taken: %s", wrong[i]);
        assert_int_equal(err.class, HF_ERROR_INVALID);
    }
}

static void
a_full_disk_is_said(void **state)
{
    HF_AUTO(hf_scan_index) struct hf_scan_index *index = NULL;
    const struct hf_scan_data_info info = {.suite = "s", .distro = "d"};
    HF_AUTO_FCLOSE FILE *full = fopen("/dev/full", "w");
    struct hf_error err = {0};

    (void)state;
    assert_int_equal(hf_scan_index_new(&index, &err), 0);
    assert_int_equal(packages(index, PACKAGES, &err), 0);
    assert_int_equal(hf_scan_index_write(index, &info, full, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NO_SPACE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_of_each_source_is_written),
        cmocka_unit_test(vulnerabilities_are_those_that_are_corrected),
        cmocka_unit_test(a_wrong_packages_file_is_refused),
        cmocka_unit_test(wrong_debsecan_data_is_refused),
        cmocka_unit_test(a_full_disk_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

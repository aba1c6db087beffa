// SPDX-License-Identifier: Apache-2.0
/* The scan of what runs, with an engine that gives what a test says. */
#include "datakit.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "scan/scanner.h"

#include <sys/stat.h>

static char folder[64], dir[96];
static struct hf_scanner *scanner;

/* ---- an engine ---- */

static struct hf_buf tar;
static int asked;
static enum hf_error_class engine_error;

static void
tar_add(const char *name, char type, const char *content)
{
    char h[512] = "", zeros[512] = "";
    size_t len = strlen(content), sum = 0;

    (void)hf_text_put(h, 100, "%s", name);
    (void)hf_text_put(h + 124, 12, "%011zo", len);
    memset(h + 148, ' ', 8);
    h[156] = type;
    memcpy(h + 257, "ustar\00000", 8);
    for (size_t i = 0; i < sizeof h; i++)
        sum += (unsigned char)h[i];
    (void)hf_text_put(h + 148, 8, "%06zo", sum);
    assert_int_equal(hf_buf_add(&tar, h, sizeof h, NULL), 0);
    assert_int_equal(hf_buf_add(&tar, content, len, NULL), 0);
    assert_int_equal(hf_buf_add(&tar, zeros, (512 - len % 512) % 512, NULL), 0);
}

static const char SBOM[] =
    "{\"spdxVersion\":\"SPDX-2.3\",\"packages\":[{\"externalRefs\":[{\"referenceType\":\"purl\","
    "\"referenceLocator\":\"pkg:deb/debian/libssl3t64@3.5.1-1?arch=amd64&distro=debian-13&upstream="
    "openssl\"}]}]}";

static int
archive(void *ctx, const char *id, const char *path, struct hf_buf *out, struct hf_error *err)
{
    (void)ctx;
    asked++;
    assert_string_equal(path, "/usr/share/sbom");
    assert_int_equal(id[0], 'c');
    if (engine_error)
        return hf_error_set(err, engine_error, "the engine says no");
    return hf_buf_add(out, tar.data, tar.len, err);
}

static int fetched;

static int
fetch(void *ctx, const struct hf_registry_document *document, struct hf_buf *out,
      bool (*cancelled)(void *context), void *context, struct hf_error *err)
{
    (void)ctx;
    fetched++;
    assert_string_equal(document->repository, "acme/release");
    assert_string_equal(document->reference, "sha256:d1");
    assert_int_equal(document->kind, HF_REGISTRY_BLOB);
    assert_false(cancelled(context));
    if (engine_error)
        return hf_error_set(err, engine_error, "the registry says no");
    return hf_buf_add(out, SBOM, strlen(SBOM), err);
}

static const struct hf_engine_ops ops = {.archive = archive, .fetch = fetch};

static const char BODY[] = DATA_HEAD "p openssl 3.5.1-1+deb13u2\nv CVE-2026-11 H R -\n";

/* ---- asking ---- */

static const struct hf_scan_target targets[] = {{"broker", "c1", "sha256:1", "", ""},
                                                {"buffer", "c2", "sha256:2", "", ""},
                                                {"forwarder", "", "sha256:3", "", ""}};

static char *
report_of(const struct hf_scan_target *list, size_t count)
{
    struct hf_scan_settings s;
    struct hf_error err = {0};
    HF_AUTO(hf_json) struct hf_json *o = NULL;
    char *text = NULL;

    assert_int_equal(hf_scan_settings_read(NULL, &s, &err), 0);
    if (hf_scanner_report(scanner, list, count, &s, (struct hf_scan_clock){0}, NULL, &o, &err) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(hf_json_print(o, &text, NULL), 0);
    hf_scan_settings_done(&s);
    return text;
}

static void
has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no '%s' in %s", part, text);
}

static void
report_has(size_t count, const char *part)
{
    HF_AUTO_FREE char *text = report_of(targets, count);

    has(text, part);
}

static void
has_all_of(const struct hf_scan_target *list, size_t count, const char *part)
{
    HF_AUTO_FREE char *text = report_of(list, count);

    has(text, part);
}

static int
upload(const char *text, bool older, struct hf_error *err)
{
    HF_AUTO(hf_scan_upload) struct hf_scan_upload *u = NULL;
    struct hf_scan_data_info info;
    size_t half = strlen(text) / 2;

    if (hf_scan_upload_begin(scanner, &u, err) < 0 || hf_scan_upload_add(u, text, half, err) < 0 ||
        hf_scan_upload_add(u, text + half, strlen(text) - half, err) < 0)
        return -1;
    return hf_scan_upload_end(u, older, &info, err);
}

static bool
is_there(const char *name)
{
    char path[128];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    return access(path, F_OK) == 0;
}

static void
given(const char *body)
{
    HF_AUTO_FREE char *text = data_of(body);
    struct hf_error err = {0};

    if (upload(text, true, &err) < 0)
        fail_msg("%s", err.message);
}

static int
set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/hf-scanner-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(dir, sizeof dir, "%s/scan", folder);
    tar = HF_BUF_INIT(1024 * 1024);
    asked = 0;
    engine_error = HF_ERROR_NONE;
    tar_add("sbom/", '5', "");
    tar_add("sbom/note.txt", '0', "not one");
    tar_add("sbom/holdfast-broker.spdx.json", '0', SBOM);
    return hf_scanner_new(dir, &ops, NULL, &scanner, NULL);
}

static int
tear_down(void **state)
{
    char command[128];

    (void)state;
    hf_scanner_free(scanner);
    hf_buf_done(&tar);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

/* ---- what is said ---- */

static void
without_data_it_says_so(void **state)
{
    (void)state;
    report_has(1, "{\"data\":null,\"problem\":\"there is no scan data yet\",\"clock_synced\":false,"
                  "\"services\":[{\"service\":\"broker\",\"image_id\":\"sha256:1\",\"problem\":"
                  "null,\"result\":null}]}");
}

static void
each_service_has_its_findings(void **state)
{
    HF_AUTO_FREE char *text = NULL;

    (void)state;
    given(BODY);
    text = report_of(targets, 3);
    has(text, "{\"data\":{\"suite\":\"trixie-security\",\"distro\":\"debian-13\",\"created\":"
              "\"2026-11-20T08:00:00.000Z\",\"age_s\":0,\"packages\":1,\"vulnerabilities\":1,"
              "\"rated\":true,\"digest\":\"");
    has(text, "{\"service\":\"broker\",\"image_id\":\"sha256:1\",\"problem\":null,\"result\":{"
              "\"packages\":1,\"not_covered\":0,\"verdict\":\"warn\",\"findings\":[{\"id\":"
              "\"openssl/3.5.1-1+deb13u2\"");
    has(text, "{\"service\":\"forwarder\",\"image_id\":\"sha256:3\",\"problem\":\"it has no "
              "container now\",\"result\":null}");
}

/* The engine is asked once for each container; the data is compared each time. */
static void
renewed_data_is_compared_at_once(void **state)
{
    (void)state;
    given(BODY);
    report_has(2, "\"verdict\":\"warn\"");
    given(DATA_HEAD "p openssl 3.5.1-1\n");
    report_has(2, "\"verdict\":\"none\",\"findings\":[]");
    assert_int_equal(asked, 2);
}

static void
many_containers_share_the_little_memory(void **state)
{
    struct hf_scan_target many[20];

    (void)state;
    given(BODY);
    for (int round = 0; round < 2; round++) {
        HF_AUTO_FREE char *text = NULL;

        for (size_t i = 0; i < HF_LEN(many); i++) {
            many[i] = (struct hf_scan_target){.service = "own"};
            snprintf(many[i].container_id, sizeof many[i].container_id, "c%zu", i);
        }
        text = report_of(many, HF_LEN(many));
        assert_null(strstr(text, "\"result\":null"));
    }
}

static void
an_engine_that_is_away_is_asked_once(void **state)
{
    HF_AUTO_FREE char *text = NULL;

    (void)state;
    given(BODY);
    report_has(1, "\"problem\":null,\"result\":{");
    engine_error = HF_ERROR_TIMEOUT;
    text = report_of((const struct hf_scan_target[]){{"buffer", "c2", "", "", ""},
                                                     {"broker", "c1", "", "", ""},
                                                     {"processor", "c3", "", "", ""}},
                     3);
    has(text, "{\"service\":\"buffer\",\"image_id\":null,\"problem\":\"the engine says no\"");
    has(text, "{\"service\":\"broker\",\"image_id\":null,\"problem\":null,\"result\":{");
    has(text, "{\"service\":\"processor\",\"image_id\":null,\"problem\":\"the engine says no\"");
    assert_int_equal(asked, 2);
}

static void
an_image_without_a_readable_sbom_is_named(void **state)
{
    (void)state;
    given(BODY);
    engine_error = HF_ERROR_NOT_FOUND;
    report_has(1, "its image has no SBOM: /usr/share/sbom is not there");
    engine_error = HF_ERROR_NONE;
    hf_buf_clear(&tar);
    tar_add("sbom/other.json", '0', SBOM);
    report_has(1, "its image has no SBOM: none below /usr/share/sbom");
    hf_buf_clear(&tar);
    tar_add("sbom/x.spdx.json", '0', "{");
    report_has(1, "\"problem\":\"sbom/x.spdx.json: the SBOM");
    hf_buf_clear(&tar);
    tar_add("sbom/x.spdx.json", '2', "");
    report_has(1, "its image has no SBOM");
    hf_buf_clear(&tar);
    tar_add("sbom/x.spdx.json", '0', SBOM);
    tar.data[3] ^= 1;
    report_has(1, "its image has no SBOM");
    tar.data[3] ^= 1;
    tar.len = 512 + strlen(SBOM) - 1;
    report_has(1, "its image has no SBOM");
}

/* ---- new data ---- */

static void
data_that_is_not_whole_replaces_nothing(void **state)
{
    HF_AUTO_FREE char *whole = data_of(BODY);
    struct hf_error err = {0};

    (void)state;
    given(BODY);
    whole[strlen(whole) - 40] = '\0';
    assert_int_equal(upload(whole, true, &err), -1);
    assert_int_equal(err.class, HF_ERROR_INVALID);
    assert_false(is_there("data.new"));
    report_has(1, "\"packages\":1,\"vulnerabilities\":1,");
}

static void
older_data_is_taken_only_when_asked_for(void **state)
{
    HF_AUTO_FREE char *old = data_of("holdfast-scan-data 1\nsuite s\ndistro d\n"
                                     "created 2026-11-19T08:00:00Z\nvulnerabilities no\n");
    struct hf_error err = {0};

    (void)state;
    given(BODY);
    assert_int_equal(upload(old, false, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    report_has(1, "\"suite\":\"trixie-security\"");
    assert_int_equal(upload(old, true, &err), 0);
    report_has(1, "\"suite\":\"s\"");
}

/* Flash that forgets: said, not believed, and put right by the next upload, however old. */
static void
data_that_was_damaged_is_said_and_replaced(void **state)
{
    HF_AUTO_FREE char *old = data_of("holdfast-scan-data 1\nsuite s\ndistro d\n"
                                     "created 2026-11-19T08:00:00Z\nvulnerabilities no\n");
    char path[128];
    struct hf_error err = {0};
    FILE *f;

    (void)state;
    given(BODY);
    snprintf(path, sizeof path, "%s/data", dir);
    f = fopen(path, "r+");
    assert_non_null(f);
    fseek(f, -8, SEEK_END);
    fputc('x', f);
    fclose(f);
    report_has(1, "{\"data\":null,\"problem\":\"the scan data has in line 8 an end that does not");
    assert_int_equal(upload(old, false, &err), 0);
    report_has(1, "\"suite\":\"s\"");
}

static void
one_upload_at_a_time(void **state)
{
    HF_AUTO(hf_scan_upload) struct hf_scan_upload *first = NULL;
    struct hf_scan_upload *second = NULL;
    struct hf_error err = {0};

    (void)state;
    assert_int_equal(hf_scan_upload_begin(scanner, &first, &err), 0);
    assert_true(is_there("data.new"));
    assert_int_equal(hf_scan_upload_begin(scanner, &second, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    hf_scan_upload_free(hf_steal(&first));
    assert_false(is_there("data.new"));
    assert_int_equal(hf_scan_upload_begin(scanner, &first, &err), 0);
}

static void
what_a_power_cut_left_is_removed(void **state)
{
    char path[128];
    struct hf_error err = {0};
    struct hf_scanner *again = NULL;

    (void)state;
    assert_int_equal(hf_file_mkdirs(dir, 0700, &err), 0);
    snprintf(path, sizeof path, "%s/data.new", dir);
    assert_int_equal(hf_file_replace(path, "half", 4, 0600, (uid_t)-1, (gid_t)-1, &err), 0);
    assert_int_equal(hf_scanner_new(dir, &ops, NULL, &again, &err), 0);
    assert_false(is_there("data.new"));
    hf_scanner_free(again);
}

static void
too_much_is_refused_on_its_way(void **state)
{
    HF_AUTO(hf_scan_upload) struct hf_scan_upload *u = NULL;
    HF_AUTO_FREE char *piece = calloc(1, HF_SCAN_DATA_MAX / 2);
    struct hf_error err = {0};

    (void)state;
    assert_int_equal(hf_scan_upload_begin(scanner, &u, &err), 0);
    assert_int_equal(hf_scan_upload_add(u, piece, HF_SCAN_DATA_MAX / 2, &err), 0);
    assert_int_equal(hf_scan_upload_add(u, piece, HF_SCAN_DATA_MAX / 2, &err), 0);
    assert_int_equal(hf_scan_upload_add(u, piece, 1, &err), -1);
    assert_int_equal(err.class, HF_ERROR_TOO_LARGE);
}

static void
a_folder_that_cannot_be_made_is_said(void **state)
{
    struct hf_error err = {0};

    (void)state;
    assert_int_equal(hf_file_replace(dir, "a file", 6, 0600, (uid_t)-1, (gid_t)-1, &err), 0);
    assert_int_equal(upload("x", false, &err), -1);
    assert_non_null(strstr(err.message, dir));
}

static void
what_does_not_run_is_judged_by_the_document_of_its_release(void **state)
{
    const struct hf_scan_target list[] = {
        {"broker", "", "sha256:1", "sha256:d1", "acme/release"},
        {"buffer", "", "sha256:2", "", "acme/release"},
    };
    struct hf_scan_settings s;
    struct hf_scan_word words[2] = {{.known = false}};
    struct hf_error err = {0};
    HF_AUTO(hf_json) struct hf_json *report = NULL;

    (void)state;
    fetched = 0;
    given(BODY);
    assert_int_equal(hf_scan_settings_read(NULL, &s, &err), 0);
    s.policy[HF_SEVERITY_HIGH] = HF_VERDICT_BLOCK;
    assert_int_equal(
        hf_scanner_report(scanner, list, 2, &s, (struct hf_scan_clock){0}, words, &report, &err),
        0);
    assert_true(words[0].known);
    assert_int_equal(words[0].verdict, HF_VERDICT_BLOCK);
    assert_int_equal(words[0].blocked, 1);
    assert_int_equal(words[0].warned, 0);
    assert_false(words[1].known);
    hf_scan_settings_done(&s);
    has_all_of(list, 2, "the release names no SBOM of it");
    assert_int_equal(fetched, 1);
    assert_int_equal(asked, 0);
}

static void
a_registry_that_is_away_is_said(void **state)
{
    const struct hf_scan_target list[] = {
        {"broker", "", "sha256:1", "sha256:d1", "acme/release"},
        {"buffer", "", "sha256:2", "sha256:d1", "acme/release"},
    };

    (void)state;
    fetched = 0;
    engine_error = HF_ERROR_UNAVAILABLE;
    has_all_of(list, 2, "in the registry: the registry says no");
    assert_int_equal(fetched, 1);
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(without_data_it_says_so),
        T(each_service_has_its_findings),
        T(renewed_data_is_compared_at_once),
        T(many_containers_share_the_little_memory),
        T(an_engine_that_is_away_is_asked_once),
        T(an_image_without_a_readable_sbom_is_named),
        T(data_that_is_not_whole_replaces_nothing),
        T(older_data_is_taken_only_when_asked_for),
        T(data_that_was_damaged_is_said_and_replaced),
        T(one_upload_at_a_time),
        T(what_a_power_cut_left_is_removed),
        T(too_much_is_refused_on_its_way),
        T(a_folder_that_cannot_be_made_is_said),
        T(what_does_not_run_is_judged_by_the_document_of_its_release),
        T(a_registry_that_is_away_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
/* What is handed to holdfastd, and what is written back. */
#include "base/file.h"
#include "provision/provision.h"
#include "stick/parts.h"
#include "tempdir.h"

#include <string.h>
#include <sys/sysmacros.h>

static const char FILE_TEXT[] = "{\"format\":1}";

/* A stick in DIR/stick, and where holdfastd looks in DIR/dir. */
static void
make_stick(const char *dir)
{
    assert_int_equal(mkdir(tempdir_path(dir, "stick"), 0755), 0);
    assert_int_equal(mkdir(tempdir_path(dir, "stick/holdfast"), 0755), 0);
}

static void
hand(const char *dir, struct stick_problems *problems, char id[STICK_ID_SIZE])
{
    struct hf_error err = {0};

    problems->count = 0;
    if (stick_hand(tempdir_path(dir, "stick"), tempdir_path(dir, "dir"), (gid_t)-1, problems, id,
                   &err) < 0)
        fail_msg("%s", err.message);
}

static char *
read_text(const char *dir, const char *name)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(65536);

    return hf_file_read(tempdir_path(dir, name), &text, NULL) < 0 ? NULL : hf_buf_take(&text);
}

static void
assert_file(const char *dir, const char *name, const char *wanted)
{
    HF_AUTO_FREE char *text = read_text(dir, name);

    if (!wanted)
        assert_null(text);
    else
        assert_string_equal(text, wanted);
}

static void
files_are_handed_over_under_one_name(void **state)
{
    const char *dir = *state;
    struct stick_problems p;
    char id[STICK_ID_SIZE], again[STICK_ID_SIZE], other[STICK_ID_SIZE];

    make_stick(dir);
    tempdir_write(dir, "stick/holdfast/provision.json", FILE_TEXT, strlen(FILE_TEXT));
    hand(dir, &p, id);
    assert_int_equal(p.count, 0);
    assert_file(dir, "dir/in/holdfast/provision.json", FILE_TEXT);
    assert_file(dir, "dir/in/id", id);
    hand(dir, &p, again);
    assert_string_equal(id, again);
    tempdir_write(dir, "stick/holdfast/provision.json.minisig", "s", 1);
    tempdir_write(dir, "stick/holdfast/recovery.json", FILE_TEXT, strlen(FILE_TEXT));
    hand(dir, &p, other);
    assert_string_not_equal(id, other);
    assert_file(dir, "dir/in/holdfast/provision.json.minisig", "s");
    assert_int_equal(unlink(tempdir_path(dir, "stick/holdfast/provision.json.minisig")), 0);
    assert_int_equal(unlink(tempdir_path(dir, "stick/holdfast/recovery.json")), 0);
    hand(dir, &p, again);
    assert_string_equal(id, again);
    assert_file(dir, "dir/in/holdfast/recovery.json", NULL);
    assert_file(dir, "dir/in/holdfast/provision.json.minisig", NULL);
}

static void
assert_group(const char *dir, const char *name, gid_t group)
{
    struct stat st;

    assert_int_equal(stat(tempdir_path(dir, name), &st), 0);
    assert_int_equal(st.st_gid, group);
}

/* Who is not root cannot give a file to another group: then this says little. */
static void
holdfastds_group_gets_what_is_handed_over(void **state)
{
    const char *dir = *state;
    gid_t group = geteuid() == 0 ? 12345 : getegid();
    struct stick_problems p = {.count = 0};
    char id[STICK_ID_SIZE];

    make_stick(dir);
    tempdir_write(dir, "stick/holdfast/provision.json", FILE_TEXT, strlen(FILE_TEXT));
    assert_int_equal(
        stick_hand(tempdir_path(dir, "stick"), tempdir_path(dir, "dir"), group, &p, id, NULL), 0);
    assert_group(dir, "dir", group);
    assert_group(dir, "dir/in/id", group);
    assert_group(dir, "dir/in/holdfast", group);
    assert_group(dir, "dir/in/holdfast/provision.json", group);
}

/* Nothing that is there is touched, and each says what it is. */
static void
assert_problem(const char *dir, const char *says)
{
    HF_AUTO_FREE char *before = read_text(dir, "dir/in/id");
    struct stick_problems p;
    char id[STICK_ID_SIZE];

    hand(dir, &p, id);
    assert_string_equal(id, "");
    if (p.count != 1 || !strstr(p.list[0], says))
        fail_msg("not '%s' but %zu: %s", says, p.count, p.count ? p.list[0] : "");
    assert_file(dir, "dir/in/id", before);
}

static void
bad_sticks_are_named_and_change_nothing(void **state)
{
    const char *dir = *state;
    char *large = calloc(1, HF_PROVISION_FILE_MAX + 2);
    struct stick_problems p;
    char id[STICK_ID_SIZE];

    make_stick(dir);
    assert_problem(dir, "neither holdfast/provision.json");
    tempdir_write(dir, "stick/holdfast/recovery.json", FILE_TEXT, strlen(FILE_TEXT));
    hand(dir, &p, id);
    assert_int_equal(p.count, 0);

    tempdir_write(dir, "secret", "x", 1);
    assert_int_equal(symlink("../../secret", tempdir_path(dir, "stick/holdfast/provision.json")),
                     0);
    assert_problem(dir, "symbolic link");
    assert_int_equal(unlink(tempdir_path(dir, "stick/holdfast/provision.json")), 0);
    assert_int_equal(symlink("provision.json", tempdir_path(dir, "stick/holdfast/provision.json")),
                     0);
    assert_problem(dir, "symbolic link");
    assert_int_equal(unlink(tempdir_path(dir, "stick/holdfast/provision.json")), 0);

    assert_int_equal(mkfifo(tempdir_path(dir, "stick/holdfast/provision.json"), 0600), 0);
    assert_problem(dir, "not a plain file");
    assert_int_equal(unlink(tempdir_path(dir, "stick/holdfast/provision.json")), 0);

    tempdir_write(dir, "stick/holdfast/provision.json", "", 0);
    assert_problem(dir, "empty");
    assert_non_null(large);
    memset(large, ' ', HF_PROVISION_FILE_MAX + 1);
    tempdir_write(dir, "stick/holdfast/provision.json", large, HF_PROVISION_FILE_MAX + 1);
    assert_problem(dir, "larger than");
    assert_int_equal(truncate(tempdir_path(dir, "stick/holdfast/provision.json"), 4294967295), 0);
    assert_problem(dir, "larger than");
    free(large);
}

static void
what_a_wipe_left_is_no_file(void **state)
{
    static const char zeros[100];
    const char *dir = *state;

    make_stick(dir);
    tempdir_write(dir, "stick/holdfast/provision.json", zeros, sizeof zeros);
    assert_problem(dir, "neither holdfast/provision.json");
}

static void
wiping_takes_the_file_away(void **state)
{
    const char *dir = *state;
    struct hf_error err = {0};

    make_stick(dir);
    tempdir_write(dir, "stick/holdfast/provision.json", FILE_TEXT, strlen(FILE_TEXT));
    assert_int_equal(
        link(tempdir_path(dir, "stick/holdfast/provision.json"), tempdir_path(dir, "kept")), 0);
    assert_int_equal(stick_wipe(tempdir_path(dir, "stick"), "provision.json", &err), 0);
    assert_file(dir, "stick/holdfast/provision.json", NULL);
    assert_file(dir, "kept", ""); /* begins with a NUL now */
    assert_int_equal(stick_wipe(tempdir_path(dir, "stick"), "provision.json", &err), 0);
}

/* ---- the answer ---- */

static const char ANSWER[] =
    "{\"id\":\"i1\",\"files\":[{\"file\":\"provision.json\",\"result\":\"refused\",\"errors\":"
    "[{\"line\":3,\"column\":5,\"pointer\":\"/uplink/url\",\"detail\":\"must be "
    "\\u001b[31mhttps\"},"
    "{\"pointer\":\"\",\"detail\":\"and more\"}],\"more\":true},"
    "{\"file\":\"recovery.json\",\"result\":\"applied\",\"errors\":[],\"more\":false}],"
    "\"wipe\":false,\"host\":false,\"bundle\":{\"path\":\"\",\"state\":\"none\",\"detail\":\"\"},"
    "\"gateway\":\"hf-1a2b3c4d\",\"name\":\"press-hall-3\",\"port\":8443,"
    "\"fingerprint\":\"SHA256:AA:BB\",\"addresses\":[\"https://"
    "192.0.2.7:8443\"],\"claimed\":false,\"holdfastd\":\"0.1.0\","
    "\"release\":\"\",\"state\":\"All is well\",\"uplink\":{\"state\":\"away\",\"url\":"
    "\"https://in.example\",\"last_status\":503,\"last_error\":\"no route\"}}";

static struct hf_json *
answer_of(const char *text)
{
    struct hf_json *doc = NULL;
    struct hf_error err = {0};

    if (hf_json_parse(text, strlen(text), &doc, &err) < 0)
        fail_msg("%s", err.message);
    return doc;
}

static void
only_the_answer_about_this_stick_counts(void **state)
{
    const char *dir = *state;
    HF_AUTO(hf_json) struct hf_json *a = NULL, *any = NULL;

    assert_null(stick_answer(dir, "i1"));
    tempdir_write(dir, "stick.json", "{\"id\"", 5);
    assert_null(stick_answer(dir, "i1"));
    tempdir_write(dir, "stick.json", ANSWER, strlen(ANSWER));
    assert_null(stick_answer(dir, "i2"));
    a = stick_answer(dir, "i1");
    any = stick_answer(dir, NULL);
    assert_non_null(a);
    assert_non_null(any);
    assert_false(stick_has_taken(a, "provision.json"));
    assert_true(stick_has_taken(a, "recovery.json"));
    assert_true(stick_is_settled(a));
}

static void
an_answer_is_waited_for_while_it_may_change(void **state)
{
    static const char address[] = "\"https://192.0.2.7:8443\"";
    static const struct {
        const char *uplink, *bundle, *address;
        bool settled;
    } rows[] = {
        {"unset", "none", address, true},    {"delivering", "none", address, true},
        {"away", "ended", address, true},    {"idle", "none", address, false},
        {"unknown", "none", address, false}, {"unset", "waits", address, false},
        {"unset", "comes", address, false},  {"away", "is applied", address, false},
        {"delivering", "none", "", false}, /* nobody could get in by what it says */
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        char text[160];
        HF_AUTO(hf_json) struct hf_json *a = NULL;

        snprintf(text, sizeof text,
                 "{\"bundle\":{\"state\":\"%s\"},\"uplink\":{\"state\":\"%s\"},\"addresses\":[%s]}",
                 rows[i].bundle, rows[i].uplink, rows[i].address);
        a = answer_of(text);
        assert_int_equal(stick_is_settled(a), rows[i].settled);
    }
}

static void
a_person_reads_what_to_do_on_a_phone(void **state)
{
    static const char *const says[] = {
        "HOLDFAST GATEWAY press-hall-3 (hf-1a2b3c4d)\r\n",
        "provision.json: REFUSED. Nothing was changed. Mend this:\r\n",
        "- line 3, column 5: /uplink/url: must be ?[31mhttps\r\n", /* no terminal obeys it */
        "- and more\r\n",
        "- there may be more\r\n",
        "recovery.json: APPLIED.\r\n",
        "Dashboard: https://press-hall-3.local:8443\r\n",
        "       or: https://192.0.2.7:8443\r\n",
        "SHA256:AA:BB\r\n",
        "open the dashboard with the setup code",
        "All is well\r\n",
        "Uplink: https://in.example is away. no route HTTP 503\r\n",
        "Software: holdfastd 0.1.0, release none\r\n",
    };
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(65536);
    HF_AUTO(hf_json) struct hf_json *a = answer_of(ANSWER);
    const struct stick_problems none = {.count = 0};

    (void)state;
    assert_int_equal(stick_report_text(a, &none, &text, NULL), 0);
    for (size_t i = 0; i < HF_LEN(says); i++)
        if (!strstr(text.data, says[i]))
            fail_msg("no '%s' in\n%s", says[i], text.data);
}

static void
both_reports_are_on_the_stick(void **state)
{
    const char *dir = *state;
    HF_AUTO(hf_json) struct hf_json *a = answer_of(ANSWER), *doc = NULL;
    HF_AUTO_FREE char *text = NULL, *json = NULL;
    struct stick_problems p = {.count = 0};
    struct hf_error err = {0};

    make_stick(dir);
    if (stick_report_write(tempdir_path(dir, "stick"), a, &p, &err) < 0)
        fail_msg("%s", err.message);
    text = read_text(dir, "stick/holdfast/report-hf-1a2b3c4d.txt");
    json = read_text(dir, "stick/holdfast/report-hf-1a2b3c4d.json");
    assert_non_null(strstr(text, "REFUSED"));
    doc = answer_of(json);
    assert_string_equal(hf_json_string(doc, "fingerprint"), "SHA256:AA:BB");
    assert_null(hf_json_get(doc, "id"));
    assert_true(hf_json_is_array(hf_json_get(doc, "addresses")));
    /* once more, over those of before; and of a gateway that says nothing */
    stick_problem(&p, "holdfastd has not answered\x1b[2J");
    assert_int_equal(stick_report_write(tempdir_path(dir, "stick"), a, &p, &err), 0);
    assert_int_equal(stick_report_write(tempdir_path(dir, "stick"), NULL, &p, &err), 0);
    free(text);
    text = read_text(dir, "stick/holdfast/report-unknown.txt");
    assert_non_null(strstr(text, "NOTHING WAS CHANGED: holdfastd has not answered?[2J"));
}

static void
a_stick_that_takes_no_report_is_named(void **state)
{
    const char *dir = *state;
    const struct stick_problems none = {.count = 0};
    struct hf_error err = {0};

    assert_int_equal(stick_report_write(tempdir_path(dir, "gone"), NULL, &none, &err), -1);
    assert_non_null(strstr(err.message, "pulled out"));
}

/* ---- udev ---- */

static void
labels_come_from_udev(void **state)
{
    static const char ours[] = "S:disk/by-label/HOLDFAST\nE:ID_FS_LABEL=HOLDFAST\nE:ID_BUS=usb\n";
    static const char other[] = "E:ID_FS_LABEL_ENC=HOLDFAST\nE:ID_FS_LABEL=PHOTOS\x1b\n";
    const char *dir = *state;
    char label[STICK_LABEL_SIZE];

    tempdir_write(dir, "b8:1", ours, sizeof ours - 1);
    tempdir_write(dir, "b8:17", other, sizeof other - 1);
    tempdir_write(dir, "c8:33", ours, sizeof ours - 1); /* no block device */
    stick_label(dir, makedev(8, 1), label);
    assert_string_equal(label, "HOLDFAST");
    stick_label(dir, makedev(8, 17), label);
    assert_string_equal(label, "PHOTOS?");
    stick_label(dir, makedev(8, 33), label);
    assert_string_equal(label, "");
    assert_int_equal(stick_count_labelled(dir, "HOLDFAST"), 1);
    tempdir_write(dir, "b8:33", ours, sizeof ours - 1);
    assert_int_equal(stick_count_labelled(dir, "HOLDFAST"), 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(files_are_handed_over_under_one_name),
        with_tempdir(holdfastds_group_gets_what_is_handed_over),
        with_tempdir(bad_sticks_are_named_and_change_nothing),
        with_tempdir(what_a_wipe_left_is_no_file),
        with_tempdir(wiping_takes_the_file_away),
        with_tempdir(only_the_answer_about_this_stick_counts),
        with_tempdir(an_answer_is_waited_for_while_it_may_change),
        with_tempdir(a_person_reads_what_to_do_on_a_phone),
        with_tempdir(both_reports_are_on_the_stick),
        with_tempdir(a_stick_that_takes_no_report_is_named),
        with_tempdir(labels_come_from_udev),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

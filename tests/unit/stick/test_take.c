// SPDX-License-Identifier: Apache-2.0
/* A stick from the device to the report, with the faults that hardware has when it likes. */
#include "base/clock.h"
#include "base/file.h"
#include "stick/parts.h"
#include "tempdir.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sysmacros.h>

static const char FILE_TEXT[] = "{\"format\":1}";
static const char DEVICE[] = "/dev/sdz1";

/* The one stick of a test: a folder that gets the place of the mount. */
static struct {
    char content[PATH_MAX], mounted_at[PATH_MAX];
    int mount_error; /* an errno; 0: it works */
    bool gone, read_only;
    int finds_left; /* until it is pulled out; -1: it stays */
} hardware;

static int
find(const char *device, dev_t *ret_number, struct hf_error *err)
{
    assert_string_equal(device, DEVICE);
    if (hardware.finds_left == 0)
        hardware.gone = true;
    if (hardware.finds_left > 0)
        hardware.finds_left--;
    if (hardware.gone)
        return hf_error_set(err, HF_ERROR_NOT_FOUND, "'%s' is no block device any more", device);
    *ret_number = makedev(8, 17);
    return 0;
}

static int
mount_it(const char *device, const char *where, gid_t group, struct hf_error *err)
{
    (void)group;
    if (hardware.mount_error)
        return stick_mount_error(err, device, hardware.mount_error);
    assert_int_equal(rmdir(where), 0);
    assert_int_equal(rename(hardware.content, where), 0);
    snprintf(hardware.mounted_at, sizeof hardware.mounted_at, "%s", where);
    return 0;
}

static int
remount(const char *where, bool writable, gid_t group, struct hf_error *err)
{
    (void)group;
    assert_string_equal(where, hardware.mounted_at);
    return writable && hardware.read_only
               ? hf_error_set(err, HF_ERROR_FORBIDDEN, "the stick cannot be written")
               : 0;
}

static void
unmount(const char *where)
{
    if (*hardware.mounted_at)
        assert_int_equal(rename(where, hardware.content), 0);
    hardware.mounted_at[0] = '\0';
}

static const struct stick_media media = {find, mount_it, remount, unmount};

/* ---- a box with a stick in it ---- */

struct box {
    struct stick_options o;
    char dir[PATH_MAX], run[PATH_MAX], udev[PATH_MAX], etc[PATH_MAX];
    char said[16384];
};

static void
label(const struct box *b, const char *device, const char *text)
{
    char line[128];

    snprintf(line, sizeof line, "E:ID_FS_LABEL=%s\n", text);
    tempdir_write(b->udev, device, line, strlen(line));
}

static void
box_open(struct box *b, const char *dir)
{
    memset(b, 0, sizeof *b);
    memset(&hardware, 0, sizeof hardware);
    hardware.finds_left = -1;
    snprintf(hardware.content, sizeof hardware.content, "%s/content", dir);
    snprintf(b->dir, sizeof b->dir, "%s/dir", dir);
    snprintf(b->run, sizeof b->run, "%s/run", dir);
    snprintf(b->udev, sizeof b->udev, "%s/udev", dir);
    snprintf(b->etc, sizeof b->etc, "%s/etc", dir);
    mkdir(b->run, 0755);
    mkdir(b->udev, 0755);
    mkdir(hardware.content, 0755);
    mkdir(tempdir_path(hardware.content, "holdfast"), 0755);
    label(b, "b8:17", "HOLDFAST");
    b->o = (struct stick_options){.device = DEVICE,
                                  .dir = b->dir,
                                  .run = b->run,
                                  .etc = b->etc,
                                  .udev = b->udev,
                                  .media = &media,
                                  .group = getgrgid(getegid())->gr_name,
                                  .patience_s = 60};
}

static void
write_provision(const char *text)
{
    tempdir_write(hardware.content, "holdfast/provision.json", text, strlen(text));
}

/* What holdfastd will say of what is on the stick now. */
static void
will_answer(const struct box *b, const char *result, const char *more)
{
    struct stick_problems none = {.count = 0};
    char id[STICK_ID_SIZE], text[1024];

    mkdir(tempdir_path(b->run, "other"), 0755);
    assert_int_equal(
        stick_hand(hardware.content, tempdir_path(b->run, "other"), (gid_t)-1, &none, id, NULL), 0);
    snprintf(text, sizeof text,
             "{\"id\":\"%s\",\"gateway\":\"hf-1a2b3c4d\",\"files\":[{\"file\":\"provision.json\","
             "\"result\":\"%s\",\"errors\":[]}],\"addresses\":[\"https://192.0.2.7\"],%s}",
             id, result, more);
    tempdir_write(b->run, "stick.json", text, strlen(text));
}

#define SETTLED "\"uplink\":{\"state\":\"unset\"}"
#define WAITS "\"uplink\":{\"state\":\"idle\"}"

/* 0, and what the console has. */
static int
take(struct box *b, const char **ret_said)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(sizeof b->said);
    struct hf_error err = {0};
    const char *path = tempdir_path(b->run, "console");
    int before = dup(STDERR_FILENO), fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int rc;

    assert_true(fd >= 0);
    fflush(stderr);
    dup2(fd, STDERR_FILENO);
    rc = stick_take(&b->o, &err);
    fflush(stderr);
    dup2(before, STDERR_FILENO);
    close(before);
    close(fd);
    assert_int_equal(hf_file_read(tempdir_path(b->run, "console"), &text, NULL), 0);
    snprintf(b->said, sizeof b->said, "%s%s", text.data ? text.data : "",
             rc < 0 ? err.message : ""); /* as main() says it */
    *ret_said = b->said;
    return rc;
}

static void
assert_says(const char *text, const char *wanted)
{
    if (!text || !strstr(text, wanted))
        fail_msg("no '%s' in: %s", wanted, text ? text : "nothing");
}

static void
assert_report(const char *gateway, const char *wanted)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(65536);
    char name[64];

    snprintf(name, sizeof name, "holdfast/report-%s.txt", gateway);
    if (!wanted) {
        assert_int_equal(access(tempdir_path(hardware.content, name), F_OK), -1);
        return;
    }
    assert_int_equal(hf_file_read(tempdir_path(hardware.content, name), &text, NULL), 0);
    assert_says(text.data, wanted);
}

static void
assert_nothing_is_handed_over(const struct box *b)
{
    assert_int_equal(access(tempdir_path(b->dir, "in"), F_OK), -1);
}

/* ---- tests ---- */

static void
a_good_stick_has_a_report(void **state)
{
    const char *said;
    struct box b;

    box_open(&b, *state);
    write_provision(FILE_TEXT);
    will_answer(&b, "applied", SETTLED);
    assert_int_equal(take(&b, &said), 0);
    assert_says(said, "provision.json: applied");
    assert_report("hf-1a2b3c4d", "provision.json: APPLIED");
    assert_string_equal(hardware.mounted_at, "");
}

static void
another_label_is_named_and_left_alone(void **state)
{
    const char *said;
    struct box b;

    box_open(&b, *state);
    label(&b, "b8:17", "PHOTOS");
    write_provision(FILE_TEXT);
    hardware.mount_error = ENOMEM; /* it must not come to that */
    assert_int_equal(take(&b, &said), 0);
    assert_says(said,
                "a stick with the label 'PHOTOS' is not looked at: its label must be HOLDFAST");
    assert_report("unknown", NULL);
    assert_nothing_is_handed_over(&b);
}

static void
of_two_sticks_none_is_taken(void **state)
{
    const char *said;
    struct box b;

    box_open(&b, *state);
    label(&b, "b8:33", "HOLDFAST");
    write_provision(FILE_TEXT);
    assert_int_equal(take(&b, &said), 0);
    assert_says(said, "there are several sticks with the label HOLDFAST: leave one in");
    assert_report("unknown", "NOTHING WAS CHANGED: there are several sticks");
    assert_nothing_is_handed_over(&b);
}

static void
one_comes_while_another_is_read(void **state)
{
    const char *said;
    struct box b;
    int held;

    box_open(&b, *state);
    write_provision(FILE_TEXT);
    mkdir(b.dir, 0755);
    held = open(tempdir_path(b.dir, "lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(flock(held, LOCK_EX), 0);
    assert_int_equal(take(&b, &said), -1);
    assert_says(said, "another stick is being read: pull one out");
    assert_nothing_is_handed_over(&b);
    close(held);
}

static void
a_fat_that_cannot_be_read_is_named(void **state)
{
    static const int errors[] = {EINVAL, EIO, ENXIO, ENOTBLK};
    const char *said;
    struct box b;

    for (size_t i = 0; i < HF_LEN(errors); i++) {
        box_open(&b, *state);
        write_provision(FILE_TEXT);
        hardware.mount_error = errors[i];
        assert_int_equal(take(&b, &said), -1);
        assert_says(said, "'/dev/sdz1' cannot be read as FAT");
        assert_says(said, "format the stick anew as FAT with the label HOLDFAST");
        assert_nothing_is_handed_over(&b);
    }
    hardware.mount_error = ENODEV;
    assert_int_equal(take(&b, &said), -1);
    assert_says(said, "this kernel knows no vfat");
}

static void
one_that_was_pulled_out_before_it_is_read_is_named(void **state)
{
    const char *said;
    struct box b;

    box_open(&b, *state);
    hardware.gone = true;
    assert_int_equal(take(&b, &said), 0);
    assert_says(said, "'/dev/sdz1' is no block device any more");
    assert_nothing_is_handed_over(&b);
}

/* The first look is the one before it is mounted. Nobody waits for a minute for what cannot be
 * written down. */
static void
one_that_is_pulled_out_holds_up_no_other(void **state)
{
    int64_t begin_ms = hf_clock_mono_ms();
    const char *said;
    struct box b;

    box_open(&b, *state);
    write_provision(FILE_TEXT);
    will_answer(&b, "applied", WAITS);
    hardware.finds_left = 1;
    assert_int_equal(take(&b, &said), 0);
    assert_says(said, "provision.json: applied");
    assert_says(said, "the stick was pulled out: its report does not say how it went on");
    assert_true(hf_clock_mono_ms() - begin_ms < 30000);
}

static void
a_stick_that_cannot_be_written_is_taken_all_the_same(void **state)
{
    const char *said;
    struct box b;

    box_open(&b, *state);
    write_provision(FILE_TEXT);
    will_answer(&b, "applied", SETTLED);
    hardware.read_only = true;
    assert_int_equal(take(&b, &said), 0);
    assert_says(said, "provision.json: applied");
    assert_says(said, "no report could be written: the stick cannot be written");
    assert_report("hf-1a2b3c4d", NULL);
}

static void
what_the_host_did_not_take_is_in_the_report(void **state)
{
    const char *said;
    struct box b;

    box_open(&b, *state);
    write_provision("{\"format\":1,\"time\":{\"zone\":\"Mars/Base\"}}");
    will_answer(&b, "applied", "\"host\":true," SETTLED);
    assert_int_equal(take(&b, &said), 0);
    assert_says(said, "Mars/Base");
    assert_report("hf-1a2b3c4d", "OF THE HOST NOT ALL WAS SET: /time/zone: this system knows no");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(a_good_stick_has_a_report),
        with_tempdir(another_label_is_named_and_left_alone),
        with_tempdir(of_two_sticks_none_is_taken),
        with_tempdir(one_comes_while_another_is_read),
        with_tempdir(a_fat_that_cannot_be_read_is_named),
        with_tempdir(one_that_was_pulled_out_before_it_is_read_is_named),
        with_tempdir(one_that_is_pulled_out_holds_up_no_other),
        with_tempdir(a_stick_that_cannot_be_written_is_taken_all_the_same),
        with_tempdir(what_the_host_did_not_take_is_in_the_report),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

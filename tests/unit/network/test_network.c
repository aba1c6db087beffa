// SPDX-License-Identifier: Apache-2.0
/* holdfast-network from the request to the files of systemd, with power that goes at any step. */
#include "base/file.h"
#include "network/parts.h"
#include "provision/ask.h"
#include "provision/host.h"
#include "tempdir.h"

#include <fcntl.h>
#include <sys/wait.h>

/* ---- power that goes before a change of a folder ---- */

enum { CUT = 42 };
static int changes_left = -1; /* -1: it stays */

static void
count_change(void)
{
    if (changes_left == 0)
        _exit(CUT);
    if (changes_left > 0)
        changes_left--;
}

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int
__wrap_rename(const char *from, const char *to)
{
    count_change();
    return __real_rename(from, to);
}

int __real_unlink(const char *path);
int __wrap_unlink(const char *path);
int
__wrap_unlink(const char *path)
{
    count_change();
    return __real_unlink(path);
}

/* ---- a host ---- */

struct host {
    struct network_options o;
    char run[PATH_MAX], state[PATH_MAX], out[PATH_MAX], etc[PATH_MAX], root[PATH_MAX];
};

static void
make_link(struct host *h, const char *name, const char *index, const char *admin)
{
    const char *dir = tempdir_path(tempdir_path(h->root, "sys/class/net"), name);
    char text[64];

    assert_int_equal(hf_file_mkdirs(dir, 0755, NULL), 0);
    snprintf(text, sizeof text, "%s\n", index);
    tempdir_write(dir, "ifindex", text, strlen(text));
    dir = tempdir_path(h->root, "run/systemd/netif/links");
    assert_int_equal(hf_file_mkdirs(dir, 0755, NULL), 0);
    snprintf(text, sizeof text, "# by systemd\nADMIN_STATE=%s\nOPER_STATE=x\n", admin);
    tempdir_write(dir, index, text, strlen(text));
}

static void
make_host(struct host *h, const char *dir)
{
    snprintf(h->run, sizeof h->run, "%s/run", dir);
    snprintf(h->state, sizeof h->state, "%s/state", dir);
    snprintf(h->out, sizeof h->out, "%s/out", dir);
    snprintf(h->etc, sizeof h->etc, "%s/etc", dir);
    snprintf(h->root, sizeof h->root, "%s/root", dir);
    mkdir(h->run, 0755);
    h->o = (struct network_options){.run = h->run,
                                    .state = h->state,
                                    .out = h->out,
                                    .etc = h->etc,
                                    .root = h->root,
                                    .trial_s = 1};
    make_link(h, "eth7", "7", "configured");
    make_link(h, "eth8", "8", "unmanaged");
}

static void
ask(struct host *h, const char *text)
{
    tempdir_write(h->run, "network.json", text, strlen(text));
}

static void
run_to_its_end(struct host *h)
{
    struct hf_error err = {0};

    if (network_run(&h->o, &err) < 0)
        fail_msg("%s", err.message);
}

/* In a process of its own, which a test ends or lets end. */
static pid_t
run_beside(struct host *h)
{
    pid_t child = fork();

    if (child == 0)
        _exit(network_run(&h->o, NULL) == 0 ? 0 : 1);
    return child;
}

static struct hf_json *
told(const struct host *h)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(65536);
    struct hf_json *doc = NULL;

    if (hf_file_read(tempdir_path(h->out, "state.json"), &text, NULL) < 0 ||
        hf_json_parse(text.data, text.len, &doc, NULL) < 0)
        return NULL;
    return doc;
}

static void
wait_for_trial(const struct host *h, const char *id)
{
    for (int i = 0; i < 6000; i++) {
        HF_AUTO(hf_json) struct hf_json *doc = told(h);
        const char *trial = hf_json_string(doc, "trial");

        if (trial && strcmp(trial, id) == 0)
            return;
        usleep(10000);
    }
    fail_msg("'%s' was never on trial", id);
}

static const char *
refusal(const struct host *h)
{
    static char text[512];
    HF_AUTO(hf_json) struct hf_json *doc = told(h);

    snprintf(text, sizeof text, "%s", doc ? hf_json_string(doc, "refused") : "nothing was told");
    return text;
}

static bool
has_address(const struct host *h, const char *address)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(65536);

    return hf_file_read(tempdir_path(h->etc, "systemd/network/20-holdfast-1-eth7.network"), &text,
                        NULL) == 0 &&
           strstr(text.data, address);
}

static bool
is_on_trial(const struct host *h)
{
    struct network_state s;
    bool on;

    network_state_load(h->state, &s);
    on = *s.trial.id;
    network_state_done(&s);
    return on;
}

#define FIRST                                                                                      \
    "{\"id\":\"a\",\"do\":\"change\",\"network\":{\"interfaces\":[{\"name\":\"eth7\",\"address\":" \
    "\"192.0.2.10/24\"}]}}"
#define SECOND                                                                                     \
    "{\"id\":\"b\",\"do\":\"change\",\"network\":{\"interfaces\":[{\"name\":\"eth7\",\"address\":" \
    "\"192.0.2.20/24\"}]}}"

static void
keep_first(struct host *h)
{
    pid_t child;
    int status;

    h->o.trial_s = 600;
    ask(h, FIRST);
    child = run_beside(h);
    wait_for_trial(h, "a");
    ask(h, "{\"id\":\"c\",\"do\":\"confirm\",\"trial\":\"a\"}");
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    h->o.trial_s = 1;
}

/* ---- tests ---- */

static void
after_a_reset_nobody_logs_in(void **state)
{
    struct host h;
    char keys[PATH_MAX];

    make_host(&h, *state);
    keep_first(&h);
    snprintf(keys, sizeof keys, "%s", tempdir_path(h.etc, "holdfast/ssh_keys"));
    mkdir(tempdir_path(h.etc, "holdfast"), 0755);
    tempdir_write(h.etc, "holdfast/ssh_keys", "k", 1);
    tempdir_write(h.etc, "holdfast/holdfastd.conf", "c", 1);
    for (int i = 0; i < 2; i++) { /* once more where the answer did not come through */
        ask(&h, i ? "{\"id\":\"g\",\"do\":\"forget\"}" : "{\"id\":\"f\",\"do\":\"forget\"}");
        run_to_its_end(&h);
        assert_string_equal(refusal(&h), "");
        assert_int_equal(access(keys, F_OK), -1);
    }
    assert_true(has_address(&h, "192.0.2.10")); /* the way to the box stays */
    assert_int_equal(access(tempdir_path(h.etc, "holdfast/holdfastd.conf"), F_OK), 0);
}

/* Only a stick says who may. */
static void
holdfastd_lets_nobody_log_in(void **state)
{
    struct host h;

    make_host(&h, *state);
    ask(&h, "{\"id\":\"a\",\"do\":\"change\",\"ssh\":{\"keys\":[]}}");
    run_to_its_end(&h);
    assert_non_null(strstr(refusal(&h), "/ssh"));
    ask(&h, "{\"id\":\"b\",\"do\":\"forget\",\"ssh\":{\"keys\":[]}}");
    run_to_its_end(&h);
    assert_non_null(strstr(refusal(&h), "/ssh"));
    assert_int_equal(access(tempdir_path(h.etc, "holdfast/ssh_keys"), F_OK), -1);
}

static void
a_change_that_is_confirmed_stays(void **state)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct host h;

    make_host(&h, *state);
    keep_first(&h);
    assert_true(has_address(&h, "192.0.2.10/24"));
    assert_false(is_on_trial(&h));
    doc = told(&h);
    assert_string_equal(hf_json_string(doc, "last"), "a");
    assert_true(hf_json_bool(doc, "kept", false));
    assert_string_equal(
        hf_json_string(hf_json_first(hf_json_get(hf_json_get(doc, "network"), "interfaces")),
                       "address"),
        "192.0.2.10/24");
}

static void
one_that_nobody_confirms_is_taken_back(void **state)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct host h;

    make_host(&h, *state);
    keep_first(&h);
    tempdir_write(tempdir_path(h.etc, "systemd/network"), "10-somebody.network", "[Match]", 7);
    ask(&h, SECOND);
    run_to_its_end(&h); /* with its second */
    assert_true(has_address(&h, "192.0.2.10/24"));
    assert_false(is_on_trial(&h));
    assert_int_equal(access(tempdir_path(h.etc, "systemd/network/10-somebody.network"), F_OK), 0);
    doc = told(&h);
    assert_string_equal(hf_json_string(doc, "last"), "b");
    assert_false(hf_json_bool(doc, "kept", true));
}

/* A slip that shut somebody out, and the stick that mends it. */
static void
what_a_stick_sets_meanwhile_stays(void **state)
{
    static const char wants[] = "{\"interfaces\":[{\"name\":\"eth7\",\"address\":"
                                "\"203.0.113.9/24\"}]}";
    HF_AUTO(hf_json) struct hf_json *network = NULL;
    bool changed = false;
    struct host h;
    pid_t child;

    make_host(&h, *state);
    keep_first(&h);
    assert_int_equal(hf_json_parse(wants, strlen(wants), &network, NULL), 0);
    ask(&h, SECOND);
    child = run_beside(&h);
    wait_for_trial(&h, "b");
    assert_int_equal(hf_host_put_network(network, h.etc, &changed, NULL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_false(is_on_trial(&h));
    assert_true(has_address(&h, "203.0.113.9/24"));
}

/* Also from nothing: then nothing of ours is left. */
static void
the_first_one_goes_whole(void **state)
{
    struct host h;

    make_host(&h, *state);
    ask(&h, FIRST);
    run_to_its_end(&h);
    assert_false(has_address(&h, ""));
    assert_int_not_equal(
        access(tempdir_path(h.etc, "systemd/network/20-holdfast-network.json"), F_OK), 0);
}

static void
what_is_refused_changes_nothing(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"{\"id\":\"1\",\"do\":\"change\",\"network\":{\"interfaces\":[{\"name\":\"eth8\"}]}}",
         "'eth8' is managed elsewhere"},
        {"{\"id\":\"2\",\"do\":\"change\",\"network\":{\"interfaces\":[{\"name\":\"eth9\"}]}}",
         "there is no interface 'eth9'"},
        {"{\"id\":\"3\",\"do\":\"change\",\"network\":{\"interfaces\":[{\"name\":\"../x\"}]}}",
         "must be the name of an interface"},
        {"{\"id\":\"4\",\"do\":\"change\",\"network\":{\"interfaces\":[{\"name\":\"eth7\","
         "\"address\":\"192.0.2.1\\n[Network]\"}]}}",
         "must be an address"},
        {"{\"id\":\"5\",\"do\":\"change\",\"time\":{\"zone\":\"Moon/Sea\"}}", "no time zone"},
        {"{\"id\":\"6\",\"do\":\"confirm\",\"trial\":\"a\"}", "no such change"},
        {"{\"id\":\"7\",\"do\":\"reboot\"}", "must be change, confirm or forget"},
        {"{\"id\":\"8\",\"do\":\"change\",\"exec\":\"x\"}", "unknown field"},
    };
    struct host h;

    make_host(&h, *state);
    keep_first(&h);
    for (size_t i = 0; i < HF_LEN(cases); i++) {
        ask(&h, cases[i].text);
        run_to_its_end(&h);
        if (!strstr(refusal(&h), cases[i].why))
            fail_msg("%s: %s", cases[i].text, refusal(&h));
        assert_true(has_address(&h, "192.0.2.10/24"));
    }
    assert_int_equal(unlink(tempdir_path(h.run, "network.json")), 0);
    assert_int_equal(symlink("/etc/passwd", tempdir_path(h.run, "network.json")), 0);
    run_to_its_end(&h);
    assert_non_null(strstr(refusal(&h), "unknown field")); /* it was not looked at */
}

/* Else it would count beside the new one, or on the way back beside the old one. */
static void
what_cannot_be_removed_is_said(void **state)
{
    static const char wants[] = "{\"interfaces\":[{\"name\":\"eth7\"}]}";
    const char *dir = tempdir_path(*state, "systemd/network/20-holdfast-1-eth9.network");
    HF_AUTO(hf_json) struct hf_json *network = NULL, *files = hf_json_object();
    struct hf_error err = {0};
    bool changed = false;

    assert_int_equal(hf_json_parse(wants, strlen(wants), &network, &err), 0);
    assert_int_equal(hf_file_mkdirs(dir, 0755, NULL), 0);
    assert_int_equal(hf_host_put_network(network, *state, &changed, &err), -1);
    assert_non_null(strstr(err.message, "cannot remove"));
    assert_int_equal(hf_host_restore_network(files, *state, &changed, &err), -1);
    assert_non_null(strstr(err.message, "cannot remove"));
}

static void
while_one_is_on_trial_no_other_is_begun(void **state)
{
    struct host h;
    pid_t child;
    int status;

    make_host(&h, *state);
    h.o.trial_s = 600;
    ask(&h, FIRST);
    child = run_beside(&h);
    wait_for_trial(&h, "a");
    ask(&h, SECOND);
    for (int i = 0; i < 6000 && !strstr(refusal(&h), "another change"); i++)
        usleep(10000);
    assert_non_null(strstr(refusal(&h), "another change is on trial"));
    assert_true(has_address(&h, "192.0.2.10/24"));
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
}

/* The unit starts it again; the boot is the same, so the trial goes on. */
static void
one_that_is_killed_goes_on(void **state)
{
    struct host h;
    pid_t child;
    int status;

    make_host(&h, *state);
    h.o.trial_s = 600;
    ask(&h, FIRST);
    child = run_beside(&h);
    wait_for_trial(&h, "a");
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    child = run_beside(&h);
    ask(&h, "{\"id\":\"c\",\"do\":\"confirm\",\"trial\":\"a\"}");
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(has_address(&h, "192.0.2.10/24"));
    assert_false(is_on_trial(&h));
}

/* As after a power cut: another boot. */
static void
next_boot(struct host *h)
{
    struct network_state s;

    network_state_load(h->state, &s);
    if (*s.trial.id) {
        snprintf(s.trial.boot, sizeof s.trial.boot, "another");
        assert_int_equal(network_state_save(h->state, &s, NULL), 0);
    }
    network_state_done(&s);
    h->o.boot = true;
    run_to_its_end(h);
    h->o.boot = false;
}

static void
a_cut_at_any_step_ends_in_one_of_two(void **state)
{
    int first = 0, nothing = 0;

    for (int change = 0;; change++) {
        char name[32];
        const char *dir;
        struct host h;
        pid_t child;
        int status;

        snprintf(name, sizeof name, "%d", change);
        dir = tempdir_path(*state, name);
        assert_int_equal(mkdir(dir, 0700), 0);
        make_host(&h, dir);
        ask(&h, FIRST);
        child = fork();
        if (child == 0) {
            changes_left = change;
            _exit(network_run(&h.o, NULL) == 0 ? 0 : 1); /* put, and taken back after a second */
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        if (WEXITSTATUS(status) == CUT && is_on_trial(&h))
            first++;
        else
            nothing++;
        next_boot(&h);
        assert_false(is_on_trial(&h));
        assert_false(has_address(&h, ""));
        assert_int_not_equal(
            access(tempdir_path(h.etc, "systemd/network/20-holdfast-network.json"), F_OK), 0);
        if (WEXITSTATUS(status) == 0)
            break;
    }
    print_message("cut %d times on trial, %d times not\n", first, nothing);
    assert_true(first > 2 && nothing > 1);
}

static void
the_time_is_set_at_once(void **state)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    const struct hf_json *time;
    struct host h;

    make_host(&h, *state);
    ask(&h,
        "{\"id\":\"a\",\"do\":\"change\",\"time\":{\"zone\":\"UTC\",\"servers\":[\"ntp.example\","
        "\"192.0.2.1\"]}}");
    run_to_its_end(&h);
    assert_string_equal(refusal(&h), "");
    assert_false(is_on_trial(&h));
    doc = told(&h);
    time = hf_json_get(doc, "time");
    assert_string_equal(hf_json_string(time, "zone"), "UTC");
    assert_int_equal(hf_json_count(hf_json_get(time, "servers")), 2);
    assert_string_equal(hf_json_as_string(hf_json_first(hf_json_get(time, "servers"))),
                        "ntp.example");
    ask(&h, "{\"id\":\"none\",\"do\":\"change\",\"time\":{\"servers\":[]}}");
    run_to_its_end(&h);
    assert_string_equal(refusal(&h), "");
    assert_int_not_equal(
        access(tempdir_path(h.etc, "systemd/timesyncd.conf.d/20-holdfast-1.conf"), F_OK), 0);
}

static void
who_came_by_the_new_address(void **state)
{
    static const struct {
        const char *network, *before, *local;
        bool confirms;
    } rows[] = {
        {"{\"interfaces\":[{\"address\":\"192.0.2.10/24\"}]}", NULL, "192.0.2.10", true},
        {"{\"interfaces\":[{\"address\":\"192.0.2.10/24\"}]}", NULL, "::ffff:192.0.2.10", true},
        {"{\"interfaces\":[{\"address\":\"192.0.2.10/24\"}]}", NULL, "192.0.2.100", false},
        {"{\"interfaces\":[{\"address\":\"192.0.2.10/24\"}]}", NULL, "127.0.0.1", false},
        {"{\"interfaces\":[{\"address\":\"192.0.2.10/24\"}]}", NULL, "", false},
        {"{\"interfaces\":[{\"address\":\"2001:db8::1/64\"}]}", NULL, "2001:DB8:0::1", true},
        {"{\"interfaces\":[{}]}", "{\"interfaces\":[{\"address\":\"192.0.2.10/24\"}]}",
         "192.0.2.10", false},
        {"{\"interfaces\":[{}]}", "{\"interfaces\":[{\"address\":\"192.0.2.10/24\"}]}",
         "192.0.2.77", true},
        {"{\"interfaces\":[{}]}", NULL, "192.0.2.77", true},
        {"{\"interfaces\":[{}]}", NULL, "::1", false},
        {"{\"interfaces\":[{}]}", NULL, "::ffff:127.0.0.1", false},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        HF_AUTO(hf_json) struct hf_json *network = NULL;
        HF_AUTO(hf_json) struct hf_json *before = NULL;

        assert_int_equal(hf_json_parse(rows[i].network, strlen(rows[i].network), &network, NULL),
                         0);
        if (rows[i].before)
            assert_int_equal(hf_json_parse(rows[i].before, strlen(rows[i].before), &before, NULL),
                             0);
        if (hf_host_confirms(network, before, rows[i].local) != rows[i].confirms)
            fail_msg("%s by %s", rows[i].network, rows[i].local);
    }
}

/* Whoever asked was told that nothing came of it. */
static void
what_nobody_answers_is_not_done_later(void **state)
{
    static const char wants[] = "{\"do\":\"change\",\"time\":{\"servers\":[\"ntp.example\"]}}";
    HF_AUTO(hf_json) struct hf_json *request = NULL, *answer = NULL;
    struct hf_error err = {0};
    struct host h;

    make_host(&h, *state);
    assert_int_equal(hf_json_parse(wants, strlen(wants), &request, NULL), 0);
    assert_int_equal(hf_host_ask(&(struct hf_host_hand){h.run, h.out, 200}, request, &answer, &err),
                     -1);
    assert_int_equal(err.class, HF_ERROR_UNAVAILABLE);
    run_to_its_end(&h);
    assert_int_not_equal(
        access(tempdir_path(h.etc, "systemd/timesyncd.conf.d/20-holdfast-1.conf"), F_OK), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(after_a_reset_nobody_logs_in),
        with_tempdir(holdfastd_lets_nobody_log_in),
        with_tempdir(a_change_that_is_confirmed_stays),
        with_tempdir(one_that_nobody_confirms_is_taken_back),
        with_tempdir(what_a_stick_sets_meanwhile_stays),
        with_tempdir(the_first_one_goes_whole),
        with_tempdir(what_is_refused_changes_nothing),
        with_tempdir(what_cannot_be_removed_is_said),
        with_tempdir(while_one_is_on_trial_no_other_is_begun),
        with_tempdir(one_that_is_killed_goes_on),
        with_tempdir(a_cut_at_any_step_ends_in_one_of_two),
        with_tempdir(the_time_is_set_at_once),
        with_tempdir(who_came_by_the_new_address),
        with_tempdir(what_nobody_answers_is_not_done_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
/* A release that brings holdfastd: asked for, tried, put back. holdfast-update is this test. */
#include "upgradekit.h"

#include "base/file.h"
#include "model/daemon.h"
#include "model/sha256.h"
#include "sign.h"

#include <fcntl.h>
#include <sys/stat.h>

#define NEXT "9.9.9"
#define PACKAGE "9.9.9-1~deb13u1"

static const char package[] = "a package";
static struct signer signer;

struct daemon_box {
    struct box box; /* first: what the kit knows */
    char answers[64];
    char release[8192], signature[SIGN_TEXT_SIZE];
    char id[HF_DIGEST_TEXT_SIZE];
};

/* "two", with holdfastd in it; min is what it needs. */
static void
bring(struct daemon_box *d, const char *min)
{
    static const char at[] = "\"format\":1,";
    const char *rest = strstr(two, at);
    char digest[HF_DIGEST_SIZE];
    const char *counter_end = strstr(two, ",\"format\"");
    char text[sizeof d->release];

    hf_sha256_of(package, strlen(package), digest);
    snprintf(text, sizeof text,
             "%.*s,\"daemon\":{\"platforms\":{\"%s\":{\"debian13\":{\"digest\":\"%s\",\"package\":"
             "\"" PACKAGE "\",\"size\":%zu}}},\"version\":\"" NEXT "\"},%s",
             (int)(counter_end - two), two, hf_release_platform(), digest, strlen(package), rest);
    /* min_holdfastd is the member after the next one */
    {
        char *found = strstr(text, "\"min_holdfastd\":\"0.1.0\"");

        assert_non_null(found);
        snprintf(d->release, sizeof d->release, "%.*s\"min_holdfastd\":\"%s\"%s",
                 (int)(found - text), text, min, found + strlen("\"min_holdfastd\":\"0.1.0\""));
    }
    signer_sign(&signer, d->release, d->signature);
}

static int
setup_daemon(void **state)
{
    struct daemon_box *d = calloc(1, sizeof *d);
    void *b = NULL;
    char command[128];

    assert_int_equal(setup(&b), 0);
    d->box = *(struct box *)b;
    free(b);
    snprintf(d->answers, sizeof d->answers, "%s/answers", d->box.dir);
    snprintf(command, sizeof command, "mkdir %s", d->answers);
    assert_int_equal(system(command), 0); // NOLINT(cert-env33-c): a fixed command on our folder
    d->box.update_dir = d->answers;
    d->box.system = "debian13";
    assert_true(sodium_init() >= 0);
    signer_init(&signer);
    pthread_mutex_init(&d->box.engine.lock, NULL);
    d->box.engine.document_text = package;
    *state = d;
    return 0;
}

static void
begin_daemon(struct daemon_box *d, const char *min)
{
    struct hf_known_release known;
    struct hf_error err;
    char keys[256];

    begin_box(&d->box);
    snprintf(keys, sizeof keys, "{\"release_keys\":[\"%s\"]}", signer.key);
    configure(&d->box, keys);
    bring(d, min);
    if (hf_core_add_release(d->box.core, d->release, d->signature, "admin", &known, &err) < 0)
        fail_msg("%s", err.message);
    memcpy(d->id, known.release.id, sizeof d->id);
}

static bool
has_request(struct box *b, const struct hf_snapshot *s)
{
    char path[128];

    snprintf(path, sizeof path, "%s/daemon/request.json", b->dir);
    return s->upgrade.record.state == HF_UPGRADE_INSTALLING && access(path, F_OK) == 0;
}

static void
say(struct daemon_box *d, enum hf_daemon_state state, const char *reason)
{
    struct hf_daemon_progress p = {.state = state, .version = NEXT, .from = "1", .to = PACKAGE};
    HF_AUTO_FREE char *text = NULL;
    char path[128];

    memcpy(p.operation, asked, sizeof p.operation);
    hf_text_put(p.reason, sizeof p.reason, "%s", reason);
    snprintf(path, sizeof path, "%s/state.json", d->answers);
    assert_int_equal(hf_daemon_progress_print(&p, &text, NULL), 0);
    assert_int_equal(hf_file_replace(path, text, strlen(text), 0644, (uid_t)-1, (gid_t)-1, NULL),
                     0);
}

static bool
read_word(struct box *b, struct hf_daemon_word *w)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_DAEMON_TEXT_MAX);
    char path[128];

    snprintf(path, sizeof path, "%s/daemon/word.json", b->dir);
    return hf_file_read(path, &text, NULL) == 0 &&
           hf_daemon_word_parse(text.data, text.len, w, NULL) == 0 &&
           strcmp(w->operation, asked) == 0;
}

static enum hf_daemon_mood
mood_of(struct box *b)
{
    struct hf_daemon_word w;

    return read_word(b, &w) ? w.mood : HF_DAEMON_MOOD_COUNT;
}

static bool
says_well(struct box *b, const struct hf_snapshot *s)
{
    (void)s;
    return mood_of(b) == HF_DAEMON_WELL;
}

static bool
says_something(struct box *b, const struct hf_snapshot *s)
{
    (void)s;
    return mood_of(b) != HF_DAEMON_MOOD_COUNT;
}

static unsigned
touched(struct box *b)
{
    unsigned n;

    FAKE_LOCKED(&b->engine, n = b->engine.creates + b->engine.stops + b->engine.removes);
    return n;
}

/* As holdfast-update does: another holdfastd on the same state. */
static void
become(struct daemon_box *d, const char *version)
{
    end(&d->box);
    d->box.version = version;
    start_with(&d->box, NULL);
}

static void
it_is_asked_for_when_all_is_here(void **state)
{
    struct daemon_box *d = *state;
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_DAEMON_REQUEST_MAX);
    HF_AUTO_BUF struct hf_buf file = HF_BUF_INIT(1024);
    struct hf_daemon_request r;
    struct hf_plan plan;
    struct hf_error err;
    char path[192], digest[HF_DIGEST_SIZE];
    unsigned before;

    begin_daemon(d, NEXT);
    assert_int_equal(hf_core_plan(d->box.core, d->id, &plan, &err), 0);
    assert_int_equal(plan.obstacle_count, 0);
    assert_true(plan.daemon_installs && !plan.daemon_present);
    assert_string_equal(plan.daemon.version, NEXT);
    assert_string_equal(plan.daemon.package, PACKAGE);
    assert_false(has_warning(&plan, HF_WARNING_DAEMON_STAYS));
    before = touched(&d->box);
    apply(&d->box, d->id);
    wait_in(&d->box, has_request);
    snprintf(path, sizeof path, "%s/daemon/request.json", d->box.dir);
    assert_int_equal(hf_file_read(path, &text, NULL), 0);
    assert_int_equal(hf_daemon_request_parse(text.data, text.len, &r, NULL), 0);
    assert_string_equal(r.operation, asked);
    assert_string_equal(r.release, d->release);
    assert_string_equal(r.signature, d->signature);
    hf_daemon_request_done(&r);
    hf_sha256_of(package, strlen(package), digest);
    snprintf(path, sizeof path, "%s/daemon/%s.deb", d->box.dir, digest + strlen("sha256:"));
    assert_int_equal(hf_file_read(path, &file, NULL), 0);
    assert_string_equal(file.data, package);
    assert_int_equal(touched(&d->box), before);
    runs_one(&d->box);
}

static void
installed_it_goes_on_with_the_services(void **state)
{
    struct daemon_box *d = *state;
    unsigned before;

    begin_daemon(d, NEXT);
    before = touched(&d->box);
    apply(&d->box, d->id);
    wait_in(&d->box, has_request);
    say(d, HF_DAEMON_TRIAL, "");
    become(d, NEXT);
    wait_in(&d->box, says_well);
    assert_int_equal(touched(&d->box), before); /* not a service before it is decided */
    runs_one(&d->box);
    say(d, HF_DAEMON_INSTALLED, "");
    ended(&d->box, HF_UPGRADE_COMMITTED, "two");
    runs_two(&d->box);
}

static void
goes_back(struct daemon_box *d, const char *reason)
{
    const struct hf_snapshot *s;

    ended(&d->box, HF_UPGRADE_ROLLED_BACK, "one");
    s = hf_core_snapshot(d->box.core);
    if (!strstr(s->upgrade.record.reason, reason))
        fail_msg("'%s', not '%s'", s->upgrade.record.reason, reason);
    hf_snapshot_unref(s);
    runs_one(&d->box);
}

static void
refused_nothing_has_happened(void **state)
{
    struct daemon_box *d = *state;
    unsigned before;

    begin_daemon(d, NEXT);
    before = touched(&d->box);
    apply(&d->box, d->id);
    wait_in(&d->box, has_request);
    say(d, HF_DAEMON_REFUSED, "no such key");
    goes_back(d, "holdfastd " NEXT " was not installed: no such key");
    assert_int_equal(touched(&d->box), before);
}

static void
pain_19_put_back_it_says_why(void **state)
{
    struct daemon_box *d = *state;
    struct hf_operation op;
    struct hf_error err;

    begin_daemon(d, NEXT);
    apply(&d->box, d->id);
    wait_in(&d->box, has_request);
    say(d, HF_DAEMON_TRIAL, "");
    assert_int_equal(hf_core_roll_back(d->box.core, "admin", &op, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    become(d, NEXT);
    wait_in(&d->box, says_something);
    assert_int_equal(hf_core_roll_back(d->box.core, "admin", &op, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    say(d, HF_DAEMON_PUT_BACK, "it said nothing");
    become(d, NULL);
    goes_back(d, "holdfastd " NEXT " was put back: it said nothing");
}

/* One that would make containers otherwise changes none of them, and never says that all is well.
 */
static void
one_that_would_not_adopt_touches_nothing(void **state)
{
    struct daemon_box *d = *state;
    struct hf_daemon_word w = {.reason = ""};
    unsigned before;

    begin_daemon(d, NEXT);
    before = touched(&d->box);
    apply(&d->box, d->id);
    wait_in(&d->box, has_request);
    say(d, HF_DAEMON_TRIAL, "");
    d->box.field_port = 1999;
    become(d, NEXT);
    for (int i = 0; i < 600 && !strstr(w.reason, "'broker' is not adopted"); i++) {
        nanosleep(&(struct timespec){.tv_nsec = 100 * 1000 * 1000}, NULL);
        (void)read_word(&d->box, &w);
        assert_int_not_equal(w.mood, HF_DAEMON_WELL);
    }
    assert_non_null(strstr(w.reason, "'broker' is not adopted"));
    assert_int_equal(touched(&d->box), before);
    say(d, HF_DAEMON_PUT_BACK, w.reason); /* which it leaves to the old one */
    nanosleep(&(struct timespec){.tv_sec = 3}, NULL);
    assert_int_equal(touched(&d->box), before);
    d->box.field_port = 0;
    become(d, NULL);
    goes_back(d, "'broker' is not adopted");
    assert_int_equal(touched(&d->box), before);
}

static void
another_container_is_seen(void **state)
{
    struct daemon_box *d = *state;
    struct hf_daemon_word w = {.reason = ""};

    begin_daemon(d, NEXT);
    apply(&d->box, d->id);
    wait_in(&d->box, has_request);
    end(&d->box);
    FAKE_LOCKED(&d->box.engine, { strcpy(d->box.engine.containers[0].id, "another"); });
    d->box.version = NEXT;
    say(d, HF_DAEMON_TRIAL, "");
    start_with(&d->box, NULL);
    for (int i = 0; i < 600 && w.mood != HF_DAEMON_BAD; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 100 * 1000 * 1000}, NULL);
        (void)read_word(&d->box, &w);
    }
    assert_int_equal(w.mood, HF_DAEMON_BAD);
    assert_non_null(strstr(w.reason, "another container runs than before"));
}

/* Power goes while it waits: it is asked for again, once more under the same operation. */
static void
a_restart_asks_again(void **state)
{
    struct daemon_box *d = *state;
    char path[128];

    begin_daemon(d, NEXT);
    apply(&d->box, d->id);
    wait_in(&d->box, has_request);
    snprintf(path, sizeof path, "%s/daemon/request.json", d->box.dir);
    end(&d->box);
    unlink(path);
    start_with(&d->box, NULL);
    wait_in(&d->box, has_request);
    end(&d->box);
    unlink(path); /* it is being dealt with */
    say(d, HF_DAEMON_INSTALLING, "");
    start_with(&d->box, NULL);
    nanosleep(&(struct timespec){.tv_sec = 3}, NULL);
    assert_int_equal(access(path, F_OK), -1);
}

static void
given_up_it_is_not_asked_for_any_more(void **state)
{
    struct daemon_box *d = *state;
    char path[128];

    begin_daemon(d, NEXT);
    apply(&d->box, d->id);
    wait_in(&d->box, has_request);
    roll_back(&d->box);
    goes_back(d, "given up by admin");
    snprintf(path, sizeof path, "%s/daemon/request.json", d->box.dir);
    assert_int_equal(access(path, F_OK), -1);
}

/* A machine without a clock begins in the past. */
static void
the_package_that_has_just_come_is_kept(void **state)
{
    static const struct timespec future[2] = {{.tv_sec = 4000000000}, {.tv_sec = 4000000000}};
    static const char *const texts[] = {"a", "b", "c", package};
    struct daemon_box *d = *state;
    struct hf_release_daemon daemon = {.version = NEXT, .package = PACKAGE};
    char path[192];

    begin_daemon(d, NEXT);
    for (size_t i = 0; i < HF_LEN(texts); i++) {
        daemon.size = (int64_t)strlen(texts[i]);
        hf_sha256_of(texts[i], strlen(texts[i]), daemon.digest);
        assert_int_equal(hf_core_keep_daemon(d->box.core, &daemon,
                                             (struct hf_slice){texts[i], strlen(texts[i])}, NULL),
                         0);
        snprintf(path, sizeof path, "%s/daemon/%s.deb", d->box.dir,
                 daemon.digest + strlen("sha256:"));
        if (i < HF_LEN(texts) - 1)
            assert_int_equal(utimensat(AT_FDCWD, path, future, 0), 0);
        else
            assert_true(hf_core_has_daemon(d->box.core, &daemon));
    }
}

/* ---- the way back of the store ---- */

static void
path_of_copy(const struct daemon_box *d, char out[128])
{
    snprintf(out, 128, "%s/holdfast.db.before", d->box.dir);
}

/* As a newer schema would have left it. */
static void
keep_copy(const struct daemon_box *d)
{
    char path[128];

    path_of_copy(d, path);
    assert_int_equal(hf_file_replace(path, "a", 1, 0600, (uid_t)-1, (gid_t)-1, NULL), 0);
}

static bool
has_copy(const struct daemon_box *d)
{
    char path[128];

    path_of_copy(d, path);
    return access(path, F_OK) == 0;
}

static bool
has_no_copy(struct box *b, const struct hf_snapshot *s)
{
    (void)s;
    return !has_copy((struct daemon_box *)(void *)b);
}

/* Given up in the moment in which holdfast-update has begun: the new one is of no upgrade, and is
 * put back for its silence. */
static void
the_store_of_before_stays_while_it_may_be_put_back(void **state)
{
    struct daemon_box *d = *state;
    struct hf_operation op;
    struct hf_error err;

    begin_daemon(d, NEXT);
    apply(&d->box, d->id);
    wait_in(&d->box, has_request);
    assert_int_equal(hf_core_roll_back(d->box.core, "admin", &op, &err), 0);
    goes_back(d, "given up by admin");
    say(d, HF_DAEMON_TRIAL, "");
    keep_copy(d);
    become(d, NEXT);
    runs_one(&d->box);
    assert_true(has_copy(d));
    say(d, HF_DAEMON_INSTALLED, "");
    wait_in(&d->box, has_no_copy);
}

static int
look_at_daemon(struct hf_core *core, void *context, struct hf_error *err)
{
    (void)err;
    *(enum hf_upgrade_event_kind *)context = hf_core_look_at_daemon(core, hf_clock_mono_ms()).kind;
    return 0;
}

/* That may take an hour where the disk is full, and is no reason to go on under the new one. */
static void
being_put_back_counts_as_no_time(void **state)
{
    struct daemon_box *d = *state;
    enum hf_upgrade_event_kind kind = HF_UPGRADE_EVENT_COUNT;

    begin_daemon(d, NEXT);
    apply(&d->box, d->id);
    wait_in(&d->box, has_request);
    say(d, HF_DAEMON_RETURNING, "it said nothing");
    keep_copy(d);
    become(d, NEXT);
    assert_int_equal(mailbox_call(&d->box.core->mail, look_at_daemon, &kind, NULL), 0);
    assert_int_equal(kind, HF_UPGRADE_UNSEEN);
    assert_true(has_copy(d));
}

static void
another_package_than_named_is_refused(void **state)
{
    struct daemon_box *d = *state;

    begin_daemon(d, NEXT);
    FAKE_LOCKED(&d->box.engine, d->box.engine.document_text = "b package");
    apply(&d->box, d->id);
    goes_back(d, "is not what the release names");
}

/* Where nobody can install it, a release that does without is applied, and says so. */
static void
where_it_cannot_be_installed_the_plan_says_so(void **state)
{
    struct daemon_box *d = *state;
    struct hf_plan plan;
    struct hf_error err;

    d->box.update_dir = NULL;
    begin_daemon(d, "0.1.0");
    assert_int_equal(hf_core_plan(d->box.core, d->id, &plan, &err), 0);
    assert_int_equal(plan.obstacle_count, 0);
    assert_false(plan.daemon_installs);
    assert_true(has_warning(&plan, HF_WARNING_DAEMON_STAYS));
    apply(&d->box, d->id);
    ended(&d->box, HF_UPGRADE_COMMITTED, "two");
}

static void
one_that_needs_it_is_refused_then(void **state)
{
    struct daemon_box *d = *state;
    struct hf_plan plan;
    struct hf_error err;

    d->box.update_dir = NULL;
    begin_daemon(d, NEXT);
    assert_int_equal(hf_core_plan(d->box.core, d->id, &plan, &err), 0);
    assert_int_equal(plan.obstacle_count, 1);
    assert_non_null(strstr(plan.obstacles[0], "needs the holdfastd " NEXT " that it brings"));
    refused(&d->box, d->id, "", HF_ERROR_CONFLICT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_daemon, teardown)
        TEST(it_is_asked_for_when_all_is_here),
        TEST(installed_it_goes_on_with_the_services),
        TEST(refused_nothing_has_happened),
        TEST(pain_19_put_back_it_says_why),
        TEST(one_that_would_not_adopt_touches_nothing),
        TEST(another_container_is_seen),
        TEST(a_restart_asks_again),
        TEST(given_up_it_is_not_asked_for_any_more),
        TEST(the_package_that_has_just_come_is_kept),
        TEST(the_store_of_before_stays_while_it_may_be_put_back),
        TEST(being_put_back_counts_as_no_time),
        TEST(another_package_than_named_is_refused),
        TEST(where_it_cannot_be_installed_the_plan_says_so),
        TEST(one_that_needs_it_is_refused_then),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

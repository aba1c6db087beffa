// SPDX-License-Identifier: Apache-2.0
#include "store/store.h"

#include "base/clock.h"
#include "tempdir.h"

static struct hf_store *
opened(const char *dir)
{
    struct hf_error err = {0};
    struct hf_store *st = NULL;

    if (hf_store_open(dir, &st, &err) < 0)
        fail_msg("%s", err.message);
    return st;
}

static const struct hf_account admin = {
    .user = "admin", .role = HF_ROLE_ADMIN, .password_hash = "$argon2id$v=19$x", .created_ms = 7};

static void
first_start_makes_an_identity_that_stays(void **state)
{
    const char *text = NULL;
    char id[16];
    struct hf_store *st = opened(tempdir_path(*state, "deep/state"));

    assert_int_equal(hf_store_opened_as(st, &text), HF_STORE_FRESH);
    assert_string_equal(text, "");
    snprintf(id, sizeof id, "%s", hf_store_gateway_id(st));
    assert_int_equal(strlen(id), 11);
    assert_int_equal(strncmp(id, "hf-", 3), 0);
    assert_int_equal(tempdir_mode(*state, "deep/state"), 0700);
    assert_int_equal(tempdir_mode(*state, "deep/state/holdfast.db"), 0600);
    assert_int_equal(tempdir_mode(*state, "deep/state/holdfast.db-wal"), 0600);
    hf_store_free(st);

    st = opened(tempdir_path(*state, "deep/state"));
    assert_int_equal(hf_store_opened_as(st, NULL), HF_STORE_EXISTING);
    assert_string_equal(hf_store_gateway_id(st), id);
    hf_store_free(st);
}

static void
second_opener_is_refused(void **state)
{
    HF_AUTO(hf_store) struct hf_store *st = opened(*state);
    struct hf_store *other = NULL;
    struct hf_error err = {0};

    assert_int_equal(hf_store_open(*state, &other, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    assert_null(other);
    assert_non_null(st);
}

static void
secrets_are_made_once(void **state)
{
    char a[HF_STORE_SECRET_SIZE], b[HF_STORE_SECRET_SIZE], c[HF_STORE_SECRET_SIZE];
    struct hf_store *st = opened(*state);

    assert_int_equal(hf_store_secret(st, "bus/processor", a, NULL), 0);
    assert_int_equal(hf_store_secret(st, "bus/buffer", b, NULL), 0);
    hf_store_free(st);
    st = opened(*state);
    assert_int_equal(hf_store_secret(st, "bus/processor", c, NULL), 0);
    assert_int_equal(strlen(a), 64);
    assert_string_equal(a, c);
    assert_string_not_equal(a, b);
    hf_store_free(st);
}

static void
settings_keep_the_newest_revisions(void **state)
{
    HF_AUTO(hf_store) struct hf_store *st = opened(*state);
    HF_AUTO_FREE char *json = NULL;
    struct hf_error err = {0};
    int64_t n = 0, again = 0;
    char text[64];

    assert_int_equal(hf_store_settings(st, &json, &n, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NOT_FOUND);
    for (int i = 1; i <= HF_STORE_REVISIONS_MAX + 7; i++) {
        snprintf(text, sizeof text, "{\"name\":\"g%d\"}", i);
        assert_int_equal(hf_store_add_settings(st, text, "admin", &n, NULL), 0);
        assert_int_equal(n, i);
    }
    assert_int_equal(hf_store_add_settings(st, text, "admin", &again, NULL), 0);
    assert_int_equal(again, n);
    assert_int_equal(hf_store_settings(st, &json, &n, NULL), 0);
    assert_string_equal(json, text);
    assert_int_equal(hf_store_add_settings(st, "{half", "admin", NULL, &err), -1);
}

static void
revisions_are_listed_and_read(void **state)
{
    HF_AUTO(hf_store) struct hf_store *st = opened(*state);
    struct hf_settings_revision list[HF_STORE_REVISIONS_MAX];
    HF_AUTO_FREE char *json = NULL;
    struct hf_error err = {0};
    char text[32];
    size_t count;

    for (int i = 1; i <= HF_STORE_REVISIONS_MAX + 2; i++) {
        snprintf(text, sizeof text, "{\"name\":\"g%d\"}", i);
        assert_int_equal(hf_store_add_settings(st, text, "ann", NULL, NULL), 0);
    }
    assert_int_equal(hf_store_revisions(st, list, HF_LEN(list), &count, NULL), 0);
    assert_int_equal(count, HF_STORE_REVISIONS_MAX);
    assert_int_equal(list[0].n, HF_STORE_REVISIONS_MAX + 2);
    assert_string_equal(list[0].author, "ann");
    assert_true(list[0].created_ms > 0);
    assert_int_equal(hf_store_revision(st, 3, &json, NULL), 0);
    assert_string_equal(json, "{\"name\":\"g3\"}");
    assert_int_equal(hf_store_revision(st, 2, &json, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NOT_FOUND);
}

static void
release_is_replaced(void **state)
{
    HF_AUTO(hf_store) struct hf_store *st = opened(*state);
    HF_AUTO_FREE char *json = NULL;
    struct hf_error err = {0};

    assert_int_equal(hf_store_release(st, &json, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NOT_FOUND);
    assert_int_equal(hf_store_set_release(st, "{\"name\":\"1\"}", 1, NULL), 0);
    assert_int_equal(hf_store_set_release(st, "{\"name\":\"2\"}", 1, NULL), 0);
    assert_int_equal(hf_store_release(st, &json, NULL), 0);
    assert_string_equal(json, "{\"name\":\"2\"}");
}

#define PLATFORM_OF(id) "{\"config\":\"" id "\",\"manifest\":\"x\"}"
#define IMAGE_OF(name, id, n)                                                                      \
    "\"" name "\":{\"repository\":\"r/" name "\",\"tag\":\"1.0." n                                 \
    "\",\"platforms\":{\"amd64\":" PLATFORM_OF(id) ",\"arm64\":" PLATFORM_OF(id) "}}"
#define IMAGES_OF(broker, buffer)                                                                  \
    "{\"services\":{" IMAGE_OF("broker", "b" broker, broker) "," IMAGE_OF("buffer", "u" buffer,    \
                                                                          buffer) "}}"

/* What runs and what a rollback would need is never old. */
static void
images_of_the_last_two_releases_are_not_old(void **state)
{
    static const char *const releases[] = {IMAGES_OF("1", "1"), IMAGES_OF("2", "1"),
                                           IMAGES_OF("2", "1"), IMAGES_OF("3", "2"),
                                           IMAGES_OF("2", "1")};
    static const char *const old[] = {"", "", "", "b1", "b1"};
    struct hf_store *st = NULL;
    struct hf_release_image images[4];
    size_t count = 0;

    assert_int_equal(hf_store_open(*state, &st, NULL), 0);
    assert_int_equal(hf_store_old_images(st, images, HF_LEN(images), &count, NULL), 0);
    assert_int_equal(count, 0);
    for (size_t i = 0; i < HF_LEN(releases); i++) {
        assert_int_equal(hf_store_set_release(st, releases[i], 1, NULL), 0);
        assert_int_equal(hf_store_old_images(st, images, HF_LEN(images), &count, NULL), 0);
        assert_int_equal(count, *old[i] != '\0');
        if (count)
            assert_string_equal(images[0].image_id, old[i]);
    }
    assert_string_equal(images[0].image, "r/broker@x");
    assert_string_equal(images[0].repository, "r/broker");
    assert_string_equal(images[0].tag, "1.0.1");
    assert_int_equal(hf_store_forget_image(st, "b1", NULL), 0);
    assert_int_equal(hf_store_old_images(st, images, HF_LEN(images), &count, NULL), 0);
    assert_int_equal(count, 0);
    hf_store_free(st);
}

/* Also over a return to an older release, and over a transaction that did not come to its end. */
static void
release_floor_only_rises(void **state)
{
    HF_AUTO(hf_store) struct hf_store *st = opened(*state);
    int64_t floor = -1;

    assert_int_equal(hf_store_release_floor(st, &floor, NULL), 0);
    assert_int_equal(floor, 0);
    assert_int_equal(hf_store_set_release(st, "{\"name\":\"1\"}", 7, NULL), 0);
    assert_int_equal(hf_store_set_release(st, "{\"name\":\"0\"}", 5, NULL), 0);
    assert_int_equal(hf_store_set_release(st, "{half", 9, NULL), -1);
    assert_int_equal(hf_store_release_floor(st, &floor, NULL), 0);
    assert_int_equal(floor, 7);
    assert_int_equal(hf_store_set_release(st, "{\"counter\":8}", 8, NULL), 0);
    assert_int_equal(hf_store_release_floor(st, &floor, NULL), 0);
    assert_int_equal(floor, 8);
}

static void
services_are_wanted_until_said_otherwise(void **state)
{
    HF_AUTO(hf_store) struct hf_store *st = opened(*state);
    bool wanted = false;

    assert_int_equal(hf_store_wanted(st, "buffer", &wanted, NULL), 0);
    assert_true(wanted);
    assert_int_equal(hf_store_set_wanted(st, "buffer", false, "admin", NULL), 0);
    assert_int_equal(hf_store_wanted(st, "buffer", &wanted, NULL), 0);
    assert_false(wanted);
    assert_int_equal(hf_store_set_wanted(st, "buffer", true, "admin", NULL), 0);
    assert_int_equal(hf_store_wanted(st, "buffer", &wanted, NULL), 0);
    assert_true(wanted);
}

static void
operations_are_bounded_and_updated(void **state)
{
    static struct hf_operation list[HF_STORE_OPERATIONS_MAX + 20];
    HF_AUTO(hf_store) struct hf_store *st = opened(*state);
    struct hf_operation op = {.kind = HF_OPERATION_STOP, .service = "buffer", .actor = "admin"};
    struct hf_operation_filter filter;
    struct hf_error err = {0};
    size_t count = 0;

    for (int i = 0; i < HF_STORE_OPERATIONS_MAX + 10; i++) {
        snprintf(op.id, sizeof op.id, "%032x", i);
        op.created_ms = i;
        assert_int_equal(hf_store_save_operation(st, &op, NULL), 0);
    }
    op.state = HF_OPERATION_FAILED;
    op.finished_ms = 99;
    snprintf(op.detail, sizeof op.detail, "no");
    assert_int_equal(hf_store_save_operation(st, &op, NULL), 0);
    assert_int_equal(hf_store_operations(st, NULL, list, HF_LEN(list), &count, NULL), 0);
    assert_int_equal(count, HF_STORE_OPERATIONS_MAX);
    assert_string_equal(list[0].id, op.id);
    assert_string_equal(list[0].detail, "no");
    assert_int_equal(list[0].state, HF_OPERATION_FAILED);
    assert_int_equal(list[count - 1].created_ms, 10);
    assert_int_equal(hf_store_operation(st, op.id, &op, NULL), 0);
    assert_int_equal(op.finished_ms, 99);
    assert_int_equal(hf_store_operation(st, "x", &op, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NOT_FOUND);
    assert_int_equal(hf_store_operations(st, NULL, list, 3, &count, NULL), 0);
    assert_int_equal(count, 3);
    filter = (struct hf_operation_filter){.before = list[1].n, .state = -1};
    assert_int_equal(hf_store_operations(st, &filter, list, 3, &count, NULL), 0);
    assert_int_equal(count, 3);
    assert_int_equal(list[0].n, filter.before - 1);
    filter = (struct hf_operation_filter){.service = "nobody", .state = -1};
    assert_int_equal(hf_store_operations(st, &filter, list, 3, &count, NULL), 0);
    assert_int_equal(count, 0);
    filter = (struct hf_operation_filter){.state = HF_OPERATION_FAILED};
    assert_int_equal(hf_store_operations(st, &filter, list, 3, &count, NULL), 0);
    assert_int_equal(count, 1);
}

static void
claim_happens_once(void **state)
{
    HF_AUTO(hf_store) struct hf_store *st = opened(*state);
    struct hf_account found[HF_ACCOUNTS_MAX];
    struct hf_error err = {0};
    size_t count = 9;

    assert_int_equal(hf_store_accounts(st, found, HF_LEN(found), &count, NULL), 0);
    assert_int_equal(count, 0);
    assert_int_equal(hf_store_claim(st, &admin, NULL), 0);
    assert_int_equal(hf_store_claim(st, &admin, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    assert_int_equal(hf_store_accounts(st, found, HF_LEN(found), &count, NULL), 0);
    assert_int_equal(count, 1);
    assert_string_equal(found[0].user, "admin");
    assert_int_equal(found[0].role, HF_ROLE_ADMIN);
    assert_string_equal(found[0].password_hash, admin.password_hash);
    assert_int_equal(found[0].created_ms, 7);
}

static void
sessions_are_bounded(void **state)
{
    static struct hf_session_record list[HF_SESSIONS_MAX + 8];
    HF_AUTO(hf_store) struct hf_store *st = opened(*state);
    struct hf_session_record s = {.user = "admin", .role = HF_ROLE_ADMIN};
    size_t count = 0;

    snprintf(s.token_hash, sizeof s.token_hash, "%064x", 0);
    assert_int_equal(hf_store_save_session(st, &s, NULL), -1); /* nobody is called that yet */
    assert_int_equal(hf_store_save_account(st, &admin, NULL), 0);
    for (int i = 0; i < HF_SESSIONS_MAX + 5; i++) {
        snprintf(s.token_hash, sizeof s.token_hash, "%064x", i);
        s.seen_ms = i == 0 ? 1000 : i;
        assert_int_equal(hf_store_save_session(st, &s, NULL), 0);
    }
    assert_int_equal(hf_store_sessions(st, list, HF_LEN(list), &count, NULL), 0);
    assert_int_equal(count, HF_SESSIONS_MAX);
    assert_int_equal(list[0].seen_ms, 1000);
    assert_int_equal(list[count - 1].seen_ms, 6);
    assert_int_equal(hf_store_delete_session(st, list[0].token_hash, NULL), 0);
    assert_int_equal(hf_store_delete_session(st, "none", NULL), 0);
    assert_int_equal(hf_store_sessions(st, list, HF_LEN(list), &count, NULL), 0);
    assert_int_equal(count, HF_SESSIONS_MAX - 1);
}

static void
clock_floor_only_rises(void **state)
{
    HF_AUTO(hf_store) struct hf_store *st = opened(*state);
    int64_t ms = -1;

    assert_int_equal(hf_store_clock_floor(st, &ms, NULL), 0);
    assert_int_equal(ms, 0);
    assert_int_equal(hf_store_set_clock_floor(st, 500, NULL), 0);
    assert_int_equal(hf_store_set_clock_floor(st, 400, NULL), 0);
    assert_int_equal(hf_store_clock_floor(st, &ms, NULL), 0);
    assert_int_equal(ms, 500);
}

static void
audit_reads_newest_first(void **state)
{
    HF_AUTO(hf_store) struct hf_store *st = opened(*state);
    struct hf_audit_entry list[2];
    size_t count = 0;

    assert_int_equal(hf_store_audit(st, "admin", "one", NULL), 0);
    assert_int_equal(hf_store_audit(st, "admin", "two", NULL), 0);
    assert_int_equal(hf_store_audit(st, "admin", "three", NULL), 0);
    assert_int_equal(hf_store_audit_list(st, NULL, list, HF_LEN(list), &count, NULL), 0);
    assert_int_equal(count, 2);
    assert_string_equal(list[0].what, "three");
    assert_string_equal(list[1].what, "two");
}

static void
audit_is_filtered(void **state)
{
    HF_AUTO(hf_store) struct hf_store *st = opened(*state);
    int64_t now = hf_clock_wall_ms();
    const struct {
        struct hf_audit_filter filter;
        size_t count;
    } asked[] = {
        {{.who = "ann"}, 2},
        {{.who = "an"}, 0},
        {{.text = "CONFIGURATION"}, 2},
        {{.who = "ann", .text = "configuration"}, 1},
        {{.text = "%"}, 0},
        {{.from_ms = now}, 3},
        {{.to_ms = now}, 0},
        {{.from_ms = now + 3600 * 1000}, 0},
        {{.before = 2, .who = "ann"}, 1},
    };
    struct hf_audit_entry list[4];

    hf_store_asked_from(st, "192.168.1.7");
    assert_int_equal(hf_store_audit(st, "ann", "changed the configuration", NULL), 0);
    hf_store_asked_from(st, "");
    assert_int_equal(hf_store_audit(st, "bob", "changed the configuration", NULL), 0);
    assert_int_equal(hf_store_audit(st, "ann", "restarted buffer", NULL), 0);
    for (size_t i = 0; i < HF_LEN(asked); i++) {
        size_t count = 99;

        assert_int_equal(
            hf_store_audit_list(st, &asked[i].filter, list, HF_LEN(list), &count, NULL), 0);
        assert_int_equal(count, asked[i].count);
    }
    assert_string_equal(list[0].from, "192.168.1.7"); /* of the first entry */
    assert_int_equal(hf_store_audit_list(st, NULL, list, HF_LEN(list), &(size_t){0}, NULL), 0);
    assert_string_equal(list[1].from, "");
}

static void
note_refused(struct hf_store *st, const char *what)
{
    const struct hf_audit_note note = {
        .who = "eve", .what = what, .result = HF_AUDIT_REFUSED, .status = 403};

    assert_int_equal(hf_store_audit_note(st, &note, NULL), 0);
}

static void
audit_says_what_came_of_it(void **state)
{
    HF_AUTO(hf_store) struct hf_store *st = opened(*state);
    struct hf_audit_entry list[4];
    const struct hf_audit_filter refused = {.result = "refused"}, done = {.result = "done"};
    size_t count = 0;

    assert_int_equal(hf_store_audit(st, "ann", "restarted buffer", NULL), 0);
    note_refused(st, "tried to drop records");
    assert_int_equal(hf_store_audit_list(st, NULL, list, HF_LEN(list), &count, NULL), 0);
    assert_int_equal(count, 2);
    assert_int_equal(list[0].result, HF_AUDIT_REFUSED);
    assert_int_equal(list[0].status, 403);
    assert_int_equal(list[1].result, HF_AUDIT_DONE);
    assert_int_equal(list[1].status, 0);
    assert_int_equal(hf_store_audit_list(st, &refused, list, HF_LEN(list), &count, NULL), 0);
    assert_int_equal(count, 1);
    assert_string_equal(list[0].who, "eve");
    assert_int_equal(hf_store_audit_list(st, &done, list, HF_LEN(list), &count, NULL), 0);
    assert_int_equal(count, 1);
    assert_string_equal(list[0].who, "ann");
}

struct flood {
    size_t refused;
};

static int
flood(struct hf_store *st, void *context, struct hf_error *err)
{
    const struct flood *f = context;

    (void)err;
    for (size_t i = 0; i < f->refused; i++)
        note_refused(st, "tried");
    return 0;
}

/* Who is refused more often than the whole log is long. */
static void
what_was_refused_pushes_out_nothing_that_was_done(void **state)
{
    static struct hf_audit_entry list[HF_STORE_AUDIT_NOT_DONE_MAX + 10];
    HF_AUTO(hf_store) struct hf_store *st = opened(*state);
    struct flood f = {HF_STORE_AUDIT_MAX + 10};
    size_t count = 0;

    assert_int_equal(hf_store_audit(st, "ann", "restarted buffer", NULL), 0);
    assert_int_equal(hf_store_transaction(st, flood, &f, NULL), 0);
    assert_int_equal(hf_store_audit_list(st, NULL, list, HF_LEN(list), &count, NULL), 0);
    assert_int_equal(count, HF_STORE_AUDIT_NOT_DONE_MAX + 1);
    assert_string_equal(list[count - 1].what, "restarted buffer");
}

static int
fail_after_two_writes(struct hf_store *st, void *context, struct hf_error *err)
{
    (void)context;
    assert_int_equal(hf_store_set_release(st, "{}", 1, err), 0);
    assert_int_equal(hf_store_add_settings(st, "{}", "admin", NULL, err), 0);
    return hf_error_set(err, HF_ERROR_INVALID, "no");
}

static int
outer_goes_on(struct hf_store *st, void *context, struct hf_error *err)
{
    assert_int_equal(hf_store_transaction(st, fail_after_two_writes, context, NULL), -1);
    return hf_store_set_wanted(st, "buffer", false, "admin", err);
}

static void
transaction_is_all_or_nothing(void **state)
{
    HF_AUTO(hf_store) struct hf_store *st = opened(*state);
    HF_AUTO_FREE char *json = NULL;
    struct hf_error err = {0};
    bool wanted = true;

    assert_int_equal(hf_store_transaction(st, fail_after_two_writes, NULL, &err), -1);
    assert_string_equal(err.message, "no");
    assert_int_equal(hf_store_release(st, &json, NULL), -1);
    assert_int_equal(hf_store_transaction(st, outer_goes_on, NULL, &err), 0);
    assert_int_equal(hf_store_settings(st, &json, NULL, NULL), -1);
    assert_int_equal(hf_store_wanted(st, "buffer", &wanted, NULL), 0);
    assert_false(wanted);
}

static void
pain_10_same_provision_changes_nothing(void **state)
{
    HF_AUTO(hf_store) struct hf_store *st = opened(*state);
    struct hf_store_provision p = {
        .file_hash = "aa", .settings_json = "{\"name\":\"a\"}", .setup_code_hash = "salt$hash"};
    HF_AUTO_FREE char *json = NULL;
    char code[HF_CODE_HASH_SIZE];
    bool applied = false;

    assert_int_equal(hf_store_apply_provision(st, &p, &applied, NULL), 0);
    assert_true(applied);
    assert_int_equal(hf_store_setup_code(st, code, NULL), 0);
    assert_string_equal(code, "salt$hash");
    assert_int_equal(hf_store_claim(st, &admin, NULL), 0);
    assert_int_equal(hf_store_setup_code(st, code, NULL), 0);
    assert_string_equal(code, "");
    assert_int_equal(hf_store_add_settings(st, "{\"name\":\"b\"}", "admin", NULL, NULL), 0);
    assert_int_equal(hf_store_apply_provision(st, &p, &applied, NULL), 0);
    assert_false(applied);
    assert_int_equal(hf_store_settings(st, &json, NULL, NULL), 0);
    assert_string_equal(json, "{\"name\":\"b\"}");
}

static int
also(void *context, struct hf_error *err)
{
    int *left = context;

    return (*left)-- > 0 ? 0 : hf_error_set(err, HF_ERROR_INVALID, "it cannot be used");
}

/* Where what belongs to a file cannot be done, nothing of it counts; and it is done once. */
static void
what_belongs_to_a_provision_is_done_with_it(void **state)
{
    HF_AUTO(hf_store) struct hf_store *st = opened(*state);
    int left = 0;
    struct hf_store_provision p = {
        .file_hash = "aa", .settings_json = "{}", .also = also, .context = &left};
    HF_AUTO_FREE char *json = NULL;
    struct hf_error err = {0};
    bool applied = false;

    assert_int_equal(hf_store_apply_provision(st, &p, &applied, &err), -1);
    assert_int_equal(err.class, HF_ERROR_INVALID);
    assert_int_equal(hf_store_settings(st, &json, NULL, NULL), -1);
    left = 1;
    assert_int_equal(hf_store_apply_provision(st, &p, &applied, NULL), 0);
    assert_true(applied);
    assert_int_equal(hf_store_apply_provision(st, &p, &applied, NULL), 0);
    assert_false(applied);
    assert_int_equal(left, 0);
}

static void
provision_of_a_claimed_gateway_is_whole_or_nothing(void **state)
{
    HF_AUTO(hf_store) struct hf_store *st = opened(*state);
    struct hf_store_provision p = {
        .file_hash = "bb", .settings_json = "{}", .password_hash = "$argon2id$other"};
    struct hf_account found[1];
    struct hf_error err = {0};
    HF_AUTO_FREE char *json = NULL;
    bool applied = true;
    size_t count;

    assert_int_equal(hf_store_claim(st, &admin, NULL), 0);
    assert_int_equal(hf_store_apply_provision(st, &p, &applied, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    assert_string_equal(err.pointer, "/admin");
    assert_int_equal(hf_store_settings(st, &json, NULL, NULL), -1);
    assert_int_equal(hf_store_accounts(st, found, 1, &count, NULL), 0);
    assert_string_equal(found[0].password_hash, admin.password_hash);
    p.password_hash = NULL;
    assert_int_equal(hf_store_apply_provision(st, &p, &applied, &err), 0);
    assert_true(applied);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(first_start_makes_an_identity_that_stays),
        with_tempdir(second_opener_is_refused),
        with_tempdir(secrets_are_made_once),
        with_tempdir(settings_keep_the_newest_revisions),
        with_tempdir(revisions_are_listed_and_read),
        with_tempdir(release_is_replaced),
        with_tempdir(images_of_the_last_two_releases_are_not_old),
        with_tempdir(release_floor_only_rises),
        with_tempdir(services_are_wanted_until_said_otherwise),
        with_tempdir(operations_are_bounded_and_updated),
        with_tempdir(claim_happens_once),
        with_tempdir(sessions_are_bounded),
        with_tempdir(clock_floor_only_rises),
        with_tempdir(audit_reads_newest_first),
        with_tempdir(audit_is_filtered),
        with_tempdir(audit_says_what_came_of_it),
        with_tempdir(what_was_refused_pushes_out_nothing_that_was_done),
        with_tempdir(transaction_is_all_or_nothing),
        with_tempdir(pain_10_same_provision_changes_nothing),
        with_tempdir(what_belongs_to_a_provision_is_done_with_it),
        with_tempdir(provision_of_a_claimed_gateway_is_whole_or_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

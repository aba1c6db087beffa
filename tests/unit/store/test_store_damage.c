// SPDX-License-Identifier: Apache-2.0
/* pain 5: corrupt state never stops the gateway; pain 6: nothing is wiped in silence. */
#include "store/db.h"

#include "tempdir.h"

#include <dirent.h>
#include <fcntl.h>

enum { PAGE = 4096, AUDIT_ROWS = 400 };

static const struct hf_account admin = {
    .user = "admin", .role = HF_ROLE_ADMIN, .password_hash = "$argon2id$v=19$x"};

static const struct hf_alarm raised = {
    .id = 7, .kind = HF_ALARM_DISK_FULL, .subject = "/data", .raised_ms = 1, .count = 1};

struct before {
    char id[16];
    char secret[HF_STORE_SECRET_SIZE];
};

/* A database of several dozen pages with something in each table. */
static struct before
filled(const char *dir)
{
    HF_AUTO(hf_store) struct hf_store *st = NULL;
    struct before b = {0};
    char what[200];

    assert_int_equal(hf_store_open(dir, &st, NULL), 0);
    snprintf(b.id, sizeof b.id, "%s", hf_store_gateway_id(st));
    assert_int_equal(hf_store_secret(st, "bus/buffer", b.secret, NULL), 0);
    assert_int_equal(hf_store_claim(st, &admin, NULL), 0);
    assert_int_equal(hf_store_add_settings(st, "{\"name\":\"yard\"}", "admin", NULL, NULL), 0);
    assert_int_equal(hf_store_save_alarm(st, &raised, NULL), 0);
    assert_int_equal(hf_store_add_history(st, 1000, 60, "xy", 2, 0, NULL), 0);
    assert_int_equal(hf_store_keep(st, "written", 1000, "[1]", NULL), 0);
    assert_int_equal(hf_store_set_release(st, "{\"counter\":7}", 7, NULL), 0);
    assert_int_equal(hf_store_set_release(st, "{\"counter\":5}", 5, NULL), 0);
    memset(what, 'x', sizeof what - 1);
    what[sizeof what - 1] = '\0';
    for (int i = 0; i < AUDIT_ROWS; i++)
        assert_int_equal(hf_store_audit(st, "admin", what, NULL), 0);
    return b;
}

static void
damage(const char *dir, off_t at, const void *data, size_t len)
{
    int fd = open(tempdir_path(dir, "holdfast.db"), O_WRONLY);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, data, len, at), len);
    close(fd);
}

static size_t
count_aside(const char *dir)
{
    DIR *d = opendir(dir);
    struct dirent *e;
    size_t count = 0;

    assert_non_null(d);
    while ((e = readdir(d)))
        count += strncmp(e->d_name, "holdfast.db.corrupt-", 20) == 0 &&
                 !strstr(e->d_name, "-wal") && !strstr(e->d_name, "-shm");
    closedir(d);
    return count;
}

static struct hf_store *
recovered(const char *dir, const char **ret_text)
{
    struct hf_store *st = NULL;
    struct hf_error err = {0};

    if (hf_store_open(dir, &st, &err) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(hf_store_opened_as(st, ret_text), HF_STORE_RECOVERED);
    assert_non_null(strstr(*ret_text, "holdfast.db.corrupt-"));
    return st;
}

static void
assert_all_there(struct hf_store *st, const struct before *b)
{
    HF_AUTO_FREE char *json = NULL;
    struct hf_account found[2];
    char secret[HF_STORE_SECRET_SIZE];
    size_t count = 0;
    int64_t floor = 0;

    assert_int_equal(hf_store_release_floor(st, &floor, NULL), 0);
    assert_int_equal(floor, 7);
    assert_string_equal(hf_store_gateway_id(st), b->id);
    assert_int_equal(hf_store_secret(st, "bus/buffer", secret, NULL), 0);
    assert_string_equal(secret, b->secret);
    assert_int_equal(hf_store_accounts(st, found, 2, &count, NULL), 0);
    assert_int_equal(count, 1);
    assert_string_equal(found[0].password_hash, admin.password_hash);
    assert_int_equal(hf_store_settings(st, &json, NULL, NULL), 0);
    assert_string_equal(json, "{\"name\":\"yard\"}");
}

static size_t
audit_count(struct hf_store *st)
{
    static struct hf_audit_entry list[AUDIT_ROWS + 10];
    size_t count = 0;

    assert_int_equal(hf_store_audit_list(st, NULL, list, HF_LEN(list), &count, NULL), 0);
    return count;
}

static void
count_row(void *context, int64_t ended_ms, int64_t points, const void *data, size_t len)
{
    (void)ended_ms;
    (void)points;
    (void)data;
    (void)len;
    ++*(int *)context;
}

/* What came with later versions lies elsewhere in a file that grew than in a new one. */
static void
assert_later_tables_there(struct hf_store *st)
{
    HF_AUTO_FREE char *text = NULL;
    struct hf_alarm alarm = {0};
    int64_t at = 0;
    size_t count = 0;
    int rows = 0;

    assert_int_equal(hf_store_alarms(st, &(struct hf_alarm_filter){.active_only = true}, &alarm, 1,
                                     &count, NULL),
                     0);
    assert_int_equal(count, 1);
    assert_int_equal(alarm.id, raised.id);
    assert_int_equal(hf_store_history(st, count_row, &rows, NULL), 0);
    assert_int_equal(rows, 1);
    assert_int_equal(hf_store_kept(st, "written", &at, &text, NULL), 0);
    assert_string_equal(text, "[1]");
}

static void
pain_05_no_database_at_all(void **state)
{
    static const char garbage[3 * PAGE] = "this is not a database";
    struct before b = filled(*state);
    const char *text;

    tempdir_write(*state, "holdfast.db", garbage, sizeof garbage);
    assert_int_equal(unlink(tempdir_path(*state, "holdfast.export.json")), 0);

    HF_AUTO(hf_store) struct hf_store *st = recovered(*state, &text);
    assert_string_not_equal(hf_store_gateway_id(st), b.id);
    assert_non_null(strstr(text, "Saved: nothing"));
    assert_non_null(strstr(text, "a new id"));
    assert_int_equal(count_aside(*state), 1);
    assert_int_equal(tempdir_mode(*state, "holdfast.db"), 0600);
}

/* Of the database nothing is left, of what was set up everything. */
static void
pain_06_what_was_set_up_comes_from_the_export(void **state)
{
    static const char garbage[3 * PAGE] = "this is not a database";
    struct before b = filled(*state);
    const char *text;

    tempdir_write(*state, "holdfast.db", garbage, sizeof garbage);
    assert_int_equal(tempdir_mode(*state, "holdfast.export.json"), 0600);

    HF_AUTO(hf_store) struct hf_store *st = recovered(*state, &text);
    assert_all_there(st, &b);
    assert_non_null(strstr(text, "Taken from the last export: gateway id, accounts, secrets, "
                                 "settings"));
    assert_null(strstr(text, "a new id"));
}

/* Somebody or something removed it: no first start that anybody could claim. */
static void
pain_06_a_database_that_is_gone_comes_from_the_export(void **state)
{
    struct before b = filled(*state);
    struct hf_store *st = NULL;
    struct hf_audit_entry entry;
    const char *text;
    size_t count = 0;

    assert_int_equal(unlink(tempdir_path(*state, "holdfast.db")), 0);
    assert_int_equal(hf_store_open(*state, &st, NULL), 0);
    assert_int_equal(hf_store_opened_as(st, &text), HF_STORE_RECOVERED);
    assert_non_null(strstr(text, "was gone"));
    assert_non_null(strstr(text, "Taken from the last export: gateway id, accounts"));
    assert_all_there(st, &b);
    assert_int_equal(hf_store_audit_list(st, NULL, &entry, 1, &count, NULL), 0);
    assert_int_equal(count, 1);
    assert_non_null(strstr(entry.what, "was gone"));
    hf_store_free(st);
    assert_int_equal(hf_store_open(*state, &st, NULL), 0);
    assert_int_equal(hf_store_opened_as(st, NULL), HF_STORE_EXISTING);
    hf_store_free(st);
}

/* The stick that was applied once stays so, also where the database is gone. */
static void
pain_06_a_provision_is_not_applied_again(void **state)
{
    const struct hf_store_provision p = {.file_hash = "f", .settings_json = "{\"name\":\"a\"}"};
    struct hf_store *st = NULL;
    bool applied = false;

    assert_int_equal(hf_store_open(*state, &st, NULL), 0);
    assert_int_equal(hf_store_apply_provision(st, &p, &applied, NULL), 0);
    assert_true(applied);
    hf_store_free(st);
    assert_int_equal(unlink(tempdir_path(*state, "holdfast.db")), 0);
    assert_int_equal(hf_store_open(*state, &st, NULL), 0);
    assert_int_equal(hf_store_apply_provision(st, &p, &applied, NULL), 0);
    assert_false(applied);
    hf_store_free(st);
}

/* A copy that is damaged too costs nothing more. */
static void
pain_06_a_damaged_export_is_passed_over(void **state)
{
    static const char *const texts[] = {"", "{", "[]", "{\"format\":2}",
                                        "{\"format\":1,\"gateway\":7,\"account\":[[1],{}]}"};

    for (size_t i = 0; i < HF_LEN(texts); i++) {
        static const char garbage[PAGE] = "this is not a database";
        const char *text;
        struct hf_store *st;

        tempdir_write(*state, "holdfast.db", garbage, sizeof garbage);
        tempdir_write(*state, "holdfast.export.json", texts[i], strlen(texts[i]));
        st = recovered(*state, &text);
        assert_non_null(strstr(text, "a new id"));
        hf_store_free(st);
    }
}

static void
pain_06_empty_file_is_no_first_start(void **state)
{
    const char *text;

    filled(*state);
    tempdir_write(*state, "holdfast.db", "", 0);

    HF_AUTO(hf_store) struct hf_store *st = recovered(*state, &text);
    assert_int_equal(audit_count(st), 1); /* the recovery itself */
    assert_int_equal(count_aside(*state), 1);
}

static void
pain_06_truncated_file_is_salvaged(void **state)
{
    struct before b = filled(*state);
    const char *text;
    struct stat s;
    const char *path = tempdir_path(*state, "holdfast.db");

    assert_int_equal(stat(path, &s), 0);
    assert_int_equal(truncate(path, s.st_size / 2 / PAGE * PAGE + 100), 0);

    HF_AUTO(hf_store) struct hf_store *st = recovered(*state, &text);
    assert_all_there(st, &b);
    assert_non_null(strstr(text, "Lost, all or in part: "));
    assert_non_null(strstr(text, "release floor"));
    assert_non_null(strstr(text, "audit log"));
    assert_non_null(strstr(text, "accounts of devices"));
}

static void
pain_06_damaged_pages_cost_only_their_rows(void **state)
{
    struct before b = filled(*state);
    unsigned char junk[PAGE];
    const char *text;
    size_t kept;

    memset(junk, 0xa5, sizeof junk);
    damage(*state, (off_t)60 * PAGE, junk, sizeof junk);

    HF_AUTO(hf_store) struct hf_store *st = recovered(*state, &text);
    assert_all_there(st, &b);
    kept = audit_count(st);
    assert_in_range(kept, AUDIT_ROWS - 60, AUDIT_ROWS);
}

static void
pain_06_damaged_index_loses_nothing(void **state)
{
    struct before b = filled(*state);
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    unsigned char junk[PAGE - 8];
    const char *text;
    int root;

    assert_int_equal(sqlite3_open(tempdir_path(*state, "holdfast.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT rootpage FROM sqlite_schema WHERE type = 'index' "
                                        "AND tbl_name = 'account'",
                                        -1, &stmt, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    root = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    memset(junk, 0xff, sizeof junk);
    damage(*state, (off_t)(root - 1) * PAGE + 8, junk, sizeof junk);

    HF_AUTO(hf_store) struct hf_store *st = recovered(*state, &text);
    assert_all_there(st, &b);
    assert_non_null(strstr(text, "in part: nothing"));
}

static void
pain_05_other_peoples_database_is_set_aside(void **state)
{
    const char *text;
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(tempdir_path(*state, "holdfast.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "CREATE TABLE t (a); INSERT INTO t VALUES (1)", 0, 0, 0), 0);
    sqlite3_close(db);

    HF_AUTO(hf_store) struct hf_store *st = recovered(*state, &text);
    assert_int_equal(audit_count(st), 1);
    assert_int_equal(count_aside(*state), 1);
}

static void
recovery_is_reported_once_and_audited(void **state)
{
    struct hf_store *st;
    struct hf_audit_entry entry;
    const char *text;
    size_t count;

    filled(*state);
    tempdir_write(*state, "holdfast.db", "x", 1);
    st = recovered(*state, &text);
    hf_store_free(st);
    assert_int_equal(hf_store_open(*state, &st, NULL), 0);
    assert_int_equal(hf_store_opened_as(st, &text), HF_STORE_EXISTING);
    assert_string_equal(text, "");
    assert_int_equal(hf_store_audit_list(st, NULL, &entry, 1, &count, NULL), 0);
    assert_int_equal(count, 1);
    assert_non_null(strstr(entry.what, "damaged"));
    hf_store_free(st);
}

static void
only_three_are_kept_aside(void **state)
{
    struct hf_store *st;
    const char *text;

    for (int i = 0; i < HF_STORE_ASIDE_MAX + 2; i++) {
        tempdir_write(*state, "holdfast.db", "x", 1);
        st = recovered(*state, &text);
        hf_store_free(st);
    }
    assert_int_equal(count_aside(*state), HF_STORE_ASIDE_MAX);
}

static void
recovery_cut_short_is_finished(void **state)
{
    struct before b = filled(*state);
    struct hf_store *st = NULL;
    const char *dir = *state;

    /* as after a power cut between moving the old file away and naming the new one */
    assert_int_equal(rename(tempdir_path(dir, "holdfast.db"), tempdir_path(dir, "holdfast.db.new")),
                     0);
    tempdir_write(dir, "holdfast.db-wal", "left over", 9);
    assert_int_equal(hf_store_open(dir, &st, NULL), 0);
    assert_all_there(st, &b);
    hf_store_free(st);
    assert_int_not_equal(access(tempdir_path(dir, "holdfast.db.new"), F_OK), 0);
}

static void
first_start_cut_short_starts_again(void **state)
{
    struct hf_store *st = NULL;

    tempdir_write(*state, "holdfast.db.new", "half", 4);
    assert_int_equal(hf_store_open(*state, &st, NULL), 0);
    assert_int_equal(hf_store_opened_as(st, NULL), HF_STORE_FRESH);
    hf_store_free(st);
}

static void
newer_database_is_left_alone(void **state)
{
    struct before b = filled(*state);
    struct hf_error err = {0};
    struct hf_store *st = NULL;
    sqlite3 *db = NULL;
    const char *path = tempdir_path(*state, "holdfast.db");
    char back[64];

    snprintf(back, sizeof back, "PRAGMA user_version = %d", hf_db_version);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 99", 0, 0, 0), 0);
    sqlite3_close(db);
    assert_int_equal(hf_store_open(*state, &st, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    assert_non_null(strstr(err.message, "newer"));
    assert_int_equal(count_aside(*state), 0);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, back, 0, 0, 0), 0);
    sqlite3_close(db);
    assert_int_equal(hf_store_open(*state, &st, &err), 0);
    assert_all_there(st, &b);
    hf_store_free(st);
}

static void
run_on(const char *path, const char *sql)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, 0, 0, 0) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_close(db);
}

static void
an_older_program_goes_on_with_the_copy_of_before(void **state)
{
    struct before b = filled(*state);
    struct hf_error err = {0};
    struct hf_store *st = NULL;
    const char *text;
    char path[PATH_MAX], copy[PATH_MAX], newer[PATH_MAX], vacuum[PATH_MAX + 32];

    snprintf(path, sizeof path, "%s", tempdir_path(*state, "holdfast.db"));
    snprintf(copy, sizeof copy, "%s", tempdir_path(*state, "holdfast.db.before"));
    snprintf(newer, sizeof newer, "%s", tempdir_path(*state, "holdfast.db.newer"));
    /* The newer program keeps a copy before its step … */
    assert_int_equal(hf_store_open(*state, &st, &err), 0);
    hf_store_free(st);
    assert_int_equal(access(copy, F_OK), -1);
    snprintf(vacuum, sizeof vacuum, "VACUUM INTO '%s'", copy);
    run_on(path, vacuum);
    /* … and is put back. */
    run_on(path, "PRAGMA user_version = 99; CREATE TABLE later (x)");
    if (hf_store_open(*state, &st, &err) < 0)
        fail_msg("%s", err.message);
    assert_all_there(st, &b);
    assert_int_equal(hf_store_opened_as(st, &text), HF_STORE_RECOVERED);
    assert_non_null(strstr(text, "copy of before"));
    hf_store_free(st);
    assert_int_equal(access(copy, F_OK), -1);
    assert_int_equal(access(newer, F_OK), 0);
    assert_int_equal(count_aside(*state), 0);
    /* Said once. */
    assert_int_equal(hf_store_open(*state, &st, &err), 0);
    assert_int_equal(hf_store_opened_as(st, NULL), HF_STORE_EXISTING);
    hf_store_free(st);
}

/* Power goes when the newer one is aside and the copy not there yet. */
static void
going_back_is_finished(void **state)
{
    struct before b = filled(*state);
    struct hf_store *st = NULL;
    char path[PATH_MAX], copy[PATH_MAX], new[PATH_MAX], newer[PATH_MAX], vacuum[PATH_MAX + 32];
    struct hf_error err = {0};

    snprintf(path, sizeof path, "%s", tempdir_path(*state, "holdfast.db"));
    snprintf(copy, sizeof copy, "%s", tempdir_path(*state, "holdfast.db.before"));
    snprintf(new, sizeof new, "%s", tempdir_path(*state, "holdfast.db.new"));
    snprintf(newer, sizeof newer, "%s", tempdir_path(*state, "holdfast.db.newer"));
    snprintf(vacuum, sizeof vacuum, "VACUUM INTO '%s'", copy);
    run_on(path, vacuum);
    run_on(path, "PRAGMA user_version = 99");
    assert_int_equal(link(copy, new), 0);
    assert_int_equal(rename(path, newer), 0);
    if (hf_store_open(*state, &st, &err) < 0)
        fail_msg("%s", err.message);
    assert_all_there(st, &b);
    hf_store_forget_before(st);
    hf_store_free(st);
    assert_int_equal(access(copy, F_OK), -1);
}

static void
a_copy_is_kept_before_the_schema_changes(void **state)
{
    struct hf_store *st = NULL;
    struct hf_error err = {0};
    char path[PATH_MAX], copy[PATH_MAX], back[64];
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;

    (void)filled(*state);
    snprintf(path, sizeof path, "%s", tempdir_path(*state, "holdfast.db"));
    snprintf(copy, sizeof copy, "%s", tempdir_path(*state, "holdfast.db.before"));
    snprintf(back, sizeof back, "PRAGMA user_version = %d", hf_db_version - 1);
    run_on(path, back);
    /* The step that is to come finds its own work done and fails: the copy is what was before. */
    assert_int_equal(hf_store_open(*state, &st, &err), -1);
    assert_int_equal(sqlite3_open(copy, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(stmt, 0), hf_db_version - 1);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
}

static void
migration_is_one_step_or_none(void **state)
{
    enum { STEPS_MAX = 32 };
    HF_AUTO(hf_store) struct hf_store *st = NULL;
    const char *steps[16];
    int last = hf_db_version + 1;
    struct hf_error err = {0};
    char name[32];

    memcpy(steps, hf_db_migrations, (size_t)hf_db_version * sizeof *steps);
    steps[hf_db_version] = "CREATE TABLE later (a); oops";
    snprintf(name, sizeof name, "version %d", last);
    assert_int_equal(hf_store_open(*state, &st, NULL), 0);
    assert_int_equal(hf_db_migrate(st, steps, last, &err), -1);
    assert_non_null(strstr(err.message, name));
    assert_int_equal(hf_db_script(st, "SELECT a FROM later", NULL), -1);
    steps[hf_db_version] = "CREATE TABLE later (a)";
    assert_int_equal(hf_db_migrate(st, steps, last, &err), 0);
    assert_int_equal(hf_db_migrate(st, steps, last, &err), 0);
    assert_int_equal(hf_db_script(st, "SELECT a FROM later", NULL), 0);
    assert_int_equal(hf_db_migrate(st, steps, hf_db_version, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
}

/* Any single page gone to junk: opens, and keeps what is on the other ones. */
static void
pain_05_every_page_in_turn(void **state)
{
    unsigned char junk[PAGE];
    struct hf_store *st = NULL;
    char dir[64];

    for (int page = 0; page < 24; page++) {
        struct hf_error err = {0};
        struct before b;

        snprintf(dir, sizeof dir, "%s/p%d", (const char *)*state, page);
        memset(junk, page + 1, sizeof junk);
        b = filled(dir);
        damage(dir, (off_t)page * PAGE, junk, sizeof junk);
        if (hf_store_open(dir, &st, &err) < 0)
            fail_msg("page %d: %s", page, err.message);
        assert_int_equal(hf_store_opened_as(st, NULL), HF_STORE_RECOVERED);
        if (page == 0) { /* the one that says where all the others are */
            assert_all_there(st, &b);
            assert_later_tables_there(st);
        }
        if (page != 1) /* the gateway's own */
            assert_string_equal(hf_store_gateway_id(st), b.id);
        hf_store_free(st);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(pain_05_no_database_at_all),
        with_tempdir(pain_06_what_was_set_up_comes_from_the_export),
        with_tempdir(pain_06_a_database_that_is_gone_comes_from_the_export),
        with_tempdir(pain_06_a_provision_is_not_applied_again),
        with_tempdir(pain_06_a_damaged_export_is_passed_over),
        with_tempdir(pain_06_empty_file_is_no_first_start),
        with_tempdir(pain_06_truncated_file_is_salvaged),
        with_tempdir(pain_06_damaged_pages_cost_only_their_rows),
        with_tempdir(pain_06_damaged_index_loses_nothing),
        with_tempdir(pain_05_other_peoples_database_is_set_aside),
        with_tempdir(recovery_is_reported_once_and_audited),
        with_tempdir(only_three_are_kept_aside),
        with_tempdir(recovery_cut_short_is_finished),
        with_tempdir(first_start_cut_short_starts_again),
        with_tempdir(newer_database_is_left_alone),
        with_tempdir(an_older_program_goes_on_with_the_copy_of_before),
        with_tempdir(going_back_is_finished),
        with_tempdir(a_copy_is_kept_before_the_schema_changes),
        with_tempdir(migration_is_one_step_or_none),
        with_tempdir(pain_05_every_page_in_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

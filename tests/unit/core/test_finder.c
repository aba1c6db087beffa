// SPDX-License-Identifier: Apache-2.0
/* Releases that are found in a registry, against one in memory that answers as the test wants. */
#include "versions.h"

#include "core/internal.h"
#include "model/sha256.h"

#define MANIFEST_TYPE "application/vnd.holdfast.release.v1+json"

/* ---- a registry ---- */

static struct {
    const char *tags; /* the first page; the next ones are empty */
    struct {
        const char *version, *text, *signature; /* signature NULL: none */
        const char *manifest;                   /* in place of the right one */
    } releases[10];
    unsigned pages;
    bool endless; /* each page has tags behind the one before */
    bool swapped; /* blobs are others than those that are asked for */
} registry;

static void
put_layer(struct hf_buf *out, const char *type, const char *text)
{
    char digest[HF_DIGEST_SIZE];

    hf_sha256_of(text, strlen(text), digest);
    assert_int_equal(hf_buf_addf(out, NULL, "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu}",
                                 type, digest, strlen(text)),
                     0);
}

static int
say_manifest(size_t i, struct hf_buf *out)
{
    const char *signature = registry.releases[i].signature;

    if (registry.releases[i].manifest)
        return hf_buf_adds(out, registry.releases[i].manifest, NULL);
    assert_int_equal(hf_buf_adds(out, "{\"artifactType\":\"" MANIFEST_TYPE "\",\"layers\":[", NULL),
                     0);
    put_layer(out, MANIFEST_TYPE, registry.releases[i].text);
    if (signature) {
        assert_int_equal(hf_buf_adds(out, ",", NULL), 0);
        put_layer(out, "application/vnd.holdfast.release.v1.minisig", signature);
    }
    return hf_buf_adds(out, "]}", NULL);
}

static int
say_blob(const char *digest, const char *text, struct hf_buf *out, struct hf_error *err)
{
    char found[HF_DIGEST_SIZE];

    if (!text)
        return 1;
    hf_sha256_of(text, strlen(text), found);
    if (strcmp(found, digest) != 0)
        return 1;
    if (registry.swapped)
        return hf_error_set(err, HF_ERROR_INVALID, "what came as %s is something else", digest);
    return hf_buf_adds(out, text, err);
}

static int
say_tags(const char *behind, struct hf_buf *out, struct hf_error *err)
{
    registry.pages++;
    if (!registry.endless)
        return hf_buf_addf(out, err, "{\"name\":\"r\",\"tags\":%s}",
                           *behind ? "[]" : registry.tags);
    assert_int_equal(hf_buf_adds(out, "{\"tags\":[", err), 0);
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(
            hf_buf_addf(out, err, "%s\"t%08u\"", i ? "," : "", registry.pages * 100 + i), 0);
    return hf_buf_adds(out, "]}", err);
}

static int
document(const struct hf_registry_document *d, struct hf_buf *out, struct hf_error *err)
{
    assert_string_equal(d->repository, "holdfast/release");
    if (d->kind == HF_REGISTRY_TAGS)
        return say_tags(d->reference, out, err);
    for (size_t i = 0; i < HF_LEN(registry.releases) && registry.releases[i].version; i++) {
        int rc = 1;

        if (d->kind == HF_REGISTRY_MANIFEST &&
            strcmp(registry.releases[i].version, d->reference) == 0)
            rc = say_manifest(i, out);
        if (d->kind == HF_REGISTRY_BLOB)
            rc = say_blob(d->reference, registry.releases[i].text, out, err);
        if (rc > 0 && d->kind == HF_REGISTRY_BLOB)
            rc = say_blob(d->reference, registry.releases[i].signature, out, err);
        if (rc <= 0)
            return rc;
    }
    return hf_error_set(err, HF_ERROR_NOT_FOUND, "the registry has no %s", d->reference);
}

/* ---- looking ---- */

static void
begin_box(struct box *b)
{
    memset(&registry, 0, sizeof registry);
    registry.tags = "[]";
    b->engine.document = document;
    start_with(b, VERSION("1.0.0"));
    wait_until(b->core, all_run);
    configure(b, "{\"registry\":{\"host\":\"r.example\"}}");
}

static struct hf_registry_check
checked(struct box *b)
{
    struct hf_registry_check c = {.busy = true};
    struct hf_error err;

    assert_int_equal(hf_core_last_registry_check(b->core, &c, &err), 0);
    return c;
}

/* Until it has ended. */
static struct hf_registry_check
check(struct box *b, enum hf_operation_state state)
{
    struct hf_operation op;
    struct hf_error err;
    int64_t deadline = hf_clock_mono_ms() + PATIENCE_MS;

    if (hf_core_check_registry(b->core, "admin", &op, &err) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(op.kind, HF_OPERATION_CHECK);
    do {
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
        assert_int_equal(hf_core_operation(b->core, op.id, &op, &err), 0);
        assert_true(hf_clock_mono_ms() < deadline);
    } while (op.state == HF_OPERATION_RUNNING);
    assert_int_equal(op.state, state);
    assert_true(checked(b).checked_ms > 0 && !checked(b).busy);
    return checked(b);
}

static size_t
known(struct box *b, const char *source)
{
    struct hf_known_release list[16];
    struct hf_error err;
    size_t count, of_source = 0;

    assert_int_equal(hf_core_releases(b->core, list, HF_LEN(list), &count, &err), 0);
    for (size_t i = 0; i < count; i++)
        of_source += strcmp(list[i].source, source) == 0;
    return of_source;
}

static void
what_is_new_becomes_known_once(void **state)
{
    struct box *b = *state;
    struct hf_registry_check c;

    begin_box(b);
    registry.tags = "[\"1.1.0\",\"1.2.0\",\"latest\"]";
    registry.releases[0].version = "1.1.0";
    registry.releases[0].text = VERSION("1.1.0");
    registry.releases[1].version = "1.2.0";
    registry.releases[1].text = VERSION("1.2.0");
    c = check(b, HF_OPERATION_SUCCEEDED);
    assert_true(c.found == 2 && c.added == 2 && c.refused == 0 && !*c.detail);
    assert_int_equal(known(b, "registry"), 2);
    c = check(b, HF_OPERATION_SUCCEEDED);
    assert_true(c.found == 2 && c.added == 0);
    assert_int_equal(known(b, "registry"), 2);
}

static void
what_nobody_trusts_is_named_and_hides_nothing(void **state)
{
    struct box *b = *state;
    char ours[SIGN_TEXT_SIZE], theirs[SIGN_TEXT_SIZE];
    struct signer us, them;
    struct hf_registry_check c;

    begin_box(b);
    signer_init(&us);
    signer_init(&them);
    trust(b, &us);
    signer_sign(&us, VERSION("1.1.0"), ours);
    signer_sign(&them, VERSION("1.2.0"), theirs);
    registry.tags = "[\"1.1.0\",\"1.2.0\",\"1.3.0\"]";
    registry.releases[0].version = "1.1.0";
    registry.releases[0].text = VERSION("1.1.0");
    registry.releases[0].signature = ours;
    registry.releases[1].version = "1.2.0";
    registry.releases[1].text = VERSION("1.2.0");
    registry.releases[1].signature = theirs;
    registry.releases[2].version = "1.3.0";
    registry.releases[2].text = VERSION("1.3.0");
    c = check(b, HF_OPERATION_SUCCEEDED);
    assert_true(c.found == 1 && c.refused == 2);
    assert_non_null(strstr(c.detail, "1.3.0: /signature: it is not signed"));
    assert_int_equal(known(b, "registry"), 1);
}

static void
refuses(struct box *b, const char *version, const char *text, const char *manifest, const char *why)
{
    char tags[64];
    struct hf_registry_check c;

    snprintf(tags, sizeof tags, "[\"%s\"]", version);
    registry.tags = tags;
    registry.releases[0].version = version;
    registry.releases[0].text = text;
    registry.releases[0].manifest = manifest;
    c = check(b, HF_OPERATION_SUCCEEDED);
    assert_int_equal(c.refused, 1);
    if (!strstr(c.detail, why))
        fail_msg("'%s' does not say '%s'", c.detail, why);
    assert_int_equal(known(b, "registry"), 0);
}

static void
what_is_no_release_is_named(void **state)
{
    struct box *b = *state;

    begin_box(b);
    refuses(b, "1.1.1", VERSION("1.1.0"), NULL, "it is version 1.1.0 of holdfast");
    refuses(b, "1.1.0", "{}", NULL, "release: ");
    refuses(b, "1.1.0", "", "<html>", "1.1.0: it is no release");
    refuses(b, "1.1.0", "", "{\"artifactType\":\"" MANIFEST_TYPE "\",\"layers\":[]}",
            "has no release file");
    refuses(b, "1.1.0", "",
            "{\"artifactType\":\"" MANIFEST_TYPE "\",\"layers\":[{\"mediaType\":\"" MANIFEST_TYPE
            "\",\"digest\":\"" SHA "\",\"size\":9000000000}]}",
            "at most 262144 are taken");
    registry.swapped = true;
    refuses(b, "1.1.0", VERSION("1.1.0"), NULL, "is something else");
}

static void
an_endless_list_is_not_followed(void **state)
{
    struct box *b = *state;
    struct hf_registry_check c;

    begin_box(b);
    registry.endless = true;
    c = check(b, HF_OPERATION_FAILED);
    assert_true(c.failed);
    assert_non_null(strstr(c.detail, "more than 1000 tags"));
    assert_int_equal(registry.pages, 11);
}

static void
a_registry_that_is_away_is_said(void **state)
{
    struct box *b = *state;
    struct hf_registry_check c;

    begin_box(b);
    b->engine.document = NULL;
    c = check(b, HF_OPERATION_FAILED);
    assert_true(c.failed && c.found == 0);
    assert_non_null(strstr(c.detail, "cannot connect"));
}

static void
one_look_at_a_time(void **state)
{
    struct box *b = *state;
    struct hf_operation op;
    struct hf_error err;

    begin_box(b);
    FAKE_LOCKED(&b->engine, b->engine.block_documents = true);
    assert_int_equal(hf_core_check_registry(b->core, "admin", &op, &err), 0);
    assert_true(checked(b).busy);
    assert_int_equal(hf_core_check_registry(b->core, "admin", &op, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    /* The end, while it waits: the test's teardown asserts that no thread stays behind. */
}

static bool
is_free(struct box *b, const struct hf_snapshot *s)
{
    (void)s;
    return !checked(b).busy;
}

/* A registry that does not come to an end may be given up, once, and asked again. */
static void
pain_14_a_look_can_be_given_up(void **state)
{
    struct box *b = *state;
    struct hf_operation op, again;
    struct hf_error err;

    begin_box(b);
    FAKE_LOCKED(&b->engine, b->engine.block_documents = true);
    assert_int_equal(hf_core_check_registry(b->core, "admin", &op, &err), 0);
    assert_int_equal(hf_core_give_up(b->core, op.id, "opa", &again, &err), 0);
    assert_string_equal(again.id, op.id);
    wait_in(b, is_free);
    assert_int_equal(hf_core_operation(b->core, op.id, &op, &err), 0);
    assert_int_equal(op.state, HF_OPERATION_FAILED);
    assert_string_equal(op.detail, "given up by opa");
    assert_true(checked(b).failed);
    assert_string_equal(checked(b).detail, "given up by opa");

    assert_int_equal(hf_core_give_up(b->core, op.id, "opa", &again, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    assert_non_null(strstr(err.message, "has ended: it failed"));
    FAKE_LOCKED(&b->engine, b->engine.block_documents = false);
    check(b, HF_OPERATION_SUCCEEDED);
}

static void
without_a_registry_there_is_nowhere_to_look(void **state)
{
    struct box *b = *state;
    struct hf_operation op;
    struct hf_error err;

    begin_box(b);
    configure(b, "{\"registry\":{\"host\":\"\"}}");
    assert_int_equal(hf_core_check_registry(b->core, "admin", &op, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    assert_non_null(strstr(err.message, "registry.host"));
}

/* ---- by itself ---- */

static int
make_due(struct hf_core *core, void *context, struct hf_error *err)
{
    (void)context, (void)err;
    core->finder.next_ms = 0;
    return 0;
}

static int
read_next(struct hf_core *core, void *context, struct hf_error *err)
{
    (void)err;
    *(int64_t *)context = core->finder.next_ms - hf_clock_mono_ms();
    return 0;
}

static bool
has_looked(struct box *b, const struct hf_snapshot *s)
{
    (void)s;
    return checked(b).checked_ms > 0;
}

static void
it_looks_by_itself_where_that_is_set(void **state)
{
    struct box *b = *state;
    int64_t next = 0;
    struct hf_error err;

    begin_box(b);
    registry.tags = "[\"1.1.0\"]";
    registry.releases[0].version = "1.1.0";
    registry.releases[0].text = VERSION("1.1.0");
    assert_int_equal(mailbox_call(&b->core->mail, read_next, &next, &err), 0);
    assert_true(next > 0); /* not at once at the start */
    assert_int_equal(mailbox_call(&b->core->mail, make_due, NULL, &err), 0);
    nanosleep(&(struct timespec){.tv_sec = 2}, NULL);
    assert_int_equal(checked(b).checked_ms, 0);
    configure(b, "{\"registry\":{\"check_hours\":24}}");
    wait_in(b, has_looked);
    assert_int_equal(known(b, "registry"), 1);
    assert_int_equal(mailbox_call(&b->core->mail, read_next, &next, &err), 0);
    assert_true(next > 23 * 3600 * 1000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* ---- what provisioning names ---- */

static void
id_of(const char *text, char id[HF_DIGEST_TEXT_SIZE])
{
    const struct hf_release_host host = {.platform = hf_release_platform(),
                                         .registry = "r.example"};
    HF_AUTO_FREE char *canonical = NULL;
    struct hf_release r;

    assert_int_equal(hf_release_parse(text, strlen(text), &host, &r, NULL), 0);
    assert_int_equal(hf_release_print(&r, &canonical, NULL), 0);
    hf_release_id(canonical, id);
    hf_release_done(&r);
}

/* The next start of a box that was provisioned with it. */
static void
start_wanting(struct box *b, const char *text)
{
    char id[HF_DIGEST_TEXT_SIZE];

    id_of(text, id);
    end(b);
    assert_int_equal(hf_store_open(b->dir, &b->store, NULL), 0);
    assert_int_equal(hf_store_keep(b->store, hf_core_kept_wanted, 1, id, NULL), 0);
    hf_store_free(b->store);
    start_with(b, NULL);
}

static int
is_wanted(struct hf_store *store, void *context, struct hf_error *err)
{
    HF_AUTO_FREE char *text = NULL;
    int64_t at_ms;

    (void)context;
    return hf_store_kept(store, hf_core_kept_wanted, &at_ms, &text, err);
}

static bool
is_committed(struct box *b, const struct hf_snapshot *s)
{
    return s->upgrade.record.state == HF_UPGRADE_COMMITTED && s->upgrade.record.finished_ms > 0 &&
           all_run(s) && hf_core_run(b->core, is_wanted, NULL, NULL) < 0;
}

static void
what_provisioning_names_is_found_and_applied(void **state)
{
    const struct hf_snapshot *s;
    struct box *b = *state;

    begin_box(b);
    configure(b, "{\"upgrade\":{\"gate_s\":1}}");
    registry.tags = "[\"1.1.0\",\"1.2.0\"]";
    registry.releases[0].version = "1.1.0";
    registry.releases[0].text = VERSION("1.1.0");
    registry.releases[1].version = "1.2.0";
    registry.releases[1].text = VERSION("1.2.0");
    start_wanting(b, VERSION("1.1.0")); /* the newest is not what is wanted */
    wait_in(b, is_committed);
    s = hf_core_snapshot(b->core);
    assert_string_equal(s->release.version, "1.1.0");
    hf_snapshot_unref(s);
}

struct written {
    size_t entries, operations;
};

static int
count_written(struct hf_store *store, void *context, struct hf_error *err)
{
    const struct hf_audit_filter looks = {.text = "looked for releases"};
    struct written *w = context;
    struct hf_audit_entry entry;
    struct hf_operation operation;

    if (hf_store_audit_list(store, &looks, &entry, 1, &w->entries, err) < 0)
        return -1;
    return hf_store_operations(store, NULL, &operation, 1, &w->operations, err);
}

/* It may be looked for during days: that must neither wear the disk nor push others out of the
 * logs.
 */
static void
nothing_is_written_of_looks(struct box *b)
{
    struct written w = {1, 1};

    assert_int_equal(hf_core_run(b->core, count_written, &w, NULL), 0);
    assert_int_equal(w.entries, 0);
    assert_int_equal(w.operations, 0);
}

/* A network that comes later; nothing is given up. */
static void
it_is_looked_for_until_it_is_there(void **state)
{
    struct box *b = *state;

    begin_box(b);
    configure(b, "{\"upgrade\":{\"gate_s\":1}}");
    b->engine.document = NULL;
    start_wanting(b, VERSION("1.1.0"));
    for (int64_t until = hf_clock_mono_ms() + PATIENCE_MS; !checked(b).failed;) {
        assert_true(hf_clock_mono_ms() < until);
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    assert_int_equal(hf_core_run(b->core, is_wanted, NULL, NULL), 0);
    nothing_is_written_of_looks(b);
    end(b); /* and power goes meanwhile */
    b->engine.document = document;
    registry.tags = "[\"1.1.0\"]";
    registry.releases[0].version = "1.1.0";
    registry.releases[0].text = VERSION("1.1.0");
    start_with(b, NULL);
    wait_in(b, is_committed);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_new_becomes_known_once),
        TEST(what_nobody_trusts_is_named_and_hides_nothing),
        TEST(what_is_no_release_is_named),
        TEST(an_endless_list_is_not_followed),
        TEST(a_registry_that_is_away_is_said),
        TEST(one_look_at_a_time),
        TEST(pain_14_a_look_can_be_given_up),
        TEST(without_a_registry_there_is_nowhere_to_look),
        TEST(it_looks_by_itself_where_that_is_set),
        TEST(what_provisioning_names_is_found_and_applied),
        TEST(it_is_looked_for_until_it_is_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

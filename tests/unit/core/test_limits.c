// SPDX-License-Identifier: Apache-2.0
/* Limits that change, and an operator's own services, against an engine in memory. */
#include "box.h"

#include "base/log.h"

#include <sys/stat.h>

#define OWN(more)                                                                                  \
    "{" IMAGES(                                                                                    \
        "x") ",\"user\":20001,\"limits\":{\"memory_bytes\":16777216,\"cpus\":1,\"pids\":16}" more  \
             "}"

static const char built_in[] = RELEASE(BUILT_IN);
static const char own[] =
    RELEASE(BUILT_IN ",\"late\":" OWN(",\"depends_on\":[\"early\"]") ",\"early\":" OWN(
        ",\"secrets\":[\"key\"],\"networks\":[\"egress\"],\"ports\":[{\"port\":502,"
        "\"container_port\":1502}],\"relaxations\":{\"binds\":[{\"source\":\"/srv/x\","
        "\"target\":\"/x\",\"read_only\":true}]}"));

enum { LATE = 4, EARLY = 5 };

static bool
buffer_has_more_memory(struct box *b, const struct hf_snapshot *s)
{
    bool has = false;

    (void)s;
    FAKE_LOCKED(&b->engine, {
        for (size_t i = 0; i < b->engine.count; i++)
            if (strcmp(b->engine.containers[i].service, "buffer") == 0)
                has = b->engine.containers[i].limits.memory_bytes == 96 << 20 &&
                      b->engine.containers[i].state == HF_CONTAINER_RUNNING;
    });
    return has;
}

static bool
all_have_a_limit_of_pids(struct box *b, const struct hf_snapshot *s)
{
    bool all = true;

    (void)s;
    FAKE_LOCKED(&b->engine, {
        for (size_t i = 0; i < b->engine.count; i++)
            all &= b->engine.containers[i].limits.pids > 0;
    });
    return all;
}

static bool
only_the_built_in_ones_run(struct box *b, const struct hf_snapshot *s)
{
    (void)b;
    for (size_t i = 0; i < hf_service_count; i++)
        if (s->services[i].lifecycle != HF_LIFECYCLE_RUNNING)
            return false;
    return s->services[EARLY].health == HF_HEALTH_FAILED &&
           strstr(s->services[LATE].reason, "waits for early, which");
}

static int
change(struct box *b, const char *patch, bool dry_run, struct hf_effects *effects,
       struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    HF_AUTO_FREE char *text = NULL;
    int64_t revision;
    struct hf_config_change c = {
        .revision = HF_REVISION_ANY, .dry_run = dry_run, .actor = "admin", .ret_effects = effects};

    assert_int_equal(hf_json_parse(patch, strlen(patch), &doc, err), 0);
    c.patch = doc;
    return hf_core_change_config(b->core, &c, &text, &revision, err);
}

static const char more_memory[] = "{\"limits\":{\"buffer\":{\"memory_bytes\":100663296}}}";

static void
limits_change_while_the_container_runs(void **state)
{
    struct box *b = *state;
    struct hf_effects effects;
    struct hf_error err = {0};

    start_with(b, built_in);
    wait_until(b->core, all_run);
    assert_int_equal(change(b, more_memory, true, &effects, &err), 0);
    assert_int_equal(b->engine.updates, 0);
    assert_int_equal(effects.count, 1);
    assert_string_equal(effects.list[0].service, "buffer");
    assert_string_equal(effects.list[0].change, "memory 64 MB → 96 MB");
    assert_true(effects.list[0].live);

    assert_int_equal(change(b, more_memory, false, &effects, &err), 0);
    wait_in(b, buffer_has_more_memory);
    wait_until(b->core, all_run);
    assert_int_equal(b->engine.creates, 4);
    assert_int_equal(b->engine.stops, 0);
    FAKE_LOCKED(&b->engine, b->engine.containers[0].limits.pids = -1); /* by hand */
    wait_in(b, all_have_a_limit_of_pids);
    assert_int_equal(b->engine.creates, 4);
}

static bool
keep_text(void *context, const struct hf_log_line *line)
{
    snprintf(context, 128, "%s", line->text);
    return true;
}

static bool
never(void *context)
{
    (void)context;
    return false;
}

static void
where_the_engine_refuses_a_new_container_has_the_limits(void **state)
{
    struct box *b = *state;
    struct hf_effects effects;
    struct hf_error err = {0};
    char text[128] = "";

    start_with(b, built_in);
    wait_until(b->core, all_run);
    FAKE_LOCKED(&b->engine, b->engine.refuse_updates = true);
    assert_int_equal(change(b, more_memory, false, &effects, &err), 0);
    wait_in(b, buffer_has_more_memory);
    assert_int_equal(b->engine.creates, 5);
    /* What the old one said is kept. */
    assert_int_equal(
        hf_archive_read(hf_core_archive(b->core), "buffer", 10, keep_text, never, text, &err), 0);
    assert_non_null(strstr(text, "/data is not writable"));
}

static void
what_does_not_fit_the_box_is_refused_or_allowed(void **state)
{
    static const char huge[] = "{\"limits\":{\"buffer\":{\"memory_bytes\":1099511627776}}}";
    static const char allowed[] =
        "{\"limits\":{\"buffer\":{\"memory_bytes\":1099511627776},\"allow_overcommit\":true}}";
    struct box *b = *state;
    struct hf_effects effects;
    struct hf_error err = {0};

    start_with(b, built_in);
    wait_until(b->core, all_run);
    assert_int_equal(change(b, huge, true, &effects, &err), -1);
    assert_string_equal(err.pointer, "/limits");
    assert_int_equal(change(b, allowed, true, &effects, &err), 0);
    assert_int_equal(change(b, "{\"limits\":{\"miner\":{\"pids\":9}}}", true, &effects, &err), -1);
    assert_non_null(strstr(err.message, "no such service"));
    assert_int_equal(change(b, "{\"limits\":{\"buffer\":{\"cpus\":255}}}", true, &effects, &err),
                     -1);
    assert_string_equal(err.pointer, "/limits/buffer/cpus");
}

static void
read_secret(const struct box *b, char text[32], mode_t *ret_mode)
{
    char path[128];
    struct stat st;
    FILE *f;

    snprintf(path, sizeof path, "%s/services/early/secrets/key", b->run);
    assert_int_equal(stat(path, &st), 0);
    *ret_mode = st.st_mode & 07777;
    assert_int_equal(st.st_uid, 20001);
    f = fopen(path, "re");
    assert_non_null(f);
    assert_non_null(fgets(text, 32, f));
    fclose(f);
}

static void
an_own_service_waits_for_permission_and_for_what_it_depends_on(void **state)
{
    struct box *b = *state;
    struct hf_operation op;
    struct hf_effects effects;
    struct hf_error err = {0};
    char text[32];
    mode_t mode;

    start_with(b, own);
    wait_in(b, only_the_built_in_ones_run);
    assert_int_equal(hf_core_command(b->core, HF_OPERATION_START, "early", "admin", &op, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    assert_non_null(strstr(err.message, "port 502"));
    assert_int_equal(change(b, "{\"own\":{\"ports\":[502]}}", false, &effects, &err), 0);
    assert_int_equal(hf_core_command(b->core, HF_OPERATION_START, "early", "admin", &op, &err), -1);
    assert_non_null(strstr(err.message, "/srv/x"));
    assert_int_equal(change(b, "{\"own\":{\"binds\":[\"/srv\"]}}", false, &effects, &err), 0);
    assert_int_equal(hf_core_command(b->core, HF_OPERATION_START, "early", "admin", &op, &err), -1);
    assert_non_null(strstr(err.message, "secret 'key'"));
    assert_int_equal(
        change(b, "{\"own\":{\"secrets\":{\"early\":{\"key\":\"hush\"}}}}", false, &effects, &err),
        0);
    wait_until(b->core, all_run);
    read_secret(b, text, &mode);
    assert_string_equal(text, "hush");
    assert_int_equal(mode, 0440);

    /* Permission that is taken back stops it; what depends on it runs on. */
    assert_int_equal(change(b, "{\"own\":{\"ports\":[]}}", false, &effects, &err), 0);
    for (bool stopped = false; !stopped;)
        FAKE_LOCKED(&b->engine, stopped = b->engine.stops == 1);
}

static bool
the_stray_is_gone(struct box *b, const struct hf_snapshot *s)
{
    bool gone;

    (void)s;
    FAKE_LOCKED(&b->engine, gone = b->engine.count == 4);
    return gone;
}

static void
what_the_release_no_longer_has_is_removed_and_its_log_kept(void **state)
{
    struct box *b = *state;
    struct hf_error err = {0};
    char text[128] = "";

    b->engine.containers[0] = (struct hf_container){.id = "old",
                                                    .service = "gone-by",
                                                    .labelled = true,
                                                    .label_service = "gone-by",
                                                    .state = HF_CONTAINER_RUNNING};
    b->engine.count = 1;
    start_with(b, built_in);
    wait_until(b->core, all_run);
    wait_in(b, the_stray_is_gone);
    assert_int_equal(
        hf_archive_read(hf_core_archive(b->core), "gone-by", 10, keep_text, never, text, &err), 0);
    assert_non_null(strstr(text, "/data is not writable"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(limits_change_while_the_container_runs, setup, teardown),
        cmocka_unit_test_setup_teardown(where_the_engine_refuses_a_new_container_has_the_limits,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(what_the_release_no_longer_has_is_removed_and_its_log_kept,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(what_does_not_fit_the_box_is_refused_or_allowed, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            an_own_service_waits_for_permission_and_for_what_it_depends_on, setup, teardown),
    };

    hf_log_set_level(HF_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
/* What a plan says, of a whole owner with a real store, against an engine in memory. */
#include "upgradekit.h"

#include "../scan/datakit.h"
#include "store/release.h"

static void
what_is_fetched_is_weighed_by_layers_that_are_not_here(void **state)
{
    struct box *b = *state;
    struct hf_plan plan;
    struct hf_error err;
    char id[HF_DIGEST_TEXT_SIZE];

    begin_box(b);
    add(b, two, id);
    assert_int_equal(hf_core_plan(b->core, id, &plan, &err), 0);
    assert_int_equal(plan.fetch_count, 0);
    assert_int_equal(plan.fetch_bytes, 0);
    FAKE_LOCKED(&b->engine, b->engine.no_images = true);
    assert_int_equal(hf_core_plan(b->core, id, &plan, &err), 0);
    FAKE_LOCKED(&b->engine, b->engine.no_images = false);
    assert_int_equal(plan.fetch_count, 2);
    assert_int_equal(plan.fetch_layers, 2);
    assert_int_equal(plan.fetch_bytes, 2000);
    assert_int_equal(plan.services[1].fetch_bytes, 1000);
    assert_int_equal(hf_plan_needed_bytes(&plan), 5000);
    assert_int_equal(hf_plan_peak_bytes(&plan), 7000);
}

/* The way back is kept, so what it has in common with another one is here too. */
static void
layers_of_the_way_back_are_here(void **state)
{
    static const char like_one[] = SET("like", "9", "21", "22");
    struct box *b = *state;
    struct hf_plan plan;
    struct hf_error err;
    HF_AUTO_FREE char *text = strdup(like_one);
    struct hf_store_release known = {
        .json = one,
        .signature = "",
        .known = {.release = {.name = "one"}, .state = HF_RELEASE_PREVIOUS, .source = "upload"}};
    char id[HF_DIGEST_TEXT_SIZE];
    char *layer = strstr(text, IMAGE("21") "\",\"size\":1000");

    memcpy(layer, IMAGE("01"), strlen(IMAGE("01")));
    hf_release_id(one, known.known.release.id);
    assert_int_equal(hf_store_open(b->dir, &b->store, &err), 0);
    assert_int_equal(hf_store_add_release(b->store, &known, &err), 0);
    hf_store_free(b->store);
    start_with(b, two);
    wait_until(b->core, all_run);
    add(b, text, id);
    FAKE_LOCKED(&b->engine, b->engine.no_images = true);
    assert_int_equal(hf_core_plan(b->core, id, &plan, &err), 0);
    FAKE_LOCKED(&b->engine, b->engine.no_images = false);
    assert_int_equal(plan.fetch_layers, 1);
    assert_int_equal(plan.services[0].fetch_bytes, 0);
}

static int
add_to_store(struct hf_store *store, void *context, struct hf_error *err)
{
    const struct hf_store_release *r = context;

    return hf_store_add_release(store, r, err);
}

/* It was added when there was a newer holdfastd here. */
static void
a_holdfastd_that_is_too_old_is_in_the_way(void **state)
{
    static const char newer[] = RELEASE_OF("\"format\":1,\"min_holdfastd\":\"99.0.0\",", BUILT_IN);
    struct box *b = *state;
    struct hf_plan plan;
    struct hf_error err;
    struct hf_store_release known = {.json = newer,
                                     .signature = "",
                                     .known = {.release = {.name = "newer"}, .source = "upload"}};

    begin_box(b);
    hf_release_id(newer, known.known.release.id);
    assert_int_equal(hf_core_run(b->core, add_to_store, &known, &err), 0);
    assert_int_equal(hf_core_plan(b->core, known.known.release.id, &plan, &err), 0);
    assert_int_equal(plan.obstacle_count, 1);
    assert_non_null(strstr(plan.obstacles[0], "needs holdfastd 99.0.0 or newer"));
}

static void
say(struct box *b, const char *service, const char *number, int64_t value, int64_t second)
{
    struct hf_service_status status = {.seen = true, .state = "ok", .number_count = 5};
    const char *const names[] = {number, "held", "disk_bytes", "stored_bytes", "disk_limit"};
    const int64_t values[] = {value, 1000, 100000, 100000, second};

    for (size_t i = 0; i < HF_LEN(names); i++) {
        hf_text_put(status.numbers[i].name, sizeof status.numbers[i].name, "%s", names[i]);
        status.numbers[i].value = values[i];
    }
    mailbox_status(&b->core->mail, (size_t)hf_service_index(service), &status);
}

static void
how_long_the_room_lasts_is_said(void **state)
{
    struct box *b = *state;
    struct hf_plan plan;
    struct hf_error err;
    char id[HF_DIGEST_TEXT_SIZE];

    begin_box(b);
    add(b, two, id);
    assert_int_equal(hf_core_plan(b->core, id, &plan, &err), 0);
    assert_int_equal(plan.queue_s, -1);
    assert_int_equal(plan.room_s, -1);
    say(b, "broker", "queue_minutes", 4, 0);
    do {
        assert_int_equal(hf_core_plan(b->core, id, &plan, &err), 0);
    } while (plan.queue_s < 0);
    assert_int_equal(plan.queue_s, 240);
}

/* ---- known vulnerabilities ---- */

#define SBOM_DIGEST "sha256:" HEX64
static const char document[] =
    "{\"spdxVersion\":\"SPDX-2.3\",\"packages\":[{\"externalRefs\":[{\"referenceType\":\"purl\","
    "\"referenceLocator\":\"pkg:deb/debian/libssl3t64@3.5.1-1?arch=amd64&distro=debian-13&upstream="
    "openssl\"}]}]}";

/* As release two, whose broker has a document. */
static char *
documented(void)
{
    static const char mark[] = "\"manifest\":\"" IMAGE("11") "\"";
    struct hf_buf text = HF_BUF_INIT(64 * 1024);
    const char *at = two, *next;

    while ((next = strstr(at, mark))) {
        next += strlen(mark);
        assert_int_equal(hf_buf_add(&text, at, (size_t)(next - at), NULL), 0);
        assert_int_equal(hf_buf_addf(&text, NULL, ",\"sbom\":\"%s\"", SBOM_DIGEST), 0);
        at = next;
    }
    assert_int_equal(hf_buf_addf(&text, NULL, "%s", at), 0);
    return hf_buf_take(&text);
}

static void
give_data(struct hf_scanner *scanner)
{
    HF_AUTO_FREE char *text = data_of(DATA_HEAD "p openssl 3.5.1-1+deb13u2\nv CVE-2026-11 H R -\n");
    HF_AUTO(hf_scan_upload) struct hf_scan_upload *u = NULL;
    struct hf_scan_data_info info;
    struct hf_error err = {0};

    assert_int_equal(hf_scan_upload_begin(scanner, &u, &err), 0);
    assert_int_equal(hf_scan_upload_add(u, text, strlen(text), &err), 0);
    assert_int_equal(hf_scan_upload_end(u, false, &info, &err), 0);
}

static void
begin_with_scanner(struct box *b, char id[HF_DIGEST_TEXT_SIZE])
{
    HF_AUTO_FREE char *text = documented();
    char dir[64];
    struct hf_error err;

    snprintf(dir, sizeof dir, "%s/scan", b->dir);
    assert_int_equal(hf_scanner_new(dir, &fake_engine_ops, &b->engine, &b->scanner, &err), 0);
    FAKE_LOCKED(&b->engine, b->engine.document_text = document);
    begin_box(b);
    add(b, text, id);
}

static int
teardown_scanner(void **state)
{
    struct box *b = *state;
    struct hf_scanner *scanner = b->scanner;
    int rc = teardown(state);

    hf_scanner_free(scanner);
    return rc;
}

static void
a_vulnerable_image_is_blocked_warned_of_or_accepted_by_policy(void **state)
{
    struct box *b = *state;
    struct hf_operation op;
    struct hf_plan plan;
    struct hf_error err;
    char id[HF_DIGEST_TEXT_SIZE];

    begin_with_scanner(b, id);
    give_data(b->scanner);
    assert_int_equal(hf_core_plan(b->core, id, &plan, &err), 0);
    assert_int_equal(plan.obstacle_count, 0);
    assert_true(has_warning(&plan, HF_WARNING_VULNERABLE));
    assert_non_null(plan.scan);
    hf_plan_done(&plan);

    configure(b, "{\"scan\":{\"policy\":{\"high\":\"block\"}}}");
    assert_int_equal(hf_core_plan(b->core, id, &plan, &err), 0);
    assert_int_equal(plan.obstacle_count, 1);
    assert_non_null(
        strstr(plan.obstacles[0], "'broker' has known vulnerabilities that the policy blocks"));
    assert_non_null(strstr(plan.obstacles[0], "openssl 3.5.1-1 → 3.5.1-1+deb13u2 (high)"));
    assert_int_equal(
        hf_core_apply(b->core, &(struct hf_apply){id, plan.etag, false}, "admin", &op, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    hf_plan_done(&plan);

    configure(b, "{\"scan\":{\"accept\":[{\"id\":\"CVE-2026-11\",\"reason\":\"no way in\","
                 "\"expires\":\"2999-01-01T00:00:00Z\"}]}}");
    assert_int_equal(hf_core_plan(b->core, id, &plan, &err), 0);
    assert_int_equal(plan.obstacle_count, 0);
    assert_false(has_warning(&plan, HF_WARNING_VULNERABLE));
    hf_plan_done(&plan);
}

static void
an_image_that_cannot_be_judged_is_said(void **state)
{
    struct box *b = *state;
    struct hf_plan plan;
    struct hf_error err;
    char id[HF_DIGEST_TEXT_SIZE];

    begin_with_scanner(b, id);
    FAKE_LOCKED(&b->engine, b->engine.document_text = NULL);
    assert_int_equal(hf_core_plan(b->core, id, &plan, &err), 0);
    assert_false(has_warning(&plan, HF_WARNING_NOT_SCANNED));
    hf_plan_done(&plan);
    configure(b, "{\"scan\":{\"policy\":{\"high\":\"block\"}}}");
    assert_int_equal(hf_core_plan(b->core, id, &plan, &err), 0);
    assert_true(has_warning(&plan, HF_WARNING_NOT_SCANNED));
    hf_plan_done(&plan);
    give_data(b->scanner);
    assert_int_equal(hf_core_plan(b->core, id, &plan, &err), 0);
    assert_int_equal(plan.obstacle_count, 0);
    assert_true(has_warning(&plan, HF_WARNING_NOT_SCANNED));
    hf_plan_done(&plan);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_fetched_is_weighed_by_layers_that_are_not_here,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(layers_of_the_way_back_are_here, setup, teardown),
        cmocka_unit_test_setup_teardown(a_holdfastd_that_is_too_old_is_in_the_way, setup, teardown),
        cmocka_unit_test_setup_teardown(how_long_the_room_lasts_is_said, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_vulnerable_image_is_blocked_warned_of_or_accepted_by_policy, setup, teardown_scanner),
        cmocka_unit_test_setup_teardown(an_image_that_cannot_be_judged_is_said, setup,
                                        teardown_scanner),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

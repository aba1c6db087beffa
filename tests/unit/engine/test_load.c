// SPDX-License-Identifier: Apache-2.0
/* Imports into a Docker that refuses, breaks off, is full, or keeps its images otherwise. */
#include "../import/made.h"

#include "engine/engine.h"
#include "engine/image.h"
#include "engine/load.h"
#include "fake_docker.h"
#include "tempdir.h"

#define OK(body) "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" body
#define FAIL(status, body) "HTTP/1.1 " status "\r\nConnection: close\r\n\r\n" body
#define VERSION {"GET /version", OK("{\"ApiVersion\":\"1.41\",\"MinAPIVersion\":\"1.12\"}")}
#define INFO(more) {"GET /v1.41/info", OK("{\"ServerVersion\":\"20.10.24\"" more "}")}
#define NO_IMAGES {"GET /v1.41/images/json?all=1", OK("[]")}
#define LOADED {"POST /v1.41/images/load?quiet=0", OK("{\"stream\":\"Loaded\"}\r\n")}
#define NONE FAIL("404 Not Found", "{\"message\":\"none\"}")
#define END {NULL, NULL}

static bool
never(void *context)
{
    (void)context;
    return false;
}

static bool
given_up(void *context)
{
    (void)context;
    return true;
}

/* What becomes of the image at a Docker with these answers. */
static int
load(struct made *m, struct fake_docker *f, bool (*cancelled)(void *context), bool *ret_has,
     struct hf_error *err)
{
    const struct hf_import_order order = {
        .pins = &m->pin, .count = 1, .platform = "amd64", .source = made_source(m)};
    const struct hf_import_watch watch = {cancelled, NULL};
    HF_AUTO(hf_engine) struct hf_engine *e = NULL;
    int rc;

    assert_int_equal(hf_engine_new(fake_docker_socket(f), &e, NULL), 0);
    rc = hf_load(e, &order, &m->image, &watch, err);
    if (ret_has)
        assert_int_equal(hf_image_has(e, m->pin.config, ret_has, NULL), 0);
    return rc;
}

static void
a_load_fails_by_what_docker_says(void **state)
{
    static const struct {
        const char *answer;
        enum hf_error_class class;
        const char *text;
    } rows[] = {
        {OK("{\"stream\":\"x\"}\r\n{\"error\":\"invalid diffID\"}\r\n"), HF_ERROR_UPSTREAM,
         "Docker: invalid diffID"},
        {OK("{\"error\":\"write: no space left on device\"}\n"), HF_ERROR_NO_SPACE, "no space"},
        {FAIL("500 Internal Server Error", "{\"message\":\"write: no space left on device\"}"),
         HF_ERROR_NO_SPACE, "no space"},
        {OK("garbage\n"), HF_ERROR_UPSTREAM, "in a form we do not know"},
        {OK("{\"stream\":\"Loaded\"}\r\n"), HF_ERROR_NOT_FOUND, "after the import"},
        {"", HF_ERROR_UNAVAILABLE, "the connection to Docker broke"},
    };
    struct made m;

    (void)state;
    made_begin(&m);
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        const struct fake_answer answers[] = {VERSION,
                                              INFO(""),
                                              NO_IMAGES,
                                              {"POST /v1.41/images/load", rows[i].answer},
                                              {"GET /v1.41/images/", NONE},
                                              END};
        struct fake_docker *f = fake_docker_start(answers);
        struct hf_error err = {0};

        assert_int_equal(load(&m, f, never, NULL, &err), -1);
        if (err.class != rows[i].class || !strstr(err.message, rows[i].text))
            fail_msg("class %d '%s', not %d '%s'", err.class, err.message, rows[i].class,
                     rows[i].text);
        fake_docker_stop(f);
    }
    made_done(&m);
}

/* Even one that has come to its end: whoever gave it up does not want it any more. */
static void
pain_14_an_import_ends_when_it_is_given_up(void **state)
{
    static const struct fake_answer answers[] = {VERSION, INFO(""), NO_IMAGES, LOADED, END};
    struct fake_docker *f = fake_docker_start(answers);
    struct hf_error err = {0};
    struct made m;

    (void)state;
    made_begin(&m);
    assert_int_equal(load(&m, f, given_up, NULL, &err), -1);
    assert_int_equal(err.class, HF_ERROR_UNAVAILABLE);
    assert_string_equal(err.message, "the import was cancelled");
    fake_docker_stop(f);
    made_done(&m);
}

static bool
soon_given_up(void *context)
{
    static int asked;

    (void)context;
    return ++asked > 20;
}

/* By a Docker that has it all and says nothing. */
static void
pain_14_an_import_that_docker_sits_on_is_given_up(void **state)
{
    static const struct fake_answer answers[] = {
        VERSION, INFO(""), NO_IMAGES, {"POST /v1.41/images/load", NULL}, END};
    struct fake_docker *f = fake_docker_start(answers);
    struct hf_error err = {0};
    struct made m;

    (void)state;
    made_begin(&m);
    assert_int_equal(load(&m, f, soon_given_up, NULL, &err), -1);
    assert_string_equal(err.message, "the import was cancelled");
    fake_docker_stop(f);
    made_done(&m);
}

/* Engines with containerd's store know an image by its manifest, and want all layers. */
static void
containerd_store_knows_images_by_manifest(void **state)
{
    char by_id[160], by_name[400], found[200];
    struct hf_error err = {0};
    struct made m;
    bool has = false;

    (void)state;
    made_begin(&m);
    snprintf(by_id, sizeof by_id, "GET /v1.41/images/%s/json", m.pin.config);
    snprintf(by_name, sizeof by_name, "GET /v1.41/images/%s/json", m.image.image);
    snprintf(found, sizeof found, OK("{\"Id\":\"%s\"}"), m.pin.manifest);
    {
        const struct fake_answer answers[] = {
            VERSION,
            INFO(",\"DriverStatus\":[[\"driver-type\",\"io.containerd.snapshotter.v1\"]]"),
            LOADED,
            {by_id, NONE},
            {by_name, found},
            END};
        struct fake_docker *f = fake_docker_start(answers);

        if (load(&m, f, never, &has, &err) < 0)
            fail_msg("%s", err.message);
        assert_true(has);
        fake_docker_stop(f);
    }
    made_done(&m);
}

static void
layers_that_are_there_are_not_asked_for(void **state)
{
    char described[200], by_id[160];
    struct hf_error err = {0};
    struct made m;

    (void)state;
    made_begin(&m);
    m.layer_len = 0; /* the import would fail if it asked for it */
    snprintf(described, sizeof described, OK("{\"Id\":\"x\",\"RootFS\":{\"Layers\":[\"%s\"]}}"),
             m.diff_id);
    snprintf(by_id, sizeof by_id, "GET /v1.41/images/%s/json", m.pin.config);
    {
        const struct fake_answer answers[] = {
            VERSION,
            INFO(""),
            {"GET /v1.41/images/json?all=1", OK("[{\"Id\":\"gone\"},{\"Id\":\"other\"}]")},
            {"GET /v1.41/images/gone/json", NONE},
            {"GET /v1.41/images/other/json", described},
            LOADED,
            {by_id, OK("{\"Id\":\"sha256:x\"}")},
            END};
        struct fake_docker *f = fake_docker_start(answers);

        if (load(&m, f, never, NULL, &err) < 0)
            fail_msg("%s", err.message);
        assert_int_equal(fake_docker_asked(f, 5), 1);
        fake_docker_stop(f);
    }
    made_done(&m);
}

static void
a_name_without_a_registry_is_not_fetched(void **state)
{
    const struct hf_release_image image = {
        .image = "a/b@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        .tag = "1.0.0",
        .image_id = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"};
    static const struct fake_answer answers[] = {
        VERSION, INFO(""), {"GET /v1.41/images", NONE}, END};
    struct fake_docker *f = fake_docker_start(answers);
    HF_AUTO(hf_engine) struct hf_engine *e = NULL;
    struct hf_error err = {0};

    (void)state;
    assert_int_equal(hf_engine_new(fake_docker_socket(f), &e, NULL), 0);
    assert_int_equal(hf_docker_ops.pull(e, &image, never, NULL, &err), -1);
    assert_non_null(strstr(err.message, "holdfast-fetch is not there"));
    assert_int_equal(hf_engine_set_fetch(e, "/nonexistent/fetch", 0, NULL), 0);
    assert_int_equal(hf_docker_ops.pull(e, &image, never, NULL, &err), -1);
    assert_non_null(strstr(err.message, "registry.host"));
    fake_docker_stop(f);
}

static void
put_blob(struct hf_buf *tar, const char *digest, const struct hf_buf *content)
{
    static const char zeros[HF_TAR_BLOCK];
    char name[100], block[HF_TAR_BLOCK];

    snprintf(name, sizeof name, "blobs/sha256/%s", digest + strlen("sha256:"));
    hf_tar_put(block, name, content->len);
    assert_int_equal(hf_buf_add(tar, block, sizeof block, NULL), 0);
    assert_int_equal(hf_buf_add(tar, content->data, content->len, NULL), 0);
    assert_int_equal(hf_buf_add(tar, zeros, hf_tar_padding(content->len), NULL), 0);
}

/* With len bytes of it. */
static void
lay_bundle(const struct made *m, const char *dir, size_t len)
{
    HF_AUTO_BUF struct hf_buf tar = HF_BUF_INIT(1 << 20);

    made_entry(&tar, "release.json", '0', "", "{}");
    made_entry(&tar, "release.json.minisig", '0', "", "signature");
    put_blob(&tar, m->pin.manifest, &m->manifest);
    put_blob(&tar, m->pin.config, &m->config);
    put_blob(&tar, m->layer_digest, &m->layer);
    made_end(&tar);
    tempdir_write(dir, "bundle", tar.data, len < tar.len ? len : tar.len);
}

/* As the engine is without a network: it has the image by its manifest once it was loaded. */
static int
pull_from_bundle(const struct made *m, const char *bundle, int *ret_loads, struct hf_error *err)
{
    char by_id[160], by_name[400], found[200];
    HF_AUTO(hf_engine) struct hf_engine *e = NULL;
    struct fake_docker *f;
    int rc;

    snprintf(by_id, sizeof by_id, "GET /v1.41/images/%s/json", m->pin.config);
    snprintf(by_name, sizeof by_name, "GET /v1.41/images/%s/json", m->image.image);
    snprintf(found, sizeof found, OK("{\"Id\":\"%s\"}"), m->pin.manifest);
    {
        const struct fake_answer answers[] = {
            VERSION,
            INFO(",\"DriverStatus\":[[\"driver-type\",\"io.containerd.snapshotter.v1\"]]"),
            LOADED,
            {by_id, NONE},
            {by_name, found},
            END};

        f = fake_docker_start(answers);
        assert_int_equal(hf_engine_new(fake_docker_socket(f), &e, NULL), 0);
        assert_int_equal(hf_engine_set_bundle(e, bundle, NULL), 0);
        rc = hf_docker_ops.pull(e, &m->image, never, NULL, err);
        *ret_loads = fake_docker_asked(f, 2);
        fake_docker_stop(f);
    }
    return rc;
}

static void
pain_24_a_bundle_on_the_disk_stands_in_for_a_registry(void **state)
{
    const char *path = tempdir_path(*state, "bundle");
    struct hf_error err = {0};
    struct made m;
    int loads;

    if (strcmp(hf_import_platform(), "amd64") != 0)
        skip(); /* the image is for that */
    made_begin(&m);
    snprintf(m.image.image, sizeof m.image.image, "a/b@%s", m.pin.manifest); /* no registry */
    snprintf(m.image.repository, sizeof m.image.repository, "a/b");
    assert_int_equal(pull_from_bundle(&m, path, &loads, &err), -1);
    assert_non_null(strstr(err.message, "registry.host"));
    assert_non_null(strstr(err.message, "the bundle here: cannot read"));
    lay_bundle(&m, *state, SIZE_MAX);
    if (pull_from_bundle(&m, path, &loads, &err) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(loads, 1);
    lay_bundle(&m, *state, 3000);
    assert_int_equal(pull_from_bundle(&m, path, &loads, &err), -1);
    assert_non_null(strstr(err.message, "is cut off"));
    made_done(&m);
}

/* Where the bundle is of another release. */
static void
what_the_bundle_lacks_is_asked_of_the_registry(void **state)
{
    const char *path = tempdir_path(*state, "bundle");
    struct hf_error err = {0};
    struct made m;
    int loads;

    made_begin(&m);
    lay_bundle(&m, *state, SIZE_MAX);
    snprintf(m.image.image, sizeof m.image.image, "reg.example:5000/a/b@%s", m.diff_id);
    assert_int_equal(pull_from_bundle(&m, path, &loads, &err), -1);
    assert_non_null(strstr(err.message, "holdfast-fetch is not there"));
    made_done(&m);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_load_fails_by_what_docker_says),
        cmocka_unit_test(pain_14_an_import_ends_when_it_is_given_up),
        cmocka_unit_test(pain_14_an_import_that_docker_sits_on_is_given_up),
        cmocka_unit_test(containerd_store_knows_images_by_manifest),
        cmocka_unit_test(layers_that_are_there_are_not_asked_for),
        cmocka_unit_test(a_name_without_a_registry_is_not_fetched),
        with_tempdir(pain_24_a_bundle_on_the_disk_stands_in_for_a_registry),
        with_tempdir(what_the_bundle_lacks_is_asked_of_the_registry),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
/* Bundles on their way in, into an engine that reads what it is given and keeps a count. */
#include "../import/made.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "import/bundle.h"
#include "intake/intake.h"
#include "tempdir.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum { UNWANTED_BYTES = 300000, LOOK_NS = 2000000, PATIENCE_S = 60 };

struct world {
    struct hf_intake *in;
    struct made made;
    struct hf_buf bundle;
    const char *refused; /* why the release is; NULL: it is not */
    const char *not_admitted;
    bool has_image;
    int64_t patience_ms;
    atomic_int imported, admitted, notes;
    char last_note[700];
};

/* ---- what is around it ---- */

static int
examine(void *context, const char *release, const char *signature, struct hf_release *ret_release,
        struct hf_error *err)
{
    struct world *w = context;

    assert_string_equal(release, "{}");
    assert_string_equal(signature, "signature");
    if (w->refused)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/signature", "%s", w->refused);
    *ret_release = (struct hf_release){.name = "holdfast", .version = "1.2.3", .count = 2};
    ret_release->services[0].image = ret_release->services[1].image = w->made.image;
    return 0;
}

static int
admit(void *context, const char *release, const char *signature, const char *actor,
      char ret_id[HF_DIGEST_TEXT_SIZE], struct hf_error *err)
{
    struct world *w = context;

    assert_string_equal(release, "{}");
    assert_string_equal(signature, "signature");
    assert_string_equal(actor, "admin");
    if (w->not_admitted)
        return hf_error_set(err, HF_ERROR_NO_SPACE, "%s", w->not_admitted);
    atomic_fetch_add(&w->admitted, 1);
    memset(ret_id, 'a', HF_DIGEST_TEXT_SIZE - 1);
    ret_id[HF_DIGEST_TEXT_SIZE - 1] = '\0';
    return 0;
}

static void
note(void *context, const char *actor, const char *what)
{
    struct world *w = context;

    assert_string_equal(actor, "admin");
    hf_text_put(w->last_note, sizeof w->last_note, "%s", what);
    atomic_fetch_add(&w->notes, 1);
}

static int
has_image(void *ctx, const char *image_id, bool *ret_has, struct hf_error *err)
{
    const struct world *w = ctx;

    (void)err;
    assert_string_equal(image_id, w->made.image.image_id);
    *ret_has = w->has_image;
    return 0;
}

static int
import(void *ctx, const struct hf_import_job *job, struct hf_error *err)
{
    struct world *w = ctx;
    HF_AUTO(hf_import) struct hf_import *im = NULL;
    const struct hf_import_order order = {
        .pins = &w->made.pin,
        .count = 1,
        .platform = "amd64",
        .source = hf_bundle_source(job->bundle),
        .progress = job->progress,
        .context = job->context,
    };
    char piece[5000];
    size_t len = 0;

    assert_int_equal(job->count, 1); /* two services have the same image */
    if (hf_import_new(&order, &im, err) < 0)
        return -1;
    hf_import_present(im, 0, 0);
    do {
        if (job->cancelled(job->context))
            return hf_error_set(err, HF_ERROR_UNAVAILABLE, "the import was cancelled");
        if (hf_import_read(im, piece, sizeof piece, &len, err) < 0)
            return -1;
    } while (len > 0);
    atomic_fetch_add(&w->imported, 1);
    return 0;
}

static const struct hf_engine_ops engine_ops = {.has_image = has_image, .import = import};

/* ---- a bundle ---- */

static void
put_blob(struct hf_buf *tar, const char *digest, const struct hf_buf *content)
{
    static const char zeros[HF_TAR_BLOCK];
    char name[100], block[HF_TAR_BLOCK];

    snprintf(name, sizeof name, "blobs/sha256/%s", digest + 7);
    hf_tar_put(block, name, content->len);
    assert_int_equal(hf_buf_add(tar, block, sizeof block, NULL), 0);
    assert_int_equal(hf_buf_add(tar, content->data, content->len, NULL), 0);
    assert_int_equal(hf_buf_add(tar, zeros, hf_tar_padding(content->len), NULL), 0);
}

/* With a blob of another platform before the layer that is wanted, and one behind it. */
static void
make_bundle(struct world *w)
{
    static const char before[] =
        "sha256:00000000000000000000000000000000000000000000000000000000000000ff";
    static const char behind[] =
        "sha256:00000000000000000000000000000000000000000000000000000000000000fe";
    HF_AUTO_BUF struct hf_buf unwanted = HF_BUF_INIT(UNWANTED_BYTES);
    struct made *m = &w->made;

    assert_non_null(hf_buf_reserve(&unwanted, UNWANTED_BYTES));
    memset(unwanted.data, 'x', UNWANTED_BYTES);
    unwanted.len = UNWANTED_BYTES;
    w->bundle = HF_BUF_INIT(1 << 20);
    made_begin(m);
    made_entry(&w->bundle, "release.json", '0', "", "{}");
    made_entry(&w->bundle, "release.json.minisig", '0', "", "signature");
    made_entry(&w->bundle, "oci-layout", '0', "", "{}");
    put_blob(&w->bundle, m->pin.manifest, &m->manifest);
    put_blob(&w->bundle, m->pin.config, &m->config);
    put_blob(&w->bundle, before, &unwanted);
    put_blob(&w->bundle, m->layer_digest, &m->layer);
    put_blob(&w->bundle, behind, &unwanted);
    made_end(&w->bundle);
}

static int
setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    make_bundle(w);
    *state = w;
    return 0;
}

static void
begin(struct world *w)
{
    const struct hf_intake_config config = {
        .ops = {.examine = examine, .admit = admit, .note = note, .context = w},
        .engine_ops = &engine_ops,
        .engine = w,
        .patience_ms = w->patience_ms,
    };

    assert_int_equal(hf_intake_new(&config, &w->in, NULL), 0);
}

static int
teardown(void **state)
{
    struct world *w = *state;

    hf_intake_stop(w->in);
    assert_true(hf_intake_free(w->in));
    made_done(&w->made);
    hf_buf_done(&w->bundle);
    free(w);
    return 0;
}

static struct hf_intake_view
look(struct world *w)
{
    struct hf_intake_view v;

    hf_intake_look(w->in, &v);
    return v;
}

/* Until it has ended. */
static struct hf_intake_view
ended(struct world *w)
{
    int64_t deadline = hf_clock_mono_ms() + PATIENCE_S * 1000;
    struct hf_intake_view v;

    while (v = look(w), v.state == HF_INTAKE_HEAD || v.state == HF_INTAKE_IMAGES) {
        assert_true(hf_clock_mono_ms() < deadline);
        nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
    }
    return v;
}

static int
send_piece(struct world *w, uint64_t from, size_t len, struct hf_error *err)
{
    int rc;

    if (hf_intake_open(w->in, from, err) < 0)
        return -1;
    if (len > w->bundle.len - from)
        len = w->bundle.len - (size_t)from;
    rc = hf_intake_write(w->in, w->bundle.data + from, len, err);
    hf_intake_close(w->in);
    return rc;
}

/* As a client does: from where the other side is, in pieces. Returns how many bytes it took. */
static size_t
send_all(struct world *w, size_t piece)
{
    struct hf_error err = {0};
    size_t sent = 0;

    for (struct hf_intake_view v = look(w); v.offset < v.length; v = look(w)) {
        size_t len = piece < v.length - v.offset ? piece : (size_t)(v.length - v.offset);

        if (send_piece(w, v.offset, len, &err) < 0) {
            if (err.class == HF_ERROR_CONFLICT) /* it has moved on meanwhile */
                continue;
            fail_msg("%s", err.message);
        }
        sent += len;
    }
    return sent;
}

static void
begin_upload(struct world *w)
{
    begin(w);
    assert_int_equal(hf_intake_begin(w->in, w->bundle.len, "admin", NULL), 0);
}

/* ---- good ones ---- */

static void
is_taken(struct world *w)
{
    struct hf_intake_view v = ended(w);

    if (v.state != HF_INTAKE_DONE)
        fail_msg("%s", v.error.message);
    assert_string_equal(v.name, "holdfast 1.2.3");
    assert_int_equal(v.id[0], 'a');
    assert_int_equal(v.offset, w->bundle.len);
    assert_int_equal(w->admitted, 1);
    assert_string_equal(w->last_note, "took the bundle of release 'holdfast 1.2.3'");
}

static void
pain_24_an_upload_comes_in_pieces_of_any_size(void **state)
{
    static const size_t pieces[] = {511, 4096, 100000, 10000000};
    struct world *w = *state;

    begin(w);
    for (size_t i = 0; i < HF_LEN(pieces); i++) {
        w->admitted = w->imported = 0;
        assert_int_equal(hf_intake_begin(w->in, w->bundle.len, "admin", NULL), 0);
        (void)send_all(w, pieces[i]);
        is_taken(w);
        assert_int_equal(w->imported, 1);
        assert_int_equal(look(w).layers_done, w->made.layer.len);
        assert_int_equal(look(w).layers_size, w->made.layer.len);
    }
}

/* All before the content of the blob that is not wanted, and a little of that. */
static size_t
send_head(struct world *w)
{
    const char *unwanted = memmem(w->bundle.data, w->bundle.len, "xxxxxxxx", 8);
    size_t len = (size_t)(unwanted - w->bundle.data) + 10;

    assert_int_equal(send_piece(w, 0, len, NULL), 0);
    return len;
}

static void
wait_for_offset(struct world *w, uint64_t offset)
{
    int64_t deadline = hf_clock_mono_ms() + PATIENCE_S * 1000;

    while (look(w).offset < offset) {
        assert_true(hf_clock_mono_ms() < deadline);
        nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
    }
}

static void
what_is_not_wanted_need_not_come(void **state)
{
    struct world *w = *state;
    size_t sent;

    begin_upload(w);
    sent = send_head(w);
    wait_for_offset(w, UNWANTED_BYTES);
    /* Who does not know it may send it all the same. */
    assert_int_equal(send_piece(w, sent, 2000, NULL), 0);
    assert_true(look(w).offset > UNWANTED_BYTES);
    assert_true(send_all(w, 100000) < w->bundle.len - UNWANTED_BYTES);
    is_taken(w);
}

static void
nothing_more_comes_where_all_is_here(void **state)
{
    struct world *w = *state;

    w->has_image = true;
    begin_upload(w);
    (void)send_head(w);
    is_taken(w);
    assert_int_equal(w->imported, 0);
}

static void
a_file_is_read_by_itself(void **state)
{
    struct world *w = *state;
    void *dir = NULL;
    struct hf_error err = {0};
    const char *path;

    assert_int_equal(tempdir_make(&dir), 0);
    path = tempdir_path(dir, "bundle");
    begin(w);
    assert_int_equal(
        hf_file_replace(path, w->bundle.data, w->bundle.len, 0600, (uid_t)-1, (gid_t)-1, NULL), 0);
    assert_int_equal(hf_intake_begin_file(w->in, path, "admin", &err), 0);
    is_taken(w);
    assert_int_equal(w->imported, 1);
    assert_int_equal(hf_intake_open(w->in, 0, &err), -1); /* nobody uploads */
    assert_int_equal(
        hf_file_replace(path, w->bundle.data, 150000, 0600, (uid_t)-1, (gid_t)-1, NULL), 0);
    assert_int_equal(hf_intake_begin_file(w->in, path, "admin", &err), 0);
    assert_int_equal(ended(w).state, HF_INTAKE_FAILED);
    assert_non_null(strstr(look(w).error.message, "cut off"));
    assert_int_equal(hf_intake_begin_file(w->in, dir, "admin", &err), -1);
    assert_non_null(strstr(err.message, "is no file"));
    assert_int_equal(hf_intake_begin_file(w->in, "/none", "admin", &err), -1);
    assert_int_equal(err.class, HF_ERROR_NOT_FOUND);
    assert_int_equal(tempdir_drop(&dir), 0);
}

/* ---- bad ones ---- */

static void
is_refused(struct world *w, enum hf_error_class class, const char *why)
{
    struct hf_intake_view v = ended(w);
    struct hf_error err = {0};

    assert_int_equal(v.state, HF_INTAKE_FAILED);
    assert_int_equal(v.error.class, class);
    if (!strstr(v.error.message, why))
        fail_msg("'%s' does not say '%s'", v.error.message, why);
    assert_int_equal(w->admitted, 0);
    assert_int_equal(w->notes, 1);
    assert_non_null(strstr(w->last_note, "was not taken"));
    assert_int_equal(hf_intake_open(w->in, v.offset, &err), -1);
    assert_string_equal(err.message, v.error.message);
}

static void
no_byte_is_taken_after_a_release_that_is_refused(void **state)
{
    struct world *w = *state;
    struct hf_error err = {0};

    w->refused = "it is not signed";
    begin_upload(w);
    assert_int_equal(hf_intake_open(w->in, 0, NULL), 0);
    assert_int_equal(hf_intake_write(w->in, w->bundle.data, w->bundle.len, &err), -1);
    hf_intake_close(w->in);
    assert_string_equal(err.message, "it is not signed");
    assert_string_equal(err.pointer, "/signature");
    assert_true(look(w).offset < 80000); /* what waited in between */
    is_refused(w, HF_ERROR_INVALID, "it is not signed");
    assert_int_equal(w->imported, 0);
}

static void
what_was_changed_is_refused(void **state)
{
    struct world *w = *state;
    char *layer = memmem(w->bundle.data, w->bundle.len, w->made.layer.data, w->made.layer.len);

    layer[20] ^= 1;
    begin_upload(w);
    assert_int_equal(hf_intake_open(w->in, 0, NULL), 0);
    (void)!hf_intake_write(w->in, w->bundle.data, w->bundle.len, NULL);
    hf_intake_close(w->in);
    is_refused(w, HF_ERROR_INVALID, "layer sha256:");
}

static void
one_that_ends_too_early_is_refused(void **state)
{
    struct world *w = *state;

    begin(w);
    w->bundle.len = 150000;
    assert_int_equal(hf_intake_begin(w->in, w->bundle.len, "admin", NULL), 0);
    assert_int_equal(hf_intake_open(w->in, 0, NULL), 0);
    (void)!hf_intake_write(w->in, w->bundle.data, w->bundle.len, NULL);
    hf_intake_close(w->in);
    is_refused(w, HF_ERROR_INVALID, "cut off");
}

static void
a_full_disk_at_the_end_is_said(void **state)
{
    struct world *w = *state;

    w->not_admitted = "the disk is full";
    begin_upload(w);
    assert_int_equal(hf_intake_open(w->in, 0, NULL), 0);
    (void)!hf_intake_write(w->in, w->bundle.data, w->bundle.len, NULL);
    hf_intake_close(w->in);
    is_refused(w, HF_ERROR_NO_SPACE, "the disk is full");
}

static void
whoever_goes_away_for_long_begins_anew(void **state)
{
    struct world *w = *state;

    w->patience_ms = 50;
    begin_upload(w);
    assert_int_equal(send_piece(w, 0, 1000, NULL), 0);
    is_refused(w, HF_ERROR_TIMEOUT, "nothing more of the bundle came");
    w->notes = 0;
    w->patience_ms = 0;
}

/* ---- who may do what ---- */

static void
one_at_a_time_and_in_order(void **state)
{
    struct world *w = *state;
    struct hf_error err = {0};

    begin(w);
    assert_int_equal(hf_intake_open(w->in, 0, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NOT_FOUND);
    assert_int_equal(hf_intake_begin(w->in, HF_INTAKE_BYTES_MAX + 1, "admin", &err), -1);
    assert_int_equal(err.class, HF_ERROR_TOO_LARGE);
    assert_int_equal(hf_intake_begin(w->in, w->bundle.len, "admin", &err), 0);
    assert_int_equal(hf_intake_begin(w->in, w->bundle.len, "admin", &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    assert_int_equal(hf_intake_open(w->in, 1, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    assert_int_equal(hf_intake_open(w->in, 0, &err), 0);
    assert_int_equal(hf_intake_open(w->in, 0, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    assert_int_equal(hf_intake_write(w->in, w->bundle.data, 100, &err), 0);
    hf_intake_close(w->in);
    assert_int_equal(hf_intake_open(w->in, 0, &err), -1);
    assert_non_null(strstr(err.message, "the next byte of the bundle is 100, not 0"));
    assert_int_equal(hf_intake_open(w->in, 100, &err), 0);
    assert_int_equal(hf_intake_write(w->in, "x", w->bundle.len - 99, &err), -1);
    assert_int_equal(err.class, HF_ERROR_INVALID);
    hf_intake_close(w->in);
}

static void
it_can_be_given_up(void **state)
{
    struct world *w = *state;
    struct hf_error err = {0};

    begin_upload(w);
    assert_int_equal(send_piece(w, 0, 3000, NULL), 0);
    assert_int_equal(hf_intake_cancel(w->in, "other", &err), 0);
    is_refused(w, HF_ERROR_UNAVAILABLE, "it was given up by other");
    assert_int_equal(hf_intake_cancel(w->in, "other", &err), -1);
    assert_int_equal(err.class, HF_ERROR_NOT_FOUND);
    assert_int_equal(hf_intake_begin(w->in, w->bundle.len, "admin", &err), 0);
    w->admitted = 0;
    (void)send_all(w, 50000);
    is_taken(w);
}

struct writer {
    struct world *world;
    struct hf_error err;
    int result;
};

static void *
write_all(void *context)
{
    struct writer *writer = context;
    struct world *w = writer->world;

    writer->result = hf_intake_open(w->in, 0, NULL);
    if (writer->result == 0)
        writer->result = hf_intake_write(w->in, w->bundle.data, w->bundle.len, &writer->err);
    hf_intake_close(w->in);
    return NULL;
}

static int
import_nothing(void *ctx, const struct hf_import_job *job, struct hf_error *err)
{
    (void)ctx;
    while (!job->cancelled(job->context))
        nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
    return hf_error_set(err, HF_ERROR_UNAVAILABLE, "the import was cancelled");
}

/* With an engine that takes nothing, and a writer that waits for it. */
static void
the_end_of_the_daemon_waits_for_nobody(void **state)
{
    static const struct hf_engine_ops slow = {.has_image = has_image, .import = import_nothing};
    struct world *w = *state;
    struct hf_intake_config config = {
        .ops = {.examine = examine, .admit = admit, .note = note, .context = w},
        .engine_ops = &slow,
        .engine = w,
    };
    struct writer writer = {.world = w};
    struct hf_error err = {0};
    pthread_t thread;

    assert_int_equal(hf_intake_new(&config, &w->in, NULL), 0);
    assert_int_equal(hf_intake_begin(w->in, w->bundle.len, "admin", NULL), 0);
    assert_int_equal(pthread_create(&thread, NULL, write_all, &writer), 0);
    while (look(w).offset < 60000)
        nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
    hf_intake_stop(w->in);
    pthread_join(thread, NULL);
    assert_int_equal(writer.result, -1);
    assert_int_equal(writer.err.class, HF_ERROR_UNAVAILABLE);
    assert_int_equal(hf_intake_begin(w->in, 1, "admin", &err), -1);
    assert_int_equal(err.class, HF_ERROR_UNAVAILABLE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pain_24_an_upload_comes_in_pieces_of_any_size),
        TEST(what_is_not_wanted_need_not_come),
        TEST(nothing_more_comes_where_all_is_here),
        TEST(a_file_is_read_by_itself),
        TEST(no_byte_is_taken_after_a_release_that_is_refused),
        TEST(what_was_changed_is_refused),
        TEST(one_that_ends_too_early_is_refused),
        TEST(a_full_disk_at_the_end_is_said),
        TEST(whoever_goes_away_for_long_begins_anew),
        TEST(one_at_a_time_and_in_order),
        TEST(it_can_be_given_up),
        TEST(the_end_of_the_daemon_waits_for_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

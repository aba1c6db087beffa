// SPDX-License-Identifier: Apache-2.0
#include "made.h"

#include "import/bundle.h"

static struct hf_import *
opened(struct made *m, size_t present)
{
    const struct hf_import_order order = {
        .pins = &m->pin, .count = 1, .platform = "amd64", .source = made_source(m)};
    struct hf_import *im = NULL;
    struct hf_error err = {0};

    if (hf_import_new(&order, &im, &err) < 0)
        fail_msg("%s", err.message);
    hf_import_present(im, 0, present);
    return im;
}

/* All of the archive, step bytes at a time. */
static int
drain(struct hf_import *im, size_t step, struct hf_buf *out, struct hf_error *err)
{
    char data[4096];
    size_t len;

    do {
        if (hf_import_read(im, data, step, &len, err) < 0)
            return -1;
        assert_int_equal(hf_buf_add(out, data, len, NULL), 0);
    } while (len > 0);
    return 0;
}

/* Names of the entries, with blanks behind them. */
static void
list(const struct hf_buf *tar, char *out, size_t size)
{
    out[0] = '\0';
    for (size_t at = 0; at + HF_TAR_BLOCK <= tar->len;) {
        struct hf_tar_header h;
        size_t used = strlen(out);

        if (hf_tar_is_zero(tar->data + at)) {
            assert_int_equal(at + 2 * HF_TAR_BLOCK, tar->len);
            return;
        }
        assert_int_equal(hf_tar_read(tar->data + at, &h, NULL), 0);
        snprintf(out + used, size - used, "%s ", h.name);
        at += HF_TAR_BLOCK + h.size + hf_tar_padding(h.size);
    }
    fail_msg("the archive has no end");
}

static void
the_archive_has_all_and_says_last_what_it_is(void **state)
{
    static const size_t steps[] = {1, 7, 512, 4096};
    char names[1024], wanted[1024];
    struct made m;

    (void)state;
    made_begin(&m);
    for (size_t i = 0; i < 2 * HF_LEN(steps); i++) {
        bool present = i % 2;
        HF_AUTO_BUF struct hf_buf tar = HF_BUF_INIT(1 << 20);
        HF_AUTO(hf_import) struct hf_import *im = opened(&m, present);

        m.step = steps[i / 2];
        assert_int_equal(hf_import_bytes(im), present ? 0 : m.layer.len);
        assert_int_equal(drain(im, steps[i / 2], &tar, NULL), 0);
        list(&tar, names, sizeof names);
        assert_in_range(snprintf(wanted, sizeof wanted,
                                 "oci-layout blobs/sha256/%s blobs/sha256/%s %s%s%sindex.json "
                                 "manifest.json ",
                                 m.pin.manifest + 7, m.pin.config + 7,
                                 present ? "" : "blobs/sha256/", present ? "" : m.layer_digest + 7,
                                 present ? "" : " "),
                        1, sizeof wanted - 1);
        assert_string_equal(names, wanted);
        assert_non_null(memmem(tar.data, tar.len, "\"RepoTags\":[\"reg.example:5000/a/b:1.0.0\"]",
                               strlen("\"RepoTags\":[\"reg.example:5000/a/b:1.0.0\"]")));
    }
    made_done(&m);
}

static void
pain_16_bytes_that_are_not_the_pinned_ones_end_it_before_the_image_is_named(void **state)
{
    static const struct {
        int more; /* bytes than there should be */
        bool flipped;
        const char *text;
    } rows[] = {
        {-1, false, "what came ends after"},
        {1, false, "what came is longer than its"},
        {0, true, "it was changed or damaged"},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        HF_AUTO_BUF struct hf_buf tar = HF_BUF_INIT(1 << 20);
        HF_AUTO(hf_import) struct hf_import *im = NULL;
        struct hf_error err = {0};
        struct made m;

        made_begin(&m);
        im = opened(&m, 0);
        m.layer_len += (size_t)rows[i].more;
        m.layer.data[9] ^= rows[i].flipped; /* RFC 1952: the system it was made on */
        assert_int_equal(drain(im, 512, &tar, &err), -1);
        assert_int_equal(err.class, HF_ERROR_INVALID);
        assert_non_null(strstr(err.message, rows[i].text));
        assert_non_null(strstr(err.message, "layer sha256:"));
        assert_null(memmem(tar.data, tar.len, "manifest.json", 13));
        made_done(&m);
    }
}

static void
a_document_that_is_another_is_refused(void **state)
{
    struct hf_import *im = NULL;
    struct hf_error err = {0};
    struct made m;
    struct hf_import_order order = {.pins = &m.pin, .count = 1, .platform = "amd64"};

    (void)state;
    made_begin(&m);
    order.source = made_source(&m);
    m.wrong_config = true;
    assert_int_equal(hf_import_new(&order, &im, &err), -1);
    assert_non_null(strstr(err.message, "the configuration of a/b that came is sha256:"));
    m.wrong_config = false;
    m.pin.manifest[70] ^= 1;
    assert_int_equal(hf_import_new(&order, &im, &err), -1);
    assert_non_null(strstr(err.message, "the manifest of a/b that came is sha256:"));
    m.pin.manifest[70] ^= 1;
    m.pin.config[70] ^= 1;
    assert_int_equal(hf_import_new(&order, &im, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    assert_non_null(strstr(err.message, "image a/b has the id sha256:"));
    m.pin.config[70] ^= 1;
    order.platform = "arm64";
    assert_int_equal(hf_import_new(&order, &im, &err), -1);
    assert_non_null(strstr(err.message, "this machine is linux on arm64"));
    made_done(&m);
}

static void
pin_layer(struct made *m, const char *digest, size_t size)
{
    struct hf_sha256 hash;

    hf_sha256_begin(&hash);
    hf_layer_list_add(&hash, digest, (int64_t)size);
    hf_sha256_end(&hash, m->pin.layers);
}

static void
other_layers_than_those_of_the_release_are_refused(void **state)
{
    HF_AUTO(hf_import) struct hf_import *im = NULL;
    struct hf_error err = {0};
    struct made m;
    struct hf_import_order order = {.pins = &m.pin, .count = 1, .platform = "amd64"};

    (void)state;
    made_begin(&m);
    order.source = made_source(&m);
    pin_layer(&m, m.layer_digest, m.layer.len + 1);
    assert_int_equal(hf_import_new(&order, &im, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    assert_non_null(strstr(err.message, "image a/b has other layers, or other sizes of them"));
    pin_layer(&m, m.diff_id, m.layer.len);
    assert_int_equal(hf_import_new(&order, &im, &err), -1);
    pin_layer(&m, m.layer_digest, m.layer.len);
    assert_int_equal(hf_import_new(&order, &im, &err), 0);
    made_done(&m);
}

/* ---- several images ---- */

struct pair {
    struct made of[2];
    struct made *now;
};

static int
pair_document(void *context, const struct hf_import_pin *pin, const char *digest, bool is_manifest,
              struct hf_buf *out, struct hf_error *err)
{
    struct pair *p = context;
    bool second = strcmp(pin->manifest, p->of[1].pin.manifest) == 0;

    return made_document(&p->of[second], pin, digest, is_manifest, out, err);
}

static int
pair_begin(void *context, const struct hf_import_layer *layers, size_t count, size_t *ret,
           struct hf_error *err)
{
    struct pair *p = context;

    *ret = hf_import_first_wanted(layers, count);
    p->now = &p->of[strcmp(layers[*ret].blob.digest, p->of[1].layer_digest) == 0];
    return made_begin_layer(p->now, layers, count, ret, err);
}

static int
pair_read(void *context, char *out, size_t size, size_t *ret_len, struct hf_error *err)
{
    struct pair *p = context;

    return made_read(p->now, out, size, ret_len, err);
}

static void
several_images_are_bounded_together(void **state)
{
    static const struct hf_import_source_ops ops = {
        .document = pair_document, .begin = pair_begin, .read = pair_read};
    struct hf_import_pin pins[2];
    struct pair p;
    const struct hf_import_order order = {
        .pins = pins, .count = 2, .platform = "amd64", .source = {&ops, &p}};

    (void)state;
    made_begin(&p.of[0]);
    p.of[1] = (struct made){.unpacked = HF_BUF_INIT(1 << 20)};
    made_entry(&p.of[1].unpacked, "other", '0', "", "another\n");
    made_end(&p.of[1].unpacked);
    made_finish(&p.of[1]);
    for (int i = 0; i < 2; i++)
        pins[i] = p.of[i].pin;
    for (size_t less = 0; less < 2; less++) {
        HF_AUTO_BUF struct hf_buf tar = HF_BUF_INIT(1 << 20);
        HF_AUTO(hf_import) struct hf_import *im = NULL;
        struct hf_error err = {0};

        assert_int_equal(hf_import_new(&order, &im, NULL), 0);
        hf_import_present(im, 0, 0);
        hf_import_present(im, 1, 0);
        assert_int_equal(hf_import_bytes(im), p.of[0].layer.len + p.of[1].layer.len);
        hf_import_limit(im, p.of[0].unpacked.len + p.of[1].unpacked.len - less);
        assert_int_equal(drain(im, 4096, &tar, &err), less ? -1 : 0);
        assert_int_equal(err.class, less ? HF_ERROR_NO_SPACE : HF_ERROR_NONE);
    }
    made_done(&p.of[0]);
    made_done(&p.of[1]);
}

static void
pins_are_told_apart_from_names(void **state)
{
    static const char hex[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    static const struct {
        const char *name, *host, *repository; /* host NULL: refused */
    } rows[] = {
        {"127.0.0.1:5000/holdfast/broker", "127.0.0.1:5000", "holdfast/broker"},
        {"registry.example.com/a", "registry.example.com", "a"},
        {"localhost/a/b", "localhost", "a/b"},
        {"holdfast/broker", "", "holdfast/broker"},
        {"broker", "", "broker"},
        {"registry.example.com/", NULL, NULL},
        {"", NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        struct hf_release_image image = {.tag = "1.0.0"};
        struct hf_import_pin pin;

        snprintf(image.image, sizeof image.image, "%s@sha256:%s", rows[i].name, hex);
        snprintf(image.image_id, sizeof image.image_id, "sha256:%s", hex);
        assert_int_equal(hf_import_pin_of(&image, &pin, NULL), rows[i].host ? 0 : -1);
        if (!rows[i].host)
            continue;
        assert_string_equal(pin.host, rows[i].host);
        assert_string_equal(pin.repository, rows[i].repository);
        image.image_id[40] = 'G';
        assert_int_equal(hf_import_pin_of(&image, &pin, NULL), -1);
    }
}

#define TYPE(t) "\"mediaType\":\"application/vnd.oci.image." t "\","
#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define BLOB(size) "\"digest\":\"sha256:" HEX64 "\",\"size\":" size
#define CONFIG "\"config\":{" TYPE("config.v1+json") BLOB("7") "}"
#define LAYER(type, size) "{" TYPE("layer.v1." type) BLOB(size) "}"
#define MANIFEST(layers) "{\"schemaVersion\":2," CONFIG ",\"layers\":[" layers "]}"

static void
manifests(void **state)
{
    static const struct {
        const char *text, *why; /* NULL: taken */
    } rows[] = {
        {MANIFEST(LAYER("tar+gzip", "5") "," LAYER("tar", "6")), NULL},
        {"[]", "is no object"},
        {"{", "the manifest"},
        {"{}", "not of schema version 2"},
        {"{\"schemaVersion\":1}", "not of schema version 2"},
        {"{\"schemaVersion\":2,\"manifests\":[]}", "a list of images for several platforms"},
        {"{\"schemaVersion\":2,\"mediaType\":\"application/"
         "vnd.docker.distribution.manifest.list.v2+json\"}",
         "a list of images for several platforms"},
        {"{\"schemaVersion\":2,\"mediaType\":\"text/plain\"}", "of the unknown type text/plain"},
        {"{\"schemaVersion\":2,\"config\":{}}", "configuration has no SHA-256 digest"},
        {"{\"schemaVersion\":2,\"config\":{" TYPE("artifact") BLOB("7") "}}", "it is no image"},
        {"{\"schemaVersion\":2,\"config\":{" TYPE("config.v1+json") BLOB("600000") "}}",
         "its configuration has 600000 bytes"},
        {MANIFEST(""), "from 1 to 127 layers"},
        {MANIFEST(LAYER("tar+zstd", "5")), "only tar and tar with gzip can be loaded"},
        {MANIFEST(LAYER("tar", "-1")), "layer has no size"},
        {MANIFEST(LAYER("tar", "10000000000")), "more than the 4294967296 that a layer may have"},
        {MANIFEST("{" TYPE("layer.v1.tar") "\"digest\":\"sha256:../../etc\",\"size\":1}"),
         "layer has no SHA-256 digest"},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        struct hf_error err = {0};
        struct hf_manifest m;
        int rc = hf_manifest_parse(rows[i].text, strlen(rows[i].text), &m, &err);

        assert_int_equal(rc, rows[i].why ? -1 : 0);
        if (rows[i].why && !strstr(err.message, rows[i].why))
            fail_msg("'%s' does not say '%s'", err.message, rows[i].why);
        if (!rows[i].why) {
            assert_int_equal(m.layer_count, 2);
            assert_true(m.layers[0].gzip && !m.layers[1].gzip);
            assert_int_equal(m.layers[1].size, 6);
        }
    }
}

/* ---- bundles ---- */

struct input {
    const struct hf_buf *from;
    size_t at, step;
};

static int
read_input(void *context, char *out, size_t size, size_t *ret_len, struct hf_error *err)
{
    struct input *in = context;
    size_t left = in->from->len - in->at;

    (void)err;
    size = size < in->step ? size : in->step;
    *ret_len = left < size ? left : size;
    memcpy(out, in->from->data + in->at, *ret_len);
    in->at += *ret_len;
    return 0;
}

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

static void
make_bundle(const struct made *m, struct hf_buf *tar)
{
    static const char unwanted[] =
        "sha256:00000000000000000000000000000000000000000000000000000000000000ff";

    made_entry(tar, "release.json", '0', "", "{}");
    made_entry(tar, "release.json.minisig", '0', "", "signature");
    made_entry(tar, "oci-layout", '0', "", "{}");
    put_blob(tar, m->pin.manifest, &m->manifest);
    put_blob(tar, m->pin.config, &m->config);
    put_blob(tar, unwanted, &m->layer); /* of another platform */
    put_blob(tar, m->layer_digest, &m->layer);
    made_end(tar);
}

/* Reads as far as it goes. */
static int
unpack(const struct made *m, const struct hf_buf *tar, size_t len, size_t step,
       struct hf_error *err)
{
    const struct hf_buf part = {.data = tar->data, .len = len};
    struct input in = {&part, 0, step};
    const struct hf_bundle_input input = {.read = read_input, .context = &in};
    HF_AUTO(hf_bundle) struct hf_bundle *b = NULL;
    HF_AUTO(hf_import) struct hf_import *im = NULL;
    HF_AUTO_BUF struct hf_buf archive = HF_BUF_INIT(1 << 20);
    struct hf_import_order order = {.pins = &m->pin, .count = 1, .platform = "amd64"};

    if (hf_bundle_open(&input, &b, err) < 0)
        return -1;
    assert_string_equal(hf_bundle_release(b)->data, "{}");
    assert_string_equal(hf_bundle_signature(b)->data, "signature");
    order.source = hf_bundle_source(b);
    if (hf_import_new(&order, &im, err) < 0)
        return -1;
    hf_import_present(im, 0, 0);
    return drain(im, 4096, &archive, err);
}

static void
pain_24_a_bundle_is_read_in_one_pass_wherever_it_is_cut(void **state)
{
    static const size_t steps[] = {1, 100, 4096};
    HF_AUTO_BUF struct hf_buf tar = HF_BUF_INIT(1 << 20);
    struct hf_error err = {0};
    struct made m;

    (void)state;
    made_begin(&m);
    make_bundle(&m, &tar);
    for (size_t i = 0; i < HF_LEN(steps); i++)
        assert_int_equal(unpack(&m, &tar, tar.len, steps[i], &err), 0);
    /* Nothing is needed of what stands behind the last layer. */
    for (size_t len = 0; len < tar.len - 3 * (size_t)HF_TAR_BLOCK; len += 37) {
        assert_int_equal(unpack(&m, &tar, len, 4096, &err), -1);
        assert_int_equal(err.class, HF_ERROR_INVALID);
        assert_non_null(strstr(err.message, "cut off"));
    }
    made_done(&m);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_archive_has_all_and_says_last_what_it_is),
        cmocka_unit_test(
            pain_16_bytes_that_are_not_the_pinned_ones_end_it_before_the_image_is_named),
        cmocka_unit_test(a_document_that_is_another_is_refused),
        cmocka_unit_test(other_layers_than_those_of_the_release_are_refused),
        cmocka_unit_test(several_images_are_bounded_together),
        cmocka_unit_test(pins_are_told_apart_from_names),
        cmocka_unit_test(manifests),
        cmocka_unit_test(pain_24_a_bundle_is_read_in_one_pass_wherever_it_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
#include "import/manifest.h"

#include "base/text.h"
#include "model/sha256.h"
#include "json/json.h"

#include <string.h>
#include <sys/utsname.h>

static const char OCI_MANIFEST[] = "application/vnd.oci.image.manifest.v1+json";
static const char DOCKER_MANIFEST[] = "application/vnd.docker.distribution.manifest.v2+json";
static const char OCI_INDEX[] = "application/vnd.oci.image.index.v1+json";
static const char DOCKER_LIST[] = "application/vnd.docker.distribution.manifest.list.v2+json";
static const char OCI_CONFIG[] = "application/vnd.oci.image.config.v1+json";
static const char DOCKER_CONFIG[] = "application/vnd.docker.container.image.v1+json";

static const struct {
    const char *media_type;
    bool gzip;
} layer_types[] = {
    {"application/vnd.oci.image.layer.v1.tar", false},
    {"application/vnd.oci.image.layer.v1.tar+gzip", true},
    {"application/vnd.docker.image.rootfs.diff.tar", false},
    {"application/vnd.docker.image.rootfs.diff.tar.gzip", true},
};

/* The machine names of uname(2), and the image spec's (those of Go). */
static const struct {
    const char *machine, *platform;
} platforms[] = {
    {"x86_64", "amd64"}, {"aarch64", "arm64"}, {"armv7l", "arm"},
    {"armv6l", "arm"},   {"i686", "386"},      {"riscv64", "riscv64"},
};

const char *
hf_import_platform(void)
{
    struct utsname u;

    if (uname(&u) == 0)
        for (size_t i = 0; i < HF_LEN(platforms); i++)
            if (strcmp(u.machine, platforms[i].machine) == 0)
                return platforms[i].platform;
    return "";
}

static int
parse(const char *text, size_t len, const char *what, struct hf_json **ret_doc,
      struct hf_error *err)
{
    if (hf_json_parse(text, len, ret_doc, err) == 0 && hf_json_is_object(*ret_doc))
        return 0;
    if (*ret_doc)
        return hf_error_set(err, HF_ERROR_UPSTREAM, "the %s is no object", what);
    hf_error_wrap(err, "the %s", what);
    if (err)
        err->class = HF_ERROR_UPSTREAM;
    return -1;
}

/* ---- manifest ---- */

static int
read_descriptor(const struct hf_json *v, const char *what, char ret_digest[HF_DIGEST_SIZE],
                uint64_t *ret_size, struct hf_error *err)
{
    const char *digest = hf_json_string(v, "digest");
    int64_t size = hf_json_int(v, "size", -1);

    if (!digest || !hf_sha256_is_digest(digest))
        return hf_error_set(err, HF_ERROR_UPSTREAM, "the manifest's %s has no SHA-256 digest",
                            what);
    if (size < 0)
        return hf_error_set(err, HF_ERROR_UPSTREAM, "the manifest's %s has no size", what);
    hf_text_put(ret_digest, HF_DIGEST_SIZE, "%s", digest);
    *ret_size = (uint64_t)size;
    return 0;
}

static int
check_kind(const struct hf_json *doc, struct hf_manifest *m, struct hf_error *err)
{
    const char *type = hf_json_string(doc, "mediaType");

    if (hf_json_get(doc, "manifests") ||
        (type && (strcmp(type, OCI_INDEX) == 0 || strcmp(type, DOCKER_LIST) == 0)))
        return hf_error_set(err, HF_ERROR_INVALID,
                            "the pinned digest is that of a list of images for several platforms: "
                            "pin the manifest of one of them");
    if (hf_json_int(doc, "schemaVersion", 0) != 2)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "the manifest is not of schema version 2, the only one that is read");
    if (type && strcmp(type, OCI_MANIFEST) != 0 && strcmp(type, DOCKER_MANIFEST) != 0)
        return hf_error_set(err, HF_ERROR_INVALID, "the manifest is of the unknown type %.80s",
                            type);
    hf_text_put(m->media_type, sizeof m->media_type, "%s", type ? type : OCI_MANIFEST);
    return 0;
}

static int
read_config(const struct hf_json *doc, struct hf_manifest *m, struct hf_error *err)
{
    const struct hf_json *config = hf_json_get(doc, "config");
    const char *type = hf_json_string(config, "mediaType");

    if (read_descriptor(config, "configuration", m->config, &m->config_size, err) < 0)
        return -1;
    if (!type || (strcmp(type, OCI_CONFIG) != 0 && strcmp(type, DOCKER_CONFIG) != 0))
        return hf_error_set(err, HF_ERROR_INVALID,
                            "it is no image: its configuration is of type %.80s",
                            type ? type : "(none)");
    if (m->config_size > HF_IMPORT_DOCUMENT_MAX)
        return hf_error_set(err, HF_ERROR_TOO_LARGE,
                            "its configuration has %llu bytes, more than %d",
                            (unsigned long long)m->config_size, HF_IMPORT_DOCUMENT_MAX);
    return 0;
}

static int
read_layer(const struct hf_json *v, struct hf_manifest_layer *l, struct hf_error *err)
{
    const char *type = hf_json_string(v, "mediaType");

    if (read_descriptor(v, "layer", l->digest, &l->size, err) < 0)
        return -1;
    if (l->size > HF_IMPORT_LAYER_BYTES_MAX)
        return hf_error_set(err, HF_ERROR_TOO_LARGE,
                            "layer %.19s has %llu bytes: more than the %llu that a layer may have",
                            l->digest, (unsigned long long)l->size,
                            (unsigned long long)HF_IMPORT_LAYER_BYTES_MAX);
    for (size_t i = 0; type && i < HF_LEN(layer_types); i++) {
        if (strcmp(type, layer_types[i].media_type) == 0) {
            l->gzip = layer_types[i].gzip;
            return 0;
        }
    }
    return hf_error_set(err, HF_ERROR_INVALID,
                        "layer %.19s is of type %.80s: only tar and tar with gzip can be loaded",
                        l->digest, type ? type : "(none)");
}

int
hf_manifest_parse(const char *text, size_t len, struct hf_manifest *ret, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    const struct hf_json *layers;

    ret->layer_count = 0;
    if (parse(text, len, "manifest", &doc, err) < 0 || check_kind(doc, ret, err) < 0 ||
        read_config(doc, ret, err) < 0)
        return -1;
    layers = hf_json_get(doc, "layers");
    if (!hf_json_is_array(layers) || hf_json_count(layers) == 0 ||
        hf_json_count(layers) > HF_IMPORT_LAYERS_MAX)
        return hf_error_set(err, HF_ERROR_INVALID, "an image has from 1 to %d layers",
                            HF_IMPORT_LAYERS_MAX);
    for (const struct hf_json *v = hf_json_first(layers); v; v = hf_json_next(v))
        if (read_layer(v, &ret->layers[ret->layer_count++], err) < 0)
            return -1;
    return 0;
}

/* ---- configuration ---- */

int
hf_image_config_parse(const char *text, size_t len, const char *platform,
                      struct hf_image_config *ret, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    const struct hf_json *rootfs, *ids;
    const char *os, *architecture;

    ret->diff_id_count = 0;
    if (parse(text, len, "image's configuration", &doc, err) < 0)
        return -1;
    os = hf_json_string(doc, "os");
    architecture = hf_json_string(doc, "architecture");
    if (!os || !architecture || strcmp(os, "linux") != 0 || strcmp(architecture, platform) != 0)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "the image is for %.20s on %.20s, but this machine is linux on %s",
                            os ? os : "?", architecture ? architecture : "?", platform);
    rootfs = hf_json_get(doc, "rootfs");
    ids = hf_json_get(rootfs, "diff_ids");
    if (!hf_json_is_array(ids) || hf_json_count(ids) > HF_IMPORT_LAYERS_MAX)
        return hf_error_set(err, HF_ERROR_UPSTREAM, "the image's configuration names no layers");
    for (const struct hf_json *v = hf_json_first(ids); v; v = hf_json_next(v)) {
        const char *id = hf_json_as_string(v);

        if (!id || !hf_sha256_is_digest(id))
            return hf_error_set(err, HF_ERROR_UPSTREAM,
                                "the image's configuration has a layer without a SHA-256");
        hf_text_put(ret->diff_ids[ret->diff_id_count++], HF_DIGEST_SIZE, "%s", id);
    }
    return 0;
}

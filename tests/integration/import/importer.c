// SPDX-License-Identifier: Apache-2.0
/*
 * Brings one image into the engine, as holdfastd does, for tests/integration/import.sh:
 *
 *     importer layout FOLDER        IMAGE@DIGEST TAG IMAGE-ID
 *     importer registry SETTINGS    (JSON as in the configuration's "registry")
 *     importer bundle FILE          (- for standard input)
 *
 * Says "progress LAYER BYTES" for each layer that came whole, and at the end "done" or "CLASS:
 * MESSAGE" with the class's HTTP status. Ends with 3 where SIGUSR1 cancelled it.
 */
#include "base/file.h"
#include "base/text.h"
#include "engine/engine.h"
#include "engine/load.h"
#include "import/bundle.h"
#include "import/source.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { STALL_MS = 1000 };

static volatile sig_atomic_t cancelled;

static void
on_signal(int number)
{
    (void)number;
    cancelled = 1;
}

static bool
is_cancelled(void *context)
{
    (void)context;
    return cancelled;
}

static void
on_progress(void *context, const struct hf_import_progress *p)
{
    (void)context;
    if (p->done == p->size)
        printf("progress %s %llu\n", p->layer, (unsigned long long)p->size);
    fflush(stdout);
}

static int
from_layout(struct hf_engine *e, const char *folder, const struct hf_release_image *image,
            struct hf_error *err)
{
    HF_AUTO(hf_layout) struct hf_layout *layout = NULL;
    const struct hf_import_watch watch = {is_cancelled, NULL};
    struct hf_import_pin pin;
    struct hf_import_order order = {
        .pins = &pin,
        .count = 1,
        .platform = hf_import_platform(),
        .progress = on_progress,
    };

    if (hf_import_pin_of(image, &pin, err) < 0 || hf_layout_open(folder, &layout, err) < 0)
        return -1;
    order.source = hf_layout_source(layout);
    return hf_load(e, &order, image, &watch, err);
}

static int
run(struct hf_engine *e, const struct hf_release_image *image, struct hf_bundle *bundle,
    struct hf_error *err)
{
    const struct hf_import_job job = {
        .images = image,
        .count = 1,
        .bundle = bundle,
        .cancelled = is_cancelled,
        .progress = on_progress,
    };

    return hf_docker_ops.import(e, &job, err);
}

static int
from_registry(struct hf_engine *e, const char *path, const struct hf_release_image *image,
              struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(64 * 1024);
    HF_AUTO(hf_json) struct hf_json *doc = NULL, *whole = hf_json_object();
    struct hf_settings s = {0};

    if (hf_file_read(path, &text, err) < 0 ||
        hf_json_parse(text.data ? text.data : "", text.len, &doc, err) < 0)
        return -1;
    hf_json_put(whole, "registry", hf_json_copy(doc));
    hf_settings_init(&s);
    if (hf_settings_parse(whole, &s, err) < 0)
        return -1;
    if (hf_engine_set_fetch(e, getenv("HF_FETCH"), STALL_MS, err) < 0)
        return -1;
    hf_docker_ops.use_registry(e, &s.registry);
    hf_settings_done(&s);
    return run(e, image, NULL, err);
}

static int
from_bundle(struct hf_engine *e, const char *path, const struct hf_release_image *image,
            struct hf_error *err)
{
    HF_AUTO(hf_bundle) struct hf_bundle *bundle = NULL;
    int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    const struct hf_bundle_input input = hf_bundle_file(&fd);

    if (fd < 0)
        return hf_error_errno(err, errno, "'%s'", path);
    if (hf_bundle_open(&input, &bundle, err) < 0)
        return -1;
    return run(e, image, bundle, err);
}

static int
bring(struct hf_engine *e, char **argv, struct hf_error *err)
{
    struct hf_release_image image = {0};

    hf_text_put(image.image, sizeof image.image, "%s", argv[3]);
    hf_text_put(image.tag, sizeof image.tag, "%s", argv[4]);
    hf_text_put(image.image_id, sizeof image.image_id, "%s", argv[5]);
    if (strcmp(argv[1], "layout") == 0)
        return from_layout(e, argv[2], &image, err);
    if (strcmp(argv[1], "registry") == 0)
        return from_registry(e, argv[2], &image, err);
    if (strcmp(argv[1], "bundle") == 0)
        return from_bundle(e, argv[2], &image, err);
    return hf_error_set(err, HF_ERROR_INVALID, "no such source");
}

int
main(int argc, char **argv)
{
    const char *socket = getenv("DOCKER_SOCKET"); // NOLINT(concurrency-mt-unsafe)
    HF_AUTO(hf_engine) struct hf_engine *e = NULL;
    struct hf_error err = {0};

    if (argc != 6) {
        fputs("usage: importer layout|registry|bundle WHERE IMAGE TAG IMAGE-ID\n", stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGUSR1, on_signal);
    if (hf_engine_new(socket ? socket : "/var/run/docker.sock", &e, &err) == 0 &&
        bring(e, argv, &err) == 0) {
        puts("done");
        return 0;
    }
    printf("%d: %s\n", hf_error_http_status(err.class), err.message);
    return cancelled ? 3 : 1;
}

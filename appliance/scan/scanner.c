// SPDX-License-Identifier: Apache-2.0
#include "scan/scanner_parts.h"

#include "base/text.h"
#include "scan/judge.h"
#include "scan/tar.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { SBOM_TAR_MAX = HF_SBOM_TEXT_MAX + 64 * 1024 };

static const char SBOM_FOLDER[] = "/usr/share/sbom";

int
hf_scanner_new(const char *dir, const struct hf_engine_ops *engine_ops, void *engine,
               struct hf_scanner **ret_scanner, struct hf_error *err)
{
    struct hf_scanner *s = calloc(1, sizeof *s);

    if (!s)
        return hf_error_nomem(err);
    if (!hf_text_put(s->dir, sizeof s->dir, "%s", dir)) {
        free(s);
        return hf_error_set(err, HF_ERROR_INVALID, "the path of the scan data is too long");
    }
    hf_text_put(s->data_path, sizeof s->data_path, "%s/data", s->dir);
    hf_text_put(s->new_path, sizeof s->new_path, "%s/data.new", s->dir);
    (void)unlink(s->new_path); /* the power was cut in an upload */
    s->engine_ops = engine_ops;
    s->engine = engine;
    pthread_mutex_init(&s->uploading, NULL);
    pthread_mutex_init(&s->scanning, NULL);
    *ret_scanner = s;
    return 0;
}

void
hf_scanner_free(struct hf_scanner *scanner)
{
    if (!scanner)
        return;
    for (size_t i = 0; i < SBOMS_KEPT; i++)
        hf_sbom_done(&scanner->kept[i].sbom);
    pthread_mutex_destroy(&scanner->uploading);
    pthread_mutex_destroy(&scanner->scanning);
    free(scanner);
}

int
hf_scanner_open(const struct hf_scanner *s, FILE **ret_data, struct hf_error *err)
{
    int fd = open(s->data_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "r");

    if (!f) {
        int saved = errno;

        if (fd >= 0)
            close(fd);
        if (saved == ENOENT)
            return hf_error_set(err, HF_ERROR_NOT_FOUND, "there is no scan data yet");
        return hf_error_errno(err, saved, "cannot read '%s'", s->data_path);
    }
    *ret_data = f;
    return 0;
}

/* ---- the SBOM of a container ---- */

static bool
ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), n = strlen(end);

    return len >= n && strcmp(text + len - n, end) == 0;
}

static int
read_documents(struct hf_slice tar, struct hf_sbom *ret_sbom, struct hf_error *err)
{
    struct hf_tar_file file;
    size_t documents = 0;

    while (hf_tar_next(&tar, &file)) {
        struct hf_sbom one;
        int rc;

        if (!ends_with(file.name, ".spdx.json") && !ends_with(file.name, ".cdx.json"))
            continue;
        documents++;
        if (hf_sbom_read(file.content.data, file.content.len, &one, err) < 0)
            return hf_error_wrap(err, "%s", file.name);
        rc = hf_sbom_add(ret_sbom, &one, err);
        hf_sbom_done(&one);
        if (rc < 0)
            return -1;
    }
    if (documents == 0)
        return hf_error_set(err, HF_ERROR_NOT_FOUND,
                            "its image has no SBOM: none below %s ends in .spdx.json or .cdx.json",
                            SBOM_FOLDER);
    return 0;
}

static int
fetch(const struct hf_scanner *s, const char *container_id, struct hf_sbom *ret_sbom,
      struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf tar = HF_BUF_INIT(SBOM_TAR_MAX);
    struct hf_sbom sbom = {0};

    if (s->engine_ops->archive(s->engine, container_id, SBOM_FOLDER, &tar, err) < 0) {
        if (err->class == HF_ERROR_NOT_FOUND)
            return hf_error_set(err, HF_ERROR_NOT_FOUND, "its image has no SBOM: %s is not there",
                                SBOM_FOLDER);
        return -1;
    }
    if (read_documents((struct hf_slice){tar.data, tar.len}, &sbom, err) < 0) {
        hf_sbom_done(&sbom);
        return -1;
    }
    *ret_sbom = sbom;
    return 0;
}

/* A container's files do not change as long as it has its id. Large ones are read each time. */
static const struct hf_sbom *
recall(const struct hf_scanner *s, const char *container_id)
{
    for (size_t i = 0; i < SBOMS_KEPT; i++)
        if (strcmp(s->kept[i].container_id, container_id) == 0)
            return &s->kept[i].sbom;
    return NULL;
}

static void
keep(struct hf_scanner *s, const char *container_id, const struct hf_sbom *sbom)
{
    struct kept_sbom *k = &s->kept[s->kept_next];

    s->kept_next = (s->kept_next + 1) % SBOMS_KEPT;
    hf_sbom_done(&k->sbom);
    hf_text_put(k->container_id, sizeof k->container_id, "%s", container_id);
    k->sbom = *sbom;
}

/* ---- the report ---- */

/* A service as the report grows. */
struct look {
    struct hf_sbom sbom;
    bool has_sbom;
    bool borrowed; /* the sbom is a kept one */
    struct hf_error problem;
};

static void
look_at(struct hf_scanner *s, const struct hf_scan_target *t, struct look *l)
{
    const struct hf_sbom *kept;

    if (!t->container_id[0]) {
        hf_error_set(&l->problem, HF_ERROR_NOT_FOUND, "it has no container now");
        return;
    }
    kept = recall(s, t->container_id);
    if (kept) {
        l->sbom = *kept;
        l->has_sbom = l->borrowed = true;
    } else if (fetch(s, t->container_id, &l->sbom, &l->problem) == 0) {
        l->has_sbom = true;
    }
}

/* An engine that does not answer is not asked for each service again. */
static void
look_at_all(struct hf_scanner *s, const struct hf_scan_target *targets, size_t count,
            struct look *looks)
{
    const struct hf_error *away = NULL;

    for (size_t i = 0; i < count; i++) {
        if (away && !recall(s, targets[i].container_id)) {
            looks[i].problem = *away;
            continue;
        }
        look_at(s, &targets[i], &looks[i]);
        if (looks[i].problem.class == HF_ERROR_UNAVAILABLE ||
            looks[i].problem.class == HF_ERROR_TIMEOUT)
            away = &looks[i].problem;
    }
}

/* Only now: while others are looked at, kept ones must stay. */
static void
let_go(struct hf_scanner *s, const struct hf_scan_target *targets, size_t count, struct look *looks)
{
    for (size_t i = 0; i < count; i++) {
        if (!looks[i].has_sbom || looks[i].borrowed)
            continue;
        if (looks[i].sbom.count <= KEEP_PACKAGES_MAX)
            keep(s, targets[i].container_id, &looks[i].sbom);
        else
            hf_sbom_done(&looks[i].sbom);
    }
}

static struct hf_json *
print_service(const struct hf_scan_target *t, const struct look *l, struct hf_json *consume_result)
{
    struct hf_json *o = hf_json_object();

    hf_json_put_string(o, "service", t->service);
    hf_json_put_string(o, "image_id", t->image_id[0] ? t->image_id : NULL);
    hf_json_put_string(o, "problem", l->problem.message[0] ? l->problem.message : NULL);
    if (consume_result)
        hf_json_put(o, "result", consume_result);
    else
        hf_json_put_null(o, "result");
    return o;
}

/* What comes of one pass over the data. */
struct scan {
    struct hf_scan_data_info info;
    bool has_data;
    struct hf_error problem; /* of the data */
    struct hf_scan_result *results;
};

static int
compare(const struct hf_scanner *s, const struct look *looks, size_t count, struct scan *scan,
        struct hf_error *err)
{
    HF_AUTO_FREE const struct hf_sbom **sboms =
        (const struct hf_sbom **)calloc(count + 1, sizeof *sboms);
    HF_AUTO_FCLOSE FILE *data = NULL;

    scan->results = calloc(count + 1, sizeof *scan->results);
    if (!sboms || !scan->results)
        return hf_error_nomem(err);
    for (size_t i = 0; i < count; i++)
        sboms[i] = &looks[i].sbom;
    scan->has_data =
        hf_scanner_open(s, &data, &scan->problem) == 0 &&
        hf_scan_find(data, sboms, count, &scan->info, scan->results, &scan->problem) == 0;
    return 0;
}

static struct hf_json *
print_report(const struct hf_scan_target *targets, const struct look *looks, size_t count,
             const struct scan *scan, const struct hf_scan_settings *settings,
             struct hf_scan_clock clock)
{
    struct hf_json *o = hf_json_object(), *services = hf_json_array();
    int64_t now_ms = hf_scan_now(&scan->info, clock.wall_ms);

    for (size_t i = 0; i < count; i++)
        hf_json_add(services,
                    print_service(&targets[i], &looks[i],
                                  scan->has_data && looks[i].has_sbom
                                      ? hf_scan_print_result(&scan->results[i], settings, now_ms)
                                      : NULL));
    if (scan->has_data)
        hf_json_put(o, "data", hf_scan_print_info(&scan->info, now_ms));
    else
        hf_json_put_null(o, "data");
    hf_json_put_string(o, "problem", scan->has_data ? NULL : scan->problem.message);
    hf_json_put_bool(o, "clock_synced", clock.synced);
    hf_json_put(o, "services", services);
    return o;
}

static int
report(struct hf_scanner *s, const struct hf_scan_target *targets, struct look *looks, size_t count,
       const struct hf_scan_settings *settings, struct hf_scan_clock clock,
       struct hf_json **ret_report, struct hf_error *err)
{
    struct scan scan = {0};
    int rc;

    look_at_all(s, targets, count, looks);
    rc = compare(s, looks, count, &scan, err);
    if (rc == 0)
        *ret_report = print_report(targets, looks, count, &scan, settings, clock);
    for (size_t i = 0; scan.results && i < count; i++)
        hf_scan_result_done(&scan.results[i]);
    free(scan.results);
    let_go(s, targets, count, looks);
    return rc;
}

int
hf_scanner_report(struct hf_scanner *scanner, const struct hf_scan_target *targets, size_t count,
                  const struct hf_scan_settings *settings, struct hf_scan_clock clock,
                  struct hf_json **ret_report, struct hf_error *err)
{
    HF_AUTO_FREE struct look *looks = calloc(count + 1, sizeof *looks);
    int rc;

    if (!looks)
        return hf_error_nomem(err);
    if (pthread_mutex_trylock(&scanner->scanning) != 0)
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "a scan is under way: ask again");
    rc = report(scanner, targets, looks, count, settings, clock, ret_report, err);
    pthread_mutex_unlock(&scanner->scanning);
    return rc;
}

int
hf_scanner_check(struct hf_scanner *scanner, const char *sbom, size_t len,
                 const struct hf_scan_settings *settings, struct hf_scan_clock clock,
                 enum hf_verdict *ret_verdict, struct hf_json **ret_result, struct hf_error *err)
{
    HF_AUTO_FCLOSE FILE *data = NULL;
    struct hf_sbom read;
    const struct hf_sbom *one = &read;
    struct hf_scan_data_info info;
    struct hf_scan_result result;
    int rc;

    if (hf_sbom_read(sbom, len, &read, err) < 0)
        return -1;
    rc = hf_scanner_open(scanner, &data, err) < 0
             ? -1
             : hf_scan_find(data, &one, 1, &info, &result, err);
    if (rc == 0) {
        int64_t now_ms = hf_scan_now(&info, clock.wall_ms);

        *ret_verdict = hf_scan_judge(&result, settings, now_ms);
        *ret_result = hf_scan_print_result(&result, settings, now_ms);
        hf_scan_result_done(&result);
    }
    hf_sbom_done(&read);
    return rc;
}

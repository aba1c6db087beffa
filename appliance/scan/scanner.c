// SPDX-License-Identifier: Apache-2.0
#include "scan/scanner_parts.h"

#include "base/clock.h"
#include "base/text.h"
#include "scan/judge.h"
#include "scan/tar.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum {
    SBOM_TAR_MAX = HF_SBOM_TEXT_MAX + 64 * 1024,
    REGISTRY_MS = 10 * 1000 /* for all documents of one report */
};

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

static bool
is_late(void *context)
{
    const int64_t *until_ms = context;

    return hf_clock_mono_ms() >= *until_ms;
}

static int
fetch_document(const struct hf_scanner *s, const struct hf_scan_target *t, int64_t until_ms,
               struct hf_sbom *ret_sbom, struct hf_error *err)
{
    const struct hf_registry_document document = {t->repository, HF_REGISTRY_BLOB, t->sbom};
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_SBOM_TEXT_MAX);

    if (s->engine_ops->fetch(s->engine, &document, &text, is_late, &until_ms, err) < 0 ||
        hf_sbom_read(text.data, text.len, ret_sbom, err) < 0)
        return hf_error_wrap(err, "the SBOM of its image, in the registry");
    return 0;
}

/* ---- what is kept ---- */

/* A container's files do not change as long as it has its id. */
static const char *
key_of(const struct hf_scan_target *t)
{
    return *t->container_id ? t->container_id : strchr(t->sbom, ':') + 1;
}

static bool
has_source(const struct hf_scan_target *t)
{
    return *t->container_id || strchr(t->sbom, ':');
}

/* Large ones are read each time. */
static const struct hf_sbom *
recall(const struct hf_scanner *s, const struct hf_scan_target *t)
{
    if (!has_source(t))
        return NULL;
    for (size_t i = 0; i < SBOMS_KEPT; i++)
        if (strcmp(s->kept[i].key, key_of(t)) == 0)
            return &s->kept[i].sbom;
    return NULL;
}

static void
keep(struct hf_scanner *s, const char *key, const struct hf_sbom *sbom)
{
    struct kept_sbom *k = &s->kept[s->kept_next];

    s->kept_next = (s->kept_next + 1) % SBOMS_KEPT;
    hf_sbom_done(&k->sbom);
    hf_text_put(k->key, sizeof k->key, "%s", key);
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
look_at(struct hf_scanner *s, const struct hf_scan_target *t, int64_t until_ms, struct look *l)
{
    const struct hf_sbom *kept = recall(s, t);

    if (kept) {
        l->sbom = *kept;
        l->has_sbom = l->borrowed = true;
    } else if (!has_source(t)) {
        hf_error_set(&l->problem, HF_ERROR_NOT_FOUND, "%s",
                     *t->repository ? "it does not run, and the release names no SBOM of it"
                                    : "it has no container now");
    } else {
        l->has_sbom =
            (*t->container_id ? fetch(s, t->container_id, &l->sbom, &l->problem)
                              : fetch_document(s, t, until_ms, &l->sbom, &l->problem)) == 0;
    }
}

/* An engine or registry that does not answer is not asked for each service again. */
static void
look_at_all(struct hf_scanner *s, const struct hf_scan_target *targets, size_t count,
            struct look *looks)
{
    const struct hf_error *away = NULL;
    int64_t until_ms = hf_clock_mono_ms() + REGISTRY_MS;

    for (size_t i = 0; i < count; i++) {
        if (away && !recall(s, &targets[i])) {
            looks[i].problem = *away;
            continue;
        }
        look_at(s, &targets[i], until_ms, &looks[i]);
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
            keep(s, key_of(&targets[i]), &looks[i].sbom);
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

static struct hf_scan_word
word_of(const struct hf_scan_result *r, const struct hf_scan_settings *settings, int64_t now_ms)
{
    struct hf_scan_word w = {.known = true, .verdict = hf_scan_judge(r, settings, now_ms)};
    enum hf_severity severity;

    for (size_t i = 0; i < r->count; i++) {
        enum hf_verdict v = hf_finding_judge(&r->findings[i], settings, now_ms, &severity);

        w.blocked += v == HF_VERDICT_BLOCK;
        w.warned += v == HF_VERDICT_WARN;
    }
    return w;
}

static void
put_words(const struct look *looks, size_t count, const struct scan *scan,
          const struct hf_scan_settings *settings, struct hf_scan_clock clock,
          struct hf_scan_word *ret_words)
{
    int64_t now_ms = hf_scan_now(&scan->info, clock.wall_ms);

    for (size_t i = 0; i < count; i++)
        ret_words[i] = scan->has_data && looks[i].has_sbom
                           ? word_of(&scan->results[i], settings, now_ms)
                           : (struct hf_scan_word){.known = false};
}

static int
report(struct hf_scanner *s, const struct hf_scan_target *targets, struct look *looks, size_t count,
       const struct hf_scan_settings *settings, struct hf_scan_clock clock,
       struct hf_scan_word *ret_words, struct hf_json **ret_report, struct hf_error *err)
{
    struct scan scan = {0};
    int rc;

    look_at_all(s, targets, count, looks);
    rc = compare(s, looks, count, &scan, err);
    if (rc == 0 && ret_words)
        put_words(looks, count, &scan, settings, clock, ret_words);
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
                  struct hf_scan_word *ret_words, struct hf_json **ret_report, struct hf_error *err)
{
    HF_AUTO_FREE struct look *looks = calloc(count + 1, sizeof *looks);
    int rc;

    if (!looks)
        return hf_error_nomem(err);
    if (pthread_mutex_trylock(&scanner->scanning) != 0)
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "a scan is under way: ask again");
    rc = report(scanner, targets, looks, count, settings, clock, ret_words, ret_report, err);
    pthread_mutex_unlock(&scanner->scanning);
    return rc;
}

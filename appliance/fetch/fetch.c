// SPDX-License-Identifier: Apache-2.0
#include "fetch/fetch.h"

#include "base/clock.h"
#include "base/text.h"
#include "fetch/transfer.h"

#include <string.h>
#include <time.h>

enum {
    DOCUMENT_TRIES_MAX = 2, /* nothing is lost with it: who asked comes again */
    PATIENCE_STALLS = 4,    /* times stall_ms, since the last byte of a blob */
    TRIES_IN_ALL_MAX = 100, /* of one blob */
    REDIRECTS_MAX = 3,
    NAP_FIRST_MS = 500,
    NAP_MAX_MS = 8000,
};

static const char ACCEPT[] = "application/vnd.oci.image.manifest.v1+json, "
                             "application/vnd.docker.distribution.manifest.v2+json, "
                             "application/vnd.oci.image.index.v1+json, "
                             "application/vnd.docker.distribution.manifest.list.v2+json";

struct fetch {
    const struct hf_fetch_request *r;
    struct hf_fetcher *fetcher;
    hf_fetch_sink *sink;
    void *context;
    struct hf_transfer t;
    char url[HF_FETCH_URL_SIZE];
    struct hf_buf document; /* not a blob: given when it is whole */
    char *token;
    bool basic;      /* user and password are sent */
    bool refreshed;  /* the token, since the last byte came */
    int64_t last_ms; /* when the last byte came */
    int tries, tries_in_all, redirects;
};

enum verdict { DONE, AGAIN, FAILED };

/* ---- what comes ---- */

static int
take(void *context, const char *data, size_t len, struct hf_error *err)
{
    struct fetch *f = context;

    f->tries = 0;
    f->last_ms = hf_clock_mono_ms();
    f->refreshed = false;
    if (f->r->kind != HF_FETCH_BLOB)
        return hf_buf_add(&f->document, data, len, err);
    if (len > (uint64_t)f->r->size - f->t.from)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "the registry %s sends more than the blob's %lld bytes", f->r->host,
                            (long long)f->r->size);
    return f->sink(f->context, data, len, err);
}

/* ---- what is to be done about it ---- */

static void
nap(int tries)
{
    int64_t ms = NAP_FIRST_MS << (tries < 8 ? tries : 8);
    struct timespec t;

    if (ms > NAP_MAX_MS)
        ms = NAP_MAX_MS;
    t = (struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

static bool
is_hopeless(const struct fetch *f)
{
    if (f->r->kind != HF_FETCH_BLOB)
        return f->tries >= DOCUMENT_TRIES_MAX;
    return f->tries_in_all >= TRIES_IN_ALL_MAX ||
           hf_clock_mono_ms() - f->last_ms > PATIENCE_STALLS * f->r->stall_ms;
}

static enum verdict
try_again(struct fetch *f)
{
    f->tries++;
    f->tries_in_all++;
    if (is_hopeless(f))
        return FAILED;
    nap(f->tries - 1);
    hf_buf_clear(&f->document);
    if (f->r->kind != HF_FETCH_BLOB)
        f->t.from = 0;
    return AGAIN;
}

static enum verdict
refuse(const struct fetch *f, struct hf_error *err)
{
    if (f->basic || f->token)
        (void)hf_error_set(err, HF_ERROR_UNAUTHORIZED,
                           "the registry %s does not accept the user and password that are set "
                           "(registry.user, registry.password)",
                           f->r->host);
    else
        (void)hf_error_set(err, HF_ERROR_UNAUTHORIZED,
                           "the registry %s wants a user and a password: set registry.user and "
                           "registry.password",
                           f->r->host);
    return FAILED;
}

static enum verdict
authenticate(struct fetch *f, struct hf_error *err)
{
    const struct hf_challenge *c = &f->t.challenge;

    if (f->refreshed || f->basic)
        return refuse(f, err);
    if (c->bearer) {
        char *token = NULL;

        if (hf_token_get(f->fetcher, f->r, c, &token, err) < 0)
            return FAILED;
        free(f->token);
        f->token = token;
        f->refreshed = true;
        return AGAIN;
    }
    if (!c->basic || !*f->r->user)
        return refuse(f, err);
    f->basic = true;
    return AGAIN;
}

static enum verdict
redirect(struct fetch *f, struct hf_error *err)
{
    if (!hf_fetch_same_origin(f->url, f->t.redirect)) {
        (void)hf_error_set(err, HF_ERROR_UPSTREAM,
                           "the registry %s sends elsewhere, to %.*s: it must serve its blobs "
                           "itself",
                           f->r->host, (int)strcspn(f->t.redirect, "?"), f->t.redirect);
        return FAILED;
    }
    if (++f->redirects > REDIRECTS_MAX) {
        (void)hf_error_set(err, HF_ERROR_UPSTREAM, "the registry %s sends in a circle", f->r->host);
        return FAILED;
    }
    hf_text_put(f->url, sizeof f->url, "%s", f->t.redirect);
    return AGAIN;
}

static const char *
thing(const struct hf_fetch_request *r)
{
    static const char *const names[HF_FETCH_KIND_COUNT] = {"blob", "configuration", "manifest",
                                                           "list of tags"};

    return names[r->kind];
}

static enum verdict
judge_status(struct fetch *f, struct hf_error *err)
{
    const struct hf_fetch_request *r = f->r;
    int status = f->t.status;

    if (status == 401)
        return authenticate(f, err);
    if (*f->t.redirect)
        return redirect(f, err);
    if (status == 404) {
        (void)hf_error_set(err, HF_ERROR_NOT_FOUND, "the registry %s has no %s %.80s of %s",
                           r->host, thing(r), r->reference, r->repository);
        return FAILED;
    }
    if (status == 403) {
        (void)hf_error_set(err, HF_ERROR_FORBIDDEN, "the registry %s does not give out %s", r->host,
                           r->repository);
        return FAILED;
    }
    (void)hf_error_set(err,
                       status >= 500 || status == 429 ? HF_ERROR_UNAVAILABLE : HF_ERROR_UPSTREAM,
                       "the registry %s answered with status %d", r->host, status);
    return status >= 500 || status == 429 ? try_again(f) : FAILED;
}

static enum verdict
judge(struct fetch *f, int rc, struct hf_error *err)
{
    if (rc < 0)
        return f->t.is_cut ? try_again(f) : FAILED;
    if (f->t.status != 200 && f->t.status != 206)
        return judge_status(f, err);
    if (f->r->kind != HF_FETCH_BLOB || f->t.from == (uint64_t)f->r->size)
        return DONE;
    (void)hf_error_set(err, HF_ERROR_UPSTREAM,
                       "the registry %s ends the blob after %llu of %lld bytes", f->r->host,
                       (unsigned long long)f->t.from, (long long)f->r->size);
    return try_again(f);
}

/* ---- all of it ---- */

static int
run(struct fetch *f, struct hf_error *err)
{
    enum verdict v = AGAIN;

    while (v == AGAIN) {
        struct hf_error local = {0};

        f->t.url = f->url;
        f->t.bearer = f->token;
        f->t.user = f->basic ? f->r->user : NULL;
        f->t.password = f->basic ? f->r->password : NULL;
        v = judge(f, hf_transfer_perform(f->fetcher, &f->t, &local), &local);
        if (v == FAILED && err)
            *err = local;
    }
    if (v == FAILED)
        return -1;
    return f->document.len ? f->sink(f->context, f->document.data, f->document.len, err) : 0;
}

int
hf_fetch(const struct hf_fetch_request *r, hf_fetch_sink *sink, void *context, struct hf_error *err)
{
    struct fetch f = {
        .r = r,
        .sink = sink,
        .context = context,
        .t = {.take = take, .accept = r->kind == HF_FETCH_MANIFEST ? ACCEPT : NULL},
        .document = HF_BUF_INIT(HF_FETCH_DOCUMENT_MAX),
        .last_ms = hf_clock_mono_ms(),
    };
    int rc;

    f.t.context = &f;
    if (hf_fetch_url(r, f.url, err) < 0 || hf_fetcher_new(r, &f.fetcher, err) < 0)
        return -1;
    rc = run(&f, err);
    hf_fetcher_free(f.fetcher);
    hf_buf_done(&f.document);
    if (f.token)
        explicit_bzero(f.token, strlen(f.token));
    free(f.token);
    return rc;
}

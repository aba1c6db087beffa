// SPDX-License-Identifier: Apache-2.0
/* A bundle in pieces; where the line broke it goes on at the byte that the gateway wants. */
#include "cli/groups.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/format.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum {
    PIECE_BYTES = 4 * 1024 * 1024,
    POLL_MS = 500,
    PATIENCE_MS = 5 * 60 * 1000, /* as long as the gateway waits for the next byte */
    PIECE_IDLE_S = 600,          /* it takes no more than the engine unpacks meanwhile */
};

static const char PATH[] = "/releases/bundle";

struct upload {
    struct cli *c;
    int fd;
    uint64_t size, offset;
    char state[16];
    int64_t alive_ms; /* when the gateway last took or said something new */
};

static bool
is_coming(const char *state)
{
    return strcmp(state, "head") == 0 || strcmp(state, "images") == 0;
}

/* What the gateway says of the bundle. Errors: UPSTREAM where it cannot be so. */
static int
take_view(struct upload *u, const struct hf_json *doc, struct hf_error *err)
{
    int64_t offset = hf_json_int(doc, "offset", -1), length = hf_json_int(doc, "length", -1);
    bool is_new;

    if (!hf_text_put(u->state, sizeof u->state, "%s", cli_text(doc, "state")) || offset < 0 ||
        (is_coming(u->state) && ((uint64_t)offset > u->size || (uint64_t)offset < u->offset)))
        return hf_error_set(err, HF_ERROR_UPSTREAM, "the gateway's answer makes no sense");
    if (is_coming(u->state) && (uint64_t)length != u->size)
        return cli_fail(u->c, CLI_REFUSED, err,
                        "another bundle is on its way to the gateway; wait for its end");
    is_new = (uint64_t)offset != u->offset;
    u->offset = (uint64_t)offset;
    if (is_new)
        u->alive_ms = hf_clock_mono_ms();
    cli_progress(u->c, "%s: %3.0f %%, %s%s",
                 *cli_text(doc, "name") ? cli_text(doc, "name") : "bundle",
                 u->size ? 100.0 * (double)u->offset / (double)u->size : 100.0,
                 cli_bytes_of((double)u->offset, (double)u->size).text,
                 u->offset < u->size ? "" : ", the engine unpacks it");
    return 0;
}

static int
interrupted(struct upload *u, struct hf_error *err)
{
    cli_progress_end(u->c);
    cli_line(&u->c->told, CLI_WARN,
             "What has come is kept for five minutes: the same command goes on with it.");
    return hf_error_set(err, HF_ERROR_CONFLICT, "%s", "");
}

/* Where the line is broken, again until patience ends. */
static int
look(struct upload *u, struct cli_answer *a, struct hf_json **ret_doc, struct hf_error *err)
{
    struct cli_request r = {.method = "GET", .path = PATH};

    for (;;) {
        struct hf_error own = {0};

        if (cli_call(u->c, &r, a, &own) == 0)
            break;
        cli_answer_done(a);
        if (cli_interrupted())
            return interrupted(u, err);
        if (cli_exit_of(own.class) != CLI_UNREACHABLE ||
            hf_clock_mono_ms() - u->alive_ms > PATIENCE_MS) {
            if (err)
                *err = own;
            return -1;
        }
        cli_progress(u->c, "the gateway does not answer; trying again");
        cli_pause_ms(2 * POLL_MS);
    }
    if (a->status != 200)
        return cli_refused(u->c, &r, a, err);
    return cli_parse(a, ret_doc, err);
}

/* The one on its way, where it may be this file, else a new one. */
static int
begin(struct upload *u, struct hf_error *err)
{
    CLI_AUTO_ANSWER struct cli_answer now = {0}, begun = {0};
    HF_AUTO(hf_json) struct hf_json *doc = NULL, *new = NULL;
    char length[64];
    struct cli_request r = {.method = "POST", .path = PATH, .headers = {length}};

    if (look(u, &now, &doc, err) < 0)
        return -1;
    if (is_coming(cli_text(doc, "state")))
        return take_view(u, doc, err);
    hf_text_put(length, sizeof length, "Upload-Length: %llu", (unsigned long long)u->size);
    if (cli_ask_json(u->c, &r, &begun, &new, err) < 0)
        return -1;
    return take_view(u, new, err);
}

/* One piece. 0: taken, or to be looked at; -1: what ended it has been told. */
static int
send_piece(struct upload *u, struct hf_error *err)
{
    CLI_AUTO_ANSWER struct cli_answer a = {0};
    char offset[64];
    struct cli_request r = {
        .method = "PATCH",
        .path = PATH,
        .type = "application/octet-stream",
        .fd = u->fd,
        .offset = u->offset,
        .len = u->size - u->offset < PIECE_BYTES ? (size_t)(u->size - u->offset) : PIECE_BYTES,
        .headers = {offset},
        .idle_s = PIECE_IDLE_S,
    };
    struct hf_error own = {0};

    hf_text_put(offset, sizeof offset, "Upload-Offset: %llu", (unsigned long long)u->offset);
    if (cli_call(u->c, &r, &a, &own) < 0) {
        if (cli_interrupted())
            return interrupted(u, err);
        if (cli_exit_of(own.class) == CLI_UNREACHABLE)
            return cli_pause_ms(POLL_MS) ? 0 : interrupted(u, err);
        if (err)
            *err = own;
        return -1;
    }
    if (a.status == 204)
        return 0;
    if (a.status == 409) /* another byte is wanted, or another bundle */
        return cli_pause_ms(POLL_MS) ? 0 : interrupted(u, err);
    cli_progress_end(u->c);
    return cli_refused(u->c, &r, &a, err);
}

static int
ended(struct upload *u, const struct cli_answer *a, const struct hf_json *doc, struct hf_error *err)
{
    cli_progress_end(u->c);
    if (u->c->args->flags[CLI_JSON] &&
        cli_print_json(&u->c->out, a->body.data, a->body.len, err) < 0)
        return -1;
    if (strcmp(u->state, "done") != 0)
        return cli_fail(u->c, CLI_FAILED, err, "the bundle was not taken: %s",
                        *cli_text(doc, "detail") ? cli_text(doc, "detail")
                                                 : "it has to begin anew");
    if (!u->c->args->flags[CLI_JSON])
        cli_line(&u->c->out, CLI_GOOD, "%s is here; next: holdfast plan %s", cli_text(doc, "name"),
                 cli_short(hf_json_string(doc, "id")).text);
    return 0;
}

static int
go_on(struct upload *u, struct hf_error *err)
{
    for (;;) {
        CLI_AUTO_ANSWER struct cli_answer a = {0};
        HF_AUTO(hf_json) struct hf_json *doc = NULL;

        if (u->offset < u->size && send_piece(u, err) < 0)
            return -1;
        if (look(u, &a, &doc, err) < 0 || take_view(u, doc, err) < 0)
            return -1;
        if (!is_coming(u->state))
            return ended(u, &a, doc, err);
        if (hf_clock_mono_ms() - u->alive_ms > PATIENCE_MS && u->offset < u->size)
            return hf_error_set(err, HF_ERROR_TIMEOUT, "the gateway takes no more of the bundle");
        if (u->offset == u->size && !cli_pause_ms(POLL_MS))
            return interrupted(u, err);
    }
}

int
cli_upload(struct cli *c, struct hf_error *err)
{
    const char *path = c->args->words[0];
    HF_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct upload u = {.c = c, .fd = fd, .alive_ms = hf_clock_mono_ms()};
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        return hf_error_errno(err, errno, "cannot read '%s'", path);
    if (!S_ISREG(st.st_mode))
        return hf_error_set(err, HF_ERROR_INVALID, "'%s' is not a regular file", path);
    u.size = (uint64_t)st.st_size;
    cli_interrupt_watch();
    return begin(&u, err) < 0 ? -1 : go_on(&u, err);
}

// SPDX-License-Identifier: Apache-2.0
/*
 * Requests that begin an operation. Each has a key of its own (Idempotency-Key), so that one may be
 * sent again where the line broke and nobody knows whether it came through: the gateway begins it
 * once.
 */
#include "cli/cli.h"

#include "base/text.h"

enum {
    KEY_BYTES = 16,
    KEY_SIZE = 2 * KEY_BYTES + 1,
    TRIES = 5,
    AGAIN_MS = 800,
};

static const char KEY[] = "Idempotency-Key: ";
enum { LINE_SIZE = sizeof KEY - 1 + KEY_SIZE };

static void
make_key(char line[LINE_SIZE])
{
    unsigned char raw[KEY_BYTES];
    char text[KEY_SIZE];

    hf_random(raw, sizeof raw);
    hf_text_hex(raw, sizeof raw, text);
    hf_text_put(line, LINE_SIZE, "%s%s", KEY, text);
}

static int
with_key(const struct cli_request *r, const char *line, struct cli_request *ret,
         struct hf_error *err)
{
    size_t i = 0;

    *ret = *r;
    while (i < CLI_HEADERS_MAX && ret->headers[i])
        i++;
    if (i == CLI_HEADERS_MAX)
        return hf_error_set(err, HF_ERROR_INTERNAL, "%s has too many headers", r->path);
    ret->headers[i] = line;
    return 0;
}

/* Where it cannot be reached at all any more, it may begin anew, and knows no keys of before. */
static bool
is_worth_a_try(const struct cli_answer *a, int tries)
{
    return a->line_broke && tries < TRIES && !cli_interrupted();
}

int
cli_begin(struct cli *c, const struct cli_request *r, struct cli_answer *ret, struct hf_error *err)
{
    char line[LINE_SIZE];
    struct cli_request keyed;
    bool sent = false;

    make_key(line);
    if (with_key(r, line, &keyed, err) < 0)
        return -1;
    for (int tries = 1;; tries++) {
        struct hf_error own = {0};

        if (cli_ask(c, &keyed, ret, &own) == 0) {
            cli_progress_end(c);
            return 0;
        }
        sent |= ret->line_broke;
        if (!is_worth_a_try(ret, tries)) {
            cli_progress_end(c);
            if (sent && ret->status == 0)
                cli_line(&c->told, CLI_WARN,
                         "It may have begun all the same: 'holdfast operations' says.");
            if (err)
                *err = own;
            return -1;
        }
        cli_answer_done(ret);
        cli_progress(c, "the line broke; asking again");
        cli_pause_ms(AGAIN_MS);
    }
}

int
cli_begin_path(struct cli *c, const char *path, struct cli_answer *ret, struct hf_error *err)
{
    const struct cli_request r = {.method = "POST", .path = path};

    return cli_begin(c, &r, ret, err);
}

// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "fetch/transfer.h"

#include <string.h>

enum { ANSWER_MAX = 64 * 1024 };

static int
take(void *context, const char *data, size_t len, struct hf_error *err)
{
    return hf_buf_add(context, data, len, err);
}

/* RFC 6750 §2.1. */
static bool
is_token(const char *text)
{
    return *text && strlen(text) < HF_FETCH_TOKEN_MAX &&
           text[strspn(text,
                       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/=")] ==
               '\0';
}

static int
read_token(const struct hf_buf *answer, char **ret_token, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    const char *token = NULL;

    if (answer->data && hf_json_parse(answer->data, answer->len, &doc, NULL) == 0) {
        token = hf_json_string(doc, "token");
        token = token ? token : hf_json_string(doc, "access_token");
    }
    if (!token || !is_token(token))
        return hf_error_set(err, HF_ERROR_UPSTREAM, "the registry's token server gave no token");
    *ret_token = strdup(token);
    return *ret_token ? 0 : hf_error_nomem(err);
}

int
hf_token_get(struct hf_fetcher *f, const struct hf_fetch_request *r, const struct hf_challenge *c,
             char **ret_token, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf answer = HF_BUF_INIT(ANSWER_MAX);
    char url[HF_FETCH_URL_SIZE];
    struct hf_transfer t = {.url = url, .take = take, .context = &answer};

    if (hf_fetch_token_url(r, c, url, err) < 0)
        return -1;
    if (*r->user) {
        t.user = r->user;
        t.password = r->password;
    }
    if (hf_transfer_perform(f, &t, err) < 0)
        return hf_error_wrap(err, "token");
    if (t.status == 401 || t.status == 403)
        return hf_error_set(err, HF_ERROR_UNAUTHORIZED,
                            "the registry's token server does not accept the user and password");
    if (t.status != 200)
        return hf_error_set(err, HF_ERROR_UPSTREAM,
                            "the registry's token server answered with status %d", t.status);
    return read_token(&answer, ret_token, err);
}

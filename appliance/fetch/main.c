// SPDX-License-Identifier: Apache-2.0
/* holdfast-fetch: the part of holdfastd that speaks to registries; see fetch/request.h. It is a
 * program of its own so that TLS and HTTP libraries, and what they make of foreign bytes, stay out
 * of the daemon, which runs for years. */
#include "base/file.h"
#include "fetch/fetch.h"
#include "fetch/sandbox.h"

#include <curl/curl.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

static int
read_request(struct hf_buf *text, struct hf_error *err)
{
    if (hf_file_read_rest(STDIN_FILENO, "stdin", text, err) < 0)
        return -1;
    return text->len ? 0 : hf_error_set(err, HF_ERROR_INVALID, "there is no request");
}

static int
put(void *context, const char *data, size_t len, struct hf_error *err)
{
    (void)context;
    while (len > 0) {
        ssize_t n = write(STDOUT_FILENO, data, len);

        if (n < 0 && errno != EINTR)
            return hf_error_errno(err, errno, "nobody takes what is fetched");
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        }
    }
    return 0;
}

static int
work(struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_FETCH_REQUEST_MAX);
    struct hf_fetch_request request;
    int rc;

    if (read_request(&text, err) < 0 ||
        hf_fetch_request_parse(text.data, text.len, &request, err) < 0)
        return -1;
    explicit_bzero(text.data, text.len);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    rc = hf_fetch(&request, put, NULL, err);
    curl_global_cleanup();
    hf_fetch_request_done(&request);
    return rc;
}

static void
tell(const struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *o = hf_json_object();
    HF_AUTO_FREE char *text = NULL;

    hf_json_put_int(o, "status", hf_error_http_status(err->class));
    hf_json_put_string(o, "message", err->message);
    if (hf_json_print(o, &text, NULL) == 0)
        (void)!write(STDERR_FILENO, text, strlen(text));
}

int
main(void)
{
    struct hf_error err = {0};

    signal(SIGPIPE, SIG_IGN); // NOLINT(bugprone-signal-handler)
    signal(SIGXFSZ, SIG_IGN); // NOLINT(bugprone-signal-handler)
    if (hf_sandbox_enter(&err) == 0 && work(&err) == 0)
        return 0;
    tell(&err);
    return 1;
}

// SPDX-License-Identifier: Apache-2.0
#include "cli/cli.h"

#include "cli/text.h"

#include <curl/curl.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

/* A command that only asks for a document and shows it. */
static int
get_and_show(struct cli *c, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(CLI_PATH_MAX);
    CLI_AUTO_ANSWER struct cli_answer a = {0};
    struct cli_request r = {.method = "GET"};

    if (hf_buf_adds(&path, c->args->command->path, err) < 0 ||
        cli_query_flags(&path, c->args, err) < 0)
        return -1;
    r.path = path.data;
    if (cli_ask(c, &r, &a, err) < 0)
        return -1;
    return cli_print(c, &a, c->args->command->show, err);
}

static int
run(struct cli *c, struct hf_error *err)
{
    const struct cli_args *a = c->args;

    if (a->flags[CLI_VERSION]) {
        cli_line(&c->out, CLI_PLAIN, "holdfast %s", HF_VERSION);
        return 0;
    }
    if (a->flags[CLI_HELP]) {
        cli_help(stdout, a->command);
        return 0;
    }
    if (!a->command)
        return hf_error_set(err, HF_ERROR_INVALID, "which command? 'holdfast --help' lists them");
    return a->command->path ? get_and_show(c, err) : a->command->run(c, err);
}

/* A full disk or a closed pipe behind stdout must not look like success; whoever closed it knows.
 */
static int
flush(struct hf_error *err)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    if (errno == EPIPE)
        return hf_error_set(err, HF_ERROR_INTERNAL, "%s", "");
    return hf_error_errno(err, errno ? errno : EIO, "cannot write what was asked for");
}

int
main(int argc, char **argv)
{
    struct cli_args args = {0};
    struct cli c = {.args = &args};
    struct hf_error err = {0};
    int rc;

    signal(SIGPIPE, SIG_IGN); // NOLINT(bugprone-signal-handler)
    cli_text_init();
    c.out = cli_out_of(stdout);
    c.told = cli_out_of(stderr);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    rc = cli_args_parse(argc, argv, &args, &err);
    if (rc == 0)
        rc = run(&c, &err);
    if (rc == 0)
        rc = flush(&err);
    cli_http_free(c.http);
    curl_global_cleanup();
    explicit_bzero(&c.profile, sizeof c.profile);
    if (rc == 0)
        return CLI_OK;
    fflush(stdout);
    cli_tell(&c, &err);
    return c.exit ? (int)c.exit : (int)cli_exit_of(err.class);
}

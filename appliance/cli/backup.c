// SPDX-License-Identifier: Apache-2.0
/* backup, restore */
#include "cli/groups.h"

#include "cli/format.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum {
    IDLE_S = 600, /* a gateway seals and opens slowly, and may write much */
    HEADER_MAX = 3 * CLI_PASSWORD_MAX + 64
};

/* As much as a gateway takes back. */
static const uint64_t BACKUP_MAX = UINT64_C(64) << 30;

static int
passphrase(struct cli *c, bool is_new, char *text, size_t size, struct hf_error *err)
{
    return cli_passphrase(c,
                          is_new ? "Passphrase of the backup, at least 10 characters: "
                                 : "Passphrase of the backup: ",
                          is_new, text, size, err);
}

/* ---- backup ---- */

static int
backup(struct cli *c, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *body = hf_json_object();
    HF_AUTO_FREE char *text = NULL;
    char word[CLI_PASSWORD_MAX];
    struct cli_request r = {
        .method = "POST", .path = "/backup", .type = "application/json", .idle_s = IDLE_S};
    int rc = cli_connect(c, err);

    if (rc == 0)
        rc = passphrase(c, true, word, sizeof word, err);
    if (rc == 0) {
        hf_json_put_string(body, "passphrase", word);
        hf_json_put_bool(body, "buffer", c->args->flags[CLI_RECORDS] != NULL);
        rc = hf_json_print(body, &text, err);
        explicit_bzero(word, sizeof word);
    }
    if (rc < 0 || !text)
        return -1;
    r.body = text;
    r.len = strlen(text);
    rc = cli_download(c, &r, c->args->words[0], BACKUP_MAX, err);
    explicit_bzero(text, strlen(text));
    if (rc == 0)
        cli_line(&c->told, CLI_PLAIN,
                 "Whoever has it and the passphrase has the gateway; without the passphrase it is "
                 "worth nothing.");
    return rc;
}

/* ---- restore ---- */

static int
show_restored(const struct cli_out *out, const struct hf_json *doc, struct hf_error *err)
{
    const struct hf_json *release = hf_json_get(doc, "release");
    bool runs = hf_json_bool(release, "runs", false);

    (void)err;
    cli_line(out, CLI_GOOD, "This gateway is %s (%s) now, as it was at %s.", cli_text(doc, "name"),
             cli_text(doc, "gateway"), cli_time(hf_json_string(doc, "created")).text);
    if (cli_int(doc, "records") > 0)
        cli_line(out, CLI_PLAIN, "%lld records go to its buffer when that runs.",
                 cli_int(doc, "records"));
    if (hf_json_is_object(release))
        cli_line(out, CLI_PLAIN,
                 runs ? "Its release, %s, runs already."
                      : "Its release, %s, is applied where all its images are here; else it is "
                        "known: 'holdfast releases'.",
                 cli_text(release, "name"));
    cli_line(out, CLI_PLAIN,
             "It starts anew, with the certificate of the backup. Sessions and API tokens have "
             "ended: 'holdfast login' with a password of the backup.");
    return 0;
}

static int
put_headers(struct cli *c, struct hf_buf *word, struct hf_buf *code, struct hf_error *err)
{
    const char *setup_code = c->args->flags[CLI_SETUP_CODE];
    char text[CLI_PASSWORD_MAX];
    int rc = passphrase(c, false, text, sizeof text, err);

    if (rc == 0)
        rc = hf_buf_adds(word, "Holdfast-Passphrase: ", err);
    if (rc == 0)
        rc = cli_path_add(word, text, err);
    explicit_bzero(text, sizeof text);
    if (rc < 0 || !setup_code)
        return rc;
    if (hf_buf_adds(code, "Holdfast-Setup-Code: ", err) < 0)
        return -1;
    return cli_path_add(code, setup_code, err);
}

static int
send_file(struct cli *c, int fd, uint64_t size, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf word = HF_BUF_INIT(HEADER_MAX), code = HF_BUF_INIT(HEADER_MAX);
    CLI_AUTO_ANSWER struct cli_answer a = {0};
    struct cli_request r = {.method = "POST",
                            .path = "/restore",
                            .type = "application/octet-stream",
                            .fd = fd,
                            .len = (size_t)size,
                            .idle_s = IDLE_S};
    int rc = cli_connect(c, err);

    if (rc == 0)
        rc = put_headers(c, &word, &code, err);
    if (rc == 0) {
        r.headers[0] = word.data;
        r.headers[1] = code.data;
        rc = cli_ask(c, &r, &a, err);
    }
    if (word.data)
        explicit_bzero(word.data, word.len);
    return rc < 0 ? -1 : cli_print(c, &a, show_restored, err);
}

static int
restore(struct cli *c, struct hf_error *err)
{
    const char *path = c->args->words[0];
    HF_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        return hf_error_errno(err, errno, "cannot read '%s'", path);
    if (!S_ISREG(st.st_mode))
        return hf_error_set(err, HF_ERROR_INVALID, "'%s' is not a regular file", path);
    return send_file(c, fd, (uint64_t)st.st_size, err);
}

static const struct cli_command commands[] = {
    {
        .name = "backup",
        .words = "FILE",
        .least = 1,
        .most = 1,
        .flags = CLI_FLAG(CLI_PASSPHRASE_FILE) | CLI_FLAG(CLI_RECORDS),
        .summary = "Save the whole gateway as one encrypted file",
        .help = "Configuration with its secrets, accounts of people and devices, certificates, "
                "release; with --records also the records that wait. Not API tokens. A file of "
                "that name is replaced when all has come; - is stdout.",
        .examples = "backup press-hall-3.backup\n"
                    "backup --records --passphrase-file /root/passphrase press-hall-3.backup",
        .run = backup,
    },
    {
        .name = "restore",
        .words = "FILE",
        .least = 1,
        .most = 1,
        .flags = CLI_FLAG(CLI_PASSPHRASE_FILE) | CLI_FLAG(CLI_SETUP_CODE),
        .summary = "Make this gateway the one that a backup is of",
        .help = "In the place of all that is set up here. A gateway that nobody has claimed wants "
                "its setup code. The old one must not run any more: both would have the same id.",
        .examples = "restore press-hall-3.backup\n"
                    "restore --setup-code 7KQ2-M9XD-4TBF press-hall-3.backup",
        .show = show_restored,
        .run = restore,
    },
};
const struct cli_group cli_group_backup = {"Backup", commands, HF_LEN(commands)};

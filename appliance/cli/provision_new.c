// SPDX-License-Identifier: Apache-2.0
/* provision new: a stick's folder with a file that a gateway takes, and a page that says what else
 * may be in it. JSON has no comments, and the file has none of its own kind: what is not known in
 * it is an error, so that a misspelt setting is never silence. */
#include "cli/groups.h"

#include "base/file.h"
#include "base/text.h"
#include "cli/provision_text.h"
#include "identity/code.h"
#include "identity/password.h"
#include "provision/provision.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>

/* ---- content ---- */

static int
put_admin(struct cli *c, struct hf_json *doc, struct hf_error *err)
{
    struct hf_json *admin = hf_json_object();
    char password[CLI_PASSWORD_MAX], hash[HF_PASSWORD_HASH_SIZE];
    struct hf_argon2 argon2;
    int rc;

    hf_json_put(doc, "admin", admin);
    if (cli_password(c, "Password of admin, at least 10 characters: ", true, password,
                     sizeof password, err) < 0)
        return -1;
    hf_argon2_init(&argon2);
    rc = hf_password_check(password, c->args->flags[CLI_NAME], err);
    if (rc == 0)
        rc = hf_argon2_hash(&argon2, password, hash, err);
    hf_argon2_done(&argon2);
    explicit_bzero(password, sizeof password);
    if (rc == 0)
        hf_json_put_string(admin, "password_hash", hash);
    return rc;
}

/* What is asked for, or else a setup code: a gateway that nobody can get into is of no use. */
static int
put_access(struct cli *c, struct hf_json *doc, char ret_code[HF_SETUP_CODE_SIZE],
           struct hf_error *err)
{
    ret_code[0] = '\0';
    if (c->args->flags[CLI_ADMIN])
        return put_admin(c, doc, err);
    hf_setup_code_make(ret_code);
    hf_json_put_string(doc, "setup_code", ret_code);
    return 0;
}

/* As authorized_keys and the files that end in .pub have them. */
static int
put_ssh(const char *path, struct hf_json *doc, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_PROVISION_FILE_MAX);
    struct hf_json *ssh = hf_json_object(), *keys = hf_json_array();
    char *line, *rest;

    hf_json_put(ssh, "keys", keys);
    hf_json_put(doc, "ssh", ssh);
    if (hf_file_read(path, &text, err) < 0)
        return hf_error_wrap(err, "--ssh-keys");
    for (line = text.data ? strtok_r(text.data, "\r\n", &rest) : NULL; line;
         line = strtok_r(NULL, "\r\n", &rest))
        if (line[0] != '#' && line[strspn(line, " ")])
            hf_json_add_string(keys, line);
    return hf_json_first(keys)
               ? 0
               : hf_error_set(err, HF_ERROR_INVALID, "--ssh-keys: in '%s' there is no key", path);
}

static int
make(struct cli *c, struct hf_buf *text, char ret_code[HF_SETUP_CODE_SIZE], struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = hf_json_object();
    const char *const *flags = c->args->flags;
    HF_AUTO_FREE char *printed = NULL;

    hf_json_put_int(doc, "format", 1);
    if (flags[CLI_NAME])
        hf_json_put_string(doc, "name", flags[CLI_NAME]);
    if (flags[CLI_UPLINK]) {
        struct hf_json *uplink = hf_json_object();

        hf_json_put_string(uplink, "url", flags[CLI_UPLINK]);
        hf_json_put(doc, "uplink", uplink);
    }
    if (flags[CLI_REGISTRY]) {
        struct hf_json *registry = hf_json_object();

        hf_json_put_string(registry, "host", flags[CLI_REGISTRY]);
        hf_json_put(doc, "registry", registry);
    }
    if (flags[CLI_SSH_KEYS] && put_ssh(flags[CLI_SSH_KEYS], doc, err) < 0)
        return -1;
    if (put_access(c, doc, ret_code, err) < 0 || hf_json_print_lines(doc, &printed, err) < 0)
        return -1;
    return hf_buf_adds(text, printed, err);
}

/* What is made of what somebody gave must be good, and the word for what is not is the flag's. */
static int
check(const struct hf_buf *text, struct hf_error *err)
{
    HF_AUTO_FREE struct hf_json_faults *faults = calloc(1, sizeof *faults);
    const struct hf_provision_with with = {0};
    struct hf_provision p;

    if (!faults)
        return hf_error_nomem(err);
    if (hf_provision_parse(text->data, text->len, &with, &p, faults, err) == 0) {
        hf_provision_done(&p);
        return 0;
    }
    if (faults->count > 0)
        hf_error_set(err, HF_ERROR_INVALID, "%s: %s", faults->list[0].pointer,
                     faults->list[0].message);
    return -1;
}

/* ---- files ---- */

static int
sync_and_close(int fd, const char *path, struct hf_error *err)
{
    int rc = fsync(fd);

    if (rc < 0)
        hf_error_errno(err, errno, "cannot write '%s'", path);
    close(fd);
    return rc;
}

/* Never over one that is there: it may be the only copy of a token. */
static int
write_new(const char *dir, const char *name, const char *text, struct hf_error *err)
{
    char path[PATH_MAX];
    size_t len = strlen(text);
    int fd;

    if (!hf_text_put(path, sizeof path, "%s/%s", dir, name))
        return hf_error_set(err, HF_ERROR_INVALID, "the path is too long");
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST)
        return hf_error_set(err, HF_ERROR_INTERNAL,
                            "'%s' is there already: take it away, or choose another folder", path);
    if (fd < 0)
        return hf_error_errno(err, errno, "cannot write '%s'", path);
    for (size_t at = 0; at < len;) {
        ssize_t n = write(fd, text + at, len - at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            hf_error_errno(err, n < 0 ? errno : ENOSPC, "cannot write '%s'", path);
            close(fd);
            (void)unlink(path);
            return -1;
        }
        at += (size_t)n;
    }
    return sync_and_close(fd, path, err);
}

static int
write_files(const char *dir, const char *text, struct hf_error *err)
{
    char folder[PATH_MAX];
    struct hf_error local;

    if (!hf_text_put(folder, sizeof folder, "%s/holdfast", dir))
        return hf_error_set(err, HF_ERROR_INVALID, "the path is too long");
    if (mkdir(folder, 0700) < 0 && errno != EEXIST)
        return hf_error_errno(err, errno, "cannot make '%s'", folder);
    if (write_new(folder, "provision.json", text, err) < 0)
        return -1;
    /* The page is for people, and of an earlier call where it is there. */
    if (write_new(folder, "README.txt", cli_provision_text, &local) < 0 &&
        local.class == HF_ERROR_NO_SPACE) {
        if (err)
            *err = local;
        return -1;
    }
    return 0;
}

/* ---- telling ---- */

static int
tell(const struct cli *c, const char *dir, const char *code, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    HF_AUTO_FREE char *text = NULL;

    if (c->args->flags[CLI_JSON]) {
        doc = hf_json_object();
        hf_json_put_string(doc, "folder", dir);
        hf_json_put_string(doc, "setup_code", *code ? code : NULL);
        return hf_json_print(doc, &text, err) < 0
                   ? -1
                   : cli_print_json(&c->out, text, strlen(text), err);
    }
    cli_line(&c->out, CLI_GOOD,
             "%s/holdfast/provision.json is written; a gateway takes it as it is.", dir);
    if (*code)
        cli_line(&c->out, CLI_BOLD, "Setup code: %s", code);
    cli_line(&c->out, CLI_PLAIN,
             "README.txt beside it says what else may be in it. When you have changed it: holdfast "
             "provision check %s",
             dir);
    cli_line(&c->out, CLI_PLAIN, "The stick must be FAT with the label HOLDFAST.");
    return 0;
}

int
cli_provision_new(struct cli *c, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_PROVISION_FILE_MAX);
    const char *dir = c->args->words[0];
    char code[HF_SETUP_CODE_SIZE];
    int rc;

    if (sodium_init() < 0)
        return hf_error_set(err, HF_ERROR_INTERNAL, "the library for encryption does not start");
    rc = make(c, &text, code, err);
    if (rc == 0)
        rc = check(&text, err);
    if (rc == 0)
        rc = write_files(dir, text.data, err);
    return rc < 0 ? -1 : tell(c, dir, code, err);
}

static const struct cli_command commands[] = {
    {
        .name = "provision new",
        .words = "DIR",
        .least = 1,
        .most = 1,
        .flags = CLI_FLAG(CLI_NAME) | CLI_FLAG(CLI_UPLINK) | CLI_FLAG(CLI_REGISTRY) |
                 CLI_FLAG(CLI_SSH_KEYS) | CLI_FLAG(CLI_ADMIN) | CLI_FLAG(CLI_PASSWORD_STDIN),
        .summary = "Write what a stick for a first boot needs",
        .help = "DIR is where the stick is mounted. Writes DIR/holdfast/provision.json, which a "
                "gateway takes as it is, and README.txt beside it, which says what else may be in "
                "it. With --admin it asks for the password of admin and puts its hash in; without "
                "it the file has a setup code, which is printed. Asks no gateway.",
        .examples = "provision new /media/me/HOLDFAST --name press-hall-3 --uplink "
                    "https://ingest.example.com/v1/records\n"
                    "provision new . --admin --ssh-keys ~/.ssh/id_ed25519.pub",
        .run = cli_provision_new,
    },
    {
        .name = "provision check",
        .words = "DIR|FILE",
        .least = 1,
        .most = 1,
        .flags = CLI_FLAG(CLI_PASSPHRASE_FILE),
        .summary = "Say all that is wrong with a stick, before a gateway does",
        .help =
            "DIR is where the stick is mounted: holdfast/provision.json and recovery.json in it "
            "are checked; or one such file. Each error comes with its line and column and what "
            "is allowed there. It is what the gateway checks by, but that this cannot know what "
            "is set up there. Asks no gateway.",
        .examples = "provision check /media/me/HOLDFAST\n"
                    "provision check --json provision.json | jq '.files[].errors[]'",
        .run = cli_provision_check,
    },
    {
        .name = "provision seal",
        .words = "FILE",
        .least = 1,
        .most = 1,
        .flags = CLI_FLAG(CLI_PASSPHRASE_FILE),
        .summary = "Hide the secrets of such a file behind a passphrase",
        .help = "Members of FILE that have a token, password, hash, code or key in them become its "
                "member \"sealed\", which only a gateway with the passphrase can read (holdfastd "
                "--provision-passphrase). To change them, begin with a new file. Asks no gateway.",
        .examples = "provision seal /media/me/HOLDFAST/holdfast/provision.json\n"
                    "provision seal --passphrase-file fleet.txt provision.json",
        .run = cli_provision_seal,
    },
};
const struct cli_group cli_group_provision = {"A stick for a first boot", commands,
                                              HF_LEN(commands)};

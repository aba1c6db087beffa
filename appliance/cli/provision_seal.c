// SPDX-License-Identifier: Apache-2.0
/* provision seal: what is secret in a file, for those only who have a passphrase. */
#include "cli/groups.h"

#include "base/file.h"
#include "provision/provision.h"
#include "provision/sealed.h"

#include <string.h>

/* It is sealed only where a gateway would take it: nobody can see afterwards what is wrong. */
static int
check(const struct hf_buf *text, struct hf_error *err)
{
    HF_AUTO_FREE struct hf_json_faults *faults = calloc(1, sizeof *faults);
    const struct hf_provision_with with = {.leave_sealed = true};
    struct hf_provision p;

    if (!faults)
        return hf_error_nomem(err);
    if (hf_provision_parse(text->data ? text->data : "", text->len, &with, &p, faults, err) < 0)
        return -1;
    hf_provision_done(&p);
    return 0;
}

static int
seal(struct cli *c, struct hf_json *doc, struct hf_json **ret_sealed, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *sealed = NULL;
    char passphrase[CLI_PASSWORD_MAX];
    HF_AUTO_FREE char *text = NULL;
    int rc;

    if (hf_json_get(doc, "sealed"))
        return hf_error_set(err, HF_ERROR_INVALID,
                            "it has a sealed part already: begin with a new file to change it");
    if (hf_provision_part(doc, &sealed, err) < 0)
        return -1;
    if (!hf_json_first(sealed))
        return hf_error_set(err, HF_ERROR_INVALID, "there is no secret in it");
    if (cli_passphrase(c, "Passphrase that the gateway has, at least 10 characters: ", true,
                       passphrase, sizeof passphrase, err) < 0)
        return -1;
    rc = hf_provision_seal(sealed, passphrase, &text, err);
    explicit_bzero(passphrase, sizeof passphrase);
    if (rc < 0)
        return -1;
    hf_json_put_string(doc, "sealed", text);
    *ret_sealed = hf_steal(&sealed);
    return 0;
}

static void
tell(const struct cli *c, const char *path, const struct hf_json *sealed)
{
    for (const struct hf_json *m = hf_json_first(sealed); m; m = hf_json_next(m))
        cli_line(&c->out, CLI_PLAIN, "sealed: %s", hf_json_key(m));
    cli_line(&c->out, CLI_GOOD,
             "%s: only a gateway with the passphrase takes it. What was there before may still be "
             "found on a stick by who looks at its memory.",
             path);
}

int
cli_provision_seal(struct cli *c, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_PROVISION_FILE_MAX);
    HF_AUTO(hf_json) struct hf_json *doc = NULL, *sealed = NULL;
    const char *path = c->args->words[0];
    HF_AUTO_FREE char *printed = NULL;

    if (hf_file_read(path, &text, err) < 0 || check(&text, err) < 0 ||
        hf_json_parse(text.data, text.len, &doc, err) < 0 || seal(c, doc, &sealed, err) < 0 ||
        hf_json_print_lines(doc, &printed, err) < 0)
        return hf_error_wrap(err, "%s", path);
    if (strlen(printed) > HF_PROVISION_FILE_MAX)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "%s: sealed it has more than %d bytes", path,
                            HF_PROVISION_FILE_MAX);
    if (hf_file_replace(path, printed, strlen(printed), 0600, (uid_t)-1, (gid_t)-1, err) < 0)
        return -1;
    tell(c, path, sealed);
    return 0;
}

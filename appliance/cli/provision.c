// SPDX-License-Identifier: Apache-2.0
/* provision check: what a gateway would say of a stick, at the desk. It asks no gateway. */
#include "cli/groups.h"

#include "base/file.h"
#include "identity/given.h"
#include "provision/provision.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static const struct hf_provision_x509 x509 = {hf_given_server, hf_given_client,
                                              hf_given_authorities};

/* What is sealed can be looked at only with its passphrase. */
static int
read_passphrase(struct cli *c, char passphrase[CLI_PASSWORD_MAX], struct hf_provision_with *with,
                struct hf_error *err)
{
    with->x509 = &x509;
    with->leave_sealed = true;
    if (!c->args->flags[CLI_PASSPHRASE_FILE])
        return 0;
    with->passphrase = passphrase;
    return cli_passphrase(c, "", false, passphrase, CLI_PASSWORD_MAX, err);
}

/* One file, and what was found. */
struct checked {
    const char *name; /* as people know it */
    bool is_there, left_sealed;
    struct hf_error err; /* where it is not good */
    struct hf_json_faults faults;
};

/* ---- checking ---- */

static int
check_text(const char *path, const char *name, const struct hf_provision_with *with,
           struct checked *c, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_PROVISION_FILE_MAX + 1);
    struct hf_provision p;
    struct hf_recovery r;
    int rc;

    if (hf_file_read(path, &text, err) < 0)
        return -1;
    if (!text.len)
        return hf_error_set(err, HF_ERROR_MALFORMED, "it is empty: write it again");
    if (strcmp(name, "recovery.json") == 0) {
        rc = hf_recovery_parse(text.data, text.len, NULL, &r, &c->faults, err);
        if (rc == 0)
            hf_recovery_done(&r);
        return rc;
    }
    rc = hf_provision_parse(text.data, text.len, with, &p, &c->faults, err);
    if (rc == 0) {
        c->left_sealed = p.left_sealed;
        hf_provision_done(&p);
    }
    return rc;
}

static void
check_file(const char *path, const char *name, const struct hf_provision_with *with,
           struct checked *c)
{
    c->name = path;
    c->is_there = true;
    if (check_text(path, name, with, c, &c->err) < 0 && !c->faults.count)
        hf_error_wrap(&c->err, "%s", path);
}

static void
check_provision(const char *dir, const struct hf_provision_with *with, struct checked *c)
{
    struct hf_provision p;

    c->name = "holdfast/provision.json";
    if (hf_provision_read(dir, with, &p, &c->faults, &c->err) == 0) {
        c->left_sealed = p.left_sealed;
        hf_provision_done(&p);
    }
    c->is_there = c->err.class != HF_ERROR_NOT_FOUND;
}

static void
check_recovery(const char *dir, struct checked *c)
{
    struct hf_recovery r;

    c->name = "holdfast/recovery.json";
    if (hf_recovery_read(dir, NULL, &r, &c->faults, &c->err) == 0)
        hf_recovery_done(&r);
    c->is_there = c->err.class != HF_ERROR_NOT_FOUND;
}

/* ---- telling ---- */

static struct hf_json *
fault_json(const struct hf_json_fault *f)
{
    struct hf_json *o = hf_json_object();

    hf_json_put_int(o, "line", (int64_t)f->place.line);
    hf_json_put_int(o, "column", (int64_t)f->place.column);
    hf_json_put_string(o, "pointer", f->pointer);
    hf_json_put_string(o, "detail", f->message);
    return o;
}

static struct hf_json *
file_json(const struct checked *c)
{
    struct hf_json *o = hf_json_object(), *errors = hf_json_array();

    hf_json_put_string(o, "file", c->name);
    hf_json_put_bool(o, "valid", !c->err.class);
    for (size_t i = 0; i < c->faults.count; i++)
        hf_json_add(errors, fault_json(&c->faults.list[i]));
    if (c->err.class && !c->faults.count) {
        struct hf_json *one = hf_json_object();

        hf_json_put_string(one, "detail", c->err.message);
        hf_json_add(errors, one);
    }
    hf_json_put(o, "errors", errors);
    hf_json_put_bool(o, "more", c->faults.more);
    hf_json_put_bool(o, "left_sealed", c->left_sealed);
    return o;
}

static int
print_json(const struct cli *c, const struct checked *files, size_t count, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = hf_json_object();
    HF_AUTO_FREE char *text = NULL;
    struct hf_json *list = hf_json_array();
    bool valid = true;

    for (size_t i = 0; i < count; i++) {
        if (!files[i].is_there)
            continue;
        hf_json_add(list, file_json(&files[i]));
        valid = valid && !files[i].err.class;
    }
    hf_json_put_bool(doc, "valid", valid);
    hf_json_put(doc, "files", list);
    if (hf_json_print(doc, &text, err) < 0)
        return -1;
    return cli_print_json(&c->out, text, strlen(text), err);
}

static int
show_file(const struct cli_out *out, const struct checked *c, struct hf_error *err)
{
    static const struct cli_column columns[] = {
        {"LINE", true}, {"COLUMN", true}, {"WHERE", false}, {"WHAT IS WRONG", false}};
    HF_AUTO(cli_table) struct cli_table *t = cli_table_new(columns, HF_LEN(columns));

    if (!c->err.class) {
        cli_line(out, CLI_GOOD, "%s: a gateway takes it.", c->name);
        if (c->left_sealed)
            cli_line(out, CLI_WARN,
                     "What is sealed in it was not looked at: give --passphrase-file.");
        return 0;
    }
    if (!c->faults.count) {
        cli_line(out, CLI_BAD, "%s", c->err.message);
        return 0;
    }
    cli_line(out, CLI_BAD, "%s: a gateway refuses it whole.", c->name);
    for (size_t i = 0; i < c->faults.count; i++) {
        const struct hf_json_fault *f = &c->faults.list[i];

        cli_cell(t, CLI_PLAIN, "%zu", f->place.line);
        cli_cell(t, CLI_PLAIN, "%zu", f->place.column);
        cli_cell_text(t, CLI_PLAIN, f->pointer);
        cli_cell_text(t, CLI_PLAIN, f->message);
    }
    if (cli_table_print(t, out, "", err) < 0)
        return -1;
    if (c->faults.more)
        cli_line(out, CLI_WARN, "There may be more: mend these, and check again.");
    return 0;
}

static int
tell(struct cli *c, const struct checked *files, size_t count, struct hf_error *err)
{
    bool as_json = c->args->flags[CLI_JSON] != NULL;

    if (as_json && print_json(c, files, count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (!files[i].is_there)
            continue;
        if (!as_json && show_file(&c->out, &files[i], err) < 0)
            return -1;
        if (files[i].err.class)
            c->exit = CLI_REFUSED;
    }
    return c->exit ? hf_error_set(err, HF_ERROR_INVALID, "%s", "") : 0;
}

int
cli_provision_check(struct cli *c, struct hf_error *err)
{
    const char *path = c->args->words[0], *slash = strrchr(path, '/');
    HF_AUTO_FREE struct checked *files = calloc(2, sizeof *files);
    char passphrase[CLI_PASSWORD_MAX];
    struct hf_provision_with with = {0};
    struct stat st;

    if (!files)
        return hf_error_nomem(err);
    if (stat(path, &st) < 0)
        return hf_error_errno(err, errno, "cannot read '%s'", path);
    if (read_passphrase(c, passphrase, &with, err) < 0)
        return -1;
    if (S_ISDIR(st.st_mode)) {
        check_provision(path, &with, &files[0]);
        check_recovery(path, &files[1]);
    } else {
        check_file(path, slash ? slash + 1 : path, &with, &files[0]);
    }
    explicit_bzero(passphrase, sizeof passphrase);
    if (!files[0].is_there && !files[1].is_there)
        return hf_error_set(err, HF_ERROR_NOT_FOUND,
                            "in '%s' there is neither holdfast/provision.json nor "
                            "holdfast/recovery.json: give the folder that the stick is mounted at",
                            path);
    return tell(c, files, 2, err);
}

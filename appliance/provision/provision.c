// SPDX-License-Identifier: Apache-2.0
#include "provision/provision.h"

#include "base/buf.h"
#include "base/text.h"
#include "json/json.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { FORMAT = 1 };

static const char FOLDER[] = "holdfast";
static const char PROVISION[] = "provision.json";
static const char RECOVERY[] = "recovery.json";

/* ---- reading ---- */

static int
open_error(struct hf_error *err, const char *path)
{
    if (errno == ELOOP || errno == ENOTDIR)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "'%s' is a symbolic link or no file: it must be a plain file", path);
    return hf_error_errno(err, errno, "cannot read '%s'", path);
}

/* Whoever made the stick shall not choose which file of this host is read. */
static int
open_file(const char *dir, const char *name, int *ret_fd, struct hf_error *err)
{
    HF_AUTO_CLOSE int root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return hf_error_errno(err, errno, "cannot open '%s'", dir);

    HF_AUTO_CLOSE int folder =
        openat(root, FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0)
        return open_error(err, FOLDER);

    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return open_error(err, name);
    *ret_fd = fd;
    return 0;
}

static int
read_all(int fd, struct hf_buf *text, struct hf_error *err)
{
    for (;;) {
        size_t room = text->max - text->len;
        char *to;
        ssize_t n;

        if (!room)
            return hf_error_set(err, HF_ERROR_TOO_LARGE, "it is larger than %d bytes",
                                HF_PROVISION_FILE_MAX);
        to = hf_buf_reserve(text, room);
        if (!to)
            return hf_error_nomem(err);
        n = read(fd, to, room);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return hf_error_errno(err, errno, "it cannot be read");
        if (n == 0)
            return 0;
        text->len += (size_t)n;
        text->data[text->len] = '\0';
    }
}

static int
read_file(const char *dir, const char *name, struct hf_buf *text, struct hf_error *err)
{
    HF_AUTO_CLOSE int fd = -1;
    struct stat st;

    if (open_file(dir, name, &fd, err) < 0)
        return -1;
    if (fstat(fd, &st) < 0)
        return hf_error_errno(err, errno, "it cannot be read");
    if (!S_ISREG(st.st_mode))
        return hf_error_set(err, HF_ERROR_INVALID, "it is not a plain file");
    if (read_all(fd, text, err) < 0)
        return -1;
    if (!text->len)
        return hf_error_set(err, HF_ERROR_MALFORMED, "it is empty: write it again");
    return 0;
}

static int
parse(const struct hf_buf *text, struct hf_json **ret_doc, struct hf_error *err)
{
    if (hf_json_parse(text->data, text->len, ret_doc, err) == 0)
        return 0;
    if (err && err->class == HF_ERROR_MALFORMED) {
        size_t len = strlen(err->message);

        snprintf(err->message + len, sizeof err->message - len,
                 " (where the file ends too early, it was written only in part: write it again)");
    }
    return -1;
}

/* ---- checking ---- */

/* A copy of member of doc, put into to. */
static int
copy_member(const struct hf_json *doc, const char *member, struct hf_json *to, struct hf_error *err)
{
    const struct hf_json *value = hf_json_get(doc, member);
    HF_AUTO_FREE char *text = NULL;
    struct hf_json *copy = NULL;

    if (!value)
        return 0;
    if (hf_json_print(value, &text, err) < 0 || hf_json_parse(text, strlen(text), &copy, err) < 0)
        return -1;
    hf_json_put(to, member, copy);
    return 0;
}

/* What stands in the document as in the settings is read by them. */
static int
read_settings(const struct hf_json *doc, struct hf_settings *s, struct hf_error *err)
{
    static const char *const members[] = {"name",   "uplink",   "sinks",        "buffer",
                                          "lanes",  "rules",    "devices",      "alarms",
                                          "broker", "registry", "release_keys", "scan"};
    HF_AUTO(hf_json) struct hf_json *part = hf_json_object();

    if (!part)
        return hf_error_nomem(err);
    for (size_t i = 0; i < HF_LEN(members); i++)
        if (copy_member(doc, members[i], part, err) < 0)
            return -1;
    return hf_settings_parse(part, s, err);
}

/* Who may get in: one of the two, or neither. */
static int
read_access(const struct hf_json *doc, char password_hash[HF_PASSWORD_HASH_SIZE],
            char setup_code[HF_SETUP_CODE_SIZE], struct hf_error *err)
{
    static const struct hf_json_field fields[] = {{"password_hash", HF_JSON_STRING, true}};
    const struct hf_json *admin = hf_json_get(doc, "admin");
    const char *code = hf_json_string(doc, "setup_code");

    if (admin && code)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/setup_code",
                               "/setup_code: not together with /admin: a gateway with an admin "
                               "password needs no setup code");
    if (admin) {
        const char *hash;

        if (hf_json_check(admin, "/admin", fields, HF_LEN(fields), err) < 0)
            return -1;
        hash = hf_json_string(admin, "password_hash");
        if (hf_password_hash_check(hash, "/admin/password_hash", err) < 0)
            return -1;
        snprintf(password_hash, HF_PASSWORD_HASH_SIZE, "%s", hash);
    }
    if (code && !hf_setup_code_normalise(code, setup_code))
        return hf_error_set_at(err, HF_ERROR_INVALID, "/setup_code",
                               "/setup_code: must look like XXXX-XXXX-XXXX, of the characters %s",
                               hf_setup_code_alphabet);
    return 0;
}

static int
check_format(const struct hf_json *doc, struct hf_error *err)
{
    if (hf_json_int(doc, "format", 0) == FORMAT)
        return 0;
    return hf_error_set_at(err, HF_ERROR_INVALID, "/format",
                           "/format: must be %d, the only format that this version knows", FORMAT);
}

static int
read_certificate(const struct hf_json *v, struct hf_provision *p, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"certificate", HF_JSON_STRING, true},
        {"key", HF_JSON_STRING, true},
    };

    if (!v)
        return 0;
    if (hf_json_check(v, "/certificate", fields, HF_LEN(fields), err) < 0)
        return -1;
    p->certificate = strdup(hf_json_string(v, "certificate"));
    p->key = strdup(hf_json_string(v, "key"));
    return p->certificate && p->key ? 0 : hf_error_nomem(err);
}

static int
read_document(const struct hf_json *doc, struct hf_provision *p, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"format", HF_JSON_INT, true},         {"name", HF_JSON_STRING, false},
        {"uplink", HF_JSON_OBJECT, false},     {"sinks", HF_JSON_ARRAY, false},
        {"buffer", HF_JSON_OBJECT, false},     {"lanes", HF_JSON_ARRAY, false},
        {"rules", HF_JSON_ARRAY, false},       {"devices", HF_JSON_OBJECT, false},
        {"alarms", HF_JSON_OBJECT, false},     {"broker", HF_JSON_OBJECT, false},
        {"registry", HF_JSON_OBJECT, false},   {"release_keys", HF_JSON_ARRAY, false},
        {"scan", HF_JSON_OBJECT, false},       {"admin", HF_JSON_OBJECT, false},
        {"setup_code", HF_JSON_STRING, false}, {"certificate", HF_JSON_OBJECT, false},
    };

    if (hf_json_check(doc, "", fields, HF_LEN(fields), err) < 0)
        return -1;
    if (check_format(doc, err) < 0 || read_settings(doc, &p->settings, err) < 0 ||
        read_certificate(hf_json_get(doc, "certificate"), p, err) < 0)
        return -1;
    return read_access(doc, p->password_hash, p->setup_code, err);
}

static void
hash_file(const struct hf_buf *text, char out[HF_PROVISION_HASH_SIZE])
{
    unsigned char hash[crypto_hash_sha256_BYTES];

    crypto_hash_sha256(hash, (const unsigned char *)text->data, text->len);
    hf_text_hex(hash, sizeof hash, out);
}

static int
read_checked(const char *dir, struct hf_provision *p, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_PROVISION_FILE_MAX + 1);
    HF_AUTO(hf_json) struct hf_json *doc = NULL;

    if (read_file(dir, PROVISION, &text, err) < 0 || parse(&text, &doc, err) < 0 ||
        read_document(doc, p, err) < 0)
        return -1;
    hash_file(&text, p->file_hash);
    return 0;
}

int
hf_provision_read(const char *dir, const struct hf_settings *base,
                  struct hf_provision *ret_provision, struct hf_error *err)
{
    struct hf_provision p = {.file_hash = ""};

    hf_settings_init(&p.settings);
    if (base && hf_settings_copy(base, &p.settings, err) < 0)
        return -1;
    if (read_checked(dir, &p, err) < 0) {
        hf_provision_done(&p);
        return hf_error_wrap(err, "provisioning file holdfast/provision.json");
    }
    *ret_provision = p;
    return 0;
}

void
hf_provision_done(struct hf_provision *p)
{
    hf_settings_done(&p->settings);
    sodium_memzero(p->password_hash, sizeof p->password_hash);
    sodium_memzero(p->setup_code, sizeof p->setup_code);
    if (p->key)
        sodium_memzero(p->key, strlen(p->key));
    free(p->key);
    free(p->certificate);
    p->key = p->certificate = NULL;
}

/* ---- recovery ---- */

static int
read_recovery(const struct hf_json *doc, const char *gateway_id, struct hf_recovery *r,
              struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"format", HF_JSON_INT, true},
        {"gateway", HF_JSON_STRING, false},
        {"admin", HF_JSON_OBJECT, false},
        {"setup_code", HF_JSON_STRING, false},
    };

    const char *gateway;

    if (hf_json_check(doc, "", fields, HF_LEN(fields), err) < 0 || check_format(doc, err) < 0)
        return -1;
    gateway = hf_json_string(doc, "gateway");
    if (gateway && strcmp(gateway, gateway_id) != 0)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/gateway",
                               "/gateway: is another gateway; this one is '%s'", gateway_id);
    if (read_access(doc, r->password_hash, r->setup_code, err) < 0)
        return -1;
    if (!*r->password_hash && !*r->setup_code)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/setup_code",
                               "/setup_code: is missing, and so is /admin: one of them says how to "
                               "get in");
    return 0;
}

int
hf_recovery_read(const char *dir, const char *gateway_id, struct hf_recovery *ret_recovery,
                 struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_PROVISION_FILE_MAX + 1);
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_recovery r = {.file_hash = ""};

    if (read_file(dir, RECOVERY, &text, err) < 0 || parse(&text, &doc, err) < 0 ||
        read_recovery(doc, gateway_id, &r, err) < 0) {
        hf_recovery_done(&r);
        return hf_error_wrap(err, "recovery file holdfast/recovery.json");
    }
    hash_file(&text, r.file_hash);
    *ret_recovery = r;
    return 0;
}

void
hf_recovery_done(struct hf_recovery *r)
{
    sodium_memzero(r, sizeof *r);
}

// SPDX-License-Identifier: Apache-2.0
#include "stick/parts.h"

#include "base/file.h"
#include "base/text.h"
#include "model/minisign.h"
#include "provision/provision.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ANSWER_MAX = 256 * 1024, FILES = 4 };

static const struct {
    const char *name;
    size_t max;
} files[FILES] = {
    {HF_PROVISION_FILE, HF_PROVISION_FILE_MAX + 1},
    {HF_PROVISION_FILE ".minisig", HF_MINISIGN_TEXT_MAX + 1},
    {HF_RECOVERY_FILE, HF_PROVISION_FILE_MAX + 1},
    {HF_RECOVERY_FILE ".minisig", HF_MINISIGN_TEXT_MAX + 1},
};

struct contents {
    struct hf_buf files[FILES]; /* data NULL: there is none */
};

static void
contents_done(struct contents *c)
{
    for (size_t i = 0; i < FILES; i++) {
        if (c->files[i].data)
            sodium_memzero(c->files[i].data, c->files[i].len);
        hf_buf_done(&c->files[i]);
    }
}

/* ---- reading ---- */

/* What is left of a wipe that power ended. */
static bool
is_wiped(const struct hf_buf *text)
{
    for (size_t i = 0; i < text->len; i++)
        if (text->data[i])
            return false;
    return true;
}

static void
read_file(const char *from, size_t i, struct contents *c, struct stick_problems *problems)
{
    struct hf_error err = {0};

    c->files[i] = HF_BUF_INIT(files[i].max);
    if (hf_provision_load(from, files[i].name, &c->files[i], &err) == 0) {
        if (is_wiped(&c->files[i]))
            hf_buf_done(&c->files[i]);
        return;
    }
    hf_buf_done(&c->files[i]);
    if (err.class != HF_ERROR_NOT_FOUND)
        stick_problem(problems, "holdfast/%s: %s", files[i].name, err.message);
}

/* Names and contents, so that no two sets are the same. */
static void
make_id(const struct contents *c, char out[STICK_ID_SIZE])
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state state;

    crypto_hash_sha256_init(&state);
    for (size_t i = 0; i < FILES; i++) {
        uint64_t len = c->files[i].data ? c->files[i].len : UINT64_MAX;

        crypto_hash_sha256_update(&state, (const unsigned char *)&len, sizeof len);
        if (c->files[i].data)
            crypto_hash_sha256_update(&state, (const unsigned char *)c->files[i].data,
                                      c->files[i].len);
    }
    crypto_hash_sha256_final(&state, hash);
    hf_text_hex(hash, sizeof hash, out);
}

/* ---- writing ---- */

static int
put(const char *dir, const char *name, const struct hf_buf *text, gid_t group, struct hf_error *err)
{
    char path[STICK_PATH_SIZE];

    if (!hf_text_put(path, sizeof path, "%s/in/holdfast/%s", dir, name))
        return hf_error_set(err, HF_ERROR_INVALID, "--dir: the path is too long");
    if (!text->data)
        return unlink(path) < 0 && errno != ENOENT
                   ? hf_error_errno(err, errno, "cannot remove '%s'", path)
                   : 0;
    return hf_file_replace(path, text->data, text->len, 0640, (uid_t)-1, group, err);
}

static int
make_folder(const char *dir, const char *below, gid_t group, struct hf_error *err)
{
    char path[STICK_PATH_SIZE];

    if (!hf_text_put(path, sizeof path, "%s%s", dir, below))
        return hf_error_set(err, HF_ERROR_INVALID, "--dir: the path is too long");
    if ((mkdir(path, 0750) < 0 && errno != EEXIST) || chown(path, (uid_t)-1, group) < 0 ||
        chmod(path, 0750) < 0)
        return hf_error_errno(err, errno, "cannot make '%s'", path);
    return 0;
}

/* The id goes first and comes last: what is between is of no set. */
static int
put_all(const char *dir, const struct contents *c, const char *id, gid_t group,
        struct hf_error *err)
{
    char path[STICK_PATH_SIZE];

    if (make_folder(dir, "", group, err) < 0 || make_folder(dir, "/in", group, err) < 0 ||
        make_folder(dir, "/in/holdfast", group, err) < 0)
        return -1;
    if (!hf_text_put(path, sizeof path, "%s/in/id", dir))
        return hf_error_set(err, HF_ERROR_INVALID, "--dir: the path is too long");
    if (unlink(path) < 0 && errno != ENOENT)
        return hf_error_errno(err, errno, "cannot remove '%s'", path);
    for (size_t i = 0; i < FILES; i++)
        if (put(dir, files[i].name, &c->files[i], group, err) < 0)
            return -1;
    return hf_file_replace(path, id, strlen(id), 0640, (uid_t)-1, group, err);
}

int
stick_hand(const char *from, const char *dir, gid_t group, struct stick_problems *problems,
           char ret_id[STICK_ID_SIZE], struct hf_error *err)
{
    struct contents c = {0};
    int rc = 0;

    ret_id[0] = '\0';
    for (size_t i = 0; i < FILES; i++)
        read_file(from, i, &c, problems);
    if (!problems->count && !c.files[0].data && !c.files[2].data)
        stick_problem(problems, "there is neither holdfast/" HF_PROVISION_FILE
                                " nor holdfast/" HF_RECOVERY_FILE
                                " on the stick: 'holdfast provision new' makes the first");
    if (!problems->count) {
        make_id(&c, ret_id);
        rc = put_all(dir, &c, ret_id, group, err);
    }
    contents_done(&c);
    return rc;
}

/* ---- the answer ---- */

struct hf_json *
stick_document(const char *run, const char *name)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(ANSWER_MAX);
    struct hf_json *doc = NULL;
    char path[STICK_PATH_SIZE];

    if (!hf_text_put(path, sizeof path, "%s/%s", run, name) ||
        hf_file_read(path, &text, NULL) < 0 || !text.data ||
        hf_json_parse(text.data, text.len, &doc, NULL) < 0)
        return NULL;
    return doc;
}

struct hf_json *
stick_answer(const char *run, const char *id_or_null)
{
    struct hf_json *doc = stick_document(run, "stick.json");
    const char *id = hf_json_string(doc, "id");

    if (id && (!id_or_null || strcmp(id, id_or_null) == 0))
        return doc;
    hf_json_free(doc);
    return NULL;
}

static const char *
result_of(const struct hf_json *answer, const char *file)
{
    for (const struct hf_json *f = hf_json_first(hf_json_get(answer, "files")); f;
         f = hf_json_next(f)) {
        const char *name = hf_json_string(f, "file"), *result = hf_json_string(f, "result");

        if (name && result && strcmp(name, file) == 0)
            return result;
    }
    return "";
}

bool
stick_has_known(const struct hf_json *answer, const char *file)
{
    return strcmp(result_of(answer, file), "known") == 0;
}

bool
stick_has_taken(const struct hf_json *answer, const char *file)
{
    return stick_has_known(answer, file) || strcmp(result_of(answer, file), "applied") == 0;
}

bool
stick_is_settled(const struct hf_json *answer)
{
    const char *bundle = hf_json_string(hf_json_get(answer, "bundle"), "state");
    const char *uplink = hf_json_string(hf_json_get(answer, "uplink"), "state");

    if (bundle && strcmp(bundle, "none") != 0 && strcmp(bundle, "ended") != 0)
        return false;
    if (!hf_json_first(hf_json_get(answer, "addresses")))
        return false;
    return uplink && strcmp(uplink, "unknown") != 0 && strcmp(uplink, "idle") != 0;
}

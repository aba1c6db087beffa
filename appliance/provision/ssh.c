// SPDX-License-Identifier: Apache-2.0
/* Who may log in by SSH: keys alone, in a file that sshd is told of. For the programs that are
 * root. */
#include "provision/host.h"

#include "base/file.h"
#include "base/text.h"
#include "provision/ssh_key.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

static const char FOLDER[] = "holdfast", FILE_NAME[] = "ssh_keys";
static const char HEAD[] =
    "# Who may log in by SSH, as a stick said it; another one replaces it.\n";

enum { FILE_MAX = 80 * 1024 };
_Static_assert(FILE_MAX > (size_t)HF_SSH_KEYS_MAX * (HF_SSH_KEY_MAX + 1) + sizeof HEAD,
               "all keys that are allowed find room");

/* ---- checking ---- */

static int
check_key(const struct hf_json *key, size_t i, char fingerprints[][HF_SSH_FINGERPRINT_SIZE],
          struct hf_error *err)
{
    const char *line = hf_json_as_string(key);
    char pointer[HF_ERROR_POINTER_MAX];
    struct hf_error why = {0};

    hf_text_put(pointer, sizeof pointer, "/ssh/keys/%zu", i);
    if (!line)
        return hf_error_set_at(err, HF_ERROR_INVALID, pointer, "%s: must be a string", pointer);
    if (hf_ssh_key_check(line, &why) < 0)
        return hf_error_set_at(err, HF_ERROR_INVALID, pointer, "%s: %s", pointer, why.message);
    hf_ssh_key_fingerprint(line, fingerprints[i]);
    for (size_t j = 0; j < i; j++)
        if (strcmp(fingerprints[i], fingerprints[j]) == 0)
            return hf_error_set_at(err, HF_ERROR_INVALID, pointer, "%s: is there twice", pointer);
    return 0;
}

int
hf_host_check_ssh(const struct hf_json *ssh, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {{"keys", HF_JSON_ARRAY, true}};
    char fingerprints[HF_SSH_KEYS_MAX][HF_SSH_FINGERPRINT_SIZE];
    const struct hf_json *keys;
    size_t i = 0;

    if (hf_json_check(ssh, "/ssh", fields, HF_LEN(fields), err) < 0)
        return -1;
    keys = hf_json_get(ssh, "keys");
    if (hf_json_count(keys) > HF_SSH_KEYS_MAX)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/ssh/keys",
                               "/ssh/keys: must have at most %d", HF_SSH_KEYS_MAX);
    for (const struct hf_json *k = hf_json_first(keys); k; k = hf_json_next(k))
        if (check_key(k, i++, fingerprints, err) < 0)
            return -1;
    return 0;
}

/* ---- writing ---- */

static int
remove_keys(const char *folder, const char *path, bool *ret_changed, struct hf_error *err)
{
    HF_AUTO_CLOSE int fd = -1;

    if (unlink(path) < 0)
        return errno == ENOENT ? 0 : hf_error_errno(err, errno, "cannot remove '%s'", path);
    *ret_changed = true;
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 || fsync(fd) < 0 ? hf_error_errno(err, errno, "cannot sync '%s'", folder) : 0;
}

int
hf_host_put_ssh(const struct hf_json *ssh_or_null, const char *etc, bool *ret_changed,
                struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(FILE_MAX), before = HF_BUF_INIT(FILE_MAX);
    const struct hf_json *keys = hf_json_get(ssh_or_null, "keys");
    char folder[PATH_MAX], path[PATH_MAX];

    if (!hf_text_put(folder, sizeof folder, "%s/%s", etc, FOLDER) ||
        !hf_text_put(path, sizeof path, "%s/%s", folder, FILE_NAME))
        return hf_error_set(err, HF_ERROR_INVALID, "the path of /etc is too long");
    if (!hf_json_first(keys))
        return remove_keys(folder, path, ret_changed, err);
    if (hf_buf_adds(&text, HEAD, err) < 0)
        return -1;
    for (const struct hf_json *k = hf_json_first(keys); k; k = hf_json_next(k))
        if (hf_buf_addf(&text, err, "%s\n", hf_json_as_string(k)) < 0)
            return -1;
    if (hf_file_read(path, &before, NULL) == 0 && before.len == text.len &&
        memcmp(before.data, text.data, text.len) == 0)
        return 0;
    if (access(folder, F_OK) < 0 && hf_file_mkdirs(folder, 0755, err) < 0)
        return -1;
    *ret_changed = true;
    /* sshd reads it as the user that logs in. */
    return hf_file_replace(path, text.data, text.len, 0644, (uid_t)-1, (gid_t)-1, err);
}

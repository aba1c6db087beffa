// SPDX-License-Identifier: Apache-2.0
#include "cli/profile.h"

#include "base/file.h"
#include "base/text.h"
#include "json/json.h"

#include <string.h>
#include <sys/stat.h>

enum { FILE_MAX = 16384 };

static const char DEFAULT_NAME[] = "default";

static int
too_long(struct hf_error *err)
{
    return hf_error_set(err, HF_ERROR_INTERNAL, "the path of the folder for settings is too long");
}

int
cli_profile_dir(char out[PATH_MAX], struct hf_error *err)
{
    const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    bool fits;

    if (xdg && xdg[0] == '/')
        fits = hf_text_put(out, PATH_MAX, "%s/holdfast", xdg);
    else if (home && home[0] == '/')
        fits = hf_text_put(out, PATH_MAX, "%s/.config/holdfast", home);
    else
        return hf_error_set(err, HF_ERROR_INVALID,
                            "there is no place for settings: set HOME or XDG_CONFIG_HOME");
    return fits ? 0 : too_long(err);
}

/* ---- the default ---- */

int
cli_profile_default(const char *dir, char out[CLI_URL_MAX], struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(CLI_URL_MAX);
    char path[PATH_MAX];
    struct hf_error own = {0};

    out[0] = '\0';
    if (!hf_text_put(path, sizeof path, "%s/%s", dir, DEFAULT_NAME))
        return too_long(err);
    if (hf_file_read(path, &text, &own) < 0) {
        if (own.class == HF_ERROR_NOT_FOUND)
            return 0;
        if (err)
            *err = own;
        return -1;
    }
    if (!text.data)
        return 0;
    text.data[strcspn(text.data, "\n")] = '\0';
    if (cli_url_parse(text.data, out, err) < 0)
        return hf_error_wrap(err, "'%s'", path);
    return 0;
}

int
cli_profile_set_default(const char *dir, const char *url, struct hf_error *err)
{
    char path[PATH_MAX], line[CLI_URL_MAX + 1];

    if (!hf_text_put(path, sizeof path, "%s/%s", dir, DEFAULT_NAME))
        return too_long(err);
    hf_text_put(line, sizeof line, "%s\n", url);
    return hf_file_replace(path, line, strlen(line), 0600, (uid_t)-1, (gid_t)-1, err);
}

/* ---- one gateway ---- */

bool
cli_secret_valid(const char *text)
{
    size_t len = strlen(text);

    for (size_t i = 0; i < len; i++)
        if (text[i] <= ' ' || text[i] > '~' || text[i] == ';' || text[i] == ',' || text[i] == '"')
            return false;
    return len > 0 && len < CLI_SECRET_MAX;
}

/* "https://press-hall-3.local:8443" → "press-hall-3.local_8443.json" */
static bool
write_path(const char *dir, const char *url, char out[PATH_MAX])
{
    char name[CLI_URL_MAX];

    hf_text_put(name, sizeof name, "%s", url + strlen("https://"));
    for (char *c = name; *c; c++)
        if (*c == ':' || *c == '[' || *c == ']' || *c == '/' || *c == '%')
            *c = '_';
    return hf_text_put(out, PATH_MAX, "%s/%s.json", dir, name);
}

static int
check_mode(const char *path, struct hf_error *err)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return 0; /* reading it says why */
    if (st.st_uid != geteuid())
        return hf_error_set(err, HF_ERROR_INTERNAL, "'%s' belongs to somebody else", path);
    if (st.st_mode & 077)
        return hf_error_set(
            err, HF_ERROR_INTERNAL,
            "'%s' can be read by others, and it holds what one logs in with: 'chmod "
            "600' it, and end that session where others may have seen it",
            path);
    return 0;
}

static bool
take_secret(const struct hf_json *doc, const char *member, char out[CLI_SECRET_MAX])
{
    const char *text = hf_json_string(doc, member);

    if (!text)
        return true;
    return cli_secret_valid(text) && hf_text_put(out, CLI_SECRET_MAX, "%s", text);
}

static int
read_profile(struct cli_profile *p, const struct hf_buf *text, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"url", HF_JSON_STRING, true},    {"fingerprint", HF_JSON_STRING, true},
        {"key", HF_JSON_STRING, false},   {"session", HF_JSON_STRING, false},
        {"token", HF_JSON_STRING, false},
    };
    HF_AUTO(hf_json) struct hf_json *doc = NULL;

    if (hf_json_parse(text->data ? text->data : "", text->len, &doc, err) < 0 ||
        hf_json_check(doc, "", fields, HF_LEN(fields), err) < 0)
        return -1;
    if (strcmp(hf_json_string(doc, "url"), p->url) != 0)
        return hf_error_set(err, HF_ERROR_INVALID, "it is about another gateway");
    if (cli_fingerprint_parse(hf_json_string(doc, "fingerprint"), p->fingerprint, err) < 0)
        return -1;
    if (hf_json_get(doc, "key") &&
        cli_fingerprint_parse(hf_json_string(doc, "key"), p->key, err) < 0)
        return -1;
    if (!take_secret(doc, "session", p->session) || !take_secret(doc, "token", p->token))
        return hf_error_set(err, HF_ERROR_INVALID, "a session or token cannot look like that");
    return 0;
}

int
cli_profile_load(const char *dir, const char *url, struct cli_profile *ret, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(FILE_MAX);
    struct hf_error own = {0};

    *ret = (struct cli_profile){0};
    hf_text_put(ret->url, sizeof ret->url, "%s", url);
    if (!write_path(dir, url, ret->path))
        return too_long(err);
    if (check_mode(ret->path, err) < 0)
        return -1;
    if (hf_file_read(ret->path, &text, &own) < 0 && own.class == HF_ERROR_NOT_FOUND)
        return 0;
    if (own.class == HF_ERROR_NONE && read_profile(ret, &text, &own) == 0)
        return 0;
    return hf_error_set(err, HF_ERROR_INTERNAL,
                        "'%s' cannot be used: %.200s. Remove it and log in again.", ret->path,
                        own.message);
}

int
cli_profile_save(const struct cli_profile *p, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = hf_json_object();
    HF_AUTO_FREE char *text = NULL;
    char dir[PATH_MAX];
    int rc;

    hf_text_put(dir, sizeof dir, "%s", p->path);
    *strrchr(dir, '/') = '\0';
    hf_json_put_string(doc, "url", p->url);
    hf_json_put_string(doc, "fingerprint", p->fingerprint);
    if (p->key[0])
        hf_json_put_string(doc, "key", p->key);
    if (p->session[0])
        hf_json_put_string(doc, "session", p->session);
    if (p->token[0])
        hf_json_put_string(doc, "token", p->token);
    if (hf_json_print(doc, &text, err) < 0 || hf_file_mkdirs(dir, 0700, err) < 0)
        return -1;
    rc = hf_file_replace(p->path, text, strlen(text), 0600, (uid_t)-1, (gid_t)-1, err);
    explicit_bzero(text, strlen(text));
    return rc;
}

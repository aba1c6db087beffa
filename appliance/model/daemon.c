// SPDX-License-Identifier: Apache-2.0
#include "model/daemon.h"

#include "base/file.h"
#include "base/text.h"
#include "model/release_parts.h"
#include "model/settings_parts.h"

#include <ctype.h>
#include <string.h>

enum { OS_RELEASE_MAX = 16 * 1024, HASH_AT = sizeof "sha256:" - 1 };

/* ---- which Debian ---- */

/* The value of a line NAME=VALUE or NAME="VALUE" (os-release(5)); false where there is none. */
static bool
value_of(const char *text, const char *name, char *out, size_t size)
{
    size_t len = strlen(name);

    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, len) == 0 && line[len] == '=') {
            const char *from = line + len + 1 + strspn(line + len + 1, "\"'");

            return hf_text_put(out, size, "%.*s", (int)strcspn(from, "\"'\r\n"), from);
        }
    }
    return false;
}

void
hf_daemon_system(const char *os_release, char out[HF_DAEMON_SYSTEM_SIZE])
{
    HF_AUTO_BUF struct hf_buf file = HF_BUF_INIT(OS_RELEASE_MAX);
    char id[HF_DAEMON_SYSTEM_SIZE], number[8];

    out[0] = '\0';
    if (hf_file_read(os_release, &file, NULL) < 0 || !file.data)
        return;
    /* What calls itself like Debian, and counts as it does, has its libraries. */
    if (((value_of(file.data, "ID", id, sizeof id) && strcmp(id, "debian") == 0) ||
         (value_of(file.data, "ID_LIKE", id, sizeof id) && strcmp(id, "debian") == 0)) &&
        value_of(file.data, "VERSION_ID", number, sizeof number) && *number &&
        number[strspn(number, "0123456789")] == '\0')
        hf_text_put(out, HF_DAEMON_SYSTEM_SIZE, "debian%s", number);
}

/* ---- what a release says ---- */

/* Debian policy, 5.6.12, without an epoch: it is a part of the name of a file, too. */
static bool
is_package_version(const char *text)
{
    if (!isdigit((unsigned char)text[0]) || strlen(text) >= HF_VERSION_SIZE)
        return false;
    for (; *text; text++)
        if (!isalnum((unsigned char)*text) && !strchr(".+-~", *text))
            return false;
    return true;
}

static bool
is_system(const char *name)
{
    const char *number = name + strlen("debian");

    return strncmp(name, "debian", strlen("debian")) == 0 && *number && strlen(number) < 4 &&
           number[strspn(number, "0123456789")] == '\0';
}

static int
check_package(const struct hf_json *v, const char *pointer, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {{"package", HF_JSON_STRING, true},
                                                  {"digest", HF_JSON_STRING, true},
                                                  {"size", HF_JSON_INT, true}};

    if (hf_json_check(v, pointer, fields, HF_LEN(fields), err) < 0 ||
        hf_release_check_digest(v, "digest", "the package's file", pointer, err) < 0 ||
        hf_check_range(v, "size", 1, HF_DAEMON_BYTES_MAX, pointer, err) < 0)
        return -1;
    if (!is_package_version(hf_json_string(v, "package")))
        return hf_wrong(err, pointer, "package",
                        "must be the version of a Debian package, such as 1.4.2-1~deb13u1");
    return 0;
}

static int
check_platform(const struct hf_json *v, const char *pointer, struct hf_error *err)
{
    char at[HF_ERROR_POINTER_MAX];

    for (const struct hf_json *p = hf_json_first(v); p; p = hf_json_next(p)) {
        if (!is_system(hf_json_key(p)))
            return hf_error_set_at(err, HF_ERROR_INVALID, pointer,
                                   "%s: '%.32s': must be a version of Debian, such as debian13",
                                   pointer, hf_json_key(p));
        hf_text_put(at, sizeof at, "%s/%s", pointer, hf_json_key(p));
        if (check_package(p, at, err) < 0)
            return -1;
    }
    return 0;
}

static int
check_daemon(const struct hf_json *v, const struct hf_release *r, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {{"version", HF_JSON_STRING, true},
                                                  {"platforms", HF_JSON_OBJECT, true}};
    static const struct hf_json_field platforms[] = {{"amd64", HF_JSON_OBJECT, false},
                                                     {"arm64", HF_JSON_OBJECT, false}};
    const struct hf_json *all = hf_json_get(v, "platforms");
    char at[HF_ERROR_POINTER_MAX];

    if (hf_json_check(v, "/daemon", fields, HF_LEN(fields), err) < 0 ||
        hf_json_check(all, "/daemon/platforms", platforms, HF_LEN(platforms), err) < 0)
        return -1;
    if (!hf_version_is_exact(hf_json_string(v, "version")) ||
        hf_version_compare(hf_json_string(v, "version"), r->min_holdfastd) < 0)
        return hf_wrong(err, "/daemon", "version",
                        "must be an exact version, such as 1.4.2, and not older than "
                        "/min_holdfastd");
    for (const struct hf_json *p = hf_json_first(all); p; p = hf_json_next(p)) {
        hf_text_put(at, sizeof at, "/daemon/platforms/%s", hf_json_key(p));
        if (check_platform(p, at, err) < 0)
            return -1;
    }
    return 0;
}

int
hf_release_read_daemon(const struct hf_json *v, const struct hf_release_host *host,
                       struct hf_release *r, struct hf_error *err)
{
    struct hf_release_daemon *d = &r->daemon;
    const struct hf_json *ours;

    if (!v)
        return 0;
    if (check_daemon(v, r, err) < 0)
        return -1;
    hf_text_put(d->version, sizeof d->version, "%s", hf_json_string(v, "version"));
    ours = hf_json_get(hf_json_get(v, "platforms"), host->platform);
    ours = host->system ? hf_json_get(ours, host->system) : NULL;
    if (!ours)
        return 0;
    hf_text_put(d->package, sizeof d->package, "%s", hf_json_string(ours, "package"));
    hf_text_put(d->digest, sizeof d->digest, "%s", hf_json_string(ours, "digest"));
    d->size = hf_json_int(ours, "size", 0);
    return 0;
}

void
hf_daemon_file(const struct hf_release_daemon *d, char out[HF_DAEMON_FILE_SIZE])
{
    hf_text_put(out, HF_DAEMON_FILE_SIZE, "%s.deb", d->digest + HASH_AT);
}

/* ---- documents ---- */

/* Operations are made of hexadecimal digits; so is what stands for one here. */
static bool
take_operation(const struct hf_json *doc, char out[HF_UPGRADE_OPERATION_SIZE])
{
    const char *text = hf_json_string(doc, "operation");

    return *text && strspn(text, "0123456789abcdef") == strlen(text) &&
           hf_text_put(out, HF_UPGRADE_OPERATION_SIZE, "%s", text);
}

/* For people: cut where it is too long, and without control characters, as it goes into logs. */
static void
take_reason(const struct hf_json *doc, char out[HF_UPGRADE_TEXT_SIZE])
{
    hf_text_put(out, HF_UPGRADE_TEXT_SIZE, "%s", hf_json_string(doc, "reason"));
    hf_text_whole(out);
    for (char *c = out; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
}

static int
find_word(const struct hf_json *doc, const char *member, const char *const *words, int count,
          int *ret, struct hf_error *err)
{
    const char *text = hf_json_string(doc, member);

    for (int i = 0; i < count; i++)
        if (strcmp(words[i], text) == 0) {
            *ret = i;
            return 0;
        }
    return hf_error_set(err, HF_ERROR_INVALID, "/%s: '%.32s' is not known", member, text);
}

static int
no_operation(struct hf_error *err)
{
    return hf_error_set(err, HF_ERROR_INVALID, "/operation: must be the id of one");
}

int
hf_daemon_request_parse(const char *text, size_t len, struct hf_daemon_request *ret,
                        struct hf_error *err)
{
    static const struct hf_json_field fields[] = {{"operation", HF_JSON_STRING, true},
                                                  {"release", HF_JSON_STRING, true},
                                                  {"signature", HF_JSON_STRING, true}};
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_daemon_request r = {.release = NULL};

    if (hf_json_parse(text, len, &doc, err) < 0 ||
        hf_json_check(doc, "", fields, HF_LEN(fields), err) < 0)
        return -1;
    if (!take_operation(doc, r.operation))
        return no_operation(err);
    r.release = strdup(hf_json_string(doc, "release"));
    r.signature = strdup(hf_json_string(doc, "signature"));
    if (!r.release || !r.signature) {
        hf_daemon_request_done(&r);
        return hf_error_nomem(err);
    }
    *ret = r;
    return 0;
}

int
hf_daemon_request_print(const struct hf_daemon_request *r, char **ret_text, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = hf_json_object();

    hf_json_put_string(doc, "operation", r->operation);
    hf_json_put_string(doc, "release", r->release);
    hf_json_put_string(doc, "signature", r->signature);
    return hf_json_print(doc, ret_text, err);
}

void
hf_daemon_request_done(struct hf_daemon_request *r)
{
    free(r->release);
    free(r->signature);
    r->release = r->signature = NULL;
}

static const char *const moods[HF_DAEMON_MOOD_COUNT] = {
    [HF_DAEMON_WAITING] = "waiting", [HF_DAEMON_WELL] = "well", [HF_DAEMON_BAD] = "bad"};

int
hf_daemon_word_parse(const char *text, size_t len, struct hf_daemon_word *ret, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {{"operation", HF_JSON_STRING, true},
                                                  {"version", HF_JSON_STRING, true},
                                                  {"mood", HF_JSON_STRING, true},
                                                  {"reason", HF_JSON_STRING, true}};
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_daemon_word w = {.reason = ""};
    int mood = 0;

    if (hf_json_parse(text, len, &doc, err) < 0 ||
        hf_json_check(doc, "", fields, HF_LEN(fields), err) < 0 ||
        find_word(doc, "mood", moods, HF_DAEMON_MOOD_COUNT, &mood, err) < 0)
        return -1;
    if (!take_operation(doc, w.operation))
        return no_operation(err);
    w.mood = (enum hf_daemon_mood)mood;
    hf_text_put(w.version, sizeof w.version, "%s", hf_json_string(doc, "version"));
    take_reason(doc, w.reason);
    *ret = w;
    return 0;
}

int
hf_daemon_word_print(const struct hf_daemon_word *w, char **ret_text, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = hf_json_object();

    hf_json_put_string(doc, "operation", w->operation);
    hf_json_put_string(doc, "version", w->version);
    hf_json_put_string(doc, "mood", moods[w->mood]);
    hf_json_put_string(doc, "reason", w->reason);
    return hf_json_print(doc, ret_text, err);
}

static const char *const states[HF_DAEMON_STATE_COUNT] = {
    [HF_DAEMON_IDLE] = "idle",
    [HF_DAEMON_CHECKING] = "checking",
    [HF_DAEMON_INSTALLING] = "installing",
    [HF_DAEMON_TRIAL] = "trial",
    [HF_DAEMON_RETURNING] = "returning",
    [HF_DAEMON_INSTALLED] = "installed",
    [HF_DAEMON_PUT_BACK] = "put_back",
    [HF_DAEMON_REFUSED] = "refused",
};

const char *
hf_daemon_state_name(enum hf_daemon_state s)
{
    return states[s];
}

bool
hf_daemon_ended(enum hf_daemon_state s)
{
    return s == HF_DAEMON_INSTALLED || s == HF_DAEMON_PUT_BACK || s == HF_DAEMON_REFUSED;
}

int
hf_daemon_progress_parse(const char *text, size_t len, struct hf_daemon_progress *ret,
                         struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"state", HF_JSON_STRING, true},   {"operation", HF_JSON_STRING, true},
        {"version", HF_JSON_STRING, true}, {"from", HF_JSON_STRING, true},
        {"to", HF_JSON_STRING, true},      {"reason", HF_JSON_STRING, true},
    };
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_daemon_progress p = {.reason = ""};
    int state = 0;

    if (hf_json_parse(text, len, &doc, err) < 0 ||
        hf_json_check(doc, "", fields, HF_LEN(fields), err) < 0 ||
        find_word(doc, "state", states, HF_DAEMON_STATE_COUNT, &state, err) < 0)
        return -1;
    if (!take_operation(doc, p.operation))
        return no_operation(err);
    p.state = (enum hf_daemon_state)state;
    hf_text_put(p.version, sizeof p.version, "%s", hf_json_string(doc, "version"));
    hf_text_put(p.from, sizeof p.from, "%s", hf_json_string(doc, "from"));
    hf_text_put(p.to, sizeof p.to, "%s", hf_json_string(doc, "to"));
    take_reason(doc, p.reason);
    *ret = p;
    return 0;
}

int
hf_daemon_progress_print(const struct hf_daemon_progress *p, char **ret_text, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = hf_json_object();

    hf_json_put_string(doc, "state", states[p->state]);
    hf_json_put_string(doc, "operation", p->operation);
    hf_json_put_string(doc, "version", p->version);
    hf_json_put_string(doc, "from", p->from);
    hf_json_put_string(doc, "to", p->to);
    hf_json_put_string(doc, "reason", p->reason);
    return hf_json_print(doc, ret_text, err);
}

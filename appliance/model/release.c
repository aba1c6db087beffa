// SPDX-License-Identifier: Apache-2.0
#include "model/release.h"

#include "base/text.h"
#include "model/limits.h"
#include "model/own.h"
#include "model/own_parts.h"
#include "model/release_parts.h"
#include "model/settings_parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

const char *const hf_service_names[] = {"broker", "buffer", "processor", "forwarder"};
const size_t hf_service_count = HF_LEN(hf_service_names);

enum { FORMAT = 1, SCHEMA_MOST = 1000000 };

static const int64_t COUNTER_MOST = 9007199254740991; /* 2^53 - 1, what JSON carries exactly */

int
hf_service_index(const char *name)
{
    for (size_t i = 0; i < hf_service_count; i++)
        if (strcmp(hf_service_names[i], name) == 0)
            return (int)i;
    return -1;
}

/* ---- services ---- */

static int
check_built_in(const struct hf_json *v, const char *pointer, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"repository", HF_JSON_STRING, true},
        {"tag", HF_JSON_STRING, true},
        {"platforms", HF_JSON_OBJECT, true},
        {"limits", HF_JSON_OBJECT, false},
    };
    const struct hf_json *limits = hf_json_get(v, "limits");
    char at[HF_ERROR_POINTER_MAX];

    if (hf_json_check(v, pointer, fields, HF_LEN(fields), err) < 0)
        return -1;
    hf_text_put(at, sizeof at, "%s/limits", pointer);
    return limits ? hf_limits_check(limits, at, false, err) : 0;
}

static int
parse_service(const struct hf_json *v, const char *name, const struct hf_release_host *host,
              struct hf_release *r, struct hf_error *err)
{
    struct hf_release_service *s = &r->services[r->count];
    bool own = hf_service_index(name) < 0;
    char pointer[HF_ERROR_POINTER_MAX / 2];

    hf_text_put(pointer, sizeof pointer, "/services/%s", name);
    if ((own ? hf_own_check(v, pointer, err) : check_built_in(v, pointer, err)) < 0)
        return -1;
    r->count++; /* what it has taken is given back with the release */
    hf_text_put(s->name, sizeof s->name, "%s", name);
    if (own)
        s->own = v;
    else
        s->limits = hf_json_get(v, "limits");
    return hf_release_read_images(v, pointer, host, s, err);
}

/* The built-in ones in their order, and the others in that of the file. */
static int
parse_services(const struct hf_json *services, const struct hf_release_host *host,
               struct hf_release *r, struct hf_error *err)
{
    const char *why;

    for (size_t i = 0; i < hf_service_count; i++) {
        const char *name = hf_service_names[i];
        const struct hf_json *v = hf_json_get(services, name);

        if (!v)
            return hf_wrong(err, "/services", name, "is missing; every gateway has it");
        if (parse_service(v, name, host, r, err) < 0)
            return -1;
    }
    for (const struct hf_json *v = hf_json_first(services); v; v = hf_json_next(v)) {
        const char *name = hf_json_key(v);

        if (hf_service_index(name) >= 0)
            continue;
        if (!hf_own_is_name(name, &why))
            return hf_error_set_at(err, HF_ERROR_INVALID, "/services", "/services: '%.64s': %s",
                                   name, why);
        if (r->count == HF_SERVICES_MAX)
            return hf_error_set_at(err, HF_ERROR_INVALID, "/services",
                                   "/services: at most %d services", HF_SERVICES_MAX);
        if (parse_service(v, name, host, r, err) < 0)
            return -1;
    }
    return hf_release_check_whole(r, err);
}

/* ---- what it says of itself ---- */

static int
read_version(const struct hf_json *doc, const char *member, char to[HF_VERSION_SIZE],
             struct hf_error *err)
{
    const char *text = hf_json_string(doc, member);

    if (!hf_version_is_exact(text))
        return hf_wrong(err, "", member,
                        "must be an exact version, such as 1.4.2 or 1.4.2-rc.1 (Semantic "
                        "Versioning, without build metadata)");
    hf_text_put(to, HF_VERSION_SIZE, "%s", text);
    return 0;
}

/* RFC 3339 in UTC and whole seconds: one text for one time. */
static bool
is_time(const char *text)
{
    static const char shape[] = "dddd-dd-ddTdd:dd:ddZ";
    static const struct {
        int at, least, most;
    } bounds[] = {{5, 1, 12}, {8, 1, 31}, {11, 0, 23}, {14, 0, 59}, {17, 0, 60}};

    if (strlen(text) != sizeof shape - 1)
        return false;
    for (size_t i = 0; i < sizeof shape - 1; i++)
        if (shape[i] == 'd' ? !isdigit((unsigned char)text[i]) : text[i] != shape[i])
            return false;
    for (size_t i = 0; i < HF_LEN(bounds); i++) {
        int value = (text[bounds[i].at] - '0') * 10 + text[bounds[i].at + 1] - '0';

        if (value < bounds[i].least || value > bounds[i].most)
            return false;
    }
    return true;
}

static int
check_notes(const char *notes, struct hf_error *err)
{
    if (notes && strlen(notes) > HF_NOTES_MAX)
        return hf_wrong(err, "", "notes", "must have at most 16384 bytes");
    for (const char *c = notes; c && *c; c++)
        if ((unsigned char)*c < 0x20 ? *c != '\n' && *c != '\t' : *c == 0x7f)
            return hf_wrong(err, "", "notes",
                            "must have no control characters but line feed and tabulator");
    return 0;
}

static int
read_head(const struct hf_json *doc, struct hf_release *r, struct hf_error *err)
{
    const char *name = hf_json_string(doc, "name"), *created = hf_json_string(doc, "created");

    if (hf_json_int(doc, "format", 0) != FORMAT)
        return hf_wrong(err, "", "format", "must be 1, the only format that this holdfastd reads");
    if (!hf_own_is_label(name, HF_NAME_SIZE - 1))
        return hf_wrong(err, "", "name",
                        "must have 1 to 63 lower-case letters, digits and dashes and begin with a "
                        "letter");
    if (!is_time(created))
        return hf_wrong(err, "", "created", "must be a time in UTC, such as 2026-11-24T03:01:33Z");
    if (read_version(doc, "version", r->version, err) < 0 ||
        read_version(doc, "min_holdfastd", r->min_holdfastd, err) < 0 ||
        hf_check_range(doc, "counter", 1, COUNTER_MOST, "", err) < 0 ||
        hf_check_range(doc, "settings_schema", 1, SCHEMA_MOST, "", err) < 0 ||
        check_notes(hf_json_string(doc, "notes"), err) < 0)
        return -1;
    hf_text_put(r->name, sizeof r->name, "%s", name);
    hf_text_put(r->created, sizeof r->created, "%s", created);
    r->counter = hf_json_int(doc, "counter", 0);
    r->settings_schema = hf_json_int(doc, "settings_schema", 0);
    return 0;
}

/* ---- releases ---- */

static int
read_document(const struct hf_json *doc, const struct hf_release_host *host, struct hf_release *r,
              struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"format", HF_JSON_INT, true},          {"name", HF_JSON_STRING, true},
        {"version", HF_JSON_STRING, true},      {"created", HF_JSON_STRING, true},
        {"counter", HF_JSON_INT, true},         {"min_holdfastd", HF_JSON_STRING, true},
        {"settings_schema", HF_JSON_INT, true}, {"notes", HF_JSON_STRING, false},
        {"services", HF_JSON_OBJECT, true},     {"daemon", HF_JSON_OBJECT, false},
    };

    if (hf_json_check(doc, "", fields, HF_LEN(fields), err) < 0 || read_head(doc, r, err) < 0 ||
        hf_release_read_daemon(hf_json_get(doc, "daemon"), host, r, err) < 0)
        return -1;
    return parse_services(hf_json_get(doc, "services"), host, r, err);
}

/* A file is written by people and programs with lines; a pointer alone is hard to follow there. */
static int
say_line(const char *text, size_t len, struct hf_error *err)
{
    if (err && err->class == HF_ERROR_INVALID)
        return hf_error_wrap(err, "line %zu", hf_json_find(text, len, err->pointer).line);
    return -1;
}

int
hf_release_parse(const char *text, size_t len, const struct hf_release_host *host,
                 struct hf_release *ret_release, struct hf_error *err)
{
    struct hf_release r = {.count = 0};

    if (len > HF_RELEASE_TEXT_MAX)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "a release has at most %d KiB",
                            HF_RELEASE_TEXT_MAX / 1024);
    if (hf_json_parse(text, len, &r.doc, err) < 0)
        return -1;
    if (read_document(r.doc, host, &r, err) < 0) {
        hf_release_done(&r);
        return say_line(text, len, err);
    }
    *ret_release = r;
    return 0;
}

void
hf_release_done(struct hf_release *r)
{
    for (size_t i = 0; i < r->count; i++) {
        free(r->services[i].layers);
        r->services[i] = (struct hf_release_service){.layers = NULL};
    }
    r->count = 0;
    hf_json_free(r->doc);
    r->doc = NULL;
}

int
hf_release_index(const struct hf_release *r, const char *name)
{
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->services[i].name, name) == 0)
            return (int)i;
    return -1;
}

void
hf_release_label(const struct hf_release *r, char out[HF_RELEASE_LABEL_SIZE])
{
    hf_text_put(out, HF_RELEASE_LABEL_SIZE, "%s %s", r->name, r->version);
}

const char *
hf_release_notes(const struct hf_release *r)
{
    const char *notes = hf_json_string(r->doc, "notes");

    return notes ? notes : "";
}

int
hf_release_print(const struct hf_release *r, char **ret_text, struct hf_error *err)
{
    return hf_json_print_canonical(r->doc, ret_text, err);
}

// SPDX-License-Identifier: Apache-2.0
#include "model/device.h"

#include "base/text.h"
#include "model/settings_parts.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Of the field listener (services/broker/config.c): the broker checks topics with it. */
static const char MOUNT_POINT[] = "field/";

static int
wrong(struct hf_error *err, const char *pointer, const char *must)
{
    return hf_error_set_at(err, HF_ERROR_INVALID, pointer, "%s", must);
}

int
hf_device_check_name(const char *name, const char *pointer, struct hf_error *err)
{
    size_t len = strlen(name);
    bool fine = len >= 1 && len < HF_DEVICE_NAME_SIZE && isalnum((unsigned char)name[0]);

    for (size_t i = 0; fine && i < len; i++)
        fine = (unsigned char)name[i] < 0x80 &&
               (isalnum((unsigned char)name[i]) || strchr("._-", name[i]));
    if (!fine)
        return wrong(err, pointer,
                     "a name has 1 to 63 letters, digits, '.', '_' and '-', and begins with a "
                     "letter or digit");
    /* A path of its own in the API. */
    return strcmp(name, "import") == 0 ? wrong(err, pointer, "no device can be called 'import'")
                                       : 0;
}

/* Well-formed and without control characters. */
static bool
is_line(const char *text)
{
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return false;
    return hf_text_utf8(text, strlen(text));
}

int
hf_device_check_password(const char *password, const char *pointer, struct hf_error *err)
{
    size_t len = strlen(password);

    if (len < HF_DEVICE_PASSWORD_LEAST || len >= HF_DEVICE_PASSWORD_SIZE || !is_line(password))
        return wrong(err, pointer,
                     "a device's password has 8 to 128 bytes without control characters; leave it "
                     "out to have one made");
    return 0;
}

int
hf_device_check_description(const char *text, const char *pointer, struct hf_error *err)
{
    if (strlen(text) >= HF_DEVICE_DESCRIPTION_SIZE || !is_line(text))
        return wrong(err, pointer,
                     "a description has at most 128 bytes without control characters");
    return 0;
}

/* ---- templates ---- */

/* Writes template with name for each %u; false where it does not fit or has another '%'. */
static bool
expand(const char *template, size_t len, const char *name, char out[HF_DEVICE_FILTER_MAX + 1])
{
    size_t used = 0, name_len = strlen(name);

    for (size_t i = 0; i < len; i++) {
        bool is_name = template[i] == '%';

        if (is_name && (i + 1 == len || template[i + 1] != 'u'))
            return false;
        if (used + (is_name ? name_len : 1) > HF_DEVICE_FILTER_MAX)
            return false;
        if (is_name) {
            memcpy(out + used, name, name_len);
            used += name_len;
            i++;
        } else {
            out[used++] = template[i];
        }
    }
    out[used] = '\0';
    return true;
}

/* Not one of the broker's own, which begin with '$'. */
static bool
is_topic(const char *text)
{
    return *text && *text != '$' && hf_is_filter(text);
}

int
hf_device_check_topics(const char *topics, const char *name, const char *pointer,
                       struct hf_error *err)
{
    size_t count = 0;

    if (strlen(topics) >= HF_DEVICE_TOPICS_SIZE || !is_line(topics))
        return wrong(err, pointer, "topics have at most 512 bytes together");
    for (const char *at = topics; *at;) {
        size_t len = strcspn(at, " ");
        char filter[HF_DEVICE_FILTER_MAX + 1];

        if (++count > HF_DEVICE_TEMPLATES_MAX)
            return wrong(err, pointer,
                         "a device has at most 8 topics to publish, and to "
                         "subscribe to");
        if (!expand(at, len, name, filter) || !is_topic(filter))
            return hf_error_set_at(err, HF_ERROR_INVALID, pointer,
                                   "'%.*s' is no topic: '+' is a level of its own, '#' the last "
                                   "one, '%%u' the name of the device; it does not begin with '$'",
                                   (int)(len < 64 ? len : 64), at);
        at += len;
        if (!*at)
            break;
        at++;
        if (!*at)
            return wrong(err, pointer, "topics are separated by one blank");
    }
    return 0;
}

int
hf_device_read_topics(const struct hf_json *doc, const char *member, const char *at,
                      const char *name, char topics[HF_DEVICE_TOPICS_SIZE], struct hf_error *err)
{
    const struct hf_json *list = hf_json_get(doc, member);
    char pointer[HF_ERROR_POINTER_MAX];
    size_t used = 0, i = 0;

    if (!list)
        return 0;
    topics[0] = '\0';
    for (const struct hf_json *t = hf_json_first(list); t; t = hf_json_next(t), i++) {
        const char *text = hf_json_as_string(t);

        hf_text_put(pointer, sizeof pointer, "%s/%s/%zu", at, member, i);
        if (!text || !*text || strchr(text, ' '))
            return wrong(err, pointer, "a topic is a text that is not empty and has no blanks");
        if (!hf_text_put(topics + used, HF_DEVICE_TOPICS_SIZE - used, "%s%s", i ? " " : "", text))
            return hf_error_set_at(err, HF_ERROR_INVALID, pointer,
                                   "topics have at most %d bytes together",
                                   HF_DEVICE_TOPICS_SIZE - 1);
        used = strlen(topics);
    }
    hf_text_put(pointer, sizeof pointer, "%s/%s", at, member);
    return hf_device_check_topics(topics, name, pointer, err);
}

static int
write_topics(const char *verb, const char *topics, const char *name, struct hf_buf *b,
             struct hf_error *err)
{
    for (const char *at = topics; *at;) {
        size_t len = strcspn(at, " ");
        char filter[HF_DEVICE_FILTER_MAX + 1];

        if (expand(at, len, name, filter) && is_topic(filter) &&
            hf_buf_addf(b, err, "%s %s%s\n", verb, MOUNT_POINT, filter) < 0)
            return -1;
        at += len;
        at += *at == ' ';
    }
    return 0;
}

int
hf_device_write(const struct hf_device_account *a, struct hf_buf *b, struct hf_error *err)
{
    int rc = *a->certificate ? hf_buf_addf(b, err, "certificate %s %s\n", a->name, a->certificate)
                             : hf_buf_addf(b, err, "account %s %s\n", a->name, a->password_hash);

    if (rc < 0 || write_topics("publish", a->publish, a->name, b, err) < 0)
        return -1;
    return write_topics("subscribe", a->subscribe, a->name, b, err);
}

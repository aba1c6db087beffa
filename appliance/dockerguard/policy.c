// SPDX-License-Identifier: Apache-2.0
#include "dockerguard/policy.h"

#include <ctype.h>
#include <string.h>

#define DIGITS "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

enum { REF_MAX = 128, IMAGE_MAX = 320, PATH_MAX_LEN = 255, DIGEST_HEX = 64, UNPRIVILEGED = 1024 };

bool
hf_dguard_lists(const struct hf_dguard_list *list, const char *text)
{
    for (size_t i = 0; text && i < list->count; i++)
        if (strcmp(list->items[i], text) == 0)
            return true;
    return false;
}

static bool
holds(const struct hf_dguard_ports *ports, uint64_t port)
{
    for (size_t i = 0; i < ports->count; i++)
        if (port >= ports->items[i].first && port <= ports->items[i].last)
            return true;
    return false;
}

bool
hf_dguard_may_publish(const struct hf_dguard_policy *p, uint64_t port)
{
    return port <= UINT16_MAX && !holds(&p->kept_ports, port) &&
           (port >= UNPRIVILEGED || holds(&p->ports, port));
}

int
hf_dguard_refuse(struct hf_error *err, const char *pointer, const char *must)
{
    return hf_error_set_at(err, HF_ERROR_FORBIDDEN, pointer, "%s %s", pointer, must);
}

bool
hf_dguard_is_ref(const char *text)
{
    size_t len = text ? strlen(text) : 0;

    return len > 0 && len <= REF_MAX && strspn(text, LOWER UPPER DIGITS "_.-") == len &&
           isalnum((unsigned char)text[0]);
}

bool
hf_dguard_is_ours(const struct hf_dguard_policy *p, const char *name)
{
    size_t len = strlen(p->instance);

    return hf_dguard_is_ref(name) && strncmp(name, p->instance, len) == 0 && name[len] == '-' &&
           name[len + 1];
}

static bool
is_digest(const char *text)
{
    static const char algorithm[] = "sha256:";
    size_t len = sizeof algorithm - 1;

    return strncmp(text, algorithm, len) == 0 && strlen(text + len) == DIGEST_HEX &&
           strspn(text + len, DIGITS "abcdef") == DIGEST_HEX;
}

/* Without a part that is empty or only dots: Docker's router would clean those away. */
bool
hf_dguard_is_image(const char *image)
{
    size_t len = image ? strlen(image) : 0;

    if (len == 0 || len > IMAGE_MAX || strspn(image, LOWER UPPER DIGITS "_.-/:@") != len ||
        !isalnum((unsigned char)image[0]) || image[len - 1] == '/')
        return false;
    return !strstr(image, "//") && !strstr(image, "/.") && !strstr(image, "./");
}

bool
hf_dguard_is_pinned(const char *image)
{
    const char *at;

    if (!hf_dguard_is_image(image))
        return false;
    at = strchr(image, '@');
    return is_digest(at ? at + 1 : image);
}

bool
hf_dguard_is_path(const char *text)
{
    size_t len = text ? strlen(text) : 0;

    if (len < 2 || len > PATH_MAX_LEN || text[0] != '/' || text[len - 1] == '/')
        return false;
    for (const char *c = text; *c; c++) {
        if (iscntrl((unsigned char)*c) || strchr(":,\"\\", *c))
            return false;
        if (*c == '/') {
            size_t part = strcspn(c + 1, "/");

            if (part == 0 || (part == 1 && c[1] == '.') ||
                (part == 2 && c[1] == '.' && c[2] == '.'))
                return false;
        }
    }
    return true;
}

bool
hf_dguard_is_digits(const char *text, size_t max)
{
    size_t len = text ? strlen(text) : 0;

    return len > 0 && len <= max && strspn(text, DIGITS) == len;
}

// SPDX-License-Identifier: Apache-2.0
/* Headers that say whether a request is meant for us, and its query; a line each. What is taken
 * keeps its promises. */
#include "api/guard.h"
#include "api/exchange.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LINES = 5, NUMBER_MOST = 500, VALUE_SIZE = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_host(const char *host, const char *origin)
{
    static const char *const names[] = {"press-hall-3", "gw7.plant.example", NULL, ""};
    char of[HF_GUARD_HOST_SIZE];
    bool is_host = hf_guard_host_of(host, of);

    if (is_host && (!*of || strlen(of) > strlen(host)))
        __builtin_trap();
    if (hf_guard_host(host, names, HF_LEN(names)) && !is_host)
        __builtin_trap();
    if (hf_guard_origin(origin, host) &&
        (!is_host || strncmp(origin, "https://", 8) != 0 ||
         strncasecmp(origin + 8 + (origin[8] == '['), of, strlen(of)) != 0))
        __builtin_trap();
}

static void
check_type(const char *type)
{
    static const char json[] = "application/json";

    if (hf_guard_type(type, json) &&
        (strncasecmp(type, json, sizeof json - 1) != 0 || !strchr(" \t;", type[sizeof json - 1])))
        __builtin_trap();
    (void)hf_guard_fetch_site(type);
}

static void
check_cookie(const char *header)
{
    char token[HF_TOKEN_SIZE];

    hf_cookie_token(header, token);
    if (strlen(token) >= sizeof token || strchr(token, ';') ||
        (*token && !strstr(header, "__Host-holdfast=")))
        __builtin_trap();
}

static bool
is_clean(const char *text)
{
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return false;
    return hf_text_utf8(text, strlen(text));
}

static void
check_query(const char *query)
{
    static const char *const words[] = {"active", "all", NULL};
    char text[VALUE_SIZE] = "", word[VALUE_SIZE] = "all";
    uint64_t number = 1, yes = 0;
    int64_t ms = 0;
    const struct hf_query_field fields[] = {
        {.name = "text", .ret_text = text, .text_size = sizeof text},
        {.name = "state", .ret_text = word, .text_size = sizeof word, .words = words},
        {.name = "limit", .min = 1, .max = NUMBER_MOST, .ret_value = &number},
        {.name = "follow", .is_bool = true, .ret_value = &yes},
    };

    if (hf_query_read(query, fields, HF_LEN(fields), NULL) < 0)
        return;
    if (!is_clean(text) || number < 1 || number > NUMBER_MOST || yes > 1 ||
        (strcmp(word, "active") != 0 && strcmp(word, "all") != 0))
        __builtin_trap();
    if (hf_query_time("from", text, &ms, NULL) == 0 && !*text && ms != 0)
        __builtin_trap();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_AUTO_FREE char *text = strndup((const char *)data, size);
    char *lines[LINES], *rest = text;

    for (int i = 0; i < LINES; i++) {
        lines[i] = strsep(&rest, "\n");
        if (!lines[i])
            return -1;
    }
    check_host(lines[0], lines[1]);
    check_type(lines[2]);
    check_cookie(lines[3]);
    check_query(lines[4]);
    return 0;
}

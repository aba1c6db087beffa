// SPDX-License-Identifier: Apache-2.0
/* A signature's text, and that of a key. What is taken as a signature has the comment that the key
 * signed: nobody can make another one here. */
#include "model/minisign.h"

#include <stdlib.h>
#include <string.h>

static const char KEY[] = "RWTF1O453dndpKIE5PVQvUF4+6muWhCQsJ6G+0jrh63qkBBV+HhJMOs9";
static const char FILE_TEXT[] = "a release\n";

static const char MADE_BY_MINISIGN[] = "timestamp:1795684024\tfile:file\thashed";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_key(const uint8_t *data, size_t size)
{
    HF_AUTO_FREE char *text = strndup((const char *)data, size);
    struct hf_minisign_key key;

    (void)!hf_minisign_key_parse(text, &key, NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct hf_slice signature = {(const char *)data, size};
    const struct hf_slice file = {FILE_TEXT, sizeof FILE_TEXT - 1};
    char comment[HF_MINISIGN_COMMENT_MAX + 1];
    struct hf_minisign_key key;

    read_key(data, size);
    if (hf_minisign_key_parse(KEY, &key, NULL) < 0)
        __builtin_trap();
    if (hf_minisign_verify(signature, file, &key, 1, comment, NULL) == 0 &&
        strcmp(comment, "holdfast 1.2.3") != 0 && strcmp(comment, MADE_BY_MINISIGN) != 0)
        __builtin_trap();
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
/* What a gateway answers, as every command shows it and as --json prints it: nothing of it reaches
 * a terminal but text. The first byte chooses the command. */
#include "base/text.h"
#include "cli/cli.h"
#include "cli/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SHOWS_MAX = 64 };

static cli_show *
choose(unsigned char which)
{
    static cli_show *shows[SHOWS_MAX];
    static size_t count;

    for (size_t g = 0; count == 0 && g < cli_group_count; g++)
        for (size_t i = 0; i < cli_groups[g]->count && count < SHOWS_MAX; i++)
            if (cli_groups[g]->commands[i].show)
                shows[count++] = cli_groups[g]->commands[i].show;
    return shows[which % count];
}

static void
check(const char *text, size_t len)
{
    if (!hf_text_utf8(text, len))
        __builtin_trap();
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if ((c < ' ' && c != '\n' && c != '\t') || c == 0x7f ||
            (c == 0xc2 && (unsigned char)text[i + 1] < 0xa0))
            __builtin_trap();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    HF_AUTO_FREE char *text = NULL;
    size_t len = 0;
    struct cli_out out = {.columns = size % 3 ? 0 : 40, .now_ms = INT64_C(1764126000000)};

    cli_text_init();
    if (size < 1 || hf_json_parse((const char *)data + 1, size - 1, &doc, NULL) < 0)
        return 0;
    out.to = open_memstream(&text, &len);
    if (!out.to)
        return 0;
    (void)!choose(data[0])(&out, doc, NULL);
    (void)!cli_print_json(&out, (const char *)data + 1, size - 1, NULL);
    fclose(out.to);
    check(text, len);
    return 0;
}

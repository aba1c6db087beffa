// SPDX-License-Identifier: Apache-2.0
#include "cli/sse.h"

#include "base/text.h"

#include <string.h>

void
cli_sse_begin(struct cli_sse *s, size_t max_bytes, cli_event *event, void *context)
{
    *s = (struct cli_sse){.event = event,
                          .context = context,
                          .line = HF_BUF_INIT(max_bytes),
                          .data = HF_BUF_INIT(max_bytes)};
}

void
cli_sse_done(struct cli_sse *s)
{
    hf_buf_done(&s->line);
    hf_buf_done(&s->data);
}

static int
too_large(const struct cli_sse *s, struct hf_error *err)
{
    return hf_error_set(err, HF_ERROR_UPSTREAM, "the gateway sent an event of more than %zu bytes",
                        s->data.max);
}

static int
end_of_event(struct cli_sse *s, struct hf_error *err)
{
    int rc = 0;

    if (s->has_data)
        rc = s->event(s->context, s->name[0] ? s->name : "message",
                      s->data.data ? s->data.data : "", s->data.len, err);
    hf_buf_clear(&s->data);
    s->name[0] = '\0';
    s->has_data = false;
    return rc;
}

static int
end_of_line(struct cli_sse *s, struct hf_error *err)
{
    const char *line = s->line.data ? s->line.data : "";
    size_t len = s->line.len, name = strcspn(line, ":");
    const char *value = line + name + (line[name] == ':');

    if (len == 0)
        return end_of_event(s, err);
    if (*value == ' ')
        value++;
    if (name == 5 && strncmp(line, "event", 5) == 0) {
        (void)hf_text_put(s->name, sizeof s->name, "%s", value);
    } else if (name == 4 && strncmp(line, "data", 4) == 0) {
        if ((s->has_data && hf_buf_add(&s->data, "\n", 1, NULL) < 0) ||
            hf_buf_add(&s->data, value, len - (size_t)(value - line), NULL) < 0)
            return too_large(s, err);
        s->has_data = true;
    }
    return 0;
}

int
cli_sse_take(void *decoder, const char *data, size_t len, struct hf_error *err)
{
    struct cli_sse *s = decoder;

    while (len > 0) {
        size_t part = 0;
        int rc;

        if (s->after_cr && *data == '\n') {
            s->after_cr = false;
            data++;
            len--;
            continue;
        }
        s->after_cr = false;
        while (part < len && data[part] != '\n' && data[part] != '\r')
            part++;
        if (hf_buf_add(&s->line, data, part, NULL) < 0)
            return too_large(s, err);
        if (part == len)
            return 0;
        s->after_cr = data[part] == '\r';
        rc = end_of_line(s, err);
        hf_buf_clear(&s->line);
        if (rc != 0)
            return rc;
        data += part + 1;
        len -= part + 1;
    }
    return 0;
}

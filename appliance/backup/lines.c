// SPDX-License-Identifier: Apache-2.0
#include "backup/lines.h"

#include "json/json.h"

#include <string.h>

void
hf_backup_lines_init(struct hf_backup_lines *l)
{
    *l = (struct hf_backup_lines){.line = HF_BUF_INIT(HF_BACKUP_LINE_MAX),
                                  .out = HF_BUF_INIT(HF_BACKUP_LINE_MAX)};
}

void
hf_backup_lines_done(struct hf_backup_lines *l)
{
    hf_buf_done(&l->line);
    hf_buf_done(&l->out);
}

/* Behind text, where at begins with it; NULL stays NULL. */
static const char *
past(const char *at, const char *text)
{
    size_t len = strlen(text);

    return at && strncmp(at, text, len) == 0 ? at + len : NULL;
}

static const char *
past_any(const char *at, const char *accept)
{
    size_t len = at ? strspn(at, accept) : 0;

    return len > 0 ? at + len : NULL;
}

/* What follows the number: `,"time":…`; *ret_topic gets where the topic's text begins. NULL where
 * the line is none of the buffer's. */
static const char *
tail_of(const char *line, const char **ret_topic)
{
    static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    const char *at = past_any(past(line, "{\"gateway\":\""), name), *tail, *topic;

    at = past_any(past(at, "\",\"epoch\":\""), "0123456789abcdef");
    tail = past_any(past(at, "\",\"seq\":"), "0123456789");
    at = past(past_any(past(tail, ",\"time\":\""), "0123456789-:.TZ"), "\",\"synced\":");
    topic = past(at, "true,\"topic\":\"");
    if (!topic)
        topic = past(at, "false,\"topic\":\"");
    *ret_topic = topic;
    return topic ? tail : NULL;
}

static int
put_line(struct hf_backup_lines *l, const char *lane, hf_seal_sink *sink, void *context,
         struct hf_error *err)
{
    const char *topic, *tail = tail_of(l->line.data, &topic);

    hf_buf_clear(&l->out);
    if (!tail || strlen(l->line.data) != l->line.len ||
        !hf_json_compact(l->line.data, l->line.len, &l->out)) {
        unsigned long long n = l->records + l->left_out + 1;

        return hf_error_set(err, HF_ERROR_INVALID, "record %llu of the backup is none", n);
    }
    if (past(topic, "$holdfast/")) {
        l->left_out++;
        return 0;
    }
    hf_buf_clear(&l->out);
    if (hf_buf_addf(&l->out, err, "{\"lane\":\"%s\"", lane) < 0 ||
        hf_buf_adds(&l->out, tail, err) < 0 || hf_buf_add(&l->out, "\n", 1, err) < 0)
        return -1;
    l->records++;
    return sink(context, l->out.data, l->out.len, err);
}

int
hf_backup_lines_add(struct hf_backup_lines *l, const char *lane, const void *data, size_t len,
                    hf_seal_sink *sink, void *context, struct hf_error *err)
{
    const char *from = data;

    while (len > 0) {
        const char *end = memchr(from, '\n', len);
        size_t n = end ? (size_t)(end - from) : len;

        if (hf_buf_add(&l->line, from, n, NULL) < 0)
            return hf_error_set(err, HF_ERROR_INVALID, "a record of the backup is too long");
        n += end ? 1 : 0;
        from += n;
        len -= n;
        if (!end)
            break;
        if (!l->line.data || put_line(l, lane, sink, context, err) < 0)
            return l->line.data ? -1
                                : hf_error_set(err, HF_ERROR_INVALID,
                                               "a record of the backup is an empty line");
        hf_buf_clear(&l->line);
    }
    return 0;
}

int
hf_backup_lines_end(const struct hf_backup_lines *l, struct hf_error *err)
{
    return l->line.len == 0
               ? 0
               : hf_error_set(err, HF_ERROR_INVALID, "the last record of the backup has no end");
}

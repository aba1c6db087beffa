// SPDX-License-Identifier: Apache-2.0
/* Accounts of devices as CSV (RFC 4180), also as spreadsheets write it: with a byte order mark,
 * with CRLF or LF. Everything that is wrong is said, not only the first. */
#include "base/text.h"
#include "model/device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum column { NAME, PASSWORD, PUBLISH, SUBSCRIBE, DESCRIPTION, COLUMN_COUNT };
enum { FIELD_SIZE = 1024, GROW = 64 };

static const char *const names[COLUMN_COUNT] = {"name", "password", "publish", "subscribe",
                                                "description"};

struct field {
    size_t line, column;
    char text[FIELD_SIZE];
};

struct scanner {
    struct hf_device_csv *csv;
    const char *at, *end;
    const char *line_start;
    size_t line;
    bool broken; /* nothing after it can be told apart */
    struct field fields[COLUMN_COUNT];
    size_t count; /* of fields in this row, those too many among them */
};

void
hf_device_csv_wrong(struct hf_device_csv *csv, size_t line, size_t column, const char *detail)
{
    struct hf_device_csv_error *e;

    if (csv->error_count++ >= HF_DEVICE_CSV_ERRORS_MAX)
        return;
    e = &csv->errors[csv->error_count - 1];
    e->line = line;
    e->column = column;
    hf_text_put(e->detail, sizeof e->detail, "%s", detail);
    hf_text_whole(e->detail);
}

static void
wrong(struct scanner *s, size_t line, size_t column, const char *detail)
{
    hf_device_csv_wrong(s->csv, line, column, detail);
}

static size_t
column_of(const struct scanner *s)
{
    return (size_t)(s->at - s->line_start) + 1;
}

static bool
at_line_end(const struct scanner *s)
{
    return s->at == s->end || *s->at == '\n' ||
           (*s->at == '\r' && s->at + 1 < s->end && s->at[1] == '\n');
}

static void
skip_line_end(struct scanner *s)
{
    if (s->at < s->end && *s->at == '\r')
        s->at++;
    if (s->at < s->end)
        s->at++;
    s->line++;
    s->line_start = s->at;
}

/* ---- fields ---- */

/* The inside of a quoted field, at its opening quote. False where it does not end. */
static bool
scan_quoted(struct scanner *s, char *out, size_t *len)
{
    s->at++;
    for (; s->at < s->end; s->at++) {
        if (*s->at == '"') {
            if (s->at + 1 == s->end || s->at[1] != '"') {
                s->at++;
                return true;
            }
            s->at++;
        }
        if (*s->at == '\n') {
            s->line++;
            s->line_start = s->at + 1;
        }
        if (*len < FIELD_SIZE)
            out[*len] = *s->at;
        ++*len;
    }
    return false;
}

static void
scan_plain(struct scanner *s, char *out, size_t *len)
{
    for (; !at_line_end(s) && *s->at != ','; s->at++) {
        if (*len < FIELD_SIZE)
            out[*len] = *s->at;
        ++*len;
    }
}

static void
check_field(struct scanner *s, struct field *f, size_t len)
{
    if (len >= FIELD_SIZE) {
        wrong(s, f->line, f->column, "the field is too long");
        len = 0;
    } else if (memchr(f->text, '\0', len)) {
        wrong(s, f->line, f->column, "the field has a zero byte");
        len = 0;
    } else if (!hf_text_utf8(f->text, len)) {
        wrong(s, f->line, f->column, "the field is not UTF-8: save the file as UTF-8");
        len = 0;
    }
    f->text[len] = '\0';
}

static void
scan_field(struct scanner *s)
{
    struct field spare, *f = s->count < COLUMN_COUNT ? &s->fields[s->count] : &spare;
    bool quoted = s->at < s->end && *s->at == '"';
    size_t len = 0;

    f->line = s->line;
    f->column = column_of(s);
    if (quoted && !scan_quoted(s, f->text, &len)) {
        wrong(s, f->line, f->column, "the quote is never closed");
        s->broken = true;
        return;
    }
    if (quoted && !at_line_end(s) && *s->at != ',') {
        wrong(s, s->line, column_of(s), "after the closing quote comes a comma or the next line");
        while (!at_line_end(s) && *s->at != ',')
            s->at++;
    }
    if (!quoted)
        scan_plain(s, f->text, &len);
    if (s->count == COLUMN_COUNT)
        wrong(s, f->line, f->column,
              "there is one comma too many: name,password,publish,subscribe,description");
    else if (s->count < COLUMN_COUNT)
        check_field(s, f, len);
    s->count++;
}

static void
scan_row(struct scanner *s)
{
    s->count = 0;
    for (;;) {
        scan_field(s);
        if (s->broken || at_line_end(s))
            break;
        s->at++; /* the comma */
    }
    if (!s->broken)
        skip_line_end(s);
    for (size_t i = s->count; i < COLUMN_COUNT; i++)
        s->fields[i] = (struct field){.line = s->fields[0].line, .column = s->fields[0].column};
}

/* ---- rows ---- */

static void
check(struct scanner *s, enum column column, int rc, const struct hf_error *err)
{
    const struct field *f = &s->fields[column];
    char detail[sizeof((struct hf_device_csv_error *)0)->detail];

    if (rc == 0)
        return;
    hf_text_put(detail, sizeof detail, "%s: %s", names[column], err->message);
    wrong(s, f->line, f->column, detail);
}

/* Says all that is wrong with it; true where nothing is. */
static bool
check_row(struct scanner *s)
{
    const char *name = s->fields[NAME].text, *password = s->fields[PASSWORD].text;
    size_t before = s->csv->error_count;
    struct hf_error err = {0};
    int rc = hf_device_check_name(name, "", &err);

    check(s, NAME, rc, &err);
    if (*password)
        check(s, PASSWORD, hf_device_check_password(password, "", &err), &err);
    check(s, PUBLISH,
          hf_device_check_topics(s->fields[PUBLISH].text, rc == 0 ? name : "x", "", &err), &err);
    check(s, SUBSCRIBE,
          hf_device_check_topics(s->fields[SUBSCRIBE].text, rc == 0 ? name : "x", "", &err), &err);
    check(s, DESCRIPTION, hf_device_check_description(s->fields[DESCRIPTION].text, "", &err), &err);
    return s->csv->error_count == before;
}

static bool
is_head(struct scanner *s)
{
    if (strcmp(s->fields[NAME].text, names[NAME]) != 0 ||
        (s->count > 1 && strcmp(s->fields[PASSWORD].text, names[PASSWORD]) != 0))
        return false;
    for (size_t i = 0; i < s->count && i < COLUMN_COUNT; i++)
        if (strcmp(s->fields[i].text, names[i]) != 0)
            wrong(s, s->fields[i].line, s->fields[i].column,
                  "the columns are name,password,publish,subscribe,description, in this order");
    return true;
}

static int
take_row(struct scanner *s, struct hf_error *err)
{
    struct hf_device_csv *csv = s->csv;
    struct hf_device_row *row;

    if (csv->count == HF_DEVICE_ACCOUNTS_MAX) {
        wrong(s, s->fields[NAME].line, 1, "there are more than 5000 devices");
        s->broken = true;
        return 0;
    }
    if (csv->count % GROW == 0) {
        row = realloc(csv->rows, (csv->count + GROW) * sizeof *row);
        if (!row)
            return hf_error_nomem(err);
        csv->rows = row;
    }
    row = &csv->rows[csv->count++];
    row->line = s->fields[NAME].line;
    row->column = s->fields[NAME].column;
    row->made = false;
    hf_text_put(row->name, sizeof row->name, "%s", s->fields[NAME].text);
    hf_text_put(row->password, sizeof row->password, "%s", s->fields[PASSWORD].text);
    hf_text_put(row->publish, sizeof row->publish, "%s",
                *s->fields[PUBLISH].text ? s->fields[PUBLISH].text : HF_DEVICE_PUBLISH_DEFAULT);
    hf_text_put(row->subscribe, sizeof row->subscribe, "%s", s->fields[SUBSCRIBE].text);
    hf_text_put(row->description, sizeof row->description, "%s", s->fields[DESCRIPTION].text);
    return 0;
}

static int
by_name(const void *a, const void *b)
{
    const struct hf_device_row *const *one = (const struct hf_device_row *const *)a;
    const struct hf_device_row *const *other = (const struct hf_device_row *const *)b;
    int rc = strcmp((*one)->name, (*other)->name);

    if (rc == 0)
        rc = (*one)->line<(*other)->line ? -1 : (*one)->line>(*other)->line;
    return rc;
}

static int
find_doubles(struct hf_device_csv *csv, struct hf_error *err)
{
    HF_AUTO_FREE struct hf_device_row **sorted =
        (struct hf_device_row **)calloc(csv->count + 1, sizeof(void *));

    if (!sorted)
        return hf_error_nomem(err);
    for (size_t i = 0; i < csv->count; i++)
        sorted[i] = &csv->rows[i];
    if (csv->count)
        qsort((void *)sorted, csv->count, sizeof(void *), by_name);
    for (size_t i = 1; i < csv->count; i++) {
        const struct hf_device_row *row = sorted[i];
        char detail[HF_DEVICE_NAME_SIZE + 80];

        if (strcmp(sorted[i - 1]->name, row->name) != 0)
            continue;
        hf_text_put(detail, sizeof detail, "name: '%s' is in line %zu already", row->name,
                    sorted[i - 1]->line);
        hf_device_csv_wrong(csv, row->line, row->column, detail);
    }
    return 0;
}

int
hf_device_csv_read(const char *text, size_t len, struct hf_device_csv *ret_csv,
                   struct hf_error *err)
{
    static const char bom[] = "\xef\xbb\xbf";
    struct scanner s = {.csv = ret_csv, .at = text, .end = text + len, .line = 1};
    bool first = true;

    *ret_csv = (struct hf_device_csv){.rows = NULL};
    if (len >= sizeof bom - 1 && memcmp(text, bom, sizeof bom - 1) == 0)
        s.at += sizeof bom - 1;
    s.line_start = s.at;
    while (s.at < s.end && !s.broken) {
        if (at_line_end(&s)) { /* an empty line */
            skip_line_end(&s);
            continue;
        }
        scan_row(&s);
        if (!s.broken && !(first && is_head(&s)) && check_row(&s) && take_row(&s, err) < 0)
            return -1;
        first = false;
    }
    if (!ret_csv->count && !ret_csv->error_count)
        wrong(&s, 1, 1, "there is no device in it");
    return find_doubles(ret_csv, err);
}

void
hf_device_csv_done(struct hf_device_csv *csv)
{
    if (csv->rows)
        explicit_bzero(csv->rows, csv->count * sizeof *csv->rows); /* passwords */
    free(csv->rows);
    csv->rows = NULL;
    csv->count = 0;
}

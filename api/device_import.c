// SPDX-License-Identifier: Apache-2.0
/* Many accounts of devices at once, from a CSV file: all of them, or none and all that is wrong. */
#include "api/handlers.h"

#include "api/server.h"
#include "base/text.h"
#include "identity/device.h"

#include <stdio.h>
#include <string.h>

enum { UPLOAD_MS = 60 * 1000 };

static int
take_piece(void *context, const void *data, size_t len, struct hf_error *err)
{
    return hf_buf_add(context, data, len, err);
}

/* ---- what is wrong ---- */

static int
reply_wrong(struct hf_exchange *x, const struct hf_device_csv *csv, struct hf_error *err)
{
    struct hf_json *o = hf_json_object(), *list = hf_json_array();
    HF_AUTO_FREE char *text = NULL;
    char detail[160], type[HF_PROBLEM_TYPE_SIZE];
    int rc;

    snprintf(detail, sizeof detail, "nothing was imported: %zu thing%s in the file %s wrong",
             csv->error_count, csv->error_count == 1 ? "" : "s",
             csv->error_count == 1 ? "is" : "are");
    hf_problem_type(422, type);
    hf_json_put_string(o, "type", type);
    hf_json_put_string(o, "title", hf_status_title(422));
    hf_json_put_int(o, "status", 422);
    hf_json_put_string(o, "detail", detail);
    for (size_t i = 0; i < csv->error_count && i < HF_DEVICE_CSV_ERRORS_MAX; i++) {
        struct hf_json *one = hf_json_object();

        hf_json_put_int(one, "line", (int64_t)csv->errors[i].line);
        hf_json_put_int(one, "column", (int64_t)csv->errors[i].column);
        hf_json_put_string(one, "detail", csv->errors[i].detail);
        hf_json_add(list, one);
    }
    hf_json_put(o, "errors", list);
    rc = hf_json_print(o, &text, err);
    hf_json_free(o);
    if (rc < 0)
        return -1;
    hf_reply(x, 422, "application/problem+json", "no-store", text, strlen(text));
    return 0;
}

/* Names that have an account are wrong too. On the owner thread. */
static int
find_taken(struct hf_store *store, void *context, struct hf_error *err)
{
    struct hf_device_csv *csv = context;

    for (size_t i = 0; i < csv->count; i++) {
        const struct hf_device_row *row = &csv->rows[i];
        struct hf_device_account have;
        struct hf_error why = {0};
        char detail[HF_DEVICE_NAME_SIZE + 40];

        if (hf_store_device(store, row->name, &have, &why) < 0) {
            if (why.class == HF_ERROR_NOT_FOUND)
                continue;
            if (err)
                *err = why;
            return -1;
        }
        hf_text_put(detail, sizeof detail, "name: '%s' has an account already", row->name);
        hf_device_csv_wrong(csv, row->line, row->column, detail);
    }
    return 0;
}

/* ---- what is taken ---- */

static int
make_account(struct hf_device_row *row, struct hf_device_account *a, struct hf_error *err)
{
    row->made = !*row->password;
    if (row->made)
        hf_device_password_make(row->password);
    *a = (struct hf_device_account){.enabled = true};
    hf_text_put(a->name, sizeof a->name, "%s", row->name);
    hf_text_put(a->publish, sizeof a->publish, "%s", row->publish);
    hf_text_put(a->subscribe, sizeof a->subscribe, "%s", row->subscribe);
    hf_text_put(a->description, sizeof a->description, "%s", row->description);
    return hf_device_password_hash(row->password, row->made, a->password_hash, err);
}

static struct hf_json *
encode_made(const struct hf_device_csv *csv)
{
    struct hf_json *o = hf_json_object(), *list = hf_json_array();

    for (size_t i = 0; i < csv->count; i++) {
        struct hf_json *one;

        if (!csv->rows[i].made)
            continue;
        one = hf_json_object();
        hf_json_put_string(one, "name", csv->rows[i].name);
        hf_json_put_string(one, "password", csv->rows[i].password);
        hf_json_add(list, one);
    }
    hf_json_put_int(o, "imported", (int64_t)csv->count);
    hf_json_put(o, "passwords", list);
    return o;
}

static int
import(struct hf_exchange *x, struct hf_device_csv *csv, struct hf_error *err)
{
    HF_AUTO_FREE struct hf_device_account *accounts = calloc(csv->count + 1, sizeof *accounts);

    if (!accounts)
        return hf_error_nomem(err);
    /* Here, and not on the owner thread: a second for a thousand of them. */
    for (size_t i = 0; i < csv->count; i++)
        if (make_account(&csv->rows[i], &accounts[i], err) < 0)
            return -1;
    if (hf_core_add_devices(x->api->config->core, accounts, csv->count, x->session.user, err) < 0)
        return -1;
    return hf_reply_json(x, 201, encode_made(csv), err);
}

static int
check_and_import(struct hf_exchange *x, const struct hf_buf *text, struct hf_device_csv *csv,
                 struct hf_error *err)
{
    if (hf_device_csv_read(text->data ? text->data : "", text->len, csv, err) < 0 ||
        hf_core_run(x->api->config->core, find_taken, csv, err) < 0)
        return -1;
    return csv->error_count ? reply_wrong(x, csv, err) : import(x, csv, err);
}

int
hf_handle_device_import(struct hf_exchange *x, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_DEVICE_CSV_MAX);
    HF_AUTO_FREE struct hf_device_csv *csv = calloc(1, sizeof *csv);
    int rc;

    if (!csv)
        return hf_error_nomem(err);
    if (hf_exchange_pass_body(x, HF_DEVICE_CSV_MAX, UPLOAD_MS, take_piece, &text, err) < 0)
        return -1;
    rc = check_and_import(x, &text, csv, err);
    hf_device_csv_done(csv);
    if (text.data)
        explicit_bzero(text.data, text.len);
    return rc;
}

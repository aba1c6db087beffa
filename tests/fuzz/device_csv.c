// SPDX-License-Identifier: Apache-2.0
/* A CSV file of accounts of devices. What is taken of it is what is checked of a single account,
 * and the broker can be given it. */
#include "model/device.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_row(const struct hf_device_row *row)
{
    HF_AUTO_BUF struct hf_buf b = HF_BUF_INIT(65536);
    struct hf_device_account a = {.password_hash = "$7$1$s$h"};

    if (hf_device_check_name(row->name, "", NULL) < 0 ||
        (*row->password && hf_device_check_password(row->password, "", NULL) < 0) ||
        hf_device_check_topics(row->publish, row->name, "", NULL) < 0 ||
        hf_device_check_topics(row->subscribe, row->name, "", NULL) < 0 ||
        hf_device_check_description(row->description, "", NULL) < 0)
        __builtin_trap();
    memcpy(a.name, row->name, sizeof a.name);
    memcpy(a.publish, row->publish, sizeof a.publish);
    memcpy(a.subscribe, row->subscribe, sizeof a.subscribe);
    if (hf_device_write(&a, &b, NULL) < 0)
        __builtin_trap();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_device_csv *csv = calloc(1, sizeof *csv);

    if (!csv)
        return 0;
    if (hf_device_csv_read((const char *)data, size, csv, NULL) == 0) {
        if (!csv->count && !csv->error_count)
            __builtin_trap();
        for (size_t i = 0; i < csv->count; i++)
            check_row(&csv->rows[i]);
        for (size_t i = 0; i < csv->error_count && i < HF_DEVICE_CSV_ERRORS_MAX; i++)
            if (!csv->errors[i].line || !csv->errors[i].column || !*csv->errors[i].detail)
                __builtin_trap();
    }
    hf_device_csv_done(csv);
    free(csv);
    return 0;
}

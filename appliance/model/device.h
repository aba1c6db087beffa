// SPDX-License-Identifier: Apache-2.0
/* Accounts of devices on the field listener, and what is checked of one before it is kept. */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "json/json.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    HF_DEVICE_NAME_SIZE = 64,
    HF_DEVICE_HASH_SIZE = 128, /* $7$rounds$salt$hash */
    HF_DEVICE_TOPICS_SIZE = 513,
    HF_DEVICE_TEMPLATES_MAX = 8,
    HF_DEVICE_FILTER_MAX = 512, /* bytes of a template with the name in its place */
    HF_DEVICE_DESCRIPTION_SIZE = 129,
    HF_DEVICE_FINGERPRINT_SIZE = 65, /* SHA-256 in hex */
    HF_DEVICE_PASSWORD_LEAST = 8,
    HF_DEVICE_PASSWORD_SIZE = 129,
    HF_DEVICE_ACCOUNTS_MAX = 5000,
    /* Of the file that the broker reads (services/broker/fleet.h): old and new one lie on a tmpfs
     * of 4 MB for a moment. */
    HF_DEVICE_FILE_MAX = 1536 * 1024
};

/* What an account may publish where nobody says anything else. */
#define HF_DEVICE_PUBLISH_DEFAULT "sensors/%u/#"

/* Topic templates are MQTT filters separated by one blank each, in which %u is the name. One that
 * has a certificate comes by that and no longer by its password. */
struct hf_device_account {
    char name[HF_DEVICE_NAME_SIZE];
    char password_hash[HF_DEVICE_HASH_SIZE];
    char publish[HF_DEVICE_TOPICS_SIZE], subscribe[HF_DEVICE_TOPICS_SIZE];
    char description[HF_DEVICE_DESCRIPTION_SIZE];
    bool enabled;
    int64_t created_ms, password_ms;              /* wall clock; the latter: when it was set last */
    char certificate[HF_DEVICE_FINGERPRINT_SIZE]; /* "": none */
    int64_t certificate_ms, certificate_ends_ms;  /* wall clock; when it was issued, and ends */
};

/* Each says in err what is wrong, at pointer. A name is a level of a topic and the user name:
 * letters, digits, '.', '_' and '-', the first one a letter or digit. */
HF_MUST int hf_device_check_name(const char *name, const char *pointer, struct hf_error *err);
HF_MUST int hf_device_check_password(const char *password, const char *pointer,
                                     struct hf_error *err);
HF_MUST int hf_device_check_description(const char *text, const char *pointer,
                                        struct hf_error *err);
/* topics may be "": none. */
HF_MUST int hf_device_check_topics(const char *topics, const char *name, const char *pointer,
                                   struct hf_error *err);
/* The array `member` of doc, which stands at `at` ("": the whole document), as one text, checked;
 * topics stay as they are where it is absent. */
HF_MUST int hf_device_read_topics(const struct hf_json *doc, const char *member, const char *at,
                                  const char *name, char topics[HF_DEVICE_TOPICS_SIZE],
                                  struct hf_error *err);

/* Appends what the broker's file has of the account. TOO_LARGE past b->max. */
HF_MUST int hf_device_write(const struct hf_device_account *a, struct hf_buf *b,
                            struct hf_error *err);

/* ---- many at once, as CSV (RFC 4180) ---- */

enum { HF_DEVICE_CSV_MAX = 1024 * 1024, HF_DEVICE_CSV_ERRORS_MAX = 100 };

struct hf_device_row {
    size_t line, column; /* of the name; from 1, columns in bytes */
    char name[HF_DEVICE_NAME_SIZE];
    char password[HF_DEVICE_PASSWORD_SIZE]; /* "": one is to be made */
    bool made;                              /* by whoever reads this; false */
    char publish[HF_DEVICE_TOPICS_SIZE], subscribe[HF_DEVICE_TOPICS_SIZE];
    char description[HF_DEVICE_DESCRIPTION_SIZE];
};

struct hf_device_csv_error {
    size_t line, column;
    char detail[192];
};

struct hf_device_csv {
    struct hf_device_row *rows;
    size_t count;
    /* What is wrong, line by line, then the doubles; more than these are only counted. */
    struct hf_device_csv_error errors[HF_DEVICE_CSV_ERRORS_MAX];
    size_t error_count;
};

/* Reads `name,password,publish,subscribe,description`, a device a line; what is missing at the end
 * of a line is empty, an empty publish is HF_DEVICE_PUBLISH_DEFAULT, a first line that begins with
 * the column name `name` is the head. 0 also where there are errors: see error_count. The caller
 * calls hf_device_csv_done(), on failure too. */
HF_MUST int hf_device_csv_read(const char *text, size_t len, struct hf_device_csv *ret_csv,
                               struct hf_error *err);
void hf_device_csv_done(struct hf_device_csv *csv);

/* One more error, of a row. */
void hf_device_csv_wrong(struct hf_device_csv *csv, size_t line, size_t column, const char *detail);

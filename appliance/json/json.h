// SPDX-License-Identifier: Apache-2.0
/*
 * Strict JSON (RFC 8259) with errors that say where. The tree is read through readers that collect
 * what is wrong; unknown members are errors, since a misspelt setting must not be silence.
 *
 *     HF_AUTO(hf_json) struct hf_json *doc = NULL;
 *     if (hf_json_parse(text, len, &doc, err) < 0) return -1;
 *     name = hf_json_string(doc, "name");                         NULL where absent or no string
 *
 * Writing goes by hf_json_object() and hf_json_put_…(), which remember that memory ran out until
 * hf_json_print() says so.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct hf_json; /* one value and all below it */

enum { HF_JSON_DEPTH_MAX = 32, HF_JSON_TEXT_MAX = 4 * 1024 * 1024 };

/* Parses exactly one value that fills all len bytes. Errors: HF_ERROR_MALFORMED with line and
 * column; deeper nesting than HF_JSON_DEPTH_MAX, trailing bytes, a doubled member and text that is
 * not UTF-8 are refused. */
HF_MUST int hf_json_parse(const char *text, size_t len, struct hf_json **ret_doc,
                          struct hf_error *err);

/* Where in text, which hf_json_parse() has taken, pointer (RFC 6901) leads to: the name of a member
 * or the start of an element. Where it leads nowhere, the last of its parts that is there. A name
 * that is written with escapes is not found. Both count from 1, columns in bytes. */
struct hf_json_place {
    size_t line, column;
};
struct hf_json_place hf_json_find(const char *text, size_t len, const char *pointer);

/* The same of a value of the tree doc that text was parsed into. */
struct hf_json_place hf_json_place_of(const char *text, size_t len, const struct hf_json *doc,
                                      const struct hf_json *v);

void hf_json_free(struct hf_json *doc);
HF_DEFINE_AUTO(struct hf_json, hf_json, hf_json_free)

/* Reading. Borrowed from the tree; NULL, false or the default where absent or of another type. */
bool hf_json_is_object(const struct hf_json *v);
bool hf_json_is_array(const struct hf_json *v);
bool hf_json_is_null(const struct hf_json *v);
const struct hf_json *hf_json_get(const struct hf_json *object, const char *member);
const char *hf_json_string(const struct hf_json *object, const char *member);
bool hf_json_bool(const struct hf_json *object, const char *member, bool otherwise);
/* Whole numbers of at most 2^53 - 1 in size; otherwise where absent or no such number. */
int64_t hf_json_int(const struct hf_json *object, const char *member, int64_t otherwise);
double hf_json_number(const struct hf_json *object, const char *member, double otherwise);

/* The value itself. */
const char *hf_json_as_string(const struct hf_json *v);
int64_t hf_json_as_int(const struct hf_json *v, int64_t otherwise);
double hf_json_as_number(const struct hf_json *v, double otherwise);

/* Where pointer (RFC 6901) leads to, or NULL; and a pointer with one more name, cut where it is too
 * long. */
const struct hf_json *hf_json_at(const struct hf_json *doc, const char *pointer);
void hf_json_pointer_add(char pointer[HF_ERROR_POINTER_MAX], const char *name);

/* Members of an object or elements of an array, in order: first child, next sibling, its key. */
const struct hf_json *hf_json_first(const struct hf_json *v);
const struct hf_json *hf_json_next(const struct hf_json *v);
const char *hf_json_key(const struct hf_json *v);
size_t hf_json_count(const struct hf_json *v);

enum hf_json_type {
    HF_JSON_OBJECT,
    HF_JSON_ARRAY,
    HF_JSON_STRING,
    HF_JSON_INT,
    HF_JSON_NUMBER,
    HF_JSON_BOOL,
    HF_JSON_ANY,
    HF_JSON_TYPE_COUNT
};

struct hf_json_field {
    const char *name;
    enum hf_json_type type;
    bool required;
};

/* Checks that v is an object with exactly the given fields: types right, required ones there, no
 * other ones. pointer is where v stands ("" for the root); the error carries pointer/name
 * (RFC 6901) and what is allowed there. */
HF_MUST int hf_json_check(const struct hf_json *v, const char *pointer,
                          const struct hf_json_field *fields, size_t count, struct hf_error *err);

/* ---- all that is wrong with a document, not only the first ---- */

enum { HF_JSON_FAULTS_MAX = 50, HF_JSON_FAULT_TEXT_SIZE = 720 };

struct hf_json_fault {
    struct hf_json_place place;
    char pointer[HF_ERROR_POINTER_MAX]; /* "" for the document, also where it is no JSON */
    char message[HF_ERROR_MESSAGE_MAX]; /* what is wrong and what is allowed, without the pointer */
};

struct hf_json_faults {
    struct hf_json_fault list[HF_JSON_FAULTS_MAX];
    size_t count;
    bool more; /* than are listed, or can be told while these are there */
};

/* As hf_json_parse(), but what is wrong is noted. Doubled members are faults that reading goes on
 * behind: the tree has all of them, as the text; after any other fault nothing can be said:
 * MALFORMED. */
HF_MUST int hf_json_parse_noting(const char *text, size_t len, struct hf_json **ret_doc,
                                 struct hf_json_faults *faults, struct hf_error *err);

/* Leaves the first of each, for checks to see one value. */
void hf_json_drop_doubled(struct hf_json *doc);

/* False where the list is full. */
bool hf_json_faults_note(struct hf_json_faults *faults, struct hf_json_place place,
                         const char *pointer, const char *fmt, ...) HF_PRINTF(4, 5);
/* In the order of the text. */
void hf_json_faults_sort(struct hf_json_faults *faults);
/* "line 3, column 5: /uplink/url: must be …" */
void hf_json_fault_text(const struct hf_json_fault *f, char out[HF_JSON_FAULT_TEXT_SIZE]);

/* Whole trees. A copy; NULL for NULL or without memory. */
struct hf_json *hf_json_copy(const struct hf_json *v);
/* What comes of a merge patch (RFC 7396) on v, which stays as it is; NULL without memory. */
struct hf_json *hf_json_merge(const struct hf_json *v, const struct hf_json *patch);
struct hf_json *hf_json_of_string(const char *text);

/* Writing. Children are owned by the parent they are put into. A NULL text is written as null. */
struct hf_json *hf_json_object(void);
struct hf_json *hf_json_array(void);
void hf_json_put(struct hf_json *object, const char *member, struct hf_json *consume);
void hf_json_put_string(struct hf_json *object, const char *member, const char *text);
void hf_json_put_int(struct hf_json *object, const char *member, int64_t value);
void hf_json_put_number(struct hf_json *object, const char *member, double value);
void hf_json_put_bool(struct hf_json *object, const char *member, bool value);
void hf_json_put_null(struct hf_json *object, const char *member);
/* wall_ms as RFC 3339; null where it is 0. */
void hf_json_put_time(struct hf_json *object, const char *member, int64_t wall_ms);
/* Puts a value in the place of the one that is there, or adds it. */
void hf_json_set(struct hf_json *object, const char *member, struct hf_json *consume);
void hf_json_remove(struct hf_json *object, const char *member);
/* child is a member or element of parent. */
void hf_json_drop(struct hf_json *parent, const struct hf_json *child);
void hf_json_add(struct hf_json *array, struct hf_json *consume);
void hf_json_add_string(struct hf_json *array, const char *text);
/* NaN is written as null. */
void hf_json_add_number(struct hf_json *array, double value);

/* Prints compactly; the caller frees *ret_text. */
HF_MUST int hf_json_print(const struct hf_json *v, char **ret_text, struct hf_error *err);

/* The same for people: a line for each member. */
HF_MUST int hf_json_print_lines(const struct hf_json *v, char **ret_text, struct hf_error *err);

/* Prints in the canonical form of RFC 8785: members sorted by name, no blanks. Exact for names of
 * ASCII and for numbers that are whole up to 2^53 - 1 or have no exponent. The caller frees
 * *ret_text. */
HF_MUST int hf_json_print_canonical(const struct hf_json *v, char **ret_text, struct hf_error *err);

/* Whether text is one JSON value that every strict reader takes: nesting up to HF_JSON_DEPTH_MAX,
 * numbers that fit a double, no \u0000 and no lone surrogate (RFC 8259 §6, §8.2). If so, out gets
 * it without insignificant whitespace, every other byte as it was. No allocation beyond out. */
bool hf_json_compact(const char *text, size_t len, struct hf_buf *out);

// SPDX-License-Identifier: Apache-2.0
#include "json/json.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool
hf_json_faults_note(struct hf_json_faults *faults, struct hf_json_place place, const char *pointer,
                    const char *fmt, ...)
{
    struct hf_json_fault *f = &faults->list[faults->count];
    va_list args;

    if (faults->count == HF_JSON_FAULTS_MAX) {
        faults->more = true;
        return false;
    }
    faults->count++;
    f->place = place;
    hf_text_put(f->pointer, sizeof f->pointer, "%s", pointer);
    va_start(args, fmt);
    vsnprintf(f->message, sizeof f->message, fmt, args);
    va_end(args);
    hf_text_whole(f->pointer);
    hf_text_whole(f->message);
    return true;
}

static int
compare(const void *a, const void *b)
{
    const struct hf_json_fault *x = a, *y = b;

    if (x->place.line != y->place.line)
        return x->place.line < y->place.line ? -1 : 1;
    if (x->place.column != y->place.column)
        return x->place.column < y->place.column ? -1 : 1;
    return strcmp(x->pointer, y->pointer);
}

void
hf_json_faults_sort(struct hf_json_faults *faults)
{
    qsort(faults->list, faults->count, sizeof faults->list[0], compare);
}

void
hf_json_fault_text(const struct hf_json_fault *f, char out[HF_JSON_FAULT_TEXT_SIZE])
{
    hf_text_put(out, HF_JSON_FAULT_TEXT_SIZE, "line %zu, column %zu: %s%s%s", f->place.line,
                f->place.column, f->pointer, *f->pointer ? ": " : "", f->message);
}

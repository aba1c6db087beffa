// SPDX-License-Identifier: Apache-2.0
/* What an entry of the audit log says, beside when and from where. */
#pragma once

enum hf_audit_result {
    HF_AUDIT_DONE, /* of what takes a while: begun; a failure of it is an entry of its own */
    HF_AUDIT_REFUSED,
    HF_AUDIT_FAILED,
    HF_AUDIT_RESULT_COUNT
};

/* Borrowed for the call. */
struct hf_audit_note {
    const char *who, *what;
    const char *changes;         /* of hf_changes_print(); NULL for none */
    enum hf_audit_result result; /* DONE where nobody says so */
    int status;                  /* why not, as an answer says it (RFC 9110); 0: nobody asked */
};

/* The words of the API and of the store: "done", "refused", "failed". */
extern const char *const hf_audit_results[HF_AUDIT_RESULT_COUNT + 1]; /* the last is NULL */

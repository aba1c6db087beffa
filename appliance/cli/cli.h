// SPDX-License-Identifier: Apache-2.0
/*
 * holdfast, the command line: a table of commands over the REST API. What every command knows.
 *
 * A command fails by -1 and an error. An error without a message has been told already (the
 * gateway's own words). The status of the program follows from struct cli's `exit`, else from the
 * class of the error; see cli_exit_of().
 */
#pragma once

#include "cli/args.h"
#include "cli/http.h"
#include "cli/profile.h"
#include "cli/table.h"
#include "json/json.h"

/* Part of the interface: documented in holdfast.1. */
enum cli_exit {
    CLI_OK = 0,
    CLI_REFUSED = 1,       /* the gateway refused */
    CLI_USAGE = 2,         /* the command line is wrong */
    CLI_UNREACHABLE = 3,   /* nothing answers, or no gateway does */
    CLI_SIGNED_OUT = 4,    /* nobody is logged in, or no longer */
    CLI_FAILED = 5,        /* the operation failed or was rolled back */
    CLI_UNTRUSTED = 6,     /* another certificate, or nobody has said to trust it */
    CLI_LOCAL = 7,         /* something here: a file, memory */
    CLI_INTERRUPTED = 130, /* ^C; what was begun at the gateway goes on there */
};

struct cli {
    const struct cli_args *args;
    struct cli_out out;  /* stdout */
    struct cli_out told; /* stderr: progress, questions, errors */
    enum cli_exit exit;  /* CLI_OK: by the class of the error */
    char dir[PATH_MAX];  /* of the profiles */
    struct cli_profile profile;
    struct cli_trust trust;
    struct cli_http *http; /* NULL until cli_connect() */
};

/* The status for a failure whose own is not set: INVALID and MALFORMED are the command line's,
 * CONFLICT is ^C (http.h), what http.h else says is what it is; all others are CLI_LOCAL. */
enum cli_exit cli_exit_of(enum hf_error_class class);

/* Fails with a status of its own. Returns -1. */
int cli_fail(struct cli *c, enum cli_exit exit, struct hf_error *err, const char *fmt, ...)
    HF_PRINTF(4, 5);

/* Tells the error on stderr, where it has a message. */
void cli_tell(const struct cli *c, const struct hf_error *err);

/* ---- connect.c ---- */

/* Finds out which gateway is meant, and makes sure that it is the one that is trusted: by
 * --fingerprint, by what is kept of it, or by asking a person. Sends nothing but a handshake. */
HF_MUST int cli_connect(struct cli *c, struct hf_error *err);

/* ---- call.c: a request, and what a refusal says ---- */

/* Any answer, whatever its status. Connects first. Errors: as http.h, told in full where it is
 * about trust. */
HF_MUST int cli_call(struct cli *c, const struct cli_request *r, struct cli_answer *ret,
                     struct hf_error *err);

/* Only a good answer (2xx); any other is told, with its status set: title, detail, the fields that
 * are wrong, and what to do. With --json its body goes to stdout too. */
HF_MUST int cli_ask(struct cli *c, const struct cli_request *r, struct cli_answer *ret,
                    struct hf_error *err);

/* Tells a refusal and sets the status. Returns -1. */
int cli_refused(struct cli *c, const struct cli_request *r, const struct cli_answer *a,
                struct hf_error *err);

/* cli_ask() for JSON. doc_or_null may be left out by NULL. ret is done by the caller. */
HF_MUST int cli_ask_json(struct cli *c, const struct cli_request *r, struct cli_answer *ret,
                         struct hf_json **doc_or_null, struct hf_error *err);

/* GET path. */
HF_MUST int cli_get(struct cli *c, const char *path, struct hf_json **ret_doc,
                    struct hf_error *err);

/* POST, PATCH … of a JSON body (NULL for none), which stays the caller's. */
HF_MUST int cli_send(struct cli *c, const char *method, const char *path,
                     const struct hf_json *body, struct cli_answer *ret, struct hf_error *err);

/* Reads the body of an answer. Errors: UPSTREAM. */
HF_MUST int cli_parse(const struct cli_answer *a, struct hf_json **ret_doc, struct hf_error *err);

/* Prints JSON for scripts: the bytes of the gateway, see cli_text_add_json(), and a line end. */
HF_MUST int cli_print_json(const struct cli_out *out, const char *json, size_t len,
                           struct hf_error *err);

/* Prints an answer: with --json as it is, else by show. */
HF_MUST int cli_print(struct cli *c, const struct cli_answer *a, cli_show *show,
                      struct hf_error *err);

/* Percent-encodes text for one segment of a path, or a value of a query (RFC 3986 §2.1). */
HF_MUST int cli_path_add(struct hf_buf *path, const char *text, struct hf_error *err);
/* Adds "?name=value" or "&name=value". */
HF_MUST int cli_query_add(struct hf_buf *path, const char *name, const char *value,
                          struct hf_error *err);
/* Adds each flag of the command that is given and has a name in queries. */
HF_MUST int cli_query_flags(struct hf_buf *path, const struct cli_args *args, struct hf_error *err);

enum { CLI_PATH_MAX = 2000 };

/* ---- begin.c ---- */

/* cli_ask() for what begins an operation: where the line breaks behind it, it is sent again, and
 * begun once. */
HF_MUST int cli_begin(struct cli *c, const struct cli_request *r, struct cli_answer *ret,
                      struct hf_error *err);
/* POST path, without a body. */
HF_MUST int cli_begin_path(struct cli *c, const char *path, struct cli_answer *ret,
                           struct hf_error *err);

/* ---- follow.c ---- */

/* Follows the operation of an answer with status 202 to its end, or not with --no-wait; prints it.
 */
HF_MUST int cli_follow_answer(struct cli *c, const struct cli_answer *a, struct hf_error *err);
HF_MUST int cli_follow(struct cli *c, const char *id, struct hf_error *err);

/* ---- ask.c: a person at the terminal ---- */

/* Whether there is one. */
bool cli_has_person(void);
/* Reads a line, with echo or without; up to size - 1 bytes. Errors: CONFLICT for ^C or ^D. */
HF_MUST int cli_question(const char *prompt, bool echo, char *answer, size_t size,
                         struct hf_error *err);
/* The first line of stdin, for --password-stdin. */
HF_MUST int cli_read_stdin(char *answer, size_t size, struct hf_error *err);
/* Appends a whole file; "-" is stdin, for --file. */
HF_MUST int cli_read_file(const char *path, struct hf_buf *text, struct hf_error *err);
/* A password: from stdin where --password-stdin is given, else from a person; twice where it is
 * new. */
HF_MUST int cli_password(struct cli *c, const char *prompt, bool is_new, char *answer, size_t size,
                         struct hf_error *err);

/* A passphrase: the first line of --passphrase-file, else from a person. */
HF_MUST int cli_passphrase(struct cli *c, const char *prompt, bool is_new, char *text, size_t size,
                           struct hf_error *err);

enum { CLI_PASSWORD_MAX = 1024 };

/* ---- progress.c: one line on stderr that changes ---- */

/* On a terminal in place, elsewhere a line each time its text is another one. */
void cli_progress(struct cli *c, const char *fmt, ...) HF_PRINTF(2, 3);
/* Takes the line away. */
void cli_progress_end(struct cli *c);
/* Sleeps; false where ^C came. */
bool cli_pause_ms(int ms);

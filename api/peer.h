// SPDX-License-Identifier: Apache-2.0
/* What the handlers that ask a service on the record path share. */
#pragma once

#include "api/exchange.h"
#include "path/path.h"

enum { HF_PEER_PATH_MAX = 3500, HF_CURSOR_SIZE = 129, HF_TIME_TEXT_SIZE = 64 };

/* Puts `name=value`, encoded, behind the path; nothing where value is empty. */
HF_MUST int hf_peer_param(struct hf_buf *path, const char *name, const char *value,
                          struct hf_error *err);

/* Asks: GET, or POST where body is not NULL (which is consumed). */
HF_MUST int hf_peer_ask(struct hf_exchange *x, enum hf_path_peer peer, const char *path,
                        struct hf_json *consume_body, struct hf_json **ret_doc,
                        struct hf_error *err);

/* Asks for a page of a list: its query has limit (otherwise the given one) and cursor; search, and
 * quiet too, where they are taken. */
enum hf_peer_search { HF_PEER_ALL, HF_PEER_SEARCH, HF_PEER_QUIET };
HF_MUST int hf_peer_ask_page(struct hf_exchange *x, enum hf_path_peer peer, const char *path,
                             enum hf_peer_search takes, uint64_t limit, struct hf_json **ret_doc,
                             struct hf_error *err);

/* What a peer's refusal is to our reader: a GET has only wrong parameters, a POST wrong bodies too;
 * a thing that is not there or in conflict only where the operation names one. The rest is the
 * peer's fault. Returns -1. */
enum hf_peer_kind { HF_PEER_GET, HF_PEER_POST, HF_PEER_NAMED };
int hf_peer_refused(enum hf_peer_kind kind, struct hf_error *err);

/* The peer's answer has no such list. */
int hf_peer_nonsense(enum hf_path_peer peer, const char *member, struct hf_error *err);

/* From a peer's answer to ours. Counts are never negative; times come as milliseconds. */
void hf_peer_count(struct hf_json *to, const char *member, const struct hf_json *from,
                   const char *its);
void hf_peer_number(struct hf_json *to, const char *member, const struct hf_json *from);
void hf_peer_time(struct hf_json *to, const char *member, const struct hf_json *from,
                  const char *its);
void hf_peer_text(struct hf_json *to, const char *member, const struct hf_json *from);
/* Null where it is absent. */
void hf_peer_copy(struct hf_json *to, const char *member, const struct hf_json *from);

/* Puts what encode makes of each element of a list. */
typedef struct hf_json *hf_peer_encode(const struct hf_json *element);
void hf_peer_list(struct hf_json *to, const char *member, const struct hf_json *list,
                  hf_peer_encode *encode);

/* Writes what is about to be done to the audit log; fails where that cannot be. */
HF_MUST int hf_peer_audit(struct hf_exchange *x, struct hf_error *err, const char *fmt, ...)
    HF_PRINTF(3, 4);

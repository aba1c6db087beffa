// SPDX-License-Identifier: Apache-2.0
/*
 * What answers what: a table of method, path, the role it takes, and a handler. The router checks
 * everything that does not depend on the operation, so that no handler can forget it.
 */
#pragma once

#include "api/exchange.h"

enum hf_method {
    HF_METHOD_GET,
    HF_METHOD_POST,
    HF_METHOD_PUT,
    HF_METHOD_PATCH,
    HF_METHOD_DELETE,
    HF_METHOD_COUNT
};

enum hf_access {
    HF_ACCESS_PUBLIC,
    HF_ACCESS_VIEWER,
    HF_ACCESS_OPERATOR,
    HF_ACCESS_ADMIN,
    HF_ACCESS_ADMIN_PROVED, /* who has shown the password in the last HF_PROVED_S */
    HF_ACCESS_OWNER,        /* the same, or before a claim who has the setup code */
    HF_ACCESS_COUNT
};

enum hf_body {
    HF_BODY_NONE,
    HF_BODY_JSON,
    HF_BODY_JSON_OR_NONE,
    HF_BODY_MERGE_PATCH, /* RFC 7396 */
    HF_BODY_FILE,        /* application/octet-stream; the handler takes it in pieces */
    HF_BODY_CSV          /* text/csv; the same */
};
enum hf_query { HF_QUERY_NONE, HF_QUERY_FIELDS /* the handler reads it */ };

/* Answers through x, or returns -1 with err before anything is sent. */
typedef int hf_handler(struct hf_exchange *x, struct hf_error *err);

struct hf_route {
    enum hf_method method;
    /* Below /api/v1, or of hf_top_routes; at most one {…}; a plain one in front of such. */
    const char *pattern;
    enum hf_access access;
    enum hf_body body;
    enum hf_query query;
    hf_handler *handler;
};

extern const struct hf_route hf_routes[];
extern const size_t hf_route_count;

/* Those that stand beside /api/v1, where other programs look for them. */
extern const struct hf_route hf_top_routes[];
extern const size_t hf_top_route_count;

/* Whether path is what pattern says; {…} matches [A-Za-z0-9._-]+, which goes to param. */
bool hf_route_match(const char *pattern, const char *path, char param[HF_API_PARAM_SIZE]);

/* Answers x, whatever it asks. */
void hf_router_serve(struct hf_exchange *x);

// SPDX-License-Identifier: Apache-2.0
/* A Docker that answers what a test says, byte for byte, on a socket of its own. */
#pragma once

struct fake_answer {
    const char *request; /* beginning of the request line, e.g. "GET /version" */
    const char *bytes;   /* the whole answer; NULL: say nothing until the client has gone */
};

struct fake_docker;

/* Answers by the first row whose request fits; closes each connection after its answer. answers
 * ends with a row of NULLs and stays the caller's. */
struct fake_docker *fake_docker_start(const struct fake_answer *answers);
const char *fake_docker_socket(const struct fake_docker *f);
/* How many requests fitted row number i. */
int fake_docker_asked(struct fake_docker *f, int i);
/* The last request line that fitted row number i, "" for none. Borrowed until the next request. */
const char *fake_docker_request(struct fake_docker *f, int i);
void fake_docker_stop(struct fake_docker *f);

// SPDX-License-Identifier: Apache-2.0
/*
 * One connection, one request, one answer: read, judged, put together anew and asked of Docker. Of
 * the bytes that came none goes on but texts of JSON, names, and the tar of an image.
 *
 * What is refused gets 403 with {"message": "holdfast-docker: …"} and a line in the log; 400 what
 * cannot be read; 503 where Docker is not there and 502 where it speaks no HTTP. Where Docker
 * breaks off the answer, so is ours. There is no deadline for Docker: who asks has one, and when he
 * goes the call to Docker ends too.
 */
#pragma once

#include "dockerguard/policy.h"

struct hf_dguard_server {
    struct hf_dguard_policy policy;
    const char *docker_socket; /* borrowed */
};

/* Serves it and closes fd. */
void hf_dguard_serve(const struct hf_dguard_server *server, int fd);

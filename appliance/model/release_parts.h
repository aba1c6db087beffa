// SPDX-License-Identifier: Apache-2.0
/* The parts of a release, each checked in its own file. Private to the folder. */
#pragma once

#include "model/release.h"

/* release_image.c: the members repository, tag and platforms of a service, which stands at pointer;
 * what the host's platform has is put into ret_service. */
HF_MUST int hf_release_read_images(const struct hf_json *v, const char *pointer,
                                   const struct hf_release_host *host,
                                   struct hf_release_service *ret_service, struct hf_error *err);

/* release_whole.c: what no service says alone. No circle among those that wait for each other, and
 * no port of the host twice. */
HF_MUST int hf_release_check_whole(const struct hf_release *r, struct hf_error *err);

/* daemon.c: the member daemon; what the host's system has is put into r. */
HF_MUST int hf_release_read_daemon(const struct hf_json *v, const struct hf_release_host *host,
                                   struct hf_release *r, struct hf_error *err);
/* release_image.c */
HF_MUST int hf_release_check_digest(const struct hf_json *v, const char *member, const char *what,
                                    const char *pointer, struct hf_error *err);

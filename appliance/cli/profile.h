// SPDX-License-Identifier: Apache-2.0
/*
 * What is kept of a gateway between two calls: one file each in ~/.config/holdfast (or
 * $XDG_CONFIG_HOME/holdfast), JSON, mode 0600, replaced whole. One that others can read is refused:
 * what is in it may be known by now. Beside them `default` names the gateway that is meant where
 * none is named: the one that somebody logged in to last.
 */
#pragma once

#include "cli/http.h"

#include <limits.h>

struct cli_profile {
    char url[CLI_URL_MAX];
    char path[PATH_MAX];                    /* of its file */
    char fingerprint[CLI_FINGERPRINT_SIZE]; /* "" where nobody has said to trust it */
    char key[CLI_KEY_SIZE];                 /* that came with it; "": not known */
    char session[CLI_SECRET_MAX];           /* value of the cookie, or "" */
    char token[CLI_SECRET_MAX];             /* API token, or "" */
};

/* The folder, from the environment. Errors: INVALID where there is neither XDG_CONFIG_HOME nor
 * HOME. */
HF_MUST int cli_profile_dir(char out[PATH_MAX], struct hf_error *err);

/* The address in `default`, or "" where there is none. */
HF_MUST int cli_profile_default(const char *dir, char out[CLI_URL_MAX], struct hf_error *err);
HF_MUST int cli_profile_set_default(const char *dir, const char *url, struct hf_error *err);

/* What is kept of url (as cli_url_parse() writes it); empty where there is nothing yet. Errors: a
 * file that is no such file, belongs to somebody else or can be read by others: INTERNAL. */
HF_MUST int cli_profile_load(const char *dir, const char *url, struct cli_profile *ret,
                             struct hf_error *err);

/* Keeps it; makes the folder, 0700, where it is not there. */
HF_MUST int cli_profile_save(const struct cli_profile *p, struct hf_error *err);

/* Whether text can be a cookie's value or a token: 1 to CLI_SECRET_MAX - 1 visible characters of
 * ASCII, so that no header breaks in two. */
bool cli_secret_valid(const char *text);

// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "model/own_parts.h"
#include "model/settings_parts.h"

#include <ctype.h>
#include <string.h>

enum { VARIABLE_MAX = 64, SECRET_NAME_MAX = 32, DEPENDENCIES_MAX = 15 };

static bool
is_text(const char *text, size_t max)
{
    if (!text || strlen(text) > max)
        return false;
    for (const char *c = text; *c; c++)
        if (iscntrl((unsigned char)*c))
            return false;
    return true;
}

static int
check_command(const struct hf_json *v, const char *pointer, struct hf_error *err)
{
    const struct hf_json *command = hf_json_get(v, "command");

    if (!command)
        return 0;
    if (hf_json_count(command) == 0 || hf_json_count(command) > HF_OWN_ARGS_MAX)
        return hf_wrong(err, pointer, "command", "must have 1 to 32 strings");
    for (const struct hf_json *a = hf_json_first(command); a; a = hf_json_next(a))
        if (!is_text(hf_json_as_string(a), HF_OWN_TEXT_MAX))
            return hf_wrong(err, pointer, "command",
                            "must have strings of at most 1024 bytes without control characters");
    return 0;
}

static bool
is_variable(const char *name)
{
    if (!*name || isdigit((unsigned char)*name) || strlen(name) > VARIABLE_MAX)
        return false;
    for (const char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && *c != '_')
            return false;
    return true;
}

static int
check_env(const struct hf_json *v, const char *pointer, struct hf_error *err)
{
    const struct hf_json *env = hf_json_get(v, "env");
    char at[HF_ERROR_POINTER_MAX];

    hf_text_put(at, sizeof at, "%s/env", pointer);
    if (hf_json_count(env) > HF_OWN_VARIABLES_MAX)
        return hf_wrong(err, pointer, "env", "must have at most 32 variables");
    for (const struct hf_json *e = hf_json_first(env); e; e = hf_json_next(e)) {
        if (!is_variable(hf_json_key(e)))
            return hf_wrong(err, at, hf_json_key(e),
                            "no name of a variable: letters, digits and _, at most 64");
        if (!is_text(hf_json_as_string(e), HF_OWN_TEXT_MAX))
            return hf_wrong(err, at, hf_json_key(e),
                            "must be a string of at most 1024 bytes without control characters");
    }
    return 0;
}

static bool
is_secret_name(const char *name)
{
    size_t len = name ? strlen(name) : 0;

    return len > 0 && len <= SECRET_NAME_MAX && isalnum((unsigned char)name[0]) &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

static int
check_secrets(const struct hf_json *v, const char *pointer, struct hf_error *err)
{
    const struct hf_json *secrets = hf_json_get(v, "secrets");

    if (hf_json_count(secrets) > HF_OWN_SECRETS_MAX)
        return hf_wrong(err, pointer, "secrets", "must have at most 8 names");
    for (const struct hf_json *s = hf_json_first(secrets); s; s = hf_json_next(s))
        if (!is_secret_name(hf_json_as_string(s)))
            return hf_wrong(err, pointer, "secrets",
                            "must have names of files: lower-case letters, digits and . _ -, at "
                            "most 32; the values are set in the configuration");
    return 0;
}

static int
check_dependencies(const struct hf_json *v, const char *pointer, struct hf_error *err)
{
    const struct hf_json *names = hf_json_get(v, "depends_on");

    if (hf_json_count(names) > DEPENDENCIES_MAX)
        return hf_wrong(err, pointer, "depends_on", "must have at most 15 names");
    for (const struct hf_json *n = hf_json_first(names); n; n = hf_json_next(n))
        if (!hf_json_as_string(n))
            return hf_wrong(err, pointer, "depends_on", "must have names of services");
    return 0;
}

int
hf_own_check_program(const struct hf_json *v, const char *pointer, struct hf_error *err)
{
    if (check_command(v, pointer, err) < 0 || check_env(v, pointer, err) < 0 ||
        check_secrets(v, pointer, err) < 0)
        return -1;
    return check_dependencies(v, pointer, err);
}

// SPDX-License-Identifier: Apache-2.0
#include "base/command_line.h"

#include "base/file.h"
#include "base/text.h"

#include <string.h>

enum { INSTANCE_MAX = 32 };

int
hf_command_line_read(int argc, char **argv, const struct option *table,
                     int (*take)(int which, void *context, struct hf_error *err), void *context,
                     struct hf_error *err)
{
    opterr = 0;
    optind = 0; /* anew, also where it was called before */
    for (;;) {
        int at = optind ? optind : 1;
        int which = getopt_long(argc, argv, ":", table, NULL);

        if (which == -1)
            break;
        if (which == ':')
            return hf_error_set(err, HF_ERROR_INVALID, "'%s' needs a value; see --help", argv[at]);
        if (which == '?')
            return hf_error_set(err, HF_ERROR_INVALID, "unknown option '%s'; see --help", argv[at]);
        if (take(which, context, err) < 0)
            return -1;
    }
    if (optind < argc)
        return hf_error_set(err, HF_ERROR_INVALID, "unexpected argument '%s'; see --help",
                            argv[optind]);
    return 0;
}

/* ---- a file ---- */

static const char BLANKS[] = " \t\r";

static int
unknown(const struct option *table, const char *name, struct hf_error *err)
{
    char known[HF_ERROR_MESSAGE_MAX] = "";

    for (size_t used = 0; table->name; table++, used = strlen(known))
        hf_text_put(known + used, sizeof known - used, "%s%s", used ? ", " : "", table->name);
    return hf_error_set(err, HF_ERROR_INVALID, "'%.64s' is no setting here; there are: %s", name,
                        known);
}

/* Cuts the name off at its end, and what is blank at both ends of the value. */
static char *
split(char *name)
{
    char *value = name + strcspn(name, " \t\r=");
    char *end = value + strlen(value);
    bool has_sign;

    while (end > value && strchr(BLANKS, end[-1]))
        *--end = '\0';
    if (!*value)
        return value;
    has_sign = *value == '=';
    *value++ = '\0';
    value += strspn(value, BLANKS);
    if (!has_sign && *value == '=')
        value += 1 + strspn(value + 1, BLANKS);
    return value;
}

static int
read_line(char *line, const struct option *table,
          int (*take)(int which, void *context, struct hf_error *err), void *context,
          struct hf_error *err)
{
    char *name = line + strspn(line, BLANKS), *value;
    const struct option *o = table;

    if (!*name || *name == '#')
        return 0;
    value = split(name);
    while (o->name && strcmp(o->name, name) != 0)
        o++;
    if (!o->name)
        return unknown(table, name, err);
    if (!*value != (o->has_arg == no_argument))
        return hf_error_set(err, HF_ERROR_INVALID,
                            *value ? "'%s' takes no value" : "'%s' needs a value", name);
    optarg = value;
    return take(o->val, context, err);
}

int
hf_command_line_file(const char *path, const struct option *table,
                     int (*take)(int which, void *context, struct hf_error *err), void *context,
                     struct hf_buf *text, struct hf_error *err)
{
    char none[] = "", *line, *end;
    int n = 0;

    if (hf_file_read(path, text, err) < 0)
        return -1;
    line = text->data ? text->data : none;
    if (strlen(line) != text->len)
        return hf_error_set(err, HF_ERROR_INVALID, "'%s' is no text", path);
    for (; line; line = end) {
        end = strchr(line, '\n');
        if (end)
            *end++ = '\0';
        n++;
        if (read_line(line, table, take, context, err) < 0)
            return hf_error_wrap(err, "'%s', line %d", path, n);
    }
    return 0;
}

int
hf_command_line_instance(const char *name, struct hf_error *err)
{
    size_t len = strlen(name);

    if (len >= 1 && len <= INSTANCE_MAX && name[0] != '-' &&
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len)
        return 0;
    return hf_error_set(err, HF_ERROR_INVALID,
                        "--instance '%s': 1 to 32 lower-case letters, digits and dashes", name);
}

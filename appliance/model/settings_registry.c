// SPDX-License-Identifier: Apache-2.0
/* Where releases come from. */
#include "base/text.h"
#include "model/settings_parts.h"

#include <string.h>

enum { PORT_MOST = 65535 };

static const char AT[] = "/registry";

/* Docker takes the first part of a name for a host only where it has a dot or a port, or is
 * localhost. */
static bool
is_host(const char *text)
{
    size_t name = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-");
    uint64_t port = 0;

    if (strlen(text) >= HF_REGISTRY_SIZE || !name || strchr(".-", text[0]) ||
        strchr(".-", text[name - 1]))
        return false;
    if (!text[name])
        return memchr(text, '.', name) || strcmp(text, "localhost") == 0;
    return text[name] == ':' && hf_text_u64(text + name + 1, &port) && port >= 1 &&
           port <= PORT_MOST;
}

int
hf_parse_registry(const struct hf_json *v, struct hf_registry_settings *r, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {{"host", HF_JSON_STRING, false}};
    const char *host;

    if (hf_json_check(v, AT, fields, HF_LEN(fields), err) < 0)
        return -1;
    host = hf_json_string(v, "host");
    if (!host)
        return 0;
    if (*host && !is_host(host))
        return hf_wrong(err, AT, "host",
                        "must be a host name with a dot in it, or a host and its port, such as "
                        "registry.example.com or 10.0.0.5:5000; \"\" for none");
    hf_text_put(r->host, sizeof r->host, "%s", host);
    return 0;
}

struct hf_json *
hf_print_registry(const struct hf_registry_settings *r)
{
    struct hf_json *o = hf_json_object();

    hf_json_put_string(o, "host", r->host);
    return o;
}

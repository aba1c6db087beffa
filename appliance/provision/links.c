// SPDX-License-Identifier: Apache-2.0
/* Which interfaces there are, and whether systemd-networkd has them: by what it leaves in
 * /run/systemd/netif for others to read (its own tools ask it by D-Bus, which is not for
 * everybody).
 */
#include "provision/host.h"

#include "base/file.h"
#include "base/text.h"

#include <dirent.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINK_FILE_MAX = 16384, NUMBER_MAX = 32 };

static const char *const wired[] = {"en*", "eth*"};
static const char NETIF[] = "run/systemd/netif";

static bool
is_wired(const char *name)
{
    for (size_t i = 0; i < HF_LEN(wired); i++)
        if (fnmatch(wired[i], name, 0) == 0)
            return true;
    return false;
}

static bool
is_managed(const char *root, const char *name)
{
    HF_AUTO_BUF struct hf_buf number = HF_BUF_INIT(NUMBER_MAX), text = HF_BUF_INIT(LINK_FILE_MAX);
    char path[PATH_MAX];
    const char *state;

    if (!hf_text_put(path, sizeof path, "%s/sys/class/net/%s/ifindex", root, name) ||
        hf_file_read(path, &number, NULL) < 0 || !number.data)
        return false;
    number.data[strcspn(number.data, "\n")] = '\0';
    if (!hf_text_put(path, sizeof path, "%s/%s/links/%s", root, NETIF, number.data) ||
        hf_file_read(path, &text, NULL) < 0 || !text.data)
        return false;
    state = strstr(text.data, "ADMIN_STATE=");
    return state && strncmp(state, "ADMIN_STATE=unmanaged", 21) != 0;
}

size_t
hf_host_links(const char *root, struct hf_host_link *ret_links, size_t max)
{
    char path[PATH_MAX];
    const struct dirent *e;
    size_t count = 0;
    DIR *d;

    if (!hf_text_put(path, sizeof path, "%s/sys/class/net", root))
        return 0;
    d = opendir(path);
    while (d && count < max && (e = readdir(d))) { // NOLINT(concurrency-mt-unsafe): our own stream
        struct hf_host_link *l = &ret_links[count];

        if (!is_wired(e->d_name) || !hf_text_put(l->name, sizeof l->name, "%s", e->d_name))
            continue;
        l->managed = is_managed(root, l->name);
        count++;
    }
    if (d)
        closedir(d);
    return count;
}

static int
check_one(const struct hf_host_link *links, size_t count, const char *name, size_t i,
          struct hf_error *err)
{
    char at[64];

    hf_text_put(at, sizeof at, "/network/interfaces/%zu/name", i);
    for (size_t k = 0; k < count; k++) {
        if (name ? strcmp(links[k].name, name) != 0 : !links[k].managed)
            continue;
        if (links[k].managed)
            return 0;
        return hf_error_set_at(err, HF_ERROR_CONFLICT, at,
                               "%s: '%s' is managed elsewhere on this host, not by "
                               "systemd-networkd: change it there",
                               at, name);
    }
    if (name)
        return hf_error_set_at(err, HF_ERROR_CONFLICT, at, "%s: there is no interface '%s'", at,
                               name);
    return hf_error_set_at(err, HF_ERROR_CONFLICT, at,
                           "%s: the network of this host is managed elsewhere, not by "
                           "systemd-networkd: change it there",
                           at);
}

int
hf_host_check_links(const struct hf_json *network, const struct hf_host_link *links, size_t count,
                    struct hf_error *err)
{
    size_t i = 0;

    for (const struct hf_json *v = hf_json_first(hf_json_get(network, "interfaces")); v;
         v = hf_json_next(v), i++)
        if (check_one(links, count, hf_json_string(v, "name"), i, err) < 0)
            return -1;
    return 0;
}

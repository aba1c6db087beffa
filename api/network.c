// SPDX-License-Identifier: Apache-2.0
/* The network and the time of the host: as they are, another one on trial, and the word of somebody
 * who has reached the gateway by it. */
#include "api/handlers.h"

#include "api/server.h"
#include "api/tls.h"
#include "base/log.h"
#include "base/text.h"
#include "provision/ask.h"
#include "provision/host.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>
#include <time.h>

static struct hf_host_hand
hand_of(const struct hf_exchange *x)
{
    return (struct hf_host_hand){.run = x->api->config->run_dir,
                                 .out = x->api->config->network_dir};
}

/* ---- as it is ---- */

static void
put_addresses(struct hf_json *o, const struct ifaddrs *all, const char *name)
{
    struct hf_json *list = hf_json_array();
    char text[INET6_ADDRSTRLEN];

    for (const struct ifaddrs *a = all; a; a = a->ifa_next) {
        const void *address;

        if (!a->ifa_addr || strcmp(a->ifa_name, name) != 0)
            continue;
        if (a->ifa_addr->sa_family == AF_INET)
            address = &((const struct sockaddr_in *)(const void *)a->ifa_addr)->sin_addr;
        else if (a->ifa_addr->sa_family == AF_INET6)
            address = &((const struct sockaddr_in6 *)(const void *)a->ifa_addr)->sin6_addr;
        else
            continue;
        if (inet_ntop(a->ifa_addr->sa_family, address, text, sizeof text))
            hf_json_add_string(list, text);
    }
    hf_json_put(o, "addresses", list);
}

/* Returns whether one of them is networkd's. */
static bool
put_links(struct hf_json *o)
{
    struct hf_host_link links[HF_HOST_LINKS_MAX];
    size_t count = hf_host_links("", links, HF_HOST_LINKS_MAX);
    struct hf_json *list = hf_json_array();
    struct ifaddrs *all = NULL;
    bool managed = false;

    if (getifaddrs(&all) < 0)
        all = NULL;
    for (size_t i = 0; i < count; i++) {
        struct hf_json *link = hf_json_object();

        hf_json_put_string(link, "name", links[i].name);
        hf_json_put_bool(link, "managed", links[i].managed);
        put_addresses(link, all, links[i].name);
        hf_json_add(list, link);
        managed |= links[i].managed;
    }
    freeifaddrs(all);
    hf_json_put(o, "links", list);
    return managed;
}

static bool
is_on_trial(const struct hf_json *told)
{
    return hf_json_string(told, "trial") != NULL;
}

static void
put_trial(struct hf_json *o, const struct hf_json *told)
{
    struct hf_json *trial, *at;
    struct timespec now;
    int64_t left_s;

    if (!is_on_trial(told)) {
        hf_json_put_null(o, "trial");
        return;
    }
    clock_gettime(CLOCK_BOOTTIME, &now);
    left_s = hf_json_int(told, "until_s", 0) - (int64_t)now.tv_sec;
    trial = hf_json_object();
    at = hf_json_array();
    for (const struct hf_json *i =
             hf_json_first(hf_json_get(hf_json_get(told, "network"), "interfaces"));
         i; i = hf_json_next(i)) {
        const char *address = hf_json_string(i, "address");
        char text[INET6_ADDRSTRLEN];

        if (address && hf_text_put(text, sizeof text, "%.*s", (int)strcspn(address, "/"), address))
            hf_json_add_string(at, text);
    }
    hf_json_put_string(trial, "id", hf_json_string(told, "trial"));
    hf_json_put_int(trial, "seconds_left", left_s > 0 ? left_s : 0);
    hf_json_put(trial, "addresses", at);
    hf_json_put(o, "trial", trial);
}

static void
put_or_null(struct hf_json *o, const char *member, const struct hf_json *value)
{
    if (value)
        hf_json_put(o, member, hf_json_copy(value));
    else
        hf_json_put_null(o, member);
}

static struct hf_json *
encode(const struct hf_exchange *x, const struct hf_json *told)
{
    struct hf_json *o = hf_json_object();
    const char *last = hf_json_string(told, "last");
    bool managed = put_links(o) && told;

    hf_json_put_bool(o, "managed", managed);
    hf_json_put_string(o, "why",
                       managed ? NULL
                       : !x->api->config->network_dir || !told
                           ? "holdfast-network does not run on this host: its network is managed "
                             "elsewhere"
                           : "systemd-networkd has no wired interface of this host: its network "
                             "is managed elsewhere");
    put_or_null(o, "network", hf_json_get(told, "network"));
    put_or_null(o, "time", hf_json_get(told, "time"));
    put_trial(o, told);
    if (last && *last) {
        struct hf_json *ended = hf_json_object();

        hf_json_put_string(ended, "id", last);
        hf_json_put_bool(ended, "kept", hf_json_bool(told, "kept", false));
        hf_json_put(o, "last", ended);
    } else {
        hf_json_put_null(o, "last");
    }
    return o;
}

int
hf_handle_network(struct hf_exchange *x, struct hf_error *err)
{
    const struct hf_host_hand hand = hand_of(x);
    HF_AUTO(hf_json) struct hf_json *told = hf_host_told(&hand);

    return hf_reply_json(x, 200, encode(x, told), err);
}

/* ---- another one ---- */

static void
audit(const struct hf_exchange *x, const char *what)
{
    struct hf_error late;

    if (hf_core_audit(x->api->config->core, x->session.user, what, &late) < 0)
        hf_log_error("event=audit-not-kept error=\"%s\"", late.message);
}

static int
read_change(struct hf_exchange *x, struct hf_json **ret_doc, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"network", HF_JSON_OBJECT, false},
        {"time", HF_JSON_OBJECT, false},
    };
    const struct hf_json *network, *time;

    if (hf_exchange_json(x, fields, HF_LEN(fields), ret_doc, err) < 0)
        return -1;
    network = hf_json_get(*ret_doc, "network");
    time = hf_json_get(*ret_doc, "time");
    if (!network && !time)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/network",
                               "/network: is missing, and so is /time");
    if ((network && hf_host_check_network(network, err) < 0) ||
        (time && hf_host_check_time(time, err) < 0))
        return -1;
    return 0;
}

int
hf_handle_network_change(struct hf_exchange *x, struct hf_error *err)
{
    const struct hf_host_hand hand = hand_of(x);
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    HF_AUTO(hf_json) struct hf_json *told = NULL;

    if (read_change(x, &doc, err) < 0)
        return -1;
    hf_json_put_string(doc, "do", "change");
    if (hf_host_ask(&hand, doc, &told, err) < 0)
        return -1;
    audit(x, is_on_trial(told) ? "put another network of the host on trial"
                               : "set network or time of the host");
    return hf_reply_json(x, is_on_trial(told) ? 202 : 200, encode(x, told), err);
}

/* ---- somebody has reached it ---- */

static int
check_way(const struct hf_json *told, const char *trial, struct hf_error *err)
{
    const char *now = hf_json_string(told, "trial");
    char local[HF_TLS_ADDRESS_SIZE];

    if (!now || strcmp(now, trial) != 0)
        return hf_error_set(err, HF_ERROR_CONFLICT, "no such change is on trial any more");
    hf_tls_local_address(local);
    if (hf_host_confirms(hf_json_get(told, "network"), hf_json_get(told, "was"), local))
        return 0;
    return hf_error_set(err, HF_ERROR_CONFLICT,
                        "this was asked at %s, which shows nothing: confirm it at the new address",
                        *local ? local : "no address");
}

int
hf_handle_network_confirm(struct hf_exchange *x, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {{"id", HF_JSON_STRING, true}};
    const struct hf_host_hand hand = hand_of(x);
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    HF_AUTO(hf_json) struct hf_json *request = hf_json_object();
    HF_AUTO(hf_json) struct hf_json *before = NULL;
    HF_AUTO(hf_json) struct hf_json *told = NULL;
    const char *id;

    if (hf_exchange_json(x, fields, HF_LEN(fields), &doc, err) < 0)
        return -1;
    id = hf_json_string(doc, "id");
    before = hf_host_told(&hand);
    if (check_way(before, id, err) < 0)
        return -1;
    hf_json_put_string(request, "do", "confirm");
    hf_json_put_string(request, "trial", id);
    if (hf_host_ask(&hand, request, &told, err) < 0)
        return -1;
    audit(x, "confirmed the network of the host");
    return hf_reply_json(x, 200, encode(x, told), err);
}

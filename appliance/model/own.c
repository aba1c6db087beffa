// SPDX-License-Identifier: Apache-2.0
#include "model/own.h"

#include "base/text.h"
#include "model/limits.h"
#include "model/own_parts.h"
#include "model/release.h"
#include "model/settings_parts.h"

#include <ctype.h>
#include <string.h>

enum { TITLE_MAX = 40, UID_MOST = 65533, FIRST_BUILT_IN_UID = 10001, LAST_BUILT_IN_UID = 10004 };

/* ---- names ---- */

bool
hf_own_is_label(const char *text, size_t max)
{
    size_t len = strlen(text);

    if (len == 0 || len > max || !islower((unsigned char)text[0]) || text[len - 1] == '-')
        return false;
    return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

bool
hf_own_is_name(const char *name, const char **ret_why)
{
    static const char *const taken[] = {"holdfastd", "field", "bus", "lease", "egress"};
    static const char second[] = "-status"; /* of the second account that each has on the broker */
    size_t len = strlen(name);

    *ret_why = NULL;
    if (!hf_own_is_label(name, HF_OWN_NAME_MAX))
        *ret_why = "a service's name has 1 to 32 lower-case letters, digits and dashes and begins "
                   "with a letter";
    else if (hf_service_index(name) >= 0)
        *ret_why = "that is a built-in service";
    else if (len > sizeof second - 1 && strcmp(name + len - (sizeof second - 1), second) == 0)
        *ret_why = "no name ends with -status: the broker has accounts of such names";
    for (size_t i = 0; !*ret_why && i < HF_LEN(taken); i++)
        if (strcmp(name, taken[i]) == 0)
            *ret_why = "the gateway itself has that name";
    return !*ret_why;
}

bool
hf_own_lists(const struct hf_json *array, const char *name)
{
    for (const struct hf_json *v = hf_json_first(array); v; v = hf_json_next(v)) {
        const char *text = hf_json_as_string(v);

        if (text && strcmp(text, name) == 0)
            return true;
    }
    return false;
}

/* ---- the whole ---- */

static int
check_user(const struct hf_json *v, const char *pointer, struct hf_error *err)
{
    int64_t uid = hf_json_int(v, "user", -1);

    if (uid == 0 && !hf_json_bool(hf_json_get(v, "relaxations"), "root", false))
        return hf_wrong(err, pointer, "user",
                        "no service runs as root, but where relaxations says \"root\": true");
    if (uid >= FIRST_BUILT_IN_UID && uid <= LAST_BUILT_IN_UID)
        return hf_wrong(err, pointer, "user", "that is the user of a built-in service");
    return uid == 0 ? 0 : hf_check_range(v, "user", 1, UID_MOST, pointer, err);
}

/* What leans on something that is not there. */
static int
check_together(const struct hf_json *v, const char *pointer, struct hf_error *err)
{
    const struct hf_json *networks = hf_json_get(v, "networks");
    enum hf_own_health health = hf_own_health_kind(v);
    bool bus = hf_own_lists(networks, "bus");

    if (hf_json_get(v, "bus") && !bus)
        return hf_wrong(err, pointer, "bus", "needs the network 'bus' among networks");
    if (health == HF_OWN_HEALTH_BUS && !hf_json_get(v, "bus"))
        return hf_wrong(err, pointer, "health/bus", "needs an account: the member 'bus'");
    if ((health == HF_OWN_HEALTH_TCP || health == HF_OWN_HEALTH_HTTP) && !hf_json_first(networks))
        return hf_wrong(err, pointer, "health", "needs a network to be asked on");
    if (hf_json_first(hf_json_get(v, "ports")) && !hf_own_lists(networks, "field") &&
        !hf_own_lists(networks, "egress"))
        return hf_wrong(err, pointer, "ports",
                        "needs the network 'field' or 'egress': the others are internal, and a "
                        "container on those alone publishes nothing");
    return 0;
}

int
hf_own_check(const struct hf_json *v, const char *pointer, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"repository", HF_JSON_STRING, true},   {"tag", HF_JSON_STRING, true},
        {"platforms", HF_JSON_OBJECT, true},    {"user", HF_JSON_INT, true},
        {"limits", HF_JSON_OBJECT, true},       {"title", HF_JSON_STRING, false},
        {"command", HF_JSON_ARRAY, false},      {"env", HF_JSON_OBJECT, false},
        {"secrets", HF_JSON_ARRAY, false},      {"volumes", HF_JSON_ARRAY, false},
        {"tmpfs", HF_JSON_ARRAY, false},        {"networks", HF_JSON_ARRAY, false},
        {"ports", HF_JSON_ARRAY, false},        {"bus", HF_JSON_OBJECT, false},
        {"health", HF_JSON_OBJECT, false},      {"depends_on", HF_JSON_ARRAY, false},
        {"stop_timeout_s", HF_JSON_INT, false}, {"relaxations", HF_JSON_OBJECT, false},
    };
    char limits[HF_ERROR_POINTER_MAX];

    hf_text_put(limits, sizeof limits, "%s/limits", pointer);
    if (hf_json_check(v, pointer, fields, HF_LEN(fields), err) < 0 ||
        check_user(v, pointer, err) < 0 ||
        hf_limits_check(hf_json_get(v, "limits"), limits, true, err) < 0 ||
        hf_check_text(v, "title", TITLE_MAX, pointer, err) < 0 ||
        hf_check_range(v, "stop_timeout_s", 1, HF_OWN_STOP_S_MAX, pointer, err) < 0 ||
        hf_own_check_program(v, pointer, err) < 0 || hf_own_check_places(v, pointer, err) < 0 ||
        hf_own_check_network(v, pointer, err) < 0 || hf_own_check_relaxations(v, pointer, err) < 0)
        return -1;
    return check_together(v, pointer, err);
}

enum hf_own_health
hf_own_health_kind(const struct hf_json *own)
{
    const struct hf_json *health = hf_json_get(own, "health");

    if (hf_json_get(health, "bus"))
        return HF_OWN_HEALTH_BUS;
    if (hf_json_get(health, "tcp"))
        return HF_OWN_HEALTH_TCP;
    return hf_json_get(health, "http") ? HF_OWN_HEALTH_HTTP : HF_OWN_HEALTH_NONE;
}

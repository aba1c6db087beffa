// SPDX-License-Identifier: Apache-2.0
/* How a release is applied. */
#include "model/settings_parts.h"

enum {
    GATE_S_DEFAULT = 60,
    GATE_S_LEAST = 1,
    SWITCH_S_DEFAULT = 120, /* more than a service's own 30 s to start, on a slow card */
    SWITCH_S_LEAST = 10,
    SWITCH_S_MOST = 3600,
    BUSY_S_DEFAULT = 600,
    DAY_S = 86400
};

static const int64_t BACKLOG_MOST = 1000000000000;

void
hf_upgrade_settings_init(struct hf_upgrade_settings *u)
{
    *u = (struct hf_upgrade_settings){
        .gate_s = GATE_S_DEFAULT,
        .switch_s = SWITCH_S_DEFAULT,
        .busy_wait_s = BUSY_S_DEFAULT,
        .config_gate_s = GATE_S_DEFAULT,
    };
}

int
hf_parse_upgrade(const struct hf_json *v, struct hf_upgrade_settings *u, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"freeze", HF_JSON_BOOL, false},     {"gate_s", HF_JSON_INT, false},
        {"switch_s", HF_JSON_INT, false},    {"max_backlog", HF_JSON_INT, false},
        {"busy_wait_s", HF_JSON_INT, false}, {"config_gate_s", HF_JSON_INT, false},
        {"windows", HF_JSON_ARRAY, false},
    };
    static const char at[] = "/upgrade";

    if (hf_json_check(v, at, fields, HF_LEN(fields), err) < 0 ||
        hf_check_range(v, "gate_s", GATE_S_LEAST, DAY_S, at, err) < 0 ||
        hf_check_range(v, "switch_s", SWITCH_S_LEAST, SWITCH_S_MOST, at, err) < 0 ||
        hf_check_range(v, "max_backlog", 0, BACKLOG_MOST, at, err) < 0 ||
        hf_check_range(v, "busy_wait_s", 0, DAY_S, at, err) < 0 ||
        hf_check_range(v, "config_gate_s", 0, DAY_S, at, err) < 0 ||
        (hf_json_get(v, "windows") &&
         hf_windows_read(hf_json_get(v, "windows"), "/upgrade/windows", &u->windows, err) < 0))
        return -1;
    u->freeze = hf_json_bool(v, "freeze", u->freeze);
    u->gate_s = hf_json_int(v, "gate_s", u->gate_s);
    u->switch_s = hf_json_int(v, "switch_s", u->switch_s);
    u->max_backlog = hf_json_int(v, "max_backlog", u->max_backlog);
    u->busy_wait_s = hf_json_int(v, "busy_wait_s", u->busy_wait_s);
    u->config_gate_s = hf_json_int(v, "config_gate_s", u->config_gate_s);
    return 0;
}

struct hf_json *
hf_print_upgrade(const struct hf_upgrade_settings *u)
{
    struct hf_json *o = hf_json_object();

    hf_json_put_bool(o, "freeze", u->freeze);
    hf_json_put_int(o, "gate_s", u->gate_s);
    hf_json_put_int(o, "switch_s", u->switch_s);
    hf_json_put_int(o, "max_backlog", u->max_backlog);
    hf_json_put_int(o, "busy_wait_s", u->busy_wait_s);
    hf_json_put_int(o, "config_gate_s", u->config_gate_s);
    hf_json_put(o, "windows", hf_windows_print(&u->windows));
    return o;
}

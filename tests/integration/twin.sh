#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The configuration of a gateway, exported, sets up a second one beside it: what it is then set to, what its containers may
# use, whom it lets in, and what it makes of the same message.
# shellcheck source=../private-gateway.sh disable=SC2119
. "$(dirname "$0")/../private-gateway.sh"

settings='{
    "name": "press-hall-3",
    "buffer": {"window_ms": 250, "max_age_s": 86400},
    "broker": {"anonymous": true, "max_devices": 300},
    "rules": [{"filter": "sensors/+/temp", "select": {"v": "/t"}, "scale": {"field": "/v", "factor": 2, "unit": "K"},
        "topic": "k/{1}", "lane": "bulk"}],
    "limits": {"processor": {"pids": 48, "cpus": 0.75}, "buffer": {"log_bytes": 1572864, "pids": 40}},
    "upgrade": {"gate_s": 33, "config_gate_s": 0}
}'
token=s3cret-of-the-twins

starts() {
    gateway_start
    gateway_claim
    receiver_start
    wait_until 120 all_healthy
}

# config METHOD TYPE FILE: the status.
config() {
    curl -ks --max-time 60 -X "$1" -b "$gw_dir/jar" -o "$work/body" -w '%{http_code}' -H 'If-Match: *' -H "Content-Type: $2" \
        --data-binary "@$3" "$gw_url/api/v1/config"
}

configured() {
    local status
    status=$(config "$@")
    expect "status ($(cat "$work/body"))" "$status" 200
}

# Something of each kind, a secret among it.
is_set_up() {
    jq --arg token "$token" --slurpfile now <(api GET /config) '. + {sinks: [$now[0].sinks[] + {token: $token}]}' \
        <<<"$settings" >"$work/settings.json"
    configured PATCH application/merge-patch+json "$work/settings.json"
}

export_is_taken() {
    wait_until 120 all_healthy
    api GET /config >"$work/export.json"
    expect "the secret" "$(jq -r '.sinks[0].token' "$work/export.json")" '***'
    expect_fail grep -q "$token" "$work/export.json"
}

# What a gateway is, besides its settings: NAME.json.
picture() {
    local service
    {
        api GET /config
        for service in "${services[@]}"; do
            inspect "$service" '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.NanoCpus}} {{.HostConfig.PidsLimit}} {{.HostConfig.LogConfig.Config}}' |
                jq -Rc --arg service "$service" '{service: $service, may: .}'
        done
        api GET /services | jq -c '.services[] | {name, limits}'
        api GET /rules | jq -c '[.. | .filter? // empty]'
        api GET /sinks | jq -c '[.. | .name? // empty]'
        api GET /devices/accounts | jq -c '{anonymous, accounts}'
        publish sensors/7/temp '{"t":21.5}'
        wait_until 60 has_record k/7
        records k/7 | jq -c '{topic, payload}'
    } >"$work/$1.json"
}

names_the_secrets_it_has_not() {
    expect "status" "$(config PUT application/json "$work/export.json")" 422
    expect "pointer" "$(jq -r '.errors[0].pointer' "$work/body")" /sinks/0/token
}

takes_the_export() {
    jq --arg token "$token" '.sinks[0].token = $token' "$work/export.json" >"$work/filled.json"
    configured PUT application/json "$work/filled.json"
    wait_until 120 all_healthy
}

is_the_same() {
    picture second
    diff "$work/first.json" "$work/second.json"
    expect_match "what its containers may" "$(cat "$work/second.json")" '"may":"[0-9]+ [0-9]+ 750000000 48 '
    expect_match "what comes of a message" "$(cat "$work/second.json")" '"topic":"k/7","payload":\{"v":\{"value":43,"unit":"K"'
}

gateway_new -a
check "the first" starts
need
check is_set_up
need
check export_is_taken
check "the first, as it is" picture first
need
gateway_new -b
check "the second" starts
need
check names_the_secrets_it_has_not
check takes_the_export
check is_the_same
finish

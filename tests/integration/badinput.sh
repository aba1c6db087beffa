#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Starts that must be refused: the message names what is wrong and where, nothing is made in the engine, and the
# gateway that was there runs on as it was.
# shellcheck source=../private-gateway.sh disable=SC2119
. "$(dirname "$0")/../private-gateway.sh"

# --- a release that is not exact; each on a state folder that has none yet

# edit_release JQ-FILTER
edit_release() {
    gw_release=$gw_dir/release.json
    jq "$1" "$release" >"$gw_release"
}

release_is_refused() {
    edit_release "$1"
    gateway_refuses "$2"
    expect "releases kept" "$(kept_releases)" 0
}

kept_releases() {
    [ -e "$gw_state/holdfast.db" ] || { echo 0 && return; }
    sqlite3 "$gw_state/holdfast.db" 'SELECT count(*) FROM release'
}

release_text_is_refused() {
    gw_release=$gw_dir/release.json
    { jq -j . "$release" && printf '%s' "$1"; } | head -c "${3:--0}" >"$gw_release"
    gateway_refuses "$2"
    expect "releases kept" "$(kept_releases)" 0
}

release_is_missing() {
    gw_release=$gw_dir/nowhere.json
    gateway_refuses 'nowhere\.json.*No such file'
}

# --- a provision file

# provision_is_refused TEXT MESSAGE
provision_is_refused() {
    printf '%s' "$1" >"$gw_dir/provision/holdfast/provision.json"
    gateway_refuses "$2" --provision "$gw_dir/provision"
    expect "settings kept" "$(sqlite3 "$gw_state/holdfast.db" 'SELECT count(*) FROM settings')" "${3:-0}"
}

half_a_file='{"format": 1, "name": "half", "uplink": {"url": "http://recei'

provision_is_applied_once() {
    local before
    gw_uplink=
    jq -n '{format: 1, name: "press-hall", setup_code: "ABCD-EFGH-JKMN", uplink: {url: "http://receiver:8080/v1/ingest"}}' \
        >"$gw_dir/provision/holdfast/provision.json"
    gateway_start --provision "$gw_dir/provision"
    expect "name" "$(api_get /claim .name)" press-hall
    api_is 201 POST /claim "{\"setup_code\":\"abcdefghjkmn\",\"password\":\"$password\",\"name\":\"renamed\"}"
    expect "uplink" "$(api_get /uplink .url)" http://receiver:8080/v1/ingest
    gateway_end_daemon # which keeps its database to itself
    before=$(sqlite3 "$gw_state/holdfast.db" 'SELECT count(*) FROM settings')
    gateway_start --provision "$gw_dir/provision"
    expect "name that the file does not change a second time" "$(api_get /claim .name)" renamed
    gateway_end_daemon
    expect "revisions" "$(sqlite3 "$gw_state/holdfast.db" 'SELECT count(*) FROM settings')" "$before"
}

# A file that went bad must not end a gateway that was set up: it starts as it was, and says so.
pain_05_bad_files_do_not_end_what_was_set_up() {
    printf '%s' "$half_a_file" >"$gw_dir/provision/holdfast/provision.json"
    echo '{' >"$gw_dir/bad-release.json"
    gateway_start --provision "$gw_dir/provision" --release "$gw_dir/bad-release.json"
    gateway_login
    expect "name" "$(api_get /claim .name)" renamed
    expect "release" "$(api_get /release .name)" "$(jq -r .name "$release")"
    expect_match "log" "$(cat "$gw_dir/log")" 'event=start-degraded.*provision'
    expect_match "log" "$(cat "$gw_dir/log")" 'event=start-degraded.*release'
    gateway_end_daemon
}

# --- places that are taken or away

api_port_is_taken() { gateway_refuses "listen on 127\.0\.0\.1 port $1: another program has this port" --listen "127.0.0.1:$1"; }

first_gateway_is_as_it_was() {
    api_is 200 GET /session
    wait_until 60 all_healthy
}

names_the_taken_field_port() {
    api GET /services/broker | jq -e --arg p "$1" '.health != "healthy" and (.reason | contains($p))' || {
        api GET /services/broker | jq -c '{state, health, reason}'
        return 1
    }
}

field_port_is_taken() {
    gateway_start --field-bind "0.0.0.0:$1"
    gateway_claim
    wait_until 120 names_the_taken_field_port "$1"
    api_get /services/broker '"note: \(.reason)"'
    gateway_end_daemon
}

engine_is_unreachable() {
    api GET /gateway | jq -e --arg why "$1" '.engine | .state == "unreachable" and (.detail | contains($why))' || {
        api GET /gateway | jq -c .engine
        return 1
    }
}

# socket_fault TEXT: the daemon runs, says what is wrong, and goes on by itself once the engine answers.
socket_fault() {
    gateway_start --docker-socket "$gw_dir/docker.sock"
    gateway_claim
    wait_until 30 engine_is_unreachable "$gw_dir/docker.sock"
    wait_until 30 engine_is_unreachable "$1"
    expect_match "health" "$(api_get /health .status)" 'starting|degraded'
    gateway_made_nothing
    ln -sf "$docker_socket" "$gw_dir/docker.sock"
    wait_until 120 all_healthy
}

# A socket file whose owner is gone.
dead_socket() {
    "$node" -e 'require("net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))' \
        "$gw_dir/docker.sock" || true
    [ -S "$gw_dir/docker.sock" ]
    socket_fault "nobody listens"
}

for field in 'floating tag: latest|.services.broker.tag = "latest"|/services/broker/tag: .latest.: this tag moves' \
    'floating tag: none|.services.broker.tag = ""|/services/broker/tag: .*there is no tag' \
    'floating tag: 2|.services.buffer.tag = "2"|/services/buffer/tag: .2.: this tag may move' \
    'floating tag: 2.0|.services.forwarder.tag = "2.0"|/services/forwarder/tag: .2\.0.: this tag may move' \
    'no digest|.services.processor.image \|= sub("@.*"; "")|/services/processor/image: no digest' \
    'digest cut short|.services.processor.image \|= .[:-1]|/services/processor/image: the digest must be' \
    'tag beside the digest|.services.broker.image \|= sub("@"; ":1.0.0@")|/services/broker/image: a tag beside' \
    'unknown field|.services.broker.pull = "always"|/services/broker/pull' \
    'unknown field at the top|.signed = true|/signed' \
    'service missing|del(.services.buffer)|/services/buffer' \
    'other format|.format = 3|/format: this holdfastd reads the formats 1 and 2'; do
    IFS='|' read -r name rest <<<"${field//\\|/$'\x01'}"
    gateway_new
    gw_uplink=
    filter=${rest%|*}
    check "release, $name" release_is_refused "${filter//$'\x01'/|}" "${rest##*|}"
done
gateway_new
gw_uplink=
check "release, bytes after its end" release_text_is_refused ' {}' 'release .*line [0-9]+'
check "release, cut short" release_text_is_refused '' 'release .*line [0-9]+' 200
check "release, 10,000 nested arrays" release_text_is_refused \
    "$(printf '[%.0s' {1..10000})" 'release .*(line [0-9]+|nest|deep)'
check release_is_missing
check "provision, half-written" provision_is_refused "$half_a_file" 'provision.*line 1.*written only in part'
check "provision, unknown field" provision_is_refused '{"format":1,"nmae":"x"}' 'provision.*/nmae'
check "provision, empty" provision_is_refused '' 'provision.*empty'
check "provision, bad address" provision_is_refused '{"format":1,"name":"x","uplink":{"url":"ftp://x"}}' 'provision.*/uplink/url'
gateway_new p
check provision_is_applied_once
check pain_05_bad_files_do_not_end_what_was_set_up

gateway_new a
check "a gateway to begin with" gateway_start
check "it is claimed" gateway_claim
check "it is healthy" wait_until 120 all_healthy
first=("$gw" "$gw_dir" "$gw_port" "$gw_field" "$gw_url")
gateway_new b
check "API port in use" api_port_is_taken "${first[2]}"
gateway_new c
check "field port in use" field_port_is_taken "${first[3]}"
gw=${first[0]} gw_dir=${first[1]} gw_port=${first[2]} gw_field=${first[3]} gw_url=${first[4]}
check first_gateway_is_as_it_was
check "the first gateway ends" gateway_end_daemon
gateway_remove "$gw"

gateway_new d
check "Docker's socket is absent" socket_fault "is not there"
gateway_remove "$gw"
gateway_new e
check "Docker's socket is dead" dead_socket
finish

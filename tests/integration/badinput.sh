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
    { jq -j . "$release" && printf '%s' "$1"; } >"$gw_release.whole"
    head -c "${3:--0}" "$gw_release.whole" >"$gw_release"
    gateway_refuses "$2"
    expect "releases kept" "$(kept_releases)" 0
}

release_is_missing() {
    gw_release=$gw_dir/nowhere.json
    gateway_refuses 'nowhere\.json.*No such file'
}

# --- signatures: made by minisign itself

# sign KEY [OPTION...]: the release at hand.
sign() {
    local key=$1
    shift
    minisign -S -s "$gw_dir/$key.key" -m "$gw_release" -x "$gw_release.minisig" "$@"
}

# A gateway that takes what ours and theirs sign; other is somebody else's.
gateway_with_keys() {
    local key
    gateway_new s
    gw_uplink=
    for key in ours theirs other; do
        minisign -G -W -s "$gw_dir/$key.key" -p "$gw_dir/$key.pub" >/dev/null
    done
    jq -n --arg ours "$(sed -n 2p "$gw_dir/ours.pub")" --arg theirs "$(sed -n 2p "$gw_dir/theirs.pub")" \
        '{format: 1, release_keys: [$ours, $theirs]}' >"$gw_dir/provision/holdfast/provision.json"
}

# minisign writes no leading zeros.
key_id() { printf '%016X\n' "0x$(sed -nE '1s/.* ([0-9A-F]{1,16})$/\1/p' "$gw_dir/$1.pub")"; }

# release_is_not_taken REGEX [COUNTER]: the gateway is up, says why, and has the release of that counter or none.
release_is_not_taken() {
    : >"$gw_dir/log"
    gateway_start --provision "$gw_dir/provision"
    if grep -q '^setup_code=' "$gw_dir/out"; then
        gateway_claim
    else
        gateway_login
    fi
    expect_match "log" "$(cat "$gw_dir/log")" "event=start-degraded.*$1"
    if [ -n "${2:-}" ]; then
        expect "counter" "$(api_get /release .counter)" "$2"
    else
        api_is 404 GET /release
    fi
    gateway_end_daemon
}

unsigned_is_not_taken() {
    edit_release .
    release_is_not_taken 'it is not signed'
}

unknown_key_is_named() {
    edit_release .
    sign other
    release_is_not_taken "signed by key $(key_id other), which is none of the keys"
}

changed_after_signing() {
    edit_release .
    sign ours
    sed -i 's/"counter": *\([0-9]\)/"counter": 9\1/' "$gw_release"
    release_is_not_taken "by key $(key_id ours) is not of this file"
}

comment_changed_after_signing() {
    edit_release .
    sign ours -t 'version 1'
    sed -i 's/version 1/version 2/' "$gw_release.minisig"
    release_is_not_taken 'trusted comment was changed'
}

legacy_signature() {
    edit_release .
    sign ours -l
    release_is_not_taken 'legacy form'
}

any_key_is_enough() {
    edit_release '.counter += 1'
    sign theirs
    gateway_start --provision "$gw_dir/provision"
    gateway_login
    expect "counter" "$(api_get /release .counter)" "$(jq .counter "$gw_release")"
    gateway_end_daemon
    # Kept in canonical form, which is what ./dev release writes.
    expect "stored" "$(sqlite3 "$gw_state/holdfast.db" 'SELECT json FROM release')" "$(jq -cSj . "$gw_release")"
}

older_than_the_floor() {
    edit_release .
    sign ours
    release_is_not_taken 'goes back to an older one only where that is asked for' "$(jq '.counter + 1' "$release")"
}

# Without the keys nobody knows whether it is signed.
unreadable_settings_let_nothing_in() {
    sqlite3 "$gw_state/holdfast.db" "UPDATE settings SET json = '{\"nmae\": 1}'"
    edit_release '.counter += 2'
    : >"$gw_dir/log"
    gateway_start
    expect_match "log" "$(cat "$gw_dir/log")" 'event=start-degraded.*not looked at'
    gateway_login
    expect "counter" "$(api_get /release .counter)" "$(jq '.counter + 1' "$release")"
    gateway_end_daemon
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

for field in 'floating tag: latest|.services.broker.tag = "latest"|line [1-9][0-9]+: /services/broker/tag: .latest.: this tag moves' \
    'floating tag: none|.services.broker.tag = ""|/services/broker/tag: .*there is no tag' \
    'floating tag: 2|.services.buffer.tag = "2"|/services/buffer/tag: .2.: this tag may move' \
    'floating tag: 2.0|.services.forwarder.tag = "2.0"|/services/forwarder/tag: .2\.0.: this tag may move' \
    'no digest|del(.services.processor.platforms[].config)|/services/processor/platforms/[a-z0-9]+/config: is missing' \
    'digest cut short|.services.processor.platforms[].manifest \|= .[:-1]|/services/processor/platforms/[a-z0-9]+/manifest: must be' \
    'tag in the repository|.services.broker.repository += ":1.0.0"|/services/broker/repository: only the path' \
    'registry in the repository|.services.broker.repository \|= "r.example/" + .|/services/broker/repository: begins with the host' \
    'not for this platform|del(.services.buffer.platforms[])|/services/buffer/platforms/[a-z0-9]+: is missing' \
    'unknown field|.services.broker.pull = "always"|/services/broker/pull' \
    'unknown field at the top|.signed = true|/signed' \
    'service missing|del(.services.buffer)|/services/buffer' \
    'counter missing|del(.counter)|/counter: is missing' \
    'for a newer holdfastd|.min_holdfastd = "99.0.0"|needs holdfastd 99\.0\.0 or newer' \
    'for newer settings|.settings_schema = 99|needs settings of schema 99' \
    'other format|.format = 3|/format: must be 1'; do
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
gateway_with_keys
check unsigned_is_not_taken
check unknown_key_is_named
check changed_after_signing
check comment_changed_after_signing
check legacy_signature
check any_key_is_enough
check older_than_the_floor
check unreadable_settings_let_nothing_in
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

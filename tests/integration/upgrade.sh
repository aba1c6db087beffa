#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Upgrades on real Docker and a real registry while devices publish: a good one, kills in every state, a full disk, an
# engine that is killed, and random faults; bad releases of many kinds go on beside it on a gateway of their own
# (upgrade-bad.sh). Each ends with the new release in all services or the one before in all of them, and every message
# that was acknowledged arrives.
# shellcheck source=../private-gateway.sh disable=SC2119
. "$(dirname "$0")/../private-gateway.sh"
gateway_new
# shellcheck source=../upgrade/variants.sh
. "$(dirname "$0")/../upgrade/variants.sh"
# shellcheck source=../fault/numbered.sh
. "$(dirname "$0")/../fault/numbered.sh"
# shellcheck source=../upgrade/random.sh
. "$(dirname "$0")/../upgrade/random.sh"

seed=${HF_SEED:-20}
RANDOM=$((seed % 32768))

before_end() {
    [ -z "${publisher:-}" ] || kill -KILL "$publisher" 2>/dev/null
    [ -z "${beside:-}" ] || { kill -TERM "$beside" && wait "$beside"; } 2>/dev/null
    ! mountpoint -q "$(docker_tmp)" || umount "$(docker_tmp)"
}
after_end() { variants_remove; }

starts() {
    gateway_start
    gateway_claim
    receiver_start
    variants 'good-broker broker' 'good-buffer buffer' 'good-processor processor' 'good-forwarder forwarder' \
        'ends processor exit' 'big processor big 12'
    wait_until 120 all_healthy
    config '{"upgrade":{"gate_s":2,"switch_s":60}}'
}

# --- a good one

# Every service is another image.
good_one_is_committed() {
    release_of good broker=good-broker buffer=good-buffer processor=good-processor forwarder=good-forwarder
    begin good
    ends committed good
    note "away: $(api GET /releases | jq -r '.history[0].gaps | map("\(.service) \(.gap_ms) ms") | join(", ")')"
    expect "services measured" "$(api_get /releases '.history[0].gaps | length')" 4
    expect "operation" "$(api_get "/operations/$(cat "$work/operation")" .state)" succeeded
    wait_until 30 has_canary
    config '{"upgrade":{"gate_s":1}}'
}
has_canary() { records holdfast/canary | jq -e --arg o "$(cat "$work/operation")" 'select(.payload.upgrade == $o)'; }

# The images of the release before are here: no registry is needed, and none is asked.
pain_20_back_by_a_person_needs_no_network() {
    gateway_prove
    api_is 202 POST /releases/rollback
    jq -r .id "$work/body" >"$work/operation"
    ends committed "$(jq -r .name "$release")"
    expect "fetched" "$(grep -c 'event=fetch ' "$gw_dir/log")" "$(cat "$work/fetched")"
}
count_fetched() { grep -c 'event=fetch ' "$gw_dir/log" >"$work/fetched"; }

# --- other settings

# settings_are_back REVISION: what came after it was taken back.
settings_are_back() {
    api GET /config/revisions | jq -e --argjson good "$1" '.trial == null and .current > $good + 1 and .revisions[0].author == "holdfastd"'
}

# With so few threads the buffer cannot start.
settings_that_do_harm_go_back() {
    local good
    good=$(api_get /config/revisions .current)
    config '{"limits":{"buffer":{"pids":4,"log_bytes":1572864}}}'
    wait_until 90 settings_are_back "$good"
    expect "limits that are set" "$(api_get /config '.limits | @json')" '{}'
    expect_match "incident" "$(api_get '/incidents?kind=upgrade&limit=1' '.incidents[0].found')" "of the configuration: 'buffer'"
    wait_until 60 all_as_released
}

# --- no room

docker_tmp() { echo "$(docker info --format '{{.DockerRootDir}}')/tmp"; }

# The engine keeps what comes in its tmp until it is whole: here the disk ends at a percentage of the image.
pain_11_a_disk_that_is_full_at_any_percent_touches_nothing() {
    local percent bytes tmp
    [ "${HF_ENGINE_OURS:-0}" = 1 ] || {
        note "dockerd is not one that ./dev started: left out"
        return 0
    }
    tmp=$(docker_tmp)
    release_of big processor=big
    bytes=$(jq '.platforms[].layers | map(.size) | max' "$work/pin.big")
    for percent in 2 50 97; do
        mount -t tmpfs -o "size=$((bytes * percent / 100))" tmpfs "$tmp"
        goes_back big 'no space left|is full'
        expect "left in the engine's folder" "$(find "$tmp" -mindepth 1)" ""
        umount "$tmp"
    done
    begin big
    ends committed big
}

# --- kills

# The states that the contract names, so that a new one cannot be forgotten; idle is none, and installing is of a release that
# brings holdfastd (update.sh).
states() { sed -n '/^    UpgradeState:/,/enum:/s/.*enum: \[\(.*\)\]/\1/p' "$hf_root/api/openapi.yaml" | tr -d ' ' | tr , '\n' | grep -vE '^(idle|installing)$'; }

said_state() { grep -q "event=upgrade state=$2 " < <(tail -n "+$1" "$gw_dir/log"); }

# killed_in NAME STATE...: holdfastd is killed as soon as it says each of them, and starts again.
killed_in() {
    local line state name=$1
    shift
    line=$(($(wc -l <"$gw_dir/log") + 1))
    begin "$name"
    for state in "$@"; do
        wait_until 120 said_state "$line" "$state"
        kill_holdfastd
    done
    note "killed in: $*"
}

other_good() { [ "$(api_get /release .name)" = good-two ] && echo good-one || echo good-two; }

# Every other state of a good one, then the states between, then those of the way back.
pain_15_killed_in_every_state_it_ends_as_it_should() {
    local good runs forth back half i
    mapfile -t forth < <(states | grep -v '^roll')
    mapfile -t back < <(states | grep '^roll')
    for i in 0 1; do
        good=$(other_good)
        mapfile -t half < <(printf '%s\n' "${forth[@]}" | awk -v rest="$i" 'NR % 2 != rest')
        killed_in "$good" "${half[@]}"
        ends committed "$good"
    done
    runs=$(api_get /release .name)
    killed_in bad "${back[@]}"
    ends rolled_back "$runs"
}

# Containers run on by live-restore; what holdfastd cannot see proves nothing against the new release.
pain_19_without_an_engine_nothing_is_concluded() {
    local line good pid
    [ "${HF_ENGINE_OURS:-0}" = 1 ] || {
        note "dockerd is not one that ./dev started: left out"
        return 0
    }
    for both in no yes; do
        line=$(($(wc -l <"$gw_dir/log") + 1))
        good=$(other_good)
        pid=$(cat "$HF_ENGINE_PID_FILE")
        begin "$good"
        wait_until 120 said_state "$line" switching
        "$HF_ENGINE" kill
        [ "$both" = no ] || gateway_end_daemon KILL
        wait_until 30 is_gone "$pid"
        "$HF_ENGINE" start
        wait_until 120 docker version
        [ "$both" = no ] || { gateway_start && gateway_login; }
        ends committed "$good"
    done
}

# The file that holdfastd was started with is older than what was applied since.
pain_19_a_restart_keeps_what_was_applied() {
    local runs
    runs=$(api_get /release .name)
    gateway_end_daemon TERM
    gateway_start
    gateway_login
    expect "what runs" "$(api_get /release .name)" "$runs"
    wait_until 60 all_as_released
}

check starts
need
check count_volumes
publisher_start all 1000000 100 --journal "$work/all.journal"
disown "$publisher"
"$(dirname "$0")/upgrade-bad.sh" >"$work/beside.log" 2>&1 &
beside=$!
check good_one_is_committed
check count_fetched
check pain_20_back_by_a_person_needs_no_network
check random_releases
check pain_15_killed_in_every_state_it_ends_as_it_should
wait "$beside" || beside_rc=$?
beside=
cat "$work/beside.log"
check bad_ones_beside_it test "${beside_rc:-0}" -eq 0
check pain_11_a_disk_that_is_full_at_any_percent_touches_nothing
check settings_that_do_harm_go_back
check pain_19_without_an_engine_nothing_is_concluded
check pain_19_a_restart_keeps_what_was_applied
check pain_15_random_ones_end_in_one_of_two_states random_upgrades 5
check every_message_has_arrived every_message_has_arrived all
check nothing_is_left_behind
finish

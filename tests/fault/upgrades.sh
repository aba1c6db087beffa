#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Upgrades back and forth with random faults; each ends in one of two states, and in the end nothing is left behind.
# usage: tests/fault/upgrades.sh          HF_UPGRADES says how many, HF_SEED makes it another run
# shellcheck source=../private-gateway.sh disable=SC2119
. "$(dirname "$0")/../private-gateway.sh"
gateway_new
# shellcheck source=../upgrade/variants.sh
. "$(dirname "$0")/../upgrade/variants.sh"

count=${HF_UPGRADES:-5}
seed=${HF_SEED:-20}
RANDOM=$((seed % 32768))
names=(one two both bad)
faults=(none none holdfastd holdfastd-twice processor forwarder give-up)

upgrades_end() {
    local rc=$?
    trap - EXIT
    for gw in "${gw_all[@]}"; do
        gateway_remove "$gw"
    done
    variants_remove
    (exit "$rc")
    harness_end
}
trap upgrades_end EXIT

starts() {
    note "seed $seed, $count upgrades"
    gateway_start
    gateway_claim
    receiver_start
    wait_until 120 all_healthy
    config '{"upgrade":{"gate_s":2,"switch_s":15}}'
    variant one forwarder
    variant two processor
    variant bad processor exit
    release_of one forwarder=one
    release_of two processor=two
    release_of both forwarder=one processor=two
    release_of bad processor=bad
}

# --- faults, a while after the beginning

pause() { sleep "$((RANDOM % 6)).$((RANDOM % 10))"; }

kill_holdfastd() {
    gateway_end_daemon KILL
    gateway_start
    gateway_login
}

kill_once() {
    local pid
    pid=$(host_pid "$1")
    [ "${pid:-0}" -le 1 ] || kill -KILL "$pid"
}

fault() {
    case $1 in
    holdfastd) kill_holdfastd ;;
    holdfastd-twice)
        kill_holdfastd
        pause
        kill_holdfastd
        ;;
    processor | forwarder) kill_once "$1" || true ;; # it may be away just now
    give-up) api POST /releases/rollback ;;          # a conflict where it has ended
    esac
}

# --- one upgrade

# Another one than what runs.
pick() {
    local name
    while :; do
        name=${names[RANDOM % ${#names[@]}]}
        [ "$name" = "$1" ] || break
    done
    echo "$name"
}

rests() { api GET /releases/upgrade | jq -e '.finished != null'; }

one_upgrade() {
    local from to what
    from=$(api_get /release .name)
    to=$(pick "$from")
    what=${faults[RANDOM % ${#faults[@]}]}
    echo "$from to $to, $what"
    begin "$to"
    pause
    fault "$what"
    wait_until 180 rests
    case $(api_get /releases/upgrade .state) in
    committed) [ "$to" != bad ] ;;
    rolled_back) [ "$to" = bad ] || [ "$what" != none ] ;;
    esac
    wait_until 120 all_as_released
    echo "$(api_get /releases/upgrade .state) $to $what" >>"$work/ends"
}

# The script's own shell goes on with RANDOM; a check's ends with it.
some_upgrades() {
    local i
    for ((i = 1; i <= count; i++)); do
        one_upgrade || {
            echo "upgrade $i of seed $seed"
            return 1
        }
        [ "$i" -ne 2 ] || what_is_there >"$work/before"
    done
    note "$(sort "$work/ends" | awk '{ print $1 }' | uniq -c | awk '{ printf "%s%s %s", (NR > 1 ? ", " : ""), $1, $2 }')"
}

what_is_there() {
    docker ps -aq --filter "name=^$gw-" | wc -l
    docker volume ls -q --filter "name=^$gw-" | wc -l
    docker network ls -q --filter "name=^$gw-" | wc -l
}

nothing_is_left_behind() {
    local kept
    expect "containers, volumes, networks" "$(what_is_there | xargs)" "$(xargs <"$work/before")"
    kept=$(for id in running previous; do
        api GET "/releases/$(api_get /releases ".$id.id")" | jq -r '.release.services[].image_id'
    done | sort -u)
    wait_until 30 none_but "$kept"
    note "holdfastd: $(find "/proc/$(gw_pid)/fd" -type l | wc -l) descriptors, $(awk '/VmRSS/ { print $2 }' "/proc/$(gw_pid)/status") kB"
}
# Those that were never applied, or failed and can be tried again, have none either.
none_but() { expect "images that nothing needs" "$(comm -23 <(variant_images) <(echo "$1"))" ""; }

check starts
need
check pain_15_each_ends_in_one_of_two_states some_upgrades
check nothing_is_left_behind
finish

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Upgrades back and forth with random faults; each ends in one of two states, and in the end nothing is left behind: the
# long form of what tests/integration/upgrade.sh ends with.
# usage: tests/fault/upgrades.sh          HF_UPGRADES says how many, HF_SEED makes it another run
# shellcheck source=../private-gateway.sh disable=SC2119
. "$(dirname "$0")/../private-gateway.sh"
gateway_new
# shellcheck source=../upgrade/variants.sh
. "$(dirname "$0")/../upgrade/variants.sh"
# shellcheck source=../upgrade/random.sh
. "$(dirname "$0")/../upgrade/random.sh"

count=${HF_UPGRADES:-100}
seed=${HF_SEED:-20}
RANDOM=$((seed % 32768))

after_end() { variants_remove; }

starts() {
    note "seed $seed, $count upgrades"
    gateway_start
    gateway_claim
    receiver_start
    wait_until 120 all_healthy
    config '{"upgrade":{"gate_s":1,"switch_s":60}}'
    variants 'good-forwarder forwarder' 'good-processor processor' 'ends processor exit'
    random_releases
}

nothing_more_is_there() { expect "containers, volumes, networks" "$(what_is_there | xargs)" "$(xargs <"$work/before")"; }

# It keeps the kernel's files of a service open from its first sample on.
all_measured() { api GET /services | jq -e '.services | all(.usage.memory_bytes > 0)'; }

# A hundred upgrades leave a history, incidents and logs, which are bounded. What holdfastd holds is compared with what
# one holds that has just started: 16 descriptors and 8 MB are for what comes and goes.
nothing_grows() {
    local descriptors kb
    descriptors=$(daemon_descriptors)
    kb=$(daemon_kb)
    note "holdfastd: $descriptors descriptors, $kb kB; state: $(du -sk "$gw_state" | cut -f1) kB"
    kill_holdfastd
    wait_until 120 all_healthy
    wait_until 30 all_measured
    note "started anew: $(daemon_descriptors) descriptors, $(daemon_kb) kB"
    [ "$descriptors" -le $(($(daemon_descriptors) + 16)) ]
    [ "$kb" -le $(($(daemon_kb) + 8192)) ]
    [ "$(du -sk "$gw_state" | cut -f1)" -le 65536 ]
}

check starts
need
check count_volumes
check pain_15_each_ends_in_one_of_two_states random_upgrades "$count"
check nothing_is_left_behind
check nothing_more_is_there
check nothing_grows
finish

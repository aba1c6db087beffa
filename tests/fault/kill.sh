#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Numbered messages with QoS 1 while what carries them is killed; the receiver must have every one.
# usage: tests/fault/kill.sh          HF_SEED, HF_FAULT_MESSAGES, HF_FAULT_RATE and HF_FAULT_AWAY_S make it another one or
#                                     a longer one
# shellcheck source=../private-gateway.sh disable=SC2119
. "$(dirname "$0")/../private-gateway.sh"
gateway_new
# shellcheck source=numbered.sh
. "$(dirname "$0")/numbered.sh"

messages=${HF_FAULT_MESSAGES:-20000}
rate=${HF_FAULT_RATE:-400} # a second: slow enough that every victim dies while they flow
away_s=${HF_FAULT_AWAY_S:-15} # how long the engine is not there
idle_s=${HF_FAULT_IDLE_S:-0}   # how long nobody publishes while it does not answer
pipe_lines=1000 # of the broker's log: more than the 64 KiB that a pipe holds
seed=${HF_SEED:-20}
victims=(processor buffer forwarder holdfastd)
[ "${HF_ENGINE_OURS:-0}" != 1 ] || victims+=(dockerd)
RANDOM=$((seed % 32768))

starts() {
    note "seed $seed, $messages messages, $rate a second, victims: ${victims[*]}"
    [ "${HF_ENGINE_OURS:-0}" = 1 ] || note "dockerd is not one that ./dev started: it is left alone"
    gateway_start
    gateway_claim
    receiver_start
    wait_until 120 all_healthy
}

# --- who dies

kill_holdfastd() {
    gateway_end_daemon KILL
    gateway_start
    gateway_login
}

kill_container() {
    local pid
    wait_until 120 is_running "$1"
    pid=$(host_pid "$1")
    kill_service "$1"
    wait_until 120 runs_again "$1" "$pid"
}

kill_one() {
    case $1 in
    holdfastd | dockerd) "kill_$1" ;;
    *) kill_container "$1" ;;
    esac
    echo "$1" >>"$work/killed"
}

# In a new order each round, with a pause in which much or little flows.
kill_in_turn() {
    local victim
    while publisher_runs; do
        while read -r victim; do
            kill_one "$victim"
            sleep "$((RANDOM % 3)).$((RANDOM % 10))"
            publisher_runs || break
        done < <(printf '%s\n' "${victims[@]}" | shuf --random-source=<(yes "$RANDOM"))
    done
}

killed_each() {
    local victim
    for victim in "${victims[@]}"; do
        grep -qx "$victim" "$work/killed" || {
            echo "$victim was never killed: the messages ended too early"
            return 1
        }
    done
    note "killed: $(sort "$work/killed" | uniq -c | awk '{ printf "%s%s %s times", (NR > 1 ? ", " : ""), $2, $1 }')"
}

pain_08_kill_in_turn_loses_nothing() {
    : >"$work/killed"
    publisher_start kill "$messages" "$rate" --check "$(receiver_url)" --settle 90
    kill_in_turn
    publisher_wait
    tell_books kill
    killed_each
    expect "acknowledged to the devices" "$(book kill acknowledged)" "$messages"
    expect "lost" "$(book kill lost)" 0
    expect "not the bytes that were sent" "$(book kill corrupted)" 0
    expect "reordered within a topic" "$(book kill reordered)" 0
    expect "gaps in the sequence" "$(report_value .gap_count)" 0
    expect "epochs" "$(report_value .epochs)" 1
}

# A dockerd that is stopped answers nothing: what is known stays, marked as old; the API answers; records flow; and
# it comes back by itself.
pain_14_a_stopped_engine_holds_up_nothing() {
    local pid
    [ "${HF_ENGINE_OURS:-0}" = 1 ] || {
        note "dockerd is not one that ./dev started: left out"
        return 0
    }
    # One that was killed last may have had nothing to deliver since, and knows no address of its receiver yet.
    publish before/engine 1
    wait_until 30 has_record before/engine
    pid=$(cat "$HF_ENGINE_PID_FILE")
    kill -STOP "$pid"
    stopped_engine_is_said || {
        kill -CONT "$pid"
        return 1
    }
    kill -CONT "$pid"
    wait_until 60 engine_state_is ok
    wait_until 120 all_healthy
}
engine_state_is() { [ "$(api_get /gateway .engine.state)" = "$1" ]; }
stopped_engine_is_said() {
    wait_until 60 engine_state_is unreachable || return
    api GET /gateway | jq -e '.engine.stale_since != null and .engine.detail != ""' || return
    api GET /services | jq -e 'all(.services[]; .state == "running" and .stale_since != null)' || return
    # Until connections have closed and names are forgotten, which the engine would be asked for again.
    sleep "$idle_s"
    timeout 30 mosquitto_pub -h "$(api_get /gateway .field.address)" -p "$gw_field" -q 1 -t stopped/engine -m 1 || return
    wait_until 30 has_record stopped/engine
}

# Nobody reads what the services say meanwhile: none of them waits for that.
fill_the_broker_log() {
    local i
    for ((i = 0; i < pipe_lines; i++)); do
        timeout 10 mosquitto_pub -h "$(host_address)" -p "$gw_field" -t "log/$i" -n || return
    done
}

lives_without_an_engine() {
    publisher_start gone "$((away_s * rate))" "$rate" --check "$(cat "$work/receiver")" --settle 90
    fill_the_broker_log || return
    publisher_wait || return
    tell_books gone
    expect "acknowledged to the devices" "$(book gone acknowledged)" "$((away_s * rate))" || return
    expect "lost" "$(book gone lost)" 0
}

live_restore_carries_the_record_path() {
    local before rc=0
    [ "${HF_ENGINE_OURS:-0}" = 1 ] || {
        note "dockerd is not one that ./dev started: left out"
        return 0
    }
    before=$(all_ids)
    receiver_url >"$work/receiver"
    "$HF_ENGINE" kill
    wait_until 30 is_gone "$(cat "$HF_ENGINE_PID_FILE")"
    lives_without_an_engine || rc=1
    "$HF_ENGINE" start
    wait_until 120 engine_answers
    expect "without an engine" "$rc" 0
    wait_until 120 all_healthy
    expect "containers" "$(all_ids)" "$before"
    expect "gaps in the sequence" "$(report_value .gap_count)" 0
}

books_balance() {
    api GET /buffer | jq -e --argjson received "$(report_value .distinct)" \
        '.accepted == $received and .accepted == .delivered and .held == 0 and .dropped == 0 and .quarantined == 0'
}

pain_07_books_balance_after_kills() {
    wait_until 120 all_healthy
    wait_until 60 books_balance
}

# --- the cloud is away

uplink_is() { [ "$(api_get /uplink .state)" = "$1" ]; }
holds_at_least() { [ "$(api_get /buffer .held)" -ge "$1" ]; }

pain_09_uplink_away_and_back_keeps_all_in_order() {
    local count=3000
    docker stop --time 5 "$gw-receiver"
    publisher_start away "$count" 1000 --clients 1 --topics 1
    publisher_wait
    expect "acknowledged to the device" "$(book away acknowledged)" "$count"
    wait_until 90 holds_at_least "$count"
    wait_until 60 uplink_is away
    kill_one buffer
    kill_one forwarder
    wait_until 90 holds_at_least "$count"
    docker start "$gw-receiver"
    wait_until 60 receiver_answers
    wait_until 180 arrived_all away "$count"
    note "away: $count held, all arrived, $(($(arrived away | wc -l) - count)) of them twice"
    expect "numbers in their order" "$(arrived away | awk '!seen[$1]++' | xargs)" "$(seq 0 $((count - 1)) | xargs)"
    expect "gaps in the sequence" "$(report_value .gap_count)" 0
    wait_until 60 uplink_is idle
}

# --- the broker itself: what it had acknowledged and not yet handed on is gone; how much is measured

broker_kill_loss_is_measured() {
    local count=$((messages / 4))
    publisher_start broker "$count" "$rate" --check "$(receiver_url)"
    sleep "$((RANDOM % 3 + 2)).$((RANDOM % 10))"
    publisher_runs
    kill_container broker
    publisher_wait
    tell_books broker
    expect "acknowledged to the devices" "$(book broker acknowledged)" "$count"
    expect "gaps in the sequence" "$(report_value .gap_count)" 0
}

after_a_broker_kill_nothing_is_lost() {
    wait_until 120 all_healthy
    publisher_start after 2000 1000 --check "$(receiver_url)" --settle 60
    publisher_wait
    tell_books after
    expect "lost" "$(book after lost)" 0
}

check starts
need
check pain_08_kill_in_turn_loses_nothing
check pain_14_a_stopped_engine_holds_up_nothing
check live_restore_carries_the_record_path
check pain_07_books_balance_after_kills
check pain_09_uplink_away_and_back_keeps_all_in_order
check broker_kill_loss_is_measured
check after_a_broker_kill_nothing_is_lost
finish

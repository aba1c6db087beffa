# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Services killed, stopped, given other settings, or a clock that jumps.
: "${work:?}" "${path_bin:?}" "${path_dir:?}" "${path_internal:?}" "${path_receiver:?}" "${path_services:?}" "${messages:?}" "${stop_seconds:?}"

# On a loaded machine who supervises looks late. A second one beside it would keep what a later check takes away: a
# receiver with the records of before, which counts an epoch too many.
a_service_has_one_supervisor() {
    local before
    before=$(cat "$path_dir/receiver/supervisor")
    kill -STOP "$before"
    (
        sleep 1
        kill -CONT "$before"
    ) &
    path_down receiver
    receiver_up
    wait_until 1 is_gone "$before"
}

pain_04_buffer_killed_keeps_what_it_acknowledged() {
    local i
    flow buffer
    for i in 1 2 3 4; do
        path_kill buffer
        sleep "0.$((RANDOM % 9))"
    done
    : "$i"
    settles buffer
    expect "epochs" "$(report_value .epochs)" 1
}

# What the processor hands over directly, beside what an operator's own service publishes as uplink/#: one book numbers
# both, and a kill of the buffer loses of neither.
direct_and_by_the_broker_at_once_lose_nothing() {
    local i
    flow direct
    flow bus --port "$path_internal" --account own:po --clients 1 --prefix uplink/bus
    for i in 1 2 3; do
        path_kill buffer
        sleep "0.$((RANDOM % 9))"
    done
    : "$i"
    ! flow_ended direct || ! flow_ended bus # it was killed while they came
    settles direct bus
    expect "epochs" "$(report_value .epochs)" 1
}

pain_08_forwarder_killed_loses_nothing() {
    local i
    flow forwarder
    for i in 1 2 3; do
        path_kill forwarder
        sleep "0.$((RANDOM % 9))"
    done
    : "$i"
    settles forwarder
}

processor_killed_loses_nothing() {
    local i
    flow processor --corpus binary
    for i in 1 2 3; do
        path_kill processor
        sleep "0.$((RANDOM % 9))"
    done
    : "$i"
    settles processor
}

pain_10_the_same_settings_again_change_nothing() {
    local epoch i service
    epoch=$(buffer_status | jq -r .epoch)
    proxy_mode down
    flow settings
    for i in 1 2 3; do
        for service in "${path_services[@]}"; do
            [ "$service" = broker ] || path_settings "$service" .
        done
        sleep 0.7
    done
    : "$i"
    wait_until 60 flow_ended settings
    wait_until 60 holds_some "$messages"
    expect "epoch" "$(buffer_status | jq -r .epoch)" "$epoch"
    proxy_mode pass
    settles settings
}

# Rules are swapped between two batches, and a file with a wrong one changes nothing.
rules_changed_while_they_flow_lose_nothing() {
    local i
    flow rules --rate 300
    for i in 1 2 3; do
        path_settings processor ".rules = [{filter: \"rules/#\", lane: \"normal\"}, {filter: \"n$i/#\", drop: true}]"
        sleep 1.1
        path_settings processor '.rules = [{filter: "rules/#", drop: "yes"}]'
        sleep 1.1
    done
    path_settings processor '.rules = []'
    settles rules
}

stopped_buffer_loses_nothing() {
    flow stopped
    path_signal STOP buffer
    sleep "$stop_seconds"
    path_signal CONT buffer
    settles stopped
}

# --- a clock that jumps, by libfaketime: only the wall clock, as when NTP steps it

faketime_library() { find /usr/lib -path '*/faketime/libfaketimeMT.so.1' 2>/dev/null | head -n 1; }

clock_of_one() {
    local name=$1
    echo "+0" >"$work/clock"
    chmod 0644 "$work/clock"
    touch "$work/clock.faked"
    path_down "$name"
    path_up "$name" "LD_PRELOAD=$(faketime_library)" "FAKETIME_TIMESTAMP_FILE=$work/clock" FAKETIME_NO_CACHE=1 \
        DONT_FAKE_MONOTONIC=1
}

clock_is_right() {
    local name
    for name in buffer processor forwarder; do
        path_down "$name"
        path_up "$name"
    done
    rm -f "$work/clock.faked"
}

clock_jumps_by_an_hour_lose_nothing() {
    [ -n "$(faketime_library)" ] || {
        note "libfaketime is not installed: left out"
        return 0
    }
    ! grep -q __asan_init "$path_bin/holdfast-buffer" || {
        note "a sanitizer bears no other preloaded library: left out"
        return 0
    }
    clock_of_one buffer
    clock_of_one processor
    clock_of_one forwarder
    flow clock
    echo "+1h" >"$work/clock"
    sleep 1
    echo "-1h" >"$work/clock"
    sleep 1
    path_kill buffer
    settles clock
    clock_is_right
    flow clock_again
    settles clock_again
    expect "epochs" "$(report_value .epochs)" 1
}

# --- the broker: what it had acknowledged and not yet handed on is gone with it; measured, not asserted

broker_killed_loss_is_measured() {
    flow broker
    sleep 0.5
    path_kill broker
    wait_until 60 flow_ended broker
    wait_until 120 all_is_delivered
    checker --only-check --journal "$work/broker.journal" --check "http://127.0.0.1:$path_receiver" --settle 3 \
        >"$work/broker.books" 2>&1 || true
    note "broker killed: acknowledged $(figure_of broker acknowledged books), lost $(figure_of broker lost books), duplicated $(figure_of broker duplicated books)"
    expect "acknowledged" "$(figure_of broker acknowledged flow)" "$messages"
    wait_until 30 books_balance
    wait_until 30 no_gaps
    flow after_broker
    settles after_broker
}

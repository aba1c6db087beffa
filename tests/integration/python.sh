#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A gateway whose processor is the one in Python: healthy, and numbered messages with QoS 1 all arrive, also while it
# is killed.
# usage: tests/integration/python.sh      HF_PYTHON_MESSAGES and HF_PYTHON_RATE make it a longer one
# shellcheck source=../private-gateway.sh disable=SC2119
. "$(dirname "$0")/../private-gateway.sh"
gateway_new
# shellcheck source=../fault/numbered.sh
. "$(dirname "$0")/../fault/numbered.sh"

messages=${HF_PYTHON_MESSAGES:-8000}
rate=${HF_PYTHON_RATE:-400}
kills=3
gw_release=$(dirname "$release")/release-python.json

is_the_python_one() {
    expect "image" "$(inspect processor '{{.Image}}')" "$(pinned "$gw_release" processor)"
    expect_match "what runs" "$(tr '\0' ' ' <"/proc/$(host_pid processor)/cmdline")" python3
}

starts_healthy() {
    gateway_start
    gateway_claim
    receiver_start
    wait_until 120 all_healthy
    is_the_python_one
}

published_all_arrive() {
    publisher_start calm $((messages / 4)) 1000 --check "$(receiver_url)" --settle 60
    publisher_wait
    tell_books calm
    expect "acknowledged to the devices" "$(book calm acknowledged)" $((messages / 4))
    expect "lost" "$(book calm lost)" 0
    expect "reordered within a topic" "$(book calm reordered)" 0
}

arrives_as_it_was() {
    publish kind/text 'no JSON at all: {'
    printf '\xff\x00\x01' | mosquitto_pub -h 127.0.0.1 -p "$gw_field" -q 1 -t kind/binary -s
    publish kind/number '1.50e3'
    wait_until 30 has_record kind/number
    expect "text" "$(records kind/text | jq -r .text)" 'no JSON at all: {'
    expect "binary" "$(records kind/binary | jq -r .base64)" /wAB
    expect_match "number, byte for byte" "$(records kind/number)" '"payload":1\.50e3[,}]'
}

killed_loses_nothing() {
    local pid i
    publisher_start killed "$messages" "$rate" --check "$(receiver_url)" --settle 90
    for ((i = 0; i < kills; i++)); do
        sleep 2
        publisher_runs # else nothing flows while it is away
        pid=$(host_pid processor)
        kill_service processor
        wait_until 120 runs_again processor "$pid"
    done
    publisher_wait
    tell_books killed
    expect "acknowledged to the devices" "$(book killed acknowledged)" "$messages"
    expect "lost" "$(book killed lost)" 0
    expect "gaps in the sequence" "$(report_value .gap_count)" 0
}

is_healthy_again() { wait_until 120 all_healthy; }

books_balance() {
    api GET /buffer | jq -e --argjson received "$(report_value .distinct)" \
        '.accepted == $received and .accepted == .delivered and .held == 0 and .dropped == 0 and .quarantined == 0'
}

pain_07_books_balance() { wait_until 60 books_balance; }

# It has no rules and lists no devices: that is said, as an answer of the gateway.
what_it_lacks_is_said() {
    api_is 503 GET /devices
    expect_match "why" "$(cat "$work/body")" processor
}

check starts_healthy
need
check published_all_arrive
check arrives_as_it_was
check killed_loses_nothing
check is_healthy_again
check pain_07_books_balance
check what_it_lacks_is_said
finish

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A gateway whose engine hangs, fails, talks nonsense, breaks off or is slow: what is known stays and is marked as old,
# the API answers, records flow, nothing that was right is touched, and it recovers by itself.
# shellcheck source=../private-gateway.sh disable=SC2119
. "$(dirname "$0")/../private-gateway.sh"
gateway_new

mode=$work/mode
real_socket=$docker_socket
docker_socket=$work/engine.sock
export DOCKER_HOST=unix://$real_socket # this script itself asks the engine

front_start() {
    echo fine >"$mode"
    "$node" "$hf_root/tests/integration/engine/front.mjs" "$docker_socket" "$real_socket" "$mode" >"$work/front.log" 2>&1 </dev/null &
    echo $! >"$work/front.pid"
    disown
    wait_until 30 grep -q ready "$work/front.log"
}
before_end() { kill -KILL "$(cat "$work/front.pid")"; }

starts() {
    gateway_start
    gateway_claim
    receiver_start
    wait_until 120 all_healthy
}

engine_is() { [ "$(api_get /gateway .engine.state)" = "$1" ]; }

is_known_as_old() {
    api GET /gateway | jq -e '.engine | .stale_since != null and .detail != ""'
    api GET /services | jq -e 'all(.services[]; .state == "running" and .health == "healthy" and .stale_since != null)'
}

records_flow() {
    publish "$1" 1
    wait_until 30 has_record "$1"
}

recovers() {
    echo fine >"$mode"
    wait_until 60 engine_is ok
    wait_until 120 all_healthy
    expect "containers" "$(all_ids)" "$1"
}

pain_14_holds_up_nothing() {
    local before
    before=$(all_ids)
    echo "$1" >"$mode"
    wait_until 90 engine_is unreachable
    note "$(api_get /gateway .engine.detail)"
    is_known_as_old
    records_flow "engine/$1"
    recovers "$before"
}

pain_17_slow_is_not_dead() {
    local before
    before=$(all_ids)
    echo slow >"$mode"
    sleep 5 # what was under way at that moment was broken off
    wait_until 60 engine_is ok
    stays 20 engine_is ok
    recovers "$before"
}

# What is asked for meanwhile is taken at once, and done when the engine is back.
a_wish_outlives_the_fault() {
    local before operation
    before=$(inspect processor '{{.State.StartedAt}}')
    echo error >"$mode"
    wait_until 90 engine_is unreachable
    api_is 202 POST /services/processor/restart
    operation=$(jq -r .id "$work/body")
    echo fine >"$mode"
    wait_until 120 operation_ended "$operation"
    expect "operation" "$(api_get "/operations/$operation" .state)" succeeded
    [ "$(inspect processor '{{.State.StartedAt}}')" != "$before" ]
    wait_until 120 all_healthy
}

check front_start
check starts
need
for fault in hang error garbage cut; do
    check "pain_14_holds_up_nothing: $fault" pain_14_holds_up_nothing "$fault"
done
check pain_17_slow_is_not_dead
check a_wish_outlives_the_fault
finish

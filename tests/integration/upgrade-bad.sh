#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Bad releases of many kinds while devices publish: each goes back by itself for a reason that is named, what does not
# change is not touched, nothing is left behind, and no message is lost.
# usage: tests/integration/upgrade-bad.sh      (upgrade.sh runs it beside itself)
# shellcheck source=../private-gateway.sh disable=SC2119
. "$(dirname "$0")/../private-gateway.sh"
gateway_new
# shellcheck source=../upgrade/variants.sh
. "$(dirname "$0")/../upgrade/variants.sh"
# shellcheck source=../fault/numbered.sh
. "$(dirname "$0")/../fault/numbered.sh"

before_end() { [ -z "${publisher:-}" ] || kill -KILL "$publisher" 2>/dev/null; }
after_end() { variants_remove; }

starts() {
    gateway_start
    gateway_claim
    receiver_start
    variants 'good-processor processor' 'ends processor exit' 'idle processor idle' 'dies processor dies 6' \
        'leaks processor leaks 10'
    wait_until 120 all_healthy
    config '{"upgrade":{"gate_s":15,"switch_s":60}}'
}

one_that_ends_at_once_goes_back() {
    release_of ends processor=ends
    goes_back ends "'processor'"
    api GET "/incidents/$(api_get '/incidents?kind=upgrade&limit=1' '.incidents[0].id')" |
        jq -e 'any(.log[]; .text | test("this image is made to end"))'
}

one_that_runs_and_does_not_work_goes_back() {
    config '{"upgrade":{"switch_s":10}}'
    release_of idle processor=idle
    goes_back idle "'processor' does not do its work"
    config '{"upgrade":{"switch_s":60}}'
}

one_that_dies_within_the_gate_goes_back() {
    release_of dies processor=dies
    goes_back dies "'processor'"
}

one_that_leaks_memory_goes_back() {
    release_of leaks processor=leaks
    goes_back leaks "'processor'"
    api GET "/incidents/$(api_get '/incidents?kind=upgrade&limit=1' '.incidents[0].id')" | jq -e '.curve.memory_bytes | max > 30000000'
}

# altered NAME JQ: the pin of the good processor, changed by a filter.
altered() {
    jq -c "$2" "$work/pin.good-processor" >"$work/pin.$1"
    release_of "$1" "processor=$1"
}

pain_02_an_image_that_is_not_there_touches_nothing() {
    altered missing '.platforms[] |= (.manifest = "sha256:" + ("0" * 64) | .config = "sha256:" + ("1" * 64))'
    goes_back missing "image of 'processor'"
}

one_that_is_not_what_was_pinned_touches_nothing() {
    altered other '.platforms[].config = "sha256:" + ("2" * 64)'
    goes_back other "image of 'processor'"
}

check starts
need
check count_volumes
publisher_start bad 1000000 50 --journal "$work/bad.journal"
disown "$publisher"
check one_that_ends_at_once_goes_back
check one_that_runs_and_does_not_work_goes_back
check one_that_dies_within_the_gate_goes_back
check one_that_leaks_memory_goes_back
check pain_02_an_image_that_is_not_there_touches_nothing
check one_that_is_not_what_was_pinned_touches_nothing
check every_message_has_arrived every_message_has_arrived bad
check nothing_is_left_behind
finish

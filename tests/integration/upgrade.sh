#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Upgrades on real Docker and a real registry: a good one while records flow, bad ones of many kinds, and kills in every
# state. Each ends with the new release in all services or the one before in all of them.
# shellcheck source=../private-gateway.sh disable=SC2119
. "$(dirname "$0")/../private-gateway.sh"
gateway_new
# shellcheck source=../upgrade/variants.sh
. "$(dirname "$0")/../upgrade/variants.sh"
# shellcheck source=../fault/numbered.sh
. "$(dirname "$0")/../fault/numbered.sh"

after_end() { variants_remove; }

starts() {
    gateway_start
    gateway_claim
    receiver_start
    wait_until 120 all_healthy
    config '{"upgrade":{"gate_s":2,"switch_s":12}}'
}

makes_images() {
    variant good-broker broker
    variant good-buffer buffer
    variant good-processor processor
    variant good-forwarder forwarder
    variant ends processor exit
    variant idle processor idle
    variant dies processor dies 6
}

# --- a good one

# Every service is another image; devices go on publishing, and each message arrives.
good_one_loses_nothing() {
    release_of good broker=good-broker buffer=good-buffer processor=good-processor forwarder=good-forwarder
    publisher_start good 6000 150 --check "$(receiver_url)" --settle 60
    begin good
    ends committed good
    publisher_runs || {
        echo "the messages ended before the upgrade"
        return 1
    }
    publisher_wait
    tell_books good
    expect "acknowledged to the devices" "$(book good acknowledged)" 6000
    expect "lost" "$(book good lost)" 0
    expect "gaps in the sequence" "$(report_value .gap_count)" 0
    note "away: $(api GET /releases | jq -r '.history[0].gaps | map("\(.service) \(.gap_ms) ms") | join(", ")')"
    expect "services measured" "$(api_get /releases '.history[0].gaps | length')" 4
    expect "operation" "$(api_get "/operations/$(cat "$work/operation")" .state)" succeeded
}

# The images of the release before are here: no registry is needed, and none is asked.
pain_20_back_by_a_person_needs_no_network() {
    api_is 202 POST /releases/rollback
    jq -r .id "$work/body" >"$work/operation"
    ends committed "$(jq -r .name "$release")"
    expect "fetched" "$(grep -c 'event=fetch ' "$gw_dir/log")" "$(cat "$work/fetched")"
}
count_fetched() { grep -c 'event=fetch ' "$gw_dir/log" >"$work/fetched"; }

# --- bad ones

all_ids() { docker inspect --format '{{.Id}} {{.RestartCount}}' "$gw"-{broker,buffer,forwarder}; }

# goes_back NAME REASON: applied, and rolled back by itself for that reason; an incident tells of it with the last lines;
# services that do not change are not touched.
goes_back() {
    local before runs
    before=$(all_ids)
    runs=$(api_get /release .name)
    begin "$1"
    ends rolled_back "$runs"
    expect_match "reason" "$(api_get /releases/upgrade .reason)" "$2"
    expect_match "incident" "$(api_get '/incidents?kind=upgrade&limit=1' '.incidents[0].found')" "release $1 [^:]*: .*$2"
    expect "services that do not change" "$(all_ids)" "$before"
    expect "state" "$(api_get "/releases/$(id_of "$1")" .state)" failed
}

one_that_ends_at_once_goes_back() {
    release_of ends processor=ends
    goes_back ends "'processor'"
    api GET "/incidents/$(api_get '/incidents?kind=upgrade&limit=1' '.incidents[0].id')" |
        jq -e 'any(.log[]; .text | test("this image is made to end"))'
}

one_that_runs_and_does_not_work_goes_back() {
    release_of idle processor=idle
    goes_back idle "'processor' does not do its work"
}

one_that_dies_within_the_gate_goes_back() {
    config '{"upgrade":{"gate_s":15}}'
    release_of dies processor=dies
    goes_back dies "'processor'"
    config '{"upgrade":{"gate_s":1}}'
}

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

# What failed leaves no image, and what ran before the release before neither.
nothing_is_left_behind() {
    wait_until 30 images_are_kept_ones
    expect "containers" "$(docker ps -aq --filter "label=io.holdfast.instance=$gw" | wc -l)" 4
    expect "volumes" "$(docker volume ls -q --filter "name=^$gw-" | grep -vc receiver)" "$(cat "$work/volumes")"
}
count_volumes() { docker volume ls -q --filter "name=^$gw-" | grep -vc receiver >"$work/volumes"; }
# Of all variants, those of the release that runs and of the one before.
images_are_kept_ones() {
    local kept
    kept=$(for id in running previous; do
        api GET "/releases/$(api_get /releases ".$id.id")" | jq -r '.release.services[].image_id'
    done | sort -u)
    expect "images that nothing needs" "$(comm -23 <(variant_images) <(echo "$kept"))" ""
}

# --- kills

# The states that the contract names, so that a new one cannot be forgotten; idle is none.
states() { sed -n '/^    UpgradeState:/,/enum:/s/.*enum: \[\(.*\)\]/\1/p' "$hf_root/api/openapi.yaml" | tr -d ' ' | tr , '\n' | grep -v '^idle$'; }

said_state() { tail -n "+$1" "$gw_dir/log" | grep -q "event=upgrade state=$2 "; }

# killed_in STATE NAME: holdfastd is killed as soon as it says that state, and starts again. committed and
# rolled_back are ends; the other states end as the release is.
killed_in() {
    local line
    line=$(($(wc -l <"$gw_dir/log") + 1))
    begin "$2"
    wait_until 60 said_state "$line" "$1"
    gateway_end_daemon KILL
    gateway_start
    gateway_login
}

other_good() { [ "$(api_get /release .name)" = good-two ] && echo good-one || echo good-two; }

pain_15_killed_in_every_state_it_ends_as_it_should() {
    local state good runs
    release_of good-one forwarder=good-forwarder
    release_of good-two processor=good-processor
    release_of bad processor=ends
    while read -r state; do
        runs=$(api_get /release .name)
        case $state in
        rolling_back | rolled_back)
            killed_in "$state" bad
            ends rolled_back "$runs"
            ;;
        *)
            good=$(other_good)
            killed_in "$state" "$good"
            ends committed "$good"
            ;;
        esac
    done < <(states)
    note "killed in: $(states | xargs)"
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
        wait_until 60 said_state "$line" switching
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
check makes_images
need
check count_volumes
check good_one_loses_nothing
check count_fetched
check pain_20_back_by_a_person_needs_no_network
check one_that_ends_at_once_goes_back
check one_that_runs_and_does_not_work_goes_back
check one_that_dies_within_the_gate_goes_back
check settings_that_do_harm_go_back
check pain_02_an_image_that_is_not_there_touches_nothing
check one_that_is_not_what_was_pinned_touches_nothing
check nothing_is_left_behind
check pain_15_killed_in_every_state_it_ends_as_it_should
check pain_19_without_an_engine_nothing_is_concluded
check pain_19_a_restart_keeps_what_was_applied
check nothing_is_left_behind
finish

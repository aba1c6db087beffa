#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What is wanted comes to be and stays: by the API, over restarts and crashes of holdfastd, after somebody's hand.
# shellcheck source=../private-gateway.sh disable=SC2119
. "$(dirname "$0")/../private-gateway.sh"
gateway_new

starts() {
    gateway_start
    gateway_claim
    receiver_start
    wait_until 120 all_healthy
    publish before/all 1
}

# --- by the API

started_at() { inspect "$1" '{{.State.StartedAt}}'; }

restart_by_api() {
    local service=$1 before
    before=$(started_at "$service")
    service_command "$service" restart
    [ "$(started_at "$service")" != "$before" ]
    wait_until 90 service_healthy "$service"
    service_is "$service" .state running
}

stop_and_start_by_api() {
    service_command forwarder stop
    wait_until 30 service_is forwarder .state stopped
    service_is forwarder .desired stopped
    service_is forwarder .health stopped
    expect "exit status after SIGTERM" "$(inspect forwarder '{{.State.ExitCode}}')" 0
    expect_fail is_running forwarder
    service_command forwarder start
    wait_until 90 service_healthy forwarder
    service_is forwarder .desired running
}

pain_08_held_while_the_forwarder_is_stopped() {
    service_command forwarder stop
    publish held/first 1
    publish held/second 2
    wait_until 30 holds 2
    expect "arrived" "$(records held/first)" ""
    service_command forwarder start
    wait_until 60 has_record held/second
    wait_until 30 holds 0
    expect "gaps" "$(report_value .gap_count)" 0
}
holds() { [ "$(api_get /buffer .held)" -ge "$1" ] && { [ "$1" -gt 0 ] || [ "$(api_get /buffer .held)" -eq 0 ]; }; }

commands_are_remembered() {
    api GET '/operations?limit=100' | jq -e '[.operations[] | .kind] | contains(["restart", "stop", "start"])'
    api GET /operations | jq -e 'all(.operations[]; .finished != null)'
}

wrong_commands_are_refused() {
    api_is 404 POST /services/nonesuch/restart
    api_is 405 GET /services/broker/restart
    api_is 404 GET /operations/00000000000000000000000000000000
}

# --- over the life of holdfastd

pain_18_services_run_on_without_holdfastd() {
    local before
    before=$(all_ids)
    gateway_end_daemon "$1"
    expect "containers" "$(all_ids)" "$before"
    publish "without/holdfastd/$1" 1
    wait_until 30 has_record "without/holdfastd/$1"
    gateway_start
    gateway_login
    wait_until 60 all_healthy
    stays 5 all_healthy
    expect "containers" "$(all_ids)" "$before"
}

session_survives_a_restart() {
    gateway_login
    gateway_end_daemon TERM
    gateway_start
    api_is 200 GET /session
    expect_fail grep setup_code "$gw_dir/out"
}

stop_survives_a_restart() {
    service_command processor stop
    gateway_end_daemon KILL
    gateway_start
    gateway_login
    wait_until 30 service_is processor .state stopped
    stays 5 service_is processor .state stopped
    expect_fail is_running processor
    publish while/stopped 1
    service_command processor start
    wait_until 90 all_healthy
    wait_until 30 has_record while/stopped
}

pain_10_same_release_again_changes_nothing() {
    local before epoch
    before=$(all_ids)
    epoch=$(api_get /buffer .epoch)
    gateway_end_daemon TERM
    gateway_start --provision "$gw_dir/provision"
    gateway_login
    wait_until 60 all_healthy
    expect "containers" "$(all_ids)" "$before"
    expect "epoch" "$(api_get /buffer .epoch)" "$epoch"
}

# --- the log of the image before

# logs_have SERVICE LINE [QUERY]
logs_have() { api GET "/services/$1/logs?tail=1000${3:-}" | jq -e --arg line "$2" 'any(.lines[]; .text | contains($line))'; }
has_image_of() { [ "$(inspect processor '{{.Image}}')" = "$(pinned "$1" processor)" ]; }

# Power goes as soon as the container of another image is there: what the one before said is on the disk by then.
pain_20_log_of_the_image_before_is_there_after_upgrade_and_power_cut() {
    local line right=$gw_release other
    other=$(dirname "$release")/release-python.json
    line=$(docker logs --tail 1 "$(container processor)" 2>&1)
    [ -n "$line" ]
    logs_have processor "$line"
    gateway_end_daemon TERM
    gw_release=$other
    gateway_start
    wait_until 120 has_image_of "$other"
    kill -KILL "$(gw_pid)"
    [ "${HF_ENGINE_OURS:-0}" != 1 ] || kill_dockerd
    zcat "$gw_state"/logs/processor/*.log.gz | grep -F -- "$line"
    wait_until 30 is_gone "$(gw_pid)"
    gateway_start
    gateway_login
    logs_have processor "$line" '&previous=true'
    wait_until 120 all_healthy
    logs_have processor "$line" '&previous=true'
    gateway_end_daemon TERM
    gw_release=$right
    gateway_start
    gateway_login
    wait_until 120 has_image_of "$right"
    wait_until 120 all_healthy
    logs_have processor "$line" '&previous=true'
}

# --- time that is wrong

faketime_library() { find /usr/lib -path '*/faketime/libfaketimeMT.so.1' 2>/dev/null | head -n 1; }

# A box without a clock battery, or one that was switched off for twenty years: nothing waits for time, nothing that
# expired stops or removes a service.
no_wrong_time_touches_a_service() {
    local before
    [ -n "$(faketime_library)" ] || {
        note "libfaketime is not installed: left out"
        return 0
    }
    before=$(all_ids)
    gateway_end_daemon TERM
    LD_PRELOAD=$(faketime_library) FAKETIME=$1 FAKETIME_DONT_FAKE_MONOTONIC=1 gateway_start
    wait_until 60 health_is_said
    publish "time/${1//[^0-9a-z]/}" 1
    wait_until 30 has_record "time/${1//[^0-9a-z]/}"
    expect "containers" "$(all_ids)" "$before"
    gateway_end_daemon TERM
    gateway_start
    gateway_login
    wait_until 60 all_healthy
    expect "containers" "$(all_ids)" "$before"
}
health_is_said() { [ "$(api_get /health .status)" = ok ]; }

# --- drift

comes_back() { is_running "$1" && service_healthy "$1"; }

# has_incident SERVICE KIND REGEX: found, with something done about it.
has_incident() {
    api GET "/incidents?kind=$2&limit=200" | jq -e --arg s "$1" --arg re "$3" \
        'any(.incidents[]; .service == $s and (.found | test($re)) and .done != "")' || {
        api GET '/incidents?limit=200' | jq -c '.incidents[] | {service, kind, found, done, times}'
        return 1
    }
}

removed_by_hand_comes_back() {
    docker rm --force "$(container "$1")"
    wait_until 30 has_incident "$1" drift 'removed by hand'
    wait_until 120 comes_back "$1"
}

stopped_by_hand_comes_back() {
    docker stop --time 5 "$(container "$1")"
    wait_until 30 has_incident "$1" drift 'stopped by hand .exit code'
    wait_until 120 comes_back "$1"
}

changed_by_hand_is_seen_at_once() {
    docker update --memory 100m --memory-swap 100m "$(container processor)"
    wait_until 30 has_incident processor drift 'limits were changed by hand: memory 64 MB → 100 MB'
    wait_until 120 limits_are_right
    wait_until 120 service_healthy processor
}

network_removed_by_hand_is_made_again() {
    docker network disconnect --force "$gw-egress" "$gw-receiver"
    docker rm --force "$(container forwarder)" && docker network rm "$gw-egress"
    wait_until 30 has_incident "" drift "network $gw-egress was removed"
    wait_until 120 comes_back forwarder
    docker network connect --alias receiver "$gw-egress" "$gw-receiver"
    wait_until 60 receiver_answers
}

volume_removed_by_hand_is_made_again() {
    docker rm --force "$(container broker)" && docker volume rm "$gw-broker-data"
    wait_until 30 has_incident broker drift "volume $gw-broker-data was removed"
    wait_until 120 comes_back broker
    expect "label" "$(docker volume inspect --format '{{index .Labels "io.holdfast.instance"}}' "$gw-broker-data")" "$gw"
    wait_until 120 all_healthy
}

started_by_hand_is_stopped_again() {
    service_command processor stop
    docker start "$(container processor)"
    wait_until 30 has_incident processor drift 'started by hand, although'
    wait_until 60 is_stopped processor
    service_command processor start
    wait_until 90 all_healthy
}
is_stopped() { [ "$(inspect "$1" '{{.State.Running}}')" = false ]; }

left_over_is_removed() {
    local image
    image=$(inspect processor '{{.Image}}')
    docker create --name "$gw-leftover" --label "io.holdfast.instance=$gw" --label io.holdfast.service=leftover "$image"
    wait_until 60 is_not_there "$gw-leftover"
    has_incident "" drift "container $gw-leftover is there"
}
is_not_there() { ! docker inspect "$1"; }

# --- what ends, hangs, or only seems to work

end_it() { kill -TERM "$(host_pid "$1")"; }

exits_0_again_and_again() {
    local pid
    for _ in 1 2 3 4 5; do
        wait_until 90 is_running processor
        pid=$(host_pid processor)
        end_it processor
        wait_until 30 is_another_process "$pid"
    done
    wait_until 60 service_is processor .state failed
    expect_match "reason" "$(api_get /services/processor .reason)" 'crash loop .5 exits in 2 min, last code 0, OOM no.'
    wait_until 30 has_incident processor crash_loop 'last code 0, OOM no'
    has_incident processor exit 'exited with code 0 after [0-9]+ s'
    service_command processor restart
    wait_until 90 all_healthy
}
is_another_process() { [ "$(host_pid processor)" != "$1" ]; }

# Its container runs, it neither works nor hears a signal.
frozen_is_seen_and_can_be_stopped() {
    kill -STOP "$(host_pid forwarder)"
    wait_until 60 service_is forwarder .health unreachable
    expect_match "reason" "$(api_get /services/forwarder .reason)" 'no status message for|connection to the broker has ended'
    wait_until 30 has_incident forwarder unhealthy '.'
    service_command forwarder restart
    wait_until 90 all_healthy
}

# It says that all is well, and what it should hand on waits.
answers_and_does_no_work() {
    kill -STOP "$(host_pid buffer)"
    publish stuck/first 1
    wait_until 60 service_is processor .health degraded || {
        kill -CONT "$(host_pid buffer)"
        return 1
    }
    reason=$(api_get /services/processor .reason)
    kill -CONT "$(host_pid buffer)"
    expect_match "reason" "$reason" 'has handed nothing to the buffer for [0-9]+ s with [1-9]'
    wait_until 90 all_healthy
    wait_until 30 has_record stuck/first
}

death_is_kept_with_log_and_curve() {
    local id
    crashed_comes_back buffer
    wait_until 60 has_incident buffer exit 'exited with code 137 .SIGKILL.'
    id=$(api GET '/incidents?service=buffer&kind=exit&limit=1' | jq -r '.incidents[0].id')
    api GET "/incidents/$id" | jq -e '(.log | length) > 0 and (.curve.memory_bytes | length) > 0 and .exit_code == 137'
}

# Wherever its start is cut short, what is right is not touched.
killed_at_any_moment_touches_nothing() {
    local before pause
    before=$(all_ids)
    gateway_end_daemon KILL
    for pause in 0 0.02 0.05 0.1 0.2 0.5 1 2; do
        gateway_spawn
        sleep "$pause"
        kill -KILL "$(gw_pid)" 2>/dev/null || true
        wait_until 10 is_gone "$(gw_pid)"
        expect "containers, killed after $pause s" "$(all_ids)" "$before"
    done
    gateway_start
    gateway_login
    wait_until 60 all_healthy
    expect "containers" "$(all_ids)" "$before"
}

# A container of that name that was made by other settings is replaced by the right one.
changed_by_hand_is_put_right() {
    docker update --memory 128m --memory-swap 128m "$(container processor)"
    gateway_end_daemon TERM
    gateway_start
    gateway_login
    wait_until 120 limits_are_right
    wait_until 120 service_healthy processor
}
limits_are_right() { [ "$(inspect processor '{{.HostConfig.Memory}}')" = 67108864 ] && is_running processor; }

crashed_comes_back() {
    local pid
    pid=$(host_pid "$1")
    kill_service "$1"
    wait_until 60 runs_again "$1" "$pid"
    wait_until 120 all_healthy
}

others_are_left_alone() {
    local other=$gw-stranger
    docker run --detach --name "$other" --network none --entrypoint /usr/bin/holdfast-receiver \
        "$(jq -r .image "$receiver_pin")" --listen 127.0.0.1:8080 --db /tmp/r.db
    docker rm --force "$(container processor)"
    wait_until 120 comes_back processor
    expect "a container that is not ours" "$(docker inspect --format '{{.State.Running}} {{.RestartCount}}' "$other")" "true 0"
    docker rm --force "$other"
}

data_is_still_whole() {
    publish after/all 1
    wait_until 60 has_record after/all
    expect "first message is there" "$(records before/all | wc -l)" 1
    expect "gaps" "$(report_value .gap_count)" 0
    expect "epochs" "$(report_value .epochs)" 1
}

check starts
need
for service in broker buffer processor forwarder; do
    check "restart by API: $service" restart_by_api "$service"
done
check stop_and_start_by_api
check pain_08_held_while_the_forwarder_is_stopped
check commands_are_remembered
check wrong_commands_are_refused
check "pain_18_services_run_on_without_holdfastd, ended" pain_18_services_run_on_without_holdfastd TERM
check "pain_18_services_run_on_without_holdfastd, killed" pain_18_services_run_on_without_holdfastd KILL
check session_survives_a_restart
check stop_survives_a_restart
check pain_10_same_release_again_changes_nothing
check pain_20_log_of_the_image_before_is_there_after_upgrade_and_power_cut
check "pain_01 pain_22 it is 1970" no_wrong_time_touches_a_service '@1970-01-02 00:00:00'
check "pain_01 pain_21 it is twenty years later" no_wrong_time_touches_a_service '+20y'
check "removed by hand: processor" removed_by_hand_comes_back processor
check "removed by hand: buffer" removed_by_hand_comes_back buffer
check "stopped by hand: forwarder" stopped_by_hand_comes_back forwarder
check "stopped by hand: broker" stopped_by_hand_comes_back broker
check changed_by_hand_is_put_right
check "killed: processor" crashed_comes_back processor
check changed_by_hand_is_seen_at_once
check network_removed_by_hand_is_made_again
check volume_removed_by_hand_is_made_again
check started_by_hand_is_stopped_again
check left_over_is_removed
check death_is_kept_with_log_and_curve
check frozen_is_seen_and_can_be_stopped
check answers_and_does_no_work
check exits_0_again_and_again
check killed_at_any_moment_touches_nothing
check others_are_left_alone
check data_is_still_whole
finish

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An operator's own service beside the built-in ones: what it needs, how it is held, what it may do to others (nothing),
# limits that change while it runs, and what is left of its log.
# shellcheck source=../private-gateway.sh disable=SC2119
. "$(dirname "$0")/../private-gateway.sh"
# shellcheck source=../own/own.sh
. "$(dirname "$0")/../own/own.sh"
gateway_new
gw_allow=(--allow-capability NET_RAW)

app_port=1502
published=$(free_port)

# release_make [JQ]: the release with the own services in it, changed by a filter.
release_make() {
    # shellcheck disable=SC2016 # for jq
    own_release '.services.app = (app($inner) | . + {
            title: "Test app", limits: (.limits + { log_bytes: 196608 }), env: { LEVEL: "high" }, secrets: ["key"],
            volumes: [{ name: "data", target: "/data" }], tmpfs: [{ target: "/tmp", size_bytes: 1048576 }],
            networks: ["bus", "egress", "plant"], ports: [{ port: $port, container_port: $inner }],
            bus: { write: ["uplink/own/#"], read: ["field/own/#"] },
            health: { http: { port: $inner, path: "/up" } }, depends_on: ["broker"], stop_timeout_s: 2,
            relaxations: { capabilities: ["NET_RAW"] } }) |
        .services.talker = app($inner) + { user: 20002, networks: ["bus"], bus: {}, health: { bus: true } } | '"${1:-.}" \
        --argjson port "$published" --argjson inner "$app_port"
}

# --- the configuration

# config STATUS PATCH [QUERY]: prints the answer.
config() {
    local tag
    api GET /config >/dev/null
    tag=$(tr -d '\r' <"$work/head" | sed -n 's/^[Ee][Tt]ag: //p')
    curl -ks --max-time 30 -X PATCH -b "$gw_dir/jar" -o "$work/body" -w '%{http_code}' -H "If-Match: $tag" \
        -H 'Content-Type: application/merge-patch+json' --data-binary "$2" "$gw_url/api/v1/config${3:-}" >"$work/status"
    expect "status of the change ($(cat "$work/body"))" "$(cat "$work/status")" "$1"
}

app() { curl -fsS --max-time 20 "http://$(host_address):$published$1"; }

# --- it comes to run

# A volume that was there before, so that it can be small.
small_volume() {
    docker volume create --label "io.holdfast.instance=$gw" --driver local --opt type=tmpfs --opt device=tmpfs \
        --opt o=size=1m,uid=20001 "$gw-app.data" >/dev/null
}

waits_for_permission() {
    small_volume
    gateway_start
    gateway_claim
    wait_until 120 service_healthy broker
    service_is app .health failed
    expect_match "reason" "$(api_get /services/app .reason)" "publishes port $published"
    expect "containers" "$(docker ps -aq --filter "name=^$gw-app$")" ""
    api_is 409 POST /services/app/start
    config 200 "{\"own\":{\"ports\":[$published]}}"
    wait_until 10 reason_is "its secret 'key' is not set"
    config 200 '{"own":{"secrets":{"app":{"key":"hush-hush"}}}}'
    expect "shown" "$(api_get /config .own.secrets.app.key)" '***'
    wait_until 60 service_healthy app
    receiver_start
}
reason_is() { [ "$(api_get /services/app .reason)" = "$1" ]; }

is_shown_with_what_is_relaxed() {
    api GET /services/app | jq -e '.own and .title == "Test app" and .depends_on == ["broker"] and
        .limits.relaxations == ["capability NET_RAW"] and .hardening.cap_drop == ["ALL"] and
        .hardening.cap_add == ["NET_RAW"] and .hardening.no_new_privileges and .hardening.read_only and
        .hardening.user == "20001:20001" and ([.mounts[].kind] | sort) == ["bind", "tmpfs", "volume"]'
    api GET /services/broker | jq -e '(.own | not) and .limits.relaxations == []'
}

is_hardened() {
    local service
    docker inspect "$gw-app" | jq -e --arg gw "$gw" --arg port "$published" '.[0] | .HostConfig.Memory == 33554432 and
        .HostConfig.MemorySwap == 33554432 and .HostConfig.MemoryReservation == 16777216 and
        .HostConfig.NanoCpus == 500000000 and .HostConfig.PidsLimit == 16 and .HostConfig.OomScoreAdj == 700 and
        .HostConfig.ReadonlyRootfs and (.HostConfig.Privileged | not) and .HostConfig.CapDrop == ["ALL"] and
        ([.HostConfig.CapAdd[] | ltrimstr("CAP_")] == ["NET_RAW"]) and
        (.HostConfig.SecurityOpt[0] | startswith("no-new-privileges")) and .Config.User == "20001:20001" and
        ([.Config.Env[] | select(test("hush"))] == []) and ([.Config.Labels[] | select(test("hush"))] == []) and
        ([.NetworkSettings.Networks | keys[]] | sort) == ["\($gw)-bus", "\($gw)-egress", "\($gw)-plant"] and
        .HostConfig.PortBindings["1502/tcp"][0].HostPort == $port'
    expect "own network is internal" "$(docker network inspect --format '{{.Internal}}' "$gw-plant")" true
    for service in broker processor forwarder app; do
        [ "$(oom_of "$service")" -gt "$(oom_of buffer)" ] # the buffer dies last
    done
}

oom_of() { cat "/proc/$(host_pid "$1")/oom_score_adj"; }

is_given_its_secret_as_a_file() {
    local who
    who=$(app /who)
    expect_match "who" "$who" '^uid=20001 secret=hush-hush$'
    expect_match "environment" "$who" '^LEVEL=high$'
    expect_match "root" "$(app '/write?/x')" 'Read-only file system'
    expect_match "tmpfs" "$(app '/write?/tmp/x')" '^written$'
    expect "file" "$(stat -c '%a %u' "$gw_secrets/services/app/secrets/key")" "440 20001"
}

# --- on the bus

bus_publish() {
    bus_options app
    timeout 30 mosquitto_pub "${bus_as[@]}" -t "$1" -m "$2"
}

may_do_on_the_bus_what_is_written() {
    bus_publish uplink/other/1 forbidden
    bus_publish status/buffer '{"state":"degraded","reason":"forged"}'
    bus_publish uplink/own/1 '{"t":1}'
    wait_until 60 has_record own/1
    expect "not its own" "$(records other/1)" ""
    expect_fail grep -q forged <<<"$(api_get /services/buffer .reason)"
}

# --- health

unhealthy_is_said() {
    app /down || true
    wait_until 60 reason_is "port $app_port: answers 503"
    service_is app .health unreachable
    service_command app restart
    wait_until 60 service_healthy app
}

# By its own word alone: its container runs all the time.
is_judged_by_what_it_says_on_the_bus() {
    wait_until 60 service_is talker .health unreachable
    expect "reason" "$(api_get /services/talker .reason)" "has never reported on the bus"
    voice talker '{"state":"ok"}'
    wait_until 30 service_healthy talker
    voice_says talker '{"state":"degraded","reason":"no meter answers"}'
    wait_until 30 service_is talker .health degraded
    expect "reason" "$(api_get /services/talker .reason)" "no meter answers"
    [ -n "$(api_get /services/talker .advice)" ]
    voice_says talker '{"state":"ok"}'
    wait_until 30 service_healthy talker
    voice_signal talker STOP
    wait_until 30 service_is talker .health unreachable
    expect_match "reason" "$(api_get /services/talker .reason)" '^no status message for [0-9]+ s$'
    voice_signal talker CONT
    wait_until 30 service_healthy talker
    voice_signal talker KILL # the broker says its last will
    wait_until 30 service_is talker .health unreachable
    expect "reason" "$(api_get /services/talker .reason)" "its connection to the broker has ended"
    expect "restarts" "$(inspect talker '{{.RestartCount}}')" 0
}

# --- limits

limits_change_without_a_restart() {
    local pid
    pid=$(host_pid app)
    config 200 '{"limits":{"app":{"memory_bytes":50331648,"pids":24}}}' '?dry_run=true'
    jq -e '.effects == [{service: "app", change: "memory 32 MB → 48 MB, pids 16 → 24", how: "live"}]' "$work/body"
    expect "memory" "$(inspect app '{{.HostConfig.Memory}}')" 33554432
    config 200 '{"limits":{"app":{"memory_bytes":50331648,"pids":24}}}'
    wait_until 30 app_has 50331648 50331648 24
    expect "process" "$(host_pid app)" "$pid"
    wait_until 10 service_is app .limits.memory_bytes 50331648
}
app_has() {
    [ "$(inspect app '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.PidsLimit}}')" = "$1 $2 $3" ]
}

limits_changed_by_hand_are_put_right_without_a_restart() {
    local pid
    pid=$(host_pid app)
    docker update --pids-limit 99 --memory 64m --memory-swap 128m "$gw-app" >/dev/null
    wait_until 60 app_has 50331648 50331648 24
    expect "process" "$(host_pid app)" "$pid"
}

more_than_the_box_has_is_refused() {
    config 422 '{"limits":{"app":{"memory_bytes":1099511627776}}}'
    jq -e '.errors[0].pointer == "/limits" and (.detail | test("allow_overcommit"))' "$work/body"
    config 200 '{"limits":{"app":{"memory_bytes":1099511627776},"allow_overcommit":true}}' '?dry_run=true'
    config 422 '{"limits":{"miner":{"pids":9}}}'
}

# --- what it does wrong hurts nobody else

a_fork_bomb_is_held_by_the_limit() {
    local count
    count=$(app /fork)
    [ "$count" -ge 10 ] && [ "$count" -lt 24 ]
    publish bomb/goes-on 1
    wait_until 60 has_record bomb/goes-on
    service_command app restart
    wait_until 60 service_healthy app
}

out_of_memory_ends_it_alone() {
    local before
    before=$(docker inspect --format '{{.State.Pid}}' "$gw"-{broker,buffer,processor,forwarder})
    sleep 2 # Docker watches for it a moment after a start
    expect_fail app /hog
    wait_until 60 app_was_out_of_memory
    wait_until 60 service_healthy app
    wait_until 60 app /up
    expect "others" "$(docker inspect --format '{{.State.Pid}}' "$gw"-{broker,buffer,processor,forwarder})" "$before"
}

app_was_out_of_memory() { api GET /services/app | jq -e '.oom_killed and .restarts >= 1'; }

a_full_volume_is_its_own_trouble() {
    expect_match "write" "$(app '/fill?/data/all')" '^[0-9]+ bytes, No space left on device$'
    service_healthy app
    publish volume/goes-on 1
    wait_until 60 has_record volume/goes-on
    expect "others" "$(ill_ones)" ""
}

ill_ones() { api_get /services '.services[] | select(.own | not) | select(.health != "healthy") | .name'; }

one_that_heeds_no_signal_is_stopped_all_the_same() {
    app /deaf
    service_command app stop
    expect "exit status" "$(inspect app '{{.State.ExitCode}}')" 137
    service_command app start
    wait_until 60 service_healthy app
}

# Its files are renamed while one looks.
log_bytes() { du -cb "$(dirname "$(docker inspect --format '{{.LogPath}}' "$gw-app")")"/*.log* | tail -n 1 | cut -f1; }
log_is_measured() { log_bytes >"$work/bytes"; }

pain_13_a_log_is_bounded_whatever_a_service_says() {
    local bytes
    app '/log?40000'
    wait_until 20 log_is_measured
    bytes=$(cat "$work/bytes")
    [ "$bytes" -gt 0 ] && [ "$bytes" -le $((196608 + 65536)) ]
    note "log of $((40000 * 82)) bytes takes $bytes"
}

# --- its log outlives it

the_log_of_the_container_before_is_kept() {
    local before
    before=$(inspect app '{{.Id}}')
    config 200 '{"limits":{"app":{"log_bytes":393216}}}' '?dry_run=true'
    jq -e '.effects == [{service: "app", change: "log 0.1875 MB → 0.375 MB", how: "recreate"}]' "$work/body"
    config 200 '{"limits":{"app":{"log_bytes":393216}}}'
    wait_until 60 another_container "$before"
    wait_until 60 service_healthy app
    api GET '/services/app/logs?previous=true&tail=5' |
        jq -e '.truncated and (.lines | length == 5) and (.lines[4].text | startswith("line 39999 "))'
    expect_match "kept" "$(ls "$gw_state/logs/app")" '^[0-9]{13}-[0-9a-f]{12}-000\.log\.gz$'
    api GET /services/app/logs/download >"$work/log"
    expect "status" "$(cat "$work/status")" 200
    expect_match "old" "$(cat "$work/log")" ' line 39999 '
    expect_match "new" "$(tail -n 1 "$work/log")" 'first words'
    api_is 400 GET '/services/app/logs?previous=true&follow=true'
}
another_container() { [ "$(inspect app '{{.Id}}')" != "$1" ]; }

it_is_there_after_a_restart_of_holdfastd() {
    local before
    before=$(inspect app '{{.Id}} {{.State.StartedAt}}')
    gateway_end_daemon KILL
    gateway_start
    gateway_login
    wait_until 60 service_healthy app
    expect "container" "$(inspect app '{{.Id}} {{.State.StartedAt}}')" "$before"
}

# --- a release without it

leaves_with_its_release_but_for_its_data() {
    gateway_end_daemon
    gw_release=$release
    gateway_start
    gateway_login
    wait_until 60 container_is_gone
    wait_until 60 all_healthy
    docker volume inspect "$gw-app.data" >/dev/null
    api_is 404 GET /services/app
}
container_is_gone() { [ -z "$(docker ps -aq --filter "name=^$gw-app$")" ]; }

# --- releases that are refused

release_is_refused() {
    release_make "$1"
    gateway_refuses "$2"
}

check own_image_make
need
release_make
check waits_for_permission
need
check is_shown_with_what_is_relaxed
check is_hardened
check is_given_its_secret_as_a_file
check may_do_on_the_bus_what_is_written
check unhealthy_is_said
check is_judged_by_what_it_says_on_the_bus
check limits_change_without_a_restart
check limits_changed_by_hand_are_put_right_without_a_restart
check more_than_the_box_has_is_refused
check a_fork_bomb_is_held_by_the_limit
check out_of_memory_ends_it_alone
check a_full_volume_is_its_own_trouble
check one_that_heeds_no_signal_is_stopped_all_the_same
check pain_13_a_log_is_bounded_whatever_a_service_says
check the_log_of_the_container_before_is_kept
check it_is_there_after_a_restart_of_holdfastd
check leaves_with_its_release_but_for_its_data

gateway_new -bad
gw_uplink= # not set up: such a one does not start
check "limits are required" release_is_refused 'del(.services.app.limits.memory_bytes)' '/services/app/limits/memory_bytes: '
check "no root" release_is_refused '.services.app.user = 0' '/services/app/user: .*root'
check "a floating tag" release_is_refused '.services.app.tag = "latest"' '/services/app/tag: '
check "no filter beyond its roots" release_is_refused '.services.app.bus.read = ["#"]' '/services/app/bus/read: '
check "no capability that gives the host away" release_is_refused '.services.app.relaxations.capabilities = ["SYS_ADMIN"]' \
    '/services/app/relaxations/capabilities: '
check "no circle" release_is_refused '.services.other = (.services.app | .depends_on = ["app"] | del(.ports)) |
    .services.app.depends_on = ["other"]' 'circle: app → other → app'
finish

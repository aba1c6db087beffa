#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The broker as plain processes, with the real mosquitto and without Docker: what its queue does when it is full,
# and what is left after a kill. The consumers are mosquitto's own clients with the services' accounts.
# usage: tests/integration/broker.sh SERVICES        (the services folder of a build, with holdfast-broker in it)
# shellcheck source=../harness.sh
. "$(dirname "$0")/../harness.sh"

services_dir=$(readlink -f "${1:-$hf_build/asan/services}")
internal=$(free_port)
field=$((internal + 1))
queue=3000
each=5 # connections of an address
as=()
if [ "$(id -u)" -eq 0 ]; then
    # As root mosquitto becomes somebody else, who could not read its configuration.
    as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
fi

broker_start() {
    "${as[@]}" env HF_RUN_DIR="$work/run" HF_DATA_DIR="$work/data" HF_TMP_DIR="$work/tmp" \
        HF_BROKER="127.0.0.1:$internal" HF_FIELD="127.0.0.1:$field" \
        HF_GATE="$work/bin/holdfast-gate.so" "$work/bin/holdfast-broker" >>"$work/log" 2>&1 &
    echo $! >"$work/pid"
}

# Ends our program and by that mosquitto, at once: neither saves anything.
broker_kill() {
    kill -KILL "$(cat "$work/pid")"
    wait_until 5 gone
}
gone() { ! nc_open "$internal"; }
nc_open() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# subscribe NAME SECONDS COUNT: the session of that service, for so long or so many messages
subscribe() {
    local filter=field/#
    [ "$1" = processor ] || filter=uplink/#
    timeout "$2" mosquitto_sub -h 127.0.0.1 -p "$internal" -u "$1" -P "secret-$1" -i "$1" -c -q 1 -t "$filter" -C "$3" || true
}
publish() { seq -f 'n%.0f' "$1" "$2" | mosquitto_pub -h 127.0.0.1 -p "$field" -q 1 -t "$3" -l; }
status() {
    timeout 5 mosquitto_sub -h 127.0.0.1 -p "$internal" -u holdfastd -P secret-holdfastd -i holdfastd -t status/broker -C 1
}
status_says() { status | jq -e "$1" >/dev/null; }

devices_wait_for_saved_sessions() {
    local consumers=()
    broker_start
    wait_until 5 nc_open "$internal"
    expect_fail nc_open "$field"
    subscribe processor 3 1 >/dev/null &
    consumers+=($!)
    subscribe buffer 3 1 >/dev/null &
    consumers+=($!)
    wait_until 5 nc_open "$field"
    wait "${consumers[@]}" # or they take what the next check publishes
}

# Nobody consumes: the queue fills to its bound and no further, devices are not slowed, and every message beyond is
# counted and said.
full_queue_is_bounded_and_said() {
    publish 1 $((queue + 2000 + 700)) over/flow
    # 2000 more wait as on their way to the consumer only while it is there; away, the bound is the queue's.
    wait_until 15 status_says '.numbers.queue_dropped > 0'
    status >"$work/full.json"
    jq -e '.state == "degraded" and (.reason | test("^the broker.s queue is full: [0-9]+ messages were dropped since 20"))' "$work/full.json"
    note "$(jq -r '.numbers | "dropped \(.queue_dropped) of 5700, queued \(.queued) of \(.queue_limit), minutes \(.queue_minutes)"' "$work/full.json")"
    jq -e ".numbers.queue_limit == $queue and .numbers.clients == 0" "$work/full.json"
    jq -r .numbers.queue_dropped "$work/full.json" >"$work/dropped"
}

# What was kept is the oldest, in order; kept and dropped are all that were published.
kept_and_dropped_are_all() {
    subscribe processor 4 100000 >"$work/kept"
    expect "kept and dropped" "$(($(wc -l <"$work/kept") + $(cat "$work/dropped")))" $((queue + 2000 + 700))
    seq -f 'n%.0f' 1 "$(wc -l <"$work/kept")" | cmp - "$work/kept"
}

devices_are_counted_without_services() {
    sleep 8 | mosquitto_pub -h 127.0.0.1 -p "$field" -t x -l >/dev/null 2>&1 &
    wait_until 6 status_says '.numbers.clients == 1'
}

# Silent, as many as one address may have and seven more, which are closed and counted; others come as before.
one_address_is_bounded() {
    local silent=() _
    for _ in $(seq $((each + 7))); do
        sleep 20 | socat -u - "TCP:127.0.0.1:$field,bind=127.0.0.2" &
        silent+=($!)
    done
    wait_until 8 status_says ".numbers.connections_refused == 7 and .numbers.clients == $each"
    status_says ".state == \"degraded\" and (.reason | test(\"^127.0.0.2 had more than the $each connections of one address: 7 were refused\"))"
    mosquitto_pub -h 127.0.0.1 -p "$field" -q 1 -t a -m 1
    subscribe processor 3 1 | grep -qx 1
    kill "${silent[@]}"
    wait_until 8 status_says '.numbers.clients == 0'
}

# leaves_session ID: a device that comes without "clean session", and goes
leaves_session() { mosquitto_pub -h 127.0.0.1 -p "$field" -i "$1" -c -q 1 -t a -m 1 2>/dev/null; }

# Sessions that devices leave are counted, bounded, and known again after a restart; the services' are not theirs.
device_sessions_are_bounded() {
    local i
    for i in 1 2 3; do leaves_session "device-$i"; done
    wait_until 8 status_says '.numbers.device_sessions == 3 and .numbers.device_sessions_limit == 3'
    status_says '.numbers.device_sessions_refused == 0'
    expect_fail leaves_session device-4
    leaves_session device-2
    mosquitto_pub -h 127.0.0.1 -p "$field" -i device-4 -q 1 -t a -m 1 # leaves none
    wait_until 8 status_says '.state == "degraded" and .numbers.crowded == 1 and (.reason | test("^devices have left 3 sessions of 3: 1 times"))'
    subscribe processor 4 5 | grep -c . >"$work/kept_device"
    expect "messages of devices that were let in" "$(cat "$work/kept_device")" 5
}

# mosquitto's writes too: what it saves is more than what PID 1 writes itself.
bytes_written_are_said() {
    local pid least=0
    for pid in $(cat "$work/pid") $(pgrep -P "$(cat "$work/pid")"); do
        least=$((least + $(awk '/^write_bytes/ { print $2 }' "/proc/$pid/io")))
    done
    [ "$least" -gt 0 ]
    wait_until 6 status_says ".numbers.written_bytes >= $least"
}

# A session that is taken up with "clean session" has ended, and its place is free.
a_session_that_ended_makes_room() {
    mosquitto_pub -h 127.0.0.1 -p "$field" -i device-1 -q 1 -t a -m 1
    leaves_session device-5
    expect_fail leaves_session device-6
}

sessions_are_bounded_after_a_restart() {
    subscribe processor 2 100000 >/dev/null # or the save on the way holds them, and they come once more after a kill
    kill -TERM "$(cat "$work/pid")"
    wait_until 9 gone
    broker_start
    wait_until 5 nc_open "$field"
    wait_until 8 status_says '.numbers.device_sessions == 3'
    expect_fail leaves_session device-7
    leaves_session device-5
}

# With MQTT 5 a session outlives a clean start, and mosquitto does not say so: bounded by what it counts as away.
sessions_that_outlive_a_clean_start_are_bounded() {
    local i
    for i in $(seq 130); do
        mosquitto_pub -h 127.0.0.1 -p "$field" -V 5 -x 3600 -i "outlives-$i" -q 1 -t a -m 1 2>/dev/null || break
    done
    note "$i let in at once"
    [ "$i" -ge 80 ] && [ "$i" -lt 130 ]
    wait_until 20 status_says '.numbers.sessions_away >= 80 and .numbers.sessions_away < 130'
    sleep 17 # what came just now is in that number
    mosquitto_pub -h 127.0.0.1 -p "$field" -q 1 -t a -m 1
    status_says '.numbers.device_sessions_refused > 0'
}

# Devices publish and nothing else: no subscription, no retained message stays in the broker's memory.
devices_leave_nothing_behind() {
    local i
    mosquitto_sub -h 127.0.0.1 -p "$field" -t x -W 2 2>&1 | grep -q denied
    for i in $(seq 20); do mosquitto_pub -h 127.0.0.1 -p "$field" -q 1 -r -t "retained/$i" -m 1; done
    subscribe processor 3 100000 >"$work/retained"
    expect "messages" "$(wc -l <"$work/retained")" 21
    timeout 3 mosquitto_sub -h 127.0.0.1 -p "$internal" -u processor -P secret-processor -i processor -c -q 1 -t 'field/#' -F '%r' -W 2 >"$work/retained" || true
    expect "retained messages" "$(grep -c 1 "$work/retained" || true)" 0
}

# Killed without a word, with the sessions saved: what is published after the restart waits for consumers that are
# not back yet.
after_a_kill_nothing_published_later_is_lost() {
    broker_kill
    broker_start
    wait_until 5 nc_open "$field"
    publish 1 500 after/kill
    subscribe processor 4 500 | grep -c '^n' >"$work/after"
    expect "delivered" "$(cat "$work/after")" 500
}

end() {
    kill -TERM "$(cat "$work/pid")" 2>/dev/null
    rm -rf "$work"
}
trap end EXIT

mkdir -p "$work"/{run,data,tmp}
echo broker processor buffer forwarder holdfastd | tr ' ' '\n' |
    jq -Rn '{accounts: [inputs | {(.): "secret-\(.)"}] | add}' >"$work/run/credentials.json"
echo "{\"gateway\":\"g\",\"instance\":\"i\",\"max_queued_messages\":$queue,\"max_device_sessions\":3,\"connections_per_address\":$each}" >"$work/run/settings.json"
printf 'holdfast-devices 1\nanonymous yes\nend 0\n' >"$work/run/devices"
chmod 755 "$work"
[ ${#as[@]} -eq 0 ] || chown -R 65534:65534 "$work"/{run,data,tmp}
# Copies: the build may lie where only root may look.
mkdir -p "$work/bin"
cp "$services_dir"/broker/holdfast-{broker,gate.so} "$work/bin/"

check devices_wait_for_saved_sessions
need
check one_address_is_bounded
check device_sessions_are_bounded
check bytes_written_are_said
check a_session_that_ended_makes_room
check sessions_are_bounded_after_a_restart
check devices_leave_nothing_behind
check full_queue_is_bounded_and_said
check kept_and_dropped_are_all
check devices_are_counted_without_services
check after_a_kill_nothing_published_later_is_lost
check sessions_that_outlive_a_clean_start_are_bounded
finish

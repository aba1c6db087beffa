#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What supervision costs and how soon it sees: holdfastd with eight services and three days of history, beside
# `docker stats` and beside a plain script that polls the engine as a collector of container metrics would.
# shellcheck source=../private-gateway.sh disable=SC2119
. "$(dirname "$0")/../private-gateway.sh"
# shellcheck source=../own/own.sh
. "$(dirname "$0")/../own/own.sh"
# shellcheck source=figures.sh
. "$(dirname "$0")/figures.sh"

repeats=${HF_BENCH_REPEATS:-3}
idle_seconds=${HF_BENCH_IDLE:-120}
beside_seconds=${HF_BENCH_BESIDE:-20}
crashes=${HF_BENCH_CRASHES:-3}
words=${HF_BENCH_WORDS:-5}
# The engine doubles its pause before a restart unless the container has run for ten seconds.
settle_seconds=11
day_seconds=86400
day_hours=24
victim=processor
speaker='own-bus' # judged by what it says on the bus, which here is what this script says
app_port=1502
services+=(own-http own-web own-tcp "$speaker")
count=${#services[@]}
history=$hf_build/release/tests/bench/holdfast-history

bench_release() {
    # shellcheck disable=SC2016 # for jq
    own_release '
        def own($user): app($port) + { user: $user, networks: ["bus"] };
        def asked($path): { health: { http: { port: $port, path: $path } } };
        .services += { "own-http": (own(20001) + asked("/up")), "own-web": (own(20002) + asked("/who")),
            "own-tcp": (own(20003) + { health: { tcp: $port } }),
            ($speaker): (own(20004) + { bus: {}, health: { bus: true } }) }' \
        --argjson port "$app_port" --arg speaker "$speaker"
}

# --- /proc

rss_bytes() { awk '/^VmRSS/ { print $2 * 1024 }' "/proc/$(gw_pid)/status"; }
anonymous_bytes() { awk '/^RssAnon/ { print $2 * 1024 }' "/proc/$(gw_pid)/status"; }
written_bytes() { awk '/^write_bytes/ { print $2 }' "/proc/$(gw_pid)/io"; }

# cpu_seconds PID...: of all their threads and ended children so far; processes that are gone count nothing.
cpu_seconds() {
    local pid
    for pid in "$@"; do
        sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null
    done | awk -v hz="$(getconf CLK_TCK)" '{ s += $12 + $13 + $14 + $15 } END { printf "%.2f\n", s / hz }'
}

# The same of holdfastd alone, to the nanosecond.
own_cpu_seconds() { cat "/proc/$(gw_pid)"/task/*/schedstat | awk '{ n += $1 } END { printf "%.6f\n", n / 1e9 }'; }

# Times that a thread of holdfastd began to wait, which is how often one was woken.
wakeups() { cat "/proc/$(gw_pid)"/task/*/status | awk '/^voluntary_ctxt_switches/ { n += $2 } END { print n }'; }

# minus A B SCALE: (A - B) * SCALE
minus() { awk -v a="$1" -v b="$2" -v s="$3" 'BEGIN { printf "%.4f\n", (a - b) * s }'; }
over() { awk -v a="$1" -v b="$2" 'BEGIN { print a / b }'; }
middle() { printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"; }

# --- what it costs

engine_pids() { pgrep -x 'dockerd|containerd'; }

# in_percent COMMAND...: CPU of a core while it runs for beside_seconds, its own and then the engine's.
in_percent() {
    local pid own engine engines
    mapfile -t engines < <(engine_pids)
    engine=$(cpu_seconds "${engines[@]}")
    "$@" >/dev/null 2>&1 &
    pid=$!
    sleep "$beside_seconds"
    own=$(cpu_seconds "$pid")
    engine=$(minus "$(cpu_seconds "${engines[@]}")" "$engine" "$(over 100 "$beside_seconds")")
    kill -KILL "$pid" 2>/dev/null # docker stats does not heed TERM
    wait "$pid" 2>/dev/null
    echo "$(minus "$own" 0 "$(over 100 "$beside_seconds")") $engine"
}

containers() { printf "$gw-%s\n" "${services[@]}"; }

docker_stats() {
    local all
    mapfile -t all < <(containers)
    exec docker stats --no-trunc "${all[@]}"
}

# As a collector without a stream does it: each container's figures and state, once a second.
poller() {
    local name
    while :; do
        for name in $(containers); do
            curl -fsS --unix-socket "$docker_socket" "http://docker/containers/$name/stats?stream=false&one-shot=true"
            curl -fsS --unix-socket "$docker_socket" "http://docker/containers/$name/json"
        done
        sleep 1
    done
}

# Memory that the history will touch once the daemon has run for six hours: 7 series a service and 9 others of 600
# seconds and 2,160 tens of seconds, 2 bytes each.
untouched_bytes() {
    local up
    up=$(($(date +%s) - $(stat -c %Y "/proc/$(gw_pid)")))
    echo $(((7 * count + 9) * 2 * ((600 - (up < 600 ? up : 600)) + (2160 - up / 10))))
}

cost_figures() {
    local i cpu0 wake0 written0 cpu=() wake=() rss=() written=() stats poll idle beside
    for ((i = 0; i < repeats; i++)); do
        measuring "holdfastd idle for $idle_seconds s with $count services ($((i + 1)) of $repeats)"
        cpu0=$(own_cpu_seconds) wake0=$(wakeups) written0=$(written_bytes)
        sleep "$idle_seconds"
        cpu+=("$(minus "$(own_cpu_seconds)" "$cpu0" "$(over 100 "$idle_seconds")")")
        wake+=("$(minus "$(wakeups)" "$wake0" "$(over 1 "$idle_seconds")")")
        written+=("$(awk -v b="$(minus "$(written_bytes)" "$written0" "$(over "$day_seconds" "$idle_seconds")")" \
            -v hour="$hour_bytes" -v n="$day_hours" 'BEGIN { print b + hour * n }')")
        rss+=("$(($(rss_bytes) + $(untouched_bytes)))")
    done
    measuring "the engine alone, docker stats, and a script that polls"
    idle=$(in_percent sleep "$beside_seconds")
    stats=$(in_percent docker_stats)
    poll=$(in_percent poller)
    beside=$(jq -nc --arg idle "${idle#* } %" --arg stats "${stats% *} % and the engine ${stats#* } %" \
        --arg poll "${poll% *} % and the engine ${poll#* } %" \
        '{"the engine meanwhile": $idle, "docker stats": $stats, "polling each second": $poll}')
    figure "holdfastd, resident memory, $count services, 3 days of history" bytes '<= 8000000' \
        "{\"of it heap, stacks and the like\": \"$(anonymous_bytes)\", \"of it history still to be touched\": \"$(untouched_bytes)\"}" \
        "${rss[@]}"
    figure "holdfastd, CPU while idle" "% of a core" '<= 0.1' "$beside" "${cpu[@]}"
    figure "wake-ups while idle" /s '<= 3' '{}' "${wake[@]}"
    figure "written while idle" bytes/day '<= 1000000' "{\"measured over\": \"$idle_seconds s\", \"the hourly write\": \"$hour_bytes bytes\"}" "${written[@]}"
}

# What stays after somebody has looked at everything.
looked_at_figure() {
    local i path
    for ((i = 0; i < 20; i++)); do
        for path in / /api/v1/gateway /api/v1/services /api/v1/release /api/v1/health "/api/v1/services/$victim/logs?tail=100"; do
            curl -kfsS -b "$gw_dir/jar" -o /dev/null "$gw_url$path"
        done
    done
    figure "holdfastd, resident memory, after a login and 120 answers" bytes '' '{}' "$(rss_bytes)"
}

# --- how soon it sees

# Lines "MICROSECONDS STATE" into $work/stream, as an open event stream tells them, until its curl is ended.
watch_stream() {
    local line
    exec 3< <(exec curl -kNsS -b "$gw_dir/jar" "$gw_url/api/v1/events")
    echo $! >"$work/stream.pid"
    while IFS= read -r line <&3; do
        case $line in
        data:*) printf '%s %s\n' "${EPOCHREALTIME/[.,]/}" "${line#data:}" ;;
        esac
    done >"$work/stream"
}

# stream_saw SERVICE TIME FILTER: the first time in µs after TIME at which the stream shows that of the service.
stream_saw() {
    local at
    at=$(awk -v from="$2" '$1 > from' "$work/stream" | while read -r at text; do
        if jq -e --arg name "$1" ".services[] | select(.name == \$name) | $3" <<<"$text" >/dev/null 2>&1; then
            echo "$at"
            break
        fi
    done)
    [ -n "$at" ] && echo "$at"
}

# When the engine says that container $1 started again after the time $2 in µs.
started_again() {
    docker events --since "$(($2 / 1000000 - 1))" --until "$(date +%s)" --filter "container=$1" --filter event=start \
        --format '{{.TimeNano}}' | awk -v from="$2" '$1 / 1000 > from { printf "%.0f\n", $1 / 1000; exit }'
}

has_started_again() { [ -n "$(started_again "$@")" ]; }

# crash CONTAINER: ends its process; prints the time in µs before.
crash() {
    local pid
    pid=$(docker inspect --format '{{.State.Pid}}' "$1")
    echo "${EPOCHREALTIME/[.,]/}"
    [ "$pid" -gt 1 ] && kill -KILL "$pid"
}

# milliseconds FROM TO, both in µs; null where it never came.
milliseconds() { awk -v a="$1" -v b="$2" 'BEGIN { if (b) printf "%.1f\n", (b - a) / 1000; else print "null" }'; }

# As much work for the engine, with nobody but its policy behind it.
plain_start() {
    docker create --name "$gw-plain" --network "$gw-bus" --restart unless-stopped --read-only --memory 64m \
        --memory-swap 64m --cpus 1 --pids-limit 32 --cap-drop ALL --security-opt no-new-privileges \
        --entrypoint /usr/sbin/mosquitto "$(inspect broker '{{.Image}}')" -p 1899 >/dev/null
    docker network connect "$gw-lease" "$gw-plain"
    docker start "$gw-plain" >/dev/null
    wait_until 30 docker inspect --format '{{.State.Running}}' "$gw-plain"
}

crash_figures() {
    local i at shown ours=() plain=() seen=() healthy=() ill='.state != "running" or .health != "healthy"'
    measuring "crashes of $victim, and of a plain container"
    plain_start
    for ((i = 0; i < crashes; i++)); do
        wait_until 60 service_healthy "$victim" >/dev/null
        sleep "$settle_seconds"
        at=$(crash "$gw-$victim")
        wait_until 30 has_started_again "$gw-$victim" "$at" >/dev/null
        ours+=("$(milliseconds "$at" "$(started_again "$gw-$victim" "$at")")")
        wait_until 30 stream_saw "$victim" "$at" "$ill" >/dev/null
        shown=$(stream_saw "$victim" "$at" "$ill")
        seen+=("$(milliseconds "$at" "$shown")")
        wait_until 60 stream_saw "$victim" "${shown:-$at}" "$ill | not" >/dev/null
        healthy+=("$(milliseconds "$at" "$(stream_saw "$victim" "${shown:-$at}" "$ill | not")")")
        at=$(crash "$gw-plain")
        wait_until 30 has_started_again "$gw-plain" "$at" >/dev/null
        plain+=("$(milliseconds "$at" "$(started_again "$gw-plain" "$at")")")
    done
    docker rm --force "$gw-plain" >/dev/null
    figure "crash of a service, running again" ms "<= $(awk -v p="$(middle "${plain[@]}")" 'BEGIN { print p + 100 }')" \
        "{\"a plain container under Docker's own policy\": \"$(middle "${plain[@]}") ms\"}" "${ours[@]}"
    figure "crash of a service, seen on an event stream" ms '<= 250' '{}' "${seen[@]}"
    figure "crash of a service, healthy again on the stream" ms '' '{}' "${healthy[@]}"
}

# From a word on the bus to the stream that shows it.
word_figures() {
    local i at shown=()
    measuring "words of a service that says it is healthy"
    for ((i = 0; i < words; i++)); do
        at=${EPOCHREALTIME/[.,]/}
        voice_says "$speaker" '{"state":"degraded","reason":"no meter answers"}'
        wait_until 30 stream_saw "$speaker" "$at" '.health == "degraded"' >/dev/null
        sleep "$((i % 2 + 1)).$i" # at another time of its round each time
        at=${EPOCHREALTIME/[.,]/}
        voice_says "$speaker" '{"state":"ok"}'
        wait_until 30 stream_saw "$speaker" "$at" '.health == "healthy"' >/dev/null
        shown+=("$(milliseconds "$at" "$(stream_saw "$speaker" "$at" '.health == "healthy"')")")
    done
    figure "healthy by its own word, shown on an event stream" ms '<= 1000' '{}' "${shown[@]}"
}

# --- start

adopted() { [ "$(grep -c 'event=state .*to=running' "$gw_dir/log")" -ge "$count" ]; }

# From exec until the last running container is known as what it should be, by the log's own times.
adoption_ms() {
    local from last
    : >"$gw_dir/log"
    from=$(now_ms)
    gateway_spawn
    disown
    wait_until 30 adopted >/dev/null
    last=$(grep 'event=state .*to=running' "$gw_dir/log" | tail -n 1 | sed -n 's/^time=\([^ ]*\).*/\1/p')
    echo $(($(date -d "$last" +%s%3N) - from))
}

start_figures() {
    local i took=()
    measuring "starts of holdfastd beside $count running services"
    for ((i = 0; i < repeats + 2; i++)); do
        gateway_end_daemon
        took+=("$(adoption_ms)")
    done
    figure "start of holdfastd, all $count services adopted" ms '<= 200' '{}' "${took[@]}"
}

gateway_new
check "an image for services of one's own" own_image_make
need
bench_release
check "a gateway, claimed" gateway_start
check "it is claimed" gateway_claim
check "it has a receiver" receiver_start
check "its broker is healthy" wait_until 120 service_healthy broker
voice "$speaker" '{"state":"ok"}'
check "it is healthy" wait_until 120 all_healthy
need
gateway_end_daemon
hour_bytes=$("$history" "$gw_state" "${services[@]}" | sed -n 's/.* written_bytes=//p')
check "it has three days of history" test "${hour_bytes:-0}" -gt 0
need
gateway_start
start_figures
wait_until 60 gateway_is_ready
wait_until 60 gateway_login >/dev/null
wait_until 60 all_healthy >/dev/null
gateway_end_daemon
gateway_start # as a box that nobody has looked at since its start
sleep "$settle_seconds"
cost_figures
wait_until 60 gateway_login >/dev/null
looked_at_figure
watch_stream &
crash_figures
word_figures
kill "$(cat "$work/stream.pid")"
figures_write
figures_table

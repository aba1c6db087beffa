#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The dashboard in Chromium, over TLS with the gateway's own certificate: what a first visit transfers and how soon it
# is there on a slow phone and line, Lighthouse, what an open page costs the browser and the gateway, and whether it
# grows in eight hours.
# HF_BENCH_ONLY="name…" measures only these: first_visit lighthouse open_page on_the_gateway.
# shellcheck source=../private-gateway.sh disable=SC2119
. "$(dirname "$0")/../private-gateway.sh"
# shellcheck source=figures.sh
. "$(dirname "$0")/figures.sh"

repeats=${HF_BENCH_REPEATS:-3}
services_shown=20
hours=${HF_BENCH_HOURS:-8}
minute=${HF_BENCH_SECONDS:-60}
only=${HF_BENCH_ONLY:-first_visit lighthouse open_page on_the_gateway}
dashboards=6 # each a browser of its own
here=$hf_root/tests/bench

wants() { grep -qw "$1" <<<"$only"; }

before_end() {
    close_dashboards
    [ ! -s "$work/stage.pid" ] || kill "$(cat "$work/stage.pid")" 2>/dev/null
}

starts() {
    gateway_start
    gateway_claim
    receiver_start
    wait_until 120 all_healthy
}

# Becomes web.mjs: for subshells.
web() {
    export HF_URL=${stage_url:-$gw_url} HF_PASSWORD=$password HF_WEBUI=$hf_root/webui
    HF_CERTIFICATE=$(find "$gw_state" -name server.pem | head -n 1)
    export HF_CERTIFICATE
    exec "$node" "$here/web.mjs" "$@"
}

# in_browser WHAT [OPTION]: its figures, as one object.
in_browser() {
    (web "$@") || {
        echo "tests/bench/web: no figure for $1" >&2
        exit 1
    }
}

of() { jq -r "$2" <<<"$1"; }

first_visit() {
    local i one bytes=() requests=() shown=() said
    for ((i = 0; i < repeats; i++)); do
        measuring "a first visit, and one on a slow phone and line ($((i + 1)) of $repeats)"
        one=$(in_browser first)
        bytes+=("$(of "$one" .bytes)")
        requests+=("$(of "$one" .requests)")
        shown+=("$(of "$(in_browser slow)" .ms)")
    done
    said=$(of "$one" '{answers: "\(.answers) with \(.answer_bytes) bytes", uncompressed: "\(.raw_bytes) bytes"}')
    figure "first visit, files" bytes '<= 60000' "$said" "${bytes[@]}"
    figure "first visit, requests for them" requests '<= 6' '{}' "${requests[@]}"
    figure "state shown and usable, CPU 4 × slower, 1.6 Mbit/s, 150 ms away" ms '<= 1500' '{}' "${shown[@]}"
}

lighthouse() {
    local i one performance=() accessibility=() practices=()
    for ((i = 0; i < repeats; i++)); do
        measuring "Lighthouse ($((i + 1)) of $repeats)"
        one=$(in_browser lighthouse)
        performance+=("$(of "$one" .performance)")
        accessibility+=("$(of "$one" .accessibility)")
        practices+=("$(of "$one" '."best-practices"')")
    done
    figure "Lighthouse, mobile: performance" points '>= 99' "$(of "$one" .beside)" "${performance[@]}"
    figure "Lighthouse: accessibility" points '>= 100' '{}' "${accessibility[@]}"
    figure "Lighthouse: best practices" points '>= 100' "$(of "$one" .missed)" "${practices[@]}"
}

# The gateway behind a stage that makes four services twenty and tells of hours in minutes.
stage_starts() {
    "$node" "$here/web-stage.mjs" "$gw_url" "$(find "$gw_state" -name server.pem | head -n 1)" "$services_shown" \
        >"$work/stage" 2>"$work/stage.log" &
    echo $! >"$work/stage.pid"
    wait_until 20 grep -q '^https' "$work/stage"
}

open_page() {
    local i one script=() growth=() stage_url
    stage_url=$(cat "$work/stage")
    for ((i = 0; i < repeats; i++)); do
        measuring "an open page with $services_shown services ($((i + 1)) of $repeats)"
        one=$(in_browser live "$minute")
        script+=("$(of "$one" .script_ms)")
    done
    figure "scripts in a minute, $services_shown services live" ms '<= 300' "$(of "$one" .beside)" "${script[@]}"
    measuring "$hours hours of events"
    one=$(in_browser hours "$hours")
    growth+=("$(of "$one" .growth)")
    figure "what the page holds after $hours h of events beside that after one" × '<= 1.02' "$(of "$one" .beside)" "${growth[@]}"
}

own_cpu_seconds() { cat "/proc/$(gw_pid)"/task/*/schedstat | awk '{ n += $1 } END { printf "%.6f\n", n / 1e9 }'; }

# Per cent of a core, over a minute.
gateway_cpu() {
    local from
    from=$(own_cpu_seconds)
    sleep "$minute"
    awk -v a="$from" -v b="$(own_cpu_seconds)" -v s="$minute" 'BEGIN { printf "%.4f\n", (b - a) * 100 / s }'
}

open_dashboards() {
    local i
    for ((i = 0; i < dashboards; i++)); do
        : >"$work/open.$i"
        (web open) >"$work/open.$i" &
        echo $! >>"$work/browsers"
        wait_until 120 grep -q open "$work/open.$i" >/dev/null
    done
    sleep 5 # what opening them costs is not meant
}

close_dashboards() {
    local pid
    [ -s "$work/browsers" ] || return 0
    while read -r pid; do
        kill "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done <"$work/browsers"
    rm -f "$work/browsers"
}

on_the_gateway() {
    local i before with=() each=()
    for ((i = 0; i < repeats; i++)); do
        measuring "the gateway with $dashboards dashboards ($((i + 1)) of $repeats)"
        before=$(gateway_cpu)
        open_dashboards
        with+=("$(gateway_cpu)")
        close_dashboards
        each+=("$(awk -v a="$before" -v b="${with[-1]}" -v n="$dashboards" 'BEGIN { printf "%.4f\n", (b - a) / n }')")
    done
    figure "holdfastd, for each open dashboard" "% of a core" '<= 0.2' "{\"with $dashboards\": \"${with[-1]} %\", \"with none\": \"$before %\"}" "${each[@]}"
}

gateway_new
check "packages of the tests" has_packages
if wants lighthouse; then check "Lighthouse" has_packages bench; fi
check "a gateway, claimed and healthy, with a receiver" starts
if wants open_page; then check "a stage with $services_shown services" stage_starts; fi
need
for one in $only; do
    "$one"
done
figures_write
figures_table

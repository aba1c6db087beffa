#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The record path beside what people have: mosquitto alone, its bridge, SQLite one row a message. All in one run, on
# the same machine, as plain processes; medians of the repeats, a table with the goals, build/bench/path.json.
# usage: tests/bench/path.sh     HF_BENCH_REPEATS (5), HF_BENCH_MESSAGES (100000), HF_BENCH_HELD (1000000; 10000000 in
#                                the long form), HF_BENCH_SECONDS (20: of the runs at a rate), HF_BENCH_LONG=1,
#                                HF_BENCH_ONLY="name…": throughput backlog commit flash disk drain held latency memory
# shellcheck source=../path.sh
. "$(dirname "$0")/../path.sh"
# shellcheck source=figures.sh
. "$(dirname "$0")/figures.sh"
# shellcheck source=contenders.sh
. "$(dirname "$0")/contenders.sh"

long=${HF_BENCH_LONG:-0}
repeats=${HF_BENCH_REPEATS:-5}
if [ "$long" = 1 ]; then
    messages=${HF_BENCH_MESSAGES:-1000000} held=${HF_BENCH_HELD:-10000000}
else
    messages=${HF_BENCH_MESSAGES:-100000} held=${HF_BENCH_HELD:-1000000}
fi
seconds=${HF_BENCH_SECONDS:-20}
only=${HF_BENCH_ONLY:-throughput backlog commit flash disk drain held latency memory}
path_new
trap 'contenders_end; path_end' EXIT
: >"$work/figures"

ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.4f\n", (b > 0 ? a / b : 0) }'; }
difference() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f\n", a - b }'; }
median() { printf '%s\n' "$@" | jq -s 'sort | .[length / 2 | floor]'; }
object() { jq -nc '$ARGS.named' "$@"; }

wants() { grep -qw "$1" <<<"$only"; }

# --- messages a second, all the way to the sink

# More than this at once is published only when what went before has arrived: a broker never pushes back, so who
# publishes faster than a contender delivers measures the room in the broker's memory.
round=100000

# delivered CONTENDER SIZE CORPUS: one run; leaves per_s, cpu_s per 100,000, and bytes written in $one.
delivered() {
    local run cpu written from='' to sent=0 count twice=0
    contender_forget_peak "$1"
    cpu=$(contender_cpu "$1") written=$(contender_written "$1")
    while [ "$sent" -lt "$messages" ]; do
        run=r$((run_number += 1))
        count=$((messages - sent < round ? messages - sent : round))
        "$checker" --port "$(contender_port "$1")" --run "$run" --prefix "$run" --count "$count" --size "$2" \
            --corpus "$3" --window 1000 >"$work/$run.flow"
        wait_until 600 sink_has "$1" "$run" "$count" || return
        from=${from:-$(grep -o 'start_ns=[0-9]*' "$work/$run.flow" | cut -d= -f2)}
        twice=$((twice + $(sink_value "$1" "$run" .duplicated)))
        sent=$((sent + count))
    done
    to=$(sink_value "$1" "$run" .last_ns)
    one=$(jq -nc --argjson from "$from" --argjson to "$to" --argjson n "$messages" \
        --argjson cpu "$(difference "$(contender_cpu "$1")" "$cpu")" \
        --argjson written "$(($(contender_written "$1") - written))" --argjson rss "$(contender_peak "$1")" \
        --argjson twice "$twice" \
        '{per_s: ($n / ($to - $from) * 1e9), cpu_s: ($cpu * 100000 / $n), written: $written, rss: $rss, twice: $twice}')
}

throughput_of() {
    local contender size=$1 corpus=$2 i
    for contender in alone bridge holdfast; do
        : >"$work/cell.$contender"
    done
    for ((i = 0; i < repeats; i++)); do
        for contender in alone bridge holdfast; do
            measuring "$contender: $messages messages of $size B, $corpus ($((i + 1)) of $repeats)"
            delivered "$contender" "$size" "$corpus" || return
            echo "$one" >>"$work/cell.$contender"
        done
    done
    tell_throughput "$size" "$corpus"
}

cell() { jq -r "$2" "$work/cell.$1"; }

tell_throughput() {
    local what="$1 B, $2" contender values alone bridge
    alone=$(cell alone .per_s | jq -s 'sort | .[length / 2 | floor]')
    bridge=$(cell bridge .per_s | jq -s 'sort | .[length / 2 | floor]')
    [ "$1 $2" != "200 sensor" ] || echo "$bridge" >"$work/bridge_rate"
    for contender in alone bridge holdfast; do
        mapfile -t values < <(cell "$contender" .per_s)
        figure "$contender: messages to the sink, $what" 1/s "" \
            "$(object --argjson "CPU s per 100,000" "$(cell "$contender" .cpu_s | jq -s 'sort | .[length / 2 | floor]')" \
                --argjson "peak RSS" "$(cell "$contender" .rss | jq -s max)" \
                --argjson "bytes written" "$(cell "$contender" .written | jq -s 'sort | .[length / 2 | floor]')" \
                --argjson "sent twice" "$(cell "$contender" .twice | jq -s add)")" "${values[@]}"
    done
    mapfile -t values < <(cell holdfast ".per_s / $alone")
    figure "delivered against mosquitto alone, $what" ratio ">= 0.7" '{}' "${values[@]}"
    mapfile -t values < <(cell holdfast ".per_s / $bridge")
    figure "delivered against its bridge, $what" ratio ">= 1" '{}' "${values[@]}"
}

throughput_figures() {
    local size corpus
    for contender in alone bridge holdfast; do
        contender_start "$contender"
    done
    for corpus in sensor binary; do
        for size in 200 2000; do
            throughput_of "$size" "$corpus"
        done
    done
    for contender in alone bridge holdfast; do
        contender_stop "$contender"
    done
}

# --- a full backlog, then kill -9 of all that holds it

# backlog_of CONTENDER: nobody takes them; all is killed at once and started again.
backlog_of() {
    local contender=$1 run i lost=() disk=() arrived acknowledged
    for ((i = 0; i < repeats; i++)); do
        measuring "$contender: kill -9 with $messages messages waiting ($((i + 1)) of $repeats)"
        run=r$((run_number += 1))
        contender_start "$contender"
        contender_cut "$contender"
        "$checker" --port "$(contender_port "$contender")" --run "$run" --prefix "$run" --count "$messages" --window 1000 \
            >"$work/$run.flow"
        acknowledged=$(grep -o ' acknowledged=[0-9]*' "$work/$run.flow" | cut -d= -f2)
        contender_settles "$contender"
        disk+=("$(contender_disk "$contender")")
        contender_kill "$contender"
        contender_join "$contender"
        wait_until 600 sink_is_quiet "$contender" "$run"
        arrived=$(sink_value "$contender" "$run" .distinct)
        lost+=($((acknowledged - arrived)))
        contender_stop "$contender"
    done
    figure "$contender: lost of $messages acknowledged, kill -9 with a full backlog" messages \
        "$([ "$contender" != holdfast ] || echo "<= 0")" "$(object --argjson "bytes on disk before" "$(median "${disk[@]}")")" \
        "${lost[@]}"
}

backlog_figures() {
    for contender in alone bridge holdfast; do
        backlog_of "$contender"
    done
}

# --- the buffer by itself, beside one row a message

row() { rm -f "$work"/rows.db*; "$bench_bin/holdfast-rowstore" --db "$work/rows.db" "$@"; }
feed() { "$bench_bin/holdfast-feed" --url "http://127.0.0.1:$path_buffer" "$@"; }
buffer_up() {
    path_down buffer
    rm -rf "$path_dir/buffer/data"/*
    path_up buffer
    wait_until 60 buffer_takes_records
}
buffer_takes_records() { feed --token tp --count 1 --topic probe; }

# The same feeder hands the same records to a store that makes a row of each, and commits by the buffer's rule. Its
# batches are so large that each is a commit: not the window but the store is what it waits for.
rows_by_http() {
    local port
    port=$(free_port)
    rm -f "$work"/served.db*
    ct_spawn rowserver "$bench_bin/holdfast-rowserver" --listen "127.0.0.1:$port" --db "$work/served.db" --window-ms "$1"
    wait_until 30 port_is_open "$port"
    "$bench_bin/holdfast-feed" --url "http://127.0.0.1:$port" --token none --count $((messages * 5)) --batch 10000 --connections 3 | jq .per_s
    ct_end rowserver
}

commit_figures() {
    local i window=50 rows=() blocks=() singles=() alone=() ratios=()
    path_settings buffer ".window_ms = $window"
    for ((i = 0; i < repeats; i++)); do
        measuring "commits beside rows ($((i + 1)) of $repeats)"
        rows+=("$(rows_by_http "$window")")
        alone+=("$(row --count "$messages" --window-ms "$window" | jq .per_s)")
        singles+=("$(row --count $((messages / 100)) --window-ms 0 | jq .per_s)")
        buffer_up
        blocks+=("$(feed --token tp --count $((messages * 5)) --batch 10000 --connections 3 | jq .per_s)")
        ratios+=("$(ratio "${blocks[-1]}" "${rows[-1]}")")
    done
    figure "SQLite, a row a record, window $window ms" records/s "" \
        "$(object --argjson "without HTTP, in one loop" "$(median "${alone[@]}")" \
            --argjson "the same, a commit for each" "$(median "${singles[@]}")")" "${rows[@]}"
    figure "buffer, durable, window $window ms" records/s "" '{}' "${blocks[@]}"
    figure "buffer commit against rows, window $window ms" ratio ">= 3" '{}' "${ratios[@]}"
    path_down buffer
}

# --- bytes that go to the disk at 1,000 records/s of 200 B

flash_figures() {
    local goals=(2 0.6 0.5) windows=(50 1000 5000) i k count=$((seconds * 1000)) payload ours theirs before
    payload=$((count * 200))
    for k in 0 1 2; do
        ours=() theirs=() against=()
        for ((i = 0; i < (repeats + 1) / 2; i++)); do
            measuring "bytes written at 1,000/s for $seconds s, window ${windows[k]} ms ($((i + 1)) of $(((repeats + 1) / 2)))"
            path_settings buffer ".window_ms = ${windows[k]}"
            buffer_up
            row --count "$count" --rate 1000 --window-ms "${windows[k]}" >"$work/rows.json" &
            before=$(written_bytes buffer)
            # As a processor does: what came while one batch was on its way is the next one.
            feed --token tp --count "$count" --batch "${windows[k]}" --connections 2 --rate 1000 >/dev/null
            wait $!
            ours+=("$(ratio $(($(written_bytes buffer) - before)) "$payload")")
            theirs+=("$(ratio "$(jq .written "$work/rows.json")" "$payload")")
            against+=("$(ratio "${ours[-1]}" "${theirs[-1]}")")
        done
        figure "bytes written for a payload byte, window ${windows[k]} ms" ratio "<= ${goals[k]}" \
            "$(object --argjson "rows" "$(median "${theirs[@]}")")" "${ours[@]}"
        figure "bytes written against rows, window ${windows[k]} ms" ratio "<= 0.3334" '{}' "${against[@]}"
    done
    path_settings buffer '.window_ms = 50'
    path_down buffer
}

# --- held for long: size, and what a record costs then

# One slice in and out with the CPU of the buffer: microseconds a record.
slice_cost() {
    local count=100000 cpu
    cpu=$(cpu_seconds buffer)
    feed --token tp --count "$count" --connections 3 >"$work/in.json"
    feed --token tf --count "$count" --drain >"$work/out.json"
    awk -v a="$cpu" -v b="$(cpu_seconds buffer)" -v n="$count" 'BEGIN { printf "%.3f\n", (b - a) * 1e6 / n }'
}

held_figures() {
    local i empty=() full=() disk payload beside
    buffer_up
    for ((i = 0; i < repeats; i++)); do
        measuring "cost of a record, empty ($((i + 1)) of $repeats)"
        empty+=("$(slice_cost)")
    done
    payload=$((1000000 * 200))
    measuring "1,000,000 records held"
    feed --token tp --count 1000000 --connections 3 >/dev/null
    sleep 5 # small blocks merge
    disk=$(disk_bytes buffer)
    figure "on disk, 1 M records of 200 B held" "of payload" "<= 0.25" '{}' "$(ratio "$disk" "$payload")"
    measuring "$held records held"
    [ "$held" -le 1000000 ] || feed --token tp --count $((held - 1000000)) --connections 3 >/dev/null
    for ((i = 0; i < repeats; i++)); do
        measuring "cost of a record, $held held ($((i + 1)) of $repeats)"
        full+=("$(slice_cost)")
    done
    figure "CPU of append, lease and acknowledge, nothing held" "µs a record" "" '{}' "${empty[@]}"
    figure "CPU of append, lease and acknowledge, $held held" "µs a record" "" '{}' "${full[@]}"
    beside=$(object --argjson "records held" "$held")
    figure "cost of a record, much held against empty" ratio "<= 1.1" "$beside" "$(ratio "$(median "${full[@]}")" "$(median "${empty[@]}")")"
    figure "buffer, resident memory with $held held" bytes "<= 16777216" "$(object --argjson peak "$(peak_bytes buffer)")" "$(rss_bytes buffer)"
    path_down buffer
}

# --- after an outage

drain_figures() {
    local i run live rates=() against=() late=() from to bridge bulk=$((messages * 2))
    bridge=$(cat "$work/bridge_rate" 2>/dev/null || echo 25000) # what the bridge was once measured to do
    for ((i = 0; i < repeats; i++)); do
        measuring "drain of $bulk records while 1,000/s come ($((i + 1)) of $repeats)"
        contender_start holdfast
        contender_cut holdfast
        run=r$((run_number += 1))
        "$checker" --port "$path_field" --run "$run" --prefix bulk --count "$bulk" --window 1000 >/dev/null
        contender_settles holdfast
        "$checker" --port "$path_field" --run "live$run" --prefix live --count $((seconds * 1000)) --rate 1000 >/dev/null &
        live=$!
        from=$(($(now_ns)))
        contender_join holdfast
        "$checker" --port "$path_field" --run "alarm$run" --prefix alarm --topics 1 --clients 1 --count $((seconds * 10)) --rate 10 >/dev/null
        wait "$live"
        wait_until 600 sink_has holdfast "$run" "$bulk"
        to=$(sink_value holdfast "$run" .last_ns)
        rates+=("$(awk -v n="$bulk" -v a="$from" -v b="$to" 'BEGIN { printf "%.0f\n", n / (b - a) * 1e9 }')")
        against+=("$(ratio "${rates[-1]}" "$bridge")")
        wait_until 60 sink_has holdfast "alarm$run" $((seconds * 10))
        late+=("$(sink_value holdfast "alarm$run" .max_ms)")
        contender_stop holdfast
    done
    figure "drain after an outage, 1,000/s live beside it" records/s ">= 5000" '{}' "${rates[@]}"
    figure "drain against the bridge" ratio ">= 1" '{}' "${against[@]}"
    figure "alarm-lane record meanwhile, latest" ms "<= 1000" '{}' "${late[@]}"
}

now_ns() { awk '{ printf "%.0f\n", $1 * 1e9 }' /proc/uptime; }

# --- one message every 20 ms, nothing else

latency_figures() {
    local i run contender window p50=() p99=() goal
    for contender in alone holdfast; do
        contender_start "$contender"
        p50=() p99=()
        for ((i = 0; i < repeats; i++)); do
            measuring "$contender: latency while idle ($((i + 1)) of $repeats)"
            run=r$((run_number += 1))
            "$checker" --port "$(contender_port "$contender")" --run "$run" --prefix "$run" --clients 1 --topics 1 --rate 50 \
                --count $((seconds * 25)) >/dev/null
            wait_until 60 sink_has "$contender" "$run" $((seconds * 25))
            p50+=("$(sink_value "$contender" "$run" .p50_ms)")
            p99+=("$(sink_value "$contender" "$run" .p99_ms)")
        done
        window=$(jq .window_ms "$path_dir/buffer/run/settings.json")
        goal=
        [ "$contender" != holdfast ] || goal="<= $((window + 10))"
        figure "$contender: latency while idle, p99" ms "$goal" "$(object --argjson p50 "$(median "${p50[@]}")")" "${p99[@]}"
        contender_stop "$contender"
    done
}

# --- memory of each under load

memory_figures() {
    local service run=r$((run_number += 1))
    contender_start holdfast
    "$checker" --port "$path_field" --run "$run" --prefix "$run" --count "$messages" --window 1000 >/dev/null
    wait_until 600 sink_has holdfast "$run" "$messages"
    for service in buffer forwarder processor; do
        figure "$service, peak resident memory after $messages messages" bytes "<= 16777216" \
            "$(object --argjson now "$(rss_bytes "$service")")" "$(peak_bytes "$service")"
    done
    contender_stop holdfast
}

fluent_bit=$(apt-cache policy fluent-bit 2>/dev/null | sed -n 's/^ *Candidate: //p')
[ -n "$fluent_bit" ] && [ "$fluent_bit" != "(none)" ] || echo "fluent-bit: Debian has no package of it here; it is not measured"
run_number=0
for what in throughput backlog commit flash held drain latency memory; do
    ! wants "$what" || "${what}_figures"
done
figures_write
figures_table

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The appliance in a machine of its own: from power-on to an answer, to a provisioned gateway, to the first record delivered,
# beside a plain Debian's boot to its login; the size of the disk, memory, and what an idle hour writes.
# shellcheck source=../guest.sh disable=SC2119
. "$(dirname "$0")/../guest.sh"
# shellcheck source=figures.sh
. "$(dirname "$0")/figures.sh"

repeats=${HF_BENCH_REPEATS:-3}
idle_s=${HF_BENCH_IDLE_S:-3600}
plain=${guest_image%.img}-plain.img
memory_settles_s=120

ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f\n", a / b }'; }
since() { awk -v ms="$(($(now_ms) - $1))" 'BEGIN { printf "%.1f\n", ms / 1000 }'; }

# plain_boot: seconds to the login of a Debian of the same packages of Debian's, kernel and loader.
plain_boot() {
    local begin guest_tell=''
    guest_new "plain$1" "$plain"
    begin=$(now_ms)
    guest_start || return
    wait_until "$guest_s" grep -qa 'login:' "$guest_dir/serial" || return
    since "$begin" >"$work/plain.s"
    guest_cut
    rm "$guest_dir/disk"
}

# boots SUFFIX: writes seconds into $work/{answers,provisioned,healthy,record}.s
boots() {
    local begin guest_tell=''
    guest_new "$1"
    guest_receiver || return
    guest_provision || return
    begin=$(now_ms)
    guest_start || return
    wait_until "$guest_s" gateway_answers || return
    since "$begin" >"$work/answers.s"
    wait_until "$guest_s" guest_provisioned || return
    since "$begin" >"$work/provisioned.s"
    wait_until "$guest_s" publish_hears boot/first 1 || return
    since "$begin" >"$work/record.s"
    gateway_login || return
    wait_until "$guest_s" all_healthy || return
    since "$begin" >"$work/healthy.s"
}

# Again, with all that the first one made.
boots_again() {
    local begin guest_tell=''
    guest_off || return
    begin=$(now_ms)
    guest_start || return
    wait_until "$guest_s" gateway_answers || return
    since "$begin" >"$work/again-answers.s"
    wait_until "$guest_s" publish_hears boot/again 1 || return
    since "$begin" >"$work/again-record.s"
    gateway_login || return
    wait_until "$guest_s" all_healthy || return
}

bench_times() {
    local i name
    for name in plain answers provisioned record healthy again-answers again-record; do : >"$work/$name"; done
    for ((i = 0; i < repeats; i++)); do
        measuring "boot of a plain Debian, and of ours ($((i + 1)) of $repeats)"
        plain_boot "$i" || return
        boots "n$i" || return
        boots_again || return
        for name in plain answers provisioned record healthy again-answers again-record; do cat "$work/$name.s" >>"$work/$name"; done
        [ "$i" -eq $((repeats - 1)) ] || guest_cut
    done
    told plain "plain Debian, to its login" ''
    told answers "to the first answer" ''
    told provisioned "to a gateway that has taken the stick" ''
    told record "to the first record delivered" ''
    told healthy "to all services healthy" ''
    told again-answers "the second boot, to the first answer" ''
    told again-record "the second boot, to a record delivered" ''
    beside answers "to the first answer, beside plain Debian" '<= 1.5'
    beside record "to the first record delivered, beside plain Debian" '<= 1.5'
    beside again-record "the second boot, to a record delivered, beside plain Debian" '<= 1.5'
}
told() { mapfile -t values <"$work/$1" && figure "$2" s "$3" '{}' "${values[@]}"; }
beside() {
    mapfile -t values < <(paste "$work/$1" "$work/plain" | awk '{ printf "%.3f\n", $1 / $2 }')
    figure "$2" × "$3" '{}' "${values[@]}"
}

bench_size() {
    figure "the disk, compressed" MB '<= 450' "{\"raw_mb\": \"$(($(stat -c %s "$guest_image") / 1000000))\", \"used_mb\": \"$(($(stat -c '%b * %B' "$guest_image") / 1000000))\"}" \
        "$(stat -c %s "$guest_image.zst" | awk '{ print $1 / 1e6 }')"
}

bench_memory() {
    measuring "memory, after $memory_settles_s s"
    sleep "$memory_settles_s"
    figure "memory in use, of $guest_memory_mib MiB" MB '<= 160' '{}' "$(api_get /gateway .host.memory_used_bytes | awk '{ print $1 / 1e6 }')"
}

bench_writes() {
    local before begin
    measuring "what $idle_s idle seconds write"
    before=$(guest_written) begin=$(now_ms)
    sleep "$idle_s"
    figure "written in an idle hour" MB '<= 1' '{}' \
        "$(awk -v b="$(($(guest_written) - before))" -v ms="$(($(now_ms) - begin))" 'BEGIN { print b / 1e6 * 3600000 / ms }')"
}

bench_times || exit 1
bench_size
bench_memory
bench_writes
figures_write
figures_table

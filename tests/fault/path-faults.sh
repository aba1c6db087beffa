#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Faults of the record path while numbered messages flow: each in turn, then a seeded mix. After each: nothing lost,
# the books balance, no gap. Plain processes, no containers: tests/path.sh.
# usage: tests/fault/path-faults.sh   HF_SEED: another mix. HF_FAULT_MIX_S: how long (20). HF_FAULT_MESSAGES: per fault
#                                     (2000). HF_FAULT_STOP_S: how long the buffer is stopped by SIGSTOP (30).
# shellcheck source=../path.sh
. "$(dirname "$0")/../path.sh"

seed=${HF_SEED:-20}
messages=${HF_FAULT_MESSAGES:-2000}
mix_seconds=${HF_FAULT_MIX_S:-20}
stop_seconds=${HF_FAULT_STOP_S:-30}
rate=1000
tmpfs_mib=192
RANDOM=$((seed % 32768))
path_new

# --- numbered messages

checker() { "$path_build/tests/checker/holdfast-checker" --port "$path_field" "$@"; }

# flow RUN [OPTION...]: in the background, to topics of its own; publishing ends when each number is acknowledged.
flow() {
    local run=$1
    shift
    checker --run "$run" --prefix "$run" --count "$messages" --rate "$rate" --size 200,700,2000 --seed "$seed" \
        --journal "$work/$run.journal" "$@" >"$work/$run.flow" 2>&1 &
    echo $! >"$work/$run.pid"
    sleep 0.6 # the fault comes while they flow
}

flow_ended() { is_gone "$(cat "$work/$1.pid")"; }
figure_of() { grep -oE "(^| )$2=[0-9]+" "$work/$1.$3" | tail -n 1 | cut -d= -f2; }

# compare RUN: what the receiver has of it.
compare() {
    checker --only-check --journal "$work/$1.journal" --check "http://127.0.0.1:$path_receiver" --settle 60 --by-topic \
        >"$work/$1.books" 2>&1 || true
}

all_is_delivered() { buffer_status | jq -e '.books.held == 0'; }
no_gaps() { [ "$(report_value .gap_count)" = 0 ]; }

# settles RUN...: after a fault has gone. Nothing lost, order kept, all delivered, books balanced, no gap.
settles() {
    local run
    for run in "$@"; do
        wait_until 180 flow_ended "$run"
        compare "$run"
        note "$run: acknowledged $(figure_of "$run" acknowledged books), lost $(figure_of "$run" lost books), duplicated $(figure_of "$run" duplicated books), connections lost $(figure_of "$run" reconnects flow)"
        grep '^topic' "$work/$run.books" | grep -vE ' lost=0 .* reordered=0$' | head -n 5 || true
        expect "acknowledged of $run" "$(figure_of "$run" acknowledged flow)" "$(figure_of "$run" of flow)"
        expect "lost of $run" "$(figure_of "$run" lost books)" 0
        expect "corrupted of $run" "$(figure_of "$run" corrupted books)" 0
        expect "reordered within a topic of $run" "$(figure_of "$run" reordered books)" 0
    done
    wait_until 120 all_is_delivered
    wait_until 30 books_balance
    wait_until 30 no_gaps
    expect "quarantined" "$(book quarantined)" 0
    note "records that the receiver was given again so far: $(report_value .duplicates)"
}

starts() {
    note "seed $seed, $messages messages for each fault, $rate a second, of 200, 700 and 2,000 bytes"
    receiver_up
    proxy_up
    path_start
    flow calm
    settles calm
}

# What a failed check leaves must not be the next one's fault.
heal() {
    local name
    for name in "${path_services[@]}"; do
        path_signal CONT "$name"
        [ ! -e "$path_dir/$name/down" ] || path_up "$name"
    done
    [ ! -e "$work/clock.faked" ] || clock_is_right
    ! mountpoint -q "$path_dir/buffer/data" || free_disk
    path_settings buffer '.max_bytes = 17179869184 | .when_full = "hold" | .window_ms = 50'
    proxy_mode pass
    receiver_answers || receiver_up
    wait_until 120 all_is_delivered
}

fault() {
    heal >/dev/null 2>&1
    check "$1"
    printf '    (%d s)\n' "$((SECONDS - fault_at))"
    fault_at=$SECONDS
}
fault_at=$SECONDS

# --- each in turn

pain_04_buffer_killed_keeps_what_it_acknowledged() {
    local i
    flow buffer
    for i in 1 2 3 4; do
        path_kill buffer
        sleep "0.$((RANDOM % 9))"
    done
    : "$i"
    settles buffer
    expect "epochs" "$(report_value .epochs)" 1
}

pain_08_forwarder_killed_loses_nothing() {
    local i
    flow forwarder
    for i in 1 2 3; do
        path_kill forwarder
        sleep "0.$((RANDOM % 9))"
    done
    : "$i"
    settles forwarder
}

processor_killed_loses_nothing() {
    local i
    flow processor --corpus binary
    for i in 1 2 3; do
        path_kill processor
        sleep "0.$((RANDOM % 9))"
    done
    : "$i"
    settles processor
}

pain_08_answers_cut_off_lose_nothing() {
    proxy_mode cut 50
    flow cut
    wait_until 60 flow_ended cut
    proxy_mode pass
    settles cut
}

connections_reset_lose_nothing() {
    proxy_mode reset 40000
    flow reset
    wait_until 60 flow_ended reset
    proxy_mode pass
    settles reset
}

slow_uplink_loses_nothing() {
    proxy_mode rate 200000
    flow slow
    wait_until 60 flow_ended slow
    proxy_mode pass
    settles slow
}

late_answers_lose_nothing() {
    proxy_mode delay 400
    flow late
    wait_until 60 flow_ended late
    proxy_mode pass
    settles late
}

holds_some() { [ "$(book held)" -ge "$1" ]; }

pain_09_uplink_away_and_back_keeps_all_in_order() {
    local duplicated
    proxy_mode down
    flow away
    wait_until 60 flow_ended away
    wait_until 60 holds_some "$messages"
    proxy_mode pass
    settles away
    duplicated=$(figure_of away duplicated books)
    expect "duplicated" "$duplicated" 0 # nothing was on its way when the line was cut
}

silent_uplink_loses_nothing() {
    proxy_mode black
    flow silent
    wait_until 60 flow_ended silent
    proxy_mode down # ends what waits for an answer
    sleep 0.5
    proxy_mode pass
    settles silent
}

# receiver_errs STATUSES PERCENT: at random.
receiver_errs() {
    path_down receiver
    receiver_up --status-random "$seed:$1:$2"
}

receiver_is_well() {
    path_down receiver
    receiver_up
}

answers_of_500_and_429_at_random_lose_nothing() {
    receiver_errs 500,429,503 40
    flow errors
    wait_until 60 flow_ended errors
    receiver_is_well
    settles errors
}

# A batch that is refused is looked at in parts. What was refused alone, by chance, is in the quarantine and comes back
# by replay, with its old number and late: order is not to be had for it. Good records are not put aside with it.
answers_of_400_at_random_put_no_batch_aside() {
    local aside
    receiver_errs 400 20
    flow refused
    wait_until 60 flow_ended refused
    receiver_is_well
    wait_until 60 all_is_delivered
    books_balance
    aside=$(book quarantined)
    note "quarantined, and replayed: $aside"
    [ "$aside" -le $((messages / 100)) ]
    [ "$aside" = 0 ] || buffer_http POST quarantine/replay -H 'Content-Type: application/json' -d '{"all":true}' >/dev/null
    wait_until 60 all_is_delivered
    compare refused
    expect "lost of refused" "$(figure_of refused lost books)" 0
    wait_until 30 books_balance
    wait_until 30 no_gaps
    expect "quarantined" "$(book quarantined)" 0
}

alarms_pass_a_backlog() {
    proxy_mode down
    flow bulk --prefix bulk --size 2000
    wait_until 60 flow_ended bulk
    wait_until 60 holds_some "$messages"
    proxy_mode rate 250000
    flow alarm --prefix alarm --count 50 --size 200
    wait_until 60 flow_ended alarm
    compare alarm
    expect "lost of the alarms" "$(figure_of alarm lost books)" 0
    note "all alarms are there, held of bulk: $(buffer_status | jq '.lanes[] | select(.lane == "bulk") | .held')"
    buffer_status | jq -e '.lanes | map({(.lane): .held}) | add | .bulk > 0 and .alarm == 0'
    proxy_mode pass
    settles bulk
}

receiver_away_loses_nothing() {
    path_down receiver KILL
    flow receiver
    wait_until 60 flow_ended receiver
    receiver_up
    settles receiver
}

pain_10_the_same_settings_again_change_nothing() {
    local epoch i service
    epoch=$(buffer_status | jq -r .epoch)
    proxy_mode down
    flow settings
    for i in 1 2 3; do
        for service in "${path_services[@]}"; do
            [ "$service" = broker ] || path_settings "$service" .
        done
        sleep 0.7
    done
    : "$i"
    wait_until 60 flow_ended settings
    wait_until 60 holds_some "$messages"
    expect "epoch" "$(buffer_status | jq -r .epoch)" "$epoch"
    proxy_mode pass
    settles settings
}

# Rules are swapped between two batches, and a file with a wrong one changes nothing.
rules_changed_while_they_flow_lose_nothing() {
    local i
    flow rules --rate 300
    for i in 1 2 3; do
        path_settings processor ".rules = [{filter: \"rules/#\", lane: \"normal\"}, {filter: \"n$i/#\", drop: true}]"
        sleep 1.1
        path_settings processor '.rules = [{filter: "rules/#", drop: "yes"}]'
        sleep 1.1
    done
    path_settings processor '.rules = []'
    settles rules
}

stopped_buffer_loses_nothing() {
    flow stopped
    path_signal STOP buffer
    sleep "$stop_seconds"
    path_signal CONT buffer
    settles stopped
}

# --- a clock that jumps, by libfaketime: only the wall clock, as when NTP steps it

faketime_library() { find /usr/lib -path '*/faketime/libfaketimeMT.so.1' 2>/dev/null | head -n 1; }

clock_of_one() {
    local name=$1
    echo "+0" >"$work/clock"
    chmod 0644 "$work/clock"
    touch "$work/clock.faked"
    path_down "$name"
    path_up "$name" "LD_PRELOAD=$(faketime_library)" "FAKETIME_TIMESTAMP_FILE=$work/clock" FAKETIME_NO_CACHE=1 \
        DONT_FAKE_MONOTONIC=1
}

clock_is_right() {
    local name
    for name in buffer processor forwarder; do
        path_down "$name"
        path_up "$name"
    done
    rm -f "$work/clock.faked"
}

clock_jumps_by_an_hour_lose_nothing() {
    [ -n "$(faketime_library)" ] || {
        note "libfaketime is not installed: left out"
        return 0
    }
    ! grep -q __asan_init "$path_bin/holdfast-buffer" || {
        note "a sanitizer bears no other preloaded library: left out"
        return 0
    }
    clock_of_one buffer
    clock_of_one processor
    clock_of_one forwarder
    flow clock
    echo "+1h" >"$work/clock"
    sleep 1
    echo "-1h" >"$work/clock"
    sleep 1
    path_kill buffer
    settles clock
    clock_is_right
    flow clock_again
    settles clock_again
    expect "epochs" "$(report_value .epochs)" 1
}

# --- the broker: what it had acknowledged and not yet handed on is gone with it; measured, not asserted

broker_killed_loss_is_measured() {
    flow broker
    sleep 0.5
    path_kill broker
    wait_until 60 flow_ended broker
    wait_until 120 all_is_delivered
    checker --only-check --journal "$work/broker.journal" --check "http://127.0.0.1:$path_receiver" --settle 3 \
        >"$work/broker.books" 2>&1 || true
    note "broker killed: acknowledged $(figure_of broker acknowledged books), lost $(figure_of broker lost books), duplicated $(figure_of broker duplicated books)"
    expect "acknowledged" "$(figure_of broker acknowledged flow)" "$messages"
    wait_until 30 books_balance
    wait_until 30 no_gaps
    flow after_broker
    settles after_broker
}

# --- a damaged file: set aside or mended, said, and counted; the path goes on

damage_the_buffer_file() {
    local file size
    file=$(find "$path_dir/buffer/data" -maxdepth 1 -type f -name '*.db' -printf '%s %p\n' | sort -rn | head -n 1 | cut -d' ' -f2)
    size=$(stat -c %s "$file")
    note "$(basename "$file"): $size bytes, 8 KiB in its middle are overwritten"
    head -c 8192 /dev/urandom | dd of="$file" bs=4096 seek=$((size / 8192)) conv=notrunc status=none
    rm -f "$file-shm"
}

buffer_says_status() { buffer_status | jq -e '.epoch != ""'; }

pain_05_damaged_buffer_file_is_survived() {
    proxy_mode down
    flow damaged
    wait_until 60 flow_ended damaged
    wait_until 60 holds_some "$messages"
    path_down buffer
    damage_the_buffer_file
    path_up buffer
    wait_until 60 buffer_says_status
    proxy_mode pass
    wait_until 120 all_is_delivered
    checker --only-check --journal "$work/damaged.journal" --check "http://127.0.0.1:$path_receiver" --settle 3 \
        >"$work/damaged.books" 2>&1 || true
    note "damaged: acknowledged $(figure_of damaged acknowledged books), lost $(figure_of damaged lost books)"
    wait_until 30 books_balance
    flow after_damage
    wait_until 60 flow_ended after_damage
    compare after_damage
    expect "lost after the damage" "$(figure_of after_damage lost books)" 0
}

# What could not be read is counted as dropped, so that what arrived and what was lost is all of it; and the cloud is
# told which numbers they were.
pain_06_damage_is_reported_to_the_record() {
    [ "$(figure_of damaged lost books)" -gt 0 ] || note "the damage hit no record"
    expect "dropped by damage" "$(dropped_for damage)" "$(figure_of damaged lost books)"
    wait_until 30 no_gaps
}

# --- what goes to the disk for it

# What is shown is what the kernel counts: between a look before and one after.
shows_what_was_written() {
    local before shown after
    before=$(written_bytes buffer)
    shown=$(buffer_status | jq .flash.written_bytes)
    after=$(written_bytes buffer)
    [ "$before" -le "$shown" ] && [ "$shown" -le "$after" ]
    buffer_status | jq -e '.flash | .payload_bytes > 0 and .since_ms > 0 and .for_ms > 0'
}

# How much a power cut may take of what is not acknowledged.
states_its_window() { buffer_status | jq -e --argjson ms "$1" '.window_ms == $ms'; }

pain_23_bytes_written_are_bounded_and_shown() {
    local before written payload
    path_settings buffer '.window_ms = 1000'
    sleep 2
    before=$(written_bytes buffer)
    flow flash
    settles flash
    written=$(($(written_bytes buffer) - before))
    payload=$((messages * (200 + 700 + 2000) / 3))
    note "window 1 s: $written bytes written for $payload of payload"
    [ "$written" -le "$payload" ] # of rows it is five times as much
    shows_what_was_written
    path_settings buffer '.window_ms = 50'
    wait_until 10 states_its_window 50
}

# --- the disk of the buffer, a small one

small_disk() {
    path_stop
    rm -rf "$path_dir/buffer/data" "$path_dir/broker/data" "$path_dir/receiver"/received.db*
    mkdir -p "$path_dir/buffer/data" "$path_dir/broker/data"
    [ "$(id -u)" -ne 0 ] || chown 65534:65534 "$path_dir/broker/data"
    mount -t tmpfs -o "size=${tmpfs_mib}m,uid=65534,gid=65534,mode=0700" none "$path_dir/buffer/data"
    receiver_up
    proxy_up
    path_start
}

fill_disk() { dd if=/dev/zero of="$path_dir/buffer/data/filler" bs=64k status=none 2>/dev/null || true; }
free_disk() { rm -f "$path_dir/buffer/data/filler"; }

buffer_is_degraded() { buffer_status | jq -e '.state == "degraded"'; }
buffer_is_ok() { buffer_status | jq -e '.state == "ok"'; }

full_disk_and_freed_again_loses_nothing() {
    proxy_mode down # what is held needs room
    flow full --size 2000
    fill_disk
    wait_until 60 buffer_is_degraded
    note "full: $(buffer_status | jq -r .reason)"
    free_disk
    proxy_mode pass
    wait_until 60 buffer_is_ok
    settles full
}

buffer_started_on_a_full_disk_loses_nothing() {
    flow fullstart --size 2000
    fill_disk
    path_kill buffer
    sleep 2
    free_disk
    settles fullstart
}

# Fed past the cap with nobody to take it: the file stays within, also right after a restart.
pain_12_cap_in_bytes_is_kept() {
    local cap=$((16 * 1024 * 1024)) disk
    path_settings buffer ".max_bytes = $cap"
    sleep 2
    proxy_mode down
    checker --run cap --prefix cap --count 20000 --corpus binary --size 2000 --journal "$work/cap.journal" >"$work/cap.flow" 2>&1 &
    echo $! >"$work/cap.pid"
    wait_until 60 buffer_is_degraded
    disk=$(disk_bytes buffer)
    note "cap $cap, on disk $disk, held $(book held)"
    [ "$disk" -le "$cap" ]
    path_kill buffer
    wait_until 30 buffer_says_status
    [ "$(disk_bytes buffer)" -le "$cap" ]
    proxy_mode pass
    path_settings buffer '.max_bytes = 17179869184'
    settles cap
}

# --- policies: what gives way, and that each hole has a name

# Room for a part of what comes, and nobody to take it.
small_cap() { path_settings buffer ".max_bytes = $((16 * 1024 * 1024)) | .when_full = \"$1\""; }

over_the_cap() {
    checker --run "$1" --prefix "$2" --count "$3" --corpus binary --size 2000 --journal "$work/$1.journal" \
        >"$work/$1.flow" 2>&1
}

is_within_its_cap() { buffer_status | jq -e '.disk.bytes <= .disk.limit'; }

# leaves RUN...: what is left of them.
leaves() {
    local run
    wait_until 60 is_within_its_cap # a file that was larger before gives back room step by step
    proxy_mode pass
    wait_until 120 all_is_delivered
    for run in "$@"; do
        checker --only-check --journal "$work/$run.journal" --check "http://127.0.0.1:$path_receiver" --settle 3 \
            >"$work/$run.books" 2>&1 || true
        note "$run: acknowledged $(figure_of "$run" acknowledged books), lost $(figure_of "$run" lost books)"
        expect "reordered within a topic of $run" "$(figure_of "$run" reordered books)" 0
    done
    wait_until 30 books_balance
    wait_until 30 no_gaps
}

# drops_are_all BEFORE LOST: what was on its way when it was dropped may have arrived all the same.
drops_are_all() { [ $(($(dropped_for full) - $1)) -ge "$2" ]; }

has_taken() { [ "$(book accepted)" -ge "$1" ]; }

pain_12_drop_oldest_names_every_hole() {
    local before dropped
    before=$(book accepted) dropped=$(dropped_for full)
    small_cap drop_oldest
    proxy_mode down
    sleep 1.2
    over_the_cap oldest oldest 16000
    wait_until 60 has_taken $((before + 16000))
    leaves oldest
    [ "$(figure_of oldest lost books)" -gt 0 ]
    drops_are_all "$dropped" "$(figure_of oldest lost books)"
}

pain_12_drop_lower_first_spares_the_higher_lanes() {
    local before dropped
    before=$(book accepted) dropped=$(dropped_for full)
    small_cap drop_lower_first
    proxy_mode down
    sleep 1.2
    over_the_cap high alarm 1000
    over_the_cap middle middle 1000
    over_the_cap low bulk 14000
    wait_until 60 has_taken $((before + 16000))
    leaves high middle low
    expect "lost of alarms" "$(figure_of high lost books)" 0
    expect "lost of normal ones" "$(figure_of middle lost books)" 0
    [ "$(figure_of low lost books)" -gt 0 ]
    drops_are_all "$dropped" "$(figure_of low lost books)"
}

# --- all of them, at random

mix_faults=(kill_processor kill_buffer kill_forwarder stop_buffer line_down line_slow line_late line_resets line_cuts
    line_black receiver_gone receiver_errors disk_full)

mix_one() {
    local pause
    pause=$((RANDOM % 2)).$((RANDOM % 10))
    case $1 in
    kill_*) path_kill "${1#kill_}" ;;
    stop_buffer)
        path_signal STOP buffer
        sleep "$pause"
        path_signal CONT buffer
        ;;
    line_down) proxy_mode down ;;
    line_slow) proxy_mode rate $((50000 + RANDOM * 10)) ;;
    line_late) proxy_mode delay $((RANDOM % 500)) ;;
    line_resets) proxy_mode reset $((RANDOM * 10 + 1000)) ;;
    line_cuts) proxy_mode cut $((RANDOM % 80)) ;;
    line_black) proxy_mode black ;;
    receiver_gone)
        path_down receiver KILL
        receiver_up
        ;;
    receiver_errors)
        receiver_errs 500,429,503 $((RANDOM % 60))
        sleep "$pause"
        receiver_is_well
        ;;
    disk_full)
        fill_disk
        sleep "$pause"
        free_disk
        ;;
    esac
    sleep "$pause"
    case $1 in line_*) proxy_mode pass ;; esac
}

random_mix_loses_nothing() {
    local deadline=$((SECONDS + mix_seconds)) fault
    : >"$work/mixed"
    messages=$((mix_seconds * 400)) rate=400
    flow mix_sensor --clients 4
    flow mix_binary --corpus binary --clients 2
    flow mix_alarm --prefix alarm --size 200 --clients 1 --topics 3
    while [ "$SECONDS" -lt "$deadline" ]; do # each of them once a round, in a new order
        while read -r fault; do
            echo "$fault" >>"$work/mixed"
            mix_one "$fault"
            [ "$SECONDS" -lt "$deadline" ] || break
        done < <(printf '%s\n' "${mix_faults[@]}" | shuf --random-source=<(yes "$RANDOM"))
    done
    note "seed $seed: $(sort "$work/mixed" | uniq -c | awk '{ printf "%s%s %s", (NR > 1 ? ", " : ""), $1, $2 }')"
    settles mix_sensor mix_binary mix_alarm
    expect "epochs" "$(report_value .epochs)" 1
}

check starts
need
fault pain_04_buffer_killed_keeps_what_it_acknowledged
fault pain_08_forwarder_killed_loses_nothing
fault processor_killed_loses_nothing
fault pain_08_answers_cut_off_lose_nothing
fault connections_reset_lose_nothing
fault slow_uplink_loses_nothing
fault late_answers_lose_nothing
fault pain_09_uplink_away_and_back_keeps_all_in_order
fault silent_uplink_loses_nothing
fault answers_of_500_and_429_at_random_lose_nothing
fault answers_of_400_at_random_put_no_batch_aside
fault alarms_pass_a_backlog
fault receiver_away_loses_nothing
fault pain_10_the_same_settings_again_change_nothing
fault rules_changed_while_they_flow_lose_nothing
fault stopped_buffer_loses_nothing
fault clock_jumps_by_an_hour_lose_nothing
fault broker_killed_loss_is_measured
fault pain_23_bytes_written_are_bounded_and_shown
# Numbers may be missing from here on, until all begins anew on a small disk.
fault pain_05_damaged_buffer_file_is_survived
fault pain_06_damage_is_reported_to_the_record
if check small_disk; then
    fault full_disk_and_freed_again_loses_nothing
    fault buffer_started_on_a_full_disk_loses_nothing
    fault pain_12_cap_in_bytes_is_kept
    fault pain_12_drop_oldest_names_every_hole
    fault pain_12_drop_lower_first_spares_the_higher_lanes
    fault random_mix_loses_nothing
fi
finish

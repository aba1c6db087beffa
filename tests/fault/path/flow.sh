# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Numbered messages through the record path, and what must be true once a fault has gone.
: "${work:?}" "${path_build:?}" "${path_dir:?}" "${path_field:?}" "${path_receiver:?}"
: "${path_services:?}" "${messages:?}" "${rate:?}" "${seed:?}"

checker_command=("$path_build/tests/checker/holdfast-checker" --port "$path_field")
checker() { "${checker_command[@]}" "$@"; }

# checker_start RUN [OPTION...]: in the background. Not by the function, of which bash would make a process of its own
# that a kill ends in the checker's place.
checker_start() {
    local run=$1
    shift
    "${checker_command[@]}" --run "$run" --prefix "$run" --journal "$work/$run.journal" "$@" >"$work/$run.flow" 2>&1 &
    echo $! >"$work/$run.pid"
}

# flow RUN [OPTION...]: in the background, to topics of its own; publishing ends when each number is acknowledged.
flow() {
    local run=$1
    shift
    checker_start "$run" --count "$messages" --rate "$rate" --size 200,700,2000 --seed "$seed" "$@"
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

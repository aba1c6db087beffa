# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A full buffer: what gives way by its policy, and that each hole has a name.
: "${work:?}" "${path_receiver:?}"

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

# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Numbered messages and their books, by holdfast-checker (tests/checker): each run has a name, and its numbers are
# looked for at the receiver.
: "${work:?}" "${checker:?}" "${gw:?}" "${gw_field:?}"

# The receiver's own address: ports that Docker publishes on 127.0.0.1 are gone while dockerd is.
receiver_url() {
    docker inspect "$gw-receiver" | jq -r ".[0].NetworkSettings.Networks[\"$gw-egress\"] | \"http://\(.IPAddress):8080\""
}

# publisher_start RUN COUNT RATE [OPTION...]: in the background, each number until it is acknowledged.
publisher_start() {
    local run=$1 count=$2 rate=$3
    shift 3
    "$checker" --host "$(host_address)" --port "$gw_field" --run "$run" --prefix "$run" \
        --count "$count" --rate "$rate" "$@" >"$work/$run.books" 2>"$work/$run.log" &
    publisher=$!
    publisher_books=$work/$run.books
    touch "$publisher_books"
}

# Whether there is still something to publish; afterwards it looks for what it sent.
publisher_runs() { is_alive "$publisher" && ! grep -q '^run=' "$publisher_books"; }

publisher_wait() {
    local rc=0
    wait "$publisher" || rc=$?
    [ "$rc" -le 1 ] || {
        echo "holdfast-checker ended with status $rc"
        cat "$publisher_books" "${publisher_books%.books}.log"
        return 1
    }
}

# publisher_stop RUN: no more of them; all that were acknowledged must arrive. It was started with a journal.
publisher_stop() {
    kill -TERM "$publisher"
    wait_until 30 is_gone "$publisher"
    "$checker" --only-check --journal "$work/$1.journal" --check "$(receiver_url)" --settle 60 >>"$work/$1.books"
}

# book RUN NAME: acknowledged, of, reconnects, per_s; and with --check lost, duplicated, reordered, corrupted.
book() { grep -oE "(^| )$2=[0-9]+" "$work/$1.books" | tail -n 1 | cut -d= -f2; }

tell_books() { note "$1: $(xargs <"$work/$1.books")"; }

# Numbers of a run on one topic as they arrived, for runs whose receiver was away while they were published.
arrived() { records "$1/0" 10000 | jq -r --arg run "$1" 'select(.payload.run == $run) | .payload.n'; }
arrived_all() { [ "$(arrived "$1" | sort -nu | wc -l)" -ge "$2" ]; }

# every_message_has_arrived RUN: of one that goes on, which ends it.
every_message_has_arrived() {
    is_alive "$publisher"
    publisher_stop "$1"
    tell_books "$1"
    [ "$(book "$1" acknowledged)" -gt 1000 ]
    expect "lost" "$(book "$1" lost)" 0
    expect "gaps in the sequence" "$(report_value .gap_count)" 0
}

# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The line to the cloud, and a cloud that errs.
: "${messages:?}" "${seed:?}"

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

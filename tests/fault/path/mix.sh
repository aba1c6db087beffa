# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# All of the faults, at random, from a seed.
: "${work:?}" "${mix_seconds:?}" "${seed:?}"

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
    # shellcheck disable=SC2034 # of the flows
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

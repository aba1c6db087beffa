# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# More connections than anybody needs, and what they leave behind. For a script with a gateway at hand
# (private-gateway.sh) that was started with --http-redirect on port $gw_redirect.
# shellcheck source-path=SCRIPTDIR/../.. source=../../private-gateway.sh
: "${work:?}" "${gw:=}" "${gw_port:=}" "${gw_url:=}" "${gw_dir:=}" "${gw_redirect:=}" "${hf_build:?}" "${node:?}" "${hf_root:?}"

hostile_tools=$hf_build/release/tests/hostile
hostile_connections=${HF_HOSTILE_CONNECTIONS:-10000}
# In the end a daemon may have twice the memory it had: a heap does not shrink at once. Descriptors: a few that are
# just being used.
hostile_memory_times=2
hostile_fds_more=8

# --- what a process has

hostile_memory() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }
hostile_fds() { find "/proc/$1/fd" -mindepth 1 2>/dev/null | wc -l; }
# hostile_remember NAME PID: to be compared with later.
hostile_remember() { echo "$2 $(hostile_memory "$2") $(hostile_fds "$2")" >"$work/hostile-$1"; }
hostile_is_back() {
    local pid memory fds
    read -r pid memory fds <"$work/hostile-$1"
    echo "$1: $(hostile_memory "$pid") kB of $memory, $(hostile_fds "$pid") descriptors of $fds"
    [ "$(hostile_memory "$pid")" -le $((memory * hostile_memory_times)) ] && [ "$(hostile_fds "$pid")" -le $((fds + hostile_fds_more)) ]
}

# From an address that had no part in it.
hostile_is_served() { curl -ks -m 10 --interface 127.0.0.99 -o /dev/null -w '%{http_code}' "$gw_url/api/v1/health" | grep -qx 200; }

gateway_is_as_before() {
    hostile_is_served
    wait_until 60 hostile_is_back holdfastd
    note "$(hostile_is_back holdfastd)"
}

# --- crowds, of the check that is run

declare -A crowds=() # the descriptor of each
# crowd_begin NAME FROM ADDRESS PORT COUNT [SAYS]: until crowd_end; they end with the check too.
crowd_begin() {
    local name=$1 fd
    mkfifo "$work/crowd-$name"
    "$hostile_tools/holdfast-crowd" "${@:2}" <"$work/crowd-$name" >"$work/crowd-$name.out" 2>&1 &
    exec {fd}>"$work/crowd-$name"
    crowds[$name]=$fd
}
crowd_is_full() { grep -q '^full' "$work/crowd-$1.out"; }
crowd_comes() { wait_until $((60 + hostile_connections / 100)) crowd_is_full "$1"; }
crowd_end() {
    local name fd
    for name in "${!crowds[@]}"; do
        fd=${crowds[$name]}
        exec {fd}>&-
        rm "$work/crowd-$name"
    done
    wait
    for name in "${!crowds[@]}"; do
        note "$name: $(tail -n 1 "$work/crowd-$name.out")"
    done
}

# Another one is served meanwhile, again and again. How long that takes is for people to read; what it hangs on is
# checked by the_queue_has_room.
hostile_stays_served() {
    local from times=()
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        from=$(now_ms)
        wait_until 20 hostile_is_served
        times+=($(($(now_ms) - from)))
    done
    note "another address was answered after ${times[*]} ms"
}

# Who comes while the queue of the kernel is full is dropped, and taken a second later at the earliest: so it is the queue
# that decides how long another one waits. The crowd may fill it once, as it comes.
hostile_dropped() { ss -ltnmH "sport = :$gw_port" | sed -nE 's/.*,d([0-9]+)\).*/\1/p'; }
the_queue_has_room() {
    local before=$1 dropped
    dropped=$(hostile_dropped)
    note "of a crowd of $hostile_connections and its returns $((dropped - before)) were dropped by the kernel"
    [ $((dropped - before)) -le $((hostile_connections / 4)) ]
}

# Silent, or with half of a hello.
slow_connections_keep_nobody_out() {
    local dropped
    dropped=$(hostile_dropped)
    crowd_begin silent 127.0.0.2 127.0.0.1 "$gw_port" "$hostile_connections"
    crowd_comes silent
    hostile_stays_served
    the_queue_has_room "$dropped"
    crowd_begin half 127.0.0.3 127.0.0.1 "$gw_port" 1000 160301020001
    crowd_comes half
    hostile_stays_served
    crowd_end
}

# Fewer than each may have, but of many addresses together more than there are places.
slow_connections_of_many_keep_nobody_out() {
    local i
    for i in 2 3 4 5 6; do crowd_begin "from-$i" "127.0.0.$i" 127.0.0.1 "$gw_port" 10; done
    for i in 2 3 4 5 6; do crowd_comes "from-$i"; done
    hostile_stays_served
    crowd_end
}

redirect_answers() { curl -s -m 10 --interface 127.0.0.99 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$gw_redirect/" | grep -qx 307; }
slow_connections_keep_nobody_from_the_redirect() {
    crowd_begin redirect 127.0.0.2 127.0.0.1 "$gw_redirect" 200
    crowd_comes redirect
    wait_until 20 redirect_answers
    crowd_end
}

# By somebody who is logged in, from a hundred addresses: some get one, the rest are told or cut, and others are served.
event_streams_are_bounded() {
    local pid
    : >"$work/hostile-streams"
    "$node" "$hf_root/tests/integration/hostile/streams.mjs" "$gw_port" 1000 "$(awk '$6 == "__Host-holdfast" { print $7 }' "$gw_dir/jar")" \
        >"$work/hostile-streams" 2>&1 &
    pid=$!
    wait_until 90 grep -q '^all' "$work/hostile-streams"
    hostile_stays_served
    note "$(sed -n 's/^all //p' "$work/hostile-streams")"
    kill "$pid"
    expect_match "streams" "$(cat "$work/hostile-streams")" '^all [1-9][0-9]* opened, [0-9]+ refused, [0-9]+ cut$'
    [ "$(sed -nE 's/^all ([0-9]+) opened.*/\1/p' "$work/hostile-streams")" -le 16 ]
}

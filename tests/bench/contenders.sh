# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Who is measured by path.sh: `alone` is a mosquitto with one subscriber, `bridge` a mosquitto that bridges to a second
# one with a subscriber, `holdfast` the record path with an HTTP sink. Each ends in a holdfast-sink that counts.
: "${work:?}" "${path_build:?}" "${path_dir=}" "${path_field=}" "${path_services[*]:?}"

bench_bin=$path_build/tests/bench
# shellcheck disable=SC2034 # for path.sh
checker=$path_build/tests/checker/holdfast-checker
ct_dir=$work/contenders
mkdir -p "$ct_dir"
declare -A ct_port ct_sink

# --- processes of alone and bridge: not supervised, they should not die

ct_pid() { cat "$ct_dir/$1.pid" 2>/dev/null; }

ct_spawn() {
    local name=$1
    shift
    "$@" >>"$ct_dir/$name.log" 2>&1 &
    echo $! >"$ct_dir/$name.pid"
    disown
}

ct_end() {
    local pid
    pid=$(ct_pid "$1")
    rm -f "$ct_dir/$1.pid"
    [ -n "$pid" ] || return 0
    kill "-${2:-TERM}" "$pid" 2>/dev/null
    wait_until 30 is_gone "$pid" || kill -KILL "$pid" 2>/dev/null
}

contenders_end() {
    local file
    for file in "$ct_dir"/*.pid; do
        [ ! -e "$file" ] || kill -KILL "$(cat "$file")" 2>/dev/null
    done
}

# mosquitto NAME PORT [LINE...]: no queue bound, on the disk; everything else as it comes.
ct_mosquitto() {
    local name=$1 port=$2
    shift 2
    mkdir -p "$ct_dir/$name"
    {
        printf '%s\n' "listener $port 127.0.0.1" "allow_anonymous true" "persistence true" \
            "persistence_location $ct_dir/$name/" "max_queued_messages 0" "max_inflight_messages 2000" \
            "log_dest stderr" "log_type error"
        [ "$(id -u)" -ne 0 ] || echo "user root"
        [ $# -eq 0 ] || printf '%s\n' "$@"
    } >"$ct_dir/$name.conf"
    ct_spawn "$name" "$(command -v mosquitto || echo /usr/sbin/mosquitto)" -c "$ct_dir/$name.conf"
    wait_until 30 port_is_open "$port"
}

port_is_open() { (: >"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

bridge_lines() {
    printf '%s\n' "connection second" "address 127.0.0.1:${ct_port[second]}" "topic # out 1" "cleansession false" \
        "remote_clientid bridge" "restart_timeout 1"
}

# --- the sinks

ct_sink_up() {
    local contender=$1 broker=()
    case $contender in
    alone) broker=(--broker "127.0.0.1:${ct_port[alone]}") ;;
    bridge) broker=(--broker "127.0.0.1:${ct_port[second]}") ;;
    esac
    ct_spawn "sink-$contender" "$bench_bin/holdfast-sink" --listen "127.0.0.1:${ct_sink[$contender]}" "${broker[@]}"
    wait_until 30 port_is_open "${ct_sink[$contender]}"
}

sink_value() { curl -fsS --max-time 60 "http://127.0.0.1:${ct_sink[$1]}/v1/report?run=$2" | jq -r "$3"; }
sink_has() { [ "$(sink_value "$1" "$2" .distinct)" -ge "$3" ]; }

# Nothing new for three seconds after something came, or for ten.
sink_is_quiet() {
    local before i
    before=$(sink_value "$1" "$2" .distinct)
    for ((i = 0; i < 10; i++)); do
        sleep 1
        [ "$(sink_value "$1" "$2" .distinct)" = "$before" ] || return 1
        [ "$before" = 0 ] || [ "$i" -lt 2 ] || return 0
    done
}

# --- start, stop

contender_start() {
    local contender=$1 port
    for port in alone bridge second; do
        [ -n "${ct_port[$port]:-}" ] || ct_port[$port]=$(free_port)
    done
    ct_sink[$contender]=$(free_port)
    case $contender in
    alone)
        rm -rf "$ct_dir/alone"
        ct_mosquitto alone "${ct_port[alone]}"
        ct_sink_up alone
        ;;
    bridge)
        rm -rf "$ct_dir/bridge" "$ct_dir/second"
        ct_mosquitto second "${ct_port[second]}"
        ct_mosquitto bridge "${ct_port[bridge]}" "$(bridge_lines)"
        ct_sink_up bridge
        ;;
    holdfast)
        for port in "${path_services[@]}"; do
            path_down "$port"
            rm -rf "$path_dir/$port/data" "$path_dir/$port/tmp"
            mkdir -p "$path_dir/$port/data" "$path_dir/$port/tmp"
            [ "$(id -u)" -ne 0 ] || chown 65534:65534 "$path_dir/$port/data" "$path_dir/$port/tmp"
        done
        ct_sink_up holdfast
        ct_holdfast_to "${ct_sink[holdfast]}"
        path_start
        ;;
    esac
    sleep 1 # subscriptions and bridges stand
}

ct_holdfast_to() {
    path_settings forwarder ".uplink.url = \"http://127.0.0.1:$1/v1/ingest\" | .sinks[0].url = .uplink.url"
}

contender_stop() {
    local name
    case $1 in
    alone) ct_end alone ;;
    bridge)
        ct_end bridge
        ct_end second
        ;;
    holdfast)
        for name in processor forwarder broker buffer; do
            path_down "$name"
        done
        ;;
    esac
    ct_end "sink-$1"
}

contender_port() {
    case $1 in
    holdfast) echo "$path_field" ;;
    *) echo "${ct_port[$1]}" ;;
    esac
}

# --- an outage: nobody takes what comes; and the end of all that holds it

contender_cut() {
    case $1 in
    alone) ct_end sink-alone ;;
    bridge) ct_end second ;;
    holdfast) path_down forwarder ;;
    esac
}

# Until what was published has come as far as it can.
contender_settles() {
    [ "$1" != holdfast ] || wait_until 120 ct_counted
    sleep 1
}
ct_counted() {
    local before
    before=$(book accepted)
    sleep 2.5 # the status on the bus comes every two seconds
    [ "$(book accepted)" = "$before" ]
}

contender_kill() {
    local name
    case $1 in
    alone | bridge) ct_end "$1" KILL ;;
    holdfast)
        for name in broker buffer processor; do
            touch "$path_dir/$name/down"
        done
        for name in broker buffer processor; do
            path_signal KILL "$name"
        done
        for name in broker buffer processor; do
            wait_until 20 is_gone "$(pid_of "$name")"
        done
        for name in broker buffer processor; do
            path_up "$name"
        done
        ;;
    esac
}

# Ends the outage: what is down is started, over the same data.
contender_join() {
    case $1 in
    alone)
        [ -n "$(ct_pid alone)" ] || ct_mosquitto alone "${ct_port[alone]}"
        ct_sink_up alone
        ;;
    bridge)
        ct_mosquitto second "${ct_port[second]}"
        [ -n "$(ct_pid bridge)" ] || ct_mosquitto bridge "${ct_port[bridge]}" "$(bridge_lines)"
        ;;
    holdfast)
        path_up forwarder
        wait_until 60 field_is_open
        ;;
    esac
}

# --- what they take: everything of it but the sink

ct_pids() {
    local name
    case $1 in
    alone) ct_pid alone ;;
    bridge)
        ct_pid bridge
        ct_pid second
        ;;
    holdfast)
        for name in "${path_services[@]}"; do
            pids_of "$name"
        done
        ;;
    esac
}

contender_cpu() {
    local pid
    for pid in $(ct_pids "$1"); do
        sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null
    done | awk -v hz="$(getconf CLK_TCK)" '{ t += $12 + $13 } END { print t / hz }'
}

# The peak begins anew (proc(5), clear_refs).
contender_forget_peak() {
    local pid
    for pid in $(ct_pids "$1"); do
        echo 5 >"/proc/$pid/clear_refs"
    done 2>/dev/null
}

contender_written() {
    local pid
    for pid in $(ct_pids "$1"); do
        cat "/proc/$pid/io" 2>/dev/null
    done | awk '/^write_bytes/ { n += $2 } END { printf "%.0f\n", n }'
}

contender_peak() {
    local pid
    for pid in $(ct_pids "$1"); do
        cat "/proc/$pid/status" 2>/dev/null
    done | awk '/^VmHWM/ { n += $2 * 1024 } END { printf "%.0f\n", n }'
}

contender_disk() {
    case $1 in
    holdfast) du -cB1 "$path_dir"/{broker,buffer,processor,forwarder}/data | tail -n 1 | cut -f1 ;;
    bridge) du -cB1 "$ct_dir"/{bridge,second} | tail -n 1 | cut -f1 ;;
    *) du -sB1 "$ct_dir/$1" | cut -f1 ;;
    esac
}

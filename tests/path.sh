# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The record path as plain processes: broker, buffer, processor, forwarder, and a receiver behind a proxy that can
# behave badly. No container, no engine. Sources harness.sh; a script calls path_new once and gets it all taken away
# at its end. What runs is supervised as Docker would: a process that ends is started again.
#
#     path_new; path_start                      ports in $path_field, $path_internal, $path_buffer, …
#     path_kill buffer                          kill -9; it comes back
#     path_settings buffer '.window_ms = 1000'  any jq on its settings.json; taken up live
#     book held                                 from the buffer's books
#
# shellcheck source=harness.sh
. "$(dirname "${BASH_SOURCE[0]}")/harness.sh"

path_build=${HF_PATH_BUILD:-$hf_build/release}
path_services=(broker buffer processor forwarder)

# --- processes

# Who runs the services: nobody where we are root, as in their containers.
path_as=()
[ "$(id -u)" -ne 0 ] || path_as=(setpriv --reuid 65534 --regid 65534 --clear-groups)

# path_supervise NAME COMMAND...: runs it again whenever it ends, until path_down. The one before must have ended:
# of two, one would start what nobody ends.
path_supervise() {
    local name=$1 dir=$path_dir/$1
    shift
    wait_until 20 supervisor_is_gone "$name" || return 1
    rm -f "$dir/down" "$dir/pid"
    (
        trap - EXIT ERR
        set +eE
        while [ -d "$dir" ] && [ ! -e "$dir/down" ]; do
            "$@" </dev/null >>"$dir/log" 2>&1 &
            echo $! >"$dir/pid"
            [ ! -e "$dir/down" ] || kill -KILL $! # path_down may have looked for the one before
            wait $! 2>/dev/null
            echo "ended status=$? at=$(now_ms)" >>"$dir/log"
            [ -e "$dir/down" ] || sleep 0.2
        done
    ) >/dev/null 2>&1 &
    echo $! >"$dir/supervisor"
    disown
    wait_until 10 test -s "$dir/pid"
}

supervisor_is_gone() { [ ! -s "$path_dir/$1/supervisor" ] || is_gone "$(cat "$path_dir/$1/supervisor")"; }

pid_of() { cat "$path_dir/$1/pid"; }

# All processes of one: the broker has mosquitto beneath it.
pids_of() {
    local pid
    pid=$(pid_of "$1")
    echo "$pid"
    { xargs -n 1 <"/proc/$pid/task/$pid/children"; } 2>/dev/null || true
}

path_signal() {
    local pids
    mapfile -t pids < <(pids_of "$2" | grep -E '^[1-9][0-9]*$')
    [ "${#pids[@]}" -eq 0 ] || kill "-$1" "${pids[@]}" 2>/dev/null || true # it may just have ended
}

runs_anew() { [ "$(pid_of "$1")" != "$2" ] && is_alive "$(pid_of "$1")"; }

# path_kill NAME: as a crash would; returns when a new one runs.
path_kill() {
    local pid
    pid=$(pid_of "$1")
    path_signal KILL "$1"
    wait_until 30 runs_anew "$1" "$pid"
}

# path_down NAME [SIGNAL]: ends it and keeps it down.
path_down() {
    local pid pids
    [ -s "$path_dir/$1/pid" ] || return 0
    touch "$path_dir/$1/down"
    mapfile -t pids < <(pids_of "$1" | grep -E '^[1-9][0-9]*$')
    path_signal "${2:-TERM}" "$1"
    for pid in "${pids[@]}"; do
        wait_until 20 is_gone "$pid" || kill -KILL "$pid" 2>/dev/null || true
    done
    wait_until 20 supervisor_is_gone "$1"
}

# --- what each is given

path_env() {
    local dir=$path_dir/$1
    printf '%s\n' "HF_RUN_DIR=$dir/run" "HF_DATA_DIR=$dir/data" "HF_TMP_DIR=$dir/tmp" \
        "HF_BROKER=127.0.0.1:$path_internal" "HF_BUFFER=127.0.0.1:$path_buffer" \
        "HF_PROCESSOR=127.0.0.1:$path_processor" "HF_FORWARDER=127.0.0.1:$path_forwarder" \
        "HF_FIELD=127.0.0.1:$path_field" "HF_MOSQUITTO=$(command -v mosquitto || echo /usr/sbin/mosquitto)" \
        "HF_GATE=$path_bin/holdfast-gate.so"
}

# Secrets of this run; each service is given what it may know (api/record-path.md).
path_credentials() {
    local accounts='{"broker":"pb","processor":"pp","buffer":"pu","forwarder":"pf","holdfastd":"ph","own":"po"}'
    path_write broker credentials "{\"accounts\": $accounts, \"own\": {\"own\": {\"write\": [\"uplink/#\"]}}}"
    path_write buffer credentials '{"bus": {"user": "buffer", "password": "pu"},
        "tokens": {"processor": "tp", "forwarder": "tf", "holdfastd": "th"}}'
    path_write processor credentials '{"bus": {"user": "processor", "password": "pp"}, "buffer_token": "tp",
        "tokens": {"holdfastd": "th"}}'
    path_write forwarder credentials '{"bus": {"user": "forwarder", "password": "pf"}, "buffer_token": "tf",
        "uplink_token": "tu", "sinks": {"uplink": {"token": "tu"}}, "tokens": {"holdfastd": "th"}}'
    printf 'holdfast-devices 1\nanonymous yes\nend 0\n' >"$path_dir/broker/run/devices"
    chmod 0644 "$path_dir/broker/run/devices"
}

path_first_settings() {
    local common='"gateway": "path", "instance": "path"' url=http://127.0.0.1:$path_proxy/v1/ingest
    path_write broker settings "{$common, \"max_queued_messages\": 1000000, \"max_queued_bytes\": 1000000000}"
    path_write buffer settings "{$common, \"window_ms\": 50, \"max_bytes\": 17179869184, \"max_age_s\": 0,
        \"keep_free_bytes\": 1048576, \"when_full\": \"hold\", \"sinks\": [\"uplink\"],
        \"lanes\": [{\"filter\": \"alarm/#\", \"lane\": \"alarm\"}, {\"filter\": \"bulk/#\", \"lane\": \"bulk\"}]}"
    path_write processor settings "{$common, \"rules\": [], \"devices\": {\"topic\": \"+/ID/#\"}}"
    path_write forwarder settings "{$common, \"uplink\": {\"url\": \"$url\"},
        \"sinks\": [{\"name\": \"uplink\", \"type\": \"https\", \"url\": \"$url\", \"format\": \"ndjson\",
            \"encoding\": \"${HF_PATH_ENCODING:-identity}\"}]}"
}

# path_write SERVICE credentials|settings JSON
path_write() {
    local file=$path_dir/$1/run/$2.json
    jq -c . <<<"$3" >"$file.new"
    chmod 0644 "$file.new"
    mv "$file.new" "$file"
}

# path_settings SERVICE JQ: changes its settings.
path_settings() { path_write "$1" settings "$(jq -c "$2" "$path_dir/$1/run/settings.json")"; }

# --- the whole

# path_new: folders, ports, settings; nothing runs yet. Never inside a check.
path_new() {
    local service
    [ "$BASHPID" = "$$" ] || exit 1
    path_dir=$work/path
    path_bin=$path_dir/bin
    path_field=$(free_port)
    path_internal=$(free_port)
    path_buffer=$(free_port)
    path_processor=$(free_port)
    path_forwarder=$(free_port)
    path_proxy=$(free_port)
    path_receiver=$(free_port)
    mkdir -p "$path_bin" "$path_dir"/{receiver,proxy}
    chmod 0711 "$work"
    for service in "${path_services[@]}"; do
        mkdir -p "$path_dir/$service"/{run,data,tmp}
        [ "$(id -u)" -ne 0 ] || chown 65534:65534 "$path_dir/$service"/{data,tmp}
        cp "$path_build/services/$service/holdfast-$service" "$path_bin/"
    done
    cp "$path_build/services/broker/holdfast-gate.so" "$path_bin/"
    path_credentials
    path_first_settings
    echo pass >"$path_dir/proxy/mode"
    trap path_end EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

# path_up SERVICE [NAME=VALUE...]: variables are for this one only.
path_up() {
    local service=$1 vars
    shift
    mapfile -t vars < <(path_env "$service")
    path_supervise "$service" "${path_as[@]}" env "${vars[@]}" "$@" "$path_bin/holdfast-$service"
}

# The sink of the path, with the options of holdfast-receiver.
receiver_up() {
    path_supervise receiver "$tool_dir/holdfast-receiver" --listen "127.0.0.1:$path_receiver" \
        --db "$path_dir/receiver/received.db" --token tu "$@"
    wait_until 30 receiver_answers
}

# In front of the receiver.
proxy_up() {
    path_supervise proxy "$path_build/tests/proxy/holdfast-proxy" --listen "127.0.0.1:$path_proxy" \
        --to "127.0.0.1:$path_receiver" --mode "$path_dir/proxy/mode" --seed "${seed:-1}"
}

# proxy_mode MODE...: see tests/proxy/proxy.c.
proxy_mode() {
    echo "$*" >"$path_dir/proxy/mode.new"
    mv "$path_dir/proxy/mode.new" "$path_dir/proxy/mode"
    sleep 0.2 # it looks every 50 ms
}

field_is_open() { (: >"/dev/tcp/127.0.0.1/$path_field") 2>/dev/null; }

path_start() {
    local service
    for service in "${path_services[@]}"; do
        path_up "$service"
    done
    wait_until 60 field_is_open
}

path_stop() {
    local service
    for service in processor forwarder broker buffer proxy receiver; do
        path_down "$service"
    done
}

# Processes of a script that leave their number in $work/NAME.pid end with it.
path_end() {
    local rc=$? name file path_also=("$work"/*.pid)
    trap '' INT TERM
    trap - EXIT
    for name in "$path_dir"/*/; do
        touch "$name/down"
    done
    for name in "$path_dir"/*/pid; do
        [ ! -s "$name" ] || path_signal KILL "$(basename "${name%/pid}")"
    done
    for name in "${path_also[@]}"; do # what scripts have started and told
        ! grep -qzF "$work" "/proc/$(cat "$name" 2>/dev/null)/cmdline" || kill -KILL "$(cat "$name")"
    done 2>/dev/null
    if [ "$checks_failed" -ne 0 ] || [ "${HF_PATH_KEEP_LOGS:-0}" = 1 ]; then
        mkdir -p "$hf_build/log/last-words"
        for file in "$path_dir"/*/log; do
            tail -n 400 "$file" >"$hf_build/log/last-words/$suite-$(basename "${file%/log}").log"
        done
    fi
    ! mountpoint -q "$path_dir/buffer/data" || umount -l "$path_dir/buffer/data"
    rm -rf "$work"
    exit "$rc"
}

# --- what the receiver says

receiver_answers() { curl -fsS --max-time 5 "http://127.0.0.1:$path_receiver/v1/health"; }
report_value() { curl -fsS --max-time 60 "http://127.0.0.1:$path_receiver/v1/report" | jq -r "$1"; }

# --- the books: the buffer's own GET /v1/status

buffer_http() {
    local method=$1 route=$2
    shift 2
    curl -fsS --max-time 30 -X "$method" -H 'Authorization: Bearer th' "$@" "http://127.0.0.1:$path_buffer/v1/$route"
}

buffer_status() { buffer_http GET status; }

# book NAME: accepted, delivered, held, dropped, quarantined.
book() { buffer_status | jq -re ".books.$1"; }

# Of all together and of each sink.
books_balance() {
    buffer_status | jq -e '[.books, .sinks[]] | all(.accepted == .delivered + .held + .dropped + .quarantined)'
}

# dropped_for REASON: records.
dropped_for() { buffer_status | jq --arg why "$1" '[.dropped[] | select(.reason == $why) | .records] | add // 0'; }

# --- what they take

rss_bytes() { awk '/^VmRSS/ { print $2 * 1024 }' "/proc/$(pid_of "$1")/status"; }

# Most resident memory so far.
peak_bytes() { awk '/^VmHWM/ { print $2 * 1024 }' "/proc/${2:-$(pid_of "$1")}/status"; }

# Seconds of CPU of a process and its children so far.
cpu_seconds() {
    local pid
    for pid in $(pids_of "$1"); do
        sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null
    done | awk -v hz="$(getconf CLK_TCK)" '{ t += $12 + $13 } END { print t / hz }'
}

# Bytes that it caused to be sent to the disk.
written_bytes() {
    local pid
    for pid in $(pids_of "$1"); do
        cat "/proc/$pid/io" 2>/dev/null
    done | awk '/^write_bytes/ { n += $2 } END { print n + 0 }'
}

disk_bytes() { du -sB1 "$path_dir/$1/data" | cut -f1; }

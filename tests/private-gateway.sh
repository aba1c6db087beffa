# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A gateway of one's own on this machine's Docker: everything of it is called hft<pid>… and goes away at the end
# of the script. Sources harness.sh. The gateway at hand is described by gw_*; gateway_new makes another one.
# shellcheck source-path=SCRIPTDIR source-path=SCRIPTDIR/.. source=harness.sh
. "$(dirname "${BASH_SOURCE[0]}")/harness.sh"

password='correct horse battery'
gw_all=()

# gateway_new [SUFFIX]: names, folders and ports; nothing runs yet. One made before by that name goes away.
gateway_new() {
    gw=hft$$${1:-}
    gw_dir=$work/$gw
    [ ! -e "$gw_dir" ] || gateway_remove "$gw"
    gw_state=$gw_dir/state
    gw_secrets=$gw_dir/run
    gw_port=$(free_port)
    gw_field=$(free_port)
    gw_tls=$(free_port) # and the next one
    gw_receiver=$(free_port)
    gw_url=https://127.0.0.1:$gw_port
    gw_release=$release
    gw_uplink=http://receiver:8080/v1/ingest
    gw_allow=() # options of holdfast-docker
    gw_socket=$gw_dir/guard.sock
    mkdir -p "$gw_state" "$gw_secrets" "$gw_dir/provision/holdfast"
    touch "$gw_dir/log"
    gw_all+=("$gw")
    # Never inside a check: what it makes would outlive the names.
    [ "$BASHPID" = "$$" ] || exit 1
    trap harness_end EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

# What a check starts is remembered in files: a check's variables end with it.
gw_pid() { cat "$gw_dir/pid"; }

# --- holdfast-docker, which stays as long as the gateway

guard_start() {
    [ ! -e "$gw_dir/guard.pid" ] || is_gone "$(cat "$gw_dir/guard.pid")" || return 0
    rm -f "$gw_socket"
    setsid "$docker_guard" --listen "$gw_socket" --docker-socket "$docker_socket" --instance "$gw" --run-dir "$gw_secrets" \
        --keep-port "$gw_port" \
        "${gw_allow[@]}" >"$gw_dir/guard.out" 2>>"$gw_dir/guard.log" </dev/null &
    echo $! >"$gw_dir/guard.pid"
    disown
    wait_until 30 grep -q '^ready' "$gw_dir/guard.out"
}

guard_end() {
    local pid
    pid=$(cat "$work/$1/guard.pid" 2>/dev/null)
    [ "$(cat "/proc/$pid/comm" 2>/dev/null)" != holdfast-docker ] || kill -KILL "$pid"
}

# --- holdfastd

# gateway_spawn [OPTION...]: starts holdfastd in the background; the last of an option given twice counts.
gateway_spawn() {
    local provision=() keys='[]'
    if [ -n "$gw_uplink" ] && [ ! -e "$gw_state/holdfast.db" ]; then
        # One that a test has changed is not signed, unless the test does.
        [ ! -e "$gw_release.minisig" ] || keys=$(jq -nc --arg key "$(sed -n 2p "$release_keys/minisign.pub")" '[$key]')
        jq -n --arg url "$gw_uplink" --arg host "$registry" --argjson keys "$keys" \
            '{format: 1, uplink: {url: $url}, registry: {host: $host}, release_keys: $keys, broker: {anonymous: true}}' \
            >"$gw_dir/provision/holdfast/provision.json"
        provision=(--provision "$gw_dir/provision")
    fi
    guard_start
    : >"$gw_dir/out" # here, not only by the child: what the last one said must not count
    setsid "$holdfastd" --instance "$gw" --state "$gw_state" --run "$gw_secrets" \
        --listen "127.0.0.1:$gw_port" --field-bind "0.0.0.0:$gw_field" --field-tls-port "$gw_tls" --release "$gw_release" \
        --docker-socket "$gw_socket" "${provision[@]}" "$@" \
        >"$gw_dir/out" 2>>"$gw_dir/log" </dev/null &
    echo $! >"$gw_dir/pid"
}

# release_sign FILE: as ./dev release signs one.
release_sign() { minisign -S -s "${release_keys:?}/minisign.key" -m "$1" -x "$1.minisig" >/dev/null; }

gateway_is_ready() { grep -q '^ready' "$gw_dir/out"; }

gateway_ready_or_gone() { gateway_is_ready || is_gone "$(gw_pid)"; }

gateway_start() {
    gateway_spawn "$@"
    disown # the shell has nothing to say about its end
    wait_until 60 gateway_ready_or_gone
    gateway_is_ready || {
        echo "holdfastd ended at its start:"
        tail -n 20 "$gw_dir/log"
        return 1
    }
}

# gateway_end_daemon [SIGNAL]: what it supervises runs on.
gateway_end_daemon() {
    local pid
    pid=$(gw_pid)
    is_gone "$pid" || kill "-${1:-TERM}" "$pid" 2>/dev/null || true # it may just have ended
    wait_until 30 is_gone "$pid"
    wait_until 30 flock --nonblock "$gw_state" true # its last thread may end after its first
}

# gateway_refuses REGEX [OPTION...]: a start that must fail with a message and make nothing in the engine.
gateway_refuses() {
    local message=$1 rc=0
    shift
    gateway_spawn "$@"
    wait_until 30 is_gone "$(gw_pid)"
    wait "$(gw_pid)" || rc=$?
    expect "exit status" "$rc" 1
    expect_match "message" "$(cat "$gw_dir/log")" "$message"
    gateway_made_nothing
}

gateway_made_nothing() {
    expect "containers" "$(docker ps -aq --filter "label=io.holdfast.instance=$gw")" ""
    expect "networks" "$(docker network ls -q --filter "name=^$gw-")" ""
    expect "volumes" "$(docker volume ls -q --filter "name=^$gw-")" ""
}

# --- its API

# api METHOD PATH [JSON] prints the body; the status is in $work/status, the header in $work/head.
api() {
    local data=()
    [ $# -lt 3 ] || data=(-H 'Content-Type: application/json' --data-binary "$3")
    curl -ksS --max-time 30 -X "$1" -b "$gw_dir/jar" -c "$gw_dir/jar" -D "$work/head" -o "$work/body" \
        -w '%{http_code}' "${data[@]}" "$gw_url/api/v1$2" >"$work/status" || {
        echo "no answer to $1 $2"
        return 1
    }
    cat "$work/body"
}

# api_is STATUS METHOD PATH [JSON]: prints the body where the status is another one.
api_is() {
    local wanted=$1 body
    shift
    body=$(api "$@")
    expect "status of $1 $2 ($body)" "$(cat "$work/status")" "$wanted"
}

# api_get PATH FILTER: a value of an answer, by jq.
api_get() { api GET "$1" | jq -r "$2"; }

gateway_claim() {
    local code
    code=$(sed -n 's/^setup_code=//p' "$gw_dir/out")
    api_is 201 POST /claim "$(jq -nc --arg c "$code" --arg p "$password" '{setup_code: $c, password: $p}')"
}

gateway_login() {
    api_is 200 POST /login "$(jq -nc --arg p "$password" '{user: "admin", password: $p}')"
}

# Shows the password once more, for what needs it.
gateway_prove() { api_is 204 POST /session/reauth "$(jq -nc --arg p "$password" '{password: $p}')"; }

service_is() { [ "$(api_get "/services/$1" "$2")" = "$3" ]; }
service_healthy() { service_is "$1" .health healthy; }
all_healthy() {
    api GET /services | jq -e --argjson n "${#services[@]}" '.services | length == $n and all(.health == "healthy")' || {
        api GET /services | jq -c '.services[] | {name, state, health, reason}'
        return 1
    }
}

# command SERVICE VERB: asks and waits for the end of the operation, which must succeed.
service_command() {
    local id
    api_is 202 POST "/services/$1/$2"
    id=$(jq -r .id "$work/body")
    wait_until 60 operation_ended "$id"
    expect "operation: $(cat "$work/body")" "$(jq -r .state "$work/body")" succeeded
}

operation_ended() { api GET "/operations/$1" | jq -e '.finished != null'; }

# --- its containers

container() { echo "$gw-$1"; }
inspect() { docker inspect --format "$2" "$(container "$1")"; }
host_pid() { inspect "$1" '{{.State.Pid}}'; }
# Of all four: who of them was made or started again.
all_ids() { docker inspect --format '{{.Id}} {{.State.StartedAt}} {{.RestartCount}}' "${services[@]/#/$gw-}"; }
# While Docker waits to restart a container it calls it running, too, but without a process.
is_running() { [ "$(inspect "$1" '{{.State.Status}}')" = running ] && [ "$(host_pid "$1")" -gt 1 ]; }

# Ends the process of a container as a crash would, unknown to Docker's API.
kill_service() { wait_until 120 kill_process_of "$1"; }
kill_process_of() {
    local pid
    pid=$(host_pid "$1")
    [ "$pid" -gt 1 ] && kill -KILL "$pid" # 0 would be this very test
}

runs_again() { is_running "$1" && [ "$(host_pid "$1")" != "$2" ]; }

# --- the engine, where it is one that ./dev started (HF_ENGINE_OURS)

engine_answers() { docker version >/dev/null; }

# Containers run on by live-restore; devices reach the broker by the machine's own address.
kill_dockerd() {
    local pid
    pid=$(cat "$HF_ENGINE_PID_FILE")
    "$HF_ENGINE" kill
    wait_until 30 is_gone "$pid" # a new one refuses to start beside it
    "$HF_ENGINE" start
    wait_until 120 engine_answers
}

# --- the receiver: stands in for the cloud, on the network of the forwarder, where containers find it by name

receiver_start() {
    local image
    image=$(jq -r .image "$receiver_pin")
    docker image inspect "$image" >/dev/null 2>&1 || docker pull -q "$image" >/dev/null
    wait_until 60 docker network inspect "$gw-egress" >/dev/null
    docker volume create --label "io.holdfast.demo=$gw" "$gw-receiver-data" >/dev/null
    docker run --detach --name "$gw-receiver" --label "io.holdfast.demo=$gw" --network "$gw-egress" \
        --network-alias receiver --publish "127.0.0.1:$gw_receiver:8080" --read-only --cap-drop ALL \
        --security-opt no-new-privileges --tmpfs /tmp:size=4m --restart unless-stopped \
        --volume "$gw-receiver-data:/data" "$image" --listen 0.0.0.0:8080 --db /data/receiver.db "$@" >/dev/null
    wait_until 30 receiver_answers
}

receiver_answers() { curl -fsS --max-time 5 "http://127.0.0.1:$gw_receiver/v1/health"; }
report() { curl -fsS --max-time 60 "http://127.0.0.1:$gw_receiver/v1/report"; }
report_value() { report | jq -r "$1"; }
records() { curl -fsS --max-time 60 "http://127.0.0.1:$gw_receiver/v1/records?limit=${2:-100}&topic=$1"; }
has_record() { [ -n "$(records "$1")" ]; }

# --- devices

publish() { timeout 30 mosquitto_pub -h 127.0.0.1 -p "$gw_field" -q 1 -t "$1" -m "$2"; }
publish_hears() { publish "$@" && has_record "$1"; }

# --- the end: nothing of any of them stays

gateway_remove() {
    local ids=() gw=$1 pid
    [ "$checks_failed" -eq 0 ] || gateway_keep_logs "$gw"
    pid=$(cat "$work/$gw/pid" 2>/dev/null)
    [ "$(cat "/proc/$pid/comm" 2>/dev/null)" != holdfastd ] || kill -KILL "$pid"
    guard_end "$gw"
    mapfile -t ids < <(docker ps -aq --filter "name=^$gw-")
    [ "${#ids[@]}" -eq 0 ] || docker rm --force --volumes "${ids[@]}" >/dev/null 2>&1
    mapfile -t ids < <(docker network ls -q --filter "name=^$gw-")
    [ "${#ids[@]}" -eq 0 ] || docker network rm "${ids[@]}" >/dev/null 2>&1
    mapfile -t ids < <(docker volume ls -q --filter "name=^$gw-")
    [ "${#ids[@]}" -eq 0 ] || docker volume rm --force "${ids[@]}" >/dev/null 2>&1
    ! mountpoint -q "$work/$gw/state" || umount -l "$work/$gw/state"
    rm -rf "${work:?}/$gw"
}

# What a failed run leaves to look at: the daemon's and the services' last words.
gateway_keep_logs() {
    local service to=$hf_build/log/last-words
    [ -e "$work/$1/log" ] || return 0
    mkdir -p "$to"
    cp "$work/$1/log" "$to/$suite-$1.log"
    cp "$work/$1/guard.log" "$to/$suite-$1-guard.log" 2>/dev/null
    for service in "${services[@]}" receiver; do
        docker logs --tail 200 "$1-$service" >"$to/$suite-$1-$service.log" 2>&1
    done
}

# For scripts to redefine: what goes before and after their gateways.
before_end() { :; }
after_end() { :; }

harness_end() {
    local rc=$? name
    trap '' INT TERM
    trap - EXIT
    before_end
    for name in "${gw_all[@]}"; do
        gateway_remove "$name"
    done
    after_end
    rm -rf "$work"
    exit "$rc"
}

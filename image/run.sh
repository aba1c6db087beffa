# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A gateway on this machine: run, stop, clean. All that is kept of it lies in build/run/INSTANCE.
: "${hf_root:?}" "${hf_build:?}" "${hf_holdfastd:?}" "${hf_docker_guard:?}" "${hf_devices:?}"
: "${hf_release_file:?}" "${hf_receiver_file:?}" "${hf_socket:?}" "${hf_engine_dir:?}"

hf_run_root=$hf_build/run
hf_health_seconds=120

hf_run_usage() {
    cat <<EOF
usage: ./dev run [--demo] [--uplink URL] [--keep] [--name NAME] [--port PORT] [--field-port PORT] [--allow-…]
  --demo        adds a cloud receiver and simulated devices
  --uplink URL  delivers records to URL
  --keep        leaves it running; ./dev stop ends it
  --name        of this gateway's containers, networks and volumes (holdfast)
  --port        of the dashboard (8443, or the next free one)
  --field-port  for devices (1883, or the next free one)
  --allow-…     what own services may have; options of holdfast-docker, such as --allow-bind=/srv/x
EOF
}

# The address other machines reach this one by.
hf_host_address() {
    local address
    address=$(ip -4 route get 192.0.2.1 2>/dev/null | sed -nE 's/.* src ([0-9.]+).*/\1/p')
    printf '%s\n' "${address:-127.0.0.1}"
}

# Names or ids of what the engine has of this gateway, its demo included: hf_ours ps -a, hf_ours volume ls.
hf_ours() {
    docker "$@" -q --filter "label=io.holdfast.instance=$hf_name"
    docker "$@" -q --filter "label=io.holdfast.demo=$hf_name"
}

# --- start

# Secrets of the services lie below: never on a disk.
hf_run_tmpfs() {
    mkdir -p "$hf_secrets"
    if [ "$(stat -f -c %T "$hf_secrets")" != tmpfs ]; then
        mount -t tmpfs -o mode=755,size=4m,nosuid,nodev,noexec holdfast "$hf_secrets"
    fi
}

hf_run_provision() {
    local uplink=$1
    rm -rf "$hf_dir/provision"
    mkdir -p "$hf_dir/provision/holdfast"
    jq -n --arg url "$uplink" --arg host "$(hf_registry)" --arg key "$(hf_release_public_key)" '
        { format: 1, registry: { host: $host }, release_keys: [$key], broker: { anonymous: true } }
        + if $url == "" then {} else { uplink: { url: $url } } end' >"$hf_dir/provision/holdfast/provision.json"
}

# Docker's socket is this one's; holdfastd has what it passes on.
hf_run_guard() {
    local tick
    rm -f "$hf_secrets/docker.sock"
    setsid "$hf_docker_guard" --listen "$hf_secrets/docker.sock" --mode 0600 --docker-socket "$hf_socket" \
        --instance "$hf_name" --run-dir "$hf_secrets" --keep-port "$hf_port" "$@" \
        >"$hf_dir/holdfast-docker.out" 2>"$hf_dir/holdfast-docker.log" </dev/null 9>&- &
    echo $! >"$hf_dir/holdfast-docker.pid"
    disown
    for ((tick = 0; tick < 100; tick++)); do
        ! grep -q '^ready' "$hf_dir/holdfast-docker.out" || return 0
        sleep 0.1
    done
    cat "$hf_dir/holdfast-docker.log"
    return 1
}

hf_run_spawn() {
    local tick
    : >"$hf_dir/holdfastd.out"
    setsid "$hf_holdfastd" --state "$hf_dir/state" --run "$hf_secrets" --instance "$hf_name" \
        --listen "0.0.0.0:$hf_port" --field-bind "0.0.0.0:$hf_field_port" --release "$hf_release_file" \
        --docker-socket "$hf_secrets/docker.sock" --provision "$hf_dir/provision" \
        >"$hf_dir/holdfastd.out" 2>"$hf_dir/holdfastd.log" </dev/null 9>&- &
    echo $! >"$hf_dir/holdfastd.pid"
    disown
    for ((tick = 0; tick < 300; tick++)); do
        grep -q '^ready' "$hf_dir/holdfastd.out" && return 0
        if [ "$tick" -gt 2 ] && ! hf_alive "$hf_dir/holdfastd.pid" holdfastd; then
            break
        fi
        sleep 0.1
    done
    tail -n 20 "$hf_dir/holdfastd.log"
    return 1
}

hf_run_healthy() {
    local tick
    for ((tick = 0; tick < hf_health_seconds * 5; tick++)); do
        if curl -ks --max-time 2 "https://127.0.0.1:$hf_port/api/v1/health" | grep -q '"status": *"ok"'; then
            return 0
        fi
        sleep 0.2
    done
    # The dashboard says which service and why; that is no reason to end it.
    touch "$hf_dir/unhealthy"
}

hf_demo_receiver() {
    local tick image
    image=$(jq -r .image "$hf_receiver_file")
    docker image inspect "$image" >/dev/null 2>&1 || docker pull "$image"
    for ((tick = 0; tick < 600; tick++)); do
        docker network inspect "$hf_name-egress" >/dev/null 2>&1 && break
        sleep 0.1
    done
    docker volume create --label "io.holdfast.demo=$hf_name" "$hf_name-receiver-data"
    docker run --detach --name "$hf_name-receiver" --label "io.holdfast.demo=$hf_name" \
        --network "$hf_name-egress" --network-alias receiver --publish "127.0.0.1:$hf_receiver_port:8080" \
        --read-only --cap-drop ALL --security-opt no-new-privileges --tmpfs /tmp:size=4m \
        --memory 64m --memory-swap 64m --pids-limit 32 --restart unless-stopped \
        --log-opt max-size=1m --log-opt max-file=3 \
        --volume "$hf_name-receiver-data:/data" "$image" --listen 0.0.0.0:8080 --db /data/receiver.db
}

hf_demo_devices() {
    setsid "$hf_devices" --host "$(hf_host_address)" --port "$hf_field_port" \
        >"$hf_dir/devices.log" 2>&1 </dev/null 9>&- &
    echo $! >"$hf_dir/devices.pid"
    disown
}

# --- end

# Ends what runs of this gateway; volumes and state stay.
hf_run_end() {
    local ids=()
    hf_end "$hf_dir/devices.pid" holdfast-devices 5
    hf_end "$hf_dir/holdfastd.pid" holdfastd 15
    hf_end "$hf_dir/holdfast-docker.pid" holdfast-docker 5
    if hf_engine_answers; then
        mapfile -t ids < <(hf_ours ps -a)
        if [ "${#ids[@]}" -gt 0 ]; then
            printf '%s\n' "${ids[@]}" | xargs -P 8 -n 1 docker stop --time 10 >/dev/null 2>&1 || true
            docker rm --force "${ids[@]}" >/dev/null 2>&1 || true
        fi
        hf_ours network ls | xargs -r docker network rm >/dev/null 2>&1 || true
    fi
    if mountpoint -q "$hf_secrets" 2>/dev/null; then
        umount "$hf_secrets" || true
    fi
    rm -rf "$hf_secrets" "$hf_dir/running"
}

# What all gateways of this clone use: ends with the last of them.
hf_run_end_shared() {
    ! compgen -G "$hf_run_root/*/running" >/dev/null || return 0
    hf_registry_stop
    hf_engine_stop
}

# Sets the paths that belong to instance $1.
hf_instance() {
    hf_name=$1
    hf_dir=$hf_run_root/$hf_name
    hf_secrets=/run/holdfast-$hf_name
}

hf_instances() { find "$hf_run_root" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' 2>/dev/null | sort; }

# --- verbs

hf_run() {
    local demo='' uplink='' keep='' name=holdfast port='' field_port='' allow=()
    while [ $# -gt 0 ]; do
        case $1 in
        --demo) demo=1 ;;
        --keep) keep=1 ;;
        --uplink=*) uplink=${1#*=} ;;
        --name=*) name=${1#*=} ;;
        --port=*) port=${1#*=} ;;
        --field-port=*) field_port=${1#*=} ;;
        --allow-*) allow+=("$1") ;;
        --uplink | --name | --port | --field-port)
            [ $# -ge 2 ] || hf_die "$1 needs a value"
            set -- "$1" "$1=$2" "${@:3}"
            ;;
        *)
            hf_run_usage >&2
            exit 2
            ;;
        esac
        shift
    done
    [[ $name =~ ^[a-z0-9][a-z0-9-]{0,30}$ ]] || hf_die "--name '$name' is no good" "Small letters, digits and dashes, at most 31."
    [ -z "$demo" ] || [ -n "$uplink" ] || uplink=http://receiver:8080/v1/ingest
    hf_instance "$name"
    if hf_alive "$hf_dir/holdfastd.pid" holdfastd; then
        hf_die "'$name' is running already" "./dev stop ends it."
    fi

    hf_say "Holdfast $(hf_version)"
    hf_setup
    hf_build_daemon holdfastd holdfast holdfast-devices
    hf_build_images
    mkdir -p "$hf_dir"
    touch "$hf_dir/running"
    trap 'hf_step_abort; hf_run_close' EXIT
    hf_registry_start
    hf_release
    hf_engine_start
    hf_run_end # what a run that was killed has left
    touch "$hf_dir/running"

    hf_port=$(hf_run_port "$port" 8443 --port)
    hf_field_port=$(hf_run_port "$field_port" 1883 --field-port)
    hf_run_tmpfs
    hf_run_provision "$uplink"
    hf_step "starts holdfast-docker" holdfast-docker "Its log is $(hf_short "$hf_dir")/holdfast-docker.log." \
        hf_run_guard "${allow[@]}"
    hf_step "starts holdfastd" holdfastd "Its log is $(hf_short "$hf_dir")/holdfastd.log." hf_run_spawn
    if [ -n "$demo" ]; then
        hf_receiver_port=$(hf_free_port 8080)
        hf_step "starts the demo's cloud receiver" receiver "docker logs $hf_name-receiver says more." hf_demo_receiver
    fi
    rm -f "$hf_dir/unhealthy"
    hf_step "waits until all services are healthy" health "" hf_run_healthy
    [ -z "$demo" ] || hf_demo_devices
    hf_run_tell "$demo" "$uplink" "$keep"
    if [ -n "$keep" ]; then
        trap - EXIT
        return 0
    fi
    while hf_alive "$hf_dir/holdfastd.pid" holdfastd; do
        sleep 0.5
    done
    hf_tail "$hf_dir/holdfastd.log"
    hf_die "holdfastd has ended" "Its log is $(hf_short "$hf_dir")/holdfastd.log."
}

hf_short() { printf '%s\n' "${1#"$hf_root"/}"; }

# The port asked for with option $3, which must be free; else the first free one from $2 on.
hf_run_port() {
    local free
    free=$(hf_free_port "${1:-$2}")
    if [ -n "$1" ] && [ "$free" != "$1" ]; then
        hf_die "port $1 is in use" "ss -ltnp 'sport = :$1' says by what; $3 takes another one, $free is free."
    fi
    printf '%s\n' "$free"
}

hf_run_close() {
    printf '\n  …  ends what was started\n'
    trap '' INT TERM
    hf_run_end
    hf_run_end_shared
}

hf_run_tell() {
    local address url code
    address=$(hf_host_address)
    url=$(sed -n 's/^url=//p' "$hf_dir/holdfastd.out" | sed "s/0\.0\.0\.0/$address/")
    code=$(sed -n 's/^setup_code=//p' "$hf_dir/holdfastd.out")
    printf '\n'
    printf '  Dashboard    %s\n' "$url"
    if [ -n "$code" ]; then
        printf '  Setup code   %s   (asked for once, to set the admin password)\n' "$code"
    fi
    printf '  Fingerprint  %s\n' "$(sed -n 's/^fingerprint=//p' "$hf_dir/holdfastd.out")"
    printf "  Try it       mosquitto_pub -h %s -p %s -t sensors/7/temp -m '{\"t\":21.5}' -q 1\n" "$address" "$hf_field_port"
    [ -z "$2" ] || printf '  Uplink       %s\n' "$2"
    [ -z "$1" ] || printf '  Received     http://127.0.0.1:%s/v1/report\n' "$hf_receiver_port"
    printf '  Logs         %s\n' "$(hf_short "$hf_dir")"
    [ ! -e "$hf_dir/unhealthy" ] || printf '\n  Not all services are healthy after %s s: the dashboard says which and why.\n' "$hf_health_seconds"
    if [ -n "$3" ]; then
        printf '\n  It goes on running; ./dev stop ends it.\n'
    else
        printf '\n  Ctrl-C ends it; what it holds is kept until ./dev clean.\n'
    fi
}

# Ends a ./dev run that another terminal shows.
hf_stop_foreground() {
    local pid tick
    pid=$(sed -nE 's/^pid ([0-9]+), \.\/dev run.*/\1/p' "$hf_build/.lock.owner" 2>/dev/null)
    if [ -z "$pid" ] || flock -n "$hf_build/.lock" true; then
        return 0
    fi
    kill -TERM "$pid" 2>/dev/null || return 0
    for ((tick = 0; tick < 600; tick++)); do
        flock -n "$hf_build/.lock" true && return 0
        sleep 0.1
    done
}

hf_stop() {
    local name
    for name in $(hf_instances); do
        hf_instance "$name"
        [ -e "$hf_dir/running" ] || continue
        hf_say "  –  ends $name"
        hf_run_end
    done
    hf_run_end_shared
}

# Removes from the engine, by the labels and names of this clone's gateways, what it made; then build/run.
hf_clean() {
    local name id ref
    hf_stop
    if hf_engine_answers; then
        for name in $(hf_instances); do
            hf_instance "$name"
            hf_ours volume ls | xargs -r docker volume rm >/dev/null 2>&1 || true
        done
        while read -r id ref; do
            docker image rm --force "$ref" >/dev/null 2>&1 || true
            docker image rm --force "$id" >/dev/null 2>&1 || true
        done < <(cat "$hf_build/made-images" 2>/dev/null)
    elif [ -n "$(hf_instances)" ] && [ ! -d "$hf_engine_dir/data" ]; then
        hf_die "no Docker Engine answers: volumes and images of ours are still in it" "Start it and say ./dev clean again."
    fi
    if [ -d "$hf_engine_dir" ] && ! hf_engine_ours; then
        hf_engine_unmount
        rm -rf "$hf_engine_dir"
    fi
    rm -rf "$hf_run_root" "$hf_build/made-images"
    if [ "${1:-}" = --all ]; then
        rm -rf "$hf_root/webui/node_modules" "$hf_root/webui/dist"
        find "$hf_build" -mindepth 1 -maxdepth 1 ! -name '.lock*' -exec rm -rf {} +
    fi
}

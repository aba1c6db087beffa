# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Operator's own services for scripts that source private-gateway.sh: an image with app.c in it, releases that run it,
# and a voice on the bus for those that are judged by it.
# shellcheck source-path=SCRIPTDIR/.. source=../private-gateway.sh
: "${work:?}" "${hf_root:?}" "${gw_dir:=}" "${gw_secrets:=}" "${gw:=}" "${release:?}"
own_tag=hft-own:$$

# One static program is all that is in it.
own_image_make() {
    mkdir -p "$work/app"
    cc -std=gnu11 -O2 -Wall -Wextra -Werror -static -o "$work/app/app" "$hf_root/tests/own/app.c"
    tar --create --directory "$work/app" app | docker import --change 'ENTRYPOINT ["/app"]' - "$own_tag" >/dev/null
}

own_end() {
    local pid
    for pid in "$work"/voice.*.pid; do
        [ ! -e "$pid" ] || kill -KILL "$(cat "$pid")" 2>/dev/null
    done
    docker rmi --force "$own_tag" >/dev/null 2>&1
}
after_end() { own_end; }

# own_release FILTER [JQ-OPTION...]: makes the gateway's release with what the filter adds; app(PORT) there is an own
# service with no more than it must have.
own_release() {
    local filter=$1
    shift
    jq --arg id "$(docker image inspect --format '{{.Id}}' "$own_tag")" --arg platform "$(platform)" "$@" '
        "sha256:\("0" * 64)" as $none | def app($port): {
            repository: "own/app", tag: "1.0.0",
            platforms: { ($platform): { manifest: $none, config: $id, layers: [{ digest: $none, size: 1 }] } },
            user: 20001, command: [$port | tostring], limits: { memory_bytes: 33554432, cpus: 0.5, pids: 16 } };
        '"$filter" "$release" >"$gw_dir/release.json"
    # shellcheck disable=SC2034 # for private-gateway.sh
    gw_release=$gw_dir/release.json
}

# --- on the bus, from outside of its container but with its account

# bus_options SERVICE: those of mosquitto_pub for it, into the array bus_as.
bus_options() {
    local address
    address=$(inspect broker "{{(index .NetworkSettings.Networks \"$gw-bus\").IPAddress}}")
    bus_as=(-h "$address" -p 1884 -i "$1" -u "$1" -q 1
        -P "$(jq -r .bus.password "$gw_secrets/services/$1/credentials.json")")
}

# voice SERVICE STATUS: says its status every 2 s, and from then on what voice_says tells it to.
voice() {
    local to=$work/voice.$1
    mkfifo "$to"
    echo "$2" >"$to.word"
    bus_options "$1"
    mosquitto_pub "${bus_as[@]}" -l -r -t "status/$1" --will-topic "status/$1" --will-payload '{"state":"gone"}' --will-qos 1 \
        --will-retain <"$to" >/dev/null 2>&1 &
    echo $! >"$to.pid"
    while cat "$to.word"; do sleep 2; done >"$to" 2>/dev/null &
    disown -a
}

# voice_says SERVICE STATUS: at once.
voice_says() {
    echo "$2" >"$work/voice.$1.word"
    echo "$2" >"$work/voice.$1"
}

voice_signal() { kill "-$2" "$(cat "$work/voice.$1.pid")"; }

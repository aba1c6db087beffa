# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the HTTP side of a gateway can ask of Docker, asked as one that was broken into would: by curl at holdfast-docker's
# socket. For a script with a healthy gateway at hand (private-gateway.sh).
# shellcheck source-path=SCRIPTDIR/../.. source=../../private-gateway.sh
: "${work:?}" "${gw:=}" "${gw_dir:=}" "${gw_socket:=}" "${gw_secrets:=}" "${gw_port:=}" "${docker_socket:?}"

# guard_asks METHOD PATH [JSON] prints the status; the body is in $work/body.
guard_asks() {
    local data=()
    [ $# -lt 3 ] || data=(-H 'Content-Type: application/json' --data-binary "$3")
    curl -s --max-time 30 --unix-socket "$gw_socket" -X "$1" -o "$work/body" -w '%{http_code}' "${data[@]}" "http://docker$2"
}

# guard_refuses METHOD PATH [JSON]
guard_refuses() {
    expect "status of $1 $2" "$(guard_asks "$@")" 403
    expect_match "message" "$(jq -r .message "$work/body")" '^holdfast-docker: '
}

# The body by which the broker was made, as Docker tells it, changed by a filter.
guard_body() {
    docker inspect "$gw-broker" | jq -c --arg gw "$gw" '.[0] | {
        Image: .Image, User: .Config.User, Labels: (.Config.Labels | with_entries(select(.key | startswith("io.holdfast.")))),
        Env: [], StopTimeout: 10, ExposedPorts: {}, NetworkingConfig: { EndpointsConfig: {} },
        HostConfig: { DnsOptions: [], ReadonlyRootfs: true, Privileged: false, CapDrop: ["ALL"], CapAdd: [], Devices: [],
            OomScoreAdj: 100, SecurityOpt: ["no-new-privileges"], RestartPolicy: { Name: "unless-stopped" },
            LogConfig: { Type: "json-file", Config: { "max-size": "1048576", "max-file": "3" } }, Init: false,
            Memory: 67108864, MemorySwap: 67108864, PidsLimit: 32, PortBindings: {}, NetworkMode: "\($gw)-bus",
            Mounts: [], Binds: [], Tmpfs: {} } } | .Labels["io.holdfast.service"] = "guest" | '"$1"
}

guard_create() { guard_asks POST "/v1.41/containers/create?name=$gw-guest" "$(guard_body "$1")"; }

guard_makes_what_is_right() {
    expect "status ($(guard_body .))" "$(guard_create .)" 201
    expect_match "removed" "$(guard_asks DELETE "/v1.41/containers/$gw-guest?force=true")" '^(204|404|409)$' # or by holdfastd
    wait_until 30 guest_is_gone
}
guest_is_gone() { [ -z "$(docker ps -aq --filter "name=^$gw-guest$")" ]; }

guard_makes_nothing_else() {
    local change
    ln -sfn / "$gw_secrets/services/guest"
    # shellcheck disable=SC2016 # for jq
    for change in '.HostConfig.Privileged = true' '.HostConfig.privileged = true' '.HostConfig.NetworkMode = "host"' \
        '.HostConfig.NetworkMode = "container:\(.Labels["io.holdfast.instance"])-broker"' '.HostConfig.PidMode = "host"' \
        '.HostConfig.IpcMode = "host"' '.HostConfig.Binds = ["/:/host:ro"]' \
        '.HostConfig.Binds = ["/run/docker.sock:/run/docker.sock:rw"]' \
        '.HostConfig.Binds = ["'"$gw_secrets"'/services/guest:/run/holdfast:ro"]' \
        '.HostConfig.Mounts = [{ Type: "bind", Source: "/", Target: "/host" }]' \
        '.HostConfig.Mounts = [{ Type: "volume", Source: "other", Target: "/x" }]' \
        '.HostConfig.CapAdd = ["SYS_ADMIN"]' '.HostConfig.CapDrop = []' '.HostConfig.SecurityOpt = []' \
        '.HostConfig.Devices = [{ PathOnHost: "/dev/sda", PathInContainer: "/dev/sda", CgroupPermissions: "rw" }]' \
        '.HostConfig.PortBindings = {"22/tcp": [{ HostIp: "0.0.0.0", HostPort: "22" }]}' \
        '.HostConfig.PortBindings = {"1/tcp": [{ HostIp: "127.0.0.1", HostPort: "'"$gw_port"'" }]}' \
        '.HostConfig.Sysctls = {}' '.User = "0:0"' 'del(.User)' '.Image = "holdfast/broker:latest"' 'del(.Labels)'; do
        expect "status of $change" "$(guard_create "$change")" 403
    done
    rm "$gw_secrets/services/guest"
    guest_is_gone
}

# Another one's container, network and volume, and calls that nobody needs.
guard_keeps_off_what_is_not_ours() {
    local id call
    id=$(docker inspect --format '{{.Id}}' "$gw-receiver") # it has a name like ours, and not our label
    guard_refuses POST "/v1.41/containers/$id/stop"
    guard_refuses POST "/v1.41/containers/$gw-receiver/stop"
    guard_refuses DELETE "/v1.41/containers/$id?force=true"
    guard_refuses GET "/v1.41/containers/$id/logs?stdout=1"
    guard_refuses POST "/v1.41/networks/$gw-bus/connect" "{\"Container\":\"$id\",\"EndpointConfig\":{}}"
    expect "receiver" "$(docker inspect --format '{{.State.Running}}' "$id")" true
    guard_refuses POST /v1.41/networks/bridge/connect "{\"Container\":\"$gw-broker\",\"EndpointConfig\":{}}"
    guard_refuses POST /v1.41/volumes/create '{"Name":"'"$gw"'-x","Driver":"local","DriverOpts":{"type":"none","o":"bind",
        "device":"/"},"Labels":{"io.holdfast.instance":"'"$gw"'"}}'
    for call in "POST /v1.41/containers/$gw-broker/exec" "POST /v1.41/containers/$gw-broker/attach?stream=1" \
        "POST /v1.41/containers/$gw-broker/kill" "PUT /v1.41/containers/$gw-broker/archive?path=/" \
        "GET /v1.41/containers/$gw-broker/archive?path=/run/holdfast" "GET /v1.41/containers/$gw-broker/export" \
        'POST /v1.41/build' "POST /v1.41/commit?container=$gw-broker" 'POST /v1.41/images/create?fromImage=alpine' \
        'GET /v1.41/swarm' 'GET /v1.41/secrets' 'GET /v1.41/events' \
        "DELETE /v1.41/networks/$gw-bus" 'POST /v1.41/containers/prune' 'POST /v1.41/plugins/pull?remote=x' 'GET /v1.24/info'; do
        # shellcheck disable=SC2086 # two words
        guard_refuses $call
    done
    guard_refuses POST "/v1.41/containers/$gw-broker/update" '{"RestartPolicy":{"Name":"no"}}'
}

# Without a program to run and a file to read there is little that its own bugs could be used for.
guard_is_confined() {
    local status
    status=$(cat "/proc/$(cat "$gw_dir/guard.pid")/status")
    expect "filter of system calls" "$(sed -n 's/^Seccomp:\t//p' <<<"$status")" 2
    expect "threads that are not" "$(cat "/proc/$(cat "$gw_dir/guard.pid")"/task/*/status | grep '^Seccomp:' | sort -u | wc -l)" 1
}

# What is asked in one breath with something harmless reaches Docker neither.
guard_takes_one_request_at_a_time() {
    local request said
    # shellcheck disable=SC2059 # the line ends
    for request in 'GET /v1.41/info HTTP/1.1\r\nHost: d\r\n\r\nGET /v1.41/swarm HTTP/1.1\r\nHost: d\r\n\r\n' \
        'POST /v1.41/volumes/create HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}' \
        'GET /v1.41/info HTTP/1.1\nHost: d\n\n' 'GET http://d/v1.41/info HTTP/1.1\r\nHost: d\r\n\r\n'; do
        said=$(printf "$request" | socat -t 5 - "UNIX-CONNECT:$gw_socket")
        expect_match "answer" "$said" '^HTTP/1.1 400 '
    done
    grep -q 'event=refused' "$gw_dir/guard.log"
}

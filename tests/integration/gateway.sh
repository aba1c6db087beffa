#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A gateway from nothing: four services run and are healthy, every hardening setting is read back from the engine
# and from the kernel, a message travels, and devices reach nothing that is not theirs.
# shellcheck source=../private-gateway.sh disable=SC2119
. "$(dirname "$0")/../private-gateway.sh"
gateway_new
# shellcheck source=engine/guard.sh
. "$(dirname "$0")/engine/guard.sh"

declare -A uid=([broker]=10001 [processor]=10002 [buffer]=10003 [forwarder]=10004)
declare -A memory=([broker]=67108864 [processor]=67108864 [buffer]=67108864 [forwarder]=33554432)
declare -A pids=([broker]=32 [processor]=32 [buffer]=64 [forwarder]=32)
declare -A networks=([broker]='bus field' [processor]='bus lease' [buffer]='bus lease' [forwarder]='bus egress lease')
declare -A volume=([broker]=broker-data [buffer]=buffer-data)

starts_from_nothing() {
    gateway_start
    gateway_claim
    receiver_start
    wait_until 120 all_healthy
}

says_what_a_person_needs() {
    local said shown
    said=$(cat "$gw_dir/out")
    expect_match "standard output" "$said" "^url=https://127\.0\.0\.1:$gw_port/$"
    expect_match "standard output" "$said" '^fingerprint=SHA256:([0-9A-F]{2}:){31}[0-9A-F]{2}$'
    expect_match "standard output" "$said" '^setup_code=[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$'
    shown=$(openssl s_client -connect "127.0.0.1:$gw_port" </dev/null 2>/dev/null |
        openssl x509 -noout -fingerprint -sha256 | sed 's/^.*=//')
    expect "fingerprint of the certificate" "SHA256:$shown" "$(sed -n 's/^fingerprint=//p' "$gw_dir/out")"
}

# --- hardening: one check for each setting of each service

# Lines "NAME; jq over docker inspect; value".
settings_of() {
    local s=$1 published={} volumes=[]
    [ "$s" != broker ] || published="{\"1883/tcp\":[{\"HostIp\":\"0.0.0.0\",\"HostPort\":\"$gw_field\"}]}"
    [ -z "${volume[$s]:-}" ] || volumes="[\"$gw-${volume[$s]}\",\"/data\"]"
    cat <<EOF
memory; .HostConfig.Memory; ${memory[$s]}
memory and swap; .HostConfig.MemorySwap; ${memory[$s]}
CPUs; .HostConfig.NanoCpus; 1000000000
pids; .HostConfig.PidsLimit; ${pids[$s]}
read-only root; .HostConfig.ReadonlyRootfs; true
user; .Config.User; ${uid[$s]}:${uid[$s]}
capabilities dropped; .HostConfig.CapDrop; ["ALL"]
capabilities added; .HostConfig.CapAdd // []; []
no new privileges; [.HostConfig.SecurityOpt[] | sub(":true$"; "")]; ["no-new-privileges"]
not privileged; .HostConfig.Privileged; false
no device; .HostConfig.Devices // []; []
own process ids; [.HostConfig.PidMode]; [""]
own IPC; .HostConfig.IpcMode; private
restart policy; .HostConfig.RestartPolicy.Name; unless-stopped
kept after its end; .HostConfig.AutoRemove; false
time to end; .Config.StopTimeout; 10
log driver; .HostConfig.LogConfig.Type; json-file
pain_13 log limits; .HostConfig.LogConfig.Config; {"max-file":"3","max-size":"1048576"}
networks; [.NetworkSettings.Networks | keys[] | ltrimstr("$gw-")] | sort | join(" "); ${networks[$s]}
no host network; .HostConfig.NetworkMode | startswith("$gw-"); true
published ports; .HostConfig.PortBindings // {}; $published
settings and secrets read-only; .Mounts[] | select(.Destination == "/run/holdfast") | [.Type, .RW]; ["bind",false]
volume; [.Mounts[] | select(.Type == "volume") | .Name, .Destination]; $volumes
nothing else mounted; [.Mounts[] | select(.Type != "tmpfs") | .Destination] | sort | join(" "); ${volume[$s]:+/data }/run/holdfast
label instance; .Config.Labels["io.holdfast.instance"]; $gw
label service; .Config.Labels["io.holdfast.service"]; $s
label spec; .Config.Labels["io.holdfast.spec"] | test("^[0-9a-f]{64}$"); true
image is the pinned one; .Image; $(pinned "$release" "$s")
no secret in the environment; [.Config.Env[]? | select(test("pass|token|secret"))]; []
EOF
}

setting_is() {
    expect "$2" "$(docker inspect "$(container "$1")" | jq -rc ".[0] | $2")" "$3"
}

check_settings() {
    local service=$1 line rest
    while IFS= read -r line; do
        rest=${line#*; }
        check "$service: ${line%%; *}" setting_is "$service" "${rest%; *}" "${rest##*; }"
    done < <(settings_of "$service")
}

tmpfs_is_small() {
    local size
    size=$(docker inspect "$(container "$1")" | jq -r '.[0].HostConfig |
        .Tmpfs["/tmp"] // (.Mounts[] | select(.Target == "/tmp") | "size=\(.TmpfsOptions.SizeBytes)")')
    expect_match "tmpfs on /tmp" "$size" 'size=(4m|4194304)'
}

cgroup_limit() {
    local path
    path=$(sed -n "s/^[0-9]*:$2://p" "/proc/$1/cgroup")
    if [ -n "$path" ]; then
        cat "/sys/fs/cgroup/$2$path/$3"
    else
        cat "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$1/cgroup")/$4"
    fi
}

# What the kernel enforces, not what the engine was told.
kernel_enforces() {
    local service=$1 pid status u
    pid=$(host_pid "$service")
    u=${uid[$service]}
    status=$(cat "/proc/$pid/status")
    expect_match "capabilities" "$status" '^CapEff:\s0+$'
    expect_match "capabilities to be had" "$status" '^CapBnd:\s0+$'
    expect_match "no new privileges" "$status" '^NoNewPrivs:\s1$'
    expect_match "system call filter" "$status" '^Seccomp:\s2$'
    expect_match "user" "$status" "^Uid:\s$u\s$u\s$u\s$u$"
    expect_match "root is read-only" "$(cat "/proc/$pid/mounts")" '^[^ ]+ / [^ ]+ ro,'
    expect "memory limit" "$(cgroup_limit "$pid" memory memory.limit_in_bytes memory.max)" "${memory[$service]}"
    expect "pids limit" "$(cgroup_limit "$pid" pids pids.max pids.max)" "${pids[$service]}"
}

network_is_internal() {
    expect "internal" "$(docker network inspect --format '{{.Internal}}' "$gw-$1")" "$2"
}

secrets_are_private() {
    local service file
    for service in "${services[@]}"; do
        for file in credentials settings; do
            expect "$service/$file.json" "$(stat -c '%a %u' "$gw_secrets/services/$service/$file.json")" "440 ${uid[$service]}"
        done
    done
    expect "keys that others read" "$(find "$gw_state/tls" -name '*key*' -type f -perm /077)" ""
    expect "state that others read" "$(find "$gw_state" -name '*.db*' -type f -perm /077)" ""
}

# --- a message on its way

arrives_with_identity() {
    local record
    wait_until 60 publish_hears sensors/7/temp '{"t":21.5}'
    record=$(records sensors/7/temp | head -n 1)
    expect "gateway" "$(jq -r .gateway <<<"$record")" "$(api_get /gateway .id)"
    expect "epoch" "$(jq -r .epoch <<<"$record")" "$(api_get /buffer .epoch)"
    expect "payload" "$(jq -c .payload <<<"$record")" '{"t":21.5}'
    expect_match "time" "$(jq -r .time <<<"$record")" '^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z$'
    expect_match "sequence" "$(jq -r .seq <<<"$record")" '^[1-9][0-9]*$'
}

received_more() { [ "$(report_value .distinct)" -ge $(($1 + $2)) ]; }

arrives_dense_and_in_order() {
    local i before
    before=$(report_value .distinct)
    for i in {1..200}; do echo "{\"n\":$i}"; done | mosquitto_pub -h 127.0.0.1 -p "$gw_field" -q 1 -t count/up -l
    wait_until 60 received_more "$before" 200
    expect "gaps" "$(report_value .gap_count)" 0
    expect "out of order" "$(report_value .out_of_order)" 0
    expect "payloads in their order" "$(records count/up 1000 | jq -r .payload.n | xargs)" "$(seq 200 | xargs)"
}

arrives_as_it_was() {
    publish kind/text 'no JSON at all: {'
    printf '\xff\x00\x01' | mosquitto_pub -h 127.0.0.1 -p "$gw_field" -q 1 -t kind/binary -s
    publish kind/number '1.50e3'
    wait_until 30 has_record kind/number
    expect "text" "$(records kind/text | jq -r .text)" 'no JSON at all: {'
    expect "binary" "$(records kind/binary | jq -r .base64)" /wAB
    expect_match "number, byte for byte" "$(records kind/number)" '"payload":1\.50e3[,}]'
}

books_balance() {
    api GET /buffer | jq -e --argjson received "$(report_value .distinct)" \
        '.accepted == $received and .held == 0 and .dropped == 0 and .quarantined == 0 and
            .accepted == .delivered + .held + .dropped + .quarantined'
}

pain_07_books_balance() {
    wait_until 30 books_balance
    [ "$(report_value .distinct)" -gt 200 ]
    expect "duplicates" "$(report_value .duplicates)" 0
}

# --- closed by default

status_of() { curl -ks -m 10 -o "$work/body" -w '%{http_code}' "$@"; }

pain_25_api_needs_a_session() {
    local path
    for path in gateway services services/broker services/broker/logs release buffer uplink history operations events session \
        buffer/records buffer/export quarantine sinks devices devices/accounts rules config audit; do
        expect "/$path" "$(status_of "$gw_url/api/v1/$path")" 401
        expect "/$path" "$(jq .status "$work/body")" 401
    done
    for path in restart stop start; do
        expect "$path" "$(status_of -X POST "$gw_url/api/v1/services/broker/$path")" 401
    done
    for path in health claim openapi.yaml; do
        expect "/$path" "$(status_of "$gw_url/api/v1/$path")" 200
    done
}

ports_of() {
    docker inspect "$(container "$1")" |
        jq -r '[.[0].NetworkSettings.Ports // {} | to_entries[] | select(.value) | .value[].HostPort] | unique | join(" ")'
}

only_the_named_ports_listen() {
    local name
    expect "ports of holdfastd" "$(ss -Hltnp | grep "pid=$(gw_pid)," | awk '{ print $4 }')" "127.0.0.1:$gw_port"
    expect "ports of the broker" "$(ports_of broker)" "$gw_field"
    for name in buffer processor forwarder; do
        expect "ports of the $name" "$(ports_of "$name")" ""
    done
}

# What a device that subscribes hears within seconds.
heard() { timeout 20 mosquitto_sub -h 127.0.0.1 -p "$gw_field" -t "$1" -W 3 2>/dev/null || true; }

pain_25_devices_cannot_listen_inside() {
    local topic
    # shellcheck disable=SC2016 # a topic
    for topic in '$SYS/#' 'status/#' 'uplink/#' 'field/#' 'ping/#'; do
        expect "heard on $topic" "$(heard "$topic")" ""
    done
}

pain_25_devices_cannot_forge() {
    publish status/buffer '{"service":"buffer","version":"0","state":"degraded","reason":"forged","numbers":{}}'
    publish uplink/forged '{"by":"device"}'
    wait_until 30 has_record uplink/forged
    expect "a topic without its place" "$(records forged)" ""
    stays 4 service_healthy buffer
}

address_of() { docker inspect "$(container "$1")" | jq -r ".[0].NetworkSettings.Networks[\"$gw-$2\"].IPAddress"; }

# refused REGEX ADDRESS PORT [OPTION...]: a client must not get in, and is told so.
refused() {
    local why=$1 address=$2 port=$3 said
    shift 3
    said=$(expect_fail timeout 10 mosquitto_sub -h "$address" -p "$port" -t '#' -C 1 -W 4 "$@" 2>&1) || {
        echo "$said"
        return 1
    }
    expect_match "$address:$port $*" "$said" "$why"
}

pain_25_internal_listener_takes_services_only() {
    refused '[Nn]ot authori' "$(address_of broker bus)" 1884
    refused '[Nn]ot authori' "$(address_of broker bus)" 1884 -u buffer -P wrong
    refused '[Cc]onnection refused' "$(address_of broker field)" 1884
}

# Ports that a service listens on in its own network namespace, Docker's resolver aside.
listeners_of() {
    nsenter -t "$(host_pid "$1")" -n ss -Hltn | awk '$4 !~ /^127\.0\.0\.11:/ { print $4 }' | sort | xargs
}

listens_where_it_must() {
    expect "broker" "$(listeners_of broker)" "$(printf '%s\n' "0.0.0.0:1883" "$(address_of broker bus):1884" | sort | xargs)"
    expect "buffer" "$(listeners_of buffer)" "$(address_of buffer lease):8081"
    expect "processor" "$(listeners_of processor)" "$(address_of processor lease):8082"
    expect "forwarder" "$(listeners_of forwarder)" "$(address_of forwarder lease):8083"
}

pain_25_buffer_asks_for_a_token() {
    local url path
    url=http://$(address_of buffer lease):8081
    for path in records lease ack extend drop quarantine/replay quarantine/drop; do
        expect "/v1/$path" "$(status_of -X POST "$url/v1/$path")" 401
        expect "/v1/$path" "$(status_of -X POST -H 'Authorization: Bearer x' "$url/v1/$path")" 401
    done
    for path in status records export quarantine; do
        expect "/v1/$path" "$(status_of -H 'Authorization: Bearer x' "$url/v1/$path")" 401
    done
}

pain_25_processor_and_forwarder_ask_for_a_token() {
    local path
    for path in devices rules; do
        expect "/v1/$path" "$(status_of -H 'Authorization: Bearer x' "http://$(address_of processor lease):8082/v1/$path")" 401
    done
    expect "/v1/sinks" "$(status_of -H 'Authorization: Bearer x' "http://$(address_of forwarder lease):8083/v1/sinks")" 401
    expect "/v1/sinks/test" "$(status_of -X POST "http://$(address_of forwarder lease):8083/v1/sinks/test")" 401
}

from_inside() { nsenter -t "$(host_pid "$1")" -n -- "${@:2}"; }

# ways_in FROM ADDRESS:PORT: what is answered there, in HTTP, to FROM with any of the secrets it has.
ways_in() {
    local ask secret
    from_inside "$1" curl -s -m 3 -o /dev/null "http://$2/v1/status" || return 0 # there is no way at all
    for ask in 'POST records' 'POST lease' 'GET status' 'GET devices' 'GET sinks'; do
        while read -r secret; do
            from_inside "$1" curl -s -m 5 -X "${ask% *}" -H "Authorization: Bearer $secret" -o /dev/null -w '%{http_code}\n' \
                "http://$2/v1/${ask#* }" || true
        done < <(jq -r '.. | strings | select(length >= 16)' "$gw_secrets/services/$1/credentials.json")
    done | grep -vE '^(000|401|404)$' | sort -u | xargs
}

# From the network of each service, whatever listens in each other one: nobody is let in but where records go. The broker is
# asked by nobody in particular: whom it knows is checked above.
pain_25_services_reach_each_other_only_where_records_go() {
    local from to at open=()
    for from in "${services[@]}"; do
        for to in buffer processor forwarder; do
            [ "$from" != "$to" ] || continue
            for at in $(listeners_of "$to"); do
                [ -z "$(ways_in "$from" "$at")" ] || open+=("$from-$to")
            done
        done
        [ "$from" != broker ] || continue # itself
        for at in "$(address_of broker bus):1884" "$(address_of broker bus):1883" "$(address_of broker field):1883"; do
            expect_fail from_inside "$from" timeout 10 mosquitto_pub -h "${at%:*}" -p "${at#*:}" -q 1 -t "inside/$from" -m 1
        done
    done
    expect "open ways" "${open[*]}" "processor-buffer forwarder-buffer"
}

# --- accounts of devices

as_device() { timeout 20 mosquitto_pub -h 127.0.0.1 -p "$gw_field" -q 1 -i "$1" -u "$1" -P "$2" -t "$3" -m "$4"; }
has_alarm() { api GET '/alarms?state=active&limit=500' | jq -e --arg k "$1" 'any(.alarms[]; .kind == $k)'; }
has_no_alarm() { expect_fail has_alarm "$1"; }
is_refused() { expect_fail "$@" 2>&1 | grep -q '[Nn]ot authori'; }
anonymous() {
    curl -ks -X PATCH -b "$gw_dir/jar" -H 'If-Match: *' -H 'Content-Type: application/merge-patch+json' \
        --data-binary "{\"broker\":{\"anonymous\":$1}}" -o /dev/null -w '%{http_code}' "$gw_url/api/v1/config"
}
import_csv() {
    curl -ks -X POST -b "$gw_dir/jar" -H 'Content-Type: text/csv' --data-binary "@$1" -o "$work/imported" -w '%{http_code}' \
        "$gw_url/api/v1/devices/accounts/import"
}
password_of() { jq -r --arg n "$1" '.passwords[] | select(.name == $n).password' "$gw_dir/imported"; }

# It was chosen here, so it is, and it is said.
pain_25_devices_without_accounts_are_a_warning() {
    wait_until 30 has_alarm anonymous_devices
    api GET /devices/accounts | jq -e '.anonymous and .total == 0'
}

a_thousand_accounts_come_by_csv() {
    {
        echo name,password,publish,subscribe,description
        seq -f 'sensor-%04g,,,,"Hall 2, left"' 999
        echo 'sensor 1000,,,,'
    } >"$work/devices.csv"
    expect status "$(import_csv "$work/devices.csv")" 422
    expect errors "$(jq -c '[.errors[] | [.line, .column]]' "$work/imported")" '[[1001,1]]'
    expect accounts "$(api_get /devices/accounts .total)" 0
    sed -i 's/^sensor 1000,/sensor-1000,/' "$work/devices.csv"
    expect status "$(import_csv "$work/devices.csv")" 201
    cp "$work/imported" "$gw_dir/imported"
    expect imported "$(jq -c '[.imported, (.passwords | length)]' "$gw_dir/imported")" '[1000,1000]'
    expect accounts "$(api_get /devices/accounts .total)" 1000
    wait_until 20 as_device sensor-1000 "$(password_of sensor-1000)" sensors/sensor-1000/temp 21
    wait_until 30 has_record sensors/sensor-1000/temp
    as_device sensor-1000 "$(password_of sensor-1000)" sensors/sensor-0001/forged 1
    as_device sensor-0001 "$(password_of sensor-0001)" sensors/sensor-0001/temp 22
    wait_until 30 has_record sensors/sensor-0001/temp
    expect forged "$(records sensors/sensor-0001/forged)" ""
}

pain_25_accounts_of_devices_are_refused_inside() {
    is_refused timeout 10 mosquitto_pub -h "$(address_of broker bus)" -p 1884 -i sensor-0001 -u sensor-0001 \
        -P "$(password_of sensor-0001)" -t sensors/sensor-0001/temp -m 1
}

# No account, no way in; nothing is started again for it.
pain_25_accounts_only() {
    local before
    before=$(all_ids)
    expect status "$(anonymous false)" 200
    wait_until 10 is_refused publish any/thing 1
    as_device sensor-0002 "$(password_of sensor-0002)" sensors/sensor-0002/temp 1
    wait_until 60 has_no_alarm anonymous_devices
    expect "who was started" "$(all_ids)" "$before"
}

sessions_of() { docker logs "$(container broker)" 2>&1 | grep -c "New client connected .* as $1 " || true; }
is_connected() { [ "$(sessions_of "$1")" -gt 0 ]; }

rotation_disconnects_nobody_else() {
    local kept new old
    sleep 60 | mosquitto_pub -h 127.0.0.1 -p "$gw_field" -i sensor-0003 -u sensor-0003 -P "$(password_of sensor-0003)" \
        -t sensors/sensor-0003/temp -l >/dev/null 2>&1 &
    kept=$!
    wait_until 10 is_connected sensor-0003
    old=$(password_of sensor-0004)
    as_device sensor-0004 "$old" sensors/sensor-0004/temp 1
    api_is 200 POST /devices/accounts/sensor-0004/password
    new=$(jq -r .password "$work/body")
    wait_until 10 is_refused as_device sensor-0004 "$old" sensors/sensor-0004/temp 2
    as_device sensor-0004 "$new" sensors/sensor-0004/temp 3
    expect "connections of another" "$(sessions_of sensor-0003)" 1
    kill "$kept"
    api GET /audit | jq -e 'any(.entries[]; .what == "changed the account of device '"'sensor-0004'"': a new password")'
    expect "hashes shown" "$(api GET '/devices/accounts?limit=500' | grep -c 'hash\|[$]7[$]' || true)" 0
}

accounts_outlive_kills_of_broker_and_daemon() {
    local pid
    pid=$(host_pid broker)
    kill_service broker
    wait_until 60 runs_again broker "$pid"
    wait_until 60 as_device sensor-0005 "$(password_of sensor-0005)" sensors/sensor-0005/temp 1
    gateway_end_daemon KILL
    rm "$gw_secrets/services/broker/devices" # as after a power cut
    gateway_start
    gateway_login
    expect accounts "$(api_get /devices/accounts .total)" 1000
    wait_until 20 as_device sensor-0006 "$(password_of sensor-0006)" sensors/sensor-0006/temp 1
    is_refused publish any/thing 1
    expect "mode and owner" "$(stat -c '%a %u' "$gw_secrets/services/broker/devices")" "440 ${uid[broker]}"
}

# --- TLS

change() {
    curl -ks -X PATCH -b "$gw_dir/jar" -H 'If-Match: *' -H 'Content-Type: application/merge-patch+json' \
        --data-binary "$1" -o /dev/null -w '%{http_code}' "$gw_url/api/v1/config"
}
by_certificate() {
    timeout 20 "mosquitto_$1" -h 127.0.0.1 -p $((gw_tls + 1)) --cafile "$gw_dir/ca.pem" --cert "$gw_dir/$2.pem" --key "$gw_dir/$2.key" \
        -i "$2" -q 1 "${@:3}"
}
by_tls() {
    timeout 20 mosquitto_pub -h 127.0.0.1 -p "$gw_tls" --cafile "$gw_dir/ca.pem" -q 1 -i "$1" -u "$1" -P "$2" -t "$3" -m "$4"
}
shown_name() { openssl s_client -connect "127.0.0.1:$1" </dev/null 2>/dev/null | openssl x509 -noout -subject | sed 's/.*CN *= *//'; }
shows_name() { [ "$(shown_name "$1")" = "$2" ]; }

# Whoever trusts the authority, which anybody may have, needs to be told no fingerprint.
https_is_known_by_the_authority() {
    curl -ksf -o "$gw_dir/ca.pem" "$gw_url/api/v1/certificate/ca"
    expect fingerprint "SHA256:$(openssl x509 -in "$gw_dir/ca.pem" -noout -fingerprint -sha256 | sed 's/^.*=//')" \
        "$(api_get /certificate .ca.fingerprint)"
    curl -sf --cacert "$gw_dir/ca.pem" -o /dev/null "$gw_url/api/v1/health"
    expect "mode" "$(stat -c %a "$gw_state/tls/ca.pem")" 600
    expect_fail curl -sf -o /dev/null "$gw_url/api/v1/health"
}

devices_come_by_tls() {
    expect status "$(change '{"broker":{"tls":"on"}}')" 200
    wait_until 60 by_tls sensor-0007 "$(password_of sensor-0007)" sensors/sensor-0007/temp 1
    as_device sensor-0007 "$(password_of sensor-0007)" sensors/sensor-0007/temp 2
    api_is 200 POST /devices/accounts/sensor-0008/certificate
    jq -r .certificate "$work/body" >"$gw_dir/sensor-0008.pem"
    jq -r .key "$work/body" >"$gw_dir/sensor-0008.key"
    wait_until 20 by_certificate pub sensor-0008 -t sensors/sensor-0008/temp -m 1
    wait_until 30 has_record sensors/sensor-0008/temp
    is_refused as_device sensor-0008 "$(password_of sensor-0008)" sensors/sensor-0008/temp 2
    expect "owner and mode" "$(stat -c '%a %u' "$gw_secrets/services/broker/tls.pem")" "440 ${uid[broker]}"
    docker inspect "$(container broker)" | jq -e 'all(.[0].Config.Env[]; test("PRIVATE|BEGIN") | not)'
}

# Both certificates are other ones then, by the same keys and authority; and who is connected stays.
another_name_counts_at_once_and_disconnects_nobody() {
    local pid before
    before=$(sessions_of sensor-0008)
    sleep 60 | mosquitto_pub -h 127.0.0.1 -p $((gw_tls + 1)) --cafile "$gw_dir/ca.pem" --cert "$gw_dir/sensor-0008.pem" \
        --key "$gw_dir/sensor-0008.key" -i sensor-0008 -t sensors/sensor-0008/temp -l >/dev/null 2>&1 &
    pid=$!
    wait_until 10 session_more sensor-0008 "$before"
    expect status "$(change '{"name":"hall-9"}')" 200
    wait_until 30 shows_name "$gw_port" hall-9
    wait_until 30 shows_name "$gw_tls" hall-9
    curl -sf --cacert "$gw_dir/ca.pem" -o /dev/null "$gw_url/api/v1/health"
    by_tls sensor-0007 "$(password_of sensor-0007)" sensors/sensor-0007/temp 3
    expect "connections" "$(sessions_of sensor-0008)" $((before + 1))
    kill -0 "$pid"
    api_is 204 DELETE /devices/accounts/sensor-0008/certificate
    wait_until 10 is_refused by_certificate pub sensor-0008 -t sensors/sensor-0008/temp -m 1
    kill "$pid" 2>/dev/null || true
    as_device sensor-0008 "$(password_of sensor-0008)" sensors/sensor-0008/temp 4
}
session_more() { [ "$(sessions_of "$1")" -gt "$2" ]; }

check starts_from_nothing
need
check says_what_a_person_needs
for service in "${services[@]}"; do
    check_settings "$service"
    check "$service: small /tmp" tmpfs_is_small "$service"
    check "$service: the kernel enforces it" kernel_enforces "$service"
done
check "network field" network_is_internal field false
check "network bus is internal" network_is_internal bus true
check "network lease is internal" network_is_internal lease true
check "network egress" network_is_internal egress false
check secrets_are_private
check arrives_with_identity
check arrives_dense_and_in_order
check arrives_as_it_was
check pain_07_books_balance
check pain_25_api_needs_a_session
check only_the_named_ports_listen
check pain_25_devices_cannot_listen_inside
check pain_25_devices_cannot_forge
check pain_25_internal_listener_takes_services_only
check listens_where_it_must
check pain_25_buffer_asks_for_a_token
check pain_25_processor_and_forwarder_ask_for_a_token
check pain_25_services_reach_each_other_only_where_records_go
check pain_25_devices_without_accounts_are_a_warning
check a_thousand_accounts_come_by_csv
check pain_25_accounts_of_devices_are_refused_inside
check pain_25_accounts_only
check rotation_disconnects_nobody_else
check accounts_outlive_kills_of_broker_and_daemon
check https_is_known_by_the_authority
check devices_come_by_tls
check another_name_counts_at_once_and_disconnects_nobody
check guard_makes_what_is_right
check guard_makes_nothing_else
check guard_is_confined
check guard_keeps_off_what_is_not_ours
check guard_takes_one_request_at_a_time
finish

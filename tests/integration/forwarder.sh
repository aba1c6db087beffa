#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The forwarder as a plain process between a buffer in memory and real sinks: the reference receiver, behind TLS that
# wants a client's certificate and behind a proxy, and mosquitto with TLS. No Docker.
# usage: tests/integration/forwarder.sh [BUILD-DIR]       a build of one preset, e.g. build/asan
# shellcheck disable=SC2016 # what stands in single quotes is jq's
build=$(cd "${1:-${HF_BUILD:-build}/asan}" && pwd) || exit 2
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/harness.sh
source "$here/../harness.sh"

forwarder=$build/services/forwarder/holdfast-forwarder
receiver=$build/tests/receiver/holdfast-receiver
fake_buffer=$build/tests/unit/services/fake-buffer
uplink_token=uplink-token-5f0c
ipv6=
! grep -qs '^0*1 ' /proc/net/if_inet6 || ipv6='[::1]'
look_token=look-token-77aa

# Checks run in subshells, so who runs is kept in files.
runs() { echo "$2" >"$work/pid.$1"; } # NAME PID
pid_of() { cat "$work/pid.$1"; }
kill_it() { # NAME [SIGNAL]: and waits for its end
    kill "-${2:-TERM}" "$(pid_of "$1")"
    wait_until 30 is_gone "$(pid_of "$1")"
}
end_all() {
    local file
    for file in "$work"/pid.*; do kill "$(cat "$file")" 2>/dev/null; done
    wait 2>/dev/null
    [ -n "${KEEP:-}" ] || rm -rf "$work"
}
trap end_all EXIT

# --- certificates: one authority for both sides, and one that nobody knows

certificate() { # NAME SUBJECT-ALT-NAME CA
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/$1.key" -subj "/CN=$1" -out "$work/$1.csr"
    openssl x509 -req -in "$work/$1.csr" -CA "$work/$3.pem" -CAkey "$work/$3.key" -CAcreateserial -days 30 \
        -extfile <(printf 'subjectAltName=%s\n' "$2") -out "$work/$1.pem"
}

make_certificates() {
    local ca
    for ca in ca stranger; do
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/$ca.key" -subj "/CN=$ca" \
            -days 30 -out "$work/$ca.pem"
    done
    certificate uplink.test DNS:uplink.test ca
    certificate gateway-1 DNS:gateway-1 ca
}

# --- the parts

start_buffer() {
    mkfifo "$work/say" "$work/hear"
    "$fake_buffer" "127.0.0.1:$buffer_port" buffer-token <"$work/say" >"$work/hear" 2>"$work/buffer.log" &
    runs buffer $!
    exec 8>"$work/say" 9<"$work/hear"
}
ask() { # a command for the buffer; its answer is printed
    local said
    echo "$*" >&8
    read -r -t 30 said <&9
    echo "$said"
}
put() { [ "$(ask put "$@")" = ok ]; }
is_delivered() { [ "$(ask held "$1")" = 0 ]; }

start_receiver() { # [OPTION...]
    "$receiver" --listen "127.0.0.1:$receiver_port${ipv6:+,[::1]:$receiver_port}" --db "$work/received.db" --token "$uplink_token" "$@" 2>>"$work/receiver.log" &
    runs receiver $!
    wait_until 20 curl -fsS "http://127.0.0.1:$receiver_port/v1/health"
}
report() { curl -fsS "http://127.0.0.1:$receiver_port/v1/report" | jq -r "$1"; }

start_front() { # NAME ARGUMENT...
    local name=$1
    shift
    "$node" "$here/forwarder/front.mjs" "$@" >"$work/$name.log" 2>&1 &
    runs "$name" $!
    wait_until 20 grep -q listening "$work/$name.log"
}

run_mosquitto() {
    mosquitto -c "$work/mosquitto.conf" >>"$work/mosquitto.log" 2>&1 &
    runs mosquitto $!
    wait_until 20 mosquitto_pub -h 127.0.0.1 -p "$mqtt_port" -u gateway -P mqtt-password-31 -t check -m 1
}

start_mosquitto() {
    mosquitto_passwd -b -c "$work/passwords" gateway mqtt-password-31
    chmod 0644 "$work/passwords" "$work"/*.key "$work"/*.pem
    chmod 0755 "$work"
    cat >"$work/mosquitto.conf" <<END
user root
per_listener_settings true
max_queued_messages 0
listener $mqtts_port 127.0.0.1
cafile $work/ca.pem
certfile $work/uplink.test.pem
keyfile $work/uplink.test.key
require_certificate true
use_identity_as_username true
allow_anonymous false
listener $mqtt_port 127.0.0.1
password_file $work/passwords
allow_anonymous false
END
    run_mosquitto
    mosquitto_sub -h 127.0.0.1 -p "$mqtt_port" -u gateway -P mqtt-password-31 -i listener -q 1 -V 5 -t 'hf-1/#' \
        -t 'plain/#' -F '%t %P %p' >"$work/heard" 2>"$work/sub.log" &
    runs subscriber $!
    sleep 1
}

configured() { [ "$(grep -c event=configured "$work/forwarder.log")" -gt "$1" ]; }

# settings SINKS-JSON SECRETS-JSON: in use when it returns.
settings() {
    local before
    before=$(grep -c event=configured "$work/forwarder.log" 2>/dev/null || true)
    jq -n --argjson sinks "$1" '{gateway: "hf-1", instance: "t", sinks: $sinks}' >"$work/run/settings.new"
    jq -n --argjson sinks "$2" --arg look "$look_token" \
        '{bus: {user: "forwarder", password: "x"}, buffer_token: "buffer-token", tokens: {holdfastd: $look}, sinks: $sinks}' \
        >"$work/run/credentials.new"
    mv "$work/run/credentials.new" "$work/run/credentials.json"
    mv "$work/run/settings.new" "$work/run/settings.json"
    [ ! -e "$work/pid.forwarder" ] || wait_until 20 configured "$before"
}

# Whoever has it may go: nobody has to start the forwarder again.
a_port_that_is_taken_is_waited_for() {
    socat -u "TCP-LISTEN:$look_port,bind=127.0.0.1,reuseaddr,fork" /dev/null &
    runs squatter $!
    start_forwarder
    wait_until 20 grep -q 'event=not-to-be-asked reason="cannot listen' "$work/forwarder.log"
    kill_it squatter
    wait_until 20 look '' >/dev/null
    expect "how often it was said" "$(grep -c event=not-to-be-asked "$work/forwarder.log")" 1
}

start_forwarder() {
    HF_RUN_DIR=$work/run HF_BROKER=127.0.0.1:1 HF_BUFFER=127.0.0.1:$buffer_port HF_FORWARDER=127.0.0.1:$look_port \
        "$forwarder" 2>>"$work/forwarder.log" &
    runs forwarder $!
}
look() { curl -sS --max-time 30 -H "Authorization: Bearer $look_token" "http://127.0.0.1:$look_port/v1/sinks$1" "${@:2}"; }
sink_is() { [ "$(look '' | jq -r ".sinks[] | select(.sink == \"$1\") | $2")" = "$3" ]; }
# Records that tests have sent to the receiver.
tests_taken() { curl -sS -H "Authorization: Bearer $uplink_token" "http://127.0.0.1:$receiver_port/v1/records?topic=holdfast/test" | wc -l; }
try_sink() { look /test -d "{\"sink\":\"$1\"}" | jq -r '[.steps[] | .step + "=" + (.ok | tostring)] | join(" ")'; }

https_sink() { # NAME URL, further members on stdin
    jq -n --arg name "$1" --arg url "$2" --rawfile ca "$work/ca.pem" --rawfile cert "$work/gateway-1.pem" \
        "[{name: \$name, type: \"https\", url: \$url} + ($3)]"
}
https_secrets() { jq -n --rawfile key "$work/gateway-1.key" --arg token "$uplink_token" \
    "{$1: {token: \$token, client_key_pem: \$key, proxy_password: \"proxy-password-92\", header_value: \"v\"}}"; }

# --- what is tested

delivers_by_mutual_tls_under_another_name() {
    settings "$(https_sink uplink "https://127.0.0.1:$tls_port/v1/ingest" \
        '{ca_pem: $ca, client_cert_pem: $cert, server_name: "uplink.test", encoding: "zstd"}')" "$(https_secrets uplink)"
    put 1 1000 200 && put 0 10 50 && put 2 500 1000
    wait_until 30 is_delivered uplink
    expect "records" "$(report '[.distinct, .gap_count, .out_of_order, .conflicts] | join(" ")')" "1510 0 0 0"
    grep -q 'sni=uplink.test client=gateway-1' "$work/tls.log"
    expect "a test" "$(try_sink uplink)" "resolve=true connect=true tls=true auth=true send=true"
    expect "records after it" "$(report '[.records, .gap_count, .epochs] | join(" ")')" "1511 0 2"
}

a_certificate_that_nobody_vouches_for_ends_nothing() {
    local held
    settings "$(https_sink uplink "https://127.0.0.1:$tls_port/v1/ingest" \
        '{client_cert_pem: $cert, server_name: "uplink.test"}')" "$(https_secrets uplink)"
    put 1 100 100
    wait_until 20 sink_is uplink .state away
    look '' | jq -r '.sinks[0].last_error' | grep -qi certificate
    expect "a test says where it ends" "$(try_sink uplink)" "resolve=true connect=true tls=false"
    held=$(ask held uplink)
    expect "held" "$held" 100
    settings "$(https_sink uplink "https://127.0.0.1:$tls_port/v1/ingest" \
        '{ca_pem: $ca, client_cert_pem: $cert, server_name: "other.test"}')" "$(https_secrets uplink)"
    sleep 2
    expect "held under another name" "$(ask held uplink)" 100
    settings "$(https_sink uplink "https://127.0.0.1:$tls_port/v1/ingest" \
        '{ca_pem: $ca, server_name: "uplink.test"}')" "$(https_secrets uplink)"
    sleep 2
    expect "held without a certificate of ours" "$(ask held uplink)" 100
    settings "$(https_sink uplink "https://127.0.0.1:$tls_port/v1/ingest" \
        '{ca_pem: $ca, client_cert_pem: $cert, server_name: "uplink.test", encoding: "gzip"}')" "$(https_secrets uplink)"
    wait_until 20 is_delivered uplink
}

# What a person types before it is in use. Nothing of it stays, and no secret is written down.
tries_settings_that_are_not_in_use() {
    local ca before records
    before=$(look '')
    records=$(report .records)
    ca=$(jq -Rs . "$work/ca.pem")
    try() { # SETTINGS SECRETS
        look /test -d "{\"settings\": {\"name\": \"new\", $1}, \"secrets\": $2}" >"$work/tried"
        jq -r '[.steps[] | .step + "=" + (.ok | tostring)] | join(" ")' "$work/tried"
    }
    https() { echo "\"type\": \"https\", \"url\": \"https://127.0.0.1:$tls_port/v1/ingest\", \"server_name\": \"uplink.test\", \"ca_pem\": $ca"; }
    key="{\"client_key_pem\": $(jq -Rs . "$work/gateway-1.key"), \"token\": "
    cert="\"client_cert_pem\": $(jq -Rs . "$work/gateway-1.pem")"
    expect "right" "$(try "$(https), $cert" "$key\"$uplink_token\"}")" "resolve=true connect=true tls=true auth=true send=true"
    expect "address" "$(jq -r '.steps[0].detail' "$work/tried")" 127.0.0.1
    expect_match "certificate" "$(jq -r '.steps[2].detail' "$work/tried")" '^TLSv1\.[23], issued by .+, valid until 20[0-9]{2}-'
    expect "one record" "$(report .records)" $((records + 1))
    expect "another token" "$(try "$(https), $cert" "$key\"wrong-token-77\"}")" "resolve=true connect=true tls=true auth=false"
    expect_match "why" "$(jq -r '.steps[-1].detail' "$work/tried")" 'answers 401'
    expect "nobody there" "$(try '"type": "https", "url": "https://127.0.0.1:1/"' '{}')" "resolve=true connect=false"
    expect "no such name" "$(try '"type": "https", "url": "https://nobody.invalid/"' '{}')" "resolve=false"
    expect "MQTT, wrong password" "$(try "\"type\": \"mqtt\", \"url\": \"mqtt://127.0.0.1:$mqtt_port\", \"user\": \"gateway\"" \
        '{"password": "wrong-password-78"}')" "resolve=true connect=true tls=true auth=false"
    expect "MQTT" "$(try "\"type\": \"mqtt\", \"url\": \"mqtt://127.0.0.1:$mqtt_port\", \"user\": \"gateway\"" \
        '{"password": "mqtt-password-31"}')" "resolve=true connect=true tls=true auth=true send=true"
    expect "still one record" "$(report .records)" $((records + 1))
    expect_match "no URL" "$(look /test -d '{"settings": {"name": "new", "type": "https", "url": "ftp://x"}}')" '"pointer":"/sinks/0/url"'
    expect_match "neither" "$(look /test -d '{}')" 'say which sink'
    expect "sinks" "$(look '' | jq -c '[.sinks[].sink]')" "$(jq -c '[.sinks[].sink]' <<<"$before")"
    expect_fail grep -E 'wrong-token-77|wrong-password-78' "$work/forwarder.log"
}

goes_through_a_proxy() {
    settings "$(https_sink uplink "https://uplink.test:$tls_port/v1/ingest" \
        "{ca_pem: \$ca, client_cert_pem: \$cert, format: \"cloudevents\", encoding: \"zstd\", proxy: \"http://127.0.0.1:$proxy_port\", proxy_user: \"gw\"}")" \
        "$(https_secrets uplink)"
    put 1 300 100
    wait_until 30 is_delivered uplink
    grep -q "connect uplink.test:$tls_port ok" "$work/proxy.log"
    settings "$(https_sink uplink "http://uplink.test:$receiver_port/v1/ingest" \
        "{proxy: \"http://127.0.0.1:$proxy_port\", proxy_user: \"gw\"}")" "$(https_secrets uplink)"
    put 1 10 100
    wait_until 20 sink_is uplink .state away # that name is the TLS port there
    expect "held" "$(ask held uplink)" 10
}

# Where the machine has no IPv6 (a container often has none) what was held goes the other way.
speaks_ipv6() {
    [ -n "$ipv6" ] || note "no IPv6 here"
    settings "$(https_sink uplink "http://${ipv6:-127.0.0.1}:$receiver_port/v1/ingest" '{encoding: "gzip"}')" "$(https_secrets uplink)"
    wait_until 20 is_delivered uplink
    expect "gaps, disorder, conflicts" "$(report '[.gap_count, .out_of_order, .conflicts] | join(" ")')" "0 0 0"
}

a_mistyped_address_costs_no_record() {
    local before
    before=$(ask refused)
    settings "$(https_sink uplink "http://127.0.0.1:$receiver_port/v1/nowhere" '{encoding: "zstd"}')" "$(https_secrets uplink)"
    put 1 300 200
    wait_until 30 sink_is uplink .state refused
    expect "last status" "$(look '' | jq '.sinks[0].last_status')" 404
    look '' | jq -r '.sinks[0].last_error' | grep -q 'nothing that was tried is taken'
    expect "held" "$(ask held uplink)" 300
    expect "refused" "$(ask refused)" "$before"
    settings "$(https_sink uplink "http://127.0.0.1:$receiver_port/v1/ingest" '{encoding: "zstd"}')" "$(https_secrets uplink)"
    wait_until 30 is_delivered uplink
}

# A broker that nothing may be published to is blamed, and its connection is kept through waits that are longer than what
# it agreed to.
a_connection_is_kept_while_its_circuit_waits() {
    local port held
    port=$(free_port)
    echo 'topic read nothing' >"$work/acl"
    chmod 0644 "$work/acl"
    printf '%s\n' "user root" "listener $port 127.0.0.1" "allow_anonymous true" "acl_file $work/acl" "max_keepalive 10" \
        "log_type all" >"$work/strict.conf"
    mosquitto -c "$work/strict.conf" >"$work/strict.log" 2>&1 &
    runs strict $!
    wait_until 20 grep -q running "$work/strict.log"
    settings "$(jq -n --arg url "mqtt://127.0.0.1:$port" '[{name: "strict", type: "mqtt", url: $url, version: "5"}]')" '{}'
    wait_until 60 sink_is strict .state refused
    held=$(ask held strict)
    wait_until 240 grep -q 'Received PINGREQ' "$work/strict.log"
    expect "held" "$(ask held strict)" "$held"
    expect "connections" "$(grep -c 'New client connected' "$work/strict.log")" 1
    expect "refused by it" "$(look '' | jq '.sinks[0].refused')" 0
    kill_it strict
}

several_sinks_at_once() {
    local before sinks
    before=$(wc -l <"$work/heard")
    sinks=$(jq -n --arg receiver "http://127.0.0.1:$receiver_port/v1/ingest" --arg mqtts "mqtts://127.0.0.1:$mqtts_port" \
        --arg mqtt "mqtt://127.0.0.1:$mqtt_port" --rawfile ca "$work/ca.pem" --rawfile cert "$work/gateway-1.pem" \
        '[{name: "uplink", type: "https", url: $receiver, encoding: "zstd"},
          {name: "tls", type: "mqtt", url: $mqtts, version: "5", ca_pem: $ca, client_cert_pem: $cert, server_name: "uplink.test"},
          {name: "old", type: "mqtt", url: $mqtt, version: "3.1.1", user: "gateway", client_id: "old", topic: "plain/{topic}",
           payload: "payload", inflight: 20}]')
    settings "$sinks" "$(jq -n --rawfile key "$work/gateway-1.key" --arg token "$uplink_token" \
        '{uplink: {token: $token}, tls: {client_key_pem: $key}, old: {password: "mqtt-password-31"}}')"
    put 1 2000 200
    wait_until 60 is_delivered uplink
    wait_until 60 is_delivered tls
    wait_until 60 is_delivered old
    sleep 1
    note "heard $(($(wc -l <"$work/heard") - before)) MQTT messages of two sinks"
    expect "a record by MQTT 5, with its id" \
        "$(grep -c '^hf-1/t/1 holdfast-id:hf-1/9f2c11ab/1 {"gateway":"hf-1","epoch":"9f2c11ab","seq":1,' "$work/heard")" 1
    expect "a payload by MQTT 3.1.1" "$(grep -c '^plain/t/1  {"n":1,"pad":' "$work/heard")" 1
    expect "every one, twice" "$(grep -oE '"n":[0-9]+' "$work/heard" | sort | uniq -c | awk '{print $1}' | sort -u)" 2
    expect "a test" "$(try_sink tls)" "resolve=true connect=true tls=true auth=true send=true"
}

# What has no PUBACK and no answer comes again, whatever was killed.
pain_08_nothing_is_given_back_before_its_acknowledgement() {
    local n
    for n in 1 2 3 4; do
        put 1 3000 200
        sleep 0.3
        kill_it forwarder KILL
        start_forwarder
    done
    for n in uplink tls old; do wait_until 60 is_delivered "$n"; done
    expect "gaps, disorder, conflicts" "$(report '[.gap_count, .out_of_order, .conflicts] | join(" ")')" "0 0 0"
    expect "numbers not heard from both" "$(grep -oE '^[a-z0-9-]+/[abt]/[0-9]+ .*"n":[0-9]+' "$work/heard" |
        sed -E 's|^([a-z0-9-]+)/.*"n":([0-9]+)|\1 \2|' | sort -u | wc -l)" "$((($(report .distinct) - $(tests_taken)) * 2))"
    note "duplicates at the receiver: $(report .duplicates)"
}

a_broker_that_is_away_is_waited_for() {
    local n
    kill_it mosquitto KILL
    put 1 500 200
    for n in tls old; do
        wait_until 30 sink_is "$n" .state away
        expect "held for $n" "$(ask held "$n")" 500
    done
    run_mosquitto
    for n in tls old; do wait_until 60 is_delivered "$n"; done
    sink_is tls .away_since_ms 0
}

no_dead_connection() { [ -z "$(ss -Htn state close-wait "( dport = :$mqtt_port or dport = :$mqtts_port )")" ]; }

# An MQTT connection is looked after while there is nothing to send: its end is seen at once.
a_connection_is_kept_while_the_buffer_is_waited_for() {
    local n
    put 1 1 100
    for n in tls old; do wait_until 60 is_delivered "$n"; done
    expect "pause" "$(ask pause 1)" ok
    sleep 1
    kill_it mosquitto KILL
    wait_until 15 no_dead_connection
    expect "go on" "$(ask pause 0)" ok
    run_mosquitto
}

a_poisoned_record_is_named_and_the_rest_arrives() {
    kill_it receiver
    start_receiver --refuse-match POISON:422 --max-body 30000
    expect "put" "$(ask one 1 t/7 '"payload":"POISON"')" ok
    put 1 2000 200
    for n in uplink tls old; do wait_until 60 is_delivered "$n"; done
    expect "refused" "$(ask refused | sed -E 's/ [0-9]+:/ N:/')" "1 N:422:the uplink answers 422: the receiver was told to answer 422;"
    expect "one hole, the poisoned one" "$(report '.gap_count')" 1
    sink_is uplink .refused 1
}

no_access_is_said_and_holds() {
    kill_it receiver
    start_receiver --token other
    put 1 10 100
    wait_until 20 sink_is uplink .state refused
    expect "last status" "$(look '' | jq '.sinks[] | select(.sink == "uplink") | .last_status')" 401
    expect "held" "$(ask held uplink)" 10
    wait_until 20 is_delivered tls # the others do not mind
}

who_looks_needs_the_token() {
    expect "status without" "$(curl -sS -o "$work/out" -w '%{http_code}' "http://127.0.0.1:$look_port/v1/sinks")" 401
    expect "status with another" "$(curl -sS -o "$work/out" -w '%{http_code}' -H 'Authorization: Bearer x' \
        "http://127.0.0.1:$look_port/v1/sinks")" 401
    expect "a sink that is none" "$(look /test -d '{"sink":"none"}' | jq .status)" 404
    expect "no JSON" "$(look /test -d '{' | jq .status)" 400
}

no_secret_is_logged() {
    expect "secrets in the log" "$(grep -cE "$uplink_token|mqtt-password-31|proxy-password-92|buffer-token|$look_token|PRIVATE KEY" "$work/forwarder.log" || true)" 0
    grep -q 'event=sink-open sink=uplink' "$work/forwarder.log"
}

shows_its_memory() {
    local kib
    kib=$(awk '/^VmHWM/ {print $2}' "/proc/$(pid_of forwarder)/status")
    note "peak RSS of the forwarder with three sinks: $kib KiB"
    grep -q __asan_init "$forwarder" || [ "$kib" -lt 16384 ]
}

ends_when_told() {
    kill_it forwarder
    expect "its last word" "$(tail -n 1 "$work/forwarder.log" | grep -o 'event=.*')" event=stopped
    expect "sanitizer reports" "$(grep -cE 'Sanitizer|runtime error' "$work/forwarder.log" || true)" 0
}

buffer_port=$(free_port) receiver_port=$(free_port) tls_port=$(free_port) proxy_port=$(free_port)
mqtt_port=$(free_port) mqtts_port=$(free_port) look_port=$(free_port)
mkdir -p "$work/run"
make_certificates >"$work/openssl.log" 2>&1 || { cat "$work/openssl.log" && exit 1; }
start_buffer
start_receiver
start_front tls tls "$tls_port" "$receiver_port" "$work/uplink.test.pem" "$work/uplink.test.key" "$work/ca.pem"
start_front proxy proxy "$proxy_port" "uplink.test=$tls_port" gw:proxy-password-92
start_mosquitto
settings '[]' '{}'

check a_port_that_is_taken_is_waited_for
check delivers_by_mutual_tls_under_another_name
check a_certificate_that_nobody_vouches_for_ends_nothing
check goes_through_a_proxy
check speaks_ipv6
check tries_settings_that_are_not_in_use
check a_mistyped_address_costs_no_record
check a_connection_is_kept_while_its_circuit_waits
check several_sinks_at_once
check pain_08_nothing_is_given_back_before_its_acknowledgement
check a_broker_that_is_away_is_waited_for
check a_connection_is_kept_while_the_buffer_is_waited_for
check a_poisoned_record_is_named_and_the_rest_arrives
check no_access_is_said_and_holds
check who_looks_needs_the_token
check no_secret_is_logged
check shows_its_memory
check ends_when_told
finish

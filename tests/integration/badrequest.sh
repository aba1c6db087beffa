#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Requests and messages that must be refused, each with a named error, and proof that nothing changed; then what nobody of
# good will sends, and proof that it leaves nothing behind.
# HF_HOSTILE_CONNECTIONS, HF_HOSTILE_CLIENTS, HF_HOSTILE_CASES: how much of that (./dev soak hostile); HF_SEED repeats it
# shellcheck source=../private-gateway.sh disable=SC2119
. "$(dirname "$0")/../private-gateway.sh"
gateway_new
gw_redirect=$(free_port)
# shellcheck source=hostile/http.sh
. "$(dirname "$0")/hostile/http.sh"
# shellcheck source=hostile/tls.sh
. "$(dirname "$0")/hostile/tls.sh"
# shellcheck source=hostile/crowd.sh
. "$(dirname "$0")/hostile/crowd.sh"
# shellcheck source=hostile/mqtt.sh
. "$(dirname "$0")/hostile/mqtt.sh"

starts() {
    gateway_start --http-redirect "127.0.0.1:$gw_redirect"
    gateway_claim
    receiver_start
    wait_until 120 all_healthy
}

# What a request could have changed.
picture() {
    docker inspect --format '{{.Id}} {{.State.StartedAt}}' "$gw"-{broker,buffer,processor,forwarder}
    api GET '/operations?limit=100'
    api GET /session | jq -c '[.user, .role]'
    api GET /claim
}

# is_problem STATUS REGEX CURL-ARGUMENT...: the answer is that problem, and nothing has changed.
is_problem() {
    local status=$1 why=$2 before answered
    shift 2
    before=$(picture)
    answered=$(curl -ks -m 20 -b "$gw_dir/jar" -o "$work/problem" -D "$work/problem-head" -w '%{http_code}' "$@")
    expect "status ($(cat "$work/problem"))" "$answered" "$status"
    expect_match "media type" "$(tr -d '\r' <"$work/problem-head")" '^[Cc]ontent-[Tt]ype: application/problem\+json'
    expect "status inside" "$(jq .status "$work/problem")" "$status"
    expect_match "detail" "$(jq -r '.detail, (.errors // [] | .[] | "\(.pointer) \(.detail)")' "$work/problem")" "$why"
    expect "what could have changed" "$(picture)" "$before"
}

json=(-H 'Content-Type: application/json' --data-binary)

nested() { printf '[%.0s' {1..10000} >"$work/nested" && is_problem 400 '.' "${json[@]}" "@$work/nested" "$gw_url/api/v1/login"; }
too_large() {
    head -c 70000 /dev/zero | tr '\0' ' ' >"$work/large"
    is_problem 413 '.' "${json[@]}" "@$work/large" "$gw_url/api/v1/login"
}

other_host() { is_problem 421 '.' -H "Host: $1" "$gw_url/api/v1/health"; }
other_origin() {
    is_problem 403 '.' -H "Origin: $1" -X POST "$gw_url/api/v1/services/broker/restart"
}
own_host_and_origin_are_fine() {
    expect "status" "$(curl -ks -o /dev/null -w '%{http_code}' -b "$gw_dir/jar" -H "Origin: $gw_url" "$gw_url/api/v1/session")" 200
    expect "status" "$(curl -ks -o /dev/null -w '%{http_code}' -H 'Host: localhost' "$gw_url/api/v1/health")" 200
}

accepted_is() { [ "$(api_get /buffer .accepted)" -eq "$1" ]; }

# big_payload_is_refused REGEX [OPTION...]: what the client says; one of MQTT 5 was told the limit and sends nothing.
big_payload_is_refused() {
    local before why=$1
    shift
    before=$(report_value .distinct)
    wait_until 30 accepted_is "$before"
    head -c 1048576 /dev/zero | tr '\0' x >"$work/megabyte"
    timeout 15 mosquitto_pub -h 127.0.0.1 -p "$gw_field" -q 1 -t big/payload -f "$work/megabyte" "$@" >"$work/said" 2>&1 || true
    note "mosquitto_pub $*: $(xargs <"$work/said")"
    expect_match "what the client says" "$(cat "$work/said")" "$why"
    publish big/next 1
    wait_until 30 has_record big/next
    expect "record of it" "$(records big/payload)" ""
    wait_until 30 accepted_is $((before + 1))
    rm -f "$work/megabyte"
    all_healthy
}

# Each with a topic or payload that somebody might not have thought of.
odd_messages_arrive() {
    publish "odd/$(printf 'x%.0s' {1..500})" 1
    publish 'odd/ü/→' '"ü"'
    publish 'odd/"quote' '{"a":"\u0000"}'
    publish odd/empty ''
    publish odd/deep "$(printf '[%.0s' {1..2000})$(printf ']%.0s' {1..2000})"
    publish odd/last 1
    wait_until 30 has_record odd/last
    expect "gaps" "$(report_value .gap_count)" 0
    expect "lines that are no JSON" "$(curl -fsS "http://127.0.0.1:$gw_receiver/v1/records?limit=1000" | jq -c . | grep -c .)" \
        "$(report_value .distinct)"
}

wrong_password() {
    curl -ks -m 20 -o "$work/body" -D "$work/head" -w '%{http_code}\n' "${json[@]}" '{"user":"admin","password":"wrong password"}' \
        "$gw_url/api/v1/login"
}

is_throttled() { [ "$(wrong_password)" = 429 ]; }
pain_25_wrong_passwords_are_throttled() {
    local try answers
    for try in {1..12}; do
        answers+=$(wrong_password)
        answers+=' '
    done
    note "answers: $answers"
    expect_match "answers" "$answers" '^401 (401 )*(429 )+(401 (429 )+)*(401 )?$' # with time one more is let in
    wait_until 30 is_throttled
    expect_match "head" "$(tr -d '\r' <"$work/head")" '^[Rr]etry-[Aa]fter: [1-9][0-9]*$'
    expect "problem" "$(jq .status "$work/body")" 429
    api_is 200 GET /session
    expect "tries" "$try" 12
}

# What has to be as before afterwards: of a daemon that has been asked this and that.
hostile_begins() {
    curl -ks -m 20 -o "$work/hostile-page" "$gw_url/"
    hostile_stays_served
    hostile_remember holdfastd "$(gw_pid)"
}

check starts
need
login=$gw_url/api/v1/login
check "JSON with bytes after its end" is_problem 400 '.' "${json[@]}" '{"user":"admin","password":"x"} {}' "$login"
check "JSON cut short" is_problem 400 '.' "${json[@]}" '{"user":"admin","pass' "$login"
check "10,000 nested arrays" nested
check "unknown field" is_problem 422 '/remember' "${json[@]}" '{"user":"admin","password":"x","remember":true}' "$login"
check "field missing" is_problem 422 '/password' "${json[@]}" '{"user":"admin"}' "$login"
check "field of another type" is_problem 422 '/password' "${json[@]}" '{"user":"admin","password":7}' "$login"
check "a body that is not declared as JSON" is_problem 415 '.' -H 'Content-Type: text/plain' --data-binary '{}' "$login"
check "a body that is too large" too_large
check "an unknown path" is_problem 404 '.' "$gw_url/api/v1/nonesuch"
check "a method that is not there" is_problem 405 '.' -X DELETE "$gw_url/api/v1/services"
check "a query that is no number" is_problem 400 'tail' "$gw_url/api/v1/services/broker/logs?tail=many"
check "claimed a second time" is_problem 409 '.' "${json[@]}" '{"setup_code":"ABCD-EFGH-JKMN","password":"correct horse"}' "$gw_url/api/v1/claim"
check "foreign Host" other_host evil.example
check "foreign Host that looks like ours" other_host "127.0.0.1.evil.example"
check "foreign Origin" other_origin https://evil.example
check "foreign Origin, other port" other_origin "https://127.0.0.1:1"
check "Origin null" other_origin null
check "foreign page asks" is_problem 403 '.' -H 'Sec-Fetch-Site: cross-site' -X POST "$gw_url/api/v1/services/broker/restart"
check own_host_and_origin_are_fine
check "1 MB topic payload" big_payload_is_refused 'connection was lost'
check "1 MB topic payload, MQTT 5" big_payload_is_refused '^' -V 5
check odd_messages_arrive

check hostile_begins
check whole_requests_are_seen
check smuggled_requests_are_not_seen
check paths_lead_nowhere
check nothing_is_injected
check oversized_heads_are_refused
check bombs_do_not_go_off
check "HTTP: the gateway is as before" gateway_is_as_before
check old_protocols_and_weak_suites_are_refused
check ssl3_is_refused
check renegotiation_is_refused
check hellos_of_garbage_are_cut
check odd_server_names_do_no_harm
check "TLS: the gateway is as before" gateway_is_as_before
check slow_connections_keep_nobody_out
check slow_connections_of_many_keep_nobody_out
check slow_connections_keep_nobody_from_the_redirect
check "slow connections: the gateway is as before" gateway_is_as_before
check event_streams_are_bounded
check "event streams: the gateway is as before" gateway_is_as_before
check devices_may_come
check names_that_are_none_are_not_taken
check names_lead_nowhere
check "names: the broker is as before" broker_is_as_before names
check lengths_that_are_not_kept_cost_nothing
check "lengths: the broker is as before" broker_is_as_before lengths
check random_packets_do_no_harm
check "random packets: the broker is as before" broker_is_as_before packets
check many_clients_are_served
check "many clients: the broker is as before" broker_is_as_before clients
check a_full_house_is_over_when_they_go
check "a full house: the broker is as before" broker_is_as_before house
check one_address_keeps_nobody_out
check broker_forgets
check "one address: the broker is as before" broker_is_as_before address
check "MQTT: the gateway is as before" gateway_is_as_before

check pain_25_wrong_passwords_are_throttled
finish

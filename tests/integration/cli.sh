#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# holdfast, the command line, against a gateway: what people and scripts do with it, each exit status, and gateways that
# are none.
# shellcheck source=../private-gateway.sh disable=SC2119
. "$(dirname "$0")/../private-gateway.sh"
gateway_new
# shellcheck source=../upgrade/variants.sh
. "$(dirname "$0")/../upgrade/variants.sh"

holdfast=$hf_build/release/holdfast
export HOME=$work/home HOLDFAST_GATEWAY=$gw_url
unset XDG_CONFIG_HOME HOLDFAST_TOKEN
mkdir -p "$HOME"
profile=$HOME/.config/holdfast/127.0.0.1_$gw_port.json

after_end() {
    [ ! -e "$work/evil.pid" ] || kill "$(cat "$work/evil.pid")" 2>/dev/null || true
}

# Without a terminal, whatever the tests have; what it says is in $work/said.
hf() { setsid -w "$holdfast" "$@" 2>"$work/said"; }

# exits STATUS WORD...: and what it prints is in $work/printed.
exits() {
    local wanted=$1 rc=0
    shift
    hf "$@" >"$work/printed" || rc=$?
    expect "exit status of 'holdfast $*' ($(cat "$work/said" "$work/printed"))" "$rc" "$wanted"
}
says() { expect_match "stderr" "$(cat "$work/said")" "$1"; }
prints() { expect_match "stdout" "$(cat "$work/printed")" "$1"; }

# at_a_terminal "PROMPT|ANSWER"... -- WORD...: what a person sees is in $work/seen; ends as the program does.
at_a_terminal() {
    local prompts=() one c seen=''
    while [ "$1" != -- ]; do
        prompts+=("$1")
        shift
    done
    shift
    coproc TERMINAL { script -qec "'$holdfast' $*" /dev/null; }
    # shellcheck disable=SC2153 # coproc sets it
    local pid=$TERMINAL_PID from=${TERMINAL[0]} to=${TERMINAL[1]} all=''
    exec 7<&"$from" 8>&"$to"
    for one in "${prompts[@]}"; do
        seen=''
        while [[ $seen != *"${one%%|*}"* ]] && IFS= read -r -N1 -t 20 c <&7; do
            seen+=$c
            all+=$c
        done
        printf '%s\n' "${one#*|}" >&8
    done
    while IFS= read -r -N1 -t 20 c <&7; do all+=$c; done
    printf '%s' "$all" >"$work/seen"
    wait "$pid"
}

fingerprint() { sed -n 's/^fingerprint=//p' "$gw_dir/out"; }
setup_code() { sed -n 's/^setup_code=//p' "$gw_dir/out"; }
none=$(printf '00%.0s' {1..32})

# --- whom to believe

without_a_terminal_nobody_is_believed() {
    exits 6 status
    says "$(fingerprint)"
    expect_fail test -e "$profile"
    exits 6 status --fingerprint "$none"
    says 'shows another certificate'
    expect_fail grep -q 'POST' "$gw_dir/log"
}

claims() {
    printf '%s\n' "$password" | exits 0 claim --setup-code "$(setup_code)" --password-stdin --fingerprint "$(fingerprint)"
    prints 'Logged in as admin \(admin\)'
    expect "mode" "$(stat -c %a "$profile")" 600
    exits 0 status
    unset HOLDFAST_GATEWAY
    exits 0 status # the one of the last login
}

another_certificate_is_said_and_nothing_sent() {
    local before
    before=$(cat "$profile")
    jq -c --arg f "$none" '.fingerprint = $f' <<<"$before" >"$profile"
    exits 0 status # made anew with the key that is known
    exits 6 status --fingerprint "$none"
    jq -c --arg f "$none" '.fingerprint = $f | .key = $f' <<<"$before" >"$profile"
    exits 6 status
    says "trusted is +SHA256:00:00"
    expect "what is kept" "$(jq -r .fingerprint "$profile")" "$none"
    printf '%s\n' "$password" | exits 0 login --password-stdin --fingerprint "$(fingerprint)"
    exits 0 status
}

# The question, and a password that is not seen.
a_person_is_asked() {
    rm "$profile"
    at_a_terminal 'the same? [yes/no]|no' -- status || expect "exit status" $? 6
    expect_match "the question" "$(cat "$work/seen")" "$(fingerprint)"
    expect_fail test -e "$profile"
    at_a_terminal 'the same? [yes/no]|yes' "Password: |$password" -- login
    expect_match "what is seen" "$(cat "$work/seen")" 'Logged in as admin'
    expect_fail grep -q "$password" "$work/seen"
    exits 0 status
}

# --- looking and steering

all_is_well() { exits 0 status && prints 'Services +4 of 4 healthy'; }
services_are_listed() { exits 0 services && prints '^broker +running +healthy'; }
starts() {
    wait_until 120 all_is_well
    wait_until 60 services_are_listed
    prints '^SERVICE +STATE +HEALTH'
    expect_fail grep $'\033' "$work/printed" # no colour in a file
    hf status --json | jq -e '.sentence.title and .services'
}

a_restart_is_followed_to_its_end() {
    local before
    before=$(inspect forwarder '{{.State.StartedAt}}')
    exits 0 restart forwarder
    prints '^restart forwarder: done'
    expect_fail test "$(inspect forwarder '{{.State.StartedAt}}')" = "$before"
    exits 0 operations --limit 1
    prints 'restart +forwarder +succeeded'
}

hears_a_line() { grep -q . "$work/followed"; }
logs_are_followed() {
    exits 0 logs broker --tail 5
    prints '.'
    setsid -w "$holdfast" logs -f forwarder --json >"$work/followed" 2>"$work/follower" &
    wait_until 20 hears_a_line
    head -n 1 "$work/followed" | jq -e '.text and .stream'
    hf restart forwarder
    wait $! # ends with the container
    expect_match "its end" "$(cat "$work/follower")" 'container has ended'
}

records_are_shown() {
    wait_until 60 publish sensors/7/temp '{"t":21.5}'
    wait_until 30 one_is_held
    exits 0 records --oldest --topic 'sensors/+/temp'
    prints 'sensors/7/temp +\{"t":21.5\}'
    exits 0 buffer
    prints 'Books +[0-9]+ accepted = '
    prints '^normal +[1-9]'
    exits 0 devices
    prints '^7 '
}
one_is_held() { hf records --topic 'sensors/#' --json | jq -e '.records | length > 0'; }

the_configuration_is_changed() {
    exits 0 config get buffer.window_ms
    expect "before" "$(cat "$work/printed")" 50
    exits 0 config set --dry-run buffer.window_ms=100 upgrade.config_gate_s=0
    prints '^/buffer/window_ms +50 +100'
    prints 'Nothing was changed'
    exits 0 config get buffer.window_ms
    expect "after the dry run" "$(cat "$work/printed")" 50
    echo '{"buffer":{"window_ms":100},"upgrade":{"config_gate_s":0,"gate_s":3}}' | exits 0 config set --file -
    prints '^Revision [0-9]+ is in force'
    exits 0 config diff
    prints '^/buffer/window_ms +50 +100'
    exits 0 config revisions
    prints 'admin +in force'
    exits 1 config set buffer.window_ms=9999999
    says 'at /buffer/window_ms'
    exits 2 config set buffer.window_ms
    exits 0 config restore 1 --dry-run
    prints '^/buffer/window_ms +100 +50'
}

there_is_an_alarm() { hf alarms --json | jq -e '.alarms[0].id' >"$work/alarm"; }
an_alarm_is_acknowledged() {
    exits 0 config set 'alarms.thresholds.disk_percent=[1,100]'
    wait_until 60 there_is_an_alarm
    exits 0 alarms ack "$(jq -r . "$work/alarm")"
    prints 'seen by admin'
    exits 0 audit --limit 5
    prints 'admin '
    exits 0 incidents
}

# ^C ends the following, not the upgrade.
a_release_is_applied() {
    local rc=0
    release_text other | jq -cSj . >"$work/other.json"
    release_sign "$work/other.json"
    exits 0 releases add "$work/other.json"
    prints '^other .* is known now, signed, as [0-9a-f]{32}$'
    sed -nE 's/.* as ([0-9a-f]{32})$/\1/p' "$work/printed" >"$work/id"
    exits 0 plan "$(cut -c1-8 "$work/id")"
    prints 'No service changes'
    sed -nE 's/.*--plan ([0-9a-f]{32})$/\1/p' "$work/printed" >"$work/tag"
    exits 1 apply "$(cat "$work/id")" --plan "${none:0:32}"
    setsid -w "$holdfast" apply "$(cat "$work/id")" --plan "$(cat "$work/tag")" >"$work/printed" 2>"$work/said" &
    wait_until 20 grep -q '^upgrade: ' "$work/said"
    kill -INT $!
    wait $! || rc=$?
    expect "exit status" "$rc" 130
    sed -nE "s/.*'holdfast operations ([0-9a-f]{32}) --follow'.*/\1/p" "$work/said" >"$work/operation"
    exits 0 operations "$(cat "$work/operation")" --follow
    prints '^upgrade: done'
    exits 0 releases
    prints "^$(cut -c1-12 "$work/id") +other .* running"
    exits 1 operations cancel "$(cat "$work/operation")"
    says 'has ended: it succeeded'
}

what_is_begun_is_given_up() {
    exits 0 rollback --no-wait
    exits 0 operations cancel "$(cat "$work/printed")"
    prints '^rollback: rolled back: given up by admin$'
    exits 0 releases
    prints "^$(cut -c1-12 "$work/id") +other .* running"
}

a_bundle_is_uploaded() {
    release_text third | jq -cSj . >"$work/third.json"
    release_sign "$work/third.json"
    "$hf_root/image/bundle.sh" "$work"/third.json{,.minisig} "$hf_build/images/oci" "$work/bundle"
    exits 0 releases upload "$work/bundle"
    prints '^third .* is here'
    head -c 100000 /dev/zero >"$work/no-bundle"
    exits 1 releases upload "$work/no-bundle"
}

# --- a backup, and another box that becomes this gateway

a_backup_is_made() {
    echo 'a passphrase of a test' >"$work/passphrase"
    exits 2 backup "$work/box.backup"
    says 'passphrase-file'
    exits 0 backup --records --passphrase-file "$work/passphrase" "$work/box.backup"
    expect "mode" "$(stat -c %a "$work/box.backup")" 600
    expect_fail grep -aqE 'sensors|argon2|window_ms|PRIVATE' "$work/box.backup"
    hf buffer --json >"$work/buffer.old"
    hf records --topic 'sensors/#' --json >"$work/records.old"
    exits 0 audit --limit 5
    prints 'took a backup, with the records'
    gateway_end_daemon
}

# restores STATUS WORD...: asks the new box, which nobody has claimed.
restores() {
    local wanted=$1
    shift
    exits "$wanted" restore --gateway "$gw_url" --fingerprint "$(fingerprint)" --passphrase-file "$work/passphrase" "$@"
}

what_is_no_backup_changes_nothing() {
    exits 4 restore --gateway "$gw_url" --fingerprint "$(fingerprint)" --passphrase-file "$work/passphrase" "$work/box.backup"
    restores 1 --setup-code AAAA-AAAA-AAAA "$work/box.backup"
    says 'not the setup code'
    head -c -1 "$work/box.backup" >"$work/cut.backup"
    restores 1 --setup-code "$(setup_code)" "$work/cut.backup"
    says 'damaged'
    echo 'another passphrase' >"$work/other"
    exits 1 restore --gateway "$gw_url" --fingerprint "$(fingerprint)" --passphrase-file "$work/other" \
        --setup-code "$(setup_code)" "$work/box.backup"
    says 'not the passphrase'
    api GET /claim | jq -e '.claimed == false'
    expect_fail compgen -G "$gw_state/restore-*"
}

is_restored() { [ "$(grep -c '^ready' "$gw_dir/out")" = 2 ]; }
its_records_have_come() {
    hf records --topic 'sensors/#' --json >"$work/records.new" &&
        jq -e -n --slurpfile a "$work/records.old" --slurpfile b "$work/records.new" \
            '[$a[0].records[] | {time, topic, lane, payload}] as $old | ($old | length > 0) and
             ($old - [$b[0].records[] | {time, topic, lane, payload}] == [])'
}
another_box_becomes_it() {
    local id
    id=$(jq -r '.records[0].gateway' "$work/records.old")
    wait_until 60 api GET /health
    what_is_no_backup_changes_nothing
    restores 0 --setup-code "$(setup_code)" "$work/box.backup"
    prints "is .*\($id\) now"
    prints 'records go to its buffer'
    wait_until 60 is_restored
    expect "name of the process" "$(cat "/proc/$(gw_pid)/comm")" holdfastd
    expect "certificate" "$(fingerprint | tail -n 1)" "$(sed -n 's/^fingerprint=//p' "$work/out.old" | tail -n 1)"
    printf '%s\n' "$password" | exits 0 login --password-stdin --gateway "$gw_url" --fingerprint "$(fingerprint | tail -n 1)"
    exits 0 config get buffer.window_ms
    expect "configuration" "$(cat "$work/printed")" 100
    wait_until 120 its_records_have_come
    jq -e --arg id "$id" '[.records[].gateway] | unique == [$id]' "$work/records.new"
    [ "$(jq -r '.records[0].epoch' "$work/records.old")" != "$(jq -r '.records[0].epoch' "$work/records.new")" ]
    wait_until 30 says_put_back
    expect_fail compgen -G "$gw_state/restore-*"
    note "restored $id: $(jq -r '.records[0].epoch' "$work/records.old") became $(jq -r '.records[0].epoch' "$work/records.new")"
}
says_put_back() { hf audit --limit 20 | grep -E 'put [1-9][0-9]* records of the backup'; }

# --- each exit status that has not been seen yet

an_operation_that_fails_is_5() {
    exits 0 config set "registry.host=127.0.0.1:$(free_port)"
    exits 5 releases check
    says 'check failed: .*cannot connect to the registry'
}

refusals_are_1() {
    exits 1 restart nonesuch
    says "holdfast services' lists them"
    exits 1 plan nonesuch
    exits 1 logs nonesuch --json
    jq -e .status "$work/printed"
}

usage_is_2() {
    exits 2 nonsense
    exits 2 status --follow
    exits 2 status --gateway http://127.0.0.1
    exits 0 --help
    exits 0 apply --help
}

nobody_there_is_3() {
    exits 3 status --gateway "https://127.0.0.1:$(free_port)" --fingerprint "$none"
    says 'nothing answers'
}

nobody_logged_in_is_4() {
    HOLDFAST_TOKEN=hft_$none exits 4 services
    exits 0 logout
    exits 4 services
    says 'Log in first'
    printf 'wrong password\n' | exits 4 login --password-stdin
    printf '%s\n' "$password" | exits 0 login --password-stdin
}

what_is_wrong_here_is_7() {
    chmod 644 "$profile"
    exits 7 status
    says 'can be read by others'
    chmod 600 "$profile"
    exits 0 status
    exits 7 releases add "$work/nonesuch"
}

# --- gateways that are none

# evil STATUS TYPE [HEADER]: answers all that comes with that and stdin.
evil_port=$(free_port)
evil() {
    cat >"$work/evil.body"
    printf 'HTTP/1.1 %s\r\nContent-Type: %s\r\n%sContent-Length: %s\r\nConnection: close\r\n\r\n' \
        "$1" "$2" "${3:-}" "$(stat -c %s "$work/evil.body")" >"$work/evil.head"
}
evil_starts() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=evil \
        -keyout "$work/evil.key" -out "$work/evil.pem" 2>/dev/null
    evil 200 application/json <<<'{}'
    socat "OPENSSL-LISTEN:$evil_port,bind=127.0.0.1,cert=$work/evil.pem,key=$work/evil.key,verify=0,fork,reuseaddr" \
        SYSTEM:"head -c 1 >/dev/null; cat $work/evil.head $work/evil.body" >"$work/evil.log" 2>&1 </dev/null &
    echo $! >"$work/evil.pid"
    disown
    wait_until 20 asks_evil 0 services
}
asks_evil() {
    local print
    print=$(openssl x509 -in "$work/evil.pem" -noout -fingerprint -sha256)
    exits "$@" --gateway "https://127.0.0.1:$evil_port" --fingerprint "${print#*=}"
    expect_fail env LC_ALL=C grep -aqP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' "$work/said" "$work/printed" # what a terminal obeys
}

a_gateway_that_is_none_does_no_harm() {
    evil_starts
    evil 403 application/problem+json <<<'{"title":"\u001b[2J","detail":"\u009b31m \u0007","errors":[{"pointer":"/\u001b","detail":"x"}]}'
    asks_evil 1 services
    says '\\x1b\[2J'
    printf '{"services":[{"name":"\033]0;a\a","health":"\\u001b[31m"}]}' | evil 200 application/json
    asks_evil 0 services
    asks_evil 0 services --json
    jq -e '.services[0].health == "\u001b[31m"' "$work/printed"
    head -c 5000000 /dev/zero | tr '\0' ' ' | evil 200 application/json
    asks_evil 3 services
    says 'more than'
    evil 200 text/html <<<'<html>'
    asks_evil 3 services
    says 'cannot be read'
    evil 302 text/html "Location: $gw_url/"$'\r\n' <<<''
    asks_evil 3 services
    says 'is it a Holdfast gateway'
    mkdir -p "$work/here"
    evil 200 application/gzip $'Content-Disposition: attachment; filename="../there"\r\n' <<<'bytes'
    (cd "$work/here" && asks_evil 0 diag --output mine)
    expect "files" "$(ls "$work/here")" mine
    expect_fail test -e "$work/there"
    printf 'event: state\ndata: {"gateway":{"name":"\\u001b"}}\n\n' | evil 200 text/event-stream
    asks_evil 0 status
}

is_documented() {
    LC_ALL=C.UTF-8 groff -man -ww -Tutf8 -z "$hf_root/appliance/cli/holdfast.1" >"$work/groff" 2>&1
    expect "what groff says of the man page" "$(cat "$work/groff")" ""
    exits 0 completion bash
    bash -n "$work/printed"
    # shellcheck disable=SC2016 # for the other bash
    expect "completed" "$(bash -c '. "$1"; COMP_WORDS=(holdfast config re); COMP_CWORD=2; _holdfast; echo "${COMPREPLY[*]}"' - \
        "$work/printed")" "restore revisions"
}

check "a gateway" gateway_start
need
check without_a_terminal_nobody_is_believed
check claims
need
unset HOLDFAST_GATEWAY
check another_certificate_is_said_and_nothing_sent
check a_person_is_asked
check starts
check is_documented
check records_are_shown
check logs_are_followed
check a_restart_is_followed_to_its_end
check the_configuration_is_changed
check an_alarm_is_acknowledged
check a_release_is_applied
check what_is_begun_is_given_up
check a_bundle_is_uploaded
check an_operation_that_fails_is_5
check refusals_are_1
check usage_is_2
check nobody_there_is_3
check nobody_logged_in_is_4
check what_is_wrong_here_is_7
check a_gateway_that_is_none_does_no_harm
check a_backup_is_made
need
cp "$gw_dir/out" "$work/out.old"
gateway_new b
check "another box" gateway_start
need
check another_box_becomes_it
finish

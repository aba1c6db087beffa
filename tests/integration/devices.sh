#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Accounts of devices at the broker, as plain processes with the real mosquitto: who is let in, what each may do, and
# that a change of one disconnects nobody else; with passwords, and by TLS with certificates. The files are written as
# holdfastd writes them.
# usage: tests/integration/devices.sh SERVICES        (the services folder of a build, with holdfast-broker in it)
# shellcheck source=../harness.sh
. "$(dirname "$0")/../harness.sh"

services_dir=$(readlink -f "${1:-$hf_build/asan/services}")
# The internal listener on an address that is not the loopback: by that network the plugin tells the two apart.
inside=$(ip -4 -o addr show scope global | awk '{ sub("/.*", "", $4); print $4; exit }')
internal=$(free_port)
field=$((internal + 1))
tls=$((internal + 2))
badges=$((tls + 1))
as=()
if [ "$(id -u)" -eq 0 ]; then
    as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
fi

broker_start() {
    "${as[@]}" env HF_RUN_DIR="$work/run" HF_DATA_DIR="$work/data" HF_TMP_DIR="$work/tmp" \
        HF_BROKER="$inside:$internal" HF_FIELD="127.0.0.1:$field" HF_FIELD_TLS="127.0.0.1:$tls" \
        HF_GATE="$work/bin/holdfast-gate.so" "$work/bin/holdfast-broker" >>"$work/log" 2>&1 &
    echo $! >"$work/pid"
}
nc_open() { (: <"/dev/tcp/$1/$2") 2>/dev/null; }
field_open() { nc_open 127.0.0.1 "$field"; }
field_gone() { ! field_open; }

# --- the file of devices

# hash PASSWORD, as mosquitto_passwd makes it
hash() {
    mosquitto_passwd -c -b "$work/one" x "$1" 2>/dev/null
    sed 's/^x://' "$work/one"
}

# Lines NAME PASSWORD PUBLISH SUBSCRIBE, sorted by name; a topic '-' is none, and a password cert:FILE a certificate. A
# hash is made once for each password: another one would be a change.
declare -A hashes=()
devices_text() {
    local name password publish subscribe count=0
    printf 'holdfast-devices 1\nanonymous %s\n' "$1"
    while read -r name password publish subscribe; do
        case $password in
        cert:*) echo "certificate $name $(fingerprint "${password#cert:}")" ;;
        *) echo "account $name ${hashes[$password]}" ;;
        esac
        [ "$publish" = - ] || echo "publish field/$publish"
        [ "$subscribe" = - ] || echo "subscribe field/$subscribe"
        count=$((count + 1))
    done
    echo "end $count"
}

read_times() { grep -c 'accounts of devices' "$work/log"; }
read_more() { [ "$(read_times)" -gt "$1" ]; }

# devices yes|no <LINES: puts them in force, as holdfastd does, and waits until the broker has them.
devices() {
    local before
    before=$(read_times)
    devices_text "$1" >"$work/run/devices.new"
    [ ${#as[@]} -eq 0 ] || chown 65534 "$work/run/devices.new"
    mv "$work/run/devices.new" "$work/run/devices"
    wait_until 10 read_more "$before"
}

fleet='d7 secret-d7 sensors/d7/# commands/d7/#
d8 secret-d8 # -
every secret-every # #'

# --- clients

inside_sub() {
    timeout "$1" mosquitto_sub -h "$inside" -p "$internal" -u processor -P secret-processor -i processor -c -q 1 \
        -t 'field/#' -F '%t %p' "${@:2}" || true
}
# pub NAME PASSWORD TOPIC MESSAGE [OPTION...]
pub() { timeout 10 mosquitto_pub -h 127.0.0.1 -p "$field" -i "$1" -u "$1" -P "$2" -q 1 -t "$3" -m "$4" "${@:5}"; }
# sub NAME PASSWORD FILTER [OPTION...]
sub() { timeout 20 mosquitto_sub -h 127.0.0.1 -p "$field" -i "$1" -u "$1" -P "$2" -q 1 -t "$3" -F '%t %p' "${@:4}"; }

# refused REGEX COMMAND...: it fails, and says so.
refused() {
    local why=$1 said
    shift
    said=$(expect_fail "$@" 2>&1) || {
        echo "$said"
        return 1
    }
    expect_match "$*" "$said" "$why"
}
# told REGEX COMMAND...: it says so; mosquitto's clients end well where a message or subscription was not taken.
told() {
    local why=$1 said
    shift
    said=$("$@" 2>&1) || true
    expect_match "$*" "$said" "$why"
}
not_authorised='[Nn]ot [Aa]uthori[sz]ed'

# listen NAME PASSWORD FILTER [OPTION...]: in the background; its words go to $work/NAME.out.
listen() {
    local before
    before=$(connections "$1")
    : >"$work/$1.out"
    mosquitto_sub -h 127.0.0.1 -p "$field" -i "$1" -u "$1" -P "$2" -q 1 -t "$3" -F '%t %p' "${@:4}" >"$work/$1.out" 2>"$work/$1.err" &
    echo $! >"$work/$1.pid"
    wait_until 10 subscribed "$1" "$before"
}
connections() { grep -c "New client connected .* as $1 " "$work/log" || true; }
subscribed() { [ "$(connections "$1")" -gt "${2:-0}" ]; }
has_ended() { ! kill -0 "$(cat "$work/$1.pid")" 2>/dev/null; }
still_there() {
    expect "connections of $1" "$(connections "$1")" "$2"
    kill -0 "$(cat "$work/$1.pid")"
}
# mosquitto 2.0.11 leaves the mount point in what it sends, 2.0.21 takes it away.
heard() { sed 's#^field/##' "$work/$1.out"; }
hears() { heard "$1" | grep -qx "$2"; }

# --- the checks

starts() {
    local consumers=()
    devices_text no <<<"$fleet" >"$work/run/devices"
    [ ${#as[@]} -eq 0 ] || chown 65534 "$work/run/devices"
    broker_start
    wait_until 10 nc_open "$inside" "$internal"
    inside_sub 3 -C 1 >/dev/null &
    consumers+=($!)
    timeout 3 mosquitto_sub -h "$inside" -p "$internal" -u buffer -P secret-buffer -i buffer -c -q 1 -t 'uplink/#' -C 1 >/dev/null &
    consumers+=($!)
    wait_until 10 field_open
    wait "${consumers[@]}" || true
}

topics_are_those_of_the_template() {
    pub d7 secret-d7 sensors/d7/temp 1
    pub d7 secret-d7 sensors/d8/temp 2
    pub d7 secret-d7 sensors/d7 3
    pub d7 secret-d7 commands/d7/x 4
    pub d8 secret-d8 any/thing 5
    told '[Nn]ot authori' pub d7 secret-d7 sensors/d8/temp 6 -V 5
    inside_sub 4 -C 3 >"$work/heard"
    expect heard "$(cat "$work/heard")" $'field/sensors/d7/temp 1\nfield/sensors/d7 3\nfield/any/thing 5'
    expect_match log "$(cat "$work/log")" 'Device d7 may not publish to field/sensors/d8/temp'
}

only_with_the_password() {
    refused "$not_authorised" pub d7 wrong-pass sensors/d7/temp 1
    refused "$not_authorised" pub nobody secret-d7 sensors/d7/temp 1
    refused "$not_authorised" timeout 10 mosquitto_pub -h 127.0.0.1 -p "$field" -i d7 -u d7 -t x -m 1
    refused "$not_authorised" timeout 10 mosquitto_pub -h 127.0.0.1 -p "$field" -i other -t x -m 1
    pub d7 secret-d7 sensors/d7/temp 1
}

subscriptions_are_those_of_the_template() {
    local filter
    # shellcheck disable=SC2016 # topics
    for filter in '#' '+/d7/#' 'commands/#' 'commands/+/x' commands/d8/x '$SYS/#' '$share/g/commands/d7/x'; do
        told denied sub d7 secret-d7 "$filter" -W 3
    done
    told denied sub d8 secret-d8 any/thing -W 3
    listen d7 secret-d7 'commands/d7/+/x'
    sleep 0.3
    pub every secret-every commands/d7/on/x go
    pub every secret-every commands/d8/on/x no
    wait_until 5 hears d7 'commands/d7/on/x go'
    expect heard "$(heard d7)" 'commands/d7/on/x go'
    kill "$(cat "$work/d7.pid")"
}

# Whoever may hear everything hears what devices say, and nothing of the broker or the services.
nothing_inside_is_heard() {
    # shellcheck disable=SC2016 # topics
    listen every secret-every '$SYS/#' -t '#' -t 'uplink/#' -t 'status/#'
    sleep 0.3
    mosquitto_pub -h "$inside" -p "$internal" -u buffer-status -P secret-buffer -i buffer-status -q 1 -t status/buffer -m secret
    pub d8 secret-d8 last 1
    wait_until 5 hears every 'last 1'
    sleep 6 # $SYS comes every 5 s
    expect heard "$(heard every | sort -u)" 'last 1'
    kill "$(cat "$work/every.pid")"
}

# What a device leaves behind when it dies goes by its rights too, and nothing is retained.
wills_and_retained_messages_have_no_more_rights() {
    local pid
    inside_sub 2 >/dev/null
    mosquitto_sub -h 127.0.0.1 -p "$field" -i d7 -u d7 -P secret-d7 -t commands/d7/x --will-topic sensors/d8/will --will-payload forged \
        >/dev/null 2>&1 &
    pid=$!
    sleep 1
    kill -KILL "$pid"
    pub d7 secret-d7 sensors/d7/kept 1 -r
    inside_sub 4 -C 1 >"$work/heard"
    expect heard "$(cat "$work/heard")" 'field/sensors/d7/kept 1'
    told 'Timed out' sub every secret-every 'sensors/d7/kept' -W 2
}

# Nothing is queued for a device that is away: many of them would fill the broker.
nothing_waits_for_a_device_that_is_away() {
    sub d7 secret-d7 'commands/d7/#' -c -W 1 >/dev/null 2>&1 || true
    pub every secret-every commands/d7/x missed
    told 'Timed out' sub d7 secret-d7 'commands/d7/#' -c -W 2
}

ids_of_others_are_refused() {
    refused "$not_authorised" timeout 10 mosquitto_pub -h 127.0.0.1 -p "$field" -i d8 -u d7 -P secret-d7 -t sensors/d7/x -m 1
    refused "$not_authorised" timeout 10 mosquitto_pub -h 127.0.0.1 -p "$field" -i processor -u d7 -P secret-d7 -t sensors/d7/x -m 1
    refused "$not_authorised" timeout 10 mosquitto_pub -h 127.0.0.1 -p "$field" -i something -c -u d7 -P secret-d7 -t sensors/d7/x -m 1
    timeout 10 mosquitto_pub -h 127.0.0.1 -p "$field" -i something -u d7 -P secret-d7 -q 1 -t sensors/d7/x -m 1
}

pain_25_devices_are_refused_inside_and_services_outside() {
    refused "$not_authorised" timeout 10 mosquitto_pub -h "$inside" -p "$internal" -i d7 -u d7 -P secret-d7 -t x -m 1
    refused "$not_authorised" timeout 10 mosquitto_pub -h "$inside" -p "$internal" -i x -t x -m 1
    refused "$not_authorised" timeout 10 mosquitto_pub -h 127.0.0.1 -p "$field" -i x -u holdfastd -P secret-holdfastd -t x -m 1
    refused "$not_authorised" timeout 10 mosquitto_pub -h 127.0.0.1 -p "$field" -i x -u device:d7 -P secret-d7 -t x -m 1
}

# Rotated, disabled, given other rights: that one goes, and nobody else.
only_who_changed_is_disconnected() {
    local every d8
    every=$(connections every)
    d8=$(connections d8)
    listen every secret-every '#'
    listen d7 secret-d7 'commands/d7/#'
    sleep 60 | mosquitto_pub -h 127.0.0.1 -p "$field" -i d8 -u d8 -P secret-d8 -t x -l >/dev/null 2>&1 &
    echo $! >"$work/d8.pid"
    wait_until 10 subscribed d8 "$d8"
    devices no <<<"${fleet/secret-d7/rotated-d7}"
    wait_until 10 has_ended d7
    refused "$not_authorised" pub d7 secret-d7 sensors/d7/x old
    pub d7 rotated-d7 sensors/d7/x new
    listen d7 rotated-d7 'commands/d7/#'
    sleep 0.3
    devices no <<<"$(grep -v '^d7 ' <<<"$fleet")" # disabled
    wait_until 10 has_ended d7
    refused "$not_authorised" pub d7 rotated-d7 sensors/d7/x 1
    devices no <<<"$fleet"
    still_there every $((every + 1))
    still_there d8 $((d8 + 1))
    timeout 10 mosquitto_pub -h 127.0.0.1 -p "$field" -i d8b -u d8 -P secret-d8 -q 1 -t still/there -m 1
    wait_until 5 hears every 'still/there 1'
    kill "$(cat "$work/every.pid")" "$(cat "$work/d8.pid")" 2>/dev/null || true
}

who_has_no_account_is_let_in_where_that_is_chosen() {
    devices yes <<<"$fleet"
    mosquitto_pub -h 127.0.0.1 -p "$field" -i nameless -q 1 -t any/where -m 1
    refused "$not_authorised" timeout 10 mosquitto_pub -h 127.0.0.1 -p "$field" -i d7 -q 1 -t any/where -m 1
    told denied timeout 10 mosquitto_sub -h 127.0.0.1 -p "$field" -i nameless -t any/where -W 3
    sleep 30 | mosquitto_pub -h 127.0.0.1 -p "$field" -i stays -t x -l >/dev/null 2>&1 &
    echo $! >"$work/stays.pid"
    wait_until 10 subscribed stays
    listen every secret-every '#'
    devices no <<<"$fleet"
    wait_until 10 grep -q 'Client stays .*\(disconnected\|administrative\)\|Client stays .* refused' "$work/log"
    refused "$not_authorised" timeout 10 mosquitto_pub -h 127.0.0.1 -p "$field" -i nameless -q 1 -t any/where -m 1
    kill -0 "$(cat "$work/every.pid")"
    kill "$(cat "$work/every.pid")" "$(cat "$work/stays.pid")" 2>/dev/null || true
}

# One that was cut, or is nonsense, changes nothing.
a_file_that_is_wrong_changes_nothing() {
    head -n 3 "$work/run/devices" >"$work/run/devices.new"
    [ ${#as[@]} -eq 0 ] || chown 65534 "$work/run/devices.new"
    mv "$work/run/devices.new" "$work/run/devices"
    wait_until 10 grep -q 'holdfast-gate: devices, line' "$work/log"
    pub d8 secret-d8 any/thing 1
    refused "$not_authorised" timeout 10 mosquitto_pub -h 127.0.0.1 -p "$field" -i nameless -q 1 -t x -m 1
    devices no <<<"$fleet"
}

a_guesser_does_not_lock_the_owner_out() {
    local i
    pub d7 secret-d7 sensors/d7/x 1 # known from now on
    for i in $(seq 60); do pub d7 "guess-$i-xx" x 1 >/dev/null 2>&1 & done
    pub d7 secret-d7 sensors/d7/x 2
    wait
}

accounts_outlive_a_kill() {
    kill -KILL "$(cat "$work/pid")"
    wait_until 10 field_gone
    broker_start
    wait_until 15 field_open
    pub d7 secret-d7 sensors/d7/temp 1
    refused "$not_authorised" pub d7 wrong-pass sensors/d7/temp 1
    refused "$not_authorised" timeout 10 mosquitto_pub -h 127.0.0.1 -p "$field" -i other -t x -m 1
}

# Until holdfastd has said who may come, nobody does.
pain_25_nobody_comes_without_the_file() {
    kill -TERM "$(cat "$work/pid")"
    wait_until 10 field_gone
    rm "$work/run/devices"
    broker_start
    wait_until 15 field_open
    refused "$not_authorised" pub d7 secret-d7 sensors/d7/temp 1
    refused "$not_authorised" timeout 10 mosquitto_pub -h 127.0.0.1 -p "$field" -i other -t x -m 1
    devices no <<<"$fleet"
    pub d7 secret-d7 sensors/d7/temp 1
}

# --- TLS

fingerprint() { openssl x509 -in "$work/pki/$1.pem" -outform DER | sha256sum | cut -d' ' -f1; }
# ca NAME
ca() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=$1" -keyout "$work/pki/$1.key" \
        -out "$work/pki/$1.pem" -addext keyUsage=critical,keyCertSign 2>/dev/null
}
# issue CA FILE CN USAGE [DAYS]
issue() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$3" -keyout "$work/pki/$2.key" \
        -out "$work/pki/csr" 2>/dev/null
    openssl x509 -req -in "$work/pki/csr" -CA "$work/pki/$1.pem" -CAkey "$work/pki/$1.key" -CAcreateserial \
        -days "${5:-30}" -out "$work/pki/$2.pem" 2>/dev/null \
        -extfile <(printf 'extendedKeyUsage=%s\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n' "$4")
}
# serve FILE: what the broker shows from now on
serve() {
    cat "$work/pki/$1".{key,pem} "$work/pki/ours.pem" >"$work/run/tls.new"
    [ ${#as[@]} -eq 0 ] || chown 65534 "$work/run/tls.new"
    mv "$work/run/tls.new" "$work/run/tls.pem"
}
# mode on|only
mode() {
    local starts
    starts=$(grep -c 'event=started' "$work/log")
    jq -n --arg tls "$1" '{gateway: "g", instance: "i", tls: $tls}' >"$work/run/settings.new"
    mv "$work/run/settings.new" "$work/run/settings.json"
    wait_until 10 started_more "$starts"
    wait_until 10 nc_open 127.0.0.1 "$badges"
}
started_more() { [ "$(grep -c 'event=started' "$work/log")" -gt "$1" ]; }
# tls_pub PORT NAME TOPIC [OPTION...]
tls_pub() {
    timeout 10 mosquitto_pub -h 127.0.0.1 -p "$1" --cafile "$work/pki/ours.pem" -i "$2" -q 1 -t "$3" -m 1 "${@:4}"
}
# badge_pub NAME FILE TOPIC [OPTION...]
badge_pub() { tls_pub "$badges" "$1" "$3" --cert "$work/pki/$2.pem" --key "$work/pki/$2.key" "${@:4}"; }
badge_sub() {
    mosquitto_sub -h 127.0.0.1 -p "$badges" --cafile "$work/pki/ours.pem" --cert "$work/pki/$2.pem" --key "$work/pki/$2.key" \
        -i "$1" -q 1 -t "$3" -F '%t %p' "${@:4}"
}
tls_fleet='d7 secret-d7 sensors/d7/# commands/d7/#
d8 cert:d8 sensors/d8/# commands/d8/#
every secret-every # #'
# What a handshake says that the other side ends; which words depends on who notices first.
cut_off='[Tt]LS error|OpenSSL|[Cc]onnection (was lost|reset)|A TLS|Unable to connect|Protocol error'

tls_stands_beside_plain() {
    ca ours && ca theirs
    issue ours server gateway serverAuth && issue ours d8 d8 clientAuth && issue ours d8b d8 clientAuth
    issue ours d9 d9 clientAuth && issue ours d7 d7 clientAuth && issue theirs d8x d8 clientAuth
    issue ours processor processor clientAuth
    issue ours d8old d8 clientAuth 0
    cp "$work/pki/ours.pem" "$work/run/ca.pem"
    serve server
    [ ${#as[@]} -eq 0 ] || chown 65534 "$work/run/ca.pem"
    devices no <<<"$tls_fleet"
    mode on
    pub d7 secret-d7 sensors/d7/plain 1
    tls_pub "$tls" d7 sensors/d7/tls -u d7 -P secret-d7
    badge_pub d8 d8 sensors/d8/tls
    badge_pub d8 d8 sensors/d8/tls -V 5 -u d8
}

only_the_certificate_of_the_account_counts() {
    refused "$cut_off" tls_pub "$badges" d8 sensors/d8/x
    refused "$cut_off" tls_pub "$badges" d7 sensors/d7/x -u d7 -P secret-d7
    refused "$cut_off" badge_pub d8 d8x sensors/d8/x
    refused "$cut_off" badge_pub d8 d8old sensors/d8/x
    refused "$cut_off" badge_pub d8 server sensors/d8/x
    refused "$not_authorised" badge_pub d8 d8b sensors/d8/x           # not the one that it has now
    refused "$not_authorised" badge_pub d9 d9 sensors/d9/x            # no account
    refused "$not_authorised" badge_pub d7 d7 sensors/d7/x            # comes by its password
    refused "$not_authorised" badge_pub processor processor uplink/x  # no service
    refused "$not_authorised" badge_pub x processor uplink/x -u processor -P secret-processor
    refused "$not_authorised" badge_pub d8 d8 sensors/d8/x -u d7
    refused "$not_authorised" badge_pub d7 d8 sensors/d8/x            # another one's client id
    refused "$not_authorised" pub d8 secret-d8 sensors/d8/x 1
    refused "$not_authorised" tls_pub "$tls" d8 sensors/d8/x -u d8 -P secret-d8
    refused "$not_authorised" tls_pub "$tls" d7 sensors/d7/x -u d7 -P wrong-pass
    expect_match log "$(cat "$work/log")" 'd8 .*refused: its certificate no longer counts'
}

rights_are_those_of_the_account() {
    told '[Nn]ot authori' badge_pub d8 d8 sensors/d7/x -V 5
    told denied badge_sub d8 d8 'commands/d7/x' -W 3
}

# PROTOCOL: whether a handshake gets through.
handshake() {
    openssl s_client -connect "127.0.0.1:$tls" "$@" -CAfile "$work/pki/ours.pem" -verify_return_error </dev/null 2>&1
}
tls_is_1_2_or_newer() {
    expect_match 1.3 "$(handshake -tls1_3)" 'Protocol *: TLSv1.3|New, TLSv1.3'
    expect_match 1.2 "$(handshake -tls1_2)" 'New, TLSv1.2, Cipher is ECDHE'
    refused 'alert|wrong version|no protocols|handshake fail' handshake -tls1_1 -cipher 'ALL:@SECLEVEL=0'
    refused 'alert|handshake fail' handshake -tls1_2 -cipher 'AES128-SHA:@SECLEVEL=0'
}

# A certificate that is renewed disconnects nobody; one that is taken away only whose it was.
certificates_change_one_by_one() {
    local d7
    d7=$(connections d7)
    mosquitto_sub -h 127.0.0.1 -p "$tls" --cafile "$work/pki/ours.pem" -i d7 -u d7 -P secret-d7 -q 1 -t 'commands/d7/#' >/dev/null 2>&1 &
    echo $! >"$work/d7.pid"
    wait_until 10 subscribed d7 "$d7"
    badge_sub d8 d8 'commands/d8/#' >/dev/null 2>&1 &
    echo $! >"$work/d8.pid"
    wait_until 10 grep -q 'as d8 .*device:d8\|New client connected .* as d8 ' "$work/log"
    sleep 0.3

    issue ours fresh gateway serverAuth
    serve fresh
    wait_until 10 shows fresh
    sleep 0.3
    still_there d7 $((d7 + 1))
    kill -0 "$(cat "$work/d8.pid")"

    devices no <<<"${tls_fleet/cert:d8/cert:d8b}"
    wait_until 10 cannot_return d8
    refused "$not_authorised" badge_pub d8 d8 sensors/d8/x
    badge_pub d8 d8b sensors/d8/x
    still_there d7 $((d7 + 1))
    devices no <<<"${tls_fleet/cert:d8/secret-d8}"
    refused "$not_authorised" badge_pub d8 d8b sensors/d8/x
    pub d8 secret-d8 sensors/d8/x 1
    still_there d7 $((d7 + 1))
    devices no <<<"$tls_fleet"
    kill "$(cat "$work/d7.pid")" "$(cat "$work/d8.pid")" 2>/dev/null || true
}
shows() { handshake -showcerts | openssl x509 2>/dev/null | cmp -s - <(openssl x509 -in "$work/pki/$1.pem"); }
cannot_return() { has_ended "$1" || grep -q "as $1 .*refused\|Client $1 .*refused: its certificate no longer counts" "$work/log"; }

# One that is cut short changes nothing.
a_certificate_that_is_wrong_changes_nothing() {
    head -c 100 "$work/run/tls.pem" >"$work/run/tls.new"
    [ ${#as[@]} -eq 0 ] || chown 65534 "$work/run/tls.new"
    mv "$work/run/tls.new" "$work/run/tls.pem"
    wait_until 10 grep -q 'event=certificate-wrong' "$work/log"
    badge_pub d8 d8 sensors/d8/x
    serve server
    wait_until 10 shows server
}

without_plain_nobody_comes_in_clear() {
    mode only
    wait_until 10 field_gone
    refused 'refused|Unable to connect' pub d7 secret-d7 sensors/d7/x 1
    refused "$cut_off" timeout 10 mosquitto_pub -h 127.0.0.1 -p "$tls" -i d7 -u d7 -P secret-d7 -q 1 -t sensors/d7/x -m 1
    tls_pub "$tls" d7 sensors/d7/x -u d7 -P secret-d7
    badge_pub d8 d8 sensors/d8/x
}

end() {
    local file
    for file in "$work"/*.pid "$work/pid"; do
        kill -TERM "$(cat "$file")" 2>/dev/null
    done
    rm -rf "$work"
}
trap end EXIT

mkdir -p "$work"/{run,data,tmp,bin,pki}
touch "$work/log"
echo broker processor buffer forwarder holdfastd | tr ' ' '\n' |
    jq -Rn '{accounts: [inputs | {(.): "secret-\(.)"}] | add}' >"$work/run/credentials.json"
echo '{"gateway":"g","instance":"i"}' >"$work/run/settings.json"
chmod 755 "$work"
[ ${#as[@]} -eq 0 ] || chown -R 65534:65534 "$work"/{run,data,tmp}
cp "$services_dir"/broker/holdfast-{broker,gate.so} "$work/bin/"
for password in secret-{d7,d8,every} rotated-d7; do hashes[$password]=$(hash "$password"); done

check starts
need
check topics_are_those_of_the_template
check only_with_the_password
check subscriptions_are_those_of_the_template
check nothing_inside_is_heard
check wills_and_retained_messages_have_no_more_rights
check nothing_waits_for_a_device_that_is_away
check ids_of_others_are_refused
check pain_25_devices_are_refused_inside_and_services_outside
check only_who_changed_is_disconnected
check who_has_no_account_is_let_in_where_that_is_chosen
check a_file_that_is_wrong_changes_nothing
check a_guesser_does_not_lock_the_owner_out
check accounts_outlive_a_kill
check pain_25_nobody_comes_without_the_file
check tls_stands_beside_plain
check only_the_certificate_of_the_account_counts
check rights_are_those_of_the_account
check tls_is_1_2_or_newer
check certificates_change_one_by_one
check a_certificate_that_is_wrong_changes_nothing
check without_plain_nobody_comes_in_clear
finish

# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# TLS as no client of good will speaks it. For a script with a gateway at hand (private-gateway.sh).
# shellcheck source-path=SCRIPTDIR/../.. source=../../private-gateway.sh
: "${work:?}" "${gw_port:=}"

# tls_client OPTION...: what openssl's client says of its handshake. Its own security level would refuse to ask.
tls_client() {
    timeout 20 openssl s_client -connect "127.0.0.1:$gw_port" -cipher 'ALL:COMPLEMENTOFALL:@SECLEVEL=0' "$@" 2>&1 </dev/null || true
}
tls_meets() { expect_match "s_client $*" "$(tls_client "$@")" '^ *(New, )?.*Cipher +(is|:) +(TLS|ECDHE)'; }
tls_refuses() {
    local said
    said=$(tls_client "$@")
    expect_match "s_client $* ($(tail -n 3 <<<"$said"))" "$said" 'Cipher is \(NONE\)|alert|unexpected eof|no ciphers|no protocols'
    ! grep -q 'Verify return code' <<<"$said" || expect_match "s_client $*" "$said" 'Cipher is \(NONE\)|Cipher +: 0000'
}

old_protocols_and_weak_suites_are_refused() {
    local suite
    tls_meets -tls1_3
    tls_meets -tls1_2
    tls_meets -tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256
    tls_refuses -tls1
    tls_refuses -tls1_1
    for suite in AES128-SHA AES256-GCM-SHA384 ECDHE-ECDSA-AES128-SHA ECDHE-ECDSA-AES128-SHA256 ECDHE-RSA-AES256-SHA \
        DHE-RSA-AES128-GCM-SHA256 ADH-AES128-GCM-SHA256 AECDH-AES128-SHA ECDHE-ECDSA-NULL-SHA NULL-SHA256 PSK-AES128-GCM-SHA256; do
        tls_refuses -tls1_2 -cipher "$suite:@SECLEVEL=0"
    done
}

# A hello of SSL 3.0, which no client here can make any more (RFC 6101): version 3.0, RC4, 3DES and AES without forward secrecy.
ssl3_is_refused() {
    local answer
    answer=$(printf '\x16\x03\x00\x00\x31\x01\x00\x00\x2d\x03\x00%s\x00\x00\x06\x00\x05\x00\x0a\x00\x2f\x01\x00' \
        "$(printf 'r%.0s' {1..32})" | timeout 10 socat -t 8 - "TCP:127.0.0.1:$gw_port" | od -An -tx1 | tr -d ' \n')
    expect_match "answer" "${answer:-nothing}" '^(15030.0002..|nothing)' # an alert, or the end
}

renegotiation_is_refused() {
    local said
    said=$( (
        sleep 1
        echo R
        sleep 2
    ) | timeout 20 openssl s_client -connect "127.0.0.1:$gw_port" -tls1_2 2>&1 || true)
    expect_match "s_client" "$said" '^RENEGOTIATING'
    expect_match "s_client" "$said" 'no renegotiation'
}

# Each ends with an alert or without a word, and never with an answer.
hellos_of_garbage_are_cut() {
    local kind pids=()
    for kind in 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n' 'SSH-2.0-OpenSSH_9.2\r\n' '\x16\x03\x01\xff\xff\x01' \
        '\x16\x03\x01\x00\x05\x01\xff\xff\xff\xff' '\x80\x2e\x01\x00\x02' '\x17\x03\x03\x40\x00' '\x15\x03\x03\x00\x02\x02\x28' \
        '\x00\x00\x00\x00' '\x10\x14\x00\x04MQTT\x04\x02\x00\x3c\x00\x08crowd---'; do
        # shellcheck disable=SC2059 # bytes
        printf "$kind" | timeout 20 socat -t 8 - "TCP:127.0.0.1:$gw_port" >"$work/hostile-hello-${#pids[@]}" 2>/dev/null &
        pids+=($!)
    done
    wait "${pids[@]}" || true
    expect "answers" "$(cat "$work"/hostile-hello-* | tr -d '\0' | hostile_count 'HTTP/|2002')" 0
    head -c 100000 /dev/urandom | timeout 20 socat -t 8 - "TCP:127.0.0.1:$gw_port" >/dev/null 2>&1 || true
}

# The name that a client asks for is its own affair: it gets the gateway's certificate or no handshake.
odd_server_names_do_no_harm() {
    local name
    for name in evil.example ../../etc/passwd "$(printf 'a%.0s' {1..255})" "$(printf 'b%.0s' {1..400})" 127.0.0.1 '%n%n%s' '*' 'a b' $'\xff\xfe'; do
        tls_client -servername "$name" >"$work/hostile-sni"
    done
    tls_meets -servername evil.example
    tls_meets -noservername
    tls_meets -alpn h2,spdy/3
}

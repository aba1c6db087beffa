#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Another network of the host, in a Debian of its own with systemd-networkd: on trial until somebody confirms it from the
# new address, and taken back by itself whatever is killed meanwhile.
# usage: tests/integration/network.sh          (after ./dev package has made the package for Debian 13)
# shellcheck source-path=SCRIPTDIR source-path=SCRIPTDIR/.. source=../harness.sh
. "$(dirname "$0")/../harness.sh"
# shellcheck source=../systemd/guest.sh
. "$hf_root/tests/systemd/guest.sh"
# shellcheck source=../../image/lib.sh
. "$hf_root/image/lib.sh"

package=$hf_build/packages/holdfast_$(hf_package_version 13)_$(platform).deb
password='correct horse battery'
trap 'rc=$?; trap "" INT TERM; last_words; guest_end; rm -rf "$work"; exit $rc' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

last_words() {
    [ "$checks_failed" -gt 0 ] || return 0
    mkdir -p "$hf_build/log/last-words"
    guest journalctl --no-pager -o short-monotonic >"$hf_build/log/last-words/network.log" 2>&1 || true
    guest networkctl --no-pager status --all >>"$hf_build/log/last-words/network.log" 2>&1 || true
}

# --- asking, at an address of the guest; a session is of one address

# api ADDRESS METHOD PATH [JSON] prints the body; the status is in $work/status.
api() {
    local data=()
    [ $# -lt 4 ] || data=(-H 'Content-Type: application/json' --data-binary "$4")
    guest_net curl -ksS --max-time 30 -X "$2" -b "$work/jar-$1" -c "$work/jar-$1" -o "$work/body" -w '%{http_code}' \
        "${data[@]}" "https://$1:8443/api/v1$3" >"$work/status" || return
    cat "$work/body"
}
# api_is STATUS ADDRESS METHOD PATH [JSON]
api_is() {
    local wanted=$1 body
    shift
    body=$(api "$@")
    expect "status of $2 $3 at $1 ($body)" "$(cat "$work/status")" "$wanted"
}
value() { api 127.0.0.1 GET /network | jq -r "$1"; }
login_at() { api_is 200 "$1" POST /login "$(jq -nc --arg p "$password" '{user: "admin", password: $p}')"; }
# change FILTER: of the interface eth7.
change() { api 127.0.0.1 POST /network "$(jq -nc "{network: {interfaces: [{name: \"eth7\"} + $1]}}")"; }
asks_for() {
    local body
    body=$(change "$2")
    expect "status ($body)" "$(cat "$work/status")" "$1"
}
confirm_at() { api "$1" POST /network/confirm "$(jq -nc --arg id "$(value .trial.id)" '{id: $id}')"; }

has() { guest ip -o address show dev eth7 | grep -F " $1/" >/dev/null; }
has_not() { ! has "$1"; }
our_files() { guest sh -c 'ls /etc/systemd/network' | grep '^20-holdfast' | xargs; }
code() { guest journalctl -u holdfastd -o cat --no-pager | sed -n 's/^setup_code=//p' | tail -n 1; }
has_code() { [ -n "$(code)" ]; }
settled() { [ "$(value .trial)" = null ]; }

installs() {
    cp "$package" "$guest_share/"
    guest env DEBIAN_FRONTEND=noninteractive dpkg --install "/share/${package##*/}" </dev/null
    wait_until 60 has_code
    api_is 201 127.0.0.1 POST /claim "$(jq -nc --arg c "$(code)" --arg p "$password" '{setup_code: $c, password: $p}')"
    guest ip link add eth7 type veth peer name far7
    guest ip link set far7 up
}

a_network_that_others_manage_is_left_alone() {
    expect "managed" "$(value .managed)" false
    asks_for 409 '{address: "192.0.2.10/24"}'
    expect_match "why" "$(jq -r .detail "$work/body")" 'managed elsewhere'
    expect "files" "$(our_files)" ""
}

# As on the appliance: any wired interface asks by DHCP.
networkd_has_it() {
    cp "$hf_root/image/system/usr/lib/systemd/network/89-holdfast.network" "$guest_share/"
    guest cp /share/89-holdfast.network /etc/systemd/network/
    guest systemctl start systemd-networkd.service
    wait_until 30 is_managed
}
is_managed() { [ "$(value '.links[] | select(.name == "eth7") | .managed')" = true ]; }

one_that_is_confirmed_there_stays() {
    asks_for 202 '{address: "192.0.2.10/24"}'
    expect "where to confirm it" "$(value '.trial.addresses | join(" ")')" 192.0.2.10
    wait_until 30 has 192.0.2.10
    asks_for 409 '{address: "192.0.2.30/24"}'
    confirm_at 127.0.0.1 >"$work/said"
    expect "status of a confirmation from elsewhere" "$(cat "$work/status")" 409
    expect_match "why" "$(jq -r .detail "$work/said")" 'at 127.0.0.1'
    login_at 192.0.2.10
    confirm_at 192.0.2.10
    expect "status of the confirmation" "$(cat "$work/status")" 200
    expect "trial" "$(value .trial)" null
    expect "kept" "$(value .last.kept)" true
    expect "network" "$(value '.network.interfaces[0].address')" 192.0.2.10/24
    expect_match "audit" "$(api 127.0.0.1 GET /audit | jq -r '.entries[0].what')" 'confirmed the network'
    guest systemctl is-active holdfast-network.service || true # it has ended, or is about to
}

patience() {
    guest mkdir -p /etc/systemd/system/holdfast-network.service.d
    guest sh -c "printf '[Service]\nExecStart=\nExecStart=/usr/bin/holdfast-network --trial $1\n' >/etc/systemd/system/holdfast-network.service.d/test.conf"
    guest systemctl daemon-reload
}

one_that_nobody_confirms_is_taken_back() {
    patience 6
    asks_for 202 '{address: "192.0.2.20/24"}'
    wait_until 30 has 192.0.2.20
    has_not 192.0.2.10
    wait_until 60 has 192.0.2.10
    wait_until 30 settled
    has_not 192.0.2.20
    expect "kept" "$(value .last.kept)" false
    expect "network" "$(value '.network.interfaces[0].address')" 192.0.2.10/24
}

whatever_is_killed_it_comes_back() {
    patience 12
    asks_for 202 '{address: "192.0.2.20/24"}'
    wait_until 30 has 192.0.2.20
    guest systemctl kill --signal=KILL holdfastd.service holdfast-network.service
    wait_until 60 has 192.0.2.10
    has_not 192.0.2.20
    wait_until 60 login_at 127.0.0.1
    wait_until 30 settled
    expect "kept" "$(value .last.kept)" false
}

# What the unit of the boot does, which comes before networkd: the boot is another one then.
a_power_cut_takes_it_back() {
    patience 600
    asks_for 202 '{address: "192.0.2.20/24"}'
    wait_until 30 has 192.0.2.20
    guest systemctl stop holdfast-network.path
    guest systemctl kill --signal=KILL holdfast-network.service
    guest systemctl stop holdfast-network.service systemd-networkd.service
    guest sed -i 's/"boot":"[^"]*"/"boot":"before"/' /var/lib/holdfast-network/state.json
    guest systemctl restart holdfast-network-boot.service
    expect_match "file" "$(guest cat /etc/systemd/network/20-holdfast-1-eth7.network)" 'Address=192.0.2.10/24'
    guest ip address flush dev eth7
    guest systemctl start systemd-networkd.service holdfast-network.path
    wait_until 30 has 192.0.2.10
    has_not 192.0.2.20
    expect "kept" "$(value .last.kept)" false
    expect "order" "$(guest systemctl show --value --property Before holdfast-network-boot.service | xargs -n 1 | grep networkd.service)" \
        systemd-networkd.service
}

time_is_set_at_once() {
    api_is 200 127.0.0.1 POST /network '{"time":{"zone":"Europe/Berlin","servers":["192.0.2.123"]}}'
    expect "zone" "$(guest readlink /etc/localtime)" /usr/share/zoneinfo/Europe/Berlin
    expect "servers" "$(value '.time.servers | join(" ")')" 192.0.2.123
    expect_match "file" "$(guest cat /etc/systemd/timesyncd.conf.d/20-holdfast-1.conf)" '^NTP=192.0.2.123$'
}

# One that was broken into is holdfastd's user, and may write there what it wants.
what_is_asked_is_checked_anew() {
    local before request
    before=$(guest sh -c 'cat /etc/systemd/network/20-holdfast*')
    for request in '{"id":"x1","do":"change","network":{"interfaces":[{"name":"../../x","address":"192.0.2.9/24"}]}}' \
        '{"id":"x2","do":"change","network":{"interfaces":[{"name":"eth7","address":"192.0.2.9/24\n[Match]"}]}}' \
        '{"id":"x3","do":"change","time":{"zone":"../../../etc/shadow"}}' '{"id":"x4","do":"exec","cmd":"id"}'; do
        printf '%s' "$request" >"$guest_share/request"
        guest setpriv --reuid=holdfast --regid=holdfast --clear-groups cp /share/request /run/holdfast/network.json
        wait_until 30 handled "$(jq -r .id <<<"$request")"
        expect_match "refused" "$(guest jq -r .refused /run/holdfast-network/state.json 2>/dev/null || guest cat /run/holdfast-network/state.json)" 'must be|unknown field|no time zone'
    done
    expect "files" "$(guest sh -c 'cat /etc/systemd/network/20-holdfast*')" "$before"
}
handled() { guest grep -F "\"handled\":\"$1\"" /run/holdfast-network/state.json; }

check "a Debian 13" guest_start "$hf_build/guest-root-deb13"
need
check installs
need
check a_network_that_others_manage_is_left_alone
check networkd_has_it
need
check one_that_is_confirmed_there_stays
check one_that_nobody_confirms_is_taken_back
check whatever_is_killed_it_comes_back
check a_power_cut_takes_it_back
check time_is_set_at_once
check what_is_asked_is_checked_anew
finish

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Releases that bring holdfastd itself, on a gateway that is installed from its packages in a Debian of its own: taken, put back,
# refused, and cut short at each step. The containers run on through all of it.
# usage: tests/integration/update.sh [DEBIAN [PLATFORM]]      (13, this one) after ./dev package has made them
# shellcheck source-path=SCRIPTDIR source-path=SCRIPTDIR/.. source=../harness.sh
. "$(dirname "$0")/../harness.sh"
# shellcheck source=../systemd/installed.sh
. "$hf_root/tests/systemd/installed.sh" "$@"

updates=/var/lib/holdfast-update

# --- other versions

# All programs say VERSION, of as many characters as the one that they were built as.
says_version() {
    [ "${#1}" = "${#built}" ]
    sed -i "s/${built//./\\.}/$1/g" usr/bin/holdfastd
}
built=$(hf_version)

# package_of VERSION [COMMAND...]: holdfast as that version, in $work/holdfast_VERSION-1.deb; COMMAND is called in its tree.
package_of() {
    says=$1
    another_version holdfast "$1-1" made_so "${@:2}"
}
made_so() {
    says_version "$says"
    [ $# -eq 0 ] || "$@"
}

never_starts() {
    printf '#!/bin/sh\nexec sleep 1000\n' >usr/bin/holdfastd
    chmod 755 usr/bin/holdfastd
}
crashes() {
    printf '#!/bin/sh\nexit 1\n' >usr/bin/holdfastd
    chmod 755 usr/bin/holdfastd
}
# What it would make of the broker is another container.
adopts_nothing() { sed -i 's,--update /,--field-bind 0.0.0.0:1999 --update /,' "$(find . -name holdfastd.service)"; }
cannot_be_configured() {
    sed -i 's/^Depends: .*/Depends: a-package-that-nobody-has/' DEBIAN/control
}
of_another_architecture() { sed -i "s/^Architecture: .*/Architecture: $([ "$arch" = amd64 ] && echo arm64 || echo amd64)/" DEBIAN/control; }

# release_of VERSION [FILTER]: one that brings that holdfastd, as $work/release.json with its signature; FILTER changes it further.
release_of() {
    local deb=$work/holdfast_$1-1.deb number
    number=$(($(cat "$work/number" 2>/dev/null || echo 0) + 1))
    echo "$number" >"$work/number"
    tar -xOf "$work/holdfast-images/usr/share/holdfast/holdfast.bundle" release.json |
        jq -cSj --arg version "$1" --arg digest "sha256:$(sha256sum <"$deb" | cut -c1-64)" --argjson size "$(stat -c %s "$deb")" \
            --arg arch "$arch" --arg debian "debian$debian" --argjson number "$number" '
            .version = "90.0.\($number)" | .counter += 1000 + $number | .daemon = { version: $version, platforms: {
                ($arch): { ($debian): { package: "\($version)-1", digest: $digest, size: $size } } } } | '"${2:-.}" >"$work/release.json"
    rm -f "$work/release.json.minisig"
    minisign -S -s "${3:-$hf_build/release-key/minisign.key}" -m "$work/release.json" -x "$work/release.json.minisig" >/dev/null
}

# bring VERSION: its bundle, by upload; says the id of the release.
bring() {
    local bundle=$work/bundle
    "$hf_root/image/bundle.sh" "$work/release.json" "$work/release.json.minisig" "$work/layout" "$bundle" \
        "$work/holdfast_$1-1.deb"
    guest_net curl -ksSf --max-time 30 -o "$work/body" -b "$work/jar" -X POST -H "Upload-Length: $(stat -c %s "$bundle")" \
        https://127.0.0.1:8443/api/v1/releases/bundle
    guest_net curl -ksSf --max-time 120 -o "$work/body" -b "$work/jar" -X PATCH --data-binary "@$bundle" -H 'Upload-Offset: 0' \
        -H 'Content-Type: application/octet-stream' https://127.0.0.1:8443/api/v1/releases/bundle
    wait_until 60 has_come
    api_get /releases/bundle .id
}
has_come() {
    api GET /releases/bundle >"$work/bundle.json"
    jq -e --arg name "holdfast $(jq -r .version "$work/release.json")" '.state == "done" and .name == $name' "$work/bundle.json" || { cat "$work/bundle.json" && return 1; }
}
# By the plan that was just made.
apply() {
    api POST "/releases/$1/plan" >"$work/plan.json"
    expect "apply" "$(guest_net curl -ksS --max-time 30 -X POST -b "$work/jar" -o "$work/answer" -w '%{http_code}' \
        -H "If-Match: $(sed -n 's/^[Ee][Tt]ag: //p' "$work/head" | tr -d '\r')" -H 'Content-Type: application/json' --data-binary '{}' \
        "https://127.0.0.1:8443/api/v1/releases/$1/apply")$(jq -r '.detail // ""' "$work/answer")" 202
}

# comes VERSION: a release with it is applied, and goes on its way; sets id.
comes() {
    release_of "$1" "${2:-.}"
    id=$(bring "$1")
    apply "$id"
}

id=
upgrade_is() {
    { login && api GET /releases/upgrade >"$work/upgrade.json"; } || return
    jq -e --arg state "$1" --arg id "$id" '.release.id == $id and .state == $state and .finished != null' "$work/upgrade.json" ||
        { jq -c '{state, reason, waiting}' "$work/upgrade.json" && return 1; }
}
state_is() { expect "state of the update" "$(state_of)" "$1"; }
holdfastd_is() { expect "holdfastd" "$(guest_net curl -ks --max-time 10 https://127.0.0.1:8443/api/v1/health | jq -r .version)" "$1"; }
nothing_is_left() {
    wait_until 30 is_idle
    expect_fail guest test -e $updates/new.deb
    expect_fail guest test -e /var/lib/holdfast/daemon/request.json
}
is_idle() { [ "$(property ActiveState holdfast-update.service)" = inactive ]; }
containers_are_the_same() { expect "containers" "$(containers)" "$(cat "$work/containers")"; }

# back_to VERSION REASON: what ran before runs, and it is said why.
back_to() {
    wait_until 120 upgrade_is rolled_back
    expect_match "reason" "$(jq -r .reason "$work/upgrade.json")" "$2"
    wait_until 30 holdfastd_is "$1"
    nothing_is_left
    works
    containers_are_the_same
}
goes_on_as() {
    wait_until 120 upgrade_is committed
    holdfastd_is "$1"
    state_is installed
    installed_is "$1-1"
    nothing_is_left
    works
    containers_are_the_same
}

# --- the tests

installs() {
    mkdir "$work/layout"
    tar -xf "$work/holdfast-images/usr/share/holdfast/holdfast.bundle" -C "$work/layout"
    install "$package" "$images"
    claim
    works
    holds_records
    settings '{"upgrade": {"gate_s": 5}}'
    containers >"$work/containers"
    # Two minutes for each that does not come up are what the product gives.
    mkdir -p "$guest_share/drop"
    printf '[Service]\nExecStart=\nExecStart=/usr/bin/holdfast-update --patience 30\n' >"$guest_share/drop/test.conf"
    guest cp -r /share/drop /etc/systemd/system/holdfast-update.service.d
    guest systemctl daemon-reload
}

the_plan_has_it() {
    package_of 0.9.0
    release_of 0.9.0 '.min_holdfastd = "0.9.0" | .services.buffer.limits = {pids: 40}'
    id=$(bring 0.9.0)
    echo "$id" >"$work/id"
    expect "plan" "$(api POST "/releases/$id/plan" | jq -c '[.possible, .obstacles, .daemon.from_version, .daemon.to_version, .daemon.package,
        .daemon.present, .daemon.installs]')" '[true,[],"'"$built"'","0.9.0","0.9.0-1",true,true]'
}

pain_15_a_good_one_is_taken() {
    id=$(cat "$work/id")
    apply "$id"
    goes_on_as 0.9.0
    expect "way back" "$(guest dpkg-deb --field $updates/previous.deb Version)" "$version"
    publish after/update 1
    expect "audit" "$(api_get '/audit?limit=50' '[.entries[].what | select(startswith("upgrade to release"))] | length')" 1
}

one_that_never_starts_is_put_back() {
    package_of 0.9.1 never_starts
    comes 0.9.1
    back_to 0.9.0 'put back: it did not say within 30 s'
    state_is put_back
    installed_is 0.9.0-1
}

one_that_crashes_is_put_back() {
    package_of 0.9.2 crashes
    comes 0.9.2
    back_to 0.9.0 'put back: it did not say within 30 s'
}

one_that_does_not_adopt_is_put_back() {
    package_of 0.9.3 adopts_nothing
    comes 0.9.3
    back_to 0.9.0 "put back: .*'broker' is not adopted"
}

one_that_cannot_be_configured_is_put_back() {
    package_of 0.9.4 cannot_be_configured
    comes 0.9.4
    back_to 0.9.0 'put back: .*dpkg'
    expect "dpkg" "$(guest dpkg --audit)" ""
}

another_architecture_is_refused() {
    package_of 0.9.5 of_another_architecture
    comes 0.9.5
    back_to 0.9.0 "was not installed: the package is 'holdfast 0.9.5-1"
    state_is refused
}

# A holdfastd that somebody has broken into asks for what it likes.
asks() {
    guest install -o holdfast -m 600 /share/request.json /var/lib/holdfast/daemon/new
    guest mv /var/lib/holdfast/daemon/new /var/lib/holdfast/daemon/request.json
    wait_until 30 is_decided "$1"
}
is_decided() { guest cat $updates/state.json | jq -e --arg op "$1" '.operation == $op and (.state == "refused")'; }
forge() {
    jq -nc --rawfile release "$work/release.json" --rawfile signature "$work/release.json.minisig" --arg op "$1" \
        '{operation: $op, release: $release, signature: $signature}' >"$guest_share/request.json"
    cp "$2" "$guest_share/forged.deb"
    guest install -o holdfast -m 600 /share/forged.deb "/var/lib/holdfast/daemon/$(jq -r --arg a "$arch" --arg d "debian$debian" \
        '.daemon.platforms[$a][$d].digest | sub("sha256:"; "")' "$work/release.json").deb"
}
forged_requests_are_refused() {
    local other=$work/other
    minisign -G -W -f -s "$other.key" -p "$other.pub" >/dev/null
    package_of 0.9.6
    release_of 0.9.6 . "$other.key"
    forge aaaa "$work/holdfast_0.9.6-1.deb"
    asks aaaa
    expect_match "reason" "$(guest cat $updates/state.json | jq -r .reason)" "signature"
    release_of 0.9.6
    cp "$work/holdfast_0.9.6-1.deb" "$work/tampered.deb"
    printf x | dd of="$work/tampered.deb" bs=1 seek=2000 conv=notrunc status=none
    forge bbbb "$work/tampered.deb"
    asks bbbb
    expect_match "reason" "$(guest cat $updates/state.json | jq -r .reason)" "not what the release names"
    # One that was good once.
    package_of 0.8.0
    release_of 0.8.0
    forge cccc "$work/holdfast_0.8.0-1.deb"
    asks cccc
    expect_match "reason" "$(guest cat $updates/state.json | jq -r .reason)" "not newer"
    nothing_is_left
    installed_is 0.9.0-1
    holdfastd_is 0.9.0
    containers_are_the_same
}

# Ends holdfast-update, and what it has called, as a power cut would, as soon as it is in one of these states.
cut_in() {
    wait_until 60 is_in "$@"
    sleep "0.$((RANDOM % 10))"
    power_goes
}
power_goes() {
    guest systemctl kill --kill-whom=all --signal=KILL holdfast-update.service || true
    note "cut in $(state_of)"
}
state_of() { guest cat $updates/state.json | jq -r .state; }
is_in() { case " $* " in *" $(state_of) "*) ;; *) return 1 ;; esac }

cut_short_it_goes_on() {
    package_of 0.9.7
    comes 0.9.7
    sleep "0.$((RANDOM % 10))"
    power_goes
    cut_in installing trial
    cut_in installing trial
    cut_in trial installed
    goes_on_as 0.9.7
    expect "dpkg" "$(guest dpkg --audit)" ""
}

cut_short_it_goes_back() {
    package_of 0.9.8 crashes
    comes 0.9.8
    cut_in installing trial
    cut_in trial returning
    cut_in returning put_back
    cut_in returning put_back
    back_to 0.9.7 'put back: it did not say'
    expect "dpkg" "$(guest dpkg --audit)" ""
}

# Both come by one release: holdfastd first, and then what it has to switch.
with_a_service_that_changes() {
    local before
    before=$(guest docker inspect --format '{{.Id}}' holdfast-forwarder holdfast-broker)
    package_of 0.9.9
    release_of 0.9.9 '.services.forwarder.limits = {log_bytes: 2097152}'
    id=$(bring 0.9.9)
    apply "$id"
    wait_until 180 upgrade_is committed
    holdfastd_is 0.9.9
    expect "switched" "$(jq -c '[.services[].service]' "$work/upgrade.json")" '["forwarder"]'
    works
    expect "broker" "$(guest docker inspect --format '{{.Id}}' holdfast-broker)" "$(tail -n 1 <<<"$before")"
    expect_fail [ "$(guest docker inspect --format '{{.Id}}' holdfast-forwarder)" = "$(head -n 1 <<<"$before")" ]
}

check unpack
need
check "a Debian $debian with its own Docker" guest_start "$hf_build/guest-root-deb$debian"
need
check installs
need
check the_plan_has_it
need
check pain_15_a_good_one_is_taken
need
check one_that_never_starts_is_put_back
check one_that_crashes_is_put_back
check one_that_does_not_adopt_is_put_back
check one_that_cannot_be_configured_is_put_back
check another_architecture_is_refused
check forged_requests_are_refused
check cut_short_it_goes_on
check cut_short_it_goes_back
check with_a_service_that_changes
finish

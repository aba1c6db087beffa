# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For scripts of tests: a gateway that is installed from its packages in a guest. Sourced after harness.sh with what the script
# was called with: [DEBIAN [PLATFORM]].
: "${hf_root:?}" "${hf_build:?}" "${work:?}" "${checks_failed:?}"
# shellcheck source=guest.sh
. "$hf_root/tests/systemd/guest.sh"
# shellcheck source=../../image/lib.sh
. "$hf_root/image/lib.sh"

debian=${1:-13}
version=$(hf_package_version "$debian")
arch=${2:-$(platform)}
package=$hf_build/packages/holdfast_${version}_$arch.deb
images=$hf_build/packages/holdfast-images_${version}_$arch.deb
label=label=io.holdfast.instance=holdfast
password='correct horse battery'
trap 'rc=$?; trap "" INT TERM; last_words; guest_end; rm -rf "$work"; exit $rc' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

last_words() {
    [ "$checks_failed" -gt 0 ] || return 0
    mkdir -p "$hf_build/log/last-words"
    guest journalctl --no-pager -o short-monotonic >"$hf_build/log/last-words/$(basename "$0" .sh).log" 2>&1 || true
}

unpack() {
    dpkg-deb --raw-extract "$package" "$work/holdfast"
    dpkg-deb --raw-extract "$images" "$work/holdfast-images"
}

# --- the gateway in the guest

# With the harness's api of other scripts this has nothing in common but the name: there is no machine between.
api() {
    local data=()
    [ $# -lt 3 ] || data=(-H 'Content-Type: application/json' --data-binary "$3")
    guest_net curl -ksS --max-time 30 -X "$1" -b "$work/jar" -c "$work/jar" -D "$work/head" -w '\n%{http_code}' "${data[@]}" \
        "https://127.0.0.1:8443/api/v1$2" >"$work/body" || return
    sed '$d' "$work/body"
}
# api_is STATUS METHOD PATH [JSON]
api_is() {
    local wanted=$1 body
    shift
    body=$(api "$@")
    expect "status of $1 $2 ($body)" "$(tail -n 1 "$work/body")" "$wanted"
}
settings() {
    expect "configuration" "$(guest_net curl -ks --max-time 30 -X PATCH -b "$work/jar" -H 'Content-Type: application/merge-patch+json' \
        -H 'If-Match: *' --data-binary "$1" -o "$work/body" -w '%{http_code}' https://127.0.0.1:8443/api/v1/config)" 200
}
api_get() { api GET "$1" | jq -r "$2"; }
login() { api_is 200 POST /login "$(jq -nc --arg p "$password" '{user: "admin", password: $p}')"; }
is_healthy() {
    api GET /services | jq -e '.services | length == 4 and all(.health == "healthy")' ||
        { api GET /services | jq -c '.services[] | {name, state, health, reason}' && return 1; }
}
works() {
    wait_until 60 login
    wait_until 180 is_healthy
}
# Who of the containers was made or started again.
containers() {
    local names
    mapfile -t names < <(guest docker ps -a --filter "$label" --format '{{.Names}}' | sort)
    guest docker inspect --format '{{.Id}} {{.State.StartedAt}} {{.RestartCount}} {{.State.Running}}' "${names[@]}"
}
property() { guest systemctl show --value --property "$1" "$2"; }
held() { api_get /buffer .held; }

# publish TOPIC TEXT: by a device, in the guest's network.
publish() { guest_net timeout 30 mosquitto_pub -h 127.0.0.1 -q 1 -t "$1" -m "$2"; }
holds_more_than() { [ "$(held)" -gt "$1" ]; }

# install FILE...: as an administrator does who has nothing but the files.
install() {
    cp "$@" "$guest_share/"
    guest env DEBIAN_FRONTEND=noninteractive dpkg --install "${@/#*\//\/share\/}" </dev/null
}

# another_version NAME VERSION [COMMAND...]: the unpacked package as another version, in $work/NAME_VERSION.deb; COMMAND is
# called in its tree.
another_version() {
    local name=$1 version=$2 tree=$work/tree
    shift 2
    rm -rf "$tree"
    cp -a "$work/$name" "$tree"
    sed -i "s/^Version: .*/Version: $version/" "$tree/DEBIAN/control"
    [ $# -eq 0 ] || (cd "$tree" && "$@")
    (cd "$tree" && find . -type f ! -path './DEBIAN/*' -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
    dpkg-deb --root-owner-group -Zgzip -z1 --build "$tree" "$work/${name}_$version.deb" >/dev/null
}

setup_code() { guest journalctl -u holdfastd -o cat --no-pager | sed -n 's/^setup_code=//p' | tail -n 1; }
has_code() { [ -n "$(setup_code)" ]; }
claim() {
    wait_until 60 has_code
    api_is 201 POST /claim "$(jq -nc --arg c "$(setup_code)" --arg p "$password" '{setup_code: $c, password: $p}')"
}

holds_records() {
    settings '{"broker": {"anonymous": true}}'
    wait_until 60 publish first 1
    wait_until 60 holds_more_than 0
}

# shellcheck disable=SC2016 # dpkg-query replaces these names
installed_is() { expect "installed" "$(guest dpkg-query -W -f '${db:Status-Status} ${Version}' holdfast)" "installed $1"; }

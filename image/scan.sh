# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Scan data from Debian's security suite, and the images compared with it.
: "${hf_root:?}" "${hf_build:?}" "${hf_hint_apt:?}" "${hf_images_dir:?}" "${hf_suite:?}" "${hf_debian_release:?}"

hf_scan_dir=$hf_build/scan
hf_scan_data=$hf_scan_dir/data
hf_scan_tool=$hf_build/release/appliance/scan/holdfast-scan

hf_scan_usage() {
    cat <<EOF
usage: ./dev scan [--debsecan FILE] [--settings FILE] [--data FILE]
       ./dev scan-data [--debsecan FILE]
  --debsecan FILE  names and rates vulnerabilities:
                   https://security-tracker.debian.org/tracker/debsecan/release/1/GENERIC
  --settings FILE  section "scan" of a gateway's configuration; what it blocks makes the exit status 1
  --data FILE      compares with this data instead of today's
scan-data writes build/scan/data, for PUT /api/v1/scan/data of any gateway. Debian's signature is checked.
EOF
}

# The security suite's index of packages, by an apt that knows no other and checks who signed it.
hf_scan_fetch() {
    local apt=$hf_scan_dir/apt list
    hf_debian_apt "$apt" deb
    sed -i -n "/ $hf_suite-security main\$/p" "$apt/sources.list"
    APT_CONFIG=$apt/apt.conf apt-get -q update --error-on=any
    rm -f "$hf_scan_dir"/*.Packages
    for list in "$apt"/state/lists/*_Packages*; do
        /usr/lib/apt/apt-helper cat-file "$list" >"$hf_scan_dir/${list##*/}.Packages"
    done
    sed -n 's/^Date: //p' "$apt"/state/lists/*_InRelease | head -n 1 >"$hf_scan_dir/date"
    [ -s "$hf_scan_dir/date" ]
}

# hf_scan_make [DEBSECAN]
hf_scan_make() {
    local debsecan=${1:-}
    "$hf_scan_tool" data --suite "$hf_suite-security" --distro "debian-$hf_debian_release" \
        --created "$(date -u -d "$(cat "$hf_scan_dir/date")" +%Y-%m-%dT%H:%M:%SZ)" \
        ${debsecan:+--debsecan "$debsecan"} --out "$hf_scan_data.new" "$hf_scan_dir"/*.Packages
    mv "$hf_scan_data.new" "$hf_scan_data"
}

# hf_scan_update [DEBSECAN]: build/scan/data of today.
hf_scan_update() {
    mkdir -p "$hf_scan_dir"
    hf_step "the packages of Debian's security suite" scan-fetch "$hf_hint_apt" hf_scan_fetch
    hf_step "makes scan data of them" scan-data "With --debsecan: is that file whole?" hf_scan_make "${1:-}"
}

# The exit status is that of the comparison: 1 where something blocks.
hf_scan_images() {
    local data=$1 settings=$2 name rest sboms=()
    while read -r name rest; do
        sboms+=("$name=$hf_images_dir/$name.spdx.json")
    done <"$hf_images_dir/index.txt"
    "$hf_scan_tool" check --data "$data" ${settings:+--settings "$settings"} "${sboms[@]}"
}

# hf_scan scan|scan-data ARGUMENTS...
hf_scan() {
    local verb=$1 debsecan='' settings='' data=''
    shift
    while [ $# -gt 0 ]; do
        case $verb:$1 in
        *:--debsecan | scan:--settings | scan:--data) [ -f "${2:-}" ] || hf_die "$1 needs a file that is there" ;;
        *) hf_scan_usage >&2 && exit 2 ;;
        esac
        case $verb:$1 in
        *:--debsecan) debsecan=$(realpath "$2") ;;
        scan:--settings) settings=$(realpath "$2") ;;
        scan:--data) data=$(realpath "$2") ;;
        esac
        shift 2
    done
    hf_setup
    hf_build_daemon holdfast-scan
    [ -n "$data" ] || hf_scan_update "$debsecan"
    if [ "$verb" = scan-data ]; then
        hf_say "build/scan/data: $(wc -c <"$hf_scan_data") bytes, $(sed -n 's/^end \([0-9]*\) \([0-9]*\) .*/\1 packages, \2 vulnerabilities/p' "$hf_scan_data")"
        return 0
    fi
    hf_build_images
    hf_scan_images "${data:-$hf_scan_data}" "$settings"
}

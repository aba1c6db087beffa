# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The appliance's disk: made by image/disk, remade when something it is made from has changed.
: "${hf_root:?}" "${hf_build:?}" "${hf_hint_apt:?}"

hf_disk_dir=$hf_build/appliance

# hf_disk_file PLATFORM [KIND]
hf_disk_file() { printf '%s/holdfast-%s-%s%s.img\n' "$hf_disk_dir" "$(hf_version)" "$1" "${2:+-$2}"; }

# The word that packages and containers have for it.
hf_disk_arch() {
    case $1 in
    x86-64) echo amd64 ;;
    arm64) echo arm64 ;;
    esac
}

# hf_disk_options [--debug] x86-64|arm64
hf_disk_options() {
    local usage="usage: ./dev image [--update] | ./dev image [--debug] x86-64|arm64"
    hf_disk_kind=
    if [ "${1:-}" = --debug ]; then
        hf_disk_kind=debug
        shift
    fi
    hf_disk_platform=${1:-}
    if [ $# -ne 1 ] || [ -z "$(hf_disk_arch "$1")" ]; then
        hf_die "./dev image does not know '$*'" "$usage"
    fi
}

# What image/disk needs here, and what it needs to run another platform's programs.
hf_disk_packages() {
    printf '%s\n' mmdebstrap uuid-runtime zstd
    [ "$(hf_disk_arch "$1")" = "$(hf_platform_here)" ] || echo qemu-user-static
}

# hf_make_disk PLATFORM [KIND] PACKAGE.deb...
hf_make_disk() {
    local platform=$1 kind=$2 file key
    shift 2
    file=$(hf_disk_file "$platform" "$kind")
    key=$({
        hf_hash image/disk image/debian.sh image/system image/system-debug
        [ $# -eq 0 ] || sha256sum "$@"
    } | sha256sum | cut -c1-64)
    ! hf_made "disk-$platform$kind" "$key" || [ ! -f "$file" ] || return 0
    mkdir -p "$hf_disk_dir"
    hf_step "writes the disk for $platform${kind:+ ($kind)}" "disk-$platform$kind" "$hf_hint_apt" \
        "$hf_root/image/disk" ${kind:+--"$kind"} "$platform" "$hf_build" "$file" "$@"
    hf_mark "disk-$platform$kind" "$key"
}

hf_disk_compress() { zstd -T0 -12 --long=27 --force --quiet "$1" -o "$1.zst.new" && mv "$1.zst.new" "$1.zst"; }

# As people write it to a disk.
hf_compress_disk() {
    local file=$1
    [ ! "$file.zst" -nt "$file" ] || return 0
    hf_step "compresses it" disk-zstd "Is there room in build/?" hf_disk_compress "$file"
}

# hf_disk_of_packages PLATFORM KIND: of the release that was made for it.
hf_disk_of_packages() {
    local arch
    arch=$(hf_disk_arch "$1")
    hf_bundles
    hf_package 13 "$arch"
    hf_make_disk "$1" "$2" "$(hf_package_file holdfast 13 "$arch")" "$(hf_package_file holdfast-images 13 "$arch")"
}

# What it is measured beside.
hf_disk_for_bench() {
    hf_make_disk "$1" plain
    hf_compress_disk "$(hf_disk_file "$1")"
}

hf_disk() {
    local file packages arch
    arch=$(hf_disk_arch "$hf_disk_platform")
    mapfile -t packages < <(hf_disk_packages "$hf_disk_platform")
    hf_setup "" "${packages[@]}"
    hf_build_civetweb
    hf_build_webui
    hf_build_images "$(hf_platform_here)" "$arch"
    # shellcheck disable=SC2034 # of release.sh
    hf_release_platforms=("$arch")
    trap 'hf_step_abort; hf_run_end_shared' EXIT
    hf_registry_start
    hf_release
    hf_disk_of_packages "$hf_disk_platform" "$hf_disk_kind"
    file=$(hf_disk_file "$hf_disk_platform" "$hf_disk_kind")
    hf_compress_disk "$file"
    hf_say "${file#"$hf_root"/}.zst: $(stat -c %s "$file.zst" | awk '{ printf "%.0f MB", $1 / 1e6 }'), $(stat -c %s "$file" | awk '{ printf "%.1f GB", $1 / 1e9 }') on the disk, at least"
}
